package index

import (
	"slices"
	"time"

	"recado/campaign/people"
)

// Answer is whom a filter matches, as far as the index can tell: all of Sure do,
// and nobody who is not of May. Who is of May alone has to be read.
type Answer struct{ Sure, May people.Set }

// Open is whom the index cannot tell of.
func (a Answer) Open() people.Set {
	open := slices.Clone(a.May)
	for i := range min(len(open), len(a.Sure)) {
		open[i] &^= a.Sure[i]
	}
	return open
}

// Exact reports whether the index can tell of everybody.
func (a Answer) Exact() bool { return len(a.May) == 0 || &a.Sure[0] == &a.May[0] }

func exactly(s people.Set) Answer { return Answer{s, s} }

// Env is what a search needs to know beside the people.
type Env struct {
	Now        time.Time
	NumberName func(people.NumberID) string
	List       func(people.ListTerm) people.Set
	// Reached is to whom the campaign of a term has sent; who else is not meant.
	Reached func(people.ReachedTerm) people.Set
}

// Search finds whom a filter matches.
func (x *Index) Search(root people.Term, env Env) Answer {
	s := search{x: x, env: env}
	if root == nil {
		return exactly(s.state(stateThere))
	}
	return s.term(root, nil)
}

type search struct {
	x    *Index
	env  Env
	told []told
}

func (s *search) set() people.Set { return make(people.Set, len(s.x.segments)*SegmentSize/64) }

// words is the part of a set for a segment.
func words(set people.Set, at int) []uint64 {
	const n = SegmentSize / 64
	return set[at*n : at*n+n : at*n+n]
}

// fit makes a set as long as ours.
func (s *search) fit(set people.Set) people.Set {
	ours := s.set()
	copy(ours, set)
	return ours
}

func (s *search) state(which int) people.Set {
	set := s.set()
	for at, seg := range s.x.segments {
		if seg != nil {
			copy(words(set, at), seg.states[which][:])
		}
	}
	return set
}

func and(a, b people.Set) people.Set {
	for i := range a {
		a[i] &= b[i]
	}
	return a
}

func or(a, b people.Set) people.Set {
	for i := range b {
		a[i] |= b[i]
	}
	return a
}

// without is everybody but those in a set.
func (s *search) without(a people.Set) people.Set {
	all := s.state(stateThere)
	for i := range all {
		all[i] &^= a[i]
	}
	return all
}

// both applies op to two answers.
func both(a, b Answer, op func(a, b people.Set) people.Set) Answer {
	if a.Exact() && b.Exact() {
		return exactly(op(a.May, b.May))
	}
	return Answer{op(slices.Clone(a.Sure), b.Sure), op(slices.Clone(a.May), b.May)}
}

// term finds whom a term matches. Nobody who is not in within is asked for; nil:
// everybody is. What it answers is the caller's.
func (s *search) term(t people.Term, within people.Set) Answer {
	switch t := t.(type) {
	case people.All:
		return s.all(t, within)
	case people.Any:
		answer := exactly(s.set())
		for _, part := range t {
			answer = both(answer, s.part(part, within), or)
		}
		return answer
	case people.Not:
		a := s.part(t.Term, within)
		if a.Exact() {
			return exactly(s.without(a.May))
		}
		return Answer{s.without(a.May), s.without(a.Sure)}
	case people.WordTerm:
		return s.word(t, within)
	case people.UsernameTerm:
		if t.Any {
			return exactly(s.state(stateUser))
		}
		return Answer{s.set(), s.state(stateUser)}
	case people.NameTerm:
		if t.Any {
			return exactly(s.state(stateNamed))
		}
		return exactly(s.text(t.Text, true, within))
	case people.PhoneTerm:
		return s.phone(t)
	case people.TagTerm:
		if t.Any {
			return exactly(s.state(stateTagged))
		}
		return s.texts(labelTag, t.Text, stateTagged)
	case people.LabelTerm:
		if t.Any {
			return exactly(s.state(stateLabel))
		}
		return Answer{s.set(), s.state(stateLabel)}
	case people.CameTerm:
		switch {
		case t.Any:
			return exactly(s.state(stateCame))
		case t.None:
			return exactly(s.without(s.state(stateCame)))
		}
		return Answer{s.set(), s.state(stateCame)}
	case people.ConsentTerm:
		switch {
		case t.Any:
			return exactly(s.state(stateAsked))
		case t.Answer && t.Given:
			return exactly(s.state(stateGiven))
		case t.Answer:
			return exactly(s.without(s.state(stateGiven)))
		}
		return s.texts(labelSource, t.Source, stateThere)
	case people.NumberTerm:
		if t.Any {
			return exactly(s.state(stateKnown))
		}
		return exactly(s.labelled(labelNumber, func(l label) bool {
			return s.env.NumberName != nil && t.Text.In(s.env.NumberName(people.NumberID(l.field)))
		}))
	case people.ListTerm:
		if s.env.List != nil {
			return exactly(and(s.fit(s.env.List(t)), s.state(stateThere)))
		}
	case people.OptOutTerm:
		switch {
		case t.Doubt:
			return exactly(s.state(stateDoubt))
		case t.Out:
			return exactly(s.state(stateOut))
		}
		return exactly(s.without(s.state(stateOut)))
	case people.PresenceTerm:
		switch t.Presence {
		case people.OnWhatsApp:
			return exactly(s.state(stateOn))
		case people.NotOnWhatsApp:
			return exactly(s.state(stateNotOn))
		case people.PresenceUnknown:
			return exactly(s.without(or(s.state(stateOn), s.state(stateNotOn))))
		}
	case people.ReachedTerm:
		if s.env.Reached != nil {
			return Answer{s.set(), and(s.fit(s.env.Reached(t)), s.state(stateThere))}
		}
	case people.WhenTerm:
		return s.when(t)
	case people.FieldTerm:
		return s.field(t)
	}
	return Answer{s.set(), s.state(stateThere)}
}

