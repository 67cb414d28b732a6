package simulator

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/whatsmeow/proto/waCert"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/util/keys"
	"google.golang.org/protobuf/proto"
)

// prologue is what a client sends before its first frame: "WA", the protocol
// version and the version of the token dictionary.
const prologue = "WA\x06\x03"

// noisePattern names the handshake. It is exactly one hash long, so that it is
// used as the first hash without being hashed.
const noisePattern = "Noise_XX_25519_AESGCM_SHA256\x00\x00\x00\x00"

// maxFrame is the first length that a frame's three length bytes cannot say.
const maxFrame = 1 << 24

// rootPair signs the certificates of every simulator. It protects nothing: the
// private half can be derived by anybody who reads this line.
var rootPair = sync.OnceValue(func() *keys.KeyPair { return derivedKeyPair("recado simulator root") })

// RootKey returns the public Noise root key that a client must trust to speak
// to a simulator. It is the same for every Service of every process, so that
// many of them can live beside each other.
func RootKey() [32]byte { return *rootPair().Pub }

// derivedKeyPair makes a key pair out of a text.
func derivedKeyPair(text string) *keys.KeyPair {
	return clampedKeyPair(sha256.Sum256([]byte(text)))
}

// clampedKeyPair makes a key pair out of 32 bytes.
func clampedKeyPair(priv [32]byte) *keys.KeyPair {
	priv[0] &= 248
	priv[31] = priv[31]&127 | 64
	return keys.NewKeyPairFromPrivateKey(priv)
}

// certificates makes a static key and the chain that vouches for it. The chain
// is good from a day before now for ten years, by the clock of the caller's
// bubble.
func certificates(now time.Time) (static *keys.KeyPair, chain []byte, err error) {
	static, intermediate := keys.NewKeyPair(), keys.NewKeyPair()
	sign := func(serial, issuer uint32, key *keys.KeyPair, by *keys.KeyPair) (*waCert.CertChain_NoiseCertificate, error) {
		details, err := proto.Marshal(&waCert.CertChain_NoiseCertificate_Details{
			Serial:       proto.Uint32(serial),
			IssuerSerial: proto.Uint32(issuer),
			Key:          key.Pub[:],
			NotBefore:    proto.Uint64(uint64(now.AddDate(0, 0, -1).Unix())),
			NotAfter:     proto.Uint64(uint64(now.AddDate(10, 0, 0).Unix())),
		})
		if err != nil {
			return nil, err
		}
		signature := ecc.CalculateSignature(ecc.NewDjbECPrivateKey(*by.Priv), details)
		return &waCert.CertChain_NoiseCertificate{Details: details, Signature: signature[:]}, nil
	}
	middle, err := sign(1, 0, intermediate, rootPair())
	if err != nil {
		return nil, nil, fmt.Errorf("sign the intermediate certificate: %w", err)
	}
	leaf, err := sign(2, 1, static, intermediate)
	if err != nil {
		return nil, nil, fmt.Errorf("sign the leaf certificate: %w", err)
	}
	chain, err = proto.Marshal(&waCert.CertChain{Intermediate: middle, Leaf: leaf})
	return static, chain, err
}

// handshake is the state of the responder's side of Noise XX while it runs.
type handshake struct {
	hash, salt []byte
	key        cipher.AEAD
	counter    uint32
}

func newHandshake() *handshake {
	h := &handshake{hash: []byte(noisePattern), salt: []byte(noisePattern), key: mustAEAD([]byte(noisePattern))}
	h.mixHash([]byte(prologue))
	return h
}

// mustAEAD panics only for a key that is not 32 bytes long, our own bug.
func mustAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

func (h *handshake) mixHash(data []byte) {
	sum := sha256.New()
	sum.Write(h.hash)
	sum.Write(data)
	h.hash = sum.Sum(nil)
}

func (h *handshake) mixKey(priv *keys.KeyPair, pub []byte) error {
	secret, err := sharedSecret(priv, pub)
	if err != nil {
		return err
	}
	salt, key, err := h.expand(secret)
	if err != nil {
		return err
	}
	h.salt, h.key, h.counter = salt, mustAEAD(key), 0
	return nil
}

func (h *handshake) expand(secret []byte) (first, second []byte, err error) {
	out, err := hkdf.Key(sha256.New, secret, h.salt, "", 64)
	if err != nil {
		return nil, nil, err
	}
	return out[:32], out[32:], nil
}

func (h *handshake) seal(plain []byte) []byte {
	sealed := h.key.Seal(nil, nonce(h.counter), plain, h.hash)
	h.counter++
	h.mixHash(sealed)
	return sealed
}

func (h *handshake) open(sealed []byte) ([]byte, error) {
	plain, err := h.key.Open(nil, nonce(h.counter), sealed, h.hash)
	if err != nil {
		return nil, err
	}
	h.counter++
	h.mixHash(sealed)
	return plain, nil
}

// sharedSecret is X25519.
func sharedSecret(priv *keys.KeyPair, pub []byte) ([]byte, error) {
	private, err := ecdh.X25519().NewPrivateKey(priv.Priv[:])
	if err != nil {
		return nil, err
	}
	public, err := ecdh.X25519().NewPublicKey(pub)
	if err != nil {
		return nil, err
	}
	return private.ECDH(public)
}

