package store

import (
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// Before the first message to a person the service is asked whether their phone
// is on WhatsApp, many phones at once.

// checkSize is how many phones are checked at once.
const checkSize = 20

// planCheckTx collects the phones to check: that of a delivery whose turn it is,
// and those that come next. One about which the service said nothing a moment
// ago is put aside, so that it does not hold up the others.
func (b *Book) planCheckTx(tx *bolt.Tx, c campaign.Claim, d campaign.Delivery, contact people.Contact, group []byte) (act, error) {
	if b.lately(contact.ID, c.Now) {
		return aside{d}, nil
	}
	phones := []people.Phone{checkAs(&contact)}
	if group != nil {
		for k := range queueTable.From(tx, group, queueTable.in(group, d.Seq+1)) {
			if len(phones) == checkSize {
				break
			}
			_, seq := queueTable.parts(k)
			next, err := deliveryTx(tx, deliveryKey(d.Campaign, seq))
			if err != nil {
				return nil, err
			}
			contact, err := contactTx(tx, next.Contact)
			if err != nil || contact.OptedOut || contact.InDoubt() || contact.Checked(c.Now) || b.lately(contact.ID, c.Now) {
				continue
			}
			if phone := checkAs(&contact); phone != "" {
				phones = append(phones, phone)
			}
		}
	}
	return tell{campaign.Check{Phones: phones}}, nil
}

// checkAs is the phone by which a person is checked: its own
// answer of an earlier time if there is one.
func checkAs(c *people.Contact) people.Phone {
	if c.WhatsApp != "" {
		return c.WhatsApp
	}
	return c.Phone
}

// nextPhoneTx makes a person whose phone is not on WhatsApp, as the service said
// at a time, go by the next of their phones about which it did not say so, and
// reports whether there is one. Nobody goes by a phone by which somebody else
// goes. A person whose account is known goes by that.
func nextPhoneTx(tx *bolt.Tx, c *people.Contact, no time.Time) (bool, error) {
	if c.LID != "" {
		return false, nil
	}
	tried := *c
	for _, o := range c.Others {
		tried.Presence, tried.CheckedAt = people.NotOnWhatsApp, o.No
		if !o.No.IsZero() && tried.Checked(no) {
			continue
		}
		if id, ok := aliasTx(tx, phoneKey(o.Phone)); ok && id != c.ID {
			continue
		}
		c.Goes(o.Phone, no)
		c.Presence, c.CheckedAt = people.PresenceUnknown, time.Time{}
		return true, nil
	}
	return false, nil
}

// lately reports whether the service was asked about a person a moment ago and
// said nothing.
func (b *Book) lately(id people.ContactID, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	at, ok := b.unanswered[id]
	return ok && now.Sub(at) < campaign.UnheardPause && !campaign.Early(at, now)
}

// Answered implements [campaign.Log].
func (b *Book) Answered(number campaign.NumberID, asked []people.Phone, answers []people.Answer, at time.Time) error {
	var silent []people.ContactID
	err := b.update(func(tx *bolt.Tx) error {
		silent = silent[:0]
		heard := make(map[people.Phone]bool, len(answers))
		for _, a := range answers {
			heard[a.Asked] = true
			if _, err := answerTx(tx, a, at); err != nil {
				return err
			}
		}
		if err := b.validationAnsweredTx(tx, number, asked, at); err != nil {
			return err
		}
		for _, phone := range asked {
			if id, ok := findPersonTx(tx, phone, ""); ok && !heard[phone] {
				silent = append(silent, id)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, when := range b.unanswered {
		if at.Sub(when) > time.Hour {
			delete(b.unanswered, id)
		}
	}
	for _, id := range silent {
		b.unanswered[id] = at
	}
	return nil
}
