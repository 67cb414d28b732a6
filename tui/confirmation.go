package tui

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
)

// confirmationLoadedMsg answers numbers.confirmation.
type confirmationLoadedMsg struct {
	question int
	number   campaign.Number
	err      error
}

// confirmation reads what a number sends to who opts out, and asks what that is to be.
func (n *numbers) confirmation(number campaign.NumberID) tea.Cmd {
	id, ok := n.confirming.ask(n.e)
	if !ok {
		return nil
	}
	book := n.e.app.Book
	return func() tea.Msg {
		number, err := book.Number(number)
		return confirmationLoadedMsg{id, number, err}
	}
}

// askConfirmation asks what a number sends to who opts out: the usual text, one of its
// own, or nothing.
func (e *env) askConfirmation(number campaign.Number) screen {
	set := func(c campaign.Confirmation, said string) func() tea.Cmd {
		return func() tea.Cmd { return e.confirm(number, c, said) }
	}
	own, now := number.Confirm.Text, 0
	detail := []string{e.t("confirmation_detail"), "", e.t("confirmation_says_usual", "Text", e.usualConfirmation())}
	if own != "" {
		now = 1
		detail = append(detail, e.t("confirmation_says_own", "Text", own))
	}
	if number.Confirm.Off {
		now = 2
	}
	all := []option{
		{e.t("confirmation_usual"), "", set(campaign.Confirmation{}, e.t("confirmation_changed", "Name", number.Name))},
		{e.t("confirmation_own"), "", func() tea.Cmd { return e.root.push(newConfirmationText(e, number)) }},
		{e.t("confirmation_none"), "", set(campaign.Confirmation{Off: true, Text: own}, e.t("confirmation_off_done", "Name", number.Name))},
	}
	return newChoice(e, e.t("confirmation_ask", "Name", number.Name), detail, all, now)
}

// usualConfirmation is the usual text as it reads in the language of this terminal.
func (e *env) usualConfirmation() string {
	language, _, _ := strings.Cut(e.words.Lang(), "-")
	return campaign.Confirmation{}.For(language)
}

// confirm changes what a number sends to who opts out.
func (e *env) confirm(number campaign.Number, c campaign.Confirmation, did string) tea.Cmd {
	return e.do(did, func(context.Context) error {
		_, err := e.app.Desk.SetConfirmation(number.ID, c)
		return err
	})
}

// confirmationText is where a number is given a text of its own.
type confirmationText struct {
	e      *env
	number campaign.Number
	before string
	text   *area
}

func newConfirmationText(e *env, number campaign.Number) *confirmationText {
	c := &confirmationText{e: e, number: number, before: number.Confirm.Text, text: newArea(e, "", textRoom)}
	if c.before == "" {
		c.before = e.usualConfirmation()
	}
	c.text.set(c.before)
	c.text.focus(true)
	return c
}

func (c *confirmationText) title() string {
	return c.e.t("confirmation_text", "Name", c.number.Name)
}
func (c *confirmationText) load() tea.Cmd { return nil }
func (c *confirmationText) dirty() bool   { return c.text.value() != c.before }
func (c *confirmationText) typing() bool  { return true }

func (c *confirmationText) actions() []action {
	set := campaign.Confirmation{Text: campaign.Text(c.text.value())}
	return []action{act(c.e.keys.saveDraft, set.Text != "" && set.Check() == nil, func() tea.Cmd {
		return tea.Batch(c.e.root.drop(c), c.e.confirm(c.number, set, c.e.t("confirmation_changed", "Name", c.number.Name)))
	})}
}

func (c *confirmationText) keys() []key.Binding { return bindings(c.actions()) }

func (c *confirmationText) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if cmd, done := press(msg, c.actions()); done {
			return cmd
		}
		c.text.update(msg)
	case tea.PasteMsg:
		c.text.update(msg)
	}
	return nil
}

func (c *confirmationText) view() string {
	e := c.e
	w, h := e.body()
	var lines []string
	for _, line := range e.wrap(e.t("confirmation_text_detail"), max(w-4, 1)) {
		lines = append(lines, "  "+e.theme.dim.of(line))
	}
	lines = append(lines, "")
	for _, line := range c.text.lines(e, max(w-4, 1), max(h-len(lines)-2, 1)) {
		lines = append(lines, "  "+line)
	}
	lines = append(lines, "")
	set := campaign.Confirmation{Text: campaign.Text(c.text.value())}
	if err := set.Check(); err != nil {
		for _, line := range e.wrap("▲ "+e.words.why(err), max(w-4, 1)) {
			lines = append(lines, "  "+e.theme.bad.of(line))
		}
	}
	return strings.Join(exactLines(lines, h), "\n")
}
