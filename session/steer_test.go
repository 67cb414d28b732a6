package session

import (
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
)

// TestWhoIsSkippedWhileItIsSentGetsNothing: one message is on the wire, and is
// refused; the next person is taken out and is not written to.
func TestWhoIsSkippedWhileItIsSentGetsNothing(t *testing.T) {
	inBubble(t, simulator.Config{People: 4}, func(r *rig) {
		r.everybody()
		r.linked("loja")
		c := r.campaignToAll()
		r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Late, Delay: 10 * time.Second, Limit: 1})
		r.service.Fault(simulator.Rule{On: simulator.Receipt, Do: simulator.Late, Delay: time.Minute})
		stop := r.lanes()
		r.awaitOnTheWire(c)
		flying, err := r.book.Delivery(c, 0)
		r.must(err)
		if flying.State != campaign.Sending {
			r.Fatalf("the first one is %v", flying.State)
		}
		if _, err := desk(r.book.Book).Skip(c, flying.Seq); err == nil {
			r.Error("one on the wire is skipped")
		} else if why := reason.Of(err); why.Kind() != reason.SkipSending {
			r.Errorf("one on the wire: %v", err)
		}
		next := (flying.Seq + 1) % 4
		skipped, err := desk(r.book.Book).Skip(c, next)
		r.must(err)
		stop()
		r.sent(c)
		counts, err := r.book.Counts(c)
		r.must(err)
		if counts[campaign.Skipped] != 1 || counts.Accepted() != 3 {
			r.Errorf("%v, want three sent and one skipped", counts)
		}
		if n := len(r.service.Ledger().SeenBy(string(skipped.Phone))); n != 0 {
			r.Errorf("who was skipped saw %d messages", n)
		}
	})
}

// TestWhoMayHaveTheOldTextGetsNoOther: the program dies with a message on the wire;
// the text is fixed before it is known what became of that. It goes again as it
// was, and is seen once; the others get the new text.
func TestWhoMayHaveTheOldTextGetsNoOther(t *testing.T) {
	inBubble(t, simulator.Config{People: 4}, func(r *rig) {
		r.everybody()
		id, _ := r.linked("loja")
		c := r.campaignToAll()
		r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Silence})
		r.service.Fault(simulator.Rule{On: simulator.Receipt, Do: simulator.Silence}) // nothing proves it
		stop := r.lanes()
		r.awaitOnTheWire(c)
		r.kill(stop)
		r.service.ClearFaults()
		r.open()
		desk := desk(r.book.Book)
		_, err := desk.Pause(c)
		r.must(err)
		_, err = desk.FixText(c, 0, "olá", "bom dia")
		r.must(err)
		r.awaitState(id, campaign.Online)
		stop = r.lanes()
		time.Sleep(10 * time.Minute)
		if n := r.sends(); n != 1 {
			r.Errorf("%d messages left while it was paused, want the one of before", n)
		}
		stop()
		_, err = desk.Resume(c)
		r.must(err)
		r.sent(c)
		time.Sleep(time.Minute)
		saw := make(map[string]int)
		for _, p := range r.service.People() {
			for _, s := range r.service.Ledger().SeenBy(p.Phone) {
				saw[s.Text]++
			}
		}
		if saw["olá"] != 1 || saw["bom dia"] != 3 || len(saw) != 2 {
			r.Errorf("people saw %v", saw)
		}
		for _, twice := range r.service.Ledger().Twice() {
			r.Errorf("%s saw %q twice", twice.Person, twice.Text)
		}
		all, err := r.book.Deliveries(c, -1, 10)
		r.must(err)
		for _, d := range all {
			for _, s := range r.service.Ledger().SeenBy(string(d.Phone)) {
				if !strings.Contains(d.Text, s.Text) {
					r.Errorf("%s saw %q, and the book says %q", d.Phone, s.Text, d.Text)
				}
			}
		}
	})
}

// TestWhatABannedNumberHadIsSentByTheOther: some have it already; the number dies
// with a message on the wire, which stays its own; everybody else gets it once, by
// the other number.
func TestWhatABannedNumberHadIsSentByTheOther(t *testing.T) {
	inBubble(t, simulator.Config{People: 10}, func(r *rig) {
		r.everybody()
		a, phoneA := r.linked("loja")
		b, phoneB := r.linked("filial")
		for _, p := range r.service.People() { // what a stranger would get stays with the ban
			for _, number := range []string{phoneA, phoneB} {
				_, err := r.service.Say(p.Phone, number, "oi")
				r.must(err)
			}
		}
		time.Sleep(newFor)
		c := r.campaignToAll()
		_, err := desk(r.book.Book).StopNumber(c, b, true)
		r.must(err)
		r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Silence, Nth: 2})
		r.service.Fault(simulator.Rule{On: simulator.Receipt, Do: simulator.Silence})
		stop := r.lanes()
		for range 1000 {
			if counts, err := r.book.Counts(c); err == nil && counts.Left() == 2 && counts[campaign.Sending] == 1 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		r.own(phoneA).Ban(time.Now().Add(48*time.Hour), 101)
		r.awaitState(a, campaign.Banned)
		time.Sleep(time.Minute)
		stop()
		r.service.ClearFaults()
		_, err = desk(r.book.Book).StopNumber(c, b, false)
		r.must(err)
		moved, err := desk(r.book.Book).MoveNumber(r.Context(), c, a, true, time.Now())
		r.must(err)
		if moved.Count == 0 || len(moved.Stayed) != 1 || moved.Stayed[reason.MoveClaimed] != 1 {
			r.Errorf("it moved %+v", moved)
		}
		if camp, err := r.book.Campaign(c); err == nil && camp.Status == campaign.Paused { // because of the ban
			_, err := desk(r.book.Book).Resume(c)
			r.must(err)
		}
		stop = r.lanes()
		time.Sleep(time.Hour)
		stop()
		by := make(map[string]int)
		for _, p := range r.service.People() {
			seen := r.service.Ledger().SeenBy(p.Phone)
			if len(seen) != 1 {
				r.Errorf("%s saw %d messages", p.Phone, len(seen))
				continue
			}
			by[seen[0].Number]++
		}
		if by[phoneA] != 2 || by[phoneB] != 8 {
			r.Errorf("by number: %v, want two by the first", by)
		}
	})
}
