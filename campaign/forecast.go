package campaign

import (
	"cmp"
	"context"
	"slices"
	"time"

	"recado/campaign/reason"
)

// Forecast is when a campaign will have been sent, by its limits, its hours,
// what WhatsApp allows and what was sent already. It is found by walking through
// the calendar, message by message, see [Walk].
type Forecast struct {
	Left   int       // deliveries that wait
	Stuck  int       // of those, how many do not leave until somebody does something, see Binds
	Starts time.Time // when the next one leaves; zero: none does
	Ends   time.Time // when the last one has left that is not stuck; zero: none leaves
	Days   []Day     // on which something leaves, the first first
	Hours  []Hour    // the same in finer grain, the first first; of each number as many as sixty days have
	More   bool      // Days ends before the campaign does
	Binds  Hold      // what makes it last longest, or what stops it; empty: nothing does
	Tries  int       // after so many of those that wait it pauses by itself and asks; 0: it does not
	Asks   time.Time // about when that is. What is said of later is as if somebody let it go on at once
}

// Try says of a forecast that after so many messages the campaign pauses and asks.
// It does not if no more than that leave.
func (f *Forecast) Try(first int) {
	if first <= 0 || first >= f.Left-f.Stuck {
		return
	}
	hours := slices.Clone(f.Hours)
	slices.SortStableFunc(hours, func(a, b Hour) int { return a.From.Compare(b.From) })
	left := 0
	for _, h := range hours {
		if left += h.Count; h.Count > 0 && left >= first {
			from, to := h.From, h.To // the part of the hour in which it is sent
			if from.Before(f.Starts) {
				from = f.Starts
			}
			if !f.Ends.IsZero() && to.After(f.Ends) {
				to = f.Ends
			}
			f.Tries, f.Asks = first, from.Add(to.Sub(from)*time.Duration(first-left+h.Count)/time.Duration(h.Count))
			return
		}
	}
}

// Day is a day of a forecast, in the time zone of its beginning.
type Day struct {
	Date  time.Time // its first moment
	Count int
	Binds Hold // what held longest on it; empty: nothing did
}

// Waiting is a group of deliveries that a number treats alike.
type Waiting struct {
	Campaign ID
	Pace     Pace // the campaign's own
	New      bool // each opens a new chat
	Opened   bool // which the service may have let it open already: it is no more of the quota
	Zone     *time.Location
	Count    int
	Due      time.Time // not before; zero: at once
	Lapses   time.Time // not after: a person has to decide then; zero: whenever it is
}

// Past is a message that a number has sent.
type Past struct {
	At     time.Time
	New    bool // it was to open a new chat
	Unsent bool // it did not leave
}

// Outlook is what a forecast has to know of one number.
type Outlook struct {
	Number   Number
	Turn     Turn
	Sent     []Past        // in the last 24 hours, the oldest first
	Slow     Hold          // the service asked to slow down
	NewChats Hold          // no new chat may be opened; one without an end stays
	Stopped  bool          // it sends nothing before somebody does something
	From     time.Time     // it sends nothing before; zero: at once
	Takes    time.Duration // how long a message is on its way to the service
	// Waiting is in the order in which a claim looks through it: the campaigns
	// as they take turns, in each those in doubt, then known chats, then new
	// ones, zone by zone.
	Waiting []Waiting
}

// How far a forecast walks. What is beyond is reckoned from the days before.
const (
	maxSteps   = 20_000 // messages of a number
	maxHorizon = 2 * 366 * 24 * time.Hour
	maxDays    = 60
)

// Walk forecasts a campaign that is sent by those numbers, together with all
// that they have to send beside it. It ends early, with the context's error,
// when ctx does.
func Walk(ctx context.Context, id ID, numbers []Outlook, now time.Time) (Forecast, error) {
	var f Forecast
	days := make(map[time.Time]*walkedDay)
	held := make(holds)
	for _, o := range numbers {
		w := newWalk(id, o, now)
		f.Left += w.left
		if w.left == 0 {
			continue
		}
		if err := w.run(ctx, days, held); err != nil {
			return f, err
		}
		f.Hours = append(f.Hours, w.hourly.hours()...)
		f.Stuck += w.left + w.lapsed
		f.Starts = earlier(f.Starts, w.first)
		if w.last.After(f.Ends) {
			f.Ends = w.last
		}
		f.More = f.More || w.beyond
	}
	together(f.Hours)
	for date, d := range days {
		if d.count > 0 {
			f.Days = append(f.Days, Day{date, d.count, d.held.longest()})
		}
	}
	slices.SortFunc(f.Days, func(a, b Day) int { return a.Date.Compare(b.Date) })
	if len(f.Days) > maxDays {
		f.Days, f.More = f.Days[:maxDays], true
	}
	f.Binds = held.longest()
	return f, nil
}

