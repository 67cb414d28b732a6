// Package campaign holds what a campaign is and how one runs: its text, its
// pace, the states of a delivery, and the lane that sends the deliveries one by
// one. It knows neither the wire nor the disk: both stand behind the small
// interfaces [Sender] and [Log]. Begin reading at lane.go, which is how a
// message travels, and go on with delivery.go, which is what becomes of it.
//
// # Words
//
// One word stands for one thing, in code, in files and on screens:
//
//   - A campaign is one message to many people. Its status is what it is doing:
//     draft, running, paused and so on. Nothing else has a status.
//   - A contact, or person, is somebody we may write to.
//   - A delivery is one person in one campaign. Its state is how far it is.
//   - A number is one of our own WhatsApp numbers. It has a state too; its
//     standing is that state with the reason and the end.
//   - A link ties this program to the phone of a number, as one of its linked
//     devices. A number that is unlinked and linked again has another link. Our
//     end of it is a client.
//   - A lane claims a delivery before it sends it, and settles it when it writes
//     down the outcome of that try. Only deliveries are settled.
//   - A delivery whose outcome is not known is unsure, or in doubt. A receipt
//     proves it, or a person decides about it.
//   - A person who may have asked to be left alone is in doubt too, until
//     somebody decides whether they leave or stay.
//   - To check phones is to ask the service whether they have an account. What it
//     says is the answer; what a person writes back is a reply.
//   - A new chat is one that the number did not have before. A delivery that is
//     called new opens one.
//   - A hold is why nothing may be sent now, and until when.
//   - An ask is the screen on which a person says yes or no.
package campaign

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"recado/campaign/media"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// ID names one campaign. IDs are given in order, start at 1 and are never
// used again.
type ID uint64

// String writes the id in decimal, as commands print and take it.
func (i ID) String() string { return strconv.FormatUint(uint64(i), 10) }

// ParseID reads an id as String writes it.
func ParseID(s string) (ID, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n == 0 {
		return 0, reason.Err(reason.CampaignBadID, reason.Clip(s))
	}
	return ID(n), nil
}

// Status says what a campaign is doing. To start, pause, resume or cancel one
// is to write its status in the book; the lanes do the rest.
type Status uint8

// The statuses. The numbers are written to disk.
const (
	Draft     Status = iota // written, audience not yet frozen
	Running                 // lanes may claim its deliveries
	Paused                  // nothing is claimed until somebody resumes it
	Finished                // nothing is left to send
	Cancelled               // what was still queued will not be sent
	Freezing                // its deliveries are being made; then it runs
	Scheduled               // it starts at a time, by itself
)

var statusNames = [...]string{"draft", "running", "paused", "finished", "cancelled", "freezing", "scheduled"}

// String is the word that commands print.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "status(" + strconv.Itoa(int(s)) + ")"
}

// moves are the statuses to which a campaign may go from each.
var moves = [...][]Status{
	Draft:     {Scheduled, Freezing, Cancelled},
	Scheduled: {Draft, Freezing, Paused, Cancelled},          // paused, it does not start before somebody lets it
	Freezing:  {Running, Paused, Finished, Draft, Cancelled}, // a draft again if it cannot start
	Running:   {Paused, Finished, Cancelled},
	Paused:    {Running, Scheduled, Freezing, Draft, Finished, Cancelled},
	Finished:  {Running, Paused}, // something of it is sent again, or was held after the file was damaged
	Cancelled: {},
}

// May reports whether a campaign may go from a status to another one.
func (s Status) May(to Status) bool { return int(s) < len(moves) && slices.Contains(moves[s], to) }

// statusReasons are the statuses as they are said.
var statusReasons = [...]reason.Code{
	reason.StatusDraft, reason.StatusRunning, reason.StatusPaused, reason.StatusFinished, reason.StatusCancelled, reason.StatusFreezing, reason.StatusScheduled,
}

