package tui

import (
	"context"
	"errors"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// prompt asks for one line of text. It stays open until what was typed has
// been taken: what went wrong is said beside it, and nothing has to be typed
// again.
type prompt struct {
	e      *env
	ask    string
	detail string
	field  *line
	take   taker

	check   func(text string) (mistake string) // before it is taken; nil: anything will do
	ways    func(text string) []string         // how the text may go on, as whole texts; nil: nobody knows
	mistake string                             // of the check
	refused string                             // why it was not taken
	taking  question
}

// taker does something with what was typed, off the loop, and returns what
// comes next on the screen; nil: nothing. A *confirm is put to the person; if
// they say yes it is called once more, and sure is set.
type taker func(ctx context.Context, text string, sure bool) (next func() tea.Cmd, err error)

// confirm is what a person must say yes to before something is done.
// It is put into words on the terminal's own loop.
type confirm struct {
	say func() (question, detail string)
}

func (c *confirm) Error() string { return "not confirmed" }

// promptTakenMsg answers prompt.submit.
type promptTakenMsg struct {
	question int
	text     string
	next     func() tea.Cmd
	err      error
}

func newPrompt(e *env, ask, detail, placeholder, text string, take taker) *prompt {
	p := &prompt{e: e, ask: ask, detail: detail, field: newLine(e, placeholder, 200), take: take}
	p.field.set(text)
	return p
}

// taken makes a taker of a change that is told when it is done.
func (e *env) taken(did func(text string) string, change func(text string) error) taker {
	return func(_ context.Context, text string, _ bool) (func() tea.Cmd, error) {
		if err := change(text); err != nil {
			return nil, err
		}
		return func() tea.Cmd {
			e.root.say(e.theme.good, did(text))
			return nil
		}, nil
	}
}

func (p *prompt) title() string { return p.ask }
func (p *prompt) load() tea.Cmd { return nil }
func (p *prompt) dirty() bool   { return false }
func (p *prompt) typing() bool  { return true }

func (p *prompt) actions() []action {
	text := strings.TrimSpace(p.field.value())
	return []action{
		act(p.e.keys.accept, text != "" && p.mistake == "" && !p.taking.busy, func() tea.Cmd {
			if p.check != nil {
				if p.mistake = p.check(text); p.mistake != "" {
					return nil
				}
			}
			return p.submit(text, false)
		}),
		act(p.e.keys.takeWay, len(p.goesOn()) > 0, func() tea.Cmd { p.field.set(p.goesOn()[0]); return nil }),
	}
}

// goesOn is how the text may go on from its end.
func (p *prompt) goesOn() []string {
	if p.ways == nil || p.field.at < len(p.field.value()) {
		return nil
	}
	return p.ways(p.field.value())
}

func (p *prompt) keys() []key.Binding { return bindings(p.actions()) }

// submit lets the text be taken.
func (p *prompt) submit(text string, sure bool) tea.Cmd {
	id, ok := p.taking.ask(p.e)
	if !ok {
		return nil
	}
	p.refused = ""
	take, ctx, logger := p.take, p.e.ctx, p.e.app.Logger
	return func() tea.Msg {
		next, err := take(ctx, text, sure)
		if asked := (*confirm)(nil); err != nil && logger != nil && !errors.As(err, &asked) {
			logger.Warn("asked for on a screen", "err", err)
		}
		return promptTakenMsg{id, text, next, err}
	}
}

func (p *prompt) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if cmd, done := press(msg, p.actions()); done {
			return cmd
		}
		p.edit(msg)
	case tea.PasteMsg:
		p.edit(msg)
	case promptTakenMsg:
		if mine, _ := p.taking.answered(msg.question); mine {
			return p.answered(msg)
		}
	}
	return nil
}

// answered goes on, asks, or says what went wrong.
func (p *prompt) answered(msg promptTakenMsg) tea.Cmd {
	e := p.e
	var asked *confirm
	switch {
	case errors.As(msg.err, &asked):
		question, detail := asked.say()
		return e.root.push(newAsk(e, question, detail, func() tea.Cmd { return p.submit(msg.text, true) }))
	case msg.err != nil:
		p.refused = e.fault(msg.err)
		return nil
	}
	cmds := []tea.Cmd{e.root.drop(p), e.root.load()}
	if msg.next != nil {
		cmds = append(cmds, msg.next())
	}
	return tea.Batch(cmds...)
}

// edit changes the text; what was wrong with the old one is no longer said.
func (p *prompt) edit(msg tea.Msg) {
	if p.field.update(msg) {
		p.mistake, p.refused = "", ""
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
	if p.ways != nil {
		lines = append(lines, "  "+e.waysIn(p.goesOn(), inner-2))
	}
	if wrong := p.mistake + p.refused; wrong != "" {
		lines = append(lines, "")
		for _, text := range e.wrap(wrong, inner) {
			lines = append(lines, e.theme.bad.of(text))
		}
	}
	return e.framed(lines, w, h)
}
