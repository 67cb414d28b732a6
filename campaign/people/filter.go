package people

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"recado/campaign/reason"
)

// Filter chooses people by one line:
//
//	ana                     a word in the name, phone, a tag or the email
//	nome:ana  name:ana      in the name
//	fone:+5511  phone:9876  the phone begins with, or contains
//	tag:vip  lista:clientes list:clientes   the whole tag or list; tag:* any
//	cidade:"São Paulo"      in any field; cidade:* filled in; saldo:>100 a number
//	conexao:loja  connection:loja   known to that number of ours
//	optout:sim  whatsapp:nao        sim, nao; of whatsapp also ? (not known)
//	visto:<30d  seen:>2w    the last message from them; also nunca (never)
//	enviado:<7d  sent:<12h  the last campaign message to them
//	criado:<1d  created:<1d in the book since
//
// Terms side by side must all hold; "ou" or "or" between them: either; a
// minus before one: not; parentheses as usual. Case and accents never matter.
// The zero Filter matches everybody. A Filter may be used from any goroutine.
type Filter struct {
	source string
	match  matcher // nil: everybody
	lists  []FilterList
}

// AnyList stands for whatever list there is, in a filter.
const AnyList = "*"

// FilterEnv is what a filter needs to know beside the person.
type FilterEnv struct {
	Now        time.Time
	NumberName func(NumberID) string // what the user calls a number of ours; nil: conexao matches nobody
}

// FilterError is a mistake in a filter.
type FilterError struct {
	Offset int           // in bytes, where in the line it is
	Reason reason.Reason // what it is
}

// Error is the reason without the place.
func (e *FilterError) Error() string { return e.Reason.Error() }

// Unwrap returns the reason.
func (e *FilterError) Unwrap() error { return e.Reason }

type matcher func(*Contact, FilterEnv) bool

// Match reports whether the filter chooses a person.
func (f Filter) Match(c *Contact, env FilterEnv) bool { return f.match == nil || f.match(c, env) }

// String is the line as it was parsed.
func (f Filter) String() string { return f.source }

// FilterList is a list that a filter names.
type FilterList struct {
	Name   string // as it is typed; AnyList for any
	Offset int    // in bytes, where in the line it is
}

// Lists are the lists that the filter names.
func (f Filter) Lists() []FilterList { return f.lists }

// ParseFilter reads a line. The error is a *FilterError.
func ParseFilter(s string) (Filter, error) {
	p := filterParser{text: s}
	match, err := p.either(0)
	if err == nil && p.at < len(s) {
		err = &FilterError{p.at, reason.New(reason.FilterNoOpening)}
	}
	if err != nil {
		return Filter{}, err
	}
	return Filter{source: s, match: match, lists: p.lists}, nil
}

// filterParser reads a line from left to right.
type filterParser struct {
	text  string
	at    int
	lists []FilterList
}

// deepest is how far parentheses may be nested.
const deepest = 100

// spaces passes over spaces.
func (p *filterParser) spaces() {
	rest := strings.TrimLeftFunc(p.text[p.at:], unicode.IsSpace)
	p.at = len(p.text) - len(rest)
}

// peek is the next byte, 0 at the end.
func (p *filterParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// either reads alternatives up to the end or a closing parenthesis. Nil
// matches everybody: there was nothing.
func (p *filterParser) either(depth int) (matcher, error) {
	var alternatives []matcher
	for {
		match, ended, err := p.all(depth)
		if err != nil {
			return nil, err
		}
		alternatives = append(alternatives, match)
		if ended == "" {
			break
		}
		start := p.at - len(ended)
		if p.spaces(); p.at == len(p.text) || p.peek() == ')' {
			return nil, &FilterError{start, reason.New(reason.FilterNothingAfter)}
		}
	}
	if len(alternatives) == 1 {
		return alternatives[0], nil
	}
	return func(c *Contact, env FilterEnv) bool {
		for _, match := range alternatives {
			if match(c, env) {
				return true
			}
		}
		return false
	}, nil
}

// all reads terms side by side. Ended is the word "ou" or "or" at which they
// end, if they end at one.
func (p *filterParser) all(depth int) (match matcher, ended string, err error) {
	var terms []matcher
	for p.spaces(); p.at < len(p.text) && p.peek() != ')'; p.spaces() {
		// With nothing before it, it is a word like any other: somebody is
		// typing a name.
		if word := p.bare(); len(terms) > 0 && (strings.EqualFold(word, "ou") || strings.EqualFold(word, "or")) {
			p.at += len(word)
			ended = word
			break
		}
		term, err := p.term(depth)
		if err != nil {
			return nil, "", err
		}
		terms = append(terms, term)
	}
	switch len(terms) {
	case 0:
		return nil, ended, nil
	case 1:
		return terms[0], ended, nil
	}
	return func(c *Contact, env FilterEnv) bool {
		for _, match := range terms {
			if !match(c, env) {
				return false
			}
		}
		return true
	}, ended, nil
}

// bare is the text from here to the next space, parenthesis or quote.
func (p *filterParser) bare() string {
	rest := p.text[p.at:]
	if end := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || r == '(' || r == ')' || r == '"' }); end >= 0 {
		return rest[:end]
	}
	return rest
}

