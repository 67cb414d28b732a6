package store

import (
	"maps"
	"slices"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// The records of people as they were until version 18 of the book. They are read for
// ever; and imports that were done by then have marks that are made of them, see
// firstMarkOf.

func encodeFirst(c *people.Contact) []byte {
	e := bolt.Enc{B: make([]byte, 0, 160)}
	e.Uint(1)
	e.Text(string(c.Phone))
	e.Text(string(c.WhatsApp))
	e.Text(c.LID)
	e.Text(c.Name)
	e.Uint(uint64(c.NameSource))
	e.Texts(c.Tags)
	e.Texts(nil) // lists, until version 3 of the book
	e.Uint(uint64(len(c.Fields)))
	for _, f := range slices.Sorted(maps.Keys(c.Fields)) {
		e.Text(f)
		e.Text(c.Fields[f])
	}
	e.Uint(uint64(c.Presence))
	e.Time(c.CheckedAt)
	e.Bool(c.OptedOut)
	e.Time(c.OptOutAt)
	e.Text(c.OptOutWhy)
	e.Uint(uint64(len(c.Knows)))
	for _, n := range c.Knows {
		e.Uint(uint64(n))
	}
	e.Time(c.LastSent)
	e.Time(c.LastHeard)
	e.Time(c.Created)
	e.Uint(uint64(len(c.Former)))
	for _, f := range c.Former {
		e.Text(string(f.Phone))
		e.Time(f.Until)
	}
	e.Text(string(c.OptOutPhone))
	parts := firstPartsOf(c)
	if parts != 0 || !c.DoubtAt.IsZero() || !c.DoubtEnded.IsZero() {
		e.Time(c.DoubtAt)
		e.Text(c.DoubtSaid)
		e.Time(c.DoubtEnded)
	}
	if parts != 0 {
		encodeFirstParts(&e, parts, c)
	}
	return e.B
}

// What few people have stands at the end of a record, behind a number that says
// what of it there is. The numbers are written to disk.
const (
	hasOthers = 1 << iota
	hasConsent
	hasNote
	hasUsername
	hasOrigin
	hasCame
	hasLabels
	allFirst = 1<<iota - 1
)

func firstPartsOf(c *people.Contact) (parts uint64) {
	has := func(part uint64, yes bool) {
		if yes {
			parts |= part
		}
	}
	has(hasOthers, len(c.Others) > 0)
	has(hasConsent, c.Consent != people.Consent{})
	has(hasNote, c.Note != "")
	has(hasUsername, c.Username != "")
	has(hasOrigin, c.Origin != 0)
	has(hasCame, c.Came != people.Arrival{})
	has(hasLabels, len(c.Labels) > 0)
	return parts
}

func encodeFirstParts(e *bolt.Enc, parts uint64, c *people.Contact) {
	e.Uint(parts)
	if parts&hasOthers != 0 {
		e.Uint(uint64(len(c.Others)))
		for _, o := range c.Others {
			e.Text(string(o.Phone))
			e.Time(o.No)
		}
	}
	if parts&hasConsent != 0 {
		encodeConsent(e, c.Consent)
	}
	if parts&hasNote != 0 {
		e.Text(c.Note)
	}
	if parts&hasUsername != 0 {
		e.Text(c.Username)
	}
	if parts&hasOrigin != 0 {
		e.Uint(uint64(c.Origin))
	}
	if parts&hasCame != 0 {
		e.Uint(uint64(c.Came.Way))
		e.Text(c.Came.Name)
		e.Time(c.Came.At)
	}
	if parts&hasLabels != 0 {
		encodeLabels(e, c)
	}
}

func decodeFirstParts(r *bolt.Dec, c *people.Contact) {
	parts := r.Uint()
	if parts&^allFirst != 0 {
		r.Fail()
		return
	}
	if parts&hasOthers != 0 {
		for range r.Count() {
			c.Others = append(c.Others, people.OtherPhone{Phone: people.Phone(r.Text()), No: r.Time()})
		}
	}
	if parts&hasConsent != 0 {
		c.Consent = decodeConsent(r)
	}
	if parts&hasNote != 0 {
		c.Note = r.Text()
	}
	if parts&hasUsername != 0 {
		c.Username = r.Text()
	}
	if parts&hasOrigin != 0 {
		c.Origin = people.ImportID(r.Uint())
	}
	if parts&hasCame != 0 {
		c.Came = people.Arrival{Way: people.Way(r.Uint()), Name: r.Text(), At: r.Time()}
	}
	if parts&hasLabels != 0 {
		decodeLabels(r, c)
	}
}

// decodeFirst reads such a record behind its version.
func decodeFirst(c *people.Contact, r *bolt.Dec) {
	c.Phone, c.WhatsApp = people.Phone(r.Text()), people.Phone(r.Text())
	c.LID, c.Name = r.Text(), r.Text()
	c.NameSource = people.NameSource(r.Uint())
	c.Tags, c.Lists = r.Texts(c.Tags), r.Texts(c.Lists)
	for range r.Count() {
		f := r.Text()
		setField(c, f, r.Text())
	}
	c.Presence = people.Presence(r.Uint())
	c.CheckedAt = r.Time()
	c.OptedOut = r.Bool()
	c.OptOutAt = r.Time()
	c.OptOutWhy = r.Text()
	for range r.Count() {
		c.Knows = append(c.Knows, campaign.NumberID(r.Uint()))
	}
	c.LastSent = r.Time()
	c.LastHeard = r.Time()
	c.Created = r.Time()
	if len(r.B) > 0 { // from version 6 of the book on
		for range r.Count() {
			c.Former = append(c.Former, people.FormerPhone{Phone: people.Phone(r.Text()), Until: r.Time()})
		}
		c.OptOutPhone = people.Phone(r.Text())
	}
	if len(r.B) > 0 { // of the few who were ever in doubt, from version 9 of the book on
		c.DoubtAt, c.DoubtSaid, c.DoubtEnded = r.Time(), r.Text(), r.Time()
	}
	if len(r.B) > 0 { // from version 11 of the book on
		decodeFirstParts(r, c)
	}
}
