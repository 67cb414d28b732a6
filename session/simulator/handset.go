package simulator

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"go.mau.fi/libsignal/ecc"
	groups "go.mau.fi/libsignal/groups/state/record"
	"go.mau.fi/libsignal/keys/identity"
	"go.mau.fi/libsignal/keys/prekey"
	"go.mau.fi/libsignal/protocol"
	"go.mau.fi/libsignal/session"
	"go.mau.fi/libsignal/state/record"
	signal "go.mau.fi/libsignal/state/store"
	"go.mau.fi/libsignal/util/optional"
	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
	"google.golang.org/protobuf/proto"
)

// handset is the Signal state of a simulated phone, device 0 of its account.
// Every key of its own comes from the seed, so that a phone that nobody writes
// to costs nothing, and its one-time keys are derived again when they are
// needed instead of being kept. The caller serialises its use.
type handset struct {
	seed         [32]byte
	registration uint32
	identity     *keys.KeyPair
	signed       *keys.PreKey
	nextPreKey   uint32
	sessions     map[string][]byte
}

var _ signal.SignalProtocol = (*handset)(nil)

// errGroups answers the calls that only groups would make.
var errGroups = errors.New("the simulator has no groups")

// newHandset makes the state of the account. A new generation is what the
// account has after installing the application again: other keys, no sessions.
func newHandset(seed uint64, lid string, generation int) *handset {
	h := &handset{
		seed:       sha256.Sum256(fmt.Appendf(nil, "recado handset %d %s %d", seed, lid, generation)),
		nextPreKey: 1,
		sessions:   make(map[string][]byte),
	}
	h.registration = binary.BigEndian.Uint32(h.seed[:])&0x3fff | 1
	h.identity = h.derive("identity", 0)
	h.signed = &keys.PreKey{KeyPair: *h.derive("signed", 1), KeyID: 1}
	h.signed.Signature = h.identity.Sign(&h.signed.KeyPair)
	return h
}

func (h *handset) derive(what string, id uint32) *keys.KeyPair {
	return clampedKeyPair(sha256.Sum256(fmt.Appendf(nil, "%x %s %d", h.seed, what, id)))
}

// bundle is what the service gives to somebody who wants to write to the phone
// for the first time. Each call gives out another one-time key.
func (h *handset) bundle() []wire.Node {
	id := h.nextPreKey
	h.nextPreKey++
	return append(bundleHead(h.registration, *h.identity.Pub),
		keyNode("key", id, h.derive("one-time", id).Pub[:], nil),
		keyNode("skey", h.signed.KeyID, h.signed.Pub[:], h.signed.Signature[:]),
	)
}

// bundleHead begins a bundle: who the device is.
func bundleHead(registration uint32, identity [32]byte) []wire.Node {
	return []wire.Node{
		{Tag: "registration", Content: binary.BigEndian.AppendUint32(nil, registration)},
		{Tag: "type", Content: []byte{ecc.DjbType}},
		{Tag: "identity", Content: identity[:]},
	}
}

// keyNode writes a public prekey, signed or not.
func keyNode(tag string, id uint32, public, signature []byte) wire.Node {
	content := []wire.Node{
		{Tag: "id", Content: binary.BigEndian.AppendUint32(nil, id)[1:]},
		{Tag: "value", Content: public},
	}
	if signature != nil {
		content = append(content, wire.Node{Tag: "signature", Content: signature})
	}
	return wire.Node{Tag: tag, Content: content}
}

// decrypt opens what a device of a client encrypted for the phone. kind is
// "pkmsg" or "msg".
func (h *handset) decrypt(from types.JID, kind string, data []byte) (*waE2E.Message, error) {
	ctx, address := context.Background(), from.SignalAddress()
	cipher := session.NewCipher(session.NewBuilderFromSignal(h, address, store.SignalProtobufSerializer), address)
	var plain []byte
	switch kind {
	case "pkmsg":
		m, err := protocol.NewPreKeySignalMessageFromBytes(data, store.SignalProtobufSerializer.PreKeySignalMessage, store.SignalProtobufSerializer.SignalMessage)
		if err != nil {
			return nil, err
		}
		if plain, err = cipher.DecryptMessage(ctx, m); err != nil {
			return nil, err
		}
	case "msg":
		m, err := protocol.NewSignalMessageFromBytes(data, store.SignalProtobufSerializer.SignalMessage)
		if err != nil {
			return nil, err
		}
		if plain, err = cipher.Decrypt(ctx, m); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("no such encryption: %q", kind)
	}
	plain, err := unpad(plain)
	if err != nil {
		return nil, err
	}
	message := new(waE2E.Message)
	return message, proto.Unmarshal(plain, message)
}

// encrypt seals a message for a device of a client. Without a session it opens
// one with the bundle that it asks for.
func (h *handset) encrypt(to types.JID, bundle func() (*prekey.Bundle, error), message *waE2E.Message) (wire.Node, error) {
	ctx, address := context.Background(), to.SignalAddress()
	builder := session.NewBuilderFromSignal(h, address, store.SignalProtobufSerializer)
	if h.sessions[address.String()] == nil {
		b, err := bundle()
		if err != nil {
			return wire.Node{}, err
		}
		if err := builder.ProcessBundle(ctx, b); err != nil {
			return wire.Node{}, fmt.Errorf("open a session with %s: %w", to, err)
		}
	}
	plain, err := proto.Marshal(message)
	if err != nil {
		return wire.Node{}, err
	}
	sealed, err := session.NewCipher(builder, address).Encrypt(ctx, pad(plain))
	if err != nil {
		return wire.Node{}, fmt.Errorf("encrypt for %s: %w", to, err)
	}
	kind := "msg"
	if sealed.Type() == protocol.PREKEY_TYPE {
		kind = "pkmsg"
	}
	attrs := wire.Attrs{"v": "2", "type": kind}
	if message.GetPollUpdateMessage() != nil {
		attrs["decrypt-fail"] = "hide"
	}
	return wire.Node{Tag: "enc", Attrs: attrs, Content: sealed.Serialize()}, nil
}

