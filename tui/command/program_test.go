package command_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// made is where the program under test is built, once, when a test first asks
// for it.
var made string

// binary builds the program under test and returns its path.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(made, "recado")
	if out, err := exec.Command("go", "build", "-o", path, "recado").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build recado: %w\n%s", err, out)
	}
	return path, nil
})

// patience bounds every wait for another process. It is for what hangs: a
// machine that is busy with other things may take long.
const patience = 5 * time.Minute

func TestMain(m *testing.M) {
	var err error
	if made, err = os.MkdirTemp("", "recado-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(made)
	os.Exit(code)
}

// program is recado with one data directory, as a user of a shell has it.
type program struct {
	t    testing.TB
	data string
	dir  string // where commands are typed
	env  []string

	alter func(*exec.Cmd) // what is different about its processes; nil: nothing
}

// newProgram is recado on the real WhatsApp, which no test reaches. It is the
// same program with the race detector in the test and without, so that it is
// run without alone.
func newProgram(t testing.TB) *program {
	t.Helper()
	if raced {
		t.Skip("there is no race detector in the program that would run")
	}
	p := &program{
		t: t, data: filepath.Join(t.TempDir(), "data"), dir: t.TempDir(),
		env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "RECADO_LANG=en", "TMPDIR=" + os.TempDir()},
	}
	data := p.data
	t.Cleanup(func() { endHost(data) })
	return p
}

