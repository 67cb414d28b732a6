package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Nothing that a person does blocks the book. What touches many rows is a job:
// its record in "jobs" says what is to be done and how far that is, and "staged"
// holds what it works through. One goroutine of the book, the sweeper, does all jobs in
// turn, in chunks: each is a short transaction, takes the record along, and
// lets others that want to write go before it. So nobody waits for a job
// longer than for any other write, and a process that dies leaves a book in
// which the next one goes on.
//
// A job of a campaign freezes its audience, takes that back, moves what one number
// has to others, lets what did not leave wait again, skips what is left of it, or deletes it; there is never more than one. A job of people is an import,
// erases somebody, or changes the tags of many. One takes a book of before into
// the chain.

// JobKind says what a job does.
type JobKind string

// The kinds. They are written to disk.
const (
	JobFreeze   JobKind = "freeze"        // make the deliveries of a campaign that starts
	JobUnfreeze JobKind = "undo"          // take the deliveries away that were made of it
	JobCancel   JobKind = "cancel"        // skip what is left of a cancelled campaign
	JobDelete   JobKind = "delete"        // take a campaign away that has sent nothing
	JobMove     JobKind = "move"          // give what a number has not claimed to others
	JobRetry    JobKind = "retry"         // let what did not leave wait again
	JobImport   JobKind = "import"        // add people from a file
	JobErase    JobKind = "erase"         // take a person out of the book
	JobTags     JobKind = "tags"          // change the tags of people
	JobTakeBack JobKind = "import_undo"   // undo an import
	JobForget   JobKind = "import_forget" // forget what people were before an import that is old
	JobChain    JobKind = "chain"         // take a book of before into the chain
	JobDrop     JobKind = "drop"          // forget what was staged of a job that will not be done
)

// Job is work that is done in chunks, and how far it is.
type Job struct {
	Kind     JobKind
	Campaign campaign.ID     `json:",omitempty"` // whose it is; 0: nobody's
	Source   string          `json:",omitempty"` // of an import: where the rows come from
	Import   people.ImportID `json:",omitempty"` // that is done, undone or forgotten
	Done     int             `json:",omitempty"` // how many people are done,
	Total    int             `json:",omitempty"` // of how many; 0: nobody has counted
	Held     bool            `json:",omitempty"` // of a freeze: the campaign is to be paused when it is done
	Names    int             `json:",omitempty"` // of an import that has added all: how many are put in the order of names,
	Named    int             `json:",omitempty"` // and how many are there
}

// job is the record of a Job, with what it takes to go on.
type job struct {
	Job
	Audit   uint64 `json:",omitempty"` // the entry about the verb that began it; 0: none
	Staging bool   `json:",omitempty"` // what it works through is not all there: as yet nothing has happened
	Aside   bool   `json:",omitempty"` // it is done only if somebody asks for it

	Freeze  *freezing     `json:",omitempty"`
	Move    *moving       `json:",omitempty"`
	Retry   *retrying     `json:",omitempty"`
	Erase   *erasing      `json:",omitempty"`
	Chain   *chaining     `json:",omitempty"`
	Runs    []run         `json:",omitempty"` // of an import: what is left of what was staged
	Unnamed *unnamed      `json:",omitempty"` // of an import, and of the end of one that was cancelled
	Policy  Policy        `json:",omitempty"` // of one from before version 16 of the book
	Report  *ImportReport `json:",omitempty"` // of one that is done, or is from before that version
	Tags    *tagging      `json:",omitempty"`
}

// Jobs lists the work that goes on, that of the campaigns first.
func (b *Book) Jobs() (jobs []Job, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		return jobsTable.ForEach(tx, func(k, v []byte) error {
			j, err := decodeJob(k, v)
			if !j.Staging && !j.Aside {
				jobs = append(jobs, j.Job)
			}
			return err
		})
	})
	return jobs, err
}

// firstJobTx is the first job that is to be done; nil if there is none.
func firstJobTx(tx *bolt.Tx) ([]byte, error) {
	for _, k := range jobsTable.Keys(tx, nil, math.MaxInt) {
		if j, _, err := jobTx(tx, k); err != nil || !j.Aside {
			return k, err
		}
	}
	return nil, nil
}

