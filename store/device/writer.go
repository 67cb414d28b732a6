package device

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

const (
	// behindDelay is how long a write that may be behind waits for company.
	behindDelay = 200 * time.Millisecond
	// probeDelay is how long after a failed write the next attempt is made without being asked.
	probeDelay = time.Second
	// growLeast and growMost are how many bytes the file grows by at a time.
	growLeast, growMost = 32 << 10, 16 << 20
)

// job is a write that is all or nothing. run may be called again when a neighbour in the same
// transaction fails, so it only changes what it is given.
type job struct {
	run   func(*transaction) error
	flush bool // what is behind must be written with it
	done  chan error
}

// transaction is one bbolt write transaction and whether anything in it differs from what is on the
// disk.
type transaction struct {
	*bbolt.Tx
	changed bool
}

// writer is the one goroutine that writes. It commits whatever is queued, at once, in one
// transaction, and answers every caller when that is on the disk: callers that come while a commit
// is under way share the next one.
type writer struct {
	c    *Container
	wake chan struct{}
	gone chan struct{} // closed when the goroutine has ended

	commit func(*bbolt.Tx) error // bbolt's own; replaced by tests that make the disk fail

	mu      sync.Mutex
	queue   []*job
	dirty   map[flusher]struct{} // who has writes that may be behind
	flushAt time.Time            // when they are due; zero: nothing is waiting
	closed  bool
	err     error // why the last write failed
}

// flusher has writes that may be behind. take is called outside any transaction, since it locks.
type flusher interface {
	// take hands over what is waiting: write puts it into a transaction and may be called again,
	// done says how that ended.
	take() (write func(*transaction) error, done func(error))
}

func startWriter(c *Container) *writer {
	w := &writer{
		c:      c,
		wake:   make(chan struct{}, 1),
		gone:   make(chan struct{}),
		commit: (*bbolt.Tx).Commit,
		dirty:  make(map[flusher]struct{}),
	}
	go w.loop() // ends after stop
	return w
}

// do queues run and returns when it is on the disk, or with the error that run returned, in which
// case it left nothing behind.
func (w *writer) do(run func(*transaction) error) error {
	return w.submit(&job{run: run, done: make(chan error, 1)})
}

// doAfterAll is do, after everything that is behind, in the same transaction.
func (w *writer) doAfterAll(run func(*transaction) error) error {
	return w.submit(&job{run: run, flush: true, done: make(chan error, 1)})
}

// flush writes everything that is behind and returns when it is on the disk.
func (w *writer) flush() error {
	return w.doAfterAll(func(*transaction) error { return nil })
}

func (w *writer) submit(j *job) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return ErrClosed
	}
	w.queue = append(w.queue, j)
	w.mu.Unlock()
	w.ring()
	return <-j.done
}

// behind notes that f has something to write within behindDelay.
func (w *writer) behind(f flusher) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return ErrClosed
	}
	w.dirty[f] = struct{}{}
	if w.flushAt.IsZero() {
		w.flushAt = time.Now().Add(behindDelay)
		w.ring()
	}
	return nil
}

func (w *writer) ring() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *writer) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// stop writes what is left and ends the goroutine.
func (w *writer) stop() error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.ring()
	<-w.gone
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.dirty) > 0 {
		return w.err
	}
	return nil
}

func (w *writer) loop() {
	defer close(w.gone)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		jobs, flushers, probe, closed := w.next()
		if len(jobs) > 0 || len(flushers) > 0 || probe {
			w.write(jobs, flushers, probe)
		}
		if closed {
			return
		}
		wait, ready := w.wait()
		if ready {
			continue
		}
		timer.Reset(wait)
		select {
		case <-w.wake:
		case <-timer.C:
		}
	}
}

// next takes what has to be written now.
func (w *writer) next() (jobs []*job, flushers []flusher, probe, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	jobs, w.queue = w.queue, nil
	due := !w.flushAt.IsZero() && !time.Now().Before(w.flushAt)
	asked := slices.ContainsFunc(jobs, func(j *job) bool { return j.flush })
	if due || asked || w.closed {
		for f := range w.dirty {
			flushers = append(flushers, f)
		}
		clear(w.dirty)
		w.flushAt = time.Time{}
	}
	probe = w.err != nil && (due || w.closed)
	return jobs, flushers, probe, w.closed
}

