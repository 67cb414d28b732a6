package simulator

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.mau.fi/libsignal/ecc"
	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waAdv"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
	"google.golang.org/protobuf/proto"
)

// A client that is not linked gets six references for its QR codes: the first
// is good for a minute, the others for twenty seconds each. Then the service
// closes the connection.
const (
	references = 6
	pairTime   = time.Minute + (references-1)*20*time.Second
)

// scanTime is how long a phone waits for the client to answer.
const scanTime = time.Minute

// The signatures of linking cover these bytes and what they vouch for.
var (
	accountSignaturePrefix = []byte{6, 0}
	deviceSignaturePrefix  = []byte{6, 1}
)

// Errors of Scan, ScanAs and EnterCode.
var (
	// ErrCode says that the text is not a QR code of this service, or that the
	// client that showed it is gone.
	ErrCode = errors.New("the code is unknown or has expired")
	// ErrRefused says that the client did not accept the link.
	ErrRefused = errors.New("the client refused the link")
)

// pairing is a client that is not linked yet.
type pairing struct {
	refs  []string
	data  *waWa6.ClientPayload_DevicePairingRegistrationData
	noise [32]byte
	query string // the id of pair-device

	// While a phone is linking it:
	success string // the id of pair-success
	account *account
	device  uint16
	details []byte
	done    chan error // how it ended; one place, so that telling never waits

	code    *codePairing    // linking by a code instead of the QR
	passkey *passkeyPairing // linking needs a passkey as well
}

// offer greets a client that is not linked with references for its QR codes.
// The lock must be held.
func (l *link) offer(g *greeted) {
	s := l.s
	p := &pairing{data: g.client.GetDevicePairingData(), noise: g.key, query: s.id("pair-")}
	l.pairing = p
	refs := make([]wire.Node, 0, references)
	for range references {
		ref := "2@" + random(48)
		p.refs = append(p.refs, ref)
		s.offers[ref] = l
		refs = append(refs, wire.Node{Tag: "ref", Content: []byte(ref)})
	}
	l.say(wire.Node{
		Tag:     "iq",
		Attrs:   wire.Attrs{"from": types.ServerJID, "type": "set", "id": p.query, "xmlns": "md"},
		Content: []wire.Node{{Tag: "pair-device", Content: refs}},
	})
	s.after(pairTime, func() {
		if p.success == "" && p.passkey == nil {
			l.drop()
		}
	})
}

// abandon forgets a client that went away before it was linked. The lock must
// be held.
func (p *pairing) abandon(s *Service) {
	for _, ref := range p.refs {
		delete(s.offers, ref)
	}
	p.tell(ErrRefused)
}

// tell ends the wait of the phone that scanned.
func (p *pairing) tell(err error) {
	if p.done != nil {
		select {
		case p.done <- err:
		default:
		}
	}
}

// Scan lets a new phone scan the text of a QR code and links the client that
// shows it. It returns the number of the phone, "+5511…", once the client has
// accepted. The error is ErrCode or ErrRefused. When linking needs a passkey, it
// returns as soon as the client is asked for it.
func (s *Service) Scan(code string) (phone string, err error) { return s.ScanAs(code, "") }

// ScanAs is Scan with the phone of the given number, which may be linked
// already: the client becomes one more of its devices. An empty number is a new
// phone.
func (s *Service) ScanAs(code, phone string) (string, error) {
	scanned, err := readQR(code)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	l := s.offers[scanned.ref]
	if l == nil || l.ended || !bytes.Equal(scanned.noise, l.pairing.noise[:]) || !bytes.Equal(scanned.identity, l.pairing.data.GetEIdent()) {
		s.mu.Unlock()
		return "", ErrCode
	}
	done, err := l.introduce(digits(phone), scanned.secret)
	if err != nil {
		s.mu.Unlock()
		return "", err
	}
	phone = e164(l.pairing.account.pn)
	s.mu.Unlock()
	if err := s.await(done); err != nil {
		return "", err
	}
	return phone, nil
}

