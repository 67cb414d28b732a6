package store

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"recado/campaign"
	"recado/campaign/people"
)

// contactVersion is the first byte of a contact's record.
const contactVersion = 1

func encodeContact(c *people.Contact) []byte {
	e := enc{b: make([]byte, 0, 160)}
	e.uint(contactVersion)
	e.str(string(c.Phone))
	e.str(string(c.WhatsApp))
	e.str(c.LID)
	e.str(c.Name)
	e.uint(uint64(c.NameSource))
	e.strs(c.Tags)
	e.strs(nil) // lists, until version 3 of the book
	e.uint(uint64(len(c.Fields)))
	for _, f := range slices.Sorted(maps.Keys(c.Fields)) {
		e.str(f)
		e.str(c.Fields[f])
	}
	e.uint(uint64(c.Presence))
	e.time(c.CheckedAt)
	e.bool(c.OptedOut)
	e.time(c.OptOutAt)
	e.str(c.OptOutWhy)
	e.uint(uint64(len(c.Knows)))
	for _, n := range c.Knows {
		e.uint(uint64(n))
	}
	e.time(c.LastSent)
	e.time(c.LastHeard)
	e.time(c.Created)
	e.uint(uint64(len(c.Former)))
	for _, f := range c.Former {
		e.str(string(f.Phone))
		e.time(f.Until)
	}
	e.str(string(c.OptOutPhone))
	return e.b
}

func decodeContact(id people.ContactID, v []byte) (c people.Contact, err error) {
	err = decodeContactInto(&c, id, v)
	return c, err
}

// decodeContactInto reads a record over another one, whose slices and map it
// uses again: to look at a million people costs one allocation each, the copy
// of the record that all their texts are parts of.
func decodeContactInto(c *people.Contact, id people.ContactID, v []byte) error {
	err := decodeWithLists(c, id, v)
	c.Lists = c.Lists[:0]
	return err
}

// decodeWithLists is decodeContactInto with the lists that were part of a
// person's record until version 3 of the book.
func decodeWithLists(c *people.Contact, id people.ContactID, v []byte) error {
	r := dec{b: v}
	if version := r.uint(); version != contactVersion {
		return fmt.Errorf("contact %d: record of version %d: %w", id, version, errDamaged)
	}
	whole := string(v)
	text := func() string {
		n := r.uint()
		if n > uint64(len(r.b)) {
			r.fail()
			return ""
		}
		at := len(whole) - len(r.b)
		r.b = r.b[n:]
		return whole[at : at+int(n)]
	}
	texts := func(list []string) []string {
		for range r.count() {
			list = append(list, text())
		}
		return list
	}
	clear(c.Fields)
	*c = people.Contact{ID: id, Tags: c.Tags[:0], Lists: c.Lists[:0], Knows: c.Knows[:0], Fields: c.Fields, Former: c.Former[:0]}
	c.Phone, c.WhatsApp = people.Phone(text()), people.Phone(text())
	c.LID, c.Name = text(), text()
	c.NameSource = people.NameSource(r.uint())
	c.Tags, c.Lists = texts(c.Tags), texts(c.Lists)
	for range r.count() {
		f := text()
		setField(c, f, text())
	}
	c.Presence = people.Presence(r.uint())
	c.CheckedAt = r.time()
	c.OptedOut = r.bool()
	c.OptOutAt = r.time()
	c.OptOutWhy = text()
	for range r.count() {
		c.Knows = append(c.Knows, campaign.NumberID(r.uint()))
	}
	c.LastSent = r.time()
	c.LastHeard = r.time()
	c.Created = r.time()
	if len(r.b) > 0 { // from version 6 of the book on
		for range r.count() {
			c.Former = append(c.Former, people.FormerPhone{Phone: people.Phone(text()), Until: r.time()})
		}
		c.OptOutPhone = people.Phone(text())
	}
	if r.err != nil {
		return fmt.Errorf("contact %d: %w", id, r.err)
	}
	return nil
}

// cloneContact copies a record with what it points to.
func cloneContact(c *people.Contact) people.Contact {
	o := *c
	o.Tags, o.Lists, o.Knows = slices.Clone(c.Tags), slices.Clone(c.Lists), slices.Clone(c.Knows)
	o.Fields, o.Former = maps.Clone(c.Fields), slices.Clone(c.Former)
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
