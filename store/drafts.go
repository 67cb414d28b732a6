package store

import (
	"maps"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

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
// [campaign.Campaign.Lacks]. Only a name that is too long is refused. It is for
// those who have consented alone if that is the rule, see RequireConsent; an edit
// says otherwise.
func (d *Desk) AddCampaign(c campaign.Campaign) (campaign.Campaign, error) {
	if !d.May(VerbCampaignNew) {
		return c, ErrRole
	}
	c.Text, c.Poll = campaign.Text(c.Text), c.Options()
	if err := people.CheckName(c.Name); err != nil {
		return c, err
	}
	err := d.write(VerbCampaignNew, func(tx *bolt.Tx, e *Entry) error {
		if err := mayFollowTx(tx, c.FollowUp); err != nil {
			return err
		}
		if !c.Aside() && requiresConsentTx(tx) {
			c.Consented = true
		}
		id, err := campaignsTable.Next(tx)
		if err != nil {
			return err
		}
		c.ID, c.Rev, c.Status, c.Created = campaign.ID(id), 1, campaign.Draft, d.book.clock.Now()
		e.onCampaign(&c)
		e.changeDraft(&campaign.Campaign{}, &c)
		return putCampaignTx(tx, c)
	})
	return c, err
}

// mayFollowTx refuses a second follow-up of a campaign, and one of what was never
// begun; 0 is none. One that was cancelled does not count.
func mayFollowTx(tx *bolt.Tx, of campaign.ID) error {
	if of == 0 {
		return nil
	}
	c, err := campaignTx(tx, of)
	if err != nil {
		return err
	}
	if !c.Followable() {
		return reason.Because(ErrState, reason.CampaignNoFollow, of)
	}
	return campaignsTable.ForEach(tx, func(k, _ []byte) error {
		other, err := campaignTx(tx, campaignsTable.Parts(k))
		if err == nil && other.FollowUp == of && other.Status != campaign.Cancelled {
			return reason.Because(ErrExists, reason.CampaignFollowed, of, other.ID)
		}
		return err
	})
}

// EditDraft writes a draft again, as it has become, and returns it with its
// new Rev. It is ErrChanged if somebody else has written it since that Rev,
// and ErrState once it has started: what people were sent must not change
// afterwards.
func (d *Desk) EditDraft(c campaign.Campaign) (campaign.Campaign, error) {
	if !d.May(VerbCampaignEdit) {
		return c, ErrRole
	}
	c.Text, c.Poll = campaign.Text(c.Text), c.Options()
	if err := people.CheckName(c.Name); err != nil {
		return c, err
	}
	kept := c
	err := d.write(VerbCampaignEdit, func(tx *bolt.Tx, e *Entry) error {
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
		e.onCampaign(&kept)
		e.changeDraft(&old, &kept)
		if err := e.joinTx(tx); err != nil {
			return err
		}
		return putCampaignTx(tx, kept)
	})
	if err != nil {
		return c, err
	}
	return kept, nil
}

// changeDraft notes what is another one about a draft. Of its text that is how
// long it is: what people get is kept with each delivery.
func (e *Entry) changeDraft(before, after *campaign.Campaign) {
	size := func(c *campaign.Campaign) string { return strconv.Itoa(utf8.RuneCountInString(c.Text)) }
	file := func(c *campaign.Campaign) string {
		if c.Attachment == nil {
			return c.Unread.File
		}
		return c.Attachment.Name
	}
	said := map[bool]string{true: "yes"}
	e.change("name", before.Name, after.Name)
	e.change("to", before.To, after.To)
	e.change("numbers", numberList(before.Numbers), numberList(after.Numbers))
	e.change("pace", before.Pace.Limits().String(), after.Pace.Limits().String())
	e.change("attachment", file(before), file(after))
	e.change("variants", strconv.Itoa(len(before.Variants)), strconv.Itoa(len(after.Variants)))
	e.change("poll", strings.Join(before.Poll, " / "), strings.Join(after.Poll, " / "))
	e.change("canary", strconv.Itoa(before.Canary), strconv.Itoa(after.Canary))
	e.change("basis", string(before.Basis), string(after.Basis))
	e.change("include_silent", said[before.Silent], said[after.Silent])
	e.change("require_consent", said[before.Consented], said[after.Consented])
	e.change("no_leave", before.NoLeave, after.NoLeave)
	if before.Text != after.Text {
		e.change("text", size(before), size(after))
		if size(before) == size(after) { // another one as long
			e.change("text", size(before), size(after)+" *")
		}
	}
}

func numberList(ids []campaign.NumberID) string {
	var all []string
	for _, id := range ids {
		all = append(all, strconv.FormatUint(uint64(id), 10))
	}
	return strings.Join(all, ",")
}

// joinWithin is for how long the saves of a draft are one entry.
const joinWithin = time.Hour

// joinTx makes of an entry the next save of what the last one of the audit is
// about, if that is by the same person and of the same draft: what is typed in
// the composer is kept every few seconds.
func (e *Entry) joinTx(tx *bolt.Tx) error {
	e.count("saves", 1)
	k, v := auditTable.Last(tx, nil)
	if k == nil {
		return nil
	}
	last, err := decodeEntry(auditTable.Parts(k), v)
	if err != nil {
		return err
	}
	if last.Verb != e.Verb || last.Actor != e.Actor || last.Target != e.Target || e.At.Sub(last.At) >= joinWithin || e.At.Before(last.At) {
		return nil
	}
	before, after := e.Before, e.After
	if before == nil {
		before = make(Values)
	}
	e.ID, e.At, e.Before, e.After = last.ID, last.At, nil, nil
	e.count("saves", last.Counts["saves"]+1)
	// As it was before the first save, and as it is after this one.
	maps.Copy(before, last.Before)
	for name, was := range before {
		is, touched := after[name]
		if !touched {
			is = last.After[name]
		}
		e.change(name, was, is)
	}
	return nil
}
