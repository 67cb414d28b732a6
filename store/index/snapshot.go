package index

import (
	"errors"
	"unsafe"

	"recado/campaign/people"
)

// A snapshot is the index as it stands in memory, row after row of numbers, each
// where the machine wants them to begin: it is ready as soon as it is read. It is
// good for the program, and the kind of machine, that wrote it; whoever keeps it
// sees to it that it is whole, and that it belongs to the people of now.

// ErrSnapshot is the answer to a snapshot that is none.
var ErrSnapshot = errors.New("no snapshot of the index")

// number is what rows are made of.
type number interface {
	uint8 | uint16 | uint32 | uint64
}

const align = 8

// AppendTo appends a snapshot. Key is by what somebody who has no name is listed.
func (x *Index) AppendTo(b []byte, key func(people.ContactID) []byte) []byte {
	e := encoder{b}
	l := x.labels
	for _, many := range l.tooMany {
		e.flag(many)
	}
	e.flag(l.manyFields)
	e.count(len(l.all))
	for _, one := range l.all {
		e.count(int(one.kind))
		e.count(int(one.field))
		e.text(one.text)
	}
	e.count(len(l.fields))
	for _, f := range l.fields {
		e.text(f.key)
		e.count(int(f.code))
		e.count(f.values)
		e.flag(f.wide)
	}
	e.count(len(l.byName))
	for name, f := range l.byName {
		e.text(name)
		e.count(int(l.all[f.code].field))
	}
	x.order.place(x, key)
	put(&e, x.order.base)
	e.count(len(x.segments))
	for _, s := range x.segments {
		e.flag(s != nil)
		if s == nil {
			continue
		}
		for i := range s.states {
			put(&e, s.states[i][:])
		}
		put(&e, s.lines.text)
		put(&e, s.lines.sizes)
		put(&e, s.lines.marks)
		put(&e, s.lines.bytes[:])
		for _, p := range [...]*phones{&s.phones, &s.former} {
			e.count(len(p.groups))
			for _, g := range p.groups {
				for _, n := range [...]uint32{g.high, uint32(g.digits), uint32(g.lows), g.from, g.to} {
					e.count(int(n))
				}
			}
			put(&e, p.low)
			put(&e, p.owner)
		}
		putPostings(&e, s.postings)
		putPostings(&e, s.words)
		for i := range s.times {
			put(&e, s.times[i].at)
			put(&e, s.times[i].when)
		}
	}
	return e.b
}

type encoder struct{ b []byte }

func (e *encoder) count(n int) { put(e, []uint64{uint64(n)}) }

func (e *encoder) flag(on bool) {
	n := 0
	if on {
		n = 1
	}
	e.count(n)
}

func (e *encoder) text(s string) { put(e, []byte(s)) }

// put writes a row, behind how long it is.
func put[N number](e *encoder, row []N) {
	n := uint64(len(row))
	e.b = append(e.b, unsafe.Slice((*byte)(unsafe.Pointer(&n)), 8)...)
	if len(row) > 0 {
		e.b = append(e.b, unsafe.Slice((*byte)(unsafe.Pointer(&row[0])), len(row)*int(unsafe.Sizeof(row[0])))...)
	}
	for len(e.b)%align != 0 {
		e.b = append(e.b, 0)
	}
}

func putPostings[C uint32 | uint64](e *encoder, p postings[C]) {
	put(e, p.codes)
	put(e, p.starts)
	put(e, p.members)
}

func takePostings[C uint32 | uint64](d *decoder) postings[C] {
	p := postings[C]{take[C](d), take[uint32](d), take[uint16](d)}
	if len(p.starts) != len(p.codes)+1 || int(p.starts[len(p.codes)]) != len(p.members) {
		d.fail()
		return postings[C]{}
	}
	return p
}

// decoder reads a snapshot. After the first mistake everything is empty.
type decoder struct {
	b   []byte
	bad bool
}

// take reads a row, which is a part of the snapshot.
func take[N number](d *decoder) (row []N) {
	var one N
	size := int(unsafe.Sizeof(one))
	if len(d.b) < 8 {
		d.fail()
		return nil
	}
	n := *(*uint64)(unsafe.Pointer(&d.b[0]))
	if n > uint64(len(d.b)-8)/uint64(size) {
		d.fail()
		return nil
	}
	if n > 0 {
		row = unsafe.Slice((*N)(unsafe.Pointer(&d.b[8])), int(n))
	}
	end := 8 + (int(n)*size+align-1)/align*align
	if end > len(d.b) {
		d.fail()
		return nil
	}
	d.b = d.b[end:]
	return row
}

