package store

import (
	"bytes"
	"container/heap"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// staging takes the rows of an import as they come, and puts them beside a job
// when they are more than a few.
type staging struct {
	desk  *Desk
	ctx   context.Context // of the import: rows are added by a callback
	order ImportOrder
	rows  []people.Row
	text  int // bytes in them

	job   []byte // the key; nil: there is none yet
	entry uint64 // of the audit
	part  uint32 // the next one
	runs  []run
	total int
	under chan error // a run is under way to the book; nil: none
	spare []people.Row
}

// run is a row of parts whose rows are sorted: those from Part on, of which the
// first Row are done, up to and without End.
type run struct {
	Part, End uint32
	Row       int `json:",omitempty"`
}

// part is a part that is to be staged.
type part struct {
	n    uint32
	rows []byte
}

// add takes a row.
func (s *staging) add(row people.Row) error {
	if row.Phone == "" {
		return fmt.Errorf("line %d: %w", row.Line, reason.New(reason.RowNoPhone))
	}
	if row.Consent.Status != people.ConsentUnknown {
		row.Consent.By = s.desk.who.Name
	}
	if len(row.Tags) > 1 { // as a person has them, see kept
		row.Tags = union(row.Tags, nil)
	}
	s.rows = append(s.rows, row)
	s.text += textIn(&row)
	if len(s.rows) < min(runRows, 3*s.desk.book.maxChunk) && s.text < runBytes {
		return nil
	}
	return s.flush()
}

// textIn is about how many bytes a row takes.
func textIn(row *people.Row) int {
	n := len(row.Name) + len(row.Note) + len(row.Left) + len(row.Doubt) + len(row.Consent.Evidence)
	for _, tag := range row.Tags {
		n += len(tag)
	}
	for _, list := range row.Lists {
		n += len(list)
	}
	for f, v := range row.Fields {
		n += len(f) + len(v)
	}
	return n
}

// flush begins to put the rows that are waiting beside the job, as a run, while the
// next ones are read. It waits for the run before.
func (s *staging) flush() error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if s.job == nil {
		if err := s.begin(); err != nil {
			return err
		}
	}
	if err := s.landed(); err != nil {
		return err
	}
	clear(s.spare)
	rows, under := s.rows, make(chan error, 1)
	s.rows, s.spare, s.text, s.under = s.spare[:0], rows, 0, under
	s.total += len(rows)
	go func() { under <- s.put(rows) }() // landed waits for it
	return nil
}

// landed waits for the run that is under way.
func (s *staging) landed() error {
	if s.under == nil {
		return nil
	}
	err := <-s.under
	s.under = nil
	return err
}

