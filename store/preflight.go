package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Preflight is what would become of a draft if it were started. It is worked
// out here and nowhere else: screens and commands only print it.
type Preflight struct {
	Receive     int                 // people who get it, as far as anybody knows now
	MustConsent bool                // the rule of the book is that campaigns ask for consent, see [Desk.RequireConsent]
	LeftOut     map[reason.Code]int // those who do not, by the reason of their delivery
	Lacking     []Lack              // what the text asks for and people do not have
	NewChats    int                 // of those who receive, how many get it in a new chat
	Senders     []Sender            // who sends, and how fast
	Stops       []campaign.Lack     // why it could not be started, beside what it lacks itself, see [campaign.Campaign.Lacks]
	Warnings    []reason.Reason     // what to know before it is started all the same
	Forecast    campaign.Forecast
}

// Leaves reports whether something of a draft would really leave if it were
// started; lacks are those of the draft itself.
func (p *Preflight) Leaves(lacks []campaign.Lack) bool {
	return len(lacks) == 0 && len(p.Stops) == 0 && !p.Forecast.Starts.IsZero()
}

// Sender is a number that would send a draft, with what holds for the two
// together.
type Sender struct {
	Number    campaign.Number
	Pace      campaign.Pace // limit by limit the tighter of the number's and the draft's
	Overruled []string      // limits of the draft without effect: the number's are tighter
	Shut      bool          // the one may never send when the other may
	Hold      campaign.Hold // what holds its next message, as its lane last said
}

// Senders are the numbers that would send a draft: those that it names, linked
// or not, or all that are linked if it names none.
func Senders(numbers []campaign.Number, holds map[campaign.NumberID]campaign.Hold, c campaign.Campaign, now time.Time) (senders []Sender) {
	for _, n := range numbers {
		if !slices.Contains(c.Numbers, n.ID) && (len(c.Numbers) > 0 || !n.Linked()) {
			continue
		}
		own := n.Pace(now)
		s := Sender{Number: n, Pace: own.Tightest(c.Pace), Overruled: c.Pace.Overruled(own), Hold: holds[n.ID]}
		s.Shut = s.Pace.Hours.Shut
		senders = append(senders, s)
	}
	return senders
}

// Offline reports whether none of the senders is connected, though there are
// some.
func Offline(senders []Sender) bool {
	return len(senders) > 0 && !slices.ContainsFunc(senders, func(s Sender) bool { return s.Hold.Reason != reason.HoldOffline })
}

// Lack is a field of a text that people in its audience do not have.
type Lack struct {
	Field string
	Count int
	Who   []string // the names of the first few, or their phones
}

// Unsaved is the id by which the forecast of a draft that is in no book yet
// calls it.
const Unsaved = ^campaign.ID(0)

// lackNamed is how many people a Lack names.
const lackNamed = 3

// Preflight says who would receive a draft, who would not and why, which numbers
// would send it, at what pace and when, and what keeps it from being started; of
// one that is scheduled, as of then.
// Nothing is written; the draft need not be in the book. It is an error if its
// text or its filter cannot be read; without a linked number the forecast is
// that everything is stuck. It ends early, with the context's error, when ctx
// does.
func (b *Book) Preflight(ctx context.Context, c campaign.Campaign, now time.Time) (Preflight, error) {
	return b.preflight(ctx, c, now, func(people.ContactID, reason.Code, bool) {})
}

// Whom returns the people behind a number of a [Preflight]: those of whom want
// says so, told why they would be left out (empty: they receive it) and whether
// it opens a new chat. It costs what the preflight does.
func (b *Book) Whom(ctx context.Context, c campaign.Campaign, now time.Time, want func(why reason.Code, isNew bool) bool) (some people.Set, err error) {
	_, err = b.preflight(ctx, c, now, func(id people.ContactID, why reason.Code, isNew bool) {
		if want(why, isNew) {
			some.Add(id)
		}
	})
	return some, err
}

