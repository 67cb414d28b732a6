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
	postings postings
	times    [3]times // by people.Happening
}

// lines are the folded names, emails and usernames: "name\n", or "name\temail\n" and so on, for each
// id, in their order.
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

// postings are who has a label: of each label a row of ids, or, if they are many,
// of bits.
type postings struct {
	codes   []uint32 // sorted
	starts  []uint32 // where the row of each begins, and the end of the last
	members []uint16
}

const (
	denseRow = SegmentSize / 16 // how long a row of bits is; one of ids is shorter
)

// each shows look the row of each label.
func (p *postings) each(look func(code uint32, row []uint16)) {
	for i, code := range p.codes {
		look(code, p.members[p.starts[i]:p.starts[i+1]])
	}
}

// orRow adds a row to a set.
func orRow(row []uint16, to []uint64) {
	if len(row) < denseRow {
		for _, local := range row {
			to[local/64] |= 1 << (local % 64)
		}
		return
	}
	for i := range to {
		four := row[i*4 : i*4+4]
		to[i] |= uint64(four[0]) | uint64(four[1])<<16 | uint64(four[2])<<32 | uint64(four[3])<<48
	}
}

// rowSize is how many are in a row.
func rowSize(row []uint16) (n int) {
	if len(row) < denseRow {
		return len(row)
	}
	for _, part := range row {
		n += bits.OnesCount16(part)
	}
	return n
}

// rowMembers lists who is in a row.
func rowMembers(row []uint16, look func(local uint16)) {
	if len(row) < denseRow {
		for _, local := range row {
			look(local)
		}
		return
	}
	for i, part := range row {
		for ; part != 0; part &= part - 1 {
			look(uint16(i*16 + bits.TrailingZeros16(part)))
		}
	}
}

// maker makes segments, one after the other.
type maker struct {
	labels *labelCache
	seg    *segment
	lines  lines
	times  [3][SegmentSize]uint32
	rows   [][]uint16 // by label
	used   []uint32   // the labels whose rows are not empty
	mixed  bool       // rows are not in order
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
	m.lines.append(m.buf)
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
	return append(line, '\n')
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
	m.labels.of(c, func(code uint32) { m.label(code, local) })
}

// label notes that somebody has a label.
func (m *maker) label(code uint32, local uint16) {
	for int(code) >= len(m.rows) {
		m.rows = append(m.rows, nil)
	}
	row := m.rows[code]
	if n := len(row); n == 0 {
		m.used = append(m.used, code)
	} else if row[n-1] == local {
		return
	} else if row[n-1] > local {
		m.mixed = true
	}
	m.rows[code] = append(row, local)
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
	s.postings = m.pack()
	m.seg = new(segment)
	m.lines = lines{text: m.lines.text[:0], sizes: m.lines.sizes[:0], marks: m.lines.marks[:0]}
	clear(m.times[:])
	return s
}

// pack makes postings of the rows.
func (m *maker) pack() (p postings) {
	slices.Sort(m.used)
	size := 0
	for _, code := range m.used {
		size += min(len(m.rows[code]), denseRow)
	}
	p.codes = slices.Clone(m.used)
	p.starts = make([]uint32, 0, len(m.used)+1)
	p.members = make([]uint16, 0, size)
	for _, code := range m.used {
		row := m.rows[code]
		if m.mixed {
			slices.Sort(row)
			row = slices.Compact(row)
		}
		p.starts = append(p.starts, uint32(len(p.members)))
		if len(row) < denseRow {
			p.members = append(p.members, row...)
		} else {
			var bits [denseRow]uint16
			for _, local := range row {
				bits[local/16] |= 1 << (local % 16)
			}
			p.members = append(p.members, bits[:]...)
		}
		m.rows[code] = row[:0]
	}
	p.starts = append(p.starts, uint32(len(p.members)))
	m.used, m.mixed = m.used[:0], false
	return p
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
				m.label(code, local)
			}
		})
	})
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
