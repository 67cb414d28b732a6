package command_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// older is the program as it was when another version of what is said at the
// door was spoken: built of these sources with one line of tui/host changed.
func older(t *testing.T, p *program, file, line, was string) *program {
	t.Helper()
	dir := t.TempDir()
	path, err := filepath.Abs(filepath.Join("..", "host", file))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(source), line) != 1 {
		t.Fatalf("%q does not stand once in %s", line, file)
	}
	changed, built := filepath.Join(dir, file), filepath.Join(dir, "recado")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(source), line, was, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-overlay", list, "-o", built, "recado").CombinedOutput(); err != nil {
		t.Fatalf("build an older recado: %v\n%s", err, out)
	}
	q := *p
	q.alter = func(cmd *exec.Cmd) { cmd.Path = built }
	return &q
}

// TestAnOwnerOfAnotherVersionIsReplacedAfterAQuestion: one that names its
// version, and one from before they did.
func TestAnOwnerOfAnotherVersionIsReplacedAfterAQuestion(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][3]string{
		"that names its version": {"frames.go", "const protocol = 2\n", "const protocol = 1\n"},
		"that says nothing":      {"hand.go", "w.sendJSON(frameBegun, answer{Protocol: protocol, Pid: os.Getpid()})", "w.send(frameBegun, nil)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t).with("TERM=xterm-256color")
			before := older(t, p, change[0], change[1], change[2])
			begin := func() (pid int) {
				t.Helper()
				pid = before.start("host").cmd.Process.Pid
				p.await("the door of an older owner", func() bool {
					_, err := os.Stat(filepath.Join(p.data, "recado.sock"))
					return err == nil && hostOf(p.data) == pid
				})
				return pid
			}
			pid := begin()
			named := fmt.Sprintf("process %d, which owns the data, is another version", pid)

			// A command is refused, and says who it is.
			if r := p.run("numbers"); r.code != 5 || !strings.Contains(r.err, named) {
				t.Errorf("a command: exit %d, %q", r.code, r.err)
			}
			// Who says no to the question changes nothing.
			asked := p.atTerminal()
			asked.sees(p, fmt.Sprintf("Process %d", pid))
			asked.sees(p, "End it and start again?")
			asked.press("n\r")
			if code := asked.code(); code != 5 {
				t.Errorf("said no: exit %d", code)
			}
			asked.sees(p, named)
			if !alive(pid) {
				t.Fatal("it was ended without a yes")
			}
			// Who says yes gets the screens of one of this version.
			asked = p.atTerminal()
			asked.sees(p, "End it and start again?")
			asked.press("y\r")
			asked.sees(p, "Press")
			now := hostOf(p.data)
			if now == 0 || now == pid || alive(pid) {
				t.Errorf("the owner was %d and is %d; the old one lives: %v", pid, now, alive(pid))
			}
			if got := p.status().Owner; got == nil || got.Pid != now {
				t.Errorf("status says %+v", got)
			}
			asked.press("q")
			asked.code()
			p.must("stop")

			// --yes asks nothing: at the screens, and to stop.
			pid = begin()
			unasked := p.atTerminal("--yes")
			unasked.sees(p, "Press")
			if text := unasked.all.String(); alive(pid) || strings.Contains(text, "again?") {
				t.Errorf("--yes: it lives: %v; shown %q", alive(pid), text)
			}
			unasked.press("q")
			unasked.code()
			p.must("stop")
			pid = begin()
			if r := p.run("stop", "--yes"); r.code != 0 || alive(pid) || !strings.Contains(r.err, fmt.Sprintf("stopped: process %d", pid)) {
				t.Errorf("stop --yes: exit %d, %q; it lives: %v", r.code, r.err, alive(pid))
			}
		})
	}
}
