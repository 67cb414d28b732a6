package host

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"recado/store/trust"
)

// doorName is the door: a Unix socket in the data directory, open to its user
// only. Each end finds out from the system that the other one is a process of
// the same user before it says or does anything.
const doorName = "recado.sock"

// Door is the path of the door of a data directory.
func Door(dir string) string { return filepath.Join(dir, doorName) }

// ErrOtherUser is the error of a connection whose other end is not a process of
// the user that this one runs as, or may not be.
var ErrOtherUser = errors.New("another user's process")

// acquainted refuses a connection whose other end was not opened by a process
// with the effective user of this one: the system says whose it is, so nothing
// that was written to it or read from it has to be believed. Root is no
// exception. Where the system cannot say it, nobody is trusted.
func acquainted(conn net.Conn) error {
	uid, _, err := peer(conn)
	switch {
	case err != nil:
		return fmt.Errorf("%w, perhaps: %w", ErrOtherUser, err)
	case uid != os.Geteuid():
		return fmt.Errorf("%w: %s", ErrOtherUser, trust.UserName(uid))
	}
	return nil
}

// peer is the effective user of the process that opened the other end of a connection:
// connected to it, or listened for it. The process is 0 where the system does
// not say it.
func peer(conn net.Conn) (uid, pid int, err error) {
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return 0, 0, errors.ErrUnsupported
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	if failed := raw.Control(func(fd uintptr) { uid, pid, err = peerOf(int(fd)) }); failed != nil {
		return 0, 0, failed
	}
	return uid, pid, err
}

// userOf is the name of the user at the other end of a connection, as far as
// the system says it.
func userOf(conn net.Conn) string {
	uid, _, err := peer(conn)
	if err != nil {
		uid = os.Geteuid() // acquainted lets nobody else in
	}
	return trust.UserName(uid)
}

// Knock connects to the owner of a data directory. It fails with ErrOtherUser if
// the process that answers is another user's.
func Knock(dir string) (*Wire, error) {
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
	return knocked(conn, dir), nil
}

// knocked is a connection to the owner of a data directory. Where the system does
// not say which process that is, the small file does: who opens the door has
// written it.
func knocked(conn net.Conn, dir string) *Wire {
	_, pid, _ := peer(conn)
	if pid == 0 {
		pid = holder(dir)
	}
	return &Wire{conn: conn, pid: pid}
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
