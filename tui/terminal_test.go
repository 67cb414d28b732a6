package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
)

// monitor is a terminal that may stop taking anything.
type monitor struct {
	mu      sync.Mutex
	freed   *sync.Cond
	stalled bool
	blocked bool
	shown   bytes.Buffer
}

func newMonitor() *monitor {
	m := &monitor{}
	m.freed = sync.NewCond(&m.mu)
	return m
}

func (m *monitor) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.stalled {
		m.blocked = true
		m.freed.Broadcast()
		m.freed.Wait()
	}
	m.freed.Broadcast()
	return m.shown.Write(b)
}

// patience bounds a wait for what may never come; a busy machine may be slow.
const patience = 5 * time.Minute

// await waits until the terminal has been shown text.
func (m *monitor) await(t *testing.T, text string) {
	t.Helper()
	m.until(t, text, func() bool { return strings.Contains(m.shown.String(), text) })
}

// awaitBlocked waits until somebody waits for the terminal.
func (m *monitor) awaitBlocked(t *testing.T) {
	t.Helper()
	m.until(t, "a blocked write", func() bool { return m.blocked })
}

func (m *monitor) until(t *testing.T, what string, met func() bool) {
	t.Helper()
	late := false
	alarm := time.AfterFunc(patience, func() {
		m.mu.Lock()
		late = true
		m.mu.Unlock()
		m.freed.Broadcast()
	})
	defer alarm.Stop()
	m.mu.Lock()
	defer m.mu.Unlock()
	for !met() {
		if late {
			t.Fatalf("no %s in %q", what, m.shown.String())
		}
		m.freed.Wait()
	}
}

func (m *monitor) stall(on bool) {
	m.mu.Lock()
	m.stalled = on
	m.mu.Unlock()
	m.freed.Broadcast()
}

// take returns what was written since the last time.
func (m *monitor) take() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.shown.String()
	m.shown.Reset()
	return s
}

// keyboard is the other half: what is typed, until it is unplugged.
func keyboard(t *testing.T) (io.Reader, io.WriteCloser) {
	r, w := io.Pipe()
	t.Cleanup(func() { w.Close() })
	return r, w
}

var plainTerm = Environ([]string{"TERM=xterm-256color"})

func sized(w, h int) Option {
	sizes := make(chan Size, 1)
	sizes <- Size{w, h}
	return Sizes(sizes)
}

// running is one terminal with Run in it.
type running struct {
	out   *monitor
	in    io.WriteCloser
	ended chan error
	quit  context.CancelFunc
}

func start(t *testing.T, app App) *running {
	ctx, quit := context.WithCancel(t.Context())
	in, keys := keyboard(t)
	r := &running{out: newMonitor(), in: keys, ended: make(chan error, 1), quit: quit}
	go func() { r.ended <- Run(ctx, app, in, r.out, plainTerm, sized(80, 24)) }()
	return r
}

// A terminal that takes nothing any more holds up neither the book, nor the
// bell, nor another terminal; and it still ends when it is told to.
func TestAStalledTerminalStopsNobodyElse(t *testing.T) {
	app := newApp(t, "en")
	stuck, well := start(t, app), start(t, app)
	stuck.out.await(t, "recado")
	well.out.await(t, "recado")
	stuck.out.stall(true)
	for i := range 8 {
		name := strings.Repeat(string('A'+rune(i)), 4) // no letter of another one's: what is the same is not written again
		if _, err := desk(app.Book).AddNumber(name); err != nil {
			t.Fatal(err)
		}
		well.out.await(t, name)
	}
	stuck.out.awaitBlocked(t)
	stuck.quit()
	if err := <-stuck.ended; err != nil {
		t.Errorf("the stalled terminal ended with %v", err)
	}
	io.WriteString(well.in, "q")
	if err := <-well.ended; err != nil {
		t.Errorf("the other terminal ended with %v", err)
	}
	stuck.out.stall(false)
}

func TestQuittingLeavesTheTerminalAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, newApp(t, "en"))
		time.Sleep(time.Second)
		if s := r.out.take(); !strings.Contains(s, "\x1b[?1049h") {
			t.Errorf("no screen of its own in %q", s)
		}
		r.quit() // as a signal would
		if err := <-r.ended; err != nil {
			t.Error(err)
		}
		if s := r.out.take(); !strings.Contains(s, "\x1b[?1049l") || !strings.Contains(s, "\x1b[?25h") {
			t.Errorf("the terminal is not put back: %q", s)
		}
		r.in.Close()
	})
}

