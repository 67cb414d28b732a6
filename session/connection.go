package session

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types/events"

	"recado/campaign"
	"recado/campaign/reason"
)

// begin has the number start. From now on the others wait for it if it may
// connect.
func (n *number) begin() {
	n.show(func(*view) {})
	n.post(n.start)
}

// start connects if there is a link and nothing forbids it.
func (n *number) start() {
	n.redate()
	v := n.look()
	if n.phase != idle || n.pairing != nil || !v.number.Linked() {
		return
	}
	if v.lock.After(n.pool.clock.Now()) {
		n.alarms[alarmLift] = v.lock
	}
	switch s := v.number.Standing; s.State {
	case campaign.Banned:
		if !s.Until.IsZero() {
			n.alarms[alarmBan] = s.Until.Add(rand.N(time.Minute))
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
	if v.state == campaign.Banned && v.until.After(n.pool.clock.Now()) {
		return
	}
	n.failures, n.refusals, n.closings, n.restarted = 0, 0, nil, time.Time{}
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
	n.silence(alarmDial, alarmBan, alarmLogin, alarmSync)
	if n.client == nil {
		if o, detail := n.openClient(); o != "" {
			n.meet(o, 0, detail...)
			return
		}
	}
	n.phase, n.early, n.heardAll = dialling, false, false
	n.version = n.pool.version.current()
	n.enter(campaign.Connecting, time.Time{}, reason.Reason{})
	n.attempt++
	attempt := n.attempt
	n.client.dial(func(err error) {
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
	n.silence(alarmDial, alarmBan, alarmLogin, alarmSync, alarmLook)
	if n.client != nil {
		switch n.phase {
		case dialling:
			n.client.giveUp()
		case open:
			n.client.hangUp()
			n.ended = time.Now()
		}
	}
	n.phase, n.connected, n.heardAll = idle, time.Time{}, false
	n.readNothing()
	n.show(func(v *view) {
		v.login, v.lively, v.synced, v.reading, v.missed = false, false, time.Time{}, time.Time{}, false
	})
}

// dialled is called when the connection is made, or cannot be.
func (n *number) dialled(err error) {
	c := n.client
	n.phase = open
	switch {
	case err != nil && strings.Contains(err.Error(), "certificate") && strings.Contains(err.Error(), "valid yet"),
		err != nil && strings.Contains(err.Error(), "cert") && strings.Contains(err.Error(), "expired"):
		n.log.Warn("connect", "err", err)
		n.meet(onClock, 0)
	case err != nil:
		n.log.Warn("connect", "err", err)
		n.meet(onUnreachable, 0, causeOf(err))
	case !c.cli.IsConnected():
		n.meet(onLost, 0)
	case n.early:
		n.loggedIn()
	default:
		n.in(alarmLogin, loginTimeout)
	}
}

// cause is the innermost error: what a person can do something about.
func cause(err error) string {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, whatsmeow.ErrIQTimedOut) {
		return "no answer in time"
	}
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

// causeOf is what an error of the library means to a person. Phones in it are
// masked.
func causeOf(err error) reason.Reason {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, whatsmeow.ErrIQTimedOut):
		return reason.New(reason.NoAnswer)
	case errors.Is(err, whatsmeow.ErrNotConnected):
		return reason.New(reason.HoldOffline)
	}
	r := reason.Of(err)
	for i, arg := range r.Args {
		if text, ok := arg.(reason.Plain); ok {
			r.Args[i] = reason.Plain(mask(string(text)))
		}
	}
	return r
}

// loggedIn is called when the service has let us in.
func (n *number) loggedIn() {
	if n.phase == dialling {
		n.early = true
	}
	if n.phase != open || n.look().login {
		return
	}
	n.silence(alarmLogin, alarmDial, alarmBan)
	n.connected = time.Now()
	n.refusals = 0
	n.setClock()
	n.show(func(v *view) { v.login, v.lively, v.served = true, true, false })
	n.client.jobs.put(n.client.hide)
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
		n.keep(standing(v.lock, n.pool.clock.Now()))
	}
	reading := n.readFirst()
	n.show(func(v *view) {
		v.synced, v.reading = time.Now(), reading
		v.enter(campaign.Online, time.Time{}, reason.Reason{})
	})
	c := n.client
	n.follow(c)
	if c.owed.Load() {
		c.jobs.put(c.catchUp)
	}
	c.jobs.put(c.catchUpLabels)
	c.jobs.put(c.catchUpHistory)
	n.in(alarmLook, lookSoon+rand.N(lookSoon))
}

// meet does what the table says about an occasion.
func (n *number) meet(o occasion, duration time.Duration, detail ...any) {
	switch {
	case o == onStreamError && n.flaps():
		o = onFlapping
	case o == onRestart && n.restarts():
		o = onLost
	case o == onRefused && n.refusals >= seldomTries:
		o = onRefusedLong
	}
	r := rules[o]
	var say reason.Reason
	if r.say != "" {
		say = reason.New(r.say, detail...)
	}
	n.log.Info("state", "occasion", string(o), "why", mask(say.Error()), "state", r.state.String())
	until := n.act(r.act, duration)
	if r.act != forget {
		n.enter(r.state, until, say)
	}
	switch {
	case r.act == forget:
		n.forget(campaign.Standing{State: r.state, Since: n.pool.clock.Now(), Reason: say, Stop: stops[o]})
	case r.keep:
		n.keep(campaign.Standing{State: r.state, Since: n.pool.clock.Now(), Until: until, Reason: say, Stop: stops[o]})
	}
}

// act does one act and returns until when the new state lasts, if that is
// known.
func (n *number) act(a act, duration time.Duration) (until time.Time) {
	if a == wait {
		n.show(func(v *view) { v.lively = false })
		return until
	}
	lasted := !n.connected.IsZero() && (time.Since(n.connected) > stableAfter || n.look().served)
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
		until = n.due(alarmDial)
	case seldom:
		n.refusals++
		n.in(alarmDial, seldomPause)
		until = n.due(alarmDial)
	case rest:
		if duration > 0 {
			until = n.pool.clock.Now().Add(duration)
			n.alarms[alarmBan] = until.Add(rand.N(time.Minute))
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

// restarts reports whether the service has asked to log in again a moment ago
// already: then it is not done at once.
func (n *number) restarts() bool {
	again := !n.restarted.IsZero() && time.Since(n.restarted) < flapWindow
	n.restarted = time.Now()
	return again
}

// renew finds out whether the service has a newer version than the one that
// it just called outdated.
func (n *number) renew() {
	p := n.pool
	p.wg.Go(func() { // ends within seconds, or with the pool
		p.version.refresh(p.ctx, p.httpClient(), n.log)
		n.post(n.tryNewerVersion)
	})
}

// tryNewerVersion connects again as a newer version than the one that the
// service called outdated, if there is one.
func (n *number) tryNewerVersion() {
	if n.look().state == campaign.Outdated && n.pool.version.current() != n.version {
		n.connect()
	}
}

// forget writes down that the link is gone and drops its client.
func (n *number) forget(s campaign.Standing) {
	c := n.client
	n.endClient()
	n.silence(alarmDial, alarmBan, alarmLogin, alarmSync, alarmLook)
	s = n.stillClosed(s)
	if err := n.pool.book.UnlinkNumber(n.id, s); err != nil {
		n.log.Error("write down the lost link", "err", err)
	}
	if c != nil { // after that: campaigns may have to stop at once
		c.awaitDeletion(5 * time.Second)
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
	s := campaign.Standing{State: campaign.Unlinked, Since: n.pool.clock.Now()}
	if n.client == nil {
		if o, detail := n.openClient(); o != "" && o != onKeysGone {
			return fmt.Errorf("unlink number %d: %w", n.id, reason.New(rules[o].say, detail...))
		}
	}
	if n.client != nil {
		if err := n.client.logOut(ctx, n.phase == open); err != nil {
			n.log.Warn("unlink on the phone", "err", err)
			s.Reason = reason.New(reason.NumberUntold)
		}
	}
	n.forget(s)
	return nil
}

// event is what a handler passes on to the number.
func (n *number) event(c *client, event any) {
	if n.pairing != nil && c == n.pairing.client {
		n.pairingEvent(event)
		return
	}
	if c != n.client {
		return
	}
	switch e := event.(type) {
	case *events.Connected:
		n.loggedIn()
		return
	case *events.OfflineSyncPreview:
		if e.Total > 0 && n.phase != idle {
			n.in(alarmSync, syncLong)
		}
		return
	case *events.OfflineSyncCompleted:
		n.heardEverything()
		return
	case *events.KeepAliveRestored:
		if v := n.look(); n.phase == open && v.login {
			state := campaign.Connecting
			if !v.synced.IsZero() {
				state = campaign.Online
			}
			n.show(func(v *view) { v.lively = true; v.enter(state, time.Time{}, reason.Reason{}) })
		}
		return
	case *events.NotifyAccountReachoutTimelock:
		n.timelockEvent(e)
		return
	}
	o, detail, duration := occasionOf(event)
	switch {
	case o == "":
		return
	case o == onLost && (n.phase != open || c.cli.IsConnected()),
		(o == onSilence || o == onDead) && (n.phase != open || !n.look().login):
		return // word of an earlier connection, or of one that the login says more about
	}
	n.meet(o, duration, detail...)
}
