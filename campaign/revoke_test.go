package campaign

import (
	"testing"
	"time"

	"recado/campaign/reason"
)

// TestWhyAMessageCannotBeDeleted: one reason at a time, and the first of several.
func TestWhyAMessageCannotBeDeleted(t *testing.T) {
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	good := Delivery{State: Sent, Contact: 1, Message: "3EB0", LID: "77", Link: 3, Claimed: now.Add(-RevokeWithin)}
	for name, test := range map[string]struct {
		change func(*Delivery)
		want   reason.Code
	}{
		"nothing is against it":          {func(*Delivery) {}, ""},
		"it may have left":               {func(d *Delivery) { d.State, d.InDoubt = Unsure, true }, ""},
		"it is on the wire":              {func(d *Delivery) { d.State = Sending }, ""},
		"it was deleted":                 {func(d *Delivery) { d.RevokedAt = now }, reason.UndoDone},
		"it waits":                       {func(d *Delivery) { d.State = Queued }, reason.UndoNotLeft},
		"it was refused":                 {func(d *Delivery) { d.State = Failed }, reason.UndoNotLeft},
		"nobody knows whose it was":      {func(d *Delivery) { d.Contact = 0 }, reason.DeliveryErased},
		"nobody knows its id":            {func(d *Delivery) { d.Message = "" }, reason.UndoUnknown},
		"nobody knows where it went":     {func(d *Delivery) { d.LID = "" }, reason.UndoUnknown},
		"another link sent it":           {func(d *Delivery) { d.Link = 2 }, reason.UndoUnlinked},
		"it is too old":                  {func(d *Delivery) { d.Claimed = d.Claimed.Add(-1) }, reason.UndoLate},
		"it is too old, and was deleted": {func(d *Delivery) { d.Claimed, d.RevokedAt = d.Claimed.Add(-1), now }, reason.UndoDone},
	} {
		d := good
		test.change(&d)
		if got := d.Unrevocable(3, now); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestAMessageIsDeletedWhenThatWasFirstAccepted: what proves the deletion later changes
// nothing.
func TestAMessageIsDeletedWhenThatWasFirstAccepted(t *testing.T) {
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	d := Delivery{State: Read}
	d.Revoked(at)
	d.Revoked(at.Add(time.Hour))
	if !d.RevokedAt.Equal(at) || d.State != Read {
		t.Errorf("it is %v, deleted %v", d.State, d.RevokedAt)
	}
}

// TestWhatMostStayFor is the most frequent reason, and of equal ones always the same.
func TestWhatMostStayFor(t *testing.T) {
	for want, stay := range map[reason.Code]map[reason.Code]int{
		"":                  nil,
		reason.UndoLate:     {reason.UndoLate: 3, reason.UndoDone: 2, reason.UndoUnlinked: 1},
		reason.UndoUnlinked: {reason.UndoLate: 1, reason.UndoDone: 2, reason.UndoUnlinked: 4},
		reason.UndoDone:     {reason.UndoLate: 2, reason.UndoDone: 2, reason.UndoUnlinked: 2},
	} {
		for range 20 { // a map has no order
			if got := (&Undoing{Stay: stay}).Mostly(); got != want {
				t.Errorf("of %v: %q, want %q", stay, got, want)
			}
		}
	}
}
