package host

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"sync"
)

// One connection at the door carries one command: the request first, then
// frames both ways until the exit frame. A frame is a byte for its kind, four
// for the length of what follows, and that.

// protocol is the version of what is said at the door. An owner refuses
// another one: it is another version of the program.
const protocol = 1

// The frames. What the owner asks to read is answered by one data or one
// refusal.
const (
	frameRequest = 'q' // to the owner: the command, a Request as JSON
	frameCancel  = 'c' // to the owner: the caller was interrupted
	frameData    = 'd' // to the owner: the next bytes of what it asked for; none: the end
	frameDenied  = 'f' // to the owner: it cannot be read, and why
	frameBegun   = 'b' // to the caller: the command was taken; from here on it may have done something
	frameOut     = 'o' // to the caller: bytes for its standard output
	frameErr     = 'e' // to the caller: bytes for its standard error
	frameRead    = 'r' // to the caller: the name of a file to read on; empty: its standard input
	frameExit    = 'x' // to the caller: the end, an Exit as JSON
)

// maxFrame bounds a frame. Longer writes are cut into several.
const maxFrame = 1 << 20

// Request is a command handed to the owner.
type Request struct {
	Protocol  int // set by Hand
	Args      []string
	Dir       string // the working directory of the caller
	Lang      string // a language tag
	Seen      Seen
	Simulated bool // the caller was told to use a simulated WhatsApp
}

// Seen says which of the caller's streams are a person's terminal.
type Seen struct{ In, Out, Err bool }

// Exit is how a handed command ended.
type Exit struct {
	Code  int
	Again bool // not done here: try again, and become the owner if there is none
}

// Wire is one connection at the door. Frames may be sent from any goroutine
// and are received by one.
type Wire struct {
	conn net.Conn
	mu   sync.Mutex
}

// Close ends the connection.
func (w *Wire) Close() error { return w.conn.Close() }

// send writes one frame.
func (w *Wire) send(kind byte, payload []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	frame := make([]byte, 5, 5+len(payload))
	frame[0] = kind
	binary.BigEndian.PutUint32(frame[1:], uint32(len(payload)))
	_, err := w.conn.Write(append(frame, payload...))
	return err
}

func (w *Wire) sendJSON(kind byte, v any) error {
	payload, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.send(kind, payload)
}

// receive reads one frame.
func (w *Wire) receive() (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(w.conn, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("a frame of %d bytes", n)
	}
	payload = make([]byte, n)
	if _, err := io.ReadFull(w.conn, payload); err != nil {
		return 0, nil, err
	}
	return head[0], payload, nil
}

// stream is an io.Writer that sends what is written in frames of one kind.
type stream struct {
	wire *Wire
	kind byte
}

func (s stream) Write(p []byte) (int, error) {
	for sent := 0; sent < len(p); {
		n := min(len(p)-sent, maxFrame)
		if err := s.wire.send(s.kind, p[sent:sent+n]); err != nil {
			return sent, err
		}
		sent += n
	}
	return len(p), nil
}