func nonce(counter uint32) []byte {
	n := make([]byte, 12)
	binary.BigEndian.PutUint32(n[8:], counter)
	return n
}

// stream seals or opens the frames of one direction after the handshake.
type stream struct {
	key     cipher.AEAD
	counter uint32
}

func (s *stream) seal(plain []byte) []byte {
	sealed := s.key.Seal(nil, nonce(s.counter), plain, nil)
	s.counter++
	return sealed
}

func (s *stream) open(sealed []byte) ([]byte, error) {
	plain, err := s.key.Open(nil, nonce(s.counter), sealed, nil)
	s.counter++
	return plain, err
}

// greeted is what a finished handshake leaves: the two streams, who the client
// says it is and the key that it proved to have.
type greeted struct {
	in, out *stream
	client  *waWa6.ClientPayload
	key     [32]byte
}

// respond runs the responder's side of the handshake: read and write move whole
// frames without their length.
func respond(read func() ([]byte, error), write func([]byte) error, static *keys.KeyPair, chain []byte) (*greeted, error) {
	h := newHandshake()
	var hello waWa6.HandshakeMessage
	if err := readProto(read, &hello); err != nil {
		return nil, fmt.Errorf("read the client's hello: %w", err)
	}
	theirs := hello.GetClientHello().GetEphemeral()
	if len(theirs) != 32 {
		return nil, errors.New("the client's hello has no key")
	}
	h.mixHash(theirs)
	ephemeral := keys.NewKeyPair()
	h.mixHash(ephemeral.Pub[:])
	if err := h.mixKey(ephemeral, theirs); err != nil {
		return nil, err
	}
	sealedStatic := h.seal(static.Pub[:])
	if err := h.mixKey(static, theirs); err != nil {
		return nil, err
	}
	answer, err := proto.Marshal(&waWa6.HandshakeMessage{ServerHello: &waWa6.HandshakeMessage_ServerHello{
		Ephemeral: ephemeral.Pub[:], Static: sealedStatic, Payload: h.seal(chain),
	}})
	if err != nil {
		return nil, err
	}
	if err := write(answer); err != nil {
		return nil, fmt.Errorf("write the server's hello: %w", err)
	}
	var finish waWa6.HandshakeMessage
	if err := readProto(read, &finish); err != nil {
		return nil, fmt.Errorf("read the client's finish: %w", err)
	}
	return h.finish(ephemeral, finish.GetClientFinish())
}

// finish reads the client's last word and splits the keys.
func (h *handshake) finish(ephemeral *keys.KeyPair, f *waWa6.HandshakeMessage_ClientFinish) (*greeted, error) {
	key, err := h.open(f.GetStatic())
	if err != nil || len(key) != 32 {
		return nil, errors.New("the client's key cannot be opened")
	}
	if err := h.mixKey(ephemeral, key); err != nil {
		return nil, err
	}
	payload, err := h.open(f.GetPayload())
	if err != nil {
		return nil, fmt.Errorf("open the client's payload: %w", err)
	}
	g := &greeted{client: new(waWa6.ClientPayload), key: [32]byte(key)}
	if err := proto.Unmarshal(payload, g.client); err != nil {
		return nil, fmt.Errorf("read the client's payload: %w", err)
	}
	in, out, err := h.expand(nil)
	if err != nil {
		return nil, err
	}
	g.in, g.out = &stream{key: mustAEAD(in)}, &stream{key: mustAEAD(out)}
	return g, nil
}

func readProto(read func() ([]byte, error), into proto.Message) error {
	data, err := read()
	if err != nil {
		return err
	}
	return proto.Unmarshal(data, into)
}

// frames cuts frames out of a stream of bytes: the prologue once, then each
// frame behind three bytes of length, however the messages split them.
type frames struct {
	next   func() ([]byte, error) // the next piece of the stream
	buffer []byte
	begun  bool
}

func (f *frames) read() ([]byte, error) {
	if !f.begun {
		if err := f.fill(len(prologue)); err != nil {
			return nil, err
		}
		if string(f.buffer[:len(prologue)]) != prologue {
			return nil, errors.New("not a client of this protocol")
		}
		f.buffer, f.begun = f.buffer[len(prologue):], true
	}
	if err := f.fill(3); err != nil {
		return nil, err
	}
	length := int(f.buffer[0])<<16 | int(f.buffer[1])<<8 | int(f.buffer[2])
	if err := f.fill(3 + length); err != nil {
		return nil, err
	}
	frame := f.buffer[3 : 3+length]
	f.buffer = f.buffer[3+length:]
	return frame, nil
}

// fill reads on until the buffer holds n bytes.
func (f *frames) fill(n int) error {
	for len(f.buffer) < n {
		piece, err := f.next()
		if err != nil {
			if len(f.buffer) > 0 && errors.Is(err, io.EOF) {
				return io.ErrUnexpectedEOF
			}
			return err
		}
		f.buffer = append(f.buffer, piece...)
	}
	return nil
}

// framed puts the length in front of a frame.
func framed(body []byte) ([]byte, error) {
	if len(body) >= maxFrame {
		return nil, fmt.Errorf("a frame of %d bytes is too long", len(body))
	}
	out := make([]byte, 3, 3+len(body))
	out[0], out[1], out[2] = byte(len(body)>>16), byte(len(body)>>8), byte(len(body))
	return append(out, body...), nil
}
