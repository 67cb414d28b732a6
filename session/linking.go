package session

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// pairing is a link being made: rounds of QR codes until a phone scans one, or
// of codes to be typed on a phone.
type pairing struct {
	phone    people.Phone // whose phone gets a code to type; empty: any phone scans
	client   *client
	dialed   bool          // its connection is made, or cannot be
	codes    []string      // the QR on the screen and those to come
	asked    bool          // for a code to type, in this round
	passkey  bool          // WhatsApp wants one, in this round
	answered bool          // a person has done their part, and WhatsApp is checking it
	rounds   int           // begun so far
	linked   bool          // a phone has scanned it, and the book has it
	told     bool          // the phone has been told that we accept
	restart  bool          // the service wants us to log in
	refusal  reason.Reason // why we refused the phone that scanned it
	hint     reason.Reason // shown beside the code
}

const (
	maxRounds   = 5                // of about 160 s each
	codeRounds  = 3                // with a code to type: each makes the phone ring
	firstCode   = 60 * time.Second // the service keeps the first of six codes for longer
	laterCode   = 20 * time.Second
	codesTime   = 30 * time.Second // to show the first code
	restartTime = 10 * time.Second // between pairing and the wish to log in again
)

// hasLink reports whether there is a link, and forgets one whose keys are not on
// this computer any more.
func (n *number) hasLink() (bool, error) {
	v := n.look()
	if !v.number.Linked() || n.client != nil {
		return v.number.Linked(), nil
	}
	if jid, err := types.ParseJID(v.number.JID); err == nil {
		dev, err := n.pool.devices.GetDevice(n.pool.ctx, jid)
		if err != nil || dev != nil {
			return true, err
		}
	}
	n.meet(onKeysGone, 0)
	return false, nil
}

// beginLinking links by QR, or by a code to be typed on that phone.
func (n *number) beginLinking(phone people.Phone) error {
	if linked, err := n.hasLink(); err != nil {
		return fmt.Errorf("link number %d: %w", n.id, err)
	} else if linked {
		return fmt.Errorf("link number %d: %w", n.id, ErrLinked)
	}
	if n.pairing != nil {
		if n.pairing.linked || n.pairing.phone == phone {
			return nil
		}
		n.endPairing() // somebody prefers the other way
	}
	n.endClient()
	n.pairing = &pairing{phone: phone}
	n.show(func(v *view) {
		v.clearCodes()
		v.enter(campaign.Linking, time.Time{}, reason.Reason{})
	})
	n.nextRound()
	return nil
}

func (n *number) cancelLinking() {
	if n.pairing == nil || n.pairing.linked {
		return
	}
	n.endPairing()
	s := n.look().number.Standing
	n.enter(s.State, s.Until, s.Reason)
}

// failLinking ends it for a reason.
func (n *number) failLinking(why reason.Reason) {
	n.endPairing()
	if err := n.pool.book.NotLinked(n.id, why); err != nil {
		n.log.Error("write down that there is no link", "err", err)
	}
	n.enter(n.look().number.Standing.State, time.Time{}, why)
}

func (n *number) endPairing() {
	if n.pairing == nil {
		return
	}
	n.silence(alarmCode, alarmPair)
	if n.pairing.client != nil {
		n.pairing.client.drop(!n.pairing.dialed)
	}
	n.pairing = nil
}

// nextRound asks the service for new codes, on a new connection with new keys.
func (n *number) nextRound() {
	p := n.pairing
	if p.client != nil {
		p.client.drop(!p.dialed)
		p.client, p.dialed = nil, false
	}
	p.codes, p.asked, p.passkey = nil, false, false
	p.rounds++
	dev := n.pool.devices.NewDevice()
	c := newClient(n, dev)
	c.keys.paired = n.paired
	phone := p.phone
	c.cli.PrePairCallback = func(jid types.JID, _, _ string) bool { return n.mayPair(c, jid, phone) }
	p.client = c
	n.in(alarmCode, dialTimeout+codesTime)
	c.dial(func(err error) { n.post(func() { n.roundDialled(c, err) }) })
}

// roundDialled is called when the connection of a round is made, or cannot be.
func (n *number) roundDialled(c *client, err error) {
	if n.pairing == nil || n.pairing.client != c {
		return
	}
	n.pairing.dialed = true
	if err == nil || n.pairing.linked {
		return
	}
	n.log.Warn("link: connect", "err", err)
	n.roundLost(reason.New(reason.NumberUnreachable, causeOf(err)))
}

// lastRound reports whether no other round follows.
func (p *pairing) lastRound() bool {
	return p.rounds >= maxRounds || p.phone != "" && p.rounds >= codeRounds
}

// lastMoments is how long before the end of the last code, or of the wait for a
// passkey, the service may close the connection, and it is still that which has
// come to its end.
const lastMoments = 5 * time.Second

func (n *number) codeEnds() bool {
	return !n.alarms[alarmCode].IsZero() && n.wait(alarmCode) < lastMoments
}

