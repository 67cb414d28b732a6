package store

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
	"recado/store/index"
)

// The index of the people in memory, see the package index. Before each commit the
// writer notes whom that changes. Whoever asks takes what has been noted into the
// index, as their own transaction reads it, and so asks it of the same moment as
// they read the book. What the index cannot tell is read.
//
// While nobody asks, it is brought up to date every now and then, so that nobody
// has to wait for what an import has changed.

const (
	indexDelay  = 100 * time.Millisecond // after the start: the first screen comes first
	indexEvery  = 200 * time.Millisecond // how often it is brought up to date while nobody asks
	manyNoted   = 1 << 20                // changes that are kept while there is no index
	indexAtOnce = 4096                   // people that are taken in at once
	worthIndex  = 20_000                 // people from whom on a snapshot is faster than they are
	laterTries  = 8                      // how often a reader who came too late begins again
)

// errLater is the answer to who reads the book as it was before what the index has
// taken in.
var errLater = errors.New("the index is ahead")

// indexed is the index and what keeps it.
type indexed struct {
	path  string // of its snapshot
	book  *Book
	found openedAs // the book, when it was opened

	keep    atomic.Bool   // this process keeps one, as long as it lives
	begun   atomic.Bool   // it is being made, or is there
	made    chan struct{} // closed when that has ended
	mended  chan struct{} // something was noted
	loaded  bool          // made of the snapshot
	touched atomic.Bool   // people have changed since the book was opened

	noting  sync.Mutex // guards what follows
	changes []noted
	count   int  // people in it
	lost    bool // there were too many

	mu sync.Mutex // guards what follows; held while the index is asked
	x  *index.Index
	at int // the transaction up to which it knows everything
}

func newIndexed(path string) *indexed {
	return &indexed{path: path + snapshotName, made: make(chan struct{}), mended: make(chan struct{}, 1)}
}

// noted is who a transaction changes.
type noted struct {
	tx  int
	ids []people.ContactID
}

