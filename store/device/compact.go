package device

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// compactTxSize is how much of the file one transaction copies.
const compactTxSize = 1 << 20

// Compact writes the device file at path anew without the pages that nothing uses, and answers its
// size in bytes before and after. The file must not be open; it is ErrLocked otherwise. A crash
// leaves the old file or the new one, whole.
func Compact(path string) (before, after int64, err error) {
	if _, err := os.Stat(path); err != nil {
		return 0, 0, fmt.Errorf("compact device file: %w", err)
	}
	c, err := Open(path)
	if err != nil {
		return 0, 0, err
	}
	// The lock on the old file is held until the new one has its name: nobody writes in between.
	defer func() { err = errors.Join(err, c.Close()) }()
	if before, err = size(path); err != nil {
		return 0, 0, err
	}
	temporary := path + ".compact"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, 0, fmt.Errorf("compact device file: %w", err)
	}
	if err := copyTo(temporary, c.db); err != nil {
		_ = os.Remove(temporary)
		return 0, 0, fmt.Errorf("compact device file: %w", err)
	}
	if after, err = size(temporary); err != nil {
		return 0, 0, err
	}
	if err := os.Rename(temporary, path); err != nil {
		return 0, 0, fmt.Errorf("compact device file: %w", err)
	}
	return before, after, syncDir(filepath.Dir(path))
}

func copyTo(path string, from *bbolt.DB) error {
	to, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout})
	if err != nil {
		return err
	}
	return errors.Join(bbolt.Compact(to, from, compactTxSize), to.Sync(), to.Close())
}

func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("compact device file: %w", err)
	}
	return info.Size(), nil
}
