package store_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
	"recado/store/bolt"
)

// undo deletes the last messages of the campaign.
func (s *answered) undo(last int) (campaign.Campaign, error) {
	return desk(s.book).Undo(s.Context(), s.id, last, s.now)
}

// undoes is undo of which something must come.
func (s *answered) undoes(last int) campaign.ID {
	s.Helper()
	c, err := s.undo(last)
	if err != nil || c.RevokeOf != s.id || !c.Archived || c.Status != campaign.Running {
		s.Fatalf("the undo is %+v, %v", c, err)
	}
	return c.ID
}

// original is the i-th message as it is in the book by now.
func (s *answered) original(i int) campaign.Delivery {
	s.Helper()
	d, err := s.book.Delivery(s.id, s.got[i].Seq)
	if err != nil {
		s.Fatal(err)
	}
	return d
}

// deleted says of every message whether it was.
func (s *answered) deleted() (all []bool) {
	for i := range s.got {
		all = append(all, !s.original(i).RevokedAt.IsZero())
	}
	return all
}

// leftOutOf is what an undo did not delete, by why.
func (s *answered) leftOutOf(id campaign.ID) map[reason.Code]int {
	s.Helper()
	made, err := s.book.Report(s.Context(), id)
	if err != nil {
		s.Fatal(err)
	}
	return made.LeftOut
}

// well closes the book, finds that all that follows from its deliveries is there and
// nothing else, and opens it again.
func (s *answered) well() {
	s.Helper()
	if err := s.book.Close(); err != nil {
		s.Fatal(err)
	}
	h, err := bolt.Examine(nil, s.path, store.Check)
	if err != nil {
		s.Fatal(err)
	}
	for _, wrong := range h.Wrong {
		s.Errorf("the book: %v", wrong)
	}
	s.restart()
}

// why is the reason why there is no undo.
func why(err error) (code reason.Code) {
	if err == nil {
		return ""
	}
	r := reason.Of(err)
	for len(r.Args) > 0 {
		inner, ok := r.Args[len(r.Args)-1].(reason.Reason)
		if !ok || r.Code == reason.UndoNone {
			break
		}
		r = inner
	}
	return r.Code
}

// TestTheLastMessagesAreDeleted: those that left last and no others, each by the
// number that sent it, with an id of its own that is not that of the message. The
// counts and the steps of the report stay.
func TestTheLastMessagesAreDeleted(t *testing.T) {
	s := newAnswered(t, 5, "")
	s.says(1, "Oi")
	counts, made := s.counts()
	u := s.undoes(2)
	for _, i := range []int{3, 4} { // in the order in which they were sent
		d := s.mustClaim()
		if d.Campaign != u || d.Revokes != s.got[i].Message || d.Message == "" || d.Message == d.Revokes || d.Text != "" || d.LID != s.got[i].LID || d.Number != s.number {
			t.Fatalf("it deletes with %+v, want of message %d, %s", d, i, s.got[i].Message)
		}
		if one := s.original(i); !one.RevokedAt.IsZero() || one.RevokeBy != u {
			t.Errorf("before the service has it: %+v", one)
		}
		s.settle(d, accepted)
		if one := s.original(i); !one.RevokedAt.Equal(s.now) || one.State != campaign.Sent {
			t.Errorf("message %d is %v, deleted %v", i, one.State, one.RevokedAt)
		}
		s.now = s.now.Add(time.Minute)
	}
	if got := s.claim(); got.Delivery != nil {
		t.Errorf("it goes on with %+v", got.Delivery)
	}
	if got, want := s.deleted(), []bool{false, false, false, true, true}; !slices.Equal(got, want) {
		t.Errorf("deleted are %v, want %v", got, want)
	}
	now, report := s.counts()
	if now != counts || report.Funnel != made.Funnel || report.Revoked != 2 || made.Revoked != 0 {
		t.Errorf("counts %v, report %+v; before %v, %+v", now, report, counts, made)
	}
	if c, err := s.book.Campaign(u); err != nil || c.Status != campaign.Finished {
		t.Errorf("the undo is %v, %v", c.Status, err)
	}
	places, err := s.book.Places(t.Context(), s.id, (*campaign.Fate).Revoked)
	if err != nil || !slices.Equal(places, []uint32{s.got[3].Seq, s.got[4].Seq}) {
		t.Errorf("the list behind the number is %v, %v", places, err)
	}
	undos, err := s.book.Undos(t.Context(), s.id)
	if err != nil || len(undos) != 1 || undos[0].ID != u || undos[0].Made.Sent != 2 {
		t.Errorf("its undos are %+v, %v", undos, err)
	}
	s.restart() // what is evidence is linked by then
	s.well()
	evidence, err := s.book.Evidence(t.Context(), s.got[4].Contact)
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, l := range evidence.Links {
		said += l.Content
	}
	if !strings.Contains(said, `"deleted":"`) || !strings.Contains(said, `"deletes":"`+string(s.got[4].Message)) || len(evidence.Verify()) > 0 {
		t.Errorf("the evidence is %s, %v", said, evidence.Verify())
	}
}

