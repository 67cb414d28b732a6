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

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
)

// A seeded history of whole campaigns: several at once, planned, paused, mended,
// undone, given up, by numbers that come and go, to people who answer, say no, move
// and are imported again, while all that can go wrong on the way does; over a night,
// and in every other history over the end of summer time. What must hold is read from
// the ledger of the service, which is what people saw, and compared with the book.

const (
	wholeSteps = 26
	fewWholes  = 4   // without RECADO_HISTORIES
	manyWholes = 250 // of which each rare path is walked by one

	leftAlone = 3 * time.Minute // each person, between two campaigns
)

// wholePaths are what a person or the world does, and what a campaign, a message or a
// number may be then: each of them has been walked when so many histories are told.
var wholePaths = map[string][]string{
	"pause":   {"running", "with one on the wire"},
	"resume":  {"paused", "paused by itself"},
	"cancel":  {"running", "paused", "with one on the wire", "scheduled"},
	"fix":     {"paused"},
	"skip":    {"queued", "refused"},
	"retry":   {"running", "paused", "finished"},
	"decide":  {"sent", "resend", "skip", "what is to be deleted"},
	"undo":    {"paused", "finished", "with one in doubt"},
	"stop":    {"number", "number that sends"},
	"move":    {"number"},
	"plan":    {"came", "was missed"},
	"kill":    {"connecting", "hold_gap", sending},
	"logout":  {"hold_gap", sending},
	"refused": {"420", "463", "503", "after the line broke"},
	"answer":  {"heard"},

	"clock ahead": {"running", "paused", "scheduled", "without the program", "not linked", "hold_gap", "hold_hours", sending},
	"clock back":  {"running", "paused", "scheduled", "without the program", "not linked", "hold_gap", "hold_hours", sending},
	"end":         {"summer time", "other"},
}

