package store

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Tags of many people are changed by a job, see sweep.go. While it changes them it
// stages what takes that back, person by person, for a second job, which is
// put aside: it is done if somebody asks for it, and dropped when tags have been
// changed again. To take back is the same change the other way round, which
// can be taken back in turn.

// Tagging is a change of the tags of many people.
type Tagging struct {
	Add, Remove []string
	People      int // how many it is about
	Changed     int // of them, how many have other tags since
	Full        int // how many stay as they were: they would have more than people.MaxTags
}

// tagging is the record of a Tagging that goes on.
type tagging struct {
	Tagging
	Each  bool             `json:",omitempty"` // what is staged says of each person what changes, see tagChange; else it is who they are
	Next  people.ContactID `json:",omitempty"` // who comes next of those who are staged
	Back  []byte           // the job that takes this back
	Parts uint32           `json:",omitempty"` // what is staged for that
}

// tagChange is what changes about one person.
type tagChange struct {
	id          people.ContactID
	add, remove []string
}

// Waiting waits for the end of what was begun. ctx ends the waiting alone: the
// error is ErrGoesOn then.
type Waiting func(ctx context.Context) (Tagging, error)

// Tag gives people tags and takes tags from them. It returns when that has
// begun; from then on it will be done, also by the next process. While tags
// are being changed it is ErrState. Source, for the audit, says who the people
// are.
func (d *Desk) Tag(add, remove []string, whom []people.ContactID, source string) (Waiting, error) {
	add, remove, err := checkTags(add, remove)
	if err != nil {
		return nil, err
	}
	var ids people.Set
	for _, id := range whom {
		ids.Add(id)
	}
	t := Tagging{Add: add, Remove: remove, People: ids.Size()}
	return d.beginTags(VerbTag, func(tx *bolt.Tx, e *Entry, j *job) ([]byte, error) {
		e.on("contacts", "", source)
		j.Total, j.Tags.Tagging = t.People, t
		k, err := nextPeopleJobTx(tx)
		if err != nil {
			return nil, err
		}
		return k, stageIDsTx(tx, k, ids)
	})
}

// Untag takes the last change of Tag, or of Untag, back: exactly those whom it
// changed get back what it took, and lose what it gave. ErrNotFound if there
// is none.
func (d *Desk) Untag() (Waiting, error) {
	return d.beginTags(VerbUntag, func(tx *bolt.Tx, e *Entry, j *job) ([]byte, error) {
		k, last, err := asideTx(tx)
		if err == nil && k == nil {
			err = reason.Because(ErrNotFound, reason.TagsNoChange)
		}
		if err != nil {
			return nil, err
		}
		e.on("contacts", "", "")
		last.Aside, last.Audit = false, j.Audit
		*j = last
		return k, nil
	})
}

// LastTagging is the change that Untag would make; its People are 0 if there is
// none.
func (b *Book) LastTagging() (t Tagging, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		k, j, err := asideTx(tx)
		if k != nil {
			t = j.Tags.Tagging
			t.People = j.Total
		}
		return err
	})
	return t, err
}

// asideTx is the job that is put aside, and not still being made; nil if there is none.
func asideTx(tx *bolt.Tx) (k []byte, j job, err error) {
	for _, k := range jobsTable.Keys(tx, []byte{peopleJob}, math.MaxInt) {
		if j, _, err = jobTx(tx, k); err != nil || j.Aside && j.Total > 0 {
			return k, j, err
		}
	}
	return nil, job{}, nil
}

// checkTags is tags as they are kept, each once.
func checkTags(add, remove []string) ([]string, []string, error) {
	for _, tags := range []*[]string{&add, &remove} {
		for i, tag := range *tags {
			tag, err := people.TagName(tag)
			if err != nil {
				return nil, nil, err
			}
			if i == 0 {
				*tags = slices.Clone(*tags)
			}
			(*tags)[i] = tag
		}
		*tags = union(nil, *tags)
	}
	if len(add)+len(remove) == 0 {
		return nil, nil, reason.Err(reason.TagsNone)
	}
	for _, tag := range add {
		if hasTag(remove, tag) {
			return nil, nil, reason.New(reason.TagsBoth, tag)
		}
	}
	return add, remove, nil
}

