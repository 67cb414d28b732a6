package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
	"math"

	"recado/campaign/reason"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// A Table is one bucket of a file, by its name. Where its keys are of fixed
// parts, [Table1], [Table2] and [Table3] say which: a name and a layout stand in
// one place, where the table is declared, and only here is a bucket asked for.
//
// What is read is good until the transaction ends, and must not be changed.
type Table struct{ Name string }

// String is the name.
func (t Table) String() string { return t.Name }

// Size is how long its keys are, in bytes; -1: they differ.
func (Table) Size() int { return -1 }

// in is the bucket of the table, which a transaction looks for once.
func (t Table) in(tx *Tx) *bbolt.Bucket {
	for i := range tx.open {
		if tx.open[i].name == t.Name {
			return tx.open[i].bucket
		}
	}
	b := tx.Tx.Bucket([]byte(t.Name))
	if b != nil {
		tx.open = append(tx.open, opened{t.Name, b})
	}
	return b
}

// Make makes the table if it is not there. A row where it would be is a
// [*DamagedError].
func (t Table) Make(tx *Tx) error {
	if t.Exists(tx) {
		return nil
	}
	tx.changed = true
	_, err := tx.CreateBucket([]byte(t.Name))
	if errors.Is(err, berrors.ErrIncompatibleValue) {
		return &DamagedError{Path: tx.DB().Path(), Why: []reason.Reason{reason.New(reason.CheckUnreadable, reason.Plain(t.Name))}}
	}
	return err
}

// Clear leaves nothing of the table but its name.
func (t Table) Clear(tx *Tx) error {
	tx.changed = true
	tx.open = nil
	if err := tx.DeleteBucket([]byte(t.Name)); err != nil {
		return err
	}
	_, err := tx.CreateBucket([]byte(t.Name))
	return err
}

// Exists reports whether the table is there.
func (t Table) Exists(tx *Tx) bool { return t.in(tx) != nil }

// GetAt is the row at a key; nil if there is none.
func (t Table) GetAt(tx *Tx, key []byte) []byte { return t.in(tx).Get(key) }

// HasAt reports whether there is a row at a key.
func (t Table) HasAt(tx *Tx, key []byte) bool { return t.in(tx).Get(key) != nil }

// PutAt writes a row. Without a value it is empty, and there.
func (t Table) PutAt(tx *Tx, key, value []byte) error {
	tx.note(t.Name, key)
	return t.in(tx).Put(key, value)
}

// DeleteAt takes a row away, if it is there.
func (t Table) DeleteAt(tx *Tx, key []byte) error {
	tx.note(t.Name, key)
	return t.in(tx).Delete(key)
}

// Next is a number that the table has never given before. The first is 1.
func (t Table) Next(tx *Tx) (uint64, error) {
	tx.changed = true
	return t.in(tx).NextSequence()
}

// Given is the last number that Next has given.
func (t Table) Given(tx *Tx) uint64 { return t.in(tx).Sequence() }

// InOrder says that rows will be put in the order of their keys, so that no room
// is left between them.
func (t Table) InOrder(tx *Tx) { t.in(tx).FillPercent = 1 }

// Rows counts the rows, which takes as long as to read them.
func (t Table) Rows(tx *Tx) int { return t.in(tx).Stats().KeyN }

// ForEach looks at all rows in their order, until that is an error.
func (t Table) ForEach(tx *Tx, look func(k, v []byte) error) error { return t.in(tx).ForEach(look) }

// Cursor walks the rows in the order of their keys.
type Cursor = bbolt.Cursor

// Cursor begins a walk. The table must not be written to during it.
func (t Table) Cursor(tx *Tx) *Cursor { return t.in(tx).Cursor() }

// Each lists the rows whose keys begin with prefix, in their order. The table
// must not be written to meanwhile.
func (t Table) Each(tx *Tx, prefix []byte) iter.Seq2[[]byte, []byte] {
	return t.From(tx, prefix, prefix)
}

// From is Each, beginning at the key first or where that would be.
func (t Table) From(tx *Tx, prefix, first []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		c := t.Cursor(tx)
		for k, v := c.Seek(first); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
			if !yield(k, v) {
				return
			}
		}
	}
}

// Back is Each the other way round: the last row comes first.
func (t Table) Back(tx *Tx, prefix []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		c := t.Cursor(tx)
		for k, v := SeekLast(c, prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Prev() {
			if !yield(k, v) {
				return
			}
		}
	}
}

