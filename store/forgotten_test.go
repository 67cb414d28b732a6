package store_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/store"
)

// screen is what people have on theirs: by LID, the ids of the messages, each
// once, and which number sent them.
type screen map[string]map[campaign.MessageID]campaign.NumberID

func (s screen) show(d *campaign.Delivery) {
	if s[d.LID] == nil {
		s[d.LID] = make(map[campaign.MessageID]campaign.NumberID)
	}
	s[d.LID][d.Message] = d.Number
}

func (s screen) clone() screen {
	c := make(screen)
	for lid, ids := range s {
		c[lid] = maps.Clone(ids)
	}
	return c
}

// moment is a book as it is on the disk between two commits, and what people
// have seen by then.
type moment struct {
	name string
	file []byte
	seen screen
	now  time.Time
}

// shortCampaign runs a campaign of two numbers to its end and keeps every
// moment of it. Somebody opts out in front of others, one message does not
// leave at first, one answer is lost.
func shortCampaign(t *testing.T) (id campaign.ID, moments []moment) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "book.db")
	b := open(t, path)
	numbers := linked(t, b, 2)
	rows := people(8)
	if _, err := b.Import(t.Context(), rows, "people.csv"); err != nil {
		t.Fatal(err)
	}
	now, seen := time.Now(), make(screen)
	for _, r := range rows {
		a := campaign.Answer{Asked: r.Phone, Presence: campaign.OnWhatsApp, Phone: r.Phone, LID: lidOf(r.Phone)}
		if err := b.Answered(numbers[0], []campaign.Phone{r.Phone}, []campaign.Answer{a}, now); err != nil {
			t.Fatal(err)
		}
	}
	keep := func(name string) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		moments = append(moments, moment{fmt.Sprint(len(moments), " ", name), data, seen.clone(), now})
	}
	id = started(t, b, campaign.Campaign{Name: "c", Text: "Oi, {nome}!"}, now).ID
	keep("started")
	for _, i := range []int{0, 3} {
		c, err := b.ContactByPhone(rows[i].Phone)
		if err == nil {
			err = b.OptOut(c.ID, "asked for it")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	keep("opted out")
	w := &wire{}
	outcomes := map[int]campaign.Outcome{
		2: {Kind: campaign.NotSent, Reason: "not connected"},
		4: {Kind: campaign.Unknown, Reason: campaign.ReasonNoAnswer},
	}
	for step, sent := 0, 0; ; step++ {
		if idle, err := b.Idle(); err != nil || step > 200 {
			t.Fatal("it does not end", err)
		} else if idle {
			return id, moments
		}
		now = now.Add(3 * time.Second)
		got, err := b.Claim(campaign.Claim{Number: numbers[step%2], Ready: campaign.Readiness{Link: 1, Since: now.Add(-time.Hour)}, Now: now, NewID: w.newID})
		if err != nil {
			t.Fatal(err)
		}
		if got.Delivery == nil {
			continue
		}
		sent++
		outcome := outcomes[sent]
		if outcome.Kind != campaign.NotSent {
			seen.show(got.Delivery)
		}
		keep("claimed")
		if err := b.Settle(*got.Delivery, outcome, now); err != nil {
			t.Fatal(err)
		}
		keep("settled")
		if outcome.Kind == campaign.Accepted {
			if err := b.Receipt(got.Delivery.Number, []campaign.MessageID{got.Delivery.Message}, campaign.Delivered, now); err != nil {
				t.Fatal(err)
			}
			keep("delivered")
		}
	}
}

// TestNobodyTwiceWhicheverFirstPageIsTorn tears each of the two first pages at
// every commit of a campaign, opens what is left, lets a person or the
// receipts say what became of what is held, or nobody, and goes on.
func TestNobodyTwiceWhicheverFirstPageIsTorn(t *testing.T) {
	id, moments := shortCampaign(t)
	if len(moments) < 20 {
		t.Fatalf("only %d moments", len(moments))
	}
	proved, decided := 0, 0
	for i, m := range moments {
		for page := range 2 {
			for _, who := range [][]string{{"person", "nobody"}, {"receipts", "person"}, {"nobody", "receipts"}}[i%3][page : page+1] {
				p, d := goOn(t, id, m, page, who)
				proved, decided = proved+p, decided+d
			}
		}
	}
	t.Logf("%d moments; receipts have settled %d, a person %d", len(moments), proved, decided)
	if proved < 3 || decided < 10 {
		t.Errorf("receipts have settled %d and a person %d: the test shows too little", proved, decided)
	}
}

func goOn(t *testing.T, id campaign.ID, m moment, page int, who string) (proved, decided int) {
	t.Helper()
	name := fmt.Sprintf("%s, page %d torn, settled by %s", m.name, page, who)
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s: %s", name, fmt.Sprintf(format, args...))
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	data := slices.Clone(m.file)
	for i := range 20 {
		data[page*os.Getpagesize()+60+i] ^= 0xff
	}
	path := filepath.Join(t.TempDir(), "book.db")
	must(os.WriteFile(path, data, 0o600))
	b, err := store.Open(path, store.Options{Kind: store.Demo})
	must(err)
	c, err := b.Started(t.Context(), id) // it may still have to be frozen
	must(err)
	if c.Status != campaign.Finished && (c.Status != campaign.Paused || c.Reason != campaign.PausedByDamage) {
		fail("the campaign is %s (%s)", c.Status, c.Reason)
	}
	seen, w, now := m.seen.clone(), &wire{next: 1000}, m.now.Add(time.Minute)
	if who == "receipts" {
		for lid, ids := range seen {
			for message, number := range ids {
				must(b.Receipt(number, []campaign.MessageID{message}, campaign.Read, now))
				must(b.Prove(number, campaign.Seen{LID: lid}, []campaign.MessageID{message}, campaign.Read, now))
			}
		}
	}
	deliveries, err := b.Deliveries(id, -1, 100)
	must(err)
	held := 0
	for _, d := range deliveries {
		switch there := len(seen[lidOf(d.Phone)]) > 0; {
		case d.State == campaign.Read && who == "receipts":
			proved++
		case d.Reason != campaign.ReasonForgotten:
		case d.State != campaign.Unsure:
			fail("%s is held, and %s", d.Phone, d.State)
		case who == "person" && there:
			decided++
			_, err = b.Decide(id, d.Seq, campaign.Arrived, now)
		case who == "person" || who == "receipts" && !there:
			decided++
			_, err = b.Decide(id, d.Seq, campaign.SendIt, now)
		case who == "receipts":
			fail("no receipt has settled %s, who has it", d.Phone)
		default:
			held++
		}
		must(err)
	}
	if c.Status == campaign.Paused {
		if c, err = b.Campaign(id); err == nil && c.Status == campaign.Paused {
			_, err = b.Resume(id)
		}
		must(err)
	}
	for step := 0; ; step++ {
		idle, err := b.Idle()
		if must(err); idle {
			break
		} else if step > 200 {
			t.Fatalf("%s: it does not end: %v", name, b.Holds())
		}
		now = now.Add(time.Minute)
		for n := range campaign.NumberID(2) {
			got, err := b.Claim(campaign.Claim{Number: n + 1, Ready: campaign.Readiness{Link: 1, Since: m.now}, Now: now, NewID: w.newID})
			must(err)
			if got.Delivery != nil {
				seen.show(got.Delivery)
				must(b.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, now))
			}
		}
	}
	deliveries, err = b.Deliveries(id, -1, 100)
	must(err)
	unsure := 0
	for _, d := range deliveries {
		has := len(seen[lidOf(d.Phone)])
		switch {
		case has > 1:
			fail("%s has %d messages: %v", d.Phone, has, seen[lidOf(d.Phone)])
		case d.State.Proven() && has == 0:
			fail("%s is %s and has nothing", d.Phone, d.State)
		case d.State == campaign.Skipped && d.Reason == campaign.ReasonOptedOut:
			// The opt-out itself may be what was forgotten: the other way round is no fault.
		case d.State == campaign.Unsure:
			unsure++
		case !d.State.Proven():
			fail("%s is forgotten: %s (%s)", d.Phone, d.State, d.Reason)
		}
	}
	if unsure != held {
		fail("%d are unsure, %d were held", unsure, held)
	}
	must(b.Close())
	if h, err := store.Examine(path, store.Check); err != nil || len(h.Wrong) > 0 {
		fail("afterwards %q, %v", h.Wrong, err)
	}
	return proved, decided
}

