package store

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// To undo an import takes those out of the book again whom it added and who are as
// it made them: not written to, not heard from, not known to a number, not changed,
// in no later import. Whom it changed get back what they had, each thing unless it
// has been changed since. Who has opted out because of it stays so; of somebody who
// is taken out the address is kept. What is done is not kept as undoable any more,
// chunk by chunk, so that an undo that was stopped or killed goes on where it was.

// ErrImportCancelled is the error of an import that was cancelled while it added
// people: what it had added is taken out again.
var ErrImportCancelled = reason.Err(reason.ImportCancelled)

// UndoImport undoes an import, see above, and returns what became of it. After an
// error nothing has changed, unless that says ErrGoesOn: then it goes on. ctx ends the
// waiting alone; CancelImport ends the undo.
func (d *Desk) UndoImport(ctx context.Context, id people.ImportID) (done Import, err error) {
	b := d.book
	var wait func(context.Context) (job, error)
	err = d.write(VerbImportUndo, func(tx *bolt.Tx, e *Entry) error {
		i, err := importRecordTx(tx, id)
		if err != nil {
			return err
		}
		e.onImport(&i)
		e.Outcome, e.Ended = Asked, time.Time{}
		switch {
		case i.State != ImportDone:
			return reason.Because(ErrState, reason.ImportNotDone, importNumber(id), reason.Plain(i.State))
		case i.In == 0:
			return reason.Because(ErrState, reason.ImportTooOld, importNumber(id))
		}
		if err := addEntryTx(tx, e); err != nil {
			return err
		}
		wait, err = b.takeBackTx(tx, &i, d.who, e.ID, nil)
		return err
	})
	if err != nil {
		return done, err
	}
	b.wake()
	if _, err = wait(ctx); err != nil {
		return done, err
	}
	return b.Import(id)
}

// takeBackTx begins the undo of an import.
func (b *Book) takeBackTx(tx *bolt.Tx, i *Import, who Actor, entry uint64, without *unnamed) (wait func(context.Context) (job, error), err error) {
	n, err := jobsTable.Next(tx)
	if err != nil {
		return nil, err
	}
	i.State, i.Undone.By = ImportUndoing, who
	if err := putImportTx(tx, i); err != nil {
		return nil, err
	}
	k := peopleJobKey(n)
	wait = b.await(k)
	return wait, putJobTx(tx, k, job{Audit: entry, Unnamed: without, Job: Job{Kind: JobTakeBack, Source: i.Source, Import: i.ID, Total: i.Made + i.Changed}})
}

// CancelImport ends an import that goes on, and takes back what it has done; or ends
// the undo of one, of which the rest can be undone later. It does not wait for that.
func (d *Desk) CancelImport(id people.ImportID) error {
	b := d.book
	var at []byte
	var end ended
	err := d.write(VerbImportCancel, func(tx *bolt.Tx, e *Entry) error {
		i, err := importRecordTx(tx, id)
		if err != nil {
			return err
		}
		e.onImport(&i)
		k, j, err := importJobTx(tx, id)
		switch {
		case err != nil:
			return err
		case k == nil || i.Undone.Cancel:
			return reason.Because(ErrState, reason.ImportNotRunning, importNumber(id))
		}
		at, end = k, ended{job: j, err: context.Canceled}
		if err := b.closeEntryTx(tx, j.Audit, func(e *Entry) { e.fail(reason.New(reason.AuditCancelled)) }); err != nil {
			return err
		}
		if j.Kind == JobTakeBack {
			e.change("status", string(i.State), string(ImportDone))
			i.State = ImportDone
			if err := jobsTable.DeleteAt(tx, k); err != nil {
				return err
			}
			return putImportTx(tx, &i)
		}
		e.change("status", string(i.State), string(ImportCancelled))
		end = ended{job: job{Job: Job{Kind: JobTakeBack}}}
		i.Undone.Cancel = true
		if err := putJobTx(tx, k, job{Job: Job{Kind: JobDrop}}); err != nil {
			return err
		}
		if j.Unnamed != nil && j.Unnamed.Last == 0 {
			j.Unnamed.Last = people.ContactID(contactsTable.Given(tx))
		}
		_, err = b.takeBackTx(tx, &i, d.who, 0, j.Unnamed)
		return err
	})
	if err == nil {
		b.release(at, end)
		b.wake()
	}
	return err
}

// importJobTx is the job that does an import, or undoes it; nil: there is none.
func importJobTx(tx *bolt.Tx, id people.ImportID) (at []byte, found job, err error) {
	err = jobsTable.ForEach(tx, func(k, v []byte) error {
		j, err := decodeJob(k, v)
		if err == nil && j.Import == id && !j.Staging && (j.Kind == JobImport || j.Kind == JobTakeBack) {
			at, found = slices.Clone(k), j
		}
		return err
	})
	return at, found, err
}