func TestNothingIsEverWrongWithACampaign(t *testing.T) {
	histories := fewWholes
	if n, err := strconv.Atoi(os.Getenv("RECADO_HISTORIES")); err == nil && n > 0 {
		histories = max(n/8, fewWholes)
	}
	if raced {
		histories = 2
	}
	walked := tellAll(t, histories, wholeSteps, tellWhole)
	if histories >= manyWholes {
		for what, states := range wholePaths {
			for _, state := range states {
				if walked[what+" × "+state] == 0 {
					t.Errorf("in %d histories %q never met %q", histories, what, state)
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

func tellWhole(t *testing.T, seed uint64, steps []int, walked map[string]int, told *[]string) {
	config := simulator.Config{Seed: seed, People: 14, Reads: .5, HistoryByMedia: seed%2 == 1}
	inBubble(t, config, func(r *rig) {
		if seed%2 == 0 { // hours before Brazil ends its summer time
			time.Sleep(time.Until(time.Date(2000, 2, 26, 23, 30, 0, 0, time.UTC)))
		}
		w := &whole{history: newHistory(r, seed), before: make(map[place]campaign.Delivery), due: make(map[campaign.ID]time.Time), again: make(map[place]bool), misjudged: make(map[place]bool), texts: make(map[campaign.ID][]string)}
		w.civil = true
		w.limits()
		defer func() { *told = w.log }()
		for _, i := range steps {
			w.dice = rand.New(rand.NewPCG(seed, uint64(99+i)))
			w.step()
			w.watch()
		}
		w.end()
		found := slices.Concat(w.violations(), w.confirmations(), w.wrongClocks(), w.wrongs())
		for _, v := range found {
			r.Error(v)
		}
		for path, n := range w.walked {
			walked[path] += n
		}
		walked["messages"] += r.sends()
	})
}

// whole is such a history while it happens.
type whole struct {
	*history
	paces     map[string]campaign.Pace    // by the phone of the number
	before    map[place]campaign.Delivery // each as it was last seen
	due       map[campaign.ID]time.Time   // when those start that are planned
	again     map[place]bool              // of those that a person has had tried again, or decided about
	misjudged map[place]bool              // of those that they want sent again though it was seen
	texts     map[campaign.ID][]string    // what each says
	halts     []pausing
	outs      []place // taken out by a person
	stops     []stopped
	found     []string
}

// place is a delivery.
type place struct {
	campaign campaign.ID
	seq      uint32
}

// pausing is for how long a campaign was paused, or given up.
type pausing struct {
	campaign campaign.ID
	from, to time.Time // to is zero as long as it is
}

// stopped is for how long a number sent nothing for a campaign.
type stopped struct {
	pausing
	number string
}

func (w *whole) meets(what, state string) { w.walked[what+" × "+state]++ }

// limits gives the numbers other limits than pauses.
func (w *whole) limits() {
	w.paces = make(map[string]campaign.Pace)
	for i, o := range w.ours {
		pace := campaign.Pace{
			Gap: campaign.Span{Min: 8 * time.Second, Max: 30 * time.Second}, NewGap: campaign.Span{Min: 20 * time.Second, Max: 40 * time.Second},
			Hour: 15 + 5*i, Day: 100, PerPerson: leftAlone,
		}
		if i == 0 {
			pace.Hours = campaign.Hours{From: 8 * 60, To: 21 * 60}
		}
		_, err := desk(w.book.Book).SetLimits(o.id, pace.All())
		w.must(err)
		w.paces[o.phone] = pace
	}
}

// campaigns are those that are no undo, the newest first.
func (w *whole) campaigns(in ...campaign.Status) (some []campaign.Campaign) {
	all, err := w.book.Campaigns()
	w.must(err)
	for _, c := range slices.Backward(all) {
		if c.RevokeOf == 0 && (len(in) == 0 || slices.Contains(in, c.Status)) {
			some = append(some, c)
		}
	}
	return some
}

// one is any of them.
func (w *whole) one(in ...campaign.Status) (c campaign.Campaign, ok bool) {
	some := w.campaigns(in...)
	if len(some) == 0 {
		return c, false
	}
	return some[w.dice.IntN(len(some))], true
}

// with is any that has a message in a state.
func (w *whole) with(state campaign.State) (c campaign.Campaign, ok bool) {
	some := slices.DeleteFunc(w.campaigns(), func(c campaign.Campaign) bool {
		counts, err := w.book.Counts(c.ID)
		w.must(err)
		return counts[state] == 0
	})
	if len(some) == 0 {
		return c, false
	}
	return some[w.dice.IntN(len(some))], true
}

// any is a delivery of a campaign in one of the states.
func (w *whole) any(id campaign.ID, in ...campaign.State) (d campaign.Delivery, ok bool) {
	all, err := w.book.Deliveries(id, -1, 100)
	w.must(err)
	all = slices.DeleteFunc(all, func(d campaign.Delivery) bool { return !slices.Contains(in, d.State) })
	if len(all) == 0 {
		return d, false
	}
	return all[w.dice.IntN(len(all))], true
}

// how is the status of a campaign, and whether something of it is on the wire.
func (w *whole) how(what string, c *campaign.Campaign) {
	w.meets(what, c.Status.String())
	if counts, err := w.book.Counts(c.ID); err == nil && counts[campaign.Sending] > 0 {
		w.meets(what, "with one on the wire")
	}
}

// end brings everybody back, lets everything go on, and waits until nothing more is to
// be sent.
func (w *whole) end() {
	w.service.ClearFaults()
	for _, o := range w.ours {
		if !o.linked {
			w.link(o)
		}
		w.await(o.id, "online", func(s Snapshot) bool { return s.State == campaign.Online || s.State == campaign.Restricted })
	}
	for hours := 0; ; hours++ {
		if c, ok := w.with(campaign.Failed); ok && hours < 3 {
			w.retry(c)
		}
		for range 2 {
			if c, ok := w.with(campaign.Unsure); ok {
				w.decide(c)
			}
		}
		for _, c := range w.campaigns() {
			switch {
			case c.Status == campaign.Paused && c.Reason.Code == reason.CampaignMissed:
				w.meets("plan", "was missed")
				w.resume(c)
			case c.Status == campaign.Paused:
				w.letSend(c)
				w.resume(c)
			case c.Status == campaign.Running, c.Status == campaign.Finished:
				w.letSend(c)
			}
			if !c.At.IsZero() && !c.Started.IsZero() {
				w.meets("plan", "came")
			}
		}
		if idle, err := w.book.Idle(); err != nil || idle {
			w.must(err)
			break
		}
		if hours > 96 {
			for _, c := range w.campaigns(campaign.Running, campaign.Paused, campaign.Freezing, campaign.Scheduled) {
				counts, _ := w.book.Counts(c.ID)
				w.wrong("campaign %d is %v for four days: %v, %v; %+v", c.ID, c.Status, c.Reason, counts, w.book.Holds())
			}
			break
		}
		time.Sleep(time.Hour)
		w.watch()
	}
	time.Sleep(30 * time.Minute) // the last receipts
	w.watch()
	w.stop()
	zone, err := time.LoadLocation("America/Sao_Paulo")
	w.must(err)
	if w.truth(time.Now()).In(zone).IsDST() != w.began[0].In(zone).IsDST() {
		w.meets("end", "summer time")
	} else {
		w.meets("end", "other")
	}
}
