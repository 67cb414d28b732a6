package tui

import (
	"context"
	"errors"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign/people"
	"recado/store"
)

// audit lists what people have done, the newest first: all of it, or what has
// some words in it. It holds the entries near the window alone; which ones those
// are follows from how many there are, because their ids have no gaps, or from
// the ids of those that were found.
type audit struct {
	e     *env
	win   window
	known bool
	last  uint64 // id of the newest entry
	newer int    // how many came above the screen, since it is not at the newest
	page  map[uint64]store.Entry

	field  *line
	typed  bool     // the words are being typed
	wanted []string // the words, folded; none: all entries are listed
	search auditSearch
	paging question
}

// auditSearch is how far the entries with all of the words have been looked for.
type auditSearch struct {
	question
	cancel context.CancelFunc
	fresh  bool     // nothing of it has been answered yet: what was listed before is still shown
	listed bool     // ids are what is listed, and not all entries
	ids    []uint64 // of those that were found
	seen   uint64   // the newest entry that was looked at
	below  uint64   // only those before it have not been looked at
	done   bool     // there are no more, or as many as are kept
}

const (
	auditRead  = 500    // entries are read at a time
	auditStep  = 20_000 // entries are looked at before what was found is shown
	auditFound = 10_000 // entries that are kept of those that were found
)

// auditPagedMsg answers audit.load.
type auditPagedMsg struct {
	question int
	last     uint64
	page     map[uint64]store.Entry
	seen     uint64   // the newest entry that was looked at for the words
	found    []uint64 // those that have them, of the ones that are new
	err      error
}

// auditFoundMsg answers audit.look.
type auditFoundMsg struct {
	question int
	ids      []uint64
	seen     uint64
	below    uint64
	done     bool
	err      error
}

func newAudit(e *env) *audit {
	return &audit{e: e, field: newLine(e, e.t("audit_hint"), 200), search: auditSearch{cancel: func() {}}}
}

func (a *audit) title() string { return a.e.t("audit_title") }
func (a *audit) dirty() bool   { return false }
func (a *audit) typing() bool  { return a.typed }

// rows is how many entries are listed.
func (a *audit) rows() int {
	if a.search.listed {
		return len(a.search.ids)
	}
	return int(a.last)
}

// id is that of the entry in a row.
func (a *audit) id(row int) uint64 {
	if a.search.listed {
		return a.search.ids[row]
	}
	return a.last - uint64(row)
}

// here is the entry at the cursor.
func (a *audit) here() (x store.Entry, ok bool) {
	if a.win.cursor < a.rows() {
		x, ok = a.page[a.id(a.win.cursor)]
	}
	return x, ok
}

// load asks for the entries near the window, and for what is new.
func (a *audit) load() tea.Cmd {
	question, ok := a.paging.ask(a.e)
	if !ok {
		return nil
	}
	// As many rows as may be on the screen: it may not have been drawn yet.
	rows := max(a.win.height, a.e.h)
	from, to := max(a.win.top-rows, 0), a.win.top+2*rows
	var ids []uint64
	before := uint64(0)
	if a.search.listed {
		to = min(to, len(a.search.ids))
		ids = slices.Clone(a.search.ids[min(from, to):to])
	} else if a.win.cursor > 0 { // it stays where it is: see grow
		before = a.id(from) + 1
	}
	ctx, book, concerns := a.e.ctx, a.e.app.Book, a.concerns()
	all, seen := !a.search.listed, a.search.seen
	return func() tea.Msg {
		msg := auditPagedMsg{question: question, page: make(map[uint64]store.Entry, to-from), seen: seen}
		take := func(before uint64, limit int) {
			if msg.err != nil {
				return
			}
			var entries []store.Entry
			entries, msg.err = book.AuditBefore(before, limit)
			for _, x := range entries {
				msg.page[x.ID] = x
			}
		}
		n, err := book.AuditCount()
		msg.last, msg.err = uint64(n), err
		if all {
			take(before, to-from)
			return msg
		}
		for _, id := range ids {
			take(id+1, 1)
		}
		for msg.err == nil && msg.seen < msg.last && ctx.Err() == nil {
			var entries []store.Entry
			if entries, msg.err = book.Audit(msg.seen, auditRead); len(entries) == 0 {
				break
			}
			for i := range entries {
				if msg.seen = entries[i].ID; concerns(&entries[i]) {
					msg.found = append(msg.found, msg.seen)
					msg.page[msg.seen] = entries[i]
					if over := len(msg.found) - 1 - rows; over >= 0 {
						delete(msg.page, msg.found[over])
					}
				}
			}
			msg.found = msg.found[max(len(msg.found)-auditFound, 0):]
		}
		slices.Reverse(msg.found)
		return msg
	}
}

