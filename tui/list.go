package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

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