// term reads one term, with its minus.
func (p *filterParser) term(depth int) (matcher, error) {
	if p.peek() == '-' {
		start := p.at
		p.at++
		if next, _ := utf8.DecodeRuneInString(p.text[p.at:]); p.at == len(p.text) || unicode.IsSpace(next) || next == ')' || next == '-' {
			return nil, &FilterError{start, reason.New(reason.FilterNothingAfter)}
		}
		match, err := p.term(depth)
		if err != nil {
			return nil, err
		}
		return func(c *Contact, env FilterEnv) bool { return !match(c, env) }, nil
	}
	if p.peek() == '(' {
		return p.group(depth + 1)
	}
	start := p.at
	key, keyed := "", false
	if word := p.bare(); word != "" {
		if head, _, ok := strings.Cut(word, ":"); ok && isFilterKey(head) {
			key, keyed = head, true
			p.at += len(head) + 1
		}
	}
	at := p.at
	value, err := p.value()
	if err != nil {
		return nil, err
	}
	switch {
	case keyed && value == "":
		return nil, &FilterError{start, reason.New(reason.FilterNothingAfter)}
	case keyed:
		if isListKey(key) {
			p.lists = append(p.lists, FilterList{value, at})
		}
		return keyTerm(key, value, at)
	case Fold(value) == "":
		return nil, &FilterError{start, reason.New(reason.FilterNothing)}
	}
	return wordTerm(value), nil
}

// group reads what is in parentheses.
func (p *filterParser) group(depth int) (matcher, error) {
	start := p.at
	if depth > deepest {
		return nil, &FilterError{start, reason.New(reason.FilterTooDeep)}
	}
	p.at++
	match, err := p.either(depth)
	switch {
	case err != nil:
		return nil, err
	case p.peek() != ')':
		return nil, &FilterError{start, reason.New(reason.FilterNoClosing)}
	case match == nil:
		return nil, &FilterError{start, reason.New(reason.FilterEmptyGroup)}
	}
	p.at++
	return match, nil
}

// value reads a word, or a phrase in quotes.
func (p *filterParser) value() (string, error) {
	if p.peek() != '"' {
		word := p.bare()
		p.at += len(word)
		return word, nil
	}
	start := p.at
	phrase, _, closed := strings.Cut(p.text[start+1:], `"`)
	if !closed {
		return "", &FilterError{start, reason.New(reason.FilterNoQuote)}
	}
	p.at = start + len(phrase) + 2
	return phrase, nil
}

// isFilterKey reports whether s can stand before a colon: it begins with a
// letter, so that 10:30 is a word.
func isFilterKey(s string) bool {
	for i, r := range s {
		if !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && r != '_' && r != '-' && r != '.') {
			return false
		}
	}
	return s != ""
}

// needle is a folded text to be found in others.
type needle []byte

func newNeedle(s string) needle { return needle(Fold(s)) }

// in reports whether the needle is in s. It allocates nothing for texts of
// common length.
func (n needle) in(s string) bool {
	var buf [192]byte
	return bytes.Contains(AppendFold(buf[:0], s), n)
}

// is reports whether s folds to the needle.
func (n needle) is(s string) bool {
	var buf [192]byte
	return bytes.Equal(AppendFold(buf[:0], s), n)
}

// any reports whether the needle is the whole of one of the texts.
func (n needle) any(texts []string) bool {
	for _, s := range texts {
		if n.is(s) {
			return true
		}
	}
	return false
}

