package session

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session/simulator"
	"recado/store"
)

// sawText is how often a person saw a text, and by which of our numbers last.
func (r *rig) sawText(p simulator.Person, text string) (n int, number string) {
	for _, s := range r.service.Ledger().SeenBy(p.Phone) {
		if s.Text == text {
			n++
			number = s.Number
		}
	}
	return n, number
}

// TestAnAnswerArrivesOnceWhateverIsKilled: the program dies with the answer on the
// wire, before the service got it and after, and the person sees it once, from
// the number that they wrote to.
func TestAnAnswerArrivesOnceWhateverIsKilled(t *testing.T) {
	const text = "Temos sim!"
	dying(t, 3, func(r *rig, dies func(func() campaign.ID) campaign.ID) {
		c, persons, id, own := r.promoted()
		other, _ := r.linked("filial") // has less to do, and did not write to them
		r.say(persons[0], own, "tem no 8?")
		time.Sleep(time.Minute)
		counts, err := r.book.Counts(c)
		r.must(err)
		made, err := r.book.Report(r.Context(), c)
		r.must(err)

		answer := dies(func() campaign.ID {
			a, err := desk(r.book.Book).Answer(r.Context(), c, r.contact(persons[0]).ID, text, time.Now())
			r.must(err)
			return a.ID
		})
		if d, err := r.book.Delivery(answer, 0); err != nil || !d.InDoubt || d.Message == "" || d.Text != text {
			r.Errorf("after the kill it is %+v, %v", d, err)
		}
		if _, err := desk(r.book.Book).Answer(r.Context(), c, r.contact(persons[0]).ID, text, time.Now()); !errors.Is(err, store.ErrExists) {
			r.Errorf("it may be written again: %v", err)
		}
		r.awaitState(id, campaign.Online)
		r.awaitState(other, campaign.Online)
		r.sent(answer)
		time.Sleep(time.Minute)
		if n, number := r.sawText(persons[0], text); n != 1 || number != own {
			r.Errorf("they saw it %d times, from %s, want once from %s", n, number, own)
		}
		for _, twice := range r.service.Ledger().Twice() {
			r.Errorf("%s saw %q twice", twice.Person, twice.Text)
		}
		err = r.book.Replies(r.Context(), c, func(one *store.Reply) error {
			if one.Contact != r.contact(persons[0]).ID || one.Answer != "tem no 8?" || !one.Ours.Stands || !one.Ours.State.Reached() {
				r.Errorf("the reply is %+v", one)
			}
			return nil
		})
		r.must(err)
		again, err := r.book.Counts(c)
		r.must(err)
		report, err := r.book.Report(r.Context(), c)
		if err != nil || again != counts || report.Funnel != made.Funnel {
			r.Errorf("counts %v and %+v, %v; before %v and %+v", again, report.Funnel, err, counts, made.Funnel)
		}
	})
}

// dying tells a story in which the program is killed with a message on the wire:
// before the service has it, and after. What dies begins is sent until then, and is
// in doubt when the program is opened again.
func dying(t *testing.T, people int, story func(r *rig, dies func(begin func() campaign.ID) campaign.ID)) {
	for name, fault := range map[string]simulator.Rule{
		"before the service has it": {On: simulator.Message, Do: simulator.DropBefore},
		"after the service has it":  {On: simulator.Message, Do: simulator.Silence},
	} {
		t.Run(name, func(t *testing.T) {
			if raced && fault.Do == simulator.DropBefore {
				t.Skip("the client library has a race of its own when a connection breaks during a send")
			}
			inBubble(t, simulator.Config{People: people}, func(r *rig) {
				story(r, func(begin func() campaign.ID) campaign.ID {
					r.service.Fault(fault)
					r.service.Fault(simulator.Rule{On: simulator.Receipt, Do: simulator.Silence}) // nothing proves it
					stop := r.lanes()
					id := begin()
					r.awaitOnTheWire(id)
					r.kill(stop)
					r.service.ClearFaults()
					r.open()
					return id
				})
			})
		})
	}
}

// awaitOnTheWire waits until the only message of a campaign has been claimed.
func (r *rig) awaitOnTheWire(id campaign.ID) {
	r.Helper()
	for range 1000 {
		if d, err := r.book.Delivery(id, 0); err == nil && d.Attempts > 0 {
			synctest.Wait()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	r.Fatal("it is never claimed")
}

// TestWhoSaidSairIsNotAnswered: neither when they are to be, nor when they leave
// while the answer waits.
func TestWhoSaidSairIsNotAnswered(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		c, persons, _, own := r.promoted()
		r.say(persons[0], own, "SAIR")
		r.say(persons[1], own, "quanto custa?")
		time.Sleep(time.Minute)
		_, err := desk(r.book.Book).Answer(r.Context(), c, r.contact(persons[0]).ID, "fique!", time.Now())
		if why := reason.Of(err); err == nil || why.Kind() != reason.DeliveryOptedOut {
			r.Errorf("who said SAIR is answered: %v", err)
		}
		a, err := desk(r.book.Book).Answer(r.Context(), c, r.contact(persons[1]).ID, "dez reais", time.Now())
		r.must(err)
		r.say(persons[1], own, "SAIR")
		time.Sleep(time.Minute)
		r.sent(a.ID)
		d, err := r.book.Delivery(a.ID, 0)
		if err != nil || d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryOptedOut {
			r.Errorf("who left meanwhile: %v, %v, %v", d.State, d.Reason, err)
		}
		for _, p := range persons[:2] {
			saw := r.service.Ledger().SeenBy(p.Phone)
			if n := len(saw); n < 1 || n > 2 || n == 2 && saw[1].Text != (campaign.Confirmation{}).For("pt") {
				r.Errorf("%s saw %+v, want the campaign alone, and that they have left", p.Phone, saw)
			}
		}
		if r.contact(persons[2]).LastHeard != (people.Contact{}).LastHeard {
			r.Error("who wrote nothing was heard")
		}
	})
}
