package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Find returns the people that a filter matches, in the order of their names. A
// filter that names a list, a field or a campaign that is not there is a
// *people.FilterError; of fields only where there are people at all.
// It ends early, with the context's error, when ctx does.
func (b *Book) Find(ctx context.Context, f people.Filter) (ids []people.ContactID, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		ids, err = findTx(ctx, tx, f)
		return err
	})
	return ids, err
}

func findTx(ctx context.Context, tx *bolt.Tx, f people.Filter) (ids []people.ContactID, err error) {
	all := f.String() == ""
	var chosen people.Set
	if !all {
		if err := matchTx(ctx, tx, f, func(c *people.Contact) { chosen.Add(c.ID) }); err != nil {
			return nil, err
		}
	}
	n := 0
	for k := range namesTable.Each(tx, nil) {
		if n%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		n++
		id := namesTable.whose(k)
		if all || chosen.Has(id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// matchTx shows take the people that a filter matches, in the order of their
// ids: so they lie in the file, and to read them so is many times faster than
// in the order of names. The record is take's until it returns.
func matchTx(ctx context.Context, tx *bolt.Tx, f people.Filter, take func(*people.Contact)) error {
	numbers, err := numbersTx(tx)
	if err != nil {
		return err
	}
	names := make(map[campaign.NumberID]string, len(numbers))
	for _, n := range numbers {
		names[n.ID] = n.Name
	}
	if err := checkNamedTx(tx, f); err != nil {
		return err
	}
	var damaged error // of a delivery: to take it for none would choose the wrong people
	env := people.FilterEnv{
		Now: time.Now(), NumberName: func(id campaign.NumberID) string { return names[id] },
		Reached: func(campaign uint64, who people.ContactID) people.Reached {
			got, err := gotTx(tx, campaign, who)
			if err != nil {
				damaged = err
			}
			return got
		},
	}
	unseen := slices.Clone(f.Fields())
	var c people.Contact
	var rolls rosters
	if named := f.Lists(); len(named) > 0 {
		if rolls, err = rostersTx(tx, named...); err != nil {
			return err
		}
	}
	n := 0
	for k, v := range contactsTable.Each(tx, nil) {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		n++
		id := contactsTable.Parts(k)
		if err := decodeContactInto(&c, id, v); err != nil {
			return err
		}
		rolls.fill(&c)
		if len(unseen) > 0 {
			unseen = slices.DeleteFunc(unseen, func(f people.Named) bool { return c.Field(people.FieldKey(f.Name)) != "" })
		}
		if f.Match(&c, env) {
			take(&c)
		}
		if damaged != nil {
			return damaged
		}
	}
	if len(unseen) > 0 && n > 0 {
		return noFieldTx(ctx, tx, unseen[0])
	}
	return nil
}

// checkNamedTx returns a *people.FilterError if the filter names a list or a
// campaign that is not there: it would choose nobody or, with a minus before it,
// everybody.
func checkNamedTx(tx *bolt.Tx, f people.Filter) error {
	for _, l := range f.Lists() {
		if l.Name == people.AnyList {
			continue
		}
		if _, err := listTx(tx, l.Name); errors.Is(err, ErrNotFound) {
			return &people.FilterError{Offset: l.Offset, Reason: reason.New(reason.FilterNoList, l.Name)}
		} else if err != nil {
			return err
		}
	}
	for _, named := range f.Campaigns() {
		id, err := strconv.ParseUint(named.Name, 10, 64)
		if err == nil && campaign.ID(id) != 0 && uint64(campaign.ID(id)) == id {
			_, err = campaignTx(tx, campaign.ID(id))
		} else {
			err = ErrNotFound
		}
		if errors.Is(err, ErrNotFound) {
			return &people.FilterError{Offset: named.Offset, Reason: reason.New(reason.FilterNoCampaign, named.Name)}
		} else if err != nil {
			return err
		}
	}
	return nil
}

// gotTx is how far a campaign got with a person.
func gotTx(tx *bolt.Tx, id uint64, who people.ContactID) (people.Reached, error) {
	seq := personsTable.Get(tx, campaign.ID(id), who)
	if seq == nil {
		return people.NotReached, nil
	}
	d, err := deliveryTx(tx, deliveryKey(campaign.ID(id), fromRow[uint32](seq)))
	if err != nil {
		return people.NotReached, err
	}
	switch d.State {
	case campaign.Sent:
		return people.ReachedSent, nil
	case campaign.Delivered:
		return people.ReachedPhone, nil
	case campaign.Read:
		return people.ReachedEyes, nil
	case campaign.Replied:
		return people.ReachedAnswer, nil
	}
	return people.NotReached, nil
}

// mostFields is how many names of fields are compared with one that nobody has.
const mostFields = 10_000

// noFieldTx is the mistake of a filter that names a field which nobody has: it
// would choose nobody or, with a minus before it, everybody.
func noFieldTx(ctx context.Context, tx *bolt.Tx, named people.Named) error {
	known := make(map[string]bool)
	for _, k := range people.KeyNames() {
		known[k] = true
	}
	var c people.Contact
	n := 0
	for k, v := range contactsTable.Each(tx, nil) {
		if n++; n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := decodeContactInto(&c, contactsTable.Parts(k), v); err != nil {
			return err
		}
		for name := range c.Fields {
			if !known[name] {
				known[strings.Clone(name)] = true
			}
		}
		if len(known) > mostFields {
			break
		}
	}
	why := reason.New(reason.FilterNoField, named.Name)
	if near := people.Nearest(named.Name, slices.Sorted(maps.Keys(known))); near != "" {
		why = reason.New(reason.FilterNearField, named.Name, near)
	}
	return &people.FilterError{Offset: named.Offset, Reason: why}
}
