package campaign

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"recado/campaign/reason"
)

// limit is one of the limits of a pace: all that the program knows about it.
type limit struct {
	name    string        // as a spec names it
	holds   []reason.Code // the reasons of the holds that it makes
	value   func(p Pace) any
	set     func(p Pace) bool // it is not lifted
	read    func(p *Pace, s string) error
	text    func(p Pace) string // as read takes it
	copy    func(p *Pace, q Pace)
	looser  func(p, q Pace) bool  // p allows more than q
	tighten func(p *Pace, q Pace) // p obeys q as well
}

// limits are all there are, in the order of a spec.
var limits = [...]limit{
	spanLimit("gap", func(p *Pace) *Span { return &p.Gap }, reason.HoldGap),
	spanLimit("new-gap", func(p *Pace) *Span { return &p.NewGap }, reason.HoldGap),
	spanLimit("long", func(p *Pace) *Span { return &p.Long }, reason.HoldLong),
	countLimit("every", func(p *Pace) *int { return &p.Every }, reason.HoldLong),
	countLimit("hour", func(p *Pace) *int { return &p.Hour }, reason.HoldHour),
	countLimit("new-hour", func(p *Pace) *int { return &p.NewHour }, reason.HoldNewHour),
	countLimit("day", func(p *Pace) *int { return &p.Day }, reason.HoldDay),
	countLimit("new-day", func(p *Pace) *int { return &p.NewDay }, reason.HoldNewDay),
	{
		name:  "hours",
		holds: []reason.Code{reason.HoldHours, reason.HoldShut},
		value: func(p Pace) any { return Hours{From: p.Hours.From, To: p.Hours.To} },
		set:   func(p Pace) bool { return p.Hours.To > 0 },
		read: func(p *Pace, s string) (err error) {
			p.Hours.From, p.Hours.To, err = parseHours(s)
			return err
		},
		text: func(p Pace) string {
			if p.Hours.To == 0 {
				return "all"
			}
			return fmt.Sprintf("%02d:%02d-%02d:%02d", p.Hours.From/60, p.Hours.From%60, p.Hours.To/60, p.Hours.To%60)
		},
		copy: func(p *Pace, q Pace) { p.Hours.From, p.Hours.To = q.Hours.From, q.Hours.To },
		looser: func(p, q Pace) bool {
			return q.Hours.To > 0 && (p.Hours.To == 0 || p.Hours.From < q.Hours.From || p.Hours.To > q.Hours.To)
		},
		tighten: func(p *Pace, q Pace) {
			h := &p.Hours
			switch {
			case q.Hours.Shut:
				h.Shut = true
			case h.To == 0:
				h.From, h.To = q.Hours.From, q.Hours.To
			case q.Hours.To > 0:
				h.From, h.To = max(h.From, q.Hours.From), min(h.To, q.Hours.To)
				h.Shut = h.Shut || h.From >= h.To
			}
		},
	},
	{
		name:  "weekdays",
		holds: []reason.Code{reason.HoldHours, reason.HoldShut},
		value: func(p Pace) any { return Hours{Days: p.Hours.Days} },
		set:   func(p Pace) bool { return p.Hours.Days != 0 },
		read: func(p *Pace, s string) (err error) {
			p.Hours.Days, err = parseWeekdays(s)
			return err
		},
		text: func(p Pace) string {
			if p.Hours.Days == 0 {
				return "all"
			}
			return weekdays(p.Hours.Days)
		},
		copy: func(p *Pace, q Pace) { p.Hours.Days = q.Hours.Days },
		looser: func(p, q Pace) bool {
			return q.Hours.Days != 0 && (p.Hours.Days == 0 || p.Hours.Days&^q.Hours.Days != 0)
		},
		tighten: func(p *Pace, q Pace) {
			switch h := &p.Hours; {
			case h.Days == 0:
				h.Days = q.Hours.Days
			case q.Hours.Days != 0:
				h.Days &= q.Hours.Days
				h.Shut = h.Shut || h.Days == 0
			}
		},
	},
	{
		name:  "per-person",
		value: func(p Pace) any { return p.PerPerson },
		set:   func(p Pace) bool { return p.PerPerson > 0 },
		read: func(p *Pace, s string) (err error) {
			p.PerPerson, err = parseDuration(s)
			return err
		},
		text:    func(p Pace) string { return short(p.PerPerson) },
		copy:    func(p *Pace, q Pace) { p.PerPerson = q.PerPerson },
		looser:  func(p, q Pace) bool { return p.PerPerson < q.PerPerson },
		tighten: func(p *Pace, q Pace) { p.PerPerson = max(p.PerPerson, q.PerPerson) },
	},
}

// spanLimit is a limit that is a range of pauses.
func spanLimit(name string, of func(*Pace) *Span, hold reason.Code) limit {
	return limit{
		name:  name,
		holds: []reason.Code{hold},
		value: func(p Pace) any { return *of(&p) },
		set:   func(p Pace) bool { return of(&p).Max > 0 },
		read: func(p *Pace, s string) (err error) {
			*of(p), err = parseSpan(s)
			return err
		},
		text:   func(p Pace) string { return of(&p).String() },
		copy:   func(p *Pace, q Pace) { *of(p) = *of(&q) },
		looser: func(p, q Pace) bool { a, b := of(&p), of(&q); return a.Min < b.Min || a.Max < b.Max },
		tighten: func(p *Pace, q Pace) {
			a, b := of(p), of(&q)
			a.Min, a.Max = max(a.Min, b.Min), max(a.Max, b.Max)
		},
	}
}

