package campaign

import (
	"testing"
	"time"

	"recado/campaign/reason"
)

func TestProofNeverMovesADeliveryBack(t *testing.T) {
	at := time.Unix(1, 0)
	d := Delivery{State: Sending}
	for _, step := range []struct {
		proof State
		want  State
	}{
		{Read, Read}, {Delivered, Read}, {Sent, Read}, {Replied, Replied}, {Read, Replied},
	} {
		d.Advance(step.proof, at)
		if d.State != step.want {
			t.Errorf("after %v it is %v, want %v", step.proof, d.State, step.want)
		}
	}
	if d.Accepted.IsZero() || d.Arrived.IsZero() || d.ReadAt.IsZero() || d.RepliedAt.IsZero() {
		t.Errorf("a time is missing: %+v", d)
	}
}

func TestReplyAloneProvesNothingAndIsNotForgotten(t *testing.T) {
	d := Delivery{State: Unsure, InDoubt: true, Reason: reason.New(reason.DeliveryNoAnswer)}
	d.Advance(Replied, time.Unix(1, 0))
	if d.State != Unsure {
		t.Fatalf("a reply made it %v, want unsure", d.State)
	}
	d.Advance(Delivered, time.Unix(2, 0))
	if d.State != Replied || d.InDoubt || !d.Reason.IsZero() {
		t.Errorf("with proof it is %v, in doubt %v for %q; want replied and no doubt", d.State, d.InDoubt, d.Reason)
	}
}
