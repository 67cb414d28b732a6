package tui

import (
	"context"
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// audience is whom a draft would be sent to: how many they are, one of them
// to preview the text for, and who lacks what the text asks for.
type audience struct {
	e       *env
	filter  people.Filter
	mistake *people.FilterError
	found   store.Found
	known   bool
	at      int // the person of the preview
	contact people.Contact
	has     bool // contact is that person

	draft     func() campaign.Campaign // as it is written now
	text      *campaign.Template
	textFault *campaign.TemplateError
	flight    store.Preflight
	checked   bool // flight is that of the draft

	finding, picking, checking question
	cancelFind, cancelCheck    context.CancelFunc
}

// audienceFoundMsg answers audience.find.
type audienceFoundMsg struct {
	question int
	found    store.Found
	err      error
}

// recipientLoadedMsg answers audience.pick.
type recipientLoadedMsg struct {
	question int
	contact  people.Contact
	found    bool
	err      error
}

// audienceCheckedMsg answers audience.check.
type audienceCheckedMsg struct {
	question int
	flight   store.Preflight
	err      error
}

func newAudience(e *env, draft func() campaign.Campaign) *audience {
	return &audience{e: e, draft: draft, cancelFind: func() {}, cancelCheck: func() {}}
}

// choose takes a filter as typed and asks whom it chooses. A mistake leaves
// the audience empty: nothing must start on a misread filter.
func (a *audience) choose(to string) tea.Cmd {
	filter, err := people.ParseFilter(to)
	a.mistake = nil
	if err != nil {
		if !errors.As(err, &a.mistake) {
			a.mistake = &people.FilterError{Reason: reason.Of(err)}
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
	a.found, a.known, a.has, a.checked = store.Found{}, false, false, false
}

// write takes the text as typed.
func (a *audience) write(text string) tea.Cmd {
	template, err := campaign.ParseTemplate(text)
	a.text, a.textFault = template, nil
	if err != nil {
		a.text = nil
		if !errors.As(err, &a.textFault) {
			a.textFault = &campaign.TemplateError{Reason: reason.Of(err)}
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
		found, err := book.Search(ctx, filter)
		return audienceFoundMsg{id, found, err}
	}
}

// pick asks for the person of the preview.
func (a *audience) pick() tea.Cmd {
	a.has = false
	if a.found.Size() == 0 {
		return nil
	}
	a.at = max(min(a.at, a.found.Size()-1), 0)
	question := a.picking.renew(a.e)
	book, id := a.e.app.Book, a.found.At(a.at)
	return func() tea.Msg {
		found, err := book.ContactsByID([]people.ContactID{id})
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

// check asks who of the audience would receive the draft, and when.
func (a *audience) check() tea.Cmd {
	a.cancelCheck()
	a.checking.drop()
	a.checked = false
	if a.text == nil || !a.known {
		return nil
	}
	draft := a.draft()
	if slices.ContainsFunc(draft.Texts(), unreadable) {
		return nil
	}
	question := a.checking.renew(a.e)
	ctx, cancel := context.WithCancel(a.e.ctx)
	a.cancelCheck = cancel
	book, now := a.e.app.Book, a.e.now()
	return func() tea.Msg {
		defer cancel()
		flight, err := book.Preflight(ctx, draft, now)
		return audienceCheckedMsg{question, flight, err}
	}
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
		a.found, a.known = msg.found, true
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
		a.flight, a.checked = msg.flight, true
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
