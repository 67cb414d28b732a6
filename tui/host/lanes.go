package host

import (
	"context"
	"sync"

	"recado/campaign"
	"recado/session"
)

// lanes are the lanes of an owner, which run while somebody uses them.
type lanes struct {
	mu      sync.Mutex // held while they start and stop: two for a number would send twice as fast
	users   int
	stop    func() // nil while there are none
	ended   bool   // there will be no more
	started bool   // the pool
}

// Pool returns the numbers, opening them at the first call. Nothing is
// connected by that.
func (o *Owner) Pool(ctx context.Context) (*session.Pool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.left {
		return nil, ErrAgain
	}
	if o.pool == nil {
		pool, closeKeys, err := o.Parts.Connect(context.WithoutCancel(ctx))
		if err != nil {
			return nil, err
		}
		o.pool, o.closeKeys = pool, closeKeys
	}
	return o.pool, nil
}

// Live returns the numbers if something has opened them; nil otherwise.
func (o *Owner) Live() *session.Pool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.pool
}

// Work connects every linked number and runs the lanes, once however many ask
// for it, until the last of those who asked has called release. Release waits
// for the messages on the wire, unless the owner ends. The error of an owner
// that is about to end is [ErrAgain].
func (o *Owner) Work(ctx context.Context) (pool *session.Pool, release func(), err error) {
	pool, err = o.Pool(ctx)
	if err != nil {
		return nil, nil, err
	}
	l := &o.lanes
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return nil, nil, ErrAgain
	}
	if !l.started {
		l.started = true
		pool.Start()
	}
	if l.users++; l.stop == nil {
		laneContext, cancel := context.WithCancel(context.WithoutCancel(ctx))
		all := &campaign.Lanes{
			Log: o.Parts.Book, Bell: o.Parts.Bell, Clock: o.Parts.Clock, Logger: o.Parts.Logger,
			Numbers: o.NumberIDs, Sender: pool.Sender,
		}
		var running sync.WaitGroup
		running.Go(func() { all.Run(laneContext) }) // ends with the last user
		running.Go(func() { o.note(laneContext) })  // ends with the last user
		l.stop = func() {
			cancel()
			running.Wait()
		}
	}
	return pool, sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.users--; l.users == 0 && l.stop != nil && !l.ended {
			l.stop()
			l.stop = nil
		}
	}), nil
}

// Works reports whether the lanes run.
func (o *Owner) Works() bool {
	o.lanes.mu.Lock()
	defer o.lanes.mu.Unlock()
	return o.lanes.stop != nil
}

// endLanes stops the lanes for good, whatever still uses them: what releases
// them meanwhile does not wait.
func (o *Owner) endLanes() {
	l := &o.lanes
	l.mu.Lock()
	l.ended = true
	stop := l.stop
	l.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// NumberIDs lists our numbers for the lanes.
func (o *Owner) NumberIDs() []campaign.NumberID {
	numbers, err := o.Parts.Book.Numbers()
	if err != nil {
		o.Parts.Logger.Error("list the numbers", "err", err)
		return nil
	}
	ids := make([]campaign.NumberID, len(numbers))
	for i, n := range numbers {
		ids[i] = n.ID
	}
	return ids
}
