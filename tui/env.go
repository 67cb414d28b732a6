package tui

import (
	"context"
	"errors"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/session"
	"recado/store"
)

// screen is one thing that fills the terminal between the tabs and the status
// line. Update decides, commands do, view shows.
type screen interface {
	title() string // for the top line
	load() tea.Cmd // asks for what the screen shows; called when it comes up and when the bell has rung
	update(tea.Msg) tea.Cmd
	view() string        // at most env.body lines
	keys() []key.Binding // what a key press would do now; the help is made of it
	dirty() bool         // something typed would be lost
}

// typist is a screen that may be reading text: while it is typing, letters
// are letters and not the keys of the root.
type typist interface{ typing() bool }

// spreader is a screen that may want the whole terminal, without the lines of
// the root.
type spreader interface{ spread() bool }

// env is what the screens of one terminal share. It belongs to the terminal's
// own loop; commands copy what they need out of it before they run.
type env struct {
	cells
	app    App
	ctx    context.Context
	root   *root
	theme  *theme
	words  *words
	keys   keyMap
	w, h   int  // the terminal
	agreed bool // the renderer counts cells as we do
	asked  int  // questions so far; see question

	colours bool // the terminal shows colours
}

// chrome is how many lines the root keeps for itself: tabs and a rule above,
// status and help below.
const chrome = 4

// body is the room of a screen.
func (e *env) body() (w, h int) { return e.w, max(e.h-chrome, 0) }

// t is words.t.
func (e *env) t(id string, args ...any) string { return e.words.t(id, args...) }

// now is the time.
func (e *env) now() time.Time { return e.app.now() }

// question is one thing a screen asks for again and again, answered by a
// command. At most one command is under way; what is asked meanwhile is asked
// once more when its answer is there, so that a slow disk is never asked for
// two things at once. Answers carry the number of their question, and an
// answer to an old one is dropped.
type question struct {
	id    int // of the last one asked; unique in the terminal
	busy  bool
	again bool
}

// ask begins a question and reports its number; ok is false if one is under
// way.
func (q *question) ask(e *env) (id int, ok bool) {
	if q.busy {
		q.again = true
		return 0, false
	}
	e.asked++
	q.id, q.busy, q.again = e.asked, true, false
	return q.id, true
}

// drop makes the answer that is under way an old one.
func (q *question) drop() { q.busy = false }

// renew drops the answer under way and asks anew.
func (q *question) renew(e *env) int {
	q.drop()
	id, _ := q.ask(e)
	return id
}

// answered reports whether id answers the question, and whether it must be
// asked again.
func (q *question) answered(id int) (mine, again bool) {
	if id != q.id || !q.busy {
		return false, false
	}
	q.busy = false
	return true, q.again
}

// action is a key and what it does. Screens make their help and their
// behaviour of the same list, so that they cannot disagree.
type action struct {
	key.Binding
	do func() tea.Cmd
}

// act makes an action of a binding, switched on or off.
func act(b key.Binding, on bool, do func() tea.Cmd) action {
	b.SetEnabled(on)
	return action{b, do}
}

// bindings are the keys of actions.
func bindings(actions []action) []key.Binding {
	keys := make([]key.Binding, len(actions))
	for i, a := range actions {
		keys[i] = a.Binding
	}
	return keys
}

// press does what a key is for, if it is for anything.
func press(msg tea.KeyPressMsg, actions []action) (cmd tea.Cmd, done bool) {
	for _, a := range actions {
		if key.Matches(msg, a.Binding) {
			return a.do(), true
		}
	}
	return nil, false
}

// listActions are the keys that move through a list.
func (e *env) listActions(w *window, moved func() tea.Cmd) []action {
	page := max(w.height-1, 1)
	to := func(b key.Binding, on bool, move func()) action {
		return act(b, on, func() tea.Cmd { move(); return moved() })
	}
	up, down := w.cursor > 0, w.cursor < w.n-1
	return []action{
		to(e.keys.up, up, func() { w.move(-1) }),
		to(e.keys.down, down, func() { w.move(1) }),
		to(e.keys.pageUp, up, func() { w.move(-page) }),
		to(e.keys.pageDown, down, func() { w.move(page) }),
		to(e.keys.first, up, func() { w.jump(0) }),
		to(e.keys.last, down, func() { w.jump(w.n - 1) }),
	}
}

