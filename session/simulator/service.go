// Package simulator is a WhatsApp service in a box. It speaks the real
// multi-device protocol to the unmodified client library: the Noise handshake,
// linking by QR and by code, login, key exchange, and messages that are really
// encrypted, to simulated people who really decrypt them, read them and answer.
//
// The demo runs on it and so do the tests, where its ledger is the witness of
// what left the program and of what people saw. Begin with Service: New makes
// one, HTTPClient and Listen are its two doors, Scan links a number, Fault
// breaks something, Ledger tells what happened.
//
// Everything that is said to a client is put in the outbox of its link; nothing
// waits while it holds the lock. For that reason a Service works inside a
// testing/synctest bubble, if it is made and closed inside. There, call
// synctest.Wait before a client disconnects: the client library leaves a
// goroutine behind when a frame arrives in that moment.
package simulator

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/util/keys"
)

// Config says what world a Service simulates. The zero Config is a service with
// nobody in it.
type Config struct {
	// Seed decides everything about the world: who lives in it, with which
	// keys, and how each person behaves.
	Seed uint64
	// People is how many people have WhatsApp; Unregistered is how many more
	// numbers there are that do not.
	People, Unregistered int
	// Aliases is how many of the people are known to the service by a number
	// that differs in the ninth digit from the one that is dialled.
	Aliases int
	// Hostile is how many of the people have names that try to harm what shows
	// them: control characters, formulas, markup, great length.
	Hostile int
	// Usernames is how many of the people have a username. Hidden is how many
	// show only that, and their LID, to those who do not have their number in an
	// address book; they are among the ones with a username as far as there are
	// enough of these. Of the hidden, Reveals is the share (0 to 1) that show their
	// number to whom they answer.
	Usernames, Hidden int
	Reveals           float64
	// Reads, Replies and OptOuts are the shares (0 to 1) of the people who send
	// read receipts, who answer, and who ask not to be written to again.
	Reads, Replies, OptOuts float64
	// Speed divides the seconds that people take to receive, to read and to
	// answer; 0 is 1, their natural pace. Instant makes it no time at all.
	Speed float64
	// Latency delays every answer of the service.
	Latency time.Duration
	// HistoryByMedia sends the history to a new link as a file to download
	// instead of inside the message.
	HistoryByMedia bool
	// HistoryBlobs is how many more files of history a phone sends to a new
	// link, with HistoryBlobSize bytes in each when they are unpacked. See
	// Own.SendHistory.
	HistoryBlobs, HistoryBlobSize int
	// Quiet phones send nothing to a new link: no history, no address book, no
	// name. The client library still reads those in the background when a link
	// is deleted under it, which the race detector reports.
	Quiet bool
	// Logger hears what the service does; nil is silence.
	Logger *slog.Logger
}

// Instant is the Speed of people who do everything at once.
const Instant = -1

// Service is one simulated WhatsApp. All its methods may be called from any
// goroutine.
type Service struct {
	cfg    Config
	log    *slog.Logger
	static *keys.KeyPair // of the Noise handshake
	chain  []byte        // the certificates that vouch for static
	ledger *Ledger
	media  *mediaStore

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	pipes  *pipes
	server *http.Server
	wg     sync.WaitGroup

	mu       sync.Mutex // guards what follows; never held while waiting
	closed   bool
	down     bool // nobody can connect
	world    *world
	phones   map[string]*phone   // by LID: our own and those of people who were dealt with
	accounts map[string]*account // our own, by number
	links    map[*link]struct{}
	offers   map[string]*link // waiting to be linked, by the reference in the QR code
	rules    []*rule
	unknown  []string
	lastID   int // of what the service and the phones send

	passkeys      bool                     // linking needs one
	authenticator *authenticator           // that has it; nil until it is needed
	newest        store.WAVersionContainer // what clients must have; zero is anything
	skew          time.Duration            // how far the clock of the service is ahead
	timeless      bool                     // logins do not tell the time
}

