package session

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"recado/campaign"
	"recado/session/simulator"
)

// undone compares an undo of the last messages of a campaign with what the people see:
// those are gone from their chats, once, the others stand, and the book says the same.
func (r *rig) undone(c, undo campaign.ID, last int) {
	r.Helper()
	all, err := r.book.Deliveries(c, -1, 1000)
	r.must(err)
	slices.SortStableFunc(all, func(a, b campaign.Delivery) int { return a.Claimed.Compare(b.Claimed) })
	want := make(map[string]int)
	for i, d := range all {
		if gone := i >= len(all)-last; gone {
			want[string(d.Message)] = 1
		}
		if gone := !d.RevokedAt.IsZero(); gone != (i >= len(all)-last) {
			r.Errorf("message %d of %d: the book says that it was deleted: %v", i, len(all), gone)
		}
		if !d.State.Reached() {
			r.Errorf("message %d is %v by now", i, d.State)
		}
	}
	got := make(map[string]int)
	for _, d := range r.service.Ledger().Deleted() {
		got[d.ID]++
	}
	if !maps.Equal(got, want) {
		r.Errorf("deleted on the phones are %v, want %v", got, want)
	}
	asked := make(map[string]string) // by the message that is deleted, the id of what deletes it
	for _, s := range r.service.Ledger().Stanzas() {
		if s.Kind != "revoke" {
			continue
		}
		if before, again := asked[s.Revokes]; again && before != s.ID {
			r.Errorf("%s is deleted by %s and by %s", s.Revokes, before, s.ID)
		}
		asked[s.Revokes] = s.ID
	}
	counts, err := r.book.Counts(undo)
	if r.must(err); counts.Accepted() != last || counts.Total() != last {
		r.Errorf("the undo has %v, want %d accepted", counts, last)
	}
	for _, wrong := range [][]simulator.Stanza{r.service.Ledger().Lost(), r.service.Ledger().Changed()} {
		for _, s := range wrong {
			r.Errorf("the service got %+v", s)
		}
	}
}

// asks begins an undo of the last messages of a campaign.
func (r *rig) asks(c campaign.ID, last int) campaign.ID {
	r.Helper()
	u, err := desk(r.book.Book).Undo(r.Context(), c, last, time.Now())
	r.must(err)
	return u.ID
}

// TestAMessageIsDeletedForEveryone: the last ones of a campaign are gone from the
// phones of their people, who answer, read and leave as before.
func TestAMessageIsDeletedForEveryone(t *testing.T) {
	inBubble(t, simulator.Config{People: 6}, func(r *rig) {
		c, persons, _, own := r.promoted()
		before := len(r.service.Ledger().Seen())
		undo := r.asks(c, 2)
		r.sent(undo)
		time.Sleep(time.Minute)
		r.undone(c, undo, 2)
		if after := len(r.service.Ledger().Seen()); after != before {
			t.Errorf("%d messages are seen, before %d", after, before)
		}
		r.say(persons[0], own, "SAIR")
		time.Sleep(time.Minute)
		if !r.contact(persons[0]).OptedOut {
			t.Error("a no is not heard any more")
		}
		// Their phones say so; the undo of it does not come to them again.
		again := r.asks(c, len(persons))
		r.sent(again)
		time.Sleep(time.Minute)
		if got := len(r.service.Ledger().Deleted()); got != len(persons) {
			t.Errorf("of %d people %d have it no more", len(persons), got)
		}
		made, err := r.book.Report(r.Context(), again)
		if r.must(err); made.Sent != len(persons)-2 || made.LeftOut["undo_done"] != 2 {
			t.Errorf("the second undo has come to %+v", made)
		}
	})
}

// TestAMessageIsDeletedOnceWhateverIsKilled: the program dies with what deletes a
// message on the wire, before the service got it and after.
func TestAMessageIsDeletedOnceWhateverIsKilled(t *testing.T) {
	dying(t, 4, func(r *rig, dies func(func() campaign.ID) campaign.ID) {
		c, _, id, _ := r.promoted()
		undo := dies(func() campaign.ID { return r.asks(c, 3) })
		d, err := r.book.Delivery(undo, 0)
		if err != nil || !d.InDoubt || d.Message == "" || d.Revokes == "" {
			r.Errorf("after the kill it is %+v, %v", d, err)
		}
		r.awaitState(id, campaign.Online)
		r.sent(undo)
		time.Sleep(time.Minute)
		if again, err := r.book.Delivery(undo, 0); err != nil || again.Message != d.Message || again.Revokes != d.Revokes {
			r.Errorf("it went as %+v, before %+v, %v", again, d, err)
		}
		r.undone(c, undo, 3)
	})
}

// TestAnUndoIsPausedResumedAndRestarted: nothing is deleted after the pause has been
// written, and everything after it goes on.
func TestAnUndoIsPausedResumedAndRestarted(t *testing.T) {
	inBubble(t, simulator.Config{People: 5}, func(r *rig) {
		c, persons, id, _ := r.promoted()
		limits, err := campaign.ParseLimits(campaign.Pace{}.All(), "gap=1m-1m day=1 hours=03:00-03:01")
		r.must(err)
		_, err = desk(r.book.Book).SetLimits(id, limits)
		r.must(err)
		stop := r.lanes()
		undo := r.asks(c, 0)
		time.Sleep(90 * time.Second)
		_, err = desk(r.book.Book).Pause(undo)
		r.must(err)
		synctest.Wait()
		some := len(r.service.Ledger().Deleted())
		time.Sleep(time.Hour)
		if got := len(r.service.Ledger().Deleted()); got != some || some == 0 || some == len(persons) {
			t.Errorf("%d are deleted when it is paused, and %d an hour later", some, got)
		}
		stop()
		r.restart()
		r.awaitState(id, campaign.Online)
		_, err = desk(r.book.Book).Resume(undo)
		r.must(err)
		r.sent(undo)
		time.Sleep(time.Minute)
		r.undone(c, undo, len(persons))
		var last time.Time
		for _, s := range r.service.Ledger().Stanzas() {
			if s.Kind == "revoke" && !last.IsZero() && s.Time.Sub(last) < time.Minute {
				t.Errorf("one follows the other after %v", s.Time.Sub(last))
			}
			if s.Kind == "revoke" {
				last = s.Time
			}
		}
	})
}

// TestWhoCouldNotReadAMessageDoesNotGetItAfterTheUndo: their phone has other keys and
// asks for the message again, when it is to be deleted.
func TestWhoCouldNotReadAMessageDoesNotGetItAfterTheUndo(t *testing.T) {
	for name, undo := range map[string]bool{"without an undo": false, "with one": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, simulator.Config{People: 2}, func(r *rig) {
				persons := r.everybody()
				id, own := r.linked("loja")
				r.say(persons[0], own, "oi") // they have keys of each other
				time.Sleep(time.Minute)
				first := r.campaignTo(persons[0], "olá")
				r.sent(first)
				time.Sleep(time.Minute)
				r.must(r.service.Reinstall(persons[0].Phone))
				r.must(r.service.SetPersonPhone(persons[0].Phone, false))
				c := r.campaignTo(persons[0], "oferta")
				r.sent(c)
				if undo {
					r.sent(r.asks(c, 0))
				}
				r.must(r.service.SetPersonPhone(persons[0].Phone, true))
				time.Sleep(10 * time.Minute)
				r.awaitState(id, campaign.Online)
				if n, _ := r.sawText(persons[0], "oferta"); n != map[bool]int{true: 0, false: 1}[undo] {
					t.Errorf("they saw it %d times", n)
				}
			})
		})
	}
}