// forget drops the session with a device, so that the next message opens a new
// one.
func (h *handset) forget(device types.JID) { delete(h.sessions, device.SignalAddress().String()) }

// pad hides the length of a message: 1 to 15 bytes, each saying how many.
func pad(plain []byte) []byte {
	n := byte(len(plain)%15 + 1)
	for range n {
		plain = append(plain, n)
	}
	return plain
}

func unpad(plain []byte) ([]byte, error) {
	if len(plain) == 0 {
		return nil, errors.New("the plaintext is empty")
	}
	n := int(plain[len(plain)-1])
	if n == 0 || n > len(plain) {
		return nil, fmt.Errorf("the padding is wrong: %d of %d bytes", n, len(plain))
	}
	return plain[:len(plain)-n], nil
}

// clientBundle makes a bundle of a client's keys. once may be nil.
func clientBundle(device types.JID, registration uint32, identityKey [32]byte, once, signed *keys.PreKey) *prekey.Bundle {
	id, public := optional.NewEmptyUint32(), ecc.ECPublicKeyable(nil)
	if once != nil {
		id, public = optional.NewOptionalUint32(once.KeyID), ecc.NewDjbECPublicKey(*once.Pub)
	}
	return prekey.NewBundle(registration, uint32(device.Device), id, signed.KeyID, public,
		ecc.NewDjbECPublicKey(*signed.Pub), *signed.Signature, identity.NewKey(ecc.NewDjbECPublicKey(identityKey)))
}

// The rest is what libsignal asks of a store.

func (h *handset) GetIdentityKeyPair() *identity.KeyPair {
	return identity.NewKeyPair(identity.NewKey(ecc.NewDjbECPublicKey(*h.identity.Pub)), ecc.NewDjbECPrivateKey(*h.identity.Priv))
}

func (h *handset) GetLocalRegistrationID() uint32 { return h.registration }

// A phone trusts the account that the service says it is.

func (h *handset) SaveIdentity(context.Context, *protocol.SignalAddress, *identity.Key) error {
	return nil
}

func (h *handset) IsTrustedIdentity(context.Context, *protocol.SignalAddress, *identity.Key) (bool, error) {
	return true, nil
}

func (h *handset) LoadPreKey(_ context.Context, id uint32) (*record.PreKey, error) {
	if id >= h.nextPreKey {
		return nil, nil
	}
	pair := h.derive("one-time", id)
	return record.NewPreKey(id, ecc.NewECKeyPair(ecc.NewDjbECPublicKey(*pair.Pub), ecc.NewDjbECPrivateKey(*pair.Priv)), nil), nil
}

func (h *handset) StorePreKey(context.Context, uint32, *record.PreKey) error { return nil }

func (h *handset) ContainsPreKey(_ context.Context, id uint32) (bool, error) {
	return id < h.nextPreKey, nil
}

func (h *handset) RemovePreKey(context.Context, uint32) error { return nil }

func (h *handset) LoadSession(_ context.Context, address *protocol.SignalAddress) (*record.Session, error) {
	data := h.sessions[address.String()]
	if data == nil {
		return record.NewSession(store.SignalProtobufSerializer.Session, store.SignalProtobufSerializer.State), nil
	}
	return record.NewSessionFromBytes(data, store.SignalProtobufSerializer.Session, store.SignalProtobufSerializer.State)
}

func (h *handset) GetSubDeviceSessions(context.Context, string) ([]uint32, error) { return nil, nil }

func (h *handset) StoreSession(_ context.Context, address *protocol.SignalAddress, session *record.Session) error {
	h.sessions[address.String()] = session.Serialize()
	return nil
}

func (h *handset) ContainsSession(_ context.Context, address *protocol.SignalAddress) (bool, error) {
	return h.sessions[address.String()] != nil, nil
}

func (h *handset) DeleteSession(_ context.Context, address *protocol.SignalAddress) error {
	delete(h.sessions, address.String())
	return nil
}

func (h *handset) DeleteAllSessions(context.Context) error {
	clear(h.sessions)
	return nil
}

func (h *handset) LoadSignedPreKey(_ context.Context, id uint32) (*record.SignedPreKey, error) {
	if id != h.signed.KeyID {
		return nil, nil
	}
	pair := ecc.NewECKeyPair(ecc.NewDjbECPublicKey(*h.signed.Pub), ecc.NewDjbECPrivateKey(*h.signed.Priv))
	return record.NewSignedPreKey(id, 0, pair, *h.signed.Signature, nil), nil
}

func (h *handset) LoadSignedPreKeys(context.Context) ([]*record.SignedPreKey, error) { return nil, nil }

func (h *handset) StoreSignedPreKey(context.Context, uint32, *record.SignedPreKey) error { return nil }

func (h *handset) ContainsSignedPreKey(_ context.Context, id uint32) (bool, error) {
	return id == h.signed.KeyID, nil
}

func (h *handset) RemoveSignedPreKey(context.Context, uint32) error { return nil }

func (h *handset) StoreSenderKey(context.Context, *protocol.SenderKeyName, *groups.SenderKey) error {
	return errGroups
}

func (h *handset) LoadSenderKey(context.Context, *protocol.SenderKeyName) (*groups.SenderKey, error) {
	return nil, errGroups
}