// New starts a service for the world that cfg describes. Close must be called.
func New(cfg Config) *Service {
	static, chain, err := certificates(time.Now())
	if err != nil {
		panic(fmt.Sprintf("make the certificates of the simulator: %v", err)) // constant input
	}
	log := cfg.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Service{
		cfg: cfg, log: log, static: static, chain: chain,
		ledger: newLedger(), media: newMediaStore(),
		ctx: ctx, cancel: cancel, pipes: newPipes(),
		world:    newWorld(cfg),
		phones:   make(map[string]*phone),
		accounts: make(map[string]*account),
		links:    make(map[*link]struct{}),
		offers:   make(map[string]*link),
	}
	s.server = newServer(s)
	s.wg.Go(func() { _ = s.server.Serve(s.pipes) }) // ends when Close closes the pipes
	return s
}

// Close drops every link, closes the in-process door and waits until nothing of
// the service runs any more. Doors made by Listen are closed by their own Close,
// before.
func (s *Service) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	_ = s.pipes.Close()
	s.dropAll()
	_ = s.server.Close()
	s.wg.Wait()
}

// Ledger returns the witness of everything that was sent and seen.
func (s *Service) Ledger() *Ledger { return s.ledger }

// Unknown returns the queries and stanzas that the service did not understand
// and answered with nothing, each once. A test ends with Finish, which fails when
// there are any.
func (s *Service) Unknown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.unknown)
}

// Finish closes the service at the end of a test, which fails if there was
// anything that the service did not understand. t is a testing.TB.
func (s *Service) Finish(t interface {
	Helper()
	Errorf(format string, args ...any)
}) {
	t.Helper()
	s.Close()
	if unknown := s.Unknown(); len(unknown) > 0 {
		t.Errorf("the simulated service did not understand %q", unknown)
	}
}

// DropAll breaks every connection, as a router that restarts does. The clients
// may come back at once.
func (s *Service) DropAll() { s.dropAll() }

func (s *Service) dropAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.links {
		l.drop()
	}
}

// SetDown makes the whole service unreachable, or reachable again: connections
// break and new ones are refused.
func (s *Service) SetDown(down bool) {
	s.mu.Lock()
	s.down = down
	s.mu.Unlock()
	if down {
		s.dropAll()
	}
}

// isDown reports whether connections are refused.
func (s *Service) isDown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down || s.closed
}

// SetLedgerWriter makes the ledger write every entry to w from now on, as JSON,
// one a line.
func (s *Service) SetLedgerWriter(w io.Writer) { s.ledger.setWriter(w) }

// after runs f with the lock held when d has passed, unless the service is
// closed before. Without a delay it runs at once; the lock must be held.
func (s *Service) after(d time.Duration, f func()) {
	if d <= 0 {
		f()
		return
	}
	time.AfterFunc(d, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.closed {
			f()
		}
	})
}

// id makes an id for something that the service or a phone sends. The lock must
// be held.
func (s *Service) id(prefix string) string {
	s.lastID++
	return prefix + strconv.Itoa(s.lastID)
}

// didNotUnderstand remembers what a client said. The lock must be held.
func (s *Service) didNotUnderstand(what string) {
	if !slices.Contains(s.unknown, what) {
		s.unknown = append(s.unknown, what)
		s.log.Warn("not understood", "what", what)
	}
}

// stamp is the time now, by the clock of the service. The lock must be held.
func (s *Service) stamp() string { return unix(time.Now().Add(s.skew)) }

// unix writes a time the way stanzas carry it.
func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// bytesOf returns the content of a node, which arrives as a string when the
// encoding could shorten it.
func bytesOf(n wire.Node) []byte {
	switch c := n.Content.(type) {
	case []byte:
		return c
	case string:
		return []byte(c)
	}
	return nil
}

// textOf returns an attribute as text.
func textOf(n *wire.Node, attr string) string {
	switch v := n.Attrs[attr].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}
