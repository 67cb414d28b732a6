package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"
)

// putRow is a change that writes one row.
func putRow(key string) func(*Tx) error {
	return func(tx *Tx) error {
		tx.Touch()
		b, err := tx.CreateBucketIfNotExists([]byte("rows"))
		return errors.Join(err, b.Put([]byte(key), []byte(key)))
	}
}

// rowsOf lists the rows that putRow has written.
func rowsOf(t *testing.T, db *DB) (keys []string) {
	t.Helper()
	ok(t, db.View(func(tx *Tx) error {
		if b := tx.Bucket([]byte("rows")); b != nil {
			return b.ForEach(func(k, _ []byte) error { keys = append(keys, string(k)); return nil })
		}
		return nil
	}))
	return keys
}

func openNew(t *testing.T, o Options) *DB {
	t.Helper()
	db, err := Open(filepath.Join(t.TempDir(), "file.db"), o)
	ok(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

var errDisk = errors.New("no space left on device")

// disk stands between the writer and bbolt's commit.
type disk struct {
	mu      sync.Mutex
	commits int
	broken  bool
	hold    chan struct{} // if set, every commit waits for it
}

func watch(db *DB) *disk {
	d := new(disk)
	db.CommitBy(func(tx *bbolt.Tx) error {
		d.mu.Lock()
		hold, broken := d.hold, d.broken
		d.commits++
		d.mu.Unlock()
		if hold != nil {
			<-hold
		}
		if broken {
			return errDisk
		}
		return tx.Commit()
	})
	return d
}

func (d *disk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.commits
}

func (d *disk) breaks(broken bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = broken
}

// holds lets every commit wait until the answer is called.
func (d *disk) holds() (release func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	hold := make(chan struct{})
	d.hold = hold
	return func() {
		d.mu.Lock()
		d.hold = nil
		d.mu.Unlock()
		close(hold)
	}
}

func TestCallersThatWaitShareOneCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openNew(t, Options{})
		disk := watch(db)
		release := disk.holds()
		var wg sync.WaitGroup
		for i := range maxGroup + 50 {
			wg.Go(func() { ok(t, db.Update(putRow(fmt.Sprint(i)))) })
		}
		synctest.Wait() // the first commit is held up, the others queue behind it
		release()
		wg.Wait()
		if got := len(rowsOf(t, db)); got != maxGroup+50 {
			t.Errorf("%d rows", got)
		}
		if got := disk.count(); got != 2 && got != 3 { // the first may have had company
			t.Errorf("%d callers took %d commits, want one, and one for each %d", maxGroup+50, got, maxGroup)
		}
	})
}

// busy is a file whose first commit is held up, so that whatever comes until it is
// released waits for the next one. wg waits for who is being answered.
func busy(t *testing.T) (db *DB, disk *disk, wg *sync.WaitGroup, release func()) {
	db, wg = openNew(t, Options{}), new(sync.WaitGroup)
	disk = watch(db)
	release = disk.holds()
	wg.Go(func() { ok(t, db.Update(putRow("first"))) })
	synctest.Wait()
	return db, disk, wg, release
}

// TestNoTransactionIsLargerThanAGroup: a change that fails has all the others of
// its transaction made again.
func TestNoTransactionIsLargerThanAGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _, wg, release := busy(t)
		var mu sync.Mutex
		together := make(map[int]int)
		for range maxGroup + 1 {
			wg.Go(func() {
				ok(t, db.Update(func(tx *Tx) error {
					mu.Lock()
					together[tx.ID()]++
					mu.Unlock()
					tx.Touch()
					return nil
				}))
			})
		}
		synctest.Wait()
		release()
		wg.Wait()
		sizes := make([]int, 0, 2)
		for _, n := range together {
			sizes = append(sizes, n)
		}
		slices.Sort(sizes)
		if !slices.Equal(sizes, []int{1, maxGroup}) {
			t.Errorf("transactions of %d changes", sizes)
		}
	})
}

