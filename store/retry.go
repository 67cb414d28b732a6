package store

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// What certainly did not leave may be tried again, by why it did not. Each message
// goes back into the queue of its number as if it had never been tried: its claim
// looks at opt-outs, limits and everything else anew, and writes the text that the
// campaign has by then. It keeps its id. What is in doubt is not part of this: a
// person decides about it, see [Desk.Decide].

// retrying is how far a retry is.
type retrying struct {
	Kinds   []reason.Code
	After   int64 // the place that was looked at last; -1: none was
	Retried Retried
}

// Retried is what became of a retry.
type Retried struct {
	Count  int                 // that wait again
	Stayed map[reason.Code]int // that do not, though they are of the kind, by why
}

// told notes in the entry of a retry what has become of it.
func (r *Retried) told(e *Entry) {
	stayed := 0
	for _, n := range r.Stayed {
		stayed += n
	}
	e.count("retried", r.Count)
	e.count("stayed", stayed)
}

// Retriable is how many messages of a campaign certainly did not leave and may be
// tried again, by why they did not: of the kinds, or of all if there are none. It is
// ErrState, with the reason, if there are none or nothing is tried again in this
// campaign. It changes nothing, and ends early, with the context's error, when ctx
// does.
func (b *Book) Retriable(ctx context.Context, id campaign.ID, kinds ...reason.Code) (map[reason.Code]int, error) {
	err := b.view(func(tx *bolt.Tx) error {
		_, err := retriableTx(tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	r, err := b.Report(ctx, id)
	if err != nil {
		return nil, err
	}
	some := r.Retriable()
	if len(kinds) > 0 {
		maps.DeleteFunc(some, func(why reason.Code, _ int) bool { return !slices.Contains(kinds, why) })
	}
	if len(some) == 0 {
		return nil, reason.Because(ErrState, reason.RetryNothing, id)
	}
	return some, nil
}

// retriableTx is a campaign of which messages may be tried again: one that is under
// way or finished, and no test, answer or undo.
func retriableTx(tx *bolt.Tx, id campaign.ID) (campaign.Campaign, error) {
	c, err := campaignTx(tx, id)
	switch {
	case err != nil:
	case c.Aside():
		err = reason.Because(ErrState, reason.RetryAside, id)
	case c.Status != campaign.Finished:
		return underWayTx(tx, id)
	}
	return c, err
}

// Retry lets those messages of a campaign wait again that [Book.Retriable] counts, and
// returns when that is done. A finished campaign runs again; a paused one stays
// paused. A message whose number can send nothing stays what it is. After an error
// with ErrGoesOn it will be done; ctx ends the waiting alone.
func (d *Desk) Retry(ctx context.Context, id campaign.ID, kinds ...reason.Code) (Retried, error) {
	if !d.May(VerbRetry) {
		return Retried{}, ErrRole
	}
	some, err := d.book.Retriable(ctx, id, kinds...)
	if err != nil {
		return Retried{}, err
	}
	kinds = slices.Sorted(maps.Keys(some))
	var wait func(context.Context) (job, error)
	err = d.write(VerbRetry, func(tx *bolt.Tx, e *Entry) error {
		c, err := retriableTx(tx, id)
		if err != nil {
			return err
		}
		k := campaignJobKey(id)
		if _, there, err := jobTx(tx, k); there || err != nil {
			return cmp.Or(err, reason.Because(ErrState, reason.MoveGoesOn, id))
		}
		e.onCampaign(&c)
		e.Outcome, e.Ended = Asked, time.Time{}
		if err := addEntryTx(tx, e); err != nil {
			return err
		}
		wait = d.book.await(k)
		return putJobTx(tx, k, job{Job: Job{Kind: JobRetry, Campaign: id}, Audit: e.ID, Retry: &retrying{Kinds: kinds, After: -1}})
	})
	if err != nil {
		return Retried{}, err
	}
	d.book.wake()
	j, err := wait(ctx)
	if err != nil || j.Retry == nil {
		return Retried{}, err
	}
	return j.Retry.Retried, nil
}

// retryChunkTx looks at the next n deliveries.
func retryChunkTx(tx *bolt.Tx, j *job, n int) (done bool, err error) {
	r := j.Retry
	c, err := campaignTx(tx, j.Campaign)
	if err != nil {
		return false, err
	}
	numbers, err := numbersTx(tx)
	if err != nil {
		return false, err
	}
	own, _, err := sendersTx(tx, &c)
	if err != nil {
		return false, err
	}
	able := make(map[campaign.NumberID]bool, len(numbers))
	for i := range numbers {
		able[numbers[i].ID] = !outOfWork(&numbers[i])
	}
	var some []campaign.Delivery // not changed while they are walked over
	looked := 0
	for k, v := range deliveriesTable.From(tx, deliveriesTable.Of(c.ID), deliveryKey(c.ID, uint32(r.After+1))) {
		if looked == n {
			break
		}
		looked++
		d, err := decodeDelivery(k, v)
		if err != nil {
			return false, err
		}
		r.After = int64(d.Seq)
		if fate := d.Fate(); fate.Retriable() && slices.Contains(r.Kinds, fate.Code) {
			some = append(some, d)
		}
	}
	waits := queueZones{tx: tx}
	again := 0
	for i := range some {
		stays, err := retryTx(tx, &some[i], able[some[i].Number], own, &waits)
		if err != nil {
			return false, err
		}
		if stays == "" {
			again++
			continue
		}
		if r.Retried.Stayed == nil {
			r.Retried.Stayed = make(map[reason.Code]int)
		}
		r.Retried.Stayed[stays]++
	}
	if r.Retried.Count += again; again > 0 && c.Status == campaign.Finished {
		if err := runsAgainTx(tx, c); err != nil {
			return false, err
		}
	}
	return looked < n, nil
}

// retryTx lets a delivery wait again, or says why it stays what it is; able is
// whether its number can send.
func retryTx(tx *bolt.Tx, d *campaign.Delivery, able bool, own zones, waits *queueZones) (stays reason.Code, err error) {
	contact, err := contactTx(tx, d.Contact)
	switch {
	case errors.Is(err, ErrNotFound):
		return reason.DeliveryErased, nil
	case err != nil:
		return "", err
	case !able:
		return reason.RetryNumber, nil
	}
	before := *d
	if !d.Retry(!contact.KnownTo(d.Number), own.of(&contact, d.Number)) {
		return reason.DeliveryErased, nil
	}
	zone, err := waits.of(d)
	if err != nil {
		return "", err
	}
	if err := queueTable.PutAt(tx, queueTable.key(d, zone), nil); err != nil {
		return "", err
	}
	return "", putDeliveryTx(tx, &before, d)
}

// queueZones are the numbers of time zones in the queues of a campaign that was
// frozen before.
type queueZones struct {
	tx    *bolt.Tx
	known map[campaign.NumberID][]string // the zones of those that wait, by their number
}

// of is the number of the zone of a delivery: that of those who wait in the same
// zone already, or a new one. Those that come late share the last one.
func (q *queueZones) of(d *campaign.Delivery) (byte, error) {
	zones, ok := q.known[d.Number]
	if !ok {
		for group, seq := range queueTable.firsts(q.tx, d.Number, d.Campaign) {
			first, err := deliveryTx(q.tx, deliveryKey(d.Campaign, seq))
			if err != nil {
				return 0, err
			}
			at := int(queueTable.zone(group))
			zones = append(zones, make([]string, max(0, at+1-len(zones)))...)
			zones[at] = first.Zone
		}
	}
	at := slices.Index(zones, d.Zone)
	if at < 0 {
		at, zones = len(zones), append(zones, d.Zone)
	}
	if q.known == nil {
		q.known = make(map[campaign.NumberID][]string)
	}
	q.known[d.Number] = zones
	return byte(min(at, 255)), nil
}
