package store

import (
	"bytes"
	"compress/flate"
	"io"
	"sync"

	"recado/campaign/people"
	"recado/store/bolt"
)

// Rows that wait to be imported are packed, some in one record: so the book grows by
// less than what it will have of them.

// rowsVersion is the first byte of a record of rows; those before version 5 are in
// decodeEarlierRows.
const rowsVersion = 5

// What there is of a row. The bits are written to disk.
const (
	rowNamed = 1 << iota
	rowTags
	rowFields
	rowText // the phone is a text
	rowConsent
	rowNote
	rowOthers
	rowLists
	rowLeft
	rowDoubt
	rowLeftAt
	allRows = 1<<iota - 1
)

func partsOfRow(row *people.Row) (parts uint64) {
	has := func(part uint64, yes bool) {
		if yes {
			parts |= part
		}
	}
	has(rowNamed, row.Name != "")
	has(rowTags, len(row.Tags) > 0)
	has(rowFields, len(row.Fields) > 0)
	has(rowText, phoneNumber(row.Phone) == 0)
	has(rowConsent, row.Consent != people.Consent{})
	has(rowNote, row.Note != "")
	has(rowOthers, len(row.Others) > 0)
	has(rowLists, len(row.Lists) > 0)
	has(rowLeft, row.Left != "")
	has(rowDoubt, row.Doubt != "")
	has(rowLeftAt, !row.LeftAt.IsZero())
	return parts
}

// stagedRow is a row that waits or has waited. Tags and fields of one that was packed stay
// as they are until somebody opens it: a record of a person has them in the same form.
type stagedRow struct {
	people.Row
	packed       bool
	tags, fields []byte // of one that is packed; empty: it has none
}

// open takes out what is packed.
func (r *stagedRow) open() {
	if !r.packed {
		return
	}
	r.packed = false
	if d := (bolt.Dec{B: r.tags}); len(d.B) > 0 {
		d.Own()
		r.Tags = d.Texts(nil)
	}
	if d := (bolt.Dec{B: r.fields}); len(d.B) > 0 {
		d.Own()
		r.Fields = decodeFields(nil, &d)
	}
}

// counts are how many tags and fields a row has.
func (r *stagedRow) counts() (tags, fields int) {
	if !r.packed {
		return len(r.Tags), len(r.Fields)
	}
	count := func(b []byte) int {
		if len(b) == 0 {
			return 0
		}
		return (&bolt.Dec{B: b}).Int()
	}
	return count(r.tags), count(r.fields)
}

// kept reports whether the tags and fields of a packed row are kept as they are: tags
// that union would leave so, and no field that is empty.
func (r *stagedRow) kept() bool {
	if d := (bolt.Dec{B: r.tags}); len(d.B) > 0 {
		d.View()
		var room [2][64]byte
		var last []byte
		for i := range d.Count() {
			tag := people.AppendFold(room[i%2][:0], d.Text())
			if bytes.Compare(tag, last) <= 0 {
				return false
			}
			last = tag
		}
	}
	if d := (bolt.Dec{B: r.fields}); len(d.B) > 0 {
		for range d.Count() {
			if name := d.Uint(); name&1 == 0 {
				d.PartOf(name >> 1)
			}
			if len(d.Part()) == 0 {
				return false
			}
		}
	}
	return true
}

// opened are rows that are open.
func opened(rows []people.Row) []stagedRow {
	all := make([]stagedRow, len(rows))
	for i, row := range rows {
		all[i].Row = row
	}
	return all
}

// packer makes records of rows.
type packer struct {
	plain  bolt.Enc
	packed bytes.Buffer
	flate  *flate.Writer
}

var packers = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.BestSpeed)
	return &packer{flate: w}
}}

func encodeRows(rows []*people.Row) []byte {
	p := packers.Get().(*packer)
	defer packers.Put(p)
	e := &p.plain
	e.B = e.B[:0]
	var last uint64
	for _, row := range rows {
		parts := partsOfRow(row)
		e.Uint(parts)
		e.Uint(uint64(row.Line))
		if parts&rowText != 0 {
			e.Text(string(row.Phone))
		} else {
			n := phoneNumber(row.Phone)
			e.Int(int64(n - last)) // they are sorted
			last = n
		}
		encodeRow(e, parts, row)
	}
	p.packed.Reset()
	p.flate.Reset(&p.packed)
	p.flate.Write(e.B) // into a buffer
	p.flate.Close()
	out := bolt.Enc{B: make([]byte, 0, p.packed.Len()+8)}
	out.Uint(rowsVersion)
	out.Uint(uint64(len(rows)))
	out.Uint(uint64(len(e.B)))
	return append(out.B, p.packed.Bytes()...)
}

