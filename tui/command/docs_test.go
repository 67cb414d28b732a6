package command_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// top is the root of the project as these tests see it.
const top = "../.."

// TestEveryTestThatTheDocsName holds that a page that names a test as proof
// names one that there is.
func TestEveryTestThatTheDocsName(t *testing.T) {
	there := make(map[string]bool)
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, name := range declared.FindAllSubmatch(source, -1) {
			there[string(name[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(top + "/docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	named := 0
	for _, page := range append(pages, top+"/README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w*)`").FindAllSubmatch(text, -1) {
			if named++; !there[string(name[1])] {
				t.Errorf("%s: there is no %s", filepath.Base(page), name[1])
			}
		}
	}
	if named < 200 {
		t.Errorf("only %d tests are named", named)
	}
}

// TestArchitectureNamesEveryRoom holds that the table of the rooms is whole.
func TestArchitectureNamesEveryRoom(t *testing.T) {
	page, err := os.ReadFile(top + "/docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	named := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| `(recado[\\w/]*)`").FindAllSubmatch(page, -1) {
		named[string(row[1])] = true
	}
	for _, p := range packages(t) {
		if !named[p.ImportPath] {
			t.Errorf("%s is not in the table of the rooms", p.ImportPath)
		}
		delete(named, p.ImportPath)
	}
	for room := range named {
		t.Errorf("there is no %s", room)
	}
}