// wordTerm matches a word without a key.
func wordTerm(word string) matcher {
	n := newNeedle(word)
	byPhone := func(*Contact) bool { return false }
	if digits, ok := phoneWord(word); ok {
		byPhone = phoneMatcher(digits, strings.HasPrefix(word, "+"), true)
	}
	return func(c *Contact, _ FilterEnv) bool {
		if n.in(c.Name) || byPhone(c) {
			return true
		}
		for _, tag := range c.Tags {
			if n.in(tag) {
				return true
			}
		}
		return len(c.Fields) > 0 && n.in(c.Fields["email"])
	}
}

// phoneWord is the digits of a word that can be part of a phone.
func phoneWord(word string) (digits string, ok bool) {
	digits = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, word)
	return digits, digits != "" && strings.Trim(word, "0123456789+-.() ") == ""
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
		if matches(c.Phone) || matches(c.WhatsApp) {
			return true
		}
		return former && slices.ContainsFunc(c.Former, func(f FormerPhone) bool { return matches(f.Phone) })
	}
}

// filterKeys are the keys of the filter language, in every language, folded.
// Any other key is a field of the contact.
var filterKeys = map[string]func(value string, at int) (matcher, error){
	"nome": nameTerm, "name": nameTerm, "nombre": nameTerm,
	"fone": phoneTerm, "telefone": phoneTerm, "celular": phoneTerm, "phone": phoneTerm, "telefono": phoneTerm,
	"tag": tagTerm, "tags": tagTerm, "etiqueta": tagTerm, "etiquetas": tagTerm,
	"lista": listTerm, "list": listTerm,
	"conexao": numberTerm, "connection": numberTerm, "conexion": numberTerm,
	"optout": optOutTerm, "opt-out": optOutTerm,
	"whatsapp": presenceTerm,
	"visto":    whenTerm(func(c *Contact) time.Time { return c.LastHeard }),
	"seen":     whenTerm(func(c *Contact) time.Time { return c.LastHeard }),
	"enviado":  whenTerm(func(c *Contact) time.Time { return c.LastSent }),
	"sent":     whenTerm(func(c *Contact) time.Time { return c.LastSent }),
	"criado":   whenTerm(func(c *Contact) time.Time { return c.Created }),
	"created":  whenTerm(func(c *Contact) time.Time { return c.Created }),
	"creado":   whenTerm(func(c *Contact) time.Time { return c.Created }),
}

// keyTerm matches key:value; at is where in the line the value is.
func keyTerm(key, value string, at int) (matcher, error) {
	if term, ok := filterKeys[Fold(key)]; ok {
		return term(value, at)
	}
	return fieldTerm(FieldKey(key), value, at)
}

func nameTerm(value string, _ int) (matcher, error) {
	if value == "*" {
		return func(c *Contact, _ FilterEnv) bool { return c.Name != "" }, nil
	}
	n := newNeedle(value)
	return func(c *Contact, _ FilterEnv) bool { return n.in(c.Name) }, nil
}

func phoneTerm(value string, at int) (matcher, error) {
	digits, ok := phoneWord(value)
	if !ok {
		return nil, &FilterError{at, reason.New(reason.FilterWantPhone)}
	}
	match := phoneMatcher(digits, strings.HasPrefix(value, "+"), false)
	return func(c *Contact, _ FilterEnv) bool { return match(c) }, nil
}

func tagTerm(value string, _ int) (matcher, error) {
	if value == "*" {
		return func(c *Contact, _ FilterEnv) bool { return len(c.Tags) > 0 }, nil
	}
	n := newNeedle(value)
	return func(c *Contact, _ FilterEnv) bool { return n.any(c.Tags) }, nil
}

// isListKey reports whether a key is that of lists.
func isListKey(key string) bool {
	folded := Fold(key)
	return folded == "lista" || folded == "list"
}

func listTerm(value string, _ int) (matcher, error) {
	if value == AnyList {
		return func(c *Contact, _ FilterEnv) bool { return len(c.Lists) > 0 }, nil
	}
	n := newNeedle(value)
	return func(c *Contact, _ FilterEnv) bool { return n.any(c.Lists) }, nil
}

