package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

const undonePhone = people.Phone("+5511987650001")

// undo undoes the last import.
func undo(t *testing.T, b *Book) Import {
	t.Helper()
	all := must[[]Import](t)(b.Imports(0, 1))
	done := must[Import](t)(desk(b).UndoImport(t.Context(), all[0].ID))
	if done.State != ImportUndone || done.Made != 0 || done.Changed != 0 || done.In != 0 || done.Undoable() {
		t.Errorf("undone, it is %+v", done)
	}
	well(t, b)
	return done
}

// writtenTo makes a person one to whom a campaign has just written.
func writtenTo(t *testing.T, b *Book, id people.ContactID) {
	t.Helper()
	ok(t, b.update(func(tx *bolt.Tx) error {
		c, err := contactTx(tx, id)
		if err != nil {
			return err
		}
		c.LastSent = time.Now()
		return putContactTx(tx, &c)
	}))
}

// Whom an import added is taken out again, unless something has become of them.
func TestWhomAnUndoTakesOut(t *testing.T) {
	fair := people.Consent{Status: people.ConsentGiven, Source: "feira", At: time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC)}
	row := people.Row{Line: 2, Phone: undonePhone, Name: "Ana", Tags: []string{"feira", "vip"}, Fields: map[string]string{"cidade": "Recife"}, Lists: []string{"Clientes"}, Consent: fair}
	edit := func(change func(*people.Contact)) func(t *testing.T, b *Book, id people.ContactID) {
		return func(t *testing.T, b *Book, id people.ContactID) { ok(t, desk(b).EditContact(id, change)) }
	}
	for _, test := range []struct {
		name  string
		since func(t *testing.T, b *Book, id people.ContactID)
		why   reason.Code // they stay; empty: they go
	}{
		{"nothing", func(*testing.T, *Book, people.ContactID) {}, ""},
		{"put on a list by hand", func(t *testing.T, b *Book, id people.ContactID) {
			ok(t, only(desk(b).SaveList("outra", []people.ContactID{id, 1})))
		}, ""},
		{"asked about", func(t *testing.T, b *Book, id people.ContactID) {
			ok(t, b.Answered(1, []people.Phone{undonePhone}, []people.Answer{{Asked: undonePhone, Presence: people.OnWhatsApp, Phone: undonePhone, LID: "55"}}, time.Now()))
		}, ""},
		{"changed and changed back", func(t *testing.T, b *Book, id people.ContactID) {
			ok(t, desk(b).EditContact(id, func(c *people.Contact) { c.Note = "x" }))
			ok(t, desk(b).EditContact(id, func(c *people.Contact) { c.Note = "" }))
		}, ""},
		{"renamed", edit(func(c *people.Contact) { c.Name = "Ana Prado" }), reason.UndoChanged},
		{"a tag more", edit(func(c *people.Contact) { c.Tags = append(c.Tags, "nova") }), reason.UndoChanged},
		{"a tag less", edit(func(c *people.Contact) { c.Tags = []string{"feira"} }), reason.UndoChanged},
		{"a field", edit(func(c *people.Contact) { c.Fields["cidade"] = "Olinda" }), reason.UndoChanged},
		{"a note", edit(func(c *people.Contact) { c.Note = "liga de tarde" }), reason.UndoChanged},
		{"another phone", edit(func(c *people.Contact) { c.AddPhone("+5511987659999") }), reason.UndoChanged},
		{"opted out by hand", func(t *testing.T, b *Book, id people.ContactID) { ok(t, desk(b).OptOut(id, "pediu")) }, reason.UndoChanged},
		{"wrote", func(t *testing.T, b *Book, id people.ContactID) {
			ok(t, b.Heard(1, campaign.Incoming{From: people.Seen{Phone: undonePhone}, Text: "oi", At: time.Now()}))
		}, reason.UndoHeard},
		{"in an address book", func(t *testing.T, b *Book, id people.ContactID) {
			ok(t, b.Saw(1, []people.Seen{{Phone: undonePhone, Name: "Aninha", Source: people.AddressBook, Known: true}}))
		}, reason.UndoKnown},
		{"written to", func(t *testing.T, b *Book, id people.ContactID) {
			writtenTo(t, b, id)
		}, reason.UndoWritten},
		{"in another import, which said the same", func(t *testing.T, b *Book, id people.ContactID) {
			must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: undonePhone, Name: "Ana"}}, "later.csv"))
		}, reason.UndoImported},
		{"wrote, and in another import that said so too", func(t *testing.T, b *Book, id people.ContactID) {
			ok(t, b.Heard(1, campaign.Incoming{From: people.Seen{Phone: undonePhone}, Text: "oi", At: time.Now()}))
			must[Import](t)(desk(b).ImportFrom(t.Context(), ImportOrder{Source: "later.csv", Tags: []string{"feira"}, Consent: fair}, rowsOf([]people.Row{row}, 0)))
		}, reason.UndoHeard},
		{"merged with another record", func(t *testing.T, b *Book, id people.ContactID) {
			ok(t, b.Saw(1, []people.Seen{{LID: "77", Username: "ana"}}))
			ok(t, b.Saw(1, []people.Seen{{LID: "77", Phone: undonePhone}}))
		}, reason.UndoMerged},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBook(t)
			n := must[campaign.Number](t)(desk(b).AddNumber("loja"))
			must[campaign.Number](t)(b.LinkNumber(n.ID, "+5511912345678", "5511912345678:1@s.whatsapp.net", time.Now()))
			must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: withNinth, Name: "Bia"}}, "before.csv"))
			done := must[Import](t)(desk(b).ImportFrom(t.Context(), ImportOrder{Source: "a.csv", Tags: []string{"feira"}, Consent: fair}, rowsOf([]people.Row{row}, 3)))
			if done.State != ImportDone || done.Report != (ImportReport{Added: 1}) || done.Bad != 3 || done.Rows != 1 || done.By.Name != "ana" || !done.Undoable() {
				t.Fatalf("imported: %+v", done)
			}
			c := must[people.Contact](t)(b.ContactByPhone(undonePhone))
			if c.Origin != done.ID {
				t.Errorf("they came from %d", c.Origin)
			}
			test.since(t, b, c.ID)
			got := must[Import](t)(desk(b).UndoImport(t.Context(), done.ID))
			well(t, b)
			after, err := b.ContactByPhone(undonePhone)
			if test.why == "" {
				if !errors.Is(err, ErrNotFound) || got.Undone.Removed != 1 || got.Undone.KeptPeople() != 0 {
					t.Errorf("%+v, %+v, %v", got.Undone, after, err)
				}
				for _, l := range must[[]List](t)(b.Lists()) {
					if l.Name == "Clientes" && l.Size != 0 || l.Name == "outra" && l.Size != 1 {
						t.Errorf("on %s are %d", l.Name, l.Size)
					}
				}
				return
			}
			if err != nil || got.Undone.Removed != 0 || len(got.Undone.Kept) != 1 || got.Undone.Kept[test.why] != 1 {
				t.Fatalf("%+v, %v", got.Undone, err)
			}
			// What was said of everybody in the file is taken off all the same.
			if stays := strings.Contains(test.name, "another import"); stays == (after.Consent == people.Consent{}) || stays != slices.Contains(after.Tags, "feira") {
				t.Errorf("who stays has %q, %+v", after.Tags, after.Consent)
			}
		})
	}
}

