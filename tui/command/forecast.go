package command

import (
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/tui/words"
)

// forecastJSON is when a campaign will have been sent, as --json prints it.
// Times are RFC 3339, empty when there is none.
type forecastJSON struct {
	Left   int       `json:"left"`   // deliveries that wait
	Stuck  int       `json:"stuck"`  // of those, how many do not leave before somebody does something
	Starts string    `json:"starts"` // when the next one leaves
	Ends   string    `json:"ends"`   // when the last one that is not stuck has left
	Binds  bindsJSON `json:"binds"`
	Days   []dayJSON `json:"days"` // on which something leaves; sixty at the most

	PausesAfter int    `json:"pauses_after,omitempty"` // so many messages, and asks; not there: it does not
	PausesAt    string `json:"pauses_at,omitempty"`    // about when that is
}

// bindsJSON is what makes a campaign last longest, or stops it.
type bindsJSON struct {
	Limit string      `json:"limit"` // empty: nothing does
	Code  reason.Code `json:"limit_code"`
	Whose string      `json:"whose"` // "number", "campaign 12", or empty: no limit of ours
}

// dayJSON is how many deliveries leave on a day.
type dayJSON struct {
	Date  string `json:"date"`
	Count int    `json:"count"`
}

func forecastObject(f campaign.Forecast) *forecastJSON {
	out := &forecastJSON{
		Left: f.Left, Stuck: f.Stuck, Starts: stamp(f.Starts), Ends: stamp(f.Ends),
		Binds: bindsObject(f.Binds), Days: make([]dayJSON, len(f.Days)), PausesAfter: f.Tries, PausesAt: stamp(f.Asks),
	}
	for i, d := range f.Days {
		out.Days[i] = dayJSON{d.Date.Format(time.DateOnly), d.Count}
	}
	return out
}

func bindsObject(h campaign.Hold) bindsJSON {
	return bindsJSON{words.English(reason.New(h.Reason)), h.Reason, whose(h)}
}

// forecast says when a campaign ends, and what makes it last or stops it.
func (c *call) forecast(f campaign.Forecast) string {
	var parts []string
	if !f.Ends.IsZero() {
		parts = append(parts, c.t("forecast_from_to", "Starts", c.tongue.Minute(f.Starts.Local()), "Ends", c.tongue.Minute(f.Ends.Local())))
	}
	if f.Tries > 0 {
		parts = append(parts, c.n("forecast_asks", f.Tries, "Time", c.tongue.Minute(f.Asks.Local())))
	}
	if f.Stuck > 0 {
		parts = append(parts, c.n("forecast_stay", f.Stuck))
	}
	if why := c.holds(f.Binds); why != "" {
		parts = append(parts, why)
	}
	return strings.Join(parts, "; ")
}

// holds says what holds, and whose limit it is; empty: nothing does.
func (c *call) holds(h campaign.Hold) string {
	if h.Reason == "" {
		return ""
	}
	why := c.because(reason.New(h.Reason))
	switch whose(h) {
	case "":
		return why
	case "number":
		return c.t("forecast_of_number", "Why", why)
	}
	return c.t("forecast_of_campaign", "Why", why)
}
