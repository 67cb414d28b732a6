package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"recado/store/bolt"

	berrors "go.etcd.io/bbolt/errors"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// yard is a book whose jobs go on when the test says so, some people at a time.
type yard struct {
	*testing.T
	path   string
	book   *Book
	number campaign.NumberID
	now    time.Time
	ids    int
}

// chunkSize is how many people a job of a yard does at once.
const chunkSize = 5

// newYard makes a book with n people and a linked number.
func newYard(t *testing.T, n int) *yard {
	t.Helper()
	y := &yard{T: t, path: filepath.Join(t.TempDir(), "book.db"), now: time.Now()}
	y.book = y.open(y.path)
	number, err := desk(y.book).AddNumber("loja")
	ok(t, err)
	y.number = number.ID
	_, err = y.book.LinkNumber(y.number, "+5511912345678", "5511912345678:1@s.whatsapp.net", y.now)
	ok(t, err)
	_, err = desk(y.book).SetLimits(y.number, campaign.Pace{}.All())
	ok(t, err)
	_, err = desk(y.book).Import(t.Context(), yardRows(0, n), "people.csv")
	ok(t, err)
	return y
}

func (y *yard) open(path string) *Book {
	y.Helper()
	b, err := Open(path, Options{Kind: Demo, maxChunk: chunkSize, noSync: true})
	ok(y.T, err)
	y.Cleanup(func() { b.Close() })
	return b
}

func yardPhone(i int) people.Phone { return people.Phone(fmt.Sprintf("+5511987650%03d", i)) }

func yardRows(from, n int) (rows []people.Row) {
	for i := range n {
		rows = append(rows, people.Row{Line: i + 2, Phone: yardPhone(from + i), Name: fmt.Sprint("Pessoa ", from+i)})
	}
	return rows
}

// person is who has the i-th phone.
func (y *yard) person(i int) people.Contact {
	y.Helper()
	c, err := y.book.ContactByPhone(yardPhone(i))
	ok(y.T, err)
	return c
}

// draft writes a campaign to everybody and keeps its jobs for the test to do.
func (y *yard) draft(c campaign.Campaign) campaign.ID {
	y.Helper()
	c.Name, c.Text = "c", "Oi"
	c, err := desk(y.book).AddCampaign(c)
	ok(y.T, err)
	y.book.stop(campaignJobKey(c.ID), errors.New("the test does it"))
	return c.ID
}

// begin begins a campaign to everybody.
func (y *yard) begin() campaign.ID {
	y.Helper()
	id := y.draft(campaign.Campaign{})
	c, err := desk(y.book).Begin(y.Context(), id, y.now)
	ok(y.T, err)
	if c.Status != campaign.Freezing {
		y.Fatalf("it is %s", c.Status)
	}
	return id
}

// chunk does one chunk of a campaign's job and looks at the whole book. It
// reports whether there is more to do.
func (y *yard) chunk(id campaign.ID) bool {
	y.Helper()
	ok(y.T, y.book.chunk(campaignJobKey(id), chunkSize))
	y.sound()
	_, more := y.job(id)
	return more
}

func (y *yard) job(id campaign.ID) (j job, there bool) {
	y.Helper()
	ok(y.T, y.book.view(func(tx *bolt.Tx) (err error) {
		j, there, err = jobTx(tx, campaignJobKey(id))
		return err
	}))
	return j, there
}

func (y *yard) finish(id campaign.ID) {
	y.Helper()
	for y.chunk(id) {
	}
}

func (y *yard) sound() {
	y.Helper()
	ok(y.T, y.book.view(func(tx *bolt.Tx) error {
		if wrong := Check(tx); len(wrong) > 0 {
			y.Errorf("the book: %q", wrong)
		}
		return nil
	}))
}

// is compares the status and the counts of a campaign.
func (y *yard) is(id campaign.ID, status campaign.Status, want campaign.Counts) campaign.Campaign {
	y.Helper()
	c, err := y.book.Campaign(id)
	ok(y.T, err)
	counts, err := y.book.Counts(id)
	ok(y.T, err)
	if c.Status != status || counts != want {
		y.Errorf("it is %s with %v, want %s with %v", c.Status, counts, status, want)
	}
	return c
}

