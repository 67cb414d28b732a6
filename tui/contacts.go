package tui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// contacts is the list of people: all of them or those that a filter chooses.
// It holds who they are and the records of the few that are near the window.
type contacts struct {
	e      *env
	win    window
	list   store.Found
	known  bool // the first answer has come
	page   map[people.ContactID]people.Contact
	marked people.Set

	field   *line
	typed   bool // the filter is being typed
	filter  people.Filter
	mistake *people.FilterError
	cancel  context.CancelFunc // of the search under way; nil: none

	vocabulary people.Vocabulary // of the people in the book
	ways       []string          // how the filter may go on, see suggest

	behind *behind // only these; nil: everybody

	count    int           // people in the book, as last counted
	tagging  store.Tagging // what would be taken back
	foundAt  time.Time     // when the list was last searched for
	finding  question
	paging   question
	learning question
}

// searchEvery is how often the list is searched for again while things
// change: what a change did to the people is seldom what the filter asks.
const searchEvery = 10 * time.Second

// contactsFoundMsg answers contacts.find.
type contactsFoundMsg struct {
	question int
	list     store.Found
	cursor   int // where the person is that the cursor was on; -1: gone
	err      error
}

// contactsPagedMsg answers contacts.load.
type contactsPagedMsg struct {
	question int
	page     []people.Contact
	count    int
	tagging  store.Tagging
	err      error
}

func newContacts(e *env) *contacts {
	return &contacts{e: e, field: newLine(e, e.t("filter_example"), 500), cancel: func() {}}
}

func (c *contacts) title() string {
	if c.behind != nil {
		return c.behind.name
	}
	return c.e.t("tab_contacts")
}

func (c *contacts) close()       { c.cancel() }
func (c *contacts) dirty() bool  { return false }
func (c *contacts) typing() bool { return c.typed }

// load asks for the records near the window, and how many people there are.
func (c *contacts) load() tea.Cmd {
	id, ok := c.paging.ask(c.e)
	if !ok {
		return nil
	}
	// As many rows as may be on the screen: it may not have been drawn yet.
	rows := max(c.win.height, c.e.h)
	ids := c.list.Part(c.win.top-rows, c.win.top+2*rows)
	book := c.e.app.Book
	return func() tea.Msg {
		msg := contactsPagedMsg{question: id}
		if msg.count, msg.err = book.ContactCount(); msg.err == nil {
			msg.tagging, msg.err = book.LastTagging()
		}
		if msg.err == nil && len(ids) > 0 {
			msg.page, msg.err = book.ContactsByID(ids)
		}
		return msg
	}
}

// find asks for everybody whom the filter chooses, dropping an older search.
// The cursor stays with the person it is on if keep is set.
func (c *contacts) find(keep bool) tea.Cmd {
	c.cancel()
	c.foundAt = c.e.now()
	id := c.finding.renew(c.e)
	ctx, cancel := context.WithCancel(c.e.ctx)
	c.cancel = cancel
	book, filter, behind, now := c.e.app.Book, c.filter, c.behind, c.foundAt
	person, ok := c.here()
	keep = keep && ok
	return func() tea.Msg {
		defer cancel()
		list, err := book.Search(ctx, filter)
		if err == nil && behind != nil {
			list, err = behind.among(ctx, book, now, list)
		}
		cursor := -1
		if keep {
			cursor = list.Place(person)
		}
		return contactsFoundMsg{id, list, cursor, err}
	}
}

// here is the person under the cursor.
func (c *contacts) here() (id people.ContactID, ok bool) {
	if c.win.cursor >= c.list.Size() {
		return 0, false
	}
	return c.list.At(c.win.cursor), true
}

// moved asks for records if the window has come near the end of those we
// have.
func (c *contacts) moved() tea.Cmd {
	from, to := c.win.visible()
	for _, at := range []int{from, to - 1} {
		if at >= 0 && at < c.list.Size() {
			if _, ok := c.page[c.list.At(at)]; !ok {
				return c.load()
			}
		}
	}
	return nil
}

