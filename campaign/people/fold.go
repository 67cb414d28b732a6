package people

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold is the form in which texts are compared: lower case, without accents
// and other marks, spaces of any kind joined to one and none at the ends. A
// folded text folds to itself.
func Fold(s string) string {
	if folded(s) {
		return s
	}
	return string(AppendFold(make([]byte, 0, len(s)+8), s))
}

// AppendFold appends Fold(s) to dst, for those who fold many texts.
func AppendFold(dst []byte, s string) []byte {
	table := foldTable()
	start, space := len(dst), false
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		i += size
		as := ""
		if int(r) < len(table.one) {
			if c := table.one[r]; c != 0 {
				if space {
					dst, space = append(dst, ' '), false
				}
				dst = append(dst, c)
				continue
			}
			as = table.all[r]
		} else {
			as = foldRune(r)
		}
		switch {
		case as == "":
			continue
		case as == " ":
			space = len(dst) > start
			continue
		}
		if space {
			dst, space = append(dst, ' '), false
		}
		dst = append(dst, as...)
	}
	return dst
}

// folded reports whether s is a plain text that folds to itself, so that
// nothing needs to be copied.
func folded(s string) bool {
	last := byte(' ')
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || 'A' <= c && c <= 'Z' || c == ' ' && last == ' ' {
			return false
		}
		last = c
	}
	return len(s) == 0 || last != ' '
}

// foldTable holds what every letter of the Latin alphabets, and the marks that
// combine with them, folds to.
var foldTable = sync.OnceValue(func() *folding {
	var table folding
	for r := range rune(len(table.all)) {
		as := foldRune(r)
		if table.all[r] = as; len(as) == 1 && as != " " {
			table.one[r] = as[0]
		}
	}
	return &table
})

type folding struct {
	all [0x370]string
	one [0x370]byte // what is one byte, but for a space; otherwise 0
}

// apart are letters that are no letter with a mark to Unicode, and are to
// those who write them without the right keyboard.
var apart = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'ł': "l", 'ħ': "h", 'ı': "i", 'þ': "th", 'ς': "σ",
}

// foldRune says what one rune folds to: a space for any space, nothing for a
// mark or what cannot be seen.
func foldRune(r rune) string {
	switch {
	case r == utf8.RuneError:
		return string(utf8.RuneError)
	case unicode.IsSpace(r):
		return " "
	}
	var out []byte
	for _, d := range norm.NFKD.String(string(unicode.ToLower(r))) {
		d = unicode.ToLower(d)
		if unicode.In(d, unicode.Mn, unicode.Cc, unicode.Cf) {
			continue
		}
		if as, ok := apart[d]; ok {
			out = append(out, as...)
		} else if unicode.IsSpace(d) {
			// Signs that Unicode explains as a mark on a space.
			continue
		} else {
			out = utf8.AppendRune(out, d)
		}
	}
	return string(out)
}
