package tui

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/reason"
)

// options are what a campaign may have and seldom has: they stand behind one
// line of the composer.
type options struct {
	e    *env
	from *composer
	win  window
}

// optionRow is one of them.
type optionRow struct {
	name, now string
	take      func() tea.Cmd
}

func newOptions(e *env, from *composer) *options { return &options{e: e, from: from} }

func (o *options) title() string {
	return o.e.t("options_title", "Name", o.e.named(o.from.draft().Name))
}
func (o *options) load() tea.Cmd { return o.from.load() }
func (o *options) dirty() bool   { return false }

func (o *options) actions() []action {
	rows := o.rows()
	o.win.resize(len(rows), max(o.win.height, len(rows)))
	return append([]action{act(o.e.keys.changeIt, true, rows[o.win.cursor].take)}, o.e.listActions(&o.win, stay)...)
}

func (o *options) keys() []key.Binding { return bindings(o.actions()) }

func (o *options) update(msg tea.Msg) tea.Cmd {
	if msg, ok := msg.(tea.KeyPressMsg); ok {
		cmd, _ := press(msg, o.actions())
		return cmd
	}
	return nil
}

// set changes what is planned.
func (o *options) set(change func(plan *campaign.Campaign)) tea.Cmd {
	change(&o.from.plan)
	o.from.touched()
	return o.from.people.check()
}

// typed asks for one of them as text; "-" takes it away.
func (o *options) typed(ask, detail, example, now string, read func(text string) (func(*campaign.Campaign), error)) tea.Cmd {
	return o.e.root.push(newPrompt(o.e, ask, detail, example, now, func(_ context.Context, text string, _ bool) (func() tea.Cmd, error) {
		change, err := read(text)
		if err != nil {
			return nil, err
		}
		return func() tea.Cmd { return o.set(change) }, nil
	}))
}

func (o *options) rows() []optionRow {
	e, c := o.e, o.from
	plan := c.plan
	rows := []optionRow{
		{e.t("option_at"), e.saysWhen(plan.Planned()), func() tea.Cmd {
			now, at := e.now(), ""
			if !plan.At.IsZero() {
				at = plan.Planned().Format("2006-01-02 15:04")
			}
			return o.typed(e.t("option_at_ask"), e.t("schedule_detail"), e.whenExample(), at, func(text string) (func(*campaign.Campaign), error) {
				if text == nothing {
					return func(p *campaign.Campaign) { p.At, p.Zone = time.Time{}, "" }, nil
				}
				at, err := campaign.ParseWhen(text, now, now.Location())
				return func(p *campaign.Campaign) { p.Schedule(at) }, err
			})
		}},
		{e.t("option_canary"), e.canary(plan.Canary), func() tea.Cmd {
			at := ""
			if plan.Canary > 0 {
				at = strconv.Itoa(plan.Canary)
			}
			return o.typed(e.t("option_canary_ask"), e.t("option_canary_detail"), "10", at, func(text string) (func(*campaign.Campaign), error) {
				n, err := strconv.Atoi(onlyDigits(text))
				if text == nothing {
					n, err = 0, nil
				}
				if err != nil || n < 0 {
					err = reason.Err(reason.CampaignCanary)
				}
				return func(p *campaign.Campaign) { p.Canary = n }, err
			})
		}},
		{e.t("option_basis"), e.basis(plan.Basis), o.askBasis},
		{e.t("option_leave"), o.leaveNow(), func() tea.Cmd {
			if !c.leaves {
				c.leaves = true
				return o.set(func(p *campaign.Campaign) { p.NoLeave = "" })
			}
			return o.typed(e.t("option_leave_ask"), e.t("option_leave_detail"), e.t("option_leave_example"), "", func(text string) (func(*campaign.Campaign), error) {
				return func(p *campaign.Campaign) { p.NoLeave, c.leaves = text, false }, nil
			})
		}},
		{e.t("option_silent"), e.t(map[bool]string{false: "option_silent_out", true: "option_silent_in"}[plan.Silent]), func() tea.Cmd {
			return o.set(func(p *campaign.Campaign) { p.Silent = !p.Silent })
		}},
		{e.t("option_consent"), e.t(map[bool]string{false: "option_consent_any", true: "option_consent_only"}[plan.Consented]), func() tea.Cmd {
			return o.set(func(p *campaign.Campaign) { p.Consented = !p.Consented })
		}},
	}
	rows = append(rows, optionRow{e.t("option_poll"), e.pollNow(plan.Poll), func() tea.Cmd { return e.root.push(newPollForm(e, c)) }})
	if required := c.consents; c.known {
		rows = append(rows, optionRow{e.t("option_consent_rule"), e.t(map[bool]string{false: "option_consent_any", true: "option_consent_only"}[required]), func() tea.Cmd {
			return e.do(e.t(map[bool]string{false: "consent_rule_on", true: "consent_rule_off"}[required]), func(context.Context) error {
				return e.app.Desk.RequireConsent(!required)
			})
		}})
	}
	return rows
}