func (c *contacts) actions() []action {
	e := c.e
	if c.typed {
		return []action{
			act(e.keys.accept, true, func() tea.Cmd { c.typed = false; c.suggest(); return nil }),
			act(e.keys.takeWay, len(c.ways) > 0, c.takeWay),
			act(e.keys.clearFilter, true, c.clear),
		}
	}
	id, ok := c.here()
	some := c.marked.Size() > 0 || c.list.Size() > 0
	person, shown := c.page[id]
	all := c.behind == nil
	return slices.Concat(e.doubtActions(&person, ok && shown), []action{
		act(e.keys.filter, true, c.beginTyping),
		act(e.keys.details, ok, func() tea.Cmd { return e.root.push(newPerson(e, id)) }),
		act(e.keys.mark, ok, c.mark),
		act(e.keys.write, c.marked.Size() > 0 || all && ok && c.mistake == nil, c.write),
		act(e.keys.saveList, some, func() tea.Cmd { ids := c.chosen(); return c.saveList(ids, c.listDetail(ids), c.saved) }),
		act(e.keys.saveFilter, all && c.mistake == nil && strings.TrimSpace(c.field.value()) != "", c.saveFilter),
		act(e.keys.lists, all, func() tea.Cmd { return e.root.push(newLists(e, c, nil)) }),
		act(e.keys.importFile, all, func() tea.Cmd { return e.root.push(newImportPick(e)) }),
		act(e.keys.imports, all, func() tea.Cmd { return e.root.push(newImports(e)) }),
		act(e.keys.invites, all, func() tea.Cmd { return e.root.push(newInvites(e, c)) }),
		act(e.keys.markAll, ok, c.markAll),
		act(e.keys.unmarkAll, c.marked.Size() > 0, func() tea.Cmd { c.marked = nil; return nil }),
		act(e.keys.addToList, some, c.addToList),
		act(e.keys.tagThem, some, c.tagThem),
		act(e.keys.addPerson, all, func() tea.Cmd { return e.root.push(newPersonForm(e, 0)) }),
		act(e.keys.editPerson, ok, func() tea.Cmd { return e.root.push(newPersonForm(e, id)) }),
		act(e.keys.undoTags, c.tagging.People > 0, c.undoTags),
		act(e.keys.optOut, ok && shown && !person.OptedOut && !person.InDoubt(), func() tea.Cmd { return e.root.push(newPerson(e, id).optOut()) }),
		act(e.keys.clearFilter, c.field.value() != "", c.clear),
		act(e.keys.showDoubts, all && e.root.status.doubts > 0, func() tea.Cmd { return c.show(e.t("doubt_filter")) }),
		act(e.keys.validate, all && c.count > 0 && c.marked.Size() == 0 && c.mistake == nil, func() tea.Cmd { return e.root.push(newValidations(e, c.filter)) }),
	}, e.listActions(&c.win, c.moved))
}

func (c *contacts) keys() []key.Binding { return bindings(c.actions()) }

func (c *contacts) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if cmd, done := press(msg, c.actions()); done {
			return cmd
		}
		return c.edit(msg)
	case tea.PasteMsg:
		return c.edit(msg)
	case tea.WindowSizeMsg:
		return c.load()
	case contactsFoundMsg:
		if mine, _ := c.finding.answered(msg.question); !mine || errors.Is(msg.err, context.Canceled) {
			return nil
		}
		return c.found(msg)
	case contactsPagedMsg:
		return c.paged(msg)
	case tagsChangedMsg:
		return c.tagsChanged(msg)
	case vocabularyMsg:
		return c.learnt(msg)
	}
	return nil
}

func (c *contacts) found(msg contactsFoundMsg) tea.Cmd {
	if errors.As(msg.err, &c.mistake) { // a list, a field or a campaign that is not there
		c.known = true
		return nil
	}
	if msg.err != nil {
		c.e.root.say(c.e.theme.bad, c.e.fault(msg.err))
		return nil
	}
	c.list, c.known = msg.list, true
	c.win.resize(c.list.Size(), c.win.height)
	if msg.cursor >= 0 {
		c.win.jump(msg.cursor)
	}
	return c.load()
}

