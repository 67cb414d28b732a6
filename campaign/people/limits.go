package people

import (
	"strings"
	"unicode/utf8"

	"recado/campaign/reason"
)

// The limits of what is kept about one person, in characters (code points) and
// pieces. They are far above anything real: what goes beyond them is a mistake
// or an attack, and would make every list and every search slow. An import
// says so with the line and does not take the row; a name that comes from a
// phone is cut, see [ClipName].
const (
	MaxName   = 256  // characters of a name
	MaxCell   = 4096 // characters of a field
	MaxTag    = 100  // characters of a tag
	MaxTags   = 128  // tags of a person
	MaxFields = 256  // fields of a person, and columns of a file
	MaxPhones = 10   // phones of a person
	MaxNote   = 4096 // characters of a note
	MaxList   = 200  // characters of the name of a list
	MaxLists  = 1000 // lists that the people of a file are on
	MaxColumn = 512  // characters of the name of a column: some forms write a whole question there
)

// ClipName is a name that came from a phone, cut to MaxName characters with an
// ellipsis in place of the rest.
func ClipName(name string) string {
	return Clip(name, MaxName)
}

// Clip is a text, cut to so many characters with an ellipsis in place of the
// rest.
func Clip(s string, most int) string {
	if _, long := over(s, most); long {
		return firstRunes(s, most-1) + "…"
	}
	return s
}

// ClipTag is ClipName for a tag.
func ClipTag(tag string) string {
	if len(tag) <= MaxTag || utf8.RuneCountInString(tag) <= MaxTag {
		return tag
	}
	return firstRunes(tag, MaxTag-1) + "…"
}

// CheckName returns why a name that was typed is too long, a Reason; nil if it
// is not.
func CheckName(name string) error {
	if n, long := over(name, MaxName); long {
		return reason.New(reason.RowNameLong, n, MaxName)
	}
	return nil
}

// CheckNote is CheckName for a note.
func CheckNote(note string) error {
	if n, long := over(note, MaxNote); long {
		return reason.New(reason.ContactNoteLong, n, MaxNote)
	}
	return nil
}

// firstRunes is the first n characters of s.
func firstRunes(s string, n int) string {
	for at := range s {
		if n == 0 {
			return s[:at]
		}
		n--
	}
	return s
}

// over reports whether s has more than limit characters, and how many it has.
func over(s string, limit int) (n int, ok bool) {
	if len(s) <= limit {
		return 0, false
	}
	n = utf8.RuneCountInString(s)
	return n, n > limit
}

// ListName is the name of a list as it is kept, or why it cannot be one, a
// Reason: what a filter would read as something else is refused.
func ListName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	_, long := over(name, MaxList)
	switch {
	case Fold(name) == "":
		return "", reason.New(reason.ListNoName)
	case long:
		return "", reason.New(reason.ListNameLong, MaxList)
	case name == AnyList, strings.Contains(name, `"`):
		return "", reason.New(reason.ListNameSign)
	}
	return name, nil
}
