package session

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
)

// refusingDevices is a key file whose disk refuses to write while full is set: it says so until a
// write of its own works again, which nobody else hears of.
type refusingDevices struct {
	Devices
	full *atomic.Bool
}

var errFull = errors.New("no space left on device")

func (d refusingDevices) Err() error {
	if d.full.Load() {
		return errFull
	}
	return d.Devices.Err()
}

// TestNothingIsClaimedWhileTheKeyFileCannotBeWritten: the library swallows most errors of its keys,
// so a message could leave with a ratchet that is not on the disk.
func TestNothingIsClaimedWhileTheKeyFileCannotBeWritten(t *testing.T) {
	const size = 20
	inBubble(t, simulator.Config{People: size}, func(r *rig) {
		var full atomic.Bool
		r.close()
		r.wrap = func(d Devices) Devices { return refusingDevices{d, &full} }
		r.open()
		id, _ := r.linked("loja")
		r.everybody()
		minute := campaign.Span{Min: time.Minute, Max: time.Minute}
		c := r.starts(campaign.Campaign{Name: "promo", Text: "olá", Pace: campaign.Pace{Gap: minute, NewGap: minute}})
		stop := r.lanes()
		defer stop()
		counts := func() campaign.Counts {
			counts, err := r.book.Counts(c)
			if err != nil {
				r.Fatal(err)
			}
			return counts
		}
		time.Sleep(10*time.Minute + 30*time.Second) // between two messages

		full.Store(true)
		if hold := r.pool.Sender(id).Ready().Hold; hold.Reason != reason.HoldDisk {
			r.Errorf("the hold is %+v, want the disk", hold)
		}
		before, left := counts(), len(r.service.Ledger().Stanzas())
		time.Sleep(time.Hour)
		if got := counts(); got[campaign.Delivered] != left || left == 0 || left >= size || got[campaign.Queued] != before[campaign.Queued] || got[campaign.Queued] != size-left {
			r.Errorf("%d messages had left; with a full disk %v became %v", left, before, got)
		}
		if n := len(r.service.Ledger().Stanzas()); n != left {
			r.Errorf("%d messages left with a full disk", n-left)
		}

		full.Store(false)
		if hold := r.pool.Sender(id).Ready().Hold; hold.Reason == reason.HoldDisk {
			r.Errorf("the hold is %+v though the disk takes writes again", hold)
		}
		time.Sleep(time.Hour) // nobody tells the lane: it asks again by itself
		if got := counts(); got[campaign.Delivered] != size {
			r.Errorf("an hour after the disk takes writes again: %v, want %d delivered", got, size)
		}
		if twice := r.service.Ledger().Twice(); len(twice) > 0 {
			r.Errorf("somebody sees it twice: %+v", twice)
		}
	})
}
