package command

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The files that this package keeps in the data directory, beside the door and
// what the parts keep there.
const (
	logName = "recado.log"
	pidName = "recado.pid" // who owns the directory, for a person
)

// private makes the data directory, or checks that nobody else can look into
// it. An empty one is simply closed to others.
func (c *call) private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &failure{code: ExitFailed, err: err}
	}
	info, err := os.Stat(dir)
	if err != nil {
		return &failure{code: ExitFailed, err: err}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return &failure{code: ExitFailed, err: err}
	}
	if info.Mode().Perm()&0o077 != 0 {
		if len(entries) > 0 {
			return c.exposed(dir, "700")
		}
		if err := os.Chmod(dir, 0o700); err != nil {
			return &failure{code: ExitFailed, err: err}
		}
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // a socket that was just closed
		} else if err != nil {
			return &failure{code: ExitFailed, err: err}
		}
		ours := strings.HasPrefix(entry.Name(), "recado.") || strings.HasSuffix(entry.Name(), ".db")
		if ours && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
			return c.exposed(filepath.Join(dir, entry.Name()), "600")
		}
	}
	return nil
}

// exposed is the refusal of a path that others can read, with the command that
// mends it.
func (c *call) exposed(path, mode string) error {
	return c.fail(ExitRefused,
		"outros usuários podem ler %s; execute: chmod %s '%s'",
		"other users can read %s; run: chmod %s '%s'", path, mode, path)
}

// holder says who holds the lock, as far as the small file tells.
func holder(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, pidName))
	if err != nil {
		return "?"
	}
	pid, _, _ := strings.Cut(string(text), "\n")
	return "pid " + pid
}
