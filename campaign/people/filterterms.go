package people

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"recado/campaign/reason"
)

// query is what is asked of a key.
type query struct {
	value string
	op    operator
	at    int // where in the line the value is
}

func (q query) mistake(code reason.Code) error { return &FilterError{q.at, reason.New(code)} }

// compares reports whether a value is asked to be less or more than another.
func (q query) compares() bool { return q.op != opHas && q.op != opIs && q.op != opIsNot }

// exact reports whether the whole value is asked for.
func (q query) exact() bool { return q.op == opIs || q.op == opIsNot }

// finish turns a condition round that is asked for with !=.
func (q query) finish(c condition, err error) (condition, error) {
	if err != nil {
		return nil, err
	}
	if q.op == opIsNot {
		return not{c}, nil
	}
	return c, nil
}

// term makes the condition of a key.
type term func(p *filterParser, q query) (condition, error)

// filterKeys are the keys of the filter language, in every language, folded.
// Any other key is a field of the contact.
var filterKeys = map[string]term{
	"nome": nameTerm, "name": nameTerm, "nombre": nameTerm,
	"fone": phoneTerm, "telefone": phoneTerm, "celular": phoneTerm, "phone": phoneTerm, "telefono": phoneTerm,
	"tag": tagTerm, "tags": tagTerm, "etiqueta": tagTerm, "etiquetas": tagTerm,
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
	heardTerm   = whenTerm(func(c *Contact) time.Time { return c.LastHeard })
	sentTerm    = whenTerm(func(c *Contact) time.Time { return c.LastSent })
	createdTerm = whenTerm(func(c *Contact) time.Time { return c.Created })
)

