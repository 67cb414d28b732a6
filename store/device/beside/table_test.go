package beside

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

// The table of docs/device-store.md is written, in this directory, by
//
//	go test -run TestTable -table ../../../docs/device-store.md -benchtime 100ms -timeout 40m

var (
	tablePath = flag.String("table", "", "run the benchmarks and write their table to this `file`")
	tableNote = flag.String("note", "", "what there is to say of the machine while the table is made")
)

// tableRuns is how often each benchmark runs for its median.
const tableRuns = 3

const tableHead = `# The device store beside SQLite

How long one call takes in ` + "`store/device`" + ` and in whatsmeow's own ` + "`sqlstore`" + ` on SQLite: at its
defaults, with a write-ahead log that is synced now and then (WAL+NORMAL, which may lose the last commits
with the power), and with one that is synced at every commit (WAL+FULL, which promises what ours
promises). Each of their times is that of the faster of two drivers, as is said behind it: C is
github.com/mattn/go-sqlite3, Go is modernc.org/sqlite. Every write changes its value.

Written by

    cd store/device/beside
    go test -run TestTable -table ../../../docs/device-store.md -benchtime %s -timeout 40m

which needs a C compiler, and is a module of its own so that the program does not;

    go test -run '^$' -bench 'Store/GetSession$'

runs one of them, and without a C compiler beside the driver in Go alone.

On %s with %s on %s/%s, %d cores. Every time is the median of %d runs, in which the
stores take turns. %sThe last two columns divide the time of ours by theirs: below 1, ours is faster. A
figure in **bold** misses its mark. The marks are below 1 against the defaults, and against WAL+FULL below
1 for what reads, writes nothing new or much at once, or has 8 writers or more, and at most 2 for the
rest. Ours has two syncs in every commit where a log has one; writers that come together share them.

† Ours returns before the disk has it, and writes it within 200ms: it can be learnt again.

The map of LIDs is read into memory in the background when the file is opened; until that is done the
disk answers. Once warm, both stores look into a map of their own.

| Operation | ours | default | WAL+NORMAL | WAL+FULL | ours ÷ default | ours ÷ WAL+FULL |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
`

func TestTable(t *testing.T) {
	if *tablePath == "" {
		t.Skip("no -table")
	}
	if len(drivers) < 2 {
		t.Fatal("the table needs both drivers: set CGO_ENABLED=1 and have a C compiler")
	}
	note := *tableNote
	if note != "" {
		note += " "
	}
	var out strings.Builder
	fmt.Fprintf(&out, tableHead, flag.Lookup("test.benchtime").Value, time.Now().UTC().Format(time.DateOnly), runtime.Version(),
		runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), tableRuns, note)
	for _, bench := range benchmarks {
		row := tableRow(bench, medians(t, bench))
		t.Log(row)
		fmt.Fprintln(&out, row)
	}
	must(t, os.WriteFile(*tablePath, []byte(out.String()), 0o644))
}

// medians answers the time of one operation on each of engines.
func medians(t *testing.T, bench benchmark) map[engine]time.Duration {
	runs := make(map[engine][]time.Duration)
	for range tableRuns {
		for _, e := range engines() {
			var failed bool
			result := testing.Benchmark(func(b *testing.B) {
				defer func() { failed = b.Failed() }()
				bench.run(b, e)
			})
			if failed || result.N == 0 {
				t.Fatalf("%s fails on %s", bench.name, e)
			}
			runs[e] = append(runs[e], result.T/time.Duration(result.N))
		}
	}
	out := make(map[engine]time.Duration)
	for e, times := range runs {
		slices.Sort(times)
		out[e] = times[len(times)/2]
	}
	return out
}

func tableRow(bench benchmark, times map[engine]time.Duration) string {
	ours := times[engine{}]
	cells := []string{bench.name, figures(ours)}
	if bench.behind {
		cells[0] += " †"
	}
	var theirs [len(settings)]time.Duration
	for setting := range settings {
		fastest := engine{&drivers[0], setting}
		for i := range drivers {
			if e := (engine{&drivers[i], setting}); times[e] < times[fastest] {
				fastest = e
			}
		}
		theirs[setting] = times[fastest]
		cells = append(cells, figures(times[fastest])+" "+fastest.driver.name)
	}
	cells = append(cells, ratio(ours, theirs[0], 1), ratio(ours, theirs[len(theirs)-1], bench.mark))
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

// TestTableShowsTheFasterDriver makes a row of times that were not measured.
func TestTableShowsTheFasterDriver(t *testing.T) {
	was := drivers
	defer func() { drivers = was }()
	drivers = []driver{{name: "Go"}, {name: "C"}}
	times := map[engine]time.Duration{{}: 30 * time.Microsecond}
	for setting := range settings {
		times[engine{&drivers[0], setting}] = time.Duration(40-10*setting) * time.Microsecond
		times[engine{&drivers[1], setting}] = time.Duration(25+5*setting) * time.Microsecond
	}
	got := tableRow(benchmark{name: "Put", mark: 1, behind: true}, times)
	if want := "| Put † | 30µs | 25µs C | 30µs Go | 20µs Go | **1.2** | **1.5** |"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
