package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session/simulator"
)

// delivery is a message to a person, ready to be sent by a number.
func (r *rig) delivery(id campaign.NumberID, to simulator.Person, text string) campaign.Delivery {
	r.Helper()
	return campaign.Delivery{
		Number: id, Phone: people.Phone(to.Phone), LID: to.LID, State: campaign.Sending,
		Message: r.pool.Sender(id).NewID(), Text: text, Link: r.snapshot(id).Number.Link,
	}
}

func TestSentMessageIsSeenOnce(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		id, _ := r.linked("loja")
		person := r.someone(0)
		d := r.delivery(id, person, "olá")
		if got := r.pool.Sender(id).Send(r.Context(), d); got.Kind != campaign.Accepted {
			r.Fatalf("%+v, want accepted", got)
		}
		time.Sleep(time.Minute)
		seen := r.service.Ledger().SeenBy(person.Phone)
		if len(seen) != 1 || seen[0].Text != "olá" || seen[0].ID != string(d.Message) {
			r.Errorf("they see %+v", seen)
		}
	})
}

// TestWithoutALIDNothingLeaves: whose a phone is, the book decides.
func TestWithoutALIDNothingLeaves(t *testing.T) {
	inBubble(t, simulator.Config{People: 3, Aliases: 1, Unregistered: 1}, func(r *rig) {
		id, _ := r.linked("loja")
		for _, p := range r.service.People() {
			d := r.delivery(id, p, "olá")
			d.LID = ""
			if p.Alias != "" {
				d.Phone = people.Phone(p.Alias)
			}
			want := people.Answer{Asked: d.Phone, Presence: people.NotOnWhatsApp}
			if p.Registered {
				want = people.Answer{Asked: d.Phone, Presence: people.OnWhatsApp, Phone: people.Phone(p.Phone), LID: p.LID}
			}
			if got := r.pool.Sender(id).Send(r.Context(), d); got.Kind != campaign.Misled || got.Answer != want {
				r.Errorf("%+v, want %+v", got, want)
			}
		}
		if seen := r.service.Ledger().Seen(); len(seen) > 0 {
			r.Errorf("seen: %+v", seen)
		}
	})
}

