// Package numbering knows the numbering plans of the world: the country a phone
// belongs to, how long its numbers are, how they begin, how they are written.
//
// The plans are those of Google's libphonenumber, and what is asked of them is
// answered as github.com/nyaruka/phonenumbers answers it, which the tests hold.
// They are read here because that library reads all of them whenever a program
// starts: half of the time that a command of ours would take. Here a plan is read
// when a phone of that country is.
//
// Begin reading at [Parse].
package numbering

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The digits of a number without its country code.
const (
	shortest = 2
	longest  = 17
)

// Number is a phone of a country.
type Number struct {
	Country  int    // the country code
	National string // the digits behind it
	of       *Plan  // of the main region with that code
}

// Parse reads the digits of a phone that begin with a country code. It fails if
// there is no such country, or too few or too many digits for any.
func Parse(digits string) (n Number, ok bool) {
	if len(digits) <= shortest || !isDigits(digits) {
		return Number{}, false
	}
	code, national := country(digits)
	if code == 0 {
		return Number{}, false
	}
	return number(mainPlan(code), national)
}

// ParseIn reads the digits of a phone as they are dialled inside a region, which
// is named by its two letters. It fails as Parse does, and if there is no such
// region.
func ParseIn(region, digits string) (n Number, ok bool) {
	in := planIn(region)
	if in == nil || len(digits) < shortest || !isDigits(digits) {
		return Number{}, false
	}
	if at := begins(in.Abroad).FindStringIndex(digits); at != nil && !strings.HasPrefix(digits[at[1]:], "0") {
		return Parse(digits[at[1]:])
	}
	// With its country code and nothing in front of it: if it is a number only
	// without that, or too long with it.
	if rest, found := strings.CutPrefix(digits, strconv.Itoa(in.Code)); found {
		without := in.strip(rest)
		national := whole(in.General.Pattern)
		if !national.MatchString(digits) && national.MatchString(without) || in.length(digits) == TooLong {
			return number(mainPlan(in.Code), without)
		}
	}
	return number(in, digits)
}

// number is what the national digits are in a plan.
func number(in *Plan, digits string) (Number, bool) {
	if len(digits) < shortest {
		return Number{}, false
	}
	switch without := in.strip(digits); in.length(without) {
	case Possible, TooLong:
		digits = without
	}
	if len(digits) < shortest || len(digits) > longest {
		return Number{}, false
	}
	return Number{in.Code, digits, mainPlan(in.Code)}, true
}

// country splits the country code off; 0: there is none that they begin with.
func country(digits string) (code int, national string) {
	for i := 1; i <= min(3, len(digits)) && digits[0] != '0'; i++ {
		code, _ = strconv.Atoi(digits[:i])
		if mainPlan(code) != nil {
			return code, digits[i:]
		}
	}
	return 0, ""
}

func isDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// Length is what the number of digits says of a number.
type Length uint8

// The lengths.
const (
	Possible Length = iota
	TooShort
	TooLong
	Local   // dialled so inside an area alone
	Unknown // between two that there are
)

// Length says whether a number can have so many digits.
func (n Number) Length() Length { return n.of.length(n.National) }

// Valid reports whether the country has numbers like that.
func (n Number) Valid() bool { return n.kind() != none }

// Mobile reports whether the number can be a mobile's, as far as that is known.
func (n Number) Mobile() bool { return n.kind() != fixed }

// E164 is the number with its plus: "+521234567890".
func (n Number) E164() string { return "+" + strconv.Itoa(n.Country) + n.National }

// String is the number as it is written for people abroad: "+52 123 456 7890".
func (n Number) String() string {
	national := n.National
	for _, f := range n.of.Formats {
		if form := whole(f.Pattern); form.MatchString(national) && begins(f.Begins).MatchString(national) {
			national = form.ReplaceAllString(national, f.As)
			break
		}
	}
	return "+" + strconv.Itoa(n.Country) + " " + national
}

// kind is what a number is for.
type kind uint8

const (
	none   kind = iota // there is no such number
	mobile             // or may be
	fixed              // or a service
)

func (n Number) kind() kind {
	for _, plan := range plans().codes[n.Country] {
		if k := plan().kind(n.National); k != none {
			return k
		}
	}
	return none
}

// Region is the two letters of the main region with a country code; "001" for a
// code that no country has, empty if there is none.
func Region(code int) string {
	if p := mainPlan(code); p != nil {
		return p.Region
	}
	return ""
}

// Code is the country code of a region; 0: there is no such region.
func Code(region string) int {
	if p := planIn(region); p != nil {
		return p.Code
	}
	return 0
}

// Zones are the IANA names of the time zones where a number that begins with the
// digits may be; none if that is not known.
func Zones(digits string) []string {
	z := zones()
	for i := min(len(digits), z.longest); i > 0; i-- {
		if names, ok := z.of[digits[:i]]; ok {
			return strings.Fields(names)
		}
	}
	return nil
}

// matchers are the patterns that have been used.
var matchers sync.Map // of *regexp.Regexp, by expression

// begins matches digits that begin with a pattern, and whole those that are one.
func begins(pattern string) *regexp.Regexp { return matcher("^(?:" + pattern + ")") }
func whole(pattern string) *regexp.Regexp  { return matcher("^(?:" + pattern + ")$") }

func matcher(expression string) *regexp.Regexp {
	if m, ok := matchers.Load(expression); ok {
		return m.(*regexp.Regexp)
	}
	m := regexp.MustCompile(expression)
	matchers.Store(expression, m)
	return m
}

// strip takes off what is dialled in front of a number inside its country, if
// what remains is one as well.
func (p *Plan) strip(digits string) string {
	if p.Prefix == "" || digits == "" {
		return digits
	}
	prefix := begins(p.Prefix)
	groups := prefix.FindStringSubmatchIndex(digits)
	if groups == nil {
		return digits
	}
	without := digits[groups[1]:]
	if p.Becomes != "" && groups[len(groups)-2] >= 0 {
		without = prefix.ReplaceAllString(digits, p.Becomes)
	}
	if national := whole(p.General.Pattern); national.MatchString(digits) && !national.MatchString(without) {
		return digits
	}
	return without
}

// length says whether a number of the plan can have so many digits.
func (p *Plan) length(digits string) Length {
	n, lengths := len(digits), p.General.Lengths
	switch {
	case slices.Contains(p.Local, n):
		return Local
	case slices.Contains(lengths, n):
		return Possible
	case n < lengths[0]:
		return TooShort
	case n > lengths[len(lengths)-1]:
		return TooLong
	}
	return Unknown
}

func (p *Plan) kind(digits string) kind {
	if !p.General.matches(digits) {
		return none
	}
	in := func(kinds []Kind) bool {
		return slices.ContainsFunc(kinds, func(k Kind) bool { return k.matches(digits) })
	}
	switch {
	case in(p.Services):
		return fixed
	case p.Personal.matches(digits):
		return mobile
	case in(p.Others):
		return fixed
	case p.Mobile.matches(digits):
		return mobile
	case p.Fixed.matches(digits):
		return fixed
	}
	return none
}

// matches reports whether digits are a number of the kind.
func (k Kind) matches(digits string) bool {
	return k.Pattern != "" && (len(k.Lengths) == 0 || slices.Contains(k.Lengths, len(digits))) && whole(k.Pattern).MatchString(digits)
}
