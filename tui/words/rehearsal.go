package words

import (
	"time"

	"recado/campaign"
)

// Hour says when a line of a rehearsal is, as seen from now, and how much leaves
// then.
func (w *Words) Hour(h campaign.Hour, now time.Time) (when, what string) {
	when = w.Moment(h.From, now)
	switch {
	case h.Count > 0:
		return when, w.Number(h.Count)
	case h.To.IsZero():
		return w.T("rehearse_from", "Time", when), w.T("rehearse_stays")
	}
	return w.T("rehearse_span", "From", when, "To", w.Moment(h.To, now)), w.T("rehearse_nothing")
}
