package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// status is the status of a campaign, and why.
func (s *shop) status(id campaign.ID) (campaign.Status, reason.Reason) {
	s.Helper()
	c, err := s.book.Campaign(id)
	if err != nil {
		s.Fatal(err)
	}
	return c.Status, c.Reason
}

func (s *shop) mustRun(id campaign.ID) {
	s.Helper()
	if status, why := s.status(id); status != campaign.Running {
		s.Fatalf("the campaign is %s: %s", status, why)
	}
}

// try claims and settles, and reports whether there was something to claim.
func (s *shop) try(o campaign.Outcome) bool {
	s.Helper()
	got := s.claim()
	if got.Delivery != nil {
		s.now = s.now.Add(time.Second)
		s.settle(*got.Delivery, about(*got.Delivery, o))
	}
	return got.Delivery != nil
}

// about is the outcome of a delivery: that of one that was misled is that its
// phone is not on WhatsApp.
func about(d campaign.Delivery, o campaign.Outcome) campaign.Outcome {
	if o.Kind == campaign.Misled {
		o.Code, o.Answer = 404, people.Answer{Asked: d.Phone, Presence: people.NotOnWhatsApp}
	}
	return o
}

func code(n int) campaign.Outcome {
	return campaign.Outcome{Kind: campaign.Refused, Code: n, Reason: reason.New(reason.RefusedText)}
}

// Five refusals in a row of one kind pause a campaign, and say so; anything in
// between that went well, or was refused otherwise, begins the row again.
func TestFiveRefusalsInARowPauseTheCampaign(t *testing.T) {
	absent := campaign.Outcome{Kind: campaign.Misled}
	for _, test := range []struct {
		name   string
		tries  []campaign.Outcome
		paused bool
	}{
		{"five", []campaign.Outcome{code(479), code(479), code(479), code(479), code(479)}, true},
		{"four", []campaign.Outcome{code(479), code(479), code(479), code(479)}, false},
		{"one went well", []campaign.Outcome{code(479), code(479), code(479), code(479), accepted, code(479)}, false},
		{"five after one that went well", []campaign.Outcome{code(400), accepted, code(400), code(400), code(400), code(400), code(400)}, true},
		{"two kinds", []campaign.Outcome{code(400), code(400), code(400), code(403), code(400), code(400)}, false},
		{"single ones among others", []campaign.Outcome{code(463), accepted, code(463), accepted, code(463), accepted, code(463), accepted, code(463), accepted}, false},
		{"who is not there says nothing", []campaign.Outcome{code(403), code(403), absent, code(403), unknown, code(403), code(403)}, true},
		{"nobody is there", []campaign.Outcome{absent, absent, absent, absent, absent, absent}, false},
		{"nobody knows", []campaign.Outcome{unknown, unknown, unknown, unknown, unknown, unknown}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 20, "")
			id := s.start("")
			for i, o := range test.tries {
				if !s.try(o) {
					t.Fatalf("nothing is claimed after %d", i)
				}
			}
			status, why := s.status(id)
			if (status == campaign.Paused) != test.paused {
				t.Fatalf("it is %s: %q", status, why)
			}
			last := test.tries[len(test.tries)-1]
			if want := reason.New(reason.CampaignRefusals, 5, reason.New(reason.RefusedWithCode, last.Reason, last.Code)); test.paused && !why.Equal(want) {
				t.Errorf("it is paused because %q, want %q", why, want)
			}
		})
	}
}

// What has no code is of the kind of its reason, and counts when it is given up.
func TestMessagesThatAreGivenUpForOneReasonPauseTheCampaign(t *testing.T) {
	s := newShop(t, 20, "")
	id := s.start("")
	for range 100 {
		if !s.try(noKeys) {
			break
		}
		if s.now = s.now.Add(time.Hour); s.failed(id) < 5 {
			s.mustRun(id)
		}
	}
	if status, why := s.status(id); status != campaign.Paused || !why.Equal(reason.New(reason.CampaignRefusals, 5, reason.New(reason.DeliveryNoKeys))) {
		t.Errorf("it is %s: %q", status, why)
	}
	if n := s.failed(id); n != 5 {
		t.Errorf("%d are given up, want 5", n)
	}
}

