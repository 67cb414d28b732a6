package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/reason"
)

// progress shows a campaign while it is being sent: how far it is, what holds
// each number and until when, and what happened last.
type progress struct {
	e        *env
	id       campaign.ID // 0: whichever is being sent
	shown    *campaignRow
	ids      []campaign.ID // every campaign that was started, the newest first
	recent   []campaign.Delivery
	numbers  []campaign.Number
	holds    map[campaign.NumberID]campaign.Hold
	known    bool
	outlook  outlook
	pulse    pulse
	question question
}

// recentKept is how many of the last deliveries are read: enough to fill a
// tall screen and to tell the rate.
const recentKept = 60

// progressLoadedMsg answers progress.load.
type progressLoadedMsg struct {
	question int
	shown    *campaignRow
	ids      []campaign.ID
	recent   []campaign.Delivery
	numbers  []campaign.Number
	holds    map[campaign.NumberID]campaign.Hold
	err      error
}

func newProgress(e *env, id campaign.ID) *progress {
	return &progress{e: e, id: id, outlook: outlook{e: e}, pulse: pulse{e: e}}
}

func (p *progress) title() string { return p.e.t("tab_progress") }

func (p *progress) dirty() bool { return false }

func (p *progress) load() tea.Cmd {
	question, ok := p.question.ask(p.e)
	if !ok {
		return nil
	}
	book, id := p.e.app.Book, p.id
	return func() (answer tea.Msg) {
		msg := progressLoadedMsg{question: question, holds: book.Holds()}
		defer func() { answer = msg }()
		var all []campaign.Campaign
		if all, msg.err = book.Campaigns(); msg.err != nil {
			return
		}
		all = slices.DeleteFunc(all, func(c campaign.Campaign) bool {
			// One that cannot start is looked at when that turns out.
			watched := c.ID == id && (c.Status != campaign.Draft || !c.Reason.IsZero())
			return (c.Started.IsZero() || c.Archived) && !watched
		})
		for _, c := range all {
			msg.ids = append(msg.ids, c.ID)
		}
		if msg.numbers, msg.err = book.Numbers(); msg.err != nil {
			return
		}
		c, ok := chosen(all, id)
		if !ok {
			return
		}
		s, err := rowOf(book, c)
		if msg.err = err; err != nil {
			return
		}
		msg.shown = &s
		msg.recent, msg.err = book.Recent(c.ID, recentKept)
		return
	}
}

// chosen is the campaign id, or if id is 0 the one that is being sent, that
// is paused, or that came last.
func chosen(all []campaign.Campaign, id campaign.ID) (c campaign.Campaign, ok bool) {
	rank := func(c campaign.Campaign) int {
		switch {
		case c.ID == id:
			return 4
		case id != 0:
			return 0
		case c.Status == campaign.Running, c.Status == campaign.Freezing:
			return 3
		case c.Status == campaign.Paused:
			return 2
		}
		return 1
	}
	best := 0
	for _, have := range all {
		if r := rank(have); r > best {
			c, best = have, r
		}
	}
	return c, best > 0
}

func (p *progress) actions() []action {
	e, desk := p.e, p.e.app.Desk
	var s campaignRow
	if p.shown != nil {
		s = *p.shown
	}
	ok := p.shown != nil
	at := slices.Index(p.ids, s.ID)
	turn := func(to int) func() tea.Cmd {
		return func() tea.Cmd {
			p.id = p.ids[to]
			p.question.drop()
			return p.load()
		}
	}
	return []action{
		act(e.keys.pause, ok && s.pausable(), func() tea.Cmd { return e.pauseCampaign(s.Campaign) }),
		act(e.keys.resume, ok && s.resumable(), func() tea.Cmd { return e.resumeCampaign(s.Campaign) }),
		act(e.keys.cancel, ok && (s.pausable() || s.resumable()), func() tea.Cmd {
			queued := s.counts[campaign.Queued]
			if s.Status == campaign.Freezing {
				queued = s.freeze.Total
			}
			left := e.words.n("campaign_cancel_detail", queued)
			return e.root.push(newAsk(e, e.t("campaign_cancel", "Name", s.Name), left, func() tea.Cmd {
				return e.do(e.t("campaign_cancelled", "Name", s.Name), func(context.Context) error {
					_, err := desk.Cancel(s.ID)
					return err
				})
			}))
		}),
		act(e.keys.report, ok && s.reported(), func() tea.Cmd { return e.root.push(newReport(e, s.Campaign)) }),
		act(e.keys.unsure, ok && s.counts[campaign.Unsure] > 0, func() tea.Cmd { return e.root.push(newUnsure(e, s.Campaign)) }),
		act(e.keys.fixText, ok && s.Status == campaign.Paused && s.counts[campaign.Queued] > 0, func() tea.Cmd { return e.root.push(e.askFix(s.Campaign)) }),
		act(e.keys.senders, ok && p.steered(), func() tea.Cmd { return e.root.push(p.askSender()) }),
		act(e.keys.left, ok && at > 0, turn(at-1)),
		act(e.keys.right, ok && at >= 0 && at < len(p.ids)-1, turn(at+1)),
	}
}

