package campaign

import (
	"context"
	"errors"
	"testing"
	"time"

	"recado/campaign/reason"
)

// calm is ten in the morning of a Monday, where nobody changes the clocks.
var calm = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// outlook is that of a number without limits of its own that has n deliveries
// of campaign 1 to send, at a pace.
func outlook(t *testing.T, n int, spec string) Outlook {
	t.Helper()
	pace, err := ParsePace(Pace{}, spec)
	if err != nil {
		t.Fatal(err)
	}
	return Outlook{
		Number:  Number{ID: 1, Limits: Pace{}.All(), LinkedAt: calm},
		Waiting: []Waiting{{Campaign: 1, Pace: pace, Zone: time.UTC, Count: n}},
	}
}

func forecast(t *testing.T, numbers ...Outlook) Forecast {
	t.Helper()
	f, err := Walk(t.Context(), 1, numbers, calm)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A forecast walks so many messages and so many days, and reckons the rest from
// them.
func TestForecastOfAMillionIsMadeInBoundedSteps(t *testing.T) {
	for _, test := range []struct {
		name  string
		count int
		spec  string
		last  time.Duration // the last message leaves then
		more  bool
	}{
		{"as many as are walked", maxSteps / 2, "gap=1m", time.Duration(maxSteps/2-1) * time.Minute, false},
		{"a million", 1_000_000, "gap=1m", 999_999 * time.Minute, true},
		{"one a day for two years", 2 * 365, "day=1", (2*365 - 1) * 24 * time.Hour, false},
		{"one a day for thirty years", 30 * 365, "day=1", (30*365 - 1) * 24 * time.Hour, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := outlook(t, test.count, test.spec)
			w := newWalk(1, o, calm)
			if err := w.run(t.Context(), make(map[time.Time]*walkedDay), make(holds)); err != nil {
				t.Fatal(err)
			}
			if len(w.all) > maxSteps || w.beyond != test.more || w.at.Sub(calm) > maxHorizon+24*time.Hour {
				t.Errorf("it walked %d messages, until %v, beyond: %v", len(w.all), w.at, w.beyond)
			}
			f := forecast(t, o)
			if f.Left != test.count || f.Stuck != 0 || !f.Starts.Equal(calm) {
				t.Errorf("%d are left, %d stuck, it starts at %v", f.Left, f.Stuck, f.Starts)
			}
			if off := f.Ends.Sub(calm.Add(test.last)); off.Abs() > test.last/500 {
				t.Errorf("it ends at %v: %v off", f.Ends, off)
			}
			if got := f.More || len(f.Days) == maxDays; test.more && !got {
				t.Error("it does not say that there is more")
			}
		})
	}
}

func TestForecastListsTheFirstSixtyDays(t *testing.T) {
	for count, more := range map[int]bool{maxDays: false, maxDays + 1: true} {
		f := forecast(t, outlook(t, count, "day=1"))
		if len(f.Days) != maxDays || f.More != more {
			t.Errorf("of %d days %d are listed, more: %v", count, len(f.Days), f.More)
		}
		for i, d := range f.Days {
			if want := time.Date(2026, 3, 2+i, 0, 0, 0, 0, time.UTC); !d.Date.Equal(want) || d.Count != 1 {
				t.Fatalf("day %d is %v with %d messages, want %v with one", i, d.Date, d.Count, want)
			}
		}
	}
}

func TestForecastEndsWithWhoeverWaitsForIt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Walk(ctx, 1, []Outlook{outlook(t, 5, "")}, calm); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	late := &lateCancel{Context: t.Context(), after: 3}
	if _, err := Walk(late, 1, []Outlook{outlook(t, 1_000_000, "gap=1m")}, calm); !errors.Is(err, context.Canceled) || late.asked > late.after+1 {
		t.Errorf("cancelled on the way: %v, after %d questions", err, late.asked)
	}
}

// lateCancel is a context that ends when it has been asked so often.
type lateCancel struct {
	context.Context
	asked, after int
}

func (c *lateCancel) Err() error {
	if c.asked++; c.asked >= c.after {
		return context.Canceled
	}
	return nil
}

