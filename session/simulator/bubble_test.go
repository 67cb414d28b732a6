package simulator_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/session/simulator"
	"recado/session/simulator/bubble"
)

// inBubble runs f in fake time with a service and a linked client. They are closed
// at the end, and the library's own timers run out.
func inBubble(t *testing.T, cfg simulator.Config, f func(t *testing.T, s *simulator.Service, c *client)) {
	t.Helper()
	bubble.Test(t, func(t *testing.T) {
		s := simulator.New(cfg)
		c := link(t, s, ownPhone)
		f(t, s, c)
		synctest.Wait() // a client that disconnects while a frame arrives leaves a goroutine behind
		c.Disconnect()
		s.Finish(t)
		time.Sleep(10 * time.Minute)
	})
}

func TestTwoAndAHalfHoursOfSendingPassInNoTime(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 5, People: 200, Reads: 0.5, Replies: 0.1, OptOuts: 0.05}, func(t *testing.T, s *simulator.Service, c *client) {
		began := time.Now()
		for i, p := range s.People() {
			if _, err := c.SendMessage(t.Context(), at(p.Phone), text(fmt.Sprintf("Oferta %d", i))); err != nil {
				t.Fatal(err)
			}
			time.Sleep(45 * time.Second)
		}
		if took := time.Since(began); took < 2*time.Hour+30*time.Minute {
			t.Errorf("it took %s", took)
		}
		time.Sleep(5 * time.Minute)
		l := s.Ledger()
		if seen, twice, lost := l.Seen(), l.Twice(), l.Lost(); len(seen) != 200 || len(twice) > 0 || len(lost) > 0 {
			t.Errorf("%d seen, %d twice, %d lost", len(seen), len(twice), len(lost))
		}
		if said := len(l.Said()); said < 10 || said > 60 || len(c.texts()) != said {
			t.Errorf("people wrote %d texts and the client got %d", said, len(c.texts()))
		}
	})
}

func TestOutageOfAnHourIsSurvived(t *testing.T) {
	drops(t)
	inBubble(t, simulator.Config{People: 1, Speed: simulator.Instant}, func(t *testing.T, s *simulator.Service, c *client) {
		s.SetDown(true)
		time.Sleep(time.Hour)
		tells(t, s, s.People()[0], "Alguém aí?")
		s.SetDown(false)
		time.Sleep(3 * time.Minute)
		if got := c.texts(); len(got) != 1 {
			t.Errorf("got %q", got)
		}
		c.say(s.People()[0].Phone, "Sim")
	})
}

func TestMessageWithoutAckTimesOutAfter75Seconds(t *testing.T) {
	inBubble(t, simulator.Config{People: 1}, func(t *testing.T, s *simulator.Service, c *client) {
		s.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Silence, Limit: 1})
		began := time.Now()
		_, err := c.SendMessage(t.Context(), at(s.People()[0].Phone), text("Oi"))
		if took := time.Since(began); !errors.Is(err, whatsmeow.ErrMessageTimedOut) || took < 75*time.Second {
			t.Errorf("got %v after %s", err, took)
		}
	})
}

func TestMessageDroppedAndNeverAcknowledgedHangsUntilTheContextEnds(t *testing.T) {
	drops(t)
	inBubble(t, simulator.Config{People: 1}, func(t *testing.T, s *simulator.Service, c *client) {
		s.Fault(simulator.Rule{On: simulator.Message, Do: simulator.DropAfter, Limit: 1})
		s.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Silence, Limit: 1})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
		defer cancel()
		if _, err := c.SendMessage(ctx, at(s.People()[0].Phone), text("Oi")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestSilentServiceIsNoticedByTheKeepalive(t *testing.T) {
	inBubble(t, simulator.Config{}, func(t *testing.T, s *simulator.Service, c *client) {
		c.forget()
		remove := s.Fault(simulator.Rule{On: simulator.Ping, Do: simulator.Silence})
		time.Sleep(2 * time.Minute)
		heard[*events.KeepAliveTimeout](c, nil)
		remove()
		time.Sleep(5 * time.Minute)
		heard[*events.KeepAliveRestored](c, nil)
	})
}

func TestQRCodeExpiresAfter160Seconds(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Config{})
		c := start(t, s, newKeep())
		if err := c.Connect(); err != nil {
			t.Fatal(err)
		}
		code := heard[*events.QR](c, nil).Codes[0]
		time.Sleep(161 * time.Second)
		heard[*events.Disconnected](c, nil)
		if _, err := s.Scan(code); !errors.Is(err, simulator.ErrCode) {
			t.Errorf("got %v, want %v", err, simulator.ErrCode)
		}
		synctest.Wait()
		c.Disconnect()
		s.Finish(t)
		time.Sleep(10 * time.Minute)
	})
}

func TestPeopleTakeTheirTime(t *testing.T) {
	inBubble(t, simulator.Config{People: 1, Reads: 1, Latency: 50 * time.Millisecond}, func(t *testing.T, s *simulator.Service, c *client) {
		began := time.Now()
		id := c.say(s.People()[0].Phone, "Oi").ID
		if took := time.Since(began); took < 200*time.Millisecond {
			t.Errorf("five answers with 50 ms of latency took %s", took)
		}
		c.receipt(id, types.ReceiptTypeDelivered)
		c.receipt(id, types.ReceiptTypeRead)
		if took := time.Since(began); took < 2*time.Second {
			t.Errorf("they read it after %s", took)
		}
	})
}