// claim claims the next delivery, once everybody has been asked about.
func (y *yard) claim() *campaign.Delivery {
	y.Helper()
	for {
		got, err := ClaimApart(y.book, campaign.Claim{
			Number: y.number, Ready: campaign.Readiness{Link: 1, Since: y.now.Add(-time.Hour)}, Now: y.now,
			NewID: func() campaign.MessageID { y.ids++; return campaign.MessageID(fmt.Sprint("3EB0", y.ids)) },
		})
		ok(y.T, err)
		if len(got.Check) == 0 {
			return got.Delivery
		}
		var answers []people.Answer
		for _, p := range got.Check {
			answers = append(answers, people.Answer{Asked: p, Presence: people.OnWhatsApp, Phone: p, LID: string(p[1:])})
		}
		ok(y.T, y.book.Answered(y.number, got.Check, answers, y.now))
	}
}

// copied is a copy of the book as a process that dies now leaves it.
func (y *yard) copied() *yard {
	y.Helper()
	z := *y
	z.path = y.left()
	z.book = z.open(z.path)
	return &z
}

// left is the path of a copy of the book as it lies on the disk, which nobody
// has opened.
func (y *yard) left() string {
	y.Helper()
	data, err := os.ReadFile(y.path)
	ok(y.T, err)
	path := filepath.Join(y.TempDir(), "book.db")
	ok(y.T, os.WriteFile(path, data, 0o600))
	if wrong := examined(y.T, path); len(wrong) > 0 {
		y.Errorf("the book that is left: %q", wrong)
	}
	return path
}

// names are whom a campaign has deliveries to, in order.
func (y *yard) names(id campaign.ID) (names []string) {
	y.Helper()
	all, err := y.book.Deliveries(id, -1, 1000)
	ok(y.T, err)
	for _, d := range all {
		names = append(names, d.Name)
	}
	return names
}

func TestAStartThatDiesAtAnyCommitGoesOn(t *testing.T) {
	y := newYard(t, 23)
	ok(t, desk(y.book).OptOut(y.person(3).ID, "asked for it"))
	id := y.begin()
	var want []string
	for commit, more := 0, true; more; commit++ {
		z := y.copied()
		c, err := z.book.Started(t.Context(), id)
		if err != nil || c.Status != campaign.Running {
			t.Fatalf("commit %d: %s, %v", commit, c.Status, err)
		}
		z.sound()
		z.is(id, campaign.Running, campaign.Counts{campaign.Queued: 22, campaign.Skipped: 1})
		if want == nil {
			want = z.names(id)
		}
		if names := z.names(id); len(names) != 23 || !slices.Equal(names, want) {
			t.Errorf("commit %d: deliveries to %q, want %q", commit, names, want)
		}
		more = y.chunk(id)
	}
	if names := y.names(id); !slices.Equal(names, want) {
		t.Errorf("without a death: %q, want %q", names, want)
	}
}

func TestACancelThatDiesAtAnyCommitGoesOn(t *testing.T) {
	y := newYard(t, 23)
	id := y.begin()
	y.finish(id)
	y.claim() // on the wire
	_, err := desk(y.book).Cancel(id)
	ok(t, err)
	for more := true; more; more = y.chunk(id) {
		y.is(id, campaign.Cancelled, campaign.Counts{campaign.Sending: 1, campaign.Skipped: 22})
		z := y.copied()
		rest(t, z.book)
		z.sound()
		z.is(id, campaign.Cancelled, campaign.Counts{campaign.Unsure: 1, campaign.Skipped: 22})
	}
	if _, err := desk(y.book).Cancel(id); !errors.Is(err, ErrState) {
		t.Errorf("cancelled twice: %v, want ErrState", err)
	}
	y.is(id, campaign.Cancelled, campaign.Counts{campaign.Sending: 1, campaign.Skipped: 22})
}

