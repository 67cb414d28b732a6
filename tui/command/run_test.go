package command

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestAFullDiskIsSaidOnceAndEndsARunThatIsWaitedFor follows one through time.
func TestAFullDiskIsSaidOnceAndEndsARunThatIsWaitedFor(t *testing.T) {
	var errs bytes.Buffer
	i := &idleness{call: &call{env: Env{Stderr: &errs}, tongue: english}, dir: "/data"}
	now := time.Unix(1e9, 0)
	said := func() int { return strings.Count(errs.String(), "free some space in /data") }
	step := func(d time.Duration, refused, waited bool) error {
		now = now.Add(d)
		return i.full(refused, now, waited)
	}
	for _, s := range []struct {
		after           time.Duration
		refused, waited bool
		said            int
		ends            bool
	}{
		{0, false, true, 0, false},
		{0, true, true, 0, false},
		{fullFor - 1, true, true, 0, false},
		{1, true, true, 1, false},
		{time.Second, true, true, 1, false},
		{time.Second, false, true, 1, false}, // there is room again
		{time.Hour, true, true, 1, false},
		{fullFor, true, true, 2, false},
		{fullWithin - fullFor - 1, true, true, 2, false},
		{2 * fullWithin, true, false, 2, false}, // nobody waits for its end
		{1, true, true, 2, true},
	} {
		err := step(s.after, s.refused, s.waited)
		failed := (*failure)(nil)
		if ends := errors.As(err, &failed) && failed.code == ExitFailed && strings.Contains(failed.text, "free some space in /data"); ends != s.ends || !ends && err != nil {
			t.Errorf("%+v: %v", s, err)
		}
		if said() != s.said {
			t.Errorf("%+v: said %d times", s, said())
		}
	}
}
