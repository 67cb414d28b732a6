package store_test

import (
	"errors"
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
	"recado/store/bolt"
)

// wire is a service that does as badly as it likes, and the people behind it.
type wire struct {
	rng   *rand.Rand
	inbox map[string]map[campaign.MessageID]string // by LID, what each person has on their screen
	media map[campaign.MessageID]string            // what came with it
	other []campaign.MessageID                     // came again with other content
	later []func(*store.Book) error                // receipts on their way
	next  int
}

func lidOf(p people.Phone) string { return "9" + strings.TrimPrefix(string(p), "+") }

func (w *wire) newID() campaign.MessageID {
	w.next++
	return campaign.MessageID(fmt.Sprintf("3EB0%06d", w.next))
}

// deliver shows a message to its recipient, who folds a repeated id, and
// sends the receipts some time later, or never.
func (w *wire) deliver(d campaign.Delivery, at time.Time) {
	seen := w.inbox[d.LID]
	if seen == nil {
		seen = make(map[campaign.MessageID]string)
		w.inbox[d.LID] = seen
	}
	if text, again := seen[d.Message]; again && (text != d.Text || w.media[d.Message] != string(d.Media)) {
		w.other = append(w.other, d.Message)
	}
	seen[d.Message], w.media[d.Message] = d.Text, string(d.Media)
	for _, state := range []campaign.State{campaign.Delivered, campaign.Read} {
		if w.rng.IntN(3) > 0 {
			w.later = append(w.later, func(b *store.Book) error {
				_, err := b.Receipt(d.Number, people.Seen{LID: d.LID}, []campaign.MessageID{d.Message, "not ours"}, state, at)
				return err
			})
		}
	}
}

// try does with a claimed delivery what a bad day does. The second result is
// false if the process dies before it can settle.
func (w *wire) try(d campaign.Delivery, at time.Time) (campaign.Outcome, bool) {
	alive := w.rng.IntN(8) > 0
	switch w.rng.IntN(10) {
	case 0: // accepted, and the answer is lost
		w.deliver(d, at)
		return campaign.Outcome{Kind: campaign.Unknown, Reason: reason.New(reason.DeliveryNoAnswer)}, alive
	case 1: // lost on the way
		return campaign.Outcome{Kind: campaign.Unknown, Reason: reason.New(reason.DeliveryNoAnswer)}, alive
	case 2:
		return campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.HoldOffline)}, alive
	case 3:
		return campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.DeliveryNoKeys)}, alive
	case 4:
		return campaign.Outcome{Kind: campaign.Refused, Code: 403, Reason: reason.New(reason.RefusedPerson)}, alive
	}
	w.deliver(d, at)
	return campaign.Outcome{Kind: campaign.Accepted}, alive
}

// upload does with an attachment what a bad day does. It reports false if the
// process dies meanwhile, before or after the book knows.
func (w *wire) upload(t *testing.T, b *store.Book, number campaign.NumberID, u campaign.Upload, at time.Time) (alive bool) {
	t.Helper()
	var err error
	switch w.rng.IntN(4) {
	case 0:
		err = b.NotUploaded(number, u, errors.New("refused"), at)
	case 1: // it was uploaded in vain
		return false
	default:
		w.next++
		err = b.Uploaded(number, u, fmt.Appendf(nil, "upload %d", w.next), at)
	}
	if err != nil {
		t.Fatal(err)
	}
	if c, err := b.Campaign(u.Campaign); err != nil {
		t.Fatal(err)
	} else if c.Status == campaign.Paused { // somebody reads why, and resumes it
		if _, err := desk(b).Resume(u.Campaign); err != nil || c.Reason.IsZero() {
			t.Fatalf("%v, paused for %q", err, c.Reason)
		}
	}
	return w.rng.IntN(4) > 0
}

// people makes rows for n persons, every tenth of whom is not on WhatsApp.
func crowd(n int) []people.Row {
	rows := make([]people.Row, n)
	for i := range rows {
		rows[i] = people.Row{Line: i + 2, Phone: people.Phone(fmt.Sprintf("+55119%08d", 70000000+i)), Name: fmt.Sprintf("Pessoa %d", i)}
	}
	return rows
}

func answer(phone people.Phone, i int) people.Answer {
	if i%10 == 9 {
		return people.Answer{Asked: phone, Presence: people.NotOnWhatsApp}
	}
	return people.Answer{Asked: phone, Presence: people.OnWhatsApp, Phone: phone, LID: lidOf(phone)}
}

// open opens a book, which has to be well when the test ends.
func open(t *testing.T, path string) *store.Book {
	t.Helper()
	b, err := store.Open(path, store.InSmallChunks(store.Options{Kind: store.Demo}, 7))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.Close()
		if health, err := bolt.Examine(nil, path, store.Check); err != nil || len(health.Wrong) > 0 {
			t.Errorf("the book that the test leaves: %q, %v", health.Wrong, err)
		}
	})
	return b
}

// linked adds n linked numbers.
func linked(t *testing.T, b *store.Book, n int) (ids []campaign.NumberID) {
	t.Helper()
	for i := range n {
		number, err := desk(b).AddNumber(fmt.Sprintf("loja %d", i))
		if err != nil {
			t.Fatal(err)
		}
		phone := people.Phone(fmt.Sprintf("+55118800000%02d", i))
		if _, err := b.LinkNumber(number.ID, phone, string(phone)+":1@s.whatsapp.net", time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := desk(b).SetLimits(number.ID, campaign.Pace{}.All()); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, number.ID)
	}
	return ids
}

