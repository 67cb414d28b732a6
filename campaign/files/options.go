package files

import (
	"strings"
	"time"

	"recado/campaign/people"
)

// What a person types for the options of a file is read here, for screens and
// commands: how it is to be typed is for those to say.

// Area reads an area code: 11, (11), 011; 0: none. Not ok if that is none.
func Area(text string) (area string, ok bool) {
	area = strings.TrimLeft(strings.Trim(text, "() "), "0")
	return area, area == digitsOf(area) && len(area) <= 4
}

// Consent reads where the consent of the people of a file comes from, and
// since when: "feira", "feira:2026-05-10", "feira:10/05/2026". Without a day it
// is since today; of no text it is none. Not ok if what stands for the day is
// none.
func Consent(text string, now time.Time) (given people.Consent, ok bool) {
	source := strings.TrimSpace(text)
	if source == "" {
		return given, true
	}
	year, month, today := now.Date()
	day := time.Date(year, month, today, 0, 0, 0, 0, time.UTC)
	if at := strings.LastIndexByte(source, ':'); at > 0 {
		said := strings.TrimSpace(source[at+1:])
		when, err := time.Parse(time.DateOnly, said)
		if err != nil {
			when, err = time.Parse("02/01/2006", said)
		}
		if err == nil {
			source, day = strings.TrimSpace(source[:at]), when
		} else if said != "" && said[0] >= '0' && said[0] <= '9' {
			return given, false
		}
	}
	return people.Consent{Status: people.ConsentGiven, Source: source, At: day}, true
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
