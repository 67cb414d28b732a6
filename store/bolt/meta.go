package bolt

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"io"
	"slices"

	"recado/campaign/reason"
)

// The layout of a bbolt file, version 2. Numbers are in the byte order of the
// machine. A page begins with a header:
//
//	id 8, flags 2, count 2, overflow 4 (how many pages follow that belong to it)
//
// The first two pages each hold a meta after their header:
//
//	magic 4, version 4, page size 4, flags 4, root page 8, sequence 8,
//	page of the free list 8, high-water mark 8, transaction 8, checksum 8
//
// A transaction writes its meta over the older of the two, last of all. The
// valid one with the higher transaction is the file.
const (
	headerSize   = 16
	elementSize  = 16
	bucketSize   = 16 // root page 8, sequence 8
	metaSize     = 64
	metaMagic    = 0xED0CDAED
	metaVersion  = 2
	firstPage    = 2 // those before it are the metas
	firstCommit  = 2 // a file that was just made holds the transactions 0 and 1
	minPageSize  = 1 << 10
	maxPageSize  = 1 << 24
	branchPage   = 0x01
	leafPage     = 0x02
	metaPage     = 0x04
	freelistPage = 0x10
)

var order = binary.NativeEndian

// header is the beginning of a page.
type header struct {
	id       uint64
	flags    uint16
	count    uint16
	overflow uint32
}

func readHeader(b []byte) header {
	return header{order.Uint64(b), order.Uint16(b[8:]), order.Uint16(b[10:]), order.Uint32(b[12:])}
}

// meta is one of the two first pages.
type meta struct {
	at       int64 // where its page begins
	pageSize int64
	root     uint64
	freelist uint64
	pages    uint64 // the high-water mark: how many pages there are
	txid     uint64
}

// parseMeta reads a meta page. It is not ok if its checksum does not hold, or
// it is none at all.
func parseMeta(page []byte) (m meta, ok bool) {
	if len(page) < headerSize+metaSize {
		return m, false
	}
	b := page[headerSize:]
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	if order.Uint32(b) != metaMagic || order.Uint32(b[4:]) != metaVersion || order.Uint64(b[metaSize-8:]) != sum.Sum64() {
		return m, false
	}
	return meta{
		pageSize: int64(order.Uint32(b[8:])), root: order.Uint64(b[16:]),
		freelist: order.Uint64(b[32:]), pages: order.Uint64(b[40:]), txid: order.Uint64(b[48:]),
	}, true
}

var errNoDatabase = reason.Err(reason.CheckNoDatabase)

// metas are the two first pages of a file as they were found.
type metas struct {
	newest meta
	older  *meta // nil: it is damaged, and may as well have been the newest
}

// wentBack reports whether the newest transaction may be one that cannot be
// seen any more. A file that holds nothing yet has none to lose.
func (m *metas) wentBack() bool { return m.older == nil && m.newest.txid >= firstCommit }

// readMetas reads the two first pages as bbolt does. It fails if the file must
// not be opened by what they say: both are damaged, the one that bbolt would
// use leads out of the file, or the file ends before its last page.
func readMetas(r io.ReaderAt, size int64) (metas, error) {
	read := func(at int64) (m meta, ok bool) {
		b := make([]byte, headerSize+metaSize)
		if n, err := r.ReadAt(b, at); n < len(b) && err != nil {
			return m, false
		}
		m, ok = parseMeta(b)
		m.at = at
		return m, ok && m.pageSize >= minPageSize && m.pageSize <= maxPageSize && m.pageSize&(m.pageSize-1) == 0
	}
	var valid []meta
	if first, ok := read(0); ok {
		valid = append(valid, first)
		if second, ok := read(first.pageSize); ok && second.pageSize == first.pageSize {
			valid = append(valid, second)
		}
	} else {
		for at := int64(minPageSize); at <= maxPageSize && len(valid) == 0; at *= 2 {
			if second, ok := read(at); ok && second.pageSize == at {
				valid = append(valid, second)
			}
		}
	}
	if len(valid) == 0 {
		return metas{}, errNoDatabase
	}
	slices.SortFunc(valid, func(a, b meta) int { return cmp.Compare(b.txid, a.txid) })
	found := metas{newest: valid[0]}
	if len(valid) > 1 {
		found.older = &valid[1]
	}
	for i, m := range valid {
		if err := m.fits(r, size); err != nil && i == 0 {
			return found, err
		} else if err != nil {
			found.older = nil
		}
	}
	return found, nil
}

// fits checks what bbolt takes for granted of a meta.
func (m *meta) fits(r io.ReaderAt, size int64) error {
	b := make([]byte, headerSize)
	if _, err := r.ReadAt(b, m.at); err != nil {
		return err
	}
	switch id := uint64(m.at / m.pageSize); {
	case m.pages > uint64(size/m.pageSize):
		return reason.New(reason.CheckShort, size, int64(m.pages)*m.pageSize)
	case readHeader(b) != header{id: id, flags: metaPage}:
		return reason.New(reason.CheckPages, reason.New(reason.PageHeader, id))
	case m.root < firstPage || m.root >= m.pages:
		return reason.New(reason.CheckPages, reason.New(reason.PageRoot, m.root, m.pages))
	case m.freelist < firstPage || m.freelist >= m.pages:
		return reason.New(reason.CheckPages, reason.New(reason.PageFreeListAt, m.freelist, m.pages))
	}
	return nil
}

// The sizes that a page of bbolt may have: it is that of the system that made
// the file.
const (
	smallestPage = 1 << 10
	largestPage  = 1 << 16
)

// IsDatabase reports whether a file is one of bbolt, of whatever system, by the
// magic of its metas. One of them may be damaged.
func IsDatabase(file io.ReaderAt) bool {
	for page := int64(0); page <= largestPage; page = max(2*page, smallestPage) {
		var magic [4]byte
		if _, err := file.ReadAt(magic[:], page+headerSize); err != nil {
			return false
		}
		if binary.LittleEndian.Uint32(magic[:]) == metaMagic || binary.BigEndian.Uint32(magic[:]) == metaMagic {
			return true
		}
	}
	return false
}