func started(t *testing.T, b *store.Book, c campaign.Campaign, now time.Time) campaign.Campaign {
	t.Helper()
	c, err := desk(b).AddCampaign(c)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = desk(b).Start(c.ID, now); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestNobodyTwiceNobodyForgotten lives through bad days: answers lost,
// messages lost, refusals, missing keys, and a process that dies at any
// moment, and looks at what people saw.
func TestNobodyTwiceNobodyForgotten(t *testing.T) {
	seeds := uint64(12)
	if store.Raced { // each claims, settles and asks at once: a few are enough to see a race
		seeds = 4
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { badDays(t, seed) })
	}
}

func badDays(t *testing.T, seed uint64) {
	const n = 60
	path := filepath.Join(t.TempDir(), "book.db")
	b := open(t, path)
	numbers := linked(t, b, 3)
	rows := crowd(n)
	if _, err := desk(b).Import(t.Context(), rows, "people.csv"); err != nil {
		t.Fatal(err)
	}
	index := make(map[people.Phone]int)
	for i, r := range rows {
		index[r.Phone] = i
	}
	now := time.Now()
	c := campaign.Campaign{Name: "c", Text: "Oi, {nome}!"}
	if seed%2 == 1 {
		c.Attachment = attach(t, b, "picture.jpg")
	}
	c = started(t, b, c, now)
	w := &wire{
		rng: rand.New(rand.NewPCG(seed, 1)), inbox: make(map[string]map[campaign.MessageID]string),
		media: make(map[campaign.MessageID]string),
	}
	online := now
	reopen := func() {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		b = open(t, path)
		online = now
	}
	for step := 0; ; step++ {
		if idle, err := b.Idle(); err != nil {
			t.Fatal(err)
		} else if idle {
			break
		}
		if step > 20*n {
			t.Fatalf("still not done after %d steps: %v", step, b.Holds())
		}
		now = now.Add(time.Duration(w.rng.IntN(20)) * time.Second)
		if c.Attachment != nil && w.rng.IntN(60) == 0 {
			now = now.Add(campaign.UploadAge) // a holiday
		}
		for len(w.later) > 0 && w.rng.IntN(2) == 0 {
			if err := w.later[0](b); err != nil {
				t.Fatal(err)
			}
			w.later = w.later[1:]
		}
		number := numbers[w.rng.IntN(len(numbers))]
		got, err := store.ClaimApart(b, campaign.Claim{Number: number, Ready: campaign.Readiness{Link: 1, Since: online}, Now: now, NewID: w.newID})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Check) > 0 {
			var answers []people.Answer
			for _, p := range got.Check {
				answers = append(answers, answer(p, index[p]))
			}
			if err := b.Answered(number, got.Check, answers, now); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got.Upload != nil {
			if !w.upload(t, b, number, *got.Upload, now) {
				reopen()
			}
			continue
		}
		if got.Delivery == nil {
			if now, err := b.Campaign(c.ID); err == nil && now.Status == campaign.Paused { // too many refuse it
				if _, err := desk(b).Resume(c.ID); err != nil {
					t.Fatal(err)
				}
			}
			continue
		}
		outcome, alive := w.try(*got.Delivery, now)
		if !alive {
			reopen()
			continue
		}
		if err := b.Settle(*got.Delivery, outcome, now); err != nil {
			t.Fatal(err)
		}
	}
	for _, receipt := range w.later {
		if err := receipt(b); err != nil {
			t.Fatal(err)
		}
	}
	judge(t, b, c.ID, w, n)
}

// judge compares what people saw with what the book says.
func judge(t *testing.T, b *store.Book, id campaign.ID, w *wire, n int) {
	t.Helper()
	deliveries, err := b.Deliveries(id, -1, n+1)
	if err != nil {
		t.Fatal(err)
	}
	if len(deliveries) != n {
		t.Fatalf("%d deliveries, want %d", len(deliveries), n)
	}
	var counts campaign.Counts
	for _, id := range w.other {
		t.Errorf("%s came again with other content", id)
	}
	camp, err := b.Campaign(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range deliveries {
		counts[d.State]++
		seen := w.inbox[lidOf(d.Phone)]
		if len(seen) > 1 {
			t.Errorf("%s saw %d messages: %v", d.Name, len(seen), seen)
		}
		for id, text := range seen {
			if id != d.Message || text != "Oi, "+d.Name+"!" {
				t.Errorf("%s saw %q as %s, the book has %q as %s", d.Name, text, id, d.Text, d.Message)
			}
			kept, ok, err := b.Payload(id)
			if err != nil || !ok || string(kept.Media) != w.media[id] || (w.media[id] != "") != (camp.Attachment != nil) {
				t.Errorf("%s saw %q with it, the book would answer %q, %v", d.Name, w.media[id], kept.Media, err)
			}
		}
		switch {
		case d.State == campaign.Queued, d.State == campaign.Sending:
			t.Errorf("%s is forgotten: %s", d.Name, d.State)
		case d.State.Proven() && len(seen) == 0:
			t.Errorf("%s is %s and saw nothing", d.Name, d.State)
		case (d.State == campaign.Failed || d.State == campaign.Skipped) && len(seen) > 0:
			t.Errorf("%s is %s (%s) and saw it", d.Name, d.State, d.Reason)
		case (d.State == campaign.Failed || d.State == campaign.Unsure || d.State == campaign.Skipped) && d.Reason.IsZero():
			t.Errorf("%s is %s without a reason", d.Name, d.State)
		}
	}
	kept, err := b.Counts(id)
	if err != nil {
		t.Fatal(err)
	}
	if kept != counts {
		t.Errorf("the counters say %v, the deliveries %v", kept, counts)
	}
	t.Log(counts)
	if counts.Accepted() == 0 {
		t.Error("nobody got it: the test shows nothing")
	}
}
