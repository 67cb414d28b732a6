package bolt

import (
	"bytes"
	"context"
	"slices"
	"time"

	"recado/campaign/reason"

	"go.etcd.io/bbolt"
)

// ErrClosed is the answer of a file that has been closed.
var ErrClosed = reason.Err(reason.BookClosed)

// Tx is a transaction of a file.
type Tx struct {
	*bbolt.Tx
	changed bool
	watched []Table
	keys    Changes
	open    []opened
}

// opened is a bucket that a transaction has looked for.
type opened struct {
	name   string
	bucket *bbolt.Bucket
}

// Changes are the keys that a transaction puts or deletes, by the names of the
// tables that are watched, each table's in the order in which that was done. A
// key may be there more than once.
type Changes map[string][][]byte

// Touch notes that the transaction changes something. One that was never
// touched is not committed: it costs no sync, and says nothing about the disk.
func (tx *Tx) Touch() { tx.changed = true }

// note notes that a row is put or deleted.
func (tx *Tx) note(table string, key []byte) {
	tx.changed = true
	for i := range tx.watched {
		if tx.watched[i].Name == table {
			if tx.keys == nil {
				tx.keys = make(Changes)
			}
			tx.keys[table] = append(tx.keys[table], bytes.Clone(key))
		}
	}
}

// Flusher has changes that may be behind. Take is called outside any
// transaction, so that it may lock.
type Flusher interface {
	// Take hands over what is waiting. write puts it into a transaction and
	// may be called again; done is told how that ended.
	Take() (write func(*Tx) error, done func(error))
}

// Update runs change in the next transaction, together with whatever else is
// waiting, and returns when it is on the disk, or with the error of change,
// which then leaves nothing behind. change may run more than once, so it must
// set, not add to, what it leaves outside the transaction. After Close it is
// ErrClosed.
func (db *DB) Update(change func(*Tx) error) error {
	db.readsNot()
	return db.writer.submit(&job{change: change, done: make(chan error, 1)})
}

// UpdateAll is Update, after everything that is behind, in the same
// transaction.
func (db *DB) UpdateAll(change func(*Tx) error) error {
	db.readsNot()
	return db.writer.submit(&job{change: change, flush: true, done: make(chan error, 1)})
}

// Soon is Update for what need not be at once: it rides along with the next
// commit, and has one of its own if there is none within SoonDelay.
func (db *DB) Soon(change func(*Tx) error) error {
	db.readsNot()
	w, j := db.writer, &job{change: change, done: make(chan error, 1)}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return ErrClosed
	}
	w.soon = append(w.soon, j)
	if w.soonAt.IsZero() {
		w.soonAt = time.Now().Add(SoonDelay)
	}
	w.mu.Unlock()
	w.ring()
	return <-j.done
}

// Flush writes everything that is behind and returns when it is on the disk.
func (db *DB) Flush() error { return db.UpdateAll(func(*Tx) error { return nil }) }

// Chunk is Update for a part of a long work: it has a transaction to itself,
// and whoever else is waiting goes before it. It ends with the error of ctx if
// that is over before its turn; nothing is changed then.
func (db *DB) Chunk(ctx context.Context, change func(*Tx) error) error {
	db.readsNot()
	if err := ctx.Err(); err != nil {
		return err
	}
	w, j := db.writer, &job{change: change, done: make(chan error, 1)}
	if err := w.enqueue(&w.chunks, j); err != nil {
		return err
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
	}
	w.mu.Lock()
	if at := slices.Index(w.chunks, j); at >= 0 {
		w.chunks = slices.Delete(w.chunks, at, at+1)
		w.mu.Unlock()
		return ctx.Err()
	}
	w.mu.Unlock()
	return <-j.done // it is being done
}

// Behind notes that f has something to write, within BehindDelay. While the
// disk refuses, it waits.
func (db *DB) Behind(f Flusher) error {
	w := db.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return ErrClosed
	}
	w.dirty[f] = struct{}{}
	if w.flushAt.IsZero() {
		w.flushAt = time.Now().Add(BehindDelay)
		w.ring()
	}
	return nil
}

// CommitBy puts commit in the place of bbolt's own; nil puts that back. It is
// for tests that make the disk fail, or look at what is on it.
func (db *DB) CommitBy(commit func(*bbolt.Tx) error) {
	if commit == nil {
		commit = (*bbolt.Tx).Commit
	}
	db.writer.mu.Lock()
	defer db.writer.mu.Unlock()
	db.writer.commit = commit
}
