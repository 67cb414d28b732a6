package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Every import is kept as a record. For a month what it did is kept as well, in
// "imported", so that it can be undone: who was in it, whom it added with a mark of
// what they were then, and of whom it changed what they had and what they got. Who
// is erased is taken out of that.

// ImportState is how far an import is.
type ImportState string

// The states. They are written to disk.
const (
	ImportRunning   ImportState = "running"
	ImportDone      ImportState = "done"
	ImportUndoing   ImportState = "undoing"
	ImportUndone    ImportState = "undone"
	ImportCancelled ImportState = "cancelled" // and what it had done was undone
)

// Import is one import of people.
type Import struct {
	ID      people.ImportID
	At      time.Time
	Ended   time.Time // zero: it goes on
	By      Actor
	Source  string // where the rows came from
	Policy  Policy `json:",omitempty"`
	Tags    []string
	Consent people.Consent
	Rows    int // that were imported
	Bad     int // rows of the file that could not be
	Report  ImportReport
	State   ImportState
	Undone  Undone

	// What is kept of it, so that it can be undone: how many people it added, of how
	// many it is known what they were, and how many were in it.
	Made, Changed, In int `json:",omitempty"`
}

// Undone is what the undo of an import did.
type Undone struct {
	At       time.Time
	By       Actor
	Cancel   bool                `json:",omitempty"` // it was cancelled while it went on
	Removed  int                 // people it had added, who are not in the book any more
	Restored int                 // people who have what they had
	OptOuts  int                 `json:",omitempty"` // opt-outs and doubts that it brought and that stay
	Kept     map[reason.Code]int `json:",omitempty"` // of whom something stays as it is, by why
}

// KeptPeople is of how many people something could not be undone.
func (u *Undone) KeptPeople() (n int) {
	for _, some := range u.Kept {
		n += some
	}
	return n
}

func (u *Undone) keep(why reason.Code) {
	if u.Kept == nil {
		u.Kept = make(map[reason.Code]int)
	}
	u.Kept[why]++
}

// importKept is for how long an import can be undone.
const importKept = 30 * 24 * time.Hour

// Undoable reports whether an import can be undone: all of it, or what is left.
func (i *Import) Undoable() bool { return i.State == ImportDone && i.In > 0 }

// Imports returns the imports before an id, the last first; at most limit of them.
// Before 0 are the last of all.
func (b *Book) Imports(before people.ImportID, limit int) (all []Import, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		rows := importsTable.Back(tx, nil)
		if before != 0 {
			rows = importsTable.BackFrom(tx, nil, importsTable.Key(before))
		}
		for k, v := range rows {
			if len(all) == limit {
				break
			}
			i, err := decodeImport(k, v)
			if err != nil {
				return err
			}
			all = append(all, i)
		}
		return nil
	})
	return all, err
}

// Import returns one import, or ErrNotFound.
func (b *Book) Import(id people.ImportID) (i Import, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		i, err = importRecordTx(tx, id)
		return err
	})
	return i, err
}

func importRecordTx(tx *bolt.Tx, id people.ImportID) (i Import, err error) {
	k := importsTable.Key(id)
	v := importsTable.GetAt(tx, k)
	if v == nil {
		return i, reason.Because(ErrNotFound, reason.ImportNotFound, importNumber(id))
	}
	return decodeImport(k, v)
}

func decodeImport(k, v []byte) (i Import, err error) {
	if err := json.Unmarshal(v, &i); err != nil {
		return i, fmt.Errorf("import %d: %w", importsTable.Parts(k), err)
	}
	return i, nil
}

func putImportTx(tx *bolt.Tx, i *Import) error {
	v, err := json.Marshal(i)
	if err != nil {
		return err
	}
	return importsTable.Put(tx, i.ID, v)
}

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
	made    map[people.ContactID]uint64 // whom it added, and the mark of what they are
	before  map[people.ContactID]bool   // those of them whom an earlier part added
	changed map[people.ContactID]change
}

