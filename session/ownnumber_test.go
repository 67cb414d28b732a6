package session

import (
	"errors"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session/simulator"
)

func TestNumberThatChangesItsPhoneIsFollowed(t *testing.T) {
	inBubble(t, simulator.Config{People: 2}, func(r *rig) {
		id, phone := r.linked("loja")
		before := r.snapshot(id).Number
		if before.LID == "" {
			r.Error("it is not known of which account the number is")
		}
		if err := r.service.ChangePhone(phone, elsewhere); err != nil {
			r.Fatal(err)
		}
		r.await(id, "under the new phone", func(s Snapshot) bool { return s.Number.Phone == elsewhere })
		r.restart()
		s := r.awaitState(id, campaign.Online)
		if n := s.Number; n.Phone != elsewhere || n.Link != before.Link || n.LID != before.LID || !n.LinkedAt.Equal(before.LinkedAt) {
			r.Errorf("after a restart %+v, was %+v", n, before)
		}
		if got := r.pool.Sender(id).Send(r.Context(), r.delivery(id, r.someone(0), "olá")); got.Kind != campaign.Accepted {
			r.Errorf("a message: %+v", got)
		}
		if by, err := r.book.NumberNamed(elsewhere); err != nil || by.ID != id {
			r.Errorf("the new phone finds %+v, %v", by, err)
		}
	})
}

func TestAccountUnderAnotherPhoneIsLinkedAgainAsTheSameNumber(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		other := r.add("outra")
		before := r.snapshot(id).Number
		r.own(phone).Logout()
		r.awaitState(id, campaign.LoggedOut)
		if err := r.service.ChangePhone(phone, elsewhere); err != nil {
			r.Fatal(err)
		}
		r.scan(id, elsewhere)
		s := r.awaitState(id, campaign.Online)
		if n := s.Number; n.Phone != elsewhere || n.LID != before.LID || n.Link != 2 || !n.LinkedAt.Equal(before.LinkedAt) {
			r.Errorf("linked again: %+v, was %+v", n, before)
		}
		// The account is linked, whatever its phone: not once more under another name.
		if err := r.service.ChangePhone(elsewhere, phone); err != nil {
			r.Fatal(err)
		}
		if err := r.pool.Link(other); err != nil {
			r.Fatal(err)
		}
		if _, err := r.service.ScanAs(r.awaitCode(other).QR, phone); err == nil {
			r.Error("the account is linked twice")
		}
		r.await(other, "refused", func(s Snapshot) bool {
			return s.State == campaign.Unlinked && s.Reason.Code == reason.LinkTwice
		})
	})
}

// TestNumberOfAnOlderBookLearnsItsAccount: of its link it was only known which
// phone it is.
func TestNumberOfAnOlderBookLearnsItsAccount(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		lid := r.snapshot(id).Number.LID
		if _, err := r.book.SetAccount(id, "", people.Phone(phone)); err != nil {
			r.Fatal(err)
		}
		r.restart()
		r.await(id, "known by its account", func(s Snapshot) bool { return s.State == campaign.Online && s.Number.LID == lid })
	})
}

func TestPhoneThatTheBookDoesNotTakeIsFollowedLater(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		r.book.refuseLinks(errors.New("no room"))
		if err := r.service.ChangePhone(phone, elsewhere); err != nil {
			r.Fatal(err)
		}
		time.Sleep(time.Minute)
		if n := r.snapshot(id).Number; n.Phone != people.Phone(phone) {
			r.Errorf("it is shown as %s, which the book does not know", n.Phone)
		}
		r.book.refuseLinks(nil)
		r.own(elsewhere).Drop()
		r.await(id, "under the new phone", func(s Snapshot) bool { return s.Number.Phone == elsewhere })
	})
}
