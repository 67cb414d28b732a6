package store_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// Here the clock is moved under the book, as when it was wrong and is mended.
// What was written before lies in the future then. It may slow a number down,
// but not for longer than if it had just happened, and never speeds it up.

const month = 30 * 24 * time.Hour

func TestClockSetBackAnHourAllowsNoDoubleDay(t *testing.T) {
	for _, restart := range []bool{false, true} {
		s := newShop(t, 9, "day=3")
		s.start("")
		if left, _ := s.sendAll(time.Hour); len(left) != 3 {
			t.Fatalf("%d left, want the three of a day", len(left))
		}
		s.now = s.now.Add(-time.Hour)
		if restart {
			s.restart()
		}
		end := s.now.Add(24 * time.Hour)
		if left, hold := s.sendAll(24*time.Hour - time.Second); len(left) > 0 || hold.Reason != reason.HoldDay {
			t.Errorf("%d more left within the day, then %+v", len(left), hold)
		}
		s.now = end.Add(time.Second)
		if left, _ := s.sendAll(time.Hour); len(left) != 3 {
			t.Errorf("%d left on the next day, want three", len(left))
		}
	}
}

// Whatever paces a number: when the clock was a month ahead, it is held for no
// longer than the limit says.
func TestClockThatWasAMonthAheadHoldsNoNumber(t *testing.T) {
	for _, test := range []struct {
		spec   string
		reason reason.Code
		within time.Duration
	}{
		{"gap=60s new-gap=60s", reason.HoldGap, time.Minute},
		{"long=20m every=1", reason.HoldLong, 20 * time.Minute},
		{"hour=1", reason.HoldHour, time.Hour},
		{"new-hour=1", reason.HoldNewHour, time.Hour},
		{"day=1", reason.HoldDay, 24 * time.Hour},
		{"new-day=1", reason.HoldNewDay, 24 * time.Hour},
	} {
		t.Run(test.spec, func(t *testing.T) {
			s := newShop(t, 3, test.spec)
			s.start("")
			s.now = monday.Add(month)
			s.answer(crowd(3)...)
			if _, hold, ok := s.send(); !ok {
				t.Fatalf("held by %q", hold.Reason)
			}
			s.now = monday
			s.answer(crowd(3)...)
			if f, err := s.book.Forecast(t.Context(), 1, s.now); err != nil || f.Starts.Sub(s.now) > test.within {
				t.Errorf("forecast to go on at %v, %v", f.Starts, err)
			}
			s.mustHold(test.reason, monday.Add(test.within))
			s.restart()
			s.now = monday.Add(test.within - time.Second)
			s.mustHold(test.reason, monday.Add(test.within))
			s.now = monday.Add(test.within)
			if _, hold, ok := s.send(); !ok {
				t.Errorf("still held by %q until %v", hold.Reason, hold.Until)
			}
		})
	}
}

// However often the clock is set back, no limit is passed in any hour or day as
// it really was.
func TestNoCorrectionPassesALimit(t *testing.T) {
	if store.Raced {
		t.Skip("nothing runs beside anything else here")
	}
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 7))
		s := newShop(t, 60, "hour=2 day=5 gap=1m new-gap=1m")
		s.start("")
		really, ahead := monday, 90*24*time.Hour
		var left []time.Time
		for range 200 {
			really = really.Add(time.Duration(rng.IntN(90)) * time.Minute)
			if rng.IntN(6) == 0 {
				ahead = time.Duration(rng.Int64N(int64(ahead) + 1))
			}
			if rng.IntN(20) == 0 {
				s.restart()
			}
			s.now = really.Add(ahead)
			if _, _, ok := s.send(); ok {
				left = append(left, really)
			}
		}
		for i, at := range left {
			for window, most := range map[time.Duration]int{time.Minute: 1, time.Hour: 2, 24 * time.Hour: 5} {
				n := 0
				for _, other := range left[:i+1] {
					if at.Sub(other) < window {
						n++
					}
				}
				if n > most {
					t.Fatalf("seed %d: %d left within %v", seed, n, window)
				}
			}
		}
		if len(left) < 20 {
			t.Errorf("seed %d: only %d left in %v", seed, len(left), really.Sub(monday))
		}
	}
}

