package session

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"go.mau.fi/whatsmeow/store"

	"recado/campaign"
)

// number is one of our numbers: the goroutine of run owns it. The library's
// events, the commands of the pool and its own alarms come to it one by one.
type number struct {
	pool *Pool
	id   campaign.NumberID
	log  *slog.Logger
	mail *mailbox

	// The goroutine of run alone touches these.
	link      *link    // the client on the link there is; nil: none
	pairing   *pairing // a link being made; nil: none
	phase     phase    // of the link's connection
	attempt   int      // counts connections begun or given up: a late answer about an old one is dropped
	alarms    [numAlarms]time.Time
	failures  int         // connections that failed in a row
	refusals  int         // logins refused in a row
	closings  []time.Time // when the service closed the stream with a code
	connected time.Time   // when the present connection was logged in
	ended     time.Time   // when the last connection was given up
	heardAll  bool        // what arrived while away has been heard, on this connection
	version   store.WAVersionContainer

	mu   sync.Mutex // guards view; never held across a call out
	view view
}

// phase is how far a connection is.
type phase uint8

const (
	idle     phase = iota // none; an alarm may be set to make one
	dialling              // being made
	open                  // made; logged in or not
)

// alarm is something that a number does at a set time.
type alarm uint8

const (
	alarmDial  alarm = iota // connect
	alarmLogin              // the login has not been answered
	alarmSync               // stop waiting for what arrived while away
	alarmLift               // new chats may be opened again
	alarmCode               // the QR code dies
	alarmPair               // the service has not asked to log in after pairing
	numAlarms
)

// view is what others see of a number.
type view struct {
	number   campaign.Number
	state    campaign.NumberState
	since    time.Time
	until    time.Time
	reason   string
	qr       string
	qrUntil  time.Time
	contacts bool

	link   *link     // the client to send with; nil: none
	synced time.Time // since when the connection is up and has heard everything; zero: it is not, or has not
	lively bool      // pings are answered
	login  bool      // logged in
	lock   time.Time // no new chats before
	slow   time.Time // nothing at all before, by the service's wish
	flight *flight   // the message on the wire
}

func newNumber(p *Pool, record campaign.Number) *number {
	n := &number{
		pool: p, id: record.ID,
		log:  p.logger.With("number", record.Name),
		mail: newMailbox(),
	}
	s := record.Standing
	n.view = view{number: record, state: s.State, since: s.Since, until: s.Until, reason: s.Reason}
	if s.State == campaign.Restricted {
		n.view.lock = s.Until
	}
	if record.Linked() && s.State != campaign.Banned && s.State != campaign.Blocked {
		n.view.state, n.view.until, n.view.reason = campaign.Offline, time.Time{}, ""
	}
	return n
}

// run is the goroutine of the number. It ends with the pool's context.
func (n *number) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		n.arm(timer)
		select {
		case <-n.pool.ctx.Done():
			n.endLink()
			n.endPairing()
			return
		case <-n.mail.wake:
			for _, f := range n.mail.take() {
				n.guard(f)
			}
		case <-timer.C:
			n.guard(n.ring)
		}
	}
}

// guard keeps a mistake in one number from ending the program.
func (n *number) guard(f func()) {
	defer func() {
		if r := recover(); r != nil {
			n.log.Error("a number stumbled", "panic", r, "stack", string(debug.Stack()))
		}
	}()
	f()
}

// post has f run by the number's goroutine.
func (n *number) post(f func()) { n.mail.put(f) }

// ask has f run by the number's goroutine and waits for its answer.
func (n *number) ask(f func() error) error {
	answer := make(chan error, 1)
	n.post(func() {
		err := fmt.Errorf("number %d: internal mistake", n.id) // unless f gets to its end
		defer func() { answer <- err }()
		err = f()
	})
	select {
	case err := <-answer:
		return err
	case <-n.pool.ctx.Done():
		return ErrClosed
	}
}

