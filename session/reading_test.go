package session

import (
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
)

// relink logs a number out whose campaign is running, has somebody say no, and
// links it again.
func (r *rig) relink(no simulator.Person, id campaign.NumberID, phone string) {
	r.Helper()
	r.promote(id)
	r.own(phone).Logout()
	r.awaitState(id, campaign.LoggedOut)
	r.say(no, phone, "SAIR")
	time.Sleep(time.Hour)
	r.scan(id, phone)
}

// firstSent is when the first message left since then; zero: none has.
func (r *rig) firstSent(since time.Time) time.Time {
	for _, s := range r.service.Ledger().Stanzas() {
		if s.Kind == "text" && !s.Time.Before(since) {
			return s.Time
		}
	}
	return time.Time{}
}

func TestAFreshLinkSendsNothingBeforeItsHistoryIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		fault  *simulator.Rule
		after  time.Duration // the first message leaves so long after the link, or more
		before time.Duration // and less
		missed bool
	}{
		"at once":         {nil, readQuiet, 10 * time.Second, false},
		"slowly":          {&simulator.Rule{On: simulator.Download, Do: simulator.Late, Delay: 20 * time.Second}, time.Minute, 90 * time.Second, false},
		"after failures":  {&simulator.Rule{On: simulator.Download, Do: simulator.Refuse, Code: 500, Limit: 6}, 20 * time.Second, 2 * time.Minute, false},
		"uploaded again":  {&simulator.Rule{On: simulator.Download, Do: simulator.Refuse, Code: 404, Limit: 3}, readQuiet, 30 * time.Second, false},
		"never":           {&simulator.Rule{On: simulator.Download, Do: simulator.Refuse, Code: 500}, readStalled, readStalled + 15*time.Second, true},
		"gone for good":   {&simulator.Rule{On: simulator.Download, Do: simulator.Refuse, Code: 404}, readQuiet, readLongest + 10*time.Second, false},
		"without an end":  {&simulator.Rule{On: simulator.Download, Do: simulator.Silence}, readStalled, readStalled + 15*time.Second, true},
		"slower than all": {&simulator.Rule{On: simulator.Download, Do: simulator.Late, Delay: 100 * time.Second}, 5 * time.Minute, readLongest + 10*time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, simulator.Config{Seed: 7, People: 6, HistoryByMedia: true}, func(r *rig) {
				people := r.everybody()
				id, phone := r.linked("loja")
				desk(r.book.Book).OptOut(r.contact(people[1]).ID, "teste")
				defer r.lanes()()
				if c.fault != nil {
					r.service.Fault(*c.fault)
				}
				r.relink(people[0], id, phone)
				r.awaitState(id, campaign.Online)
				linked := time.Now()
				time.Sleep(time.Second)
				if hold := r.pool.Sender(id).Ready().Hold; hold.Reason != reason.HoldReading || !hold.Until.After(time.Now()) {
					r.Errorf("held by %+v, want the history", hold)
				}
				if s := r.snapshot(id); !s.Reading.After(time.Now()) || s.Missed {
					r.Errorf("until %v, missed %v: the reading is not shown", s.Reading, s.Missed)
				}
				time.Sleep(readLongest + time.Minute)
				first := r.firstSent(linked)
				if wait := first.Sub(linked); first.IsZero() || wait < c.after || wait > c.before {
					r.Errorf("the first message left after %v, want between %v and %v", wait, c.after, c.before)
				}
				heard := name != "never" && name != "without an end" && name != "gone for good"
				if heard == r.got(people[0]) {
					r.Errorf("who said no in the history is written to: %v", !heard)
				}
				if s := r.snapshot(id); !s.Reading.IsZero() || s.Missed != c.missed {
					r.Errorf("in the end until %v, missed %v", s.Reading, s.Missed)
				}
			})
		})
	}
}

func TestALinkWhoseHistoryIsToldWaitsAlsoAfterAKill(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 6, HistoryByMedia: true}, func(r *rig) {
		people := r.everybody()
		id, phone := r.linked("loja")
		r.service.Fault(simulator.Rule{On: simulator.Download, Do: simulator.Silence})
		stop := r.lanes()
		r.relink(people[0], id, phone)
		r.awaitState(id, campaign.Online)
		time.Sleep(time.Second)
		r.kill(stop)
		time.Sleep(newFor) // it is not the age of the link that counts, but the piece
		r.service.ClearFaults()
		r.service.Fault(simulator.Rule{On: simulator.Download, Do: simulator.Late, Delay: 30 * time.Second})
		r.open()
		defer r.lanes()()
		r.awaitState(id, campaign.Online)
		if hold := r.pool.Sender(id).Ready().Hold; hold.Reason != reason.HoldReading {
			r.Errorf("held by %+v, want the history", hold)
		}
		time.Sleep(5 * time.Minute)
		if r.got(people[0]) || r.sends() < 4 {
			r.Errorf("who said no in the history is written to: %v; %d messages left, want four at least", r.got(people[0]), r.sends())
		}
	})
}

