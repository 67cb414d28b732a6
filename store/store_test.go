package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"recado/campaign"
	"recado/campaign/media"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

func TestTreeOfBucketsIsTheOneDrawn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("store.go")
	if err != nil {
		t.Fatal(err)
	}
	var drawn []string
	for _, m := range regexp.MustCompile(`(?m)^//\t[├└]── (\w+) `).FindAllStringSubmatch(string(source), -1) {
		drawn = append(drawn, m[1])
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var got []string
	if err := db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
			got = append(got, string(name))
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(drawn)
	if !slices.Equal(got, drawn) {
		t.Errorf("the file has the buckets %v, the drawing %v", got, drawn)
	}
}

func TestOpenRefusesWhatItMust(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "book.db")
	b, err := store.Open(path, store.Options{Kind: store.Demo})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := store.Open(path, store.Options{Kind: store.Demo, Timeout: 10 * time.Millisecond}); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a second owner got %v, want ErrLocked", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v; want 0600", info.Mode(), err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(path, store.Options{Kind: store.Real}); !errors.Is(err, store.ErrKind) {
		t.Errorf("a demo's book opened for real got %v, want ErrKind", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(path, store.Options{Kind: store.Demo}); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a book that others can read got %v, want the command that mends it", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("version"), []byte{0, 0, 0, 99})
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(path, store.Options{Kind: store.Demo}); !errors.Is(err, store.ErrNewer) {
		t.Errorf("a newer book got %v, want ErrNewer", err)
	}
}

func TestWritersShareACommitAndFailAlone(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "book.db"))
	var wg sync.WaitGroup
	errs := make([]error, 64)
	for i := range errs {
		wg.Go(func() {
			name := "same"
			if i%2 == 0 {
				name = string(rune('0'+i/10)) + string(rune('0'+i%10))
			}
			_, errs[i] = desk(b).AddNumber(name)
		})
	}
	wg.Wait()
	taken := 0
	for i, err := range errs {
		switch {
		case i%2 == 0 && err != nil:
			t.Errorf("writer %d: %v", i, err)
		case i%2 == 1 && errors.Is(err, store.ErrExists):
			taken++
		}
	}
	if taken != 31 {
		t.Errorf("%d writers were told that the name is taken, want 31", taken)
	}
	numbers, err := b.Numbers()
	if err != nil || len(numbers) != 33 {
		t.Errorf("%d numbers, %v; want 33", len(numbers), err)
	}
}

// lane drives one number by hand: it asks, answers and claims until there is
// a delivery or a hold.
func lane(t *testing.T, b *store.Book, n campaign.NumberID, now time.Time, lid func(people.Phone) string) store.Claimed {
	t.Helper()
	w := &wire{next: rand.IntN(1e6)} // another number's lane must not choose the same ids
	for range 100 {
		got, err := store.ClaimApart(b, campaign.Claim{Number: n, Ready: campaign.Readiness{Link: 1, Since: now.Add(-time.Hour)}, Now: now, NewID: w.newID})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Check) == 0 {
			return got
		}
		var answers []people.Answer
		for _, p := range got.Check {
			if l := lid(p); l != "" {
				answers = append(answers, people.Answer{Asked: p, Presence: people.OnWhatsApp, Phone: p, LID: l})
			}
		}
		if err := b.Answered(n, got.Check, answers, now); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the lane only asks")
	return store.Claimed{}
}

func TestPauseStopsBeforeTheNextSendAndResumeGoesOn(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "book.db"))
	n := linked(t, b, 1)[0]
	if _, err := desk(b).Import(t.Context(), crowd(3), ""); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c := started(t, b, campaign.Campaign{Name: "c", Text: "x"}, now)
	got := lane(t, b, n, now, lidOf)
	if got.Delivery == nil {
		t.Fatalf("nothing to send: %+v", got.Hold)
	}
	if err := b.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, now); err != nil {
		t.Fatal(err)
	}
	if _, err := desk(b).Pause(c.ID); err != nil {
		t.Fatal(err)
	}
	if got := lane(t, b, n, now, lidOf); got.Delivery != nil {
		t.Errorf("a paused campaign sent to %s", got.Delivery.Phone)
	}
	if _, err := desk(b).Pause(c.ID); !errors.Is(err, store.ErrState) {
		t.Errorf("pausing twice got %v, want ErrState", err)
	}
	if _, err := desk(b).Resume(c.ID); err != nil {
		t.Fatal(err)
	}
	if got := lane(t, b, n, now, lidOf); got.Delivery == nil {
		t.Errorf("a resumed campaign does not send: %+v", got.Hold)
	}
	if _, err := desk(b).Cancel(c.ID); err != nil {
		t.Fatal(err)
	}
	counts, err := b.Counts(c.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := campaign.Counts{campaign.Sending: 1, campaign.Sent: 1, campaign.Skipped: 1}
	if counts != want {
		t.Errorf("after the cancel the counts are %v, want %v", counts, want)
	}
}