func newTraces(id people.ImportID) *traces {
	return &traces{id: id, made: make(map[people.ContactID]uint64), before: make(map[people.ContactID]bool), changed: make(map[people.ContactID]change)}
}

// saw notes that somebody is in it.
func (t *traces) saw(id people.ContactID) { t.in = append(t.in, id) }

// took notes what became of somebody, who was in the book before or not.
func (t *traces) took(known bool, before, after *people.Contact) {
	if !known || after.Origin == t.id {
		if _, here := t.made[after.ID]; known && !here {
			t.before[after.ID] = true
		}
		t.made[after.ID] = markOf(after)
		return
	}
	if had, ok := t.changed[after.ID]; ok {
		before = had.original(before)
	}
	t.changed[after.ID] = changeOf(before, after)
}

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

// madeBlock is how many of them are one row.
const madeBlock = 250

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
	var fresh []made
	for _, id := range slices.Sorted(maps.Keys(t.made)) {
		if !t.before[id] {
			fresh = append(fresh, made{id, t.made[id]})
			continue
		}
		at, all, err := madeRowTx(tx, t.id, id)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(all, func(m made) bool { return m.id == id }); i >= 0 {
			all[i].mark = t.made[id]
			if err := importedTable.PutAt(tx, at, encodeMade(all)); err != nil {
				return err
			}
		}
	}
	done.Made += len(fresh)
	for some := range slices.Chunk(fresh, madeBlock) {
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
	said := people.Contact{Tags: c.Tags, Fields: c.Fields, Consent: c.Consent, Note: c.Note, OptedOut: c.OptedOut, OptOutWhy: c.OptOutWhy, DoubtEnded: c.DoubtEnded}
	if c.NameSource == people.Typed {
		said.Name = c.Name
	}
	for _, p := range c.Phones() {
		said.Others = append(said.Others, people.OtherPhone{Phone: people.Phone(p.Key())})
	}
	slices.SortFunc(said.Others, func(a, b people.OtherPhone) int { return cmp.Compare(a.Phone, b.Phone) })
	h := fnv.New64a()
	h.Write(encodeContact(&said))
	return h.Sum64()
}

// importNumber is the id of an import in a reason.
func importNumber(id people.ImportID) reason.Plain {
	return reason.Plain(strconv.FormatUint(uint64(id), 10))
}

// forgetEvery is how often it is looked for imports that are too old to be undone.
const forgetEvery = 24 * time.Hour

// forgetOld begins to forget what the imports did that are too old to be undone.
func (b *Book) forgetOld() {
	old := b.clock.Now().Add(-importKept)
	var some []Import
	err := b.view(func(tx *bolt.Tx) error {
		for k, v := range importedHeadsTx(tx) {
			i, err := decodeImport(k, v)
			if err != nil {
				return err
			}
			if i.At.Before(old) && (i.State == ImportDone || i.State == ImportUndone || i.State == ImportCancelled) {
				some = append(some, i)
			}
		}
		return nil
	})
	for _, i := range some {
		if err == nil {
			err = b.update(func(tx *bolt.Tx) error { return forgetTraceTx(tx, i.ID) })
		}
	}
	if err != nil && !errors.Is(err, ErrClosed) {
		b.logger.Error("forget what old imports did", "err", err)
	}
}

// importedHeadsTx lists the records of the imports of which something is kept.
func importedHeadsTx(tx *bolt.Tx) func(yield func(k, v []byte) bool) {
	return func(yield func(k, v []byte) bool) {
		c := importedTable.Cursor(tx)
		for k, _ := c.First(); len(k) >= 8; {
			id, _, _ := importedTable.Parts(k)
			if v := importsTable.Get(tx, id); v != nil && !yield(importsTable.Key(id), v) {
				return
			}
			k, _ = c.Seek(importedTable.Of(id + 1))
		}
	}
}

// forgetTraceTx begins to forget what an import did.
func forgetTraceTx(tx *bolt.Tx, id people.ImportID) error {
	i, err := importRecordTx(tx, id)
	if err != nil {
		return err
	}
	i.Made, i.Changed, i.In = 0, 0, 0
	if err := putImportTx(tx, &i); err != nil {
		return err
	}
	n, err := jobsTable.Next(tx)
	if err != nil {
		return err
	}
	return putJobTx(tx, peopleJobKey(n), job{Job: Job{Kind: JobForget, Import: id}})
}

