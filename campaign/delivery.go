package campaign

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// MessageID is the id by which WhatsApp knows one message. It is chosen once
// for a delivery and never changes: recipients fold a repeated id, so sending
// it again cannot be seen twice.
type MessageID string

// State says how far a delivery is. "Sent" means that the service accepted it.
type State uint8

// The states. The numbers are written to disk.
const (
	Queued    State = iota
	Sending         // claimed; may be on the wire at this moment
	Sent            // the service accepted it
	Delivered       // it reached a device of the person
	Read
	Replied
	Failed    // the service said no; final
	Unsure    // we cannot know yet, or any more
	Skipped   // not to be sent, for the reason given
	NumStates = iota
)

var stateNames = [...]string{"queued", "sending", "sent", "delivered", "read", "replied", "failed", "unsure", "skipped"}

// String is the word that commands print.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "state(" + strconv.Itoa(int(s)) + ")"
}

// Proven reports whether the state says that the service has the message.
func (s State) Proven() bool { return s >= Sent && s <= Replied }

// Reached reports whether the state says that a device of the person has the
// message.
func (s State) Reached() bool { return s >= Delivered && s <= Replied }

// Verdict is what a person says of a delivery that is unsure.
type Verdict string

// The verdicts, as commands take them.
const (
	Arrived Verdict = "sent"   // they have it
	SendIt  Verdict = "resend" // they do not have it: send it
	Leave   Verdict = "skip"   // whatever became of it, do not send it
)

// Delivery is one person in one campaign. From State on, its fields change by
// the methods in this file, in retry.go, revoke.go and poll.go, and nowhere else.
type Delivery struct {
	Campaign ID
	Seq      uint32 // its place in the campaign, from 0
	Contact  people.ContactID
	Number   NumberID // who sends it
	Phone    people.Phone
	Name     string // of the person when the audience was frozen
	State    State
	New      bool   // it opens a chat that the number did not have when the audience was frozen
	Zone     string // the person's time zone, by their phone; IANA name
	LID      string // where it went; empty until claimed

	Message    MessageID     // chosen at the first claim
	Text       string        // rendered at the first claim
	Upload     uint64        // which upload of its number it carries, chosen at the first claim; 0: text alone
	Media      []byte        // that upload as [Sender] wrote it; only where the book gives it out to be sent
	Timer      people.Timer  // of its chat, at the first claim
	Reason     reason.Reason // of failed, unsure, skipped, or of the last try
	Code       int           // the service's error code, 0 if none
	Attempts   int           // how many times it was claimed
	Doubts     int           // how many of these ended without an answer, though we waited for it
	InDoubt    bool          // a try ended without our knowing and nothing has proved it since
	Unheard    int           // how many times the service said nothing when asked about the phone
	Link       uint32        // the link it left by, see [Number]
	Redirected bool          // its address was no good once, and the service named it again
	NotBefore  time.Time     // when one that waits may be tried again; zero if it was never put off, or will not be tried again

	Variant uint8 // which of the campaign's texts they get, from 0; chosen when the audience was frozen

	Claimed, Accepted, Arrived, ReadAt, RepliedAt time.Time // zero times have not happened
	LeftAt                                        time.Time // when they asked, in answer to it, to be left alone

	Answer string // what they wrote in answer within [ReplyWithin], a line for each message; the beginning of it

	Revokes MessageID // it deletes that message for everyone and says nothing itself; empty: it is a message

	RevokeBy  ID        // the undo that is to delete it, or was, the last one: it is not sent again; 0: none
	RevokedAt time.Time // when the service accepted that

	MayBeRevoked bool // whether it did is not known: the deletion is in doubt

	Fixed uint16 // how often its text of the campaign had been fixed when it was written down, see [Campaign.Reword]

	Confirms time.Time // of a confirmation: when they left, see [Confirmation]; zero: it is none

	Secret []byte    // of a poll: with what votes are sealed, chosen at the first claim; none: it is no poll
	Poll   []string  // its options; only where the book gives it out to be sent, or to read a vote
	Vote   uint8     // the option that they chose last, from 1; 0: none
	Voted  time.Time // when they did, or took it back
}

// How often and for how long a delivery is tried.
const (
	doubtAge    = 24 * time.Hour // one in doubt is not sent again after that
	maxDoubts   = 3              // tries that ended without an answer
	maxAttempts = 10             // claims of one delivery, whatever became of them
	maxNoKeys   = 3              // claims that ended without keys or without an address for the recipient
	maxPutOff   = 5              // claims that ended because the service says later
	maxUnheard  = 3              // questions about a phone that brought no answer

	firstBackoff = 5 * time.Second
)

