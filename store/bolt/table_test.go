package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"testing"
	"testing/synctest"
)

var (
	ones   = NewTable1[uint32]("ones")
	pairs  = NewTable2[uint32, uint64]("pairs")
	triple = NewTable3[uint64, uint32, uint8]("triples")
	texts  = NewTextTable[string]("texts")
)

// withTables is a file with those four.
func withTables(t *testing.T, o Options) *DB {
	t.Helper()
	db := openNew(t, o)
	ok(t, db.Update(func(tx *Tx) error {
		return errors.Join(ones.Make(tx), pairs.Make(tx), triple.Make(tx), texts.Make(tx))
	}))
	return db
}

// TestKeysSortAsTheirPartsDo, and are read back.
func TestKeysSortAsTheirPartsDo(t *testing.T) {
	var keys [][]byte
	for _, a := range []uint64{0, 1, 255, 256, math.MaxUint32, math.MaxUint32 + 1, math.MaxUint64} {
		for _, b := range []uint32{0, 1, 255, 256, math.MaxUint32} {
			for _, c := range []uint8{0, 1, 255} {
				k := triple.Key(a, b, c)
				if len(k) != triple.Size() {
					t.Errorf("%x has %d bytes, not %d", k, len(k), triple.Size())
				}
				if ra, rb, rc := triple.Parts(k); ra != a || rb != b || rc != c {
					t.Errorf("%d, %d, %d is read as %d, %d, %d", a, b, c, ra, rb, rc)
				}
				if !bytes.HasPrefix(k, triple.Of2(a, b)) || !bytes.HasPrefix(triple.Of2(a, b), triple.Of(a)) {
					t.Errorf("%x does not begin with its parts", k)
				}
				keys = append(keys, k)
			}
		}
	}
	if !slices.IsSortedFunc(keys, bytes.Compare) {
		t.Error("they do not sort as numbers")
	}
	if got := pairs.Key(1, 2); !bytes.Equal(got, []byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2}) || pairs.Size() != 12 || ones.Size() != 4 || texts.Size() != -1 {
		t.Errorf("%x, %d, %d, %d", got, pairs.Size(), ones.Size(), texts.Size())
	}
	if a, b := pairs.Parts(pairs.Key(7, 9)); a != 7 || b != 9 || ones.Parts(ones.Key(5)) != 5 {
		t.Errorf("%d, %d", a, b)
	}
}

func TestARowIsThereFromPutToDelete(t *testing.T) {
	db := withTables(t, Options{})
	look := func(want bool) {
		t.Helper()
		ok(t, db.View(func(tx *Tx) error {
			for name, has := range map[string]bool{
				"1": ones.Has(tx, 1), "2": pairs.Has(tx, 1, 2), "3": triple.Has(tx, 1, 2, 3), "text": texts.Has(tx, "a"),
				"1, by Get": string(ones.Get(tx, 1)) == "one", "2, by Get": string(pairs.Get(tx, 1, 2)) == "two",
				"3, by Get": string(triple.Get(tx, 1, 2, 3)) == "three", "text, by Get": string(texts.Get(tx, "a")) == "text",
			} {
				if has != want {
					t.Errorf("%s: %v", name, has)
				}
			}
			return nil
		}))
	}
	look(false)
	ok(t, db.Update(func(tx *Tx) error {
		return errors.Join(ones.Put(tx, 1, []byte("one")), pairs.Put(tx, 1, 2, []byte("two")),
			triple.Put(tx, 1, 2, 3, []byte("three")), texts.Put(tx, "a", []byte("text")))
	}))
	look(true)
	ok(t, db.Update(func(tx *Tx) error {
		return errors.Join(ones.Delete(tx, 1), pairs.Delete(tx, 1, 2), triple.Delete(tx, 1, 2, 3), texts.Delete(tx, "a"))
	}))
	look(false)
	ok(t, db.Update(func(tx *Tx) error { return ones.Put(tx, 1, nil) }))
	ok(t, db.View(func(tx *Tx) error {
		if !ones.Has(tx, 1) {
			t.Error("a row without a value is not there")
		}
		return nil
	}))
}

