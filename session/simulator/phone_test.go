package simulator_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/session/simulator"
)

// asksPhone asks the own phone for a key of the address book, which only a phone
// that is on answers.
func (c *client) asksPhone(ctx context.Context) {
	c.t.Helper()
	_, err := c.SendPeerMessage(ctx, &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_REQUEST.Enum(),
		AppStateSyncKeyRequest: &waE2E.AppStateSyncKeyRequest{
			KeyIDs: []*waE2E.AppStateSyncKeyId{{KeyID: []byte{0, 0, 0, 0, 0, 1}}},
		},
	}})
	if err != nil {
		c.t.Fatal(err)
	}
}

// shares counts the keys that the phone has sent.
func (c *client) shares() (n int) {
	for _, m := range eventsOf[*events.Message](c) {
		if m.Message.GetProtocolMessage().GetAppStateSyncKeyShare() != nil {
			n++
		}
	}
	return n
}

func TestPhoneThatIsOnAnswersItsClient(t *testing.T) {
	for name, quiet := range map[string]bool{"with a history": false, "quiet": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, simulator.Config{People: 5, Quiet: quiet, Speed: simulator.Instant}, func(t *testing.T, s *simulator.Service, c *client) {
				c.say(s.People()[0].Phone, "Oi") // the client writes to a phone only once it has its keys
				synctest.Wait()
				before := c.shares()
				c.asksPhone(t.Context())
				synctest.Wait()
				if got := c.shares() - before; got != 1 {
					t.Errorf("%d answers, want 1", got)
				}
			})
		})
	}
}

func TestPhoneThatIsOffForDaysCatchesUp(t *testing.T) {
	inBubble(t, simulator.Config{People: 40, Speed: simulator.Instant}, func(t *testing.T, s *simulator.Service, c *client) {
		ana := s.People()[0]
		own := ownOf(t, s)
		synctest.Wait()
		c.forget()
		own.SetPhone(false)
		c.asksPhone(t.Context())
		id := c.say(ana.Phone, "Oi").ID
		second := link(t, s, ownPhone) // its keys and its history are still in the phone
		time.Sleep(2 * 24 * time.Hour)
		if n := c.shares() + second.shares(); n > 0 {
			t.Errorf("the phone is off and answers %d times", n)
		}
		if got := eventsOf[*events.HistorySync](second); len(got) > 0 {
			t.Errorf("the phone is off and sends %d parts of its history", len(got))
		}
		for _, r := range eventsOf[*events.Receipt](c) {
			if r.Type == types.ReceiptTypeSender {
				t.Errorf("the phone is off and confirms %v", r.MessageIDs)
			}
		}
		c.receipt(id, types.ReceiptTypeDelivered) // theirs is on
		own.SetPhone(true)
		c.receipt(id, types.ReceiptTypeSender)
		collectionSynced(second, appstate.WAPatchRegularLow)
		synctest.Wait()
		if c.shares() != 1 || second.shares() != 1 {
			t.Errorf("the phone is on and answers %d and %d times", c.shares(), second.shares())
		}
		if got := eventsOf[*events.HistorySync](second); len(got) != 3 {
			t.Errorf("%d parts of the history came, want 3", len(got))
		}
		second.Disconnect()
	})
}
