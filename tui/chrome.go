package tui

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// Below this size there is no room for anything but saying so.
const leastW, leastH = 40, 10

// View implements tea.Model.
func (r *root) View() tea.View {
	v := tea.NewView(r.frame())
	v.AltScreen = true
	v.WindowTitle = "recado"
	return v
}

// frame draws exactly the terminal. There is nothing to draw before the size
// is known and the renderer counts cells as we do.
func (r *root) frame() string {
	e := r.env
	if e.w <= 0 || e.h <= 0 || !e.agreed {
		return ""
	}
	var lines []string
	s, spread := r.top().(spreader)
	switch {
	case e.w < leastW || e.h < leastH:
		lines = e.wrap(e.t("too_small", "Width", leastW, "Height", leastH), e.w)
	case spread && s.spread():
		lines = strings.Split(r.top().view(), "\n")
	default:
		_, h := e.body()
		lines = append(lines, r.tabLine(), r.ruleLine())
		lines = append(lines, exactLines(strings.Split(r.top().view(), "\n"), h)...)
		lines = append(lines, r.statusLine(), r.helpLine())
	}
	lines = exactLines(lines, e.h)
	for i, line := range lines {
		lines[i] = e.exactly(line, e.w)
	}
	return strings.Join(lines, "\n")
}

// exactLines cuts or fills lines to n of them.
func exactLines(lines []string, n int) []string {
	for len(lines) < n {
		lines = append(lines, "")
	}
	return lines[:n]
}

// exactly cuts or fills a painted line to w cells.
func (c cells) exactly(line string, w int) string {
	used := c.paintedWidth(line)
	if used > w {
		kept, have := c.cutPainted(line, w)
		if n := cutPaintedNumber(kept, line[len(kept):]); n > 0 {
			kept, have = c.cutPainted(line, have-n)
			kept, have = kept+reset+"…", have+1
		}
		line, used = kept+reset, have
	}
	return line + spaces(w-used)
}

// paintedWidth is how many cells a painted line takes, as the renderer counts them. What
// most lines are made of, colours and Latin letters that nothing is put on, is counted here:
// every line is measured whenever a key is pressed.
func (c cells) paintedWidth(line string) (w int) {
	for at := 0; at < len(line); {
		n, cells := bare(line[at:])
		if n == 0 {
			n, cells = c.painted(line[at:])
		}
		at, w = at+n, w+cells
	}
	return w
}

// bare is the first piece of a line if it is a colour, or a letter that nothing is put
// on; n is 0 if it may be something else.
func bare(line string) (n, w int) {
	switch b := line[0]; {
	case b == 0x1b && len(line) > 1 && line[1] == '[':
		for n = 2; n < len(line) && (line[n] >= '0' && line[n] <= '9' || line[n] == ';'); n++ {
		}
		if n < len(line) && line[n] == 'm' {
			return n + 1, 0
		}
		return 0, 0
	case b >= ' ' && b <= '~':
		n = 1
	case b >= 0xc3 && b <= 0xc9 && len(line) > 1 && line[1]&0xc0 == 0x80: // U+00C0 to U+027F
		n = 2
	default:
		return 0, 0
	}
	if n < len(line) && line[n] >= 0x80 && (line[n] < 0xc3 || line[n] > 0xc9 || n+1 == len(line) || line[n+1]&0xc0 != 0x80) {
		return 0, 0 // it may be put on this one
	}
	return n, 1
}

// cutPainted cuts a painted line after at most w cells, between two
// characters, and returns the cells that are left. It goes over the line
// once, and takes at least a byte of it at every step.
func (c cells) cutPainted(line string, w int) (cut string, used int) {
	for at := 0; at < len(line); {
		n, cw := c.painted(line[at:])
		if used+cw > w {
			return line[:at], used
		}
		at, used = at+n, used+cw
	}
	return line, used
}

// painted measures the first piece of a painted line as the renderer does: an
// escape sequence, which has no cells, or a character with its marks.
func (c cells) painted(line string) (n, w int) {
	if line[0] >= ' ' && line[0] != 0x7f { // a character
		cluster, w := ansi.FirstGraphemeCluster(line, counted)
		return max(len(cluster), 1), w
	}
	_, w, n, _ = counted.DecodeSequenceInString(line, ansi.NormalState, nil)
	return max(n, 1), w
}

