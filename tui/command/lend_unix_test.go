//go:build unix

package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOurOwnDataAndPipesAreNeitherSentNorImported, with an owner and without.
func TestOurOwnDataAndPipesAreNeitherSentNorImported(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.must("numbers")
	p.file("people.csv", twoPeople)
	if err := syscall.Mkfifo(filepath.Join(p.dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"contract.pdf": "book.db", "log.txt": "recado.log"} {
		if err := os.Symlink(filepath.Join(p.data, to), filepath.Join(p.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	try := func(how string) {
		for file, says := range map[string]string{
			filepath.Join(p.data, "book.db"): "part of the data of recado",
			"contract.pdf":                   "part of the data of recado",
			"pipe":                           "not a file",
			".":                              "is a directory",
		} {
			for _, args := range [][]string{
				{"campaign", "new", "--name", "x", "--attach", file},
				{"campaign", "new", "--name", "x", "--attach=" + file},
				{"contacts", "import", file},
			} {
				if r := p.run(args...); r.code != 1 || !strings.Contains(r.err, says) {
					t.Errorf("%s, %v: exit %d, %q; want 1 and %q", how, args, r.code, r.err, says)
				}
			}
		}
		p.must("contacts", "import", "people.csv")
	}
	try("alone")
	p.owner()
	if r := p.run("campaign", "new", "--name", "x", "--attach", "log.txt"); r.code != 1 || !strings.Contains(r.err, "part of the data") {
		t.Errorf("the log: exit %d, %q", r.code, r.err)
	}
	try("handed over")
	if r := p.with("RECADO_LANG=pt").run("campaign", "new", "--name", "x", "--attach", "contract.pdf"); !strings.Contains(r.err, "faz parte dos dados do recado") {
		t.Errorf("in Portuguese: %q", r.err)
	}
	if got := p.must("campaign", "list"); got != "" {
		t.Errorf("campaigns were made: %q", got)
	}
}
