package people

import (
	"strings"
	"unicode"

	"recado/campaign/reason"
)

// TagName is a tag as it is kept, or why it cannot be one, a Reason: a filter
// could not name it.
func TagName(tag string) (string, error) {
	tag = strings.Join(strings.Fields(tag), " ")
	n, long := over(tag, MaxTag)
	switch {
	case Fold(tag) == "":
		return "", reason.New(reason.TagEmpty)
	case long:
		return "", reason.New(reason.RowTagLong, reason.Clip(tag), n, MaxTag)
	case tag == "*", strings.ContainsAny(tag, `",`):
		return "", reason.New(reason.TagSign)
	}
	return tag, nil
}

// ParseTags reads a change of tags as it is typed: "+vip -frio" gives the first and takes
// the second away. A tag without a sign is given; one of several words stands in quotes.
func ParseTags(line string) (add, remove []string) {
	for _, word := range tagWords(line) {
		rest := strings.TrimLeft(word, "+-−")
		tag := strings.TrimSpace(strings.TrimFunc(rest, isQuote))
		switch {
		case tag == "":
		case strings.HasPrefix(word, "+") || rest == word:
			add = append(add, tag)
		default:
			remove = append(remove, tag)
		}
	}
	return add, remove
}

// tagWords parts a line at spaces and commas outside of quotes.
func tagWords(line string) []string {
	quoted := false
	return strings.FieldsFunc(line, func(r rune) bool {
		if isQuote(r) {
			quoted = !quoted
		}
		return !quoted && (r == ',' || r == ';' || unicode.IsSpace(r))
	})
}

// TagsText is a change of tags as ParseTags reads it.
func TagsText(add, remove []string) string {
	var all []string
	for _, tag := range add {
		all = append(all, "+"+asValue(tag))
	}
	for _, tag := range remove {
		all = append(all, "-"+asValue(tag))
	}
	return strings.Join(all, " ")
}

// CompleteTags is how the last word of a change of tags may go on, as Complete: of
// these tags, but for those that it names already.
func CompleteTags(line string, tags []string, most int) (lines []string) {
	begin := LastWord(line)
	word := strings.TrimLeft(line[begin:], "+-−")
	begin = len(line) - len(word)
	if word = strings.TrimFunc(word, isQuote); word == "" {
		return nil
	}
	add, remove := ParseTags(line[:begin])
	named := append(add, remove...)
	for _, tag := range tags {
		if len(lines) == most {
			break
		}
		if beginsWith(tag, word) && tag != word && !hasTag(named, tag) {
			lines = append(lines, line[:begin]+asValue(tag)+" ")
		}
	}
	return lines
}

func hasTag(tags []string, tag string) bool {
	for _, t := range tags {
		if Fold(t) == Fold(tag) {
			return true
		}
	}
	return false
}