// arm sets the timer to the earliest alarm. It rings at least once a minute
// while one is set, because the wall clock of a ban's end may be moved.
func (n *number) arm(timer *time.Timer) {
	var first time.Time
	for _, at := range n.alarms {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if first.IsZero() {
		timer.Stop()
		return
	}
	timer.Reset(min(max(time.Until(first), 0), time.Minute))
}

func (n *number) ring() {
	now := time.Now()
	for a := range numAlarms {
		if at := n.alarms[a]; at.IsZero() || at.After(now) {
			continue
		}
		n.alarms[a] = time.Time{}
		switch a {
		case alarmDial:
			n.connect()
		case alarmLogin:
			n.meet(onNoLogin, "", 0)
		case alarmSync:
			n.heardEverything()
		case alarmLift:
			n.lift()
		case alarmCode:
			n.nextCode()
		case alarmPair:
			n.finishLinking()
		}
	}
}

func (n *number) in(a alarm, d time.Duration) { n.alarms[a] = time.Now().Add(d) }

func (n *number) silence(alarms ...alarm) {
	for _, a := range alarms {
		n.alarms[a] = time.Time{}
	}
}

// look returns what others see.
func (n *number) look() view {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.view
}

// show changes what others see and rings the bell.
func (n *number) show(change func(*view)) {
	n.mu.Lock()
	change(&n.view)
	n.mu.Unlock()
	n.pool.bell.Ring()
}

// enter goes into a state.
func (n *number) enter(s campaign.NumberState, until time.Time, reason string) {
	n.show(func(v *view) { v.enter(s, until, reason) })
}

func (v *view) enter(s campaign.NumberState, until time.Time, reason string) {
	if v.state != s {
		v.since = time.Now()
	}
	v.state, v.until, v.reason = s, until, reason
	if s != campaign.Linking {
		v.qr, v.qrUntil = "", time.Time{}
	}
}

func (v view) status() Status {
	s := Status{
		Number: v.number, State: v.state, Since: v.since, Until: v.until, Reason: v.reason,
		QR: v.qr, QRUntil: v.qrUntil, Synced: !v.synced.IsZero(), Contacts: v.contacts,
	}
	if s.State == campaign.Online && v.lock.After(time.Now()) {
		s.State, s.Until, s.Reason = campaign.Restricted, v.lock, restricted
	}
	return s
}

// restricted is what a person is told while new chats are closed.
const restricted = "WhatsApp does not let this number write to new people for now."

// keep writes a standing down; a restart must not forget it.
func (n *number) keep(s campaign.Standing) {
	if err := n.pool.book.SetStanding(n.id, s); err != nil {
		n.log.Error("write down the standing", "state", s.State, "err", err)
		return
	}
	n.show(func(v *view) { v.number.Standing = s })
}

// start connects if there is a link and nothing forbids it.
func (n *number) start() {
	v := n.look()
	if n.phase != idle || n.pairing != nil || !v.number.Linked() {
		return
	}
	if v.lock.After(time.Now()) {
		n.alarms[alarmLift] = v.lock
	}
	switch s := v.number.Standing; s.State {
	case campaign.Banned:
		if !s.Until.IsZero() {
			n.alarms[alarmDial] = s.Until.Add(rand.N(time.Minute))
		}
	case campaign.Blocked:
	default:
		n.connect()
	}
}

// reconnect is a person's wish to try now.
func (n *number) reconnect() {
	v := n.look()
	if !v.number.Linked() || n.pairing != nil {
		return
	}
	if v.state == campaign.Banned && v.until.After(time.Now()) {
		return
	}
	n.failures, n.refusals, n.closings = 0, 0, nil
	switch {
	case n.phase == idle:
		n.connect()
	case n.phase == open && !v.lively:
		n.hangUp()
		n.connect()
	}
}

// connect makes a connection on the link, a moment later if the last one has
// just ended.
func (n *number) connect() {
	if n.phase != idle {
		return
	}
	if rest := redialPause - time.Since(n.ended); rest > 0 {
		n.in(alarmDial, rest)
		return
	}
	n.silence(alarmDial, alarmLogin, alarmSync)
	if n.link == nil {
		if o, detail := n.openLink(); o != "" {
			n.meet(o, detail, 0)
			return
		}
	}
	n.phase, n.heardAll = dialling, false
	n.version = n.pool.version.current()
	n.enter(campaign.Connecting, time.Time{}, "")
	n.attempt++
	attempt := n.attempt
	n.link.dial(func(err error) {
		n.post(func() {
			if attempt == n.attempt {
				n.dialled(err)
			}
		})
	})
}

// hangUp ends the connection, if there is one, but keeps the client.
func (n *number) hangUp() {
	n.attempt++
	n.silence(alarmDial, alarmLogin, alarmSync)
	if n.link != nil {
		switch n.phase {
		case dialling:
			n.link.giveUp()
		case open:
			n.link.hangUp()
			n.ended = time.Now()
		}
	}
	n.phase, n.connected, n.heardAll = idle, time.Time{}, false
	n.show(func(v *view) { v.login, v.lively, v.synced = false, false, time.Time{} })
}

// dialled is called when the connection is made, or cannot be.
func (n *number) dialled(err error) {
	l := n.link
	n.phase = open
	switch {
	case err != nil && strings.Contains(err.Error(), "certificate") && strings.Contains(err.Error(), "valid yet"),
		err != nil && strings.Contains(err.Error(), "cert") && strings.Contains(err.Error(), "expired"):
		n.log.Warn("connect", "err", err)
		n.meet(onClock, "", 0)
	case err != nil:
		n.log.Warn("connect", "err", err)
		n.meet(onUnreachable, cause(err), 0)
	case !l.cli.IsConnected():
		n.meet(onLost, "", 0)
	case !n.look().login:
		n.in(alarmLogin, loginTimeout)
	}
}

// cause is the innermost error: what a person can do something about.
func cause(err error) string {
	for {
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			if e.Unwrap() == nil {
				return err.Error()
			}
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			list := e.Unwrap()
			if len(list) == 0 {
				return err.Error()
			}
			err = list[len(list)-1]
		default:
			return err.Error()
		}
	}
}

