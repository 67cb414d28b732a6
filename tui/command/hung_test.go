package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"recado/store"
)

// hung takes the lock of a directory like an owner whose door is gone.
func hung(t *testing.T, dir string) *store.Book {
	t.Helper()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Real})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	return book
}

// owned writes down who has the lock.
func owned(t *testing.T, dir string, pid int) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "recado.pid"), fmt.Appendln(nil, pid), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAHungOwnerIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		hung(t, dir)
		owned(t, dir, 4711)
		c, out, errs := typist(t, dir, "", "contacts", "list")
		begun := time.Now()
		if got := c.execute(t.Context()); got != ExitInUse || !strings.Contains(errs.String(), "4711") || out.Len() > 0 {
			t.Errorf("exit %d, %q; want %d and the owner's pid", got, errs, ExitInUse)
		}
		if took := time.Since(begun); took < ownWithin || took > ownWithin+time.Second {
			t.Errorf("it took %v to say so, want %v", took, ownWithin)
		}
	})
}

func TestALockThatIsLetGoInTimeIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		book := hung(t, dir)
		owned(t, dir, 4711)
		time.AfterFunc(ownWithin-time.Second, func() { book.Close() })
		c, _, errs := typist(t, dir, "", "contacts", "list")
		if got := c.execute(t.Context()); got != ExitOK {
			t.Errorf("exit %d, %q", got, errs)
		}
	})
}

// Many commands at once own the directory one after the other; who waits for
// them all does not take them for one that hangs.
func TestOwnersThatComeAndGoAreNotTakenForOneThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		book := hung(t, dir)
		go func() { // ends with the last owner
			for pid := range 6 {
				owned(t, dir, pid)
				time.Sleep(ownWithin - time.Second)
			}
			book.Close()
		}()
		c, _, errs := typist(t, dir, "", "contacts", "list")
		if got := c.execute(t.Context()); got != ExitOK {
			t.Errorf("exit %d, %q", got, errs)
		}
	})
}

func TestAPersonWhoWaitsForAHungOwnerCanGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		hung(t, dir)
		c, _, errs := typist(t, dir, "", "contacts", "list")
		ctx, giveUp := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, giveUp)
		begun := time.Now()
		if got := c.execute(ctx); got != ExitInterrupted {
			t.Errorf("exit %d, %q", got, errs)
		}
		if took := time.Since(begun); took > ownWithin/2 {
			t.Errorf("it took %v", took)
		}
	})
}
