package command

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"

	"recado/store"
)

// The door is a Unix socket in the data directory, open to its user only: each
// end finds out from the system that the other one is a process of the same
// user before it says or does anything. One connection carries one command: the
// request first, then frames both ways until the exit frame.
const doorName = "recado.sock"

// protocol is the version of what is said at the door. An owner refuses
// another one: it is another version of the program.
const protocol = 2

// The frames. What the owner asks to read is answered by one data or one
// refusal.
const (
	frameRequest = 'q' // to the owner: the command, a request as JSON
	frameCancel  = 'c' // to the owner: the caller was interrupted
	frameData    = 'd' // to the owner: the next bytes of what it asked for; none: the end
	frameDenied  = 'f' // to the owner: it cannot be read, and why
	frameBegun   = 'b' // to the caller: the command was taken; from here on it may have done something
	frameOut     = 'o' // to the caller: bytes for its standard output
	frameErr     = 'e' // to the caller: bytes for its standard error
	frameRead    = 'r' // to the caller: the name of a file to read on; empty: its standard input
	frameExit    = 'x' // to the caller: the end, an exit as JSON
)

// maxFrame bounds a frame. Longer writes are cut into several.
const maxFrame = 1 << 20

// request is a command handed to the owner.
type request struct {
	Protocol  int
	Args      []string
	Dir       string
	Lang      string // a language tag
	Seen      terminals
	Simulated bool // the caller was told to use a simulated WhatsApp
}

// exit is how a handed command ended.
type exit struct {
	Code  int
	Again bool // not done here: try again, and become the owner if there is none
}

// wire is one connection at the door. Frames may be sent from any goroutine
// and are received by one.
type wire struct {
	conn net.Conn
	mu   sync.Mutex
}

// send writes one frame.
func (w *wire) send(kind byte, payload []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	frame := make([]byte, 5, 5+len(payload))
	frame[0] = kind
	binary.BigEndian.PutUint32(frame[1:], uint32(len(payload)))
	_, err := w.conn.Write(append(frame, payload...))
	return err
}

// sendJSON writes one frame that holds v.
func (w *wire) sendJSON(kind byte, v any) error {
	payload, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.send(kind, payload)
}

// receive reads one frame.
func (w *wire) receive() (kind byte, payload []byte, err error) {
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
	wire *wire
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

// errStranger is the error of a connection whose other end is not a process of
// the user that this one runs as, or may not be.
var errStranger = errors.New("another user's process")

// acquainted refuses a connection whose other end was not opened by a process
// with the effective user of this one: the system says whose it is, so nothing
// that was written to it or read from it has to be believed. Root is no
// exception. Where the system cannot say it, nobody is trusted.
func acquainted(conn net.Conn) error {
	uid, err := peer(conn)
	switch {
	case err != nil:
		return fmt.Errorf("%w, perhaps: %w", errStranger, err)
	case uid != os.Geteuid():
		return fmt.Errorf("%w: %s", errStranger, store.UserName(uid))
	}
	return nil
}

// peer is the effective user of whoever opened the other end of a connection:
// connected to it, or listened for it.
func peer(conn net.Conn) (uid int, err error) {
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return 0, err
	}
	if failed := raw.Control(func(fd uintptr) { uid, err = peerOf(int(fd)) }); failed != nil {
		return 0, failed
	}
	return uid, err
}

// knock connects to the owner of a data directory. It fails with errStranger if
// whoever answers is another user's.
func knock(dir string) (*wire, error) {
	path, done, err := doorPath(dir)
	if err != nil {
		return nil, err
	}
	defer done()
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil, err
	}
	if err := acquainted(conn); err != nil {
		conn.Close()
		return nil, err
	}
	return &wire{conn: conn}, nil
}

// openDoor makes the socket. The caller holds the lock of the book, so a
// socket that is already there belongs to nobody.
func openDoor(dir string) (net.Listener, error) {
	if err := os.Remove(filepath.Join(dir, doorName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	path, done, err := doorPath(dir)
	if err != nil {
		return nil, err
	}
	defer done()
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false) // by then path may be gone: closeDoor does it
	if err := os.Chmod(filepath.Join(dir, doorName), 0o600); err != nil {
		listener.Close()
		return nil, err
	}
	return listener, nil
}

// closeDoor stops listening and removes the socket.
func closeDoor(dir string, listener net.Listener) {
	os.Remove(filepath.Join(dir, doorName))
	listener.Close()
}

// maxSocketPath is the longest path that every system takes for a socket.
const maxSocketPath = 100

// doorPath is a path to the socket that is short enough for the system, good
// until done is called. A long one goes through the open directory.
func doorPath(dir string) (path string, done func(), err error) {
	path = filepath.Join(dir, doorName)
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	open, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	path = fmt.Sprintf("/proc/self/fd/%d/%s", open.Fd(), doorName)
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		open.Close()
		return "", nil, fmt.Errorf("the path of %s is too long for a socket on this system", filepath.Join(dir, doorName))
	}
	return path, func() { open.Close() }, nil
}
