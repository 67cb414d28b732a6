package store

import (
	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// Who has not answered the last campaigns is left alone, unless a campaign says
// otherwise. How many that are is counted as the messages are accepted, and
// begins again with whatever they write.

// silentAfter is how many unanswered campaigns in a row leave a person alone.
const silentAfter = 2

// unansweredTx is how many campaigns in a row a person has not answered.
func unansweredTx(tx *bolt.Tx, id people.ContactID) uint32 {
	if v := unansweredTable.Get(tx, id); v != nil {
		return fromRow[uint32](v)
	}
	return 0
}

// silentTx are those who have not answered so many that they are left alone.
func silentTx(tx *bolt.Tx) (silent people.Set) {
	for k, v := range unansweredTable.Each(tx, nil) {
		if fromRow[uint32](v) >= silentAfter {
			silent.Add(unansweredTable.Parts(k))
		}
	}
	return silent
}

// acceptedTx counts a campaign that has reached the service and is not answered
// yet. A test and an answer do not count.
func acceptedTx(tx *bolt.Tx, before, d *campaign.Delivery) error {
	if before.State.Proven() || !d.State.Proven() || !d.RepliedAt.IsZero() {
		return nil
	}
	id := mergedTx(tx, d.Contact)
	if !contactsTable.Has(tx, id) {
		return nil
	}
	if c, err := campaignTx(tx, d.Campaign); err != nil || c.Aside() {
		return err
	}
	return unansweredTable.Put(tx, id, row(unansweredTx(tx, id)+1))
}

// answeredTx begins to count anew for a person who has written.
func answeredTx(tx *bolt.Tx, id people.ContactID) error {
	if !unansweredTable.Has(tx, id) {
		return nil
	}
	return unansweredTable.Delete(tx, id)
}
