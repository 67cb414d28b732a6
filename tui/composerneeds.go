package tui

import (
	"cmp"
	"strings"

	"recado/campaign"
)

// content is what is wrong with the attachment and the text together, as the
// id of a text; empty: nothing.
func (c *composer) content() string {
	a, blank := c.file.found, strings.TrimSpace(c.allTexts()[0]) == ""
	switch {
	case c.file.looking.busy:
		return "need_moment"
	case len(c.plan.Poll) > 0 && c.file.typed() != "":
		return "need_no_attachment"
	case c.file.unread():
		return "need_attachment_check"
	case c.file.mistake != nil:
		return "need_attachment"
	case a == nil && blank:
		return "need_text"
	case c.tooLong():
		return "need_shorter"
	case a != nil && !a.Captioned() && !blank:
		return "need_no_text"
	}
	return ""
}

// tooLong reports whether WhatsApp would not take the text.
func (c *composer) tooLong() bool {
	d := c.shape()
	return c.text.chars > d.TextMost() && d.CheckText(d.Typed(campaign.Text(c.text.value()))) != nil
}

// need is what keeps a campaign from being started, as the id of a text, and
// the field where it is mended.
type need struct {
	field int
	id    string
	said  string // in place of a text: what the book says
}

// needReceivers is that everybody is left out.
const needReceivers = "need_receivers"

// fields are those of a campaign, as the composer has them.
var fields = map[campaign.Field]int{
	campaign.FieldName: fieldName, campaign.FieldNumbers: fieldNumbers, campaign.FieldAudience: fieldAudience,
	campaign.FieldPace: fieldPace, campaign.FieldAttachment: fieldAttachment, campaign.FieldText: fieldText,
	campaign.FieldPoll: fieldMore,
}

// needs are all that keeps the campaign from being started, from top to
// bottom.
func (c *composer) needs() (all []need) {
	add := func(field int, id string, wanted bool) {
		if wanted {
			all = append(all, need{field: field, id: id})
		}
	}
	_, paceErr := c.paceNow()
	content := c.content()
	waits := content == "need_moment"
	inFile := content == "need_attachment" || content == "need_attachment_check" || content == "need_no_attachment"
	add(fieldName, "need_name", strings.TrimSpace(c.name.value()) == "")
	add(fieldNumbers, "need_number", c.known && len(c.senders()) == 0)
	add(fieldAudience, "need_filter", c.people.mistake != nil)
	add(fieldAudience, "need_people", c.people.known && c.people.found.Size() == 0)
	add(fieldPace, "need_pace", paceErr != nil || c.shut() != "")
	add(fieldAttachment, content, inFile)
	add(fieldText, content, content != "" && !inFile && !waits)
	add(fieldText, "need_template", c.people.textFault != nil || c.othersWrong())
	add(fieldMore, "need_poll", c.plan.CheckOptions() != nil)
	if len(all) > 0 {
		return all
	}
	moment := waits || !c.known || !c.people.known || !c.people.checked
	add(c.at, "need_moment", moment)
	add(fieldAudience, needReceivers, !moment && c.people.flight.Receive == 0)
	if len(all) > 0 {
		return all
	}
	for _, s := range c.people.flight.Stops { // what only the book knows
		all = append(all, need{field: fields[s.Field], said: c.e.words.why(s)})
	}
	return all
}

// nobody reports whether all that is wrong is that everybody is left out: the
// review says for which reasons.
func (c *composer) nobody() bool {
	needs := c.needs()
	return len(needs) == 1 && needs[0].id == needReceivers
}

// moment reports whether all that is wanting is what is being found out: the review
// waits for it.
func (c *composer) moment() bool {
	needs := c.needs()
	return len(needs) == 1 && needs[0].id == "need_moment"
}

// ready is the first of the needs, as an id or as words; empty: there is none.
func (c *composer) ready() string {
	if needs := c.needs(); len(needs) > 0 {
		return cmp.Or(needs[0].id, needs[0].said)
	}
	return ""
}

// points is the field that a start goes to: the next one that lacks something,
// the one that we are in if no other does and it is pointed at already; -1 if
// none does.
func (c *composer) points() int {
	needs := c.needs()
	for _, n := range needs {
		if n.field > c.at || n.field == c.at && !c.pointed {
			return n.field
		}
	}
	if len(needs) > 0 {
		return needs[0].field
	}
	return -1
}

// lacking says all that is needed.
func (c *composer) lacking(needs []need) string {
	texts := make([]string, len(needs))
	for i, n := range needs {
		if texts[i] = n.said; n.id != "" {
			texts[i] = c.e.t(n.id)
		}
	}
	return strings.Join(texts, " · ")
}
