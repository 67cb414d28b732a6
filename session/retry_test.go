package session

import (
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
)

// TestWhatWasRefusedIsSeenOnceWhenItIsTriedAgain: two messages are refused, the
// program dies with one of them on the wire again, and each is seen once; one of the
// people says no before that, and gets nothing.
func TestWhatWasRefusedIsSeenOnceWhenItIsTriedAgain(t *testing.T) {
	inBubble(t, simulator.Config{People: 5}, func(r *rig) {
		r.everybody()
		id, phone := r.linked("loja")
		c := r.campaignToAll()
		r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Refuse, Code: 420, Limit: 3})
		stop := r.lanes()
		r.sent(c)
		stop()
		counts, err := r.book.Counts(c)
		r.must(err)
		if counts[campaign.Failed] != 3 || counts.Accepted() != 2 {
			r.Fatalf("%v, want three refused and two sent", counts)
		}
		all, err := r.book.Deliveries(c, -1, 10)
		r.must(err)
		ids := make(map[campaign.MessageID]campaign.Delivery)
		var failed []campaign.Delivery
		for _, d := range all {
			if ids[d.Message] = d; d.State == campaign.Failed {
				failed = append(failed, d)
			}
		}
		_, err = r.service.Say(string(failed[2].Phone), phone, "SAIR")
		r.must(err)
		time.Sleep(time.Minute)
		got, err := desk(r.book.Book).Retry(r.Context(), c, reason.Refused)
		r.must(err)
		if got.Count != 3 {
			r.Errorf("%+v", got)
		}
		r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Silence, Limit: 1})
		r.service.Fault(simulator.Rule{On: simulator.Receipt, Do: simulator.Silence}) // nothing proves it
		stop = r.lanes()
		r.awaitOnTheWire(c)
		r.kill(stop)
		r.service.ClearFaults()
		r.open()
		r.awaitState(id, campaign.Online)
		stop = r.lanes()
		defer stop()
		r.sent(c)
		time.Sleep(time.Minute)
		for _, d := range all {
			want := 1
			if d.Seq == failed[2].Seq {
				want = 0
			}
			if n := len(r.service.Ledger().SeenBy(string(d.Phone))); n != want {
				r.Errorf("%s saw %d messages, want %d", d.Name, n, want)
			}
		}
		for _, s := range r.service.Ledger().Stanzas() {
			if _, ours := ids[campaign.MessageID(s.ID)]; s.Kind == "text" && s.Text == "olá" && !ours {
				r.Errorf("one left under another id: %+v", s)
			}
		}
		for _, twice := range r.service.Ledger().Twice() {
			r.Errorf("%s saw %q twice", twice.Person, twice.Text)
		}
	})
}

// TestARefusalAfterTheLineBrokeIsADoubt: the library sends the same message again when
// the line breaks. That one is refused, and the first one was taken: it is no no, and
// what was seen is not tried again as if it had not been.
func TestARefusalAfterTheLineBrokeIsADoubt(t *testing.T) {
	inBubble(t, simulator.Config{People: 1}, func(r *rig) {
		r.everybody()
		r.linked("loja")
		c := r.campaignToAll()
		r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.DropAfter, Limit: 1})
		r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Refuse, Code: 420})
		r.service.Fault(simulator.Rule{On: simulator.Receipt, Do: simulator.Silence}) // nothing proves it
		stop := r.lanes()
		time.Sleep(24 * time.Hour)
		stop()
		person := r.service.People()[0]
		if n := len(r.service.Ledger().SeenBy(person.Phone)); n != 1 {
			r.Fatalf("they saw %d messages", n)
		}
		d, err := r.book.Delivery(c, 0)
		r.must(err)
		if d.State != campaign.Unsure {
			r.Errorf("it is %v (%v)", d.State, d.Reason)
		}
		if got, err := desk(r.book.Book).Retry(r.Context(), c); err == nil {
			r.Errorf("%+v are tried again", got)
		}
	})
}
