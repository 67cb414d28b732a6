package tui

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/store"
)

// campaigns is the list of campaigns, the newest first.
type campaigns struct {
	e        *env
	win      window
	all      []campaignRow
	numbers  []campaign.Number
	holds    map[campaign.NumberID]campaign.Hold
	known    bool
	archived bool // those that are archived are shown, and the tests
	question question
}

// campaignRow is a campaign and how far it is.
type campaignRow struct {
	campaign.Campaign
	counts campaign.Counts
	freeze store.Job // while it is freezing
}

// rowOf reads how far a campaign is.
func rowOf(book *store.Book, c campaign.Campaign) (s campaignRow, err error) {
	s.Campaign = c
	if c.Status == campaign.Freezing {
		s.freeze, err = book.Freeze(c.ID)
	} else if c.Status != campaign.Draft {
		s.counts, err = book.Counts(c.ID)
	}
	return s, err
}

// done is for how many people of how many everything is done; while it is
// freezing, how many it has.
func (s campaignRow) done() (done, total int) {
	if s.Status == campaign.Freezing {
		return s.freeze.Done, s.freeze.Total
	}
	return s.counts.Done(), s.counts.Total()
}

// campaignsLoadedMsg answers campaigns.load.
type campaignsLoadedMsg struct {
	question int
	all      []campaignRow
	numbers  []campaign.Number
	holds    map[campaign.NumberID]campaign.Hold
	err      error
}

func newCampaigns(e *env) *campaigns { return &campaigns{e: e} }

func (c *campaigns) title() string { return c.e.t("tab_campaigns") }
func (c *campaigns) dirty() bool   { return false }

func (c *campaigns) load() tea.Cmd {
	id, ok := c.question.ask(c.e)
	if !ok {
		return nil
	}
	book, archived := c.e.app.Book, c.archived
	return func() tea.Msg {
		all, err := campaignRows(book, archived)
		msg := campaignsLoadedMsg{question: id, all: all, holds: book.Holds(), err: err}
		if err == nil {
			msg.numbers, msg.err = book.Numbers()
		}
		return msg
	}
}

