package store

import (
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// when is a time in a content, in nanoseconds since 1970; 0: it is not known.
type when int64

func whenOf(t time.Time) when {
	if t.IsZero() {
		return 0
	}
	return when(t.UnixNano())
}

// MarshalJSON writes the time in UTC, to the nanosecond.
func (w when) MarshalJSON() ([]byte, error) {
	return []byte(`"` + time.Unix(0, int64(w)).UTC().Format(time.RFC3339Nano) + `"`), nil
}

// What the contents say. The names and the order of their fields stay as they are:
// a field that is added is left out where it is empty, so that what was written
// before keeps its digest.
type (
	entryContent struct {
		Entry   uint64         `json:"entry"`
		At      when           `json:"at"`
		Ended   when           `json:"ended,omitzero"`
		Who     string         `json:"who"`
		Role    Role           `json:"role"`
		From    string         `json:"from,omitempty"`
		Verb    Verb           `json:"verb"`
		Kind    string         `json:"kind,omitempty"`
		Target  string         `json:"target,omitempty"`
		Name    string         `json:"name,omitempty"`
		Before  Values         `json:"before,omitempty"`
		After   Values         `json:"after,omitempty"`
		Counts  map[string]int `json:"counts,omitempty"`
		Outcome string         `json:"outcome"`
		Why     string         `json:"why,omitempty"`
	}

	deliveryContent struct {
		Campaign  campaign.ID        `json:"campaign"`
		Place     uint32             `json:"place"`
		Contact   people.ContactID   `json:"contact,omitempty"`
		Number    campaign.NumberID  `json:"number"`
		Phone     people.Phone       `json:"phone,omitempty"`
		Account   string             `json:"account,omitempty"` // its LID
		Name      string             `json:"name,omitempty"`
		Message   campaign.MessageID `json:"message"`
		Text      string             `json:"text,omitempty"`
		State     string             `json:"state"`
		Reason    string             `json:"reason,omitempty"`
		Code      int                `json:"code,omitempty"`
		Claimed   when               `json:"claimed,omitzero"` // when the id and the text were written down
		Accepted  when               `json:"accepted,omitzero"`
		Delivered when               `json:"delivered,omitzero"`
		Read      when               `json:"read,omitzero"`
		Replied   when               `json:"replied,omitzero"`
		OptedOut  when               `json:"opted_out,omitzero"`
		Deletes   campaign.MessageID `json:"deletes,omitempty"` // it has no text: it deletes that message for everyone
		Deleted   when               `json:"deleted,omitzero"`
		Options   []string           `json:"options,omitempty"` // of a poll, of which the text is the question
	}

	personContent struct {
		Contact   people.ContactID `json:"contact"`
		Phone     people.Phone     `json:"phone,omitempty"`
		Account   string           `json:"account,omitempty"` // their LID
		Consent   string           `json:"consent"`           // "yes", "no", "unknown"
		Source    string           `json:"source,omitempty"`
		At        when             `json:"at,omitzero"`
		By        string           `json:"by,omitempty"`
		Proof     string           `json:"proof,omitempty"`
		OptedOut  bool             `json:"opted_out"`
		OptOutAt  when             `json:"opted_out_at,omitzero"`
		OptOutWhy string           `json:"opted_out_why,omitempty"`
	}
)

func contentOfEntry(e *Entry) entryContent {
	return entryContent{
		Entry: e.ID, At: whenOf(e.At), Ended: whenOf(e.Ended), Who: e.Actor.Name, Role: e.Actor.Role, From: e.Actor.From,
		Verb: e.Verb, Kind: e.Kind, Target: e.Target, Name: e.Name, Before: e.Before, After: e.After, Counts: e.Counts,
		Outcome: e.Outcome.String(), Why: e.Why.Text(),
	}
}

func contentOfDeliveryTx(tx *bolt.Tx, d *campaign.Delivery) (deliveryContent, error) {
	poll := *d
	err := optionsTx(tx, &poll)
	return deliveryContent{
		Campaign: d.Campaign, Place: d.Seq, Contact: d.Contact, Number: d.Number, Phone: d.Phone, Account: d.LID, Name: d.Name,
		Message: d.Message, Text: d.Text, State: d.State.String(), Reason: d.Reason.Text(), Code: d.Code,
		Claimed: whenOf(d.Claimed), Accepted: whenOf(d.Accepted), Delivered: whenOf(d.Arrived), Read: whenOf(d.ReadAt),
		Replied: whenOf(d.RepliedAt), OptedOut: whenOf(d.LeftAt), Deletes: d.Revokes, Deleted: whenOf(d.RevokedAt),
		Options: poll.Poll,
	}, err
}

func contentOfPerson(c *people.Contact) personContent {
	return personContent{
		Contact: c.ID, Phone: c.Phone, Account: c.LID,
		Consent: c.Consent.Status.String(), Source: c.Consent.Source, At: whenOf(c.Consent.At), By: c.Consent.By, Proof: c.Consent.Evidence,
		OptedOut: c.OptedOut, OptOutAt: whenOf(c.OptOutAt), OptOutWhy: c.OptOutWhy,
	}
}
