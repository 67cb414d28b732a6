package simulator

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
)

// letter is a message stanza of a client while the service handles it.
type letter struct {
	from      *companion
	node      *wire.Node
	id        string
	to        types.JID
	recipient profile
	known     bool // recipient is somebody
	peer      bool // to the own phone, for the machinery
	retry     bool // encrypted once more because somebody asked
	refresh   bool // the acknowledgement asks to look the recipient up again
	entry     Stanza
	after     []func() // what follows once the acknowledgement is on its way
}

// message accepts a message stanza, or does to it what a fault demands. The lock
// must be held.
func (l *link) message(n *wire.Node) {
	s, c := l.s, l.companion
	m := &letter{from: c, node: n, id: textOf(n, "id")}
	m.to, _ = n.Attrs["to"].(types.JID)
	m.recipient, m.known = s.profileAt(m.to)
	_, direct := n.GetOptionalChildByTag("enc")
	m.peer = textOf(n, "category") == "peer"
	m.retry = direct && !m.peer
	m.entry = Stanza{
		Time: time.Now(), From: c.jid().String(), Number: e164(c.account.pn), To: m.to.String(), ID: m.id, Kind: textOf(n, "type"),
	}
	if m.known {
		m.entry.To = e164(m.recipient.pn)
	}
	fault := new(Rule)
	switch {
	case m.peer:
		m.entry.Kind = "peer"
	case m.retry:
		m.entry.Kind = "retry"
	default:
		if r := s.judge(event{kind: Message, number: c.account.pn, to: []string{m.recipient.pn}}); r != nil {
			fault = r
		}
	}
	switch fault.Do {
	case DropBefore:
		l.drop()
		return
	case Garbage, NoStanza, Nonsense:
		l.garbage(fault)
	case Ban, Restrict:
		if c.account.strike(fault) {
			return
		}
	}
	m.refresh = fault.Do == RefreshLID
	if code := s.objection(m, fault); code != 0 {
		m.entry.Error = code
		s.ledger.stanza(m.entry)
		l.say(m.ack(code))
		return
	}
	s.accept(m)
	if m.known && !m.peer && !m.retry {
		c.account.begins(m.recipient.lid)
	}
	s.ledger.stanza(m.entry)
	l.reply(fault, m.ack(0))
	for _, f := range m.after {
		f()
	}
}

// objection returns the code with which the service refuses a message, or 0.
func (s *Service) objection(m *letter, fault *Rule) int {
	switch {
	case fault.Do == Refuse, fault.Do == RefreshLID && fault.Code != 0:
		return fault.Code
	case m.peer || m.retry:
		return 0
	case !m.known:
		return 404
	}
	return m.from.account.objection(m.recipient.lid)
}

// ack is what the service says of a message.
func (m *letter) ack(code int) wire.Node {
	attrs := wire.Attrs{"class": "message", "id": m.id, "from": m.to, "t": m.from.account.phone.s.stamp()}
	if m.refresh {
		attrs["refresh_lid"] = "true"
	}
	if code != 0 {
		attrs["error"] = strconv.Itoa(code)
	} else if hash := m.otherDevices(); hash != "" {
		attrs["phash"] = hash
	}
	return wire.Node{Tag: "ack", Attrs: attrs}
}

// otherDevices returns the hash of the devices that the message should have been
// encrypted for, if they are others than those of its legs. The client then asks
// for the devices again.
func (m *letter) otherDevices() string {
	if !m.known || m.peer || m.retry || len(m.entry.Legs) == 0 {
		return ""
	}
	names := func(lid string, ids []uint16) (out []string) {
		for _, id := range ids {
			out = append(out, types.JID{User: lid, Device: id, Server: types.HiddenUserServer}.ADString())
		}
		return out
	}
	own := m.from.account
	want := names(own.phone.lid, own.devices())
	if m.recipient.lid != own.phone.lid {
		want = append(want, names(m.recipient.lid, m.recipient.devices)...)
	}
	have := []string{m.from.lid().ADString()}
	for _, leg := range m.entry.Legs {
		jid, err := types.ParseJID(leg.Device)
		if err != nil {
			return ""
		}
		have = append(have, jid.ADString())
	}
	slices.Sort(want)
	slices.Sort(have)
	if slices.Equal(want, have) {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(want, "")))
	return "2:" + base64.RawStdEncoding.EncodeToString(sum[:6])
}

