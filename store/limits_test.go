package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// shop is a book with one number and a clock that the test moves.
type shop struct {
	*testing.T
	path   string
	book   *store.Book
	number campaign.NumberID
	link   uint32    // by which the number is online,
	since  time.Time // and since when
	now    time.Time
	next   int
	takes  time.Duration  // how long a message is on its way
	quota  campaign.Quota // of new chats, as the service counts it
	closed campaign.Hold  // new chats, by the service's word
}

// monday is ten in the morning, in a zone where nobody changes the clocks.
var monday = time.Date(2026, 3, 2, 10, 0, 0, 0, time.FixedZone("", -3*60*60))

// newShop makes a book with n people who are all known to be on WhatsApp, and a
// number with the limits of spec over none at all.
func newShop(t *testing.T, n int, spec string) *shop {
	t.Helper()
	s := &shop{T: t, path: t.TempDir() + "/book.db", link: 1, now: monday}
	s.book = open(t, s.path)
	s.number = linked(t, s.book, 1)[0]
	rows := crowd(n)
	if _, err := desk(s.book).Import(context.Background(), rows, "test"); err != nil {
		t.Fatal(err)
	}
	s.answer(rows...)
	s.limit(spec)
	return s
}

// answer lets the service say that people are there.
func (s *shop) answer(rows ...people.Row) {
	s.Helper()
	for _, r := range rows {
		a := people.Answer{Asked: r.Phone, Presence: people.OnWhatsApp, Phone: r.Phone, LID: lidOf(r.Phone)}
		if err := s.book.Answered(s.number, []people.Phone{r.Phone}, []people.Answer{a}, s.now); err != nil {
			s.Fatal(err)
		}
	}
}

// limit gives the number the limits of spec and no others.
func (s *shop) limit(spec string) {
	s.Helper()
	l, err := campaign.ParseLimits(campaign.Pace{}.All(), spec)
	if err == nil {
		_, err = desk(s.book).SetLimits(s.number, l)
	}
	if err != nil {
		s.Fatal(err)
	}
}

// start starts a campaign with a pace of its own.
func (s *shop) start(spec string) campaign.ID {
	s.Helper()
	c, err := s.write(spec)
	if err == nil {
		c, err = desk(s.book).Start(c.ID, s.now)
	}
	if err != nil {
		s.Fatal(err)
	}
	return c.ID
}

func (s *shop) write(spec string) (campaign.Campaign, error) {
	pace, err := campaign.ParsePace(campaign.Pace{}, spec)
	if err != nil {
		return campaign.Campaign{}, err
	}
	return desk(s.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", Pace: pace})
}

// claim claims once, at the time of the shop.
func (s *shop) claim() store.Claimed {
	s.Helper()
	ready := campaign.Readiness{Link: s.link, Since: s.since, NewChats: s.newChats()}
	got, err := store.ClaimApart(s.book, campaign.Claim{Number: s.number, Ready: ready, Now: s.now, NewID: func() campaign.MessageID {
		s.next++
		return campaign.MessageID(strings.Repeat("A", 12) + string(rune('A'+s.next%26)) + string(rune('A'+s.next/26%26)) + string(rune('A'+s.next/676%26)))
	}})
	if err != nil {
		s.Fatal(err)
	}
	return got
}

// newChats is what the service has to say about new chats.
func (s *shop) newChats() campaign.Hold {
	if s.quota.Known && !s.quota.Until.After(s.now) {
		s.quota.Used, s.quota.Until = 0, s.quota.Until.Add(30*24*time.Hour)
	}
	if s.quota.Spent(s.now) {
		return campaign.Hold{Reason: reason.HoldQuota, Until: s.quota.Until}
	}
	return s.closed
}

// send claims and settles once, as accepted after a moment, and lets the message
// arrive; ok is false if something holds.
func (s *shop) send() (sent campaign.Delivery, hold campaign.Hold, ok bool) {
	s.Helper()
	got := s.claim()
	for len(got.Check) > 0 {
		for _, phone := range got.Check {
			s.answer(people.Row{Phone: phone})
		}
		got = s.claim()
	}
	if got.Delivery == nil {
		return sent, got.Hold, false
	}
	s.now = s.now.Add(s.takes)
	if s.quota.Used++; !got.Delivery.New {
		s.quota.Used--
	}
	if err := s.book.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, s.now); err != nil {
		s.Fatal(err)
	}
	if _, err := s.book.Receipt(s.number, people.Seen{Phone: got.Delivery.Phone}, []campaign.MessageID{got.Delivery.Message}, campaign.Delivered, s.now); err != nil {
		s.Fatal(err)
	}
	return *got.Delivery, campaign.Hold{}, true
}

// sendAll sends until something holds that has no end within the time, and
// returns when each message left.
func (s *shop) sendAll(within time.Duration) (left []time.Time, last campaign.Hold) {
	s.Helper()
	end := s.now.Add(within)
	for {
		_, hold, ok := s.send()
		switch {
		case ok:
			left = append(left, s.now)
		case hold.Until.IsZero() || hold.Until.After(end):
			return left, hold
		case !hold.Until.After(s.now):
			s.Fatalf("held by %q until %v, which is not after %v", hold.Reason, hold.Until, s.now)
		default:
			s.now = hold.Until
		}
	}
}