func TestWhoSaysSairGetsNothingMoreFromAnyNumber(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "book.db"))
	ids := linked(t, b, 2)
	rows := crowd(1)
	if _, err := desk(b).Import(t.Context(), rows, ""); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c := started(t, b, campaign.Campaign{Name: "c", Text: "x", Numbers: ids[:1]}, now)
	if err := b.Heard(ids[1], campaign.Incoming{From: people.Seen{Phone: rows[0].Phone, LID: lidOf(rows[0].Phone), Known: true}, Text: " Sair! ", At: now}); err != nil {
		t.Fatal(err)
	}
	if got := lane(t, b, ids[0], now, lidOf); got.Delivery != nil {
		t.Error("somebody who opted out was written to")
	}
	d, err := b.Delivery(c.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	if d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryOptedOut {
		t.Errorf("the delivery is %s (%s), want skipped for the opt-out", d.State, d.Reason)
	}
	next, err := desk(b).AddCampaign(campaign.Campaign{Name: "d", Text: "y"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk(b).Start(next.ID, now); !errors.Is(err, store.ErrState) {
		t.Errorf("a campaign to nobody but them got %v, want ErrState", err)
	}
}

func TestWhomTheServiceProvesOnePersonIsOneDelivery(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "book.db"))
	n := linked(t, b, 1)[0]
	rows := crowd(3)
	if _, err := desk(b).Import(t.Context(), rows, ""); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c := started(t, b, campaign.Campaign{Name: "c", Text: "x"}, now)
	same := func(p people.Phone) string {
		if p == rows[2].Phone {
			return "one"
		}
		if p == rows[0].Phone {
			return "one"
		}
		return "two"
	}
	sent := map[string]int{}
	for {
		got := lane(t, b, n, now, same)
		if got.Delivery == nil {
			break
		}
		sent[got.Delivery.LID]++
		if err := b.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, now); err != nil {
			t.Fatal(err)
		}
	}
	if sent["one"] != 1 || sent["two"] != 1 {
		t.Errorf("sent %v, want each person once", sent)
	}
	d, err := b.Delivery(c.ID, 2)
	if err != nil {
		t.Fatal(err)
	}
	if d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryDuplicate {
		t.Errorf("the second of the deliveries is %s (%s), want skipped as a duplicate", d.State, d.Reason)
	}
	found, err := b.Find(context.Background(), people.Filter{})
	if err != nil || len(found) != 2 {
		t.Errorf("the book has %d people, %v; want 2", len(found), err)
	}
	// The old phone still leads to them, and their reply to the delivery.
	if err := b.Heard(n, campaign.Incoming{From: people.Seen{LID: "one"}, Text: "oi", At: now}); err != nil {
		t.Fatal(err)
	}
	if d, err = b.Delivery(c.ID, 0); err != nil || d.State != campaign.Replied {
		t.Errorf("the delivery is %s, %v; want replied", d.State, err)
	}
	if p, err := b.ContactByPhone(rows[2].Phone); err != nil || p.LID != "one" {
		t.Errorf("the second phone leads to %+v, %v", p, err)
	}
}

func TestWhomTheServiceIsSilentAboutHoldsNobodyUp(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "book.db"))
	n := linked(t, b, 1)[0]
	rows := crowd(2)
	if _, err := desk(b).Import(t.Context(), rows, ""); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c := started(t, b, campaign.Campaign{Name: "c", Text: "x"}, now)
	silent := func(p people.Phone) string {
		if p == rows[0].Phone {
			return ""
		}
		return lidOf(p)
	}
	got := lane(t, b, n, now, silent)
	if got.Delivery == nil || got.Delivery.Phone != rows[1].Phone {
		t.Fatalf("the next one is not sent to: %+v", got)
	}
	if err := b.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, now); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		now = now.Add(11 * time.Minute)
		if got := lane(t, b, n, now, silent); got.Delivery != nil {
			t.Fatalf("round %d: sent without an answer", i)
		}
	}
	d, err := b.Delivery(c.ID, 0)
	if err != nil || d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryNoAnswer {
		t.Errorf("the delivery is %s (%s), %v; want skipped for want of an answer", d.State, d.Reason, err)
	}
	if c, err = b.Campaign(c.ID); err != nil || c.Status != campaign.Finished {
		t.Errorf("the campaign is %s, %v; want finished", c.Status, err)
	}
}

