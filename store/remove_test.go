package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
)

// reasonIn is the reason inside that of an error.
func reasonIn(err error) reason.Code {
	if err == nil {
		return ""
	}
	r := reason.Of(err)
	inner, _ := r.Args[len(r.Args)-1].(reason.Reason)
	return inner.Code
}

// TestADeleteThatDiesAtAnyCommitGoesOn: of a campaign that was cancelled before anything
// left, all that there is goes, and its id is not used again.
func TestADeleteThatDiesAtAnyCommitGoesOn(t *testing.T) {
	y := newYard(t, 23)
	ok(t, desk(y.book).OptOut(y.person(3).ID, "asked for it"))
	id := y.begin()
	y.finish(id)
	_, err := desk(y.book).Cancel(id)
	ok(t, err)
	if _, err := desk(y.book).DeleteCampaign(t.Context(), id); reasonIn(err) != reason.DeleteRuns {
		t.Errorf("while it is being cancelled: %v", err)
	}
	y.finish(id)
	given, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := desk(y.book).DeleteCampaign(given, id); !errors.Is(err, given.Err()) {
		t.Errorf("with a context that has ended: %v", err)
	}
	begun := make(chan error, 1)
	go func() { // ends with the test
		_, err := desk(y.book).DeleteCampaign(t.Context(), id)
		begun <- err
	}()
	for _, there := y.job(id); !there; _, there = y.job(id) {
		time.Sleep(time.Millisecond)
	}
	for more := true; more; more = y.chunk(id) {
		z := y.copied()
		rest(t, z.book)
		z.sound()
		if _, err := z.book.Campaign(id); !errors.Is(err, ErrNotFound) {
			t.Errorf("it is still there: %v", err)
		}
		if all, err := z.book.Deliveries(id, -1, 100); err != nil || len(all) != 0 {
			t.Errorf("%d messages are still there, %v", len(all), err)
		}
		next, err := desk(z.book).AddCampaign(campaign.Campaign{Name: "c"})
		if err != nil || next.ID == id {
			t.Errorf("the next one is %d, %v", next.ID, err)
		}
	}
	ok(t, <-begun)
	entries, err := y.book.AuditBefore(1<<40, 1)
	if err != nil || entries[0].Verb != VerbCampaignDelete || entries[0].Outcome != Done || entries[0].Counts["people"] != 23 || entries[0].Name != "c" {
		t.Errorf("the audit has %+v, %v", entries, err)
	}
}

// TestWhatIsEvidenceIsNotDeleted: a campaign that is under way, has sent something, or has
// tried; a draft, one that is scheduled and what came to nothing go.
func TestWhatIsEvidenceIsNotDeleted(t *testing.T) {
	y := newYard(t, 3)
	refused := func(id campaign.ID, want reason.Code) {
		t.Helper()
		if _, err := desk(y.book).DeleteCampaign(t.Context(), id); reasonIn(err) != want || !errors.Is(err, ErrState) {
			t.Errorf("%v, want %s", err, want)
		}
		if _, err := y.book.Campaign(id); err != nil {
			t.Errorf("it is gone: %v", err)
		}
	}
	id := y.begin()
	refused(id, reason.DeleteRuns)
	y.finish(id)
	refused(id, reason.DeleteRuns)
	d := y.claim()
	_, err := desk(y.book).Cancel(id)
	ok(t, err)
	y.finish(id)
	refused(id, reason.DeleteSent) // on the wire
	ok(t, y.book.Settle(*d, campaign.Outcome{Kind: campaign.Refused, Code: 403, Reason: reason.New(reason.RefusedPerson)}, y.now))
	refused(id, reason.DeleteSent) // and refused
	draft, err := desk(y.book).AddCampaign(campaign.Campaign{Name: "a", Text: "Oi"})
	ok(t, err)
	planned, err := desk(y.book).AddCampaign(campaign.Campaign{Name: "b", Text: "Oi"})
	ok(t, err)
	_, err = desk(y.book).Schedule(planned.ID, time.Now().Add(time.Hour))
	ok(t, err)
	for _, id := range []campaign.ID{draft.ID, planned.ID} {
		_, err := desk(y.book).DeleteCampaign(t.Context(), id)
		ok(t, err)
		if _, err := y.book.Campaign(id); !errors.Is(err, ErrNotFound) {
			t.Errorf("it is still there: %v", err)
		}
	}
	y.sound()
	if next, err := y.book.NextStart(); err != nil || !next.IsZero() {
		t.Errorf("something starts at %v, %v", next, err)
	}
}
