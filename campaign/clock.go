package campaign

import (
	"sync/atomic"
	"time"
)

// Clock is the one clock by which everything is judged that the service, too,
// gives times of: ours, corrected by the service's. While that is known our
// own may be wrong or be moved, in either direction, and nothing comes of it.
// The zero Clock, and a nil one, is the machine's.
type Clock struct {
	known atomic.Pointer[reading] // nil: the service has not told the time
}

// reading is the service's time at one moment.
type reading struct {
	at    time.Time // by our clock, with its monotonic part: what is counted from here no step of the clock touches
	ahead time.Duration
	sure  bool
}

// Tolerance is how far our clock may be from the service's word and count as
// right: the word is in whole seconds and takes a while to come.
const Tolerance = 5 * time.Second

// sureWithin is how far off our clock may be so that a word which holds but for
// whole weeks is taken for the time itself.
const sureWithin = time.Hour

// Now is the present moment.
func (c *Clock) Now() time.Time { return c.At(time.Now()) }

// At is the moment at which our own clock reads t, which is one that time.Now
// returned, or so much later or earlier.
func (c *Clock) At(t time.Time) time.Time {
	if c == nil {
		return t
	}
	k := c.known.Load()
	if k == nil {
		return t
	}
	return k.at.Round(0).Add(t.Sub(k.at) - k.ahead)
}

// Told is the service's word that it was at some moment between from and to,
// both as time.Now returned them. It reports whether that moved the clock.
func (c *Clock) Told(at, from, to time.Time) (moved bool) {
	return c.tell(at, from, to, true)
}

// ToldOfWeek is Told of a moment that is known but for whole weeks: how far into a
// week, which begins on a Monday, the service was at the moment now.
func (c *Clock) ToldOfWeek(since time.Duration, now time.Time) (moved bool) {
	base, ahead := now, aheadInWeek(now, since)
	sure := ahead.Abs() <= sureWithin
	if k := c.known.Load(); !sure && k != nil && k.sure {
		base, sure = c.At(now), true
		ahead = aheadInWeek(base, since)
	}
	return c.tell(base.Round(0).Add(-ahead), now, now, sure)
}

// aheadInWeek is how far t is ahead of that moment of a week, or behind, by
// half a week at the most.
func aheadInWeek(t time.Time, since time.Duration) time.Duration {
	const week = 7 * 24 * time.Hour
	thursday := 3 * 24 * time.Hour // 1970 began on one
	ahead := (time.Duration(t.Add(thursday).UnixMilli())*time.Millisecond - since) % week
	switch {
	case ahead > week/2:
		ahead -= week
	case ahead < -week/2:
		ahead += week
	}
	return ahead
}

func (c *Clock) tell(at, from, to time.Time, sure bool) (moved bool) {
	k := c.known.Load()
	if at.Before(c.At(from).Add(-Tolerance)) || at.After(c.At(to).Add(Tolerance)) {
		c.known.Store(&reading{at: to, ahead: to.Round(0).Sub(at.Add(to.Sub(from) / 2)), sure: sure})
		return true
	}
	switch {
	case k == nil:
		c.known.Store(&reading{at: to, sure: sure})
	case sure && !k.sure:
		c.known.Store(&reading{at: k.at, ahead: k.ahead, sure: true})
	}
	return false
}

// Ahead is how far our own clock is ahead of the service's; negative: behind.
// It is zero while that is within the tolerance, or not known.
func (c *Clock) Ahead() time.Duration {
	now := time.Now()
	ahead := now.Round(0).Sub(c.At(now).Round(0))
	if ahead.Abs() <= Tolerance {
		return 0
	}
	return ahead.Round(time.Second)
}

// Sure reports whether the time is as good as it will become. It is not while
// our own clock is off by far and the service has told no more than how far
// off within a week.
func (c *Clock) Sure() bool {
	if c == nil {
		return true
	}
	k := c.known.Load()
	return k == nil || k.sure
}

// ClockSlack is how far a time that has passed may lie in the future, and an
// answer before its question: two clocks are never quite alike.
const ClockSlack = time.Minute

// Early reports whether a time that has passed lies in the future: it was
// written down by a clock that was wrong, or the clock is wrong now.
func Early(at, now time.Time) bool { return at.After(now.Add(ClockSlack)) }

// Within is a time until which something waits that never waits longer than
// most; zero if it would.
func Within(until, now time.Time, most time.Duration) time.Time {
	if until.After(now.Add(most + ClockSlack)) {
		return time.Time{}
	}
	return until
}
