package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"recado/store/bolt"

	"recado/campaign"
	"recado/campaign/people"

	"go.etcd.io/bbolt"
)

// flip is a change of one field in the header of one page.
type flip struct {
	name string
	at   int    // where the field is in the header
	bits uint32 // what changes of it
}

// flips are one or two of each field.
var flips = []flip{
	{"id", 0, 1},
	{"id far away", 0, 1 << 30},
	{"flags", 8, 3}, // a leaf becomes a branch, and a branch a leaf
	{"no flags", 8, 0xffff},
	{"count", 10, 1},
	{"count out of the page", 10, 0x7f00},
	{"overflow", 12, 1},
	{"overflow out of the file", 12, 1 << 30},
}

// thickBook is a busy book with enough people to fill pages of every kind.
func thickBook(t *testing.T) (path string) {
	t.Helper()
	path = busyBook(t)
	b, err := Open(path, Options{Kind: Demo})
	ok(t, err)
	defer b.Close()
	var rows []people.Row
	for i := range 300 {
		rows = append(rows, people.Row{Line: i + 2, Phone: people.Phone(fmt.Sprintf("+55119%08d", 70000000+i)), Name: fmt.Sprint("Fulano ", i)})
	}
	_, err = desk(b).Import(t.Context(), rows, "more.csv")
	ok(t, err)
	c, err := desk(b).AddCampaign(campaign.Campaign{Name: "d", Text: "Oi"})
	ok(t, err)
	_, err = desk(b).Start(c.ID, time.Now())
	ok(t, err)
	return path
}

// usedPages lists the pages of a file that begin with a header which is read.
func usedPages(t *testing.T, path string) (used []int) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	ok(t, err)
	defer db.Close()
	ok(t, db.View(func(tx *bbolt.Tx) error {
		for id := 0; ; id++ {
			page, err := tx.Page(id)
			if err != nil || page == nil {
				return err
			}
			if page.Type != "free" {
				used = append(used, id)
				id += page.OverflowCount
			}
		}
	}))
	return used
}

// useUp does with a book what a program does: reads all of it and writes to
// every table that it may.
func useUp(b *Book) error {
	now := time.Now()
	var errs []error
	keep := func(err error) { errs = append(errs, err) }
	keep(b.view(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			if err := bucket(tx, name).ForEach(func(_, _ []byte) error { return nil }); err != nil {
				return err
			}
		}
		return nil
	}))
	_, err := b.Deliveries(1, -1, 100)
	keep(err)
	keep(b.Saw(1, []people.Seen{{LID: fmt.Sprint(now.UnixNano()), Name: "Nova"}}))
	keep(b.Heard(1, campaign.Incoming{From: people.Seen{Phone: "+5511987654321"}, Text: "sair", At: now}))
	_, err = ClaimApart(b, campaign.Claim{Number: 1, Ready: campaign.Readiness{Link: 1, Since: now}, Now: now, NewID: func() campaign.MessageID { return "3EB0" }})
	keep(err)
	_, err = desk(b).Cancel(1)
	keep(err)
	return errors.Join(errs...)
}

// TestNoDamagedPageCrashesOrHangs changes every field of every page's header
// in turn. Whoever opens the book gets an error that says so, and nothing is
// written; who examines it gets a finding.
func TestNoDamagedPageCrashesOrHangs(t *testing.T) {
	path := thickBook(t)
	whole, err := os.ReadFile(path)
	ok(t, err)
	size := os.Getpagesize()
	opened, refused := 0, 0
	for _, page := range usedPages(t, path) {
		for _, f := range flips {
			data := append([]byte(nil), whole...)
			field := data[page*size+f.at:]
			if f.at == 8 || f.at == 10 {
				binary.NativeEndian.PutUint16(field, binary.NativeEndian.Uint16(field)^uint16(f.bits))
			} else {
				binary.NativeEndian.PutUint32(field, binary.NativeEndian.Uint32(field)^f.bits)
			}
			ok(t, os.WriteFile(path, data, 0o600))
			name := fmt.Sprintf("page %d, %s", page, f.name)
			if wrong := examined(t, path); len(wrong) == 0 {
				t.Errorf("%s: no finding", name)
			}
			b, err := Open(path, Options{Kind: Demo})
			damaged := (*DamagedError)(nil)
			switch {
			case err == nil: // a page that is not needed: the older of the two first
				opened++
				if err := useUp(b); err != nil {
					t.Errorf("%s: it opens, and then %v", name, err)
				}
				b.Close()
				if page > 1 {
					t.Errorf("%s: it opens", name)
				}
			case !errors.As(err, &damaged):
				t.Errorf("%s: %v", name, err)
			default:
				refused++
				if want := "file_damaged " + path; err.Error() != want {
					t.Errorf("%s: %q, want %q", name, err, want)
				}
				if after, err := os.ReadFile(path); err != nil || string(after) != string(data) {
					t.Errorf("%s: something was written, %v", name, err)
				}
			}
		}
	}
	t.Logf("%d changes were refused, %d did no harm", refused, opened)
	if refused < 150 {
		t.Errorf("only %d changes were refused: the book is too small", refused)
	}
}

