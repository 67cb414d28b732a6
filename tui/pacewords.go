package tui

import (
	"strings"
	"time"

	"recado/campaign"
)

// paceLimits are the words of every limit: what it is called, and how its value
// is said in a sentence, those that matter most first.
var paceLimits = []struct{ limit, name, said string }{
	{"gap", "limit_gap", "pace_gap"},
	{"new-gap", "limit_new_gap", "pace_new_gap"},
	{"hour", "limit_hour", "pace_hour"},
	{"new-hour", "limit_new_hour", "pace_new_hour"},
	{"day", "limit_day", "pace_day"},
	{"new-day", "limit_new_day", "pace_new_day"},
	{"hours", "limit_hours", "pace_hours"},
	{"weekdays", "limit_weekdays", "pace_weekdays"},
	{"long", "limit_long", "pace_long"},
	{"every", "limit_every", ""}, // said with the pause
	{"per-person", "limit_per_person", "pace_per_person"},
}

// limit is what a limit is called.
func (e *env) limit(name string) string {
	for _, l := range paceLimits {
		if l.limit == name {
			return e.t(l.name)
		}
	}
	return name
}

// limitValue says the value of a limit.
func (e *env) limitValue(l campaign.Limit) string {
	switch v := l.Value.(type) {
	case campaign.Span:
		return e.span(v)
	case int:
		return e.words.Number(v)
	case time.Duration:
		return e.words.Duration(v)
	case campaign.Hours:
		return e.hours(v)
	}
	return ""
}

// paceWords says a pace as people would.
func (e *env) paceWords(p campaign.Pace) string {
	if p == (campaign.Pace{}) {
		return e.t("pace_off")
	}
	values := make(map[string]campaign.Limit)
	for _, l := range p.Each() {
		values[l.Name] = l
	}
	said := ""
	for _, words := range paceLimits {
		l := values[words.limit]
		if !l.Set || words.said == "" || l.Name == "long" && p.Every == 0 {
			continue
		}
		switch {
		case said == "":
		case l.Name == "weekdays" && values["hours"].Set: // "09:00–20:00 seg–sáb"
			said += " "
		default:
			said += ", "
		}
		said += e.t(words.said, "Value", e.limitValue(l), "Every", e.words.Number(p.Every))
	}
	return said
}

func (e *env) span(s campaign.Span) string {
	from, to := e.words.Duration(s.Min), e.words.Duration(s.Max)
	if from == to {
		return from
	}
	if s.Min < time.Minute*2 && s.Max <= 5*time.Minute { // one unit for both reads better
		return e.words.Number(int(s.Min/time.Second)) + "–" + e.words.Number(int(s.Max/time.Second)) + " s"
	}
	return from + "–" + to
}

// hours says a daily window.
func (e *env) hours(h campaign.Hours) string {
	clock := func(m int) string {
		return time.Date(0, 1, 1, m/60, m%60, 0, 0, time.UTC).Format("15:04")
	}
	var parts []string
	if h.To > 0 {
		parts = append(parts, clock(h.From)+"–"+clock(h.To))
	}
	if h.Days != 0 {
		names := strings.Fields(e.t("weekdays"))
		var days []string
		for i := 1; i <= 7; {
			if h.Days&(1<<(i%7)) == 0 {
				i++
				continue
			}
			last := i
			for last < 7 && h.Days&(1<<((last+1)%7)) != 0 {
				last++
			}
			if last == i {
				days = append(days, names[i%7])
			} else {
				days = append(days, names[i%7]+"–"+names[last%7])
			}
			i = last + 1
		}
		parts = append(parts, strings.Join(days, ", "))
	}
	return strings.Join(parts, " ")
}
