package words

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"recado/campaign/reason"
)

// codes are the codes by the names of their constants.
var codes = sync.OnceValue(func() map[string]reason.Code {
	tree, err := parser.ParseFile(token.NewFileSet(), "../../campaign/reason/codes.go", nil, 0)
	if err != nil {
		panic(err)
	}
	all := make(map[string]reason.Code)
	ast.Inspect(tree, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			code, _ := literal(spec.Values[0])
			all[spec.Names[0].Name] = reason.Code(code)
		}
		return true
	})
	return all
})

// source gives every file of the program that is no test to look, with the
// packages under the given folders of the module.
func source(t *testing.T, look func(files *token.FileSet, path string, tree *ast.File), folders ...string) {
	t.Helper()
	files, seen := token.NewFileSet(), 0
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "simulator" || d.Name() == "testdata" || d.Name() == "beside"):
				return fs.SkipDir
			case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			tree, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			seen++
			look(files, strings.TrimPrefix(filepath.ToSlash(path), "../../"), tree)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen == 0 {
		t.Fatal("no file is looked at")
	}
}

// called is the package and the function of a call: "reason", "New".
func called(n ast.Node) (pkg, name string, args []ast.Expr) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return "", "", nil
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", "", nil
	}
	if x, ok := f.X.(*ast.Ident); ok {
		pkg = x.Name
	}
	return pkg, f.Sel.Name, call.Args
}

// constant is the name of a code: reason.NotFound.
func constant(n ast.Node) (name string, ok bool) {
	s, ok := n.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	x, ok := s.X.(*ast.Ident)
	if !ok || x.Name != "reason" {
		return "", false
	}
	_, ok = codes()[s.Sel.Name]
	return s.Sel.Name, ok
}