// Whom an import changed gets back what they had, unless it was changed since.
func TestWhatAnUndoGivesBack(t *testing.T) {
	const added = people.Phone("+5511987650009")
	fair := people.Consent{Status: people.ConsentGiven, Source: "feira", At: time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC)}
	first := people.Row{Phone: undonePhone, Name: "Ana", Tags: []string{"antiga"}, Fields: map[string]string{"cidade": "Recife", "uf": "PE"}, Note: "cliente"}
	second := people.Row{Phone: undonePhone, Name: "Ana Prado", Tags: []string{"nova"}, Fields: map[string]string{"cidade": "Olinda", "cpf": "1"}, Note: "outra", Others: []people.Phone{added},
		Lists: []string{"Clientes"}, Consent: fair}
	said := func(c *people.Contact) string {
		return fmt.Sprintln(c.Name, c.Tags, c.Fields, c.Note, c.Others, c.Consent.Source, c.Lists, c.OptedOut, c.InDoubt())
	}
	edit := func(change func(*people.Contact)) func(t *testing.T, b *Book, id people.ContactID) {
		return func(t *testing.T, b *Book, id people.ContactID) { ok(t, desk(b).EditContact(id, change)) }
	}
	left, doubted := second, second
	left.Left, doubted.Doubt = "Opt-out: sim", "Opt-in: não"
	for _, test := range []struct {
		name   string
		row    people.Row
		policy Policy
		since  func(t *testing.T, b *Book, id people.ContactID)
		want   string
		why    reason.Code
		stay   int // opt-outs and doubts
	}{
		{name: "nothing", row: second, want: "Ana [antiga] map[cidade:Recife uf:PE] cliente [] [] false false"},
		{name: "replaced", row: second, policy: Replace, want: "Ana [antiga] map[cidade:Recife uf:PE] cliente [] [] false false"},
		{name: "opted out by it", row: left, want: "Ana [antiga] map[cidade:Recife uf:PE] cliente [] [] true false", stay: 1},
		{name: "doubted by it", row: doubted, want: "Ana [antiga] map[cidade:Recife uf:PE] cliente [] [] false true", stay: 1},
		{name: "renamed since", row: second, since: edit(func(c *people.Contact) { c.Name = "Ana P." }), why: reason.UndoChanged,
			want: "Ana P. [antiga] map[cidade:Recife uf:PE] cliente [] [] false false"},
		{name: "renamed back", row: second, since: edit(func(c *people.Contact) { c.Name = "Ana" }),
			want: "Ana [antiga] map[cidade:Recife uf:PE] cliente [] [] false false"},
		{name: "a field since", row: second, since: edit(func(c *people.Contact) { c.Fields["cidade"] = "Natal" }), why: reason.UndoChanged,
			want: "Ana [antiga] map[cidade:Natal uf:PE] cliente [] [] false false"},
		{name: "another field since", row: second, since: edit(func(c *people.Contact) { c.Fields["uf"] = "RN" }),
			want: "Ana [antiga] map[cidade:Recife uf:RN] cliente [] [] false false"},
		{name: "a tag since", row: second, since: edit(func(c *people.Contact) { c.Tags = []string{"antiga", "mais", "nova"} }),
			want: "Ana [antiga mais] map[cidade:Recife uf:PE] cliente [] [] false false"},
		{name: "a note since", row: second, since: edit(func(c *people.Contact) { c.Note = "terceira" }), why: reason.UndoChanged,
			want: "Ana [antiga] map[cidade:Recife uf:PE] terceira [] [] false false"},
		{name: "another consent since", row: second, since: edit(func(c *people.Contact) { c.Consent = people.Consent{Status: people.ConsentGiven, Source: "loja"} }), why: reason.UndoChanged,
			want: "Ana [antiga] map[cidade:Recife uf:PE] cliente [] loja [] false false"},
		{name: "goes by the other phone", row: second, since: edit(func(c *people.Contact) { c.Goes(added, time.Time{}) }), why: reason.UndoChanged,
			want: "Ana [antiga] map[cidade:Recife uf:PE] cliente [{+5511987650001 0001-01-01 00:00:00 +0000 UTC}] [] false false"},
		{name: "a later import", row: second, since: func(t *testing.T, b *Book, _ people.ContactID) {
			must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: undonePhone, Name: "Ana Lima", Tags: []string{"terceira"}}}, "c.csv"))
		}, why: reason.UndoChanged, want: "Ana Lima [antiga terceira] map[cidade:Recife uf:PE] cliente [] [] false false"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBook(t)
			must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{first}, "a.csv"))
			c := must[people.Contact](t)(b.ContactByPhone(undonePhone))
			done := must[Import](t)(desk(b).ImportFrom(t.Context(), ImportOrder{Source: "b.csv", Policy: test.policy}, rowsOf([]people.Row{test.row}, 0)))
			if done.Report.Updated != 1 || done.Changed != 1 {
				t.Fatalf("%+v", done)
			}
			if test.since != nil {
				test.since(t, b, c.ID)
			}
			got := must[Import](t)(desk(b).UndoImport(t.Context(), done.ID))
			well(t, b)
			c = must[people.Contact](t)(b.Contact(c.ID))
			if is := strings.Join(strings.Fields(said(&c)), " "); is != test.want {
				t.Errorf("they are %s,\nwant %s", is, test.want)
			}
			if u := got.Undone; u.OptOuts != test.stay || u.KeptPeople() != len(u.Kept) || test.why == "" && (u.Restored != 1 || len(u.Kept) != 0) || test.why != "" && u.Kept[test.why] != 1 {
				t.Errorf("it says %+v", u)
			}
		})
	}
}

