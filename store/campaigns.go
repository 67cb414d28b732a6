package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Campaign returns one campaign, or ErrNotFound.
func (b *Book) Campaign(id campaign.ID) (c campaign.Campaign, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		c, err = campaignTx(tx, id)
		return err
	})
	return c, err
}

// Campaigns lists all campaigns, the newest first: by when each was started,
// or written if it was not.
func (b *Book) Campaigns() (all []campaign.Campaign, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		for k := range campaignsTable.Back(tx, nil) {
			c, err := campaignTx(tx, campaignsTable.Parts(k))
			if err != nil {
				return err
			}
			all = append(all, c)
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b campaign.Campaign) int { return b.Begun().Compare(a.Begun()) })
	return all, err
}

// Counts returns how many deliveries of a campaign are in each state. Of one
// that was cancelled nothing is queued any more, wherever the sweeper is.
func (b *Book) Counts(id campaign.ID) (counts campaign.Counts, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		shown, err := shownTx(tx, id)
		if err != nil || shown.nothing {
			return err
		}
		t, err := tallyTx(tx, id)
		if counts = t.counts; shown.cancelled {
			counts[campaign.Skipped] += counts[campaign.Queued]
			counts[campaign.Queued] = 0
		}
		return err
	})
	return counts, err
}

// Idle reports whether no campaign is running or scheduled and the book has no work of its
// own. A job that cannot go on is an error.
func (b *Book) Idle() (idle bool, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		runs, err := sendsTx(tx)
		if err != nil {
			return err
		}
		work, err := firstJobTx(tx)
		if idle = !runs && work == nil; !runs && !idle {
			return b.jobStopped(work)
		}
		if err != nil {
			return err
		}
		return validatingTable.ForEach(tx, func(_, v []byte) error {
			var one Validation
			err := json.Unmarshal(v, &one)
			idle = idle && one.Status != Validating
			return err
		})
	})
	return idle, err
}

// sendsTx reports whether a campaign is running or scheduled. Confirmations of a number
// that is not linked are not: nobody can send them.
func sendsTx(tx *bolt.Tx) (bool, error) {
	if scheduledTable.Any(tx, nil) {
		return true, nil
	}
	for k := range runningTable.Each(tx, nil) {
		c, err := campaignTx(tx, runningTable.Parts(k))
		if err != nil || c.Confirms == 0 {
			return err == nil, err
		}
		if n, err := numberTx(tx, c.Confirms); err != nil || n.Linked() {
			return err == nil, err
		}
	}
	return false, nil
}

// Held implements [campaign.Log].
func (b *Book) Held(number campaign.NumberID, hold campaign.Hold) {
	b.mu.Lock()
	same := b.holds[number] == hold
	b.holds[number] = hold
	b.mu.Unlock()
	if !same {
		b.bell.Ring()
	}
}

// Holds says, for every number that a lane has asked about, what holds its
// next message.
func (b *Book) Holds() map[campaign.NumberID]campaign.Hold {
	b.mu.Lock()
	defer b.mu.Unlock()
	holds := make(map[campaign.NumberID]campaign.Hold, len(b.holds))
	for n, h := range b.holds {
		holds[n] = h
	}
	return holds
}

// Pause stops a running campaign before its next send. One that is still
// freezing goes on with that, and is paused when it is done; one that is
// scheduled does not start before it is resumed.
func (d *Desk) Pause(id campaign.ID) (campaign.Campaign, error) {
	return d.setStatus(VerbCampaignPause, id, campaign.Paused, campaign.Running, campaign.Freezing, campaign.Scheduled)
}

