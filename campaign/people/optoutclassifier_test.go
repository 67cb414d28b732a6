package people

import (
	_ "embed"
	"flag"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "train the classifier anew and write its weights")

const weightsFile = "optout/weights.bin"

// labelled is a text that says what it is, as the classifier sees it.
type labelled struct {
	want     Wish
	text     string // folded
	features []uint16
}

// trainingTexts are the labelled texts by file. What answers a question is not
// there: the classifier does not know the question.
func trainingTexts(t testing.TB) map[string][]labelled {
	t.Helper()
	entries, err := wishes.ReadDir("testdata/wishes")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"forms.tsv"}
	for _, e := range entries {
		names = append(names, "wishes/"+e.Name())
	}
	all := make(map[string][]labelled, len(names))
	for _, name := range names {
		for _, w := range readWishes(t, name) {
			if w.asked == "" {
				folded := foldLines(bounded(w.text))
				all[name] = append(all[name], labelled{w.want, folded, features(nil, folded)})
			}
		}
	}
	return all
}

// How it is trained was chosen on texts that were new: each file of testdata/wishes
// as the grammar and the texts of before it would have judged it, see
// docs/contacts.md.
const (
	passes  = 10
	rate    = .5
	decay   = 3e-4
	classes = 2 // no and doubt, both rather than other
)

// train fits the weights of a multinomial logistic regression by stochastic
// gradient descent with a rate of its own for each weight (AdaGrad).
func train(texts []labelled) []int8 {
	texts = append([]labelled(nil), texts...)
	var weight, squares [classes * buckets]float32
	random := rand.New(rand.NewPCG(1, 2))
	for range passes {
		random.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
		for _, t := range texts {
			var sum [classes]float32
			for _, f := range t.features {
				for c := range sum {
					sum[c] += weight[classes*int(f)+c]
				}
			}
			unit := 1 / math.Sqrt(float64(len(t.features)))
			no, doubt := math.Exp(float64(sum[0])*unit), math.Exp(float64(sum[1])*unit)
			off := [classes]float64{no / (1 + no + doubt), doubt / (1 + no + doubt)}
			switch t.want {
			case No:
				off[0]--
			case Doubt:
				off[1]--
			}
			for _, f := range t.features {
				for c := range off {
					i := classes*int(f) + c
					slope := float32(off[c]*unit) + decay*weight[i]
					squares[i] += slope * slope
					weight[i] -= rate * slope / float32(math.Sqrt(float64(squares[i])+1e-8))
				}
			}
		}
	}
	stored := make([]int8, len(weight))
	for i, w := range weight {
		stored[i] = int8(max(-127, min(127, math.Round(float64(w)/weightUnit))))
	}
	return stored
}

// useWeights has the classifier judge by other weights until the test ends.
func useWeights(t testing.TB, w []int8) {
	t.Helper()
	before := weights
	t.Cleanup(func() { weights = before })
	weights = asString(w)
}

func asString(w []int8) string {
	b := make([]byte, len(w))
	for i, v := range w {
		b[i] = byte(v)
	}
	return string(b)
}

// TestWeightsAreThoseOfTheTexts: who adds a text trains anew, with -update.
func TestWeightsAreThoseOfTheTexts(t *testing.T) {
	var all []labelled
	byFile := trainingTexts(t)
	for _, name := range slices.Sorted(maps.Keys(byFile)) {
		all = append(all, byFile[name]...)
	}
	trained := train(all)
	if *update {
		if err := os.WriteFile(weightsFile, []byte(asString(trained)), 0o644); err != nil {
			t.Fatal(err)
		}
		useWeights(t, trained)
	}
	if len(weights) != len(trained) {
		t.Fatalf("%s has %d bytes, want %d", weightsFile, len(weights), len(trained))
	}
	other := 0 // processors round differently
	for i, w := range trained {
		if d := int(w) - int(int8(weights[i])); d < -1 || d > 1 {
			other++
		}
	}
	if other > len(trained)/100 {
		t.Errorf("%d of %d weights are not those of the texts: run this test with -update", other, len(trained))
	}
}

