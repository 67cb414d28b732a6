package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// The tests here hold the numbers that keep a person from getting a message
// twice and a number from sending too much: each is tried from outside, through
// a claim and its outcome, a moment before it and at it.

// settle ends a claimed delivery.
func (s *shop) settle(d campaign.Delivery, o campaign.Outcome) {
	s.Helper()
	if err := s.book.Settle(d, o, s.now); err != nil {
		s.Fatal(err)
	}
}

// mustClaim claims a delivery.
func (s *shop) mustClaim() campaign.Delivery {
	s.Helper()
	got := s.claim()
	if got.Delivery == nil {
		s.Fatalf("%+v, want a delivery", got)
	}
	return *got.Delivery
}

// mustHold claims, and wants to be held for a reason until then: the zero time
// is no end.
func (s *shop) mustHold(why reason.Code, until time.Time) {
	s.Helper()
	if got := s.claim(); got.Delivery != nil || len(got.Check) > 0 || got.Hold.Reason != why || !got.Hold.Until.Equal(until) {
		s.Fatalf("at %v got %+v (%+v), want %q until %v", s.now, got, got.Delivery, why, until)
	}
}

// delivery reads the first delivery of a campaign.
func (s *shop) delivery(id campaign.ID) campaign.Delivery {
	s.Helper()
	d, err := s.book.Delivery(id, 0)
	if err != nil {
		s.Fatal(err)
	}
	return d
}

// restart closes the book and opens it again.
func (s *shop) restart() {
	s.Helper()
	if err := s.book.Close(); err != nil {
		s.Fatal(err)
	}
	s.book = open(s.T, s.path)
}

var (
	accepted = campaign.Outcome{Kind: campaign.Accepted}
	unknown  = campaign.Outcome{Kind: campaign.Unknown, Reason: reason.New(reason.DeliveryNoAnswer)}
	offline  = campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.HoldOffline)}
	noKeys   = campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.DeliveryNoKeys)}
	busy     = campaign.Outcome{Kind: campaign.NotSent, Code: 503, Reason: reason.New(reason.RefusedForNow)}
	refused  = campaign.Outcome{Kind: campaign.Refused, Code: 403, Reason: reason.New(reason.RefusedPerson)}
)

// A doubt waits for the grace after the failure, and after the moment at which
// the number is online and has heard what arrived while it was away. Then the
// same message goes again.
func TestDoubtWaitsForTheGraceAfterTheFailureAndAfterTheNumberIsBack(t *testing.T) {
	const grace = 30 * time.Second
	for _, test := range []struct {
		name  string
		since time.Duration // after the failure
		due   time.Duration
	}{
		{"online all the time", -time.Hour, grace},
		{"back a moment before the failure", -time.Second, grace},
		{"back a moment after it", time.Second, time.Second + grace},
		{"back much later", 10 * time.Minute, 10*time.Minute + grace},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 1, "")
			id := s.start("")
			first := s.mustClaim()
			s.now = s.now.Add(9 * time.Second)
			s.settle(first, unknown)
			failed := s.now
			s.since = failed.Add(test.since)
			s.now = failed.Add(max(test.since, 0))
			s.mustHold(reason.HoldDoubt, failed.Add(test.due))
			s.now = failed.Add(test.due - time.Nanosecond)
			s.mustHold(reason.HoldDoubt, failed.Add(test.due))
			s.now = failed.Add(test.due)
			again := s.mustClaim()
			if again.Message != first.Message || again.Text != first.Text || !again.Claimed.Equal(first.Claimed) || again.Attempts != 2 {
				t.Errorf("sent again as %+v, first as %+v", again, first)
			}
			s.settle(again, accepted)
			if d := s.delivery(id); d.State != campaign.Sent || d.InDoubt {
				t.Errorf("it is %s, in doubt %v", d.State, d.InDoubt)
			}
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		s := newShop(t, 1, "")
		s.now = time.Now()
		s.answer(crowd(1)...)
		s.start("")
		first := s.mustClaim()
		s.restart()
		s.now = time.Now().Add(time.Hour)
		s.since = s.now
		s.mustHold(reason.HoldDoubt, s.now.Add(grace))
		s.now = s.now.Add(grace)
		if again := s.mustClaim(); again.Message != first.Message {
			t.Errorf("sent again as %s, first as %s", again.Message, first.Message)
		}
	})
	t.Run("proved meanwhile", func(t *testing.T) {
		s := newShop(t, 1, "")
		id := s.start("")
		first := s.mustClaim()
		s.settle(first, unknown)
		if _, err := s.book.Receipt(s.number, people.Seen{Phone: first.Phone}, []campaign.MessageID{first.Message}, campaign.Delivered, s.now); err != nil {
			t.Fatal(err)
		}
		s.now = s.now.Add(time.Hour)
		s.mustHold(reason.HoldEmpty, time.Time{})
		if d := s.delivery(id); d.State != campaign.Delivered || d.InDoubt || !d.NotBefore.IsZero() {
			t.Errorf("it is %+v", d)
		}
	})
}

