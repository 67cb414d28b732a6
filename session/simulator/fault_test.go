package simulator_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/session/simulator"
)

// faulty is a service with one person and a linked client.
func faulty(t *testing.T) (*simulator.Service, *client, simulator.Person) {
	t.Helper()
	s := serve(t, simulator.Config{People: 1})
	return s, link(t, s, ownPhone), s.People()[0]
}

// reachedOnce checks that the person sees one message and returns the stanzas.
func reachedOnce(t *testing.T, s *simulator.Service, p simulator.Person) []simulator.Stanza {
	t.Helper()
	if seen := s.Ledger().SeenBy(p.Phone); len(seen) != 1 {
		t.Errorf("they see %+v, want one message", seen)
	}
	return s.Ledger().Stanzas()
}

func TestMessageDroppedBeforeItWasAcceptedIsSentAgainByTheClient(t *testing.T) {
	drops(t)
	s, c, ana := faulty(t)
	s.Fault(simulator.Rule{On: simulator.Message, Do: simulator.DropBefore, Limit: 1})
	c.say(ana.Phone, "Oi")
	if got := reachedOnce(t, s, ana); len(got) != 1 {
		t.Errorf("the stanzas are %+v", got)
	}
}

func TestMessageDroppedBeforeItsAckIsTheSameMessageTwice(t *testing.T) {
	drops(t)
	s, c, ana := faulty(t)
	s.Fault(simulator.Rule{On: simulator.Message, Do: simulator.DropAfter, Limit: 1})
	id := c.say(ana.Phone, "Oi").ID
	got := reachedOnce(t, s, ana)
	if len(got) != 2 || got[0].Duplicate || !got[1].Duplicate {
		t.Errorf("the stanzas are %+v", got)
	}
	c.receipt(id, types.ReceiptTypeDelivered)
}

func TestMessageDroppedTwiceIsUnsureForTheClient(t *testing.T) {
	drops(t)
	s, c, ana := faulty(t)
	s.Fault(simulator.Rule{On: simulator.Message, Do: simulator.DropAfter, Limit: 2})
	_, err := c.SendMessage(within(t), at(ana.Phone), text("Oi"))
	if gone := (*whatsmeow.DisconnectedError)(nil); !errors.As(err, &gone) {
		t.Errorf("got %v", err)
	}
	reachedOnce(t, s, ana)
}

func TestRefusedMessageReachesNobody(t *testing.T) {
	s, c, ana := faulty(t)
	s.Fault(simulator.Rule{On: simulator.Message, To: ana.Phone, Do: simulator.Refuse, Code: 479, Limit: 1})
	_, err := c.SendMessage(within(t), at(ana.Phone), text("Oi"))
	if !errors.Is(err, whatsmeow.ErrServerReturnedError) || !strings.HasSuffix(err.Error(), "479") {
		t.Errorf("got %v", err)
	}
	if seen := s.Ledger().Seen(); len(seen) > 0 {
		t.Errorf("seen: %+v", seen)
	}
	if got := s.Ledger().Stanzas(); len(got) != 1 || got[0].Error != 479 {
		t.Errorf("the stanzas are %+v", got)
	}
	c.say(ana.Phone, "Oi")
}

func TestMessageWithoutAckReachesThePerson(t *testing.T) {
	s, c, ana := faulty(t)
	s.Fault(simulator.Rule{On: simulator.Message, Nth: 2, Limit: 1, Do: simulator.Silence})
	c.say(ana.Phone, "um")
	id := c.GenerateMessageID()
	_, err := c.SendMessage(within(t), at(ana.Phone), text("dois"), whatsmeow.SendRequestExtra{ID: id, Timeout: 50 * time.Millisecond})
	if !errors.Is(err, whatsmeow.ErrMessageTimedOut) {
		t.Errorf("got %v", err)
	}
	c.receipt(id, types.ReceiptTypeDelivered)
	if seen := s.Ledger().SeenBy(ana.Phone); len(seen) != 2 {
		t.Errorf("they see %+v", seen)
	}
}

func TestLateAckIsLate(t *testing.T) {
	s, c, ana := faulty(t)
	s.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Late, Delay: 100 * time.Millisecond})
	before := time.Now()
	c.say(ana.Phone, "Oi")
	if took := time.Since(before); took < 100*time.Millisecond {
		t.Errorf("the ack took %s", took)
	}
}