func TestNothingIsSentBeforeTheAudienceIsFrozen(t *testing.T) {
	y := newYard(t, 12)
	id := y.begin()
	for range 2 {
		y.chunk(id)
		if d := y.claim(); d != nil {
			t.Errorf("%s was written to", d.Name)
		}
		if idle, err := y.book.Idle(); idle || err == nil {
			t.Errorf("idle: %v, %v; want the job's error", idle, err)
		}
	}
	jobs, err := y.book.Jobs()
	if want := []Job{{Kind: JobFreeze, Campaign: id, Done: 10, Total: 12}}; err != nil || !slices.Equal(jobs, want) {
		t.Errorf("%+v, %v; want %+v", jobs, err, want)
	}
	y.finish(id)
	if y.claim() == nil {
		t.Error("and nobody afterwards")
	}
}

// TestTheAudienceIsThatOfOneMoment changes people while their campaign is
// frozen: neither comes anybody to it nor is anybody lost or frozen twice.
func TestTheAudienceIsThatOfOneMoment(t *testing.T) {
	y := newYard(t, 20)
	merge := func(i, k int) { // the service proves the two to be one person
		t.Helper()
		ok(t, y.book.Answered(y.number, []people.Phone{yardPhone(k)}, []people.Answer{{
			Asked: yardPhone(k), Presence: people.OnWhatsApp, Phone: yardPhone(i), LID: fmt.Sprint("88", i),
		}}, y.now))
	}
	// One who does not belong to it, with the smallest id of all but one.
	ok(t, desk(y.book).EditContact(y.person(1).ID, func(c *people.Contact) { c.Tags = []string{"fora"} }))
	id := y.draft(campaign.Campaign{To: "-tag:fora"})
	_, err := desk(y.book).Begin(t.Context(), id, y.now)
	ok(t, err)
	y.chunk(id) // persons 0, 2, 3, 4, 5
	_, err = desk(y.book).Import(t.Context(), yardRows(100, 3), "late.csv")
	ok(t, err)
	ok(t, desk(y.book).EditContact(y.person(19).ID, func(c *people.Contact) { c.Tags = []string{"fora"} }))
	ok(t, desk(y.book).OptOut(y.person(18).ID, "asked for it"))
	ok(t, desk(y.book).OptOut(y.person(5).ID, "asked for it")) // has a delivery
	ids := make([]people.ContactID, 20)
	for i := range ids {
		ids[i] = y.person(i).ID
	}
	merge(0, 10) // they have theirs already
	merge(1, 11) // they did not belong to it by this id,
	merge(1, 12) // and does by two others
	merge(1, 4)  // of which one has been frozen
	merge(13, 14)
	y.finish(id)
	var order []int
	for i := range 20 {
		order = append(order, i)
	}
	all, err := y.book.Deliveries(id, -1, 100)
	ok(t, err)
	got := make(map[people.ContactID]int)
	for _, d := range all {
		got[y.merged(d.Contact)]++
	}
	for _, i := range order {
		if n := got[y.merged(ids[i])]; n != 1 {
			t.Errorf("person %d has %d deliveries", i, n)
		}
	}
	if len(all) != 15 {
		t.Errorf("%d deliveries, want 15: %q", len(all), y.names(id))
	}
	y.is(id, campaign.Running, campaign.Counts{campaign.Queued: 14, campaign.Skipped: 1})
	wrote := make(map[people.ContactID]int)
	for d := y.claim(); d != nil; d = y.claim() {
		wrote[y.merged(d.Contact)]++
		ok(t, y.book.Settle(*d, campaign.Outcome{Kind: campaign.Accepted}, y.now))
	}
	if len(wrote) != 13 || wrote[y.person(5).ID] != 0 || wrote[y.person(18).ID] != 0 {
		t.Errorf("%d were written to: %v", len(wrote), wrote)
	}
}

func (y *yard) merged(id people.ContactID) people.ContactID {
	y.Helper()
	c, err := y.book.Contact(id)
	ok(y.T, err)
	return c.ID
}

