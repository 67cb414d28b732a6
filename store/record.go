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

// contactVersion is the first byte of a contact's record. Those of version 1 are in
// recordfirst.go.
const contactVersion = 2

// What there is of a person in their record: a number of bits behind the version
// says so, those first that most people have, and the parts follow in this order.
// The bits are written to disk.
const (
	partPhone = 1 << iota
	partName
	partTags
	partFields
	partCreated
	partOrigin
	partChecked
	partWhatsApp
	partLID
	partSource // of the name, if it is none, or not what was typed
	partKnows
	partLastSent
	partLastHeard
	partOptedOut
	partOptOut
	partOptOutPhone
	partFormer
	partDoubt
	partOthers
	partConsent
	partNote
	partUsername
	partCame
	partLabels
	allParts = 1<<iota - 1
)

func partsOf(c *people.Contact) (parts uint64) {
	has := func(part uint64, yes bool) {
		if yes {
			parts |= part
		}
	}
	has(partPhone, c.Phone != "")
	has(partName, c.Name != "")
	has(partTags, len(c.Tags) > 0)
	has(partFields, len(c.Fields) > 0)
	has(partCreated, !c.Created.IsZero())
	has(partOrigin, c.Origin != 0)
	has(partChecked, c.Presence != people.PresenceUnknown || !c.CheckedAt.IsZero())
	has(partWhatsApp, c.WhatsApp != "")
	has(partLID, c.LID != "")
	has(partSource, c.NameSource != usualSource(c))
	has(partKnows, len(c.Knows) > 0)
	has(partLastSent, !c.LastSent.IsZero())
	has(partLastHeard, !c.LastHeard.IsZero())
	has(partOptedOut, c.OptedOut)
	has(partOptOut, !c.OptOutAt.IsZero() || c.OptOutWhy != "")
	has(partOptOutPhone, c.OptOutPhone != "")
	has(partFormer, len(c.Former) > 0)
	has(partDoubt, !c.DoubtAt.IsZero() || c.DoubtSaid != "" || !c.DoubtEnded.IsZero())
	has(partOthers, len(c.Others) > 0)
	has(partConsent, c.Consent != people.Consent{})
	has(partNote, c.Note != "")
	has(partUsername, c.Username != "")
	has(partCame, c.Came != people.Arrival{})
	has(partLabels, len(c.Labels) > 0)
	return parts
}

// usualSource is that of a name of which the record says none.
func usualSource(c *people.Contact) people.NameSource {
	if c.Name == "" {
		return people.NoName
	}
	return people.Typed
}

func encodeContact(c *people.Contact) []byte { return appendContact(make([]byte, 0, 160), c) }

// appendContact appends the record of a person.
func appendContact(b []byte, c *people.Contact) []byte {
	e, parts := bolt.Enc{B: b}, partsOf(c)
	e.Uint(contactVersion)
	e.Uint(parts)
	if parts&partPhone != 0 {
		encodePhone(&e, c.Phone)
	}
	if parts&partName != 0 {
		e.Text(c.Name)
	}
	if parts&partTags != 0 {
		e.Texts(c.Tags)
	}
	if parts&partFields != 0 {
		encodeFields(&e, c.Fields)
	}
	if parts&partCreated != 0 {
		e.Time(c.Created)
	}
	if parts&partOrigin != 0 {
		e.Uint(uint64(c.Origin))
	}
	if parts&partChecked != 0 {
		e.Uint(uint64(c.Presence))
		e.Time(c.CheckedAt)
	}
	if parts&partWhatsApp != 0 {
		encodePhone(&e, c.WhatsApp)
	}
	if parts&partLID != 0 {
		e.Text(c.LID)
	}
	if parts >= partSource {
		encodeSeldom(&e, parts, c)
	}
	return e.B
}