// LongestWait is the longest for which a delivery, or an upload, is put off.
const LongestWait = 10 * time.Minute

// UnheardPause is how long a phone waits about which the service, when it was
// asked, said nothing.
const UnheardPause = time.Minute

// backoff is how long a delivery that did not leave waits after its n-th try.
func backoff(n int) time.Duration {
	return min(firstBackoff<<(2*(n-1)), LongestWait)
}

// Again reports whether a delivery waits to be tried again: it was put off, and
// is out of the queue in which it waited for its first turn.
func (d *Delivery) Again() bool {
	return (d.State == Queued || d.State == Unsure) && !d.NotBefore.IsZero()
}

// Pending reports whether a delivery keeps its campaign from being finished. An
// unsure one that will not be tried again does not.
func (d *Delivery) Pending() bool {
	return d.State == Queued || d.State == Sending || d.Again()
}

// MayHaveLeft reports whether a delivery has left, or may have.
func (d *Delivery) MayHaveLeft() bool {
	return d.State.Proven() || d.State == Sending || d.InDoubt
}

// Due says what a delivery that was put off still waits for; the zero Hold:
// nothing. One that is in doubt waits until its number is online, has heard
// what arrived while it was away, and grace has passed: a receipt may prove it.
func (d *Delivery) Due(ready Readiness, grace time.Duration, now time.Time) Hold {
	at, why := Within(d.NotBefore, now, max(LongestWait, grace)), reason.HoldRetry
	if d.State == Unsure {
		why = reason.HoldDoubt
		if heard := ready.Since.Add(grace); heard.After(at) {
			at = heard
		}
	}
	if at.After(now) {
		return Hold{Reason: why, Until: at}
	}
	return Hold{}
}

// Hopeless reports whether a delivery in doubt must not be sent again by the
// link that its number has now: it left by another one, or it is too old, or was
// tried too often.
func (d *Delivery) Hopeless(link uint32, now time.Time) bool {
	return d.State == Unsure &&
		(d.Link != link || now.Sub(d.Claimed) > doubtAge || Early(d.Claimed, now) || d.Doubts >= maxDoubts || d.Attempts >= maxAttempts)
}

// Lapses is when a delivery in doubt is too old to be sent again; zero: it is not
// in doubt.
func (d *Delivery) Lapses() time.Time {
	if d.State != Unsure {
		return time.Time{}
	}
	return d.Claimed.Add(doubtAge)
}

// ClaimForgotten reports whether a delivery may have left by a claim that is
// forgotten, see [Delivery.Forget], with an id that nobody knows.
func (d *Delivery) ClaimForgotten() bool {
	return d.State == Unsure && d.Reason.Code == reason.DeliveryForgotten && d.Message == ""
}

// Fresh reports whether a delivery carries nothing yet: it was never claimed, or is
// tried again by a person's wish, see [Delivery.Retry].
func (d *Delivery) Fresh() bool { return d.Attempts == 0 }

// Cargo is what a delivery is given when it is claimed for the first time, and
// carries from then on.
type Cargo struct {
	Message MessageID
	Text    string
	Fixed   uint16 // how often the campaign's text had been fixed
	Upload  uint64
	Timer   people.Timer
	Secret  []byte // of a poll
}

// Claim makes a delivery that waits one that is being sent, to a person as they
// are known now, by a link of its number. It is given its cargo the first time;
// later it carries what it has, because a copy may have left.
func (d *Delivery) Claim(to *people.Contact, link uint32, cargo Cargo, now time.Time) {
	if d.State != Queued && !d.Again() {
		return
	}
	if d.Fresh() {
		d.Message = cmp.Or(d.Message, cargo.Message)
		d.Text, d.Upload, d.Timer, d.Fixed, d.Claimed = cargo.Text, cargo.Upload, cargo.Timer, cargo.Fixed, now
		if len(d.Secret) == 0 { // should it have left after all, votes are sealed with the one that it had
			d.Secret = cargo.Secret
		}
	}
	if d.LID == "" { // a LID never changes: what may have left goes again to where it may be
		d.LID = to.LID
	}
	if to.Phone != "" {
		d.Phone = to.Phone
	}
	d.State, d.NotBefore, d.Reason, d.Code = Sending, time.Time{}, reason.Reason{}, 0
	d.Link = link
	d.Attempts++
}

