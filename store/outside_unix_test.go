//go:build unix

package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"recado/store/trust"

	"recado/campaign/reason"

	bolt "go.etcd.io/bbolt"
)

// TestNoFileOfTheDataIsHandedOut: a person's file is opened, ours under any
// name is not, and nothing waits.
func TestNoFileOfTheDataIsHandedOut(t *testing.T) {
	dir, elsewhere, other := t.TempDir(), t.TempDir(), t.TempDir()
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	book, err := Open(filepath.Join(dir, "book.db"), Options{Kind: Real})
	must(err)
	defer book.Close()
	write(filepath.Join(dir, "recado.log"), "log")
	must(os.Mkdir(filepath.Join(dir, "media"), 0o700))
	write(filepath.Join(dir, "media", "abc"), "picture")

	db, err := bolt.Open(filepath.Join(other, "devices.db"), 0o600, nil)
	must(err)
	must(db.Close())
	write(filepath.Join(other, "recado.log"), "log")
	keys, err := os.ReadFile(filepath.Join(other, "devices.db"))
	must(err)
	at := func(name string) string { return filepath.Join(elsewhere, name) }
	write(at("copy.pdf"), string(keys))
	write(at("damaged.pdf"), strings.Repeat("\x00", os.Getpagesize())+string(keys[os.Getpagesize():]))
	write(at("cut.pdf"), string(keys[:100]))
	write(at("text.txt"), "Oi")
	write(at("empty"), "")
	must(os.Symlink(filepath.Join(dir, "recado.log"), at("link")))
	must(os.Link(filepath.Join(dir, "recado.log"), at("hard")))
	must(os.Symlink(dir, at("folder")))
	must(os.Symlink(at("text.txt"), at("text")))
	must(syscall.Mkfifo(at("pipe"), 0o600))

	for path, want := range map[string]error{
		filepath.Join(dir, "book.db"):      ErrOurs,
		filepath.Join(dir, "recado.log"):   ErrOurs,
		at("link"):                         ErrOurs,
		at("hard"):                         ErrOurs,
		at("folder/recado.log"):            ErrOurs,
		at("copy.pdf"):                     ErrOurs,
		at("damaged.pdf"):                  ErrOurs,
		at("cut.pdf"):                      ErrOurs,
		filepath.Join(other, "devices.db"): ErrOurs,
		filepath.Join(other, "recado.log"): ErrOurs,
		filepath.Join(dir, "media", "abc"): nil,
		at("folder/media/abc"):             nil,
		at("text.txt"):                     nil,
		at("text"):                         nil,
		at("empty"):                        nil,
		at("missing"):                      os.ErrNotExist,
		elsewhere:                          syscall.EISDIR,
		at("pipe"):                         errAny,
		"/dev/null":                        errAny,
	} {
		file, size, err := book.Outside(path)
		if want == errAny && err != nil && reason.Of(err).Equal(reason.New(reason.FileNone, reason.Plain(path))) {
			continue
		}
		if !errors.Is(err, want) || err != nil && file != nil {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
		if err == nil {
			if info, _ := os.Stat(path); info.Size() != size {
				t.Errorf("%s: %d bytes, want %d", path, size, info.Size())
			}
			file.Close()
		}
	}
	if _, err := desk(book).Attach("copy.pdf", strings.NewReader(string(keys))); !errors.Is(err, ErrOurs) {
		t.Errorf("a database given to the book to be sent: %v", err)
	}
	if files, _ := os.ReadDir(filepath.Join(dir, "media")); len(files) != 1 {
		t.Errorf("the folder keeps %v", files)
	}
}

var errAny = errors.New("not a file")

// TestMediaThatIsNotOursIsNotUsed: neither a folder that others can read, nor
// a link or a pipe in place of a file.
func TestMediaThatIsNotOursIsNotUsed(t *testing.T) {
	dir := t.TempDir()
	media := filepath.Join(dir, "media")
	open := func() error {
		book, err := Open(filepath.Join(dir, "book.db"), Options{Kind: Real})
		if err == nil {
			err = book.Close()
		}
		return err
	}
	if err := os.WriteFile(media, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused := (*trust.Error)(nil)
	if err := open(); !errors.As(err, &refused) || refused.Why != trust.Irregular {
		t.Errorf("a file in place of the folder: %v", err)
	}
	if err := errors.Join(os.Remove(media), os.Mkdir(media, 0o755)); err != nil {
		t.Fatal(err)
	}
	if err := open(); !errors.As(err, &refused) || refused.Why != trust.Exposed || refused.Mode != 0o700 {
		t.Errorf("a folder that others can read: %v", err)
	}
	if err := os.Chmod(media, 0o700); err != nil {
		t.Fatal(err)
	}
	book, err := Open(filepath.Join(dir, "book.db"), Options{Kind: Real})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	a, err := desk(book).Attach("x.txt", strings.NewReader("Oi"))
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(media, a.SHA256)
	if err := errors.Join(os.Rename(kept, kept+"x"), os.Symlink(kept+"x", kept)); err != nil {
		t.Fatal(err)
	}
	if err := book.checkMedia(&a); err == nil {
		t.Error("a link is read")
	}
	if err := errors.Join(os.Remove(kept), syscall.Mkfifo(kept, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := book.checkMedia(&a); err == nil {
		t.Error("a pipe is read")
	}
}
