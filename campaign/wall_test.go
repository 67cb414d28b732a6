package campaign_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// changed are the fields of a delivery that say how far it is. They change by
// the methods in delivery.go, retry.go, revoke.go and poll.go.
var changed = []string{
	"State", "Reason", "Code", "InDoubt", "Attempts", "Doubts", "Unheard", "Redirected", "NotBefore", "Link", "New", "LID",
	"Message", "Text", "Upload", "Timer", "Claimed", "Accepted", "Arrived", "ReadAt", "RepliedAt", "Revokes", "RevokeBy", "RevokedAt",
	"MayBeRevoked", "Secret", "Vote", "Voted",
}

// Nothing outside these files writes how far a delivery is, or takes the address
// of that, but the one function that reads a delivery from the disk.
func TestOnlyItsOwnFileChangesADelivery(t *testing.T) {
	found := 0
	for _, p := range typed(t) {
		for _, file := range p.files {
			name := filepath.Base(p.fset.Position(file.Pos()).Filename)
			if p.path == "recado/campaign" && (name == "delivery.go" || name == "retry.go" || name == "revoke.go" || name == "poll.go") {
				continue
			}
			for _, decl := range file.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && p.path == "recado/store" && f.Name.Name == "decodeDelivery" {
					found++
					continue
				}
				ast.Inspect(decl, func(n ast.Node) bool {
					var written []ast.Expr
					switch n := n.(type) {
					case *ast.AssignStmt:
						written = n.Lhs
					case *ast.IncDecStmt:
						written = []ast.Expr{n.X}
					case *ast.UnaryExpr:
						if n.Op == token.AND {
							written = []ast.Expr{n.X}
						}
					}
					for _, e := range written {
						if s, ok := e.(*ast.SelectorExpr); ok && p.isDelivery(s.X) && slices.Contains(changed, s.Sel.Name) {
							t.Errorf("%s writes %s of a delivery", p.fset.Position(s.Pos()), s.Sel.Name)
						}
					}
					return true
				})
			}
		}
	}
	if found != 1 {
		t.Errorf("%d functions read a delivery from the disk, want one", found)
	}
}

// checked is a package of ours with the types of its expressions.
type checked struct {
	path  string
	fset  *token.FileSet
	files []*ast.File
	info  *types.Info
}

func (c checked) isDelivery(e ast.Expr) bool {
	t := c.info.TypeOf(e)
	if t == nil {
		return false
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == "Delivery" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "recado/campaign"
}

// typed are the packages of ours that know deliveries, without their tests.
func typed(t *testing.T) (all []checked) {
	t.Helper()
	type pkg struct {
		ImportPath, Dir, Export string
		GoFiles, Imports        []string
	}
	var ours []pkg
	exports := make(map[string]string)
	out, err := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Imports", "recado/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if p.ImportPath == "recado/campaign" || strings.HasPrefix(p.ImportPath, "recado/") && slices.Contains(p.Imports, "recado/campaign") {
			ours = append(ours, p)
		}
	}
	for _, p := range ours {
		c := checked{path: p.ImportPath, fset: token.NewFileSet(), info: &types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Uses: make(map[*ast.Ident]types.Object), Defs: make(map[*ast.Ident]types.Object)}}
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(c.fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			c.files = append(c.files, file)
		}
		conf := types.Config{Importer: importer.ForCompiler(c.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
		if _, err := conf.Check(p.ImportPath, c.fset, c.files, c.info); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}
