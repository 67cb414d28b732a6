package session

import (
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
)

// Whatever our own clock says, an answer is an answer from the moment at which
// its message left, and no delivery is read before it was sent.
func TestAnswerCountsWhateverOurClockSays(t *testing.T) {
	for _, c := range []struct {
		name  string
		ahead time.Duration // our clock
		told  bool          // by the login
	}{
		{"right", 0, true},
		{"five minutes ahead", 5 * time.Minute, true},
		{"an hour ahead", time.Hour, true},
		{"two days ahead", 48 * time.Hour, true},
		{"a month ahead", 30 * 24 * time.Hour, true},
		{"five minutes behind", -5 * time.Minute, true},
		{"a month behind", -30 * 24 * time.Hour, true},
		{"right, and the login says nothing", 0, false},
		{"an hour ahead, and the login says nothing", time.Hour, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, simulator.Config{People: 3, Reads: 1}, func(r *rig) {
				r.service.SetSkew(-c.ahead)
				r.service.TellTime(c.told)
				id, phone := r.linked("loja")
				stop := r.lanes()
				defer stop()
				camp := r.campaignTo(r.someone(0), "olá")
				r.awaitDelivery(camp, campaign.Read)
				time.Sleep(10 * time.Second)
				there := time.Now().Add(-c.ahead)
				if _, err := r.service.Say(r.someone(0).Phone, phone, "quero"); err != nil {
					r.Fatal(err)
				}
				d := r.awaitDelivery(camp, campaign.Replied)
				if d.RepliedAt.Sub(there).Abs() > 2*time.Second {
					r.Errorf("answered at %v, want %v", d.RepliedAt, there)
				}
				// Until the service has told it all, one message is claimed by what is known.
				if c.told && c.ahead.Abs() < 3*24*time.Hour {
					times := []time.Time{d.Claimed.Add(-campaign.Tolerance), d.Accepted, d.Arrived, d.ReadAt, d.RepliedAt}
					for i := range times[1:] {
						if times[i+1].Before(times[i].Add(-2 * time.Second)) {
							r.Errorf("its times are %v", times)
						}
					}
				}
				if got := r.clock.Now().Sub(time.Now().Add(-c.ahead)).Abs(); got > campaign.Tolerance {
					r.Errorf("after a message the clock is %v off", got)
				}
				if got := r.snapshot(id).Skew - c.ahead; got.Abs() > campaign.Tolerance {
					r.Errorf("our clock is said to be %v ahead, want %v", got+c.ahead, c.ahead)
				}
			})
		})
	}
}

// A ban, and a restriction whose end the service did not tell, last for as long
// as they last, also if our clock was ahead when they were written down.
func TestStandingWrittenByAClockThatWasAheadEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		state campaign.NumberState
		lasts time.Duration
		ends  time.Duration // from now
	}{
		{"a ban", campaign.Banned, 5 * time.Hour, 5 * time.Hour},
		{"a restriction without an end", campaign.Restricted, lockUnknown, lockUnknown},
		{"a restriction that the service told", campaign.Restricted, 25 * time.Hour, 73 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, simulator.Config{People: 2}, func(r *rig) {
				id, _ := r.linked("loja")
				r.close()
				wrong := time.Now().Add(48 * time.Hour)
				if r.book = r.openBook(); r.book.SetStanding(id, campaign.Standing{State: c.state, Since: wrong, Until: wrong.Add(c.lasts)}) != nil {
					r.Fatal("write a standing down")
				}
				if err := r.book.Close(); err != nil {
					r.Fatal(err)
				}
				r.service.Fault(simulator.Rule{On: simulator.Query, Query: "w:mex", Do: simulator.Silence}) // nobody says how it stands
				begun := time.Now()
				r.open()
				closed := func(s Snapshot) bool {
					return s.State == campaign.Banned || r.pool.Sender(id).Ready().NewChats.Reason != ""
				}
				time.Sleep(c.ends - time.Hour)
				if s := r.snapshot(id); !closed(s) {
					r.Errorf("after %v it is %v", time.Since(begun), s.State)
				}
				time.Sleep(time.Hour + 2*time.Minute)
				if s := r.snapshot(id); closed(s) {
					r.Errorf("after %v it is %v until %v", time.Since(begun), s.State, s.Until)
				}
				if n, err := r.book.Number(id); err != nil || n.Standing.State != campaign.Online {
					r.Errorf("in the book it stands as %v, %v", n.Standing.State, err)
				}
			})
		})
	}
}