// Every limit holds alike, whether it is the number's own or the campaign's,
// and the hold says whose it is. The tighter of the two counts.
func TestClaimObeysTheTighterOfNumberAndCampaign(t *testing.T) {
	for _, test := range []struct {
		name         string
		tight, loose string
		sent         int           // messages before it holds
		reason       reason.Code   // of the hold then
		until        time.Duration // after the first message; 0: no end

	}{
		{name: "gap", tight: "gap=10m new-gap=10m", loose: "gap=1m new-gap=1m", sent: 1, reason: reason.HoldGap, until: 10 * time.Minute},
		{name: "long pause", tight: "every=2 long=30m", loose: "every=9 long=1m", sent: 2, reason: reason.HoldLong, until: 30 * time.Minute},
		{name: "hour", tight: "hour=2", loose: "hour=9", sent: 2, reason: reason.HoldHour, until: time.Hour},
		{name: "new hour", tight: "new-hour=2", loose: "new-hour=9", sent: 2, reason: reason.HoldNewHour, until: time.Hour},
		{name: "day", tight: "day=1", loose: "day=150", sent: 1, reason: reason.HoldDay, until: 24 * time.Hour},
		{name: "new day", tight: "new-day=2", loose: "new-day=9", sent: 2, reason: reason.HoldNewDay, until: 24 * time.Hour},
		{name: "hours", tight: "hours=12:00-13:00", loose: "hours=09:00-20:00", reason: reason.HoldHours, until: 2 * time.Hour},
		{name: "weekdays", tight: "weekdays=tue", loose: "weekdays=mon-fri", reason: reason.HoldHours, until: 14 * time.Hour},
	} {
		for _, whose := range []string{"number", "campaign", "number alone", "campaign alone"} {
			t.Run(test.name+" of the "+whose, func(t *testing.T) {
				number, own := test.tight, test.loose
				if strings.HasPrefix(whose, "campaign") {
					number, own = test.loose, test.tight
				}
				switch whose {
				case "number alone":
					own = ""
				case "campaign alone":
					number = ""
				}
				s := newShop(t, 5, number)
				id := s.start(own)
				begun := s.now
				left, hold := s.sendAll(0)
				if len(left) != test.sent || hold.Reason != test.reason {
					t.Fatalf("%d sent, then %q holds, want %d and %q", len(left), hold.Reason, test.sent, test.reason)
				}
				if want := begun.Add(test.until); !hold.Until.Equal(want) {
					t.Errorf("it holds until %v, want %v", hold.Until, want)
				}
				want := campaign.ID(0)
				if strings.HasPrefix(whose, "campaign") {
					want = id
				}
				if hold.Campaign != want {
					t.Errorf("it is said to be the limit of campaign %d, want %d", hold.Campaign, want)
				}
			})
		}
	}
}

// A number set to one message a day sends one, whatever its campaign allows.
func TestNumbersOwnPaceIsReadWhenAMessageIsClaimed(t *testing.T) {
	s := newShop(t, 10, "day=1")
	s.start("off")
	left, hold := s.sendAll(72 * time.Hour)
	if len(left) != 4 || hold.Reason != reason.HoldDay {
		t.Errorf("in three days %d messages left, then %q holds; want 4 and the daily limit", len(left), hold.Reason)
	}
}

// A draft that was made when an old number would send it goes at the pace of
// the young one that sends it.
func TestYoungNumberSendsAnOldDraftAtItsOwnPace(t *testing.T) {
	s := newShop(t, 60, "")
	s.age(40 * 24 * time.Hour)
	n, err := s.book.Number(s.number)
	if err != nil {
		t.Fatal(err)
	}
	c, err := desk(s.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", Pace: n.Pace(s.now)})
	if err != nil {
		t.Fatal(err)
	}
	s.age(time.Hour)
	s.lift("gap=0 new-gap=0 long=0 hour=0 new-hour=0 hours=all weekdays=all")
	if c, err = desk(s.book).Start(c.ID, s.now); err != nil {
		t.Fatal(err)
	}
	days := s.sendOverDays(1)
	if days[0] != 10 {
		t.Errorf("%d messages left on the first day, want the 10 new chats of a young number", days[0])
	}
}

// age links the number as if that long ago, under the limits of its age.
func (s *shop) age(since time.Duration) {
	s.Helper()
	phone := people.Phone("+551188000" + time.Now().Add(-since).Format("150405"))
	if _, err := s.book.LinkNumber(s.number, phone, string(phone)+":1@s.whatsapp.net", s.now.Add(-since)); err != nil {
		s.Fatal(err)
	}
	if _, err := desk(s.book).SetLimits(s.number, campaign.Limits{}); err != nil {
		s.Fatal(err)
	}
}

// lift names limits of the number over the default ones.
func (s *shop) lift(spec string) {
	s.Helper()
	l, err := campaign.ParseLimits(campaign.Limits{}, spec)
	if err == nil {
		_, err = desk(s.book).SetLimits(s.number, l)
	}
	if err != nil {
		s.Fatal(err)
	}
}

// sendOverDays counts what leaves on each of n days.
func (s *shop) sendOverDays(n int) []int {
	s.Helper()
	days := make([]int, n)
	begun := s.now
	left, _ := s.sendAll(time.Duration(n)*24*time.Hour - time.Second)
	for _, at := range left {
		days[at.Sub(begun)/(24*time.Hour)]++
	}
	return days
}

// To name one limit leaves the others as they are at the number's age, at the
// moment of the claim: those of the first month end with it.
func TestNamingOneLimitDoesNotFreezeTheOthers(t *testing.T) {
	s := newShop(t, 0, "")
	s.age(29 * 24 * time.Hour)
	s.lift("gap=0")
	n, err := s.book.Number(s.number)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		at   time.Time
		want int
	}{{s.now, 40}, {s.now.Add(24*time.Hour - time.Second), 40}, {s.now.Add(24 * time.Hour), 150}} {
		if got := n.Pace(test.at); got.Day != test.want || got.Gap != (campaign.Span{}) {
			t.Errorf("at %v it may send %d a day with a gap of %v, want %d and none", test.at, got.Day, got.Gap, test.want)
		}
	}
}