// Freeze is how far a campaign's freeze is; the zero Job if it is not freezing.
func (b *Book) Freeze(id campaign.ID) (freeze Job, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		j, _, err := jobTx(tx, campaignJobKey(id))
		if j.Kind == JobFreeze {
			freeze = j.Job
		}
		return err
	})
	return freeze, err
}

// jobTx reads a job; false if it is done, or never was.
func jobTx(tx *bolt.Tx, k []byte) (j job, ok bool, err error) {
	v := jobsTable.GetAt(tx, k)
	if v == nil {
		return j, false, nil
	}
	j, err = decodeJob(k, v)
	return j, err == nil, err
}

func decodeJob(k, v []byte) (j job, err error) {
	if err := json.Unmarshal(v, &j); err != nil {
		return j, fmt.Errorf("job %x: %w", k, err)
	}
	return j, nil
}

func putJobTx(tx *bolt.Tx, k []byte, j job) error {
	v, err := json.Marshal(j)
	if err != nil {
		return err
	}
	return jobsTable.PutAt(tx, k, v)
}

// dropStagingTx gives up what was still being staged when the last process
// ended.
func dropStagingTx(tx *bolt.Tx) error {
	for _, k := range jobsTable.Keys(tx, nil, math.MaxInt) {
		j, _, err := jobTx(tx, k)
		if err != nil {
			return err
		}
		if !j.Staging {
			continue
		}
		if err := putJobTx(tx, k, job{Job: Job{Kind: JobDrop}}); err != nil {
			return err
		}
	}
	return nil
}

// How large a chunk is. It grows and shrinks with the time that the ones
// before it took, commit included, so that it holds nobody up on a slow disk
// and wastes no commits on a fast one.
const (
	maxChunk  = 20_000 // people
	minChunk  = 64
	chunkTime = 20 * time.Millisecond
)

// chunking chooses the size of chunks.
type chunking struct{ n, max int }

func (b *Book) chunking() chunking { return chunking{min(4*minChunk, b.maxChunk), b.maxChunk} }

// took says how long the last chunk took.
func (c *chunking) took(d time.Duration) {
	next := 2 * c.n
	if d > 0 {
		next = min(next, int(int64(c.n)*int64(chunkTime)/int64(d)))
	}
	c.n = max(min(max(next, c.n/2), c.max), min(minChunk, c.max))
}

// inChunks runs change over all items, some at a time, each time in a
// transaction of its own that others can go before. It is for changes that may
// stay half done, because to do them again completes them. It ends with the
// first error, and with that of ctx.
func inChunks[T any](ctx context.Context, b *Book, items []T, change func(tx *bolt.Tx, part []T) error) error {
	for size := b.chunking(); len(items) > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := items[:min(size.n, len(items))]
		begun := time.Now()
		if err := b.db.Chunk(ctx, func(tx *bolt.Tx) error { return change(tx, part) }); err != nil {
			return err
		}
		size.took(time.Since(begun))
		items = items[len(part):]
	}
	return nil
}

// wake tells the sweeper that there is work.
func (b *Book) wake() {
	select {
	case b.work <- struct{}{}:
	default:
	}
}

