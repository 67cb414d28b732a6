package tui

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/reason"
)

// review is the last look before a campaign leaves: what would become of it, by
// the same numbers and words as `recado campaign check`. Behind each number of
// people stands the list of them.
type review struct {
	e    *env
	from *composer
	all  []reviewRow
	win  window
}

// reviewRow is one line of the review.
type reviewRow struct {
	label string
	ink   ink
	text  string
	open  func() tea.Cmd // the list of people behind it; nil: there is none
}

// campaignStartedMsg answers composer.start.
type campaignStartedMsg struct {
	question int
	written  written
	campaign campaign.Campaign
	err      error
}

func newReview(e *env, from *composer) *review { return &review{e: e, from: from} }

func (r *review) title() string { return r.e.t("review_title", "Name", r.from.draft().Name) }
func (r *review) load() tea.Cmd { return r.from.load() }
func (r *review) dirty() bool   { return false }

func (r *review) actions() []action {
	e, p := r.e, r.from.people
	var open func() tea.Cmd
	if r.win.cursor < len(r.all) {
		open = r.all[r.win.cursor].open
	}
	beside := r.beside() > 0
	return append([]action{
		act(e.keys.agree, r.from.ready() == "" && !r.from.starting.busy, r.agree),
		act(e.keys.whom, open != nil, open),
		act(e.keys.rehearse, p.checked && len(p.flight.Forecast.Hours) > 0, func() tea.Cmd { return e.root.push(newRehearsal(e, r.from)) }),
		act(e.keys.nextPerson, beside && p.at < p.found.Size()-1, func() tea.Cmd { return p.turn(1) }),
		act(e.keys.prevPerson, beside && p.at > 0, func() tea.Cmd { return p.turn(-1) }),
	}, e.listActions(&r.win, stay)...)
}

func (r *review) keys() []key.Binding { return bindings(r.actions()) }

// agree starts it; if many people receive it, their number is typed first.
func (r *review) agree() tea.Cmd {
	e, n := r.e, r.from.people.flight.Receive
	start := func() tea.Cmd { return r.from.start(e.ctx) }
	if n <= r.from.above {
		return start()
	}
	ask := newPrompt(e, e.words.n("review_count", n, "Name", r.from.draft().Name), e.t("review_count_detail", "Count", n), "", "",
		func(context.Context, string, bool) (func() tea.Cmd, error) { return start, nil })
	ask.check = func(text string) string {
		if onlyDigits(text) == strconv.Itoa(n) {
			return ""
		}
		return e.t("review_count_wrong", "Count", n)
	}
	return e.root.push(ask)
}

// onlyDigits is a number as it is typed, whatever parts its thousands.
func onlyDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(".,  \u00a0\u202f", r) {
			return -1
		}
		return r
	}, text)
}

func (r *review) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, r.actions())
		return cmd
	case campaignStartedMsg:
		if mine, _ := r.from.starting.answered(msg.question); mine {
			return r.started(msg)
		}
	}
	return nil
}

// started leaves the composer for the campaign as it is being sent.
func (r *review) started(msg campaignStartedMsg) tea.Cmd {
	e := r.e
	if msg.err != nil {
		if msg.written.err == nil {
			r.from.took(msg.written)
		}
		r.from.refused(msg.err)
		return e.root.drop(r)
	}
	r.from.people.close()
	did := e.t("campaign_started", "Name", msg.campaign.Name)
	if c := &msg.campaign; c.Status == campaign.Scheduled {
		did = e.t("campaign_scheduled", "Name", c.Name, "Time", e.saysWhen(c.Planned()))
	}
	e.root.say(e.theme.good, did)
	return tea.Batch(e.root.drop(r), e.root.drop(r.from), e.root.push(newProgress(e, msg.campaign.ID)))
}

// beside is the width of the preview; 0: there is no room for it.
func (r *review) beside() int {
	if w, _ := r.e.body(); w >= twoColumns {
		return w * 2 / 5
	}
	return 0
}

