package simulator

import (
	"crypto/sha256"
	"fmt"
	"time"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/util/gcmutil"
	"go.mau.fi/whatsmeow/util/hkdfutil"
	"google.golang.org/protobuf/proto"
)

// say sends a message from the phone to every client of an own account. Like a
// real one it carries a secret, with which what is to be changed in it later is
// sealed.
func (p *phone) say(a *account, message *waE2E.Message, attrs wire.Attrs) (id string) {
	id = p.s.nextID()
	if message.GetMessageContextInfo().GetMessageSecret() == nil {
		message = proto.CloneOf(message)
		if message.MessageContextInfo == nil {
			message.MessageContextInfo = new(waE2E.MessageContextInfo)
		}
		message.MessageContextInfo.MessageSecret = p.secretOf(id)
	}
	a.remember(p.who, false, id, message)
	p.deliver(a, id, message, attrs)
	return id
}

// nextID is the id of the next message of a phone.
func (s *Service) nextID() string {
	s.lastID++
	return fmt.Sprintf("3A%018X", s.lastID)
}

// deliver brings a message of the phone to every client of an own account.
func (p *phone) deliver(a *account, id string, message *waE2E.Message, attrs wire.Attrs) {
	p.s.ledger.wrote(Said{Time: time.Now(), Person: e164(p.pn), Number: e164(a.pn), ID: id, Text: textIn(message)})
	first := !a.wrote[p.lid]
	a.wrote[p.lid] = true
	for _, c := range a.linked() {
		if first {
			c.push(p.token())
		}
		p.sendWith(c, id, message, attrs)
	}
}

// secretOf is the secret of one of the phone's messages.
func (p *phone) secretOf(id string) []byte {
	secret := sha256.Sum256(fmt.Appendf(nil, "recado secret %d %s %s", p.s.cfg.Seed, p.lid, id))
	return secret[:]
}

// Seal is how an edit is closed.
type Seal int

// The ways.
const (
	Open       Seal = iota
	Sealed          // with the secret of the message that it changes, as phones do since May 2026
	SealedBare      // the same, and inside is the new message alone
)

// edit is the message that changes an earlier one of the phone.
func (p *phone) edit(a *account, id string, to *waE2E.Message, seal Seal) (*waE2E.Message, error) {
	key := &waCommon.MessageKey{RemoteJID: proto.String(a.phone.lidJID().String()), FromMe: proto.Bool(true), ID: &id}
	change := &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Key: key, Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), EditedMessage: to, TimestampMS: proto.Int64(time.Now().UnixMilli()),
	}}
	switch seal {
	case Open:
		return &waE2E.Message{EditedMessage: &waE2E.FutureProofMessage{Message: change}}, nil
	case SealedBare:
		change = to
	}
	plain, err := proto.Marshal(change)
	if err != nil {
		return nil, fmt.Errorf("seal an edit: %w", err)
	}
	who := p.lidJID().String()
	nonce := sha256.Sum256(fmt.Appendf(nil, "recado nonce %d", p.s.lastID))
	cipher, err := gcmutil.Encrypt(hkdfutil.SHA256(p.secretOf(id), nil, []byte(id+who+who+"Message Edit"), 32), nonce[:12], plain, nil)
	if err != nil {
		return nil, fmt.Errorf("seal an edit: %w", err)
	}
	return &waE2E.Message{SecretEncryptedMessage: &waE2E.SecretEncryptedMessage{
		TargetMessageKey: key, EncPayload: cipher, EncIV: nonce[:12], SecretEncType: waE2E.SecretEncryptedMessage_MESSAGE_EDIT.Enum(),
	}}, nil
}

// between finds the phone of a person and one of our accounts. The lock must be
// held.
func (s *Service) between(person, own string) (*phone, *account, error) {
	a := s.ownAccount(own)
	if a == nil {
		return nil, nil, fmt.Errorf("%s is not one of our numbers", own)
	}
	p := s.phoneOf(digits(person))
	if p == nil {
		return nil, nil, fmt.Errorf("%s has no WhatsApp", person)
	}
	return p, a, nil
}

// SayMessage lets a person send any message to one of our numbers. It returns
// the id of the message.
func (s *Service) SayMessage(person, own string, m *waE2E.Message) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, a, err := s.between(person, own)
	if err != nil {
		return "", err
	}
	return p.say(a, m, nil), nil
}

// Edit lets a person change a text of theirs. It returns the id of the edit.
func (s *Service) Edit(person, own, id, text string, seal Seal) (string, error) {
	return s.EditMessage(person, own, id, &waE2E.Message{Conversation: &text}, seal)
}

// EditMessage is Edit for any message.
func (s *Service) EditMessage(person, own, id string, to *waE2E.Message, seal Seal) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, a, err := s.between(person, own)
	if err != nil {
		return "", err
	}
	m, err := p.edit(a, id, to, seal)
	if err != nil {
		return "", err
	}
	return p.say(a, m, wire.Attrs{"edit": "1"}), nil
}

// SayOnce lets a person send something that may be seen once: their phone
// keeps it from our clients, which are only told that it is there.
func (s *Service) SayOnce(person, own string) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, a, err := s.between(person, own)
	if err != nil {
		return "", err
	}
	id = s.nextID()
	for _, c := range a.linked() {
		c.push(wire.Node{
			Tag: "message", Attrs: p.envelope(c, id),
			Content: []wire.Node{{Tag: "unavailable", Attrs: wire.Attrs{"type": "view_once"}}},
		})
	}
	return id, nil
}
