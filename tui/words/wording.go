package words

import (
	"time"

	"recado/campaign"
)

// Wording says of which wording of a campaign's text a report tells, and how many
// answered it; empty of one that was never fixed, of which its text says all. moment
// says when.
func (w *Words) Wording(c *campaign.Campaign, one *campaign.Worded, f campaign.Funnel, moment func(time.Time) string) string {
	id, at := "report_wording_until", one.Until
	if at.IsZero() {
		id, at = "report_wording_since", one.From
	}
	if at.IsZero() {
		return ""
	}
	text := w.T("report_the_text")
	if len(c.Variants) > 0 {
		text = w.T("report_the_text_of", "Variant", campaign.VariantName(one.Variant))
	}
	return w.T(id, "Text", text, "Time", moment(at), "Replied", w.Number(f.Replied), "OptedOut", w.Number(f.OptedOut))
}
