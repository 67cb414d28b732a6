package session

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// The library's handshake looks for the end of its connection nowhere: it is told of
// one when it is over, and at once when it closes the connection itself.
func TestTheEndOfAConnectionIsToldAfterTheHandshake(t *testing.T) {
	type end struct {
		n   int
		err error
	}
	for _, over := range []string{"handshake", "close"} {
		t.Run(over, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				up := make(chan struct{})
				s := &stream{ReadWriteCloser: ours, up: up, closed: make(chan struct{})}
				defer s.Close()
				read := make(chan end, 1)
				again := func() {
					n, err := s.Read(make([]byte, 8))
					read <- end{n, err}
				}
				go again()
				_, _ = theirs.Write([]byte("frame"))
				if got := <-read; got.n != 5 || got.err != nil {
					t.Fatalf("a frame within the handshake is read as %v, want it at once", got)
				}
				go again()
				_ = theirs.Close()
				time.Sleep(time.Hour)
				select {
				case got := <-read:
					t.Fatalf("the end is told within the handshake: %v", got)
				default:
				}
				if over == "handshake" {
					close(up)
				} else {
					_ = s.Close()
				}
				if got := <-read; got.n != 0 || !errors.Is(got.err, io.EOF) && !errors.Is(got.err, io.ErrClosedPipe) {
					t.Fatalf("after it %v is told, want the end", got)
				}
			})
		})
	}
}
