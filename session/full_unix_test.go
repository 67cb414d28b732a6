//go:build unix

package session

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
)

const fullEnv = "RECADO_TEST_FULL_DISK"

// TestFullDiskHoldsTheSendingUntilThereIsRoom meets a real refusal of the
// kernel to let any file grow, in a process of its own since the limit is the
// process's.
func TestFullDiskHoldsTheSendingUntilThereIsRoom(t *testing.T) {
	if os.Getenv(fullEnv) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFullDiskHoldsTheSendingUntilThereIsRoom$", "-test.v")
		cmd.Env = append(os.Environ(), fullEnv+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	const size = 30
	inBubble(t, simulator.Config{People: size}, func(r *rig) {
		id, phone := r.linked("loja")
		r.everybody()
		minute := campaign.Span{Min: time.Minute, Max: time.Minute}
		c := r.starts(campaign.Campaign{Name: "promo", Text: "olá", Pace: campaign.Pace{Gap: minute, NewGap: minute}})
		stop := r.lanes()
		defer stop()
		time.Sleep(10 * time.Minute)

		var roomy, full syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &roomy); err != nil {
			r.Fatal(err)
		}
		full = roomy
		full.Cur = 4096
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
			r.Fatal(err)
		}
		time.Sleep(3 * time.Minute) // what is on its way may still arrive
		sent := len(r.service.Ledger().Stanzas())
		time.Sleep(time.Hour)
		hold := r.book.Holds()[id]
		if ready := r.pool.Sender(id).Ready().Hold; hold.Reason != reason.HoldDisk && ready.Reason != reason.HoldDisk {
			r.Errorf("the hold is %+v, ready %+v; want the disk", hold, ready)
		}
		if n := len(r.service.Ledger().Stanzas()); n != sent || sent == 0 || sent >= size {
			r.Errorf("%d messages left before, %d an hour later; want no more", sent, n)
		}

		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &roomy); err != nil {
			r.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		r.own(phone).Drop() // what could not be written down comes again
		time.Sleep(time.Hour)
		counts, err := r.book.Counts(c)
		if err != nil {
			r.Fatal(err)
		}
		if counts[campaign.Delivered] != size {
			r.Errorf("in the end: %v, want %d delivered", counts, size)
		}
		if twice := r.service.Ledger().Twice(); len(twice) > 0 {
			r.Errorf("somebody sees it twice: %+v", twice)
		}
		fmt.Println("sent before the disk was full:", sent)
	})
}
