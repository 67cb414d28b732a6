package store_test

import (
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// write adds and starts a campaign as it is.
func (s *shop) begin(c campaign.Campaign) (campaign.Campaign, error) {
	s.Helper()
	c.Name, c.Text = "c", "Oi"
	c, err := desk(s.book).AddCampaign(c)
	if err == nil {
		c, err = desk(s.book).Start(c.ID, s.now)
	}
	return c, err
}

// leftOut is why the first person of a campaign is left out by a check; empty:
// they receive it.
func (s *shop) leftOut() reason.Code {
	s.Helper()
	p, err := s.book.Preflight(s.Context(), campaign.Campaign{Name: "c", Text: "Oi"}, s.now)
	if err != nil {
		s.Fatal(err)
	}
	for why := range p.LeftOut {
		return why
	}
	return ""
}

// Who has not answered two campaigns is left alone by a check, by a start and by
// a claim, until they write, unless the campaign says otherwise.
func TestWhoNeverAnswersIsLeftAlone(t *testing.T) {
	s := newShop(t, 1, "")
	send := func(c campaign.Campaign) campaign.Delivery {
		t.Helper()
		if _, err := s.begin(c); err != nil {
			t.Fatal(err)
		}
		d := s.mustClaim()
		s.settle(d, accepted)
		s.now = s.now.Add(24 * time.Hour)
		return d
	}
	answer := func(d campaign.Delivery) {
		t.Helper()
		if err := s.book.Heard(s.number, campaign.Incoming{From: people.Seen{Phone: d.Phone}, ID: campaign.MessageID("IN" + s.now.String()), Text: "oi", At: s.now}); err != nil {
			t.Fatal(err)
		}
		s.now = s.now.Add(time.Hour)
	}
	answer(send(campaign.Campaign{}))
	send(campaign.Campaign{})
	if why := s.leftOut(); why != "" {
		t.Errorf("after one that was not answered: left out, %s", why)
	}
	// One that was begun before is claimed after the second that is not answered.
	early, err := s.begin(campaign.Campaign{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk(s.book).Pause(early.ID); err != nil {
		t.Fatal(err)
	}
	send(campaign.Campaign{})
	s.restart()
	if why := s.leftOut(); why != reason.DeliveryNeverAnswers {
		t.Errorf("after two that were not answered: %q", why)
	}
	if _, err := s.begin(campaign.Campaign{}); err == nil {
		t.Error("a campaign to nobody else has started")
	}
	if _, err := desk(s.book).Resume(early.ID); err != nil {
		t.Fatal(err)
	}
	if got := s.claim(); got.Delivery != nil {
		t.Errorf("they are written to: %+v", got.Delivery)
	}
	if d := s.delivery(early.ID); d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryNeverAnswers {
		t.Errorf("their delivery is %s, %v", d.State, d.Reason)
	}
	answer(send(campaign.Campaign{Silent: true}))
	if why := s.leftOut(); why != "" {
		t.Errorf("after they wrote: left out, %s", why)
	}
}

// A test goes to one person, whatever the audience and however lately they were
// written to, but not to who has left; it is in no count of the campaign, and
// they get the campaign itself all the same.
func TestATestIsOutsideTheCampaign(t *testing.T) {
	s := newShop(t, 3, "per-person=7d")
	c, err := desk(s.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", Variants: []string{"Olá"}, To: "tag:ninguem", Canary: 1})
	if err != nil {
		t.Fatal(err)
	}
	ana, err := s.book.ContactByPhone(crowd(1)[0].Phone)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // also right after another one
		test, err := store.SendTest(t.Context(), desk(s.book), c.ID, ana.ID, s.now)
		if err != nil || test.TestOf != c.ID || !test.Archived || test.Status != campaign.Running {
			t.Fatalf("%+v, %v", test, err)
		}
		d := s.mustClaim()
		if d.Contact != ana.ID || d.Text != "Oi" || d.Campaign != test.ID {
			t.Errorf("it is sent as %+v", d)
		}
		s.settle(d, accepted)
		s.now = s.now.Add(time.Minute)
	}
	if counts, err := s.book.Counts(c.ID); err != nil || counts.Total() != 0 {
		t.Errorf("the campaign counts %v, %v", counts, err)
	}
	if why := s.leftOut(); why != "" {
		t.Errorf("after the tests they are left out of the campaign: %s", why)
	}
	// And right after a campaign, which the next one would have to wait for.
	if _, err := s.begin(campaign.Campaign{Only: ana.ID}); err != nil {
		t.Fatal(err)
	}
	s.settle(s.mustClaim(), accepted)
	s.now = s.now.Add(time.Minute)
	if _, err := store.SendTest(t.Context(), desk(s.book), c.ID, ana.ID, s.now); err != nil {
		t.Fatal(err)
	}
	s.settle(s.mustClaim(), accepted)
	if err := desk(s.book).OptOut(ana.ID, "asked"); err != nil {
		t.Fatal(err)
	}
	if test, err := store.SendTest(t.Context(), desk(s.book), c.ID, ana.ID, s.now); err == nil {
		t.Errorf("a test to who has left: %+v", test)
	} else if test, err := s.book.Campaign(test.ID); err != nil || test.Status != campaign.Cancelled {
		t.Errorf("a test that did not start is %s, %v", test.Status, err)
	}
}
