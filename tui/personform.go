package tui

import (
	"maps"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign/files"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// personForm is where a person is typed: a new one, or what is known of one who is there.
// What it was opened with is kept beside what is typed: only what somebody changed
// here is saved, and what changed meanwhile elsewhere is shown before it is.
type personForm struct {
	e      *env
	id     people.ContactID // 0: a new person
	inputs []*formInput
	at     int
	known  bool
	win    window

	question question
	saving   question
}

// formInput is one line of a form, or a few.
type formInput struct {
	name    string // of the property, or of the field with a sign before it
	line    *line
	area    *area  // in place of it
	was     string // in the book
	there   string // in the book since somebody else changed it; empty: nobody did
	mistake string
}

// What stands before the names of fields, and the input in which others are begun.
const (
	fieldInput  = "="
	moreInput   = "+"
	formLabel   = 16
	noteRows    = 3
	manyPhones  = 400
	fieldPrefix = len(fieldInput)
)

// formLoadedMsg answers personForm.load.
type formLoadedMsg struct {
	question int
	contact  people.Contact
	err      error
}

// formSavedMsg answers personForm.save.
type formSavedMsg struct {
	question int
	changed  *people.Contact // somebody else has changed them: nothing is saved
	err      error
}

func newPersonForm(e *env, id people.ContactID) *personForm {
	f := &personForm{e: e, id: id}
	if id == 0 {
		f.fill(&people.Contact{})
	}
	return f
}

func (f *personForm) title() string {
	if f.id == 0 {
		return f.e.t("form_new")
	}
	return f.e.t("form_edit")
}

func (f *personForm) typing() bool { return true }

func (f *personForm) dirty() bool { return slices.ContainsFunc(f.inputs, (*formInput).changed) }

func (f *personForm) load() tea.Cmd {
	if f.known {
		return nil // what is typed stays; what is new is shown when it is saved
	}
	id, ok := f.question.ask(f.e)
	if !ok {
		return nil
	}
	book, who := f.e.app.Book, f.id
	return func() tea.Msg {
		c, err := book.Contact(who)
		return formLoadedMsg{id, c, err}
	}
}

// property is something about a person, as it is typed.
type property struct{ name, text string }

// properties are what can be typed about a person, from top to bottom.
func properties(c *people.Contact) []property {
	var others []string
	for _, o := range c.Others {
		others = append(others, o.Phone.Pretty())
	}
	all := []property{
		{"name", c.Name}, {"phone", c.BestPhone().Pretty()}, {"others", strings.Join(others, ", ")},
		{"tags", strings.Join(c.Tags, ", ")}, {"consent", typedConsent(c.Consent)}, {"note", c.Note},
	}
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		all = append(all, property{fieldInput + name, c.Fields[name]})
	}
	return all
}

// typedConsent is a consent as it is typed.
func typedConsent(c people.Consent) string {
	switch {
	case c.Status == people.ConsentUnknown:
		return ""
	case c.Status == people.ConsentRefused:
		return "-"
	case c.At.IsZero():
		return c.Source
	}
	return c.Source + ": " + c.At.UTC().Format("02/01/2006")
}

// fill takes what the book says: it stands where nothing is typed, and beside what is.
func (f *personForm) fill(c *people.Contact) {
	now := properties(c)
	for _, in := range f.inputs { // a field that is gone
		if strings.HasPrefix(in.name, fieldInput) && c.Fields[in.name[fieldPrefix:]] == "" {
			now = append(now, property{in.name, ""})
		}
	}
	for _, p := range append(now, property{moreInput, ""}) {
		in := f.input(p.name)
		if in == nil {
			in = f.newInput(p.name)
			in.set(p.text)
		} else if in.was == p.text {
			continue
		} else if in.changed() && in.value() != p.text {
			in.there = p.text
		} else {
			in.set(p.text)
		}
		in.was = p.text
	}
	f.known = true
	f.focus(f.at)
}

// newInput makes an input, before the one in which fields are begun.
func (f *personForm) newInput(name string) *formInput {
	e, in := f.e, &formInput{name: name}
	switch name {
	case "name":
		in.line = newLine(e, e.t("form_name_example"), people.MaxName)
	case "phone":
		in.line = newLine(e, e.t("form_phone_example"), 60)
	case "others":
		in.line = newLine(e, e.t("form_others_example"), manyPhones)
	case "tags":
		in.line = newLine(e, e.t("form_tags_example"), people.MaxTags*people.MaxTag)
	case "consent":
		in.line = newLine(e, e.t("form_consent_example"), people.MaxName)
	case "note":
		in.area = newArea(e, "", people.MaxNote)
	case moreInput:
		in.line = newLine(e, e.t("form_field_example"), people.MaxCell)
	default:
		in.line = newLine(e, "", people.MaxCell)
	}
	at := len(f.inputs)
	if at > 0 && f.inputs[at-1].name == moreInput {
		at--
	}
	f.inputs = slices.Insert(f.inputs, at, in)
	return in
}

