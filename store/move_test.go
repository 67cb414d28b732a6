package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// another links one more number, without limits.
func (y *yard) another(name string, phone people.Phone) campaign.NumberID {
	y.Helper()
	n, err := desk(y.book).AddNumber(name)
	ok(y.T, err)
	_, err = y.book.LinkNumber(n.ID, phone, string(phone[1:])+":1@s.whatsapp.net", y.now)
	ok(y.T, err)
	_, err = desk(y.book).SetLimits(n.ID, campaign.Pace{}.All())
	ok(y.T, err)
	return n.ID
}

// knows says that people have chats with a number.
func (y *yard) knows(n campaign.NumberID, who ...int) {
	y.Helper()
	for _, i := range who {
		ok(y.T, y.book.Saw(n, []people.Seen{{Phone: yardPhone(i), LID: string(yardPhone(i)[1:]), Known: true}}))
	}
}

// fleet is a campaign to so many by two numbers: the first three people know the
// first alone, the fourth both, and the fifth the second.
func (y *yard) fleet() (id campaign.ID, a, b campaign.NumberID) {
	y.Helper()
	a, b = y.number, y.another("outra", "+5511911112222")
	y.knows(a, 0, 1, 2, 3)
	y.knows(b, 3, 4)
	c, err := desk(y.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi"})
	ok(y.T, err)
	ok(y.T, only(desk(y.book).Start(c.ID, y.now)))
	return c.ID, a, b
}

// homes are how many wait for each number.
func (y *yard) homes(id campaign.ID) map[campaign.NumberID]int {
	y.Helper()
	all, err := y.book.Deliveries(id, -1, 1000)
	ok(y.T, err)
	homes := make(map[campaign.NumberID]int)
	for _, d := range all {
		if d.State == campaign.Queued {
			homes[d.Number]++
		}
	}
	return homes
}

// move moves, and checks how many went and stayed.
func (y *yard) move(id campaign.ID, from campaign.NumberID, all bool, count int, stayed map[reason.Code]int) {
	y.Helper()
	got, err := desk(y.book).MoveNumber(y.Context(), id, from, all, y.now)
	if err != nil || got.Count != count || !maps.Equal(got.Stayed, stayed) {
		y.Errorf("%+v, %v; want %d and %v", got, err, count, stayed)
	}
	y.sound()
}

func (y *yard) refused(id campaign.ID, from campaign.NumberID, want reason.Code) {
	y.Helper()
	if _, err := desk(y.book).MoveNumber(y.Context(), id, from, false, y.now); !errors.Is(err, ErrState) || reason.Of(err).Code != want {
		y.Errorf("%v, want %s", err, want)
	}
}

// TestAStoppedNumberClaimsNothingForItsCampaign, and something for another one.
func TestAStoppedNumberClaimsNothingForItsCampaign(t *testing.T) {
	y := newYard(t, 12)
	id, a, b := y.fleet()
	on := y.claim()
	ok(t, only(desk(y.book).StopNumber(id, a, true)))
	ok(t, y.book.Settle(*on, campaign.Outcome{Kind: campaign.Accepted}, y.now)) // it was on its way
	if d := y.claim(); d != nil {
		t.Errorf("it claims %+v", d)
	}
	f, err := y.book.Forecast(t.Context(), id, y.now)
	if err != nil || f.Stuck != y.homes(id)[a] || f.Left != f.Stuck+y.homes(id)[b] || f.Binds.Reason != reason.HoldStopped {
		t.Errorf("the forecast is %+v, %v; %v wait", f, err, y.homes(id))
	}
	other := y.draft(campaign.Campaign{Numbers: []campaign.NumberID{a}})
	ok(t, only(desk(y.book).Begin(t.Context(), other, y.now)))
	y.finish(other)
	if d := y.claim(); d == nil || d.Campaign != other {
		t.Errorf("for another campaign it claims %+v", d)
	} else {
		ok(t, y.book.Settle(*d, campaign.Outcome{Kind: campaign.Accepted}, y.now))
	}
	if f, err := y.book.Forecast(t.Context(), other, y.now); err != nil || f.Stuck != 0 {
		t.Errorf("the forecast of that is %+v, %v", f, err)
	}
	if _, err := desk(y.book).StopNumber(id, a, true); reason.Of(err).Code != reason.StopAlready {
		t.Errorf("twice: %v", err)
	}
	if _, err := desk(y.book).StopNumber(other, b, true); !errors.Is(err, ErrNotFound) {
		t.Errorf("one of another campaign: %v", err)
	}
	y = y.copied()
	ok(t, only(desk(y.book).Cancel(other)))
	if d := y.claim(); d != nil {
		t.Errorf("after a death it claims %+v", d)
	}
	ok(t, only(desk(y.book).StopNumber(id, a, false)))
	if d := y.claim(); d == nil || d.Campaign != id {
		t.Errorf("when it may again it claims %+v", d)
	}
}

// TestWhatANumberHasNotClaimedGoesToTheOthers: who knows it alone stays unless asked
// for, and is a new chat then; what was tried stays; everybody gets it once.
func TestWhatANumberHasNotClaimedGoesToTheOthers(t *testing.T) {
	y := newYard(t, 24)
	id, a, b := y.fleet()
	had := y.homes(id)
	y.refused(id, a, reason.MoveSends)
	tried := y.claim()
	ok(t, y.book.Settle(*tried, campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.HoldOffline)}, y.now))
	ok(t, only(desk(y.book).StopNumber(id, a, true)))
	y.move(id, a, false, had[a]-3, map[reason.Code]int{reason.MoveClaimed: 1, reason.MoveKnown: 2})
	if got := y.homes(id); got[a] != 3 || got[b] != had[a]+had[b]-3 {
		t.Errorf("%v wait, before %v", got, had)
	}
	y.move(id, a, true, 2, map[reason.Code]int{reason.MoveClaimed: 1})
	all, err := y.book.Deliveries(id, -1, 100)
	ok(t, err)
	for i, d := range all {
		if want := d.Seq != tried.Seq && i != 3 && i != 4; d.Number == b && d.New != want {
			t.Errorf("%s is a new chat: %v", d.Name, d.New)
		}
	}
	y.number = b
	sent := y.sends(23)
	if slices.Contains(sent, tried.Name) {
		t.Errorf("what was tried by another number leaves by this one")
	}
	y.claim() // nothing is left but what waits on the stopped one
	y.is(id, campaign.Paused, campaign.Counts{campaign.Queued: 1, campaign.Sent: 23})
	y.number = a
	ok(t, only(desk(y.book).StopNumber(id, a, false)))
	ok(t, only(desk(y.book).Resume(id)))
	y.now = y.now.Add(time.Minute)
	y.sends(1)
	y.is(id, campaign.Finished, campaign.Counts{campaign.Sent: 24})
	y.sound()
}

