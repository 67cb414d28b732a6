// Package bolt is what both files of a data directory, the book and the keys
// of the numbers, need of bbolt: to be opened by one process alone, to be
// looked at before they are trusted, and to fail with an error, not with the
// process, when what is on the disk has changed under them.
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
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// ErrLocked says that another process has the file, or has put another one in
// its place.
var ErrLocked = errors.New("in use by another process")

// DamagedError says that a file is not as it was written.
type DamagedError struct {
	Path string
	Why  []string // what was found, one thing each: for the log, and for who examines the file
}

// Error says what to do. It leaves out why: a person cannot mend that.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("the file %s is damaged: recado check", e.Path)
}

// Newer is how the finding begins of a file that a newer program has written.
const Newer = "it was written by a newer recado"

// Options are how a file is opened.
type Options struct {
	Timeout  time.Duration // how long to wait for another process to let go
	ReadOnly bool
	File     *os.File            // the file itself, opened by somebody else; nil: it is opened by its path
	Room     int                 // bytes that the file can grow to without being mapped anew, which copies all of a transaction
	Trust    bool                // do not look at the pages: whoever opens it does
	Found    func(*DamagedError) // told once, when the file is found damaged; nil: nobody is
}

// DB is an open file. Its methods may be called from many goroutines.
type DB struct {
	*bbolt.DB
	path     string
	file     *os.File
	found    func(*DamagedError)
	wentBack bool

	damage    atomic.Pointer[DamagedError]
	stuck     atomic.Bool // bbolt keeps a lock that nobody will let go
	writing   sync.Mutex  // held by a write transaction
	beginning sync.Mutex  // held while a transaction begins
}

// Open opens a file, making it if there is none and it is not to be read only.
// It fails with ErrLocked when another process has it, and with a
// *DamagedError when its pages do not fit together; nothing of it is mapped
// then.
func Open(path string, o Options) (*DB, error) {
	db := &DB{path: path, found: o.Found}
	options := bbolt.Options{
		Timeout: o.Timeout, ReadOnly: o.ReadOnly, FreelistType: bbolt.FreelistMapType,
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
	if err == nil {
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
		return err
	}
	m, err := readMetas(db.file, info.Size())
	if err != nil {
		return db.damaged(err.Error())
	}
	db.wentBack = m.wentBack()
	if o.Trust {
		return nil
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

// Err is the damage that was found since the file was opened; nil if there is
// none. It stays: nothing is written any more.
func (db *DB) Err() error {
	if damage := db.damage.Load(); damage != nil {
		return damage
	}
	return nil
}

// damaged notes what was found, if it is the first finding, and returns it.
func (db *DB) damaged(why ...string) error {
	damage := &DamagedError{Path: db.path, Why: why}
	if !db.damage.CompareAndSwap(nil, damage) {
		return db.damage.Load()
	}
	if db.found != nil {
		db.found(damage)
	}
	return damage
}

// Close waits for the transactions under way and closes the file.
func (db *DB) Close() error {
	if db.stuck.Load() { // bbolt would wait forever
		unlock(db.file)
		return db.Err()
	}
	return db.DB.Close()
}
