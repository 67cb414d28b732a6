package session

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session/simulator"
)

func TestLinkByQRGetsOnlineAndFetchesContacts(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 1, People: 20}, func(r *rig) {
		id := r.add("loja")
		code := r.linking(id)
		if got := time.Until(code.QRUntil); code.State != campaign.Linking || got <= 50*time.Second || got > 60*time.Second {
			r.Errorf("the first code: state %v, lives %v; want linking, 60s", code.State, got)
		}
		phone, err := r.service.Scan(code.QR)
		if err != nil {
			r.Fatal(err)
		}
		s := r.awaitState(id, campaign.Online)
		if s.Number.Phone != people.Phone(phone) || s.QR != "" || !s.Synced {
			r.Errorf("online: phone %q, QR %q, synced %v; want %q, none, true", s.Number.Phone, s.QR, s.Synced, phone)
		}
		r.await(id, "with contacts", func(s Snapshot) bool { return s.Contacts })
		kept, err := r.book.Number(id)
		if err != nil || kept.Link != 1 || !kept.Linked() {
			r.Errorf("in the book: link %d, linked %v, %v; want 1, true", kept.Link, kept.Linked(), err)
		}
	})
}

func TestDeadCodeIsReplaced(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id := r.add("loja")
		first := r.linking(id)
		second := r.await(id, "showing another code", func(s Snapshot) bool { return s.QR != "" && s.QR != first.QR })
		if life := time.Until(second.QRUntil); life > 20*time.Second || life < 15*time.Second {
			r.Errorf("the second code lives %v, want 20s", life)
		}
		begun := time.Now()
		third := r.await(id, "showing a code of the next round", func(s Snapshot) bool { return time.Since(begun) > 2*time.Minute && s.QR != "" })
		if _, err := r.service.Scan(third.QR); err != nil {
			r.Errorf("a code of the second round: %v", err)
		}
		r.awaitState(id, campaign.Online)
	})
}

func TestLinkingEndsWhenNobodyScans(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id := r.add("loja")
		r.linking(id)
		s := r.awaitState(id, campaign.Unlinked)
		if s.Reason.Code != reason.LinkNobody || s.QR != "" {
			r.Errorf("reason %q, QR %q; want %q, none", s.Reason, s.QR, reason.LinkNobody)
		}
	})
}

func TestCancelledLinkingShowsNoCode(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id := r.add("loja")
		code := r.linking(id)
		r.pool.CancelLink(id)
		s := r.awaitState(id, campaign.Unlinked)
		if s.QR != "" || !s.Reason.IsZero() {
			r.Errorf("QR %q, reason %q; want none", s.QR, s.Reason)
		}
		if _, err := r.service.Scan(code.QR); err == nil {
			r.Error("the code of a cancelled link still works")
		}
	})
}

func TestPhoneIsNotLinkedUnderTwoNames(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		_, phone := r.linked("loja")
		other := r.add("outra")
		if err := r.pool.Link(other); err != nil {
			r.Fatal(err)
		}
		if _, err := r.service.ScanAs(r.awaitCode(other).QR, phone); err == nil {
			r.Error("the phone was linked twice")
		}
		s := r.awaitState(other, campaign.Unlinked)
		if !s.Reason.Equal(reason.New(reason.LinkTwice, "loja")) {
			r.Errorf("reason %q does not name the other number", s.Reason)
		}
		if kept, err := r.book.Number(other); err != nil || kept.Link != 0 || kept.Phone != "" {
			r.Errorf("the book has a link of the refused phone: %+v, %v", kept, err)
		}
	})
}

func TestRelinkKeepsTheIDAndThePhone(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		r.own(phone).Logout()
		s := r.awaitState(id, campaign.LoggedOut)
		if s.Number.Linked() || s.Reason.Code != rules[onLoggedOut].say {
			r.Errorf("after the logout: linked %v, reason %q", s.Number.Linked(), s.Reason)
		}

		// Another phone is refused.
		if _, err := r.service.Scan(r.linking(id).QR); err == nil {
			r.Error("another phone took the number over")
		}
		r.await(id, "refused", func(s Snapshot) bool {
			return s.State == campaign.LoggedOut && s.Reason.Code == reason.LinkOther
		})

		r.scan(id, phone)
		s = r.awaitState(id, campaign.Online)
		if s.Number.ID != id || s.Number.Link != 2 || s.Number.Phone != people.Phone(phone) {
			r.Errorf("linked again: id %d, link %d, phone %s; want %d, 2, %s", s.Number.ID, s.Number.Link, s.Number.Phone, id, phone)
		}
		if got := len(r.own(phone).Devices()); got != 1 {
			r.Errorf("the phone lists %d devices, want 1", got)
		}
	})
}

