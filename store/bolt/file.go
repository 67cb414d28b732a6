package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"recado/campaign/reason"
)

// What can be done with any file while nobody has it open.

// Health is how [Examine] found a file.
type Health struct {
	Size  int64           // in bytes
	Free  int64           // how much of it are pages that nothing uses
	Wrong []reason.Reason // what is wrong, one finding each
	Newer bool            // nothing may be wrong: a newer recado has written it
}

// Examine reads a file from end to end and changes nothing: first its pages, as
// bbolt itself checks them, and if they are well, their content with check. The
// file is the one at path, or, unless it is nil, the one that [Hold] has opened,
// in this process or in another. It fails with ErrLocked when another process has
// the file open, and with fs.ErrNotExist when there is none.
//
// A file that is damaged in a way that was not foreseen may still crash the
// process, or keep it busy forever: run it in a process of its own.
func Examine(file *os.File, path string, check func(*Tx) []reason.Reason) (h Health, err error) {
	stat := func() (os.FileInfo, error) { return os.Stat(path) }
	if file != nil {
		stat = file.Stat
	}
	info, err := stat()
	if err != nil {
		return h, err
	}
	h.Size = info.Size()
	damaged := (*DamagedError)(nil)
	db, err := Open(path, Options{Timeout: Patience, ReadOnly: true, File: file})
	if errors.As(err, &damaged) {
		h.Wrong = damaged.Why
		return h, nil
	} else if err != nil {
		return h, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.View(func(tx *Tx) error {
		for err := range tx.Check() {
			h.Wrong = append(h.Wrong, reason.New(reason.CheckPages, reason.Plain(err.Error())))
		}
		if len(h.Wrong) == 0 {
			h.Wrong = contentWrong(tx, check)
			h.Newer = slices.ContainsFunc(h.Wrong, func(r reason.Reason) bool {
				return r.Code == reason.CheckNewer || r.Code == reason.CheckNewerThan
			})
		}
		return nil
	})
	if db.WentBack() {
		h.Wrong = append([]reason.Reason{WentBack}, h.Wrong...)
	}
	h.Free = int64(db.Stats().FreePageN) * int64(db.Info().PageSize)
	if more := len(h.Wrong) - maxFindings; more > 0 {
		h.Wrong = append(h.Wrong[:maxFindings], reason.New(reason.CheckMore, more))
	}
	return h, err
}

// WentBack is the finding of a file with one of its two first pages alone.
var WentBack = reason.New(reason.CheckWentBack)

// contentWrong runs check. What breaks it is a finding too.
func contentWrong(tx *Tx, check func(*Tx) []reason.Reason) (wrong []reason.Reason) {
	defer func() {
		if p := recover(); p != nil {
			wrong = append(wrong, reason.New(reason.CheckUnreadable, reason.Plain(fmt.Sprint(p))))
		}
	}()
	return check(tx)
}

// Compact rewrites a file without the pages that nothing uses, and
// returns its size in bytes before and after. It fails with ErrLocked when
// another process has the file open. A crash leaves the old file or the new
// one, whole; both can be read by their owner alone.
func Compact(path string) (before, after int64, err error) {
	// A link stays one: the file that it leads to is replaced.
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return 0, 0, fmt.Errorf("compact: %w", err)
	}
	db, err := Open(path, Options{Timeout: Patience})
	if err != nil {
		return 0, 0, err
	}
	if db.WentBack() { // the new file would not show it any more
		return 0, 0, errors.Join(&DamagedError{Path: path, Why: []reason.Reason{WentBack}}, db.Close())
	}
	// The lock on the old file is held until the new one has its name: nobody
	// writes in between.
	defer func() { err = errors.Join(err, db.Close()) }()
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, fmt.Errorf("compact: %w", err)
	}
	copied := path + ".compact"
	if err := os.Remove(copied); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, 0, fmt.Errorf("compact %s: %w", filepath.Base(path), err)
	}
	if after, err = db.CopyTo(copied); err == nil {
		err = os.Rename(copied, path)
	}
	if err != nil {
		os.Remove(copied)
		return 0, 0, fmt.Errorf("compact %s: %w", filepath.Base(path), err)
	}
	return info.Size(), after, SyncDir(filepath.Dir(path))
}