func TestOutcomeOfASend(t *testing.T) {
	message := func(r simulator.Rule) simulator.Rule { r.On, r.Limit = simulator.Message, max(r.Limit, 1); return r }
	for _, c := range []struct {
		name string
		rule simulator.Rule
		off  bool // the phones of both sides are off: no receipt comes
		want campaign.OutcomeKind
		code int
		seen int // by them, in the end
	}{
		{"dropped before it was accepted", message(simulator.Rule{Do: simulator.DropBefore}), false, campaign.Accepted, 0, 1},
		{"dropped after it was accepted", message(simulator.Rule{Do: simulator.DropAfter}), false, campaign.Accepted, 0, 1},
		{"dropped after, twice", message(simulator.Rule{Do: simulator.DropAfter, Limit: 2}), true, campaign.Unknown, 0, 1},
		{"never acknowledged", message(simulator.Rule{Do: simulator.Silence}), true, campaign.Unknown, 0, 1},
		{"never acknowledged but received", message(simulator.Rule{Do: simulator.Silence}), false, campaign.Accepted, 0, 1},
		{"refused with 463", message(simulator.Rule{Do: simulator.Refuse, Code: 463}), false, campaign.Refused, 463, 0},
		{"refused with 403", message(simulator.Rule{Do: simulator.Refuse, Code: 403}), false, campaign.Refused, 403, 0},
		{"refused with 503", message(simulator.Rule{Do: simulator.Refuse, Code: 503}), false, campaign.NotSent, 503, 0},
		{"refused with 429", message(simulator.Rule{Do: simulator.Refuse, Code: 429}), false, campaign.Refused, 429, 0},
		{"no keys", simulator.Rule{On: simulator.PreKeys, Do: simulator.NoPreKeys}, false, campaign.NotSent, 0, 0},
		{"keys refused", simulator.Rule{On: simulator.PreKeys, Do: simulator.Refuse, Code: 429}, false, campaign.NotSent, 0, 0},
		{"no devices", simulator.Rule{On: simulator.Usync, Do: simulator.NoDevices}, false, campaign.Misled, 0, 0},
		{"refused with 404", message(simulator.Rule{Do: simulator.Refuse, Code: 404}), false, campaign.Misled, 404, 0},
		{"refused, and to be looked up anew", message(simulator.Rule{Do: simulator.RefreshLID, Code: 421}), false, campaign.Misled, 421, 0},
		{"accepted, and to be looked up anew", message(simulator.Rule{Do: simulator.RefreshLID}), false, campaign.Accepted, 0, 1},
		{"devices not told", simulator.Rule{On: simulator.Usync, Do: simulator.Silence, Limit: 1}, false, campaign.NotSent, 0, 0},
		{"devices refused", simulator.Rule{On: simulator.Usync, Do: simulator.Refuse, Code: 429}, false, campaign.NotSent, 429, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if raced && strings.HasPrefix(c.name, "dropped") {
				t.Skip("the client library has a race of its own when a connection breaks during a send (WaitForConnection)")
			}
			inBubble(t, simulator.Config{People: 3}, func(r *rig) {
				id, phone := r.linked("loja")
				person := r.someone(0)
				if c.off {
					r.own(phone).SetPhone(false)
					if err := r.service.SetPersonPhone(person.Phone, false); err != nil {
						r.Fatal(err)
					}
				}
				r.service.Fault(c.rule)
				d := r.delivery(id, person, "olá")
				begun := time.Now()
				got := r.pool.Sender(id).Send(r.Context(), d)
				if got.Kind != c.want || got.Code != c.code {
					r.Errorf("%+v, want kind %v, code %d", got, c.want, c.code)
				}
				if got.Kind != campaign.Accepted && got.Reason.IsZero() {
					r.Error("no reason is given")
				}
				if took := time.Since(begun); took > sendTimeout+time.Second {
					r.Errorf("it took %v", took)
				}
				r.own(phone).SetPhone(true)
				if err := r.service.SetPersonPhone(person.Phone, true); err != nil {
					r.Fatal(err)
				}
				time.Sleep(time.Minute)
				if n := len(r.service.Ledger().SeenBy(person.Phone)); n != c.seen {
					r.Errorf("they see %d messages, want %d", n, c.seen)
				}

				// Whatever it was, the next try works, with the same id.
				r.service.ClearFaults()
				r.awaitUp(id)
				if got := r.pool.Sender(id).Send(r.Context(), d); got.Kind != campaign.Accepted {
					r.Errorf("again: %+v, want accepted", got)
				}
				time.Sleep(time.Minute)
				if n := len(r.service.Ledger().SeenBy(person.Phone)); n != 1 {
					r.Errorf("after another try they see %d messages, want 1", n)
				}
			})
		})
	}
}

func (r *rig) awaitUp(id campaign.NumberID) {
	r.Helper()
	r.await(id, "online", func(s Snapshot) bool { return s.State == campaign.Online || s.State == campaign.Restricted })
}

func TestRateLimitHoldsEverythingLongerEachTime(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		id, _ := r.linked("loja")
		send := func() campaign.Outcome {
			return r.pool.Sender(id).Send(r.Context(), r.delivery(id, r.someone(0), "olá"))
		}
		remove := r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Refuse, Code: 429})
		for _, want := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 4 * time.Hour} {
			send()
			ready := r.pool.Sender(id).Ready()
			if left := time.Until(ready.Hold.Until); ready.Hold.Reason != reason.HoldRateLimit || left > want || left < want-time.Minute {
				r.Errorf("ready: %+v, %v left; want everything held for %v", ready, left, want)
			}
			time.Sleep(time.Until(ready.Hold.Until))
			if ready := r.pool.Sender(id).Ready(); ready.Hold.Reason != "" {
				r.Errorf("ready after %v: %+v", want, ready)
			}
		}
		remove()
		send()
		r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Refuse, Code: 429})
		send()
		if left := time.Until(r.pool.Sender(id).Ready().Hold.Until); left > slowPause {
			r.Errorf("held for %v after a message that was accepted, want %v", left, slowPause)
		}
	})
}

