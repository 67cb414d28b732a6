package store_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// fleet is a book with several numbers, made from a seed, whose lanes are driven
// in a time that passes only here: each claims when what held it ends, and when
// the bell rings for one that waits for it.
type fleet struct {
	*testing.T
	dice  *rand.Rand
	draws *rand.Rand // of the pauses
	path  string
	book  *store.Book
	now   time.Time
	lanes []*driven
	takes time.Duration
	ids   int
	told  []string // what it is made of
	gaps  bool     // nothing but pauses paces it

	people []people.Row
	left   map[campaign.ID][]time.Time // when the messages of each campaign left, again too
}

// driven is the lane of a number.
type driven struct {
	id    campaign.NumberID
	name  string
	at    time.Time // when it does the next thing
	idle  bool      // not before the bell rings
	sends *campaign.Delivery
	since time.Time // its connection is up
	quota campaign.Quota
}

func newFleet(t *testing.T, seed uint64) *fleet {
	t.Helper()
	f := &fleet{
		T: t, dice: rand.New(rand.NewPCG(seed, 11)), draws: rand.New(rand.NewPCG(seed, 12)), path: filepath.Join(t.TempDir(), "book.db"),
		now: monday, left: make(map[campaign.ID][]time.Time),
	}
	f.now = monday.Add(time.Duration(f.dice.IntN(7*24*60)) * time.Minute)
	f.takes = time.Duration(100+f.dice.IntN(1500)) * time.Millisecond
	f.open()
	t.Cleanup(func() { f.book.Close() })
	n := 40 + f.dice.IntN(100)
	if f.gaps = f.maybe(25); f.gaps {
		n += 100
		f.takes *= 2
		f.tell("nothing but pauses, and a message takes %v", f.takes)
	}
	f.crowd(n)
	for i := range 1 + f.dice.IntN(4) {
		f.number(i)
	}
	return f
}

func (f *fleet) open() {
	f.Helper()
	book, err := store.Open(f.path, store.Drawn(store.Options{Kind: store.Demo}, f.draws.Float64))
	if err != nil {
		f.Fatal(err)
	}
	f.book = book
}

func (f *fleet) tell(format string, args ...any) {
	f.told = append(f.told, fmt.Sprintf(format, args...))
}

// maybe is that in so many of a hundred cases.
func (f *fleet) maybe(percent int) bool { return f.dice.IntN(100) < percent }

func (f *fleet) between(least, most int) int { return least + f.dice.IntN(most-least+1) }

// crowd fills the book with people of several zones.
func (f *fleet) crowd(n int) {
	f.Helper()
	prefixes := []string{"+55119", "+55119", "+55929", "+55689", "+351912", "+34612"}
	if f.maybe(50) {
		prefixes = prefixes[:1]
	}
	for i := range n {
		prefix := prefixes[f.dice.IntN(len(prefixes))]
		digits := fmt.Sprintf("%08d", 70000000+i)
		if !strings.HasPrefix(prefix, "+55") {
			digits = digits[2:]
		}
		f.people = append(f.people, people.Row{Line: i + 2, Phone: people.Phone(prefix + digits), Name: fmt.Sprintf("Pessoa %d", i), Tags: []string{fmt.Sprint("t", i%2)}})
	}
	if _, err := desk(f.book).Import(f.Context(), f.people, "test"); err != nil {
		f.Fatal(err)
	}
	f.tell("%d people from %v", n, prefixes)
}

