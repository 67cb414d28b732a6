package simulator

import (
	"slices"
	"strconv"
	"time"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/types"
)

// greet answers a client that has finished the handshake: a new one is offered
// a link, a linked one is let in or not.
func (l *link) greet(g *greeted) {
	s := l.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.ended {
		return
	}
	if s.outdated(g.client) {
		l.end(failure(405, 0, 0), false)
		return
	}
	if d := g.client.GetDevicePairingData(); d != nil {
		if v := s.judge(event{kind: Login}); v != nil && l.refuseLogin(v) {
			return
		}
		if !sound(d) {
			l.end(failure(400, 0, 0), false)
			return
		}
		l.offer(g)
		return
	}
	l.login(g.client, g.key)
}

// login lets in a companion that has the key with which it was linked. The lock
// must be held.
func (l *link) login(payload *waWa6.ClientPayload, key [32]byte) {
	s := l.s
	pn := strconv.FormatUint(payload.GetUsername(), 10)
	v := s.judge(event{kind: Login, number: pn})
	if v != nil && l.refuseLogin(v) {
		return
	}
	a := s.ownAccount(pn)
	for _, other := range s.accounts {
		if a == nil && slices.Contains(other.before, pn) {
			a = other
		}
	}
	if a == nil {
		l.end(failure(401, 0, 0), false)
		return
	}
	if v != nil && (v.Do == Ban || v.Do == Restrict) {
		a.strike(v)
	}
	if left := time.Until(a.banned); left > 0 {
		l.end(failure(402, a.banCode, left), false)
		return
	}
	c := a.companions[uint16(payload.GetDevice())]
	if c == nil || c.noise != key {
		l.end(failure(401, 0, 0), false)
		return
	}
	if c.link != nil {
		c.link.end(streamError("", "replaced"), false)
	}
	c.link, l.companion = l, c
	s.ledger.login(LoggedIn{Time: time.Now(), Number: e164(a.pn)})
	success := wire.Attrs{"lid": c.lid(), "props": "27", "creation": "1577836800", "location": "gru"}
	if !s.timeless {
		success["t"] = s.stamp()
	}
	l.say(wire.Node{Tag: "success", Attrs: success})
}

// refuseLogin carries out a fault at login and reports whether the client is
// kept out.
func (l *link) refuseLogin(r *Rule) bool {
	switch r.Do {
	case Refuse:
		l.end(failure(r.Code, r.BanCode, r.Expire), r.AtOnce)
	case StreamError:
		l.end(streamError(strconv.Itoa(r.Code), r.Conflict), r.AtOnce)
	case Silence:
		l.ended = true // it is not let in, and whatever it says is not heard
	case DropBefore, DropAfter:
		l.drop()
	case Garbage, NoStanza, Nonsense:
		l.garbage(r)
		return false
	default:
		return false
	}
	return true
}

// failure is the stanza that refuses a login.
func failure(reason, banCode int, expire time.Duration) wire.Node {
	attrs := wire.Attrs{"reason": strconv.Itoa(reason), "location": "gru"}
	if banCode != 0 {
		attrs["code"] = strconv.Itoa(banCode)
	}
	if expire > 0 {
		attrs["expire"] = strconv.Itoa(int((expire + time.Second - 1) / time.Second))
	}
	return wire.Node{Tag: "failure", Attrs: attrs}
}

// activate hands over what waited and lets the phone introduce itself. The lock
// must be held.
func (c *companion) activate() {
	if c.link == nil || c.link.active {
		return
	}
	c.flush()
	if !c.synced && !c.link.s.cfg.Quiet {
		c.synced = true
		c.account.phone.do(func() { c.account.introduce(c) })
	}
}

// introduce is what the phone sends to a new companion: the keys of the address
// book, and the history. The lock must be held.
func (a *account) introduce(c *companion) {
	if a.companions[c.device] != c {
		return
	}
	a.peer(c, appStateKeyShare(a))
	a.tellChats(c)
	a.sendHistory(c, a.phone.s.cfg.HistoryBlobs, a.phone.s.cfg.HistoryBlobSize)
}

// pnJID and lidJID are the phone itself.
func (p *phone) pnJID() types.JID  { return types.NewJID(p.pn, types.DefaultUserServer) }
func (p *phone) lidJID() types.JID { return types.NewJID(p.lid, types.HiddenUserServer) }