// loggedIn is called when the service has let us in.
func (n *number) loggedIn() {
	if n.phase != open || n.look().login {
		return
	}
	n.silence(alarmLogin, alarmDial)
	n.connected = time.Now()
	n.refusals = 0
	n.show(func(v *view) { v.login, v.lively = true, true })
	if n.heardAll {
		n.heardEverything()
		return
	}
	if n.alarms[alarmSync].IsZero() {
		n.in(alarmSync, syncTimeout)
	}
}

// heardEverything is called when what arrived while away has been heard.
func (n *number) heardEverything() {
	n.heardAll = true
	n.silence(alarmSync)
	v := n.look()
	if n.phase != open || !v.login || !v.synced.IsZero() {
		return
	}
	switch v.number.Standing.State {
	case campaign.Banned, campaign.Blocked:
		n.keep(campaign.Standing{State: campaign.Online, Since: time.Now()})
	}
	n.show(func(v *view) {
		v.synced = time.Now()
		v.enter(campaign.Online, time.Time{}, "")
	})
	if !v.contacts {
		l := n.link
		l.jobs.put(l.fetchMissing)
	}
}

// meet does what the table says about an occasion.
func (n *number) meet(o occasion, detail string, duration time.Duration) {
	switch {
	case o == onStreamError && n.flaps():
		o = onFlapping
	case o == onRefused && n.refusals >= seldomTries:
		o = onRefusedLong
	}
	r := rules[o]
	say := r.say
	if strings.Contains(say, "%s") {
		say = fmt.Sprintf(say, detail)
	}
	n.log.Info("state", "occasion", string(o), "detail", mask(detail), "state", r.state.String())
	until := n.act(r.act, duration)
	if r.act != forget {
		n.enter(r.state, until, say)
	}
	switch {
	case r.act == forget:
		n.forget(campaign.Standing{State: r.state, Since: time.Now(), Reason: say})
	case r.keep:
		n.keep(campaign.Standing{State: r.state, Since: time.Now(), Until: until, Reason: say})
	}
}

