package tui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"recado/campaign"
	spoken "recado/tui/words"
	"recado/tui/words/foreign"
)

// outside is what the scenes put into the book and type: it is in nobody's
// language.
func outside(t *testing.T) string {
	t.Helper()
	var all []string
	for _, file := range []string{"scenes_test.go", "stage_test.go", "import_test.go"} {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Reason" {
					return false // said by us
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && strings.HasPrefix(f.Sel.Name, "Fatal") || ok && strings.HasPrefix(f.Sel.Name, "Error") {
					return false // said to whoever runs the tests
				}
			}
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, _ := strconv.Unquote(lit.Value)
				all = append(all, text)
			}
			return true
		})
	}
	for _, language := range campaign.ConfirmationLanguages() { // is sent, and said to nobody here
		all = append(all, campaign.Confirmation{}.For(language))
	}
	// A greeting is in the language of the text; a script is broken into lines; an address
	// begins as all do.
	return strings.Join(append(all, "Bom dia", "chal lenge", "https"), " ")
}

// sampleLetters are what a QR code is made of in the scenes.
var sampleLetters = regexp.MustCompile(`(?i)q{9,}|k{9,}|z{9,}`)

// strange are the words on the screen that an ear does not know.
func (s *stage) strange(ear *foreign.Ear) []string {
	return ear.Strange(sampleLetters.ReplaceAllString(ansi.Strip(s.shown()), ""))
}

// in is what a terminal in another language shows.
func in(app App, lang string) App {
	app.Lang = lang
	return app
}

// speak plays every scene in a language, in a terminal of that size.
func speak(t *testing.T, lang string, w, h int, seen func(s *stage, scene string)) {
	drawsAlone(t)
	for _, scene := range scenes {
		play(t, func(t *testing.T, s *stage) {
			s = onStage(t, in(s.app, lang))
			scene.set(s)
			s.size(w, h)
			seen(s, scene.name)
		})
	}
}

// Whatever stands on a screen is of the language that was asked for, or came
// from outside.
func TestEveryScreenSpeaksOneLanguage(t *testing.T) {
	data := outside(t)
	for _, lang := range spoken.Languages() {
		ear := foreign.For(lang, data)
		speak(t, lang, 120, 40, func(s *stage, scene string) {
			if strange := s.strange(ear); len(strange) > 0 {
				t.Errorf("%s in %s: %q\n%s", scene, lang, strange, ansi.Strip(s.shown()))
			}
		})
	}
}

// A sentence of the code, or of another language, would be found.
func TestAForeignSentenceOnAScreenIsFound(t *testing.T) {
	data := outside(t)
	play(t, func(t *testing.T, s *stage) {
		for lang, sentence := range map[string]string{
			"pt-BR": "The file could not be read.",
			"en":    "O arquivo não pôde ser lido.",
			"es":    "O arquivo não pôde ser lido.",
		} {
			ear := foreign.For(lang, data)
			s := onStage(t, in(s.app, lang))
			s.size(120, 40)
			if strange := s.strange(ear); len(strange) > 0 {
				t.Errorf("%s: %q", lang, strange)
			}
			s.root.say(s.root.env.theme.good, sentence)
			if strange := s.strange(ear); len(strange) < 2 {
				t.Errorf("%s: of %q only %q is found", lang, sentence, strange)
			}
		}
	})
}

// Some screens as a person who speaks Spanish sees them; the others differ from them
// in nothing but what the tests above hold.
func TestTheMainScreensInSpanish(t *testing.T) {
	goldensIn(t, "es", "numbers", "link-code", "passkey", "contacts", "person", "composer", "review", "progress", "unsure", "campaigns", "limits", "help", "audit")
}

// What the audit says is put together of many short texts.
func TestTheAuditInEnglish(t *testing.T) {
	goldensIn(t, "en", "audit", "audit-deed")
}

// Who leaves and who only watches is asked, and told, the same in every language.
func TestLeavingAndWatchingInOtherLanguages(t *testing.T) {
	for _, lang := range []string{"en", "es"} {
		goldensIn(t, lang, "leaving", "watching-numbers", "watching-contacts", "watching-person",
			"watching-campaigns", "watching-progress", "watching-unsure", "watching-help")
	}
}

// goldensIn compares scenes in a language with their files.
func goldensIn(t *testing.T, lang string, main ...string) {
	t.Helper()
	shown := 0
	for _, scene := range scenes {
		if !slices.Contains(main, scene.name) {
			continue
		}
		shown++
		play(t, func(t *testing.T, s *stage) {
			s = onStage(t, in(s.app, lang))
			scene.set(s)
			s.goldenAt(scene.name+"-"+lang, Size{80, 24})
		})
	}
	if shown != len(main) {
		t.Errorf("%d of %d screens are there", shown, len(main))
	}
}

// What a screen has to cut for want of room it cuts in every language: a text
// that is too long in one alone is the fault of the text.
func TestNoLanguageIsTooLong(t *testing.T) {
	// The English of a reason is that of --json too, which scripts read.
	long := []string{"unsure", "progress", "progress-paused", "progress-unsure", "watching-unsure", "watching-progress",
		"progress-stopped", "report", "report-empty", "report-undone", "report-fixed", "deliveries-reason"}
	cuts := make(map[string]map[string]int)
	for _, lang := range spoken.Languages() {
		cuts[lang] = make(map[string]int)
		speak(t, lang, 80, 24, func(s *stage, scene string) {
			cuts[lang][scene] = strings.Count(ansi.Strip(s.shown()), "…")
		})
	}
	for scene, least := range cuts[spoken.Languages()[0]] {
		for lang, n := range cuts {
			if n[scene] > least && !(lang == "en" && slices.Contains(long, scene)) {
				t.Errorf("%s in %s: %d texts are cut, %d are in Portuguese", scene, lang, n[scene], least)
			}
		}
	}
}
