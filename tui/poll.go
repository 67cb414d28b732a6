package tui

import (
	"strconv"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
)

// pollForm is where the options of a poll are typed, one in each line. Empty lines
// are none: without any, the campaign is no poll.
type pollForm struct {
	e     *env
	from  *composer
	lines []*line
	at    int
	win   window
}

func newPollForm(e *env, from *composer) *pollForm {
	f := &pollForm{e: e, from: from}
	for i := range campaign.OptionsMost {
		one := newLine(e, "", 2*campaign.OptionMost) // a long one can be pasted and shortened
		if i < len(from.plan.Poll) {
			one.set(from.plan.Poll[i])
		}
		f.lines = append(f.lines, one)
	}
	f.focus(0)
	return f
}

func (f *pollForm) title() string { return f.e.t("poll_title", "Name", f.e.named(f.from.draft().Name)) }
func (f *pollForm) load() tea.Cmd { return f.from.load() }
func (f *pollForm) typing() bool  { return true }
func (f *pollForm) dirty() bool   { return false } // the composer keeps it

// focus moves to a line.
func (f *pollForm) focus(at int) tea.Cmd {
	f.at = (at + len(f.lines)) % len(f.lines)
	for i, one := range f.lines {
		one.focus(i == f.at)
	}
	return nil
}

func (f *pollForm) actions() []action {
	e := f.e
	return []action{
		act(e.keys.nextField, true, func() tea.Cmd { return f.focus(f.at + 1) }),
		act(e.keys.prevField, true, func() tea.Cmd { return f.focus(f.at - 1) }),
		act(e.keys.nextEntry, true, func() tea.Cmd { return f.focus(f.at + 1) }),
		act(e.keys.prevEntry, true, func() tea.Cmd { return f.focus(f.at - 1) }),
		act(e.keys.accept, true, func() tea.Cmd { return f.focus(f.at + 1) }),
	}
}

func (f *pollForm) keys() []key.Binding {
	keys := bindings(f.actions())
	for i := range keys { // enter moves on here, as in every form
		if keys[i].Help().Key == "enter" {
			keys[i].SetHelp("enter", f.e.keys.nextField.Help().Desc)
		}
	}
	return keys
}

func (f *pollForm) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if cmd, done := press(msg, f.actions()); done {
			return cmd
		}
		return f.edit(msg)
	case tea.PasteMsg:
		return f.edit(msg)
	}
	return nil
}

// edit gives a key to the line we are in, and the campaign what is typed.
func (f *pollForm) edit(msg tea.Msg) tea.Cmd {
	if !f.lines[f.at].update(msg) {
		return nil
	}
	f.from.plan.Poll = nil
	for _, one := range f.lines {
		if text := campaign.Option(one.value()); text != "" {
			f.from.plan.Poll = append(f.from.plan.Poll, text)
		}
	}
	f.from.touched()
	return f.from.people.check()
}

func (f *pollForm) view() string {
	e := f.e
	w, h := e.body()
	var head, foot []string
	for _, line := range e.wrap(e.t("poll_detail"), max(min(w-4, 76), 1)) {
		head = append(head, "  "+e.theme.dim.of(line))
	}
	if err := f.from.plan.CheckOptions(); err != nil {
		for _, line := range e.wrap("▲ "+e.words.why(err), max(w-4, 1)) {
			foot = append(foot, "  "+e.theme.bad.of(line))
		}
	} else if n := len(f.from.plan.Poll); n > 0 {
		foot = append(foot, "  "+e.theme.dim.of(e.fit(e.words.n("option_poll_some", n), max(w-3, 0))))
	}
	foot = append([]string{""}, foot...)
	if h < len(head)+len(foot)+4 { // the lines need it all
		head, foot = nil, nil
	}
	head = append(head, "")
	f.win.resize(len(f.lines), max(h-len(head)-len(foot), 1))
	f.win.jump(f.at)
	from, to := f.win.visible()
	const number = 3
	for i := from; i < to; i++ {
		label, ink := "  ", e.theme.label
		if i == f.at {
			label, ink = "› ", e.theme.labelHere
		}
		head = append(head, ink.of(label+e.fitRight(strconv.Itoa(i+1), number))+"  "+f.lines[i].view(e, max(w-number-6, 1)))
	}
	return strings.Join(append(head, foot...), "\n")
}

// pollNow says what can be chosen in a poll.
func (e *env) pollNow(options []string) string {
	if len(options) == 0 {
		return e.t("option_poll_none")
	}
	return e.words.n("option_poll_some", len(options)) + ": " + strings.Join(options, " · ")
}

// ballot draws the options of a poll as WhatsApp shows them below the question, in at
// most so many lines of w cells.
func (e *env) ballot(options []string, w, most int) (lines []string) {
	if len(options) == 0 || most <= 0 {
		return nil
	}
	lines = append(lines, e.theme.faint.of(e.fit(e.t("preview_poll"), w)))
	for i, o := range options {
		if left := len(options) - i; len(lines) == most-1 && left > 1 {
			return append(lines, e.theme.faint.of(e.fit(e.words.n("preview_poll_more", left), w)))
		}
		if len(lines) == most {
			break
		}
		text, _ := e.cut(o, max(w-2, 0))
		lines = append(lines, e.theme.accent.of("○ ")+text)
	}
	return lines
}

// shape is what the length of the composer's texts depends on.
func (c *composer) shape() *campaign.Campaign {
	return &campaign.Campaign{Attachment: c.attached(), Poll: c.plan.Poll}
}
