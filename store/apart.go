package store

import (
	"bytes"
	"slices"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// How two records that became one are taken apart again.
//
// They were merged because the service said that a phone and an account are one
// person's. That may be true of the service and wrong of the people: a daughter
// answers under the phone that stands in a file under her mother's name. Taken
// apart, each has again what they had, and the account, with the phone that leads to it,
// belongs to one of them alone: to whom it belonged before. The other one keeps the
// phone as a former one, to which nothing is sent. So nobody gets a campaign
// twice, and the service does not make one of them again when it says the same
// once more.
//
// An opt-out or a doubt stays with both, and what was sent to the one record
// counts for both.

// bond is what is kept of two records that were made one.
type bond struct {
	at         time.Time
	keep, gone people.Contact // as they were, with their lists
}

const unionVersion = 1

func encodeUnion(u *bond) []byte {
	var e bolt.Enc
	e.Uint(unionVersion)
	e.Time(u.at)
	for _, c := range [...]*people.Contact{&u.keep, &u.gone} {
		e.Uint(uint64(c.ID))
		e.Text(string(encodeContact(c)))
		e.Texts(c.Lists)
	}
	return e.B
}

func decodeUnion(v []byte) (u bond, err error) {
	r := bolt.Dec{B: v}
	r.Version(unionVersion)
	u.at = r.Time()
	for _, c := range [...]*people.Contact{&u.keep, &u.gone} {
		id, record, lists := people.ContactID(r.Uint()), r.Text(), r.Texts(nil)
		if r.Err != nil {
			return u, r.Err
		}
		if *c, err = decodeContact(id, []byte(record)); err != nil {
			return u, err
		}
		c.Lists = lists
	}
	return u, nil
}

// keepUnionTx keeps what two records were before they are made one, and says in
// the audit that they are.
func keepUnionTx(tx *bolt.Tx, keep, gone people.Contact, at time.Time) error {
	rolls, err := rostersTx(tx)
	if err != nil {
		return err
	}
	rolls.fill(&keep)
	rolls.fill(&gone)
	if err := mergesTable.Put(tx, keep.ID, gone.ID, encodeUnion(&bond{at, keep, gone})); err != nil {
		return err
	}
	e := Entry{At: at, Ended: at, Actor: itself, Verb: VerbMerge}
	e.onContact(&keep)
	e.change("phone", string(keep.BestPhone()), string(gone.BestPhone()))
	e.change("name", keep.Called(), gone.Called())
	e.change("opted_out", yesNo[keep.OptedOut], yesNo[gone.OptedOut])
	return addEntryTx(tx, &e)
}

// Union is two records that were made one.
type Union struct {
	At   time.Time
	Keep people.Contact // as it was, with its lists; its id is the person's still
	Gone people.Contact // as it was
}

// Unions lists of which records a person is made, the last that was added first.
func (b *Book) Unions(id people.ContactID) (unions []Union, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		for _, v := range mergesTable.Each(tx, mergesTable.Of(mergedTx(tx, id))) {
			u, err := decodeUnion(v)
			if err != nil {
				return err
			}
			unions = append(unions, Union{u.at, u.keep, u.gone})
		}
		return nil
	})
	slices.SortStableFunc(unions, func(a, b Union) int { return b.At.Compare(a.At) })
	return unions, err
}

// TakeApart makes two records of one again: that of the person and the one that was
// added to it last. It returns the record that the account belongs to, and the
// other one, to which nothing is sent until somebody writes down another phone for them.
func (d *Desk) TakeApart(id people.ContactID) (account, other people.ContactID, err error) {
	err = d.write(VerbApart, func(tx *bolt.Tx, e *Entry) error {
		id := mergedTx(tx, id)
		now, err := listedTx(tx, id)
		if err != nil {
			return err
		}
		var last bond
		for _, v := range mergesTable.Each(tx, mergesTable.Of(id)) {
			u, err := decodeUnion(v)
			if err != nil {
				return err
			}
			if last.at.IsZero() || !u.at.Before(last.at) && u.gone.ID > last.gone.ID || u.at.After(last.at) {
				last = u
			}
		}
		if last.at.IsZero() {
			return reason.Because(ErrState, reason.ContactNotMerged)
		}
		account, other, err = apartTx(tx, now, last, d.book.clock.Now())
		if err != nil {
			return err
		}
		e.onContact(&now)
		mine, err := contactTx(tx, account)
		if err != nil {
			return err
		}
		rest, err := contactTx(tx, other)
		if err != nil {
			return err
		}
		e.change("name", now.Called(), mine.Called()+", "+rest.Called())
		e.count("records", 2)
		return nil
	})
	return account, other, err
}

