package host

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"recado/store"
	"recado/tui"
)

// maxTerminals is how many terminals an owner shows the screens on at once.
const maxTerminals = 64

// stalledFor is how long a terminal may take nothing before it is dropped. Its
// guest comes again when it goes on.
const stalledFor = 2 * time.Minute

// terminal shows the screens on the terminal at the other end until the person
// leaves, the connection falls, or the owner is about to end.
func (o *Owner) terminal(ctx context.Context, w *Wire, req Request) (end Exit) {
	switch {
	case o.Brief:
		return Exit{Again: true}
	case req.Simulated && o.Parts.Kind != store.Demo:
		return Exit{Why: OtherKind}
	case !o.seat():
		return Exit{Why: Full}
	}
	defer o.count(&o.terminals, -1)
	defer func() {
		if fault := recover(); fault != nil {
			o.Parts.Logger.Error("a terminal broke", "fault", fault, "stack", string(debug.Stack()))
			end = Exit{Why: Failed, Text: "internal fault"}
		}
	}()
	pool, release, err := o.Work(ctx)
	if errors.Is(err, ErrAgain) {
		return Exit{Again: true}
	} else if err != nil {
		o.Parts.Logger.Error("open the numbers for a terminal", "err", err)
		return o.failed(req.Lang, err)
	}
	defer release()
	s := &screens{owner: o, wire: w, lang: req.Lang, terminal: *req.Terminal, orders: make(chan tui.Order, 8), sizes: make(chan tui.Size, 1), beats: make(chan struct{}, 1)}
	who := store.Actor{Name: userOf(w.conn), Role: store.Admin, From: "terminal"}
	if s.terminal.ReadOnly {
		who.Role = store.Viewer
	}
	desk := o.Parts.Book.Desk(who)
	app := tui.App{
		Book: o.Parts.Book, Desk: desk, Pool: pool, Bell: o.Parts.Bell, Logger: o.Parts.Logger, Now: o.Parts.Clock.Now,
		Demo: o.demo, Lang: req.Lang, Data: s.terminal.Data, Died: s.terminal.Died, ReadOnly: s.terminal.ReadOnly,
		Stops: w.inside,
	}
	if o.keeps && !app.ReadOnly {
		app.Halt = func(context.Context) error {
			s.halted = true
			return o.halt(desk)
		}
	}
	return s.run(ctx, app)
}

// failed is the end of a terminal that cannot be shown the screens.
func (o *Owner) failed(lang string, err error) Exit {
	code, text := o.explain(lang, err)
	return Exit{Code: code, Why: Failed, Text: text}
}

// seat counts a terminal, if there is room for one more.
func (o *Owner) seat() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.terminals >= maxTerminals {
		return false
	}
	o.terminals++
	return true
}

// screens are those on one terminal at the other end of a connection.
type screens struct {
	owner    *Owner
	wire     *Wire
	lang     string
	terminal Terminal
	keys     keyboard
	sizes    chan tui.Size
	orders   chan tui.Order
	beats    chan struct{}
	away     atomic.Bool // the terminal has been given back for a while
	halted   bool        // the person had everything paused; the loop of the terminal has it
}

// run shows them.
func (s *screens) run(ctx context.Context, app tui.App) Exit {
	s.keys.open()
	defer s.keys.close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.resize(tui.Size{Width: s.terminal.Width, Height: s.terminal.Height})
	s.wire.patience.Store(int64(stalledFor))
	go func() { // ends with the connection
		s.hear(ctx)
		cancel()
	}()
	var helpers sync.WaitGroup
	helpers.Go(func() { s.beat(ctx) }) // ends with ctx
	helpers.Go(func() {                // ends with ctx
		select {
		case <-s.owner.leaving:
			cancel()
		case <-ctx.Done():
		}
	})
	err := tui.Run(ctx, app, &s.keys, screen{s.wire},
		tui.Environ(about(s.terminal.Environ)), tui.Profile(s.terminal.Profile), tui.Sizes(s.sizes),
		tui.Orders(s.orders, s.done),
		tui.Suspends(func() { go s.wire.send(frameSuspend, nil) }), // ends with the connection
		tui.Beats(func() {
			select {
			case s.beats <- struct{}{}:
			default: // the terminal takes nothing at the moment
			}
		}))
	s.wire.hurry() // who has taken nothing so far will not
	cancel()
	helpers.Wait()
	return s.end(err)
}