// leg is one <enc> and the device it is for.
type leg struct {
	device types.JID
	enc    wire.Node
}

// legs takes the stanza apart.
func (m *letter) legs() []leg {
	if enc, direct := m.node.GetOptionalChildByTag("enc"); direct {
		return []leg{{m.to, enc}}
	}
	var out []leg
	participants := m.node.GetChildByTag("participants")
	for _, to := range participants.GetChildrenByTag("to") {
		jid, isJID := to.Attrs["jid"].(types.JID)
		if enc, has := to.GetOptionalChildByTag("enc"); has && isJID {
			out = append(out, leg{jid, enc})
		}
	}
	return out
}

// accept carries a message to every device it is encrypted for, unless the
// client has handed in the very same bytes before.
func (s *Service) accept(m *letter) {
	legs := m.legs()
	hash := sha256.New()
	for _, g := range legs {
		hash.Write(bytesOf(g.enc))
	}
	print := string(hash.Sum(nil))
	if len(legs) > 0 && m.from.accepted[m.id] == print {
		m.entry.Duplicate = true
		return
	}
	m.from.accepted[m.id] = print
	reached := false
	for _, g := range legs {
		m.entry.Legs = append(m.entry.Legs, Leg{Device: g.device.String(), Type: textOf(&g.enc, "type")})
		entry := &m.entry.Legs[len(m.entry.Legs)-1]
		p := s.phoneAt(g.device)
		switch {
		case p == nil:
			entry.Error = "no such account"
			continue
		case g.device.Device == 0:
			s.carry(m, p, g, entry)
		default:
			s.forward(m, p, g, entry)
		}
		reached = reached || p.lid == m.recipient.lid
	}
	m.entry.Lost = !reached && !m.peer
}

// carry brings a leg to a phone, which decrypts it.
func (s *Service) carry(m *letter, p *phone, g leg, entry *Leg) {
	message, err := p.signal().decrypt(m.from.lid(), entry.Type, bytesOf(g.enc))
	if err != nil {
		entry.Error = err.Error()
		if p.account != m.from.account {
			count, _ := strconv.Atoi(textOf(&g.enc, "count"))
			m.after = append(m.after, func() { p.do(func() { p.askAgain(m.from, m.id, count+1) }) })
		}
		return
	}
	if p.account == m.from.account {
		if m.peer {
			m.request(p, message.GetProtocolMessage())
			return
		}
		m.ownCopy(p, message)
		return
	}
	if id := m.revokes(p, message); id != "" {
		m.entry.Kind, m.entry.Revokes = "revoke", id
		m.after = append(m.after, func() { p.forget(m.from, m.id, id) })
		return
	}
	m.entry.Text, m.entry.Media, m.entry.Timer = textIn(message), s.media.read(message), timerIn(message)
	m.entry.Poll = pollIn(message)
	m.after = append(m.after, func() { p.receive(m.from, m.id, message) })
}

// request is what a client asks of its own phone, which answers when it is on:
// the keys of the address book, whichever it asks for.
func (m *letter) request(p *phone, message *waE2E.ProtocolMessage) {
	if message.GetType() != waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_REQUEST {
		return
	}
	m.after = append(m.after, func() {
		p.do(func() { p.account.peer(m.from, appStateKeyShare(p.account)) })
	})
}