func TestAfterAnUnlinkADoubtIsNotSentAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.db")
	b := open(t, path)
	n := linked(t, b, 1)[0]
	if _, err := desk(b).Import(t.Context(), crowd(1), ""); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c := started(t, b, campaign.Campaign{Name: "c", Text: "x"}, now)
	got := lane(t, b, n, now, lidOf)
	if got.Delivery == nil {
		t.Fatal("nothing to send")
	}
	if err := b.Close(); err != nil { // as a kill does: claimed, never settled
		t.Fatal(err)
	}
	b = open(t, path)
	again, err := store.ClaimApart(b, campaign.Claim{Number: n, Ready: campaign.Readiness{Link: 2}, Now: now.Add(time.Hour)})
	if err != nil || again.Delivery != nil {
		t.Errorf("by a new link it was sent again: %+v, %v", again, err)
	}
	d, err := b.Delivery(c.ID, 0)
	if err != nil || d.State != campaign.Unsure || d.Reason.Code != reason.DeliveryUnlinked {
		t.Errorf("it is %s (%s), %v; want unsure for the unlinking", d.State, d.Reason, err)
	}
	if _, err := b.Receipt(n, people.Seen{Phone: d.Phone}, []campaign.MessageID{d.Message}, campaign.Delivered, now); err != nil {
		t.Fatal(err)
	}
	if d, err = b.Delivery(c.ID, 0); err != nil || d.State != campaign.Delivered {
		t.Errorf("with a receipt it is %s, %v; want delivered", d.State, err)
	}
}

func TestDraftIsWrittenAgainUntilItStarts(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "book.db"))
	linked(t, b, 1)
	if _, err := desk(b).Import(t.Context(), crowd(2), ""); err != nil {
		t.Fatal(err)
	}
	c, err := desk(b).AddCampaign(campaign.Campaign{Name: "c", Text: "x"})
	if err != nil {
		t.Fatal(err)
	}
	before := c
	c.Text = "y"
	if c, err = desk(b).EditDraft(c); err != nil {
		t.Fatal(err)
	}
	before.Text = "z"
	if _, err := desk(b).EditDraft(before); !errors.Is(err, store.ErrChanged) {
		t.Errorf("writing over what somebody else wrote got %v, want ErrChanged", err)
	}
	all, err := b.Campaigns()
	if err != nil || len(all) != 1 || all[0].Text != "y" || all[0].Rev != c.Rev {
		t.Errorf("the book has %+v, %v; want one draft with the new text", all, err)
	}
	if _, err := desk(b).Start(c.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	c.Text = "z"
	if _, err := desk(b).EditDraft(c); !errors.Is(err, store.ErrState) {
		t.Errorf("editing what has started got %v, want ErrState", err)
	}
}

