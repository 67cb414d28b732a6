package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"recado/store/bolt"
)

// ErrNoWayBack says that a damaged book cannot be mended.
var ErrNoWayBack = bolt.ErrNoWayBack

// Mend brings a damaged book back to what it was before its last transaction,
// if that is whole, content and all, which examine says of a file. What that
// transaction may have claimed is held, see forgotten.go. A copy of the damaged
// file is kept beside it; its path is returned. It fails with ErrNoWayBack, and
// changes nothing, if there is nothing whole to go back to, and with ErrLocked
// when another process has the book open.
//
// It is for the book alone. The keys of the numbers must never go back.
func Mend(path string, examine func(path string) (bolt.Health, error)) (copied string, err error) {
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", fmt.Errorf("mend: %w", err)
	}
	file, err := bolt.Hold(path, true, bolt.Patience)
	if err != nil {
		return "", fmt.Errorf("mend %s: %w", path, err)
	}
	defer file.Close()
	at, none, err := bolt.StepBack(file)
	if err != nil {
		return "", fmt.Errorf("mend %s: %w", path, err)
	}
	trial := path + ".mend"
	defer os.Remove(trial) // unless it has become the book
	if err := os.Remove(trial); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("mend %s: %w", path, err)
	}
	if err := copyFile(file, trial, at, none); err != nil {
		return "", fmt.Errorf("mend %s: %w", path, err)
	}
	health, err := examine(trial)
	if err != nil {
		return "", fmt.Errorf("mend %s: %w", path, err)
	} else if len(health.Wrong) != 1 || !health.Wrong[0].Equal(bolt.WentBack) {
		return "", fmt.Errorf("mend %s: %w", path, ErrNoWayBack)
	}
	copied = path + ".damaged-" + time.Now().Format("20060102-150405")
	if err = copyFile(file, copied, 0, nil); err == nil {
		err = os.Rename(trial, path)
	}
	if err == nil {
		err = bolt.SyncDir(filepath.Dir(path))
	}
	if err == nil {
		err = prepareMended(path)
	}
	if err != nil {
		return "", fmt.Errorf("mend %s: %w", path, err)
	}
	return copied, nil
}

// prepareMended does what opening the book would do first.
func prepareMended(path string) error {
	db, err := bolt.Open(path, bolt.Options{Timeout: bolt.Patience})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		var kind Kind
		if metaTable.Exists(tx) {
			kind = Kind(metaTable.Get(tx, metaKind))
		}
		return prepare(tx, kind, db.WentBack(), time.Now())
	})
	return errors.Join(err, db.Close())
}

// copyFile writes what is in from to a new file, but for other bytes at at. It
// is on the disk when it returns.
func copyFile(from *os.File, to string, at int64, other []byte) error {
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = from.Seek(0, io.SeekStart); err == nil {
		_, err = io.Copy(file, from)
	}
	if err == nil {
		_, err = file.WriteAt(other, at)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
