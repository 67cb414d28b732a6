package people

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"recado/campaign/reason"
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

// query is what is asked of a key.
type query struct {
	value string
	op    Operator
	at    int // where in the line the value is
}

func (q query) mistake(code reason.Code) error { return &FilterError{q.at, reason.New(code)} }

// finish turns a term round that is asked for with !=.
func (q query) finish(t Term, err error) (Term, error) {
	if err != nil {
		return nil, err
	}
	if q.op == OpIsNot {
		return Not{t}, nil
	}
	return t, nil
}

// text refuses to compare what is no number and no date.
func (q query) text() error {
	if q.op.compares() {
		return q.mistake(reason.FilterNoCompare)
	}
	return nil
}

// any reports whether it is asked only that there is something.
func (q query) any() bool { return q.value == "*" }

// term makes the term of a key.
type term func(p *filterParser, q query) (Term, error)

// filterKeys are the keys of the filter language, in every language, folded.
// Any other key is a field of the contact.
var filterKeys = map[string]term{
	"usuario": usernameTerm, "username": usernameTerm,
	"nome": nameTerm, "name": nameTerm, "nombre": nameTerm,
	"fone": phoneTerm, "telefone": phoneTerm, "celular": phoneTerm, "phone": phoneTerm, "telefono": phoneTerm,
	"tag": tagTerm, "tags": tagTerm, "etiqueta": tagTerm, "etiquetas": tagTerm,
	"rotulo": labelTerm, "label": labelTerm,
	"veio": cameTerm, "came": cameTerm, "vino": cameTerm,
	"lista": listTerm, "list": listTerm,
	"conexao": numberTerm, "connection": numberTerm, "conexion": numberTerm,
	"optout": optOutTerm, "opt-out": optOutTerm,
	"whatsapp": presenceTerm,
	"consent":  consentTerm, "consentimento": consentTerm, "consentimiento": consentTerm,
	"visto": heardTerm, "seen": heardTerm,
	"enviado": sentTerm, "sent": sentTerm,
	"criado": createdTerm, "created": createdTerm, "creado": createdTerm,
	"recebeu": reachedTerm(ReachedPhone), "received": reachedTerm(ReachedPhone), "recibio": reachedTerm(ReachedPhone),
	"leu": reachedTerm(ReachedEyes), "read": reachedTerm(ReachedEyes), "leyo": reachedTerm(ReachedEyes),
	"respondeu": reachedTerm(ReachedAnswer), "replied": reachedTerm(ReachedAnswer), "respondio": reachedTerm(ReachedAnswer),
}

// fieldKeys are the keys behind which a field is named that is called like a key.
var fieldKeys = map[string]bool{"campo": true, "field": true, "coluna": true, "column": true, "columna": true}

// KeyNames are the keys of the filter language, in every language.
func KeyNames() []string {
	names := make([]string, 0, len(filterKeys))
	for name := range filterKeys {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var (
	heardTerm   = whenTerm(Heard)
	sentTerm    = whenTerm(Sent)
	createdTerm = whenTerm(Created)
)

// wordTerm matches a word without a key.
func wordTerm(word string) Term {
	t := WordTerm{Typed: word, Text: wordsBegin(word), Username: wordsBegin(strings.TrimPrefix(word, "@"))}
	if digits, ok := phoneWord(word); ok {
		t.Phone = &PhoneTerm{Typed: word, Former: true, Parts: []PhonePart{{digits, strings.HasPrefix(word, "+")}}}
	}
	return t
}

// phoneWord is the digits of a word that can be part of a phone. The 0 that is
// dialled before an area code is in no phone.
func phoneWord(word string) (digits string, ok bool) {
	if strings.TrimFunc(word, func(r rune) bool { return isDigit(r) || strings.ContainsRune("+.()", r) || phoneGap(r) }) != "" {
		return "", false
	}
	digits = onlyDigits(word)
	if rest := strings.TrimLeft(digits, "0"); len(rest) >= 8 {
		digits = rest
	}
	return digits, digits != ""
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if isDigit(r) {
			return r
		}
		return -1
	}, s)
}

func nameTerm(_ *filterParser, q query) (Term, error) {
	text := wordsBegin(q.value)
	if q.op.exact() {
		text = theWhole(q.value)
	}
	return NameTerm{q.value, q.any(), text}, q.text()
}

func usernameTerm(_ *filterParser, q query) (Term, error) {
	name := strings.TrimPrefix(q.value, "@")
	text := wordsBegin(name)
	if q.op.exact() {
		text = theWhole(name)
	}
	return UsernameTerm{q.value, q.any(), text}, q.text()
}

func phoneTerm(_ *filterParser, q query) (Term, error) {
	if q.any() {
		return PhoneTerm{Typed: q.value}, q.text()
	}
	digits, ok := phoneWord(q.value)
	if !ok {
		return nil, q.mistake(reason.FilterWantPhone)
	}
	t := PhoneTerm{Typed: q.value, Parts: []PhonePart{{digits, strings.HasPrefix(strings.TrimSpace(q.value), "+")}}}
	if phone, err := ParsePhone(q.value); err == nil {
		t.Parts = append(t.Parts, PhonePart{phone.Digits(), true})
	}
	return t, q.text()
}

