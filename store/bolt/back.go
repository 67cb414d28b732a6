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

// StepBack says what to write over which place of a file to make it what it was
// before its last transaction: a first page that holds none. If one of the two
// is damaged already, it is the one. It fails with ErrNoWayBack if what is left
// then is not whole, or older than that.
func StepBack(file *os.File) (at int64, page []byte, err error) {
	info, err := file.Stat()
	if err != nil {
		return 0, nil, err
	}
	m, err := readMetas(file, info.Size())
	rest := m.newest
	switch {
	case m.newest.pages == 0, err != nil && m.older == nil:
		return 0, nil, ErrNoWayBack
	case m.older == nil:
		at = rest.pageSize - rest.at
	case m.older.txid+1 != m.newest.txid:
		return 0, nil, ErrNoWayBack
	default:
		rest, at = *m.older, m.newest.at
	}
	if len(readPages(file, rest).broken) > 0 {
		return 0, nil, ErrNoWayBack
	}
	page = make([]byte, headerSize+metaSize)
	order.PutUint64(page, uint64(at/rest.pageSize))
	order.PutUint16(page[8:], metaPage)
	return at, page, nil
}
