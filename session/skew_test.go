package session

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"recado/campaign"
)

// The time in a history. The program judges by the service's clock, as far as it has
// been told of it, see [campaign.Clock]: that the clock of its machine is moved is the
// same to it as that the service's is put the other way, which is what happens here. A
// history is judged by the service's time too, and by when a message was claimed, which
// is when it was decided about.

// farthest is how far the two clocks are apart at most: a login tells the time within
// a week, so that more than half of one would be taken for less.
const farthest = 80 * time.Hour

// skew is how far the service's clock is ahead from a moment on.
type skew struct {
	from  time.Time
	ahead time.Duration
}

// truth is what the service's clock showed at a moment of the bubble's.
func (h *history) truth(at time.Time) time.Time {
	for _, s := range slices.Backward(h.skews) {
		if !at.Before(s.from) {
			return at.Add(s.ahead)
		}
	}
	return at
}

// moveClock puts the service's clock ahead or back, by minutes, hours or a day or two,
// and says which.
func (h *history) moveClock() (what string) {
	minutes := time.Duration(1+h.dice.IntN(9)) * time.Minute
	by, lost := minutes, false
	switch h.dice.IntN(6) {
	case 0, 1:
		by = time.Duration(20+h.dice.IntN(340)) * time.Minute
		lost = h.dice.IntN(2) == 0
	case 2:
		by = time.Duration(20+h.dice.IntN(28)) * time.Hour
		lost = true
	}
	time.Sleep(time.Millisecond) // what is told of before it, was before it
	now := time.Now()
	ahead := h.truth(now).Sub(now)
	back := h.dice.IntN(2) == 0
	// Seldom back by days: until a message has told the time for sure nothing is written
	// again that lies in the future, and a number may wait for that long.
	if back && by > 12*time.Hour && h.dice.IntN(4) > 0 || ahead+by > farthest || back && ahead-by < -farthest {
		by, lost = minutes, false
	}
	if back {
		by = -by
	}
	what = "clock ahead"
	if by < 0 {
		what = "clock back"
	}
	h.meetAll(what)
	h.service.SetSkew(ahead + by)
	h.skews = append(h.skews, skew{time.Now(), ahead + by})
	h.note("%s by %v, to %v", what, by.Abs(), h.truth(time.Now()).Format(time.DateTime))
	// A machine that has slept for long has lost its connections; and what people write
	// never says that it is earlier than before, so that a clock that is put back is
	// told at once.
	if lost || by < 0 {
		for _, o := range h.ours {
			if own, known := h.service.Own(o.phone); known && o.linked && !h.gone && own.Online() {
				o.dropAt = time.Now()
				own.Drop()
			}
		}
	}
	return what
}

// unpinged lets no number ask its own phone for a sign of life, which it does when the
// clock was put back: that waits for a lock that the library holds while a message waits
// for a new connection, and while somebody waits for a lock the bubble's clock stands.
func (h *history) unpinged() {
	for _, o := range h.ours {
		n, err := h.pool.number(o.id)
		h.must(err)
		h.must(n.do(func() error { n.pinged = time.Now().Add(phoneGone); return nil }))
	}
}

// given is a delivery that the book gave a lane to send.
type given struct {
	at  time.Time // when the lane asked
	now time.Time // what the program took the time for
	d   campaign.Delivery
}

// witness stands between the book and the lanes and notes what they are given.
type witness struct {
	campaign.Log
	h *history
}

func (w witness) Claim(c campaign.Claim) (campaign.Act, error) {
	at := time.Now()
	act, err := w.Log.Claim(c)
	w.h.gives.note(at, c, act)
	return act, err
}

func (w witness) SettleAndClaim(d campaign.Delivery, o campaign.Outcome, c campaign.Claim) (campaign.Act, error) {
	at := time.Now()
	act, err := w.Log.SettleAndClaim(d, o, c)
	w.h.gives.note(at, c, act)
	return act, err
}

// gives is all that lanes were given, by message and in order.
type gives struct {
	mu sync.Mutex
	of map[campaign.MessageID][]given
}

func (g *gives) note(at time.Time, c campaign.Claim, act campaign.Act) {
	s, sends := act.(campaign.Send)
	if !sends {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.of == nil {
		g.of = make(map[campaign.MessageID][]given)
	}
	g.of[s.Delivery.Message] = append(g.of[s.Delivery.Message], given{at, c.Now, s.Delivery})
}

// before is how a message that was on the wire at a moment was given to its lane; not
// ok: nobody was given it.
func (g *gives) before(id string, at time.Time) (last given, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, one := range g.of[campaign.MessageID(id)] {
		if !one.at.After(at) {
			last, ok = one, true
		}
	}
	return last, ok
}

// nearly is how far off a clock may be that was told: one that is nearly right is not
// moved, and the word on a message that was slow is of any moment since that left.
const nearly = campaign.Tolerance + ackTimeout/2

// behind is how far the clock was behind by which a message was claimed.
func (h *history) behind(g given) time.Duration { return h.truth(g.at).Sub(g.now) }

// untold reports whether a message was claimed by a clock that was wrong: nobody had
// told the program that it was moved.
func (h *history) untold(g given) bool { return h.behind(g).Abs() > nearly }

// lasted is how long it was from one claim to another: what passed, and what the
// service's clock was put ahead meanwhile. What lies in the future since it was put back
// is written again as the present time. One that was claimed by a clock that was behind
// seems to be older than it is.
func (h *history) lasted(a, b given) time.Duration {
	d := b.at.Sub(a.at) + max(0, h.behind(a)-h.behind(b))
	ahead := time.Duration(0)
	for _, s := range h.skews {
		if s.from.After(a.at) && !s.from.After(b.at) {
			d += max(0, s.ahead-ahead)
		}
		ahead = s.ahead
	}
	return d
}

// wrongClocks are the messages that were claimed by a wrong clock though a number had
// logged in since it was moved, and had been told. A word on a message that was on the
// wire meanwhile is of the time before, and may come after such a login: our own clock,
// which is what is moved in the world, is not asked how long that took.
func (h *history) wrongClocks() (found []string) {
	logins := h.service.Ledger().Logins()
	h.gives.mu.Lock()
	defer h.gives.mu.Unlock()
	for id, all := range h.gives.of {
		for _, g := range all {
			var moved time.Time
			for _, s := range h.skews {
				if !s.from.After(g.at) {
					moved = s.from
				}
			}
			for _, l := range logins {
				if h.untold(g) && l.Time.After(moved.Add(ackTimeout)) && g.at.After(l.Time.Add(time.Second)) {
					found = append(found, fmt.Sprintf("%s was claimed at %v, taken for %v, and %s had logged in at %v",
						id, h.truth(g.at).Format(time.DateTime), g.now.UTC().Format(time.DateTime), l.Number, h.truth(l.Time).Format(time.DateTime)))
					break
				}
			}
		}
	}
	return found
}