func (e *Entry) onImport(i *Import) {
	e.on("import", strconv.FormatUint(uint64(i.ID), 10), i.Source)
}

// countUndo notes what an undo did.
func (e *Entry) countUndo(u Undone) {
	e.count("removed", u.Removed)
	e.count("restored", u.Restored)
	e.count("stayed", u.KeptPeople())
}

// undoing is a part of an undo under way.
type undoing struct {
	tx    *bolt.Tx
	of    *Import
	names nameMoves
	late  bool // those whom it added may have no places in the order of names
	gone  people.Set
	off   map[uint32]*people.Set // whom to take off a list
	later []laterImport
}

// laterImport is an import after the one that is undone, and who is in it, by
// block.
type laterImport struct {
	id   people.ImportID
	rows map[uint32][]byte
}

// takeBackChunkTx undoes what an import did to the next n people.
func (b *Book) takeBackChunkTx(tx *bolt.Tx, j *job, n int) (done bool, err error) {
	i, err := importRecordTx(tx, j.Import)
	if err != nil {
		return false, err
	}
	u := &undoing{tx: tx, of: &i, names: make(nameMoves), late: j.Unnamed != nil, off: make(map[uint32]*people.Set)}
	left, err := u.restore(n)
	if err == nil && left > 0 {
		left, err = u.remove(left)
	}
	if err == nil {
		err = u.offTx()
	}
	if err == nil {
		err = u.names.applyTx(tx)
	}
	if err != nil {
		return false, err
	}
	j.Done += n - left
	if done = left > 0; done { // nobody is left
		for _, k := range importedTable.Keys(tx, importedTable.Of(i.ID), math.MaxInt) {
			if err := importedTable.DeleteAt(tx, k); err != nil {
				return false, err
			}
		}
		i.State, i.Undone.At, i.In = ImportUndone, b.clock.Now(), 0
		if i.Undone.Cancel {
			i.State = ImportCancelled
		}
		if i.Ended.IsZero() {
			i.Ended = i.Undone.At
		}
	}
	return done, putImportTx(tx, &i)
}

// restore gives the next n of those back what they had whom the import changed, and
// returns of how many there was none left.
func (u *undoing) restore(n int) (left int, err error) {
	keys := importedTable.Keys(u.tx, importedTable.Of2(u.of.ID, traceChanged), n)
	for _, k := range keys {
		_, _, id := importedTable.Parts(k)
		c, err := decodeChange(importedTable.GetAt(u.tx, k))
		if err != nil {
			return 0, err
		}
		if err := u.restoreOne(people.ContactID(id), &c); err != nil {
			return 0, err
		}
		if err := importedTable.DeleteAt(u.tx, k); err != nil {
			return 0, err
		}
	}
	u.of.Changed -= len(keys)
	return n - len(keys), nil
}

func (u *undoing) restoreOne(id people.ContactID, c *change) error {
	if mergedTx(u.tx, id) != id || mergesIntoTx(u.tx, id, u.of.At) {
		u.of.Undone.keep(reason.UndoMerged)
		return nil
	}
	now, err := contactTx(u.tx, id)
	if errors.Is(err, ErrNotFound) {
		return nil // erased, or taken out by hand
	} else if err != nil {
		return err
	}
	for _, list := range c.lists {
		if u.off[list] == nil {
			u.off[list] = new(people.Set)
		}
		u.off[list].Add(id)
	}
	if c.after.OptedOut && now.OptedOut || !c.after.DoubtAt.IsZero() && now.InDoubt() {
		u.of.Undone.OptOuts++
	}
	before := cloneContact(&now)
	if c.revert(&now) {
		u.of.Undone.Restored++
	} else {
		u.of.Undone.keep(reason.UndoChanged)
	}
	if sameContact(&before, &now) {
		return nil
	}
	return putPersonTx(u.tx, &now, u.names)
}

// mergesIntoTx reports whether another record was found to be a person's since a
// time.
func mergesIntoTx(tx *bolt.Tx, id people.ContactID, since time.Time) bool {
	for _, v := range mergesTable.Each(tx, mergesTable.Of(id)) {
		if m, err := decodeUnion(v); err != nil || m.at.After(since) {
			return true
		}
	}
	return false
}

