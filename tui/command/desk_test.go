package command_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"recado/store"
)

// reads are the methods of the book that screens and commands may call: those
// that change nothing.
var reads = []string{
	"About", "Answers", "Audit", "AuditBefore", "AuditCount", "Barred", "Campaign", "Campaigns", "CheckFix", "CheckUndo", "Close", "Contact", "ContactByPhone", "ContactCount",
	"ContactsByID", "CountAbove", "CountLive", "Counts", "Deliveries", "DeliveriesAt", "DeliveriesIn", "DeliveriesOf", "DeliveriesTo", "Delivery", "Desk", "DoubtCount", "Err",
	"Evidence", "Find", "Forecast", "Freeze", "Holds", "Idle", "Import", "Imports", "Invites", "Jobs", "KeepIndex", "LastSent", "LastTagging", "ListDrafts",
	"ListNamed", "Lists", "NextStart", "Number", "NumberNamed", "Numbers", "OptOutCount", "Outside", "PeopleAt", "Places", "Preflight", "PreflightImport", "Pulse", "Recent", "Retriable", "Rehearse",
	"Replies", "Report", "RequiresConsent", "Search", "Seek", "Started", "Suppressed",
	"Undos", "Unions", "Unsure", "Validations", "Verify", "Vocabulary", "WentBack", "Whom",
}

// Screens and commands change the book, and the links of the numbers, at the
// desk alone: there it is allowed or refused, and written to the audit.
func TestScreensAndCommandsChangeTheBookAtTheDeskAlone(t *testing.T) {
	pool := reflect.TypeFor[store.Pool]()
	var verbs []string
	for i := range pool.NumMethod() {
		verbs = append(verbs, pool.Method(i).Name)
	}
	seen := make(map[string]bool)
	for _, use := range usesIn(t, "recado/tui/...") {
		switch {
		case use.of == "recado/store.Book":
			seen["book"] = true
			if !slices.Contains(reads, use.method) {
				t.Errorf("%s calls %s of the book", use.at, use.method)
			}
		case use.of == "recado/session.Pool":
			seen["pool"] = true
			if slices.Contains(verbs, use.method) {
				t.Errorf("%s calls %s of the pool", use.at, use.method)
			}
		case use.of == "recado/store.Desk":
			seen["desk"] = true
		}
	}
	if len(seen) != 3 {
		t.Errorf("only %v are used at all: the test shows nothing", seen)
	}
	book := reflect.TypeFor[*store.Book]()
	for _, name := range reads {
		if _, ok := book.MethodByName(name); !ok {
			t.Errorf("the book has no %s", name)
		}
	}
}

// use is one place where a method is called, or taken as a value.
type use struct {
	of, method string // the type, with its package
	at         token.Position
}

// usesIn finds the methods that packages use.
func usesIn(t *testing.T, pattern string) (uses []use) {
	t.Helper()
	list := func(args ...string) []string {
		out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		return strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	exports := make(map[string]string)
	for _, line := range list("-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", pattern) {
		path, file, _ := strings.Cut(line, " ")
		exports[path] = file
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, line := range list("-f", `{{.ImportPath}}{{range .GoFiles}} {{$.Dir}}/{{.}}{{end}}`, pattern) {
		names := strings.Fields(line)
		var files []*ast.File
		for _, name := range names[1:] {
			file, err := parser.ParseFile(fset, name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		info := &types.Info{Selections: make(map[*ast.SelectorExpr]*types.Selection)}
		config := types.Config{Importer: imports}
		if _, err := config.Check(names[0], fset, files, info); err != nil {
			t.Fatal(err)
		}
		for at, s := range info.Selections {
			if f, ok := s.Obj().(*types.Func); ok {
				of := f.Signature().Recv().Type()
				if p, ok := of.(*types.Pointer); ok {
					of = p.Elem()
				}
				uses = append(uses, use{types.TypeString(of, nil), f.Name(), fset.Position(at.Sel.Pos())})
			}
		}
	}
	return uses
}
