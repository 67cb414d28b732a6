// Package host is the process that has a data directory open, its owner, and
// the way to it for every other process: the lock, the door, what is said
// there, and the lanes.
//
// Begin reading at [Open], which makes this process the owner, and at [Knock],
// which finds another one. Nothing here knows a language: what is to be said to
// a person is an error or a value, of which the caller makes words.
package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"

	"recado/session"
	"recado/tui"
)

// How long things are waited for.
const (
	ownEvery      = 50 * time.Millisecond  // between two tries
	lockWithin    = 100 * time.Millisecond // for the lock itself, in one try
	handedWithin  = 3 * time.Minute        // for handed commands when the owner ends by itself
	handedStopped = 5 * time.Second        // and when it was asked to stop
	wireStopped   = 7 * time.Second        // for a message on the wire when it was told to stop
)

// ErrAgain is the error of a command that the owner could not keep: it is
// ending, or too short-lived. The caller tries again.
var ErrAgain = errors.New("the owner of the data directory is ending")

// Owner is the process that has a data directory open: its parts, its door,
// and what runs in it.
type Owner struct {
	Dir   string
	Brief bool // it ends by itself in a moment: long commands are not for it
	Parts *Parts

	keeps         bool // it goes on without terminals, see Config
	demo          *tui.Demo
	began         time.Time
	run           func(context.Context, *Handed) Exit
	explain       func(lang string, err error) (code int, text string)
	listener      net.Listener
	doors         sync.WaitGroup // the goroutine that accepts
	stopping      chan struct{}  // closed when it was told to stop
	stop          func()
	leaving       chan struct{} // closed when the owner is about to end
	quiet         chan struct{} // closed when no lane runs any more
	bell          chan struct{} // what Stay looks at has changed
	handedContext context.Context
	dropHanded    context.CancelFunc

	mu        sync.Mutex // guards what follows
	left      bool
	handed    sync.WaitGroup // added to under mu, while not left
	wires     map[*Wire]bool
	pool      *session.Pool
	closeKeys func() error
	terminals int // that are shown the screens
	commands  int // that were handed over

	lanes lanes
	log   io.WriteCloser
}

// Config says how to become the owner.
type Config struct {
	Dir     string // it exists and is private, see Private
	Service *Service
	Brief   bool
	Keeps   bool      // it is to go on without terminals, so that who leaves one is asked whether it shall
	Demo    *tui.Demo // what the screens can do to the simulated WhatsApp; nil outside the demo
	Open    func(Opening) (*Parts, error)
	// Explain says an error to the person at a terminal, in a language.
	Explain func(lang string, err error) (code int, text string)
	// Run runs a command that another process handed over, and returns its end.
	Run func(context.Context, *Handed) Exit
}

// Open opens the parts and the door. It fails with store.ErrLocked if another
// process has them.
func Open(c Config) (*Owner, error) {
	o, err := openParts(c, &lumberjack.Logger{Filename: filepath.Join(c.Dir, logName), MaxSize: 10, MaxBackups: 5})
	if err != nil {
		return nil, err
	}
	if err := sayHolder(c.Dir); err != nil {
		o.Parts.Logger.Warn("say who owns the data", "err", err)
	}
	if o.listener, err = openDoor(c.Dir); err != nil {
		return nil, errors.Join(fmt.Errorf("open the door for other commands: %w", err), o.Close(true))
	}
	o.doors.Go(o.accept) // ends when Close closes the listener
	if !c.Brief {
		o.Parts.Book.KeepIndex()
	}
	return o, nil
}

// openParts is an owner that nobody finds yet, with its log.
func openParts(c Config, file io.WriteCloser) (*Owner, error) {
	logger := slog.New(slog.NewTextHandler(file, nil))
	parts, err := c.Open(Opening{Dir: c.Dir, Service: c.Service, Timeout: lockWithin, Logger: logger})
	if err != nil {
		file.Close()
		return nil, err
	}
	if parts.Book.WentBack() {
		logger.Warn("the book was damaged, and its last change may be missing")
	}
	log.SetOutput(file) // libraries that speak to the standard log must not reach the terminal
	o := &Owner{
		Dir: c.Dir, Brief: c.Brief, Parts: parts, run: c.Run, explain: c.Explain, log: file,
		keeps: c.Keeps, demo: c.Demo, began: time.Now(),
		stopping: make(chan struct{}), leaving: make(chan struct{}), quiet: make(chan struct{}),
		bell: make(chan struct{}, 1), wires: make(map[*Wire]bool),
	}
	o.stop = sync.OnceFunc(func() { close(o.stopping) })
	o.handedContext, o.dropHanded = context.WithCancel(context.Background())
	return o, nil
}

