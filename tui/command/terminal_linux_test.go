package command_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a person's terminal, kept open by the test.
type terminal struct {
	*process
	keys   *os.File
	before unix.Termios  // its settings before the program came
	seen   *tail         // what was written to it, see sees
	all    *tail         // everything that was ever written to it
	hungUp chan struct{} // closed when nobody is left who could write to it
}

// atTerminal starts a command at a new terminal of 120×40.
func (p *program) atTerminal(args ...string) *terminal {
	p.t.Helper()
	return p.atTerminalOf(120, 40, args...)
}

// atTerminalOf is atTerminal for any size.
func (p *program) atTerminalOf(width, height uint16, args ...string) *terminal {
	p.t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		p.t.Skipf("no terminals here: %v", err)
	}
	p.t.Cleanup(func() { keys.Close() })
	if err := unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		p.t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(keys.Fd()), unix.TIOCGPTN)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(keys.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: height, Col: width}); err != nil {
		p.t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	defer tty.Close()
	cmd := p.command(args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // or the system would not stop it
	before, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	term := &terminal{
		process: &process{t: p.t, cmd: cmd, errs: new(tail), ended: make(chan struct{})},
		keys:    keys, before: *before, seen: new(tail), all: new(tail),
		hungUp: make(chan struct{}),
	}
	go func() { // ends when the terminal is closed
		defer close(term.hungUp)
		buffer := make([]byte, 64<<10)
		for {
			n, err := keys.Read(buffer)
			term.seen.Write(buffer[:n])
			term.all.Write(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
	go func() { // ends with the process
		defer close(term.ended)
		cmd.Wait()
	}()
	p.t.Cleanup(func() { term.kill() })
	return term
}

// code waits for the command to end and for the last that it wrote.
func (t *terminal) code() int {
	t.t.Helper()
	code := t.process.code()
	select {
	case <-t.hungUp:
	case <-time.After(patience):
		t.t.Fatal("the command ended, and something still holds its terminal")
	}
	return code
}

// press types keys.
func (t *terminal) press(keys string) {
	t.t.Helper()
	if _, err := t.keys.WriteString(keys); err != nil {
		t.t.Fatal(err)
	}
}

// sees waits until the words have been on the terminal since the last call
// that saw something.
func (t *terminal) sees(p *program, words string) {
	t.t.Helper()
	defer func() {
		if t.t.Failed() {
			t.t.Logf("the terminal was shown %q", t.seen)
		}
	}()
	p.await(fmt.Sprintf("%q on the terminal", words), func() bool {
		t.seen.mu.Lock()
		defer t.seen.mu.Unlock()
		at := bytes.Index(t.seen.buf.Bytes(), []byte(words))
		if at < 0 {
			return false
		}
		t.seen.buf.Next(at + len(words))
		return true
	})
}

// settings are those of the terminal.
func (t *terminal) settings() unix.Termios {
	t.t.Helper()
	is, err := unix.IoctlGetTermios(int(t.keys.Fd()), unix.TCGETS)
	if err != nil {
		t.t.Fatal(err)
	}
	return *is
}

// modes are what has been set on the terminal and not been taken back: another
// screen, a hidden cursor and the like.
func (t *terminal) modes() (set []string) {
	last := make(map[string]string)
	for _, m := range mode.FindAllStringSubmatch(t.all.String(), -1) {
		last[m[1]] = m[2]
	}
	for _, m := range []string{"1049", "2004", "2027", "2026", "1004", "1000", "1002", "1003", "1006"} {
		if last[m] == "h" {
			set = append(set, m)
		}
	}
	if last["25"] == "l" {
		set = append(set, "25")
	}
	return set
}

var mode = regexp.MustCompile("\x1b\\[\\?([0-9]+)([hl])")

// leftAlone waits until the terminal is what it was.
func (t *terminal) leftAlone(p *program, when string, before unix.Termios) {
	t.t.Helper()
	p.await("the terminal as it was, "+when, func() bool { return t.settings() == before && len(t.modes()) == 0 })
}

// TestSignalsLeaveTheTerminalAsItWas, whenever they come.
func TestSignalsLeaveTheTerminalAsItWas(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		signals []syscall.Signal
		code    int // -1: it is killed by the signal
	}{
		{"interrupted", []syscall.Signal{syscall.SIGINT}, 0},
		{"told to end", []syscall.Signal{syscall.SIGTERM}, 0},
		{"hung up", []syscall.Signal{syscall.SIGHUP}, 0},
		{"told to quit", []syscall.Signal{syscall.SIGQUIT}, 2},
	} {
		p := newProgram(t).with("TERM=xterm-256color")
		screens := p.atTerminal()
		screens.sees(p, "Press")
		screens.press("\x1b[?2027;2$y\x1b[?2026;2$y") // it knows these modes
		for _, s := range test.signals {
			screens.cmd.Process.Signal(s)
		}
		if code := screens.code(); code != test.code {
			t.Errorf("%s: exit %d, want %d: %q", test.name, code, test.code, screens.all)
		}
		screens.leftAlone(p, test.name, screens.before)
	}
	for i := range 12 { // at any moment of the start, and twice
		p := newProgram(t).with("TERM=xterm-256color")
		screens := p.atTerminal()
		time.Sleep(time.Duration(i*4) * time.Millisecond)
		screens.cmd.Process.Signal(syscall.SIGTERM)
		if i%2 == 0 {
			screens.cmd.Process.Signal(syscall.SIGTERM)
		}
		screens.code()
		screens.leftAlone(p, fmt.Sprintf("ended %d ms after the start", i*4), screens.before)
	}
}

// TestStoppedScreensGiveTheTerminalBackAndComeAgain, time after time.
func TestStoppedScreensGiveTheTerminalBackAndComeAgain(t *testing.T) {
	t.Parallel()
	p := newProgram(t).with("TERM=xterm-256color")
	screens := p.atTerminal()
	screens.sees(p, "Press")
	for name, stop := range map[string]func(){
		"ctrl+z":     func() { screens.press("\x1a") },
		"kill -TSTP": func() { screens.cmd.Process.Signal(syscall.SIGTSTP) },
	} {
		for range 2 {
			stop()
			p.await("the process to stop by "+name, func() bool { return screens.state() == "T" })
			screens.leftAlone(p, "stopped by "+name, screens.before)
			screens.seen.mu.Lock()
			screens.seen.buf.Reset()
			screens.seen.mu.Unlock()
			screens.cmd.Process.Signal(syscall.SIGCONT)
			screens.sees(p, "Press")
			if got := screens.settings(); got == screens.before || len(screens.modes()) == 0 {
				t.Errorf("after %s, continued: the screens are not back: %v", name, screens.modes())
			}
		}
	}
	screens.press("q")
	if code := screens.code(); code != 0 {
		t.Errorf("the screens end with %d", code)
	}
	screens.leftAlone(p, "left", screens.before)
}

// state is what the system says of the process, see proc(5).
func (pr *process) state() string {
	pr.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pr.cmd.Process.Pid))
	if err != nil {
		pr.t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ")
	return after[:1]
}

func TestDemoNeedsNoPhoneAndNoNetwork(t *testing.T) {
	t.Parallel()
	p := newProgram(t).with("TERM=xterm-256color")
	temp := t.TempDir()
	p = p.with("TMPDIR=" + temp)
	p.data = "" // the demo keeps its own
	demo := p.atTerminal("demo")
	demo.sees(p, "Press")
	demo.press("n")
	demo.sees(p, "name")
	demo.press("loja\r")
	demo.sees(p, "Demo:")
	demo.press("s")
	demo.sees(p, "online")
	dirs, err := filepath.Glob(filepath.Join(temp, "recado-demo-*"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("the demo's data: %v %v", dirs, err)
	}
	// Its commands work beside it, at a pleasant pace and without a question.
	beside := newProgram(t)
	beside.data = dirs[0]
	beside.await("the contacts", func() bool { return strings.Count(beside.must("contacts", "list"), "\n") > 300 })
	id := strings.TrimSpace(beside.must("campaign", "new", "--name", "x", "--text", "Oi {nome}, de {cidade|longe}", "--to", "tag:vip"))
	beside.must("campaign", "start", id)
	beside.await("somebody to have it", func() bool { return beside.show(id).Counts.Delivered > 0 })
	beside.must("campaign", "pause", id)
	demo.press("qy") // it may not have heard of the pause, and ask
	if code := demo.code(); code != 0 {
		t.Errorf("the demo ends with %d: %s", code, demo.seen)
	}
	if _, err := os.Stat(dirs[0]); err == nil {
		t.Errorf("the demo leaves %s behind", dirs[0])
	}
}

func TestFaultsAreCausedByHandInTheDemo(t *testing.T) {
	t.Parallel()
	p := newProgram(t).with("TERM=xterm-256color", "TMPDIR="+t.TempDir())
	p.data = ""
	demo := p.atTerminal("demo")
	demo.sees(p, "Press")
	demo.press("n")
	demo.sees(p, "name")
	demo.press("loja\r")
	demo.sees(p, "Demo:")
	demo.press("p")
	demo.sees(p, "area code")
	demo.press("+55 11 98765-4321\r")
	demo.sees(p, "Link with phone number")
	demo.press("s")
	demo.sees(p, "online")
	demo.press("f")
	demo.sees(p, "the connection breaks")
	demo.press("jjj\r")
	demo.sees(p, "restriction for 1 h: done.")
	demo.press("x")
	demo.sees(p, "No more faults.")
	demo.press("G\x1b[A\r") // nobody has received anything: nobody can answer
	demo.sees(p, "nobody has received anything")
	demo.press("q")
	if code := demo.code(); code != 0 {
		t.Errorf("the demo ends with %d: %s", code, demo.seen)
	}
}

func TestDemoOpensADirectoryAgain(t *testing.T) {
	t.Parallel()
	p := newProgram(t).with("TERM=xterm-256color")
	dir := p.data
	p.data = ""
	demo := p.atTerminal("demo", "--dir", dir)
	demo.sees(p, "Press")
	demo.press("n")
	demo.sees(p, "name")
	demo.press("loja\r")
	demo.sees(p, "Demo:")
	demo.press("s")
	demo.sees(p, "online")
	beside := newProgram(t)
	beside.data = dir
	phone, _, _ := strings.Cut(strings.TrimPrefix(beside.must("numbers"), "loja\t"), "\t")

	second := p.atTerminal("demo", "--dir", dir)
	if code := second.code(); code != 5 {
		t.Errorf("a second demo beside the first: exit %d: %s", code, second.seen)
	}
	demo.press("q")
	if code := demo.code(); code != 0 {
		t.Errorf("the demo ends with %d: %s", code, demo.seen)
	}

	// Its WhatsApp is a new one, which the number is linked to again.
	again := p.atTerminal("demo", "--dir", dir)
	again.sees(p, "starts empty")
	again.press("\r")
	again.sees(p, "Demo:")
	again.press("s")
	beside.await("the same phone online again", func() bool {
		return strings.HasPrefix(beside.must("numbers"), "loja\t"+phone+"\tonline")
	})
	again.press("q")
	again.code()
}

func TestQuestionReachesThePersonThroughTheOwner(t *testing.T) {
	t.Parallel()
	s := simulate(t)
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.must("numbers", "pace", "loja", "gap=1h")
	p.owner()
	for answer, want := range map[string]int{"n\r": 4, "y\r": 0} {
		p.must("numbers", "pace", "loja", "gap=1h")
		term := p.atTerminal("numbers", "pace", "loja", "gap=1s")
		term.sees(p, "[y/N]")
		term.press(answer)
		if code := term.code(); code != want {
			t.Errorf("answered %q: exit %d, want %d: %s", answer, code, want, term.seen)
		}
	}
	p.must("numbers", "pace", "loja", "gap=1h")
	term := p.atTerminal("numbers", "pace", "loja", "gap=1s")
	term.sees(p, "[y/N]")
	term.interrupt()
	if code := term.code(); code != 130 {
		t.Errorf("interrupted: exit %d, want 130: %s", code, term.seen)
	}
}