// pace is a spec of some limits; the pauses of each are so far apart at most.
func (f *fleet) pace(some int) string {
	if f.gaps {
		gap, opens := f.between(3, 30), f.between(3, 30)
		return fmt.Sprintf("gap=%ds-%dms new-gap=%ds-%dms", gap, 1600*gap, opens, 1600*opens)
	}
	var spec []string
	add := func(percent int, format string, args ...any) {
		if f.maybe(percent * some / 100) {
			spec = append(spec, fmt.Sprintf(format, args...))
		}
	}
	gap, opens := f.between(5, 120), f.between(5, 240)
	add(100, "gap=%ds-%ds", gap, gap+f.dice.IntN(gap))
	add(100, "new-gap=%ds-%ds", opens, opens+f.dice.IntN(opens))
	long := f.between(60, 600)
	add(40, "long=%ds-%ds every=%d", long, long+f.dice.IntN(long), f.between(4, 20))
	add(30, "hour=%d", f.between(5, 40))
	add(25, "new-hour=%d", f.between(4, 20))
	add(40, "day=%d", f.between(6, 60))
	add(25, "new-day=%d", f.between(4, 30))
	from := f.between(6, 14)
	add(50, "hours=%02d:%02d-%02d:00", from, 30*f.dice.IntN(2), from+f.between(3, 9))
	days := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	f.dice.Shuffle(7, func(i, j int) { days[i], days[j] = days[j], days[i] })
	add(35, "weekdays=%s", strings.Join(days[:f.between(3, 6)], ","))
	add(40, "per-person=%dd", f.between(1, 9))
	return strings.Join(spec, " ")
}

// number links one.
func (f *fleet) number(i int) {
	f.Helper()
	n, err := desk(f.book).AddNumber(fmt.Sprint("loja ", i))
	if err != nil {
		f.Fatal(err)
	}
	age := []time.Duration{time.Hour, 28 * 24 * time.Hour, 100 * 24 * time.Hour}[f.dice.IntN(3)]
	phone := people.Phone(fmt.Sprintf("+55118800000%02d", i))
	if _, err := f.book.LinkNumber(n.ID, phone, string(phone)+":1@s.whatsapp.net", f.now.Add(-age)); err != nil {
		f.Fatal(err)
	}
	spec := "as it comes"
	if f.gaps || !f.maybe(20) {
		spec = f.pace(100)
		limits, err := campaign.ParseLimits(campaign.Pace{}.All(), spec)
		if err == nil {
			_, err = desk(f.book).SetLimits(n.ID, limits)
		}
		if err != nil {
			f.Fatal(err)
		}
	}
	d := &driven{id: n.ID, name: n.Name, at: f.now, since: f.now.Add(-time.Hour)}
	if !f.gaps && f.maybe(20) {
		d.quota = campaign.Quota{Known: true, Total: f.between(10, 50), Used: f.dice.IntN(10), Until: f.now.Add(time.Duration(f.between(1, 240)) * time.Hour)}
		f.quota(d)
	}
	if f.maybe(5) {
		d.quota = campaign.Quota{Known: true, Total: f.between(1, 10)} // and nobody knows when it ends
		f.quota(d)
	}
	if f.maybe(10) {
		f.tell("%s is asked to slow down", d.name)
		if err := f.book.Slow(d.id, reason.HoldRateLimit, f.now.Add(time.Duration(f.dice.IntN(200))*time.Minute)); err != nil {
			f.Fatal(err)
		}
	}
	known := f.dice.IntN(101)
	for _, p := range f.people {
		if f.maybe(known) && f.maybe(60) {
			m := campaign.Incoming{From: people.Seen{Phone: p.Phone, LID: lidOf(p.Phone), Known: true}, Text: "oi", At: f.now.Add(-48 * time.Hour)}
			if err := f.book.Heard(n.ID, m); err != nil {
				f.Fatal(err)
			}
		}
	}
	f.lanes = append(f.lanes, d)
	f.tell("%s: linked %v ago, %s, quota %+v", n.Name, age, spec, d.quota)
}

func (f *fleet) quota(d *driven) {
	f.Helper()
	if err := f.book.SetQuota(d.id, d.quota); err != nil {
		f.Fatal(err)
	}
}

