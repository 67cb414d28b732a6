package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// Preflight is what would become of a draft if it were started.
type Preflight struct {
	Receive  int                 // people who get it, as far as anybody knows now
	LeftOut  map[reason.Code]int // those who do not, by the reason of their delivery
	Lacking  []Lack              // what the text asks for and people do not have
	NewChats int                 // of those who receive, how many get it in a new chat
	Forecast campaign.Forecast
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

// Preflight says who would receive a draft, who would not and why, and when it
// would be sent. Nothing is written; the draft need not be in the book. It is
// an error if its text or its filter cannot be read; without a linked number
// the forecast is that everything is stuck. It ends early, with the context's
// error, when ctx does.
func (b *Book) Preflight(ctx context.Context, c campaign.Campaign, now time.Time) (p Preflight, err error) {
	text, err := campaign.ParseTemplate(c.Text)
	if err != nil {
		return p, err
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
	err = b.view(func(tx *bolt.Tx) error {
		senders, err := draftSendersTx(tx, c)
		if err != nil {
			return err
		}
		load := make(map[campaign.NumberID]int)
		var waiting groups
		barred := allBarredTx(tx)
		err = matchTx(ctx, tx, filter, func(contact *people.Contact) {
			if contact.Phone == "" && contact.LID == "" {
				return
			}
			number := campaign.NumberID(0)
			if len(senders) > 0 {
				number = home(contact, ids(senders), load)
			}
			if why := p.leaveOut(contact, barred, perPerson(senders, number, c, now), &c, text, now); why != "" {
				p.LeftOut[why]++
				return
			}
			load[number]++
			p.Receive++
			fresh := !contact.KnownTo(number)
			if fresh {
				p.NewChats++
			}
			waiting.add(group{number, fresh, contact.Phone.Zone()})
		})
		if err != nil {
			return err
		}
		for _, n := range senders {
			o, err := outlookTx(ctx, tx, n, c.ID, now)
			if err != nil {
				return err
			}
			o.Waiting = append(o.Waiting, waiting.of(n.ID, c)...)
			numbers = append(numbers, o)
		}
		return nil
	})
	if err != nil {
		return p, err
	}
	if len(numbers) == 0 {
		p.Forecast = campaign.Forecast{Left: p.Receive, Stuck: p.Receive, Binds: campaign.Hold{Reason: reason.HoldStopped}}
		return p, nil
	}
	p.Forecast, err = campaign.Walk(ctx, c.ID, numbers, now)
	return p, err
}

// group is what a queue treats alike.
type group struct {
	number campaign.NumberID
	fresh  bool
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
	for _, fresh := range []bool{false, true} {
		for _, one := range g.order {
			if one.number == number && one.fresh == fresh {
				waiting = append(waiting, campaign.Waiting{Campaign: c.ID, Pace: c.Pace, New: fresh, Zone: location(one.zone), Count: g.seen[one]})
			}
		}
	}
	return waiting
}

func ids(numbers []campaign.Number) []campaign.NumberID {
	all := make([]campaign.NumberID, len(numbers))
	for i, n := range numbers {
		all[i] = n.ID
	}
	return all
}

// perPerson is how long a person is left alone between two campaigns that come
// from a number.
func perPerson(senders []campaign.Number, number campaign.NumberID, c campaign.Campaign, now time.Time) time.Duration {
	for _, n := range senders {
		if n.ID == number {
			return max(n.Pace(now).PerPerson, c.Pace.PerPerson)
		}
	}
	return c.Pace.PerPerson
}

// leaveOut is why a person would not get the text of a campaign; empty: they
// would.
func (p *Preflight) leaveOut(contact *people.Contact, barred barredAliases, wait time.Duration, c *campaign.Campaign, text *campaign.Template, now time.Time) reason.Code {
	if why := unwanted(contact, barred, now); why != "" {
		return why
	}
	if tooSoon(contact, wait, now) {
		return reason.DeliveryPerPerson
	}
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
		who := contact.Name
		if who == "" {
			who = contact.Phone.Pretty()
		}
		l.Who = append(l.Who, who)
	}
}

// draftSendersTx are the numbers that would send a draft: those that it names,
// or all that are linked.
func draftSendersTx(tx *bolt.Tx, c campaign.Campaign) (senders []campaign.Number, err error) {
	numbers, err := numbersTx(tx)
	for _, n := range numbers {
		if slices.Contains(c.Numbers, n.ID) || len(c.Numbers) == 0 && n.Linked() {
			senders = append(senders, n)
		}
	}
	return senders, err
}

// Forecast says when a campaign that was started will have been sent. It costs
// as much as the queues of its numbers are long: it is not for every key press.
func (b *Book) Forecast(ctx context.Context, id campaign.ID, now time.Time) (f campaign.Forecast, err error) {
	var numbers []campaign.Outlook
	err = b.view(func(tx *bolt.Tx) error {
		c, err := campaignTx(tx, id)
		if err != nil {
			return err
		}
		for _, number := range c.Numbers {
			n, err := numberTx(tx, number)
			if err != nil {
				return err
			}
			o, err := outlookTx(ctx, tx, n, id, now)
			if err != nil {
				return err
			}
			numbers = append(numbers, o)
		}
		return nil
	})
	if err != nil {
		return f, err
	}
	return campaign.Walk(ctx, id, numbers, now)
}

// outlookTx is a number with all that waits on it, of the running campaigns and
// of one more.
func outlookTx(ctx context.Context, tx *bolt.Tx, n campaign.Number, id campaign.ID, now time.Time) (o campaign.Outlook, err error) {
	t, err := turnTx(tx, n.ID)
	if err != nil {
		return o, err
	}
	t.Last, t.Slow.Until = sofar(t.Last, now), within(t.Slow.Until, now, campaign.LongestSlow)
	o = campaign.Outlook{Number: n, Turn: t.Turn, Slow: t.Slow, Sent: pastTx(tx, n.ID, now)}
	switch s := n.Standing; {
	case !n.Linked():
		o.Stopped = true
	case s.State == campaign.Banned && s.Until.After(now):
		o.From = s.Until
	case s.State == campaign.Banned, s.State == campaign.Blocked, s.State == campaign.LoggedOut, s.State == campaign.Outdated:
		o.Stopped = true
	}
	if n.Standing.Closed.After(now) {
		o.NewChats = campaign.Hold{Reason: reason.HoldNewChats, Until: n.Standing.Closed}
	}
	if o.Takes, err = takesTx(tx, id); err != nil {
		return o, err
	}
	campaigns := rotation(tx, t.Campaign)
	if !slices.Contains(campaigns, id) {
		campaigns = append(campaigns, id)
	}
	for _, id := range campaigns {
		if o.Waiting, err = waitingTx(ctx, tx, o.Waiting, n.ID, id); err != nil {
			return o, err
		}
	}
	for i := range o.Waiting {
		o.Waiting[i].Due = within(o.Waiting[i].Due, now, longestWait)
	}
	return o, nil
}

// pastTx is what a number has sent in the last day, as far as any limit counts.
func pastTx(tx *bolt.Tx, number campaign.NumberID, now time.Time) (past []campaign.Past) {
	const most = 10_000
	prefix := key(uint32(number))
	cursor := bucket(tx, "sends").Cursor()
	for k, _ := seekLast(cursor, prefix); bytes.HasPrefix(k, prefix) && len(past) < most; k, _ = cursor.Prev() {
		at := sofar(sentAt(k), now)
		if now.Sub(at) >= 24*time.Hour {
			break
		}
		past = append(past, campaign.Past{At: at, New: k[12] != knownChat, Unsent: k[12] == newUnsent})
	}
	slices.Reverse(past)
	return past
}

// usualTake is how long a message is taken to be on its way before any was.
const usualTake = 300 * time.Millisecond

// takesTx is how long the last messages of a campaign were on their way.
func takesTx(tx *bolt.Tx, id campaign.ID) (time.Duration, error) {
	var sum time.Duration
	n := 0
	prefix := key(uint64(id))
	cursor := bucket(tx, "events").Cursor()
	looked := 0
	for k, v := seekLast(cursor, prefix); bytes.HasPrefix(k, prefix) && looked < 200; k, v = cursor.Prev() {
		looked++
		d, err := deliveryTx(tx, deliveryKey(id, binary.BigEndian.Uint32(v)))
		if err != nil {
			return 0, err
		}
		if took := d.Accepted.Sub(d.Claimed); !d.Accepted.IsZero() && d.Attempts == 1 && took >= 0 {
			sum += took
			n++
		}
	}
	if n == 0 {
		return usualTake, nil
	}
	return sum / time.Duration(n), nil
}

// waitingTx counts what waits on a number of a campaign, group by group.
func waitingTx(ctx context.Context, tx *bolt.Tx, groups []campaign.Waiting, number campaign.NumberID, id campaign.ID) ([]campaign.Waiting, error) {
	prefix := key(uint32(number), uint64(id))
	if !taken(bucket(tx, "queue"), prefix) && !taken(bucket(tx, "again"), prefix) {
		return groups, nil
	}
	c, err := campaignTx(tx, id)
	if err != nil {
		return groups, err
	}
	add := func(at []byte, n int, due bool) error {
		d, err := deliveryTx(tx, at)
		if err != nil {
			return err
		}
		g := campaign.Waiting{Campaign: id, Pace: c.Pace, New: d.New, Zone: location(d.Zone), Count: n}
		if due {
			g.Due = d.NotBefore
		}
		groups = append(groups, g)
		return nil
	}
	n := 0
	cursor := bucket(tx, "again").Cursor()
	for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
		if n++; n%256 == 0 && ctx.Err() != nil {
			return groups, ctx.Err()
		}
		if err := add(k[4:], 1, true); err != nil {
			return groups, err
		}
	}
	cursor = bucket(tx, "queue").Cursor()
	var first []byte // of the group that is being counted
	in := 0
	flush := func() error {
		if in == 0 {
			return nil
		}
		return add(deliveryKey(id, binary.BigEndian.Uint32(first[len(first)-4:])), in, false)
	}
	for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return groups, ctx.Err()
		}
		if in > 0 && bytes.Equal(k[:len(k)-4], first[:len(first)-4]) {
			in++
			continue
		}
		if err := flush(); err != nil {
			return groups, err
		}
		first, in = bytes.Clone(k), 1
	}
	return groups, flush()
}
