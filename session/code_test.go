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

const somePhone = people.Phone("+5511987654321")

// awaitTyped waits for a code to be typed on a phone.
func (r *rig) awaitTyped(id campaign.NumberID) Snapshot {
	r.Helper()
	return r.await(id, "showing a code to type", func(s Snapshot) bool { return s.Code != "" })
}

func TestLinkByCodeNeedsNoPicture(t *testing.T) {
	inBubble(t, simulator.Config{People: 5}, func(r *rig) {
		id := r.add("loja")
		if err := r.pool.LinkByCode(id, somePhone); err != nil {
			r.Fatal(err)
		}
		s := r.awaitTyped(id)
		if s.QR != "" || len(s.Code) != 9 || s.Code[4] != '-' {
			r.Errorf("code %q, QR %q; want eight letters and no QR", s.Code, s.QR)
		}
		if life := time.Until(s.QRUntil); life > 160*time.Second || life < 150*time.Second {
			r.Errorf("the code lives %v, want 160s", life)
		}
		if err := r.service.EnterCode(string(somePhone), s.Code); err != nil {
			r.Fatal(err)
		}
		s = r.awaitState(id, campaign.Online)
		if s.Number.Phone != somePhone || s.Code != "" {
			r.Errorf("linked as %q, code %q; want %q and no code", s.Number.Phone, s.Code, somePhone)
		}
		r.await(id, "with contacts", func(s Snapshot) bool { return s.Contacts })
	})
}

func TestCodeThatNobodyTypesIsReplacedAndThenGivenUp(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id := r.add("loja")
		if err := r.pool.LinkByCode(id, somePhone); err != nil {
			r.Fatal(err)
		}
		first := r.awaitTyped(id).Code
		second := r.await(id, "showing another code", func(s Snapshot) bool { return s.Code != "" && s.Code != first }).Code
		if err := r.service.EnterCode(string(somePhone), first); err == nil {
			r.Error("a dead code still links")
		}
		r.await(id, "showing a third code", func(s Snapshot) bool { return s.Code != "" && s.Code != second })
		s := r.awaitState(id, campaign.Unlinked)
		if s.Reason.Code != reason.LinkUntyped || s.Code != "" {
			r.Errorf("reason %q, code %q; want %q and none", s.Reason, s.Code, reason.LinkUntyped)
		}
	})
}

func TestServiceThatGivesNoCodeIsExplained(t *testing.T) {
	for _, c := range []struct {
		code int
		want reason.Reason
	}{
		{429, reason.New(reason.LinkTooMany)},
		{400, reason.New(reason.LinkNoCode, somePhone)},
	} {
		inBubble(t, simulator.Config{}, func(r *rig) {
			id := r.add("loja")
			remove := r.service.Fault(simulator.Rule{On: simulator.Query, Query: "md", Do: simulator.Refuse, Code: c.code})
			if err := r.pool.LinkByCode(id, somePhone); err != nil {
				r.Fatal(err)
			}
			s := r.awaitState(id, campaign.Unlinked)
			if !s.Reason.Equal(c.want) {
				r.Errorf("%d: reason %q, want %q", c.code, s.Reason, c.want)
			}

			// Scanning works all the same.
			remove()
			r.scan(id, string(somePhone))
			r.awaitState(id, campaign.Online)
		})
	}
}

func TestOneWayOfLinkingTakesTheOthersPlace(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id := r.add("loja")
		r.linking(id)
		if err := r.pool.LinkByCode(id, somePhone); err != nil {
			r.Fatal(err)
		}
		if s := r.awaitTyped(id); s.QR != "" {
			r.Error("the QR code is still shown beside the code to type")
		}
		if s := r.linking(id); s.Code != "" {
			r.Error("the code to type is still shown beside the QR code")
		}
		if err := r.pool.LinkByCode(id, ""); !errors.Is(err, ErrPhone) {
			r.Errorf("without a phone: %v, want ErrPhone", err)
		}
	})
}

func TestCodeForAnotherPhoneThanBeforeIsRefused(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		r.own(phone).Logout()
		r.awaitState(id, campaign.LoggedOut)
		if err := r.pool.LinkByCode(id, somePhone); err != nil {
			r.Fatal(err)
		}
		if err := r.service.EnterCode(string(somePhone), r.awaitTyped(id).Code); err == nil {
			r.Error("another phone took the number over")
		}
		s := r.awaitState(id, campaign.LoggedOut)
		if s.Reason.Code != reason.LinkOther {
			r.Errorf("reason %q", s.Reason)
		}
		if err := r.pool.LinkByCode(id, people.Phone(phone)); err != nil {
			r.Fatal(err)
		}
		if err := r.service.EnterCode(phone, r.awaitTyped(id).Code); err != nil {
			r.Fatal(err)
		}
		if s := r.awaitState(id, campaign.Online); s.Number.Link != 2 {
			r.Errorf("link %d, want 2", s.Number.Link)
		}
	})
}

func TestLinkingThatEndsWithoutACodeSaysWhy(t *testing.T) {
	for _, c := range []struct {
		name  string
		rule  simulator.Rule
		phone people.Phone
		want  reason.Reason
	}{
		{"no connection, by code", simulator.Rule{On: simulator.Login, Do: simulator.DropBefore}, somePhone, reason.New(reason.NumberLost)},
		{"no connection, by QR", simulator.Rule{On: simulator.Login, Do: simulator.DropBefore}, "", reason.New(reason.NumberLost)},
		{"the code is not answered", simulator.Rule{On: simulator.Query, Query: "md", Do: simulator.Silence}, somePhone, reason.New(reason.NumberUnreachable, reason.New(reason.NoAnswer))},
		{"nothing is answered", simulator.Rule{On: simulator.Login, Do: simulator.Silence}, "", reason.New(reason.LinkNoCodes)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if raced && c.rule.Do == simulator.DropBefore {
				t.Skip("the client library has a race of its own when a connection breaks right after the handshake (FrameSocket.OnDisconnect)")
			}
			inBubble(t, simulator.Config{}, func(r *rig) {
				id := r.add("loja")
				r.service.Fault(c.rule)
				if err := r.pool.link(id, c.phone); err != nil {
					r.Fatal(err)
				}
				if s := r.awaitState(id, campaign.Unlinked); !s.Reason.Equal(c.want) {
					r.Errorf("reason %q, want %q", s.Reason, c.want)
				}
			})
		})
	}
}
