// Package bolt is what both files of a data directory, the book and the keys
// of the numbers, need of bbolt: to be opened by one process alone, to be
// looked at before they are trusted, to be written by one goroutine that lets
// whoever is waiting share a commit, and to fail with an error, not with the
// process, when the disk refuses or what is on it has changed under them. Begin
// reading at [Open], then at update.go (how a change is handed over) and writer.go (how it reaches the disk).
//
// bbolt maps its file into memory and believes what stands there. A page that
// is gone is a fault that ends the process, a page that has changed a panic, a
// walk in circles or an allocation without end. So [Open] first reads the file
// in its order and holds its pages together (pages.go), and what still happens
// afterwards, [DB.View] and [DB.Update] turn into an error (guard.go). Both
// are a [*DamagedError].
package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"recado/campaign/reason"
	"recado/store/trust"
)

// ErrLocked says that another process has the file, or has put another one in
// its place.
var ErrLocked = reason.Err(reason.FileLocked)

// DamagedError says that a file is not as it was written.
type DamagedError struct {
	Path string
	Why  []reason.Reason // what was found, one thing each: for the log, and for who examines the file
}

// Error says what to do. It leaves out why: a person cannot mend that.
func (e *DamagedError) Error() string { return e.Unwrap().Error() }

// Unwrap returns the reason.
func (e *DamagedError) Unwrap() error { return reason.New(reason.FileDamaged, reason.Plain(e.Path)) }

// Options are how a file is opened.
type Options struct {
	Timeout  time.Duration // how long to wait for another process to let go
	ReadOnly bool
	File     *os.File            // the file itself, opened by somebody else; nil: it is opened by its path
	Room     int                 // bytes that the file can grow to without being mapped again, which copies all of a transaction; it then grows by little
	NoSync   bool                // nothing is synced: for tests that fear no power cut
	NoBack   bool                // it is damaged if it may have forgotten its last transaction, see WentBack
	Found    func(*DamagedError) // told once, when the file is found damaged; nil: nobody is
	Failed   func(error)         // told when a write fails, and with nil when one has worked again; nil: nobody is
	After    func()              // told of each commit, in order and before its callers are answered; it must not wait for the file; nil: nobody is
	Before   func(int, Changes)  // told what a transaction, by its number, changes of the tables that are watched, before anybody can read it; it may yet fail, and another one take its number; nil: nobody is
	Watched  []Table             // see Before
	First    func(*Tx) error     // joins the first transaction that changes anything; it may be called again if that fails; nil: nothing does
}

// Patience is how long another process is usually waited for.
const Patience = 2 * time.Second

// DB is an open file. Its methods may be called from many goroutines.
type DB struct {
	*bbolt.DB
	path     string
	file     *os.File
	found    func(*DamagedError)
	failed   func(error)
	after    func()
	before   func(int, Changes)
	watched  []Table
	first    func(*Tx) error // nil: it has joined one
	grows    bool
	wentBack bool
	empty    bool    // nothing was ever committed to it
	writer   *writer // nil: it is read only

	damage    atomic.Pointer[DamagedError]
	stuck     atomic.Bool // bbolt keeps a lock that nobody will let go
	writing   sync.Mutex  // held by a write transaction
	beginning sync.Mutex  // held while a transaction begins
}