func TestMessageWithoutKeysOrDevicesIsAcceptedAndLost(t *testing.T) {
	for name, rule := range map[string]simulator.Rule{
		"no keys for them": {On: simulator.PreKeys, Do: simulator.NoPreKeys},
		"keys refused":     {On: simulator.PreKeys, Do: simulator.Refuse, Code: 429},
		"no devices":       {On: simulator.Usync, Do: simulator.NoDevices},
	} {
		t.Run(name, func(t *testing.T) {
			s, c, ana := faulty(t)
			s.Fault(rule)
			c.say(ana.Phone, "Oi")
			if seen := s.Ledger().Seen(); len(seen) > 0 {
				t.Errorf("seen: %+v", seen)
			}
			if lost := s.Ledger().Lost(); len(lost) != 1 || lost[0].To != ana.Phone {
				t.Errorf("lost: %+v", lost)
			}
		})
	}
}

func TestLookupThatIsRefusedIsARateLimitForTheClient(t *testing.T) {
	s, c, ana := faulty(t)
	s.Fault(simulator.Rule{On: simulator.Usync, Do: simulator.Refuse, Code: 429})
	if _, err := c.SendMessage(within(t), at(ana.Phone), text("Oi")); !errors.Is(err, whatsmeow.ErrIQRateOverLimit) {
		t.Errorf("got %v", err)
	}
}

func TestLookupThatIsNeverAnsweredEndsWithTheContext(t *testing.T) {
	s, c, ana := faulty(t)
	s.Fault(simulator.Rule{On: simulator.Usync, Do: simulator.Silence, Limit: 1})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.IsOnWhatsApp(ctx, []string{ana.Phone}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// reports tells whether a client reports an event of type E that satisfies ok.
func reports[E any](ok func(E) bool) func(*client) {
	return func(c *client) {
		c.t.Helper()
		heard(c, ok)
	}
}

func loggedOutFor(reason events.ConnectFailureReason) func(*client) {
	return reports(func(e *events.LoggedOut) bool { return e.OnConnect && e.Reason == reason })
}

func failedFor(reason events.ConnectFailureReason) func(*client) {
	return reports(func(e *events.ConnectFailure) bool { return e.Reason == reason })
}

func TestRefusedLogins(t *testing.T) {
	refuse := func(code, limit int) simulator.Rule {
		return simulator.Rule{On: simulator.Login, Number: ownPhone, Do: simulator.Refuse, Code: code, Limit: limit}
	}
	banned := refuse(402, 0)
	banned.BanCode, banned.Expire = 101, time.Hour
	for _, x := range []struct {
		rule simulator.Rule
		want func(*client)
	}{
		{refuse(400, 0), failedFor(400)},
		{refuse(401, 0), loggedOutFor(events.ConnectFailureLoggedOut)},
		{banned, reports(func(e *events.TemporaryBan) bool {
			return e.Code == events.TempBanSentToTooManyPeople && e.Expire == time.Hour
		})},
		{refuse(403, 0), loggedOutFor(events.ConnectFailureMainDeviceGone)},
		{refuse(405, 0), reports[*events.ClientOutdated](nil)},
		{refuse(406, 0), loggedOutFor(events.ConnectFailureUnknownLogout)},
		{refuse(409, 0), failedFor(409)},
		{refuse(413, 0), reports[*events.CATRefreshError](nil)},
		{refuse(414, 0), reports[*events.CATRefreshError](nil)},
		{refuse(415, 0), failedFor(415)},
		{refuse(418, 0), failedFor(418)},
		{refuse(500, 1), reports[*events.Connected](nil)},
		{refuse(501, 0), failedFor(501)},
		{refuse(503, 1), reports[*events.Connected](nil)},
	} {
		t.Run(strconv.Itoa(x.rule.Code), func(t *testing.T) {
			if x.rule.Limit > 0 {
				drops(t)
			}
			s := serve(t, simulator.Config{Quiet: true})
			c := link(t, s, ownPhone)
			c.RefreshCAT = func(context.Context) error { return errors.New("no such thing") } // without it the library panics
			c.Disconnect()
			c.forget()
			s.Fault(x.rule)
			if err := c.Connect(); err != nil {
				t.Fatal(err)
			}
			x.want(c)
		})
	}
}

func TestStreamErrorsInTheMiddleOfAMessage(t *testing.T) {
	drops(t)
	for name, x := range map[string]struct {
		rule simulator.Rule
		want func(*client)
	}{
		"503":            {simulator.Rule{Code: 503}, reports[*events.Connected](nil)},
		"515":            {simulator.Rule{Code: 515}, reports[*events.Connected](nil)},
		"500":            {simulator.Rule{Code: 500}, reports(func(e *events.StreamError) bool { return e.Code == "500" })},
		"replaced":       {simulator.Rule{Conflict: "replaced"}, reports[*events.StreamReplaced](nil)},
		"device_removed": {simulator.Rule{Code: 401, Conflict: "device_removed"}, reports(func(e *events.LoggedOut) bool { return !e.OnConnect })},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, simulator.Config{People: 1, Quiet: true})
			c := link(t, s, ownPhone)
			c.forget()
			x.rule.On, x.rule.Do, x.rule.Limit = simulator.Message, simulator.StreamError, 1
			s.Fault(x.rule)
			_, _ = c.SendMessage(within(t), at(s.People()[0].Phone), text("Oi"))
			x.want(c)
			if got := s.Ledger().SeenBy(s.People()[0].Phone); len(got) != 1 {
				t.Errorf("they see %+v", got)
			}
		})
	}
}

