package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// How a campaign starts.
//
// Begin looks for the audience in one read transaction and writes down who it
// is together with the status Freezing. From then on it is known who belongs to
// the campaign: people who are added later do not, and people who are edited
// meanwhile stay. The sweeper makes the deliveries, in chunks, from the records as they
// are when their turn comes. When all are made, and not before, the campaign is
// among the running ones.

// ErrGoesOn says that what was waited for is written down and goes on by
// itself, also when this process ends and another one opens the book.
var ErrGoesOn = reason.Err(reason.GoesOn)

// goesOn is the error of a wait that ended while the work goes on.
func goesOn(err error) error {
	return reason.Because(fmt.Errorf("%w: %w", err, ErrGoesOn), reason.GoesOn, reason.Of(err))
}

// Start is Begin, and waits until the campaign is running.
func (d *Desk) Start(id campaign.ID, now time.Time) (campaign.Campaign, error) {
	ctx := context.Background()
	if c, err := d.Begin(ctx, id, now); err != nil {
		return c, err
	}
	return d.book.Started(ctx, id)
}

// errEdited is returned by a start when the draft has been edited since its
// people were looked up.
var errEdited = errors.New("the draft was edited meanwhile")

// Begin chooses the audience of a draft and lets the book freeze it: give each
// person to the number that writes to them, or skip them because they have opted
// out or are known not to be on WhatsApp. The campaign is Freezing until then;
// [Book.Started] waits for that. Begin fails if there is nobody to write to,
// no number to write with, or if the file that is attached or a list that the
// audience names is not there. ctx ends the search for the people.
func (d *Desk) Begin(ctx context.Context, id campaign.ID, now time.Time) (c campaign.Campaign, err error) {
	if !d.May(VerbCampaignStart) {
		return c, ErrRole
	}
	b := d.book
	for {
		if c, err = b.Campaign(id); err != nil {
			return c, err
		}
		if c.Attachment != nil && c.Unstarted() {
			if err := b.checkMedia(c.Attachment); err != nil {
				return c, reason.Within(err, reason.CampaignStart, id)
			}
		}
		if err := b.awaitIndex(ctx); err != nil {
			return c, err
		}
		var audience people.Set
		err = b.view(func(tx *bolt.Tx) error {
			if _, err := beginTx(tx, id, now); err != nil {
				return err
			}
			audience, err = b.audienceTx(ctx, tx, c, now)
			return err
		})
		if err != nil {
			return c, err
		}
		searched := c
		err = d.write(VerbCampaignStart, func(tx *bolt.Tx, e *Entry) error {
			if c, err = campaignTx(tx, id); err != nil {
				return err
			}
			numbers, err := beginTx(tx, id, now)
			if err != nil {
				return err
			}
			if !reflect.DeepEqual(c, searched) {
				return errEdited
			}
			e.onCampaign(&c)
			e.change("status", c.Status.String(), campaign.Running.String())
			return freezesTx(tx, e, &c, audience, numbers, now)
		})
		if !errors.Is(err, errEdited) {
			b.wake()
			return c, err
		}
	}
}

// freezesTx lets a campaign be frozen for an audience, and run then by those numbers;
// the entry is complete when it does. It begins one that is in no book yet.
func freezesTx(tx *bolt.Tx, e *Entry, c *campaign.Campaign, audience people.Set, numbers []campaign.NumberID, now time.Time) error {
	if c.ID == 0 {
		id, err := campaignsTable.Next(tx)
		if err != nil {
			return err
		}
		c.ID, c.Rev, c.Created = campaign.ID(id), 1, now
	}
	e.Outcome, e.Ended = Asked, time.Time{}
	if err := addEntryTx(tx, e); err != nil {
		return err
	}
	c.Status, c.Reason, c.Started = campaign.Freezing, reason.Reason{}, now
	if err := putCampaignTx(tx, *c); err != nil {
		return err
	}
	k := campaignJobKey(c.ID)
	if err := stageIDsTx(tx, k, audience); err != nil {
		return err
	}
	return putJobTx(tx, k, job{
		Job:    Job{Kind: JobFreeze, Campaign: c.ID, Total: audience.Size()},
		Audit:  e.ID,
		Freeze: &freezing{Numbers: numbers},
	})
}

// beginTx refuses what cannot start, and returns the numbers that send.
func beginTx(tx *bolt.Tx, id campaign.ID, now time.Time) ([]campaign.NumberID, error) {
	c, err := campaignTx(tx, id)
	if err != nil {
		return nil, err
	}
	if !c.Unstarted() {
		return nil, reason.Because(ErrState, reason.CampaignStart, id, reason.New(reason.CampaignItIs, c.Status.Reason()))
	}
	if c.RevokeOf != 0 { // it came to nothing, and its audience is not one of people
		return nil, reason.Because(ErrState, reason.UndoBare, id)
	}
	if c.AnswerTo != 0 { // it came to nothing before
		if err := unansweredOnceTx(tx, c.AnswerTo, c.AnswerSeq); err != nil {
			return nil, err
		}
	}
	stops, err := stopsTx(tx, c, now)
	if err != nil {
		return nil, err
	} else if err := joined(append(c.Lacks(), stops...)); err != nil {
		return nil, reason.Because(fmt.Errorf("%w: %w", err, ErrState), reason.CampaignStart, id, reason.Of(err))
	}
	numbers, err := numbersTx(tx)
	if err != nil {
		return nil, err
	}
	return senderIDs(Senders(numbers, nil, c, now)), nil
}

