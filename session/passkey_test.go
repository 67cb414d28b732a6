package session

import (
	"errors"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
)

// awaitScript waits until a passkey is asked for, and returns what the browser
// would be asked.
func (r *rig) awaitScript(id campaign.NumberID) (options string) {
	r.Helper()
	asked := r.await(id, "asking for a passkey", func(s Snapshot) bool { return s.Passkey.Script != "" }).Passkey
	if !strings.Contains(asked.Script, "("+asked.Options+")") || strings.Contains(asked.Script, "\n") {
		r.Fatalf("the script cannot be pasted, or asks something else: %q", asked.Script)
	}
	return asked.Options
}

// sign is what a browser with the passkey prints.
func (r *rig) sign(options string) string {
	r.Helper()
	answer, err := r.service.SignPasskey([]byte(options))
	if err != nil {
		r.Fatal(err)
	}
	return string(answer)
}

// scanned begins to link a number of an account that has a passkey.
func (r *rig) scanned() campaign.NumberID {
	r.Helper()
	r.service.RequirePasskey(true)
	id := r.add("loja")
	r.scan(id, string(somePhone))
	return id
}

func TestPasskeyConfirmsALink(t *testing.T) {
	for _, typed := range []bool{false, true} {
		inBubble(t, simulator.Config{People: 2}, func(r *rig) {
			r.service.RequirePasskey(true)
			id := r.add("loja")
			if typed {
				if err := r.pool.LinkByCode(id, somePhone); err != nil {
					r.Fatal(err)
				}
				if err := r.service.EnterCode(string(somePhone), r.awaitTyped(id).Code); err != nil {
					r.Fatal(err)
				}
			} else {
				r.scan(id, string(somePhone))
			}
			options := r.awaitScript(id)
			s := r.snapshot(id)
			if s.State != campaign.Linking || s.QR != "" || s.Code != "" || time.Until(s.QRUntil) < 9*time.Minute {
				r.Errorf("%v, QR %q, code %q, for %v; want only the script, for 10m", s.State, s.QR, s.Code, time.Until(s.QRUntil))
			}
			answer := r.sign(options)
			if err := r.pool.AnswerPasskey(r.Context(), id, `{"id":"x"}`); !errors.Is(err, ErrPasskey) {
				r.Errorf("half an answer: %v, want ErrPasskey", err)
			}
			broken := answer[:50] + "\r\n  " + answer[50:100] + "\n" + answer[100:] // as a terminal copies it
			if err := r.pool.AnswerPasskey(r.Context(), id, "'"+broken+"'"); err != nil {
				r.Fatal(err)
			}
			if s := r.awaitState(id, campaign.Online); s.Number.Phone != somePhone || s.Passkey != (Passkey{}) {
				r.Errorf("linked as %q, passkey %+v", s.Number.Phone, s.Passkey)
			}
			if err := r.pool.AnswerPasskey(r.Context(), id, answer); !errors.Is(err, ErrNoPasskey) {
				r.Errorf("an answer that nobody wants: %v, want ErrNoPasskey", err)
			}
		})
	}
}

func TestLatePasskeyHasACodeToCompare(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id := r.scanned()
		options := r.awaitScript(id)
		time.Sleep(6 * time.Minute)
		if err := r.pool.AnswerPasskey(r.Context(), id, r.sign(options)); err != nil {
			r.Fatal(err)
		}
		s := r.await(id, "showing a code", func(s Snapshot) bool { return s.Passkey.Code != "" })
		if shown, ok := r.service.PasskeyCode(string(somePhone)); !ok || shown != s.Passkey.Code {
			r.Errorf("the code is %q, the phone shows %q", s.Passkey.Code, shown)
		}
		if err := r.pool.ConfirmPasskey(r.Context(), id); err != nil {
			r.Fatal(err)
		}
		r.awaitState(id, campaign.Online)
	})
}

func TestPasskeyThatDoesNotComeEndsTheLinking(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id := r.scanned()
		r.awaitScript(id)
		begun := time.Now()
		s := r.awaitState(id, campaign.Unlinked)
		if s.Reason.Code != reason.PasskeyLate || s.Passkey != (Passkey{}) || time.Since(begun) > 11*time.Minute {
			r.Errorf("after %v: reason %q, passkey %+v", time.Since(begun), s.Reason, s.Passkey)
		}
	})
}

// TestPasskeyIsLateForTheServiceToo, which may close the connection a moment
// before our own time is over.
func TestPasskeyIsLateForTheServiceToo(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id := r.scanned()
		r.awaitScript(id)
		time.Sleep(time.Until(r.snapshot(id).QRUntil) - 2*time.Second)
		r.service.DropAll()
		if s := r.awaitState(id, campaign.Unlinked); s.Reason.Code != reason.PasskeyLate {
			r.Errorf("reason %q", s.Reason)
		}
	})
}

func TestPasskeyOfAnotherChallengeIsRefused(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id := r.scanned()
		old := r.sign(r.awaitScript(id))
		r.pool.CancelLink(id)
		r.awaitState(id, campaign.Unlinked)
		r.scan(id, string(somePhone))
		r.awaitScript(id)
		if err := r.pool.AnswerPasskey(r.Context(), id, old); err == nil {
			r.Error("an old answer was taken")
		}
		s := r.awaitState(id, campaign.Unlinked)
		if s.Reason.Code != reason.PasskeyRefused {
			r.Errorf("reason %q", s.Reason)
		}
	})
}

func TestConnectionLostBeforeThePasskeyIsSaid(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id := r.scanned()
		r.awaitScript(id)
		r.service.DropAll()
		s := r.awaitState(id, campaign.Unlinked)
		if s.Reason.Code != reason.PasskeyLost || s.Passkey != (Passkey{}) {
			r.Errorf("reason %q, passkey %+v", s.Reason, s.Passkey)
		}
	})
}

func TestPasskeyThatCameInTimeIsNotCalledLate(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id := r.scanned()
		options := r.awaitScript(id)
		time.Sleep(time.Until(r.snapshot(id).QRUntil) - time.Second)
		if err := r.pool.AnswerPasskey(r.Context(), id, r.sign(options)); err != nil {
			r.Fatal(err)
		}
		s := r.await(id, "showing a code", func(s Snapshot) bool { return s.Passkey.Code != "" })
		if left := time.Until(s.QRUntil); left < time.Minute {
			r.Errorf("a person has %v to compare the codes", left)
		}
		if err := r.pool.ConfirmPasskey(r.Context(), id); err != nil {
			r.Fatal(err)
		}
		r.awaitState(id, campaign.Online)
	})
}
