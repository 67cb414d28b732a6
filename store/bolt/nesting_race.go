//go:build race

package bolt

import (
	"runtime"
	"strings"
	"sync"
)

// Whoever begins a transaction inside a read transaction of the same file may
// wait for ever: a write that needs a larger file waits for all who read, and
// everybody who begins waits behind that write. It hangs on a bad day only, so
// builds with the race detector look for it every time.

// reading are the transactions of goroutines that read.
var reading sync.Map // of reader

type reader struct {
	db        *DB
	goroutine string
}

// reads notes that this goroutine reads, until the function it returns is
// called.
func (db *DB) reads() (done func()) {
	db.readsNot()
	r := reader{db, goroutine()}
	reading.Store(r, nil)
	return func() { reading.Delete(r) }
}

// readsNot panics if this goroutine reads.
func (db *DB) readsNot() {
	if _, inside := reading.Load(reader{db, goroutine()}); inside {
		panic("a transaction is begun inside a read transaction")
	}
}

// goroutine is what the runtime calls this goroutine.
func goroutine() string {
	var head [40]byte
	id, _, _ := strings.Cut(string(head[:runtime.Stack(head[:], false)]), " [")
	return id
}
