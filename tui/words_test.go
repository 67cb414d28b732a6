package tui

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

func TestTheSentencesOfTheNumbersAreTranslated(t *testing.T) {
	w := newWords("pt", cells{})
	for english, want := range map[string]string{
		"The connection was lost.":                                                                                                "A conexão caiu.",
		"WhatsApp closed the connection (code 515).":                                                                              "O WhatsApp fechou a conexão (código 515).",
		"This is another phone. \"Loja\" is +55 11 9…: link other phones as new numbers.":                                         "Este é outro celular. \"Loja\" é +55 11 9…: vincule outros celulares como números novos.",
		"WhatsApp banned this number for a time: too many people blocked it.":                                                     "O WhatsApp baniu este número por um tempo: gente demais o bloqueou.",
		"The code was for +5511987654321, but +5521987654321 typed it. Start again.":                                              "O código era para +5511987654321, mas foi digitado em +5521987654321. Comece de novo.",
		"WhatsApp gives no code for +5511987654321: check the phone number, or scan the QR code.":                                 "O WhatsApp não dá código para +5511987654321: confira o telefone, ou leia o QR code.",
		fmt.Sprintf(campaign.PausedByStop, "Loja"):                                                                                "O WhatsApp parou o número \"Loja\". Resolva isso antes de continuar a campanha.",
		fmt.Sprintf(campaign.PausedByRefusals, "5", fmt.Sprintf(campaign.WithCode, "WhatsApp did not accept the message", "400")): "5 mensagens seguidas não saíram: o WhatsApp não aceitou o texto (código 400). Abra o WhatsApp no celular, escreva para alguém de lá e só depois retome a campanha.",
		fmt.Sprintf(campaign.PausedBySilence, "20", "30", "7"):                                                                    "Das últimas 20 mensagens que o WhatsApp aceitou há mais de 30 minutos, chegaram 7. Veja no celular se outras chegam e o que as pessoas veem, e só depois retome a campanha.",
		"Something new.": "Something new.",
	} {
		if got := w.sentence(english); got != want {
			t.Errorf("%q: got %q, want %q", english, got, want)
		}
	}
	// Whatever sentence a number or a campaign can say has its translation, and
	// nothing else has.
	said := literals(t, "../session/*.go", "../campaign/*.go", "../store/*.go")
	for literal, file := range said {
		if !sentence.MatchString(literal) {
			continue
		}
		if !slices.ContainsFunc(sentences, func(s saying) bool { return s.english == literal || strings.HasPrefix(s.english, literal) }) {
			t.Errorf("%s says %q, which is not translated", file, literal)
		}
	}
	for _, s := range sentences {
		begin, _, _ := strings.Cut(s.english, "%s") // some are put together
		if said[s.english] == "" && said[begin] == "" {
			t.Errorf("nobody says %q any more", s.english)
		}
	}
}

// sentence is what people are told: a capital, a space, and a full stop, or a
// colon before what follows.
var sentence = regexp.MustCompile(`(?s)^[A-Z].* .*(\.|: )$`)

// literals are the texts in the source of other packages, and the file of each.
func literals(t *testing.T, patterns ...string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files, %v", pattern, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil {
						found[strings.ReplaceAll(text, "%d", "%s")] = file
					}
				}
				return true
			})
		}
	}
	return found
}

// Whatever the engine, a filter or a text can be told by name is spoken in
// the person's language; so is every refusal of the service.
func TestEveryReasonIsTranslated(t *testing.T) {
	w := newWords("pt", cells{})
	for pattern, reason := range map[string]*regexp.Regexp{
		"../campaign/*.go":   regexp.MustCompile(`(?m)^\s+(?:Reason|Hold|Filter|Template|Attachment)[A-Z]\w*\s+= "([^"]+)"`),
		"../session/send.go": regexp.MustCompile(`(?m)^\s+\d{3}: "([^"]+)"`),
	} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range reason.FindAllStringSubmatch(string(b), -1) {
				found++
				if _, ok := w.known(m[1]); !ok {
					t.Errorf("%s says %q, which is not translated", file, m[1])
				}
			}
		}
		if found == 0 {
			t.Errorf("no reason found in %s", pattern)
		}
	}
}