func TestOfAFreezeThatIsCancelledNothingStays(t *testing.T) {
	y := newYard(t, 20)
	id := y.begin()
	y.chunk(id)
	y.chunk(id)
	y.is(id, campaign.Freezing, campaign.Counts{campaign.Queued: 10})
	_, err := desk(y.book).Cancel(id)
	ok(t, err)
	if _, err := desk(y.book).Cancel(id); !errors.Is(err, ErrState) {
		t.Errorf("cancelled twice: %v, want ErrState", err)
	}
	for more := true; more; more = y.chunk(id) {
		y.is(id, campaign.Cancelled, campaign.Counts{})
		if names := y.names(id); len(names) > 0 {
			t.Errorf("it has deliveries to %q", names)
		}
		if _, err := y.book.Delivery(id, 7); !errors.Is(err, ErrNotFound) {
			t.Errorf("it has a delivery: %v", err)
		}
		z := y.copied()
		rest(t, z.book)
		z.sound()
		z.is(id, campaign.Cancelled, campaign.Counts{})
	}
	ok(t, y.book.view(func(tx *bolt.Tx) error {
		for _, table := range []string{"deliveries", "queue", "counts", "jobs", "staged", "running"} {
			if k, _ := bucket(tx, table).Cursor().First(); k != nil {
				t.Errorf("a row stays in %q: %x", table, k)
			}
		}
		return nil
	}))
	if _, err := y.book.Started(t.Context(), id); !errors.Is(err, ErrState) {
		t.Errorf("who waits for it is told %v", err)
	}
}

