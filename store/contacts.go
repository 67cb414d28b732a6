package store

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Contact returns one person, also by an id from before a merge; ErrNotFound
// if there is none.
func (b *Book) Contact(id people.ContactID) (c people.Contact, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		c, err = listedTx(tx, id)
		return err
	})
	return c, err
}

// listedTx reads a person with the lists that they are on.
func listedTx(tx *bolt.Tx, id people.ContactID) (people.Contact, error) {
	c, err := contactTx(tx, id)
	if err != nil {
		return c, err
	}
	rolls, err := rostersTx(tx)
	rolls.fill(&c)
	return c, err
}

// ContactByPhone returns the person with that phone, in any spelling, or
// ErrNotFound.
func (b *Book) ContactByPhone(phone people.Phone) (c people.Contact, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		id, ok := findPersonTx(tx, phone, "")
		if !ok {
			return reason.Because(ErrNotFound, reason.ContactNotFound, reason.Plain(phone.Masked()))
		}
		c, err = listedTx(tx, id)
		return err
	})
	return c, err
}

// ContactsByID returns those people, in that order; who is gone is left out.
func (b *Book) ContactsByID(ids []people.ContactID) (found []people.Contact, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		found = make([]people.Contact, 0, len(ids))
		rolls, err := rostersTx(tx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			c, err := contactTx(tx, id)
			if errors.Is(err, ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
			rolls.fill(&c)
			found = append(found, c)
		}
		return nil
	})
	return found, err
}

// DeliveriesTo returns what campaigns have sent, or tried to send, to a person,
// the newest campaign first.
func (b *Book) DeliveriesTo(ctx context.Context, who people.ContactID) (all []campaign.Delivery, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		who = mergedTx(tx, who)
		for k := range campaignsTable.Back(tx, nil) {
			if err := ctx.Err(); err != nil {
				return err
			}
			id := campaignsTable.Parts(k)
			seq := personsTable.Get(tx, id, who)
			if seq == nil {
				continue
			}
			d, err := deliveryTx(tx, deliveryKey(id, fromRow[uint32](seq)))
			if err != nil {
				return err
			}
			if d.Revokes == "" { // what deletes one is none
				all = append(all, d)
			}
		}
		return nil
	})
	return all, err
}

// ContactCount returns how many people are in the book.
func (b *Book) ContactCount() (n int, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		n = countTx(tx, countContacts)
		return nil
	})
	return n, err
}

// OptOutCount returns how many of them have opted out.
func (b *Book) OptOutCount() (n int, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		n = countTx(tx, countOptOuts)
		return nil
	})
	return n, err
}

// DoubtCount returns how many of them a person has to decide about, see
// people.Contact.InDoubt.
func (b *Book) DoubtCount() (n int, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		n = countTx(tx, countDoubts)
		return nil
	})
	return n, err
}

// OptOut writes down that a person must not be written to, and why. Of one who
// has opted out before, the first time and reason stay.
func (d *Desk) OptOut(id people.ContactID, why string) error {
	return d.editContact(VerbOptOut, id, func(_ *bolt.Tx, c *people.Contact) error {
		if !c.OptedOut {
			c.OptedOut, c.OptOutAt, c.OptOutWhy = true, d.book.clock.Now(), why
		}
		return nil
	})
}

// OptIn takes an opt-out back. That needs a reason in words, which is kept
// with the time. It counts as later than the opt-out, whatever the clocks say:
// the same message, heard once more from the history of a phone, is not another
// opt-out.
func (d *Desk) OptIn(id people.ContactID, why string) error {
	if strings.TrimSpace(why) == "" {
		return reason.Err(reason.OptInNoReason)
	}
	return d.editContact(VerbOptIn, id, func(tx *bolt.Tx, c *people.Contact) error {
		if c.OptedOut {
			if err := unsuppressTx(tx, c); err != nil {
				return err
			}
			c.OptedOut, c.OptOutAt, c.OptOutWhy = false, later(c.OptOutAt, d.book.clock.Now()), why
		}
		return nil
	})
}