// put puts rows beside the job, as a run.
func (s *staging) put(rows []people.Row) error {
	b := s.desk.book
	var parts []part
	for few := range slices.Chunk(inKeyOrder(rows), min(rowsPart, b.maxChunk)) {
		parts = append(parts, part{s.part + uint32(len(parts)), encodeRows(few)})
	}
	err := inChunks(s.ctx, b, parts, func(tx *bolt.Tx, some []part) error {
		stagedTable.InOrder(tx) // keys come in order
		for _, p := range some {
			if err := stagedTable.PutAt(tx, stagedTable.key(s.job, p.n), p.rows); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	r := run{Part: s.part, End: s.part + uint32(len(parts))}
	s.part, s.runs = r.End, append(s.runs, r)
	return nil
}

// begin makes the job, of which nothing is done until it is complete.
func (s *staging) begin() (err error) {
	s.entry, err = s.desk.writeEntry(VerbImport, func(tx *bolt.Tx, e *Entry) error {
		n, err := jobsTable.Next(tx)
		if err != nil {
			return err
		}
		e.on("contacts", "", s.order.Source)
		e.Outcome, e.Ended = Asked, time.Time{}
		if err := addEntryTx(tx, e); err != nil {
			return err
		}
		s.job = peopleJobKey(n)
		return putJobTx(tx, s.job, job{Audit: e.ID, Job: Job{Kind: JobImport, Source: s.order.Source}, Staging: true})
	})
	if err != nil {
		s.job = nil
	}
	return err
}

// drop gives the job up, if there is one.
func (s *staging) drop(why error) {
	if s.job == nil {
		return
	}
	s.landed() // however it ended
	b := s.desk.book
	if err := b.update(func(tx *bolt.Tx) error {
		if err := b.closeEntryTx(tx, s.entry, func(e *Entry) { e.fail(reason.Of(why)) }); err != nil {
			return err
		}
		return putJobTx(tx, s.job, job{Job: Job{Kind: JobDrop}})
	}); err != nil { // then it is dropped when the book is opened again
		b.logger.Error("drop an import", "err", err)
	}
	b.wake()
}

// atOnce imports the rows in one transaction.
func (s *staging) atOnce(bad int) (done Import, err error) {
	var rows []*stagedRow
	for _, row := range inKeyOrder(s.rows) {
		rows = append(rows, &stagedRow{Row: *row})
	}
	err = s.desk.write(VerbImport, func(tx *bolt.Tx, e *Entry) (err error) {
		if done, err = s.recordTx(tx, bad, len(rows)); err != nil {
			return err
		}
		e.on("contacts", "", s.order.Source)
		if err := importTx(tx, rows, &done, false); err != nil {
			return err
		}
		e.countImport(len(rows), &done.Report)
		done.State, done.Ended = ImportDone, e.At
		return putImportTx(tx, &done)
	})
	if err != nil {
		return Import{}, err
	}
	s.desk.book.logImport(s.order.Source, done.Report)
	return done, nil
}

// recordTx makes the record of the import.
func (s *staging) recordTx(tx *bolt.Tx, bad, rows int) (Import, error) {
	id, err := importsTable.Next(tx)
	return Import{
		ID: people.ImportID(id), At: s.desk.book.clock.Now(), By: s.desk.who, Source: s.order.Source,
		Policy: s.order.Policy, Tags: s.order.Tags, Consent: s.order.Consent, Rows: rows, Bad: bad, State: ImportRunning,
	}, err
}

// bring marks the job as complete, and waits until it is done.
func (s *staging) bring(bad int) (done Import, err error) {
	if len(s.rows) > 0 {
		err = s.flush()
	}
	if err == nil {
		err = s.landed()
	}
	if err != nil {
		s.drop(err)
		return done, err
	}
	b := s.desk.book
	wait := b.await(s.job)
	if err := b.update(func(tx *bolt.Tx) error {
		done, err = s.completeTx(tx, bad)
		return err
	}); err != nil {
		return Import{}, err
	}
	b.wake()
	ended, err := wait(s.ctx)
	if err != nil {
		return done, err
	}
	if done, err = b.Import(done.ID); err == nil && ended.Kind == JobTakeBack {
		err = ErrImportCancelled
	}
	return done, err
}

// completeTx marks the job as complete: from now on it will be done.
func (s *staging) completeTx(tx *bolt.Tx, bad int) (done Import, err error) {
	j, _, err := jobTx(tx, s.job)
	if err != nil {
		return done, err
	}
	if done, err = s.recordTx(tx, bad, s.total); err != nil {
		return done, err
	}
	j.Staging, j.Runs, j.Total, j.Import = false, s.runs, s.total, done.ID
	if err := putImportTx(tx, &done); err != nil {
		return done, err
	}
	return done, putJobTx(tx, s.job, j)
}

// importChunkTx adds the people of the next n rows of an import.
func (b *Book) importChunkTx(tx *bolt.Tx, k []byte, j *job, n int) (done bool, err error) {
	if j.Report != nil && j.Import == 0 { // it was staged before imports were kept
		if err := adoptTx(tx, b.clock.Now(), k, j); err != nil {
			return false, err
		}
	}
	if j.namesNext() {
		return b.nameImportTx(tx, k, j, n)
	}
	if j.Unnamed == nil {
		j.Unnamed = &unnamed{First: people.ContactID(contactsTable.Given(tx)) + 1}
	}
	rows, err := b.nextRowsTx(tx, k, j, n)
	if err != nil {
		return false, fmt.Errorf("import %s: %w", j.Source, err)
	}
	record, err := importRecordTx(tx, j.Import)
	if err != nil {
		return false, err
	}
	if err := importTx(tx, rows, &record, true); err != nil {
		return false, err
	}
	j.Done += len(rows)
	if len(j.Runs) > 0 {
		return false, putImportTx(tx, &record)
	}
	if j.Unnamed.Last = people.ContactID(contactsTable.Given(tx)); j.Unnamed.Last >= j.Unnamed.First {
		j.Names = int(j.Unnamed.Last-j.Unnamed.First) + 1
		return false, putImportTx(tx, &record)
	}
	return true, b.importedAllTx(tx, j, &record)
}

// nameImportTx gives the next n of those whom an import added their places in the
// order of names.
func (b *Book) nameImportTx(tx *bolt.Tx, k []byte, j *job, n int) (done bool, err error) {
	if done, err = b.nameChunkTx(tx, k, j, n); err != nil || !done {
		return false, err
	}
	record, err := importRecordTx(tx, j.Import)
	if err != nil {
		return false, err
	}
	return true, b.importedAllTx(tx, j, &record)
}

// importedAllTx notes that an import is done.
func (b *Book) importedAllTx(tx *bolt.Tx, j *job, record *Import) error {
	record.State, record.Ended = ImportDone, b.clock.Now()
	j.Report = &record.Report
	return putImportTx(tx, record)
}

// adoptTx makes a record of an import whose rows stand in one run, as it was done
// until version 15 of the book.
func adoptTx(tx *bolt.Tx, now time.Time, k []byte, j *job) error {
	id, err := importsTable.Next(tx)
	if err != nil {
		return err
	}
	record := Import{ID: people.ImportID(id), At: now, Source: j.Source, Policy: j.Policy, Rows: j.Total, State: ImportRunning, Report: *j.Report}
	if e, err := entryTx(tx, j.Audit); err == nil {
		record.At, record.By = e.At, e.Actor
	}
	j.Import, j.Report = record.ID, nil
	if parts := stagedTable.Keys(tx, k, math.MaxInt); len(parts) > 0 {
		j.Runs = []run{{Part: stagedTable.part(k, parts[0]), End: stagedTable.part(k, parts[len(parts)-1]) + 1}}
	}
	return putImportTx(tx, &record)
}

// merging is where the merge of the runs of a job has come to. It is not the
// truth: it is made anew when it does not fit the record of the job.
type merging struct {
	job   string
	runs  []run
	heads []*head
}

// head is the part of a run whose turn it is.
type head struct {
	run
	place int // of the run among the others: what came first in the file goes first
	rows  []stagedRow
	key   sortKey    // of the next row
	ahead *unpacking // the part behind it, which is being unpacking; nil: it is not
}

// unpacking is a part that somebody unpacks.
type unpacking struct {
	part uint32
	rows []stagedRow
	err  error
	done chan struct{}
}

// parts are where the parts of runs stand.
type parts interface {
	read(n uint32) ([]byte, error) // nobody changes it
	done(n uint32) error           // it is not needed any more
}

// stagedParts are those of a job.
type stagedParts struct {
	tx  *bolt.Tx
	job []byte
}

func (s stagedParts) read(n uint32) ([]byte, error) {
	return bytes.Clone(stagedTable.GetAt(s.tx, stagedTable.key(s.job, n))), nil
}

func (s stagedParts) done(n uint32) error {
	return stagedTable.DeleteAt(s.tx, stagedTable.key(s.job, n))
}

// nextRowsTx takes the next n rows of a job, in the order of their keys, and of the
// file where those are the same. What has been taken is not staged any more.
func (b *Book) nextRowsTx(tx *bolt.Tx, k []byte, j *job, n int) (rows []*stagedRow, err error) {
	m := b.merging
	b.merging = nil
	if m == nil || m.job != string(k) || !slices.Equal(m.runs, j.Runs) {
		if m, err = newMerging(j.Runs, stagedParts{tx, k}); err != nil {
			return nil, err
		}
		m.job = string(k)
	}
	if rows, err = m.next(n, stagedParts{tx, k}); err != nil {
		return nil, err
	}
	m.runs = m.runs[:0:0]
	for _, h := range m.heads {
		m.runs = append(m.runs, h.run)
	}
	j.Runs = m.runs
	b.merging = m
	return rows, nil
}

func newMerging(runs []run, from parts) (*merging, error) {
	m := new(merging)
	for _, r := range runs {
		h := &head{run: r, place: int(r.Part)}
		if err := h.read(from); err != nil {
			return nil, err
		}
		m.heads = append(m.heads, h)
	}
	heap.Init(m)
	return m, nil
}

// next takes the next n rows, fewer at the end.
func (m *merging) next(n int, from parts) (rows []*stagedRow, err error) {
	rows = make([]*stagedRow, 0, n)
	for len(rows) < n && len(m.heads) > 0 {
		h := m.heads[0]
		rows = append(rows, &h.rows[h.Row])
		if h.Row++; h.Row == len(h.rows) {
			if err := from.done(h.Part); err != nil {
				return nil, err
			}
			h.Part, h.Row = h.Part+1, 0
			if h.Part == h.End {
				heap.Pop(m)
				continue
			}
		}
		if err := h.read(from); err != nil {
			return nil, err
		}
		heap.Fix(m, 0)
	}
	return rows, nil
}

// read reads the part of a head, unless that is done, and the key of its next row.
func (h *head) read(from parts) (err error) {
	if h.Row == 0 || h.rows == nil {
		if h.rows, err = h.unpack(from); err != nil {
			return err
		}
	}
	if h.Row >= len(h.rows) {
		return bolt.ErrRecord
	}
	h.key = sortKeyOf(h.rows[h.Row].Phone)
	return nil
}

// unpack reads the part of a head, and lets the next one be unpacking meanwhile.
func (h *head) unpack(from parts) (rows []stagedRow, err error) {
	this := h.ahead
	if this == nil || this.part != h.Part {
		if this, err = unpackPart(h.Part, from); err != nil {
			return nil, err
		}
	}
	if h.ahead = nil; h.Part+1 < h.End {
		if h.ahead, err = unpackPart(h.Part+1, from); err != nil {
			return nil, err
		}
	}
	<-this.done
	return this.rows, this.err
}

func unpackPart(n uint32, from parts) (*unpacking, error) {
	v, err := from.read(n)
	if err != nil {
		return nil, err
	}
	p := &unpacking{part: n, done: make(chan struct{})}
	go func() { // ends by itself
		p.rows, p.err = decodeRows(v)
		close(p.done)
	}()
	return p, nil
}

// Len, Less, Swap, Push and Pop make a heap of the heads.
func (m *merging) Len() int { return len(m.heads) }

func (m *merging) Less(i, j int) bool {
	if c := m.heads[i].key.compare(m.heads[j].key); c != 0 {
		return c < 0
	}
	return m.heads[i].place < m.heads[j].place
}

func (m *merging) Swap(i, j int) { m.heads[i], m.heads[j] = m.heads[j], m.heads[i] }

func (m *merging) Push(x any) { m.heads = append(m.heads, x.(*head)) }

func (m *merging) Pop() any {
	last := m.heads[len(m.heads)-1]
	m.heads = m.heads[:len(m.heads)-1]
	return last
}