// part is term for a part of a filter; nil is everybody.
func (s *search) part(t people.Term, within people.Set) Answer {
	if t == nil {
		return exactly(s.state(stateThere))
	}
	return s.term(t, within)
}

// all finds whom all terms match: first those that cost least, so that texts are
// looked for among few.
func (s *search) all(terms people.All, within people.Set) Answer {
	cost := func(t people.Term) int {
		for {
			n, ok := t.(people.Not)
			if !ok {
				break
			}
			t = n.Term
		}
		switch t := t.(type) {
		case people.WordTerm:
			return 1000 - min(len(t.Text.Text), 500) // a long word is rare
		case people.NameTerm:
			return 1000 - min(len(t.Text.Text), 500)
		case people.All, people.Any:
			return 1001
		}
		return 0
	}
	sorted := slices.Clone(terms)
	slices.SortStableFunc(sorted, func(a, b people.Term) int { return cost(a) - cost(b) })
	for _, t := range terms {
		if few := s.mayMatch(t); few == nil {
			continue
		} else if within == nil {
			within = few
		} else {
			within = and(few, within)
		}
	}
	var answer Answer
	for i, t := range sorted {
		part := s.part(t, within)
		if i == 0 {
			answer = part
		} else {
			answer = both(answer, part, and)
		}
		within = answer.May
	}
	return answer
}

// mayMatch is who may match a word, as far as that costs little; nil is anybody.
func (s *search) mayMatch(t people.Term) people.Set {
	var q textQuery
	switch t := t.(type) {
	case people.NameTerm:
		q = textQuery{t.Text, true}
	case people.WordTerm:
		if t.Phone != nil || t.Username != t.Text || s.x.labels.tooMany[labelTag] {
			return nil
		}
		q = textQuery{t.Text, false}
	default:
		return nil
	}
	has, few := s.words(q)
	if few == nil {
		return nil
	}
	s.told = append(s.told, told{q, has, few})
	all := or(slices.Clone(few), has)
	if !q.nameOnly {
		s.addTexts(all, labelTag, q.Pattern, stateTagged)
	}
	return all
}

// word finds whose name, username, email, tags or phones have a word.
func (s *search) word(t people.WordTerm, within people.Set) Answer {
	answer := s.addTexts(s.text(t.Text, false, within), labelTag, t.Text, stateTagged)
	if t.Username != t.Text { // "@ana", which a line has without its sign
		answer = both(answer, Answer{s.set(), and(s.text(t.Username, false, within), s.state(stateUser))}, or)
	}
	if t.Phone != nil {
		answer = both(answer, s.phone(*t.Phone), or)
	}
	return answer
}

// texts finds whose labels of a kind have a text; if not all are known, they may
// be anybody's who is in a state.
func (s *search) texts(kind labelKind, text people.Pattern, state int) Answer {
	return s.addTexts(s.set(), kind, text, state)
}

// addTexts is texts for those and who is in a set.
func (s *search) addTexts(set people.Set, kind labelKind, text people.Pattern, state int) Answer {
	s.addLabelled(set, kind, func(l label) bool { return text.In(l.text) })
	if s.x.labels.tooMany[kind] {
		return Answer{set, or(s.state(state), set)}
	}
	return exactly(set)
}

