package session

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.mau.fi/whatsmeow/types"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session/simulator"
	"recado/session/simulator/bubble"
	"recado/store"
	"recado/store/device"
)

// rig is a pool with real files on a simulated service.
type rig struct {
	testing.TB
	dir     string
	service *simulator.Service
	bell    *campaign.Bell
	clock   *campaign.Clock // of the last opening
	book    *faultyBook
	devices *device.Container
	pool    *Pool

	idle      bool                            // nothing is connected by itself
	wrap      func(Devices) Devices           // put between the keys and the pool; nil: nothing
	opened    func()                          // called before anything is connected by itself; nil: nothing
	witness   func(campaign.Log) campaign.Log // put between the book and the lanes; nil: nothing
	mortal    *mortal                         // is the program that is opened; nil: it does not die by itself
	forgotten atomic.Int64                    // pieces of history that have been read
}

// countingDevices counts the pieces of history that need not be kept any more.
type countingDevices struct {
	*device.Container
	forgotten *atomic.Int64
}

func (d countingDevices) ForgetHistory(ctx context.Context, jid types.JID, id string) error {
	defer d.forgotten.Add(1)
	return d.Container.ForgetHistory(ctx, jid, id)
}

// faultyBook is the real book, which can be told to refuse.
type faultyBook struct {
	*store.Book

	mu     sync.Mutex
	refuse error // what Heard answers instead; nil: nothing
	links  error // what LinkNumber and SetAccount answer instead; nil: nothing
	heard  []campaign.Incoming
	counts []int // how many each call of Heard told
}

func (b *faultyBook) Heard(n campaign.NumberID, messages ...campaign.Incoming) error {
	b.mu.Lock()
	refuse := b.refuse
	b.mu.Unlock()
	if refuse != nil {
		return refuse
	}
	err := b.Book.Heard(n, messages...)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.heard) < mostKept { // a long history is in nobody's memory
		b.heard = append(b.heard, messages...)
	}
	b.counts = append(b.counts, len(messages))
	return err
}

func (b *faultyBook) Poll(n campaign.NumberID, to people.Seen, id campaign.MessageID) (campaign.Delivery, bool, error) {
	b.mu.Lock()
	refuse := b.refuse
	b.mu.Unlock()
	if refuse != nil {
		return campaign.Delivery{}, false, refuse
	}
	return b.Book.Poll(n, to, id)
}

// mostKept is how many messages a test looks at.
const mostKept = 6000

// parts is how many messages the book was told at once, each time.
func (b *faultyBook) parts() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.counts)
}

func (b *faultyBook) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse = err
}

func (b *faultyBook) LinkNumber(n campaign.NumberID, phone people.Phone, jid string, at time.Time) (campaign.Number, error) {
	b.mu.Lock()
	refuse := b.links
	b.mu.Unlock()
	if refuse != nil {
		return campaign.Number{}, refuse
	}
	return b.Book.LinkNumber(n, phone, jid, at)
}

func (b *faultyBook) SetAccount(n campaign.NumberID, lid string, phone people.Phone) (campaign.Number, error) {
	b.mu.Lock()
	refuse := b.links
	b.mu.Unlock()
	if refuse != nil {
		return campaign.Number{}, refuse
	}
	return b.Book.SetAccount(n, lid, phone)
}

func (b *faultyBook) refuseLinks(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.links = err
}

// texts is what was heard live.
func (b *faultyBook) texts() []campaign.Incoming { return b.told(false) }

// told is what was heard live, or from the history.
func (b *faultyBook) told(past bool) []campaign.Incoming {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.heard), func(m campaign.Incoming) bool { return m.Past != past })
}

// inBubble runs a test on fake time, with a service of its own.
func inBubble(t *testing.T, c simulator.Config, test func(*rig)) {
	t.Helper()
	bubble.Test(t, func(t *testing.T) {
		r := newRig(t, c)
		defer time.Sleep(10 * time.Minute) // the library's own timers
		defer r.service.Finish(t)
		defer func() { r.close() }()
		test(r)
	})
}

func newRig(t testing.TB, c simulator.Config) *rig {
	t.Helper()
	if c.Speed == 0 {
		c.Speed = simulator.Instant
	}
	r := &rig{TB: t, dir: t.TempDir(), service: simulator.New(c), bell: new(campaign.Bell), wrap: func(d Devices) Devices { return fewKeys{d} }}
	r.open()
	return r
}

// open opens what close has closed.
func (r *rig) open() { r.openWith(r.service.HTTPClient) }

func (r *rig) openWith(client func() *http.Client) {
	r.Helper()
	r.clock = new(campaign.Clock)
	r.book = r.openBook()
	var err error
	if r.devices, err = device.Open(filepath.Join(r.dir, "devices.db")); err != nil {
		r.Fatal(err)
	}
	root := simulator.RootKey()
	devices := Devices(countingDevices{r.devices, &r.forgotten})
	if r.wrap != nil {
		devices = r.wrap(devices)
	}
	book := Book(r.book)
	if r.mortal != nil {
		r.mortal.faultyBook = r.book
		book, devices = r.mortal, mortalDevices{devices, r.mortal}
	}
	r.pool, err = Open(context.Background(), Config{
		Devices: devices, Book: book, Bell: r.bell, Clock: r.clock, Logger: testLog(), HTTP: client, RootKey: &root,
	})
	if err != nil {
		r.Fatal(err)
	}
	if r.opened != nil {
		r.opened()
	}
	if !r.idle {
		r.pool.Start()
	}
}

