package store

import (
	"errors"
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