// Open opens a file, making it if there is none and it is not to be read only.
// It fails with a [*trust.Error] when it is not the user's own or others can
// read it, with ErrLocked when another process has it, and with a
// *DamagedError when its pages do not fit together; nothing of it is mapped
// then. The name of a new file is on the disk when Open returns.
func Open(path string, o Options) (*DB, error) {
	if o.File == nil {
		if err := trust.File(path); err != nil {
			return nil, err
		}
	}
	db := &DB{path: path, found: o.Found, failed: o.Failed, after: o.After, before: o.Before, watched: o.Watched, first: o.First, grows: o.Room > 0}
	options := bbolt.Options{
		Timeout: o.Timeout, ReadOnly: o.ReadOnly, NoSync: o.NoSync, FreelistType: bbolt.FreelistMapType,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			file := o.File
			if file == nil {
				var err error
				if file, err = os.OpenFile(name, flag, mode); err != nil {
					return nil, err
				}
			}
			db.file = file
			return file, db.look(o)
		},
	}
	if runtime.GOOS != "windows" { // where a file is as large as its map
		options.InitialMmapSize = o.Room
	}
	err := db.guard(func() (err error) {
		db.DB, err = bbolt.Open(path, 0o600, &options)
		return err
	})
	if err == nil {
		err = db.stillThere(o)
	}
	if err == nil && db.empty && !o.ReadOnly {
		err = SyncDir(filepath.Dir(path))
	}
	if err == nil {
		if !o.ReadOnly {
			db.AllocSize = growStep
			db.writer = startWriter(db)
		}
		return db, nil
	}
	if db.DB != nil {
		db.DB.Close()
	} else if db.file != nil && o.File == nil { // it may still be mapped
		unlock(db.file)
	}
	damaged, named := (*DamagedError)(nil), (*fs.PathError)(nil)
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		err = ErrLocked
	case errors.As(err, &named):
		return nil, err // it says what and where by itself
	case errors.As(err, &damaged):
		return nil, damaged
	}
	return nil, fmt.Errorf("open %s: %w", path, err)
}

// look takes the lock and reads the file before bbolt maps it.
func (db *DB) look(o Options) error {
	if held, err := lock(db.file, !o.ReadOnly, o.Timeout); err != nil || !held {
		return err
	}
	info, err := db.file.Stat()
	if err != nil || info.Size() == 0 && !o.ReadOnly { // a new one
		db.empty = true
		return err
	}
	m, err := readMetas(db.file, info.Size())
	if err != nil {
		return db.damaged(reason.Of(err))
	}
	db.wentBack, db.empty = m.wentBack(), m.newest.txid < firstCommit
	if o.NoBack && db.wentBack {
		return db.damaged(reason.New(reason.CheckOld))
	}
	if p := readPages(db.file, m.newest); len(p.broken) > 0 {
		return db.damaged(p.broken...)
	}
	return nil
}

// stillThere finds out whether path is the file that was opened: whoever held
// the lock may have put another one in its place.
func (db *DB) stillThere(o Options) error {
	if o.File != nil {
		return nil
	}
	opened, err := db.file.Stat()
	if err != nil {
		return err
	}
	if named, err := os.Stat(db.path); err != nil || !os.SameFile(opened, named) {
		return ErrLocked
	}
	return nil
}

// WentBack reports whether one of the two first pages was damaged when the
// file was opened. It may have been the newer: the last transaction may be
// forgotten, though whoever made it was told that it is on the disk.
func (db *DB) WentBack() bool { return db.wentBack }

// Err is why nothing that is written would be on the disk: the damage that was
// found since the file was opened, which stays, or the disk's answer to the last
// write. That is forgotten when a write has worked; while nobody writes, the
// file tries by itself every ProbeDelay.
func (db *DB) Err() error {
	if err := db.broken(); err != nil || db.writer == nil {
		return err
	}
	return db.writer.failure()
}

// broken is the damage that was found; nil if there is none.
func (db *DB) broken() error {
	if damage := db.damage.Load(); damage != nil {
		return damage
	}
	return nil
}

// damaged notes what was found, if it is the first finding, and returns it.
func (db *DB) damaged(why ...reason.Reason) error {
	damage := &DamagedError{Path: db.path, Why: why}
	if !db.damage.CompareAndSwap(nil, damage) {
		return db.damage.Load()
	}
	if db.found != nil {
		db.found(damage)
	}
	return damage
}

// Close writes what is queued and what is behind, waits for the transactions
// under way and closes the file. Its error says that not all of that could be
// written.
func (db *DB) Close() error {
	var left error
	if db.writer != nil {
		left = db.writer.stop()
	}
	if db.stuck.Load() { // bbolt would wait forever
		unlock(db.file)
		return db.broken()
	}
	return errors.Join(left, db.DB.Close())
}

// SyncDir makes the names in a folder as durable as what they name.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
