package store

import (
	"context"
	"errors"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Who must not be written to and is not in the book: those who were erased from
// it, and those whom a list of another system names. They are kept by address.
// Whoever comes into the book with such an address, by whatever door, is opted out
// from the beginning; to opt them in takes the address off.

// Suppressed is an address to which nothing is sent: a phone, or a LID.
type Suppressed struct {
	Phone people.Phone
	LID   string
	At    time.Time // when they opted out
	Why   string
}

// alias is the key of the address.
func (s *Suppressed) alias() string {
	if s.Phone != "" {
		return phoneKey(s.Phone)
	}
	return string(lidAlias) + s.LID
}

const suppressedVersion = 1

// putSuppressedTx keeps an address. Nothing else in the book says that it was
// kept, so they are counted: a row that goes missing is noticed.
func putSuppressedTx(tx *bolt.Tx, s *Suppressed) error {
	if err := countChangeTx(tx, countSuppressed, suppressedTable.Get(tx, s.alias()) != nil, true); err != nil {
		return err
	}
	var e bolt.Enc
	e.Uint(suppressedVersion)
	e.Text(string(s.Phone))
	e.Text(s.LID)
	e.Time(s.At)
	e.Text(shortened(s.Why))
	return suppressedTable.Put(tx, s.alias(), e.B)
}

func decodeSuppressed(v []byte) (s Suppressed, err error) {
	d := bolt.Dec{B: v}
	d.Version(suppressedVersion)
	s = Suppressed{Phone: people.Phone(d.Text()), LID: d.Text(), At: d.Time(), Why: d.Text()}
	return s, d.Err
}

// addressesOf are all by which a person can be written to.
func addressesOf(c *people.Contact) (all []Suppressed) {
	for _, p := range append(c.Phones(), c.OptOutPhone) {
		if p != "" {
			all = append(all, Suppressed{Phone: p})
		}
	}
	if c.LID != "" {
		all = append(all, Suppressed{LID: c.LID})
	}
	return all
}

// suppressTx opts a person out who gets an address that is suppressed.
func suppressTx(tx *bolt.Tx, before, c *people.Contact) error {
	if c.OptedOut || !suppressedTable.Any(tx, nil) {
		return nil
	}
	had := make(map[string]bool)
	for _, s := range addressesOf(before) {
		had[s.alias()] = true
	}
	for _, s := range addressesOf(c) {
		v := suppressedTable.Get(tx, s.alias())
		if v == nil || had[s.alias()] {
			continue
		}
		held, err := decodeSuppressed(v)
		if err != nil {
			return err
		}
		c.OptedOut, c.OptOutAt, c.OptOutWhy = true, held.At, held.Why
		return nil
	}
	return nil
}

// unsuppressTx takes a person's addresses off the list.
func unsuppressTx(tx *bolt.Tx, c *people.Contact) error {
	for _, s := range addressesOf(c) {
		if err := countChangeTx(tx, countSuppressed, suppressedTable.Get(tx, s.alias()) != nil, false); err != nil {
			return err
		}
		if err := suppressedTable.Delete(tx, s.alias()); err != nil {
			return err
		}
	}
	return nil
}

// Suppressed returns the addresses that are suppressed, those after a key; it
// begins at "" and ends when none is returned.
func (b *Book) Suppressed(after string, limit int) (page []Suppressed, last string, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		for k, v := range suppressedTable.From(tx, nil, []byte(after+"\x00")) {
			if len(page) == limit {
				break
			}
			s, err := decodeSuppressed(v)
			if err != nil {
				return err
			}
			page, last = append(page, s), string(k)
		}
		return nil
	})
	return page, last, err
}

// SuppressReport is what a list of suppressed addresses changed.
type SuppressReport struct {
	OptedOut int // people in the book who are opted out since
	Kept     int // addresses of nobody in the book that are kept since
	Same     int // they were opted out or kept already
}

// Suppress writes down who must not be written to: who is in the book is opted
// out, the address of anybody else is kept. Source, for the audit, says where the
// list comes from. After an error some may be written down, and to do it again
// completes it.
func (d *Desk) Suppress(ctx context.Context, all []Suppressed, source string) (r SuppressReport, err error) {
	entry, err := d.writeEntry(VerbSuppress, func(_ *bolt.Tx, e *Entry) error {
		e.on("contacts", "", source)
		e.Outcome, e.Ended = Asked, time.Time{}
		return nil
	})
	if err != nil {
		return r, err
	}
	now := d.book.clock.Now()
	err = inChunks(ctx, d.book, all, func(tx *bolt.Tx, part []Suppressed) error {
		before := r
		names := make(nameMoves, len(part))
		for i := range part {
			if err := keepOutTx(tx, &part[i], now, names, &r); err != nil {
				r = before
				return err
			}
		}
		return names.applyTx(tx)
	})
	failed := d.book.update(func(tx *bolt.Tx) error {
		return d.book.closeEntryTx(tx, entry, func(e *Entry) {
			e.count("people", len(all))
			e.count("opted_out", r.OptedOut)
			e.count("kept", r.Kept)
			e.count("same", r.Same)
			if err != nil {
				e.fail(reason.Of(err))
			}
		})
	})
	return r, errors.Join(err, failed)
}

// keepOutTx suppresses one address.
func keepOutTx(tx *bolt.Tx, s *Suppressed, now time.Time, names nameMoves, r *SuppressReport) error {
	if s.Phone == "" && s.LID == "" {
		return nil
	}
	if s.At.IsZero() || s.At.After(now) {
		s.At = now
	}
	id, ok := findPersonTx(tx, s.Phone, s.LID)
	if !ok {
		if suppressedTable.Get(tx, s.alias()) != nil {
			r.Same++
			return nil
		}
		r.Kept++
		return putSuppressedTx(tx, s)
	}
	c, err := contactTx(tx, id)
	if err != nil {
		return err
	}
	if c.OptedOut {
		r.Same++
		return nil
	}
	c.OptedOut, c.OptOutAt, c.OptOutWhy = true, s.At, s.Why
	r.OptedOut++
	return putPersonTx(tx, &c, names)
}
