package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// choice asks for one of a few things.
type choice struct {
	e      *env
	ask    string
	detail []string // what there is to know before
	all    []option
	win    window
}

// option is one of them.
type option struct {
	name, note string
	take       func() tea.Cmd
}

// newChoice begins on the option that holds now.
func newChoice(e *env, ask string, detail []string, all []option, now int) *choice {
	c := &choice{e: e, ask: ask, detail: detail, all: all}
	c.win.resize(len(all), len(all))
	c.win.jump(now)
	return c
}

func (c *choice) title() string { return c.ask }
func (c *choice) load() tea.Cmd { return nil }
func (c *choice) dirty() bool   { return false }

func (c *choice) actions() []action {
	return append([]action{
		act(c.e.keys.choose, true, func() tea.Cmd { return tea.Batch(c.e.root.drop(c), c.all[c.win.cursor].take()) }),
	}, c.e.listActions(&c.win, stay)...)
}

func (c *choice) keys() []key.Binding { return bindings(c.actions()) }

func (c *choice) update(msg tea.Msg) tea.Cmd {
	if msg, ok := msg.(tea.KeyPressMsg); ok {
		cmd, _ := press(msg, c.actions())
		return cmd
	}
	return nil
}

func (c *choice) view() string {
	e := c.e
	w, h := e.body()
	var lines []string
	for _, text := range c.detail {
		for _, line := range e.wrap(text, max(min(w-4, 76), 1)) {
			lines = append(lines, "  "+e.theme.dim.of(line))
		}
	}
	if len(lines) > 0 {
		lines = append(exactLines(lines, min(len(lines), max(h-len(c.all)-1, 0))), "")
	}
	c.win.resize(len(c.all), max(h-len(lines), 1))
	name := 0
	for _, o := range c.all {
		name = max(name, e.width(e.clean(o.name)))
	}
	name = min(name, max(w/2, 8))
	from, to := c.win.visible()
	for i := from; i < to; i++ {
		o, weight := c.all[i], ink("")
		if i == c.win.cursor {
			weight = e.theme.strong
		}
		r := e.row(i == c.win.cursor).gap(1).cell(weight, o.name, name).gap(2)
		lines = append(lines, r.cell(e.theme.dim, o.note, max(w-r.used-1, 0)).fill(w))
	}
	return strings.Join(lines, "\n")
}
