package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"

	"go.mau.fi/whatsmeow/store"

	"recado/campaign"
	"recado/session/simulator"
)

// drawer is the smallest session store.
type drawer struct {
	store.SessionStore
	mu   sync.Mutex
	rows map[string][]byte
}

func (d *drawer) GetManySessions(_ context.Context, addresses []string) (map[string][]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found := make(map[string][]byte)
	for _, a := range addresses {
		found[a] = d.rows[a]
	}
	return found, nil
}

func (d *drawer) PutManySessions(_ context.Context, all map[string][]byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.Copy(d.rows, all)
	return nil
}

func TestSendDoesNotUndoWhatAnIncomingMessageDid(t *testing.T) {
	d := &drawer{rows: map[string][]byte{"7_1:0": []byte("a")}}
	s := sessions{d, new(sync.Mutex)}
	ctx, p := noteParts(context.Background())
	if _, err := s.GetManySessions(ctx, []string{"7_1:0", "8_1:0"}); err != nil {
		t.Fatal(err)
	}
	d.rows["7_1:0"] = []byte("b") // an incoming message
	err := s.PutManySessions(ctx, map[string][]byte{"7_1:0": []byte("c"), "8_1:0": []byte("d")})
	if !errors.Is(err, errMoved) || string(d.rows["7_1:0"]) != "b" || d.rows["8_1:0"] != nil || p.reach([]string{"7"}) {
		t.Errorf("%v, rows %q, reached %v; want %v and nothing written", err, d.rows, p.reach([]string{"7"}), errMoved)
	}

	// Begun again, it goes through.
	ctx, p = noteParts(context.Background())
	if _, err := s.GetManySessions(ctx, []string{"7_1:0"}); err != nil {
		t.Fatal(err)
	}
	if err := s.PutManySessions(ctx, map[string][]byte{"7_1:0": []byte("c")}); err != nil || !p.reach([]string{"7"}) {
		t.Errorf("%v, reached %v; want it written", err, p.reach([]string{"7"}))
	}
}

// The moment after linking is the worst: the phone sends its keys, contacts
// and history while the first message is being encrypted, also for the phone.
func TestSendsRightAfterLinkingLoseNothingOfThePhone(t *testing.T) {
	for i := range 5 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			inBubble(t, simulator.Config{Seed: uint64(i), People: 20}, func(r *rig) {
				id := r.add("loja")
				r.scan(id, "")
				r.awaitState(id, campaign.Online)
				for i := range 5 {
					got := r.pool.Sender(id).Send(r.Context(), r.delivery(id, r.someone(i), "olá"))
					if got.Kind != campaign.Accepted {
						r.Errorf("%+v, want accepted", got)
					}
				}
				r.await(id, "with contacts", func(s Snapshot) bool { return s.Contacts })
				for _, s := range r.service.Ledger().Stanzas() {
					for _, leg := range s.Legs {
						if leg.Error != "" {
							r.Errorf("a part for %s cannot be read: %s", leg.Device, leg.Error)
						}
					}
				}
			})
		})
	}
}
