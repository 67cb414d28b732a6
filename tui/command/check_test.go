package command_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"recado/store/device"
)

// health is a line of check --json, as scripts read it.
type health struct {
	File       string
	Size, Free int64
	Wrong      []string
	After      int64
}

// behind changes a database that no process has open.
func (p *program) behind(name string, change func(tx *bbolt.Tx) error) {
	p.t.Helper()
	db, err := bbolt.Open(filepath.Join(p.data, name), 0o600, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := errors.Join(db.Update(change), db.Close()); err != nil {
		p.t.Fatal(err)
	}
}

// swell makes a database grow by n megabytes and frees them again.
func (p *program) swell(name string, n int) {
	p.t.Helper()
	p.behind(name, func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("filler"))
		for i := range n * 100 {
			err = errors.Join(err, b.Put(fmt.Appendf(nil, "%08d", i), make([]byte, 10_000)))
		}
		return err
	})
	p.behind(name, func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("filler")) })
}

func TestCheckOfFilesThatAreWell(t *testing.T) {
	t.Parallel()
	s := simulate(t)
	demo := newProgram(t).with(s.env...)
	demo.link(s, "loja")
	p := newProgram(t) // knows of no simulated service, and looks at a demo's data all the same
	p.data = demo.data
	out := p.must("check")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "book.db\t") || !strings.HasPrefix(lines[1], "devices.db\t") ||
		!strings.HasSuffix(lines[0], "\tok") || !strings.HasSuffix(lines[1], "\tok") {
		t.Errorf("check prints %q", out)
	}
	for _, h := range objects[health](t, p.must("check", "--json")) {
		info, err := os.Stat(filepath.Join(p.data, h.File))
		if err != nil || h.Size != info.Size() || h.Free <= 0 || h.Free >= h.Size || len(h.Wrong) > 0 || h.After != 0 {
			t.Errorf("%+v, %v", h, err)
		}
	}
	if out := p.must("check", "--json"); strings.Count(out, `"wrong":[]`) != 2 || strings.Contains(out, "after") {
		t.Errorf("check --json prints %s", out)
	}
	demo.must("numbers")
}

func TestCheckFindsADamagedCounter(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.file("people.csv", "nome,telefone\nAna,+5511987654321\n")
	p.must("contacts", "import", "people.csv")
	p.behind("book.db", func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("count contacts"), []byte{0, 0, 0, 0, 0, 0, 0, 9})
	})
	for lang, want := range map[string]string{
		"en": "\"contacts\": 9 are counted, there are 1\n",
		"pt": "\"contacts\": contados 9, mas são 1\n",
	} {
		r := p.with("RECADO_LANG=" + lang).run("check")
		if r.code != 1 || !strings.Contains(r.out, "book.db\t"+want) || strings.Contains(r.out, "\tok") || r.err == "" {
			t.Errorf("%s: exit %d, %q, %q; want 1 and %q", lang, r.code, r.out, r.err, want)
		}
	}
	r := p.run("check", "--compact", "--json")
	all := objects[health](t, r.out)
	if r.code != 1 || len(all) != 1 || len(all[0].Wrong) != 1 || all[0].After != 0 {
		t.Errorf("exit %d, %s; want 1, one finding, and a file that is left as it is", r.code, r.out)
	}
}

func TestCheckNeedsTheDirectoryForItself(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	owner := p.owner()
	for _, args := range [][]string{{"check"}, {"check", "--compact"}, {"check", "--json"}} {
		r := p.run(args...)
		if r.code != 5 || r.out != "" || !strings.Contains(r.err, fmt.Sprint(owner.cmd.Process.Pid)) || !strings.Contains(r.err, "try again") {
			t.Errorf("recado %v beside an owner: exit %d, %q, %q; want 5, whose it is and what to do", args, r.code, r.out, r.err)
		}
	}
	owner.interrupt()
	owner.code()
	p.must("check")

	// Only the keys are in use, by something that is not an owner.
	keys, err := device.Open(filepath.Join(p.data, "devices.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	if r := p.run("check"); r.code != 5 {
		t.Errorf("exit %d, %q", r.code, r.err)
	}
}

func TestCheckOfNothingMakesNothing(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	if r := p.run("check"); r.code != 1 || !strings.Contains(r.err, p.data) {
		t.Errorf("exit %d, %q; want 1 and the directory", r.code, r.err)
	}
	if _, err := os.Stat(p.data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
	p.must("numbers")
	if err := os.Chmod(filepath.Join(p.data, "book.db"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := p.run("check"); r.code != 4 || !strings.Contains(r.err, "chmod 600") {
		t.Errorf("a book that others can read: exit %d, %q", r.code, r.err)
	}
}

func TestCompactGivesTheSpaceBack(t *testing.T) {
	t.Parallel()
	s := simulate(t)
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.file("people.csv", "nome,telefone\nAna,+5511987654321\n")
	p.must("contacts", "import", "people.csv")
	before := p.must("contacts", "list", "--json")
	p.swell("book.db", 5)
	p.swell("devices.db", 5)
	out := p.must("check", "--compact")
	if strings.Count(out, "→") != 2 {
		t.Errorf("check --compact prints %q, want two sizes for each file", out)
	}
	p.swell("book.db", 5)
	p.swell("devices.db", 5)
	all := objects[health](t, p.must("check", "--compact", "--json"))
	if len(all) != 2 {
		t.Fatalf("%d files", len(all))
	}
	for _, h := range all {
		info, err := os.Stat(filepath.Join(p.data, h.File))
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() != h.After || h.After > h.Size/2 || h.Free < h.Size/2 {
			t.Errorf("%+v; the file has %d bytes and mode %v", h, info.Size(), info.Mode())
		}
	}
	if after := p.must("contacts", "list", "--json"); after != before {
		t.Errorf("contacts before %s, after %s", before, after)
	}
	p.must("run", "--until-idle") // the keys still open, and the number still connects
	if online := p.must("numbers"); !strings.Contains(online, "loja") {
		t.Errorf("numbers: %s", online)
	}
}

func TestACompactionKilledAtAnyMomentLosesNothing(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	var rows strings.Builder
	rows.WriteString("nome,telefone\n")
	for i := range 20_000 {
		fmt.Fprintf(&rows, "Pessoa %d,+55119%08d\n", i, 60_000_000+i)
	}
	p.file("people.csv", rows.String())
	p.must("contacts", "import", "people.csv")
	begun := time.Now()
	p.must("check", "--compact")
	took := time.Since(begun)
	for range 8 {
		p.swell("book.db", 2)
		pr := p.start("check", "--compact")
		time.Sleep(rand.N(took + took/4))
		pr.kill()
		if out := p.must("check"); !strings.Contains(out, "\tok") {
			t.Errorf("after a kill: %s", out)
		}
		info, err := os.Stat(filepath.Join(p.data, "book.db"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("after a kill: %v, %v", info.Mode(), err)
		}
		if left, err := os.Stat(filepath.Join(p.data, "book.db.compact")); err == nil && left.Mode().Perm() != 0o600 {
			t.Errorf("the unfinished copy has mode %v", left.Mode())
		}
	}
	if got := strings.Count(p.must("contacts", "list"), "\n"); got != 20_000 {
		t.Errorf("%d contacts, want 20000", got)
	}
	p.must("check", "--compact")
	if _, err := os.Stat(filepath.Join(p.data, "book.db.compact")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the unfinished copy is still there: %v", err)
	}
}