// TestWhatCannotBeDeletedSaysWhy: each of the reasons, and the same before anything
// is done.
func TestWhatCannotBeDeletedSaysWhy(t *testing.T) {
	s := newAnswered(t, 4, "")
	first := s.undoes(1)
	s.settle(s.mustClaim(), accepted)
	late := s.got[0].Claimed.Add(campaign.RevokeWithin)
	s.now = late.Add(time.Second) // the first of four is too old, by a second
	u, err := s.book.CheckUndo(t.Context(), s.id, 0, s.now)
	want := map[reason.Code]int{reason.UndoLate: 1, reason.UndoDone: 1}
	if err != nil || u.Messages != 4 || u.Deletes != 2 || !maps.Equal(u.Stay, want) || !slices.Equal(u.Numbers, []campaign.NumberID{s.number}) {
		t.Fatalf("it would do %+v, %v", u, err)
	}
	if u, err := s.book.CheckUndo(t.Context(), s.id, 0, late); err != nil || u.Deletes != 3 {
		t.Errorf("a second before: %+v, %v", u, err)
	}
	if err := desk(s.book).Erase(t.Context(), s.got[1].Contact); err != nil {
		t.Fatal(err)
	}
	second := s.undoes(0)
	want[reason.DeliveryErased] = 1
	if got := s.leftOutOf(second); !maps.Equal(got, want) {
		t.Errorf("left out are %v, want %v", got, want)
	}
	if d := s.mustClaim(); d.Revokes != s.got[2].Message {
		t.Errorf("it deletes %+v", d)
	} else {
		s.settle(d, accepted)
	}
	if _, err := s.undo(0); why(err) != reason.UndoNone {
		t.Errorf("a third: %v", err)
	}
	undos, err := s.book.Undos(t.Context(), s.id)
	if err != nil || len(undos) != 2 || undos[0].ID != first || undos[1].ID != second || undos[1].Made.Sent != 1 {
		t.Errorf("its undos are %+v, %v", undos, err)
	}
}

// TestAnUndoLooksAgainWhenItsTurnComes: what has become too old meanwhile stays, and
// so does what was sent by a link that is gone.
func TestAnUndoLooksAgainWhenItsTurnComes(t *testing.T) {
	s := newAnswered(t, 3, "")
	u := s.undoes(0)
	s.now = s.got[0].Claimed.Add(campaign.RevokeWithin + time.Second)
	s.link = 2
	if got := s.claim(); got.Delivery != nil {
		t.Fatalf("by another link it deletes %+v", got.Delivery)
	}
	if got := s.leftOutOf(u); got[reason.UndoUnlinked] != 3 {
		t.Errorf("left out are %v", got)
	}
	s = newAnswered(t, 3, "")
	u = s.undoes(0)
	s.now = s.got[0].Claimed.Add(campaign.RevokeWithin + time.Second)
	if d := s.mustClaim(); d.Revokes != s.got[1].Message {
		t.Errorf("it deletes %+v", d)
	}
	if got := s.leftOutOf(u); got[reason.UndoLate] != 1 {
		t.Errorf("left out are %v", got)
	}
}

