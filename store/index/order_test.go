package index

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"recado/campaign/people"
)

// holds compares who was found with who should have been, whichever way they are asked
// for.
func holds(t *testing.T, what string, found Found, want []people.ContactID) {
	t.Helper()
	if got := found.All(); !slices.Equal(got, want) || found.Size() != len(want) {
		t.Fatalf("%s: %d in the order %v, want %d, %v", what, found.Size(), got, len(want), want)
	}
	n := len(want)
	for _, from := range []int{-1, 0, 1, n / 3, n / 2, n - 2, n - 1, n, n + 1} {
		for _, to := range []int{from - 1, from, from + 1, from + 70, n - 1, n, n + 9} {
			part := want[max(0, min(from, n)):max(0, min(to, n), min(from, n))]
			if got := found.Part(from, to); !slices.Equal(got, part) {
				t.Fatalf("%s: from %d to %d of %d: %v, want %v", what, from, to, n, got, part)
			}
		}
		if 0 <= from && from < n && (found.At(from) != want[from] || found.Place(want[from]) != from) {
			t.Fatalf("%s: at %d of %d is %d, whose place is %d; want %d", what, from, n, found.At(from), found.Place(want[from]), want[from])
		}
	}
	if at := found.Place(1 << 40); at != -1 {
		t.Fatalf("%s: nobody stands at %d", what, at)
	}
}

// TestWhoWasFoundStaysInTheirOrder: people of equal names, of none, and whoever is
// renamed, goes and comes back, are in the order of now, and who was found before stays
// as they were.
func TestWhoWasFoundStaysInTheirOrder(t *testing.T) {
	for _, size := range []int{1, 2, 3, 70, 2*SegmentSize - 3} {
		r := rand.New(rand.NewPCG(uint64(size), 3))
		w := make(world)
		named := func(id people.ContactID) *people.Contact {
			return &people.Contact{ID: id, Name: pick(r, "Ana", "Ana", "Bia", "Zé", "", "Ana Prado"), Phone: people.Phone(fmt.Sprintf("+55119%08d", r.IntN(1e8)))}
		}
		for id := range people.ContactID(size) {
			w[id+1] = named(id + 1)
		}
		x := build(t, w, 1)
		change := func() {
			var changes []Change
			for id := range people.ContactID(size + 5) { // also those who come, for whom there may be no room yet
				switch id++; {
				case r.IntN(3) > 0:
					continue
				case w[id] != nil && r.IntN(3) == 0:
					delete(w, id)
				default:
					w[id] = named(id)
				}
				changes = append(changes, Change{id, w[id], w.key(id)})
			}
			if err := x.Apply(changes, w.key); err != nil {
				t.Fatal(err)
			}
		}
		all := func() []people.ContactID {
			return slices.SortedFunc(maps.Keys(w), func(a, b people.ContactID) int { return bytes.Compare(w.key(a), w.key(b)) })
		}
		for step := range 6 {
			var some people.Set
			want := all()
			if step%2 == 1 { // some of them
				want = slices.DeleteFunc(want, func(people.ContactID) bool { return r.IntN(2) == 0 })
			}
			for _, id := range want {
				some.Add(id)
			}
			before := x.Ordered(some, w.key)
			holds(t, fmt.Sprintf("of %d, step %d", size, step), before, want)
			change()
			if step == 3 { // the late ones get their places, and there are others before anybody looks
				x.AppendTo(nil, w.key)
				change()
			}
			holds(t, fmt.Sprintf("of %d, after the changes of step %d", size, step), before, want)
		}
		if holds(t, "nobody", x.Ordered(nil, w.key), nil); size == 1 {
			holds(t, "nobody of nobody", New().Ordered(nil, nil), nil)
		}
	}
}

// TestManyAreListedInTheirOrder, and nobody who has no place in it.
func TestManyAreListedInTheirOrder(t *testing.T) {
	const all = 5 * SegmentSize
	x := New()
	if err := x.Room(all); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	base := make([]uint32, all)
	for at, id := range r.Perm(all) {
		base[at] = uint32(id)
	}
	lost := base[all-9:] // the order of a damaged book
	base = base[:all-9]
	x.SetOrder(base)
	for _, share := range []int{1, 2, 9, 100} {
		var some people.Set
		var want []people.ContactID
		for _, id := range lost {
			some.Add(people.ContactID(id))
		}
		for _, id := range base {
			if r.IntN(share) == 0 {
				some.Add(people.ContactID(id))
				want = append(want, people.ContactID(id))
			}
		}
		holds(t, fmt.Sprintf("of each %d one", share), x.Ordered(some, nil), want)
	}
}
