package store

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// An import is done as a whole or not at all. The rows of a large one are first
// put into "staged" as they are, which is fast and changes nothing; then the job
// is marked as complete, and the sweeper adds the people. If the process dies
// before that mark, nothing is imported; after it, the next one goes on.

const (
	smallImport = 500 // rows that are one transaction
	rowsPart    = 250 // rows that are staged in one record, at most
)

// ImportReport is what an import did. Rows are counted, not people: the
// second row about somebody updates them or says nothing new.
type ImportReport struct {
	Added   int // people who were not in the book
	Updated int // something new about somebody who was
	Same    int // nothing new
	Left    int `json:",omitempty"` // people who are opted out since, because the file says so
	Doubts  int `json:",omitempty"` // people about whom somebody has to decide, because of what the file says
	// Full is how many rows were left out because with them a person would have
	// more than people.MaxTags tags or people.MaxFields fields; FullLine is
	// the first of them in the file.
	Full, FullLine int
}

// full counts a row that was left out.
func (r *ImportReport) full(line int) {
	r.Full++
	if r.FullLine == 0 || line < r.FullLine {
		r.FullLine = line
	}
}

// Policy says what becomes of people who are in the book when rows about them
// are imported.
type Policy string

// The policies. They are written to disk. Whatever the policy, an opt-out and a
// doubt are added and never taken back.
const (
	Complete Policy = ""        // a name replaces any other, tags are added, fields replaced by those that are not empty
	Skip     Policy = "skip"    // they stay as they are
	Replace  Policy = "replace" // their tags and fields become those of the row
)

// Import adds people to the book, or completes those who are there, see
// [Complete]. Source, for the log, says where the rows come from. It returns when
// all of them are in the book; after an error none is, unless that says
// ErrGoesOn: then all of them will be. ctx ends it in the first half, before
// anything has changed, and in the second one only the waiting.
func (d *Desk) Import(ctx context.Context, rows []people.Row, source string) (report ImportReport, err error) {
	return d.ImportAs(ctx, rows, source, Complete)
}

// ImportAs is Import by another policy.
func (d *Desk) ImportAs(ctx context.Context, rows []people.Row, source string, policy Policy) (report ImportReport, err error) {
	if !d.May(VerbImport) {
		return report, ErrRole
	}
	b := d.book
	for _, row := range rows {
		if row.Phone == "" {
			return report, fmt.Errorf("import %s: line %d: %w", source, row.Line, reason.New(reason.RowNoPhone))
		}
	}
	if err := ctx.Err(); err != nil {
		return report, fmt.Errorf("import %s: %w", source, err)
	}
	rows = inKeyOrder(rows)
	for i := range rows {
		if rows[i].Consent.Status != people.ConsentUnknown {
			rows[i].Consent.By = d.who.Name
		}
	}
	if len(rows) <= min(smallImport, b.maxChunk) {
		err := d.write(VerbImport, func(tx *bolt.Tx, e *Entry) error {
			report = ImportReport{}
			e.on("contacts", "", source)
			err := importTx(tx, rows, policy, &report)
			e.countImport(len(rows), &report)
			return err
		})
		if err != nil {
			return ImportReport{}, fmt.Errorf("import %s: %w", source, err)
		}
		b.logImport(source, report)
		return report, nil
	}
	k, err := d.stageImport(ctx, rows, source, policy)
	if err != nil {
		return report, fmt.Errorf("import %s: %w", source, err)
	}
	end := make(chan ended, 1)
	b.mu.Lock()
	b.waiting[string(k)] = end
	b.mu.Unlock()
	if err := b.update(func(tx *bolt.Tx) error { return completeStagingTx(tx, k) }); err != nil {
		return report, fmt.Errorf("import %s: %w", source, err)
	}
	b.wake()
	select {
	case e := <-end:
		if e.err != nil {
			return report, fmt.Errorf("import %s: %w", source, goesOn(e.err))
		}
		return *e.job.Report, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-b.closing:
		err = ErrClosed
	}
	return report, fmt.Errorf("import %s: %w", source, goesOn(err))
}

// countImport notes what an import did.
func (e *Entry) countImport(rows int, r *ImportReport) {
	e.count("rows", rows)
	e.count("added", r.Added)
	e.count("updated", r.Updated)
	e.count("same", r.Same)
	e.count("full", r.Full)
	if r.Left > 0 {
		e.count("opted_out", r.Left)
	}
	if r.Doubts > 0 {
		e.count("doubts", r.Doubts)
	}
}

func (b *Book) logImport(source string, r ImportReport) {
	b.logger.Info("imported", "source", source, "added", r.Added, "updated", r.Updated, "same", r.Same, "full", r.Full)
}

