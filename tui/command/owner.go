package command

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"

	"recado/campaign"
	"recado/session"
	"recado/store"
)

// How long things are waited for.
const (
	ownWithin     = 5 * time.Second        // for a lock whose holder does not answer the door
	againWithin   = 2 * time.Minute        // for an owner that said it is ending, or ends in a moment
	requestWithin = 10 * time.Second       // for a caller to say what it wants
	begunWithin   = 15 * time.Second       // for the owner to take it: a process that was stopped does not
	ownEvery      = 50 * time.Millisecond  // between two tries
	lockWithin    = 100 * time.Millisecond // for the lock itself, in one try
	handedWithin  = 3 * time.Minute        // for handed commands when the owner ends by itself
	handedStopped = 5 * time.Second        // and when it was asked to stop
)

// owner is the process that has a data directory open: its parts, its door,
// and what runs in it.
type owner struct {
	dir   string
	brief bool // it ends by itself in a moment: long commands are not for it
	parts *Parts

	listener      net.Listener
	doors         sync.WaitGroup // the goroutine that accepts
	leaving       chan struct{}  // closed when the owner is about to end
	handedContext context.Context
	dropHanded    context.CancelFunc

	mu        sync.Mutex // guards what follows
	left      bool
	handed    sync.WaitGroup // added to under mu, while not left
	wires     map[*wire]bool
	pool      *session.Pool
	closeKeys func() error

	lanesMu    sync.Mutex // held while lanes start and stop: two for a number would send twice as fast
	laneUsers  int
	stopLanes  func() // nil while there are none
	lanesEnded bool   // there will be no more
	started    bool
	log        *lumberjack.Logger
}

// how is the way in which a command uses the data directory.
type how uint8

const (
	brief   how = iota // done in a moment
	lasting            // waits for people or time; not for an owner that ends in a moment
	endless            // goes on until told to stop, and goes on elsewhere when its owner ends
	screens            // only for the owner itself
)

// withOwner runs do in the process that owns the data directory: this one, if
// the command was handed to it or nobody owns the directory; otherwise the
// whole command is handed over, and do runs there.
func (c *call) withOwner(ctx context.Context, h how, do func(context.Context, *owner) error) error {
	if c.owner != nil {
		switch {
		case h == screens:
			return c.opened()
		case h >= lasting && c.owner.brief:
			return errAgain
		case h == endless:
			return c.owner.host(ctx, do)
		}
		return do(ctx, c.owner)
	}
	dir, err := c.dataDir()
	if err != nil {
		return err
	}
	service, err := c.service()
	if err != nil {
		return err
	}
	return c.withOwnerOf(ctx, dir, service, h, do)
}

// opened is the refusal of screens where another process shows or sends.
func (c *call) opened() error {
	return c.fail(ExitInUse,
		"os dados já estão abertos no processo %d; as telas só abrem nele",
		"the data is already open in process %d; the screens can open only there", os.Getpid())
}

// withOwnerOf is withOwner for a given directory and service.
func (c *call) withOwnerOf(ctx context.Context, dir string, service *Service, h how, do func(context.Context, *owner) error) error {
	if err := c.private(dir); err != nil {
		return err
	}
	within, of := ownWithin, ""
	begun := time.Now()
	for {
		w, err := knock(dir)
		if errors.Is(err, errStranger) {
			return c.fail(ExitRefused,
				"quem atende em %s não é um processo seu (%v); encerre esse processo ou use outro --data",
				"who answers at %s is not a process of yours (%v); end that process or use another --data", filepath.Join(dir, doorName), err)
		} else if err == nil {
			if err := c.hand(ctx, w, dir, h == endless); !errors.Is(err, errAgain) {
				return err
			}
			begun, within = time.Now(), againWithin
		}
		o, err := c.own(dir, service, h == brief)
		switch {
		case err == nil:
			err := do(ctx, o)
			c.patiently(func() { err = errors.Join(err, o.close(ctx.Err() != nil)) })
			return err
		case !errors.Is(err, store.ErrLocked):
			return err
		}
		if now := holder(dir); now != of { // others came and went before us
			begun, of = time.Now(), now
		}
		if time.Since(begun) > within {
			return c.unanswered(dir)
		}
		select {
		case <-ctx.Done():
			return c.interrupted()
		case <-time.After(ownEvery):
		}
	}
}

