package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
)

// pulse is how many messages of a campaign left in each stretch of its time. It costs a
// walk through the campaign, so it is asked for again only once in a while.
type pulse struct {
	e        *env
	of       campaign.ID
	each     time.Duration
	sent     []int
	made     time.Time
	question question
}

// How often a pulse is made again: seldom, and less often the more there is to count.
const (
	pulseEvery = 5 * time.Second
	pulsePer   = 50 * time.Microsecond // for each message of the campaign
)

// pulseWidth is how many stretches a pulse has at the most.
const pulseWidth = 40

// stretches are how long they may be.
var stretches = [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 12 * time.Hour, 24 * time.Hour}

// pulseMadeMsg answers pulse.ask.
type pulseMadeMsg struct {
	question int
	each     time.Duration
	sent     []int
	err      error
}

// ask makes the pulse of a campaign of so many messages, if the one there is does not
// do.
func (p *pulse) ask(c campaign.Campaign, messages int) tea.Cmd {
	now, end := p.e.now(), c.Ended
	if p.of != c.ID {
		p.of, p.sent, p.made = c.ID, nil, time.Time{}
		p.question.drop()
	}
	if now.Sub(p.made) < pulseEvery+time.Duration(messages)*pulsePer || c.Started.IsZero() {
		return nil
	}
	id, ok := p.question.ask(p.e)
	if !ok {
		return nil
	}
	if p.made = now; end.IsZero() {
		end = now
	}
	each, n := stretchesOf(end.Sub(c.Started))
	ctx, book, of := p.e.ctx, p.e.app.Book, c.ID
	from := end.Add(-time.Duration(n) * each)
	return func() tea.Msg {
		sent, err := book.Pulse(ctx, of, from, each, n)
		return pulseMadeMsg{id, each, sent, err}
	}
}

// old reports whether a whole stretch has gone by since it was made.
func (p *pulse) old() bool { return p.each > 0 && p.e.now().Sub(p.made) >= p.each }

// stretchesOf are how long, and how many, the stretches are that cover a time, or as
// much of its end as they can.
func stretchesOf(span time.Duration) (each time.Duration, n int) {
	for _, each = range stretches {
		if n = int(span/each) + 1; n <= pulseWidth {
			return each, n
		}
	}
	return each, pulseWidth
}

// update takes the answer.
func (p *pulse) update(msg pulseMadeMsg) {
	if mine, _ := p.question.answered(msg.question); mine && msg.err == nil {
		p.each, p.sent = msg.each, msg.sent
	}
}

// line draws it; empty if nothing was sent.
func (p *pulse) line(w int) string {
	e := p.e
	if len(p.sent) < 2 || slices.Max(p.sent) == 0 {
		return ""
	}
	each := e.t("pulse_each", "Each", e.words.Duration(p.each), "Most", e.words.Number(slices.Max(p.sent)))
	columns := p.sent[max(len(p.sent)-max(w-e.width(each)-4, 0), 0):]
	if len(columns) == 0 {
		return ""
	}
	r := e.row(false).gap(1).put(e.theme.accent, spark(columns), len(columns)).gap(1)
	return r.cell(e.theme.faint, each, max(w-len(columns)-3, 1)).fill(w)
}
