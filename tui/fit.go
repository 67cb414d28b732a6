package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"recado/campaign"
)

// cells counts the cells of a text. All text that comes from outside (names,
// messages, files, errors from the network) reaches the screen through its
// methods and no other way: they leave nothing in it that could drive the
// terminal, and nothing that would join with what is written beside it.
//
// Characters are counted as Unicode's grapheme clusters, an emoji of seven
// code points as two cells. Not every terminal does: 👍🏽 takes two cells in
// kitty and in new tmux, four in xterm, and 👨‍👩‍👧 up to six. What a terminal
// makes of a cluster cannot be asked for, so it is made not to matter: see
// pinned.
type cells struct{}

// blot stands for what cannot be shown safely. Its width is 1 by every method.
const blot = "▯"

// marksKept is how many combining marks one character may carry; more of them
// would be drawn over the neighbouring rows.
const marksKept = 2

// counted is how cells are counted, by us and by the renderer.
const counted = ansi.GraphemeWidth

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
	return counted.StringWidth(s)
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
			text := b.String()
			kept := cutNumber(text[:room], text[room:]+part)
			return kept + "…", roomUsed - (room - len(kept)) + 1
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
		if !printable(s[i]) {
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
		case printable(b):
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
	part, w, n = c.cluster(s)
	if part == "" || part == s[:n] && (n == len(s) || printable(s[n])) {
		return part, w, n
	}
	return c.apart(s, part, w, n)
}

// cluster takes the first grapheme cluster off s.
func (c cells) cluster(s string) (part string, w, n int) {
	cluster, _ := ansi.FirstGraphemeCluster(s, counted)
	n = max(len(cluster), 1)
	if part = c.safe(s[:n]); part == "" {
		return "", 0, n
	}
	if part[0] == ' ' { // nothing stands on a space
		return " ", 1, n
	}
	if first, _ := ansi.FirstGraphemeCluster("a"+part, counted); first != "a" {
		return "", 0, n // it belongs to a character before it, and there is none
	}
	if first, _ := ansi.FirstGraphemeCluster(part+"a", counted); len(first) > len(part) {
		return blot, 1, n // it would take in the next one
	}
	if w = counted.StringWidth(part); w == 0 {
		return "", 0, n
	}
	return part, w, n
}

// apart takes what is not shown behind part as well, and keeps part from
// joining with what comes next, from which something invisible parted it.
func (c cells) apart(s, part string, w, n int) (string, int, int) {
	for n < len(s) && !printable(s[n]) {
		after, _, size := c.cluster(s[n:])
		if after != "" {
			if first, _ := ansi.FirstGraphemeCluster(part+after, counted); len(first) > len(part) {
				return part + blot, w + 1, n
			}
			break
		}
		n += size
	}
	return part, w, n
}

// printable reports whether b is a printable ASCII character.
func printable(b byte) bool { return b >= ' ' && b <= '~' }

// alone reports whether nothing at the beginning of rest can belong to the
// character before it.
func alone(rest string) bool {
	if rest == "" || rest[0] < utf8.RuneSelf {
		return true
	}
	r, size := utf8.DecodeRuneInString(rest)
	return r < 0x300 && size > 1
}

// joinedMost is how many joiners one emoji may have; the longest there are
// have three.
const joinedMost = 7

// safe returns what may be shown of one grapheme cluster.
func (c cells) safe(cluster string) string {
	first, size := utf8.DecodeRuneInString(cluster)
	if size == len(cluster) && first != utf8.RuneError && unicode.IsLetter(first) && !filler(first) {
		return cluster
	}
	if flagOfTags(cluster) {
		return cluster
	}
	var b strings.Builder
	marks, joined, joins, space := 0, 0, false, false
	last := rune(0) // the last one kept
	keep := func(r rune) {
		if joins && pictorial(r) && joined < joinedMost {
			b.WriteRune('\u200d')
			joined++
		}
		joins = false
		b.WriteRune(r)
		last = r
	}
	for i, r := range cluster {
		switch {
		case joined == joinedMost && b.Len() > 0: // nothing has so many
		case r == utf8.RuneError:
			b.WriteString(blot)
			last = 0
		case lineEnd(r) || r == '\t' || unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
			space = true
		case r == '\u200d':
			joins = pictorial(last) || last == emojiSelector || skin(last)
		case r == emojiSelector:
			if pictorial(last) || strings.HasPrefix(cluster[i:], "\ufe0f\u20e3") && i == 1 {
				keep(r)
			}
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || filler(r):
		case skin(r):
			if pictorial(last) && counted.StringWidth(string(last)) < 2 {
				keep(emojiSelector) // ✌🏽 would be counted as one cell: it is shown as ✌️
			} else if pictorial(last) {
				keep(r)
			} else if !skin(last) && last != emojiSelector {
				b.WriteString(blot)
				last = 0
			}
		case unicode.Is(unicode.M, r):
			if marks++; marks <= marksKept && b.Len() > 0 && !space {
				keep(r)
			}
		case unicode.IsGraphic(r) || r >= 0x1f000 && r <= 0x1faff && counted.StringWidth(string(r)) == 2:
			keep(r)
		default: // private use, unassigned
			b.WriteString(blot)
			last = 0
		}
	}
	return b.String()
}

// emojiSelector asks for the picture of a character that is also a sign.
const emojiSelector = '\ufe0f'

// skin reports whether r is a colour of skin.
func skin(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }

// pictorial reports whether r may be drawn as an emoji.
func pictorial(r rune) bool {
	switch {
	case skin(r) || r == emojiSelector:
		return false
	case r == '©' || r == '®' || r == 'ℹ':
		return true
	}
	return r >= 0x2000 && !unicode.IsLetter(r) && !unicode.Is(unicode.M, r)
}

// flagOfTags reports whether cluster is the flag of a part of a country: a
// black flag and the letters of its code, which are invisible elsewhere.
func flagOfTags(cluster string) bool {
	tags, ok := strings.CutPrefix(cluster, "🏴")
	if !ok || len(tags) < 3*4 || len(tags) > 7*4 || !strings.HasSuffix(tags, "\U000e007f") {
		return false
	}
	for _, r := range strings.TrimSuffix(tags, "\U000e007f") {
		if r < 0xe0030 || r > 0xe007a {
			return false
		}
	}
	return true
}

// lineEnd reports whether r ends a line.
func lineEnd(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' }

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
	for paragraph := range strings.SplitSeq(campaign.Lines(s), "\n") {
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
