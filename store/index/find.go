package index

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// finder finds a text in others: at eight places at once, by the two of its bytes
// that are the rarest in names. Names have few different bytes, so that to look
// for the first one, as bytes.Index does, stops everywhere.
type finder struct {
	text          []byte
	first, second int // where the two are
	a, b          uint64
}

// rarity is the bytes of names, the most frequent one first.
const rarity = "a eiorsnldtm\ncuvgbpfhzjqxykw@.0123456789"

func newFinder(text string) *finder {
	f := &finder{text: []byte(text)}
	rank := func(i int) int {
		if at := bytes.IndexByte([]byte(rarity), text[i]); at >= 0 {
			return at
		}
		return len(rarity)
	}
	for i := range len(text) {
		if rank(i) > rank(f.first) {
			f.first = i
		}
	}
	if f.first == 0 && len(text) > 1 {
		f.second = 1
	}
	for i := range len(text) {
		if i != f.first && rank(i) > rank(f.second) {
			f.second = i
		}
	}
	f.a, f.b = ones*uint64(text[f.first]), ones*uint64(text[f.second])
	return f
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// next is where the text, which is not empty, is found in another one, from a
// place on; -1: nowhere.
func (f *finder) next(in []byte, from int) int {
	if len(f.text) == 1 {
		if at := bytes.IndexByte(in[from:], f.text[0]); at >= 0 {
			return from + at
		}
		return -1
	}
	end := len(in) - len(f.text) - 7 // places from which eight can be looked at
	at := from
	for at <= end {
		x := binary.LittleEndian.Uint64(in[at+f.first:]) ^ f.a
		x |= binary.LittleEndian.Uint64(in[at+f.second:]) ^ f.b
		found := (x - ones) &^ x & highs // the lowest that is set is right, others may not be
		for found != 0 {
			place := at + bits.TrailingZeros64(found)/8
			if string(in[place:place+len(f.text)]) == string(f.text) {
				return place
			}
			found &= found - 1
		}
		at += 8
	}
	if at > len(in) {
		return -1
	}
	if rest := bytes.Index(in[at:], f.text); rest >= 0 {
		return at + rest
	}
	return -1
}
