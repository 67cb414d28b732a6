package people

import "slices"

// How patterns are tried on a text that has been read, see optoutread.go. Each
// place is tried once for each step of a pattern.

// finder tries patterns on one text.
type finder struct {
	tokens []token
	soft   wordSet
	offers wordSet  // of all tokens
	failed []uint32 // the steps, as bits, from which no way goes on, by place
	apart  bool     // what has been taken is a clause of its own
}

func (g *grammar) finder(t []token) finder {
	f := finder{tokens: t, soft: g.soft, failed: make([]uint32, len(t)+1)}
	for _, t := range t {
		if t.edge != noEdge && t.id == isEdge {
			continue
		}
		for i, bits := range g.offers[t.id] {
			if i >= len(f.offers) {
				f.offers = append(f.offers, 0)
			}
			f.offers[i] |= bits
		}
	}
	return f
}

// find finds the first place from which on a pattern matches. Start and end are
// of the words that it takes.
func (f *finder) find(r *rule, from int) (start, end int, ok bool) {
	if !f.may(r) {
		return 0, 0, false
	}
	clear(f.failed)
	for start = from; start < len(f.tokens); start++ {
		if f.tokens[start].edge != noEdge || f.tokens[start].taken {
			continue
		}
		if end, ok = f.match(r.steps, 0, start); ok && end > start {
			if !f.has(r.without, start, end) {
				return start, end, true
			}
			_, start = f.sentence(start, end) // nor further on in it
		}
	}
	return 0, 0, false
}

// may reports whether for each word that the pattern needs one is there.
func (f *finder) may(r *rule) bool {
	for _, n := range r.needs {
		if !f.offers.has(n) {
			return false
		}
	}
	return true
}

func (f *finder) match(steps []step, i, at int) (end int, ok bool) {
	if i == len(steps) {
		return at, true
	}
	if f.failed[at]&(1<<i) != 0 {
		return 0, false
	}
	if end, ok = f.step(steps, i, at); !ok {
		f.failed[at] |= 1 << i
	}
	return end, ok
}

func (f *finder) step(steps []step, i, at int) (end int, ok bool) {
	s := &steps[i]
	switch s.is {
	case begins:
		if f.before(at) < s.edge {
			return 0, false
		}
		return f.match(steps, i+1, at)
	case ends:
		if f.after(at) < s.edge || s.asking && (at == len(f.tokens) || f.tokens[at].word != "?") {
			return 0, false
		}
		return f.match(steps, i+1, at)
	case softGap, anyGap, wideGap:
		for n := 0; ; n++ {
			if end, ok = f.match(steps, i+1, at+n); ok {
				return end, true
			}
			if n == s.most || at+n == len(f.tokens) {
				return 0, false
			}
			t := &f.tokens[at+n]
			switch {
			case t.edge == clauseEdge && s.is == wideGap:
			case t.edge != noEdge || t.taken || s.is == softGap && !f.soft.has(t.id):
				return 0, false
			}
		}
	}
	if at < len(f.tokens) && !f.tokens[at].taken && s.takes(&f.tokens[at]) {
		next := i + 1
		if s.often {
			next = i
		}
		if end, ok = f.match(steps, next, at+1); ok {
			return end, true
		}
	}
	if s.perhaps || s.often || s.orEnd && f.after(at) >= clauseEdge {
		return f.match(steps, i+1, at)
	}
	return 0, false
}

// takes reports whether a word is one of those of a step.
func (s *step) takes(t *token) bool {
	if s.but {
		return t.edge == noEdge && !s.words.has(t.id)
	}
	return s.words.has(t.id)
}

// before says what begins at a place, after what ends there.
func (f *finder) before(at int) edge {
	if at == 0 {
		return textEdge
	}
	return f.edge(at - 1)
}

func (f *finder) after(at int) edge {
	if at == len(f.tokens) || at == len(f.tokens)-1 && f.tokens[at].edge != noEdge {
		return textEdge
	}
	return f.edge(at)
}

func (f *finder) edge(at int) edge {
	if f.apart && f.tokens[at].taken {
		return clauseEdge
	}
	return f.tokens[at].edge
}

// take marks words as seen.
func (f *finder) take(start, end int) {
	for i := start; i < end; i++ {
		if f.tokens[i].edge == noEdge {
			f.tokens[i].taken = true
		}
	}
}

// sentence widens a place to its sentence.
func (f *finder) sentence(start, end int) (int, int) {
	for start > 0 && f.tokens[start-1].edge < sentenceEdge {
		start--
	}
	for end < len(f.tokens) && f.tokens[end].edge < sentenceEdge {
		end++
	}
	return start, end
}

// has reports whether a word of the set stands in the sentence of a place.
func (f *finder) has(words wordSet, start, end int) bool {
	if len(words) == 0 {
		return false
	}
	start, end = f.sentence(start, end)
	return slices.ContainsFunc(f.tokens[start:end], func(t token) bool { return t.edge == noEdge && words.has(t.id) })
}

// matches reports whether a pattern of that kind, which is none of a wish, matches
// anywhere.
func (g *grammar) matches(f *finder, k kind) bool {
	for i := range g.answers[k] {
		if _, _, ok := f.find(&g.answers[k][i], 0); ok {
			return true
		}
	}
	return false
}
