package session

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"recado/session/simulator"
)

// historyPieces says how the process that reads the long history gets it.
const historyPieces = "RECADO_HISTORY_PIECES"

// mostForHistory is how much memory the program may take at its highest while
// it reads 40 MB of history in pieces of 10, in MiB. The service, which keeps the pieces until
// they are deleted, is in the same process and in the same figure; what it takes
// to make them is not. Who keeps a piece beside the next one takes half as much
// again.
const mostForHistory = 400

// TestLongHistoryIsReadInLittleMemory reads 40 MB of history in a process of
// its own, whose highest resident memory the kernel knows.
func TestLongHistoryIsReadInLittleMemory(t *testing.T) {
	if os.Getenv("RECADO_LONG") == "" {
		t.Skip("RECADO_LONG is not set")
	}
	if _, err := os.Stat("/proc/self/status"); err != nil || raced {
		t.Skip("the highest resident memory is not known here")
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestHistoryInPieces$", "-test.v")
	cmd.Env = append(os.Environ(), historyPieces+"=4", "GOGC=100") // as the program runs
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found := regexp.MustCompile(`peak (\d+) MiB`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("no figure in:\n%s", out)
	}
	peak, _ := strconv.Atoi(string(found[1]))
	t.Logf("40 MB of history: %d MiB at the highest", peak)
	if peak > mostForHistory {
		t.Errorf("%d MiB, want at most %d", peak, mostForHistory)
	}
}

// TestHistoryInPieces is the process of TestLongHistoryIsReadInLittleMemory.
func TestHistoryInPieces(t *testing.T) {
	pieces, err := strconv.Atoi(os.Getenv(historyPieces))
	if err != nil {
		t.Skip("only for another test")
	}
	r := newRig(t, simulator.Config{Seed: 3, People: 300})
	defer r.service.Finish(t)
	defer func() { r.close() }()
	id, phone := r.linked("loja")
	r.own(phone).SendHistory(pieces, 10<<20)
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // the highest, from here on
		t.Fatal(err)
	}
	for r.forgotten.Load() < int64(pieces)+3 { // three come with every link
		time.Sleep(50 * time.Millisecond)
	}
	if n := r.waiting(id); n != 0 {
		t.Errorf("%d pieces wait", n)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	peak := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	kilobytes, _ := strconv.Atoi(string(peak[1]))
	fmt.Printf("peak %d MiB\n", kilobytes>>10)
}
