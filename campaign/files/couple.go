package files

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// Some tables have two people in each row, neither of whom stands before the other:
//
//	Noiva;Celular da noiva;Noivo;Celular do noivo;Local
//
// Each of them is a person, with what the titles say is theirs and what they say
// is nobody's. What is the other's is a field.

// bothSides is half if a row is of one person.
const bothSides = -1

// sides are the words of those two, folded.
var sides = [2]func() map[string]bool{
	words("noiva noivas novia bride esposa mulher mujer wife"),
	words("noivo novio groom bridegroom esposo marido husband"),
}

// side is of which of the two a column is; -1 if of neither, or both.
func (t title) side() int {
	first, second := t.any(sides[0]), t.any(sides[1])
	switch {
	case first && !second:
		return 0
	case second && !first:
		return 1
	}
	return -1
}

// isSide reports whether the title says which of the two it is, and nothing else: it
// is that of a name.
func (t title) isSide() bool {
	return t.side() >= 0 && !slices.ContainsFunc(t.words, func(w string) bool { return !sides[0]()[w] && !sides[1]()[w] && !fillers()[w] })
}

// couple is how each of the two in a row is read; nil if the rows are of one person.
// It is so only if both have a name and a phone, and nobody else has, and nobody says
// otherwise.
func (r *reader) couple(l *layout, titles []string, rows []record) []layout {
	var names, phones [2]bool
	for _, c := range l.columns {
		t := c.title
		g, at := t.guesses(), t.side()
		if c.said {
			if at >= 0 {
				return nil
			}
			g = []guess{{c.Role, 0}}
		}
		has := func(roles ...Role) bool {
			return slices.ContainsFunc(g, func(g guess) bool { return slices.Contains(roles, g.role) && g.rank != isFax })
		}
		switch phone, name := has(PhoneRole), t.isSide() || has(NameRole, FirstRole); {
		case at < 0 && (phone || name) && !t.any(strangers):
			return nil
		case at >= 0:
			phones[at], names[at] = phones[at] || phone, names[at] || name && !phone
		}
	}
	if all := [2]bool{true, true}; names != all || phones != all {
		return nil
	}
	two := make([]layout, 2)
	defer func() { r.half = bothSides }()
	for i := range two {
		r.half = i
		var err error
		if two[i], err = r.newLayout(titles, rows); err != nil {
			return nil
		}
		two[i].quiet = true
	}
	return two
}

// join says of each column what it is for whom it is of.
func (l *layout) join() {
	for i := range l.columns {
		at := max(l.columns[i].title.side(), 0)
		l.columns[i] = l.two[at].columns[i]
	}
}

// both reads the two people of a row; done is whether one has a phone.
func (r *reader) both(l *layout, row record) (done bool, err error) {
	var drafts [2]draft
	var whys [2]*reason.Reason
	muted := r.muted
	for i := range drafts {
		drafts[i].Row = people.Row{Line: row.line}
		whys[i] = l.two[i].read(r, row, &drafts[i])
		r.muted = true // of a cell it is said once
	}
	r.muted = muted
	if !slices.ContainsFunc(drafts[:], func(d draft) bool { return len(d.phones) > 0 }) {
		return false, nil
	}
	tidy := make([]string, len(row.cells))
	for i, cell := range row.cells {
		tidy[i] = r.sampled(cell)
	}
	l.show(tidy)
	bride, groom := &drafts[0], &drafts[1]
	if slices.ContainsFunc(groom.phones, func(c candidate) bool { return bride.has(c.phone) }) { // what one says of it counts for both
		bride.Left, bride.Doubt = cmp.Or(bride.Left, groom.Left), cmp.Or(bride.Doubt, groom.Doubt)
		groom.phones = slices.DeleteFunc(groom.phones, func(c candidate) bool { return bride.has(c.phone) })
	}
	for i := range drafts {
		d := &drafts[i]
		if len(d.phones) == 0 && d.why != nil && whys[i] == nil && l.two[i].dialled(row) { // the other one is imported
			if err := r.bad(row, *d.why); err != nil {
				return true, err
			}
		}
		if len(d.phones) == 0 {
			continue
		}
		if err := r.put(d, row, whys[i]); err != nil {
			return true, err
		}
		if whys[i] != nil {
			break // what is wrong with the row is so of both
		}
	}
	return true, nil
}

func (d *draft) has(phone people.Phone) bool {
	return slices.ContainsFunc(d.phones, func(c candidate) bool { return c.phone.Same(phone) })
}

// dialled reports whether there are figures where a row has phones.
func (l *layout) dialled(row record) bool {
	return slices.ContainsFunc(l.phones, func(at int) bool {
		return at < len(row.cells) && strings.ContainsFunc(row.cells[at], unicode.IsDigit)
	})
}
