package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// recoverTx puts in doubt what was in flight when the last process ended.
func recoverTx(tx *bolt.Tx, now time.Time) error {
	for _, k := range inflightTable.Keys(tx, nil, math.MaxInt) {
		d, err := deliveryTx(tx, inflightTable.GetAt(tx, k))
		if err != nil {
			return err
		}
		if d.State == campaign.Sending {
			before := d
			d.Interrupt(now)
			if err := unlessCancelledTx(tx, &d); err != nil {
				return err
			}
			if err := putDeliveryTx(tx, &before, &d); err != nil {
				return err
			}
		}
		if err := inflightTable.DeleteAt(tx, k); err != nil {
			return err
		}
	}
	return nil
}

// Settle implements [campaign.Log].
func (b *Book) Settle(claimed campaign.Delivery, o campaign.Outcome, at time.Time) error {
	return b.update(func(tx *bolt.Tx) error { return b.settleTx(tx, claimed, o, at) })
}

// SettleAndClaim implements [campaign.Log]. A transaction that is forgotten takes
// both with it: then the one is in doubt under its id, and the other was the first
// of its group before (see firstTx), as after any claim.
func (b *Book) SettleAndClaim(claimed campaign.Delivery, o campaign.Outcome, c campaign.Claim) (told campaign.Act, err error) {
	err = b.update(func(tx *bolt.Tx) (err error) {
		if err := b.settleTx(tx, claimed, o, c.Now); err != nil {
			return err
		}
		told, err = b.nextTx(tx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	b.noteHold(c.Number, told)
	return told, nil
}

// settleTx writes the outcome of a claimed delivery.
func (b *Book) settleTx(tx *bolt.Tx, claimed campaign.Delivery, o campaign.Outcome, at time.Time) error {
	d, err := deliveryTx(tx, deliveryKey(claimed.Campaign, claimed.Seq))
	if err != nil {
		return err
	}
	before := d
	t, err := turnTx(tx, d.Number)
	if err != nil {
		return err
	}
	if d.Settle(o, b.grace, at) {
		if err := unlessCancelledTx(tx, &d); err != nil {
			return err
		}
		if !d.MayHaveLeft() && d.Revokes == "" {
			if err := unspendTx(tx, d.Number, t.Last); err != nil {
				return err
			}
			if err := unwroteTx(tx, &d, t.Last); err != nil {
				return err
			}
		}
	}
	if err := inflightTable.Delete(tx, d.Number); err != nil {
		return err
	}
	// Gaps are counted from the end of a send, so that a slow one does not
	// bring the next one nearer.
	t.Last = at
	if err := putTurnTx(tx, d.Number, t); err != nil {
		return err
	}
	if err := putDeliveryTx(tx, &before, &d); err != nil {
		return err
	}
	if o.Kind == campaign.Misled {
		if err := redirectTx(tx, &d, o.Answer, at); err != nil {
			return err
		}
	}
	return b.weighTx(tx, &d, o, at)
}

// redirectTx keeps what the service said of the phone of a delivery whose address
// was no good. If that names the account of its recipient, the delivery is tried
// again at once, with its id and all that it carries, after all that a claim
// looks at; once. If it names somebody else's, nothing is sent to that one. The
// delivery must be written before: it has not left, so that it does not stand in
// the way of another one to the same person if two records turn out to be one.
func redirectTx(tx *bolt.Tx, d *campaign.Delivery, a people.Answer, at time.Time) error {
	if _, err := answerTx(tx, a, at); err != nil || !d.Again() {
		return err
	}
	contact, err := contactTx(tx, d.Contact)
	if errors.Is(err, ErrNotFound) { // the claim says so
		return nil
	} else if err != nil {
		return err
	}
	before := *d
	d.Redirect(a, contact.LID, at)
	return putDeliveryTx(tx, &before, d)
}

// unlessCancelledTx gives up a delivery that waits if its campaign was cancelled
// while it was on the wire.
func unlessCancelledTx(tx *bolt.Tx, d *campaign.Delivery) error {
	if !d.Pending() {
		return nil
	}
	c, err := campaignTx(tx, d.Campaign)
	if err == nil && c.Status == campaign.Cancelled {
		d.GiveUp(reason.New(reason.DeliveryCancelled))
	}
	return err
}

// Slow implements [campaign.Log].
func (b *Book) Slow(number campaign.NumberID, why reason.Code, until time.Time) error {
	return b.update(func(tx *bolt.Tx) error {
		t, err := turnTx(tx, number)
		if err != nil {
			return err
		}
		t.Slow = campaign.Hold{Reason: why, Until: until}
		if err := b.slowValidationTx(tx, number, why, until); err != nil {
			return err
		}
		return putTurnTx(tx, number, t)
	})
}

// Receipt writes down that a person confirmed messages of ours: to which state,
// and when. Ids that are not ours are passed over. Of messages to somebody else
// it proves nothing: their ids are returned.
func (b *Book) Receipt(number campaign.NumberID, from people.Seen, ids []campaign.MessageID, state campaign.State, at time.Time) (others []campaign.MessageID, err error) {
	r := campaign.Receipt{Number: number, From: from, Messages: ids, State: state, At: at}
	known := false
	err = b.view(func(tx *bolt.Tx) error {
		others, err = receiptTx(tx, r, func(*campaign.Delivery) error { known = true; return nil })
		return err
	})
	if err != nil || !known {
		return others, err
	}
	err = b.update(func(tx *bolt.Tx) error {
		others, err = receiptTx(tx, r, func(d *campaign.Delivery) error { return advanceTx(tx, d, state, at) })
		return err
	})
	return others, err
}

// receiptsCrowd is how many receipts are worth a commit of their own: more of them
// wait already.
const receiptsCrowd = 50

// Receipts is Receipt for many, all or none. A few ride along with the next commit,
// see [bolt.DB.Soon].
func (b *Book) Receipts(all []campaign.Receipt) (others [][]campaign.MessageID, err error) {
	others = make([][]campaign.MessageID, len(all))
	write := b.db.Soon
	if len(all) >= receiptsCrowd {
		write = b.db.Update
	}
	err = write(func(tx *bolt.Tx) (err error) {
		for i, r := range all {
			if others[i], err = receiptTx(tx, r, func(d *campaign.Delivery) error { return advanceTx(tx, d, r.State, r.At) }); err != nil {
				return err
			}
		}
		return nil
	})
	return others, err
}

// receiptTx does something with each message of a receipt that its number sent to
// that person, and returns the ids of those that went to somebody else.
func receiptTx(tx *bolt.Tx, r campaign.Receipt, do func(d *campaign.Delivery) error) (others []campaign.MessageID, err error) {
	for _, id := range r.Messages {
		d, ok, err := messageTx(tx, id)
		switch {
		case err != nil:
			return nil, err
		case !ok:
		case d.Number != r.Number || !sentToTx(tx, &d, r.From):
			others = append(others, id)
		default:
			if err := do(&d); err != nil {
				return nil, err
			}
		}
	}
	return others, nil
}

// SentTo reports whether the message with that id is one that a number has sent
// to a person.
func (b *Book) SentTo(number campaign.NumberID, to people.Seen, id campaign.MessageID) (sent bool, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		d, ok, err := messageTx(tx, id)
		sent = ok && d.Number == number && sentToTx(tx, &d, to)
		return err
	})
	return sent, err
}

// messageTx returns the delivery that has a message id; not ok if none has.
func messageTx(tx *bolt.Tx, id campaign.MessageID) (d campaign.Delivery, ok bool, err error) {
	where := messagesTable.Get(tx, id)
	if where == nil {
		return d, false, nil
	}
	d, err = deliveryTx(tx, where)
	return d, err == nil, err
}

// sentToTx reports whether a delivery went to a person, who may have got it
// under another address than the one that they are known by now. Another account
// that has their phone today is somebody else.
func sentToTx(tx *bolt.Tx, d *campaign.Delivery, who people.Seen) bool {
	if who.LID != "" && who.LID == d.LID {
		return true
	}
	contact := mergedTx(tx, d.Contact)
	if id, ok := findPersonTx(tx, who.Phone, who.LID); ok && id == contact {
		return true
	}
	return who.LID == "" && who.Phone != "" &&
		(who.Phone.Same(d.Phone) || aliasesTable.Has(tx, sharedKey(who.Phone, contact)))
}

// advanceTx moves a delivery forward on proof.
func advanceTx(tx *bolt.Tx, d *campaign.Delivery, state campaign.State, at time.Time) error {
	before := *d
	d.Advance(state, at)
	if !before.MayHaveLeft() && d.MayHaveLeft() && d.Revokes == "" {
		if err := wroteTx(tx, d.Campaign, d.Contact, d.Accepted); err != nil {
			return err
		}
		if err := respendTx(tx, d); err != nil {
			return err
		}
	}
	return putDeliveryTx(tx, &before, d)
}

// Heard writes down what people wrote to one of our numbers. A message answers
// the delivery that it quotes, or the last one that the person had from that
// number, and if it is a
// no, nobody here writes to them again. After an error some may be written down,
// and to hear them all again completes it.
func (b *Book) Heard(number campaign.NumberID, messages ...campaign.Incoming) error {
	read := make([]incoming, len(messages))
	for i, m := range messages { // not in a transaction, where others would wait for it
		read[i].Incoming = m
		read[i].wish, read[i].why = people.Wants(m.Text, "")
		read[i].token = tokenOf(m.Text)
	}
	hear := func(tx *bolt.Tx, part []incoming) error {
		for _, m := range part {
			if err := heardTx(tx, number, m, b.clock.Now()); err != nil {
				return fmt.Errorf("hear from %s: %w", m.From.Phone.Masked(), err)
			}
		}
		return nil
	}
	if len(read) == 1 { // a live one does not wait behind imports
		return b.update(func(tx *bolt.Tx) error { return hear(tx, read) })
	}
	return inChunks(context.Background(), b, read, hear)
}

// incoming is a message, and what it says if it is not known what was asked.
type incoming struct {
	campaign.Incoming
	wish  people.Wish
	why   string
	token string // of a link of ours, perhaps
}

func heardTx(tx *bolt.Tx, number campaign.NumberID, m incoming, now time.Time) error {
	id, err := seenTx(tx, number, m.From, m.At)
	if err != nil {
		return err
	}
	contact, err := contactTx(tx, id)
	if err != nil {
		return err
	}
	d, replies, err := repliedToTx(tx, contact.ID, number, m.Incoming, now)
	if err != nil {
		return err
	}
	wish, why := m.wish, m.why
	left := false      // they are opted out by this
	unwelcome := false // what they got: they ask to be left alone, or may have
	if replies {       // a bare "não" depends on what was asked, and so does CANCELAR
		wish, why = people.Wants(m.Text, d.Text)
	}
	before := cloneContact(&contact)
	switch {
	case contact.OptedOut:
	case wish == people.No && counts(&contact, contact.OptOutAt, m.At, now):
		_, said, _ := strings.Cut(why, ": ")
		contact.OptedOut, contact.OptOutAt, contact.OptOutWhy = true, m.At, cmp.Or(said, shortened(m.Text))
		left = true
		unwelcome = !before.InDoubt() || contact.DoubtAt.Before(d.Claimed) // who was in doubt about it has been counted
		if replies && d.LeftAt.IsZero() {
			d.LeftAt = m.At
		}
	case wish == people.Doubt && m.At.After(contact.DoubtAt) && counts(&contact, later(contact.OptOutAt, contact.DoubtEnded), m.At, now):
		unwelcome = !contact.InDoubt()
		contact.DoubtAt, contact.DoubtSaid = m.At, shortened(m.Text)
	}
	if wish != people.No && wish != people.Doubt {
		if err := invitedTx(tx, &contact, m); err != nil {
			return err
		}
	}
	if m.At.After(contact.LastSent.Add(-campaign.ClockSlack)) {
		if err := answeredTx(tx, contact.ID); err != nil {
			return err
		}
	}
	if m.At.After(contact.LastHeard) {
		contact.LastHeard = m.At
	}
	if !sameContact(&before, &contact) {
		if err := putContactTx(tx, &contact); err != nil {
			return err
		}
	}
	if left {
		asked := ""
		if replies {
			asked = d.Text
		}
		if err := confirmTx(tx, number, &contact, m.Incoming, asked, now); err != nil {
			return err
		}
	}
	if !replies {
		return nil
	}
	if m.Vote == nil {
		d.Hear(m.Text, m.At)
	} else if err := chosenTx(tx, &d, m.Incoming); err != nil {
		return err
	}
	if m.Quoted != "" { // nobody else knows its id: it has arrived
		if err := advanceTx(tx, &d, campaign.Read, m.At); err != nil {
			return err
		}
	}
	if err := advanceTx(tx, &d, campaign.Replied, m.At); err != nil || !unwelcome {
		return err
	}
	return welcomeTx(tx, d.Campaign, func(w *welcome) { w.wrong(d.Accepted) })
}

// replyWindow is how long after a delivery what a person writes counts as a reply
// to it, unless they quote it.
const replyWindow = 30 * 24 * time.Hour

// repliedToTx finds the delivery to which a message replies; not ok if there is
// none. A quote says which one, or that it is none of ours. Otherwise it is the
// last one that has left, or may have.
func repliedToTx(tx *bolt.Tx, contact people.ContactID, number campaign.NumberID, m campaign.Incoming, now time.Time) (d campaign.Delivery, ok bool, err error) {
	if m.Quoted != "" {
		d, ok, err = messageTx(tx, m.Quoted)
		return d, ok && d.Number == number && (mergedTx(tx, d.Contact) == contact || sentToTx(tx, &d, m.From)), err
	}
	replies := func(d *campaign.Delivery) bool {
		return d.MayHaveLeft() && d.Revokes == "" && d.Number == number && !precedes(m.At, d.Claimed, now) && m.At.Sub(later(d.Claimed, d.Arrived)) <= replyWindow
	}
	where := latestTable.Get(tx, contact, number)
	if where == nil {
		return d, false, nil
	}
	if d, err = deliveryTx(tx, where); err != nil || replies(&d) {
		return d, err == nil, err
	}
	if m.At.Sub(later(d.Claimed, d.Arrived)) > replyWindow {
		return d, false, nil // and the ones before it are older
	}
	// The last one was refused, or the message is from before it.
	err = campaignsTable.ForEach(tx, func(k, _ []byte) error {
		seq := personsTable.Get(tx, campaignsTable.Parts(k), contact)
		if seq == nil {
			return nil
		}
		earlier, err := deliveryTx(tx, deliveryKey(campaignsTable.Parts(k), fromRow[uint32](seq)))
		if err == nil && replies(&earlier) && (!ok || earlier.Claimed.After(d.Claimed)) {
			d, ok = earlier, true
		}
		return err
	})
	return d, ok, err
}

// counts reports whether what a person wrote at that time counts as a wish to be
// left alone, after an opt-in or a decision. One from before that was taken back by
// it, however late it is
// heard and however often. If it is newer than all that was heard, a little
// before counts as after; and so does any time if the opt-in was
// written by a clock that was far ahead, because then its time is not known. What was
// heard when the clock was ahead is not known to be newer either.
func counts(c *people.Contact, since, at, now time.Time) bool {
	newest := at.After(c.LastHeard) || c.LastHeard.After(now) && !at.After(now)
	switch {
	case campaign.Early(since, now):
		return newest
	case newest:
		return at.After(since.Add(-campaign.ClockSlack))
	}
	return at.After(since)
}