func (r *review) view() string {
	e := r.e
	w, h := e.body()
	preview := r.beside()
	if preview > 0 {
		w -= preview + 3
	}
	lines := r.draw(w, h)
	if preview > 0 {
		lines = exactLines(lines, h)
		for i, line := range exactLines(r.from.preview(preview, h), h) {
			lines[i] = e.exactly(lines[i], w) + " " + e.theme.rule.of("│") + " " + line
		}
	}
	return strings.Join(lines, "\n")
}

// draw is the review in w × h cells. What WhatsApp says of it and what the keys
// do is always in sight.
func (r *review) draw(w, h int) []string {
	e := r.e
	const label = 13
	agree := e.t("review_agree")
	if draft := r.from.draft(); draft.At.After(e.now()) {
		agree = e.t("review_agree_at", "Time", e.saysWhen(draft.Planned()))
	}
	end := []string{"", " " + e.theme.warn.of("! "+e.t("review_notice_title"))}
	for _, line := range e.wrap(e.t("review_notice"), max(min(w-4, 90), 1)) {
		end = append(end, "   "+line)
	}
	keys := e.theme.key.of("esc") + " " + e.theme.dim.of(e.t("review_back"))
	if r.from.ready() == "" {
		keys = e.theme.key.of(e.keys.agree.Help().Key) + " " + e.theme.strong.of(agree) + "    " + keys
	}
	end = append(end, "", "  "+keys)
	end = end[max(len(end)-h+1, 0):]
	r.all = r.rows(max(min(w-label-4, 76), 1))
	r.win.resize(len(r.all), max(h-len(end), 1))
	var lines []string
	from, to := r.win.visible()
	for i := from; i < to; i++ {
		one := r.all[i]
		row := e.row(i == r.win.cursor).gap(1).cell(e.theme.label, one.label, label).gap(1)
		if one.open != nil {
			row.put(one.ink, one.text, e.width(one.text)).put(e.theme.faint, " ›", 2)
		} else {
			row.cell(one.ink, one.text, max(w-row.used-1, 0))
		}
		lines = append(lines, row.fill(w))
	}
	if to < r.win.n && len(end) > 2 {
		end[0] = strings.Repeat(" ", label+3) + e.theme.faint.of("↓")
	}
	return append(lines, append(exactLines(nil, max(h-len(lines)-len(end), 0)), end...)...)
}

