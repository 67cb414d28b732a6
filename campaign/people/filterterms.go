package people

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// WordTerm is a word without a key: the name, the username, a tag or the email has
// it, or a phone, former ones too.
type WordTerm struct {
	Typed string
	Text  Pattern
	// Username is Text without the @ that is written before a username.
	Username Pattern
	Phone    *PhoneTerm // nil: the word is no part of a phone
}

func (t WordTerm) Match(c *Contact, env FilterEnv) bool {
	return t.Text.In(c.Name) || c.Username != "" && t.Username.In(c.Username) || t.Phone != nil && t.Phone.Match(c, env) || t.Text.inAny(c.Tags) ||
		len(c.Fields) > 0 && t.Text.In(c.Fields[EmailField])
}

// UsernameTerm is a username, or the beginning of one; Any: whoever has one.
type UsernameTerm struct {
	Typed string
	Any   bool
	Text  Pattern
}

// Match reports whether a person has that username.
func (t UsernameTerm) Match(c *Contact, _ FilterEnv) bool {
	return c.Username != "" && (t.Any || t.Text.In(c.Username))
}

// EmailField is the field that words without a key look into.
const EmailField = "email"

// PhoneTerm is a phone or a part of one.
type PhoneTerm struct {
	Typed  string
	Parts  []PhonePart // one of which has to fit; none: any phone does
	Former bool        // phones that they had before count
}

// PhonePart is digits that a phone begins with or contains.
type PhonePart struct {
	Digits string
	Begins bool
}

// Match reports whether one of a person's phones fits.
func (t PhoneTerm) Match(c *Contact, _ FilterEnv) bool {
	if len(t.Parts) == 0 {
		return c.BestPhone() != ""
	}
	return t.Fits(c.Phone) || t.Fits(c.WhatsApp) || slices.ContainsFunc(c.Others, func(o OtherPhone) bool { return t.Fits(o.Phone) }) ||
		t.Former && slices.ContainsFunc(c.Former, func(f FormerPhone) bool { return t.Fits(f.Phone) })
}

// Fits reports whether a phone has one of the parts. A Brazilian mobile is found
// with and without its ninth digit.
func (t PhoneTerm) Fits(p Phone) bool {
	return p != "" && slices.ContainsFunc(t.Parts, func(part PhonePart) bool { return part.fits(p) })
}

// LongPart is how many digits a part has at least of which it is asked whether the
// other spelling of a phone has it.
const LongPart = 5

func (part PhonePart) fits(p Phone) bool {
	fits := strings.Contains
	if part.Begins {
		fits = strings.HasPrefix
	}
	if fits(p.Digits(), part.Digits) {
		return true
	}
	other, ok := p.Other()
	return ok && len(part.Digits) >= LongPart && fits(other.Digits(), part.Digits)
}

// NameTerm is what the name has.
type NameTerm struct {
	Typed string
	Any   bool // whatever it is
	Text  Pattern
}

func (t NameTerm) Match(c *Contact, _ FilterEnv) bool {
	if t.Any {
		return c.Name != ""
	}
	return t.Text.In(c.Name)
}

// TagTerm is a tag.
type TagTerm struct {
	Typed string
	Any   bool // whichever it is
	Text  Pattern
}

func (t TagTerm) Match(c *Contact, _ FilterEnv) bool {
	if t.Any {
		return len(c.Tags) > 0
	}
	return t.Text.inAny(c.Tags)
}

// LabelTerm is a label of WhatsApp Business.
type LabelTerm struct {
	Typed string
	Any   bool // whichever it is
	Text  Pattern
}

func (t LabelTerm) Match(c *Contact, _ FilterEnv) bool {
	return slices.ContainsFunc(c.Labels, func(l Label) bool { return l.Name != "" && (t.Any || t.Text.In(l.Name)) })
}

// CameTerm is how they came to write to us.
type CameTerm struct {
	Typed string
	Any   bool // they came somehow, or
	None  bool // they did not, or
	Way   Way  // it was so; NoWay:
	Name  Pattern
}

func (t CameTerm) Match(c *Contact, _ FilterEnv) bool {
	switch {
	case t.Any:
		return c.Came.Way != NoWay
	case t.None:
		return c.Came.Way == NoWay
	case t.Way != NoWay:
		return c.Came.Way == t.Way
	}
	return c.Came.Way != NoWay && t.Name.In(c.Came.Name)
}

// ListTerm is a list.
type ListTerm struct {
	Typed string
	Any   bool // whichever it is
	Text  Pattern
}

func (t ListTerm) Match(c *Contact, _ FilterEnv) bool {
	if t.Any {
		return len(c.Lists) > 0
	}
	return t.Text.inAny(c.Lists)
}

// NumberTerm is a number of ours that knows them.
type NumberTerm struct {
	Typed string
	Any   bool // whichever it is
	Text  Pattern
}

