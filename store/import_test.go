package store

import (
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
	report := must[ImportReport](t)(desk(b).ImportAs(t.Context(), rows, "b", Skip))
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
	must[ImportReport](t)(desk(b).ImportAs(t.Context(), rows[2:3], "b", Complete))
	if c := must[people.Contact](t)(b.ContactByPhone(rows[2].Phone)); c.InDoubt() {
		t.Errorf("decided, and asked again: %+v", c)
	}
	sound(t, b)
}
