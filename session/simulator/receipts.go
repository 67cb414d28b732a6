package simulator

import (
	"time"

	wire "go.mau.fi/whatsmeow/binary"
)

// heldTime is how long a receipt waits at most for the one that is to come
// before it.
const heldTime = time.Minute

// giveReceipt sends a receipt of the phone to a companion, or does to it what a
// fault demands. The lock must be held.
func (p *phone) giveReceipt(c *companion, attrs wire.Attrs) {
	attrs["from"] = p.lidJID()
	n := wire.Node{Tag: "receipt", Attrs: attrs}
	fault := p.s.judge(event{kind: Receipt, number: c.account.pn, to: []string{p.pn}})
	if fault == nil {
		fault = new(Rule)
	}
	switch fault.Do {
	case Silence:
		return
	case Late:
		p.s.after(fault.Delay, func() { c.push(n) })
		return
	case Reorder:
		p.late = append(p.late, func() { c.push(n) })
		p.s.after(heldTime, p.giveLate)
		return
	case ByPhone:
		if !p.s.world.hidden(p.who) {
			attrs["from"] = p.pnJID()
		}
	case Duplicate:
		c.push(n)
	}
	c.push(n)
	p.giveLate()
}

// giveLate sends the receipts that were held back.
func (p *phone) giveLate() {
	late := p.late
	p.late = nil
	for _, give := range late {
		give()
	}
}

// Confirm lets a person send one receipt for messages, whether they got them or
// not, of a kind that the service knows: "" for delivered, "read", "played",
// "inactive", "sender".
func (s *Service) Confirm(person, own, kind string, ids ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, a, err := s.between(person, own)
	if err != nil || len(ids) == 0 {
		return err
	}
	n := wire.Node{Tag: "receipt", Attrs: wire.Attrs{"id": ids[0], "from": p.lidJID(), "t": s.stamp()}}
	if kind != "" {
		n.Attrs["type"] = kind
	}
	if len(ids) > 1 {
		var items []wire.Node
		for _, id := range ids[1:] {
			items = append(items, wire.Node{Tag: "item", Attrs: wire.Attrs{"id": id}})
		}
		n.Content = []wire.Node{{Tag: "list", Content: items}}
	}
	for _, c := range a.linked() {
		c.push(n)
	}
	return nil
}

// AskAgain lets a person ask for a message that they cannot read, whether it was
// sent to them or not.
func (s *Service) AskAgain(person, own, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, a, err := s.between(person, own)
	if err != nil {
		return err
	}
	for _, c := range a.linked() {
		p.askAgain(c, id, 1)
	}
	return nil
}