// Who has left because a file says so is not in the book any more, and not written
// to if they come again.
func TestAnUndoKeepsTheOptOutsThatItBrought(t *testing.T) {
	b := newBook(t)
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: undonePhone, Name: "Ana", Left: "Opt-out: sim"}, {Phone: "+5511987650002"}}, "a.csv"))
	if done := undo(t, b); done.Undone.Removed != 2 || done.Undone.OptOuts != 1 {
		t.Errorf("%+v", done.Undone)
	}
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: undonePhone, Name: "Ana"}, {Phone: "+5511987650002"}}, "b.csv"))
	if c := must[people.Contact](t)(b.ContactByPhone(undonePhone)); !c.OptedOut || c.OptOutWhy != "Opt-out: sim" {
		t.Errorf("they are written to again: %+v", c)
	}
	if c := must[people.Contact](t)(b.ContactByPhone("+5511987650002")); c.OptedOut {
		t.Errorf("they are not: %+v", c)
	}
}

// Somebody who waits in a campaign when their import is undone gets nothing.
func TestWhoIsTakenOutOfARunningCampaignGetsNothing(t *testing.T) {
	y := newYard(t, 1)
	must[ImportReport](t)(desk(y.book).Import(t.Context(), []people.Row{{Phone: undonePhone, Name: "Ana"}}, "a.csv"))
	id := y.begin()
	y.finish(id)
	undo(t, y.book)
	for d := y.claim(); d != nil; d = y.claim() {
		if d.Phone == undonePhone {
			t.Errorf("it goes to %+v", d)
		}
		ok(t, y.book.Settle(*d, campaign.Outcome{Kind: campaign.Accepted}, y.now))
		y.now = y.now.Add(time.Hour)
	}
	y.sound()
	if c := must[campaign.Counts](t)(y.book.Counts(id)); c[campaign.Skipped] != 1 {
		t.Errorf("%v", c)
	}
}

