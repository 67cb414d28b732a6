package store

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
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
// policy. It changes nothing and holds nobody up: rows beyond a few thousand wait
// in a file without a name. To hears of the file what Import is given; any of its
// functions may be nil. After an error there is what was read before it.
func (b *Book) PreflightImport(ctx context.Context, file io.Reader, options files.Options, policy Policy, to files.Sink) (p ImportPreflight, err error) {
	w := weigher{ctx: ctx, book: b, policy: policy, seen: make(map[string]string), others: make(map[string]string)}
	defer w.spill.close()
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
		err = w.weighAll()
	}
	p.Would = w.report
	return p, err
}

// weigher counts what rows would change, in the order in which they would be
// imported.
type weigher struct {
	ctx    context.Context // of the preflight: rows are added by a callback
	book   *Book
	policy Policy
	rows   []people.Row // that are not spilled yet
	text   int          // bytes in them
	spill  spilled
	key    string            // of the phone whose rows are being counted
	only   string            // who is kept because of that alone
	seen   map[string]string // the records that rows would have changed, by the person; of somebody new by their phone
	others map[string]string // who has a phone beside the one by which they go
	report ImportReport
}

func (w *weigher) add(row people.Row) error {
	w.rows = append(w.rows, row)
	w.text += textIn(&row)
	if len(w.rows) < min(runRows, 3*w.book.maxChunk) && w.text < runBytes {
		return nil
	}
	err := w.spill.run(filepath.Dir(w.book.media), inKeyOrder(w.rows))
	w.rows, w.text = w.rows[:0], 0
	return err
}

// weighAll counts all rows.
func (w *weigher) weighAll() error {
	if len(w.spill.runs) == 0 {
		for some := range slices.Chunk(inKeyOrder(w.rows), rowsPart) {
			if err := w.weigh(some); err != nil {
				return err
			}
		}
		return nil
	}
	if len(w.rows) > 0 {
		if err := w.spill.run(filepath.Dir(w.book.media), inKeyOrder(w.rows)); err != nil {
			return err
		}
	}
	w.rows = nil
	m, err := newMerging(w.spill.runs, &w.spill)
	for err == nil {
		var some []*stagedRow
		if some, err = m.next(4*rowsPart, &w.spill); err != nil || len(some) == 0 {
			return err
		}
		rows := make([]*people.Row, len(some))
		for i, row := range some {
			row.open()
			rows[i] = &row.Row
		}
		err = w.weigh(rows)
	}
	return err
}

// weigh counts some rows.
func (w *weigher) weigh(rows []*people.Row) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	now := time.Now()
	return w.book.view(func(tx *bolt.Tx) error {
		for _, row := range rows {
			if err := w.take(tx, row, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// spilled are sorted runs of rows in a file that has no name any more.
type spilled struct {
	file  *os.File
	end   int64
	runs  []run
	parts []span
}

// span is a part of the file.
type span struct {
	at  int64
	len int32
}

// run puts sorted rows into the file.
func (s *spilled) run(dir string, rows []*people.Row) (err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp(dir, "preflight-*"); err != nil {
			return err
		}
		if err := os.Remove(s.file.Name()); err != nil {
			return err
		}
	}
	r := run{Part: uint32(len(s.parts))}
	for few := range slices.Chunk(rows, rowsPart) {
		b := encodeRows(few)
		if _, err := s.file.WriteAt(b, s.end); err != nil {
			return err
		}
		s.parts = append(s.parts, span{s.end, int32(len(b))})
		s.end += int64(len(b))
	}
	r.End = uint32(len(s.parts))
	s.runs = append(s.runs, r)
	return nil
}

func (s *spilled) read(n uint32) ([]byte, error) {
	b := make([]byte, s.parts[n].len)
	_, err := s.file.ReadAt(b, s.parts[n].at)
	return b, err
}

func (s *spilled) done(uint32) error { return nil }

func (s *spilled) close() {
	if s.file != nil {
		s.file.Close()
	}
}

// take counts a row as importTx would.
func (w *weigher) take(tx *bolt.Tx, from *people.Row, now time.Time) error {
	c, err := rowsPersonTx(tx, from)
	known := err == nil
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	key := phoneKey(from.Phone)
	if key != w.key { // rows about somebody with one phone stand together
		delete(w.seen, w.only)
		w.key, w.only = key, ""
	}
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
		if len(from.Others)+len(c.Former) == 0 && len(c.Phones()) == 1 && c.Phones()[0].Same(from.Phone) {
			w.only = key
		} else if w.only == key {
			w.only = ""
		}
		for _, p := range from.Others {
			w.others[phoneKey(p)] = key
		}
	}
	return err
}
