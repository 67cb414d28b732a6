package session

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
)

// fleet is a backlog with numbers whose states a test sets on a clock of its own.
type fleet struct {
	*testing.T
	b    *backlog
	now  time.Time
	view map[campaign.NumberID]*view
}

func newFleet(t *testing.T, numbers int) *fleet {
	f := &fleet{T: t, b: newBacklog(), now: time.Now(), view: make(map[campaign.NumberID]*view)}
	for i := range numbers {
		v := &view{state: campaign.Offline}
		v.number.JID = "1@s.whatsapp.net"
		f.view[campaign.NumberID(i+1)] = v
	}
	return f
}

func (f *fleet) set(id campaign.NumberID, change func(*view)) {
	change(f.view[id])
	f.b.follow(id, f.view[id], f.now)
}

func (f *fleet) dials(id campaign.NumberID) {
	f.set(id, func(v *view) { v.state, v.until = campaign.Connecting, time.Time{} })
}
func (f *fleet) logsIn(id campaign.NumberID) {
	f.set(id, func(v *view) { v.login, v.lively = true, true })
}
func (f *fleet) hears(id campaign.NumberID) {
	f.set(id, func(v *view) { v.state, v.synced = campaign.Online, f.now })
}
func (f *fleet) drops(id campaign.NumberID, next time.Duration) {
	f.set(id, func(v *view) { v.login, v.lively, v.synced = false, false, time.Time{} })
	f.set(id, func(v *view) { v.state, v.until = campaign.Offline, f.now.Add(next) })
}

// comes connects a number that has nothing to hear.
func (f *fleet) comes(id campaign.NumberID) {
	f.dials(id)
	f.logsIn(id)
	f.hears(id)
}

// held checks for how long all are held, and by whom.
func (f *fleet) held(when string, want time.Duration, by campaign.NumberID) {
	f.Helper()
	hold := f.b.hold(f.now)
	got := time.Duration(0)
	if hold.Reason != "" {
		got = hold.Until.Sub(f.now)
	}
	if got != want || hold.Number != by {
		f.Errorf("%s: held for %v by %d, want %v by %d", when, got, hold.Number, want, by)
	}
}

func TestNobodySendsAtAStartBeforeAllHaveHeardOrAMinuteIsOver(t *testing.T) {
	f := newFleet(t, 3)
	for id := range f.view {
		f.dials(id)
	}
	f.now = f.now.Add(2 * time.Second)
	f.logsIn(1)
	f.hears(1)
	f.logsIn(2)
	f.hears(2)
	f.held("one is not connected", 58*time.Second, 3)
	f.now = f.now.Add(50 * time.Second)
	f.logsIn(3)
	f.held("it has not heard", time.Minute, 3)
	f.now = f.now.Add(10 * time.Second)
	f.hears(3)
	f.held("all have heard", 0, 0)
}

func TestANumberThatCannotConnectIsWaitedForAMinute(t *testing.T) {
	f := newFleet(t, 2)
	f.comes(1)
	f.comes(2)
	f.drops(2, time.Second)
	f.held("at once", time.Minute, 2)
	for range 12 {
		f.now = f.now.Add(4 * time.Second)
		f.dials(2)
		f.now = f.now.Add(time.Second)
		f.drops(2, time.Second)
	}
	f.held("after a minute", 0, 0)
	if !f.b.outrun(2, f.now) || f.b.outrun(1, f.now) {
		t.Errorf("outrun: %v and %v, want the second alone", f.b.outrun(1, f.now), f.b.outrun(2, f.now))
	}
	f.now = f.now.Add(time.Hour)
	f.dials(2)
	f.held("an hour later", 0, 0)
	f.logsIn(2)
	f.held("it is back and has a backlog", time.Minute, 2)
	f.now = f.now.Add(time.Minute)
	f.held("a backlog without an end", 0, 0)
	if !f.b.outrun(2, f.now) {
		t.Error("it is not said that the others go on")
	}
	f.hears(2)
	if f.b.outrun(2, f.now) {
		t.Error("it has heard everything and is called outrun")
	}
}

func TestANumberWhoseNextTryIsTooLateIsNotWaitedFor(t *testing.T) {
	f := newFleet(t, 2)
	f.comes(1)
	f.comes(2)
	f.drops(2, 5*time.Minute)
	f.held("refused for five minutes", 0, 0)
	f.now = f.now.Add(30 * time.Second)
	f.dials(2) // a person asked
	f.held("it tries", 30*time.Second, 2)
}

func TestWhoDoesNotComeByItselfIsNotWaitedFor(t *testing.T) {
	for _, s := range []campaign.NumberState{
		campaign.Unlinked, campaign.Linking, campaign.Banned, campaign.Blocked, campaign.LoggedOut, campaign.Outdated,
	} {
		f := newFleet(t, 2)
		f.comes(1)
		f.comes(2)
		f.drops(2, time.Second)
		f.set(2, func(v *view) { v.state = s })
		f.held(s.String(), 0, 0)
		if f.b.outrun(2, f.now) {
			t.Errorf("%v: called outrun", s)
		}
	}
	f := newFleet(t, 2)
	f.comes(1)
	f.set(2, func(v *view) { v.number.JID = "" })
	f.held("not linked", 0, 0)
}

