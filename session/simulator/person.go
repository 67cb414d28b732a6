package simulator

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.mau.fi/libsignal/keys/prekey"
	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
)

// phone is a simulated handset, of a person or of one of our numbers. The
// service's lock guards it.
type phone struct {
	s       *Service
	who     *Person
	pn, lid string   // who's
	account *account // nil for a person's

	handset    *handset
	generation int

	late     []func() // receipts that come after the next one
	off      bool
	held     []func()             // what it does when it is on again
	shown    map[string]time.Time // number and message id → when it came
	deleted  map[string]bool      // of these, and of what is still to come: what is gone for everyone
	count    map[string]int       // number → messages that it sent
	optedOut map[string]bool      // the numbers that they asked to stop
	polls    map[string][]byte    // our account and message id → the secret of a poll that it has
}

func newPhone(s *Service, who *Person) *phone {
	return &phone{
		s: s, who: who, pn: who.Phone, lid: who.LID,
		shown: make(map[string]time.Time), deleted: make(map[string]bool),
		count: make(map[string]int), optedOut: make(map[string]bool), polls: make(map[string][]byte),
	}
}

// signal returns the phone's keys and sessions, made when they are first needed.
func (p *phone) signal() *handset {
	if p.handset == nil {
		p.handset = newHandset(p.s.cfg.Seed, p.lid, p.generation)
	}
	return p.handset
}

// do runs f now, or when the phone is on again.
func (p *phone) do(f func()) {
	if p.off {
		p.held = append(p.held, f)
		return
	}
	f()
}

func (p *phone) turn(on bool) {
	p.off = !on
	if on {
		held := p.held
		p.held = nil
		for _, f := range held {
			f()
		}
	}
}

// takes says how long a person takes for what naturally lasts d.
func (s *Service) takes(d time.Duration) time.Duration {
	switch {
	case s.cfg.Speed < 0:
		return 0
	case s.cfg.Speed == 0:
		return d
	}
	return time.Duration(float64(d) / s.cfg.Speed)
}

// receive is a message that reached the service for the phone and that it could
// decrypt. It shows it when it gets it, confirms, and a person may read and
// answer.
func (p *phone) receive(c *companion, id string, message *waE2E.Message) {
	number := c.account.pn
	r := p.s.world.react(p.who, number, p.count[number])
	if _, again := p.shown[number+" "+id]; !again {
		p.count[number]++
	}
	p.s.after(p.s.takes(r.Delivered), func() {
		p.do(func() { p.show(c, id, message, r) })
	})
}

func (p *phone) show(c *companion, id string, message *waE2E.Message, r reaction) {
	key := c.account.pn + " " + id
	_, again := p.shown[key]
	p.confirm(c, id, "")
	if again || p.deleted[key] {
		return // folded into the one that is there, or into what is left of it
	}
	p.shown[key] = time.Now()
	poll := pollIn(message)
	if poll != nil {
		p.polls[c.account.phone.lid+" "+id] = message.GetMessageContextInfo().GetMessageSecret()
	}
	p.s.ledger.saw(Seen{
		Time: time.Now(), Person: e164(p.pn), Number: e164(c.account.pn), ID: id, Text: textIn(message), Poll: poll, Timer: timerIn(message),
	})
	if p.account != nil || r.Read == 0 {
		return // nobody looks at our own phones
	}
	p.s.after(p.s.takes(r.Read), func() {
		p.do(func() { p.consider(c, id, poll, r) })
	})
}

// consider is the moment in which the person looks at a message.
func (p *phone) consider(c *companion, id string, poll *Poll, r reaction) {
	number := c.account.pn
	if p.deleted[number+" "+id] {
		return // there is nothing to look at any more
	}
	p.confirm(c, id, "read")
	if r.Reply == 0 || p.optedOut[number] {
		return
	}
	p.optedOut[number] = r.OptsOut
	p.s.after(p.s.takes(r.Reply), func() {
		p.do(func() {
			if r.Reveals {
				p.s.reveal(p.who)
			}
			if poll == nil || r.OptsOut {
				p.write(c.account, r.Text)
			} else if _, err := p.vote(c.account, id, Ballot{Options: p.choose(poll, number, id)}); err != nil {
				p.s.log.Error("a person cannot vote", "err", err)
			}
		})
	})
}

// confirm sends a receipt for a message: delivered or "read".
func (p *phone) confirm(c *companion, id, kind string) {
	attrs := wire.Attrs{"id": id, "t": p.s.stamp()}
	if kind != "" {
		attrs["type"] = kind
	}
	p.giveReceipt(c, attrs)
}

// write sends a text from the phone to every client of an own account.
func (p *phone) write(a *account, text string) (id string) {
	return p.say(a, a.timers[p.lid].text(text), nil)
}