// Resume lets a paused campaign go on, and one that is freezing run when it is
// done. One that was scheduled is so again or, if its time has passed, starts.
func (d *Desk) Resume(id campaign.ID) (c campaign.Campaign, err error) {
	if c, err = d.book.Campaign(id); err != nil {
		return c, err
	}
	if now := d.book.clock.Now(); c.Status == campaign.Paused && c.Unstarted() {
		if c.At.After(now) {
			return d.Schedule(id, c.Planned())
		}
		return d.Begin(context.Background(), id, now)
	}
	err = d.write(VerbCampaignResume, func(tx *bolt.Tx, e *Entry) error {
		before, err := campaignTx(tx, id)
		if err != nil {
			return err
		}
		e.onCampaign(&before)
		e.change("status", heldStatusTx(tx, &before), campaign.Running.String())
		if c, err = setStatusTx(tx, id, campaign.Running, reason.Reason{}, campaign.Paused, campaign.Freezing); err != nil || c.Status != campaign.Running {
			return err
		}
		if err := unguardTx(tx, id); err != nil {
			return err
		}
		c.LetAllSend()
		if stuckTx(tx, &c) {
			why, err := whyStuckTx(tx, &c)
			if err == nil {
				err = &reason.Error{Reason: why, Err: ErrState}
			}
			return err
		}
		c.Tried = c.Tried || before.Reason.Code == reason.CampaignTried
		if err := putCampaignTx(tx, c); err != nil {
			return err
		}
		t, err := tallyTx(tx, id)
		if err != nil || t.pending > 0 {
			return err
		}
		if err := finishTx(tx, id); err != nil { // all that was left is held, see forgotten.go
			return err
		}
		c, err = campaignTx(tx, id)
		return err
	})
	d.book.wake()
	return c, err
}

// Cancel ends a campaign for good: what is queued is skipped. Of one that is
// still freezing nothing stays but the campaign.
func (d *Desk) Cancel(id campaign.ID) (campaign.Campaign, error) {
	return d.setStatus(VerbCampaignCancel, id, campaign.Cancelled, campaign.Draft, campaign.Scheduled, campaign.Running, campaign.Paused, campaign.Freezing)
}

func (d *Desk) setStatus(v Verb, id campaign.ID, to campaign.Status, from ...campaign.Status) (c campaign.Campaign, err error) {
	err = d.write(v, func(tx *bolt.Tx, e *Entry) error {
		before, err := campaignTx(tx, id)
		if err != nil {
			return err
		}
		e.onCampaign(&before)
		e.change("status", heldStatusTx(tx, &before), to.String())
		if v == VerbCampaignCancel {
			if err := d.book.endSteeringTx(tx, id); err != nil {
				return err
			}
		}
		if c, err = setStatusTx(tx, id, to, reason.Reason{}, from...); err != nil || v != VerbCampaignCancel {
			return err
		}
		return d.book.cancelsTx(tx, e, id)
	})
	d.book.wake()
	return c, err
}

// heldStatusTx is the status of a campaign before a verb: one that freezes and
// is to be paused then is paused already, for a person.
func heldStatusTx(tx *bolt.Tx, c *campaign.Campaign) string {
	if c.Status == campaign.Freezing {
		if j, err := freezeJobTx(tx, c.ID); err == nil && j.Held {
			return campaign.Paused.String()
		}
	}
	return c.Status.String()
}

// cancelsTx lets the job that a cancel has left complete its entry, in place of
// that of the start that it undoes.
func (b *Book) cancelsTx(tx *bolt.Tx, e *Entry, id campaign.ID) error {
	k := campaignJobKey(id)
	j, ok, err := jobTx(tx, k)
	if err != nil || !ok {
		return err
	}
	if err := b.closeEntryTx(tx, j.Audit, func(e *Entry) { e.fail(reason.New(reason.AuditCancelled)) }); err != nil {
		return err
	}
	e.Outcome, e.Ended = Asked, time.Time{}
	if err := addEntryTx(tx, e); err != nil {
		return err
	}
	j.Audit = e.ID
	return putJobTx(tx, k, j)
}

