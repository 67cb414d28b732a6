package device

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// The table of docs/device-store.md is written by
//
//	go test ./store/device -run TestTable -table ../../docs/device-store.md -benchtime 100ms -timeout 20m

var tablePath = flag.String("table", "", "run the benchmarks and write their table to this `file`")

// tableRuns is how often each benchmark runs for its median.
const tableRuns = 3

const tableHead = `# The device store beside SQLite

How long one call takes in ` + "`store/device`" + ` and in whatsmeow's own ` + "`sqlstore`" + ` on SQLite
(modernc.org/sqlite): at its defaults, with a write-ahead log that is synced now and then (WAL+NORMAL,
which may lose the last commits with the power), and with one that is synced at every commit (WAL+FULL,
which promises what ours promises). Every write changes its value.

Written by

    go test ./store/device -run TestTable -table ../../docs/device-store.md -benchtime 100ms -timeout 20m

on %s with %s on %s/%s, %d cores. Every time is the median of %d runs, in which the
stores take turns. The last two columns divide the time of ours by theirs: below 1, ours is faster. A
figure in **bold** misses its mark. The marks are below 1 against the defaults, and against WAL+FULL below
1 for what reads, writes nothing new or has 8 writers or more, and at most 2 for the rest. Ours has two
syncs in every commit where a log has one; writers that come together share them.

† Ours returns before the disk has it, and writes it within %v: it can be learnt again.

The map of LIDs is read into memory in the background when the file is opened; until that is done the
disk answers. Once warm, both stores do much the same work in a map.

| Operation | ours | default | WAL+NORMAL | WAL+FULL | ours ÷ default | ours ÷ WAL+FULL |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
`

func TestTable(t *testing.T) {
	if *tablePath == "" {
		t.Skip("no -table")
	}
	var out strings.Builder
	fmt.Fprintf(&out, tableHead, time.Now().UTC().Format(time.DateOnly), runtime.Version(),
		runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), tableRuns, behindDelay)
	for _, bench := range benchmarks {
		row := tableRow(bench, medians(t, bench))
		t.Log(row)
		fmt.Fprintln(&out, row)
	}
	must(t, os.WriteFile(*tablePath, []byte(out.String()), 0o644))
}

// medians answers the time of one operation on each of engines.
func medians(t *testing.T, bench benchmark) []time.Duration {
	runs := make([][]time.Duration, len(engines))
	for range tableRuns {
		for i, engine := range engines {
			var failed bool
			result := testing.Benchmark(func(b *testing.B) {
				defer func() { failed = b.Failed() }()
				bench.run(b, engine)
			})
			if failed || result.N == 0 {
				t.Fatalf("%s fails on %s", bench.name, engine)
			}
			runs[i] = append(runs[i], result.T/time.Duration(result.N))
		}
	}
	out := make([]time.Duration, len(engines))
	for i, times := range runs {
		slices.Sort(times)
		out[i] = times[len(times)/2]
	}
	return out
}

func tableRow(bench benchmark, times []time.Duration) string {
	cells := []string{bench.name}
	if bench.behind {
		cells[0] += " †"
	}
	for _, d := range times {
		cells = append(cells, figures(d))
	}
	ours, byDefault, full := times[0], times[1], times[len(times)-1]
	cells = append(cells, ratio(ours, byDefault, 1), ratio(ours, full, bench.mark))
	return "| " + strings.Join(cells, " | ") + " |"
}

// figures writes d in three figures.
func figures(d time.Duration) string {
	unit := time.Nanosecond
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit).String()
}

func ratio(ours, theirs time.Duration, mark float64) string {
	r := float64(ours) / float64(theirs)
	s := fmt.Sprintf("%.2g", r)
	if r > mark {
		return "**" + s + "**"
	}
	return s
}