// ownCopy is what our own phone gets of a message that a companion sent.
func (m *letter) ownCopy(p *phone, message *waE2E.Message) {
	copied := message.GetDeviceSentMessage()
	if copied == nil {
		return
	}
	if m.entry.Text == "" {
		m.entry.Text = textIn(copied.GetMessage())
	}
	m.after = append(m.after, func() {
		if id := m.revokes(nil, copied.GetMessage()); id != "" {
			p.account.forget(m.recipient.lid, id)
		} else if m.known {
			p.account.remember(m.recipient.who, true, m.id, copied.GetMessage())
		}
		p.do(func() { p.confirmOwn(m) })
	})
}

// confirmOwn is the receipt with which our own phone says that it has its copy.
func (p *phone) confirmOwn(m *letter) {
	p.giveReceipt(m.from, wire.Attrs{"id": m.id, "recipient": m.to.ToNonAD(), "type": "sender", "t": p.s.stamp()})
}

// forward hands a leg to a client that is linked to one of our numbers.
func (s *Service) forward(m *letter, p *phone, g leg, entry *Leg) {
	if p.account == nil || p.account.companions[g.device.Device] == nil {
		entry.Error = "no such device"
		return
	}
	from := m.from
	attrs := wire.Attrs{"id": m.id, "from": from.lid(), "t": s.stamp(), "type": textOf(m.node, "type")}
	if p.account == from.account {
		attrs["recipient"] = m.to
		if m.known && !s.world.hidden(m.recipient.who) {
			attrs["peer_recipient_pn"] = types.NewJID(m.recipient.pn, types.DefaultUserServer)
		}
	} else {
		attrs["sender_pn"], attrs["addressing_mode"], attrs["notify"] = from.jid(), "lid", from.account.phone.who.PushName
		from.account.wrote[p.lid] = true
		p.account.wrote[from.account.phone.lid] = true
	}
	content := []wire.Node{g.enc}
	if identity, has := m.node.GetOptionalChildByTag("device-identity"); has {
		content = append(content, identity)
	}
	to := p.account.companions[g.device.Device]
	m.after = append(m.after, func() { to.push(wire.Node{Tag: "message", Attrs: attrs, Content: content}) })
}

// receipt hears what a client says of a message that it got. The lock must be
// held.
func (l *link) receipt(n *wire.Node) {
	s, c := l.s, l.companion
	id, kind := textOf(n, "id"), textOf(n, "type")
	to, _ := n.Attrs["to"].(types.JID)
	attrs := wire.Attrs{"class": "receipt", "id": id, "from": to}
	if kind != "" {
		attrs["type"] = kind
	}
	l.say(wire.Node{Tag: "ack", Attrs: attrs})
	if kind == "retry" {
		if m, kept := c.sent[id]; kept {
			c.strike(pushKey("message", id, to, ""))
			m.from.do(func() { m.from.send(c, id, m.message, n) })
			return
		}
	} else {
		delete(c.sent, id)
		c.confirmed(pushKey("message", id, to, ""))
	}
	if kind == "server-error" {
		c.account.tellAgain(c, id)
	}
	s.passOn(c, n, to)
}

// passOn brings a receipt to the client whose message it is about, when that is
// one of ours.
func (s *Service) passOn(c *companion, n *wire.Node, to types.JID) {
	p := s.phoneAt(to)
	if p == nil || p.account == nil || p.account == c.account {
		return
	}
	targets := p.account.linked()
	if to.Device != 0 {
		targets = nil
		if d := p.account.companions[to.Device]; d != nil {
			targets = append(targets, d)
		}
	}
	for _, target := range targets {
		attrs := wire.Attrs{"id": textOf(n, "id"), "from": c.lid(), "t": s.stamp()}
		if kind := textOf(n, "type"); kind != "" {
			attrs["type"] = kind
		}
		target.push(wire.Node{Tag: "receipt", Attrs: attrs, Content: n.Content})
	}
}
