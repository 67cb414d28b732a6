package files

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what the files of testdata give anew")

// What is in testdata has everything that is wrong with files of its format at
// once; beside each stands what it gives.
func TestTortureFiles(t *testing.T) {
	all, err := filepath.Glob("testdata/torture*")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, name := range all {
		if strings.HasSuffix(name, ".want") {
			continue
		}
		tried++
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		persons, bad, report := summed(t, string(text), Options{})
		var got strings.Builder
		fmt.Fprintln(&got, report.Format, report.Sheet)
		for _, c := range report.Columns {
			fmt.Fprintf(&got, "column %q %s %s\n", c.Title, c.Role, c.Field)
		}
		for _, p := range persons {
			fmt.Fprintf(&got, "row %q\n", p)
		}
		for _, b := range bad {
			fmt.Fprintf(&got, "bad %d %s %q\n", b.Line, b.Reason.Error(), b.Cells)
		}
		for _, k := range report.Notes.Kinds {
			fmt.Fprintf(&got, "note %s, %d from line %d\n", k.Example.Reason.Error(), k.Count, k.Example.Line)
		}
		if *update {
			if err := os.WriteFile(name+".want", []byte(got.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name + ".want")
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, &got, want)
		}
	}
	if tried < 4 {
		t.Errorf("%d files", tried)
	}
}
