package people

import (
	"slices"
	"testing"
)

func TestASetHoldsWhoWasPutIn(t *testing.T) {
	var s, o Set
	for _, id := range []ContactID{1, 63, 64, 4000, 64} {
		s.Add(id)
	}
	for _, id := range []ContactID{0, 2, 63, 9000} {
		o.Add(id)
	}
	s.Remove(64)
	s.Remove(5)
	s.Remove(1 << 40)
	if got, want := slices.Collect(s.All()), []ContactID{1, 63, 4000}; !slices.Equal(got, want) || s.Size() != len(want) {
		t.Errorf("%v (%d), want %v", got, s.Size(), want)
	}
	for id, want := range map[ContactID]bool{0: false, 1: true, 63: true, 64: false, 4000: true, 4001: false, 1 << 40: false} {
		if s.Has(id) != want {
			t.Errorf("has %d: %v", id, !want)
		}
	}
	all := []ContactID{0, 1, 2, 63, 4000, 9000}
	for _, both := range []Set{s.Union(o), o.Union(s)} {
		if got := slices.Collect(both.All()); !slices.Equal(got, all) {
			t.Errorf("either: %v, want %v", got, all)
		}
	}
	if s.Size() != 3 || o.Size() != 4 {
		t.Error("a union changed what it was made of")
	}
	for id := range s.All() { // may be left early
		if id != 1 {
			t.Errorf("went on to %d", id)
		}
		break
	}
}
