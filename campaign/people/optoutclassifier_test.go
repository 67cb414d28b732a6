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
	features []uint32
}

func featuresOf(folded string) []uint32 {
	return features(nil, folded, readings(splitWords(nil, folded))[0])
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
				all[name] = append(all[name], labelled{w.want, folded, featuresOf(folded)})
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
// judged: by the classifier alone, as if the grammars knew nothing of them, and after
// the grammars, which know them. RECADO_LONG leaves each file out once.
func TestTheClassifierOnTextsItHasNotSeen(t *testing.T) {
	const folds = 4
	byFile := trainingTexts(t)
	names := slices.Sorted(maps.Keys(byFile))
	// What many files have siblings of, and who agrees to be written to.
	always := []string{"forms.tsv", "wishes/taught.tsv", "wishes/replies.tsv"}
	var all, held, out, heldAfter, outAfter, cleared [3]float64
	for fold := range folds {
		if fold > 0 && os.Getenv("RECADO_LONG") == "" {
			break
		}
		var known []labelled
		seen := make(map[string]bool)
		judged := func(i int) bool { return i%folds == fold && !slices.Contains(always, names[i]) }
		for i, name := range names {
			if !judged(i) && name != "forms.tsv" { // which has the families of all of them
				for _, text := range byFile[name] {
					known = append(known, text)
					seen[text.text] = true
				}
			}
		}
		useWeights(t, train(known))
		for i, name := range names {
			if !judged(i) {
				continue
			}
			for _, text := range byFile[name] {
				said := splitWords(nil, text.text)
				words := countWritten(said)
				if seen[text.text] || words < fewestWords {
					continue
				}
				all[text.want]++
				languages := readings(said)
				is := judge(text.text, languages[0])
				switch w, _ := review(Other, "", false, is, words); w {
				case Doubt:
					held[text.want]++
				case No:
					out[text.want]++
				}
				before, why, sure := byGrammar(languages)
				switch after, _ := review(before, why, sure, is, words); {
				case after == Doubt && before == Other:
					heldAfter[text.want]++
				case after == Doubt && before == No:
					cleared[text.want]++
				case after == No && before != No:
					outAfter[text.want]++
					if text.want == Other {
						t.Errorf("%s: %q is opted out", name, text.text)
					}
				}
			}
		}
	}
	share := func(of [3]float64, w Wish) float64 { return 100 * of[w] / all[w] }
	t.Logf("%v noes, %v doubts, %v others", all[No], all[Doubt], all[Other])
	t.Logf("the classifier alone opts out %.1f %%, %.2f %% and %.2f %%, and holds %.1f %%, %.1f %% and %.1f %% more",
		share(out, No), share(out, Doubt), share(out, Other), share(held, No), share(held, Doubt), share(held, Other))
	t.Logf("after the grammars it opts out %v, %v and %v more, and holds %.1f %% of the others; of the noes that were heard it makes doubts of %.2f %%",
		outAfter[No], outAfter[Doubt], outAfter[Other], share(heldAfter, Other), share(cleared, No))
	if share(out, No) < 55 || share(out, No)+share(held, No) < 96 || share(out, Doubt)+share(held, Doubt) < 78 {
		t.Error("it finds too few of those who want to be left alone")
	}
	if share(heldAfter, Other) > 4 {
		t.Error("it holds too many ordinary texts")
	}
	if share(out, Other) > .15 {
		t.Error("of what the grammars would know nothing of, it opts out too many")
	}
	if share(cleared, No) > .4 {
		t.Error("it holds too many who said no")
	}
}

// TestWhatTheClassifierMayChange: it lets no doubt go, and opts nobody out because of a
// word or two, nor when a no is not much likelier than anything else.
func TestWhatTheClassifierMayChange(t *testing.T) {
	const noOrDoubt, no, isNone = "reads like a no or a doubt", "reads like a no", "does not read like a no: x: y"
	for _, c := range []struct {
		w     Wish
		sure  bool
		is    likelihood
		words int
		want  Wish
		why   string
	}{
		{Other, false, likelihood{.97, .01}, 4, No, no},
		{Other, false, likelihood{.97, .01}, 3, Doubt, noOrDoubt},
		{Other, false, likelihood{.95, .01}, 4, Doubt, noOrDoubt},
		{Other, false, likelihood{.1, .54}, 3, Doubt, noOrDoubt},
		{Other, false, likelihood{.1, .56}, 3, Other, "x: y"},
		{Other, false, likelihood{.1, .26}, 2, Other, "x: y"},
		{Other, false, likelihood{.1, .24}, 2, Doubt, noOrDoubt},
		{Other, false, likelihood{1, 0}, 1, Other, "x: y"},
		{Other, true, likelihood{.51, .01}, 4, Other, "x: y"},
		{Other, true, likelihood{.1, .09}, 4, Doubt, noOrDoubt},
		{Other, true, likelihood{.1, .11}, 4, Other, "x: y"},
		{Doubt, false, likelihood{.96, .01}, 3, No, no},
		{Doubt, false, likelihood{.96, .01}, 2, Doubt, "x: y"},
		{Doubt, false, likelihood{.94, .01}, 3, Doubt, "x: y"},
		{Doubt, false, likelihood{0, 1}, 9, Doubt, "x: y"},
		{No, false, likelihood{.04, .9}, 20, Doubt, isNone},
		{No, false, likelihood{.04, .01}, 20, Doubt, isNone},
		{No, false, likelihood{.04, .9}, 21, No, "x: y"},
		{No, false, likelihood{.06, .9}, 20, No, "x: y"},
		{No, false, likelihood{0, 1}, 1, No, "x: y"},
	} {
		if w, why := review(c.w, "x: y", c.sure, c.is, c.words); w != c.want || why != c.why {
			t.Errorf("%v of %d words, sure: %v, %v, becomes %v (%q), want %v (%q)", c.w, c.words, c.sure, c.is, w, why, c.want, c.why)
		}
	}
}

// TestWhatReadsLikeADoubtIsHeld: texts that the grammars know nothing of.
func TestWhatReadsLikeADoubtIsHeld(t *testing.T) {
	for _, text := range []string{"nunca nem fui nessa loja", "naw I ain't interested"} {
		if alone, why, _ := byGrammar(readings(splitWords(nil, Fold(text)))); alone != Other {
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
		everything[i] = 127 * int8(1-i%classes)
	}
	useWeights(t, everything)
	if w, _ := Wants("bom dia meu povo", ""); w != No {
		t.Fatal("the weights say nothing: the test shows nothing")
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
	if w, why := Wants("me tirem da lista", ""); w != Doubt || why != "does not read like a no: off the list: me tirem da lista" {
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
// are folded, has no more features than its letters can make, and each one once.
func TestFeaturesAreBounded(t *testing.T) {
	for i, g := range grammars() {
		for w, n := range g.words.next {
			if n.id != 0 && len(g.labels[n.id]) > 6 {
				t.Errorf("%s: %q is of %d classes: of a text of such words three in a row are too many", languageNames[i], w, len(g.labels[n.id]))
			}
		}
	}
	// Four n-grams begin at each letter, and each second one begins a word, with
	// those before it.
	const most = readMost * (longestGram - 1 + (farthest+2)/2)
	for name, text := range map[string]string{
		"nothing": "", "spaces": strings.Repeat(" \n", 3000), "no UTF-8": strings.Repeat("\xe9 ", 3000), "emoji": strings.Repeat("😂👍 ", 500),
		"ligatures": Fold(strings.Repeat("\ufdfa", 900)), "letters": everydayReplies, "words": strings.ReplaceAll(everydayReplies, "", " "),
	} {
		all := featuresOf(text)
		if len(all) == 0 || len(all) > most {
			t.Errorf("%s: %d features", name, len(all))
		}
		slices.Sort(all)
		if len(slices.Compact(all)) != len(all) {
			t.Errorf("%s: a feature counts twice", name)
		}
	}
	same := featuresOf("me tira da lista")
	if text := " me tira  da lista\n"; !slices.Equal(featuresOf(text), same) {
		t.Errorf("%q is something else than the same without what is around", text)
	}
	if slices.Equal(featuresOf("tira me da lista"), same) {
		t.Error("the order of words says nothing")
	}
}

func TestAReviewAllocatesNothing(t *testing.T) {
	text := Fold("bom dia, queria saber se ainda tem vaga no curso de costura de sábado à tarde")
	as := readings(splitWords(nil, text))[0]
	if n := testing.AllocsPerRun(100, func() { judge(text, as) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkReview(b *testing.B) {
	for name, text := range map[string]string{"short": "quanto custa?", "longest": Fold(bounded(strings.Repeat("o produto chegou no prazo ", 100)))} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			as := readings(splitWords(nil, text))[0]
			for b.Loop() {
				judge(text, as)
			}
		})
	}
}
