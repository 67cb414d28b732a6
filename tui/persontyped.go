package tui

import (
	"maps"
	"slices"
	"strings"

	"recado/campaign/files"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// typedPerson is what a form says of a person.
type typedPerson struct {
	name, note string
	phone      people.Phone
	others     []people.Phone
	tags       []string
	consent    people.Consent
	fields     map[string]string
	changed    map[string]bool // by property; a field is "fields"
}

// read reads what is typed and says what is wrong with it where it is.
func (f *personForm) read() (t typedPerson, ok bool) {
	e := f.e
	ok = true
	wrong := func(in *formInput, why string) {
		if in.mistake = why; ok {
			f.focus(slices.Index(f.inputs, in))
		}
		ok = false
	}
	if more := f.input(moreInput); more.value() != "" && !f.begin(more) {
		wrong(more, more.mistake)
	}
	t.fields, t.changed = make(map[string]string), make(map[string]bool)
	for _, in := range f.inputs {
		in.mistake = ""
		text := in.value()
		t.changed[in.name] = in.changed()
		switch in.name {
		case "name":
			t.name = text
		case "phone":
			if in.changed() && text != "" {
				phone, err := people.ParsePhone(text)
				if err != nil {
					wrong(in, e.words.why(err))
				}
				t.phone = phone
			} else if f.id == 0 {
				wrong(in, e.words.because(reason.New(reason.ContactNoPhone)))
			}
		case "others":
			for _, one := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;/|", r) }) {
				if one = strings.TrimSpace(one); one == "" {
					continue
				}
				phone, err := people.ParsePhone(one)
				if err != nil && in.changed() {
					wrong(in, e.words.why(err))
				}
				t.others = append(t.others, phone)
			}
		case "tags":
			tags, err := files.Tags(text)
			if err != nil && in.changed() {
				wrong(in, e.words.why(err))
			}
			t.tags = tags
		case "consent":
			given, fine := files.Consent(text, e.now())
			if text == "-" {
				given = people.Consent{Status: people.ConsentRefused, At: e.now()}
			} else if !fine && in.changed() {
				wrong(in, e.t("wizard_consent_mistake"))
			}
			t.consent = given
		case "note":
			t.note = text
		case moreInput:
		default:
			t.fields[in.name[fieldPrefix:]] = text
			t.changed["fields"] = t.changed["fields"] || in.changed()
		}
	}
	return t, ok
}

// apply changes about a person what somebody changed in the form.
func (t *typedPerson) apply(c *people.Contact) {
	f := t.changed
	if f["name"] {
		c.Name = t.name
	}
	if f["note"] {
		c.Note = t.note
	}
	if f["phone"] {
		c.Phone = t.phone
	}
	if f["tags"] {
		c.Tags = t.tags
	}
	if f["consent"] {
		t.consent.Evidence = c.Consent.Evidence
		c.Consent = t.consent
	}
	if f["others"] {
		old := c.Others
		c.Others = nil
		for _, p := range t.others {
			o := people.OtherPhone{Phone: p}
			if at := slices.IndexFunc(old, func(o people.OtherPhone) bool { return o.Phone.Same(p) }); at >= 0 {
				o = old[at]
			}
			c.Others = append(c.Others, o)
		}
	}
	if !f["fields"] {
		return
	}
	fields := maps.Clone(c.Fields)
	if fields == nil {
		fields = make(map[string]string)
	}
	for name, value := range t.fields {
		if !f[fieldInput+name] {
			continue
		}
		if fields[name] = value; value == "" {
			delete(fields, name)
		}
	}
	c.Fields = fields
}

// row is a new person.
func (t *typedPerson) row() people.Row {
	row := people.Row{Phone: t.phone, Name: t.name, Tags: t.tags, Others: t.others, Consent: t.consent, Note: t.note, Fields: make(map[string]string)}
	for name, value := range t.fields {
		if value != "" {
			row.Fields[name] = value
		}
	}
	return row
}
