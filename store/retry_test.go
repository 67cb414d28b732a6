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

// underWay is a campaign to everybody that is being sent.
func (y *yard) underWay() campaign.ID {
	y.Helper()
	c, err := desk(y.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi"})
	ok(y.T, err)
	ok(y.T, only(desk(y.book).Start(c.ID, y.now)))
	return c.ID
}

// settles lets the next messages end so, in turn, and returns them as they were
// claimed.
func (y *yard) settles(outcomes ...campaign.Outcome) (all []campaign.Delivery) {
	y.Helper()
	for _, o := range outcomes {
		d := y.claim()
		if d == nil {
			y.Fatal("nothing more is claimed")
		}
		ok(y.T, y.book.Settle(*d, o, y.now))
		all = append(all, *d)
	}
	return all
}

// retry tries again, and checks how many wait and stay.
func (y *yard) retry(id campaign.ID, count int, stayed map[reason.Code]int, kinds ...reason.Code) {
	y.Helper()
	got, err := desk(y.book).Retry(y.Context(), id, kinds...)
	if err != nil || got.Count != count || !maps.Equal(got.Stayed, stayed) {
		y.Errorf("%+v, %v; want %d and %v", got, err, count, stayed)
	}
	y.sound()
}

func (y *yard) notRetried(id campaign.ID, want reason.Code, kinds ...reason.Code) {
	y.Helper()
	if _, err := desk(y.book).Retry(y.Context(), id, kinds...); !errors.Is(err, ErrState) || reason.Of(err).Code != want {
		y.Errorf("%v, want %s", err, want)
	}
	y.sound()
}

var (
	accepted  = campaign.Outcome{Kind: campaign.Accepted}
	strangers = campaign.Outcome{Kind: campaign.Refused, Code: 463, Reason: reason.New(reason.RefusedStrangers)}
	badText   = campaign.Outcome{Kind: campaign.Refused, Code: 400, Reason: reason.New(reason.RefusedText)}
	barredOne = campaign.Outcome{Kind: campaign.Refused, Code: 403, Reason: reason.New(reason.RefusedPerson)}
	unknown   = campaign.Outcome{Kind: campaign.Unknown, Reason: reason.New(reason.DeliveryNoAnswer)}
)

// TestWhatDidNotLeaveIsTriedAgain by its kind: each goes once, under the id that it
// had, with the text that the campaign has by then; who is in doubt, and who may not
// be written to, is left alone. A finished campaign runs again.
func TestWhatDidNotLeaveIsTriedAgain(t *testing.T) {
	y := newYard(t, 8)
	id := y.underWay()
	did := y.settles(strangers, badText, accepted, strangers, barredOne, accepted, unknown)
	ok(t, only(desk(y.book).Pause(id)))
	y.retry(id, 1, nil, reason.RefusedText)
	y.is(id, campaign.Paused, campaign.Counts{campaign.Queued: 2, campaign.Sent: 2, campaign.Failed: 3, campaign.Unsure: 1})
	c, err := y.book.Campaign(id)
	ok(t, err)
	ok(t, only(desk(y.book).FixText(id, 0, c.Text, "Bom dia, {nome}")))
	ok(t, only(desk(y.book).Resume(id)))
	again := y.settles(accepted, accepted)
	if one := again[0]; one.Seq != did[1].Seq || one.Message != did[1].Message || one.Text != "Bom dia, "+one.Name || one.Attempts != 1 || !one.Claimed.Equal(y.now) {
		t.Errorf("again it is %+v, before %+v", one, did[1])
	}
	if one := again[1]; one.Message == "" || one.Message == one.Message[:4] {
		t.Errorf("the last one is %+v", one)
	}
	ok(t, only(desk(y.book).Decide(id, did[6].Seq, campaign.Arrived, y.now)))
	y.is(id, campaign.Finished, campaign.Counts{campaign.Sent: 5, campaign.Failed: 3})
	y.now = y.now.Add(time.Hour)
	ok(t, only(desk(y.book).Archive(id, true)))
	y.retry(id, 2, nil)
	if c := y.is(id, campaign.Running, campaign.Counts{campaign.Queued: 2, campaign.Sent: 5, campaign.Failed: 1}); c.Archived {
		t.Error("it runs and is hidden")
	}
	y = y.copied()
	again = y.settles(accepted, strangers)
	if again[0].Message != did[0].Message || again[1].Message != did[3].Message || !again[0].Claimed.Equal(y.now) {
		t.Errorf("again they are %+v", again)
	}
	y.is(id, campaign.Finished, campaign.Counts{campaign.Sent: 6, campaign.Failed: 2})
	y.retry(id, 1, nil, reason.RefusedStrangers, reason.RefusedText)
	y.sends(1)
	y.notRetried(id, reason.RetryNothing)
	y.notRetried(id, reason.RetryNothing, reason.RefusedPerson)
	if verified, err := y.book.Verify(t.Context()); err != nil || len(verified.Findings) > 0 {
		t.Errorf("the evidence: %+v, %v", verified, err)
	}
}

// TestAMessageThatIsTriedAgainIsTriedAsOften as a new one.
func TestAMessageThatIsTriedAgainIsTriedAsOften(t *testing.T) {
	y := newYard(t, 1)
	id := y.underWay()
	off := campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.HoldOffline)}
	for range 2 {
		tries := 0
		for d := y.claim(); d != nil; d = y.claim() {
			ok(t, y.book.Settle(*d, off, y.now))
			tries++
			y.now = y.now.Add(time.Hour)
		}
		if tries != 10 {
			t.Errorf("it is tried %d times", tries)
		}
		y.is(id, campaign.Finished, campaign.Counts{campaign.Failed: 1})
		y.retry(id, 1, nil)
	}
	d := y.claim()
	ok(t, y.book.Settle(*d, unknown, y.now)) // as young as a new one: it is tried once more
	y.now = y.now.Add(time.Hour)
	if again := y.claim(); again == nil || again.Message != d.Message || again.Text != d.Text {
		t.Errorf("in doubt it becomes %+v", again)
	}
}

