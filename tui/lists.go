package tui

import (
	"context"
	"errors"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign/people"
	"recado/store"
)

// lists are the saved lists, of people and live ones: how many people are on each,
// and which drafts write to it. With people to be added it is where one says to which list.
type lists struct {
	e        *env
	from     *contacts
	adding   []people.ContactID // nil: none are to be added
	win      window
	all      []store.List
	drafts   map[string][]string // the names of the drafts to each, by its folded name
	known    bool
	live     map[uint32]int // how many are on the live ones,
	liveAt   time.Time      // when they were counted
	question question
}

// listsLoadedMsg answers lists.load.
type listsLoadedMsg struct {
	question int
	all      []store.List
	drafts   map[string][]string
	counted  bool // the live ones as well
	err      error
}

func newLists(e *env, from *contacts, adding []people.ContactID) *lists {
	return &lists{e: e, from: from, adding: adding}
}

func (l *lists) title() string {
	if l.adding != nil {
		return l.e.words.n("lists_adding", len(l.adding))
	}
	return l.e.t("lists")
}

func (l *lists) dirty() bool { return false }

func (l *lists) load() tea.Cmd {
	id, ok := l.question.ask(l.e)
	if !ok {
		return nil
	}
	book, ctx := l.e.app.Book, l.e.ctx
	count := l.adding == nil && l.e.now().Sub(l.liveAt) > searchEvery
	return func() tea.Msg {
		msg := listsLoadedMsg{question: id, counted: count}
		if msg.all, msg.err = book.Lists(); msg.err == nil {
			msg.drafts, msg.err = book.ListDrafts()
		}
		if msg.err == nil && count {
			msg.err = book.CountLive(ctx, msg.all)
		}
		return msg
	}
}

// take takes the lists that were read. Live ones are not counted each time.
func (l *lists) take(msg listsLoadedMsg) {
	if msg.counted {
		l.live, l.liveAt = make(map[uint32]int), l.e.now()
	}
	l.all, l.drafts, l.known = nil, msg.drafts, true
	for _, list := range msg.all {
		switch {
		case list.Live() && l.adding != nil: // nobody is added to it
			continue
		case list.Live() && msg.counted:
			l.live[list.ID] = list.Size
		case list.Live():
			list.Size = l.live[list.ID]
		}
		l.all = append(l.all, list)
	}
	l.win.resize(len(l.all), l.win.height)
}

func (l *lists) here() (list store.List, ok bool) {
	if l.win.cursor >= len(l.all) {
		return list, false
	}
	return l.all[l.win.cursor], true
}

func (l *lists) actions() []action {
	e := l.e
	list, ok := l.here()
	moves := e.listActions(&l.win, stay)
	if l.adding != nil {
		return append([]action{act(e.keys.addHere, ok, func() tea.Cmd { return l.add(list) })}, moves...)
	}
	return append([]action{
		act(e.keys.showList, ok, func() tea.Cmd { return tea.Batch(e.root.drop(l), l.from.show(audienceOf(list))) }),
		act(e.keys.write, ok && list.Size > 0, func() tea.Cmd { return l.from.compose(audienceOf(list)) }),
		act(e.keys.newList, true, l.make),
		act(e.keys.combine, ok && len(l.all) > 1, func() tea.Cmd { return l.combine(list) }),
		act(e.keys.changeFilter, list.Live(), func() tea.Cmd { return l.changeFilter(list) }),
		act(e.keys.rename, ok, func() tea.Cmd { return l.rename(list) }),
		act(e.keys.emptyList, ok && list.Size > 0 && !list.Live(), func() tea.Cmd { return l.empty(list) }),
		act(e.keys.deleteList, ok, func() tea.Cmd { return l.remove(list) }),
	}, moves...)
}

func (l *lists) keys() []key.Binding { return bindings(l.actions()) }