func TestANumberThatComesAndGoesHoldsTheOthersForATenthOfTheTime(t *testing.T) {
	f := newFleet(t, 2)
	f.comes(1)
	f.comes(2)
	held, began := time.Duration(0), f.now
	for f.now.Sub(began) < 10*time.Hour {
		if hold := f.b.hold(f.now); hold.Reason != "" {
			held += time.Second
		}
		f.now = f.now.Add(time.Second)
		switch int(f.now.Sub(began)/time.Second) % 6 { // never up for long
		case 0:
			f.drops(2, time.Second)
		case 3:
			f.dials(2)
			f.logsIn(2)
		case 5:
			f.hears(2)
		}
	}
	// Of each of two purses a tenth, and what was in them at first.
	if most := 2*time.Hour + 4*time.Minute; held > most || held < 30*time.Minute {
		t.Errorf("held for %v of ten hours, want %v at most", held, most)
	}
}

func TestTheEndOfAnOutageOfAllBeginsTheWaitAnew(t *testing.T) {
	f := newFleet(t, 3)
	for id := range f.view {
		f.comes(id)
	}
	for id := range f.view {
		f.drops(id, time.Second)
	}
	f.now = f.now.Add(time.Hour)
	f.held("in the outage", 0, 0)
	f.comes(1)
	hold := f.b.hold(f.now)
	if hold.Number == 1 || hold.Until.Sub(f.now) != time.Minute {
		t.Errorf("when the first is back: %+v, want a minute for another", hold)
	}
	f.now = f.now.Add(10 * time.Second)
	f.comes(2)
	f.held("when the second is", 50*time.Second, 3)
	f.now = f.now.Add(10 * time.Second)
	f.drops(2, time.Second)
	f.comes(2)
	f.held("what one does alone begins nothing anew", 40*time.Second, 3)
}

func TestASlowConnectionIsWaitedForLikeOneThatIsLost(t *testing.T) {
	f := newFleet(t, 2)
	f.comes(1)
	f.comes(2)
	f.set(2, func(v *view) { v.lively, v.state = false, campaign.Offline })
	f.held("a ping is not answered", time.Minute, 2)
	f.set(2, func(v *view) { v.lively, v.state = true, campaign.Online })
	f.held("it is", 0, 0)
}

func BenchmarkBacklogOfAHundredNumbers(b *testing.B) {
	f := newFleet(&testing.T{}, 100)
	for id := range f.view {
		f.dials(id)
	}
	b.Run("ready", func(b *testing.B) {
		for b.Loop() {
			f.b.hold(f.now)
		}
	})
	b.Run("change", func(b *testing.B) {
		for b.Loop() {
			f.b.follow(7, f.view[7], f.now)
		}
	})
}

// pair is two numbers that are online, and everybody imported.
func (r *rig) pair() (a, b campaign.NumberID, phoneA, phoneB string, people []simulator.Person) {
	r.Helper()
	people = r.everybody()
	a, phoneA = r.linked("a")
	b, phoneB = r.linked("b")
	time.Sleep(newFor)
	return a, b, phoneA, phoneB, people
}

// promote starts a campaign to everybody that one number sends.
func (r *rig) promote(by campaign.NumberID) campaign.ID {
	r.Helper()
	return r.starts(campaign.Campaign{Name: "promo", Text: "oferta", Numbers: []campaign.NumberID{by}})
}

// sends is how many messages have left, not counting what phones are asked.
func (r *rig) sends() (n int) {
	for _, s := range r.service.Ledger().Stanzas() {
		if s.Kind != "peer" && s.Kind != "retry" {
			n++
		}
	}
	return n
}

// got reports whether somebody got anything.
func (r *rig) got(p simulator.Person) bool { return len(r.service.Ledger().SeenBy(p.Phone)) > 0 }

func TestANoThatWaitsAtASlowNumberIsHeardBeforeAFastOneSends(t *testing.T) {
	for name, fault := range map[string]simulator.Rule{
		"without a fault":  {On: simulator.Upload, Do: simulator.Silence},
		"a dropped login":  {On: simulator.Login, Do: simulator.DropBefore, Limit: 3},
		"a slow handover":  {On: simulator.Waiting, Do: simulator.Late, Delay: 50 * time.Millisecond, Limit: 1},
		"an end not told":  {On: simulator.Waiting, Do: simulator.Silence, Limit: 1},
		"a refused stream": {On: simulator.Login, Do: simulator.StreamError, Code: 503, Limit: 2},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, simulator.Config{Seed: 5, People: 10}, func(r *rig) {
				_, b, phoneA, _, people := r.pair()
				promo := r.promote(b)
				r.close()
				texts := 50
				if os.Getenv("RECADO_LONG") != "" {
					texts = 800
				}
				for i := range texts {
					r.say(people[1+i%9], phoneA, "bom dia")
				}
				r.say(people[0], phoneA, "SAIR")
				fault.Number = phoneA
				r.service.Fault(fault)
				r.open()
				defer r.lanes()()
				time.Sleep(10 * time.Minute)
				counts, err := r.book.Counts(promo)
				if err != nil || counts[campaign.Skipped] != 1 || counts[campaign.Delivered] != 9 {
					r.Errorf("%v, %v; want one skipped and nine delivered", counts, err)
				}
				if r.got(people[0]) {
					r.Error("who said no to one number is written to by another")
				}
			})
		})
	}
}

