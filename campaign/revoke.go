package campaign

import (
	"time"

	"recado/campaign/reason"
)

// RevokeWithin is how long after a message it may be deleted for everyone. WhatsApp
// says about two days; what comes later its phones pass over.
const RevokeWithin = 48 * time.Hour

// Unrevocable says why a message cannot be deleted for everyone any more, by a link
// that its number has now; empty: it can be tried. A message in doubt may have left:
// to delete one that has not does no harm.
func (d *Delivery) Unrevocable(link uint32, now time.Time) reason.Code {
	switch {
	case !d.RevokedAt.IsZero():
		return reason.UndoDone
	case !d.MayHaveLeft():
		return reason.UndoNotLeft
	case d.Contact == 0:
		return reason.DeliveryErased
	case d.Message == "" || d.LID == "":
		return reason.UndoUnknown
	case d.Link != link:
		return reason.UndoUnlinked
	case now.Sub(d.Claimed) > RevokeWithin:
		return reason.UndoLate
	}
	return ""
}

// Revoke makes a delivery that may have left one that an undo is to delete, and that
// is not tried again.
func (d *Delivery) Revoke(by ID) {
	d.RevokeBy = by
	if d.State == Unsure {
		d.NotBefore = time.Time{}
	}
}

// Revoked notes when the service accepted that a delivery is deleted, the first time.
// How far it had come stays what it is.
func (d *Delivery) Revoked(at time.Time) {
	if d.RevokedAt.IsZero() {
		d.RevokedAt = at
	}
}

// RevokeInDoubt notes whether its deletion is in doubt.
func (d *Delivery) RevokeInDoubt(doubt bool) { d.MayBeRevoked = doubt }

// Undoing is what an undo of a campaign would do.
type Undoing struct {
	Messages int                 // that it is about: the last ones that left, or may have
	Deletes  int                 // of them, those that can be deleted
	Read     int                 // of those, the ones that were read already, as far as is known
	Doubt    int                 // of those, the ones that may not have left
	Stay     map[reason.Code]int // that cannot be deleted, by why
	Takes    time.Duration       // about, if nothing holds the numbers
}

// Mostly is why the most of those stay that cannot be deleted; empty: there are none.
func (u *Undoing) Mostly() (most reason.Code) {
	for why, n := range u.Stay {
		if most == "" || n > u.Stay[most] || n == u.Stay[most] && why < most {
			most = why
		}
	}
	return most
}