// earlier is the earlier of two times of which a zero one counts for nothing.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// walkedDay is what left on a day, and what held it.
type walkedDay struct {
	count int
	held  holds
}

// holds are for how long each hold lasted, by reason and campaign.
type holds map[Hold]time.Duration

// add counts a hold; it never comes to less than it was.
func (held holds) add(h Hold, d time.Duration) { held[h] = max(held[h], held[h]+d) }

// longest is the hold that lasted longest; one without an end counts as longest.
func (held holds) longest() (binds Hold) {
	var most time.Duration
	for h, d := range held {
		if d > most || d == most && cmp.Or(cmp.Compare(h.Reason, binds.Reason), cmp.Compare(h.Campaign, binds.Campaign)) < 0 {
			binds, most = h, d
		}
	}
	return binds
}

// walk is one number on its way through the calendar.
type walk struct {
	Outlook
	id       ID
	at       time.Time
	zone     *time.Location // whose days are counted
	turn     ID             // whose message was the last
	all      []time.Time    // what it has sent, the oldest first
	newChats []time.Time    // of which new chats
	opened   []time.Time    // of these, the ones that may have left
	quota    Quota
	order    []ID              // of the campaigns
	groups   map[ID][]*Waiting // of each
	paces    map[ID]Pace       // the tighter of the number's and the campaign's
	young    bool              // paces are those of its first month

	left        int
	lapsed      int // of those, that a person has to decide about
	first, last time.Time
	beyond      bool
	hourly      rehearsal
}

func newWalk(id ID, o Outlook, now time.Time) *walk {
	w := &walk{Outlook: o, id: id, at: now, zone: now.Location(), quota: o.Number.Quota, groups: make(map[ID][]*Waiting)}
	for _, s := range o.Sent {
		w.all = append(w.all, s.At)
		if s.New {
			w.newChats = append(w.newChats, s.At)
			if !s.Unsent {
				w.opened = append(w.opened, s.At)
			}
		}
	}
	for _, g := range o.Waiting {
		if g.Count <= 0 {
			continue
		}
		if w.groups[g.Campaign] == nil {
			w.order = append(w.order, g.Campaign)
		}
		w.groups[g.Campaign] = append(w.groups[g.Campaign], &g)
		if g.Campaign == id {
			w.left += g.Count
		}
	}
	if o.From.After(now) {
		w.at = o.From
	}
	w.hourly.number = o.Number.ID
	return w
}

// Nth implements [History].
func (w *walk) Nth(n int, of Counted) time.Time {
	sent := w.all
	switch of {
	case NewTries:
		sent = w.newChats
	case NewChats:
		sent = w.opened
	}
	if n > len(sent) || w.at.Sub(sent[len(sent)-n]) >= 24*time.Hour {
		return time.Time{}
	}
	return sent[len(sent)-n]
}

// forever is how long something holds that has no end.
const forever = 1<<63 - 1

// run walks until nothing of the campaign is left, or nothing of it can leave.
func (w *walk) run(ctx context.Context, days map[time.Time]*walkedDay, held holds) error {
	day := func() *walkedDay {
		date := startOfDay(w.at.In(w.zone))
		if days[date] == nil {
			days[date] = &walkedDay{held: make(holds)}
		}
		return days[date]
	}
	stop := func(why Hold) {
		held[why] = forever
		w.hourly.ends(why, w.at)
	}
	if w.Stopped {
		stop(Hold{Reason: reason.HoldStopped})
		return nil
	}
	begun, all := w.at, w.left
	for steps := 0; w.left > 0; steps++ {
		if steps%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if steps == maxSteps || w.at.Sub(begun) > maxHorizon {
			w.extrapolate(begun, all-w.left)
			return nil
		}
		g, hold := w.next()
		if g == nil {
			why := Hold{Reason: hold.Reason, Campaign: hold.Campaign}
			if hold.Until.IsZero() {
				stop(why)
				return nil
			}
			held.add(why, hold.Until.Sub(w.at))
			day().held.add(why, hold.Until.Sub(w.at))
			w.hourly.hold(why, w.at.In(w.zone), hold.Until.In(w.zone))
			w.at = hold.Until
			continue
		}
		if w.send(g); g.Campaign == w.id {
			day().count++
			w.hourly.sent(w.at.In(w.zone))
		}
		w.at = w.at.Add(w.Takes)
		w.Turn.Last = w.at
	}
	return nil
}