func TestSendWithoutAConnectionSendsNothing(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		id, _ := r.linked("loja")
		d := r.delivery(id, r.someone(0), "olá")
		r.service.SetDown(true)
		r.awaitState(id, campaign.Offline)
		if got := r.pool.Sender(id).Send(r.Context(), d); got.Kind != campaign.NotSent || got.Reason.IsZero() {
			r.Errorf("%+v, want not sent", got)
		}
		r.service.SetDown(false)
	})
}

func TestCheckTellsWhoIsThere(t *testing.T) {
	inBubble(t, simulator.Config{People: 30, Unregistered: 5, Aliases: 5}, func(r *rig) {
		id, _ := r.linked("loja")
		persons := r.service.People()
		var phones []people.Phone
		want := make(map[people.Phone]simulator.Person)
		for _, p := range persons {
			asked := people.Phone(p.Phone)
			if p.Alias != "" {
				asked = people.Phone(p.Alias)
			}
			phones = append(phones, asked)
			want[asked] = p
		}
		answers, err := r.pool.Sender(id).Check(r.Context(), phones)
		if err != nil || len(answers) != len(phones) {
			r.Fatalf("%d answers to %d questions, %v", len(answers), len(phones), err)
		}
		for _, a := range answers {
			p := want[a.Asked]
			switch {
			case !p.Registered && a.Presence != people.NotOnWhatsApp,
				p.Registered && (a.Presence != people.OnWhatsApp || a.LID != p.LID || a.Phone != people.Phone(p.Phone)):
				r.Errorf("%s: %+v, want %+v", a.Asked, a, p)
			}
		}
		r.service.Fault(simulator.Rule{On: simulator.Usync, Do: simulator.Refuse, Code: 429})
		if _, err := r.pool.Sender(id).Check(r.Context(), phones[:1]); !errors.Is(err, campaign.ErrRateLimit) {
			r.Errorf("rate limited: %v, want %v", err, campaign.ErrRateLimit)
		}
	})
}

func TestServiceThatAnswersWithNumbersAloneIsAskedForTheLIDs(t *testing.T) {
	inBubble(t, simulator.Config{People: 12, Aliases: 3}, func(r *rig) {
		id, _ := r.linked("loja")
		r.service.Fault(simulator.Rule{On: simulator.Usync, Do: simulator.NoLID})
		for _, p := range r.service.People() {
			asked := people.Phone(p.Phone)
			if p.Alias != "" {
				asked = people.Phone(p.Alias)
			}
			answers, err := r.pool.Sender(id).Check(r.Context(), []people.Phone{asked})
			want := people.Answer{Asked: asked, Presence: people.OnWhatsApp, Phone: people.Phone(p.Phone), LID: p.LID}
			if err != nil || len(answers) != 1 || answers[0] != want {
				r.Fatalf("%s: %+v, %v, want %+v", asked, answers, err, want)
			}
		}
	})
}

func TestWhoHasAnAccountIsNeverCalledAbsent(t *testing.T) {
	inBubble(t, simulator.Config{People: 3, Aliases: 3}, func(r *rig) {
		id, _ := r.linked("loja")
		r.service.Fault(simulator.Rule{On: simulator.Usync, Do: simulator.NoNames})
		d := r.delivery(id, r.someone(0), "olá")
		d.Phone, d.LID = people.Phone(r.someone(0).Alias), "" // a spelling with which the number has never met them
		if got := r.pool.Sender(id).Send(r.Context(), d); got.Kind != campaign.Misled || got.Answer.Presence != people.OnWhatsApp || got.Answer.LID != "" {
			r.Errorf("%+v, want on WhatsApp, nobody says whose", got)
		}
	})
}

