package bolt

import (
	"errors"
	"os"
	"time"

	"go.etcd.io/bbolt"

	"recado/campaign/reason"
	"recado/store/trust"
)

// ErrNoWayBack says that a file has no state before its last transaction that
// is whole.
var ErrNoWayBack = reason.Err(reason.NoWayBack)

// Hold opens a file and takes its lock, as Open does, and looks at nothing
// inside. It is let go when the file is closed.
func Hold(path string, exclusive bool, timeout time.Duration) (*os.File, error) {
	if err := trust.File(path); err != nil {
		return nil, err
	}
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

// copyTxSize is how much of a file one transaction copies.
const copyTxSize = 1 << 20

// CopyTo writes what is in a file to a new one, without the pages that nothing
// uses, and says its size in bytes. The copy is on the disk when it returns.
func (db *DB) CopyTo(path string) (size int64, err error) {
	to, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: Patience, NoSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return 0, err
	}
	if err := errors.Join(bbolt.Compact(to, db.DB, copyTxSize), to.Sync(), to.Close()); err != nil {
		return 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
