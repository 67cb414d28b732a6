package store

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// verified is what a walk along the chain of a closed book finds.
func verified(t *testing.T, path string) (v Verification, wrong []string) {
	t.Helper()
	b, err := Open(path, Options{Kind: Demo})
	ok(t, err)
	defer b.Close()
	v, err = b.Verify(t.Context())
	ok(t, err)
	for _, finding := range v.Findings {
		wrong = append(wrong, finding.Error())
	}
	return v, wrong
}

// TestWhateverIsChangedBehindTheChainIsFound: which link, and whose content it
// is not.
func TestWhateverIsChangedBehindTheChainIsFound(t *testing.T) {
	at := deliveryKey(1, 0)
	change := func(what func(d *campaign.Delivery)) func(tx *bolt.Tx) error {
		return func(tx *bolt.Tx) error {
			d, err := deliveryTx(tx, at)
			ok(t, err)
			what(&d)
			return bucket(tx, "deliveries").Put(at, encodeDelivery(&d))
		}
	}
	links := func(tx *bolt.Tx, k uint64) []byte { return bytes.Clone(bucket(tx, "chain").Get(key(k))) }
	for _, test := range []struct {
		name   string
		change func(tx *bolt.Tx) error
		want   string
	}{
		{"a letter of a text that was sent", change(func(d *campaign.Delivery) { d.Text = "Ei" }), "check_chain_other (chain_delivery 1 0) "},
		{"a time", change(func(d *campaign.Delivery) { d.Accepted = d.Accepted.Add(1) }), "check_chain_other (chain_delivery 1 0) "},
		{"an older state", change(func(d *campaign.Delivery) { d.State, d.Accepted = campaign.Sending, time.Time{} }), "check_chain_other (chain_delivery 1 0) "},
		{"another name in the audit", func(tx *bolt.Tx) error {
			e, err := entryTx(tx, 3)
			ok(t, err)
			e.Actor.Name = "somebody else"
			return bucket(tx, "audit").Put(key(uint64(3)), encodeEntry(&e))
		}, "check_chain_other (chain_entry 3) "},
		{"two entries of the audit, each at the place of the other", func(tx *bolt.Tx) error {
			a, b := bytes.Clone(bucket(tx, "audit").Get(key(uint64(3)))), bytes.Clone(bucket(tx, "audit").Get(key(uint64(4))))
			ok(t, bucket(tx, "audit").Put(key(uint64(3)), b))
			return bucket(tx, "audit").Put(key(uint64(4)), a)
		}, "check_chain_other (chain_entry 3) "},
		{"an entry that nobody wrote", func(tx *bolt.Tx) error {
			n, err := bucket(tx, "audit").NextSequence()
			ok(t, err)
			return bucket(tx, "audit").Put(key(n), encodeEntry(&Entry{ID: n, At: time.Now(), Verb: VerbOptIn}))
		}, "check_chain_none (chain_entry "},
		{"an opt-out that is taken back", func(tx *bolt.Tx) error {
			c, err := contactTx(tx, 8)
			ok(t, err)
			c.OptedOut, c.OptOutAt, c.OptOutWhy = false, time.Time{}, ""
			ok(t, addCountTx(tx, countOptOuts, -1))
			return bucket(tx, "contacts").Put(key(uint64(8)), encodeContact(&c))
		}, "check_chain_other (chain_contact 8) "},
		{"a link that is gone", func(tx *bolt.Tx) error { return bucket(tx, "chain").Delete(key(uint64(5))) }, "check_chain_gap 5 1"},
		{"the last links, gone", func(tx *bolt.Tx) error {
			last := bucket(tx, "chain").Sequence()
			return cmpOr(bucket(tx, "chain").Delete(key(last)), bucket(tx, "chain").Delete(key(last-1)))
		}, " 2"},
		{"two links, each at the place of the other", func(tx *bolt.Tx) error {
			a, b := links(tx, 5), links(tx, 6)
			return cmpOr(bucket(tx, "chain").Put(key(uint64(5)), b), bucket(tx, "chain").Put(key(uint64(6)), a))
		}, "check_chain_link 5"},
		{"the book has an older one than the chain", func(tx *bolt.Tx) error {
			seen := make(map[subject]uint64)
			for k, v := range chainTable.Each(tx, nil) {
				l, err := decodeLink(chainTable.Parts(k), v)
				if older := seen[l.subject]; err != nil || older != 0 {
					return cmpOr(err, bucket(tx, "chained").Put([]byte(l.subject), key(older)))
				}
				seen[l.subject] = l.n
			}
			return nil
		}, "check_chain_lost ("},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := busyBook(t)
			edit(t, path, test.change)
			if _, wrong := verified(t, path); !slices.ContainsFunc(wrong, func(s string) bool { return strings.Contains(s, test.want) }) {
				t.Errorf("found %q, want %q", wrong, test.want)
			}
			if wrong := examined(t, path); len(wrong) == 0 {
				t.Error("and the examination finds nothing")
			}
		})
	}
}

