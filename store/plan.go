package store

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// planTx decides what a number does next. It writes nothing.
func (b *Book) planTx(tx *bolt.Tx, c campaign.Claim) (act, error) {
	t, err := turnTx(tx, c.Number)
	if err != nil {
		return nil, err
	}
	if misdatedTx(tx, c.Number, t, c.Now) && b.clock.Sure() {
		return amend{}, nil
	}
	t.Last = sofar(t.Last, c.Now)
	if t.Slow.Until.After(c.Now) {
		return wait(t.Slow), nil
	}
	if inflightTable.Get(tx, c.Number) != nil {
		return wait(campaign.Hold{Reason: reason.HoldDoubt}), nil
	}
	hold := campaign.Hold{Reason: reason.HoldEmpty}
	running := rotation(tx, t.Campaign)
	if len(running) == 0 {
		return b.planValidationTx(tx, c, hold)
	}
	number, err := numberTx(tx, c.Number)
	if err != nil {
		return nil, err
	}
	for _, id := range running {
		a, err := b.planCampaignTx(tx, c, t, number.Pace(c.Now), id)
		held, ok := waits(a)
		if err != nil || !ok {
			return a, err
		}
		hold = sooner(hold, held)
	}
	return b.planValidationTx(tx, c, hold)
}

// sooner is the hold to name when several hold: the one that ends first, and
// any before "nothing to send".
func sooner(h, o campaign.Hold) campaign.Hold {
	if h.Reason == reason.HoldEmpty {
		return o
	}
	if o.Reason == reason.HoldEmpty {
		return h
	}
	return h.Sooner(o)
}

// rotation lists the running campaigns, beginning after last, so that they
// take turns.
func rotation(tx *bolt.Tx, last campaign.ID) (ids []campaign.ID) {
	var first []campaign.ID
	for k := range runningTable.Each(tx, nil) {
		if id := runningTable.Parts(k); id > last {
			ids = append(ids, id)
		} else {
			first = append(first, id)
		}
	}
	return append(ids, first...)
}

// planCampaignTx decides what a number, whose own pace is given, does next for
// one campaign: first what was tried before, then the queue, group by group.
func (b *Book) planCampaignTx(tx *bolt.Tx, c campaign.Claim, t turn, own campaign.Pace, id campaign.ID) (act, error) {
	camp, err := campaignTx(tx, id)
	if err != nil {
		return nil, err
	}
	if len(camp.Stopped) > 0 && stuckTx(tx, &camp) {
		why, err := whyStuckTx(tx, &camp)
		return pause{id, why}, err
	}
	if stop, stopped := camp.Stop(c.Number); stopped {
		return wait(stop.Hold()), nil
	}
	if a, err := b.guardedTx(tx, c, id); a != nil || err != nil {
		return a, err
	}
	if crowded, err := crowdedTx(tx, id); crowded || err != nil {
		return wait(campaign.Hold{Reason: reason.HoldDoubt}), err
	}
	if camp.Canary > 0 && !camp.Tried {
		tally, err := tallyTx(tx, id)
		if left := tally.counts.Left(); err != nil || camp.Tries(left) {
			if tally.counts[campaign.Sending] > 0 { // one of those may not have left
				return wait(campaign.Hold{Reason: reason.HoldDoubt}), err
			}
			return pause{id, reason.New(reason.CampaignTried, left)}, err
		}
	}
	if camp.RevokeOf != 0 {
		own = own.Pauses()
	}
	hold := campaign.Hold{Reason: reason.HoldEmpty}
	paces := pacing{tx: tx, claim: c, turn: t, number: own, campaign: camp}

	for k := range againTable.Each(tx, againTable.Of2(c.Number, id)) {
		_, _, seq := againTable.Parts(k)
		d, err := deliveryTx(tx, deliveryKey(id, seq))
		if err != nil {
			return nil, err
		}
		if d.Hopeless(c.Ready.Link, c.Now) {
			return drop{d}, nil
		}
		held := d.Due(c.Ready, b.grace, c.Now)
		if held.Reason == "" {
			held = paces.hold(d.New, d.Zone)
		}
		if held.Reason == "" {
			a, err := b.planDeliveryTx(tx, c, camp, paces.both(), d, nil)
			waiting, ok := waits(a)
			if err != nil || !ok {
				return a, err
			}
			held = waiting
		}
		hold = sooner(hold, held)
	}

	for group, seq := range queueTable.firsts(tx, c.Number, id) {
		d, err := deliveryTx(tx, deliveryKey(id, seq))
		if err != nil {
			return nil, err
		}
		held := paces.hold(d.New, d.Zone)
		if held.Reason == "" {
			a, err := b.planDeliveryTx(tx, c, camp, paces.both(), d, group)
			waiting, ok := waits(a)
			if err != nil || !ok {
				return a, err
			}
			held = waiting
		}
		hold = sooner(hold, held)
	}
	return wait(hold), nil
}

