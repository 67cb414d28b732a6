package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// leaving is the question before a terminal is left while something is being
// sent, where the sending can go on without it.
type leaving struct {
	e       *env
	detail  string
	halting bool // everything is being paused
}

// haltedMsg answers leaving.halt.
type haltedMsg struct{ err error }

func newLeaving(e *env, detail string) *leaving { return &leaving{e: e, detail: detail} }

func (l *leaving) title() string { return l.e.t("ask_quit") }
func (l *leaving) load() tea.Cmd { return nil }
func (l *leaving) dirty() bool   { return false }

func (l *leaving) actions() []action {
	e := l.e
	return []action{
		act(e.keys.background, true, func() tea.Cmd { return tea.Quit }),
		act(e.keys.halt, !l.halting, l.halt),
		act(e.keys.remain, !l.halting, func() tea.Cmd { return e.root.drop(l) }),
	}
}

// halt pauses what is being sent and ends the sending, then the terminal.
func (l *leaving) halt() tea.Cmd {
	l.halting = true
	ctx, halt := l.e.ctx, l.e.app.Halt
	return func() tea.Msg { return haltedMsg{halt(ctx)} }
}

func (l *leaving) keys() []key.Binding { return bindings(l.actions()) }

func (l *leaving) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, l.actions())
		return cmd
	case haltedMsg:
		if msg.err == nil {
			return tea.Quit
		}
		l.halting = false
		l.e.root.say(l.e.theme.bad, l.e.fault(msg.err))
	}
	return nil
}

func (l *leaving) view() string {
	e := l.e
	w, h := e.body()
	lines := []string{e.theme.strong.of(l.title()), ""}
	lines = append(lines, e.wrap(l.detail, min(w-8, 64))...)
	lines = append(lines, "")
	for _, b := range l.keys() {
		if b.Enabled() {
			lines = append(lines, e.theme.key.of(e.fit(b.Help().Key, 6))+" "+b.Help().Desc)
		}
	}
	return e.framed(lines, w, h)
}

// leave is the end of root.close for such a terminal.
func (r *root) leave(detail string) tea.Cmd {
	return r.push(newLeaving(r.env, strings.TrimSpace(detail+"\n"+r.env.t("leaving"))))
}
