package store_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// The forecast is held against what a number then sends, in a time that the
// test moves. The spans are narrow, so that what is drawn does not matter: a
// forecast is of the middle.
func TestForecastIsWhatHappens(t *testing.T) {
	if store.Raced {
		t.Skip("nothing runs beside anything else here")
	}
	for _, test := range []struct {
		name, number, own string
		people, sent      int // sent before the forecast is asked for
		known             int // people who know the number
		takes             time.Duration
		quota             campaign.Quota
	}{
		{name: "gaps alone", number: "gap=40s-50s new-gap=40s-50s", people: 100},
		{name: "gaps, and messages that take their time", number: "gap=1.8s-2.2s new-gap=1.8s-2.2s", people: 120, takes: 700 * time.Millisecond, sent: 20},
		{name: "long pauses", number: "gap=13s-17s new-gap=13s-17s long=7m-8m every=10", people: 80},
		{name: "an hourly limit", number: "gap=10s new-gap=10s hour=30", people: 100},
		{name: "six a day", number: "gap=30s-60s new-gap=90s-180s day=6", people: 100},
		{name: "six a day, in the middle", number: "gap=30s-60s new-gap=90s-180s day=6", people: 50, sent: 10},
		{name: "the campaign's own daily limit", number: "day=150", own: "day=6 gap=1m new-gap=1m", people: 50},
		{name: "the defaults of a number", number: campaign.DefaultPace(time.Time{}, time.Now()).String(), people: 150, known: 50},
		{name: "the defaults of a young number", number: campaign.DefaultPace(time.Now(), time.Now()).String(), people: 70, known: 40, sent: 15},
		{name: "three hours on two days a week", number: "gap=5m new-gap=5m hours=09:00-12:00 weekdays=tue,thu", people: 90},
		{name: "a quota of new chats", number: "gap=1m new-gap=1m", people: 80, quota: campaign.Quota{Known: true, Total: 50, Until: monday.Add(5 * 24 * time.Hour)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, test.people, test.number)
			s.known(test.known)
			s.takes = test.takes
			if err := s.book.SetQuota(s.number, test.quota); err != nil {
				t.Fatal(err)
			}
			s.quota = test.quota
			draft, err := s.write(test.own)
			if err != nil {
				t.Fatal(err)
			}
			before, err := s.book.Preflight(t.Context(), draft, s.now)
			if err != nil {
				t.Fatal(err)
			}
			begun := s.now
			if _, err := desk(s.book).Start(draft.ID, s.now); err != nil {
				t.Fatal(err)
			}
			s.sendSome(test.sent)
			asked := s.now
			got, err := s.book.Forecast(t.Context(), draft.ID, s.now)
			if err != nil {
				t.Fatal(err)
			}
			if want := test.people - test.sent; got.Left != want || got.Stuck != 0 {
				t.Errorf("%d are said to be left, %d stuck; want %d and none", got.Left, got.Stuck, want)
			}
			left, hold := s.sendAll(2 * 366 * 24 * time.Hour)
			if len(left) != test.people-test.sent {
				t.Fatalf("only %d left, %q holds", len(left), hold.Reason)
			}
			end := left[len(left)-1]
			within(t, "asked in the middle", asked, got.Ends, end)
			if test.takes == 0 { // which nobody knows before the first message
				within(t, "asked before", begun, before.Forecast.Ends, end)
			}
			days := 0
			for _, d := range got.Days {
				days += d.Count
			}
			if days != got.Left && !got.More {
				t.Errorf("the days have %d messages, want %d", days, got.Left)
			}
			if before.Receive != test.people || before.NewChats != test.people-test.known {
				t.Errorf("%d are said to receive, %d in new chats; want %d and %d", before.Receive, before.NewChats, test.people, test.people-test.known)
			}
		})
	}
}

// within fails if a forecast misses the end by more than a twentieth of the
// whole time.
func within(t *testing.T, what string, from, forecast, end time.Time) {
	t.Helper()
	said, was := forecast.Sub(from), end.Sub(from)
	if off := math.Abs(float64(said-was)) / float64(was); off > 0.05 || math.IsNaN(off) {
		t.Errorf("%s: the forecast is %v, it took %v: %.1f %% off", what, said, was, 100*off)
	}
}

