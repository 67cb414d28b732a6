package command_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// state is what `status --json` prints.
type state struct {
	Owner *struct {
		Pid, Terminals int
		Background     bool
	}
	LastSeen  string `json:"last_seen"`
	LastEnded bool   `json:"last_ended"`
	Campaigns []struct {
		ID     int
		Status string
	}
}

func (p *program) status() (s state) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(p.must("status", "--json")), &s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// sending is recado on a simulated WhatsApp with a campaign that goes on for as
// long as a test takes.
func sending(t *testing.T) (p *program, s *simulated, id string) {
	t.Helper()
	s = simulate(t, "--people", "4000", "--speed", "-1")
	p = newProgram(t).with(s.env...).with("TERM=xterm-256color")
	p.link(s, "loja")
	p.must("numbers", "pace", "loja", "gap=200ms new-gap=200ms", "--yes")
	return p, s, p.campaign("--name", "Natal", "--text", "Oi {nome|você}")
}

// goesOn waits until more of a campaign has been sent than now.
func (p *program) goesOn(id string) {
	p.t.Helper()
	before := p.progress(id)
	p.await("more to be sent", func() bool { return p.progress(id) > before })
}

// alive reports whether a process runs; one that nobody has waited for yet does
// not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(stat), ") ")
	return err == nil && after[:1] != "Z" && after[:1] != "X"
}

func (t *terminal) resize(w, h uint16) {
	t.t.Helper()
	if err := unix.IoctlSetWinsize(int(t.keys.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: h, Col: w}); err != nil {
		t.t.Fatal(err)
	}
	t.cmd.Process.Signal(syscall.SIGWINCH) // it is not the terminal of its session
}

// TestADroppedLineStopsNothing: the terminal is gone, the sending goes on, and
// the next terminal finds it.
func TestADroppedLineStopsNothing(t *testing.T) {
	t.Parallel()
	p, _, id := sending(t)
	screens := p.atTerminal()
	screens.sees(p, "loja")
	host := hostOf(p.data)
	if host == 0 || host == screens.cmd.Process.Pid {
		t.Fatalf("the owner is process %d, the terminal's %d", host, screens.cmd.Process.Pid)
	}
	p.goesOn(id)
	screens.keys.Close()
	screens.cmd.Process.Signal(syscall.SIGHUP)
	screens.code()
	p.goesOn(id)
	if s := p.status(); s.Owner == nil || s.Owner.Pid != host || !s.Owner.Background {
		t.Errorf("after the line dropped: %+v, want the owner %d", s.Owner, host)
	}
	p.await("the terminal not to be counted any more", func() bool { return p.status().Owner.Terminals == 0 })

	again := p.atTerminal()
	again.sees(p, "loja")
	if now := hostOf(p.data); now != host {
		t.Errorf("the second terminal is at owner %d, the first was at %d", now, host)
	}
	again.press("4")
	again.sees(p, "Natal")
	again.press("q")
	again.sees(p, "go on in the background")
	again.press("\r")
	if code := again.code(); code != 0 {
		t.Errorf("left to go on in the background: exit %d", code)
	}
	again.sees(p, fmt.Sprintf("goes on in the background (process %d)", host))
	again.leftAlone(p, "left", again.before)
	p.goesOn(id)

	// It is stopped, and goes on when recado is back.
	begun := time.Now()
	r := p.run("stop")
	if r.code != 0 || !strings.Contains(r.err, fmt.Sprintf("process %d", host)) || !strings.Contains(r.err, "Natal") {
		t.Errorf("stop: exit %d, %q", r.code, r.err)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %v to stop", took)
	}
	if alive(host) {
		t.Errorf("process %d lives on", host)
	}
	if c := p.show(id).Counts; c.Sending != 0 || c.Unsure != 0 {
		t.Errorf("stopped with %+v", c)
	}
	if s := p.status(); s.Owner != nil || s.LastSeen == "" || !s.LastEnded || len(s.Campaigns) != 1 || s.Campaigns[0].Status != "running" {
		t.Errorf("after the stop: %+v", s)
	}
	if r := p.run("status"); !strings.Contains(r.err, "nothing has been sent since") || !strings.Contains(r.err, "1 campaign waits") {
		t.Errorf("status says %q", r.err)
	}
	if r := p.run("stop"); r.code != 0 || !strings.Contains(r.err, "nothing to stop") {
		t.Errorf("stopped again: exit %d, %q", r.code, r.err)
	}
	back := p.atTerminal()
	back.sees(p, "loja")
	p.goesOn(id)
}

