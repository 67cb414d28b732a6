package simulator_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mau.fi/libsignal/logger"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	waLog "go.mau.fi/whatsmeow/util/log"
	"google.golang.org/protobuf/proto"

	"recado/session/simulator"
)

func TestMain(m *testing.M) {
	whatsmeow.WACertPubKey = simulator.RootKey()
	var silent logger.Loggable = quiet{}
	logger.Setup(&silent)
	os.Exit(m.Run())
}

// quiet keeps libsignal from writing to the output of the tests.
type quiet struct{}

func (quiet) Debug(_, _ string)   {}
func (quiet) Info(_, _ string)    {}
func (quiet) Warning(_, _ string) {}
func (quiet) Error(_, _ string)   {}
func (quiet) Configure(string)    {}

// patience bounds every wait of the tests for what may never come; a busy
// machine may be slow.
const patience = 5 * time.Minute

// within returns a context that ends when the test has waited long enough.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// serve starts a service whose people live in no time. The test fails at its end
// if the service did not understand its client.
func serve(t testing.TB, cfg simulator.Config) *simulator.Service {
	t.Helper()
	if cfg.Speed == 0 {
		cfg.Speed = simulator.Instant
	}
	s := simulator.New(cfg)
	t.Cleanup(func() { s.Finish(t) })
	return s
}

// client is the real client library with everything that it reported.
type client struct {
	*whatsmeow.Client
	t    testing.TB
	keep *keep

	mu      sync.Mutex
	events  []any
	changed chan struct{}
	refuse  bool // fail to handle messages
}

// start makes a client out of what is kept; it does not connect.
func start(t testing.TB, s *simulator.Service, k *keep) *client {
	t.Helper()
	return startBy(t, s.HTTPClient(), k)
}

// startBy makes a client that reaches the service through h.
func startBy(t testing.TB, h *http.Client, k *keep) *client {
	t.Helper()
	log := waLog.Noop
	if k.log != nil {
		log = k.log
	}
	if os.Getenv("CLIENT_LOG") != "" {
		log = waLog.Stdout("client", "DEBUG", false)
	}
	c := &client{Client: whatsmeow.NewClient(k.again(), log), t: t, keep: k, changed: make(chan struct{})}
	c.SetWebsocketHTTPClient(h)
	c.SetPreLoginHTTPClient(h)
	c.SetMediaHTTPClient(h)
	c.SynchronousAck = true
	c.EnableDecryptedEventBuffer = true
	c.UseRetryMessageStore = true
	c.AddEventHandlerWithSuccessStatus(func(e any) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if _, message := e.(*events.Message); message && c.refuse {
			return false
		}
		c.events = append(c.events, e)
		close(c.changed)
		c.changed = make(chan struct{})
		return true
	})
	t.Cleanup(c.Disconnect)
	return c
}

// heard waits for an event of type E that satisfies ok.
func heard[E any](c *client, ok func(E) bool) E {
	c.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		c.mu.Lock()
		changed, seen := c.changed, slices.Clone(c.events)
		c.mu.Unlock()
		for _, e := range seen {
			if e, is := e.(E); is && (ok == nil || ok(e)) {
				return e
			}
		}
		select {
		case <-changed:
		case <-timeout.C:
			var none E
			c.t.Fatalf("no %T in %s", none, c.report())
		}
	}
}

func (c *client) report() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var words []string
	for _, e := range c.events {
		words = append(words, fmt.Sprintf("%T", e))
	}
	return strings.Join(words, ", ")
}

// setRefuse makes the client fail to handle messages, or stop failing.
func (c *client) setRefuse(refuse bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse = refuse
}

// forget drops the events so far.
func (c *client) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = nil
}

// link links a new client by its QR code and waits until it is logged in.
func link(t testing.TB, s *simulator.Service, phone string) *client {
	t.Helper()
	return linkWith(t, s, phone, newKeep())
}

// linkWith is link for a client with a given store.
func linkWith(t testing.TB, s *simulator.Service, phone string, k *keep) *client {
	t.Helper()
	c := start(t, s, k)
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	qr := heard[*events.QR](c, nil)
	phone, err := s.ScanAs(qr.Codes[0], phone)
	if err != nil {
		t.Fatal(err)
	}
	heard[*events.Connected](c, nil)
	heard[*events.OfflineSyncCompleted](c, nil)
	own, _ := s.Own(phone)
	if err := own.Acknowledged(within(t)); err != nil {
		t.Fatalf("the client does not acknowledge what its phone sends: %v", err)
	}
	return c
}

// text is a message.
func text(s string) *waE2E.Message { return &waE2E.Message{Conversation: proto.String(s)} }

// at is the address of a number.
func at(phone string) types.JID {
	return types.NewJID(strings.TrimPrefix(phone, "+"), types.DefaultUserServer)
}

// say sends a text and fails the test if that fails.
func (c *client) say(phone, s string) whatsmeow.SendResponse {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	response, err := c.SendMessage(ctx, at(phone), text(s))
	if err != nil {
		c.t.Fatalf("send to %s: %v", phone, err)
	}
	return response
}

// receipt waits for a receipt of a kind for a message.
func (c *client) receipt(id string, kind types.ReceiptType) *events.Receipt {
	c.t.Helper()
	return heard(c, func(r *events.Receipt) bool { return r.Type == kind && slices.Contains(r.MessageIDs, id) })
}

// registered lists the people that have WhatsApp.
func registered(s *simulator.Service) []simulator.Person {
	return slices.DeleteFunc(s.People(), func(p simulator.Person) bool { return !p.Registered })
}

// extra chooses the id of a message.
func extra(id string) whatsmeow.SendRequestExtra { return whatsmeow.SendRequestExtra{ID: id} }

// drops skips a test, or what is left of it, that breaks a connection under the race detector: the
// client library then writes AutoReconnectErrors from two goroutines.
func drops(t *testing.T) {
	t.Helper()
	if raced {
		t.Skip("the client library has a race of its own when it reconnects quickly")
	}
}

// diary is a log of the client library that can be read.
type diary struct {
	waLog.Logger
	mu    sync.Mutex
	lines []string
}

func newDiary() *diary { return &diary{Logger: waLog.Noop} }

func (d *diary) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) Debugf(format string, args ...any) { d.note(format, args...) }
func (d *diary) Warnf(format string, args ...any)  { d.note(format, args...) }
func (d *diary) Errorf(format string, args ...any) { d.note(format, args...) }
func (d *diary) Sub(string) waLog.Logger           { return d }

// count returns how many lines have all of the words.
func (d *diary) count(words ...string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, line := range d.lines {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			n++
		}
	}
	return n
}
