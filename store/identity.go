package store

import (
	"errors"
	"slices"
	"time"

	"recado/campaign/people"
	"recado/store/bolt"
)

// Which record is which person.
//
// The LID is the account. An opt-out, tags, lists and deliveries stay with the
// record of the LID. A phone is only where an account can be found for now: when
// the service names another LID for it, it has another owner, and moves to the
// record of that one. The record that had it keeps it as a former phone, which is
// shown and searched, and to which nothing is sent.
//
// A record without a LID is the person who had the phone when it was written
// down. It becomes the person of the first LID that the service names for that
// phone.
//
// That is a guess, and a guess must not weaken an opt-out: an opt-out of a record
// without a LID is one of the phone, and holds for every account that has the
// phone later, too (people.Contact.OptOutPhone).

// side is what is known of the one to whom a phone leads, or a LID.
type side uint8

const (
	untold         side = iota // it was not named
	leadsNowhere               // to no record
	leadsSomewhere             // to a record; which, does not matter
	leadsToNoLID               // a phone: to a record without a LID
	leadsToAnother             // a phone: to a record with another LID than the one that was named
	leadsToSame                // a phone: to the record of the LID
)

// identity is what follows.
type identity uint8

const (
	isNobody    identity = iota // nobody was named
	isNew                       // somebody new
	isPhones                    // the person of the phone
	isLIDs                      // the person of the LID; the phone is theirs from now on
	getsLID                     // the person of the phone, whose LID is known from now on
	isBoth                      // two records of one person: they are merged
	newGetsIt                   // somebody new, to whom the phone goes over
	otherGetsIt                 // the person of the LID, to whom the phone goes over
)

// identities is the table of all cases: what was named, by whatever door, and
// where that leads, say whose record it is. An answer may name two phones, as
// it was asked and as the service spells it; they are looked up one after the
// other, see whoTx. A phone without a LID in an import is in importedTx.
var identities = map[[2]side]identity{
	// by the phone                  by the LID
	{untold, untold}:                 isNobody,
	{untold, leadsNowhere}:           isNew,
	{untold, leadsSomewhere}:         isLIDs,
	{leadsNowhere, untold}:           isNew,
	{leadsSomewhere, untold}:         isPhones,
	{leadsNowhere, leadsNowhere}:     isNew,
	{leadsNowhere, leadsSomewhere}:   isLIDs,
	{leadsToNoLID, leadsNowhere}:     getsLID,
	{leadsToNoLID, leadsSomewhere}:   isBoth,
	{leadsToAnother, leadsNowhere}:   newGetsIt,
	{leadsToAnother, leadsSomewhere}: otherGetsIt,
	{leadsToSame, leadsSomewhere}:    isLIDs,
}

// sidesTx says what the book knows of a phone and a LID, each of which may be
// empty.
func sidesTx(tx *bolt.Tx, phone people.Phone, lid string) (sides [2]side, byPhone, byLID people.ContactID, err error) {
	at := func(alias string) (people.ContactID, side) {
		if id, ok := aliasTx(tx, alias); ok {
			return id, leadsSomewhere
		}
		return 0, leadsNowhere
	}
	if phone != "" {
		if byPhone, sides[0] = at(phoneKey(phone)); sides[0] == leadsNowhere {
			_, have, err := sharedTx(tx, phone)
			if err != nil {
				return sides, 0, 0, err
			}
			if len(have) == 1 { // of several, nothing says who it is
				byPhone, sides[0] = have[0].ID, leadsSomewhere
			}
		}
	}
	if lid != "" {
		byLID, sides[1] = at(string(lidAlias) + lid)
	}
	if sides[0] != leadsSomewhere || lid == "" {
		return sides, byPhone, byLID, nil
	}
	c, err := contactTx(tx, byPhone)
	switch {
	case err != nil:
	case byPhone == byLID:
		sides[0] = leadsToSame
	case c.LID == "":
		sides[0] = leadsToNoLID
	default:
		sides[0] = leadsToAnother
	}
	return sides, byPhone, byLID, err
}

// phoneKey is the alias of a phone.
func phoneKey(phone people.Phone) string { return string(phoneAlias) + phone.Key() }

