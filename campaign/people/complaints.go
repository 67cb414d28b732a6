package people

import (
	"slices"

	"recado/campaign/reason"
)

// RowError is a row of a file that cannot be used.
type RowError struct {
	Line   int // of the file, from 1, where the row begins
	Reason reason.Reason
}

// ComplaintsShown is how many bad rows are kept one by one; of more there is a
// count by reason, so that a file of bad rows neither fills the memory nor
// scrolls everything else away.
const ComplaintsShown = 20

// Complaints are the bad rows of a file, summed up.
type Complaints struct {
	Total int
	First []RowError      // the first ComplaintsShown, in order
	Rest  []ComplaintKind // what came after those, the most frequent first
	Kinds []ComplaintKind // all of them, the most frequent first
}

// ComplaintKind is how many rows were bad for one reason.
type ComplaintKind struct {
	Count   int
	Example RowError // the first of them
}

// Add counts one more.
func (c *Complaints) Add(bad RowError) {
	c.Total++
	count(&c.Kinds, bad)
	if len(c.First) < ComplaintsShown {
		c.First = append(c.First, bad)
		return
	}
	count(&c.Rest, bad)
}

// count adds bad to its kind and keeps the order. There are few kinds.
func count(kinds *[]ComplaintKind, bad RowError) {
	kind := bad.Reason.Kind()
	at := slices.IndexFunc(*kinds, func(k ComplaintKind) bool { return k.Example.Reason.Kind() == kind })
	if at < 0 {
		at = len(*kinds)
		*kinds = append(*kinds, ComplaintKind{Example: bad})
	}
	all := *kinds
	all[at].Count++
	for ; at > 0 && all[at].Count > all[at-1].Count; at-- {
		all[at], all[at-1] = all[at-1], all[at]
	}
}