// end is how the terminal ended.
func (s *screens) end(err error) Exit {
	select {
	case <-s.owner.stopping:
		if s.halted {
			return Exit{Why: Halted}
		}
		return Exit{Why: Stopped}
	default:
	}
	select {
	case <-s.owner.leaving:
		return Exit{Again: true}
	default:
	}
	switch {
	case err != nil:
		return s.owner.failed(s.lang, err)
	case s.halted:
		return Exit{Why: Halted}
	}
	if some, err := s.owner.Sending(); s.owner.keeps && (err != nil || len(some) > 0) {
		return Exit{Why: GoesOn}
	}
	return Exit{}
}

// keyboard is what is typed at the terminal, as the screens read it. They ask for
// no file, whose read they would end at an instant of their own: here a read ends
// when close says so. What is typed while it is closed is nobody's.
type keyboard struct {
	mu sync.Mutex
	r  *io.PipeReader
	w  *io.PipeWriter
}

// open has reads wait for keys.
func (k *keyboard) open() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.r, k.w = io.Pipe()
}

// close ends every read and every write, until open.
func (k *keyboard) close() {
	_, w := k.pipe()
	w.Close()
}

func (k *keyboard) pipe() (*io.PipeReader, *io.PipeWriter) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.r, k.w
}

func (k *keyboard) Read(b []byte) (int, error) {
	r, _ := k.pipe()
	return r.Read(b)
}

// Write waits until what is typed has been read.
func (k *keyboard) Write(b []byte) (int, error) {
	_, w := k.pipe()
	if _, err := w.Write(b); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		return 0, err
	}
	return len(b), nil
}

// screen is what is drawn, on its way to the terminal. That is raw, so that a
// line end does not go back to the first column by itself, as the renderer takes
// it to do.
type screen struct{ wire *Wire }

func (s screen) Write(b []byte) (int, error) {
	_, err := stream{s.wire, frameOut}.Write(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")))
	return len(b), err
}

// beat tells the guest every second that the screens answer.
func (s *screens) beat(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.beats:
			if !s.away.Load() {
				s.wire.send(frameBeat, nil)
			}
		}
	}
}

// done is called when an order has been carried out.
func (s *screens) done(o tui.Order) {
	switch o {
	case tui.Release:
		s.away.Store(true)
		s.keys.open() // nobody reads them before Restore
		s.wire.send(frameRelease, nil)
	case tui.Restore:
		s.away.Store(false)
	}
}

// resize has the screens drawn at another size; one that they have not heard of
// yet is forgotten. It is called by one goroutine at a time.
func (s *screens) resize(to tui.Size) {
	select {
	case <-s.sizes:
	default:
	}
	s.sizes <- sane(to)
}

// hear takes what comes from the terminal until the connection falls, the person
// is gone, or it makes no sense.
func (s *screens) hear(ctx context.Context) {
	var pasted pastes
	for {
		kind, payload, err := s.wire.receive()
		if err != nil {
			return
		}
		order, ok := tui.Order(0), false
		switch {
		case kind == frameCancel:
			return
		case kind == frameKeys && len(payload) <= maxKeys:
			s.keys.Write(pasted.take(payload))
		case kind == frameSize && len(payload) == 8:
			w, h := binary.BigEndian.Uint32(payload), binary.BigEndian.Uint32(payload[4:])
			s.resize(tui.Size{Width: int(min(w, maxWidth)), Height: int(min(h, maxHeight))})
		case kind == frameRelease:
			s.keys.close()
			order, ok = tui.Release, true
		case kind == frameRestore:
			order, ok = tui.Restore, true
		case kind == frameRedraw:
			order, ok = tui.Redraw, true
		default:
			s.owner.Parts.Logger.Warn("a terminal makes no sense", "frame", kind, "bytes", len(payload))
			return
		}
		if ok {
			select {
			case s.orders <- order:
			case <-ctx.Done():
				return
			}
		}
	}
}
