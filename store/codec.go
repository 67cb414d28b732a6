package store

import (
	"encoding/binary"
	"math"
	"time"

	"recado/campaign/reason"
)

// Records that there may be millions of are written as a version byte and
// then fields in order: numbers as varints, texts with their length before
// them, times as Unix nanoseconds (0: the zero time).

// enc appends fields to a record.
type enc struct{ b []byte }

func (e *enc) uint(v uint64) { e.b = binary.AppendUvarint(e.b, v) }
func (e *enc) str(s string)  { e.uint(uint64(len(s))); e.b = append(e.b, s...) }

func (e *enc) bool(v bool) {
	if v {
		e.uint(1)
	} else {
		e.uint(0)
	}
}

func (e *enc) time(t time.Time) {
	var ns int64
	if !t.IsZero() {
		ns = t.UnixNano()
	}
	e.b = binary.AppendVarint(e.b, ns)
}

func (e *enc) strs(list []string) {
	e.uint(uint64(len(list)))
	for _, s := range list {
		e.str(s)
	}
}

var errDamaged = reason.Err(reason.RecordDamaged)

// dec reads the fields back. After the first mistake everything reads as zero
// and err says so. Texts are copies.
type dec struct {
	b   []byte
	err error
}

func (d *dec) fail() { d.b, d.err = nil, errDamaged }

func (d *dec) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *dec) int() int {
	v := d.uint()
	if v > math.MaxInt32 {
		d.fail()
		return 0
	}
	return int(v)
}

func (d *dec) bool() bool { return d.uint() != 0 }

func (d *dec) str() string {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.fail()
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

// count reads how many fields follow. There cannot be more than bytes.
func (d *dec) count() int {
	n := d.int()
	if n > len(d.b) {
		d.fail()
		return 0
	}
	return n
}

func (d *dec) time() time.Time {
	ns, n := binary.Varint(d.b)
	if n <= 0 {
		d.fail()
		return time.Time{}
	}
	d.b = d.b[n:]
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns)
}

// key joins the parts of a bucket key: uint64 and campaign.ID take 8 bytes,
// uint32 takes 4, a byte 1, all big-endian, so that keys sort as numbers do.
func key(parts ...any) []byte {
	var k []byte
	for _, p := range parts {
		switch v := p.(type) {
		case uint64:
			k = binary.BigEndian.AppendUint64(k, v)
		case uint32:
			k = binary.BigEndian.AppendUint32(k, v)
		case byte:
			k = append(k, v)
		case string:
			k = append(k, v...)
		default:
			panic("store: a key part of unknown width")
		}
	}
	return k
}