// failed is how many deliveries of a campaign have failed.
func (s *shop) failed(id campaign.ID) int {
	s.Helper()
	counts, err := s.book.Counts(id)
	if err != nil {
		s.Fatal(err)
	}
	return counts[campaign.Failed]
}

// However many numbers send a campaign, no more than five people are spent when
// all are refused, though all numbers send at the same time.
func TestFivePeopleAreSpentWhenAllNumbersAreRefused(t *testing.T) {
	s := newShop(t, 40, "")
	numbers := []campaign.NumberID{s.number, s.another()}
	for i := range 6 {
		numbers = append(numbers, s.linked(fmt.Sprint("n", i), people.Phone(fmt.Sprintf("+551188877700%d", i))))
	}
	// round lets every number claim before any outcome is known.
	round := func(outcome func(i int) campaign.Outcome) (flying int) {
		var claimed []campaign.Delivery
		for _, s.number = range numbers {
			if got := s.claim(); got.Delivery != nil {
				claimed = append(claimed, *got.Delivery)
			}
		}
		for i, d := range claimed {
			s.settle(d, outcome(i))
		}
		return len(claimed)
	}
	allRefused := func(int) campaign.Outcome { return code(403) }
	id := s.startBy(numbers...)
	for range 3 {
		round(allRefused)
	}
	if status, why := s.status(id); status != campaign.Paused || s.failed(id) != 5 {
		t.Errorf("refused from the beginning it is %s (%s), %d have failed", status, why, s.failed(id))
	}
	s.resume(uint64(id))
	if n := round(func(int) campaign.Outcome { return accepted }); n != 5 {
		t.Errorf("before anything is accepted %d are on the wire at once, want 5", n)
	}
	lastRefused := func(i int) campaign.Outcome {
		if i < len(numbers)-1 {
			return accepted
		}
		return code(403)
	}
	if n := round(lastRefused); n != len(numbers) {
		t.Errorf("when all is well %d are on the wire at once, want %d", n, len(numbers))
	}
	if n := round(allRefused); n != 4 {
		t.Errorf("after a refusal %d are on the wire at once, want 4", n)
	}
	if status, _ := s.status(id); status != campaign.Paused || s.failed(id) != 10 {
		t.Errorf("it is %s, %d have failed", status, s.failed(id))
	}
}

// One that a person has stopped does not go on: then there is nobody else, and the
// campaign is paused.
func TestNumberThatIsRefusedBesideAStoppedOnePausesTheCampaign(t *testing.T) {
	s := newShop(t, 40, "")
	mine, other := s.number, s.another()
	id := s.startBy(mine, other)
	for i := range 5 {
		s.mustRun(id)
		s.number = other
		s.try(accepted) // or all of them together were refused too often
		if i == 4 {
			if _, err := desk(s.book).StopNumber(id, other, true); err != nil {
				t.Fatal(err)
			}
		}
		s.number = mine
		s.try(code(403))
	}
	if status, why := s.status(id); status != campaign.Paused || why.Code != reason.CampaignRefusals {
		t.Errorf("it is %s: %q", status, why)
	}
}

