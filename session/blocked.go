package session

import (
	"context"
	"time"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/campaign/people"
)

// A person who is blocked on the phone is never written to. The service tells the
// list when it is asked, and every change by itself; what the book knows from
// before holds until then.

// askBlocked is for how long the list is waited for.
const askBlocked = 30 * time.Second

// fetchBlocked asks for the list. An answer that a change has overtaken is no
// answer: the question is asked again.
func (c *client) fetchBlocked() {
	for range 3 {
		if c.line() != nil {
			return // asked for again with the next connection
		}
		changes := c.blocks.Load()
		ctx, cancel := context.WithTimeout(c.ctx, askBlocked)
		list, err := c.cli.GetBlocklist(ctx)
		cancel()
		if err != nil {
			c.number.log.Warn("ask who is blocked", "err", err)
			return
		}
		if c.blocks.Load() != changes {
			continue
		}
		blocked := make([]people.Seen, 0, len(list.JIDs))
		for _, jid := range list.JIDs {
			if personal(jid) {
				blocked = append(blocked, c.person(c.ctx, jid, types.EmptyJID, "", people.NoName))
			}
		}
		if err := c.number.pool.book.SetBlocked(c.number.id, blocked); err != nil {
			c.number.log.Error("write down who is blocked", "err", err)
		}
		return
	}
}

// blocked writes down what changed on the list. A change that is not told one by
// one is asked for.
func (c *client) blocked(e *events.Blocklist) bool {
	c.blocks.Add(1)
	for _, change := range e.Changes {
		if !personal(change.JID) {
			continue
		}
		who := c.person(c.ctx, change.JID, types.EmptyJID, "", people.NoName)
		if err := c.number.pool.book.Block(c.number.id, who, change.Action == events.BlocklistChangeActionBlock); err != nil {
			c.number.log.Error("write down who is blocked", "err", err)
			return false
		}
	}
	if e.Action == events.BlocklistActionModify || len(e.Changes) == 0 {
		c.jobs.put(c.fetchBlocked)
	}
	return true
}
