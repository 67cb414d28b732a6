package store

import (
	"bytes"
	"slices"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// A person is one record. They are found by the key of their phone, by the key
// of the phone that the service knows them by, and by their LID; each of these
// aliases leads to one record only. When the service proves two records to be
// one person (see identity.go) they are merged (merge.go), and the id that went away keeps
// leading to them.

// The kinds of alias, the first byte of their keys. A phone that several people
// may have, because it is one that they had or not the one by which they go, has
// the id of each at the end of its key.
const (
	phoneAlias  byte = 'p'
	lidAlias    byte = 'l'
	sharedAlias byte = 'f'
)

// The counters of people, in "meta".
const (
	countContacts   = "count contacts"
	countOptOuts    = "count optouts"
	countDoubts     = "count doubts"
	countSuppressed = "count suppressed" // addresses, see suppressed.go
)

// contactTx reads a person, following merges.
func contactTx(tx *bolt.Tx, id people.ContactID) (people.Contact, error) {
	id = mergedTx(tx, id)
	v := contactsTable.Get(tx, id)
	if v == nil {
		return people.Contact{}, reason.Because(ErrNotFound, reason.ContactGone)
	}
	return decodeContact(id, v)
}

// mergedTx is the id that an id leads to now.
func mergedTx(tx *bolt.Tx, id people.ContactID) people.ContactID {
	for v := mergedTable.Get(tx, id); v != nil; v = mergedTable.GetAt(tx, v) {
		id = fromRow[people.ContactID](v)
	}
	return id
}

func existsTx(tx *bolt.Tx, id people.ContactID) bool {
	return contactsTable.Get(tx, id) != nil
}

// aliasTx returns to whom a key of "aliases" leads.
func aliasTx(tx *bolt.Tx, alias string) (people.ContactID, bool) {
	v := aliasesTable.Get(tx, alias)
	if v == nil {
		return 0, false
	}
	id := mergedTx(tx, fromRow[people.ContactID](v))
	return id, existsTx(tx, id)
}

// aliasesOf lists the keys in "aliases" that lead to a person.
func aliasesOf(c *people.Contact) (keys []string) {
	for _, p := range [...]people.Phone{c.Phone, c.WhatsApp} {
		if p == "" {
			continue
		}
		if k := phoneKey(p); !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	if c.LID != "" {
		keys = append(keys, string(lidAlias)+c.LID)
	}
	return keys
}

// putContactTx writes a person and everything by which they are found. An alias
// that leads to another record is left to it: merging comes before.
func putContactTx(tx *bolt.Tx, c *people.Contact) error {
	names := make(nameMoves, 1)
	if err := putPersonTx(tx, c, names); err != nil {
		return err
	}
	return names.applyTx(tx)
}

// putPersonTx is putContactTx without the order of names, for those who write
// many people and move all the names at the end.
func putPersonTx(tx *bolt.Tx, c *people.Contact, names nameMoves) error {
	withLabels(c)
	c.Tags = union(nil, c.Tags)
	tidyPhones(c)
	before := people.Contact{}
	if v := contactsTable.Get(tx, c.ID); v != nil {
		old, err := decodeContact(c.ID, v)
		if err != nil {
			return err
		}
		before = old
	} else if err := addCountTx(tx, countContacts, 1); err != nil {
		return err
	}
	if err := optedElsewhereTx(tx, &before, c); err != nil {
		return err
	}
	if err := suppressTx(tx, &before, c); err != nil {
		return err
	}
	switch {
	case !c.OptedOut:
		c.OptOutPhone = ""
	case !before.OptedOut && c.OptOutPhone == "" && c.LID == "":
		c.OptOutPhone = c.Phone
	}
	if c.OptedOut {
		c.DoubtAt, c.DoubtSaid = time.Time{}, ""
	}
	if err := contactsTable.Put(tx, c.ID, encodeContact(c)); err != nil {
		return err
	}
	if err := chainPersonTx(tx, &before, c); err != nil {
		return err
	}
	if err := reindexTx(tx, c.ID, &before, c, names); err != nil || before.OptedOut || !c.OptedOut {
		return err
	}
	return optOutOthersTx(tx, c, names)
}

// optedElsewhereTx opts a person out who gets another phone under which somebody
// has opted out.
func optedElsewhereTx(tx *bolt.Tx, before, c *people.Contact) error {
	for _, o := range c.Others {
		if c.OptedOut {
			return nil
		}
		if slices.ContainsFunc(before.Others, func(b people.OtherPhone) bool { return b.Phone == o.Phone }) {
			continue
		}
		id, ok := aliasTx(tx, phoneKey(o.Phone))
		if !ok || id == c.ID {
			continue
		}
		whose, err := contactTx(tx, id)
		if err != nil {
			return err
		}
		if whose.OptedOut {
			c.OptedOut, c.OptOutAt, c.OptOutWhy = true, whose.OptOutAt, whose.OptOutWhy
		}
	}
	return nil
}

// optOutOthersTx opts everybody out who has the phone of one who has opted out as
// another one of theirs.
func optOutOthersTx(tx *bolt.Tx, c *people.Contact, names nameMoves) error {
	for _, p := range [...]people.Phone{c.Phone, c.WhatsApp} {
		_, have, err := sharedTx(tx, p)
		if err != nil {
			return err
		}
		for i := range have {
			if o := &have[i]; o.ID != c.ID && !o.OptedOut {
				o.OptedOut, o.OptOutAt, o.OptOutWhy = true, c.OptOutAt, c.OptOutWhy
				if err := putPersonTx(tx, o, names); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// deleteContactTx takes a person and everything by which they are found away.
func deleteContactTx(tx *bolt.Tx, c *people.Contact) error {
	names := make(nameMoves, 1)
	if err := deletePersonTx(tx, c, names); err != nil {
		return err
	}
	return names.applyTx(tx)
}

// deletePersonTx is deleteContactTx without the order of names, for those who take
// many people away.
func deletePersonTx(tx *bolt.Tx, c *people.Contact, names nameMoves) error {
	if err := contactsTable.Delete(tx, c.ID); err != nil {
		return err
	}
	if err := unansweredTable.Delete(tx, c.ID); err != nil {
		return err
	}
	if err := addCountTx(tx, countContacts, -1); err != nil {
		return err
	}
	return reindexTx(tx, c.ID, c, &people.Contact{}, names)
}

// reindexTx changes what leads to a person from how they were to how they are. An
// empty record is nobody: before, they were not there; after, they are gone.
func reindexTx(tx *bolt.Tx, id people.ContactID, before, after *people.Contact, names nameMoves) error {
	if err := relabelledTx(tx, id, before, after); err != nil {
		return err
	}
	old, now := aliasesOf(before), aliasesOf(after)
	for _, alias := range old {
		if slices.Contains(now, alias) {
			continue
		}
		v := aliasesTable.Get(tx, alias)
		if v == nil || mergedTx(tx, fromRow[people.ContactID](v)) != id {
			continue
		}
		if err := aliasesTable.Delete(tx, alias); err != nil {
			return err
		}
	}
	for _, alias := range now {
		if slices.Contains(old, alias) {
			continue
		}
		if _, taken := aliasTx(tx, alias); taken {
			continue
		}
		if err := aliasesTable.Put(tx, alias, row(id)); err != nil {
			return err
		}
	}
	had, has := sharedKeys(before), sharedKeys(after)
	for _, k := range had {
		if !slices.Contains(has, k) {
			if err := aliasesTable.Delete(tx, k); err != nil {
				return err
			}
		}
	}
	for _, k := range has {
		if !slices.Contains(had, k) {
			if err := aliasesTable.Put(tx, k, row(id)); err != nil {
				return err
			}
		}
	}
	names.move(id, namesTable.key(id, before), namesTable.key(id, after))
	if err := countChangeTx(tx, countOptOuts, before.OptedOut, after.OptedOut); err != nil {
		return err
	}
	return countChangeTx(tx, countDoubts, before.InDoubt(), after.InDoubt())
}

// countChangeTx counts that one more or one less is something.
func countChangeTx(tx *bolt.Tx, name string, was, is bool) error {
	switch {
	case is && !was:
		return addCountTx(tx, name, 1)
	case was && !is:
		return addCountTx(tx, name, -1)
	}
	return nil
}

// nameMoves are changes in the order of names, by person. Keys that are
// written in their order are written many times faster.
type nameMoves map[people.ContactID]nameMove

// nameMove is from where to where somebody goes; nil: nowhere.
type nameMove struct{ from, to []byte }

func (m nameMoves) move(id people.ContactID, from, to []byte) {
	if earlier, ok := m[id]; ok {
		from = earlier.from
	}
	m[id] = nameMove{from, to}
}

func (m nameMoves) applyTx(tx *bolt.Tx) error {
	var gone, come [][]byte
	for _, move := range m {
		if string(move.from) == string(move.to) {
			continue
		}
		if move.from != nil {
			gone = append(gone, move.from)
		}
		if move.to != nil {
			come = append(come, move.to)
		}
	}
	slices.SortFunc(gone, bytes.Compare)
	slices.SortFunc(come, bytes.Compare)
	for _, k := range gone {
		if err := namesTable.DeleteAt(tx, k); err != nil {
			return err
		}
	}
	for _, k := range come {
		if err := namesTable.PutAt(tx, k, nil); err != nil {
			return err
		}
	}
	return nil
}

// countTx reads one of the counters.
func countTx(tx *bolt.Tx, name string) int {
	v := metaTable.Get(tx, name)
	if v == nil {
		return 0
	}
	return int(fromRow[uint64](v))
}

func addCountTx(tx *bolt.Tx, name string, by int) error {
	return metaTable.Put(tx, name, row(uint64(countTx(tx, name)+by)))
}