func TestWhoMayNeverComeBackHoldsTheOthersForAMinute(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 5, People: 3}, func(r *rig) {
		a, b, phoneA, _, _ := r.pair()
		r.service.Fault(simulator.Rule{On: simulator.Login, Number: phoneA, Do: simulator.Silence})
		r.restart()
		defer r.lanes()()
		began := time.Now()
		r.promote(b)
		r.awaitState(b, campaign.Online)
		time.Sleep(50 * time.Second)
		if n := r.sends(); n != 0 {
			r.Errorf("%d messages left before the others were waited for", n)
		}
		hold := r.pool.Sender(b).Ready().Hold
		if hold.Reason != reason.HoldOthers || hold.Number != a || !hold.Until.Equal(began.Add(purseFull)) {
			r.Errorf("held by %+v, want the wait for number %d until a minute after the start", hold, a)
		}
		if r.snapshot(a).Outrun {
			r.Error("it is said that nobody waits")
		}
		time.Sleep(20 * time.Second)
		if n := r.sends(); n != 3 || !r.snapshot(a).Outrun || r.snapshot(b).Outrun {
			r.Errorf("after a minute %d messages left, outrun %v; want 3 and that it is said", n, r.snapshot(a).Outrun)
		}
	})
}

func TestABannedOrUnlinkedNumberHoldsNobody(t *testing.T) {
	for what, do := range map[string]func(*rig, string){
		"banned":     func(r *rig, phone string) { r.own(phone).Ban(time.Now().Add(time.Hour), 101) },
		"logged out": func(r *rig, phone string) { r.own(phone).Logout() },
		"replaced":   func(r *rig, phone string) { r.own(phone).End("", "replaced") },
	} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, simulator.Config{Seed: 5, People: 3}, func(r *rig) {
				a, b, phoneA, _, _ := r.pair()
				do(r, phoneA)
				r.await(a, what, func(s Snapshot) bool { return s.State != campaign.Online })
				time.Sleep(time.Minute)
				r.restart()
				r.awaitState(b, campaign.Online)
				synctest.Wait()
				if hold := r.pool.Sender(b).Ready().Hold; hold.Reason != "" {
					r.Errorf("held by %+v", hold)
				}
			})
		})
	}
}

func TestAnOutageOfOneNumberHoldsTheOthersForAMinute(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 5, People: 3}, func(r *rig) {
		a, b, phoneA, _, people := r.pair()
		defer r.lanes()()
		r.service.Fault(simulator.Rule{On: simulator.Login, Number: phoneA, Do: simulator.DropBefore})
		r.own(phoneA).Drop()
		r.await(a, "offline", func(s Snapshot) bool { return s.State == campaign.Offline })
		r.say(people[0], phoneA, "SAIR")
		if hold := r.pool.Sender(b).Ready().Hold; hold.Reason != reason.HoldOthers || hold.Number != a {
			r.Errorf("as soon as it is lost: %+v", hold)
		}
		time.Sleep(2 * time.Minute)
		if hold := r.pool.Sender(b).Ready().Hold; hold.Reason != "" {
			r.Errorf("two minutes later: %+v", hold)
		}
		time.Sleep(time.Hour)
		r.service.ClearFaults()
		r.service.Fault(simulator.Rule{On: simulator.Waiting, Number: phoneA, Do: simulator.Late, Delay: 3 * time.Second})
		r.await(a, "logged in again", func(s Snapshot) bool { return s.State == campaign.Connecting && r.pool.known(a).look().login })
		promo := r.promote(b)
		time.Sleep(2 * time.Minute)
		counts, err := r.book.Counts(promo)
		if err != nil || counts[campaign.Skipped] != 1 || r.got(people[0]) {
			r.Errorf("%v, %v: who said no in the outage is written to: %v", counts, err, r.got(people[0]))
		}
	})
}

func TestAllAreWaitedForFromTheStartOn(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 5, People: 3}, func(r *rig) {
		r.pair()
		r.restart()
		if hold := r.pool.backlog.hold(time.Now()); hold.Reason != reason.HoldOthers {
			r.Errorf("when Start returns all are held by %+v", hold)
		}
		r.await(1, "online", func(s Snapshot) bool { return s.State == campaign.Online })
		r.await(2, "online", func(s Snapshot) bool { return s.State == campaign.Online })
	})
}