// leaveNow says whether the texts tell how to be left alone.
func (o *options) leaveNow() string {
	switch e, c := o.e, o.from; {
	case c.plan.NoLeave != "":
		return e.t("option_leave_off", "Why", c.plan.NoLeave)
	case !c.leaves && !offersAll(c.shape(), c.allTexts()):
		return e.t("option_leave_none")
	}
	return o.e.t("option_leave_on")
}

func (o *options) askBasis() tea.Cmd {
	e := o.e
	to := func(b campaign.Basis) func() tea.Cmd {
		return func() tea.Cmd { return o.set(func(p *campaign.Campaign) { p.Basis = b }) }
	}
	other, _ := strings.CutPrefix(string(o.from.plan.Basis), campaign.OtherBasis)
	all := []option{
		{e.t("basis_none"), "", to("")},
		{e.t("basis_consent"), "", to(campaign.Consent)},
		{e.t("basis_customer"), "", to(campaign.Customer)},
		{e.t("basis_other"), "", func() tea.Cmd {
			return o.typed(e.t("option_basis"), e.t("option_basis_detail"), "", other, func(text string) (func(*campaign.Campaign), error) {
				b, err := campaign.ParseBasis(campaign.OtherBasis + text)
				return func(p *campaign.Campaign) { p.Basis = b }, err
			})
		}},
	}
	now := slices.Index([]campaign.Basis{"", campaign.Consent, campaign.Customer}, o.from.plan.Basis)
	if now < 0 {
		now, all[3].note = 3, other
	}
	return e.root.push(newChoice(e, e.t("option_basis"), []string{e.t("option_basis_detail")}, all, now))
}

func (o *options) view() string {
	e := o.e
	w, h := e.body()
	var lines []string
	for _, line := range e.wrap(e.t("options_detail"), max(min(w-4, 76), 1)) {
		lines = append(lines, "  "+e.theme.dim.of(line))
	}
	lines = append(lines, "")
	rows := o.rows()
	o.win.resize(len(rows), max(h-len(lines), 1))
	from, to := o.win.visible()
	name := min(26, max(w/2, 8))
	for i := from; i < to; i++ {
		r := e.row(i == o.win.cursor).gap(1).cell(e.theme.label, rows[i].name, name).gap(1)
		lines = append(lines, r.cell("", rows[i].now, max(w-r.used-1, 0)).fill(w))
	}
	return strings.Join(lines, "\n")
}

// saysWhen says when a campaign starts, and by which clock if it is not the one
// here.
func (e *env) saysWhen(at time.Time) string {
	if at.IsZero() {
		return e.t("option_at_none")
	}
	said, zone := e.words.Minute(at), at.Format("MST")
	if zone != at.In(e.now().Location()).Format("MST") {
		said += " " + zone
	}
	return said
}

// whenExample is a time as it is typed: nine in the morning of tomorrow.
func (e *env) whenExample() string {
	y, m, d := e.now().Date()
	return e.words.Minute(time.Date(y, m, d+1, 9, 0, 0, 0, e.now().Location()))
}

// canary says to how many it goes before somebody is asked.
func (e *env) canary(n int) string {
	if n == 0 {
		return e.t("option_canary_none")
	}
	return e.words.n("option_canary_first", n)
}

