package simulator

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
)

// codeRounds is how often the code is hashed into a key.
const codeRounds = 2 << 16

// codePairing is a client that waits for its code to be typed into the phone.
type codePairing struct {
	pn      string
	ref     []byte
	wrapped []byte // the client's one-time key, under the code

	// Once the code was typed:
	ephemeral *keys.KeyPair // the phone's
	theirs    []byte        // the client's, if the code was right
	done      chan error
}

// EnterCode types the code that a client shows, like "ABCD-1234", into the phone with
// the given number and waits until the client is linked, or asked for a passkey
// when linking needs one. The error is ErrCode if no client waits for that number
// or the code is another one.
func (s *Service) EnterCode(phone, code string) error {
	pn := digits(phone)
	s.mu.Lock()
	l := s.waitingForCode(pn)
	var wrapped []byte
	if l != nil {
		wrapped = l.pairing.code.wrapped
	}
	s.mu.Unlock()
	if l == nil {
		return ErrCode
	}
	code = strings.ToUpper(strings.ReplaceAll(code, "-", ""))
	theirs, err := underCode(code, wrapped[:32], wrapped[32:48], wrapped[48:])
	if err != nil {
		return err
	}
	ephemeral := keys.NewKeyPair()
	sealed := make([]byte, 48, 80)
	_, _ = rand.Read(sealed) // never fails
	ours, err := underCode(code, sealed[:32], sealed[32:48], ephemeral.Pub[:])
	if err != nil {
		return err
	}
	s.mu.Lock()
	if l.ended || l.pairing.code == nil {
		s.mu.Unlock()
		return ErrCode
	}
	a, err := s.account(pn)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	p := l.pairing.code
	p.ephemeral, p.theirs, p.done = ephemeral, theirs, make(chan error, 1)
	done := p.done
	l.say(wire.Node{
		Tag:   "notification",
		Attrs: wire.Attrs{"from": types.ServerJID, "type": "link_code_companion_reg", "id": s.id("code-"), "t": s.stamp()},
		Content: []wire.Node{{Tag: "link_code_companion_reg", Attrs: wire.Attrs{"stage": "primary_hello"}, Content: []wire.Node{
			{Tag: "link_code_pairing_wrapped_primary_ephemeral_pub", Content: append(sealed, ours...)},
			{Tag: "primary_identity_pub", Content: a.phone.signal().identity.Pub[:]},
			{Tag: "link_code_pairing_ref", Content: p.ref},
		}}},
	})
	s.mu.Unlock()
	if err := s.await(done); err != nil {
		return err
	}
	s.mu.Lock()
	done = l.pairing.done
	s.mu.Unlock()
	return s.await(done)
}

func (s *Service) waitingForCode(pn string) *link {
	for l := range s.links {
		if l.pairing != nil && !l.ended && l.pairing.code != nil && l.pairing.code.pn == pn {
			return l
		}
	}
	return nil
}

// underCode seals or opens a key with what a code is stretched to.
func underCode(code string, salt, iv, data []byte) ([]byte, error) {
	key, err := pbkdf2.Key(sha256.New, code, salt, codeRounds, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(data))
	cipher.NewCTR(block, iv).XORKeyStream(out, data)
	return out, nil
}

// codeStep answers the two queries with which a client links by a code.
func (l *link) codeStep(n *wire.Node, _ *Rule) wire.Node {
	id := textOf(n, "id")
	step := n.GetChildByTag("link_code_companion_reg")
	if l.pairing == nil {
		return refusal(id, "400", usualText(400))
	}
	switch textOf(&step, "stage") {
	case "companion_hello":
		jid, isJID := step.Attrs["jid"].(types.JID)
		wrapped := bytesOf(step.GetChildByTag("link_code_pairing_wrapped_companion_ephemeral_pub"))
		if !isJID || len(wrapped) != 80 {
			return refusal(id, "400", usualText(400))
		}
		l.pairing.code = &codePairing{pn: jid.User, ref: []byte(random(24)), wrapped: wrapped}
		return result(id, wire.Node{Tag: "link_code_companion_reg", Attrs: wire.Attrs{"stage": "companion_hello"}, Content: []wire.Node{
			{Tag: "link_code_pairing_ref", Content: l.pairing.code.ref},
		}})
	case "companion_finish":
		p := l.pairing.code
		if p == nil || p.done == nil {
			return refusal(id, "400", usualText(400))
		}
		secret, err := l.pairing.secret(bytesOf(step.GetChildByTag("link_code_pairing_wrapped_key_bundle")), l.s)
		if err == nil {
			_, err = l.introduce(p.pn, secret)
		}
		select {
		case p.done <- err:
		default:
		}
		if err != nil {
			return refusal(id, "400", usualText(400))
		}
		return result(id)
	}
	return refusal(id, "400", usualText(400))
}

// secret opens the client's last word and agrees with it on the secret that
// proves the link.
func (p *pairing) secret(wrapped []byte, s *Service) ([]byte, error) {
	if len(wrapped) < 44 {
		return nil, ErrCode
	}
	shared, err := sharedSecret(p.code.ephemeral, p.code.theirs)
	if err != nil {
		return nil, ErrCode
	}
	key, err := hkdf.Key(sha256.New, shared, wrapped[:32], "link_code_pairing_key_bundle_encryption_key", 32)
	if err != nil {
		return nil, err
	}
	bundle, err := mustAEAD(key).Open(nil, wrapped[32:44], wrapped[44:], nil)
	if err != nil || len(bundle) != 96 || !bytes.Equal(bundle[:32], p.data.GetEIdent()) {
		return nil, fmt.Errorf("%w: another code was typed", ErrCode)
	}
	a, err := s.account(p.code.pn)
	if err != nil {
		return nil, err
	}
	identities, err := sharedSecret(a.phone.signal().identity, bundle[:32])
	if err != nil {
		return nil, err
	}
	return hkdf.Key(sha256.New, bytes.Join([][]byte{shared, identities, bundle[64:]}, nil), nil, "adv_secret", 32)
}