// labelled finds who has one of the labels that are asked for.
func (s *search) labelled(kind labelKind, want func(label) bool) people.Set {
	return s.addLabelled(s.set(), kind, want)
}

// addLabelled adds them to a set.
func (s *search) addLabelled(set people.Set, kind labelKind, want func(label) bool) people.Set {
	matching := s.x.labels.matching(kind, want)
	if !slices.Contains(matching, true) {
		return set
	}
	s.x.each(func(at int, seg *segment) {
		to := words(set, at)
		seg.postings.each(func(code uint32, row []uint16) {
			if matching[code] {
				orRow(row, to)
			}
		})
	})
	return set
}

func (s *search) field(t people.FieldTerm) Answer {
	f := s.x.labels.byKey[t.Key]
	if f == nil {
		if s.x.labels.manyFields {
			return Answer{s.set(), s.state(stateThere)}
		}
		return exactly(s.set())
	}
	n := s.x.labels.all[f.code].field
	if f.wide || t.Any {
		has := s.labelled(labelField, func(l label) bool { return l.field == n })
		if t.Any {
			return exactly(has)
		}
		return Answer{s.set(), has}
	}
	return exactly(s.labelled(labelValue, func(l label) bool { return l.field == n && t.Has(l.text) }))
}

// HasField reports whether anybody has something in a field; not known if only
// the people can tell.
func (x *Index) HasField(key string) (has, known bool) {
	f := x.labels.byKey[key]
	if f == nil {
		return false, !x.labels.manyFields
	}
	for _, seg := range x.segments {
		if seg == nil {
			continue
		}
		if _, has := slices.BinarySearch(seg.postings.codes, f.code); has {
			return true, true
		}
	}
	return false, true
}

func (s *search) phone(t people.PhoneTerm) Answer {
	if len(t.Parts) == 0 {
		return exactly(s.state(statePhone))
	}
	found := s.set()
	s.x.each(func(at int, seg *segment) {
		to := words(found, at)
		for _, part := range t.Parts {
			seg.phones.find(part, to)
			if t.Former {
				seg.former.find(part, to)
			}
		}
	})
	if !slices.ContainsFunc(s.x.segments, func(seg *segment) bool { return seg != nil && seg.states[stateOdd] != bitmap{} }) {
		return exactly(found)
	}
	return Answer{found, or(s.state(stateOdd), found)}
}

// when finds when something was. Of who is near the limit, only the person
// themselves can tell: times are kept in seconds, and days have borders that are
// moved.
func (s *search) when(t people.WhenTerm) Answer {
	var from, until, near int64 = 0, 1 << 33, 1
	switch {
	case t.Never || t.Any:
	case t.OnDay:
		y, m, d := t.Day.Date()
		day := time.Date(y, m, d, 0, 0, 0, 0, s.env.Now.Location()).Unix()
		next := time.Date(y, m, d+1, 0, 0, 0, 0, s.env.Now.Location()).Unix()
		switch near = 3 * 60 * 60; t.Op {
		case people.OpLess:
			until = day
		case people.OpAtMost:
			until = next
		case people.OpMore:
			from = next
		case people.OpAtLeast:
			from = day
		default:
			from, until = day, next
		}
	case t.Older():
		until = s.env.Now.Add(-t.Age).Unix()
	default:
		from = s.env.Now.Add(-t.Age).Unix()
	}
	sure, may := s.set(), s.set()
	s.x.each(func(at int, seg *segment) {
		runs := &seg.times[t.What]
		there := &seg.states[stateThere]
		toSure, toMay := words(sure, at), words(may, at)
		begin, last := 0, uint32(timeNever)
		add := func(end int) {
			second := int64(last)
			var isSure, isMay bool
			switch {
			case last == timeNever:
				isSure = t.Never
			case t.Never:
			case t.Any:
				isSure = true
			case last == timeOdd:
				isMay = true
			default:
				isSure = second >= from+near && second < until-near
				isMay = second >= from-near && second < until+near
			}
			for local := begin; (isSure || isMay) && local < end; local++ {
				if isSure {
					toSure[local/64] |= 1 << (local % 64)
				}
				toMay[local/64] |= 1 << (local % 64)
			}
			begin = end
		}
		for i, when := range runs.when {
			add(int(runs.at[i]))
			last = when
		}
		add(SegmentSize)
		for i := range toSure {
			toSure[i] &= there[i]
			toMay[i] &= there[i]
		}
	})
	if slices.Equal(sure, may) {
		return exactly(may)
	}
	return Answer{sure, may}
}
