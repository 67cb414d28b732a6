package bolt

import (
	"errors"
	"os"
	"time"
)

// ErrNoWayBack says that a file has no state before its last transaction that
// is whole.
var ErrNoWayBack = errors.New("there is no whole state before the last change")

// Hold opens a file and takes its lock, as Open does, and looks at nothing. It
// is let go when the file is closed.
func Hold(path string, exclusive bool, timeout time.Duration) (*os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	db := &DB{path: path, file: file}
	if _, err = lock(file, exclusive, timeout); err == nil {
		err = db.stillThere(Options{})
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// Newest says where the first page with the last transaction is, without which
// the file is what it was before that; a length of 0 if that page is damaged
// already. It fails with ErrNoWayBack if what is left then is not whole, or
// older than that.
func Newest(file *os.File) (at, length int64, err error) {
	info, err := file.Stat()
	if err != nil {
		return 0, 0, err
	}
	m, err := readMetas(file, info.Size())
	rest := m.newest
	switch {
	case m.newest.pages == 0, err != nil && m.older == nil:
		return 0, 0, ErrNoWayBack
	case m.older != nil:
		if m.older.txid+1 != m.newest.txid {
			return 0, 0, ErrNoWayBack
		}
		rest, at, length = *m.older, m.newest.at, m.newest.pageSize
	}
	if len(readPages(file, rest).broken) > 0 {
		return 0, 0, ErrNoWayBack
	}
	return at, length, nil
}
