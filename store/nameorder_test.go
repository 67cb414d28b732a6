package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// lastly is 1 of no name.
func lastly(name string) int {
	if name == "" {
		return 1
	}
	return 0
}

// listed are the names of all in their order, which has to be that of their names,
// and the same for who has an index.
func listed(t *testing.T, b *Book) []string {
	t.Helper()
	names := found(t, b, "")
	if !slices.IsSortedFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(lastly(a), lastly(b)), strings.Compare(people.Fold(a), people.Fold(b)))
	}) {
		t.Errorf("they are listed as %q", names)
	}
	if n := must[int](t)(b.ContactCount()); n != len(names) {
		t.Errorf("%d are listed, %d are there", len(names), n)
	}
	x, _, err := b.readIndex()
	ok(t, err)
	ok(t, b.view(func(tx *bolt.Tx) error {
		var all people.Set
		for k := range contactsTable.Each(tx, nil) {
			all.Add(contactsTable.Parts(k))
		}
		var same []string
		for _, id := range x.Ordered(all, keyTx(tx)).All() {
			c, err := contactTx(tx, id)
			ok(t, err)
			same = append(same, c.Name)
		}
		if !slices.Equal(same, names) {
			t.Errorf("by the index they are %q, else %q", same, names)
		}
		return nil
	}))
	return names
}

// reversedRows are rows whose names are in the opposite order of their phones.
func reversedRows(from, n int) []people.Row {
	rows := yardRows(from, n)
	for i := range rows {
		rows[i].Name = fmt.Sprintf("%c Pessoa", 'z'-i)
	}
	rows[n-1].Name = ""
	return rows
}

// keptAside is an import whose chunks the test does.
func keptAside(t *testing.T, b *Book, rows []people.Row) (done Import, chunk func() (more bool)) {
	t.Helper()
	s := staged(t, b, rows, "people.csv")
	b.stop(s.job, errors.New("the test does it"))
	done = s.complete(t)
	return done, func() bool {
		t.Helper()
		ok(t, b.chunk(s.job, chunkSize))
		there := false
		ok(t, b.view(func(tx *bolt.Tx) (err error) {
			_, there, err = jobTx(tx, s.job)
			return err
		}))
		return there
	}
}

// goOn lets the sweeper do what the test kept for itself.
func goOn(b *Book) {
	b.mu.Lock()
	clear(b.stopped)
	b.mu.Unlock()
	b.wake()
}

// Whoever lists people while an import goes on lists those without a place in the
// order of names at theirs; when it is done all have one, whatever became of them.
func TestWhomAnImportAddsIsListedByName(t *testing.T) {
	y := newYard(t, 4)
	_, chunk := keptAside(t, y.book, reversedRows(100, 20))
	at := 0
	for more := true; more; at++ {
		more = chunk()
		y.sound()
		listed(t, y.book)
		switch at {
		case 1: // not all are there
			ok(t, desk(y.book).EditContact(y.person(100).ID, func(c *people.Contact) { c.Name = "Antonia" }))
			ok(t, desk(y.book).EditContact(y.person(101).ID, func(c *people.Contact) { c.Note = "liga" }))
			ok(t, y.book.Saw(y.number, []people.Seen{{LID: "77", Name: "b"}}))
			ok(t, y.book.Saw(y.number, []people.Seen{{LID: "77", Phone: yardPhone(102)}}))
		case 4: // some have their places
			ok(t, desk(y.book).EditContact(y.person(103).ID, func(c *people.Contact) { c.Name = "Berta" }))
			ok(t, desk(y.book).EditContact(y.person(119).ID, func(c *people.Contact) { c.Name = "Carla" }))
			ok(t, desk(y.book).Erase(t.Context(), y.person(104).ID))
			must[ImportReport](t)(desk(y.book).Import(t.Context(), yardRows(200, 2), "few.csv"))
		}
		y.sound()
		listed(t, y.book)
	}
	if at < 8 {
		t.Errorf("it was done in %d chunks: the test shows nothing", at)
	}
	y.sound()
	ok(t, y.book.view(func(tx *bolt.Tx) error {
		if n, all := namesTable.Rows(tx), countTx(tx, countContacts); n != all {
			t.Errorf("%d of %d have their places", n, all)
		}
		if late := must[[]unnamed](t)(unnamedTx(tx)); len(late) > 0 {
			t.Errorf("%v are awaited", late)
		}
		return nil
	}))
	names := listed(t, y.book)
	for _, want := range []string{"Antonia", "Berta", "Carla", "x Pessoa"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not among %q", want, names)
		}
	}
}

