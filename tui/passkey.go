package tui

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/session"
)

// passkey is the step that WhatsApp asks of some accounts: a script is carried
// to a browser, and its answer back. The answer is a secret and is not shown.
type passkey struct {
	asked   bool // WhatsApp wants it, or is checking it
	answer  string
	mistake bool // what was given last was no answer
	sending question
	script  window // the lines of the script
}

// answerLimit is far more than any answer has.
const answerLimit = 64 << 10

// passkeySentMsg answers link.sendPasskey and link.confirmPasskey.
type passkeySentMsg struct {
	question int
	err      error
}

// passkeySignedMsg answers link.signPasskey.
type passkeySignedMsg struct {
	options, answer string
	err             error
}

// follow keeps in mind that the passkey is asked for, so that nothing else is
// offered before it is done with.
func (p *passkey) follow(s session.Snapshot) {
	switch {
	case s.Passkey != (session.Passkey{}):
		p.asked = true
	case s.State != campaign.Linking || s.QR != "" || s.Code != "":
		*p = passkey{}
	}
}

// add takes a piece of the answer, without what a terminal put into it.
func (p *passkey) add(text string) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, text)
	switch {
	case text == "":
	case len(p.answer)+len(text) > answerLimit:
		p.answer, p.mistake = "", true
	default:
		p.answer, p.mistake = p.answer+text, false
	}
}

// key takes a key that is nothing but text.
func (p *passkey) key(msg tea.KeyPressMsg) {
	if msg.Code == tea.KeyBackspace {
		_, size := utf8.DecodeLastRuneInString(p.answer)
		p.answer = p.answer[:len(p.answer)-size]
		return
	}
	p.add(msg.Text)
}

func (l *link) passkeyActions() []action {
	e, p := l.e, &l.passkey
	demo := e.app.Demo
	given, script := p.answer != "" && !p.sending.busy, l.snapshot.Passkey.Script
	scroll := func(rows int) func() tea.Cmd {
		return func() tea.Cmd { p.script.scroll(rows); return nil }
	}
	page := max(p.script.height-1, 1)
	return []action{
		act(e.keys.sendAnswer, given, l.sendPasskey),
		act(e.keys.sign, demo != nil && demo.Sign != nil && p.answer == "", l.signPasskey),
		act(e.keys.copyScript, true, func() tea.Cmd { return e.copy(script) }),
		act(e.keys.stop, true, l.leave),
		act(e.keys.clearAnswer, given, func() tea.Cmd { p.answer = ""; return nil }),
		act(e.keys.pageUp, p.script.top > 0, scroll(-page)),
		act(e.keys.pageDown, p.script.top+p.script.height < p.script.n, scroll(page)),
	}
}

func (l *link) compareActions() []action {
	e := l.e
	return []action{
		act(e.keys.sameCode, !l.passkey.sending.busy, l.confirmPasskey),
		act(e.keys.stop, true, l.leave),
	}
}

// sendPasskey hands over the answer.
func (l *link) sendPasskey() tea.Cmd {
	pool, id, answer, desk := l.e.app.Pool, l.number.ID, l.passkey.answer, l.e.app.Desk
	return l.passkeyStep(func(ctx context.Context) error { return desk.AnswerPasskey(ctx, pool, id, answer) })
}

// confirmPasskey says that the phone shows the same code.
func (l *link) confirmPasskey() tea.Cmd {
	pool, id, desk := l.e.app.Pool, l.number.ID, l.e.app.Desk
	return l.passkeyStep(func(ctx context.Context) error { return desk.ConfirmPasskey(ctx, pool, id) })
}

func (l *link) passkeyStep(step func(context.Context) error) tea.Cmd {
	question, ok := l.passkey.sending.ask(l.e)
	if !ok {
		return nil
	}
	ctx := l.e.ctx
	return func() tea.Msg { return passkeySentMsg{question, step(ctx)} }
}

func (l *link) passkeySent(msg passkeySentMsg) tea.Cmd {
	if mine, _ := l.passkey.sending.answered(msg.question); !mine {
		return nil
	}
	l.passkey.answer = ""
	switch {
	case errors.Is(msg.err, session.ErrPasskey):
		l.passkey.mistake = true
		return nil // WhatsApp has not heard of it
	case errors.Is(msg.err, session.ErrNoPasskey), errors.Is(msg.err, session.ErrClosed):
		l.e.root.say(l.e.theme.bad, l.e.fault(msg.err))
	} // any other is in the snapshot
	return l.load()
}

// signPasskey lets the simulated browser answer.
func (l *link) signPasskey() tea.Cmd {
	sign, options := l.e.app.Demo.Sign, l.snapshot.Passkey.Options
	return func() tea.Msg {
		answer, err := sign(options)
		return passkeySignedMsg{options, answer, err}
	}
}

func (l *link) passkeySigned(msg passkeySignedMsg) tea.Cmd {
	switch {
	case msg.err != nil:
		l.e.root.say(l.e.theme.bad, l.e.fault(msg.err))
	case msg.options == l.snapshot.Passkey.Options:
		l.passkey.add(msg.answer)
	}
	return nil
}

// passkeyView says what to do in the browser, and takes the answer.
func (l *link) passkeyView(w, h int) string {
	e, p := l.e, &l.passkey
	inner := max(w-4, 1)
	wait := e.words.Duration(max(l.snapshot.QRUntil.Sub(e.now()), 0))
	lines := []string{"  " + e.theme.strong.of(e.t("passkey_wanted")) + "   " + e.theme.info.of("◷ ") + wait}
	indent := func(more []string) {
		for _, line := range more {
			lines = append(lines, "  "+line)
		}
	}
	indent(e.steps(inner, "passkey_step_1", "passkey_step_2", "passkey_step_3"))
	got, i := e.t("passkey_none_yet"), e.theme.faint
	switch n := utf8.RuneCountInString(p.answer); {
	case p.mistake:
		got, i = e.words.why(session.ErrPasskey), e.theme.bad
	case n > 0:
		got, i = e.words.n("passkey_got", n), e.theme.good
	}
	indent([]string{"", e.theme.accent.of("› ") + i.of(got)})
	if e.app.Demo != nil && p.answer == "" {
		indent([]string{e.theme.warn.of(e.t("passkey_demo", "Key", e.keys.sign.Help().Key))})
	}
	indent([]string{"", e.theme.faint.of(e.t("passkey_script", "Key", e.keys.copyScript.Help().Key))})
	var script []string
	for rest := e.clean(l.snapshot.Passkey.Script); rest != ""; { // cut hard: it is to be copied as it is
		var head string
		head, rest = e.take(rest, inner)
		script = append(script, head)
	}
	p.script.resize(len(script), max(h-len(lines), 1))
	p.script.scroll(0)
	from, to := p.script.visible()
	indent(script[from:to])
	return strings.Join(lines, "\n")
}

// compareLines ask whether the phone shows the same code.
func (l *link) compareLines(w int) []string {
	e := l.e
	lines := []string{e.theme.strong.of(e.clean(l.number.Name)), ""}
	lines = append(lines, e.big(l.snapshot.Passkey.Code, w)...)
	lines = append(lines, "")
	lines = append(lines, e.wrap(e.t("passkey_compare"), w)...)
	lines = append(lines, e.wrap(e.t("passkey_compare_stop"), w)...)
	wait := e.words.Duration(max(l.snapshot.QRUntil.Sub(e.now()), 0))
	return append(lines, "", e.theme.info.of("◷ ")+e.t("passkey_for", "Wait", wait))
}
