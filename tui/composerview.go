package tui

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// labelWidth is the room of the fields' names.
const labelWidth = 11

// twoColumns is the width from which the preview stands beside the form.
const twoColumns = 100

// shortest is the least room in which the preview stands below the form.
const shortest = 16

func (c *composer) view() string {
	w, h := c.e.body()
	if w >= twoColumns {
		left := w/2 - 1
		form := exactLines(c.form(left, h), h)
		preview := exactLines(c.preview(w-left-3, h), h)
		for i := range form {
			form[i] = c.e.exactly(form[i], left) + " " + c.e.theme.rule.of("│") + " " + preview[i]
		}
		return strings.Join(form, "\n")
	}
	below := max(h*2/5, 5)
	if h < shortest { // the form needs it all
		below = 0
	}
	lines := exactLines(c.form(w, h-below), h-below)
	if below > 0 {
		lines = append(lines, c.preview(w, below)...)
	}
	return strings.Join(lines, "\n")
}

// form is the fields in w × h cells; the text takes what the others leave. If
// they do not all fit, those around the focus are shown.
func (c *composer) form(w, h int) []string {
	e := c.e
	inner := max(w-labelWidth-3, 1)
	var lines []string
	needs := c.needs()
	focus, behind := 0, -1 // the lines of the field we are in
	label := func(field int, name string) string {
		if c.at == field-1 {
			behind = len(lines)
		}
		if c.pointed && slices.ContainsFunc(needs, func(n need) bool { return n.field == field }) {
			mark := "! "
			if c.at == field {
				focus, mark = len(lines), "› "
			}
			return e.theme.bad.of(mark + e.fit(name, labelWidth))
		}
		if c.at == field {
			focus = len(lines)
			return e.theme.labelHere.of("› " + e.fit(name, labelWidth))
		}
		return "  " + e.theme.label.of(e.fit(name, labelWidth))
	}
	under := func(i ink, text string, most int) {
		wrapped := e.wrap(text, inner)
		if len(wrapped) > most { // what is cut off says so
			wrapped = append(wrapped[:most-1], e.fit(strings.Join(wrapped[most-1:], " "), inner))
		}
		for _, line := range wrapped {
			lines = append(lines, strings.Repeat(" ", labelWidth+2)+i.of(line))
		}
	}
	lines = append(lines, label(fieldName, e.t("composer_name"))+c.name.view(e, inner))
	if c.apart != "" {
		under(e.theme.warn, "! "+e.t(c.apart), 3)
	}
	lines = append(lines, label(fieldNumbers, e.t("composer_numbers"))+c.numberLine(inner))
	lines = append(lines, label(fieldAudience, e.t("composer_to"))+c.to.view(e, inner))
	switch p := c.people; {
	case p.mistake != nil:
		at := e.width(e.clean(c.to.value()[:min(p.mistake.Offset, len(c.to.value()))]))
		text, _ := e.cut("▲ "+e.words.because(p.mistake.Reason), inner)
		lines = append(lines, strings.Repeat(" ", labelWidth+2+min(at, max(inner-24, 0)))+e.theme.bad.of(text))
	case p.known:
		text := e.words.n("people", p.found.Size())
		if out := p.flight.LeftOut[reason.DeliveryOptedOut]; out > 0 && p.checked {
			text += " · " + e.words.n("opted_out", out)
		}
		under(e.theme.dim, text, 1)
	default:
		under(e.theme.faint, e.t("loading"), 1)
	}
	lines = append(lines, label(fieldPace, e.t("composer_pace"))+c.pace.view(e, inner))
	_, err := c.paceNow()
	names, number := c.overruled()
	switch shut := c.shut(); {
	case err != nil:
		under(e.theme.bad, "▲ "+e.words.why(err), 2)
	case shut != "":
		under(e.theme.bad, "▲ "+e.t("pace_shut", "Number", shut), 2)
	case len(names) > 0:
		under(e.theme.warn, "! "+e.t("pace_overruled", "Limits", e.limits(names), "Number", number), 2)
	default:
		under(e.theme.dim, strings.Join(c.paces(), " · "), 2)
	}
	lines = append(lines, label(fieldAttachment, e.t("composer_attachment"))+c.file.path.view(e, inner))
	switch f := c.file; {
	case f.looking.busy:
		under(e.theme.faint, e.t("loading"), 1)
	case f.unread():
	case f.mistake != nil:
		under(e.theme.bad, "▲ "+e.words.why(f.mistake), 2)
	case c.content() == "need_no_attachment":
		under(e.theme.bad, "▲ "+e.words.because(reason.New(reason.PollAttachment)), 2)
	case c.content() == "need_no_text":
		under(e.theme.bad, "▲ "+e.words.because(reason.New(reason.AttachmentText)), 2)
	case f.found != nil:
		under(e.theme.dim, e.attachment(f.found), 1)
	}
	count := c.countLine(inner)
	const leastText = 2
	room := max(h-len(lines)-len(count)-2, min(leastText, h-1), 1)
	called := e.t("composer_text")
	if len(c.texts) > 1 {
		called += " " + campaign.VariantName(uint8(c.which))
	}
	for i, line := range c.text.lines(e, inner, room) {
		if i == 0 {
			lines = append(lines, label(fieldText, called)+line)
		} else {
			lines = append(lines, strings.Repeat(" ", labelWidth+2)+line)
		}
	}
	for _, line := range count {
		lines = append(lines, strings.Repeat(" ", labelWidth+2)+line)
	}
	lines = append(lines, label(fieldMore, e.t("composer_more"))+c.planLine(inner))
	if behind < 0 {
		behind = len(lines)
	}
	// The last line says what is missing and stays.
	room = max(h-1, 0)
	top := min(max(behind-room, 0), focus)
	lines = lines[top:min(top+room, len(lines))]
	if len(needs) > 0 {
		return append(lines, "  "+e.theme.faint.of(e.fit(e.t("need", "What", c.lacking(needs)), max(w-3, 0))))
	}
	return append(lines, "  "+c.readiness(max(w-4, 1)))
}

