package store_test

import (
	"maps"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// consents writes down what a person answered when they were asked.
func (s *shop) consents(i int, answer people.ConsentStatus) {
	s.Helper()
	err := desk(s.book).EditContact(contact(s.T, s, i).ID, func(c *people.Contact) {
		c.Consent = people.Consent{}
		if answer != people.ConsentUnknown {
			c.Consent = people.Consent{Status: answer, Source: "feira", At: s.now}
		}
	})
	if err != nil {
		s.Fatal(err)
	}
}

// Of five, one has consented, one refused, one was never asked, one consented
// and opted out, one was never asked and opted out.
func newFair(t *testing.T) *shop {
	s := newShop(t, 5, "")
	s.consents(0, people.ConsentGiven)
	s.consents(1, people.ConsentRefused)
	s.consents(3, people.ConsentGiven)
	for _, i := range []int{3, 4} {
		if err := desk(s.book).OptOut(contact(t, s, i).ID, "asked"); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// A campaign that asks for consent leaves out who has not given any: in a check,
// in the people behind its numbers, when it starts, and in the report. Others do
// not ask for it.
func TestWhoNeverAgreedIsLeftOut(t *testing.T) {
	s := newFair(t)
	for _, test := range []struct {
		asks    bool
		receive int
		leftOut map[reason.Code]int
	}{
		{false, 3, map[reason.Code]int{reason.DeliveryOptedOut: 2}},
		{true, 1, map[reason.Code]int{reason.DeliveryOptedOut: 2, reason.DeliveryNoConsent: 2}},
	} {
		c := campaign.Campaign{Name: "c", Text: "Oi", Consented: test.asks}
		p, err := s.book.Preflight(t.Context(), c, s.now)
		if err != nil || p.Receive != test.receive || !maps.Equal(p.LeftOut, test.leftOut) {
			t.Errorf("asked for %v: a check has %d and leaves out %v, %v", test.asks, p.Receive, p.LeftOut, err)
		}
		behind, err := s.book.Whom(t.Context(), c, s.now, func(why reason.Code, _ bool) bool { return why == reason.DeliveryNoConsent })
		if err != nil || behind.Size() != test.leftOut[reason.DeliveryNoConsent] || behind.Has(contact(t, s, 0).ID) {
			t.Errorf("asked for %v: behind the number are %d, %v", test.asks, behind.Size(), err)
		}
		begun, err := s.begin(c)
		if err != nil {
			t.Fatal(err)
		}
		all, err := s.book.Deliveries(begun.ID, -1, 10)
		if err != nil {
			t.Fatal(err)
		}
		queued, skipped := 0, make(map[reason.Code]int)
		for _, d := range all {
			if d.State == campaign.Queued {
				queued++
			} else {
				skipped[d.Reason.Code]++
			}
		}
		if queued != test.receive || !maps.Equal(skipped, test.leftOut) {
			t.Errorf("asked for %v: %d are queued, left out are %v", test.asks, queued, skipped)
		}
		if r, err := s.book.Report(t.Context(), begun.ID); err != nil || !maps.Equal(r.LeftOut, test.leftOut) {
			t.Errorf("asked for %v: the report leaves out %v, %v", test.asks, r.LeftOut, err)
		}
		if _, err := desk(s.book).Cancel(begun.ID); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := s.book.Campaign(2); err != nil || !left.Copy().Consented {
		t.Errorf("a copy does not ask for it: %+v, %v", left, err)
	}
}

// That a campaign asks for consent, or no longer does, is in the audit.
func TestTheAuditKeepsWhetherConsentIsAskedFor(t *testing.T) {
	s := newShop(t, 1, "")
	c, err := desk(s.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", Consented: true})
	if err != nil {
		t.Fatal(err)
	}
	last := func() store.Entry {
		t.Helper()
		all, err := s.book.AuditBefore(0, 1)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		return all[0]
	}
	if e := last(); e.Verb != store.VerbCampaignNew || e.After["require_consent"] != "yes" {
		t.Errorf("it is written as %+v", e)
	}
	c.Consented = false
	if _, err := desk(s.book).EditDraft(c); err != nil {
		t.Fatal(err)
	}
	if e := last(); e.Verb != store.VerbCampaignEdit || e.Before["require_consent"] != "yes" || e.After["require_consent"] != "" {
		t.Errorf("it is changed as %+v", e)
	}
}

// A test is to one person who was chosen for it: our own phone, mostly.
func TestATestNeedsNoConsent(t *testing.T) {
	s := newFair(t)
	c, err := desk(s.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", Consented: true})
	if err != nil {
		t.Fatal(err)
	}
	me := contact(t, s, 2).ID
	if _, err := store.SendTest(t.Context(), desk(s.book), c.ID, me, s.now); err != nil {
		t.Fatal(err)
	}
	if d := s.mustClaim(); d.Contact != me {
		t.Errorf("it goes to %v", d.Contact)
	}
}

func TestACampaignToNobodyWhoAgreedDoesNotStart(t *testing.T) {
	s := newShop(t, 3, "")
	if c, err := s.begin(campaign.Campaign{Consented: true}); err == nil {
		t.Errorf("it has started: %+v", c)
	}
	if c, err := desk(s.book).Begin(t.Context(), 1, s.now); err == nil { // at once, before anything is made
		t.Errorf("it has begun: %+v", c)
	}
	p, err := s.book.Preflight(t.Context(), campaign.Campaign{Name: "c", Text: "Oi", Consented: true}, s.now)
	if err != nil || p.Receive != 0 || p.LeftOut[reason.DeliveryNoConsent] != 3 || p.Leaves(nil) {
		t.Errorf("%+v, %v", p, err)
	}
}

// Who takes their consent back after the start gets nothing, also if a first try
// did not leave or may have; the others get it, and so does whoever agrees again
// in time.
func TestConsentThatIsTakenBackIsSeenByTheClaim(t *testing.T) {
	for _, test := range []struct {
		name    string
		answer  people.ConsentStatus
		tried   campaign.Outcome
		leftOut int
		state   campaign.State
	}{
		{"refused, after a try that did not leave", people.ConsentRefused, offline, 2, campaign.Skipped},
		{"taken away, after a try that did not leave", people.ConsentUnknown, offline, 2, campaign.Skipped},
		{"taken away, after a try in doubt", people.ConsentUnknown, unknown, 1, campaign.Unsure},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 4, "")
			for i := range 4 {
				s.consents(i, people.ConsentGiven)
			}
			c, err := s.begin(campaign.Campaign{Consented: true})
			if err != nil {
				t.Fatal(err)
			}
			tried := s.mustClaim()
			s.settle(tried, test.tried)
			for i := range 3 {
				s.consents(i, test.answer)
			}
			s.consents(2, people.ConsentGiven)
			s.restart()
			got := make(map[people.ContactID]bool)
			for range 10 {
				if d, _, ok := s.send(); ok {
					got[d.Contact] = true
				}
				s.now = s.now.Add(time.Minute)
			}
			if len(got) != 2 || !got[contact(t, s, 2).ID] || !got[contact(t, s, 3).ID] || got[tried.Contact] {
				t.Errorf("it went to %v, tried was %v", got, tried.Contact)
			}
			if d := s.delivery(c.ID); d.Contact != tried.Contact || d.State != test.state || d.Attempts != 1 {
				t.Errorf("what was tried is %s after %d tries, want %s", d.State, d.Attempts, test.state)
			}
			if r, err := s.book.Report(t.Context(), c.ID); err != nil || r.LeftOut[reason.DeliveryNoConsent] != test.leftOut || len(r.LeftOut) != 1 {
				t.Errorf("left out are %v, %v", r.LeftOut, err)
			}
		})
	}
}

// Also consent that came with a file whose import is undone.
func TestAnUndoneImportTakesItsConsentAlong(t *testing.T) {
	s := newShop(t, 1, "")
	row := crowd(1)[0]
	row.Consent = people.Consent{Status: people.ConsentGiven, Source: "feira", At: s.now}
	_, err := desk(s.book).Import(t.Context(), []people.Row{row}, "feira.csv")
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.begin(campaign.Campaign{Consented: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk(s.book).UndoImport(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if got := s.claim(); got.Delivery != nil {
		t.Errorf("they are written to: %+v", got.Delivery)
	}
	if d := s.delivery(c.ID); d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryNoConsent {
		t.Errorf("their delivery is %s, %v", d.State, d.Reason)
	}
}

// A number is linked today, yesterday or so many days ago, as days are counted
// where the one sits who asks.
func TestANumberIsNewByTheDaysOfTheCalendar(t *testing.T) {
	s := newShop(t, 1, "")
	all, err := s.book.Numbers()
	if err != nil {
		t.Fatal(err)
	}
	linked := all[0].LinkedAt
	day := time.Date(linked.Year(), linked.Month(), linked.Day(), 0, 0, 0, 0, linked.Location())
	for _, test := range []struct {
		name string
		now  time.Time
		want reason.Reason
	}{
		{"before it was", linked.Add(-time.Hour), reason.New(reason.AgoToday)},
		{"at once", linked, reason.New(reason.AgoToday)},
		{"the last minute of that day", day.Add(24*time.Hour - time.Minute), reason.New(reason.AgoToday)},
		{"the first minute of the next", day.Add(24 * time.Hour), reason.New(reason.AgoYesterday)},
		{"the last minute of the next", day.Add(48*time.Hour - time.Minute), reason.New(reason.AgoYesterday)},
		{"two days later", day.Add(48 * time.Hour), reason.New(reason.AgoDays, 2)},
		{"almost a week later", linked.Add(7*24*time.Hour - time.Second), reason.New(reason.AgoDays, 7)},
		{"a week later", linked.Add(7 * 24 * time.Hour), reason.Reason{}},
	} {
		p, err := s.book.Preflight(t.Context(), campaign.Campaign{Name: "c", Text: "Oi"}, test.now)
		if err != nil {
			t.Fatal(err)
		}
		planned, err := s.book.Preflight(t.Context(), campaign.Campaign{Name: "c", Text: "Oi", At: linked.Add(36 * time.Hour)}, test.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range planned.Warnings { // it is said today, whenever it starts
			if w.Code == reason.WarnNumberNew && !w.Args[1].(reason.Reason).Equal(test.want) {
				t.Errorf("%s, of a planned one: %v, want %v", test.name, w.Args[1], test.want)
			}
		}
		var got reason.Reason
		for _, w := range p.Warnings {
			if w.Code == reason.WarnNumberNew {
				got = w.Args[1].(reason.Reason)
			}
		}
		if !got.Equal(test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
