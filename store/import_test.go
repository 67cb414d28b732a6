package store

import (
	"context"
	"testing"

	"recado/campaign/people"
	"recado/store/bolt"
)

// An import that was staged by the version before this one is finished by it:
// its rows say nothing of who has left.
func TestRowsOfBeforeAreRead(t *testing.T) {
	rows := []people.Row{{Line: 2, Phone: withNinth, Name: "Ana", Tags: []string{"vip"}, Fields: map[string]string{"cidade": "Recife"}, Left: "a", Doubt: "b"}}
	got := must[[]people.Row](t)(decodeRows(encodeRows(rows)))
	if len(got) != 1 || got[0].Left != "a" || got[0].Doubt != "b" || got[0].Fields["cidade"] != "Recife" {
		t.Errorf("got %+v", got)
	}
	e := bolt.Enc{}
	e.Uint(1)
	e.Uint(1)
	e.Uint(2)
	e.Text(string(withNinth))
	e.Text("Ana")
	e.Texts([]string{"vip"})
	e.Uint(0)
	got = must[[]people.Row](t)(decodeRows(e.B))
	if len(got) != 1 || got[0].Phone != withNinth || got[0].Name != "Ana" || got[0].Left != "" {
		t.Errorf("of before: %+v", got)
	}
	if _, err := decodeRows([]byte{rowsVersion + 1, 0}); err == nil {
		t.Error("rows of a later version are read")
	}
}

// What a large import says of people is kept while it is staged.
func TestALargeImportKeepsItsPolicyAndWhoHasLeft(t *testing.T) {
	b := newBook(t)
	rows := yardRows(1, smallImport+10)
	must[ImportReport](t)(desk(b).Import(t.Context(), rows[:1], "a"))
	for i := range rows {
		rows[i].Tags = []string{"novo"}
	}
	rows[1].Left, rows[2].Doubt = "Opt-out: sim", "Opt-in: não"
	report := must[ImportReport](t)(importAs(t.Context(), desk(b), rows, "b", Skip))
	if report.Left != 1 || report.Doubts != 1 || report.Same == 0 {
		t.Errorf("report %+v", report)
	}
	if c := must[people.Contact](t)(b.ContactByPhone(rows[0].Phone)); len(c.Tags) != 0 {
		t.Errorf("who was there has %q", c.Tags)
	}
	if c := must[people.Contact](t)(b.ContactByPhone(rows[1].Phone)); !c.OptedOut || c.OptOutWhy != "Opt-out: sim" || len(c.Tags) != 1 {
		t.Errorf("who has left: %+v", c)
	}
	c := must[people.Contact](t)(b.ContactByPhone(rows[2].Phone))
	if !c.InDoubt() || c.DoubtSaid != "Opt-in: não" {
		t.Errorf("who may have left: %+v", c)
	}
	// What a person decides stands, whatever the file says again.
	ok(t, desk(b).Stays(c.ID, c.DoubtAt))
	must[ImportReport](t)(importAs(t.Context(), desk(b), rows[2:3], "b", Complete))
	if c := must[people.Contact](t)(b.ContactByPhone(rows[2].Phone)); c.InDoubt() {
		t.Errorf("decided, and asked again: %+v", c)
	}
	sound(t, b)
}

// rowsOf gives rows to an import.
func rowsOf(rows []people.Row, bad int) func(func(people.Row) error) (int, error) {
	return func(add func(people.Row) error) (int, error) {
		for _, row := range rows {
			if err := add(row); err != nil {
				return 0, err
			}
		}
		return bad, nil
	}
}

// importAs imports rows by a policy.
func importAs(ctx context.Context, d *Desk, rows []people.Row, source string, policy Policy) (ImportReport, error) {
	done, err := d.ImportFrom(ctx, ImportOrder{Source: source, Policy: policy}, rowsOf(rows, 0))
	return done.Report, err
}

// staged is a large import that was read, and is not complete yet.
func staged(t *testing.T, b *Book, rows []people.Row, source string) *staging {
	t.Helper()
	s := &staging{desk: desk(b), ctx: t.Context(), order: ImportOrder{Source: source}}
	for _, row := range rows {
		ok(t, s.add(row))
	}
	if len(s.rows) > 0 {
		ok(t, s.flush())
	}
	return s
}

// complete marks it as complete.
func (s *staging) complete(t *testing.T) (done Import) {
	t.Helper()
	ok(t, s.desk.book.update(func(tx *bolt.Tx) (err error) {
		done, err = s.completeTx(tx, 0)
		return err
	}))
	return done
}
