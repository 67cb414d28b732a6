package tui

import (
	"context"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/session"
)

// numbers is the list of our numbers and how each of them is at this moment.
type numbers struct {
	e         *env
	win       window
	snapshots []session.Snapshot
	known     bool // the first answer has come
	question  question

	confirming question
}

// snapshotsLoadedMsg answers numbers.load.
type snapshotsLoadedMsg struct {
	question  int
	snapshots []session.Snapshot
}

func newNumbers(e *env) *numbers { return &numbers{e: e} }

func (n *numbers) title() string { return n.e.t("tab_numbers") }
func (n *numbers) dirty() bool   { return false }

func (n *numbers) load() tea.Cmd {
	id, ok := n.question.ask(n.e)
	if !ok {
		return nil
	}
	pool := n.e.app.Pool
	return func() tea.Msg { return snapshotsLoadedMsg{id, pool.Snapshots()} }
}

// here is the number under the cursor; ok is false if there is none.
func (n *numbers) here() (s session.Snapshot, ok bool) {
	if n.win.cursor >= len(n.snapshots) {
		return s, false
	}
	return n.snapshots[n.win.cursor], true
}

func (n *numbers) actions() []action {
	e := n.e
	s, ok := n.here()
	linked := s.Number.Linked()
	return append([]action{
		act(e.keys.link, ok && !linked, func() tea.Cmd { return e.root.push(newLink(e, s.Number)) }),
		act(e.keys.addNumber, true, n.add),
		act(e.keys.reconnect, ok && linked && s.State != campaign.Online, func() tea.Cmd { return n.reconnect(s.Number.ID) }),
		act(e.keys.unlink, ok && linked, func() tea.Cmd { return n.unlink(s.Number) }),
		act(e.keys.faults, ok && e.app.Demo != nil && e.app.Demo.Cause != nil, func() tea.Cmd { return e.root.push(newTroubles(e, s.Number)) }),
		act(e.keys.limits, ok, func() tea.Cmd { return e.root.push(newLimits(e, s.Number)) }),
		act(e.keys.rename, ok, func() tea.Cmd { return n.rename(s.Number) }),
		act(e.keys.confirmation, ok, func() tea.Cmd { return n.confirmation(s.Number.ID) }),
		act(e.keys.remove, ok && s.Number.Link == 0, func() tea.Cmd { return n.remove(s.Number) }),
	}, e.listActions(&n.win, stay)...)
}

func (n *numbers) keys() []key.Binding { return bindings(n.actions()) }

func (n *numbers) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, n.actions())
		return cmd
	case confirmationLoadedMsg:
		mine, _ := n.confirming.answered(msg.question)
		if mine && msg.err != nil {
			n.e.root.say(n.e.theme.bad, n.e.fault(msg.err))
		} else if mine {
			return n.e.root.push(n.e.askConfirmation(msg.number))
		}
	case snapshotsLoadedMsg:
		mine, again := n.question.answered(msg.question)
		if mine {
			n.snapshots, n.known = msg.snapshots, true
			n.win.resize(len(n.snapshots), n.win.height)
		}
		if again {
			return n.load()
		}
	}
	return nil
}

func (n *numbers) add() tea.Cmd {
	e, desk := n.e, n.e.app.Desk
	return e.root.push(newPrompt(e, e.t("number_add"), e.t("number_add_detail"), e.t("number_add_example"), "", func(_ context.Context, name string, _ bool) (func() tea.Cmd, error) {
		number, err := desk.AddNumber(name)
		return func() tea.Cmd { return tea.Batch(n.load(), e.root.push(newLink(e, number))) }, err // the next thing is to link it
	}))
}

func (n *numbers) rename(number campaign.Number) tea.Cmd {
	e, desk := n.e, n.e.app.Desk
	return e.root.push(newPrompt(e, e.t("number_rename"), "", "", number.Name, e.taken(
		func(name string) string { return e.t("number_renamed", "Name", name) },
		func(name string) error { return desk.RenameNumber(number.ID, name) })))
}

func (n *numbers) reconnect(id campaign.NumberID) tea.Cmd {
	pool, desk := n.e.app.Pool, n.e.app.Desk
	return n.e.do(n.e.t("number_reconnecting"), func(context.Context) error {
		return desk.Reconnect(pool, id)
	})
}

