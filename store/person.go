package store

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// A person is one record. They are found by the key of their phone, by the key
// of the phone that the service knows them by, and by their LID; each of these
// aliases leads to one record only. When the service proves two records to be
// one person (see identity.go) they are merged, and the id that went away keeps
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

// mergeTx makes two records one: gone's id leads to keep from now on. Names
// go by their source, keep's before gone's; everything else is united; an
// opt-out on either side survives, and so does what the numbers know and have
// sent. A phone of gone that is not keep's is a former one from then on, unless
// the caller knows better. What the two were is kept, see apart.go.
func mergeTx(tx *bolt.Tx, keep, gone people.ContactID, at time.Time) error {
	if keep, gone = mergedTx(tx, keep), mergedTx(tx, gone); keep == gone {
		return nil
	}
	k, err := contactTx(tx, keep)
	if err != nil {
		return err
	}
	g, err := contactTx(tx, gone)
	if err != nil {
		return err
	}
	if err := keepUnionTx(tx, k, g, at); err != nil {
		return err
	}
	if err := leaveListsTx(tx, gone, keep); err != nil {
		return err
	}
	if n := unansweredTx(tx, gone); n > unansweredTx(tx, keep) {
		if err := unansweredTable.Put(tx, keep, row(n)); err != nil {
			return err
		}
	}
	if err := deleteContactTx(tx, &g); err != nil {
		return err
	}
	if err := mergedTable.Put(tx, gone, row(keep)); err != nil {
		return err
	}
	if err := latestMovesTx(tx, gone, keep); err != nil {
		return err
	}
	if err := timersMoveTx(tx, gone, keep); err != nil {
		return err
	}
	if err := claimsMoveTx(tx, gone, keep); err != nil {
		return err
	}
	unite(&k, &g)
	live := k.Phones()
	for _, p := range [...]people.Phone{g.Phone, g.WhatsApp} {
		if p != "" && !slices.ContainsFunc(live, p.Same) {
			k.Former = append(k.Former, people.FormerPhone{Phone: p, Until: at})
		}
	}
	return putContactTx(tx, &k)
}

// unite adds to k what g says of the same person.
func unite(k, g *people.Contact) {
	if k.Phone == "" {
		k.Phone = g.Phone
	}
	if k.WhatsApp == "" {
		k.WhatsApp = g.WhatsApp
	}
	if k.LID == "" {
		k.LID = g.LID
	}
	if g.NameSource > k.NameSource || k.Name == "" {
		k.Name, k.NameSource = g.Name, g.NameSource
	}
	k.Labels, k.Tags = uniteLabels(k, g), union(k.Tags, g.Tags)
	for f, v := range g.Fields {
		if k.Fields[f] == "" {
			setField(k, f, v)
		}
	}
	if g.CheckedAt.After(k.CheckedAt) {
		k.Presence, k.CheckedAt = g.Presence, g.CheckedAt
	}
	if g.OptedOut && (!k.OptedOut || g.OptOutAt.Before(k.OptOutAt)) {
		k.OptedOut, k.OptOutAt, k.OptOutWhy = true, g.OptOutAt, g.OptOutWhy
	}
	if !k.OptedOut && g.OptOutAt.After(k.OptOutAt) { // the later opt-in
		k.OptOutAt, k.OptOutWhy = g.OptOutAt, g.OptOutWhy
	}
	if g.DoubtAt.After(k.DoubtAt) {
		k.DoubtAt, k.DoubtSaid = g.DoubtAt, g.DoubtSaid
	}
	k.DoubtEnded = later(k.DoubtEnded, g.DoubtEnded)
	if k.OptOutPhone == "" {
		k.OptOutPhone = g.OptOutPhone
	}
	k.Former = append(slices.Clone(g.Former), k.Former...)
	for _, o := range g.Others {
		if !slices.ContainsFunc(k.Phones(), o.Phone.Same) {
			k.Others = append(k.Others, o)
		}
	}
	k.Consent = uniteConsent(k.Consent, g.Consent)
	k.Note = uniteTexts(k.Note, g.Note)
	if k.Username == "" {
		k.Username = g.Username
	}
	if k.Origin == 0 || g.Origin != 0 && g.Created.Before(k.Created) {
		k.Origin = g.Origin
	}
	k.Came = earlier(k.Came, g.Came)
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
}