// input is the one of a property; nil: there is none.
func (f *personForm) input(name string) *formInput {
	if at := slices.IndexFunc(f.inputs, func(in *formInput) bool { return in.name == name }); at >= 0 {
		return f.inputs[at]
	}
	return nil
}

func (in *formInput) value() string {
	if in.area != nil {
		return strings.TrimSpace(in.area.value())
	}
	return strings.TrimSpace(in.line.value())
}

func (in *formInput) set(text string) {
	if in.area != nil {
		in.area.set(text)
	} else {
		in.line.set(text)
	}
}

func (in *formInput) changed() bool { return in.value() != strings.TrimSpace(in.was) }

// focus moves to an input.
func (f *personForm) focus(at int) tea.Cmd {
	f.at = (at + len(f.inputs)) % len(f.inputs)
	for i, in := range f.inputs {
		if in.area != nil {
			in.area.focus(i == f.at)
		} else {
			in.line.focus(i == f.at)
		}
	}
	return nil
}

func (f *personForm) actions() []action {
	e := f.e
	if !f.known {
		return nil
	}
	single := f.inputs[f.at].area == nil
	wrong := slices.ContainsFunc(f.inputs, func(in *formInput) bool { return in.mistake != "" })
	return []action{
		act(e.keys.nextField, true, func() tea.Cmd { return f.focus(f.at + 1) }),
		act(e.keys.saveDraft, f.dirty() && !f.saving.busy && !wrong, f.save),
		act(e.keys.prevField, true, func() tea.Cmd { return f.focus(f.at - 1) }),
		act(e.keys.nextEntry, single, func() tea.Cmd { return f.focus(f.at + 1) }),
		act(e.keys.prevEntry, single, func() tea.Cmd { return f.focus(f.at - 1) }),
		act(e.keys.accept, single, f.accept),
		act(e.keys.back, f.dirty(), f.leave),
	}
}

func (f *personForm) keys() []key.Binding {
	keys := bindings(f.actions())
	for i := range keys {
		if keys[i].Help().Key == "enter" {
			keys[i].SetHelp("enter", f.e.keys.nextField.Help().Desc)
		}
	}
	return keys
}

// accept goes on; a field that was begun becomes an input of its own.
func (f *personForm) accept() tea.Cmd {
	if in := f.inputs[f.at]; in.name == moreInput && in.value() != "" {
		f.begin(in)
		return nil
	}
	return f.focus(f.at + 1)
}

// begin makes an input of a field that was begun as name=value, and reports whether it is one.
func (f *personForm) begin(more *formInput) bool {
	typed, value, _ := strings.Cut(more.value(), "=")
	name := files.FieldName(typed)
	if name == "" {
		more.mistake = f.e.t("form_field_mistake")
		return false
	}
	in := f.input(fieldInput + name)
	if in == nil {
		in = f.newInput(fieldInput + name)
	}
	in.set(strings.TrimSpace(value))
	more.set("")
	if in.value() == "" { // it is typed there
		f.focus(slices.Index(f.inputs, in))
	} else {
		f.focus(len(f.inputs) - 1)
	}
	return true
}

// leave asks before what is typed is lost.
func (f *personForm) leave() tea.Cmd {
	e := f.e
	return e.root.push(newAsk(e, e.t("form_leave"), e.t("form_leave_detail", "Key", e.keys.saveDraft.Help().Key), func() tea.Cmd { return e.root.drop(f) }))
}

// save writes what is typed, unless something is wrong with it, or somebody else has changed
// the person meanwhile.
func (f *personForm) save() tea.Cmd {
	t, fine := f.read()
	if !fine {
		return nil
	}
	id, ok := f.saving.ask(f.e)
	if !ok {
		return nil
	}
	book, desk, who := f.e.app.Book, f.e.app.Desk, f.id
	before := make(map[string]string)
	for _, in := range f.inputs {
		before[in.name] = in.was
	}
	return func() tea.Msg {
		if who == 0 {
			_, err := desk.AddContact(t.row())
			return formSavedMsg{id, nil, err}
		}
		c, err := book.Contact(who)
		if err != nil {
			return formSavedMsg{id, nil, err}
		}
		same := func(c *people.Contact) bool {
			now := properties(c)
			for name, was := range before {
				if name != moreInput && was != "" && !slices.Contains(now, property{name, was}) {
					return false
				}
			}
			return !slices.ContainsFunc(now, func(p property) bool { return before[p.name] != p.text })
		}
		var changed *people.Contact
		if !same(&c) {
			return formSavedMsg{id, &c, nil}
		}
		err = desk.EditContact(who, func(c *people.Contact) {
			if !same(c) { // in this very moment
				other := *c
				changed = &other
				return
			}
			t.apply(c)
		})
		return formSavedMsg{id, changed, err}
	}
}

