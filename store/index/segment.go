package index

import (
	"bytes"
	"math"
	"math/bits"
	"slices"
	"time"

	"recado/campaign/people"
)

// bitmap is a set of people of a segment.
type bitmap [SegmentSize / 64]uint64

func (b *bitmap) add(local uint16)      { b[local/64] |= 1 << (local % 64) }
func (b *bitmap) has(local uint16) bool { return b[local/64]&(1<<(local%64)) != 0 }

func (b *bitmap) size() (n int) {
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}

// The states of a person that are a bit each.
const (
	stateThere = iota
	stateNamed
	statePhone // there is one to go by
	stateOdd   // a phone is not of digits, or too long
	stateTagged
	stateKnown // to a number of ours
	stateOut   // opted out
	stateDoubt
	stateOn    // on WhatsApp
	stateNotOn // not on WhatsApp
	stateAsked // about their consent
	stateGiven // it
	stateUser  // there is a username
	stateLabel // of WhatsApp Business
	stateCame  // by a link or from an ad
	stateCount
)

// segment is what is held of the people of some ids. It does not change.
type segment struct {
	states   [stateCount]bitmap
	lines    lines
	phones   phones
	former   phones
	postings postings[uint32] // who has a label
	words    postings[uint64] // who has a word that opens how
	times    [3]times         // by people.Happening
}

// lines are the folded names, emails and usernames: "name\n", or "name\temail\n" and so on, for each
// id, in their order. They are packed, see packer.
type lines struct {
	text  []byte
	sizes []uint8   // of each line; longLine: it has to be looked for
	marks []uint32  // where every line begins whose number is one of markEvery
	bytes [4]uint64 // which bytes there are
}

const (
	longLine  = math.MaxUint8
	markEvery = 16
)

// append adds the next line.
func (l *lines) append(line []byte) {
	if len(l.sizes)%markEvery == 0 {
		l.marks = append(l.marks, uint32(len(l.text)))
	}
	l.sizes = append(l.sizes, uint8(min(len(line), longLine)))
	l.text = append(l.text, line...)
}

// count finds out which bytes there are.
func (l *lines) count() {
	var seen [256]bool
	for _, c := range l.text {
		seen[c] = true
	}
	for c, is := range seen {
		if is {
			l.bytes[c/64] |= 1 << (c % 64)
		}
	}
}

// may reports whether a text may be in one of the lines.
func (l *lines) may(text string) bool {
	for i := range len(text) {
		if c := text[i]; l.bytes[c/64]&(1<<(c%64)) == 0 {
			return false
		}
	}
	return true
}

// from is where a line begins.
func (l *lines) from(local int) int {
	first := local &^ (markEvery - 1)
	at := int(l.marks[first/markEvery])
	for _, size := range l.sizes[first:local] {
		at += l.size(size, at)
	}
	return at
}

func (l *lines) size(size uint8, at int) int {
	if size == longLine {
		return bytes.IndexByte(l.text[at:], '\n') + 1
	}
	return int(size)
}

// line is a line without its end; empty if there is none.
func (l *lines) line(local uint16) []byte {
	if int(local) >= len(l.sizes) {
		return nil
	}
	from := l.from(int(local))
	return l.text[from : from+l.size(l.sizes[local], from)-1]
}

// each shows look where the lines of some people begin, and where they end.
func (l *lines) each(some []uint64, look func(local uint16, begin, end int)) {
	next, begin := 0, 0
	for i, word := range some {
		for ; word != 0; word &= word - 1 {
			local := i*64 + bits.TrailingZeros64(word)
			if local >= len(l.sizes) {
				return
			}
			if mark := local / markEvery; mark > next/markEvery {
				next, begin = mark*markEvery, int(l.marks[mark])
			}
			for ; next < local; next++ {
				begin += l.size(l.sizes[next], begin)
			}
			look(uint16(local), begin, begin+l.size(l.sizes[local], begin)-1)
		}
	}
}

// nameOf is the name in a line.
func nameOf(line []byte) []byte {
	if tab := bytes.IndexByte(line, '\t'); tab >= 0 {
		return line[:tab]
	}
	return line
}

// locate finds the line that a byte is in, and where that begins, beginning at a
// line before it.
func (l *lines) locate(at, local, from int) (line, begin int) {
	mark := local / markEvery
	step := 1
	for mark+step < len(l.marks) && int(l.marks[mark+step]) <= at {
		mark += step
		step *= 2
	}
	for ; step > 0; step /= 2 {
		if mark+step < len(l.marks) && int(l.marks[mark+step]) <= at {
			mark += step
		}
	}
	if mark > local/markEvery {
		local, from = mark*markEvery, int(l.marks[mark])
	}
	for {
		size := l.size(l.sizes[local], from)
		if at < from+size {
			return local, from
		}
		local, from = local+1, from+size
	}
}

// times are when something happened to people, in seconds, as runs of the same.
type times struct {
	at   []uint16 // where a run begins
	when []uint32
}

// The times that are none.
const (
	timeNever = 0
	timeOdd   = 1 // it is not known here
)

func seconds(t time.Time) uint32 {
	switch s := t.Unix(); {
	case t.IsZero():
		return timeNever
	case s <= timeOdd || s > math.MaxUint32:
		return timeOdd
	default:
		return uint32(s)
	}
}

// spread writes the runs out.
func (t *times) spread(to *[SegmentSize]uint32) {
	for i, when := range t.when {
		end := SegmentSize
		if i+1 < len(t.at) {
			end = int(t.at[i+1])
		}
		part := to[t.at[i]:end]
		for j := range part {
			part[j] = when
		}
	}
}