// sweep is the one goroutine that does the jobs. It ends when Close closes
// b.closing.
func (b *Book) sweep() {
	sizes := make(map[JobKind]*chunking)
	var last []byte
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // ends with the sweeper, or when Close closes b.closing
		select {
		case <-b.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	var forgot time.Time
	for {
		if now := b.clock.Now(); now.Sub(forgot) >= forgetEvery {
			b.forgetOld()
			forgot = now
		}
		next := b.startDue(ctx)
		k, kind, err := b.nextJob(last)
		var wait <-chan time.Time
		switch {
		case err != nil:
			b.logger.Error("look for work", "err", err)
			wait = time.After(diskPause)
		case k == nil && next > 0: // something is scheduled
			wait = time.After(next)
		case k == nil: // until somebody wakes it
			wait = time.After(forgetEvery)
		default:
			last = k
			size := sizes[kind]
			if size == nil {
				size = new(chunking)
				*size = b.chunking()
				sizes[kind] = size
			}
			begun := time.Now()
			switch err := b.chunk(k, size.n); {
			case errors.Is(err, ErrClosed):
				return
			case err != nil && b.Err() != nil: // the disk; it is in the log
				wait = time.After(diskPause)
				b.release(k, ended{err: err})
				b.bell.Ring() // somebody may wait for a campaign
			case err != nil:
				b.stop(k, err)
			default:
				size.took(time.Since(begun))
			}
			if wait == nil {
				select {
				case <-b.closing:
					return
				default:
					continue
				}
			}
		}
		select {
		case <-b.closing:
			return
		case <-b.work:
		case <-wait:
		}
	}
}

// nextJob is the job whose turn comes after last; nil if there is none.
func (b *Book) nextJob(last []byte) (next []byte, kind JobKind, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		return jobsTable.ForEach(tx, func(k, v []byte) error {
			if b.jobStopped(k) != nil {
				return nil
			}
			j, err := decodeJob(k, v)
			if err != nil || j.Staging || j.Aside {
				return err
			}
			// The first of all, unless there is one after last.
			if next == nil || bytes.Compare(next, last) <= 0 && bytes.Compare(k, last) > 0 {
				next, kind = bytes.Clone(k), j.Kind
			}
			return nil
		})
	})
	return next, kind, err
}

// stop gives a job up that cannot go on, until the book is opened again.
func (b *Book) stop(k []byte, why error) {
	b.logger.Error("a job stopped", "job", fmt.Sprintf("%x", k), "err", why)
	b.mu.Lock()
	b.stopped[string(k)] = why
	b.mu.Unlock()
	b.release(k, ended{err: why})
	b.bell.Ring()
}

func (b *Book) jobStopped(k []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stopped[string(k)]
}

// jobFault is why a job does not go on: the disk, or a mistake; nil: it does.
func (b *Book) jobFault(k []byte) error {
	if err := b.Err(); err != nil {
		return err
	}
	return b.jobStopped(k)
}

// chunk does the next n people of a job.
func (b *Book) chunk(k []byte, n int) error {
	b.sweeps.Lock()
	defer b.sweeps.Unlock()
	if err := b.sortNames(k); err != nil {
		return err
	}
	var done bool
	var j job
	var waiter chan ended
	err := b.db.Chunk(context.Background(), func(tx *bolt.Tx) (err error) {
		var ok bool
		if j, ok, err = jobTx(tx, k); err != nil || !ok {
			return err
		}
		if done, err = b.chunkTx(tx, k, &j, n); err != nil {
			return err
		}
		if done {
			if err := b.closeEntryTx(tx, j.Audit, func(e *Entry) { jobEntryTx(tx, e, &j) }); err != nil {
				return err
			}
			waiter = b.waiter(k) // from here on another job may come to this key
			return jobsTable.DeleteAt(tx, k)
		}
		return putJobTx(tx, k, j)
	})
	if err == nil {
		b.named(k, done)
	}
	if err == nil && done {
		if j.Kind == JobImport {
			b.logImport(j.Source, *j.Report)
		}
		b.releaseOnly(waiter, k, ended{job: j})
	}
	return err
}

// jobEntryTx notes in the entry of a verb what came of its job.
func jobEntryTx(tx *bolt.Tx, e *Entry, j *job) {
	switch j.Kind {
	case JobFreeze:
		t, _ := tallyTx(tx, j.Campaign)
		e.count(map[bool]string{true: "messages", false: "people"}[e.Verb == VerbUndo], t.counts.Total())
		e.count("skipped", t.counts[campaign.Skipped])
		if j.Held {
			e.After["status"] = campaign.Paused.String()
		}
	case JobUnfreeze:
		if e.Verb == VerbCampaignStart || e.Verb == VerbAnswer || e.Verb == VerbUndo {
			e.fail(j.Freeze.Why)
		}
	case JobCancel:
		e.count("skipped", j.Done)
	case JobDelete:
		e.count("people", j.Done)
	case JobMove:
		j.Move.Moved.told(e)
	case JobRetry:
		j.Retry.Retried.told(e)
	case JobImport:
		e.countImport(j.Total, j.Report)
	case JobTakeBack:
		if record, err := importRecordTx(tx, j.Import); err == nil {
			e.countUndo(record.Undone)
		}
	case JobErase:
		e.count("messages", j.Erase.Messages)
	case JobTags:
		e.count("people", j.Total)
		e.count("updated", j.Tags.Changed)
		e.count("full_tags", j.Tags.Full)
	}
}

