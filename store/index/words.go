package index

import (
	"bytes"
	"slices"

	"recado/campaign/people"
)

// Words are found by what they begin with: each segment has rows of who has a word
// that opens so. Lines are read of those alone of whom the rows cannot tell, as
// what is held of a million people is too much to be read at each key press.
//
// The opening of a word is what stands before its first figure, twelve letters of
// it at most. Most emails are made of the name of their owner, with figures behind
// it, and need no rows of their own; of other words of an email, before the @, and
// of a username four letters have to do.

const (
	manyLetters = 12
	manyBytes   = 7 // of a word that does not begin with a letter from a to z
	shortSize   = 4
	shortMark   = 1  // the last bit of an opening of which there is more
	otherLetter = 27 // stands for what is no letter from a to z, and ends the opening
	otherWord   = 28 // begins the opening of a word that begins otherwise
)

// letters is what stands in a word before its first figure, but for a word that
// begins with one.
func letters(word []byte) []byte {
	for i := 1; i < len(word) && !isDigit(word[0]); i++ {
		if isDigit(word[i]) {
			return word[:i]
		}
	}
	return word
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// opening is the opening of a word, which has no figures behind it, as a number: five
// bits for a letter, from the top. Words that begin alike have numbers that do, in
// so many bits; all: nothing of the word is left out.
func opening(word []byte) (code uint64, bits int, all bool) {
	if word[0] < 'a' || word[0] > 'z' {
		code, bits = otherWord<<59, 5
		for _, c := range word[:min(len(word), manyBytes)] {
			bits += 8
			code |= uint64(c) << (64 - bits)
		}
		return code, bits, len(word) <= manyBytes
	}
	for _, c := range word[:min(len(word), manyLetters)] {
		bits += 5
		if c < 'a' || c > 'z' {
			return code | otherLetter<<(64-bits), bits, false
		}
		code |= uint64(c-'a'+1) << (64 - bits)
	}
	return code, bits, len(word) <= manyLetters
}

// short is the opening of a word of more than shortSize bytes, of four of them.
func short(word []byte) uint64 {
	code, _, _ := opening(word[:shortSize])
	return code | shortMark
}

// wordMaker makes the rows of words.
type wordMaker struct {
	rows  rowMaker
	codes []uint64 // of each row
	slots []uint32 // a row and one, found by a code; see row
	named []uint64 // the openings of a name
}

// span is where a word begins and ends.
type span struct{ begin, end int }

// splitWords appends the words of a text.
func splitWords(dst []span, text []byte) []span {
	for at := 0; ; {
		begin, end := people.NextWord(text, at)
		if begin == len(text) {
			return dst
		}
		dst = append(dst, span{begin, end})
		at = end
	}
}

// line notes the words of a line.
func (m *wordMaker) line(local uint16, line []byte, split []span) {
	m.named = m.named[:0]
	name := len(nameOf(line))
	host := max(bytes.IndexByte(line, '@'), 0) // few people have one of their own
	for _, at := range split {
		word := letters(line[at.begin:at.end])
		code, _, _ := opening(word)
		switch {
		case at.begin < name:
			m.named = append(m.named, code)
		case slices.Contains(m.named, code):
			continue
		case len(word) > shortSize && (host == 0 || at.begin < host):
			code = short(word)
		}
		m.rows.add(m.row(code), local)
	}
}

// carry notes the words of a segment, but those of who has changed.
func (m *wordMaker) carry(old *postings[uint64], changed *bitmap) {
	old.each(func(code uint64, row []uint16) {
		number := m.row(code)
		rowMembers(row, func(local uint16) {
			if !changed.has(local) {
				m.rows.add(number, local)
			}
		})
	})
}

// row is the number of the row of an opening.
func (m *wordMaker) row(code uint64) uint32 {
	if len(m.codes)*2 >= len(m.slots) {
		m.slots = make([]uint32, max(1024, 4*len(m.slots)))
		for number, code := range m.codes {
			m.slots[m.slot(code)] = uint32(number) + 1
		}
	}
	at := m.slot(code)
	if m.slots[at] == 0 {
		m.codes = append(m.codes, code)
		m.slots[at] = uint32(len(m.codes))
	}
	return m.slots[at] - 1
}

// slot is where the row of an opening is, or would be.
func (m *wordMaker) slot(code uint64) int {
	mask := len(m.slots) - 1
	for at := int(code*0x9e3779b97f4a7c15>>32) & mask; ; at = (at + 1) & mask {
		if n := m.slots[at]; n == 0 || m.codes[n-1] == code {
			return at
		}
	}
}

func (m *wordMaker) done() postings[uint64] {
	return postingsOf(&m.rows, func(number uint32) uint64 { return m.codes[number] })
}

// wanted is what a text asks of somebody's words.
type wanted struct {
	words []openings // of each one that opens so
	sure  bool       // whoever has a word from first to last has the text
}

// openings are those from one to another one, and one that may be short for them.
type openings struct{ first, last, short uint64 }

// wantedOf is what a text asks for; nothing if it may be anywhere in a word.
func wantedOf(q textQuery) (w wanted) {
	text := []byte(q.Text)
	for _, at := range splitWords(nil, text) {
		begin, end := at.begin, at.end
		if begin == 0 && !q.Begin { // it may begin before
			continue
		}
		word := letters(text[begin:end])
		code, bits, all := opening(word)
		o := openings{first: code, last: code}
		goesOn := all && end == len(text) && !q.End && len(word) == end-begin
		if goesOn {
			o.last |= 1<<(64-bits) - 1
		}
		if len(word) > shortSize {
			o.short = short(word)
		}
		w.words = append(w.words, o)
		w.sure = goesOn && begin == 0 && !q.Whole && !q.nameOnly
	}
	return w
}

// find adds to two sets who has a word that opens so, and who may.
func (o openings) find(p *postings[uint64], has, may []uint64) {
	at, _ := slices.BinarySearch(p.codes, o.first)
	for ; at < len(p.codes) && p.codes[at] <= o.last; at++ {
		orRow(p.members[p.starts[at]:p.starts[at+1]], has)
	}
	if at, found := slices.BinarySearch(p.codes, o.short); found && o.short != 0 {
		orRow(p.members[p.starts[at]:p.starts[at+1]], may)
	}
}
