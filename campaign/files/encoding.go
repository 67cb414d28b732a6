package files

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// codepage tells in which of the old alphabets of one byte a text is written,
// by what its letters would be in each. A line of a file may be in one of them
// though others are in UTF-8: files are pasted together from others.
type codepage struct {
	scores [len(pages)]int
	used   int // lines that were decoded with it
}

// pages are the alphabets, the likeliest first: each other one has to be
// likelier by some letters.
var pages = [...]struct {
	name string
	char *charmap.Charmap
}{
	{"Windows-1252", charmap.Windows1252},
	{"Mac Roman", charmap.Macintosh},
	{"CP850", charmap.CodePage850},
}

// pageTables are what the upper bytes are in each alphabet.
var pageTables = sync.OnceValue(func() *[len(pages)][256]rune {
	var tables [len(pages)][256]rune
	for i, page := range pages {
		for b := range 256 {
			tables[i][b] = page.char.DecodeByte(byte(b))
		}
	}
	return &tables
})

// weighed is how many lines beyond the beginning of a file may still change
// what it is taken for.
const weighed = 1000

// usual are the letters beyond ASCII that Portuguese and Spanish have.
const usual = "áàâãçéêíóôõúüñÁÀÂÃÇÉÊÍÓÔÕÚÜÑ"

// weigh looks at what the letters of a text would be in each alphabet.
func (p *codepage) weigh(text []byte) {
	tables := pageTables()
	for i, b := range text {
		if b < utf8.RuneSelf {
			continue
		}
		for page := range pages {
			p.scores[page] += letterScore(text, i, &tables[page])
		}
	}
}

// begin weighs the beginning of a file.
func (p *codepage) begin(head []byte) {
	for text := range bytes.FieldsFuncSeq(head, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if !utf8.Valid(text) {
			p.weigh(text)
		}
	}
}

// letterScore says how well a letter fits between its neighbours.
func letterScore(text []byte, at int, table *[256]rune) int {
	neighbour := func(i int) rune {
		if i < 0 || i >= len(text) {
			return ' '
		}
		return table[text[i]]
	}
	r, before, after := table[text[at]], neighbour(at-1), neighbour(at+1)
	inWord := unicode.IsLetter(before) || unicode.IsLetter(after)
	switch {
	case strings.ContainsRune(usual, r):
		if unicode.IsUpper(r) && unicode.IsLower(before) || unicode.IsLower(r) && unicode.IsUpper(before) && unicode.IsUpper(after) {
			return -2
		}
		return 2
	case unicode.IsLetter(r):
		return -1
	case r == utf8.RuneError, unicode.IsControl(r):
		return -3
	case (r == 'ª' || r == 'º' || r == '’' || r == '°') && inWord:
		return 1
	case unicode.IsLetter(before) && unicode.IsLetter(after):
		return -2
	}
	return 0
}

// best is the alphabet that fits best.
func (p *codepage) best() int {
	const margin = 2 // by one letter alone nothing unusual is believed
	best := 0
	for i := range pages {
		if p.scores[i] > p.scores[best]+margin || best > 0 && p.scores[i] > p.scores[best] {
			best = i
		}
	}
	return best
}

// decode makes UTF-8 of a line.
func (p *codepage) decode(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	if p.used < weighed {
		p.weigh(text)
	}
	p.used++
	var out strings.Builder
	out.Grow(len(text) + len(text)/8)
	table := &pageTables()[p.best()]
	for _, b := range text {
		out.WriteRune(table[b])
	}
	return out.String()
}

// name is the alphabet that was used, if it is not the usual one.
func (p *codepage) name() string {
	if best := p.best(); p.used > 0 && best > 0 {
		return pages[best].name
	}
	return ""
}

// mend turns back what was written in UTF-8, read in an old alphabet, most often
// Windows-1252, and written in UTF-8 again: "ConceiÃ§Ã£o". Some texts went that
// way twice.
// Nor is a text that was written for a page of the web, "Concei&ccedil;&atilde;o",
// one to be sent.
func mend(s string) (mended string, ok bool) {
	if strings.IndexByte(s, '&') >= 0 && references().MatchString(s) {
		s, ok = html.UnescapeString(s), true
	}
	for range 2 {
		again, once := mendOnce(s)
		if !once {
			break
		}
		s, ok = again, true
	}
	return s, ok
}

// references are how a page of the web writes letters.
var references = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`&(?:#\d{2,6}|#[xX][0-9a-fA-F]{2,5}|amp|quot|apos|lt|gt|nbsp|ordm|ordf|[a-zA-Z](?:acute|grave|circ|tilde|uml|cedil));`)
})

// maybeTwice reports whether a text has one of ÂÃÄÅâðÌÐ, with one of which every letter
// begins that was encoded twice.
func maybeTwice(s string) bool {
	const first = "\xc3" // of the two bytes of each
	for i := range len(s) - 1 {
		if s[i] == first[0] && strings.IndexByte("\x82\x83\x84\x85\xa2\xb0\x8c\x90", s[i+1]) >= 0 {
			return true
		}
	}
	return false
}

func mendOnce(s string) (string, bool) {
	switch {
	case maybeTwice(s):
		return mendFrom(s, byteOf)
	case strings.IndexByte(s, "√"[0]) < 0: // with which the next two begin
		return s, false
	case strings.Contains(s, "√"):
		return mendFrom(s, charmap.Macintosh.EncodeRune)
	case strings.Contains(s, "├"):
		return mendFrom(s, func(r rune) (byte, bool) {
			b, ok := charmap.CodePage850.EncodeRune(r)
			if !ok {
				b, ok = charmap.CodePage437.EncodeRune(r)
			}
			return b, ok
		})
	}
	return s, false
}

// mendFrom mends what was read in the alphabet that has those bytes.
func mendFrom(s string, byteOf func(rune) (byte, bool)) (string, bool) {
	var out strings.Builder
	done := 0
	for at := 0; at < len(s); {
		r, size := utf8.DecodeRuneInString(s[at:])
		lead, ok := byteOf(r)
		if r < utf8.RuneSelf || !ok || lead < 0xc2 || lead > 0xf4 {
			at += size
			continue
		}
		// As many as the first byte announces.
		want := 2
		if lead >= 0xe0 {
			want++
		}
		if lead >= 0xf0 {
			want++
		}
		seq, end := []byte{lead}, at+size
		for len(seq) < want && end < len(s) {
			r, size := utf8.DecodeRuneInString(s[end:])
			b, ok := byteOf(r)
			if !ok || b < 0x80 || b > 0xbf {
				break
			}
			seq, end = append(seq, b), end+size
		}
		if len(seq) < want || !utf8.Valid(seq) || lone(s[:at], seq) {
			at += size
			continue
		}
		out.WriteString(s[done:at])
		out.Write(seq)
		at, done = end, end
	}
	if done == 0 {
		return s, false
	}
	out.WriteString(s[done:])
	return out.String(), true
}

// lone reports whether two letters that might be one are more likely what they
// are: a capital à at the end of a word in capitals, and a space.
func lone(before string, seq []byte) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	return len(seq) == 2 && seq[1] == 0xa0 && unicode.IsUpper(last)
}

// byteOf is the byte that Windows-1252 reads as r.
func byteOf(r rune) (byte, bool) {
	if r < 0x100 {
		return byte(r), true // also those that Windows-1252 does not have
	}
	return charmap.Windows1252.EncodeRune(r)
}
