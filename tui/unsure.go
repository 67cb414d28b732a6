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

// unsure are the deliveries of a campaign of which nobody knows whether they
// have arrived. Here a person who has looked at the chats says so, of one, of
// those that are marked, or of all with the same reason.
type unsure struct {
	e        *env
	campaign campaign.Campaign
	all      []campaign.Delivery
	marked   map[uint32]bool // by place in the campaign
	win      window
	known    bool
	question question
}

// unsureKept is how many are shown at once; the next come when these are
// decided.
const unsureKept = 500

// unsureLoadedMsg answers unsure.load.
type unsureLoadedMsg struct {
	question int
	campaign campaign.Campaign
	all      []campaign.Delivery
	err      error
}

func newUnsure(e *env, c campaign.Campaign) *unsure {
	return &unsure{e: e, campaign: c, marked: make(map[uint32]bool)}
}

func (u *unsure) title() string { return u.e.t("unsure_title", "Name", u.campaign.Name) }
func (u *unsure) dirty() bool   { return false }

func (u *unsure) load() tea.Cmd {
	id, ok := u.question.ask(u.e)
	if !ok {
		return nil
	}
	ctx, book, of := u.e.ctx, u.e.app.Book, u.campaign.ID
	return func() tea.Msg {
		msg := unsureLoadedMsg{question: id}
		if msg.campaign, msg.err = book.Campaign(of); msg.err == nil {
			msg.all, msg.err = book.Unsure(ctx, of, unsureKept)
		}
		return msg
	}
}

// chosen are the deliveries that a key is about: those that are marked, or the
// one at the cursor.
func (u *unsure) chosen() (some []campaign.Delivery) {
	for _, one := range u.all {
		if u.marked[one.Seq] {
			some = append(some, one)
		}
	}
	if len(some) == 0 && u.win.cursor < len(u.all) {
		some = append(some, u.all[u.win.cursor])
	}
	return some
}

func (u *unsure) actions() []action {
	e := u.e
	some := u.chosen()
	ok := len(some) > 0
	return append([]action{
		act(e.keys.arrived, ok, func() tea.Cmd { return u.ask(some, campaign.Arrived, "unsure_arrived", "unsure_arrived_detail") }),
		act(e.keys.sendAgain, ok && u.campaign.Status != campaign.Cancelled, func() tea.Cmd {
			return u.ask(some, campaign.SendIt, "unsure_again", "unsure_again_detail")
		}),
		act(e.keys.leaveIt, ok, func() tea.Cmd { return u.ask(some, campaign.Leave, "unsure_leave", "unsure_leave_detail") }),
		act(e.keys.mark, ok, func() tea.Cmd {
			seq := u.all[u.win.cursor].Seq
			if u.marked[seq] = !u.marked[seq]; !u.marked[seq] {
				delete(u.marked, seq)
			}
			u.win.move(1)
			return nil
		}),
		act(e.keys.markAlike, len(u.alike()) > 0, func() tea.Cmd {
			for _, seq := range u.alike() {
				u.marked[seq] = true
			}
			return nil
		}),
		act(e.keys.unmarkAll, len(u.marked) > 0, func() tea.Cmd { clear(u.marked); return nil }),
	}, e.listActions(&u.win, stay)...)
}

// alike are those unsure for the same reason as the one at the cursor that are
// not marked yet.
func (u *unsure) alike() (seqs []uint32) {
	if u.win.cursor >= len(u.all) {
		return nil
	}
	here := u.all[u.win.cursor]
	for _, one := range u.all {
		if one.Reason.Equal(here.Reason) && one.NotBefore.IsZero() == here.NotBefore.IsZero() && !u.marked[one.Seq] {
			seqs = append(seqs, one.Seq)
		}
	}
	return seqs
}

func (u *unsure) keys() []key.Binding { return bindings(u.actions()) }

