package simulator

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// lastWords is how long a connection stays open after the stanza that ends it.
// A client that sees both in the same instant may believe that it merely lost
// the connection.
const lastWords = 200 * time.Millisecond

// link is one connection of one client: linking, or logged in as a companion.
type link struct {
	s    *Service
	ws   *websocket.Conn
	stop context.CancelFunc
	wake chan struct{} // something was put in the outbox

	// Guarded by the service's lock, so that everything that a stanza causes has
	// happened before its answer leaves.
	outbox    []outgoing
	companion *companion // nil while linking
	pairing   *pairing   // nil when logged in
	active    bool       // the client asked for what is queued
	ended     bool       // its last stanza is on the way; nothing it says counts any more
}

// outgoing is a stanza in the outbox of a link, or bytes in the place of one.
type outgoing struct {
	node   wire.Node
	raw    []byte // instead of a stanza
	spoilt bool   // changed after it was encrypted
	due    time.Time
	last   bool // close the connection after it,
	linger time.Duration
}

// put appends to the outbox. It never waits. The lock must be held.
func (l *link) put(item outgoing) {
	l.outbox = append(l.outbox, item)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *link) take() (outgoing, bool) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if len(l.outbox) == 0 {
		return outgoing{}, false
	}
	item := l.outbox[0]
	l.outbox[0] = outgoing{}
	l.outbox = l.outbox[1:]
	return item, true
}

// serveChat is the whole life of a connection.
func (s *Service) serveChat(w http.ResponseWriter, r *http.Request) {
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // it has answered
	}
	defer func() { _ = ws.CloseNow() }()
	ws.SetReadLimit(maxFrame + 1024)
	ctx, stop := context.WithCancel(s.ctx)
	defer stop()
	l := &link{s: s, ws: ws, stop: stop, wake: make(chan struct{}, 1)}
	if !s.admit(l) {
		return
	}
	defer s.gone(l)
	in := &frames{next: func() ([]byte, error) {
		_, data, err := ws.Read(ctx)
		return data, err
	}}
	write := func(body []byte) error {
		frame, err := framed(body)
		if err != nil {
			return err
		}
		return ws.Write(ctx, websocket.MessageBinary, frame)
	}
	g, err := respond(in.read, s.helloed(ctx, write), s.static, s.chain)
	if err != nil {
		s.log.Debug("handshake", "err", err)
		return
	}
	var writer sync.WaitGroup
	writer.Go(func() { l.write(ctx, g.out, write); stop() }) // ends with ctx
	defer writer.Wait()
	defer stop()
	l.greet(g)
	l.read(in, g.in)
}

// helloed is write with what faults do to the first thing that the service says,
// its part of the handshake.
func (s *Service) helloed(ctx context.Context, write func([]byte) error) func([]byte) error {
	return func(hello []byte) error {
		s.mu.Lock()
		fault := s.judge(event{kind: Handshake})
		s.mu.Unlock()
		if fault == nil {
			return write(hello)
		}
		switch fault.Do {
		case DropBefore:
			return errDropped
		case DropAfter:
			_ = write(hello)
			return errDropped
		case Silence:
			<-ctx.Done()
			return ctx.Err()
		case Late:
			sleep(ctx, fault.Delay)
		case Garbage:
			return write(randomBytes(len(hello)))
		}
		return write(hello)
	}
}

// errDropped ends a handshake that a fault breaks off.
var errDropped = errors.New("a fault breaks the connection")

// admit takes a new connection into the books, unless nobody may connect.
func (s *Service) admit(l *link) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.down {
		return false
	}
	s.wg.Add(1)
	s.links[l] = struct{}{}
	return true
}

// gone strikes a connection out.
func (s *Service) gone(l *link) {
	s.mu.Lock()
	delete(s.links, l)
	l.ended = true
	if c := l.companion; c != nil && c.link == l {
		c.link = nil
	}
	if l.pairing != nil {
		l.pairing.abandon(s)
	}
	s.mu.Unlock()
	s.wg.Done()
}

