package campaign

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// Sender is the wire as a lane sees it: one of our numbers.
type Sender interface {
	// Ready says whether the number may send at this moment. The bell rings
	// when the answer changes.
	Ready() Readiness
	// NewID chooses a message id that nobody has used.
	NewID() MessageID
	// Check asks the service which phones have an account. Phones about which
	// it said nothing are left out of the answer. [ErrRateLimit] means that it
	// wants to be asked less.
	Check(ctx context.Context, phones []people.Phone) ([]people.Answer, error)
	// Upload puts an attachment where the recipients will fetch it from, and
	// returns what to send so that they can: the bytes belong to the Sender,
	// and are given back to it in [Delivery]. [ErrRateLimit] as in Check,
	// fs.ErrNotExist if the file is not there, [ErrFileChanged] if it is not
	// the one that was attached.
	Upload(ctx context.Context, u Upload) ([]byte, error)
	// Send sends one message and waits for what the service says. It takes as
	// long as it needs to, within the limits of the connection, and does not
	// return before the outcome is known or cannot be.
	Send(ctx context.Context, d Delivery) Outcome
}

var (
	// ErrRateLimit is the service's wish to be asked less.
	ErrRateLimit = reason.Err(reason.HoldRateLimit)
	// ErrFileChanged says that the bytes of an attachment are not those that
	// were attached.
	ErrFileChanged = reason.Err(reason.AttachmentOther)
)

// LongestSlow is the longest for which a number sends nothing by the service's
// wish to be asked less.
const LongestSlow = 4 * time.Hour

// Readiness is whether a number may send.
type Readiness struct {
	Hold     Hold      // why nothing may leave; the zero Hold: send
	NewChats Hold      // why no new chat may be opened; the zero Hold: they may
	Link     uint32    // the present link, see [Number]
	Since    time.Time // since when the connection is up and what arrived while away has been heard
}

// Outcome is what became of one try.
type Outcome struct {
	Kind   OutcomeKind
	Code   int           // the service's error code, 0 if none
	Reason reason.Reason // for a person
	Answer people.Answer // of Misled: what the service said when it was asked again about the phone
}

// OutcomeKind says what is known after a try.
type OutcomeKind uint8

// The outcomes.
const (
	Accepted OutcomeKind = iota // the service has it, with a part that the recipient can read
	Refused                     // the service said no: final
	NotSent                     // it certainly did not leave, or nobody can read it: may be tried again with the same id
	Misled                      // its address was no good, and nothing left: what the service says of the phone decides, see Answer
	Unknown                     // it may have arrived
)

// Claim is what a lane asks the book for: the next thing to send by a number.
type Claim struct {
	Number NumberID
	Ready  Readiness
	Now    time.Time
	NewID  func() MessageID
}

// Act is the book's answer to a claim, what the lane is to do: one of [Wait],
// [Check], [Upload] and [Send].
type Act interface{ act() }

// Wait says that nothing is to be done now, and for how long.
type Wait struct {
	Hold  Hold
	Again time.Time // when to claim again whatever the hold says; zero: it says when
}

// hold is for how long a lane waits.
func (w Wait) hold() Hold {
	h := w.Hold
	if !w.Again.IsZero() && (h.Until.IsZero() || w.Again.Before(h.Until)) {
		h.Until = w.Again
	}
	return h
}

// Check says which phones to check, see [Sender], before the next claim.
type Check struct{ Phones []people.Phone }

// Send says which delivery to send: it is in state Sending, and with its id and
// all that it carries on the disk.
type Send struct{ Delivery Delivery }

func (Wait) act()   {}
func (Check) act()  {}
func (Upload) act() {}
func (Send) act()   {}

// Log is the book as a lane sees it. Every method returns when what it wrote
// is on the disk.
type Log interface {
	// Claim takes the next delivery of a number, if a campaign is running, its
	// pace gives a turn and the person may be written to; or a delivery in
	// doubt whose time has come.
	Claim(Claim) (Act, error)
	// Settle writes the outcome of a claimed delivery. What a receipt has
	// proved meanwhile stands.
	Settle(d Delivery, o Outcome, at time.Time) error
	// SettleAndClaim is Settle and then Claim, for the same number and at the
	// time of the claim, in one commit. The act is nil if nothing was claimed with
	// it: ask by Claim. After an error neither is done.
	SettleAndClaim(d Delivery, o Outcome, c Claim) (Act, error)
	// Answered keeps the service's answers about the phones that a number
	// checked. A phone without one is put aside for a while.
	Answered(number NumberID, checked []people.Phone, answers []people.Answer, at time.Time) error
	// Uploaded keeps what a number uploaded, as its Sender wrote it.
	Uploaded(number NumberID, u Upload, media []byte, at time.Time) error
	// NotUploaded says why a number could not upload an attachment. The next
	// try waits a while, and after a few the campaign is paused.
	NotUploaded(number NumberID, u Upload, why error, at time.Time) error
	// Held says what holds a number that cannot claim at all; the zero Hold is
	// none. It is for the screens and not kept on the disk.
	Held(number NumberID, hold Hold)
	// Slow makes the number send and check nothing until then.
	Slow(number NumberID, why reason.Code, until time.Time) error
}