// A number that alone is refused is stopped alone, and says why; the others go on.
// When they have nothing left the campaign is paused, and a resume lets it try again.
func TestNumberThatAloneIsRefusedIsStoppedAlone(t *testing.T) {
	s := newShop(t, 40, "")
	mine, other := s.number, s.another()
	id := s.startBy(mine, other)
	for i := range 5 {
		s.number = other
		s.try(accepted)
		s.number = mine
		if !s.try(code(403)) {
			t.Fatalf("nothing is claimed in round %d", i)
		}
		s.mustRun(id)
	}
	s.mustHold(reason.HoldRefused, time.Time{})
	if _, err := desk(s.book).MoveNumber(t.Context(), id, other, false, s.now); reasonOf(err) != reason.MoveSends {
		t.Errorf("what the other one has is moved to it: %v", err)
	}
	f, err := s.book.Forecast(t.Context(), id, s.now)
	if err != nil || f.Left != 30 || f.Stuck != 15 || f.Binds.Reason != reason.HoldStopped {
		t.Errorf("the forecast is %+v, %v", f, err)
	}
	s.restart()
	s.mustHold(reason.HoldRefused, time.Time{})
	next := s.startBy(mine)
	s.limit("gap=1m new-gap=1m")
	if f, err := s.book.Forecast(t.Context(), next, s.now); err != nil || f.Left != 40 || f.Ends.Sub(s.now) > 41*time.Minute {
		t.Errorf("what it does not send for one campaign is said to hold up another: %+v, %v", f, err)
	}
	s.limit("")
	if d := s.mustClaim(); d.Campaign != next {
		t.Errorf("it sends for campaign %d, and was stopped for that one alone", d.Campaign)
	} else {
		s.settle(d, accepted)
	}
	s.pause(uint64(next))
	s.number = other
	for s.try(accepted) {
		s.mustRun(id)
	}
	s.number = mine
	s.claim()
	if status, why := s.status(id); status != campaign.Paused || why.Code != reason.CampaignNumbersHeld {
		t.Errorf("when the others have nothing left it is %s: %q", status, why)
	}
	if moved, err := desk(s.book).MoveNumber(t.Context(), id, mine, true, s.now); err != nil || moved.Count == 0 {
		t.Errorf("what a held number has is not moved: %+v, %v", moved, err)
	}
	if _, err := desk(s.book).StopNumber(id, other, true); err != nil {
		t.Fatal(err)
	}
	if _, err := desk(s.book).MoveNumber(t.Context(), id, other, false, s.now); reasonOf(err) != reason.MoveNobody {
		t.Errorf("what a stopped number has is moved to one that the guard rails hold: %v", err)
	}
	if _, err := desk(s.book).StopNumber(id, other, false); err != nil {
		t.Fatal(err)
	}
	s.resume(uint64(id))
	s.number = other
	if !s.try(accepted) {
		t.Error("after a resume it does not go on by the other")
	}
	if c, err := s.book.Campaign(id); err != nil || len(c.Stopped) > 0 {
		t.Errorf("after a resume %+v are stopped, %v", c.Stopped, err)
	}
}

// TestStopsOfBothKindsAreOneState: whoever has stopped a number, it is in the
// campaign with who and why; a person lets it send again, and its sample begins
// anew; a resume lets it only if no person has stopped it.
func TestStopsOfBothKindsAreOneState(t *testing.T) {
	s := newShop(t, 40, "")
	mine, other := s.number, s.another()
	id := s.startBy(mine, other)
	refuse := func() {
		for range 5 {
			s.number = other
			s.try(accepted)
			s.number = mine
			s.try(code(403))
		}
	}
	refuse()
	stops := func() []campaign.Stop {
		c, err := s.book.Campaign(id)
		if err != nil {
			t.Fatal(err)
		}
		return c.Stopped
	}
	if got := stops(); len(got) != 1 || got[0].Number != mine || got[0].By != "" || got[0].Held != reason.HoldRefused || got[0].Why.Code != reason.CampaignRefusals || got[0].At.IsZero() {
		t.Errorf("the guard rails have stopped %+v", got)
	}
	if _, err := desk(s.book).StopNumber(id, mine, false); err != nil || len(stops()) != 0 {
		t.Fatalf("a person lets it send again: %v, %+v", err, stops())
	}
	if !s.try(code(403)) || len(stops()) != 0 {
		t.Errorf("its count goes on where it was: %+v", stops())
	}
	if _, err := desk(s.book).StopNumber(id, mine, true); err != nil {
		t.Fatal(err)
	}
	if got := stops(); len(got) != 1 || got[0].By != "ana" || got[0].Guard() {
		t.Errorf("a person has stopped %+v", got)
	}
	s.mustHold(reason.HoldByPerson, time.Time{})
	s.pause(uint64(id))
	s.resume(uint64(id))
	s.mustHold(reason.HoldByPerson, time.Time{})

	// With nobody else it is paused, and says by whom, and is not resumed so.
	if _, err := desk(s.book).StopNumber(id, other, true); err != nil {
		t.Fatal(err)
	}
	if status, why := s.status(id); status != campaign.Paused || why.Code != reason.CampaignAllStopped || fmt.Sprint(why.Args[1]) != "ana" {
		t.Errorf("with all numbers stopped it is %s: %+v", status, why)
	}
	if _, err := desk(s.book).Resume(id); reasonOf(err) != reason.CampaignAllStopped || !errors.Is(err, store.ErrState) {
		t.Errorf("resumed with all numbers stopped: %v", err)
	}
	if status, _ := s.status(id); status != campaign.Paused {
		t.Errorf("then it is %s", status)
	}
	if _, err := desk(s.book).StopNumber(id, other, false); err != nil {
		t.Fatal(err)
	}
	s.resume(uint64(id))
	s.number = other
	if !s.try(accepted) {
		t.Error("with one number that sends it does not go on")
	}
}

