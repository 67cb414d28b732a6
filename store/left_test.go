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

// sentTo is when the first person was last written to, as the book has it.
func (s *shop) sentTo() time.Time { return contact(s.T, s, 0).LastSent }

func mustSent(s *shop, what string, want time.Time) {
	s.Helper()
	if got := s.sentTo(); !got.Equal(want) {
		s.Errorf("%s the person was last written to at %v, want %v", what, got, want)
	}
}

// What never left does not count for the person: the next campaign writes to
// them, as if nobody had tried. What may have left counts from its claim on.
func TestWhatNeverLeftDoesNotCountForThePerson(t *testing.T) {
	cold := campaign.Outcome{Kind: campaign.Refused, Code: 463, Reason: reason.New(reason.Refused)}
	form := campaign.Outcome{Kind: campaign.Refused, Code: 479, Reason: reason.New(reason.Refused)}
	for _, test := range []struct {
		name   string
		tries  []campaign.Outcome
		counts bool
	}{
		{"refused 463", []campaign.Outcome{cold}, false},
		{"refused 479", []campaign.Outcome{form}, false},
		{"no keys, three times", []campaign.Outcome{noKeys, noKeys, noKeys}, false},
		{"it does not leave, then refused", []campaign.Outcome{offline, form}, false},
		{"accepted", []campaign.Outcome{accepted}, true},
		{"it does not leave, then accepted", []campaign.Outcome{offline, accepted}, true},
		{"nobody knows", []campaign.Outcome{unknown}, true},
		{"in doubt, then refused", []campaign.Outcome{unknown, form}, true},
		{"in doubt, then no keys", []campaign.Outcome{unknown, noKeys}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 1, "per-person=7d")
			first := s.start("")
			var claimed time.Time
			for _, o := range test.tries {
				d := s.mustClaim()
				claimed = s.now
				mustSent(s, "while it is on the wire", claimed)
				s.now = s.now.Add(time.Second)
				s.settle(d, o)
				s.now = s.now.Add(time.Hour)
			}
			want := time.Time{}
			if test.counts {
				want = claimed
			}
			mustSent(s, "in the end", want)
			if _, err := desk(s.book).Cancel(first); err != nil && !errors.Is(err, store.ErrState) { // it may be finished
				t.Fatal(err)
			}
			s.beside(2)
			next := s.start("")
			if got := s.mustClaim(); (got.Seq == 0) == test.counts {
				t.Errorf("the next campaign: %+v", got)
			}
			if d := s.delivery(next); test.counts && (d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryPerPerson) {
				t.Errorf("in the next campaign they are %s (%s)", d.State, d.Reason)
			}
		})
	}
}

// beside adds people until there are n, so that a campaign can be started that the
// first of them does not get.
func (s *shop) beside(n int) {
	s.Helper()
	if _, err := desk(s.book).Import(s.Context(), crowd(n), "others"); err != nil {
		s.Fatal(err)
	}
	s.answer(crowd(n)...)
}

// What was sent before a message that never left goes on counting, whichever
// campaign or number it came from, and whatever ends first.
func TestWhatWasSentBeforeAMessageThatNeverLeftGoesOnCounting(t *testing.T) {
	s := newShop(t, 1, "")
	begun := s.now
	s.start("")
	s.settle(s.mustClaim(), accepted)
	s.now = s.now.Add(8 * 24 * time.Hour)
	s.start("")
	s.settle(s.mustClaim(), refused)
	mustSent(s, "after the second", begun)

	// Two at once, by two numbers.
	other := s.another()
	s.now = s.now.Add(time.Hour)
	mine := s.startBy(s.number)
	s.startBy(other)
	a := s.mustClaim()
	s.now = s.now.Add(time.Second)
	number := s.number
	s.number = other
	b := s.mustClaim()
	s.settle(a, refused)
	mustSent(s, "while the other is on the wire", s.now)
	s.settle(b, refused)
	mustSent(s, "after both", begun)

	s.number = number
	receipt := s.now.Add(time.Minute)
	if _, err := s.book.Receipt(s.number, people.Seen{Phone: a.Phone}, []campaign.MessageID{a.Message}, campaign.Delivered, receipt); err != nil {
		t.Fatal(err)
	}
	if d := s.delivery(mine); d.State != campaign.Delivered {
		t.Errorf("after a receipt for it it is %s", d.State)
	}
	mustSent(s, "after a receipt for one of them", receipt)
}

// A claim that the process did not live to settle may have left.
func TestInterruptedClaimCountsForThePerson(t *testing.T) {
	s := newShop(t, 1, "per-person=7d")
	s.now = time.Now()
	s.answer(crowd(1)...)
	s.start("")
	s.mustClaim()
	claimed := s.now
	s.restart()
	mustSent(s, "after a crash", claimed)
	s.now = s.now.Add(10 * time.Second)
	s.beside(2)
	id := s.start("")
	if s.claim(); s.delivery(id).Reason.Code != reason.DeliveryPerPerson {
		t.Errorf("in the next campaign they are %+v", s.delivery(id))
	}
}

