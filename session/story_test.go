package session

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"

	"recado/campaign"
	"recado/session/simulator"
)

// rarePaths are what happens, and how a number may be then: each of them has been
// walked when so many histories are told.
var rarePaths = map[string][]string{
	"stop":                {"not linked", "connecting", "hold_reading", "hold_empty", "hold_gap", sending},
	"kill":                {"not linked", "connecting", "hold_reading", "hold_empty", "hold_gap", sending},
	"drop":                {"hold_empty", "hold_gap", sending},
	"logout":              {"connecting", "hold_empty", "hold_gap", sending},
	"no":                  {"without the program", "not linked", "offline", "connecting", "hold_reading", "hold_empty", "hold_gap", sending},
	"opt in":              {"not linked", "connecting", "hold_reading", "hold_empty", "hold_gap", sending},
	"move":                {"not linked", "connecting", "hold_reading", "hold_empty", "hold_gap", sending},
	"campaign":            {"not linked", "connecting", "hold_reading", "hold_others", "hold_empty", "hold_gap", sending},
	"trouble on the wire": {"not linked", "connecting", "hold_empty", "hold_gap"},
	"clock ahead":         {"without the program", "not linked", "hold_empty", "hold_gap", sending},
	"clock back":          {"without the program", "not linked", "hold_empty", "hold_gap", sending},
}

// tellAll tells so many histories, each of a number of steps, and returns what was
// walked in them. One that fails is told again with the steps that it needs.
func tellAll(t *testing.T, histories, each int, story func(t *testing.T, seed uint64, steps []int, walked map[string]int, told *[]string)) map[string]int {
	t.Helper()
	walked := make(map[string]int)
	for seed := range uint64(histories) {
		var told []string
		tell := func(steps []int) bool {
			return t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { story(t, seed, steps, walked, &told) })
		}
		all := make([]int, each)
		for i := range all {
			all[i] = i
		}
		if tell(all) {
			continue
		}
		began := time.Now()
		short := shortest(all, func(some []int) bool { return time.Since(began) < time.Minute && !tell(some) })
		tell(short)
		t.Logf("seed %d fails with the steps %v of %d alone:\n%s", seed, short, each, strings.Join(told, "\n"))
	}
	return walked
}

// shortest leaves out steps, many at a time and then one by one, for as long as
// what is left fails.
func shortest(steps []int, fails func(some []int) bool) []int {
	for size := len(steps) / 2; size > 0; size /= 2 {
		for at := 0; at < len(steps); {
			some := slices.Delete(slices.Clone(steps), at, min(at+size, len(steps)))
			if fails(some) {
				steps = some
			} else {
				at += size
			}
		}
	}
	return steps
}

func TestAStoryThatFailsIsToldWithTheStepsItNeeds(t *testing.T) {
	var all []int
	for i := range stepsEach {
		all = append(all, i)
	}
	for _, needs := range [][]int{{}, {0}, {23}, {3, 4, 17}, {0, 5, 11, 12, 22, 23}} {
		tried := 0
		got := shortest(all, func(some []int) bool {
			tried++
			return !slices.ContainsFunc(needs, func(n int) bool { return !slices.Contains(some, n) })
		})
		if !slices.Equal(got, needs) && len(got)+len(needs) > 0 || tried > 100 {
			t.Errorf("what fails with %v is told with %v, after %d tries", needs, got, tried)
		}
	}
}

// fewKeys gives clients thirty keys to be written to with in place of hundreds: to
// make them takes a third of a history, and a tenth of all tests here.
type fewKeys struct{ Devices }

func (f fewKeys) NewDevice() *store.Device {
	d := f.Devices.NewDevice()
	d.Container = fewKeysKept{d.Container}
	return d
}

func (f fewKeys) GetDevice(ctx context.Context, jid types.JID) (*store.Device, error) {
	d, err := f.Devices.GetDevice(ctx, jid)
	if d != nil {
		d.Container = fewKeysKept{d.Container}
		fewer(d)
	}
	return d, err
}

type fewKeysKept struct{ store.DeviceContainer }

func (f fewKeysKept) PutDevice(ctx context.Context, d *store.Device) error {
	err := f.DeviceContainer.PutDevice(ctx, d)
	fewer(d)
	return err
}

func fewer(d *store.Device) {
	if _, done := d.PreKeys.(fewKeysMade); !done && d.PreKeys != nil {
		d.PreKeys = fewKeysMade{d.PreKeys}
	}
}

type fewKeysMade struct{ store.PreKeyStore }

func (f fewKeysMade) GetOrGenPreKeys(ctx context.Context, count uint32) ([]*keys.PreKey, error) {
	return f.PreKeyStore.GetOrGenPreKeys(ctx, min(count, 30))
}

