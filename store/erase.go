package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// To erase a person takes away all that the book says of them but what keeps
// them from being written to: their addresses, among the suppressed. In one
// transaction their record loses everything, so that nobody is found by it and
// nothing more is sent; then the sweeper goes through the messages and the audit.
// Both keep their rows, and the campaigns their counts: it is no longer known whose
// they were.

// erasing is how far an erasure is.
type erasing struct {
	Who      people.ContactID
	Delivery []byte `json:",omitempty"` // the last one that was looked at
	Entry    uint64 `json:",omitempty"` // the last entry that was; deliveries come first
	Audit    bool   `json:",omitempty"` // the deliveries are done
	Messages int    `json:",omitempty"` // how many were of theirs
	Named    named  // by which the audit may speak of them; gone with the job
}

// named is how a text may speak of a person.
type named struct {
	Name   string         `json:",omitempty"`
	Phones []people.Phone `json:",omitempty"`
}

func namesOf(c *people.Contact) (n named) {
	if name := strings.TrimSpace(c.Name); strings.Contains(name, " ") { // one word is others' too
		n.Name = name
	}
	for _, s := range addressesOf(c) {
		if s.Phone != "" {
			n.Phones = append(n.Phones, s.Phone)
		}
	}
	return n
}

// Erase takes a person out of the book for good, see above, and returns when it
// is done. After an error nothing has changed, unless that says ErrGoesOn: then it
// will be done. ctx ends the waiting alone.
func (d *Desk) Erase(ctx context.Context, id people.ContactID) error {
	b := d.book
	var wait func(context.Context) (job, error)
	err := d.write(VerbErase, func(tx *bolt.Tx, e *Entry) error {
		c, err := contactTx(tx, id)
		if err != nil {
			return err
		}
		n, err := jobsTable.Next(tx)
		if err != nil {
			return err
		}
		k := peopleJobKey(n)
		e.on("contact", strconv.FormatUint(uint64(c.ID), 10), "")
		e.Outcome, e.Ended = Asked, time.Time{}
		if err := addEntryTx(tx, e); err != nil {
			return err
		}
		named := namesOf(&c)
		if err := strikeTx(tx, &c, e.At); err != nil {
			return err
		}
		wait = b.await(k)
		return putJobTx(tx, k, job{Audit: e.ID, Job: Job{Kind: JobErase}, Erase: &erasing{Who: c.ID, Named: named}})
	})
	if err != nil {
		return err
	}
	b.wake()
	_, err = wait(ctx)
	return err
}

// strikeTx keeps a person's addresses among the suppressed and takes all that is
// known of them from their record, and from what campaigns are to be sent to.
func strikeTx(tx *bolt.Tx, c *people.Contact, at time.Time) error {
	since := at
	if c.OptedOut {
		since = c.OptOutAt
	}
	for _, s := range addressesOf(c) {
		if suppressedTable.Get(tx, s.alias()) != nil {
			continue
		}
		s.At, s.Why = since, WhyErased
		if err := putSuppressedTx(tx, &s); err != nil {
			return err
		}
	}
	ids, err := idsTx(tx, c.ID)
	for _, id := range ids { // what the records were that became theirs
		for _, k := range mergesTable.Keys(tx, mergesTable.Of(id), math.MaxInt) {
			err = cmp.Or(err, mergesTable.DeleteAt(tx, k))
		}
		err = cmp.Or(err, unsaltTx(tx, personOf(id)))
	}
	if err != nil {
		return err
	}
	if err := leaveListsTx(tx, c.ID, 0); err != nil {
		return err
	}
	if err := forgetImportsTx(tx, c, ids); err != nil {
		return err
	}
	if err := forgetMentionsTx(tx, c); err != nil {
		return err
	}
	return putContactTx(tx, &people.Contact{ID: c.ID, OptedOut: true, OptOutAt: since})
}

// WhyErased is why an address is suppressed of which nothing else is known.
const WhyErased = "erased"

