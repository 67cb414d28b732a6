package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// takes lets the service take the next n messages.
func (y *yard) takes(n int) (left []campaign.Delivery) {
	y.Helper()
	for range n {
		d := y.claim()
		if d == nil {
			y.Fatalf("%d are sent, want %d", len(left), n)
		}
		ok(y.T, y.book.Settle(*d, campaign.Outcome{Kind: campaign.Accepted}, y.now))
		left = append(left, *d)
	}
	return left
}

// TestAnUndoThatDiesAtAnyCommitGoesOn: it is made in chunks, and whenever the process
// dies between two of them, every message that was asked for is deleted once, and no
// other one.
func TestAnUndoThatDiesAtAnyCommitGoesOn(t *testing.T) {
	y := newYard(t, 23)
	id := y.begin()
	y.finish(id)
	sent := y.takes(23)
	undo := id + 1
	y.book.stop(campaignJobKey(undo), errors.New("the test does it"))
	c, err := desk(y.book).Undo(t.Context(), id, 17, y.now)
	if c.ID != undo || !errors.Is(err, ErrGoesOn) {
		t.Fatalf("it begins as %d, %v", c.ID, err)
	}
	if d := y.claim(); d != nil {
		t.Errorf("before it is made it deletes %+v", d)
	}
	for more := true; more; more = y.chunk(undo) {
		z := y.copied()
		c, err := z.book.Started(t.Context(), undo)
		if err != nil || c.Status != campaign.Running {
			t.Fatalf("it is %s, %v", c.Status, err)
		}
		z.sound()
		z.is(undo, campaign.Running, campaign.Counts{campaign.Queued: 17})
		deleted := make(map[campaign.MessageID]int)
		for _, d := range z.takes(17) {
			deleted[d.Revokes]++
		}
		for i, d := range sent {
			if want := min(max(i-5, 0), 1); deleted[d.Message] != want {
				t.Errorf("message %d is deleted %d times, want %d", i, deleted[d.Message], want)
			}
		}
		for _, d := range sent { // what they write replies to the message, and is found at once
			ok(t, z.book.view(func(tx *bolt.Tx) error {
				if at := latestTable.Get(tx, d.Contact, d.Number); !bytes.Equal(at, deliveryKey(id, d.Seq)) {
					t.Errorf("the last message to %d is at %x", d.Contact, at)
				}
				return nil
			}))
		}
		if d := z.claim(); d != nil {
			t.Errorf("then it deletes %+v", d)
		}
		z.sound()
		z.is(undo, campaign.Finished, campaign.Counts{campaign.Sent: 17})
		z.is(id, campaign.Finished, campaign.Counts{campaign.Sent: 23})
	}
}

// TestAnUndoWhoseNumberIsGoneDeletesNothing: its link was lost while it was being made.
// What is left of it is no draft that could be started.
func TestAnUndoWhoseNumberIsGoneDeletesNothing(t *testing.T) {
	y := newYard(t, 3)
	id := y.begin()
	y.finish(id)
	y.takes(3)
	y.book.stop(campaignJobKey(id+1), errors.New("the test does it"))
	u, _ := desk(y.book).Undo(t.Context(), id, 0, y.now)
	ok(t, y.book.UnlinkNumber(y.number, campaign.Standing{}))
	y.finish(u.ID)
	u = y.is(u.ID, campaign.Draft, campaign.Counts{})
	if u.Reason.Code != reason.UndoNone {
		t.Errorf("because %v", u.Reason)
	}
	if _, err := desk(y.book).Begin(t.Context(), u.ID, y.now); !errors.Is(err, ErrState) || reason.Of(err).Code != reason.UndoBare {
		t.Errorf("it begins again: %v", err)
	}
	entries, err := y.book.AuditBefore(1<<40, 100)
	ok(t, err)
	for _, e := range entries {
		if e.Verb == VerbUndo && (e.Outcome != Failed || e.Why.Code != reason.UndoNone) {
			t.Errorf("the audit has %+v", e)
		}
	}
}

// undoWhy is why an undo is refused; empty: it is not.
func undoWhy(err error) reason.Code {
	if err == nil {
		return ""
	}
	r := reason.Of(err)
	if inner, is := r.Args[len(r.Args)-1].(reason.Reason); is {
		return inner.Code
	}
	return r.Code
}