// Every code has a text in every language, which is not the English one unless
// there is nothing in it but what it is given.
func TestEveryReasonHasItsWords(t *testing.T) {
	if len(codes()) < 250 {
		t.Fatalf("only %d codes", len(codes()))
	}
	seen := make(map[reason.Code]string)
	for name, code := range codes() {
		if !regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`).MatchString(string(code)) {
			t.Errorf("%s is %q, which is no code", name, code)
		}
		if seen[code] != "" {
			t.Errorf("%s and %s are both %q", name, seen[code], code)
		}
		seen[code] = name
	}
	langs := Languages()
	texts := make(map[string]map[string]any)
	for _, lang := range langs {
		texts[lang] = readCatalogue(t, lang)
	}
	word := regexp.MustCompile(`\pL{4,}`)
	for _, code := range codes() {
		for _, lang := range langs {
			text, ok := texts[lang][reasonID(code)].(string)
			if !ok || strings.TrimSpace(text) == "" {
				t.Errorf("%s: %s has no text", lang, code)
				continue
			}
			bare := slot.ReplaceAllString(text, "")
			if lang != "en" && word.MatchString(bare) && text == texts["en"][reasonID(code)] {
				t.Errorf("%s: %s says %q as in English", lang, code, text)
			}
		}
	}
}

// What a reason is given where it is made is what its text speaks of: no more,
// and no less unless the text does without.
func TestReasonsAreGivenWhatTheirTextsSpeakOf(t *testing.T) {
	texts := readCatalogue(t, "en")
	optional := regexp.MustCompile(`\{\{if \.([A-Z])\}\}`)
	places := 0
	source(t, func(files *token.FileSet, path string, tree *ast.File) {
		ast.Inspect(tree, func(n ast.Node) bool {
			pkg, name, args := called(n)
			first, more := map[string]int{"New": 0, "Err": 0, "Fault": 0, "Because": 1, "Within": 1}[name], 0
			if pkg != "reason" || len(args) <= first || name == "Of" || n.(*ast.CallExpr).Ellipsis.IsValid() {
				return true
			}
			code, ok := constant(args[first])
			if !ok {
				return true
			}
			if name == "Within" {
				more = 1
			}
			places++
			text, _ := texts[reasonID(codes()[code])].(string)
			most := len(slots(text))
			least := most - len(optional.FindAllString(text, -1))
			if given := len(args) - first - 1 + more; given < least || given > most {
				t.Errorf("%s: %s is given %d arguments, and its text speaks of %d: %q", files.Position(n.Pos()), code, given, most, text)
			}
			return true
		})
	}, "campaign", "session", "store", "tui", ".")
	if places < 250 {
		t.Errorf("only %d places make a reason", places)
	}
}

// A code that nothing gives is no code: its text would never be read.
func TestEveryCodeIsGiven(t *testing.T) {
	used := make(map[string]bool)
	source(t, func(_ *token.FileSet, path string, tree *ast.File) {
		inside := strings.HasPrefix(path, "campaign/reason/")
		if path == "campaign/reason/codes.go" || path == "campaign/reason/old.go" {
			return
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if name, ok := constant(n); ok {
				used[name] = true
			}
			if id, ok := n.(*ast.Ident); ok && inside {
				used[id.Name] = true
			}
			return true
		})
	}, "campaign", "session", "store", "tui", ".")
	for _, name := range slices.Sorted(maps.Keys(codes())) {
		if !used[name] {
			t.Errorf("nothing gives %s", name)
		}
	}
}

// ours are errors without a code that nobody is shown, by file and text, each
// with why.
var ours = map[string]string{
	"campaign/people/optoutgrammar.go: line %d: no spelling":                       "a mistake in a file of the program, which a test reads",
	"campaign/when.go: %s:%d: not what is meant = words":                           "likewise",
	"campaign/when.go: %s:%d: %s means %s already":                                 "likewise",
	"campaign/when.go: %s:%d: nothing is called %q":                                "likewise",
	"campaign/people/optoutgrammar.go: line %d: %q is not written folded":          "likewise",
	"campaign/people/optoutgrammar.go: line %d: no kind of pattern: %s":            "likewise",
	"campaign/people/optoutgrammar.go: line %d: too long a pattern":                "likewise",
	"campaign/people/optoutgrammar.go: no class of words is called %q":             "likewise",
	"campaign/people/optoutgrammar.go: line %d: no sound":                          "likewise",
	"campaign/people/optoutgrammar.go: line %d: no forms":                          "likewise",
	"campaign/people/optoutgrammar.go: line %d: no class of words is called %q":    "likewise",
	"campaign/people/optoutgrammar.go: no forms of %q":                             "likewise",
	"store/start.go: the draft was edited meanwhile":                               "it is begun again",
	"campaign/media/attachment.go: not media":                                      "what was no picture, video or audio after all is read as a document",
	"session/history.go: panic: %v\n%s":                                            "the log",
	"session/history.go: the book does not take it":                                "the log: the piece is read again",
	"session/keys.go: the keys are deleted, the handle is left alone":              "for the library, which asks for both",
	"session/client.go: not a Messenger account":                                   "for the library, which asks for a token that there is none of",
	"session/said.go: the seal is malformed":                                       "the log",
	"session/standing.go: ask for a restriction: no answer in the answer":          "the log: nothing is known",
	"session/standing.go: ask for the quota of new chats: no answer in the answer": "the log: nothing is known",
	"store/contacts.go: a person without phone and LID":                            "the caller's mistake",
	"store/forgotten.go: decide about a delivery: %q is no verdict":                "the caller's mistake",
	"store/index/index.go: an id far beyond all others":                            "the people are read instead",
	"store/index/snapshot.go: no snapshot of the index":                            "it is made of the people instead",
	"store/indexed.go: the index is ahead":                                         "it is tried again, in the end without the index",
	"store/indexed.go: no index of people":                                         "the people are read instead",
	"store/lists.go: somebody has left the book meanwhile":                         "it is tried again, in the end without a chance to fail",
	"store/device/appstate.go: application state %s is stored with version 0":      "for the library, which asks for it anew",
	"store/device/behind.go: write %s: a key of %d bytes":                          "the caller's mistake",
	"store/device/conformance/conformance.go: stop":                                "the end of a story",
	"store/device/contacts.go: an empty JID":                                       "the caller's mistake",
	"store/device/device.go: the device is not linked yet":                         "the library's mistake",
	"store/device/device.go: the device has no JID yet":                            "the library's mistake",
	"store/device/device.go: no such outgoing event":                               "for the library, which then asks the book",
	"store/device/events.go: buffer event: %s is there already":                    "for the library, which passes over it",
	"store/device/lids.go: look up a LID: %s is not a phone number":                "the library's mistake",
	"store/device/lids.go: look up a phone number: %s is not a LID":                "the library's mistake",
	"store/device/lids.go: pair a LID with a phone number: %s and %s are not that": "the library's mistake",
	"store/device/overlay.go: the decryption that this belongs to has ended":       "the library's mistake",
	"store/device/overlay.go: the session changed during the decryption":           "it is tried again",
	"store/device/prekeys.go: add a prekey: all ids are taken":                     "there are sixteen million",
}

// In the rooms below the screens an error that may reach a person is a reason,
// or leads to one: what is wrapped around it is for logs, and a person reads
// the foreign text at its end or the reason in it.
func TestErrorsThatReachAPersonAreReasons(t *testing.T) {
	left := maps.Clone(ours)
	source(t, func(files *token.FileSet, path string, tree *ast.File) {
		logged := make(map[ast.Node]bool) // the cause of a reason, which only logs show
		ast.Inspect(tree, func(n ast.Node) bool {
			pkg, name, args := called(n)
			if pkg == "reason" && name == "Because" && len(args) > 0 {
				logged[args[0]] = true
			}
			if logged[n] || !(pkg == "errors" && name == "New" || pkg == "fmt" && name == "Errorf") {
				return true
			}
			text, ok := literal(args[0])
			if ok && strings.Contains(text, "%w") {
				return true
			}
			where := path + ": " + text
			if left[where] == "" && ours[where] == "" {
				t.Errorf("%s: an error without a code: %q", files.Position(n.Pos()), text)
			}
			delete(left, where)
			return true
		})
	}, "campaign", "session", "store")
	for where := range left {
		t.Errorf("%s: it is not made any more", where)
	}
}

// Every type of argument is said as people say it there, and what comes from
// outside is in quotes.
func TestArgumentsAreSaidInTheLanguage(t *testing.T) {
	at := time.Date(2026, 11, 28, 9, 30, 0, 0, time.UTC)
	for _, test := range []struct {
		lang string
		r    reason.Reason
		want string
	}{
		{"pt-BR", reason.New(reason.CampaignNobody, 1234), "ninguém a quem enviar (1.234 ficaram de fora)"},
		{"en", reason.New(reason.CampaignNobody, 1234), "nobody to write to (1,234 skipped)"},
		{"en", reason.New(reason.ListNotFound, "a\x1b\"b"), `there is no list "a\x1b\"b"; see recado lists`},
		{"en", reason.New(reason.CSVNoPhones, []string{"nome", "x\n"}), `no column of phones; there are "nome", "x\n" (--map phone=Column says which it is)`},
		{"en", reason.New(reason.Foreign, 90*time.Second), "1 min 30 s"},
		{"en", reason.New(reason.Foreign, at), For("en").Minute(at)},
		{"pt-BR", reason.New(reason.PhoneBad, "x", reason.New(reason.PhoneShort)), `não é um telefone: "x": curto demais`},
		{"pt-BR", reason.New(reason.DeliveryMissingField), "falta campo"},
		{"pt-BR", reason.New(reason.DeliveryMissingField, reason.Plain("cidade")), "falta campo: cidade"},
		{"pt-BR", reason.Old("a sentence that nobody knows"), "a sentence that nobody knows"},
		{"pt-BR", reason.Old("The connection was lost."), "A conexão caiu."},
		{"pt-BR", reason.New(reason.Several, reason.New(reason.CampaignNoName), reason.New(reason.PhoneBad, "x", reason.New(reason.PhoneShort)), reason.New(reason.Exists)),
			`a campanha precisa de um nome · não é um telefone: "x": curto demais · já existe`},
		{"pt-BR", reason.Reason{}, ""},
	} {
		if got := For(test.lang).Reason(test.r); got != test.want {
			t.Errorf("%s: %v: got %q, want %q", test.lang, test.r, got, test.want)
		}
	}
}

// Programs go on getting the sentences that they got before there were codes.
func TestProgramsGetTheSentencesThatTheyGot(t *testing.T) {
	for _, text := range reason.OldTexts() {
		text = strings.NewReplacer("%q", `"x"`, "%s", "x").Replace(text)
		r := reason.Old(text)
		got := English(r)
		if r.Code == reason.NoAnswer || strings.HasPrefix(string(r.Code), "network_") || strings.HasPrefix(string(r.Code), "campaign_shut") {
			continue // these were made plain on the screens
		}
		if got != text {
			t.Errorf("%s: got %q, they got %q", r.Code, got, text)
		}
	}
}

func ExampleWords_Error() {
	err := reason.Within(reason.Err(reason.PhoneShort), reason.PhoneBad, "12")
	fmt.Println(For("en").Error(fmt.Errorf("for logs: %w", err)))
	// Output: not a phone number: "12": too short
}