// Nothing is claimed while the outcome of the last message is open.
func TestNumberHasOneMessageOnTheWire(t *testing.T) {
	s := newShop(t, 2, "")
	s.start("")
	d := s.mustClaim()
	s.now = s.now.Add(time.Hour)
	s.mustHold(reason.HoldDoubt, time.Time{})
	s.settle(d, refused)
	if next := s.mustClaim(); next.Contact == d.Contact {
		t.Error("the same person again")
	}
}

// Campaigns that run on a number at the same time take turns, whatever becomes
// of a message; who is held back loses no turn of the others.
func TestCampaignsOfANumberTakeTurns(t *testing.T) {
	for _, test := range []struct {
		name  string
		specs []string                      // of the campaigns a, b, c
		do    map[int]func(*shop, []uint64) // before the i-th message
		want  string
	}{
		{name: "two", specs: []string{"", ""}, want: "abababab"},
		{name: "three", specs: []string{"", "", ""}, want: "abcabcabc"},
		{name: "after a restart", specs: []string{"", "", ""}, want: "abcabcabc", do: map[int]func(*shop, []uint64){
			1: func(s *shop, _ []uint64) { s.restart() },
			5: func(s *shop, _ []uint64) { s.restart() },
		}},
		{name: "one of three is held", specs: []string{"", "hours=12:00-13:00", ""}, want: "acacabcabc", do: map[int]func(*shop, []uint64){
			4: func(s *shop, _ []uint64) { s.now = s.now.Add(2 * time.Hour) },
		}},
		{name: "the first of two is held", specs: []string{"hours=12:00-13:00", ""}, want: "bbbabab", do: map[int]func(*shop, []uint64){
			3: func(s *shop, _ []uint64) { s.now = s.now.Add(2 * time.Hour) },
		}},
		{name: "one is paused for a while", specs: []string{"", "", ""}, want: "abcacabcabc", do: map[int]func(*shop, []uint64){
			2: func(s *shop, ids []uint64) { s.pause(ids[1]) },
			5: func(s *shop, ids []uint64) { s.resume(ids[1]) },
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 12, "")
			var ids []uint64
			for _, spec := range test.specs {
				ids = append(ids, uint64(s.start(spec)))
			}
			var got strings.Builder
			for i := range len(test.want) {
				if do := test.do[i]; do != nil {
					do(s, ids)
				}
				d, hold, ok := s.send()
				if !ok {
					t.Fatalf("after %q %q holds", got.String(), hold.Reason)
				}
				got.WriteByte('a' + byte(slices.Index(ids, uint64(d.Campaign))))
			}
			if got.String() != test.want {
				t.Errorf("they were sent in the order %q, want %q", got.String(), test.want)
			}
		})
	}
}

func (s *shop) pause(id uint64) {
	s.Helper()
	if _, err := desk(s.book).Pause(campaign.ID(id)); err != nil {
		s.Fatal(err)
	}
}

func (s *shop) resume(id uint64) {
	s.Helper()
	if _, err := desk(s.book).Resume(campaign.ID(id)); err != nil {
		s.Fatal(err)
	}
}