func (n *numbers) unlink(number campaign.Number) tea.Cmd {
	e, pool, desk := n.e, n.e.app.Pool, n.e.app.Desk
	return e.root.push(newAsk(e, e.t("number_unlink", "Name", number.Name), e.t("number_unlink_detail"), func() tea.Cmd {
		return e.do(e.t("number_unlinked_done", "Name", number.Name), func(ctx context.Context) error { return desk.Unlink(ctx, pool, number.ID) })
	}))
}

func (n *numbers) remove(number campaign.Number) tea.Cmd {
	e, desk := n.e, n.e.app.Desk
	return e.root.push(newAsk(e, e.t("number_remove", "Name", number.Name), "", func() tea.Cmd {
		return e.do(e.t("number_removed", "Name", number.Name), func(context.Context) error { return desk.RemoveNumber(number.ID) })
	}))
}

func (n *numbers) view() string {
	e := n.e
	w, h := e.body()
	if !n.known {
		return "\n " + e.theme.faint.of(e.t("loading"))
	}
	if len(n.snapshots) == 0 {
		inner := min(w-8, 64)
		lines := append([]string{e.theme.strong.of(e.t("numbers_empty")), ""}, e.wrap(e.t("numbers_empty_detail"), inner)...)
		lines = append(lines, "")
		for _, line := range e.wrap(e.t("first_notice"), inner) {
			lines = append(lines, e.theme.warn.of(line))
		}
		return e.framed(lines, w, h)
	}
	// One line for each number, and below them what there is to say of the
	// one under the cursor.
	var told []string
	if s, ok := n.here(); ok {
		told = n.tell(s, w)
	}
	n.win.resize(len(n.snapshots), max(h-max(len(told), leastTold)-2, 1))
	from, to := n.win.visible()
	lines := []string{n.heading(w)}
	for i := from; i < to; i++ {
		lines = append(lines, n.line(n.snapshots[i], i == n.win.cursor, w))
	}
	return strings.Join(append(append(lines, ""), told...), "\n")
}

// leastTold is the room for what is told of a number: with more the list gives
// way, with less it does not move.
const leastTold = 7

// columns of the list.
func (n *numbers) columns(w int) (name, phone, state, since int) {
	phone, state, since = 19, 18, 15
	return max(min(w-phone-state-since-8, 32), 8), phone, state, since
}

func (n *numbers) heading(w int) string {
	e := n.e
	name, phone, state, since := n.columns(w)
	return e.row(false).gap(1).cell(e.theme.faint, e.t("col_number"), name).gap(1).cell(e.theme.faint, e.t("col_phone"), phone).gap(1).
		cell(e.theme.faint, e.t("col_state"), state).gap(1).cell(e.theme.faint, e.t("col_since"), since).fill(w)
}

func (n *numbers) line(s session.Snapshot, here bool, w int) string {
	e := n.e
	name, phone, state, since := n.columns(w)
	sign := e.numberSign(s)
	weight := ink("")
	if here {
		weight = e.theme.strong
	}
	r := e.row(here).gap(1).cell(weight, s.Number.Name, name).gap(1)
	if s.Number.Phone == "" {
		r.cell(e.theme.faint, "–", phone)
	} else {
		r.cell("", s.Number.Phone.Pretty(), phone)
	}
	r.gap(1)
	if text := sign.symbol + " " + e.t(sign.word); len(n.warnings(s)) > 0 {
		used := min(e.width(text), state-2)
		r.cell(sign.ink, text, used).cell(e.theme.warn, " !", state-used)
	} else {
		r.cell(sign.ink, text, state)
	}
	r.gap(1)
	return r.cell(e.theme.dim, n.since(s), since).fill(w)
}

// numberSign is the state of a number as the list names it. One that is online
// and may not send yet is not called online.
func (e *env) numberSign(s session.Snapshot) sign {
	if s.State == campaign.Online && s.Reading.After(e.now()) {
		return sign{"◌", e.theme.info, "number_history"}
	}
	return e.theme.number(s.State)
}

// since is how long the number has been as it is, or when it tries again.
func (n *numbers) since(s session.Snapshot) string {
	now := n.e.now()
	if s.State == campaign.Offline && s.Until.After(now) {
		return n.e.t("retry_in", "Wait", n.e.words.Duration(s.Until.Sub(now)))
	}
	if s.Since.IsZero() {
		return ""
	}
	return n.e.words.Duration(now.Sub(s.Since))
}