func (b *Book) chunkTx(tx *bolt.Tx, k []byte, j *job, n int) (done bool, err error) {
	switch j.Kind {
	case JobFreeze:
		return freezeChunkTx(tx, k, j, n)
	case JobUnfreeze:
		return unfreezeChunkTx(tx, k, j, n)
	case JobCancel:
		return cancelChunkTx(tx, j, n)
	case JobDelete:
		return deleteChunkTx(tx, j, n)
	case JobMove:
		return b.moveChunkTx(tx, j, n)
	case JobRetry:
		return retryChunkTx(tx, j, n)
	case JobImport:
		return b.importChunkTx(tx, k, j, n)
	case JobTakeBack:
		return b.takeBackChunkTx(tx, j, n)
	case JobForget:
		return forgetChunkTx(tx, j, n)
	case JobErase:
		return eraseChunkTx(tx, j, n)
	case JobChain:
		return chainChunkTx(tx, j, n)
	case JobTags:
		return tagsChunkTx(tx, k, j, n)
	case JobDrop:
		return unstageTx(tx, k, n)
	}
	return false, fmt.Errorf("job %x: %w", k, reason.New(reason.JobUnknown, string(j.Kind)))
}

// unstageTx takes n of the parts away that were staged for a job, and reports
// whether that was all.
func unstageTx(tx *bolt.Tx, k []byte, n int) (done bool, err error) {
	parts := stagedTable.Keys(tx, k, n)
	for _, part := range parts {
		if err := stagedTable.DeleteAt(tx, part); err != nil {
			return false, err
		}
	}
	return len(parts) < n, nil
}

// cancelChunkTx skips the next n deliveries that wait in a cancelled campaign,
// and no longer tries what is in doubt. What is on the wire is seen to when it
// is settled.
func cancelChunkTx(tx *bolt.Tx, j *job, n int) (done bool, err error) {
	c, err := campaignTx(tx, j.Campaign)
	if err != nil {
		return false, err
	}
	var waiting [][]byte
	for _, number := range c.Numbers {
		for _, k := range queueTable.Keys(tx, queueTable.of(number, c.ID), n-len(waiting)) {
			_, seq := queueTable.parts(k)
			waiting = append(waiting, deliveryKey(c.ID, seq))
			if err := queueTable.DeleteAt(tx, k); err != nil {
				return false, err
			}
		}
		for _, k := range againTable.Keys(tx, againTable.Of2(number, c.ID), n-len(waiting)) { // they go with their deliveries
			_, _, seq := againTable.Parts(k)
			waiting = append(waiting, deliveryKey(c.ID, seq))
		}
	}
	slices.SortFunc(waiting, bytes.Compare)
	t, err := tallyTx(tx, c.ID)
	if err != nil {
		return false, err
	}
	changed := make([]uint32, 0, len(waiting))
	for _, at := range waiting {
		d, err := deliveryTx(tx, at)
		if err != nil {
			return false, err
		}
		before := d
		d.GiveUp(reason.New(reason.DeliveryCancelled))
		if err := recordDeliveryTx(tx, &before, &d); err != nil {
			return false, err
		}
		if err := chainDeliveryTx(tx, &d); err != nil {
			return false, err
		}
		t.move(&before, &d)
		changed = append(changed, d.Seq)
	}
	if err := eventsTx(tx, c.ID, changed); err != nil {
		return false, err
	}
	j.Done += len(waiting)
	return len(waiting) < n, putTallyTx(tx, c.ID, t)
}
