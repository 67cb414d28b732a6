package command_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkStart is how long a person waits for the program: for a command that
// reads the book, for the first frame of the screens and for what is in the book
// on them, when the owner is started as well ("frame", "filled") and when it is
// there already ("frame-joined", "filled-joined"). It says the medians, in
// milliseconds.
//
// With another recado in RECADO_BESIDE, one of before a change, both are started
// in turns, and the metrics "of-before" say how much of its time this one takes.
func BenchmarkStart(b *testing.B) {
	p := newProgram(b).with("TERM=xterm-256color")
	programs := []*program{p}
	if path := os.Getenv("RECADO_BESIDE"); path != "" {
		before := newProgram(b).with("TERM=xterm-256color")
		before.alter = func(cmd *exec.Cmd) { cmd.Path = path }
		programs = append(programs, before)
	}
	took := make([]map[string][]time.Duration, len(programs))
	for i, p := range programs {
		took[i] = make(map[string][]time.Duration)
		p.must("numbers") // which makes the book
	}
	turn := func(i int) {
		p, note := programs[i], took[i]
		add := func(what string, d time.Duration) { note[what] = append(note[what], d) }
		begun := time.Now()
		p.must("numbers")
		add("numbers", time.Since(begun))
		for _, joined := range []string{"", "-joined"} {
			begun := time.Now()
			screens := p.atTerminal()
			screens.shows("quit")
			add("frame"+joined, time.Since(begun))
			screens.shows("No number yet")
			add("filled"+joined, time.Since(begun))
			screens.press("q")
			screens.code()
		}
		owner := hostOf(p.data)
		p.run("stop") // one from before there were owners does not know it
		for owner != 0 && alive(owner) {
			time.Sleep(time.Millisecond) // it gives its memory back, at the cost of who comes next
		}
	}
	for n := 0; b.Loop(); n++ {
		for i := range programs {
			turn((n + i) % len(programs))
		}
	}
	for what, all := range took[0] {
		mine := middle(all)
		b.ReportMetric(float64(mine)/float64(time.Millisecond), what+"-ms")
		if len(programs) > 1 {
			b.ReportMetric(float64(mine)/float64(middle(took[1][what])), what+"-of-before")
		}
	}
	b.ReportMetric(0, "ns/op")
}

// shows waits until something is on the terminal, and sees it at once.
func (t *terminal) shows(words string) {
	t.t.Helper()
	for begun := time.Now(); !strings.Contains(t.all.String(), words); time.Sleep(200 * time.Microsecond) {
		if time.Since(begun) > patience {
			t.t.Fatalf("waited in vain for %q on the terminal: %q", words, t.all)
		}
	}
}

// middle is the median.
func middle(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
