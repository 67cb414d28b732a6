package store

import (
	"math/rand/v2"
	"testing"
)

// silenced is how likely a campaign is stopped by its n-th message that had time to
// arrive, if each does not with probability p. It is computed for a CUSUM that forgets
// nothing, which stops a little more.
func silenced(p float64, n int) []float64 {
	now, stopped := make([]float64, silentMost), make([]float64, n+1)
	now[0] = 1
	for i := 1; i <= n; i++ {
		next := make([]float64, silentMost)
		stopped[i] = stopped[i-1]
		for sum, w := range now {
			next[max(sum-1, 0)] += w * (1 - p)
			if sum+1 == silentMost {
				stopped[i] += w * p
			} else {
				next[sum+1] += w * p
			}
		}
		now = next
	}
	return stopped
}

// TestSilenceStopsAndAFewPhonesThatAreOffDoNot: what is written in guard.go of the
// test, computed; and by seeded campaigns of a message a minute, in which phones that
// are off get it hours later, that phones which are off stop nobody.
func TestSilenceStopsAndAFewPhonesThatAreOffDoNot(t *testing.T) {
	for _, test := range []struct {
		p           float64
		by          int
		least, most float64
	}{
		{.1, 1000, 0, 1e-7}, {.25, 40, 0, .0002}, {.25, 1000, 0, .001}, {.3, 1000, .008, .01}, {.5, 40, .09, .1},
		{.7, 40, .87, .88}, {.85, 40, .99, 1}, {1, silentMost, 1, 1}, {1, silentMost - 1, 0, 0},
	} {
		if got := silenced(test.p, test.by)[test.by]; got < test.least || got > test.most {
			t.Errorf("with %.0f %% that do not arrive %.4f %% are stopped by %d, want %g to %g %%", 100*test.p, 100*got, test.by, 100*test.least, 100*test.most)
		}
	}
	const hadTime = 30 // minutes
	// stopped is after how many messages that had time a campaign is stopped; 0: it is not.
	stopped := func(seed uint64, n int, never, off float64) int {
		dice := rand.New(rand.NewPCG(seed, 4))
		arrives := make([]int, n) // in which minute; of none in one that does not come
		for i := range arrives {
			switch luck := dice.Float64(); {
			case luck < never:
				arrives[i] = 10 * n
			case luck < never+off:
				arrives[i] = i + dice.IntN(600)
			default:
				arrives[i] = i
			}
		}
		for now := hadTime; now < n; now++ {
			last := func(yield func([]byte, bool) bool) {
				for i := now - hadTime; i >= 0 && i > now-hadTime-sampleSize; i-- {
					if !yield(nil, arrives[i] <= now) {
						return
					}
				}
			}
			if of, came := tooFew(last); of > 0 {
				if of < silentMost || of > sampleSize || of-2*came < silentMost {
					t.Fatalf("%d of %d", came, of)
				}
				return now - hadTime + 1
			}
		}
		return 0
	}
	share := func(n, by int, never, off float64) float64 {
		const seeds = 400
		count := 0
		for seed := range uint64(seeds) {
			if at := stopped(seed, n, never, off); at > 0 && at <= by {
				count++
			}
		}
		return float64(count) / seeds
	}
	for _, test := range []struct {
		n, by       int
		never, off  float64
		least, most float64
	}{
		{1000, 1000, .01, 0, 0, 0}, {1000, 1000, .02, .2, 0, .01}, // good ones, also with a fifth of the phones off
		{100, 40, .75, .05, .8, 1}, {100, 40, .95, 0, 1, 1}, {400, 400, .62, 0, .95, 1},
	} {
		if got := share(test.n, test.by, test.never, test.off); got < test.least || got > test.most {
			t.Errorf("%.0f %% never arrive and %.0f %% late: %.2f %% are stopped by %d of %d", 100*test.never, 100*test.off, 100*got, test.by, test.n)
		}
	}
}
