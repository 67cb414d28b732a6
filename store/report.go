package store

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// A report is counted from the deliveries themselves: it is right whatever the
// counters say, costs the sending nothing, and a million of them are read in a
// fraction of a second. It is for a person who asks, not for every ring of the bell.

// reportPart is how many deliveries are counted without looking up.
const reportPart = 4096

// Report counts what has become of a campaign. Many deliveries are counted by
// as many readers as there are processors, each for a stretch of them: that of a
// campaign which is being sent is as of a few moments. It ends early, with the
// context's error, when ctx does.
func (b *Book) Report(ctx context.Context, id campaign.ID) (r campaign.Report, err error) {
	c, err := b.Campaign(id)
	if err != nil {
		return r, err
	}
	parts, err := inParts(ctx, b, id, func(r *campaign.Report, _ uint32, d *campaign.Fate) { r.AddOf(&c, d) })
	for i := range parts {
		r.Join(&parts[i])
	}
	return r, err
}

// Places are the places of those deliveries of a campaign of which want says so,
// in their order: the list behind a number of its [Book.Report], read in the same way.
func (b *Book) Places(ctx context.Context, id campaign.ID, want func(*campaign.Fate) bool) (places []uint32, err error) {
	parts, err := inParts(ctx, b, id, func(some *[]uint32, seq uint32, d *campaign.Fate) {
		if want(d) {
			*some = append(*some, seq)
		}
	})
	return slices.Concat(parts...), err
}

// Pulse is how many messages of a campaign the service accepted in each of n stretches
// of a length, one after the other, of which the first begins at from. It is read like
// a report.
func (b *Book) Pulse(ctx context.Context, id campaign.ID, from time.Time, each time.Duration, n int) ([]int, error) {
	all := make([]int, n)
	parts, err := inParts(ctx, b, id, func(some *[]int, _ uint32, d *campaign.Fate) {
		if !d.Sent() {
			return
		}
		if *some == nil {
			*some = make([]int, n)
		}
		if at := d.SentAt().Sub(from); at >= 0 && at/each < time.Duration(n) {
			(*some)[at/each]++
		}
	})
	for _, some := range parts {
		for i, k := range some {
			all[i] += k
		}
	}
	return all, err
}

// peoplePage is how many records PeopleAt reads without letting others go before.
const peoplePage = 20_000

// PeopleAt are the people of the deliveries of a campaign at those places, as the book
// knows them now; who was erased is left out. It ends early, with the context's error,
// when ctx does.
func (b *Book) PeopleAt(ctx context.Context, id campaign.ID, places []uint32) (who []people.ContactID, err error) {
	who = make([]people.ContactID, 0, len(places))
	for page := range slices.Chunk(places, peoplePage) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := b.view(func(tx *bolt.Tx) error {
			for _, seq := range page {
				r := bolt.Dec{B: deliveriesTable.GetAt(tx, deliveryKey(id, seq))}
				if r.B == nil {
					continue
				}
				r.Version(deliveryVersion)
				contact := people.ContactID(r.Uint())
				if r.Err != nil {
					return fmt.Errorf("delivery %d of campaign %d: %w", seq, id, r.Err)
				}
				if contact = mergedTx(tx, contact); contact != 0 && existsTx(tx, contact) {
					who = append(who, contact)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return who, nil
}

// inParts gives the deliveries of a campaign to see, stretch by stretch, each
// with what is made of it.
func inParts[T any](ctx context.Context, b *Book, id campaign.ID, see func(of *T, seq uint32, d *campaign.Fate)) ([]T, error) {
	counts, err := b.Counts(id)
	if err != nil {
		return nil, err
	}
	if _, err := b.Campaign(id); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	total := counts.Total()
	parts := make([]T, max(1, min(runtime.GOMAXPROCS(0), total/reportPart)))
	var reading sync.WaitGroup
	for i := range parts {
		from, to := uint32(total*i/len(parts)), uint32(total*(i+1)/len(parts))
		if i == len(parts)-1 {
			to = math.MaxUint32
		}
		reading.Go(func() { // ends with its part, or with ctx
			if err := b.fates(ctx, id, from, to, func(seq uint32, d *campaign.Fate) { see(&parts[i], seq, d) }); err != nil {
				cancel(err)
			}
		})
	}
	reading.Wait()
	return parts, context.Cause(ctx)
}

// fates gives the deliveries of a campaign from one place to before another.
func (b *Book) fates(ctx context.Context, id campaign.ID, from, to uint32, see func(uint32, *campaign.Fate)) error {
	return b.view(func(tx *bolt.Tx) error {
		shown, err := shownTx(tx, id)
		if err != nil || shown.nothing {
			return err
		}
		codes := make(map[string]reason.Code)
		n := 0
		var d campaign.Fate
		for k, v := range deliveriesTable.From(tx, deliveriesTable.Of(id), deliveryKey(id, from)) {
			if n++; n%reportPart == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			_, seq := deliveryAt(k)
			if seq >= to {
				break
			}
			if err := decodeFate(&d, v, codes); err != nil {
				return fmt.Errorf("delivery %d of campaign %d: %w", seq, id, err)
			}
			if shown.cancelled && d.State == campaign.Queued {
				d.State, d.Code = campaign.Skipped, reason.DeliveryCancelled
			}
			see(seq, &d)
		}
		return nil
	})
}

// decodeFate is decodeDelivery for those who count: it keeps no text. codes are
// the reasons that were read before.
func decodeFate(d *campaign.Fate, v []byte, codes map[string]reason.Code) error {
	r := bolt.Dec{B: v}
	version := r.Version(deliveryVersion)
	*d = campaign.Fate{}
	r.SkipNumbers(1) // the contact
	d.Number = campaign.NumberID(r.Uint())
	r.Skip() // phone
	r.Skip() // name
	d.State = campaign.State(r.Uint())
	r.SkipNumbers(1) // whether it opens a chat
	for range 4 {
		r.Skip() // zone, LID, message id, text
	}
	text := r.Part()
	switch d.State {
	case campaign.Failed, campaign.Skipped:
		code, known := codes[string(text)]
		if !known {
			code = readReason(string(text), version).Code
			if len(codes) < reportPart { // their arguments make them many
				codes[string(text)] = code
			}
		}
		d.Code = code
	}
	r.SkipNumbers(8) // code, attempts, doubts, in doubt, unheard, link, not before, claimed
	d.Accepted, d.Arrived, d.ReadAt, d.RepliedAt = r.Time(), r.Time(), r.Time(), r.Time()
	if version >= 5 {
		r.SkipNumbers(5) // the upload, redirected, the timer
		d.Variant, d.LeftAt = uint8(r.Uint()), r.Time()
		if len(r.B) > 0 {
			r.Skip() // the answer
		}
		if len(r.B) > 0 {
			r.Skip()         // what it revokes
			r.SkipNumbers(1) // what revokes it
			d.RevokedAt = r.Time()
		}
		if len(r.B) > 0 {
			d.Fixed = uint16(r.Uint())
		}
		if len(r.B) > 0 {
			r.Skip() // the secret
			d.Vote = uint8(r.Uint())
		}
	}
	if r.Err == nil && d.State >= campaign.NumStates {
		r.Err = bolt.ErrRecord
	}
	return r.Err
}