func (p *progress) keys() []key.Binding { return bindings(p.actions()) }

func (p *progress) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, p.actions())
		return cmd
	case progressLoadedMsg:
		mine, again := p.question.answered(msg.question)
		if mine {
			p.known = true
			if msg.err != nil {
				p.e.root.say(p.e.theme.bad, p.e.fault(msg.err))
			} else {
				p.shown, p.ids, p.recent, p.numbers, p.holds = msg.shown, msg.ids, msg.recent, msg.numbers, msg.holds
			}
		}
		var foresee, count, reload tea.Cmd
		if mine && p.shown != nil {
			foresee, count = p.outlook.ask(p.shown.Campaign, p.numbers), p.pulse.ask(p.shown.Campaign, p.shown.counts.Total())
		}
		if again {
			reload = p.load()
		}
		return tea.Batch(foresee, count, reload)
	case outlookMadeMsg:
		p.outlook.update(msg)
	case pulseMadeMsg:
		p.pulse.update(msg)
	case clockMsg:
		if p.shown != nil && p.shown.Status == campaign.Running && p.pulse.old() { // nothing has changed, but time goes on
			return p.pulse.ask(p.shown.Campaign, p.shown.counts.Total())
		}
	case numberMovedMsg:
		if msg.from == p {
			p.moved(msg)
		}
	}
	return nil
}

func (p *progress) view() string {
	e := p.e
	w, h := e.body()
	if !p.known {
		return "\n  " + e.theme.faint.of(e.t("loading"))
	}
	if p.shown == nil {
		lines := append([]string{e.theme.strong.of(e.t("progress_empty")), ""}, e.wrap(e.t("progress_empty_detail"), min(w-8, 64))...)
		return e.framed(lines, w, h)
	}
	lines := p.head(w)
	lines = append(lines, p.counts(w)...)
	lines = append(lines, "", p.rate(w))
	if line := p.pulse.line(w); line != "" && h > len(lines)+8 {
		lines = append(lines, line)
	}
	lines = append(lines, p.lanes(w, h-len(lines)-4)...)
	lines = append(lines, "")
	if room := h - len(lines); room > 1 {
		lines = append(lines, p.events(w, room)...)
	}
	return strings.Join(lines, "\n")
}

// head is the name, the status and the bar.
func (p *progress) head(w int) []string {
	e, s, now := p.e, p.shown, p.e.now()
	ink, word := e.campaignState(s.Campaign, p.numbers, p.holds)
	status := word
	if !s.Ended.IsZero() {
		status += "  " + e.words.Moment(s.Ended, now)
	} else if !s.Started.IsZero() {
		status += "  " + e.t("progress_since", "Time", e.words.Moment(s.Started, now))
	}
	lines := []string{e.row(false).cell(e.theme.strong, e.called(&s.Campaign), max(w-e.width(status)-3, 0)).gap(1).put(ink, status, e.width(status)).fill(w)}
	if s.Attachment != nil {
		lines = append(lines, " "+e.theme.dim.of(e.attached(s.Attachment, max(w-2, 1))))
	}
	if len(s.Poll) > 0 {
		lines = append(lines, " "+e.theme.dim.of(e.fit(e.t("option_poll")+" · "+e.pollNow(s.Poll), max(w-2, 1))))
	}
	if !s.Reason.IsZero() {
		for _, line := range e.wrap(e.words.because(s.Reason), max(w-2, 1)) {
			lines = append(lines, " "+e.theme.warn.of(line))
		}
	}
	done, total := s.done()
	share := 0
	if total > 0 {
		share = done * 100 / total
	}
	figures := e.words.Number(done) + "/" + e.words.Number(total) + e.fitRight(e.words.Number(share)+" %", 7)
	bar := max(w-e.width(figures)-4, 1)
	return append(lines, e.row(false).campaignBar(*s, bar).gap(2).put(e.theme.strong, figures, e.width(figures)).fill(w), "")
}

