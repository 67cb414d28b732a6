package tui

import (
	"context"
	"errors"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/store"
)

// doubts are the deliveries of a campaign of which nobody knows whether they
// have arrived. Here a person who has looked at the chats says so, of one, of
// those that are marked, or of all with the same reason.
type doubts struct {
	e        *env
	campaign campaign.Campaign
	all      []campaign.Delivery
	marked   map[uint32]bool // by place in the campaign
	win      window
	known    bool
	question question
}

// doubtsKept is how many are shown at once; the next come when these are
// decided.
const doubtsKept = 500

// doubtsLoadedMsg answers doubts.load.
type doubtsLoadedMsg struct {
	question int
	campaign campaign.Campaign
	all      []campaign.Delivery
	err      error
}

func newDoubts(e *env, c campaign.Campaign) *doubts {
	return &doubts{e: e, campaign: c, marked: make(map[uint32]bool)}
}

func (d *doubts) title() string { return d.e.t("doubts_title", "Name", d.campaign.Name) }
func (d *doubts) dirty() bool   { return false }

func (d *doubts) load() tea.Cmd {
	id, ok := d.question.ask(d.e)
	if !ok {
		return nil
	}
	ctx, book, of := d.e.ctx, d.e.app.Book, d.campaign.ID
	return func() tea.Msg {
		msg := doubtsLoadedMsg{question: id}
		if msg.campaign, msg.err = book.Campaign(of); msg.err == nil {
			msg.all, msg.err = book.Unsure(ctx, of, doubtsKept)
		}
		return msg
	}
}

// chosen are the deliveries that a key is about: those that are marked, or the
// one at the cursor.
func (d *doubts) chosen() (some []campaign.Delivery) {
	for _, one := range d.all {
		if d.marked[one.Seq] {
			some = append(some, one)
		}
	}
	if len(some) == 0 && d.win.cursor < len(d.all) {
		some = append(some, d.all[d.win.cursor])
	}
	return some
}

func (d *doubts) actions() []action {
	e := d.e
	some := d.chosen()
	ok := len(some) > 0
	return append([]action{
		act(e.keys.arrived, ok, func() tea.Cmd { return d.ask(some, campaign.Arrived, "doubts_arrived", "doubts_arrived_detail") }),
		act(e.keys.sendAgain, ok && d.campaign.Status != campaign.Cancelled, func() tea.Cmd {
			return d.ask(some, campaign.SendIt, "doubts_again", "doubts_again_detail")
		}),
		act(e.keys.leaveIt, ok, func() tea.Cmd { return d.ask(some, campaign.Leave, "doubts_leave", "doubts_leave_detail") }),
		act(e.keys.mark, ok, func() tea.Cmd {
			seq := d.all[d.win.cursor].Seq
			if d.marked[seq] = !d.marked[seq]; !d.marked[seq] {
				delete(d.marked, seq)
			}
			d.win.move(1)
			return nil
		}),
		act(e.keys.markAlike, len(d.alike()) > 0, func() tea.Cmd {
			for _, seq := range d.alike() {
				d.marked[seq] = true
			}
			return nil
		}),
		act(e.keys.unmarkAll, len(d.marked) > 0, func() tea.Cmd { clear(d.marked); return nil }),
	}, e.listActions(&d.win, stay)...)
}

// alike are those in doubt for the same reason as the one at the cursor that are
// not marked yet.
func (d *doubts) alike() (seqs []uint32) {
	if d.win.cursor >= len(d.all) {
		return nil
	}
	here := d.all[d.win.cursor]
	for _, one := range d.all {
		if one.Reason.Equal(here.Reason) && one.NotBefore.IsZero() == here.NotBefore.IsZero() && !d.marked[one.Seq] {
			seqs = append(seqs, one.Seq)
		}
	}
	return seqs
}

func (d *doubts) keys() []key.Binding { return bindings(d.actions()) }

