package campaign

import (
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// NumberID names one of our numbers. It is declared beside the contacts, which
// remember which numbers know them.
type NumberID = people.NumberID

// Number is one of our own WhatsApp numbers, as the book knows it.
type Number struct {
	ID       NumberID
	Name     string       // what the user calls it; unique
	Phone    people.Phone // empty until it has been linked once
	LID      string       `json:",omitempty"` // of its account, without server; empty until the service told
	JID      string       // the service's id of the present link; empty while unlinked
	Link     uint32       // how many times it has been linked; a delivery remembers the link it left by
	LinkedAt time.Time    // when its phone was first linked
	LinkMade time.Time    // when the present link was made; zero: before that was kept
	Untold   bool         `json:",omitempty"` // nobody has waited yet for what its phone tells of the past of the present link
	Limits   Limits       // those that somebody has set; see Pace
	Standing Standing     // what a restart must not forget
	Quota    Quota        // of new chats, as the service last told
	Seen     time.Time    // when its phone last gave a sign of life; zero: not since it was linked

	Confirm  Confirmation `json:",omitzero"`  // what it sends to who opts out
	Confirms ID           `json:",omitempty"` // the campaign that its confirmations are; 0: there are none yet
}

// Pace is how fast the number may send at now: the limits that somebody has
// set, the others those of [DefaultPace] for its age.
func (n Number) Pace(now time.Time) Pace {
	linked := n.LinkedAt
	if linked.IsZero() {
		linked = now
	}
	return n.Limits.Over(DefaultPace(linked, now))
}

// Linked reports whether the number has a link that can be connected.
func (n Number) Linked() bool { return n.JID != "" }

// NumberState is the state of a linked number.
type NumberState uint8

// The states of a number. The numbers are written to disk.
const (
	Unlinked   NumberState = iota
	Linking                // a QR code is on the screen
	Connecting             // dialling or logging in, or replaying what arrived while away
	Online                 // may send
	Offline                // no connection; trying again by itself
	Restricted             // online, but may not write to new people
	Banned                 // the service refuses it for a time
	Blocked                // a person must act: replaced elsewhere, refused
	LoggedOut              // unlinked from the phone; link it again
	Outdated               // the service asks for a newer program
)

var numberStateNames = [...]string{"unlinked", "linking", "connecting", "online", "offline", "restricted", "banned", "blocked", "logged-out", "outdated"}

// String is the word that commands print.
func (s NumberState) String() string {
	if int(s) < len(numberStateNames) {
		return numberStateNames[s]
	}
	return "unknown"
}

// Standing is a state with its reason and its end.
type Standing struct {
	State  NumberState
	Since  time.Time
	Until  time.Time     // when a restriction or ban ends, or the next try; zero when not known
	Reason reason.Reason // for a person; zero when the state says all
	Stop   bool          // the campaigns of the number are not to go on by themselves

	// Closed is until when no new chat may be opened, whatever the state; zero:
	// they may. Refused is how many the service has refused in a row meanwhile.
	Closed  time.Time
	Refused int
}

// Quota is how many new chats the service allows a number in a cycle of its
// own, usually a month. It tells only some numbers.
type Quota struct {
	Known bool      // the service has told; otherwise there may be one or none
	Total int       // in a cycle; negative: as many as the number likes
	Used  int       // so far
	Until time.Time // when the next cycle begins; zero: not told
}

// Spent reports whether no new chat may be begun at now.
func (q Quota) Spent(now time.Time) bool {
	return q.Current(now) && q.Total >= 0 && q.Used >= q.Total
}

// Current reports whether the quota is known and its cycle goes on at now.
func (q Quota) Current(now time.Time) bool {
	return q.Known && (q.Until.IsZero() || q.Until.After(now))
}