// counts are the deliveries by state, in as many columns as their numbers have
// room for.
func (p *progress) counts(w int) []string {
	e := p.e
	states := [3][3]campaign.State{
		{campaign.Queued, campaign.Sending, campaign.Sent},
		{campaign.Delivered, campaign.Read, campaign.Replied},
		{campaign.Failed, campaign.Unsure, campaign.Skipped},
	}
	figures := 8
	for _, n := range p.shown.counts {
		figures = max(figures, e.width(e.words.Number(n)))
	}
	const sign, leastWord = 4, 8
	columns := max(min((w-2)/(sign+leastWord+figures+2), 3), 1)
	column := min((w-2)/columns, 34)
	var lines []string
	var r *row
	for i := range 9 {
		s := states[i%3][i/3]
		if columns < 3 { // one below the other
			s = states[i/3][i%3]
		}
		if i%columns == 0 {
			r = e.row(false)
		}
		mark, n := e.theme.delivery(s), p.shown.counts[s]
		word, figure := e.theme.dim, e.theme.strong
		if n == 0 {
			word, figure = e.theme.faint, e.theme.faint
		}
		r.gap(1).cell(mark.ink, mark.symbol, 3).cell(word, e.t(mark.word), max(column-sign-figures-2, 1)).right(figure, e.words.Number(n), figures).gap(2)
		if i%columns == columns-1 || i == 8 {
			lines = append(lines, r.fill(w))
		}
	}
	return lines
}

// unsent says why there is no rate: it is not sending yet, or any more; empty if
// it is.
func (p *progress) unsent(left int) string {
	e, s := p.e, p.shown
	switch {
	case s.Status == campaign.Draft:
		return e.t("progress_not_started")
	case s.Status == campaign.Scheduled:
		return e.t("progress_scheduled", "Time", e.words.Minute(s.Planned()))
	case s.Status == campaign.Freezing && s.freeze.Held:
		return e.t("progress_freezing_held")
	case s.Status == campaign.Freezing:
		return e.t("progress_freezing")
	case left == 0:
		return e.t("progress_nothing_left")
	}
	return ""
}

// rate is how much is left, how fast the service has been accepting messages,
// and when the rest will have been sent.
func (p *progress) rate(w int) string {
	e, s := p.e, p.shown
	left := s.counts[campaign.Queued] + s.counts[campaign.Sending]
	if text := p.unsent(left); text != "" {
		text, _ = e.cut(text, w-2)
		return " " + e.theme.dim.of(text)
	}
	parts := []string{e.words.n("progress_left", left)}
	if perHour, ok := hourly(p.recent, e.now()); ok && s.Status == campaign.Running && p.sends() {
		parts = append(parts, e.t("progress_rate", "Rate", e.words.Number(int(perHour+0.5))))
	}
	if o := p.outlook; o.known && s.Status == campaign.Running {
		parts = append(parts, e.sayForecast(o.forecast, s.ID))
	}
	text, _ := e.cut(strings.Join(parts, " · "), w-2)
	return " " + e.theme.dim.of(text)
}

// hourly is how many messages an hour the service accepted of late: over the
// last hour, or as far back as the recent deliveries reach.
func hourly(recent []campaign.Delivery, now time.Time) (perHour float64, ok bool) {
	var first, last time.Time
	n := 0
	for _, d := range recent {
		at := d.Accepted
		if at.IsZero() || now.Sub(at) > time.Hour {
			continue
		}
		n++
		if first.IsZero() || at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
	}
	span := last.Sub(first)
	if n < 3 || span <= 0 {
		return 0, false
	}
	return float64(n-1) / span.Hours(), true
}

