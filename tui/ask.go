package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// ask is a question to be answered with yes or no before something is done
// that cannot be undone.
type ask struct {
	e        *env
	question string
	detail   string
	yes      func() tea.Cmd
	quits    bool // it asks whether to quit
}

func newAsk(e *env, question, detail string, yes func() tea.Cmd) *ask {
	return &ask{e: e, question: question, detail: detail, yes: yes}
}

func (a *ask) title() string { return a.question }
func (a *ask) load() tea.Cmd { return nil }
func (a *ask) dirty() bool   { return false }

func (a *ask) actions() []action {
	return []action{
		act(a.e.keys.yes, true, func() tea.Cmd {
			return tea.Batch(a.e.root.drop(a), a.yes())
		}),
		act(a.e.keys.no, true, func() tea.Cmd { return a.e.root.drop(a) }),
	}
}

func (a *ask) keys() []key.Binding { return bindings(a.actions()) }

func (a *ask) update(msg tea.Msg) tea.Cmd {
	if msg, ok := msg.(tea.KeyPressMsg); ok {
		cmd, _ := press(msg, a.actions())
		return cmd
	}
	return nil
}

func (a *ask) view() string {
	e := a.e
	w, h := e.body()
	var lines []string
	for _, line := range e.wrap(a.question, min(w-8, 64)) {
		lines = append(lines, e.theme.strong.of(line))
	}
	lines = append(lines, "")
	if a.detail != "" {
		lines = append(lines, e.wrap(a.detail, min(w-8, 64))...)
		lines = append(lines, "")
	}
	var keys []string
	for _, b := range a.keys() {
		keys = append(keys, e.theme.key.of(b.Help().Key)+" "+b.Help().Desc)
	}
	lines = append(lines, strings.Join(keys, "    "))
	return e.framed(lines, w, h)
}

// framed draws lines in a quiet box in the middle of w × h cells.
func (e *env) framed(lines []string, w, h int) string {
	inner := 0
	for _, line := range lines {
		inner = max(inner, counted.StringWidth(line))
	}
	inner = min(inner, max(w-8, 0))
	margin := strings.Repeat(" ", max((w-inner-6)/2, 0))
	edge := e.theme.rule.of
	out := make([]string, 0, h)
	for range max((h-len(lines)-4)/3, 0) {
		out = append(out, "")
	}
	out = append(out, margin+edge("╭"+strings.Repeat("─", inner+4)+"╮"))
	empty := margin + edge("│") + strings.Repeat(" ", inner+4) + edge("│")
	out = append(out, empty)
	for _, line := range lines {
		out = append(out, margin+edge("│")+"  "+e.exactly(line, inner)+"  "+edge("│"))
	}
	out = append(out, empty, margin+edge("╰"+strings.Repeat("─", inner+4)+"╯"))
	return strings.Join(out, "\n")
}
