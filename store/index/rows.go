package index

import (
	"cmp"
	"math/bits"
	"slices"
)

// postings are who has what: of each code a row of ids, or, if they are many, of
// bits.
type postings[C uint32 | uint64] struct {
	codes   []C      // sorted
	starts  []uint32 // where the row of each begins, and the end of the last
	members []uint16
}

const (
	denseRow = SegmentSize / 16 // how long a row of bits is; one of ids is shorter
)

// each shows look the row of each code.
func (p *postings[C]) each(look func(code C, row []uint16)) {
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

// rowMaker makes postings.
type rowMaker struct {
	rows  [][]uint16 // by number
	used  []uint32   // the numbers whose rows are not empty
	mixed bool       // rows are not in order
}

// add notes that somebody has something.
func (m *rowMaker) add(number uint32, local uint16) {
	for int(number) >= len(m.rows) {
		m.rows = append(m.rows, nil)
	}
	row := m.rows[number]
	if n := len(row); n == 0 {
		m.used = append(m.used, number)
	} else if row[n-1] == local {
		return
	} else if row[n-1] > local {
		m.mixed = true
	}
	m.rows[number] = append(row, local)
}

// postingsOf are the postings of the rows that a maker has made; the next ones
// begin. Code is what stands for a number.
func postingsOf[C uint32 | uint64](m *rowMaker, code func(number uint32) C) (p postings[C]) {
	slices.SortFunc(m.used, func(a, b uint32) int { return cmp.Compare(code(a), code(b)) })
	size := 0
	for _, number := range m.used {
		size += min(len(m.rows[number]), denseRow)
	}
	p.codes = make([]C, 0, len(m.used))
	p.starts = make([]uint32, 0, len(m.used)+1)
	p.members = make([]uint16, 0, size)
	for _, number := range m.used {
		row := m.rows[number]
		if m.mixed {
			slices.Sort(row)
			row = slices.Compact(row)
		}
		p.codes = append(p.codes, code(number))
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
		m.rows[number] = row[:0]
	}
	p.starts = append(p.starts, uint32(len(p.members)))
	m.used, m.mixed = m.used[:0], false
	return p
}