// wordTerm matches a word without a key.
func wordTerm(word string) condition {
	begins := wordsBegin(word)
	byPhone := func(*Contact) bool { return false }
	if digits, ok := phoneWord(word); ok {
		byPhone = phoneMatcher(digits, strings.HasPrefix(word, "+"), true)
	}
	return leaf(func(c *Contact, _ FilterEnv) bool {
		if begins.in(c.Name) || byPhone(c) {
			return true
		}
		for _, tag := range c.Tags {
			if begins.in(tag) {
				return true
			}
		}
		return len(c.Fields) > 0 && begins.in(c.Fields["email"])
	})
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

// phoneMatcher matches phones that contain the digits, or begin with them, with
// former also those that people had before. A Brazilian mobile is found with and
// without its ninth digit.
func phoneMatcher(digits string, begins, former bool) func(*Contact) bool {
	fits := strings.Contains
	if begins {
		fits = strings.HasPrefix
	}
	matches := func(p Phone) bool {
		if p == "" || fits(p.Digits(), digits) {
			return p != ""
		}
		other, ok := p.Other()
		return ok && len(digits) > 4 && fits(other.Digits(), digits)
	}
	return func(c *Contact) bool {
		if matches(c.Phone) || matches(c.WhatsApp) || slices.ContainsFunc(c.Others, func(o OtherPhone) bool { return matches(o.Phone) }) {
			return true
		}
		return former && slices.ContainsFunc(c.Former, func(f FormerPhone) bool { return matches(f.Phone) })
	}
}

// text refuses to compare what is no number and no date.
func (q query) text() error {
	if q.compares() {
		return q.mistake(reason.FilterNoCompare)
	}
	return nil
}

func nameTerm(_ *filterParser, q query) (condition, error) {
	if q.value == "*" {
		return leaf(func(c *Contact, _ FilterEnv) bool { return c.Name != "" }), q.text()
	}
	name := wordsBegin(q.value)
	if q.exact() {
		name = theWhole(q.value)
	}
	return leaf(func(c *Contact, _ FilterEnv) bool { return name.in(c.Name) }), q.text()
}

func phoneTerm(_ *filterParser, q query) (condition, error) {
	if q.value == "*" {
		return leaf(func(c *Contact, _ FilterEnv) bool { return c.BestPhone() != "" }), q.text()
	}
	digits, ok := phoneWord(q.value)
	if !ok {
		return nil, q.mistake(reason.FilterWantPhone)
	}
	match := phoneMatcher(digits, strings.HasPrefix(strings.TrimSpace(q.value), "+"), false)
	if phone, err := ParsePhone(q.value); err == nil {
		part := match
		whole := phoneMatcher(phone.Digits(), true, false)
		match = func(c *Contact) bool { return whole(c) || part(c) }
	}
	return leaf(func(c *Contact, _ FilterEnv) bool { return match(c) }), q.text()
}

func tagTerm(_ *filterParser, q query) (condition, error) {
	if q.value == "*" {
		return leaf(func(c *Contact, _ FilterEnv) bool { return len(c.Tags) > 0 }), q.text()
	}
	tag := theWhole(q.value)
	return leaf(func(c *Contact, _ FilterEnv) bool { return tag.inAny(c.Tags) }), q.text()
}

func listTerm(p *filterParser, q query) (condition, error) {
	p.named.lists = append(p.named.lists, Named{q.value, q.at})
	if q.value == AnyList {
		return leaf(func(c *Contact, _ FilterEnv) bool { return len(c.Lists) > 0 }), q.text()
	}
	list := exactly(q.value)
	return leaf(func(c *Contact, _ FilterEnv) bool { return list.inAny(c.Lists) }), q.text()
}

func numberTerm(_ *filterParser, q query) (condition, error) {
	if q.value == "*" {
		return leaf(func(c *Contact, _ FilterEnv) bool { return len(c.Knows) > 0 }), q.text()
	}
	name := exactly(q.value)
	return leaf(func(c *Contact, env FilterEnv) bool {
		return env.NumberName != nil && slices.ContainsFunc(c.Knows, func(id NumberID) bool { return name.in(env.NumberName(id)) })
	}), q.text()
}

func optOutTerm(_ *filterParser, q query) (condition, error) {
	switch Fold(q.value) {
	case "duvida", "doubt", "duda":
		return leaf(func(c *Contact, _ FilterEnv) bool { return c.InDoubt() }), q.text()
	}
	want, err := q.yesNo()
	if err != nil {
		return nil, err
	}
	return leaf(func(c *Contact, _ FilterEnv) bool { return c.OptedOut == want }), q.text()
}

func presenceTerm(_ *filterParser, q query) (condition, error) {
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
	return leaf(func(c *Contact, _ FilterEnv) bool { return c.Presence == want }), q.text()
}

// consentTerm matches those who have given consent, those who have not, or a
// source, by whole words.
func consentTerm(_ *filterParser, q query) (condition, error) {
	given := func(c *Contact) bool { return c.Consent.Status == ConsentGiven }
	if yes, err := q.yesNo(); err == nil && !q.exact() {
		return leaf(func(c *Contact, _ FilterEnv) bool { return given(c) == yes }), q.text()
	}
	if q.value == "*" {
		return leaf(func(c *Contact, _ FilterEnv) bool { return c.Consent.Status != ConsentUnknown }), q.text()
	}
	source := wholeWords(q.value)
	if q.exact() {
		source = exactly(q.value)
	}
	return leaf(func(c *Contact, _ FilterEnv) bool { return c.Consent.Source != "" && source.in(c.Consent.Source) }), q.text()
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
	return func(p *filterParser, q query) (condition, error) {
		id, err := strconv.ParseUint(strings.TrimPrefix(q.value, "-"), 10, 64)
		if err != nil {
			return nil, q.mistake(reason.FilterWantCampaign)
		}
		missed := strings.HasPrefix(q.value, "-")
		p.named.campaigns = append(p.named.campaigns, Named{strconv.FormatUint(id, 10), q.at})
		return leaf(func(c *Contact, env FilterEnv) bool {
			if env.Reached == nil {
				return false
			}
			got := env.Reached(id, c.ID)
			if missed {
				return got >= ReachedSent && got < least
			}
			return got >= least
		}), q.text()
	}
}

// whenTerm matches by how long ago something was, or on which day. What never
// was is neither older nor younger.
func whenTerm(when func(*Contact) time.Time) term {
	return func(_ *filterParser, q query) (condition, error) {
		switch Fold(q.value) {
		case "nunca", "never":
			return leaf(func(c *Contact, _ FilterEnv) bool { return when(c).IsZero() }), nil
		case "*":
			return leaf(func(c *Contact, _ FilterEnv) bool { return !when(c).IsZero() }), nil
		}
		if day, ok := parseDate(q.value); ok {
			return leaf(func(c *Contact, env FilterEnv) bool {
				t := when(c)
				return !t.IsZero() && q.ordered(dayOf(t.In(env.Now.Location())).Compare(day))
			}), nil
		}
		age, ok := parseAge(q.value)
		if !ok {
			return nil, q.mistake(reason.FilterWantAge)
		}
		older := q.op == opMore || q.op == opAtLeast
		return leaf(func(c *Contact, env FilterEnv) bool {
			t := when(c)
			return !t.IsZero() && (env.Now.Sub(t) > age) == older
		}), nil
	}
}

// ordered reports whether what compares so with the value is asked for.
func (q query) ordered(compared int) bool {
	switch q.op {
	case opLess:
		return compared < 0
	case opAtMost:
		return compared <= 0
	case opMore:
		return compared > 0
	case opAtLeast:
		return compared >= 0
	}
	return compared == 0
}

// fieldTerm matches a field of the contact: whole words of it, all of it, or as a
// number or a date.
func fieldTerm(key string, q query) (condition, error) {
	if q.compares() {
		return compareTerm(key, q)
	}
	if q.value == "*" {
		return leaf(func(c *Contact, _ FilterEnv) bool { return c.Field(key) != "" }), nil
	}
	text := wholeWords(q.value)
	if q.exact() {
		text = exactly(q.value)
	}
	number, isNumber := parseNumber(q.value)
	isNumber = isNumber && q.exact()
	return leaf(func(c *Contact, _ FilterEnv) bool {
		value := c.Field(key)
		if value == "" || text.in(value) {
			return value != ""
		}
		n, ok := parseNumber(value)
		return isNumber && ok && n == number
	}), nil
}

// compareTerm matches a field that is a number or a date.
func compareTerm(key string, q query) (condition, error) {
	if day, ok := parseDate(q.value); ok {
		return leaf(func(c *Contact, _ FilterEnv) bool {
			d, ok := parseDate(c.Field(key))
			return ok && q.ordered(d.Compare(day))
		}), nil
	}
	limit, ok := parseNumber(q.value)
	if !ok {
		return nil, q.mistake(reason.FilterWantNumber)
	}
	return leaf(func(c *Contact, _ FilterEnv) bool {
		n, ok := parseNumber(c.Field(key))
		switch {
		case !ok:
			return false
		case n < limit:
			return q.ordered(-1)
		case n > limit:
			return q.ordered(1)
		}
		return q.ordered(0)
	}), nil
}