// A draft may lack anything; a start refuses, and says all of it.
func TestADraftIsKeptUnfinishedAndRefusedAtTheStart(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "book.db"))
	linked(t, b, 1)
	if _, err := desk(b).Import(t.Context(), crowd(2), ""); err != nil {
		t.Fatal(err)
	}
	audio := &media.Attachment{Kind: media.Audio}
	for _, test := range []struct {
		draft campaign.Campaign
		want  string
	}{
		{campaign.Campaign{}, "(several (campaign_no_name) (campaign_no_text))"},
		{campaign.Campaign{Name: " ", Text: "x"}, "(campaign_no_name)"},
		{campaign.Campaign{Name: "c", Text: "{"}, "(campaign_text (template_no_closing))"},
		{campaign.Campaign{Name: "c", Text: "x", To: "("}, "(campaign_audience (filter_no_closing))"},
		{campaign.Campaign{Name: "c", Text: "x", To: "lista:a"}, `(campaign_audience (filter_no_list "a"))`},
		{campaign.Campaign{Name: "c", Text: "x", Numbers: []campaign.NumberID{99}}, "(number_gone)"},
		{campaign.Campaign{Name: "c", Text: "x", Unread: campaign.Unread{Pace: "day=x"}}, `(pace_bad_value day=x (pace_count "x"))`},
		{campaign.Campaign{Name: "c", Text: "x", Unread: campaign.Unread{File: "a.jpg"}}, `(campaign_file_unread "a.jpg")`},
		{campaign.Campaign{Text: "x", Attachment: audio}, ""},
		{campaign.Campaign{To: "(", Text: "{", Unread: campaign.Unread{Pace: "x", File: "y"}},
			`(several (campaign_no_name) (campaign_audience (filter_no_closing)) (pace_no_value "x") (campaign_file_unread "y") (campaign_text (template_no_closing)))`},
	} {
		c, err := desk(b).AddCampaign(test.draft)
		if err != nil {
			t.Errorf("%+v is not kept: %v", test.draft, err)
			continue
		}
		if c, err = desk(b).EditDraft(c); err != nil {
			t.Errorf("%+v is not kept anew: %v", test.draft, err)
		}
		if test.draft.Attachment != nil {
			if got := c.Lacks(); len(got) != 2 || reason.Of(got[1]).Code != reason.AttachmentText || got[1].Field != campaign.FieldText {
				t.Errorf("%+v lacks %v", test.draft, got)
			}
			continue // its file is not there either
		}
		want := fmt.Sprintf("campaign_start %d %s", c.ID, test.want)
		if _, err := desk(b).Start(c.ID, time.Now()); !errors.Is(err, store.ErrState) || reason.Of(err).Error() != want {
			t.Errorf("the start got %v, want %s", err, want)
		}
		if again, err := b.Campaign(c.ID); err != nil || again.Status != campaign.Draft || again.Rev != 2 {
			t.Errorf("after the start it is %+v, %v", again, err)
		}
	}
}

func TestNumbersThatKnowTheSamePeopleShareTheWork(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "book.db"))
	ids := linked(t, b, 3)
	rows := crowd(31)
	if _, err := desk(b).Import(t.Context(), rows, ""); err != nil {
		t.Fatal(err)
	}
	var seen []people.Seen
	for _, r := range rows[:30] {
		seen = append(seen, people.Seen{Phone: r.Phone, Known: true})
	}
	for _, id := range ids[:2] { // the third knows the last person alone
		if err := b.Saw(id, seen); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Saw(ids[2], []people.Seen{{Phone: rows[30].Phone, Known: true}}); err != nil {
		t.Fatal(err)
	}
	c := started(t, b, campaign.Campaign{Name: "c", Text: "x"}, time.Now())
	deliveries, err := b.Deliveries(c.ID, -1, 100)
	if err != nil {
		t.Fatal(err)
	}
	load := make(map[campaign.NumberID]int)
	for _, d := range deliveries {
		load[d.Number]++
		if d.New {
			t.Errorf("%s hears from a number that does not know them", d.Name)
		}
	}
	if load[ids[0]] != 15 || load[ids[1]] != 15 || load[ids[2]] != 1 {
		t.Errorf("the numbers send %v, want 15, 15 and 1", load)
	}
}

func TestWhoTheServicePutsOffForGoodDoesNotHoldTheCampaignForLong(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "book.db"))
	n := linked(t, b, 1)[0]
	if _, err := desk(b).Import(t.Context(), crowd(1), ""); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	c := started(t, b, campaign.Campaign{Name: "c", Text: "x"}, begun)
	now := begun
	for ; now.Sub(begun) < 10*time.Minute; now = now.Add(time.Second) {
		got := lane(t, b, n, now, lidOf)
		if got.Delivery == nil {
			continue
		}
		if err := b.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.NotSent, Code: 503, Reason: reason.New(reason.RefusedForNow)}, now); err != nil {
			t.Fatal(err)
		}
		if idle, err := b.Idle(); err != nil {
			t.Fatal(err)
		} else if idle {
			break
		}
	}
	d, err := b.Delivery(c.ID, 0)
	if err != nil || d.State != campaign.Failed || d.Code != 503 || d.Attempts < 4 {
		t.Errorf("after %v: %s (%d) after %d tries, %v; want failed with 503 after some", now.Sub(begun), d.State, d.Code, d.Attempts, err)
	}
}