func (l *link) read(in *frames, keys *stream) {
	for {
		frame, err := in.read()
		if err != nil {
			return
		}
		plain, err := keys.open(frame)
		if err != nil {
			l.s.log.Warn("a frame cannot be opened", "err", err)
			return
		}
		node, err := parse(plain)
		if err != nil {
			l.s.log.Warn("a stanza cannot be read", "err", err)
			return
		}
		l.handle(node)
	}
}

func parse(plain []byte) (*wire.Node, error) {
	if len(plain) == 0 {
		return nil, errors.New("the frame is empty")
	}
	data, err := wire.Unpack(plain)
	if err != nil {
		return nil, err
	}
	return wire.Unmarshal(data)
}

// write sends what is put in the outbox, in order, each not before it is due.
func (l *link) write(ctx context.Context, keys *stream, send func([]byte) error) {
	for {
		item, ok := l.take()
		if !ok {
			select {
			case <-l.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		if !sleep(ctx, time.Until(item.due)) {
			return
		}
		data := item.raw
		if data == nil {
			var err error
			if data, err = wire.Marshal(item.node); err != nil {
				l.s.log.Error("a stanza cannot be written", "tag", item.node.Tag, "err", err)
				continue
			}
		}
		frame := keys.seal(data)
		if item.spoilt {
			frame[len(frame)-1]++
		}
		if err := send(frame); err != nil {
			return
		}
		if item.last {
			sleep(ctx, item.linger)
			return
		}
	}
}

// sleep reports whether d passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// say puts a stanza in the outbox. The lock must be held.
func (l *link) say(n wire.Node) { l.sayAt(n, time.Now()) }

// sayAt is say for what is said at a later time. What is said after it comes
// after it.
func (l *link) sayAt(n wire.Node, at time.Time) {
	l.put(outgoing{node: n, due: at.Add(l.s.cfg.Latency)})
}

// end says the last stanza and closes the connection after it. The lock must be
// held.
func (l *link) end(n wire.Node, atOnce bool) {
	if l.ended {
		return
	}
	l.ended = true
	if c := l.companion; c != nil && c.link == l {
		c.link = nil
	}
	item := outgoing{node: n, due: time.Now().Add(l.s.cfg.Latency), last: true, linger: lastWords}
	if atOnce {
		item.linger = 0
	}
	l.put(item)
}

// drop breaks the connection without a word. The lock must be held.
func (l *link) drop() {
	l.ended = true
	if c := l.companion; c != nil && c.link == l {
		c.link = nil
	}
	l.stop()
}

// handle does what a stanza asks for.
func (l *link) handle(n *wire.Node) {
	s := l.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.ended {
		return
	}
	switch {
	case n.Tag == "iq" && (textOf(n, "type") == "result" || textOf(n, "type") == "error"):
		l.answered(n)
	case n.Tag == "iq":
		l.query(n)
	case n.Tag == "message" && l.companion != nil:
		l.message(n)
	case n.Tag == "receipt" && l.companion != nil:
		l.receipt(n)
	case n.Tag == "ack" && l.companion != nil:
		l.companion.acknowledged(n)
	case n.Tag == "presence" && l.companion != nil:
		l.companion.available = textOf(n, "type") == "available"
	case n.Tag == "ib", n.Tag == "chatstate", n.Tag == "presence", n.Tag == "ack":
	default:
		s.didNotUnderstand("stanza " + n.Tag)
	}
}

// result is the answer to a query.
func result(id string, content ...wire.Node) wire.Node {
	n := wire.Node{Tag: "iq", Attrs: wire.Attrs{"from": types.ServerJID, "type": "result", "id": id}}
	if len(content) > 0 {
		n.Content = content
	}
	return n
}

// refusal is the answer to a query that went wrong.
func refusal(id, code, text string) wire.Node {
	return wire.Node{
		Tag:     "iq",
		Attrs:   wire.Attrs{"from": types.ServerJID, "type": "error", "id": id},
		Content: []wire.Node{{Tag: "error", Attrs: wire.Attrs{"code": code, "text": text}}},
	}
}

// random makes a text that nobody can guess, of n bytes.
func random(n int) string {
	data := make([]byte, n)
	_, _ = rand.Read(data) // never fails
	return base64.StdEncoding.EncodeToString(data)
}
