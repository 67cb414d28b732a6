package simulator

import (
	"slices"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/types"
)

// revokeWithin is how long after a message phones delete it for everyone; how long
// real ones do is not written down, and about two days.
const revokeWithin = 60 * time.Hour

// revokes is the message of the sender that a message deletes for everyone, in the
// chat with the phone that gets it; empty: it deletes none. The stanza must say what it is, or the
// service and the phones take it for something else. to is nil for a copy to the
// sender's own phone.
func (m *letter) revokes(to *phone, message *waE2E.Message) string {
	p := message.GetProtocolMessage()
	if p == nil || p.Type == nil || p.GetType() != waE2E.ProtocolMessage_REVOKE || textOf(m.node, "edit") != string(types.EditAttributeSenderRevoke) {
		return ""
	}
	chat, err := types.ParseJID(p.GetKey().GetRemoteJID())
	if err != nil || !p.GetKey().GetFromMe() || to != nil && chat != to.lidJID() && chat != to.pnJID() {
		return ""
	}
	return p.GetKey().GetID()
}

// forget is a message that reached the service for the phone and deletes an earlier
// one. It confirms it as any other; one that it deletes before it has come is not
// shown when it comes.
func (p *phone) forget(c *companion, id, target string) {
	number := c.account.pn
	r := p.s.world.react(p.who, number, p.count[number])
	p.s.after(p.s.takes(r.Delivered), func() {
		p.do(func() {
			p.confirm(c, id, "")
			key := number + " " + target
			at, shown := p.shown[key]
			if p.deleted[key] || shown && time.Since(at) > revokeWithin {
				return
			}
			p.deleted[key] = true
			if shown {
				p.s.ledger.lost(Deleted{Time: time.Now(), Person: e164(p.pn), Number: e164(number), ID: target})
			}
		})
	})
}

// forget takes a message out of what the phone of an account tells later.
func (a *account) forget(with, id string) {
	if a.talk == nil {
		return
	}
	a.talk[with] = slices.DeleteFunc(a.talk[with], func(m *waHistorySync.HistorySyncMsg) bool {
		return m.GetMessage().GetKey().GetID() == id
	})
}
