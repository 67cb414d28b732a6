package store_test

import (
	"errors"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// TestAFollowUpStopsForWhoeverReplies: it is to those who got a campaign and did
// not answer; who answers while it is being sent does not get it. There is one.
func TestAFollowUpStopsForWhoeverReplies(t *testing.T) {
	s := newShop(t, 5, "")
	of, err := s.begin(campaign.Campaign{})
	if err != nil {
		t.Fatal(err)
	}
	var got []campaign.Delivery
	for range 5 {
		d := s.mustClaim()
		s.settle(d, accepted)
		s.now = s.now.Add(time.Minute)
		got = append(got, d)
	}
	says := func(d campaign.Delivery) {
		t.Helper()
		if err := s.book.Heard(s.number, campaign.Incoming{From: people.Seen{Phone: d.Phone, LID: d.LID}, ID: "IN" + d.Message, Text: "oi", At: s.now}); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range got[:4] { // one phone is off
		if _, err := s.book.Receipt(s.number, people.Seen{Phone: d.Phone, LID: d.LID}, []campaign.MessageID{d.Message}, campaign.Delivered, s.now); err != nil {
			t.Fatal(err)
		}
	}
	says(got[0])
	second := campaign.Campaign{Name: "2", Text: "Ainda dá tempo", To: "recebeu:1 -respondeu:1", FollowUp: of.ID}
	follow, err := desk(s.book).AddCampaign(second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk(s.book).AddCampaign(second); !errors.Is(err, store.ErrExists) {
		t.Errorf("a second follow-up: %v", err)
	}
	if _, err := desk(s.book).AddCampaign(campaign.Campaign{Name: "3", Text: "Oi", FollowUp: follow.ID}); !errors.Is(err, store.ErrState) {
		t.Errorf("a follow-up of one: %v", err)
	}
	if _, err := desk(s.book).Start(follow.ID, s.now); err != nil {
		t.Fatal(err)
	}
	d := s.mustClaim()
	s.settle(d, accepted)
	for _, one := range got[1:4] { // of the two who are left, one answers
		if one.Contact != d.Contact {
			says(one)
			break
		}
	}
	d = s.mustClaim()
	s.settle(d, accepted)
	if again := s.claim(); again.Delivery != nil {
		t.Errorf("a third one gets it: %+v", again.Delivery)
	}
	counts, err := s.book.Counts(follow.ID)
	if err != nil || counts.Accepted() != 2 || counts[campaign.Skipped] != 1 || counts.Total() != 3 {
		t.Errorf("%v, %v", counts, err)
	}
	all, err := s.book.Deliveries(follow.ID, -1, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if d.State == campaign.Skipped && !d.Reason.Equal(reason.New(reason.DeliveryAnswered, of.ID)) {
			t.Errorf("skipped for %v", d.Reason)
		}
	}
	if _, err := desk(s.book).AddCampaign(second); !errors.Is(err, store.ErrExists) {
		t.Errorf("after it has ended: %v", err)
	}
}