func cmpOr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestEveryByteOfALinkCounts flips each one of a link, and of the record that it
// is about.
func TestEveryByteOfALinkCounts(t *testing.T) {
	path := busyBook(t)
	if v, wrong := verified(t, path); len(wrong) > 0 || v.Links == 0 || v.Covered == 0 || len(v.Sum) != 64 {
		t.Fatalf("a book that is well: %+v", v)
	}
	db, err := bolt.Open(path, bolt.Options{})
	ok(t, err)
	defer db.Close()
	errBack := bolt.ErrRecord // whatever: nothing of it stays
	for _, row := range []struct {
		table string
		key   []byte
	}{{"chain", key(uint64(7))}, {"audit", key(uint64(3))}} {
		size := 1
		for i := 0; i < size; i++ {
			db.Update(func(tx *bolt.Tx) error {
				v := bytes.Clone(bucket(tx, row.table).Get(row.key))
				size = len(v)
				v[i] ^= 0x20
				ok(t, bucket(tx, row.table).Put(row.key, v))
				var walk verifier
				for !walk.page(tx, aboutPage) {
				}
				if len(walk.Findings) == 0 && len(Check(tx)) == 0 {
					t.Errorf("byte %d of a row of %q is another one, and nothing is found", i, row.table)
				}
				return errBack
			})
		}
	}
}

// TestABookOfBeforeIsTakenIntoTheChain: in chunks, also when the program dies in
// the middle of it.
func TestABookOfBeforeIsTakenIntoTheChain(t *testing.T) {
	path := busyBook(t)
	edit(t, path, func(tx *bolt.Tx) error {
		for _, name := range []string{"chain", "chained"} {
			ok(t, tx.DeleteBucket([]byte(name)))
		}
		return bucket(tx, "meta").Put([]byte("version"), key(uint32(17)))
	})
	for lives := 0; ; lives++ {
		b, err := Open(path, Options{Kind: Demo, maxChunk: 1, noSync: true})
		ok(t, err)
		for range 50 {
			time.Sleep(time.Millisecond)
			v, err := b.Verify(t.Context())
			ok(t, err)
			if len(v.Findings) > 0 {
				t.Fatalf("meanwhile: %q", v.Findings)
			}
			if lives > 0 && !v.Going {
				break
			}
		}
		ok(t, b.Close())
		if wrong := examined(t, path); len(wrong) > 0 {
			t.Fatalf("after %d lives: %q", lives, wrong)
		}
		v, _ := verified(t, path)
		if !v.Going && lives > 0 {
			if v.Covered < 10 {
				t.Errorf("%+v", v)
			}
			return
		}
		if lives > 100 {
			t.Fatal("it never ends")
		}
	}
}

// TestErasingAPersonLeavesTheChainWhole: nothing is left by which a digest of
// what was theirs could be tried.
func TestErasingAPersonLeavesTheChainWhole(t *testing.T) {
	y, who := traced(t)
	ok(t, desk(y.book).EditContact(who, func(c *people.Contact) {
		c.Consent = people.Consent{Status: people.ConsentGiven, Source: "feira"}
	}))
	before, err := y.book.Evidence(t.Context(), who)
	ok(t, err)
	if wrong := before.Verify(); len(wrong) > 0 || len(before.Links) < 4 {
		t.Fatalf("%d links, %q", len(before.Links), wrong)
	}
	v, err := y.book.Verify(t.Context())
	ok(t, err)
	ok(t, desk(y.book).Erase(t.Context(), who))
	ok(t, y.book.view(func(tx *bolt.Tx) error {
		for _, had := range before.Links {
			l, err := linkTx(tx, had.N)
			ok(t, err)
			if l.salt != nil {
				t.Errorf("link %d (%s) has its salt yet", had.N, l.subject.named())
			}
		}
		return nil
	}))
	after, err := y.book.Verify(t.Context())
	ok(t, err)
	if len(after.Findings) > 0 || after.Links <= v.Links {
		t.Errorf("%d links, then %d: %q", v.Links, after.Links, after.Findings)
	}
	whole(t, y, y.book)
}
