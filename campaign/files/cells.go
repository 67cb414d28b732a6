package files

import (
	"cmp"
	"slices"
	"strings"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// read makes a draft of cells.
func (l *layout) read(r *reader, row record, d *draft) *reason.Reason {
	cells := row.cells
	if len(cells) > len(l.columns) {
		if !blank(cells[len(l.columns):]) {
			return reason.Fault(reason.RowCells, len(cells), len(l.columns))
		}
		cells = cells[:len(l.columns)]
	}
	tidy := make([]string, len(cells))
	for i, c := range cells {
		tidy[i] = r.clean(c, row.line)
	}
	if !l.quiet {
		l.show(tidy)
	}
	cell := func(i int) string {
		if i < 0 || i >= len(tidy) {
			return ""
		}
		return tidy[i]
	}
	of := func(pairs map[int]int, i int) string {
		at, ok := pairs[i]
		if !ok {
			return ""
		}
		return cell(at)
	}
	for _, i := range l.phones {
		if cell(i) == "" {
			continue
		}
		text, where, kind := cell(i), r.options.Where, l.columns[i].kind
		if area := strings.TrimLeft(digitsOf(strings.TrimSuffix(of(l.area, i), ".0")), "0"); area != "" {
			where.Area = area
		}
		if region := nation(of(l.country, i)); region != "" && !strings.Contains(text, "+") {
			there := people.Where{Country: region}
			if area := strings.TrimLeft(digitsOf(of(l.area, i)), "0"); area != "" || region == cmp.Or(where.Country, "BR") {
				there.Area = where.Area
			}
			if _, why := there.Phones(text); why == nil {
				where = there
			}
		} else if at, ok := l.country[i]; ok && l.columns[at].rank == isNation {
			// A number that is none of a phone's.
		} else if code := digitsOf(strings.TrimSuffix(of(l.country, i), ".0")); code != "" && code != "55" && len(code) <= 3 && !strings.Contains(text, "+") {
			area := ""
			if len(digitsOf(text)) <= 9 {
				area = digitsOf(of(l.area, i))
			}
			text = "+" + strings.TrimLeft(code, "0") + " " + area + text
		}
		d.phone(where, text, l.columns[i].Field, labelled(of(l.label, i), kind))
	}
	if d.Name = l.fullName(cell); lostLetters(d.Name) {
		r.note(row.line, reason.NoteLetters)
	}
	if d.Name == "" && l.lines && len(d.phones) > 0 {
		d.Name = lineName(cell(0))
		l.told = l.told || d.Name != ""
	}
	var why *reason.Reason
	for _, i := range l.tags {
		if d.Tags, why = splitTags(cell(i), d.Tags); why != nil {
			return why
		}
	}
	for i := range l.columns {
		if l.columns[i].Role == ListsRole { // written as tags are
			if d.Lists, why = splitTags(cell(i), d.Lists); why != nil {
				return why
			}
		}
	}
	for i := range l.columns {
		c, value := &l.columns[i], cell(i)
		if value == "" {
			continue
		}
		switch c.Role {
		case PhoneRole, NameRole, TagsRole, ListsRole, IgnoredRole:
			continue
		case LeftRole, UnsureRole, AskedRole, AgreesRole, StatusRole, FieldRole:
			d.wish(c, value)
		}
		d.field(c.Field, value)
	}
	return nil
}

// show notes for the report what is in the columns.
func (l *layout) show(tidy []string) {
	for i := range l.columns {
		c, cell := &l.columns[i], ""
		if i < len(tidy) {
			cell = tidy[i]
		}
		if cell != "" {
			c.Filled++
		}
		if len(c.First) < FirstRows {
			c.First = append(c.First, reason.Clip(cell))
		}
	}
}

// labelled is what the label of a phone says that it is.
func labelled(label string, kind int) int {
	if label == "" {
		return kind
	}
	switch t := newTitle(label); {
	case t.any(faxWords):
		return isFax
	case t.any(whatsAppWords):
		return isWhatsApp
	case t.any(mobileWords), t.any(words("iphone")):
		return isMobile
	case t.any(landlineWords):
		return isLandline
	}
	return kind
}

// wish notes what a column says of who does not want to be written to.
func (d *draft) wish(c *Column, value string) {
	leaves := saysLeft(value)
	plain := c.Role == StatusRole || c.Role == FieldRole
	ended := c.Role == StatusRole && !leaves && (c.title.any(about) && stopped()[people.Fold(value)] || saysEnded(value) && !c.title.any(dealings))
	if plain && !leaves && !ended { // nearly all
		return
	}
	said := c.Title + ": " + reason.Clip(value)
	if sign, _ := marked(value); leaves && (sign == unticked || sign == several) {
		d.Doubt = said // nobody has ticked it, or another box as well
		return
	}
	if plain {
		// Words that mean nothing else, whatever the column is called, or in
		// a column of who gets messages.
		if ended && !(saysEnded(value) && (c.title.whatsApp() || c.title.any(messageWords))) || c.title.any(mailWords) {
			d.Doubt = said
		} else {
			d.Left = said
		}
		return
	}
	if c.Role == AskedRole || c.Role == AgreesRole {
		switch {
		case leaves, c.Role == AskedRole && declines(value):
			d.Left = said
		case agreement(value) != yes:
			d.Doubt = said
		}
		return
	}
	switch answer := refusal(value); {
	case c.Role == LeftRole && (answer == yes || leaves):
		d.Left = said
	case answer == no && running()[people.Fold(value)] && c.title.holds("dnd", "disturb", "perturb", "molest", "blacklist", "blocklist", "listanegra", "bloque"):
		d.Doubt = said
	case answer != no, c.Role == UnsureRole && !c.said && c.title.eitherWay():
		d.Doubt = said
	}
}

// fullName joins the parts of a name that are in columns of their own.
func (l *layout) fullName(cell func(int) string) string {
	name, last, middle := fullName(cell(l.name)), fullName(cell(l.last)), fullName(cell(l.middle))
	if second := fullName(cell(l.second)); second != "" && last != "" && !strings.HasSuffix(people.Fold(last), people.Fold(second)) {
		last += " " + second
	} else if last == "" {
		last = second
	}
	if name == "" {
		name = fullName(cell(l.first))
	} else if last == "" || strings.Contains(people.Fold(name), people.Fold(middle)) {
		middle = "" // it is the whole name
	}
	if last != "" && strings.HasSuffix(people.Fold(name), people.Fold(last)) {
		last, middle = "", ""
	}
	for _, part := range [...]string{middle, last} {
		if name == "" {
			name = part
		} else if part != "" {
			name += " " + part
		}
	}
	if name != "" {
		return name
	}
	for _, i := range l.spare {
		if name = fullName(cell(i)); name != "" {
			break
		}
	}
	return name
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func blank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" })
}
