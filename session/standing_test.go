package session

import (
	"encoding/json"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
)

// greet writes to somebody who has never written to the number.
func (r *rig) greet(id campaign.NumberID, person int) campaign.Outcome {
	r.Helper()
	d := r.delivery(id, r.someone(person), "olá")
	d.New = true
	return r.pool.Sender(id).Send(r.Context(), d)
}

func (r *rig) newChats(id campaign.NumberID) campaign.Hold { return r.pool.Sender(id).Ready().NewChats }

func TestRefusedNewChatClosesNewChatsForADayWhenNothingIsKnown(t *testing.T) {
	for _, c := range []struct {
		name string
		rule simulator.Rule
	}{
		{"refused", simulator.Rule{Do: simulator.Refuse, Code: 500}},
		{"an error in the answer", simulator.Rule{Do: simulator.BodyError, Code: 500}},
		{"no answer", simulator.Rule{Do: simulator.Silence}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, simulator.Config{People: 3}, func(r *rig) {
				c.rule.On, c.rule.Query = simulator.Query, "w:mex"
				r.service.Fault(c.rule)
				id, _ := r.linked("loja")
				if q := r.snapshot(id).Number.Quota; q.Known {
					r.Errorf("a quota that nobody told: %+v", q)
				}
				r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Refuse, Code: 463, Limit: 1})
				r.greet(id, 0)
				time.Sleep(time.Hour)
				if hold := r.newChats(id); hold.Reason != reason.HoldNewChats || time.Until(hold.Until) < 22*time.Hour {
					r.Errorf("an hour later: %+v, want new chats held for a day", hold)
				}
				kept, err := r.book.Number(id)
				if err != nil || kept.Standing.State != campaign.Restricted || time.Until(kept.Standing.Until) < 22*time.Hour {
					r.Errorf("in the book: %+v, %v", kept.Standing, err)
				}
			})
		})
	}
}

func TestRefusalOfOneNewChatClosesNoneWhenTheServiceKnowsOfNoRestriction(t *testing.T) {
	inBubble(t, simulator.Config{People: 9}, func(r *rig) {
		id, _ := r.linked("loja")
		r.service.Fault(simulator.Rule{On: simulator.Query, Query: "w:mex", Do: simulator.Late, Delay: 5 * time.Second})
		refuse := func() {
			r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Refuse, Code: 463, Limit: 1})
			if o := r.greet(id, 0); o.Kind != campaign.Refused {
				r.Fatalf("%+v, want refused", o)
			}
			if r.newChats(id).Reason != reason.HoldNewChats {
				r.Error("new chats are open before the service has said whether they may be")
			}
			time.Sleep(time.Minute)
		}
		refuse()
		if hold := r.newChats(id); hold.Reason != "" {
			r.Errorf("after one: %+v, want new chats open", hold)
		}
		if o := r.greet(id, 1); o.Kind != campaign.Accepted {
			r.Fatalf("the next one: %+v", o)
		}
		refuse()
		if hold := r.newChats(id); hold.Reason != "" {
			r.Errorf("after one more: %+v, want new chats open", hold)
		}
		refuse()
		if hold := r.newChats(id); hold.Reason != reason.HoldNewChats || time.Until(hold.Until) < 23*time.Hour {
			r.Errorf("after two in a row: %+v, want new chats held for a day", hold)
		}
	})
}

func TestRefusedNewChatWaitsForTheEndThatTheServiceNames(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		id, _ := r.linked("loja")
		end := time.Now().Add(5 * 24 * time.Hour).Truncate(time.Second)
		r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Restrict, Expire: time.Until(end), Limit: 1})
		r.greet(id, 0)
		s := r.await(id, "restricted until the end", func(s Snapshot) bool { return s.State == campaign.Restricted && s.Until.Equal(end) })
		if s.Reason.Code != reason.NumberRestricted {
			r.Errorf("reason %q", s.Reason)
		}
	})
}

func TestRestrictionFromBeforeIsFoundWhenTheNumberComesOnline(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		r.close()
		end := time.Now().Add(30 * time.Hour).Truncate(time.Second)
		r.own(phone).Restrict(end)
		r.own(phone).Logout() // the notice goes with the device; only the question can tell
		r.open()
		r.awaitState(id, campaign.LoggedOut)
		r.scan(id, phone)
		r.await(id, "restricted until the end", func(s Snapshot) bool { return s.State == campaign.Restricted && s.Until.Equal(end) })
	})
}

