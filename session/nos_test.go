package session

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
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
	fewHistories  = 6   // without RECADO_HISTORIES
	manyHistories = 150 // of which each rare path is walked by one
	stepsEach     = 24
)

func TestNobodyWhoSaidNoIsWrittenTo(t *testing.T) {
	histories := fewHistories
	if n, err := strconv.Atoi(os.Getenv("RECADO_HISTORIES")); err == nil && n > 0 {
		histories = max(7*n/8, 1) // the others are told of whole campaigns
	}
	if raced { // a few walk through all that runs at once
		histories = 3
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // each begins anew, and most of what it makes is soon forgotten
	walked := tellAll(t, histories, stepsEach, tellHistory)
	for _, door := range []string{"live", "away", "logged out", "before the link", "confirmed", "messages"} {
		if walked[door] == 0 {
			t.Errorf("nobody said no by the door %q: %v", door, walked)
		}
	}
	if histories >= manyHistories {
		if walked["a vote"] == 0 {
			t.Errorf("in %d histories nobody said no by a vote", histories)
		}
		for fault, states := range rarePaths {
			for _, state := range states {
				if walked[fault+" × "+state] == 0 {
					t.Errorf("in %d histories %q never met a number that was %q", histories, fault, state)
				}
			}
		}
	}
	var paths []string
	for path, n := range walked {
		paths = append(paths, fmt.Sprintf("%s: %d", path, n))
	}
	slices.Sort(paths)
	t.Logf("walked:\n%s", strings.Join(paths, "\n"))
}

// tellHistory tells some steps of the history of a seed, counts what is walked in
// it, and says what happened.
func tellHistory(t *testing.T, seed uint64, steps []int, walked map[string]int, told *[]string) {
	config := simulator.Config{Seed: seed, People: 8, Aliases: 2, HistoryByMedia: seed%2 == 1}
	inBubble(t, config, func(r *rig) {
		h := newHistory(r, seed)
		defer func() { *told = h.log }()
		for _, i := range steps {
			h.dice = rand.New(rand.NewPCG(seed, uint64(9+i))) // whatever came before it
			h.step()
		}
		h.end()
		found := slices.Concat(h.violations(), h.confirmations(), h.wrongClocks())
		for _, v := range found {
			r.Error(v)
		}
		for path, n := range h.walked {
			walked[path] += n
		}
		walked["messages"] += r.sends()
	})
}

// history is one of them, while it happens.
type history struct {
	*rig
	dice   *rand.Rand
	ours   []*ours
	people []*theirSide
	nos    []no
	backAt map[string]time.Time // by LID, when somebody was opted in again
	backBy map[string]time.Time // and what the program took the time for
	backs  map[string]int       // and how often they were
	began  []time.Time          // of the program, each time
	downs  []down
	stop   func()
	gone   bool           // the program has ended, and will begin again
	walked map[string]int // doors of a no, and what happened to a number in which state
	log    []string
	moves  int
	civil  bool   // people seldom say no
	skews  []skew // of the service's clock, in order
	gives  gives
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
		rig: r, dice: rand.New(rand.NewPCG(seed, 8)), backAt: make(map[string]time.Time), backBy: make(map[string]time.Time), backs: make(map[string]int), walked: make(map[string]int), stop: func() {},
	}
	r.opened = h.unpinged
	r.witness = func(log campaign.Log) campaign.Log { return witness{log, h} }
	r.restart()
	for _, p := range r.everybody() {
		h.people = append(h.people, &theirSide{p.LID, p.Phone})
	}
	for i := range 2 + h.dice.IntN(2) {
		own, err := r.service.OwnPhone("")
		if err != nil {
			r.Fatal(err)
		}
		o := &ours{id: r.add(string(rune('a' + i))), phone: own.Number()}
		pace := campaign.Pace{Gap: campaign.Span{Min: 8 * time.Second, Max: 30 * time.Second}, NewGap: campaign.Span{Min: 8 * time.Second, Max: 30 * time.Second}}
		if _, err := desk(r.book.Book).SetLimits(o.id, pace.All()); err != nil {
			r.Fatal(err)
		}
		if _, err := desk(r.book.Book).SetConfirmation(o.id, campaign.Confirmation{Text: confirms}); err != nil {
			r.Fatal(err)
		}
		h.ours = append(h.ours, o)
	}
	h.unpinged()
	if seed%4 == 3 { // it has been wrong from the beginning
		h.moveClock()
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

// sending is the state of a number that waits for the answer to a message.
const sending = "sending"

// state is how a number is: what its connection does or, if that stands, what its
// lane waits for.
func (h *history) state(o *ours) string {
	if h.gone {
		return "without the program"
	}
	switch s := h.snapshot(o.id); {
	case !s.Number.Linked():
		return "not linked"
	case s.State != campaign.Online:
		return s.State.String()
	}
	if hold := h.book.Holds()[o.id].Reason; hold != "" {
		return string(hold)
	}
	return sending
}

// meets counts that something happens to a number, as it is now.
func (h *history) meets(fault string, o *ours) { h.walked[fault+" × "+h.state(o)]++ }

// meetAll counts that something happens to all numbers.
func (h *history) meetAll(fault string) {
	for _, o := range h.ours {
		h.meets(fault, o)
	}
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
	if h.civil && h.dice.IntN(8) > 0 {
		return
	}
	door := "live"
	switch own, _ := h.service.Own(o.phone); {
	case len(o.stays) == 0:
		door = "before the link"
	case !o.linked:
		door = "logged out"
	case !own.Online():
		door = "away"
	}
	h.walked[door]++
	h.meets("no", o)
	words := []string{"SAIR", "pare", "Me tira da lista", "stop!", votedNo}
	text := words[h.dice.IntN(len(words))]
	var m *waE2E.Message
	if m = wordsOf(text); h.dice.IntN(4) == 0 {
		m = &waE2E.Message{EphemeralMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{
			ImageMessage: &waE2E.ImageMessage{Caption: proto.String(text)},
		}}}
	}
	id := ""
	if text == votedNo {
		id = h.votes(p.phone, o.phone, text)
	}
	if id == "" {
		var err error
		if id, err = h.service.SayMessage(p.phone, o.phone, m); err != nil {
			h.Fatal(err)
		}
	}
	h.nos = append(h.nos, no{id, p.lid, o.phone, time.Now()})
	h.note("%s says %q to %d: %s", p.lid, text, o.id, door)
}

// confirms is what confirms an opt-out.
const confirms = "você saiu da lista"

// votedNo is a no, and an option of polls.
const votedNo = "não quero mais receber"

// votes lets a person choose an option of the last poll that they got from a number;
// empty: they got none.
func (h *history) votes(phone, own, option string) (id string) {
	seen := h.service.Ledger().SeenBy(phone)
	for i := len(seen) - 1; i >= 0 && id == ""; i-- {
		if seen[i].Poll != nil && seen[i].Number == own {
			id, _ = h.service.Vote(phone, own, seen[i].ID, simulator.Ballot{Options: []string{option}})
			h.walked["a vote"]++
		}
	}
	return id
}

// promoteAll starts a campaign to everybody from all that are linked.
func (h *history) promoteAll() {
	promo := campaign.Campaign{Name: fmt.Sprint("promo ", len(h.log)), Text: "oferta"}
	if len(h.log)%2 == 0 { // every other one is a poll
		promo.Poll = []string{"quero", votedNo}
	}
	c, err := desk(h.book.Book).AddCampaign(promo)
	if err != nil {
		h.Fatal(err)
	}
	if _, err := desk(h.book.Book).Start(c.ID, h.clock.Now()); err == nil { // else nobody is linked
		h.note("campaign %d begins", c.ID)
	}
}

// away ends the program, by a kill or not, and begins it again a little later.
func (h *history) away(killed bool) {
	h.note("the program ends, killed %v", killed)
	if killed {
		h.meetAll("kill")
		h.kill(h.stop)
	} else {
		h.meetAll("stop")
		h.stop()
		h.close()
	}
	h.gone = true
	for range h.dice.IntN(4) {
		h.says(h.people[h.dice.IntN(len(h.people))], h.some())
	}
	if h.dice.IntN(5) == 0 {
		h.moveClock()
	}
	time.Sleep(time.Duration(h.dice.IntN(300)) * time.Second)
	h.gone = false
	if h.dice.IntN(2) == 0 {
		h.troubleAtLogin(h.some())
	}
	h.open()
	h.starts()
	h.note("the program begins")
}

// step is one thing that happens, and a little while.
func (h *history) step() {
	o, pause := h.some(), 40_000
	switch h.dice.IntN(15) {
	case 0, 1:
		if !o.linked {
			h.link(o)
		}
	case 2:
		h.logout(o)
	case 3:
		h.drop(o)
	case 4:
		h.away(false)
	case 5:
		h.away(true)
	case 6, 7:
		h.meetAll("campaign")
		h.promoteAll()
		pause = 15_000 // while it is being sent
	case 8, 9:
		h.says(h.people[h.dice.IntN(len(h.people))], o)
	case 10:
		h.optIn()
	case 11:
		h.move()
	case 12:
		h.troubleOnTheWire(o)
		h.promoteAll()
		pause = 15_000
	case 13:
		h.strike()
	case 14:
		h.moveClock()
	}
	time.Sleep(time.Duration(h.dice.IntN(pause)) * time.Millisecond)
}

// logout ends the link of a number from its phone.
func (h *history) logout(o *ours) {
	if !o.linked {
		return
	}
	h.meets("logout", o)
	own, _ := h.service.Own(o.phone)
	own.Logout()
	o.linked = false
	o.stays[len(o.stays)-1].to = time.Now()
	h.note("%d is logged out", o.id)
	for range h.dice.IntN(3) {
		h.says(h.people[h.dice.IntN(len(h.people))], o)
	}
}

// drop breaks the connection of a number, which makes another.
func (h *history) drop(o *ours) {
	own, _ := h.service.Own(o.phone)
	if !o.linked || !own.Online() {
		return
	}
	h.troubleAtLogin(o)
	if o.dropAt.IsZero() || time.Since(o.dropAt) > 15*time.Minute {
		h.downs = append(h.downs, down{o.phone, time.Now()})
	}
	o.dropAt = time.Now()
	h.meets("drop", o)
	own.Drop()
	h.note("%d is dropped", o.id)
	time.Sleep(time.Duration(h.dice.IntN(900)) * time.Millisecond)
	h.says(h.people[h.dice.IntN(len(h.people))], o)
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
	h.meetAll("opt in")
	for _, p := range h.people {
		c, err := h.book.ContactByPhone(people.Phone(p.phone))
		if err != nil || !c.OptedOut || c.LID != p.lid {
			continue
		}
		time.Sleep(2 * time.Minute) // no doubt about which was first
		if err := desk(h.book.Book).OptIn(c.ID, "pediu de novo"); err != nil {
			h.Fatal(err)
		}
		h.backAt[p.lid], h.backBy[p.lid] = time.Now(), h.clock.Now()
		h.backs[p.lid]++
		h.note("%s is opted in", p.lid)
		time.Sleep(2 * time.Minute)
		return
	}
}

// move has somebody take another phone, and somebody new get theirs.
func (h *history) move() {
	h.meetAll("move")
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
