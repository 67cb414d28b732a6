//go:build unix

package device

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
)

const fullEnv = "DEVICE_TEST_FULL_DISK"

// TestFullDiskStopsAndGoesOn meets a real refusal of the kernel to let the file grow, in a process
// of its own since the limit is the process's.
func TestFullDiskStopsAndGoesOn(t *testing.T) {
	if os.Getenv(fullEnv) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFullDiskStopsAndGoesOn$", "-test.v")
		cmd.Env = append(os.Environ(), fullEnv+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	c := openNew(t)
	d := link(t, c, ownJID)
	must(t, d.Sessions.PutSession(ctx, "first:0", []byte("first")))
	var limit syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	roomy := limit
	limit.Cur = 128 << 10
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))

	stored := 0
	var err error
	for ; stored < 1000 && err == nil; stored++ {
		err = d.Sessions.PutSession(ctx, fmt.Sprint(stored, ":0"), make([]byte, 1000))
	}
	if err == nil || c.Err() == nil {
		t.Fatalf("after %d sessions: %v, Err() = %v", stored, err, c.Err())
	}
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &roomy))
	untilWell(c)
	must(t, d.Sessions.PutSession(ctx, "last:0", []byte("last")))
	c = reopen(t, c)
	d = load(t, c, ownJID)
	for _, address := range []string{"first:0", "last:0", "0:0", fmt.Sprint(stored-2, ":0")} {
		if has, err := d.Sessions.HasSession(ctx, address); !has || err != nil {
			t.Errorf("session %s: %v, %v", address, has, err)
		}
	}
	must(t, c.Close())
}
