package bolt

import (
	"encoding/binary"
	"math"
	"time"
	"unsafe"

	"recado/campaign/reason"
)

// A record is fields in their order: numbers as varints, texts with their length
// before them, times as Unix nanoseconds (0: the zero time). What there may be
// millions of is written so. Its first field is its version, if it has one; later
// programs add fields at its end, or raise that.

// ErrRecord says that a record is not as it was written.
var ErrRecord = reason.Err(reason.RecordDamaged)

// AppendText appends a text, or bytes, behind its length.
func AppendText[T []byte | string](b []byte, v T) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}

// Enc appends fields to the record B.
type Enc struct{ B []byte }

// Uint appends a number.
func (e *Enc) Uint(v uint64) { e.B = binary.AppendUvarint(e.B, v) }

// Text appends a text.
func (e *Enc) Text(s string) { e.B = AppendText(e.B, s) }

// Int appends a number that may be less than zero.
func (e *Enc) Int(v int64) { e.B = binary.AppendVarint(e.B, v) }

// Texts appends how many texts there are, and the texts.
func (e *Enc) Texts(list []string) {
	e.Uint(uint64(len(list)))
	for _, s := range list {
		e.Text(s)
	}
}

// Bool appends a yes or no.
func (e *Enc) Bool(v bool) {
	if v {
		e.Uint(1)
	} else {
		e.Uint(0)
	}
}

// Time appends a time, to the nanosecond.
func (e *Enc) Time(t time.Time) {
	var ns int64
	if !t.IsZero() {
		ns = t.UnixNano()
	}
	e.B = binary.AppendVarint(e.B, ns)
}

// Dec reads the fields of the record B, of which it leaves what follows. After
// the first mistake everything reads as zero, and Err says so. What it answers
// is no part of the record: it may be kept.
type Dec struct {
	B     []byte
	Err   error
	Short bool // texts that a shorter record, of an older program, lacks are empty

	whole string // see Share
}

// Share makes one copy of the record, which all texts that are read from then on
// are parts of: who keeps one keeps it all.
func (d *Dec) Share() { d.whole = string(d.B) }

// View is Share without the copy: the texts are parts of the record itself, and good
// as long as that is.
func (d *Dec) View() { d.whole = unsafe.String(unsafe.SliceData(d.B), len(d.B)) }

// Own is View of a record that nobody else has, and that does not change: what is read
// may be kept.
func (d *Dec) Own() { d.View() }

// Fail says that the record is damaged.
func (d *Dec) Fail() { d.B, d.Err = nil, ErrRecord }

// Version reads the version of the record; one that is newer than newest, or 0,
// is a mistake.
func (d *Dec) Version(newest uint64) uint64 {
	v := d.Uint()
	if v == 0 || v > newest {
		d.Fail()
	}
	return v
}

// Uint reads a number.
func (d *Dec) Uint() uint64 {
	if len(d.B) > 0 && d.B[0] < 0x80 { // most are small
		v := uint64(d.B[0])
		d.B = d.B[1:]
		return v
	}
	v, n := binary.Uvarint(d.B)
	if n <= 0 {
		d.Fail()
		return 0
	}
	d.B = d.B[n:]
	return v
}

// Int reads a number that is not too large for any machine.
func (d *Dec) Int() int {
	v := d.Uint()
	if v > math.MaxInt32 {
		d.Fail()
		return 0
	}
	return int(v)
}

// Signed reads a number that may be less than zero.
func (d *Dec) Signed() int64 {
	v, n := binary.Varint(d.B)
	if n <= 0 {
		d.Fail()
		return 0
	}
	d.B = d.B[n:]
	return v
}

// Bool reads a yes or no.
func (d *Dec) Bool() bool { return d.Uint() != 0 }

// Time reads a time.
func (d *Dec) Time() time.Time {
	ns, n := binary.Varint(d.B)
	if n <= 0 {
		d.Fail()
		return time.Time{}
	}
	d.B = d.B[n:]
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns)
}

// Text reads a text.
func (d *Dec) Text() string { return d.text(d.Part()) }

// TextOf reads a text whose length stands elsewhere.
func (d *Dec) TextOf(n uint64) string { return d.text(d.PartOf(n)) }

// PartOf is Part of a text whose length stands elsewhere.
func (d *Dec) PartOf(n uint64) []byte {
	if n > uint64(len(d.B)) {
		d.Fail()
		return nil
	}
	part := d.B[:n]
	d.B = d.B[n:]
	return part
}

func (d *Dec) text(part []byte) string {
	if d.whole != "" && len(part) > 0 {
		end := len(d.whole) - len(d.B)
		return d.whole[end-len(part) : end]
	}
	return string(part)
}

// Bytes reads bytes; nil if there are none.
func (d *Dec) Bytes() []byte { return append([]byte(nil), d.Part()...) }

// Skip passes a text over.
func (d *Dec) Skip() { d.Part() }

// SkipNumbers passes n numbers over, or times.
func (d *Dec) SkipNumbers(n int) {
	for i, b := range d.B {
		if n == 0 {
			d.B = d.B[i:]
			return
		}
		if b < 0x80 {
			n--
		}
	}
	if d.B = nil; n > 0 {
		d.Fail()
	}
}

// Part reads a text, or bytes, as a part of the record itself: unlike all else
// that is read it must not be kept.
func (d *Dec) Part() []byte {
	if d.Short && len(d.B) == 0 {
		return nil
	}
	n, size := binary.Uvarint(d.B)
	if size <= 0 || n > uint64(len(d.B)-size) {
		d.Fail()
		return nil
	}
	part := d.B[size : size+int(n)]
	d.B = d.B[size+int(n):]
	return part
}

// Count reads how many fields follow. There cannot be more than bytes.
func (d *Dec) Count() int {
	n := d.Int()
	if n > len(d.B) {
		d.Fail()
		return 0
	}
	return n
}

// Texts reads texts behind those of a list.
func (d *Dec) Texts(list []string) []string {
	for range d.Count() {
		list = append(list, d.Text())
	}
	return list
}