// inKeyOrder sorts rows by the keys of their phones, those of one person as
// they were: written in that order they are written many times faster.
func inKeyOrder(rows []people.Row) []people.Row {
	type place struct {
		key string
		row int
	}
	places := make([]place, len(rows))
	for i, row := range rows {
		places[i] = place{row.Phone.Key(), i}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.row, b.row))
	})
	sorted := make([]people.Row, len(rows))
	for i, p := range places {
		sorted[i] = rows[p.row]
	}
	return sorted
}

// stageImport puts rows beside a new job, which it leaves to be marked as
// complete. After an error there is none.
func (d *Desk) stageImport(ctx context.Context, rows []people.Row, source string, policy Policy) (k []byte, err error) {
	b := d.book
	entry, err := d.writeEntry(VerbImport, func(tx *bolt.Tx, e *Entry) error {
		n, err := jobsTable.Next(tx)
		if err != nil {
			return err
		}
		e.on("contacts", "", source)
		e.Outcome, e.Ended = Asked, time.Time{}
		if err := addEntryTx(tx, e); err != nil {
			return err
		}
		k = peopleJobKey(n)
		return putJobTx(tx, k, job{
			Audit:   e.ID,
			Job:     Job{Kind: JobImport, Source: source, Total: len(rows)},
			Staging: true, Policy: policy, Report: new(ImportReport),
		})
	})
	if err != nil {
		return nil, err
	}
	part := uint32(0)
	err = inChunks(ctx, b, rows, func(tx *bolt.Tx, some []people.Row) error {
		stagedTable.InOrder(tx) // keys come in order
		for few := range slices.Chunk(some, rowsPart) {
			if err := stagedTable.PutAt(tx, stagedTable.key(k, part), encodeRows(few)); err != nil {
				return err
			}
			part++
		}
		return nil
	})
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		return k, nil
	}
	if failed := b.update(func(tx *bolt.Tx) error {
		if err := b.closeEntryTx(tx, entry, func(e *Entry) { e.fail(reason.Of(err)) }); err != nil {
			return err
		}
		return putJobTx(tx, k, job{Job: Job{Kind: JobDrop}})
	}); failed != nil { // then it is dropped when the book is opened again
		b.logger.Error("drop an import", "err", failed)
	}
	b.wake()
	return nil, err
}

// completeStagingTx marks a job as complete: from now on it will be done.
func completeStagingTx(tx *bolt.Tx, k []byte) error {
	j, _, err := jobTx(tx, k)
	if err != nil {
		return err
	}
	j.Staging = false
	return putJobTx(tx, k, j)
}

// importChunkTx adds the people of the next parts of an import, about n.
func (b *Book) importChunkTx(tx *bolt.Tx, k []byte, j *job, n int) (done bool, err error) {
	var rows []people.Row
	var parts [][]byte
	done = true
	for part, v := range stagedTable.Each(tx, k) {
		if len(rows) >= n {
			done = false
			break
		}
		few, err := decodeRows(v)
		if err != nil {
			return false, fmt.Errorf("import %s: %w", j.Source, err)
		}
		rows, parts = append(rows, few...), append(parts, bytes.Clone(part))
	}
	for _, part := range parts {
		if err := stagedTable.DeleteAt(tx, part); err != nil {
			return false, err
		}
	}
	j.Done += len(rows)
	return done, importTx(tx, rows, j.Policy, j.Report)
}

// importTx adds or completes people.
func importTx(tx *bolt.Tx, rows []people.Row, policy Policy, report *ImportReport) error {
	names := make(nameMoves, len(rows))
	now := time.Now()
	rolls, err := rostersTx(tx)
	if err != nil {
		return err
	}
	joined := make(joining)
	for _, row := range rows {
		c, err := importedTx(tx, &row, now)
		if err != nil {
			return err
		}
		if len(row.Lists) > 0 {
			rolls.fill(&c)
		}
		if take, err := policy.takeTx(tx, &c, existsTx(tx, c.ID), row, now, report); err != nil {
			return err
		} else if !take {
			continue
		}
		if err := putPersonTx(tx, &c, names); err != nil {
			return err
		}
		if len(row.Lists) > 0 {
			joined.add(c.Lists, c.ID)
		}
	}
	if err := joined.applyTx(tx); err != nil {
		return err
	}
	return names.applyTx(tx)
}

// takeTx makes of a person, who may be in the book already, what a row makes of
// them, and counts it. It reports whether there is something to write.
func (p Policy) takeTx(tx *bolt.Tx, c *people.Contact, known bool, row people.Row, now time.Time, report *ImportReport) (bool, error) {
	before := cloneContact(c)
	if known {
		p.apply(c, row)
	} else {
		complete(c, row)
	}
	if err := otherPhonesTx(tx, c, row); err != nil {
		return false, err
	}
	left, doubt := false, false
	if row.Left != "" && !c.OptedOut {
		c.OptedOut, c.OptOutAt, c.OptOutWhy, left = true, now, row.Left, true
		if !row.LeftAt.IsZero() && row.LeftAt.Before(now) {
			c.OptOutAt = row.LeftAt
		}
	} else if row.Doubt != "" && !c.OptedOut && !c.InDoubt() && c.DoubtEnded.IsZero() { // what a person decided stands
		c.DoubtAt, c.DoubtSaid, doubt = now, row.Doubt, true
	}
	switch {
	case len(c.Tags) > max(people.MaxTags, len(before.Tags)), len(c.Fields) > max(people.MaxFields, len(before.Fields)):
		report.full(row.Line)
		return false, nil
	case !known:
		report.Added++
	case sameContact(&before, c) && len(before.Lists) == len(c.Lists):
		report.Same++
		return false, nil
	default:
		report.Updated++
	}
	if left {
		report.Left++
	}
	if doubt {
		report.Doubts++
	}
	return true, nil
}