// violations are the messages that left for somebody who had said no: after one
// of our numbers had confirmed to have the no; or while it waited for a number
// that had logged in since; or for one that the others had to wait for, because
// the program had begun less than a minute ago or its connection had been lost
// less than a minute ago.
func (h *history) violations() (found []string) {
	ledger := h.service.Ledger()
	confirmed := make(map[string]time.Time)
	for _, c := range ledger.Confirmed() {
		if at, known := confirmed[c.ID]; !known || c.Time.Before(at) {
			confirmed[c.ID] = c.Time
		}
	}
	logins := make(map[string][]time.Time)
	for _, l := range ledger.Logins() {
		logins[l.Number] = append(logins[l.Number], l.Time)
	}
	for _, s := range ledger.Stanzas() {
		if s.Kind != "text" && s.Kind != "poll" || s.Text == confirms {
			continue
		}
		for _, n := range h.nos {
			if !slices.ContainsFunc(s.Legs, func(l simulator.Leg) bool { return strings.HasPrefix(l.Device, n.lid) }) {
				continue
			}
			if n.at.Before(h.backAt[n.lid]) || !s.Time.After(n.at) || h.disordered(n) {
				continue
			}
			if g, known := h.gives.before(s.ID, s.Time); known && g.at.Before(n.at) {
				continue // the library sends again, by the next line, what left before
			}
			why := ""
			if at, known := confirmed[n.id]; known && s.Time.After(at) {
				why = "confirmed at " + at.Format(time.TimeOnly)
			}
			for _, at := range logins[n.number] {
				if at.After(n.at) && s.Time.After(at) && h.standing(n.number, at, s.Time) {
					why = "logged in at " + at.Format("15:04:05.000")
				}
			}
			if from, waited := h.waitedFor(n, s.Time, logins[n.number]); waited {
				why = "waited for since " + from.Format("15:04:05.000")
			}
			if why != "" {
				found = append(found, fmt.Sprintf("%s said no to %s at %s (%s) and is written to by %s at %s",
					n.lid, n.number, n.at.Format("15:04:05.000"), why, s.Number, s.Time.Format("15:04:05.000")))
			}
		}
	}
	return found
}

// confirmations are the faults in what was said to those who had opted out: only to them,
// after it, by a number that they wrote to, and once for each time that they left.
func (h *history) confirmations() (found []string) {
	told := make(map[string]map[string]bool) // the messages, by whom they are to
	for _, s := range h.service.Ledger().Stanzas() {
		if s.Kind != "text" || s.Text != confirms || s.Error != 0 {
			continue
		}
		for _, l := range s.Legs {
			lid := accountOf(l)
			if !slices.ContainsFunc(h.people, func(p *theirSide) bool { return p.lid == lid }) {
				continue
			}
			if told[lid] == nil {
				told[lid] = make(map[string]bool)
			}
			if told[lid][s.ID] {
				continue
			}
			told[lid][s.ID] = true
			h.walked["confirmed"]++
			left := func(n no) bool { return n.lid == lid && n.number == s.Number && !n.at.After(s.Time) }
			if !slices.ContainsFunc(h.nos, left) {
				found = append(found, fmt.Sprintf("%s is told by %s at %s that they have left, and did not say so to it", lid, s.Number, s.Time.Format(time.TimeOnly)))
			}
		}
	}
	for lid, ids := range told {
		if len(ids) > 1+h.backs[lid] {
			found = append(found, fmt.Sprintf("%s is told %d times that they have left, by %v, and came back %d times", lid, len(ids), slices.Sorted(maps.Keys(ids)), h.backs[lid]))
		}
	}
	return found
}

// accountOf is whose device a part of a message is for.
func accountOf(l simulator.Leg) string {
	return l.Device[:strings.IndexAny(l.Device+"@", ":@")]
}

// disordered reports whether nobody can tell that a no came after the opt-in, or after
// something that the person said before it: because the service's clock was put back
// between them, or before it was heard, so that its time was still to come. No service
// does that. (TestNoAfterAnOptInFromTheFutureIsHeard shows what can be told.) Nor if the
// opt-in was written down before any login had told the time, by a clock that was ahead:
// docs/wire.md says so.
func (h *history) disordered(n no) bool {
	back := h.backAt[n.lid]
	if by := h.backBy[n.lid]; by.Sub(h.truth(back)) > campaign.Tolerance && !h.truth(n.at).After(by) {
		return true
	}
	later := func(at time.Time) bool { return at.Before(n.at) && h.truth(at).After(h.truth(n.at)) }
	if later(back) || slices.ContainsFunc(h.nos, func(o no) bool { return o.lid == n.lid && later(o.at) }) {
		return true
	}
	ahead := h.truth(n.at).Sub(n.at)
	return !back.IsZero() && slices.ContainsFunc(h.skews, func(s skew) bool { return s.from.After(n.at) && s.ahead < ahead })
}

// standing reports whether a number was linked all the time from then on.
func (h *history) standing(number string, from, to time.Time) bool {
	for _, o := range h.ours {
		if o.phone != number {
			continue
		}
		for _, s := range o.stays {
			if !s.from.After(from) && (s.to.IsZero() || s.to.After(to)) {
				return true
			}
		}
	}
	return false
}

// waitedFor reports whether a no waited for a number for which the others had to
// wait at that moment, and since when. What was said after it had logged in again
// did not wait, and may be slow to come.
func (h *history) waitedFor(n no, at time.Time, logins []time.Time) (since time.Time, ok bool) {
	within := func(from time.Time) bool {
		return !at.Before(from) && at.Sub(from) < purseFull && h.standing(n.number, from, at)
	}
	for _, from := range h.began {
		if n.at.Before(from) && within(from) {
			return from, true
		}
	}
	for _, d := range h.downs {
		back := func(login time.Time) bool { return login.After(d.at) && login.Before(n.at) }
		if d.number == n.number && !n.at.Before(d.at) && within(d.at) && !slices.ContainsFunc(logins, back) {
			return d.at, true
		}
	}
	return since, false
}
