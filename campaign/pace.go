package campaign

import (
	"fmt"
	"strconv"
	"strings"
	"time"
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

// Pace says how fast a number may send for a campaign. Every limit counts all
// that the number has sent, for whatever campaign. The zero Pace has no limit
// at all.
type Pace struct {
	Gap       Span          // between two messages when the second opens no new chat
	NewGap    Span          // before a message that opens a new chat
	Long      Span          // the pause after every Every messages
	Every     int           // 0: no long pauses
	Hour      int           // in any 60 minutes; 0: no limit
	NewHour   int           // of which new chats; 0: no limit
	Day       int           // in any 24 hours; 0: no limit
	NewDay    int           // of which new chats; 0: no limit
	Hours     Hours         // when, in the recipient's time zone
	PerPerson time.Duration // between two campaign messages to one person; 0: no limit
}

// Hours is a daily window in whole minutes of the day, on some weekdays. The
// zero Hours is always open.
type Hours struct {
	From, To int   // minutes since midnight, From < To; both 0: all day
	Days     uint8 // bit i set: open on time.Weekday(i); 0: every day
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

// ParsePace reads a pace as String writes it, any part of it, over base:
//
//	gap=30s-60s new-gap=90s-180s long=60s-120s every=20 hour=30 new-hour=5
//	day=150 new-day=30 hours=09:00-20:00 weekdays=mon-sat per-person=7d
//
// or the one word "off": no limit at all. A number or duration of 0, and
// hours or weekdays "all", lift that one limit.
func ParsePace(base Pace, spec string) (Pace, error) {
	if strings.TrimSpace(spec) == "off" {
		return Pace{}, nil
	}
	p := base
	for _, part := range strings.Fields(spec) {
		key, value, ok := strings.Cut(part, "=")
		if !ok {
			return base, fmt.Errorf("pace: %q: want key=value, for example gap=30s-60s", part)
		}
		var err error
		switch key {
		case "gap":
			p.Gap, err = parseSpan(value)
		case "new-gap":
			p.NewGap, err = parseSpan(value)
		case "long":
			p.Long, err = parseSpan(value)
		case "every":
			p.Every, err = parseCount(value)
		case "hour":
			p.Hour, err = parseCount(value)
		case "new-hour":
			p.NewHour, err = parseCount(value)
		case "day":
			p.Day, err = parseCount(value)
		case "new-day":
			p.NewDay, err = parseCount(value)
		case "hours":
			p.Hours.From, p.Hours.To, err = parseHours(value)
		case "weekdays":
			p.Hours.Days, err = parseWeekdays(value)
		case "per-person":
			p.PerPerson, err = parseDuration(value)
		default:
			err = fmt.Errorf("no such limit; there are gap, new-gap, long, every, hour, new-hour, day, new-day, hours, weekdays, per-person")
		}
		if err != nil {
			return base, fmt.Errorf("pace: %s: %w", part, err)
		}
	}
	return p, nil
}

// String writes the pace as ParsePace reads it.
func (p Pace) String() string {
	if p == (Pace{}) {
		return "off"
	}
	hours, days := "all", "all"
	if p.Hours.To > 0 {
		hours = fmt.Sprintf("%02d:%02d-%02d:%02d", p.Hours.From/60, p.Hours.From%60, p.Hours.To/60, p.Hours.To%60)
	}
	if p.Hours.Days != 0 {
		days = weekdays(p.Hours.Days)
	}
	return fmt.Sprintf("gap=%s new-gap=%s long=%s every=%d hour=%d new-hour=%d day=%d new-day=%d hours=%s weekdays=%s per-person=%s",
		p.Gap, p.NewGap, p.Long, p.Every, p.Hour, p.NewHour, p.Day, p.NewDay, hours, days, short(p.PerPerson))
}

// Looser names the limits by which p allows more than q does, in the order of
// the spec; nil if it allows nothing more.
func (p Pace) Looser(q Pace) []string {
	var names []string
	add := func(name string, looser bool) {
		if looser {
			names = append(names, name)
		}
	}
	less := func(a, b Span) bool { return a.Min < b.Min || a.Max < b.Max }
	more := func(a, b int) bool { return b > 0 && (a == 0 || a > b) }
	add("gap", less(p.Gap, q.Gap))
	add("new-gap", less(p.NewGap, q.NewGap))
	add("long", less(p.Long, q.Long))
	add("every", more(p.Every, q.Every))
	add("hour", more(p.Hour, q.Hour))
	add("new-hour", more(p.NewHour, q.NewHour))
	add("day", more(p.Day, q.Day))
	add("new-day", more(p.NewDay, q.NewDay))
	add("hours", q.Hours.To > 0 && (p.Hours.To == 0 || p.Hours.From < q.Hours.From || p.Hours.To > q.Hours.To))
	add("weekdays", q.Hours.Days != 0 && (p.Hours.Days == 0 || p.Hours.Days&^q.Hours.Days != 0))
	add("per-person", p.PerPerson < q.PerPerson)
	return names
}

// Turn is the state of a number's pace: all that is needed to say when its
// next message may leave. It is kept in the book, so that a restart neither
// forgets a pause nor causes a burst.
type Turn struct {
	Last  time.Time // when the last message left, or its outcome was known; zero: never
	Draw  float64   // in [0, 1), drawn with the last message: where in the gap the next one falls
	Since int       // messages since the last long pause began
}

// History answers how many messages a number sent, from the book.
type History interface {
	// Nth returns when the n-th newest message was sent, counting from 1, of
	// new chats only if newChats; the zero time if there are not that many in
	// the last 24 hours.
	Nth(n int, newChats bool) time.Time
}

// Hold says why nothing may be sent now, and until when.
type Hold struct {
	Reason string    // one of the Hold constants; empty: nothing holds
	Until  time.Time // zero: until somebody or something changes it
}

// The reasons of a hold. The screens translate them.
const (
	HoldGap       = "gap between messages"
	HoldLong      = "long pause"
	HoldHour      = "hourly limit"
	HoldNewHour   = "hourly limit of new chats"
	HoldDay       = "daily limit"
	HoldNewDay    = "daily limit of new chats"
	HoldHours     = "outside the hours"
	HoldNewChats  = "WhatsApp restricts new chats"
	HoldQuota     = "WhatsApp's quota of new chats is used up"
	HoldOffline   = "not connected"
	HoldSyncing   = "receiving what arrived while away"
	HoldRateLimit = "WhatsApp asks to slow down"
	HoldDisk      = "the disk refuses to write"
	HoldCheck     = "asking WhatsApp who is there"
	HoldUpload    = "uploading the attachment"
	HoldDoubt     = "waiting for proof of a message"
	HoldRetry     = "trying again soon"
	HoldEmpty     = "nothing to send"
)

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
	until := func(reason string, at time.Time) {
		if at.After(now) {
			hold = hold.Later(Hold{reason, at})
		}
	}
	if !t.Last.IsZero() {
		gap := p.Gap
		if newChat {
			gap = p.NewGap
		}
		until(HoldGap, t.Last.Add(gap.at(t.Draw)))
		if p.Every > 0 && t.Since >= p.Every {
			until(HoldLong, t.Last.Add(p.Long.at(t.Draw)))
		}
	}
	capped := func(reason string, limit int, window time.Duration, newChats bool) {
		if limit <= 0 {
			return
		}
		if nth := h.Nth(limit, newChats); !nth.IsZero() {
			until(reason, nth.Add(window))
		}
	}
	capped(HoldHour, p.Hour, time.Hour, false)
	capped(HoldDay, p.Day, 24*time.Hour, false)
	if newChat {
		capped(HoldNewHour, p.NewHour, time.Hour, true)
		capped(HoldNewDay, p.NewDay, 24*time.Hour, true)
	}
	at := now
	if hold.Until.After(at) {
		at = hold.Until
	}
	if open := p.Hours.Next(at.In(zone)); open.After(at) {
		hold = Hold{HoldHours, open}
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
// time zone.
func (h Hours) Next(t time.Time) time.Time {
	for range 9 { // a week, the rest of today, and a day for the clock change
		open := h.Days == 0 || h.Days&(1<<t.Weekday()) != 0
		y, m, d := t.Date()
		minute := func(n int) time.Time { return time.Date(y, m, d, n/60, n%60, 0, 0, t.Location()) }
		if open {
			if h.To == 0 {
				return t
			}
			if from := minute(h.From); t.Before(from) {
				return from
			}
			if t.Before(minute(h.To)) {
				return t
			}
		}
		t = time.Date(y, m, d+1, 0, 0, 0, 0, t.Location())
	}
	return t
}

func parseSpan(s string) (Span, error) {
	lo, hi, ranged := strings.Cut(s, "-")
	from, err := parseDuration(lo)
	if err != nil {
		return Span{}, err
	}
	to := from
	if ranged {
		if to, err = parseDuration(hi); err != nil {
			return Span{}, err
		}
	}
	if to < from {
		return Span{}, fmt.Errorf("the second duration is shorter than the first")
	}
	return Span{from, to}, nil
}

func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 3650 {
			return 0, fmt.Errorf("not a number of days: %q", s)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	if s == "0" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("not a duration: %q (write 30s, 2m, 1h or 7d)", s)
	}
	return d, nil
}

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1e6 {
		return 0, fmt.Errorf("not a number from 0 to 1000000: %q", s)
	}
	return n, nil
}

func parseHours(s string) (from, to int, err error) {
	if s == "all" {
		return 0, 0, nil
	}
	lo, hi, ok := strings.Cut(s, "-")
	if !ok {
		return 0, 0, fmt.Errorf("want from-to, for example 09:00-20:00")
	}
	minute := func(s string) (n int) {
		h, m, ok := strings.Cut(s, ":")
		hour, err1 := strconv.Atoi(h)
		min, err2 := strconv.Atoi(m)
		if !ok || err1 != nil || err2 != nil || hour < 0 || min < 0 || min > 59 || hour*60+min > 24*60 {
			err = fmt.Errorf("not a time of day: %q", s)
		}
		return hour*60 + min
	}
	from, to = minute(lo), minute(hi)
	if err == nil && from >= to {
		err = fmt.Errorf("the end must be later on the same day than the beginning")
	}
	return from, to, err
}

var dayNames = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// parseWeekdays reads "mon-sat", "mon,wed,fri" and mixtures; a range may pass
// the end of the week.
func parseWeekdays(s string) (days uint8, err error) {
	if s == "all" {
		return 0, nil
	}
	day := func(s string) int {
		for i, name := range dayNames {
			if s == name {
				return i
			}
		}
		err = fmt.Errorf("not a weekday: %q (sun, mon, tue, wed, thu, fri, sat)", s)
		return 0
	}
	for _, part := range strings.Split(s, ",") {
		lo, hi, ranged := strings.Cut(part, "-")
		from := day(lo)
		to := from
		if ranged {
			to = day(hi)
		}
		for i := from; ; i = (i + 1) % 7 {
			days |= 1 << i
			if i == to {
				break
			}
		}
	}
	return days, err
}

// weekdays writes days as parseWeekdays reads them, runs from Monday on as
// ranges.
func weekdays(days uint8) string {
	var parts []string
	for i := 1; i <= 7; {
		if days&(1<<(i%7)) == 0 {
			i++
			continue
		}
		last := i
		for last < 7 && days&(1<<((last+1)%7)) != 0 {
			last++
		}
		if last == i {
			parts = append(parts, dayNames[i%7])
		} else {
			parts = append(parts, dayNames[i%7]+"-"+dayNames[last%7])
		}
		i = last + 1
	}
	return strings.Join(parts, ",")
}

// short writes a duration in the largest unit that says it exactly.
func short(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == 0:
		return "0"
	case d%day == 0:
		return strconv.Itoa(int(d/day)) + "d"
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	case d%time.Second == 0:
		return strconv.Itoa(int(d/time.Second)) + "s"
	}
	return d.String()
}
