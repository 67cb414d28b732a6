package tui

import (
	"strings"
	"unicode"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textarea"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// typed is text on its way into a field: without anything that drives a
// terminal or hides in a line. Line ends stay.
func typed(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\u200d' || r == '\ufe0f':
			return r
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029':
			return -1
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}

// settled takes out what a field's own drawing cannot be trusted with: the
// joiners that terminals count in different ways.
func settled(view string) string {
	return strings.Map(func(r rune) rune {
		if r == '\u200d' || r == '\ufe0f' {
			return -1
		}
		return r
	}, view)
}

// line is a field of one line.
type line struct{ in textinput.Model }

func newLine(e *env, placeholder string, limit int) *line {
	in := textinput.New()
	in.Prompt = ""
	in.Placeholder = placeholder
	in.CharLimit = limit
	in.KeyMap.Paste.SetEnabled(false) // it would paste the clipboard of the machine the program runs on
	// Keys that have another meaning around the field.
	in.KeyMap.NextSuggestion = key.NewBinding()
	in.KeyMap.PrevSuggestion = key.NewBinding()
	in.KeyMap.AcceptSuggestion = key.NewBinding()
	styles := in.Styles()
	styles.Cursor.Blink = false // a still cursor costs nothing over a slow line
	in.SetStyles(styles)
	in.Focus()
	return &line{in}
}

func (l *line) value() string { return l.in.Value() }
func (l *line) set(s string)  { l.in.SetValue(typed(s)); l.in.CursorEnd() }
func (l *line) focus(here bool) {
	if here {
		l.in.Focus()
	} else {
		l.in.Blur()
	}
}

// update takes a key or a paste and reports whether the text changed.
func (l *line) update(msg tea.Msg) (changed bool) {
	if p, ok := msg.(tea.PasteMsg); ok {
		msg = tea.PasteMsg{Content: typed(p.Content)}
	}
	before := l.in.Value()
	l.in, _ = l.in.Update(msg)
	return l.in.Value() != before
}

// view draws the field in w cells.
func (l *line) view(e *env, w int) string {
	styles := l.in.Styles()
	styles.Focused.Text, styles.Blurred.Text = e.theme.field, e.theme.field
	styles.Focused.Placeholder, styles.Blurred.Placeholder = e.theme.placeholder, e.theme.placeholder
	l.in.SetStyles(styles)
	l.in.SetWidth(max(w-1, 1))
	return e.exactly(settled(l.in.View()), w)
}

// area is a field of many lines.
type area struct{ in textarea.Model }

func newArea(placeholder string, limit int) *area {
	in := textarea.New()
	in.Prompt = ""
	in.Placeholder = placeholder
	in.CharLimit = limit
	in.ShowLineNumbers = false
	in.EndOfBufferCharacter = ' '
	in.MaxHeight = 0
	in.KeyMap.Paste.SetEnabled(false)
	in.KeyMap.CopySelection.SetEnabled(false)
	in.KeyMap.LineNext = key.NewBinding(key.WithKeys("down"))
	in.KeyMap.LinePrevious = key.NewBinding(key.WithKeys("up"))
	styles := in.Styles()
	styles.Cursor.Blink = false
	in.SetStyles(styles)
	return &area{in}
}

func (a *area) value() string { return a.in.Value() }
func (a *area) set(s string)  { a.in.SetValue(typed(s)) }
func (a *area) focus(here bool) {
	if here {
		a.in.Focus()
	} else {
		a.in.Blur()
	}
}

// update takes a key or a paste and reports whether the text changed.
func (a *area) update(msg tea.Msg) (changed bool) {
	if p, ok := msg.(tea.PasteMsg); ok {
		msg = tea.PasteMsg{Content: typed(p.Content)}
	}
	before := a.in.Value()
	a.in, _ = a.in.Update(msg)
	return a.in.Value() != before
}

// lines draws the field in w × h cells.
func (a *area) lines(e *env, w, h int) []string {
	styles := a.in.Styles()
	for _, s := range []*textarea.StyleState{&styles.Focused, &styles.Blurred} {
		s.Base, s.Text, s.CursorLine, s.EndOfBuffer = e.theme.field, e.theme.field, e.theme.field, e.theme.field
		s.Placeholder = e.theme.placeholder
	}
	a.in.SetStyles(styles)
	a.in.SetWidth(max(w, 1))
	a.in.SetHeight(max(h, 1))
	lines := exactLines(strings.Split(settled(a.in.View()), "\n"), h)
	for i, line := range lines {
		lines[i] = e.exactly(line, w)
	}
	return lines
}
