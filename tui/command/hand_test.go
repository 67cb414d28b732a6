package command

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"recado/store"
	"recado/tui/host"
)

// The frames of the door, as another program would write them.

// door is one connection to a false owner.
type door struct{ net.Conn }

func (d door) send(kind byte, payload string) error {
	frame := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(payload)))
	_, err := d.Write(append(frame, payload...))
	return err
}

func (d door) receive() (kind byte, payload string, err error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(d, head); err != nil {
		return 0, "", err
	}
	rest := make([]byte, binary.BigEndian.Uint32(head[1:]))
	_, err = io.ReadFull(d, rest)
	return head[0], string(rest), err
}

// falseOwner answers at the door of a data directory as told, and counts the
// commands that were given to it.
func falseOwner(t *testing.T, dir string, answer func(door)) (commands func() int) {
	t.Helper()
	listener, err := net.Listen("unix", host.Door(dir))
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
			d := door{conn}
			if kind, _, err := d.receive(); err == nil && kind == 'q' {
				mu.Lock()
				n++
				mu.Unlock()
				answer(d)
			}
			conn.Close()
		}
	})
	end := sync.OnceFunc(func() { listener.Close(); all.Wait() })
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
		answer func(w door)
		code   int
		here   int // how often it was done by the caller itself
	}{
		{"taken, then dead", func(w door) { w.send('b', `{"Protocol":2}`) }, ExitFailed, 0},
		{"half done, then dead", func(w door) { w.send('b', `{"Protocol":2}`); w.send('e', "one\n") }, ExitFailed, 0},
		{"done, with an end that makes no sense", func(w door) { w.send('b', `{"Protocol":2}`); w.send('x', "{") }, ExitFailed, 0},
		{"done and failed", func(w door) { w.send('b', `{"Protocol":2}`); w.send('x', `{"Code":4}`) }, ExitRefused, 0},
		{"done", func(w door) { w.send('b', `{"Protocol":2}`); w.send('x', `{}`) }, ExitOK, 0},
		{"dead before it was taken", func(door) {}, ExitOK, 1},
		{"not kept", func(w door) { w.send('b', `{"Protocol":2}`); w.send('x', `{"Again":true}`) }, ExitOK, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := privateDir(t)
			first := true
			commands := falseOwner(t, dir, func(w door) {
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
	commands := falseOwner(t, dir, func(w door) {
		w.send('b', `{"Protocol":2}`)
		for _, name := range []string{
			"people.csv", "people.csv", "flag.csv", "secret.csv", filepath.Join(work, "secret.csv"),
			filepath.Join(work, "people.csv"), "./people.csv", "--x=flag.csv", "a=secret.csv", "/etc/passwd", dir,
		} {
			w.send('r', name)
			kind, payload, err := w.receive()
			if err != nil {
				t.Error(err)
				return
			}
			got = append(got, string(kind)+payload)
		}
		w.send('x', `{}`)
	})
	c, _, errs := typist(t, dir, "", "contacts", "import", "people.csv")
	c.env.Dir = work
	// What the owner sees, however it was typed.
	c.env.Args = append(c.env.Args, "--x=flag.csv", "a=secret.csv")
	w, err := host.Knock(dir)
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
		if i < len(want) && answer != want[i] || i >= len(want) && !strings.HasPrefix(answer, "f") {
			t.Errorf("answer %d is %q", i, answer)
		}
	}
}