// While our clock may be off by whole weeks, what it finds in the future may be
// true, and stays.
func TestTimesAreNotMendedByAClockThatIsNotSure(t *testing.T) {
	s := newShop(t, 9, "day=3")
	clock := new(campaign.Clock)
	if err := s.book.Close(); err != nil {
		t.Fatal(err)
	}
	book, err := store.Open(s.path, store.Options{Kind: store.Demo, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	s.book = book
	s.start("")
	if left, _ := s.sendAll(time.Hour); len(left) != 3 {
		t.Fatalf("%d left, want three", len(left))
	}
	last := s.now
	// The clock is five days behind, and the service's word makes a week of it.
	off := time.Now().Add(-2 * 24 * time.Hour)
	clock.ToldOfWeek(time.Duration(off.Add(3*24*time.Hour).UnixMilli()%(7*24*time.Hour).Milliseconds())*time.Millisecond, time.Now())
	if clock.Sure() {
		t.Fatal("it is sure")
	}
	s.now = last.Add(-7 * 24 * time.Hour)
	s.mustHold(reason.HoldDay, s.now.Add(24*time.Hour))
	// Now it is told, and the day is still spent.
	clock.Told(time.Now(), time.Now(), time.Now())
	s.now = last.Add(12 * time.Hour)
	s.mustHold(reason.HoldDay, last.Add(24*time.Hour))
}

func TestWishToSlowDownLastsForHoursAtMost(t *testing.T) {
	s := newShop(t, 2, "")
	s.start("")
	if err := s.book.Slow(s.number, reason.HoldRateLimit, monday.Add(month)); err != nil {
		t.Fatal(err)
	}
	end := monday.Add(campaign.LongestSlow)
	s.mustHold(reason.HoldRateLimit, end)
	s.restart()
	s.now = end.Add(-time.Second)
	s.mustHold(reason.HoldRateLimit, end)
	s.now = end
	s.mustClaim()
}

func TestClockThatWasAheadPutsOffNoDelivery(t *testing.T) {
	for name, o := range map[string]campaign.Outcome{"not sent": offline, "in doubt": unknown} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, 1, "")
			id := s.start("")
			d := s.mustClaim()
			s.now = monday.Add(month) // the clock is wrong for a moment
			s.settle(d, o)
			s.now, s.since = monday.Add(time.Minute), monday
			again := s.mustClaim()
			if again.Message != d.Message || again.Campaign != id {
				t.Errorf("tried again as %+v, first as %+v", again, d)
			}
		})
	}
}

// When a message left whose time lies in the future is not known, so it is not
// sent again by itself.
func TestDoubtOfAnUnknownAgeWaitsForAPerson(t *testing.T) {
	s := newShop(t, 1, "")
	s.now = monday.Add(month)
	s.answer(crowd(1)...)
	id := s.start("")
	s.settle(s.mustClaim(), unknown)
	s.now, s.since = monday, monday.Add(-time.Hour)
	s.mustHold(reason.HoldEmpty, time.Time{})
	if d := s.delivery(id); d.State != campaign.Unsure {
		t.Errorf("it is %s", d.State)
	}
}

// Whoever was written to by a clock that was ahead is left alone for as long as
// anybody, from when that is found.
func TestClockThatWasAheadBarsNobodyForLong(t *testing.T) {
	s := newShop(t, 1, "per-person=7d")
	s.now = monday.Add(month)
	s.answer(crowd(1)...)
	s.start("")
	s.settle(s.mustClaim(), accepted)
	left := func(people int) reason.Code {
		s.beside(people)
		id := s.start("")
		s.sendAll(0)
		return s.delivery(id).Reason.Code
	}
	for i, test := range []struct {
		after time.Duration
		want  reason.Code
	}{
		{0, reason.DeliveryPerPerson},
		{7*24*time.Hour - time.Second, reason.DeliveryPerPerson},
		{7 * 24 * time.Hour, ""},
	} {
		s.now = monday.Add(test.after)
		if got := left(i + 2); got != test.want {
			t.Errorf("after %v: %q, want %q", test.after, got, test.want)
		}
	}
}