// campaignRows reads every campaign that is archived, or that is not, and how far
// it is. A draft that was thrown away is none.
func campaignRows(book *store.Book, archived bool) ([]campaignRow, error) {
	list, err := book.Campaigns()
	if err != nil {
		return nil, err
	}
	var all []campaignRow
	for _, c := range list {
		if c.Archived != archived || c.Status == campaign.Cancelled && c.Started.IsZero() {
			continue
		}
		s, err := rowOf(book, c)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func (c *campaigns) here() (s campaignRow, ok bool) {
	if c.win.cursor >= len(c.all) {
		return s, false
	}
	return c.all[c.win.cursor], true
}

func (c *campaigns) actions() []action {
	e, desk := c.e, c.e.app.Desk
	s, ok := c.here()
	draft := ok && s.Status == campaign.Draft
	return append([]action{
		act(e.keys.edit, draft, func() tea.Cmd {
			if !s.Reason.IsZero() { // why it did not start
				e.root.say(e.theme.warn, e.words.because(s.Reason))
			}
			return e.root.push(newComposer(e, s.Campaign))
		}),
		act(e.keys.watch, ok && !draft, func() tea.Cmd { return e.root.push(newProgress(e, s.ID)) }),
		act(e.keys.report, ok && s.reported(), func() tea.Cmd { return e.root.push(newReport(e, s.Campaign)) }),
		act(e.keys.newCampaign, true, func() tea.Cmd { return e.root.push(newComposer(e, campaign.Campaign{})) }),
		act(e.keys.pause, ok && s.pausable(), func() tea.Cmd { return e.pauseCampaign(s.Campaign) }),
		act(e.keys.resume, ok && s.resumable(), func() tea.Cmd { return e.resumeCampaign(s.Campaign) }),
		act(e.keys.test, ok && !s.Archived && s.Status != campaign.Freezing, func() tea.Cmd { return e.root.push(e.askTest(s.Campaign)) }),
		act(e.keys.schedule, draft && !s.Archived, func() tea.Cmd { return e.root.push(e.askSchedule(s.Campaign)) }),
		act(e.keys.unschedule, ok && !draft && s.Unstarted(), func() tea.Cmd { return e.unschedule(s.Campaign) }),
		act(e.keys.copyCampaign, ok && s.Confirms == 0, func() tea.Cmd {
			return e.root.push(newComposer(e, s.Copy()))
		}),
		act(e.keys.discard, draft, func() tea.Cmd {
			return e.root.push(newAsk(e, e.t("draft_discard", "Name", e.named(s.Name)), "", func() tea.Cmd {
				return e.do(e.t("draft_discarded"), func(ctx context.Context) error {
					_, err := desk.DeleteCampaign(ctx, s.ID)
					return err
				})
			}))
		}),
		act(e.keys.deleteCampaign, ok && s.deletable(), func() tea.Cmd {
			return e.root.push(newAsk(e, e.t("campaign_delete_ask", "Name", s.Name), e.t("campaign_delete_detail"), func() tea.Cmd {
				return e.do(e.t("campaign_deleted", "Name", s.Name), func(ctx context.Context) error {
					_, err := desk.DeleteCampaign(ctx, s.ID)
					return err
				})
			}))
		}),
		act(e.keys.archive, ok && !s.Archived && s.archivable(), func() tea.Cmd { return e.archive(s.Campaign, true) }),
		act(e.keys.unarchive, ok && s.Archived, func() tea.Cmd { return e.archive(s.Campaign, false) }),
		act(e.keys.archived, true, func() tea.Cmd {
			c.archived, c.known = !c.archived, false
			c.question.drop()
			return c.load()
		}),
	}, e.listActions(&c.win, stay)...)
}

func (c *campaigns) keys() []key.Binding { return bindings(c.actions()) }

func (s campaignRow) pausable() bool {
	return s.Status == campaign.Running || s.Status == campaign.Scheduled || s.Status == campaign.Freezing && !s.freeze.Held
}

func (s campaignRow) resumable() bool {
	return s.Status == campaign.Paused || s.Status == campaign.Freezing && s.freeze.Held
}

// deletable reports whether a campaign that is no draft has sent nothing and is over, as
// far as this screen knows.
func (s campaignRow) deletable() bool {
	over := s.Status == campaign.Cancelled || s.Status == campaign.Finished
	return over && s.counts.Left()+s.counts[campaign.Failed] == 0
}

// reported reports whether there is something to report of a campaign: it has
// been started.
func (s campaignRow) reported() bool { return s.Status != campaign.Freezing && !s.Unstarted() }

// named is the name of a campaign, which a draft may not have yet.
func (e *env) named(name string) string {
	if strings.TrimSpace(name) == "" {
		return e.t("no_name")
	}
	return name
}

// called is what a campaign is called on a screen: an undo has the name of the campaign
// whose messages it deletes, and confirmations that of their number.
func (e *env) called(c *campaign.Campaign) string {
	switch {
	case c.RevokeOf != 0:
		return e.t("report_undo_title", "Name", c.Name)
	case c.Confirms != 0:
		return e.t("confirms_title", "Name", strings.TrimPrefix(c.Name, campaign.ConfirmsName("")))
	}
	return c.Name
}

// pauseCampaign stops a campaign before its next message.
func (e *env) pauseCampaign(c campaign.Campaign) tea.Cmd {
	desk := e.app.Desk
	return e.do(e.t("campaign_paused", "Name", c.Name), func(context.Context) error {
		_, err := desk.Pause(c.ID)
		return err
	})
}

// resumeCampaign lets a paused campaign go on.
func (e *env) resumeCampaign(c campaign.Campaign) tea.Cmd {
	desk := e.app.Desk
	return e.do(e.t("campaign_resumed", "Name", c.Name), func(context.Context) error {
		_, err := desk.Resume(c.ID)
		return err
	})
}

func (c *campaigns) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, c.actions())
		return cmd
	case campaignsLoadedMsg:
		mine, again := c.question.answered(msg.question)
		if mine && msg.err != nil {
			c.e.root.say(c.e.theme.bad, c.e.fault(msg.err))
		} else if mine {
			c.all, c.numbers, c.holds, c.known = msg.all, msg.numbers, msg.holds, true
			c.win.resize(len(c.all), c.win.height)
		}
		if again {
			return c.load()
		}
	}
	return nil
}

