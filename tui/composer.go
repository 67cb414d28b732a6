package tui

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/media"
	"recado/store"
)

// The fields of the composer, from top to bottom.
const (
	fieldName = iota
	fieldNumbers
	fieldAudience
	fieldPace
	fieldAttachment
	fieldText
	fieldMore
	fieldCount
)

// textRoom is how many characters the text may have while it is being written:
// more than WhatsApp takes, so that a long one can be pasted and shortened.
const textRoom = 4 * campaign.TextMost

// composer writes a campaign: to whom, by which numbers, how fast and what,
// with the text shown as real people would get it.
type composer struct {
	e        *env
	saved    campaign.Campaign // as it is in the book, or the page it began with
	name     *line
	to       *line
	pace     *line
	file     *attachment
	text     *area
	texts    []string          // all texts; that of the field is as it was when it was shown
	which    int               // the one in the field
	plan     campaign.Campaign // what is chosen behind "more", see options.go
	leaves   bool              // the line about leaving is added where a text has none
	at       int
	numbers  []campaign.Number
	holds    map[campaign.NumberID]campaign.Hold
	chosen   map[campaign.NumberID]bool
	over     int  // the number under the cursor of its field
	known    bool // the numbers have been read, and the rule about consent
	consents bool // that rule: new campaigns ask for consent
	above    int  // to more people a start is confirmed by their number

	people   *audience
	question question
	starting question
	pointed  bool // the fields that lack something are pointed at

	// Keeping what is typed: see drafts.go.
	pen       *pen
	pages     int // that were given to the pen
	saving    question
	changedAt time.Time // when it began to be another one than in the book; zero: it is not
	typedAt   time.Time // the last change
	savedAt   time.Time // the last try
	fault     error     // of that
	began     bool      // the draft began here
	asked     bool      // somebody asked for the save, and hears of it
	leaving   bool      // the screen closes once it is saved
	apart     string    // the text that says why it is a draft of its own now
}

// sendersLoadedMsg answers composer.load.
type sendersLoadedMsg struct {
	question int
	numbers  []campaign.Number
	draft    campaign.Campaign // as it is in the book
	holds    map[campaign.NumberID]campaign.Hold
	consents bool // the rule is that new campaigns ask for consent
	above    int  // to more people a start is confirmed by their number
	err      error
}

// draftSavedMsg answers composer.save.
type draftSavedMsg struct {
	question int
	written  written
}

func newComposer(e *env, draft campaign.Campaign) *composer {
	c := &composer{
		e: e, saved: draft,
		name:  newLine(e, e.t("composer_name_example"), 80),
		to:    newLine(e, e.t("composer_to_example"), 500),
		pace:  newLine(e, e.t("composer_pace_example"), 200),
		text:  newArea(e, e.t("composer_text_example"), textRoom),
		began: draft.ID == 0,
	}
	c.people = newAudience(e, c.draft)
	c.fill(draft)
	c.focus(fieldName)
	return c
}

// fill writes a draft into the fields.
func (c *composer) fill(draft campaign.Campaign) {
	c.saved, c.pen = draft, &pen{kept: draft, last: c.pages}
	c.file = newAttachment(c.e, draft)
	c.name.set(draft.Name)
	c.to.set(draft.To)
	c.pace.set(cmp.Or(draft.Unread.Pace, draft.Pace.Limits().String()))
	c.texts, c.which = draft.Texts(), 0
	c.text.set(draft.Text)
	c.plan, c.leaves = draft, draft.ID == 0 && draft.NoLeave == "" || draft.AddLeave
	c.saved.AddLeave = c.leaves
	c.chosen = make(map[campaign.NumberID]bool)
	for _, id := range draft.Numbers {
		c.chosen[id] = true
	}
}

func (c *composer) title() string {
	if c.saved.ID == 0 {
		return c.e.t("composer_new")
	}
	title := c.e.t("composer_edit", "Name", c.e.named(c.saved.Name))
	switch {
	case c.fault != nil:
		return title + " · " + c.e.t("draft_unsaved")
	case !c.dirty():
		return title + " · " + c.e.t("draft_safe")
	}
	return title
}

func (c *composer) typing() bool { return true }

// dirty compares with what the book has, or with an empty page.
func (c *composer) dirty() bool {
	now, then := c.draft(), c.saved
	if now.Name != then.Name || now.Text != then.Text || now.To != then.To || now.Unread != then.Unread {
		return true
	}
	if !slices.Equal(now.Variants, then.Variants) || planChanged(&now, &then) {
		return true
	}
	a, b := now.Attachment, then.Attachment
	return (a == nil) != (b == nil) || a != nil && (a.SHA256 != b.SHA256 || a.Name != b.Name) ||
		!slices.Equal(now.Numbers, slices.Sorted(slices.Values(then.Numbers))) || now.Pace != then.Pace
}