// A slow send does not bring the next one nearer: the pauses are counted from
// its end, whatever that was. What counts messages counts from their beginning.
func TestPausesAreCountedFromTheEndOfASend(t *testing.T) {
	const takes = 50 * time.Second
	for _, test := range []struct {
		name, spec string
		outcome    campaign.Outcome
		reason     reason.Code
		until      time.Duration // after the claim
	}{
		{"gap", "gap=1m new-gap=1m", accepted, reason.HoldGap, takes + time.Minute},
		{"gap after a refusal", "gap=1m new-gap=1m", refused, reason.HoldGap, takes + time.Minute},
		{"gap after a doubt", "gap=1m new-gap=1m", unknown, reason.HoldDoubt, takes + 30*time.Second},
		{"gap after one that did not leave", "gap=1m new-gap=1m", offline, reason.HoldRetry, takes + 5*time.Second},
		{"long pause", "every=1 long=10m", accepted, reason.HoldLong, takes + 10*time.Minute},
		{"hour", "hour=1", accepted, reason.HoldHour, time.Hour},
		{"day", "day=1", accepted, reason.HoldDay, 24 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 2, test.spec)
			s.start("")
			claimed := s.now
			d := s.mustClaim()
			s.now = s.now.Add(takes)
			s.settle(d, test.outcome)
			if test.reason == reason.HoldDoubt || test.reason == reason.HoldRetry { // the one ends before the gap does
				s.mustHold(test.reason, claimed.Add(test.until))
				s.now = claimed.Add(test.until)
				test.reason, test.until = reason.HoldGap, takes+time.Minute
			}
			s.mustHold(test.reason, claimed.Add(test.until))
			s.now = claimed.Add(test.until - time.Nanosecond)
			s.mustHold(test.reason, claimed.Add(test.until))
			s.now = claimed.Add(test.until)
			s.mustClaim()
		})
	}
}

// A receipt proves what the number sent that it came to, and nothing else.
func TestReceiptProvesOnlyWhatItsNumberSent(t *testing.T) {
	s := newShop(t, 1, "")
	other := s.number + 1
	if n, err := desk(s.book).AddNumber("outra"); err != nil || n.ID != other {
		t.Fatal(n.ID, err)
	}
	id := s.start("")
	d := s.mustClaim()
	s.settle(d, unknown)
	for _, test := range []struct {
		number campaign.NumberID
		ids    []campaign.MessageID
		want   campaign.State
	}{
		{other, []campaign.MessageID{d.Message}, campaign.Unsure},
		{s.number, []campaign.MessageID{"somebody else's"}, campaign.Unsure},
		{s.number, []campaign.MessageID{"somebody else's", d.Message}, campaign.Read},
	} {
		if _, err := s.book.Receipt(test.number, people.Seen{Phone: d.Phone}, test.ids, campaign.Read, s.now); err != nil {
			t.Fatal(err)
		}
		if got := s.delivery(id); got.State != test.want {
			t.Errorf("after a receipt to number %d for %v it is %s, want %s", test.number, test.ids, got.State, test.want)
		}
	}
}

// What did not leave is tried again after a pause that grows, and in the end
// no more.
func TestRetriesComeLessAndLessOften(t *testing.T) {
	s := newShop(t, 1, "")
	id := s.start("")
	var message campaign.MessageID
	for i, pause := range []time.Duration{
		5 * time.Second, 20 * time.Second, 80 * time.Second, 320 * time.Second, 10 * time.Minute,
		10 * time.Minute, 10 * time.Minute, 10 * time.Minute, 10 * time.Minute,
	} {
		d := s.mustClaim()
		if i == 0 {
			message = d.Message
		}
		if d.Message != message || d.Attempts != i+1 {
			t.Errorf("try %d is the %d. of %s, want of %s", i+1, d.Attempts, d.Message, message)
		}
		s.settle(d, offline)
		until := s.now.Add(pause)
		s.mustHold(reason.HoldRetry, until)
		s.now = until.Add(-time.Nanosecond)
		s.mustHold(reason.HoldRetry, until)
		s.now = until
	}
	s.settle(s.mustClaim(), offline)
	if d := s.delivery(id); d.State != campaign.Failed || !d.Reason.Equal(offline.Reason) {
		t.Errorf("after ten tries it is %s (%s)", d.State, d.Reason)
	}
}

