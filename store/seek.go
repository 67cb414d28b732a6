package store

import (
	"context"
	"fmt"
	"strings"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// seekStep is how many deliveries are looked at by one Seek: a key press costs no
// more before the next one is heard.
const seekStep = 20_000

// Seek finds those of some deliveries of a campaign, from a place on, of which want
// says so and whose person, as they were called when the audience was frozen, has
// every word of text in their name or their phone; accents, case and what parts the
// digits never matter. It looks at some of them only: next is where it goes on, and
// done that there are no more. It ends early, with the context's error, when ctx
// does.
func (b *Book) Seek(ctx context.Context, id campaign.ID, text string, want func(*campaign.Fate) bool, from uint32) (places []uint32, next uint32, done bool, err error) {
	sought := soughtIn(text)
	next = from
	err = b.view(func(tx *bolt.Tx) error {
		shown, err := shownTx(tx, id)
		if done = true; err != nil || shown.nothing {
			return err
		}
		codes := make(map[string]reason.Code)
		var fate campaign.Fate
		looked := 0
		for k, v := range deliveriesTable.From(tx, deliveriesTable.Of(id), deliveryKey(id, from)) {
			_, seq := deliveryAt(k)
			if looked == seekStep {
				next, done = seq, false
				return nil
			}
			if looked++; looked%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			r := bolt.Dec{B: v}
			r.View()
			r.Version(deliveryVersion)
			r.SkipNumbers(2) // the contact, the number
			if phone, name := r.Text(), r.Text(); !sought.in(name, phone) {
				continue
			}
			if err := decodeFate(&fate, v, codes); err != nil {
				return fmt.Errorf("delivery %d of campaign %d: %w", seq, id, err)
			}
			if shown.cancelled && fate.State == campaign.Queued {
				fate.State, fate.Code = campaign.Skipped, reason.DeliveryCancelled
			}
			if want(&fate) {
				places = append(places, seq)
			}
		}
		return nil
	})
	return places, next, done, err
}

// sought are the words of a search, folded, and of each the digits, if it has
// nothing else that counts in a phone.
type sought []struct{ word, digits string }

func soughtIn(text string) (s sought) {
	for _, word := range strings.Fields(people.Fold(text)) {
		digits := strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' {
				return r
			}
			return -1
		}, word)
		if strings.Trim(word, "0123456789+-().") != "" {
			digits = ""
		}
		s = append(s, struct{ word, digits string }{word, digits})
	}
	return s
}

// in reports whether a person is sought.
func (s sought) in(name, phone string) bool {
	folded := ""
	for i, one := range s {
		if one.digits != "" && strings.Contains(phone, one.digits) {
			continue
		}
		if folded == "" && (i == 0 || name != "") {
			folded = people.Fold(name)
		}
		if !strings.Contains(folded, one.word) {
			return false
		}
	}
	return true
}
