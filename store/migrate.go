package store

import (
	"encoding/json"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// version is that of the bucket tree. Older books are migrated when they are
// opened, newer ones refused.
const version = uint32(1 + len(migrations))

// migrations bring a book from each version to the next, beginning with 1.
// Steps are only ever added.
var migrations = [...]func(*bolt.Tx) error{
	claimsByContact,
	func(*bolt.Tx) error { return nil }, // version 3: jobs, and campaigns that are freezing
	membersOfLists,
	limitsAsNamed,
	func(*bolt.Tx) error { return nil }, // version 6: former phones, whose owners an older program would make one person
	func(*bolt.Tx) error { return nil }, // version 7: the audit, which an older program would not write
	func(*bolt.Tx) error { return nil }, // version 8: reasons are codes, which an older program would print
	func(*bolt.Tx) error { return nil }, // version 9: doubts, which an older program would write to
	func(*bolt.Tx) error { return nil }, // addresses that are suppressed, which an older program would write to
	func(*bolt.Tx) error { return nil }, // campaigns with variants and schedules, which an older program would send as it pleases
}

// claimsByContact is version 2: who has been claimed is known by their record.
// Before, it was their LID or their phone, which may turn out to be one person's.
func claimsByContact(tx *bolt.Tx) error {
	if err := personsTable.Clear(tx); err != nil {
		return err
	}
	return deliveriesTable.ForEach(tx, func(k, v []byte) error {
		d, err := decodeDelivery(k, v)
		if err != nil || d.Message == "" {
			return err
		}
		return keepClaimTx(tx, d.Campaign, mergedTx(tx, d.Contact), d.Seq)
	})
}

// membersOfLists is version 4: who is on a list is a set beside it. Before, it
// was part of each person's record, where it is passed over from now on.
func membersOfLists(tx *bolt.Tx) error {
	if err := membersTable.Clear(tx); err != nil {
		return err
	}
	lists, err := listsTx(tx)
	if err != nil {
		return err
	}
	named := make(map[string]int, len(lists))
	for i := range lists {
		if lists[i].ID, err = newListIDTx(tx); err != nil {
			return err
		}
		named[people.Fold(lists[i].Name)] = i
	}
	members := make([]people.Set, len(lists))
	var c people.Contact
	err = contactsTable.ForEach(tx, func(k, v []byte) error {
		if err := decodeWithLists(&c, contactsTable.Parts(k), v); err != nil {
			return err
		}
		for _, name := range c.Lists {
			if i, ok := named[people.Fold(name)]; ok {
				members[i].Add(c.ID)
			}
		}
		return nil
	})
	for i, l := range lists {
		if err == nil {
			_, err = putMembersTx(tx, l, members[i])
		}
	}
	return err
}

// limitsAsNamed is version 5: a number keeps the limits that somebody has set
// and no others. Before, to set one froze all.
func limitsAsNamed(tx *bolt.Tx) error {
	changed := make(map[campaign.NumberID]campaign.Number)
	err := numbersTable.ForEach(tx, func(k, v []byte) error {
		var old struct {
			Pace    campaign.Pace
			OwnPace bool
		}
		if err := json.Unmarshal(v, &old); err != nil || !old.OwnPace {
			return err
		}
		n, err := numberTx(tx, numbersTable.Parts(k))
		if err != nil {
			return err
		}
		n.Limits = old.Pace.All()
		changed[n.ID] = n
		return nil
	})
	for _, n := range changed {
		if err == nil {
			err = putNumberTx(tx, n)
		}
	}
	return err
}