// Stays ends the doubt whether a person wants to be left alone: they do not, as
// somebody who read their message of that time says. What they write later is
// doubted again; if they have, the doubt stays.
func (d *Desk) Stays(id people.ContactID, read time.Time) error {
	return d.editContact(VerbStays, id, func(_ *bolt.Tx, c *people.Contact) error {
		if !c.InDoubt() {
			return nil
		}
		if c.DoubtEnded = later(c.DoubtEnded, read); !c.DoubtAt.After(read) {
			c.DoubtAt, c.DoubtSaid = time.Time{}, ""
		}
		return nil
	})
}

// AddContact makes somebody whose phone is nobody's in the book: with the name,
// tags, fields and note that were typed. A phone that is somebody's is ErrExists.
func (d *Desk) AddContact(row people.Row) (c people.Contact, err error) {
	err = d.write(VerbContactAdd, func(tx *bolt.Tx, e *Entry) error {
		if row.Phone == "" {
			return reason.Err(reason.ContactNoPhone)
		}
		if _, taken := aliasTx(tx, phoneKey(row.Phone)); taken {
			return reason.Because(ErrExists, reason.ContactExists)
		}
		c, _, err = importedTx(tx, &row, d.book.clock.Now())
		if err != nil {
			return err
		}
		before := people.Contact{}
		if existsTx(tx, c.ID) { // they had that phone once
			before = cloneContact(&c)
		}
		if row.Consent.Status != people.ConsentUnknown {
			row.Consent.By = d.who.Name
		}
		if err := checkTyped(&people.Contact{Name: row.Name, Tags: row.Tags, Fields: row.Fields, Note: row.Note}); err != nil {
			return err
		}
		complete(&c, &row)
		if err := otherPhonesTx(tx, &c, &row); err != nil {
			return err
		}
		e.onContact(&c)
		e.changeContact(&before, &c)
		return putContactTx(tx, &c)
	})
	return c, err
}

// checkTyped holds the limits of what is typed about a person.
func checkTyped(c *people.Contact) error {
	if err := people.CheckName(c.Name); err != nil {
		return err
	}
	if err := people.CheckNote(c.Note); err != nil {
		return err
	}
	if len(c.Tags) > people.MaxTags {
		return reason.New(reason.RowTags, people.MaxTags)
	}
	for _, tag := range c.Tags {
		if n := utf8.RuneCountInString(tag); n > people.MaxTag {
			return reason.New(reason.RowTagLong, reason.Clip(tag), n, people.MaxTag)
		}
	}
	if len(c.Fields) > people.MaxFields {
		return reason.New(reason.RowFields, people.MaxFields)
	}
	for name, value := range c.Fields {
		if n := utf8.RuneCountInString(value); n > people.MaxCell {
			return reason.New(reason.RowCellLong, name, n, people.MaxCell)
		}
	}
	return nil
}

