package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"recado/campaign/reason"
	"recado/store/bolt"
	"recado/store/trust"
)

// ErrOurs is the error of a file that is not sent or read as a person's: it is
// part of the data of recado, or a database like those that hold the keys of
// the numbers.
var ErrOurs = reason.Err(reason.FileOursAlone)

// Outside opens a file that a person named, to be sent or imported, and says
// its size. It refuses with ErrOurs every file in dir, the data directory, by
// whatever name and through whatever link; every file beside the databases of
// another data directory; and every bbolt file, wherever it is. The files that
// campaigns have attached, in the folder media, are none of these: they were
// for others from the beginning. What is not a file is refused at once: a pipe
// would keep us waiting forever.
func Outside(path, dir string) (file *os.File, size int64, err error) {
	if file, err = os.OpenFile(path, os.O_RDONLY|trust.Calm, 0); err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = &fs.PathError{Op: "read", Path: path, Err: syscall.EISDIR}
	case !info.Mode().IsRegular():
		err = reason.Err(reason.FileNone, reason.Plain(path))
	case amongOurs(info, dir), besideOurs(path), bolt.IsDatabase(file):
		err = reason.Because(ErrOurs, reason.FileOurs, reason.Plain(path))
	}
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// Outside is [Outside] of the book's own data directory.
func (b *Book) Outside(path string) (file *os.File, size int64, err error) {
	return Outside(path, filepath.Dir(b.media))
}

// amongOurs reports whether a file is one of a folder, whatever it is called
// elsewhere.
func amongOurs(info fs.FileInfo, dir string) bool {
	entries, _ := os.ReadDir(dir) // if it cannot be read, nothing in it could be opened
	for _, entry := range entries {
		if ours, err := os.Stat(filepath.Join(dir, entry.Name())); err == nil && os.SameFile(info, ours) {
			return true
		}
	}
	return false
}

// databases are what a data directory is known by.
var databases = [...]string{"book.db", "devices.db"}

// besideOurs reports whether a path leads into a data directory.
func besideOurs(path string) bool {
	end, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false // it has no place of its own any more
	}
	for _, name := range databases {
		file, err := os.OpenFile(filepath.Join(filepath.Dir(end), name), os.O_RDONLY|trust.Calm, 0)
		if err != nil {
			continue
		}
		is := bolt.IsDatabase(file)
		file.Close()
		if is {
			return true
		}
	}
	return false
}