// earlier is by which of two ways a person came first.
func earlier(a, b people.Arrival) people.Arrival {
	if a.Way == people.NoWay || b.Way != people.NoWay && b.At.Before(a.At) {
		return b
	}
	return a
}

// uniteConsent is what two records say of one person's consent: what they answered
// last, and of the same time the no. What the other one says is kept as evidence.
func uniteConsent(a, b people.Consent) people.Consent {
	if a.Status == people.ConsentUnknown || b.Status != people.ConsentUnknown && newer(b, a) {
		a, b = b, a
	}
	if b.Status == people.ConsentUnknown || a == b {
		return a
	}
	said := strings.TrimSpace(b.Status.String() + " " + b.Source + " " + b.Day())
	a.Evidence = uniteTexts(a.Evidence, uniteTexts(said, b.Evidence))
	return a
}

// newer reports whether an answer of a person takes the place of another one.
func newer(a, b people.Consent) bool {
	if a.At.Equal(b.At) {
		return a.Status == people.ConsentRefused && b.Status != people.ConsentRefused
	}
	return a.At.After(b.At)
}

// uniteTexts is both texts, each once, a line each.
func uniteTexts(a, b string) string {
	switch {
	case b == "" || a == b:
		return a
	case a == "":
		return b
	}
	return people.Clip(a+"\n"+b, people.MaxNote)
}

// latestMovesTx gives the last deliveries of a person to the record that they are
// merged into, so that a reply finds the one it answers.
func latestMovesTx(tx *bolt.Tx, gone, keep people.ContactID) error {
	type move struct {
		number campaign.NumberID
		at     []byte
	}
	var moves []move
	for k, v := range latestTable.Each(tx, latestTable.Of(gone)) {
		_, number := latestTable.Parts(k)
		moves = append(moves, move{number, slices.Clone(v)})
	}
	for _, m := range moves {
		if err := latestTable.Delete(tx, gone, m.number); err != nil {
			return err
		}
		if have := latestTable.Get(tx, keep, m.number); have != nil {
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
		if err := latestTable.Put(tx, keep, m.number, m.at); err != nil {
			return err
		}
	}
	return nil
}

// claimsMoveTx makes what a person was sent count for the record that they are merged
// into, so that a campaign does not reach them again under that one.
func claimsMoveTx(tx *bolt.Tx, gone, keep people.ContactID) error {
	return campaignsTable.ForEach(tx, func(k, _ []byte) error {
		id := campaignsTable.Parts(k)
		v := personsTable.Get(tx, id, gone)
		if v == nil {
			return nil
		}
		seq := fromRow[uint32](v)
		if err := personsTable.Delete(tx, id, gone); err != nil {
			return err
		}
		return keepClaimTx(tx, id, keep, seq)
	})
}

// keepClaimTx writes that a person has been claimed. Of two deliveries of a
// campaign to them the one counts that has left, or may have.
func keepClaimTx(tx *bolt.Tx, id campaign.ID, person people.ContactID, seq uint32) error {
	if have := personsTable.Get(tx, id, person); have != nil {
		if stays, err := leftTx(tx, id, fromRow[uint32](have)); stays || err != nil {
			return err
		}
		if left, err := leftTx(tx, id, seq); !left || err != nil {
			return err
		}
	}
	return personsTable.Put(tx, id, person, row(seq))
}

// leftTx reports whether a delivery of a campaign has left, or may have.
func leftTx(tx *bolt.Tx, id campaign.ID, seq uint32) (bool, error) {
	d, err := deliveryTx(tx, deliveryKey(id, seq))
	return d.MayHaveLeft(), err
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
