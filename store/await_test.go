package store

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestWhoWaitsForTheNextJobIsNotToldOfTheLast: the jobs of a campaign have one key,
// and between the end of one and its telling the next may begin.
func TestWhoWaitsForTheNextJobIsNotToldOfTheLast(t *testing.T) {
	b := newYard(t, 1).book
	k := campaignJobKey(1)
	first := b.await(k)
	last := b.waiter(k)
	second := b.await(k)
	b.releaseOnly(last, k, ended{})
	for _, wait := range []func(context.Context) (job, error){first, second} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if _, err := wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("told of the end of another job: %v", err)
		}
		cancel()
	}
	b.release(k, ended{job: job{Aside: true}})
	if j, err := second(t.Context()); err != nil || !j.Aside {
		t.Errorf("%+v, %v", j, err)
	}
}
