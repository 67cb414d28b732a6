package store

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// What is done when the last transaction may be forgotten: one of the two first
// pages of the file was damaged when it was opened, and nobody can say whether
// it was the newer, or Mend went back on purpose.
//
// What may be forgotten is a claim whose message has left. Its id is lost with
// it, and to send again would be with another id, which nobody folds. But it
// is known which delivery it can have been: a claim takes what was the first
// of a group of its queue, or waited to be tried again, before its transaction
// began (see firstTx), in a campaign that was running then. So these are held:
// they are unsure, have left their queues, and are claimed no more, until a
// person says what became of them (Decide), or the recipient does (Prove): a
// receipt whose id nobody knows, from the chat of one that is held.
//
// Everything else that may be forgotten, a reply, an opt-out, a receipt, can be
// seen on the phone alone. So every running campaign is paused, for a reason
// that says so.

// forgetTx holds what a forgotten transaction may have claimed. It must come
// before recoverTx: what is in flight is no part of it.
func forgetTx(tx *bolt.Tx, now time.Time) error {
	var running []campaign.ID
	err := campaignsTable.ForEach(tx, func(k, _ []byte) error {
		c, err := campaignTx(tx, campaignsTable.Parts(k))
		if err == nil && (c.Status == campaign.Running || c.Status == campaign.Freezing) {
			running = append(running, c.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	spent := make(map[campaign.NumberID]bool)
	for _, id := range running {
		c, err := setStatusTx(tx, id, campaign.Paused, reason.New(reason.CampaignDamage), campaign.Running, campaign.Freezing)
		if errors.Is(err, ErrState) { // it freezes, and is paused when it is done anyway
			continue
		} else if err != nil {
			return err
		}
		if c.Status != campaign.Paused {
			continue
		}
		if err := pausedItselfTx(tx, &c, campaign.Running, c.Reason, now); err != nil {
			return err
		}
		for _, n := range c.Numbers {
			held, err := holdFirstTx(tx, n, id, now)
			if err != nil {
				return err
			}
			if len(held) == 0 || spent[n] {
				continue
			}
			// A number claims one at a time: one message may have left by it that
			// none of its limits knows of.
			spent[n] = true
			number, err := numberTx(tx, n)
			if err != nil {
				return err
			}
			if err := spendTx(tx, &held[0], number.Pace(now), now, rand.Float64()); err != nil {
				return err
			}
		}
		// It may have nothing left to send, and is not done before somebody has
		// looked at what is held.
		if err := putCampaignTx(tx, c); err != nil {
			return err
		}
	}
	return nil
}

// holdFirstTx holds the first of each group of a queue, and all that waits to
// be tried again.
func holdFirstTx(tx *bolt.Tx, n campaign.NumberID, id campaign.ID, now time.Time) (held []campaign.Delivery, err error) {
	turn, err := turnTx(tx, n)
	if err != nil {
		return nil, err
	}
	seqs := firstsTx(tx, n, id)
	for k := range againTable.Each(tx, againTable.Of2(n, id)) {
		_, _, seq := againTable.Parts(k)
		seqs = append(seqs, seq)
	}
	for _, seq := range seqs {
		d, err := deliveryTx(tx, deliveryKey(id, seq))
		if err != nil {
			return nil, err
		}
		before := d
		if !before.Again() {
			if err := dequeueTx(tx, &d); err != nil {
				return nil, err
			}
		}
		d.Forget(turn.Last)
		if d.Message == "" {
			// Nor is anybody else to be written to who turns out to be them.
			if err := keepClaimTx(tx, id, mergedTx(tx, d.Contact), seq); err != nil {
				return nil, err
			}
		}
		if err := putDeliveryTx(tx, &before, &d); err != nil {
			return nil, err
		}
		if held = append(held, d); d.Revokes != "" { // it writes to nobody
			continue
		}
		if err := wroteTx(tx, d.Campaign, d.Contact, now); err != nil {
			return nil, err
		}
	}
	return held, nil
}

// firstsTx lists the first delivery of each group in a number's queue of a
// campaign.
func firstsTx(tx *bolt.Tx, n campaign.NumberID, id campaign.ID) (seqs []uint32) {
	for _, seq := range queueTable.firsts(tx, n, id) {
		seqs = append(seqs, seq)
	}
	return seqs
}

// firstTx reports whether a delivery may be claimed by a transaction that
// begins now. Only what forgetTx would hold may: otherwise a claim that is
// forgotten could have taken what nobody holds.
func firstTx(committed *bolt.Tx, d *campaign.Delivery) (bool, error) {
	c, err := campaignTx(committed, d.Campaign)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	} else if err != nil || c.Status != campaign.Running {
		return false, err
	}
	if againTable.Get(committed, d.Number, d.Campaign, d.Seq) != nil {
		return true, nil
	}
	for _, seq := range firstsTx(committed, d.Number, d.Campaign) {
		if seq == d.Seq {
			return true, nil
		}
	}
	return false, nil
}

// Prove is told of receipts for messages that one of our numbers may have sent
// to a person: ids of ours that the book does not know, which state they prove
// and when. If exactly one delivery to that person by that number is held
// because its claim may be forgotten, then it is the one: it is given the id and
// is no longer in doubt.
func (b *Book) Prove(number campaign.NumberID, to people.Seen, ids []campaign.MessageID, state campaign.State, at time.Time) error {
	var found campaign.Delivery
	look := func(tx *bolt.Tx) (err error) {
		found, err = forgottenTx(tx, number, to, ids, at, b.clock.Now())
		return err
	}
	if err := b.view(look); err != nil || found.Message == "" {
		return err
	}
	return b.update(func(tx *bolt.Tx) error {
		if err := look(tx); err != nil || found.Message == "" {
			return err
		}
		d := found
		if err := messagesTable.Put(tx, d.Message, deliveryKey(d.Campaign, d.Seq)); err != nil {
			return err
		}
		if err := reachedTx(tx, &d, at); err != nil {
			return err
		}
		return advanceTx(tx, &d, state, at)
	})
}

// forgottenTx finds the delivery that a receipt speaks of, and gives it the id.
// It returns one without an id if there is no such delivery, or more than one.
func forgottenTx(tx *bolt.Tx, number campaign.NumberID, to people.Seen, ids []campaign.MessageID, at, now time.Time) (found campaign.Delivery, err error) {
	var unknown []campaign.MessageID
	for _, id := range ids {
		if messagesTable.Get(tx, id) == nil {
			unknown = append(unknown, id)
		}
	}
	contact, ok := findPersonTx(tx, to.Phone, to.LID)
	if len(unknown) != 1 || !ok {
		return found, nil
	}
	candidates := 0
	err = eachClaimTx(tx, contact, func(d campaign.Delivery) {
		if d.Number == number && d.ClaimForgotten() && !precedes(at, d.Claimed, now) {
			candidates++
			found = d
		}
	})
	if err != nil || candidates != 1 {
		return campaign.Delivery{}, err
	}
	found.Identify(unknown[0])
	return found, nil
}

// reachedTx keeps what follows from a delivery that was held and has reached
// somebody: they were written to, and what they write replies to it.
func reachedTx(tx *bolt.Tx, d *campaign.Delivery, at time.Time) error {
	contact, err := contactTx(tx, mergedTx(tx, d.Contact))
	if errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	if d.Revokes != "" { // it writes nothing to them
		return nil
	}
	d.Address(contact.LID)
	if err := wroteTx(tx, d.Campaign, contact.ID, at); err != nil {
		return err
	}
	if d.Message == "" {
		return nil
	}
	return latestTable.Put(tx, contact.ID, d.Number, deliveryKey(d.Campaign, d.Seq))
}

// Decide writes what a person knows of a delivery that is unsure: that it has
// arrived, that it is to be sent, or that it is to be left alone. Sent once
// more it keeps its id and what it carries, if it has them. It is ErrState if
// the delivery is not unsure, or is to be sent though its campaign was
// cancelled. To send one of a finished campaign lets that run again.
func (desk *Desk) Decide(id campaign.ID, seq uint32, v campaign.Verdict, now time.Time) (d campaign.Delivery, err error) {
	err = desk.write(VerbDecide, func(tx *bolt.Tx, e *Entry) error {
		if d, err = deliveryTx(tx, deliveryKey(id, seq)); err != nil {
			return err
		}
		e.on("delivery", fmt.Sprintf("%d/%d", id, seq), cmp.Or(d.Name, string(d.Phone)))
		if d.State != campaign.Unsure {
			return reason.Because(ErrState, reason.DeliveryDecided, seq, id)
		}
		before := d
		switch v {
		case campaign.Arrived:
			err = reachedTx(tx, &d, now)
		case campaign.SendIt:
			err = sendAgainTx(tx, &d)
		}
		if err != nil {
			return err
		}
		if !d.Decide(v, now) {
			return fmt.Errorf("decide about a delivery: %q is no verdict", v)
		}
		e.change("state", before.State.String(), d.State.String())
		return putDeliveryTx(tx, &before, &d)
	})
	return d, err
}

// sendAgainTx makes room for an unsure delivery that is to be sent once more, in
// a campaign that runs or can.
func sendAgainTx(tx *bolt.Tx, d *campaign.Delivery) error {
	c, err := campaignTx(tx, d.Campaign)
	if err != nil {
		return err
	}
	if c.Status == campaign.Cancelled {
		return reason.Because(ErrState, reason.CampaignIs, d.Campaign, c.Status.Reason())
	}
	if err := mayStayTx(tx, d); err != nil {
		return err
	}
	if err := unwroteTx(tx, d, time.Time{}); err != nil {
		return err
	}
	who := mergedTx(tx, d.Contact)
	if own := personsTable.Get(tx, d.Campaign, who); d.Message == "" && own != nil && fromRow[uint32](own) == d.Seq {
		if err := personsTable.Delete(tx, d.Campaign, who); err != nil {
			return err
		}
	}
	if c.Status == campaign.Finished {
		return runsAgainTx(tx, c)
	}
	return nil
}

// runsAgainTx lets a finished campaign run again, because something of it waits. It
// stands among the others then.
func runsAgainTx(tx *bolt.Tx, c campaign.Campaign) error {
	c.Archived = c.Archived && c.Aside()
	c.Status, c.Ended = campaign.Running, time.Time{}
	if err := runningTable.Put(tx, c.ID, nil); err != nil {
		return err
	}
	return putCampaignTx(tx, c)
}