// Lane sends the deliveries of one number, one at a time. It owns the number's
// pace: two lanes for one number would send twice as fast as its limits.
//
// What makes it exactly once: the claim is on the disk, with the message id and
// all that the message carries, before anything leaves; the id never changes;
// and an outcome that is not known is never taken for a no. For what happens to
// a delivery that is found half sent see Claim in package store.
type Lane struct {
	Number NumberID
	Log    Log
	Sender Sender
	Bell   *Bell
	Clock  *Clock // nil: the machine's
	Logger *slog.Logger

	stumbles int       // in a row
	rest     time.Time // nothing is tried before that on this connection, even if the bell rings
	online   time.Time // since when the connection is up
}

// Run sends until ctx ends. A message on the wire at that moment is waited
// for, within the limits of the connection.
func (l *Lane) Run(ctx context.Context) {
	ring, quiet := l.Bell.Listen()
	defer quiet()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		hold := l.step(ctx)
		if hold.Reason == reason.HoldDisk { // nobody rings when the disk takes writes again
			hold.Until = l.Clock.Now().Add(firstPause)
		}
		var due <-chan time.Time
		if !hold.Until.IsZero() {
			timer.Reset(max(hold.Until.Sub(l.Clock.Now()), time.Millisecond))
			due = timer.C
		} else if hold.Reason == "" {
			if ctx.Err() != nil {
				return
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-ring:
		case <-due:
		}
	}
}

// step does one thing: a check, an upload, or a send from claim to settle. The
// zero Hold means that there may be more to do at once.
func (l *Lane) step(ctx context.Context) Hold {
	if ctx.Err() != nil {
		return Hold{Reason: reason.HoldEmpty}
	}
	ready := l.Sender.Ready()
	if ready.Hold.Reason != "" {
		l.Log.Held(l.Number, ready.Hold)
		return ready.Hold
	}
	if !ready.Since.Equal(l.online) {
		l.online, l.stumbles, l.rest = ready.Since, 0, time.Time{}
	}
	if l.rest.After(time.Now()) {
		return Hold{Reason: reason.HoldRetry, Until: l.Clock.At(l.rest)}
	}
	act, err := l.Log.Claim(l.claim(ready))
	if err != nil {
		return l.stumble("claim", err)
	}
	return l.do(ctx, act)
}

// claim asks for the next thing to send.
func (l *Lane) claim(ready Readiness) Claim {
	return Claim{Number: l.Number, Ready: ready, Now: l.Clock.Now(), NewID: l.Sender.NewID}
}

// do does what the book says. What a send has claimed with its settling is sent
// too.
func (l *Lane) do(ctx context.Context, act Act) (hold Hold) {
	for {
		switch next := act.(type) {
		case nil:
			return hold
		case Wait:
			return next.hold()
		case Check:
			return l.check(ctx, next.Phones)
		case Upload:
			return l.upload(ctx, next)
		case Send:
			act, hold = l.send(ctx, next.Delivery)
		default:
			panic(fmt.Sprintf("campaign: a lane cannot do a %T", act))
		}
	}
}

// send sends a delivery and writes down what became of it. It returns what the
// book says is to be done next; nil: it was not asked, and hold says what holds
// the lane.
func (l *Lane) send(ctx context.Context, d Delivery) (next Act, hold Hold) {
	l.stumbles = 0
	l.Bell.Ring()
	// A send that has begun is not cut short when the program is asked to
	// stop: cutting it would only leave one more delivery in doubt.
	outcome := l.Sender.Send(context.WithoutCancel(ctx), d)
	// A number that may go on settles and claims in one commit.
	if ready := l.Sender.Ready(); ctx.Err() == nil && ready.Hold.Reason == "" && ready.Since.Equal(l.online) {
		act, err := l.Log.SettleAndClaim(d, outcome, l.claim(ready))
		if err == nil {
			l.Bell.Ring()
			return act, Hold{}
		}
		l.Logger.Warn("settle a delivery and claim the next", "campaign", d.Campaign, "seq", d.Seq, "err", err)
	}
	// The outcome is the one thing that only this goroutine knows: keep trying
	// to write it down for as long as the program lives.
	for {
		err := l.Log.Settle(d, outcome, l.Clock.Now())
		if err == nil {
			break
		}
		l.Logger.Error("settle a delivery", "campaign", d.Campaign, "seq", d.Seq, "err", err)
		l.Log.Held(l.Number, Hold{Reason: reason.HoldDisk})
		select {
		case <-ctx.Done():
			return nil, Hold{Reason: reason.HoldDisk}
		case <-time.After(time.Second):
		}
	}
	l.Bell.Ring()
	return nil, Hold{}
}

