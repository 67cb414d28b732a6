// Package store keeps the book: our numbers, the people, the campaigns and
// every delivery, in one bbolt file. The book is the truth: what is not
// committed has not happened. Begin reading at [Book]; claim.go is where a
// delivery is taken and why nobody is written to twice.
//
// The tree of buckets (a test holds it). <n> is a big-endian number of n
// bytes, so that keys sort as numbers do:
//
//	book.db
//	├── meta        version, kind, counters, the version of WhatsApp's own client
//	├── numbers     <number 4> → JSON
//	├── ours        p<phone key> or l<lid> → <number 4>: the addresses that our numbers have or had
//	├── blocked     p<phone key> or l<lid>, 0, <number 4> → nothing: who is blocked on the phone of a number
//	├── turns       <number 4> → JSON: the state of its pace
//	├── sends       <number 4><time 8><new chat 1> → nothing: what it tried to send in the last day, see turns.go
//	├── inflight    <number 4> → <campaign 8><seq 4>: claimed and not settled
//	├── campaigns   <campaign 8> → JSON
//	├── running     <campaign 8> → nothing
//	├── scheduled   <time 8><campaign 8> → nothing: what starts by itself, and when
//	├── guards      <campaign 8><number 4> → record: refusals in a row, why it is stopped, how welcome it is, see guard.go; number 0 is all of them
//	├── sample      <campaign 8><number 4><accepted 8><seq 4> → 1 if it arrived: what was accepted lately
//	├── counts      <campaign 8> → record: deliveries by state, and how many are still to be sent
//	├── deliveries  <campaign 8><seq 4> → record
//	├── queue       <number 4><campaign 8><new chat 1><zone 1><seq 4> → nothing: queued, never tried
//	├── again       <number 4><campaign 8><seq 4> → nothing: to be tried again, or in doubt
//	├── messages    <message id> → <campaign 8><seq 4>
//	├── uploads     <campaign 8><number 4><n 8> → record: what a number uploaded of an attachment
//	├── persons     <campaign 8><contact 8> → <seq 4>: who has been claimed
//	├── answers     <campaign 8><seq 4><campaign 8> → nothing: the answers to a reply, as campaigns
//	├── latest      <contact 8><number 4> → <campaign 8><seq 4>: the last delivery, to which a reply belongs
//	├── unanswered  <contact 8> → <n 4>: how many campaigns in a row they have not answered
//	├── timers      <contact 8><number 4> → record: after how long the messages of the chat disappear; contact 0: of the chats that the number begins
//	├── contacts    <contact 8> → record
//	├── aliases     p<phone key>, l<lid>, or f<key of a phone they had><contact 8> → <contact 8>
//	├── merged      <contact 8> → <contact 8>: a record that turned out to be another one's person
//	├── suppressed  p<phone key> or l<lid> → record: who must not be written to and is not in the book, see suppressed.go
//	├── merges      <contact 8><contact 8 that was added to it> → record: what both were before, see apart.go
//	├── names       <folded name>0<contact 8> → nothing: the order of the contacts
//	├── imports     <import 8> → JSON: what came from files
//	├── imported    <import 8><kind 1><contact 8> → record: what an import changed, see imports.go
//	├── validations <number 4> → JSON: how far its validation is, see validate.go
//	├── tovalidate  <number 4><part 4> → bits: about whom it is to ask
//	├── invites     <n 4> → JSON: links by which people say that they may be written to
//	├── invited     <n 4><contact 8> → nothing: who has written by one
//	├── labels      <number 4> → JSON: what the labels on its phone are called, see labels.go
//	├── labelled    <number 4><contact 8> → nothing: whose chat has some
//	├── lists       <folded name> → JSON
//	├── members     <list 4><n 4> → bits: who is on a list
//	├── events      <campaign 8><n 8> → <seq 4>: the deliveries that changed last
//	├── audit       <n 8> → record: what people have done, see audit.go
//	├── asked       <n 8> → 1: the entries of the audit whose end is not known yet
//	├── chain       <n 8> → record: that what is evidence is what was written, see chain.go
//	├── chained     a<n 8>, d<campaign 8><seq 4> or c<contact 8> → <n 8>: the last link about it; e<campaign 8> → <n 8>: the last of its events that is in the chain
//	├── jobs        c<campaign 8> or p<n 8> → JSON: work that goes on in chunks
//	└── staged      <job 9><part 4> → record: what a job works through, ids or rows
//
// Beside it is the folder media with the files that campaigns attach, see
// media.go, and the snapshot of the people, see snapshot.go.
package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Errors that callers branch on.
var (
	ErrNotFound = reason.Err(reason.NotFound)
	ErrExists   = reason.Err(reason.Exists)
	ErrLocked   = bolt.ErrLocked
	ErrKind     = reason.Err(reason.Kind)
	ErrNewer    = reason.Err(reason.Newer)
	ErrNoLimit  = reason.Err(reason.NoLimit)
	ErrState    = reason.Err(reason.WrongState)
)