func numberTerm(value string, _ int) (matcher, error) {
	if value == "*" {
		return func(c *Contact, _ FilterEnv) bool { return len(c.Knows) > 0 }, nil
	}
	n := newNeedle(value)
	return func(c *Contact, env FilterEnv) bool {
		return env.NumberName != nil && slices.ContainsFunc(c.Knows, func(id NumberID) bool { return n.is(env.NumberName(id)) })
	}, nil
}

func optOutTerm(value string, at int) (matcher, error) {
	switch Fold(value) {
	case "duvida", "doubt", "duda":
		return func(c *Contact, _ FilterEnv) bool { return c.InDoubt() }, nil
	}
	want, err := yesNo(value, at)
	if err != nil {
		return nil, err
	}
	return func(c *Contact, _ FilterEnv) bool { return c.OptedOut == want }, nil
}

func presenceTerm(value string, at int) (matcher, error) {
	want := PresenceUnknown
	switch Fold(value) {
	case "?", "desconhecido", "unknown":
	default:
		yes, err := yesNo(value, at)
		if err != nil {
			return nil, err
		}
		if want = NotOnWhatsApp; yes {
			want = OnWhatsApp
		}
	}
	return func(c *Contact, _ FilterEnv) bool { return c.Presence == want }, nil
}

func yesNo(value string, at int) (bool, error) {
	switch Fold(value) {
	case "sim", "s", "yes", "y", "si":
		return true, nil
	case "nao", "n", "no":
		return false, nil
	}
	return false, &FilterError{at, reason.New(reason.FilterWantYesNo)}
}

// whenTerm matches by how long ago something was. What never was is neither
// older nor younger.
func whenTerm(when func(*Contact) time.Time) func(value string, at int) (matcher, error) {
	return func(value string, at int) (matcher, error) {
		switch Fold(value) {
		case "nunca", "never":
			return func(c *Contact, _ FilterEnv) bool { return when(c).IsZero() }, nil
		case "*":
			return func(c *Contact, _ FilterEnv) bool { return !when(c).IsZero() }, nil
		}
		rest := strings.TrimLeft(value, "<>=")
		older := strings.HasPrefix(value, ">")
		age, err := parseAge(rest, at+len(value)-len(rest))
		if err != nil {
			return nil, err
		}
		return func(c *Contact, env FilterEnv) bool {
			t := when(c)
			return !t.IsZero() && (env.Now.Sub(t) > age) == older
		}, nil
	}
}

// parseAge reads a whole number of hours, days or weeks.
func parseAge(s string, at int) (time.Duration, error) {
	digits := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	n, err := strconv.Atoi(digits)
	var unit time.Duration
	switch Fold(s[len(digits):]) {
	case "h":
		unit = time.Hour
	case "d", "dia", "dias", "day", "days":
		unit = 24 * time.Hour
	case "w", "s", "sem", "semana", "semanas", "week", "weeks":
		unit = 7 * 24 * time.Hour
	}
	if err != nil || n < 0 || n > 10000 || unit == 0 {
		return 0, &FilterError{at, reason.New(reason.FilterWantAge)}
	}
	return time.Duration(n) * unit, nil
}

// fieldTerm matches a field of the contact, by a text in it or as a number.
func fieldTerm(key, value string, at int) (matcher, error) {
	if value == "*" {
		return func(c *Contact, _ FilterEnv) bool { return c.Field(key) != "" }, nil
	}
	if strings.HasPrefix(value, "<") || strings.HasPrefix(value, ">") {
		return compareTerm(key, value, at)
	}
	n := newNeedle(value)
	return func(c *Contact, _ FilterEnv) bool {
		value := c.Field(key)
		return value != "" && n.in(value)
	}, nil
}

// compareTerm matches a field that is a number.
func compareTerm(key, value string, at int) (matcher, error) {
	rest := strings.TrimLeft(value, "<>=")
	limit, ok := parseNumber(rest)
	if !ok {
		return nil, &FilterError{at + len(value) - len(rest), reason.New(reason.FilterWantNumber)}
	}
	more, equal := value[0] == '>', strings.HasPrefix(value[1:], "=")
	return func(c *Contact, _ FilterEnv) bool {
		n, ok := parseNumber(c.Field(key))
		return ok && (n == limit && equal || n != limit && (n > limit) == more)
	}, nil
}

// parseNumber reads a number as Brazilians and everybody else write it.
func parseNumber(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if strings.Contains(s, ",") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, ".", ""), ",", ".")
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}