// A delivery is given up after so many tries, not before and not later.
func TestTriesOfADeliveryAreCounted(t *testing.T) {
	for _, test := range []struct {
		name         string
		first, other campaign.Outcome
		tries        int
		state        campaign.State
		reason       reason.Code
	}{
		{"nobody knows", unknown, unknown, 3, campaign.Unsure, reason.DeliveryNoAnswer},
		{"no keys", noKeys, noKeys, 3, campaign.Failed, reason.DeliveryNoKeys},
		{"put off by the service", busy, busy, 5, campaign.Failed, reason.RefusedForNow},
		{"it does not leave", offline, offline, 10, campaign.Failed, reason.HoldOffline},
		{"in doubt, then it does not leave", unknown, offline, 10, campaign.Unsure, reason.HoldOffline},
		{"in doubt, then no keys", unknown, noKeys, 3, campaign.Unsure, reason.DeliveryNoKeys},
		{"it does not leave, then a doubt", offline, unknown, 4, campaign.Unsure, reason.DeliveryNoAnswer},
		{"refused", refused, refused, 1, campaign.Failed, reason.RefusedPerson},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 1, "")
			id := s.start("")
			begun, outcome, tries := s.now, test.first, 0
			var d campaign.Delivery
			for s.now.Sub(begun) < 20*time.Hour {
				got := s.claim()
				if got.Delivery == nil {
					if got.Hold.Until.IsZero() {
						break
					}
					s.now = got.Hold.Until
					continue
				}
				tries++
				d = *got.Delivery
				s.settle(d, outcome)
				outcome = test.other
			}
			if tries != test.tries {
				t.Errorf("it was tried %d times, want %d", tries, test.tries)
			}
			if d = s.delivery(id); d.State != test.state || d.Reason.Code != test.reason || !d.NotBefore.IsZero() {
				t.Errorf("it is %s (%s), not before %v; want %s (%s)", d.State, d.Reason, d.NotBefore, test.state, test.reason)
			}
			if c, err := s.book.Campaign(id); err != nil || c.Status != campaign.Finished {
				t.Errorf("its campaign is %s, %v", c.Status, err)
			}
		})
	}
}

// A doubt is sent again for a day, by the link by which it was sent, to who has
// not opted out. Otherwise it stays one, for a person to decide.
func TestDoubtIsSentAgainOnlyWhileThatMakesSense(t *testing.T) {
	for _, test := range []struct {
		name   string
		before func(s *shop)
		again  bool
		reason reason.Code
	}{
		{"at the end of the day", func(s *shop) { s.now = s.now.Add(24 * time.Hour) }, true, ""},
		{"after the day", func(s *shop) { s.now = s.now.Add(24*time.Hour + time.Nanosecond) }, false, reason.DeliveryNoAnswer},
		{"by another link", func(s *shop) { s.link = 2 }, false, reason.DeliveryUnlinked},
		{"after an opt-out", func(s *shop) { s.optOut() }, false, reason.DeliveryNoAnswer},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 1, "")
			id := s.start("")
			d := s.mustClaim()
			s.settle(d, unknown)
			claimed := s.now
			test.before(s)
			if s.now.Equal(claimed) {
				s.now = s.now.Add(time.Hour)
			}
			if test.again {
				if again := s.mustClaim(); again.Message != d.Message {
					t.Errorf("sent again as %s", again.Message)
				}
				return
			}
			s.mustHold(reason.HoldEmpty, time.Time{})
			s.link, s.now = 1, claimed.Add(time.Hour) // nor does it come back
			s.mustHold(reason.HoldEmpty, time.Time{})
			if d := s.delivery(id); d.State != campaign.Unsure || d.Reason.Code != test.reason || d.Attempts != 1 {
				t.Errorf("it is %s (%s) after %d tries, want unsure (%s)", d.State, d.Reason, d.Attempts, test.reason)
			}
		})
	}
	t.Run("what certainly did not leave goes by another link too", func(t *testing.T) {
		s := newShop(t, 1, "")
		s.start("")
		d := s.mustClaim()
		s.settle(d, offline)
		s.link, s.now = 2, s.now.Add(time.Hour)
		if again := s.mustClaim(); again.Message != d.Message || again.Link != 2 {
			t.Errorf("sent as %s by link %d", again.Message, again.Link)
		}
	})
}

// optOut takes the first person out of all campaigns.
func (s *shop) optOut() {
	s.Helper()
	if err := desk(s.book).OptOut(contact(s.T, s, 0).ID, "asked"); err != nil {
		s.Fatal(err)
	}
}

// says has the first person write to the number.
func (s *shop) says(text string) {
	s.Helper()
	if err := s.book.Heard(s.number, campaign.Incoming{From: people.Seen{Phone: crowd(1)[0].Phone}, Text: text, At: s.now}); err != nil {
		s.Fatal(err)
	}
}

