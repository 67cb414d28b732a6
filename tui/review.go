package tui

import (
	"maps"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/reason"
)

// review is the last look before a campaign leaves: what will be sent, to how
// many, how fast, and what WhatsApp says about it.
type review struct {
	e    *env
	from *composer
	win  window
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
func (r *review) load() tea.Cmd { return nil }
func (r *review) dirty() bool   { return false }

func (r *review) actions() []action {
	e := r.e
	return append([]action{
		act(e.keys.agree, r.from.ready() == "" && !r.from.starting.busy, func() tea.Cmd { return r.from.start(e.ctx) }),
	}, e.scrollActions(&r.win)...)
}

func (r *review) keys() []key.Binding { return bindings(r.actions()) }

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
	e.root.say(e.theme.good, e.t("campaign_started", "Name", msg.campaign.Name))
	return tea.Batch(e.root.drop(r), e.root.drop(r.from), e.root.push(newProgress(e, msg.campaign.ID)))
}

func (r *review) view() string {
	_, h := r.e.body()
	lines := r.lines()
	r.win.resize(len(lines), h)
	r.win.scroll(0)
	from, to := r.win.visible()
	return strings.Join(lines[from:to], "\n")
}

func (r *review) lines() []string {
	e, c, people := r.e, r.from, r.from.people
	w, _ := e.body()
	draft := c.draft()
	inner := max(min(w-20, 76), 1)
	lines := []string{""}
	add := func(label string, i ink, text string) {
		for j, line := range e.wrap(text, inner) {
			if j > 0 {
				label = ""
			}
			lines = append(lines, "  "+e.theme.label.of(e.fit(label, 13))+" "+i.of(line))
		}
	}
	add(e.t("composer_name"), e.theme.strong, draft.Name)
	var names []string
	for _, s := range c.senders() {
		names = append(names, s.Number.Name)
	}
	add(e.t("composer_numbers"), "", strings.Join(names, ", "))
	to := e.words.n("people", len(people.ids))
	if draft.To != "" {
		to += " (" + draft.To + ")"
	}
	add(e.t("composer_to"), "", to)
	flight := people.flight
	add(e.t("review_receive"), e.theme.strong, e.words.Number(flight.Receive))
	for _, why := range slices.Sorted(maps.Keys(flight.LeftOut)) {
		add("", e.theme.warn, e.words.n("review_left_out", flight.LeftOut[why], "Why", e.words.because(reason.New(why))))
	}
	for _, l := range flight.Lacking {
		add("", e.theme.warn, e.words.n("review_lacking", l.Count, "Field", "{"+l.Field+"}"))
	}
	if a := draft.Attachment; a != nil {
		add(e.t("composer_attachment"), "", a.Name+" · "+e.attachment(a))
	}
	for i, text := range c.paces() {
		label := e.t("composer_pace")
		if i > 0 {
			label = ""
		}
		add(label, "", text)
	}
	i := ink("")
	if flight.Forecast.Stuck > 0 || c.offline() {
		i = e.theme.bad
	}
	add(e.t("review_when"), i, e.sayForecast(flight.Forecast, c.forecastID()))
	if c.offline() {
		add("", i, e.t("review_offline"))
	}
	if days := e.sayDays(flight.Forecast); days != "" {
		add("", e.theme.dim, days)
	}
	if names, number := c.overruled(); len(names) > 0 {
		add("", e.theme.warn, "! "+e.t("pace_overruled", "Limits", e.limits(names), "Number", number))
	}
	lines = append(lines, "", "  "+e.theme.warn.of("! "+e.t("review_notice_title")))
	for _, line := range e.wrap(e.t("review_notice"), max(min(w-6, 90), 1)) {
		lines = append(lines, "    "+line)
	}
	return append(lines, "", "  "+e.theme.key.of(e.keys.agree.Help().Key)+" "+e.theme.strong.of(e.t("review_agree"))+
		"    "+e.theme.key.of("esc")+" "+e.theme.dim.of(e.t("review_back")))
}

// limits names limits in words.
func (e *env) limits(names []string) string {
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = e.limit(name)
	}
	return strings.Join(words, ", ")
}