// If its last number is in trouble too, the campaign is paused for that.
func TestCampaignWithoutANumberThatIsWellIsPaused(t *testing.T) {
	s := newShop(t, 60, "")
	mine, other := s.number, s.another()
	id := s.startBy(mine, other)
	for range 5 {
		s.number = other
		s.try(accepted)
		s.number = mine
		s.try(code(403))
	}
	s.mustRun(id)
	s.number = other
	for range 5 {
		s.mustRun(id)
		s.try(code(400))
	}
	if status, why := s.status(id); status != campaign.Paused || why.Code != reason.CampaignRefusals {
		t.Errorf("it is %s: %q", status, why)
	}
}

// sendMany sends n messages by each of the numbers, of which every number's
// first so many arrive.
func (s *shop) sendMany(n, arrive int, numbers ...campaign.NumberID) {
	s.Helper()
	for i := range n {
		for _, s.number = range numbers {
			d := s.mustClaim()
			s.settle(d, accepted)
			if i < arrive {
				s.arrives(d)
			}
		}
	}
	s.number = numbers[0]
}

func (s *shop) arrives(d campaign.Delivery) {
	s.Helper()
	if _, err := s.book.Receipt(d.Number, people.Seen{Phone: d.Phone}, []campaign.MessageID{d.Message}, campaign.Delivered, s.now); err != nil {
		s.Fatal(err)
	}
}

// Of no stretch of the last messages that have had half an hour may twelve more be
// missing than have arrived, or the campaign pauses and says how many did.
func TestCampaignPausesWhenTooLittleArrives(t *testing.T) {
	const had = 30 * time.Minute
	for _, test := range []struct {
		name       string
		sent, came int
		after      time.Duration
		of, count  int // of which it says so; 0: it goes on
	}{
		{"none of twelve", 12, 0, had + 1, 12, 0},
		{"none of eleven", 11, 0, had + 1, 0, 0},
		{"a moment too early", 12, 0, had, 0, 0},
		{"of many the last count", 50, 30, had + 1, 12, 0},
		{"eleven after many that arrived", 59, 48, had + 1, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 60, "")
			id := s.start("")
			s.sendMany(test.sent, test.came, s.number)
			s.mustRun(id)
			s.restart() // it is not forgotten
			s.now = s.now.Add(test.after)
			if got := s.claim(); (got.Delivery == nil) != (test.of > 0) {
				t.Fatalf("%+v", got)
			}
			status, why := s.status(id)
			if (status == campaign.Paused) != (test.of > 0) {
				t.Fatalf("it is %s: %s", status, why)
			}
			if want := reason.New(reason.CampaignSilence, test.of, 30, test.count); test.of > 0 && !why.Equal(want) {
				t.Errorf("it is paused because %q, want %q", why, want)
			}
		})
	}
}

// What has not had its half hour yet is no part of the sample, whatever became
// of it; what arrives late counts when it does.
func TestOnlyWhatHadTimeToArriveIsLookedAt(t *testing.T) {
	s := newShop(t, 200, "")
	id := s.start("")
	s.sendMany(20, 20, s.number)
	s.now = s.now.Add(20 * time.Minute)
	s.sendMany(40, 0, s.number)
	s.now = s.now.Add(20 * time.Minute)
	s.sendMany(1, 0, s.number)
	s.mustRun(id)

	late := newShop(t, 60, "")
	id = late.start("")
	var sent []campaign.Delivery
	for range 20 {
		d := late.mustClaim()
		late.settle(d, accepted)
		sent = append(sent, d)
	}
	late.now = late.now.Add(time.Hour)
	for _, d := range sent[15:] {
		late.arrives(d)
	}
	if late.claim().Delivery == nil {
		t.Error("it is paused though five have arrived since")
	}
	late.mustRun(id)
}

