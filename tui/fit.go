package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// cells says how a terminal counts the cells of a text. All text that comes
// from outside (names, messages, files, errors from the network) reaches the
// screen through its methods and no other way: they leave nothing in it that
// could drive the terminal or be counted differently by it and by us.
type cells struct {
	graphemes bool // the terminal has told that it counts grapheme clusters (mode 2027)
}

// blot stands for what cannot be shown safely. Its width is 1 by every method.
const blot = "▯"

// marksKept is how many combining marks one character may carry; more of them
// would be drawn over the neighbouring rows.
const marksKept = 2

func (c cells) method() ansi.Method {
	if c.graphemes {
		return ansi.GraphemeWidth
	}
	return ansi.WcWidth
}

// fit cleans s and cuts or pads it on the right to exactly w cells.
func (c cells) fit(s string, w int) string {
	text, used := c.cut(s, w)
	return text + spaces(w-used)
}

// fitRight is fit with the text at the right edge.
func (c cells) fitRight(s string, w int) string {
	text, used := c.cut(s, w)
	return spaces(w-used) + text
}

const blank = "                                                                                                                                "

// spaces returns n spaces.
func spaces(n int) string {
	if n <= len(blank) {
		return blank[:max(n, 0)]
	}
	return strings.Repeat(" ", n)
}

// clean returns s as one line without anything that drives a terminal.
func (c cells) clean(s string) string {
	text, _ := c.cut(s, len(s)+1) // no character has more cells than bytes
	return text
}

// width is the number of cells of a text that is clean.
func (c cells) width(s string) int {
	if plain(s) {
		return len(s)
	}
	return c.method().StringWidth(s)
}

// cut cleans s and cuts it to at most w cells, the last of them an ellipsis
// if something was left out. It also returns the cells that are used.
func (c cells) cut(s string, w int) (text string, used int) {
	if w <= 0 {
		return "", 0
	}
	if len(s) <= w && plain(s) {
		return s, len(s)
	}
	var b strings.Builder
	b.Grow(min(len(s), 4*w) + len("…"))
	room := 0 // length of b, and its cells, when one cell was still free
	roomUsed := 0
	for len(s) > 0 {
		part, cw, n := c.next(s)
		s = s[n:]
		if part == "" {
			continue
		}
		if used+cw > w {
			return b.String()[:room] + "…", roomUsed + 1
		}
		b.WriteString(part)
		used += cw
		if used < w {
			room, roomUsed = b.Len(), used
		}
	}
	return b.String(), used
}

// plain reports whether s is printable ASCII.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// next takes the first character off s: what to show of it, its cells, and
// the bytes it took. What must not be shown is the empty string.
func (c cells) next(s string) (part string, w, n int) {
	if b := s[0]; b < utf8.RuneSelf && alone(s[1:]) {
		switch {
		case b >= ' ' && b <= '~':
			return s[:1], 1, 1
		case b == '\r' && len(s) > 1 && s[1] == '\n':
			return " ", 1, 2
		case b == '\n' || b == '\t' || b == '\r':
			return " ", 1, 1
		}
		return "", 0, 1
	}
	if r, size := utf8.DecodeRuneInString(s); r >= 'À' && r <= 'ɏ' && alone(s[size:]) {
		return s[:size], 1, size // Latin letters with accents
	}
	cluster, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	if len(cluster) == 0 {
		return "", 0, 1
	}
	part = c.safe(cluster)
	if part == "" {
		return "", 0, len(cluster)
	}
	w = ansi.GraphemeWidth.StringWidth(part)
	if !c.graphemes && ansi.WcWidth.StringWidth(part) != w {
		return blot, 1, len(cluster)
	}
	if w == 0 { // a mark with nothing to stand on
		return "", 0, len(cluster)
	}
	return part, w, len(cluster)
}

// alone reports whether nothing at the beginning of rest can belong to the
// character before it.
func alone(rest string) bool {
	if rest == "" || rest[0] < utf8.RuneSelf {
		return true
	}
	r, size := utf8.DecodeRuneInString(rest)
	return r < 0x300 && size > 1
}

// safe returns what may be shown of one grapheme cluster.
func (c cells) safe(cluster string) string {
	if r, size := utf8.DecodeRuneInString(cluster); size == len(cluster) && r != utf8.RuneError && unicode.IsLetter(r) && !filler(r) {
		return cluster
	}
	var b strings.Builder
	marks, space := 0, false
	for _, r := range cluster {
		switch {
		case r == utf8.RuneError:
			b.WriteString(blot)
		case r == '\n' || r == '\t' || r == '\r' || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
			space = true
		case r == '\u200d' || r == '\ufe0f':
			if c.graphemes && b.Len() > 0 && !space {
				b.WriteRune(r)
			}
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || filler(r):
		case unicode.Is(unicode.M, r):
			if marks++; marks <= marksKept && b.Len() > 0 && !space {
				b.WriteRune(r)
			}
		case unicode.IsGraphic(r):
			b.WriteRune(r)
		default: // private use, unassigned
			b.WriteString(blot)
		}
	}
	return b.String()
}

// filler reports whether r is drawn as nothing though it counts as a letter
// or a mark.
func filler(r rune) bool {
	switch r {
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u3164', '\uffa0':
		return true
	}
	return r >= 0xfe00 && r <= 0xfe0e || r >= 0xe0100 && r <= 0xe01ef // variation selectors
}

// wrap cleans s and breaks it into lines of at most w cells, at spaces where
// there are any. Line ends in s are kept.
func (c cells) wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	var lines []string
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		lines = append(lines, c.wrapLine(c.clean(paragraph), w)...)
	}
	return lines
}

func (c cells) wrapLine(s string, w int) []string {
	var lines []string
	line, used := "", 0
	flush := func() { lines, line, used = append(lines, line), "", 0 }
	for word := range strings.SplitSeq(s, " ") {
		ww := c.width(word)
		if used > 0 && used+1+ww > w {
			flush()
		} else if line != "" || used > 0 {
			line, used = line+" ", used+1
		}
		for ww > w { // a word longer than a line is cut hard
			head, rest := c.take(word, w)
			lines, word = append(lines, head), rest
			ww = c.width(word)
		}
		line, used = line+word, used+ww
	}
	if line != "" || len(lines) == 0 {
		flush()
	}
	return lines
}

// take parts s, which must be clean, after at most w cells, but after no less
// than one character.
func (c cells) take(s string, w int) (head, rest string) {
	n, used := 0, 0
	for n < len(s) {
		_, cw, size := c.next(s[n:])
		if used+cw > w {
			if n == 0 { // wider than the line: nothing can stand for it but a sign
				return blot, s[size:]
			}
			break
		}
		n, used = n+size, used+cw
	}
	return s[:n], s[n:]
}