// encodeSeldom appends what few people have.
func encodeSeldom(e *bolt.Enc, parts uint64, c *people.Contact) {
	if parts&partSource != 0 {
		e.Uint(uint64(c.NameSource))
	}
	if parts&partKnows != 0 {
		e.Uint(uint64(len(c.Knows)))
		for _, n := range c.Knows {
			e.Uint(uint64(n))
		}
	}
	if parts&partLastSent != 0 {
		e.Time(c.LastSent)
	}
	if parts&partLastHeard != 0 {
		e.Time(c.LastHeard)
	}
	if parts&partOptOut != 0 {
		e.Time(c.OptOutAt)
		e.Text(c.OptOutWhy)
	}
	if parts&partOptOutPhone != 0 {
		encodePhone(e, c.OptOutPhone)
	}
	if parts&partFormer != 0 {
		e.Uint(uint64(len(c.Former)))
		for _, f := range c.Former {
			encodePhone(e, f.Phone)
			e.Time(f.Until)
		}
	}
	if parts&partDoubt != 0 {
		e.Time(c.DoubtAt)
		e.Text(c.DoubtSaid)
		e.Time(c.DoubtEnded)
	}
	if parts&partOthers != 0 {
		e.Uint(uint64(len(c.Others)))
		for _, o := range c.Others {
			encodePhone(e, o.Phone)
			e.Time(o.No)
		}
	}
	if parts&partConsent != 0 {
		encodeConsent(e, c.Consent)
	}
	if parts&partNote != 0 {
		e.Text(c.Note)
	}
	if parts&partUsername != 0 {
		e.Text(c.Username)
	}
	if parts&partCame != 0 {
		e.Uint(uint64(c.Came.Way))
		e.Text(c.Came.Name)
		e.Time(c.Came.At)
	}
	if parts&partLabels != 0 {
		encodeLabels(e, c)
	}
}

// decodeRecord reads a record behind its version.
func decodeRecord(c *people.Contact, r *bolt.Dec) {
	parts := r.Uint()
	if parts&^allParts != 0 {
		r.Fail()
		return
	}
	if parts&partPhone != 0 {
		c.Phone = decodePhone(r)
	}
	if parts&partName != 0 {
		c.Name = r.Text()
	}
	c.NameSource = usualSource(c)
	if parts&partTags != 0 {
		c.Tags = r.Texts(c.Tags)
	}
	if parts&partFields != 0 {
		c.Fields = decodeFields(c.Fields, r)
	}
	if parts&partCreated != 0 {
		c.Created = r.Time()
	}
	if parts&partOrigin != 0 {
		c.Origin = people.ImportID(r.Uint())
	}
	if parts&partChecked != 0 {
		c.Presence, c.CheckedAt = people.Presence(r.Uint()), r.Time()
	}
	if parts&partWhatsApp != 0 {
		c.WhatsApp = decodePhone(r)
	}
	if parts&partLID != 0 {
		c.LID = r.Text()
	}
	if parts >= partSource {
		decodeSeldom(c, parts, r)
	}
}

func decodeSeldom(c *people.Contact, parts uint64, r *bolt.Dec) {
	if parts&partSource != 0 {
		c.NameSource = people.NameSource(r.Uint())
	}
	if parts&partKnows != 0 {
		for range r.Count() {
			c.Knows = append(c.Knows, campaign.NumberID(r.Uint()))
		}
	}
	if parts&partLastSent != 0 {
		c.LastSent = r.Time()
	}
	if parts&partLastHeard != 0 {
		c.LastHeard = r.Time()
	}
	c.OptedOut = parts&partOptedOut != 0
	if parts&partOptOut != 0 {
		c.OptOutAt, c.OptOutWhy = r.Time(), r.Text()
	}
	if parts&partOptOutPhone != 0 {
		c.OptOutPhone = decodePhone(r)
	}
	if parts&partFormer != 0 {
		for range r.Count() {
			c.Former = append(c.Former, people.FormerPhone{Phone: decodePhone(r), Until: r.Time()})
		}
	}
	if parts&partDoubt != 0 {
		c.DoubtAt, c.DoubtSaid, c.DoubtEnded = r.Time(), r.Text(), r.Time()
	}
	if parts&partOthers != 0 {
		for range r.Count() {
			c.Others = append(c.Others, people.OtherPhone{Phone: decodePhone(r), No: r.Time()})
		}
	}
	if parts&partConsent != 0 {
		c.Consent = decodeConsent(r)
	}
	if parts&partNote != 0 {
		c.Note = r.Text()
	}
	if parts&partUsername != 0 {
		c.Username = r.Text()
	}
	if parts&partCame != 0 {
		c.Came = people.Arrival{Way: people.Way(r.Uint()), Name: r.Text(), At: r.Time()}
	}
	if parts&partLabels != 0 {
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
// uses again: to look at a million people costs two allocations each, the copy
// of the record that all their texts are parts of, and the phone.
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
	clear(c.Fields)
	*c = people.Contact{ID: id, Tags: c.Tags[:0], Lists: c.Lists[:0], Knows: c.Knows[:0], Fields: c.Fields, Former: c.Former[:0], Others: c.Others[:0], Labels: c.Labels[:0]}
	switch r.Version(contactVersion) {
	case 1:
		decodeFirst(c, r)
	case 2:
		decodeRecord(c, r)
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
