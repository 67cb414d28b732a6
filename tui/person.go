package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// person is everything that is known of one contact.
type person struct {
	e        *env
	id       people.ContactID
	contact  people.Contact
	known    bool
	gone     bool
	barred   reason.Reason // why no number writes to them, as the reason of a delivery; empty: they may
	numbers  map[campaign.NumberID]string
	unions   []store.Union // of which records they are made, the last first
	win      window
	question question
}

// personLoadedMsg answers person.load.
type personLoadedMsg struct {
	question int
	contact  people.Contact
	barred   reason.Reason
	numbers  map[campaign.NumberID]string
	unions   []store.Union
	err      error
}

func newPerson(e *env, id people.ContactID) *person { return &person{e: e, id: id} }

func (p *person) title() string {
	if called := p.contact.Called(); p.known && called != "" {
		return called
	}
	return p.e.t("person_title")
}

func (p *person) dirty() bool { return false }

func (p *person) load() tea.Cmd {
	question, ok := p.question.ask(p.e)
	if !ok {
		return nil
	}
	book, id := p.e.app.Book, p.id
	return func() tea.Msg {
		contact, err := book.Contact(id)
		var barred reason.Reason
		if err == nil {
			barred, err = book.Barred(id)
		}
		names := make(map[campaign.NumberID]string)
		if err == nil {
			var ours []campaign.Number
			ours, err = book.Numbers()
			for _, n := range ours {
				names[n.ID] = n.Name
			}
		}
		var unions []store.Union
		if err == nil {
			unions, err = book.Unions(id)
		}
		return personLoadedMsg{question, contact, barred, names, unions, err}
	}
}

func (p *person) actions() []action {
	e := p.e
	return slices.Concat(e.doubtActions(&p.contact, p.known), []action{
		act(e.keys.optOut, p.known && !p.contact.OptedOut && !p.contact.InDoubt(), func() tea.Cmd { return e.root.push(p.optOut()) }),
		act(e.keys.optIn, p.known && p.contact.OptedOut, func() tea.Cmd { return e.root.push(p.optIn()) }),
		act(e.keys.editPerson, p.known, func() tea.Cmd { return e.root.push(newPersonForm(e, p.id)) }),
		act(e.keys.erase, p.known, p.erase),
		act(e.keys.apart, p.known && len(p.unions) > 0, func() tea.Cmd { return e.root.push(p.apart()) }),
	}, e.scrollActions(&p.win))
}

// doubtActions decide whether a person wants to be left alone.
func (e *env) doubtActions(c *people.Contact, known bool) []action {
	desk, id, read, said := e.app.Desk, c.ID, c.DoubtAt, c.DoubtSaid
	return []action{
		act(e.keys.saidNo, known && c.InDoubt(), func() tea.Cmd {
			return e.do(e.t("opt_out_done"), func(context.Context) error { return desk.OptOut(id, said) })
		}),
		act(e.keys.stays, known && c.InDoubt(), func() tea.Cmd {
			return e.do(e.t("stays_done"), func(context.Context) error { return desk.Stays(id, read) })
		}),
	}
}

func (p *person) keys() []key.Binding { return bindings(p.actions()) }

// optOut asks why nothing must be sent to this person any more.
func (p *person) optOut() screen {
	e, desk, id := p.e, p.e.app.Desk, p.id
	return newPrompt(e, e.t("opt_out_ask"), e.t("opt_out_detail"), e.t("opt_out_example"), "", e.taken(
		func(string) string { return e.t("opt_out_done") },
		func(why string) error { return desk.OptOut(id, why) }))
}

// optIn asks why this person may be written to again.
func (p *person) optIn() screen {
	e, desk, id := p.e, p.e.app.Desk, p.id
	return newPrompt(e, e.t("opt_in_ask"), e.t("opt_in_detail"), e.t("opt_in_example"), "", e.taken(
		func(string) string { return e.t("opt_in_done") },
		func(why string) error { return desk.OptIn(id, why) }))
}

// erase asks before this person is taken out of the book.
func (p *person) erase() tea.Cmd {
	e, desk, id := p.e, p.e.app.Desk, p.id
	return e.root.push(newAsk(e, e.t("erase_ask"), e.t("erase_detail", "Who", cmp.Or(p.contact.Name, p.contact.BestPhone().Pretty())), func() tea.Cmd {
		return tea.Batch(e.root.drop(p), e.do(e.t("erase_done"), func(ctx context.Context) error { return desk.Erase(ctx, id) }))
	}))
}

// apart asks whether the record that was joined last is another person's.
func (p *person) apart() screen {
	e, desk, id, last := p.e, p.e.app.Desk, p.id, p.unions[0]
	keep, gone := e.calls(last.Keep.Called(), last.Keep.BestPhone()), e.calls(last.Gone.Called(), last.Gone.BestPhone())
	return newAsk(e, e.t("apart_ask"), e.t("apart_detail", "A", keep, "B", gone), func() tea.Cmd {
		return e.do(e.t("apart_done"), func(context.Context) error {
			_, _, err := desk.TakeApart(id)
			return err
		})
	})
}

