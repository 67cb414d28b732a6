package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"iter"
	"maps"
	"slices"
	"sync"

	"recado/campaign/people"
	"recado/store/bolt"
)

// Those whom a large import adds come in the order of their phones, and their names
// in none: each would change a page of its own of the order of names. So they get
// their places there when all have been added, sorted: the job of the import says
// who they are until then, and whoever lists people lists them as well.

// unnamed are people without a place in the order of names: those from First to Last
// who have none.
type unnamed struct {
	First people.ContactID
	Last  people.ContactID `json:",omitempty"` // 0: there will be more of them
}

// How many of them are sorted at a time, which takes 32 bytes each, and how long all
// their names are.
const (
	namesAtOnce   = 1 << 21
	namesTogether = 48 << 20
)

// naming are people in about the order of their names, who get their places. It is not
// the truth: it is made anew when it does not fit the record of the job.
type naming struct {
	first      people.ContactID
	last       people.ContactID // of those who were sorted
	who        []sortedName
	names      []byte // of all of them, as they stand in their keys
	done, next int    // how many have their places, and will have when the chunk is on the disk
}

// sortedName is how a key in the order of names begins, whose it is, and where in names
// it ends.
type sortedName struct {
	high, low uint64
	id        people.ContactID
	at, end   uint32
}

// changedNames are people who have changed since names were sorted. It is told of each
// commit before that can be read.
type changedNames struct {
	mu  sync.Mutex
	on  bool
	who people.Set
}

// note is told whom a transaction changes.
func (c *changedNames) note(keys [][]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.on {
		for _, k := range keys {
			c.who.Add(contactsTable.Parts(k))
		}
	}
}

// watch begins to keep who changes, or ends it.
func (c *changedNames) watch(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.on = on; !on {
		c.who = nil
	}
}

func (c *changedNames) has(id people.ContactID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.who.Has(id)
}

// sortNames sorts people of an import who have no places yet, if its turn is that.
func (b *Book) sortNames(k []byte) error {
	var j job
	err := b.view(func(tx *bolt.Tx) (err error) {
		j, _, err = jobTx(tx, k)
		return err
	})
	if !j.namesNext() {
		delete(b.naming, string(k)) // it was cancelled
		return err
	}
	if b.naming[string(k)].fits(j.Unnamed) {
		return nil
	}
	b.renamed.watch(true)
	if err := b.update(func(*bolt.Tx) error { return nil }); err != nil { // what was being written is in the book
		return err
	}
	return b.view(func(tx *bolt.Tx) error {
		j, ok, err := jobTx(tx, k)
		if err != nil || !ok || !j.namesNext() {
			return err
		}
		maps.DeleteFunc(b.naming, func(k string, _ *naming) bool { return !jobsTable.HasAt(tx, []byte(k)) })
		n := &naming{first: j.Unnamed.First, last: j.Unnamed.Last}
		var c people.Contact
		var key []byte
		for k, v := range contactsTable.From(tx, nil, contactsTable.Key(n.first)) {
			id := contactsTable.Parts(k)
			if id > n.last {
				break
			}
			if len(n.who) == b.namesAtOnce() || len(n.names) > namesTogether {
				n.last = id - 1
				break
			}
			if len(n.who)%4096 == 0 {
				select {
				case <-b.closing:
					return ErrClosed
				default:
				}
			}
			if err := viewContact(&c, id, v); err != nil {
				return err
			}
			var begin [16]byte
			key = namesTable.appendKey(key[:0], id, &c)
			key = key[:len(key)-8]
			copy(begin[:], key)
			at := len(n.names)
			n.names = append(n.names, key...)
			n.who = append(n.who, sortedName{binary.BigEndian.Uint64(begin[:]), binary.BigEndian.Uint64(begin[8:]), id, uint32(at), uint32(len(n.names))})
		}
		slices.SortFunc(n.who, func(a, b sortedName) int {
			return cmp.Or(cmp.Compare(a.high, b.high), cmp.Compare(a.low, b.low), cmp.Compare(a.id, b.id))
		})
		b.naming[string(k)] = n
		return nil
	})
}

// namesAtOnce is that of a book whose chunks are small.
func (b *Book) namesAtOnce() int {
	if b.maxChunk < minChunk {
		return 3 * b.maxChunk
	}
	return namesAtOnce
}

