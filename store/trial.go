package store

import (
	"context"
	"time"

	"recado/campaign"
	"recado/campaign/people"
)

// SendTest sends a campaign to one person, to see what it looks like: as a
// campaign of its own, which is marked as a test and archived, and goes the same
// way through pace, opt-outs and claims. That it was sent says nothing of when
// the person may get the next campaign. It returns the test as it is being sent.
func SendTest(ctx context.Context, d *Desk, id campaign.ID, to people.ContactID, now time.Time) (campaign.Campaign, error) {
	of, err := d.book.Campaign(id)
	if err != nil {
		return of, err
	}
	test := of.Copy()
	test.TestOf, test.Only, test.Archived, test.Variants, test.Canary = id, to, true, nil, 0
	if test, err = d.AddCampaign(test); err != nil {
		return test, err
	}
	if _, err = d.Begin(ctx, test.ID, now); err == nil {
		return d.book.Started(ctx, test.ID)
	}
	if _, gone := d.Cancel(test.ID); gone != nil {
		d.book.logger.Error("cancel a test that did not start", "campaign", test.ID, "err", gone)
	}
	return test, err
}
