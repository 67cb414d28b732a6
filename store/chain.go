package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// The chain says that what the book keeps as evidence is what was written at the
// time: the audit, the messages that have an id, and who agreed or asked to be
// left alone. Whenever one of these changes, a link is added:
//
//	digest = SHA-256(salt, content)
//	link   = SHA-256(link before, n, at, earlier, subject, digest)
//
// Numbers are eight bytes, the most significant first; at is in nanoseconds since
// 1970. The content is the JSON of what the book keeps of the subject, see
// contentTx; earlier is the link that was the last one about the same subject. A
// changed byte, and a link that is missing or stands elsewhere, are found by
// whoever walks the chain, see verify.go.
//
// The content stands where it is kept, and is not repeated. When a person is
// erased it goes, and the salts of all links about them with it: what is left of
// these are digests of which nobody can find out by trying what they were of. The
// chain stays whole, because it is made of the digests.
//
// The link about an entry or a person is written with it. That about a message is
// written a little later, for many at once, so that sending does not wait for it:
// "events" says which have changed, and is not forgotten before, see keepChain.
//
// A book of before the chain is taken into it by a job, in chunks, see chainChunkTx.

// subject is what a link is about: the first byte says what it is, the rest is its key.
type subject string

// The kinds of subject. They are written to disk.
const (
	entrySubject    byte = 'a' // <entry of the audit 8>
	deliverySubject byte = 'd' // <campaign 8><seq 4>
	personSubject   byte = 'c' // <contact 8>

	changedEvents byte = 'e' // <campaign 8>, no subject: up to which event its messages are chained
)

func entryOf(id uint64) subject { return subject(append([]byte{entrySubject}, auditTable.Key(id)...)) }

func deliveryOf(at []byte) subject { return subject(append([]byte{deliverySubject}, at...)) }

func personOf(id people.ContactID) subject {
	return subject(append([]byte{personSubject}, row(id)...))
}

func eventsOf(id campaign.ID) subject { return subject(append([]byte{changedEvents}, row(id)...)) }

// known reports whether it is a subject of a kind that is known.
func (s subject) known() bool {
	switch {
	case s == "":
		return false
	case s[0] == deliverySubject:
		return len(s) == 13
	}
	return len(s) == 9 && (s[0] == entrySubject || s[0] == personSubject)
}

// link is one link of the chain.
type link struct {
	n       uint64 // its place, from 1
	at      time.Time
	earlier uint64 // the link before it that is about the same subject; 0: there is none
	subject subject
	salt    []byte // nil: what it was about was erased
	digest  [sha256.Size]byte
	sum     [sha256.Size]byte
}

const saltSize = 16

// digestOf is the digest of a content.
func digestOf(salt, content []byte) (sum [sha256.Size]byte) {
	var room [1024]byte
	return sha256.Sum256(append(append(room[:0], salt...), content...))
}

// after is the sum of a link that follows one with the sum before.
func (l *link) after(before []byte) [sha256.Size]byte {
	b := make([]byte, 0, 128)
	b = append(b, before...)
	b = binary.BigEndian.AppendUint64(b, l.n)
	b = binary.BigEndian.AppendUint64(b, uint64(l.at.UnixNano()))
	b = binary.BigEndian.AppendUint64(b, l.earlier)
	b = append(b, l.subject...)
	return sha256.Sum256(append(b, l.digest[:]...))
}

func encodeLink(l *link) []byte {
	e := bolt.Enc{B: make([]byte, 0, 128)}
	e.Uint(1)
	e.Time(l.at)
	e.Uint(l.earlier)
	e.Text(string(l.subject))
	e.Text(string(l.salt))
	e.Text(string(l.digest[:]))
	e.Text(string(l.sum[:]))
	return e.B
}