// known makes the number known to the first n people.
func (s *shop) known(n int) {
	s.Helper()
	for _, p := range crowd(n) {
		if err := s.book.Heard(s.number, campaign.Incoming{From: people.Seen{Phone: p.Phone, LID: lidOf(p.Phone), Known: true}, Text: "oi", At: s.now.Add(-time.Hour)}); err != nil {
			s.Fatal(err)
		}
	}
}

// sendSome sends n messages.
func (s *shop) sendSome(n int) {
	s.Helper()
	for n > 0 {
		switch _, hold, ok := s.send(); {
		case ok:
			n--
		case hold.Until.IsZero():
			s.Fatalf("held by %q", hold.Reason)
		default:
			s.now = hold.Until
		}
	}
}

func TestForecastSaysWhatStopsACampaign(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(s *shop)
		want  reason.Code
	}{
		{"a number that is banned for good", func(s *shop) { s.stand(campaign.Standing{State: campaign.Banned}) }, reason.HoldStopped},
		{"a number that is logged out", func(s *shop) { s.stand(campaign.Standing{State: campaign.LoggedOut}) }, reason.HoldStopped},
		{"hours that never meet", func(s *shop) { s.limit("hours=09:00-10:00") }, reason.HoldShut},
		{"a quota that is used up for good", func(s *shop) {
			if err := s.book.SetQuota(s.number, campaign.Quota{Known: true, Total: 3, Used: 3}); err != nil {
				s.Fatal(err)
			}
		}, reason.HoldQuota},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 5, "")
			id := s.start("hours=12:00-13:00")
			test.spoil(s)
			f, err := s.book.Forecast(t.Context(), id, s.now)
			if err != nil {
				t.Fatal(err)
			}
			if f.Left != 5 || f.Stuck != 5 || !f.Ends.IsZero() || !f.Starts.IsZero() || f.Binds.Reason != test.want {
				t.Errorf("got %+v, want all stuck by %q", f, test.want)
			}
		})
	}
	t.Run("a ban that ends", func(t *testing.T) {
		s := newShop(t, 5, "gap=1m new-gap=1m")
		id := s.start("")
		s.stand(campaign.Standing{State: campaign.Banned, Until: s.now.Add(6 * time.Hour)})
		f, err := s.book.Forecast(t.Context(), id, s.now)
		if err != nil || f.Stuck != 0 || !f.Starts.Equal(s.now.Add(6*time.Hour)) {
			t.Errorf("got %+v, %v; want it to begin when the ban ends", f, err)
		}
	})
}

func (s *shop) stand(standing campaign.Standing) {
	s.Helper()
	if err := s.book.SetStanding(s.number, standing); err != nil {
		s.Fatal(err)
	}
}

// Another campaign on the same number takes its turns.
func TestForecastReckonsWithTheOtherCampaigns(t *testing.T) {
	s := newShop(t, 100, "gap=1m new-gap=1m")
	a := s.start("")
	alone, err := s.book.Forecast(t.Context(), a, s.now)
	if err != nil {
		t.Fatal(err)
	}
	s.start("")
	both, err := s.book.Forecast(t.Context(), a, s.now)
	if err != nil {
		t.Fatal(err)
	}
	if one, two := alone.Ends.Sub(s.now), both.Ends.Sub(s.now); two < one*19/10 || two > one*21/10 {
		t.Errorf("alone it takes %v, beside another one %v: want twice as long", one, two)
	}
}

