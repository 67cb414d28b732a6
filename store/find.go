package store

import (
	"context"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// Find returns the people that a filter matches, in the order of their names.
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
	env := people.FilterEnv{Now: time.Now(), NumberName: func(id campaign.NumberID) string { return names[id] }}
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
		if f.Match(&c, env) {
			take(&c)
		}
	}
	return nil
}
