package index

import (
	"math/bits"
	"slices"
	"sort"

	"recado/campaign/people"
)

// Found are people in the order of the list. Those whom a search has found are marked
// where they stand in it, and are not written out before they are asked for: a screen
// shows few of many. It does not change, whatever becomes of the people.
type Found struct {
	ids []people.ContactID // all of them, if they are written out; otherwise there is what follows

	base   []uint32   // the order, see order
	marks  people.Set // of places in it, and one more
	before []uint32   // how many are marked before each block of the marks, and in all
	late   []placed   // who stands between them
}

// placed is a person and where among all who were found they are.
type placed struct {
	at int
	id uint32
}

// markBlock is how many words of marks are a block.
const markBlock = 64

// Listed are people who have been put in order.
func Listed(ids []people.ContactID) Found { return Found{ids: ids} }

// marked are those of base who are marked.
func marked(base []uint32, marks people.Set) Found {
	f := Found{base: base, marks: marks, before: make([]uint32, 1, len(marks)/markBlock+2)}
	for block := range slices.Chunk(marks, markBlock) {
		f.before = append(f.before, f.before[len(f.before)-1]+uint32(block.Size()))
	}
	return f
}

// Size is how many there are.
func (f Found) Size() int {
	if f.marks == nil {
		return len(f.ids)
	}
	return int(f.before[len(f.before)-1]) + len(f.late)
}

// At is who stands at a place, which is less than the size.
func (f Found) At(place int) people.ContactID {
	var one [1]people.ContactID
	return f.append(one[:0], place, place+1)[0]
}

// Part lists those from a place to before another one, as far as there are some.
func (f Found) Part(from, to int) []people.ContactID {
	to = min(to, f.Size())
	if from = max(from, 0); from >= to {
		return nil
	}
	return f.append(make([]people.ContactID, 0, to-from), from, to)
}

// All lists everybody.
func (f Found) All() []people.ContactID { return f.Part(0, f.Size()) }

// Place is where a person stands; -1: they are not there.
func (f Found) Place(id people.ContactID) int {
	const some = 4096
	for from := 0; from < f.Size(); from += some {
		if at := slices.Index(f.Part(from, from+some), id); at >= 0 {
			return from + at
		}
	}
	return -1
}

// append appends those from a place to before another one, who are all there.
func (f Found) append(ids []people.ContactID, from, to int) []people.ContactID {
	if f.marks == nil {
		return append(ids, f.ids[from:to]...)
	}
	late := f.late[sort.Search(len(f.late), func(i int) bool { return f.late[i].at >= from }):]
	skip := uint32(from - len(f.late) + len(late)) // of those who are marked
	block := sort.Search(len(f.before)-1, func(i int) bool { return f.before[i+1] > skip })
	at := block * markBlock
	word := uint64(0)
	if at < len(f.marks) {
		word = f.marks[at]
		skip -= f.before[block]
		for n := uint32(bits.OnesCount64(word)); n <= skip; n = uint32(bits.OnesCount64(word)) {
			skip -= n
			at++
			word = f.marks[at]
		}
		for ; skip > 0; skip-- {
			word &= word - 1
		}
	}
	for place := from; place < to; place++ {
		if len(late) > 0 && late[0].at == place {
			ids = append(ids, people.ContactID(late[0].id))
			late = late[1:]
			continue
		}
		for word == 0 {
			at++
			word = f.marks[at]
		}
		ids = append(ids, people.ContactID(f.base[at*64+bits.TrailingZeros64(word)-1]))
		word &= word - 1
	}
	return ids
}
