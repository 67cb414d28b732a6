package tui

import (
	"bytes"
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
)

// The least time between two changes that a terminal is told of: what happens
// meanwhile is one change. Where nobody types they only watch, and many who do
// must not take the processor from the sending.
const (
	heardEvery   = 100 * time.Millisecond
	watchedEvery = time.Second
	typedFor     = 3 * time.Second // after a key somebody is there
)

// attention is when somebody last typed at a terminal. It may be used by
// several goroutines.
type attention struct{ last atomic.Pointer[time.Time] }

// paid says that somebody types.
func (a *attention) paid() {
	now := time.Now()
	a.last.Store(&now)
}

// rest is for how long a terminal that was told of a change is told of no other.
func (a *attention) rest() time.Duration {
	if last := a.last.Load(); last != nil && time.Since(*last) < typedFor {
		return heardEvery
	}
	return watchedEvery
}

// program is a tea.Program as those that speak to it need it.
type program interface{ Send(tea.Msg) }

// watch tells a terminal that the bell has rung, with a rest after each time,
// and that a second has passed. Only this goroutine waits when the terminal
// takes nothing: rings are kept for it as one.
func watch(ctx context.Context, p program, bell *campaign.Bell, typed *attention) {
	ring, quiet := bell.Listen()
	defer quiet()
	clock := time.NewTicker(time.Second)
	defer clock.Stop()
	rest := time.NewTimer(0)
	defer rest.Stop()
	heard := ring
	for {
		select {
		case <-ctx.Done():
			return
		case <-heard:
			p.Send(changedMsg{})
			heard = nil // until the rest is over
			rest.Reset(typed.rest())
		case <-rest.C:
			heard = ring
		case <-clock.C:
			p.Send(clockMsg{})
		}
	}
}

// resize tells a terminal its sizes, once it has begun: the one that it begins
// with is told by a goroutine of the program, and must not come after them.
func resize(ctx context.Context, p program, sizes <-chan Size, begun <-chan struct{}) {
	select {
	case <-ctx.Done():
		return
	case <-begun:
	}
	for {
		select {
		case <-ctx.Done():
			return
		case s, ok := <-sizes:
			if !ok {
				return
			}
			p.Send(tea.WindowSizeMsg{Width: s.Width, Height: s.Height})
		}
	}
}

// releaser is a tea.Program as orders need it.
type releaser interface {
	program
	ReleaseTerminal() error
	RestoreTerminal() error
}

// obey carries out the orders for a terminal.
func obey(ctx context.Context, p releaser, orders <-chan Order, done func(Order)) {
	for {
		select {
		case <-ctx.Done():
			return
		case o := <-orders:
			switch o {
			case Release:
				p.ReleaseTerminal()
			case Restore:
				p.RestoreTerminal()
				p.Send(tea.ClearScreen())
			case Redraw:
				p.Send(tea.ClearScreen())
			}
			done(o)
		}
	}
}

// lastWords is how long a terminal may take to hear that it is over.
const lastWords = 500 * time.Millisecond

// outlet stands between the renderer and a terminal. A terminal that takes
// nothing blocks a Write for as long as ctx lives, and not longer.
type outlet struct {
	out    io.Writer
	frames chan []byte
	done   chan error
	gone   chan struct{} // closed a little after the end of ctx
}

// newOutlet makes the outlet of out; release ends what it started.
func newOutlet(ctx context.Context, out io.Writer) (w io.Writer, release func()) {
	o := &outlet{out: out, frames: make(chan []byte), done: make(chan error, 1), gone: make(chan struct{})}
	over := make(chan struct{})
	var guard sync.WaitGroup
	guard.Go(func() { o.guard(ctx, over) }) // ends with over
	go o.pump()                             // ends with frames, once out lets go of it
	release = func() {
		close(over)
		guard.Wait()
		close(o.frames)
	}
	return o, release
}

// guard gives up on the terminal a little after the end of ctx.
func (o *outlet) guard(ctx context.Context, over <-chan struct{}) {
	defer close(o.gone)
	select {
	case <-over:
		return
	case <-ctx.Done():
	}
	select {
	case <-over:
	case <-time.After(lastWords):
	}
}

func (o *outlet) pump() {
	for b := range o.frames {
		_, err := o.out.Write(pinned(b))
		o.done <- err
	}
}

// Write implements io.Writer.
func (o *outlet) Write(b []byte) (int, error) {
	select {
	case o.frames <- bytes.Clone(b):
	case <-o.gone:
		return 0, io.ErrClosedPipe
	}
	select {
	case err := <-o.done:
		if err != nil {
			return 0, err
		}
		return len(b), nil
	case <-o.gone:
		return 0, io.ErrClosedPipe
	}
}
