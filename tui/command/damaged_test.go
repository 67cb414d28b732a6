package command_test

import (
	bytesof "encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
)

// damage changes bytes of a file of the data directory, or cuts it.
func (p *program) damage(name string, change func(data []byte) []byte) {
	p.t.Helper()
	path := filepath.Join(p.data, name)
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, change(data), 0o600)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// tear damages one of the two first pages.
func tear(page int) func([]byte) []byte {
	return func(data []byte) []byte {
		for i := range 20 {
			data[page*os.Getpagesize()+60+i] ^= 0xff
		}
		return data
	}
}

// TestEveryCommandSaysThatAFileIsDamaged: exit code 1 and what to do, whatever
// is done with it.
func TestEveryCommandSaysThatAFileIsDamaged(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.file("people.csv", "nome,telefone\nAna,+5511987654321\n")
	p.must("contacts", "import", "people.csv")
	whole, err := os.ReadFile(filepath.Join(p.data, "book.db"))
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	for name, change := range map[string]func([]byte) []byte{
		"cut to two pages": func(data []byte) []byte { return data[:2*page] },
		"cut to one page":  func(data []byte) []byte { return data[:page] },
		"cut in a page":    func(data []byte) []byte { return data[:3*page+100] },
		"leaves are branches": func(data []byte) []byte {
			for at := 2 * page; at < len(data); at += page {
				if data[at+8] == 2 {
					data[at+8] = 1
				}
			}
			return data
		},
		"without end": func(data []byte) []byte {
			for at := 2 * page; at < len(data); at += page {
				data[at+15] = 0xff
			}
			return data
		},
		"both first pages": func(data []byte) []byte { return tear(1)(tear(0)(data)) },
	} {
		p.damage("book.db", func([]byte) []byte { return change(append([]byte(nil), whole...)) })
		for _, args := range [][]string{{"contacts", "list"}, {"contacts", "import", "people.csv"}, {"campaign", "list"}, {"numbers"}, {"run", "--until-idle"}} {
			for lang, want := range map[string]string{
				"en": "recado: the file " + filepath.Join(p.data, "book.db") + " is damaged: recado check --data " + p.data + "\n",
				"pt": "recado: o arquivo " + filepath.Join(p.data, "book.db") + " está danificado: rode recado check --data " + p.data + "\n",
			} {
				if r := p.with("RECADO_LANG=" + lang).run(args...); r.code != 1 || r.out != "" || r.err != want {
					t.Errorf("%s: recado %v: exit %d, %q, %q; want 1 and %q", name, args, r.code, r.out, r.err, want)
				}
			}
		}
		if r := p.run("check"); r.code != 1 || !strings.Contains(r.out, "book.db\t") || strings.Contains(r.out, "\tok") {
			t.Errorf("%s: check: exit %d, %q, %q", name, r.code, r.out, r.err)
		}
	}
}

// TestAfterATornPageAPersonDecidesWhatMayHaveBeenSent walks through it as
// somebody at a terminal does.
func TestAfterATornPageAPersonDecidesWhatMayHaveBeenSent(t *testing.T) {
	t.Parallel()
	s := simulate(t)
	for page, verdict := range []string{"sent", "resend"} {
		p := newProgram(t).with(s.env...)
		p.link(s, fmt.Sprint("loja ", page))
		people := objects[person](t, p.must("contacts", "list", "--json"))
		p.file("people.csv", fmt.Sprintf("telefone,tags\n%s,dois\n%s,dois\n", people[2*page].Phone, people[2*page+1].Phone))
		p.must("contacts", "import", "people.csv")
		p.must("numbers", "pace", fmt.Sprint("loja ", page), "off", "--yes")
		id := p.campaign("--name", "c", "--text", "Oi, {nome}!", "--to", "tag:dois")
		p.must("contacts", "import", "people.csv") // which is written down: the start is not the last any more
		p.damage("book.db", tear(page))
		r := p.run("campaign", "show", id)
		if r.code != 0 || !strings.Contains(r.out, "status\tpaused") || !strings.Contains(r.out, "damaged") || !strings.Contains(r.err, "its last change may be missing") {
			t.Fatalf("page %d torn: exit %d, %q, %q; want a campaign that is paused for the damage", page, r.code, r.out, r.err)
		}
		var held []delivery
		for _, d := range objects[delivery](t, p.must("campaign", "deliveries", id, "--json")) {
			if d.State == "unsure" {
				held = append(held, d)
			}
		}
		if len(held) == 0 || held[0].Reason != "may have been sent: the last change of the data is forgotten" {
			t.Fatalf("page %d torn: held are %+v", page, held)
		}
		if r := p.run("campaign", "decide", id, "+5511900000000", verdict); r.code != 3 {
			t.Errorf("somebody else: exit %d, %q", r.code, r.err)
		}
		if r := p.run("campaign", "decide", id, held[0].Phone, "maybe"); r.code != 2 {
			t.Errorf("no verdict: exit %d, %q", r.code, r.err)
		}
		for _, d := range held {
			if got := objects[delivery](t, p.must("campaign", "decide", id, d.Phone, verdict, "--json")); len(got) != 1 || got[0].Phone != d.Phone || got[0].State == "unsure" {
				t.Errorf("decided to %s: %+v", verdict, got)
			}
		}
		if r := p.run("campaign", "settle", id, held[0].Phone, verdict); r.code != 4 { // by the name before; it is not unsure any more
			t.Errorf("twice: exit %d, %q; want 4", r.code, r.err)
		}
		if p.show(id).Status == "paused" { // it is finished if both were held, and have it
			p.must("campaign", "resume", id)
		}
		p.must("run", "--until-idle")
		after := p.show(id).Counts
		saw := 0
		for _, x := range tell[ledger](s, "/ledger").Seen {
			if strings.HasSuffix(x.Person, held[0].Phone[1:]) {
				saw++
			}
		}
		if want := page; saw != want || after.Unsure+after.Queued > 0 {
			t.Errorf("decided as %s: they saw it %d times, want %d; %+v", verdict, saw, want, after)
		}
	}
}