// Several numbers send at the same time: it begins with the first and ends with
// the last; what one of them cannot send is stuck.
func TestForecastOfSeveralNumbers(t *testing.T) {
	early, slow, stopped := outlook(t, 3, "gap=1h"), outlook(t, 4, "gap=1h"), outlook(t, 7, "gap=1h")
	early.From = calm.Add(time.Hour)
	slow.Slow = Hold{Reason: reason.HoldRateLimit, Until: calm.Add(2 * time.Hour)}
	stopped.Stopped = true
	idle := outlook(t, 0, "")
	f := forecast(t, idle, slow, stopped, early)
	if f.Left != 14 || f.Stuck != 7 || !f.Starts.Equal(calm.Add(time.Hour)) || !f.Ends.Equal(calm.Add(5*time.Hour)) {
		t.Errorf("got %+v", f)
	}
	if f.Binds.Reason != reason.HoldStopped {
		t.Errorf("%q is said to make it last, want the number that is stopped", f.Binds.Reason)
	}
	if len(f.Days) != 1 || f.Days[0].Count != 7 {
		t.Errorf("the days are %v", f.Days)
	}
	f = forecast(t, slow, early)
	if f.Stuck != 0 || f.Binds != (Hold{Reason: reason.HoldGap, Campaign: 1}) {
		t.Errorf("%d are stuck, and %+v makes it last; want the campaign's gap", f.Stuck, f.Binds)
	}
}

func TestForecastKnowsWhatTheServiceAllows(t *testing.T) {
	day := 24 * time.Hour
	for _, test := range []struct {
		name  string
		spoil func(o *Outlook)
		ends  time.Duration
		stuck int
		binds reason.Code
	}{
		{"nothing", func(*Outlook) {}, 9 * time.Minute, 0, reason.HoldGap},
		{"a quota that lasts", func(o *Outlook) { o.Number.Quota = Quota{Known: true, Total: 10, Until: calm.Add(day)} }, 9 * time.Minute, 0, reason.HoldGap},
		{"a quota that does not", func(o *Outlook) { o.Number.Quota = Quota{Known: true, Total: 9, Until: calm.Add(day)} }, day, 0, reason.HoldQuota},
		{"a quota of which most is used", func(o *Outlook) { o.Number.Quota = Quota{Known: true, Total: 9, Used: 5, Until: calm.Add(day)} }, day + 5*time.Minute, 0, reason.HoldQuota},
		{"a quota in which they are counted", func(o *Outlook) {
			o.Number.Quota, o.Waiting[0].Opened = Quota{Known: true, Total: 9, Until: calm.Add(day)}, true
		}, 9 * time.Minute, 0, reason.HoldGap},
		{"in doubt, and too old when it may leave", func(o *Outlook) {
			o.NewChats = Hold{Reason: reason.HoldNewChats, Until: calm.Add(day)}
			doubt := o.Waiting[0]
			doubt.Count, doubt.Lapses = 2, calm.Add(day-time.Second)
			o.Waiting = append([]Waiting{doubt}, o.Waiting...)
		}, day + 9*time.Minute, 2, reason.HoldNewChats},
		{"several cycles", func(o *Outlook) { o.Number.Quota = Quota{Known: true, Total: 4, Until: calm.Add(day)} }, day + quotaCycle + time.Minute, 0, reason.HoldQuota},
		{"a quota that nobody counts", func(o *Outlook) { o.Number.Quota = Quota{Known: true, Total: -1, Used: 99, Until: calm.Add(day)} }, 9 * time.Minute, 0, reason.HoldGap},
		{"closed for a while", func(o *Outlook) { o.NewChats = Hold{Reason: reason.HoldNewChats, Until: calm.Add(day)} }, day + 9*time.Minute, 0, reason.HoldNewChats},
		{"closed for good", func(o *Outlook) { o.NewChats = Hold{Reason: reason.HoldNewChats} }, 0, 10, reason.HoldNewChats},
		{"closed, and known people", func(o *Outlook) {
			o.NewChats, o.Waiting[0].New = Hold{Reason: reason.HoldNewChats}, false
		}, 9 * time.Minute, 0, reason.HoldGap},
		{"one that waits", func(o *Outlook) { o.Waiting[0].Due = calm.Add(day) }, day + 9*time.Minute, 0, reason.HoldRetry},
		{"messages that take their time", func(o *Outlook) { o.Takes = time.Minute }, 18 * time.Minute, 0, reason.HoldGap},
		{"one sent a moment ago", func(o *Outlook) { o.Turn = Turn{Last: calm.Add(-30 * time.Second)} }, 9*time.Minute + 30*time.Second, 0, reason.HoldGap},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := outlook(t, 10, "gap=1m new-gap=1m")
			o.Waiting[0].New = true
			test.spoil(&o)
			f := forecast(t, o)
			want := calm.Add(test.ends)
			if test.stuck == 10 {
				want = time.Time{}
			}
			if !f.Ends.Equal(want) || f.Stuck != test.stuck || f.Binds.Reason != test.binds {
				t.Errorf("it ends at %v, %d stuck, by %q; want %v, %d, %q", f.Ends, f.Stuck, f.Binds.Reason, want, test.stuck, test.binds)
			}
		})
	}
}

