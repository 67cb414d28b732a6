package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"recado/campaign"
)

// deliveryKey is where a delivery is in "deliveries", and what points at it
// elsewhere.
func deliveryKey(c campaign.ID, seq uint32) []byte { return key(uint64(c), seq) }

// Deliveries returns up to limit deliveries of a campaign in their order,
// those after the place after; -1 begins at the first.
func (b *Book) Deliveries(id campaign.ID, after int64, limit int) (page []campaign.Delivery, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		cursor := bucket(tx, "deliveries").Cursor()
		prefix := key(uint64(id))
		for k, v := cursor.Seek(deliveryKey(id, uint32(after+1))); bytes.HasPrefix(k, prefix) && len(page) < limit; k, v = cursor.Next() {
			d, err := decodeDelivery(k, v)
			if err != nil {
				return err
			}
			page = append(page, d)
		}
		return nil
	})
	return page, err
}

// Delivery returns one delivery, or ErrNotFound.
func (b *Book) Delivery(id campaign.ID, seq uint32) (d campaign.Delivery, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		d, err = deliveryTx(tx, deliveryKey(id, seq))
		return err
	})
	return d, err
}

// Recent returns up to limit deliveries of a campaign, those that changed
// last first, each once.
func (b *Book) Recent(id campaign.ID, limit int) (recent []campaign.Delivery, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		seen := make(map[uint32]bool)
		prefix := key(uint64(id))
		cursor := bucket(tx, "events").Cursor()
		for k, v := seekLast(cursor, prefix); k != nil && len(recent) < limit; k, v = cursor.Prev() {
			if !bytes.HasPrefix(k, prefix) {
				break
			}
			seq := binary.BigEndian.Uint32(v)
			if seen[seq] {
				continue
			}
			seen[seq] = true
			d, err := deliveryTx(tx, deliveryKey(id, seq))
			if err != nil {
				return err
			}
			recent = append(recent, d)
		}
		return nil
	})
	return recent, err
}

// Payload returns the delivery that left under a message id, with all that it
// carried, to answer a recipient who could not read it.
func (b *Book) Payload(id campaign.MessageID) (d campaign.Delivery, ok bool, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		at := bucket(tx, "messages").Get([]byte(id))
		if at == nil {
			return nil
		}
		if d, err = deliveryTx(tx, at); err == nil {
			d.Media, err = carriedTx(tx, &d)
		}
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
	at := deliveryKey(d.Campaign, d.Seq)
	if err := bucket(tx, "deliveries").Put(at, encodeDelivery(d)); err != nil {
		return err
	}
	if err := indexAgainTx(tx, before, d); err != nil {
		return err
	}
	if before.State == d.State && pending(before) == pending(d) {
		return nil
	}
	if err := eventTx(tx, d); err != nil {
		return err
	}
	t, err := tallyTx(tx, d.Campaign)
	if err != nil {
		return err
	}
	t.counts[before.State]--
	t.counts[d.State]++
	if pending(before) {
		t.pending--
	}
	if pending(d) {
		t.pending++
	}
	if err := putTallyTx(tx, d.Campaign, t); err != nil {
		return err
	}
	if t.pending == 0 {
		return finishTx(tx, d.Campaign)
	}
	return nil
}

// tried reports whether a delivery that waits has been tried or put aside
// before: it waits in "again" and not in "queue".
func tried(d *campaign.Delivery) bool { return !d.NotBefore.IsZero() }

// again reports whether a delivery waits in "again".
func again(d *campaign.Delivery) bool {
	return (d.State == campaign.Queued || d.State == campaign.Unsure) && tried(d)
}

// pending reports whether a delivery keeps its campaign from being finished.
// An unsure one that will not be sent again does not.
func pending(d *campaign.Delivery) bool {
	return d.State == campaign.Queued || d.State == campaign.Sending || again(d)
}

func indexAgainTx(tx *bolt.Tx, before, d *campaign.Delivery) error {
	k := key(uint32(d.Number), uint64(d.Campaign), d.Seq)
	switch {
	case again(d):
		return bucket(tx, "again").Put(k, nil)
	case again(before):
		return bucket(tx, "again").Delete(k)
	}
	return nil
}

