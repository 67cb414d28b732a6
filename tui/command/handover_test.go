package command_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const twoPeople = "nome;telefone;tags;cidade\nAna Souza;(11) 98765-4321;vip;São Paulo\nBia;+55 21 99876-5432;;\n"

func TestCommandRunsInTheProcessThatOwnsTheData(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	owner := p.owner()
	p.file("people.csv", twoPeople)

	// The path is relative to where the caller is, not to where the owner is.
	if r := p.run("contacts", "import", "people.csv"); r.code != 0 {
		t.Fatalf("import: exit %d: %s", r.code, r.err)
	}
	if got := p.must("contacts", "list", "tag:vip"); !strings.Contains(got, "Ana Souza") || strings.Contains(got, "Bia") {
		t.Errorf("contacts list tag:vip: %q", got)
	}
	if r := p.run("campaign", "show", "7"); r.code != 3 || r.out != "" || !strings.Contains(r.err, "7") {
		t.Errorf("show of no campaign: exit %d, out %q, err %q; want 3 and words on stderr", r.code, r.out, r.err)
	}
	owner.interrupt()
	if code := owner.code(); code != 0 {
		t.Errorf("the owner ends with %d: %s", code, owner.errs)
	}
	// What the owner was given is in the book that the next process opens.
	if got := strings.Count(p.must("contacts", "list"), "\n"); got != 2 {
		t.Errorf("%d contacts after the owner ended, want 2", got)
	}
}

func TestStandardInputOfTheCallerIsRead(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.owner()
	if r := p.runWith(strings.NewReader(twoPeople), "contacts", "import", "-"); r.code != 0 {
		t.Fatalf("import -: exit %d: %s", r.code, r.err)
	}
	if got := strings.Count(p.must("contacts", "list"), "\n"); got != 2 {
		t.Errorf("%d contacts, want 2", got)
	}
}

func TestBigOutputAndInputPassTheDoorWhole(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.owner()
	var csv strings.Builder
	csv.WriteString("name,phone\n")
	const people = 20000
	for i := range people {
		fmt.Fprintf(&csv, "Person %05d,+55119%08d\n", i, 80000000+i)
	}
	p.file("many.csv", csv.String())
	p.must("contacts", "import", "many.csv")
	if got := strings.Count(p.must("contacts", "list", "--json"), "\n"); got != people {
		t.Errorf("%d lines came back, want %d", got, people)
	}
}

func TestManyCommandsAtOnceAllSucceed(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	var all sync.WaitGroup
	for i := range 8 {
		p.file(fmt.Sprintf("%d.csv", i), fmt.Sprintf("name,phone\nPerson %d,+551198765432%d\n", i, i))
		all.Go(func() {
			if r := p.run("contacts", "import", fmt.Sprintf("%d.csv", i)); r.code != 0 {
				t.Errorf("import %d: exit %d: %s", i, r.code, r.err)
			}
		})
	}
	all.Wait()
	if got := strings.Count(p.must("contacts", "list"), "\n"); got != 8 {
		t.Errorf("%d contacts, want 8", got)
	}
}

func TestAnOwnerKilledLeavesTheDirectoryUsable(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.file("people.csv", twoPeople)
	owner := p.owner()
	p.must("contacts", "import", "people.csv")
	owner.kill()
	if _, err := os.Stat(filepath.Join(p.data, "recado.sock")); err != nil {
		t.Fatalf("the killed owner left no socket, so this shows nothing: %v", err)
	}
	if got := strings.Count(p.must("contacts", "list"), "\n"); got != 2 {
		t.Errorf("%d contacts, want 2", got)
	}
	p.owner()
	p.must("contacts", "list")
}

func TestRunGoesOnWhenItsOwnerEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*process){"interrupted": (*process).interrupt, "killed": (*process).kill} {
		t.Run(name, func(t *testing.T) {
			p := newProgram(t)
			first := p.owner()
			second := p.start("run")
			p.await("the second run to be handed over", func() bool { return second.sockets() > 0 })
			end(first)
			first.code()
			p.await("the second run to own the data", func() bool {
				pid, err := os.ReadFile(filepath.Join(p.data, "recado.pid"))
				return err == nil && strings.TrimSpace(string(pid)) == fmt.Sprint(second.cmd.Process.Pid)
			})
			p.must("contacts", "list")
			second.interrupt()
			if code := second.code(); code != 0 {
				t.Errorf("the second run ends with %d: %s", code, second.errs)
			}
		})
	}
}

func TestInterruptOfTheCallerStopsTheCommandAndNotTheOwner(t *testing.T) {
	t.Parallel()
	s := simulate(t)
	p := newProgram(t).with(s.env...)
	owner := p.owner()
	link := p.start("link", "--name", "loja", "--qr", "text")
	link.line()
	if got := p.must("numbers"); !strings.Contains(got, "linking") {
		t.Errorf("numbers while linking: %q", got)
	}
	link.interrupt()
	if code := link.code(); code != 130 {
		t.Errorf("interrupted link: exit %d: %s", code, link.errs)
	}
	if got := p.must("numbers"); got != "" {
		t.Errorf("a number that was never linked stays: %q", got)
	}
	owner.interrupt()
	if code := owner.code(); code != 0 {
		t.Errorf("the owner ends with %d: %s", code, owner.errs)
	}
}

