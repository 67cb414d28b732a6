package store

import (
	"context"
	"errors"
	"io"
	"time"

	"recado/campaign/files"
	"recado/campaign/people"
	"recado/store/bolt"
)

// ImportPreflight is what an import of a file would do.
type ImportPreflight struct {
	Read  *files.Report
	Rows  int               // that would be imported
	Bad   people.Complaints // that could not be
	Would ImportReport      // as the book is now
}

// PreflightImport reads a file and says what an import of it would do by a
// policy. It changes nothing and holds nobody up. To hears of the file what
// Import is given; any of its functions may be nil. After an error there is
// what was read before it.
func (b *Book) PreflightImport(ctx context.Context, file io.Reader, options files.Options, policy Policy, to files.Sink) (p ImportPreflight, err error) {
	w := weigher{book: b, policy: policy, seen: make(map[string]string), others: make(map[string]string)}
	p.Read, err = files.Read(ctx, file, options, files.Sink{
		Titles: to.Titles,
		Row: func(row people.Row) error {
			p.Rows++
			err := w.add(row)
			if err == nil && to.Row != nil {
				err = to.Row(row)
			}
			return err
		},
		Bad: func(row files.Bad) error {
			p.Bad.Add(row.RowError)
			if to.Bad == nil {
				return nil
			}
			return to.Bad(row)
		},
	})
	if err == nil {
		err = w.weigh()
	}
	p.Would = w.report
	return p, err
}

// weigher counts what rows would change.
type weigher struct {
	book   *Book
	policy Policy
	rows   []people.Row      // that are not yet counted
	seen   map[string]string // the records that rows would have changed, by the person; of somebody new by their phone
	others map[string]string // who has a phone beside the one by which they go
	report ImportReport
}

func (w *weigher) add(row people.Row) error {
	if w.rows = append(w.rows, row); len(w.rows) < rowsPart {
		return nil
	}
	return w.weigh()
}

// weigh counts the rows that are waiting.
func (w *weigher) weigh() error {
	now := time.Now()
	err := w.book.view(func(tx *bolt.Tx) error {
		for _, row := range w.rows {
			if err := w.take(tx, row, now); err != nil {
				return err
			}
		}
		return nil
	})
	w.rows = w.rows[:0]
	return err
}

// take counts a row as importTx would.
func (w *weigher) take(tx *bolt.Tx, from people.Row, now time.Time) error {
	c, err := rowsPersonTx(tx, &from)
	known := err == nil
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	key := phoneKey(from.Phone)
	if as := w.others[key]; as != "" {
		key = as
	}
	if known && len(from.Lists) > 0 {
		rolls, err := rostersTx(tx)
		if err != nil {
			return err
		}
		rolls.fill(&c)
	}
	if known {
		key = "=" + string(row(c.ID))
	} else {
		c = people.Contact{Phone: from.Phone, Created: now}
	}
	if changed, ok := w.seen[key]; ok {
		known = true
		if c, err = decodeContact(c.ID, []byte(changed)); err != nil {
			return err
		}
	}
	before := cloneContact(&c)
	take, err := w.policy.takeTx(tx, &before, &c, known, from, now, &w.report)
	if take {
		w.seen[key] = string(encodeContact(&c))
		for _, p := range from.Others {
			w.others[phoneKey(p)] = key
		}
	}
	return err
}