// readiness says what would happen if a draft that lacks nothing were started.
func (c *composer) readiness(w int) string {
	e, f := c.e, c.people.flight
	i, text := e.theme.good, "✓ "+e.words.n("ready", f.Receive, "Key", e.keys.start.Help().Key)
	switch {
	case f.Forecast.Stuck == f.Forecast.Left:
		i, text = e.theme.warn, "! "+e.t("ready_stuck", "Why", e.words.hold(f.Forecast.Binds, c.forecastID()), "Key", e.keys.start.Help().Key)
	case c.offline():
		i, text = e.theme.warn, "! "+e.t("ready_offline", "Key", e.keys.start.Help().Key)
	}
	text, _ = e.cut(text, w)
	return i.of(text)
}

// forecastID is what the forecast calls this campaign.
func (c *composer) forecastID() campaign.ID {
	if c.saved.ID == 0 {
		return store.Unsaved
	}
	return c.saved.ID
}

// countLine counts the characters of the text when they near the limit.
func (c *composer) countLine(w int) []string {
	e, n, d := c.e, c.text.chars, c.shape()
	most := d.TextMost()
	if len(d.Poll) > 0 && n > most*9/10 {
		n = utf8.RuneCountInString(d.Typed(c.text.value()))
	}
	switch {
	case c.tooLong():
		return []string{e.theme.bad.of(e.fit(e.t("composer_too_long", "Count", n, "Most", most), w))}
	case n > most*9/10:
		return []string{e.theme.dim.of(e.fit(e.t("composer_count", "Count", n, "Most", most), w))}
	}
	return nil
}

// numberLine shows the numbers as boxes to tick; those that fit around the
// cursor.
func (c *composer) numberLine(w int) string {
	e := c.e
	if !c.known {
		return e.theme.faint.of(e.t("loading"))
	}
	if len(c.numbers) == 0 {
		return e.theme.warn.of(e.fit(e.t("composer_no_numbers"), w))
	}
	none := true
	for _, n := range c.numbers {
		none = none && !c.chosen[n.ID]
	}
	const cell = 20
	fit := max(w/cell, 1)
	from := max(min(c.over-fit/2, len(c.numbers)-fit), 0)
	var b strings.Builder
	for i := from; i < min(from+fit, len(c.numbers)); i++ {
		n := c.numbers[i]
		box, name := "☐ ", ink("")
		switch {
		case !n.Linked() && c.chosen[n.ID]: // until somebody leaves it out
			box, name = "☑ ", e.theme.bad
		case !n.Linked():
			box, name = "· ", e.theme.faint
		case c.chosen[n.ID]:
			box = "☑ "
		case none: // none chosen: all of them send
			box, name = "☑ ", e.theme.dim
		}
		if c.at == fieldNumbers && i == c.over {
			name = e.theme.here
		}
		text, used := e.cut(n.Name, cell-4)
		b.WriteString(e.theme.accent.of(box) + name.of(text) + strings.Repeat(" ", cell-2-used))
	}
	return b.String()
}

