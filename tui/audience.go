package tui

import (
	"context"
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/store"
)

// audience is whom a draft would be sent to: how many they are, one of them
// to preview the text for, and who lacks what the text asks for.
type audience struct {
	e       *env
	filter  campaign.Filter
	mistake *campaign.FilterError
	ids     []campaign.ContactID
	known   bool
	at      int // the person of the preview
	contact campaign.Contact
	has     bool // contact is that person

	text      *campaign.Template
	textFault *campaign.TemplateError
	lacking   []lack
	long      int // people for whom the text becomes too long
	optedOut  int
	checked   bool

	finding, picking, checking question
	cancelFind, cancelCheck    context.CancelFunc
}

// lack is a field of the text that people in the audience do not have.
type lack struct {
	field string
	n     int
	who   []string // the names of the first few
}

// audienceFoundMsg answers audience.find.
type audienceFoundMsg struct {
	question int
	ids      []campaign.ContactID
	err      error
}

// recipientLoadedMsg answers audience.pick.
type recipientLoadedMsg struct {
	question int
	contact  campaign.Contact
	found    bool
	err      error
}

// audienceCheckedMsg answers audience.check.
type audienceCheckedMsg struct {
	question int
	lacking  []lack
	long     int
	optedOut int
	err      error
}

func newAudience(e *env) *audience {
	return &audience{e: e, cancelFind: func() {}, cancelCheck: func() {}}
}

// choose takes a filter as typed and asks whom it chooses. A mistake leaves
// the audience empty: nothing must start on a misread filter.
func (a *audience) choose(to string) tea.Cmd {
	filter, err := campaign.ParseFilter(to)
	a.mistake = nil
	if err != nil {
		if !errors.As(err, &a.mistake) {
			a.mistake = &campaign.FilterError{Message: err.Error()}
		}
		a.nobody()
		return nil
	}
	a.filter = filter
	a.at = 0
	return a.find()
}

// nobody empties the audience.
func (a *audience) nobody() {
	a.close()
	a.finding.drop()
	a.ids, a.known, a.has, a.checked = nil, false, false, false
}

// write takes the text as typed.
func (a *audience) write(text string) tea.Cmd {
	template, err := campaign.ParseTemplate(text)
	a.text, a.textFault = template, nil
	if err != nil {
		a.text = nil
		if !errors.As(err, &a.textFault) {
			a.textFault = &campaign.TemplateError{Message: err.Error()}
		}
		return nil
	}
	return a.check()
}

func (a *audience) find() tea.Cmd {
	a.cancelFind()
	id := a.finding.renew(a.e)
	ctx, cancel := context.WithCancel(a.e.ctx)
	a.cancelFind = cancel
	book, filter := a.e.app.Book, a.filter
	return func() tea.Msg {
		defer cancel()
		if err := book.CheckLists(filter); err != nil {
			return audienceFoundMsg{id, nil, err}
		}
		ids, err := book.Find(ctx, filter)
		return audienceFoundMsg{id, ids, err}
	}
}

// pick asks for the person of the preview.
func (a *audience) pick() tea.Cmd {
	a.has = false
	if len(a.ids) == 0 {
		return nil
	}
	a.at = max(min(a.at, len(a.ids)-1), 0)
	question := a.picking.renew(a.e)
	book, id := a.e.app.Book, a.ids[a.at]
	return func() tea.Msg {
		found, err := book.ContactsByID([]campaign.ContactID{id})
		msg := recipientLoadedMsg{question: question, found: len(found) == 1, err: err}
		if msg.found {
			msg.contact = found[0]
		}
		return msg
	}
}

// turn shows the text to another person.
func (a *audience) turn(by int) tea.Cmd {
	a.at += by
	return a.pick()
}

// check asks who in the audience lacks a field that the text needs.
func (a *audience) check() tea.Cmd {
	a.cancelCheck()
	a.checking.drop()
	a.checked = false
	if a.text == nil || !a.known {
		return nil
	}
	question := a.checking.renew(a.e)
	ctx, cancel := context.WithCancel(a.e.ctx)
	a.cancelCheck = cancel
	book, ids, text, now := a.e.app.Book, a.ids, a.text, a.e.now()
	return func() tea.Msg {
		defer cancel()
		msg := audienceCheckedMsg{question: question}
		for page := range slices.Chunk(ids, 500) {
			if msg.err = ctx.Err(); msg.err != nil {
				return msg
			}
			if msg.err = checkPage(book, page, func(c *campaign.Contact) {
				if c.OptedOut {
					msg.optedOut++
					return
				}
				_, err := text.Render(c, now)
				if long := (*campaign.TooLongError)(nil); errors.As(err, &long) {
					msg.long++
				}
				var missing *campaign.MissingError
				if errors.As(err, &missing) {
					msg.lacking = addLack(msg.lacking, missing.Fields, c)
				}
			}); msg.err != nil {
				return msg
			}
		}
		return msg
	}
}

// checkPage gives each person of a page to look.
func checkPage(book *store.Book, page []campaign.ContactID, look func(*campaign.Contact)) error {
	people, err := book.ContactsByID(page)
	for i := range people {
		look(&people[i])
	}
	return err
}

// addLack counts one person who lacks fields.
func addLack(lacking []lack, fields []string, c *campaign.Contact) []lack {
	const named = 3
	for _, field := range fields {
		i := slices.IndexFunc(lacking, func(l lack) bool { return l.field == field })
		if i < 0 {
			i = len(lacking)
			lacking = append(lacking, lack{field: field})
		}
		l := &lacking[i]
		l.n++
		if len(l.who) < named {
			who := c.Name
			if who == "" {
				who = c.Phone.Pretty()
			}
			l.who = append(l.who, who)
		}
	}
	return lacking
}

// update takes an answer.
func (a *audience) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case audienceFoundMsg:
		mine, _ := a.finding.answered(msg.question)
		if mine && errors.As(msg.err, &a.mistake) {
			a.nobody()
			return nil
		}
		if !mine || a.failed(msg.err) {
			return nil
		}
		a.ids, a.known = msg.ids, true
		return tea.Batch(a.pick(), a.check())
	case recipientLoadedMsg:
		if mine, _ := a.picking.answered(msg.question); !mine || a.failed(msg.err) {
			return nil
		}
		a.contact, a.has = msg.contact, msg.found
	case audienceCheckedMsg:
		if mine, _ := a.checking.answered(msg.question); !mine || a.failed(msg.err) {
			return nil
		}
		a.lacking, a.long, a.optedOut, a.checked = msg.lacking, msg.long, msg.optedOut, true
	}
	return nil
}

// failed tells an error, unless it only says that we asked for something else
// meanwhile.
func (a *audience) failed(err error) bool {
	if err != nil && !errors.Is(err, context.Canceled) {
		a.e.root.say(a.e.theme.bad, a.e.fault(err))
	}
	return err != nil
}

// close stops what is under way.
func (a *audience) close() {
	a.cancelFind()
	a.cancelCheck()
}