func TestAnswerOfTheServiceFromTheFutureIsNone(t *testing.T) {
	s := newShop(t, 1, "")
	s.start("")
	s.now = monday.Add(-time.Minute)
	if got := s.claim(); len(got.Check) != 0 {
		t.Errorf("a minute before the answer: %+v, want no question", got)
	}
	s = newShop(t, 1, "")
	s.start("")
	s.now = monday.Add(-month)
	if got := s.claim(); !slices.Equal(got.Check, []people.Phone{crowd(1)[0].Phone}) {
		t.Errorf("%+v, want a question", got)
	}
}

// A number that was linked by a clock that was ahead is young for a month, not
// for two.
func TestNumberLinkedInTheFutureGrowsUp(t *testing.T) {
	s := newShop(t, 1, "")
	s.age(-month)
	s.lift("gap=0 new-gap=0")
	s.now = monday.Add(month)
	s.answer(crowd(1)...)
	s.start("")
	s.settle(s.mustClaim(), accepted)
	s.now = monday
	s.claim()
	n, err := s.book.Number(s.number)
	if err != nil {
		t.Fatal(err)
	}
	for days, want := range map[int]int{29: 40, 30: 150} {
		if got := n.Pace(monday.Add(time.Duration(days) * 24 * time.Hour)).Day; got != want {
			t.Errorf("after %d days it may send %d a day, want %d", days, got, want)
		}
	}
}

func TestAnswerToAMessageFromTheFutureIsAReply(t *testing.T) {
	s := newShop(t, 1, "")
	s.now = time.Now().Add(month)
	s.answer(crowd(1)...)
	id := s.start("")
	d := s.mustClaim()
	s.settle(d, accepted)
	if err := s.book.Heard(s.number, campaign.Incoming{From: people.Seen{LID: d.LID}, Text: "oi", At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if got := s.delivery(id); got.State != campaign.Replied {
		t.Errorf("it is %s, want replied", got.State)
	}
}

// An opt-in that was written down by a clock that was ahead does not outweigh
// the no that follows; the one that it took back stays taken back.
func TestNoAfterAnOptInFromTheFutureIsHeard(t *testing.T) {
	s := newShop(t, 1, "")
	clock := new(campaign.Clock)
	if err := s.book.Close(); err != nil {
		t.Fatal(err)
	}
	book, err := store.Open(s.path, store.Options{Kind: store.Demo, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	phone := crowd(1)[0].Phone
	person := func() people.Contact {
		c, err := book.ContactByPhone(phone)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	no := func(at time.Time) bool {
		if err := book.Heard(s.number, campaign.Incoming{From: people.Seen{Phone: phone}, Text: "SAIR", At: at}); err != nil {
			t.Fatal(err)
		}
		return person().OptedOut
	}
	first := time.Now().Add(-time.Hour)
	if !no(first) {
		t.Fatal("a no is not heard")
	}
	now := time.Now()
	clock.Told(now.Add(month), now, now)
	if err := desk(book).OptIn(person().ID, "asked for it"); err != nil {
		t.Fatal(err)
	}
	clock.Told(now, now, now)
	if no(first) {
		t.Error("the no that was taken back counts again")
	}
	if !no(now) {
		t.Error("the no after it is not heard")
	}
}

func TestSignOfThePhoneFromTheFutureIsReplaced(t *testing.T) {
	s := newShop(t, 0, "")
	for _, at := range []time.Time{time.Now().Add(month), time.Now().Add(-time.Minute)} {
		if err := s.book.SawPhone(s.number, at); err != nil {
			t.Fatal(err)
		}
		if n, err := s.book.Number(s.number); err != nil || !n.Seen.Equal(at) {
			t.Errorf("seen at %v, %v, want %v", n.Seen, err, at)
		}
	}
}

func TestSilenceFromTheFutureIsAskedAboutAgain(t *testing.T) {
	s := newShop(t, 1, "")
	s.now = monday.Add(31 * 24 * time.Hour) // the answer is old
	s.start("")
	phone := crowd(1)[0].Phone
	if err := s.book.Answered(s.number, []people.Phone{phone}, nil, s.now.Add(month)); err != nil {
		t.Fatal(err)
	}
	if got := s.claim(); !slices.Equal(got.Check, []people.Phone{phone}) {
		t.Errorf("%+v, want a question", got)
	}
}
