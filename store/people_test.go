package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"recado/store/bolt"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// newBook is a book that need not survive the machine.
func newBook(t testing.TB) *Book {
	t.Helper()
	b, err := Open(filepath.Join(t.TempDir(), "book.db"), Options{Kind: Demo})
	if err != nil {
		t.Fatal(err)
	}
	b.db.NoSync = true
	t.Cleanup(func() { b.Close() })
	return b
}

// checkPeople reads the whole book and compares everything that leads to a
// person with the records.
func checkPeople(b *Book) error {
	return b.view(func(tx *bolt.Tx) error {
		c := &checking{tx: tx}
		if c.frame() && c.merges() {
			c.people()
		}
		if len(c.found) > 0 {
			return fmt.Errorf("%v", c.found)
		}
		return nil
	})
}

// town is a book, and what must never be lost of the people in it.
type town struct {
	t     testing.TB
	b     *Book
	rng   *rand.Rand
	lists []string
	known map[people.ContactID]people.Contact // as last seen under that id
}

var townStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// phone is one of a few, in one of its spellings.
func (w *town) phone() people.Phone {
	if w.rng.IntN(6) == 0 {
		return people.Phone(fmt.Sprintf("+1212555010%d", w.rng.IntN(5)))
	}
	p := people.Phone(fmt.Sprintf("+551198765430%d", w.rng.IntN(10)))
	if other, ok := p.Other(); ok && w.rng.IntN(2) == 0 {
		return other
	}
	return p
}

func (w *town) lid() string { return fmt.Sprintf("77%d", w.rng.IntN(12)) }

// maybe is s or nothing.
func (w *town) maybe(s string) string {
	if w.rng.IntN(3) == 0 {
		return ""
	}
	return s
}

func (w *town) name() string {
	return w.maybe([]string{"Ana", "bia", "Água", "Zé", "Ana"}[w.rng.IntN(5)])
}

// someone is anybody who has ever been in the book.
func (w *town) someone() people.ContactID {
	ids := slices.Sorted(maps.Keys(w.known))
	if len(ids) == 0 {
		return 1
	}
	return ids[w.rng.IntN(len(ids))]
}

func (w *town) seen() people.Seen {
	s := people.Seen{Name: w.name(), Source: people.NameSource(1 + w.rng.IntN(3)), Known: w.rng.IntN(2) == 0}
	if w.rng.IntN(4) > 0 {
		s.Phone = w.phone()
	}
	if s.Phone == "" || w.rng.IntN(2) == 0 {
		s.LID = w.lid()
	}
	return s
}

// live does one thing that happens to a book.
func (w *town) live(at time.Time) error {
	number := campaign.NumberID(1 + w.rng.IntN(3))
	switch w.rng.IntN(8) {
	case 0, 1:
		var rows []people.Row
		for range 1 + w.rng.IntN(6) {
			var others []people.Phone
			for range w.rng.IntN(3) {
				others = append(others, w.phone())
			}
			rows = append(rows, people.Row{
				Others: others, Note: w.maybe("liga depois"), Consent: people.Consent{
					Status: people.ConsentStatus(w.rng.IntN(3)), Source: w.maybe("feira"), At: at.Add(-time.Hour * time.Duration(w.rng.IntN(9))),
				},
				Phone: w.phone(), Name: w.name(), Tags: []string{w.maybe("vip"), w.maybe("São"), w.maybe("sao")},
				Fields: map[string]string{"cidade": w.maybe("Rio")},
			})
		}
		_, err := desk(w.b).Import(w.t.Context(), rows, "a test")
		return err
	case 2:
		return w.b.Saw(number, []people.Seen{w.seen(), {}, w.seen(), w.seen()})
	case 3, 4:
		var answers []people.Answer
		phone := w.phone()
		a := people.Answer{Asked: phone, Presence: people.Presence(w.rng.IntN(3))}
		if a.Presence == people.OnWhatsApp {
			a.Phone, a.LID, a.Business = w.phone(), w.lid(), w.maybe("Loja")
		}
		return w.b.Answered(number, []people.Phone{phone}, append(answers, a), at)
	case 5:
		text := "oi"
		if w.rng.IntN(4) == 0 {
			text = "SAIR"
		}
		return w.b.Heard(number, campaign.Incoming{From: w.seen(), Text: text, At: at})
	case 6:
		if w.rng.IntN(3) > 0 {
			name := w.lists[w.rng.IntN(len(w.lists))]
			_, err := desk(w.b).AddToList(name, []people.ContactID{w.someone(), w.someone(), 9999})
			if errors.Is(err, ErrNotFound) {
				_, err = desk(w.b).SaveList(name, []people.ContactID{w.someone()})
			}
			return err
		}
		if err := desk(w.b).OptOut(w.someone(), "asked by phone"); !errors.Is(err, ErrNotFound) {
			return err
		}
	case 7:
		err := desk(w.b).EditContact(w.someone(), func(c *people.Contact) {
			c.OptedOut, c.ID = false, 77
			c.Lists = nil // changes nothing
			if w.rng.IntN(2) == 0 {
				c.Name = "Editada"
			} else {
				c.Phone = w.phone()
			}
		})
		var why reason.Reason
		if !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrExists) && !(errors.As(err, &why) && why.Code == reason.ContactPhones) {
			return err
		}
	}
	return nil
}