// BackFrom is Back, beginning at the last key that is before the key after.
func (t Table) BackFrom(tx *Tx, prefix, after []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		c := t.Cursor(tx)
		k, _ := c.Seek(after)
		var v []byte
		if k == nil {
			k, v = c.Last()
		} else {
			k, v = c.Prev()
		}
		for ; k != nil && bytes.HasPrefix(k, prefix); k, v = c.Prev() {
			if !yield(k, v) {
				return
			}
		}
	}
}

// Keys are copies of the first n keys that begin with prefix. What is to be
// deleted is listed first: a cursor that seeks the next one after each delete
// passes over the pages that its own transaction has emptied, again and again.
func (t Table) Keys(tx *Tx, prefix []byte, n int) (keys [][]byte) {
	if n <= 0 {
		return nil
	}
	for k := range t.Each(tx, prefix) {
		if keys = append(keys, bytes.Clone(k)); len(keys) == n {
			break
		}
	}
	return keys
}

// Last is the last row whose key begins with prefix; nil if there is none.
func (t Table) Last(tx *Tx, prefix []byte) (k, v []byte) {
	if k, v = SeekLast(t.Cursor(tx), prefix); !bytes.HasPrefix(k, prefix) {
		return nil, nil
	}
	return k, v
}

// SeekLast moves a cursor to the last row whose key begins with prefix, or to
// one before where that would be.
func SeekLast(c *Cursor, prefix []byte) (k, v []byte) {
	after := bytes.Clone(prefix)
	for i := len(after) - 1; i >= 0; i-- {
		if after[i]++; after[i] != 0 {
			if k, _ = c.Seek(after[:i+1]); k == nil {
				return c.Last()
			}
			return c.Prev()
		}
	}
	return c.Last()
}

// Any reports whether a key begins with prefix.
func (t Table) Any(tx *Tx, prefix []byte) bool {
	k, _ := t.Cursor(tx).Seek(prefix)
	return k != nil && bytes.HasPrefix(k, prefix)
}

// Part is a part of a key: a number of 8, 4 or 1 bytes, written big-endian, so
// that keys sort as numbers do.
type Part interface{ ~uint64 | ~uint32 | ~uint8 }

// width is how many bytes a part takes.
func width[P Part]() int {
	switch uint64(^P(0)) {
	case math.MaxUint8:
		return 1
	case math.MaxUint32:
		return 4
	}
	return 8
}

// AppendPart writes a part behind a key.
func AppendPart[P Part](key []byte, p P) []byte {
	switch width[P]() {
	case 8:
		return binary.BigEndian.AppendUint64(key, uint64(p))
	case 4:
		return binary.BigEndian.AppendUint32(key, uint32(p))
	}
	return append(key, byte(p))
}

// TakePart reads the part that a key begins with, and the rest.
func TakePart[P Part](key []byte) (p P, rest []byte) {
	n := width[P]()
	switch n {
	case 8:
		p = P(binary.BigEndian.Uint64(key))
	case 4:
		p = P(binary.BigEndian.Uint32(key))
	default:
		p = P(key[0])
	}
	return p, key[n:]
}

// Table1 is a table whose keys have one part.
type Table1[A Part] struct{ Table }

// NewTable1 is the table of that name.
func NewTable1[A Part](name string) Table1[A] { return Table1[A]{Table{name}} }

// Size is how long its keys are, in bytes.
func (Table1[A]) Size() int { return width[A]() }

// Key is the key of a row.
func (Table1[A]) Key(a A) []byte { return AppendPart(make([]byte, 0, 8), a) }

// Parts reads a key.
func (Table1[A]) Parts(key []byte) A {
	a, _ := TakePart[A](key)
	return a
}

// Get is a row; nil if there is none.
func (t Table1[A]) Get(tx *Tx, a A) []byte { return t.GetAt(tx, t.Key(a)) }

// Has reports whether there is a row.
func (t Table1[A]) Has(tx *Tx, a A) bool { return t.HasAt(tx, t.Key(a)) }

// Put writes a row.
func (t Table1[A]) Put(tx *Tx, a A, value []byte) error { return t.PutAt(tx, t.Key(a), value) }

// Delete takes a row away, if it is there.
func (t Table1[A]) Delete(tx *Tx, a A) error { return t.DeleteAt(tx, t.Key(a)) }