// TestWalksEndWhereTheirPrefixDoes, forwards and back, also where it is the last
// that there can be.
func TestWalksEndWhereTheirPrefixDoes(t *testing.T) {
	db := withTables(t, Options{})
	groups := []uint32{1, 2, 255, 256, math.MaxUint32}
	ok(t, db.Update(func(tx *Tx) error {
		for _, a := range groups {
			for b := range uint64(3) {
				if err := pairs.Put(tx, a, b+1, []byte{byte(b)}); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	ok(t, db.View(func(tx *Tx) error {
		seconds := func(walk func(yield func(k, v []byte) bool)) (all []uint64) {
			for k := range walk {
				_, b := pairs.Parts(k)
				all = append(all, b)
			}
			return all
		}
		for _, a := range groups {
			of := pairs.Of(a)
			for name, test := range map[string]struct{ got, want []uint64 }{
				"Each":                     {seconds(pairs.Each(tx, of)), []uint64{1, 2, 3}},
				"From":                     {seconds(pairs.From(tx, of, pairs.Key(a, 2))), []uint64{2, 3}},
				"From before it":           {seconds(pairs.From(tx, of, pairs.Key(a, 0))), []uint64{1, 2, 3}},
				"Back":                     {seconds(pairs.Back(tx, of)), []uint64{3, 2, 1}},
				"BackFrom":                 {seconds(pairs.BackFrom(tx, of, pairs.Key(a, 3))), []uint64{2, 1}},
				"BackFrom behind the last": {seconds(pairs.BackFrom(tx, of, pairs.Key(a, 9))), []uint64{3, 2, 1}},
			} {
				if !slices.Equal(test.got, test.want) {
					t.Errorf("%d, %s: %d, want %d", a, name, test.got, test.want)
				}
			}
			if k, v := pairs.Last(tx, of); !bytes.Equal(k, pairs.Key(a, 3)) || !bytes.Equal(v, []byte{2}) {
				t.Errorf("the last of %d is %x, %x", a, k, v)
			}
			if keys := pairs.Keys(tx, of, 2); len(keys) != 2 || !bytes.Equal(keys[1], pairs.Key(a, 2)) || !pairs.Any(tx, of) {
				t.Errorf("the first two of %d: %x", a, keys)
			}
		}
		for _, none := range []uint32{0, 3, math.MaxUint32 - 1} {
			k, _ := pairs.Last(tx, pairs.Of(none))
			if k != nil || pairs.Any(tx, pairs.Of(none)) || len(pairs.Keys(tx, pairs.Of(none), 9)) > 0 || len(seconds(pairs.Back(tx, pairs.Of(none)))) > 0 {
				t.Errorf("of %d there is %x", none, k)
			}
		}
		if all := seconds(pairs.Each(tx, nil)); len(all) != 15 || len(seconds(pairs.Back(tx, nil))) != 15 || pairs.Rows(tx) != 15 {
			t.Errorf("%d rows in all", len(all))
		}
		if len(pairs.Keys(tx, nil, 0)) > 0 || len(pairs.Keys(tx, nil, -1)) > 0 || pairs.Any(tx, []byte("x")) {
			t.Error("keys of nothing")
		}
		return nil
	}))
}

func TestNumbersAreGivenOnce(t *testing.T) {
	db := withTables(t, Options{})
	for i := range uint64(3) {
		ok(t, db.Update(func(tx *Tx) error {
			n, err := ones.Next(tx)
			if n != i+1 || ones.Given(tx) != n {
				t.Errorf("%d, then %d are given", n, ones.Given(tx))
			}
			return err
		}))
	}
}

func TestATableThatIsClearedIsEmptyAtOnce(t *testing.T) {
	db := withTables(t, Options{})
	ok(t, db.Update(func(tx *Tx) error { return ones.Put(tx, 1, nil) }))
	ok(t, db.Update(func(tx *Tx) error {
		if !ones.Has(tx, 1) {
			t.Error("it is empty before")
		}
		if err := ones.Clear(tx); err != nil {
			return err
		}
		if ones.Has(tx, 1) {
			t.Error("the row is there yet")
		}
		return ones.Put(tx, 2, nil)
	}))
	ok(t, db.View(func(tx *Tx) error {
		if ones.Has(tx, 1) || !ones.Has(tx, 2) {
			t.Error("afterwards it is another one")
		}
		return nil
	}))
}

// TestWhatIsMadeAgainChangesNothing: to open a file whose tables are there costs
// no write.
func TestWhatIsMadeAgainChangesNothing(t *testing.T) {
	db := withTables(t, Options{})
	disk := watch(db)
	ok(t, db.Update(func(tx *Tx) error { return errors.Join(ones.Make(tx), texts.Make(tx)) }))
	if got := disk.count(); got != 0 {
		t.Errorf("%d commits", got)
	}
	for name, change := range map[string]func(tx *Tx) error{
		"Put": func(tx *Tx) error { return ones.Put(tx, 1, nil) }, "Delete": func(tx *Tx) error { return ones.Delete(tx, 1) },
		"Next": func(tx *Tx) error { _, err := ones.Next(tx); return err }, "Clear": ones.Clear,
		"Make": NewTable1[uint32]("new").Make,
	} {
		before := disk.count()
		ok(t, db.Update(change))
		if disk.count() != before+1 {
			t.Errorf("%s was not committed", name)
		}
	}
}

func TestARowInPlaceOfATableIsDamage(t *testing.T) {
	db := openNew(t, Options{})
	ok(t, db.Update(func(tx *Tx) error {
		tx.Touch()
		return tx.Cursor().Bucket().Put([]byte("ones"), []byte("x"))
	}))
	damaged := (*DamagedError)(nil)
	if err := db.Update(ones.Make); !errors.As(err, &damaged) || damaged.Path != db.path {
		t.Errorf("%v", err)
	}
}

// TestTheHookIsToldWhichKeysHaveChanged, of the tables that are watched, of what is
// about to be on the disk and of nothing else: by the number that whoever reads it
// has, and before anybody can.
func TestTheHookIsToldWhichKeysHaveChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []Changes
		var db *DB
		read := func() (n int) {
			ok(t, db.View(func(tx *Tx) error { n = tx.ID(); return nil }))
			return n
		}
		var numbers []int
		db = withTables(t, Options{Before: func(n int, c Changes) {
			if read() >= n {
				t.Errorf("%d can be read before it is told of", n)
			}
			told, numbers = append(told, c), append(numbers, n)
		}, Watched: []Table{ones.Table, texts.Table}})
		told, numbers = nil, nil
		ok(t, db.Update(func(tx *Tx) error {
			return errors.Join(ones.Put(tx, 2, nil), pairs.Put(tx, 1, 1, nil), ones.Put(tx, 1, nil), texts.Put(tx, "a", nil), ones.Delete(tx, 2))
		}))
		if n := read(); len(numbers) != 1 || numbers[0] != n {
			t.Errorf("told of %d, the file is at %d", numbers, n)
		}
		ok(t, db.Update(func(tx *Tx) error { return pairs.Put(tx, 1, 2, nil) }))
		_ = db.Update(func(tx *Tx) error { return errors.Join(ones.Put(tx, 7, nil), errDisk) })
		if len(told) != 1 {
			t.Fatalf("told %v", told)
		}
		want := Changes{"ones": {ones.Key(2), ones.Key(1), ones.Key(2)}, "texts": {[]byte("a")}}
		if !maps.EqualFunc(told[0], want, func(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }) {
			t.Errorf("told %v, want %v", told[0], want)
		}

		// One that fails in a group is not told of, though it has run.
		told = nil
		disk := watch(db)
		release := disk.holds()
		results := make(chan error, 3)
		go func() { results <- db.Update(func(tx *Tx) error { return ones.Put(tx, 10, nil) }) }()
		synctest.Wait()
		go func() {
			results <- db.Update(func(tx *Tx) error { return errors.Join(ones.Put(tx, 11, nil), errDisk) })
		}()
		go func() { results <- db.Update(func(tx *Tx) error { return ones.Put(tx, 12, nil) }) }()
		synctest.Wait()
		release()
		for range 3 {
			<-results
		}
		var keys []uint32
		for _, c := range told {
			for _, k := range c["ones"] {
				keys = append(keys, ones.Parts(k))
			}
		}
		if !slices.Equal(keys, []uint32{10, 12}) {
			t.Errorf("told of %d", keys)
		}
	})
}

func TestGroupsComeAndGoWithTheirTables(t *testing.T) {
	groups := Groups{Table{"groups"}}
	db := openNew(t, Options{})
	ok(t, db.Update(func(tx *Tx) error {
		if err := groups.Make(tx); err != nil {
			return err
		}
		for i, name := range []string{"b", "a"} {
			g, err := groups.MakeGroup(tx, []byte(name))
			if err != nil {
				return err
			}
			rows, err := g.MakeRows([]byte("rows"))
			if err != nil {
				return err
			}
			if !rows.Empty() {
				t.Error("it has rows from the beginning")
			}
			for j := range 3 {
				err = errors.Join(err, rows.Put(fmt.Append(nil, name, j), []byte("x")))
			}
			err = errors.Join(err, rows.Put([]byte("other"), nil), rows.Delete([]byte("other")), g.PutOwn([]byte("own"), []byte(name)), g.SetNumber(uint64(i+1)))
			if err != nil {
				return err
			}
		}
		return groups.PutAt(tx, []byte("c"), []byte("no group"))
	}))
	disk := watch(db)
	ok(t, db.Update(func(tx *Tx) error { // what is there is made again
		g, err := groups.MakeGroup(tx, []byte("a"))
		if err != nil {
			return err
		}
		_, err = g.MakeRows([]byte("rows"))
		return err
	}))
	if disk.count() != 0 {
		t.Error("to make what is there is a change")
	}
	list := func() (names []string) {
		ok(t, db.View(func(tx *Tx) error {
			for name, g := range groups.Groups(tx) {
				rows, n := g.Rows([]byte("rows")), 0
				rows.Each(name, func(_, _ []byte) bool { n++; return n < 2 })
				all := 0
				rows.Each(nil, func(_, _ []byte) bool { all++; return true })
				names = append(names, fmt.Sprintf("%s %s %d %d %d %s %v", name, g.Own([]byte("own")), g.Number(), n, all, rows.Get([]byte("a1")), g.Rows([]byte("none")).There()))
			}
			return nil
		}))
		return names
	}
	if got := list(); !slices.Equal(got, []string{"a a 2 2 3 x false", "b b 1 2 3  false"}) {
		t.Errorf("%q", got)
	}
	ok(t, db.Update(func(tx *Tx) error { return groups.Drop(tx, []byte("a")) }))
	if got := list(); !slices.Equal(got, []string{"b b 1 2 3  false"}) {
		t.Errorf("after one was dropped: %q", got)
	}
	ok(t, db.View(func(tx *Tx) error {
		if groups.Group(tx, []byte("a")).There() || groups.Group(tx, []byte("c")).There() || !groups.Group(tx, []byte("b")).There() {
			t.Error("it is found yet, or a row is a group")
		}
		return nil
	}))
}

// TestAFileThatMustNotGoBackIsRefused: not one that lost nothing.
func TestAFileThatMustNotGoBackIsRefused(t *testing.T) {
	path := filled(t, 10)
	db, err := Open(path, Options{NoBack: true})
	ok(t, err)
	ok(t, db.Close())
	data, err := os.ReadFile(path)
	ok(t, err)
	data[40] ^= 1
	ok(t, os.WriteFile(path, data, 0o600))
	damaged := (*DamagedError)(nil)
	if _, err := Open(path, Options{NoBack: true}); !errors.As(err, &damaged) || damaged.Path != path {
		t.Errorf("%v", err)
	}
	after, err := os.ReadFile(path)
	ok(t, err)
	if !bytes.Equal(after, data) {
		t.Error("it was changed")
	}
	db, err = Open(path, Options{})
	ok(t, err)
	ok(t, db.Close())
}