// wait says how long there is nothing to do.
func (w *writer) wait() (d time.Duration, ready bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) > 0 || w.closed {
		return 0, true
	}
	if w.flushAt.IsZero() {
		return time.Hour, false
	}
	return max(0, time.Until(w.flushAt)), false
}

// write commits jobs and what is behind in one transaction. A job that fails is answered and the
// others are run again without it.
func (w *writer) write(jobs []*job, flushers []flusher, probe bool) {
	var behind []func(*transaction) error
	var settle []func(error)
	for _, f := range flushers {
		write, done := f.take()
		behind = append(behind, write)
		settle = append(settle, done)
	}
	if probe {
		behind = append(behind, writeProbe)
	}
	for {
		out := w.attempt(jobs, behind)
		switch {
		case out.badJob >= 0:
			jobs[out.badJob].done <- out.err
			jobs = append(jobs[:out.badJob:out.badJob], jobs[out.badJob+1:]...)
			continue
		case out.badBehind:
			for _, done := range settle {
				done(out.err)
			}
			w.note(out.err, flushers)
			behind, settle, flushers = nil, nil, nil
			jobs = slices.DeleteFunc(jobs, func(j *job) bool {
				if j.flush {
					j.done <- out.err
				}
				return j.flush
			})
			continue
		}
		if out.committed {
			w.note(out.err, flushers)
		}
		for _, done := range settle {
			done(out.err)
		}
		for _, j := range jobs {
			j.done <- out.err
		}
		return
	}
}

// outcome is how one attempt at a transaction ended.
type outcome struct {
	badJob    int  // the job that returned err, or -1
	badBehind bool // what is behind returned err
	committed bool // the disk was asked; err is its answer
	err       error
}

func (w *writer) attempt(jobs []*job, behind []func(*transaction) error) (out outcome) {
	out = outcome{badJob: -1}
	err := w.c.db.Write(func(under *bbolt.Tx) error {
		tx := &transaction{Tx: under}
		for _, write := range behind {
			if out.err = w.guard(write, tx); out.err != nil {
				out.badBehind = true
				return nil
			}
		}
		for i, j := range jobs {
			if out.err = w.guard(j.run, tx); out.err != nil {
				out.badJob = i
				return nil
			}
		}
		if !tx.changed {
			return nil
		}
		out.committed = true
		// The file doubles when it grows, up to growMost. bbolt would make it as large as its map.
		w.c.db.AllocSize = int(min(max(under.Size(), growLeast), growMost))
		return w.commit(under)
	})
	switch damage := w.c.db.Err(); {
	case err == nil && out.err == nil:
	case damage != nil: // whoever it was that came upon it
		return outcome{badJob: -1, committed: true, err: damage}
	case err != nil:
		return outcome{badJob: -1, committed: true, err: fmt.Errorf("write to the device file: %w", err)}
	}
	return out
}

// guard turns a panic of one write into its error, so that it cannot take the writer and its
// neighbours along.
func (w *writer) guard(run func(*transaction) error, tx *transaction) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if err = w.c.db.Fault(p); err == nil {
				err = fmt.Errorf("write to the device file: panic: %v", p)
			}
		}
	}()
	return run(tx)
}

// note remembers how the last write ended and sees to it that a failed one is tried again.
func (w *writer) note(err error, flushers []flusher) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
	if err == nil {
		return
	}
	for _, f := range flushers {
		w.dirty[f] = struct{}{}
	}
	w.flushAt = time.Now().Add(probeDelay)
}

// writeProbe changes something, to learn whether the disk takes writes again.
func writeProbe(tx *transaction) error {
	tx.changed = true
	return tx.Bucket(bucketMeta).Put(keyProbed, binary.BigEndian.AppendUint64(nil, uint64(time.Now().UnixNano())))
}
