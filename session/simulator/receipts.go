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
		attrs["from"] = p.pnJID()
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
