// Package people holds who is written to: contacts and their phones, the
// forms in which names are compared, the filter that chooses an audience, the
// tables that contacts are imported from, and the words by which they opt out.
// Begin reading at [Contact].
package people

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// ContactID names one person in the book.
type ContactID uint64

// NumberID names one of our numbers for as long as the book lives: it stays
// the same when the number is unlinked and linked again.
type NumberID uint32

// Presence is what is known of whether a phone is on WhatsApp.
type Presence uint8

// The answers. The numbers are written to disk.
const (
	PresenceUnknown Presence = iota
	OnWhatsApp
	NotOnWhatsApp
)

// NameSource ranks where a name came from; a higher one replaces a lower one.
type NameSource uint8

// The sources, from the weakest. The numbers are written to disk.
const (
	NoName      NameSource = iota
	PushName               // what the person calls themselves
	Business               // verified by the service
	AddressBook            // the address book of one of our phones
	Typed                  // imported or typed by the operator
)

// Contact is one person: one record with every alias by which they are known.
type Contact struct {
	ID         ContactID
	Phone      Phone  // as first imported or seen, E.164; empty if only a LID is known
	WhatsApp   Phone  // the phone by which the service knows them; empty until it told
	LID        string // the service's hidden id, without server ("123456"); empty until it told
	Name       string
	NameSource NameSource
	Tags       []string          // sorted, folded by Fold for comparing, kept as typed
	Lists      []string          // names of saved lists
	Fields     map[string]string // everything else, by lower-case name ("email", "cidade")
	Presence   Presence
	CheckedAt  time.Time // when the service answered about Presence
	OptedOut   bool
	OptOutAt   time.Time
	OptOutWhy  string // the words that they wrote, folded, or the reason that was typed
	// DoubtAt is when they last wrote what may be a wish to be left alone, with
	// the words; zero: no such message, or it was decided. Nothing is sent to them
	// until a person decides. A message from before DoubtEnded is decided.
	DoubtAt    time.Time
	DoubtSaid  string
	DoubtEnded time.Time
	Knows      []NumberID // our numbers that they have written to, or whose address book has them
	LastSent   time.Time  // the last campaign message to them, from any number
	LastHeard  time.Time  // the last message from them, to any number
	Created    time.Time
	Former     []FormerPhone // phones that they no longer have, oldest first
	Others     []OtherPhone  // phones that are theirs beside Phone, the likeliest to be on WhatsApp first; see [Contact.Goes]
	Consent    Consent
	Note       string   // what somebody wrote down about them
	Username   string   // by which the service knows them, without @; empty until it told
	Origin     ImportID // the import that added them; 0: none did
	Came       Arrival  // how they came to write to us
	Labels     []Label  // on the phones of our numbers; their names are among Tags
	// OptOutPhone is the phone for which the opt-out was given while its account
	// was not known: whose account it turns out to be is opted out as well.
	OptOutPhone Phone
}

// FormerPhone is a phone that a person had. It may be somebody else's by now, so
// nothing is sent to it.
type FormerPhone struct {
	Phone Phone
	Until time.Time // when we learnt that they no longer have it
}

// OtherPhone is a phone of a person beside the one by which they go. When that is
// not on WhatsApp, the next is asked about.
type OtherPhone struct {
	Phone Phone
	No    time.Time // when the service said that it is not on WhatsApp; zero: it did not
}

// ImportID names an import for as long as the book lives; 0 is none.
type ImportID uint64

// Arrival is how a person came to write to us: by a link of ours or from an
// advertisement. The zero Arrival: not so, or it is not known.
type Arrival struct {
	Way  Way
	Name string    // what we call the link, or the ad calls itself
	At   time.Time // when they wrote
}

// Way is a way by which people come.
type Way uint8

// The ways. The numbers are written to disk.
const (
	NoWay Way = iota
	ByLink
	ByAd
)

// String is the word that data has for a way; empty for none.
func (w Way) String() string {
	switch w {
	case ByLink:
		return "link"
	case ByAd:
		return "ad"
	}
	return ""
}

// Consent is what is known of whether a person agreed to be written to.
type Consent struct {
	Status   ConsentStatus
	Source   string    // where they said so: "feira 2026"
	At       time.Time // when they said so
	By       string    // who wrote it down: the actor of the import or of the edit
	Evidence string    // their words, or where the proof is
}

// ConsentStatus is what a person answered when they were asked.
type ConsentStatus uint8

// The answers. The numbers are written to disk.
const (
	ConsentUnknown ConsentStatus = iota
	ConsentGiven
	ConsentRefused
)

// String is the word that data has for an answer.
func (s ConsentStatus) String() string {
	switch s {
	case ConsentGiven:
		return "yes"
	case ConsentRefused:
		return "no"
	}
	return "unknown"
}

// Day is the day of an answer; empty if it is not known.
func (c Consent) Day() string {
	if c.At.IsZero() {
		return ""
	}
	return c.At.Format(time.DateOnly)
}

// Phones are all that are theirs, each once, the one by which they go first.
func (c *Contact) Phones() []Phone {
	var all []Phone
	add := func(p Phone) {
		if p != "" && !slices.ContainsFunc(all, func(q Phone) bool { return q.Key() == p.Key() }) {
			all = append(all, p)
		}
	}
	add(c.Phone)
	add(c.WhatsApp)
	for _, o := range c.Others {
		add(o.Phone)
	}
	return all
}