// apply makes of a person who is in the book what the policy makes of a row.
func (p Policy) apply(c *people.Contact, row people.Row) {
	switch p {
	case Skip:
		return
	case Replace:
		c.Tags, c.Fields = nil, nil
	}
	complete(c, row)
}

// otherPhonesTx adds the phones of a row to a person. They go by the one that is
// likeliest to be on WhatsApp, as far as nothing is known of that by which they
// went, or is known to be no.
func otherPhonesTx(tx *bolt.Tx, c *people.Contact, row people.Row) error {
	had := len(c.Others)
	for _, p := range append([]people.Phone{row.Phone}, row.Others...) {
		former := slices.ContainsFunc(c.Former, func(f people.FormerPhone) bool { return f.Phone.Same(p) })
		if !former { // an old file does not know that they no longer have it
			c.AddPhone(p)
		}
	}
	if len(c.Others) == had {
		return nil
	}
	unknown := c.Presence == people.PresenceUnknown && c.WhatsApp == "" && c.LID == ""
	if unknown && c.Others[0].Phone.Mobile() && !c.Phone.Mobile() || c.Presence == people.NotOnWhatsApp {
		_, err := nextPhoneTx(tx, c, c.CheckedAt)
		return err
	}
	return nil
}

// complete adds to a person what a row says of them.
func complete(c *people.Contact, row people.Row) {
	setName(c, row.Name, people.Typed)
	if row.Consent.Status != people.ConsentUnknown && (c.Consent.Status == people.ConsentUnknown || newer(row.Consent, c.Consent)) {
		c.Consent = row.Consent
	}
	if row.Note != "" {
		c.Note = people.Clip(row.Note, people.MaxNote)
	}
	c.Tags = union(c.Tags, row.Tags)
	if len(row.Lists) > 0 {
		c.Lists = union(c.Lists, row.Lists)
	}
	for f, v := range row.Fields {
		if v != "" {
			setField(c, f, v)
		}
	}
}

// rowsVersion is the first byte of a record of rows. Those of version 1 do not
// say who has left, those of version 2 not on which
// lists, those of version 3 nothing of other phones, consent and notes.
const rowsVersion = 4

func encodeRows(rows []people.Row) []byte {
	e := bolt.Enc{B: make([]byte, 0, 64*len(rows))}
	e.Uint(rowsVersion)
	e.Uint(uint64(len(rows)))
	for _, row := range rows {
		e.Uint(uint64(row.Line))
		e.Text(string(row.Phone))
		e.Text(row.Name)
		e.Texts(row.Tags)
		e.Uint(uint64(len(row.Fields)))
		for f, v := range row.Fields {
			e.Text(f)
			e.Text(v)
		}
		e.Text(row.Left)
		e.Text(row.Doubt)
		e.Texts(row.Lists)
		e.Time(row.LeftAt)
		e.Uint(uint64(len(row.Others)))
		for _, p := range row.Others {
			e.Text(string(p))
		}
		encodeConsent(&e, row.Consent)
		e.Text(row.Note)
	}
	return e.B
}

func decodeRows(v []byte) (rows []people.Row, err error) {
	d := bolt.Dec{B: v}
	version := d.Uint()
	if version < 1 || version > rowsVersion {
		d.Fail()
	}
	rows = make([]people.Row, d.Count())
	for i := range rows {
		row := people.Row{Line: int(d.Uint()), Phone: people.Phone(d.Text()), Name: d.Text()}
		for range d.Count() {
			row.Tags = append(row.Tags, d.Text())
		}
		if n := d.Count(); n > 0 {
			row.Fields = make(map[string]string, n)
			for range n {
				f := d.Text()
				row.Fields[f] = d.Text()
			}
		}
		if version > 1 {
			row.Left, row.Doubt = d.Text(), d.Text()
		}
		if version > 2 {
			row.Lists, row.LeftAt = d.Texts(nil), d.Time()
		}
		if version > 3 {
			for range d.Count() {
				row.Others = append(row.Others, people.Phone(d.Text()))
			}
			row.Consent, row.Note = decodeConsent(&d), d.Text()
		}
		rows[i] = row
	}
	return rows, d.Err
}