func TestChangedLimitHoldsFromTheNextClaimOn(t *testing.T) {
	s := newShop(t, 10, "")
	s.start("")
	if _, hold, ok := s.send(); !ok {
		t.Fatalf("held by %q", hold.Reason)
	}
	s.limit("day=2")
	if _, hold, ok := s.send(); !ok {
		t.Fatalf("held by %q", hold.Reason)
	}
	if _, hold, ok := s.send(); ok || hold.Reason != reason.HoldDay {
		t.Errorf("the third is held by %q, want the daily limit", hold.Reason)
	}
	s.limit("day=3")
	if _, hold, ok := s.send(); !ok {
		t.Errorf("held by %q", hold.Reason)
	}
}

// Two windows with nothing in common are refused at the start, and hold if they
// come about later; the zero values of both would be "always open".
func TestHoursThatNeverMeetAreRefusedAndHold(t *testing.T) {
	for _, test := range []struct{ name, number, own string }{
		{"hours", "hours=09:00-12:00", "hours=12:00-20:00"},
		{"weekdays", "weekdays=mon-fri", "weekdays=sat,sun"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 3, test.number)
			c, err := s.write(test.own)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := desk(s.book).Start(c.ID, s.now); !errors.Is(err, store.ErrState) || !strings.Contains(err.Error(), string(reason.CampaignShut)) {
				t.Errorf("to start it got %v", err)
			}
			s.limit("")
			if _, err := desk(s.book).Start(c.ID, s.now); err != nil {
				t.Fatal(err)
			}
			s.limit(test.number)
			for range 3 {
				if got := s.claim(); got.Delivery != nil || got.Hold.Reason != reason.HoldShut || !got.Hold.Until.IsZero() {
					t.Fatalf("got %+v, want a hold without an end", got)
				}
				s.now = s.now.Add(31 * time.Hour)
			}
			s.limit("")
			s.now = time.Date(2026, 3, 7, 13, 0, 0, 0, monday.Location())
			if _, hold, ok := s.send(); !ok {
				t.Errorf("held by %q", hold.Reason)
			}
		})
	}
}

// Nobody gets a second campaign within the days that the number, or the
// campaign, leaves between two.
func TestOnePersonIsLeftAlonePerPersonLimit(t *testing.T) {
	for _, test := range []struct {
		name, number, own string
		after             time.Duration
		skipped           bool
	}{
		{"within the number's seven days", "per-person=7d", "", 7*24*time.Hour - time.Second, true},
		{"after them", "per-person=7d", "", 7 * 24 * time.Hour, false},
		{"within the campaign's longer ones", "per-person=7d", "per-person=10d", 8 * 24 * time.Hour, true},
		{"a campaign's shorter ones have no effect", "per-person=7d", "per-person=1d", 2 * 24 * time.Hour, true},
		{"no limit", "", "", time.Second, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 1, test.number)
			s.start("")
			if _, hold, ok := s.send(); !ok {
				t.Fatalf("held by %q", hold.Reason)
			}
			s.now = s.now.Add(test.after)
			s.beside(2)
			id := s.start(test.own)
			sent, _, ok := s.send()
			if !ok || (sent.Seq == 0) == test.skipped {
				t.Errorf("sent again: %+v, %v", sent, ok)
			}
			got, err := s.book.Delivery(id, 0)
			if err != nil {
				t.Fatal(err)
			}
			if skipped := got.State == campaign.Skipped && got.Reason.Code == reason.DeliveryPerPerson; skipped != test.skipped {
				t.Errorf("it is %v (%s)", got.State, got.Reason)
			}
		})
	}
}

// desk is where the person of a test changes the book.
func desk(b *store.Book) *store.Desk {
	return b.Desk(store.Actor{Name: "ana", Role: store.Admin, From: "test"})
}
