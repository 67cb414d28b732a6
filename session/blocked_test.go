package session

import (
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session/simulator"
)

// receives is how many people a campaign to everybody would reach.
func (r *rig) receives() int {
	r.Helper()
	p, err := r.book.Preflight(r.Context(), campaign.Campaign{Name: "c", Text: "Oi"}, time.Now())
	if err != nil {
		r.Fatal(err)
	}
	return p.Receive
}

// Who is blocked on the phone, before the link, while we are online, while we
// are away, or without being told whom, is not written to; and is again when
// that is lifted.
func TestWhoIsBlockedOnThePhoneIsNotWrittenTo(t *testing.T) {
	inBubble(t, simulator.Config{People: 6}, func(r *rig) {
		id, phone := r.linked("loja")
		var rows []people.Row
		for i := range 4 {
			rows = append(rows, people.Row{Phone: people.Phone(r.someone(i).Phone)})
		}
		if _, err := desk(r.book.Book).Import(r.Context(), rows, "test"); err != nil {
			r.Fatal(err)
		}
		if _, err := r.pool.Sender(id).Check(r.Context(), []people.Phone{rows[0].Phone, rows[1].Phone, rows[2].Phone, rows[3].Phone}); err != nil {
			r.Fatal(err) // so that the library knows both addresses
		}
		all := r.receives()
		expect := func(when string, less int) {
			r.Helper()
			time.Sleep(time.Minute)
			if got := r.receives(); got != all-less {
				r.Errorf("%s %d of %d would get it, want %d less", when, got, all, less)
			}
		}
		block := func(i int, on bool, do func(string, bool) error) {
			r.Helper()
			if err := do(string(rows[i].Phone), on); err != nil {
				r.Fatal(err)
			}
		}
		block(0, true, r.own(phone).Block)
		expect("blocked while online", 1)
		block(1, true, r.own(phone).BlockUntold)
		expect("blocked without a word whom", 2)
		r.close()
		block(2, true, r.own(phone).Block)
		block(0, false, r.own(phone).Block)
		r.open()
		r.awaitState(id, campaign.Online)
		expect("after some time away", 2)
		block(1, false, r.own(phone).BlockUntold)
		block(2, false, r.own(phone).Block)
		expect("lifted", 0)
	})
}

// What cannot be asked leaves what was known.
func TestBlockedPeopleStayBlockedWhileNobodyAnswers(t *testing.T) {
	inBubble(t, simulator.Config{People: 6}, func(r *rig) {
		id, phone := r.linked("loja")
		person := r.someone(0)
		if _, err := desk(r.book.Book).Import(r.Context(), []people.Row{{Phone: people.Phone(person.Phone)}}, "test"); err != nil {
			r.Fatal(err)
		}
		if _, err := r.pool.Sender(id).Check(r.Context(), []people.Phone{people.Phone(person.Phone)}); err != nil {
			r.Fatal(err)
		}
		all := r.receives()
		if err := r.own(phone).Block(person.Phone, true); err != nil {
			r.Fatal(err)
		}
		time.Sleep(time.Minute)
		r.service.Fault(simulator.Rule{On: simulator.Query, Query: "blocklist", Do: simulator.Refuse, Code: 503})
		r.restart()
		r.awaitState(id, campaign.Online)
		time.Sleep(time.Minute)
		if got := r.receives(); got != all-1 {
			r.Errorf("%d of %d would get it, want one less", got, all)
		}
	})
}
