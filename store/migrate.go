package store

import (
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"sync"
	"time"

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
	func(*bolt.Tx) error { return nil }, // version 10: campaigns with variants and schedules, which an older program would send as it pleases
	phonesAndConsent,
	func(*bolt.Tx) error { return nil }, // version 12: what merged records were
	func(*bolt.Tx) error { return nil }, // version 13: addresses that are suppressed, which an older program would write to
	countOfSuppressed,
	func(*bolt.Tx) error { return nil }, // version 15: jobs that are put aside, which an older program would try to do
	func(*bolt.Tx) error { return nil }, // version 16: what imports changed, which an older program would not erase
	func(*bolt.Tx) error { return nil }, // version 17: live lists, which an older program would take for empty
	chainAll,
	func(*bolt.Tx) error { return nil }, // version 19: shorter records of people, which an older program would not read
	func(*bolt.Tx) error { return nil }, // version 20: deliveries that delete a message, which an older program would send as an empty text
	stopsOfNumbers,
	func(*bolt.Tx) error { return nil }, // version 22: polls, which an older program would send as bare texts
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
		r := bolt.Dec{B: v}
		r.Share()
		if err := decodeWithLists(&c, contactsTable.Parts(k), &r); err != nil {
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

// phonesAndConsent is version 11: other phones of a person, and their consent, are
// parts of their record. Before, imports wrote them as fields.
func phonesAndConsent(tx *bolt.Tx) error {
	var some []people.ContactID
	var c people.Contact
	err := contactsTable.ForEach(tx, func(k, v []byte) error {
		err := decodeContactInto(&c, contactsTable.Parts(k), v)
		if takeFields(&c) {
			some = append(some, c.ID)
		}
		return err
	})
	for _, id := range some {
		if err != nil {
			break
		}
		if c, err = contactTx(tx, id); err == nil {
			takeFields(&c)
			err = putContactTx(tx, &c)
		}
	}
	return err
}

// countOfSuppressed is version 14: the addresses that are suppressed are counted.
func countOfSuppressed(tx *bolt.Tx) error {
	return metaTable.Put(tx, countSuppressed, row(uint64(suppressedTable.Rows(tx))))
}

// fieldOfPhone is how the fields are called in which imports kept phones.
var fieldOfPhone = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(telefone|celular|whatsapp|fone|phone|mobile|telefono|movil)(_?[0-9]{1,2})?$`)
})

// takeFields makes phones and consent of the fields of a person that are some,
// and reports whether there were any.
func takeFields(c *people.Contact) (taken bool) {
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		if c.BestPhone() == "" || !fieldOfPhone().MatchString(name) {
			continue
		}
		phone, err := people.ParsePhone(c.Fields[name])
		if err != nil {
			continue
		}
		if c.AddPhone(phone); slices.ContainsFunc(c.Phones(), phone.Same) {
			delete(c.Fields, name)
			taken = true
		}
	}
	source, day := c.Fields["consentimento"], c.Fields["consentimento_data"]
	if at, err := time.Parse(time.DateOnly, day); err == nil && source != "" {
		c.Consent = people.Consent{Status: people.ConsentGiven, Source: source, At: at}
		delete(c.Fields, "consentimento")
		delete(c.Fields, "consentimento_data")
		taken = true
	}
	return taken
}

// stopsOfNumbers is version 21: a number that is stopped for a campaign is in its
// record, with who did it and why. Before, the guard rails kept theirs.
func stopsOfNumbers(tx *bolt.Tx) error {
	type stopped struct {
		id campaign.ID
		n  campaign.NumberID
		g  guard
	}
	var all []stopped
	err := guardsTable.ForEach(tx, func(k, v []byte) error {
		g, err := decodeGuard(v)
		if id, n := guardsTable.Parts(k); g.held != "" {
			all = append(all, stopped{id, n, g})
		}
		return err
	})
	for _, s := range all {
		if err != nil {
			break
		}
		var c campaign.Campaign
		if c, err = campaignTx(tx, s.id); err != nil {
			break
		}
		if !c.Stops(s.n) {
			c.SetStop(campaign.Stop{Number: s.n, Held: s.g.held})
		}
		s.g.held = ""
		err = errors.Join(putGuardTx(tx, s.id, s.n, s.g), putCampaignTx(tx, c))
	}
	return err
}