// preflight is Preflight, telling of each person what would become of them.
func (b *Book) preflight(ctx context.Context, c campaign.Campaign, now time.Time, told func(id people.ContactID, why reason.Code, isNew bool)) (p Preflight, err error) {
	texts := make([]*campaign.Template, len(c.Texts()))
	for i, text := range c.Texts() {
		if texts[i], err = campaign.ParseTemplate(text); err != nil {
			return p, err
		}
	}
	today := now
	if c.At.After(now) {
		now = c.At
	}
	filter, err := people.ParseFilter(c.To)
	if err != nil {
		return p, err
	}
	if c.ID == 0 {
		c.ID = Unsaved
	}
	p.LeftOut = make(map[reason.Code]int)
	var numbers []campaign.Outlook
	holds := b.Holds()
	if err := b.awaitIndex(ctx); err != nil {
		return p, err
	}
	err = b.view(func(tx *bolt.Tx) error {
		p.MustConsent = requiresConsentTx(tx)
		all, err := numbersTx(tx)
		if err != nil {
			return err
		}
		p.Senders = Senders(all, holds, c, now)
		ids, zones := senderIDs(p.Senders), make(zones)
		waits := make(map[campaign.NumberID]time.Duration)
		for _, s := range p.Senders {
			waits[s.Number.ID], zones[s.Number.ID] = s.Pace.PerPerson, s.Number.Phone.Zone()
		}
		waits[0] = c.Pace.PerPerson
		load := make(map[campaign.NumberID]int)
		var waiting groups
		skipped := 0
		barred := allBarredTx(tx)
		var silent people.Set
		if c.MindsSilence() {
			silent = silentTx(tx)
		}
		err = b.matchTx(ctx, tx, filter, func(contact *people.Contact) {
			if contact.Phone == "" && contact.LID == "" {
				return
			}
			why := unwanted(contact, &c, ids, barred, now)
			if why == "" && silent.Has(contact.ID) {
				why = reason.DeliveryNeverAnswers
			}
			if why != "" {
				p.LeftOut[why]++
				skipped++
				told(contact.ID, why, false)
				return
			}
			number := campaign.NumberID(0)
			if len(ids) > 0 {
				number = home(contact, ids, load)
			}
			if tooSoon(contact, waits[number], now) {
				p.LeftOut[reason.DeliveryPerPerson]++
				skipped++
				told(contact.ID, reason.DeliveryPerPerson, false)
				return
			}
			text := texts[variantOf(&c, ids, number, load[number])]
			load[number]++
			if why := p.leaveOut(contact, &c, text, now); why != "" {
				p.LeftOut[why]++
				told(contact.ID, why, false)
				return
			}
			p.Receive++
			isNew := !contact.KnownTo(number)
			told(contact.ID, "", isNew)
			if isNew {
				p.NewChats++
			}
			waiting.add(group{number, isNew, zones.of(contact, number)})
		})
		var wrong *people.FilterError
		if err != nil && !errors.As(err, &wrong) {
			return err
		}
		if p.Stops, err = stopsTx(tx, c, now); err != nil {
			return err
		}
		if ofThem := func(l campaign.Lack) bool { return l.Field == campaign.FieldAudience }; wrong != nil && !slices.ContainsFunc(p.Stops, ofThem) {
			p.Stops = append(p.Stops, campaign.Lack{Field: campaign.FieldAudience, Err: reason.Within(wrong, reason.CampaignAudience)})
		} else if len(load) == 0 && wrong == nil {
			p.Stops = append(p.Stops, campaign.Lack{Field: campaign.FieldAudience, Err: reachesNobody(skipped)})
		}
		for _, s := range p.Senders {
			o, err := outlookTx(ctx, tx, s.Number, c.ID, now)
			if err != nil {
				return err
			}
			o.Waiting = append(o.Waiting, waiting.of(s.Number.ID, c)...)
			numbers = append(numbers, o)
		}
		return nil
	})
	if err != nil {
		return p, err
	}
	if len(numbers) == 0 {
		p.Forecast = campaign.Forecast{Left: p.Receive, Stuck: p.Receive, Binds: campaign.Hold{Reason: reason.HoldStopped}}
	} else if p.Forecast, err = campaign.Walk(ctx, c.ID, numbers, now); err != nil {
		return p, err
	}
	p.Forecast.Try(c.Canary)
	p.Warnings = p.warnings(&c, now, today)
	return p, nil
}

// group is what a queue treats alike.
type group struct {
	number campaign.NumberID
	isNew  bool
	zone   string
}

// groups counts the deliveries of groups, in the order in which they came.
type groups struct {
	seen  map[group]int
	order []group
}

