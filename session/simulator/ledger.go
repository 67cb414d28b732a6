package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Leg is the part of a message that was encrypted for one device.
type Leg struct {
	Device string `json:"device"`          // "LID:device@lid"
	Type   string `json:"type"`            // "pkmsg" or "msg"
	Error  string `json:"error,omitempty"` // why it could not be decrypted
}

// Stanza is one message that a client handed to the service.
type Stanza struct {
	Time   time.Time `json:"time"`
	From   string    `json:"from"`   // the companion, "number:device@s.whatsapp.net"
	Number string    `json:"number"` // our own number, "+5511…"
	To     string    `json:"to"`     // the recipient's number, "+5511…"; the address if it has none
	ID     string    `json:"id"`
	Kind   string    `json:"kind"` // "text", "media", "reaction", "poll"; "revoke" deletes one; "peer" to the own phone; "retry" encrypted again on request
	Text   string    `json:"text,omitempty"`
	Media  string    `json:"media,omitempty"` // SHA-256 of the attachment as the recipient decrypted it, in hex, or why they could not
	Poll   *Poll     `json:"poll,omitempty"`  // of which Text is the question
	Legs   []Leg     `json:"legs,omitempty"`

	Revokes string `json:"revokes,omitempty"` // of "revoke": the id of the message that it deletes for everyone

	Timer     time.Duration `json:"timer,omitempty"`     // after how long it says that it disappears; 0: it stays
	Duplicate bool          `json:"duplicate,omitempty"` // the same bytes under the same id as before: acknowledged, nothing else
	Error     int           `json:"error,omitempty"`     // the service refused it with this code: nobody got it
	Lost      bool          `json:"lost,omitempty"`      // nothing in it was for the recipient: accepted, and nobody will ever get it
}

// Seen is a message that a person sees in their chat, once however often it came.
type Seen struct {
	Time   time.Time `json:"time"`
	Person string    `json:"person"` // their number, "+5511…"
	Number string    `json:"number"` // ours
	ID     string    `json:"id"`
	Text   string    `json:"text"`
	Poll   *Poll     `json:"poll,omitempty"` // of which Text is the question

	Timer time.Duration `json:"timer,omitempty"` // after how long it disappears; 0: it stays
}

// Deleted is a message that is gone from a person's chat because our number deleted
// it for everyone: what they see is that there was one.
type Deleted struct {
	Time   time.Time `json:"time"`
	Person string    `json:"person"`
	Number string    `json:"number"`
	ID     string    `json:"id"` // of the message
}

// Said is a message that a person wrote to one of our numbers.
type Said struct {
	Time   time.Time `json:"time"`
	Person string    `json:"person"`
	Number string    `json:"number"`
	ID     string    `json:"id"`
	Text   string    `json:"text"`
}

// Confirmed is the word of a client that it has what a person wrote.
type Confirmed struct {
	Time   time.Time `json:"time"`
	Person string    `json:"person"`
	Number string    `json:"number"`
	ID     string    `json:"id"`
}

// LoggedIn is a client that was let in.
type LoggedIn struct {
	Time   time.Time `json:"time"`
	Number string    `json:"number"`
}

// Asked is a query of a client.
type Asked struct {
	Time   time.Time
	Number string // empty while the client is not linked
	What   string // namespace, type and first child: "encrypt get count"
}

// Ledger is the witness: what was accepted and what was seen, in order. All
// methods may be called from any goroutine; what they return is a copy.
type Ledger struct {
	mu      sync.Mutex
	stanzas []Stanza
	seen    []Seen
	deleted []Deleted
	said    []Said
	heard   []Confirmed
	logins  []LoggedIn
	asked   []Asked
	changed chan struct{} // closed at the next entry
	w       *json.Encoder
	err     error
}

func newLedger() *Ledger { return &Ledger{changed: make(chan struct{})} }

func (l *Ledger) setWriter(w io.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w = nil
	if w != nil {
		l.w = json.NewEncoder(w)
	}
}