func decodeLink(n uint64, v []byte) (l link, err error) {
	d := bolt.Dec{B: v}
	d.Version(1)
	l = link{n: n, at: d.Time(), earlier: d.Uint(), subject: subject(d.Part())}
	if salt := d.Bytes(); len(salt) > 0 {
		l.salt = salt
	}
	if copy(l.digest[:], d.Part())+copy(l.sum[:], d.Part()) != 2*sha256.Size || !l.subject.known() || len(d.B) > 0 ||
		l.salt != nil && len(l.salt) != saltSize {
		d.Err = cmp.Or(d.Err, error(bolt.ErrRecord))
	}
	return l, d.Err
}

func linkTx(tx *bolt.Tx, n uint64) (l link, err error) {
	v := chainTable.Get(tx, n)
	if v == nil {
		return l, fmt.Errorf("link %d of the chain: %w", n, ErrNotFound)
	}
	return decodeLink(n, v)
}

// linkOfTx is the number of the last link about a subject; 0: there is none.
func linkOfTx(tx *bolt.Tx, s subject) uint64 {
	if v := chainedTable.Get(tx, s); len(v) == 8 {
		return fromRow[uint64](v)
	}
	return 0
}

// chainTx adds a link about a subject, whose content is what it says now.
func chainTx(tx *bolt.Tx, s subject, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	l := link{at: time.Now(), earlier: linkOfTx(tx, s), subject: s, salt: make([]byte, saltSize)}
	rand.Read(l.salt)
	l.digest = digestOf(l.salt, text)
	var before []byte
	if last := chainTable.Given(tx); last > 0 {
		previous, err := linkTx(tx, last)
		if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, bolt.ErrRecord) {
			return err
		}
		before = previous.sum[:] // of one that is damaged nothing: whoever walks the chain says so
	}
	if l.n, err = chainTable.Next(tx); err != nil {
		return err
	}
	l.sum = l.after(before)
	chainTable.InOrder(tx)
	if err := chainTable.Put(tx, l.n, encodeLink(&l)); err != nil {
		return err
	}
	return chainedTable.Put(tx, s, row(l.n))
}

// unsaltTx takes the salts from all links about a subject, because its content
// is erased.
func unsaltTx(tx *bolt.Tx, s subject) error {
	for n := linkOfTx(tx, s); n != 0; {
		l, err := linkTx(tx, n)
		if err != nil {
			return err
		}
		if l.salt != nil {
			l.salt = nil
			if err := chainTable.Put(tx, n, encodeLink(&l)); err != nil {
				return err
			}
		}
		n = min(l.earlier, n-1)
	}
	return nil
}

// unchainTx is unsaltTx about a person whose record goes for good.
func unchainTx(tx *bolt.Tx, id people.ContactID) error {
	if err := unsaltTx(tx, personOf(id)); err != nil {
		return err
	}
	return chainedTable.Delete(tx, personOf(id))
}

// chainDeliveryTx adds a link about a delivery, if it has an id and says something
// else than the last one about it.
func chainDeliveryTx(tx *bolt.Tx, d *campaign.Delivery) error {
	if d.Message == "" {
		return nil
	}
	s := deliveryOf(deliveryKey(d.Campaign, d.Seq))
	content, err := contentOfDeliveryTx(tx, d)
	if err != nil {
		return err
	}
	if n := linkOfTx(tx, s); n != 0 {
		text, err := json.Marshal(content)
		if err != nil {
			return err
		}
		if l, err := linkTx(tx, n); err == nil && digestOf(l.salt, text) == l.digest {
			return nil
		}
	}
	return chainTx(tx, s, content)
}

// chainDelay is how long messages that have changed wait for others, so that their
// links share a transaction, and chainPart how many of them do.
const (
	chainDelay = 30 * time.Second
	chainPart  = 256
)

// keepChain is the one goroutine that adds the links about messages. It ends when
// Close closes b.closing, and adds what is left.
func (b *Book) keepChain() {
	for {
		b.chainChanged()
		select {
		case <-b.closing:
			b.chainChanged()
			return
		case <-b.unchained:
		}
		select {
		case <-b.closing:
			b.chainChanged()
			return
		case <-time.After(chainDelay):
		}
	}
}