// planDeliveryTx decides about one delivery that has its turn at a pace. group
// is its place in the queue, nil if it was tried before.
func (b *Book) planDeliveryTx(tx *bolt.Tx, c campaign.Claim, camp campaign.Campaign, pace campaign.Pace, d campaign.Delivery, group []byte) (act, error) {
	giveUp := func(code reason.Code, args ...any) (act, error) {
		return skip{d, reason.New(code, args...)}, nil
	}
	switch {
	case d.Revokes != "":
		return planRevokeTx(tx, c, pace, d, group)
	case d.RevokeBy != 0:
		return giveUp(reason.UndoWanted)
	}
	contact, err := contactTx(tx, d.Contact)
	switch {
	case errors.Is(err, ErrNotFound):
		return giveUp(reason.DeliveryErased)
	case err != nil:
		return nil, err
	case contact.OptedOut && camp.Confirms == 0:
		return giveUp(reason.DeliveryOptedOut)
	case contact.InDoubt():
		return giveUp(reason.DeliveryDoubt)
	case contact.Moved():
		return giveUp(reason.DeliveryMoved)
	}
	if why := whyBarredTx(tx, &contact); !why.IsZero() {
		return skip{d, why}, nil
	}
	if lacksConsent(&contact, &camp) {
		return giveUp(reason.DeliveryNoConsent)
	}
	// One that is in doubt goes again as what it may be already: the message
	// that they have. One that was tried and did not leave is like any other.
	if !d.InDoubt {
		if !d.Fresh() {
			if contact.LastSent, err = lastLeftTx(tx, contact.ID, &d); err != nil {
				return nil, err
			}
		}
		if !camp.Aside() && tooSoon(&contact, pace.PerPerson, c.Now) {
			if d.Fresh() && campaign.Early(contact.LastSent, c.Now) && b.clock.Sure() {
				return amendPerson{contact}, nil
			}
			return giveUp(reason.DeliveryPerPerson)
		}
	}
	if d.Fresh() && camp.MindsSilence() && unansweredTx(tx, contact.ID) >= silentAfter {
		return giveUp(reason.DeliveryNeverAnswers)
	}
	if camp.FollowUp != 0 && !d.InDoubt {
		if answered, err := answeredCampaignTx(tx, camp.FollowUp, contact.ID); answered || err != nil {
			return skip{d, reason.New(reason.DeliveryAnswered, camp.FollowUp)}, err
		}
	}
	// Also one that was tried: two records may have turned out to be one person.
	if camp.Confirms != 0 {
		if why, err := unconfirmedTx(tx, &contact, &d, c.Now); !why.IsZero() || err != nil {
			return skip{d, why}, err
		}
	} else if seq := personsTable.Get(tx, camp.ID, contact.ID); seq != nil && fromRow[uint32](seq) != d.Seq {
		return giveUp(reason.DeliveryDuplicate)
	}
	if !d.New && c.Ready.NewChats.Reason != "" && !chatting(&contact, c.Number) {
		return opens{d, group}, nil
	}
	d.Poll = camp.Options()
	if !d.Fresh() {
		// It has its id and all that it carries already; none of that changes.
		if d.Media, err = carriedTx(tx, &d); err != nil {
			return nil, err
		}
		return send{d: d, to: contact, pace: pace, aside: camp.Aside()}, nil
	}
	if checkAs(&contact) != "" && !contact.Checked(c.Now) {
		return b.planCheckTx(tx, c, d, contact, group)
	}
	if contact.Presence == people.NotOnWhatsApp {
		return giveUp(reason.DeliveryNotOnWhatsApp)
	}
	now := c.Now
	if contact.BestPhone() == "" { // it is that late where the number is
		now = now.In(location(d.Zone))
	}
	if camp.Confirms != 0 { // as it was when they left
		camp.Text = d.Text
	}
	text, err := b.render(camp, d.Variant, &contact, now)
	if missing := (*campaign.MissingError)(nil); errors.As(err, &missing) {
		return giveUp(reason.DeliveryMissingField, reason.Plain(strings.Join(missing.Fields, ", ")))
	} else if long := (*campaign.TooLongError)(nil); errors.As(err, &long) {
		return giveUp(reason.DeliveryTooLong)
	} else if err != nil {
		return nil, err
	}
	s := send{d: d, to: contact, pace: pace, text: text, fixed: camp.Fixed(d.Variant), aside: camp.Aside()}
	if camp.Attachment != nil {
		return b.planUploadTx(tx, c, camp, s)
	}
	return s, nil
}

// answeredCampaignTx reports whether a person has answered a campaign.
func answeredCampaignTx(tx *bolt.Tx, id campaign.ID, contact people.ContactID) (bool, error) {
	seq := personsTable.Get(tx, id, contact)
	if seq == nil {
		return false, nil
	}
	d, err := deliveryTx(tx, deliveryKey(id, fromRow[uint32](seq)))
	return !d.RepliedAt.IsZero(), err
}

// tooSoon reports whether a person got a campaign so lately that they are to be
// left alone; wait 0 is no limit.
func tooSoon(contact *people.Contact, wait time.Duration, now time.Time) bool {
	return wait > 0 && !contact.LastSent.IsZero() && now.Sub(contact.LastSent) < wait
}

// chatting reports whether a person has written to a number. While new chats
// are closed nothing else counts: for the service, a chat with somebody who is
// only in the address book is new too.
func chatting(c *people.Contact, number campaign.NumberID) bool {
	return c.KnownTo(number) && !c.LastHeard.IsZero()
}

// render renders one of a campaign's texts for one person.
func (b *Book) render(c campaign.Campaign, variant uint8, contact *people.Contact, now time.Time) (string, error) {
	key := templateKey{c.ID, variant}
	b.mu.Lock()
	known := b.templates[key]
	b.mu.Unlock()
	texts := c.Texts()
	if int(variant) >= len(texts) {
		return "", fmt.Errorf("campaign %d has no text %s: %w", c.ID, campaign.VariantName(variant), bolt.ErrRecord)
	}
	if known.template == nil || known.text != texts[variant] {
		t, err := campaign.ParseTemplate(campaign.Visible(texts[variant]))
		if err != nil {
			return "", err
		}
		known = parsed{texts[variant], t}
		b.mu.Lock()
		b.templates[key] = known
		b.mu.Unlock()
	}
	text, err := known.template.Render(contact, now)
	if err == nil {
		err = c.CheckText(text)
	}
	return text, err
}
