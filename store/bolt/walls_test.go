package bolt_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestNobodyElseAsksForABucket: a bucket's name, and what its keys are made of,
// stand where its table is declared.
func TestNobodyElseAsksForABucket(t *testing.T) {
	asks := map[string]bool{
		"Bucket": true, "CreateBucket": true, "CreateBucketIfNotExists": true, "DeleteBucket": true, "MoveBucket": true, "ForEachBucket": true,
	}
	looked := 0
	for _, dir := range []string{"..", "../device"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			looked++
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, imported := range file.Imports {
				if imported.Path.Value == `"go.etcd.io/bbolt"` {
					t.Errorf("%s: it imports bbolt", fset.Position(imported.Pos()))
				}
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if of, ok := call.Fun.(*ast.SelectorExpr); ok && asks[of.Sel.Name] {
						t.Errorf("%s: %s is for a table to ask for", fset.Position(call.Pos()), of.Sel.Name)
					}
				}
				return true
			})
		}
	}
	if looked < 40 {
		t.Errorf("only %d files", looked)
	}
}