// load asks for the numbers; the first time also for the audience.
func (c *composer) load() tea.Cmd {
	var first tea.Cmd
	if !c.people.known && !c.people.finding.busy && c.people.mistake == nil {
		first = tea.Batch(c.people.choose(c.to.value()), c.people.write(c.text.value()), c.file.look())
	}
	id, ok := c.question.ask(c.e)
	if !ok {
		return first
	}
	book, draft := c.e.app.Book, c.saved.ID
	return tea.Batch(first, func() tea.Msg {
		msg := sendersLoadedMsg{question: id, holds: book.Holds()}
		msg.numbers, msg.err = book.Numbers()
		if msg.err == nil {
			msg.consents, msg.err = book.RequiresConsent()
		}
		if msg.err == nil {
			msg.above, msg.err = book.CountAbove()
		}
		if msg.err == nil && draft != 0 {
			if msg.draft, msg.err = book.Campaign(draft); errors.Is(msg.err, store.ErrNotFound) {
				msg.err = nil
			}
		}
		return msg
	})
}

// attached is the file that goes with the text, as far as it has been read; nil
// if there is none.
func (c *composer) attached() *media.Attachment {
	switch f := c.file; {
	case f.typed() == "":
		return nil
	case f.unread(), f.mistake != nil:
		return f.kept
	default:
		return f.found
	}
}

// draft is the campaign as it is written now.
func (c *composer) draft() campaign.Campaign {
	d := c.saved
	d.Name, d.To = strings.TrimSpace(c.name.value()), strings.TrimSpace(c.to.value())
	c.writeTexts(&d)
	c.writePlan(&d)
	d.Unread, d.Attachment = campaign.Unread{}, c.attached()
	if f := c.file; f.typed() != "" && (f.unread() || f.mistake != nil) {
		d.Unread.File = f.typed()
	}
	d.Numbers = c.picked()
	if pace, err := c.paceNow(); err != nil {
		d.Unread.Pace = c.pace.value()
	} else {
		d.Pace = pace
	}
	return d
}

// focus moves to a field. A file is looked at when its field is left.
func (c *composer) focus(field int) (look tea.Cmd) {
	if c.at == fieldAttachment {
		look = c.file.look()
	}
	c.at = (field + fieldCount) % fieldCount
	c.name.focus(c.at == fieldName)
	c.to.focus(c.at == fieldAudience)
	c.pace.focus(c.at == fieldPace)
	c.file.path.focus(c.at == fieldAttachment)
	c.text.focus(c.at == fieldText)
	return look
}

func (c *composer) actions() []action {
	e, inNumbers := c.e, c.at == fieldNumbers && len(c.numbers) > 0
	single := c.at != fieldText
	return []action{
		act(e.keys.nextField, true, func() tea.Cmd { return c.focus(c.at + 1) }),
		act(e.keys.start, !c.pointed || c.points() != c.at || c.nobody() || c.moment(), c.review),
		act(e.keys.saveDraft, c.dirty() || c.saved.ID == 0 && !empty(c.saved), func() tea.Cmd { c.asked = true; return c.save() }),
		act(e.keys.toggle, inNumbers && c.togglable(c.numbers[min(c.over, len(c.numbers)-1)]), c.toggle),
		act(e.keys.left, inNumbers && c.over > 0, func() tea.Cmd { c.over--; return nil }),
		act(e.keys.right, inNumbers && c.over < len(c.numbers)-1, func() tea.Cmd { c.over++; return nil }),
		act(e.keys.nextPerson, c.people.at < c.people.found.Size()-1, func() tea.Cmd { return c.people.turn(1) }),
		act(e.keys.prevPerson, c.people.at > 0, func() tea.Cmd { return c.people.turn(-1) }),
		act(e.keys.prevField, true, func() tea.Cmd { return c.focus(c.at - 1) }),
		act(e.keys.nextText, c.at == fieldText && (len(c.texts) > 1 || strings.TrimSpace(c.text.value()) != ""), c.nextText),
		act(e.keys.more, c.at == fieldMore, func() tea.Cmd { return e.root.push(newOptions(e, c)) }),
		act(e.keys.accept, single && c.at != fieldMore, func() tea.Cmd { return c.focus(c.at + 1) }),
	}
}

