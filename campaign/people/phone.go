package people

import (
	"regexp"
	"strconv"
	"strings"
	_ "time/tzdata" // the zones that Zone names, on machines that have none

	"github.com/nyaruka/phonenumbers"

	"recado/campaign/reason"
)

// Phone is a phone number in E.164 with its plus: "+5511987654321".
type Phone string

// brazil is the country that is meant when a phone names none.
const brazil = "55"

// ParsePhone reads a phone as people and spreadsheets write it. Without a
// country code (a plus or 00 before it, or 55) it is Brazilian. A Brazilian
// mobile is kept as it was written, with or without the ninth digit. The error
// is a Reason that says what is wrong and quotes s.
func ParsePhone(s string) (Phone, error) {
	phone, why := parsePhone(s)
	if why != nil {
		return "", *why
	}
	return phone, nil
}

func parsePhone(s string) (phone Phone, why *reason.Reason) {
	digits, international, why := phoneDigits(s)
	if why == nil && len(digits) == 0 {
		why = reason.Fault(reason.PhoneNoDigit)
	}
	switch {
	case why != nil:
	case international && !strings.HasPrefix(digits, brazil):
		phone, why = foreignPhone(digits)
	default:
		phone, why = brazilianPhone(digits, international)
	}
	if why != nil {
		return "", reason.Fault(reason.PhoneBad, reason.Clip(s), *why)
	}
	return phone, nil
}

// rounded is what a spreadsheet makes of a long number: 5,51198E+12.
var rounded = regexp.MustCompile(`^[+-]?\d+([.,]\d+)?[eE][+-]?\d+$`)

// decimals is what a spreadsheet may put behind one.
var decimals = regexp.MustCompile(`^(\d{8,})[.,]0{1,2}$`)

// carrier is how Brazilians write "0, the carrier of your choice".
var carrier = regexp.MustCompile(`(?i)^\(?0\s*[-.]?\s*xx\s*`)

// phoneDigits takes away what is written around a number. International
// means that it begins with a country code.
func phoneDigits(s string) (digits string, international bool, why *reason.Reason) {
	s = strings.TrimSpace(s)
	s = strings.TrimSuffix(strings.TrimPrefix(s, "="), `"`)
	s = strings.TrimLeft(s, `"'`)
	for _, prefix := range []string{"whatsapp:", "tel:", "https://wa.me/", "wa.me/"} {
		if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
			s = s[len(prefix):]
			international = strings.HasSuffix(prefix, "/")
		}
	}
	if user, ok := strings.CutSuffix(s, "@s.whatsapp.net"); ok {
		s, international = user, true
	}
	s = strings.TrimSpace(s)
	if rounded.MatchString(s) {
		return "", false, reason.Fault(reason.PhoneRounded)
	}
	if m := decimals.FindStringSubmatch(s); m != nil {
		s = m[1]
	}
	if m := carrier.FindString(s); m != "" {
		s = "0" + s[len(m):]
	}
	out := make([]byte, 0, len(s))
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			out = append(out, byte(r))
		case r >= '０' && r <= '９':
			out = append(out, byte(r-'０')+'0')
		case r == '+' || r == '＋':
			if len(out) > 0 || international {
				return "", false, reason.Fault(reason.PhonePlus)
			}
			international = true
		case r == '/' || r == ';' || r == ',' || r == '|':
			return "", false, reason.Fault(reason.PhoneMany)
		case !between(r):
			return "", false, reason.Fault(reason.PhoneLetter, string(r))
		}
	}
	digits = string(out)
	if rest, ok := strings.CutPrefix(digits, "00"); ok && !international {
		return strings.TrimLeft(rest, "0"), true, nil
	}
	return digits, international, nil
}

// between reports whether people write r between the digits.
func between(r rune) bool {
	switch r {
	case ' ', '\t', '(', ')', '-', '.', '_', '\u00a0', '\u2007', '\u2009', '\u202f', '\u2212', '\ufeff', '\u00ad':
		return true
	}
	return r >= '\u200b' && r <= '\u200f' || r >= '\u2010' && r <= '\u2015' || r >= '\u202a' && r <= '\u202e' || r >= '\u2060' && r <= '\u2069'
}

// brazilianPhone reads the digits of a Brazilian phone, from the country code
// on or without it.
func brazilianPhone(digits string, international bool) (Phone, *reason.Reason) {
	n := digits
	if rest, ok := strings.CutPrefix(n, brazil); ok && (international || len(n) > 11) {
		n = rest
	}
	if rest, ok := strings.CutPrefix(n, "0"); ok {
		n = rest
		if len(n) == 12 || len(n) == 13 {
			n = n[2:] // the carrier: 0 15 11 98765-4321
		}
	}
	switch {
	case len(n) == 8 || len(n) == 9:
		return "", reason.Fault(reason.PhoneNoArea)
	case len(n) < 10:
		return "", reason.Fault(reason.PhoneShort)
	case len(n) > 11 && !international:
		return "", reason.Fault(reason.PhoneLongHere)
	case len(n) > 11:
		return "", reason.Fault(reason.PhoneLong)
	case ddds[n[:2]] == "":
		return "", reason.Fault(reason.PhoneBadArea, reason.Plain(n[:2]))
	case len(n) == 11 && n[2] != '9':
		return "", reason.Fault(reason.PhoneNinth)
	case len(n) == 10 && n[2] < '2':
		return "", reason.Fault(reason.PhoneBegin, reason.Plain(n[2:3]))
	}
	return Phone("+" + brazil + n), nil
}

