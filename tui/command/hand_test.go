package command

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"recado/store"
)

// falseOwner answers at the door of a data directory as told, and counts the
// commands that were given to it.
func falseOwner(t *testing.T, dir string, answer func(*wire)) (commands func() int) {
	t.Helper()
	listener, err := openDoor(dir)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	n := 0
	var all sync.WaitGroup
	all.Go(func() { // ends with the listener
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			w := &wire{conn: conn}
			if kind, _, err := w.receive(); err == nil && kind == frameRequest {
				mu.Lock()
				n++
				mu.Unlock()
				answer(w)
			}
			conn.Close()
		}
	})
	end := sync.OnceFunc(func() { closeDoor(dir, listener); all.Wait() })
	t.Cleanup(end)
	return func() int {
		end()
		return n
	}
}

// private is a directory that a door may be in.
func privateDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestAHandedOverCommandRunsOnce: an owner that dies after it took a command
// may have done it, so nobody does it again.
func TestAHandedOverCommandRunsOnce(t *testing.T) {
	import1 := []string{"contacts", "import", "-"}
	const people = "nome,telefone\nAna,+5511987654321\n"
	count := func(dir string) int {
		book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Real})
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		n, err := book.ContactCount()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, test := range []struct {
		name   string
		answer func(w *wire)
		code   int
		here   int // how often it was done by the caller itself
	}{
		{"taken, then dead", func(w *wire) { w.send(frameBegun, nil) }, ExitFailed, 0},
		{"half done, then dead", func(w *wire) { w.send(frameBegun, nil); w.send(frameErr, []byte("one\n")) }, ExitFailed, 0},
		{"done, with an end that makes no sense", func(w *wire) { w.send(frameBegun, nil); w.send(frameExit, []byte("{")) }, ExitFailed, 0},
		{"done and failed", func(w *wire) { w.send(frameBegun, nil); w.sendJSON(frameExit, exit{Code: ExitRefused}) }, ExitRefused, 0},
		{"done", func(w *wire) { w.send(frameBegun, nil); w.sendJSON(frameExit, exit{}) }, ExitOK, 0},
		{"dead before it was taken", func(*wire) {}, ExitOK, 1},
		{"not kept", func(w *wire) { w.send(frameBegun, nil); w.sendJSON(frameExit, exit{Again: true}) }, ExitOK, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := privateDir(t)
			first := true
			commands := falseOwner(t, dir, func(w *wire) {
				if first { // a second time would be one too many
					test.answer(w)
				}
				first = false
			})
			c, _, errs := typist(t, dir, people, import1...)
			c.tongue = english
			if code := c.execute(t.Context()); code != test.code {
				t.Errorf("exit %d, want %d: %s", code, test.code, errs)
			}
			if n := commands(); n != 1 {
				t.Errorf("the owner was given the command %d times", n)
			}
			if n := count(dir); n != test.here {
				t.Errorf("the caller did it %d times itself, want %d", n, test.here)
			}
		})
	}
}

// TestOnlyFilesOfTheOwnCommandLineAreLent: whatever the owner asks for.
func TestOnlyFilesOfTheOwnCommandLineAreLent(t *testing.T) {
	dir, work := privateDir(t), t.TempDir()
	for _, name := range []string{"people.csv", "flag.csv", "secret.csv"} {
		if err := os.WriteFile(filepath.Join(work, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	commands := falseOwner(t, dir, func(w *wire) {
		w.send(frameBegun, nil)
		for _, name := range []string{
			"people.csv", "people.csv", "flag.csv", "secret.csv", filepath.Join(work, "secret.csv"),
			filepath.Join(work, "people.csv"), "./people.csv", "--x=flag.csv", "a=secret.csv", "/etc/passwd", dir,
		} {
			w.send(frameRead, []byte(name))
			kind, payload, err := w.receive()
			if err != nil {
				t.Error(err)
				return
			}
			got = append(got, string(kind)+string(payload))
		}
		w.sendJSON(frameExit, exit{})
	})
	c, _, errs := typist(t, dir, "", "contacts", "import", "people.csv")
	c.env.Dir = work
	// What the owner sees, however it was typed.
	c.env.Args = append(c.env.Args, "--x=flag.csv", "a=secret.csv")
	w, err := knock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.hand(t.Context(), w, dir, false); err != nil {
		t.Fatalf("%v: %s", err, errs)
	}
	commands()
	want := []string{"dpeople.csv", "d", "dflag.csv"} // the second time it is at its end: it is opened once
	if len(got) < len(want) {
		t.Fatalf("got %q", got)
	}
	for i, answer := range got {
		if i < len(want) && answer != want[i] || i >= len(want) && !strings.HasPrefix(answer, string(rune(frameDenied))) {
			t.Errorf("answer %d is %q", i, answer)
		}
	}
}

// TestAnOwnerThatTakesNothingIsNotWaitedForForEver: its process was stopped,
// for example. When it goes on, it does not do what nobody waits for.
func TestAnOwnerThatTakesNothingIsNotWaitedForForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, owner := net.Pipe()
		defer owner.Close()
		go func() { // ends with its request
			w := &wire{conn: owner}
			w.receive()
		}()
		c, _, _ := typist(t, t.TempDir(), "", "numbers")
		failed := (*failure)(nil)
		if err := c.hand(t.Context(), &wire{conn: caller}, t.TempDir(), false); !errors.As(err, &failed) || failed.code != ExitInUse {
			t.Errorf("got %v, want that it does not answer", err)
		}
		if (&wire{conn: owner}).send(frameBegun, nil) == nil {
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
	dir := privateDir(t)
	for text, want := range map[string]string{"12\n": "pid 12", "": "?", "\x1b]0;x\x07": "?", "12 34\n": "?"} {
		if err := os.WriteFile(filepath.Join(dir, pidName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := holder(dir); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if err := sayHolder(dir); err != nil || !bytes.Contains([]byte(holder(dir)), []byte("pid ")) {
		t.Errorf("%v, %s", err, holder(dir))
	}
}
