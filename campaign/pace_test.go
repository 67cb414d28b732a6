package campaign

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// sent is a History over times that were written down by the test.
type sent []struct {
	at      time.Time
	newChat bool
}

func (s sent) Nth(n int, of Counted) time.Time {
	for i := len(s) - 1; i >= 0; i-- {
		if of != Tries && !s[i].newChat {
			continue
		}
		if n--; n == 0 {
			return s[i].at
		}
	}
	return time.Time{}
}

func TestPaceReadsWhatItWrites(t *testing.T) {
	base := DefaultPace(time.Time{}, time.Now())
	for _, spec := range []string{
		"off",
		"gap=30s-60s new-gap=90s-180s long=60s-120s every=20 hour=30 new-hour=5 day=150 new-day=30 hours=09:00-20:00 weekdays=mon-sat per-person=7d",
		"gap=1s new-gap=0 long=0 every=0 hour=0 new-hour=0 day=0 new-day=0 hours=all weekdays=all per-person=0 ",
		"gap=1.5s-2m hours=00:00-24:00 weekdays=sat-mon,wed per-person=36h",
	} {
		p, err := ParsePace(base, spec)
		if err != nil {
			t.Fatalf("ParsePace(%q): %v", spec, err)
		}
		again, err := ParsePace(base, p.String())
		if err != nil {
			t.Fatalf("ParsePace(%q): %v", p.String(), err)
		}
		if again != p {
			t.Errorf("%q reads back as %v, want %v", p.String(), again, p)
		}
	}
	if got, want := base.String(), "gap=30s-60s new-gap=90s-180s long=60s-120s every=20 hour=30 new-hour=5 day=150 new-day=30 hours=09:00-20:00 weekdays=mon-sat per-person=7d"; got != want {
		t.Errorf("default pace is %q, want %q", got, want)
	}
}

func TestPacePartLeavesTheRest(t *testing.T) {
	base := DefaultPace(time.Time{}, time.Now())
	p, err := ParsePace(base, "gap=1s-2s")
	if err != nil {
		t.Fatal(err)
	}
	want := base
	want.Gap = Span{time.Second, 2 * time.Second}
	if p != want {
		t.Errorf("got %v, want %v", p, want)
	}
	if got, want := p.Looser(base), []string{"gap"}; !reflect.DeepEqual(got, want) {
		t.Errorf("looser in %v, want %v", got, want)
	}
	if got := (Pace{}).Looser(base); len(got) != 11 {
		t.Errorf("off is looser in %v, want all eleven", got)
	}
	if got := base.Looser(Pace{}); got != nil {
		t.Errorf("the default is looser than off in %v, want nothing", got)
	}
}

func TestPaceMistakesAreNamed(t *testing.T) {
	for _, spec := range []string{
		"gap", "gap=", "gap=x", "gap=60s-30s", "gap=-1s", "every=-1", "hour=many", "hours=9-20", "hours=20:00-09:00",
		"hours=09:00-25:00", "weekdays=seg", "per-person=7", "speed=3", "off gap=1s",
	} {
		if p, err := ParsePace(Pace{}, spec); err == nil {
			t.Errorf("ParsePace(%q) = %v, want an error", spec, p)
		}
	}
}

func FuzzParsePace(f *testing.F) {
	f.Add("gap=30s-60s hours=09:00-20:00 weekdays=mon-sat per-person=7d")
	f.Add("off")
	f.Fuzz(func(t *testing.T, spec string) {
		p, err := ParsePace(Pace{}, spec)
		if err != nil {
			return
		}
		if again, err := ParsePace(Pace{}, p.String()); err != nil || again != p {
			t.Errorf("%q reads as %v, then as %v, %v", spec, p, again, err)
		}
	})
}