// accept takes commands until the door is closed.
func (o *Owner) accept() {
	for {
		conn, err := o.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		} else if err != nil {
			o.Parts.Logger.Warn("accept a command", "err", err)
			time.Sleep(ownEvery) // out of files, most likely
			continue
		}
		if err := acquainted(conn); err != nil {
			o.Parts.Logger.Warn("refuse a command", "err", err)
			conn.Close()
			continue
		}
		o.take(&Wire{conn: conn})
	}
}

// take takes what comes through a connection.
func (o *Owner) take(w *Wire) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.left {
		w.conn.Close()
		return
	}
	o.wires[w] = true
	o.handed.Go(func() { // ends with the command or the terminal; Close waits for it
		o.receive(w)
		o.mu.Lock()
		delete(o.wires, w)
		o.mu.Unlock()
	})
}

// Close waits for the messages on the wire, and for what was handed over, with
// a limit, and closes everything. A person who asked for the end waits less; an
// owner that was told to stop leaves in ten seconds, and what becomes of a
// message on the wire is found out when there is an owner again.
func (o *Owner) Close(asked bool) error {
	o.mu.Lock()
	o.left = true
	o.mu.Unlock()
	close(o.leaving)
	if o.listener != nil {
		closeDoor(o.Dir, o.listener)
		o.doors.Wait()
	}
	var errs []error
	ended := make(chan struct{})
	go func() { // ends with the lanes: when their number is closed, at the latest
		o.endLanes()
		close(ended)
	}()
	select {
	case <-ended:
	case <-o.stopping:
		if asked = true; !within(ended, wireStopped) {
			errs = append(errs, o.closePool())
			within(ended, time.Second)
		}
	}
	close(o.quiet)
	done := make(chan struct{})
	go func() { // ends when the last handed command has
		o.handed.Wait()
		close(done)
	}()
	patience := handedWithin
	if asked {
		patience = handedStopped
	}
	if !within(done, patience) {
		o.dropHanded()
		if !within(done, handedStopped) {
			o.mu.Lock()
			for w := range o.wires { // of callers that do not read what they asked for
				w.conn.Close()
			}
			o.mu.Unlock()
			within(done, handedStopped)
		}
	}
	o.dropHanded()
	errs = append(errs, o.closePool())
	os.Remove(filepath.Join(o.Dir, pidName))
	errs = append(errs, o.Parts.Book.Close())
	log.SetOutput(os.Stderr)
	return errors.Join(append(errs, o.log.Close())...)
}

// closePool closes the numbers and their keys, once.
func (o *Owner) closePool() error {
	o.mu.Lock()
	pool, closeKeys := o.pool, o.closeKeys
	o.pool = nil
	o.mu.Unlock()
	if pool == nil {
		return nil
	}
	return errors.Join(pool.Close(), closeKeys())
}

// Inside is a connection to this owner from its own process.
func (o *Owner) Inside() *Wire {
	here, there := net.Pipe()
	o.take(&Wire{conn: there, inside: true})
	return &Wire{conn: here}
}

// within waits for done, but not longer than d, and reports whether it came.
func within(done <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// Host runs an endless command that was handed over, until it ends, its caller
// stops it, or the owner is about to end: then it fails with [ErrAgain], and
// the caller goes on elsewhere, unless the owner was told to stop.
func (o *Owner) Host(ctx context.Context, do func(context.Context) error) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with the command
		select {
		case <-o.leaving:
			cancel()
		case <-inner.Done():
		}
	}()
	err := do(inner)
	if inner.Err() == nil || ctx.Err() != nil {
		return err
	}
	select {
	case <-o.stopping: // everything is to end
		return err
	default:
		return ErrAgain
	}
}
