package campaign_test

import (
	"testing"
	"testing/synctest"
	"time"

	"recado/campaign"
)

const week = 7 * 24 * time.Hour

// intoWeek is how far into its week t is.
func intoWeek(t time.Time) time.Duration {
	return time.Duration(t.Add(3*24*time.Hour).UnixMilli())*time.Millisecond - time.Duration(t.Add(3*24*time.Hour).UnixMilli()/week.Milliseconds())*week
}

func TestClockIsOursUntilTheServiceTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []*campaign.Clock{nil, new(campaign.Clock)} {
			if got := c.Now(); !got.Equal(time.Now()) {
				t.Errorf("it is %v, want %v", got, time.Now())
			}
			if !c.Sure() || c.Ahead() != 0 {
				t.Errorf("sure: %v, ahead: %v", c.Sure(), c.Ahead())
			}
		}
	})
}

func TestClockFollowsTheService(t *testing.T) {
	for _, ahead := range []time.Duration{0, time.Second, -time.Second, time.Minute, -time.Minute, 3 * time.Hour, -3 * time.Hour, 30 * 24 * time.Hour, -30 * 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			var c campaign.Clock
			now := time.Now()
			there := now.Add(-ahead)
			moved := c.Told(there.Truncate(time.Second), now, now)
			if within := ahead.Abs() <= campaign.Tolerance; moved == within {
				t.Errorf("%v ahead: moved %v", ahead, moved)
			}
			for range 3 {
				off := c.Now().Sub(time.Now().Add(-ahead)).Abs()
				if off > campaign.Tolerance {
					t.Errorf("%v ahead: it is %v off", ahead, off)
				}
				time.Sleep(25 * time.Hour)
			}
			if got := c.Ahead(); (got-ahead).Abs() > campaign.Tolerance || ahead.Abs() <= campaign.Tolerance && got != 0 {
				t.Errorf("%v ahead: said to be %v", ahead, got)
			}
			if !c.Sure() {
				t.Errorf("%v ahead: not sure of a time that was told", ahead)
			}
		})
	}
}

// A clock that is right is not moved back and forth by words that are late, or
// are cut to whole seconds.
func TestLateWordDoesNotMoveTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c campaign.Clock
		for _, took := range []time.Duration{0, time.Second, 30 * time.Second} {
			for _, at := range []time.Duration{0, took / 2, took} {
				from := time.Now()
				time.Sleep(took)
				if c.Told(from.Add(at).Truncate(time.Second), from, time.Now()) {
					t.Errorf("a word that took %v moved it", took)
				}
			}
		}
		if !c.Now().Equal(time.Now()) {
			t.Errorf("it is %v, want %v", c.Now(), time.Now())
		}
		// One that cannot be true of it does.
		from := time.Now()
		time.Sleep(20 * time.Second)
		if !c.Told(from.Add(-6*time.Second), from, time.Now()) {
			t.Error("a word from before its question did not move it")
		}
		// It was said in the middle of the twenty seconds, as far as anybody knows.
		if want := from.Add(4 * time.Second); !c.Now().Equal(want) {
			t.Errorf("it is %v, want %v", c.Now(), want)
		}
	})
}

func TestClockToldOfTheWeekAlone(t *testing.T) {
	for _, test := range []struct {
		ahead time.Duration
		off   time.Duration // how far the clock is off then
		sure  bool
	}{
		{0, 0, true},
		{10 * time.Minute, 0, true},
		{-10 * time.Minute, 0, true},
		{2 * time.Hour, 0, false},
		{-2 * time.Hour, 0, false},
		{3 * 24 * time.Hour, 0, false},
		{-3 * 24 * time.Hour, 0, false},
		{5 * 24 * time.Hour, week, false},
		{-5 * 24 * time.Hour, -week, false},
		{30 * 24 * time.Hour, 4 * week, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			var c campaign.Clock
			time.Sleep(1234 * time.Minute) // at some time of the week
			for range 9 {
				time.Sleep(20 * time.Hour)
				c = campaign.Clock{}
				c.ToldOfWeek(intoWeek(time.Now().Add(-test.ahead)), time.Now())
				if off := c.Now().Sub(time.Now().Add(-test.ahead)); (off - test.off).Abs() > time.Second {
					t.Errorf("%v ahead: it is %v off, want %v", test.ahead, off, test.off)
				}
				if c.Sure() != test.sure {
					t.Errorf("%v ahead: sure %v", test.ahead, c.Sure())
				}
			}
			// The first word that names the day ends the doubt, and the next of the
			// week alone brings it back no more.
			c.Told(time.Now().Add(-test.ahead), time.Now(), time.Now())
			for range 2 {
				if off := c.Now().Sub(time.Now().Add(-test.ahead)); off.Abs() > campaign.Tolerance || !c.Sure() {
					t.Errorf("%v ahead: it is %v off, sure %v", test.ahead, off, c.Sure())
				}
				time.Sleep(time.Hour)
				c.ToldOfWeek(intoWeek(time.Now().Add(-test.ahead)), time.Now())
			}
		})
	}
}