func senderIDs(senders []Sender) []campaign.NumberID {
	ids := make([]campaign.NumberID, len(senders))
	for i, s := range senders {
		ids[i] = s.Number.ID
	}
	return ids
}

// audienceTx chooses the people of a campaign. It is an error if none of them
// can be written to.
func (b *Book) audienceTx(ctx context.Context, tx *bolt.Tx, c campaign.Campaign, now time.Time) (audience people.Set, err error) {
	filter, err := people.ParseFilter(c.To)
	if err != nil {
		return nil, reason.Within(err, reason.CampaignAudience)
	}
	to, skipped := 0, 0
	barred := allBarredTx(tx)
	var silent people.Set
	if c.MindsSilence() {
		silent = silentTx(tx)
	}
	numbers, err := numbersTx(tx)
	if err != nil {
		return nil, err
	}
	senders := senderIDs(Senders(numbers, nil, c, now))
	look := func(contact *people.Contact) {
		switch {
		case contact.Phone == "" && contact.LID == "":
			return
		case unwanted(contact, &c, senders, barred, now) != "", silent.Has(contact.ID):
			skipped++
		default:
			to++
		}
		audience.Add(contact.ID)
	}
	if c.Only != 0 {
		var contact people.Contact
		if contact, err = contactTx(tx, c.Only); err == nil {
			look(&contact)
		}
	} else {
		err = b.matchTx(ctx, tx, filter, look)
	}
	if wrong := (*people.FilterError)(nil); errors.As(err, &wrong) {
		return nil, reason.Within(err, reason.CampaignAudience)
	}
	if err == nil && to == 0 {
		err = reason.Because(ErrState, reason.CampaignStart, c.ID, reason.Of(reachesNobody(skipped)))
	}
	return audience, err
}

// unwanted is the reason why a person's delivery is skipped when it is made;
// empty: it is not. Somebody who shows no phone is written to by a number that
// they know and by no other.
func unwanted(contact *people.Contact, c *campaign.Campaign, senders []campaign.NumberID, barred barredAliases, now time.Time) reason.Code {
	switch {
	case contact.OptedOut:
		return reason.DeliveryOptedOut
	case contact.InDoubt():
		return reason.DeliveryDoubt
	case contact.Moved():
		return reason.DeliveryMoved
	case contact.Presence == people.NotOnWhatsApp && contact.Checked(now):
		return reason.DeliveryNotOnWhatsApp
	case len(senders) > 0 && contact.BestPhone() == "" && !slices.ContainsFunc(senders, contact.KnownTo):
		return reason.DeliveryOtherNumber
	}
	if why := barred.why(contact); why != "" {
		return why
	}
	if lacksConsent(contact, c) {
		return reason.DeliveryNoConsent
	}
	return ""
}

// lacksConsent reports whether a campaign is only for those who have consented,
// and a person has not: never asked, refused, or it was taken back.
func lacksConsent(contact *people.Contact, c *campaign.Campaign) bool {
	return c.MindsConsent() && contact.Consent.Status != people.ConsentGiven
}

// Started waits until a campaign that was begun is running, and returns it as
// it is then. It fails if it turned out that it cannot start, or if somebody
// cancelled it. When ctx ends first, or the disk does not take the work, that
// is the error, with ErrGoesOn.
func (b *Book) Started(ctx context.Context, id campaign.ID) (campaign.Campaign, error) {
	ring, unhear := b.bell.Listen()
	defer unhear()
	for {
		c, err := b.Campaign(id)
		if err != nil {
			return c, err
		}
		switch c.Status {
		case campaign.Running, campaign.Paused, campaign.Finished:
			return c, nil
		case campaign.Draft, campaign.Scheduled:
			return c, reason.Because(ErrState, reason.CampaignStart, id, c.Reason)
		case campaign.Cancelled:
			return c, reason.Because(ErrState, reason.CampaignStart, id, reason.New(reason.CampaignItIs, c.Status.Reason()))
		}
		if err := b.jobFault(campaignJobKey(id)); err != nil {
			return c, reason.Within(goesOn(err), reason.CampaignStart, id)
		}
		select {
		case <-ring:
		case <-ctx.Done():
			return c, reason.Within(goesOn(ctx.Err()), reason.CampaignStart, id)
		case <-b.closing:
			return c, reason.Within(goesOn(ErrClosed), reason.CampaignStart, id)
		}
	}
}