func hasTag(tags []string, tag string) bool {
	return slices.ContainsFunc(tags, func(t string) bool { return people.Fold(t) == people.Fold(tag) })
}

// beginTags begins a job that changes tags; begin says of it what it does, and
// returns its key.
func (d *Desk) beginTags(v Verb, begin func(*bolt.Tx, *Entry, *job) ([]byte, error)) (Waiting, error) {
	b := d.book
	end := make(chan ended, 1)
	err := d.write(v, func(tx *bolt.Tx, e *Entry) error {
		for _, k := range jobsTable.Keys(tx, []byte{peopleJob}, math.MaxInt) {
			if other, _, err := jobTx(tx, k); err != nil {
				return err
			} else if other.Kind == JobTags && !other.Aside {
				return reason.Because(ErrState, reason.TagsBusy, other.Done, other.Total)
			}
		}
		e.Outcome, e.Ended = Asked, time.Time{}
		if err := addEntryTx(tx, e); err != nil { // for its id
			return err
		}
		j := job{Job: Job{Kind: JobTags}, Audit: e.ID, Tags: new(tagging)}
		k, err := begin(tx, e, &j)
		if err != nil {
			return err
		}
		if j.Tags.Back, err = nextPeopleJobTx(tx); err != nil {
			return err
		}
		e.tagged(&j.Tags.Tagging)
		if err := putJobTx(tx, j.Tags.Back, job{Job: Job{Kind: JobTags}, Aside: true, Tags: &tagging{
			Each: true, Tagging: Tagging{Add: j.Tags.Remove, Remove: j.Tags.Add},
		}}); err != nil {
			return err
		}
		b.mu.Lock()
		b.waiting[string(k)] = end
		b.mu.Unlock()
		return putJobTx(tx, k, j)
	})
	if err != nil {
		return nil, err
	}
	b.wake()
	return func(ctx context.Context) (Tagging, error) {
		select {
		case e := <-end:
			if e.err != nil {
				return Tagging{}, goesOn(e.err)
			}
			return e.job.Tags.Tagging, nil
		case <-ctx.Done():
			return Tagging{}, goesOn(ctx.Err())
		case <-b.closing:
			return Tagging{}, goesOn(ErrClosed)
		}
	}, nil
}

func nextPeopleJobTx(tx *bolt.Tx) ([]byte, error) {
	n, err := jobsTable.Next(tx)
	return peopleJobKey(n), err
}

// tagged notes which tags are given and taken.
func (e *Entry) tagged(t *Tagging) {
	e.change("tags_given", "", strings.Join(t.Add, ", "))
	e.change("tags_taken", "", strings.Join(t.Remove, ", "))
}

// tagsChunkTx changes the tags of the next people, about n.
func tagsChunkTx(tx *bolt.Tx, k []byte, j *job, n int) (done bool, err error) {
	t := j.Tags
	some, parts, done, err := t.nextTx(tx, k, n)
	if err != nil {
		return false, err
	}
	j.Done += len(some)
	names := make(nameMoves, len(some))
	var back []tagChange
	for i := range some {
		change, full, err := some[i].applyTx(tx, names)
		switch {
		case err != nil:
			return false, err
		case full:
			t.Full++
		case change != nil:
			back = append(back, *change)
		}
	}
	if err := names.applyTx(tx); err != nil {
		return false, err
	}
	for _, part := range parts {
		if err := stagedTable.DeleteAt(tx, part); err != nil {
			return false, err
		}
	}
	t.Changed += len(back)
	if err := t.stageBackTx(tx, back); err != nil || !done {
		return false, err
	}
	t.People = j.Total
	if !t.Each {
		if _, err := unstageTx(tx, k, math.MaxInt); err != nil {
			return false, err
		}
	}
	return true, t.settleAsideTx(tx)
}