// A person who opts out gets nothing from then on: neither what was to come nor
// what was tried before. One in doubt gets nothing either.
func TestOptOutCountsAtEveryMoment(t *testing.T) {
	byWord := func(s *shop) { s.says("Sair!") }
	perhaps := func(s *shop) { s.says("quero cancelar") }
	for _, test := range []struct {
		name   string
		tried  []campaign.Outcome // before it, once the campaign runs; nil: the campaign does not run yet
		state  campaign.State
		reason reason.Code
	}{
		{"before the freeze", nil, campaign.Skipped, reason.DeliveryOptedOut},
		{"before the claim", []campaign.Outcome{}, campaign.Skipped, reason.DeliveryOptedOut},
		{"between two tries", []campaign.Outcome{offline}, campaign.Skipped, reason.DeliveryOptedOut},
		{"while it is in doubt", []campaign.Outcome{unknown}, campaign.Unsure, reason.DeliveryNoAnswer},
		{"while an earlier try is in doubt", []campaign.Outcome{unknown, offline}, campaign.Unsure, reason.HoldOffline},
		{"afterwards", []campaign.Outcome{accepted}, campaign.Sent, ""},
	} {
		for how, optOut := range map[string]func(*shop){"by hand": (*shop).optOut, "by the word": byWord, "perhaps": perhaps} {
			t.Run(test.name+" "+how, func(t *testing.T) {
				s := newShop(t, 2, "") // the second one is there for the campaign to start
				var id campaign.ID
				if test.tried != nil {
					id = s.start("")
				}
				for _, o := range test.tried {
					s.settle(s.mustClaim(), o)
					s.now = s.now.Add(time.Minute)
				}
				optOut(s)
				if test.tried == nil {
					id = s.start("")
				}
				s.settle(s.mustClaim(), accepted)
				for range 3 {
					s.now = s.now.Add(time.Hour)
					s.mustHold(reason.HoldEmpty, time.Time{})
				}
				want, why := test.state, test.reason
				if want == campaign.Sent && how != "by hand" {
					want = campaign.Replied
				}
				if why == reason.DeliveryOptedOut && how == "perhaps" {
					why = reason.DeliveryDoubt
				}
				if d := s.delivery(id); d.State != want || d.Reason.Code != why || d.Attempts != len(test.tried) {
					t.Errorf("it is %s (%s) after %d tries, want %s (%s)", d.State, d.Reason, d.Attempts, want, why)
				}
			})
		}
	}
}

// While new chats are closed, or their quota is used up, whoever has written to
// the number goes on getting messages and nobody else does, whoever is in the
// address book.
func TestClosedNewChatsHoldStrangersAlone(t *testing.T) {
	end := monday.Add(6 * time.Hour)
	for _, test := range []struct {
		name  string
		close func(s *shop)
		hold  campaign.Hold
	}{
		{"time lock", func(s *shop) { s.closed = campaign.Hold{Reason: reason.HoldNewChats, Until: end} },
			campaign.Hold{Reason: reason.HoldNewChats, Until: end}},
		{"quota", func(s *shop) { s.quota = campaign.Quota{Known: true, Total: 9, Used: 9, Until: end} },
			campaign.Hold{Reason: reason.HoldQuota, Until: end}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 4, "new-gap=1m")
			s.known(1) // the first has written; the second is in the address book
			saved := people.Seen{Phone: crowd(2)[1].Phone, LID: lidOf(crowd(2)[1].Phone), Known: true}
			if err := s.book.Saw(s.number, []people.Seen{saved}); err != nil {
				t.Fatal(err)
			}
			id := s.start("")
			test.close(s)
			if d, hold, ok := s.send(); !ok || d.Seq != 0 || d.New {
				t.Fatalf("%+v, %+v; want the one who has written", d, hold)
			}
			s.mustHold(test.hold.Reason, end)
			s.now = end.Add(-time.Nanosecond)
			s.mustHold(test.hold.Reason, end)
			if d, err := s.book.Delivery(id, 1); err != nil || !d.New {
				t.Errorf("who is only in the address book is no new chat: %+v, %v", d, err)
			}
			s.now, s.closed = end, campaign.Hold{}
			left, hold := s.sendAll(time.Hour)
			if len(left) != 3 || hold.Reason != reason.HoldEmpty {
				t.Fatalf("%d left afterwards, then %q holds", len(left), hold.Reason)
			}
			for i, at := range left { // and each at the pace of new chats
				if want := end.Add(time.Duration(i) * time.Minute); !at.Equal(want) {
					t.Errorf("new chat %d was opened at %v, want %v", i, at, want)
				}
			}
		})
	}
}

