package campaign

import (
	"slices"
	"time"

	"recado/campaign/reason"
)

// Span is a range of durations from which gaps are drawn uniformly.
type Span struct{ Min, Max time.Duration }

// at is the duration at u of the way through the span; u is in [0, 1).
func (s Span) at(u float64) time.Duration {
	return s.Min + time.Duration(u*float64(s.Max-s.Min))
}

func (s Span) String() string {
	if s.Min == s.Max {
		return short(s.Min)
	}
	return short(s.Min) + "-" + short(s.Max)
}

// Pace says how fast a number may send: its own pace and that of a campaign
// hold together, see Tightest. Every limit counts all that the number has sent,
// for whatever campaign. The zero Pace has no limit at all. What each limit does
// is in pacelimits.go.
type Pace struct {
	Gap       Span          // between two messages when the second opens no new chat
	NewGap    Span          // before a message that opens a new chat
	Long      Span          // the pause after every Every messages
	Every     int           // 0: no long pauses
	Hour      int           // in any 60 minutes; 0: no limit
	NewHour   int           // of which new chats, tried; 0: no limit
	Day       int           // in any 24 hours; 0: no limit
	NewDay    int           // of which new chats, that may have been opened; 0: no limit
	Hours     Hours         // when, in the recipient's time zone
	PerPerson time.Duration // between two campaign messages to one person; 0: no limit
}

// Hours is a daily window in whole minutes of the day, on some weekdays. The
// zero Hours is always open.
type Hours struct {
	From, To int   // minutes since midnight, From < To; both 0: all day
	Days     uint8 // bit i set: open on time.Weekday(i); 0: every day
	Shut     bool  // never open: two windows have nothing in common
}

// DefaultPace is the pace of a number that was linked at linked: deliberately
// slow, and slower still for the first 30 days. No figure is safe.
func DefaultPace(linked, now time.Time) Pace {
	p := Pace{
		Gap:       Span{30 * time.Second, 60 * time.Second},
		NewGap:    Span{90 * time.Second, 180 * time.Second},
		Long:      Span{60 * time.Second, 120 * time.Second},
		Every:     20,
		Hour:      30,
		NewHour:   5,
		Day:       150,
		NewDay:    30,
		Hours:     Hours{From: 9 * 60, To: 20 * 60, Days: 0b1111110},
		PerPerson: 7 * 24 * time.Hour,
	}
	if now.Sub(linked) < 30*24*time.Hour {
		p.Day, p.NewDay = 40, 10
	}
	return p
}

// ParsePace reads a pace as String writes it, any part of it, over base: see
// [ParseLimits].
func ParsePace(base Pace, spec string) (Pace, error) {
	limits, err := ParseLimits(Limits{}, spec)
	if err != nil {
		return base, err
	}
	return limits.Over(base), nil
}

// String writes the pace, every limit of it, as ParsePace reads it.
func (p Pace) String() string {
	return p.All().String()
}

// All returns every limit of p, those that are lifted too.
func (p Pace) All() Limits { return Limits{named: 1<<len(limits) - 1, pace: p} }

// Limits returns the limits that p sets, those that are not lifted.
func (p Pace) Limits() Limits {
	var l Limits
	for i, limit := range limits {
		if limit.set(p) {
			l.named |= 1 << i
			limit.copy(&l.pace, p)
		}
	}
	return l
}

// Looser names the limits by which p allows more than q does, in the order of
// the spec; nil if it allows nothing more.
func (p Pace) Looser(q Pace) []string {
	var names []string
	for _, limit := range limits {
		if limit.looser(p, q) {
			names = append(names, limit.name)
		}
	}
	return names
}

// Overruled names the limits that p sets and that have no effect beside q, in
// the order of the spec: q's are tighter.
func (p Pace) Overruled(q Pace) []string {
	var names []string
	for _, limit := range limits {
		if limit.set(p) && limit.looser(p, q) {
			names = append(names, limit.name)
		}
	}
	return names
}

