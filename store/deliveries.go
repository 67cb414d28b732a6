package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Deliveries returns up to limit deliveries of a campaign in their order,
// those after the place after; -1 begins at the first.
func (b *Book) Deliveries(id campaign.ID, after int64, limit int) (page []campaign.Delivery, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		shown, err := shownTx(tx, id)
		if err != nil || shown.nothing {
			return err
		}
		for k, v := range deliveriesTable.From(tx, deliveriesTable.Of(id), deliveryKey(id, uint32(after+1))) {
			if len(page) >= limit {
				break
			}
			d, err := decodeDelivery(k, v)
			if err != nil {
				return err
			}
			page = append(page, shown.delivery(d))
		}
		return nil
	})
	return page, err
}

// DeliveriesAt returns the deliveries of a campaign at those places that are
// there, in that order.
func (b *Book) DeliveriesAt(id campaign.ID, places []uint32) (some []campaign.Delivery, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		shown, err := shownTx(tx, id)
		if err != nil || shown.nothing {
			return err
		}
		for _, seq := range places {
			d, err := deliveryTx(tx, deliveryKey(id, seq))
			if errors.Is(err, ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
			some = append(some, shown.delivery(d))
		}
		return nil
	})
	return some, err
}

// Unsure returns the first deliveries of a campaign that are unsure, at most so
// many. Of a large campaign it takes a while, and ends early when ctx does.
func (b *Book) Unsure(ctx context.Context, id campaign.ID, limit int) (some []campaign.Delivery, err error) {
	counts, err := b.Counts(id)
	if err != nil {
		return nil, err
	}
	limit = min(limit, counts[campaign.Unsure])
	for after := int64(-1); len(some) < limit; {
		page, err := b.Deliveries(id, after, 1000)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || len(page) == 0 {
			return some, err
		}
		for _, d := range page {
			after = int64(d.Seq)
			if d.State == campaign.Unsure && len(some) < limit {
				some = append(some, d)
			}
		}
	}
	return some, nil
}

// Delivery returns one delivery, or ErrNotFound.
func (b *Book) Delivery(id campaign.ID, seq uint32) (d campaign.Delivery, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		shown, err := shownTx(tx, id)
		if err != nil {
			return err
		}
		if d, err = deliveryTx(tx, deliveryKey(id, seq)); err == nil && shown.nothing {
			return reason.Because(ErrNotFound, reason.DeliveryNotFound, seq, id)
		}
		d = shown.delivery(d)
		return err
	})
	return d, err
}

// shown is how the deliveries of a campaign are seen from outside: those of a
// cancelled one as what they are from that moment on, whether the sweeper has
// come to them or not.
type shown struct {
	cancelled bool
	nothing   bool // it was cancelled before it was frozen: there are none
}

func shownTx(tx *bolt.Tx, id campaign.ID) (s shown, err error) {
	c, err := campaignTx(tx, id)
	if errors.Is(err, ErrNotFound) {
		return s, nil
	} else if err != nil || c.Status != campaign.Cancelled {
		return s, err
	}
	j, ok, err := jobTx(tx, campaignJobKey(id))
	return shown{cancelled: true, nothing: ok && j.Kind == JobUnfreeze}, err
}

func (s shown) delivery(d campaign.Delivery) campaign.Delivery {
	if s.cancelled {
		d.GiveUp(reason.New(reason.DeliveryCancelled))
	}
	return d
}

// Recent returns up to limit deliveries of a campaign, those that changed
// last first, each once.
func (b *Book) Recent(id campaign.ID, limit int) (recent []campaign.Delivery, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		shown, err := shownTx(tx, id)
		if err != nil {
			return err
		}
		seen := make(map[uint32]bool)
		for _, v := range eventsTable.Back(tx, eventsTable.Of(id)) {
			if len(recent) == limit {
				break
			}
			seq := fromRow[uint32](v)
			if seen[seq] {
				continue
			}
			seen[seq] = true
			d, err := deliveryTx(tx, deliveryKey(id, seq))
			if err != nil {
				return err
			}
			recent = append(recent, shown.delivery(d))
		}
		return nil
	})
	return recent, err
}

// Payload returns the delivery that left under a message id, with all that it
// carried, to answer a recipient who could not read it. It is not ok if there is
// none, if what it carried is forgotten, or if an undo is to delete it: then its
// RevokeBy says so.
func (b *Book) Payload(id campaign.MessageID) (d campaign.Delivery, ok bool, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		at := messagesTable.Get(tx, id)
		if at == nil {
			return nil
		}
		if d, err = deliveryTx(tx, at); err != nil || d.RevokeBy != 0 {
			return err
		}
		if err := optionsTx(tx, &d); err != nil {
			return err
		}
		if d.Text == "" && d.Upload == 0 && (d.Revokes == "" || d.LID == "") { // what it carried is forgotten
			return nil
		}
		d.Media, err = carriedTx(tx, &d)
		ok = err == nil
		return err
	})
	return d, ok, err
}

// eventsKept is how many changes a campaign remembers for Recent.
const eventsKept = 500