// When the service asks to slow down, nothing leaves or is asked until then:
// not what is in doubt, nor to whoever is known; and only by that number.
func TestRateLimitHoldsEverythingOfItsNumber(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(s *shop)
	}{
		{"a new chat", func(*shop) {}},
		{"a known chat", func(s *shop) { s.known(1) }},
		{"a doubt", func(s *shop) { s.settle(s.mustClaim(), unknown); s.now = s.now.Add(time.Minute) }},
		{"somebody to ask about", func(s *shop) { s.now = s.now.Add(31 * 24 * time.Hour) }},
		{"a restart", func(s *shop) { s.restart() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 2, "")
			s.start("")
			test.spoil(s)
			end := s.now.Add(15 * time.Minute)
			if err := s.book.Slow(s.number, reason.HoldRateLimit, end); err != nil {
				t.Fatal(err)
			}
			s.mustHold(reason.HoldRateLimit, end)
			if test.name == "a restart" {
				s.restart()
			}
			if hold := s.book.Holds()[s.number]; test.name != "a restart" && hold.Reason != reason.HoldRateLimit {
				t.Errorf("the screens say %+v", hold)
			}
			s.now = end.Add(-time.Nanosecond)
			s.mustHold(reason.HoldRateLimit, end)
			s.now = end
			if _, hold, ok := s.send(); !ok {
				t.Errorf("at the end %q holds", hold.Reason)
			}
		})
	}
	s := newShop(t, 2, "")
	if err := s.book.Slow(s.another(), reason.HoldRateLimit, s.now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	s.start("")
	s.mustClaim()
}

// The clocks of the service and of this machine are not the same: what came up
// to a minute before the claim answers it, what came earlier does not.
func TestReplyMaySeemToComeAMinuteBeforeItsMessage(t *testing.T) {
	for _, test := range []struct {
		after time.Duration
		want  campaign.State
	}{
		{time.Hour, campaign.Replied},
		{0, campaign.Replied},
		{-time.Minute, campaign.Replied},
		{-time.Minute - time.Nanosecond, campaign.Sent},
		{-time.Hour, campaign.Sent},
	} {
		s := newShop(t, 1, "")
		id := s.start("")
		d := s.mustClaim()
		s.settle(d, accepted)
		if err := s.book.Heard(s.number, campaign.Incoming{From: people.Seen{LID: d.LID}, Text: "oi", At: s.now.Add(test.after)}); err != nil {
			t.Fatal(err)
		}
		if got := s.delivery(id); got.State != test.want {
			t.Errorf("after what came %v after the claim it is %s, want %s", test.after, got.State, test.want)
		}
	}
}

// The service is asked about so many at once, those whose turn comes next, and
// nobody else.
func TestTwentyAreAskedAboutAtOnce(t *testing.T) {
	for _, test := range []struct{ people, asked int }{{1, 1}, {19, 19}, {20, 20}, {21, 20}} {
		s := newShop(t, test.people, "")
		s.now = s.now.Add(30 * 24 * time.Hour) // what it said is too old
		s.start("")
		got := s.claim()
		if len(got.Check) != test.asked || got.Delivery != nil {
			t.Errorf("of %d people %d are asked about at once, want %d", test.people, len(got.Check), test.asked)
		}
		for i, p := range got.Check {
			if want := crowd(test.people)[i].Phone; p != want {
				t.Errorf("in place %d %s is asked about, want %s", i, p, want)
			}
		}
	}
}

// Who need not be asked about is left out of the question.
func TestOnlyWhoseAnswerIsMissingAreAskedAbout(t *testing.T) {
	s := newShop(t, 5, "")
	s.now = s.now.Add(30 * 24 * time.Hour)
	rows := crowd(5)
	s.answer(rows[2])       // was asked about a moment ago
	s.answerAbsent(rows[4]) // so were they
	s.start("")
	if err := desk(s.book).OptOut(contact(t, s, 1).ID, "asked"); err != nil {
		t.Fatal(err)
	}
	if got := s.claim().Check; !slices.Equal(got, []people.Phone{rows[0].Phone, rows[3].Phone}) {
		t.Errorf("asked about %v, want the first and the fourth", got)
	}
}

// What the service said counts for 30 days if it was yes, for 7 if it was no.
func TestAnswersOfTheServiceGrowOld(t *testing.T) {
	for _, test := range []struct {
		there bool
		after time.Duration
		asked bool
	}{
		{true, 30*24*time.Hour - time.Nanosecond, false},
		{true, 30 * 24 * time.Hour, true},
		{false, 7*24*time.Hour - time.Nanosecond, false},
		{false, 7 * 24 * time.Hour, true},
	} {
		s := newShop(t, 2, "")
		rows, next := crowd(2), uint32(0)
		if !test.there {
			s.answerAbsent(rows[0])
			next = 1
		}
		s.now = s.now.Add(test.after)
		s.answer(rows[1])
		s.start("")
		switch got := s.claim(); {
		case test.asked && !slices.Equal(got.Check, []people.Phone{rows[0].Phone}),
			!test.asked && (got.Delivery == nil || got.Delivery.Seq != next):
			t.Errorf("there %v, %v after the answer: %+v", test.there, test.after, got)
		}
	}
}

