package command

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestTheDeathOfAnExaminationIsAFinding: a crash, a hang, words without end.
func TestTheDeathOfAnExaminationIsAFinding(t *testing.T) {
	for _, test := range []struct {
		script string
		limit  time.Duration
		want   string
	}{
		{`kill -SEGV $$`, time.Minute, "check_deadly signal: segmentation fault"},
		{`exit 2`, time.Minute, "check_deadly exit status 2"},
		{`exec sleep 600`, 50 * time.Millisecond, "check_endless 50ms"},
		{`exec yes`, time.Minute, "check_deadly "},
		{`echo '{"Health":{"Size":1,"Wrong":["x"]}}'`, time.Minute, "x"},
	} {
		h, err := watch(context.Background(), exec.Command("sh", "-c", test.script), test.limit)
		if err != nil || len(h.Wrong) != 1 || !strings.HasPrefix(h.Wrong[0].Error(), test.want) {
			t.Errorf("%s: %q, %v; want %q", test.script, h.Wrong, err, test.want)
		}
	}
	if h, err := watch(context.Background(), exec.Command("sh", "-c", `echo '{"Error":"no"}'`), time.Minute); err == nil || err.Error() != "no" || len(h.Wrong) > 0 {
		t.Errorf("an error: %q, %v", h.Wrong, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	if h, err := watch(ctx, exec.Command("sh", "-c", "exec sleep 600"), time.Minute); !errors.Is(err, context.Canceled) || len(h.Wrong) > 0 {
		t.Errorf("interrupted: %q, %v", h.Wrong, err)
	}
}
