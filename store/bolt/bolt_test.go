package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"recado/store/trust"
	"testing"

	"go.etcd.io/bbolt"
)

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// filled is a file with n rows, buckets in buckets, values longer than a page
// and pages that are free again.
func filled(t testing.TB, n int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file.db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true, FreelistType: bbolt.FreelistMapType})
	ok(t, err)
	put := func(tx *bbolt.Tx, bucket string) (*bbolt.Bucket, error) {
		b, err := tx.CreateBucketIfNotExists([]byte(bucket))
		for i := range n {
			err = errors.Join(err, b.Put(fmt.Appendf(nil, "%08d", i), make([]byte, 120)))
		}
		return b, err
	}
	ok(t, db.Update(func(tx *bbolt.Tx) error {
		_, err := put(tx, "gone")
		b, err2 := put(tx, "rows")
		if err := errors.Join(err, err2, b.Put([]byte("long"), make([]byte, 30_000))); err != nil {
			return err
		}
		for i := range 10 {
			inner, err := b.CreateBucket(fmt.Appendf(nil, "inner %d", i))
			for j := range i * 20 {
				err = errors.Join(err, inner.Put(fmt.Append(nil, j), make([]byte, 30)))
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
	ok(t, db.Update(func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("gone")) }))
	ok(t, db.Close())
	return path
}

func TestAFileThatIsWellOpens(t *testing.T) {
	for _, n := range []int{0, 1, 100, 20_000} {
		db, err := Open(filled(t, n), Options{})
		ok(t, err)
		if db.WentBack() {
			t.Errorf("%d rows: it went back", n)
		}
		ok(t, db.Update(putRow("x")))
		ok(t, db.Close())
	}
	path := filepath.Join(t.TempDir(), "new.db")
	db, err := Open(path, Options{})
	ok(t, err)
	if _, err := Open(path, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("a second owner got %v", err)
	}
	ok(t, db.Close())
	if _, err := Open(filepath.Join(t.TempDir(), "none.db"), Options{ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// TestOneFirstPageThatIsDamagedIsNoticed tears either of the two.
func TestOneFirstPageThatIsDamagedIsNoticed(t *testing.T) {
	path := filled(t, 100)
	whole, err := os.ReadFile(path)
	ok(t, err)
	size := os.Getpagesize()
	for page := range 2 {
		for _, at := range []int{16, 40, 60, 70} {
			data := append([]byte(nil), whole...)
			data[page*size+at] ^= 0xff
			ok(t, os.WriteFile(path, data, 0o600))
			for range 2 { // it is noticed until something is written
				db, err := Open(path, Options{})
				ok(t, err)
				if !db.WentBack() {
					t.Errorf("page %d, byte %d: nobody noticed", page, at)
				}
				ok(t, db.View(func(*Tx) error { return nil }))
				ok(t, db.Close())
			}
			db, err := Open(path, Options{})
			ok(t, err)
			ok(t, db.Update(putRow("x")))
			ok(t, db.Close())
			db, err = Open(path, Options{})
			ok(t, err)
			if db.WentBack() {
				t.Errorf("page %d, byte %d: it is still noticed", page, at)
			}
			ok(t, db.Close())
		}
	}
	data := append([]byte(nil), whole...)
	data[40] ^= 1
	data[size+40] ^= 1
	ok(t, os.WriteFile(path, data, 0o600))
	damaged := (*DamagedError)(nil)
	if _, err := Open(path, Options{}); !errors.As(err, &damaged) {
		t.Errorf("without either: %v", err)
	}
}

// TestWhatWasJustMadeHasNothingToLose: a file whose maker died before it
// committed anything.
func TestWhatWasJustMadeHasNothingToLose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.db")
	made, err := bbolt.Open(path, 0o600, nil)
	ok(t, err)
	ok(t, made.Close())
	for page := range 2 {
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		ok(t, err)
		whole, err := os.ReadFile(path)
		ok(t, err)
		_, err = file.WriteAt(make([]byte, 100), int64(page*os.Getpagesize()))
		ok(t, err)
		db, err := Open(path, Options{})
		ok(t, err)
		if db.WentBack() {
			t.Errorf("without page %d it went back", page)
		}
		ok(t, db.Close())
		_, err = file.WriteAt(whole, 0)
		ok(t, errors.Join(err, file.Close()))
	}
}

// TestWhoeverOpensAReplacedFileIsToldSo: whoever held the lock may have put a
// compacted file in its place.
func TestWhoeverOpensAReplacedFileIsToldSo(t *testing.T) {
	path := filled(t, 1)
	db := &DB{path: path}
	var err error
	db.file, err = os.Open(path)
	ok(t, err)
	defer db.file.Close()
	ok(t, db.stillThere(Options{}))
	ok(t, os.Rename(filled(t, 1), path))
	if err := db.stillThere(Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("%v, want ErrLocked", err)
	}
}

// TestEveryPageIsHeldTogether changes what the headers do not say: where the
// pages lead, where their rows are, and which pages are free.
func TestEveryPageIsHeldTogether(t *testing.T) {
	path := filled(t, 400)
	whole, err := os.ReadFile(path)
	ok(t, err)
	size := os.Getpagesize()
	m, err := readMetas(bytes.NewReader(whole), int64(len(whole)))
	ok(t, err)
	well := readPages(bytes.NewReader(whole), m.newest)
	if len(well.broken) > 0 {
		t.Fatalf("a file that is well: %q", well.broken)
	}
	changed := 0
	for id := firstPage; id < int(m.newest.pages); id++ {
		if !well.head.has(uint64(id)) {
			continue
		}
		h := readHeader(whole[id*size:])
		for at := range min(int(h.count)*elementSize, 40) {
			last := at/elementSize == int(h.count)-1
			switch field := at % elementSize; {
			case h.flags == freelistPage && at%8 > 2, // a free page that is none is found, wherever it is
				h.flags == leafPage && (field < 4 || field >= 8 && last), // lengths of the last row
				h.flags == branchPage && field >= 4 && field < 8 && last:
				continue
			}
			whole[id*size+headerSize+at] ^= 1
			changed++
			p := readPages(bytes.NewReader(whole), m.newest)
			whole[id*size+headerSize+at] ^= 1
			if len(p.broken) == 0 {
				t.Errorf("page %d (%x), byte %d of its elements", id, h.flags, at)
			}
		}
	}
	if changed < 300 {
		t.Errorf("only %d changes", changed)
	}
}

// BenchmarkOpen opens a file whose pages are in the cache; most of the time is
// spent on looking at them.
func BenchmarkOpen(b *testing.B) {
	path := filled(b, 500_000)
	info, err := os.Stat(path)
	ok(b, err)
	b.SetBytes(info.Size())
	for b.Loop() {
		db, err := Open(path, Options{})
		ok(b, err)
		ok(b, db.Close())
	}
}

// TestOneChangeIsGoneBackAndNoMore: between the two first pages there may be
// more than one transaction, if somebody has put an old one there.
func TestOneChangeIsGoneBackAndNoMore(t *testing.T) {
	path := filled(t, 10)
	db, err := bbolt.Open(path, 0o600, nil)
	ok(t, err)
	size := os.Getpagesize()
	reader, err := db.Begin(false) // keeps the old tree from being written over
	ok(t, err)
	old, err := os.ReadFile(path)
	ok(t, err)
	for i := range 2 {
		ok(t, db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("rows")).Put(fmt.Append(nil, i), nil) }))
	}
	ok(t, reader.Rollback())
	ok(t, db.Close())
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	ok(t, err)
	defer file.Close()
	at, page, err := StepBack(file)
	if err != nil || len(page) != headerSize+metaSize {
		t.Fatalf("one change: %d bytes at %d, %v", len(page), at, err)
	}
	m, err := readMetas(bytes.NewReader(old), int64(len(old)))
	ok(t, err)
	_, err = file.WriteAt(old[m.newest.at+headerSize:][:metaSize], int64(size)-at+headerSize)
	ok(t, err)
	if _, _, err := StepBack(file); !errors.Is(err, ErrNoWayBack) {
		t.Errorf("two changes: %v", err)
	}
}

// TestAFileThatOthersCanReadIsNotOpened: neither by Open nor by Hold.
func TestAFileThatOthersCanReadIsNotOpened(t *testing.T) {
	path := filled(t, 1)
	ok(t, os.Chmod(path, 0o640))
	refused := (*trust.Error)(nil)
	if _, err := Open(path, Options{}); !errors.As(err, &refused) {
		t.Errorf("Open: %v", err)
	}
	if _, err := Hold(path, false, 0); !errors.As(err, &refused) {
		t.Errorf("Hold: %v", err)
	}
	ok(t, os.Chmod(path, 0o600))
	held, err := Hold(path, true, 0)
	ok(t, err)
	if _, err := Open(path, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("while it is held: %v", err)
	}
	ok(t, held.Close())
}