// unanswered is the failure of a command that the owner did not take.
func (c *call) unanswered(dir string) error {
	return c.fail(ExitInUse,
		"os dados em %s estão em uso por %s, que não atende",
		"the data in %s is in use by %s, which does not answer", dir, holder(dir))
}

// patiently runs what ends the program, and says so if that takes a while.
func (c *call) patiently(wait func()) {
	said := time.AfterFunc(time.Second, func() {
		c.tell("terminando: há mensagens a caminho ou comandos em andamento…",
			"ending: messages are on their way or commands are still running…")
	})
	defer said.Stop()
	wait()
}

// interrupted is the error of a command that was stopped before its end.
func (c *call) interrupted() error {
	return c.fail(ExitInterrupted, "interrompido", "interrupted")
}

// service is the simulated WhatsApp that the environment asks for; nil is the
// real one.
func (c *call) service() (*Service, error) {
	addr := c.env.Getenv("RECADO_SERVER")
	if addr == "" {
		return nil, nil
	}
	http, key, err := session.Server(addr, c.env.Getenv("RECADO_SERVER_CA"), c.env.Getenv("RECADO_SERVER_KEY"))
	if err != nil {
		return nil, &failure{code: ExitUsage, err: fmt.Errorf("RECADO_SERVER: %w", err)}
	}
	return &Service{HTTP: http, RootKey: key}, nil
}

// own opens the parts and the door. It fails with store.ErrLocked if another
// process has them.
func (c *call) own(dir string, service *Service, brief bool) (*owner, error) {
	file := &lumberjack.Logger{Filename: filepath.Join(dir, logName), MaxSize: 10, MaxBackups: 5}
	logger := slog.New(slog.NewTextHandler(file, nil))
	parts, err := c.env.Open(Opening{Dir: dir, Service: service, Timeout: lockWithin, Logger: logger})
	if err != nil {
		file.Close()
		if errors.Is(err, store.ErrKind) {
			err = c.mixed(dir, service != nil)
		}
		return nil, err
	}
	if parts.Book.WentBack() {
		logger.Warn("the book was damaged, and its last change may be missing")
		c.tell("os dados em %s foram danificados e a última mudança pode faltar; o que estava enviando foi pausado. Veja: recado campaign list",
			"the data in %s was damaged and its last change may be missing; what was sending is paused. See: recado campaign list", dir)
	}
	log.SetOutput(file) // libraries that speak to the standard log must not reach the terminal
	o := &owner{
		dir: dir, brief: brief, parts: parts, log: file,
		leaving: make(chan struct{}), wires: make(map[*wire]bool),
	}
	o.handedContext, o.dropHanded = context.WithCancel(context.Background())
	if err := sayHolder(dir); err != nil {
		logger.Warn("say who owns the data", "err", err)
	}
	if o.listener, err = openDoor(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("open the door for other commands: %w", err), o.close(true))
	}
	o.doors.Go(o.accept) // ends when close closes the listener
	return o, nil
}

// mixed is the refusal of data that is not of the kind that was asked for.
func (c *call) mixed(dir string, simulated bool) error {
	if simulated {
		return c.fail(ExitRefused,
			"os dados em %s são de verdade; para um WhatsApp simulado use outro diretório",
			"the data in %s is real; use another directory for a simulated WhatsApp", dir)
	}
	return c.fail(ExitRefused,
		"os dados em %s são de uma demonstração; abra com: recado demo --dir %s",
		"the data in %s is a demo's; open it with: recado demo --dir %s", dir, word(dir))
}

// accept takes commands until the door is closed.
func (o *owner) accept() {
	for {
		conn, err := o.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		} else if err != nil {
			o.parts.Logger.Warn("accept a command", "err", err)
			time.Sleep(ownEvery) // out of files, most likely
			continue
		}
		if err := acquainted(conn); err != nil {
			o.parts.Logger.Warn("refuse a command", "err", err)
			conn.Close()
			continue
		}
		w := &wire{conn: conn}
		o.mu.Lock()
		if o.left {
			conn.Close()
		} else {
			o.wires[w] = true
			o.handed.Go(func() { // ends with the command; close waits for it
				o.receive(w)
				o.mu.Lock()
				delete(o.wires, w)
				o.mu.Unlock()
			})
		}
		o.mu.Unlock()
	}
}