// A phone about which the service says nothing is asked about again after a
// minute, three times in all, and holds nobody up.
func TestSilentPhoneIsAskedAboutThreeTimes(t *testing.T) {
	s := newShop(t, 1, "")
	s.now = s.now.Add(30 * 24 * time.Hour)
	id := s.start("")
	for question := 1; question <= 3; question++ {
		got := s.claim()
		if len(got.Check) != 1 {
			t.Fatalf("question %d is not asked: %+v", question, got)
		}
		if err := s.book.Answered(s.number, got.Check, nil, s.now); err != nil {
			t.Fatal(err)
		}
		if question == 3 {
			break
		}
		until := s.now.Add(time.Minute)
		s.mustHold(reason.HoldRetry, until)
		s.now = until.Add(-time.Nanosecond)
		s.mustHold(reason.HoldRetry, until)
		s.now = until
	}
	s.mustHold(reason.HoldEmpty, time.Time{})
	if d := s.delivery(id); d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryNoAnswer || d.Attempts != 0 {
		t.Errorf("it is %s (%s) after %d tries", d.State, d.Reason, d.Attempts)
	}
}

// What holds a number that cannot claim is told once: a bell that rang each
// time would wake the lane that tells it.
func TestHoldIsToldOncePerChange(t *testing.T) {
	bell := new(campaign.Bell)
	s := newShop(t, 0, "")
	if err := s.book.Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.book, err = store.Open(s.path, store.Options{Kind: store.Demo, Bell: bell}); err != nil {
		t.Fatal(err)
	}
	defer s.book.Close()
	ring, quiet := bell.Listen()
	defer quiet()
	for i, test := range []struct {
		hold  campaign.Hold
		rings bool
	}{
		{campaign.Hold{Reason: reason.HoldOffline}, true},
		{campaign.Hold{Reason: reason.HoldOffline}, false},
		{campaign.Hold{Reason: reason.HoldOffline, Until: monday}, true},
		{campaign.Hold{Reason: reason.HoldSyncing}, true},
		{campaign.Hold{Reason: reason.HoldSyncing}, false},
		{campaign.Hold{}, true},
	} {
		s.book.Held(s.number, test.hold)
		rang := false
		select {
		case <-ring:
			rang = true
		default:
		}
		if rang != test.rings || s.book.Holds()[s.number] != test.hold {
			t.Errorf("%d: rang: %v, holds %+v; want %v, %+v", i, rang, s.book.Holds()[s.number], test.rings, test.hold)
		}
	}
}

// The outcome of a message counts also if the book was opened again meanwhile,
// which put it in doubt.
func TestOutcomeCountsAfterTheBookWasOpenedAgain(t *testing.T) {
	s := newShop(t, 1, "")
	id := s.start("")
	d := s.mustClaim()
	s.restart()
	s.settle(d, accepted)
	if d := s.delivery(id); d.State != campaign.Sent || d.InDoubt || !d.Accepted.Equal(s.now) {
		t.Errorf("it is %s, in doubt: %v, accepted at %v", d.State, d.InDoubt, d.Accepted)
	}
	s.now = time.Now().Add(time.Hour)
	s.mustHold(reason.HoldEmpty, time.Time{})
}

// Who turns out to have no account is known to have none: nobody asks or tries
// again for a week.
func TestWhoTurnsOutToHaveNoAccountIsNotTriedAgain(t *testing.T) {
	s := newShop(t, 2, "")
	id := s.start("")
	d := s.mustClaim()
	s.settle(d, campaign.Outcome{Kind: campaign.Misled, Answer: people.Answer{Asked: d.Phone, Presence: people.NotOnWhatsApp}})
	if got := contact(t, s, int(d.Seq)); got.Presence != people.NotOnWhatsApp || !got.CheckedAt.Equal(s.now) {
		t.Errorf("%v since %v, want absent since %v", got.Presence, got.CheckedAt, s.now)
	}
	if d := s.delivery(id); d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryNotOnWhatsApp {
		t.Errorf("it is %s (%s)", d.State, d.Reason)
	}
	s.settle(s.mustClaim(), accepted)
	id = s.start("")
	if d := s.delivery(id); d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryNotOnWhatsApp {
		t.Errorf("in the next campaign it is %s (%s)", d.State, d.Reason)
	}
}

