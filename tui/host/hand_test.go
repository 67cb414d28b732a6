package host

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
)

// TestAnOwnerThatTakesNothingIsNotWaitedForForEver: its process was stopped,
// for example. When it goes on, it does not do what nobody waits for.
func TestAnOwnerThatTakesNothingIsNotWaitedForForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, owner := net.Pipe()
		defer owner.Close()
		go func() { // ends with its request
			w := &Wire{conn: owner}
			w.receive()
		}()
		if _, err := (&Wire{conn: caller}).Hand(t.Context(), Request{}, Caller{}); !errors.Is(err, ErrSilent) {
			t.Errorf("got %v, want that it does not answer", err)
		}
		if (&Wire{conn: owner}).send(frameBegun, nil) == nil {
			t.Error("the owner could still say that it begins")
		}
	})
}

// TestAnOwnerThatDoesNotSayWhoItIsIsNotTrusted: a connection of which the
// system does not say whose it is.
func TestAnOwnerThatDoesNotSayWhoItIsIsNotTrusted(t *testing.T) {
	one, two := net.Pipe()
	defer one.Close()
	defer two.Close()
	if err := acquainted(one); err == nil {
		t.Error("a connection without a user is trusted")
	}
}

func TestWhatStandsInTheHolderFileIsANumber(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{"12\n": "pid 12", "": "?", "\x1b]0;x\x07": "?", "12 34\n": "?", "-1\n": "?"} {
		if err := os.WriteFile(filepath.Join(dir, pidName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := Holder(dir); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if err := sayHolder(dir); err != nil || !bytes.Contains([]byte(Holder(dir)), []byte("pid ")) {
		t.Errorf("%v, %s", err, Holder(dir))
	}
}

// TestTheOwnersProcessIsKnownWhereTheSystemDoesNotSayIt.
func TestTheOwnersProcessIsKnownWhereTheSystemDoesNotSayIt(t *testing.T) {
	one, two := net.Pipe()
	defer one.Close()
	defer two.Close()
	dir := t.TempDir()
	if pid := knocked(one, dir).Pid(); pid != 0 {
		t.Errorf("nobody is process %d", pid)
	}
	if err := sayHolder(dir); err != nil {
		t.Fatal(err)
	}
	if pid := knocked(one, dir).Pid(); pid != os.Getpid() {
		t.Errorf("the owner is process %d, not %d", pid, os.Getpid())
	}
}
