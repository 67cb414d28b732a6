package campaign

import (
	"strings"
	"time"

	"recado/campaign/reason"
)

// MissedAfter is how late a scheduled campaign may still start by itself. After
// that it is paused, and a person is asked.
const MissedAfter = time.Hour

// The forms in which a time is typed.
var whenForms = []string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "02/01/2006 15:04"}

// ParseWhen reads the time at which a campaign is to start: a date and a time of
// day, "2026-12-05 09:00" or "05/12/2026 09:00", by the clock of here, or of a
// zone behind it ("2026-12-05 09:00 America/Recife"); or RFC 3339. It must be
// later than now. The time that is returned is in that zone.
func ParseWhen(text string, now time.Time, here *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	bad := reason.Err(reason.ScheduleUnread, reason.Clip(text))
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		if i := strings.LastIndexByte(text, ' '); i > 0 && strings.ContainsAny(text[i:], "/UZ") && strings.ContainsRune(text[:i], ':') {
			if here, err = time.LoadLocation(text[i+1:]); err != nil || text[i+1:] == "" {
				return at, bad
			}
			text = strings.TrimSpace(text[:i])
		}
		for _, form := range whenForms {
			if at, err = time.ParseInLocation(form, text, here); err == nil {
				break
			}
		}
	}
	switch {
	case err != nil:
		return at, bad
	case !at.After(now):
		return at, reason.Err(reason.SchedulePast, at)
	}
	return at, nil
}

// Scheduled gives a campaign the time at which it is to start.
func (c *Campaign) Schedule(at time.Time) { c.At, c.Zone = at, at.Location().String() }

// Planned is when a campaign is to start, in the zone in which that was said;
// zero: at no particular time.
func (c *Campaign) Planned() time.Time {
	if c.At.IsZero() || c.Zone == "" || c.Zone == "Local" {
		return c.At
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return c.At
	}
	return c.At.In(zone)
}

// Basis is why a person may be written to: they agreed, they are a customer, or
// something else, in words.
type Basis string

// The bases. Another one is [OtherBasis] with words behind it.
const (
	Consent    Basis = "consent"
	Customer   Basis = "customer"
	OtherBasis       = "other:"
)

// ParseBasis reads consent, customer or other:TEXT; empty is none.
func ParseBasis(text string) (Basis, error) {
	text = strings.TrimSpace(text)
	switch words, other := strings.CutPrefix(text, OtherBasis); {
	case text == "", text == string(Consent), text == string(Customer):
		return Basis(text), nil
	case other && strings.TrimSpace(words) != "" && len(words) <= 500:
		return Basis(OtherBasis + strings.TrimSpace(Visible(words))), nil
	}
	return "", reason.Err(reason.BasisUnread, reason.Clip(text))
}