// Reason is the status as an argument of what is said.
func (s Status) Reason() reason.Reason {
	if int(s) < len(statusReasons) {
		return reason.New(statusReasons[s])
	}
	return reason.New(reason.Foreign, reason.Plain(s.String()))
}

// Campaign is one message to many people.
type Campaign struct {
	ID   ID
	Name string
	Text string // the template, as typed; with an attachment, what stands below it, and may be empty

	// Variants are other texts beside it. Each person gets one of all, chosen when
	// the audience is frozen; which one does better is seen by the replies.
	Variants []string `json:",omitempty"`

	Attachment *media.Attachment `json:",omitempty"` // nil: text alone

	Poll []string `json:",omitempty"` // the options of the poll that it is: its texts are questions, and it has no attachment; none: it is no poll

	Unread Unread `json:",omitzero"`  // of a draft: what was typed and cannot be used yet
	Rev    uint64 `json:",omitempty"` // of a draft: how often it was written

	To        string     // the filter that chose the audience, as typed; empty means everybody
	Numbers   []NumberID // who sends; empty in a draft means every number linked at the start
	Pace      Pace       // its own limits, beside those of the numbers; the zero Pace: none
	At        time.Time  `json:",omitzero"`  // when it is to start; zero: when somebody says so
	Zone      string     `json:",omitempty"` // in which that was said; IANA name
	Canary    int        `json:",omitempty"` // after so many messages it pauses by itself and asks; 0: it does not
	Tried     bool       `json:",omitempty"` // somebody has let it go on after those
	Basis     Basis      `json:",omitempty"` // why these people may be written to; empty: nobody has said
	Silent    bool       `json:",omitempty"` // also to those who have not answered the last campaigns
	Consented bool       `json:",omitempty"` // only to those who have consented
	NoLeave   string     `json:",omitempty"` // why its texts do not say how to be left alone, in words; empty: they do, or nobody has said
	AddLeave  bool       `json:",omitempty"` // of a draft: the composer adds how to be left alone to texts that do not say it
	TestOf    ID         `json:",omitempty"` // it is a test of that campaign; 0: it is none

	AnswerTo  ID     `json:",omitempty"` // it answers what one person replied to that campaign; 0: it does not
	AnswerSeq uint32 `json:",omitempty"` // the place of their delivery in it

	RevokeOf ID `json:",omitempty"` // it deletes messages of that campaign for everyone; 0: it does not

	Confirms NumberID `json:",omitempty"` // it confirms the opt-outs that the number hears, see [Confirmation]; 0: it does not

	FollowUp ID `json:",omitempty"` // it follows up that campaign, and stops for whoever has answered that; 0: none

	Only     people.ContactID `json:",omitempty"` // to that person alone, whatever To says; 0: no
	Archived bool             `json:",omitempty"` // not shown among the others

	Stopped   []Stop    `json:",omitempty"` // numbers that send nothing for it, though others may
	TextFixed time.Time `json:",omitzero"`  // when another text was last given to those who had not been written to

	Reworded []Rewording `json:",omitempty"` // what the texts said before, the first first; see [Campaign.Wordings]

	Status  Status
	Reason  reason.Reason // why it is paused or cancelled, or a draft again, for a person; zero when somebody asked for it
	Created time.Time     // zero times have not happened
	Started time.Time
	Ended   time.Time
}

// MaxTexts is how many texts a campaign has at the most.
const MaxTexts = 5

// Texts are the texts of a campaign, of which each person gets one.
func (c *Campaign) Texts() []string {
	return append([]string{c.Text}, c.Variants...)
}

// VariantName is what a variant is called: A is the text itself.
func VariantName(v uint8) string { return string(rune('A' + v)) }