// Settle gives a delivery that is being sent the state that follows from the
// outcome of the try, and reports whether it was being sent. What became of this
// try says nothing of an earlier one: a delivery that is in doubt stays so until
// something proves it. After grace one of which nothing is known may be tried
// again.
//
// Of one that is not being sent a receipt has come first, or it was decided
// about: only that the service has it still counts.
func (d *Delivery) Settle(o Outcome, grace time.Duration, now time.Time) bool {
	sending := d.State == Sending
	switch {
	case o.Kind == Accepted:
		d.Advance(Sent, now)
		return sending
	case !sending:
		return false
	}
	d.Code, d.Reason = o.Code, o.Reason
	switch o.Kind {
	case Refused:
		d.end(Failed, o.Reason)
	case NotSent, Misled:
		if d.Attempts >= tries(o) {
			d.end(Failed, o.Reason)
			break
		}
		d.State, d.NotBefore = Queued, now.Add(backoff(d.Attempts))
		if d.InDoubt {
			d.State = Unsure
		}
	case Unknown:
		d.State, d.InDoubt = Unsure, true
		d.NotBefore = now.Add(grace)
		d.Doubts++
	}
	return true
}

// tries is how many claims a delivery has that did not leave for such a reason.
func tries(o Outcome) int {
	switch {
	case o.Reason.Code == reason.DeliveryNoKeys, o.Kind == Misled:
		return maxNoKeys
	case o.Code != 0:
		return maxPutOff
	}
	return maxAttempts
}

// end gives a delivery a state in which it is not tried again. In doubt it stays
// unsure: an earlier try may have arrived.
func (d *Delivery) end(state State, why reason.Reason) {
	d.State, d.Reason, d.NotBefore = state, why, time.Time{}
	if d.InDoubt {
		d.State = Unsure
	}
}

// Redirect follows what the service said of the phone of a delivery whose
// address was no good, if it waits to be tried again; lid is the account of its
// recipient as far as the book knows. Is it theirs, the delivery is tried again
// at once, but only once. Is it somebody else's, nothing is sent to that one.
func (d *Delivery) Redirect(a people.Answer, lid string, now time.Time) {
	switch {
	case !d.Again():
	case a.Presence == people.NotOnWhatsApp:
		d.end(Skipped, reason.New(reason.DeliveryNotOnWhatsApp))
	case a.LID == "": // it did not say whose the phone is
	case a.LID != lid:
		d.end(Skipped, reason.New(reason.DeliveryMoved))
	case d.Redirected:
		d.end(Failed, d.Reason)
	default:
		d.Redirected, d.NotBefore = true, now
	}
}

// Interrupt puts a delivery in doubt that was being sent when the process ended.
func (d *Delivery) Interrupt(now time.Time) {
	if d.State == Sending {
		d.State, d.InDoubt = Unsure, true
		d.Reason, d.NotBefore = reason.New(reason.DeliveryInterrupted), now
	}
}

// Forget puts a delivery in doubt that waited, and may have been claimed by a
// transaction that is forgotten, not before last. It is not tried again before a
// person has decided about it or a receipt has proved it.
func (d *Delivery) Forget(last time.Time) {
	if d.State != Queued && d.State != Unsure {
		return
	}
	d.State, d.InDoubt, d.NotBefore = Unsure, true, time.Time{}
	d.Reason, d.Code = reason.New(reason.DeliveryForgotten), 0
	if d.Message == "" {
		d.Claimed = last
	}
}

// Identify gives a delivery the id by which a receipt knows it, if its claim is
// forgotten.
func (d *Delivery) Identify(id MessageID) {
	if d.ClaimForgotten() {
		d.Message = id
	}
}

// Address says to which account a delivery went, if that is not known.
func (d *Delivery) Address(lid string) {
	if d.LID == "" {
		d.LID = lid
	}
}

// GiveUp ends a delivery that waits. It is skipped for that reason; in doubt it
// may have arrived, and stays unsure for the reason that it has.
func (d *Delivery) GiveUp(why reason.Reason) {
	switch d.State {
	case Queued:
		d.State, d.Reason, d.Code, d.NotBefore = Skipped, why, 0, time.Time{}
	case Unsure:
		d.NotBefore = time.Time{}
	}
}

// TakeOut takes a delivery out of its campaign because a person wants it so, and
// reports whether that could be: it waits, and nothing of it may have left.
func (d *Delivery) TakeOut() bool {
	if d.State != Queued {
		return false
	}
	d.GiveUp(reason.New(reason.DeliveryTakenOut))
	return true
}