// Tightest returns the pace that obeys both p and q, limit by limit: the larger
// of both ends of a span, the smaller of two counts, the hours and weekdays that
// both allow. Where they allow none in common, its Hours are shut.
func (p Pace) Tightest(q Pace) Pace {
	for _, limit := range limits {
		limit.tighten(&p, q)
	}
	return p
}

// Turn is the state of a number's pace: all that is needed to say when its
// next message may leave. It is kept in the book, so that a restart neither
// forgets a pause nor causes a burst.
type Turn struct {
	Last  time.Time // when the last message left, or its outcome was known; zero: never
	Draw  float64   // in [0, 1), drawn with the last message: where in the gap the next one falls
	Since int       // messages since the last long pause began
}

// Counted says which tries of a number a limit counts. What did not leave has
// been tried all the same, so it counts for how fast a number tries; it has
// opened no chat, so it does not count for how many it opens in a day.
type Counted uint8

// What limits count.
const (
	Tries    Counted = iota // every message, whatever became of it
	NewTries                // those that were to open a new chat
	NewChats                // of these, those that may have left
)

// History answers how many messages a number sent, from the book.
type History interface {
	// Nth returns when the n-th newest message of that kind was sent, counting
	// from 1; the zero time if there are not that many in the last 24 hours.
	Nth(n int, of Counted) time.Time
}

// Hold says why nothing may be sent now, and until when.
type Hold struct {
	Reason   reason.Code // one of the Hold codes; empty: nothing holds
	Until    time.Time   // zero: until somebody or something changes it
	Campaign ID          `json:",omitempty"` // whose limit it is; 0: the number's own, or no limit of ours
	Number   NumberID    `json:",omitempty"` // of HoldOthers: which number is waited for
}

// Paced reports whether a limit of ours holds, a number's or a campaign's.
func (h Hold) Paced() bool {
	return slices.ContainsFunc(limits[:], func(l limit) bool { return slices.Contains(l.holds, h.Reason) })
}

// Pauses is the pace of what deletes messages: as slow from one to the next, without
// a limit of how many and when, because nobody is sent anything by it.
func (p Pace) Pauses() Pace {
	return Pace{Gap: p.Gap, NewGap: p.Gap, Long: p.Long, Every: p.Every}
}

// Later returns whichever hold ends later; one without an end is the latest.
func (h Hold) Later(o Hold) Hold {
	switch {
	case h.Reason == "":
		return o
	case o.Reason == "", h.Until.IsZero():
		return h
	case o.Until.IsZero(), o.Until.After(h.Until):
		return o
	}
	return h
}

// Sooner returns whichever hold ends sooner; one without an end is the latest.
func (h Hold) Sooner(o Hold) Hold {
	switch {
	case h.Reason == "" || o.Reason == "":
		return Hold{}
	case h.Until.IsZero():
		return o
	case o.Until.IsZero(), h.Until.Before(o.Until):
		return h
	}
	return o
}

// Hold says what holds a message to a person in zone back at now, the limit
// that ends last winning. The zero Hold means: send.
func (p Pace) Hold(t Turn, h History, newChat bool, zone *time.Location, now time.Time) Hold {
	var hold Hold
	until := func(code reason.Code, at time.Time) {
		if at.After(now) {
			hold = hold.Later(Hold{Reason: code, Until: at})
		}
	}
	if !t.Last.IsZero() {
		gap := p.Gap
		if newChat {
			gap = p.NewGap
		}
		until(reason.HoldGap, t.Last.Add(gap.at(t.Draw)))
		if p.Every > 0 && t.Since >= p.Every {
			until(reason.HoldLong, t.Last.Add(p.Long.at(t.Draw)))
		}
	}
	capped := func(code reason.Code, limit int, window time.Duration, of Counted) {
		if limit <= 0 {
			return
		}
		if nth := h.Nth(limit, of); !nth.IsZero() {
			until(code, nth.Add(window))
		}
	}
	capped(reason.HoldHour, p.Hour, time.Hour, Tries)
	capped(reason.HoldDay, p.Day, 24*time.Hour, Tries)
	if newChat {
		capped(reason.HoldNewHour, p.NewHour, time.Hour, NewTries)
		capped(reason.HoldNewDay, p.NewDay, 24*time.Hour, NewChats)
	}
	if p.Hours.Shut {
		return Hold{Reason: reason.HoldShut}
	}
	at := now
	if hold.Until.After(at) {
		at = hold.Until
	}
	if open := p.Hours.Next(at.In(zone)); open.After(at) {
		hold = Hold{Reason: reason.HoldHours, Until: open}
	}
	return hold
}

