package simulator

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// What a passkey of the service says of where it is used.
const (
	relyingParty = "whatsapp.com"
	webOrigin    = "https://web.whatsapp.com"
)

// The flags of an authenticator: somebody was there, and it made sure who.
const present, verified = 1, 4

// authenticator holds the one passkey of the simulated world, which every
// account of it accepts.
type authenticator struct {
	id  []byte
	key *ecdsa.PrivateKey
}

// passkeyOptions is a PublicKeyCredentialRequestOptions as browsers read and
// write it in JSON. Bytes are base64url without padding.
type passkeyOptions struct {
	Challenge    string              `json:"challenge"`
	Timeout      int                 `json:"timeout"` // milliseconds
	RelyingParty string              `json:"rpId"`
	Allowed      []allowedCredential `json:"allowCredentials"` // empty: any
	Verification string              `json:"userVerification"`
	Extensions   map[string]any      `json:"extensions"`
}

type allowedCredential struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// credential is a PublicKeyCredential as browsers write it in JSON.
type credential struct {
	ID         string         `json:"id"`
	RawID      string         `json:"rawId"`
	Type       string         `json:"type"`
	Attachment string         `json:"authenticatorAttachment,omitempty"`
	Response   assertion      `json:"response"`
	Extensions map[string]any `json:"clientExtensionResults,omitempty"`
}

type assertion struct {
	ClientData    string `json:"clientDataJSON"`
	Authenticator string `json:"authenticatorData"`
	Signature     string `json:"signature"`
	UserHandle    string `json:"userHandle"`
}

// clientData is what the browser adds of its own.
type clientData struct {
	Type        string `json:"type"`
	Challenge   string `json:"challenge"`
	Origin      string `json:"origin"`
	CrossOrigin bool   `json:"crossOrigin"`
}

// passkey returns the authenticator, made when it is first needed. The lock must
// be held.
func (s *Service) passkey() *authenticator {
	if s.authenticator == nil {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(fmt.Sprintf("make a key: %v", err)) // never fails
		}
		s.authenticator = &authenticator{id: randomBytes(16), key: key}
	}
	return s.authenticator
}

// SignPasskey does what a browser with the passkey does: it takes the options
// that a client was asked with, as JSON, and returns the credential that answers
// them, as JSON. It signs with the key that every account of the service
// accepts.
func (s *Service) SignPasskey(options []byte) (credentialJSON []byte, err error) {
	var o passkeyOptions
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, fmt.Errorf("read the options of a passkey: %w", err)
	}
	s.mu.Lock()
	k := s.passkey()
	s.mu.Unlock()
	id := base64.RawURLEncoding.EncodeToString(k.id)
	challenge, err := base64.RawURLEncoding.DecodeString(o.Challenge)
	switch {
	case err != nil || len(challenge) < 16:
		return nil, errors.New("the options of a passkey have no challenge")
	case o.RelyingParty != relyingParty:
		return nil, fmt.Errorf("no passkey for %q", o.RelyingParty)
	case len(o.Allowed) > 0 && !slices.ContainsFunc(o.Allowed, func(c allowedCredential) bool { return c.ID == id }):
		return nil, errors.New("no passkey that is allowed")
	}
	said, err := json.Marshal(clientData{Type: "webauthn.get", Challenge: o.Challenge, Origin: webOrigin})
	if err != nil {
		return nil, err
	}
	party := sha256.Sum256([]byte(relyingParty))
	data := append(party[:], present|verified, 0, 0, 0, 1) // the last four count its uses
	digest := signedBy(data, said)
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, digest[:])
	if err != nil {
		return nil, err
	}
	text := base64.RawURLEncoding.EncodeToString
	return json.Marshal(credential{
		ID: id, RawID: id, Type: "public-key", Attachment: "platform", Extensions: map[string]any{},
		Response: assertion{ClientData: text(said), Authenticator: text(data), Signature: text(signature), UserHandle: text([]byte("simulated"))},
	})
}

// signedBy is what an authenticator signs of its own data and the browser's.
func signedBy(data, said []byte) [32]byte {
	sum := sha256.Sum256(said)
	return sha256.Sum256(append(bytes.Clone(data), sum[:]...))
}

// verify checks that a credential is of this passkey and answers the challenge.
func (k *authenticator) verify(id, credentialJSON, challenge []byte) error {
	var c credential
	if err := json.Unmarshal(credentialJSON, &c); err != nil {
		return fmt.Errorf("read the credential: %w", err)
	}
	var fields [4][]byte
	for i, text := range []string{c.RawID, c.Response.ClientData, c.Response.Authenticator, c.Response.Signature} {
		data, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			return fmt.Errorf("read the credential: %w", err)
		}
		fields[i] = data
	}
	rawID, said, data, signature := fields[0], fields[1], fields[2], fields[3]
	var browser clientData
	if err := json.Unmarshal(said, &browser); err != nil {
		return fmt.Errorf("read the browser's part: %w", err)
	}
	party, digest := sha256.Sum256([]byte(relyingParty)), signedBy(data, said)
	switch {
	case c.Type != "public-key" || !bytes.Equal(rawID, k.id) || !bytes.Equal(id, k.id):
		return errors.New("it is another credential")
	case browser.Type != "webauthn.get" || browser.Origin != webOrigin:
		return fmt.Errorf("it is for %q at %q", browser.Type, browser.Origin)
	case browser.Challenge != base64.RawURLEncoding.EncodeToString(challenge):
		return errors.New("it answers another challenge")
	case len(data) < 37 || !bytes.Equal(data[:32], party[:]):
		return errors.New("it is for another service")
	case data[32]&present == 0 || data[32]&verified == 0:
		return errors.New("nobody was there")
	case !ecdsa.VerifyASN1(&k.key.PublicKey, digest[:], signature):
		return errors.New("the signature is wrong")
	}
	return nil
}