// tell says all that is known of a number, and what to do about it.
func (n *numbers) tell(s session.Snapshot, w int) []string {
	e := n.e
	sign := e.numberSign(s)
	name, _ := e.cut(s.Number.Name, 40)
	lines := []string{" " + e.theme.rule.of(strings.Repeat("─", max(w-2, 0))),
		" " + e.theme.strong.of(name) + "  " + sign.ink.of(sign.symbol+" "+e.t(sign.word))}
	add := func(i ink, s string) {
		for _, line := range e.wrap(s, max(w-4, 1)) {
			lines = append(lines, "  "+i.of(line))
		}
	}
	forgotten := e.app.Demo != nil && s.State == campaign.LoggedOut
	if !s.Reason.IsZero() && !forgotten {
		add(sign.ink, e.words.because(s.Reason))
	}
	if next := n.next(s, forgotten); next != "" {
		add(e.theme.dim, next)
	}
	for _, warning := range n.warnings(s) {
		add(e.theme.warn, "! "+warning)
	}
	if q := s.Number.Quota; q.Current(e.now()) && q.Total >= 0 {
		add(e.theme.dim, n.quota(q))
	}
	if s.Number.Linked() {
		days := int(e.now().Sub(s.Number.LinkedAt) / (24 * time.Hour))
		linked := e.t("number_linked_today")
		if days > 0 {
			linked = e.words.n("number_linked_for", days)
		}
		linked += " · " + e.paceWords(s.Number.Pace(e.now()))
		if s.State == campaign.Online && s.Synced && !s.Number.Quota.Current(e.now()) {
			linked += " · " + e.t("number_quota_unknown")
		}
		add(e.theme.faint, linked)
	}
	return lines
}

// next is what to do about the state of a number, or what happens by itself.
func (n *numbers) next(s session.Snapshot, forgotten bool) string {
	e, now := n.e, n.e.now()
	later := s.Until.After(now)
	switch {
	case forgotten:
		return e.t("number_do_link_demo", "Key", e.keys.scan.Help().Key)
	case s.State == campaign.Unlinked, s.State == campaign.LoggedOut:
		return e.t("number_do_link")
	case s.State == campaign.Blocked:
		return e.t("number_do_reconnect")
	case s.State == campaign.Offline && later:
		return e.t("number_next_try", "Wait", e.words.Duration(s.Until.Sub(now)))
	case s.State == campaign.Banned && later, s.State == campaign.Restricted && later:
		return e.t("number_until", "Time", e.words.Moment(s.Until, now), "Wait", e.words.Duration(s.Until.Sub(now)))
	case s.State == campaign.Online && !s.Synced:
		return e.t("number_syncing")
	case s.Reading.After(now):
		return e.t("number_reading", "Time", e.words.Moment(s.Reading, now))
	case s.State == campaign.Online && !s.Contacts:
		return e.t("number_contacts_coming")
	}
	return ""
}

// warnings are what will go wrong if nobody sees to it.
func (n *numbers) warnings(s session.Snapshot) (texts []string) {
	e, now := n.e, n.e.now()
	if !s.Unlinks.IsZero() {
		days := int(now.Sub(s.Number.Seen) / (24 * time.Hour))
		if s.Unlinks.After(now) {
			texts = append(texts, e.words.n("number_quiet", days, "Day", e.words.Day(s.Unlinks, now)))
		} else {
			texts = append(texts, e.words.n("number_quiet_late", days))
		}
	}
	if s.Missed {
		texts = append(texts, e.t("number_missed"))
	}
	if s.Outrun {
		texts = append(texts, e.t("number_outrun"))
	}
	switch {
	case s.Skew > 0:
		texts = append(texts, e.t("number_clock_ahead", "Wait", e.words.Duration(s.Skew.Round(time.Minute))))
	case s.Skew < 0:
		texts = append(texts, e.t("number_clock_behind", "Wait", e.words.Duration(-s.Skew.Round(time.Minute))))
	}
	return texts
}

// quota says how many new chats the service allows; of one that is used up it
// has been said until when.
func (n *numbers) quota(q campaign.Quota) string {
	e, now := n.e, n.e.now()
	if q.Until.IsZero() || q.Spent(now) {
		return e.words.n("number_quota", q.Total, "Used", q.Used)
	}
	return e.words.n("number_quota_until", q.Total, "Used", q.Used, "Day", e.words.Day(q.Until, now))
}