// TestWhoseWhatsAppDidNotAnswerIsAskedAboutAgain: a phone about which the service said
// nothing was left out for that.
func TestWhoseWhatsAppDidNotAnswerIsAskedAboutAgain(t *testing.T) {
	y := newYard(t, 1)
	id := y.underWay()
	for range 20 {
		got, err := ClaimApart(y.book, campaign.Claim{Number: y.number, Ready: campaign.Readiness{Link: 1, Since: y.now.Add(-time.Hour)}, Now: y.now})
		ok(t, err)
		if len(got.Check) > 0 {
			ok(t, y.book.Answered(y.number, got.Check, nil, y.now))
		}
		y.now = y.now.Add(campaign.UnheardPause / 2)
	}
	y.is(id, campaign.Finished, campaign.Counts{campaign.Skipped: 1})
	if some, err := y.book.Retriable(t.Context(), id); err != nil || !maps.Equal(some, map[reason.Code]int{reason.DeliveryNoAnswer: 1}) {
		t.Fatalf("%v, %v", some, err)
	}
	y.retry(id, 1, nil)
	y.sends(1)
	y.is(id, campaign.Finished, campaign.Counts{campaign.Sent: 1})
}

// TestARetryLooksAtEverythingAnew: who has left since is not written to, nor who got
// another campaign too lately; who was erased stays what they were, and so does what
// belongs to a number that cannot send.
func TestARetryLooksAtEverythingAnew(t *testing.T) {
	y := newYard(t, 5)
	id := y.underWay()
	did := y.settles(strangers, strangers, strangers, strangers)
	ok(t, only(desk(y.book).Pause(id)))
	phone := func(i int) people.Phone { return did[i].Phone }
	ok(t, y.book.Heard(y.number, campaign.Incoming{From: people.Seen{Phone: phone(0), LID: string(phone(0)[1:])}, Text: "SAIR", At: y.now}))
	ok(t, desk(y.book).Erase(t.Context(), did[1].Contact))
	rest(t, y.book)
	ok(t, y.book.SetStanding(y.number, campaign.Standing{State: campaign.Banned, Until: y.now.Add(time.Hour)}))
	y.retry(id, 0, map[reason.Code]int{reason.RetryNumber: 3, reason.DeliveryErased: 1})
	places, err := y.book.Places(t.Context(), id, campaign.PartFailed.Has)
	ok(t, err)
	who, err := y.book.PeopleAt(t.Context(), id, append(places, 99))
	if want := []people.ContactID{did[0].Contact, did[2].Contact, did[3].Contact}; err != nil || !slices.Equal(who, want) {
		t.Errorf("of those that failed, %v are there (%v), want %v", who, err, want)
	}
	ok(t, y.book.SetStanding(y.number, campaign.Standing{}))
	y.retry(id, 3, map[reason.Code]int{reason.DeliveryErased: 1})
	ok(t, only(desk(y.book).Resume(id)))
	y.sends(3) // the two, and the one that had not been tried
	y.is(id, campaign.Finished, campaign.Counts{campaign.Sent: 3, campaign.Failed: 1, campaign.Skipped: 1})
	got, err := y.book.Delivery(id, did[0].Seq)
	ok(t, err)
	if got.Reason.Code != reason.DeliveryOptedOut {
		t.Errorf("who has left is %+v", got)
	}
}