// close waits for the messages on the wire, and for what was handed over, not
// for ever, and closes everything. A person who asked for the end waits less.
func (o *owner) close(asked bool) error {
	o.mu.Lock()
	o.left = true
	o.mu.Unlock()
	close(o.leaving)
	if o.listener != nil {
		closeDoor(o.dir, o.listener)
		o.doors.Wait()
	}
	o.endLanes()
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
			for w := range o.wires { // whoever does not read what it asked for
				w.conn.Close()
			}
			o.mu.Unlock()
			within(done, handedStopped)
		}
	}
	o.dropHanded()
	var errs []error
	o.mu.Lock()
	if o.pool != nil {
		errs = append(errs, o.pool.Close(), o.closeKeys())
	}
	o.mu.Unlock()
	os.Remove(filepath.Join(o.dir, pidName))
	errs = append(errs, o.parts.Book.Close())
	log.SetOutput(os.Stderr)
	return errors.Join(append(errs, o.log.Close())...)
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

// host runs an endless command that was handed over, until it ends, its caller
// stops it, or the owner is about to end: then the caller goes on elsewhere.
func (o *owner) host(ctx context.Context, do func(context.Context, *owner) error) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with the command
		select {
		case <-o.leaving:
			cancel()
		case <-inner.Done():
		}
	}()
	err := do(inner, o)
	if inner.Err() != nil && ctx.Err() == nil {
		return errAgain
	}
	return err
}

// numbers returns the pool, opening it at the first call. Nothing is
// connected by that.
func (o *owner) numbers(ctx context.Context) (*session.Pool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.pool == nil {
		pool, closeKeys, err := o.parts.Connect(context.WithoutCancel(ctx))
		if err != nil {
			return nil, err
		}
		o.pool, o.closeKeys = pool, closeKeys
	}
	return o.pool, nil
}

// live returns the pool if something has opened it; nil otherwise.
func (o *owner) live() *session.Pool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.pool
}

// work connects every linked number and runs the lanes, once however many ask
// for it, until the last of those who asked has called release. Release waits
// for the messages on the wire.
func (o *owner) work(ctx context.Context) (pool *session.Pool, release func(), err error) {
	pool, err = o.numbers(ctx)
	if err != nil {
		return nil, nil, err
	}
	o.lanesMu.Lock()
	defer o.lanesMu.Unlock()
	if o.lanesEnded {
		return nil, nil, errAgain
	}
	if !o.started {
		o.started = true
		pool.Start()
	}
	if o.laneUsers++; o.stopLanes == nil {
		laneContext, cancel := context.WithCancel(context.WithoutCancel(ctx))
		lanes := &campaign.Lanes{
			Log: o.parts.Book, Bell: o.parts.Bell, Clock: o.parts.Clock, Logger: o.parts.Logger,
			Numbers: o.numberIDs, Sender: pool.Sender,
		}
		var running sync.WaitGroup
		running.Go(func() { lanes.Run(laneContext) }) // ends with the last user
		o.stopLanes = func() {
			cancel()
			running.Wait()
			o.stopLanes = nil
		}
	}
	return pool, sync.OnceFunc(func() {
		o.lanesMu.Lock()
		defer o.lanesMu.Unlock()
		if o.laneUsers--; o.laneUsers == 0 && o.stopLanes != nil {
			o.stopLanes()
		}
	}), nil
}

// endLanes stops the lanes for good, whoever still uses them.
func (o *owner) endLanes() {
	o.lanesMu.Lock()
	defer o.lanesMu.Unlock()
	o.lanesEnded = true
	if o.stopLanes != nil {
		o.stopLanes()
	}
}

// numberIDs lists our numbers for the lanes.
func (o *owner) numberIDs() []campaign.NumberID {
	numbers, err := o.parts.Book.Numbers()
	if err != nil {
		o.parts.Logger.Error("list the numbers", "err", err)
		return nil
	}
	ids := make([]campaign.NumberID, len(numbers))
	for i, n := range numbers {
		ids[i] = n.ID
	}
	return ids
}
