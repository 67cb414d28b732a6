package index

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"sort"

	"recado/campaign/people"
)

// order is in which order people are listed: base, but those who
// are late, who are elsewhere.
type order struct {
	base  []uint32
	ranks []uint32          // of each id: one more than its place in base; 0: it has none, or is late. nil: not known yet
	late  map[uint32][]byte // by what they are listed; nil: they are gone
}

// manyLate is how many are put among the others.
const manyLate = 4096

// nameKey is by what a person is listed, for who has a name; see maxNameKey.
func nameKey(line []byte) []byte {
	name := nameOf(line)
	return name[:min(len(name), maxNameKey)]
}

// maxNameKey is how much of a name counts.
const maxNameKey = 200

// note notes a change before it is made.
func (o *order) note(x *Index, ch Change) {
	id := uint32(ch.ID)
	if _, late := o.late[id]; !late && ch.Contact != nil {
		if old := x.line(id); len(nameKey(old)) > 0 && bytes.Equal(listed(nameKey(old), id), ch.Key) && x.there(id) {
			return
		}
	}
	if o.late == nil {
		o.late = make(map[uint32][]byte)
	}
	o.late[id] = bytes.Clone(ch.Key)
	if int(id) < len(o.ranks) {
		o.ranks[id] = 0
	}
}

// listed is the whole key of a name.
func listed(name []byte, id uint32) []byte {
	key := make([]byte, 0, len(name)+9)
	return binary.BigEndian.AppendUint64(append(append(key, name...), 0), uint64(id))
}

// line is what is held of somebody's name and email.
func (x *Index) line(id uint32) []byte {
	at, local := place(people.ContactID(id))
	if at >= len(x.segments) || x.segments[at] == nil {
		return nil
	}
	return x.segments[at].lines.line(local)
}

func (x *Index) there(id uint32) bool {
	at, local := place(people.ContactID(id))
	return at < len(x.segments) && x.segments[at] != nil && x.segments[at].states[stateThere].has(local)
}

// orderKey is by what somebody is listed; key says it of who has no name.
func (x *Index) orderKey(id uint32, key func(people.ContactID) []byte) []byte {
	if name := nameKey(x.line(id)); len(name) > 0 {
		return listed(name, id)
	}
	return key(people.ContactID(id))
}

// settle puts the late ones among the others if they are many.
func (o *order) settle(x *Index, key func(people.ContactID) []byte) {
	if len(o.late) >= manyLate {
		o.place(x, key)
	}
}

// place puts the late ones among the others.
func (o *order) place(x *Index, key func(people.ContactID) []byte) {
	if len(o.late) == 0 {
		return
	}
	var moved people.Set
	for id := range o.late {
		moved.Add(people.ContactID(id))
	}
	late := o.sorted(moved)
	stay := make([]uint32, 0, len(o.base)+len(late))
	for _, id := range o.base {
		if !moved.Has(people.ContactID(id)) {
			stay = append(stay, id)
		}
	}
	// From the end, so that everybody is moved once.
	until := len(stay)
	stay = stay[:len(stay)+len(late)]
	for i := len(late) - 1; i >= 0; i-- {
		at := sort.Search(until, func(j int) bool { return bytes.Compare(x.orderKey(stay[j], key), late[i].key) > 0 })
		copy(stay[at+i+1:], stay[at:until])
		stay[at+i] = late[i].id
		until = at
	}
	*o = order{base: stay}
}

type lateOne struct {
	id  uint32
	key []byte
}

// sorted are the late ones of a set who are there, in their order.
func (o *order) sorted(set people.Set) (all []lateOne) {
	for id, key := range o.late {
		if key != nil && set.Has(people.ContactID(id)) {
			all = append(all, lateOne{id, key})
		}
	}
	slices.SortFunc(all, func(a, b lateOne) int { return bytes.Compare(a.key, b.key) })
	return all
}

// Rank finds out where in the order everybody is, if that is not known: Ordered does it
// otherwise, while somebody waits.
func (x *Index) Rank() {
	o := &x.order
	if o.ranks != nil {
		return
	}
	people := len(x.segments) * SegmentSize
	o.ranks = make([]uint32, people)
	for i, id := range o.base {
		if int(id) < people {
			o.ranks[id] = uint32(i) + 1
		}
	}
	for id := range o.late { // they are not where they were
		if int(id) < people {
			o.ranks[id] = 0
		}
	}
}

// Ordered puts people of the index in their order: it marks where in base they are, and
// compares nobody with anybody, but for those who are late. Key is by what somebody who
// has no name is listed.
func (x *Index) Ordered(set people.Set, key func(people.ContactID) []byte) Found {
	x.Rank()
	o := &x.order
	marks := make(people.Set, len(o.base)/64+1)
	for i, word := range set[:min(len(set), len(o.ranks)/64)] {
		ranks := o.ranks[i*64 : i*64+64]
		for ; word != 0; word &= word - 1 {
			rank := ranks[bits.TrailingZeros64(word)]
			marks[rank/64] |= 1 << (rank % 64)
		}
	}
	marks[0] &^= 1 // who has no rank
	found := marked(o.base, marks)
	size, from := found.Size(), 0
	var late []placed
	for i, l := range o.sorted(set) {
		from += sort.Search(size-from, func(j int) bool {
			return bytes.Compare(x.orderKey(uint32(found.At(from+j)), key), l.key) > 0
		})
		late = append(late, placed{from + i, l.id})
	}
	found.late = late
	return found
}
