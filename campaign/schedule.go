package campaign

import (
	"strings"
	"time"

	"recado/campaign/reason"
)

// MissedAfter is how late a scheduled campaign may still start by itself. After
// that it is paused, and a person is asked.
const MissedAfter = time.Hour

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
