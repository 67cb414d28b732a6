package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Evidence is what the book keeps as evidence about a person, with the links of the
// chain that say when it was written and that it is still the same. It stands
// alone: Verify needs nothing but what is in it, and docs/evidence.md says how
// anybody does the same with other tools.
type Evidence struct {
	Format string         `json:"format"` // evidenceFormat
	Made   time.Time      `json:"made"`
	Links  []EvidenceLink `json:"links"` // in the order of the chain
	Last   uint64         `json:"last"`  // link of the chain at that time,
	Sum    string         `json:"sum"`   // and its sum: a later book has the same there
}

const evidenceFormat = "recado-evidence-1"

// EvidenceLink is one link of the chain. Salt, digest and sums are hexadecimal
// digits.
type EvidenceLink struct {
	N       uint64    `json:"n"`
	At      time.Time `json:"at"`      // when it was written, in UTC
	AtNano  string    `json:"at_nano"` // the same in nanoseconds since 1970, as it goes into the sum
	Earlier uint64    `json:"earlier"`
	Subject string    `json:"subject"`
	Salt    string    `json:"salt,omitempty"`
	Content string    `json:"content,omitempty"` // of the last link about its subject; those before have their digest alone
	Digest  string    `json:"digest"`
	Before  string    `json:"before"` // the sum of the link before it
	Sum     string    `json:"sum"`
}

// Evidence gathers what is kept about a person: what they agreed to and asked for,
// the messages to them, and the entries of the audit about them. It looks at every
// delivery of the book, and holds nobody up.
func (b *Book) Evidence(ctx context.Context, who people.ContactID) (e Evidence, err error) {
	if _, err := b.Contact(who); err != nil {
		return e, err
	}
	var all []subject
	err = b.view(func(tx *bolt.Tx) error {
		who = mergedTx(tx, who)
		ids, err := idsTx(tx, who)
		for _, id := range ids {
			all = append(all, personOf(id))
		}
		return err
	})
	if err != nil {
		return e, err
	}
	entries, err := b.About(ctx, who)
	if err != nil {
		return e, err
	}
	for i := range entries {
		all = append(all, entryOf(entries[i].ID))
	}
	deliveries, err := b.DeliveriesOf(ctx, who)
	if err != nil {
		return e, err
	}
	for i := range deliveries {
		all = append(all, deliveryOf(deliveryKey(deliveries[i].Campaign, deliveries[i].Seq)))
	}
	e = Evidence{Format: evidenceFormat, Made: b.clock.Now().UTC(), Links: []EvidenceLink{}}
	for _, s := range all {
		if err := ctx.Err(); err != nil {
			return e, err
		}
		if err := b.view(func(tx *bolt.Tx) error { return e.addTx(tx, s) }); err != nil {
			return e, err
		}
	}
	slices.SortFunc(e.Links, func(a, b EvidenceLink) int { return cmp.Compare(a.N, b.N) })
	return e, b.view(func(tx *bolt.Tx) error {
		e.Last = chainTable.Given(tx)
		l, err := linkTx(tx, e.Last)
		if errors.Is(err, ErrNotFound) { // there is no chain yet
			return nil
		}
		e.Sum = hex.EncodeToString(l.sum[:])
		return err
	})
}

// addTx adds all links about a subject.
func (e *Evidence) addTx(tx *bolt.Tx, s subject) error {
	last := linkOfTx(tx, s)
	for n := last; n != 0; {
		l, err := linkTx(tx, n)
		if err != nil {
			return err
		}
		out := EvidenceLink{
			N: n, At: l.at.UTC(), AtNano: fmt.Sprint(l.at.UnixNano()), Earlier: l.earlier, Subject: hex.EncodeToString([]byte(s)),
			Salt: hex.EncodeToString(l.salt), Digest: hex.EncodeToString(l.digest[:]), Sum: hex.EncodeToString(l.sum[:]),
		}
		if n > 1 {
			previous, err := linkTx(tx, n-1)
			if err != nil {
				return err
			}
			out.Before = hex.EncodeToString(previous.sum[:])
		}
		if content, err := contentTx(tx, s); err != nil {
			return err
		} else if n == last && content != nil {
			text, err := json.Marshal(content)
			if err != nil {
				return err
			}
			out.Content = string(text)
		}
		e.Links = append(e.Links, out)
		n = min(l.earlier, n-1)
	}
	return nil
}

// Verify says what in it does not fit together: a content that is not what was
// written, a link that is not as it was.
func (e *Evidence) Verify() (wrong []reason.Reason) {
	if e.Format != evidenceFormat {
		return []reason.Reason{reason.New(reason.EvidenceFormat, e.Format)}
	}
	latest := make(map[string]uint64)
	sums := map[uint64]string{e.Last: e.Sum}
	for i := range e.Links {
		out := &e.Links[i]
		l, before, err := out.read()
		sum := l.after(before)
		switch {
		case err != nil, hex.EncodeToString(sum[:]) != out.Sum, sums[out.N] != "" && sums[out.N] != out.Sum,
			out.N > 1 && sums[out.N-1] != "" && sums[out.N-1] != out.Before:
			wrong = append(wrong, reason.New(reason.CheckChainLink, out.N))
		case latest[out.Subject] != out.Earlier:
			wrong = append(wrong, reason.New(reason.CheckChainGap, out.Earlier, 1))
		case out.Content != "" && digestOf(l.salt, []byte(out.Content)) != l.digest:
			wrong = append(wrong, reason.New(reason.CheckChainOther, l.subject.named(), out.N))
		}
		latest[out.Subject], sums[out.N] = out.N, out.Sum
	}
	return wrong
}

// read reads the parts of a link, and the sum before it.
func (out *EvidenceLink) read() (l link, before []byte, err error) {
	var s, digest []byte
	var nano int64
	parts := []error{}
	parse := func(to *[]byte, text string, sizes ...int) {
		var err error
		*to, err = hex.DecodeString(text)
		for _, size := range sizes {
			if err == nil && len(*to) == size {
				return
			}
		}
		parts = append(parts, bolt.ErrRecord)
	}
	parse(&s, out.Subject, 9, 13)
	parse(&l.salt, out.Salt, 0, saltSize)
	parse(&digest, out.Digest, sha256.Size)
	parse(&before, out.Before, 0, sha256.Size)
	if _, err := fmt.Sscan(out.AtNano, &nano); err != nil || !subject(s).known() {
		parts = append(parts, bolt.ErrRecord)
	}
	if len(parts) > 0 {
		return l, nil, errors.Join(parts...)
	}
	l.n, l.at, l.earlier, l.subject = out.N, time.Unix(0, nano), out.Earlier, subject(s)
	copy(l.digest[:], digest)
	return l, before, nil
}

// Covered is how many contents are in it.
func (e *Evidence) Covered() (n int) {
	for i := range e.Links {
		if e.Links[i].Content != "" {
			n++
		}
	}
	return n
}
