package store

import (
	"cmp"
	"errors"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// A message that never left does not count for its person. A claim writes that
// they were written to before anything leaves, so that neither a crash nor
// another number writes to them a second time. When the outcome proves that
// nothing left, that is taken back: what counts is the last message of any
// campaign that has left, or may have. If a receipt comes after all, it counts
// again.

// wroteTx writes that a person was written to at a time by a campaign, unless that stands
// aside.
func wroteTx(tx *bolt.Tx, by campaign.ID, id people.ContactID, at time.Time) error {
	if c, err := campaignTx(tx, by); err != nil || c.Aside() {
		return err
	}
	contact, err := contactTx(tx, id)
	if errors.Is(err, ErrNotFound) || err == nil && !at.After(contact.LastSent) {
		return nil
	} else if err != nil {
		return err
	}
	contact.LastSent = at
	return putContactTx(tx, &contact)
}

// unwroteTx takes back that a person was written to with d, which has not left.
// claimed is when it was claimed, if that is known: what another number has
// claimed since then stands.
func unwroteTx(tx *bolt.Tx, d *campaign.Delivery, claimed time.Time) error {
	contact, err := contactTx(tx, d.Contact)
	if errors.Is(err, ErrNotFound) || err == nil && !claimed.IsZero() && !contact.LastSent.Equal(claimed) {
		return nil
	} else if err != nil {
		return err
	}
	if contact.LastSent, err = lastLeftTx(tx, contact.ID, d); err != nil {
		return err
	}
	return putContactTx(tx, &contact)
}

// lastLeftTx is when the last message left for a person, or may have, other
// than d; zero: none did.
func lastLeftTx(tx *bolt.Tx, id people.ContactID, d *campaign.Delivery) (last time.Time, err error) {
	var aside error
	err = eachClaimTx(tx, id, func(other campaign.Delivery) {
		if (other.Campaign != d.Campaign || other.Seq != d.Seq) && other.MayHaveLeft() {
			c, err := campaignTx(tx, other.Campaign)
			if aside = cmp.Or(aside, err); err == nil && !c.Aside() {
				last = later(last, later(other.Claimed, other.Accepted))
			}
		}
	})
	return last, cmp.Or(err, aside)
}

// eachClaimTx looks at what was claimed for a person, in all campaigns.
func eachClaimTx(tx *bolt.Tx, id people.ContactID, look func(campaign.Delivery)) error {
	return campaignsTable.ForEach(tx, func(k, _ []byte) error {
		seq := personsTable.Get(tx, campaignsTable.Parts(k), id)
		if seq == nil {
			return nil
		}
		d, err := deliveryTx(tx, deliveryKey(campaignsTable.Parts(k), fromRow[uint32](seq)))
		if err == nil {
			look(d)
		}
		return err
	})
}
