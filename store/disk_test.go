package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"recado/campaign"
	"recado/store/bolt"
)

// TestABookLearnsByItselfThatTheDiskIsWell: the bell rings when the disk refuses
// and when it takes a write again, though nobody writes.
func TestABookLearnsByItselfThatTheDiskIsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bell := new(campaign.Bell)
		b := must[*Book](t)(Open(filepath.Join(t.TempDir(), "book.db"), Options{Kind: Demo, Bell: bell}))
		defer b.Close()
		rings, unhear := bell.Listen()
		defer unhear()
		rung := func(what string, want bool) {
			t.Helper()
			synctest.Wait()
			select {
			case <-rings:
				if !want {
					t.Errorf("%s: the bell rings", what)
				}
			default:
				if want {
					t.Errorf("%s: the bell does not ring", what)
				}
			}
		}
		errFull := errors.New("no space left on device")
		b.db.CommitBy(func(*bbolt.Tx) error { return errFull })
		if _, err := desk(b).AddNumber("loja"); !errors.Is(err, errFull) || !errors.Is(b.Err(), errFull) {
			t.Errorf("on a full disk: %v, Err() = %v", err, b.Err())
		}
		rung("a disk that refuses", true)
		time.Sleep(3 * bolt.ProbeDelay)
		rung("a disk that still refuses", false)
		b.db.CommitBy(nil)
		time.Sleep(bolt.ProbeDelay)
		rung("a disk that is well", true)
		ok(t, b.Err())
		must[campaign.Number](t)(desk(b).AddNumber("loja"))
		rung("a change", true)
	})
}

// A command that only reads need not wait for the disk, and works when it is full.
func TestWhoOnlyReadsWritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.db")
	b := must[*Book](t)(Open(path, Options{Kind: Real}))
	must[campaign.Number](t)(desk(b).AddNumber("loja"))
	ok(t, b.Close())
	before := must[[]byte](t)(os.ReadFile(path))
	for range 3 {
		b = must[*Book](t)(Open(path, Options{Kind: Real}))
		if n := must[[]campaign.Number](t)(b.Numbers()); len(n) != 1 {
			t.Fatalf("%d numbers", len(n))
		}
		ok(t, b.Close())
	}
	if after := must[[]byte](t)(os.ReadFile(path)); !bytes.Equal(before, after) {
		t.Error("the file is another one after it was read")
	}
}

// What was running is paused for a first page that is torn, which must not be done
// again at each opening.
func TestAFirstPageThatIsTornIsWrittenOver(t *testing.T) {
	for page := range 2 {
		path := filepath.Join(t.TempDir(), "book.db")
		b := must[*Book](t)(Open(path, Options{Kind: Real}))
		must[campaign.Number](t)(desk(b).AddNumber("loja"))
		ok(t, b.Close())
		torn := must[[]byte](t)(os.ReadFile(path))
		torn[page*os.Getpagesize()+40] ^= 0xff
		ok(t, os.WriteFile(path, torn, 0o600))
		for _, want := range []bool{true, false} {
			b := must[*Book](t)(Open(path, Options{Kind: Real}))
			if b.WentBack() != want {
				t.Errorf("page %d: went back: %v, want %v", page, b.WentBack(), want)
			}
			ok(t, b.Close())
		}
	}
}
