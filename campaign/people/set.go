package people

import (
	"iter"
	"math/bits"
	"slices"
)

// Set is a set of contacts, a bit for each id: a million of them take 128 KB.
// The zero Set is empty.
type Set []uint64

// Add puts a contact into the set.
func (s *Set) Add(id ContactID) {
	if word := uint64(id) / 64; word >= uint64(len(*s)) {
		*s = append(*s, make(Set, word+1-uint64(len(*s)))...)
	}
	(*s)[id/64] |= 1 << (id % 64)
}

// Remove takes a contact out of the set.
func (s Set) Remove(id ContactID) {
	if s.Has(id) {
		s[id/64] &^= 1 << (id % 64)
	}
}

// Has reports whether a contact is in the set.
func (s Set) Has(id ContactID) bool {
	return uint64(id)/64 < uint64(len(s)) && s[id/64]&(1<<(id%64)) != 0
}

// Size is how many are in the set.
func (s Set) Size() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// All gives the contacts in the order of their ids.
func (s Set) All() iter.Seq[ContactID] {
	return func(yield func(ContactID) bool) {
		for i, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(ContactID(i*64 + bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}

// Union is who is in either of the sets.
func (s Set) Union(o Set) Set {
	all := slices.Clone(s)
	if len(all) < len(o) {
		all = append(all, make(Set, len(o)-len(all))...)
	}
	for i, word := range o {
		all[i] |= word
	}
	return all
}