// apartTx takes what is one record now apart.
func apartTx(tx *bolt.Tx, now people.Contact, u bond, at time.Time) (account, other people.ContactID, err error) {
	holder, rest := &u.keep, &u.gone
	if holder.LID == "" && rest.LID != "" {
		holder, rest = rest, holder
	}
	h := without(now, holder, rest)
	o := cloneContact(rest)
	theirs := aliasesOf(&h)
	for _, p := range [...]*people.Phone{&o.Phone, &o.WhatsApp} {
		if *p != "" && slices.Contains(theirs, phoneKey(*p)) {
			o.Former = append(o.Former, people.FormerPhone{Phone: *p, Until: at})
			*p = ""
		}
	}
	if o.LID == h.LID {
		o.LID = ""
	}
	o.Tags = o.OurTags() // the labels are of the chat
	o.Labels = nil
	o.LastSent = later(o.LastSent, now.LastSent)
	if now.OptedOut && !o.OptedOut {
		o.OptedOut, o.OptOutAt, o.OptOutWhy = true, now.OptOutAt, now.OptOutWhy
	}
	if now.InDoubt() && !o.OptedOut {
		o.DoubtAt, o.DoubtSaid = now.DoubtAt, now.DoubtSaid
	}
	o.Others = slices.DeleteFunc(o.Others, func(p people.OtherPhone) bool {
		return has(h.Others, p.Phone) || slices.Contains(theirs, phoneKey(p.Phone))
	})
	// First the record that is there, whose aliases become free.
	first, second := &h, &o
	if h.ID == u.gone.ID {
		first, second = &o, &h
	}
	if err := mergedTable.Delete(tx, u.gone.ID); err != nil {
		return 0, 0, err
	}
	if err := mergesTable.Delete(tx, u.keep.ID, u.gone.ID); err != nil {
		return 0, 0, err
	}
	for _, c := range []*people.Contact{first, second} {
		if err := putContactTx(tx, c); err != nil {
			return 0, 0, err
		}
	}
	if err := bothCountTx(tx, u.keep.ID, u.gone.ID); err != nil {
		return 0, 0, err
	}
	return h.ID, o.ID, relistTx(tx, &now, holder, rest)
}

// without is a person of now with what only the other record brought taken from
// them, under the id of the one whose account they have.
func without(now people.Contact, holder, rest *people.Contact) people.Contact {
	h := cloneContact(&now)
	h.ID, h.Created = holder.ID, holder.Created
	if h.Name == rest.Name && h.NameSource == rest.NameSource {
		h.Name, h.NameSource = holder.Name, holder.NameSource
	}
	if h.Consent == rest.Consent {
		h.Consent = holder.Consent
	}
	if h.Note == rest.Note || h.Note == uniteTexts(holder.Note, rest.Note) || h.Note == uniteTexts(rest.Note, holder.Note) {
		h.Note = holder.Note
	}
	h.Origin, h.Came = holder.Origin, holder.Came
	h.Others = slices.DeleteFunc(h.Others, func(p people.OtherPhone) bool { return has(rest.Others, p.Phone) && !has(holder.Others, p.Phone) })
	h.Tags = slices.DeleteFunc(h.Tags, func(tag string) bool { return folds(rest.Tags, tag) && !folds(holder.Tags, tag) })
	for f, v := range rest.Fields {
		if h.Fields[f] == v && holder.Fields[f] != v {
			delete(h.Fields, f)
			if had := holder.Fields[f]; had != "" {
				setField(&h, f, had)
			}
		}
	}
	return h
}

// folds reports whether a text is in a list, case and accents aside.
func folds(list []string, text string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return people.Fold(s) == people.Fold(text) })
}

// relistTx puts the two on the lists on which they were. Lists that were made
// since, or changed, keep who has the account.
func relistTx(tx *bolt.Tx, now, holder, rest *people.Contact) error {
	lists, err := listsTx(tx)
	if err != nil {
		return err
	}
	for _, l := range lists {
		on, was, rests := folds(now.Lists, l.Name), folds(holder.Lists, l.Name), folds(rest.Lists, l.Name)
		if !on {
			continue
		}
		members := membersTx(tx, l.ID)
		members.Remove(now.ID)
		if was || !rests {
			members.Add(holder.ID)
		}
		if rests {
			members.Add(rest.ID)
		}
		if _, err := putMembersTx(tx, l, members); err != nil {
			return err
		}
	}
	return nil
}

// bothCountTx makes what was sent to a person count for another one as well, and
// gives them the timers of their chats.
func bothCountTx(tx *bolt.Tx, from, to people.ContactID) error {
	var rows []func() error
	err := campaignsTable.ForEach(tx, func(k, _ []byte) error {
		id := campaignsTable.Parts(k)
		if v := personsTable.Get(tx, id, from); v != nil {
			seq := bytes.Clone(v)
			rows = append(rows, func() error { return personsTable.Put(tx, id, to, seq) })
		}
		return nil
	})
	if err != nil {
		return err
	}
	for k, v := range latestTable.Each(tx, latestTable.Of(from)) {
		_, number := latestTable.Parts(k)
		at := bytes.Clone(v)
		rows = append(rows, func() error { return latestTable.Put(tx, to, number, at) })
	}
	for k, v := range timersTable.Each(tx, timersTable.Of(from)) {
		_, number := timersTable.Parts(k)
		timer := bytes.Clone(v)
		rows = append(rows, func() error { return timersTable.Put(tx, to, number, timer) })
	}
	for _, put := range rows {
		if err := put(); err != nil {
			return err
		}
	}
	return nil
}
