package store

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"recado/campaign/people"
	"recado/store/bolt"
)

// adding is a part of an import under way.
type adding struct {
	tx     *bolt.Tx
	of     *Import
	now    time.Time
	names  nameMoves
	later  bool // names get their places later, see nameorder.go
	rolls  rosters
	joined joining
	traces *traces

	plain bool           // nobody is suppressed, and nobody has a phone beside another one, or had one
	fresh int            // people who were added and are not counted yet
	seen  people.Contact // who is looked at
	key   []byte
	room  []byte // for what is written
}

// importTx adds or completes people, and notes in done what it did. Those whom it adds
// get their places in the order of names later, see nameorder.go, or at once.
func importTx(tx *bolt.Tx, rows []*stagedRow, done *Import, later bool) error {
	a, err := newAdding(tx, done, later)
	if err != nil {
		return err
	}
	for _, row := range rows {
		quick, err := a.quickTx(row)
		if err == nil && !quick {
			err = a.rowTx(row)
		}
		if err != nil {
			return err
		}
	}
	return a.endTx()
}

func newAdding(tx *bolt.Tx, done *Import, later bool) (*adding, error) {
	contactsTable.InOrder(tx)
	aliasesTable.InOrder(tx)
	importedTable.InOrder(tx)
	rolls, err := rostersTx(tx)
	return &adding{
		tx: tx, of: done, now: time.Now(), names: make(nameMoves), later: later,
		rolls: rolls, joined: make(joining), traces: newTraces(done.ID),
		plain: !suppressedTable.Any(tx, nil) && !aliasesTable.Any(tx, []byte{sharedAlias}),
	}, err
}

// endTx writes what is written for all rows together.
func (a *adding) endTx() error {
	if err := addCountTx(a.tx, countContacts, a.fresh); err != nil {
		return err
	}
	if err := a.joined.applyTx(a.tx); err != nil {
		return err
	}
	if err := a.traces.applyTx(a.tx, a.of); err != nil {
		return err
	}
	return a.names.applyTx(a.tx)
}

// rowTx adds or completes who a row is about.
func (a *adding) rowTx(staged *stagedRow) error {
	staged.open()
	row := &staged.Row
	c, known, err := importedTx(a.tx, row, a.now)
	if err != nil {
		return err
	}
	if len(row.Lists) > 0 {
		a.rolls.fill(&c)
	}
	before := cloneContact(&c)
	take, err := a.of.Policy.takeTx(a.tx, &before, &c, known, row, a.now, &a.of.Report)
	if err != nil {
		return err
	}
	if known || take {
		a.traces.saw(c.ID)
	}
	if !take {
		return nil
	}
	if !known {
		c.Origin = a.of.ID
	}
	if err := putPersonTx(a.tx, &c, a.names); err != nil {
		return err
	}
	if len(c.Others)+len(c.Former) > 0 {
		a.plain = false
	}
	if !known && a.later {
		delete(a.names, c.ID)
	}
	a.traces.took(known, &before, &c)
	if len(row.Lists) > 0 {
		a.joined.add(c.Lists, c.ID)
	}
	return nil
}

// quickTx does what rowTx does, in a part of the time, for most rows: those of which
// nothing but the phone can concern anybody else, about somebody new, or which say
// nothing new. It reports whether the row was one.
func (a *adding) quickTx(row *stagedRow) (ok bool, err error) {
	if row.Phone == "" || len(row.Others)+len(row.Lists) > 0 || row.Left != "" || row.Doubt != "" {
		return false, nil
	}
	if tags, fields := row.counts(); tags > people.MaxTags || fields > people.MaxFields {
		return false, nil
	}
	a.key = append(append(a.key[:0], phoneAlias), row.Phone.Key()...)
	if v := aliasesTable.GetAt(a.tx, a.key); v != nil {
		return a.sameTx(fromRow[people.ContactID](v), row)
	}
	if !a.plain {
		return false, nil
	}
	return true, a.addTx(row)
}

// sameTx counts a row that says nothing new about somebody.
func (a *adding) sameTx(id people.ContactID, row *stagedRow) (ok bool, err error) {
	if a.of.Policy == Replace {
		return false, nil
	}
	id = mergedTx(a.tx, id)
	v := contactsTable.Get(a.tx, id)
	if v == nil {
		return false, nil
	}
	if a.of.Policy != Skip && !recordSays(v, row) {
		if err := viewContact(&a.seen, id, v); err != nil {
			return false, err
		}
		if row.open(); !saysNothing(&a.seen, &row.Row) {
			return false, nil
		}
	}
	a.of.Report.Same++
	a.traces.saw(id)
	return true, nil
}