// rows say what would become of the campaign, in lines of inner cells.
func (r *review) rows(inner int) (rows []reviewRow) {
	e, c, p := r.e, r.from, r.from.people
	draft, flight := c.draft(), p.flight
	add := func(label string, i ink, text string) {
		for _, line := range e.wrap(text, inner) {
			rows = append(rows, reviewRow{label: label, ink: i, text: line})
			label = ""
		}
	}
	list := func(label string, i ink, text string, want func(why reason.Code, isNew bool) bool) {
		text, _ = e.cut(text, inner)
		rows = append(rows, reviewRow{label, i, text, func() tea.Cmd { return e.root.push(newBehind(e, draft, text, want)) }})
	}
	switch lacks := c.ready(); {
	case c.nobody():
		add("", e.theme.bad, "! "+e.t("need", "What", c.lacking(c.needs())))
	case lacks != "":
		add("", e.theme.faint, e.t("need", "What", c.lacking(c.needs())))
	case flight.Leaves(nil) && !c.offline():
		add("", e.theme.good, "✓ "+e.words.n("review_ready", flight.Receive))
	case flight.Leaves(nil):
		add("", e.theme.warn, "! "+e.t("review_offline"))
	default:
		add("", e.theme.bad, "! "+e.t("forecast_stuck", "Why", e.words.hold(flight.Forecast.Binds, c.forecastID())))
	}
	var names []string
	for _, s := range c.senders() {
		names = append(names, s.Number.Name)
	}
	add(e.t("composer_numbers"), "", strings.Join(names, ", "))
	to := e.words.n("people", p.found.Size())
	if draft.To != "" {
		to += " (" + draft.To + ")"
	}
	add(e.t("composer_to"), "", to)
	if a := draft.Attachment; a != nil {
		add(e.t("composer_attachment"), "", a.Name+" · "+e.attachment(a))
	}
	if len(draft.Poll) > 0 {
		add(e.t("option_poll"), "", e.pollNow(draft.Poll))
	}
	list(e.t("review_receive"), e.theme.strong, e.words.Number(flight.Receive), func(why reason.Code, _ bool) bool { return why == "" })
	for _, code := range slices.Sorted(maps.Keys(flight.LeftOut)) {
		list("", e.theme.warn, e.words.n("check_left_out", flight.LeftOut[code], "Why", e.words.because(reason.New(code))),
			func(why reason.Code, _ bool) bool { return why == code })
	}
	if n := flight.NewChats; n > 0 {
		list("", "", e.words.n("check_new_chats", n, "Percent", n*100/flight.Receive), func(why reason.Code, isNew bool) bool { return why == "" && isNew })
	}
	add(e.t("review_when"), "", e.sayForecast(flight.Forecast, c.forecastID()))
	label := e.t("review_calendar")
	for _, text := range e.calendar(flight.Forecast, c.forecastID()) {
		add(label, e.theme.dim, text)
		label = ""
	}
	label = e.t("review_warnings")
	for _, why := range flight.Warnings {
		add(label, e.theme.warn, "! "+e.words.because(why))
		label = ""
	}
	add(e.t("review_basis"), "", e.basis(draft.Basis))
	if draft.Consented {
		add("", "", e.t("option_consent_only"))
	}
	if n := len(draft.Texts()); n > 1 {
		add(e.t("composer_text"), "", e.words.n("review_texts", n))
	}
	if draft.Canary > 0 {
		add("", "", e.canary(draft.Canary))
	}
	if draft.NoLeave != "" {
		add("", e.theme.warn, e.t("option_leave_off", "Why", draft.NoLeave))
	}
	for i, text := range c.paces() {
		label := e.t("composer_pace")
		if i > 0 {
			label = ""
		}
		add(label, e.theme.dim, text)
	}
	return rows
}

// basis says why the people of a campaign may be written to.
func (e *env) basis(b campaign.Basis) string {
	switch words, other := strings.CutPrefix(string(b), campaign.OtherBasis); {
	case other:
		return words
	case b == campaign.Consent:
		return e.t("basis_consent")
	case b == campaign.Customer:
		return e.t("basis_customer")
	}
	return e.t("basis_none")
}

// calendar says how many leave on each day and what holds the others, in one
// line for days that are alike. What leaves within a day needs none.
func (e *env) calendar(f campaign.Forecast, id campaign.ID) (lines []string) {
	now := e.now()
	if len(f.Days) < 2 {
		return nil
	}
	for i := 0; i < len(f.Days); {
		first, next := f.Days[i], i+1
		for next < len(f.Days) && f.Days[next].Count == first.Count && f.Days[next].Binds == first.Binds {
			next++
		}
		days := e.words.Day(first.Date, now)
		count := e.words.Number(first.Count)
		if last := f.Days[next-1]; next-i > 1 {
			days += " – " + e.words.Day(last.Date, now)
			count = e.t("review_each_day", "Count", first.Count)
		}
		line := e.t("check_day", "Day", days, "Count", count)
		if why := first.Binds; why.Reason != "" && why.Reason != reason.HoldRetry && next < len(f.Days) {
			line += " · " + e.words.hold(why, id)
		}
		lines, i = append(lines, line), next
	}
	if f.More {
		lines = append(lines, "…")
	}
	return lines
}

// limits names limits in words.
func (e *env) limits(names []string) string {
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = e.limit(name)
	}
	return strings.Join(words, ", ")
}