// TestTheClassifierOnTextsItHasNotSeen trains without some of the files and has those
// judged: ordinary texts and noes as they are, after the grammar, and doubts by the
// classifier alone, as the grammar has seen them. RECADO_LONG leaves each file out
// once.
func TestTheClassifierOnTextsItHasNotSeen(t *testing.T) {
	const folds = 4
	byFile := trainingTexts(t)
	names := slices.Sorted(maps.Keys(byFile))
	var all, found, held, cleared [3]float64
	for fold := range folds {
		if fold > 0 && os.Getenv("RECADO_LONG") == "" {
			break
		}
		var known []labelled
		seen := make(map[string]bool)
		for i, name := range names {
			if i%folds != fold && name != "forms.tsv" { // which has the families of all of them
				for _, text := range byFile[name] {
					known = append(known, text)
					seen[text.text] = true
				}
			}
		}
		useWeights(t, train(known))
		for i, name := range names {
			if i%folds != fold || name == "forms.tsv" {
				continue
			}
			for _, text := range byFile[name] {
				said := splitWords(nil, text.text)
				words := countWritten(said)
				if seen[text.text] || words < fewestWords {
					continue
				}
				all[text.want]++
				if w, _ := readAgain(Other, "", text.text, words); w == Doubt {
					found[text.want]++
				}
				before, why, sure := byGrammar(said)
				if after, _ := readAgain(before, why, text.text, words); sure || after != Doubt {
					continue
				}
				switch before {
				case Other:
					held[text.want]++
				case No:
					cleared[text.want]++
				}
			}
		}
	}
	share := func(of [3]float64, w Wish) float64 { return 100 * of[w] / all[w] }
	t.Logf("%v noes, %v doubts, %v others: by the classifier alone %.1f %%, %.1f %% and %.1f %% are held", all[No], all[Doubt], all[Other], share(found, No), share(found, Doubt), share(found, Other))
	t.Logf("after the grammar it holds %.1f %% of the others and %.2f %% of the noes that were heard", share(held, Other), share(cleared, No))
	if share(found, No) < 90 || share(found, Doubt) < 72 {
		t.Error("it finds too few of those who want to be left alone")
	}
	if share(held, Other) > 4 {
		t.Error("it holds too many ordinary texts")
	}
	if share(cleared, No) > .4 {
		t.Error("it holds too many who said no")
	}
}

// TestTheClassifierOnlyAsksAPersonToLook: no text is opted out, and no doubt let go,
// that the grammars alone would not.
func TestTheClassifierOnlyAsksAPersonToLook(t *testing.T) {
	for _, w := range []Wish{Other, Doubt, No} {
		for _, text := range []string{"sair", "não", "quanto custa?", "vocês não têm mais o que fazer não", "pelo visto não adianta eu falar com vocês", ""} {
			for words := range 30 {
				got, why := readAgain(w, "x: y", text, words)
				if got != w && got != Doubt || got != w && why == "" {
					t.Errorf("%v of %d words, %q, becomes %v (%q)", w, words, text, got, why)
				}
			}
		}
	}
	for name, texts := range trainingTexts(t) {
		for _, text := range texts {
			said := splitWords(nil, text.text)
			if len(said) == 0 {
				continue
			}
			alone, _, _ := byGrammar(said)
			if w, why := Wants(text.text, ""); w == No && alone != No || alone == Doubt && w != Doubt {
				t.Errorf("%s: %q was %v and is %v (%s)", name, text.text, alone, w, why)
			}
		}
	}
}

// TestWhatReadsLikeADoubtIsHeld: texts that the grammars know nothing of.
func TestWhatReadsLikeADoubtIsHeld(t *testing.T) {
	for _, text := range []string{"nunca nem fui nessa loja", "naw I ain't interested"} {
		if alone, why, _ := byGrammar(splitWords(nil, Fold(text))); alone != Other {
			t.Errorf("%q is %v (%s) to the grammars: the test shows nothing", text, alone, why)
		}
		if w, why := Wants(text, ""); w != Doubt || why != "reads like a no or a doubt" {
			t.Errorf("%q is %v (%s)", text, w, why)
		}
	}
}

