package campaign

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"recado/campaign/reason"
)

// lines are the hours of a forecast, a line each.
func lines(f Forecast) string {
	var all strings.Builder
	for _, h := range f.Hours {
		to := "…"
		if !h.To.IsZero() {
			to = h.To.Format("2 15:04")
		}
		whose := ""
		if h.Binds.Campaign != 0 {
			whose = " of the campaign"
		}
		fmt.Fprintf(&all, "%s – %s: number %d, %d, %s%s\n", h.From.Format("2 15:04"), to, h.Number, h.Count, h.Binds.Reason, whose)
	}
	return all.String()
}

// A rehearsal says, hour by hour of the clock, what leaves from which number and
// what holds longest; hours in which nothing leaves are one line.
func TestRehearsalSaysHourByHourWhatHolds(t *testing.T) {
	days := outlook(t, 25, "gap=10m hours=10:40-13:00")
	other := outlook(t, 4, "hour=2")
	other.Number.ID = 2
	other.From = calm.Add(20 * time.Minute)
	stopped := outlook(t, 3, "")
	stopped.Number.ID, stopped.Stopped = 3, true
	closed := outlook(t, 1, "gap=20m")
	closed.Number.ID, closed.NewChats = 4, Hold{Reason: reason.HoldNewChats}
	closed.Waiting = append(closed.Waiting, Waiting{Campaign: 1, New: true, Zone: time.UTC, Count: 5})
	f := forecast(t, days, other, stopped, closed)
	want := `2 10:00 – 2 11:00: number 1, 2, hold_hours of the campaign
2 10:00 – 2 11:00: number 2, 2, hold_hour of the campaign
2 10:00 – …: number 3, 0, hold_stopped
2 10:00 – 2 11:00: number 4, 1, 
2 11:00 – 2 12:00: number 1, 6, hold_gap of the campaign
2 11:00 – 2 12:00: number 2, 2, hold_hour of the campaign
2 11:00 – …: number 4, 0, hold_new_chats
2 12:00 – 2 13:00: number 1, 6, hold_gap of the campaign
2 13:00 – 3 10:00: number 1, 0, hold_hours of the campaign
3 10:00 – 3 11:00: number 1, 2, hold_hours of the campaign
3 11:00 – 3 12:00: number 1, 6, hold_gap of the campaign
3 12:00 – 3 13:00: number 1, 3, hold_gap of the campaign
`
	if got := lines(f); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if !f.Rehearsed() {
		t.Error("it is said to go on")
	}
}

// It is the walk of the forecast: the hours of a day come to what the day has,
// they follow one another without a gap, and the first and the last are those of
// the forecast.
func TestRehearsalIsTheForecastInFinerGrain(t *testing.T) {
	for _, spec := range []string{
		"gap=7m", "gap=30s-60s hour=20 day=90 hours=09:00-20:00", "gap=1s every=30 long=3h", "day=1 hours=23:00-24:00", "gap=50m weekdays=tue",
		DefaultPace(time.Time{}, calm).String(),
	} {
		t.Run(spec, func(t *testing.T) {
			f := forecast(t, outlook(t, 57, spec))
			byDay := make(map[time.Time]int)
			var end time.Time
			for i, h := range f.Hours {
				byDay[startOfDay(h.From)] += h.Count
				if i > 0 && !h.From.Equal(end) {
					t.Errorf("after %v comes %v", end, h.From)
				}
				if h.Count > 0 && (h.To.Sub(h.From) != time.Hour || h.From.Minute() != 0) {
					t.Errorf("%d leave from %v to %v", h.Count, h.From, h.To)
				}
				if i > 0 && h.Count == 0 && f.Hours[i-1].Count == 0 {
					t.Errorf("two lines without a message: %v", h.From)
				}
				if h.Count == 0 && h.Binds.Reason == "" {
					t.Errorf("nothing leaves from %v to %v, and nothing holds it", h.From, h.To)
				}
				end = h.To
			}
			for _, d := range f.Days {
				if byDay[d.Date] != d.Count {
					t.Errorf("the hours of %v have %d, the day %d", d.Date, byDay[d.Date], d.Count)
				}
				delete(byDay, d.Date)
			}
			for date, n := range byDay {
				if n > 0 {
					t.Errorf("the hours of %v have %d, the day none", date, n)
				}
			}
			last := f.Hours[len(f.Hours)-1]
			if f.Ends.Before(last.From) || !f.Ends.Before(last.To) || !f.Rehearsed() {
				t.Errorf("it ends at %v, and the last line is from %v to %v", f.Ends, last.From, last.To)
			}
		})
	}
}

func TestRehearsalOfAMillionIsBounded(t *testing.T) {
	f := forecast(t, outlook(t, 1_000_000, "gap=20m"))
	if n := len(f.Hours); n != maxHours || f.Rehearsed() || f.Hours[n-1].Count != 3 {
		t.Errorf("it has %d lines, all there: %v", n, f.Rehearsed())
	}
}

// Where the clocks are changed, an hour is what they show.
func TestRehearsalOfAnHourInWhichTheClocksAreChanged(t *testing.T) {
	lordHowe, err := time.LoadLocation("Australia/Lord_Howe") // by half an hour, at 02:00
	if err != nil {
		t.Fatal(err)
	}
	change := time.Date(2026, 10, 3, 15, 30, 0, 0, time.UTC)
	for _, test := range []struct{ at, from, to time.Duration }{
		{-time.Minute, -time.Hour, 0},
		{0, 0, 30 * time.Minute},
		{29 * time.Minute, 0, 30 * time.Minute},
		{30 * time.Minute, 30 * time.Minute, 90 * time.Minute},
	} {
		from, to := hourOf(change.Add(test.at).In(lordHowe))
		if !from.Equal(change.Add(test.from)) || !to.Equal(change.Add(test.to)) {
			t.Errorf("%v after the change it is the hour from %v to %v, want %v to %v", test.at, from.Sub(change), to.Sub(change), test.from, test.to)
		}
	}
}