// TestMendAsksFirstAndLeavesTheKeysAlone: the book goes back, the keys never.
func TestMendAsksFirstAndLeavesTheKeysAlone(t *testing.T) {
	t.Parallel()
	s := simulate(t)
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.must("contacts", "list")
	newest := func(data []byte) []byte { // its root
		page := os.Getpagesize()
		meta := data[16:]
		if second := data[page+16:]; bytesof.NativeEndian.Uint64(second[48:]) > bytesof.NativeEndian.Uint64(meta[48:]) {
			meta = second
		}
		data[int(bytesof.NativeEndian.Uint64(meta[16:]))*page+8] ^= 3
		return data
	}
	p.damage("book.db", newest)
	if r := p.run("check", "--mend"); r.code != 4 || !strings.Contains(r.err, "--yes") {
		t.Errorf("without a word: exit %d, %q", r.code, r.err)
	}
	before, err := os.ReadFile(filepath.Join(p.data, "book.db"))
	if err != nil {
		t.Fatal(err)
	}
	r := p.run("check", "--mend", "--yes", "--json")
	type mended struct{ File, Copy string }
	all := objects[mended](t, r.out)
	if r.code != 0 || len(all) != 3 || all[2].File != "book.db" || all[2].Copy == "" {
		t.Fatalf("exit %d, %s%s", r.code, r.out, r.err)
	}
	if kept, err := os.ReadFile(all[2].Copy); err != nil || string(kept) != string(before) {
		t.Errorf("the copy is not the damaged file, %v", err)
	}
	if out := p.must("check"); strings.Count(out, "\tok") != 2 {
		t.Errorf("afterwards %s", out)
	}
	p.must("numbers")

	for name, change := range map[string]func([]byte) []byte{"its last tree": newest, "a first page": tear(1), "the other": tear(0)} {
		whole, err := os.ReadFile(filepath.Join(p.data, "devices.db"))
		if err != nil {
			t.Fatal(err)
		}
		p.damage("devices.db", change)
		damaged, err := os.ReadFile(filepath.Join(p.data, "devices.db"))
		if err != nil {
			t.Fatal(err)
		}
		r := p.run("check", "--mend", "--yes")
		if r.code != 1 || !strings.Contains(r.err, "link each number again") || !strings.Contains(r.err, "mv "+filepath.Join(p.data, "devices.db")) {
			t.Errorf("%s: exit %d, %q", name, r.code, r.err)
		}
		if r := p.run("run", "--until-idle"); r.code != 1 || !strings.Contains(r.err, "devices.db is damaged: recado check") {
			t.Errorf("%s: run: exit %d, %q", name, r.code, r.err)
		}
		if after, err := os.ReadFile(filepath.Join(p.data, "devices.db")); err != nil || string(after) != string(damaged) {
			t.Errorf("%s: the keys were changed, %v", name, err)
		}
		p.damage("devices.db", func([]byte) []byte { return whole })
	}
	// As it says: away with it, and the number can be linked again.
	if err := os.Rename(filepath.Join(p.data, "devices.db"), filepath.Join(p.data, "devices.db.damaged")); err != nil {
		t.Fatal(err)
	}
	p.run("run", "--until-idle")
	if all := objects[number](t, p.must("numbers", "--json")); len(all) != 1 || all[0].State != "logged-out" || !strings.Contains(all[0].Reason, "Link it again") {
		t.Errorf("without the keys: %+v", all)
	}
}

// TestAFileOfANewerRecadoIsNotDamaged: what is to be done is to update.
func TestAFileOfANewerRecadoIsNotDamaged(t *testing.T) {
	t.Parallel()
	s := simulate(t)
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	for _, name := range []string{"devices.db", "book.db"} {
		p.behind(name, func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("meta")).Put([]byte("version"), []byte{0, 0, 0, 99})
		})
		for lang, want := range map[string]string{"en": "update the program", "pt": "atualize o programa"} {
			for _, args := range [][]string{{"check"}, {"check", "--mend", "--yes"}} {
				r := p.with("RECADO_LANG=" + lang).run(args...)
				if r.code != 4 || !strings.Contains(r.err, want) || !strings.Contains(r.out, want) || strings.Contains(r.out+r.err, "--mend") {
					t.Errorf("%s: recado %v: exit %d, %q, %q; want 4 and %q", name, args, r.code, r.out, r.err, want)
				}
			}
		}
	}
}