// forgetChunkTx takes the next n rows away that say what an import did.
func forgetChunkTx(tx *bolt.Tx, j *job, n int) (done bool, err error) {
	keys := importedTable.Keys(tx, importedTable.Of(j.Import), n)
	for _, k := range keys {
		if err := importedTable.DeleteAt(tx, k); err != nil {
			return false, err
		}
	}
	j.Done += len(keys)
	return len(keys) < n, nil
}

// forgetImportsTx takes a person, by all ids that lead to them, out of what is kept
// of imports, and their name and phones out of the names of files.
func forgetImportsTx(tx *bolt.Tx, c *people.Contact, ids []people.ContactID) error {
	strike := namesOf(c).striker()
	var all []Import
	if err := importsTable.ForEach(tx, func(k, v []byte) error {
		i, err := decodeImport(k, v)
		if err == nil && (i.In > 0 || strike(i.Source) != i.Source) {
			all = append(all, i)
		}
		return err
	}); err != nil {
		return err
	}
	for _, i := range all {
		before := i
		i.Source = strike(i.Source)
		for _, id := range ids {
			if k := importedTable.Key(i.ID, traceChanged, uint64(id)); importedTable.HasAt(tx, k) {
				if err := importedTable.DeleteAt(tx, k); err != nil {
					return err
				}
				i.Changed--
			}
			at, all, err := madeRowTx(tx, i.ID, id)
			if err != nil {
				return err
			}
			rest := slices.DeleteFunc(all, func(m made) bool { return m.id == id })
			if at == nil || len(rest) == len(all) {
				continue
			}
			i.Made--
			if err := putMadeTx(tx, at, i.ID, rest); err != nil {
				return err
			}
		}
		if i.Source != before.Source || i.Made != before.Made || i.Changed != before.Changed {
			if err := putImportTx(tx, &i); err != nil {
				return err
			}
		}
	}
	return nil
}

// putMadeTx writes a row again of which some have been taken away.
func putMadeTx(tx *bolt.Tx, at []byte, id people.ImportID, rest []made) error {
	if err := importedTable.DeleteAt(tx, at); err != nil || len(rest) == 0 {
		return err
	}
	return importedTable.Put(tx, id, traceMade, uint64(rest[0].id), encodeMade(rest))
}

// change is what an import changed about a person who was in the book: both have
// only what is not in the other.
type change struct {
	before, after people.Contact
	lists         []uint32 // on which it put them
	names         []string // of those lists, until their ids are known
}

// changeOf is what is another one in after.
func changeOf(before, after *people.Contact) (c change) {
	b, a := &c.before, &c.after
	if before.Name != after.Name || before.NameSource != after.NameSource {
		b.Name, b.NameSource, a.Name, a.NameSource = before.Name, before.NameSource, after.Name, after.NameSource
	}
	if before.Consent != after.Consent {
		b.Consent, a.Consent = before.Consent, after.Consent
	}
	if before.Note != after.Note {
		b.Note, a.Note = before.Note, after.Note
	}
	b.Tags, a.Tags = onlyIn(before.Tags, after.Tags), onlyIn(after.Tags, before.Tags)
	for _, fields := range []map[string]string{before.Fields, after.Fields} {
		for name := range fields {
			if was, is := before.Fields[name], after.Fields[name]; was != is {
				setField(b, name, was)
				setField(a, name, is)
			}
		}
	}
	for _, o := range after.Others {
		if !slices.ContainsFunc(before.Phones(), o.Phone.Same) {
			a.Others = append(a.Others, o)
		}
	}
	if before.Phone != after.Phone {
		b.Phone, b.WhatsApp, b.LID, b.Presence, b.CheckedAt = before.Phone, before.WhatsApp, before.LID, before.Presence, before.CheckedAt
		a.Phone, a.WhatsApp, a.LID, a.Presence, a.CheckedAt = after.Phone, after.WhatsApp, after.LID, after.Presence, after.CheckedAt
	}
	a.OptedOut = after.OptedOut && !before.OptedOut
	if !after.DoubtAt.Equal(before.DoubtAt) {
		a.DoubtAt = after.DoubtAt
	}
	c.names = onlyIn(after.Lists, before.Lists)
	return c
}

