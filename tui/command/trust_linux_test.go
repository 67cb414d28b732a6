package command_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// nobody is another user.
const nobody = 65534

// rooted skips a test that has to give files to another user.
func rooted(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file to another user")
	}
}

// asNobody runs do on a thread that is another user to the system.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	rooted(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	become := func(uid uintptr) {
		if _, _, errno := syscall.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uid, ^uintptr(0)); errno != 0 {
			t.Fatal(errno) // of this thread alone
		}
	}
	become(nobody)
	defer become(0)
	do()
}

func TestWhatBelongsToAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	rooted(t)
	for _, name := range []string{"", "book.db", "devices.db", "media", "recado.log", "recado-2026-01-02T03-04-05.000.log", "recado.pid", "recado.sock"} {
		p := newProgram(t)
		p.must("numbers")
		path := filepath.Join(p.data, name)
		switch name {
		case "media":
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		case "recado.sock":
			listener, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
		default:
			file, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o600)
			if err != nil && name != "" {
				t.Fatal(err)
			}
			file.Close()
		}
		if err := os.Chown(path, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"numbers"}, {"check"}} {
			r := p.run(args...)
			if r.code != 4 || !strings.Contains(r.err, path+" belongs to user nobody") || !strings.Contains(r.err, "chown -hR root '"+path+"'") {
				t.Errorf("%v with %q of another user: exit %d, %q; want 4, whose it is and what to do", args, name, r.code, r.err)
			}
		}
		if r := p.with("RECADO_LANG=pt").run("numbers"); !strings.Contains(r.err, "pertence ao usuário nobody") {
			t.Errorf("%q of another user, in Portuguese: %q", name, r.err)
		}
		// What the message says mends it, as far as the file is one of ours.
		if err := exec.Command("chown", "-hR", "root", path).Run(); err != nil {
			t.Fatal(err)
		}
		if name == "recado.sock" {
			continue // nobody answers there
		}
		if r := p.run("numbers"); r.code == 4 && strings.Contains(r.err, "belongs") {
			t.Errorf("%q given back: %q", name, r.err)
		}
	}
}

func TestALinkInTheDataIsNotWrittenThrough(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"recado.pid", "recado.log", "recado-2026-01-02T03-04-05.000.log", "recado.sock"} {
		for kind, plant := range map[string]func(from, to string) error{"link": os.Symlink, "hard link": os.Link} {
			if name == "recado.sock" && kind == "hard link" {
				continue // it is a file then, and is removed before the door is made
			}
			p := newProgram(t)
			p.must("numbers")
			p.file("precious", "precious\n")
			precious, path := filepath.Join(p.dir, "precious"), filepath.Join(p.data, name)
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			if err := plant(precious, path); err != nil {
				t.Fatal(err)
			}
			if r := p.run("numbers"); r.code != 4 || !strings.Contains(r.err, "mv '"+path+"'") {
				t.Errorf("%s as a %s: exit %d, %q; want 4 and what to do", name, kind, r.code, r.err)
			}
			if text, err := os.ReadFile(precious); string(text) != "precious\n" {
				t.Errorf("%s as a %s: the file behind it is now %q, %v", name, kind, text, err)
			}
		}
	}
}

