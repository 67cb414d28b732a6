package session

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// wiring makes the cables of a client, one for each dial.
type wiring struct {
	blind bool // the connections cannot be seen

	mu  sync.Mutex
	now *cable // the last that was laid; nil before the first
}

// cable is the network connection under a client. The library can end a
// connection, but when a frame arrives at that moment its reading goroutine
// waits forever to hand it on. Cutting the cable first lets that goroutine
// come to an end by itself.
type cable struct {
	dialing context.Context // ends with snap
	refuse  context.CancelFunc
	up      chan struct{} // closed when the handshake is over, see stream

	mu    sync.Mutex
	conns map[*wireConn]struct{}
}

// cutTimeout bounds the wait for the reader of a connection that was cut.
const cutTimeout = 2 * time.Second

// through returns a client like base, a nil base being the usual one, whose
// connections go through the cables.
func (w *wiring) through(base *http.Client) *http.Client {
	client := new(http.Client)
	if base != nil {
		*client = *base
	}
	if client.Transport == nil {
		client.Transport = http.DefaultTransport
	}
	transport, ok := client.Transport.(*http.Transport)
	if !ok {
		w.blind = true
		return client
	}
	transport = transport.Clone()
	dial := transport.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	transport.DialContext = w.watch(dial)
	if transport.DialTLSContext != nil {
		transport.DialTLSContext = w.watch(transport.DialTLSContext)
	}
	client.Transport = &upgrades{Transport: transport, wiring: w}
	return client
}

type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

func (w *wiring) watch(dial dialer) dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c := w.last()
		if c == nil {
			return dial(ctx, network, addr)
		}
		ctx, done := context.WithCancel(ctx)
		defer done()
		defer context.AfterFunc(c.dialing, done)()
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.dialing.Err() != nil {
			_ = conn.Close()
			return nil, c.dialing.Err()
		}
		watched := &wireConn{Conn: conn, cable: c, ended: make(chan struct{})}
		c.conns[watched] = struct{}{}
		return watched, nil
	}
}

// lay makes the cable of a dial.
func (w *wiring) lay() *cable {
	c := &cable{up: make(chan struct{}), conns: make(map[*wireConn]struct{})}
	c.dialing, c.refuse = context.WithCancel(context.Background())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = c
	return c
}

func (w *wiring) last() *cable {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// cut cuts the last cable, if there is one.
func (w *wiring) cut() bool {
	if c := w.last(); c != nil {
		return !w.blind && c.cut()
	}
	return !w.blind
}

// snap ends the dials that are under way, and lets nothing more be read from
// the connections that exist: the library closes them when it has met the end.
// To close them here would fail its writes first, and code that gives a
// handshake up over that takes no frame any more. It waits for nothing.
func (c *cable) snap() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse()
	for w := range c.conns {
		_ = w.Conn.SetReadDeadline(time.Unix(1, 0)) // only a closed one has none
	}
}

// cut breaks the connections and waits until their readers have noticed. It
// reports whether they have: then the library does the rest.
func (c *cable) cut() bool {
	c.mu.Lock()
	conns := make([]*wireConn, 0, len(c.conns))
	for w := range c.conns {
		conns = append(conns, w)
	}
	c.mu.Unlock()
	if len(conns) == 0 {
		return true
	}
	for _, w := range conns {
		_ = w.Conn.Close() // it is given up either way
	}
	timer := time.NewTimer(cutTimeout)
	defer timer.Stop()
	for _, w := range conns {
		select {
		case <-w.ended:
		case <-timer.C:
			return false
		}
	}
	return true
}

// wireConn is a connection that tells when its reader has met the end: by
// then everything that came before has been handed on.
type wireConn struct {
	net.Conn
	cable *cable
	once  sync.Once
	ended chan struct{}
}

func (w *wireConn) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err != nil {
		w.end()
	}
	return n, err
}

func (w *wireConn) Close() error {
	w.end()
	return w.Conn.Close()
}

func (w *wireConn) end() {
	w.once.Do(func() {
		close(w.ended)
		w.cable.mu.Lock()
		defer w.cable.mu.Unlock()
		delete(w.cable.conns, w)
	})
}

// upgrades is a transport that gives what is read over an upgraded connection
// as a stream.
type upgrades struct {
	*http.Transport
	wiring *wiring
}

func (u *upgrades) RoundTrip(req *http.Request) (*http.Response, error) {
	answer, err := u.Transport.RoundTrip(req)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		return answer, err
	}
	c := u.wiring.last()
	if body, ok := answer.Body.(io.ReadWriteCloser); ok && c != nil {
		answer.Body = &stream{ReadWriteCloser: body, up: c.up, closed: make(chan struct{})}
	}
	return answer, nil
}

// stream tells of the end of a connection when the handshake over it has ended
// one way or the other. The library's handshake looks for the end nowhere, and
// one that ends while it goes on is never told of: its reader finds nobody to
// tell, or meets what the handshake is just writing.
type stream struct {
	io.ReadWriteCloser
	up     <-chan struct{}
	once   sync.Once
	closed chan struct{}
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.ReadWriteCloser.Read(p)
	if n > 0 || err == nil {
		return n, nil
	}
	select {
	case <-s.up:
	case <-s.closed:
	}
	return 0, err
}

func (s *stream) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.ReadWriteCloser.Close()
}