// nextTx is what is staged for about n people, and the parts of it that are used up then.
func (t *tagging) nextTx(tx *bolt.Tx, k []byte, n int) (some []tagChange, parts [][]byte, done bool, err error) {
	if !t.Each {
		ids := stagedIDs{tx: tx, job: k}
		for range n {
			id, more := ids.next(t.Next)
			if !more {
				return some, nil, true, nil
			}
			t.Next = id + 1
			some = append(some, tagChange{id, t.Add, t.Remove})
		}
		return some, nil, false, nil
	}
	for part, v := range stagedTable.Each(tx, k) {
		if len(some) >= n {
			return some, parts, false, nil
		}
		few, err := decodeTagChanges(v)
		if err != nil {
			return nil, nil, false, err
		}
		for i := range few {
			if mergedTx(tx, few[i].id) != few[i].id { // the other record may have had the tags by itself
				few[i].remove = nil
			}
		}
		some, parts = append(some, few...), append(parts, bytes.Clone(part))
	}
	return some, parts, true, nil
}

// applyTx changes the tags of a person and returns what takes that back; nil if
// nothing is another one. Who has been erased has no tags.
func (t *tagChange) applyTx(tx *bolt.Tx, names nameMoves) (back *tagChange, full bool, err error) {
	c, err := contactTx(tx, t.id)
	if errors.Is(err, ErrNotFound) || err == nil && len(aliasesOf(&c)) == 0 {
		return nil, false, nil
	} else if err != nil {
		return nil, false, err
	}
	back = &tagChange{id: c.ID}
	var tags []string
	for _, tag := range c.Tags {
		if hasTag(t.remove, tag) && c.Ours(tag) { // the phone alone takes its labels away
			back.add = append(back.add, tag)
		} else {
			tags = append(tags, tag)
		}
	}
	for _, tag := range t.add {
		if !hasTag(tags, tag) {
			tags, back.remove = append(tags, tag), append(back.remove, tag)
		}
	}
	switch {
	case len(back.add)+len(back.remove) == 0:
		return nil, false, nil
	case len(tags) > max(people.MaxTags, len(c.Tags)):
		return nil, true, nil
	}
	c.Tags = tags
	return back, false, putPersonTx(tx, &c, names)
}

// stageBackTx stages what takes back what was changed.
func (t *tagging) stageBackTx(tx *bolt.Tx, back []tagChange) error {
	if len(back) == 0 {
		return nil
	}
	for few := range slices.Chunk(back, rowsPart) {
		if err := stagedTable.PutAt(tx, stagedTable.key(t.Back, t.Parts), encodeTagChanges(few)); err != nil {
			return err
		}
		t.Parts++
	}
	j, _, err := jobTx(tx, t.Back)
	if err != nil {
		return err
	}
	j.Total += len(back)
	return putJobTx(tx, t.Back, j)
}

// settleAsideTx leaves of the jobs that are put aside the one that takes the last change
// back. A change that changed nobody takes the place of none.
func (t *tagging) settleAsideTx(tx *bolt.Tx) error {
	for _, k := range jobsTable.Keys(tx, []byte{peopleJob}, math.MaxInt) {
		j, _, err := jobTx(tx, k)
		if err != nil {
			return err
		}
		if j.Aside && (t.Changed > 0) != bytes.Equal(k, t.Back) {
			if err := putJobTx(tx, k, job{Job: Job{Kind: JobDrop}}); err != nil {
				return err
			}
		}
	}
	return nil
}

func encodeTagChanges(some []tagChange) []byte {
	e := bolt.Enc{B: make([]byte, 0, 16*len(some))}
	e.Uint(1)
	e.Uint(uint64(len(some)))
	for _, t := range some {
		e.Uint(uint64(t.id))
		e.Texts(t.add)
		e.Texts(t.remove)
	}
	return e.B
}

func decodeTagChanges(v []byte) ([]tagChange, error) {
	d := bolt.Dec{B: v}
	d.Share()
	d.Version(1)
	some := make([]tagChange, d.Count())
	for i := range some {
		some[i] = tagChange{people.ContactID(d.Uint()), d.Texts(nil), d.Texts(nil)}
	}
	return some, d.Err
}
