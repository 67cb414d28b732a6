package tui

import (
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/store"
)

// deed is one entry of the audit in full.
type deed struct {
	e        *env
	entry    store.Entry
	win      window
	question question
}

// deedLoadedMsg answers deed.load.
type deedLoadedMsg struct {
	question int
	entries  []store.Entry
	err      error
}

func newDeed(e *env, x store.Entry) *deed { return &deed{e: e, entry: x} }

func (d *deed) title() string       { return d.e.words.Verb(string(d.entry.Verb)) }
func (d *deed) dirty() bool         { return false }
func (d *deed) actions() []action   { return d.e.scrollActions(&d.win) }
func (d *deed) keys() []key.Binding { return bindings(d.actions()) }

// load asks for the entry again: it may have come to its end.
func (d *deed) load() tea.Cmd {
	id, ok := d.question.ask(d.e)
	if !ok {
		return nil
	}
	book, before := d.e.app.Book, d.entry.ID+1
	return func() tea.Msg {
		entries, err := book.AuditBefore(before, 1)
		return deedLoadedMsg{id, entries, err}
	}
}

func (d *deed) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, d.actions())
		return cmd
	case deedLoadedMsg:
		mine, again := d.question.answered(msg.question)
		if mine && msg.err != nil {
			d.e.root.say(d.e.theme.bad, d.e.fault(msg.err))
		} else if mine && len(msg.entries) == 1 && msg.entries[0].ID == d.entry.ID {
			d.entry = msg.entries[0]
		}
		if again {
			return d.load()
		}
	}
	return nil
}

func (d *deed) view() string {
	w, h := d.e.body()
	lines := append([]string{""}, d.e.deedTold(&d.entry, w)...)
	d.win.resize(len(lines), h)
	d.win.scroll(0)
	from, to := d.win.visible()
	return strings.Join(lines[from:to], "\n")
}

// deedSign is what became of something that was done.
func (t *theme) deed(o store.Outcome) sign {
	switch o {
	case store.Asked:
		return sign{"◌", t.info, "audit_asked"}
	case store.Failed:
		return sign{"✗", t.bad, "audit_failed"}
	}
	return sign{"✓", t.good, "audit_done"}
}

// deedColumns are those of the list: what there is no room for is told of the
// entry at the cursor.
func deedColumns(w int) (when, who, where, what, name, change int) {
	when, what = 12, 21
	if w >= 70 {
		who = 12
	}
	if w >= 140 {
		where = 18
	}
	name = w - when - who - where - what - 9
	if w >= 100 {
		name, change = min(name*2/5, 32), name-min(name*2/5, 32)
	}
	return when, who, where, what, max(name, 0), change
}

func (e *env) deedHeading(w int) string {
	when, who, where, what, name, change := deedColumns(w)
	cell := func(r *row, id string, n int) *row { return r.column(e.theme.faint, e.t(id), n) }
	r := cell(cell(cell(e.row(false).gap(1), "col_when", when), "col_who", who), "col_where", where).gap(2)
	return cell(cell(cell(r, "col_what", what), "col_done_to", name), "col_change", change).fill(w)
}

// column is a cell and the gap after it, if there is room for it at all.
func (r *row) column(i ink, s string, w int) *row {
	if w <= 0 {
		return r
	}
	return r.cell(i, s, w).gap(1)
}

// deedLine is an entry in the list; of one that is not there yet it says
// nothing.
func (e *env) deedLine(x *store.Entry, there, here bool, w int) string {
	when, who, where, what, name, change := deedColumns(w)
	r := e.row(here).gap(1)
	if !there {
		return r.cell(e.theme.faint, "…", when).fill(w)
	}
	weight := ink("")
	if here {
		weight = e.theme.strong
	}
	sign := e.theme.deed(x.Outcome)
	if x.Outcome == store.Done {
		sign.ink = e.theme.faint // as nearly all are
	}
	r.column(e.theme.dim, e.words.Moment(x.At, e.now()), when).column("", x.Actor.Name, who).
		column(e.theme.dim, e.words.From(x.Actor.From), where).cell(sign.ink, sign.symbol, 2).
		column(weight, e.words.Verb(string(x.Verb)), what).column(weight, deedTarget(x), name)
	if change > 0 {
		changes := append(e.words.Changes(x.Kind, x.Before, x.After), e.words.Counts(x.Counts)...)
		r.cell(e.theme.dim, strings.Join(changes, ", "), max(w-r.used-1, 0))
	}
	return r.fill(w)
}

// deedTarget is what something was done to.
func deedTarget(x *store.Entry) string {
	if x.Name != "" {
		return x.Name
	}
	return x.Target
}

// deedTold is all that is known of an entry.
func (e *env) deedTold(x *store.Entry, w int) []string {
	sign := e.theme.deed(x.Outcome)
	end := sign.symbol + " " + e.t(sign.word)
	verb := e.words.Verb(string(x.Verb))
	name, _ := e.cut(deedTarget(x), max(w-e.width(verb)-e.width(end)-6, 0))
	lines := []string{" " + e.theme.strong.of(e.clean(verb)) + "  " + name + "  " + sign.ink.of(end)}
	add := func(i ink, s string) {
		if s == "" {
			return
		}
		for _, line := range e.wrap(s, max(w-4, 1)) {
			lines = append(lines, "  "+i.of(line))
		}
	}
	why := e.theme.dim
	if x.Outcome == store.Failed {
		why = sign.ink
	}
	add(why, e.words.because(x.Why))
	when := e.words.Minute(x.At.In(e.now().Location()))
	if took := x.Ended.Sub(x.At); took >= time.Second {
		when += " · " + e.t("audit_within", "Wait", took)
	}
	add(e.theme.dim, when+" · "+x.Actor.Name+", "+e.words.From(x.Actor.From))
	for _, change := range e.words.Changes(x.Kind, x.Before, x.After) {
		add("", change)
	}
	add("", strings.Join(e.words.Counts(x.Counts), ", "))
	return lines
}