// TestAnUndoIsRefused: while the campaign sends, of what has not begun, of an undo,
// twice at once, by who may not; and what is refused leaves nothing.
func TestAnUndoIsRefused(t *testing.T) {
	s := newAnswered(t, 2, "")
	refused := func(id campaign.ID, want reason.Code) {
		t.Helper()
		before, _ := s.book.Campaigns()
		_, err := desk(s.book).Undo(t.Context(), id, 0, s.now)
		if why(err) != want || !errors.Is(err, store.ErrState) {
			t.Errorf("campaign %d: %v, want %s", id, err, want)
		}
		if after, _ := s.book.Campaigns(); len(after) != len(before) {
			t.Errorf("it leaves %d campaigns, of %d", len(after), len(before))
		}
	}
	draft, err := s.write("")
	if err != nil {
		t.Fatal(err)
	}
	refused(draft.ID, reason.UndoNothing)
	runs := s.start("")
	refused(runs, reason.UndoRuns)
	s.pause(uint64(runs))
	refused(runs, reason.UndoNothing)
	if _, err := s.book.Desk(store.Actor{Role: store.Viewer}).Undo(t.Context(), s.id, 0, s.now); !errors.Is(err, store.ErrRole) {
		t.Errorf("by who may look alone: %v", err)
	}
	if _, err := desk(s.book).Undo(t.Context(), 99, 0, s.now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of no campaign: %v", err)
	}
	u := s.undoes(0)
	refused(s.id, reason.UndoGoesOn)
	s.pause(uint64(u))
	refused(s.id, reason.UndoGoesOn)
	refused(u, reason.UndoOfUndo)
	for name, err := range map[string]error{
		"another text": second(desk(s.book).FixText(u, 0, "", "Oi")),
		"a move":       second(desk(s.book).MoveNumber(t.Context(), u, s.number, true, s.now)),
	} {
		if reasonOf(err) != reason.UndoBare {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := desk(s.book).Cancel(u); err != nil {
		t.Fatal(err)
	}
	if again := s.undoes(0); again == u {
		t.Error("after a cancel there is no other one")
	}
}

func second[T any](_ T, err error) error { return err }

// TestAnUndoWritesToNobody: it goes to who has opted out, counts in no limit, waits
// for none but the pauses of its number and is what nobody replies to.
func TestAnUndoWritesToNobody(t *testing.T) {
	s := newAnswered(t, 3, "per-person=7d")
	if err := desk(s.book).OptOut(s.got[0].Contact, "pediu"); err != nil {
		t.Fatal(err)
	}
	before := contact(t, s.shop, 1)
	s.limit("gap=2m-2m day=3 hour=3 hours=09:00-10:00 per-person=7d")
	s.now = time.Date(s.now.Year(), s.now.Month(), s.now.Day(), 22, 0, 0, 0, s.now.Location())
	s.undoes(0)
	for i := range 3 {
		d := s.mustClaim()
		if d.Revokes != s.got[i].Message {
			t.Fatalf("it deletes %+v", d)
		}
		s.settle(d, accepted)
		if i < 2 {
			s.mustHold(reason.HoldGap, s.now.Add(2*time.Minute))
		}
		s.now = s.now.Add(2 * time.Minute)
	}
	if after := contact(t, s.shop, 1); !after.LastSent.Equal(before.LastSent) {
		t.Errorf("they were written to %v, before %v", after.LastSent, before.LastSent)
	}
	s.says(1, "o que era?")
	if d := s.original(1); d.State != campaign.Replied || d.Answer != "o que era?" {
		t.Errorf("the message that was deleted is %v, %q", d.State, d.Answer)
	}
	s.limit("day=4")
	s.start("") // one more may leave today: the undo has taken no room
	if _, _, ok := s.send(); !ok {
		t.Error("the undo counts as messages")
	}
	if _, hold, ok := s.send(); ok || hold.Reason != reason.HoldDay {
		t.Errorf("then it is held for %v, %v", hold, ok)
	}
}

// TestAnUndoWaitsWhileNewChatsAreClosed: while WhatsApp closes new chats, nothing is deleted
// from who has never written.
func TestAnUndoWaitsWhileNewChatsAreClosed(t *testing.T) {
	s := newAnswered(t, 2, "")
	s.says(1, "Oi")
	s.undoes(0)
	s.closed = campaign.Hold{Reason: reason.HoldQuota, Until: s.now.Add(time.Hour)}
	if d := s.mustClaim(); d.Revokes != s.got[1].Message {
		t.Fatalf("it deletes %+v", d)
	} else {
		s.settle(d, accepted)
	}
	if got := s.claim(); got.Delivery != nil || got.Hold.Reason != reason.HoldQuota {
		t.Fatalf("it deletes %+v, %v", got.Delivery, got.Hold)
	}
	s.closed = campaign.Hold{}
	if d := s.mustClaim(); d.Revokes != s.got[0].Message {
		t.Fatalf("it deletes %+v", d)
	}
}

// TestADoubtIsDeletedAndNotSentAgain: a message that may have left is deleted, and
// from the moment at which that is asked for nobody sends it once more, neither its
// campaign nor a person.
func TestADoubtIsDeletedAndNotSentAgain(t *testing.T) {
	s := &answered{shop: newShop(t, 2, "")}
	s.id = s.start("")
	doubt := s.mustClaim()
	s.settle(doubt, unknown)
	s.got = append(s.got, doubt)
	s.pause(uint64(s.id))
	if u, err := s.book.CheckUndo(t.Context(), s.id, 0, s.now); err != nil || u.Deletes != 1 || u.Doubt != 1 {
		t.Fatalf("it would do %+v, %v", u, err)
	}
	u := s.undoes(0)
	if one := s.original(0); one.Again() {
		t.Errorf("it waits to be sent again: %+v", one)
	}
	if _, err := desk(s.book).Decide(s.id, doubt.Seq, campaign.SendIt, s.now); reasonOf(err) != reason.UndoWanted {
		t.Errorf("a person sends it again: %v", err)
	}
	s.resume(uint64(s.id))
	s.now = s.now.Add(time.Hour)
	var deleted, sent bool
	for range 2 {
		d := s.mustClaim()
		switch {
		case d.Campaign == u && d.Revokes == doubt.Message:
			deleted = true
		case d.Campaign == s.id && d.Seq != doubt.Seq:
			sent = true
		default:
			t.Errorf("it sends %+v", d)
		}
		s.settle(d, accepted)
	}
	if got := s.claim(); got.Delivery != nil || !deleted || !sent {
		t.Errorf("deleted %v, the other one sent %v, then %+v", deleted, sent, got.Delivery)
	}
	if one := s.original(0); one.State != campaign.Unsure || one.RevokedAt.IsZero() {
		t.Errorf("it is %v, deleted %v", one.State, one.RevokedAt)
	}
	if _, err := desk(s.book).Decide(s.id, doubt.Seq, campaign.SendIt, s.now); reasonOf(err) != reason.UndoWanted {
		t.Errorf("a person sends it again: %v", err)
	}
	if _, err := desk(s.book).Decide(s.id, doubt.Seq, campaign.Arrived, s.now); err != nil {
		t.Errorf("a person says that it arrived: %v", err)
	}
}

// TestWhatDidNotLeaveAfterAllIsNotDeleted: it was on the wire when the undo was asked
// for, and the outcome says that it stayed here.
func TestWhatDidNotLeaveAfterAllIsNotDeleted(t *testing.T) {
	s := &answered{shop: newShop(t, 2, "")}
	s.id = s.start("")
	d := s.mustClaim()
	s.got = append(s.got, d)
	s.pause(uint64(s.id))
	u := s.undoes(0)
	if got := s.claim(); got.Delivery != nil {
		t.Fatalf("with one on the wire it deletes %+v", got.Delivery)
	}
	s.settle(d, offline)
	if got := s.claim(); got.Delivery != nil {
		t.Errorf("it deletes %+v", got.Delivery)
	}
	if got := s.leftOutOf(u); got[reason.UndoNotLeft] != 1 {
		t.Errorf("left out are %v", got)
	}
	s.resume(uint64(s.id))
	s.now = s.now.Add(time.Hour)
	if other := s.mustClaim(); other.Seq == d.Seq {
		t.Errorf("it is sent all the same: %+v", other)
	}
	if one := s.original(0); one.State != campaign.Skipped || one.Reason.Code != reason.UndoWanted {
		t.Errorf("it is %v, %v", one.State, one.Reason)
	}
}

// TestAnUndoInDoubtGoesAgainAsItIs: the process dies with it on the wire; it goes again
// under its id and deletes the same, and stays in doubt when it has got too late.
func TestAnUndoInDoubtGoesAgainAsItIs(t *testing.T) {
	s := newAnswered(t, 1, "")
	s.undoes(0)
	d := s.mustClaim()
	s.restart()
	s.now, s.since = s.now.Add(time.Hour), s.now
	again := s.mustClaim()
	if again.Message != d.Message || again.Revokes != s.got[0].Message || again.LID != d.LID || again.Attempts != 2 {
		t.Errorf("it goes again as %+v, was %+v", again, d)
	}
	if kept, ok, err := s.book.Payload(again.Message); err != nil || !ok || kept.Revokes != d.Revokes {
		t.Errorf("who could not read it gets %+v, %v, %v", kept, ok, err)
	}
	s.settle(again, unknown)
	s.now = s.got[0].Claimed.Add(campaign.RevokeWithin + time.Minute)
	if got := s.claim(); got.Delivery != nil {
		t.Errorf("too late it goes again: %+v", got.Delivery)
	}
	if still, err := s.book.Delivery(again.Campaign, again.Seq); err != nil || still.State != campaign.Unsure || still.Again() {
		t.Errorf("it is %v, %v", still.State, err)
	}
	s.well()
	// A receipt proves it.
	if _, err := s.book.Receipt(s.number, people.Seen{Phone: d.Phone, LID: d.LID}, []campaign.MessageID{d.Message}, campaign.Delivered, s.now); err != nil {
		t.Fatal(err)
	}
	if one := s.original(0); one.RevokedAt.IsZero() {
		t.Errorf("after the receipt it is %+v", one)
	}
}

// TestNobodyGetsAMessageAgainThatIsToBeDeleted, who could not read it.
func TestNobodyGetsAMessageAgainThatIsToBeDeleted(t *testing.T) {
	s := newAnswered(t, 2, "")
	s.undoes(1)
	for i, want := range []bool{true, false} {
		d, ok, err := s.book.Payload(s.got[i].Message)
		if err != nil || ok != want || (d.RevokeBy != 0) == want {
			t.Errorf("message %d: %v, by %d, %v", i, ok, d.RevokeBy, err)
		}
	}
}

// TestAnUndoThatPausesStopsAndGoesOn: nothing more is deleted after the pause, the
// rest after it, and a cancel leaves what is left.
func TestAnUndoThatPausesStopsAndGoesOn(t *testing.T) {
	s := newAnswered(t, 3, "")
	u := s.undoes(0)
	s.settle(s.mustClaim(), accepted)
	s.pause(uint64(u))
	if got := s.claim(); got.Delivery != nil {
		t.Fatalf("paused it deletes %+v", got.Delivery)
	}
	s.restart()
	s.resume(uint64(u))
	s.settle(s.mustClaim(), accepted)
	if _, err := desk(s.book).Cancel(u); err != nil {
		t.Fatal(err)
	}
	if got := s.claim(); got.Delivery != nil {
		t.Fatalf("cancelled it deletes %+v", got.Delivery)
	}
	if got, want := s.deleted(), []bool{true, true, false}; !slices.Equal(got, want) {
		t.Errorf("deleted are %v, want %v", got, want)
	}
	s.well()
	if got := s.leftOutOf(u); got[reason.DeliveryCancelled] != 1 {
		t.Errorf("left out are %v", got)
	}
	if _, made := s.counts(); made.Revoked != 2 {
		t.Errorf("the report counts %d", made.Revoked)
	}
}

// TestEachNumberDeletesWhatItHasSent: only who has sent a message can delete it.
func TestEachNumberDeletesWhatItHasSent(t *testing.T) {
	s := &answered{shop: newShop(t, 4, "")}
	second := s.another()
	s.id = s.startBy(s.number, second)
	first := s.number
	for _, n := range []campaign.NumberID{first, second} {
		s.number = n
		for {
			got := s.claim()
			if got.Delivery == nil {
				break
			}
			s.settle(*got.Delivery, accepted)
			s.got = append(s.got, *got.Delivery)
			s.now = s.now.Add(time.Hour)
		}
	}
	s.undoes(0)
	for _, n := range []campaign.NumberID{second, first} {
		s.number = n
		for {
			got := s.claim()
			if got.Delivery == nil {
				break
			}
			at := slices.IndexFunc(s.got, func(d campaign.Delivery) bool { return d.Message == got.Delivery.Revokes })
			if at < 0 || s.got[at].Number != n {
				t.Errorf("number %d deletes %+v", n, got.Delivery)
			}
			s.settle(*got.Delivery, accepted)
			s.now = s.now.Add(time.Hour)
		}
	}
	if got := s.deleted(); slices.Contains(got, false) || len(got) != 4 {
		t.Errorf("deleted are %v", got)
	}
}

// TestNoGuardRailWatchesAnUndo: phones need not confirm what deletes a message, and
// nobody is asked whether they want it.
func TestNoGuardRailWatchesAnUndo(t *testing.T) {
	s := newAnswered(t, 30, "")
	u := s.undoes(0)
	for range s.got {
		s.settle(s.mustClaim(), accepted)
		s.now = s.now.Add(10 * time.Minute)
	}
	if c, err := s.book.Campaign(u); err != nil || c.Status != campaign.Finished {
		t.Errorf("it is %v because %v, %v", c.Status, c.Reason, err)
	}
}

// TestAnUndoIsNoMessageToAnybody: what is known of when a person was last written to, and
// of what they were sent, is as it was.
func TestAnUndoIsNoMessageToAnybody(t *testing.T) {
	s := newAnswered(t, 1, "per-person=7d")
	at := contact(t, s.shop, 0).LastSent
	s.now = s.now.Add(24 * time.Hour)
	s.undoes(0)
	s.settle(s.mustClaim(), accepted)
	s.limit("")
	s.now = s.now.Add(7 * 24 * time.Hour)
	s.start("")
	s.settle(s.mustClaim(), offline) // so that it is asked what the last one was
	if got := contact(t, s.shop, 0).LastSent; !got.Equal(at) {
		t.Errorf("they were written to %v, want %v", got, at)
	}
	all, err := s.book.DeliveriesTo(t.Context(), s.got[0].Contact)
	if err != nil || len(all) != 2 || slices.ContainsFunc(all, func(d campaign.Delivery) bool { return d.Revokes != "" }) {
		t.Errorf("they were sent %+v, %v", all, err)
	}
}

// TestWhoIsErasedMeanwhileIsLeftAlone: nothing goes to an address that is not known any
// more, and the rest is deleted.
func TestWhoIsErasedMeanwhileIsLeftAlone(t *testing.T) {
	s := newAnswered(t, 2, "")
	s.undoes(0)
	if err := desk(s.book).Erase(t.Context(), s.got[0].Contact); err != nil {
		t.Fatal(err)
	}
	if d := s.mustClaim(); d.Revokes != s.got[1].Message {
		t.Errorf("it deletes %+v", d)
	} else {
		s.settle(d, accepted)
	}
	if got := s.claim(); got.Delivery != nil {
		t.Errorf("then %+v", got.Delivery)
	}
	s.well()
}

// TestTwoMessagesToOnePersonAreBothDeleted: two records got the campaign and turned out
// to be one person's.
func TestTwoMessagesToOnePersonAreBothDeleted(t *testing.T) {
	s := newAnswered(t, 2, "")
	a := people.Answer{Asked: s.got[1].Phone, Presence: people.OnWhatsApp, Phone: s.got[1].Phone, LID: s.got[0].LID}
	if err := s.book.Answered(s.number, []people.Phone{s.got[1].Phone}, []people.Answer{a}, s.now); err != nil {
		t.Fatal(err)
	}
	s.undoes(0)
	for range 2 {
		s.settle(s.mustClaim(), accepted)
	}
	if got := s.deleted(); slices.Contains(got, false) {
		t.Errorf("deleted are %v", got)
	}
	s.well()
}

// TestAnUndoSaysWhatWasReadAndHowLongItTakes: read is what a receipt or an answer says;
// it takes as long as the number that has most to do, at its gaps and with its pauses.
func TestAnUndoSaysWhatWasReadAndHowLongItTakes(t *testing.T) {
	s := &answered{shop: newShop(t, 8, "")}
	second := s.another()
	s.id = s.startBy(s.number, second)
	first := s.number
	for _, n := range []campaign.NumberID{first, second} {
		s.number = n
		for got := s.claim(); got.Delivery != nil; got = s.claim() {
			s.settle(*got.Delivery, accepted)
			s.got = append(s.got, *got.Delivery)
		}
	}
	s.limit("gap=1m-1m") // the second one is sooner ready
	s.number = first
	if _, err := s.book.Receipt(first, people.Seen{Phone: s.got[0].Phone, LID: s.got[0].LID}, []campaign.MessageID{s.got[0].Message}, campaign.Read, s.now); err != nil {
		t.Fatal(err)
	}
	s.says(1, "Oi") // their phone does not tell
	s.limit("gap=2m-4m")
	if u, err := s.book.CheckUndo(t.Context(), s.id, 0, s.now); err != nil || u.Deletes != 8 || u.Read != 2 || u.Takes != 9*time.Minute {
		t.Errorf("four by each number: %+v, %v", u.Undoing, err)
	}
	s.limit("gap=2m-4m every=2 long=10m-20m")
	if u, err := s.book.CheckUndo(t.Context(), s.id, 0, s.now); err != nil || u.Takes != 9*time.Minute+15*time.Minute {
		t.Errorf("with pauses: %+v, %v", u.Undoing, err)
	}
}

// TestWhatMayHaveBeenDeletedIsNotSentAgain: the undo tried to, does not know whether it
// did, and was cancelled or has ended. If it did not leave after all, a person may.
func TestWhatMayHaveBeenDeletedIsNotSentAgain(t *testing.T) {
	for _, test := range []struct {
		name     string
		outcomes []campaign.Outcome
		want     reason.Code
	}{
		{"in doubt", []campaign.Outcome{unknown}, reason.UndoPerhaps},
		{"in doubt, then refused, which is no proof", []campaign.Outcome{unknown, {Kind: campaign.Refused, Code: 400}}, reason.UndoPerhaps},
		{"refused", []campaign.Outcome{{Kind: campaign.Refused, Code: 400}}, ""},
		{"in doubt, then accepted", []campaign.Outcome{unknown, accepted}, reason.UndoWanted},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &answered{shop: newShop(t, 1, "")}
			s.id = s.start("")
			doubt := s.mustClaim()
			s.settle(doubt, unknown)
			s.got = append(s.got, doubt)
			s.pause(uint64(s.id))
			u := s.undoes(0)
			for _, o := range test.outcomes {
				d := s.mustClaim()
				if d.Revokes != doubt.Message {
					t.Fatalf("it sends %+v", d)
				}
				s.settle(d, o)
				s.now = s.now.Add(time.Hour)
			}
			if left, err := s.book.Campaign(u); err != nil || left.Status != campaign.Finished {
				if _, err := desk(s.book).Cancel(u); err != nil {
					t.Fatal(err)
				}
			}
			_, err := desk(s.book).Decide(s.id, doubt.Seq, campaign.SendIt, s.now)
			if reasonOf(err) != test.want || (err == nil) != (test.want == "") {
				t.Errorf("a person sends it again: %v, want %q", err, test.want)
			}
			if one := s.original(0); one.MayBeRevoked != (test.want == reason.UndoPerhaps) {
				t.Errorf("it may be deleted: %v", one.MayBeRevoked)
			}
		})
	}
}

// TestAfterAnUndoThatWasCancelledAPersonMaySendItAgain: what it has not deleted stays in
// doubt, and is theirs to decide.
func TestAfterAnUndoThatWasCancelledAPersonMaySendItAgain(t *testing.T) {
	s := &answered{shop: newShop(t, 1, "")}
	s.id = s.start("")
	doubt := s.mustClaim()
	s.settle(doubt, unknown)
	s.got = append(s.got, doubt)
	s.pause(uint64(s.id))
	u := s.undoes(0)
	s.pause(uint64(u))
	if _, err := desk(s.book).Decide(s.id, doubt.Seq, campaign.SendIt, s.now); reasonOf(err) != reason.UndoWanted {
		t.Errorf("while it is paused: %v", err)
	}
	if _, err := desk(s.book).Cancel(u); err != nil {
		t.Fatal(err)
	}
	if _, err := desk(s.book).Decide(s.id, doubt.Seq, campaign.SendIt, s.now); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Hour)
	if d := s.mustClaim(); d.Message != doubt.Message || d.Revokes != "" {
		t.Errorf("it sends %+v", d)
	}
}
