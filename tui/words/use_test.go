package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// askers are the functions that are given the id of a text, and where among
// their arguments it stands. What the text is put together of follows, names
// and values in turn; one that counts has the count in between.
var askers = map[string]struct {
	id     int
	counts bool
}{
	"T": {id: 0}, "t": {id: 0}, "tell": {id: 0}, "fail": {id: 1}, "ask": {id: 1}, "confirm": {id: 2},
	"N": {id: 0, counts: true}, "n": {id: 0, counts: true}, "tellN": {id: 0, counts: true},
}

// asked is a place in the code that asks for a text.
type asked struct {
	id, at string
	names  []string
	open   bool // what follows is not written there
	counts bool
}

// code reads the program's own code above the rooms that have no words: every
// text that it may stand for, and every place that asks for one.
func code(t *testing.T) (literals map[string]bool, places []asked) {
	t.Helper()
	literals = make(map[string]bool)
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		tree, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field:
				return n.Tag == nil // a tag is no text
			case *ast.BasicLit:
				if text, ok := literal(n); ok {
					literals[text] = true
				}
			case *ast.CallExpr:
				name := ""
				switch f := n.Fun.(type) {
				case *ast.SelectorExpr:
					name = f.Sel.Name
				case *ast.Ident:
					name = f.Name
				}
				if name == "bind" && len(n.Args) > 0 {
					if id, ok := literal(n.Args[0]); ok {
						literals["key_"+id] = true
					}
				}
				how, ok := askers[name]
				if !ok || len(n.Args) <= how.id {
					break
				}
				id, ok := literal(n.Args[how.id])
				if !ok {
					break
				}
				place := asked{id: id, at: files.Position(n.Pos()).String(), open: n.Ellipsis.IsValid(), counts: how.counts}
				rest := n.Args[how.id+1:]
				if how.counts && len(rest) > 0 {
					place.names, rest = []string{"Count"}, rest[1:]
				}
				for i := 0; i < len(rest); i += 2 {
					name, _ := literal(rest[i])
					place.names = append(place.names, name)
				}
				places = append(places, place)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return literals, places
}

func literal(n ast.Node) (string, bool) {
	l, ok := n.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

// ownTexts are ids that are asked for under a name that is put together.
func ownTexts() map[string]bool {
	ids := make(map[string]bool)
	for _, code := range codes() {
		ids[reasonID(code)] = true
	}
	for _, id := range auditTexts() {
		ids[id] = true
	}
	return ids
}

func TestEveryTextIsUsed(t *testing.T) {
	literals, _ := code(t)
	maps.Copy(literals, ownTexts())
	for id := range readCatalogue(t, fallback) {
		if !literals[id] {
			t.Errorf("nobody uses %q", id)
		}
	}
}

// What the code asks for is in the catalogue, and is given what its text is put
// together of, no more and no less.
func TestEveryTextThatIsAskedForIsThere(t *testing.T) {
	texts := readCatalogue(t, fallback)
	_, places := code(t)
	if len(places) < 300 {
		t.Fatalf("only %d places ask for a text", len(places))
	}
	for _, place := range places {
		text, ok := texts[place.id]
		if !ok {
			t.Errorf("%s asks for %q, which is not in the catalogue", place.at, place.id)
			continue
		}
		if _, forms := text.(map[string]any); forms != place.counts {
			t.Errorf("%s: %s is counted in one of the two alone", place.at, place.id)
		}
		if place.open || strings.HasPrefix(place.id, "date_") {
			continue
		}
		needed := slices.Sorted(maps.Keys(slots(text)))
		given := slices.Compact(slices.Sorted(slices.Values(place.names)))
		if place.counts && !slices.Contains(needed, "Count") {
			given = slices.DeleteFunc(given, func(name string) bool { return name == "Count" }) // it chooses the form alone
		}
		if !slices.Equal(needed, given) {
			t.Errorf("%s: %s is put together of %q, and given %q", place.at, place.id, needed, given)
		}
	}
	for id := range ownTexts() {
		if _, ok := texts[id]; !ok {
			t.Errorf("%q is not in the catalogue", id)
		}
	}
}

var slot = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

// slots are the names of what a text is put together of, in any of its forms.
func slots(text any) map[string]bool {
	found := make(map[string]bool)
	switch text := text.(type) {
	case string:
		for _, m := range slot.FindAllStringSubmatch(text, -1) {
			found[m[1]] = true
		}
	case map[string]any:
		for _, form := range text {
			maps.Copy(found, slots(form))
		}
	}
	return found
}

// Each form of a counted text says what the others say; only the count itself
// may be left to the word, and a person is named where there is one alone.
func TestTheLanguagesSayTheSame(t *testing.T) {
	first := readCatalogue(t, fallback)
	for _, lang := range Languages() {
		texts := readCatalogue(t, lang)
		for id, text := range first {
			other, ok := texts[id]
			switch {
			case !ok:
				t.Errorf("%s is not in %s", id, lang)
				continue
			case strings.HasPrefix(id, "date_"): // each language takes of a date what it needs
				continue
			}
			want, got := slots(text), slots(other)
			if !maps.Equal(got, want) {
				t.Errorf("%s: %v in %s, %v in %s", id, want, fallback, got, lang)
			}
			forms, _ := other.(map[string]any)
			for form, text := range forms {
				said := slots(text)
				for name := range want {
					if name != "Count" && !said[name] && (form == "one" || !strings.HasPrefix(id, "unsure_")) {
						t.Errorf("%s: %s of %s does not say %s", lang, form, id, name)
					}
				}
			}
		}
		for id := range texts {
			if _, ok := first[id]; !ok {
				t.Errorf("%s is in %s, not in %s", id, lang, fallback)
			}
		}
	}
}
