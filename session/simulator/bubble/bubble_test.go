package bubble

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestOnlyTheReaderOfTheLibraryMayStay(t *testing.T) {
	const reader = "goroutine 7 [chan send (durable), synctest bubble 2]:\n" +
		"go.mau.fi/whatsmeow/socket.(*FrameSocket).frameComplete(...)\n\t/socket/framesocket.go:163\n"
	const other = "goroutine 8 [chan receive (durable), synctest bubble 2]:\nrecado/session.(*link).work(0x1)\n"
	const outside = "goroutine 1 [running]:\nmain.main()\n"
	for _, c := range []struct {
		stacks []string
		want   bool
	}{
		{[]string{outside, reader}, true},
		{[]string{outside, reader, reader}, true},
		{[]string{outside, reader, other}, false},
		{[]string{outside, other}, false},
	} {
		if got := onlyReaders([]byte(strings.Join(c.stacks, "\n"))); got != c.want {
			t.Errorf("%q: %v", c.stacks, got)
		}
	}
}

func TestAGoroutineThatStaysFailsTheTest(t *testing.T) {
	if os.Getenv("RECADO_TEST_STAYS") != "" {
		Test(t, func(*testing.T) { go func() { select {} }() })
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "RECADO_TEST_STAYS=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "blocked goroutines remain") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestAMistakeFailsTheTest(t *testing.T) {
	if os.Getenv("RECADO_TEST_MISTAKE") != "" {
		Test(t, func(t *testing.T) { t.Error("a mistake") })
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "RECADO_TEST_MISTAKE=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "a mistake") {
		t.Errorf("%v: %s", err, out)
	}
}
