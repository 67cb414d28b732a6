package store

import (
	"context"
	"encoding/binary"
	"time"

	bolt "go.etcd.io/bbolt"

	"recado/campaign"
)

// Find returns the people that a filter matches, in the order of their names.
// It ends early, with the context's error, when ctx does.
func (b *Book) Find(ctx context.Context, f campaign.Filter) (ids []campaign.ContactID, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		ids, err = findTx(ctx, tx, f)
		return err
	})
	return ids, err
}

func findTx(ctx context.Context, tx *bolt.Tx, f campaign.Filter) (ids []campaign.ContactID, err error) {
	numbers, err := numbersTx(tx)
	if err != nil {
		return nil, err
	}
	names := make(map[campaign.NumberID]string, len(numbers))
	for _, n := range numbers {
		names[n.ID] = n.Name
	}
	env := campaign.FilterEnv{Now: time.Now(), NumberName: func(id campaign.NumberID) string { return names[id] }}
	everybody := f.String() == ""
	contacts := bucket(tx, "contacts")
	cursor := bucket(tx, "names").Cursor()
	n := 0
	for k, _ := cursor.First(); k != nil; k, _ = cursor.Next() {
		if n++; n%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		at := k[len(k)-8:]
		id := campaign.ContactID(binary.BigEndian.Uint64(at))
		if !everybody {
			c, err := decodeContact(id, contacts.Get(at))
			if err != nil {
				return nil, err
			}
			if !f.Match(&c, env) {
				continue
			}
		}
		ids = append(ids, id)
	}
	return ids, nil
}