// stopped reports whether a number sends nothing before a person has seen to
// it.
func stopped(n campaign.Number) bool {
	switch n.Standing.State {
	case campaign.Banned, campaign.Blocked, campaign.LoggedOut, campaign.Outdated:
		return true
	}
	return !n.Linked()
}

// sends reports whether any number of the campaign may send by itself.
func (p *progress) sends() bool {
	return slices.ContainsFunc(p.numbers, func(n campaign.Number) bool {
		return slices.Contains(p.shown.Numbers, n.ID) && !stopped(n)
	})
}

// lanes says for each number of the campaign what it is waiting for.
func (p *progress) lanes(w, room int) []string {
	e, s := p.e, p.shown
	if s.Status != campaign.Running && s.Status != campaign.Paused {
		return nil
	}
	var lines []string
	for _, n := range p.numbers {
		if !slices.Contains(s.Numbers, n.ID) {
			continue
		}
		i, sign, text := p.lane(n)
		lines = append(lines, e.row(false).gap(1).cell("", n.Name, 18).gap(1).cell(i, sign+" "+text, max(w-22, 1)).fill(w))
	}
	if len(lines) > max(room, 1) {
		more := len(lines) - max(room, 1) + 1
		lines = append(lines[:max(room, 1)-1], "  "+e.theme.faint.of(e.words.n("lane_more", more)))
	}
	return lines
}

// lane says what a number of the campaign is doing, or waits for.
func (p *progress) lane(n campaign.Number) (i ink, sign, text string) {
	e, s, now := p.e, p.shown, p.e.now()
	hold, asked := p.holds[n.ID]
	switch {
	case s.Stops(n.ID):
		return e.theme.warn, "■", p.halted(&s.Campaign, n.ID)
	case s.Status == campaign.Paused:
		return e.theme.warn, "‖", e.t("status_paused")
	case stopped(n):
		sign := e.theme.number(n.Standing.State)
		return sign.ink, sign.symbol, e.t("lane_person", "State", e.t(sign.word))
	case !asked:
		return e.theme.dim, "·", e.t("lane_waiting")
	case hold.Reason != "":
		text = p.held(hold)
		switch wait := hold.Until.Sub(now); {
		case wait > 0 && wait < time.Minute:
			wait += time.Second / 2 // a wait that is not over is never "0 s"
			text += " · " + e.t("lane_wait", "Wait", e.words.Duration(wait))
		case wait > 0:
			text += " · " + e.t("lane_until", "Time", e.words.Moment(hold.Until, now), "Wait", e.words.Duration(wait))
		}
		return e.theme.warn, "◷", text
	}
	return e.theme.good, "›", e.t("lane_sending")
}

// held says what holds a number, and for which other one it waits.
func (p *progress) held(hold campaign.Hold) string {
	at := slices.IndexFunc(p.numbers, func(n campaign.Number) bool { return n.ID == hold.Number })
	if hold.Reason != reason.HoldOthers || at < 0 {
		return p.e.words.hold(hold, p.shown.ID)
	}
	name, _ := p.e.cut(p.numbers[at].Name, 18)
	return p.e.t("hold_others_named", "Name", name)
}

// wideEvents is the width from which an event has room for the phone beside
// the reason; below it the reason takes its place.
const wideEvents = 110

// events are what happened last.
func (p *progress) events(w, room int) []string {
	e := p.e
	lines := []string{" " + e.theme.faint.of(e.t("progress_events"))}
	if len(p.recent) == 0 {
		return append(lines, "  "+e.theme.faint.of(e.t("progress_no_events")))
	}
	for _, d := range p.recent[:min(len(p.recent), room-1)] {
		clock := ""
		if at := happened(&d); !at.IsZero() {
			clock = at.In(e.now().Location()).Format("15:04:05")
		}
		lines = append(lines, e.deliveryLine(e.row(false).gap(1).cell(e.theme.faint, clock, 9), &d, w))
	}
	return lines
}

// happened is when the last thing happened to a delivery.
func happened(d *campaign.Delivery) time.Time {
	last := d.Claimed
	for _, t := range []time.Time{d.Accepted, d.Arrived, d.ReadAt, d.RepliedAt} {
		if t.After(last) {
			last = t
		}
	}
	return last
}
