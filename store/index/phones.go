package index

import (
	"cmp"
	"math/bits"
	"slices"
	"sort"

	"recado/campaign/people"
)

// A phone is kept as the last eight of its digits, four bits each, in a group with
// all the others that begin alike.
const (
	lowDigits = 8
	maxHigh   = 7
)

// phones are the phones of a segment, by group and then by their last digits.
type phones struct {
	groups []phoneGroup
	low    []uint32
	owner  []uint16
}

// phoneGroup is the phones that begin with some digits and are equally long.
type phoneGroup struct {
	high     uint32
	digits   uint8 // of high
	lows     uint8 // digits after that; lowDigits if there are others before
	from, to uint32
}

// phoneMaker makes phones.
type phoneMaker struct{ all []phoneEntry }

type phoneEntry struct {
	group uint64 // high, its digits and those after it
	low   uint32
	owner uint16
}

// add adds a phone; false if it cannot be kept.
func (m *phoneMaker) add(owner uint16, p people.Phone) bool {
	digits := p.Digits()
	if digits == "" {
		return true
	}
	if len(digits) > lowDigits+maxHigh {
		return false
	}
	var n uint64
	for i := range len(digits) {
		d := digits[i] - '0'
		if d > 9 {
			return false
		}
		n = n<<4 | uint64(d)
	}
	high, lows := max(len(digits)-lowDigits, 0), min(len(digits), lowDigits)
	m.all = append(m.all, phoneEntry{n>>32<<16 | uint64(high)<<8 | uint64(lows), uint32(n), owner})
	return true
}

// carry adds the phones of a segment, but those of who has changed.
func (m *phoneMaker) carry(old *phones, changed *bitmap) {
	for _, g := range old.groups {
		for i := g.from; i < g.to; i++ {
			if !changed.has(old.owner[i]) {
				m.all = append(m.all, phoneEntry{uint64(g.high)<<16 | uint64(g.digits)<<8 | uint64(g.lows), old.low[i], old.owner[i]})
			}
		}
	}
}

func (m *phoneMaker) done() (p phones) {
	compare := func(a, b phoneEntry) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.low, b.low), cmp.Compare(a.owner, b.owner))
	}
	if !slices.IsSortedFunc(m.all, compare) {
		slices.SortFunc(m.all, compare)
	}
	if n := len(m.all); n > 0 {
		p.low, p.owner = make([]uint32, n), make([]uint16, n)
	}
	for i, e := range m.all {
		if i == 0 || e.group != m.all[i-1].group {
			p.groups = append(p.groups, phoneGroup{uint32(e.group >> 16), uint8(e.group >> 8), uint8(e.group), uint32(i), uint32(i)})
		}
		p.groups[len(p.groups)-1].to++
		p.low[i], p.owner[i] = e.low, e.owner
	}
	p.groups = slices.Clip(p.groups)
	m.all = m.all[:0]
	return p
}

// digits is a number of at most 16 digits, four bits each.
type digits struct {
	n     uint64
	count int
}

func readDigits(s string) (d digits, ok bool) {
	if len(s) > lowDigits+maxHigh {
		return d, false
	}
	for i := range len(s) {
		d.n = d.n<<4 | uint64(s[i]-'0')
	}
	d.count = len(s)
	return d, true
}

// first is the first n of the digits.
func (d digits) first(n int) uint64 { return d.n >> (4 * (d.count - n)) }

const ninth = 6 // the least digit that follows a ninth digit, see people.Phone.Other

// other is the high part of the phones of a group in their other spelling, with or
// without the ninth digit, which those have whose next digit is ninth or more.
func (g phoneGroup) other() (o phoneGroup, ok bool) {
	o = g
	switch {
	case g.digits == 4 && g.high>>8 == 0x55:
		o.high, o.digits = g.high<<4|9, 5
	case g.digits == 5 && g.high>>12 == 0x55 && g.high&0xf == 9:
		o.high, o.digits = g.high>>4, 4
	default:
		return o, false
	}
	return o, true
}

// find adds to a set whose phones have a part.
func (p *phones) find(part people.PhonePart, to []uint64) {
	want, ok := readDigits(part.Digits)
	if !ok {
		return
	}
	search := p.containing
	if part.Begins {
		search = p.beginning
	}
	for _, g := range p.groups {
		search(g, want, 0, to)
		if o, ok := g.other(); ok && want.count >= people.LongPart {
			search(o, want, ninth<<28, to)
		}
	}
}

// beginning finds in a group who begins with digits.
func (p *phones) beginning(g phoneGroup, want digits, least uint32, to []uint64) {
	high, lows := int(g.digits), int(g.lows)
	low := p.low[g.from:g.to]
	from, until := uint64(least), uint64(1)<<(4*lows)
	switch {
	case want.count > high+lows:
		return
	case want.count <= high:
		if uint64(g.high)>>(4*(high-want.count)) != want.n {
			return
		}
	default:
		if want.first(high) != uint64(g.high) {
			return
		}
		rest := want.count - high
		first := want.n & (1<<(4*rest) - 1) << (4 * (lows - rest))
		from, until = max(from, first), first+1<<(4*(lows-rest))
	}
	at := sort.Search(len(low), func(i int) bool { return uint64(low[i]) >= from })
	for ; at < len(low) && uint64(low[at]) < until; at++ {
		owner := p.owner[int(g.from)+at]
		to[owner/64] |= 1 << (owner % 64)
	}
}

// containing finds in a group who has digits somewhere.
func (p *phones) containing(g phoneGroup, want digits, least uint32, to []uint64) {
	places := int(g.digits) + int(g.lows) - want.count + 1
	if places <= 0 {
		return
	}
	mask := uint64(1)<<(4*want.count) - 1
	for shift := 4 * int(g.lows); shift < 4*places; shift += 4 { // in what they all begin with
		if uint64(g.high)<<32>>shift&mask == want.n {
			p.beginning(g, digits{}, least, to)
			return
		}
	}
	// Where the first two of the digits stand behind one another, the rest is compared.
	owner := p.owner[g.from:g.to]
	last := uint(4 * min(places, int(g.lows)))
	second := want.first(min(want.count, 2)) & 0xf
	one, two := nibbles*want.first(1), nibbles*second
	for i, low := range p.low[g.from:g.to] {
		n := uint64(g.high)<<32 | uint64(low)
		at := same(n, two)
		if want.count > 1 {
			at &= same(n, one) >> 4
		}
		for ; at != 0; at &= at - 1 {
			shift := uint(bits.TrailingZeros64(at)) &^ 3
			if want.count > 1 {
				if shift < 4*uint(want.count-2) {
					continue
				}
				shift -= 4 * uint(want.count-2)
			}
			if shift < last && n>>shift&mask == want.n {
				if low >= least {
					to[owner[i]/64] |= 1 << (owner[i] % 64)
				}
				break
			}
		}
	}
}

const nibbles = 0x1111111111111111

// same marks, by the highest of their bits, the digits of n that are those of d.
func same(n, d uint64) uint64 {
	x := n ^ d
	x |= x >> 1
	x |= x >> 2
	return ^x & nibbles << 3
}