func TestEveryCodeRefusesAMessage(t *testing.T) {
	s, c, ana := faulty(t)
	for _, code := range []int{400, 403, 404, 429, 463, 475, 479, 500, 503} {
		s.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Refuse, Code: code, Limit: 1})
		if got := c.refusedWith(ana); got != strconv.Itoa(code) {
			t.Errorf("%d: %q", code, got)
		}
	}
	if seen := s.Ledger().Seen(); len(seen) > 0 {
		t.Errorf("seen: %+v", seen)
	}
}

func TestConnectionsEnd(t *testing.T) {
	drops(t)
	t.Run("replaced", func(t *testing.T) {
		s, c, _ := faulty(t)
		own, _ := s.Own(ownPhone)
		own.End("", "replaced")
		heard[*events.StreamReplaced](c, nil)
	})
	t.Run("service restarts", func(t *testing.T) {
		s, c, _ := faulty(t)
		c.forget()
		own, _ := s.Own(ownPhone)
		own.End("503", "")
		heard[*events.Disconnected](c, nil)
		heard[*events.Connected](c, nil)
	})
	t.Run("restart asked", func(t *testing.T) {
		s, c, _ := faulty(t)
		c.forget()
		own, _ := s.Own(ownPhone)
		own.End("515", "")
		heard[*events.Connected](c, nil)
	})
	t.Run("dropped", func(t *testing.T) {
		s, c, _ := faulty(t)
		c.forget()
		s.DropAll()
		heard[*events.Disconnected](c, nil)
		heard[*events.Connected](c, nil)
	})
	t.Run("the same keys elsewhere", func(t *testing.T) {
		s, c, _ := faulty(t)
		other := start(t, s, c.keep)
		if err := other.Connect(); err != nil {
			t.Fatal(err)
		}
		heard[*events.StreamReplaced](c, nil)
		heard[*events.Connected](other, nil)
	})
}

func TestNothingConnectsWhileTheServiceIsDown(t *testing.T) {
	s, c, _ := faulty(t)
	c.Disconnect()
	s.SetDown(true)
	if err := c.Connect(); err == nil {
		t.Error("the client connected")
	}
	s.SetDown(false)
	c.forget()
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	heard[*events.Connected](c, nil)
}

func TestChanceIsDecidedByTheSeed(t *testing.T) {
	run := func() (refused []int) {
		s := serve(t, simulator.Config{Seed: 9, People: 1})
		c := link(t, s, ownPhone)
		s.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Refuse, Code: 500, Probability: 0.5})
		for i := range 20 {
			if _, err := c.SendMessage(within(t), at(s.People()[0].Phone), text("Oi")); err != nil {
				refused = append(refused, i)
			}
		}
		return refused
	}
	first, second := run(), run()
	if len(first) == 0 || len(first) == 20 {
		t.Errorf("%d of 20 were refused", len(first))
	}
	if len(first) != len(second) {
		t.Errorf("refused %v, then %v", first, second)
	}
}
