package campaign

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What is in a text and cannot be seen has no place in a message: characters
// that control a terminal or turn the direction of what follows, fillers of no
// width, bytes that are no text. Some come with a paste or with what a person
// calls themselves, some are used to make each copy of a bulk message look
// different; neither is sent. A text that is typed is refused, with the place;
// what is filled in is cleaned.
//
// Three kinds of invisible characters are part of what is seen, and stay where
// they are: joiners between two letters of a script that needs them and in
// emoji, variants right behind what they vary, and the tags of a flag. Line
// ends and tabs stay; of the line ends see [Lines].

// Visible is s without what cannot be seen.
func Visible(s string) string {
	at, size := nextHidden(s, 0, -1)
	if at < 0 {
		return s
	}
	var out strings.Builder
	out.Grow(len(s))
	from := 0
	for at >= 0 {
		out.WriteString(s[from:at])
		from = at + size
		last, _ := utf8.DecodeLastRuneInString(out.String())
		if out.Len() == 0 {
			last = -1
		}
		at, size = nextHidden(s, from, last)
	}
	out.WriteString(s[from:])
	return Visible(out.String()) // a joiner may have lost what it joined
}

// nextHidden finds the first character from a place on that cannot be seen;
// last is the one that is kept before that place, -1 if there is none. at is -1
// if there is none.
func nextHidden(s string, from int, last rune) (at, size int) {
	for i := from; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r >= ' ' && r < 0x7f || r == '\n' || r == '\t' || strings.ContainsRune(otherEnds, r):
		case r == utf8.RuneError && n == 1, unicode.IsControl(r):
			return i, n
		case r == joiner || r == nonJoiner:
			next, _ := utf8.DecodeRuneInString(s[i+n:])
			if !joins(last) || !joins(next) {
				return i, n
			}
		case r == flag:
			n += flagTags(s[i+n:])
		case unicode.Is(unicode.Variation_Selector, r):
			if !varies(last) {
				return i, n
			}
		case r == brailleBlank:
			if !unicode.Is(unicode.Braille, last) || last == brailleBlank {
				return i, n
			}
		case unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r),
			unicode.In(r, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point):
			return i, n
		}
		last = r
		i += n
	}
	return -1, 0
}

const (
	nonJoiner    = '\u200c'
	joiner       = '\u200d'
	brailleBlank = '\u2800'
	flag         = '\U0001f3f4' // black, as it begins the flags of regions
	tagEnd       = '\U000e007f'
)

// flagTags is how long the tags are that make the flag of a region of a black
// one.
func flagTags(s string) int {
	n := 0
	for i, r := range s {
		switch {
		case r == tagEnd && n > 0:
			return i + utf8.RuneLen(r)
		case r < 0xe0020 || r >= tagEnd || n == 6:
			return 0
		}
		n++
	}
	return 0
}

// european are the scripts whose letters need neither joiners nor variants.
var european = []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic}

// joins reports whether a joiner has a meaning beside r.
func joins(r rune) bool {
	return r > unicode.MaxASCII && unicode.In(r, unicode.L, unicode.M, unicode.S) && !unicode.In(r, european...) && !filler(r)
}

// varies reports whether there are variants of r.
func varies(r rune) bool {
	if r <= unicode.MaxASCII {
		return r >= '0' && r <= '9' || r == '#' || r == '*'
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !unicode.In(r, european...) && !filler(r)
}

// filler reports whether a letter or mark cannot be seen.
func filler(r rune) bool {
	return r == brailleBlank || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}
