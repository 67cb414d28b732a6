package campaign

import (
	"context"
	"log/slog"
	"sync"
)

// Lanes keeps one running lane for every number.
type Lanes struct {
	Log     Log
	Bell    *Bell
	Clock   *Clock            // nil: the machine's
	Logger  *slog.Logger      // nil: none
	Numbers func() []NumberID // every number there is; asked again whenever the bell rings
	Sender  func(NumberID) Sender
}

// Run starts a lane for each number, now and when one is added, and returns
// when ctx has ended and every lane has stopped.
func (l *Lanes) Run(ctx context.Context) {
	ring, quiet := l.Bell.Listen()
	defer quiet()
	var running sync.WaitGroup
	defer running.Wait()
	logger := l.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	started := make(map[NumberID]bool)
	for {
		for _, id := range l.Numbers() {
			if started[id] {
				continue
			}
			started[id] = true
			lane := &Lane{Number: id, Log: l.Log, Sender: l.Sender(id), Bell: l.Bell, Clock: l.Clock, Logger: logger}
			running.Go(func() { lane.Run(ctx) }) // ends with ctx
		}
		select {
		case <-ctx.Done():
			return
		case <-ring:
		}
	}
}
