package store

import (
	"cmp"
	"hash/crc32"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// traceKind is what a row of "imported" says.
type traceKind byte

// The kinds. They are written to disk.
const (
	traceIn      traceKind = iota // who was in it: the bits of a block of ids, see memberPlace
	traceChanged                  // what it changed about a person
	traceMade                     // whom it added: the first of them, and others behind
)

// traces are what a part of an import did.
type traces struct {
	id      people.ImportID
	in      []people.ContactID
	made    []made                      // whom it added, in the order of their ids, and the mark of what they are
	earlier map[people.ContactID]uint64 // the marks of others whom an earlier part added
	changed map[people.ContactID]change
}

func newTraces(id people.ImportID) *traces {
	return &traces{id: id, earlier: make(map[people.ContactID]uint64), changed: make(map[people.ContactID]change)}
}

// saw notes that somebody is in it.
func (t *traces) saw(id people.ContactID) { t.in = append(t.in, id) }

// took notes what became of somebody, who was in the book before or not.
func (t *traces) took(known bool, before, after *people.Contact) {
	at, here := slices.BinarySearchFunc(t.made, after.ID, func(m made, id people.ContactID) int { return cmp.Compare(m.id, id) })
	switch {
	case !known:
		t.added(after.ID, markOf(after))
		return
	case here:
		t.made[at].mark = markOf(after)
		return
	case after.Origin == t.id:
		t.earlier[after.ID] = markOf(after)
		return
	}
	if had, ok := t.changed[after.ID]; ok {
		before = had.original(before)
	}
	t.changed[after.ID] = changeOf(before, after)
}

// added notes that somebody was added, whose id is greater than those before.
func (t *traces) added(id people.ContactID, mark uint64) { t.made = append(t.made, made{id, mark}) }

// applyTx writes it down.
func (t *traces) applyTx(tx *bolt.Tx, done *Import) error {
	if err := t.applyInTx(tx, done); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(t.changed)) {
		c := t.changed[id]
		k := importedTable.Key(t.id, traceChanged, uint64(id))
		if v := importedTable.GetAt(tx, k); v != nil { // an earlier part changed them as well
			had, err := decodeChange(v)
			if err != nil {
				return err
			}
			c = changeOf(had.original(&c.before), &c.after)
			c.lists = append(had.lists, c.lists...)
		} else {
			done.Changed++
		}
		if err := c.listTx(tx); err != nil {
			return err
		}
		if err := importedTable.PutAt(tx, k, c.encode()); err != nil {
			return err
		}
	}
	return t.applyMadeTx(tx, done)
}

func (t *traces) applyInTx(tx *bolt.Tx, done *Import) error {
	rows := make(map[uint32][]byte)
	for _, id := range t.in {
		n, bit := memberPlace(id)
		row, ok := rows[n]
		if !ok {
			row = unpackBits(importedTable.Get(tx, t.id, traceIn, uint64(n)))
			rows[n] = row
		}
		if row[bit/8]&(1<<(bit%8)) == 0 {
			row[bit/8] |= 1 << (bit % 8)
			done.In++
		}
	}
	for n, row := range rows {
		if err := importedTable.Put(tx, t.id, traceIn, uint64(n), packBits(row)); err != nil {
			return err
		}
	}
	return nil
}

// packBits is a block of bits without the zeros around them.
func packBits(row []byte) []byte {
	from := 0
	for from < len(row)-1 && row[from] == 0 {
		from++
	}
	to := len(row)
	for to > from+1 && row[to-1] == 0 {
		to--
	}
	e := bolt.Enc{}
	e.Uint(uint64(from))
	e.B = append(e.B, row[from:to]...)
	return e.B
}

func unpackBits(v []byte) []byte {
	row := make([]byte, memberBlock)
	d := bolt.Dec{B: v}
	if from := d.Uint(); len(v) > 0 && d.Err == nil && from < memberBlock {
		copy(row[from:], d.B)
	}
	return row
}

// made is somebody whom an import added, and the mark of what they were then.
type made struct {
	id   people.ContactID
	mark uint64
}

// madeBlock is how many of them are one row. There were 250 until version 18 of the book.
const madeBlock = 100

func encodeMade(all []made) []byte {
	e := bolt.Enc{B: make([]byte, 0, 12*len(all))}
	last := all[0].id
	for _, m := range all {
		e.Uint(uint64(m.id - last))
		e.Uint(m.mark)
		last = m.id
	}
	return e.B
}

func decodeMade(first people.ContactID, v []byte) (all []made, err error) {
	d := bolt.Dec{B: v}
	for id := first; len(d.B) > 0; {
		id += people.ContactID(d.Uint())
		all = append(all, made{id, d.Uint()})
	}
	return all, d.Err
}

