package simulator_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/session/simulator"
	"recado/session/simulator/bubble"
)

// scanned is a client whose QR code was scanned by the test's phone, which needs
// a passkey.
func scanned(t *testing.T, s *simulator.Service) *client {
	t.Helper()
	s.RequirePasskey(true)
	c := start(t, s, newKeep())
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	if phone, err := s.ScanAs(heard[*events.QR](c, nil).Codes[0], ownPhone); err != nil || phone != ownPhone {
		t.Fatalf("scanning: %q, %v", phone, err)
	}
	return c
}

// sign lets a browser with the passkey answer what the client is asked.
func sign(t *testing.T, s *simulator.Service, asked *types.WebAuthnPublicKey) *types.WebAuthnResponse {
	t.Helper()
	options, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	data, err := s.SignPasskey(options)
	if err != nil {
		t.Fatal(err)
	}
	answer := new(types.WebAuthnResponse)
	if err := json.Unmarshal(data, answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestClientLinksByQRWithAPasskey(t *testing.T) {
	s := serve(t, simulator.Config{People: 1})
	c := scanned(t, s)
	asked := heard[*events.PairPasskeyRequest](c, nil).PublicKey
	if asked.RelyingPartID != "whatsapp.com" || asked.UserVerification != "required" || asked.Timeout != 600_000 || len(asked.Challenge) != 32 {
		t.Errorf("asked for %+v", asked)
	}
	if err := c.SendPasskeyResponse(within(t), sign(t, s, asked)); err != nil {
		t.Fatal(err)
	}
	confirm := heard[*events.PairPasskeyConfirmation](c, nil)
	if !confirm.SkipHandoffUX {
		t.Error("the client does not know that it was scanned")
	}
	if code, ok := s.PasskeyCode(ownPhone); !ok || code != confirm.Code {
		t.Errorf("the phone shows %q, the client %q", code, confirm.Code)
	}
	if err := c.SendPasskeyConfirmation(within(t)); err != nil {
		t.Fatal(err)
	}
	if linked := heard[*events.PairSuccess](c, nil); "+"+linked.ID.User != ownPhone {
		t.Errorf("linked as %s", linked.ID)
	}
	heard[*events.Connected](c, nil)
	c.say(s.People()[0].Phone, "Oi")
}

func TestClientLinksByCodeWithAPasskey(t *testing.T) {
	s := serve(t, simulator.Config{})
	s.RequirePasskey(true)
	c := start(t, s, newKeep())
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	heard[*events.QR](c, nil)
	code, err := c.PairPhone(within(t), ownPhone, true, whatsmeow.PairClientChrome, "Chrome (Linux)")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.EnterCode(ownPhone, code); err != nil {
		t.Fatal(err)
	}
	if err := c.SendPasskeyResponse(within(t), sign(t, s, heard[*events.PairPasskeyRequest](c, nil).PublicKey)); err != nil {
		t.Fatal(err)
	}
	heard[*events.PairPasskeyConfirmation](c, nil)
	if err := c.SendPasskeyConfirmation(within(t)); err != nil {
		t.Fatal(err)
	}
	heard[*events.Connected](c, nil)
}

func TestWrongPasskeyIsRefusedAndTheRightOneStillLinks(t *testing.T) {
	s := serve(t, simulator.Config{})
	c := scanned(t, s)
	asked := heard[*events.PairPasskeyRequest](c, nil).PublicKey
	other := *asked
	other.Challenge = append([]byte{}, asked.Challenge...)
	other.Challenge[0]++
	unverified := sign(t, s, asked)
	unverified.Response.AuthenticatorData[32] = 1
	elsewhere := sign(t, s, asked)
	elsewhere.Response.ClientDataJSON = []byte(`{"type":"webauthn.get","challenge":"` +
		base64.RawURLEncoding.EncodeToString(asked.Challenge) + `","origin":"https://example.com"}`)
	stranger := sign(t, s, asked)
	stranger.RawID[0]++
	forged := sign(t, s, asked)
	forged.Response.Signature[len(forged.Response.Signature)-1]++
	for name, answer := range map[string]*types.WebAuthnResponse{
		"another challenge": sign(t, s, &other), "nobody verified": unverified, "another page": elsewhere,
		"another credential": stranger, "forged": forged, "empty": {},
	} {
		if err := c.SendPasskeyResponse(within(t), answer); !errors.Is(err, whatsmeow.ErrIQForbidden) {
			t.Errorf("%s: %v, want %v", name, err, whatsmeow.ErrIQForbidden)
		}
	}
	if err := c.SendPasskeyResponse(within(t), sign(t, s, asked)); err != nil {
		t.Fatal(err)
	}
	heard[*events.PairPasskeyConfirmation](c, nil)
	if err := c.SendPasskeyConfirmation(within(t)); err != nil {
		t.Fatal(err)
	}
	heard[*events.Connected](c, nil)
}

func TestPhoneRejectsTheCodeOfAPasskeyLink(t *testing.T) {
	s := serve(t, simulator.Config{})
	c := scanned(t, s)
	if err := c.SendPasskeyResponse(within(t), sign(t, s, heard[*events.PairPasskeyRequest](c, nil).PublicKey)); err != nil {
		t.Fatal(err)
	}
	heard[*events.PairPasskeyConfirmation](c, nil)
	if err := s.RejectPasskey(ownPhone); err != nil {
		t.Fatal(err)
	}
	if err := c.SendPasskeyConfirmation(within(t)); !errors.Is(err, whatsmeow.ErrIQForbidden) {
		t.Errorf("got %v", err)
	}
	if own, _ := s.Own(ownPhone); len(own.Devices()) > 0 {
		t.Errorf("devices are %v, want none", own.Devices())
	}
	if err := s.RejectPasskey("+5511999990000"); !errors.Is(err, simulator.ErrCode) {
		t.Errorf("nobody links and the phone rejects: %v", err)
	}
}

func TestPasskeyThatIsNeverUsedEndsTheLink(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Config{})
		c := scanned(t, s)
		heard[*events.PairPasskeyRequest](c, nil)
		time.Sleep(9 * time.Minute) // longer than a QR code lives
		if len(eventsOf[*events.Disconnected](c)) > 0 {
			t.Error("the service does not wait")
		}
		time.Sleep(2 * time.Minute)
		heard[*events.Disconnected](c, nil)
		synctest.Wait()
		c.Disconnect()
		s.Finish(t)
		time.Sleep(10 * time.Minute)
	})
}