func (c *composer) keys() []key.Binding {
	keys := bindings(c.actions())
	for i := range keys { // enter moves on here: the help calls it what it is
		if keys[i].Help().Key == "enter" && c.at != fieldMore {
			keys[i].SetHelp("enter", c.e.keys.nextField.Help().Desc)
		}
	}
	return keys
}

// togglable reports whether a number may be ticked, or has been and may be left
// out again.
func (c *composer) togglable(n campaign.Number) bool { return n.Linked() || c.chosen[n.ID] }

func (c *composer) toggle() tea.Cmd {
	id := c.numbers[c.over].ID
	c.chosen[id] = !c.chosen[id]
	return c.people.check()
}

// review shows what would be sent, or points at what it lacks.
func (c *composer) review() tea.Cmd {
	needs := c.needs()
	if len(needs) == 0 || c.nobody() || c.moment() {
		line := c.addLine()
		return tea.Batch(line, c.e.root.push(newReview(c.e, c)))
	}
	to := c.points()
	c.pointed = true
	c.e.root.say(c.e.theme.warn, c.e.t("need", "What", c.lacking(needs)))
	return c.focus(to)
}

// empty reports whether nothing is written in a draft.
func empty(d campaign.Campaign) bool {
	return d.Name == "" && d.Text == "" && d.To == "" && d.Attachment == nil && len(d.Poll) == 0 && d.Unread == (campaign.Unread{})
}

func (c *composer) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		defer c.touched()
		if cmd, done := press(msg, c.actions()); done {
			return cmd
		}
		return c.edit(msg)
	case tea.PasteMsg:
		defer c.touched()
		return c.edit(msg)
	case sendersLoadedMsg:
		var check tea.Cmd
		mine, again := c.question.answered(msg.question)
		if mine && msg.err != nil {
			c.e.root.say(c.e.theme.bad, c.e.fault(msg.err))
		} else if mine {
			changed := !c.known || !slices.EqualFunc(c.numbers, msg.numbers, sameSender)
			if changed = changed || msg.consents != c.consents; c.saved.ID == 0 && msg.consents && !c.known {
				c.plan.Consented, c.saved.Consented = true, true
			}
			c.numbers, c.holds, c.known, c.consents, c.above = msg.numbers, msg.holds, true, msg.consents, msg.above
			if changed {
				check = c.people.check()
			}
			c.over = max(min(c.over, len(c.numbers)-1), 0)
			if msg.draft.Status == campaign.Draft && msg.draft.Rev > c.saved.Rev && !c.dirty() && !c.saving.busy && !c.starting.busy {
				c.fill(msg.draft) // another terminal has gone on with it
				return tea.Batch(c.people.choose(c.to.value()), c.people.write(c.text.value()), c.file.look())
			}
		}
		if again {
			return tea.Batch(check, c.load())
		}
		return check
	case attachmentReadMsg:
		c.file.answered(msg)
	case draftSavedMsg:
		if mine, again := c.saving.answered(msg.question); mine {
			return c.wrote(msg.written, again)
		}
	default:
		return c.people.update(msg)
	}
	return nil
}

// edit gives a key to the field we are in.
func (c *composer) edit(msg tea.Msg) tea.Cmd {
	switch c.at {
	case fieldName:
		c.name.update(msg)
	case fieldAudience:
		if c.to.update(msg) {
			return c.people.choose(c.to.value())
		}
	case fieldPace:
		if c.pace.update(msg) {
			return c.people.check()
		}
	case fieldAttachment:
		c.file.path.update(msg)
	case fieldText:
		if c.text.update(msg) {
			return c.people.write(c.text.value())
		}
	}
	return nil
}

// refused says why the book did not take the draft as it is.
func (c *composer) refused(err error) { c.e.root.say(c.e.theme.bad, c.e.fault(err)) }

// start writes the draft and starts it, or leaves it to its time: what starts is what is shown here, or
// nothing.
func (c *composer) start(ctx context.Context) tea.Cmd {
	id, ok := c.starting.ask(c.e)
	if !ok {
		return nil
	}
	app, now, pen, page := c.e.app, c.e.now(), c.pen, c.page()
	return func() tea.Msg {
		msg := campaignStartedMsg{question: id, written: pen.write(app, page)}
		if msg.err = cmp.Or(msg.written.err, msg.written.apart, msg.written.file, ctx.Err()); msg.err == nil {
			if draft := msg.written.draft; draft.At.After(now) {
				msg.campaign, msg.err = app.Desk.Schedule(draft.ID, draft.Planned())
			} else {
				msg.campaign, msg.err = app.Desk.Begin(ctx, draft.ID, now)
			}
		}
		return msg
	}
}
