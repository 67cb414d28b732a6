package bolt

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"recado/campaign/reason"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Where the line is between a damaged file and a fault of ours:
//
//   - a fault at an address (not a nil pointer) is the file: nothing else in
//     these transactions is mapped memory, whoever reads it;
//   - a panic that begins in bbolt's own code is the file: its assertions and
//     its indexes speak of pages. Two are not, see misuse;
//   - any other panic is ours, and goes on its way.

// View runs read in a read transaction. After Close it is ErrClosed.
func (db *DB) View(read func(*Tx) error) error {
	defer db.reads()()
	err := db.guard(func() error {
		tx, err := db.begin(false)
		if err != nil {
			return err
		}
		defer db.end(tx)
		return read(&Tx{Tx: tx})
	})
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

// write runs do with a write transaction, which do commits itself; if it does
// not, nothing is written. Once the file was found damaged it only fails.
func (db *DB) write(do func(*Tx) error) error {
	return db.guard(func() error {
		db.writing.Lock()
		defer db.writing.Unlock()
		if err := db.broken(); err != nil {
			return err
		}
		tx, err := db.begin(true)
		if err != nil {
			return err
		}
		defer db.end(tx)
		return do(&Tx{Tx: tx})
	})
}

// begin begins a transaction. When that breaks, bbolt keeps its locks.
func (db *DB) begin(writable bool) (tx *bbolt.Tx, err error) {
	db.beginning.Lock()
	defer db.beginning.Unlock()
	if db.stuck.Load() {
		return nil, db.damaged(reason.New(reason.CheckStuck))
	}
	db.unlessDone(func() { tx, err = db.DB.Begin(writable) })
	return tx, err
}

// end gives up a transaction, unless it was committed. It reads no page.
func (db *DB) end(tx *bbolt.Tx) {
	if !db.stuck.Load() && tx.DB() != nil {
		db.unlessDone(func() { _ = tx.Rollback() })
	}
}

// unlessDone runs do, and notes if it ended in a panic.
func (db *DB) unlessDone(do func()) {
	done := false
	defer func() {
		if !done {
			db.stuck.Store(true)
		}
	}()
	do()
	done = true
}

// guard runs do and turns a fault in the file into the damage of the file. It
// may not be left by another goroutine than the one that do runs in.
func (db *DB) guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			if err = db.Fault(p); err == nil {
				panic(p)
			}
		}
	}()
	return do()
}

// Fault says what a panic that was recovered means for the file: its damage,
// or nil if the panic is a fault of ours. It must be called by the deferred
// function that recovered, which runs on top of what has panicked.
func (db *DB) Fault(p any) error {
	if _, ok := p.(interface{ Addr() uintptr }); !ok && (misuse(p) || !inBbolt()) {
		return nil
	}
	return db.damaged(reason.New(reason.Foreign, reason.Plain(fmt.Sprint(p))))
}

// misuse reports whether a panic says that bbolt was called in a way that it
// must not be, with a bucket that is not there or after the transaction.
func misuse(p any) bool {
	switch fmt.Sprint(p) {
	case "runtime error: invalid memory address or nil pointer dereference", "assertion failed: tx closed":
		return true
	}
	return false
}

// inBbolt reports whether the panic that is being recovered began in bbolt.
func inBbolt() bool {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for panicking := false; ; {
		frame, more := frames.Next()
		if panicking && !strings.HasPrefix(frame.Function, "runtime.") {
			return strings.HasPrefix(frame.Function, "go.etcd.io/bbolt")
		}
		panicking = panicking || frame.Function == "runtime.gopanic"
		if !more {
			return false
		}
	}
}