func TestQuotaOfNewChatsIsShownAndObeyed(t *testing.T) {
	inBubble(t, simulator.Config{People: 9}, func(r *rig) {
		id, phone := r.linked("loja")
		time.Sleep(newFor)
		end := time.Now().Add(26 * time.Hour).Truncate(time.Second)
		r.own(phone).Quota(5, 3, end)
		r.restart()
		r.await(id, "told of its quota", func(s Snapshot) bool { return s.Number.Quota.Total > 0 })
		if q := r.snapshot(id).Number.Quota; q.Total != 5 || q.Used != 3 || !q.Until.Equal(end) {
			r.Errorf("quota %+v, want 3 of 5 until %v", q, end)
		}
		for i := range 2 {
			if hold := r.newChats(id); hold.Reason != "" {
				r.Errorf("before new chat %d: %+v", i, hold)
			}
			if o := r.greet(id, i); o.Kind != campaign.Accepted {
				r.Fatalf("%+v", o)
			}
		}
		if hold := r.newChats(id); hold.Reason != reason.HoldQuota {
			r.Errorf("as soon as the last new chat has begun: %+v, want the quota", hold)
		}
		want := campaign.Hold{Reason: reason.HoldQuota, Until: end}
		for _, when := range []string{"at once", "after a restart"} {
			r.await(id, "restricted", func(s Snapshot) bool { return s.State == campaign.Restricted && s.Reason.Code == reason.NumberQuota })
			if hold := r.newChats(id); hold.Reason != want.Reason || !hold.Until.Equal(end) {
				r.Errorf("%s: %+v, want %+v", when, hold, want)
			}
			if r.pool.Sender(id).Ready().Hold.Reason != "" {
				r.Errorf("%s: known chats are held as well", when)
			}
			r.restart()
		}
		time.Sleep(time.Until(end) + time.Minute)
		r.awaitState(id, campaign.Online)
		if hold := r.newChats(id); hold.Reason != "" {
			r.Errorf("in the next cycle: %+v", hold)
		}
	})
}

// What was refused has opened no chat; what may have left, has. The service is
// not asked meanwhile.
func TestOnlyNewChatsThatMayHaveBegunSpendTheQuota(t *testing.T) {
	inBubble(t, simulator.Config{People: 9}, func(r *rig) {
		id, phone := r.linked("loja")
		r.own(phone).Quota(9, 3, time.Now().Add(10*24*time.Hour))
		r.restart()
		r.await(id, "told of its quota", func(s Snapshot) bool { return s.Number.Quota.Total > 0 })
		r.own(phone).SetPhone(false)
		for i, test := range []struct {
			rule simulator.Rule
			used int
		}{
			{simulator.Rule{On: simulator.Message, Do: simulator.Refuse, Code: 479, Limit: 1}, 3},
			{simulator.Rule{On: simulator.PreKeys, Do: simulator.NoPreKeys, Limit: 1}, 3},
			{simulator.Rule{On: simulator.Message, Do: simulator.Silence, Limit: 1}, 4},
		} {
			person := r.someone(i)
			if err := r.service.SetPersonPhone(person.Phone, false); err != nil {
				r.Fatal(err)
			}
			r.service.Fault(test.rule)
			d := r.delivery(id, person, "olá")
			d.New = true
			o := r.pool.Sender(id).Send(r.Context(), d)
			if q := r.snapshot(id).Number.Quota; q.Used != test.used {
				r.Errorf("after %+v %d are used, want %d", o, q.Used, test.used)
			}
			if o.Kind != campaign.Unknown {
				continue
			}
			d.Doubts, d.InDoubt = 1, true // the same message once more is the same chat
			if o := r.pool.Sender(id).Send(r.Context(), d); o.Kind != campaign.Accepted {
				r.Errorf("again: %+v", o)
			}
			if q := r.snapshot(id).Number.Quota; q.Used != test.used {
				r.Errorf("after the same message again %d are used, want %d", q.Used, test.used)
			}
		}
	})
}

func TestRefusalForTheQuotaAsksForItsEnd(t *testing.T) {
	inBubble(t, simulator.Config{People: 9}, func(r *rig) {
		id, phone := r.linked("loja")
		end := time.Now().Add(3 * 24 * time.Hour).Truncate(time.Second)
		time.Sleep(time.Minute)
		r.own(phone).Quota(4, 4, end) // the library does not pass its notice on
		if o := r.greet(id, 0); o.Kind != campaign.Refused || o.Code != 475 {
			r.Fatalf("%+v, want refused with 475", o)
		}
		r.await(id, "restricted until the end", func(s Snapshot) bool {
			hold := r.newChats(id)
			return s.State == campaign.Restricted && hold.Reason == reason.HoldQuota && hold.Until.Equal(end)
		})
	})
}

