package files

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// What a person types for the options of a file is read here, for screens and
// commands. The errors only say that it cannot be read: how it is to be typed
// is for those to say.

var errOption = errors.New("not understood")

// Area reads an area code: 11, (11), 011; 0: none.
func Area(text string) (string, error) {
	area := strings.TrimLeft(strings.Trim(text, "() "), "0")
	if area != digitsOf(area) || len(area) > 4 {
		return "", errOption
	}
	return area, nil
}

// Country reads a country: BR, +52; empty: the usual one.
func Country(text string) (string, error) {
	country := strings.ToUpper(strings.TrimSpace(text))
	if country == "" {
		return "", nil
	}
	if code, err := strconv.Atoi(strings.TrimPrefix(country, "+")); err == nil {
		country = phonenumbers.GetRegionCodeForCountryCode(code)
	}
	if phonenumbers.GetCountryCodeForRegion(country) == 0 {
		return "", errOption
	}
	return country, nil
}

// The fields in which the consent of people is kept.
const (
	consentField = "consentimento"
	consentDay   = "consentimento_data"
)

// Consent reads where the consent of the people of a file comes from, and
// since when: "feira", "feira:2026-05-10", "feira:10/05/2026". Without a day it
// is since today. What it returns are fields for [Options]; none of no text.
func Consent(text string, today time.Time) (map[string]string, error) {
	source, day := strings.TrimSpace(text), today.Format(time.DateOnly)
	if source == "" {
		return nil, nil
	}
	if at := strings.LastIndexByte(source, ':'); at > 0 {
		said := strings.TrimSpace(source[at+1:])
		when, err := time.Parse(time.DateOnly, said)
		if err != nil {
			when, err = time.Parse("02/01/2006", said)
		}
		if err == nil {
			source, day = strings.TrimSpace(source[:at]), when.Format(time.DateOnly)
		} else if said != "" && said[0] >= '0' && said[0] <= '9' {
			return nil, errOption
		}
	}
	return map[string]string{consentField: source, consentDay: day}, nil
}

// Tags reads tags as spreadsheets write them: "vip, novo". The error is a
// Reason.
func Tags(text string) ([]string, error) {
	tags, why := splitTags(text, nil)
	if why != nil {
		return nil, *why
	}
	return tags, nil
}
