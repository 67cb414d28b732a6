package tui

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
)

// writing is a text under a cursor, laid out in rows. It is what all fields
// have inside. The cursor stands between characters as a person counts them:
// an emoji of several code points is passed, deleted and drawn as one.
//
// A key costs the rows around it and not the whole text: after a change, rows
// are laid out again only until they begin where they began before.
type writing struct {
	cells
	text   string
	at     int  // the cursor, in bytes
	goal   int  // the column that up and down try to keep; -1: that of the cursor
	chars  int  // code points in text
	single bool // a single line: there are no line ends

	w    int   // the width of the rows; 0: not laid out yet
	rows []int // where each begins; the first one at 0
}

// typed is text on its way into a field: without anything that drives a
// terminal or hides in a line. Line ends are one kind and stay.
func typed(s string) string {
	s = strings.ToValidUTF8(campaign.Lines(s), "")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\u200d' || r >= 0xe0020 && r <= 0xe007f: // a joiner, a flag of tags
			return r
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
}

// set puts in another text and the cursor at its end.
func (x *writing) set(s string) {
	x.text, x.chars = "", 0
	x.at, x.goal, x.w, x.rows = 0, -1, 0, nil
	x.put(0, 0, s)
}

// taken is s as the field takes it.
func (x *writing) taken(s string) string {
	if s = typed(s); x.single {
		return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' }), " ")
	}
	return s
}

// put puts s in place of the text from a to b, and the cursor behind it.
func (x *writing) put(a, b int, s string) {
	s = x.taken(s)
	x.chars += utf8.RuneCountInString(s) - utf8.RuneCountInString(x.text[a:b])
	x.text = x.text[:a] + s + x.text[b:]
	x.relay(a, b, a+len(s))
	x.at, x.goal = x.edge(a+len(s)), -1
}

// layOut breaks the text into rows of w cells.
func (x *writing) layOut(w int) {
	if w = max(w, 1); w != x.w {
		x.w = w
		x.rows = x.layFrom(nil, 0, nil, 0)
	}
}

// layFrom appends to rows the beginnings of those from one that begins at
// start. Where a row begins at one of the old ones, moved by by, the rest of
// them follow as they were.
func (x *writing) layFrom(rows []int, start int, old []int, by int) []int {
	for {
		for len(old) > 0 && old[0]+by < start {
			old = old[1:]
		}
		if len(old) > 0 && old[0]+by == start {
			for _, begin := range old {
				rows = append(rows, begin+by)
			}
			return rows
		}
		rows = append(rows, start)
		n, ended := x.row(x.text[start:])
		if start += n; start >= len(x.text) && !ended {
			return rows
		}
	}
}

// relay lays out what a change has moved: what stood from a to b now ends at
// end. Rows before it may take up something, so it begins there.
func (x *writing) relay(a, b, end int) {
	if x.w == 0 {
		return
	}
	first := max(x.rowAt(a)-2, 0)
	begin := x.rows[first]
	after := sort.SearchInts(x.rows, b+1) // rows that begin behind the change
	old := append([]int(nil), x.rows[after:]...)
	x.rows = x.layFrom(x.rows[:first:first], begin, old, end-b)
}

// row takes the first row off s: how many bytes it has, at least one
// character of them, and whether a line end is its last one. Spaces that do
// not fit hang over the edge.
func (x *writing) row(s string) (n int, ended bool) {
	used, space := 0, 0 // space: behind the last one that may part the row
	for n < len(s) {
		if s[n] == '\n' {
			return n + 1, true
		}
		part, w, size := x.next(s[n:])
		if part == " " {
			n += size
			space, used = n, used+w
			continue
		}
		if used+w > x.w && n > 0 {
			if space > 0 {
				return space, false
			}
			return n, false
		}
		n, used = n+size, used+w
	}
	return n, false
}

// rowAt is the row that the place at is in.
func (x *writing) rowAt(at int) int {
	return sort.SearchInts(x.rows, at+1) - 1
}

// span is where a row begins and ends, its line end not counted.
func (x *writing) span(row int) (from, to int) {
	from, to = x.rows[row], len(x.text)
	if row+1 < len(x.rows) {
		to = x.rows[row+1]
	}
	return from, to - len(x.text[from:to]) + len(strings.TrimSuffix(x.text[from:to], "\n"))
}

// begin is the beginning of the row, or of as much of the text before at as
// has to be looked at to tell where a character begins.
func (x *writing) begin(at int) int {
	if x.w == 0 {
		return strings.LastIndexByte(x.text[:at], '\n') + 1
	}
	row := x.rowAt(at)
	if x.rows[row] == at && row > 0 {
		row--
	}
	return x.rows[row]
}

// edge is the first edge of a character that is not before at.
func (x *writing) edge(at int) int {
	for from := x.begin(at); from < at; {
		if from += x.size(from); from > at {
			return from
		}
	}
	return at
}

// size is how many bytes the character at a place has.
func (x *writing) size(at int) int {
	if x.text[at] == '\n' {
		return 1
	}
	_, _, n := x.next(x.text[at:])
	return n
}

