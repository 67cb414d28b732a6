package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"recado/store/trust"
)

// The files that this package keeps in the data directory, beside the door and
// what the parts keep there.
const (
	logName = "recado.log"
	pidName = "recado.pid" // who owns the directory, for a person
)

// Private makes the data directory, or checks that nobody else has, or had, a
// hand in it: it and what recado keeps in it belong to the user that the
// program runs as, others can neither read it nor put another one in its place,
// and what recado writes to are plain files. An empty one is simply closed to
// others. What it refuses is a [*trust.Error].
//
// What was found stays so while the program runs: only that user and root can
// change a directory of mode 0700 whose way nobody else can change. So the
// files may be opened later by their names, the log and its rotations by a
// library that follows links.
func Private(dir string) error {
	dir, err := trust.Way(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	_, err = trust.Private(dir)
	if refused := (*trust.Error)(nil); errors.As(err, &refused) && refused.Why == trust.Exposed {
		if err = seal(dir, err); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		err := trusted(dir, entry)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a socket that was just closed
			return err
		}
	}
	return nil
}

// seal keeps others out of an empty directory; of one with something in it
// the error is exposed.
func seal(dir string, exposed error) error {
	entries, err := os.ReadDir(dir)
	switch {
	case err != nil:
		return err
	case len(entries) > 0:
		return exposed
	}
	return os.Chmod(dir, 0o700)
}

// trusted refuses an entry of the data directory that other users had a hand
// in. What is not recado's is left alone.
func trusted(dir string, entry fs.DirEntry) error {
	name, path := entry.Name(), filepath.Join(dir, entry.Name())
	switch {
	case name == doorName:
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Type() != fs.ModeSocket {
			return &trust.Error{Path: path, Why: trust.Irregular}
		}
		_, err = trust.Private(path) // its mode is given to it as soon as it is there
		if refused := (*trust.Error)(nil); errors.As(err, &refused) && refused.Why == trust.Exposed {
			return nil
		}
		return err
	case strings.HasPrefix(name, "recado.") || strings.HasPrefix(name, "recado-"): // and the rotations of the log
		return trust.Plain(path)
	case name == "media" || strings.HasSuffix(name, ".db"):
		_, err := trust.Private(path)
		return err
	}
	return nil
}

// holder is the process that the small file says holds the lock; 0: it says
// none.
func holder(dir string) int {
	text, err := os.ReadFile(filepath.Join(dir, pidName))
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(line)
	return max(pid, 0)
}

// Holder says who holds the lock, as far as the small file tells: "pid 123",
// or "?".
func Holder(dir string) string {
	if pid := holder(dir); pid > 0 {
		return fmt.Sprint("pid ", pid)
	}
	return "?"
}

// Held reports whether the process that the small file names lives.
func Held(dir string) bool {
	pid := holder(dir)
	return pid > 0 && lives(pid)
}

// sayHolder writes that file again. What was there is not written to: it might
// be a link.
func sayHolder(dir string) error {
	path := filepath.Join(dir, pidName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, os.Getpid())
	return errors.Join(err, file.Close())
}