func TestPanicInOneChangeIsItsErrorAlone(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "book.db"))
	if _, err := desk(b).Import(t.Context(), crowd(1), ""); err != nil {
		t.Fatal(err)
	}
	c, err := b.ContactByPhone(crowd(1)[0].Phone)
	if err != nil {
		t.Fatal(err)
	}
	err = desk(b).EditContact(c.ID, func(*people.Contact) { panic("a mistake of ours") })
	if err == nil || !strings.Contains(err.Error(), "a mistake of ours") {
		t.Errorf("got %v, want the panic as an error", err)
	}
	if err := desk(b).EditContact(c.ID, func(c *people.Contact) { c.Tags = []string{"vip"} }); err != nil {
		t.Errorf("the next change failed: %v", err)
	}
}

func TestRealNumbersAlwaysHaveALimit(t *testing.T) {
	b, err := store.Open(filepath.Join(t.TempDir(), "book.db"), store.Options{Kind: store.Real})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	n, err := desk(b).AddNumber("loja")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk(b).SetLimits(n.ID, campaign.Pace{}.All()); !errors.Is(err, store.ErrNoLimit) {
		t.Errorf("taking every limit away got %v, want ErrNoLimit", err)
	}
	if n, err = b.Number(n.ID); err != nil {
		t.Fatal(err)
	}
	if now := time.Now(); n.Pace(now) != campaign.DefaultPace(now, now) {
		t.Errorf("its limits are %v, want the default ones", n.Pace(now))
	}
	one := campaign.Pace{Gap: campaign.Span{Min: time.Second, Max: time.Second}}.All()
	if _, err := desk(b).SetLimits(n.ID, one); err != nil {
		t.Errorf("one limit that stays got %v", err)
	}
}

func TestWhatIsOnTheWireWhenItsCampaignIsCancelledWaitsForNothingMore(t *testing.T) {
	for _, test := range []struct {
		name    string
		outcome *campaign.Outcome // nil: the process dies
		want    campaign.State
	}{
		{"it did not leave", &campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.HoldOffline)}, campaign.Skipped},
		{"nobody knows", &campaign.Outcome{Kind: campaign.Unknown, Reason: reason.New(reason.DeliveryNoAnswer)}, campaign.Unsure},
		{"it was accepted", &campaign.Outcome{Kind: campaign.Accepted}, campaign.Sent},
		{"the process dies", nil, campaign.Unsure},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newBench(t, 1, 2)
			id := d.start(campaign.Campaign{Name: "c", Text: "Oi"})
			got := d.claim(d.numbers[0])
			if got.Delivery == nil {
				t.Fatalf("nothing to send: %+v", got)
			}
			if _, err := desk(d.book).Cancel(id); err != nil {
				t.Fatal(err)
			}
			if test.outcome == nil {
				d.restart()
			} else if err := d.book.Settle(*got.Delivery, *test.outcome, d.now); err != nil {
				t.Fatal(err)
			}
			is, err := d.book.Delivery(id, got.Delivery.Seq)
			if err != nil || is.State != test.want || !is.NotBefore.IsZero() {
				t.Errorf("%s, to be tried again at %v, %v; want %s and never", is.State, is.NotBefore, err, test.want)
			}
			if counts, err := d.book.Counts(id); err != nil || counts[campaign.Queued] != 0 {
				t.Errorf("%+v, %v; want nobody in the queue", counts, err)
			}
		})
	}
}

// Who has no phone that we know cannot be asked about, and need not be.
func TestNobodyWithoutAPhoneIsAskedAbout(t *testing.T) {
	d := newBench(t, 1, 0)
	n := d.numbers[0]
	const satellite = "+881631234567" // in no time zone, as little as a LID
	if _, err := desk(d.book).Import(t.Context(), []people.Row{{Phone: satellite}}, ""); err != nil {
		t.Fatal(err)
	}
	if err := d.book.Saw(n, []people.Seen{{LID: "77", Name: "Ana"}}); err != nil {
		t.Fatal(err)
	}
	d.start(campaign.Campaign{Name: "c", Text: "Oi"})
	got, err := store.ClaimApart(d.book, campaign.Claim{Number: n, Ready: campaign.Readiness{Link: 1, Since: d.now}, Now: d.now, NewID: d.w.newID})
	if err != nil || !slices.Equal(got.Check, []people.Phone{satellite}) {
		t.Errorf("asks about %q, %v; want the one with a phone", got.Check, err)
	}
}

