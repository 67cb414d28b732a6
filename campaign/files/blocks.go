package files

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"recado/campaign/people"
)

// Some texts have a person on several lines, each of them with its title:
//
//	Nome: Ana Luz
//	Telefone: (11) 98765-2451
//
// They are read as a table with those titles.

var blockLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[\s*_•·>-]*(\pL[\pL\pN ./()_-]{0,39}?)[\s*_]*:[\s*_]*(.*)$`)
})

// blockLines is how many lines are looked at to tell whether a text is such.
const blockLines = 400

// pairOf takes a line apart into its title and what it says.
func pairOf(text string) (key, value string, ok bool) {
	m := blockLine().FindStringSubmatch(strings.TrimRight(text, " \t\r\n"))
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// drawn reports whether a line is empty, or drawn between others.
func drawn(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) })
}

// blocks are the rows of a text that has people so; nil if it has not.
func (r *reader) blocks(lines *lineReader) *blockRows {
	b := &blockRows{lines: lines, at: make(map[string]int)}
	named, phones := false, false
	for i := range blockLines {
		l, err := lines.peek(i)
		if err != nil {
			break
		}
		if drawn(l.text) {
			continue
		}
		key, _, ok := pairOf(l.text[:min(len(l.text), 4<<10)])
		if !ok || l.fault != nil {
			return nil
		}
		folded := people.Fold(key)
		if _, seen := b.at[folded]; seen {
			continue
		}
		if len(b.titles) == maxColumns {
			return nil
		}
		b.at[folded] = len(b.titles)
		b.titles = append(b.titles, key)
		says := func(roles ...Role) bool {
			return slices.ContainsFunc(newTitle(key).guesses(), func(g guess) bool { return slices.Contains(roles, g.role) })
		}
		phone := says(PhoneRole)
		b.phone = append(b.phone, phone)
		phones, named = phones || phone, named || says(NameRole, FirstRole)
	}
	if !phones || !named || len(b.titles) < 2 {
		return nil
	}
	return b
}

type blockRows struct {
	lines  *lineReader
	titles []string
	at     map[string]int // the columns by their titles, folded
	phone  []bool
	begun  bool
}

func (b *blockRows) next() (record, error) {
	if !b.begun {
		b.begun = true
		first, _ := b.lines.peek(0)
		return record{cells: b.titles, line: first.number}, nil
	}
	row := blockRow{cells: make([]strings.Builder, len(b.titles))}
	last, called := -1, false
	for {
		l, err := b.lines.peek(0)
		if err == io.EOF && last >= 0 {
			return row.record(), nil
		} else if err != nil {
			return record{}, err
		}
		if drawn(l.text) && l.fault == nil {
			b.lines.next()
			if called { // else it is a line between a name and its phone
				return row.record(), nil
			}
			continue
		}
		key, value, ok := pairOf(l.text)
		at, known := b.at[people.Fold(key)]
		ok = ok && known
		switch {
		case l.fault != nil && last < 0:
			b.lines.next()
			return record{line: l.number, raw: l.text, fault: l.fault}, nil
		case l.fault != nil, ok && row.cells[at].Len() > 0 && !b.phone[at]:
			return row.record(), nil // somebody else begins
		case !ok && last < 0:
			b.lines.next()
			return record{line: l.number, raw: l.text, cells: []string{strings.TrimSpace(l.text)}}, nil
		}
		if b.lines.next(); last < 0 {
			row.line = l.number
		}
		row.raw.WriteString(l.text)
		if !ok { // the line before goes on
			at, value = last, strings.TrimSpace(l.text)
		}
		cell := &row.cells[at]
		switch {
		case cell.Len() > 0 && ok:
			cell.WriteString(" / ")
		case cell.Len() > 0:
			cell.WriteString("\n")
		}
		cell.WriteString(value)
		last = at
		if called = called || b.phone[at]; row.raw.Len() > maxLine {
			return row.record(), nil
		}
	}
}

// blockRow is a row that is gathered.
type blockRow struct {
	cells []strings.Builder
	raw   strings.Builder
	line  int
}

func (b *blockRow) record() record {
	row := record{cells: make([]string, len(b.cells)), line: b.line, raw: b.raw.String()}
	for i := range b.cells {
		row.cells[i] = b.cells[i].String()
	}
	return row
}
