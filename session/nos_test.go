package session

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session/simulator"
)

// A seeded history of numbers that come and go, of people who say no to any of
// them by any door, and of campaigns that never rest. What must hold is read from
// the ledger of the service: see violations.

const (
	fewHistories = 6 // without RECADO_HISTORIES
	stepsEach    = 24
)

func TestNobodyWhoSaidNoIsWrittenTo(t *testing.T) {
	histories := fewHistories
	if n, err := strconv.Atoi(os.Getenv("RECADO_HISTORIES")); err == nil && n > 0 {
		histories = n
	}
	if raced { // a few walk through all that runs at once
		histories = 3
	}
	doors := make(map[string]int)
	for seed := range uint64(histories) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			config := simulator.Config{Seed: seed, People: 8, Aliases: 2, HistoryByMedia: seed%2 == 1}
			inBubble(t, config, func(r *rig) {
				h := newHistory(r, seed)
				for range stepsEach {
					h.step()
				}
				h.end()
				for _, v := range h.violations() {
					r.Error(v)
				}
				for door, n := range h.doors {
					doors[door] += n
				}
				doors["messages"] += r.sends()
				if t.Failed() {
					r.Logf("the history:\n%s", strings.Join(h.log, "\n"))
				}
			})
		})
	}
	for _, door := range []string{"live", "away", "logged out", "before the link", "messages"} {
		if doors[door] == 0 {
			t.Errorf("nobody said no by the door %q: %v", door, doors)
		}
	}
	t.Logf("%v", doors)
}

// history is one of them, while it happens.
type history struct {
	*rig
	dice   *rand.Rand
	ours   []*ours
	people []*theirSide
	nos    []no
	backAt map[string]time.Time // by LID, when somebody was opted in again
	began  []time.Time          // of the program, each time
	downs  []down
	stop   func()
	doors  map[string]int
	log    []string
	moves  int
}

// ours is one of our numbers.
type ours struct {
	id     campaign.NumberID
	phone  string
	linked bool
	stays  []stay // since its first link; the last one goes on while it is linked
	slow   int    // how often what waited for it was slow to come
	dropAt time.Time
}

// theirSide is a person, with the number that they have now.
type theirSide struct {
	lid, phone string
}

// no is what a person said to one of our numbers.
type no struct {
	id, lid, number string
	at              time.Time
}

// down is a moment in which a connection was lost that had stood for long.
type down struct {
	number string
	at     time.Time
}

// stay is for how long a number was linked.
type stay struct{ from, to time.Time }

func newHistory(r *rig, seed uint64) *history {
	h := &history{
		rig: r, dice: rand.New(rand.NewPCG(seed, 8)), backAt: make(map[string]time.Time), doors: make(map[string]int), stop: func() {},
	}
	for _, p := range r.everybody() {
		h.people = append(h.people, &theirSide{p.LID, p.Phone})
	}
	for i := range 2 + h.dice.IntN(2) {
		own, err := r.service.OwnPhone("")
		if err != nil {
			r.Fatal(err)
		}
		o := &ours{id: r.add(string(rune('a' + i))), phone: own.Number()}
		pace := campaign.Pace{Gap: campaign.Span{Min: 3 * time.Second, Max: 9 * time.Second}, NewGap: campaign.Span{Min: 3 * time.Second, Max: 9 * time.Second}}
		if _, err := desk(r.book.Book).SetLimits(o.id, pace.All()); err != nil {
			r.Fatal(err)
		}
		h.ours = append(h.ours, o)
	}
	h.starts()
	for _, o := range h.ours {
		if h.dice.IntN(4) == 0 {
			h.says(h.people[h.dice.IntN(len(h.people))], o)
		}
		if h.dice.IntN(4) > 0 {
			h.link(o)
		}
	}
	return h
}