// preview shows the text as the person of the preview would get it, and what
// is missing for whom, in w × h cells.
func (c *composer) preview(w, h int) []string {
	e, p := c.e, c.people
	head := e.t("preview")
	if p.has {
		head = e.t("preview_for", "Name", name(e, &p.contact), "At", p.at+1, "Count", p.found.Size())
	}
	head, used := e.cut(head, w-6)
	lines := []string{e.theme.rule.of("── ") + e.theme.strong.of(head) + e.theme.rule.of(" "+strings.Repeat("─", max(w-used-4, 0)))}
	var trouble []string
	warn := func(i ink, text string, most int) {
		for n, line := range e.wrap(text, max(w-3, 1)) {
			if n < most {
				trouble = append(trouble, " "+i.of(line))
			}
		}
	}
	if p.checked {
		for _, l := range p.flight.Lacking {
			who := strings.Join(l.Who, ", ")
			if l.Count > len(l.Who) {
				who += "…"
			}
			warn(e.theme.warn, "! "+e.words.n("preview_lacking", l.Count, "Field", "{"+l.Field+"}", "Who", who), 2)
		}
	}
	if long := p.flight.LeftOut[reason.DeliveryTooLong]; p.checked && long > 0 {
		warn(e.theme.warn, "! "+e.words.n("preview_long", long), 2)
	}
	if p.textFault != nil {
		warn(e.theme.bad, "▲ "+e.words.templateMistake(p.textFault, c.text.value()), 2)
	}
	trouble = trouble[:min(len(trouble), max(h-3, 1))]
	room := max(h-1-len(trouble), 0)
	ballot := e.ballot(c.plan.Poll, max(w-6, 1), max(room-1, 0))
	body := append(c.message(max(w-6, 1), max(room-len(ballot), 0)), ballot...)
	if a := c.file.found; a != nil {
		body = append([]string{e.theme.accent.of(e.attached(a, max(w-6, 1)))}, body...)
	}
	body = body[:min(len(body), room)]
	for _, line := range body {
		lines = append(lines, " "+e.theme.accent.of("▎")+" "+line)
	}
	return append(exactLines(lines, 1+room), trouble...)
}

// name is what a person is called on the screen.
func name(e *env, c *people.Contact) string { return e.calls(c.Called(), c.BestPhone()) }

// calls is a name, or if there is none the phone, or a word for neither.
func (e *env) calls(name string, phone people.Phone) string {
	switch {
	case name != "":
		return name
	case phone != "":
		return phone.Pretty()
	}
	return e.t("no_name")
}

// phone is a phone as it is shown, or that it is hidden.
func (e *env) phone(p people.Phone) string {
	if p == "" {
		return e.t("phone_hidden")
	}
	return p.Pretty()
}

// message is the rendered text, painted as WhatsApp would, in at most so many
// lines of w cells.
func (c *composer) message(w, most int) []string {
	e, p := c.e, c.people
	switch {
	case strings.TrimSpace(c.text.value()) == "" && c.file.found != nil:
		return nil
	case strings.TrimSpace(c.text.value()) == "":
		return []string{e.theme.faint.of(e.t("preview_empty"))}
	case p.text == nil:
		return e.markup(c.text.value(), w, most)
	case !p.has:
		return append(e.markup(c.text.value(), w, most), "", e.theme.faint.of(e.t("preview_nobody")))
	}
	text, err := p.text.Render(&p.contact, e.now())
	if err == nil {
		return e.markup(text, w, most)
	}
	lines := e.markup(c.text.value(), w, most)
	var missing *campaign.MissingError
	if errors.As(err, &missing) {
		for i := range missing.Fields {
			missing.Fields[i] = "{" + missing.Fields[i] + "}"
		}
		example := strings.TrimSuffix(missing.Fields[0], "}") + "|" + e.t("preview_instead") + "}"
		lines = append(lines, "")
		for _, line := range e.wrap("! "+e.t("preview_missing", "Fields", strings.Join(missing.Fields, ", "), "Example", example), w) {
			lines = append(lines, e.theme.warn.of(line))
		}
	}
	return lines
}