// Who is left alone is so from the start of the next campaign on, and is nobody's
// work; but whose last message is on its way is looked at when it is their turn.
func TestWhoGotACampaignLatelyIsLeftOutWhenTheNextOneStarts(t *testing.T) {
	for _, flying := range []bool{false, true} {
		s := newShop(t, 2, "per-person=7d")
		s.start("")
		d := s.mustClaim()
		if !flying {
			s.settle(d, accepted)
		}
		s.number = s.another()
		s.limit("per-person=7d")
		next := s.startBy(s.number)
		got := s.delivery(next)
		if left := got.State == campaign.Skipped && got.Reason.Code == reason.DeliveryPerPerson; left == flying {
			t.Errorf("on its way %v: they are %s (%s)", flying, got.State, got.Reason)
		}
		f, err := s.book.Forecast(t.Context(), next, s.now)
		if want := 1; err != nil || !flying && f.Left != want {
			t.Errorf("%d are left, %v; want %d", f.Left, err, want)
		}
		if flying {
			s.settle(d, refused)
			if to := s.mustClaim(); to.Contact != d.Contact {
				t.Errorf("to whom nothing has left, nothing is sent: %+v", to)
			}
		}
	}
}

// Who got something of another campaign while a message that did not leave
// waited for its next try does not get that as well.
func TestAnotherTryObeysThePerPersonLimit(t *testing.T) {
	s := newShop(t, 1, "per-person=7d")
	first := s.start("")
	s.settle(s.mustClaim(), offline)
	other := s.another()
	s.startBy(other)
	number := s.number
	s.number = other
	s.settle(s.mustClaim(), accepted)
	s.number = number
	s.now = s.now.Add(time.Hour)
	s.mustHold(reason.HoldEmpty, time.Time{})
	if d := s.delivery(first); d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryPerPerson {
		t.Errorf("it is %s (%s)", d.State, d.Reason)
	}
}

// Refusals never speed anything up: pauses and the tries of an hour and a day
// stay spent. The new chats of a day are those that may have been opened.
func TestRefusalsSpendEverythingButTheNewChatsOfADay(t *testing.T) {
	cold := campaign.Outcome{Kind: campaign.Refused, Code: 463, Reason: reason.New(reason.Refused)}
	for _, test := range []struct {
		spec   string
		o      campaign.Outcome
		reason reason.Code // what holds the next one; empty: nothing
	}{
		{"gap=1m new-gap=1m", cold, reason.HoldGap},
		{"every=1 long=10m", cold, reason.HoldLong},
		{"hour=1", cold, reason.HoldHour},
		{"day=1", cold, reason.HoldDay},
		{"new-hour=1", cold, reason.HoldNewHour},
		{"new-day=1", cold, ""},
		{"new-day=1", campaign.Outcome{Kind: campaign.Misled}, ""},
		{"new-day=1", accepted, reason.HoldNewDay},
		{"new-day=1", unknown, reason.HoldNewDay},
	} {
		t.Run(test.spec+" "+test.o.Reason.Error(), func(t *testing.T) {
			s := newShop(t, 3, test.spec)
			s.start("")
			s.settle(s.mustClaim(), accepted)
			s.now = s.now.Add(25 * time.Hour)
			d := s.mustClaim()
			s.settle(d, about(d, test.o))
			got := s.claim()
			if test.reason == "" {
				if got.Delivery == nil || got.Delivery.Contact == d.Contact {
					t.Errorf("%+v, want the next person", got)
				}
				return
			}
			if got.Delivery != nil || got.Hold.Reason != test.reason && got.Hold.Reason != reason.HoldDoubt {
				t.Errorf("%+v, want %q", got, test.reason)
			}
		})
	}
	t.Run("a receipt after all", func(t *testing.T) {
		s := newShop(t, 2, "new-day=1")
		s.start("")
		d := s.mustClaim()
		until := s.now.Add(24 * time.Hour)
		s.now = s.now.Add(time.Second)
		s.settle(d, cold)
		if _, err := s.book.Receipt(s.number, people.Seen{Phone: d.Phone}, []campaign.MessageID{d.Message}, campaign.Delivered, s.now); err != nil {
			t.Fatal(err)
		}
		s.mustHold(reason.HoldNewDay, until)
	})
}

// another links one more number, without limits.
func (s *shop) another() campaign.NumberID {
	s.Helper()
	return s.linked("outra", "+5511888777666")
}

// linked links one more number with a phone, without limits.
func (s *shop) linked(name string, phone people.Phone) campaign.NumberID {
	s.Helper()
	n, err := desk(s.book).AddNumber(name)
	if err == nil {
		_, err = s.book.LinkNumber(n.ID, phone, string(phone[1:])+":1@s.whatsapp.net", s.now)
	}
	if err == nil {
		_, err = desk(s.book).SetLimits(n.ID, campaign.Pace{}.All())
	}
	if err != nil {
		s.Fatal(err)
	}
	return n.ID
}

// startBy starts a campaign that these numbers send.
func (s *shop) startBy(numbers ...campaign.NumberID) campaign.ID {
	s.Helper()
	c, err := desk(s.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", Numbers: numbers})
	if err == nil {
		c, err = desk(s.book).Start(c.ID, s.now)
	}
	if err != nil {
		s.Fatal(err)
	}
	return c.ID
}

// Whoever says that a message did not arrive says that it does not count.
func TestMessageThatIsToBeSentAgainDoesNotCountMeanwhile(t *testing.T) {
	s := newShop(t, 1, "")
	id := s.start("")
	s.settle(s.mustClaim(), unknown)
	mustSent(s, "in doubt", s.now)
	if _, err := desk(s.book).Decide(id, 0, campaign.SendIt, s.now); err != nil {
		t.Fatal(err)
	}
	mustSent(s, "to be sent again", time.Time{})
}