// putDeliveryTx writes a delivery that was before, and keeps everything that
// follows from it: the counts, who is next, what is in doubt, what changed
// last, and whether the campaign is done.
func putDeliveryTx(tx *bolt.Tx, before, d *campaign.Delivery) error {
	if err := recordDeliveryTx(tx, before, d); err != nil {
		return err
	}
	if before.State == d.State && before.Pending() == d.Pending() {
		return chainDeliveryTx(tx, d)
	}
	if err := eventsTx(tx, d.Campaign, []uint32{d.Seq}); err != nil {
		return err
	}
	if err := sampleTx(tx, before, d); err != nil {
		return err
	}
	if err := acceptedTx(tx, before, d); err != nil {
		return err
	}
	if err := revokedTx(tx, before, d); err != nil {
		return err
	}
	t, err := tallyTx(tx, d.Campaign)
	if err != nil {
		return err
	}
	t.move(before, d)
	if err := putTallyTx(tx, d.Campaign, t); err != nil {
		return err
	}
	if t.pending == 0 {
		return finishTx(tx, d.Campaign)
	}
	return nil
}

// recordDeliveryTx writes a delivery and whether it waits to be tried again.
// The counts and what changed last are for the caller to keep.
func recordDeliveryTx(tx *bolt.Tx, before, d *campaign.Delivery) error {
	if err := deliveriesTable.PutAt(tx, deliveryKey(d.Campaign, d.Seq), encodeDelivery(d)); err != nil {
		return err
	}
	return indexAgainTx(tx, before, d)
}

// indexAgainTx keeps the order in which what was put off waits: it is in
// "again" and not in "queue".
func indexAgainTx(tx *bolt.Tx, before, d *campaign.Delivery) error {
	switch {
	case d.Again():
		return againTable.Put(tx, d.Number, d.Campaign, d.Seq, nil)
	case before.Again():
		return againTable.Delete(tx, d.Number, d.Campaign, d.Seq)
	}
	return nil
}

// eventsTx remembers that deliveries of a campaign have changed, in that order,
// and forgets as many as are too old and in the chain.
func eventsTx(tx *bolt.Tx, id campaign.ID, changed []uint32) error {
	changed = changed[max(len(changed)-eventsKept, 0):]
	prefix := eventsTable.Of(id)
	var last uint64
	if k, _ := eventsTable.Last(tx, prefix); k != nil {
		_, last = eventsTable.Parts(k)
	}
	for _, seq := range changed {
		last++
		if err := eventsTable.Put(tx, id, last, row(seq)); err != nil {
			return err
		}
	}
	// Two for each, because there may be too many.
	return oldEventsTx(tx, id, last, 2*len(changed))
}

// oldEventsTx forgets n of the events of a campaign, of which the last is given,
// that are too old and in the chain.
func oldEventsTx(tx *bolt.Tx, id campaign.ID, last uint64, n int) error {
	chained := lastChainedTx(tx, id)
	for _, k := range eventsTable.Keys(tx, eventsTable.Of(id), n) {
		if _, n := eventsTable.Parts(k); last-n < eventsKept || n > chained {
			break
		}
		if err := eventsTable.DeleteAt(tx, k); err != nil {
			return err
		}
	}
	return nil
}

// tally is how far a campaign is.
type tally struct {
	counts  campaign.Counts
	pending int // how many may still be sent
}

// move counts a delivery that was before and is d now.
func (t *tally) move(before, d *campaign.Delivery) {
	t.counts[before.State]--
	t.counts[d.State]++
	if before.Pending() {
		t.pending--
	}
	if d.Pending() {
		t.pending++
	}
}

func tallyTx(tx *bolt.Tx, id campaign.ID) (t tally, err error) {
	v := countsTable.Get(tx, id)
	if v == nil {
		return t, nil
	}
	d := bolt.Dec{B: v}
	d.Version(1)
	t.pending = d.Int()
	for i := range t.counts {
		t.counts[i] = d.Int()
	}
	return t, d.Err
}

func encodeTally(t tally) []byte {
	var e bolt.Enc
	e.Uint(1)
	e.Uint(uint64(t.pending))
	for _, n := range t.counts {
		e.Uint(uint64(n))
	}
	return e.B
}

func putTallyTx(tx *bolt.Tx, id campaign.ID, t tally) error {
	return countsTable.Put(tx, id, encodeTally(t))
}

func deliveryTx(tx *bolt.Tx, at []byte) (campaign.Delivery, error) {
	v := deliveriesTable.GetAt(tx, at)
	if v == nil {
		return campaign.Delivery{}, reason.Because(ErrNotFound, reason.DeliveryGone)
	}
	return decodeDelivery(at, v)
}

// deliveryVersion is the first byte of a delivery's record; 2 has the upload, 3 the
// timer, 4 a code as its reason, 5 the variant and the opt-out.
const deliveryVersion = 5

