package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"recado/campaign/people"
)

// Beneath the line of a filter one line says what the filter means: what is wrong
// with it and where, how the word that is being typed may go on, or whom it
// chooses, in words.

// manyWays is how many ways to go on are shown.
const manyWays = 12

// vocabularyMsg answers contacts.learn.
type vocabularyMsg struct {
	question   int
	vocabulary people.Vocabulary
	err        error
}

// beginTyping begins to type the filter.
func (c *contacts) beginTyping() tea.Cmd {
	c.typed = true
	c.suggest()
	return c.learn()
}

// learn asks what the people in the book have that a filter may ask for.
func (c *contacts) learn() tea.Cmd {
	id, ok := c.learning.ask(c.e)
	if !ok {
		return nil
	}
	book, ctx := c.e.app.Book, c.e.ctx
	return func() tea.Msg {
		v, err := book.Vocabulary(ctx)
		return vocabularyMsg{id, v, err}
	}
}

// learnt takes what was asked for. Without it only keys are completed, which is no
// reason to trouble anybody.
func (c *contacts) learnt(msg vocabularyMsg) tea.Cmd {
	if mine, _ := c.learning.answered(msg.question); !mine || msg.err != nil {
		return nil
	}
	c.vocabulary = msg.vocabulary
	c.suggest()
	return nil
}

// suggest finds out how the filter may go on from its end.
func (c *contacts) suggest() {
	e, v := c.e, c.vocabulary
	v.Keys, v.TagKey = strings.Fields(e.t("filter_keys")), e.t("filter_tag_key")
	v.OptOut, v.Presence, v.When = strings.Fields(e.t("filter_says_optout")), strings.Fields(e.t("filter_says_whatsapp")), strings.Fields(e.t("filter_says_when"))
	v.Came = strings.Fields(e.t("filter_says_came"))
	c.ways = nil
	if c.typed && c.field.at == len(c.field.value()) {
		c.ways = v.Complete(c.field.value(), manyWays)
	}
}

// takeWay goes on in the first way.
func (c *contacts) takeWay() tea.Cmd {
	c.field.set(c.ways[0])
	return c.apply()
}

// beneath is the line that says what the filter means; empty: nothing.
func (c *contacts) beneath(w int) string {
	e := c.e
	value := c.field.value()
	switch {
	case c.mistake != nil && (len(c.ways) == 0 || !c.unfinished()):
		at := e.width(e.clean(value[:min(c.mistake.Offset, len(value))]))
		return strings.Repeat(" ", min(at+3, max(w-20, 0))) + e.theme.bad.of("▲ "+e.words.because(c.mistake.Reason))
	case len(c.ways) > 0:
		return "   " + e.waysIn(c.ways, w-4)
	case c.mistake == nil && value != "":
		return "   " + e.theme.faint.of(e.fit(e.words.Filter(c.filter), max(w-4, 0)))
	}
	return ""
}

// unfinished reports whether what is wrong is in the word that is being typed.
func (c *contacts) unfinished() bool {
	value := c.field.value()
	return c.mistake.Offset >= strings.LastIndexAny(value, " (")+1
}

// waysIn lists in w cells how the last word may go on: what is typed once the key is
// pressed first.
func (e *env) waysIn(ways []string, w int) string {
	if len(ways) == 0 {
		return ""
	}
	before := e.keys.takeWay.Help().Key + " "
	text, used := e.theme.dim.of(before), e.width(before)
	for i, way := range ways {
		last := e.clean(strings.TrimSpace(way[people.LastWord(strings.TrimSpace(way)):]))
		if wide := e.width(last) + 2; used+wide > w && i > 0 {
			break
		} else if used+wide > w {
			last = e.fit(last, max(w-used-2, 0))
		}
		ink := e.theme.faint
		if i == 0 {
			ink = e.theme.info
		}
		text += ink.of(last) + "  "
		used += e.width(last) + 2
	}
	return text
}
