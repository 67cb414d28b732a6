package campaign

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// filterKeys are the keys of the filter language, in both languages, folded.
// Any other key is a field of the contact.
var filterKeys = map[string]func(value string, at int) (matcher, error){
	"nome": nameTerm, "name": nameTerm,
	"fone": phoneTerm, "telefone": phoneTerm, "celular": phoneTerm, "phone": phoneTerm,
	"tag": tagTerm, "tags": tagTerm, "etiqueta": tagTerm, "etiquetas": tagTerm,
	"lista": listTerm, "list": listTerm,
	"conexao": numberTerm, "connection": numberTerm,
	"optout": optOutTerm, "opt-out": optOutTerm,
	"whatsapp": presenceTerm,
	"visto":    whenTerm(func(c *Contact) time.Time { return c.LastHeard }),
	"seen":     whenTerm(func(c *Contact) time.Time { return c.LastHeard }),
	"enviado":  whenTerm(func(c *Contact) time.Time { return c.LastSent }),
	"sent":     whenTerm(func(c *Contact) time.Time { return c.LastSent }),
	"criado":   whenTerm(func(c *Contact) time.Time { return c.Created }),
	"created":  whenTerm(func(c *Contact) time.Time { return c.Created }),
}

// keyTerm matches key:value; at is where in the line the value is.
func keyTerm(key, value string, at int) (matcher, error) {
	if term, ok := filterKeys[Fold(key)]; ok {
		return term(value, at)
	}
	return fieldTerm(fieldKey(key), value, at)
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
		return nil, &FilterError{at, FilterWantPhone}
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
	case "sim", "s", "yes", "y":
		return true, nil
	case "nao", "n", "no":
		return false, nil
	}
	return false, &FilterError{at, FilterWantYesNo}
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
		return 0, &FilterError{at, FilterWantAge}
	}
	return time.Duration(n) * unit, nil
}

// fieldTerm matches a field of the contact, by a text in it or as a number.
func fieldTerm(key, value string, at int) (matcher, error) {
	if value == "*" {
		return func(c *Contact, _ FilterEnv) bool { return c.field(key) != "" }, nil
	}
	if strings.HasPrefix(value, "<") || strings.HasPrefix(value, ">") {
		return compareTerm(key, value, at)
	}
	n := newNeedle(value)
	return func(c *Contact, _ FilterEnv) bool {
		value := c.field(key)
		return value != "" && n.in(value)
	}, nil
}

// compareTerm matches a field that is a number.
func compareTerm(key, value string, at int) (matcher, error) {
	rest := strings.TrimLeft(value, "<>=")
	limit, ok := parseNumber(rest)
	if !ok {
		return nil, &FilterError{at + len(value) - len(rest), FilterWantNumber}
	}
	more, equal := value[0] == '>', strings.HasPrefix(value[1:], "=")
	return func(c *Contact, _ FilterEnv) bool {
		n, ok := parseNumber(c.field(key))
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
