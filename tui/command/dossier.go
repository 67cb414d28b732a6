package command

import (
	"cmp"
	"context"
	"errors"

	"recado/campaign/people"
	"recado/store"
)

// dossierJSON is all that the book says of one person, as `contacts data`
// prints it: what they may ask for by law.
type dossierJSON struct {
	Contact    contactJSON        `json:"contact"`
	NameSource string             `json:"name_source"` // none, push, business, address_book, typed
	CheckedAt  string             `json:"checked_at"`  // when WhatsApp was asked about the phone
	Former     []formerJSON       `json:"former_phones"`
	DoubtAt    string             `json:"doubt_at"`
	Barred     reasonJSON         `json:"barred"` // why no number writes to them beside an opt-out
	Deliveries []fullDeliveryJSON `json:"deliveries"`
	Audit      []auditJSON        `json:"audit"`
}

// formerJSON is a phone that a person had.
type formerJSON struct {
	Phone string `json:"phone"`
	Until string `json:"until"`
}

// fullDeliveryJSON is a message to a person, with the time of each step.
type fullDeliveryJSON struct {
	Campaign  string `json:"campaign"`
	Name      string `json:"name"`
	Number    string `json:"number"` // which of ours sends
	State     string `json:"state"`
	MessageID string `json:"message_id"`
	Text      string `json:"text"`
	reasonJSON
	Attempts  int    `json:"attempts"`
	Claimed   string `json:"claimed"` // these are RFC 3339; empty: it has not happened
	Accepted  string `json:"accepted"`
	Delivered string `json:"delivered"`
	Read      string `json:"read"`
	Replied   string `json:"replied"`
	OptedOut  string `json:"opted_out"`
	Answer    string `json:"answer,omitempty"`  // what they wrote within a week
	Deleted   string `json:"deleted,omitempty"` // when it was deleted for everyone
	Deletes   string `json:"deletes,omitempty"` // it is no message: it deletes the one with that id for everyone
}

var nameSources = [...]string{people.NoName: "none", people.PushName: "push", people.Business: "business", people.AddressBook: "address_book", people.Typed: "typed"}

// tellAll prints all that the book says of a person.
func (c *call) tellAll(ctx context.Context, o *owner, p people.Contact) error {
	book := o.parts.Book
	ours, err := book.Numbers()
	if err != nil {
		return err
	}
	names := numberNames(ours)
	out := dossierJSON{
		Contact: contactObject(&p, names), NameSource: nameSources[min(int(p.NameSource), len(nameSources)-1)], CheckedAt: stamp(p.CheckedAt),
		Former: []formerJSON{}, DoubtAt: stamp(p.DoubtAt), Deliveries: []fullDeliveryJSON{}, Audit: []auditJSON{},
	}
	for _, f := range p.Former {
		out.Former = append(out.Former, formerJSON{string(f.Phone), stamp(f.Until)})
	}
	barred, err := book.Barred(p.ID)
	if err != nil {
		return err
	}
	out.Barred = reasonObject(barred)
	all, err := book.DeliveriesOf(ctx, p.ID)
	if err != nil {
		return err
	}
	for _, d := range all {
		held, err := book.Campaign(d.Campaign)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		out.Deliveries = append(out.Deliveries, fullDeliveryJSON{
			Campaign: d.Campaign.String(), Name: held.Name, Number: names[d.Number], State: d.State.String(), MessageID: string(d.Message), Text: d.Text,
			reasonJSON: reasonObject(d.Reason), Attempts: d.Attempts, Claimed: stamp(d.Claimed), Accepted: stamp(d.Accepted),
			Delivered: stamp(d.Arrived), Read: stamp(d.ReadAt), Replied: stamp(d.RepliedAt), OptedOut: stamp(d.LeftAt), Answer: d.Answer,
			Deleted: stamp(d.RevokedAt), Deletes: string(d.Revokes),
		})
	}
	entries, err := book.About(ctx, p.ID)
	if err != nil {
		return err
	}
	for i := range entries {
		out.Audit = append(out.Audit, auditObject(&entries[i]))
	}
	return c.object(out)
}

// erase takes a person out of the book.
func (c *call) erase(ctx context.Context, o *owner, p people.Contact, yes bool) error {
	c.tell("erase_detail", "Who", cmp.Or(p.Name, p.BestPhone().Pretty()))
	if err := c.confirm(ctx, yes, "erase_ask"); err != nil {
		return err
	}
	if err := c.desk(o).Erase(ctx, p.ID); err != nil {
		return err
	}
	c.tell("erase_done")
	return nil
}