// ScanWithOldPhone lets a phone scan a code that is too old to link clients: the
// client is told so and can still be linked by the same code. The error is
// ErrCode.
func (s *Service) ScanWithOldPhone(code string) error {
	scanned, err := readQR(code)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.offers[scanned.ref]
	if l == nil || l.ended {
		return ErrCode
	}
	l.say(wire.Node{Tag: "ib", Attrs: wire.Attrs{"from": types.ServerJID}, Content: []wire.Node{{Tag: "downgrade_webclient"}}})
	return nil
}

// RotateQR makes every client that shows a QR code put a new secret in it: what
// was shown before links nobody.
func (s *Service) RotateQR() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.links {
		if l.pairing != nil && !l.ended {
			l.say(wire.Node{
				Tag:     "notification",
				Attrs:   wire.Attrs{"from": types.ServerJID, "type": "companion_reg_refresh", "id": s.id("refresh-"), "t": s.stamp()},
				Content: []wire.Node{{Tag: "pair-device-rotate-qr"}},
			})
		}
	}
}

// await waits until a link has come about.
func (s *Service) await(done <-chan error) error {
	timeout := time.NewTimer(scanTime)
	defer timeout.Stop()
	select {
	case err := <-done:
		return err
	case <-timeout.C:
		return fmt.Errorf("%w: it does not answer", ErrRefused)
	case <-s.ctx.Done():
		return ErrCode
	}
}

// qr is what a QR code says.
type qr struct {
	ref                     string
	noise, identity, secret []byte
}

// readQR takes a QR code apart. It is an address with the fields behind "#", or
// in older clients just the fields: reference, Noise key, identity key, secret
// and, lately, the kind of client.
func readQR(code string) (qr, error) {
	_, text, found := strings.Cut(code, "#")
	if !found {
		text = code
	}
	parts := strings.Split(strings.TrimSpace(text), ",")
	if len(parts) < 4 {
		return qr{}, ErrCode
	}
	out := qr{ref: parts[0]}
	for i, into := range []*[]byte{&out.noise, &out.identity, &out.secret} {
		data, err := base64.StdEncoding.DecodeString(parts[i+1])
		if err != nil || len(data) != 32 {
			return qr{}, ErrCode
		}
		*into = data
	}
	return out, nil
}

// introduce links a client to the phone of the given number, or asks it for a
// passkey first. The lock must be held; the channel tells how it went.
func (l *link) introduce(pn string, secret []byte) (<-chan error, error) {
	s, p := l.s, l.pairing
	if p.success != "" || p.passkey != nil {
		return nil, ErrCode
	}
	a, err := s.account(pn)
	if err != nil {
		return nil, err
	}
	if s.passkeys {
		l.askPasskey(a, secret)
		p.done = make(chan error, 1)
		p.done <- nil
		return p.done, nil
	}
	return l.vouch(a, secret)
}

