package simulator_test

import (
	"testing"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/session/simulator"
)

func TestTextArrivesIsReadAndAnswered(t *testing.T) {
	s := serve(t, simulator.Config{Seed: 2, People: 3, Reads: 1, Replies: 1})
	c := link(t, s, "")
	ana := s.People()[0]
	sent := c.say(ana.Phone, "Oi, Ana!")
	c.receipt(sent.ID, types.ReceiptTypeDelivered)
	c.receipt(sent.ID, types.ReceiptTypeRead)
	c.receipt(sent.ID, types.ReceiptTypeSender)
	reply := heard(c, func(m *events.Message) bool { return !m.Info.IsFromMe })
	if reply.Info.Sender.User != ana.LID || "+"+reply.Info.SenderAlt.User != ana.Phone || reply.Info.PushName != ana.PushName {
		t.Errorf("the answer is from %s (%s) %q, want %s (%s) %q", reply.Info.Sender, reply.Info.SenderAlt, reply.Info.PushName, ana.LID, ana.Phone, ana.PushName)
	}
	seen := s.Ledger().SeenBy(ana.Phone)
	if len(seen) != 1 || seen[0].Text != "Oi, Ana!" || seen[0].ID != sent.ID {
		t.Errorf("they see %+v", seen)
	}
	// The second one goes through the session that the answer completed.
	second := c.say(ana.Phone, "Tudo bem?")
	c.receipt(second.ID, types.ReceiptTypeDelivered)
	if seen := s.Ledger().SeenBy(ana.Phone); len(seen) != 2 || seen[1].Text != "Tudo bem?" {
		t.Errorf("they see %+v", seen)
	}
}