// TestATerminalThatSaysNothingGetsItsEmojiPinned: the renderer counts clusters
// whatever the terminal is, and what the terminal counts makes no difference.
func TestATerminalThatSaysNothingGetsItsEmojiPinned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(t, "en")
		if _, err := desk(app.Book).AddNumber("👍🏽 shop"); err != nil {
			t.Fatal(err)
		}
		r := start(t, app)
		time.Sleep(time.Second)
		s := r.out.take()
		if !strings.Contains(s, "\x1b7👍🏽\x1b8\x1b[2C shop") {
			t.Errorf("not pinned: %q", s)
		}
		if told := strings.Index(s, "\x1b[?2027h"); told < 0 || told > strings.Index(s, "recado") {
			t.Errorf("the renderer draws before it counts as we do: %q", s)
		}
		r.quit()
		<-r.ended
		r.in.Close()
	})
}

func TestNothingIsDrawnBeforeTheRendererCountsAsWeDo(t *testing.T) {
	r := newRoot(t.Context(), App{})
	r.update(tea.WindowSizeMsg{Width: 80, Height: 24})
	if got := r.View().Content; got != "" {
		t.Errorf("drew %q", got)
	}
	r.update(countsClusters)
	if got := r.View().Content; !strings.Contains(got, "recado") {
		t.Errorf("then drew %q", got)
	}
}

func TestNoColorIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, keys := keyboard(t)
		out := newMonitor()
		ctx, quit := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- Run(ctx, newApp(t, "en"), in, out, Environ([]string{"TERM=xterm-256color", "NO_COLOR=1", "TTY_FORCE=1"}), sized(80, 24))
		}()
		time.Sleep(time.Second)
		s := out.take()
		if !strings.Contains(s, "recado") {
			t.Errorf("nothing is drawn: %q", s)
		}
		if strings.Contains(s, "38;") || strings.Contains(s, "48;") {
			t.Errorf("colours in %q", s)
		}
		quit()
		<-ended
		keys.Close()
	})
}

// ear counts what a terminal is told.
type ear struct {
	changes []time.Time
	clocks  int
}

func (e *ear) Send(msg tea.Msg) {
	switch msg.(type) {
	case changedMsg:
		e.changes = append(e.changes, time.Now())
	case clockMsg:
		e.clocks++
	}
}

// TestATerminalHearsTheBellTenTimesASecondAndTheLastRingAlways: ten times where
// somebody types, once where nobody does.
func TestATerminalHearsTheBellTenTimesASecondAndTheLastRingAlways(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var e ear
		var typed attention
		bell := new(campaign.Bell)
		var done sync.WaitGroup
		done.Go(func() { watch(ctx, &e, bell, &typed) })
		synctest.Wait()
		heard := func(least, most int, when string) {
			t.Helper()
			synctest.Wait()
			begun := time.Now()
			e.changes = nil
			for range 3000 {
				bell.Ring()
				time.Sleep(time.Millisecond)
			}
			last := time.Now()
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if n := len(e.changes); n < least || n > most {
				t.Errorf("%s: heard %d changes in three seconds", when, n)
			}
			if at := e.changes[len(e.changes)-1]; at.Before(last.Add(-time.Millisecond)) {
				t.Errorf("%s: the last change was heard %v before the last ring", when, last.Sub(at))
			}
			if at := e.changes[0]; at.Sub(begun) > 0 {
				t.Errorf("%s: the first change was heard after %v", when, at.Sub(begun))
			}
		}
		typed.paid()
		heard(29, 32, "somebody types")
		heard(4, 4, "nobody has typed for a while")
		cancel()
		done.Wait()
		if e.clocks < 8 {
			t.Errorf("%d clocks in ten seconds", e.clocks)
		}
	})
}

// TestManyTerminalsLeaveNothingBehind: the bubble fails if a goroutine of it is
// left when the book has been closed.
func TestManyTerminalsLeaveNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(t, "en")
		for range 5 {
			r := start(t, app)
			time.Sleep(time.Second)
			r.quit()
			if err := <-r.ended; err != nil {
				t.Error(err)
			}
			r.in.Close()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
	})
}

func TestAFailingTerminalIsNotWaitedFor(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w, release := newOutlet(ctx, failing{})
	defer release()
	if _, err := w.Write([]byte("x")); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("got %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
