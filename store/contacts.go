package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"recado/campaign"
)

// A person is one record. She is found by the key of her phone, by the key of
// the phone that the service knows her by, and by her LID; each of these
// aliases leads to one record only. When an alias proves two records to be one
// person they are merged, and the id that went away keeps leading to her.

// The kinds of alias, the first byte of their keys.
const (
	phoneAlias byte = 'p'
	lidAlias   byte = 'l'
)

// Contact returns one person, also by an id from before a merge; ErrNotFound
// if there is none.
func (b *Book) Contact(id campaign.ContactID) (c campaign.Contact, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		c, err = contactTx(tx, id)
		return err
	})
	return c, err
}

// ContactByPhone returns the person with that phone, in any spelling, or
// ErrNotFound.
func (b *Book) ContactByPhone(phone campaign.Phone) (c campaign.Contact, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		id, ok := findPersonTx(tx, phone, "")
		if !ok {
			return fmt.Errorf("contact %s: %w", phone.Masked(), ErrNotFound)
		}
		c, err = contactTx(tx, id)
		return err
	})
	return c, err
}

// ContactsByID returns those people, in that order; who is gone is left out.
func (b *Book) ContactsByID(ids []campaign.ContactID) (people []campaign.Contact, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		for _, id := range ids {
			c, err := contactTx(tx, id)
			if errors.Is(err, ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
			people = append(people, c)
		}
		return nil
	})
	return people, err
}

// ContactCount returns how many people are in the book.
func (b *Book) ContactCount() (n int, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		n = countTx(tx, "contacts")
		return nil
	})
	return n, err
}

// OptOut writes down that a person must not be written to, and why.
func (b *Book) OptOut(id campaign.ContactID, why string) error {
	return b.EditContact(id, func(c *campaign.Contact) {
		if !c.OptedOut {
			c.OptedOut, c.OptOutAt, c.OptOutWhy = true, time.Now(), why
		}
	})
}

// OptIn takes an opt-out back. That needs a reason in words.
func (b *Book) OptIn(id campaign.ContactID, why string) error {
	if strings.TrimSpace(why) == "" {
		return errors.New("taking back an opt-out needs a reason")
	}
	return b.EditContact(id, func(c *campaign.Contact) {
		c.OptedOut, c.OptOutAt, c.OptOutWhy = false, time.Now(), why
	})
}

// EditContact changes a person's record.
func (b *Book) EditContact(id campaign.ContactID, edit func(*campaign.Contact)) error {
	return b.update(func(tx *bolt.Tx) error {
		c, err := contactTx(tx, id)
		if err != nil {
			return err
		}
		edit(&c)
		return putContactTx(tx, &c)
	})
}

