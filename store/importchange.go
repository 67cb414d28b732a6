package store

import (
	"slices"
	"time"

	"recado/campaign/people"
	"recado/store/bolt"
)

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
