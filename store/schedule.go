package store

import (
	"context"
	"errors"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// A campaign that is scheduled starts by itself: the sweeper begins it as a
// person would, when its time has come. If nobody had the book open then, and an
// hour has passed, it is paused, and a person is asked; so it is when it cannot
// start as it is.

// lookAgain is how long the sweeper sleeps at most while something is scheduled:
// the clock may be set.
const lookAgain = time.Minute

// Schedule says when a campaign is to start that has not; what it lacks is
// refused now. Its zone is that of the time.
func (d *Desk) Schedule(id campaign.ID, at time.Time) (c campaign.Campaign, err error) {
	err = d.write(VerbCampaignSchedule, func(tx *bolt.Tx, e *Entry) error {
		if c, err = campaignTx(tx, id); err != nil {
			return err
		}
		if !c.Unstarted() {
			return reason.Because(ErrState, reason.CampaignSchedule, id, c.Status.Reason())
		}
		if err := joined(c.Lacks()); err != nil {
			return reason.Because(ErrState, reason.CampaignStart, id, reason.Of(err))
		}
		if !at.After(d.book.clock.Now()) {
			return reason.Because(ErrState, reason.SchedulePast, at)
		}
		e.onCampaign(&c)
		e.change("status", c.Status.String(), campaign.Scheduled.String())
		e.change("at", planned(&c), at.Format(time.RFC3339))
		c.Schedule(at)
		c.Status, c.Reason = campaign.Scheduled, reason.Reason{}
		return putCampaignTx(tx, c)
	})
	d.book.wake()
	return c, err
}

// Unschedule makes a campaign a draft again that was scheduled and has not started.
func (d *Desk) Unschedule(id campaign.ID) (c campaign.Campaign, err error) {
	err = d.write(VerbCampaignUnschedule, func(tx *bolt.Tx, e *Entry) error {
		if c, err = campaignTx(tx, id); err != nil {
			return err
		}
		if !c.Unstarted() || c.Status == campaign.Draft {
			return reason.Because(ErrState, reason.CampaignSchedule, id, c.Status.Reason())
		}
		e.onCampaign(&c)
		e.change("status", c.Status.String(), campaign.Draft.String())
		e.change("at", planned(&c), "")
		c.Status, c.Reason, c.At, c.Zone = campaign.Draft, reason.Reason{}, time.Time{}, ""
		return putCampaignTx(tx, c)
	})
	return c, err
}

// Archive takes a campaign from among the others that are shown, or puts it back.
// One that has something to send is refused.
func (d *Desk) Archive(id campaign.ID, away bool) (c campaign.Campaign, err error) {
	said := map[bool]string{true: "yes"}
	err = d.write(VerbCampaignArchive, func(tx *bolt.Tx, e *Entry) error {
		if c, err = campaignTx(tx, id); err != nil {
			return err
		}
		switch c.Status {
		case campaign.Draft, campaign.Finished, campaign.Cancelled:
		default:
			return reason.Because(ErrState, reason.CampaignArchive, id, c.Status.Reason())
		}
		e.onCampaign(&c)
		e.change("archived", said[c.Archived], said[away])
		c.Archived = away
		return putCampaignTx(tx, c)
	})
	return c, err
}

// planned is when a campaign is to start, for the audit.
func planned(c *campaign.Campaign) string {
	if c.At.IsZero() {
		return ""
	}
	return c.Planned().Format(time.RFC3339)
}

// nextDueTx is the campaign that starts by itself next; 0: none.
func nextDueTx(tx *bolt.Tx) (campaign.ID, time.Time) {
	for k := range scheduledTable.Each(tx, nil) {
		at, id := scheduledTable.Parts(k)
		return id, at.time()
	}
	return 0, time.Time{}
}

// NextStart is when the next campaign starts by itself, if nothing is being sent
// or done until then; zero: something is, or none is scheduled.
func (b *Book) NextStart() (at time.Time, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		if !runningTable.Any(tx, nil) && !jobsTable.Any(tx, nil) {
			_, at = nextDueTx(tx)
		}
		return nil
	})
	return at, err
}

// startDue starts what is due, and returns for how long nothing else is; 0: until
// somebody wakes the sweeper.
func (b *Book) startDue(ctx context.Context) (next time.Duration) {
	for {
		var id campaign.ID
		var at, now time.Time
		err := b.view(func(tx *bolt.Tx) error {
			id, at = nextDueTx(tx)
			return nil
		})
		switch now = b.clock.Now(); {
		case err != nil:
			b.logger.Error("look for what is scheduled", "err", err)
			return lookAgain
		case id == 0:
			return 0
		case at.After(now):
			return min(at.Sub(now), lookAgain)
		}
		if err := b.startPlanned(ctx, id, at, now); err != nil {
			if !errors.Is(err, context.Canceled) && !errors.Is(err, ErrClosed) {
				b.logger.Error("start what is scheduled", "campaign", id, "err", err)
			}
			return diskPause
		}
	}
}

// startPlanned starts one campaign that is due, or pauses it with the reason why
// it does not start. The error is that of a disk, or of ctx: it stays as it is.
func (b *Book) startPlanned(ctx context.Context, id campaign.ID, at, now time.Time) error {
	why := reason.New(reason.CampaignMissed, at)
	if now.Sub(at) <= campaign.MissedAfter {
		_, err := b.Desk(itself).Begin(ctx, id, now)
		if err == nil || ctx.Err() != nil || b.Err() != nil {
			return err
		}
		why = reason.Of(err)
	}
	return b.update(func(tx *bolt.Tx) error {
		c, err := campaignTx(tx, id)
		if err != nil || c.Status != campaign.Scheduled || !c.At.Equal(at) {
			return err // somebody was faster
		}
		c.Status, c.Reason = campaign.Paused, why
		if err := putCampaignTx(tx, c); err != nil {
			return err
		}
		return pausedItselfTx(tx, &c, campaign.Scheduled, why, now)
	})
}