func eventTx(tx *bolt.Tx, d *campaign.Delivery) error {
	events := bucket(tx, "events")
	n, err := events.NextSequence()
	if err != nil {
		return err
	}
	if err := events.Put(key(uint64(d.Campaign), n), key(d.Seq)); err != nil {
		return err
	}
	// One in, one out, once there are enough: the oldest of this campaign.
	if n%16 != 0 {
		return nil
	}
	prefix := key(uint64(d.Campaign))
	cursor := events.Cursor()
	kept := 0
	var old [][]byte
	for k, _ := seekLast(cursor, prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Prev() {
		if kept++; kept > eventsKept {
			old = append(old, bytes.Clone(k))
		}
	}
	for _, k := range old {
		if err := events.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// seekLast moves to the last key with the prefix; where there is none, to the
// key before it.
func seekLast(c *bolt.Cursor, prefix []byte) (k, v []byte) {
	after := bytes.Clone(prefix)
	for i := len(after) - 1; i >= 0; i-- {
		if after[i]++; after[i] != 0 {
			break
		}
	}
	if k, _ := c.Seek(after); k == nil {
		return c.Last()
	}
	return c.Prev()
}

// tally is how a campaign stands.
type tally struct {
	counts  campaign.Counts
	pending int // how many may still be sent
}

func tallyTx(tx *bolt.Tx, id campaign.ID) (t tally, err error) {
	v := bucket(tx, "counts").Get(key(uint64(id)))
	if v == nil {
		return t, nil
	}
	d := dec{b: v}
	d.uint() // version
	t.pending = d.int()
	for i := range t.counts {
		t.counts[i] = d.int()
	}
	return t, d.err
}

func putTallyTx(tx *bolt.Tx, id campaign.ID, t tally) error {
	var e enc
	e.uint(1)
	e.uint(uint64(t.pending))
	for _, n := range t.counts {
		e.uint(uint64(n))
	}
	return bucket(tx, "counts").Put(key(uint64(id)), e.b)
}

func deliveryTx(tx *bolt.Tx, at []byte) (campaign.Delivery, error) {
	v := bucket(tx, "deliveries").Get(at)
	if v == nil {
		return campaign.Delivery{}, fmt.Errorf("delivery %x: %w", at, ErrNotFound)
	}
	return decodeDelivery(at, v)
}

// deliveryVersion is the first byte of a delivery's record; 2 has the upload.
const deliveryVersion = 2

func encodeDelivery(d *campaign.Delivery) []byte {
	e := enc{b: make([]byte, 0, 192)}
	e.uint(deliveryVersion)
	e.uint(uint64(d.Contact))
	e.uint(uint64(d.Number))
	e.str(string(d.Phone))
	e.str(d.Name)
	e.uint(uint64(d.State))
	e.bool(d.New)
	e.str(d.Zone)
	e.str(d.LID)
	e.str(string(d.Message))
	e.str(d.Text)
	e.str(d.Reason)
	e.uint(uint64(d.Code))
	e.uint(uint64(d.Attempts))
	e.uint(uint64(d.Doubts))
	e.bool(d.InDoubt)
	e.uint(uint64(d.Unheard))
	e.uint(uint64(d.Link))
	for _, t := range []time.Time{d.NotBefore, d.Claimed, d.Accepted, d.Arrived, d.ReadAt, d.RepliedAt} {
		e.time(t)
	}
	e.uint(d.Upload)
	return e.b
}

func decodeDelivery(at, v []byte) (campaign.Delivery, error) {
	r := dec{b: v}
	version := r.uint()
	d := campaign.Delivery{
		Campaign: campaign.ID(binary.BigEndian.Uint64(at)),
		Seq:      binary.BigEndian.Uint32(at[8:]),
		Contact:  campaign.ContactID(r.uint()),
		Number:   campaign.NumberID(r.uint()),
		Phone:    campaign.Phone(r.str()),
		Name:     r.str(),
		State:    campaign.State(r.uint()),
		New:      r.bool(),
		Zone:     r.str(),
		LID:      r.str(),
		Message:  campaign.MessageID(r.str()),
		Text:     r.str(),
		Reason:   r.str(),
		Code:     r.int(),
		Attempts: r.int(),
		Doubts:   r.int(),
		InDoubt:  r.bool(),
		Unheard:  r.int(),
		Link:     uint32(r.uint()),
	}
	for _, t := range []*time.Time{&d.NotBefore, &d.Claimed, &d.Accepted, &d.Arrived, &d.ReadAt, &d.RepliedAt} {
		*t = r.time()
	}
	if version >= 2 {
		d.Upload = r.uint()
	}
	if r.err == nil && d.State >= campaign.NumStates {
		r.err = errDamaged
	}
	if r.err != nil {
		return d, fmt.Errorf("delivery %d of campaign %d: %w", d.Seq, d.Campaign, r.err)
	}
	return d, nil
}