// TestOfSomeNothingIsTriedAgain: a campaign that is cancelled or not begun, a test,
// an answer, an undo; and nobody who only watches does it.
func TestOfSomeNothingIsTriedAgain(t *testing.T) {
	y := newYard(t, 3)
	draft := y.draft(campaign.Campaign{})
	y.notRetried(draft, reason.CampaignIs)
	id := y.underWay()
	y.settles(strangers)
	if _, err := y.book.Desk(Actor{Name: "ana", Role: Viewer}).Retry(t.Context(), id); !errors.Is(err, ErrRole) {
		t.Errorf("who only watches: %v", err)
	}
	test, err := SendTest(t.Context(), desk(y.book), id, y.person(2).ID, y.now)
	ok(t, err)
	rest(t, y.book)
	y.notRetried(test.ID, reason.RetryAside)
	ok(t, only(desk(y.book).Cancel(id)))
	rest(t, y.book)
	y.notRetried(id, reason.CampaignIs)
}

// TestARetryThatDiesAtAnyCommitGoesOn, also through a cancel; each goes once.
func TestARetryThatDiesAtAnyCommitGoesOn(t *testing.T) {
	y := newYard(t, 24)
	id := y.underWay()
	ok(t, only(desk(y.book).Pause(id)))
	ok(t, only(desk(y.book).Resume(id)))
	want := 0
	for i := range 24 {
		o := accepted
		if i%2 == 0 && i < 20 { // not five in a row
			o, want = strangers, want+1
		}
		y.settles(o)
	}
	y.is(id, campaign.Finished, campaign.Counts{campaign.Failed: want, campaign.Sent: 24 - want})
	y.book.stop(campaignJobKey(id), errors.New("the test does it"))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := desk(y.book).Retry(ctx, id); !errors.Is(err, ErrGoesOn) {
		t.Fatal(err)
	}
	if _, err := desk(y.book).Retry(ctx, id); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	y.notRetried(id, reason.MoveGoesOn)
	for more := true; more; more = y.chunk(id) {
		z := y.copied()
		rest(t, z.book)
		z.sound()
		z.is(id, campaign.Running, campaign.Counts{campaign.Queued: want, campaign.Sent: 24 - want})
		names := z.sends(want)
		slices.Sort(names)
		if len(slices.Compact(names)) != want {
			t.Errorf("it goes to %q", names)
		}
		z.is(id, campaign.Finished, campaign.Counts{campaign.Sent: 24})
		if c, err := y.book.Campaign(id); err != nil || c.Status != campaign.Running {
			continue // nothing waits yet
		}
		z = y.copied()
		z.book.stop(campaignJobKey(id), errors.New("the test does it"))
		ok(t, only(desk(z.book).Cancel(id)))
		z = z.copied()
		rest(t, z.book)
		z.sound()
		if c, err := z.book.Campaign(id); err != nil || c.Status != campaign.Cancelled {
			t.Errorf("cancelled: %+v, %v", c, err)
		}
		ok(t, z.book.view(func(tx *bolt.Tx) error {
			entries, err := askedTx(tx)
			if len(entries) > 0 {
				t.Errorf("cancelled, and in the audit it goes on: %+v", entries)
			}
			return err
		}))
	}
	y.is(id, campaign.Running, campaign.Counts{campaign.Queued: want, campaign.Sent: 24 - want})
}

// TestWhoWaitsAgainWaitsWithTheirZone: the nights of one zone hold up nobody of
// another, however the queue was before.
func TestWhoWaitsAgainWaitsWithTheirZone(t *testing.T) {
	y := newYard(t, 0)
	rows := []people.Row{
		{Line: 1, Phone: "+5511987650001", Name: "a"}, {Line: 2, Phone: "+5592987650002", Name: "b"},
		{Line: 3, Phone: "+5568987650003", Name: "c"}, {Line: 4, Phone: "+5511987650004", Name: "d"},
	}
	ok(t, only(desk(y.book).Import(t.Context(), rows, "zones.csv")))
	id := y.underWay()
	y.settles(strangers, strangers, strangers)
	ok(t, only(desk(y.book).Pause(id)))
	y.retry(id, 3, nil)
	groups := make(map[string]map[byte]bool)
	ok(t, y.book.view(func(tx *bolt.Tx) error {
		for k := range queueTable.Each(tx, queueTable.of(y.number, id)) {
			group, seq := queueTable.parts(k)
			d, err := deliveryTx(tx, deliveryKey(id, seq))
			if err != nil {
				return err
			}
			if groups[d.Zone] == nil {
				groups[d.Zone] = make(map[byte]bool)
			}
			groups[d.Zone][queueTable.zone(group)] = true
		}
		return nil
	}))
	seen := make(map[byte]bool)
	for zone, of := range groups {
		for b := range of {
			if seen[b] || len(of) != 1 {
				t.Errorf("%s waits in %v, all in %v", zone, of, groups)
			}
			seen[b] = true
		}
	}
	if len(groups) != 3 {
		t.Errorf("the zones are %v", groups)
	}
}
