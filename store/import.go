package store

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"recado/campaign"
)

// bulk is how many people are written in one transaction: most files as a
// whole, few enough that a delivery waits no more than a second for its own.
const bulk = 50_000

// ImportReport is what an import did. Rows are counted, not people: the
// second row about somebody updates her or says nothing new.
type ImportReport struct {
	Added   int // people who were not in the book
	Updated int // something new about somebody who was
	Same    int // nothing new
}

// Import adds people to the book, or completes those who are there: a name
// replaces any other, tags are added, fields replaced by those that are not
// empty. Source, for the log, says where the rows come from. A file of
// up to fifty thousand rows is imported whole or not at all; of a larger one,
// some of the rows are in the book after an error, and to import it again
// completes it.
func (b *Book) Import(rows []campaign.Row, source string) (report ImportReport, err error) {
	// In the order of their keys, those of one person as they were.
	type place struct {
		key string
		row int
	}
	sorted := make([]place, len(rows))
	for i, row := range rows {
		sorted[i] = place{row.Phone.Key(), i}
	}
	slices.SortFunc(sorted, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.row, b.row))
	})
	for part := range slices.Chunk(sorted, bulk) {
		var did ImportReport
		err := b.update(func(tx *bolt.Tx) error {
			did = ImportReport{}
			names := make(nameMoves, len(part))
			now := time.Now()
			for _, p := range part {
				if err := importTx(tx, rows[p.row], now, names, &did); err != nil {
					return err
				}
			}
			return names.applyTx(tx)
		})
		if err != nil {
			return report, fmt.Errorf("import %s: %w", source, err)
		}
		report.Added += did.Added
		report.Updated += did.Updated
		report.Same += did.Same
	}
	b.logger.Info("imported", "source", source, "added", report.Added, "updated", report.Updated, "same", report.Same)
	return report, nil
}

// importTx adds or completes one person.
func importTx(tx *bolt.Tx, row campaign.Row, now time.Time, names nameMoves, report *ImportReport) error {
	if row.Phone == "" {
		return fmt.Errorf("line %d: no phone", row.Line)
	}
	c, err := personTx(tx, row.Phone, "", now)
	if err != nil {
		return err
	}
	before := cloneContact(&c)
	complete(&c, row)
	switch {
	case !existsTx(tx, c.ID):
		report.Added++
	case sameContact(&before, &c):
		report.Same++
		return nil
	default:
		report.Updated++
	}
	return putPersonTx(tx, &c, names)
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
