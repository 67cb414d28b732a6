package tui

import (
	"fmt"
	"testing"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store"
)

// BenchmarkBrowserKey is one key press in the list of people, drawn.
func BenchmarkBrowserKey(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := newRoot(b.Context(), App{})
			r.env.w, r.env.h, r.env.agreed, r.at = 120, 40, true, tabContacts
			c := r.top().(*contacts)
			c.known = true
			c.page = make(map[people.ContactID]people.Contact)
			ids := make([]people.ContactID, n)
			for i := range n {
				id := people.ContactID(i + 1)
				ids[i] = id
				if i < 200 {
					c.page[id] = people.Contact{ID: id, Name: fmt.Sprintf("João Conceição %d", i), Phone: "+5511987654321", Tags: []string{"vip"}, Knows: []campaign.NumberID{1}}
				}
			}
			c.list = store.Listed(ids)
			r.View()
			keys := []string{"down", "down", "down", "up", "up", "up"}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				r.update(keyPress(keys[i%len(keys)]))
				r.View()
				i++
			}
		})
	}
}