// Move gives a delivery that was never claimed to another number, for which it
// opens a chat or not, and reports whether that could be.
func (d *Delivery) Move(to NumberID, isNew bool, zone string) bool {
	if d.State != Queued || d.Message != "" {
		return false
	}
	d.Number, d.New, d.Zone = to, isNew, zone
	return true
}

// Erase takes from a delivery whose it is and what it said, see the book. One that
// waits is given up; on the wire it is not tried again, because nobody is found
// for it any more.
func (d *Delivery) Erase() {
	d.GiveUp(reason.New(reason.DeliveryOptedOut))
	d.Contact, d.Phone, d.Name, d.Zone, d.LID, d.Text, d.Upload, d.Answer, d.Secret = 0, "", "", "", "", "", 0, "", nil
}

// longestAnswer is how much is kept of what a person answers, in bytes.
const longestAnswer = 1000

// Hear keeps what a person wrote in answer to a delivery, if it came in time. The
// same words are kept once: a message may be told again.
func (d *Delivery) Hear(text string, at time.Time) {
	text = strings.Join(strings.Fields(Visible(text)), " ")
	if text == "" || at.Sub(first(d.Accepted, d.Claimed)) > ReplyWithin || slices.Contains(strings.Split(d.Answer, "\n"), text) {
		return
	}
	if d.Answer != "" {
		text = d.Answer + "\n" + text
	}
	for len(text) > longestAnswer {
		_, n := utf8.DecodeLastRuneInString(text[:longestAnswer+1])
		text = text[:min(longestAnswer, longestAnswer+1-n)]
	}
	d.Answer = text
}

// Drop ends a delivery in doubt that is hopeless by the link that its number has
// now: it is not tried again before a person has decided about it.
func (d *Delivery) Drop(link uint32) {
	if d.State != Unsure || !d.Again() {
		return
	}
	if d.Link != link {
		d.Reason = reason.New(reason.DeliveryUnlinked)
	}
	d.NotBefore = time.Time{}
}

// PutAside lets a delivery wait about whose phone the service, when it was
// asked, said nothing; after a few times it is given up.
func (d *Delivery) PutAside(now time.Time) {
	why := reason.New(reason.DeliveryNoAnswer)
	if d.State != Queued {
		return
	}
	if d.Unheard+1 >= maxUnheard {
		d.GiveUp(why)
		return
	}
	d.Unheard++
	d.Reason, d.NotBefore = why, now.Add(UnheardPause)
}

// OpenChat makes a delivery that waits one that opens a new chat.
func (d *Delivery) OpenChat() {
	if d.State == Queued || d.State == Unsure {
		d.New = true
	}
}

// Decide follows what a person says of a delivery that is unsure. It reports
// whether there was anything to decide: a delivery that is unsure, and a verdict
// that is one. Sent once more it keeps its id and what it carries, if it has
// them.
func (d *Delivery) Decide(v Verdict, now time.Time) bool {
	if d.State != Unsure {
		return false
	}
	switch v {
	case Arrived:
		d.Advance(Sent, now)
	case Leave:
		d.State, d.Reason, d.Code, d.NotBefore = Skipped, reason.New(reason.DeliveryLeftAlone), 0, time.Time{}
	case SendIt:
		d.State, d.InDoubt, d.NotBefore, d.RevokeBy = Queued, false, now, 0
		d.Reason, d.Code, d.Doubts = reason.Reason{}, 0, 0
		if d.Message == "" {
			d.Claimed = time.Time{}
		}
	default:
		return false
	}
	return true
}

// Advance moves the state forward on proof that came from outside (a receipt,
// a reply) and reports whether anything changed. Proof never moves a state
// back: a late "delivered" does not undo "read". A reply to a delivery whose
// sending is not proven is remembered and counts once it is.
func (d *Delivery) Advance(to State, at time.Time) bool {
	if !to.Proven() {
		return false
	}
	before := d.State
	stamp := func(t *time.Time) {
		if t.IsZero() {
			*t = at
		}
	}
	if to == Replied {
		stamp(&d.RepliedAt)
		if !d.State.Proven() {
			return d.State == Sending || d.State == Unsure
		}
	} else {
		stamp(&d.Accepted)
		if to >= Delivered {
			stamp(&d.Arrived)
		}
		if to >= Read {
			stamp(&d.ReadAt)
		}
	}
	if !before.Proven() {
		d.Reason, d.Code, d.InDoubt, d.NotBefore = reason.Reason{}, 0, false, time.Time{}
		d.State = to
	}
	d.State = max(d.State, to)
	if !d.RepliedAt.IsZero() {
		d.State = Replied
	}
	return d.State != before
}
