package store

import (
	"bytes"
	"time"

	"recado/campaign"
	"recado/store/bolt"
)

// The times in the book are by one clock, see [campaign.Clock]. It may have been
// wrong when one was written, or be wrong now, and then something that has
// happened seems to lie in the future. We only know that it is over, so it counts
// as happening now: that can make a number slower, never faster. It would count
// so until the clock reaches that time, so it is written again, once, as the
// present time (amendTx); but not while the clock itself may be off by whole
// weeks, because then the time may be right.

// sofar is a time that has passed: at, but not after now.
func sofar(at, now time.Time) time.Time {
	if at.After(now) {
		return now
	}
	return at
}

// precedes reports whether something was before another one. It is never known
// of one that lies in the future.
func precedes(at, other, now time.Time) bool {
	return at.Before(other.Add(-campaign.ClockSlack)) && !campaign.Early(other, now)
}

// misdatedTx reports whether what paces a number lies in the future.
func misdatedTx(tx *bolt.Tx, number campaign.NumberID, t turn, now time.Time) bool {
	k, _ := sendsTable.Last(tx, sendsTable.Of(number))
	return campaign.Early(t.Last, now) || campaign.Within(t.Slow.Until, now, campaign.LongestSlow) != t.Slow.Until ||
		k != nil && campaign.Early(sentAt(k), now)
}

// sentAt is when a message left, by its key in "sends".
func sentAt(k []byte) time.Time {
	_, at, _ := sendsTable.Parts(k)
	return at.time()
}

// amendTx writes what paces a number, and lies in the future, as if it were
// now.
func amendTx(tx *bolt.Tx, number campaign.NumberID, now time.Time) error {
	t, err := turnTx(tx, number)
	if err != nil {
		return err
	}
	t.Last = sofar(t.Last, now)
	if most := now.Add(campaign.LongestSlow); t.Slow.Until.After(most) {
		t.Slow.Until = most
	}
	if err := putTurnTx(tx, number, t); err != nil {
		return err
	}
	var misdated [][]byte
	for k := range sendsTable.Back(tx, sendsTable.Of(number)) {
		if !sentAt(k).After(now) {
			break
		}
		misdated = append(misdated, bytes.Clone(k))
	}
	for _, k := range misdated {
		if err := sendsTable.DeleteAt(tx, k); err != nil {
			return err
		}
	}
	for _, k := range misdated {
		_, _, kind := sendsTable.Parts(k)
		if err := putSendTx(tx, number, now, kind); err != nil {
			return err
		}
	}
	return changeNumberTx(tx, number, func(n *campaign.Number) { n.LinkedAt = sofar(n.LinkedAt, now) })
}

// putSendTx keeps that a message of a number left. Two at the same moment of a
// clock are two.
func putSendTx(tx *bolt.Tx, number campaign.NumberID, now time.Time, kind chatKind) error {
	at := momentOf(now)
	for sendsTable.Any(tx, sendsTable.Of2(number, at)) {
		at++
	}
	return sendsTable.Put(tx, number, at, kind, nil)
}