func (t *traces) applyMadeTx(tx *bolt.Tx, done *Import) error {
	for _, id := range slices.Sorted(maps.Keys(t.earlier)) {
		at, all, err := madeRowTx(tx, t.id, id)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(all, func(m made) bool { return m.id == id }); i >= 0 {
			all[i].mark = t.earlier[id]
			if err := importedTable.PutAt(tx, at, encodeMade(all)); err != nil {
				return err
			}
		}
	}
	done.Made += len(t.made)
	for some := range slices.Chunk(t.made, madeBlock) {
		if err := importedTable.Put(tx, t.id, traceMade, uint64(some[0].id), encodeMade(some)); err != nil {
			return err
		}
	}
	return nil
}

// madeRowTx is the row in which somebody stands if an import added them; none if
// there is no row that could be it.
func madeRowTx(tx *bolt.Tx, id people.ImportID, who people.ContactID) (at []byte, all []made, err error) {
	for k, v := range importedTable.BackFrom(tx, importedTable.Of2(id, traceMade), importedTable.Key(id, traceMade, uint64(who)+1)) {
		_, _, first := importedTable.Parts(k)
		all, err = decodeMade(people.ContactID(first), v)
		return slices.Clone(k), all, err
	}
	return nil, nil, nil
}

// markOf is a mark of what an import said of a person: it is another one when
// somebody has changed that. What the service says of them is not in it.
func markOf(c *people.Contact) uint64 {
	var room [512]byte
	e := bolt.Enc{B: room[:0]}
	if e.Bool(c.NameSource == people.Typed); c.NameSource == people.Typed {
		e.Text(c.Name)
	}
	e.Texts(c.Tags)
	encodeFields(&e, c.Fields)
	encodeConsent(&e, c.Consent)
	e.Text(c.Note)
	e.Bool(c.OptedOut)
	e.Text(c.OptOutWhy)
	e.Time(c.DoubtEnded)
	for _, key := range phoneKeys(c) {
		e.Text(key)
	}
	return uint64(crc32.Checksum(e.B, castagnoli()))
}

// markOfPacked is markOf of somebody new who has a name, a phone and their consent, and
// the tags and fields of a row.
func markOfPacked(c *people.Contact, row *stagedRow) uint64 {
	var room [512]byte
	e := bolt.Enc{B: room[:0]}
	if e.Bool(c.NameSource == people.Typed); c.NameSource == people.Typed {
		e.Text(c.Name)
	}
	for _, some := range [...][]byte{row.tags, row.fields} {
		if len(some) == 0 {
			e.Uint(0)
		}
		e.B = append(e.B, some...)
	}
	encodeConsent(&e, c.Consent)
	e.Text("") // no note
	e.Bool(false)
	e.Text("")
	e.Time(time.Time{})
	e.Text(c.Phone.Key())
	return uint64(crc32.Checksum(e.B, castagnoli()))
}

// phoneKeys are the keys of all phones of a person, sorted.
func phoneKeys(c *people.Contact) []string {
	if len(c.Others) == 0 && (c.WhatsApp == "" || c.WhatsApp == c.Phone) && c.Phone != "" {
		return []string{c.Phone.Key()}
	}
	var keys []string
	for _, p := range c.Phones() {
		keys = append(keys, p.Key())
	}
	slices.Sort(keys)
	return keys
}

// sameMark reports whether a mark that was kept is that of a person as they are. Those
// that were kept until version 18 of the book are longer.
func sameMark(kept uint64, c *people.Contact) bool {
	if kept > math.MaxUint32 {
		return kept == firstMarkOf(c)
	}
	return kept == markOf(c)
}

// firstMarkOf is markOf until version 18 of the book.
func firstMarkOf(c *people.Contact) uint64 {
	said := people.Contact{Tags: c.Tags, Fields: c.Fields, Consent: c.Consent, Note: c.Note, OptedOut: c.OptedOut, OptOutWhy: c.OptOutWhy, DoubtEnded: c.DoubtEnded}
	if c.NameSource == people.Typed {
		said.Name = c.Name
	}
	for _, key := range phoneKeys(c) {
		said.Others = append(said.Others, people.OtherPhone{Phone: people.Phone(key)})
	}
	h := fnv.New64a()
	h.Write(encodeFirst(&said))
	return h.Sum64()
}

// importNumber is the id of an import in a reason.
func importNumber(id people.ImportID) reason.Plain {
	return reason.Plain(strconv.FormatUint(uint64(id), 10))
}