// concerns reports whether an entry has all of the words.
func (a *audit) concerns() func(*store.Entry) bool {
	wanted, words := a.wanted, a.e.words
	return func(x *store.Entry) bool { return x.Concerns(wanted, words.Verb(string(x.Verb)), words.Kind(x.Kind)) }
}

// look goes on to look for entries with all of the words.
func (a *audit) look() tea.Cmd {
	s := &a.search
	s.cancel()
	question := s.renew(a.e)
	ctx, cancel := context.WithCancel(a.e.ctx)
	s.cancel = cancel
	book, concerns, below := a.e.app.Book, a.concerns(), s.below
	return func() tea.Msg {
		defer cancel()
		msg := auditFoundMsg{question: question, below: below}
		for looked := 0; looked < auditStep && len(msg.ids) < auditRead; looked += auditRead {
			if msg.err = ctx.Err(); msg.err != nil {
				return msg
			}
			entries, err := book.AuditBefore(msg.below, auditRead)
			if msg.err, msg.done = err, len(entries) == 0; err != nil || msg.done {
				return msg
			}
			for i := range entries {
				msg.below = entries[i].ID
				msg.seen = max(msg.seen, msg.below)
				if concerns(&entries[i]) {
					msg.ids = append(msg.ids, msg.below)
				}
			}
		}
		return msg
	}
}

// more goes on to look if the window has come near the end of what was found.
func (a *audit) more() tea.Cmd {
	s := &a.search
	if len(a.wanted) == 0 || s.done || s.busy || len(s.ids) > a.win.top+3*max(a.win.height, a.e.h) {
		return nil
	}
	return a.look()
}

// moved asks for entries before the window has come to the end of those we have.
func (a *audit) moved() tea.Cmd {
	a.newer = min(a.newer, a.win.top)
	last := a.rows() - 1
	for _, row := range []int{a.win.top - a.win.height, a.win.top + 2*a.win.height} {
		if row = max(min(row, last), 0); last >= 0 {
			if _, ok := a.page[a.id(row)]; !ok {
				return tea.Batch(a.load(), a.more())
			}
		}
	}
	return a.more()
}

func (a *audit) actions() []action {
	e := a.e
	if a.typed {
		return []action{
			act(e.keys.accept, true, func() tea.Cmd { a.typed = false; return nil }),
			act(e.keys.clearFilter, true, a.clear),
		}
	}
	x, ok := a.here()
	return append([]action{
		act(e.keys.filter, a.last > 0, func() tea.Cmd { a.typed = true; return nil }),
		act(e.keys.details, ok, func() tea.Cmd { return e.root.push(newDeed(e, x)) }),
		act(e.keys.clearFilter, a.field.value() != "", a.clear),
	}, e.listActions(&a.win, a.moved)...)
}

func (a *audit) keys() []key.Binding { return bindings(a.actions()) }

func (a *audit) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if cmd, done := press(msg, a.actions()); done {
			return cmd
		}
		return a.edit(msg)
	case tea.PasteMsg:
		return a.edit(msg)
	case tea.WindowSizeMsg:
		return a.load()
	case auditPagedMsg:
		return a.paged(msg)
	case auditFoundMsg:
		if mine, _ := a.search.answered(msg.question); mine && !errors.Is(msg.err, context.Canceled) {
			return a.found(msg)
		}
	}
	return nil
}

// edit gives a key to the words and looks for them if they have changed.
func (a *audit) edit(msg tea.Msg) tea.Cmd {
	if !a.typed || !a.field.update(msg) {
		return nil
	}
	return a.apply()
}

// apply looks for the words as they are typed now.
func (a *audit) apply() tea.Cmd {
	a.wanted = strings.Fields(people.Fold(a.field.value()))
	if len(a.wanted) == 0 {
		return a.all()
	}
	a.search.fresh, a.search.below, a.search.done = true, 0, false
	return a.look()
}

// clear takes away the words.
func (a *audit) clear() tea.Cmd {
	a.typed = false
	a.field.set("")
	return a.apply()
}

// all lists every entry again. The cursor stays with the one it is on.
func (a *audit) all() tea.Cmd {
	row := 0
	if x, ok := a.here(); ok && a.win.cursor > 0 {
		row = int(a.last - x.ID)
	}
	a.search.cancel()
	listed := a.search.listed
	a.search = auditSearch{cancel: a.search.cancel}
	if !listed {
		return nil
	}
	return a.list(row)
}