func TestUnlinkTakesTheDeviceOffThePhone(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		if err := r.pool.Unlink(r.Context(), id); err != nil {
			r.Fatal(err)
		}
		s := r.snapshot(id)
		if s.State != campaign.Unlinked || s.Number.Linked() || !s.Reason.IsZero() {
			r.Errorf("state %v, linked %v, reason %q; want unlinked", s.State, s.Number.Linked(), s.Reason)
		}
		if got := len(r.own(phone).Devices()); got != 0 {
			r.Errorf("the phone lists %d devices, want none", got)
		}
	})
}

func TestRotatedSecretIsInTheCode(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id := r.add("loja")
		before := r.linking(id)
		secret := strings.Split(before.QR, ",")[3]
		r.service.RotateQR()
		after := r.await(id, "showing the new secret", func(s Snapshot) bool { return s.QR != before.QR })
		fresh := strings.Split(after.QR, ",")[3]
		if after.QR != strings.Replace(before.QR, secret, fresh, 1) || !after.QRUntil.Equal(before.QRUntil) {
			r.Errorf("the code is %q until %v, want the new secret in %q until %v", after.QR, after.QRUntil, before.QR, before.QRUntil)
		}
		r.scan(id, "")
		r.awaitState(id, campaign.Online)
	})
}

func TestOldPhoneIsExplained(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id := r.add("loja")
		code := r.linking(id).QR
		if err := r.service.ScanWithOldPhone(code); err != nil {
			r.Fatal(err)
		}
		s := r.await(id, "told", func(s Snapshot) bool { return !s.Reason.IsZero() })
		if s.State != campaign.Linking || s.Reason.Code != reason.LinkUpdate || s.QR != code {
			r.Errorf("old phone: %v, %q, QR kept %v", s.State, s.Reason, s.QR == code)
		}
		if _, err := r.service.Scan(code); err != nil {
			r.Errorf("after the update: %v", err)
		}
		r.awaitState(id, campaign.Online)
	})
}

func TestLinkThatTheBookRefusesIsNotMade(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id := r.add("loja")
		code := r.linking(id).QR
		r.book.refuseLinks(errors.New("the disk is full"))
		if _, err := r.service.Scan(code); err == nil {
			r.Error("the phone believes in a link that the book does not have")
		}
		s := r.awaitState(id, campaign.Unlinked)
		if !s.Reason.Equal(reason.New(reason.LinkFailed, reason.New(reason.Foreign, reason.Plain("the disk is full")))) {
			r.Errorf("reason %q", s.Reason)
		}
		devices, err := r.devices.GetAllDevices(r.Context())
		if err != nil || len(devices) != 0 {
			r.Errorf("%d devices are kept, %v; want none", len(devices), err)
		}
		r.book.refuseLinks(nil)
		r.scan(id, "")
		r.awaitState(id, campaign.Online)
	})
}

// A number whose keys have been moved away is not linked any more, as soon as
// somebody wants to link it: nothing has to be connected before.
func TestNumberWithoutItsKeysIsLinkedAgain(t *testing.T) {
	inBubble(t, simulator.Config{People: 2}, func(r *rig) {
		id, phone := r.linked("loja")
		if linked, err := r.pool.Linked(id); !linked || err != nil {
			r.Fatalf("linked: %v, %v", linked, err)
		}
		r.close()
		keys := filepath.Join(r.dir, "devices.db")
		if err := os.Rename(keys, keys+".away"); err != nil {
			r.Fatal(err)
		}
		r.idle = true
		r.open()
		if got := r.scan(id, phone); got != phone {
			r.Errorf("linked with %s, want %s", got, phone)
		}
		r.awaitState(id, campaign.Online)
		if err := r.pool.Link(id); !errors.Is(err, ErrLinked) {
			r.Errorf("linked again at once: %v, want %v", err, ErrLinked)
		}
	})
}

// A link that cannot be read now is not taken for one that is gone.
func TestNumberWhoseKeysCannotBeReadStaysLinked(t *testing.T) {
	inBubble(t, simulator.Config{People: 2}, func(r *rig) {
		id, _ := r.linked("loja")
		r.close()
		broken := new(atomic.Bool)
		broken.Store(true)
		r.wrap = func(d Devices) Devices { return lockedDevices{d, broken} }
		r.idle = true
		r.open()
		if err := r.pool.Link(id); err == nil || errors.Is(err, ErrLinked) {
			r.Errorf("its keys cannot be read: %v", err)
		}
		if n, err := r.book.Number(id); err != nil || !n.Linked() {
			r.Errorf("its link is forgotten: %+v, %v", n, err)
		}
	})
}
