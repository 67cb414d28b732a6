package tui

import (
	"context"
	"errors"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
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

// copy puts a text on the clipboard of the person at the terminal, if the
// terminal can do that.
func (e *env) copy(text string) tea.Cmd {
	e.root.say(e.theme.good, e.t("copied"))
	return tea.SetClipboard(text)
}
