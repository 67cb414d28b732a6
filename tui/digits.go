package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// A number of which only some digits are seen is a wrong one: 312 of 3128.
// So whatever is cut is cut in front of a number and not inside it: it is
// shown whole, or … stands in its place.

// partNumber is how many bytes of kept, which is going to be cut off from
// rest, belong to a number that rest goes on with. A number may have points,
// commas, colons and slashes in it (1.234,56; 10:30; 3/4), a phone spaces and
// hyphens behind its plus, and a percent sign belongs to it.
func partNumber(kept, rest string) int {
	if rest == "" {
		return 0
	}
	from := phoneStart(kept)
	if from < 0 {
		from = len(kept)
		for from > 0 && (digit(kept[from-1]) || joiner(kept[from-1])) {
			from--
		}
		for from < len(kept) && !digit(kept[from]) {
			from++
		}
		if spaced := strings.TrimSuffix(kept, " "); from == len(kept) && rest[0] == '%' && spaced != kept { // 45 %
			for from = len(spaced); from > 0 && (digit(spaced[from-1]) || joiner(spaced[from-1])); {
				from--
			}
		}
		if from == len(kept) {
			return 0
		}
	} else if goesOn(strings.TrimLeft(rest, " -")) {
		return len(kept) - from
	}
	if goesOn(rest) || joiner(rest[0]) && goesOn(rest[1:]) || strings.HasPrefix(strings.TrimPrefix(rest, " "), "%") {
		return len(kept) - from
	}
	return 0
}

// phoneStart is where a phone begins that goes to the end of s, -1 if there is
// none.
func phoneStart(s string) int {
	plus := strings.LastIndexByte(s, '+')
	if plus < 0 || strings.Trim(s[plus+1:], "0123456789 -") != "" {
		return -1
	}
	return plus
}

// goesOn reports whether s begins with a digit.
func goesOn(s string) bool { return s != "" && digit(s[0]) }

func digit(b byte) bool  { return b >= '0' && b <= '9' }
func joiner(b byte) bool { return strings.IndexByte(".,:/", b) >= 0 }

// cutNumber is what is left of text, cut off from rest and followed by an
// ellipsis, when no number is cut and none stands at its end, where nobody
// could tell.
func cutNumber(text, rest string) string {
	n := partNumber(text, rest)
	if n == 0 && text != "" && digit(text[len(text)-1]) {
		n = partNumber(text, "0") // the ellipsis would hide whether it goes on
	}
	return text[:len(text)-n]
}

// cutPaintedNumber is how many cells of a painted line, cut off from rest,
// belong to a number that goes on in rest.
func cutPaintedNumber(line, rest string) int {
	return partNumber(ansi.Strip(line), ansi.Strip(rest))
}