// Who is without a place is said by the book, and nobody else may be.
func TestACheckNoticesWhoHasNoPlaceForTheirName(t *testing.T) {
	y := newYard(t, 4)
	_, chunk := keptAside(t, y.book, reversedRows(100, 20))
	chunk()
	ok(t, y.book.update(func(tx *bolt.Tx) error {
		c, err := contactTx(tx, 1)
		ok(t, err)
		return namesTable.DeleteAt(tx, namesTable.key(1, &c))
	}))
	if err := checkPeople(y.book); err == nil || !strings.Contains(err.Error(), "names") {
		t.Errorf("it finds %v", err)
	}
}

// It goes on wherever it dies.
func TestAnImportThatDiesBetweenItsNamesGoesOn(t *testing.T) {
	y := newYard(t, 4)
	_, chunk := keptAside(t, y.book, reversedRows(100, 20))
	var want []string
	for more := true; more; {
		more = chunk()
		b := y.copied()
		rest(t, b.book)
		b.sound()
		got := listed(t, b.book)
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) || len(got) != 24 {
			t.Errorf("they are %q, want %q", got, want)
		}
	}
}

// Two imports that get their names in turns both come to an end.
func TestTwoImportsGetTheirNamesInTurns(t *testing.T) {
	y := newYard(t, 4)
	_, first := keptAside(t, y.book, reversedRows(100, 20))
	_, second := keptAside(t, y.book, reversedRows(200, 20))
	for one, other := true, true; one || other; {
		if one {
			one = first()
		}
		y.sound()
		if other {
			other = second()
		}
		y.sound()
		listed(t, y.book)
	}
	if names := listed(t, y.book); len(names) != 44 {
		t.Errorf("they are %q", names)
	}
}

// Who stays when an import is cancelled gets their place.
func TestWhoStaysAfterACancelledImportHasTheirPlace(t *testing.T) {
	for chunks := 1; chunks < 8; chunks++ {
		y := newYard(t, 4)
		done, chunk := keptAside(t, y.book, reversedRows(100, 20))
		for range chunks {
			chunk()
		}
		ok(t, y.book.Heard(y.number, campaign.Incoming{From: people.Seen{Phone: yardPhone(100)}, Text: "oi", At: time.Now()}))
		ok(t, desk(y.book).CancelImport(done.ID))
		y.sound()
		goOn(y.book)
		rest(t, y.book)
		y.sound()
		names := listed(t, y.book)
		if got := must[Import](t)(y.book.Import(done.ID)); got.State != ImportCancelled || got.Undone.KeptPeople() != 1 || len(names) != 5 {
			t.Errorf("after %d chunks: %+v, %q", chunks, got, names)
		}
	}
}

// TestNamesAreAStepOfTheirOwn: when all have been added, the job says how many of them
// have their places, also if it was another process that began.
func TestNamesAreAStepOfTheirOwn(t *testing.T) {
	y := newYard(t, 4)
	_, chunk := keptAside(t, y.book, reversedRows(100, 20))
	is := func() Job {
		t.Helper()
		all := must[[]Job](t)(y.book.Jobs())
		if len(all) == 0 {
			return Job{}
		}
		return all[0]
	}
	named, seen := 0, 0
	for chunk() {
		j := is()
		if j.Names == 0 {
			if j.Named != 0 || j.Done == 0 {
				t.Fatalf("while people are added it is %+v", j)
			}
			continue
		}
		if j.Names != 20 || j.Done != j.Total || j.Named < named || j.Named > 20 {
			t.Fatalf("it is %+v, after %d", j, named)
		}
		if seen < 2 {
			ok(t, y.book.view(func(tx *bolt.Tx) error {
				if has := namesTable.Rows(tx) - 4; has != j.Named {
					t.Errorf("%d have their places, and %d are said to", has, j.Named)
				}
				return nil
			}))
		}
		if j.Named > named {
			seen++
		}
		if named = j.Named; seen == 2 {
			clear(y.book.naming) // as if it had died: those who have their places are given them again
			named = 0
		}
	}
	if seen < 3 || named < 15 {
		t.Errorf("%d were the most, in %d steps: the test shows nothing", named, seen)
	}
}
