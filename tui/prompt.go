package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// prompt asks for one line of text.
type prompt struct {
	e      *env
	ask    string
	detail string
	field  *line
	began  string
	accept func(text string) tea.Cmd

	check   func(text string) (mistake string) // before it is accepted; nil: anything will do
	mistake string
}

func newPrompt(e *env, ask, detail, placeholder, text string, accept func(string) tea.Cmd) *prompt {
	p := &prompt{e: e, ask: ask, detail: detail, field: newLine(e, placeholder, 200), began: text, accept: accept}
	p.field.set(text)
	return p
}

func (p *prompt) title() string { return p.ask }
func (p *prompt) load() tea.Cmd { return nil }
func (p *prompt) dirty() bool   { return false }
func (p *prompt) typing() bool  { return true }

func (p *prompt) actions() []action {
	text := strings.TrimSpace(p.field.value())
	return []action{
		act(p.e.keys.accept, text != "" && p.mistake == "", func() tea.Cmd {
			if p.check != nil {
				if p.mistake = p.check(text); p.mistake != "" {
					return nil
				}
			}
			return tea.Batch(p.e.root.drop(p), p.accept(text))
		}),
	}
}

func (p *prompt) keys() []key.Binding { return bindings(p.actions()) }

func (p *prompt) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if cmd, done := press(msg, p.actions()); done {
			return cmd
		}
		p.edit(msg)
	case tea.PasteMsg:
		p.edit(msg)
	}
	return nil
}

// edit changes the text; what was wrong with the old one is no longer said.
func (p *prompt) edit(msg tea.Msg) {
	if p.field.update(msg) {
		p.mistake = ""
	}
}

func (p *prompt) view() string {
	e := p.e
	w, h := e.body()
	inner := min(w-8, 64)
	lines := []string{e.theme.strong.of(e.clean(p.ask)), ""}
	if p.detail != "" {
		lines = append(lines, e.wrap(p.detail, inner)...)
		lines = append(lines, "")
	}
	lines = append(lines, e.theme.accent.of("› ")+p.field.view(e, max(inner-2, 1)))
	if p.mistake != "" {
		lines = append(lines, "")
		for _, text := range e.wrap(p.mistake, inner) {
			lines = append(lines, e.theme.bad.of(text))
		}
	}
	return e.framed(lines, w, h)
}