func (t NumberTerm) Match(c *Contact, env FilterEnv) bool {
	if t.Any {
		return len(c.Knows) > 0
	}
	return env.NumberName != nil && slices.ContainsFunc(c.Knows, func(id NumberID) bool { return t.Text.In(env.NumberName(id)) })
}

// OptOutTerm is whether they have opted out, or may have.
type OptOutTerm struct {
	Doubt bool
	Out   bool // if it is not doubt that is asked for
}

func (t OptOutTerm) Match(c *Contact, _ FilterEnv) bool {
	if t.Doubt {
		return c.InDoubt()
	}
	return c.OptedOut == t.Out
}

// PresenceTerm is whether they are on WhatsApp.
type PresenceTerm struct{ Presence Presence }

func (t PresenceTerm) Match(c *Contact, _ FilterEnv) bool { return c.Presence == t.Presence }

// ConsentTerm is whether they have given consent, or where.
type ConsentTerm struct {
	Typed  string
	Any    bool // whatever they answered
	Answer bool // it is asked whether they have given it,
	Given  bool // and this is how
	Source Pattern
}

// Match reports whether a person's consent is as asked. Who was never asked has
// given none.
func (t ConsentTerm) Match(c *Contact, _ FilterEnv) bool {
	switch {
	case t.Any:
		return c.Consent.Status != ConsentUnknown
	case t.Answer:
		return (c.Consent.Status == ConsentGiven) == t.Given
	}
	return c.Consent.Source != "" && t.Source.In(c.Consent.Source)
}

// ReachedTerm is how far a campaign got: so far at least or, if missed, to them and
// not so far.
type ReachedTerm struct {
	Campaign uint64
	Least    Reached
	Missed   bool
}

func (t ReachedTerm) Match(c *Contact, env FilterEnv) bool {
	if env.Reached == nil {
		return false
	}
	got := env.Reached(t.Campaign, c.ID)
	if t.Missed {
		return got >= ReachedSent && got < t.Least
	}
	return got >= t.Least
}

// Happening is what a [WhenTerm] asks the time of.
type Happening uint8

// The happenings.
const (
	Heard   Happening = iota // the last message from them
	Sent                     // the last campaign message to them
	Created                  // they came into the book
)

// At is when something happened to a person; zero: never.
func (h Happening) At(c *Contact) time.Time {
	switch h {
	case Heard:
		return c.LastHeard
	case Sent:
		return c.LastSent
	}
	return c.Created
}

// WhenTerm is how long ago something was, or on which day. What never was is
// neither older nor younger.
type WhenTerm struct {
	What  Happening
	Typed string // the age or the day
	Never bool
	Any   bool // whenever it was
	Op    Operator
	OnDay bool          // the day counts, not the age
	Day   time.Time     // in UTC
	Age   time.Duration // less than which it is ago, or more if older
}

// Older reports whether something longer ago than the age is asked for.
func (t WhenTerm) Older() bool { return t.Op == OpMore || t.Op == OpAtLeast }

func (t WhenTerm) Match(c *Contact, env FilterEnv) bool {
	switch at := t.What.At(c); {
	case at.IsZero() || t.Never || t.Any:
		return at.IsZero() == t.Never && (t.Never || t.Any)
	case t.OnDay:
		return t.Op.ordered(dayOf(at.In(env.Now.Location())).Compare(t.Day))
	default:
		return (env.Now.Sub(at) > t.Age) == t.Older()
	}
}

// FieldTerm is what a field has: whole words, all of it, or a number or a date.
type FieldTerm struct {
	Name  string // as it is typed
	Key   string // by which it is compared, see FieldKey
	Typed string // the value
	Any   bool   // whatever it is
	Op    Operator
	Text  Pattern

	number   float64
	isNumber bool
	day      time.Time
	isDay    bool
}

func (t FieldTerm) Match(c *Contact, _ FilterEnv) bool { return t.Has(c.Field(t.Key)) }

// Has reports whether a value of the field is one that is asked for.
func (t FieldTerm) Has(value string) bool {
	switch {
	case value == "" || t.Any:
		return value != ""
	case !t.Op.compares():
		if t.Text.In(value) {
			return true
		}
		if !t.isNumber || !t.Op.exact() {
			return false
		}
		n, ok := parseNumber(value)
		return ok && n == t.number
	case t.isDay:
		d, ok := parseDate(value)
		return ok && t.Op.ordered(d.Compare(t.day))
	}
	n, ok := parseNumber(value)
	return ok && t.Op.ordered(cmp.Compare(n, t.number))
}

// compares reports whether a value is asked to be less or more than another.
func (o Operator) compares() bool { return o != OpHas && o != OpIs && o != OpIsNot }

// exact reports whether the whole value is asked for.
func (o Operator) exact() bool { return o == OpIs || o == OpIsNot }

// ordered reports whether what compares so with the value is asked for.
func (o Operator) ordered(compared int) bool {
	switch o {
	case OpLess:
		return compared < 0
	case OpAtMost:
		return compared <= 0
	case OpMore:
		return compared > 0
	case OpAtLeast:
		return compared >= 0
	}
	return compared == 0
}
