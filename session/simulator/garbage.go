package simulator

import (
	"strconv"
	"strings"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// garbage says what no service should say, for the actions Garbage, NoStanza and
// Nonsense. The lock must be held.
func (l *link) garbage(r *Rule) {
	switch r.Do {
	case Garbage:
		l.put(outgoing{raw: randomBytes(200), spoilt: true})
	case NoStanza: // the flag of compressed data, and no data
		l.put(outgoing{raw: append([]byte{2}, randomBytes(200)...)})
		l.put(outgoing{raw: []byte{0, 248, 255, 255}})
	case Nonsense:
		for _, tag := range []string{"message", "receipt", "notification", "ib", "iq", "ack", "nonsense"} {
			l.put(outgoing{node: nonsense(tag)})
		}
	}
}

// nonsense is a stanza with a known name in which nothing is as it should be.
func nonsense(tag string) wire.Node {
	attrs := wire.Attrs{
		"from": "not an address", "to": types.ServerJID, "participant": "@@@", "recipient": "1:2:3@lid", "sender_pn": "-1@s.whatsapp.net",
		"id": strings.Repeat("9", 300), "t": "the day before", "type": "\x1b[31m", "code": "NaN", "count": "-1", "offline": "ten",
		"notify": "\u202e\r\n", "edit": "99", "category": "peer", "addressing_mode": "none", "class": "first", "phash": "3:",
	}
	for i := range 40 {
		attrs["x"+strconv.Itoa(i)] = strings.Repeat("\u0000y", i)
	}
	child := wire.Node{Tag: "enc", Attrs: wire.Attrs{"v": "two", "type": "plain", "count": "many"}, Content: []byte{0}}
	return wire.Node{Tag: tag, Attrs: attrs, Content: []wire.Node{
		child, {Tag: "list", Content: []wire.Node{{Tag: "item"}, {Tag: "item", Attrs: wire.Attrs{"id": "7"}}}}, {Tag: "participants"}, {Tag: "error"},
	}}
}
