package simulator

import (
	"strconv"
	"strings"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// usync answers what a client asks about other accounts: whether a number has
// WhatsApp, its hidden name, its devices.
func (l *link) usync(n *wire.Node, fault *Rule) wire.Node {
	asked := n.GetChildByTag("usync")
	protocols := make(map[string]bool)
	query := asked.GetChildByTag("query")
	for _, p := range query.GetChildren() {
		protocols[p.Tag] = true
	}
	var users []wire.Node
	list := asked.GetChildByTag("list")
	for _, user := range list.GetChildren() {
		users = append(users, l.usyncUser(user, protocols, fault))
	}
	attrs := wire.Attrs{}
	for _, name := range []string{"sid", "mode", "context", "index", "last"} {
		if v := textOf(&asked, name); v != "" {
			attrs[name] = v
		}
	}
	return result(textOf(n, "id"), wire.Node{Tag: "usync", Attrs: attrs, Content: []wire.Node{{Tag: "list", Content: users}}})
}

// profileIn finds the account that a <user> of a query means.
func (s *Service) profileIn(user wire.Node) (profile, bool) {
	if contact, has := user.GetOptionalChildByTag("contact"); has {
		return s.profileOf(dialled(contact))
	}
	jid, _ := user.Attrs["jid"].(types.JID)
	return s.profileAt(jid)
}

// dialled reads the number of a <contact>: "+5511987654321@c.us".
func dialled(contact wire.Node) string {
	number, _, _ := strings.Cut(string(bytesOf(contact)), "@")
	return digits(number)
}

func (l *link) usyncUser(user wire.Node, protocols map[string]bool, fault *Rule) wire.Node {
	at, found := l.s.profileIn(user)
	out := wire.Node{Tag: "user", Attrs: wire.Attrs{}}
	var content []wire.Node
	if contact, has := user.GetOptionalChildByTag("contact"); has {
		answer := wire.Node{Tag: "contact", Attrs: wire.Attrs{"type": "out"}, Content: bytesOf(contact)}
		out.Attrs["jid"] = types.NewJID(dialled(contact), types.DefaultUserServer)
		switch {
		case !found:
		case fault.Do == NoLID || fault.Do == NoNames:
			answer.Attrs["type"], answer.Content = "in", nil
			out.Attrs["jid"] = types.NewJID(at.pn, types.DefaultUserServer)
		default:
			answer.Attrs["type"] = "in"
			out.Attrs["jid"] = types.NewJID(at.lid, types.HiddenUserServer)
			out.Attrs["pn_jid"] = types.NewJID(at.pn, types.DefaultUserServer)
		}
		content = append(content, answer)
	} else {
		out.Attrs["jid"] = user.Attrs["jid"] // the client looks the answer up by what it asked
	}
	if found && protocols["lid"] && fault.Do != NoNames {
		content = append(content, wire.Node{Tag: "lid", Attrs: wire.Attrs{"val": types.NewJID(at.lid, types.HiddenUserServer)}})
	}
	if protocols["devices"] {
		content = append(content, wire.Node{Tag: "devices", Content: []wire.Node{{
			Tag: "device-list", Content: l.deviceNodes(at, found, fault),
		}}})
	}
	if found && protocols["status"] {
		content = append(content, wire.Node{Tag: "status", Content: []byte("Olá! Eu uso o WhatsApp.")})
	}
	if found && protocols["username"] && at.who.Username != "" {
		content = append(content, wire.Node{Tag: "username", Content: []byte(at.who.Username)})
	}
	out.Content = content
	return out
}

func (l *link) deviceNodes(at profile, found bool, fault *Rule) []wire.Node {
	own := at.pn == l.companion.account.pn
	if !found || fault.Do == NoDevices && (fault.To == "" && !own || fault.To == at.pn) {
		return nil
	}
	nodes := make([]wire.Node, 0, len(at.devices))
	for _, id := range at.devices {
		nodes = append(nodes, wire.Node{Tag: "device", Attrs: wire.Attrs{"id": strconv.Itoa(int(id)), "is_hosted": "false"}})
	}
	return nodes
}
