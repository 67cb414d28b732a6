package tui

import (
	"strings"
	"time"

	"recado/campaign"
)

// paceWords says a pace as people would, the limits that matter most first.
func (e *env) paceWords(p campaign.Pace) string {
	if p == (campaign.Pace{}) {
		return e.t("pace_off")
	}
	var parts []string
	add := func(on bool, id string, args ...any) {
		if on {
			parts = append(parts, e.t(id, args...))
		}
	}
	add(p.Gap.Max > 0, "pace_gap", "Span", e.span(p.Gap))
	add(p.NewGap.Max > 0, "pace_new_gap", "Span", e.span(p.NewGap))
	add(p.Hour > 0, "pace_hour", "Count", p.Hour)
	add(p.NewHour > 0, "pace_new_hour", "Count", p.NewHour)
	add(p.Day > 0, "pace_day", "Count", p.Day)
	add(p.NewDay > 0, "pace_new_day", "Count", p.NewDay)
	if p.Hours.To > 0 || p.Hours.Days != 0 {
		parts = append(parts, e.hours(p.Hours))
	}
	add(p.Every > 0 && p.Long.Max > 0, "pace_long", "Span", e.span(p.Long), "Count", p.Every)
	add(p.PerPerson > 0, "pace_per_person", "Wait", e.words.duration(p.PerPerson))
	return strings.Join(parts, ", ")
}

func (e *env) span(s campaign.Span) string {
	from, to := e.words.duration(s.Min), e.words.duration(s.Max)
	if from == to {
		return from
	}
	if s.Min < time.Minute*2 && s.Max <= 5*time.Minute { // one unit for both reads better
		return e.words.number(int(s.Min/time.Second)) + "–" + e.words.number(int(s.Max/time.Second)) + " s"
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