// binds reports whether a hold at p.Tightest(q) is for a limit of q that is
// tighter than p's.
func (p Pace) binds(q Pace, hold Hold, zone *time.Location, now time.Time) bool {
	switch hold.Reason {
	case reason.HoldShut:
		return true
	case reason.HoldHours:
		open := p.Hours.Next(hold.Until.In(zone).Add(-time.Nanosecond))
		return !open.Equal(hold.Until)
	}
	for _, limit := range limits {
		if slices.Contains(limit.holds, hold.Reason) && limit.looser(p, q) {
			return true
		}
	}
	return false
}

// Held says what holds a message of a campaign: the number's own pace p or
// that of the campaign, limit by limit the tighter one. See Hold.
func (p Pace) Held(id ID, own Pace, t Turn, h History, newChat bool, zone *time.Location, now time.Time) Hold {
	hold := p.Tightest(own).Hold(t, h, newChat, zone, now)
	if hold.Reason != "" && p.binds(own, hold, zone, now) {
		hold.Campaign = id
	}
	return hold
}

// Spent returns the turn after a message left at now; draw is in [0, 1).
func (p Pace) Spent(t Turn, now time.Time, draw float64) Turn {
	if p.Every > 0 && t.Since >= p.Every {
		t.Since = 0
	}
	return Turn{Last: now, Draw: draw, Since: t.Since + 1}
}

// Next returns the first moment from t on at which the window is open, in t's
// time zone: by what its clocks and calendars show, also on a day on which they
// are changed.
func (h Hours) Next(t time.Time) time.Time {
	from, to := time.Duration(h.From)*time.Minute, time.Duration(h.To)*time.Minute
	if h.To == 0 {
		to = 24 * time.Hour
	}
	for range 64 { // a step a day, and one for each change of the clocks, for more than a week
		shown := sinceMidnight(t)
		wait := 24*time.Hour - shown
		if h.Days == 0 || h.Days&(1<<t.Weekday()) != 0 {
			if shown >= from && shown < to {
				return t
			}
			if shown < from {
				wait = from - shown
			}
		}
		// The clocks run evenly until they are changed. Then they show something
		// else, and perhaps another day.
		next := t.Add(wait)
		if _, change := t.ZoneBounds(); !change.IsZero() && change.Before(next) {
			next = change
		}
		t = next
	}
	return t
}

// sinceMidnight is what the clocks of t's zone show at t.
func sinceMidnight(t time.Time) time.Duration {
	hour, minute, second := t.Clock()
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute +
		time.Duration(second)*time.Second + time.Duration(t.Nanosecond())
}

// startOfDay is the first moment of the calendar day of t, in t's zone: there
// are days without a midnight, and days with two.
func startOfDay(t time.Time) time.Time {
	for {
		start := t.Add(-sinceMidnight(t))
		change, _ := t.ZoneBounds()
		if change.IsZero() || change.Before(start) {
			return start
		}
		before := change.Add(-1).In(t.Location())
		if before.Day() != t.Day() {
			return change
		}
		t = before
	}
}