// vouch is what the phone of an account says for a client that has shown it the
// secret. The lock must be held; the channel tells how it went.
func (l *link) vouch(a *account, secret []byte) (_ <-chan error, err error) {
	s, p := l.s, l.pairing
	a.lastDevice++
	p.account, p.device = a, a.lastDevice
	p.success, p.done = s.id("pair-"), make(chan error, 1)
	h := a.phone.signal()
	p.details, err = proto.Marshal(&waAdv.ADVDeviceIdentity{
		RawID: proto.Uint32(h.registration), Timestamp: proto.Uint64(uint64(time.Now().Unix())), KeyIndex: proto.Uint32(uint32(p.device)),
		AccountType: waAdv.ADVEncryptionType_E2EE.Enum(), DeviceType: waAdv.ADVEncryptionType_E2EE.Enum(),
	})
	if err != nil {
		return nil, err
	}
	signature := ecc.CalculateSignature(ecc.NewDjbECPrivateKey(*h.identity.Priv), bytes.Join([][]byte{accountSignaturePrefix, p.details, p.data.GetEIdent()}, nil))
	signed, err := proto.Marshal(&waAdv.ADVSignedDeviceIdentity{
		Details: p.details, AccountSignatureKey: h.identity.Pub[:], AccountSignature: signature[:],
	})
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(signed)
	container, err := proto.Marshal(&waAdv.ADVSignedDeviceIdentityHMAC{
		Details: signed, HMAC: mac.Sum(nil), AccountType: waAdv.ADVEncryptionType_E2EE.Enum(),
	})
	if err != nil {
		return nil, err
	}
	c := &companion{account: a, device: p.device}
	l.say(wire.Node{
		Tag:   "iq",
		Attrs: wire.Attrs{"from": types.ServerJID, "type": "set", "id": p.success, "xmlns": "md", "t": s.stamp()},
		Content: []wire.Node{{Tag: "pair-success", Content: []wire.Node{
			{Tag: "device-identity", Content: container},
			{Tag: "device", Attrs: wire.Attrs{"jid": c.jid(), "lid": c.lid()}},
			{Tag: "platform", Attrs: wire.Attrs{"name": "android"}},
		}}},
	})
	return p.done, nil
}

// answered hears the client's answer to a query of the service. The lock must be
// held.
func (l *link) answered(n *wire.Node) {
	p := l.pairing
	if p == nil || p.success == "" || textOf(n, "id") != p.success {
		return
	}
	if e, bad := n.GetOptionalChildByTag("error"); bad {
		p.tell(fmt.Errorf("%w: %s", ErrRefused, textOf(&e, "text")))
		return
	}
	sign := n.GetChildByTag("pair-device-sign", "device-identity")
	if err := p.verify(bytesOf(sign)); err != nil {
		p.tell(fmt.Errorf("%w: %w", ErrRefused, err))
		l.drop()
		return
	}
	c := &companion{
		account: p.account, device: p.device, noise: p.noise, identity: [32]byte(p.data.GetEIdent()),
		registration: binary.BigEndian.Uint32(p.data.GetERegid()), signed: p.signedKey(), accepted: make(map[string]string), told: make(map[string]piece),
	}
	p.account.companions[p.device] = c
	p.tell(nil)
	l.end(streamError("515", ""), false) // the client comes back and logs in
}

// verify checks that the client signed what the phone vouched for.
func (p *pairing) verify(identity []byte) error {
	var signed waAdv.ADVSignedDeviceIdentity
	if err := proto.Unmarshal(identity, &signed); err != nil {
		return err
	}
	if len(signed.GetDeviceSignature()) != 64 || !bytes.Equal(signed.GetDetails(), p.details) {
		return errors.New("the signature is missing")
	}
	h := p.account.phone.signal()
	covered := bytes.Join([][]byte{deviceSignaturePrefix, p.details, p.data.GetEIdent(), h.identity.Pub[:]}, nil)
	if !ecc.VerifySignature(ecc.NewDjbECPublicKey([32]byte(p.data.GetEIdent())), covered, [64]byte(signed.GetDeviceSignature())) {
		return errors.New("the signature is wrong")
	}
	return nil
}

// signedKey is the signed prekey that the client registered with.
func (p *pairing) signedKey() *keys.PreKey {
	public, signature := [32]byte(p.data.GetESkeyVal()), [64]byte(p.data.GetESkeySig())
	id := binary.BigEndian.Uint32(append([]byte{0}, p.data.GetESkeyID()...))
	return &keys.PreKey{KeyPair: keys.KeyPair{Pub: &public}, KeyID: id, Signature: &signature}
}

// sound reports whether the client registered with keys of the right sizes.
func sound(d *waWa6.ClientPayload_DevicePairingRegistrationData) bool {
	return len(d.GetERegid()) == 4 && len(d.GetEIdent()) == 32 && len(d.GetESkeyID()) == 3 && len(d.GetESkeyVal()) == 32 && len(d.GetESkeySig()) == 64
}