// runs finds the runs in times that are written out.
func runs(from *[SegmentSize]uint32) (t times) {
	last := uint32(timeNever)
	for i, when := range from {
		if when != last {
			t.at, t.when = append(t.at, uint16(i)), append(t.when, when)
			last = when
		}
	}
	t.at, t.when = slices.Clip(t.at), slices.Clip(t.when)
	return t
}

// maker makes segments, one after the other.
type maker struct {
	labels *labelCache
	seg    *segment
	lines  lines
	times  [3][SegmentSize]uint32
	have   rowMaker // labels
	words  wordMaker
	packer packer
	split  []span
	phones phoneMaker
	former phoneMaker
	buf    []byte
}

func newMaker(l *labels) *maker { return &maker{labels: l.cache(), seg: new(segment)} }

// lineOf writes the line of a person, and empty ones of those before who are not
// there.
func (m *maker) lineOf(local uint16, c *people.Contact) {
	m.gap(int(local))
	m.buf = appendLine(m.buf[:0], c)
	m.split = splitWords(m.split[:0], m.buf)
	m.words.line(local, m.buf, m.split)
	m.lines.append(m.packer.pack(m.buf, m.split))
}

func (m *maker) gap(until int) {
	for len(m.lines.sizes) < until {
		m.lines.append([]byte{'\n'})
	}
}

func appendLine(line []byte, c *people.Contact) []byte {
	line = people.AppendFold(line, c.Name)
	if email := c.Fields[people.EmailField]; email != "" {
		line = append(line, '\t')
		line = people.AppendFold(line, email)
	}
	if c.Username != "" {
		line = append(line, '\t')
		line = people.AppendFold(line, c.Username)
	}
	return line
}

// put writes everything of a person but the line.
func (m *maker) put(local uint16, c *people.Contact) {
	state := func(which int, on bool) {
		if on {
			m.seg.states[which].add(local)
		}
	}
	state(stateThere, true)
	state(stateNamed, c.Name != "")
	state(statePhone, c.BestPhone() != "")
	state(stateTagged, len(c.Tags) > 0)
	state(stateKnown, len(c.Knows) > 0)
	state(stateOut, c.OptedOut)
	state(stateDoubt, c.InDoubt())
	state(stateOn, c.Presence == people.OnWhatsApp)
	state(stateNotOn, c.Presence == people.NotOnWhatsApp)
	state(stateAsked, c.Consent.Status != people.ConsentUnknown)
	state(stateUser, c.Username != "")
	state(stateLabel, len(c.LabelNames()) > 0)
	state(stateCame, c.Came.Way != people.NoWay)
	state(stateGiven, c.Consent.Status == people.ConsentGiven)
	for h := range m.times {
		m.times[h][local] = seconds(people.Happening(h).At(c))
	}
	odd := !m.phones.add(local, c.Phone)
	if c.WhatsApp != c.Phone {
		odd = !m.phones.add(local, c.WhatsApp) || odd
	}
	for _, o := range c.Others {
		odd = !m.phones.add(local, o.Phone) || odd
	}
	for _, f := range c.Former {
		odd = !m.former.add(local, f.Phone) || odd
	}
	state(stateOdd, odd)
	m.labels.of(c, func(code uint32) { m.have.add(code, local) })
}

// done is the segment; the next one begins.
func (m *maker) done() *segment {
	s := m.seg
	s.lines = lines{text: slices.Clone(m.lines.text), sizes: slices.Clone(m.lines.sizes), marks: slices.Clone(m.lines.marks)}
	s.lines.count()
	s.phones, s.former = m.phones.done(), m.former.done()
	for h := range m.times {
		s.times[h] = runs(&m.times[h])
	}
	s.postings = postingsOf(&m.have, func(number uint32) uint32 { return number })
	s.words = m.words.done()
	m.seg = new(segment)
	m.lines = lines{text: m.lines.text[:0], sizes: m.lines.sizes[:0], marks: m.lines.marks[:0]}
	clear(m.times[:])
	return s
}

// remake is a segment after changes, which are all of it and in order.
func (m *maker) remake(old *segment, changes []Change) *segment {
	var changed bitmap
	for _, ch := range changes {
		_, local := place(ch.ID)
		changed.add(local)
	}
	s := m.seg
	s.states = old.states
	for i := range s.states {
		for word := range changed {
			s.states[i][word] &^= changed[word]
		}
	}
	for h := range m.times {
		old.times[h].spread(&m.times[h])
	}
	m.phones.carry(&old.phones, &changed)
	m.former.carry(&old.former, &changed)
	old.postings.each(func(code uint32, row []uint16) {
		if m.labels.dropped(code) {
			return
		}
		rowMembers(row, func(local uint16) {
			if !changed.has(local) {
				m.have.add(code, local)
			}
		})
	})
	m.words.carry(&old.words, &changed)
	kept := &old.lines
	next, begin := 0, 0 // the first line that has not been copied
	copyTo := func(until int) {
		for ; next < min(until, len(kept.sizes)); next++ {
			size := kept.size(kept.sizes[next], begin)
			m.lines.append(kept.text[begin : begin+size])
			begin += size
		}
	}
	for _, ch := range changes {
		_, local := place(ch.ID)
		copyTo(int(local))
		if ch.Contact != nil {
			m.lineOf(local, ch.Contact)
			m.put(local, ch.Contact)
		} else {
			m.gap(min(int(local)+1, len(kept.sizes)))
			for h := range m.times {
				m.times[h][local] = timeNever
			}
		}
		if next == int(local) && next < len(kept.sizes) { // the line that was
			begin += kept.size(kept.sizes[next], begin)
			next++
		}
	}
	copyTo(len(kept.sizes))
	return m.done()
}
