package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Every import is kept as a record. For a month what it did is kept as well, in
// "imported", so that it can be undone: who was in it, whom it added with a mark of
// what they were then, and of whom it changed what they had and what they got. Who
// is erased is taken out of that.

// ImportState is how far an import is.
type ImportState string

// The states. They are written to disk.
const (
	ImportRunning   ImportState = "running"
	ImportDone      ImportState = "done"
	ImportUndoing   ImportState = "undoing"
	ImportUndone    ImportState = "undone"
	ImportCancelled ImportState = "cancelled" // and what it had done was undone
)

// Import is one import of people.
type Import struct {
	ID      people.ImportID
	At      time.Time
	Ended   time.Time // zero: it goes on
	By      Actor
	Source  string // where the rows came from
	Policy  Policy `json:",omitempty"`
	Tags    []string
	Consent people.Consent
	Rows    int // that were imported
	Bad     int // rows of the file that could not be
	Report  ImportReport
	State   ImportState
	Undone  Undone

	// What is kept of it, so that it can be undone: how many people it added, of how
	// many it is known what they were, and how many were in it.
	Made, Changed, In int `json:",omitempty"`
}

// Undone is what the undo of an import did.
type Undone struct {
	At       time.Time
	By       Actor
	Cancel   bool                `json:",omitempty"` // it was cancelled while it went on
	Removed  int                 // people it had added, who are not in the book any more
	Restored int                 // people who have what they had
	OptOuts  int                 `json:",omitempty"` // opt-outs and doubts that it brought and that stay
	Kept     map[reason.Code]int `json:",omitempty"` // of whom something stays as it is, by why
}

// KeptPeople is of how many people something could not be undone.
func (u *Undone) KeptPeople() (n int) {
	for _, some := range u.Kept {
		n += some
	}
	return n
}

func (u *Undone) keep(why reason.Code) {
	if u.Kept == nil {
		u.Kept = make(map[reason.Code]int)
	}
	u.Kept[why]++
}

// importKept is for how long an import can be undone.
const importKept = 30 * 24 * time.Hour

// Undoable reports whether an import can be undone: all of it, or what is left.
func (i *Import) Undoable() bool { return i.State == ImportDone && i.In > 0 }

// Imports returns the imports before an id, the last first; at most limit of them.
// Before 0 are the last of all.
func (b *Book) Imports(before people.ImportID, limit int) (all []Import, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		rows := importsTable.Back(tx, nil)
		if before != 0 {
			rows = importsTable.BackFrom(tx, nil, importsTable.Key(before))
		}
		for k, v := range rows {
			if len(all) == limit {
				break
			}
			i, err := decodeImport(k, v)
			if err != nil {
				return err
			}
			all = append(all, i)
		}
		return nil
	})
	return all, err
}

// Import returns one import, or ErrNotFound.
func (b *Book) Import(id people.ImportID) (i Import, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		i, err = importRecordTx(tx, id)
		return err
	})
	return i, err
}

func importRecordTx(tx *bolt.Tx, id people.ImportID) (i Import, err error) {
	k := importsTable.Key(id)
	v := importsTable.GetAt(tx, k)
	if v == nil {
		return i, reason.Because(ErrNotFound, reason.ImportNotFound, importNumber(id))
	}
	return decodeImport(k, v)
}

func decodeImport(k, v []byte) (i Import, err error) {
	if err := json.Unmarshal(v, &i); err != nil {
		return i, fmt.Errorf("import %d: %w", importsTable.Parts(k), err)
	}
	return i, nil
}

func putImportTx(tx *bolt.Tx, i *Import) error {
	v, err := json.Marshal(i)
	if err != nil {
		return err
	}
	return importsTable.Put(tx, i.ID, v)
}

// forgetEvery is how often it is looked for imports that are too old to be undone.
const forgetEvery = 24 * time.Hour