// foreignPhone reads the digits of a phone of another country, from the
// country code on. Only the length is checked: which numbers a country has
// given out changes faster than this program.
func foreignPhone(digits string) (Phone, *reason.Reason) {
	if len(digits) > 15 {
		return "", reason.Fault(reason.PhoneLong)
	}
	n, err := phonenumbers.Parse("+"+digits, "ZZ")
	if err != nil {
		return "", reason.Fault(reason.PhoneNoCountry)
	}
	switch phonenumbers.IsPossibleNumberWithReason(n) {
	case phonenumbers.IS_POSSIBLE:
	case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return "", reason.Fault(reason.PhoneShortThere, int(n.GetCountryCode()))
	case phonenumbers.TOO_LONG:
		return "", reason.Fault(reason.PhoneLongThere, int(n.GetCountryCode()))
	default:
		return "", reason.Fault(reason.PhoneLengthThere, int(n.GetCountryCode()))
	}
	// Not as it was dialled: some countries drop a zero after their code.
	return Phone(phonenumbers.Format(n, phonenumbers.E164)), nil
}

// Digits is the number without its plus.
func (p Phone) Digits() string { return strings.TrimPrefix(string(p), "+") }

// national is the number after Brazil's country code.
func (p Phone) national() (n string, ok bool) { return strings.CutPrefix(string(p), "+"+brazil) }

// Key is who the phone belongs to, for comparing: its digits, those of a
// Brazilian mobile with the ninth digit whether it was written with it or not.
func (p Phone) Key() string {
	if n, ok := p.national(); ok && len(n) == 10 && n[2] >= '6' {
		return brazil + n[:2] + "9" + n[2:]
	}
	return p.Digits()
}

// Other is the phone in its other spelling, if it is a Brazilian mobile that
// may be known with and without the ninth digit. Which one is right, only the
// service can say. A mobile whose shorter spelling would be a landline has
// none.
func (p Phone) Other() (Phone, bool) {
	n, ok := p.national()
	switch {
	case !ok:
	case len(n) == 10 && n[2] >= '6':
		return Phone("+" + brazil + n[:2] + "9" + n[2:]), true
	case len(n) == 11 && n[2] == '9' && n[3] >= '6':
		return Phone("+" + brazil + n[:2] + n[3:]), true
	}
	return "", false
}

// Pretty is the phone for a screen: "+55 11 98765-4321".
func (p Phone) Pretty() string {
	if n, ok := p.national(); ok && (len(n) == 10 || len(n) == 11) {
		return "+" + brazil + " " + n[:2] + " " + n[2:len(n)-4] + "-" + n[len(n)-4:]
	}
	if len(p) < 8 || p[0] != '+' {
		return string(p)
	}
	n, err := phonenumbers.Parse(string(p), "ZZ")
	if err != nil {
		return string(p)
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
}

// Masked is the phone for a log: its country and its last four digits,
// "+55•••••4321".
func (p Phone) Masked() string {
	if p == "" {
		return ""
	}
	if len(p) < 10 {
		return "•••••"
	}
	return string(p[:3]) + "•••••" + string(p[len(p)-4:])
}

// Zone is the IANA name of the time zone where the phone was given out, by its
// area code or country; where a country has several and the number does not
// tell, that of most of its people. It is empty if that is not known.
func (p Phone) Zone() string {
	if n, ok := p.national(); ok {
		return ddds[n[:min(2, len(n))]]
	}
	if len(p) < 5 {
		return ""
	}
	zones, err := phonenumbers.GetTimezonesForPrefix(string(p))
	if err != nil || len(zones) == 0 {
		return ""
	}
	if len(zones) > 1 {
		for _, zone := range zones {
			if populous[zone] {
				return zone
			}
		}
	}
	if zones[0] == "Etc/Unknown" {
		return ""
	}
	return zones[0]
}

// populous are the zones of most people in the countries that have several.
var populous = map[string]bool{
	"America/New_York": true, "America/Mexico_City": true, "America/Buenos_Aires": true, "America/Santiago": true,
	"America/Guayaquil": true, "Europe/Moscow": true, "Europe/Lisbon": true, "Europe/Madrid": true, "Europe/London": true,
	"Europe/Paris": true, "Asia/Jakarta": true, "Asia/Shanghai": true, "Asia/Almaty": true, "Australia/Sydney": true,
	"Pacific/Auckland": true, "Africa/Kinshasa": true,
}

// ddds are the area codes of Brazil, with the zone of most people there.
// Source: Anatel, Plano Geral de Códigos Nacionais.
var ddds = func() map[string]string {
	table := make(map[string]string)
	for zone, codes := range map[string][]int{
		"America/Sao_Paulo": {11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 24, 27, 28, 31, 32, 33, 34, 35, 37, 38,
			41, 42, 43, 44, 45, 46, 47, 48, 49, 51, 53, 54, 55, 61, 62, 64},
		"America/Araguaina":    {63},
		"America/Cuiaba":       {65, 66},
		"America/Campo_Grande": {67},
		"America/Rio_Branco":   {68},
		"America/Porto_Velho":  {69},
		"America/Bahia":        {71, 73, 74, 75, 77},
		"America/Maceio":       {79, 82},
		"America/Recife":       {81, 87},
		"America/Fortaleza":    {83, 84, 85, 86, 88, 89, 98, 99},
		"America/Belem":        {91, 93, 94, 96},
		"America/Manaus":       {92, 97},
		"America/Boa_Vista":    {95},
	} {
		for _, code := range codes {
			table[strconv.Itoa(code)] = zone
		}
	}
	return table
}()