// list shows another list from a row on.
func (a *audit) list(row int) tea.Cmd {
	a.newer = 0
	a.win.resize(a.rows(), a.win.height)
	a.win.jump(row)
	a.paging.drop() // it was about the other list
	return a.load()
}

// paged takes what was loaded.
func (a *audit) paged(msg auditPagedMsg) tea.Cmd {
	mine, again := a.paging.answered(msg.question)
	if !mine {
		return nil
	}
	if msg.err != nil {
		a.e.root.say(a.e.theme.bad, a.e.fault(msg.err))
		return nil
	}
	more := len(msg.found)
	if s := &a.search; s.listed {
		s.seen = msg.seen
		s.ids = append(msg.found, s.ids...)
		s.ids = s.ids[:min(len(s.ids), auditFound)]
	} else {
		more = int(msg.last - a.last)
	}
	first := !a.known
	a.page, a.last, a.known = msg.page, msg.last, true
	if first {
		more = 0
	}
	a.grow(more)
	if again {
		return a.load()
	}
	return nil
}

// grow makes room for entries above all others. Who is at the newest sees them
// come; any other place stays as it is on the screen.
func (a *audit) grow(n int) {
	if a.win.cursor > 0 {
		a.win.cursor, a.win.top, a.newer = a.win.cursor+n, a.win.top+n, a.newer+n
	}
	a.win.resize(a.rows(), a.win.height)
}

// found takes what was found.
func (a *audit) found(msg auditFoundMsg) tea.Cmd {
	if msg.err != nil {
		a.e.root.say(a.e.theme.bad, a.e.fault(msg.err))
		return nil
	}
	s := &a.search
	first := s.fresh
	if first {
		s.fresh, s.listed, s.ids, s.seen = false, true, nil, msg.seen
	}
	s.ids = append(s.ids, msg.ids...)
	s.ids = s.ids[:min(len(s.ids), auditFound)]
	s.below, s.done = msg.below, msg.done || len(s.ids) == auditFound
	if first {
		return tea.Batch(a.list(0), a.more())
	}
	a.win.resize(a.rows(), a.win.height)
	return a.moved()
}

func (a *audit) view() string {
	e := a.e
	w, h := e.body()
	if !a.known {
		return "\n  " + e.theme.faint.of(e.t("loading"))
	}
	if a.last == 0 {
		lines := append([]string{e.theme.strong.of(e.t("audit_empty")), ""}, e.wrap(e.t("audit_empty_detail"), min(w-8, 64))...)
		return e.framed(lines, w, h)
	}
	lines := []string{a.head(w)}
	if a.rows() == 0 {
		text := "audit_none"
		if !a.search.done {
			text = "audit_searching"
		}
		return strings.Join(append(lines, "", "  "+e.theme.dim.of(e.t(text))), "\n")
	}
	lines = append(lines, e.deedHeading(w))
	told := 0
	if h >= leastWithDeed {
		told = max(h/4, 8)
	}
	a.win.resize(a.rows(), max(h-len(lines)-told, 1))
	from, to := a.win.visible()
	for row := from; row < to; row++ {
		x, ok := a.page[a.id(row)]
		lines = append(lines, e.deedLine(&x, ok, row == a.win.cursor, w))
	}
	if x, ok := a.here(); ok && told > 0 {
		lines = append(exactLines(lines, h-told), " "+e.theme.rule.of(strings.Repeat("─", max(w-2, 0))))
		lines = append(lines, e.deedTold(&x, w)...)
		if len(lines) > h {
			lines = append(lines[:h-1], "  "+e.theme.faint.of("…"))
		}
	}
	return strings.Join(lines, "\n")
}

// leastWithDeed is the height from which what is at the cursor is told below the
// list.
const leastWithDeed = 15

// head is the words that are looked for, and how many entries are listed.
func (a *audit) head(w int) string {
	e := a.e
	count := e.words.n("audit_actions", a.rows())
	switch s := &a.search; {
	case s.fresh:
		count = e.t("audit_searching")
	case s.listed && !s.done:
		count = e.words.n("audit_so_far", a.rows())
	}
	if a.newer > 0 {
		count = e.words.n("audit_newer", a.newer) + " · " + count
	}
	return e.searchLine(a.field, a.typed, e.t("audit_hint"), count, w)
}
