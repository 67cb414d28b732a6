package index

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sort"

	"recado/campaign/people"
)

// order is in which order people are listed: base, but those who
// are late, who are elsewhere.
type order struct {
	base []uint32
	late map[uint32][]byte // by what they are listed; nil: they are gone
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
	late := o.sorted()
	var moved people.Set
	for id := range o.late {
		moved.Add(people.ContactID(id))
	}
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

// sorted are the late ones who are there, in their order.
func (o *order) sorted() []lateOne {
	all := make([]lateOne, 0, len(o.late))
	for id, key := range o.late {
		if key != nil {
			all = append(all, lateOne{id, key})
		}
	}
	slices.SortFunc(all, func(a, b lateOne) int { return bytes.Compare(a.key, b.key) })
	return all
}

// fewHits is the part of all people beneath which those who were found are sorted,
// instead of passing over all others.
const fewHits = 128

// Ordered lists people of the index in their order. Key is by what somebody who has
// no name is listed.
func (x *Index) Ordered(set people.Set, key func(people.ContactID) []byte) []people.ContactID {
	o, size := &x.order, set.Size()
	ids := make([]people.ContactID, 0, size)
	if size <= len(o.base)/fewHits {
		keys := make([]lateOne, 0, size)
		for id := range set.All() {
			keys = append(keys, lateOne{uint32(id), x.orderKey(uint32(id), key)})
		}
		slices.SortFunc(keys, func(a, b lateOne) int { return bytes.Compare(a.key, b.key) })
		for _, k := range keys {
			ids = append(ids, people.ContactID(k.id))
		}
		return ids
	}
	if len(o.late) > 0 {
		set = slices.Clone(set)
	}
	var late []lateOne
	for _, l := range o.sorted() {
		if set.Has(people.ContactID(l.id)) {
			late = append(late, l)
		}
	}
	for id := range o.late { // they are not where they were
		set.Remove(people.ContactID(id))
	}
	for _, id := range o.base {
		if set.Has(people.ContactID(id)) {
			ids = append(ids, people.ContactID(id))
		}
	}
	if len(late) == 0 {
		return ids
	}
	merged := make([]people.ContactID, 0, size)
	for _, l := range late {
		at := sort.Search(len(ids), func(i int) bool { return bytes.Compare(x.orderKey(uint32(ids[i]), key), l.key) > 0 })
		merged = append(append(merged, ids[:at]...), people.ContactID(l.id))
		ids = ids[at:]
	}
	return append(merged, ids...)
}