func tagTerm(_ *filterParser, q query) (Term, error) {
	return TagTerm{q.value, q.any(), theWhole(q.value)}, q.text()
}

func labelTerm(_ *filterParser, q query) (Term, error) {
	return LabelTerm{q.value, q.any(), theWhole(q.value)}, q.text()
}

func cameTerm(_ *filterParser, q query) (Term, error) {
	t := CameTerm{Typed: q.value, Any: q.any(), Name: wholeWords(q.value)}
	if q.op.exact() {
		t.Name = exactly(q.value)
		return t, q.text()
	}
	switch Fold(q.value) {
	case "link":
		t.Way = ByLink
	case "anuncio", "ad":
		t.Way = ByAd
	default:
		if yes, err := q.yesNo(); err == nil {
			t.Any, t.None = yes, !yes
		}
	}
	return t, q.text()
}

func listTerm(p *filterParser, q query) (Term, error) {
	p.named.lists = append(p.named.lists, Named{q.value, q.at})
	return ListTerm{q.value, q.value == AnyList, exactly(q.value)}, q.text()
}

func numberTerm(_ *filterParser, q query) (Term, error) {
	return NumberTerm{q.value, q.any(), exactly(q.value)}, q.text()
}

func optOutTerm(_ *filterParser, q query) (Term, error) {
	switch Fold(q.value) {
	case "duvida", "doubt", "duda":
		return OptOutTerm{Doubt: true}, q.text()
	}
	out, err := q.yesNo()
	if err != nil {
		return nil, err
	}
	return OptOutTerm{Out: out}, q.text()
}

func presenceTerm(_ *filterParser, q query) (Term, error) {
	want := PresenceUnknown
	switch Fold(q.value) {
	case "?", "desconhecido", "unknown", "desconocido":
	default:
		yes, err := q.yesNo()
		if err != nil {
			return nil, err
		}
		if want = NotOnWhatsApp; yes {
			want = OnWhatsApp
		}
	}
	return PresenceTerm{want}, q.text()
}

// consentTerm matches by whether they have given consent, or where.
func consentTerm(_ *filterParser, q query) (Term, error) {
	t := ConsentTerm{Typed: q.value, Any: q.any()}
	if given, err := q.yesNo(); err == nil && !q.op.exact() {
		t.Given, t.Answer = given, true
	} else if t.Source = wholeWords(q.value); q.op.exact() {
		t.Source = exactly(q.value)
	}
	return t, q.text()
}

func (q query) yesNo() (bool, error) {
	switch Fold(q.value) {
	case "sim", "s", "yes", "y", "si":
		return true, nil
	case "nao", "n", "no":
		return false, nil
	}
	return false, q.mistake(reason.FilterWantYesNo)
}

// reachedTerm matches by how far a campaign got: to those people at least, or,
// with a minus before its number, to those whom it reached and did not get so far
// with.
func reachedTerm(least Reached) term {
	return func(p *filterParser, q query) (Term, error) {
		id, err := strconv.ParseUint(strings.TrimPrefix(q.value, "-"), 10, 64)
		if err != nil {
			return nil, q.mistake(reason.FilterWantCampaign)
		}
		p.named.campaigns = append(p.named.campaigns, Named{strconv.FormatUint(id, 10), q.at})
		return ReachedTerm{id, least, strings.HasPrefix(q.value, "-")}, q.text()
	}
}

// whenTerm matches by how long ago something was, or on which day.
func whenTerm(what Happening) term {
	return func(_ *filterParser, q query) (Term, error) {
		t := WhenTerm{What: what, Typed: q.value, Op: q.op}
		switch Fold(q.value) {
		case "nunca", "never":
			t.Never = true
			return t, nil
		case "*":
			t.Any = true
			return t, nil
		}
		var ok bool
		if t.Day, t.OnDay = parseDate(q.value); !t.OnDay {
			if t.Age, ok = parseAge(q.value); !ok {
				return nil, q.mistake(reason.FilterWantAge)
			}
		}
		return t, nil
	}
}

// fieldTerm matches a field of the contact.
func fieldTerm(name string, q query) (Term, error) {
	t := FieldTerm{Name: name, Key: FieldKey(name), Typed: q.value, Op: q.op, Any: q.any() && !q.op.compares()}
	t.number, t.isNumber = parseNumber(q.value)
	switch t.day, t.isDay = parseDate(q.value); {
	case !q.op.compares():
		t.Text = wholeWords(q.value)
		if q.op.exact() {
			t.Text = exactly(q.value)
		}
	case !t.isDay && !t.isNumber:
		return nil, q.mistake(reason.FilterWantNumber)
	}
	return t, nil
}
