package simulator

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waCompanionReg"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/hkdfutil"
	"go.mau.fi/whatsmeow/util/keys"
	"google.golang.org/protobuf/proto"
)

// passkeyTime is how long the service waits for the owner to use the passkey of
// the account.
const passkeyTime = 10 * time.Minute

// passkeyPairing is a client that must show, after the scan, that it has the
// passkey of the account. The client, here the companion, and the phone, the
// primary, then agree on a key; over it the client sends the secret with which
// the phone vouches for it.
type passkeyPairing struct {
	account   *account
	challenge []byte // what the passkey must sign
	handoff   []byte // proves that the client that comes back is the one that was scanned
	ref       string // names this try

	// Once the passkey was used:
	companion  *waCompanionReg.CompanionEphemeralIdentity
	sealed     []byte // companion, as it was sent
	commitment []byte // to the nonce that the client still keeps to itself
	primary    *keys.KeyPair
	nonce      []byte // the phone's

	code     string // what the phone shows, once the client has told its nonce
	rejected bool   // their owner says that the codes differ
}

// RequirePasskey makes every link from now on need a passkey, or no longer:
// after the scan, or after the code was typed, the client is asked to sign
// something with the passkey of the account, and is linked when it has done so.
// Without an answer the service breaks the connection after ten minutes.
func (s *Service) RequirePasskey(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passkeys = on
}

// PasskeyCode returns the code, like "ABCD-1234", that the phone of a number
// shows while a client is linking with a passkey. There is one once the client
// shows its own.
func (s *Service) PasskeyCode(phone string) (code string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.passkeyOf(phone)
	if k == nil {
		return "", false
	}
	return k.code, k.code != ""
}

// RejectPasskey says on the phone of a number that the code is not the one that
// the client shows: whatever that client tries next is refused. The error is
// ErrCode when no client is linking with a passkey.
func (s *Service) RejectPasskey(phone string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.passkeyOf(phone)
	if k == nil {
		return ErrCode
	}
	k.rejected = true
	return nil
}

// passkeyOf finds the client that is linking to a number with a passkey.
func (s *Service) passkeyOf(phone string) *passkeyPairing {
	a := s.ownAccount(phone)
	for l := range s.links {
		if l.pairing != nil && !l.ended && l.pairing.passkey != nil && l.pairing.passkey.account == a {
			return l.pairing.passkey
		}
	}
	return nil
}

// askPasskey demands the passkey from a client that a phone has scanned. The
// lock must be held.
func (l *link) askPasskey(a *account, secret []byte) {
	k := &passkeyPairing{
		account: a, challenge: randomBytes(32), ref: random(24),
		handoff: hkdfutil.SHA256(secret, nil, []byte("shortcake-passkey-handoff-v1"), 32),
	}
	l.pairing.passkey, l.pairing.account = k, a
	l.say(wire.Node{
		Tag:     "notification",
		Attrs:   wire.Attrs{"from": types.ServerJID, "type": "passkey_prologue_request", "id": l.s.id("passkey-"), "t": l.s.stamp()},
		Content: []wire.Node{k.options()},
	})
	l.s.after(passkeyTime, func() {
		if l.pairing.success == "" {
			l.drop()
		}
	})
}

// options says what the passkey is to sign, in the form that browsers take.
func (k *passkeyPairing) options() wire.Node {
	data, err := json.Marshal(passkeyOptions{
		Challenge: base64.RawURLEncoding.EncodeToString(k.challenge), Timeout: int(passkeyTime / time.Millisecond),
		RelyingParty: relyingParty, Allowed: []allowedCredential{}, Verification: "required",
		Extensions: map[string]any{"uvm": true},
	})
	if err != nil {
		panic(fmt.Sprintf("write the options of a passkey: %v", err)) // our own types
	}
	return wire.Node{Tag: "passkey_request_options", Content: data}
}

// passkeyStep answers the queries with which a client links with a passkey:
// "ref", "passkey_request_options", "passkey_prologue", "companion_nonce" and
// "encrypted_pairing_request", in this order. The lock must be held.
func (l *link) passkeyStep(n *wire.Node, _ *Rule) wire.Node {
	id, step := textOf(n, "id"), n.GetChildren()[0]
	if l.pairing == nil || l.pairing.passkey == nil {
		return refusal(id, "400", usualText(400))
	}
	k := l.pairing.passkey
	if k.rejected {
		return refusal(id, "403", usualText(403))
	}
	var err error
	switch step.Tag {
	case "ref":
		return result(id, wire.Node{Tag: "ref", Content: []byte(k.ref)})
	case "passkey_request_options":
		return result(id, k.options())
	case "passkey_prologue":
		err = l.passkeyPrologue(k, step)
	case "companion_nonce":
		err = k.show(bytesOf(step))
	case "encrypted_pairing_request":
		err = l.passkeyRequest(k, bytesOf(step))
	}
	if err != nil {
		l.s.log.Warn("a link with a passkey is refused", "step", step.Tag, "err", err)
		return refusal(id, "403", usualText(403))
	}
	return result(id)
}

