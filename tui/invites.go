package tui

import (
	"context"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store"
)

// invites are the links by which people agree to be written to: how many came by
// each, and when the last one did.
type invites struct {
	e        *env
	from     *contacts
	win      window
	all      []inviteRow
	numbers  []campaign.Number // those that a link may lead to
	known    bool
	question question
}

// inviteRow is a link and the number that it leads to.
type inviteRow struct {
	store.Invite
	number campaign.Number
}

// address is what the link is; empty if its number has no phone any more.
func (r *inviteRow) address() string {
	if r.number.Phone == "" {
		return ""
	}
	return r.Link(r.number.Phone)
}

// invitesLoadedMsg answers the question for all links.
type invitesLoadedMsg struct {
	question int
	all      []inviteRow
	numbers  []campaign.Number
	err      error
}

func newInvites(e *env, from *contacts) *invites { return &invites{e: e, from: from} }

func (v *invites) title() string { return v.e.t("invites") }
func (v *invites) dirty() bool   { return false }
func (v *invites) load() tea.Cmd { return loadInvites(v.e, &v.question) }

// loadInvites asks for all links.
func loadInvites(e *env, q *question) tea.Cmd {
	id, ok := q.ask(e)
	if !ok {
		return nil
	}
	book := e.app.Book
	return func() tea.Msg {
		msg := invitesLoadedMsg{question: id}
		all, err := book.Invites()
		if err == nil {
			msg.numbers, err = book.Numbers()
		}
		for _, i := range all {
			row := inviteRow{Invite: i}
			if at := slices.IndexFunc(msg.numbers, func(n campaign.Number) bool { return n.ID == i.Number }); at >= 0 {
				row.number = msg.numbers[at]
			}
			msg.all = append(msg.all, row)
		}
		msg.numbers = slices.DeleteFunc(msg.numbers, func(n campaign.Number) bool { return n.Phone == "" })
		msg.err = err
		return msg
	}
}

func (v *invites) here() (row inviteRow, ok bool) {
	if v.win.cursor >= len(v.all) {
		return row, false
	}
	return v.all[v.win.cursor], true
}

func (v *invites) actions() []action {
	e := v.e
	row, ok := v.here()
	return append([]action{
		act(e.keys.showInvite, ok, func() tea.Cmd { return e.root.push(newInvite(e, row)) }),
		act(e.keys.newInvite, len(v.numbers) > 0, v.make),
		act(e.keys.whoCame, ok && row.Count > 0, func() tea.Cmd { return tea.Batch(e.root.drop(v), v.from.show(cameBy(row.Name))) }),
		act(e.keys.endInvite, ok, func() tea.Cmd { return v.end(row) }),
	}, e.listActions(&v.win, stay)...)
}

// cameBy is the filter that chooses who came by a link.
func cameBy(name string) string { return `veio:="` + name + `"` }

func (v *invites) keys() []key.Binding { return bindings(v.actions()) }

// make asks which number a link leads to, if there are several.
func (v *invites) make() tea.Cmd {
	if len(v.numbers) == 1 {
		return v.askName(v.numbers[0])
	}
	var all []option
	for _, n := range v.numbers {
		all = append(all, option{n.Name, n.Phone.Pretty(), func() tea.Cmd { return v.askName(n) }})
	}
	return v.e.root.push(newChoice(v.e, v.e.t("invite_number"), nil, all, 0))
}

// askName asks for the name of a link, and then for what it writes.
func (v *invites) askName(n campaign.Number) tea.Cmd {
	e := v.e
	p := newPrompt(e, e.t("invite_name"), e.t("invite_name_detail"), e.t("invite_example"), "", func(_ context.Context, name string, _ bool) (func() tea.Cmd, error) {
		return func() tea.Cmd { return v.askText(n, name) }, nil
	})
	p.check = func(name string) string {
		if slices.ContainsFunc(v.all, func(r inviteRow) bool { return people.Fold(r.Name) == people.Fold(name) }) {
			return e.t("invite_taken", "Name", name)
		}
		return ""
	}
	return e.root.push(p)
}

func (v *invites) askText(n campaign.Number, name string) tea.Cmd {
	e, desk := v.e, v.e.app.Desk
	return e.root.push(newPrompt(e, e.t("invite_text"), e.t("invite_text_detail"), "", e.t("consent_text"), func(_ context.Context, text string, _ bool) (func() tea.Cmd, error) {
		made, err := desk.Invite(name, text, n.ID)
		return func() tea.Cmd { return e.root.push(newInvite(e, inviteRow{made, n})) }, err
	}))
}

func (v *invites) end(row inviteRow) tea.Cmd {
	e, desk := v.e, v.e.app.Desk
	return e.root.push(newAsk(e, e.t("invite_end", "Name", row.Name), e.t("invite_end_detail"), func() tea.Cmd {
		return e.do(e.words.n("consent_unlinked", row.Count, "Name", row.Name), func(context.Context) error {
			_, err := desk.EndInvite(row.Name)
			return err
		})
	}))
}

func (v *invites) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, v.actions())
		return cmd
	case invitesLoadedMsg:
		mine, again := v.question.answered(msg.question)
		if mine && msg.err != nil {
			v.e.root.say(v.e.theme.bad, v.e.fault(msg.err))
		} else if mine {
			v.all, v.numbers, v.known = msg.all, msg.numbers, true
			v.win.resize(len(v.all), v.win.height)
		}
		if again {
			return v.load()
		}
	}
	return nil
}

func (v *invites) view() string {
	e := v.e
	w, h := e.body()
	if !v.known {
		return "\n  " + e.theme.faint.of(e.t("loading"))
	}
	if len(v.all) == 0 {
		how := e.t("invites_make", "Key", e.keys.newInvite.Help().Key)
		if len(v.numbers) == 0 {
			how = e.t("invites_no_number")
		}
		lines := append([]string{e.theme.strong.of(e.t("invites_none")), ""}, e.wrap(e.t("invites_about"), min(w-8, 64))...)
		return e.framed(append(append(lines, ""), e.wrap(how, min(w-8, 64))...), w, h)
	}
	v.win.resize(len(v.all), max(h-4, 1))
	const came, last = 10, 18
	name := max(min((w-came-last-8)/2, 40), 8)
	number := max(w-name-came-last-6, 0)
	lines := []string{e.row(false).gap(1).cell(e.theme.faint, e.t("col_link"), name).right(e.theme.faint, e.t("col_came"), came).gap(2).
		cell(e.theme.faint, e.t("col_last"), last).cell(e.theme.faint, e.t("col_number"), number).fill(w)}
	from, to := v.win.visible()
	for i := from; i < to; i++ {
		row := v.all[i]
		weight, when := ink(""), "–"
		if i == v.win.cursor {
			weight = e.theme.strong
		}
		if !row.Last.IsZero() {
			when = e.words.Moment(row.Last, e.now())
		}
		lines = append(lines, e.row(i == v.win.cursor).gap(1).cell(weight, row.Name, name).right("", e.words.Number(row.Count), came).gap(2).
			cell(e.theme.dim, when, last).cell(e.theme.dim, row.number.Name, number).fill(w))
	}
	if row, ok := v.here(); ok {
		lines = append(lines, "", " "+e.theme.dim.of(e.fit(row.Message(), max(w-2, 0))), " "+e.theme.faint.of(e.fit(row.address(), max(w-2, 0))))
	}
	return strings.Join(lines, "\n")
}
