package bolt

import (
	"fmt"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"recado/campaign/reason"

	"go.etcd.io/bbolt"
)

const (
	// BehindDelay is how long what may be behind waits for company, see [DB.Behind].
	BehindDelay = 200 * time.Millisecond
	// SoonDelay is how long a change made by [DB.Soon] waits for company.
	SoonDelay = 100 * time.Millisecond
	// ProbeDelay is how long after a failed write the disk is tried again without anybody asking.
	ProbeDelay = time.Second
	// maxGroup is how many changes share a transaction at most.
	maxGroup = 256
	// growLeast and growMost are how many bytes a file with Options.Room grows by at a time.
	growLeast, growMost = 32 << 10, 16 << 20
	// growStep is how many bytes any other file grows by once it is larger than that;
	// bbolt's own step is a tenth of the book of many people.
	growStep = 4 << 20
)

// job is one caller's change, waiting for its commit.
type job struct {
	change func(*Tx) error
	flush  bool // what is behind must be written with it
	done   chan error
}

// writer is the one goroutine that writes. It commits whatever is queued, at
// once, in one transaction, and answers every caller when that is on the disk:
// one of them pays for the disk, the others ride along, and whoever comes while
// a commit is under way shares the next one.
type writer struct {
	db   *DB
	wake chan struct{}
	gone chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	commit  func(*bbolt.Tx) error
	queue   []*job
	chunks  []*job               // they stand back for the queue, one at a time
	soon    []*job               // they ride along with the next commit
	soonAt  time.Time            // when they are due without one; zero: there are none
	dirty   map[Flusher]struct{} // who has changes that may be behind
	flushAt time.Time            // when they, or a probe, are due; zero: nothing is waiting
	closed  bool
	failed  error // why the last write failed
}

func startWriter(db *DB) *writer {
	w := &writer{
		db:     db,
		wake:   make(chan struct{}, 1),
		gone:   make(chan struct{}),
		commit: (*bbolt.Tx).Commit,
		dirty:  make(map[Flusher]struct{}),
	}
	go w.loop() // ends after stop
	return w
}

func (w *writer) submit(j *job) error {
	if err := w.enqueue(&w.queue, j); err != nil {
		return err
	}
	return <-j.done
}

func (w *writer) enqueue(queue *[]*job, j *job) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return ErrClosed
	}
	*queue = append(*queue, j)
	w.mu.Unlock()
	w.ring()
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
	return w.failed
}

// stop writes what is left and ends the goroutine. Its error says that what was
// behind could not be written.
func (w *writer) stop() error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.ring()
	<-w.gone
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.dirty) > 0 {
		return w.failed
	}
	return nil
}

func (w *writer) loop() {
	defer close(w.gone)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		b := w.next()
		w.write(b)
		if b.chunk != nil {
			w.write(batch{jobs: []*job{b.chunk}})
		}
		if b.last {
			return
		}
		wait, waiting := w.wait()
		if waiting && wait == 0 {
			continue
		}
		var due <-chan time.Time // nothing is waited for if nothing is to be done
		if waiting {
			timer.Reset(wait)
			due = timer.C
		}
		select {
		case <-w.wake:
		case <-due:
		}
	}
}

// batch is what is written at once.
type batch struct {
	jobs     []*job
	flushers []Flusher
	probe    bool // something is to be written, whatever it is
	chunk    *job // and this one after it
	last     bool // the file has been closed, and nothing is left
}

// next takes what has to be written now.
func (w *writer) next() (b batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b.jobs, w.queue = cut(w.queue, maxGroup)
	if room := maxGroup - len(b.jobs); w.closed || len(b.jobs) > 0 || !w.soonAt.IsZero() && !time.Now().Before(w.soonAt) {
		var along []*job
		along, w.soon = cut(w.soon, room)
		b.jobs = append(b.jobs[:len(b.jobs):len(b.jobs)], along...)
		if len(w.soon) == 0 {
			w.soonAt = time.Time{}
		}
	}
	if first, rest := cut(w.chunks, 1); len(first) > 0 {
		b.chunk, w.chunks = first[0], rest
	}
	now := time.Now()
	due := w.closed || !w.flushAt.IsZero() && !now.Before(w.flushAt)
	if due || slices.ContainsFunc(b.jobs, func(j *job) bool { return j.flush }) {
		for f := range w.dirty {
			b.flushers = append(b.flushers, f)
		}
		clear(w.dirty)
		w.flushAt = time.Time{}
	}
	if b.probe = due && w.failed != nil; w.failed != nil && w.flushAt.IsZero() {
		w.flushAt = now.Add(ProbeDelay)
	}
	b.last = w.closed && len(w.queue) == 0 && len(w.chunks) == 0 && len(w.soon) == 0
	return b
}