// audienceOf is the filter that chooses a list.
func audienceOf(l store.List) string { return `lista:"` + l.Name + `"` }

func (l *lists) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, l.actions())
		return cmd
	case listsLoadedMsg:
		mine, again := l.question.answered(msg.question)
		if mine && msg.err != nil {
			l.e.root.say(l.e.theme.bad, l.e.fault(msg.err))
		} else if mine {
			l.take(msg)
		}
		if again {
			return l.load()
		}
	case listAddedMsg:
		if msg.from == l {
			return l.added(msg)
		}
	case listsWeighedMsg:
		if msg.from == l {
			return l.weighed(msg)
		}
	}
	return nil
}

// listAddedMsg says that people were added to a list.
type listAddedMsg struct {
	from *lists
	list store.List
	err  error
}

func (l *lists) add(list store.List) tea.Cmd {
	desk, ids := l.e.app.Desk, l.adding
	return func() tea.Msg {
		grown, err := desk.AddToList(list.Name, ids)
		return listAddedMsg{l, grown, err}
	}
}

func (l *lists) added(msg listAddedMsg) tea.Cmd {
	if msg.err != nil {
		l.e.root.say(l.e.theme.bad, l.e.fault(msg.err))
		return l.load()
	}
	l.e.root.say(l.e.theme.good, l.e.words.n("list_saved", msg.list.Size, "Name", msg.list.Name))
	return l.e.root.drop(l)
}

// draftsTo says which drafts write to a list, in the words of a text; empty:
// none.
func (l *lists) draftsTo(list store.List, text string) string {
	names := l.drafts[people.Fold(list.Name)]
	if len(names) == 0 {
		return ""
	}
	return l.e.words.n(text, len(names), "Names", strings.Join(names, ", "))
}

func (l *lists) rename(list store.List) tea.Cmd {
	e, desk := l.e, l.e.app.Desk
	return e.root.push(newPrompt(e, e.t("list_rename"), l.draftsTo(list, "list_drafts_lost"), "", list.Name, e.taken(
		func(name string) string { return e.t("list_renamed", "Name", name) },
		func(name string) error { return desk.RenameList(list.Name, name) })))
}

func (l *lists) empty(list store.List) tea.Cmd {
	e, desk := l.e, l.e.app.Desk
	detail := strings.TrimSpace(e.words.n("list_empty_detail", list.Size) + "\n" + l.draftsTo(list, "list_drafts"))
	return e.root.push(newAsk(e, e.t("list_empty", "Name", list.Name), detail, func() tea.Cmd {
		return e.do(e.t("list_emptied", "Name", list.Name), func(context.Context) error { return desk.EmptyList(list.Name) })
	}))
}

func (l *lists) remove(list store.List) tea.Cmd {
	e, desk := l.e, l.e.app.Desk
	detail := ""
	if list.Size > 0 {
		detail = e.words.n("list_delete_detail", list.Size)
	}
	detail = strings.TrimSpace(detail + "\n" + l.draftsTo(list, "list_drafts_lost"))
	return e.root.push(newAsk(e, e.t("list_delete", "Name", list.Name), detail, func() tea.Cmd {
		return e.do(e.t("list_deleted", "Name", list.Name), func(context.Context) error { return desk.DeleteList(list.Name) })
	}))
}