// next is the group whose turn it is, or what holds them all.
func (w *walk) next() (*Waiting, Hold) {
	if w.Slow.Until.After(w.at) {
		return nil, w.Slow
	}
	w.repace()
	first := 0 // the campaign after the one that had the last turn
	for i, id := range w.order {
		if id == w.turn {
			first = i + 1
		}
	}
	var hold Hold
	some := false
	for i := range w.order {
		id := w.order[(first+i)%len(w.order)]
		for _, g := range w.groups[id] {
			if !g.Lapses.IsZero() && w.at.After(g.Lapses) {
				w.lapse(g)
			}
			if g.Count == 0 {
				continue
			}
			why := w.hold(id, g)
			if why.Reason == "" {
				return g, why
			}
			if !some {
				hold, some = why, true
			} else {
				hold = hold.Sooner(why)
			}
		}
	}
	return nil, hold
}

// lapse leaves to a person what is in doubt and too old to be sent again.
func (w *walk) lapse(g *Waiting) {
	if g.Campaign == w.id {
		w.left -= g.Count
		w.lapsed += g.Count
	}
	g.Count = 0
}

// repace brings the paces up to the age of the number.
func (w *walk) repace() {
	own := w.Number.Pace(w.at)
	if young := own == w.Number.Pace(w.Number.LinkedAt); w.paces != nil && young == w.young {
		return
	} else {
		w.young = young
	}
	w.paces = make(map[ID]Pace, len(w.order))
	for _, id := range w.order {
		w.paces[id] = own.Tightest(w.groups[id][0].Pace)
	}
}

// hold says what holds a group: the same as in a claim.
func (w *walk) hold(id ID, g *Waiting) Hold {
	if g.Due.After(w.at) {
		return Hold{Reason: reason.HoldRetry, Until: g.Due}
	}
	own := w.groups[id][0].Pace
	hold := w.paces[id].Hold(w.Turn, w, g.New, g.Zone, w.at)
	if hold.Reason != "" && w.Number.Pace(w.at).binds(own, hold, g.Zone, w.at) {
		hold.Campaign = id
	}
	if !g.New {
		return hold
	}
	if closed := w.NewChats; closed.Reason != "" && (closed.Until.IsZero() || closed.Until.After(w.at)) {
		hold = hold.Later(closed)
	}
	if w.quota.Spent(w.at) {
		hold = hold.Later(Hold{Reason: reason.HoldQuota, Until: w.quota.Until})
	}
	return hold
}

// quotaCycle is how long a cycle of new chats lasts of which only the end is
// known.
const quotaCycle = 30 * 24 * time.Hour

// send takes one delivery of a group at the time that it is.
func (w *walk) send(g *Waiting) {
	g.Count--
	w.turn = g.Campaign
	// In the middle of its gap: over many messages that comes to the same.
	w.Turn = w.paces[g.Campaign].Spent(w.Turn, w.at, 0.5)
	w.all = append(w.all, w.at)
	if g.New {
		w.newChats, w.opened = append(w.newChats, w.at), append(w.opened, w.at)
		for w.quota.Known && !w.quota.Until.IsZero() && !w.quota.Until.After(w.at) {
			w.quota.Used, w.quota.Until = 0, w.quota.Until.Add(quotaCycle)
		}
		if !g.Opened {
			w.quota.Used++
		}
	}
	if g.Campaign == w.id {
		w.left--
		w.first, w.last = earlier(w.first, w.at), w.at
	}
}

// extrapolate reckons the end of what is left from what left so far.
func (w *walk) extrapolate(begun time.Time, sent int) {
	if sent > 0 {
		w.last = w.at.Add(time.Duration(float64(w.at.Sub(begun)) / float64(sent) * float64(w.left)))
		w.left, w.beyond = 0, true
	}
}
