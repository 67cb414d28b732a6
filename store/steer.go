package store

import (
	"cmp"
	"context"
	"fmt"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// What a person changes of a campaign that is under way. All of it is about what
// nobody has claimed yet: what was claimed keeps its id and what it carries.

// underWayTx is a campaign that is being sent, or would be if it were not paused.
func underWayTx(tx *bolt.Tx, id campaign.ID) (campaign.Campaign, error) {
	c, err := campaignTx(tx, id)
	switch {
	case err != nil:
	case c.Status == campaign.Paused && c.Unstarted():
		err = reason.Because(ErrState, reason.CampaignIs, id, campaign.Scheduled.Reason())
	case c.Status != campaign.Running && c.Status != campaign.Paused:
		err = reason.Because(ErrState, reason.CampaignIs, id, c.Status.Reason())
	}
	return c, err
}

// Skip takes one person out of a campaign that is being sent, or paused: their
// delivery is skipped if it waits and nothing of it may have left. Otherwise it is
// ErrState, with the reason.
func (d *Desk) Skip(id campaign.ID, seq uint32) (one campaign.Delivery, err error) {
	err = d.write(VerbSkip, func(tx *bolt.Tx, e *Entry) error {
		if _, err := underWayTx(tx, id); err != nil {
			return err
		}
		if one, err = deliveryTx(tx, deliveryKey(id, seq)); err != nil {
			return err
		}
		who, then := cmp.Or(one.Name, string(one.Phone)), one
		if !then.TakeOut() {
			return reason.Because(ErrState, reason.SkipRefused, who, reason.New(unskippable(one.State)))
		}
		e.on("delivery", fmt.Sprintf("%d/%d", id, seq), who)
		e.change("state", one.State.String(), then.State.String())
		return changeTx(tx, &one, func(one *campaign.Delivery) { one.TakeOut() })
	})
	return one, err
}

// unskippable says why a delivery in that state cannot be taken out any more.
func unskippable(s campaign.State) reason.Code {
	switch {
	case s == campaign.Sending:
		return reason.SkipSending
	case s == campaign.Unsure:
		return reason.SkipUnsure
	case s == campaign.Failed:
		return reason.SkipFailed
	case s == campaign.Skipped:
		return reason.SkipSkipped
	}
	return reason.SkipLeft
}

// DeliveriesIn returns the deliveries of a campaign to a person: one, as a rule,
// and more if records have turned out to be one person's. It looks at all of them
// and ends early, with the context's error, when ctx does.
func (b *Book) DeliveriesIn(ctx context.Context, id campaign.ID, who people.ContactID) (some []campaign.Delivery, err error) {
	for after, more := int64(-1), true; more; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err = b.view(func(tx *bolt.Tx) error {
			more = false
			shown, err := shownTx(tx, id)
			if err != nil || shown.nothing {
				return err
			}
			looked, theirs := 0, mergedTx(tx, who)
			for k, v := range deliveriesTable.From(tx, deliveriesTable.Of(id), deliveryKey(id, uint32(after+1))) {
				if looked++; looked > aboutPage {
					more = true
					return nil
				}
				_, seq := deliveryAt(k)
				after = int64(seq)
				r := bolt.Dec{B: v}
				r.Version(deliveryVersion)
				if contact := people.ContactID(r.Uint()); contact == 0 || mergedTx(tx, contact) != theirs {
					continue
				}
				d, err := decodeDelivery(k, v)
				if err != nil {
					return err
				}
				some = append(some, shown.delivery(d))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return some, nil
}
