package campaign

import (
	"slices"
	"time"
)

// Hour is a line of a rehearsal: what a number sends of a campaign in an hour of
// the clock. From an hour in which nothing of it leaves, it goes on until
// something does.
type Hour struct {
	From, To time.Time // To is excluded; zero: nothing more leaves before somebody does something
	Number   NumberID
	Count    int
	Binds    Hold // what held longest in it; empty: nothing did
}

// rehearsal writes down a walk hour by hour.
type rehearsal struct {
	number NumberID
	rows   []heldHour
}

// maxHours is how many rows a number has at the most.
const maxHours = maxDays * 24

// heldHour is an hour with all that held in it.
type heldHour struct {
	Hour
	held holds
}

// at is the row of the hour that a moment lies in; nil if there are too many.
func (r *rehearsal) at(t time.Time) *heldHour {
	if n := len(r.rows); n > 0 && t.Before(r.rows[n-1].To) {
		return &r.rows[n-1]
	}
	return r.add(hourOf(t))
}

// add begins a row.
func (r *rehearsal) add(from, to time.Time) *heldHour {
	if len(r.rows) == maxHours {
		return nil
	}
	r.rows = append(r.rows, heldHour{Hour{From: from, To: to, Number: r.number}, make(holds)})
	return &r.rows[len(r.rows)-1]
}

func (r *rehearsal) sent(t time.Time) {
	if row := r.at(t); row != nil {
		row.Count++
	}
}

// hold writes down that something held from one moment to another. Whole hours
// of it are one row.
func (r *rehearsal) hold(why Hold, from, to time.Time) {
	part := func(row *heldHour, to time.Time) (end time.Time) {
		if row == nil {
			return to
		}
		if end = row.To; to.Before(end) {
			end = to
		}
		row.held.add(why, end.Sub(from))
		return end
	}
	if from = part(r.at(from), to); !from.Before(to) {
		return
	}
	if last, _ := hourOf(to); from.Before(last) {
		from = part(r.add(from, last), to)
	}
	if from.Before(to) {
		part(r.at(from), to)
	}
}

// ends writes down that nothing more leaves from then on.
func (r *rehearsal) ends(why Hold, from time.Time) {
	if n := len(r.rows); n > 0 && from.Before(r.rows[n-1].To) {
		from = r.rows[n-1].To
	}
	if row := r.add(from, time.Time{}); row != nil {
		row.held.add(why, forever)
	}
}

// hours are the rows; those that follow one another and in which nothing leaves
// are one.
func (r *rehearsal) hours() (hours []Hour) {
	for i := 0; i < len(r.rows); {
		row, next := r.rows[i], i+1
		for ; row.Count == 0 && next < len(r.rows) && r.rows[next].Count == 0 && r.rows[next].From.Equal(row.To); next++ {
			row.To = r.rows[next].To
			for why, d := range r.rows[next].held {
				row.held.add(why, d)
			}
		}
		row.Binds = row.held.longest()
		hours, i = append(hours, row.Hour), next
	}
	return hours
}

// Rehearsed reports whether the hours go on until all has left that is not stuck.
func (f *Forecast) Rehearsed() bool {
	n := 0
	for _, h := range f.Hours {
		n += h.Count
	}
	return n == f.Left-f.Stuck
}

// together sorts the hours of several numbers by their beginning, those that
// begin together in the order of the numbers.
func together(hours []Hour) {
	slices.SortStableFunc(hours, func(a, b Hour) int { return a.From.Compare(b.From) })
}

// hourOf is the hour that the clocks of t's zone show at t. It is shorter where
// they are changed in it.
func hourOf(t time.Time) (from, to time.Time) {
	from = t.Add(-(sinceMidnight(t) % time.Hour))
	to = from.Add(time.Hour)
	before, after := t.ZoneBounds()
	if before.After(from) {
		from = before
	}
	if !after.IsZero() && after.Before(to) {
		to = after
	}
	return from, to
}
