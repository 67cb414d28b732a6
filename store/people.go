package store

import (
	"context"
	"encoding/binary"
	"time"

	bolt "go.etcd.io/bbolt"

	"recado/campaign"
)

// ImportReport is what an import did.
type ImportReport struct {
	Added   int // people who were not in the book
	Updated int // people about whom something new was learnt
	Same    int // rows that said nothing new
}

// Import adds people to the book, or completes those who are there: a name
// from a file replaces any but a typed one, tags are added, fields replaced.
// All rows are imported or none.
func (b *Book) Import(rows []campaign.Row, source string) (report ImportReport, err error) {
	err = b.update(func(tx *bolt.Tx) error {
		report = ImportReport{}
		now := time.Now()
		for _, row := range rows {
			c, err := personTx(tx, row.Phone, "", now)
			if err != nil {
				return err
			}
			before := cloneContact(&c)
			fresh := bucket(tx, "contacts").Get(key(uint64(c.ID))) == nil
			complete(&c, row)
			switch {
			case fresh:
				report.Added++
			case sameContact(&before, &c):
				report.Same++
				continue
			default:
				report.Updated++
			}
			if err := putContactTx(tx, &c); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		b.logger.Info("imported", "source", source, "added", report.Added, "updated", report.Updated, "same", report.Same)
	}
	return report, err
}

// complete adds to a person what a row says of her.
func complete(c *campaign.Contact, row campaign.Row) {
	if c.Phone == "" {
		c.Phone = row.Phone
	}
	setName(c, row.Name, campaign.Typed)
	c.Tags = union(c.Tags, row.Tags)
	for f, v := range row.Fields {
		if v != "" {
			setField(c, f, v)
		}
	}
}

// Find returns the people that a filter matches, in the order of their names.
// It ends early, with the context's error, when ctx does.
func (b *Book) Find(ctx context.Context, f campaign.Filter) (ids []campaign.ContactID, err error) {
	numbers, err := b.Numbers()
	if err != nil {
		return nil, err
	}
	env := campaign.FilterEnv{Now: time.Now(), NumberName: func(id campaign.NumberID) string {
		for _, n := range numbers {
			if n.ID == id {
				return n.Name
			}
		}
		return ""
	}}
	err = b.view(func(tx *bolt.Tx) error {
		contacts := bucket(tx, "contacts")
		cursor := bucket(tx, "names").Cursor()
		n := 0
		for k, _ := cursor.First(); k != nil; k, _ = cursor.Next() {
			if n++; n%256 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			at := k[len(k)-8:]
			id := campaign.ContactID(binary.BigEndian.Uint64(at))
			c, err := decodeContact(id, contacts.Get(at))
			if err != nil {
				return err
			}
			if f.Match(&c, env) {
				ids = append(ids, id)
			}
		}
		return nil
	})
	return ids, err
}
