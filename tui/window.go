package tui

// window is the part of a long list that is on the screen: it knows how many
// rows there are, which one the cursor is on and which one is at the top, and
// nothing about what is in them. Everything it does costs the same at any
// length.
type window struct {
	n      int // rows in all
	cursor int
	top    int
	height int // rows on the screen
}

// resize sets the number of rows and of rows on the screen, and keeps the
// cursor on the screen.
func (w *window) resize(n, height int) {
	w.n, w.height = n, max(height, 0)
	w.move(0)
}

// move moves the cursor by rows, stopping at the ends.
func (w *window) move(rows int) { w.jump(w.cursor + rows) }

// jump moves the cursor to a row.
func (w *window) jump(row int) {
	w.cursor = max(min(row, w.n-1), 0)
	if w.cursor < w.top {
		w.top = w.cursor
	}
	if w.height > 0 && w.cursor >= w.top+w.height {
		w.top = w.cursor - w.height + 1
	}
	w.top = max(min(w.top, w.n-w.height), 0)
}

// scroll moves what is on the screen by rows, for texts that have no cursor.
func (w *window) scroll(rows int) {
	w.top = max(min(w.top+rows, w.n-w.height), 0)
	w.cursor = w.top
}

// visible returns the rows on the screen, the second one excluded.
func (w *window) visible() (from, to int) {
	return w.top, min(w.top+w.height, w.n)
}
