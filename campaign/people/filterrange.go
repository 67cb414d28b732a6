package people

import "strings"

// between is a term, or both of the two that a range asks for: "18..59", "18 a 59",
// "entre 18 e 59", with numbers, days or ages.
func (p *filterParser) between(q query, term func(query) (Term, error)) (Term, error) {
	if q.op.compares() {
		return term(q)
	}
	before, named := p.at, p.named
	low, high, ok := strings.Cut(q.value, "..")
	highAt := q.at + len(low) + len("..")
	if strings.HasPrefix(high, ".") {
		ok, low = true, "" // an ellipsis
	}
	if after := *p; !ok {
		word := func() string {
			after.spaces()
			w := after.bare()
			after.at += len(w)
			return w
		}
		low = q.value
		joins := untilWords
		if betweenWords[Fold(low)] {
			low, joins = word(), betweenAndWords
		}
		if !joins[Fold(word())] {
			return term(q)
		}
		high = word()
		highAt = after.at - len(high)
		if ok = isAmount(low) && isAmount(high); ok {
			p.at = after.at
		}
	}
	if !ok || !isAmount(low) || !isAmount(high) {
		return term(q)
	}
	from, err := term(query{low, OpAtLeast, q.at})
	if err == nil {
		var to Term
		to, err = term(query{high, OpAtMost, highAt})
		return All{from, to}, err
	}
	p.at, p.named = before, named
	return term(q) // of what cannot be compared it is a text
}

// The words of a range.
var (
	betweenWords    = map[string]bool{"entre": true, "between": true}
	untilWords      = map[string]bool{"a": true, "ate": true, "to": true, "hasta": true}
	betweenAndWords = map[string]bool{"e": true, "and": true, "y": true, "a": true, "ate": true, "to": true, "hasta": true}
)

// isAmount reports whether a text can be compared: a number, a day or an age.
func isAmount(s string) bool {
	if s == "" {
		return false
	}
	_, isNumber := parseNumber(s)
	_, isDay := parseDate(s)
	_, isAge := parseAge(s)
	return isNumber || isDay || isAge
}
