package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"iter"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// rowsFrom lists the rows of a table, beginning at the key first.
func rowsFrom(tx *bolt.Tx, t table, first []byte) iter.Seq2[[]byte, []byte] {
	return bolt.Table{Name: t.String()}.From(tx, nil, first)
}

// Verification is what came of a walk along the chain.
type Verification struct {
	Links    uint64          // how many there are
	Sum      string          // of the last one, in hexadecimal digits: who notes it down can tell later that nothing before it has changed
	Covered  int             // what stands behind them: entries of the audit, messages, and people who agreed or opted out
	Going    bool            // a book of before is still being taken into the chain
	Findings []reason.Reason // what does not fit together; of very many the first
	More     int             // findings that are not listed
}

// mostFindings are listed.
const mostFindings = 1000

// Verify walks the chain, and compares what the book keeps as evidence with it. It
// holds nobody up, and ends early when ctx does.
func (b *Book) Verify(ctx context.Context) (Verification, error) {
	var v verifier
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return v.Verification, err
		}
		err := b.view(func(tx *bolt.Tx) error { done = v.page(tx, aboutPage); return nil })
		if err != nil {
			return v.Verification, err
		}
	}
	return v.Verification, nil
}

// chain is [Book.Verify] in a book that nobody writes to.
func (c *checking) chain() {
	var v verifier
	for !v.page(c.tx, aboutPage) {
	}
	c.found = append(c.found, v.Findings...)
	c.each(chainedTable, 8, func(k, _ []byte) {
		s := subject(k)
		if k[0] == changedEvents && len(k) == 9 {
			if !c.has(campaignsTable, k[1:]) {
				c.stray(chainedTable, k)
			}
		} else if !s.known() {
			c.damaged(chainedTable, k)
		} else if l, err := linkTx(c.tx, linkOfTx(c.tx, s)); err != nil || l.subject != s {
			c.stray(chainedTable, k)
		}
	})
}

// verifier is a walk under way: first along the links, then over what they are
// about. Each page is right by itself, whatever is written between two of them.
type verifier struct {
	Verification
	sum  []byte // of the last link that was looked at
	end  bool   // there are no more links
	over chaining
}

func (v *verifier) wrong(code reason.Code, args ...any) {
	if len(v.Findings) == mostFindings {
		v.More++
		return
	}
	v.Findings = append(v.Findings, reason.New(code, args...))
}

// page looks at the next n links or rows, and reports whether these were the last.
func (v *verifier) page(tx *bolt.Tx, n int) (done bool) {
	if !v.end {
		v.links(tx, n)
		return false
	}
	for k, row := range jobsTable.Each(tx, nil) {
		if j, err := decodeJob(k, row); err == nil && j.Kind == JobChain {
			v.Going = true
		}
	}
	done, err := v.over.evidenceFromTx(tx, n, func(s subject) error { v.covered(tx, s); return nil })
	if err != nil { // which row is damaged, the examination of the book says
		v.wrong(reason.CheckDamaged, evidenceTables[v.over.Table].table.String(), rowName(v.over.Last))
	}
	return done
}

// links looks at the next n links.
func (v *verifier) links(tx *bolt.Tx, n int) {
	last := chainTable.Given(tx)
	for k, row := range chainTable.From(tx, nil, chainTable.Key(v.Links+1)) {
		if n--; n < 0 {
			return
		}
		place := chainTable.Parts(k)
		if place > last {
			v.wrong(reason.CheckChainLink, place)
			break
		}
		if place != v.Links+1 {
			v.wrong(reason.CheckChainGap, v.Links+1, place-v.Links-1)
			v.sum = nil
		}
		l, err := decodeLink(place, row)
		sum := l.after(v.sum)
		switch follows := v.sum != nil || place == 1; {
		case err != nil:
			v.wrong(reason.CheckChainLink, place)
			l.sum = [sha256.Size]byte{}
		case follows && sum != l.sum:
			v.wrong(reason.CheckChainLink, place)
		default:
			v.compare(tx, &l)
		}
		v.Links, v.sum = place, bytes.Clone(l.sum[:])
	}
	if v.Links < last {
		v.wrong(reason.CheckChainGap, v.Links+1, last-v.Links)
		v.Links = last
	}
	v.end, v.Sum = true, hex.EncodeToString(v.sum)
}

// compare compares a link with what the book keeps of its subject.
func (v *verifier) compare(tx *bolt.Tx, l *link) {
	switch last := linkOfTx(tx, l.subject); {
	case last > l.n: // it is about what that was before
		return
	case last < l.n:
		if l.salt != nil || l.subject[0] != personSubject { // or they were erased
			v.wrong(reason.CheckChainLost, l.subject.named(), l.n)
		}
		return
	}
	content, err := contentTx(tx, l.subject)
	if err == nil && content == nil && l.subject[0] == personSubject && mergedTable.HasAt(tx, []byte(l.subject[1:])) {
		return // the record has become part of another one
	}
	v.Covered++
	text, _ := json.Marshal(content)
	if (err != nil || content == nil || digestOf(l.salt, text) != l.digest) && !awaitsChainTx(tx, l.subject) {
		v.wrong(reason.CheckChainOther, l.subject.named(), l.n)
	}
}

// covered checks that there is a link about a subject.
func (v *verifier) covered(tx *bolt.Tx, s subject) {
	if linkOfTx(tx, s) == 0 && !v.Going && !awaitsChainTx(tx, s) {
		v.wrong(reason.CheckChainNone, s.named())
	}
}

// named is what a subject is called where it is said.
func (s subject) named() reason.Reason {
	k := []byte(s[1:])
	switch s[0] {
	case entrySubject:
		return reason.New(reason.ChainEntry, auditTable.Parts(k))
	case deliverySubject:
		id, seq := deliveryAt(k)
		return reason.New(reason.ChainDelivery, id, seq)
	}
	return reason.New(reason.ChainContact, fromRow[people.ContactID](k))
}
