package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"recado/store/bolt"

	"recado/campaign/people"
)

// bigBook is a closed book from which most has been deleted.
func bigBook(t *testing.T) (path string) {
	t.Helper()
	path = busyBook(t)
	edit(t, path, func(tx *bolt.Tx) error {
		filler, err := tx.CreateBucket([]byte("filler"))
		for i := range 2000 {
			err = errors.Join(err, filler.Put(fmt.Append(nil, i), make([]byte, 1000)))
		}
		return err
	})
	edit(t, path, func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("filler")) })
	return path
}

func TestACompactedBookHoldsTheSame(t *testing.T) {
	path := bigBook(t)
	ok(t, os.WriteFile(path+".compact", []byte("left by a crash"), 0o644))
	before, after, err := bolt.Compact(path)
	ok(t, err)
	if after >= before {
		t.Errorf("%d bytes before, %d after", before, after)
	}
	h, err := bolt.Examine(nil, path, Check)
	ok(t, err)
	if len(h.Wrong) > 0 || h.Size != after || h.Free > h.Size/4 {
		t.Errorf("afterwards %+v, want %d bytes and nothing wrong", h, after)
	}
	info, err := os.Stat(path)
	ok(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the new file has mode %v", info.Mode())
	}
	if _, err := os.Stat(path + ".compact"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the copy is still there: %v", err)
	}
	b, err := Open(path, Options{Kind: Demo})
	ok(t, err)
	defer b.Close()
	ok(t, b.Saw(1, []people.Seen{{LID: "78"}})) // ids go on where they were
	if c, err := b.Contact(10); err != nil || c.LID != "78" {
		t.Errorf("the next person: %+v, %v", c, err)
	}
	if _, _, err := bolt.Compact(path); !errors.Is(err, ErrLocked) {
		t.Errorf("Compact of an open book = %v, want ErrLocked", err)
	}
	if _, err := bolt.Examine(nil, path, Check); !errors.Is(err, ErrLocked) {
		t.Errorf("Examine of an open book = %v, want ErrLocked", err)
	}
}

func TestACompactionThatFailsLeavesTheOldFile(t *testing.T) {
	path := bigBook(t)
	ok(t, os.Mkdir(path+".compact", 0o700)) // in the way, and not empty
	ok(t, os.WriteFile(filepath.Join(path+".compact", "x"), nil, 0o600))
	if _, _, err := bolt.Compact(path); err == nil {
		t.Error("there was no place for the copy")
	}
	if wrong := examined(t, path); len(wrong) > 0 {
		t.Errorf("the old file: %q", wrong)
	}
	ok(t, os.Chmod(path, 0o640))
	if _, _, err := bolt.Compact(path); err == nil {
		t.Error("a file that others can read was compacted")
	}
	if _, _, err := bolt.Compact(path + ".none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Compact of no file = %v", err)
	}
	if _, err := os.Stat(path + ".none"); err == nil {
		t.Error("Compact has made a file")
	}
}

func TestALinkToTheBookStaysOne(t *testing.T) {
	path := bigBook(t)
	link := filepath.Join(t.TempDir(), "book.db")
	ok(t, os.Symlink(path, link))
	_, _, err := bolt.Compact(link)
	ok(t, err)
	if to, err := os.Readlink(link); err != nil || to != path {
		t.Errorf("the link leads to %q, %v", to, err)
	}
}

// TestWhoWaitedForACompactedFileGetsTheNewOne opens the book while it is
// compacted: whatever is written afterwards must be in the file that has the
// name.
func TestWhoWaitedForACompactedFileGetsTheNewOne(t *testing.T) {
	path := busyBook(t)
	for round := range 10 {
		done := make(chan error)
		go func() { // ends with the compaction
			_, _, err := bolt.Compact(path)
			done <- err
		}()
		b, err := Open(path, Options{Kind: Demo})
		for ; errors.Is(err, ErrLocked); b, err = Open(path, Options{Kind: Demo}) {
			time.Sleep(time.Millisecond)
		}
		ok(t, err)
		_, err = desk(b).AddNumber(fmt.Sprint("loja ", round))
		ok(t, err)
		ok(t, b.Close())
		if err := <-done; err != nil && !errors.Is(err, ErrLocked) {
			t.Fatal(err)
		}
	}
	b, err := Open(path, Options{Kind: Demo})
	ok(t, err)
	defer b.Close()
	if numbers, err := b.Numbers(); len(numbers) != 11 || err != nil {
		t.Errorf("%d numbers, %v: something was written to a file that is gone", len(numbers), err)
	}
}
