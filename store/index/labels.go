package index

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"recado/campaign/people"
)

// labelKind says what a label is of.
type labelKind uint8

// The kinds. They are written to the snapshot.
const (
	labelTag    labelKind = iota // the text is the tag as it is typed
	labelNumber                  // the number is that of a number of ours
	labelField                   // whoever has something in the field
	labelValue                   // whoever has that value in the field
	labelSource                  // whose consent comes from there
	labelKinds
)

// label is something that some people have.
type label struct {
	kind  labelKind
	field uint32 // the number of the field, or of a number of ours
	text  string
}

// field is a column of the people.
type field struct {
	key    string       // see people.FieldKey
	names  atomic.Int32 // how many names it has
	code   uint32       // the label of whoever has it
	values int          // how many values it has
	wide   bool         // they are too many, or too long, to be labels
}

// labels are all the labels that are known. They may be asked for from several
// goroutines.
type labels struct {
	mu         sync.Mutex
	all        []label
	codes      map[label]uint32
	fields     []*field
	byKey      map[string]*field
	byName     map[string]*field // nil: there are too many
	texts      [labelKinds]int   // tags and sources
	tooMany    [labelKinds]bool  // of them to know all that people have
	manyFields bool
}

func newLabels() *labels {
	return &labels{codes: make(map[label]uint32), byKey: make(map[string]*field), byName: make(map[string]*field)}
}

// code is the number of a label. The texts are copied.
func (l *labels) code(want label) uint32 {
	if code, ok := l.codes[want]; ok {
		return code
	}
	want.text = strings.Clone(want.text)
	code := uint32(len(l.all))
	l.all = append(l.all, want)
	l.codes[want] = code
	return code
}

// ofText is the label of a tag or a source.
func (l *labels) ofText(kind labelKind, text string) (code uint32, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	want := label{kind: kind, text: text}
	if _, known := l.codes[want]; !known {
		if l.texts[kind]++; l.texts[kind] > maxTexts {
			l.tooMany[kind] = true
			return 0, false
		}
	}
	return l.code(want), true
}

// number is the label of a number of ours.
func (l *labels) number(id people.NumberID) uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.code(label{kind: labelNumber, field: uint32(id)})
}

// named is the field of a name; nil if there are too many.
func (l *labels) named(name string) *field {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f, ok := l.byName[name]; ok {
		return f
	}
	key := people.FieldKey(name)
	f := l.byKey[key]
	switch {
	case f == nil && len(l.byName) >= maxFields:
		l.manyFields = true
		return nil
	case f == nil:
		key = strings.Clone(key)
		n := uint32(len(l.fields))
		f = &field{key: key, code: l.code(label{kind: labelField, field: n})}
		l.fields, l.byKey[key] = append(l.fields, f), f
	case len(l.byName) >= 2*maxFields:
		l.manyFields = true
		return nil
	}
	f.names.Add(1)
	l.byName[strings.Clone(name)] = f
	return f
}

// value is the label of a value of a field.
func (l *labels) value(f *field, text string) (code uint32, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.wide {
		return 0, false
	}
	n := l.all[f.code].field
	want := label{kind: labelValue, field: n, text: text}
	if _, known := l.codes[want]; !known {
		if f.values++; f.values > maxValues || len(text) > maxValue {
			f.wide = true
			for c := range l.codes { // they are answered no more
				if c.kind == labelValue && c.field == n {
					delete(l.codes, c)
				}
			}
			return 0, false
		}
	}
	return l.code(want), true
}

// labelCache finds labels without locking each time, for one goroutine.
type labelCache struct {
	*labels
	tagCodes map[string]uint32
	names    map[string]*fieldCache
	numbers  map[people.NumberID]uint32
	found    []foundField
}

type fieldCache struct {
	*field
	wide   bool
	values map[string]uint32
}

// foundField is a field that a person has.
type foundField struct {
	*fieldCache
	value string
}

func (l *labels) cache() *labelCache {
	return &labelCache{
		labels: l, tagCodes: make(map[string]uint32), names: make(map[string]*fieldCache),
		numbers: make(map[people.NumberID]uint32),
	}
}

// dropped reports whether nobody asks for a label any more.
func (c *labelCache) dropped(code uint32) bool {
	l := c.labels.all[code]
	return l.kind == labelValue && c.fields[l.field].wide
}

// of shows look the labels of a person. One may come more than once.
func (c *labelCache) of(p *people.Contact, look func(code uint32)) {
	for _, tag := range p.Tags {
		code, ok := c.tagCodes[tag]
		if !ok {
			if code, ok = c.labels.ofText(labelTag, tag); !ok {
				continue
			}
			c.tagCodes[c.labels.textOf(code)] = code
		}
		look(code)
	}
	if source := p.Consent.Source; source != "" {
		if code, ok := c.labels.ofText(labelSource, source); ok {
			look(code)
		}
	}
	for _, id := range p.Knows {
		code, ok := c.numbers[id]
		if !ok {
			code = c.labels.number(id)
			c.numbers[id] = code
		}
		look(code)
	}
	c.found = c.found[:0]
	for name, value := range p.Fields {
		if value == "" {
			continue
		}
		f, ok := c.names[name]
		if !ok {
			known := c.labels.named(name)
			if known == nil {
				continue
			}
			f = &fieldCache{field: known, values: make(map[string]uint32)}
			c.names[strings.Clone(name)] = f
		}
		c.found = append(c.found, foundField{f, value})
	}
	for _, found := range c.found {
		c.fieldOf(p, found.fieldCache, found.value, look)
	}
}

// fieldOf shows look the labels of a field.
func (c *labelCache) fieldOf(p *people.Contact, f *fieldCache, value string, look func(code uint32)) {
	if f.names.Load() > 1 {
		value = p.Field(f.key)
	} else {
		value = strings.TrimSpace(value)
	}
	if value == "" {
		return
	}
	look(f.code)
	if f.wide {
		return
	}
	code, ok := f.values[value]
	if !ok {
		if code, ok = c.labels.value(f.field, value); !ok {
			f.wide, f.values = true, nil
			return
		}
		f.values[c.labels.textOf(code)] = code
	}
	look(code)
}

// textOf is the text of a label, which may be kept.
func (l *labels) textOf(code uint32) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[code].text
}

// matching are the labels of a kind that are asked for, by their codes.
func (l *labels) matching(kind labelKind, want func(label) bool) []bool {
	found := make([]bool, len(l.all))
	for code, has := range l.all {
		found[code] = has.kind == kind && want(has)
	}
	return found
}

// Fields are the names of the fields in which somebody has something, sorted.
func (x *Index) Fields() (names []string) {
	for name, f := range x.labels.byName {
		if has, _ := x.HasField(f.key); has {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