// forgetOld begins to forget what the imports did that are too old to be undone.
func (b *Book) forgetOld() {
	old := b.clock.Now().Add(-importKept)
	var some []Import
	err := b.view(func(tx *bolt.Tx) error {
		for k, v := range importedHeadsTx(tx) {
			i, err := decodeImport(k, v)
			if err != nil {
				return err
			}
			if i.At.Before(old) && (i.State == ImportDone || i.State == ImportUndone || i.State == ImportCancelled) {
				some = append(some, i)
			}
		}
		return nil
	})
	for _, i := range some {
		if err == nil {
			err = b.update(func(tx *bolt.Tx) error { return forgetTraceTx(tx, i.ID) })
		}
	}
	if err != nil && !errors.Is(err, ErrClosed) {
		b.logger.Error("forget what old imports did", "err", err)
	}
}

// importedHeadsTx lists the records of the imports of which something is kept.
func importedHeadsTx(tx *bolt.Tx) func(yield func(k, v []byte) bool) {
	return func(yield func(k, v []byte) bool) {
		c := importedTable.Cursor(tx)
		for k, _ := c.First(); len(k) >= 8; {
			id, _, _ := importedTable.Parts(k)
			if v := importsTable.Get(tx, id); v != nil && !yield(importsTable.Key(id), v) {
				return
			}
			k, _ = c.Seek(importedTable.Of(id + 1))
		}
	}
}

// forgetTraceTx begins to forget what an import did.
func forgetTraceTx(tx *bolt.Tx, id people.ImportID) error {
	i, err := importRecordTx(tx, id)
	if err != nil {
		return err
	}
	i.Made, i.Changed, i.In = 0, 0, 0
	if err := putImportTx(tx, &i); err != nil {
		return err
	}
	n, err := jobsTable.Next(tx)
	if err != nil {
		return err
	}
	return putJobTx(tx, peopleJobKey(n), job{Job: Job{Kind: JobForget, Import: id}})
}

// forgetChunkTx takes the next n rows away that say what an import did.
func forgetChunkTx(tx *bolt.Tx, j *job, n int) (done bool, err error) {
	keys := importedTable.Keys(tx, importedTable.Of(j.Import), n)
	for _, k := range keys {
		if err := importedTable.DeleteAt(tx, k); err != nil {
			return false, err
		}
	}
	j.Done += len(keys)
	return len(keys) < n, nil
}

// forgetImportsTx takes a person, by all ids that lead to them, out of what is kept
// of imports, and their name and phones out of the names of files.
func forgetImportsTx(tx *bolt.Tx, c *people.Contact, ids []people.ContactID) error {
	strike := namesOf(c).striker()
	var all []Import
	if err := importsTable.ForEach(tx, func(k, v []byte) error {
		i, err := decodeImport(k, v)
		if err == nil && (i.In > 0 || strike(i.Source) != i.Source) {
			all = append(all, i)
		}
		return err
	}); err != nil {
		return err
	}
	for _, i := range all {
		before := i
		i.Source = strike(i.Source)
		for _, id := range ids {
			if k := importedTable.Key(i.ID, traceChanged, uint64(id)); importedTable.HasAt(tx, k) {
				if err := importedTable.DeleteAt(tx, k); err != nil {
					return err
				}
				i.Changed--
			}
			at, all, err := madeRowTx(tx, i.ID, id)
			if err != nil {
				return err
			}
			rest := slices.DeleteFunc(all, func(m made) bool { return m.id == id })
			if at == nil || len(rest) == len(all) {
				continue
			}
			i.Made--
			if err := putMadeTx(tx, at, i.ID, rest); err != nil {
				return err
			}
		}
		if i.Source != before.Source || i.Made != before.Made || i.Changed != before.Changed {
			if err := putImportTx(tx, &i); err != nil {
				return err
			}
		}
	}
	return nil
}

// putMadeTx writes a row again of which some have been taken away.
func putMadeTx(tx *bolt.Tx, at []byte, id people.ImportID, rest []made) error {
	if err := importedTable.DeleteAt(tx, at); err != nil || len(rest) == 0 {
		return err
	}
	return importedTable.Put(tx, id, traceMade, uint64(rest[0].id), encodeMade(rest))
}