// hostOf is the process in the background that owns a directory; 0: none.
func hostOf(data string) int {
	text, err := os.ReadFile(filepath.Join(data, "recado.pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || !strings.HasSuffix(string(line), "\x00host\x00") || !strings.Contains(string(line), data) {
		return 0
	}
	return pid
}

// endHost kills the process in the background that a test left behind.
func endHost(data string) {
	if pid := hostOf(data); pid != 0 {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}

// with is the same program with more in its environment.
func (p *program) with(env ...string) *program {
	q := *p
	q.env = append(append([]string(nil), p.env...), env...)
	return &q
}

// result is what a command left.
type result struct {
	out, err string
	code     int
}

func (p *program) command(args ...string) *exec.Cmd {
	if p.data != "" {
		args = append([]string{"--data", p.data}, args...)
	}
	path, err := binary()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	if p.alter != nil {
		p.alter(cmd)
	}
	return cmd
}

// run runs a command to its end.
func (p *program) run(args ...string) result {
	p.t.Helper()
	return p.runWith(nil, args...)
}

// runWith runs a command with something on its standard input.
func (p *program) runWith(in io.Reader, args ...string) result {
	p.t.Helper()
	cmd := p.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &out, &errs
	err := cmd.Start()
	if err == nil {
		hangs := time.AfterFunc(patience, func() { cmd.Process.Signal(syscall.SIGQUIT) }) // its goroutines are in what it says
		err = cmd.Wait()
		hangs.Stop()
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		p.t.Fatalf("recado %s: %v", strings.Join(args, " "), err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// must runs a command that has to succeed and returns its standard output.
func (p *program) must(args ...string) string {
	p.t.Helper()
	r := p.run(args...)
	if r.code != 0 {
		p.t.Fatalf("recado %s: exit %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.err)
	}
	return r.out
}

// process is a command that goes on beside the test.
type process struct {
	t     testing.TB
	cmd   *exec.Cmd
	lines chan string // of its standard output
	errs  *tail
	ended chan struct{}
}

// tail keeps what was written to it.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (w *tail) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(p)
}

func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

// start starts a command. It is killed at the end of the test if it still
// lives.
func (p *program) start(args ...string) *process {
	p.t.Helper()
	return p.startWith(nil, args...)
}

// startWith starts a command with something on its standard input.
func (p *program) startWith(in *os.File, args ...string) *process {
	p.t.Helper()
	cmd := p.command(args...)
	if in != nil {
		cmd.Stdin = in
	}
	return p.begin(cmd)
}

// startAs starts a command from a script that finds it in $0 and $@.
func (p *program) startAs(script string, args ...string) *process {
	p.t.Helper()
	cmd := p.command(args...)
	cmd.Args = append([]string{"sh", "-c", script}, cmd.Args...)
	cmd.Path = "/bin/sh"
	return p.begin(cmd)
}

func (p *program) begin(cmd *exec.Cmd) *process {
	p.t.Helper()
	pr := &process{t: p.t, cmd: cmd, lines: make(chan string, 1000), errs: new(tail), ended: make(chan struct{})}
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd.Stderr = pr.errs
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() { // ends with the process
		defer close(pr.ended)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			pr.lines <- scan.Text()
		}
		close(pr.lines)
		cmd.Wait()
	}()
	p.t.Cleanup(func() { pr.kill() })
	return pr
}

// line is the next line of its standard output.
func (pr *process) line() string {
	pr.t.Helper()
	select {
	case line, ok := <-pr.lines:
		if !ok {
			pr.t.Fatalf("%v ended: %s", pr.cmd.Args, pr.errs)
		}
		return line
	case <-time.After(patience):
		pr.t.Fatalf("%v says nothing: %s", pr.cmd.Args, pr.errs)
		return ""
	}
}

// kill is kill -9.
func (pr *process) kill() {
	pr.cmd.Process.Kill()
	<-pr.ended
}

// interrupt is Ctrl-C.
func (pr *process) interrupt() { pr.cmd.Process.Signal(os.Interrupt) }

// sockets is how many sockets it has open.
func (pr *process) sockets() (n int) {
	pr.t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pr.cmd.Process.Pid)
	open, err := os.ReadDir(dir)
	if err != nil {
		pr.t.Skipf("no way to look into a process here: %v", err)
	}
	for _, fd := range open {
		if to, err := os.Readlink(filepath.Join(dir, fd.Name())); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// code waits for its end.
func (pr *process) code() int {
	pr.t.Helper()
	select {
	case <-pr.ended:
	case <-time.After(patience):
		pr.cmd.Process.Signal(syscall.SIGQUIT)
		<-pr.ended
		pr.t.Fatalf("%v does not end: %s", pr.cmd.Args, pr.errs)
	}
	return pr.cmd.ProcessState.ExitCode()
}

// owner starts `recado run` and returns when it owns the data directory.
func (p *program) owner() *process {
	p.t.Helper()
	pr := p.start("run")
	p.await("the owner's door", func() bool {
		_, err := os.Stat(filepath.Join(p.data, "recado.sock"))
		return err == nil
	})
	return pr
}

// await waits until something in another process has come true. Looking, which
// may be to start the program, takes a quarter of the time at most.
func (p *program) await(what string, true func() bool) {
	p.t.Helper()
	for begun := time.Now(); ; {
		looked := time.Now()
		if true() {
			return
		}
		if time.Since(begun) > patience {
			p.t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(max(20*time.Millisecond, min(6*time.Since(looked), time.Second))) // to look is often to start the program
	}
}

// file writes a file where commands are typed.
func (p *program) file(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// objects reads one JSON object a line.
func objects[T any](t testing.TB, text string) []T {
	t.Helper()
	var all []T
	for dec := json.NewDecoder(strings.NewReader(text)); ; {
		var one T
		err := dec.Decode(&one)
		if err == io.EOF {
			return all
		} else if err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		all = append(all, one)
	}
}

// simulated is a WhatsApp in a process of its own.
type simulated struct {
	t       testing.TB
	dir     string
	control string
	env     []string
}

// simulate starts a WhatsApp.
func simulate(t testing.TB, args ...string) *simulated {
	t.Helper()
	p := newProgram(t)
	s := &simulated{t: t, dir: filepath.Join(t.TempDir(), "whatsapp")}
	pr := p.start(append([]string{"simulate", "--listen", "127.0.0.1:0", "--dir", s.dir}, args...)...)
	for len(s.env) < 3 {
		line := pr.line()
		if control, ok := strings.CutPrefix(line, "control "); ok {
			s.control = control
		} else if setting, ok := strings.CutPrefix(line, "export "); ok {
			s.env = append(s.env, strings.ReplaceAll(setting, "'", ""))
		}
	}
	return s
}

// post gives an order to the simulated world.
func (s *simulated) post(path, body string) string {
	s.t.Helper()
	resp, err := http.Post(s.control+path, "application/json", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("POST %s: %s %s %v", path, resp.Status, answer, err)
	}
	return string(answer)
}

// clearFaults ends every fault.
func (s *simulated) clearFaults() {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodDelete, s.control+"/fault", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
}

// tell asks something of the simulated world.
func tell[T any](s *simulated, path string) (v T) {
	s.t.Helper()
	resp, err := http.Get(s.control + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil {
		s.t.Fatalf("GET %s: %v", path, err)
	}
	return v
}

// link links a number of that name by letting a phone scan its first code.
func (p *program) link(s *simulated, name string) {
	p.t.Helper()
	pr := p.start("link", "--name", name, "--qr", "text")
	s.post("/scan", pr.line())
	if code := pr.code(); code != 0 {
		p.t.Fatalf("link: exit %d: %s", code, pr.errs)
	}
	p.must("numbers", "pace", name, "off", "--yes")
}