// countLimit is a limit that is a number of messages.
func countLimit(name string, of func(*Pace) *int, hold reason.Code) limit {
	return limit{
		name:  name,
		holds: []reason.Code{hold},
		value: func(p Pace) any { return *of(&p) },
		set:   func(p Pace) bool { return *of(&p) > 0 },
		read: func(p *Pace, s string) (err error) {
			*of(p), err = parseCount(s)
			return err
		},
		text:   func(p Pace) string { return strconv.Itoa(*of(&p)) },
		copy:   func(p *Pace, q Pace) { *of(p) = *of(&q) },
		looser: func(p, q Pace) bool { a, b := *of(&p), *of(&q); return b > 0 && (a == 0 || a > b) },
		tighten: func(p *Pace, q Pace) {
			if a, b := of(p), *of(&q); *a == 0 || b > 0 && b < *a {
				*a = b
			}
		},
	}
}

// Limit is one limit of a pace and its value: a [Span], a number of messages
// (int), a time.Duration, or [Hours] of which either the window or the days
// count.
type Limit struct {
	Name  string // as a spec names it
	Text  string // its value, as a spec has it
	Value any
	Set   bool // it is not lifted
}

// Each lists every limit of the pace, in the order of a spec.
func (p Pace) Each() []Limit {
	each := make([]Limit, len(limits))
	for i, limit := range limits {
		each[i] = Limit{limit.name, limit.text(p), limit.value(p), limit.set(p)}
	}
	return each
}

// Limits are those limits of a pace that somebody has named; the others are as
// they are by default. The zero Limits name none. They are kept as String writes
// them.
type Limits struct {
	named uint16 // bit i: limits[i]
	pace  Pace   // of which those count
}

// ParseLimits reads a spec over base: the parts that it names change, the others
// stay as base has them.
//
//	gap=30s-60s new-gap=90s-180s long=60s-120s every=20 hour=30 new-hour=5
//	day=150 new-day=30 hours=09:00-20:00 weekdays=mon-sat per-person=7d
//
// A number or duration of 0, and hours or weekdays "all", lift that one limit;
// "default" is a limit that nobody has named. The one word "off" lifts all, the
// one word "default" names none.
func ParseLimits(base Limits, spec string) (Limits, error) {
	switch strings.TrimSpace(spec) {
	case "off":
		return Limits{named: 1<<len(limits) - 1}, nil
	case "default":
		return Limits{}, nil
	}
	l := base
	for _, part := range strings.Fields(spec) {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return base, reason.Err(reason.PaceNoValue, reason.Clip(part))
		}
		if known, err := l.read(name, value); !known {
			return base, reason.Err(reason.PaceNoLimit, reason.Plain(reason.Clip(part)), limitNames())
		} else if err != nil {
			return base, reason.Within(err, reason.PaceBadValue, reason.Plain(reason.Clip(part)))
		}
	}
	return l, nil
}

func (l *Limits) read(name, value string) (known bool, err error) {
	for i, limit := range limits {
		if limit.name != name {
			continue
		}
		if value == "default" {
			l.named &^= 1 << i
			limit.copy(&l.pace, Pace{})
			return true, nil
		}
		l.named |= 1 << i
		return true, limit.read(&l.pace, value)
	}
	return false, nil
}

func limitNames() reason.Plain {
	names := make([]string, len(limits))
	for i, limit := range limits {
		names[i] = limit.name
	}
	return reason.Plain(strings.Join(names, ", "))
}

// Over returns the pace p with the limits that l names.
func (l Limits) Over(p Pace) Pace {
	for i, limit := range limits {
		if l.names(i) {
			limit.copy(&p, l.pace)
		}
	}
	return p
}

// Names reports whether l names the limit of that name.
func (l Limits) Names(name string) bool {
	for i, limit := range limits {
		if limit.name == name {
			return l.names(i)
		}
	}
	return false
}

func (l Limits) names(i int) bool { return l.named&(1<<i) != 0 }

// String writes the limits that are named, as ParseLimits reads them; empty if
// there are none.
func (l Limits) String() string {
	if l.named == 1<<len(limits)-1 && l.pace == (Pace{}) {
		return "off"
	}
	var parts []string
	for i, limit := range limits {
		if l.names(i) {
			parts = append(parts, limit.name+"="+limit.text(l.pace))
		}
	}
	return strings.Join(parts, " ")
}

// MarshalText implements encoding.TextMarshaler.
func (l Limits) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Limits) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLimits(Limits{}, string(text))
	return err
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
		return Span{}, reason.Err(reason.PaceSpan)
	}
	return Span{from, to}, nil
}

func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 3650 {
			return 0, reason.Err(reason.PaceDays, reason.Clip(s))
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	if s == "0" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, reason.Err(reason.PaceDuration, reason.Clip(s))
	}
	return d, nil
}

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1e6 {
		return 0, reason.Err(reason.PaceCount, reason.Clip(s))
	}
	return n, nil
}

func parseHours(s string) (from, to int, err error) {
	if s == "all" {
		return 0, 0, nil
	}
	lo, hi, ok := strings.Cut(s, "-")
	if !ok {
		return 0, 0, reason.Err(reason.PaceFromTo)
	}
	minute := func(s string) (n int) {
		h, m, ok := strings.Cut(s, ":")
		hour, err1 := strconv.Atoi(h)
		min, err2 := strconv.Atoi(m)
		if !ok || err1 != nil || err2 != nil || hour < 0 || min < 0 || min > 59 || hour*60+min > 24*60 {
			err = reason.Err(reason.PaceClock, reason.Clip(s))
		}
		return hour*60 + min
	}
	from, to = minute(lo), minute(hi)
	if err == nil && from >= to {
		err = reason.Err(reason.PaceWindow)
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
		err = reason.Err(reason.PaceWeekday, reason.Clip(s))
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