// TestWhatIsNotReviewed: what was asked and answered, a word alone, signs, and what a
// pattern was made for.
func TestWhatIsNotReviewed(t *testing.T) {
	everything := make([]int8, classes*buckets) // all is a no
	for i := range everything {
		everything[i] = 127
	}
	useWeights(t, everything)
	if w, _ := Wants("bom dia meu povo", ""); w != Doubt {
		t.Fatal("the weights hold nothing: the test shows nothing")
	}
	for _, c := range []struct {
		text, asked string
		want        Wish
	}{
		{"", "", Other}, {"😂😂 👍", "", Other}, {"?!", "", Other}, {"ok", "", Other}, {"Fernanda!!", "", Other}, {"2", "", Other}, {"P.", "", Other},
		{"não quero", "Quer comprar também o combo?", Other},
		{"sim, obrigada", "Podemos confirmar a consulta?", Other},
		{"não me tirem da lista", "", Other}, {"não quero sair da lista", "", Other},
		{"me tirem da lista", "", No},
	} {
		if w, why := Wants(c.text, c.asked); w != c.want {
			t.Errorf("%q to %q is %v (%s), want %v", c.text, c.asked, w, why, c.want)
		}
	}
	for i := range everything {
		everything[i] = -127 // all is ordinary
	}
	useWeights(t, everything)
	if w, why := Wants("me tirem da lista", ""); w != Doubt || why != "reads like an ordinary message: off the list: me tirem da lista" {
		t.Fatalf("who reads like no leaver is %v (%s)", w, why)
	}
	story := strings.Repeat("o produto chegou no prazo e era bonito, ", 4)
	for text, want := range map[string]Wish{"SAIR": No, "🛑": No, "acho que é engano": Doubt, story + "me tirem da lista": No} {
		if w, why := Wants(text, ""); w != want {
			t.Errorf("%q is %v (%s), want %v", text, w, why, want)
		}
	}
	if w, why := Wants("não, obrigada", "Quer continuar recebendo nossas ofertas por aqui?"); w != No {
		t.Errorf("an answer to whether to write on is %v (%s)", w, why)
	}
}

//go:embed testdata/replies.txt
var everydayReplies string

// TestEverydayRepliesAreLeftAlone: what people answer most. Of those that it was
// trained on none is held, and hardly one of a list that it was not trained on.
func TestEverydayRepliesAreLeftAlone(t *testing.T) {
	trained := make(map[string]bool)
	for _, texts := range trainingTexts(t) {
		for _, text := range texts {
			trained[text.text] = true
		}
	}
	for _, w := range readWishes(t, "wishes/replies.tsv") {
		if got, why := Wants(w.text, ""); strings.HasPrefix(why, "reads like") {
			t.Errorf("%q is %v (%s)", w.text, got, why)
		}
	}
	all, fresh, held := 0, 0, 0
	for text := range strings.SplitSeq(strings.TrimSpace(everydayReplies), "\n") {
		if all++; !trained[foldLines(text)] {
			fresh++
		}
		for _, asked := range []string{"", "Oi, Ana! Quer conhecer a coleção nova?"} {
			switch w, why := Wants(text, asked); w {
			case No:
				t.Errorf("%q to %q is a no (%s)", text, asked, why)
			case Doubt:
				t.Logf("%q to %q is a doubt (%s)", text, asked, why)
				held++
			}
		}
	}
	if all < 300 || fresh < 200 || held > 2*all/100 {
		t.Errorf("of %d replies, %d of them new, asked and not asked, %d are held", all, fresh, held)
	}
}

// TestFeaturesAreBounded: the longest text, of letters that become longer when they
// are folded, has no more features than there is room for, and each one once.
func TestFeaturesAreBounded(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "spaces": strings.Repeat(" \n", 3000), "no UTF-8": strings.Repeat("\xe9 ", 3000), "emoji": strings.Repeat("😂👍 ", 500),
		"ligatures": Fold(strings.Repeat("\ufdfa", 900)), "letters": everydayReplies, "words": strings.ReplaceAll(everydayReplies, "", " "),
	} {
		all := features(nil, text)
		if len(all) == 0 || len(all) > maxFeatures {
			t.Errorf("%s: %d features", name, len(all))
		}
		slices.Sort(all)
		if len(slices.Compact(all)) != len(all) {
			t.Errorf("%s: a feature counts twice", name)
		}
	}
	same := features(nil, "me tira da lista")
	for _, text := range []string{"me tira  da\nlista", "\nme tira da lista\n"} {
		if !slices.Equal(features(nil, text), same) {
			t.Errorf("%q is something else than the same in one line", text)
		}
	}
	if slices.Equal(features(nil, "tira me da lista"), same) {
		t.Error("the order of words says nothing")
	}
}

func TestAReviewAllocatesNothing(t *testing.T) {
	text := Fold("bom dia, queria saber se ainda tem vaga no curso de costura de sábado à tarde")
	if n := testing.AllocsPerRun(100, func() { ordinary(text) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkReview(b *testing.B) {
	for name, text := range map[string]string{"short": "quanto custa?", "longest": Fold(bounded(strings.Repeat("o produto chegou no prazo ", 100)))} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ordinary(text)
			}
		})
	}
}