// EditContact changes what a person typed in about another one: a name that
// changes is a typed one from then on. A phone that is somebody else's is
// ErrExists. Opt-outs and lists are not changed by it, see OptOut, OptIn and
// SaveList.
func (d *Desk) EditContact(id people.ContactID, edit func(*people.Contact)) error {
	return d.editContact(VerbContactEdit, id, func(tx *bolt.Tx, c *people.Contact) error {
		before := cloneContact(c)
		edit(c)
		c.ID, c.Created, c.LID, c.Former, c.Labels = before.ID, before.Created, before.LID, before.Former, before.Labels
		c.Username, c.Origin, c.Came = before.Username, before.Origin, before.Came
		if c.Consent != before.Consent {
			c.Consent.By = d.who.Name
		}
		if len(c.Tags) > len(before.Tags) || len(c.Fields) > len(before.Fields) || c.Note != before.Note {
			if err := checkTyped(c); err != nil {
				return err
			}
		}
		if len(c.Phones()) > max(people.MaxPhones, len(before.Phones())) {
			return reason.New(reason.ContactPhones, people.MaxPhones)
		}
		for _, l := range c.Labels {
			if l.Name != "" && !before.Ours(l.Name) && !folds(c.Tags, l.Name) {
				return reason.Err(reason.ContactLabel, reason.Plain(l.Name))
			}
		}
		c.OptedOut, c.OptOutAt, c.OptOutWhy, c.OptOutPhone = before.OptedOut, before.OptOutAt, before.OptOutWhy, before.OptOutPhone
		c.DoubtAt, c.DoubtSaid, c.DoubtEnded = before.DoubtAt, before.DoubtSaid, before.DoubtEnded
		if c.Name = strings.TrimSpace(c.Name); c.Name != before.Name {
			c.NameSource = people.Typed
			if err := people.CheckName(c.Name); err != nil {
				return err
			}
		}
		if c.Phone == "" && c.WhatsApp == "" && c.LID == "" {
			return reason.Err(reason.ContactNoPhone)
		}
		for _, alias := range aliasesOf(c) {
			if whose, ok := aliasTx(tx, alias); ok && whose != c.ID {
				return reason.Because(ErrExists, reason.ContactExists)
			}
		}
		if c.Phone.Key() == before.Phone.Key() {
			return nil
		}
		// An opt-out that was given for the old phone stays, and so does what was said
		// of that one alone.
		if c.WhatsApp == before.WhatsApp && !c.Phone.Same(c.WhatsApp) && c.LID == "" {
			c.WhatsApp = ""
		}
		if before.Presence == people.NotOnWhatsApp {
			c.Presence, c.CheckedAt = people.PresenceUnknown, time.Time{}
		}
		if before.Phone != "" && !has(c.Others, before.Phone) {
			c.Former = append(c.Former, people.FormerPhone{Phone: before.Phone, Until: d.book.clock.Now()})
		}
		if c.Phone == "" {
			return nil
		}
		return saidOfTx(tx, c, c.Phone)
	})
}

func (d *Desk) editContact(v Verb, id people.ContactID, edit func(*bolt.Tx, *people.Contact) error) error {
	return d.write(v, func(tx *bolt.Tx, e *Entry) error {
		c, err := contactTx(tx, id)
		if err != nil {
			return err
		}
		before := cloneContact(&c)
		if err := edit(tx, &c); err != nil {
			return err
		}
		e.onContact(&c)
		e.changeContact(&before, &c)
		if sameContact(&before, &c) {
			return nil
		}
		return putContactTx(tx, &c)
	})
}

// yesNo is how the audit writes what is so or not.
var yesNo = map[bool]string{true: "yes", false: "no"}

// changeContact notes what is another one about a person.
func (e *Entry) changeContact(before, after *people.Contact) {
	e.change("name", before.Name, after.Name)
	e.change("phone", string(before.Phone), string(after.Phone))
	e.change("phones", otherPhones(before), otherPhones(after))
	e.change("note", before.Note, after.Note)
	e.change("consent", saidOf(before), saidOf(after))
	e.change("consent_source", before.Consent.Source, after.Consent.Source)
	e.change("consent_day", before.Consent.Day(), after.Consent.Day())
	e.change("evidence", before.Consent.Evidence, after.Consent.Evidence)
	e.change("tags", strings.Join(before.Tags, ", "), strings.Join(after.Tags, ", "))
	for _, fields := range []map[string]string{before.Fields, after.Fields} {
		for name := range fields {
			e.change("field "+shortened(name), before.Fields[name], after.Fields[name])
		}
	}
	e.change("opted_out", yesNo[before.OptedOut], yesNo[after.OptedOut])
	e.change("doubt", yesNo[before.InDoubt()], yesNo[after.InDoubt()])
	if before.OptedOut != after.OptedOut {
		e.change("why", before.OptOutWhy, after.OptOutWhy)
	}
}

// otherPhones are the phones of a person beside the one by which they go.
func otherPhones(c *people.Contact) string {
	var all []string
	for _, o := range c.Others {
		all = append(all, string(o.Phone))
	}
	return strings.Join(all, ", ")
}

// saidOf is what a person answered when they were asked; empty: nothing.
func saidOf(c *people.Contact) string {
	if c.Consent.Status == people.ConsentUnknown {
		return ""
	}
	return c.Consent.Status.String()
}

