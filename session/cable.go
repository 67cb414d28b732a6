package session

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// cable is the network connection under a client. The library can end a
// connection, but when a frame arrives at that moment its reading goroutine
// waits forever to hand it on. Cutting the cable first lets that goroutine
// come to an end by itself.
type cable struct {
	blind bool // the connections cannot be seen

	mu      sync.Mutex
	conns   map[*wireConn]struct{}
	dialing context.Context // of the dials since lay; nil before the first
	refuse  context.CancelFunc
}

// cutTimeout bounds the wait for the reader of a connection that was cut.
const cutTimeout = 2 * time.Second

// through returns a client like base, a nil base being the usual one, whose
// connections go through the cable.
func (c *cable) through(base *http.Client) *http.Client {
	client := new(http.Client)
	if base != nil {
		*client = *base
	}
	if client.Transport == nil {
		client.Transport = http.DefaultTransport
	}
	transport, ok := client.Transport.(*http.Transport)
	if !ok {
		c.blind = true
		return client
	}
	transport = transport.Clone()
	dial := transport.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	transport.DialContext = c.watch(dial)
	if transport.DialTLSContext != nil {
		transport.DialTLSContext = c.watch(transport.DialTLSContext)
	}
	client.Transport = transport
	return client
}

type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

func (c *cable) watch(dial dialer) dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		ctx, done := context.WithCancel(ctx)
		defer done()
		c.mu.Lock()
		dialing := c.dialing
		c.mu.Unlock()
		if dialing != nil {
			defer context.AfterFunc(dialing, done)()
		}
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		w := &wireConn{Conn: conn, cable: c, ended: make(chan struct{})}
		c.mu.Lock()
		defer c.mu.Unlock()
		if dialing != nil && dialing.Err() != nil {
			_ = conn.Close()
			return nil, dialing.Err()
		}
		if c.conns == nil {
			c.conns = make(map[*wireConn]struct{})
		}
		c.conns[w] = struct{}{}
		return w, nil
	}
}

// lay lets connections be made until snap.
func (c *cable) lay() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dialing, c.refuse = context.WithCancel(context.Background())
}

// snap ends the dials that are under way, and lets nothing more be read from
// the connections that exist: the library closes them when it has met the end.
// To close them here would fail its writes first, and code that gives a
// handshake up over that takes no frame any more. It waits for nothing, and
// reports whether it could.
func (c *cable) snap() bool {
	if c.blind {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse()
	for w := range c.conns {
		_ = w.Conn.SetReadDeadline(time.Unix(1, 0)) // only a closed one has none
	}
	return true
}

// cut breaks the connections and waits until their readers have noticed. It
// reports whether they have: then the library does the rest.
func (c *cable) cut() bool {
	if c.blind {
		return false
	}
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