// token is what the service tells a client about a person who wrote to it: with
// the token, later messages to them are not a new chat.
func (p *phone) token() wire.Node {
	from := p.pnJID()
	if p.s.world.hidden(p.who) {
		from = p.lidJID()
	}
	return wire.Node{
		Tag: "notification",
		Attrs: wire.Attrs{
			"type": "privacy_token", "from": from, "sender_lid": p.lidJID(), "id": p.s.id("token-"), "t": p.s.stamp(),
		},
		Content: []wire.Node{{Tag: "tokens", Content: []wire.Node{{
			Tag: "token", Attrs: wire.Attrs{"type": "trusted_contact", "t": p.s.stamp()}, Content: []byte("token of " + p.lid),
		}}}},
	}
}

// send encrypts a message for one companion and pushes it. again is the retry
// receipt that asked for it once more.
func (p *phone) send(c *companion, id string, message *waE2E.Message, again *wire.Node) {
	if again != nil {
		p.signal().forget(c.lid())
	}
	p.sendAs(c, id, message, p.envelope(c, id), again)
}

// sendWith is send with more on the envelope.
func (p *phone) sendWith(c *companion, id string, message *waE2E.Message, more wire.Attrs) {
	attrs := p.envelope(c, id)
	maps.Copy(attrs, more)
	p.sendAs(c, id, message, attrs, nil)
}

// envelope is what the service reads of a message to a companion.
func (p *phone) envelope(c *companion, id string) wire.Attrs {
	attrs := wire.Attrs{"id": id, "t": p.s.stamp(), "type": "text", "notify": p.who.PushName}
	if p.account == c.account {
		attrs["from"], attrs["category"] = p.pnJID(), "peer"
		if len(c.account.before) > 0 { // its clients know it by its old number
			attrs["from"] = p.lidJID()
		}
		delete(attrs, "notify")
	} else {
		attrs["from"], attrs["addressing_mode"] = p.lidJID(), "lid"
		if !p.s.world.hidden(p.who) {
			attrs["sender_pn"] = p.pnJID()
		}
	}
	return attrs
}

func (p *phone) sendAs(c *companion, id string, message *waE2E.Message, attrs wire.Attrs, again *wire.Node) {
	enc, err := p.signal().encrypt(c.lid(), func() (*prekey.Bundle, error) { return c.bundle(again) }, message)
	if err != nil {
		p.s.log.Error("a phone cannot encrypt", "err", err)
		return
	}
	if again != nil {
		retry := again.GetChildByTag("retry")
		enc.Attrs["count"] = textOf(&retry, "count")
	}
	if c.sent == nil {
		c.sent = make(map[string]sent)
	}
	c.sent[id] = sent{p, message}
	c.push(wire.Node{Tag: "message", Attrs: attrs, Content: []wire.Node{enc}})
}

// sent is a message to a companion that it may not be able to decrypt.
type sent struct {
	from    *phone
	message *waE2E.Message
}

// peer sends a message from our own phone to one of its companions, and returns
// its id.
func (a *account) peer(c *companion, message *waE2E.Message) (id string) {
	id = a.phone.s.id("3EB0PEER")
	a.phone.send(c, id, message, nil)
	return id
}

// bundle returns the keys for writing to a companion: those of a retry receipt
// if it has some, else what the client uploaded.
func (c *companion) bundle(retry *wire.Node) (*prekey.Bundle, error) {
	if retry != nil {
		if k, ok := retry.GetOptionalChildByTag("keys"); ok {
			once, err := readKey(k.GetChildByTag("key"))
			if err != nil {
				return nil, err
			}
			signed, err := readKey(k.GetChildByTag("skey"))
			if err != nil {
				return nil, err
			}
			return clientBundle(c.lid(), c.registration, c.identity, once, signed), nil
		}
	}
	return clientBundle(c.lid(), c.registration, c.identity, c.takeKey(), c.signed), nil
}

// takeKey takes one of the client's one-time keys, and tells it when few are
// left.
func (c *companion) takeKey() *keys.PreKey {
	if len(c.once) == 0 {
		return nil
	}
	key := c.once[0]
	c.once = c.once[1:]
	if len(c.once) == fewKeys {
		c.push(wire.Node{
			Tag:     "notification",
			Attrs:   wire.Attrs{"from": types.ServerJID, "type": "encrypt", "id": c.account.phone.s.id("keys-"), "t": c.account.phone.s.stamp()},
			Content: []wire.Node{{Tag: "count", Attrs: wire.Attrs{"value": strconv.Itoa(fewKeys)}}},
		})
	}
	return key
}

// fewKeys is how many one-time keys are left when the client is told.
const fewKeys = 3

// readKey reads a public prekey, signed or not.
func readKey(n wire.Node) (*keys.PreKey, error) {
	id, value := bytesOf(n.GetChildByTag("id")), bytesOf(n.GetChildByTag("value"))
	if len(id) != 3 || len(value) != 32 {
		return nil, fmt.Errorf("a prekey is malformed")
	}
	key := &keys.PreKey{KeyID: binary.BigEndian.Uint32(append([]byte{0}, id...)), KeyPair: keys.KeyPair{Pub: (*[32]byte)(value)}}
	if signature := bytesOf(n.GetChildByTag("signature")); len(signature) == 64 {
		key.Signature = (*[64]byte)(signature)
	}
	return key, nil
}