func (h *history) note(format string, args ...any) {
	h.log = append(h.log, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// starts is called when the program has begun.
func (h *history) starts() {
	h.began = append(h.began, time.Now())
	h.stop = h.lanes()
	for _, o := range h.ours {
		o.dropAt = time.Time{}
	}
}

func (h *history) some() *ours { return h.ours[h.dice.IntN(len(h.ours))] }

// says has somebody say no to a number, in one of the forms of it.
func (h *history) says(p *theirSide, o *ours) {
	door := "live"
	switch own, _ := h.service.Own(o.phone); {
	case len(o.stays) == 0:
		door = "before the link"
	case !o.linked:
		door = "logged out"
	case !own.Online():
		door = "away"
	}
	h.doors[door]++
	words := []string{"SAIR", "pare", "Me tira da lista", "stop!", "não quero mais receber"}
	text := words[h.dice.IntN(len(words))]
	var m *waE2E.Message
	if m = wordsOf(text); h.dice.IntN(4) == 0 {
		m = &waE2E.Message{EphemeralMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{
			ImageMessage: &waE2E.ImageMessage{Caption: proto.String(text)},
		}}}
	}
	id, err := h.service.SayMessage(p.phone, o.phone, m)
	if err != nil {
		h.Fatal(err)
	}
	h.nos = append(h.nos, no{id, p.lid, o.phone, time.Now()})
	h.note("%s says %q to %d: %s", p.lid, text, o.id, door)
}

// promoteAll starts a campaign to everybody from all that are linked.
func (h *history) promoteAll() {
	c, err := desk(h.book.Book).AddCampaign(campaign.Campaign{Name: fmt.Sprint("promo ", len(h.log)), Text: "oferta"})
	if err != nil {
		h.Fatal(err)
	}
	if _, err := desk(h.book.Book).Start(c.ID, time.Now()); err == nil { // else nobody is linked
		h.note("campaign %d begins", c.ID)
	}
}

// away ends the program, by a kill or not, and begins it again a little later.
func (h *history) away(killed bool) {
	h.note("the program ends, killed %v", killed)
	if killed {
		h.kill(h.stop)
	} else {
		h.stop()
		h.close()
	}
	for range h.dice.IntN(4) {
		h.says(h.people[h.dice.IntN(len(h.people))], h.some())
	}
	time.Sleep(time.Duration(h.dice.IntN(300)) * time.Second)
	if h.dice.IntN(2) == 0 {
		h.troubleAtLogin(h.some())
	}
	h.open()
	h.starts()
	h.note("the program begins")
}

// troubleAtLogin makes the next logins of a number fail, or what waits for it
// slow to come.
func (h *history) troubleAtLogin(o *ours) {
	if o.slow++; o.slow > 2 {
		return // it would be waited for no longer
	}
	r := simulator.Rule{On: simulator.Waiting, Number: o.phone, Do: simulator.Late, Delay: 500 * time.Millisecond, Limit: 1}
	if h.dice.IntN(2) == 0 {
		r = simulator.Rule{On: simulator.Login, Number: o.phone, Do: simulator.DropBefore, Limit: 1 + h.dice.IntN(3)}
	}
	h.service.Fault(r)
	h.note("trouble for %d: %s %s", o.id, r.On, r.Do)
}

// step is one thing that happens, and a little while.
func (h *history) step() {
	o := h.some()
	switch own, _ := h.service.Own(o.phone); h.dice.IntN(12) {
	case 0, 1:
		if !o.linked {
			h.link(o)
		}
	case 2:
		if o.linked {
			own.Logout()
			o.linked = false
			o.stays[len(o.stays)-1].to = time.Now()
			h.note("%d is logged out", o.id)
			for range h.dice.IntN(3) {
				h.says(h.people[h.dice.IntN(len(h.people))], o)
			}
		}
	case 3:
		if o.linked && own.Online() {
			h.troubleAtLogin(o)
			if o.dropAt.IsZero() || time.Since(o.dropAt) > 15*time.Minute {
				h.downs = append(h.downs, down{o.phone, time.Now()})
			}
			o.dropAt = time.Now()
			own.Drop()
			h.note("%d is dropped", o.id)
			time.Sleep(time.Duration(h.dice.IntN(900)) * time.Millisecond)
			h.says(h.people[h.dice.IntN(len(h.people))], o)
		}
	case 4:
		h.away(false)
	case 5:
		h.away(true)
	case 6, 7:
		h.promoteAll()
	case 8, 9:
		h.says(h.people[h.dice.IntN(len(h.people))], o)
	case 10:
		h.optIn()
	case 11:
		h.move()
	}
	time.Sleep(time.Duration(h.dice.IntN(40_000)) * time.Millisecond)
}

// link links a number, for the first time or again.
func (h *history) link(o *ours) {
	h.await(o.id, "off", func(s Snapshot) bool { return !s.Number.Linked() })
	o.linked = true
	o.stays = append(o.stays, stay{from: time.Now()})
	h.scan(o.id, o.phone)
	h.note("%d is linked", o.id)
}

// optIn takes the no of somebody back who has been heard.
func (h *history) optIn() {
	for _, p := range h.people {
		c, err := h.book.ContactByPhone(people.Phone(p.phone))
		if err != nil || !c.OptedOut || c.LID != p.lid {
			continue
		}
		time.Sleep(2 * time.Minute) // no doubt about which was first
		if err := desk(h.book.Book).OptIn(c.ID, "pediu de novo"); err != nil {
			h.Fatal(err)
		}
		h.backAt[p.lid] = time.Now()
		h.note("%s is opted in", p.lid)
		time.Sleep(2 * time.Minute)
		return
	}
}

// move has somebody take another phone, and somebody new get theirs.
func (h *history) move() {
	p := h.people[h.dice.IntN(len(h.people))]
	h.moves++
	old, to := p.phone, fmt.Sprintf("+55219%08d", 71_000_000+h.moves)
	if err := h.service.ChangePhone(old, to); err != nil {
		h.Fatal(err)
	}
	p.phone = to
	next, err := h.service.Register(old)
	if err != nil {
		h.Fatal(err)
	}
	h.people = append(h.people, &theirSide{next.LID, next.Phone})
	h.note("%s moves to %s, and %s is %s now", p.lid, to, old, next.LID)
}

// end brings everybody back and writes to everybody once more.
func (h *history) end() {
	h.service.ClearFaults()
	for _, o := range h.ours {
		if !o.linked {
			h.link(o)
		}
		h.awaitState(o.id, campaign.Online)
	}
	time.Sleep(time.Minute)
	h.promoteAll()
	time.Sleep(10 * time.Minute)
	h.stop()
}

// violations are the messages that left for somebody who had said no: after one
// of our numbers had confirmed to have the no; or while it waited for a number
// that had logged in since; or for one that the others had to wait for, because
// the program had begun less than a minute ago or its connection had been lost
// less than a minute ago.
func (h *history) violations() (found []string) {
	ledger := h.service.Ledger()
	confirmed := make(map[string]time.Time)
	for _, c := range ledger.Confirmed() {
		if at, known := confirmed[c.ID]; !known || c.Time.Before(at) {
			confirmed[c.ID] = c.Time
		}
	}
	logins := make(map[string][]time.Time)
	for _, l := range ledger.Logins() {
		logins[l.Number] = append(logins[l.Number], l.Time)
	}
	for _, s := range ledger.Stanzas() {
		if s.Kind != "text" {
			continue
		}
		for _, n := range h.nos {
			if !slices.ContainsFunc(s.Legs, func(l simulator.Leg) bool { return strings.HasPrefix(l.Device, n.lid) }) {
				continue
			}
			if n.at.Before(h.backAt[n.lid]) || !s.Time.After(n.at) {
				continue
			}
			why := ""
			if at, known := confirmed[n.id]; known && s.Time.After(at) {
				why = "confirmed at " + at.Format(time.TimeOnly)
			}
			for _, at := range logins[n.number] {
				if at.After(n.at) && s.Time.After(at) && h.standing(n.number, at, s.Time) {
					why = "logged in at " + at.Format("15:04:05.000")
				}
			}
			if from, waited := h.waitedFor(n, s.Time); waited {
				why = "waited for since " + from.Format("15:04:05.000")
			}
			if why != "" {
				found = append(found, fmt.Sprintf("%s said no to %s at %s (%s) and is written to by %s at %s",
					n.lid, n.number, n.at.Format("15:04:05.000"), why, s.Number, s.Time.Format("15:04:05.000")))
			}
		}
	}
	return found
}

// standing reports whether a number was linked all the time from then on.
func (h *history) standing(number string, from, to time.Time) bool {
	for _, o := range h.ours {
		if o.phone != number {
			continue
		}
		for _, s := range o.stays {
			if !s.from.After(from) && (s.to.IsZero() || s.to.After(to)) {
				return true
			}
		}
	}
	return false
}

// waitedFor reports whether a no waited for a number for which the others had to
// wait at that moment, and since when.
func (h *history) waitedFor(n no, at time.Time) (since time.Time, ok bool) {
	within := func(from time.Time) bool {
		return !at.Before(from) && at.Sub(from) < purseFull && h.standing(n.number, from, at)
	}
	for _, from := range h.began {
		if n.at.Before(from) && within(from) {
			return from, true
		}
	}
	for _, d := range h.downs {
		if d.number == n.number && !n.at.Before(d.at) && within(d.at) {
			return d.at, true
		}
	}
	return since, false
}