// TestNothingMovesAroundALimit, a restriction or a ban.
func TestNothingMovesAroundALimit(t *testing.T) {
	limited := func(spec string) func(y *yard, id campaign.ID, a, b campaign.NumberID) {
		return func(y *yard, _ campaign.ID, a, _ campaign.NumberID) {
			l, err := campaign.ParseLimits(campaign.Pace{}.All(), spec)
			ok(y.T, err)
			_, err = desk(y.book).SetLimits(a, l)
			ok(y.T, err)
			for range 5 {
				if d := y.claim(); d != nil {
					ok(y.T, y.book.Settle(*d, campaign.Outcome{Kind: campaign.Accepted}, y.now))
				}
			}
		}
	}
	stand := func(which int, s campaign.Standing) func(y *yard, id campaign.ID, a, b campaign.NumberID) {
		return func(y *yard, _ campaign.ID, a, b campaign.NumberID) {
			ok(y.T, y.book.SetStanding([]campaign.NumberID{a, b}[which], s))
		}
	}
	for name, c := range map[string]struct {
		spoil func(y *yard, id campaign.ID, a, b campaign.NumberID)
		want  reason.Code
		moved int // if it is not refused
		stays map[reason.Code]int
	}{
		"sent all it may in a day":   {limited("day=5"), reason.MoveCapped, 0, nil},
		"sent all it may in an hour": {limited("hour=5"), reason.MoveCapped, 0, nil},
		"all new chats of a day":     {limited("new-day=1"), "", 0, map[reason.Code]int{reason.MoveClosed: 8}},
		"it may open no chats": {func(y *yard, id campaign.ID, a, b campaign.NumberID) {
			stand(0, campaign.Standing{State: campaign.Restricted, Closed: time.Now().Add(time.Hour)})(y, id, a, b)
			all, err := y.book.Deliveries(id, -1, 100)
			ok(y.T, err)
			i := slices.IndexFunc(all, func(d campaign.Delivery) bool { return d.Number == a && d.New })
			y.knows(b, i) // for the other one it is no new chat
		}, "", 1, map[reason.Code]int{reason.MoveClosed: 8, reason.MoveKnown: 3}},
		"the other one is banned":      {stand(1, campaign.Standing{State: campaign.Banned}), reason.MoveNobody, 0, nil},
		"the other one needs somebody": {stand(1, campaign.Standing{State: campaign.Blocked}), reason.MoveNobody, 0, nil},
		"the other one is not linked": {func(y *yard, _ campaign.ID, _, b campaign.NumberID) {
			ok(y.T, y.book.UnlinkNumber(b, campaign.Standing{State: campaign.LoggedOut}))
		}, reason.MoveNobody, 0, nil},
		"the other one is stopped": {func(y *yard, id campaign.ID, _, b campaign.NumberID) {
			ok(y.T, only(desk(y.book).StopNumber(id, b, true)))
		}, reason.MoveNobody, 0, nil},
		"nothing":                   {func(*yard, campaign.ID, campaign.NumberID, campaign.NumberID) {}, "", 9, map[reason.Code]int{reason.MoveKnown: 3}},
		"sent some without a limit": {limited(""), "", 7, nil},
	} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t, 24)
			id, a, b := y.fleet()
			c.spoil(y, id, a, b)
			ok(t, only(desk(y.book).StopNumber(id, a, true)))
			if c.want != "" {
				had := y.homes(id)
				y.refused(id, a, c.want)
				if got := y.homes(id); !maps.Equal(got, had) {
					t.Errorf("%v wait, before %v", got, had)
				}
				return
			}
			y.move(id, a, false, c.moved, c.stays)
		})
	}
}