// TestAChangeThatFailsDoesNotSpoilTheOthers: by an error or a panic, and
// whatever it has done before.
func TestAChangeThatFailsDoesNotSpoilTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, disk, wg, release := busy(t)
		errStop := errors.New("stop")
		results := make([]error, 6)
		for i := range results {
			wg.Go(func() {
				results[i] = db.Update(func(tx *Tx) error {
					if err := putRow(fmt.Sprint(i))(tx); err != nil {
						return err
					}
					switch i {
					case 2:
						return errStop
					case 4:
						panic("ouch")
					}
					return nil
				})
			})
		}
		synctest.Wait()
		release()
		wg.Wait()
		for i, err := range results {
			switch {
			case i == 2 && !errors.Is(err, errStop), i == 4 && (err == nil || !strings.Contains(err.Error(), "ouch")), i != 2 && i != 4 && err != nil:
				t.Errorf("change %d: %v", i, err)
			}
		}
		if got := rowsOf(t, db); !slices.Equal(got, []string{"0", "1", "3", "5", "first"}) {
			t.Errorf("what is there: %q", got)
		}
		if got := disk.count(); got != 2 {
			t.Errorf("%d commits, want one, and one for the others", got)
		}
		if db.Err() != nil {
			t.Errorf("Err() = %v though the disk is well", db.Err())
		}
	})
}

// TestWhoIsAnsweredHasItOnTheDisk opens a copy of the file as it is at that
// moment.
func TestWhoIsAnsweredHasItOnTheDisk(t *testing.T) {
	db := openNew(t, Options{})
	for i := range 5 {
		key := fmt.Sprint(i)
		ok(t, db.Update(putRow(key)))
		data, err := os.ReadFile(db.path)
		ok(t, err)
		copied := filepath.Join(t.TempDir(), "copy.db")
		ok(t, os.WriteFile(copied, data, 0o600))
		other, err := Open(copied, Options{})
		ok(t, err)
		if got := rowsOf(t, other); !slices.Contains(got, key) {
			t.Errorf("%s was answered and is not among %q", key, got)
		}
		ok(t, other.Close())
	}
}

// TestAWriteThatFailsIsRememberedUntilOneWorks, with nobody writing: the file
// tries by itself, and tells of both.
func TestAWriteThatFailsIsRememberedUntilOneWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []error
		db := openNew(t, Options{Failed: func(err error) { told = append(told, err) }})
		ok(t, db.Update(putRow("a")))
		disk := watch(db)
		disk.breaks(true)
		for range 2 {
			if err := db.Update(putRow("b")); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "file.db") {
				t.Errorf("on a full disk: %v", err)
			}
		}
		if err := db.Err(); !errors.Is(err, errDisk) {
			t.Errorf("Err() = %v, want the disk's error", err)
		}
		if got := rowsOf(t, db); !slices.Equal(got, []string{"a"}) {
			t.Errorf("after a write that failed: %q", got)
		}
		before := disk.count()
		time.Sleep(10*ProbeDelay + ProbeDelay/2)
		if got := disk.count() - before; got != 10 || db.Err() == nil {
			t.Errorf("in ten delays the disk was tried %d times, and Err() = %v", got, db.Err())
		}
		disk.breaks(false)
		time.Sleep(ProbeDelay)
		synctest.Wait()
		if err := db.Err(); err != nil {
			t.Errorf("Err() = %v after the disk came back, with nobody writing", err)
		}
		if len(told) != 2 || !errors.Is(told[0], errDisk) || told[1] != nil {
			t.Errorf("told %v, want that it failed and that it is well", told)
		}
		before = disk.count()
		time.Sleep(time.Hour)
		if got := disk.count() - before; got != 0 {
			t.Errorf("a disk that is well is tried %d times an hour", got)
		}
	})
}

// TestTheNextWriteIsATryToo: nobody has to wait for the probe.
func TestTheNextWriteIsATryToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openNew(t, Options{})
		disk := watch(db)
		disk.breaks(true)
		_ = db.Update(putRow("a"))
		disk.breaks(false)
		ok(t, db.Update(putRow("b")))
		ok(t, db.Err())
	})
}

// TestWhatChangesNothingSaysNothingOfTheDisk, and does not stop the probe.
func TestWhatChangesNothingSaysNothingOfTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openNew(t, Options{})
		disk := watch(db)
		for range 3 {
			ok(t, db.Update(func(*Tx) error { return nil }))
			ok(t, db.Flush())
		}
		if got := disk.count(); got != 0 {
			t.Errorf("it took %d commits", got)
		}
		disk.breaks(true)
		_ = db.Update(putRow("a"))
		ok(t, db.Update(func(*Tx) error { return nil }))
		ok(t, db.Flush())
		if db.Err() == nil {
			t.Error("Err() is nil though nothing has reached the disk")
		}
		disk.breaks(false)
		time.Sleep(ProbeDelay)
		synctest.Wait()
		ok(t, db.Err())
	})
}