// Every reason that campaign can give has its words in every language, with
// all that it speaks of, and in Portuguese other ones than in English.
func TestEveryReasonHasItsWords(t *testing.T) {
	letters := []any{"um", reason.Plain("dois"), 3333}
	shown := []string{`"um"`, "dois", "3.333"}
	for code, english := range reason.Codes() {
		n := strings.Count(english, "%s")
		r := reason.Reason{Code: code, Args: letters[:n]}
		pt, en := Say("pt", r), Say("en", r)
		for lang, said := range map[string]string{"pt": pt, "en": en} {
			if strings.ContainsAny(said, "⟨%{<") {
				t.Errorf("%s in %s: %q", code, lang, said)
			}
			for i := range n {
				want := shown[i]
				if lang == "en" {
					want = strings.ReplaceAll(want, ".", ",")
				}
				if !strings.Contains(said, want) {
					t.Errorf("%s in %s does not say %s: %q", code, lang, want, said)
				}
			}
		}
		if pt == en {
			t.Errorf("%s is not translated: %q", code, pt)
		}
		if got := strings.ReplaceAll(r.Error(), "3333", "3,333"); got != en {
			t.Errorf("%s: the log says %q, the screen %q", code, got, en)
		}
		// Also where it comes inside of another error.
		if got := newWords("pt", cells{}).sentence(reason.Reason{Code: reason.PhoneBad, Args: []any{"x", r}}.Error()); n == 0 && got != `não é um telefone: "x": `+pt {
			t.Errorf("%s inside another: %q", code, got)
		}
	}
}

func TestAReasonFromOutsideIsHarmless(t *testing.T) {
	r := reason.Reason{Code: reason.CSVNoPhones, Args: []any{[]string{"\x1b[31m", "a\nb", strings.Repeat("x", 500)}}}
	if got := Say("pt", r); strings.ContainsAny(got, "\x1b\n") || len(got) > 250 {
		t.Errorf("got %q", got)
	}
}

func TestMistakesOfOtherPackagesAreTranslated(t *testing.T) {
	pace := func(s string) error { _, err := campaign.ParsePace(campaign.Pace{}, s); return err }
	phone := func(s string) error { _, err := people.ParsePhone(s); return err }
	for _, test := range []struct {
		err  error
		want string
	}{
		{pace("gap=soon"), `ritmo: gap=soon: não é um tempo: "soon" (escreva 30s, 2m, 1h ou 7d)`},
		{pace("speed=9"), "ritmo: speed=9: não existe esse limite; há gap, new-gap, long, every, hour, new-hour, day, new-day, hours, weekdays, per-person"},
		{pace("fast"), `ritmo: "fast": escreva limite=valor, por exemplo gap=30s-60s`},
		{phone("123"), `não é um telefone: "123": curto demais`},
		{phone("98765-4321"), `não é um telefone: "98765-4321": falta o DDD`},
		{errors.New("campaign 7: not found"), "não há campanha 7; veja recado campaign list"},
		{errors.New("start campaign 7: it is paused"), "a campanha 7 não começou: está pausada"},
		{errors.New("something nobody knows"), "something nobody knows"},
	} {
		if got := Translate("pt", test.err.Error()); got != test.want {
			t.Errorf("%q: got %q, want %q", test.err, got, test.want)
		}
		if got := Translate("en", test.err.Error()); got != test.err.Error() {
			t.Errorf("English %q became %q", test.err, got)
		}
	}
}

func TestWhatATextIsGivenCannotDriveTheTerminal(t *testing.T) {
	w := newWords("pt-BR", cells{})
	for _, got := range []string{
		w.t("need", "What", "\x1b[31mx\u202e"),
		w.t("need", "What", errors.New("\x1b[31mx")),
		w.n("list_saved", 2, "Name", "\x1b[31mx"),
	} {
		if strings.ContainsAny(got, "\x1b\u202e") || !strings.Contains(got, "x") {
			t.Errorf("got %q", got)
		}
	}
}
