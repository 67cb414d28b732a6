package campaign

import (
	"encoding/json"
	"slices"
	"time"

	"recado/campaign/reason"
)

// Stop says that a number sends nothing for a campaign: somebody has stopped it, or
// the campaign's own guard rails have. What it has waits, and the others go on. A
// person lets it send again; one that the guard rails have stopped sends again with
// a resume too.
type Stop struct {
	Number NumberID
	By     string        `json:",omitempty"` // who it was; empty: the guard rails, or it is not known
	Held   reason.Code   `json:",omitempty"` // of guard rails: what holds the number; empty: a person does
	Why    reason.Reason `json:",omitzero"`  // of guard rails: what they have seen
	At     time.Time     `json:",omitzero"`  // zero: it is not known
}

// UnmarshalJSON also reads the bare number that books of before have.
func (s *Stop) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] != '{' {
		*s = Stop{}
		return json.Unmarshal(b, &s.Number)
	}
	type plain Stop
	return json.Unmarshal(b, (*plain)(s))
}

// Guard reports whether it was not a person who stopped the number.
func (s Stop) Guard() bool { return s.Held != "" }

// Hold is what holds the number for the campaign.
func (s Stop) Hold() Hold {
	if s.Guard() {
		return Hold{Reason: s.Held}
	}
	return Hold{Reason: reason.HoldByPerson}
}

// Stops reports whether a number of a campaign claims nothing for it.
func (c *Campaign) Stops(n NumberID) bool {
	_, stopped := c.Stop(n)
	return stopped
}

// Stop is why a number sends nothing for a campaign; not ok if it may send.
func (c *Campaign) Stop(n NumberID) (s Stop, ok bool) {
	if i := slices.IndexFunc(c.Stopped, func(s Stop) bool { return s.Number == n }); i >= 0 {
		return c.Stopped[i], true
	}
	return s, false
}

// SetStop stops a number for a campaign, whatever stopped it before.
func (c *Campaign) SetStop(s Stop) {
	c.LetSend(s.Number)
	c.Stopped = append(c.Stopped, s)
}

// LetSend lets a number send for a campaign again.
func (c *Campaign) LetSend(n NumberID) {
	c.Stopped = slices.DeleteFunc(slices.Clone(c.Stopped), func(s Stop) bool { return s.Number == n })
}

// LetAllSend lets those send again that no person has stopped.
func (c *Campaign) LetAllSend() { c.Stopped = slices.DeleteFunc(slices.Clone(c.Stopped), Stop.Guard) }
