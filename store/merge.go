package store

import (
	"slices"
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

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