func TestADirectoryThatOthersCanReplaceIsRefused(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	open := filepath.Join(p.dir, "open")
	p.data = filepath.Join(open, "deeper", "data")
	p.must("numbers")
	for mode, want := range map[os.FileMode]int{0o777: 4, 0o775: 0, 0o777 | os.ModeSticky: 0, 0o755: 0} {
		if err := os.Chmod(open, mode); err != nil {
			t.Fatal(err)
		}
		r := p.run("numbers")
		if r.code != want || want != 0 && !strings.Contains(r.err, "chmod go-w '"+open+"'") {
			t.Errorf("below a directory of mode %v: exit %d, %q; want %d", mode, r.code, r.err, want)
		}
	}
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(p.dir, "link")
	if err := os.Symlink(p.data, link); err != nil {
		t.Fatal(err)
	}
	p.data = link
	p.must("numbers")
	rooted(t)
	if err := os.Chown(open, 0, nobody); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o775); err != nil {
		t.Fatal(err)
	}
	if r := p.run("numbers"); r.code != 4 || !strings.Contains(r.err, "chmod go-w '"+open+"'") {
		t.Errorf("through a link, below a directory that a group can write to: exit %d, %q; want 4", r.code, r.err)
	}
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{open, link} {
		if err := os.Lchown(path, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		if r := p.run("numbers"); r.code != 4 || !strings.Contains(r.err, path+" belongs to user nobody") {
			t.Errorf("%s is another user's: exit %d, %q; want 4", path, r.code, r.err)
		}
		if err := os.Lchown(path, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnotherUserAtTheDoorIsToldNothing: the socket is ours, the process behind
// it is not.
func TestAnotherUserAtTheDoorIsToldNothing(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.must("numbers")
	var listener net.Listener
	var err error
	if err := os.Chmod(p.data, 0o777); err != nil {
		t.Fatal(err)
	}
	for dir := p.data; dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	socket := filepath.Join(p.data, "recado.sock")
	asNobody(t, func() { listener, err = net.Listen("unix", socket) })
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for dir := p.data; dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(socket, 0, 0); err != nil {
		t.Fatal(err)
	}
	got := make(chan int, 1)
	go func() { // ends with the connection
		conn, err := listener.Accept()
		if err != nil {
			got <- -1
			return
		}
		defer conn.Close()
		conn.Write([]byte("o\x00\x00\x00\x07\x1b]0;hi\x07x\x00\x00\x00\x0a{\"Code\":0}"))
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, _ := conn.Read(make([]byte, 100))
		got <- n
	}()
	r := p.run("contacts", "list", "a secret")
	if r.code != 4 || r.out != "" || strings.Contains(r.err, "\x1b") || !strings.Contains(r.err, "another user's process: nobody") {
		t.Errorf("exit %d, %q, %q; want 4, nothing from there, and whose process it is", r.code, r.out, r.err)
	}
	if n := <-got; n > 0 {
		t.Errorf("the other user was told %d bytes", n)
	}
}

func TestTheOwnerTakesNoCommandFromAnotherUser(t *testing.T) {
	t.Parallel()
	rooted(t)
	p := newProgram(t)
	owner := p.owner()
	for dir := p.data; dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	socket := filepath.Join(p.data, "recado.sock")
	if err := os.Chmod(socket, 0o666); err != nil {
		t.Fatal(err)
	}
	var conn net.Conn
	var err error
	asNobody(t, func() { conn, err = net.Dial("unix", socket) })
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Write([]byte("q\x00\x00\x00\x2b{\"Protocol\":1,\"Args\":[\"numbers\"],\"Dir\":\"/\"}"))
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := conn.Read(make([]byte, 10)); n > 0 || os.IsTimeout(err) {
		t.Errorf("another user was answered %d bytes, %v", n, err)
	}
	for dir := p.data; dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	p.must("numbers")
	owner.interrupt()
	if code := owner.code(); code != 0 {
		t.Errorf("the owner ends with %d: %s", code, owner.errs)
	}
}

// TestRunSaysThatTheDiskIsFull: the kernel lets no file of the process grow.
func TestRunSaysThatTheDiskIsFull(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "50", "--speed", "-1", "--latency", "50ms")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	id := p.campaign("--name", "x", "--text", "Oi {nome|você}")
	pr := p.startAs("trap '' XFSZ; exec \"$0\" \"$@\"", "run", "--until-idle")
	p.await("some to be sent", func() bool { return p.progress(id) > 0 })
	full := unix.Rlimit{Cur: 4096, Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(pr.cmd.Process.Pid, unix.RLIMIT_FSIZE, &full, nil); err != nil {
		t.Fatal(err)
	}
	p.await("the words", func() bool { return strings.Contains(pr.errs.String(), "free some space in "+p.data) })
	full.Cur = unix.RLIM_INFINITY
	if err := unix.Prlimit(pr.cmd.Process.Pid, unix.RLIMIT_FSIZE, &full, nil); err != nil {
		t.Fatal(err)
	}
	if code := pr.code(); code != 0 {
		t.Errorf("with room again: exit %d: %s", code, pr.errs)
	}
	p.checkOnce(s, id, "Oi ")
	if n := strings.Count(pr.errs.String(), "free some space"); n != 1 {
		t.Errorf("it was said %d times: %s", n, pr.errs)
	}
}