func (f *personForm) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if cmd, done := press(msg, f.actions()); done {
			return cmd
		}
		f.edit(msg)
	case tea.PasteMsg:
		f.edit(msg)
	case formLoadedMsg:
		if mine, _ := f.question.answered(msg.question); mine && msg.err != nil {
			f.e.root.say(f.e.theme.bad, f.e.fault(msg.err))
			return f.e.root.drop(f)
		} else if mine {
			f.fill(&msg.contact)
		}
	case formSavedMsg:
		if mine, _ := f.saving.answered(msg.question); mine {
			return f.saved(msg)
		}
	}
	return nil
}

// edit gives a key to the input we are in.
func (f *personForm) edit(msg tea.Msg) {
	if !f.known {
		return
	}
	in, changed := f.inputs[f.at], false
	if in.area != nil {
		changed = in.area.update(msg)
	} else {
		changed = in.line.update(msg)
	}
	if changed {
		in.mistake = ""
	}
}

// wrongIn is the input where a mistake is mended that the book finds.
var wrongIn = map[reason.Code]string{
	reason.ContactExists: "phone", reason.ContactNoPhone: "phone", reason.ContactPhones: "others", reason.RowNameLong: "name",
	reason.RowTagLong: "tags", reason.RowTags: "tags", reason.ContactNoteLong: "note", reason.RowFields: moreInput,
}

// saved goes back, or says why it is not saved.
func (f *personForm) saved(msg formSavedMsg) tea.Cmd {
	e := f.e
	switch {
	case msg.err != nil:
		if in := f.input(wrongIn[reason.Of(msg.err).Code]); in != nil {
			in.mistake = e.words.why(msg.err)
			return f.focus(slices.Index(f.inputs, in))
		}
		e.root.say(e.theme.bad, e.fault(msg.err))
		return nil
	case msg.changed != nil:
		f.fill(msg.changed)
		e.root.say(e.theme.warn, e.t("form_changed", "Key", e.keys.saveDraft.Help().Key))
		return nil
	}
	did := "form_saved"
	if f.id == 0 {
		did = "form_added"
	}
	e.root.say(e.theme.good, e.t(did, "Who", e.named(f.input("name").value())))
	return tea.Batch(e.root.drop(f), e.root.load())
}

// label is what an input is called.
func (f *personForm) label(in *formInput) string {
	switch in.name {
	case "name":
		return f.e.t("col_name")
	case "phone":
		return f.e.t("col_phone")
	case "others":
		return f.e.t("form_others")
	case "tags":
		return f.e.t("col_tags")
	case "consent":
		return f.e.t("person_consent")
	case "note":
		return f.e.t("person_note")
	case moreInput:
		return f.e.t("form_field")
	}
	return in.name[fieldPrefix:]
}

func (f *personForm) view() string {
	e := f.e
	w, h := e.body()
	if !f.known {
		return "\n  " + e.theme.faint.of(e.t("loading"))
	}
	inner := max(w-formLabel-5, 1)
	lines := []string{""}
	from, to := 0, 0 // the lines of the input we are in
	for i, in := range f.inputs {
		begin := len(lines)
		label := "  " + e.theme.label.of(e.fit(f.label(in), formLabel)) + " "
		if i == f.at {
			label = e.theme.labelHere.of("› "+e.fit(f.label(in), formLabel)) + " "
		}
		if in.area == nil {
			lines = append(lines, label+in.line.view(e, inner))
		} else {
			for n, text := range in.area.lines(e, inner, noteRows) {
				if n > 0 {
					label = spaces(formLabel + 3)
				}
				lines = append(lines, label+text)
			}
		}
		under := func(i ink, text string) {
			for _, line := range e.wrap(text, inner) {
				lines = append(lines, spaces(formLabel+3)+i.of(line))
			}
		}
		if in.there != "" && in.there != in.value() {
			under(e.theme.warn, "! "+e.t("form_there", "Text", in.there))
		}
		if in.mistake != "" {
			under(e.theme.bad, "▲ "+in.mistake)
		}
		if i == f.at {
			from, to = begin, len(lines)
		}
	}
	f.win.resize(len(lines), h)
	f.win.jump(to - 1)
	f.win.jump(from)
	top, end := f.win.visible()
	return strings.Join(lines[top:end], "\n")
}
