package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"recado/campaign/people"
	"recado/store"
)

// tagsChangedMsg says that the tags of people have been changed.
type tagsChangedMsg struct {
	change store.Tagging
	err    error
}

// tagThem asks which tags those who are chosen get and lose.
func (c *contacts) tagThem() tea.Cmd {
	e, desk, ids, source := c.e, c.e.app.Desk, c.chosen(), c.field.value()
	if c.marked.Size() > 0 {
		source = ""
	}
	p := newPrompt(e, e.words.n("tags_title", len(ids)), e.t("tags_detail"), e.t("tags_example"), "", func(_ context.Context, text string, _ bool) (func() tea.Cmd, error) {
		add, remove := people.ParseTags(text)
		wait, err := desk.Tag(add, remove, ids, source)
		return func() tea.Cmd {
			c.marked = nil // it has been used
			return c.followTags(func() (store.Waiting, error) { return wait, nil })
		}, err
	})
	p.ways = func(text string) []string { return people.CompleteTags(text, c.vocabulary.Tags, manyWays) }
	return tea.Batch(e.root.push(p), c.learn())
}

// followTags waits for the end of a change of tags.
func (c *contacts) followTags(begin func() (store.Waiting, error)) tea.Cmd {
	ctx := c.e.ctx
	return func() tea.Msg {
		wait, err := begin()
		if err != nil {
			return tagsChangedMsg{err: err}
		}
		change, err := wait(ctx)
		return tagsChangedMsg{change, err}
	}
}

// tagsChanged says what became of a change of tags.
func (c *contacts) tagsChanged(msg tagsChangedMsg) tea.Cmd {
	e := c.e
	if msg.err != nil {
		e.root.say(e.theme.bad, e.fault(msg.err))
		return nil
	}
	text := e.words.n("tags_changed", msg.change.Changed, "Tags", people.TagsText(msg.change.Add, msg.change.Remove))
	if msg.change.Full > 0 {
		text += " " + e.words.n("tags_left", msg.change.Full)
	} else if msg.change.Changed > 0 && !e.app.ReadOnly {
		text += " " + e.t("tags_undo_key", "Key", e.keys.undoTags.Help().Key)
	}
	e.root.say(e.theme.good, text)
	return tea.Batch(e.root.load(), c.find(true))
}

// undoTags asks whether the last change of tags is taken back.
func (c *contacts) undoTags() tea.Cmd {
	e, desk, last := c.e, c.e.app.Desk, c.tagging
	detail := e.words.n("tags_undo_detail", last.People, "Tags", people.TagsText(last.Add, last.Remove))
	return e.root.push(newAsk(e, e.t("tags_undo_ask"), detail, func() tea.Cmd {
		return c.followTags(desk.Untag)
	}))
}
