package index

import (
	"slices"

	"recado/campaign/people"
)

// text finds in whose name, or also email, a text is.
func (s *search) text(p people.Pattern, nameOnly bool, within people.Set) people.Set {
	if p.Text == "" {
		if p.Whole && !(p.Begin && p.End) { // it is in everything
			return s.state(stateThere)
		}
		set := s.set()
		if p.Whole {
			s.x.each(func(at int, seg *segment) {
				nameless := words(set, at)
				seg.lines.each(seg.states[stateThere][:], func(local uint16, begin, end int) {
					if len(nameOf(seg.lines.text[begin:end])) == 0 {
						nameless[local/64] |= 1 << (local % 64)
					}
				})
			})
		}
		return set
	}
	q := textQuery{p, nameOnly}
	if set, ok := s.x.recent.get(q); ok {
		return slices.Clone(set)
	}
	has, few := s.wordsTold(q)
	for _, other := range []people.Set{s.x.recent.wider(q), within} {
		switch {
		case other == nil:
		case few == nil:
			few = slices.Clone(other)
		default:
			and(few, other)
		}
	}
	set := has // and whoever else has it
	if set == nil {
		set = s.set()
	}
	switch {
	case few != nil && few.Size() <= len(set)*64/narrowed:
		s.among(q, few, set)
		if within != nil { // who else has it has not been asked
			return set
		}
	case !nameOnly && !asItStands(p.Text):
		if few == nil {
			few = s.state(stateThere)
		}
		s.among(q, few, set)
		if within != nil {
			return set
		}
	default:
		f := newFinder(p.Text)
		s.x.each(func(at int, seg *segment) {
			if seg.lines.may(p.Text) {
				seg.lines.find(f, q, words(set, at))
			}
		})
	}
	s.x.recent.put(q, set)
	return slices.Clone(set)
}

// narrowed is the part of all people that may match beneath which their lines are
// looked at one by one.
const narrowed = 4

// words is who has a text, as far as words can tell, and who else may have it: nil
// if that is anybody. Both are the caller's, and has is nil if it is nobody.
func (s *search) words(q textQuery) (has, few people.Set) {
	want := wantedOf(q)
	if len(want.words) == 0 {
		return nil, nil
	}
	few = s.set()
	if want.sure { // it is one word
		has = s.set()
	}
	s.x.each(func(at int, seg *segment) {
		to := words(few, at)
		if want.sure {
			want.words[0].find(&seg.words, words(has, at), to)
			for i, word := range words(has, at) {
				to[i] &^= word
			}
			return
		}
		want.words[0].find(&seg.words, to, to)
		for _, o := range want.words[1:] {
			var more bitmap
			o.find(&seg.words, more[:], more[:])
			for i, word := range more {
				to[i] &= word
			}
		}
	})
	return has, few
}

// told is what words has said of a text that is asked for again.
type told struct {
	q        textQuery
	has, few people.Set
}

// wordsTold is words, which may have been asked before.
func (s *search) wordsTold(q textQuery) (has, few people.Set) {
	if i := slices.IndexFunc(s.told, func(t told) bool { return t.q == q }); i >= 0 {
		has, few = s.told[i].has, s.told[i].few
		s.told = slices.Delete(s.told, i, i+1)
		return has, few
	}
	return s.words(q)
}

// among is text among few.
func (s *search) among(q textQuery, few, to people.Set) {
	s.x.each(func(at int, seg *segment) {
		found := words(to, at)
		seg.lines.each(words(few, at), func(local uint16, begin, end int) {
			if q.in(seg.lines.text[begin:end]) {
				found[local/64] |= 1 << (local % 64)
			}
		})
	})
}

// textQuery is a text that is looked for.
type textQuery struct {
	people.Pattern
	nameOnly bool
}

// in reports whether a line has the text.
func (q textQuery) in(line []byte) bool {
	name := nameOf(line)
	if q.InFolded(name) {
		return true
	}
	if q.nameOnly || len(name) == len(line) {
		return false
	}
	var buf [160]byte
	return q.InFolded(unpack(buf[:0], line)[len(name)+1:])
}

// find adds to a set whose lines have the text.
func (l *lines) find(f *finder, q textQuery, to []uint64) {
	local, begin := 0, 0
	for at := 0; at < len(l.text); {
		if at = f.next(l.text, at); at < 0 {
			return
		}
		local, begin = l.locate(at, local, begin)
		end := begin + l.size(l.sizes[local], begin)
		if !q.Whole && !q.nameOnly && q.At(l.text, at) || q.in(l.text[begin:end-1]) {
			to[local/64] |= 1 << (local % 64)
		}
		at = end
	}
}

// recent are the texts that were looked for last, and who has them. Whoever types
// asks for one after the other.
type recent struct {
	queries [8]textQuery
	sets    [8]people.Set
	next    int
}

func (r *recent) get(q textQuery) (people.Set, bool) {
	if i := slices.Index(r.queries[:], q); i >= 0 && r.sets[i] != nil {
		return r.sets[i], true
	}
	return nil, false
}

func (r *recent) put(q textQuery, set people.Set) {
	r.queries[r.next], r.sets[r.next] = q, set
	r.next = (r.next + 1) % len(r.sets)
}

// wider is the smallest of those that hold all who have the text; nil: there is none.
func (r *recent) wider(q textQuery) (best people.Set) {
	if q.Whole {
		return nil
	}
	for i, old := range r.queries {
		fits := r.sets[i] != nil && !old.Whole && !old.End && old.nameOnly == q.nameOnly && old.Begin == q.Begin &&
			len(old.Text) <= len(q.Text) && old.Text == q.Text[:len(old.Text)]
		if fits && (best == nil || r.sets[i].Size() < best.Size()) {
			best = r.sets[i]
		}
	}
	return best
}
