package session

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	waStore "go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session/simulator"
)

// mortal is the book and the keys of a program that dies, as by kill -9, right
// before or right after it has written something for the at-th time.
type mortal struct {
	*faultyBook
	service  *simulator.Service
	from, to string        // its directory, and that of what it leaves
	died     chan string   // told at which step
	buried   chan struct{} // closed when what the dead program left has been taken

	mu   sync.Mutex
	done int // steps
	at   int
	of   string // what such a step is about; empty: anything
	dead bool
}

// step is one before or after something is written. In a dead program it ends
// after the burial, so that nothing more is written that would be found.
func (m *mortal) step(what string) {
	m.mu.Lock()
	if m.of == "" || strings.HasSuffix(what, m.of) {
		m.done++
	}
	dies, dead := m.done == m.at && !m.dead, m.dead
	m.dead = m.dead || dies
	m.mu.Unlock()
	if dies {
		m.service.SetDown(true)
		m.leaves()
		m.died <- what
	}
	if dies || dead {
		<-m.buried
	}
}

// leaves copies what is on the disk.
func (m *mortal) leaves() {
	for _, name := range []string{"book.db", "devices.db"} {
		var data []byte
		for again := true; again; { // somebody may be writing
			before := data
			data, _ = os.ReadFile(filepath.Join(m.from, name))
			again = len(data) == 0 || !bytes.Equal(data, before)
		}
		if err := os.WriteFile(filepath.Join(m.to, name), data, 0o600); err != nil {
			panic(err)
		}
	}
}

// writes is a step before and one after; it is called with defer.
func (m *mortal) writes(what string) (after func()) {
	m.step("before " + what)
	return func() { m.step("after " + what) }
}

func (m *mortal) Claim(c campaign.Claim) (campaign.Act, error) {
	act, err := m.faultyBook.Claim(c)
	if _, sends := act.(campaign.Send); sends {
		m.step("after claim")
	}
	return act, err
}

func (m *mortal) Settle(d campaign.Delivery, o campaign.Outcome, at time.Time) error {
	defer m.writes("settle")()
	return m.faultyBook.Settle(d, o, at)
}

func (m *mortal) SettleAndClaim(d campaign.Delivery, o campaign.Outcome, c campaign.Claim) (campaign.Act, error) {
	defer m.writes("settle and claim")()
	return m.faultyBook.SettleAndClaim(d, o, c)
}

func (m *mortal) Answered(n campaign.NumberID, asked []people.Phone, answers []people.Answer, at time.Time) error {
	defer m.writes("answers about phones")()
	return m.faultyBook.Answered(n, asked, answers, at)
}

func (m *mortal) Receipts(all []campaign.Receipt) ([][]campaign.MessageID, error) {
	defer m.writes("receipts")()
	return m.faultyBook.Receipts(all)
}

func (m *mortal) Heard(n campaign.NumberID, messages ...campaign.Incoming) error {
	defer m.writes("message heard")()
	return m.faultyBook.Heard(n, messages...)
}

func (m *mortal) Saw(n campaign.NumberID, people []people.Seen) error {
	defer m.writes("people seen")()
	return m.faultyBook.Saw(n, people)
}

func (m *mortal) SetStanding(n campaign.NumberID, s campaign.Standing) error {
	defer m.writes("standing")()
	return m.faultyBook.SetStanding(n, s)
}

func (m *mortal) SetQuota(n campaign.NumberID, q campaign.Quota) error {
	defer m.writes("quota")()
	return m.faultyBook.SetQuota(n, q)
}

// mortalDevices are the keys of a mortal.
type mortalDevices struct {
	Devices
	m *mortal
}

func (d mortalDevices) GetDevice(ctx context.Context, jid types.JID) (*waStore.Device, error) {
	device, err := d.Devices.GetDevice(ctx, jid)
	if device != nil {
		device.Sessions = mortalSessions{device.Sessions, d.m}
	}
	return device, err
}

type mortalSessions struct {
	waStore.SessionStore
	m *mortal
}

func (s mortalSessions) PutSession(ctx context.Context, address string, session []byte) error {
	defer s.m.writes("ratchet")()
	return s.SessionStore.PutSession(ctx, address, session)
}

func (s mortalSessions) PutManySessions(ctx context.Context, sessions map[string][]byte) error {
	defer s.m.writes("ratchets")()
	return s.SessionStore.PutManySessions(ctx, sessions)
}

