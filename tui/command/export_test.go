package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"recado/campaign/people"
	"recado/store"
	"recado/tui/host"
)

// Whoever is exported is imported again by another recado as they were, in every
// format.
func TestAnotherRecadoReadsAnExport(t *testing.T) {
	from := privateDir(t)
	run := func(dir string, want int, typed string, args ...string) (out, errs string) {
		t.Helper()
		c, o, e := typist(t, dir, typed, args...)
		if got := c.execute(t.Context()); got != want {
			t.Fatalf("%q: exit %d, want %d: %s", args, got, want, e)
		}
		return o.String(), e.String()
	}
	run(from, ExitOK, "nome;telefone;tags;cidade;obs;status\n\"Ana \"\"A\"\" Prado\";11 98765-0001;vip,novo;São Paulo;=1+1;\nBia;11 98765-0002;;Recife;\"uma\nduas\";\n"+
		"Caio;11 98765-0003;;;-2+3;descadastrado\nLia;+351 912 345 678;frio;Lisboa;;\n", "contacts", "import", "-")
	run(from, ExitOK, "", "lists", "save", "Natal; 2026", "tag:vip")
	run(from, ExitOK, "", "contacts", "optout", "bia", "--why", "pediu; na \"loja\"")
	want := listed(t, from)
	if len(want) != 4 || !want[1].OptedOut || want[0].Lists[0] != "Natal; 2026" || !want[2].OptedOut {
		t.Fatalf("%+v", want)
	}
	for _, format := range []string{"csv", "xlsx", "vcard", "json"} {
		t.Run(format, func(t *testing.T) {
			to, file := privateDir(t), filepath.Join(t.TempDir(), "people")
			if out, errs := run(from, ExitOK, "", "contacts", "export", "--format", format, "--out", file); out != "" || !strings.Contains(errs, "4 pessoas gravadas") {
				t.Errorf("out %q, said %q", out, errs)
			}
			info, err := os.Stat(file)
			if err != nil || info.Mode() != 0o600 {
				t.Fatalf("%v, %v", info.Mode(), err)
			}
			_, errs := run(to, ExitOK, "", "contacts", "import", file)
			if !strings.Contains(errs, "novos: 4, atualizados: 0") {
				t.Errorf("said %q", errs)
			}
			got := listed(t, to)
			for i := range got {
				g, w := got[i], want[i]
				g.ID, g.Created, w.ID, w.Created = 0, "", 0, ""
				if g.LeftWhy != w.LeftWhy || g.LeftAt != w.LeftAt || g.Name != w.Name || g.Phone != w.Phone || !slices.Equal(g.Tags, w.Tags) || !slices.Equal(g.Lists, w.Lists) ||
					strings.Join(pairs(g.Fields), "\n") != strings.Join(pairs(w.Fields), "\n") || g.OptedOut != w.OptedOut {
					t.Errorf("got  %+v\nwant %+v", g, w)
				}
			}
			if _, errs := run(to, ExitOK, "", "contacts", "import", file); !strings.Contains(errs, "novos: 0, atualizados: 0, já estavam: 4") {
				t.Errorf("the same again: %q", errs)
			}
		})
	}
	if out, _ := run(from, ExitOK, "", "contacts", "export", "-tag:frio", "cidade:*"); strings.Contains(out, "Lia") || !strings.Contains(out, "+5511987650001;") {
		t.Errorf("of a filter: %q", out)
	}
}

func pairs(fields map[string]string) (all []string) {
	for _, name := range sortedFields(fields) {
		all = append(all, name+"="+fields[name])
	}
	return all
}

func TestAnExportReplacesNothing(t *testing.T) {
	dir, work := privateDir(t), t.TempDir()
	peopled(t, dir)
	export := func(want int, args ...string) string {
		t.Helper()
		c, out, errs := typist(t, dir, "", append([]string{"contacts", "export"}, args...)...)
		c.env.Dir = work
		if got := c.execute(t.Context()); got != want || out.Len() > 0 {
			t.Fatalf("%q: exit %d, want %d, out %q: %s", args, got, want, out, errs)
		}
		return errs.String()
	}
	file := filepath.Join(work, "people.csv")
	read := func(path string) string {
		text, _ := os.ReadFile(path)
		return string(text)
	}
	os.WriteFile(file, []byte("mine"), 0o600)
	if errs := export(ExitRefused, "--out", "people.csv"); !strings.Contains(errs, "--force") || read(file) != "mine" {
		t.Errorf("said %q, file %q", errs, read(file))
	}
	export(ExitUsage, "--out", "other.csv", "nome:")
	export(ExitUsage, "--format", "doc", "--out", "other.csv")
	export(ExitUsage, "--out", "other.doc")
	export(ExitUsage, "--format", "xlsx") // on a terminal
	export(ExitOK, "--out", "people.csv", "--force", "ana")
	if !strings.Contains(read(file), "+5511987650001;Ana") {
		t.Errorf("file %q", read(file))
	}
	// A link is replaced, not what it leads to.
	os.WriteFile(filepath.Join(work, "else"), []byte("else"), 0o600)
	os.Symlink("else", filepath.Join(work, "link.csv"))
	export(ExitOK, "--out", "link.csv", "--force", "ana")
	if read(filepath.Join(work, "else")) != "else" {
		t.Error("what a link leads to was written over")
	}
	before := read(filepath.Join(dir, "book.db"))
	for _, path := range []string{filepath.Join(dir, "book.db"), filepath.Join(dir, "new.csv")} {
		export(ExitRefused, "--format", "csv", "--force", "--out", path)
	}
	if len(before) == 0 || len(read(filepath.Join(dir, "book.db"))) != len(before) {
		t.Error("the book was written over")
	}
	export(ExitFailed, "--out", "none/people.csv")
	left, err := os.ReadDir(work)
	if err != nil || len(left) != 3 {
		t.Errorf("what is left: %v, %v", left, err)
	}
}

