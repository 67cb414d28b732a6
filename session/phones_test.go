package session

import (
	"slices"
	"testing"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session/simulator"
)

// TestOtherPhonesAreTried: who is not on WhatsApp under one phone is asked for
// under the next, and gets one message; who is under none of theirs is skipped.
func TestOtherPhonesAreTried(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		r.linked("loja")
		// Of those who are there, nobody stands in an address book.
		there := []people.Phone{"+5511987650001", "+5511987650002"}
		gone := []people.Phone{"+5511987650003", "+5511987650004", "+5511987650005", "+5511987650006", "+5511987650007"}
		for _, p := range there {
			if _, err := r.service.Register(string(p)); err != nil {
				r.Fatal(err)
			}
		}
		rows := []people.Row{
			{Line: 1, Name: "Ana", Phone: gone[0], Others: []people.Phone{gone[1], there[0]}},
			{Line: 2, Name: "Bia", Phone: gone[2], Others: []people.Phone{gone[3]}},
			{Line: 3, Name: "Caio", Phone: gone[4], Others: []people.Phone{there[1]}},
			{Line: 4, Name: "Dora", Phone: there[1]}, // by which Caio is not to be reached
		}
		for i := range rows {
			rows[i].Tags = []string{"vip"}
		}
		if _, err := desk(r.book.Book).Import(r.Context(), rows, "lista"); err != nil {
			r.Fatal(err)
		}
		id := r.starts(campaign.Campaign{Name: "promo", Text: "olá", To: "tag:vip"})
		r.sent(id)
		states := map[string]campaign.State{}
		deliveries, err := r.book.Deliveries(id, 0, 100)
		if err != nil {
			r.Fatal(err)
		}
		for _, d := range deliveries {
			c, err := r.book.Contact(d.Contact)
			if err != nil {
				r.Fatal(err)
			}
			if states[c.Name] = d.State; c.Name == "Ana" && c.Phone != there[0] {
				r.Errorf("Ana goes by %s, want %s", c.Phone, there[0])
			}
			if c.Name == "Bia" && (c.Presence != people.NotOnWhatsApp || len(c.Phones()) != 2) {
				r.Errorf("Bia is %+v", c)
			}
		}
		for name, left := range map[string]bool{"Ana": true, "Bia": false, "Caio": false, "Dora": true} {
			if got := states[name]; (got != campaign.Skipped) != left {
				r.Errorf("%s: %v", name, got)
			}
		}
		for _, p := range there {
			if seen := r.service.Ledger().SeenBy(string(p)); len(seen) != 1 {
				r.Errorf("%s sees %+v, want one message", p, seen)
			}
		}
		if seen := r.service.Ledger().Seen(); len(seen) != 2 {
			r.Errorf("seen: %+v", seen)
		}
		if i := slices.IndexFunc(deliveries, func(d campaign.Delivery) bool { return d.State != campaign.Skipped && d.Message == "" }); i >= 0 {
			r.Errorf("without an id: %+v", deliveries[i])
		}
	})
}