func (c *contacts) paged(msg contactsPagedMsg) tea.Cmd {
	mine, again := c.paging.answered(msg.question)
	if !mine {
		return nil
	}
	if msg.err != nil {
		c.e.root.say(c.e.theme.bad, c.e.fault(msg.err))
		return nil
	}
	c.page = make(map[people.ContactID]people.Contact, len(msg.page))
	for _, person := range msg.page {
		c.page[person.ID] = person
	}
	c.tagging = msg.tagging
	old := c.e.now().Sub(c.foundAt) > searchEvery
	if msg.count != c.count || !c.finding.busy && (!c.known || old) {
		c.count = msg.count
		return c.find(true)
	}
	if again {
		return c.load()
	}
	return nil
}

// edit gives a key to the filter and searches if it has changed.
func (c *contacts) edit(msg tea.Msg) tea.Cmd {
	if !c.typed {
		return nil
	}
	if !c.field.update(msg) {
		c.suggest() // the cursor may have moved
		return nil
	}
	return c.apply()
}

// apply searches by the filter as it is typed now; a mistake in it is pointed
// at and leaves the list as it was.
func (c *contacts) apply() tea.Cmd {
	filter, err := people.ParseFilter(c.field.value())
	c.suggest()
	c.mistake = nil
	if err != nil {
		if !errors.As(err, &c.mistake) {
			c.mistake = &people.FilterError{Reason: reason.Of(err)}
		}
		return nil
	}
	c.filter = filter
	c.win.jump(0)
	return c.find(false)
}

// clear takes away the filter. The marks stay: they are made one by one, and
// have a key of their own.
func (c *contacts) clear() tea.Cmd { return c.show("") }

func (c *contacts) mark() tea.Cmd {
	id, _ := c.here()
	c.setMark(id, !c.marked.Has(id))
	c.win.move(1)
	return c.moved()
}

// markAll marks everybody in the list, or takes the marks away if all are
// marked.
func (c *contacts) markAll() tea.Cmd {
	ids := c.list.All()
	all := !slices.ContainsFunc(ids, func(id people.ContactID) bool { return !c.marked.Has(id) })
	for _, id := range ids {
		c.setMark(id, !all)
	}
	return nil
}

func (c *contacts) setMark(id people.ContactID, on bool) {
	if on {
		c.marked.Add(id)
	} else {
		c.marked.Remove(id)
	}
}

// chosen are those who are marked, or everybody in the list.
func (c *contacts) chosen() []people.ContactID {
	if c.marked.Size() > 0 {
		return slices.Collect(c.marked.All())
	}
	return c.list.All()
}

// write begins a campaign to whom the filter chooses. Those who are marked
// become a list first: an audience is a filter.
func (c *contacts) write() tea.Cmd {
	e := c.e
	if c.marked.Size() == 0 {
		return c.compose(strings.TrimSpace(c.field.value()))
	}
	ids := c.chosen()
	return c.saveList(ids, e.t("list_then_write", "Detail", c.listDetail(ids)), func(list store.List) tea.Cmd {
		c.marked = nil
		return c.compose(audienceOf(list))
	})
}

// listDetail says who would be on a list, and what becomes of one that has
// the name already.
func (c *contacts) listDetail(ids []people.ContactID) string {
	return c.e.words.n("list_detail", len(ids), "Key", c.e.keys.addToList.Help().Key)
}

// compose begins a campaign to an audience.
func (c *contacts) compose(to string) tea.Cmd {
	e := c.e
	return tea.Batch(e.root.goTo(tabCampaigns), e.root.push(newComposer(e, campaign.Campaign{To: to})))
}

