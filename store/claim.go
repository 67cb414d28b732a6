package store

import (
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// How a delivery is sent once and no more.
//
// A claim writes the message id, the text and which upload of an attachment
// goes with it to the disk before anything leaves, and none of them ever
// changes. So whatever happens afterwards, every copy that could leave carries
// the same id, and the recipient folds copies.
//
// A delivery whose outcome is not known is unsure, and so is one that is found
// in flight when the book is opened: the process died between claim and
// settle. Such a one waits until its number is online, has heard what arrived
// while it was away, and a grace time has passed. A receipt with its id proves
// that it was sent. Otherwise it is sent again, same id, same content, while
// that makes sense: not after a day, not by another link, not to somebody who
// has opted out, and only a few times. What is still unclear then stays unsure
// until a person decides.

// diskPause is how long a number waits before it tries to write again to a disk
// that refused.
const diskPause = 5 * time.Second

// An act is one thing to do for a number. Some are for its lane; the others are
// writes that clear the way, after which the next plan is made.
type act interface {
	// doTx writes what the act changes and returns what the lane is to do; nil
	// if the way is clear for the next plan.
	doTx(b *Book, tx *bolt.Tx, c campaign.Claim) (campaign.Act, error)
}

type (
	// tell is for the lane, and writes nothing.
	tell struct{ campaign.Act }

	// send claims a delivery at a pace.
	send struct {
		d      campaign.Delivery
		to     people.Contact
		pace   campaign.Pace
		text   string
		fixed  uint16 // how often that text of the campaign had been fixed
		aside  bool   // it does not count for when they may get the next one
		upload uint64 // what goes with the text, see upload; 0: nothing
	}

	// skip gives a delivery up.
	skip struct {
		d   campaign.Delivery
		why reason.Reason
	}

	// drop no longer tries a delivery that is in doubt and hopeless.
	drop struct{ d campaign.Delivery }

	// aside lets a delivery wait about whose phone the service said nothing.
	aside struct{ d campaign.Delivery }

	// opens makes a delivery one that opens a chat, because the service takes it
	// for that.
	opens struct {
		d     campaign.Delivery
		group []byte // its place in the queue; nil: it is not there any more
	}

	// amend writes again what paces the number and lies in the future.
	amend struct{}

	// amendPerson does so with when a person was last written to.
	amendPerson struct{ contact people.Contact }

	// pause pauses a campaign.
	pause struct {
		id  campaign.ID
		why reason.Reason
	}

	// stop stops a number for a campaign, see holdTx.
	stop struct {
		id     campaign.ID
		number campaign.NumberID
		held   reason.Code
		why    reason.Reason
	}
)

// wait is the act of waiting.
func wait(hold campaign.Hold) act { return tell{campaign.Wait{Hold: hold}} }

// waits reports whether an act is to wait, and for what.
func waits(a act) (hold campaign.Hold, ok bool) {
	t, _ := a.(tell)
	w, ok := t.Act.(campaign.Wait)
	return w.Hold, ok
}

// Claim implements [campaign.Log].
func (b *Book) Claim(c campaign.Claim) (told campaign.Act, err error) {
	// Most claims find nothing to do; they cost no write.
	var a act
	if err := b.view(func(tx *bolt.Tx) error { a, err = b.planTx(tx, c); return err }); err != nil {
		return nil, err
	}
	if t, ok := a.(tell); ok {
		told = t.Act
	}
	for told == nil && err == nil {
		err = b.update(func(tx *bolt.Tx) error {
			told, err = b.nextTx(tx, c)
			return err
		})
	}
	switch {
	case err != nil && b.Err() == nil:
		return nil, err
	case err != nil: // it is in the log; the next claim is the next try to write
		told = campaign.Wait{Hold: campaign.Hold{Reason: reason.HoldDisk, Until: c.Now.Add(diskPause)}}
	}
	b.noteHold(c.Number, told)
	return told, nil
}

// noteHold notes for the screens what holds a number that was told an act.
func (b *Book) noteHold(number campaign.NumberID, told campaign.Act) {
	var shown campaign.Hold
	switch told := told.(type) {
	case campaign.Wait:
		shown = told.Hold
	case campaign.Upload:
		shown = campaign.Hold{Reason: reason.HoldUpload}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holds[number] = shown
}

// nextTx makes plans and carries them out until there is something for the lane
// to do. That is nil if it takes another transaction: what clears the way for a
// claim is committed before it.
func (b *Book) nextTx(tx *bolt.Tx, c campaign.Claim) (campaign.Act, error) {
	for range 200 {
		a, err := b.planTx(tx, c)
		if err != nil {
			return nil, err
		}
		if s, ok := a.(send); ok {
			var first bool
			err := b.view(func(committed *bolt.Tx) (err error) {
				first, err = firstTx(committed, &s.d)
				return err
			})
			if !first || err != nil {
				return nil, err
			}
		}
		if told, err := a.doTx(b, tx, c); told != nil || err != nil {
			return told, err
		}
	}
	return nil, nil
}

func (t tell) doTx(*Book, *bolt.Tx, campaign.Claim) (campaign.Act, error) { return t.Act, nil }

func (p pause) doTx(b *Book, tx *bolt.Tx, _ campaign.Claim) (campaign.Act, error) {
	return nil, b.pauseTx(tx, p.id, p.why)
}

func (s stop) doTx(b *Book, tx *bolt.Tx, _ campaign.Claim) (campaign.Act, error) {
	return nil, b.holdTx(tx, s.id, s.number, s.held, s.why)
}

func (amend) doTx(_ *Book, tx *bolt.Tx, c campaign.Claim) (campaign.Act, error) {
	return nil, amendTx(tx, c.Number, c.Now)
}

func (a amendPerson) doTx(_ *Book, tx *bolt.Tx, c campaign.Claim) (campaign.Act, error) {
	a.contact.LastSent = c.Now
	return nil, putContactTx(tx, &a.contact)
}

func (s skip) doTx(_ *Book, tx *bolt.Tx, _ campaign.Claim) (campaign.Act, error) {
	return nil, changeTx(tx, &s.d, func(d *campaign.Delivery) { d.GiveUp(s.why) })
}

func (p drop) doTx(_ *Book, tx *bolt.Tx, c campaign.Claim) (campaign.Act, error) {
	return nil, changeTx(tx, &p.d, func(d *campaign.Delivery) { d.Drop(c.Ready.Link) })
}

func (a aside) doTx(_ *Book, tx *bolt.Tx, c campaign.Claim) (campaign.Act, error) {
	return nil, changeTx(tx, &a.d, func(d *campaign.Delivery) { d.PutAside(c.Now) })
}

func (o opens) doTx(_ *Book, tx *bolt.Tx, _ campaign.Claim) (campaign.Act, error) {
	if err := changeTx(tx, &o.d, (*campaign.Delivery).OpenChat); err != nil || o.group == nil {
		return nil, err
	}
	return nil, queueTable.PutAt(tx, queueTable.key(&o.d, queueTable.zone(o.group)), nil)
}

func (s send) doTx(b *Book, tx *bolt.Tx, c campaign.Claim) (campaign.Act, error) {
	d := &s.d
	first := d.Fresh()
	var cargo campaign.Cargo
	if first && d.Revokes != "" {
		cargo.Message = c.NewID()
	} else if first {
		timer, err := carriesTx(tx, &s.to, d.Number)
		if err != nil {
			return nil, err
		}
		cargo = campaign.Cargo{Message: c.NewID(), Text: s.text, Fixed: s.fixed, Upload: s.upload, Timer: timer, Secret: secretOf(d)}
	}
	if err := changeTx(tx, d, func(d *campaign.Delivery) { d.Claim(&s.to, c.Ready.Link, cargo, c.Now) }); err != nil {
		return nil, err
	}
	at := deliveryKey(d.Campaign, d.Seq)
	if first {
		if err := messagesTable.Put(tx, d.Message, at); err != nil {
			return nil, err
		}
		if err := personsTable.Put(tx, d.Campaign, s.to.ID, row(d.Seq)); err != nil {
			return nil, err
		}
	}
	if d.Revokes == "" { // nobody replies to what deletes a message
		if err := latestTable.Put(tx, s.to.ID, d.Number, at); err != nil {
			return nil, err
		}
	}
	if err := inflightTable.Put(tx, d.Number, at); err != nil {
		return nil, err
	}
	if !s.aside {
		s.to.LastSent = c.Now
	}
	if err := putContactTx(tx, &s.to); err != nil {
		return nil, err
	}
	return campaign.Send{Delivery: *d}, spendTx(tx, d, s.pace, c.Now, b.draw())
}

// changeTx changes a delivery that waits. What was in the queue leaves it.
func changeTx(tx *bolt.Tx, d *campaign.Delivery, change func(*campaign.Delivery)) error {
	before := *d
	change(d)
	if !before.Again() {
		if err := dequeueTx(tx, d); err != nil {
			return err
		}
	}
	return putDeliveryTx(tx, &before, d)
}

// dequeueTx takes a delivery that was never tried out of its queue.
func dequeueTx(tx *bolt.Tx, d *campaign.Delivery) error {
	// The group is not in the record: it is one of a few.
	for group := range queueTable.firsts(tx, d.Number, d.Campaign) {
		if own := queueTable.in(group, d.Seq); queueTable.HasAt(tx, own) {
			return queueTable.DeleteAt(tx, own)
		}
	}
	return nil
}