// roundLost begins a new round soon: the codes died with the connection. After
// the last round it says why instead.
func (n *number) roundLost(why reason.Reason) {
	p := n.pairing
	if !p.passkey && len(p.codes) <= 1 && n.codeEnds() {
		if v := n.look(); v.qr != "" || v.code != "" {
			n.nextCode()
			return
		}
	}
	if p.lastRound() {
		n.failLinking(why)
		return
	}
	n.pairing.codes = nil
	n.in(alarmCode, backoff(n.pairing.rounds))
	n.show(func(v *view) {
		v.enter(campaign.Linking, time.Time{}, why)
		v.clearCodes()
	})
}

// nextCode is called when a code dies, or the answer to the wish for a passkey
// has not come.
func (n *number) nextCode() {
	p := n.pairing
	if p == nil || p.linked {
		return
	}
	if p.passkey && p.answered {
		n.failLinking(reason.New(reason.PasskeySilent))
		return
	}
	if p.passkey {
		n.failLinking(reason.New(reason.PasskeyLate))
		return
	}
	if len(p.codes) > 1 {
		p.codes = p.codes[1:]
		n.showCode(laterCode)
		return
	}
	switch v := n.look(); {
	case !p.lastRound():
		n.show((*view).clearCodes)
		n.nextRound()
	case v.qr == "" && v.code == "" && !p.client.cli.IsConnected(): // the library does not tell of one that falls right after the handshake
		n.failLinking(reason.New(reason.NumberLost))
	case v.qr == "" && v.code == "":
		n.failLinking(reason.New(reason.LinkNoCodes))
	case p.phone != "":
		n.failLinking(reason.New(reason.LinkUntyped))
	default:
		n.failLinking(reason.New(reason.LinkNobody))
	}
}

func (n *number) showCode(life time.Duration) {
	p := n.pairing
	n.in(alarmCode, life)
	n.show(func(v *view) {
		v.enter(campaign.Linking, time.Time{}, p.hint)
		v.qr, v.qrUntil = p.codes[0], n.due(alarmCode)
	})
}

// askCode asks for a code to type, once the service has said for how long it
// waits for a phone.
func (n *number) askCode(life time.Duration) {
	p := n.pairing
	if p.asked {
		return
	}
	p.asked = true
	n.in(alarmCode, life)
	c, phone := p.client, p.phone
	c.jobs.put(func() {
		ctx, cancel := context.WithTimeout(c.ctx, codesTime)
		defer cancel()
		// The service takes the names of common browsers alone.
		code, err := c.cli.PairPhone(ctx, string(phone), true, whatsmeow.PairClientChrome, "Chrome (Linux)")
		n.post(func() { n.codeCame(c, code, err) })
	})
}

func (n *number) codeCame(c *client, code string, err error) {
	p := n.pairing
	if p == nil || p.client != c || p.linked || p.passkey {
		return
	}
	refused := new(whatsmeow.IQError)
	switch {
	case err == nil:
		n.show(func(v *view) {
			v.enter(campaign.Linking, time.Time{}, p.hint)
			v.code, v.qrUntil = code, n.due(alarmCode)
		})
		return
	case errors.Is(err, whatsmeow.ErrIQRateOverLimit):
		n.failLinking(reason.New(reason.LinkTooMany))
	case errors.As(err, &refused), errors.Is(err, whatsmeow.ErrPhoneNumberTooShort), errors.Is(err, whatsmeow.ErrPhoneNumberIsNotInternational):
		n.failLinking(reason.New(reason.LinkNoCode, p.phone))
	default:
		n.roundLost(reason.New(reason.NumberUnreachable, causeOf(err)))
	}
	n.log.Warn("link: ask for a code", "err", err)
}

// pairingEvent is an event of the client that is being linked.
func (n *number) pairingEvent(event any) {
	p := n.pairing
	switch e := event.(type) {
	case *events.QR:
		if len(e.Codes) == 0 || p.linked || p.passkey {
			return
		}
		life := laterCode
		if len(e.Codes) == 6 {
			life = firstCode
		}
		if p.phone != "" {
			n.askCode(life + time.Duration(len(e.Codes)-1)*laterCode)
			return
		}
		p.codes = e.Codes
		n.showCode(life)
	case *events.RotateADVSecret:
		for i, code := range p.codes {
			p.codes[i] = strings.Replace(code, e.OldSecret, e.NewSecret, 1)
		}
		if len(p.codes) > 0 && !p.linked {
			n.show(func(v *view) { v.qr = p.codes[0] })
		}
	case *events.QRScannedWithoutMultidevice:
		p.hint = reason.New(reason.LinkUpdate)
		n.show(func(v *view) { v.reason = p.hint })
	case *events.PairSuccess:
		p.told = true
		n.in(alarmPair, restartTime)
		if p.restart {
			n.finishLinking()
		}
	case *events.PairError:
		n.pairFailed(e.Error)
	case *events.PairPasskeyRequest:
		n.passkeyWanted(e.PublicKey)
	case *events.PairPasskeyConfirmation:
		n.passkeyTaken(e)
	case *events.PairPasskeyError:
		n.log.Warn("link: passkey", "err", e.Error)
		n.failLinking(reason.New(reason.PasskeyRefused, causeOf(e.Error)))
	case *events.ManualLoginReconnect:
		p.restart = true
		if p.told { // otherwise the library is still writing it, and would give the link up
			n.finishLinking()
		}
	case *events.Disconnected:
		switch {
		case p.linked:
		case p.passkey && !p.answered && n.codeEnds():
			n.nextCode()
		case p.passkey: // it was asked for on this connection
			n.failLinking(reason.New(reason.PasskeyLost))
		default:
			n.roundLost(reason.New(reason.NumberLost))
		}
	case *events.ClientOutdated:
		n.failLinking(reason.New(reason.NumberOutdated))
	case *events.ConnectFailure:
		n.failLinking(reason.New(reason.NumberRefused, refusal(e)))
	case *events.TemporaryBan:
		n.failLinking(reason.New(reason.NumberBanned, banReason(e.Code)))
	}
}

