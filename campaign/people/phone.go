package people

import (
	"strconv"
	"strings"
	"sync"
	_ "time/tzdata" // the zones that Zone names, on machines that have none

	"github.com/nyaruka/phonenumbers"

	"recado/campaign/reason"
)

// Phone is a phone number in E.164 with its plus: "+5511987654321".
type Phone string

// brazil is the country that is meant when a phone names none.
const brazil = "55"

// Where says what is meant by a phone that does not say it itself. The zero
// Where is Brazil.
type Where struct {
	Country string // the two letters of a country, "MX"; empty: Brazil
	Area    string // the area code of a phone that has none; empty: that is a mistake
}

// Country is the two letters of the country that s names: by them, or by its
// code with or without a plus. It is empty if there is none.
func Country(s string) string {
	region := strings.ToUpper(s)
	if code, err := strconv.Atoi(strings.TrimPrefix(s, "+")); err == nil {
		region = phonenumbers.GetRegionCodeForCountryCode(code)
	}
	if phonenumbers.GetCountryCodeForRegion(region) == 0 {
		return ""
	}
	return region
}

// ParsePhone is Where{}.Parse: a phone without a country code (a plus or 00
// before it, or 55) is Brazilian.
func ParsePhone(s string) (Phone, error) { return Where{}.Parse(s) }

// Parse reads a phone as people and spreadsheets write it, with whatever stands
// around it, see [Where.Phones]. A Brazilian mobile is kept as it was written,
// with or without the ninth digit. The error is a Reason that says what is
// wrong, or that there are several, and quotes s.
func (w Where) Parse(s string) (Phone, error) {
	phones, why := w.Phones(s)
	switch {
	case why != nil:
		return "", *why
	case len(phones) > 1:
		return "", reason.New(reason.PhoneBad, reason.Clip(s), reason.New(reason.PhoneMany))
	}
	return phones[0], nil
}

// number reads the digits of one phone. International means that they begin
// with a country code.
func (w Where) number(digits string, international bool) (Phone, *reason.Reason) {
	if rest, ok := strings.CutPrefix(digits, "00"); ok && !international {
		digits, international = strings.TrimLeft(rest, "0"), true
	}
	if international && !strings.HasPrefix(digits, brazil) {
		return foreignPhone(digits)
	}
	if !international && w.Country != "" && w.Country != "BR" {
		return w.nationalPhone(digits)
	}
	phone, why := brazilianPhone(digits, international)
	switch {
	case why == nil:
		return phone, nil
	case why.Code == reason.PhoneNoArea && w.Area != "" && !international:
		return brazilianPhone(w.Area+digits, false)
	case why.Code == reason.PhoneLongHere && bareForeign(digits):
		return foreignPhone(digits)
	}
	return "", why
}

// bareForeign reports whether digits without a plus can only be a number of
// another country: a Brazilian one with a digit too many does not look so.
func bareForeign(digits string) bool {
	if len(digits) < 12 {
		return false
	}
	area := len(digits) == 12 && ddds()[digits[:2]] != ""
	if area && digits[2] > '1' { // with which no number begins behind an area code
		return false
	}
	phone, why := foreignPhone(digits)
	if why != nil {
		return false
	}
	n, err := phonenumbers.Parse(string(phone), "ZZ")
	if err != nil {
		return false
	}
	if area { // 15 11 3333-4444 is a landline with a carrier before it
		return phonenumbers.GetNumberType(n) == phonenumbers.MOBILE
	}
	return phonenumbers.IsValidNumber(n)
}

