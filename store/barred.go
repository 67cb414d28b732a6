package store

import (
	"bytes"
	"errors"
	"slices"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Some people are never written to by any number although they have not opted
// out: our own numbers, also those that were linked once, and people who are
// blocked on the phone of one of them. A team that blocks a person on one phone
// does not want to write to them from another. Both are kept by address and not
// in the contacts, so that merging, splitting or importing contacts changes
// nothing.

// ourAliases are the addresses of a number.
func ourAliases(n *campaign.Number) []string {
	return aliasesOf(&people.Contact{Phone: n.Phone, LID: n.LID})
}

// keepOursTx keeps the addresses of a number. Those that it had before stay.
func keepOursTx(tx *bolt.Tx, n *campaign.Number) error {
	for _, alias := range ourAliases(n) {
		if oursTable.Get(tx, alias) != nil {
			continue
		}
		if err := oursTable.Put(tx, alias, row(n.ID)); err != nil {
			return err
		}
	}
	return nil
}

// keepAllOursTx is keepOursTx for the numbers of a book that did not know it.
func keepAllOursTx(tx *bolt.Tx) error {
	numbers, err := numbersTx(tx)
	if err != nil {
		return nil // if it is damaged, another reader says so
	}
	for i := range numbers {
		if err := keepOursTx(tx, &numbers[i]); err != nil {
			return err
		}
	}
	return nil
}

// SetBlocked writes down who is blocked on the phone of a number: these and
// nobody else.
func (b *Book) SetBlocked(number campaign.NumberID, blocked []people.Seen) error {
	want := make(map[string]bool)
	for _, p := range blocked {
		for _, alias := range aliasesOf(&people.Contact{Phone: p.Phone, LID: p.LID}) {
			want[string(blockedTable.key(alias, number))] = true
		}
	}
	// changes finds what is to be written; mostly that is nothing.
	changes := func(tx *bolt.Tx) (more, less [][]byte) {
		have := make(map[string]bool)
		for k := range blockedTable.Each(tx, nil) {
			if _, by, ok := blockedTable.parts(k); ok && by == number {
				if have[string(k)] = true; !want[string(k)] {
					less = append(less, bytes.Clone(k))
				}
			}
		}
		for k := range want {
			if !have[k] {
				more = append(more, []byte(k))
			}
		}
		return more, less
	}
	same := false
	err := b.view(func(tx *bolt.Tx) error {
		more, less := changes(tx)
		same = len(more)+len(less) == 0
		return nil
	})
	if err != nil || same {
		return err
	}
	return b.update(func(tx *bolt.Tx) error {
		more, less := changes(tx)
		slices.SortFunc(more, bytes.Compare)
		for _, k := range more {
			if err := blockedTable.PutAt(tx, k, nil); err != nil {
				return err
			}
		}
		for _, k := range less {
			if err := blockedTable.DeleteAt(tx, k); err != nil {
				return err
			}
		}
		return nil
	})
}

// Block writes down that a person was blocked on the phone of a number, or is
// not any more.
func (b *Book) Block(number campaign.NumberID, who people.Seen, blocked bool) error {
	return b.update(func(tx *bolt.Tx) error {
		person := people.Contact{Phone: who.Phone, LID: who.LID}
		// The other address may be one that only the book knows.
		if id, ok := findPersonTx(tx, who.Phone, who.LID); ok && !blocked {
			known, err := contactTx(tx, id)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
			person.WhatsApp = known.WhatsApp
		}
		for _, alias := range aliasesOf(&person) {
			k := blockedTable.key(alias, number)
			var err error
			if blocked {
				err = blockedTable.PutAt(tx, k, nil)
			} else {
				err = blockedTable.DeleteAt(tx, k)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// barredTx is why a person is never written to; zero: they may be. by is the
// number that has blocked them.
func barredTx(tx *bolt.Tx, c *people.Contact) (why reason.Code, by campaign.NumberID) {
	for _, alias := range aliasesOf(c) {
		if oursTable.Has(tx, alias) {
			return reason.DeliveryOwnNumber, 0
		}
		for k := range blockedTable.Each(tx, blockedTable.of(alias)) {
			if of, by, ok := blockedTable.parts(k); ok && of == alias {
				return reason.DeliveryBlocked, by
			}
			break
		}
	}
	return "", 0
}

// Barred is why a person is never written to by any number, as the reason of
// their deliveries says it; zero: they may be.
func (b *Book) Barred(id people.ContactID) (why reason.Reason, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		c, err := contactTx(tx, id)
		if err == nil {
			why = whyBarredTx(tx, &c)
		}
		return err
	})
	return why, err
}

// whyBarredTx is barredTx with the name of the number.
func whyBarredTx(tx *bolt.Tx, c *people.Contact) reason.Reason {
	why, by := barredTx(tx, c)
	if n, err := numberTx(tx, by); by != 0 && err == nil {
		return reason.New(why, reason.Plain(n.Name))
	}
	return reason.New(why)
}

// barredAliases are the reasons by address, for those who look at many people:
// most of them are nowhere in it.
type barredAliases map[string]reason.Code

func allBarredTx(tx *bolt.Tx) barredAliases {
	all := make(barredAliases)
	for k := range blockedTable.Each(tx, nil) {
		if alias, _, ok := blockedTable.parts(k); ok {
			all[alias] = reason.DeliveryBlocked
		}
	}
	for k := range oursTable.Each(tx, nil) {
		all[string(k)] = reason.DeliveryOwnNumber
	}
	return all
}

func (b barredAliases) why(c *people.Contact) reason.Code {
	for _, alias := range aliasesOf(c) {
		if why := b[alias]; why != "" {
			return why
		}
	}
	return ""
}