// Saw writes down what a number learnt about people from the service. People
// without a phone and a LID are left out. After an error some may be written
// down; calling it again with all of them completes it.
func (b *Book) Saw(number campaign.NumberID, seen []people.Seen) error {
	return inChunks(context.Background(), b, seen, func(tx *bolt.Tx, part []people.Seen) error {
		now := b.clock.Now()
		for _, s := range part {
			if s.Phone == "" && s.LID == "" {
				continue
			}
			if _, err := seenTx(tx, number, s, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// seenTx writes down what a number learnt of one person, and returns their id.
func seenTx(tx *bolt.Tx, number campaign.NumberID, s people.Seen, at time.Time) (people.ContactID, error) {
	if s.Phone == "" && s.LID == "" {
		return 0, errors.New("a person without phone and LID")
	}
	c, err := whoTx(tx, told{lid: s.LID, phones: [2]people.Phone{s.Phone}, sure: s.LID != ""}, at)
	if err != nil {
		return 0, err
	}
	before, known, err := knownTx(tx, c.ID)
	if err != nil {
		return 0, err
	}
	// With the LID it comes from the service, in its spelling. An address book
	// alone may be out of date.
	if s.Phone != "" && (s.LID != "" || c.WhatsApp == "" && !has(c.Others, s.Phone)) {
		c.WhatsApp = s.Phone
	}
	switch {
	case s.LID == "":
	case s.Phone != "" && (c.Presence != people.OnWhatsApp || c.CheckedAt.IsZero()):
		c.Presence, c.CheckedAt = people.OnWhatsApp, at
	case c.BestPhone() == "": // an account; there is no phone that could be asked about
		c.Presence = people.OnWhatsApp
	}
	setName(&c, s.Name, s.Source)
	if s.Username != "" {
		c.Username = s.Username
	}
	if s.Known && !c.KnownTo(number) {
		c.Knows = append(c.Knows, number)
	}
	if s.Heard.After(c.LastHeard) {
		c.LastHeard = s.Heard
	}
	if !known || !sameContact(&before, &c) {
		if err := putContactTx(tx, &c); err != nil {
			return 0, err
		}
	}
	return c.ID, keepTimerTx(tx, c.ID, number, s.Timer)
}

// answerTx keeps what the service said about the phone that was asked, and
// returns whose it is now; 0 if nobody's any more. That may be somebody else
// than before, see identities.
func answerTx(tx *bolt.Tx, a people.Answer, at time.Time) (people.ContactID, error) {
	id, ok := findPersonTx(tx, a.Asked, "")
	if !ok {
		return 0, nil
	}
	var c people.Contact
	var err error
	if a.Presence == people.OnWhatsApp {
		c, err = whoTx(tx, told{lid: a.LID, phones: [2]people.Phone{a.Asked, a.Phone}, sure: a.LID != "" || a.Phone != ""}, at)
	} else {
		c, err = contactTx(tx, id)
	}
	if err != nil {
		return 0, err
	}
	if !c.Phone.Same(a.Asked) && !c.WhatsApp.Same(a.Asked) && has(c.Others, a.Asked) {
		return c.ID, refusedTx(tx, &c, a, at) // they go by another phone by now
	}
	if a.Presence == people.NotOnWhatsApp {
		next, err := nextPhoneTx(tx, &c, at)
		if err != nil {
			return 0, err
		}
		if next {
			return c.ID, putContactTx(tx, &c)
		}
	}
	c.Presence, c.CheckedAt = a.Presence, at
	if a.Presence == people.OnWhatsApp {
		if a.Phone != "" {
			c.WhatsApp = a.Phone
		}
		setName(&c, a.Business, people.Business)
	}
	return c.ID, putContactTx(tx, &c)
}

// refusedTx keeps the answer about a phone by which a person does not go: that it
// is not on WhatsApp.
func refusedTx(tx *bolt.Tx, c *people.Contact, a people.Answer, at time.Time) error {
	if a.Presence != people.NotOnWhatsApp {
		return nil
	}
	for i := range c.Others {
		if c.Others[i].Phone.Same(a.Asked) {
			c.Others[i].No = at
		}
	}
	return putContactTx(tx, c)
}

// setName gives a person a name if it comes from a source as good as that of
// the one they have. A longer one than people.MaxName is cut: an import has
// refused it before.
func setName(c *people.Contact, name string, source people.NameSource) {
	if name = people.ClipName(strings.TrimSpace(name)); name != "" && source >= c.NameSource {
		c.Name, c.NameSource = name, source
	}
}