// passkeyPrologue checks what the passkey signed and lets the phone answer with
// its half of the key.
func (l *link) passkeyPrologue(k *passkeyPairing, step wire.Node) error {
	payload := bytesOf(step.GetChildByTag("prologue_payload"))
	if err := l.s.passkey().verify(bytesOf(step.GetChildByTag("credential_id")), bytesOf(step.GetChildByTag("webauthn_assertion")), k.challenge); err != nil {
		return fmt.Errorf("the passkey: %w", err)
	}
	if proof, has := step.GetOptionalChildByTag("pairing_handoff_proof"); has && !hmac.Equal(bytesOf(proof), mac(sha256.New, k.handoff, payload)) {
		return errors.New("the client is not the one that was scanned")
	}
	prologue, companion := new(waCompanionReg.ProloguePayload), new(waCompanionReg.CompanionEphemeralIdentity)
	if err := proto.Unmarshal(payload, prologue); err != nil {
		return err
	}
	if err := proto.Unmarshal(prologue.GetCompanionEphemeralIdentity(), companion); err != nil {
		return err
	}
	if len(companion.GetPublicKey()) != 32 || companion.GetRef() != k.ref {
		return errors.New("the client's half of the key is malformed or of another try")
	}
	k.companion, k.sealed, k.commitment = companion, prologue.GetCompanionEphemeralIdentity(), prologue.GetCommitment().GetHash()
	k.primary, k.nonce, k.code = keys.NewKeyPair(), randomBytes(32), ""
	identity := marshal(&waCompanionReg.PrimaryEphemeralIdentity{PublicKey: k.primary.Pub[:], Nonce: k.nonce})
	l.say(wire.Node{
		Tag:     "notification",
		Attrs:   wire.Attrs{"from": types.ServerJID, "type": "crsc_continuation", "id": l.s.id("passkey-"), "t": l.s.stamp()},
		Content: []wire.Node{{Tag: "primary_ephemeral_identity", Content: identity}},
	})
	return nil
}

// pairingCodes is how the service writes its codes.
var pairingCodes = base32.NewEncoding("123456789ABCDEFGHJKLMNPQRSTVWXYZ")

// show checks that the client kept to its nonce and computes the code.
func (k *passkeyPairing) show(nonce []byte) error {
	if k.companion == nil || len(nonce) != 32 {
		return errors.New("a nonce comes too early or is malformed")
	}
	if sum := sha256.Sum256(bytes.Join([][]byte{k.sealed, nonce}, nil)); !hmac.Equal(sum[:], k.commitment) {
		return errors.New("the nonce is not the one that the client had chosen")
	}
	sum := sha256.Sum256(bytes.Join([][]byte{nonce, k.primary.Pub[:]}, nil))
	code := make([]byte, 5)
	for i := range code {
		code[i] = k.nonce[i] ^ sum[i]
	}
	text := pairingCodes.EncodeToString(code)
	k.code = text[:4] + "-" + text[4:]
	return nil
}

// passkeyRequest opens what the client has sealed for the phone, and the phone
// vouches for it.
func (l *link) passkeyRequest(k *passkeyPairing, sealed []byte) error {
	if k.code == "" || l.pairing.success != "" {
		return errors.New("the request comes too early or twice")
	}
	wrapped, request := new(waCompanionReg.EncryptedPairingRequest), new(waCompanionReg.PairingRequest)
	if err := proto.Unmarshal(sealed, wrapped); err != nil {
		return err
	}
	shared, err := sharedSecret(k.primary, k.companion.GetPublicKey())
	if err != nil {
		return err
	}
	salt := fmt.Sprintf("Companion Pairing %d with ref %s", k.companion.GetDeviceType(), k.ref)
	aead := mustAEAD(hkdfutil.SHA256(shared, []byte(salt), []byte("Pairing Information Encryption Key"), 32))
	if len(wrapped.GetIV()) != aead.NonceSize() {
		return errors.New("the request is malformed")
	}
	plain, err := aead.Open(nil, wrapped.GetIV(), wrapped.GetEncryptedPayload(), nil)
	if err != nil {
		return fmt.Errorf("open the request: %w", err)
	}
	if err := proto.Unmarshal(plain, request); err != nil {
		return err
	}
	if !bytes.Equal(request.GetCompanionPublicKey(), l.pairing.noise[:]) || !bytes.Equal(request.GetCompanionIdentityKey(), l.pairing.data.GetEIdent()) {
		return errors.New("the request is of another client")
	}
	_, err = l.vouch(k.account, request.GetAdvSecret())
	return err
}

// randomBytes makes n bytes that nobody can guess.
func randomBytes(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.Read(data) // never fails
	return data
}