// manyRows are enough rows for several runs and chunks of a yard, somebody of whom
// comes twice, by different phones.
func manyRows() []people.Row {
	rows := append(yardRows(5, 20), yardRows(8, 6)...)
	for i := range rows {
		rows[i].Tags, rows[i].Lists = []string{"feira"}, []string{"Clientes"}
	}
	rows[3].Fields = map[string]string{"cidade": "Rio", "uf": "RJ"}
	rows[18].Others = []people.Phone{"+5511912340000"}
	return append(rows, people.Row{Line: 99, Phone: "+5511912340000", Name: rows[18].Name, Tags: []string{"outra"}})
}

// TestAnUndoGoesOnAfterItDies copies the book before every chunk of an undo, as a
// process that dies there leaves it: the next one ends it, and everybody is as
// before.
func TestAnUndoGoesOnAfterItDies(t *testing.T) {
	y := newYard(t, 10)
	before := everybody(t, y.book)
	done := must[Import](t)(desk(y.book).ImportFrom(t.Context(), ImportOrder{Source: "people.csv"}, rowsOf(manyRows(), 0)))
	if done.Made != 15 || done.Changed != 5 {
		t.Fatalf("%+v", done)
	}
	y.sound()
	k := y.undoing(done.ID)
	chunks := 0
	for more := true; more; chunks++ {
		z := y.copied()
		rest(t, z.book)
		z.sound()
		if after := everybody(t, z.book); after != before {
			t.Errorf("after %d chunks:\n%s\nwant\n%s", chunks, after, before)
		}
		got := must[Import](t)(z.book.Import(done.ID))
		if got.State != ImportUndone || got.Undone.Removed != 15 || got.Undone.Restored != 5 || got.Undone.KeptPeople() != 0 {
			t.Errorf("after %d chunks: %+v", chunks, got)
		}
		ok(t, y.book.chunk(k, chunkSize))
		y.sound()
		ok(t, y.book.view(func(tx *bolt.Tx) (err error) { _, more, err = jobTx(tx, k); return err }))
	}
	if chunks < 5 {
		t.Errorf("%d chunks: the test shows nothing", chunks)
	}
	if after := everybody(t, y.book); after != before {
		t.Errorf("at the end:\n%s\nwant\n%s", after, before)
	}
}

// undoing is the key of the job of an undo that has begun and does not go on by
// itself.
func (y *yard) undoing(id people.ImportID) (k []byte) {
	y.Helper()
	ok(y.T, y.book.update(func(tx *bolt.Tx) error {
		i, err := importRecordTx(tx, id)
		if err != nil {
			return err
		}
		k = peopleJobKey(jobsTable.Given(tx) + 1)
		y.book.stop(k, errors.New("the test does it"))
		_, err = y.book.takeBackTx(tx, &i, Actor{Name: "ana"}, 0, nil)
		return err
	}))
	return k
}