// encodeRow appends a row behind its phone.
func encodeRow(e *bolt.Enc, parts uint64, row *people.Row) {
	if parts&rowNamed != 0 {
		e.Text(row.Name)
	}
	if parts&rowTags != 0 {
		e.Texts(row.Tags)
	}
	if parts&rowFields != 0 {
		encodeFields(e, row.Fields)
	}
	if parts&rowConsent != 0 {
		encodeConsent(e, row.Consent)
	}
	if parts&rowNote != 0 {
		e.Text(row.Note)
	}
	if parts&rowOthers != 0 {
		e.Uint(uint64(len(row.Others)))
		for _, p := range row.Others {
			e.Text(string(p))
		}
	}
	if parts&rowLists != 0 {
		e.Texts(row.Lists)
	}
	if parts&rowLeft != 0 {
		e.Text(row.Left)
	}
	if parts&rowDoubt != 0 {
		e.Text(row.Doubt)
	}
	if parts&rowLeftAt != 0 {
		e.Time(row.LeftAt)
	}
}

// mostPacked is how many bytes one that is packed can be, and a little more.
const mostPacked = 1100

func decodeRows(v []byte) (rows []stagedRow, err error) {
	d := bolt.Dec{B: v}
	version := d.Uint()
	if version < 1 || version > rowsVersion {
		d.Fail()
	}
	if version < rowsVersion {
		earlier, err := decodeEarlierRows(version, &d)
		return opened(earlier), err
	}
	n, size := d.Int(), d.Int()
	if d.Err != nil || n > size || size/mostPacked > len(d.B) {
		return nil, bolt.ErrRecord
	}
	if d.B, err = unpack(d.B, size); err != nil {
		return nil, bolt.ErrRecord
	}
	d.Own()
	rows = make([]stagedRow, n)
	var last uint64
	for i := range rows {
		row := &rows[i]
		parts := d.Uint()
		if parts&^allRows != 0 {
			d.Fail()
		}
		row.Line = int(d.Uint())
		if parts&rowText != 0 {
			row.Phone = people.Phone(d.Text())
		} else {
			last += uint64(d.Signed())
			row.Phone = phoneOf(last)
		}
		decodeRow(&d, parts, row)
	}
	return rows, d.Err
}

// unpackers read what packers made.
var unpackers = sync.Pool{New: func() any { return flate.NewReader(nil) }}

func unpack(packed []byte, size int) ([]byte, error) {
	r := unpackers.Get().(io.ReadCloser)
	defer unpackers.Put(r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(packed), nil); err != nil {
		return nil, err
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF { // its end is missing
		return nil, bolt.ErrRecord
	}
	return b, nil
}

// decodeRow reads a row behind its phone.
func decodeRow(d *bolt.Dec, parts uint64, row *stagedRow) {
	row.packed = true
	if parts&rowNamed != 0 {
		row.Name = d.Text()
	}
	if parts&rowTags != 0 {
		row.tags = passTexts(d)
	}
	if parts&rowFields != 0 {
		row.fields = passFields(d)
	}
	if parts&rowConsent != 0 {
		row.Consent = decodeConsent(d)
	}
	if parts&rowNote != 0 {
		row.Note = d.Text()
	}
	if parts&rowOthers != 0 {
		for range d.Count() {
			row.Others = append(row.Others, people.Phone(d.Text()))
		}
	}
	if parts&rowLists != 0 {
		row.Lists = d.Texts(nil)
	}
	if parts&rowLeft != 0 {
		row.Left = d.Text()
	}
	if parts&rowDoubt != 0 {
		row.Doubt = d.Text()
	}
	if parts&rowLeftAt != 0 {
		row.LeftAt = d.Time()
	}
}

// passTexts passes texts over, and returns them as they stand.
func passTexts(d *bolt.Dec) []byte {
	before := d.B
	for range d.Count() {
		d.Skip()
	}
	return before[:len(before)-len(d.B)]
}

// passFields is passTexts for fields.
func passFields(d *bolt.Dec) []byte {
	before := d.B
	for range d.Count() {
		if name := d.Uint(); name&1 == 0 {
			d.PartOf(name >> 1)
		}
		d.Skip()
	}
	return before[:len(before)-len(d.B)]
}

// decodeEarlierRows reads rows of before version 5. Those of version 1 do not say who
// has left, those of version 2 not on which lists, those of version 3 nothing of other
// phones, consent and notes.
func decodeEarlierRows(version uint64, d *bolt.Dec) (rows []people.Row, err error) {
	rows = make([]people.Row, d.Count())
	for i := range rows {
		row := people.Row{Line: int(d.Uint()), Phone: people.Phone(d.Text()), Name: d.Text()}
		for range d.Count() {
			row.Tags = append(row.Tags, d.Text())
		}
		if n := d.Count(); n > 0 {
			row.Fields = make(map[string]string, n)
			for range n {
				f := d.Text()
				row.Fields[f] = d.Text()
			}
		}
		if version > 1 {
			row.Left, row.Doubt = d.Text(), d.Text()
		}
		if version > 2 {
			row.Lists, row.LeftAt = d.Texts(nil), d.Time()
		}
		if version > 3 {
			for range d.Count() {
				row.Others = append(row.Others, people.Phone(d.Text()))
			}
			row.Consent, row.Note = decodeConsent(d), d.Text()
		}
		rows[i] = row
	}
	return rows, d.Err
}
