package tui

import (
	"context"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session"
)

// link links a number, in the way that the person prefers: a QR code that a
// phone scans (linkqr.go), or a code of eight letters and digits that is typed on
// the phone (linkcode.go); always the one that is alive, and for how long. Some
// accounts want a passkey besides (passkey.go).
type link struct {
	e        *env
	number   campaign.Number
	phone    people.Phone // gets a code to type; empty: any phone scans
	typed    people.Phone // the phone that was typed last
	snapshot session.Snapshot
	began    bool // the pool has been asked to link
	done     bool // linked; the screen goes away
	question question

	// The QR code.
	asText   bool
	code     string   // the text of the drawn code
	drawn    []string // its lines
	quiet    int      // the white border it was drawn with
	inverted bool     // drawn dark on light

	passkey passkey
}

// step is what the person has to do now.
type step uint8

const (
	stepWait    step = iota
	stepScan         // the QR code
	stepType         // the code of letters, on the phone
	stepPasskey      // in a browser
	stepCompare      // the code here with that on the phone
)

func (l *link) step() step {
	switch s := l.snapshot; {
	case s.Passkey.Script != "":
		return stepPasskey
	case s.Passkey.Code != "":
		return stepCompare
	case s.Code != "":
		return stepType
	case s.QR != "":
		return stepScan
	}
	return stepWait
}

// linkLoadedMsg answers link.load.
type linkLoadedMsg struct {
	question int
	snapshot session.Snapshot
	found    bool
	err      error
}

func newLink(e *env, number campaign.Number) *link { return &link{e: e, number: number} }

func (l *link) title() string { return l.e.t("link_title", "Name", l.number.Name) }
func (l *link) dirty() bool   { return false }

// typing reports whether letters are part of an answer.
func (l *link) typing() bool { return l.step() == stepPasskey }

func (l *link) load() tea.Cmd {
	id, ok := l.question.ask(l.e)
	if !ok {
		return nil
	}
	pool, number, phone, begin, desk := l.e.app.Pool, l.number.ID, l.phone, !l.began, l.e.app.Desk
	l.began = true
	return func() tea.Msg {
		msg := linkLoadedMsg{question: id}
		switch {
		case begin && phone != "":
			msg.err = desk.LinkByCode(pool, number, phone)
		case begin:
			msg.err = desk.Link(pool, number)
		}
		for _, s := range pool.Snapshots() {
			if s.Number.ID == number {
				msg.snapshot, msg.found = s, true
			}
		}
		return msg
	}
}

// begin links again: by a code for that phone, or by QR if there is none.
func (l *link) begin(phone people.Phone) tea.Cmd {
	l.phone, l.began = phone, false
	l.snapshot.QR, l.snapshot.Code = "", ""
	return l.load() // after the answer that is under way: the pool hears of one wish at a time
}

func (l *link) actions() []action {
	switch l.step() {
	case stepPasskey:
		return l.passkeyActions()
	case stepCompare:
		return l.compareActions()
	}
	e, s := l.e, l.snapshot
	demo, linking := e.app.Demo, s.State == campaign.Linking
	free := !l.done && !l.passkey.asked
	byPhone := e.keys.byPhone
	if l.phone != "" {
		byPhone = e.keys.otherPhone
	}
	return []action{
		act(e.keys.scan, s.QR != "" && demo != nil && demo.Scan != nil, l.scan),
		act(e.keys.typeCode, s.Code != "" && demo != nil && demo.Type != nil, l.typeCode),
		act(e.keys.copyCode, s.Code != "", func() tea.Cmd { return e.copy(s.Code) }),
		act(e.keys.linkAgain, l.began && !l.question.busy && !linking && !l.done, func() tea.Cmd { return l.begin(l.phone) }),
		act(byPhone, free, l.askPhone),
		act(e.keys.codeText, s.QR != "" && !l.asText, func() tea.Cmd { l.asText = true; return nil }),
		act(e.keys.showCode, s.QR != "" && l.asText, func() tea.Cmd { l.asText = false; return nil }),
		act(e.keys.byQR, free && l.phone != "", func() tea.Cmd { return l.begin("") }),
		act(e.keys.dismiss, true, l.leave),
	}
}

func (l *link) keys() []key.Binding { return bindings(l.actions()) }