// check checks phones before anything is claimed for them.
func (l *Lane) check(ctx context.Context, phones []people.Phone) Hold {
	answers, err := CheckPhones(ctx, l.Sender.Check, phones)
	switch {
	case errors.Is(err, ErrRateLimit):
		return l.slow()
	case err != nil:
		return l.stumble("check who is on WhatsApp", err)
	}
	if err := l.Log.Answered(l.Number, phones, answers, l.Clock.Now()); err != nil {
		return l.stumble("keep the answers", err)
	}
	l.stumbles = 0
	l.Bell.Ring()
	return Hold{}
}

// slow obeys the service's wish to be asked less.
func (l *Lane) slow() Hold {
	if err := l.Log.Slow(l.Number, reason.HoldRateLimit, l.Clock.Now().Add(15*time.Minute)); err != nil {
		return l.stumble("slow down", err)
	}
	return Hold{}
}

// upload uploads an attachment before the first delivery that carries it is
// claimed. Unlike a send it may be cut short: nobody has seen anything of it.
func (l *Lane) upload(ctx context.Context, u Upload) Hold {
	l.Bell.Ring()
	media, err := l.Sender.Upload(ctx, u)
	switch {
	case ctx.Err() != nil:
		return Hold{Reason: reason.HoldEmpty}
	case errors.Is(err, ErrRateLimit):
		return l.slow()
	case err != nil:
		l.Logger.Warn("upload an attachment", "number", l.Number, "campaign", u.Campaign, "err", err)
		// A connection that broke meanwhile is not the fault of the file.
		if ready := l.Sender.Ready(); ready.Hold.Reason != "" {
			return ready.Hold
		}
		err = l.Log.NotUploaded(l.Number, u, err, l.Clock.Now())
	default:
		err = l.Log.Uploaded(l.Number, u, media, l.Clock.Now())
	}
	if err != nil {
		return l.stumble("keep what became of an upload", err)
	}
	l.stumbles = 0
	l.Bell.Ring()
	return Hold{}
}

// CheckPhones checks phones as they were written. A Brazilian mobile may have been
// registered with or without its ninth digit: one that is not there is checked
// in its other spelling, and that answer is kept. If there is none for the other
// spelling, the phone is left without an answer.
func CheckPhones(ctx context.Context, check func(context.Context, []people.Phone) ([]people.Answer, error), phones []people.Phone) ([]people.Answer, error) {
	answers, err := check(ctx, phones)
	if err != nil {
		return nil, err
	}
	absent := make(map[people.Phone]int) // by the other spelling, the place in answers
	var others []people.Phone
	for i, a := range answers {
		if other, ok := a.Asked.Other(); ok && a.Presence == people.NotOnWhatsApp {
			absent[other] = i
			others = append(others, other)
		}
	}
	if len(others) == 0 {
		return answers, nil
	}
	again, err := check(ctx, others)
	if err != nil {
		return nil, err
	}
	for _, a := range again {
		if i, ok := absent[a.Asked]; ok {
			delete(absent, a.Asked)
			a.Asked = answers[i].Asked
			answers[i] = a
		}
	}
	for _, i := range absent {
		answers[i].Presence = people.PresenceUnknown
	}
	return slices.DeleteFunc(answers, func(a people.Answer) bool { return a.Presence == people.PresenceUnknown }), nil
}

// Pauses after a stumble: the first, doubled each time up to the last.
const (
	firstPause = 5 * time.Second
	lastPause  = 5 * time.Minute
)

// stumble logs what went wrong and tries again a little later, then less and
// less often: a service that refuses is not asked all the time.
func (l *Lane) stumble(doing string, err error) Hold {
	l.Logger.Warn(doing, "number", l.Number, "err", err)
	l.rest = time.Now().Add(min(firstPause<<min(l.stumbles, 16), lastPause))
	l.stumbles++
	return Hold{Reason: reason.HoldRetry, Until: l.Clock.At(l.rest)}
}

// Lanes keeps one running lane for every number.
type Lanes struct {
	Log     Log
	Bell    *Bell
	Clock   *Clock            // nil: the machine's
	Logger  *slog.Logger      // nil: none
	Numbers func() []NumberID // every number there is; asked again whenever the bell rings
	Sender  func(NumberID) Sender
}

// Run starts a lane for each number, now and when one is added, and returns
// when ctx has ended and every lane has stopped.
func (l *Lanes) Run(ctx context.Context) {
	ring, quiet := l.Bell.Listen()
	defer quiet()
	var running sync.WaitGroup
	defer running.Wait()
	logger := l.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	started := make(map[NumberID]bool)
	for {
		for _, id := range l.Numbers() {
			if started[id] {
				continue
			}
			started[id] = true
			lane := &Lane{Number: id, Log: l.Log, Sender: l.Sender(id), Bell: l.Bell, Clock: l.Clock, Logger: logger}
			running.Go(func() { lane.Run(ctx) }) // ends with ctx
		}
		select {
		case <-ctx.Done():
			return
		case <-ring:
		}
	}
}