// ask decides about one at once, unless it is to be sent again; that, and
// several, are asked about first, in these texts.
func (u *unsure) ask(some []campaign.Delivery, v campaign.Verdict, question, follows string) tea.Cmd {
	e := u.e
	decide := u.decide(some, v)
	if len(some) == 1 && v != campaign.SendIt {
		return decide
	}
	detail := e.t(follows)
	if v == campaign.SendIt && u.campaign.Status == campaign.Finished {
		detail += "\n" + e.t("unsure_again_finished")
	} else if v == campaign.SendIt && u.campaign.Status == campaign.Paused {
		detail += "\n" + e.t("unsure_again_paused")
	}
	name := e.calls(some[0].Name, some[0].Phone)
	return e.root.push(newAsk(e, e.words.n(question, len(some), "Name", name), detail, func() tea.Cmd { return decide }))
}

// unsureDecidedMsg says how many were decided.
type unsureDecidedMsg struct {
	from    *unsure
	decided []uint32
	err     error
}

// decide writes a verdict on some. What a receipt has proved meanwhile is
// passed over.
func (u *unsure) decide(some []campaign.Delivery, v campaign.Verdict) tea.Cmd {
	ctx, desk, now := u.e.ctx, u.e.app.Desk, u.e.now()
	return func() tea.Msg {
		msg := unsureDecidedMsg{from: u}
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

func (u *unsure) update(msg tea.Msg) tea.Cmd {
	e := u.e
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, u.actions())
		return cmd
	case unsureLoadedMsg:
		mine, again := u.question.answered(msg.question)
		if mine && msg.err != nil && !errors.Is(msg.err, context.Canceled) {
			e.root.say(e.theme.bad, e.fault(msg.err))
		} else if mine {
			u.show(msg)
		}
		if again {
			return u.load()
		}
	case unsureDecidedMsg:
		if msg.from != u {
			return nil
		}
		for _, seq := range msg.decided {
			delete(u.marked, seq)
		}
		if msg.err != nil {
			e.root.say(e.theme.bad, e.fault(msg.err))
		} else {
			e.root.say(e.theme.good, e.words.n("unsure_decided", len(msg.decided)))
		}
		return u.load()
	}
	return nil
}

// show takes what was loaded, and forgets the marks of what is unsure no
// more.
func (u *unsure) show(msg unsureLoadedMsg) {
	u.campaign, u.all, u.known = msg.campaign, msg.all, true
	there := make(map[uint32]bool, len(u.all))
	for _, one := range u.all {
		there[one.Seq] = true
	}
	for seq := range u.marked {
		if !there[seq] {
			delete(u.marked, seq)
		}
	}
	u.win.resize(len(u.all), u.win.height)
}

func (u *unsure) view() string {
	e := u.e
	w, h := e.body()
	if !u.known {
		return "\n  " + e.theme.faint.of(e.t("loading"))
	}
	if len(u.all) == 0 {
		lines := append([]string{e.theme.strong.of(e.t("unsure_none")), ""}, e.wrap(e.t("unsure_none_detail"), min(w-8, 64))...)
		return e.framed(lines, w, h)
	}
	var lines []string
	for _, line := range e.wrap(e.t("unsure_about"), max(w-2, 1)) {
		lines = append(lines, " "+e.theme.dim.of(line))
	}
	lines = append(lines, "")
	u.win.resize(len(u.all), max(h-len(lines), 1))
	from, to := u.win.visible()
	name, phone := max(min((w-24)/3, 32), 8), 20
	for i := from; i < to; i++ {
		one := u.all[i]
		mark := " "
		if u.marked[one.Seq] {
			mark = "●"
		}
		why := e.words.because(one.Reason)
		if !one.NotBefore.IsZero() {
			why = e.t("unsure_waiting")
		}
		r := e.row(i == u.win.cursor).gap(1).cell(e.theme.accent, mark, 2).cell("", one.Name, name).gap(1).
			cell(e.theme.dim, e.phone(one.Phone), phone).gap(1)
		lines = append(lines, r.cell(e.theme.dim, why, max(w-r.used-1, 0)).fill(w))
	}
	return strings.Join(lines, "\n")
}
