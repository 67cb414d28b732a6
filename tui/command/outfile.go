package command

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"recado/store"
)

// toFile makes what do prints a file: all of it, or none. It is written by the
// process that was given the command, whoever runs it, for its user alone. One
// that is there is replaced only with force, and a file of the data directory
// never. Without a name it is printed.
func (c *call) toFile(name string, force bool, do func() error) error {
	if name == "" || c.owner != nil {
		return do()
	}
	path := c.path(name)
	if err := c.mayWrite(name, path, force); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".recado-*") // for its owner alone
	if err != nil {
		return c.unwritten(name, err)
	}
	defer os.Remove(file.Name()) // not there any more if all went well
	defer file.Close()
	printed, seen := c.env.Stdout, c.seen.Out
	c.env.Stdout, c.seen.Out = file, false
	err = do()
	c.env.Stdout, c.seen.Out = printed, seen
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return c.unwritten(name, err)
	}
	if force {
		err = os.Rename(file.Name(), path)
	} else if err = os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		// There are no links here; so it is put there if nothing is.
		if err = c.mayWrite(name, path, false); err == nil {
			err = os.Rename(file.Name(), path)
		}
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return c.fail(ExitRefused, "out_exists", "File", name)
	case err != nil:
		return c.unwritten(name, err)
	}
	return nil
}

// mayWrite refuses a path where nothing of ours may be written over.
func (c *call) mayWrite(name, path string, force bool) error {
	dir, err := c.dataDir()
	if err != nil {
		return err
	}
	within := func(dir string) bool {
		a, err := os.Stat(filepath.Dir(path))
		b, other := os.Stat(dir)
		return err == nil && other == nil && os.SameFile(a, b)
	}
	if within(dir) || within(filepath.Join(dir, "media")) {
		return c.fail(ExitRefused, "out_ours", "File", name)
	}
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return c.unwritten(name, err)
	case !force:
		return c.fail(ExitRefused, "out_exists", "File", name)
	case info.IsDir():
		return c.fail(ExitFailed, "out_dir", "File", name)
	}
	file, _, err := store.Outside(path, dir)
	if errors.Is(err, store.ErrOurs) {
		return c.fail(ExitRefused, "out_ours", "File", name)
	}
	if err == nil {
		file.Close()
	}
	return nil // it is taken away as it is, a link as a link
}

func (c *call) unwritten(name string, err error) error {
	return &failure{code: ExitFailed, text: name + ": " + c.why(err), err: err}
}
