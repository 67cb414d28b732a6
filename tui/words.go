package tui

import (
	"fmt"
	"time"

	spoken "recado/tui/words"
)

// words speaks one language to one terminal. What comes from outside is made
// harmless to it.
type words struct {
	*spoken.Words
	cells cells
}

// newWords returns the words of a language tag for a terminal.
func newWords(lang string, c cells) *words { return &words{spoken.For(lang), c} }

// t returns the text id. The arguments are names and values in turn, as the
// text asks for them.
func (w *words) t(id string, args ...any) string { return w.T(id, w.cleaned(args)...) }

// n returns the text id for a count, which it knows as Count.
func (w *words) n(id string, count int, args ...any) string {
	return w.N(id, count, w.cleaned(args)...)
}

// cleaned cleans the values among args.
func (w *words) cleaned(args []any) []any {
	for i := 1; i < len(args); i += 2 {
		switch v := args[i].(type) {
		case int, time.Duration: // written by Words
		case string:
			args[i] = w.cells.clean(v)
		default:
			args[i] = w.cells.clean(fmt.Sprint(v))
		}
	}
	return args
}