func TestRestrictionEndsWithinAYear(t *testing.T) {
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct{ told, want time.Duration }{
		{-time.Second, lockUnknown},
		{time.Hour, time.Hour},
		{90 * 24 * time.Hour, 90 * 24 * time.Hour},
		{lockLongest, lockLongest},
		{50 * lockLongest, lockLongest},
	} {
		if got := (timelock{Ends: number64(now.Add(c.told).Unix())}).until(now); !got.Equal(now.Add(c.want)) {
			t.Errorf("told to end in %v: it ends in %v, want %v", c.told, got.Sub(now), c.want)
		}
	}
}

// A sign of life from the future hides nothing: the phone is asked, and its
// next sign is the one that counts.
func TestPhoneSeenInTheFutureIsAsked(t *testing.T) {
	inBubble(t, simulator.Config{People: 2}, func(r *rig) {
		id, _ := r.linked("loja")
		r.close()
		r.book = r.openBook()
		if err := r.book.SawPhone(id, time.Now().Add(60*24*time.Hour)); err != nil {
			r.Fatal(err)
		}
		if err := r.book.Close(); err != nil {
			r.Fatal(err)
		}
		r.open()
		r.await(id, "seen now", func(s Snapshot) bool { ago := time.Since(s.Number.Seen); return ago >= 0 && ago < time.Hour })
		n, err := r.book.Number(id)
		if ago := time.Since(n.Seen); err != nil || ago < 0 || ago > time.Hour {
			r.Errorf("in the book it was seen %v ago, %v", ago, err)
		}
	})
}

// The clock moves with the login, and what is waited for meanwhile is waited
// for no longer and no shorter: the code on the screen, the texts that arrived
// while away, a wish to slow down.
func TestWaitsAreNotMovedWithTheClock(t *testing.T) {
	for _, ahead := range []time.Duration{2 * 24 * time.Hour, -2 * 24 * time.Hour} {
		inBubble(t, simulator.Config{People: 2}, func(r *rig) {
			r.service.SetSkew(-ahead)
			id := r.add("loja")
			s := r.linking(id)
			if life := s.QRUntil.Sub(r.clock.Now()); life <= 0 || life > 2*time.Minute {
				r.Errorf("the code dies in %v", life)
			}
			if _, err := r.service.ScanAs(s.QR, ""); err != nil {
				r.Fatal(err)
			}
			r.awaitWithin(id, "online", 2*time.Minute, func(s Snapshot) bool { return s.State == campaign.Online })
			other := r.add("outra")
			if err := r.pool.Link(other); err != nil {
				r.Fatal(err)
			}
			if life := r.awaitCode(other).QRUntil.Sub(r.clock.Now()); life <= 0 || life > 2*time.Minute {
				r.Errorf("the code of another number dies in %v", life)
			}
			r.pool.CancelLink(other)
			n := r.pool.known(id)
			n.slowDown()
			if hold := r.pool.Sender(id).Ready().Hold; hold.Reason != reason.HoldRateLimit || hold.Until.Sub(r.clock.Now()) != slowPause {
				r.Errorf("asked to slow down: %+v", hold)
			}
			r.clock.Told(time.Now(), time.Now(), time.Now()) // moved back by as much
			if hold := r.pool.Sender(id).Ready().Hold; hold.Until.Sub(r.clock.Now()) != slowPause {
				r.Errorf("after the clock was moved it waits for %v", hold.Until.Sub(r.clock.Now()))
			}
			time.Sleep(slowPause)
			if hold := r.pool.Sender(id).Ready().Hold; hold.Reason != "" {
				r.Errorf("then: %+v", hold)
			}
		})
	}
}

func TestPastLiesInThePast(t *testing.T) {
	inBubble(t, simulator.Config{People: 2}, func(r *rig) {
		id, _ := r.linked("loja")
		l, now := r.pool.known(id).look().client, r.clock.Now()
		for _, c := range []struct{ told, want time.Time }{
			{now.Add(-time.Hour), now.Add(-time.Hour)},
			{now, now},
			{now.Add(time.Second), now},
			{now.Add(1000 * time.Hour), now},
			{time.Time{}, now},
			{time.Unix(0, 0), now},
		} {
			if got := l.happened(c.told); !got.Equal(c.want) {
				r.Errorf("told %v: %v, want %v", c.told, got, c.want)
			}
		}
	})
}
