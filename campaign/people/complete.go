package people

import (
	"slices"
	"strings"
	"unicode"
)

// Vocabulary is what a filter that is being typed may go on with, each the most
// frequent one first.
type Vocabulary struct {
	Keys                 []string // in the language of the person
	TagKey               string   // the one for tags
	Tags, Lists, Numbers []string
	Fields               []string
	Values               map[string][]string // of fields, by FieldKey
	OptOut, Presence     []string            // what may be asked of those
	Came                 []string
	When                 []string
}

// Complete is how the last word of a filter may go on: whole lines, at most so many.
// There are none behind a space.
func (v Vocabulary) Complete(line string, most int) (lines []string) {
	begin := LastWord(line)
	word := line[begin:]
	if word == "" {
		return nil
	}
	p := filterParser{text: word}
	key, op := p.key()
	add := func(before, text, after string) bool {
		whole := line[:begin] + before + text + after
		if whole != line && !slices.Contains(lines, whole) {
			lines = append(lines, whole)
		}
		return len(lines) < most
	}
	if key == "" {
		for _, k := range v.Keys {
			if beginsWith(k, word) && !add("", k, ":") {
				return lines
			}
		}
		for _, f := range v.Fields {
			if beginsWith(f, word) && !add("", asKey(f), "") {
				return lines
			}
		}
		for _, tag := range v.Tags {
			if beginsWith(tag, word) && !add(v.TagKey+":", asValue(tag), "") {
				return lines
			}
		}
		return lines
	}
	if op != OpHas && op != OpIs && op != OpIsNot {
		return nil
	}
	typed := strings.TrimFunc(p.rest(), isQuote)
	for _, value := range v.values(key) {
		if beginsWith(value, typed) && !add(word[:p.at], asValue(value), "") {
			break
		}
	}
	return lines
}

// values are what may be asked of a key.
func (v Vocabulary) values(key string) []string {
	make, known := filterKeys[Fold(key)]
	if !known {
		return v.Values[FieldKey(key)]
	}
	for _, example := range [...]string{"a", "1", "1d"} {
		t, err := make(new(filterParser), query{value: example, op: OpHas})
		if err != nil {
			continue
		}
		switch t.(type) {
		case TagTerm, LabelTerm:
			return v.Tags
		case ListTerm:
			return v.Lists
		case NumberTerm:
			return v.Numbers
		case WhenTerm:
			return v.When
		}
		return nil
	}
	if t, err := make(new(filterParser), query{value: "n", op: OpHas}); err == nil {
		switch t.(type) {
		case OptOutTerm:
			return v.OptOut
		case PresenceTerm:
			return v.Presence
		case CameTerm:
			return v.Came
		}
	}
	return nil
}

// LastWord is where the last word of a line begins, without what says not of it.
func LastWord(line string) (begin int) {
	quoted := false
	for at, r := range line {
		switch {
		case isQuote(r):
			quoted = !quoted
		case !quoted && (unicode.IsSpace(r) || r == '(' || r == ')'):
			begin = at + len(string(r))
		case at == begin && (r == '-' || r == '!'):
			begin = at + 1
		}
	}
	return begin
}

func beginsWith(text, typed string) bool { return strings.HasPrefix(Fold(text), Fold(typed)) }

// asValue is a value as it is typed behind a key.
func asValue(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '(' || r == ')' }) {
		return `"` + text + `"`
	}
	return text
}

// asKey is the name of a field as it is typed before a value.
func asKey(name string) string {
	p := filterParser{text: name + ":"}
	if key, _ := p.key(); key != name {
		return FieldKey(name) + ":"
	}
	if _, taken := filterKeys[Fold(name)]; taken {
		return `campo:"` + name + `":`
	}
	return name + ":"
}
