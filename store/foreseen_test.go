package store_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/store"
)

// missed is how far a forecast is off what then left.
type missed struct {
	end   float64 // its end, as a share of the whole time
	apart int     // messages, at the end of the hour at which most are wrong
	of    int     // messages in all
	stray int     // messages that leave, or are said to, after the earlier of the two ends
}

func miss(f campaign.Forecast, from time.Time, left []time.Time) (m missed) {
	last := left[len(left)-1]
	m.of = len(left)
	m.end = float64(f.Ends.Sub(last).Abs()) / float64(max(last.Sub(from), time.Minute))
	for _, at := range f.Hours {
		if at.To.IsZero() {
			continue
		}
		said, really := 0, 0
		for _, h := range f.Hours {
			if !h.To.IsZero() && !h.To.After(at.To) {
				said += h.Count
			}
		}
		for really < len(left) && left[really].Before(at.To) {
			really++
		}
		m.apart = max(m.apart, said-really, really-said)
	}
	for _, h := range f.Hours {
		if h.From.After(last) {
			m.stray += h.Count
		}
	}
	for _, at := range left {
		if at.After(f.Ends.Add(time.Hour)) {
			m.stray++
		}
	}
	return m
}

// Numbers, paces, people and campaigns are made from a seed, sent as the lanes
// send them, and what left is held against what was said before the start and in
// the middle: at no hour are they apart by more than a twentieth of the messages,
// or two if they are few, and the end is off by no more than a twentieth of the time. One message may leave on
// the next day, or in the next cycle of a quota, because a pause was long; so in
// few seeds the end may be wrong by the time for which one or two wait.
func TestForecastIsWhatHappensOnEverySeed(t *testing.T) {
	if store.Raced {
		t.Skip("nothing runs beside anything else here")
	}
	seeds := 20
	if os.Getenv("RECADO_LONG") != "" {
		seeds = 100
	}
	seen := make(map[string]int)
	var worst missed
	apart := 0.0
	strays := 0
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			f := newFleet(t, uint64(seed))
			defer func() {
				if t.Failed() {
					t.Logf("seed %d:\n%s", seed, strings.Join(f.told, "\n"))
				}
				for _, what := range []string{"day=", "new-day=", "hour=", "long=", "hours=", "weekdays=", "per-person=", "+35191", "as it comes", "Known:true", "restarted", "loja 3", "nothing but pauses", "asked to slow down", "campaign 3"} {
					if strings.Contains(strings.Join(f.told, "\n"), what) {
						seen[what]++
					}
				}
			}()
			if f.maybe(50) { // some have had another one
				c := f.draft("", "")
				f.start(c)
				f.sendUntil(c.ID, f.between(1, len(f.people)/3))
				f.rest()
				if _, err := desk(f.book).Cancel(c.ID); err != nil {
					t.Fatal(err)
				}
			} else { // nobody can know how long one takes
				f.takes = 300 * time.Millisecond
			}
			to := ""
			if f.maybe(40) { // beside another one
				f.start(f.draft("tag:t0", f.pace(30)))
				to = "tag:t1"
			}
			c := f.draft(to, f.pace(40))
			before, err := f.book.Preflight(t.Context(), c, f.now)
			if err != nil {
				t.Fatal(err)
			}
			if len(before.Stops) > 0 {
				seen["cannot start"]++
				return
			}
			begun := f.now
			f.start(c)
			f.sendUntil(c.ID, f.between(1, 1+before.Receive/2))
			if f.maybe(40) {
				f.restart(time.Duration(f.dice.IntN(60)) * time.Second)
			}
			asked, sent := f.now, len(f.left[c.ID])
			middle, err := f.book.Forecast(t.Context(), c.ID, f.now)
			if err != nil {
				t.Fatal(err)
			}
			f.sendUntil(c.ID, 1<<30)
			left := f.left[c.ID]
			if n := len(left) - before.Receive + before.Forecast.Stuck; n != 0 && n != 1 { // one is sent again
				t.Errorf("before: %d receive and %d of them stay, and %d left", before.Receive, before.Forecast.Stuck, len(left))
			}
			if n := len(left) - sent; n != middle.Left-middle.Stuck {
				t.Errorf("in the middle: %d are left and %d of them stay, and %d left", middle.Left, middle.Stuck, n)
			}
			check := func(when string, m missed) {
				if m.apart > max(m.of/20, 2) || m.end > .05 && m.stray > 2 {
					t.Errorf("%s: the end is off by %.1f %%, %d of %d messages leave in other hours, %d after it", when, 100*m.end, m.apart, m.of, m.stray)
				} else if m.end > .05 {
					strays++
				} else {
					worst.end = max(worst.end, m.end)
				}
				apart += float64(m.apart) / float64(m.of)
				seen["compared"]++
			}
			check("before", miss(before.Forecast, begun, left))
			if len(left) > sent {
				check("in the middle", miss(middle, asked, left[sent:]))
			}
		})
	}
	t.Logf("%d forecasts: ends off by %.1f %% at most but for %d, messages by %.1f %% on average; %v",
		seen["compared"], 100*worst.end, strays, 100*apart/float64(seen["compared"]), seen)
	if strays > max(seeds/25, 1) {
		t.Errorf("in %d of %d the last messages leave on another day than was said", strays, seen["compared"])
	}
	if seen["compared"] < seeds || len(seen) < 16 {
		t.Errorf("the seeds have only %v", seen)
	}
}
