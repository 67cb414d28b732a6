package store

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// An opt-out is confirmed once, to whom a campaign has written before, by the number
// that they wrote to. The confirmations of a number are a campaign of their own, as an
// undo is, to which a delivery is added in the transaction that writes the opt-out down;
// it is claimed, sent and settled like any other, at the pace and in the hours of the
// number, so that a kill at any instant neither forgets nor repeats it.
//
// Only what a person writes to a number is confirmed, and not for long, see
// campaign.ConfirmWithin: no opt-out that came from a history, a file, a hand, a
// decision about a doubt or a merge.

// confirmTx lets a number confirm the opt-out of a person who has just been heard; asked
// is what they answer, empty if that is not known. What waits keeps whose account wrote
// it and when, so that it confirms that and nothing else, whatever becomes of the
// record; and the template, which is filled in at its claim.
func confirmTx(tx *bolt.Tx, number campaign.NumberID, contact *people.Contact, m campaign.Incoming, asked string, now time.Time) error {
	if m.Past || late(m.At, now) {
		return nil
	}
	if written, err := writtenToTx(tx, contact); err != nil || !written {
		return err
	}
	n, err := numberTx(tx, number)
	if err != nil || n.Confirm.Off {
		return err
	}
	text := n.Confirm.For(people.Language(m.Text, asked))
	c, err := confirmationsTx(tx, &n, text, now)
	if err != nil {
		return err
	}
	tally, err := tallyTx(tx, c.ID)
	if err != nil {
		return err
	}
	d := campaign.Delivery{
		Campaign: c.ID, Seq: uint32(tally.counts.Total()), Contact: contact.ID, Number: number, Name: contact.Called(), Text: text,
		LID: cmp.Or(m.From.LID, contact.LID), Phone: cmp.Or(m.From.Phone, contact.Phone), Zone: zones{number: n.Phone.Zone()}.of(contact, number),
		Confirms: contact.OptOutAt,
	}
	zone, err := (&queueZones{tx: tx}).of(&d)
	if err != nil {
		return err
	}
	tally.counts[d.State]++
	tally.pending++
	return cmp.Or(
		queueTable.PutAt(tx, queueTable.key(&d, zone), nil),
		deliveriesTable.PutAt(tx, deliveryKey(c.ID, d.Seq), encodeDelivery(&d)),
		putTallyTx(tx, c.ID, tally),
	)
}

// writtenToTx reports whether a message of ours has reached a person, or may have. A no of
// anybody else is none to a campaign.
func writtenToTx(tx *bolt.Tx, contact *people.Contact) (bool, error) {
	if !contact.LastSent.IsZero() {
		return true, nil
	}
	for _, at := range latestTable.Each(tx, latestTable.Of(contact.ID)) { // a test, or an answer
		if d, err := deliveryTx(tx, at); err != nil || d.MayHaveLeft() {
			return err == nil, err
		}
	}
	return false, nil
}

// late reports whether what was written at a time is not confirmed any more.
func late(at, now time.Time) bool { return now.Sub(at) > campaign.ConfirmWithin }

// confirmationsTx is the campaign that the confirmations of a number are, which
// something is about to be added to. A new one is begun in place of one that was
// cancelled or deleted.
func confirmationsTx(tx *bolt.Tx, n *campaign.Number, text string, now time.Time) (campaign.Campaign, error) {
	c, err := campaignTx(tx, n.Confirms)
	_, busy, jobErr := jobTx(tx, campaignJobKey(n.Confirms))
	switch {
	case err != nil && !errors.Is(err, ErrNotFound), jobErr != nil:
		return c, cmp.Or(jobErr, err)
	case err != nil, busy, c.Status == campaign.Cancelled:
	case c.Status == campaign.Finished:
		c.Text = text
		return c, runsAgainTx(tx, c)
	default:
		return c, nil
	}
	id, err := campaignsTable.Next(tx)
	if err != nil {
		return c, err
	}
	c = campaign.Campaign{
		ID: campaign.ID(id), Rev: 1, Name: campaign.ConfirmsName(n.Name), Text: text, To: "optout:sim", Numbers: []campaign.NumberID{n.ID}, Confirms: n.ID,
		Silent: true, Archived: true, Status: campaign.Running, Created: now, Started: now,
	}
	n.Confirms = c.ID
	return c, cmp.Or(putNumberTx(tx, *n), runningTable.Put(tx, c.ID, nil), putCampaignTx(tx, c))
}

// unconfirmedTx is why a person whose opt-out was to be confirmed gets no confirmation;
// empty: they get it.
func unconfirmedTx(tx *bolt.Tx, contact *people.Contact, d *campaign.Delivery, now time.Time) (reason.Reason, error) {
	n, err := numberTx(tx, d.Number)
	switch {
	case err != nil:
		return reason.Reason{}, err
	case contact.LID == "" && len(contact.Phones()) == 0: // is being erased
		return reason.New(reason.DeliveryErased), nil
	case !contact.OptedOut, !contact.OptOutAt.Equal(d.Confirms), !wroteIt(contact, d): // or they came back, and left again
		return reason.New(reason.ConfirmBack), nil
	case n.Confirm.Off:
		return reason.New(reason.ConfirmOff), nil
	case late(d.Confirms, now):
		return reason.New(reason.ConfirmLate, int(campaign.ConfirmWithin/time.Hour)), nil
	}
	seq := personsTable.Get(tx, d.Campaign, contact.ID)
	if seq == nil || fromRow[uint32](seq) == d.Seq {
		return reason.Reason{}, nil
	}
	// Two records may have turned out to be one person, who has been told already.
	before, err := deliveryTx(tx, deliveryKey(d.Campaign, fromRow[uint32](seq)))
	if err == nil && before.MayHaveLeft() && !before.Claimed.Before(d.Confirms) {
		return reason.New(reason.DeliveryDuplicate), nil
	}
	return reason.Reason{}, err
}

// wroteIt reports whether a record is still that of the account that wrote what a
// delivery confirms: people are merged, and taken apart.
func wroteIt(contact *people.Contact, d *campaign.Delivery) bool {
	if d.LID != "" && contact.LID != "" {
		return d.LID == contact.LID
	}
	return slices.ContainsFunc(contact.Phones(), d.Phone.Same)
}

// SetConfirmation changes what a number sends to who opts out, also to those who wait
// for it: off is at once, another text is for who opts out from now on. A text that
// cannot be said to everybody is refused, see [campaign.Confirmation.Check].
func (d *Desk) SetConfirmation(id campaign.NumberID, c campaign.Confirmation) (n campaign.Number, err error) {
	c.Text = campaign.Text(c.Text)
	if !d.May(VerbNumberConfirm) {
		return n, ErrRole
	}
	if err := c.Check(); err != nil {
		return n, err
	}
	err = d.write(VerbNumberConfirm, func(tx *bolt.Tx, e *Entry) error {
		return changeNumberTx(tx, id, func(old *campaign.Number) {
			e.onNumber(old)
			said := map[bool]string{false: "yes", true: "no"}
			e.change("confirmation", said[old.Confirm.Off], said[c.Off])
			e.change("confirmation_text", old.Confirm.Text, c.Text)
			old.Confirm = c
			n = *old
		})
	})
	return n, err
}
