package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// help lists every key that would do something on the screen below it. It is
// made of the keys themselves.
type help struct {
	e     *env
	below screen
	win   window
}

func newHelp(e *env, below screen) *help { return &help{e: e, below: below} }

func (h *help) title() string { return h.e.t("help_title", "Screen", h.below.title()) }
func (h *help) load() tea.Cmd { return nil }
func (h *help) dirty() bool   { return false }

func (h *help) actions() []action {
	return append([]action{
		act(h.e.keys.closeHelp, true, func() tea.Cmd { return h.e.root.drop(h) }),
	}, h.e.scrollActions(&h.win)...)
}

func (h *help) keys() []key.Binding { return bindings(h.actions()) }

func (h *help) update(msg tea.Msg) tea.Cmd {
	if msg, ok := msg.(tea.KeyPressMsg); ok {
		cmd, _ := press(msg, h.actions())
		return cmd
	}
	return nil
}

// inFull is the help, line by line.
func (h *help) inFull() []string {
	e := h.e
	list := func(title string, keys []key.Binding) []string {
		lines := []string{"", " " + e.theme.strong.of(e.clean(title))}
		seen := make(map[string]bool)
		for _, b := range keys {
			help := b.Help()
			if !b.Enabled() || help.Desc == "" || seen[help.Key] {
				continue
			}
			seen[help.Key] = true
			lines = append(lines, "   "+e.theme.key.of(e.fit(help.Key, 12))+" "+help.Desc)
		}
		if len(lines) == 2 { // nothing to press here
			return nil
		}
		return lines
	}
	here := list(h.below.title(), h.below.keys())
	return append(here, list(e.t("help_everywhere"), bindings(e.root.actionsOver(h.below)))...)
}

func (h *help) view() string {
	_, height := h.e.body()
	lines := h.inFull()
	h.win.resize(len(lines), height)
	h.win.scroll(0)
	from, to := h.win.visible()
	return strings.Join(lines[from:to], "\n")
}