func TestPasskeyUsedTooLateMustBeConfirmedByEye(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Config{Quiet: true})
		c := scanned(t, s)
		asked := heard[*events.PairPasskeyRequest](c, nil).PublicKey
		time.Sleep(6 * time.Minute)
		if err := c.SendPasskeyResponse(t.Context(), sign(t, s, asked)); err != nil {
			t.Fatal(err)
		}
		confirm := heard[*events.PairPasskeyConfirmation](c, nil)
		if code, _ := s.PasskeyCode(ownPhone); confirm.SkipHandoffUX || confirm.Code != code {
			t.Errorf("the client shows %+v, the phone %q", confirm, code)
		}
		if err := c.SendPasskeyConfirmation(t.Context()); err != nil {
			t.Fatal(err)
		}
		heard[*events.Connected](c, nil)
		synctest.Wait()
		c.Disconnect()
		s.Finish(t)
		time.Sleep(10 * time.Minute)
	})
}

func TestPasskeyIsSignedForThisServiceOnly(t *testing.T) {
	s := serve(t, simulator.Config{})
	for _, options := range []string{
		``, `{}`, `{"challenge":"AAAA","rpId":"whatsapp.com"}`, `{"challenge":"AAAAAAAAAAAAAAAAAAAAAAAA","rpId":"example.com"}`,
		`{"challenge":"AAAAAAAAAAAAAAAAAAAAAAAA","rpId":"whatsapp.com","allowCredentials":[{"id":"AAAA","type":"public-key"}]}`,
	} {
		if signed, err := s.SignPasskey([]byte(options)); err == nil {
			t.Errorf("SignPasskey(%s) = %s", options, signed)
		}
	}
}

func TestClientLinksWithAPasskeyByControl(t *testing.T) {
	p := runs(t, simulator.Config{Quiet: true})
	p.order("/passkey", map[string]any{"on": true}, nil)
	c := p.connect(newKeep())
	p.ask(http.MethodPost, "/scan", heard[*events.QR](c, nil).Codes[0], nil)
	options, err := json.Marshal(heard[*events.PairPasskeyRequest](c, nil).PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	answer := new(types.WebAuthnResponse)
	p.ask(http.MethodPost, "/passkey/sign", string(options), answer)
	if err := c.SendPasskeyResponse(within(t), answer); err != nil {
		t.Fatal(err)
	}
	heard[*events.PairPasskeyConfirmation](c, nil)
	if err := c.SendPasskeyConfirmation(within(t)); err != nil {
		t.Fatal(err)
	}
	heard[*events.Connected](c, nil)
	if status := p.ask(http.MethodPost, "/passkey/reject", `{"number":"5511999990000"}`, nil); status != http.StatusBadRequest {
		t.Errorf("rejecting what nobody asks: status %d", status)
	}
}