// findPersonTx returns whose a LID is; without one, or if it is nobody's yet,
// whose phone it is, unless that is known to be another account.
func findPersonTx(tx *bolt.Tx, phone people.Phone, lid string) (people.ContactID, bool) {
	sides, byPhone, byLID, err := sidesTx(tx, phone, lid)
	if err != nil {
		return 0, false
	}
	switch identities[sides] {
	case isLIDs, isBoth, otherGetsIt:
		return byLID, true
	case isPhones, getsLID:
		return byPhone, true
	}
	return 0, false
}

// told is what somebody, or a file, names a person by.
type told struct {
	lid    string
	phones [2]people.Phone // as asked and as the service has it; either may be empty
	sure   bool            // the service says that these phones are theirs now, and no others
}

// whoTx returns the record of the person. Records that prove to be one person
// are merged, phones go over to whom they belong to. What is returned may be
// new, or have changed, and is for the caller to write.
func whoTx(tx *bolt.Tx, t told, at time.Time) (c people.Contact, err error) {
	id := people.ContactID(0)
	for _, phone := range t.phones {
		if phone == "" {
			continue
		}
		sides, byPhone, byLID, err := sidesTx(tx, phone, t.lid)
		if err != nil {
			return c, err
		}
		switch identities[sides] {
		case isPhones:
			if id, err = oneLineTx(tx, id, byPhone, t.phones[0], at); err != nil {
				return c, err
			}
		case getsLID:
			if id, err = uniteTx(tx, id, byPhone, at); err != nil {
				return c, err
			}
		case isBoth:
			if one, err := goesByTx(tx, byPhone, byLID, phone); err != nil {
				return c, err
			} else if !one {
				continue
			}
			if id, err = uniteTx(tx, byLID, byPhone, at); err != nil {
				return c, err
			}
		case newGetsIt, otherGetsIt:
			if err := passOnTx(tx, byPhone, phone, at); err != nil {
				return c, err
			}
		}
	}
	if id == 0 && t.lid != "" {
		id, _ = aliasTx(tx, string(lidAlias)+t.lid)
	}
	if id != 0 {
		c, err = contactTx(tx, id)
	} else {
		var n uint64
		n, err = contactsTable.Next(tx)
		c = people.Contact{ID: people.ContactID(n), Created: at}
	}
	if err != nil {
		return c, err
	}
	if t.lid != "" {
		c.LID = t.lid
	}
	return c, setPhonesTx(tx, &c, t, at)
}

// goesByTx prepares a record for being united with that of a LID which is known to
// have a phone of it: one that is its other phone is that by which they go from
// then on. It reports whether they are one person: somebody's other phone may be
// that of their company.
func goesByTx(tx *bolt.Tx, byPhone, byLID people.ContactID, phone people.Phone) (one bool, err error) {
	c, err := contactTx(tx, byPhone)
	if err != nil || c.Phone.Same(phone) || c.WhatsApp.Same(phone) {
		return true, err
	}
	o, err := contactTx(tx, byLID)
	if err != nil || !mayBe(&c, o.Name, o.NameSource) || !c.Goes(phone, time.Time{}) {
		return false, err
	}
	return true, putContactTx(tx, &c)
}

// mayBe reports whether somebody with a name may be a person: two names that
// people gave them would have to go together.
func mayBe(c *people.Contact, name string, source people.NameSource) bool {
	return name == "" || c.Name == "" || min(source, c.NameSource) < people.AddressBook || !people.OtherPerson(c.Name, name)
}

// uniteTx makes one record of two, of which the first may be nobody's.
func uniteTx(tx *bolt.Tx, a, b people.ContactID, at time.Time) (people.ContactID, error) {
	if a == 0 || a == b {
		return b, nil
	}
	return min(a, b), mergeTx(tx, min(a, b), max(a, b), at)
}

// oneLineTx is for an answer without a LID: two phones that the service calls
// one. Of two accounts, the one has it under whose phone the service knows it.
func oneLineTx(tx *bolt.Tx, asked, known people.ContactID, asks people.Phone, at time.Time) (people.ContactID, error) {
	if asked == 0 || asked == known {
		return known, nil
	}
	a, err := contactTx(tx, asked)
	if err != nil {
		return 0, err
	}
	k, err := contactTx(tx, known)
	if err != nil {
		return 0, err
	}
	if a.LID == "" || k.LID == "" {
		return uniteTx(tx, asked, known, at)
	}
	return known, passOnTx(tx, asked, asks, at)
}

