package session

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"go.mau.fi/whatsmeow/store"

	"recado/campaign"
	"recado/campaign/reason"
)

// number is one of our numbers: the goroutine of run owns it. The library's
// events, the commands of the pool and its own alarms come to it one by one.
type number struct {
	pool *Pool
	id   campaign.NumberID
	log  *slog.Logger
	mail *mailbox

	// The goroutine of run alone touches these.
	client       *client  // of the link there is; nil: none
	pairing      *pairing // a link being made; nil: none
	phase        phase    // of the client's connection
	attempt      int      // counts connections begun or given up: a late answer about an old one is dropped
	alarms       [numAlarms]time.Time
	failures     int         // connections that failed in a row
	refusals     int         // logins refused in a row
	closings     []time.Time // when the service closed the stream with a code
	restarted    time.Time   // when the service last asked to log in again
	connected    time.Time   // when the present connection was logged in
	ended        time.Time   // when the last connection was given up
	early        bool        // logged in before the word came that the connection is made
	heardAll     bool        // what arrived while away has been heard, on this connection
	version      store.WAVersionContainer
	chatsRefused int       // new chats refused in a row though the service knows of no restriction
	asked        time.Time // when the service was last asked what the number may do
	question     int       // counts those: a late answer to an old one is dropped
	overtaken    int       // the question whose answer about a restriction the service's own word has overtaken
	pinged       time.Time // when the phone was last asked for a sign of life
	readings     readings  // of the history of the phone

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
	alarmBan                // connect: the ban has ended
	alarmLogin              // the login has not been answered
	alarmSync               // stop waiting for what arrived while away
	alarmLift               // new chats may be opened again
	alarmCode               // the code dies, or the passkey has not come
	alarmPair               // the service has not asked to log in after pairing
	alarmLook               // see how the number stands, and whether its phone lives
	alarmRead               // stop waiting for the history of the phone
	numAlarms
)

// view is what others see of a number.
type view struct {
	clock    *campaign.Clock
	number   campaign.Number
	state    campaign.NumberState
	since    time.Time
	until    time.Time
	reason   reason.Reason
	qr       string
	code     string
	passkey  Passkey
	qrUntil  time.Time // when any of the three dies
	contacts bool
	skew     time.Duration // of our clock; zero: it is right

	linked  time.Time // when the link was made, by our own clock; zero: before the program began
	client  *client   // the client to send with; nil: none
	synced  time.Time // since when the connection is up and has heard everything; zero: it is not, or has not
	reading time.Time // nothing leaves before: the history of the phone is being read; zero: it is not waited for
	missed  bool      // a part of the history was not read while it was waited for
	lively  bool      // pings are answered
	login   bool      // logged in
	served  bool      // a message went out on this connection: it was worth making
	lock    time.Time // no new chats before
	slow    time.Time // nothing at all before, by the service's wish
	slowed  int       // how often it has wished so since it last accepted a message
	flight  *flight   // the message on the wire
}

func newNumber(p *Pool, record campaign.Number) *number {
	n := &number{
		pool: p, id: record.ID,
		log:  p.logger.With("number", record.Name),
		mail: newMailbox(),
	}
	s := record.Standing
	n.view = view{clock: p.clock, number: record, state: s.State, since: s.Since, until: s.Until, reason: s.Reason, lock: s.Closed}
	if s.State == campaign.Restricted && s.Closed.IsZero() { // as it was written before
		n.view.lock = s.Until
	}
	n.chatsRefused = s.Refused
	if record.Linked() && s.State != campaign.Banned && s.State != campaign.Blocked {
		n.view.state, n.view.until, n.view.reason = campaign.Offline, time.Time{}, reason.Reason{}
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
			n.endClient()
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

// do has f run by the number's goroutine and waits for its answer.
func (n *number) do(f func() error) error {
	answer := make(chan error, 1)
	n.post(func() {
		err := reason.Because(fmt.Errorf("number %d: internal mistake", n.id), reason.OurMistake) // unless f gets to its end
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
// while one is set, because the clock of a ban's end may be moved.
func (n *number) arm(timer *time.Timer) {
	wait, some := time.Minute, false
	for a := range numAlarms {
		if !n.alarms[a].IsZero() {
			wait, some = min(wait, n.wait(a)), true
		}
	}
	if !some {
		timer.Stop()
		return
	}
	timer.Reset(max(wait, 0))
}

// wait is how long it is until an alarm that is set. Two of them are set to a
// time that the service has told.
func (n *number) wait(a alarm) time.Duration {
	if a == alarmBan || a == alarmLift {
		return n.alarms[a].Sub(n.pool.clock.Now())
	}
	return time.Until(n.alarms[a])
}

// due is when an alarm will ring, to be shown.
func (n *number) due(a alarm) time.Time { return n.pool.clock.Now().Add(n.wait(a)) }

func (n *number) ring() {
	for a := range numAlarms {
		if n.alarms[a].IsZero() || n.wait(a) > 0 {
			continue
		}
		n.alarms[a] = time.Time{}
		switch a {
		case alarmDial, alarmBan:
			n.connect()
		case alarmLogin:
			n.meet(onNoLogin, 0)
		case alarmSync:
			n.heardEverything()
		case alarmLift:
			n.chatsRefused = 0
			n.lift()
		case alarmCode:
			n.nextCode()
		case alarmPair:
			n.finishLinking()
		case alarmLook:
			n.lookAfter()
		case alarmRead:
			n.readOn()
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
	n.pool.backlog.follow(n.id, &n.view, time.Now())
	n.mu.Unlock()
	n.pool.bell.Ring()
}

// enter goes into a state.
func (n *number) enter(s campaign.NumberState, until time.Time, why reason.Reason) {
	n.show(func(v *view) { v.enter(s, until, why) })
}

func (v *view) enter(s campaign.NumberState, until time.Time, why reason.Reason) {
	if v.state != s {
		v.since = v.clock.Now()
	}
	v.state, v.until, v.reason = s, until, why
	if s != campaign.Linking {
		v.clearCodes()
	}
}

// clearCodes takes away what was to be scanned, typed or answered.
func (v *view) clearCodes() {
	v.qr, v.code, v.passkey, v.qrUntil = "", "", Passkey{}, time.Time{}
}

func (v view) snapshot() Snapshot {
	now := v.clock.Now()
	s := Snapshot{
		Number: v.number, State: v.state, Since: v.since, Until: v.until, Reason: v.reason,
		QR: v.qr, Code: v.code, Passkey: v.passkey, QRUntil: v.qrUntil,
		Synced: !v.synced.IsZero(), Contacts: v.contacts, Skew: v.skew, Missed: v.missed,
	}
	if v.reading.After(time.Now()) {
		s.Reading = v.clock.At(v.reading)
	}
	if hold := v.newChats(now); s.State == campaign.Online && hold.Reason != "" {
		s.State, s.Until, s.Reason = campaign.Restricted, hold.Until, reason.New(reason.NumberRestricted)
		if hold.Reason == reason.HoldQuota {
			s.Reason = reason.New(reason.NumberQuota)
		}
	}
	s.Unlinks = Unlinks(v.number, now)
	return s
}

// keep writes a standing down; a restart must not forget it.
func (n *number) keep(s campaign.Standing) {
	s = n.stillClosed(s)
	if err := n.pool.book.SetStanding(n.id, s); err != nil {
		n.log.Error("write down the standing", "state", s.State, "err", err)
		return
	}
	n.show(func(v *view) { v.number.Standing = s })
}
