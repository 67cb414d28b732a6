package tui

import (
	"cmp"
	"context"
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// Linking by a code that is typed on the phone, for where no camera can see
// this terminal or the QR code does not fit in it.

// askPhone asks whose phone gets the code.
func (l *link) askPhone() tea.Cmd {
	e := l.e
	known, text := cmp.Or(l.typed, l.number.Phone), ""
	if known != "" {
		text = known.Pretty()
	}
	p := newPrompt(e, e.t("link_phone"), e.t("link_phone_detail"), e.t("link_phone_example"), text, func(_ context.Context, text string, _ bool) (func() tea.Cmd, error) {
		phone, err := people.ParsePhone(text)
		return func() tea.Cmd {
			l.typed = phone
			return l.begin(phone)
		}, err
	})
	p.check = func(text string) string {
		var why reason.Reason
		if _, err := people.ParsePhone(text); errors.As(err, &why) {
			return e.words.because(why)
		}
		return ""
	}
	return e.root.push(p)
}

// typeCode lets the simulated phone type the code.
func (l *link) typeCode() tea.Cmd {
	typeIt, code, phone := l.e.app.Demo.Type, l.snapshot.Code, l.phone
	return l.e.do("", func(context.Context) error { return typeIt(phone, code) })
}

// typedView shows the code to be typed.
func (l *link) typedView(w, h int) string {
	e := l.e
	inner := min(w-4, 62)
	name, _ := e.cut(l.number.Name, max(inner-22, 1))
	lines := []string{e.theme.strong.of(name) + "  " + e.theme.dim.of(e.clean(l.phone.Pretty())), ""}
	lines = append(lines, e.big(l.snapshot.Code, inner)...)
	lines = append(lines, "")
	lines = append(lines, e.steps(inner, "link_code_step_1", "link_code_step_2", "link_code_step_3")...)
	lines = append(lines, "", e.theme.info.of("◷ ")+e.clean(l.snapshot.Code)+" · "+l.left())
	lines = append(lines, l.asides(inner, e.t("link_code_demo", "Key", e.keys.typeCode.Help().Key))...)
	margin := strings.Repeat(" ", max((w-inner)/2, 2))
	out := make([]string, max((h-len(lines))/3, 0), h+len(lines))
	for _, line := range lines {
		out = append(out, margin+line)
	}
	return strings.Join(out, "\n")
}