// everybody is what a book says of everybody, as far as a person sees it.
func everybody(t *testing.T, b *Book) string {
	t.Helper()
	var all strings.Builder
	ids := must[[]people.ContactID](t)(b.Find(t.Context(), people.Filter{}))
	for _, c := range must[[]people.Contact](t)(b.ContactsByID(ids)) {
		fmt.Fprintln(&all, c.ID, c.Phone, c.Name, c.Tags, c.Lists, c.Fields, c.Note, c.Others, c.Consent, c.OptedOut)
	}
	return all.String()
}

// An undo that is stopped can be gone on with.
func TestAnUndoIsStoppedAndGoneOnWith(t *testing.T) {
	y := newYard(t, 10)
	before := everybody(t, y.book)
	done := must[Import](t)(desk(y.book).ImportFrom(t.Context(), ImportOrder{Source: "people.csv"}, rowsOf(manyRows(), 0)))
	k := y.undoing(done.ID)
	ok(t, y.book.chunk(k, chunkSize))
	ok(t, y.book.chunk(k, chunkSize))
	if _, err := desk(y.book).UndoImport(t.Context(), done.ID); !errors.Is(err, ErrState) {
		t.Errorf("twice at once: %v", err)
	}
	ok(t, desk(y.book).CancelImport(done.ID))
	rest(t, y.book)
	y.sound()
	if got := must[Import](t)(y.book.Import(done.ID)); got.State != ImportDone || !got.Undoable() || got.Undone.Removed+got.Undone.Restored == 0 {
		t.Errorf("stopped: %+v", got)
	}
	if err := desk(y.book).CancelImport(done.ID); !errors.Is(err, ErrState) {
		t.Errorf("stopped twice: %v", err)
	}
	got := must[Import](t)(desk(y.book).UndoImport(t.Context(), done.ID))
	if after := everybody(t, y.book); after != before || got.Undone.Removed != 15 || got.Undone.Restored != 5 {
		t.Errorf("%+v\n%s\nwant\n%s", got.Undone, after, before)
	}
	if _, err := desk(y.book).UndoImport(t.Context(), done.ID); !errors.Is(err, ErrState) {
		t.Errorf("undone twice: %v", err)
	}
}

// An import that is cancelled between two chunks takes back what it did.
func TestACancelledImportTakesBackWhatItDid(t *testing.T) {
	y := newYard(t, 10)
	before := everybody(t, y.book)
	for chunks := range 5 {
		z := y.copied()
		s := staged(t, z.book, manyRows(), "people.csv")
		z.book.stop(s.job, errors.New("the test does it"))
		done := s.complete(t)
		for range chunks {
			ok(t, z.book.chunk(s.job, chunkSize))
		}
		z.sound()
		ok(t, desk(z.book).CancelImport(done.ID))
		z.book.mu.Lock()
		clear(z.book.stopped)
		z.book.mu.Unlock()
		z.book.wake()
		rest(t, z.book)
		z.sound()
		if after := everybody(t, z.book); after != before {
			t.Errorf("after %d chunks:\n%s\nwant\n%s", chunks, after, before)
		}
		if got := must[Import](t)(z.book.Import(done.ID)); got.State != ImportCancelled || got.Ended.IsZero() || got.Undoable() {
			t.Errorf("after %d chunks: %+v", chunks, got)
		}
		ok(t, z.book.view(func(tx *bolt.Tx) error {
			if k, _ := bucket(tx, "staged").Cursor().First(); k != nil {
				t.Errorf("after %d chunks: rows stay staged", chunks)
			}
			return nil
		}))
	}
}

// Who waits for an import that somebody else cancels hears so.
func TestWhoWaitsForACancelledImportHearsSo(t *testing.T) {
	y := newYard(t, 1)
	y.book.stop(peopleJobKey(jobsTableGiven(t, y.book)+1), errors.New("the test does it"))
	answer := make(chan error)
	go func() { // ends with the import
		_, err := desk(y.book).Import(context.Background(), manyRows(), "people.csv")
		answer <- err
	}()
	ring, unhear := y.book.bell.Listen()
	defer unhear()
	for {
		if all := must[[]Import](t)(y.book.Imports(0, 1)); len(all) > 0 && all[0].State == ImportRunning {
			ok(t, desk(y.book).CancelImport(all[0].ID))
			break
		}
		<-ring
	}
	if err := <-answer; !errors.Is(err, ErrImportCancelled) {
		t.Errorf("it says %v", err)
	}
}

