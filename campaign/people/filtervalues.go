package people

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Pattern is a text to be found in others, case and accents aside.
type Pattern struct {
	Text       string // folded
	Whole      bool   // it is the whole text, or its beginning or end if one of the next two is false
	Begin, End bool   // it begins and ends where the text or, if not whole, a word does
}

// wordsBegin finds a text where a word begins; with a star before it, anywhere.
func wordsBegin(s string) Pattern {
	p := starred(s)
	p.End = false
	return p
}

// wholeWords finds whole words; a star stands for the rest of one.
func wholeWords(s string) Pattern { return starred(s) }

// theWhole finds what is equal to a text; a star stands for the rest of it.
func theWhole(s string) Pattern {
	p := starred(s)
	p.Whole = true
	return p
}

// exactly finds what is equal to a text.
func exactly(s string) Pattern {
	return Pattern{Text: Fold(s), Whole: true, Begin: true, End: true}
}

func starred(s string) Pattern {
	rest, before := strings.CutPrefix(s, "*")
	rest, after := strings.CutSuffix(rest, "*")
	return Pattern{Text: Fold(rest), Begin: !before, End: !after}
}

// In reports whether the pattern is found in s. It allocates nothing for texts
// of common length.
func (p Pattern) In(s string) bool {
	var buf [192]byte
	return p.InFolded(AppendFold(buf[:0], s))
}

// InFolded is In of a text that is folded already.
func (p Pattern) InFolded(text []byte) bool {
	if p.Whole {
		switch {
		case p.Begin && p.End:
			return string(text) == p.Text
		case p.Begin:
			return len(text) >= len(p.Text) && string(text[:len(p.Text)]) == p.Text
		case p.End:
			return len(text) >= len(p.Text) && string(text[len(text)-len(p.Text):]) == p.Text
		}
	}
	return p.find(text) >= 0
}

// find is where the pattern, which is not whole or has no end that counts, is
// first found in a text; -1: nowhere.
func (p Pattern) find(text []byte) int {
	if len(p.Text) == 0 && !p.Whole {
		return -1
	}
	want := []byte(p.Text)
	for from := 0; ; {
		at := bytes.Index(text[from:], want)
		if at < 0 {
			return -1
		}
		at += from
		if p.Whole || p.At(text, at) {
			return at
		}
		_, size := utf8.DecodeRune(text[at:])
		from = at + size
	}
}

// At reports whether the pattern, whose text stands at a place of a folded text,
// begins and ends there as it should.
func (p Pattern) At(text []byte, at int) bool {
	return (!p.Begin || !inWord(text, at)) && (!p.End || !inWord(text, at+len(p.Text)))
}

// inAny reports whether the pattern is found in one of the texts.
func (p Pattern) inAny(texts []string) bool {
	for _, s := range texts {
		if p.In(s) {
			return true
		}
	}
	return false
}

// inWord reports whether a place in a text is inside a word.
func inWord(text []byte, at int) bool {
	if at == 0 || at == len(text) {
		return false
	}
	before, _ := utf8.DecodeLastRune(text[:at])
	after, _ := utf8.DecodeRune(text[at:])
	return ofWord(before) && ofWord(after)
}

func ofWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r)
}

// plainWord are the letters and digits of ASCII.
var plainWord = func() (is [utf8.RuneSelf]bool) {
	for c := range is {
		is[c] = ofWord(rune(c))
	}
	return is
}()

// NextWord is where in a folded text, from a place on, the next word begins and
// ends; at its end if there is none. It is what the boundaries of a Pattern go by.
func NextWord(text []byte, from int) (begin, end int) {
	for begin = from; begin < len(text); {
		if c := text[begin]; c < utf8.RuneSelf {
			if plainWord[c] {
				break
			}
			begin++
			continue
		}
		r, size := utf8.DecodeRune(text[begin:])
		if ofWord(r) {
			break
		}
		begin += size
	}
	for end = begin; end < len(text); {
		if c := text[end]; c < utf8.RuneSelf {
			if !plainWord[c] {
				break
			}
			end++
			continue
		}
		r, size := utf8.DecodeRune(text[end:])
		if !ofWord(r) {
			break
		}
		end += size
	}
	return begin, end
}

// parseAge reads a whole number of hours, days or weeks.
func parseAge(s string) (time.Duration, bool) {
	digits := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	n, err := strconv.Atoi(digits)
	var unit time.Duration
	switch Fold(s[len(digits):]) {
	case "h":
		unit = time.Hour
	case "d", "dia", "dias", "day", "days":
		unit = 24 * time.Hour
	case "w", "s", "sem", "semana", "semanas", "week", "weeks":
		unit = 7 * 24 * time.Hour
	}
	return time.Duration(n) * unit, err == nil && n >= 0 && n <= 10000 && unit != 0
}

// dates are the forms in which days are written, the day before the month.
var dates = [...]string{"2/1/2006", "2-1-2006", "2.1.2006", "2006-1-2", "2006/1/2", "2/1/06"}

// parseDate reads a day; a time of day after it is passed over.
func parseDate(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if end := strings.IndexAny(s, " T"); end > 0 {
		s = s[:end]
	}
	if len(s) < len("1/1/06") || len(s) > len("31/12/2006") || !isDigit(rune(s[0])) {
		return time.Time{}, false
	}
	for _, form := range dates {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// dayOf is the day of a moment where it is told, as parseDate reads days.
func dayOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// parseNumber reads a number as Brazilians and everybody else write it, with
// what money is written with: 1.234,56, 1,234.56, R$ 90, 12%. A single dot before three
// digits parts thousands, a single comma does not.
func parseNumber(s string) (float64, bool) {
	s = strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsLetter(r) || unicode.Is(unicode.Sc, r) || r == '%'
	})
	sign, digits := "", s
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, digits = s[:1], strings.TrimLeftFunc(s[1:], func(r rune) bool { return unicode.IsSpace(r) || unicode.IsLetter(r) || unicode.Is(unicode.Sc, r) })
	}
	if len(digits) > 40 || strings.Trim(digits, "0123456789.,") != "" {
		return 0, false
	}
	whole, fraction := digits, ""
	if last := strings.LastIndexAny(digits, ".,"); last >= 0 {
		mark := digits[last : last+1]
		only := strings.Count(digits, mark) == strings.Count(digits, ".")+strings.Count(digits, ",")
		if !only || strings.Count(digits, mark) == 1 && (mark == "," || !inThousands(digits, mark)) {
			whole, fraction = digits[:last], digits[last+1:]
		}
	}
	if first := strings.IndexAny(whole, ".,"); first >= 0 {
		mark := whole[first : first+1]
		if !inThousands(whole, mark) {
			return 0, false
		}
		whole = strings.ReplaceAll(whole, mark, "")
	}
	n, err := strconv.ParseFloat(sign+whole+"."+fraction, 64)
	return n, err == nil
}

// inThousands reports whether a mark parts groups of three digits.
func inThousands(s, mark string) bool {
	groups := strings.Split(s, mark)
	for i, g := range groups {
		if len(g) != 3 && (i > 0 || g == "" || len(g) > 3) {
			return false
		}
	}
	return len(groups) > 1 && groups[0] != "0"
}