// TestAClaimTakesOnlyWhatWasFirstWhenItBegan: what is skipped in front of it is
// committed before. So whichever transaction is forgotten, it is known what it
// can have claimed.
func TestAClaimTakesOnlyWhatWasFirstWhenItBegan(t *testing.T) {
	_, moments := shortCampaign(t)
	shown := 0
	for i, m := range moments[1:] {
		if !strings.HasSuffix(m.name, "claimed") {
			continue
		}
		before, after := bookAt(t, moments[i].file), bookAt(t, m.file)
		var skipped, claimed int
		for seq := range uint32(8) {
			d, err := after.Delivery(1, seq)
			was, err2 := before.Delivery(1, seq)
			if err := errors.Join(err, err2); err != nil {
				t.Fatal(err)
			}
			if d.State == campaign.Skipped && was.State != campaign.Skipped {
				skipped++
			}
			if d.Attempts > was.Attempts {
				claimed++
			}
		}
		if skipped == 0 || claimed != 1 {
			continue
		}
		// The same with the last transaction forgotten: the skip must be there.
		shown++
		for page := range 2 {
			data := slices.Clone(m.file)
			data[page*os.Getpagesize()+60] ^= 0xff
			b := bookAt(t, data)
			d, err := b.Counts(1)
			if err != nil || d[campaign.Skipped] < skipped {
				t.Errorf("%s, page %d torn: %v, %v: it skipped %d in the transaction that claims", m.name, page, d, err, skipped)
			}
		}
	}
	if shown == 0 {
		t.Error("no claim had to skip anybody")
	}
}

// bookAt opens a copy of a file.
func bookAt(t *testing.T, data []byte) *store.Book {
	t.Helper()
	path := filepath.Join(t.TempDir(), "book.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}
