package tui

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/store"
)

// What is typed in the composer is kept by itself: a moment after the last
// key, at the latest some seconds after the first, when the screen is left,
// and when the terminal ends, however it does.
const (
	keepAfter  = time.Second
	keepWithin = 5 * time.Second
	keepAgain  = 10 * time.Second // after a failure
)

// drafter is a screen whose text is kept by itself.
type drafter interface {
	screen
	keep(now time.Time) tea.Cmd // writes it if it is time
	save() tea.Cmd              // writes it now; nil if that is under way
	saves() bool                // it is being written
	flush() error               // writes it at once, off the loop: the terminal is ending
	leave() tea.Cmd             // writes it and closes the screen
}

// drafters are the screens with something to keep.
func (r *root) drafters() (all []drafter) {
	for _, stack := range r.stacks {
		for _, s := range stack {
			if d, ok := s.(drafter); ok && (d.dirty() || d.saves()) {
				all = append(all, d)
			}
		}
	}
	return all
}

// flush keeps what is typed on any screen. It is for after the loop.
func (r *root) flush() error {
	var faults []error
	for _, d := range r.drafters() {
		if err := d.flush(); err != nil {
			faults = append(faults, fmt.Errorf("keep the draft: %w", err))
		}
	}
	return errors.Join(faults...)
}

// pen writes one composer's draft to the book, one time after the other. What
// another terminal has made of the draft meanwhile is never written over: the
// words go to a draft of their own.
type pen struct {
	mu   sync.Mutex        // held while it writes: when the terminal ends a command may still be at it
	kept campaign.Campaign // what the book has
	last int               // the page that was written last
}

// page is what is to be written: it is complete, so that it can be written
// whenever.
type page struct {
	n     int // in the order in which they are typed: an older one is not written over a newer one
	draft campaign.Campaign
	path  string                   // of a file that the book does not have yet; empty: none
	typed string                   // that path as it was typed
	copy  string                   // the name, if it must be a draft of its own
	line  func(text string) string // tells how to be left alone; nil: nothing is added
	ruled bool                     // whether it is for those who have consented is as somebody wants it
}

// written is what became of a page.
type written struct {
	draft campaign.Campaign
	apart error // why it is a draft of its own; nil: it is not
	file  error // why the file was not taken; nil: it was, or there is none
	err   error // why nothing was written
}

func (p *pen) write(app App, w page) (got written) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.n < p.last {
		return written{draft: p.kept}
	}
	if w.path != "" {
		if got.file = attach(app.Book, app.Desk, &w.draft, w.path); got.file != nil {
			w.draft.Attachment, w.draft.Unread.File = p.kept.Attachment, w.typed
		}
	}
	w.draft.ID, w.draft.Rev = p.kept.ID, p.kept.Rev
	typed := w.draft
	// One that is whole may be started from elsewhere as it stands in the book.
	if w.line != nil && len(typed.Lacks()) == 0 {
		texts := offering(&typed, typed.Texts(), w.line)
		w.draft.Text, w.draft.Variants = texts[0], texts[1:]
	}
	if w.draft.ID != 0 {
		got.draft, got.err = app.Desk.EditDraft(w.draft)
		if errors.Is(got.err, store.ErrChanged) || errors.Is(got.err, store.ErrState) || errors.Is(got.err, store.ErrNotFound) {
			got.apart, w.draft.ID, w.draft.Name = got.err, 0, w.copy
		}
	}
	if w.draft.ID == 0 {
		got.draft, got.err = app.Desk.AddCampaign(w.draft)
		if got.err == nil && w.ruled && got.draft.Consented != w.draft.Consented { // not as the rule of the book is
			w.draft.ID, w.draft.Rev = got.draft.ID, got.draft.Rev
			got.draft, got.err = app.Desk.EditDraft(w.draft)
		}
	}
	got.draft.Text, got.draft.Variants = typed.Text, typed.Variants // the fields stay as they are typed
	if got.err == nil {
		p.kept, p.last = got.draft, w.n
	}
	return got
}

// keep implements drafter.
func (c *composer) keep(now time.Time) tea.Cmd {
	if c.saving.busy || !c.dirty() {
		return nil
	}
	if c.fault != nil && now.Sub(c.savedAt) < keepAgain {
		return nil
	}
	if now.Sub(c.typedAt) < keepAfter && now.Sub(c.changedAt) < keepWithin {
		return nil
	}
	return c.save()
}

// touched notes that something was typed.
func (c *composer) touched() {
	if !c.dirty() {
		return
	}
	c.typedAt = c.e.now()
	if c.changedAt.IsZero() {
		c.changedAt = c.typedAt
	}
}

func (c *composer) saves() bool { return c.saving.busy }

// page is the draft as it is written now.
func (c *composer) page() page {
	c.pages++
	d := c.draft()
	p := page{n: c.pages, draft: d, ruled: c.known, path: c.file.file(), typed: c.file.typed(), copy: c.e.t("draft_copy", "Name", c.e.named(d.Name))}
	if d.AddLeave {
		p.line = c.e.words.OptOutLine
	}
	return p
}

func (c *composer) save() tea.Cmd {
	id, ok := c.saving.ask(c.e)
	if !ok {
		return nil
	}
	app, pen, page := c.e.app, c.pen, c.page()
	return func() tea.Msg { return draftSavedMsg{id, pen.write(app, page)} }
}

func (c *composer) flush() error {
	got := c.pen.write(c.e.app, c.page())
	return errors.Join(got.err, got.file)
}

// leave implements drafter. A draft that began here and in which nothing is
// left is none.
func (c *composer) leave() tea.Cmd {
	if c.dirty() || c.saving.busy {
		c.leaving = true
		return c.save()
	}
	c.people.close()
	back := c.e.root.drop(c)
	if d := c.saved; c.began && d.ID != 0 && empty(d) {
		desk := c.e.app.Desk
		return tea.Batch(back, c.e.do("", func(context.Context) error {
			_, err := desk.Cancel(d.ID)
			return err
		}))
	}
	return back
}

// wrote takes what became of the draft.
func (c *composer) wrote(got written, again bool) tea.Cmd {
	e := c.e
	asked, leaving := c.asked, c.leaving
	c.asked, c.leaving = false, false
	if c.savedAt, c.fault = e.now(), got.err; got.err != nil {
		if leaving {
			return e.root.push(newAsk(e, e.t("ask_leave"), e.fault(got.err)+" "+e.t("ask_leave_detail"), func() tea.Cmd { return e.root.drop(c) }))
		}
		e.root.say(e.theme.bad, e.fault(got.err))
		return nil
	}
	c.took(got)
	switch name := e.named(got.draft.Name); {
	case got.file != nil:
		c.refused(got.file)
		return nil
	case again && c.dirty():
		c.asked, c.leaving = asked, leaving
		return c.save()
	case asked, leaving:
		e.root.say(e.theme.good, e.t("draft_saved", "Name", name))
	}
	if leaving {
		return c.leave()
	}
	return nil
}

// took remembers what the book has now.
func (c *composer) took(got written) {
	if c.saved.ID == 0 && got.draft.Consented {
		c.plan.Consented = true
	}
	c.saved = got.draft
	c.file.keep(got.draft.Attachment)
	if got.file != nil {
		c.file.looked = ""
	}
	if got.apart != nil {
		c.began = true
		c.name.set(got.draft.Name)
		c.apart = "draft_apart_over"
		if errors.Is(got.apart, store.ErrChanged) {
			c.apart = "draft_apart_changed"
		}
	}
	c.changedAt = time.Time{}
	c.touched()
}