// cut takes the first n from a queue, or all of it if it is shorter.
func cut(queue []*job, n int) (first, rest []*job) {
	if len(queue) <= n {
		return queue, nil
	}
	return queue[:n:n], queue[n:]
}

// wait says how long there is nothing to do; waiting is false if there is no
// end to it by itself.
func (w *writer) wait() (d time.Duration, waiting bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed || len(w.queue) > 0 || len(w.chunks) > 0:
		return 0, true
	case w.flushAt.IsZero() && w.soonAt.IsZero():
		return 0, false
	}
	next := w.flushAt
	if next.IsZero() || !w.soonAt.IsZero() && w.soonAt.Before(next) {
		next = w.soonAt
	}
	return max(0, time.Until(next)), true
}

// write commits a batch in one transaction. A change that fails is answered and
// the others are made again without it.
func (w *writer) write(b batch) {
	if len(b.jobs) == 0 && len(b.flushers) == 0 && !b.probe {
		return
	}
	jobs, flushers := b.jobs, b.flushers
	var behind []func(*Tx) error
	var answers []func(error)
	for _, f := range flushers {
		write, done := f.Take()
		behind = append(behind, write)
		answers = append(answers, done)
	}
	if b.probe { // a transaction that changes nothing is written too, once it is committed
		behind = append(behind, func(tx *Tx) error { tx.Touch(); return nil })
	}
	for {
		out := w.attempt(jobs, behind)
		switch {
		case out.badJob >= 0:
			jobs[out.badJob].done <- out.err
			jobs = append(jobs[:out.badJob:out.badJob], jobs[out.badJob+1:]...)
			continue
		case out.badBehind:
			for _, done := range answers {
				done(out.err)
			}
			w.note(out.err, flushers)
			behind, answers, flushers = nil, nil, nil
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
		for _, done := range answers {
			done(out.err)
		}
		if out.committed && out.err == nil {
			w.db.first = nil
			if w.db.after != nil {
				w.db.after()
			}
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

func (w *writer) attempt(jobs []*job, behind []func(*Tx) error) (out outcome) {
	out = outcome{badJob: -1}
	w.mu.Lock()
	commit := w.commit
	w.mu.Unlock()
	err := w.db.write(func(tx *Tx) error {
		tx.watched = w.db.watched
		for _, write := range behind {
			if out.err = w.guard(write, tx); out.err != nil {
				out.badBehind = true
				return nil
			}
		}
		for i, j := range jobs {
			if out.err = w.guard(j.change, tx); out.err != nil {
				out.badJob = i
				return nil
			}
		}
		if !tx.changed {
			return nil
		}
		if w.db.first != nil {
			if err := w.guard(w.db.first, tx); err != nil {
				return err
			}
		}
		out.committed = true
		if w.db.before != nil && len(tx.keys) > 0 {
			w.db.before(tx.ID(), tx.keys)
		}
		if w.db.grows { // it doubles when it grows; bbolt would make it as large as its map
			w.db.AllocSize = int(min(max(tx.Size(), growLeast), growMost))
		}
		return commit(tx.Tx)
	})
	switch damage := w.db.broken(); {
	case err == nil && out.err == nil:
	case damage != nil: // whoever it was that came upon it
		return outcome{badJob: -1, committed: true, err: damage}
	case err != nil:
		return outcome{badJob: -1, committed: true, err: fmt.Errorf("write %s: %w", filepath.Base(w.db.path), err)}
	}
	return out
}

// guard turns a panic of one change into its error, so that it cannot take the
// writer and its neighbours along.
func (w *writer) guard(change func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if err = w.db.Fault(p); err == nil {
				err = reason.Because(fmt.Errorf("write %s: panic: %v\n%s", filepath.Base(w.db.path), p, debug.Stack()), reason.OurMistake)
			}
		}
	}()
	return change(tx)
}

// note remembers how the last write ended and sees to it that a failed one is
// tried again.
func (w *writer) note(err error, flushers []Flusher) {
	w.mu.Lock()
	turned := (err == nil) != (w.failed == nil)
	w.failed = err
	if err != nil {
		for _, f := range flushers {
			w.dirty[f] = struct{}{}
		}
		w.flushAt = time.Now().Add(ProbeDelay)
		if w.db.broken() != nil { // it stays
			w.flushAt = time.Time{}
		}
	}
	w.mu.Unlock()
	if turned && w.db.failed != nil {
		w.db.failed(err)
	}
}
