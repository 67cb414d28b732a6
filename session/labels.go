package session

import (
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waSyncAction"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/campaign/people"
)

// The labels of WhatsApp Business, which people give to chats on the phone, are
// tags in the book. We only read them.

// notLabels are lists of the phone's own that come as labels do.
var notLabels = map[waSyncAction.LabelEditAction_ListType]bool{
	waSyncAction.LabelEditAction_UNREAD: true, waSyncAction.LabelEditAction_GROUPS: true,
	waSyncAction.LabelEditAction_FAVORITES: true, waSyncAction.LabelEditAction_COMMUNITY: true,
	waSyncAction.LabelEditAction_DRAFTED: true, waSyncAction.LabelEditAction_AI_HANDOFF: true,
	waSyncAction.LabelEditAction_CHANNELS: true,
}

// labelEdit is a label that was made, renamed or deleted.
func labelEdit(id string, a *waSyncAction.LabelEditAction) (people.LabelChange, bool) {
	change := people.LabelChange{ID: id, Name: people.ClipTag(fitting(a.GetName()))}
	if a.GetDeleted() || notLabels[a.GetType()] {
		change.Name = ""
	}
	return change, id != "" && len(id) <= longestLabel
}

// longestLabel is how long the id of a label may be. Real ones are small numbers.
const longestLabel = 32

// labelChat is a chat that was given a label, or has lost it.
func (c *client) labelChat(id string, jid types.JID, a *waSyncAction.LabelAssociationAction) (people.LabelChange, bool) {
	if !personal(jid) || id == "" || len(id) > longestLabel {
		return people.LabelChange{}, false
	}
	return people.LabelChange{ID: id, Who: c.person(c.ctx, jid, types.EmptyJID, "", people.NoName), On: a.GetLabeled()}, true
}

// labelled is told that labels have changed.
func (c *client) labelled(event any) {
	var change people.LabelChange
	ok := false
	switch e := event.(type) {
	case *events.LabelEdit:
		change, ok = labelEdit(e.LabelID, e.Action)
	case *events.LabelAssociationChat:
		change, ok = c.labelChat(e.LabelID, e.JID, e.Action)
	}
	if !ok {
		return
	}
	c.labels.Lock()
	defer c.labels.Unlock()
	c.relabelled++
	if err := c.number.pool.book.Labels(c.number.id, false, []people.LabelChange{change}); err != nil {
		c.number.log.Error("write down a label", "err", err)
		c.jobs.put(c.chats)
	}
}

// chatsTries is how often what the phone shares of its chats is read when it changes
// meanwhile.
const chatsTries = 5

// chats writes down all that our phone shares about its chats: their labels, and
// the phones of people who have shown them.
func (c *client) chats() {
	for range chatsTries {
		c.labels.Lock()
		before := c.relabelled
		c.labels.Unlock()
		entries, err := c.collection(appstate.WAPatchRegular)
		if err != nil {
			c.number.log.Warn("read what the phone shares of its chats", "err", err)
			return
		}
		var shown []people.Seen
		var changes []people.LabelChange
		for _, m := range entries {
			if seen, ok := c.shared(m.Index, m.Action); ok {
				shown = append(shown, seen)
			}
			var change people.LabelChange
			ok := false
			switch {
			case m.Index[0] == appstate.IndexLabelEdit && len(m.Index) > 1:
				change, ok = labelEdit(m.Index[1], m.Action.GetLabelEditAction())
			case m.Index[0] == appstate.IndexLabelAssociationChat && len(m.Index) > 2:
				if jid, err := types.ParseJID(m.Index[2]); err == nil {
					change, ok = c.labelChat(m.Index[1], jid, m.Action.GetLabelAssociationAction())
				}
			}
			if ok {
				changes = append(changes, change)
			}
		}
		c.saw(shown...)
		if c.relabel(before, changes) {
			return
		}
	}
}

// relabel gives the book all the labels, unless one has changed since they were
// read.
func (c *client) relabel(before int, changes []people.LabelChange) bool {
	c.labels.Lock()
	defer c.labels.Unlock()
	if c.relabelled != before {
		return false
	}
	if err := c.number.pool.book.Labels(c.number.id, true, changes); err != nil {
		c.number.log.Error("write down the labels", "count", len(changes), "err", err)
	}
	return true
}

// catchUpLabels reads the labels of a link of which the book has not been told
// them.
func (c *client) catchUpLabels() {
	if known, err := c.number.pool.book.LabelsKnown(c.number.id); err != nil || known {
		return
	}
	version, _, err := c.dev.AppState.GetAppStateVersion(c.ctx, string(appstate.WAPatchRegular))
	if err == nil && version > 0 { // else they are on their way
		c.chats()
	}
}
