package store_test

import (
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// leavesOut starts a campaign to everybody that leaves the first of them out, for
// that reason, and says so before. So many are to get it.
func (s *shop) leavesOut(why reason.Code, receive int) (draft campaign.Campaign, id campaign.ID) {
	s.Helper()
	draft, err := s.write("")
	if err != nil {
		s.Fatal(err)
	}
	p, err := s.book.Preflight(s.Context(), draft, s.now)
	if err != nil || p.LeftOut[why] != 1 || p.Receive != receive {
		s.Errorf("%+v, %v; want one left out and %d not", p.LeftOut, err, receive)
	}
	id = s.startBy(s.number)
	if d := s.delivery(id); d.State != campaign.Skipped || d.Reason.Code != why {
		s.Errorf("it is %s (%s)", d.State, d.Reason)
	}
	return draft, id
}

// Our own numbers in an audience are left out with that reason, by the phone and
// by the account, those that were linked once included, and whatever was linked
// since the start.
func TestOurOwnNumbersAreNotWrittenTo(t *testing.T) {
	s := newShop(t, 4, "")
	rows := crowd(4)
	first := s.linked("outra", rows[0].Phone)
	if err := s.book.UnlinkNumber(first, campaign.Standing{State: campaign.LoggedOut, Since: s.now}); err != nil {
		t.Fatal(err)
	}
	s.restart()
	_, id := s.leavesOut(reason.DeliveryOwnNumber, 3)
	// Linked later: the second by its phone, the third by its account.
	second := s.linked("mais uma", rows[1].Phone)
	if _, err := s.book.SetAccount(second, lidOf(rows[2].Phone), rows[1].Phone); err != nil {
		t.Fatal(err)
	}
	if d := s.mustClaim(); d.Seq != 3 {
		t.Errorf("number %d is written to", d.Seq)
	}
	for seq := range uint32(3) {
		if d, err := s.book.Delivery(id, seq); err != nil || d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryOwnNumber {
			t.Errorf("%d is %s (%s), %v", seq, d.State, d.Reason, err)
		}
	}
}

// Whoever is blocked on the phone of one of our numbers is not written to by any
// of them, from that moment on, until it is lifted on all.
func TestWhoIsBlockedIsNotWrittenToByAnyNumber(t *testing.T) {
	s := newShop(t, 3, "")
	rows := crowd(3)
	other := s.another()
	blocked := []people.Seen{{LID: lidOf(rows[0].Phone)}}
	if err := s.book.SetBlocked(other, blocked); err != nil {
		t.Fatal(err)
	}
	s.restart()
	draft, id := s.leavesOut(reason.DeliveryBlocked, 2)
	if err := s.book.Block(other, people.Seen{Phone: rows[1].Phone}, true); err != nil { // after the start
		t.Fatal(err)
	}
	if d := s.mustClaim(); d.Seq != 2 {
		t.Errorf("number %d is written to", d.Seq)
	} else {
		s.settle(d, accepted)
	}
	if d, err := s.book.Delivery(id, 1); err != nil || d.State != campaign.Skipped || !d.Reason.Equal(reason.New(reason.DeliveryBlocked, reason.Plain("outra"))) {
		t.Errorf("it is %s (%s), %v", d.State, d.Reason, err)
	}
	why, err := s.book.Barred(contact(t, s, 1).ID)
	if err != nil || !why.Equal(reason.New(reason.DeliveryBlocked, reason.Plain("outra"))) {
		t.Errorf("the card says %q, %v", why, err)
	}
	if why, err := s.book.Barred(contact(t, s, 2).ID); err != nil || !why.IsZero() {
		t.Errorf("the card of somebody else says %q, %v", why, err)
	}
	receive := func(want int) {
		t.Helper()
		p, err := s.book.Preflight(t.Context(), draft, s.now)
		if err != nil || p.Receive != want {
			t.Errorf("%d would get it (%v), %v; want %d", p.Receive, p.LeftOut, err, want)
		}
	}
	receive(1)
	// The whole list is told again: the first is not on it any more. The second is
	// blocked by both, and one lifts it.
	if err := s.book.SetBlocked(other, []people.Seen{{Phone: rows[1].Phone}}); err != nil {
		t.Fatal(err)
	}
	receive(2)
	for _, test := range []struct {
		number  campaign.NumberID
		blocked bool
		want    int
	}{{s.number, true, 2}, {other, false, 2}, {s.number, false, 3}} {
		if err := s.book.Block(test.number, people.Seen{Phone: rows[1].Phone}, test.blocked); err != nil {
			t.Fatal(err)
		}
		receive(test.want)
	}
}

// What is in doubt does not go once more to who was blocked meanwhile.
func TestDoubtIsNotSentAgainToWhoIsBlocked(t *testing.T) {
	s := newShop(t, 1, "")
	id := s.start("")
	d := s.mustClaim()
	s.settle(d, unknown)
	if err := s.book.Block(s.number, people.Seen{LID: d.LID}, true); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Hour)
	s.mustHold(reason.HoldEmpty, time.Time{})
	if d := s.delivery(id); d.State != campaign.Unsure {
		t.Errorf("it is %s (%s)", d.State, d.Reason)
	}
}
