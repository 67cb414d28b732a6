package session

import (
	"context"
	"time"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/campaign/people"
)

// Whoever is blocked on the phone is never written to. The service tells the
// list when it is asked, and every change by itself; what the book knows from
// before holds until then.

// askBlocked is for how long the list is waited for.
const askBlocked = 30 * time.Second

// fetchBlocked asks for the list. An answer that a change has overtaken is no
// answer: the question is asked again.
func (l *link) fetchBlocked() {
	for range 3 {
		if l.line() != nil {
			return // asked for again with the next connection
		}
		changes := l.blocks.Load()
		ctx, cancel := context.WithTimeout(l.ctx, askBlocked)
		list, err := l.cli.GetBlocklist(ctx)
		cancel()
		if err != nil {
			l.number.log.Warn("ask who is blocked", "err", err)
			return
		}
		if l.blocks.Load() != changes {
			continue
		}
		blocked := make([]people.Seen, 0, len(list.JIDs))
		for _, jid := range list.JIDs {
			if personal(jid) {
				blocked = append(blocked, l.person(l.ctx, jid, types.EmptyJID, "", people.NoName))
			}
		}
		if err := l.number.pool.book.SetBlocked(l.number.id, blocked); err != nil {
			l.number.log.Error("write down who is blocked", "err", err)
		}
		return
	}
}

// blocked writes down what changed on the list. A change that is not told one by
// one is asked for.
func (l *link) blocked(e *events.Blocklist) bool {
	l.blocks.Add(1)
	for _, change := range e.Changes {
		if !personal(change.JID) {
			continue
		}
		who := l.person(l.ctx, change.JID, types.EmptyJID, "", people.NoName)
		if err := l.number.pool.book.Block(l.number.id, who, change.Action == events.BlocklistChangeActionBlock); err != nil {
			l.number.log.Error("write down who is blocked", "err", err)
			return false
		}
	}
	if e.Action == events.BlocklistActionModify || len(e.Changes) == 0 {
		l.jobs.put(l.fetchBlocked)
	}
	return true
}