// mayPair reports whether the phone that scanned the code may be linked as
// this number. It runs on the library's goroutine.
func (n *number) mayPair(c *client, jid types.JID, asked people.Phone) bool {
	phone := phoneOf(jid)
	var why reason.Reason
	if asked != "" && asked.Key() != phone.Key() {
		why = reason.New(reason.LinkOtherTyped, asked, phone)
	}
	lid, _ := c.offered.Load().(string)
	if mine := n.look().number; mine.Phone != "" && mine.Phone != phone && (lid == "" || mine.LID != lid) {
		why = reason.New(reason.LinkOther, mine.Name, mine.Phone)
	}
	for _, other := range n.pool.all() {
		if o := other.look().number; o.ID != n.id && o.Linked() && (o.Phone == phone || lid != "" && o.LID == lid) {
			why = reason.New(reason.LinkTwice, o.Name)
		}
	}
	if why.IsZero() {
		return true
	}
	n.post(func() {
		if n.pairing != nil && n.pairing.client == c {
			n.pairing.refusal = why
		}
	})
	return false
}

// paired writes the new link down. The library calls it when the keys are
// safe and before the phone is told, so that there is never a link on the
// phone of which the book knows nothing.
func (n *number) paired(dev *store.Device) (err error) {
	defer func() { // the library would let the panic end the program
		if r := recover(); r != nil {
			n.log.Error("a number stumbled", "panic", r, "stack", string(debug.Stack()))
			err = reason.Because(fmt.Errorf("write down the link: panic: %v", r), reason.OurMistake)
		}
	}()
	jid := dev.GetJID()
	if lid := dev.GetLID().User; lid != "" {
		if _, err := n.pool.book.SetAccount(n.id, lid, phoneOf(jid)); err != nil {
			return fmt.Errorf("write down the link: %w", err)
		}
	}
	record, err := n.pool.book.LinkNumber(n.id, phoneOf(jid), jid.String(), n.pool.clock.Now())
	if err != nil {
		return fmt.Errorf("write down the link: %w", err)
	}
	n.show(func(v *view) {
		record.Name = v.number.Name
		v.number, v.linked = record, time.Now()
		v.enter(campaign.Connecting, time.Time{}, reason.Reason{})
	})
	n.post(func() {
		if n.pairing == nil { // cancelled at the last moment: the service says whether the link stands
			n.in(alarmDial, restartTime)
			return
		}
		n.pairing.linked = true
		n.silence(alarmCode)
		n.in(alarmPair, restartTime)
	})
	return nil
}

// pairFailed is called when a phone scanned the code but no link came of it.
func (n *number) pairFailed(err error) {
	why := reason.New(reason.LinkFailed, causeOf(err))
	if errors.Is(err, whatsmeow.ErrPairRejectedLocally) && !n.pairing.refusal.IsZero() {
		why = n.pairing.refusal
	}
	n.log.Warn("link", "err", err)
	if n.look().number.Linked() { // the phone could not be told
		n.endPairing()
		n.forget(campaign.Standing{State: campaign.Unlinked, Since: n.pool.clock.Now(), Reason: why})
		return
	}
	n.failLinking(why)
}

// finishLinking makes the ordinary client on the new link and connects it.
func (n *number) finishLinking() {
	p := n.pairing
	if p == nil || !p.linked {
		return
	}
	// The old connection must be gone before the new one, or the service
	// would call one of them replaced.
	p.client.hangUp()
	n.endPairing()
	n.failures, n.refusals, n.closings = 0, 0, nil
	if v := n.look(); v.lock.After(n.pool.clock.Now()) {
		n.alarms[alarmLift] = v.lock
		n.keep(standing(v.lock, n.pool.clock.Now()))
	}
	n.connect()
}

// phoneOf is the phone of an account's address.
func phoneOf(jid types.JID) people.Phone {
	if jid.Server != types.DefaultUserServer || jid.User == "" {
		return ""
	}
	return people.Phone("+" + jid.User)
}