func encodeDelivery(d *campaign.Delivery) []byte {
	e := bolt.Enc{B: make([]byte, 0, 192)}
	e.Uint(deliveryVersion)
	e.Uint(uint64(d.Contact))
	e.Uint(uint64(d.Number))
	e.Text(string(d.Phone))
	e.Text(d.Name)
	e.Uint(uint64(d.State))
	e.Bool(d.New)
	e.Text(d.Zone)
	e.Text(d.LID)
	e.Text(string(d.Message))
	e.Text(d.Text)
	e.Text(d.Reason.Text())
	e.Uint(uint64(d.Code))
	e.Uint(uint64(d.Attempts))
	e.Uint(uint64(d.Doubts))
	e.Bool(d.InDoubt)
	e.Uint(uint64(d.Unheard))
	e.Uint(uint64(d.Link))
	for _, t := range []time.Time{d.NotBefore, d.Claimed, d.Accepted, d.Arrived, d.ReadAt, d.RepliedAt} {
		e.Time(t)
	}
	e.Uint(d.Upload)
	e.Bool(d.Redirected)
	putTimer(&e, d.Timer)
	e.Uint(uint64(d.Variant))
	e.Time(d.LeftAt)
	poll := len(d.Secret) > 0 || !d.Voted.IsZero() // or they were erased
	more := d.Revokes != "" || d.RevokeBy != 0 || !d.RevokedAt.IsZero() || d.Fixed > 0 || poll || d.MayBeRevoked || !d.Confirms.IsZero()
	if d.Answer != "" || more {
		e.Text(d.Answer)
	}
	if more {
		e.Text(string(d.Revokes))
		e.Uint(uint64(d.RevokeBy))
		e.Time(d.RevokedAt)
	}
	if d.Fixed > 0 || poll || d.MayBeRevoked || !d.Confirms.IsZero() {
		e.Uint(uint64(d.Fixed))
	}
	if poll || d.MayBeRevoked || !d.Confirms.IsZero() {
		e.Text(string(d.Secret))
		e.Uint(uint64(d.Vote))
		e.Time(d.Voted)
	}
	if d.MayBeRevoked || !d.Confirms.IsZero() {
		e.Bool(d.MayBeRevoked)
	}
	if !d.Confirms.IsZero() {
		e.Time(d.Confirms)
	}
	return e.B
}

// readReason reads the reason of a delivery. Before version 4 of the record it
// was a sentence.
func readReason(text string, version uint64) reason.Reason {
	if version < 4 {
		return reason.Old(text)
	}
	return reason.Parse(text)
}

func decodeDelivery(at, v []byte) (campaign.Delivery, error) {
	r := bolt.Dec{B: v}
	version := r.Version(deliveryVersion)
	id, seq := deliveryAt(at)
	d := campaign.Delivery{
		Campaign: id,
		Seq:      seq,
		Contact:  people.ContactID(r.Uint()),
		Number:   campaign.NumberID(r.Uint()),
		Phone:    people.Phone(r.Text()),
		Name:     r.Text(),
		State:    campaign.State(r.Uint()),
		New:      r.Bool(),
		Zone:     r.Text(),
		LID:      r.Text(),
		Message:  campaign.MessageID(r.Text()),
		Text:     r.Text(),
		Reason:   readReason(r.Text(), version),
		Code:     r.Int(),
		Attempts: r.Int(),
		Doubts:   r.Int(),
		InDoubt:  r.Bool(),
		Unheard:  r.Int(),
		Link:     uint32(r.Uint()),
	}
	for _, t := range []*time.Time{&d.NotBefore, &d.Claimed, &d.Accepted, &d.Arrived, &d.ReadAt, &d.RepliedAt} {
		*t = r.Time()
	}
	if version >= 2 {
		d.Upload = r.Uint()
	}
	if len(r.B) > 0 {
		d.Redirected = r.Bool()
	}
	if version >= 3 {
		d.Timer = takeTimer(&r)
	}
	if version >= 5 {
		d.Variant, d.LeftAt = uint8(r.Uint()), r.Time()
	}
	if len(r.B) > 0 {
		d.Answer = r.Text()
	}
	if version >= 5 && len(r.B) > 0 {
		d.Revokes, d.RevokeBy, d.RevokedAt = campaign.MessageID(r.Text()), campaign.ID(r.Uint()), r.Time()
	}
	if version >= 5 && len(r.B) > 0 {
		d.Fixed = uint16(r.Uint())
	}
	if version >= 5 && len(r.B) > 0 {
		if secret := r.Text(); secret != "" {
			d.Secret = []byte(secret)
		}
		d.Vote, d.Voted = uint8(r.Uint()), r.Time()
	}
	if version >= 5 && len(r.B) > 0 {
		d.MayBeRevoked = r.Bool()
	}
	if version >= 5 && len(r.B) > 0 {
		d.Confirms = r.Time()
	}
	if r.Err == nil && d.State >= campaign.NumStates {
		r.Err = bolt.ErrRecord
	}
	if r.Err != nil {
		return d, fmt.Errorf("delivery %d of campaign %d: %w", d.Seq, d.Campaign, r.Err)
	}
	return d, nil
}