// Not even one that was tried, or put aside, before new chats were closed.
func TestClosedNewChatsHoldWhoeverHasNeverWritten(t *testing.T) {
	d := newBench(t, 1, 0)
	n := d.numbers[0]
	rows := crowd(2)
	seen := []people.Seen{{Phone: rows[0].Phone, LID: "70", Known: true}, {Phone: rows[1].Phone, LID: "71", Known: true, Heard: d.now}}
	if err := d.book.Saw(n, seen); err != nil {
		t.Fatal(err)
	}
	id := d.start(campaign.Campaign{Name: "c", Text: "Oi"})
	for range 2 { // both are tried in vain
		d.send(n, "", campaign.NotSent)
	}
	d.now = d.now.Add(time.Minute)
	closed := campaign.Hold{Reason: reason.HoldNewChats, Until: d.now.Add(time.Hour)}
	claim := func() store.Claimed {
		got, err := store.ClaimApart(d.book, campaign.Claim{Number: n, Ready: campaign.Readiness{Link: 1, Since: d.now, NewChats: closed}, Now: d.now, NewID: d.w.newID})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := claim()
	if got.Delivery == nil || got.Delivery.Phone != rows[1].Phone {
		t.Fatalf("%+v, want the one who wrote", got)
	}
	if err := d.book.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, d.now); err != nil {
		t.Fatal(err)
	}
	if got := claim(); got.Delivery != nil || got.Hold != closed {
		t.Errorf("%+v, want to be held while new chats are closed", got)
	}
	closed = campaign.Hold{}
	if got := claim(); got.Delivery == nil || got.Delivery.Phone != rows[0].Phone {
		t.Errorf("%+v, want the other one once they are open", got)
	}
	if c, err := d.book.Campaign(id); err != nil || c.Status != campaign.Running {
		t.Errorf("%s, %v", c.Status, err)
	}
}

func TestWhoIsFoundToBeOnePersonBetweenTwoTriesGetsOneMessage(t *testing.T) {
	for _, first := range []campaign.OutcomeKind{campaign.Accepted, campaign.NotSent, campaign.Unknown} {
		d := newBench(t, 1, 2)
		n := d.numbers[0]
		id := d.start(campaign.Campaign{Name: "c", Text: "Oi"})
		second := campaign.NotSent
		if first == campaign.NotSent {
			second = campaign.Accepted
		}
		d.lid = func(p people.Phone) string { // the service does not say whose the second phone is
			if p == crowd(2)[1].Phone {
				return ""
			}
			return lidOf(p)
		}
		a, b := d.send(n, "", first), d.send(n, "", second)
		if err := d.book.Saw(n, []people.Seen{{LID: lidOf(crowd(2)[0].Phone), Phone: crowd(2)[1].Phone}}); err != nil { // the two are one
			t.Fatal(err)
		}
		d.now = d.now.Add(time.Hour)
		again := b
		if first == campaign.NotSent {
			again = a
		}
		got := d.claim(n)
		if first == campaign.Unknown { // what is in doubt is tried again, and that alone
			if got.Delivery == nil || got.Delivery.Seq != a.Seq {
				t.Fatalf("%+v, want the one in doubt", got)
			}
			if err := d.book.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, d.now); err != nil {
				t.Fatal(err)
			}
			got = d.claim(n)
		}
		if got.Delivery != nil {
			t.Errorf("first %d: a second message: %+v", first, got.Delivery)
		}
		if is, err := d.book.Delivery(id, again.Seq); err != nil || is.State != campaign.Skipped || is.Reason.Code != reason.DeliveryDuplicate {
			t.Errorf("first %d: the other one is %s (%s), %v", first, is.State, is.Reason, err)
		}
		if c, err := d.book.Campaign(id); err != nil || c.Status != campaign.Finished {
			t.Errorf("first %d: %s, %v", first, c.Status, err)
		}
	}
}

func TestDoubtStaysOneWhenTheAccountIsGone(t *testing.T) {
	d := newBench(t, 1, 1)
	id := d.start(campaign.Campaign{Name: "c", Text: "Oi"})
	for _, kind := range []campaign.OutcomeKind{campaign.Unknown, campaign.Misled} {
		d.send(d.numbers[0], "", kind)
		d.now = d.now.Add(time.Hour)
	}
	if is, err := d.book.Delivery(id, 0); err != nil || is.State != campaign.Unsure || !is.NotBefore.IsZero() {
		t.Errorf("%s, %v; the first try may have arrived", is.State, err)
	}
}
