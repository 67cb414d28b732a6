// Package trust says which files and folders are used at all: those that belong
// to the user that the program runs as, that others can neither read nor write
// to, and that nobody else can put something else in the place of. Begin
// reading at [File], which both databases of a data directory pass before they
// are opened, and at [Way], which a data directory itself passes.
package trust

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"recado/campaign/reason"
)

// Distrust is why a path of the data is not used.
type Distrust uint8

// The reasons.
const (
	Exposed   Distrust = iota // others may read it or write to it
	Foreign                   // it belongs to another user
	Swappable                 // others may put something else in its place: they can write to a folder above it
	Crossed                   // a folder above it belongs to another user, who may do the same
	Irregular                 // it is a link or something else where only a file of its own, or a folder, is used
)

// Error is the refusal of a path that other users had, or may have, a hand in.
type Error struct {
	Path  string
	Why   Distrust
	Owner string      // of what is at Path: a name, or # and a number
	Mode  os.FileMode // that it should have, if Exposed
}

// Error is the reason, for logs.
func (e *Error) Error() string { return e.Unwrap().Error() }

// Unwrap returns the reason.
func (e *Error) Unwrap() error {
	path, owner := reason.Plain(e.Path), reason.Plain(e.Owner)
	switch e.Why {
	case Foreign:
		return reason.New(reason.TrustForeign, path, owner)
	case Swappable:
		return reason.New(reason.TrustSwappable, path)
	case Crossed:
		return reason.New(reason.TrustCrossed, path, owner)
	case Irregular:
		return reason.New(reason.TrustIrregular, path)
	}
	return reason.New(reason.TrustExposed, path, reason.Plain(fmt.Sprintf("chmod %o %q", e.Mode, e.Path)))
}

// maxLinks is how many links a path may lead through, as for the kernel.
const maxLinks = 40

// Way finds out where an absolute path leads, as far as it is there, and
// refuses it with a [*Error] if another user than root could make it lead
// elsewhere: every folder above it, and every link on the way, has to belong to
// the user that the program runs as or to root, and nobody else may write to
// those folders, unless only owners may rename what is in them. What is at the
// end is not looked at. On Windows every way is trusted: there is no owner to
// compare.
//
// Nobody else can change an answer that is not a refusal, so that what is
// opened afterwards by this path is what was looked at.
func Way(path string) (end string, err error) {
	volume := filepath.VolumeName(path)
	at := volume + string(filepath.Separator)
	rest := split(path[len(volume):])
	for links := 0; len(rest) > 0; {
		info, err := os.Lstat(at)
		if err != nil {
			return "", err
		}
		if err := steady(at, info); err != nil {
			return "", err
		}
		next := filepath.Join(at, rest[0]) // at holds no link, so that .. is what its name says
		rest = rest[1:]
		info, err = os.Lstat(next)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return filepath.Join(append([]string{next}, rest...)...), nil
		case err != nil:
			return "", err
		case info.Mode().Type() != fs.ModeSymlink:
			at = next
			continue
		case !Mine(info) && !roots(info):
			return "", &Error{Path: next, Why: Crossed, Owner: Owner(info)}
		}
		if links++; links > maxLinks {
			return "", &fs.PathError{Op: "open", Path: path, Err: syscall.ELOOP}
		}
		target, err := os.Readlink(next)
		if err != nil {
			return "", err
		}
		if filepath.IsAbs(target) {
			at = volume + string(filepath.Separator)
		}
		rest = append(split(target), rest...)
	}
	return at, nil
}

// split is the parts of a path.
func split(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) })
}

// steady refuses a folder whose entries others can rename.
func steady(path string, info fs.FileInfo) error {
	switch {
	case !Mine(info) && !roots(info):
		return &Error{Path: path, Why: Crossed, Owner: Owner(info)}
	case info.Mode()&fs.ModeSticky != 0:
		return nil
	case shared(info):
		return &Error{Path: path, Why: Swappable, Owner: Owner(info)}
	}
	return nil
}

// Private refuses, with a [*Error], a file or folder of the data that does not
// belong to the user that the program runs as, or that others may read. A link is followed if it belongs to that user as well. It fails with
// fs.ErrNotExist if there is nothing.
func Private(path string) (info fs.FileInfo, err error) {
	if info, err = os.Lstat(path); err != nil {
		return nil, err
	}
	if info.Mode().Type() == fs.ModeSymlink {
		if !Mine(info) {
			return nil, &Error{Path: path, Why: Foreign, Owner: Owner(info)}
		}
		if path, err = Way(path); err != nil {
			return nil, err
		}
		if info, err = os.Lstat(path); err != nil {
			return nil, err
		}
	}
	mode := os.FileMode(0o600)
	if info.IsDir() {
		mode = 0o700
	}
	switch {
	case !Mine(info):
		return info, &Error{Path: path, Why: Foreign, Owner: Owner(info)}
	case info.Mode().Perm()&0o077 != 0:
		return info, &Error{Path: path, Why: Exposed, Owner: Owner(info), Mode: mode}
	}
	return info, nil
}

// Plain refuses, with a [*Error], what is not a private file with this one name:
// it was looked at without following links, and to write to it changes nothing
// elsewhere. It fails with fs.ErrNotExist if there is nothing.
func Plain(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return err
	case !Mine(info):
		return &Error{Path: path, Why: Foreign, Owner: Owner(info)}
	case !info.Mode().IsRegular() || names(info) > 1:
		return &Error{Path: path, Why: Irregular, Owner: Owner(info)}
	}
	_, err = Private(path)
	return err
}

// File refuses, with a [*Error], a database of the data that is not the user's
// own file, or that others can read. One that is not there is no reason to
// refuse it.
func File(path string) error {
	info, err := Private(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !info.Mode().IsRegular():
		return &Error{Path: path, Why: Irregular, Owner: Owner(info)}
	}
	return err
}
