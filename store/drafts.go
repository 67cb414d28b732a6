package store

import (
	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// ErrChanged is returned when a draft is written that somebody else has
// written since it was read.
var ErrChanged = reason.Err(reason.Changed)

// AddCampaign writes a draft and returns it with its id. A draft may lack
// anything: what it needs is asked for when it starts, see
// [campaign.Campaign.Lacks]. Only a name that is too long is refused.
func (b *Book) AddCampaign(c campaign.Campaign) (campaign.Campaign, error) {
	c.Text = campaign.Text(c.Text)
	if err := people.CheckName(c.Name); err != nil {
		return c, err
	}
	err := b.update(func(tx *bolt.Tx) error {
		id, err := campaignsTable.Next(tx)
		if err != nil {
			return err
		}
		c.ID, c.Rev, c.Status, c.Created = campaign.ID(id), 1, campaign.Draft, b.clock.Now()
		return putCampaignTx(tx, c)
	})
	return c, err
}

// EditDraft writes a draft again, as it has become, and returns it with its
// new Rev. It is ErrChanged if somebody else has written it since that Rev,
// and ErrState once it has started: what people were sent must not change
// afterwards.
func (b *Book) EditDraft(c campaign.Campaign) (campaign.Campaign, error) {
	c.Text = campaign.Text(c.Text)
	if err := people.CheckName(c.Name); err != nil {
		return c, err
	}
	kept := c
	err := b.update(func(tx *bolt.Tx) error {
		old, err := campaignTx(tx, c.ID)
		switch {
		case err != nil:
			return err
		case old.Status != campaign.Draft:
			return reason.Because(ErrState, reason.CampaignEdit, c.ID, old.Status.Reason())
		case old.Rev != c.Rev:
			return reason.Because(ErrChanged, reason.CampaignEditChanged, c.ID)
		}
		kept.Rev, kept.Status, kept.Reason, kept.Created = old.Rev+1, campaign.Draft, reason.Reason{}, old.Created
		return putCampaignTx(tx, kept)
	})
	if err != nil {
		return c, err
	}
	return kept, nil
}
