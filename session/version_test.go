package session

import (
	"testing"
	"time"

	"go.mau.fi/whatsmeow/store"

	"recado/campaign"
	"recado/session/simulator"
)

func TestNewerVersionIsFoundOutAndRemembered(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		first, asked, err := r.book.WebVersion()
		if err != nil || asked.IsZero() || !store.GetWAVersion().LessThan(first) {
			r.Fatalf("version %v, asked %v, %v; want that of the service's page", first, asked, err)
		}

		// The next one is not asked for before a day has passed, not even when
		// the service insists.
		next := store.WAVersionContainer(first)
		next[2] += 1000
		r.service.SetNewestVersion(next)
		r.own(phone).Drop()
		if s := r.awaitState(id, campaign.Outdated); s.Reason.Code != rules[onOutdated].say {
			r.Errorf("reason %q", s.Reason)
		}
		time.Sleep(time.Until(asked.Add(23 * time.Hour)))
		if s := r.snapshot(id); s.State != campaign.Outdated {
			r.Errorf("before the day is over: %v", s.State)
		}
		r.awaitWithin(id, "online", 2*time.Hour, func(s Snapshot) bool { return s.State == campaign.Online })

		// It is known after a restart, and asked for no sooner.
		r.service.Fault(simulator.Rule{On: simulator.Page, Do: simulator.Refuse, Code: 500})
		r.restart()
		r.awaitState(id, campaign.Online)
		if kept, _, err := r.book.WebVersion(); err != nil || kept != [3]uint32(next) {
			r.Errorf("remembered: %v, %v; want %v", kept, err, next)
		}
		if got := r.pool.version.current(); got != next {
			r.Errorf("in use: %v, want %v", got, next)
		}
	})
}

func TestVersionIsNeverOlderThanTheBuiltInOne(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		time.Sleep(time.Minute) // for the answer of the service's page
		if err := r.book.SetWebVersion([3]uint32{2, 3000, 1}, time.Now()); err != nil {
			r.Fatal(err)
		}
		r.restart()
		if got := r.pool.version.current(); got != store.GetWAVersion() {
			r.Errorf("in use: %v, want the built-in %v", got, store.GetWAVersion())
		}
	})
}