func jobsTableGiven(t *testing.T, b *Book) (n uint64) {
	t.Helper()
	ok(t, b.view(func(tx *bolt.Tx) error { n = jobsTable.Given(tx); return nil }))
	return n
}

// Who is erased is nowhere in what is kept of imports, and an undo does not bring
// them back.
func TestAnUndoAfterSomebodyWasErasedKnowsNothingOfThem(t *testing.T) {
	y := newYard(t, 1)
	b := y.book
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{
		{Phone: undonePhone, Name: "Zuleide Quintanilha", Tags: []string{"Etiquetazul"}, Fields: map[string]string{"cpf": "Campozul"}},
		{Phone: "+5511987650002", Name: "Caio"}}, "11987650001.csv"))
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: undonePhone, Name: "Zuzu", Fields: map[string]string{"cpf": "Novozul"}}}, "b.csv"))
	c := must[people.Contact](t)(b.ContactByPhone(undonePhone))
	text := strings.ToLower(everything(t, b))
	if !strings.Contains(text, "campozul") {
		t.Fatal("what they had is not kept: the test shows nothing")
	}
	ok(t, desk(b).Erase(t.Context(), c.ID))
	y.sound()
	text = strings.ToLower(everything(t, b))
	for _, trace := range []string{"zuleide", "quintanilha", "etiquetazul", "campozul", "novozul", "zuzu"} {
		if at := strings.Index(text, trace); at >= 0 {
			t.Errorf("%s is left: %.200q", trace, text[max(at-80, 0):])
		}
	}
	for _, want := range []Undone{{}, {Removed: 1}} {
		all := must[[]Import](t)(b.Imports(0, 10))
		i := slices.IndexFunc(all, func(i Import) bool { return i.State == ImportDone })
		got := must[Import](t)(desk(b).UndoImport(t.Context(), all[i].ID)).Undone
		if got.Removed != want.Removed || got.Restored != 0 || got.KeptPeople() != 0 {
			t.Errorf("it says %+v, want %+v", got, want)
		}
	}
	if _, err := b.ContactByPhone(undonePhone); !errors.Is(err, ErrNotFound) {
		t.Errorf("they are there: %v", err)
	}
	y.sound()
}

// What an import did is forgotten after a month; the record stays.
func TestWhatAnOldImportDidIsForgotten(t *testing.T) {
	path := t.TempDir() + "/book.db"
	open := func() *Book {
		return must[*Book](t)(Open(path, Options{Kind: Real, maxChunk: chunkSize}))
	}
	b := open()
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: undonePhone, Name: "Ana"}, {Phone: "+5511987650002"}}, "a.csv"))
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: undonePhone, Name: "Ana Prado"}}, "b.csv"))
	ok(t, b.Close())
	b = open()
	rest(t, b)
	if all := must[[]Import](t)(b.Imports(0, 10)); len(all) != 2 || !all[0].Undoable() || !all[1].Undoable() {
		t.Errorf("%+v", all)
	}
	ok(t, b.update(func(tx *bolt.Tx) error {
		for id := range people.ImportID(2) {
			i, err := importRecordTx(tx, id+1)
			ok(t, err)
			i.At = i.At.Add(-importKept - time.Hour)
			ok(t, putImportTx(tx, &i))
		}
		return nil
	}))
	ok(t, b.Close())
	b = open()
	defer b.Close()
	for all := must[[]Import](t)(b.Imports(0, 10)); all[0].Undoable() || all[1].Undoable(); all = must[[]Import](t)(b.Imports(0, 10)) {
		time.Sleep(time.Millisecond)
	}
	rest(t, b)
	well(t, b)
	ok(t, b.view(func(tx *bolt.Tx) error {
		if n := importedTable.Rows(tx); n != 0 {
			t.Errorf("%d rows stay", n)
		}
		return nil
	}))
	if _, err := desk(b).UndoImport(t.Context(), 1); !errors.Is(err, ErrState) {
		t.Errorf("undone: %v", err)
	}
}

// well checks a whole book.
func well(t *testing.T, b *Book) {
	t.Helper()
	ok(t, b.view(func(tx *bolt.Tx) error {
		if wrong := Check(tx); len(wrong) > 0 {
			t.Errorf("the book: %q", wrong)
		}
		return nil
	}))
}
