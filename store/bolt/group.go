package bolt

import (
	"bytes"
	"iter"

	"go.etcd.io/bbolt"
)

// MaxKeySize is how long a key may be, in bytes.
const MaxKeySize = bbolt.MaxKeySize

// Groups is a table whose rows are groups of tables, which come and go together.
type Groups struct{ Table }

// Group finds one of them; it is not there if there is none of that name.
func (g Groups) Group(tx *Tx, name []byte) Group { return Group{tx, g.in(tx).Bucket(name)} }

// MakeGroup is Group, and makes it if it is not there.
func (g Groups) MakeGroup(tx *Tx, name []byte) (Group, error) {
	if group := g.Group(tx, name); group.There() {
		return group, nil
	}
	tx.changed = true
	b, err := g.in(tx).CreateBucket(name)
	return Group{tx, b}, err
}

// Drop takes a group away with all that is in it.
func (g Groups) Drop(tx *Tx, name []byte) error {
	tx.changed = true
	return g.in(tx).DeleteBucket(name)
}

// Groups lists them in the order of their names. None may come or go meanwhile.
func (g Groups) Groups(tx *Tx) iter.Seq2[[]byte, Group] {
	return func(yield func([]byte, Group) bool) {
		b := g.in(tx)
		c := b.Cursor()
		for name, v := c.First(); name != nil; name, v = c.Next() {
			if v == nil && !yield(name, Group{tx, b.Bucket(name)}) {
				return
			}
		}
	}
}

// Group is one group of tables in a transaction.
type Group struct {
	tx     *Tx
	bucket *bbolt.Bucket
}

// There reports whether there is such a group.
func (g Group) There() bool { return g.bucket != nil }

// Own is a row of the group itself, beside its tables; nil if there is none.
func (g Group) Own(key []byte) []byte { return g.bucket.Get(key) }

// PutOwn writes a row of the group itself.
func (g Group) PutOwn(key, value []byte) error {
	g.tx.changed = true
	return g.bucket.Put(key, value)
}

// Number is the number that SetNumber gave the group; 0: none.
func (g Group) Number() uint64 { return g.bucket.Sequence() }

// SetNumber gives the group a number.
func (g Group) SetNumber(n uint64) error {
	g.tx.changed = true
	return g.bucket.SetSequence(n)
}

// Rows finds a table of the group; it is not there if nothing was ever put in it.
func (g Group) Rows(table []byte) Rows { return Rows{g.tx, g.bucket.Bucket(table)} }

// MakeRows is Rows, and makes the table if it is not there.
func (g Group) MakeRows(table []byte) (Rows, error) {
	if rows := g.Rows(table); rows.There() {
		return rows, nil
	}
	g.tx.changed = true
	b, err := g.bucket.CreateBucket(table)
	return Rows{g.tx, b}, err
}

// Rows is a table of a group in a transaction.
type Rows struct {
	tx     *Tx
	bucket *bbolt.Bucket
}

// There reports whether there is such a table.
func (r Rows) There() bool { return r.bucket != nil }

// Get is a row; nil if there is none.
func (r Rows) Get(key []byte) []byte { return r.bucket.Get(key) }

// Put writes a row. The value must not change before the transaction ends.
func (r Rows) Put(key, value []byte) error {
	r.tx.changed = true
	return r.bucket.Put(key, value)
}

// Delete takes a row away, if it is there.
func (r Rows) Delete(key []byte) error {
	r.tx.changed = true
	return r.bucket.Delete(key)
}

// Empty reports whether there are no rows.
func (r Rows) Empty() bool {
	k, _ := r.bucket.Cursor().First()
	return k == nil
}

// Fill says how full pages are left, from 0 to 1, by what is put in this
// transaction.
func (r Rows) Fill(part float64) { r.bucket.FillPercent = part }

// Each shows look the rows whose keys begin with prefix, in their order, until
// it is false. Nothing may be written to the table meanwhile.
func (r Rows) Each(prefix []byte, look func(k, v []byte) bool) {
	c := r.bucket.Cursor()
	for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		if !look(k, v) {
			return
		}
	}
}