// recordSays is a quicker saysNothing, of which a no means nothing: it reports whether
// a record says what a row says, in the same bytes.
func recordSays(v []byte, row *stagedRow) bool {
	r := bolt.Dec{B: v}
	r.View()
	if !row.packed || row.Note != "" || row.Consent.Status != people.ConsentUnknown || r.Uint() != contactVersion {
		return false
	}
	parts := r.Uint()
	if parts&partPhone == 0 || parts&partSource != 0 {
		return false
	}
	if n := r.Uint(); n == 0 || n != phoneNumber(row.Phone) {
		return false
	}
	var name string
	if parts&partName != 0 {
		name = r.Text()
	}
	if said := nameIn(row); said != "" && said != name {
		return false
	}
	var tags, fields []byte
	if parts&partTags != 0 {
		tags = passTexts(&r)
	}
	if parts&partFields != 0 {
		fields = passFields(&r)
	}
	return r.Err == nil && (len(row.tags) == 0 || bytes.Equal(row.tags, tags)) && (len(row.fields) == 0 || bytes.Equal(row.fields, fields))
}

// nameIn is the name in a row as it is kept.
func nameIn(row *stagedRow) string { return people.ClipName(strings.TrimSpace(row.Name)) }

// saysNothing reports whether complete, and otherPhonesTx, would leave a person as they
// are.
func saysNothing(c *people.Contact, row *people.Row) bool {
	if c.Phone != "" && !c.Phone.Same(row.Phone) || row.Note != "" && row.Note != c.Note || asks(c, row) {
		return false
	}
	if name := people.ClipName(strings.TrimSpace(row.Name)); name != "" && (name != c.Name || c.NameSource != people.Typed) {
		return false
	}
	for _, tag := range row.Tags {
		if !slices.Contains(c.Tags, tag) {
			return false
		}
	}
	for f, v := range row.Fields {
		if v != "" && c.Fields[f] != v {
			return false
		}
	}
	return true
}

// addTx adds somebody of whom nothing was known.
func (a *adding) addTx(row *stagedRow) error {
	n, err := contactsTable.Next(a.tx)
	if err != nil {
		return err
	}
	c := people.Contact{ID: people.ContactID(n), Phone: row.Phone, Created: a.now, Origin: a.of.ID}
	record, mark, ok := a.repacked(&c, row)
	if !ok {
		row.open()
		complete(&c, &row.Row)
		record, mark = a.write(func(b []byte) []byte { return appendContact(b, &c) }), markOf(&c)
	}
	if err := contactsTable.Put(a.tx, c.ID, record); err != nil {
		return err
	}
	if err := aliasesTable.PutAt(a.tx, a.key, a.write(func(b []byte) []byte { return bolt.AppendPart(b, c.ID) })); err != nil {
		return err
	}
	if c.Consent.Status != people.ConsentUnknown {
		if err := chainPersonTx(a.tx, &people.Contact{ID: c.ID}, &c); err != nil {
			return err
		}
	}
	a.fresh++
	a.of.Report.Added++
	if !a.later {
		a.names.move(c.ID, nil, namesTable.key(c.ID, &c))
	}
	a.traces.saw(c.ID)
	a.traces.added(c.ID, mark)
	return nil
}

// repacked makes the record of somebody new, and its mark, of a row as it is packed, and
// sets their name. It is not ok if the record would be another one.
func (a *adding) repacked(c *people.Contact, row *stagedRow) (record []byte, mark uint64, ok bool) {
	phone := phoneNumber(row.Phone)
	if !row.packed || phone == 0 || row.Note != "" || a.of.ID == 0 || !row.kept() {
		return nil, 0, false
	}
	parts := uint64(partPhone | partCreated | partOrigin)
	if c.Name = nameIn(row); c.Name != "" {
		c.NameSource = people.Typed
		parts |= partName
	}
	if len(row.tags) > 0 {
		parts |= partTags
	}
	if len(row.fields) > 0 {
		parts |= partFields
	}
	if asks(c, &row.Row) {
		c.Consent = row.Consent
		parts |= partConsent
	}
	record = a.write(func(b []byte) []byte {
		e := bolt.Enc{B: b}
		e.Uint(contactVersion)
		e.Uint(parts)
		e.Uint(phone)
		if c.Name != "" {
			e.Text(c.Name)
		}
		e.B = append(append(e.B, row.tags...), row.fields...)
		e.Time(c.Created)
		e.Uint(uint64(c.Origin))
		if parts&partConsent != 0 {
			encodeConsent(&e, c.Consent)
		}
		return e.B
	})
	return record, markOfPacked(c, row), true
}

// write gives what is appended room that stays as it is until the transaction ends.
func (a *adding) write(add func([]byte) []byte) []byte {
	const block, most = 64 << 10, 4 << 10
	if cap(a.room)-len(a.room) < most {
		a.room = make([]byte, 0, block)
	}
	start := len(a.room)
	a.room = add(a.room)
	return a.room[start:len(a.room):len(a.room)]
}
