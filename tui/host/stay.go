package host

import (
	"context"
	"os"
	"time"

	"recado/campaign"
	"recado/store"
)

// How an owner that keeps on decides that it is of no use any more.
const (
	lateFor   = 24 * time.Hour   // receipts, answers and opt-outs may come after the last message
	aloneFor  = 10 * time.Second // a terminal that comes back finds it still there
	lookEvery = 10 * time.Second // at the directory and the time
)

// Why an owner ended.
type Ended string

// The ends of an owner that kept on.
const (
	EndedIdle  Ended = "nothing left to do"
	EndedTold  Ended = "told to stop"
	EndedMoved Ended = "the data directory is gone"
)

// Stop has the owner end, see Close. It returns at once.
func (o *Owner) Stop() { o.stop() }

// Stopping is closed when the owner was told to stop.
func (o *Owner) Stopping() <-chan struct{} { return o.stopping }

// Quiet is closed when the owner is ending and nothing is sent any more.
func (o *Owner) Quiet() <-chan struct{} { return o.quiet }

// Began is when this process became the owner.
func (o *Owner) Began() time.Time { return o.began }

// Keeps reports whether the owner goes on without terminals.
func (o *Owner) Keeps() bool { return o.keeps }

// Terminals is how many terminals are shown the screens.
func (o *Owner) Terminals() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.terminals
}

// Stay returns when the owner is of no use any more: it was told to stop, or ctx
// has ended; its directory is gone; or nothing is left to send, no terminal and
// no command runs, and the last message is a day old.
func (o *Owner) Stay(ctx context.Context) Ended {
	home, _ := os.Stat(o.Dir)
	look := time.NewTimer(0)
	defer look.Stop()
	var alone time.Time // since when nothing needs it; zero: something does
	for {
		select {
		case <-ctx.Done():
			return EndedTold
		case <-o.stopping:
			return EndedTold
		case <-o.bell:
		case <-look.C:
			look.Reset(lookEvery)
		}
		if now, err := os.Stat(o.Dir); home != nil && (err != nil || !os.SameFile(home, now)) {
			return EndedMoved
		}
		switch now := time.Now(); {
		case o.needed():
			alone = time.Time{}
		case alone.IsZero():
			alone = now
		case now.Sub(alone) >= aloneFor:
			return EndedIdle
		}
	}
}

// needed reports whether something here needs an owner.
func (o *Owner) needed() bool {
	o.mu.Lock()
	busy := o.terminals > 0 || o.commands > 0
	o.mu.Unlock()
	if busy {
		return true
	}
	sending, err := o.Sending()
	if err != nil || len(sending) > 0 {
		return true // what cannot be known is not given up
	}
	last, err := o.Parts.Book.LastSent()
	return err != nil || o.Parts.Clock.Now().Sub(last) < lateFor
}

// Sending lists the campaigns that have something to send: those that run or
// are being made ready, and those that stopped by themselves, for which a
// person has to be there to be found.
func (o *Owner) Sending() (some []campaign.Campaign, err error) {
	all, err := o.Parts.Book.Campaigns()
	for _, c := range all {
		if c.Confirms != 0 {
			n, err := o.Parts.Book.Number(c.Confirms)
			if err != nil {
				return some, err
			}
			if !n.Linked() { // nobody can send them
				continue
			}
		}
		switch c.Status {
		case campaign.Running, campaign.Freezing, campaign.Scheduled:
			some = append(some, c)
		case campaign.Paused:
			if !c.Reason.IsZero() {
				some = append(some, c)
			}
		}
	}
	return some, err
}

// halt pauses everything that is being sent and, if no other terminal is there,
// has the owner stop.
func (o *Owner) halt(desk *store.Desk) error {
	all, err := o.Parts.Book.Campaigns()
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Status != campaign.Running && c.Status != campaign.Freezing || c.Confirms != 0 { // those wait for the next owner
			continue
		}
		if _, err := desk.Pause(c.ID); err != nil {
			return err
		}
	}
	if o.Terminals() <= 1 {
		o.Stop()
	}
	return nil
}

// count changes how many there are of something that needs the owner.
func (o *Owner) count(n *int, by int) {
	o.mu.Lock()
	*n += by
	o.mu.Unlock()
	select {
	case o.bell <- struct{}{}:
	default: // it will be looked at
	}
}
