package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"recado/campaign"
)

// glyph is one character of a message and how it is painted.
type glyph struct {
	part string
	w    int
	ink  ink
}

// markup paints a message as WhatsApp shows it (*bold*, _italic_, ~struck~,
// ```fixed```) and breaks it into lines of at most w cells, at most so many of
// them: of a long text it looks at no more than that takes.
func (e *env) markup(text string, w, most int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(campaign.Lines(text), "\n") {
		if len(lines) >= most {
			break
		}
		// A glyph has at least a cell, a line at most w and a space that is left out.
		room := (most - len(lines)) * (w + 1)
		lines = append(lines, breakGlyphs(e.glyphs(nil, paragraph, "", room), w)...)
	}
	return lines[:min(len(lines), most)]
}

// glyphs reads one line and appends its glyphs until there are so many; marks
// that are not closed in it are letters.
func (e *env) glyphs(out []glyph, s string, outer ink, most int) []glyph {
	before := ' '
	var open unclosed
	for len(s) > 0 && len(out) < most {
		if inner, mark, ok := open.marked(s, before); ok {
			out = e.glyphs(out, inner, outer+e.theme.mark(mark), most)
			s = s[len(inner)+2*len(mark):]
			before = '*'
			continue
		}
		part, w, n := e.next(s)
		before, _ = utf8.DecodeRuneInString(s)
		s = s[n:]
		if part != "" {
			out = append(out, glyph{part, w, outer})
		}
	}
	return out
}

// markSigns are the signs that open and close a mark.
var markSigns = [...]string{"```", "*", "_", "~"}

// unclosed remembers for which signs there was nothing that closes them in
// the rest of a line, so that the rest is not searched for each of them.
type unclosed [len(markSigns)]bool

// marked returns what stands between a mark at the beginning of s and the
// next one of its kind. A mark opens after a space or a sign and before a
// letter, and closes the other way round.
func (u *unclosed) marked(s string, before rune) (inner, mark string, ok bool) {
	for i, mark := range markSigns {
		rest, found := strings.CutPrefix(s, mark)
		if !found {
			continue
		}
		if u[i] || unicode.IsLetter(before) || unicode.IsDigit(before) || rest == "" || rest[0] == ' ' {
			return "", "", false
		}
		for from := 1; from < len(rest); {
			at := strings.Index(rest[from:], mark)
			if at < 0 {
				break
			}
			at += from
			after, _ := utf8.DecodeRuneInString(rest[at+len(mark):])
			if rest[at-1] != ' ' && !unicode.IsLetter(after) && !unicode.IsDigit(after) {
				return rest[:at], mark, true
			}
			from = at + len(mark)
		}
		u[i] = true
		return "", "", false
	}
	return "", "", false
}

// mark is the ink of a mark.
func (t *theme) mark(mark string) ink {
	switch mark {
	case "*":
		return t.bold
	case "_":
		return t.italic
	case "~":
		return t.strike
	}
	return t.inMono
}

// breakGlyphs breaks a paragraph at spaces and paints its lines.
func breakGlyphs(glyphs []glyph, w int) []string {
	var lines []string
	for {
		end, used, space := 0, 0, -1
		for end < len(glyphs) && used+glyphs[end].w <= w {
			if glyphs[end].part == " " {
				space = end
			}
			used += glyphs[end].w
			end++
		}
		next := end
		switch {
		case end == len(glyphs):
		case glyphs[end].part == " ":
			next = end + 1
		case space > 0:
			end, next = space, space+1
		case end == 0: // wider than the line
			next = 1
		}
		lines = append(lines, paintGlyphs(glyphs[:end]))
		if glyphs = glyphs[next:]; len(glyphs) == 0 {
			return lines
		}
	}
}

func paintGlyphs(glyphs []glyph) string {
	var b strings.Builder
	var last ink
	for _, g := range glyphs {
		if g.ink != last {
			if last != "" {
				b.WriteString(reset)
			}
			b.WriteString(string(g.ink))
			last = g.ink
		}
		b.WriteString(g.part)
	}
	if last != "" {
		b.WriteString(reset)
	}
	return b.String()
}
