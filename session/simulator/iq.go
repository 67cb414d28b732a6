package simulator

import (
	"slices"
	"strconv"
	"time"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// answers are the queries that the service understands, by namespace, type and
// first child. Each returns the whole answer. The lock is held.
var answers = map[string]func(l *link, n *wire.Node, fault *Rule) wire.Node{
	"encrypt get count":        (*link).countKeys,
	"encrypt set registration": (*link).storeKeys,
	"encrypt get key":          (*link).giveKeys,
	"usync get usync":          (*link).usync,
	"w:sync:app:state set sync": func(l *link, n *wire.Node, fault *Rule) wire.Node {
		return result(textOf(n, "id"), l.companion.account.app.sync(n.GetChildByTag("sync"), fault.Do == WrongHash))
	},
	"w:m set media_conn": func(_ *link, n *wire.Node, _ *Rule) wire.Node {
		return result(textOf(n, "id"), wire.Node{
			Tag:     "media_conn",
			Attrs:   wire.Attrs{"auth": "simulated", "ttl": "21600", "auth_ttl": "21600", "max_buckets": "12"},
			Content: []wire.Node{{Tag: "host", Attrs: wire.Attrs{"hostname": "mmg.whatsapp.net"}}},
		})
	},
	"privacy get privacy": func(_ *link, n *wire.Node, _ *Rule) wire.Node {
		var settings []wire.Node
		for _, name := range []string{"readreceipts", "last", "online", "profile", "status", "groupadd", "calladd"} {
			settings = append(settings, wire.Node{Tag: "category", Attrs: wire.Attrs{"name": name, "value": "all"}})
		}
		return result(textOf(n, "id"), wire.Node{Tag: "privacy", Content: settings})
	},
	"blocklist get": (*link).blocklist,
	"w:profile:picture get picture": func(_ *link, n *wire.Node, _ *Rule) wire.Node {
		return refusal(textOf(n, "id"), "404", usualText(404))
	},
	"w:mex get query":                (*link).mex,
	"md set remove-companion-device": (*link).removeSelf,
	"md set link_code_companion_reg": (*link).codeStep,

	"md get ref": (*link).passkeyStep, "md get passkey_request_options": (*link).passkeyStep,
	"md set passkey_prologue": (*link).passkeyStep, "md set companion_nonce": (*link).passkeyStep,
	"md set encrypted_pairing_request": (*link).passkeyStep,

	"passive set active":  ok, // activate follows the answer
	"passive set passive": ok,
	"privacy set tokens":  ok,
	"w:p get":             ok,
	"w:p get ping":        ok,
}

// unlinked are the queries that a client may send before it is linked.
var unlinked = []string{
	"md set link_code_companion_reg", "w:p get", "w:p get ping",
	"md get ref", "md get passkey_request_options", "md set passkey_prologue", "md set companion_nonce", "md set encrypted_pairing_request",
}

func ok(_ *link, n *wire.Node, _ *Rule) wire.Node { return result(textOf(n, "id")) }

// query answers a query of the client, or does to it what a fault demands. The
// lock must be held.
func (l *link) query(n *wire.Node) {
	s := l.s
	name := textOf(n, "xmlns") + " " + textOf(n, "type")
	if children := n.GetChildren(); len(children) > 0 {
		name += " " + children[0].Tag
	}
	e := event{kind: Query, query: textOf(n, "xmlns")}
	if l.companion != nil {
		e.number = l.companion.account.pn
	}
	switch name {
	case "usync get usync":
		e.kind, e.to = Usync, s.askedAbout(n.GetChildByTag("usync", "list"))
	case "encrypt get key":
		e.kind, e.to = PreKeys, s.askedAbout(n.GetChildByTag("key"))
	case "w:p get", "w:p get ping":
		e.kind = Ping
	}
	s.ledger.query(Asked{Time: time.Now(), Number: e.number, What: name})
	fault := s.judge(e)
	if fault == nil {
		fault = new(Rule)
	}
	switch fault.Do {
	case DropBefore:
		l.drop()
		return
	case Silence:
		return
	case Garbage, NoStanza, Nonsense:
		l.garbage(fault)
	case Ban, Restrict:
		if l.companion != nil && l.companion.account.strike(fault) {
			return
		}
	case Refuse:
		text := fault.Text
		if text == "" {
			text = usualText(fault.Code)
		}
		l.say(refusal(textOf(n, "id"), strconv.Itoa(fault.Code), text))
		return
	}
	l.reply(fault, l.answer(name, n, fault))
	switch name {
	case "passive set active":
		l.companion.activate()
	case "passive set passive":
		l.active = false
	}
}

// answer carries a query out.
func (l *link) answer(name string, n *wire.Node, fault *Rule) wire.Node {
	f := answers[name]
	if f == nil || l.companion == nil && !slices.Contains(unlinked, name) {
		l.s.didNotUnderstand("iq " + name)
		return result(textOf(n, "id"))
	}
	return f(l, n, fault)
}

// reply sends what answers a stanza that was carried out, or does not.
func (l *link) reply(fault *Rule, answer wire.Node) {
	switch fault.Do {
	case DropAfter:
		l.drop()
	case Silence:
	case StreamError:
		l.end(streamError(codeText(fault.Code), fault.Conflict), fault.AtOnce)
	case Late:
		l.s.after(fault.Delay, func() {
			if !l.ended {
				l.say(answer)
			}
		})
	default:
		l.say(answer)
	}
}

// codeText writes a code; there may be none.
func codeText(code int) string {
	if code == 0 {
		return ""
	}
	return strconv.Itoa(code)
}

// askedAbout lists the numbers that a query is about.
func (s *Service) askedAbout(list wire.Node) []string {
	var out []string
	for _, user := range list.GetChildren() {
		if at, found := s.profileIn(user); found {
			out = append(out, at.pn)
		}
	}
	return out
}

func (l *link) countKeys(n *wire.Node, _ *Rule) wire.Node {
	return result(textOf(n, "id"), wire.Node{Tag: "count", Attrs: wire.Attrs{"value": strconv.Itoa(len(l.companion.once))}})
}

// storeKeys takes the one-time keys that a client uploads.
func (l *link) storeKeys(n *wire.Node, _ *Rule) wire.Node {
	c := l.companion
	list := n.GetChildByTag("list")
	for _, k := range list.GetChildren() {
		key, err := readKey(k)
		if err != nil {
			return refusal(textOf(n, "id"), "406", usualText(406))
		}
		c.once = append(c.once, key)
	}
	signed, err := readKey(n.GetChildByTag("skey"))
	if err != nil || signed.Signature == nil {
		return refusal(textOf(n, "id"), "406", usualText(406))
	}
	c.signed = signed
	return result(textOf(n, "id"))
}

// giveKeys answers who wants to write to devices for the first time.
func (l *link) giveKeys(n *wire.Node, fault *Rule) wire.Node {
	s := l.s
	var users []wire.Node
	asked := n.GetChildByTag("key")
	for _, u := range asked.GetChildren() {
		jid, isJID := u.Attrs["jid"].(types.JID)
		if !isJID {
			continue
		}
		user := wire.Node{Tag: "user", Attrs: wire.Attrs{"jid": jid}}
		at, found := s.profileAt(jid)
		hidden := fault.Do == NoPreKeys && (fault.To == "" && at.pn != l.companion.account.pn || fault.To == at.pn)
		if content := s.keysOf(jid); found && !hidden && content != nil {
			user.Content = content
		} else {
			user.Content = []wire.Node{{Tag: "error", Attrs: wire.Attrs{"code": "404", "text": usualText(404)}}}
		}
		users = append(users, user)
	}
	return result(textOf(n, "id"), wire.Node{Tag: "list", Content: users})
}

// keysOf gives out the bundle of one device; nil if there is none.
func (s *Service) keysOf(device types.JID) []wire.Node {
	p := s.phoneAt(device)
	if p == nil {
		return nil
	}
	if device.Device == 0 {
		return p.signal().bundle()
	}
	if p.account == nil || p.account.companions[device.Device] == nil {
		return nil
	}
	return p.account.companions[device.Device].publicKeys()
}

// publicKeys is the bundle of a companion, as it goes to another client.
func (c *companion) publicKeys() []wire.Node {
	content := bundleHead(c.registration, c.identity)
	if once := c.takeKey(); once != nil {
		content = append(content, keyNode("key", once.KeyID, once.Pub[:], nil))
	}
	return append(content, keyNode("skey", c.signed.KeyID, c.signed.Pub[:], c.signed.Signature[:]))
}

// removeSelf is a client that unlinks itself.
func (l *link) removeSelf(n *wire.Node, _ *Rule) wire.Node {
	a := l.companion.account
	child := n.GetChildByTag("remove-companion-device")
	if jid, isJID := child.Attrs["jid"].(types.JID); isJID {
		if jid.Device == l.companion.device {
			delete(a.companions, jid.Device) // it closes the connection itself
		} else if c := a.companions[jid.Device]; c != nil {
			a.unlink(c)
		}
	}
	return result(textOf(n, "id"))
}