// nameChunkTx gives the next n of them their places, and reports whether that was all.
func (b *Book) nameChunkTx(tx *bolt.Tx, k []byte, j *job, n int) (done bool, err error) {
	sorted := b.naming[string(k)]
	if !sorted.fits(j.Unnamed) {
		return false, nil // they are sorted before the next chunk
	}
	namesTable.InOrder(tx)
	some := sorted.who[sorted.done:min(sorted.done+n, len(sorted.who))]
	moves := make(nameMoves, len(some))
	var c people.Contact
	for _, s := range some {
		if !b.renamed.has(s.id) {
			moves.move(s.id, nil, bolt.AppendPart(append(make([]byte, 0, s.end-s.at+8), sorted.names[s.at:s.end]...), s.id))
			continue
		}
		v := contactsTable.Get(tx, s.id)
		if v == nil { // they are gone since
			continue
		}
		if err := viewContact(&c, s.id, v); err != nil {
			return false, err
		}
		moves.move(s.id, nil, namesTable.key(s.id, &c))
	}
	sorted.next = sorted.done + len(some)
	j.Named = j.Names - int(j.Unnamed.Last+1-sorted.first) + sorted.next // also by a process that begins anew
	if sorted.next == len(sorted.who) {
		if done = sorted.last >= j.Unnamed.Last; !done {
			j.Unnamed.First = sorted.last + 1
		}
	}
	return done, moves.applyTx(tx)
}

// named says that what nameChunkTx has done for a job is on the disk, and whether it
// is done.
func (b *Book) named(k []byte, done bool) {
	if n := b.naming[string(k)]; n != nil {
		n.done = n.next
	}
	if done {
		delete(b.naming, string(k))
	}
	if len(b.naming) == 0 {
		b.renamed.watch(false)
	}
}

// namesNext reports whether the next chunk of a job is about names.
func (j *job) namesNext() bool {
	return j.Kind == JobImport && j.Unnamed != nil && j.Unnamed.Last != 0
}

// fits reports whether it is what a job has to do next.
func (n *naming) fits(u *unnamed) bool { return n != nil && n.first == u.First }

// unnamedTx lists who may have no place in the order of names.
func unnamedTx(tx *bolt.Tx) (all []unnamed, err error) {
	err = jobsTable.ForEach(tx, func(k, v []byte) error {
		j, err := decodeJob(k, v)
		if err == nil && j.Unnamed != nil {
			u := *j.Unnamed
			if u.Last == 0 {
				u.Last = people.ContactID(contactsTable.Given(tx))
			}
			all = append(all, u)
		}
		return err
	})
	return all, err
}

// mayBeUnnamed reports whether somebody is among them.
func mayBeUnnamed(all []unnamed, id people.ContactID) bool {
	return slices.ContainsFunc(all, func(u unnamed) bool { return u.First <= id && id <= u.Last })
}

// orderTx lists everybody in the order of their names. The error says that it cannot.
func orderTx(tx *bolt.Tx) (iter.Seq[people.ContactID], error) {
	ranges, err := unnamedTx(tx)
	if err != nil {
		return nil, err
	}
	var late [][]byte // the keys of those without a place
	if len(ranges) > 0 {
		if late, err = lateNamesTx(tx, ranges); err != nil {
			return nil, err
		}
	}
	return func(yield func(people.ContactID) bool) {
		late := late
		for k := range namesTable.Each(tx, nil) {
			for ; len(late) > 0 && bytes.Compare(late[0], k) < 0; late = late[1:] {
				if !yield(namesTable.whose(late[0])) {
					return
				}
			}
			if !yield(namesTable.whose(k)) {
				return
			}
		}
		for _, k := range late {
			if !yield(namesTable.whose(k)) {
				return
			}
		}
	}, nil
}

// lateNamesTx are the keys that people in those ranges have no row for, sorted.
func lateNamesTx(tx *bolt.Tx, ranges []unnamed) (late [][]byte, err error) {
	var seen people.Set
	for k := range namesTable.Each(tx, nil) {
		if id := namesTable.whose(k); mayBeUnnamed(ranges, id) {
			seen.Add(id)
		}
	}
	var c people.Contact
	for _, r := range ranges {
		for k, v := range contactsTable.From(tx, nil, contactsTable.Key(r.First)) {
			id := contactsTable.Parts(k)
			if id > r.Last {
				break
			}
			if seen.Has(id) {
				continue
			}
			seen.Add(id)
			if err := viewContact(&c, id, v); err != nil {
				return nil, err
			}
			late = append(late, namesTable.key(id, &c))
		}
	}
	slices.SortFunc(late, bytes.Compare)
	return late, nil
}
