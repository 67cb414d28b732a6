package simulator

import (
	"maps"
	"slices"
	"strconv"
	"time"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// pushed is a stanza for a companion that it has not acknowledged yet. It is
// sent again over the next link.
type pushed struct {
	key  string
	node wire.Node
}

// pushKey names a stanza by what its acknowledgement repeats of it.
func pushKey(class, id string, from any, kind string) string {
	if class == "message" {
		kind = ""
	}
	address := ""
	if jid, ok := from.(types.JID); ok {
		address = jid.String()
	}
	return class + " " + id + " " + address + " " + kind
}

// push sends a stanza to a companion, now if it is connected and else as soon as
// it is, and again until it acknowledges it. The lock must be held.
func (c *companion) push(n wire.Node) {
	c.waiting = append(c.waiting, pushed{pushKey(n.Tag, textOf(&n, "id"), n.Attrs["from"], textOf(&n, "type")), n})
	if c.link != nil && c.link.active {
		c.link.say(n)
	}
}

// flush sends everything that waited, marked as such, between the two marks that
// say how much it is and that it was all. A fault may make each of them late, or
// keep the last mark back. The lock must be held.
func (c *companion) flush() {
	fault := c.account.phone.s.judge(event{kind: Waiting, number: c.account.pn})
	due := time.Now()
	say := func(n wire.Node) {
		if fault != nil && fault.Do == Late {
			due = due.Add(fault.Delay)
		}
		c.link.sayAt(n, due)
	}
	count := map[string]int{}
	for _, p := range c.waiting {
		count[p.node.Tag]++
	}
	total := strconv.Itoa(len(c.waiting))
	c.link.say(wire.Node{Tag: "ib", Attrs: wire.Attrs{"from": types.ServerJID}, Content: []wire.Node{{
		Tag: "offline_preview", Attrs: wire.Attrs{
			"count": total, "appdata": "0", "message": strconv.Itoa(count["message"]),
			"notification": strconv.Itoa(count["notification"]), "receipt": strconv.Itoa(count["receipt"]),
		},
	}}})
	for i, p := range c.waiting {
		n := p.node
		n.Attrs = maps.Clone(n.Attrs)
		n.Attrs["offline"] = strconv.Itoa(i)
		say(n)
	}
	c.link.active = true
	if fault != nil && fault.Do == Silence {
		return
	}
	say(wire.Node{Tag: "ib", Attrs: wire.Attrs{"from": types.ServerJID}, Content: []wire.Node{{
		Tag: "offline", Attrs: wire.Attrs{"count": total},
	}}})
}

// acknowledged strikes out what an <ack> names. The lock must be held.
func (c *companion) acknowledged(n *wire.Node) {
	c.confirmed(pushKey(textOf(n, "class"), textOf(n, "id"), n.Attrs["to"], textOf(n, "type")))
}

// confirmed strikes out what the client has confirmed. Of what a person wrote the
// ledger is told.
func (c *companion) confirmed(key string) {
	for _, p := range c.waiting {
		if p.key != key || p.node.Tag != "message" || p.node.Attrs["addressing_mode"] == nil {
			continue
		}
		from, _ := p.node.Attrs["from"].(types.JID)
		if who, known := c.account.phone.s.profileAt(from); known {
			c.account.phone.s.ledger.confirmed(Confirmed{
				Time: time.Now(), Person: e164(who.pn), Number: e164(c.account.pn), ID: textOf(&p.node, "id"),
			})
		}
	}
	c.strike(key)
}

// strike removes a stanza from what waits.
func (c *companion) strike(key string) {
	if i := slices.IndexFunc(c.waiting, func(p pushed) bool { return p.key == key }); i >= 0 {
		c.waiting = slices.Delete(c.waiting, i, i+1)
	}
	if len(c.waiting) == 0 && c.acked != nil {
		close(c.acked)
		c.acked = nil
	}
}