func TestPreflightCountsWhoIsLeftOutAndWhy(t *testing.T) {
	s := newShop(t, 10, "per-person=7d")
	optedOut := contact(t, s, 0)
	if err := desk(s.book).OptOut(optedOut.ID, "asked"); err != nil {
		t.Fatal(err)
	}
	s.answerAbsent(crowd(10)[1])
	other, err := desk(s.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", To: `nome:"Pessoa 2"`})
	if err == nil {
		_, err = desk(s.book).Start(other.ID, s.now)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.sendSome(1)
	if err := desk(s.book).EditContact(contact(t, s, 3).ID, func(c *people.Contact) { c.Fields = map[string]string{"cidade": "Recife"} }); err != nil {
		t.Fatal(err)
	}
	p, err := s.book.Preflight(t.Context(), campaign.Campaign{Text: "Oi, {cidade}"}, s.now)
	if err != nil {
		t.Fatal(err)
	}
	want := map[reason.Code]int{reason.DeliveryOptedOut: 1, reason.DeliveryNotOnWhatsApp: 1, reason.DeliveryPerPerson: 1, reason.DeliveryMissingField: 6}
	if p.Receive != 1 || fmt.Sprint(p.LeftOut) != fmt.Sprint(want) {
		t.Errorf("%d receive, left out are %v; want 1 and %v", p.Receive, p.LeftOut, want)
	}
	if len(p.Lacking) != 1 || p.Lacking[0].Field != "cidade" || p.Lacking[0].Count != 6 || len(p.Lacking[0].Who) != 3 {
		t.Errorf("lacking: %+v", p.Lacking)
	}
	for code, n := range map[reason.Code]int{"": p.Receive, reason.DeliveryOptedOut: 1, reason.DeliveryMissingField: 6} {
		some, err := s.book.Whom(t.Context(), campaign.Campaign{Text: "Oi, {cidade}"}, s.now, func(why reason.Code, _ bool) bool { return why == code })
		if err != nil || some.Size() != n || some.Has(optedOut.ID) != (code == reason.DeliveryOptedOut) {
			t.Errorf("%d people are behind %d of %q, %v", some.Size(), n, code, err)
		}
	}
	fresh, err := s.book.Whom(t.Context(), campaign.Campaign{Text: "Oi"}, s.now, func(_ reason.Code, isNew bool) bool { return isNew })
	if p, _ := s.book.Preflight(t.Context(), campaign.Campaign{Text: "Oi"}, s.now); err != nil || fresh.Size() != p.NewChats || p.NewChats == 0 {
		t.Errorf("%d people are behind %d new chats, %v", fresh.Size(), p.NewChats, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.book.Preflight(ctx, campaign.Campaign{Text: "Oi"}, s.now); err == nil {
		t.Error("a preflight that nobody waits for goes on")
	}
}

func contact(t *testing.T, s *shop, i int) people.Contact {
	t.Helper()
	c, err := s.book.ContactByPhone(crowd(i + 1)[i].Phone)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answerAbsent lets the service say that somebody is not there.
func (s *shop) answerAbsent(r people.Row) {
	s.Helper()
	a := people.Answer{Asked: r.Phone, Presence: people.NotOnWhatsApp}
	if err := s.book.Answered(s.number, []people.Phone{r.Phone}, []people.Answer{a}, s.now); err != nil {
		s.Fatal(err)
	}
}

// Whoever is skipped is no work for a number: the others are shared out evenly,
// and a preflight reckons with the same shares.
func TestWhoIsSkippedIsNobodysShare(t *testing.T) {
	s := newShop(t, 12, "gap=1m new-gap=1m")
	s.another()
	for i := 0; i < 6; i += 2 {
		if err := desk(s.book).OptOut(contact(t, s, i).ID, "asked"); err != nil {
			t.Fatal(err)
		}
	}
	draft, err := s.write("gap=1m new-gap=1m")
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.book.Preflight(t.Context(), draft, s.now)
	if err == nil {
		_, err = desk(s.book).Start(draft.ID, s.now)
	}
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.book.Deliveries(draft.ID, -1, 100)
	if err != nil {
		t.Fatal(err)
	}
	share := make(map[campaign.NumberID]int)
	for _, d := range all {
		if d.State == campaign.Queued {
			share[d.Number]++
		}
	}
	if len(share) != 2 || share[s.number] < 4 || share[s.number] > 5 {
		t.Errorf("the shares are %v, want halves of nine", share)
	}
	after, err := s.book.Forecast(t.Context(), draft.ID, s.now)
	if err != nil || !after.Ends.Equal(before.Forecast.Ends) {
		t.Errorf("it ends %v, before the start %v; %v", after.Ends, before.Forecast.Ends, err)
	}
}
