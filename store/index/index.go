// Package index holds of every person, in memory, what a filter asks for: names
// and emails folded, phones, tags, fields with few values, states and times. It
// answers a filter among a million people in a few milliseconds. Begin reading at
// [Index.Search].
//
// People are kept by their ids, in segments of [SegmentSize]: to change somebody
// makes their segment anew, and reads no other person. What the index does not
// hold, such as long fields, it answers with who may match, see [Answer].
//
// It knows nothing of the file: who uses it sees to it that it is told of every
// change, and of what moment its answers are.
package index

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"recado/campaign/people"
)

// SegmentSize is how many ids a segment takes.
const SegmentSize = 4096

// The limits of what is held. Beyond them the people are read, as if there was no
// index.
const (
	maxID     = 1 << 28 // ids are given one after the other
	maxTexts  = 100_000 // different tags, and sources of consent
	maxFields = 2_000   // different fields
	maxValues = 8_192   // different values of a field
	maxValue  = 100     // bytes of a value
)

// ErrID is the answer to a person whose id nobody can have.
var ErrID = errors.New("an id far beyond all others")

// Index is what is known of all people. It must not be used by two goroutines at
// once.
type Index struct {
	segments []*segment // by id; nil: nobody
	labels   *labels
	order    order
	recent   recent
}

// New is an index of nobody.
func New() *Index { return &Index{labels: newLabels()} }

// Size is how many people it holds.
func (x *Index) Size() (n int) {
	for _, s := range x.segments {
		if s != nil {
			n += s.states[stateThere].size()
		}
	}
	return n
}

// SetOrder says in which order people are listed, those who are in the index and
// nobody else.
func (x *Index) SetOrder(ids []uint32) { x.order = order{base: ids} }

// Builder puts people into an index who are not in it, in the order of their ids.
// Several may do so at once, each with segments of its own.
type Builder struct {
	x    *Index
	make *maker
	at   int // the segment
	open bool
}

// Room makes room for people whose ids are less than beyond. It has to be called
// before they are added.
func (x *Index) Room(beyond people.ContactID) error {
	if beyond > maxID {
		return ErrID
	}
	for len(x.segments)*SegmentSize < int(beyond) {
		x.segments = append(x.segments, nil)
	}
	return nil
}

// NewBuilder begins to build.
func (x *Index) NewBuilder() *Builder { return &Builder{x: x, make: newMaker(x.labels)} }

// Add adds a person, of whom it keeps nothing.
func (b *Builder) Add(c *people.Contact) {
	at, local := place(c.ID)
	if b.open && at != b.at {
		b.Flush()
	}
	b.at, b.open = at, true
	b.make.lineOf(local, c)
	b.make.put(local, c)
}

// Flush ends the segment to which people were added.
func (b *Builder) Flush() {
	if b.open {
		b.x.segments[b.at] = b.make.done()
		b.open = false
	}
}

// place is the segment of a person and where in it they are.
func place(id people.ContactID) (segment int, local uint16) {
	return int(id / SegmentSize), uint16(id % SegmentSize)
}

// Change is a person as they are now.
type Change struct {
	ID      people.ContactID
	Contact *people.Contact // nil: gone
	Key     []byte          // by which they are listed; nil: gone
}

// Apply takes in changes, one for each person, in the order of their ids. Key is by
// what somebody who has no name is listed.
func (x *Index) Apply(changes []Change, key func(people.ContactID) []byte) error {
	if len(changes) == 0 {
		return nil
	}
	if err := x.Room(changes[len(changes)-1].ID + 1); err != nil {
		return err
	}
	x.recent = recent{}
	m := newMaker(x.labels)
	for from := 0; from < len(changes); {
		at, _ := place(changes[from].ID)
		until := from
		for until < len(changes) && int(changes[until].ID/SegmentSize) == at {
			x.order.note(x, changes[until])
			until++
		}
		old := x.segments[at]
		if old == nil {
			old = new(segment)
		}
		x.segments[at] = m.remake(old, changes[from:until])
		from = until
	}
	x.order.settle(x, key)
	return nil
}

// each runs do for all segments, on all processors. Who comes first takes the next
// ones: nobody waits for a processor that is long in beginning.
func (x *Index) each(do func(at int, s *segment)) {
	const some = 8
	var next atomic.Int64
	run := func() {
		for {
			from := int(next.Add(some)) - some
			if from >= len(x.segments) {
				return
			}
			for i, s := range x.segments[from:min(from+some, len(x.segments))] {
				if s != nil {
					do(from+i, s)
				}
			}
		}
	}
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 4, (len(x.segments)+some-1)/some) - 1 {
		others.Go(run)
	}
	run()
	others.Wait()
}
