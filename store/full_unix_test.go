//go:build unix

package store_test

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
)

// A disk that refuses to write is tried again five seconds later, and nothing
// is claimed until it takes it: here the system refuses to let a file grow, in a
// process of its own since the limit is the process's.
func TestFullDiskIsTriedAgainAfterFiveSeconds(t *testing.T) {
	const own = "RECADO_TEST_FULL_DISK"
	if os.Getenv(own) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), own+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var roomy syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &roomy); err != nil {
		t.Fatal(err)
	}
	full := roomy
	full.Cur = 4096
	s := newShop(t, 1, "")
	id := s.start("")
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		t.Fatal(err)
	}
	got, hold := s.claim(), s.book.Holds()[s.number]
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &roomy); err != nil {
		t.Fatal(err)
	}
	want := campaign.Hold{Reason: reason.HoldDisk, Until: s.now.Add(5 * time.Second)}
	if got.Delivery != nil || got.Hold != want || hold != want {
		t.Errorf("a full disk: %+v, the screens say %+v; want %+v", got, hold, want)
	}
	if d := s.delivery(id); d.State != campaign.Queued || d.Attempts != 0 {
		t.Errorf("it is %s after %d tries", d.State, d.Attempts)
	}
	s.now = want.Until
	s.settle(s.mustClaim(), accepted)
	if d := s.delivery(id); d.State != campaign.Sent || d.Attempts != 1 {
		t.Errorf("once there is room it is %s after %d tries", d.State, d.Attempts)
	}
}
