package tui

import (
	"fmt"
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
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

// because says a reason.
func (w *words) because(r reason.Reason) string { return w.cells.clean(w.Reason(r)) }

// why says what an error means to a person.
func (w *words) why(err error) string { return w.because(reason.Of(err)) }

// hold says what holds a number back that sends a campaign, and whose limit it
// is.
func (w *words) hold(h campaign.Hold, of campaign.ID) string {
	switch text := w.because(reason.New(h.Reason)); {
	case !h.Paced() || h.Reason == reason.HoldShut:
		return text
	case h.Campaign == 0:
		return text + " " + w.t("hold_of_number")
	case h.Campaign == of:
		return text + " " + w.t("hold_of_campaign")
	default:
		return text + " " + w.t("hold_of_other")
	}
}

// templateMistake says what is wrong with a text, and where.
func (w *words) templateMistake(m *campaign.TemplateError, text string) string {
	line := 1 + strings.Count(text[:min(max(m.Offset, 0), len(text))], "\n")
	return w.t("template_mistake", "Line", line, "Mistake", w.because(m.Reason))
}
