package simulator

import (
	"fmt"
	"maps"
	"slices"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// Block blocks a person on our own phone, or lifts that, and tells the clients.
func (o Own) Block(person string, on bool) error {
	return o.block(person, on, func(c *companion, address types.JID) {
		action := "unblock"
		if on {
			action = "block"
		}
		c.tellBlocklist(wire.Node{
			Tag: "blocklist", Attrs: wire.Attrs{"dhash": o.s.id("d"), "prev_dhash": "0"},
			Content: []wire.Node{{Tag: "item", Attrs: wire.Attrs{"jid": address, "action": action}}},
		})
	})
}

// BlockUntold is Block of which the clients are only told that something has
// changed.
func (o Own) BlockUntold(person string, on bool) error {
	return o.block(person, on, func(c *companion, _ types.JID) {
		c.tellBlocklist(wire.Node{Tag: "blocklist", Attrs: wire.Attrs{"action": "modify", "dhash": o.s.id("d"), "prev_dhash": "0"}})
	})
}

func (o Own) block(person string, on bool, tell func(*companion, types.JID)) error {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	who, known := o.s.world.phone(digits(person))
	if !known {
		return fmt.Errorf("nobody has the number %s", person)
	}
	if o.a.blocked == nil {
		o.a.blocked = make(map[string]types.JID)
	}
	if delete(o.a.blocked, who.LID); on {
		o.a.blocked[who.LID] = lidJID(who)
	}
	for _, c := range o.a.linked() {
		tell(c, lidJID(who))
	}
	return nil
}

// tellBlocklist sends a notice of the list. The lock must be held.
func (c *companion) tellBlocklist(n wire.Node) {
	s := c.account.phone.s
	c.push(wire.Node{
		Tag:     "notification",
		Attrs:   wire.Attrs{"from": c.jid().ToNonAD(), "type": "account_sync", "id": s.id("block-"), "t": s.stamp()},
		Content: []wire.Node{n},
	})
}

// blocklist answers who is blocked. The lock is held.
func (l *link) blocklist(n *wire.Node, _ *Rule) wire.Node {
	a := l.companion.account
	var items []wire.Node
	for _, lid := range slices.Sorted(maps.Keys(a.blocked)) {
		items = append(items, wire.Node{Tag: "item", Attrs: wire.Attrs{"jid": a.blocked[lid]}})
	}
	return result(textOf(n, "id"), wire.Node{Tag: "list", Attrs: wire.Attrs{"dhash": "0"}, Content: items})
}