// Table2 is a table whose keys have two parts.
type Table2[A, B Part] struct{ Table }

// NewTable2 is the table of that name.
func NewTable2[A, B Part](name string) Table2[A, B] { return Table2[A, B]{Table{name}} }

// Size is how long its keys are, in bytes.
func (Table2[A, B]) Size() int { return width[A]() + width[B]() }

// Of is what the keys of an A begin with.
func (Table2[A, B]) Of(a A) []byte { return AppendPart(make([]byte, 0, 16), a) }

// Key is the key of a row.
func (t Table2[A, B]) Key(a A, b B) []byte { return AppendPart(t.Of(a), b) }

// Parts reads a key.
func (Table2[A, B]) Parts(key []byte) (a A, b B) {
	a, key = TakePart[A](key)
	b, _ = TakePart[B](key)
	return a, b
}

// Get is a row; nil if there is none.
func (t Table2[A, B]) Get(tx *Tx, a A, b B) []byte { return t.GetAt(tx, t.Key(a, b)) }

// Has reports whether there is a row.
func (t Table2[A, B]) Has(tx *Tx, a A, b B) bool { return t.HasAt(tx, t.Key(a, b)) }

// Put writes a row.
func (t Table2[A, B]) Put(tx *Tx, a A, b B, value []byte) error {
	return t.PutAt(tx, t.Key(a, b), value)
}

// Delete takes a row away, if it is there.
func (t Table2[A, B]) Delete(tx *Tx, a A, b B) error { return t.DeleteAt(tx, t.Key(a, b)) }

// Table3 is a table whose keys have three parts.
type Table3[A, B, C Part] struct{ Table }

// NewTable3 is the table of that name.
func NewTable3[A, B, C Part](name string) Table3[A, B, C] { return Table3[A, B, C]{Table{name}} }

// Size is how long its keys are, in bytes.
func (Table3[A, B, C]) Size() int { return width[A]() + width[B]() + width[C]() }

// Of is what the keys of an A begin with.
func (Table3[A, B, C]) Of(a A) []byte { return AppendPart(make([]byte, 0, 24), a) }

// Of2 is what the keys of an A and a B begin with.
func (t Table3[A, B, C]) Of2(a A, b B) []byte { return AppendPart(t.Of(a), b) }

// Key is the key of a row.
func (t Table3[A, B, C]) Key(a A, b B, c C) []byte { return AppendPart(t.Of2(a, b), c) }

// Parts reads a key.
func (Table3[A, B, C]) Parts(key []byte) (a A, b B, c C) {
	a, key = TakePart[A](key)
	b, key = TakePart[B](key)
	c, _ = TakePart[C](key)
	return a, b, c
}

// Get is a row; nil if there is none.
func (t Table3[A, B, C]) Get(tx *Tx, a A, b B, c C) []byte { return t.GetAt(tx, t.Key(a, b, c)) }

// Has reports whether there is a row.
func (t Table3[A, B, C]) Has(tx *Tx, a A, b B, c C) bool { return t.HasAt(tx, t.Key(a, b, c)) }

// Put writes a row.
func (t Table3[A, B, C]) Put(tx *Tx, a A, b B, c C, value []byte) error {
	return t.PutAt(tx, t.Key(a, b, c), value)
}

// Delete takes a row away, if it is there.
func (t Table3[A, B, C]) Delete(tx *Tx, a A, b B, c C) error {
	return t.DeleteAt(tx, t.Key(a, b, c))
}

// TextTable is a table whose keys are texts.
type TextTable[K ~string] struct{ Table }

// NewTextTable is the table of that name.
func NewTextTable[K ~string](name string) TextTable[K] { return TextTable[K]{Table{name}} }

// Get is a row; nil if there is none.
func (t TextTable[K]) Get(tx *Tx, k K) []byte { return t.GetAt(tx, []byte(k)) }

// Has reports whether there is a row.
func (t TextTable[K]) Has(tx *Tx, k K) bool { return t.HasAt(tx, []byte(k)) }

// Put writes a row.
func (t TextTable[K]) Put(tx *Tx, k K, value []byte) error { return t.PutAt(tx, []byte(k), value) }

// Delete takes a row away, if it is there.
func (t TextTable[K]) Delete(tx *Tx, k K) error { return t.DeleteAt(tx, []byte(k)) }