func TestAnswersThatMakeNoSenseAreNoAnswers(t *testing.T) {
	for _, text := range []string{`null`, `{}`, `{"is_active":null}`, `[]`, `"x"`, `{"is_active":"maybe"}`} {
		var lock timelock
		if err := json.Unmarshal([]byte(text), &lock); err == nil && lock.Active != nil {
			t.Errorf("%s says %v", text, *lock.Active)
		}
	}
	for text, want := range map[string]int64{`5`: 5, `"7"`: 7, `"-1"`: -1, `null`: 0, `""`: 0} {
		var n number64
		if err := json.Unmarshal([]byte(text), &n); err != nil || int64(n) != want {
			t.Errorf("%s: %d, %v; want %d", text, n, err, want)
		}
	}
	total := func(n number64) *number64 { return &n }
	if q := (capping{Status: "CAPPED", Total: total(30), Used: 12}).quota(); !q.Spent(time.Now()) {
		t.Errorf("%+v is not spent though the service says so", q)
	}
	for _, ends := range []number64{-5, 0, 1 << 60, 1_800_000_000_000} {
		if q := (capping{Total: total(5), Used: 2, Ends: ends}).quota(); !q.Until.IsZero() {
			t.Errorf("%d is taken for %v", ends, q.Until)
		}
	}
	if q := (capping{Status: "NONE", Total: total(-1)}).quota(); q.Spent(time.Now()) {
		t.Errorf("%+v is spent though there is none", q)
	}
}

func TestWhoIsOnlyInTheAddressBookWaitsWhileNewChatsAreClosed(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 40, HistoryByMedia: true}, func(r *rig) {
		id, phone := r.linked("loja")
		time.Sleep(time.Minute) // for the history, which tells who has written
		r.own(phone).Quota(2, 2, time.Now().Add(48*time.Hour))
		c := r.starts(campaign.Campaign{Name: "promo", Text: "olá", Pace: campaign.Pace{Gap: campaign.Span{Max: time.Second}, NewGap: campaign.Span{Max: time.Second}}})
		stop := r.lanes()
		defer stop()
		time.Sleep(time.Hour)
		counts, err := r.book.Counts(c)
		if err != nil {
			r.Fatal(err)
		}
		total := counts.Total()
		if counts[campaign.Failed] > 1 || counts[campaign.Queued] == 0 || counts[campaign.Delivered] == 0 {
			r.Errorf("while they are closed: %v; want one refused, who has written served, the others waiting", counts)
		}
		if hold := r.book.Holds()[id]; hold.Reason != reason.HoldQuota {
			r.Errorf("the hold is %+v, want the quota", hold)
		}
		stop()
		r.own(phone).Quota(0, 0, time.Time{})
		time.Sleep(72 * time.Hour)
		stop = r.lanes()
		defer stop()
		time.Sleep(time.Hour)
		if counts, err = r.book.Counts(c); err != nil {
			r.Fatal(err)
		}
		if counts[campaign.Queued] != 0 || counts[campaign.Delivered] < total-2 {
			r.Errorf("once they are open: %v of %d", counts, total)
		}
	})
}

// The library keeps whoever asks while it shakes hands, and then puts the
// question to a connection that has not logged in.
func TestNothingIsAskedBetweenTwoConnections(t *testing.T) {
	inBubble(t, simulator.Config{People: 9}, func(r *rig) {
		id, phone := r.linked("loja")
		time.Sleep(time.Minute)
		r.service.Fault(simulator.Rule{On: simulator.Query, Query: "w:mex", Do: simulator.Silence, Limit: 1})
		r.restart()
		r.awaitState(id, campaign.Online)
		time.Sleep(5 * time.Second) // the first of two questions has been asked, and is not answered
		asked := len(r.service.Ledger().Asked())
		r.service.Fault(simulator.Rule{On: simulator.Handshake, Do: simulator.Silence, Limit: 1})
		r.own(phone).Drop()
		r.awaitState(id, campaign.Offline)
		time.Sleep(15 * time.Second) // in the middle of a handshake
		if n := len(r.service.Ledger().Asked()); n != asked {
			r.Errorf("%d questions between two connections", n-asked)
		}
		dropped := time.Now()
		r.awaitState(id, campaign.Online)
		if took := time.Since(dropped); took > 30*time.Second {
			r.Errorf("online %v later", took)
		}
	})
}
