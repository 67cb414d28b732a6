package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// invite is one link by which people agree: its address and, where there is room,
// its QR code.
type invite struct {
	e        *env
	row      inviteRow
	drawn    []string // the code,
	drawnOf  string   // of that address,
	quiet    int      // with so wide a border,
	inverted bool     // dark on light
	question question
}

func newInvite(e *env, row inviteRow) *invite { return &invite{e: e, row: row} }

func (v *invite) title() string { return v.e.t("invite_title", "Name", v.row.Name) }
func (v *invite) dirty() bool   { return false }
func (v *invite) load() tea.Cmd { return loadInvites(v.e, &v.question) }

func (v *invite) actions() []action {
	address := v.row.address()
	return []action{
		act(v.e.keys.copyCode, address != "", func() tea.Cmd { return v.e.copy(address) }),
		act(v.e.keys.dismiss, true, func() tea.Cmd { return v.e.root.drop(v) }),
	}
}

func (v *invite) keys() []key.Binding { return bindings(v.actions()) }

func (v *invite) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, v.actions())
		return cmd
	case invitesLoadedMsg:
		mine, again := v.question.answered(msg.question)
		for _, row := range msg.all {
			if mine && row.Token == v.row.Token {
				v.row = row
			}
		}
		if again {
			return v.load()
		}
	}
	return nil
}

// draw draws the code with a white border of quiet modules, and says how large it
// is.
func (v *invite) draw(quiet int) (w, h int) {
	address, inverted := v.row.address(), v.e.inverted()
	if v.drawnOf != address || v.quiet != quiet || v.inverted != inverted {
		v.drawn, v.drawnOf, v.quiet, v.inverted = drawCode(address, quiet, inverted), address, quiet, inverted
	}
	if len(v.drawn) == 0 {
		return 0, 0
	}
	return v.e.width(v.drawn[0]), len(v.drawn)
}

// spread reports whether the code only fits without the lines of the root, and how
// to get away fits beside it.
func (v *invite) spread() bool {
	_, body := v.e.body()
	w, h := v.draw(1)
	return h > body && h <= v.e.h && v.e.w-w >= wordsWidth
}

// words is what there is to know about the link.
func (v *invite) words(w int) []string {
	e := v.e
	came := e.words.n("invite_came", v.row.Count)
	if !v.row.Last.IsZero() {
		came += " " + e.t("invite_last", "Time", e.words.Moment(v.row.Last, e.now()))
	}
	lines := append([]string{e.theme.strong.of(e.fit(v.row.Name, w))}, e.wrap(came, w)...)
	address := v.row.address()
	if address == "" {
		return append(append(lines, ""), e.wrap(e.t("consent_no_phone", "Name", v.row.number.Name), w)...)
	}
	lines = append(lines, "")
	for _, line := range e.wrap(e.t("consent_link_about", "Name", v.row.number.Name, "Message", v.row.Message()), w) {
		lines = append(lines, e.theme.dim.of(line))
	}
	lines = append(lines, "")
	for rest := e.clean(address); rest != ""; { // cut hard: it is to be copied as it is
		var head string
		head, rest = e.take(rest, max(w, 1))
		lines = append(lines, head)
	}
	return lines
}

func (v *invite) view() string {
	e := v.e
	w, h := e.body()
	spread := v.spread()
	if spread {
		h = e.h
	}
	code, high := v.draw(2)
	if high > h || w-code < wordsWidth {
		code, high = v.draw(1)
	}
	switch {
	case high == 0:
		return e.framed(v.words(min(w-8, 64)), w, h)
	case high > h || code > w:
		lines := append(v.words(min(w-8, 64)), "")
		for _, line := range e.wrap(e.t("link_small", "Width", code, "Height", high, "HaveWidth", w, "HaveHeight", h), min(w-8, 64)) {
			lines = append(lines, e.theme.dim.of(line))
		}
		return e.framed(lines, w, h)
	}
	var beside []string
	margin := max((w-code)/2, 0)
	if w-code >= wordsWidth {
		margin = min((w-code-wordsWidth)/3, 6)
		beside = v.words(min(w-code-2*margin-2, 48))
		if spread { // the help line is not there
			beside = append(beside, "")
			for _, b := range v.keys() {
				if b.Enabled() {
					beside = append(beside, e.theme.key.of(b.Help().Key)+" "+e.theme.dim.of(b.Help().Desc))
				}
			}
		}
	}
	lines := make([]string, max((h-high)/2, 0), h)
	top := max((high-len(beside))/2, 0)
	for i, row := range v.drawn {
		line := strings.Repeat(" ", margin) + e.paintCode(row) + strings.Repeat(" ", max(margin, 2))
		if i >= top && i-top < len(beside) {
			line += beside[i-top]
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