// act does one act and returns until when the new state lasts, if that is
// known.
func (n *number) act(a act, duration time.Duration) (until time.Time) {
	if a == wait {
		n.show(func(v *view) { v.lively = false })
		return until
	}
	lasted := !n.connected.IsZero() && time.Since(n.connected) > stableAfter
	n.hangUp()
	switch a {
	case now:
		n.connect()
	case retry:
		if lasted {
			n.failures = 0
		}
		n.in(alarmDial, backoff(n.failures))
		n.failures++
		until = n.alarms[alarmDial]
	case seldom:
		n.refusals++
		n.in(alarmDial, seldomPause)
		until = n.alarms[alarmDial]
	case rest:
		if duration > 0 {
			until = time.Now().Add(duration)
			n.alarms[alarmDial] = until.Add(rand.N(time.Minute))
		}
	case renew:
		n.renew()
	}
	return until
}

// backoff is how long to wait after so many failures: a second, doubled each
// time up to a minute, less up to a half so that many numbers do not come
// back in step.
func backoff(failures int) time.Duration {
	d := min(firstRetry<<min(failures, 16), lastRetry)
	return d/2 + rand.N(d/2)
}

// flaps reports whether the service has closed the stream with a code too
// often of late.
func (n *number) flaps() bool {
	recent := n.closings[:0]
	for _, at := range n.closings {
		if time.Since(at) < flapWindow {
			recent = append(recent, at)
		}
	}
	n.closings = append(recent, time.Now())
	return len(n.closings) > flapLimit
}

// renew connects again if the service has a newer version than the one that
// it just called outdated.
func (n *number) renew() {
	p, refused := n.pool, n.version
	p.wg.Go(func() { // ends within seconds, or with the pool
		p.version.refresh(p.ctx, n.httpClient(), n.log)
		if p.version.current() != refused {
			n.post(n.connect)
		}
	})
}

// forget writes down that the link is gone and drops its client.
func (n *number) forget(s campaign.Standing) {
	if l := n.link; l != nil {
		n.endLink()
		l.awaitDeletion(5 * time.Second)
	}
	n.silence(alarmDial, alarmLogin, alarmSync)
	if err := n.pool.book.UnlinkNumber(n.id, s); err != nil {
		n.log.Error("write down the lost link", "err", err)
	}
	n.show(func(v *view) {
		v.number.JID, v.number.Standing, v.contacts = "", s, false
		v.enter(s.State, s.Until, s.Reason)
	})
}

// unlink takes the link away for a person who asks for it.
func (n *number) unlink(ctx context.Context) error {
	n.cancelLinking()
	if !n.look().number.Linked() {
		return fmt.Errorf("unlink number %d: %w", n.id, ErrNotLinked)
	}
	s := campaign.Standing{State: campaign.Unlinked, Since: time.Now()}
	if n.link == nil {
		if o, detail := n.openLink(); o != "" && o != onKeysGone {
			return fmt.Errorf("unlink number %d: read its keys: %s", n.id, detail)
		}
	}
	if n.link != nil {
		if err := n.link.logOut(ctx, n.phase == open); err != nil {
			n.log.Warn("unlink on the phone", "err", err)
			s.Reason = "The phone could not be told: remove the device there, under linked devices."
		}
	}
	n.forget(s)
	return nil
}

// restrict closes new chats until then.
func (n *number) restrict(until time.Time) {
	if !until.After(n.look().lock) {
		return
	}
	n.show(func(v *view) { v.lock = until })
	n.alarms[alarmLift] = until
	n.keep(campaign.Standing{State: campaign.Restricted, Since: time.Now(), Until: until, Reason: restricted})
}

// lift opens new chats again.
func (n *number) lift() {
	n.silence(alarmLift)
	n.show(func(v *view) { v.lock = time.Time{} })
	if n.look().number.Standing.State == campaign.Restricted {
		n.keep(campaign.Standing{State: campaign.Online, Since: time.Now()})
	}
}