// remember looks at everybody, under every id they ever had, and compares with
// what was known of them.
func (w *town) remember() error {
	return w.b.view(func(tx *bolt.Tx) error {
		var last uint64
		if k, _ := bucket(tx, "contacts").Cursor().Last(); k != nil {
			last = binary.BigEndian.Uint64(k)
		}
		for id := people.ContactID(1); id <= people.ContactID(last); id++ {
			now, err := listedTx(tx, id)
			if errors.Is(err, ErrNotFound) && w.known[id].ID == 0 {
				continue
			} else if err != nil {
				return err
			}
			if was, ok := w.known[id]; ok {
				if err := forgotten(&was, &now); err != nil {
					return fmt.Errorf("contact %d: %w\nwas %+v\nis  %+v", id, err, was, now)
				}
			}
			w.known[id] = now
		}
		return nil
	})
}

// forgotten says what was and is no more.
func forgotten(was, is *people.Contact) error {
	within := func(what string, a, b []string) error {
		if len(union(b, a)) != len(b) {
			return fmt.Errorf("%s %q became %q", what, a, b)
		}
		return nil
	}
	for _, n := range was.Knows {
		if !is.KnownTo(n) {
			return fmt.Errorf("number %d knew them", n)
		}
	}
	for f := range was.Fields {
		if is.Fields[f] == "" {
			return fmt.Errorf("field %q is gone", f)
		}
	}
	switch {
	case was.OptedOut && !is.OptedOut:
		return errors.New("the opt-out is gone")
	case was.OptedOut && is.OptOutAt.After(was.OptOutAt):
		return errors.New("the opt-out became younger")
	case was.NameSource > is.NameSource || was.Name != "" && is.Name == "":
		return errors.New("the name became worse")
	case was.LastHeard.After(is.LastHeard), was.LastSent.After(is.LastSent):
		return errors.New("a time went back")
	case was.LID != "" && was.LID != is.LID:
		return errors.New("it is another account's")
	case was.OptOutPhone != "" && is.OptOutPhone == "":
		return errors.New("of which phone the opt-out was said is gone")
	}
	if was.Consent.Status != people.ConsentUnknown && is.Consent.Status == people.ConsentUnknown || was.Note != "" && is.Note == "" || is.Consent.At.Before(was.Consent.At) {
		return errors.New("the consent, or the note, is gone")
	}
	phones := is.Phones()
	for _, f := range is.Former {
		phones = append(phones, f.Phone)
	}
	before := was.Phones()
	for _, f := range was.Former {
		before = append(before, f.Phone)
	}
	for _, p := range before {
		if p != "" && !slices.ContainsFunc(phones, func(q people.Phone) bool { return p.Key() == q.Key() }) {
			return fmt.Errorf("the phone %s is gone", p)
		}
	}
	return errors.Join(within("tags", was.Tags, is.Tags), within("lists", was.Lists, is.Lists))
}

// liveLong lives n events and checks the book after each.
func liveLong(t testing.TB, seed uint64, n int) {
	w := &town{
		t: t, b: newBook(t), rng: rand.New(rand.NewPCG(seed, 1)), lists: []string{"Clientes", "clientes ", "Férias"},
		known: make(map[people.ContactID]people.Contact),
	}
	for i := range n {
		if err := w.live(townStart.Add(time.Duration(i) * time.Minute)); err != nil {
			t.Fatalf("seed %d, event %d: %v", seed, i, err)
		}
		if err := checkPeople(w.b); err != nil {
			t.Fatalf("seed %d, event %d: %v", seed, i, err)
		}
		if err := w.remember(); err != nil {
			t.Fatalf("seed %d, event %d: %v", seed, i, err)
		}
	}
}

func TestWhateverHappensEverybodyIsFoundAndNothingIsForgotten(t *testing.T) {
	if Raced {
		t.Skip("nothing runs beside anything else here")
	}
	for seed := range uint64(30) {
		liveLong(t, seed, 60)
	}
}

func FuzzPeople(f *testing.F) {
	f.Add(uint64(1))
	f.Add(uint64(151)) // a file gives the phone of somebody else to a person who has none
	f.Fuzz(func(t *testing.T, seed uint64) { liveLong(t, seed, 40) })
}

func FuzzDecodeContact(f *testing.F) {
	c := people.Contact{
		Phone: "+5511987654321", LID: "1", Name: "Ana", Tags: []string{"a"}, Lists: []string{"l"}, Fields: map[string]string{"f": "v"},
		Knows: []campaign.NumberID{1, 2}, OptedOut: true, OptOutAt: townStart, CheckedAt: townStart, Created: townStart,
		Others:  []people.OtherPhone{{Phone: "+5511987654322", No: townStart}},
		Consent: people.Consent{Status: people.ConsentGiven, Source: "feira", At: townStart, By: "eva", Evidence: "sim"},
		Note:    "liga", Username: "ana", Origin: 3,
		Came: people.Arrival{Way: people.ByAd, Name: "Curso", At: townStart}, Labels: []people.Label{{Number: 1, ID: "1", Name: "Pago", Ours: true}},
	}
	whole := encodeContact(&c)
	f.Add(whole)
	f.Add(whole[:len(whole)-3])
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, v []byte) {
		c, err := decodeContact(1, v)
		if err != nil {
			return
		}
		again, err := decodeContact(1, encodeContact(&c))
		if err != nil || !bytes.Equal(encodeContact(&again), encodeContact(&c)) {
			t.Errorf("%+v was written and read as %+v, %v", c, again, err)
		}
	})
}

// people are the names of those a filter finds, in order.
func found(t *testing.T, b *Book, filter string) (names []string) {
	t.Helper()
	f, err := people.ParseFilter(filter)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := b.Find(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	people, err := b.ContactsByID(ids)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range people {
		names = append(names, c.Name)
	}
	return names
}