func TestLongPathsWork(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.data = filepath.Join(t.TempDir(), strings.Repeat("a-long-name/", 15), "data")
	p.owner()
	p.file("people.csv", twoPeople)
	p.must("contacts", "import", "people.csv")
	if got := strings.Count(p.must("contacts", "list"), "\n"); got != 2 {
		t.Errorf("%d contacts, want 2", got)
	}
}

func TestAStalledCallerStopsNobody(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	owner := p.owner()
	var csv strings.Builder
	csv.WriteString("name,phone\n")
	for i := range 20000 {
		fmt.Fprintf(&csv, "Person %05d,+55119%08d\n", i, 80000000+i)
	}
	p.file("many.csv", csv.String())
	p.must("contacts", "import", "many.csv")
	stalled := p.command("contacts", "list", "--json") // nobody reads its pipe
	pipe, err := stalled.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := stalled.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { pipe.Close(); stalled.Process.Kill(); stalled.Wait() }()
	if _, err := pipe.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	p.file("people.csv", twoPeople)
	p.must("contacts", "import", "people.csv")
	if testing.Short() {
		return
	}
	owner.interrupt()
	if code := owner.code(); code != 0 {
		t.Errorf("the owner ends with %d: %s", code, owner.errs)
	}
}

func TestWhatOthersCanReadIsRefusedWithTheCommandThatMendsIt(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.must("numbers")
	for path, mode := range map[string]os.FileMode{p.data: 0o755, filepath.Join(p.data, "book.db"): 0o644} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("chmod %o '%s'", info.Mode().Perm(), path)
		if r := p.run("numbers"); r.code != 4 || !strings.Contains(r.err, want) {
			t.Errorf("%s is open: exit %d, %q; want 4 and %q", path, r.code, r.err, want)
		}
		if err := os.Chmod(path, info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
	p.must("numbers")
	for _, name := range []string{"book.db", "recado.log"} {
		if info, err := os.Stat(filepath.Join(p.data, name)); err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

func TestDemoDataAndRealDataDoNotMix(t *testing.T) {
	t.Parallel()
	s := simulate(t)
	real := newProgram(t)
	real.must("numbers")
	if r := real.with(s.env...).run("numbers"); r.code != 4 {
		t.Errorf("a simulated service on real data: exit %d, %q; want 4", r.code, r.err)
	}
	demo := newProgram(t)
	demo.with(s.env...).must("numbers")
	if r := demo.run("numbers"); r.code != 4 {
		t.Errorf("the real service on a demo's data: exit %d, %q; want 4", r.code, r.err)
	}
	real.owner()
	if r := real.with(s.env...).run("numbers"); r.code != 4 {
		t.Errorf("a simulated service handed to a real owner: exit %d, %q; want 4", r.code, r.err)
	}
}

func TestOnlyLoopbackServersAreAllowed(t *testing.T) {
	t.Parallel()
	p := newProgram(t).with("RECADO_SERVER=192.0.2.1:443", "RECADO_SERVER_CA=/dev/null", "RECADO_SERVER_KEY=00")
	if r := p.run("numbers"); r.code != 2 || !strings.Contains(r.err, "loopback") {
		t.Errorf("exit %d, %q; want 2 and the reason", r.code, r.err)
	}
}

func TestNonsenseAtTheDoorHarmsNobody(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.owner()
	for _, nonsense := range []string{
		"", "GET / HTTP/1.1\r\n\r\n", "q\x00\x00\x00\x02{}", "q\xff\xff\xff\xff", "x\x00\x00\x00\x00",
		"q\x00\x00\x00\x10{\"Protocol\":1}  ", "q\x00\x00\x00\x24{\"Protocol\":1,\"Args\":[\"demo\"]}     ",
	} {
		conn, err := net.Dial("unix", filepath.Join(p.data, "recado.sock"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(nonsense)); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	p.must("contacts", "list")
}

// TestTheStatusIsWatchedUntilItIsInterrupted: it looks again and again, whoever owns the
// data meanwhile.
func TestTheStatusIsWatchedUntilItIsInterrupted(t *testing.T) {
	t.Parallel()
	s := simulate(t)
	p := newProgram(t).with(s.env...)
	watch := p.start("status", "--watch", "--json")
	if first := watch.line(); !strings.Contains(first, `"numbers":[]`) {
		t.Fatalf("at first it says %s", first)
	}
	p.link(s, "loja")
	p.await("the number that was linked meanwhile", func() bool { return strings.Contains(watch.line(), `"name":"loja"`) })
	watch.interrupt()
	if code := watch.code(); code != 0 {
		t.Errorf("interrupted it ends with %d: %s", code, watch.errs)
	}
}