// TestABookThatEndsEarlyIsNotRead cuts the file at every page.
func TestABookThatEndsEarlyIsNotRead(t *testing.T) {
	path := thickBook(t)
	whole, err := os.ReadFile(path)
	ok(t, err)
	used := usedPages(t, path)
	for at := os.Getpagesize(); at <= used[len(used)-1]*os.Getpagesize(); at += os.Getpagesize() {
		for _, cut := range []int{at, at - 1, at + 100} {
			ok(t, os.WriteFile(path, whole[:cut], 0o600))
			damaged := (*DamagedError)(nil)
			if _, err := Open(path, Options{Kind: Demo}); !errors.As(err, &damaged) {
				t.Errorf("cut to %d bytes: %v", cut, err)
			}
			if len(examined(t, path)) == 0 {
				t.Errorf("cut to %d bytes: no finding", cut)
			}
		}
	}
}

// TestAPageThatGoesAwayIsAnErrorAndNothingIsWrittenAfterwards takes the end of
// the file from under an open book.
func TestAPageThatGoesAwayIsAnErrorAndNothingIsWrittenAfterwards(t *testing.T) {
	path := thickBook(t)
	whole, err := os.ReadFile(path)
	ok(t, err)
	used := usedPages(t, path)
	for at := 0; at <= used[len(used)-1]; at++ {
		ok(t, os.WriteFile(path, whole, 0o600))
		b, err := Open(path, Options{Kind: Demo})
		ok(t, err)
		ok(t, os.Truncate(path, int64(at*os.Getpagesize())))
		err = useUp(b)
		damaged := (*DamagedError)(nil)
		switch {
		case errors.As(err, &damaged):
			if got := b.Err(); got == nil || got.Error() != damaged.Error() {
				t.Errorf("%d pages: Err is %v", at, got)
			}
			if err := b.Saw(1, []people.Seen{{LID: "1"}}); !errors.As(err, &damaged) {
				t.Errorf("%d pages: a later write got %v", at, err)
			}
		case at < used[len(used)-1]/2:
			t.Errorf("%d pages: %v", at, err)
		}
		b.Close()
		if again, err := Open(path, Options{Kind: Demo, Timeout: time.Second}); errors.Is(err, ErrLocked) {
			t.Errorf("%d pages: the lock is kept", at)
		} else if err == nil {
			again.Close()
		}
	}
}

// TestAPageThatChangesUnderAnOpenBookIsAnError gives pages another number
// while the book is open.
func TestAPageThatChangesUnderAnOpenBookIsAnError(t *testing.T) {
	path := thickBook(t)
	whole, err := os.ReadFile(path)
	ok(t, err)
	found := 0
	for _, page := range usedPages(t, path)[2:] {
		ok(t, os.WriteFile(path, whole, 0o600))
		b, err := Open(path, Options{Kind: Demo})
		ok(t, err)
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		ok(t, err)
		_, err = file.WriteAt([]byte{0xee}, int64(page*os.Getpagesize()))
		ok(t, errors.Join(err, file.Close()))
		damaged := (*DamagedError)(nil)
		if errors.As(useUp(b), &damaged) {
			found++
		}
		b.Close()
	}
	if found < 5 {
		t.Errorf("%d pages were found damaged", found)
	}
}

// TestAFaultOfOursIsNoDamage holds the line between the two.
func TestAFaultOfOursIsNoDamage(t *testing.T) {
	b, err := Open(filepath.Join(t.TempDir(), "book.db"), Options{Kind: Demo})
	ok(t, err)
	defer b.Close()
	var none *people.Contact
	for name, fault := range map[string]func(tx *bolt.Tx){
		"a panic":            func(*bolt.Tx) { panic("a mistake of ours") },
		"a nil pointer":      func(*bolt.Tx) { none.Name = "x" },
		"an index":           func(tx *bolt.Tx) { _ = buckets[tx.ID()+1000] },
		"no such bucket":     func(tx *bolt.Tx) { bucket(tx, "nothing").Get([]byte("x")) },
		"after the last use": func(tx *bolt.Tx) { _ = tx.Rollback(); tx.Bucket([]byte("meta")).Get([]byte("x")) },
	} {
		func() {
			defer func() {
				if p := recover(); p == nil {
					t.Errorf("%s in a read did not panic", name)
				}
			}()
			_ = b.view(func(tx *bolt.Tx) error { fault(tx); return nil })
		}()
		damaged := (*DamagedError)(nil)
		if err := b.update(func(tx *bolt.Tx) error { fault(tx); return nil }); err == nil || errors.As(err, &damaged) {
			t.Errorf("%s in a write is %v", name, err)
		}
		if err := b.Err(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	ok(t, b.Saw(1, []people.Seen{{LID: "1"}}))
}