// scan lets the simulated phone look at the code.
func (l *link) scan() tea.Cmd {
	scan, code, phone := l.e.app.Demo.Scan, l.snapshot.QR, l.number.Phone
	return l.e.do("", func(context.Context) error { return scan(code, phone) })
}

// leave stops linking, if it is still under way.
func (l *link) leave() tea.Cmd {
	pool, id, desk := l.e.app.Pool, l.number.ID, l.e.app.Desk
	back := l.e.root.drop(l)
	if l.snapshot.State != campaign.Linking {
		return back
	}
	return tea.Batch(back, l.e.do("", func(context.Context) error {
		return desk.CancelLink(pool, id)
	}))
}

func (l *link) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, done := press(msg, l.actions())
		if !done && l.typing() {
			l.passkey.key(msg)
		}
		return cmd
	case tea.PasteMsg:
		if l.typing() {
			l.passkey.add(msg.Content)
		}
	case passkeySentMsg:
		return l.passkeySent(msg)
	case passkeySignedMsg:
		return l.passkeySigned(msg)
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
		l.snapshot, l.number = msg.snapshot, msg.snapshot.Number
		l.passkey.follow(l.snapshot)
	}
	switch l.snapshot.State {
	case campaign.Connecting, campaign.Online, campaign.Restricted:
		if l.number.Linked() && !l.done {
			l.done = true
			e.root.say(e.theme.good, e.t("link_done", "Name", l.number.Name))
			return e.root.drop(l)
		}
	}
	return nil
}

// spread reports whether the code only fits without the lines of the root.
func (l *link) spread() bool { return l.step() == stepScan && l.fitsSpread() }

func (l *link) view() string {
	e := l.e
	w, h := e.body()
	switch l.step() {
	case stepScan:
		return l.qr(w, h)
	case stepType:
		return l.typedView(w, h)
	case stepPasskey:
		return l.passkeyView(w, h)
	case stepCompare:
		return e.framed(l.compareLines(min(w-8, 64)), w, h)
	}
	return e.framed(l.waiting(min(w-8, 60)), w, h)
}

// waiting says what is going on while there is no code.
func (l *link) waiting(w int) []string {
	e := l.e
	sign := e.theme.number(l.snapshot.State)
	lines := []string{e.theme.strong.of(e.clean(l.number.Name)), ""}
	switch {
	case l.passkey.asked:
		lines = append(lines, e.theme.info.of("▣")+" "+e.t("link_passkey_wait"))
	case l.snapshot.State == campaign.Linking || !l.began || l.question.busy:
		lines = append(lines, e.theme.info.of("▣")+" "+e.t("link_waiting"))
	default:
		lines = append(lines, sign.ink.of(sign.symbol)+" "+e.t(sign.word))
	}
	if !l.snapshot.Reason.IsZero() {
		lines = append(lines, "")
		lines = append(lines, e.wrap(e.words.because(l.snapshot.Reason), w)...)
	}
	return lines
}

// left is how long the code lives.
func (l *link) left() string {
	now := l.e.now()
	if !l.snapshot.QRUntil.After(now) {
		return l.e.t("link_next_code")
	}
	return l.e.t("link_code_for", "Wait", l.e.words.Duration(l.snapshot.QRUntil.Sub(now).Truncate(time.Second)))
}

// asides are what else there is to say while a code is shown: what went wrong
// before, and in the demo what can be done.
func (l *link) asides(w int, demo string) (lines []string) {
	e := l.e
	if !l.snapshot.Reason.IsZero() {
		lines = append(lines, "")
		for _, text := range e.wrap(e.words.because(l.snapshot.Reason), w) {
			lines = append(lines, e.theme.warn.of(text))
		}
	}
	if e.app.Demo != nil {
		lines = append(lines, "")
		for _, text := range e.wrap(demo, w) {
			lines = append(lines, e.theme.warn.of(text))
		}
	}
	return lines
}

// steps are texts of the catalogue with numbers before them.
func (e *env) steps(w int, ids ...string) (lines []string) {
	for i, id := range ids {
		for j, text := range e.wrap(e.t(id), max(w-3, 1)) {
			mark := "   "
			if j == 0 {
				mark = e.theme.accent.of(string(rune('1'+i))) + "  "
			}
			lines = append(lines, mark+text)
		}
	}
	return lines
}