// TestABannedNumberGivesAwayWhoIsNoStranger to the other: a ban is about its new
// chats, and they are not opened by another number instead.
func TestABannedNumberGivesAwayWhoIsNoStranger(t *testing.T) {
	y := newYard(t, 24)
	id, a, b := y.fleet()
	all, err := y.book.Deliveries(id, -1, 100)
	ok(t, err)
	strangers := 0
	for i, d := range all {
		if d.Number != a || !d.New {
			continue
		}
		if strangers++; strangers <= 2 {
			y.knows(b, i) // for the other one it is no new chat
		}
	}
	ok(t, y.book.SetStanding(a, campaign.Standing{State: campaign.Banned, Until: y.now.Add(48 * time.Hour)}))
	y.move(id, a, false, 2, map[reason.Code]int{reason.MoveClosed: strangers - 2, reason.MoveKnown: 3})
	y.move(id, a, true, 3, map[reason.Code]int{reason.MoveClosed: strangers - 2})
}

// TestAnIdleNumberGivesAwayWhatItHas: one that has no link, or is offline, unasked.
func TestAnIdleNumberGivesAwayWhatItHas(t *testing.T) {
	for name, out := range map[string]func(y *yard, a campaign.NumberID){
		"unlinked": func(y *yard, a campaign.NumberID) {
			ok(y.T, y.book.UnlinkNumber(a, campaign.Standing{State: campaign.LoggedOut}))
		},
		"offline": func(y *yard, a campaign.NumberID) { y.book.Held(a, campaign.Hold{Reason: reason.HoldOffline}) },
	} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t, 24)
			id, a, b := y.fleet()
			third := y.another("terceira", "+5511911113333")
			_ = third
			out(y, a)
			y.move(id, a, false, 9, map[reason.Code]int{reason.MoveKnown: 3})
			y.refused(id, b, reason.MoveSends)
		})
	}
}

// TestAMoveThatDiesAtAnyCommitGoesOn, also through a cancel.
func TestAMoveThatDiesAtAnyCommitGoesOn(t *testing.T) {
	y := newYard(t, 48)
	id, a, b := y.fleet()
	y.book.stop(campaignJobKey(id), errors.New("the test does it"))
	ok(t, only(desk(y.book).StopNumber(id, a, true)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := desk(y.book).MoveNumber(ctx, id, a, false, y.now); !errors.Is(err, ErrGoesOn) {
		t.Fatal(err)
	}
	y.refused(id, a, reason.MoveGoesOn)
	commits := 0
	for more := true; more; more = y.chunk(id) {
		commits++
		z := y.copied()
		rest(t, z.book)
		z.sound()
		if got := z.homes(id); got[a] != 3 || got[b] != 45 {
			t.Errorf("%d commits, a death: %v", commits, got)
		}
		z.number = b
		z.sends(45)
		if commits == 2 {
			z := y.copied()
			_, err := desk(z.book).Cancel(id)
			ok(t, err)
			rest(t, z.book)
			z.sound()
			z.is(id, campaign.Cancelled, campaign.Counts{campaign.Skipped: 48})
			ok(t, z.book.view(func(tx *bolt.Tx) error {
				entries, err := askedTx(tx)
				if len(entries) > 0 {
					t.Errorf("cancelled, and in the audit it goes on: %+v", entries)
				}
				return err
			}))
		}
	}
	if commits < 4 {
		t.Errorf("it was done in %d commits", commits)
	}
}

// TestWhoShowsNoPhoneIsMovedToNobodyElse, and who is offline gets nothing while
// somebody else is online.
func TestWhoShowsNoPhoneIsMovedToNobodyElse(t *testing.T) {
	y := newYard(t, 4)
	a, b, c := y.number, y.another("outra", "+5511911112222"), y.another("terceira", "+5511911113333")
	ok(t, y.book.Saw(a, []people.Seen{{LID: "77", Name: "Sem telefone", Source: people.PushName, Known: true}}))
	ok(t, y.book.Saw(a, []people.Seen{{LID: "88", Name: "Das duas", Source: people.PushName, Known: true}}))
	made, err := desk(y.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", Numbers: []campaign.NumberID{a, b, c}})
	ok(t, err)
	ok(t, only(desk(y.book).Start(made.ID, y.now)))
	ok(t, y.book.Saw(b, []people.Seen{{LID: "88", Known: true}}))
	had := y.homes(made.ID)
	y.book.Held(c, campaign.Hold{Reason: reason.HoldOffline})
	ok(t, only(desk(y.book).StopNumber(made.ID, a, true)))
	y.move(made.ID, a, true, had[a]-1, map[reason.Code]int{reason.DeliveryOtherNumber: 1})
	if got := y.homes(made.ID); got[a] != 1 || got[b] != had[b]+had[a]-1 || got[c] != had[c] {
		t.Errorf("%v wait, before %v", got, had)
	}
}
