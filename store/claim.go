package store

import (
	"errors"
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// How a delivery is sent once and no more.
//
// A claim writes the message id, the text and which upload of an attachment
// goes with it to the disk before anything leaves, and none of them ever
// changes. So whatever happens afterwards, every copy that could leave carries
// the same id, and the recipient folds copies.
//
// A delivery whose outcome is not known is unsure, and so is one that is found
// in flight when the book is opened: the process died between claim and
// settle. Such a one waits until its number is online, has heard what arrived
// while it was away, and a grace time has passed. A receipt with its id proves
// that it was sent. Otherwise it is sent again, same id, same content, while
// that makes sense: not after a day, not by another link, not to somebody who
// has opted out, not forever. What is then still unclear stays unsure, for a
// person to decide.
const (
	doubtAge    = 24 * time.Hour
	maxDoubts   = 3  // tries that ended without the service's word
	maxAttempts = 10 // claims of one delivery, whatever became of them
	maxNoKeys   = 3  // claims that ended without keys for the recipient
	maxPutOff   = 5  // claims that ended with the service's word to try later
	maxUnheard  = 3  // questions about a phone that brought no answer
)

// unheardPause is how long a phone waits about which the service, when it was
// asked, said nothing.
const unheardPause = time.Minute

// diskPause is how long a number waits before it tries to write again to a disk
// that refused.
const diskPause = 5 * time.Second

// checkSize is how many phones are asked about at once.
const checkSize = 20

// plan is what a lane should do next. Skip, drop, aside, fresh, amend and resent are writes
// that clear the way; the plan is then made again.
type plan struct {
	send   *campaign.Delivery // claim this one,
	pace   campaign.Pace      // at this pace,
	to     people.Contact     // to her
	text   string
	upload uint64             // what goes with the text, see upload; 0: nothing
	skip   *campaign.Delivery // not to be sent, for its Reason
	drop   *campaign.Delivery // in doubt, and not to be tried again
	aside  *campaign.Delivery // the service said nothing about her: later
	fresh  *campaign.Delivery // for the service it is a new chat
	group  []byte             // of fresh, its place in the queue; nil: it is not there any more
	amend  bool               // what paces the number lies in the future
	resent *people.Contact    // so does when they were last written to
	check  []people.Phone
	needs  *campaign.Upload // before anything with an attachment can be claimed
	stop   campaign.ID      // to be paused, for a reason
	why    reason.Reason
	hold   campaign.Hold
}

// Claim implements [campaign.Log].
func (b *Book) Claim(c campaign.Claim) (got campaign.Claimed, err error) {
	// Most claims find nothing to do; they cost no write.
	var p plan
	if err := b.view(func(tx *bolt.Tx) error { p, err = b.planTx(tx, c); return err }); err != nil {
		return got, err
	}
	if p.send != nil || p.skip != nil || p.drop != nil || p.aside != nil || p.fresh != nil || p.amend || p.resent != nil || p.stop != 0 {
		for again := true; again && err == nil; {
			err = b.update(func(tx *bolt.Tx) error {
				p, again, err = b.nextTx(tx, c)
				return err
			})
		}
		switch {
		case err != nil && b.Err() == nil:
			return got, err
		case err != nil: // it is in the log; the next claim is the next try to write
			p = plan{hold: campaign.Hold{Reason: reason.HoldDisk, Until: c.Now.Add(diskPause)}}
		}
	}
	shown := p.hold
	if p.needs != nil {
		shown = campaign.Hold{Reason: reason.HoldUpload}
	}
	b.mu.Lock()
	b.holds[c.Number] = shown
	b.mu.Unlock()
	return campaign.Claimed{Delivery: p.send, Check: p.check, Upload: p.needs, Hold: p.hold}, nil
}

// nextTx makes plans and carries them out until the lane has what it asked
// for. again says that this takes another transaction: what clears the way for
// a claim is committed before it.
func (b *Book) nextTx(tx *bolt.Tx, c campaign.Claim) (p plan, again bool, err error) {
	for range 200 {
		if p, err = b.planTx(tx, c); err != nil {
			return p, false, err
		}
		if p.send != nil {
			err := b.view(func(committed *bolt.Tx) error {
				first, err := firstTx(committed, p.send)
				again = !first
				return err
			})
			if again || err != nil {
				return plan{}, again, err
			}
		}
		if done, err := b.carryOutTx(tx, c, &p); done || err != nil {
			return p, false, err
		}
	}
	return plan{}, true, nil
}

// carryOutTx does the writes of a plan and reports whether the lane has what
// it asked for.
func (b *Book) carryOutTx(tx *bolt.Tx, c campaign.Claim, p *plan) (done bool, err error) {
	now := c.Now
	change := func(d *campaign.Delivery, change func(*campaign.Delivery)) error {
		before := *d
		change(d)
		if !again(&before) {
			if err := dequeueTx(tx, d); err != nil {
				return err
			}
		}
		return putDeliveryTx(tx, &before, d)
	}
	switch {
	case p.stop != 0:
		return false, b.pauseTx(tx, p.stop, p.why)
	case p.skip != nil:
		return false, change(p.skip, func(d *campaign.Delivery) {
			d.State, d.NotBefore = campaign.Skipped, time.Time{}
		})
	case p.drop != nil:
		return false, change(p.drop, func(d *campaign.Delivery) { d.NotBefore = time.Time{} })
	case p.aside != nil:
		return false, change(p.aside, func(d *campaign.Delivery) {
			d.Unheard++
			d.Reason, d.NotBefore = reason.New(reason.DeliveryNoAnswer), now.Add(unheardPause)
		})
	case p.fresh != nil:
		if err := change(p.fresh, func(d *campaign.Delivery) { d.New = true }); err != nil || p.group == nil {
			return false, err
		}
		return false, queueTable.PutAt(tx, queueTable.key(p.fresh, queueTable.zone(p.group)), nil)
	case p.amend:
		return false, amendTx(tx, c.Number, now)
	case p.resent != nil:
		p.resent.LastSent = now
		return false, putContactTx(tx, p.resent)
	case p.send != nil:
		return true, b.claimTx(tx, c, p, change)
	}
	return true, nil
}

// claimTx takes the delivery of a plan.
func (b *Book) claimTx(tx *bolt.Tx, c campaign.Claim, p *plan, change func(*campaign.Delivery, func(*campaign.Delivery)) error) error {
	d := p.send
	first := d.Message == ""
	var timer people.Timer
	if first {
		var err error
		if timer, err = carriesTx(tx, &p.to, d.Number); err != nil {
			return err
		}
	}
	err := change(d, func(d *campaign.Delivery) {
		if first {
			d.Timer = timer
			d.Message, d.Text, d.Upload, d.Claimed = c.NewID(), p.text, p.upload, c.Now
		}
		if d.LID == "" { // a LID never changes: what may have left goes again to where it may be
			d.LID = p.to.LID
		}
		if p.to.Phone != "" {
			d.Phone = p.to.Phone
		}
		d.State, d.NotBefore, d.Reason, d.Code = campaign.Sending, time.Time{}, reason.Reason{}, 0
		d.Link = c.Ready.Link
		d.Attempts++
	})
	if err != nil {
		return err
	}
	at := deliveryKey(d.Campaign, d.Seq)
	if first {
		if err := messagesTable.Put(tx, d.Message, at); err != nil {
			return err
		}
		if err := personsTable.Put(tx, d.Campaign, p.to.ID, row(d.Seq)); err != nil {
			return err
		}
	}
	if err := latestTable.Put(tx, p.to.ID, d.Number, at); err != nil {
		return err
	}
	if err := inflightTable.Put(tx, d.Number, at); err != nil {
		return err
	}
	p.to.LastSent = c.Now
	if err := putContactTx(tx, &p.to); err != nil {
		return err
	}
	return spendTx(tx, d, p.pace, c.Now)
}

// planTx decides what a number does next. It writes nothing.
func (b *Book) planTx(tx *bolt.Tx, c campaign.Claim) (plan, error) {
	t, err := turnTx(tx, c.Number)
	if err != nil {
		return plan{}, err
	}
	if misdatedTx(tx, c.Number, t, c.Now) && b.clock.Sure() {
		return plan{amend: true}, nil
	}
	t.Last = sofar(t.Last, c.Now)
	if t.Slow.Until.After(c.Now) {
		return plan{hold: t.Slow}, nil
	}
	if inflightTable.Get(tx, c.Number) != nil {
		return plan{hold: campaign.Hold{Reason: reason.HoldDoubt}}, nil
	}
	hold := campaign.Hold{Reason: reason.HoldEmpty}
	running := rotation(tx, t.Campaign)
	if len(running) == 0 {
		return plan{hold: hold}, nil
	}
	number, err := numberTx(tx, c.Number)
	if err != nil {
		return plan{}, err
	}
	for _, id := range running {
		p, err := b.planCampaignTx(tx, c, t, number.Pace(c.Now), id)
		if err != nil || p.hold.Reason == "" {
			return p, err
		}
		hold = sooner(hold, p.hold)
	}
	return plan{hold: hold}, nil
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
func (b *Book) planCampaignTx(tx *bolt.Tx, c campaign.Claim, t turn, own campaign.Pace, id campaign.ID) (plan, error) {
	camp, err := campaignTx(tx, id)
	if err != nil {
		return plan{}, err
	}
	if why, err := b.silencedTx(tx, c, id); !why.IsZero() || err != nil {
		return plan{stop: id, why: why}, err
	}
	if crowded, err := crowdedTx(tx, id); crowded || err != nil {
		return plan{hold: campaign.Hold{Reason: reason.HoldDoubt}}, err
	}
	hold := campaign.Hold{Reason: reason.HoldEmpty}
	paces := pacing{tx: tx, claim: c, turn: t, number: own, campaign: camp}

	for k := range againTable.Each(tx, againTable.Of2(c.Number, id)) {
		_, _, seq := againTable.Parts(k)
		d, err := deliveryTx(tx, deliveryKey(id, seq))
		if err != nil {
			return plan{}, err
		}
		if d.State == campaign.Unsure && hopeless(&d, c) {
			return plan{drop: &d}, nil
		}
		due := b.due(&d, c)
		if due.Reason == "" {
			due = paces.hold(d.New, d.Zone)
		}
		if due.Reason != "" {
			hold = sooner(hold, due)
			continue
		}
		p, err := b.planDeliveryTx(tx, c, camp, paces.both(), d, nil)
		if err != nil || p.hold.Reason == "" {
			return p, err
		}
		hold = sooner(hold, p.hold)
	}

	for group, seq := range queueTable.firsts(tx, c.Number, id) {
		d, err := deliveryTx(tx, deliveryKey(id, seq))
		if err != nil {
			return plan{}, err
		}
		held := paces.hold(d.New, d.Zone)
		if held.Reason == "" {
			p, err := b.planDeliveryTx(tx, c, camp, paces.both(), d, group)
			if err != nil || p.hold.Reason == "" {
				return p, err
			}
			held = p.hold
		}
		hold = sooner(hold, held)
	}
	return plan{hold: hold}, nil
}

// due says what a delivery that was tried before still waits for.
func (b *Book) due(d *campaign.Delivery, c campaign.Claim) campaign.Hold {
	at, why := within(d.NotBefore, c.Now, max(longestWait, b.grace)), reason.HoldRetry
	if d.State == campaign.Unsure {
		why = reason.HoldDoubt
		if heard := c.Ready.Since.Add(b.grace); heard.After(at) {
			at = heard
		}
	}
	if at.After(c.Now) {
		return campaign.Hold{Reason: why, Until: at}
	}
	return campaign.Hold{}
}

// hopeless reports whether a delivery in doubt must not be sent again.
func hopeless(d *campaign.Delivery, c campaign.Claim) bool {
	switch {
	case d.Link != c.Ready.Link:
		d.Reason = reason.New(reason.DeliveryUnlinked)
	case c.Now.Sub(d.Claimed) > doubtAge, early(d.Claimed, c.Now), d.Doubts >= maxDoubts, d.Attempts >= maxAttempts:
	default:
		return false
	}
	return true
}

// planDeliveryTx decides about one delivery that has its turn at a pace. group
// is its place in the queue, nil if it was tried before.
func (b *Book) planDeliveryTx(tx *bolt.Tx, c campaign.Claim, camp campaign.Campaign, pace campaign.Pace, d campaign.Delivery, group []byte) (plan, error) {
	skip := func(code reason.Code, args ...any) (plan, error) {
		if d.State == campaign.Unsure {
			return plan{drop: &d}, nil
		}
		d.Reason = reason.New(code, args...)
		return plan{skip: &d}, nil
	}
	contact, err := contactTx(tx, d.Contact)
	switch {
	case errors.Is(err, ErrNotFound):
		return skip(reason.DeliveryErased)
	case err != nil:
		return plan{}, err
	case contact.OptedOut:
		return skip(reason.DeliveryOptedOut)
	case contact.Moved():
		return skip(reason.DeliveryMoved)
	}
	if why := whyBarredTx(tx, &contact); !why.IsZero() {
		return skip(why.Code, why.Args...)
	}
	// One that is in doubt goes again as what it may be already: the message
	// that they have. One that was tried and did not leave is like any other.
	if !d.InDoubt {
		if d.Attempts > 0 {
			if contact.LastSent, err = lastLeftTx(tx, contact.ID, &d); err != nil {
				return plan{}, err
			}
		}
		if tooSoon(&contact, pace.PerPerson, c.Now) {
			if d.Attempts == 0 && early(contact.LastSent, c.Now) && b.clock.Sure() {
				return plan{resent: &contact}, nil
			}
			return skip(reason.DeliveryPerPerson)
		}
	}
	// Also one that was tried: two records may have turned out to be one person.
	if seq := personsTable.Get(tx, camp.ID, contact.ID); seq != nil && fromRow[uint32](seq) != d.Seq {
		return skip(reason.DeliveryDuplicate)
	}
	if !d.New && c.Ready.NewChats.Reason != "" && !chatting(&contact, c.Number) {
		return plan{fresh: &d, group: group}, nil
	}
	if d.Attempts > 0 {
		// It has its id and all that it carries already; none of that changes.
		if d.Media, err = carriedTx(tx, &d); err != nil {
			return plan{}, err
		}
		return plan{send: &d, pace: pace, to: contact}, nil
	}
	if askAs(&contact) != "" && !contact.Checked(c.Now) {
		return b.planCheckTx(tx, c, d, contact, group)
	}
	if contact.Presence == people.NotOnWhatsApp {
		return skip(reason.DeliveryNotOnWhatsApp)
	}
	text, err := b.render(camp, &contact, c.Now)
	if missing := (*campaign.MissingError)(nil); errors.As(err, &missing) {
		return skip(reason.DeliveryMissingField, reason.Plain(strings.Join(missing.Fields, ", ")))
	} else if long := (*campaign.TooLongError)(nil); errors.As(err, &long) {
		return skip(reason.DeliveryTooLong)
	} else if err != nil {
		return plan{}, err
	}
	p := plan{send: &d, pace: pace, to: contact, text: text}
	if camp.Attachment != nil {
		return b.planUploadTx(tx, c, camp, p)
	}
	return p, nil
}

// tooSoon reports whether a person got a campaign so lately that they are to be
// left alone; wait 0 is no limit.
func tooSoon(contact *people.Contact, wait time.Duration, now time.Time) bool {
	return wait > 0 && !contact.LastSent.IsZero() && now.Sub(contact.LastSent) < wait
}

// chatting reports whether a person has written to a number. While new chats
// are closed nothing else counts: for the service, whoever is only in the
// address book is a stranger too.
func chatting(c *people.Contact, number campaign.NumberID) bool {
	return c.KnownTo(number) && !c.LastHeard.IsZero()
}

// planCheckTx collects the phones to ask about: that of a delivery whose turn
// it is, and those that come next. One about which the service said nothing a
// moment ago is put aside, so that it does not hold up the others.
func (b *Book) planCheckTx(tx *bolt.Tx, c campaign.Claim, d campaign.Delivery, contact people.Contact, group []byte) (plan, error) {
	if b.lately(contact.ID, c.Now) {
		if d.Unheard+1 >= maxUnheard {
			d.Reason = reason.New(reason.DeliveryNoAnswer)
			return plan{skip: &d}, nil
		}
		return plan{aside: &d}, nil
	}
	phones := []people.Phone{askAs(&contact)}
	if group != nil {
		for k := range queueTable.From(tx, group, queueTable.in(group, d.Seq+1)) {
			if len(phones) == checkSize {
				break
			}
			_, seq := queueTable.parts(k)
			next, err := deliveryTx(tx, deliveryKey(d.Campaign, seq))
			if err != nil {
				return plan{}, err
			}
			contact, err := contactTx(tx, next.Contact)
			if err != nil || contact.OptedOut || contact.Checked(c.Now) || b.lately(contact.ID, c.Now) {
				continue
			}
			if phone := askAs(&contact); phone != "" {
				phones = append(phones, phone)
			}
		}
	}
	return plan{check: phones}, nil
}

// askAs is the phone under which the service is asked about a person: its own
// answer of an earlier time if there is one.
func askAs(c *people.Contact) people.Phone {
	if c.WhatsApp != "" {
		return c.WhatsApp
	}
	return c.Phone
}

// lately reports whether the service was asked about a person a moment ago and
// said nothing.
func (b *Book) lately(id people.ContactID, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	at, ok := b.unanswered[id]
	return ok && now.Sub(at) < unheardPause && !early(at, now)
}

// render renders a campaign's text for one person.
func (b *Book) render(c campaign.Campaign, contact *people.Contact, now time.Time) (string, error) {
	b.mu.Lock()
	t := b.templates[c.ID]
	b.mu.Unlock()
	if t == nil {
		var err error
		if t, err = campaign.ParseTemplate(campaign.Visible(c.Text)); err != nil {
			return "", err
		}
		b.mu.Lock()
		b.templates[c.ID] = t
		b.mu.Unlock()
	}
	text, err := t.Render(contact, now)
	if err == nil {
		err = c.CheckText(text)
	}
	return text, err
}

// dequeueTx takes a delivery that was never tried out of its queue.
func dequeueTx(tx *bolt.Tx, d *campaign.Delivery) error {
	// The group is not in the record: it is one of a few.
	for group := range queueTable.firsts(tx, d.Number, d.Campaign) {
		if own := queueTable.in(group, d.Seq); queueTable.HasAt(tx, own) {
			return queueTable.DeleteAt(tx, own)
		}
	}
	return nil
}