// left is the place one character before at, right the one behind it.
func (x *writing) left(at int) int {
	if at == 0 || x.text[at-1] == '\n' {
		return max(at-1, 0)
	}
	from := x.begin(at)
	for next := from; next < at; next += x.size(next) {
		from = next
	}
	return from
}

func (x *writing) right(at int) int {
	if at == len(x.text) {
		return at
	}
	return at + x.size(at)
}

// wordLeft is the beginning of the word before at, wordRight the end of the
// one behind it.
func (x *writing) wordLeft(at int) int {
	head := strings.TrimRightFunc(x.text[:at], unicode.IsSpace)
	space := strings.LastIndexFunc(head, unicode.IsSpace)
	if space < 0 {
		return 0
	}
	_, size := utf8.DecodeRuneInString(head[space:])
	return space + size
}

func (x *writing) wordRight(at int) int {
	rest := strings.TrimLeftFunc(x.text[at:], unicode.IsSpace)
	if end := strings.IndexFunc(rest, unicode.IsSpace); end >= 0 {
		rest = rest[end:]
	} else {
		rest = ""
	}
	return len(x.text) - len(rest)
}

// lineStart and lineEnd are the ends of the line that the cursor is in, as it
// was typed.
func (x *writing) lineStart() int { return strings.LastIndexByte(x.text[:x.at], '\n') + 1 }
func (x *writing) lineEnd() int {
	if end := strings.IndexByte(x.text[x.at:], '\n'); end >= 0 {
		return x.at + end
	}
	return len(x.text)
}

// move moves the cursor.
func (x *writing) move(to int) { x.at, x.goal = to, -1 }

// vertical moves the cursor by rows, as near as can be to the column it
// started from.
func (x *writing) vertical(by int) {
	x.layOut(max(x.w, 1))
	row := x.rowAt(x.at)
	if x.goal < 0 {
		x.goal = x.column(x.rows[row], x.at)
	}
	to := max(min(row+by, len(x.rows)-1), 0)
	if to == row {
		return
	}
	from, end := x.span(to)
	used := 0
	for from < end {
		_, w, n := x.next(x.text[from:])
		if used+w > x.goal {
			break
		}
		if next := from + n; next == end && to+1 < len(x.rows) && x.rows[to+1] == end {
			break // the place behind it is the beginning of the next row
		}
		from, used = from+n, used+w
	}
	x.at = from
}

// column is how many cells there are between two places of a row.
func (x *writing) column(from, to int) (used int) {
	for from < to {
		_, w, n := x.next(x.text[from:])
		from, used = from+n, used+w
	}
	return used
}

// key does what a key is for, if it is for anything. A page is so many rows.
func (x *writing) key(msg tea.KeyPressMsg, page int) (done bool) {
	switch msg.Keystroke() {
	case "left", "ctrl+b":
		x.move(x.left(x.at))
	case "right", "ctrl+f":
		x.move(x.right(x.at))
	case "ctrl+left", "alt+left", "alt+b":
		x.move(x.wordLeft(x.at))
	case "ctrl+right", "alt+right", "alt+f":
		x.move(x.wordRight(x.at))
	case "home", "ctrl+a":
		x.move(x.lineStart())
	case "end", "ctrl+e":
		x.move(x.lineEnd())
	case "ctrl+home", "alt+<":
		x.move(0)
	case "ctrl+end", "alt+>":
		x.move(len(x.text))
	case "up":
		x.vertical(-1)
	case "down":
		x.vertical(1)
	case "pgup":
		x.vertical(-page)
	case "pgdown":
		x.vertical(page)
	case "backspace", "ctrl+h", "shift+backspace":
		x.put(x.left(x.at), x.at, "")
	case "delete", "ctrl+d":
		at := x.at
		x.put(at, x.right(at), "")
	case "ctrl+w", "alt+backspace", "ctrl+backspace":
		x.put(x.wordLeft(x.at), x.at, "")
	case "alt+d", "alt+delete", "ctrl+delete":
		x.put(x.at, x.wordRight(x.at), "")
	case "ctrl+u":
		x.put(x.lineStart(), x.at, "")
	case "ctrl+k":
		x.put(x.at, x.lineEnd(), "")
	default:
		return false
	}
	return true
}

// draw paints the row from one place to another in w cells, with the cursor
// if it is in it. What does not fit in front of the cursor is left out.
func (x *writing) draw(from, to, w int, here bool, caret ink) string {
	var b strings.Builder
	used, drawn := 0, false
	for from < to {
		part, cw, n := x.next(x.text[from:])
		if used+cw > w {
			break
		}
		if here && !drawn && from+n > x.at && part != "" {
			b.WriteString(caret.of(part))
			drawn = true
		} else {
			b.WriteString(part)
		}
		from, used = from+n, used+cw
	}
	if here && !drawn {
		if used >= w { // the cursor is behind what hangs over
			return x.exactly(b.String(), w-1) + caret.of(" ")
		}
		b.WriteString(caret.of(" "))
		used++
	}
	return b.String() + spaces(w-used)
}