// planLine is what is chosen behind the line of the composer.
func (c *composer) planLine(w int) string {
	e, plan := c.e, &c.plan
	var parts []string
	if !plan.At.IsZero() {
		parts = append(parts, e.saysWhen(plan.Planned()))
	}
	if plan.Canary > 0 {
		parts = append(parts, e.canary(plan.Canary))
	}
	if plan.Basis != "" {
		parts = append(parts, e.basis(plan.Basis))
	}
	if plan.NoLeave != "" {
		parts = append(parts, e.t("option_leave_off", "Why", plan.NoLeave))
	}
	if plan.Silent {
		parts = append(parts, e.t("option_silent")+": "+e.t("option_silent_in"))
	}
	if plan.Consented {
		parts = append(parts, e.t("option_consent_only"))
	}
	if len(plan.Poll) > 0 {
		parts = append(parts, e.t("option_poll")+": "+e.words.n("option_poll_some", len(plan.Poll)))
	}
	if len(parts) == 0 {
		return e.theme.faint.of(e.fit(e.t("composer_more_hint"), w))
	}
	return e.theme.dim.of(e.fit(strings.Join(parts, " · "), w))
}

// writePlan gives a draft what was chosen.
func (c *composer) writePlan(d *campaign.Campaign) {
	p := &c.plan
	d.At, d.Zone, d.Canary, d.Basis, d.Silent, d.Consented = p.At, p.Zone, p.Canary, p.Basis, p.Silent, p.Consented
	d.NoLeave, d.AddLeave, d.Poll = p.NoLeave, c.leaves, p.Poll
}

// planChanged reports whether two drafts differ in that.
func planChanged(a, b *campaign.Campaign) bool {
	return !a.At.Equal(b.At) || a.Zone != b.Zone || a.Canary != b.Canary || a.Basis != b.Basis || a.Silent != b.Silent || a.Consented != b.Consented ||
		a.NoLeave != b.NoLeave || a.AddLeave != b.AddLeave || !slices.Equal(a.Poll, b.Poll)
}

// allTexts are the texts as they are typed now.
func (c *composer) allTexts() []string {
	all := slices.Clone(c.texts)
	all[c.which] = c.text.value()
	return all
}

// writeTexts gives a draft its texts; other ones that are blank are none.
func (c *composer) writeTexts(d *campaign.Campaign) {
	all := c.allTexts()
	d.Text, d.Variants = campaign.Text(all[0]), nil
	for _, text := range all[1:] {
		if strings.TrimSpace(text) != "" {
			d.Variants = append(d.Variants, campaign.Text(text))
		}
	}
}

// nextText shows the next text in the field, after the last one a new one.
func (c *composer) nextText() tea.Cmd {
	c.texts = c.allTexts()
	blank := strings.TrimSpace(c.text.value()) == ""
	if c.which > 0 && blank { // it is left as if it had never been
		c.texts = slices.Delete(c.texts, c.which, c.which+1)
		c.which--
	}
	switch c.which++; {
	case c.which < len(c.texts):
	case len(c.texts) < campaign.MaxTexts && !blank:
		c.texts = append(c.texts, "")
	default:
		c.which = 0
	}
	c.text.set(c.texts[c.which])
	return c.people.write(c.text.value())
}

// unreadable reports whether a text is no template.
func unreadable(text string) bool {
	_, err := campaign.ParseTemplate(text)
	return err != nil
}

// othersWrong reports whether one of the texts that are not in the field cannot be
// sent.
func (c *composer) othersWrong() bool {
	d := c.shape()
	for i, text := range c.texts {
		if i != c.which && (unreadable(text) || d.CheckText(d.Typed(campaign.Text(text))) != nil) {
			return true
		}
	}
	return false
}

// offersAll reports whether every text that is one tells how to be left alone, in a
// campaign that is otherwise like d.
func offersAll(d *campaign.Campaign, texts []string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return strings.TrimSpace(text) != "" && !d.OffersOptOut(text) })
}

// offering are texts of which every one tells how to be left alone: a line says it
// in the language of those that do not.
func offering(d *campaign.Campaign, texts []string, line func(text string) string) []string {
	all := slices.Clone(texts)
	for i, text := range all {
		if strings.TrimSpace(text) != "" && !d.OffersOptOut(text) {
			all[i] = strings.TrimRight(text, "\n ") + "\n\n" + line(text)
		}
	}
	return all
}

// addLine adds how to be left alone to the texts that do not say it.
func (c *composer) addLine() tea.Cmd {
	all := c.allTexts()
	if !c.leaves || offersAll(c.shape(), all) {
		return nil
	}
	c.texts = offering(c.shape(), all, c.e.words.OptOutLine)
	c.text.set(c.texts[c.which])
	c.e.root.say(c.e.theme.good, c.e.t("option_leave_added"))
	c.touched()
	return c.people.write(c.text.value())
}
