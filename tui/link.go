package tui

import (
	"context"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/mdp/qrterminal/v3"
	"rsc.io/qr"

	"recado/campaign"
	"recado/session"
)

// link shows the QR code that a phone scans to link a number: always the one
// that is alive, and for how long.
type link struct {
	e        *env
	number   campaign.Number
	status   session.Status
	began    bool // the pool has been asked to link
	done     bool // linked; the screen goes away
	asText   bool
	code     string   // the text of the drawn code
	drawn    []string // its lines
	quiet    int      // the white border it was drawn with
	inverted bool     // drawn dark on light
	question question
}

// linkLoadedMsg answers link.load.
type linkLoadedMsg struct {
	question int
	status   session.Status
	found    bool
	err      error
}

func newLink(e *env, number campaign.Number) *link { return &link{e: e, number: number} }

func (l *link) title() string { return l.e.t("link_title", "Name", l.number.Name) }
func (l *link) dirty() bool   { return false }

func (l *link) load() tea.Cmd {
	id, ok := l.question.ask(l.e)
	if !ok {
		return nil
	}
	pool, number, begin := l.e.app.Pool, l.number.ID, !l.began
	l.began = true
	return func() tea.Msg {
		msg := linkLoadedMsg{question: id}
		if begin {
			msg.err = pool.Link(number)
		}
		for _, s := range pool.Status() {
			if s.Number.ID == number {
				msg.status, msg.found = s, true
			}
		}
		return msg
	}
}

func (l *link) actions() []action {
	e := l.e
	linking := l.status.State == campaign.Linking
	return []action{
		act(e.keys.scan, e.app.Demo != nil && e.app.Demo.Scan != nil && l.status.QR != "", l.scan),
		act(e.keys.codeText, l.status.QR != "" && !l.asText, func() tea.Cmd { l.asText = true; return nil }),
		act(e.keys.showCode, l.status.QR != "" && l.asText, func() tea.Cmd { l.asText = false; return nil }),
		act(e.keys.linkAgain, l.began && !l.question.busy && !linking && !l.done, func() tea.Cmd {
			l.began = false
			return l.load()
		}),
		act(e.keys.dismiss, true, l.leave),
	}
}

func (l *link) keys() []key.Binding { return bindings(l.actions()) }

// scan lets the simulated phone look at the code.
func (l *link) scan() tea.Cmd {
	scan, code, phone := l.e.app.Demo.Scan, l.status.QR, l.number.Phone
	return l.e.do("", func(context.Context) error { return scan(code, phone) })
}

// leave stops linking, if it is still under way.
func (l *link) leave() tea.Cmd {
	pool, id := l.e.app.Pool, l.number.ID
	back := l.e.root.drop(l)
	if l.status.State != campaign.Linking {
		return back
	}
	return tea.Batch(back, l.e.do("", func(context.Context) error {
		pool.CancelLink(id)
		return nil
	}))
}

func (l *link) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, l.actions())
		return cmd
	case linkLoadedMsg:
		mine, again := l.question.answered(msg.question)
		if mine {
			if cmd := l.loaded(msg); cmd != nil {
				return cmd
			}
		}
		if again {
			return l.load()
		}
	}
	return nil
}

// loaded takes the state of the number; once it is linked there is nothing
// left to do here.
func (l *link) loaded(msg linkLoadedMsg) tea.Cmd {
	e := l.e
	if msg.err != nil {
		e.root.say(e.theme.bad, e.fault(msg.err))
	}
	if msg.found {
		l.status, l.number = msg.status, msg.status.Number
	}
	switch l.status.State {
	case campaign.Connecting, campaign.Online, campaign.Restricted:
		if l.number.Linked() && !l.done {
			l.done = true
			e.root.say(e.theme.good, e.t("link_done", "Name", l.number.Name))
			return e.root.drop(l)
		}
	}
	return nil
}

// wordsWidth is the least room for words beside the code.
const wordsWidth = 36

// spread reports whether the code only fits without the lines of the root.
func (l *link) spread() bool {
	if l.status.QR == "" || l.asText {
		return false
	}
	_, body := l.e.body()
	l.draw(1)
	return len(l.drawn) > body && len(l.drawn) <= l.e.h && l.codeWidth() <= l.e.w
}

func (l *link) codeWidth() int {
	if len(l.drawn) == 0 {
		return 0
	}
	return l.e.width(l.drawn[0])
}

// draw draws the code with a white border of quiet modules. Light modules are
// drawn in the foreground colour, which the theme makes white on black; a
// light terminal without colours draws the dark ones instead, so that the
// code is never its own negative.
func (l *link) draw(quiet int) {
	inverted := !l.e.theme.dark && !l.e.colours
	if l.code == l.status.QR && l.quiet == quiet && l.inverted == inverted {
		return
	}
	l.code, l.quiet, l.inverted, l.drawn = l.status.QR, quiet, inverted, nil
	if _, err := qr.Encode(l.code, qr.L); err != nil || l.code == "" {
		return // too long for any code: it is shown as text
	}
	var b strings.Builder
	config := qrterminal.Config{Level: qr.L, Writer: &b, HalfBlocks: true, QuietZone: quiet,
		BlackChar: " ", WhiteChar: "█", BlackWhiteChar: "▄", WhiteBlackChar: "▀"}
	if inverted {
		config.BlackChar, config.WhiteChar, config.BlackWhiteChar, config.WhiteBlackChar = "█", " ", "▀", "▄"
	}
	qrterminal.GenerateWithConfig(l.code, config)
	l.drawn = strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
}