// remove takes the next n of those out of the book whom the import added, and returns
// of how many there was none left.
func (u *undoing) remove(n int) (left int, err error) {
	if err := u.laterTx(); err != nil {
		return 0, err
	}
	left = n
	for left > 0 {
		keys := importedTable.Keys(u.tx, importedTable.Of2(u.of.ID, traceMade), 1)
		if len(keys) == 0 {
			return left, nil
		}
		_, _, first := importedTable.Parts(keys[0])
		all, err := decodeMade(people.ContactID(first), importedTable.GetAt(u.tx, keys[0]))
		if err != nil {
			return 0, err
		}
		some := all[:min(left, len(all))]
		for _, m := range some {
			if err := u.removeOne(m); err != nil {
				return 0, err
			}
		}
		if err := putMadeTx(u.tx, keys[0], u.of.ID, all[len(some):]); err != nil {
			return 0, err
		}
		u.of.Made -= len(some)
		left -= len(some)
	}
	return left, nil
}

func (u *undoing) removeOne(m made) error {
	tx := u.tx
	if mergedTx(tx, m.id) != m.id {
		u.of.Undone.keep(reason.UndoMerged)
		return nil
	}
	c, err := contactTx(tx, m.id)
	if errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	if why := u.stays(&c, m.mark); why != "" {
		u.of.Undone.keep(why)
		if u.late {
			u.names.move(c.ID, nil, namesTable.key(c.ID, &c))
		}
		if why == reason.UndoImported || u.inLater(c.ID) {
			return nil
		}
		return u.disown(&c)
	}
	if c.OptedOut {
		for _, s := range addressesOf(&c) {
			if suppressedTable.Get(tx, s.alias()) != nil {
				continue
			}
			s.At, s.Why = c.OptOutAt, c.OptOutWhy
			if err := putSuppressedTx(tx, &s); err != nil {
				return err
			}
		}
		u.of.Undone.OptOuts++
	}
	for _, k := range timersTable.Keys(tx, timersTable.Of(m.id), math.MaxInt) {
		if err := timersTable.DeleteAt(tx, k); err != nil {
			return err
		}
	}
	u.gone.Add(m.id)
	u.of.Undone.Removed++
	if err := unchainTx(tx, m.id); err != nil {
		return err
	}
	return deletePersonTx(tx, &c, u.names)
}

// stays is why somebody whom the import added stays in the book; empty: they do
// not.
func (u *undoing) stays(c *people.Contact, mark uint64) reason.Code {
	switch {
	case mergesIntoTx(u.tx, c.ID, time.Time{}):
		return reason.UndoMerged
	case !c.LastHeard.IsZero():
		return reason.UndoHeard
	case !c.LastSent.IsZero() || len(latestTable.Keys(u.tx, latestTable.Of(c.ID), 1)) > 0:
		return reason.UndoWritten
	case len(c.Knows) > 0:
		return reason.UndoKnown
	case u.inLater(c.ID):
		return reason.UndoImported
	case !sameMark(mark, c):
		return reason.UndoChanged
	}
	return ""
}

// disown takes what the import said of everybody off somebody who stays.
func (u *undoing) disown(c *people.Contact) error {
	before := cloneContact(c)
	c.Tags = onlyIn(c.Tags, u.of.Tags)
	if given := u.of.Consent; given.Status != people.ConsentUnknown && given.At.Equal(c.Consent.At) {
		if given.At = c.Consent.At; given == c.Consent {
			c.Consent = people.Consent{}
		}
	}
	if sameContact(&before, c) {
		return nil
	}
	return putPersonTx(u.tx, c, u.names)
}

// laterTx looks for the imports after the one that is undone.
func (u *undoing) laterTx() error {
	for k, v := range importedHeadsTx(u.tx) {
		i, err := decodeImport(k, v)
		if err != nil {
			return err
		}
		if i.ID > u.of.ID && i.In > 0 {
			u.later = append(u.later, laterImport{i.ID, make(map[uint32][]byte)})
		}
	}
	return nil
}

// inLater reports whether somebody is in one of them.
func (u *undoing) inLater(id people.ContactID) bool {
	n, bit := memberPlace(id)
	return slices.ContainsFunc(u.later, func(l laterImport) bool {
		row, ok := l.rows[n]
		if !ok {
			row = unpackBits(importedTable.Get(u.tx, l.id, traceIn, uint64(n)))
			l.rows[n] = row
		}
		return row[bit/8]&(1<<(bit%8)) != 0
	})
}

// offTx takes people off lists: those who are gone off all of them.
func (u *undoing) offTx() error {
	if u.gone.Size() > 0 {
		if _, err := membersTable.Next(u.tx); err != nil { // see leftBookTx
			return err
		}
	}
	if u.gone.Size() == 0 && len(u.off) == 0 {
		return nil
	}
	lists, err := listsTx(u.tx)
	if err != nil {
		return err
	}
	for _, l := range lists {
		who := u.gone
		if off := u.off[l.ID]; off != nil {
			who = who.Union(*off)
		}
		if err := leaveTx(u.tx, l, who); err != nil {
			return err
		}
	}
	return nil
}
