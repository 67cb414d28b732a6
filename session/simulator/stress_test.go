package simulator_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/session/simulator"
	"recado/session/simulator/bubble"
)

// A client that dies at any moment and comes back sends the message that was on
// its way once more under the same id. Nobody may see it twice or miss it.
func TestNobodySeesAMessageTwiceHoweverOftenTheClientDies(t *testing.T) {
	drops(t)
	const lives, each = 50, 5
	faults := []simulator.Action{simulator.DropBefore, simulator.DropAfter, simulator.Silence}
	bubble.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Config{Seed: 11, People: lives * each, Quiet: true})
		people := s.People()
		c := link(t, s, ownPhone)
		ids := make([]string, len(people))
		for i := range ids {
			ids[i] = c.GenerateMessageID()
		}
		words := func(i int) string { return fmt.Sprintf("Recado %d", i) }
		// send goes on from a person until a message is unsure.
		send := func(next int) int {
			for ; next < len(people); next++ {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				_, err := c.SendMessage(ctx, at(people[next].Phone), text(words(next)), extra(ids[next]))
				cancel()
				if err != nil {
					break
				}
			}
			return next
		}
		next := 0
		for life := range lives {
			remove := s.Fault(simulator.Rule{On: simulator.Message, Nth: each, Do: faults[life%len(faults)]})
			next = send(next)
			remove()
			synctest.Wait()
			c.Disconnect()
			c = start(t, s, c.keep)
			if err := c.Connect(); err != nil {
				t.Fatal(err)
			}
			heard[*events.OfflineSyncCompleted](c, nil)
		}
		if next = send(next); next < len(people) {
			t.Fatalf("the last life sends only to %d", next)
		}
		time.Sleep(time.Hour)
		for i, p := range people {
			if seen := s.Ledger().SeenBy(p.Phone); len(seen) != 1 || seen[0].Text != words(i) || seen[0].ID != ids[i] {
				t.Errorf("person %d sees %+v", i, seen)
			}
		}
		if twice, changed := s.Ledger().Twice(), s.Ledger().Changed(); len(twice) > 0 || len(changed) > 0 {
			t.Errorf("twice %+v, changed %+v", twice, changed)
		}
		synctest.Wait()
		c.Disconnect()
		s.Finish(t)
		time.Sleep(10 * time.Minute)
	})
}

func TestThreeNumbersSendBesideEachOther(t *testing.T) {
	s := serve(t, simulator.Config{People: 150, Reads: 0.7, Replies: 0.2, Quiet: true})
	people := s.People()
	var wg sync.WaitGroup
	for n := range 3 {
		c := link(t, s, fmt.Sprintf("+55114002892%d", n))
		wg.Go(func() {
			for _, p := range people[n*50 : n*50+50] {
				if _, err := c.SendMessage(within(t), at(p.Phone), text("Oi, "+p.Name)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if seen, lost := s.Ledger().Seen(), s.Ledger().Lost(); len(seen) != 150 || len(lost) > 0 {
		t.Errorf("%d seen, %d lost", len(seen), len(lost))
	}
}

func TestClientLearnsThatTheRecipientHasOtherDevices(t *testing.T) {
	s := serve(t, simulator.Config{Quiet: true})
	a, b := link(t, s, "+551140028921"), link(t, s, "+551140028922")
	a.say("+551140028922", "um")
	b.reads("um")
	b.Disconnect()
	own, _ := s.Own("+551140028922")
	own.Logout()
	again := link(t, s, "+551140028922")
	a.say("+551140028922", "dois") // for the device that is gone; the ack says so
	a.say("+551140028922", "três")
	again.reads("três")
}

func TestEndingWithoutAPauseIsAFaultOfItsOwn(t *testing.T) {
	drops(t)
	s, c, ana := faulty(t)
	s.Fault(simulator.Rule{On: simulator.Message, Do: simulator.StreamError, Code: 503, AtOnce: true, Limit: 1})
	id := c.say(ana.Phone, "Oi").ID
	c.receipt(id, types.ReceiptTypeDelivered)
	reachedOnce(t, s, ana)
}

func TestQueriesOfALoginAndAFirstMessageAreTheKnownOnes(t *testing.T) {
	s, c, ana := faulty(t)
	c.say(ana.Phone, "Oi")
	last := func(l *simulator.Ledger) bool { // the client asks for these by the way
		return strings.Contains(asked(l), "privacy set tokens") && strings.Contains(asked(l), "w:sync:app:state")
	}
	if err := s.Ledger().Wait(within(t), last); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"encrypt get count", "encrypt get key", "encrypt set registration", "passive set active",
		"privacy set tokens", "usync get usync", "w:sync:app:state set sync",
	}
	if got := asked(s.Ledger()); got != strings.Join(want, "\n") {
		t.Errorf("the client asks\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// asked lists the different queries, sorted.
func asked(l *simulator.Ledger) string {
	var out []string
	for _, a := range l.Asked() {
		out = append(out, a.What)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), "\n")
}