func (l *link) view() string {
	e := l.e
	w, h := e.body()
	if l.status.QR == "" {
		return e.framed(l.waiting(min(w-8, 60)), w, h)
	}
	spread := l.spread()
	if spread {
		h = e.h
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

// waiting says what is going on while there is no code.
func (l *link) waiting(w int) []string {
	e := l.e
	sign := e.theme.number(l.status.State)
	lines := []string{e.theme.strong.of(e.clean(l.number.Name)), ""}
	if l.status.State == campaign.Linking || !l.began || l.question.busy {
		lines = append(lines, e.theme.info.of("▣")+" "+e.t("link_waiting"))
	} else {
		lines = append(lines, sign.ink.of(sign.symbol)+" "+e.t(sign.word))
	}
	if l.status.Reason != "" {
		lines = append(lines, "")
		lines = append(lines, e.wrap(e.words.sentence(l.status.Reason), w)...)
	}
	return lines
}

// left is how long the code lives.
func (l *link) left() string {
	now := l.e.now()
	if !l.status.QRUntil.After(now) {
		return l.e.t("link_next_code")
	}
	return l.e.t("link_code_for", "Wait", l.e.words.duration(l.status.QRUntil.Sub(now).Truncate(time.Second)))
}

// steps say what to do on the phone.
func (l *link) steps(w int) []string {
	e := l.e
	lines := []string{e.theme.strong.of(e.clean(l.number.Name)), ""}
	for i, id := range []string{"link_step_1", "link_step_2", "link_step_3"} {
		for j, text := range e.wrap(e.t(id), max(w-3, 1)) {
			mark := "   "
			if j == 0 {
				mark = e.theme.accent.of(string(rune('1'+i))) + "  "
			}
			lines = append(lines, mark+text)
		}
	}
	lines = append(lines, "", e.theme.info.of("◷ ")+l.left())
	if e.app.Demo != nil {
		lines = append(lines, "")
		for _, text := range e.wrap(e.t("link_demo", "Key", e.keys.scan.Help().Key), w) {
			lines = append(lines, e.theme.warn.of(text))
		}
	}
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

func (l *link) paint(line string) string {
	if !l.e.colours {
		return line
	}
	return l.e.theme.qr.of(line)
}

func (l *link) beside(w, h int) string {
	code := l.codeWidth()
	margin := min((w-code-wordsWidth)/3, 6)
	steps := l.steps(min(w-code-2*margin-2, 48))
	top := max((len(l.drawn)-len(steps))/2, 0)
	lines := make([]string, 0, len(l.drawn))
	for range max((h-len(l.drawn))/2, 0) {
		lines = append(lines, "")
	}
	for i, row := range l.drawn {
		line := strings.Repeat(" ", margin) + l.paint(row) + strings.Repeat(" ", max(margin, 2))
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
	text += "   ◷ " + e.words.duration(max(l.status.QRUntil.Sub(e.now()).Truncate(time.Second), 0))
	if l.spread() {
		for _, b := range []key.Binding{e.keys.codeText, e.keys.dismiss} {
			text += "   " + b.Help().Key + " " + b.Help().Desc
		}
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
		lines = append(lines, margin+l.paint(row))
	}
	return strings.Join(lines, "\n")
}

// tooSmall says how big the terminal must be and what else can be done.
func (l *link) tooSmall(w, h int) string {
	e := l.e
	inner := min(w-8, 64)
	lines := []string{e.theme.warn.of(e.t("link_small")), ""}
	lines = append(lines, e.wrap(e.t("link_small_need", "Width", l.codeWidth(), "Height", len(l.drawn), "HaveWidth", e.w, "HaveHeight", e.h), inner)...)
	lines = append(lines, "")
	lines = append(lines, e.wrap(e.t("link_small_do", "Key", e.keys.codeText.Help().Key), inner)...)
	lines = append(lines, "", e.theme.info.of("◷ ")+l.left())
	if e.app.Demo != nil {
		lines = append(lines, "")
		for _, text := range e.wrap(e.t("link_demo", "Key", e.keys.scan.Help().Key), inner) {
			lines = append(lines, e.theme.warn.of(text))
		}
	}
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
	for rest := e.clean(l.status.QR); rest != ""; { // cut hard: it is to be copied as it is
		var head string
		head, rest = e.take(rest, max(w-4, 1))
		lines = append(lines, "  "+head)
	}
	return strings.Join(lines, "\n")
}