// TestAnUndoIsRefusedWhileAnythingIsBeingMade: while the audience of the campaign is,
// and while another undo of it is.
func TestAnUndoIsRefusedWhileAnythingIsBeingMade(t *testing.T) {
	y := newYard(t, 12)
	id := y.begin()
	if _, err := desk(y.book).Undo(t.Context(), id, 0, y.now); undoWhy(err) != reason.UndoRuns {
		t.Errorf("while it is being frozen: %v", err)
	}
	y.finish(id)
	y.takes(12)
	y.book.stop(campaignJobKey(id+1), errors.New("the test does it"))
	if _, err := desk(y.book).Undo(t.Context(), id, 0, y.now); !errors.Is(err, ErrGoesOn) {
		t.Fatal(err)
	}
	if _, err := desk(y.book).Undo(t.Context(), id, 0, y.now); undoWhy(err) != reason.UndoGoesOn {
		t.Errorf("while another one is being made: %v", err)
	}
}

// TestOfTwoUndosAtOnceOneIsMade: both have looked, and found that there is none, before
// either has written.
func TestOfTwoUndosAtOnceOneIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(t, 3)
		defer y.book.Close()
		id := y.begin()
		y.finish(id)
		y.takes(3)
		held := make(chan struct{})
		y.book.db.CommitBy(func(tx *bbolt.Tx) error { <-held; return tx.Commit() })
		go func() { _, _ = desk(y.book).AddNumber("outra") }() // ends when it is written
		synctest.Wait()
		errs := make(chan error, 2)
		for range 2 {
			go func() { // ends when it is written
				_, err := desk(y.book).Undo(t.Context(), id, 0, y.now)
				errs <- err
			}()
		}
		synctest.Wait() // they have looked
		close(held)
		one, two := <-errs, <-errs
		if one != nil {
			one, two = two, one
		}
		if one != nil || undoWhy(two) != reason.UndoGoesOn {
			t.Errorf("they end with %v and %v", one, two)
		}
		if undos, err := y.book.Undos(t.Context(), id); err != nil || len(undos) != 1 {
			t.Errorf("there are %d undos, %v", len(undos), err)
		}
	})
}

// TestAnUndoLooksAtAllMessages of a campaign, more than it reads at once.
func TestAnUndoLooksAtAllMessages(t *testing.T) {
	y := newYard(t, 1)
	id := y.begin()
	y.finish(id)
	d := y.takes(1)[0]
	const all = 2*undoPage + 3
	ok(t, y.book.db.Update(func(tx *bolt.Tx) error {
		one, err := deliveryTx(tx, deliveryKey(id, d.Seq))
		for i := 1; err == nil && i < all; i++ {
			one.Seq, one.Message, one.Claimed = uint32(i), campaign.MessageID(fmt.Sprint("MORE", i)), d.Claimed.Add(time.Duration(i)*time.Second)
			err = deliveriesTable.PutAt(tx, deliveryKey(id, one.Seq), encodeDelivery(&one))
		}
		return err
	}))
	if u, err := y.book.CheckUndo(t.Context(), id, 0, y.now.Add(time.Hour)); err != nil || u.Messages != all || u.Deletes != all {
		t.Errorf("of %d: %+v, %v", all, u.Undoing, err)
	}
	if u, err := y.book.CheckUndo(t.Context(), id, 2, y.now.Add(time.Hour)); err != nil || u.Deletes != 2 || !u.places.Has(all-1) || !u.places.Has(all-2) {
		t.Errorf("the last two: %+v, %v", u.Undoing, err)
	}
}

// TestWhoIsBeingErasedIsLeftAlone: what is known of them goes in chunks, and nothing is
// deleted from their chat while it does; the rest is.
func TestWhoIsBeingErasedIsLeftAlone(t *testing.T) {
	y := newYard(t, 3)
	id := y.begin()
	y.finish(id)
	sent := y.takes(3)
	if _, err := desk(y.book).Undo(t.Context(), id, 0, y.now); err != nil {
		t.Fatal(err)
	}
	for n := range uint64(20) { // whichever number the job gets
		y.book.stop(peopleJobKey(n), errors.New("the test does it"))
	}
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if err := desk(y.book).Erase(impatient, sent[0].Contact); !errors.Is(err, ErrGoesOn) {
		t.Fatal(err)
	}
	if c, err := y.book.Contact(sent[0].Contact); err != nil || len(c.Phones()) > 0 || c.LID != "" {
		t.Fatalf("they are %+v by now, %v", c, err)
	}
	for i, d := range y.takes(2) {
		if d.Revokes != sent[i+1].Message {
			t.Errorf("it deletes %+v", d)
		}
	}
	if d := y.claim(); d != nil {
		t.Errorf("then it deletes %+v", d)
	}
	made, err := y.book.Report(t.Context(), id+1)
	if err != nil || made.LeftOut[reason.DeliveryErased] != 1 || made.Sent != 2 {
		t.Errorf("it has come to %+v, %v", made, err)
	}
}