// Who says it twice has said it when they said it first.
func TestFirstOptOutIsTheOneThatIsKept(t *testing.T) {
	s := newShop(t, 1, "")
	for i, word := range []string{"sair", "parar"} {
		at := s.now.Add(time.Duration(i) * time.Hour)
		if err := s.book.Heard(s.number, campaign.Incoming{From: people.Seen{Phone: crowd(1)[0].Phone}, Text: word, At: at}); err != nil {
			t.Fatal(err)
		}
	}
	if c := contact(t, s, 0); !c.OptedOut || !c.OptOutAt.Equal(s.now) || c.OptOutWhy != "sair" {
		t.Errorf("opted out: %v, at %v by %q", c.OptedOut, c.OptOutAt, c.OptOutWhy)
	}
}

// The days that a person is left alone begin with the message itself, and do
// not keep it from being tried again.
func TestPerPersonLimitDoesNotStopAnotherTry(t *testing.T) {
	for _, first := range []campaign.Outcome{offline, unknown} {
		s := newShop(t, 1, "per-person=7d")
		s.start("")
		d := s.mustClaim()
		s.settle(d, first)
		s.now = s.now.Add(time.Hour)
		if again := s.mustClaim(); again.Message != d.Message {
			t.Errorf("after %q %s is sent", first.Reason, again.Message)
		}
	}
}

// What holds one campaign is said though another one has nothing for the number.
func TestHoldIsSaidThoughAnotherCampaignHasNothingToSend(t *testing.T) {
	s := newShop(t, 2, "")
	other := s.another()
	c, err := desk(s.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", Pace: hours(t, "hours=12:00-13:00"), Numbers: []campaign.NumberID{s.number}})
	if err == nil {
		_, err = desk(s.book).Start(c.ID, s.now)
	}
	if err != nil {
		t.Fatal(err)
	}
	started(t, s.book, campaign.Campaign{Name: "d", Text: "Oi", Numbers: []campaign.NumberID{other}}, s.now)
	s.mustHold(reason.HoldHours, s.now.Add(2*time.Hour))
	s.limit("hours=09:00-12:00")
	s.mustHold(reason.HoldShut, time.Time{})
}

func hours(t *testing.T, spec string) campaign.Pace {
	t.Helper()
	p, err := campaign.ParsePace(campaign.Pace{}, spec)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What was sent in the last 24 hours counts to the end of them, whatever has
// been sent since.
func TestSendCountsForAWholeDay(t *testing.T) {
	s := newShop(t, 3, "day=2")
	s.start("")
	begun := s.now
	s.sendSome(1)
	s.now = begun.Add(24*time.Hour - time.Minute)
	s.sendSome(1)
	s.mustHold(reason.HoldDay, begun.Add(24*time.Hour))
	s.now = begun.Add(24 * time.Hour)
	s.sendSome(1)
	s.mustHold(reason.HoldEmpty, time.Time{})
}

// Whom the service knows by another spelling is asked about in that one.
func TestPersonIsAskedAboutAsTheServiceKnowsThem(t *testing.T) {
	s := newShop(t, 1, "")
	asked := crowd(1)[0].Phone
	known, ok := asked.Other()
	if !ok {
		t.Fatalf("%s has no other spelling", asked)
	}
	a := people.Answer{Asked: asked, Presence: people.OnWhatsApp, Phone: known, LID: lidOf(asked)}
	if err := s.book.Answered(s.number, []people.Phone{asked}, []people.Answer{a}, s.now); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(30 * 24 * time.Hour)
	s.start("")
	if got := s.claim().Check; !slices.Equal(got, []people.Phone{known}) {
		t.Errorf("asked about %v, want %s", got, known)
	}
}

// Limits of new chats count new chats alone.
func TestMessagesToKnownPeopleSpendNoNewChats(t *testing.T) {
	for why, spec := range map[reason.Code]string{reason.HoldNewHour: "new-hour=1", reason.HoldNewDay: "new-day=1"} {
		s := newShop(t, 4, spec)
		s.known(2)
		s.start("")
		if left, hold := s.sendAll(0); len(left) != 3 || hold.Reason != why {
			t.Errorf("%s: %d left, then %q holds; want both who are known and one other", spec, len(left), hold.Reason)
		}
	}
}