func (p *person) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, p.actions())
		return cmd
	case personLoadedMsg:
		mine, again := p.question.answered(msg.question)
		if mine {
			if msg.err != nil {
				p.gone = true
				p.e.root.say(p.e.theme.bad, p.e.fault(msg.err))
				return nil
			}
			p.contact, p.barred, p.numbers, p.unions, p.known = msg.contact, msg.barred, msg.numbers, msg.unions, true
		}
		if again {
			return p.load()
		}
	}
	return nil
}

func (p *person) view() string {
	e := p.e
	w, h := e.body()
	if !p.known {
		text := "loading"
		if p.gone {
			text = "person_gone"
		}
		return "\n  " + e.theme.faint.of(e.t(text))
	}
	lines := p.lines(w)
	p.win.resize(len(lines), h)
	p.win.scroll(0)
	from, to := p.win.visible()
	return strings.Join(lines[from:to], "\n")
}

func (p *person) lines(w int) []string {
	e, c, now := p.e, &p.contact, p.e.now()
	lines := []string{""}
	if c.OptedOut {
		why := e.t("person_opted_out", "Time", e.words.Moment(c.OptOutAt, now), "Why", c.OptOutWhy)
		for _, line := range e.wrap("⊘ "+why, max(w-4, 1)) {
			lines = append(lines, "  "+e.theme.bad.of(line))
		}
		lines = append(lines, "")
	}
	if c.InDoubt() {
		doubt := e.t("person_doubt", "Time", e.words.Moment(c.DoubtAt, now), "Said", c.DoubtSaid,
			"Leaves", e.keys.saidNo.Help().Key, "Stays", e.keys.stays.Help().Key)
		for _, line := range e.wrap("? "+doubt, max(w-4, 1)) {
			lines = append(lines, "  "+e.theme.warn.of(line))
		}
		lines = append(lines, "")
	}
	if !p.barred.IsZero() {
		for _, line := range e.wrap("⊘ "+e.words.because(p.barred), max(w-4, 1)) {
			lines = append(lines, "  "+e.theme.bad.of(line))
		}
		lines = append(lines, "")
	}
	add := func(id, value string) {
		if value == "" {
			return
		}
		for i, line := range e.wrap(value, max(w-22, 1)) {
			label := ""
			if i == 0 {
				label = id
			}
			lines = append(lines, "  "+e.theme.label.of(e.fit(label, 18))+" "+line)
		}
	}
	when := func(id string, t time.Time) {
		if !t.IsZero() {
			add(e.t(id), e.words.Moment(t, now))
		}
	}
	add(e.t("col_name"), c.Name)
	add(e.t("person_source"), e.t(nameSources[min(int(c.NameSource), len(nameSources)-1)]))
	if c.Username != "" {
		add(e.t("person_username"), "@"+c.Username)
	}
	add(e.t("col_phone"), e.phone(c.BestPhone()))
	if c.WhatsApp != "" && c.WhatsApp != c.Phone {
		add(e.t("person_whatsapp"), c.WhatsApp.Pretty())
	}
	for _, o := range c.Others {
		text := o.Phone.Pretty()
		if !o.No.IsZero() {
			text = e.t("person_other_no", "A", text, "B", e.words.Moment(o.No, now))
		}
		add(e.t("person_other"), text)
	}
	for _, f := range c.Former {
		add(e.t("person_former"), e.t("person_former_until", "A", f.Phone.Pretty(), "B", e.words.Moment(f.Until, now)))
	}
	for _, u := range p.unions {
		add(e.t("person_joined"), e.t("person_joined_with", "A", e.calls(u.Keep.Called(), u.Keep.BestPhone()),
			"B", e.calls(u.Gone.Called(), u.Gone.BestPhone()), "Time", e.words.Moment(u.At, now)))
	}
	add(e.t("person_presence"), e.t(presences[min(int(c.Presence), len(presences)-1)]))
	add(e.t("person_consent"), e.words.Consent(c.Consent))
	add(e.t("person_note"), c.Note)
	add(e.t("person_came"), e.words.Came(c.Came, now))
	add(e.t("col_tags"), strings.Join(c.OurTags(), ", "))
	if labels := c.LabelNames(); len(labels) > 0 {
		add(e.t("person_labels"), labelSign+strings.Join(labels, ", "+labelSign))
	}
	add(e.t("person_lists"), strings.Join(c.Lists, ", "))
	names := make([]string, 0, len(c.Fields))
	for name := range c.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		add(name, c.Fields[name])
	}
	var knows []string
	for _, n := range c.Knows {
		knows = append(knows, p.numbers[n])
	}
	add(e.t("person_knows"), strings.Join(knows, ", "))
	when("person_last_sent", c.LastSent)
	when("person_last_heard", c.LastHeard)
	when("person_created", c.Created)
	return lines
}

var nameSources = [...]string{"source_none", "source_push", "source_business", "source_address_book", "source_typed"}

var presences = [...]string{"presence_unknown", "presence_yes", "presence_no"}
