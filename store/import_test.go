package store

import (
	"bytes"
	"context"
	"reflect"
	"testing"
	"time"

	"recado/campaign/people"
	"recado/store/bolt"
)

// Who has agreed at one place has since the day that was written down: the same file again
// moves no day. Any other answer counts if it is newer.
func TestAConsentThatComesAgainKeepsItsFirstDay(t *testing.T) {
	day := func(d int) time.Time {
		if d == 0 {
			return time.Time{}
		}
		return time.Date(2026, 5, d, 0, 0, 0, 0, time.UTC)
	}
	given := func(source string, d int) people.Consent {
		return people.Consent{Status: people.ConsentGiven, Source: source, At: day(d)}
	}
	proved := func(c people.Consent, evidence string) people.Consent { c.Evidence = evidence; return c }
	refused := func(c people.Consent) people.Consent { c.Status = people.ConsentRefused; return c }
	for _, test := range []struct{ is, said, want people.Consent }{
		{people.Consent{}, given("feira", 2), given("feira", 2)},
		{given("feira", 2), people.Consent{}, given("feira", 2)},
		{given("feira", 2), given("feira", 3), given("feira", 2)},
		{given("feira", 3), given("feira", 2), given("feira", 3)},
		{given("feira", 0), given("feira", 2), given("feira", 2)},
		{given("feira", 2), given("feira", 0), given("feira", 2)},
		{given("feira", 2), given("loja", 3), given("loja", 3)},
		{given("feira", 3), given("loja", 2), given("feira", 3)},
		{given("feira", 2), refused(given("feira", 3)), refused(given("feira", 3))},
		{refused(given("feira", 3)), given("feira", 2), refused(given("feira", 3))},
		{refused(given("feira", 2)), refused(given("feira", 3)), refused(given("feira", 3))},
		{refused(given("feira", 3)), refused(given("feira", 2)), refused(given("feira", 3))},
		{proved(given("feira", 2), "aceito"), given("feira", 3), proved(given("feira", 2), "aceito")},
		{given("feira", 2), proved(given("feira", 3), "aceito"), proved(given("feira", 3), "aceito")},
	} {
		c := people.Contact{Consent: test.is}
		complete(&c, &people.Row{Consent: test.said})
		if c.Consent != test.want {
			t.Errorf("%+v, then %+v: %+v; want %+v", test.is, test.said, c.Consent, test.want)
		}
	}
}

// An import that was staged by the version before this one is finished by it:
// its rows say nothing of who has left.
func TestRowsOfBeforeAreRead(t *testing.T) {
	rows := []people.Row{{Line: 2, Phone: withNinth, Name: "Ana", Tags: []string{"vip"}, Fields: map[string]string{"cidade": "Recife"}, Left: "a", Doubt: "b"}}
	got := must[[]people.Row](t)(unstaged(encodeRows(inKeyOrder(rows))))
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
	got = must[[]people.Row](t)(unstaged(e.B))
	if len(got) != 1 || got[0].Phone != withNinth || got[0].Name != "Ana" || got[0].Left != "" {
		t.Errorf("of before: %+v", got)
	}
	if _, err := decodeRows([]byte{rowsVersion + 1, 0}); err == nil {
		t.Error("rows of a later version are read")
	}
}

// unstaged are the rows of a record.
func unstaged(v []byte) (rows []people.Row, err error) {
	staged, err := decodeRows(v)
	rows = make([]people.Row, len(staged))
	for i := range staged {
		staged[i].open()
		rows[i] = staged[i].Row
	}
	return rows, err
}

// rowsOfVersion4 is how rows were staged until version 18 of the book.
func rowsOfVersion4(rows []people.Row) []byte {
	var e bolt.Enc
	e.Uint(4)
	e.Uint(uint64(len(rows)))
	for _, row := range rows {
		e.Uint(uint64(row.Line))
		e.Text(string(row.Phone))
		e.Text(row.Name)
		e.Texts(row.Tags)
		e.Uint(uint64(len(row.Fields)))
		for f, v := range row.Fields {
			e.Text(f)
			e.Text(v)
		}
		e.Text(row.Left)
		e.Text(row.Doubt)
		e.Texts(row.Lists)
		e.Time(row.LeftAt)
		e.Uint(uint64(len(row.Others)))
		for _, p := range row.Others {
			e.Text(string(p))
		}
		encodeConsent(&e, row.Consent)
		e.Text(row.Note)
	}
	return e.B
}

// Every part of a row comes back as it was, packed or not; what is damaged is found.
func TestRowsAreReadAsTheyWereStaged(t *testing.T) {
	at := time.Unix(1_790_000_000, 5)
	rows := []people.Row{
		{Line: 900, Phone: "+12125550100"},
		{Line: 3, Phone: withNinth, Name: "Ana", Tags: []string{"vip", "novo"}, Fields: map[string]string{"cidade": "Recife", "outra": "x"}},
		{Line: 4, Phone: withoutNinth, Left: "a", LeftAt: at},
		{Line: 5, Phone: "+0119", Doubt: "b", Lists: []string{"Clientes"}},
		{Line: 6, Phone: "+5511987654321", Others: []people.Phone{"+5511987654322", "x"}, Note: "liga"},
		{Line: 1 << 20, Phone: "+5511987654320", Consent: people.Consent{Status: people.ConsentGiven, Source: "feira", At: at, By: "ana", Evidence: "sim"}},
	}
	var all []*people.Row
	for i := range rows {
		all = append(all, &rows[i])
	}
	packed := encodeRows(all)
	for name, v := range map[string][]byte{"packed": packed, "before": rowsOfVersion4(rows), "none": encodeRows(nil)} {
		want := rows
		if name == "none" {
			want = []people.Row{}
		}
		if got, err := unstaged(v); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v\nwant %+v", name, got, err, want)
		}
	}
	for i := range packed {
		if _, err := decodeRows(packed[:i]); err == nil {
			t.Errorf("the first %d bytes of %d are read", i, len(packed))
		}
		spoiled := bytes.Clone(packed)
		spoiled[i] ^= 0x55
		decodeRows(spoiled) // it may be wrong, and it ends
	}
	huge := bolt.Enc{}
	huge.Uint(rowsVersion)
	huge.Uint(1 << 30)
	huge.Uint(1 << 30)
	if _, err := decodeRows(append(huge.B, packed[3:]...)); err == nil {
		t.Error("more is read than there can be")
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
	ok(t, s.landed())
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
