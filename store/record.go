package store

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// contactVersion is the first byte of a contact's record.
const contactVersion = 1

func encodeContact(c *people.Contact) []byte {
	e := bolt.Enc{B: make([]byte, 0, 160)}
	e.Uint(contactVersion)
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
	parts := partsOf(c)
	if parts != 0 || !c.DoubtAt.IsZero() || !c.DoubtEnded.IsZero() {
		e.Time(c.DoubtAt)
		e.Text(c.DoubtSaid)
		e.Time(c.DoubtEnded)
	}
	if parts != 0 {
		encodeParts(&e, parts, c)
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
	allParts = 1<<iota - 1
)

func partsOf(c *people.Contact) (parts uint64) {
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

func encodeParts(e *bolt.Enc, parts uint64, c *people.Contact) {
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

func decodeParts(r *bolt.Dec, c *people.Contact) {
	parts := r.Uint()
	if parts&^allParts != 0 {
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

func encodeConsent(e *bolt.Enc, c people.Consent) {
	e.Uint(uint64(c.Status))
	e.Text(c.Source)
	e.Time(c.At)
	e.Text(c.By)
	e.Text(c.Evidence)
}

func decodeConsent(r *bolt.Dec) people.Consent {
	return people.Consent{Status: people.ConsentStatus(r.Uint()), Source: r.Text(), At: r.Time(), By: r.Text(), Evidence: r.Text()}
}

func decodeContact(id people.ContactID, v []byte) (c people.Contact, err error) {
	err = decodeContactInto(&c, id, v)
	return c, err
}

// decodeContactInto reads a record over another one, whose slices and map it
// uses again: to look at a million people costs one allocation each, the copy
// of the record that all their texts are parts of.
func decodeContactInto(c *people.Contact, id people.ContactID, v []byte) error {
	r := bolt.Dec{B: v}
	r.Share()
	err := decodeWithLists(c, id, &r)
	c.Lists = c.Lists[:0]
	return err
}

// viewContact is decodeContactInto without a copy: the texts are parts of the file,
// and good until the transaction ends.
func viewContact(c *people.Contact, id people.ContactID, v []byte) error {
	r := bolt.Dec{B: v}
	r.View()
	err := decodeWithLists(c, id, &r)
	c.Lists = c.Lists[:0]
	return err
}

// decodeWithLists is decodeContactInto with the lists that were part of a
// person's record until version 3 of the book.
func decodeWithLists(c *people.Contact, id people.ContactID, r *bolt.Dec) error {
	r.Version(contactVersion)
	clear(c.Fields)
	*c = people.Contact{ID: id, Tags: c.Tags[:0], Lists: c.Lists[:0], Knows: c.Knows[:0], Fields: c.Fields, Former: c.Former[:0], Others: c.Others[:0], Labels: c.Labels[:0]}
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
		decodeParts(r, c)
	}
	if r.Err != nil {
		return fmt.Errorf("contact %d: %w", id, r.Err)
	}
	return nil
}

func encodeLabels(e *bolt.Enc, c *people.Contact) {
	e.Uint(uint64(len(c.Labels)))
	for _, l := range c.Labels {
		e.Uint(uint64(l.Number))
		e.Text(l.ID)
		e.Text(l.Name)
		e.Bool(l.Ours)
	}
}

func decodeLabels(r *bolt.Dec, c *people.Contact) {
	for range r.Count() {
		c.Labels = append(c.Labels, people.Label{Number: campaign.NumberID(r.Uint()), ID: r.Text(), Name: r.Text(), Ours: r.Bool()})
	}
}

// cloneContact copies a record with what it points to.
func cloneContact(c *people.Contact) people.Contact {
	o := *c
	o.Tags, o.Lists, o.Knows = slices.Clone(c.Tags), slices.Clone(c.Lists), slices.Clone(c.Knows)
	o.Fields, o.Former = maps.Clone(c.Fields), slices.Clone(c.Former)
	o.Others = slices.Clone(c.Others)
	o.Labels = slices.Clone(c.Labels)
	return o
}

// sameContact reports whether writing b over a would change nothing.
func sameContact(a, b *people.Contact) bool {
	return string(encodeContact(a)) == string(encodeContact(b))
}

func setField(c *people.Contact, name, value string) {
	if c.Fields == nil {
		c.Fields = make(map[string]string)
	}
	c.Fields[name] = value
}

// union is what is in a or in b, each once, compared folded and spelled as it
// comes first, sorted. What folds to nothing is left out.
func union(a, b []string) []string {
	if len(a) == 0 && len(b) == 0 {
		return nil
	}
	type folded struct{ key, text string }
	all := make([]folded, 0, len(a)+len(b))
	for _, list := range [...][]string{a, b} {
		for _, s := range list {
			if key := people.Fold(s); key != "" {
				all = append(all, folded{key, s})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b folded) int { return strings.Compare(a.key, b.key) })
	texts := make([]string, 0, len(all))
	for i, f := range all {
		if i == 0 || f.key != all[i-1].key {
			texts = append(texts, f.text)
		}
	}
	return texts
}
