package command

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/store"
)

// TestADraftIsEditedByCommand: what is named changes, the rest stays, and what has
// begun stays as it is.
func TestADraftIsEditedByCommand(t *testing.T) {
	dir := privateDir(t)
	run := func(want int, args ...string) string {
		t.Helper()
		c, out, errs := typist(t, dir, "", args...)
		if got := c.execute(t.Context()); got != want {
			t.Fatalf("%q: exit %d, want %d: %s", args, got, want, errs)
		}
		return out.String() + errs.String()
	}
	inBook := func(do func(*store.Book) error) {
		t.Helper()
		book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Real})
		if err == nil {
			err = errors.Join(do(book), book.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	draft := func() (d campaign.Campaign) {
		t.Helper()
		inBook(func(b *store.Book) (err error) {
			d, err = b.Campaign(1)
			return err
		})
		return d
	}
	inBook(func(b *store.Book) error {
		_, err := desk(b).AddNumber("loja")
		return err
	})
	run(ExitOK, "campaign", "new", "--name", "Natal", "--text", "Oi {nome}", "--variant", "Olá {nome}", "--to", "tag:vip", "--pace", "day=7", "--canary", "3", "--basis", "customer", "--include-silent", "--require-consent", "--number", "loja")
	before := draft()
	if out := run(ExitOK, "campaign", "edit", "1", "--name", " Ano Novo "); !strings.HasPrefix(out, "1\n") {
		t.Errorf("printed %q", out)
	}
	after := draft()
	if after.Name != "Ano Novo" || after.Rev != before.Rev+1 {
		t.Errorf("edited: %+v", after)
	}
	if after.Name, after.Rev = before.Name, before.Rev; !reflect.DeepEqual(before, after) {
		t.Errorf("what was not named has changed: %+v, was %+v", after, before)
	}
	run(ExitOK, "campaign", "edit", "1", "--text", "Bom dia {nome}", "--to", "tag:novo", "--pace", "day=5", "--canary", "4", "--basis", "consent", "--include-silent=false", "--require-consent=false", "--optout-line")
	d := draft()
	if d.To != "tag:novo" || d.Pace.Day != 5 || d.Canary != 4 || d.Basis != campaign.Consent || d.Silent || d.Consented || !strings.HasPrefix(d.Text, "Bom dia {nome}\n\n") ||
		len(d.Variants) != 1 || !strings.HasPrefix(d.Variants[0], "Olá {nome}\n\n") {
		t.Errorf("edited: %+v", d)
	}
	// An empty value takes away what may be missing.
	run(ExitOK, "campaign", "edit", "1", "--variant", "", "--to", "", "--basis", "", "--poll", "Segunda", "--poll", "Terça")
	if d := draft(); d.Variants != nil || d.To != "" || d.Basis != "" || len(d.Poll) != 2 {
		t.Errorf("edited: %+v", d)
	}
	run(ExitOK, "campaign", "edit", "1", "--poll", "")
	if d := draft(); d.Poll != nil {
		t.Errorf("edited: %+v", d)
	}
	if out := run(ExitOK, "campaign", "edit", "1", "--text", ""); !strings.Contains(out, "texto") {
		t.Errorf("what is missing is not said: %q", out)
	}
	// What the composer kept as it was typed is gone when it is said again.
	inBook(func(b *store.Book) error {
		d, err := b.Campaign(1)
		if err != nil {
			return err
		}
		d.Schedule(time.Date(2036, 12, 5, 9, 0, 0, 0, time.Local))
		d.Unread, d.NoLeave = campaign.Unread{Pace: "day=", File: "foto.png"}, "todos são sócios"
		_, err = desk(b).EditDraft(d)
		return err
	})
	run(ExitOK, "campaign", "edit", "1", "--name", "Ano Novo")
	if d := draft(); d.Unread.Pace == "" || d.Unread.File == "" || d.NoLeave == "" || d.At.IsZero() || len(d.Numbers) != 1 {
		t.Errorf("what was not named has changed: %+v", d)
	}
	run(ExitOK, "campaign", "edit", "1", "--pace", "day=5", "--attach", "", "--optout-line", "--number", "")
	if d := draft(); d.Unread != (campaign.Unread{}) || d.NoLeave != "" || d.Numbers != nil {
		t.Errorf("edited: %+v", d)
	}
	run(ExitOK, "campaign", "edit", "1", "--text", "")
	run(ExitUsage, "campaign", "edit", "1", "--text", "Oi {")
	run(ExitUsage, "campaign", "edit", "1", "--to", "tag:(")
	run(ExitUsage, "campaign", "edit", "1", "--canary", "-1")
	run(ExitUsage, "campaign", "edit", "1", "--pace", "x=1")
	run(ExitNotFound, "campaign", "edit", "1", "--number", "outra")
	run(ExitNotFound, "campaign", "edit", "9", "--name", "x")
	if d := draft(); d.Text != "" || d.Canary != 4 {
		t.Errorf("a mistake changed it: %+v", d)
	}
	// It is planned, unplanned by hand, and edited no more.
	run(ExitOK, "campaign", "edit", "1", "--text", "Oi")
	run(ExitOK, "campaign", "edit", "1", "--at", "2036-12-05 09:00")
	if d := draft(); d.Status != campaign.Scheduled || d.At.IsZero() {
		t.Errorf("planned: %+v", d)
	}
	if out := run(ExitRefused, "campaign", "edit", "1", "--name", "x"); strings.Contains(out, "aviso") {
		t.Errorf("what cannot be edited is looked at: %s", out)
	}
	run(ExitOK, "campaign", "unschedule", "1")
	at := draft().At
	run(ExitOK, "campaign", "edit", "1", "--name", "Ano Novo")
	if d := draft(); d.Status != campaign.Draft || !d.At.Equal(at) {
		t.Errorf("what was not named has changed: %+v", d)
	}
	run(ExitOK, "campaign", "cancel", "1")
	run(ExitRefused, "campaign", "edit", "1", "--name", "x")
	if d := draft(); d.Name != "Ano Novo" {
		t.Errorf("a campaign that ended has another name: %+v", d)
	}
}