// openBook opens the book alone.
func (r *rig) openBook() *faultyBook {
	r.Helper()
	book, err := store.Open(filepath.Join(r.dir, "book.db"), store.Options{Kind: store.Demo, Bell: r.bell, Clock: r.clock, Logger: testLog()})
	if err != nil {
		r.Fatal(err)
	}
	return &faultyBook{Book: book}
}

func (r *rig) close() {
	r.Helper()
	for _, err := range []error{r.pool.Close(), r.devices.Close(), r.book.Close()} {
		if err != nil {
			r.Error(err)
		}
	}
}

// kill ends the program and its lanes as kill -9 does: the service hears nothing
// more of them, and what they write from now on is lost. What follows is open.
func (r *rig) kill(stopLanes func()) {
	r.Helper()
	r.service.SetDown(true)
	synctest.Wait() // nobody is in the middle of writing a file
	dir := r.TempDir()
	for _, name := range []string{"book.db", "devices.db"} {
		data, err := os.ReadFile(filepath.Join(r.dir, name))
		if err != nil {
			r.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			r.Fatal(err)
		}
	}
	stopLanes()
	r.close()
	r.dir = dir
	r.service.SetDown(false)
}

// restart ends the program and begins it again.
func (r *rig) restart() {
	r.Helper()
	r.close()
	r.open()
}

// testLog is silent unless RECADO_TEST_LOG is set.
func testLog() *slog.Logger {
	var out io.Writer = io.Discard
	if os.Getenv("RECADO_TEST_LOG") != "" {
		out = os.Stderr
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (r *rig) add(name string) campaign.NumberID {
	r.Helper()
	n, err := desk(r.book.Book).AddNumber(name)
	if err == nil {
		_, err = desk(r.book.Book).SetLimits(n.ID, campaign.Pace{}.All())
	}
	if err != nil {
		r.Fatal(err)
	}
	return n.ID
}

func (r *rig) snapshot(id campaign.NumberID) Snapshot {
	r.Helper()
	for _, s := range r.pool.Snapshots() {
		if s.Number.ID == id {
			return s
		}
	}
	r.Fatalf("no snapshot of number %d", id)
	return Snapshot{}
}

// await waits until a number is as it should be.
func (r *rig) await(id campaign.NumberID, what string, good func(Snapshot) bool) Snapshot {
	r.Helper()
	return r.awaitWithin(id, what, 30*time.Minute, good)
}

func (r *rig) awaitWithin(id campaign.NumberID, what string, within time.Duration, good func(Snapshot) bool) Snapshot {
	r.Helper()
	ring, quiet := r.bell.Listen()
	defer quiet()
	patience := time.NewTimer(within)
	defer patience.Stop()
	for {
		s := r.snapshot(id)
		if good(s) {
			return s
		}
		select {
		case <-ring:
		case <-patience.C:
			r.Fatalf("number %d is never %s: %v, %q", id, what, s.State, s.Reason)
		}
	}
}

func (r *rig) awaitState(id campaign.NumberID, state campaign.NumberState) Snapshot {
	r.Helper()
	return r.await(id, state.String(), func(s Snapshot) bool { return s.State == state })
}

func (r *rig) awaitCode(id campaign.NumberID) Snapshot {
	r.Helper()
	return r.await(id, "showing a code", func(s Snapshot) bool { return s.QR != "" })
}

// linking begins to link a number, and is back when there is a code to scan.
func (r *rig) linking(id campaign.NumberID) Snapshot {
	r.Helper()
	r.must(r.pool.Link(id))
	return r.awaitCode(id)
}

// linked adds a number, links it with a phone of its own and waits until that
// has told all it has to tell.
func (r *rig) linked(name string) (campaign.NumberID, string) {
	r.Helper()
	id := r.add(name)
	phone := r.scan(id, "")
	r.await(id, "online with contacts", func(s Snapshot) bool {
		return s.State == campaign.Online && s.Contacts && s.Reading.IsZero()
	})
	return id, phone
}

// scan links a number with the given phone.
func (r *rig) scan(id campaign.NumberID, as string) string {
	r.Helper()
	phone, err := r.service.ScanAs(r.linking(id).QR, as)
	if err != nil {
		r.Fatal(err)
	}
	return phone
}

func (r *rig) own(phone string) simulator.Own {
	r.Helper()
	own, ok := r.service.Own(phone)
	if !ok {
		r.Fatalf("the service does not know %s", phone)
	}
	return own
}

// someone is a registered person of the world.
func (r *rig) someone(i int) simulator.Person {
	r.Helper()
	for _, p := range r.service.People() {
		if p.Registered {
			if i == 0 {
				return p
			}
			i--
		}
	}
	r.Fatal("nobody lives in this world")
	return simulator.Person{}
}

// desk is where the person of a test changes the book.
func desk(b *store.Book) *store.Desk {
	return b.Desk(store.Actor{Name: "ana", Role: store.Admin, From: "test"})
}
