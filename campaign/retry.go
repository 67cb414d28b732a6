package campaign

import (
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// retriable reports whether a message that ended so certainly did not leave, for a
// reason that may be gone by another time. Whom the service does not let us write to
// is left alone.
func retriable(state State, why reason.Code) bool {
	switch state {
	case Failed:
		return why != reason.RefusedPerson
	case Skipped:
		return why == reason.DeliveryNoAnswer
	}
	return false
}

// Retry puts a delivery that certainly did not leave back in its queue, as if it had
// never been tried, and reports whether that could be. It opens a chat or not. It
// keeps the id that it has: should anything have left after all, its recipient folds
// the copies.
func (d *Delivery) Retry(isNew bool, zone string) bool {
	if !retriable(d.State, d.Reason.Code) || d.InDoubt || d.Revokes != "" || d.Contact == 0 {
		return false
	}
	d.State, d.Reason, d.Code, d.NotBefore = Queued, reason.Reason{}, 0, time.Time{}
	d.New, d.Zone = isNew, zone
	d.Attempts, d.Doubts, d.Unheard, d.Redirected = 0, 0, 0, false
	d.LID, d.Text, d.Upload, d.Timer, d.Fixed, d.Link, d.Claimed = "", "", 0, people.Timer{}, 0, 0, time.Time{}
	return true
}
