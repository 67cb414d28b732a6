package campaign

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold is how texts are compared: lower case, no accents, spaces joined.
func Fold(s string) string {
	var out strings.Builder
	space := false
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsSpace(r):
			space = out.Len() > 0
		default:
			if space {
				out.WriteByte(' ')
				space = false
			}
			out.WriteRune(r)
		}
	}
	return out.String()
}
