package campaign

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// Template is the text of a campaign, with fields to be filled in for each
// person:
//
//	{nome} {primeiro_nome} {telefone} {email}   who they are; also {name}, {first_name}, {phone}
//	{saudacao}       Bom dia, Boa tarde or Boa noite, by the clock where their phone is; also {greeting}
//	{cidade}         any field of theirs; case, accents, spaces and underscores do not matter
//	{cidade|aqui}    the same, or "aqui" if it is missing or empty
//	{{ and }}        a brace
//
// What is filled in is never looked into again; what cannot be seen in it is
// left out, see [Visible]. The text itself must have nothing of that kind. A Template may be used from
// any goroutine.
type Template struct {
	text  string
	parts []part
	slots int      // how many different fields there are
	zones sync.Map // name of a zone → *time.Location: to load one takes long
}

// part is a piece of a template: plain text, or a field.
type part struct {
	text     string // plain text; of a field, its name as typed
	field    string // the name for comparing; empty: plain text
	slot     int    // the number of the field: the same for all parts that name it
	fallback string
	optional bool // there is a fallback, perhaps an empty one
}

// TemplateError is a mistake in a template.
type TemplateError struct {
	Offset int           // in bytes, where in the text it is
	Reason reason.Reason // what it is
}

// Error is the reason without the place.
func (e *TemplateError) Error() string { return e.Reason.Error() }

// Unwrap returns the reason.
func (e *TemplateError) Unwrap() error { return e.Reason }

// MissingError says that a person lacks fields that have no fallback.
type MissingError struct {
	Fields []string // as they are typed in the template, each once
}

// Error names the fields.
func (e *MissingError) Error() string { return e.Unwrap().Error() }

// Unwrap returns the reason.
func (e *MissingError) Unwrap() error {
	return reason.New(reason.DeliveryMissingField, reason.Plain(strings.Join(e.Fields, ", ")))
}

// ParseTemplate reads a text. The error is a *TemplateError.
func ParseTemplate(text string) (*Template, error) {
	if at, _ := nextHidden(text, 0, -1); at >= 0 {
		return nil, &TemplateError{at, reason.New(reason.TemplateHidden)}
	}
	t := &Template{text: text}
	slots := make(map[string]int)
	var plain strings.Builder
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c != '{' && c != '}':
			next := strings.IndexAny(text[i:], "{}")
			if next < 0 {
				next = len(text) - i
			}
			plain.WriteString(text[i : i+next])
			i += next
		case i+1 < len(text) && text[i+1] == c:
			plain.WriteByte(c)
			i += 2
		case c == '}':
			return nil, &TemplateError{i, reason.New(reason.TemplateNoOpening)}
		default:
			field, size, err := parseField(text, i)
			if err != nil {
				return nil, err
			}
			if plain.Len() > 0 {
				t.parts = append(t.parts, part{text: plain.String()})
				plain.Reset()
			}
			slot, known := slots[field.field]
			if !known {
				slot = len(slots)
				slots[field.field] = slot
			}
			field.slot = slot
			t.parts = append(t.parts, field)
			i += size
		}
	}
	if plain.Len() > 0 {
		t.parts = append(t.parts, part{text: plain.String()})
	}
	t.slots = len(slots)
	return t, nil
}

// parseField reads the field that opens at start, and says how long it is in
// the text.
func parseField(text string, start int) (part, int, error) {
	body := text[start+1:]
	end := strings.IndexAny(body, "{}")
	if end < 0 {
		return part{}, 0, &TemplateError{start, reason.New(reason.TemplateNoClosing)}
	}
	if body[end] == '{' {
		return part{}, 0, &TemplateError{start + 1 + end, reason.New(reason.TemplateNested)}
	}
	name, fallback, optional := strings.Cut(body[:end], "|")
	p := part{text: strings.TrimSpace(name), field: people.FieldKey(name), fallback: fallback, optional: optional}
	if p.field == "" {
		return part{}, 0, &TemplateError{start, reason.New(reason.TemplateNoName)}
	}
	for i, r := range name {
		if r == '\n' || unicode.IsControl(r) && r != '\t' || r == utf8.RuneError {
			return part{}, 0, &TemplateError{start + 1 + i, reason.New(reason.TemplateBadName)}
		}
	}
	return p, end + 2, nil
}

