package store

import (
	"context"
	"errors"
	"slices"
	"testing"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

func anyFate(*campaign.Fate) bool { return true }

// TestDeliveriesAreSoughtByNameAndPhone: folded, by every word, in the part that is
// asked for, also of a campaign that was cancelled.
func TestDeliveriesAreSoughtByNameAndPhone(t *testing.T) {
	y := newYard(t, 12)
	ok(t, desk(y.book).EditContact(y.person(3).ID, func(c *people.Contact) { c.Name = "João da Silva" }))
	ok(t, desk(y.book).OptOut(y.person(4).ID, "pediu"))
	id := y.begin()
	y.finish(id)
	skipped := func(d *campaign.Fate) bool { return d.State == campaign.Skipped }
	seek := func(text string, want func(*campaign.Fate) bool) []uint32 {
		t.Helper()
		places, _, done, err := y.book.Seek(t.Context(), id, text, want, 0)
		if err != nil || !done {
			t.Errorf("%q: done %v, %v", text, done, err)
		}
		return places
	}
	for text, want := range map[string][]uint32{
		"joao":              {3},
		"SILVA jo":          {3},
		"silva pessoa":      nil,
		"pessoa 1":          {0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11}, // every phone has a 1
		"(11) 98765-0007":   {7},
		"+55 11 98765-0007": {7},
		"987650007":         {7},
		"pessoa 0011":       {11},
		"":                  {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
		"ninguém":           nil,
		"9876500070":        nil,
	} {
		if got := seek(text, anyFate); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if got := seek("pessoa", skipped); !slices.Equal(got, []uint32{4}) {
		t.Errorf("skipped: %v", got)
	}
	_, err := desk(y.book).Cancel(id)
	ok(t, err)
	cancelled := func(d *campaign.Fate) bool { return d.Code == reason.DeliveryCancelled }
	if got := seek("joao", cancelled); !slices.Equal(got, []uint32{3}) {
		t.Errorf("when it was cancelled: %v", got)
	}
}

// TestASearchIsBounded: it looks at some at a time, misses none between two
// stretches, and is ended.
func TestASearchIsBounded(t *testing.T) {
	y := newYard(t, 1)
	id := y.draft(campaign.Campaign{})
	ok(t, y.book.update(func(tx *bolt.Tx) error {
		for seq := range uint32(2*seekStep + 7) {
			d := campaign.Delivery{Campaign: id, Seq: seq, Name: "Ana", Phone: yardPhone(1)}
			if err := deliveriesTable.PutAt(tx, deliveryKey(id, seq), encodeDelivery(&d)); err != nil {
				return err
			}
		}
		return nil
	}))
	var all []uint32
	steps := 0
	for next, done := uint32(0), false; !done; steps++ {
		var places []uint32
		var err error
		places, next, done, err = y.book.Seek(t.Context(), id, "ana", anyFate, next)
		ok(t, err)
		if len(places) > seekStep {
			t.Errorf("%d are looked at at once", len(places))
		}
		all = append(all, places...)
	}
	if steps != 3 || len(all) != 2*seekStep+7 || !slices.IsSorted(all) || len(slices.Compact(all)) != len(all) {
		t.Errorf("%d found in %d steps", len(all), steps)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, err := y.book.Seek(ctx, id, "bia", anyFate, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("it goes on: %v", err)
	}
}
