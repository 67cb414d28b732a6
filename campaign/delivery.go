package campaign

import (
	"strconv"
	"time"

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
	Delivered       // it reached a device of hers
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

// Verdict is what a person says of a delivery that is unsure.
type Verdict string

// The verdicts, as commands take them.
const (
	Arrived Verdict = "sent"   // she has it
	SendIt  Verdict = "resend" // she does not have it: send it
	Leave   Verdict = "skip"   // whatever became of it, do not send it
)

// Delivery is one person in one campaign.
type Delivery struct {
	Campaign ID
	Seq      uint32 // its place in the campaign, from 0
	Contact  people.ContactID
	Number   NumberID // who sends it
	Phone    people.Phone
	Name     string // her name when the audience was frozen
	State    State
	New      bool   // a chat that the number did not have when the audience was frozen
	Zone     string // her time zone, by her phone; IANA name
	LID      string // where it went; empty until claimed

	Message    MessageID     // chosen at the first claim
	Text       string        // rendered at the first claim
	Upload     uint64        // which upload of its number it carries, chosen at the first claim; 0: text alone
	Media      []byte        // that upload as [Sender] wrote it; only where the book gives it out to be sent
	Timer      people.Timer  // of its chat, at the first claim
	Reason     reason.Reason // of failed, unsure, skipped, or of the last try
	Code       int           // the service's error code, 0 if none
	Attempts   int           // how many times it was claimed
	Doubts     int           // how many of these ended without the service's word, though we waited for it
	InDoubt    bool          // a try ended without our knowing and nothing has proved it since
	Unheard    int           // how many times the service said nothing when asked about her phone
	Link       uint32        // the link it left by, see [Number]
	Redirected bool          // its address was no good once, and the service named it anew
	NotBefore  time.Time     // when one that waits may be tried again; zero if it was never put off, or will not be tried again

	Claimed, Accepted, Arrived, ReadAt, RepliedAt time.Time // zero times have not happened
}

// Advance moves the state forward on proof that came from outside (a receipt,
// a reply) and reports whether anything changed. Proof never moves a state
// back: a late "delivered" does not undo "read". A reply to a delivery whose
// sending is not proven is remembered and counts once it is.
func (d *Delivery) Advance(to State, at time.Time) bool {
	before := d.State
	stamp := func(t *time.Time) {
		if t.IsZero() {
			*t = at
		}
	}
	switch to {
	case Sent:
		stamp(&d.Accepted)
	case Delivered:
		stamp(&d.Accepted)
		stamp(&d.Arrived)
	case Read:
		stamp(&d.Accepted)
		stamp(&d.Arrived)
		stamp(&d.ReadAt)
	case Replied:
		stamp(&d.RepliedAt)
		if !d.State.Proven() {
			return d.State == Sending || d.State == Unsure
		}
	}
	if !d.State.Proven() || to > d.State {
		d.State = to
	}
	if !d.RepliedAt.IsZero() {
		d.State = Replied
	}
	if d.State != before && !before.Proven() {
		d.Reason, d.Code, d.InDoubt = reason.Reason{}, 0, false
	}
	return d.State != before
}