func TestLeavingCanPauseAndStop(t *testing.T) {
	t.Parallel()
	p, _, id := sending(t)
	screens, other := p.atTerminal(), p.atTerminal()
	screens.sees(p, "loja")
	other.sees(p, "loja")
	host := hostOf(p.data)
	p.goesOn(id)
	screens.press("q")
	screens.sees(p, "go on in the background")
	screens.press("\x1b")
	screens.sees(p, "new number") // stays
	screens.press("qp")
	if code := screens.code(); code != 0 {
		t.Errorf("paused and left: exit %d: %s", code, screens.all)
	}
	if got := p.show(id).Status; got != "paused" {
		t.Errorf("the campaign is %s", got)
	}
	if now := p.status().Owner; now == nil || now.Pid != host {
		t.Errorf("the owner ended under the other terminal: %+v", now)
	}
	p.must("campaign", "resume", id)
	p.goesOn(id)
	other.press("q")
	other.sees(p, "go on in the background")
	other.press("p")
	if code := other.code(); code != 0 {
		t.Errorf("paused and left: exit %d: %s", code, other.all)
	}
	other.sees(p, "the sending has ended")
	p.await("the owner to end", func() bool { return !alive(host) })
}

// TestEachTerminalHasItsOwnSizeLanguageAndColours on one owner.
func TestEachTerminalHasItsOwnSizeLanguageAndColours(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	owner := p.with("TERM=dumb").owner() // run, in the foreground
	english := p.with("TERM=xterm-256color", "COLORTERM=truecolor").atTerminal()
	portuguese := p.with("RECADO_LANG=pt_BR.UTF-8", "TERM=xterm-256color", "NO_COLOR=1").atTerminal()
	english.sees(p, "Press")
	portuguese.sees(p, "Aperte")
	if text := portuguese.all.String(); strings.Contains(text, "38;") || strings.Contains(text, "48;") {
		t.Errorf("colours without colours: %q", text)
	}
	if text := english.all.String(); !strings.Contains(text, "38;2;") {
		t.Errorf("no true colours: %q", text)
	}
	if got := p.status().Owner; got == nil || got.Pid != owner.cmd.Process.Pid || got.Terminals != 2 || got.Background {
		t.Errorf("the owner is %+v", got)
	}
	english.resize(60, 20)
	english.sees(p, "\x1b[20;") // the last line of the new size
	english.press("q")
	portuguese.press("q")
	for _, screens := range []*terminal{english, portuguese} {
		if code := screens.code(); code != 0 {
			t.Errorf("exit %d: %s", code, screens.all)
		}
		screens.leftAlone(p, "left", screens.before)
	}
	owner.interrupt()
	if code := owner.code(); code != 0 {
		t.Errorf("run ends with %d: %s", code, owner.errs)
	}
	if r := p.run(); r.code != 2 {
		t.Errorf("screens without a terminal: exit %d %q, want 2", r.code, r.err)
	}
}

// TestAnOwnerThatDiedIsFollowedByAnother, once.
func TestAnOwnerThatDiedIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	p := newProgram(t).with("TERM=xterm-256color")
	screens := p.atTerminal()
	screens.sees(p, "Press")
	first := hostOf(p.data)
	syscall.Kill(first, syscall.SIGKILL)
	screens.sees(p, fmt.Sprintf("Process %d", first))
	screens.sees(p, "ended unexpectedly")
	p.await("another owner", func() bool { now := hostOf(p.data); return now != 0 && now != first })
	second := hostOf(p.data)
	syscall.Kill(second, syscall.SIGKILL)
	if code := screens.code(); code != 1 {
		t.Errorf("after the second death: exit %d", code)
	}
	screens.sees(p, fmt.Sprintf("process %d", second))
	screens.leftAlone(p, "after two deaths", screens.before)
	if s := p.status(); s.Owner != nil || s.LastEnded || s.LastSeen == "" {
		t.Errorf("status says %+v of an owner that was killed", s)
	}
}

