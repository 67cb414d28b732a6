package session

import (
	"sync"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
)

// A person who says no to one of our numbers says it to all of them. A no that waits
// at a number which is not connected yet, or has not heard all that waits for
// it, must not be outrun by a number that was faster. So nothing leaves by any
// number while another one is behind: connecting, hearing what arrived while it
// was away, or reading what the phone of a new link tells about the past.
//
// Nobody waits forever. For each of the three a number has a purse of time, a
// minute when it is full. While it is behind the others wait and the purse
// empties; when it is empty they go on, and the screens say so; while nothing is
// waited for it fills again, a tenth as fast. So an outage of one number holds
// the others for a minute, however long it lasts, and so does the backlog with
// which it comes back; and a number that comes and goes all the time holds them
// for a tenth of it. When nobody was connected and the first one is again, what
// ended was an outage of all: from that moment the others are waited for again,
// with what is in their purses by then.
//
// A number is not waited for that does not come by itself: banned, blocked,
// logged out, outdated, not linked; nor one whose next try to connect is later
// than its purse lasts.

const (
	purseFull  = time.Minute
	purseFills = 10 // times slower than it empties
)

// stage is how far a number is behind the others.
type stage uint8

const (
	abreast    stage = iota // it has heard everything, or is not waited for
	connecting              // it has no connection, or one that does not answer
	hearing                 // what arrived while it was away
	reading                 // the history of its phone
	numStages
)

// stage says how far behind the number is at now.
func (v *view) stage(now time.Time) stage {
	switch v.state {
	case campaign.Connecting, campaign.Online, campaign.Offline:
	default:
		return abreast
	}
	switch {
	case !v.number.Linked():
		return abreast
	case !v.connected():
		return connecting
	case v.synced.IsZero():
		return hearing
	case v.reading.After(now):
		return reading
	}
	return abreast
}

// connected reports whether the number is logged in and the service answers.
func (v *view) connected() bool { return v.login && v.lively }

// next is when a number that is offline tries to connect again, by our own
// clock, which shows now.
func (v *view) next(now time.Time) time.Time {
	if v.state == campaign.Offline && !v.connected() {
		return now.Add(v.until.Sub(v.clock.At(now)))
	}
	return time.Time{}
}

// backlog knows which numbers are behind. Its methods may be called from any
// goroutine.
type backlog struct {
	mu      sync.Mutex
	numbers map[campaign.NumberID]*lag
	up      int               // how many are connected
	last    campaign.NumberID // who is waited for longest,
	until   time.Time         // and until when; in the past: nobody
}

// lag is how far behind one number is.
type lag struct {
	stage  stage
	since  time.Time // when the stage began, or it is waited for again
	up     bool
	next   time.Time // its next try to connect; zero: it is not known, or going on
	purses [numStages]purse
}

// purse is for how long a number is waited for.
type purse struct {
	left time.Duration
	at   time.Time // when that was left; zero: never used, so it is full
}

// fill brings a purse that was not used since to now.
func (p *purse) fill(now time.Time) {
	p.left = min(purseFull, p.left+now.Sub(p.at)/purseFills)
	if p.at.IsZero() {
		p.left = purseFull
	}
	p.at = now
}

// begin opens the purse of a stage.
func (l *lag) begin(s stage, now time.Time) {
	l.stage, l.since = s, now
	l.purses[s].fill(now)
}

// end closes it.
func (l *lag) end(now time.Time) {
	p := &l.purses[l.stage]
	spent := min(now.Sub(l.since), p.left)
	p.left, p.at = p.left-spent, l.since.Add(spent)
}

// deadline is until when the number is waited for; zero if it is not behind.
func (l *lag) deadline() time.Time {
	if l.stage == abreast {
		return time.Time{}
	}
	return l.since.Add(l.purses[l.stage].left)
}

// awaited reports whether the number is waited for at now.
func (l *lag) awaited(now time.Time) bool {
	until := l.deadline()
	return until.After(now) && !l.next.After(until)
}

func newBacklog() *backlog { return &backlog{numbers: make(map[campaign.NumberID]*lag)} }

// follow is told of every change of a number.
func (b *backlog) follow(id campaign.NumberID, v *view, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.numbers[id]
	if l == nil {
		l = new(lag)
		b.numbers[id] = l
	}
	if s := v.stage(now); s != l.stage {
		l.end(now)
		l.begin(s, now)
	}
	l.next = v.next(now)
	if up := v.connected(); up != l.up {
		l.up = up
		switch {
		case !up:
			b.up--
		case b.up == 0:
			b.up++
			b.outageEnds(now)
		default:
			b.up++
		}
	}
	b.until = time.Time{}
	for id, l := range b.numbers {
		if until := l.deadline(); l.awaited(now) && until.After(b.until) {
			b.last, b.until = id, until
		}
	}
}

// outageEnds begins the wait for all that are still connecting again. The lock
// must be held.
func (b *backlog) outageEnds(now time.Time) {
	for _, l := range b.numbers {
		if l.stage == connecting {
			l.end(now)
			l.begin(connecting, now)
		}
	}
}

// hold is what holds every number at now; the zero Hold: nobody is behind who
// is waited for.
func (b *backlog) hold(now time.Time) campaign.Hold {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.until.After(now) {
		return campaign.Hold{}
	}
	return campaign.Hold{Reason: reason.HoldOthers, Until: b.until, Number: b.last}
}

// outrun reports whether a number is behind and others go on without it.
func (b *backlog) outrun(id campaign.NumberID, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	l, others := b.numbers[id], b.up
	if l == nil {
		return false
	}
	if l.up {
		others--
	}
	return others > 0 && l.stage != abreast && !l.awaited(now)
}