// The process that was given the command writes the file, also when the owner
// runs it: nothing of it is there unless all is.
func TestAnExportThroughTheOwnerIsWholeOrNothing(t *testing.T) {
	for name, test := range map[string]struct {
		frames [][2]string
		code   int
		want   string
	}{
		"whole":    {[][2]string{{"o", "a;b\n"}, {"o", "c;d\n"}, {"x", `{}`}}, ExitOK, "a;b\nc;d\n"},
		"died":     {[][2]string{{"o", "a;b\n"}}, ExitFailed, ""},
		"failed":   {[][2]string{{"o", "a;b\n"}, {"x", `{"Code":1}`}}, ExitFailed, ""},
		"no words": {[][2]string{{"x", `{}`}}, ExitOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir, work := privateDir(t), t.TempDir()
			commands := falseOwner(t, dir, func(w door) {
				w.send('b', `{"Protocol":2}`)
				for _, frame := range test.frames {
					w.send(frame[0][0], frame[1])
				}
			})
			c, out, errs := typist(t, dir, "", "contacts", "export", "--out", "people.csv")
			c.env.Dir = work
			if code := c.execute(t.Context()); code != test.code || out.Len() > 0 {
				t.Errorf("exit %d, out %q: %s", code, out, errs)
			}
			if n := commands(); n != 1 {
				t.Errorf("the owner was given the command %d times", n)
			}
			text, err := os.ReadFile(filepath.Join(work, "people.csv"))
			if string(text) != test.want || (err == nil) != (test.code == ExitOK) {
				t.Errorf("file %q, %v", text, err)
			}
		})
	}
}

// TestManyAreListedPageByPage, all and in order, until somebody does not want any more.
func TestManyAreListedPageByPage(t *testing.T) {
	dir := privateDir(t)
	book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Real})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	const many = 9*page + 7
	rows := make([]people.Row, many)
	for i := range rows {
		rows[i] = people.Row{Line: i + 1, Phone: people.Phone(fmt.Sprintf("+55119%08d", 60_000_000+i)), Name: fmt.Sprintf("Ana %05d", many-i)}
	}
	if _, err := desk(book).Import(t.Context(), rows, "a test"); err != nil {
		t.Fatal(err)
	}
	ids, err := book.Find(t.Context(), people.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	for _, stop := range []struct {
		at   int
		want error
	}{{many, nil}, {page / 2, enough}, {page, enough}, {page + 1, context.Canceled}} {
		ctx, cancel := context.WithCancel(t.Context())
		var got []people.ContactID
		err := new(call).eachContact(ctx, &owner{parts: &host.Parts{Book: book}}, ids, func(p *people.Contact) error {
			if len(got) == stop.at && stop.want == enough {
				return enough
			}
			if len(got) == stop.at {
				cancel()
			}
			got = append(got, p.ID)
			return nil
		})
		if !errors.Is(err, stop.want) {
			t.Errorf("at %d: %v, want %v", stop.at, err, stop.want)
		}
		want := ids[:min(stop.at, many)]
		if stop.want == context.Canceled {
			want = ids[:2*page] // the page is ended
		}
		if !slices.Equal(got, want) {
			t.Errorf("at %d: %d are given, want %d in their order", stop.at, len(got), len(want))
		}
		cancel()
	}
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	if err := new(call).eachContact(t.Context(), &owner{parts: &host.Parts{Book: book}}, ids, func(*people.Contact) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("of a closed book: %v", err)
	}
}

// TestNoRuneOfDataSteersATerminal: what JSON lets through as it is.
func TestNoRuneOfDataSteersATerminal(t *testing.T) {
	for r := range rune(0x2100) {
		said := escape("a" + string(r) + "b\n")
		if r != '\n' && steers(r) {
			if want := fmt.Sprintf("a\\u%04xb\n", r); said != want {
				t.Errorf("%U: %q, want %q", r, said, want)
			}
		} else if want := "a" + string(r) + "b\n"; said != want {
			t.Errorf("%U: %q, want %q", r, said, want)
		}
	}
}
