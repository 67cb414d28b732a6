package store

import (
	"math/bits"
	"slices"

	"recado/campaign"
)

// idSet is a set of contacts, a bit each.
type idSet []uint64

func (s *idSet) add(id campaign.ContactID) {
	if word := uint64(id) / 64; word >= uint64(len(*s)) {
		*s = append(*s, make(idSet, word+1-uint64(len(*s)))...)
	}
	(*s)[id/64] |= 1 << (id % 64)
}

func (s idSet) remove(id campaign.ContactID) {
	if s.has(id) {
		s[id/64] &^= 1 << (id % 64)
	}
}

func (s idSet) has(id campaign.ContactID) bool {
	return uint64(id)/64 < uint64(len(s)) && s[id/64]&(1<<(id%64)) != 0
}

// size is how many are in the set.
func (s idSet) size() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// union is who is in either of the sets.
func (s idSet) union(o idSet) idSet {
	all := slices.Clone(s)
	if len(all) < len(o) {
		all = append(all, make(idSet, len(o)-len(all))...)
	}
	for i, word := range o {
		all[i] |= word
	}
	return all
}