// setStatusTx writes the status alone. What follows from it for many
// deliveries is the sweeper's.
func setStatusTx(tx *bolt.Tx, id campaign.ID, to campaign.Status, why reason.Reason, from ...campaign.Status) (campaign.Campaign, error) {
	c, err := campaignTx(tx, id)
	if err != nil {
		return c, err
	}
	if !slices.Contains(from, c.Status) {
		return c, reason.Because(ErrState, reason.CampaignIs, id, c.Status.Reason())
	}
	k := campaignJobKey(id)
	switch {
	case c.Status == campaign.Freezing && to == campaign.Cancelled:
		j, err := freezeJobTx(tx, id)
		if err != nil {
			return c, err
		}
		j.Kind = JobUnfreeze
		if err := putJobTx(tx, k, j); err != nil {
			return c, err
		}
	case c.Status == campaign.Freezing:
		j, err := freezeJobTx(tx, id)
		if err != nil {
			return c, err
		}
		if hold := to == campaign.Paused; j.Kind != JobFreeze || j.Held == hold {
			return c, reason.Because(ErrState, reason.CampaignIs, id, c.Status.Reason())
		} else {
			j.Held, j.Freeze.Why = hold, why
		}
		return c, putJobTx(tx, k, j)
	case !c.Unstarted() && to == campaign.Cancelled:
		if err := putJobTx(tx, k, job{Job: Job{Kind: JobCancel, Campaign: id}}); err != nil {
			return c, err
		}
	}
	c.Status, c.Reason = to, why
	if c.Confirms != 0 { // what pauses itself is not looked for in the archive
		c.Archived = to != campaign.Paused || why.IsZero()
	}
	if to == campaign.Cancelled {
		c.Ended = time.Now()
	}
	if to == campaign.Running {
		err = runningTable.Put(tx, id, nil)
	} else {
		err = runningTable.Delete(tx, id)
	}
	if err != nil {
		return c, err
	}
	return c, putCampaignTx(tx, c)
}

// finishTx ends a campaign that has nothing left to send.
func finishTx(tx *bolt.Tx, id campaign.ID) error {
	c, err := campaignTx(tx, id)
	if err != nil || c.Status != campaign.Running && c.Status != campaign.Paused {
		return err
	}
	c.Status, c.Reason, c.Ended = campaign.Finished, reason.Reason{}, time.Now()
	c.LetAllSend()
	if err := runningTable.Delete(tx, id); err != nil {
		return err
	}
	if err := unguardTx(tx, id); err != nil {
		return err
	}
	return putCampaignTx(tx, c)
}

// putCampaignTx writes a campaign, and when it starts by itself.
func putCampaignTx(tx *bolt.Tx, c campaign.Campaign) error {
	before, err := campaignTx(tx, c.ID)
	if err == nil && before.Status != c.Status && !before.Status.May(c.Status) {
		return reason.Because(fmt.Errorf("campaign %d: from %v to %v", c.ID, before.Status, c.Status), reason.OurMistake)
	}
	if err == nil && before.Status == campaign.Scheduled {
		err = scheduledTable.Delete(tx, momentOf(before.At), c.ID)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if c.Status == campaign.Scheduled {
		if err := scheduledTable.Put(tx, momentOf(c.At), c.ID, nil); err != nil {
			return err
		}
	}
	if c.AnswerTo != 0 {
		if err := answersTable.Put(tx, c.AnswerTo, c.AnswerSeq, c.ID, nil); err != nil {
			return err
		}
	}
	v, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return campaignsTable.Put(tx, c.ID, v)
}

func campaignTx(tx *bolt.Tx, id campaign.ID) (c campaign.Campaign, err error) {
	v := campaignsTable.Get(tx, id)
	if v == nil {
		return c, reason.Because(ErrNotFound, reason.CampaignNotFound, id)
	}
	if err := json.Unmarshal(v, &c); err != nil {
		return c, fmt.Errorf("campaign %d: %w", id, err)
	}
	return c, nil
}
