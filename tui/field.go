package tui

import (
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// field is what a line and an area have in common. One that takes a limited
// number of characters takes a paste as a whole or not at all: half a filter
// would choose other people.
type field struct {
	writing
	e           *env
	placeholder string
	limit       int // characters; 0: none
	here        bool
}

func (f *field) value() string   { return f.text }
func (f *field) focus(here bool) { f.here = here }

// update takes a key or a paste and reports whether the text changed.
func (f *field) update(msg tea.Msg, page int) (changed bool) {
	if !f.here {
		return false
	}
	var s string
	switch msg := msg.(type) {
	case tea.PasteMsg:
		s = f.taken(msg.Content)
	case tea.KeyPressMsg:
		before := len(f.text)
		if f.key(msg, page) {
			return len(f.text) != before // a key only takes away
		}
		s = f.taken(msg.Text)
	}
	if s == "" {
		return false
	}
	if n := f.chars + utf8.RuneCountInString(s); f.limit > 0 && n > f.limit {
		f.e.root.say(f.e.theme.warn, f.e.t("paste_refused", "Count", n, "Most", f.limit))
		return false
	}
	f.put(f.at, f.at, s)
	return true
}

// empty draws a field with nothing in it.
func (f *field) empty(w int) string {
	text, used := f.e.cut(f.placeholder, w)
	if !f.here {
		return f.e.theme.faint.of(text) + spaces(w-used)
	}
	if text == "" {
		return f.e.theme.caret.of(" ") + spaces(w-1)
	}
	_, _, n := f.e.next(text)
	return f.e.theme.caret.of(text[:n]) + f.e.theme.faint.of(text[n:]) + spaces(w-used)
}

// line is a field of one line.
type line struct {
	field
	from int // what is drawn first, when it does not fit
}

func newLine(e *env, placeholder string, limit int) *line {
	return &line{field: field{writing: writing{single: true}, e: e, placeholder: placeholder, limit: limit, here: true}}
}

// update takes a key or a paste and reports whether the text changed.
func (l *line) update(msg tea.Msg) (changed bool) {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.Keystroke() {
		case "up", "down", "pgup", "pgdown", "enter":
			return false // they have another meaning around the field
		}
	}
	return l.field.update(msg, 0)
}

// view draws the field in w cells.
func (l *line) view(e *env, w int) string {
	if w <= 0 {
		return ""
	}
	switch {
	case l.text == "":
		return l.empty(w)
	case !l.here:
		return e.fit(l.text, w)
	}
	// The cursor stays in sight, and the end of the text at the right edge.
	places, columns := []int{0}, []int{0}
	cursor, first := 0, 0 // which places the cursor and the first character have
	for at, used := 0, 0; at < len(l.text); {
		_, cw, n := l.next(l.text[at:])
		at, used = at+n, used+cw
		places, columns = append(places, at), append(columns, used)
		if at <= l.at {
			cursor = len(places) - 1
		}
		if at <= l.from {
			first = len(places) - 1
		}
	}
	first = min(first, cursor)
	for first < cursor && columns[cursor]-columns[first] >= w {
		first++
	}
	for first > 0 && columns[len(columns)-1]-columns[first-1] < w {
		first--
	}
	l.from = places[first]
	return l.draw(l.from, len(l.text), w, l.here, e.theme.caret)
}

// area is a field of many lines.
type area struct {
	field
	top    int // the first row that is drawn
	height int // how many were drawn last
}

func newArea(e *env, placeholder string, limit int) *area {
	return &area{field: field{e: e, placeholder: placeholder, limit: limit}}
}

// update takes a key or a paste and reports whether the text changed.
func (a *area) update(msg tea.Msg) (changed bool) {
	if k, ok := msg.(tea.KeyPressMsg); ok && a.here {
		switch k.Keystroke() {
		case "enter", "shift+enter", "ctrl+j": // a paste that is not bracketed comes as keys
			msg = tea.PasteMsg{Content: "\n"}
		}
	}
	return a.field.update(msg, max(a.height-1, 1))
}

// lines draws the field in w × h cells.
func (a *area) lines(e *env, w, h int) []string {
	if a.height = max(h, 1); w <= 0 {
		return exactLines(nil, h)
	}
	if a.text == "" {
		lines := exactLines([]string{a.empty(w)}, h)
		for i := 1; i < len(lines); i++ {
			lines[i] = spaces(w)
		}
		return lines
	}
	a.layOut(w - 1) // the last column is the cursor's, behind a full row
	row := a.rowAt(a.at)
	a.top = max(min(a.top, row, len(a.rows)-h), row-h+1, 0)
	var lines []string
	for r := a.top; r < min(a.top+h, len(a.rows)); r++ {
		from, to := a.span(r)
		lines = append(lines, a.draw(from, to, w, a.here && r == row, e.theme.caret))
	}
	for len(lines) < h {
		lines = append(lines, spaces(w))
	}
	return lines
}

// searchLine is a field for what a list is searched for, while it is typed and
// after, and how many were found.
func (e *env) searchLine(l *line, typed bool, hint, count string, w int) string {
	room := max(w-e.width(count)-5, 1)
	field := ""
	switch {
	case typed:
		field = e.theme.accent.of("/ ") + l.view(e, max(room-2, 1))
	case l.value() != "":
		field = e.theme.accent.of("/ ") + e.fit(l.value(), max(room-2, 0))
	default:
		field = e.theme.faint.of(e.fit("/ "+hint, room))
	}
	return " " + field + "  " + e.theme.dim.of(count)
}