func TestALinkKilledBeforeItsHistoryCameStillWaitsForIt(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 6}, func(r *rig) {
		people := r.everybody()
		id, phone := r.linked("loja")
		stop := r.lanes()
		r.own(phone).SetPhone(false)
		r.relink(people[0], id, phone)
		r.awaitState(id, campaign.Online)
		r.kill(stop)
		r.open()
		defer r.lanes()()
		r.awaitState(id, campaign.Online)
		time.Sleep(readQuiet / 2)
		r.own(phone).SetPhone(true)
		time.Sleep(5 * time.Minute)
		if r.got(people[0]) || r.sends() < 4 {
			r.Errorf("who said no in the history is written to: %v; %d messages left, want four at least", r.got(people[0]), r.sends())
		}
	})
}

// It is not how old the link is that counts: a program may have ended long before its
// phone could tell, and the clock may have been wrong when the link was made.
func TestALinkIsNewUntilItsHistoryWasWaitedFor(t *testing.T) {
	for _, c := range []struct{ later, ahead time.Duration }{{later: time.Hour}, {ahead: 4 * time.Hour}, {ahead: -4 * time.Hour}, {later: 50 * time.Hour, ahead: -time.Hour}} {
		inBubble(t, simulator.Config{Seed: 7, People: 6, HistoryByMedia: true}, func(r *rig) {
			people := r.everybody()
			id, phone := r.linked("loja")
			stop := r.lanes()
			r.own(phone).SetPhone(false)
			r.relink(people[0], id, phone)
			r.awaitState(id, campaign.Online)
			r.kill(stop)
			time.Sleep(c.later)
			r.service.SetSkew(c.ahead)
			r.open()
			defer r.lanes()()
			r.awaitState(id, campaign.Online)
			time.Sleep(readQuiet / 2)
			r.own(phone).SetPhone(true)
			time.Sleep(5 * time.Minute)
			if r.got(people[0]) || r.sends() < 4 {
				r.Errorf("%v later, our clock %v behind: who said no in the history is written to: %v; %d messages left, want four at least", c.later, c.ahead, r.got(people[0]), r.sends())
			}
			if kept, err := r.book.Number(id); err != nil || kept.Untold || r.snapshot(id).Number.Untold {
				r.Errorf("it is new for ever: %+v, %v", kept, err)
			}
		})
	}
}

func TestNothingIsWaitedForWhereNoHistoryComes(t *testing.T) {
	inBubble(t, simulator.Config{People: 3, Quiet: true}, func(r *rig) {
		r.everybody()
		id := r.add("loja")
		phone := r.scan(id, "")
		defer r.lanes()()
		r.awaitState(id, campaign.Online)
		linked := time.Now()
		r.promote(id)
		time.Sleep(time.Minute)
		if wait := r.firstSent(linked).Sub(linked); wait < 0 || wait > readQuiet+time.Second {
			r.Errorf("a fresh link without history waits for %v, want %v", wait, readQuiet)
		}
		time.Sleep(newFor)
		r.own(phone).Drop()
		r.await(id, "offline", func(s Snapshot) bool { return s.State != campaign.Online })
		if s := r.awaitState(id, campaign.Online); !s.Reading.IsZero() {
			r.Errorf("an old link without history waits until %v", s.Reading)
		}
		if hold := r.pool.Sender(id).Ready().Hold; hold.Reason != "" {
			r.Errorf("an old link without history is held by %+v", hold)
		}
	})
}

func TestAPieceThatComesLaterIsWaitedForTenMinutesInAnHourAtMost(t *testing.T) {
	inBubble(t, simulator.Config{People: 3, Quiet: true}, func(r *rig) {
		id := r.add("loja")
		phone := r.scan(id, "")
		r.awaitState(id, campaign.Online)
		time.Sleep(newFor + readRenews)
		held, began := time.Duration(0), time.Now()
		for i := 0; time.Since(began) < readRenews; i++ {
			if i%4 == 0 {
				r.own(phone).Tell(&waHistorySync.HistorySync{SyncType: waHistorySync.HistorySync_FULL.Enum(), ChunkOrder: proto.Uint32(uint32(i))})
			}
			time.Sleep(time.Second)
			if r.pool.Sender(id).Ready().Hold.Reason == reason.HoldReading {
				held += time.Second
			}
		}
		if held < readLongest-2*time.Second || held > readLongest {
			r.Errorf("held for %v of an hour in which pieces came all the time, want %v", held, readLongest)
		}
	})
}

func TestTheOthersWaitAMinuteForTheHistoryOfAFreshLink(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 6, HistoryByMedia: true}, func(r *rig) {
		people := r.everybody()
		a, b, phoneA, _, _ := r.pair()
		defer r.lanes()()
		r.service.Fault(simulator.Rule{On: simulator.Download, Do: simulator.Late, Delay: 12 * time.Second})
		r.own(phoneA).Logout()
		r.awaitState(a, campaign.LoggedOut)
		r.say(people[0], phoneA, "SAIR")
		time.Sleep(time.Hour)
		r.scan(a, phoneA)
		r.awaitState(a, campaign.Online)
		online := time.Now()
		r.promote(b)
		if hold := r.pool.Sender(b).Ready().Hold; hold.Reason != reason.HoldOthers || hold.Number != a || hold.Until.After(online.Add(purseFull)) {
			r.Errorf("held by %+v, want a wait for number %d of a minute at most", hold, a)
		}
		time.Sleep(5 * time.Minute)
		if r.got(people[0]) || r.sends() < 4 {
			r.Errorf("who said no in the history of one is written to by another: %v; %d left, want four at least", r.got(people[0]), r.sends())
		}
	})
}

