package store_test

import (
	"encoding/binary"
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
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
	"recado/store/bolt"
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
	return shortCampaignOf(t, lidOf, false)
}

// shortCampaignOf is shortCampaign with people of whom the service says those
// LIDs; together, a number claims with what it settles.
func shortCampaignOf(t *testing.T, lid func(people.Phone) string, together bool) (id campaign.ID, moments []moment) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "book.db")
	b := open(t, path)
	numbers := linked(t, b, 2)
	rows := crowd(8)
	if _, err := desk(b).Import(t.Context(), rows, "people.csv"); err != nil {
		t.Fatal(err)
	}
	now, seen := time.Now(), make(screen)
	for _, r := range rows {
		a := people.Answer{Asked: r.Phone, Presence: people.OnWhatsApp, Phone: r.Phone, LID: lid(r.Phone)}
		if err := b.Answered(numbers[0], []people.Phone{r.Phone}, []people.Answer{a}, now); err != nil {
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
			err = desk(b).OptOut(c.ID, "asked for it")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	keep("opted out")
	w := &wire{}
	outcomes := map[int]campaign.Outcome{
		2: {Kind: campaign.NotSent, Reason: reason.New(reason.HoldOffline)},
		4: {Kind: campaign.Unknown, Reason: reason.New(reason.DeliveryNoAnswer)},
	}
	flying := make(map[campaign.NumberID]*campaign.Delivery) // claimed with what was settled
	for step, sent := 0, 0; ; step++ {
		if idle, err := b.Idle(); err != nil || step > 200 {
			t.Fatal("it does not end", err)
		} else if idle {
			return id, moments
		}
		now = now.Add(3 * time.Second)
		claim := campaign.Claim{Number: numbers[step%2], Ready: campaign.Readiness{Link: 1, Since: now.Add(-time.Hour)}, Now: now, NewID: w.newID}
		got := store.Claimed{Delivery: flying[claim.Number]}
		if got.Delivery == nil {
			var err error
			if got, err = store.ClaimApart(b, claim); err != nil {
				t.Fatal(err)
			}
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
		delete(flying, claim.Number)
		if together {
			act, err := b.SettleAndClaim(*got.Delivery, outcome, claim)
			if err != nil {
				t.Fatal(err)
			}
			if send, ok := act.(campaign.Send); ok {
				flying[claim.Number] = &send.Delivery
				keep("settled and claimed")
			}
		} else if err := b.Settle(*got.Delivery, outcome, now); err != nil {
			t.Fatal(err)
		}
		keep("settled")
		if outcome.Kind == campaign.Accepted {
			if _, err := b.Receipt(got.Delivery.Number, people.Seen{LID: got.Delivery.LID}, []campaign.MessageID{got.Delivery.Message}, campaign.Delivered, now); err != nil {
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
	for _, together := range []bool{false, true} {
		id, moments := shortCampaignOf(t, lidOf, together)
		if len(moments) < 20 {
			t.Fatalf("only %d moments", len(moments))
		}
		proved, decided, both := 0, 0, 0
		who := []string{"person", "receipts", "nobody"}
		for i, m := range moments {
			if strings.HasSuffix(m.name, "settled and claimed") {
				both++
			}
			for page := range 2 {
				p, d := goOn(t, id, m, page, who[(i+page)%3])
				proved, decided = proved+p, decided+d
			}
		}
		t.Logf("%d moments; receipts have proved %d, a person %d", len(moments), proved, decided)
		if proved < 3 || decided < 10 || together != (both > 1) {
			t.Errorf("receipts have proved %d and a person %d, and %d settled and claimed: the test shows too little", proved, decided, both)
		}
	}
}

func goOn(t *testing.T, id campaign.ID, m moment, page int, who string) (proved, decided int) {
	t.Helper()
	name := fmt.Sprintf("%s, page %d torn, cleared by %s", m.name, page, who)
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
	if page == mended {
		data[newestRoot(data)+8] ^= 3
	} else {
		for i := range 20 {
			data[page*os.Getpagesize()+60+i] ^= 0xff
		}
	}
	path := filepath.Join(t.TempDir(), "book.db")
	must(os.WriteFile(path, data, 0o600))
	if page == mended {
		_, err := store.Mend(path, func(path string) (bolt.Health, error) { return bolt.Examine(nil, path, store.Check) })
		must(err)
	}
	b, err := store.Open(path, store.Options{Kind: store.Demo})
	must(err)
	c, err := b.Started(t.Context(), id) // it may still have to be frozen
	must(err)
	if c.Status != campaign.Finished && (c.Status != campaign.Paused || c.Reason.Code != reason.CampaignDamage) {
		fail("the campaign is %s (%s)", c.Status, c.Reason)
	}
	seen, w, now := m.seen.clone(), &wire{next: 1000}, m.now.Add(time.Minute)
	if who == "receipts" {
		for lid, ids := range seen {
			for message, number := range ids {
				_, err := b.Receipt(number, people.Seen{LID: lid}, []campaign.MessageID{message}, campaign.Read, now)
				must(err)
				must(b.Prove(number, people.Seen{LID: lid}, []campaign.MessageID{message}, campaign.Read, now))
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
		case d.Reason.Code != reason.DeliveryForgotten:
		case d.State != campaign.Unsure:
			fail("%s is held, and %s", d.Phone, d.State)
		case who == "person" && there:
			decided++
			_, err = desk(b).Decide(id, d.Seq, campaign.Arrived, now)
		case who == "person" || who == "receipts" && !there:
			decided++
			_, err = desk(b).Decide(id, d.Seq, campaign.SendIt, now)
		case who == "receipts":
			fail("no receipt has proved %s, who has it", d.Phone)
		default:
			held++
		}
		must(err)
	}
	if c.Status == campaign.Paused {
		if c, err = b.Campaign(id); err == nil && c.Status == campaign.Paused {
			_, err = desk(b).Resume(id)
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
			got, err := store.ClaimApart(b, campaign.Claim{Number: n + 1, Ready: campaign.Readiness{Link: 1, Since: m.now}, Now: now, NewID: w.newID})
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
		case d.State == campaign.Skipped && d.Reason.Code == reason.DeliveryOptedOut:
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
	if h, err := bolt.Examine(nil, path, store.Check); err != nil || len(h.Wrong) > 0 {
		fail("afterwards %q, %v", h.Wrong, err)
	}
	return proved, decided
}

// TestNobodyTwiceAfterAMend damages the last tree at every commit of a campaign
// and goes back to the one before it.
func TestNobodyTwiceAfterAMend(t *testing.T) {
	id, moments := shortCampaign(t)
	proved, decided := 0, 0
	for i, m := range moments {
		p, d := goOn(t, id, m, mended, []string{"person", "receipts", "nobody"}[i%3])
		proved, decided = proved+p, decided+d
	}
	if proved < 3 || decided < 5 {
		t.Errorf("receipts have proved %d and a person %d: the test shows too little", proved, decided)
	}
}

// mended stands for the damage of the last tree.
const mended = 2

// newestRoot is where the first page of the last tree begins.
func newestRoot(data []byte) int {
	word := func(page, at int) int {
		return int(binary.NativeEndian.Uint64(data[page*os.Getpagesize()+16+at:]))
	}
	newest := 0
	if word(1, 48) > word(0, 48) {
		newest = 1
	}
	return word(newest, 16) * os.Getpagesize()
}

func TestMendKeepsACopyAndGoesBackOnce(t *testing.T) {
	_, moments := shortCampaign(t)
	m := moments[len(moments)/2]
	path := filepath.Join(t.TempDir(), "book.db")
	write := func(change func(data []byte)) (damaged []byte) {
		data := slices.Clone(m.file)
		change(data)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return data
	}
	examine := func(path string) (bolt.Health, error) { return bolt.Examine(nil, path, store.Check) }
	damaged := write(func(data []byte) { data[newestRoot(data)+8] ^= 3 })
	copied, err := store.Mend(path, examine)
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(copied); err != nil || !slices.Equal(kept, damaged) || filepath.Dir(copied) != filepath.Dir(path) {
		t.Errorf("the copy %s is not the damaged file, %v", copied, err)
	}
	if h, err := examine(path); err != nil || len(h.Wrong) > 0 {
		t.Errorf("after it %q, %v", h.Wrong, err)
	}
	b, err := store.Open(path, store.Options{Kind: store.Demo})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := b.Campaign(1); err != nil || c.Status != campaign.Paused || b.WentBack() {
		t.Errorf("the campaign is %s, %v; went back again: %v", c.Status, err, b.WentBack())
	}
	if _, err := store.Mend(path, examine); !errors.Is(err, store.ErrLocked) {
		t.Errorf("an open book: %v", err)
	}
	b.Close()

	for name, change := range map[string]func(data []byte){
		"both trees": func(data []byte) {
			for at := 2 * os.Getpagesize(); at < len(data); at += os.Getpagesize() {
				data[at] ^= 0x80
			}
		},
		"both first pages": func(data []byte) { data[60] ^= 1; data[os.Getpagesize()+60] ^= 1 },
		"more than one change apart": func(data []byte) {
			copy(data[os.Getpagesize():2*os.Getpagesize()], moments[0].file[os.Getpagesize():])
			copy(data[:os.Getpagesize()], m.file)
			if newestRoot(data) >= 0 && data[os.Getpagesize()+64] == m.file[os.Getpagesize()+64] {
				t.Fatal("the older first page is the same")
			}
			data[newestRoot(data)+8] ^= 3
		},
	} {
		data := write(change)
		if _, err := store.Mend(path, examine); !errors.Is(err, store.ErrNoWayBack) {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.ReadFile(path); err != nil || !slices.Equal(after, data) {
			t.Errorf("%s: it was changed, %v", name, err)
		}
	}
	// One whose content is not well is none either.
	write(func(data []byte) { data[newestRoot(data)+8] ^= 3 })
	wrong := func(string) (bolt.Health, error) { return bolt.Health{Wrong: []reason.Reason{reason.New("x")}}, nil }
	if _, err := store.Mend(path, wrong); !errors.Is(err, store.ErrNoWayBack) {
		t.Errorf("content that is not well: %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 2 { // the book and the one copy
		t.Errorf("left are %v, %v", left, err)
	}
}

// TestAReceiptThatFitsNobodyOrManySettlesNothing holds when a receipt is proof.
func TestAReceiptThatFitsNobodyOrManySettlesNothing(t *testing.T) {
	_, moments := shortCampaign(t)
	data := slices.Clone(moments[1].file)
	data[60] ^= 1
	b := bookAt(t, data)
	deliveries, err := b.Deliveries(1, -1, 100)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(deliveries, func(d campaign.Delivery) bool { return d.Reason.Code == reason.DeliveryForgotten })
	if i < 0 {
		t.Fatal("nothing is held")
	}
	d, now := deliveries[i], moments[1].now.Add(time.Minute)
	to := people.Seen{LID: lidOf(d.Phone)}
	for name, prove := range map[string]func() error{
		"another number": func() error {
			return b.Prove(3-d.Number, to, []campaign.MessageID{"3EB0X"}, campaign.Read, now)
		},
		"somebody else": func() error {
			return b.Prove(d.Number, people.Seen{LID: "12345"}, []campaign.MessageID{"3EB0X"}, campaign.Read, now)
		},
		"two unknown ids": func() error {
			return b.Prove(d.Number, to, []campaign.MessageID{"3EB0X", "3EB0Y"}, campaign.Read, now)
		},
		"no id": func() error { return b.Prove(d.Number, to, nil, campaign.Read, now) },
		"long before that": func() error {
			return b.Prove(d.Number, to, []campaign.MessageID{"3EB0X"}, campaign.Read, d.Claimed.Add(-time.Hour))
		},
	} {
		if name == "long before that" && d.Claimed.IsZero() {
			continue // the number had sent nothing yet
		}
		if err := prove(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := b.Delivery(1, d.Seq); err != nil || got.State != campaign.Unsure {
			t.Errorf("%s: it is %s, %v", name, got.State, err)
		}
	}
	if err := b.Prove(d.Number, people.Seen{Phone: d.Phone}, []campaign.MessageID{"3EB0X"}, campaign.Delivered, now); err != nil {
		t.Fatal(err)
	}
	got, err := b.Delivery(1, d.Seq)
	if err != nil || got.State != campaign.Delivered || got.Message != "3EB0X" || got.InDoubt || !got.Reason.IsZero() {
		t.Errorf("by the phone: %+v, %v", got, err)
	}
	if _, err := b.Receipt(d.Number, people.Seen{Phone: d.Phone}, []campaign.MessageID{"3EB0X"}, campaign.Read, now); err != nil {
		t.Fatal(err)
	}
	if err := b.Heard(d.Number, campaign.Incoming{From: to, Text: "oi", At: now}); err != nil {
		t.Fatal(err)
	}
	if got, err = b.Delivery(1, d.Seq); err != nil || got.State != campaign.Replied {
		t.Errorf("after an answer it is %s, %v", got.State, err)
	}
	if _, ok, err := b.Payload("3EB0X"); ok || err != nil {
		t.Errorf("what it carried is forgotten, and yet there is something to send: %v", err)
	}
}

// TestADoubtIsSettledByAPerson holds the three verdicts, for what is held and
// for what is unsure for another reason.
func TestADoubtIsSettledByAPerson(t *testing.T) {
	_, moments := shortCampaign(t)
	data := slices.Clone(moments[1].file)
	data[60] ^= 1
	b := bookAt(t, data)
	deliveries, err := b.Deliveries(1, -1, 100)
	if err != nil {
		t.Fatal(err)
	}
	var held []campaign.Delivery
	for _, d := range deliveries {
		if d.Reason.Code == reason.DeliveryForgotten {
			held = append(held, d)
		}
	}
	if len(held) != 2 {
		t.Fatalf("%d are held, want the first of each number", len(held))
	}
	now := moments[1].now
	if _, err := desk(b).Decide(1, held[0].Seq, "perhaps", now); err == nil {
		t.Error("no verdict was taken")
	}
	d, err := desk(b).Decide(1, held[0].Seq, campaign.Leave, now)
	if err != nil || d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryLeftAlone {
		t.Errorf("left alone: %+v, %v", d, err)
	}
	if _, err := desk(b).Decide(1, held[0].Seq, campaign.SendIt, now); !errors.Is(err, store.ErrState) {
		t.Errorf("twice: %v", err)
	}
	if _, err := desk(b).Cancel(1); err != nil {
		t.Fatal(err)
	}
	if _, err := desk(b).Decide(1, held[1].Seq, campaign.SendIt, now); !errors.Is(err, store.ErrState) {
		t.Errorf("of a cancelled campaign: %v", err)
	}
	if d, err = desk(b).Decide(1, held[1].Seq, campaign.Arrived, now); err != nil || d.State != campaign.Sent || !d.Reason.IsZero() {
		t.Errorf("arrived: %+v, %v", d, err)
	}
}

// TestAFinishedCampaignRunsAgainForWhatIsSentAfterAll: a doubt may outlive it.
func TestAFinishedCampaignRunsAgainForWhatIsSentAfterAll(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "book.db"))
	n := linked(t, b, 1)[0]
	if _, err := desk(b).Import(t.Context(), crowd(1), ""); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c := started(t, b, campaign.Campaign{Name: "c", Text: "x"}, now)
	got := lane(t, b, n, now, lidOf)
	if err := b.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Unknown}, now); err != nil {
		t.Fatal(err)
	}
	late := campaign.Claim{Number: n, Ready: campaign.Readiness{Link: 2, Since: now}, Now: now.Add(time.Hour)} // by another link it is sent no more
	if again, err := store.ClaimApart(b, late); err != nil || again.Delivery != nil {
		t.Fatalf("%+v, %v", again, err)
	}
	if c, err := b.Campaign(c.ID); err != nil || c.Status != campaign.Finished {
		t.Fatalf("it is %s, %v", c.Status, err)
	}
	if _, err := desk(b).Decide(c.ID, 0, campaign.SendIt, late.Now); err != nil {
		t.Fatal(err)
	}
	again, err := store.ClaimApart(b, late)
	if err != nil || again.Delivery == nil || again.Delivery.Message != got.Delivery.Message || again.Delivery.Text != "x" {
		t.Fatalf("%+v, %v; want the same message", again, err)
	}
	if err := b.Settle(*again.Delivery, campaign.Outcome{Kind: campaign.Accepted}, late.Now); err != nil {
		t.Fatal(err)
	}
	if c, err := b.Campaign(c.ID); err != nil || c.Status != campaign.Finished {
		t.Errorf("it is %s, %v", c.Status, err)
	}
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

// TestACampaignIsPausedThoughAllThatIsLeftIsHeld: it is done when somebody has
// looked at it, and its number counts one message more.
func TestACampaignIsPausedThoughAllThatIsLeftIsHeld(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.db")
	b, err := store.Open(path, store.Options{Kind: store.Demo})
	if err != nil {
		t.Fatal(err)
	}
	n := linked(t, b, 1)[0]
	if _, err := desk(b).Import(t.Context(), crowd(2), ""); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	id := started(t, b, campaign.Campaign{Name: "c", Text: "x"}, now).ID
	first := lane(t, b, n, now, lidOf)
	if err := b.Settle(*first.Delivery, campaign.Outcome{Kind: campaign.Accepted}, now); err != nil {
		t.Fatal(err)
	}
	l, err := campaign.ParseLimits(campaign.Pace{}.All(), "day=2")
	if err == nil {
		_, err = desk(b).SetLimits(n, l)
	}
	if err := errors.Join(err, b.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	older := 0 // the first page that is not the newest: nothing is forgotten, which nobody can know
	if newest := binary.NativeEndian.Uint64(data[16+48:]); newest > binary.NativeEndian.Uint64(data[os.Getpagesize()+16+48:]) {
		older = os.Getpagesize()
	}
	data[older+60] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := bolt.Compact(path); err == nil {
		t.Fatal("it was written anew, without what shows that it went back")
	}
	b = open(t, path)
	c, err := b.Campaign(id)
	if err != nil || c.Status != campaign.Paused || c.Reason.Code != reason.CampaignDamage || !c.Ended.IsZero() {
		t.Fatalf("it is %s (%s), %v", c.Status, c.Reason, err)
	}
	held, err := b.Delivery(id, 1)
	if err != nil || held.Reason.Code != reason.DeliveryForgotten || held.Claimed.IsZero() {
		t.Fatalf("%+v, %v", held, err)
	}
	to, ids := people.Seen{LID: lidOf(held.Phone)}, []campaign.MessageID{"3EB0X"}
	if err := b.Prove(n, to, ids, campaign.Read, held.Claimed.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if d, err := b.Delivery(id, 1); err != nil || d.State != campaign.Unsure {
		t.Errorf("a receipt from before it can have been sent has proved it: %s, %v", d.State, err)
	}
	if c, err = desk(b).Resume(id); err != nil || c.Status != campaign.Finished {
		t.Errorf("resumed with nothing left to send it is %s, %v", c.Status, err)
	}
	if _, err := desk(b).Decide(id, 1, campaign.SendIt, now); err != nil {
		t.Fatal(err)
	}
	if got := lane(t, b, n, time.Now().Add(time.Minute), lidOf); got.Delivery != nil || got.Hold.Reason != reason.HoldDay {
		t.Errorf("two may have left today, of two allowed, and it sends: %+v", got.Hold)
	}
}

// TestWhoeverIsHeldIsNotReachedUnderAnotherRecord: two records turn out to be
// one person while one of them is held.
func TestWhoeverIsHeldIsNotReachedUnderAnotherRecord(t *testing.T) {
	_, moments := shortCampaignOf(t, func(people.Phone) string { return "" }, false)
	data := slices.Clone(moments[1].file)
	data[60] ^= 1
	b := bookAt(t, data)
	deliveries, err := b.Deliveries(1, -1, 100)
	if err != nil {
		t.Fatal(err)
	}
	among := func(right func(campaign.Delivery) bool) campaign.Delivery {
		return deliveries[slices.IndexFunc(deliveries, func(d campaign.Delivery) bool {
			return right(d) && d.Phone != crowd(8)[0].Phone && d.Phone != crowd(8)[3].Phone // who have opted out
		})]
	}
	held := among(func(d campaign.Delivery) bool { return d.Reason.Code == reason.DeliveryForgotten })
	other := among(func(d campaign.Delivery) bool { return d.Number == held.Number && d.State == campaign.Queued })
	now := moments[1].now.Add(time.Minute)
	for _, phone := range []people.Phone{held.Phone, other.Phone} {
		same := people.Answer{Asked: phone, Presence: people.OnWhatsApp, Phone: phone, LID: "77"}
		if err := b.Answered(held.Number, []people.Phone{phone}, []people.Answer{same}, now); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := desk(b).Resume(1); err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	for range 20 {
		now = now.Add(time.Minute)
		got, err := store.ClaimApart(b, campaign.Claim{Number: held.Number, Ready: campaign.Readiness{Link: 1, Since: moments[1].now}, Now: now, NewID: w.newID})
		if err != nil {
			t.Fatal(err)
		}
		if got.Delivery == nil {
			continue
		}
		if got.Delivery.Seq == other.Seq {
			t.Fatal("the person who may have it already is written to")
		}
		if err := b.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, now); err != nil {
			t.Fatal(err)
		}
	}
	if d, err := b.Delivery(1, other.Seq); err != nil || d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryDuplicate {
		t.Errorf("it is %s (%s), %v", d.State, d.Reason, err)
	}
}