// DamagedError says that a file of the data directory is not as it was
// written. Nothing is read from it, or written to it, any more.
type DamagedError = bolt.DamagedError

// Kind tells a demo's book from a real one. It is written when the book is
// made and never changes.
type Kind string

// The kinds.
const (
	Real Kind = "real"
	Demo Kind = "demo" // on a simulated WhatsApp
)

// Options are how a book is opened.
type Options struct {
	Kind    Kind            // refused with ErrKind if the book is of the other
	Bell    *campaign.Bell  // rung after every change; nil: none
	Clock   *campaign.Clock // by which all its times are; nil: the machine's
	Logger  *slog.Logger    // nil: none
	Timeout time.Duration   // how long to wait for another process to let go; 0: two seconds
	Grace   time.Duration   // how long a doubt waits for proof before it is sent again; 0: [DefaultGrace]

	maxChunk int            // how many people a job does at once; 0: as many as it should
	noSync   bool           // nothing is synced: for tests that fear no power cut
	draw     func() float64 // where in its span each pause falls, in [0, 1); nil: anywhere
}

// DefaultGrace is how long a delivery in doubt waits, once the number is
// online and has heard what arrived while it was away, before it is sent
// again.
const DefaultGrace = 30 * time.Second

// Book is the open book. Its methods may be called from any goroutine; those
// that write return when what they wrote is on the disk.
type Book struct {
	db     *bolt.DB
	kind   Kind
	bell   *campaign.Bell
	clock  *campaign.Clock
	logger *slog.Logger
	grace  time.Duration
	media  string // the folder of the attachments
	index  *indexed

	merging *merging // of the sweeper, in its transactions
	renamed *changedNames
	sweeps  sync.Mutex         // held for a chunk, so that naming is one's
	naming  map[string]*naming // by job

	work      chan struct{}
	unchained chan struct{} // told when messages have changed, see keepChain
	maxChunk  int
	draw      func() float64
	closing   chan struct{}
	running   sync.WaitGroup // the sweeper, and who keeps the chain

	mu         sync.Mutex // guards what follows: none of it is the truth, all of it can be lost
	holds      map[campaign.NumberID]campaign.Hold
	templates  map[templateKey]parsed
	unanswered map[people.ContactID]time.Time
	stalls     map[stalled]stall
	waiting    map[string]chan ended // by job, who waits for its end
	stopped    map[string]error      // jobs that cannot go on
}

// templateKey is one of the texts of a campaign.
type templateKey struct {
	campaign campaign.ID
	variant  uint8
}

// parsed is a text and the template that it is. A text may be fixed.
type parsed struct {
	text     string
	template *campaign.Template
}

