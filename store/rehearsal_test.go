package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
)

// hourly counts what left in each hour since 1970.
func hourly(left []time.Time) map[int64]int {
	byHour := make(map[int64]int)
	for _, at := range left {
		byHour[at.Unix()/3600]++
	}
	return byHour
}

// What a rehearsal shows hour by hour is what then leaves in each of them, of a
// draft and of a campaign in the middle; and neither asks anything to be written.
func TestRehearsalIsWhatThenLeavesHourByHour(t *testing.T) {
	s := newShop(t, 60, "gap=7m new-gap=11m every=10 long=40m day=30 hours=09:00-14:00")
	s.known(20)
	draft, err := s.write("hour=3")
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	asDraft, err := s.book.Rehearse(t.Context(), draft.ID, s.now)
	if err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(s.path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("a rehearsal of a draft has written something, %v", err)
	}
	preflight, err := s.book.Preflight(t.Context(), draft, s.now)
	if err != nil || len(asDraft.Hours) == 0 || len(asDraft.Hours) != len(preflight.Forecast.Hours) || !asDraft.Ends.Equal(preflight.Forecast.Ends) {
		t.Errorf("the review knows of %d hours, the rehearsal of %d, %v", len(preflight.Forecast.Hours), len(asDraft.Hours), err)
	}
	if _, err := desk(s.book).Start(draft.ID, s.now); err != nil {
		t.Fatal(err)
	}
	s.sendSome(1) // how long one takes is known then: not at all
	inTheMiddle, err := s.book.Rehearse(t.Context(), draft.ID, s.now)
	if err != nil {
		t.Fatal(err)
	}
	left, _ := s.sendAll(30 * 24 * time.Hour)
	really := hourly(left)
	holds := make(map[reason.Code]bool)
	for _, h := range inTheMiddle.Hours {
		hour := h.From.Unix() / 3600
		if h.Count != really[hour] || h.Number != s.number {
			t.Errorf("from %v %d are said to leave from number %d, and %d left", h.From, h.Count, h.Number, really[hour])
		}
		delete(really, hour)
		holds[h.Binds.Reason] = true
	}
	for at, n := range really {
		t.Errorf("%d left from %v, of which nothing was said", n, time.Unix(at*3600, 0))
	}
	for _, want := range []reason.Code{reason.HoldGap, reason.HoldHours, reason.HoldHour} {
		if !holds[want] {
			t.Errorf("%q never holds: %v", want, holds)
		}
	}
	if !inTheMiddle.Rehearsed() || len(left) != 59 {
		t.Errorf("%d left", len(left))
	}
}

func TestRehearsalIsOfWhatThereIsAndEndsWithWhoeverWaits(t *testing.T) {
	s := newShop(t, 3, "")
	if _, err := s.book.Rehearse(t.Context(), 9, s.now); err == nil {
		t.Error("there is a rehearsal of no campaign")
	}
	draft, err := s.write("")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 { // as a draft, and when it runs
		if _, err := s.book.Rehearse(ctx, draft.ID, s.now); !errors.Is(err, context.Canceled) {
			t.Errorf("nobody waits, and it says %v", err)
		}
		if c, err := s.book.Campaign(draft.ID); err == nil && c.Status == campaign.Draft {
			_, err = desk(s.book).Start(draft.ID, s.now)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	s.sendAll(time.Hour)
	if f, err := s.book.Rehearse(t.Context(), draft.ID, s.now); err != nil || len(f.Hours) != 0 || f.Left != 0 || !f.Rehearsed() {
		t.Errorf("of a campaign that has been sent: %+v, %v", f, err)
	}
}