// TestPaceObeysEveryLimit sends for two weeks as fast as the pace allows and
// looks at what was sent.
func TestPaceObeysEveryLimit(t *testing.T) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	p := DefaultPace(time.Time{}, time.Now())
	now := time.Date(2026, 3, 2, 7, 0, 0, 0, zone)
	end := now.Add(14 * 24 * time.Hour)
	var log sent
	var turn Turn
	for now.Before(end) {
		newChat := rng.IntN(3) == 0
		hold := p.Hold(turn, log, newChat, zone, now)
		if hold.Reason != "" {
			if !hold.Until.After(now) {
				t.Fatalf("held by %q until %v, which is not after %v", hold.Reason, hold.Until, now)
			}
			now = hold.Until
			continue
		}
		turn = p.Spent(turn, now, rng.Float64())
		log = append(log, struct {
			at      time.Time
			newChat bool
		}{now, newChat})
	}
	within := func(i int, window time.Duration, newChat bool) (n int) {
		for j := i; j >= 0 && log[i].at.Sub(log[j].at) < window; j-- {
			if !newChat || log[j].newChat {
				n++
			}
		}
		return n
	}
	for i, s := range log {
		if i > 0 {
			gap, least := s.at.Sub(log[i-1].at), p.Gap.Min
			if s.newChat {
				least = p.NewGap.Min
			}
			if i%p.Every == 0 {
				least = max(least, p.Long.Min)
			}
			if gap < least {
				t.Errorf("message %d came %v after the one before, want at least %v", i, gap, least)
			}
		}
		for _, limit := range []struct {
			name string
			got  int
			most int
		}{
			{"hour", within(i, time.Hour, false), p.Hour},
			{"new-hour", within(i, time.Hour, true), p.NewHour},
			{"day", within(i, 24*time.Hour, false), p.Day},
			{"new-day", within(i, 24*time.Hour, true), p.NewDay},
		} {
			if limit.got > limit.most {
				t.Errorf("at %v: %d messages in the last %s, want at most %d", s.at, limit.got, limit.name, limit.most)
			}
		}
		if s.at.Hour() < 9 || s.at.Hour() >= 20 || s.at.Weekday() == time.Sunday {
			t.Errorf("message %d left at %v", i, s.at)
		}
	}
	// It sends what it may: the daily limit of every working day, nearly.
	if len(log) < 12*p.NewDay {
		t.Errorf("only %d messages in two weeks", len(log))
	}
}

func TestHoursOpenNextMorning(t *testing.T) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	h := Hours{From: 9 * 60, To: 20 * 60, Days: 0b1111110}
	for _, c := range []struct{ at, want time.Time }{
		{time.Date(2026, 3, 2, 8, 59, 59, 0, zone), time.Date(2026, 3, 2, 9, 0, 0, 0, zone)},
		{time.Date(2026, 3, 2, 9, 0, 0, 0, zone), time.Date(2026, 3, 2, 9, 0, 0, 0, zone)},
		{time.Date(2026, 3, 2, 20, 0, 0, 0, zone), time.Date(2026, 3, 3, 9, 0, 0, 0, zone)},
		{time.Date(2026, 3, 7, 21, 0, 0, 0, zone), time.Date(2026, 3, 9, 9, 0, 0, 0, zone)},
		{time.Date(2026, 3, 8, 12, 0, 0, 0, zone), time.Date(2026, 3, 9, 9, 0, 0, 0, zone)},
	} {
		if got := h.Next(c.at); !got.Equal(c.want) {
			t.Errorf("Next(%v) = %v, want %v", c.at, got, c.want)
		}
	}
	if at := time.Date(2026, 3, 8, 3, 0, 0, 0, zone); !(Hours{}).Next(at).Equal(at) {
		t.Error("the zero Hours is closed")
	}
}

// Of two holds the later one is that without an end, if there is one; whatever
// does not hold at all is the sooner one.
func TestHoldWithoutAnEndIsTheLatest(t *testing.T) {
	early, late := Hold{Reason: "early", Until: calm}, Hold{Reason: "late", Until: calm.Add(time.Hour)}
	endless, none := Hold{Reason: "endless"}, Hold{}
	for _, test := range []struct{ a, b, later, sooner Hold }{
		{early, late, late, early},
		{late, endless, endless, late},
		{early, none, early, none},
		{endless, none, endless, none},
		{none, none, none, none},
	} {
		for _, pair := range [][2]Hold{{test.a, test.b}, {test.b, test.a}} {
			if later, sooner := pair[0].Later(pair[1]), pair[0].Sooner(pair[1]); later != test.later || sooner != test.sooner {
				t.Errorf("of %+v and %+v the later is %+v, the sooner %+v", pair[0], pair[1], later, sooner)
			}
		}
	}
}

func TestLimitsOfNewChatsHoldNewChatsAlone(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	log := sent{{now.Add(-time.Minute), true}}
	for _, p := range []Pace{{NewHour: 1}, {NewDay: 1}} {
		if hold := p.Hold(Turn{}, log, false, time.UTC, now); hold.Reason != "" {
			t.Errorf("%v holds a known chat: %q", p, hold.Reason)
		}
		if hold := p.Hold(Turn{}, log, true, time.UTC, now); hold.Reason == "" {
			t.Errorf("%v does not hold a new chat", p)
		}
	}
}