// String is the text as it was parsed.
func (t *Template) String() string { return t.text }

// Fields lists the fields that have no fallback, as typed, each once.
func (t *Template) Fields() []string {
	var names []string
	named := make([]bool, t.slots)
	for _, p := range t.parts {
		if p.field != "" && !p.optional && !named[p.slot] {
			named[p.slot] = true
			names = append(names, p.text)
		}
	}
	return names
}

// Render fills the template in for one person, as of now, with line ends and
// length as [Text] and [CheckLength] have them. If they lack a field that has
// no fallback the error is a *MissingError; if the text becomes too long by
// what is filled in, it is a *TooLongError.
func (t *Template) Render(c *people.Contact, now time.Time) (string, error) {
	var out strings.Builder
	out.Grow(len(t.text) + 32)
	var missing []string
	lookup := fieldLookup{c: c}
	lacks := make([]bool, t.slots)
	for _, p := range t.parts {
		if p.field == "" {
			out.WriteString(p.text)
			continue
		}
		value := strings.TrimSpace(Visible(t.value(p.field, c, &lookup, now)))
		switch {
		case value != "":
			out.WriteString(value)
		case p.optional:
			out.WriteString(p.fallback)
		case !lacks[p.slot]:
			lacks[p.slot] = true
			missing = append(missing, p.text)
		}
	}
	if missing != nil {
		return "", &MissingError{missing}
	}
	text := Text(out.String())
	if err := CheckLength(text); err != nil {
		return "", err
	}
	return text, nil
}

// value is what a field of a person says, empty if they have none.
func (t *Template) value(field string, c *people.Contact, lookup *fieldLookup, now time.Time) string {
	switch field {
	case "nome", "name", "nombre":
		return strings.TrimSpace(c.Name)
	case "primeironome", "firstname", "primernombre":
		return people.FirstName(Visible(c.Name))
	case "telefone", "phone", "telefono":
		return c.BestPhone().Pretty()
	case "saudacao", "greeting":
		return greeting(t.local(c, now))
	}
	return lookup.field(field)
}

// fieldLookup is Contact.field for those who ask many times about one person.
type fieldLookup struct {
	c     *people.Contact
	byKey map[string]string // made when a field is not found by its plain name
}

func (l *fieldLookup) field(key string) string {
	if len(l.c.Fields) == 0 {
		return ""
	}
	if value := strings.TrimSpace(l.c.Fields[key]); value != "" {
		return value
	}
	if l.byKey == nil {
		l.byKey = make(map[string]string, len(l.c.Fields))
		for _, name := range slices.Sorted(maps.Keys(l.c.Fields)) { // the first by name counts
			if v := strings.TrimSpace(l.c.Fields[name]); v != "" && l.byKey[people.FieldKey(name)] == "" {
				l.byKey[people.FieldKey(name)] = v
			}
		}
	}
	return l.byKey[key]
}

// local is now by the clock where a person's phone is; as it was given if that
// is not known.
func (t *Template) local(c *people.Contact, now time.Time) time.Time {
	name := c.BestPhone().Zone()
	if name == "" {
		return now
	}
	if zone, ok := t.zones.Load(name); ok {
		return now.In(zone.(*time.Location))
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return now
	}
	t.zones.Store(name, zone)
	return now.In(zone)
}

// greeting is what Brazilians say at that time of the day.
func greeting(at time.Time) string {
	switch hour := at.Hour(); {
	case hour >= 5 && hour < 12:
		return "Bom dia"
	case hour >= 12 && hour < 18:
		return "Boa tarde"
	}
	return "Boa noite"
}
