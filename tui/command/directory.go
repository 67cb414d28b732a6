package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"recado/store"
)

// The files that this package keeps in the data directory, beside the door and
// what the parts keep there.
const (
	logName = "recado.log"
	pidName = "recado.pid" // who owns the directory, for a person
)

// private makes the data directory, or checks that nobody else has, or had, a
// hand in it: it and what recado keeps in it belong to the user that the
// program runs as, others can neither read it nor put another one in its place,
// and what recado writes to are plain files. An empty one is simply closed to
// others.
//
// What was found stays so while the program runs: only that user and root can
// change a directory of mode 0700 whose way nobody else can change. So the
// files may be opened later by their names, the log and its rotations by a
// library that follows links.
func (c *call) private(dir string) error {
	dir, err := store.Way(dir)
	if err != nil {
		return c.explain(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return c.explain(err)
	}
	_, err = store.Private(dir)
	if refused := (*store.TrustError)(nil); errors.As(err, &refused) && refused.Why == store.Exposed {
		if err = c.seal(dir, err); err != nil {
			return c.explain(err)
		}
	} else if err != nil {
		return c.explain(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return c.explain(err)
	}
	for _, entry := range entries {
		err := c.trusted(dir, entry)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a socket that was just closed
			return c.explain(err)
		}
	}
	return nil
}

// seal keeps others out of an empty directory; of one with something in it
// the error is exposed.
func (c *call) seal(dir string, exposed error) error {
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
func (c *call) trusted(dir string, entry fs.DirEntry) error {
	name, path := entry.Name(), filepath.Join(dir, entry.Name())
	switch {
	case name == doorName:
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Type() != fs.ModeSocket {
			return &store.TrustError{Path: path, Why: store.Irregular}
		}
		_, err = store.Private(path) // its mode is given to it as soon as it is there
		if refused := (*store.TrustError)(nil); errors.As(err, &refused) && refused.Why == store.Exposed {
			return nil
		}
		return err
	case strings.HasPrefix(name, "recado.") || strings.HasPrefix(name, "recado-"): // and the rotations of the log
		return store.Plain(path)
	case name == "media" || strings.HasSuffix(name, ".db"):
		_, err := store.Private(path)
		return err
	}
	return nil
}

// distrusted is the refusal of a path that other users had, or may have, a
// hand in, with the command that mends it.
func (c *call) distrusted(e *store.TrustError) error {
	path, owner := quoted(e.Path), word(e.Owner)
	switch e.Why {
	case store.Foreign:
		return c.fail(ExitRefused,
			"%s pertence ao usuário %s, não a você; trabalhe como esse usuário (sudo -u %s recado …) ou, se os dados são seus, execute: chown -hR %s %s",
			"%s belongs to user %s, not to you; work as that user (sudo -u %s recado …) or, if the data is yours, run: chown -hR %s %s",
			e.Path, e.Owner, owner, strings.TrimPrefix(store.UserName(os.Geteuid()), "#"), path)
	case store.Crossed:
		return c.fail(ExitRefused,
			"%s pertence ao usuário %s, que poderia trocar os dados por outros; trabalhe como esse usuário (sudo -u %s recado …) ou use outro --data",
			"%s belongs to user %s, who could put other data in place of yours; work as that user (sudo -u %s recado …) or use another --data",
			e.Path, e.Owner, owner)
	case store.Swappable:
		return c.fail(ExitRefused,
			"outros usuários podem trocar o que há em %s; execute: chmod go-w %s, ou use outro --data",
			"other users can replace what is in %s; run: chmod go-w %s, or use another --data", e.Path, path)
	case store.Irregular:
		return c.fail(ExitRefused,
			"%s não é o que o recado guarda ali: é um link, outro tipo de arquivo ou tem um segundo nome; tire-o do caminho: mv %s %s",
			"%s is not what recado keeps there: it is a link, another kind of file, or has a second name; move it out of the way: mv %s %s",
			e.Path, path, quoted(filepath.Join(filepath.Dir(e.Path), "old-"+filepath.Base(e.Path))))
	}
	return c.fail(ExitRefused,
		"outros usuários podem ler %s; execute: chmod %o %s",
		"other users can read %s; run: chmod %o %s", e.Path, e.Mode, path)
}

// holder says who holds the lock, as far as the small file tells.
func holder(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, pidName))
	if err != nil {
		return "?"
	}
	pid, _, _ := strings.Cut(string(text), "\n")
	if _, err := strconv.Atoi(pid); err != nil {
		return "?"
	}
	return "pid " + pid
}

// sayHolder writes that file anew. What was there is not written to: it might
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