// Copy is a draft with all that a person has written in a campaign; of when it
// starts it says nothing.
func (c *Campaign) Copy() Campaign {
	return Campaign{
		Name: c.Name, Text: c.Text, Variants: slices.Clone(c.Variants), Attachment: c.Attachment, Poll: slices.Clone(c.Poll), To: c.To, Numbers: slices.Clone(c.Numbers),
		Pace: c.Pace, Canary: c.Canary, Basis: c.Basis, Silent: c.Silent, Consented: c.Consented, NoLeave: c.NoLeave,
	}
}

// Followable reports whether a campaign can be followed up, which is done once and
// not again after that.
func (c *Campaign) Followable() bool { return !c.Unstarted() && !c.Aside() && c.FollowUp == 0 }

// FollowDelivered is the usual word of [Campaign.Unanswered].
const FollowDelivered = "delivered"

// unanswered are the filters of those who have not answered a campaign, by a word
// for how far it got with them.
var unanswered = map[string]string{
	FollowDelivered: "recebeu:%[1]s -respondeu:%[1]s",
	"read":          "leu:%[1]s -respondeu:%[1]s",
	"silent":        "recebeu:%[1]s -leu:%[1]s -respondeu:%[1]s",
}

// Unanswered is the filter of those who got a campaign and have not answered it:
// delivered is all of them, read those who have read it, silent those who have not.
// Another word is not ok.
func (c *Campaign) Unanswered(only string) (filter string, ok bool) {
	format, ok := unanswered[only]
	if !ok {
		return "", false
	}
	return fmt.Sprintf(format, c.ID), true
}

// Follow is a draft that follows a campaign up, to those of its people whom a filter
// chooses. What was asked of the first message is asked of the second.
func (c *Campaign) Follow(to string) Campaign {
	return Campaign{Name: c.Name + " 2", To: to, FollowUp: c.ID, Consented: c.Consented}
}

// Unstarted reports whether the audience of a campaign is still to be chosen: it
// is a draft, or scheduled, or was and is paused.
func (c *Campaign) Unstarted() bool {
	return c.Status == Draft || c.Status == Scheduled || c.Status == Paused && c.Started.IsZero()
}

// Aside reports whether a campaign stands beside the others, as a test, an answer, an
// undo or the confirmations of a number: it counts neither for when the person may get
// the next campaign nor as one that they have not answered.
func (c *Campaign) Aside() bool {
	return c.TestOf != 0 || c.AnswerTo != 0 || c.RevokeOf != 0 || c.Confirms != 0
}

// MindsSilence reports whether a campaign leaves alone who has not answered the
// last ones.
func (c *Campaign) MindsSilence() bool { return !c.Silent && !c.Aside() }

// MindsConsent reports whether a campaign leaves out who has not consented. A
// test is to whoever it was asked for.
func (c *Campaign) MindsConsent() bool { return c.Consented && c.TestOf == 0 }

// Tries reports whether a campaign of which so many messages have left, or may
// have, is to pause before the next one.
func (c *Campaign) Tries(left int) bool { return c.Canary > 0 && !c.Tried && left >= c.Canary }

// Begun is when a campaign was started or, if it was not, written.
func (c *Campaign) Begun() time.Time {
	if !c.Started.IsZero() {
		return c.Started
	}
	return c.Created
}

// Counts is how many deliveries of a campaign are in each state. Every
// delivery is counted once, in the state it is in.
type Counts [NumStates]int

// Total is the size of the audience, those skipped included.
func (c Counts) Total() int {
	n := 0
	for _, k := range c {
		n += k
	}
	return n
}

// Done is how many deliveries need no more sending.
func (c Counts) Done() int { return c.Total() - c[Queued] - c[Sending] }

// Left is how many deliveries have left or may have.
func (c Counts) Left() int { return c.Accepted() + c[Sending] + c[Unsure] }

// Accepted is how many deliveries the service accepted: sent and whatever
// comes after it.
func (c Counts) Accepted() int { return c[Sent] + c[Delivered] + c[Read] + c[Replied] }