// note is told of each commit before it can be read.
func (n *indexed) note(tx int, changes bolt.Changes) {
	keys := changes[contactsTable.Name]
	if len(keys) == 0 {
		return
	}
	n.touched.Store(true)
	ids := make([]people.ContactID, len(keys))
	for i, k := range keys {
		ids[i] = contactsTable.Parts(k)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	n.noting.Lock()
	if n.count += len(ids); n.count > manyNoted && !n.begun.Load() {
		n.changes, n.lost = nil, true
	}
	if !n.lost {
		n.changes = append(n.changes, noted{tx, ids})
	}
	n.noting.Unlock()
	select {
	case n.mended <- struct{}{}:
	default:
	}
}

// take is everybody who has changed up to a transaction.
func (n *indexed) take(tx int) (ids []people.ContactID) {
	n.noting.Lock()
	defer n.noting.Unlock()
	n.changes = slices.DeleteFunc(n.changes, func(c noted) bool {
		if c.tx > tx {
			return false
		}
		ids = append(ids, c.ids...)
		n.count -= len(c.ids)
		return true
	})
	slices.Sort(ids)
	return slices.Compact(ids)
}

// KeepIndex says that this process has the book for long: people are found by an
// index in memory, which is made soon, and as soon as somebody asks.
func (b *Book) KeepIndex() {
	n := b.index
	if n.keep.Swap(true) {
		return
	}
	b.running.Go(func() { // ends when Close closes b.closing
		select {
		case <-time.After(indexDelay):
		case <-b.closing:
			return
		}
		b.makeIndex(true)
		for {
			err := b.view(func(tx *bolt.Tx) error {
				return n.ask(tx, func(x *index.Index) error { x.Rank(); return nil })
			})
			if err != nil && !errors.Is(err, errLater) && !errors.Is(err, errNoIndex) {
				b.logger.Warn("keep the index of people", "err", err)
			}
			select {
			case <-n.mended:
			case <-b.closing:
				return
			}
			select {
			case <-time.After(indexEvery):
			case <-b.closing:
				return
			}
		}
	})
}

// awaitIndex waits for the index of a book that keeps one, and reads the snapshot of
// one that does not if that is worth it. It may not be called in a transaction: the
// index is read in others, which begin after a write that waits for the end of all
// that have begun before it.
func (b *Book) awaitIndex(ctx context.Context) error {
	n := b.index
	if n.keep.Load() {
		select {
		case <-n.made: // it is about to be, if it is not yet
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-b.closing:
			return ErrClosed
		}
	}
	if n.begun.Load() {
		return nil
	}
	many := false
	err := b.view(func(tx *bolt.Tx) error {
		many = countTx(tx, countContacts) >= worthIndex
		return nil
	})
	if many {
		b.makeIndex(false)
	}
	return err
}

// makeIndex reads the snapshot or, if it may, the people. It does so once.
func (b *Book) makeIndex(mayRead bool) {
	n := b.index
	if n.begun.Swap(true) {
		<-n.made
		return
	}
	defer close(n.made)
	n.noting.Lock()
	lost := n.lost
	n.lost = false
	n.noting.Unlock()
	if x, at, ok := n.load(); ok && !lost {
		n.mu.Lock()
		n.x, n.at, n.loaded = x, at, true
		n.mu.Unlock()
		return
	}
	if !mayRead {
		return
	}
	x, at, err := b.readIndex()
	if err != nil {
		if !errors.Is(err, ErrClosed) {
			b.logger.Warn("make the index of people", "err", err)
		}
		return
	}
	n.mu.Lock()
	n.x, n.at = x, at
	n.mu.Unlock()
}

// errNoIndex is the answer of an index that is not there.
var errNoIndex = errors.New("no index of people")

// ask runs do with the index as of a transaction, which do must not keep it beyond.
func (n *indexed) ask(tx *bolt.Tx, do func(*index.Index) error) error {
	if tx.Writable() {
		return errNoIndex
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.x == nil:
		return errNoIndex
	case n.at > tx.ID():
		return errLater
	}
	if err := n.catchUp(tx); err != nil {
		n.x = nil // it is neither here nor there
		return err
	}
	n.at = tx.ID()
	return do(n.x)
}

// catchUp takes in what has been noted.
func (n *indexed) catchUp(tx *bolt.Tx) error {
	all := n.take(tx.ID())
	contacts := make([]people.Contact, min(len(all), indexAtOnce))
	for ids := range slices.Chunk(all, indexAtOnce) {
		changes := make([]index.Change, len(ids))
		for i, id := range ids {
			changes[i].ID = id
			v := contactsTable.Get(tx, id)
			if v == nil {
				continue
			}
			c := &contacts[i]
			if err := viewContact(c, id, v); err != nil {
				return err
			}
			changes[i].Contact, changes[i].Key = c, namesTable.key(id, c)
		}
		if err := n.x.Apply(changes, keyTx(tx)); err != nil {
			return err
		}
	}
	return nil
}

// keyTx says by what somebody is listed.
func keyTx(tx *bolt.Tx) func(people.ContactID) []byte {
	return func(id people.ContactID) []byte {
		v := contactsTable.Get(tx, id)
		if v == nil {
			return nil
		}
		var c people.Contact
		if viewContact(&c, id, v) != nil {
			return nil
		}
		return namesTable.key(id, &c)
	}
}

// readIndex makes an index of the people in the book, on two processors: one reads
// their order, and both read them, some at a time.
func (b *Book) readIndex() (x *index.Index, at int, err error) {
	var other sync.WaitGroup
	var otherErr error
	err = b.view(func(tx *bolt.Tx) error {
		x, at = index.New(), tx.ID()
		last, _ := contactsTable.Cursor(tx).Last()
		beyond := people.ContactID(1)
		if last != nil {
			beyond = contactsTable.Parts(last) + 1
		}
		if err := x.Room(beyond); err != nil {
			return err
		}
		const part = 8 * index.SegmentSize
		var next atomic.Uint64
		read := func(tx *bolt.Tx) error {
			build := x.NewBuilder()
			var c people.Contact
			for from := next.Add(part) - part; from < uint64(beyond); from = next.Add(part) - part {
				select {
				case <-b.closing:
					return ErrClosed
				default:
				}
				cursor := contactsTable.Cursor(tx)
				until := contactsTable.Key(people.ContactID(from + part))
				for k, v := cursor.Seek(contactsTable.Key(people.ContactID(from))); k != nil && string(k) < string(until); k, v = cursor.Next() {
					if err := viewContact(&c, contactsTable.Parts(k), v); err != nil {
						return err
					}
					build.Add(&c)
				}
				build.Flush()
			}
			return nil
		}
		other.Go(func() {
			otherErr = b.view(func(also *bolt.Tx) error {
				if also.ID() != at {
					return nil // somebody has written meanwhile
				}
				return read(also)
			})
		})
		order := make([]uint32, 0, countTx(tx, countContacts))
		ordered, err := orderTx(tx)
		if err != nil {
			return err
		}
		for id := range ordered {
			order = append(order, uint32(id))
		}
		x.SetOrder(order)
		return read(tx)
	})
	other.Wait() // not in the transaction, see awaitIndex
	return x, at, errors.Join(err, otherErr)
}

// fromIndex is what the index says of a filter.
type fromIndex struct {
	index.Answer
	found  Found          // whoever may match, if they are asked for
	unseen []people.Named // fields that nobody has
	fields []string       // those that somebody has, if there are unseen ones
}

// askIndexTx asks the index whom a filter matches, and for their order if that is
// wanted. It is errNoIndex if there is none, or it does not know enough, and errLater
// if it knows more than the transaction.
func (b *Book) askIndexTx(ctx context.Context, tx *bolt.Tx, f people.Filter, env people.FilterEnv, list bool) (a fromIndex, err error) {
	if tx.Writable() {
		return a, errNoIndex
	}
	lists, err := listSetsTx(tx, f.Lists())
	if err != nil {
		return a, err
	}
	sent := make(map[uint64]people.Set)
	for _, named := range f.Campaigns() {
		id, _ := strconv.ParseUint(named.Name, 10, 64)
		sent[id] = claimedForTx(tx, campaign.ID(id))
	}
	err = b.index.ask(tx, func(x *index.Index) error {
		for _, named := range f.Fields() {
			if has, known := x.HasField(people.FieldKey(named.Name)); !known {
				return errNoIndex
			} else if !has {
				a.unseen, a.fields = append(a.unseen, named), x.Fields()
			}
		}
		a.Answer = x.Search(f.Root(), index.Env{
			Now: env.Now, NumberName: env.NumberName,
			List:    func(t people.ListTerm) people.Set { return lists[t.Typed] },
			Reached: func(t people.ReachedTerm) people.Set { return sent[t.Campaign] },
		})
		if list {
			a.found = x.Ordered(a.May, keyTx(tx))
		}
		return nil
	})
	return a, err
}

// listSetsTx is who is on the lists that a filter names, by how it names them.
func listSetsTx(tx *bolt.Tx, named []people.Named) (map[string]people.Set, error) {
	sets := make(map[string]people.Set)
	if len(named) == 0 {
		return sets, nil
	}
	lists, err := listsTx(tx)
	for _, n := range named {
		for _, l := range lists {
			if n.Name == people.AnyList || people.Fold(n.Name) == people.Fold(l.Name) {
				sets[n.Name] = sets[n.Name].Union(membersTx(tx, l.ID))
			}
		}
	}
	return sets, err
}

// claimedForTx is who a campaign has been claimed for.
func claimedForTx(tx *bolt.Tx, id campaign.ID) (to people.Set) {
	for k := range personsTable.Each(tx, personsTable.Of(id)) {
		_, who := personsTable.Parts(k)
		if who <= people.ContactID(contactsTable.Given(tx)) {
			to.Add(who)
		}
	}
	return to
}

// Vocabulary is what a filter may ask of the people in the book, as far as the index
// knows: the rest of it is the caller's.
func (b *Book) Vocabulary(ctx context.Context) (v people.Vocabulary, err error) {
	if err := b.awaitIndex(ctx); err != nil {
		return v, err
	}
	err = b.view(func(tx *bolt.Tx) error {
		v = people.Vocabulary{}
		lists, err := listsTx(tx)
		if err != nil {
			return err
		}
		for _, l := range lists {
			v.Lists = append(v.Lists, l.Name)
		}
		numbers, err := numbersTx(tx)
		if err != nil {
			return err
		}
		for _, n := range numbers {
			v.Numbers = append(v.Numbers, n.Name)
		}
		err = b.index.ask(tx, func(x *index.Index) error {
			used := x.Used()
			v.Tags, v.Fields, v.Values = used.Tags, used.Fields, used.Values
			return nil
		})
		if errors.Is(err, errNoIndex) || errors.Is(err, errLater) {
			return nil
		}
		return err
	})
	return v, err
}