func (g *groups) add(one group) {
	if g.seen == nil {
		g.seen = make(map[group]int)
	}
	if g.seen[one] == 0 {
		g.order = append(g.order, one)
	}
	g.seen[one]++
}

// of is what waits on a number, in the order of its queue: known chats first.
func (g *groups) of(number campaign.NumberID, c campaign.Campaign) (waiting []campaign.Waiting) {
	for _, isNew := range []bool{false, true} {
		for _, one := range g.order {
			if one.number == number && one.isNew == isNew {
				waiting = append(waiting, campaign.Waiting{Campaign: c.ID, Pace: c.Pace, New: isNew, Zone: location(one.zone), Count: g.seen[one]})
			}
		}
	}
	return waiting
}

// leaveOut is why a person who is wanted would not get the text of a campaign;
// empty: they would.
func (p *Preflight) leaveOut(contact *people.Contact, c *campaign.Campaign, text *campaign.Template, now time.Time) reason.Code {
	said, err := text.Render(contact, now)
	if err == nil {
		err = c.CheckText(said)
	}
	if long := (*campaign.TooLongError)(nil); errors.As(err, &long) {
		return reason.DeliveryTooLong
	}
	var missing *campaign.MissingError
	if !errors.As(err, &missing) {
		return ""
	}
	for _, field := range missing.Fields {
		p.lack(field, contact)
	}
	return reason.DeliveryMissingField
}

func (p *Preflight) lack(field string, contact *people.Contact) {
	i := slices.IndexFunc(p.Lacking, func(l Lack) bool { return l.Field == field })
	if i < 0 {
		i = len(p.Lacking)
		p.Lacking = append(p.Lacking, Lack{Field: field})
	}
	l := &p.Lacking[i]
	if l.Count++; len(l.Who) < lackNamed {
		who := contact.Called()
		if who == "" {
			who = contact.Phone.Pretty()
		}
		l.Who = append(l.Who, who)
	}
}

// stopsTx says what only the book knows of why a draft cannot be started: of
// its numbers and of its lists.
func stopsTx(tx *bolt.Tx, c campaign.Campaign, now time.Time) ([]campaign.Lack, error) {
	numbers, err := numbersTx(tx)
	if err != nil {
		return nil, err
	}
	stops := senderStops(numbers, c, now)
	if filter, err := people.ParseFilter(c.To); err == nil {
		var none *people.FilterError
		if err := checkNamedTx(tx, filter); errors.As(err, &none) {
			stops = append(stops, campaign.Lack{Field: campaign.FieldAudience, Err: reason.Within(err, reason.CampaignAudience)})
		} else if err != nil {
			return nil, err
		}
	}
	return stops, nil
}

// senderStops says why a draft cannot be sent by its numbers.
func senderStops(numbers []campaign.Number, c campaign.Campaign, now time.Time) (stops []campaign.Lack) {
	stop := func(f campaign.Field, err error) { stops = append(stops, campaign.Lack{Field: f, Err: err}) }
	senders := Senders(numbers, nil, c, now)
	for _, id := range c.Numbers {
		if !slices.ContainsFunc(senders, func(s Sender) bool { return s.Number.ID == id }) {
			stop(campaign.FieldNumbers, reason.Because(ErrNotFound, reason.NumberGone))
		}
	}
	if len(senders) == 0 && len(c.Numbers) == 0 {
		stop(campaign.FieldNumbers, reason.Err(reason.NumberNoneLinked))
	}
	for _, s := range senders {
		switch name := s.Number.Name; {
		case !s.Number.Linked():
			stop(campaign.FieldNumbers, reason.Err(reason.NumberToLink, name, name))
		case s.Shut:
			stop(campaign.FieldPace, reason.Err(reason.CampaignShut, name))
		}
	}
	return stops
}

// joined is the error of all that stops a draft; nil if nothing does.
func joined(stops []campaign.Lack) error {
	switch len(stops) {
	case 0:
		return nil
	case 1:
		return stops[0]
	}
	var all []error
	var why []any
	for _, s := range stops {
		all, why = append(all, s), append(why, reason.Of(s))
	}
	return reason.Because(errors.Join(all...), reason.Several, why...)
}

// reachesNobody is the refusal of a draft whose people are all skipped.
func reachesNobody(skipped int) error { return reason.Err(reason.CampaignNobody, skipped) }
