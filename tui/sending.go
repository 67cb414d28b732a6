package tui

import (
	"context"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store"
)

// What a person does with one number of a campaign that is being sent: stop it, let
// it send again, and give what it has not claimed to the others.

// steered reports whether the numbers of the campaign may be chosen from.
func (p *progress) steered() bool {
	under := p.shown.Status == campaign.Running || p.shown.Status == campaign.Paused
	return under && len(p.shown.Numbers) > 0
}

// askSender asks which of the numbers it is about.
func (p *progress) askSender() screen {
	e, c := p.e, p.shown.Campaign
	var all []option
	for _, n := range p.numbers {
		if !slices.Contains(c.Numbers, n.ID) {
			continue
		}
		_, _, note := p.lane(n)
		all = append(all, option{n.Name, note, func() tea.Cmd { return e.root.push(p.askSteer(c, n)) }})
	}
	return newChoice(e, e.t("senders_ask", "Name", c.Name), []string{e.t("senders_detail")}, all, 0)
}

// halted says why a number sends nothing for a campaign, and who has stopped it.
func (p *progress) halted(c *campaign.Campaign, n campaign.NumberID) string {
	e := p.e
	switch stop, _ := c.Stop(n); {
	case stop.Guard():
		return e.words.because(reason.New(stop.Held))
	case stop.By != "":
		return e.t("lane_stopped_by", "Who", stop.By)
	}
	return e.t("lane_stopped")
}

// askSteer asks what is done with a number.
func (p *progress) askSteer(c campaign.Campaign, n campaign.Number) screen {
	e := p.e
	stop, did := !c.Stops(n.ID), "number_stopped"
	if !stop {
		did = "number_sends_again"
	}
	first := option{e.t(map[bool]string{true: "number_stop", false: "number_start"}[stop]), "", func() tea.Cmd {
		return e.do(e.t(did, "Number", n.Name, "Name", c.Name), func(context.Context) error {
			_, err := e.app.Desk.StopNumber(c.ID, n.ID, stop)
			return err
		})
	}}
	all := []option{first}
	if len(c.Numbers) > 1 {
		all = append(all,
			option{e.t("number_move"), e.t("number_move_note"), func() tea.Cmd { return p.move(c, n, false) }},
			option{e.t("number_move_all"), e.t("number_move_all_note"), func() tea.Cmd { return p.move(c, n, true) }})
	}
	return newChoice(e, n.Name, []string{e.t("number_move_detail")}, all, 0)
}

// numberMovedMsg answers progress.move.
type numberMovedMsg struct {
	from   *progress
	number string
	moved  store.Moved
	err    error
}

// move gives what a number has not claimed to the others.
func (p *progress) move(c campaign.Campaign, n campaign.Number, all bool) tea.Cmd {
	ctx, desk, now := p.e.ctx, p.e.app.Desk, p.e.now()
	return func() tea.Msg {
		moved, err := desk.MoveNumber(ctx, c.ID, n.ID, all, now)
		return numberMovedMsg{p, n.Name, moved, err}
	}
}

// moved says what became of a move.
func (p *progress) moved(msg numberMovedMsg) {
	e := p.e
	if msg.err != nil {
		e.root.say(e.theme.bad, e.fault(msg.err))
		return
	}
	said := []string{e.words.n("move_done", msg.moved.Count, "Number", msg.number)}
	for _, why := range slices.Sorted(maps.Keys(msg.moved.Stayed)) {
		said = append(said, e.words.n("move_stayed", msg.moved.Stayed[why], "Why", e.words.because(reason.New(why))))
	}
	e.root.say(e.theme.good, strings.Join(said, " · "))
}