// TestAnOwnerThatDoesNotAnswerIsShownToBeOld, and is forgiven.
func TestAnOwnerThatDoesNotAnswerIsShownToBeOld(t *testing.T) {
	t.Parallel()
	p := newProgram(t).with("TERM=xterm-256color")
	screens := p.atTerminal()
	screens.sees(p, "Press")
	host := hostOf(p.data)
	syscall.Kill(host, syscall.SIGSTOP)
	screens.sees(p, fmt.Sprintf("Process %d, which owns the data, has not answered", host))
	syscall.Kill(host, syscall.SIGCONT)
	screens.sees(p, "Press") // painted again
	screens.press("?")
	screens.sees(p, "esc")
	screens.press("\x1b")

	syscall.Kill(host, syscall.SIGSTOP)
	screens.sees(p, "has not answered")
	if r := p.run("numbers"); r.code != 5 || !strings.Contains(r.err, strconv.Itoa(host)) {
		t.Errorf("a command beside it: exit %d, %q; want 5 and its pid", r.code, r.err)
	}
	screens.press("\x03")
	if code := screens.code(); code != 5 {
		t.Errorf("left: exit %d", code)
	}
	screens.leftAlone(p, "left", screens.before)
	syscall.Kill(host, syscall.SIGCONT)
	p.must("stop")
}

// TestAnOwnerThatCannotComeUpIsReadable on the terminal that started it.
func TestAnOwnerThatCannotComeUpIsReadable(t *testing.T) {
	t.Parallel()
	p := newProgram(t).with("TERM=xterm-256color")
	p.must("numbers")
	if err := os.WriteFile(filepath.Join(p.data, "devices.db"), []byte("not a database at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	screens := p.atTerminal()
	if code := screens.code(); code != 1 {
		t.Errorf("exit %d: %s", code, screens.all)
	}
	screens.sees(p, "devices.db")
	screens.leftAlone(p, "refused", screens.before)
	p.await("nobody to own the data", func() bool { return hostOf(p.data) == 0 })
}

// TestWatchingChangesNothing: no key of a terminal that only watches does.
func TestWatchingChangesNothing(t *testing.T) {
	t.Parallel()
	p, _, id := sending(t)
	alone := p.atTerminal("--read-only")
	if code := alone.code(); code != 1 {
		t.Errorf("with nobody to watch: exit %d", code)
	}
	alone.sees(p, "nothing to watch")
	owner := p.owner()
	watcher := p.atTerminal("--read-only")
	watcher.sees(p, "only watches")
	watcher.press("3p")
	watcher.press("x4px") // pause and cancel, on both screens
	watcher.press("2oi ")
	watcher.sees(p, "filter")
	watcher.press("q")
	if code := watcher.code(); code != 0 {
		t.Errorf("exit %d: %s", code, watcher.all)
	}
	if got := p.show(id).Status; got != "running" {
		t.Errorf("the campaign is %s", got)
	}
	owner.interrupt()
	owner.code()
}

// TestRunBesideAnOwnerIsStoppedWithIt, and not doubled after it.
func TestRunBesideAnOwnerIsStoppedWithIt(t *testing.T) {
	t.Parallel()
	p := newProgram(t).with("TERM=xterm-256color")
	screens := p.atTerminal()
	screens.sees(p, "Press")
	run := p.start("run")
	p.await("run to be at the owner", func() bool { return p.status().Owner != nil })
	p.must("run", "--until-idle")
	screens.press("q")
	screens.code()
	time.Sleep(50 * time.Millisecond)
	p.must("stop")
	if code := run.code(); code != 0 {
		t.Errorf("run ends with %d: %s", code, run.errs)
	}
	if s := p.status(); s.Owner != nil {
		t.Errorf("somebody owns the data: %+v", s.Owner)
	}
}

// TestAnOwnerWhoseDirectoryIsGoneEnds: nobody could find it any more.
func TestAnOwnerWhoseDirectoryIsGoneEnds(t *testing.T) {
	t.Parallel()
	p := newProgram(t).with("TERM=xterm-256color")
	screens := p.atTerminal()
	screens.sees(p, "Press")
	host := hostOf(p.data)
	if err := os.RemoveAll(p.data); err != nil {
		t.Fatal(err)
	}
	p.await("it to end", func() bool { return !alive(host) })
	screens.code()
}
