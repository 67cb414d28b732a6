package host

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// One connection at the door carries one command, or one terminal: the request
// first, then frames both ways until the exit frame. A frame is a byte for its
// kind, four for the length of what follows, and that.

// protocol is the version of what is said at the door. An owner refuses
// another one: it is another version of the program. The request, the begun and
// the exit frame stay as they are in every version, so that it can be said.
const protocol = 2

// The frames of both.
const (
	frameRequest = 'q' // to the owner: what is wanted, a Request as JSON
	frameCancel  = 'c' // to the owner: the caller was interrupted
	frameBegun   = 'b' // to the caller: it was taken; from here on it may have done something. An answer as JSON
	frameOut     = 'o' // to the caller: bytes for its standard output
	frameExit    = 'x' // to the caller: the end, an Exit as JSON
)

// The frames of a command. What the owner asks to read is answered by one data
// or one refusal.
const (
	frameData   = 'd' // to the owner: the next bytes of what it asked for; none: the end
	frameDenied = 'f' // to the owner: it cannot be read, and why
	frameErr    = 'e' // to the caller: bytes for its standard error
	frameRead   = 'r' // to the caller: the name of a file to read on; empty: its standard input
)

// The frames of a terminal.
const (
	frameKeys    = 'k' // to the owner: what was typed
	frameSize    = 's' // to the owner: a new size, two 32-bit numbers
	frameRelease = 'z' // to the owner: give the terminal back for a while; to the caller: it was given back
	frameRestore = 'y' // to the owner: show the screens again
	frameRedraw  = 'p' // to the owner: paint everything again
	frameSuspend = 'u' // to the caller: the person wants the program stopped
	frameBeat    = 'h' // to the caller, every second: the screens answer
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
	Simulated bool      // the caller was told to use a simulated WhatsApp
	Terminal  *Terminal // the screens are wanted; nil: a command
}

// answer is what an owner says of itself. One that says nothing is of a
// version before this one.
type answer struct {
	Protocol int
	Pid      int
}

// Seen says which of the caller's streams are a person's terminal.
type Seen struct{ In, Out, Err bool }

// Exit is how a handed command, or a terminal, ended.
type Exit struct {
	Code  int
	Again bool   // not done here: try again, and become the owner if there is none
	Why   Why    `json:",omitempty"` // of a terminal
	Text  string `json:",omitempty"` // of one that failed
}

// Why a terminal ended.
type Why string

// The ends of a terminal.
const (
	Left    Why = ""       // the person left, and nothing is being sent
	GoesOn  Why = "on"     // the person left; the sending goes on without them
	Halted  Why = "halted" // the person left and had everything paused and ended
	Stopped Why = "stop"   // the owner was told to end
	Full    Why = "full"   // there are too many terminals
	Failed  Why = "failed" // see Text

	OtherKind Why = "kind" // real data, for a simulated WhatsApp
)

// Wire is one connection at the door. Frames may be sent from any goroutine
// and are received by one.
type Wire struct {
	conn     net.Conn
	inside   bool // the other end is this process
	pid      int  // the owner's, of who knocked; 0: not known
	mu       sync.Mutex
	patience atomic.Int64 // for how long, a time.Duration, the other end may take nothing; 0: any time
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
	if patience := time.Duration(w.patience.Load()); patience > 0 {
		w.conn.SetWriteDeadline(time.Now().Add(patience))
	}
	_, err := w.conn.Write(append(frame, payload...))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		w.conn.Close() // half a frame may be there
	}
	return err
}

// hurry ends soon what is being sent to an end that takes nothing.
func (w *Wire) hurry() {
	w.patience.Store(int64(lastWords))
	w.conn.SetWriteDeadline(time.Now().Add(lastWords))
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