// Saw writes down what a number learnt of people from the service.
func (b *Book) Saw(number campaign.NumberID, people []campaign.Seen) error {
	const chunk = 5000
	for part := range slices.Chunk(people, chunk) {
		err := b.update(func(tx *bolt.Tx) error {
			now := time.Now()
			for _, s := range part {
				if _, err := seenTx(tx, number, s, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// seenTx writes down what a number learnt of one person, and returns her id.
func seenTx(tx *bolt.Tx, number campaign.NumberID, s campaign.Seen, at time.Time) (campaign.ContactID, error) {
	if s.Phone == "" && s.LID == "" {
		return 0, errors.New("a person without phone and LID")
	}
	c, err := personTx(tx, s.Phone, s.LID, at)
	if err != nil {
		return 0, err
	}
	before := cloneContact(&c)
	if s.Phone != "" && c.WhatsApp == "" {
		c.WhatsApp = s.Phone
	}
	if s.LID != "" {
		c.LID = s.LID
		if c.Presence != campaign.OnWhatsApp && s.Phone != "" {
			c.Presence, c.CheckedAt = campaign.OnWhatsApp, at
		}
	}
	setName(&c, s.Name, s.Source)
	if s.Known && !c.KnownTo(number) {
		c.Knows = append(c.Knows, number)
	}
	if sameContact(&before, &c) {
		return c.ID, nil
	}
	return c.ID, putContactTx(tx, &c)
}

// answerTx keeps what the service said about the phone that was asked, and
// returns whose it is. That may be another record: then the two are one
// person.
func answerTx(tx *bolt.Tx, a campaign.Answer, at time.Time) (campaign.ContactID, error) {
	id, ok := findPersonTx(tx, a.Asked, "")
	if !ok {
		return 0, nil // erased while we asked
	}
	if a.Presence == campaign.OnWhatsApp {
		for _, alias := range []struct {
			phone campaign.Phone
			lid   string
		}{{a.Phone, ""}, {"", a.LID}} {
			other, ok := findPersonTx(tx, alias.phone, alias.lid)
			if !ok || other == id {
				continue
			}
			keep, gone := min(id, other), max(id, other)
			if err := mergeTx(tx, keep, gone); err != nil {
				return 0, err
			}
			id = keep
		}
	}
	c, err := contactTx(tx, id)
	if err != nil {
		return 0, err
	}
	c.Presence, c.CheckedAt = a.Presence, at
	if a.Presence == campaign.OnWhatsApp {
		if a.Phone != "" {
			c.WhatsApp = a.Phone
		}
		if a.LID != "" {
			c.LID = a.LID
		}
		setName(&c, a.Business, campaign.Business)
	}
	return id, putContactTx(tx, &c)
}

// personTx returns the person with these aliases, merging two records if each
// has one of them, or a new one that is not written yet.
func personTx(tx *bolt.Tx, phone campaign.Phone, lid string, at time.Time) (campaign.Contact, error) {
	byPhone, hasPhone := findPersonTx(tx, phone, "")
	byLID, hasLID := findPersonTx(tx, "", lid)
	switch {
	case hasPhone && hasLID && byPhone != byLID:
		keep, gone := min(byPhone, byLID), max(byPhone, byLID)
		if err := mergeTx(tx, keep, gone); err != nil {
			return campaign.Contact{}, err
		}
		return contactTx(tx, keep)
	case hasPhone:
		return contactTx(tx, byPhone)
	case hasLID:
		return contactTx(tx, byLID)
	}
	id, err := bucket(tx, "contacts").NextSequence()
	return campaign.Contact{ID: campaign.ContactID(id), Phone: phone, LID: lid, Created: at}, err
}

// findPersonTx returns whose alias the phone or the LID is. An empty one is
// nobody's.
func findPersonTx(tx *bolt.Tx, phone campaign.Phone, lid string) (campaign.ContactID, bool) {
	aliases := bucket(tx, "aliases")
	if phone != "" {
		if v := aliases.Get(key(phoneAlias, phone.Key())); v != nil {
			return campaign.ContactID(binary.BigEndian.Uint64(v)), true
		}
	}
	if lid != "" {
		if v := aliases.Get(key(lidAlias, lid)); v != nil {
			return campaign.ContactID(binary.BigEndian.Uint64(v)), true
		}
	}
	return 0, false
}

// mergeTx makes two records one: gone's id leads to keep from now on. Names
// go by their source, everything else is united; an opt-out on either side
// survives, and so does what the numbers know and have sent.
func mergeTx(tx *bolt.Tx, keep, gone campaign.ContactID) error {
	k, err := contactTx(tx, keep)
	if err != nil {
		return err
	}
	g, err := contactTx(tx, gone)
	if err != nil {
		return err
	}
	if err := deleteContactTx(tx, &g); err != nil {
		return err
	}
	if err := bucket(tx, "merged").Put(key(uint64(gone)), key(uint64(keep))); err != nil {
		return err
	}
	if err := latestMovesTx(tx, gone, keep); err != nil {
		return err
	}
	if k.Phone == "" {
		k.Phone = g.Phone
	}
	if k.WhatsApp == "" {
		k.WhatsApp = g.WhatsApp
	}
	if k.LID == "" {
		k.LID = g.LID
	}
	setName(&k, g.Name, g.NameSource)
	k.Tags = union(k.Tags, g.Tags)
	k.Lists = union(k.Lists, g.Lists)
	for f, v := range g.Fields {
		if k.Fields[f] == "" {
			setField(&k, f, v)
		}
	}
	if g.CheckedAt.After(k.CheckedAt) {
		k.Presence, k.CheckedAt = g.Presence, g.CheckedAt
	}
	if g.OptedOut && !k.OptedOut {
		k.OptedOut, k.OptOutAt, k.OptOutWhy = true, g.OptOutAt, g.OptOutWhy
	}
	for _, n := range g.Knows {
		if !k.KnownTo(n) {
			k.Knows = append(k.Knows, n)
		}
	}
	k.LastSent = later(k.LastSent, g.LastSent)
	k.LastHeard = later(k.LastHeard, g.LastHeard)
	if g.Created.Before(k.Created) {
		k.Created = g.Created
	}
	if err := putContactTx(tx, &k); err != nil {
		return err
	}
	// A second phone of hers is in no record now, and still leads to her.
	for _, alias := range aliasesOf(&g) {
		if bucket(tx, "aliases").Get([]byte(alias)) == nil {
			if err := bucket(tx, "aliases").Put([]byte(alias), key(uint64(keep))); err != nil {
				return err
			}
		}
	}
	return nil
}

// latestMovesTx gives the last deliveries of a person to the record she is
// merged into, so that a reply finds the one it answers.
func latestMovesTx(tx *bolt.Tx, gone, keep campaign.ContactID) error {
	latest := bucket(tx, "latest")
	cursor := latest.Cursor()
	prefix := key(uint64(gone))
	type move struct{ number, at []byte }
	var moves []move
	for k, v := cursor.Seek(prefix); len(k) == 12 && string(k[:8]) == string(prefix); k, v = cursor.Next() {
		moves = append(moves, move{slices.Clone(k[8:]), slices.Clone(v)})
	}
	for _, m := range moves {
		if err := latest.Delete(append(slices.Clone(prefix), m.number...)); err != nil {
			return err
		}
		to := append(key(uint64(keep)), m.number...)
		if have := latest.Get(to); have != nil {
			mine, err := deliveryTx(tx, have)
			if err != nil {
				return err
			}
			theirs, err := deliveryTx(tx, m.at)
			if err != nil {
				return err
			}
			if mine.Claimed.After(theirs.Claimed) {
				continue
			}
		}
		if err := latest.Put(to, m.at); err != nil {
			return err
		}
	}
	return nil
}

// contactTx reads a person, following merges.
func contactTx(tx *bolt.Tx, id campaign.ContactID) (campaign.Contact, error) {
	merged := bucket(tx, "merged")
	for v := merged.Get(key(uint64(id))); v != nil; v = merged.Get(v) {
		id = campaign.ContactID(binary.BigEndian.Uint64(v))
	}
	v := bucket(tx, "contacts").Get(key(uint64(id)))
	if v == nil {
		return campaign.Contact{}, fmt.Errorf("contact %d: %w", id, ErrNotFound)
	}
	return decodeContact(id, v)
}

// putContactTx writes a person and everything by which she is found. An alias
// that another record has is left to it: merging comes before.
func putContactTx(tx *bolt.Tx, c *campaign.Contact) error {
	contacts := bucket(tx, "contacts")
	slices.SortFunc(c.Tags, foldedOrder)
	before := campaign.Contact{}
	if v := contacts.Get(key(uint64(c.ID))); v != nil {
		old, err := decodeContact(c.ID, v)
		if err != nil {
			return err
		}
		before = old
	} else if err := addCountTx(tx, "contacts", 1); err != nil {
		return err
	}
	if err := contacts.Put(key(uint64(c.ID)), encodeContact(c)); err != nil {
		return err
	}
	return reindexTx(tx, c.ID, &before, c)
}

// deleteContactTx takes a person and everything by which she is found away.
func deleteContactTx(tx *bolt.Tx, c *campaign.Contact) error {
	if err := bucket(tx, "contacts").Delete(key(uint64(c.ID))); err != nil {
		return err
	}
	if err := addCountTx(tx, "contacts", -1); err != nil {
		return err
	}
	return reindexTx(tx, c.ID, c, &campaign.Contact{})
}

// reindexTx changes what leads to a person from how she was to how she is. An
// empty record is nobody: before, she was not there; after, she is gone.
func reindexTx(tx *bolt.Tx, id campaign.ContactID, before, after *campaign.Contact) error {
	value := key(uint64(id))
	aliases := bucket(tx, "aliases")
	old, now := aliasesOf(before), aliasesOf(after)
	for _, k := range old {
		if !slices.Contains(now, k) && string(aliases.Get([]byte(k))) == string(value) {
			if err := aliases.Delete([]byte(k)); err != nil {
				return err
			}
		}
	}
	for _, k := range now {
		if aliases.Get([]byte(k)) == nil {
			if err := aliases.Put([]byte(k), value); err != nil {
				return err
			}
		}
	}
	names := bucket(tx, "names")
	was, is := nameKey(id, before), nameKey(id, after)
	if string(was) != string(is) {
		if before.ID != 0 {
			if err := names.Delete(was); err != nil {
				return err
			}
		}
		if after.ID != 0 {
			if err := names.Put(is, nil); err != nil {
				return err
			}
		}
	}
	if before.OptedOut != after.OptedOut {
		by := 1
		if before.OptedOut {
			by = -1
		}
		if err := addCountTx(tx, "optouts", by); err != nil {
			return err
		}
	}
	return listsChangeTx(tx, before.Lists, after.Lists)
}

// aliasesOf lists the keys in "aliases" that lead to a person.
func aliasesOf(c *campaign.Contact) (keys []string) {
	for _, p := range []campaign.Phone{c.Phone, c.WhatsApp} {
		if p == "" {
			continue
		}
		if k := string(key(phoneAlias, p.Key())); !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	if c.LID != "" {
		keys = append(keys, string(key(lidAlias, c.LID)))
	}
	return keys
}

// nameKey is the place of a person in the order of names; nil for nobody. Who
// has no name comes last, by phone.
func nameKey(id campaign.ContactID, c *campaign.Contact) []byte {
	if c.ID == 0 {
		return nil
	}
	name := campaign.Fold(c.Name)
	if name == "" {
		name = "\xff" + string(c.Phone) + c.LID
	}
	if len(name) > 200 {
		name = name[:200]
	}
	return key(name, byte(0), uint64(id))
}

// countTx reads one of the counters in "meta".
func countTx(tx *bolt.Tx, name string) int {
	v := bucket(tx, "meta").Get([]byte("count " + name))
	if v == nil {
		return 0
	}
	return int(binary.BigEndian.Uint64(v))
}

func addCountTx(tx *bolt.Tx, name string, by int) error {
	return bucket(tx, "meta").Put([]byte("count "+name), key(uint64(countTx(tx, name)+by)))
}

// setName gives a person a name if it comes from a source as good as that of
// the one she has.
func setName(c *campaign.Contact, name string, source campaign.NameSource) {
	if name = strings.TrimSpace(name); name != "" && source >= c.NameSource {
		c.Name, c.NameSource = name, source
	}
}

func setField(c *campaign.Contact, name, value string) {
	if c.Fields == nil {
		c.Fields = make(map[string]string)
	}
	c.Fields[name] = value
}

func foldedOrder(a, b string) int { return strings.Compare(campaign.Fold(a), campaign.Fold(b)) }

// union is what is in a or in b, spelled as in a, compared folded, sorted.
func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, s := range b {
		if !slices.ContainsFunc(all, func(o string) bool { return campaign.Fold(o) == campaign.Fold(s) }) {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, foldedOrder)
	return all
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// cloneContact copies a record with what it points to.
func cloneContact(c *campaign.Contact) campaign.Contact {
	o := *c
	o.Tags, o.Lists, o.Knows = slices.Clone(c.Tags), slices.Clone(c.Lists), slices.Clone(c.Knows)
	o.Fields = maps.Clone(c.Fields)
	return o
}

// sameContact reports whether writing b over a would change nothing.
func sameContact(a, b *campaign.Contact) bool {
	return string(encodeContact(a)) == string(encodeContact(b))
}

func encodeContact(c *campaign.Contact) []byte {
	e := enc{b: make([]byte, 0, 160)}
	e.uint(1)
	e.str(string(c.Phone))
	e.str(string(c.WhatsApp))
	e.str(c.LID)
	e.str(c.Name)
	e.uint(uint64(c.NameSource))
	e.strs(c.Tags)
	e.strs(c.Lists)
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
	return e.b
}

func decodeContact(id campaign.ContactID, v []byte) (campaign.Contact, error) {
	r := dec{b: v}
	r.uint() // version
	c := campaign.Contact{
		ID:       id,
		Phone:    campaign.Phone(r.str()),
		WhatsApp: campaign.Phone(r.str()),
		LID:      r.str(),
		Name:     r.str(),
	}
	c.NameSource = campaign.NameSource(r.uint())
	c.Tags = r.strs()
	c.Lists = r.strs()
	for range r.count() {
		f := r.str()
		setField(&c, f, r.str())
	}
	c.Presence = campaign.Presence(r.uint())
	c.CheckedAt = r.time()
	c.OptedOut = r.bool()
	c.OptOutAt = r.time()
	c.OptOutWhy = r.str()
	for range r.count() {
		c.Knows = append(c.Knows, campaign.NumberID(r.uint()))
	}
	c.LastSent = r.time()
	c.LastHeard = r.time()
	c.Created = r.time()
	if r.err != nil {
		return c, fmt.Errorf("contact %d: %w", id, r.err)
	}
	return c, nil
}

// List is a saved list of people.
type List struct {
	Name string
	Size int
}

// Lists returns the saved lists, by name.
func (b *Book) Lists() (lists []List, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		return bucket(tx, "lists").ForEach(func(_, v []byte) error {
			var l List
			if err := json.Unmarshal(v, &l); err != nil {
				return err
			}
			lists = append(lists, l)
			return nil
		})
	})
	return lists, err
}

// SaveList puts people on a list, making it if there is none of that name.
// Whoever was on it stays.
func (b *Book) SaveList(name string, ids []campaign.ContactID) error {
	if name = strings.TrimSpace(name); name == "" {
		return errors.New("a list needs a name")
	}
	return b.update(func(tx *bolt.Tx) error {
		for _, id := range ids {
			c, err := contactTx(tx, id)
			if err != nil {
				return err
			}
			lists := union(c.Lists, []string{name})
			if len(lists) == len(c.Lists) {
				continue
			}
			c.Lists = lists
			if err := putContactTx(tx, &c); err != nil {
				return err
			}
		}
		return nil
	})
}

// listsChangeTx keeps the sizes of the lists.
func listsChangeTx(tx *bolt.Tx, before, after []string) error {
	change := func(name string, by int) error {
		k := []byte(campaign.Fold(name))
		l := List{Name: name}
		if v := bucket(tx, "lists").Get(k); v != nil {
			if err := json.Unmarshal(v, &l); err != nil {
				return err
			}
		}
		if l.Size += by; l.Size <= 0 {
			return bucket(tx, "lists").Delete(k)
		}
		v, err := json.Marshal(l)
		if err != nil {
			return err
		}
		return bucket(tx, "lists").Put(k, v)
	}
	for _, name := range before {
		if !slices.Contains(after, name) {
			if err := change(name, -1); err != nil {
				return err
			}
		}
	}
	for _, name := range after {
		if !slices.Contains(before, name) {
			if err := change(name, 1); err != nil {
				return err
			}
		}
	}
	return nil
}
