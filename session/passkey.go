package session

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/campaign"
	"recado/campaign/reason"
)

// Some accounts must confirm a link with the passkey of their owner, which
// only a browser can ask for, and only on a page of WhatsApp. So a person runs
// a script there and brings back what it prints. Then phone and screen may
// show the same code, and the person says so.

const (
	passkeyTime    = 10 * time.Minute // when the service does not say how long it waits
	maxPasskeyTime = 30 * time.Minute
	passkeySend    = 30 * time.Second
	passkeyCheck   = 2 * time.Minute // for what comes of an answer
)

// passkeyScript asks a browser for the passkey, prints the answer and copies
// it. The pause is for the person to click on the page, without which the
// browser does not ask.
const passkeyScript = `(async()=>{const put=typeof copy=='function'?copy:()=>{};console.log('recado: click on the page / clique na página');await new Promise(r=>setTimeout(r,3000));` +
	`const c=await navigator.credentials.get({publicKey:PublicKeyCredential.parseRequestOptionsFromJSON(%s)});` +
	`const t=JSON.stringify(c.toJSON());put(t);console.log(t)})()`

// passkeyWanted shows the script that asks for the passkey.
func (n *number) passkeyWanted(options *types.WebAuthnPublicKey) {
	p := n.pairing
	if p.linked {
		return
	}
	text, err := json.Marshal(options)
	if err != nil {
		n.failLinking(reason.New(reason.PasskeyRefused, causeOf(err)))
		return
	}
	life := time.Duration(options.Timeout) * time.Millisecond
	if life <= 0 || life > maxPasskeyTime {
		life = passkeyTime
	}
	p.passkey, p.answered, p.codes = true, false, nil
	n.in(alarmCode, life)
	n.show(func(v *view) {
		v.enter(campaign.Linking, time.Time{}, reason.Reason{})
		v.clearCodes()
		v.passkey = Passkey{Options: string(text), Script: fmt.Sprintf(passkeyScript, text)}
		v.qrUntil = n.due(alarmCode)
	})
}

// passkeyTaken shows the code that the phone shows as well, or goes on when
// there is no need to compare them.
func (n *number) passkeyTaken(e *events.PairPasskeyConfirmation) {
	p := n.pairing
	if p.linked || !p.passkey {
		return
	}
	if e.SkipHandoffUX {
		c := p.client
		c.jobs.put(func() {
			ctx, cancel := context.WithTimeout(c.ctx, passkeySend)
			defer cancel()
			if err := c.cli.SendPasskeyConfirmation(ctx); err != nil {
				n.post(func() { n.passkeyFailed(c, err) })
			}
		})
		return
	}
	p.answered = false
	n.in(alarmCode, passkeyTime) // that of the script may be nearly over
	n.show(func(v *view) {
		v.enter(campaign.Linking, time.Time{}, reason.Reason{})
		v.passkey, v.qrUntil = Passkey{Code: e.Code}, n.due(alarmCode)
	})
}

func (n *number) passkeyFailed(c *client, err error) {
	if n.pairing != nil && n.pairing.client == c && !n.pairing.linked {
		n.log.Warn("link: passkey", "err", err)
		n.failLinking(reason.New(reason.PasskeyRefused, causeOf(err)))
	}
}

// AnswerPasskey hands over what the script of the snapshot printed. ErrPasskey
// if that is not an answer; then another one may be given. It returns when
// WhatsApp has it; what comes of it is in the snapshot.
func (p *Pool) AnswerPasskey(ctx context.Context, id campaign.NumberID, answer string) error {
	response, err := parsePasskey(answer)
	if err != nil {
		return fmt.Errorf("passkey: %w", err)
	}
	return p.passkeyStep(ctx, id,
		func(v view) bool { return v.passkey.Script != "" },
		func(ctx context.Context, cli *whatsmeow.Client) error { return cli.SendPasskeyResponse(ctx, response) })
}

// ConfirmPasskey says that the phone shows the code of the snapshot.
func (p *Pool) ConfirmPasskey(ctx context.Context, id campaign.NumberID) error {
	return p.passkeyStep(ctx, id,
		func(v view) bool { return v.passkey.Code != "" },
		func(ctx context.Context, cli *whatsmeow.Client) error { return cli.SendPasskeyConfirmation(ctx) })
}

// passkeyStep takes a step that the snapshot asks for. One that fails ends the
// linking.
func (p *Pool) passkeyStep(ctx context.Context, id campaign.NumberID, due func(view) bool, step func(context.Context, *whatsmeow.Client) error) error {
	n, err := p.number(id)
	if err != nil {
		return err
	}
	var l *client
	err = n.do(func() error {
		if n.pairing == nil || n.pairing.linked || !due(n.look()) {
			return ErrNoPasskey
		}
		l = n.pairing.client
		n.pairing.answered = true
		n.in(alarmCode, passkeyCheck)
		n.show(func(v *view) {
			v.clearCodes()
			v.enter(campaign.Linking, time.Time{}, reason.New(reason.PasskeyChecked))
		})
		return nil
	})
	if err != nil {
		return fmt.Errorf("passkey of number %d: %w", id, err)
	}
	ctx, cancel := context.WithTimeout(ctx, passkeySend)
	defer cancel()
	if err := step(ctx, l.cli); err != nil {
		n.post(func() { n.passkeyFailed(l, err) })
		return fmt.Errorf("passkey of number %d: %w", id, err)
	}
	return nil
}

// parsePasskey reads the answer of a browser. A terminal may have broken it
// into lines, and a console may have put it in quotes.
func parsePasskey(answer string) (*types.WebAuthnResponse, error) {
	text := bytes.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, []byte(answer))
	text = bytes.Trim(text, "'`")
	if len(text) > 1 && text[0] == '"' {
		var inner string
		if json.Unmarshal(text, &inner) == nil {
			text = []byte(inner)
		}
	}
	response := new(types.WebAuthnResponse)
	if err := json.Unmarshal(text, response); err != nil {
		return nil, ErrPasskey
	}
	if len(response.RawID) == 0 || len(response.Response.ClientDataJSON) == 0 || len(response.Response.Signature) == 0 {
		return nil, ErrPasskey
	}
	return response, nil
}