// phoneLike is what may be a phone in a text.
var phoneLike = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\+?\(?\d[\d\s().-]{6,}\d`) })

// forgetMentionsTx takes a person's phones and full name out of the filters of
// all campaigns and the texts of drafts, and away what they were answered.
func forgetMentionsTx(tx *bolt.Tx, c *people.Contact) error {
	forget := namesOf(c).striker()
	var changed []campaign.Campaign
	err := campaignsTable.ForEach(tx, func(k, _ []byte) error {
		camp, err := campaignTx(tx, campaignsTable.Parts(k))
		if err != nil {
			return err
		}
		before := camp
		camp.To = forget(camp.To)
		same := camp.To == before.To
		if camp.Status == campaign.Draft {
			camp.Text, camp.Variants, camp.Poll = forget(camp.Text), nil, nil
			same = same && camp.Text == before.Text
			for _, text := range before.Variants {
				camp.Variants = append(camp.Variants, forget(text))
				same = same && forget(text) == text
			}
			for _, o := range before.Poll {
				camp.Poll = append(camp.Poll, forget(o))
				same = same && forget(o) == o
			}
		}
		if camp.AnswerTo != 0 && mergedTx(tx, camp.Only) == c.ID { // it was said to them alone
			camp.Text, camp.Reworded, same = "-----", nil, false
		}
		if !same {
			changed = append(changed, camp)
		}
		return nil
	})
	for i := range changed {
		if err == nil {
			err = putCampaignTx(tx, changed[i])
		}
	}
	return err
}

// striker takes a person's phones and full name out of a text.
func (n named) striker() func(text string) string {
	var name *regexp.Regexp
	if n.Name != "" {
		name = regexp.MustCompile(`(?i)` + regexp.QuoteMeta(n.Name))
	}
	return func(text string) string {
		text = phoneLike().ReplaceAllStringFunc(text, func(s string) string {
			if n.theirs(s) {
				return "00000000"
			}
			return s
		})
		if name != nil {
			text = name.ReplaceAllString(text, "-----")
		}
		return text
	}
}

// theirs reports whether a text is one of the phones, or the end of one.
func (n named) theirs(text string) bool {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
	read, err := people.ParsePhone(text)
	return slices.ContainsFunc(n.Phones, func(p people.Phone) bool {
		return err == nil && read.Key() == p.Key() || strings.HasSuffix(p.Digits(), digits)
	})
}

// eraseChunkTx looks at the next n rows of an erasure.
func eraseChunkTx(tx *bolt.Tx, j *job, n int) (done bool, err error) {
	e := j.Erase
	if !e.Audit {
		e.Audit, err = eraseDeliveriesTx(tx, e, n)
		return false, err
	}
	if done, err = eraseEntriesTx(tx, e, j.Audit, n); err != nil || !done {
		return false, err
	}
	return true, eraseRecordTx(tx, e.Who)
}

// eraseDeliveriesTx takes a person out of those of the next n deliveries that are
// theirs, and reports whether these were the last.
func eraseDeliveriesTx(tx *bolt.Tx, e *erasing, n int) (done bool, err error) {
	var found []campaign.Delivery
	looked := 0
	for k, v := range deliveriesTable.From(tx, nil, append(bytes.Clone(e.Delivery), 0)) {
		if looked == n {
			break
		}
		looked++
		e.Delivery = bytes.Clone(k)
		d, err := decodeDelivery(k, v)
		if err != nil {
			return false, err
		}
		if mergedTx(tx, d.Contact) == e.Who {
			found = append(found, d)
		}
	}
	for i := range found {
		d := &found[i]
		before := *d
		d.Erase()
		if before.State == campaign.Queued && !before.Again() {
			if err := dequeueTx(tx, d); err != nil {
				return false, err
			}
		}
		if err := unsaltTx(tx, deliveryOf(deliveryKey(d.Campaign, d.Seq))); err != nil {
			return false, err
		}
		if err := putDeliveryTx(tx, &before, d); err != nil {
			return false, err
		}
		if err := personsTable.Delete(tx, d.Campaign, e.Who); err != nil {
			return false, err
		}
	}
	e.Messages += len(found)
	return looked < n, nil
}

// eraseEntriesTx takes a person out of those of the next n entries of the audit
// that are about them, own aside.
func eraseEntriesTx(tx *bolt.Tx, e *erasing, own uint64, n int) (done bool, err error) {
	var found []Entry
	looked, strike := 0, e.Named.striker()
	for k, v := range auditTable.From(tx, nil, auditTable.Key(e.Entry+1)) {
		if looked == n {
			break
		}
		looked++
		e.Entry = auditTable.Parts(k)
		entry, err := decodeEntry(e.Entry, v)
		if err != nil {
			return false, err
		}
		if entry.ID == own {
			continue
		}
		about := entry.aboutTx(tx, e.Who)
		if about {
			entry.forget()
		}
		if entry.strike(strike) || about {
			found = append(found, entry)
		}
	}
	for i := range found {
		if err := unsaltTx(tx, entryOf(found[i].ID)); err != nil {
			return false, err
		}
		if err := addEntryTx(tx, &found[i]); err != nil {
			return false, err
		}
	}
	return looked < n, nil
}

// aboutTx reports whether an entry is about a person, or about a message to them,
// whose they are not any more if they were erased.
func (e *Entry) aboutTx(tx *bolt.Tx, who people.ContactID) bool {
	switch e.Kind {
	case "contact":
		id, err := strconv.ParseUint(e.Target, 10, 64)
		return err == nil && mergedTx(tx, people.ContactID(id)) == who
	case "delivery":
		var c campaign.ID
		var seq uint32
		if n, _ := fmt.Sscanf(e.Target, "%d/%d", &c, &seq); n != 2 {
			return false
		}
		d, err := deliveryTx(tx, deliveryKey(c, seq))
		return err == nil && (d.Contact == 0 || mergedTx(tx, d.Contact) == who)
	}
	return false
}

// forget leaves of an entry what was done, and when, and by whom.
func (e *Entry) forget() {
	e.Name = ""
	for _, values := range []Values{e.Before, e.After} {
		for name := range values {
			if name != "opted_out" && name != "doubt" && name != "state" {
				delete(values, name)
			}
		}
	}
}

// strike takes mentions out of what an entry says, and reports whether there were
// any.
func (e *Entry) strike(strike func(string) string) (found bool) {
	change := func(text string) string {
		is := strike(text)
		found = found || is != text
		return is
	}
	e.Name = change(e.Name)
	for _, values := range []Values{e.Before, e.After} {
		for name, text := range values {
			values[name] = change(text)
		}
	}
	return found
}

// idsTx are all ids that lead to a person.
func idsTx(tx *bolt.Tx, who people.ContactID) ([]people.ContactID, error) {
	ids := []people.ContactID{who}
	err := mergedTable.ForEach(tx, func(k, _ []byte) error {
		if id := mergedTable.Parts(k); mergedTx(tx, id) == who {
			ids = append(ids, id)
		}
		return nil
	})
	return ids, err
}

// eraseRecordTx takes what is left of a person out of the book, with the records
// that were merged into theirs.
func eraseRecordTx(tx *bolt.Tx, who people.ContactID) error {
	ids, err := idsTx(tx, who)
	if err != nil {
		return err
	}
	for _, id := range ids {
		for _, k := range latestTable.Keys(tx, latestTable.Of(id), math.MaxInt) {
			err = cmp.Or(err, latestTable.DeleteAt(tx, k))
		}
		for _, k := range timersTable.Keys(tx, timersTable.Of(id), math.MaxInt) {
			err = cmp.Or(err, timersTable.DeleteAt(tx, k))
		}
		err = cmp.Or(err, mergedTable.Delete(tx, id), unchainTx(tx, id))
	}
	if err != nil {
		return err
	}
	c, err := contactTx(tx, who)
	if errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	return deleteContactTx(tx, &c)
}

// About returns the entries of the audit that are about a person, the first
// first.
func (b *Book) About(ctx context.Context, who people.ContactID) (entries []Entry, err error) {
	for after, more := uint64(0), true; more; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err = b.view(func(tx *bolt.Tx) error {
			looked := 0
			for k, v := range auditTable.From(tx, nil, auditTable.Key(after+1)) {
				if looked == aboutPage {
					return nil
				}
				looked++
				after = auditTable.Parts(k)
				e, err := decodeEntry(after, v)
				if err != nil {
					return err
				}
				if e.aboutTx(tx, mergedTx(tx, who)) {
					entries = append(entries, e)
				}
			}
			more = false
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// aboutPage is how many entries or deliveries are looked at at a time.
const aboutPage = 10_000

// DeliveriesOf is DeliveriesTo with those that wait, or were left out before
// anything was tried. It looks at every delivery of the book.
func (b *Book) DeliveriesOf(ctx context.Context, who people.ContactID) (all []campaign.Delivery, err error) {
	var last []byte
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err = b.view(func(tx *bolt.Tx) error {
			looked, theirs := 0, mergedTx(tx, who)
			for k, v := range deliveriesTable.From(tx, nil, append(bytes.Clone(last), 0)) {
				if looked == aboutPage {
					return nil
				}
				looked++
				last = bytes.Clone(k)
				d, err := decodeDelivery(k, v)
				if err != nil {
					return err
				}
				if mergedTx(tx, d.Contact) == theirs {
					all = append(all, d)
				}
			}
			more = false
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
