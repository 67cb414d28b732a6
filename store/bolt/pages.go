package bolt

import (
	"io"

	"recado/campaign/reason"
)

// bits is a set of pages.
type bits []uint64

func newBits(n uint64) bits      { return make(bits, n/64+1) }
func (b bits) has(i uint64) bool { return b[i/64]&(1<<(i%64)) != 0 }
func (b bits) add(i uint64)      { b[i/64] |= 1 << (i % 64) }

// pages reads a whole file in its order and holds together what its pages say
// of themselves and of each other: headers, the places of keys and values, the
// free list, and that every page is free or has exactly one other page that
// leads to it. On a file for which this holds bbolt neither walks in circles,
// nor leaves the file, nor frees what is none of its own; without it, it may
// end the process in ways that nothing can catch.
//
// The order of keys is left to bbolt's own check.
type pages struct {
	r    io.ReaderAt
	m    meta
	free bits // what the free list says
	used bits // pages that others lead to
	head bits // pages that begin with a header

	broken []reason.Reason // what does not fit together, one thing each

	buf   []byte
	begin int64 // where buf was read
}

// maxFindings is how many findings are told: a page that is gone may be behind
// thousands of them.
const maxFindings = 100

// readSize is how much is read at once: enough for the disk, and little enough
// to be still in the cache of the processor when it is looked at.
const readSize = 256 << 10

// readPages looks at the pages of a file, as its meta m has them.
func readPages(r io.ReaderAt, m meta) *pages {
	p := &pages{r: r, m: m, free: newBits(m.pages), used: newBits(m.pages), head: newBits(m.pages)}
	p.leads(m.root, 0)
	p.leads(m.freelist, 0)
	p.freelist()
	for id := uint64(firstPage); id < m.pages && len(p.broken) < maxFindings; {
		if p.free.has(id) {
			id++
			continue
		}
		p.head.add(id)
		id += p.page(id)
	}
	for id := uint64(firstPage); id < m.pages && len(p.broken) < maxFindings; id++ {
		switch {
		case p.used.has(id) && p.free.has(id):
			p.wrong(reason.PageFreeUsed, id)
		case p.used.has(id) && !p.head.has(id):
			p.wrong(reason.PageOthers, id)
		case p.head.has(id) && !p.used.has(id): // nor to what is below it
			p.wrong(reason.PageUnled, id)
		}
	}
	return p
}

func (p *pages) wrong(code reason.Code, args ...any) {
	p.broken = append(p.broken, reason.New(reason.CheckPages, reason.New(code, args...)))
}

// leads notes that one page leads to another.
func (p *pages) leads(id, from uint64) {
	switch {
	case id < firstPage || id >= p.m.pages:
		p.wrong(reason.PageOutside, from, id, p.m.pages)
	case p.used.has(id):
		p.wrong(reason.PageTwice, id)
	default:
		p.used.add(id)
	}
}

// bytes reads n bytes; nil if that fails. They are good until the next call.
func (p *pages) bytes(at, n int64) []byte {
	if at < p.begin || at+n > p.begin+int64(len(p.buf)) {
		if want := max(n, readSize); int64(cap(p.buf)) < want {
			p.buf = make([]byte, want)
		}
		got, err := p.r.ReadAt(p.buf[:cap(p.buf)], at)
		p.buf, p.begin = p.buf[:got], at
		if int64(got) < n {
			p.wrong(reason.PageUnread, at/p.m.pageSize, reason.Of(err))
			return nil
		}
	}
	return p.buf[at-p.begin : at-p.begin+n]
}

// run reads the header of a page and checks what all pages have in common.
// length is how many bytes belong to the page, 0 if it is damaged.
func (p *pages) run(id uint64) (h header, length int64) {
	b := p.bytes(int64(id)*p.m.pageSize, headerSize)
	if b == nil {
		return h, 0
	}
	h = readHeader(b)
	if h.id != id || uint64(h.overflow) >= p.m.pages-id {
		p.wrong(reason.PageHeader, id)
		return h, 0
	}
	return h, (int64(h.overflow) + 1) * p.m.pageSize
}

