package tui

import (
	"context"
	"slices"

	tea "charm.land/bubbletea/v2"

	"recado/campaign/people"
	"recado/store"
)

// What stands before a list of people and before a live one, so that they are told apart from
// each other and from tags.
const (
	listSign = "≡"
	liveSign = "◇"
)

// make asks for the name of a list with nobody on it.
func (l *lists) make() tea.Cmd {
	return l.e.saveList(nil, l.e.t("list_new_detail", "Key", l.e.keys.saveFilter.Help().Key), "", l.from.saved)
}

// changeFilter asks for another filter of a live list.
func (l *lists) changeFilter(list store.List) tea.Cmd {
	e, desk := l.e, l.e.app.Desk
	return e.root.push(newPrompt(e, e.t("live_change", "Name", list.Name), "", "", list.Filter, func(_ context.Context, text string, _ bool) (func() tea.Cmd, error) {
		_, err := desk.SaveFilter(list.Name, text)
		return func() tea.Cmd {
			l.liveAt = l.liveAt.Add(-2 * searchEvery)
			e.root.say(e.theme.good, e.t("live_saved", "Name", list.Name))
			return l.load()
		}, err
	}))
}

// combination is what can be made of two lists.
type combination struct {
	text   string // of the catalogue
	filter string
	ids    []people.ContactID
}

// listsWeighedMsg answers lists.weigh.
type listsWeighedMsg struct {
	from *lists
	a, b store.List
	all  []combination
	err  error
}

// combine asks with which list one is combined.
func (l *lists) combine(list store.List) tea.Cmd {
	var all []option
	for _, other := range l.all {
		if other.ID != list.ID {
			all = append(all, option{other.Name, l.e.words.n("people", max(other.Size, 0)), func() tea.Cmd { return l.weigh(list, other) }})
		}
	}
	return l.e.root.push(newChoice(l.e, l.e.t("combine_with", "Name", list.Name), nil, all, 0))
}

// weigh finds whoever would be on what two lists can become.
func (l *lists) weigh(a, b store.List) tea.Cmd {
	book, ctx, one, two := l.e.app.Book, l.e.ctx, audienceOf(a), audienceOf(b)
	return func() tea.Msg {
		msg := listsWeighedMsg{from: l, a: a, b: b, all: []combination{
			{"combine_union", one + " or " + two, nil}, {"combine_common", one + " " + two, nil},
			{"combine_minus", one + " -" + two, nil}, {"combine_minus_other", two + " -" + one, nil},
		}}
		for i := range msg.all {
			filter, err := people.ParseFilter(msg.all[i].filter)
			if err == nil {
				msg.all[i].ids, err = book.Find(ctx, filter)
			}
			if err != nil {
				msg.err = err
				break
			}
		}
		return msg
	}
}

// weighed asks what two lists become, and under which name.
func (l *lists) weighed(msg listsWeighedMsg) tea.Cmd {
	e := l.e
	if msg.err != nil {
		e.root.say(e.theme.bad, e.fault(msg.err))
		return nil
	}
	name := msg.a.Name
	if msg.a.Live() {
		name = ""
	}
	var all []option
	for _, c := range msg.all {
		what := e.t(c.text, "A", msg.a.Name, "B", msg.b.Name)
		all = append(all, option{what, e.words.n("people", len(c.ids)), func() tea.Cmd {
			return e.saveList(c.ids, what+": "+e.words.n("people", len(c.ids))+".", name, l.from.saved)
		}})
	}
	return e.root.push(newChoice(e, e.t("combine_how"), nil, all, 0))
}

// peopleFoundMsg answers deliveries.saveList: whose the deliveries that were shown are.
type peopleFoundMsg struct {
	from *deliveries
	ids  []people.ContactID
	err  error
}

// saveList finds out whose the deliveries are that are shown, to save them as a list.
func (d *deliveries) saveList() tea.Cmd {
	ctx, book, of, places := d.e.ctx, d.e.app.Book, d.campaign.ID, slices.Clone(d.places)
	return func() tea.Msg {
		ids, err := book.PeopleAt(ctx, of, places)
		return peopleFoundMsg{d, ids, err}
	}
}

// askList asks for the name of the list.
func (d *deliveries) askList(msg peopleFoundMsg) tea.Cmd {
	e := d.e
	if msg.err != nil {
		e.root.say(e.theme.bad, e.fault(msg.err))
		return nil
	}
	detail := e.words.n("deliveries_list", len(msg.ids), "Part", d.parts[d.at].name, "Name", d.campaign.Name)
	return e.saveList(msg.ids, detail, "", func(list store.List) tea.Cmd {
		e.root.say(e.theme.good, e.words.n("list_saved", list.Size, "Name", list.Name))
		return nil
	})
}
