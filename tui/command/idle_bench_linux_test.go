package command_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkPacedLanes is how much of a core the program takes, the whole process that
// owns the data, while twenty linked numbers send a campaign: "idle" is while each has
// sent a message and waits for its next turn, "paced" is at the gaps that a number has
// at first with people who know it, receipts and all. Both in percent of a core, of the
// time that the process is on a processor; so that other work on the machine is not in it.
//
//	go test ./tui/command -run '^$' -bench PacedLanes -benchtime 1x
func BenchmarkPacedLanes(b *testing.B) {
	const numbers, idle, paced = 20, time.Minute, 2 * time.Minute
	s := simulate(b, "--people", fmt.Sprint(20*numbers), "--reads", "0.7", "--speed", "-1")
	p := newProgram(b).with(s.env...)
	for i := range numbers {
		p.link(s, fmt.Sprint("n", i))
	}
	p.everybody(s)
	owner := p.owner()
	used := func() time.Duration {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", owner.cmd.Process.Pid))
		if err != nil {
			b.Fatal(err)
		}
		_, after, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(after)
		ticks := 0
		for _, field := range fields[11:13] { // in user mode, and in the system
			n, err := strconv.Atoi(field)
			if err != nil {
				b.Fatal(err)
			}
			ticks += n
		}
		return time.Duration(ticks) * 10 * time.Millisecond
	}
	share := func(d time.Duration) float64 {
		before, begun := used(), time.Now()
		time.Sleep(d)
		return 100 * float64(used()-before) / float64(time.Since(begun))
	}
	for b.Loop() {
		id := p.campaign("--name", "a", "--text", "Oi {nome|você}", "--to", "tag:lote", "--pace", "gap=1h-1h new-gap=1h-1h", "--yes")
		p.await("each to have sent one", func() bool { return p.progress(id) >= numbers })
		time.Sleep(5 * time.Second) // receipts come
		b.ReportMetric(share(idle), "idle-%")
		p.must("campaign", "cancel", id)
		id = p.campaign("--name", "b", "--text", "Oi {nome|você}", "--to", "tag:lote", "--pace", "gap=30s-60s new-gap=30s-60s", "--yes")
		p.await("each to have sent one", func() bool { return p.progress(id) >= numbers })
		before := p.progress(id)
		b.ReportMetric(share(paced), "paced-%")
		b.ReportMetric(float64(p.progress(id)-before), "messages-paced")
		p.must("campaign", "cancel", id)
	}
	b.ReportMetric(0, "ns/op")
}