// What a clock that was ahead has written down keeps nothing from being seen.
func TestClockThatWasAheadHidesNoSilence(t *testing.T) {
	s := newShop(t, 60, "")
	id := s.start("")
	s.now = s.now.Add(30 * 24 * time.Hour)
	s.answer(crowd(60)...)
	s.sendMany(4, 4, s.number)
	s.now = s.now.Add(-30 * 24 * time.Hour)
	s.answer(crowd(60)...)
	s.sendMany(20, 0, s.number)
	s.mustRun(id)
	s.now = s.now.Add(time.Hour)
	s.claim()
	if status, _ := s.status(id); status != campaign.Paused {
		t.Errorf("it is %s", status)
	}
}

// A resume begins both samples again.
func TestResumeBeginsTheSampleAnew(t *testing.T) {
	s := newShop(t, 100, "")
	id := s.start("")
	for range 5 {
		s.try(code(403))
	}
	s.resume(uint64(id))
	for range 4 {
		s.try(code(403))
	}
	s.mustRun(id)
	s.try(accepted)
	s.sendMany(11, 0, s.number) // and the one before
	s.now = s.now.Add(time.Hour)
	s.mustHold(reason.HoldEmpty, time.Time{})
	if status, _ := s.status(id); status != campaign.Paused {
		t.Fatalf("it is %s", status)
	}
	s.resume(uint64(id))
	s.sendMany(11, 0, s.number)
	s.now = s.now.Add(time.Hour)
	s.sendMany(1, 0, s.number)
	s.mustRun(id)
	s.now = s.now.Add(time.Hour)
	s.mustHold(reason.HoldEmpty, time.Time{})
	if status, _ := s.status(id); status != campaign.Paused {
		t.Errorf("it is %s after twelve more of which none arrived", status)
	}
}

// None of many numbers need have sent enough alone; and one whose messages do
// not arrive is not hidden by the others.
func TestArrivalsAreLookedAtByNumberAndTogether(t *testing.T) {
	s := newShop(t, 200, "")
	other := s.another()
	id := s.startBy(s.number, other)
	s.sendMany(6, 0, s.number, other)
	s.now = s.now.Add(time.Hour)
	s.mustHold(reason.HoldEmpty, time.Time{})
	if status, _ := s.status(id); status != campaign.Paused {
		t.Errorf("of six each none arrived, and it is %s", status)
	}

	s = newShop(t, 200, "")
	mine := s.number
	other = s.another()
	id = s.startBy(mine, other)
	s.sendMany(20, 20, other)
	s.sendMany(20, 0, mine)
	s.sendMany(20, 20, other)
	s.now = s.now.Add(time.Hour)
	s.number = other
	if s.claim().Delivery == nil {
		t.Error("the number whose messages arrive is held")
	}
	s.number = mine
	s.mustHold(reason.HoldSilent, time.Time{})
	s.mustRun(id)
	s.number = other
	if s.claim(); s.delivery(id).Campaign != id {
		t.Error("the number whose messages arrive is held")
	}
	s.mustRun(id)
}

// Who has just come back has not heard yet of what arrived meanwhile.
func TestReceiptsThatWaitForTheNumberAreHeardFirst(t *testing.T) {
	s := newShop(t, 60, "")
	id := s.start("")
	s.sendMany(20, 0, s.number)
	s.now = s.now.Add(3 * time.Hour)
	s.since = s.now
	s.now = s.now.Add(29 * time.Second)
	s.sendMany(1, 0, s.number)
	s.mustRun(id)
	s.now = s.now.Add(time.Second)
	s.mustHold(reason.HoldEmpty, time.Time{})
	if status, _ := s.status(id); status != campaign.Paused {
		t.Errorf("it is %s", status)
	}
}