func (c *contacts) view() string {
	e := c.e
	w, h := e.body()
	lines := c.head(w)
	c.win.resize(c.list.Size(), max(h-len(lines)-1, 0))
	switch {
	case !c.known:
		lines = append(lines, "", " "+e.theme.faint.of(e.t("loading")))
	case c.list.Size() == 0 && c.field.value() == "":
		lines = append(lines, "")
		for _, line := range e.wrap(e.t("contacts_empty", "Key", e.keys.importFile.Help().Key, "Data", e.app.Data), max(min(w-4, 70), 1)) {
			lines = append(lines, "  "+line)
		}
	case c.list.Size() == 0 && c.mistake != nil:
		lines = append(lines, "", "  "+e.theme.dim.of(e.t("filter_unfinished")))
	case c.list.Size() == 0:
		lines = append(lines, "", "  "+e.theme.dim.of(e.t("contacts_none")))
	default:
		lines = append(lines, c.heading(w))
		from, to := c.win.visible()
		for i := from; i < to; i++ {
			lines = append(lines, c.line(c.list.At(i), i == c.win.cursor, w))
		}
	}
	return strings.Join(lines, "\n")
}

// head is the filter, what it means, and how many there are.
func (c *contacts) head(w int) []string {
	e := c.e
	count := e.words.n("people", c.list.Size())
	if c.marked.Size() > 0 {
		count += " · " + e.words.n("marked", c.marked.Size())
	}
	if !c.known || c.mistake != nil && c.list.Size() == 0 {
		count = ""
	}
	lines := []string{e.searchLine(c.field, c.typed, e.t("filter_hint"), count, w)}
	if beneath := c.beneath(w); beneath != "" || c.typed {
		lines = append(lines, beneath)
	}
	return lines
}

// labelSign stands before a label of WhatsApp Business.
const labelSign = "◆"

// columns of the list: the name takes what the others leave.
func (c *contacts) columns(w int) (name, phone, tags, state int) {
	phone, state = 20, 16
	if w >= 100 {
		tags = min((w-phone-state)/3, 48)
	} else {
		tags = 14
	}
	return max(min(w-phone-tags-state-7, 56), 8), phone, tags, state
}

func (c *contacts) heading(w int) string {
	e := c.e
	name, phone, tags, state := c.columns(w)
	return e.row(false).gap(2).cell(e.theme.faint, e.t("col_name"), name).gap(1).cell(e.theme.faint, e.t("col_phone"), phone).gap(1).
		cell(e.theme.faint, e.t("col_tags"), tags).gap(1 + state).fill(w)
}

func (c *contacts) line(id people.ContactID, here bool, w int) string {
	e := c.e
	name, phone, tags, state := c.columns(w)
	r := e.row(here)
	if c.marked.Has(id) {
		r.put(e.theme.accent, "✓ ", 2)
	} else {
		r.gap(2)
	}
	person, ok := c.page[id]
	if !ok {
		return r.cell(e.theme.faint, "…", name).fill(w)
	}
	weight := ink("")
	if here {
		weight = e.theme.strong
	}
	if called := person.Called(); called == "" {
		r.cell(e.theme.faint, e.t("no_name"), name)
	} else {
		r.cell(weight, called, name)
	}
	r.gap(1).cell(e.theme.dim, e.phone(person.BestPhone()), phone).gap(1)
	if person.InDoubt() {
		return r.cell(e.theme.warn, "? "+e.t("note_doubt", "Said", person.DoubtSaid), tags+1+state).fill(w)
	}
	labels := ""
	for _, name := range person.LabelNames() {
		labels += labelSign + name + " "
	}
	labels, wide := e.cut(labels, tags)
	r.put(e.theme.accent, labels, wide)
	rest := tags - wide
	said := strings.Join(person.OurTags(), " ")
	used := min(e.width(e.clean(said)), rest)
	r.cell(e.theme.info, said, used)
	if rest -= used + min(used, 1); len(person.Lists) > 0 && rest > 2 {
		r.gap(min(used, 1)).cell(e.theme.accent, listSign+strings.Join(person.Lists, " "+listSign), rest)
	} else {
		r.gap(rest + min(used, 1))
	}
	r.gap(1)
	switch {
	case person.OptedOut:
		r.cell(e.theme.bad, "⊘ "+e.t("note_opted_out"), state)
	case person.Presence == people.NotOnWhatsApp:
		r.cell(e.theme.warn, "✗ "+e.t("note_not_on_service"), state)
	case len(person.Knows) > 0:
		r.cell(e.theme.good, "● "+e.t("note_known"), state)
	default:
		r.gap(state)
	}
	return r.fill(w)
}
