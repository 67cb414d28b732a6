package simulator_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.mau.fi/whatsmeow/types/events"

	"recado/session/simulator"
)

func TestRestrictedNumberMayOnlyAnswer(t *testing.T) {
	s := serve(t, simulator.Config{People: 400})
	c := link(t, s, ownPhone)
	own, _ := s.Own(ownPhone)
	own.Restrict(time.Now().Add(24 * time.Hour))
	if e := heard[*events.NotifyAccountReachoutTimelock](c, nil); !e.IsActive || time.Until(e.TimeEnforcementEnds.Time) < 23*time.Hour {
		t.Errorf("got %+v", e)
	}
	friend := s.People()[0]
	tells(t, s, friend, "Oi")
	c.reads("Oi")
	c.say(friend.Phone, "Olá")
	refused := 0
	for _, p := range s.People()[1:20] {
		if _, err := c.SendMessage(within(t), at(p.Phone), text("Oferta")); err != nil {
			if !strings.HasSuffix(err.Error(), "463") {
				t.Fatal(err)
			}
			refused++
		}
	}
	if refused == 0 {
		t.Error("strangers could be written to")
	}
	own.Restrict(time.Time{})
	heard(c, func(e *events.NotifyAccountReachoutTimelock) bool { return !e.IsActive })
	for _, p := range s.People()[1:20] {
		c.say(p.Phone, "Oferta")
	}
}

// refusedWith sends to a person and returns the code with which the service
// refuses, or nothing.
func (c *client) refusedWith(p simulator.Person) string {
	c.t.Helper()
	_, err := c.SendMessage(within(c.t), at(p.Phone), text("Oferta"))
	if err == nil {
		return ""
	}
	return err.Error()[strings.LastIndex(err.Error(), " ")+1:]
}

func TestNumberMayBeginOnlySoManyChats(t *testing.T) {
	s := serve(t, simulator.Config{People: 30, Quiet: true})
	k, d := newKeep(), newDiary()
	k.log = d
	c := linkWith(t, s, ownPhone, k)
	people := s.People()
	own := ownOf(t, s)
	ends := time.Now().Add(240 * time.Hour)
	own.Quota(10, 4, ends)
	for i, want := range []string{"NONE", "FIRST_WARNING", "FIRST_WARNING", "FIRST_WARNING", "FIRST_WARNING", "SECOND_WARNING", "CAPPED"} {
		got, err := c.asksCapping(within(t))
		if err != nil || got.Capping.Status != want || got.Capping.Used != 4+i || got.Capping.Total != 10 || got.Capping.Ends != strconv.FormatInt(ends.Unix(), 10) {
			t.Fatalf("after %d: %+v, %v", i, got.Capping, err)
		}
		if want != "CAPPED" {
			c.say(people[i].Phone, "Oferta")
			c.say(people[i].Phone, "Mais uma") // the chat is no longer new
		}
	}
	if got := c.refusedWith(people[20]); got != "475" {
		t.Errorf("one too many: %q", got)
	}
	c.say(people[0].Phone, "Ainda posso")
	tells(t, s, people[20], "Oi")
	c.reads("Oi")
	c.say(people[20].Phone, "Olá")
	for _, status := range []string{"FIRST_WARNING", "SECOND_WARNING", "CAPPED"} {
		if n := d.count("MessageCappingInfoNotification", status); n != 1 {
			t.Errorf("the client is told of %s %d times, want 1", status, n)
		}
	}
}

func TestQuotaBeginsAgainWithTheCycle(t *testing.T) {
	inBubble(t, simulator.Config{People: 3, Quiet: true}, func(t *testing.T, s *simulator.Service, c *client) {
		people := s.People()
		ownOf(t, s).Quota(1, 1, time.Now().Add(24*time.Hour))
		if got := c.refusedWith(people[0]); got != "475" {
			t.Errorf("capped: %q", got)
		}
		for _, p := range people[:2] { // two cycles
			time.Sleep(25 * time.Hour)
			if got := c.refusedWith(p); got != "" {
				t.Errorf("in a new cycle: %q", got)
			}
		}
		if got := c.refusedWith(people[2]); got != "475" {
			t.Errorf("capped again: %q", got)
		}
		ownOf(t, s).Quota(0, 0, time.Time{})
		if got := c.refusedWith(people[2]); got != "" {
			t.Errorf("without a quota: %q", got)
		}
	})
}

func TestBannedNumberIsCutAndComesBackWhenTheBanEnds(t *testing.T) {
	drops(t)
	inBubble(t, simulator.Config{People: 1, Quiet: true}, func(t *testing.T, s *simulator.Service, c *client) {
		ownOf(t, s).Ban(time.Now().Add(2*time.Hour), 102)
		if e := heard[*events.TemporaryBan](c, nil); e.Code != events.TempBanBlockedByUsers || e.Expire < 119*time.Minute || e.Expire > 2*time.Hour {
			t.Errorf("got %+v", e)
		}
		time.Sleep(time.Hour)
		c.forget()
		if err := c.Connect(); err != nil {
			t.Fatal(err)
		}
		if e := heard[*events.TemporaryBan](c, nil); e.Expire < 59*time.Minute || e.Expire > time.Hour {
			t.Errorf("an hour later: %+v", e)
		}
		synctest.Wait()
		c.Disconnect()
		time.Sleep(time.Hour)
		c.forget()
		if err := c.Connect(); err != nil {
			t.Fatal(err)
		}
		heard[*events.Connected](c, nil)
		c.say(s.People()[0].Phone, "Voltei")
	})
}

func TestNumberIsRestrictedInTheMiddleOfACampaign(t *testing.T) {
	s := serve(t, simulator.Config{People: 5, Quiet: true})
	c := link(t, s, ownPhone)
	s.Fault(simulator.Rule{On: simulator.Message, Nth: 3, Do: simulator.Restrict, Expire: time.Hour})
	for i, p := range s.People() {
		want := ""
		if i >= 2 {
			want = "463"
		}
		if got := c.refusedWith(p); got != want {
			t.Errorf("message %d: %q, want %q", i, got, want)
		}
	}
	heard(c, func(e *events.NotifyAccountReachoutTimelock) bool { return e.IsActive })
	if got, err := c.asksReachout(within(t)); err != nil || !got.Reachout.Active {
		t.Errorf("asked, the service says %+v, %v", got.Reachout, err)
	}
}

func TestNumberIsBannedInTheMiddleOfACampaign(t *testing.T) {
	drops(t)
	inBubble(t, simulator.Config{People: 5, Quiet: true}, func(t *testing.T, s *simulator.Service, c *client) {
		s.Fault(simulator.Rule{On: simulator.Message, Nth: 3, Do: simulator.Ban, BanCode: 101, Expire: time.Hour})
		sent := 0
		for _, p := range s.People() {
			if _, err := c.SendMessage(t.Context(), at(p.Phone), text("Oferta")); err != nil {
				break
			}
			sent++
		}
		heard[*events.TemporaryBan](c, nil)
		if seen := len(s.Ledger().Stanzas()); sent != 2 || seen != 2 {
			t.Errorf("%d were sent and %d accepted, want 2", sent, seen)
		}
	})
}
