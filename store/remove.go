package store

import (
	"context"
	"errors"
	"math"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// A campaign of which nothing was ever tried to be sent can be deleted: nobody has
// anything of it, and nothing of it is evidence. One that has sent stays; it can be
// archived. Ids are not used again.

// DeleteCampaign takes a campaign out of the book that has claimed nothing: a draft, or
// one that was cancelled, or has ended, before anything of it left. Otherwise it is
// ErrState, with the reason. It returns the campaign as it was, when it is gone; after
// an error with ErrGoesOn it will be, ctx ends the waiting alone.
func (d *Desk) DeleteCampaign(ctx context.Context, id campaign.ID) (c campaign.Campaign, err error) {
	if !d.May(VerbCampaignDelete) {
		return c, ErrRole
	}
	b := d.book
	if err := b.untried(ctx, id); err != nil {
		return c, err
	}
	var wait func(context.Context) (job, error)
	err = d.write(VerbCampaignDelete, func(tx *bolt.Tx, e *Entry) error {
		if c, err = deletableTx(tx, id); err != nil {
			return err
		}
		e.onCampaign(&c)
		t, err := tallyTx(tx, id)
		if err != nil || t.counts.Total() == 0 {
			wait = nil
			if err == nil {
				err = dropCampaignTx(tx, &c)
			}
			return err
		}
		e.Outcome, e.Ended = Asked, time.Time{}
		if err := addEntryTx(tx, e); err != nil {
			return err
		}
		wait = b.await(campaignJobKey(id))
		return putJobTx(tx, campaignJobKey(id), job{Job: Job{Kind: JobDelete, Campaign: id, Total: t.counts.Total()}, Audit: e.ID})
	})
	if err != nil || wait == nil {
		return c, err
	}
	b.wake()
	_, err = wait(ctx)
	return c, err
}

// deletableTx is a campaign that sends nothing and of which no job goes on.
func deletableTx(tx *bolt.Tx, id campaign.ID) (campaign.Campaign, error) {
	c, err := campaignTx(tx, id)
	if err != nil {
		return c, err
	}
	over := c.Unstarted() || c.Status == campaign.Cancelled || c.Status == campaign.Finished
	if _, busy, err := jobTx(tx, campaignJobKey(id)); err != nil || busy || !over {
		if err == nil {
			err = reason.Because(ErrState, reason.DeleteRefused, id, reason.New(reason.DeleteRuns))
		}
		return c, err
	}
	return c, nil
}

// untried refuses a campaign of which something was claimed, or may have been.
func (b *Book) untried(ctx context.Context, id campaign.ID) error {
	for after, more := int64(-1), true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := b.view(func(tx *bolt.Tx) error {
			if _, err := deletableTx(tx, id); err != nil {
				return err
			}
			looked := 0
			more = false
			for k, v := range deliveriesTable.From(tx, deliveriesTable.Of(id), deliveryKey(id, uint32(after+1))) {
				if looked++; looked > aboutPage {
					more = true
					return nil
				}
				d, err := decodeDelivery(k, v)
				if err != nil {
					return err
				}
				if after = int64(d.Seq); d.Message != "" || d.MayHaveLeft() {
					return reason.Because(ErrState, reason.DeleteRefused, id, reason.New(reason.DeleteSent))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// deleteChunkTx takes the next n deliveries of a campaign away that is being deleted,
// and the campaign with the last ones.
func deleteChunkTx(tx *bolt.Tx, j *job, n int) (done bool, err error) {
	gone, err := takeAwayTx(tx, j.Campaign, n, func(*tally, *campaign.Delivery) error { return nil })
	if err != nil {
		return false, err
	}
	j.Done += gone
	// What changed last leads to deliveries: it goes with the first of them.
	if err := forgetEventsTx(tx, j.Campaign); err != nil || gone == n {
		return false, err
	}
	c, err := campaignTx(tx, j.Campaign)
	if err != nil {
		return false, err
	}
	return true, dropCampaignTx(tx, &c)
}

// takeAwayTx takes the next n deliveries of a campaign out of the book, and says how
// many there were: less than n, they were the last ones. What else stands of a
// delivery goes takes away before, and may correct the tally for it.
func takeAwayTx(tx *bolt.Tx, id campaign.ID, n int, goes func(*tally, *campaign.Delivery) error) (gone int, err error) {
	t, err := tallyTx(tx, id)
	if err != nil {
		return 0, err
	}
	made := deliveriesTable.Keys(tx, deliveriesTable.Of(id), n)
	for _, at := range made {
		d, err := deliveryTx(tx, at)
		if err != nil {
			return 0, err
		}
		t.counts[d.State]--
		if err := goes(&t, &d); err != nil {
			return 0, err
		}
		if err := deliveriesTable.DeleteAt(tx, at); err != nil {
			return 0, err
		}
	}
	return len(made), putTallyTx(tx, id, t)
}

// forgetEventsTx forgets what changed last of a campaign of which nothing is evidence.
func forgetEventsTx(tx *bolt.Tx, id campaign.ID) error {
	for _, k := range eventsTable.Keys(tx, eventsTable.Of(id), math.MaxInt) {
		if err := eventsTable.DeleteAt(tx, k); err != nil {
			return err
		}
	}
	return chainedTable.Delete(tx, eventsOf(id))
}

// dropCampaignTx takes a campaign without deliveries out of the book.
func dropCampaignTx(tx *bolt.Tx, c *campaign.Campaign) error {
	rows := []error{unguardTx(tx, c.ID), countsTable.Delete(tx, c.ID), forgetEventsTx(tx, c.ID)}
	for _, k := range uploadsTable.Keys(tx, uploadsTable.Of(c.ID), math.MaxInt) {
		rows = append(rows, uploadsTable.DeleteAt(tx, k))
	}
	for _, k := range personsTable.Keys(tx, personsTable.Of(c.ID), math.MaxInt) {
		rows = append(rows, personsTable.DeleteAt(tx, k))
	}
	if c.AnswerTo != 0 {
		rows = append(rows, answersTable.Delete(tx, c.AnswerTo, c.AnswerSeq, c.ID))
	}
	if c.Status == campaign.Scheduled {
		rows = append(rows, scheduledTable.Delete(tx, momentOf(c.At), c.ID))
	}
	return errors.Join(append(rows, campaignsTable.Delete(tx, c.ID))...)
}