// passOnTx takes a phone from a record, which keeps it as a former one.
func passOnTx(tx *bolt.Tx, id people.ContactID, phone people.Phone, at time.Time) error {
	c, err := contactTx(tx, id)
	if err != nil {
		return err
	}
	if !c.Phone.Same(phone) && !c.WhatsApp.Same(phone) && has(c.Others, phone) {
		return nil // by which they do not go
	}
	c.Former = append(c.Former, people.FormerPhone{Phone: phone, Until: at})
	for _, p := range [...]*people.Phone{&c.Phone, &c.WhatsApp} {
		if p.Same(phone) {
			*p = ""
		}
	}
	if c.Phone == "" {
		c.Phone = c.WhatsApp
	}
	if err := putContactTx(tx, &c); err != nil {
		return err
	}
	// A phone in no field of the record led to it as well in older books.
	return aliasesTable.Delete(tx, phoneKey(phone))
}

// setPhonesTx gives a person the phones by which they were named. If the service
// has named them, any other phone of theirs is a former one from now on.
func setPhonesTx(tx *bolt.Tx, c *people.Contact, t told, at time.Time) error {
	var phones []people.Phone
	for _, p := range t.phones {
		if p != "" {
			phones = append(phones, p)
		}
	}
	if len(phones) == 0 || !t.sure && c.Phone != "" {
		return nil
	}
	had := aliasesOf(c)
	asked, known := phones[0], phones[len(phones)-1]
	for _, p := range phones {
		// If the service has not named the phone by which they went, that is another
		// one of theirs; else it is a former one.
		if c.WhatsApp == "" {
			c.Goes(p, time.Time{})
		}
		c.Others = slices.DeleteFunc(slices.Clone(c.Others), func(o people.OtherPhone) bool { return o.Phone.Same(p) })
	}
	spelled := asked.Key() != known.Key() // the service finds the phone under another one
	if t.sure && (spelled || c.WhatsApp.Key() != known.Key()) {
		now := aliasesOf(&people.Contact{Phone: asked, WhatsApp: known})
		for _, p := range [...]*people.Phone{&c.Phone, &c.WhatsApp} {
			if *p != "" && !slices.Contains(now, phoneKey(*p)) {
				c.Former = append(c.Former, people.FormerPhone{Phone: *p, Until: at})
				*p = ""
			}
		}
		c.WhatsApp = known
		if spelled && c.Phone.Key() != asked.Key() {
			c.Phone = asked
		}
	}
	if c.Phone == "" {
		c.Phone = asked
	}
	for _, p := range phones {
		if !slices.Contains(had, phoneKey(p)) {
			if err := saidOfTx(tx, c, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// saidOfTx opts a person out who gets a phone for which an opt-out was given while
// its account was not known, or which is another one of somebody who opted out.
func saidOfTx(tx *bolt.Tx, c *people.Contact, phone people.Phone) error {
	had, have, err := sharedTx(tx, phone)
	if err != nil {
		return err
	}
	for _, before := range had {
		if before.ID == c.ID || !before.OptedOut || !before.OptOutPhone.Same(phone) {
			continue
		}
		if !c.OptedOut {
			c.OptedOut, c.OptOutAt, c.OptOutWhy, c.OptOutPhone = true, before.OptOutAt, before.OptOutWhy, phone
		}
	}
	for _, other := range have {
		if other.ID != c.ID && other.OptedOut && !c.OptedOut && mayBe(&other, c.Name, c.NameSource) {
			c.OptedOut, c.OptOutAt, c.OptOutWhy = true, other.OptOutAt, other.OptOutWhy
		}
	}
	return nil
}

// sharedTx reads who had a phone and no longer has it, and who has it beside the
// one by which they go.
func sharedTx(tx *bolt.Tx, phone people.Phone) (had, have []people.Contact, err error) {
	if phone == "" {
		return nil, nil, nil
	}
	prefix := string(sharedAlias) + phone.Key()
	for k := range aliasesTable.Each(tx, []byte(prefix)) {
		if len(k) != len(prefix)+8 { // a longer phone
			continue
		}
		c, err := contactTx(tx, fromRow[people.ContactID](k[len(prefix):]))
		switch {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return nil, nil, err
		case has(c.Others, phone):
			have = append(have, c)
		default:
			had = append(had, c)
		}
	}
	return had, have, nil
}

// has reports whether a phone is one of those.
func has(others []people.OtherPhone, phone people.Phone) bool {
	return slices.ContainsFunc(others, func(o people.OtherPhone) bool { return o.Phone.Same(phone) })
}

// importedTx returns the record that a row of a file is about: that of its
// phone. A phone that is nobody's now, and that one person had before, is
// theirs in an old file; their record says under which phone they are now. If
// that leads to nobody, the other phones of the row may. A phone by which nobody
// goes may be that of a company: names that do not go together are two people.
func importedTx(tx *bolt.Tx, row *people.Row, at time.Time) (c people.Contact, known bool, err error) {
	c, err = rowsPersonTx(tx, row)
	if !errors.Is(err, ErrNotFound) {
		return c, true, err
	}
	n, err := contactsTable.Next(tx)
	c = people.Contact{ID: people.ContactID(n), Phone: row.Phone, Name: row.Name, NameSource: people.Typed, Created: at}
	if err == nil {
		err = saidOfTx(tx, &c, row.Phone)
	}
	c.Name, c.NameSource = "", people.NoName
	return c, false, err
}

// rowsPersonTx is the record of importedTx, if it is in the book; else the error
// is ErrNotFound.
func rowsPersonTx(tx *bolt.Tx, row *people.Row) (people.Contact, error) {
	if id, ok := aliasTx(tx, phoneKey(row.Phone)); ok {
		c, err := contactTx(tx, id)
		if c.Phone == "" {
			c.Phone = row.Phone
		}
		return c, err
	}
	had, have, err := sharedTx(tx, row.Phone)
	if err != nil {
		return people.Contact{}, err
	}
	for _, c := range have {
		if mayBe(&c, row.Name, people.Typed) {
			return c, nil
		}
	}
	if len(had) == 1 && len(have) == 0 {
		return had[0], nil
	}
	for _, p := range row.Others {
		id, ok := aliasTx(tx, phoneKey(p))
		if !ok {
			continue
		}
		if c, err := contactTx(tx, id); err != nil || c.Name != "" && row.Name != "" && mayBe(&c, row.Name, people.Typed) {
			return c, err
		}
	}
	return people.Contact{}, ErrNotFound
}

// tidyPhones leaves of the other phones of a person those by which they do not
// go, and of the former ones those that are not theirs now, each once, as it was
// known last.
func tidyPhones(c *people.Contact) {
	if len(c.Others)+len(c.Former) == 0 {
		return
	}
	phones := (&people.Contact{Phone: c.Phone, WhatsApp: c.WhatsApp}).Phones()
	others := c.Others[:0:0]
	for _, o := range c.Others {
		if o.Phone != "" && !slices.ContainsFunc(phones, o.Phone.Same) && !has(others, o.Phone) {
			others = append(others, o)
		}
	}
	c.Others = others
	phones = c.Phones()
	kept := c.Former[:0:0]
	for i, f := range c.Former {
		again := slices.ContainsFunc(c.Former[i+1:], func(g people.FormerPhone) bool { return g.Phone.Same(f.Phone) })
		if !again && !slices.ContainsFunc(phones, f.Phone.Same) {
			kept = append(kept, f)
		}
	}
	c.Former = kept
}

// sharedKeys lists the keys in "aliases" by which a person is known to have had
// phones, or to have them beside the one by which they go.
func sharedKeys(c *people.Contact) (keys []string) {
	for _, f := range c.Former {
		keys = append(keys, sharedKey(f.Phone, c.ID))
	}
	for _, o := range c.Others {
		keys = append(keys, sharedKey(o.Phone, c.ID))
	}
	return keys
}

func sharedKey(p people.Phone, id people.ContactID) string {
	return string(sharedAlias) + p.Key() + string(row(id))
}

// knownTx is the record of a person as it is in the book; not ok if they are not
// in it yet.
func knownTx(tx *bolt.Tx, id people.ContactID) (c people.Contact, ok bool, err error) {
	c, err = contactTx(tx, id)
	if errors.Is(err, ErrNotFound) {
		return c, false, nil
	}
	return c, err == nil, err
}