func (d *decoder) fail() { d.b, d.bad = nil, true }

// count reads a number that is not larger than limit.
func (d *decoder) count(limit int) int {
	row := take[uint64](d)
	if len(row) != 1 || row[0] > uint64(limit) {
		d.fail()
		return 0
	}
	return int(row[0])
}

func (d *decoder) flag() bool { return d.count(1) == 1 }

func (d *decoder) text() string { return string(take[byte](d)) }

// Read is the index of a snapshot, which must begin where the machine wants its
// largest numbers to, and is a part of the index from then on.
func Read(b []byte) (*Index, error) {
	if len(b) == 0 || uintptr(unsafe.Pointer(&b[0]))%align != 0 {
		return nil, ErrSnapshot
	}
	d := decoder{b: b}
	x := New()
	l := x.labels
	for kind := range l.tooMany {
		l.tooMany[kind] = d.flag()
	}
	l.manyFields = d.flag()
	for code := range d.count(len(b)) {
		one := label{kind: labelKind(d.count(int(labelKinds) - 1))}
		one.field, one.text = uint32(d.count(1<<32-1)), d.text()
		l.all, l.codes[one] = append(l.all, one), uint32(code)
		l.texts[one.kind]++
	}
	for range d.count(len(b)) {
		f := &field{key: d.text(), code: uint32(d.count(len(l.all) - 1)), values: d.count(len(b)), wide: d.flag()}
		l.fields, l.byKey[f.key] = append(l.fields, f), f
	}
	for range d.count(len(b)) {
		name := d.text()
		n := d.count(len(l.fields) - 1)
		if d.bad {
			break
		}
		l.byName[name] = l.fields[n]
		l.fields[n].names.Add(1)
	}
	for _, one := range l.all {
		if (one.kind == labelField || one.kind == labelValue) && int(one.field) >= len(l.fields) {
			d.fail()
		}
	}
	x.order.base = take[uint32](&d)
	for range d.count(maxID / SegmentSize) {
		var s *segment
		if d.flag() {
			s = d.segment(len(l.all))
		}
		x.segments = append(x.segments, s)
	}
	for _, id := range x.order.base {
		if int(id) >= len(x.segments)*SegmentSize {
			d.fail()
			break
		}
	}
	if d.bad || len(d.b) > 0 {
		return nil, ErrSnapshot
	}
	return x, nil
}

func (d *decoder) segment(labels int) *segment {
	s := new(segment)
	for i := range s.states {
		if row := take[uint64](d); len(row) == len(s.states[i]) {
			s.states[i] = bitmap(row)
		} else {
			d.fail()
		}
	}
	s.lines = lines{text: take[byte](d), sizes: take[uint8](d), marks: take[uint32](d)}
	copy(s.lines.bytes[:], take[uint64](d))
	if n := len(s.lines.sizes); n > SegmentSize || len(s.lines.marks) != (n+markEvery-1)/markEvery || n > len(s.lines.text) {
		d.fail()
	}
	for _, p := range [...]*phones{&s.phones, &s.former} {
		for range d.count(len(d.b)) {
			g := phoneGroup{
				high: uint32(d.count(1<<32 - 1)), digits: uint8(d.count(maxHigh)), lows: uint8(d.count(lowDigits)),
				from: uint32(d.count(1<<32 - 1)), to: uint32(d.count(1<<32 - 1)),
			}
			p.groups = append(p.groups, g)
		}
		p.low, p.owner = take[uint32](d), take[uint16](d)
		for _, g := range p.groups {
			if g.from > g.to || int(g.to) > len(p.low) || len(p.low) != len(p.owner) {
				d.fail()
			}
		}
	}
	s.postings, s.words = takePostings[uint32](d), takePostings[uint64](d)
	if n := len(s.postings.codes); n > 0 && int(s.postings.codes[n-1]) >= labels {
		d.fail()
	}
	for i := range s.times {
		s.times[i] = times{take[uint16](d), take[uint32](d)}
		if t := &s.times[i]; len(t.at) != len(t.when) {
			d.fail()
		}
	}
	return s
}
