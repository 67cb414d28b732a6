package tui

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
)

// limits shows the limits of a number, which of them somebody has set, and
// changes them.
type limits struct {
	e        *env
	number   campaign.Number
	field    *line
	mistake  string
	win      window
	question question
}

// limitsLoadedMsg answers limits.load.
type limitsLoadedMsg struct {
	question int
	number   campaign.Number
	err      error
}

func newLimits(e *env, number campaign.Number) *limits {
	return &limits{e: e, number: number, field: newLine(e, e.t("limits_example"), 400)}
}

func (l *limits) title() string { return l.e.t("limits_title", "Name", l.number.Name) }
func (l *limits) dirty() bool   { return strings.TrimSpace(l.field.value()) != "" }
func (l *limits) typing() bool  { return true }

func (l *limits) load() tea.Cmd {
	id, ok := l.question.ask(l.e)
	if !ok {
		return nil
	}
	book, number := l.e.app.Book, l.number.ID
	return func() tea.Msg {
		n, err := book.Number(number)
		return limitsLoadedMsg{id, n, err}
	}
}

func (l *limits) actions() []action {
	e := l.e
	page := max(l.win.height-1, 1)
	return []action{
		act(e.keys.accept, l.dirty() && l.mistake == "", l.accept),
		act(e.keys.pageUp, l.win.top > 0, func() tea.Cmd { l.win.scroll(-page); return nil }),
		act(e.keys.pageDown, l.win.top+l.win.height < l.win.n, func() tea.Cmd { l.win.scroll(page); return nil }),
	}
}

func (l *limits) keys() []key.Binding { return bindings(l.actions()) }

// accept changes the limits that were typed; to allow more than now it asks
// first.
func (l *limits) accept() tea.Cmd {
	e, desk, number := l.e, l.e.app.Desk, l.number
	changed, err := campaign.ParseLimits(number.Limits, l.field.value())
	if err != nil {
		l.mistake = e.words.why(err)
		return nil
	}
	change := func() tea.Cmd {
		l.field.set("")
		return e.do(e.t("limits_changed", "Name", number.Name), func(context.Context) error {
			_, err := desk.SetLimits(number.ID, changed)
			return err
		})
	}
	then := number
	then.Limits = changed
	looser := then.Pace(e.now()).Looser(number.Pace(e.now()))
	if len(looser) == 0 {
		return change()
	}
	return e.root.push(newAsk(e, e.t("limits_raise", "Name", number.Name), e.t("limits_raise_detail", "Limits", e.limits(looser)), change))
}

func (l *limits) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if cmd, done := press(msg, l.actions()); done {
			return cmd
		}
		l.edit(msg)
	case tea.PasteMsg:
		l.edit(msg)
	case limitsLoadedMsg:
		mine, again := l.question.answered(msg.question)
		if mine && msg.err != nil {
			l.e.root.say(l.e.theme.bad, l.e.fault(msg.err))
		} else if mine {
			l.number = msg.number
		}
		if again {
			return l.load()
		}
	}
	return nil
}

// edit changes the text; what was wrong with the old one is no longer said.
func (l *limits) edit(msg tea.Msg) {
	if l.field.update(msg) {
		l.mistake = ""
	}
}

func (l *limits) view() string {
	e := l.e
	w, h := e.body()
	lines := []string{" " + e.theme.accent.of("› ") + l.field.view(e, max(w-4, 1))}
	under, i := e.t("limits_detail"), e.theme.faint
	if l.mistake != "" {
		under, i = "▲ "+l.mistake, e.theme.bad
	}
	for _, text := range e.wrap(under, max(w-4, 1)) {
		lines = append(lines, "   "+i.of(text))
	}
	rows := l.rows(w)
	lines = append(lines, "", rows[0])
	rows = rows[1:]
	l.win.resize(len(rows), max(h-len(lines), 1))
	l.win.scroll(0)
	from, to := l.win.visible()
	return strings.Join(append(lines, rows[from:to]...), "\n")
}

// rows are a heading and a line for each limit: what it is called, its value,
// and how it is typed. One that somebody has set tells what it is by default.
func (l *limits) rows(w int) []string {
	e, now := l.e, l.e.now()
	usual := l.number
	usual.Limits = campaign.Limits{}
	defaults := usual.Pace(now).Each()
	const name, value, mark = 26, 12, 2
	line := func(i ink, sign, limit, said, rest string) string {
		r := e.row(false).cell(e.theme.accent, sign, mark).cell(e.theme.label, limit, name).gap(1)
		return r.cell(i, said, value).gap(1).cell(e.theme.faint, rest, max(w-r.used-1, 0)).fill(w)
	}
	rows := []string{line(e.theme.faint, "", e.t("limits_col_limit"), e.t("limits_col_value"), e.t("limits_col_spec"))}
	said := func(l campaign.Limit) string {
		if !l.Set {
			return e.t("limits_none")
		}
		return e.limitValue(l)
	}
	pace := l.number.Pace(now)
	for i, limit := range pace.Each() {
		typed, sign, ink := limit.Name+"="+limit.Text, "", e.theme.dim
		if l.number.Limits.Names(limit.Name) {
			sign, ink = "●", e.theme.strong
			typed += " " + e.t("limits_default", "Value", said(defaults[i]))
		}
		rows = append(rows, line(ink, sign, e.limit(limit.Name), said(limit), typed))
	}
	return rows
}