// askAgain is what a phone does with a message that it cannot decrypt.
func (p *phone) askAgain(c *companion, id string, count int) {
	h := p.signal()
	bundle := h.bundle()
	kept := bundle[1:] // without the registration id, which goes beside
	c.push(wire.Node{
		Tag:   "receipt",
		Attrs: wire.Attrs{"type": "retry", "id": id, "from": p.lidJID(), "t": p.s.stamp()},
		Content: []wire.Node{
			{Tag: "retry", Attrs: wire.Attrs{"count": strconv.Itoa(count), "id": id, "t": p.s.stamp(), "v": "1"}},
			bundle[0],
			{Tag: "keys", Content: kept},
		},
	})
}

// People lists everybody, the unregistered ones included, in an order that the
// seed decides. Numbers are written with their plus.
func (s *Service) People() []Person {
	people := s.world.people()
	out := make([]Person, len(people))
	for i, p := range people {
		out[i] = *p
		out[i].Phone = e164(p.Phone)
		if p.Alias != "" {
			out[i].Alias = e164(p.Alias)
		}
	}
	return out
}

// Say lets a person write a text to one of our numbers, also while no client is
// linked to it: then only the history of its phone tells. It returns the id of
// the message.
func (s *Service) Say(person, own, text string) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, a, err := s.between(person, own)
	if err != nil {
		return "", err
	}
	return p.write(a, text), nil
}

// SetPersonPhone turns a person's phone off or on. Messages wait for it.
func (s *Service) SetPersonPhone(person string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.phoneOf(digits(person))
	if p == nil {
		return fmt.Errorf("%s has no WhatsApp", person)
	}
	p.turn(on)
	return nil
}

// Reinstall gives a person new keys, as a new phone does: what is encrypted for
// the old ones cannot be read, and their phone asks for it again.
func (s *Service) Reinstall(person string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.phoneOf(digits(person))
	if p == nil {
		return fmt.Errorf("%s has no WhatsApp", person)
	}
	p.generation++
	p.handset = nil
	return nil
}

// profile is what the service knows of a number without asking its phone.
type profile struct {
	who     *Person
	pn, lid string
	devices []uint16
}

func (s *Service) profileFor(who *Person, known bool) (profile, bool) {
	if !known || !who.Registered {
		return profile{}, false
	}
	devices := []uint16{0}
	if a := s.accounts[who.Phone]; a != nil {
		devices = a.devices()
	}
	return profile{who, who.Phone, who.LID, devices}, true
}

// profileOf finds a registered number, by any of its spellings. The lock must be
// held.
func (s *Service) profileOf(pn string) (profile, bool) { return s.profileFor(s.world.phone(pn)) }

// profileAt finds the account of an address, by number or hidden name.
func (s *Service) profileAt(j types.JID) (profile, bool) {
	if j.Server == types.HiddenUserServer {
		return s.profileFor(s.world.lid(j.User))
	}
	return s.profileOf(j.User)
}

// phoneOf returns the phone of a registered number, made when it is first
// needed.
func (s *Service) phoneOf(pn string) *phone { return s.phoneFor(s.profileOf(pn)) }

func (s *Service) phoneFor(at profile, known bool) *phone {
	if !known {
		return nil
	}
	p := s.phones[at.lid]
	if p == nil {
		p = newPhone(s, at.who)
		s.phones[at.lid] = p
	}
	return p
}

// phoneAt returns the phone of an address.
func (s *Service) phoneAt(j types.JID) *phone { return s.phoneFor(s.profileAt(j)) }

// textIn returns what a person reads of a message: its text, or the caption of
// its attachment.
func textIn(m *waE2E.Message) string {
	for _, t := range []string{
		m.GetConversation(), m.GetExtendedTextMessage().GetText(), m.GetImageMessage().GetCaption(),
		m.GetVideoMessage().GetCaption(), m.GetDocumentMessage().GetCaption(),
		m.GetDocumentWithCaptionMessage().GetMessage().GetDocumentMessage().GetCaption(), m.GetPollCreationMessage().GetName(),
	} {
		if t != "" {
			return t
		}
	}
	kinds := []struct {
		word    string
		present bool
	}{
		{"image", m.GetImageMessage() != nil}, {"video", m.GetVideoMessage() != nil},
		{"audio", m.GetAudioMessage() != nil}, {"document", m.GetDocumentMessage() != nil}, {"vote", m.GetPollUpdateMessage() != nil},
	}
	var words []string
	for _, k := range kinds {
		if k.present {
			words = append(words, "["+k.word+"]")
		}
	}
	return strings.Join(slices.Compact(words), " ")
}