// AddPhone adds a phone to a person who has others, unless it is theirs already
// or they have [MaxPhones]. Mobiles stand before the others, in the order in
// which they came.
func (c *Contact) AddPhone(p Phone) {
	all := c.Phones()
	switch {
	case p == "" || len(all) >= MaxPhones || slices.ContainsFunc(all, func(q Phone) bool { return q.Key() == p.Key() }):
		return
	case len(all) == 0:
		c.Phone = p
		return
	}
	c.Others = append(c.Others, OtherPhone{Phone: p})
	slices.SortStableFunc(c.Others, func(a, b OtherPhone) int {
		switch {
		case a.Phone.Mobile() == b.Phone.Mobile():
			return 0
		case a.Phone.Mobile():
			return -1
		}
		return 1
	})
}

// Goes makes a person go by one of their other phones. The one by which they went
// is another one from then on, of which no is when the service said that it is
// not on WhatsApp. It reports whether p was one of them.
func (c *Contact) Goes(p Phone, no time.Time) bool {
	at := slices.IndexFunc(c.Others, func(o OtherPhone) bool { return o.Phone.Key() == p.Key() })
	if at < 0 {
		return false
	}
	next := c.Others[at].Phone
	c.Others = slices.Delete(slices.Clone(c.Others), at, at+1)
	for _, old := range [...]Phone{c.Phone, c.WhatsApp} {
		if old != "" && old.Key() != next.Key() && !slices.ContainsFunc(c.Others, func(o OtherPhone) bool { return o.Phone.Key() == old.Key() }) {
			c.Others = append(c.Others, OtherPhone{Phone: old, No: no})
		}
	}
	c.Phone, c.WhatsApp = next, ""
	return true
}

// InDoubt reports whether a person has to decide if this one is to be left alone.
func (c *Contact) InDoubt() bool { return !c.OptedOut && !c.DoubtAt.IsZero() }

// Moved reports whether a person's phone belongs to another account now, and
// nothing has been heard from them since: we do not know how to reach them.
func (c *Contact) Moved() bool {
	if c.Phone != "" || c.WhatsApp != "" || len(c.Former) == 0 {
		return false
	}
	return !c.LastHeard.After(c.Former[len(c.Former)-1].Until)
}

// KnownTo reports whether a chat with the number is not a new one.
func (c *Contact) KnownTo(n NumberID) bool {
	for _, k := range c.Knows {
		if k == n {
			return true
		}
	}
	return false
}

// OtherPerson reports whether two names are not those of one person: neither
// has all the words of the other.
func OtherPerson(a, b string) bool {
	if a == b {
		return false
	}
	x, y := strings.Fields(Fold(a)), strings.Fields(Fold(b))
	if len(x) > len(y) {
		x, y = y, x
	}
	for _, word := range x {
		if !slices.Contains(y, word) {
			return true
		}
	}
	return false
}

// FieldKey is the form in which names of fields are compared: letters and
// digits, folded.
func FieldKey(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, Fold(name))
}

// Field is the value of the field whose name compares equal to key, empty if
// there is none.
func (c *Contact) Field(key string) string {
	if len(c.Fields) == 0 {
		return ""
	}
	if value := strings.TrimSpace(c.Fields[key]); value != "" {
		return value
	}
	// Two columns may have names that compare equal; the first by name with
	// something in it counts, so that it is the same one every time.
	var from, value string
	for name, v := range c.Fields {
		if v = strings.TrimSpace(v); v != "" && FieldKey(name) == key && (value == "" || name < from) {
			from, value = name, v
		}
	}
	return value
}

// Called is what to call them by: their name or @username, empty if neither is
// known.
func (c *Contact) Called() string {
	if c.Name == "" && c.Username != "" {
		return "@" + c.Username
	}
	return c.Name
}

// BestPhone is the phone to show and to go by.
func (c *Contact) BestPhone() Phone {
	if c.Phone != "" {
		return c.Phone
	}
	return c.WhatsApp
}

// Checked reports whether the service's answer about Presence is still good
// at t: a yes for 30 days, a no for 7. An answer from the future was written by
// a clock that was wrong and does not count.
func (c *Contact) Checked(t time.Time) bool {
	if c.CheckedAt.After(t.Add(time.Minute)) {
		return false
	}
	switch c.Presence {
	case OnWhatsApp:
		return t.Sub(c.CheckedAt) < 30*24*time.Hour
	case NotOnWhatsApp:
		return t.Sub(c.CheckedAt) < noIsGood
	}
	return false
}

// noIsGood is for how long the answer is good that a phone is not on WhatsApp.
const noIsGood = 7 * 24 * time.Hour

// Seen is what a number learnt of a person from the service: a row of its
// address book, a push name, the sender of a message. Empty fields say
// nothing.
type Seen struct {
	Phone  Phone
	LID    string
	Name   string
	Source NameSource
	// Username is the one that the service knows them by, without @.
	Username string
	Known    bool      // they are in the number's address book or have written to it
	Heard    time.Time // when they last wrote to it; zero: never, or not known
	Timer    Timer     // of the chat with the number
}

// Timer is after how long the messages of a chat disappear. Messages carry it,
// or the recipient reads that they stay.
type Timer struct {
	After   time.Duration // in whole seconds; 0: they stay
	Set     time.Time     // when that was chosen; zero: nothing is known
	Account bool          // an account gives it to the chats that it begins; nobody chose it in the chat
}

// Answer is what the service said when asked whether a phone is on WhatsApp.
type Answer struct {
	Asked    Phone // the phone as it was asked
	Presence Presence
	Phone    Phone  // the phone by which the service knows the account
	LID      string // the account, without server
	Business string // verified business name, if any
}