// scrollActions are the keys that move through a text.
func (e *env) scrollActions(w *window) []action {
	page := max(w.height-1, 1)
	by := func(b key.Binding, on bool, rows int) action {
		return act(b, on, func() tea.Cmd { w.scroll(rows); return nil })
	}
	up, down := w.top > 0, w.top+w.height < w.n
	return []action{
		by(e.keys.up, up, -1),
		by(e.keys.down, down, 1),
		by(e.keys.pageUp, up, -page),
		by(e.keys.pageDown, down, page),
		by(e.keys.first, up, -w.n),
		by(e.keys.last, down, w.n),
	}
}

// stay is for moves after which nothing has to be asked.
func stay() tea.Cmd { return nil }

// actedMsg says that something the person asked for has been done, or has
// failed.
type actedMsg struct {
	did string // a text of the catalogue, spoken; empty: nothing to say
	err error
}

// errReadOnly is the refusal of a change on a terminal that only watches.
var errReadOnly = errors.New("this terminal only watches")

// do runs a change off the loop and says what became of it.
func (e *env) do(did string, change func(context.Context) error) tea.Cmd {
	ctx, logger := e.ctx, e.app.Logger
	if e.app.ReadOnly {
		return func() tea.Msg { return actedMsg{err: errReadOnly} }
	}
	return func() tea.Msg {
		err := change(ctx)
		if err != nil && logger != nil {
			logger.Warn("asked for on a screen", "err", err)
		}
		return actedMsg{did: did, err: err}
	}
}

// copy puts a text on the clipboard of whoever sits at the terminal, if the
// terminal can do that.
func (e *env) copy(text string) tea.Cmd {
	e.root.say(e.theme.good, e.t("copied"))
	return tea.SetClipboard(text)
}

// fault says an error to a person: what happened and what to do now.
func (e *env) fault(err error) string {
	switch {
	case errors.Is(err, errReadOnly):
		return e.t("fault_read_only")
	case errors.Is(err, store.ErrExists):
		return e.t("fault_exists")
	case errors.Is(err, store.ErrNotFound), errors.Is(err, session.ErrNotFound):
		return e.t("fault_not_found")
	case errors.Is(err, store.ErrNoLimit):
		return e.t("fault_no_limit")
	case errors.Is(err, session.ErrLinked):
		return e.t("fault_linked")
	case errors.Is(err, session.ErrNotLinked):
		return e.t("fault_not_linked")
	case errors.Is(err, session.ErrClosed), errors.Is(err, store.ErrClosed):
		return e.t("fault_closed")
	case errors.Is(err, context.DeadlineExceeded):
		return e.t("fault_timeout")
	}
	text := strings.TrimSuffix(err.Error(), ": "+store.ErrState.Error())
	if said, ok := e.words.known(text); ok {
		return said
	}
	return e.t("fault", "Error", text)
}

// row paints one line of a list, cell by cell, on the ground of the selected
// row if it is that.
type row struct {
	b      strings.Builder
	ground ink
	used   int
	e      *env
}

// row begins a line with its marker.
func (e *env) row(selected bool) *row {
	r := &row{e: e}
	r.b.Grow(2 * e.w)
	if selected {
		r.ground = e.theme.selected
		r.b.WriteString(e.theme.marker.of("▌"))
		r.used = 1
	} else {
		r.gap(1)
	}
	return r
}

// put paints s, which must be clean and w cells wide.
func (r *row) put(i ink, s string, w int) *row {
	r.used += w
	if r.ground == "" && i == "" {
		r.b.WriteString(s)
		return r
	}
	r.b.WriteString(string(r.ground))
	r.b.WriteString(string(i))
	r.b.WriteString(s)
	r.b.WriteString(reset)
	return r
}

// cell paints s from outside, cleaned, cut and padded to w cells.
func (r *row) cell(i ink, s string, w int) *row {
	if w <= 0 {
		return r
	}
	return r.put(i, r.e.fit(s, w), w)
}

// right is cell with the text at the right edge.
func (r *row) right(i ink, s string, w int) *row {
	if w <= 0 {
		return r
	}
	return r.put(i, r.e.fitRight(s, w), w)
}

// gap leaves n cells empty.
func (r *row) gap(n int) *row {
	if n <= 0 {
		return r
	}
	return r.put("", spaces(n), n)
}

// fill ends the line at w cells.
func (r *row) fill(w int) string {
	r.gap(w - r.used)
	return r.b.String()
}
