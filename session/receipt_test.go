package session

import (
	"testing"
	"time"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"

	"recado/campaign"
	"recado/session/simulator"
)

// state is how far the delivery of a campaign to one person is.
func (r *rig) state(id campaign.ID) campaign.State {
	r.Helper()
	d, err := r.book.Delivery(id, 0)
	r.must(err)
	return d.State
}

func TestReceiptOfSomebodyElseProvesNothing(t *testing.T) {
	inBubble(t, simulator.Config{People: 4}, func(r *rig) {
		_, phone := r.linked("loja")
		ana, bia := r.someone(0), r.someone(1)
		for _, p := range []simulator.Person{ana, bia} {
			r.must(r.service.SetPersonPhone(p.Phone, false))
		}
		stop := r.lanes()
		toAna := r.campaignTo(ana, "oi, Ana")
		first := string(r.awaitDelivery(toAna, campaign.Sent).Message)
		toBia := r.campaignTo(bia, "oi, Bia")
		others := string(r.awaitDelivery(toBia, campaign.Sent).Message)
		stop()
		want := func(when string, a, b campaign.State) {
			t.Helper()
			time.Sleep(time.Minute)
			if x, y := r.state(toAna), r.state(toBia); x != a || y != b {
				t.Errorf("%s: %v and %v, want %v and %v", when, x, y, a, b)
			}
		}
		for _, kind := range []string{"", "read", "played", "inactive", "sender"} {
			r.must(r.service.Confirm(bia.Phone, phone, kind, first))
			want("somebody else confirms: "+kind, campaign.Sent, campaign.Sent)
		}
		r.must(r.service.AskAgain(bia.Phone, phone, first))
		want("somebody else cannot read it", campaign.Sent, campaign.Sent)
		receipt := func(attrs wire.Attrs) {
			attrs["id"], attrs["t"] = first, "946684800"
			r.service.Push(phone, wire.Node{Tag: "receipt", Attrs: attrs})
		}
		receipt(wire.Attrs{"from": types.NewJID("120363000000000000", types.GroupServer), "participant": types.NewJID(ana.LID, types.HiddenUserServer)})
		want("from a group", campaign.Sent, campaign.Sent)

		r.must(r.service.Confirm(bia.Phone, phone, "", first, others, "3EB0NOBODYS"))
		want("one receipt for both, from Bia", campaign.Sent, campaign.Delivered)
		receipt(wire.Attrs{"from": types.JID{User: ana.LID, Device: 99, Server: types.HostedLIDServer}})
		want("from a hosted device of Ana", campaign.Delivered, campaign.Delivered)
		receipt(wire.Attrs{"from": types.JID{User: ana.Phone[1:], Device: 3, Server: types.DefaultUserServer}, "type": "read"})
		want("from another device of Ana, by the phone", campaign.Read, campaign.Delivered)
	})
}

// TestReceiptOfSomebodyElseDoesNotLandAMessage: the service says nothing of a
// message, and somebody else confirms it meanwhile.
func TestReceiptOfSomebodyElseDoesNotLandAMessage(t *testing.T) {
	for _, kind := range []string{"read", "sender"} {
		inBubble(t, simulator.Config{People: 4}, func(r *rig) {
			_, phone := r.linked("loja")
			ana, bia := r.someone(0), r.someone(1)
			r.own(phone).SetPhone(false)
			r.must(r.service.SetPersonPhone(ana.Phone, false))
			r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Silence})
			stop := r.lanes()
			defer stop()
			id := r.campaignTo(ana, "oi")
			first := string(r.awaitDelivery(id, campaign.Sending).Message)
			r.must(r.service.Confirm(bia.Phone, phone, kind, first))
			time.Sleep(2 * sendTimeout)
			if got := r.state(id); got != campaign.Unsure && got != campaign.Sending {
				t.Errorf("after a receipt of somebody else (%s) it is %v", kind, got)
			}
		})
	}
}

func TestAMessageIsGivenAgainOnlyToItsRecipient(t *testing.T) {
	inBubble(t, simulator.Config{People: 4}, func(r *rig) {
		id, phone := r.linked("loja")
		ana, bia := r.someone(0), r.someone(1)
		stop := r.lanes()
		first := string(r.awaitDelivery(r.campaignTo(ana, "só para Ana"), campaign.Delivered).Message)
		stop()
		r.restart() // the client remembers nothing
		r.awaitState(id, campaign.Online)
		again := func() (to []string) {
			time.Sleep(time.Minute)
			for _, s := range r.service.Ledger().Stanzas() {
				if s.Kind == "retry" {
					to = append(to, s.To)
				}
			}
			return to
		}
		r.must(r.service.AskAgain(bia.Phone, phone, first))
		if got := again(); len(got) != 0 {
			t.Errorf("somebody else asked, and it was sent to %v", got)
		}
		r.must(r.service.AskAgain(ana.Phone, phone, first))
		if got := again(); len(got) != 1 || got[0] != ana.Phone {
			t.Errorf("its recipient asked, and it was sent to %v", got)
		}
	})
}

// TestAReceiptEndsTheWaitForALostAnswer: the service has the message and its answer is
// lost; who sends waits no longer for it than it takes to be sure that it does not come.
func TestAReceiptEndsTheWaitForALostAnswer(t *testing.T) {
	inBubble(t, simulator.Config{People: 2}, func(r *rig) {
		id, phone := r.linked("loja")
		r.own(phone).SetPhone(false) // which would tell of it too
		r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Silence, Limit: 1})
		begun := time.Now()
		o := r.pool.Sender(id).Send(r.Context(), r.delivery(id, r.someone(0), "olá"))
		if took := time.Since(begun); o.Kind != campaign.Accepted || took > ackGrace+5*time.Second {
			t.Errorf("after %v: %+v", took, o)
		}
	})
}
