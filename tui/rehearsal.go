package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
)

// rehearsal shows, hour by hour, what would leave from which number and what
// holds the rest: the same walk, in finer grain, as the review has made.
type rehearsal struct {
	e    *env
	from *composer
	win  window
}

func newRehearsal(e *env, from *composer) *rehearsal { return &rehearsal{e: e, from: from} }

func (r *rehearsal) title() string { return r.e.t("rehearse_title", "Name", r.from.draft().Name) }
func (r *rehearsal) load() tea.Cmd { return r.from.load() }
func (r *rehearsal) dirty() bool   { return false }

func (r *rehearsal) hours() []campaign.Hour { return r.from.people.flight.Forecast.Hours }

func (r *rehearsal) actions() []action   { return r.e.listActions(&r.win, stay) }
func (r *rehearsal) keys() []key.Binding { return bindings(r.actions()) }

func (r *rehearsal) update(msg tea.Msg) tea.Cmd {
	if msg, ok := msg.(tea.KeyPressMsg); ok {
		cmd, _ := press(msg, r.actions())
		return cmd
	}
	return nil
}

func (r *rehearsal) view() string {
	e := r.e
	w, h := e.body()
	hours, f := r.hours(), r.from.people.flight.Forecast
	var lines []string
	for _, text := range []string{e.sayForecast(f, r.from.forecastID()), e.t("rehearse_about")} {
		for _, line := range e.wrap(text, max(w-2, 1)) {
			lines = append(lines, " "+e.theme.dim.of(line))
		}
	}
	const when, leave = 27, 12
	name := max(min((w-when-leave)/4, 18), 6)
	line := func(on bool, ink ink, at, who, count, why string) string {
		row := e.row(on).gap(1).cell(ink, at, when).gap(1).cell(ink, who, name).gap(1).right(ink, count, leave).gap(2)
		return row.cell(e.theme.dim, why, max(w-row.used-1, 0)).fill(w)
	}
	lines = append(lines, "", line(false, e.theme.faint, e.t("rehearse_when"), e.t("rehearse_number"), e.t("rehearse_leave"), e.t("rehearse_holds")))
	rows := len(hours)
	if !f.Rehearsed() {
		rows++ // that it goes on
	}
	r.win.resize(rows, max(h-len(lines), 1))
	now := e.now()
	from, to := r.win.visible()
	for i := from; i < to; i++ {
		if i == len(hours) {
			lines = append(lines, e.row(i == r.win.cursor).gap(1).put(e.theme.faint, e.t("rehearse_more"), e.width(e.t("rehearse_more"))).fill(w))
			continue
		}
		hour, ink, why := hours[i], e.theme.strong, ""
		if hour.Count == 0 {
			ink = e.theme.faint
		}
		if hour.Binds.Reason != "" {
			why = e.words.hold(hour.Binds, r.from.forecastID())
		}
		at, count := e.words.Hour(hour, now)
		lines = append(lines, line(i == r.win.cursor, ink, at, r.number(hour.Number), count, why))
	}
	return strings.Join(lines, "\n")
}

// number is the name of a sender.
func (r *rehearsal) number(id campaign.NumberID) string {
	for _, s := range r.from.people.flight.Senders {
		if s.Number.ID == id {
			return s.Number.Name
		}
	}
	return ""
}