// nationalPhone reads a phone of w.Country that was written without its code,
// or with it and without a plus.
func (w Where) nationalPhone(digits string) (Phone, *reason.Reason) {
	if digits == "" {
		return "", reason.Fault(reason.PhoneNoDigit)
	}
	if w.Country == "MX" { // how mobiles and other towns were dialled until 2019
		for _, prefix := range [...]string{"044", "045", "01"} {
			if rest, ok := strings.CutPrefix(digits, prefix); ok && len(rest) == 10 {
				digits = rest
			}
		}
	}
	if w.Country == "AR" && w.Area != "" && strings.HasPrefix(digits, "15") { // 15 123-4567 is (0351) 15 123-4567
		if phone, why := foreignPhone("54" + w.Area + digits); why == nil {
			return phone, nil
		}
	}
	for _, with := range []string{w.Area + digits, digits} {
		n, err := phonenumbers.Parse(with, w.Country)
		if err == nil && phonenumbers.IsPossibleNumberWithReason(n) == phonenumbers.IS_POSSIBLE &&
			(phonenumbers.IsValidNumber(n) || with == digits) {
			return foreignPhone(Phone(phonenumbers.Format(n, phonenumbers.E164)).Digits())
		}
	}
	if phone, why := foreignPhone(digits); why == nil && strings.HasPrefix(digits, strconv.Itoa(phonenumbers.GetCountryCodeForRegion(w.Country))) {
		return phone, nil
	}
	return "", reason.Fault(reason.PhoneLengthThere, phonenumbers.GetCountryCodeForRegion(w.Country))
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
	case ddds()[n[:2]] == "":
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
	if len(digits) > 17 {
		return "", reason.Fault(reason.PhoneLong)
	}
	digits = asDialled(digits)
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
	// Not as it was dialled: some countries drop a zero after their code. What
	// reads as another number once it is dropped is none.
	phone := phonenumbers.Format(n, phonenumbers.E164)
	if again, err := phonenumbers.Parse(phone, "ZZ"); err != nil || phonenumbers.Format(again, phonenumbers.E164) != phone || asDialled(phone[1:]) != phone[1:] {
		return "", reason.Fault(reason.PhoneLengthThere, int(n.GetCountryCode()))
	}
	return Phone(phone), nil
}

// asDialled takes out of a number what its country no longer dials, or dials
// only at home: Mexico's 1 of mobiles, which WhatsApp still writes, and
// Argentina's 15 of mobiles, which is a 9 before the area code abroad.
func asDialled(digits string) string {
	if len(digits) == 13 && strings.HasPrefix(digits, "521") {
		return "52" + digits[3:]
	}
	rest, ok := strings.CutPrefix(digits, "54")
	if !ok {
		return digits
	}
	rest = strings.TrimPrefix(rest, "0")
	bare := strings.TrimPrefix(rest, "9")
	bare = strings.TrimPrefix(bare, "0")
	if len(bare) == 12 {
		for area := 2; area <= 4; area++ {
			without := bare[:area] + bare[area+2:]
			if bare[area:area+2] != "15" {
				continue
			}
			if n, err := phonenumbers.Parse("+549"+without, "ZZ"); err == nil && phonenumbers.IsValidNumber(n) {
				return "549" + without
			}
		}
	}
	if bare != rest {
		return "549" + bare
	}
	return "54" + rest
}

// Same reports whether two phones are one: a Brazilian mobile may be written with
// and without its ninth digit.
func (p Phone) Same(q Phone) bool { return p != "" && p.Key() == q.Key() }

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

// Mobile reports whether the phone can be a mobile's, as far as its digits tell.
func (p Phone) Mobile() bool {
	if n, ok := p.national(); ok {
		return len(n) == 11 || len(n) == 10 && n[2] >= '6'
	}
	n, err := phonenumbers.Parse(string(p), "ZZ")
	if err != nil {
		return false
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.PERSONAL_NUMBER, phonenumbers.UNKNOWN:
		return true
	}
	return false
}

// FilledIn reports whether the phone looks like one that somebody typed because
// a form wanted one: the same digit all over, or one after the other; or like one
// that a spreadsheet has rounded.
func (p Phone) FilledIn() bool {
	if len(p) < 9 {
		return false
	}
	last := string(p[len(p)-8:])
	return strings.Count(last[1:], last[7:]) == 7 || strings.Contains("01234567890", last) || strings.HasSuffix(last, "000000")
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
		return ddds()[n[:min(2, len(n))]]
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
var ddds = sync.OnceValue(func() map[string]string {
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
})