// draft writes a campaign to those whom a filter chooses.
func (f *fleet) draft(to, spec string) campaign.Campaign {
	f.Helper()
	pace, err := campaign.ParsePace(campaign.Pace{}, spec)
	if err != nil {
		f.Fatal(err)
	}
	c, err := desk(f.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", To: to, Pace: pace, Silent: true})
	if err != nil {
		f.Fatal(err)
	}
	f.tell("campaign %d to %q: %s", c.ID, to, spec)
	return c
}

func (f *fleet) start(c campaign.Campaign) {
	f.Helper()
	if _, err := desk(f.book).Start(c.ID, f.now); err != nil {
		f.Fatal(err)
	}
	f.ring()
}

// ring wakes whoever waits for the bell.
func (f *fleet) ring() {
	for _, d := range f.lanes {
		if d.idle {
			d.idle, d.at = false, f.now
		}
	}
}

// step lets the next thing happen, not after end; false: nothing happens by then.
func (f *fleet) step(end time.Time) bool {
	f.Helper()
	var d *driven
	for _, one := range f.lanes {
		if !one.idle && (d == nil || one.at.Before(d.at)) {
			d = one
		}
	}
	if d == nil || d.at.After(end) {
		return false
	}
	if d.at.After(f.now) {
		f.now = d.at
	}
	if d.sends != nil {
		f.settle(d)
		return true
	}
	ready := campaign.Readiness{Link: 1, Since: d.since}
	if q := &d.quota; q.Known {
		if !q.Until.IsZero() && !q.Until.After(f.now) {
			q.Used, q.Until = 0, q.Until.Add(30*24*time.Hour)
			f.quota(d)
		}
		if q.Spent(f.now) {
			ready.NewChats = campaign.Hold{Reason: reason.HoldQuota, Until: q.Until}
		}
	}
	got, err := store.ClaimApart(f.book, campaign.Claim{Number: d.id, Ready: ready, Now: f.now, NewID: func() campaign.MessageID {
		f.ids++
		return campaign.MessageID(fmt.Sprintf("3EB0%08d", f.ids))
	}})
	switch {
	case err != nil:
		f.Fatal(err)
	case len(got.Check) > 0:
		var answers []people.Answer
		for _, p := range got.Check {
			answers = append(answers, people.Answer{Asked: p, Presence: people.OnWhatsApp, Phone: p, LID: lidOf(p)})
		}
		if err := f.book.Answered(d.id, got.Check, answers, f.now); err != nil {
			f.Fatal(err)
		}
	case got.Delivery != nil:
		d.sends, d.at = got.Delivery, f.now.Add(f.takes)
		f.left[got.Delivery.Campaign] = append(f.left[got.Delivery.Campaign], f.now)
	case got.Hold.Until.IsZero():
		d.idle = true
	case got.Hold.Until.After(f.now):
		d.at = got.Hold.Until
	default:
		f.Fatalf("%s is held by %q until %v, which is over", d.name, got.Hold.Reason, got.Hold.Until)
	}
	return true
}

// settle ends what a number sends: it is accepted and arrives.
func (f *fleet) settle(d *driven) {
	f.Helper()
	sent := d.sends
	d.sends = nil
	if err := f.book.Settle(*sent, accepted, f.now); err != nil {
		f.Fatal(err)
	}
	if _, err := f.book.Receipt(d.id, people.Seen{Phone: sent.Phone, LID: sent.LID}, []campaign.MessageID{sent.Message}, campaign.Delivered, f.now); err != nil {
		f.Fatal(err)
	}
	if sent.New && sent.Doubts == 0 && d.quota.Known {
		d.quota.Used++
		f.quota(d)
	}
	f.ring()
}

// rest waits for what is on the wire.
func (f *fleet) rest() {
	f.Helper()
	for _, d := range f.lanes {
		if d.sends != nil {
			f.now = d.at
			f.settle(d)
		}
	}
}

// restart kills the process, which is gone for a while: what is on the wire is
// left in doubt.
func (f *fleet) restart(away time.Duration) {
	f.Helper()
	if err := f.book.Close(); err != nil {
		f.Fatal(err)
	}
	f.now = f.now.Add(away)
	f.open()
	for _, d := range f.lanes {
		d.sends, d.idle, d.at, d.since = nil, false, f.now, f.now
	}
	f.tell("restarted at %v, after %v", f.now.Format("Mon 15:04:05"), away)
}

// sendUntil lets things happen until so many messages of a campaign have left,
// for no longer than a year.
func (f *fleet) sendUntil(id campaign.ID, n int) {
	f.Helper()
	for end := f.now.Add(366 * 24 * time.Hour); len(f.left[id]) < n && f.step(end); {
	}
}
