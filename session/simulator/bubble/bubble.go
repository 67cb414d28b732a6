// Package bubble runs tests in which the client library talks to the simulated
// service on fake time.
package bubble

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
)

// Test is synctest.Test but for one fault of the client library, which is
// forgiven. When the library ends a connection by itself, after a refused link
// for one, and a frame arrives at that moment, the goroutine that has read the
// frame waits forever to hand it on. synctest takes any goroutine that stays
// for a mistake of the test.
func Test(t *testing.T, f func(*testing.T)) {
	t.Helper()
	failed := true
	defer func() {
		problem := recover()
		if problem == nil {
			return
		}
		if !strings.Contains(fmt.Sprint(problem), "main bubble goroutine has exited") || !onlyReaders(goroutines()) {
			panic(problem)
		}
		if failed {
			t.FailNow()
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		defer func() { failed = t.Failed() }()
		f(t)
	})
}

// goroutines is what all goroutines of the process are doing.
func goroutines() []byte {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			return buf[:n]
		}
		buf = make([]byte, 2*len(buf))
	}
}

// onlyReaders reports whether every goroutine in a bubble is one that waits to
// hand a frame on.
func onlyReaders(stacks []byte) bool {
	for _, stack := range bytes.Split(stacks, []byte("\n\n")) {
		head, calls, _ := bytes.Cut(stack, []byte("\n"))
		if !bytes.Contains(head, []byte("synctest bubble")) {
			continue
		}
		if !bytes.HasPrefix(calls, []byte("go.mau.fi/whatsmeow/socket.(*FrameSocket).frameComplete(")) {
			return false
		}
	}
	return true
}