// freelist reads which pages are free.
func (p *pages) freelist() {
	id := p.m.freelist
	h, length := p.run(id)
	if length == 0 {
		return
	}
	at := int64(id)*p.m.pageSize + headerSize
	count := int64(h.count)
	if count == 0xFFFF { // more than fits there
		if b := p.bytes(at, 8); b != nil {
			count, at, length = int64(order.Uint64(b)), at+8, length-8
		}
	}
	if h.flags != freelistPage || count < 0 || count > (length-headerSize)/8 {
		p.wrong(reason.PageFreeList)
		return
	}
	before := uint64(firstPage - 1)
	for i := range count {
		b := p.bytes(at+8*i, 8)
		if b == nil {
			return
		}
		free := order.Uint64(b)
		if free <= before || free >= p.m.pages {
			p.wrong(reason.PageFreeList)
			return
		}
		p.free.add(free)
		before = free
	}
}

// page looks at one page that is not free, and says how many belong to it.
func (p *pages) page(id uint64) uint64 {
	h, length := p.run(id)
	if length == 0 {
		return 1
	}
	for next := id + 1; next <= id+uint64(h.overflow); next++ {
		if p.free.has(next) {
			p.wrong(reason.PageFreeUsed, next)
			return 1
		}
	}
	at := int64(id) * p.m.pageSize
	switch {
	case h.flags == leafPage && (h.count > 0 || id == p.m.root): // an empty bucket has no page
		p.leaf(id, at, length, h.count)
	case h.flags == branchPage && h.count > 0:
		p.branch(id, at, length, h.count)
	case h.flags == freelistPage && id == p.m.freelist:
	default:
		p.wrong(reason.PageHeader, id)
	}
	return uint64(h.overflow) + 1
}

// branch checks the elements of a page that leads to others.
func (p *pages) branch(id uint64, at, length int64, count uint16) {
	elements := p.bytes(at+headerSize, int64(count)*elementSize)
	if elements == nil {
		return
	}
	next := headerSize + int64(count)*elementSize // keys follow each other without a gap
	for i := range int64(count) {
		e := elements[i*elementSize:]
		pos, key := int64(order.Uint32(e)), int64(order.Uint32(e[4:]))
		if headerSize+i*elementSize+pos != next || key == 0 || next+key > length {
			p.wrong(reason.PageDamaged, id)
			return
		}
		next += key
		p.leads(order.Uint64(e[8:]), id)
	}
}

// leaf checks the elements of a page with values, or of a bucket that is small
// enough to be one.
func (p *pages) leaf(id uint64, at, length int64, count uint16) {
	elements := p.bytes(at+headerSize, int64(count)*elementSize)
	if elements == nil {
		return
	}
	var nested []int64 // where buckets are, and how long
	next := headerSize + int64(count)*elementSize
	for i := range int64(count) {
		e := elements[i*elementSize:]
		flags, pos, key, value := order.Uint32(e), int64(order.Uint32(e[4:])), int64(order.Uint32(e[8:])), int64(order.Uint32(e[12:]))
		if flags > 1 || headerSize+i*elementSize+pos != next || key == 0 || next+key+value > length {
			p.wrong(reason.PageDamaged, id)
			return
		}
		if flags == 1 {
			nested = append(nested, at+next+key, value)
		}
		next += key + value
	}
	for i := 0; i < len(nested); i += 2 {
		p.bucket(id, nested[i], nested[i+1])
	}
}

// bucket checks a value that is a bucket: a root page of its own, or a page
// that stands in the value itself.
func (p *pages) bucket(id uint64, at, length int64) {
	if length < bucketSize {
		p.wrong(reason.PageDamaged, id)
		return
	}
	b := p.bytes(at, bucketSize)
	if b == nil {
		return
	}
	if root := order.Uint64(b); root != 0 {
		p.leads(root, id)
		return
	}
	at, length = at+bucketSize, length-bucketSize
	if length < headerSize {
		p.wrong(reason.PageDamaged, id)
		return
	}
	if b = p.bytes(at, headerSize); b == nil {
		return
	}
	if h := readHeader(b); h.flags != leafPage || headerSize+int64(h.count)*elementSize > length {
		p.wrong(reason.PageDamaged, id)
	} else {
		p.leaf(id, at, length, h.count)
	}
}