// Open opens the book at path, making it if there is none. What was being
// sent when the last process ended is put in doubt, see Claim.
func Open(path string, o Options) (*Book, error) {
	if o.Timeout == 0 {
		o.Timeout = bolt.Patience
	}
	if o.Grace == 0 {
		o.Grace = DefaultGrace
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Bell == nil {
		o.Bell = new(campaign.Bell)
	}
	if o.maxChunk == 0 {
		o.maxChunk = maxChunk
	}
	if o.draw == nil {
		o.draw = rand.Float64
	}
	found := func(e *DamagedError) {
		o.Logger.Error("a file is damaged", "path", e.Path, "why", fmt.Sprint(e.Why))
		o.Bell.Ring()
	}
	failed := func(err error) {
		if err == nil {
			o.Logger.Info("the book can be written again")
		} else {
			o.Logger.Error("write the book", "err", err)
		}
		o.Bell.Ring()
	}
	index, renamed, unchained := newIndexed(path), new(changedNames), make(chan struct{}, 1)
	before := func(tx int, changes bolt.Changes) {
		index.note(tx, changes)
		renamed.note(changes[contactsTable.Name])
		if len(changes[eventsTable.Name]) > 0 {
			select {
			case unchained <- struct{}{}:
			default:
			}
		}
	}
	db, err := bolt.Open(path, bolt.Options{Timeout: o.Timeout, NoSync: o.noSync, Found: found, Failed: failed, After: o.Bell.Ring, Before: before, Watched: []bolt.Table{contactsTable.Table, eventsTable.Table}, First: markTx})
	if err != nil {
		return nil, err
	}
	media := filepath.Join(filepath.Dir(path), "media")
	b := &Book{
		db: db, kind: o.Kind, bell: o.Bell, clock: o.Clock, logger: o.Logger, grace: o.Grace, media: media,
		work:       make(chan struct{}, 1),
		unchained:  unchained,
		maxChunk:   o.maxChunk,
		draw:       o.draw,
		closing:    make(chan struct{}),
		holds:      make(map[campaign.NumberID]campaign.Hold),
		templates:  make(map[templateKey]parsed),
		unanswered: make(map[people.ContactID]time.Time),
		stalls:     make(map[stalled]stall),
		waiting:    make(map[string]chan ended),
		stopped:    make(map[string]error),
		index:      index,
		naming:     make(map[string]*naming),
		renamed:    renamed,
	}
	index.book = b
	err = openMedia(media)
	if err == nil {
		err = b.view(func(tx *bolt.Tx) error { index.found = stateTx(tx); return nil })
	}
	if err == nil {
		err = b.update(func(tx *bolt.Tx) error { return prepare(tx, o.Kind, db.WentBack(), o.Clock.Now()) })
	}
	if err != nil {
		db.Close()
		if damaged := (*DamagedError)(nil); errors.As(err, &damaged) {
			return nil, damaged
		}
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	b.running.Go(b.sweep)     // ends when Close closes b.closing
	b.running.Go(b.keepChain) // and so does this
	return b, nil
}

// prepare makes the buckets, checks version and kind, and recovers: from a
// process that died, and, if the file went back, from what that has forgotten. Mostly
// there is nothing to do: who only reads writes nothing.
func prepare(tx *bolt.Tx, kind Kind, wentBack bool, now time.Time) error {
	if err := metaTable.Make(tx); err != nil {
		return err
	}
	have := version
	if v := metaTable.Get(tx, metaVersion); v == nil {
		if err := metaTable.Put(tx, metaKind, []byte(kind)); err != nil {
			return err
		}
	} else if have = fromRow[uint32](v); have > version {
		return reason.Because(ErrNewer, reason.CheckNewer, have, version)
	}
	if have := Kind(metaTable.Get(tx, metaKind)); have != kind {
		return fmt.Errorf("%w: the data is %s, the program runs as %s", ErrKind, have, kind)
	}
	for _, t := range allTables {
		if err := t.Make(tx); err != nil {
			return err
		}
	}
	for ; have < version; have++ {
		if err := migrations[have-1](tx); err != nil {
			return fmt.Errorf("bring it from version %d to %d: %w", have, have+1, err)
		}
	}
	if now := row(version); !bytes.Equal(metaTable.Get(tx, metaVersion), now) {
		if err := metaTable.Put(tx, metaVersion, now); err != nil {
			return err
		}
	}
	if err := keepAllOursTx(tx); err != nil {
		return err
	}
	if err := dropStagingTx(tx); err != nil {
		return err
	}
	if err := auditAgainTx(tx, now); err != nil {
		return err
	}
	if wentBack {
		tx.Touch() // the page that is no good is written over
		if err := forgetTx(tx, now); err != nil {
			return err
		}
	}
	return recoverTx(tx, now)
}

// Close waits for writes under way, leaves a snapshot of the people for the next one,
// and closes the file. A job that is not done
// goes on when the book is opened again.
func (b *Book) Close() error {
	b.mu.Lock()
	select {
	case <-b.closing:
		b.mu.Unlock()
		return nil
	default:
		close(b.closing)
	}
	b.mu.Unlock()
	b.running.Wait()
	if err := b.index.save(); err != nil && b.Err() == nil {
		b.logger.Warn("keep a snapshot of the people", "err", err)
	}
	return b.db.Close()
}

// Err is the error of the last write if it failed, when the disk is full or
// gone, or a DamagedError, which stays. Nothing must be sent while it is not
// nil. It goes when a write has worked; while nobody writes, the book tries by
// itself every second.
func (b *Book) Err() error { return b.db.Err() }

// WentBack reports whether the book was damaged when it was opened, in a way
// that may have cost it what was written last. What was running is paused, and
// what may have been sent is unsure.
func (b *Book) WentBack() bool { return b.db.WentBack() }

// view runs read in a read transaction.
func (b *Book) view(read func(*bolt.Tx) error) error { return b.db.View(read) }

// ErrClosed is returned by writes after Close.
var ErrClosed = bolt.ErrClosed

// update runs change in a write transaction, together with whatever else is
// waiting, and returns when it is on the disk. If change returns an error
// nothing of it is written. It may run more than once, so it must set, not
// add to, what it leaves outside the transaction.
func (b *Book) update(change func(*bolt.Tx) error) error { return b.db.Update(change) }