func TestAPieceOfHistoryDoesNotTakeTheEmptyAddressBookForMended(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 30}, func(r *rig) {
		id, phone := r.linked("loja")
		time.Sleep(time.Minute)
		l := r.pool.known(id).look().client
		rows, err := l.dev.Contacts.GetAllContacts(r.Context())
		if err != nil {
			r.Fatal(err)
		}
		for jid := range rows { // as after a crash before they were on the disk
			if err := l.dev.Contacts.PutContactName(r.Context(), jid, "", ""); err != nil {
				r.Fatal(err)
			}
		}
		// The history is read before the number comes to look at its address book.
		l.owed.Store(true)
		l.jobs.put(func() {
			l.histories()
			if !l.owed.Load() {
				r.Error("a piece of history is taken for the address book")
			}
			l.catchUp()
		})
		r.own(phone).TellChats()
		time.Sleep(time.Minute)
		if rows, err = l.dev.Contacts.GetAllContacts(r.Context()); err != nil {
			r.Fatal(err)
		}
		named := 0
		for _, row := range rows {
			if row.FullName != "" {
				named++
			}
		}
		if named == 0 {
			r.Error("an address book without names is not asked for again")
		}
	})
}

func TestALinkMadeAgainIsWaitedForAnew(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 6, HistoryByMedia: true}, func(r *rig) {
		people := r.everybody()
		id, phone := r.linked("loja")
		defer r.lanes()()
		slow := simulator.Rule{On: simulator.Download, Do: simulator.Late, Delay: 100 * time.Second, Limit: 6}
		r.service.Fault(slow)
		r.relink(people[0], id, phone)
		r.awaitState(id, campaign.Online)
		time.Sleep(readLongest / 2) // the most of an hour is all but used up
		r.service.ClearFaults()
		r.service.Fault(simulator.Rule{On: simulator.Download, Do: simulator.Silence})
		r.own(phone).TellChats()
		time.Sleep(readLongest)
		if !r.snapshot(id).Missed {
			r.Fatal("it is not said that a part could not be read")
		}
		r.own(phone).Logout()
		if s := r.awaitState(id, campaign.LoggedOut); s.Missed || !s.Reading.IsZero() {
			r.Errorf("without a link: missed %v, read until %v", s.Missed, s.Reading)
		}
		r.say(people[1], phone, "SAIR")
		r.service.ClearFaults()
		r.service.Fault(simulator.Rule{On: simulator.Download, Do: simulator.Late, Delay: 20 * time.Second})
		r.scan(id, phone)
		r.awaitState(id, campaign.Online)
		r.promote(id)
		time.Sleep(5 * time.Second)
		if hold := r.pool.Sender(id).Ready().Hold; hold.Reason != reason.HoldReading {
			r.Errorf("held by %+v, want the history of the new link", hold)
		}
		r.own(phone).Logout()
		if s := r.awaitState(id, campaign.LoggedOut); !s.Reading.IsZero() {
			r.Errorf("without a link it is read until %v", s.Reading)
		}
	})
}

// A program that has not been told the time makes a link by the clock of its machine,
// and learns with the login how far that is off. The link is new all the same.
func TestAFreshLinkIsWaitedForThoughTheClockWasWrongWhenItWasMade(t *testing.T) {
	for _, ahead := range []time.Duration{2 * time.Hour, -2 * time.Hour, 48 * time.Hour} {
		inBubble(t, simulator.Config{Seed: 7, People: 6, HistoryByMedia: true}, func(r *rig) {
			people := r.everybody()
			id, phone := r.linked("loja")
			r.promote(id)
			r.own(phone).Logout()
			r.awaitState(id, campaign.LoggedOut)
			r.say(people[0], phone, "SAIR")
			time.Sleep(time.Hour)
			r.service.SetSkew(ahead)
			r.restart()
			defer r.lanes()()
			r.service.Fault(simulator.Rule{On: simulator.Waiting, Do: simulator.Late, Delay: 500 * time.Millisecond}) // no piece is known by then
			r.scan(id, phone)
			r.awaitState(id, campaign.Online)
			linked := time.Now()
			time.Sleep(readLongest)
			if wait := r.firstSent(linked).Sub(linked); wait < readQuiet {
				r.Errorf("our clock %v behind: the first message left after %v, want %v", ahead, wait, readQuiet)
			}
			if seen := r.service.Ledger().SeenBy(people[0].Phone); len(seen) > 0 {
				r.Errorf("our clock %v behind: who said no was sent %+v", ahead, seen)
			}
		})
	}
}