func TestWhatIsFoundInTheFreezeMakesItADraftAgain(t *testing.T) {
	for _, test := range []struct {
		name   string
		happen func(y *yard)
		mend   func(y *yard)
		want   string
	}{
		{"everybody opts out", func(y *yard) {
			for i := range 12 {
				ok(y.T, desk(y.book).OptOut(y.person(i).ID, "asked for it"))
			}
		}, func(y *yard) { ok(y.T, desk(y.book).OptIn(y.person(2).ID, "by phone")) }, "campaign_nobody 12"},
		{"the number is unlinked", func(y *yard) {
			ok(y.T, y.book.UnlinkNumber(y.number, campaign.Standing{State: campaign.Unlinked}))
		}, func(y *yard) {
			_, err := y.book.LinkNumber(y.number, "+5511912345678", "5511912345678:2@s.whatsapp.net", y.now)
			ok(y.T, err)
		}, `number_to_link "loja" "loja"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			y := newYard(t, 12)
			id := y.begin()
			test.happen(y)
			y.finish(id)
			c := y.is(id, campaign.Draft, campaign.Counts{})
			if c.Reason.Error() != test.want || !c.Started.IsZero() || len(c.Numbers) > 0 {
				t.Errorf("the draft: %+v", c)
			}
			if names := y.names(id); len(names) > 0 {
				t.Errorf("deliveries to %q stay", names)
			}
			if _, err := y.book.Started(t.Context(), id); !errors.Is(err, ErrState) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("who waits is told %v", err)
			}
			test.mend(y)
			_, err := desk(y.book).Begin(t.Context(), id, y.now)
			ok(t, err)
			y.finish(id)
			if c, err := y.book.Campaign(id); err != nil || c.Status != campaign.Running || !c.Reason.IsZero() {
				t.Errorf("started again: %s (%s), %v", c.Status, c.Reason, err)
			}
		})
	}
}

func TestACampaignThatIsPausedWhileItIsFrozenDoesNotRun(t *testing.T) {
	y := newYard(t, 12)
	queued := campaign.Counts{campaign.Queued: 12}
	paused, resumed, stopped := y.begin(), y.begin(), y.begin()
	for _, id := range []campaign.ID{paused, resumed} {
		_, err := desk(y.book).Pause(id)
		ok(t, err)
		if _, err := desk(y.book).Pause(id); !errors.Is(err, ErrState) {
			t.Errorf("paused twice: %v, want ErrState", err)
		}
	}
	_, err := desk(y.book).Resume(resumed)
	ok(t, err)
	if _, err := desk(y.book).Resume(resumed); !errors.Is(err, ErrState) {
		t.Errorf("resumed twice: %v, want ErrState", err)
	}
	y.finish(paused)
	y.finish(resumed)
	y.is(paused, campaign.Paused, queued)
	y.is(resumed, campaign.Running, queued)
	ok(t, y.book.SetStanding(y.number, campaign.Standing{State: campaign.Banned, Stop: true}))
	y.finish(stopped)
	if c := y.is(stopped, campaign.Paused, queued); !c.Reason.Equal(reason.New(reason.CampaignStopped, "loja")) {
		t.Errorf("paused for %q", c.Reason)
	}
	for _, id := range []campaign.ID{paused, resumed, stopped} { // each may be ended
		_, err := desk(y.book).Cancel(id)
		ok(t, err)
		y.finish(id)
		y.is(id, campaign.Cancelled, campaign.Counts{campaign.Skipped: 12})
	}
}

func TestAReceiptCountsThoughItsDeliveryIsNotSweptYet(t *testing.T) {
	y := newYard(t, 12)
	id := y.begin()
	y.finish(id)
	var sent []campaign.Delivery
	for _, kind := range []campaign.OutcomeKind{campaign.Unknown, campaign.NotSent, campaign.Accepted, campaign.Unknown, campaign.NotSent} {
		d := y.claim()
		ok(t, y.book.Settle(*d, campaign.Outcome{Kind: kind}, y.now))
		sent = append(sent, *d)
	}
	_, err := desk(y.book).Cancel(id)
	ok(t, err)
	for _, d := range sent[:3] {
		_, err := y.book.Receipt(y.number, people.Seen{Phone: d.Phone}, []campaign.MessageID{d.Message}, campaign.Delivered, y.now)
		ok(t, err)
	}
	want := campaign.Counts{campaign.Delivered: 3, campaign.Unsure: 1, campaign.Skipped: 8}
	y.is(id, campaign.Cancelled, want)
	for _, d := range sent[3:] { // not to be tried again, from this moment on
		seen, err := y.book.Delivery(id, d.Seq)
		if err != nil || !seen.NotBefore.IsZero() || seen.State == campaign.Queued {
			t.Errorf("%s, to be tried again at %v, %v", seen.State, seen.NotBefore, err)
		}
	}
	y.finish(id)
	y.is(id, campaign.Cancelled, want)
	recent, err := y.book.Recent(id, 100)
	if err != nil || len(recent) != 12 {
		t.Errorf("%d deliveries have changed, %v; want 12", len(recent), err)
	}
}

func TestABookClosedInAJobGoesOnWithIt(t *testing.T) {
	y := newYard(t, 60)
	c, err := desk(y.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi"})
	ok(t, err)
	_, err = desk(y.book).Begin(t.Context(), c.ID, y.now)
	ok(t, err)
	for opened := 0; c.Status != campaign.Running; opened++ {
		waited := make(chan error)
		go func() { // ends with the book, or the freeze
			_, err := y.book.Started(context.Background(), c.ID)
			waited <- err
		}()
		ok(t, y.book.Close())
		if err := <-waited; err != nil && !errors.Is(err, ErrGoesOn) && !errors.Is(err, ErrClosed) && !errors.Is(err, berrors.ErrDatabaseNotOpen) {
			t.Errorf("who waits is told %v", err)
		}
		y.book = y.open(y.path)
		if opened > 50 { // on a busy machine no book is open for long enough
			_, err := y.book.Started(t.Context(), c.ID)
			ok(t, err)
		}
		if c, err = y.book.Campaign(c.ID); err != nil {
			t.Fatal(err)
		}
	}
	y.is(c.ID, campaign.Running, campaign.Counts{campaign.Queued: 60})
	y.sound()
}

func TestWhoStopsWaitingForAStartIsToldThatItGoesOn(t *testing.T) {
	y := newYard(t, 12)
	id := y.begin()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	y.book.mu.Lock()
	clear(y.book.stopped) // the sweeper looks when it is told to
	y.book.mu.Unlock()
	if _, err := y.book.Started(ctx, id); !errors.Is(err, ErrGoesOn) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it goes on", err)
	}
	y.book.wake()
	c, err := y.book.Started(t.Context(), id)
	if err != nil || c.Status != campaign.Running {
		t.Errorf("%s, %v", c.Status, err)
	}
}

func TestAMistakeInAJobIsToldToWhoeverWaits(t *testing.T) {
	y := newYard(t, 12)
	id := y.begin()
	if _, err := y.book.Started(t.Context(), id); err == nil || !strings.Contains(err.Error(), "the test does it") {
		t.Errorf("%v, want the mistake", err)
	}
	if idle, err := y.book.Idle(); idle || err == nil {
		t.Errorf("idle: %v, %v; want the mistake", idle, err)
	}
}

func TestNobodyToWriteToIsRefusedAtOnce(t *testing.T) {
	y := newYard(t, 12)
	for i := range 12 {
		ok(t, desk(y.book).OptOut(y.person(i).ID, "asked for it"))
	}
	for to, skipped := range map[string]int{"": 12, "tag:nobody": 0} {
		id := y.draft(campaign.Campaign{To: to})
		want := fmt.Sprint("campaign_nobody ", skipped)
		if _, err := desk(y.book).Begin(t.Context(), id, y.now); !errors.Is(err, ErrState) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", to, err, want)
		}
		y.is(id, campaign.Draft, campaign.Counts{})
	}
}

// TestADraftEditedWhileItsAudienceIsSoughtIsSoughtAgain edits it in the middle
// of the search.
func TestADraftEditedWhileItsAudienceIsSoughtIsSoughtAgain(t *testing.T) {
	y := newYard(t, 12)
	ok(t, desk(y.book).EditContact(y.person(4).ID, func(c *people.Contact) { c.Tags = []string{"vip"} }))
	id := y.draft(campaign.Campaign{})
	edited := false
	var editing sync.WaitGroup
	_, err := desk(y.book).Begin(tellsWhen{t.Context(), func() {
		if !edited {
			edited = true
			begun := make(chan struct{})
			editing.Go(func() { // its commit may have to wait for the search
				ok(t, y.book.update(func(tx *bolt.Tx) error {
					close(begun)
					c, err := campaignTx(tx, id)
					ok(t, err)
					c.To = "tag:vip"
					return putCampaignTx(tx, c)
				}))
			})
			<-begun
		}
	}}, id, y.now)
	ok(t, err)
	editing.Wait()
	y.finish(id)
	if names := y.names(id); !edited || !slices.Equal(names, []string{"Pessoa 4"}) {
		t.Errorf("deliveries to %q", names)
	}
}

// tellsWhen is a context that says when somebody asks whether it has ended.
type tellsWhen struct {
	context.Context
	asked func()
}

func (c tellsWhen) Err() error {
	c.asked()
	return c.Context.Err()
}

// TestAnImportIsWholeOrNothing lets an import die, and be cancelled, at every
// commit.
func TestAnImportIsWholeOrNothing(t *testing.T) {
	rows := append(yardRows(5, 20), yardRows(8, 6)...)
	rows[3].Tags, rows[4].Fields = []string{"vip"}, map[string]string{"cidade": "Rio", "uf": "RJ"}
	want := ImportReport{Added: 15, Updated: 2, Same: 9}
	y := newYard(t, 10)
	before := found(t, y.book, "")
	report, err := desk(y.copied().book).Import(t.Context(), rows, "people.csv")
	if err != nil || report != want {
		t.Fatalf("%+v, %v; want %+v", report, err, want)
	}
	whole, nothing := 0, 0
	for asked, done := 0, false; !done; asked++ {
		z := y.copied()
		times := 0
		ctx, cancel := context.WithCancel(t.Context())
		var dead *yard
		var asking sync.Mutex // rows are read while others are put beside the job
		_, err := desk(z.book).Import(tellsWhen{ctx, func() {
			asking.Lock()
			defer asking.Unlock()
			if times++; times == asked+1 {
				dead = z.copied()
				cancel()
			}
		}}, rows, "people.csv")
		cancel()
		done = dead == nil
		goesOn := err == nil || errors.Is(err, ErrGoesOn)
		if !goesOn && !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		for name, b := range map[string]*yard{"cancelled": z, "dead": dead} {
			if b == nil {
				continue
			}
			rest(t, b.book)
			b.sound()
			switch after := found(t, b.book, ""); {
			case name == "cancelled" && goesOn && len(after) == 25:
				whole++
			case slices.Equal(after, before):
				nothing++
			default:
				t.Errorf("%s after %d questions: %q", name, asked, after)
			}
			ok(t, b.book.view(func(tx *bolt.Tx) error {
				if k, _ := bucket(tx, "staged").Cursor().First(); k != nil {
					t.Errorf("%s after %d questions: rows stay staged", name, asked)
				}
				return nil
			}))
		}
	}
	if whole == 0 || nothing < 6 {
		t.Errorf("whole %d times, nothing %d times: the test shows nothing", whole, nothing)
	}
}

func TestTheReportOfAnImportThatDiedIsThatOfTheWhole(t *testing.T) {
	y := newYard(t, 10)
	rows := append(yardRows(5, 20), yardRows(8, 6)...)
	s := staged(t, y.book, rows, "people.csv")
	y.book.stop(s.job, errors.New("the test does it"))
	s.complete(t)
	for more := true; more; {
		var log bytes.Buffer
		b, err := Open(y.left(), Options{Kind: Demo, maxChunk: chunkSize, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		ok(t, err)
		rest(t, b)
		ok(t, b.Close())
		if want := "source=people.csv added=15 updated=0 same=11"; !strings.Contains(log.String(), want) {
			t.Errorf("the log says %q, want %q", log.String(), want)
		}
		ok(t, y.book.chunk(s.job, chunkSize))
		y.sound()
		jobs, err := y.book.Jobs()
		ok(t, err)
		if more = len(jobs) > 0; more && (jobs[0].Total != 26 || jobs[0].Done%chunkSize != 0 && jobs[0].Done != 26 || jobs[0].Done == 0) {
			t.Errorf("%+v", jobs)
		}
	}
}

func TestARowWithoutAPhoneIsNoImport(t *testing.T) {
	y := newYard(t, 2)
	rows := yardRows(0, 20)
	rows[17].Phone = ""
	if _, err := desk(y.book).Import(t.Context(), rows, "people.csv"); err == nil || !strings.Contains(err.Error(), "line 19: row_no_phone") {
		t.Errorf("%v", err)
	}
	if names := found(t, y.book, ""); len(names) != 2 {
		t.Errorf("%q", names)
	}
}

func TestAChunkIsAsLargeAsTheDiskAllows(t *testing.T) {
	c := chunking{256, maxChunk}
	for range 20 {
		c.took(chunkTime / 10)
	}
	if c.n != maxChunk {
		t.Errorf("on a fast disk: %d", c.n)
	}
	c.took(time.Minute) // a hiccup
	if c.n != maxChunk/2 {
		t.Errorf("after one slow chunk: %d", c.n)
	}
	for range 20 {
		c.took(time.Second)
	}
	if c.n != minChunk {
		t.Errorf("on a slow disk: %d", c.n)
	}
	c.n = 1000
	if c.took(chunkTime); c.n != 1000 {
		t.Errorf("just right: %d", c.n)
	}
	if c = (chunking{3, 3}); c.n != 3 {
		t.Error()
	}
	if c.took(time.Second); c.n != 3 {
		t.Errorf("never more than it may: %d", c.n)
	}
}

// TestEachCampaignRemembersItsLastChanges has two that take turns.
func TestEachCampaignRemembersItsLastChanges(t *testing.T) {
	b := newBook(t)
	const n = eventsKept + 40
	ok(t, b.update(func(tx *bolt.Tx) error {
		// The first was written by an earlier program, which forgot late.
		for i := range uint64(eventsKept + 300) {
			ok(t, bucket(tx, "events").Put(key(uint64(1), i+1), key(uint32(9000))))
		}
		for i := range uint32(n) {
			ok(t, eventsTx(tx, 1, []uint32{i}))
			ok(t, eventsTx(tx, 2, []uint32{i}))
		}
		many := make([]uint32, 3*eventsKept)
		for i := range many {
			many[i] = uint32(i)
		}
		ok(t, eventsTx(tx, 3, many))
		for len(changedTx(tx)) > 0 { // none is forgotten before it is in the chain
			ok(t, chainWaitingTx(tx, chainPart))
		}
		for id, last := range map[uint64]uint32{1: n - 1, 2: n - 1, 3: 3*eventsKept - 1} {
			keys := eventsTable.Keys(tx, key(id), 10*n)
			if len(keys) != eventsKept {
				t.Errorf("campaign %d remembers %d changes, want %d", id, len(keys), eventsKept)
			}
			if v := bucket(tx, "events").Get(keys[len(keys)-1]); !bytes.Equal(v, key(last)) {
				t.Errorf("the last of campaign %d is %x", id, v)
			}
		}
		return nil
	}))
}

// desk is where the person of a test changes the book.
func desk(b *Book) *Desk { return b.Desk(Actor{Name: "ana", Role: Admin, From: "test"}) }