func (c *campaigns) view() string {
	e := c.e
	w, h := e.body()
	if !c.known {
		return "\n  " + e.theme.faint.of(e.t("loading"))
	}
	if len(c.all) == 0 && c.archived {
		return "\n  " + e.theme.dim.of(e.t("campaigns_none_archived", "Key", e.keys.archived.Help().Key))
	}
	if len(c.all) == 0 {
		lines := append([]string{e.theme.strong.of(e.t("campaigns_empty")), ""}, e.wrap(e.t("campaigns_empty_detail"), min(w-8, 64))...)
		return e.framed(lines, w, h)
	}
	c.win.resize(len(c.all), max(h-1, 1))
	from, to := c.win.visible()
	name, status, bar, count, date := c.columns(w, c.all[from:to])
	lines := []string{e.row(false).gap(1).cell(e.theme.faint, e.t(map[bool]string{false: "col_campaign", true: "col_archived"}[c.archived]), name).gap(1).cell(e.theme.faint, e.t("col_state"), status).gap(1).
		cell(e.theme.faint, e.t("col_progress"), bar+count+1).gap(1).cell(e.theme.faint, e.t("col_date"), date).fill(w)}
	for i := from; i < to; i++ {
		lines = append(lines, c.line(c.all[i], i == c.win.cursor, w))
	}
	return strings.Join(lines, "\n")
}

// columns are the widths of a row of those campaigns. Where there is not room
// for all, the bar goes first and then the date: the numbers say more.
func (c *campaigns) columns(w int, rows []campaignRow) (name, status, bar, count, date int) {
	status, bar, count, date = 13, 12, 13, 12
	if w >= 110 {
		bar = 24
	}
	for _, s := range rows {
		count = max(count, c.e.width(c.figures(s)))
	}
	const leastName = 8
	rest := func() int { return w - status - bar - count - date - 6 }
	if rest() < leastName {
		bar = 0
	}
	if rest() < leastName {
		date = 0
	}
	return max(rest(), leastName), status, bar, count, date
}

// figures are how many people a campaign is through with, of all.
func (c *campaigns) figures(s campaignRow) string {
	done, total := s.done()
	return c.e.words.Number(done) + "/" + c.e.words.Number(total)
}

func (c *campaigns) line(s campaignRow, here bool, w int) string {
	e := c.e
	from, to := c.win.visible()
	name, status, bar, count, date := c.columns(w, c.all[from:to])
	state, said := e.campaignState(s.Campaign, c.numbers, c.holds)
	weight := ink("")
	if here {
		weight = e.theme.strong
	}
	if s.Name == "" {
		weight = e.theme.faint
	}
	r := e.row(here).gap(1).cell(weight, e.named(e.called(&s.Campaign)), name).gap(1).cell(state, said, status).gap(1)
	when := s.Begun()
	switch s.Status {
	case campaign.Scheduled: // nobody is chosen yet
		when = s.At
		fallthrough
	case campaign.Draft:
		r.gap(bar + count + 1)
	default:
		r.campaignBar(s, bar).gap(1).right(e.theme.dim, c.figures(s), count)
	}
	return r.gap(1).cell(e.theme.dim, e.words.Moment(when, e.now()), date).fill(w)
}

// campaignBar is bar, or while a campaign is freezing, how much of it is frozen.
func (r *row) campaignBar(s campaignRow, w int) *row {
	if s.Status != campaign.Freezing {
		return r.bar(s.counts, w)
	}
	cells := 0
	if s.freeze.Total > 0 {
		cells = s.freeze.Done * w / s.freeze.Total
	}
	t := r.e.theme
	return r.put(t.accent, strings.Repeat("╌", cells), cells).put(t.faint, strings.Repeat("─", w-cells), w-cells)
}

// bar draws how far a campaign is in w cells: what arrived, what was
// accepted, what went wrong, what is still to come.
func (r *row) bar(c campaign.Counts, w int) *row {
	t, total := r.e.theme, c.Total()
	if total == 0 {
		return r.put(t.faint, strings.Repeat("─", w), w)
	}
	parts := []struct {
		n    int
		ink  ink
		full string
	}{
		{c[campaign.Read] + c[campaign.Replied], t.info, "━"},
		{c[campaign.Delivered], t.good, "━"},
		{c[campaign.Sent], t.accent, "━"},
		{c[campaign.Failed] + c[campaign.Unsure], t.bad, "╍"},
		{c[campaign.Skipped], t.faint, "╍"},
	}
	sum, used := 0, 0
	for _, p := range parts {
		sum += p.n
		cells := sum*w/total - used
		if cells > 0 {
			r.put(p.ink, strings.Repeat(p.full, cells), cells)
			used += cells
		}
	}
	if used < w {
		r.put(t.faint, strings.Repeat("─", w-used), w-used)
	}
	return r
}