// ask decides about one at once, unless it is to be sent again; that, and
// several, are asked about first, in these texts.
func (d *doubts) ask(some []campaign.Delivery, v campaign.Verdict, question, follows string) tea.Cmd {
	e := d.e
	decide := d.decide(some, v)
	if len(some) == 1 && v != campaign.SendIt {
		return decide
	}
	detail := e.t(follows)
	if v == campaign.SendIt && d.campaign.Status == campaign.Finished {
		detail += "\n" + e.t("doubts_again_finished")
	} else if v == campaign.SendIt && d.campaign.Status == campaign.Paused {
		detail += "\n" + e.t("doubts_again_paused")
	}
	name := e.calls(some[0].Name, some[0].Phone)
	return e.root.push(newAsk(e, e.words.n(question, len(some), "Name", name), detail, func() tea.Cmd { return decide }))
}

// doubtsDecidedMsg says how many were decided.
type doubtsDecidedMsg struct {
	from    *doubts
	decided []uint32
	err     error
}

// decide writes a verdict on some. What a receipt has proved meanwhile is
// passed over.
func (d *doubts) decide(some []campaign.Delivery, v campaign.Verdict) tea.Cmd {
	ctx, desk, now := d.e.ctx, d.e.app.Desk, d.e.now()
	return func() tea.Msg {
		msg := doubtsDecidedMsg{from: d}
		for _, one := range some {
			if msg.err = ctx.Err(); msg.err != nil {
				return msg
			}
			if _, msg.err = desk.Decide(one.Campaign, one.Seq, v, now); errors.Is(msg.err, store.ErrState) {
				msg.err = nil
			} else if msg.err != nil {
				return msg
			}
			msg.decided = append(msg.decided, one.Seq)
		}
		return msg
	}
}

func (d *doubts) update(msg tea.Msg) tea.Cmd {
	e := d.e
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, d.actions())
		return cmd
	case doubtsLoadedMsg:
		mine, again := d.question.answered(msg.question)
		if mine && msg.err != nil && !errors.Is(msg.err, context.Canceled) {
			e.root.say(e.theme.bad, e.fault(msg.err))
		} else if mine {
			d.show(msg)
		}
		if again {
			return d.load()
		}
	case doubtsDecidedMsg:
		if msg.from != d {
			return nil
		}
		for _, seq := range msg.decided {
			delete(d.marked, seq)
		}
		if msg.err != nil {
			e.root.say(e.theme.bad, e.fault(msg.err))
		} else {
			e.root.say(e.theme.good, e.words.n("doubts_decided", len(msg.decided)))
		}
		return d.load()
	}
	return nil
}

// show takes what was loaded, and forgets the marks of what is in doubt no
// more.
func (d *doubts) show(msg doubtsLoadedMsg) {
	d.campaign, d.all, d.known = msg.campaign, msg.all, true
	there := make(map[uint32]bool, len(d.all))
	for _, one := range d.all {
		there[one.Seq] = true
	}
	for seq := range d.marked {
		if !there[seq] {
			delete(d.marked, seq)
		}
	}
	d.win.resize(len(d.all), d.win.height)
}

func (d *doubts) view() string {
	e := d.e
	w, h := e.body()
	if !d.known {
		return "\n  " + e.theme.faint.of(e.t("loading"))
	}
	if len(d.all) == 0 {
		lines := append([]string{e.theme.strong.of(e.t("doubts_none")), ""}, e.wrap(e.t("doubts_none_detail"), min(w-8, 64))...)
		return e.framed(lines, w, h)
	}
	var lines []string
	for _, line := range e.wrap(e.t("doubts_about"), max(w-2, 1)) {
		lines = append(lines, " "+e.theme.dim.of(line))
	}
	lines = append(lines, "")
	d.win.resize(len(d.all), max(h-len(lines), 1))
	from, to := d.win.visible()
	name, phone := max(min((w-24)/3, 32), 8), 20
	for i := from; i < to; i++ {
		one := d.all[i]
		mark := " "
		if d.marked[one.Seq] {
			mark = "●"
		}
		why := e.words.because(one.Reason)
		if !one.NotBefore.IsZero() {
			why = e.t("doubts_waiting")
		}
		r := e.row(i == d.win.cursor).gap(1).cell(e.theme.accent, mark, 2).cell("", one.Name, name).gap(1).
			cell(e.theme.dim, e.phone(one.Phone), phone).gap(1)
		lines = append(lines, r.cell(e.theme.dim, why, max(w-r.used-1, 0)).fill(w))
	}
	return strings.Join(lines, "\n")
}