// tabLine is the top line: the program, the tabs, what kind of data this is.
func (r *root) tabLine() string {
	e := r.env
	var b strings.Builder
	b.WriteString(" " + e.theme.title.of("recado") + "  ")
	for i, id := range tabWords {
		b.WriteString(" " + e.theme.key.of(string(rune('1'+i))) + " ")
		if i == r.at {
			b.WriteString(e.theme.here.of(e.t(id)))
		} else {
			b.WriteString(e.theme.tab.of(e.t(id)))
		}
		b.WriteString(" ")
	}
	var kind []string
	if e.app.Demo != nil {
		kind = append(kind, e.t("demo"))
	}
	if e.app.ReadOnly {
		kind = append(kind, e.t("read_only"))
	}
	if text := strings.Join(kind, " · "); text != "" {
		if gap := e.w - counted.StringWidth(b.String()) - e.width(text) - 1; gap > 0 {
			b.WriteString(strings.Repeat(" ", gap) + e.theme.warn.of(text))
		}
	}
	return b.String()
}

// ruleLine parts the tabs from the screen and names the screen when it is not
// that of the tab itself.
func (r *root) ruleLine() string {
	e := r.env
	if len(r.stacks[r.at]) == 1 {
		return e.theme.rule.of(strings.Repeat("─", e.w))
	}
	title, used := e.cut(r.top().title(), e.w-8)
	return e.theme.rule.of("── ") + e.theme.strong.of(title) + e.theme.rule.of(" "+strings.Repeat("─", max(e.w-used-4, 0)))
}

// statusLine says what was said last, or how everything stands.
func (r *root) statusLine() string {
	e, s := r.env, r.status
	if r.said != "" {
		text, _ := e.cut(r.said, e.w-2)
		return " " + r.saidInk.of(text)
	}
	var parts []string
	if s.disk {
		parts = append(parts, e.theme.bad.of("! "+e.t("status_disk")))
	}
	if s.linked == 0 {
		parts = append(parts, e.theme.dim.of(e.t("status_no_number")))
	} else {
		i, symbol := e.theme.good, "●"
		if s.online < s.linked {
			i, symbol = e.theme.warn, "○"
		}
		parts = append(parts, i.of(symbol)+" "+e.theme.dim.of(e.words.n("status_online", s.linked, "Online", s.online)))
	}
	if s.trouble > 0 {
		parts = append(parts, e.theme.bad.of("! "+e.words.n("status_trouble", s.trouble)))
	}
	if s.doubts > 0 {
		parts = append(parts, e.theme.warn.of("? "+e.words.n("status_doubts", s.doubts)))
	}
	if s.tags.Kind != "" {
		parts = append(parts, e.theme.info.of("◌")+" "+e.theme.dim.of(e.t("status_tags", "Done", s.tags.Done, "Total", s.tags.Total)))
	}
	if !s.next.IsZero() {
		parts = append(parts, e.theme.info.of("◷")+" "+e.theme.dim.of(e.t("status_next", "At", e.words.Moment(s.next, e.now()))))
	} else if s.sending {
		parts = append(parts, e.theme.good.of("▶")+" "+e.theme.dim.of(e.t("status_sending")))
	}
	return " " + strings.Join(parts, e.theme.faint.of("  ·  "))
}

// helpLine shows as many of the screen's keys as fit, and how to see the rest.
func (r *root) helpLine() string {
	e := r.env
	one := func(b key.Binding) (string, int) {
		h := b.Help()
		return e.theme.key.of(h.Key) + " " + e.theme.dim.of(h.Desc), e.width(h.Key) + 1 + e.width(h.Desc)
	}
	var tail []string
	tailUsed := 0
	for _, a := range r.actions() {
		switch a.Help().Desc {
		case e.keys.help.Help().Desc, e.keys.back.Help().Desc, e.keys.quit.Help().Desc:
			if a.Enabled() && (a.Help().Key != "ctrl+c" || r.typing() && len(r.stacks[r.at]) == 1) {
				text, w := one(a.Binding)
				tail, tailUsed = append(tail, text), tailUsed+w+2
			}
		}
	}
	// How to get away is never cut off.
	leaves := func(b key.Binding) bool { return b.Help().Key == "esc" }
	keys := r.top().keys()
	if i := slices.IndexFunc(keys, func(b key.Binding) bool { return b.Enabled() && leaves(b) }); i >= 0 {
		text, w := one(keys[i])
		tail, tailUsed = slices.Insert(tail, min(1, len(tail)), text), tailUsed+w+2
	}
	line, used := "", 1
	for _, b := range keys {
		if !b.Enabled() || b.Help().Desc == "" || leaves(b) {
			continue
		}
		text, w := one(b)
		if used+w+2+tailUsed > e.w {
			break
		}
		line, used = line+text+"  ", used+w+2
	}
	return " " + line + strings.Repeat(" ", max(e.w-used-tailUsed, 0)) + strings.Join(tail, "  ")
}
