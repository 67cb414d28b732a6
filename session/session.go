// Package session keeps our WhatsApp numbers linked and connected, sends by
// them and hears what arrives. Each number is a goroutine of its own with its
// own client: one number's trouble never touches another. Begin reading at
// [Pool]; number.go is that goroutine, states.go says what each event of the
// service means, linking.go is the QR code, send.go and hear.go are the wire
// in both directions.
package session

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// Errors that callers branch on.
var (
	ErrNotFound  = reason.Err(reason.NumberGone)
	ErrLinked    = reason.Err(reason.NumberLinked)
	ErrNotLinked = reason.Err(reason.NumberNotLinked)
	ErrClosed    = reason.Err(reason.NumbersClosed)
	ErrRootKey   = reason.Err(reason.ServerOther)
	ErrPhone     = reason.Err(reason.LinkNoPhone)
	ErrPasskey   = reason.Err(reason.PasskeyAnswer)
	ErrNoPasskey = reason.Err(reason.PasskeyNone)
)

// Devices is where the keys of the linked devices are kept.
type Devices interface {
	NewDevice() *store.Device
	// GetDevice returns nil and no error if there is no such device.
	GetDevice(ctx context.Context, jid types.JID) (*store.Device, error)
	// Err is not nil while the disk refuses to write: nothing must be sent then.
	Err() error
	// KeepHistory keeps the notice of a piece of history until ForgetHistory. It
	// is on the disk when it returns.
	KeepHistory(ctx context.Context, jid types.JID, id string, notification []byte) error
	// Histories lists the ids of what is kept, in the order of arrival.
	Histories(ctx context.Context, jid types.JID) (ids []string, err error)
	// History returns nil if it is not kept.
	History(ctx context.Context, jid types.JID, id string) (notification []byte, err error)
	ForgetHistory(ctx context.Context, jid types.JID, id string) error
}

// Book is where the numbers and what they hear are written down. Every method
// returns when what it wrote is on the disk.
type Book interface {
	Numbers() ([]campaign.Number, error)
	LinkNumber(id campaign.NumberID, phone people.Phone, jid string, at time.Time) (campaign.Number, error)
	// PastTold is told that what the phone tells of the past of a link was waited for.
	PastTold(id campaign.NumberID) error
	// NotLinked is told that a number that was to be linked was not, and why.
	NotLinked(id campaign.NumberID, why reason.Reason) error
	SetAccount(id campaign.NumberID, lid string, phone people.Phone) (campaign.Number, error)
	UnlinkNumber(id campaign.NumberID, s campaign.Standing) error
	SetStanding(id campaign.NumberID, s campaign.Standing) error
	// Receipt is told of a receipt of a person. It returns the ids of messages
	// that were sent to somebody else, of which it proves nothing.
	Receipt(number campaign.NumberID, from people.Seen, ids []campaign.MessageID, state campaign.State, at time.Time) (others []campaign.MessageID, err error)
	// Receipts is Receipt for many, also of several numbers, all or none; it need
	// not be done at once.
	Receipts(all []campaign.Receipt) (others [][]campaign.MessageID, err error)
	// SentTo reports whether the number has sent the message with that id to a
	// person.
	SentTo(number campaign.NumberID, to people.Seen, id campaign.MessageID) (bool, error)
	// Prove is told of receipts of a person for messages of ours, known or not.
	Prove(number campaign.NumberID, to people.Seen, ids []campaign.MessageID, state campaign.State, at time.Time) error
	// Heard is told what people wrote to the number. One message is on the disk
	// when it returns; of several, after an error, some may be.
	Heard(number campaign.NumberID, messages ...campaign.Incoming) error
	Saw(number campaign.NumberID, people []people.Seen) error
	// Labels is told of labels on the phone of the number, in the order in which
	// they changed; with whole these are all that it has. LabelsKnown reports
	// whether it has been told all of those of this link.
	Labels(number campaign.NumberID, whole bool, changes []people.LabelChange) error
	LabelsKnown(number campaign.NumberID) (bool, error)
	// Begins is told what timer the chats have that the number begins.
	Begins(number campaign.NumberID, t people.Timer) error
	// Payload returns the delivery that left under an id, with all that it
	// carried; ok is false if there was none, or if an undo is to delete it: its
	// RevokeBy says so.
	Payload(id campaign.MessageID) (d campaign.Delivery, ok bool, err error)
	// Poll returns the poll that the number sent to a person under an id, with its
	// options and its secret; ok is false if it sent them none.
	Poll(number campaign.NumberID, to people.Seen, id campaign.MessageID) (d campaign.Delivery, ok bool, err error)
	// Answered is told what the service said of phones that the number asked about.
	Answered(number campaign.NumberID, asked []people.Phone, answers []people.Answer, at time.Time) error
	// SetBlocked is told who is blocked on the phone of the number, and Block what
	// changed of that.
	SetBlocked(number campaign.NumberID, people []people.Seen) error
	Block(number campaign.NumberID, who people.Seen, blocked bool) error
	Slow(number campaign.NumberID, why reason.Code, until time.Time) error
	SetQuota(id campaign.NumberID, q campaign.Quota) error
	SawPhone(id campaign.NumberID, at time.Time) error
	WebVersion() (version [3]uint32, asked time.Time, err error)
	SetWebVersion(version [3]uint32, asked time.Time) error
}

// Config is what a pool is made of.
type Config struct {
	Devices Devices
	Book    Book
	Bell    *campaign.Bell      // rung whenever a snapshot would be another; nil: none
	Logger  *slog.Logger        // nil: none
	HTTP    func() *http.Client // makes the clients that reach the service; nil: the real service
	Clock   *campaign.Clock     // told the service's time; nil: one of its own
	RootKey *[32]byte           // the service's root key; nil: that of the real service
}

// Snapshot is one number at one moment.
type Snapshot struct {
	Number   campaign.Number
	State    campaign.NumberState
	Since    time.Time     // when it came into this state
	Until    time.Time     // when a ban or restriction ends, or the next try to connect; zero when not known
	Reason   reason.Reason // for a person; zero when the state says all
	QR       string        // the text of the code to scan; empty when there is none
	Code     string        // what to type on the phone, "ABCD-EFGH"; empty when there is none
	Passkey  Passkey       // what WhatsApp wants besides
	QRUntil  time.Time     // when any of these dies; another code follows, a passkey is given up
	Synced   bool          // what arrived while away has been heard
	Contacts bool          // the address book of the phone has arrived

	// Reading is until when at most nothing leaves because the history of the
	// phone is being read; zero: it is not, or not waited for. Missed: a part of
	// it was not read in that time, and who said no in it is not known yet.
	Reading time.Time
	Missed  bool
	// Outrun: it has not heard what waits for it, and the other numbers have
	// waited for it and go on.
	Outrun bool

	// Unlinks is when WhatsApp takes the link away because the phone has given
	// no sign of life; zero while it has not been quiet for ten days.
	Unlinks time.Time
	// Skew is how far the clock of this computer is ahead of WhatsApp's;
	// negative: behind. Zero within two minutes.
	Skew time.Duration
}

// Passkey is the step that WhatsApp asks of some accounts when they are
// linked. The zero Passkey: nothing is asked.
type Passkey struct {
	Options string // what a browser is to be asked, as WhatsApp wrote it in JSON
	Script  string // asks it, in the console of a browser at web.whatsapp.com; what it prints is for AnswerPasskey
	Code    string // the phone shows one too: ConfirmPasskey if it is the same
}