// line is an entry on disk: what it is, and the entry.
type line struct {
	Entry string `json:"entry"`
	Data  any    `json:"data"`
}

// noted writes an entry and wakes who waits. The lock must be held.
func (l *Ledger) noted(entry string, data any) {
	if l.w != nil {
		if err := l.w.Encode(line{entry, data}); err != nil && l.err == nil {
			l.err = err
		}
	}
	l.wake()
}

func (l *Ledger) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *Ledger) stanza(s Stanza) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stanzas = append(l.stanzas, s)
	l.noted("stanza", s)
}

func (l *Ledger) saw(s Seen) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, s)
	l.noted("seen", s)
}

func (l *Ledger) lost(d Deleted) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deleted = append(l.deleted, d)
	l.noted("deleted", d)
}

func (l *Ledger) wrote(s Said) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, s)
	l.noted("said", s)
}

func (l *Ledger) confirmed(c Confirmed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, c)
	l.noted("confirmed", c)
}

func (l *Ledger) login(in LoggedIn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.logins = append(l.logins, in)
	l.noted("login", in)
}

func (l *Ledger) query(a Asked) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, a)
	l.wake()
}

// Err returns the first error of writing the ledger to its file.
func (l *Ledger) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Stanzas returns every message stanza that clients handed in.
func (l *Ledger) Stanzas() []Stanza {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.stanzas)
}

// Seen returns every message that a person sees.
func (l *Ledger) Seen() []Seen {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.seen)
}

// SeenBy returns what one person sees, in the order in which it arrived.
func (l *Ledger) SeenBy(person string) []Seen {
	person = e164(digits(person))
	return slices.DeleteFunc(l.Seen(), func(s Seen) bool { return s.Person != person })
}

// Deleted returns every message that is gone from a person's chat.
func (l *Ledger) Deleted() []Deleted {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.deleted)
}

// Said returns every message that people wrote to our numbers.
func (l *Ledger) Said() []Said {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.said)
}

// Confirmed returns what of it our clients have confirmed to have.
func (l *Ledger) Confirmed() []Confirmed {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.heard)
}

// Logins returns every login of a client that was let in.
func (l *Ledger) Logins() []LoggedIn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.logins)
}

// Asked returns every query of every client.
func (l *Ledger) Asked() []Asked {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.asked)
}

// Twice returns what people see more than once: the same text from any of our
// numbers under different ids.
func (l *Ledger) Twice() []Seen {
	type once struct{ person, text string }
	count := make(map[once]int)
	return slices.DeleteFunc(l.Seen(), func(s Seen) bool {
		count[once{s.Person, s.Text}]++
		return count[once{s.Person, s.Text}] < 2
	})
}

// Lost returns the stanzas that nobody will ever get though the service
// accepted them.
func (l *Ledger) Lost() []Stanza {
	return slices.DeleteFunc(l.Stanzas(), func(s Stanza) bool { return !s.Lost })
}

// Changed returns the stanzas that carry another text, or poll, under an id that was
// used before for the same person, which no resend may do.
func (l *Ledger) Changed() []Stanza {
	type same struct{ number, to, id string }
	first := make(map[same]string)
	content := func(s Stanza) string {
		if s.Poll == nil {
			return s.Text
		}
		return fmt.Sprint(s.Text, *s.Poll)
	}
	return slices.DeleteFunc(l.Stanzas(), func(s Stanza) bool {
		if s.Text == "" {
			return true
		}
		key := same{s.Number, s.To, s.ID}
		before, known := first[key]
		if !known {
			first[key] = content(s)
		}
		return !known || before == content(s)
	})
}

// Wait returns nil as soon as done says so, asking again after every entry, or
// the error of the context.
func (l *Ledger) Wait(ctx context.Context, done func(*Ledger) bool) error {
	for {
		l.mu.Lock()
		changed := l.changed
		l.mu.Unlock()
		if done(l) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
