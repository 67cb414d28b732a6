package store

import (
	"errors"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// sends sends all that may leave, which are so many, and says to whom.
func (y *yard) sends(want int) (names []string) {
	y.Helper()
	for d := y.claim(); d != nil; d = y.claim() {
		ok(y.T, y.book.Settle(*d, campaign.Outcome{Kind: campaign.Accepted}, y.now))
		names = append(names, d.Name)
	}
	if len(names) != want {
		y.Errorf("it goes to %q, want %d", names, want)
	}
	return names
}

// TestWhoIsSkippedGetsNothing: first in the queue, put off after a try that did not
// leave, and the last of all, after which the campaign is done; also by a process
// that died right after.
func TestWhoIsSkippedGetsNothing(t *testing.T) {
	y := newYard(t, 6)
	id := y.begin()
	y.finish(id)
	d := y.claim()
	skip := func(seq uint32) error { return only(desk(y.book).Skip(id, seq)) }
	if err := skip(d.Seq); !errors.Is(err, ErrState) || reason.Of(err).Kind() != reason.SkipSending {
		t.Errorf("one on the wire: %v", err)
	}
	ok(t, y.book.Settle(*d, campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.HoldOffline)}, y.now))
	ok(t, skip(d.Seq)) // it is put off, and certainly did not leave
	first := y.claim()
	ok(t, y.book.Settle(*first, campaign.Outcome{Kind: campaign.Unknown}, y.now))
	if err := skip(first.Seq); reason.Of(err).Kind() != reason.SkipUnsure {
		t.Errorf("one that may have arrived: %v", err)
	}
	ok(t, only(desk(y.book).Decide(id, first.Seq, campaign.Arrived, y.now)))
	if err := skip(first.Seq); reason.Of(err).Kind() != reason.SkipLeft {
		t.Errorf("one that was sent: %v", err)
	}
	ok(t, skip(2)) // is next
	if err := skip(2); reason.Of(err).Kind() != reason.SkipSkipped {
		t.Errorf("twice: %v", err)
	}
	y.sound()
	y.is(id, campaign.Running, campaign.Counts{campaign.Queued: 3, campaign.Sent: 1, campaign.Skipped: 2})
	z := y.copied()
	z.sound()
	z.sends(3)
	z.is(id, campaign.Finished, campaign.Counts{campaign.Sent: 4, campaign.Skipped: 2})

	ok(t, only(desk(y.book).Pause(id)))
	for seq := uint32(3); seq < 6; seq++ {
		ok(t, skip(seq))
	}
	y.sound()
	y.is(id, campaign.Finished, campaign.Counts{campaign.Sent: 1, campaign.Skipped: 5})
	y.sends(0)
	one, err := y.book.Delivery(id, 4)
	if err != nil || one.Reason.Code != reason.DeliveryTakenOut {
		t.Errorf("%+v, %v", one, err)
	}
	if err := skip(4); reason.Of(err).Code != reason.CampaignIs {
		t.Errorf("of a campaign that is done: %v", err)
	}
	if failed, err := desk(y.book).Skip(99, 0); !errors.Is(err, ErrNotFound) {
		t.Errorf("of no campaign: %+v, %v", failed, err)
	}
}

// TestWhatHasNotStartedIsNotSteered: who is in it is not decided yet.
func TestWhatHasNotStartedIsNotSteered(t *testing.T) {
	y := newYard(t, 3)
	id := y.draft(campaign.Campaign{})
	for _, do := range []func() error{
		func() error { return nil },
		func() error { return only(desk(y.book).Schedule(id, time.Now().Add(time.Hour))) },
		func() error { return only(desk(y.book).Pause(id)) },
	} {
		ok(t, do())
		if _, err := desk(y.book).Skip(id, 0); !errors.Is(err, ErrState) {
			t.Errorf("skipped: %v", err)
		}
	}
}

// TestTheDeliveriesInACampaignToAPerson are found by any of their records.
func TestTheDeliveriesInACampaignToAPerson(t *testing.T) {
	y := newYard(t, 4)
	id := y.begin()
	y.finish(id)
	ok(t, y.book.Saw(y.number, []people.Seen{{Phone: yardPhone(1), LID: "77"}}))
	who := y.person(1).ID
	some, err := y.book.DeliveriesIn(t.Context(), id, who)
	if err != nil || len(some) != 1 || some[0].Phone != yardPhone(1) {
		t.Fatalf("%+v, %v", some, err)
	}
	// Two records turn out to be one person's.
	ok(t, y.book.Saw(y.number, []people.Seen{{Phone: yardPhone(2), LID: "77"}}))
	if some, err = y.book.DeliveriesIn(t.Context(), id, who); err != nil || len(some) == 0 {
		t.Errorf("%+v, %v", some, err)
	}
	if some, err = y.book.DeliveriesIn(t.Context(), id, gone); err != nil || len(some) != 0 {
		t.Errorf("of nobody: %+v, %v", some, err)
	}
	_, err = desk(y.book).Cancel(id)
	ok(t, err)
	if some, err = y.book.DeliveriesIn(t.Context(), id, who); err != nil || some[0].Reason.Code != reason.DeliveryCancelled {
		t.Errorf("of a campaign that was cancelled: %+v, %v", some, err)
	}
}