// campaignTo starts a campaign to one person and sends it as the program does.
func (r *rig) campaignTo(person simulator.Person, text string) campaign.ID {
	r.Helper()
	_, err := desk(r.book.Book).Import(r.Context(), []people.Row{{Line: 1, Phone: people.Phone(person.Phone), Name: person.Name}}, "test")
	if err != nil {
		r.Fatal(err)
	}
	return r.starts(campaign.Campaign{Name: "promo", Text: text, Silent: true, To: "fone:" + person.Phone})
}

// lanes runs the lanes until stop is called.
func (r *rig) lanes() (stop func()) {
	ctx, cancel := context.WithCancel(r.Context())
	log := campaign.Log(r.book)
	if r.mortal != nil {
		log = r.mortal
	}
	if r.witness != nil {
		log = r.witness(log)
	}
	lanes := &campaign.Lanes{
		Log: log, Bell: r.bell, Clock: r.clock, Logger: testLog(), Sender: r.pool.Sender,
		Numbers: func() (ids []campaign.NumberID) {
			for _, s := range r.pool.Snapshots() {
				ids = append(ids, s.Number.ID)
			}
			return ids
		},
	}
	done := make(chan struct{})
	go func() { // ends with ctx
		defer close(done)
		lanes.Run(ctx)
	}()
	return func() { cancel(); <-done }
}

func (r *rig) awaitDelivery(id campaign.ID, state campaign.State) campaign.Delivery {
	r.Helper()
	ring, quiet := r.bell.Listen()
	defer quiet()
	patience := time.NewTimer(time.Hour)
	defer patience.Stop()
	for {
		d, err := r.book.Delivery(id, 0)
		if err != nil {
			r.Fatal(err)
		}
		if d.State == state {
			return d
		}
		select {
		case <-ring:
		case <-patience.C:
			r.Fatalf("the delivery is never %v: %v, %q", state, d.State, d.Reason)
		}
	}
}

func TestRecipientWhoCannotReadIsAnsweredAfterARestart(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		r.linked("loja")
		person := r.someone(0)
		if err := r.service.SetPersonPhone(person.Phone, false); err != nil {
			r.Fatal(err)
		}
		stop := r.lanes()
		id := r.campaignTo(person, "olá {nome|você}")
		d := r.awaitDelivery(id, campaign.Sent)
		stop()
		r.restart()
		if err := r.service.Reinstall(person.Phone); err != nil {
			r.Fatal(err)
		}
		if err := r.service.SetPersonPhone(person.Phone, true); err != nil {
			r.Fatal(err)
		}
		r.awaitDelivery(id, campaign.Delivered)
		seen := r.service.Ledger().SeenBy(person.Phone)
		if len(seen) != 1 || seen[0].Text != d.Text || seen[0].ID != string(d.Message) {
			r.Errorf("they see %+v, want %q once", seen, d.Text)
		}
	})
}

func TestSignalAddressesAreToldApart(t *testing.T) {
	for _, c := range []struct {
		written []string
		users   []string
		want    bool
	}{
		{nil, []string{"7"}, false},
		{[]string{"7_1:0"}, []string{"7"}, true},
		{[]string{"7:3"}, []string{"7"}, true},
		{[]string{"77_1:0"}, []string{"7"}, false},
		{[]string{"1_1:0", "551:2"}, nil, false},
		{[]string{"1_1:0", "551:2", "9_1:0"}, nil, true},
	} {
		_, p := noteParts(context.Background())
		for _, address := range c.written {
			p.add(address)
		}
		if got := p.reach(c.users, "1", "551"); got != c.want {
			t.Errorf("%v reaches %v: %v, want %v", c.written, c.users, got, c.want)
		}
	}
}

func TestCodeIsReadFromTheEndOfARefusal(t *testing.T) {
	for text, want := range map[string]int{"server returned error 463": 463, "server returned error": 0} {
		if got := serverCode(fmt.Errorf("%s", text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