// chainChanged adds the links that are still to be added.
func (b *Book) chainChanged() {
	for {
		var changed map[campaign.ID]uint64
		err := b.view(func(tx *bolt.Tx) error { changed = changedTx(tx); return nil })
		if err == nil && len(changed) > 0 {
			err = b.db.Chunk(context.Background(), func(tx *bolt.Tx) error { return chainWaitingTx(tx, chainPart) })
		}
		if err != nil && !errors.Is(err, ErrClosed) { // the next change is the next try
			b.logger.Error("add to the chain", "err", err)
		}
		if err != nil || len(changed) == 0 {
			return
		}
	}
}

// lastChainedTx is the last of the events of a campaign that the chain knows of.
func lastChainedTx(tx *bolt.Tx, id campaign.ID) uint64 {
	return linkOfTx(tx, eventsOf(id))
}

// chainWaitingTx adds links about the next n messages that have changed.
func chainWaitingTx(tx *bolt.Tx, n int) error {
	for id, last := range changedTx(tx) {
		done := lastChainedTx(tx, id)
		var changed []uint32
		for k, v := range eventsTable.From(tx, eventsTable.Of(id), eventsTable.Key(id, done+1)) {
			if n--; n < 0 {
				break
			}
			_, done = eventsTable.Parts(k)
			changed = append(changed, fromRow[uint32](v))
		}
		for _, seq := range changed {
			d, err := deliveryTx(tx, deliveryKey(id, seq))
			if errors.Is(err, ErrNotFound) { // its campaign was never begun
				continue
			} else if err != nil {
				return err
			}
			if err := chainDeliveryTx(tx, &d); err != nil {
				return err
			}
		}
		if err := chainedTable.Put(tx, eventsOf(id), row(done)); err != nil {
			return err
		}
		if err := oldEventsTx(tx, id, last, 2*len(changed)); err != nil || n < 0 {
			return err
		}
	}
	return nil
}

// changedTx lists the campaigns with messages about whose last change there is no
// link yet.
func changedTx(tx *bolt.Tx) map[campaign.ID]uint64 {
	changed := make(map[campaign.ID]uint64)
	c := eventsTable.Cursor(tx)
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		id, _ := eventsTable.Parts(k)
		k, _ = bolt.SeekLast(c, eventsTable.Of(id))
		if _, last := eventsTable.Parts(k); last > lastChainedTx(tx, id) {
			changed[id] = last
		}
	}
	return changed
}

// awaitsChainTx reports whether a link about a delivery is still to be added.
func awaitsChainTx(tx *bolt.Tx, s subject) bool {
	if s[0] != deliverySubject {
		return false
	}
	id, seq := deliveryAt([]byte(s[1:]))
	for _, v := range eventsTable.From(tx, eventsTable.Of(id), eventsTable.Key(id, lastChainedTx(tx, id)+1)) {
		if fromRow[uint32](v) == seq {
			return true
		}
	}
	return false
}

// vouched reports whether anything of a person is evidence.
func vouched(c *people.Contact) bool { return c.OptedOut || c.Consent.Status != people.ConsentUnknown }

// chainPersonTx adds a link about a person who was before, if what they agreed to
// or asked for is something else now.
func chainPersonTx(tx *bolt.Tx, before, c *people.Contact) error {
	if !vouched(before) && !vouched(c) && linkOfTx(tx, personOf(c.ID)) == 0 {
		return nil
	}
	if content := contentOfPerson(c); content != contentOfPerson(before) {
		return chainTx(tx, personOf(c.ID), content)
	}
	return nil
}