// TestNobodyTwiceKilledAtEveryStep sends a campaign with a program that dies at
// its first step, then with one that dies at its second, and so on. A step is before or
// after a call that writes to the book or the keys; those of which kinds are among the
// last ones is by chance, but for those in steps, of each of which one is. At the end nobody has two and nobody none: neither where receipts
// come at once nor where they come long after what is in doubt was sent again.
func TestNobodyTwiceKilledAtEveryStep(t *testing.T) {
	t.Run("receipts at once", func(t *testing.T) {
		killedAtEveryStep(t, campaign.Campaign{Text: "olá"}, simulator.Config{Replies: .3, Speed: simulator.Instant}, 60, []string{"ratchets", "settle and claim", "receipts", "message heard"})
	})
	t.Run("a poll", func(t *testing.T) { // people answer it with votes
		killedAtEveryStep(t, campaign.Campaign{Text: "olá, qual dia?", Poll: days[:2]}, simulator.Config{Replies: .3, Speed: simulator.Instant}, 40, []string{"ratchets", "settle and claim", "message heard"})
	})
	t.Run("many leave", func(t *testing.T) { // and are told so, once
		killedAtEveryStep(t, campaign.Campaign{Text: "olá"}, simulator.Config{OptOuts: .05, Speed: simulator.Instant}, 40, []string{"settle and claim", "message heard"})
	})
	t.Run("late receipts", func(t *testing.T) {
		killedAtEveryStep(t, campaign.Campaign{Text: "olá"}, simulator.Config{Replies: .3, Speed: .001}, 40, []string{"ratchets", "settle and claim"})
	})
}

func killedAtEveryStep(t *testing.T, promo campaign.Campaign, world simulator.Config, lives int, steps []string) {
	if raced {
		lives = 12
	}
	persons := 4 * lives
	world.Seed, world.People, world.Reads = 5, persons, .7
	inBubble(t, world, func(r *rig) {
		r.linked("loja")
		everybody := r.everybody()
		promo.Name = "promo"
		id := r.campaign(promo)
		r.close()
		at := make(map[string]int)
		live := func(life int, of string) {
			r.mortal = &mortal{service: r.service, from: r.dir, to: r.TempDir(), died: make(chan string, 1), buried: make(chan struct{}), at: life, of: of}
			r.open()
			stop := r.lanes()
			for hours, dead := 0, false; !dead; hours++ {
				select {
				case what := <-r.mortal.died:
					at[what]++
					dead = true
				case <-time.After(time.Hour):
					c, err := r.book.Campaign(id)
					if c.Reason.Code == reason.CampaignUnwelcome { // where many leave
						_, err = desk(r.book.Book).Resume(id)
					}
					if counts, _ := r.book.Counts(id); err != nil || hours == 24 {
						r.Fatalf("life %d does not end by itself: %v, %v, %v, %+v", life, c.Status, c.Reason, err, counts)
					}
				}
			}
			close(r.mortal.buried)
			stop()
			r.close()
			r.dir = r.mortal.to
			r.service.SetDown(false)
		}
		for life := 1; life <= lives; life++ {
			live(life, "")
		}
		for _, what := range steps { // which of them were the last ones is by chance
			if at["before "+what]+at["after "+what] == 0 {
				live(1, what)
			}
		}
		r.mortal = nil
		r.open()
		c, err := r.book.Campaign(id)
		if c.Reason.Code == reason.CampaignUnwelcome {
			c, err = desk(r.book.Book).Resume(id)
		}
		if err != nil || c.Status != campaign.Running {
			r.Fatalf("%v, %v before the last life", c.Status, err)
		}
		r.sent(id)
		stop := r.lanes() // who was the last one to leave has to be told so
		time.Sleep(time.Hour)
		stop()
		r.Logf("they died %v", at)
		ledger := r.service.Ledger()
		left := make(map[string]bool)
		for _, s := range ledger.Said() {
			wish, _ := people.Wants(s.Text, promo.Text)
			if wish == people.No {
				left[s.Person] = true
			}
		}
		if world.OptOuts > 0 && len(left) == 0 {
			r.Errorf("nobody has left: this shows nothing")
		}
		for _, p := range everybody {
			saw := make(map[string]int)
			for _, s := range ledger.SeenBy(p.Phone) {
				saw[s.Text]++
			}
			want := map[string]int{promo.Text: 1}
			if left[p.Phone] {
				want[(campaign.Confirmation{}).For("pt")] = 1
			}
			if !maps.Equal(saw, want) {
				r.Errorf("%s, who has left %v, saw %v", p.Phone, left[p.Phone], saw)
			}
		}
		if twice, changed := ledger.Twice(), ledger.Changed(); len(twice) > 0 || len(changed) > 0 {
			r.Errorf("twice %+v, changed %+v", twice, changed)
		}
		voted := make(map[string]bool)
		for _, s := range ledger.Said() {
			if s.Text == "[vote]" {
				voted[s.Person] = true
			}
		}
		made, err := r.book.Report(r.Context(), id)
		if n := len(voted); err != nil || made.Votes[1]+made.Votes[2] != n || (n > 0) != (len(promo.Poll) > 0) {
			r.Errorf("%d people have voted, the report counts %v, %v", n, made.Votes, err)
		}
	})
}