func (l *lists) view() string {
	e := l.e
	w, h := e.body()
	if !l.known {
		return "\n  " + e.theme.faint.of(e.t("loading"))
	}
	if len(l.all) == 0 {
		lines := append([]string{e.theme.strong.of(e.t("lists_none")), ""},
			e.wrap(e.t("lists_none_detail", "Key", e.keys.saveList.Help().Key), min(w-8, 64))...)
		return e.framed(lines, w, h)
	}
	l.win.resize(len(l.all), max(h-3, 1))
	from, to := l.win.visible()
	name := max(min(w-40, 40), 8)
	lines := []string{e.row(false).gap(1).gap(2).cell(e.theme.faint, e.t("col_list"), name).right(e.theme.faint, e.t("col_people"), 10).gap(2).
		cell(e.theme.faint, e.t("col_drafts"), max(w-name-17, 0)).fill(w)}
	for i := from; i < to; i++ {
		list := l.all[i]
		weight := ink("")
		if i == l.win.cursor {
			weight = e.theme.strong
		}
		sign, size, there := listSign, e.words.Number(list.Size), l.drafts[people.Fold(list.Name)]
		if list.Live() {
			sign, there = liveSign, append([]string{list.Filter}, there...)
		}
		if list.Size < 0 { // its filter names what is gone
			size = "?"
		}
		lines = append(lines, e.row(i == l.win.cursor).gap(1).put(e.theme.accent, sign+" ", 2).cell(weight, list.Name, name).right("", size, 10).gap(2).
			cell(e.theme.dim, strings.Join(there, " · "), max(w-name-17, 0)).fill(w))
	}
	legend, _ := e.cut(listSign+" "+e.t("list_sign")+"   "+liveSign+" "+e.t("live_sign"), max(w-2, 0))
	return strings.Join(append(lines, "", " "+e.theme.faint.of(legend)), "\n")
}

// saveList asks for the name of a list and saves people as it.
func (c *contacts) saveList(ids []people.ContactID, detail string, next func(store.List) tea.Cmd) tea.Cmd {
	return c.e.saveList(ids, detail, "", next)
}

// saveList is the same where a name is offered.
func (e *env) saveList(ids []people.ContactID, detail, name string, next func(store.List) tea.Cmd) tea.Cmd {
	book, desk := e.app.Book, e.app.Desk
	return e.root.push(newPrompt(e, e.t("list_save"), detail, e.t("list_example"), name, func(_ context.Context, name string, sure bool) (func() tea.Cmd, error) {
		have, err := book.ListNamed(name)
		switch {
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return nil, err
		case have.Size > 0 && !sure:
			return nil, &confirm{func() (question, detail string) {
				return e.t("list_replace", "Name", have.Name), e.words.n("list_replace_out", have.Size) + " " + e.words.n("list_replace_in", len(ids))
			}}
		}
		list, err := desk.SaveList(name, ids)
		return func() tea.Cmd { return next(list) }, err
	}))
}

// saved says how many are on a list that was saved.
func (c *contacts) saved(list store.List) tea.Cmd {
	c.e.root.say(c.e.theme.good, c.e.words.n("list_saved", list.Size, "Name", list.Name))
	return nil
}

// saveFilter asks for the name of a live list and saves the filter as it.
func (c *contacts) saveFilter() tea.Cmd {
	e, book, desk, filter := c.e, c.e.app.Book, c.e.app.Desk, strings.TrimSpace(c.field.value())
	return e.root.push(newPrompt(e, e.t("live_save"), e.t("live_save_detail", "Filter", filter), e.t("list_example"), "", func(_ context.Context, name string, sure bool) (func() tea.Cmd, error) {
		have, err := book.ListNamed(name)
		switch {
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return nil, err
		case have.Live() && !sure:
			return nil, &confirm{func() (question, detail string) {
				return e.t("live_replace", "Name", have.Name), e.t("live_replace_detail", "Filter", have.Filter)
			}}
		}
		list, err := desk.SaveFilter(name, filter)
		return func() tea.Cmd {
			e.root.say(e.theme.good, e.t("live_saved", "Name", list.Name))
			return nil
		}, err
	}))
}

// show lets a filter choose who is shown.
func (c *contacts) show(filter string) tea.Cmd {
	c.typed = false
	c.field.set(filter)
	return c.apply()
}

// addToList asks to which list the chosen ones are added.
func (c *contacts) addToList() tea.Cmd {
	return c.e.root.push(newLists(c.e, c, c.chosen()))
}
