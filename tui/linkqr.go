package tui

import (
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	"github.com/mdp/qrterminal/v3"
	"rsc.io/qr"
)

// The QR code of a number that is being linked: drawn, as text, or the word
// that the terminal is too small for it.

// wordsWidth is the least room for words beside the code.
const wordsWidth = 36

// fitsSpread reports whether the code only fits without the lines of the root.
func (l *link) fitsSpread() bool {
	if l.asText {
		return false
	}
	_, body := l.e.body()
	l.draw(1)
	need := len(l.drawn)
	if l.e.w-l.codeWidth() < wordsWidth {
		need++ // for a line that says how to get away
	}
	return len(l.drawn) > body && need <= l.e.h && l.codeWidth() <= l.e.w
}

func (l *link) codeWidth() int {
	if len(l.drawn) == 0 {
		return 0
	}
	return l.e.width(l.drawn[0])
}

// draw draws the code with a white border of quiet modules.
func (l *link) draw(quiet int) {
	inverted := l.e.inverted()
	if l.code == l.snapshot.QR && l.quiet == quiet && l.inverted == inverted {
		return
	}
	l.code, l.quiet, l.inverted = l.snapshot.QR, quiet, inverted
	l.drawn = drawCode(l.code, quiet, inverted)
}

// inverted reports whether the dark modules of codes are drawn. The light ones are
// drawn in the foreground colour, which the theme makes white on black; a light
// terminal without colours draws the dark ones instead, so that a code is never
// its own negative.
func (e *env) inverted() bool { return !e.theme.dark && !e.colours }

// drawCode is the lines of a QR code; none if the text is too long for any: then it
// is shown as text.
func drawCode(text string, quiet int, inverted bool) []string {
	if _, err := qr.Encode(text, qr.L); err != nil || text == "" {
		return nil
	}
	var b strings.Builder
	config := qrterminal.Config{Level: qr.L, Writer: &b, HalfBlocks: true, QuietZone: quiet,
		BlackChar: " ", WhiteChar: "█", BlackWhiteChar: "▄", WhiteBlackChar: "▀"}
	if inverted {
		config.BlackChar, config.WhiteChar, config.BlackWhiteChar, config.WhiteBlackChar = "█", " ", "▀", "▄"
	}
	qrterminal.GenerateWithConfig(text, config)
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
}

// qr draws the code in the way that fits.
func (l *link) qr(w, h int) string {
	if l.spread() {
		h = l.e.h
	}
	// The wider border scans better; the narrower one is enough, where words
	// need the room.
	l.draw(2)
	if len(l.drawn) > h || l.codeWidth() > w || len(l.drawn) == h && w-l.codeWidth() < wordsWidth {
		l.draw(1)
	}
	switch {
	case l.asText || len(l.drawn) == 0:
		return l.text(w)
	case len(l.drawn) > h || l.codeWidth() > w:
		return l.tooSmall(w, h)
	case w-l.codeWidth() >= wordsWidth:
		return l.beside(w, h)
	}
	return l.above(w, h)
}

// besides says what to do with the QR code, beside it.
func (l *link) besides(w int) []string {
	e := l.e
	lines := []string{e.theme.strong.of(e.clean(l.number.Name)), ""}
	lines = append(lines, e.steps(w, "link_step_1", "link_step_2", "link_step_3")...)
	lines = append(lines, "", e.theme.info.of("◷ ")+l.left())
	lines = append(lines, l.asides(w, e.t("link_demo", "Key", e.keys.scan.Help().Key))...)
	if l.spread() { // the help line is not there
		lines = append(lines, "")
		for _, b := range l.keys() {
			if b.Enabled() {
				lines = append(lines, e.theme.key.of(b.Help().Key)+" "+e.theme.dim.of(b.Help().Desc))
			}
		}
	}
	return lines
}

// paintCode paints a line of a QR code.
func (e *env) paintCode(line string) string {
	if !e.colours {
		return line
	}
	return e.theme.qr.of(line)
}

func (l *link) beside(w, h int) string {
	code := l.codeWidth()
	margin := min((w-code-wordsWidth)/3, 6)
	steps := l.besides(min(w-code-2*margin-2, 48))
	top := max((len(l.drawn)-len(steps))/2, 0)
	lines := make([]string, 0, len(l.drawn))
	for range max((h-len(l.drawn))/2, 0) {
		lines = append(lines, "")
	}
	for i, row := range l.drawn {
		line := strings.Repeat(" ", margin) + l.e.paintCode(row) + strings.Repeat(" ", max(margin, 2))
		if i >= top && i-top < len(steps) {
			line += steps[i-top]
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// brief is what to do on the phone, for how long, and the keys if nothing else
// shows them, in one line.
func (l *link) brief(w int) string {
	e := l.e
	text := e.t("link_short")
	if e.app.Demo != nil {
		text = e.keys.scan.Help().Key + " " + e.keys.scan.Help().Desc
	}
	life := "◷ " + e.words.Duration(max(l.snapshot.QRUntil.Sub(e.now()).Truncate(time.Second), 0))
	if l.spread() { // what does not fit is cut off: the way out comes first
		var keys []string
		for _, b := range []key.Binding{e.keys.dismiss, e.keys.byPhone, e.keys.codeText} {
			keys = append(keys, b.Help().Key+" "+b.Help().Desc)
		}
		text = strings.Join(append([]string{keys[0], life}, append(keys[1:], text)...), "   ")
	} else {
		text += "   " + life
	}
	text, _ = e.cut(text, w-2)
	return " " + text
}

// above draws the code alone with one line of words over it, if there is room
// for that.
func (l *link) above(w, h int) string {
	var lines []string
	if len(l.drawn)+1 <= h {
		lines = append(lines, l.brief(w))
	}
	margin := strings.Repeat(" ", max((w-l.codeWidth())/2, 0))
	for _, row := range l.drawn {
		lines = append(lines, margin+l.e.paintCode(row))
	}
	return strings.Join(lines, "\n")
}

// tooSmall says what can be done where the code does not fit, the easiest
// first.
func (l *link) tooSmall(w, h int) string {
	e := l.e
	inner := min(w-8, 64)
	lines := []string{e.theme.strong.of(e.clean(l.number.Name)), ""}
	lines = append(lines, e.wrap(e.t("link_small_phone", "Key", e.keys.byPhone.Help().Key), inner)...)
	lines = append(lines, "")
	for _, text := range append(
		e.wrap(e.t("link_small", "Width", l.codeWidth(), "Height", len(l.drawn)+1, "HaveWidth", e.w, "HaveHeight", e.h), inner),
		e.wrap(e.t("link_small_do", "Key", e.keys.codeText.Help().Key), inner)...) {
		lines = append(lines, e.theme.dim.of(text))
	}
	lines = append(lines, "", e.theme.info.of("◷ ")+l.left())
	lines = append(lines, l.asides(inner, e.t("link_demo", "Key", e.keys.scan.Help().Key))...)
	return e.framed(lines, w, h)
}

// text shows the code as text, to be made into a picture elsewhere.
func (l *link) text(w int) string {
	e := l.e
	lines := []string{""}
	for _, line := range e.wrap(e.t("link_text"), max(w-4, 1)) {
		lines = append(lines, "  "+e.theme.dim.of(line))
	}
	lines = append(lines, "  "+e.theme.info.of("◷ ")+l.left(), "")
	for rest := e.clean(l.snapshot.QR); rest != ""; { // cut hard: it is to be copied as it is
		var head string
		head, rest = e.take(rest, max(w-4, 1))
		lines = append(lines, "  "+head)
	}
	return strings.Join(lines, "\n")
}