func TestWhatIsQueuedIsWrittenByCloseAndNothingAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _, wg, release := busy(t)
		wg.Go(func() { ok(t, db.Update(putRow("b"))) })
		wg.Go(func() { ok(t, db.Chunk(t.Context(), putRow("c"))) })
		wg.Go(func() { ok(t, db.Chunk(t.Context(), putRow("d"))) })
		ok(t, db.Behind(&late{key: "e"}))
		synctest.Wait()
		wg.Go(func() { ok(t, db.Close()) })
		synctest.Wait()
		for name, err := range map[string]error{
			"Update": db.Update(putRow("x")), "Chunk": db.Chunk(t.Context(), putRow("x")),
			"Flush": db.Flush(), "Behind": db.Behind(&late{key: "x"}),
		} {
			if !errors.Is(err, ErrClosed) {
				t.Errorf("%s on a file that is being closed: %v", name, err)
			}
		}
		release()
		wg.Wait()
		if err := db.View(func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
			t.Errorf("View of a file that is closed: %v", err)
		}
		db, err := Open(db.path, Options{})
		ok(t, err)
		defer db.Close()
		if got := rowsOf(t, db); !slices.Equal(got, []string{"b", "c", "d", "e", "first"}) {
			t.Errorf("what is there: %q", got)
		}
	})
}

// late is a change that may be behind.
type late struct {
	key   string
	ended []error
}

func (l *late) Take() (func(*Tx) error, func(error)) {
	return putRow(l.key), func(err error) { l.ended = append(l.ended, err) }
}

// TestWhatNeedNotBeAtOnceRidesAlong with the next commit, or has its own when it has
// waited long enough, and is answered when it is on the disk.
func TestWhatNeedNotBeAtOnceRidesAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openNew(t, Options{})
		disk := watch(db)
		begun := time.Now()
		var answered [2]time.Duration
		var wg sync.WaitGroup
		soon := func(i int, key string) {
			wg.Go(func() {
				ok(t, db.Soon(putRow(key)))
				answered[i] = time.Since(begun)
			})
		}
		soon(0, "a")
		time.Sleep(SoonDelay / 2)
		soon(1, "b")
		synctest.Wait()
		if got := disk.count(); got != 0 {
			t.Errorf("%d commits at once", got)
		}
		ok(t, db.Update(putRow("c")))
		wg.Wait()
		if got := rowsOf(t, db); disk.count() != 1 || !slices.Equal(got, []string{"a", "b", "c"}) || answered[0] != SoonDelay/2 {
			t.Errorf("with another: %d commits, %q, answered after %v", disk.count(), got, answered)
		}

		begun = time.Now()
		soon(0, "d")
		time.Sleep(SoonDelay / 2)
		soon(1, "e")
		wg.Wait()
		if disk.count() != 2 || answered[0] != SoonDelay || answered[1] != SoonDelay {
			t.Errorf("alone: %d commits, answered after %v", disk.count(), answered)
		}

		disk.breaks(true)
		if err := db.Soon(putRow("f")); !errors.Is(err, errDisk) {
			t.Errorf("on a full disk: %v", err)
		}
		disk.breaks(false)
		wg.Go(func() { ok(t, db.Soon(putRow("g"))) })
		synctest.Wait()
		ok(t, db.Close())
		wg.Wait()
		if err := db.Soon(putRow("h")); !errors.Is(err, ErrClosed) {
			t.Errorf("on a file that is closed: %v", err)
		}
	})
}

// TestWhatMayBeBehindWaitsForCompany, not longer than it says, and for the disk.
func TestWhatMayBeBehindWaitsForCompany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openNew(t, Options{})
		disk := watch(db)
		one, two := &late{key: "one"}, &late{key: "two"}
		ok(t, db.Behind(one))
		time.Sleep(BehindDelay / 2)
		ok(t, db.Behind(two))
		ok(t, db.Behind(one))
		if got := disk.count(); got != 0 {
			t.Errorf("%d commits at once", got)
		}
		time.Sleep(BehindDelay / 2)
		synctest.Wait()
		if got := rowsOf(t, db); disk.count() != 1 || !slices.Equal(got, []string{"one", "two"}) {
			t.Errorf("%d commits, %q", disk.count(), got)
		}

		disk.breaks(true)
		three := &late{key: "three"}
		ok(t, db.Behind(three))
		if err := db.Flush(); !errors.Is(err, errDisk) {
			t.Errorf("Flush on a full disk: %v", err)
		}
		disk.breaks(false)
		time.Sleep(ProbeDelay)
		synctest.Wait()
		if got := rowsOf(t, db); !slices.Contains(got, "three") || len(three.ended) != 2 || three.ended[0] == nil || three.ended[1] != nil {
			t.Errorf("once the disk is well: %q, told %v", got, three.ended)
		}
	})
}

func TestCloseSaysThatSomethingBehindIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openNew(t, Options{})
		watch(db).breaks(true)
		ok(t, db.Behind(&late{key: "a"}))
		if err := db.Close(); !errors.Is(err, errDisk) {
			t.Errorf("Close on a full disk: %v", err)
		}
	})
}

// TestAChunkStandsBack: each has a transaction to itself, and whoever has come
// meanwhile goes before the next one.
func TestAChunkStandsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openNew(t, Options{})
		release := watch(db).holds()
		var order []string
		var wg sync.WaitGroup
		begin := func(name string, update func(func(*Tx) error) error) {
			wg.Go(func() {
				ok(t, update(func(tx *Tx) error {
					order = append(order, fmt.Sprint(name, " ", tx.ID()))
					tx.Touch()
					return nil
				}))
			})
			synctest.Wait()
		}
		chunk := func(change func(*Tx) error) error { return db.Chunk(t.Context(), change) }
		begin("slow", db.Update)
		for range 3 {
			begin("chunk", chunk)
		}
		begin("write", db.Update)
		begin("write", db.Update)
		release()
		wg.Wait()
		if want := []string{"slow 2", "write 3", "write 3", "chunk 4", "chunk 5", "chunk 6"}; !slices.Equal(order, want) {
			t.Errorf("%q, want %q", order, want)
		}

		release = watch(db).holds()
		order = nil
		begin("slow", db.Update)
		for range 2 {
			begin("chunk", chunk)
		}
		step := make(chan struct{})
		db.CommitBy(func(tx *bbolt.Tx) error { <-step; return tx.Commit() })
		release() // the first chunk is on its way
		synctest.Wait()
		begin("write", db.Update)
		close(step)
		wg.Wait()
		if want := []string{"slow 7", "chunk 8", "write 9", "chunk 10"}; !slices.Equal(order, want) {
			t.Errorf("%q, want %q", order, want)
		}
	})
}

// TestAChunkWhoseContextEndsInTheQueueIsNotMade, and one that is under way is.
func TestAChunkWhoseContextEndsInTheQueueIsNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openNew(t, Options{})
		release := watch(db).holds()
		ctx, cancel := context.WithCancel(t.Context())
		results := make([]error, 2)
		var wg sync.WaitGroup
		wg.Go(func() { results[0] = db.Chunk(ctx, putRow("under way")) })
		synctest.Wait()
		wg.Go(func() {
			results[1] = db.Chunk(ctx, func(*Tx) error { t.Error("it was made"); return nil })
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		if !errors.Is(results[1], context.Canceled) {
			t.Errorf("in the queue: %v", results[1])
		}
		release()
		wg.Wait()
		ok(t, results[0])
		if err := db.Chunk(ctx, putRow("late")); !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that has ended: %v", err)
		}
		if got := rowsOf(t, db); !slices.Equal(got, []string{"under way"}) {
			t.Errorf("what is there: %q", got)
		}
	})
}

// TestTheHookIsToldOfEachCommitBeforeItsCallers, in order, and of nothing else.
func TestTheHookIsToldOfEachCommitBeforeItsCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		db := openNew(t, Options{After: func() { told++ }})
		disk := watch(db)
		for i := range 3 {
			ok(t, db.Update(putRow(fmt.Sprint(i))))
			if told != i+1 {
				t.Errorf("after %d commits it was told of %d", i+1, told)
			}
		}
		ok(t, db.Update(func(*Tx) error { return nil }))
		if err := db.Update(func(tx *Tx) error { tx.Touch(); return errDisk }); err == nil {
			t.Error("a change that fails")
		}
		disk.breaks(true)
		_ = db.Update(putRow("x"))
		if told != 3 {
			t.Errorf("it was told of %d", told)
		}
	})
}