// What was sent before counts in the limits of a day and an hour, and a young
// number sends more once its first month is over.
func TestForecastCountsWhatWasSentAndTheAgeOfTheNumber(t *testing.T) {
	o := outlook(t, 2, "day=3")
	o.Sent = []Past{{At: calm.Add(-25 * time.Hour)}, {At: calm.Add(-23 * time.Hour)}, {At: calm.Add(-time.Hour), New: true}}
	if f := forecast(t, o); !f.Ends.Equal(calm.Add(time.Hour)) {
		t.Errorf("it ends at %v, want one at once and one when the first of yesterday is a day old", f.Ends)
	}
	o = outlook(t, 2, "new-day=1")
	o.Waiting[0].New = true
	o.Sent = []Past{{At: calm.Add(-2 * time.Hour), New: true}, {At: calm.Add(-time.Hour)}}
	if f := forecast(t, o); !f.Starts.Equal(calm.Add(22*time.Hour)) || !f.Ends.Equal(calm.Add(46*time.Hour)) {
		t.Errorf("new chats from %v to %v", f.Starts, f.Ends)
	}
	o = outlook(t, 40+150, "")
	limits, err := ParseLimits(Pace{}.All(), "day=default")
	if err != nil {
		t.Fatal(err)
	}
	o.Number.Limits, o.Number.LinkedAt = limits, calm.Add(-29*24*time.Hour)
	if f := forecast(t, o); len(f.Days) != 2 || f.Days[0].Count != 40 || f.Days[1].Count != 150 || f.Days[0].Binds.Reason != reason.HoldDay || f.Days[1].Binds.Reason != "" {
		t.Errorf("the days are %v, want 40 held by the day's limit and then 150 messages", f.Days)
	}
}

// Campaigns of a number take turns in a forecast as they do in a claim.
func TestForecastTakesTurns(t *testing.T) {
	o := outlook(t, 2, "gap=1m")
	other := o.Waiting[0]
	other.Campaign, other.Count = 2, 10
	o.Waiting = append(o.Waiting, other)
	if f := forecast(t, o); !f.Starts.Equal(calm) || !f.Ends.Equal(calm.Add(2*time.Minute)) || f.Left != 2 {
		t.Errorf("it is sent from %v to %v, %d left", f.Starts, f.Ends, f.Left)
	}
	o.Waiting[0], o.Waiting[1] = o.Waiting[1], o.Waiting[0]
	if f := forecast(t, o); !f.Starts.Equal(calm.Add(time.Minute)) || !f.Ends.Equal(calm.Add(3*time.Minute)) {
		t.Errorf("after the other it is sent from %v to %v", f.Starts, f.Ends)
	}
}

// TestATrialPauseIsForeseen: after how many and when, whoever sends them; and not if
// it is over before.
func TestATrialPauseIsForeseen(t *testing.T) {
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	hour := func(n NumberID, from, count int) Hour {
		begins := at.Add(time.Duration(from) * time.Hour)
		return Hour{From: begins, To: begins.Add(time.Hour), Number: n, Count: count}
	}
	f := Forecast{
		Left: 30, Stuck: 2, Starts: at.Add(5 * time.Minute),
		Hours: []Hour{hour(1, 0, 4), hour(1, 1, 10), hour(2, 0, 2), hour(2, 2, 12), {From: at.Add(3 * time.Hour), Number: 2}},
	}
	for first, want := range map[int]time.Time{
		0: {}, -3: {}, 28: {}, 40: {},
		6: at.Add(time.Hour), 11: at.Add(90 * time.Minute), 16: at.Add(2 * time.Hour), 27: at.Add(2*time.Hour + 55*time.Minute),
	} {
		got := f
		got.Try(first)
		if !got.Asks.Equal(want) || want.IsZero() != (got.Tries == 0) || !want.IsZero() && got.Tries != first {
			t.Errorf("after %d: %d at %v, want %v", first, got.Tries, got.Asks, want)
		}
	}
	f.Ends = at.Add(2*time.Hour + 12*time.Minute) // the last hour is not filled
	if f.Try(27); !f.Asks.Equal(at.Add(2*time.Hour + 11*time.Minute)) {
		t.Errorf("the last but one leaves at %v, the last at %v", f.Asks, f.Ends)
	}
}