// contentTx is what the book keeps of a subject; nil: nothing.
func contentTx(tx *bolt.Tx, s subject) (any, error) {
	k := []byte(s[1:])
	switch s[0] {
	case entrySubject:
		if v := auditTable.GetAt(tx, k); v != nil {
			e, err := decodeEntry(auditTable.Parts(k), v)
			return contentOfEntry(&e), err
		}
	case deliverySubject:
		if v := deliveriesTable.GetAt(tx, k); v != nil {
			d, err := decodeDelivery(k, v)
			if err != nil {
				return nil, err
			}
			return contentOfDeliveryTx(tx, &d)
		}
	case personSubject:
		if v := contactsTable.GetAt(tx, k); v != nil {
			c, err := decodeContact(contactsTable.Parts(k), v)
			return contentOfPerson(&c), err
		}
	}
	return nil, nil
}

// evidenceTables are where the subjects stand, in the order in which a book of
// before is taken into the chain and in which it is verified.
var evidenceTables = [...]struct {
	table table
	of    func(k, v []byte) (subject, error) // empty: no evidence
}{
	{auditTable, func(k, _ []byte) (subject, error) { return entryOf(auditTable.Parts(k)), nil }},
	{contactsTable, func(k, v []byte) (subject, error) {
		if c, err := decodeContact(contactsTable.Parts(k), v); err != nil || !vouched(&c) {
			return "", err
		}
		return personOf(contactsTable.Parts(k)), nil
	}},
	{deliveriesTable, func(k, v []byte) (subject, error) {
		if d, err := decodeDelivery(k, v); err != nil || d.Message == "" {
			return "", err
		}
		return deliveryOf(bytes.Clone(k)), nil
	}},
}

// chaining is how far a book is taken into the chain.
type chaining struct {
	Table int    // of evidenceTables
	Last  []byte `json:",omitempty"` // the last of its rows that was looked at
}

// evidenceFromTx runs look over the subjects of the next n rows, and reports whether
// these were the last. It ends at a row that cannot be read, behind which the next
// call begins.
func (c *chaining) evidenceFromTx(tx *bolt.Tx, n int, look func(s subject) error) (done bool, err error) {
	var found []subject // they are written to meanwhile
	for looked := 0; looked < n && c.Table < len(evidenceTables); {
		at := evidenceTables[c.Table]
		var first []byte
		if c.Last != nil {
			first = append(bytes.Clone(c.Last), 0)
		}
		ended := true
		for k, v := range rowsFrom(tx, at.table, first) {
			if looked == n {
				ended = false
				break
			}
			looked++
			c.Last = bytes.Clone(k)
			var s subject
			if s, err = at.of(k, v); err != nil {
				ended = false
				break
			}
			if s != "" {
				found = append(found, s)
			}
		}
		if err != nil {
			break
		}
		if ended {
			c.Table, c.Last = c.Table+1, nil
		}
	}
	for _, s := range found {
		if failed := look(s); failed != nil {
			return false, failed
		}
	}
	return c.Table == len(evidenceTables), err
}

// chainChunkTx takes the next n rows of a book of before into the chain.
func chainChunkTx(tx *bolt.Tx, j *job, n int) (done bool, err error) {
	return j.Chain.evidenceFromTx(tx, n, func(s subject) error {
		if linkOfTx(tx, s) != 0 {
			return nil // it has changed since
		}
		content, err := contentTx(tx, s)
		if err != nil || content == nil {
			return err
		}
		return chainTx(tx, s, content)
	})
}

// chainAll is version 18: the chain. What is there already is taken into it by a
// job, so that nobody waits for it.
func chainAll(tx *bolt.Tx) error {
	for k, v := range jobsTable.Each(tx, nil) {
		if j, err := decodeJob(k, v); err != nil || j.Kind == JobChain {
			return err
		}
	}
	n, err := jobsTable.Next(tx)
	if err != nil {
		return err
	}
	return putJobTx(tx, peopleJobKey(n), job{Job: Job{Kind: JobChain}, Chain: new(chaining)})
}