// onlyIn is what is in a and not in b, case and accents aside.
func onlyIn(a, b []string) (only []string) {
	for _, text := range a {
		if !folds(b, text) {
			only = append(only, text)
		}
	}
	return only
}

// original is a person as they were before the change, by how they are now.
func (c *change) original(now *people.Contact) *people.Contact {
	o := cloneContact(now)
	c.revert(&o)
	return &o
}

// revert gives a person back what they had, as far as that has not been changed
// since, and reports whether that was all.
func (c *change) revert(now *people.Contact) (whole bool) {
	b, a := &c.before, &c.after
	whole = true
	part := func(changed, stands, isBack bool, back func()) {
		switch {
		case !changed:
		case stands:
			back()
		case !isBack:
			whole = false
		}
	}
	part(a.Name != b.Name || a.NameSource != b.NameSource, now.Name == a.Name && now.NameSource == a.NameSource, now.Name == b.Name,
		func() { now.Name, now.NameSource = b.Name, b.NameSource })
	part(a.Consent != b.Consent, now.Consent == a.Consent, now.Consent == b.Consent, func() { now.Consent = b.Consent })
	part(a.Note != b.Note, now.Note == a.Note, now.Note == b.Note, func() { now.Note = b.Note })
	now.Tags = union(onlyIn(now.Tags, a.Tags), b.Tags)
	for name, is := range a.Fields {
		was := b.Fields[name]
		part(true, now.Fields[name] == is, now.Fields[name] == was, func() {
			if delete(now.Fields, name); was != "" {
				setField(now, name, was)
			}
		})
	}
	part(a.Phone != b.Phone, now.Phone == a.Phone && now.WhatsApp == a.WhatsApp && now.LID == a.LID, now.Phone == b.Phone, func() {
		if b.Phone == "" || now.Goes(b.Phone, time.Time{}) {
			now.Phone, now.WhatsApp, now.Presence, now.CheckedAt = b.Phone, b.WhatsApp, b.Presence, b.CheckedAt
		}
	})
	for _, o := range a.Others {
		now.Others = slices.DeleteFunc(slices.Clone(now.Others), func(p people.OtherPhone) bool { return p.Phone.Same(o.Phone) })
		if now.Phone.Same(o.Phone) || now.WhatsApp.Same(o.Phone) { // they go by it now
			whole = false
		}
	}
	return whole
}

// listTx looks the lists up on which a person was put.
func (c *change) listTx(tx *bolt.Tx) error {
	for _, name := range c.names {
		l, err := listTx(tx, name)
		if err != nil {
			return err
		}
		if !slices.Contains(c.lists, l.ID) {
			c.lists = append(c.lists, l.ID)
		}
	}
	c.names = nil
	return nil
}

// changeVersion is the first byte of a change.
const changeVersion = 1

func (c *change) encode() []byte {
	var e bolt.Enc
	e.Uint(changeVersion)
	e.Text(string(encodeContact(&c.before)))
	e.Text(string(encodeContact(&c.after)))
	e.Uint(uint64(len(c.lists)))
	for _, id := range c.lists {
		e.Uint(uint64(id))
	}
	return e.B
}

func decodeChange(v []byte) (c change, err error) {
	d := bolt.Dec{B: v}
	d.Version(changeVersion)
	before, after := d.Bytes(), d.Bytes()
	for range d.Count() {
		c.lists = append(c.lists, uint32(d.Uint()))
	}
	if d.Err != nil {
		return c, d.Err
	}
	if c.before, err = decodeContact(0, before); err == nil {
		c.after, err = decodeContact(0, after)
	}
	return c, err
}
