package session

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	wire "go.mau.fi/whatsmeow/binary"
	waStore "go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
)

func TestEveryOccasionHasARule(t *testing.T) {
	for _, o := range []occasion{
		onLost, onUnreachable, onClock, onNoLogin, onSilence, onDead, onStreamError, onFlapping, onRestart,
		onReplaced, onLoggedOut, onLocked, onExpelled, onBan, onOutdated, onRefused, onRefusedLong, onToken, onKeysGone, onNoKeys,
	} {
		r, ok := rules[o]
		if !ok {
			t.Errorf("%s: no rule", o)
			continue
		}
		if r.say == "" && r.act != now {
			t.Errorf("%s: the person is told nothing", o)
		}
		if (r.act == halt || r.act == rest || r.act == forget) != r.keep {
			t.Errorf("%s: a restart would forget it, or remember it for nothing", o)
		}
	}
}

func TestBackoffGrowsToAMinute(t *testing.T) {
	for failures, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		want *= time.Second
		for range 100 {
			if got := backoff(failures); got < want/2 || got > want {
				t.Fatalf("after %d failures: %v, want between %v and %v", failures, got, want/2, want)
			}
		}
	}
	if got := backoff(1000); got > time.Minute {
		t.Errorf("after 1000 failures: %v", got)
	}
}

func TestRestartComesBackWithoutQR(t *testing.T) {
	inBubble(t, simulator.Config{People: 5}, func(r *rig) {
		a, _ := r.linked("a")
		b, _ := r.linked("b")
		r.await(a, "with contacts", func(s Snapshot) bool { return s.Contacts })
		r.restart()
		for _, id := range []campaign.NumberID{a, b} {
			s := r.await(id, "online or showing a code", func(s Snapshot) bool { return s.State == campaign.Online || s.QR != "" })
			if s.QR != "" || s.Number.Link != 1 {
				r.Errorf("number %d came back with QR %q, link %d", id, s.QR, s.Number.Link)
			}
		}
		if !r.snapshot(a).Contacts {
			r.Error("the address book is not known to have arrived after a restart")
		}
	})
}

func TestDroppedConnectionComesBack(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		r.own(phone).Drop()
		s := r.awaitState(id, campaign.Offline)
		if left := time.Until(s.Until); left <= 0 || left > time.Second {
			r.Errorf("next try in %v, want within a second", left)
		}
		if hold := r.pool.Sender(id).Ready().Hold.Reason; hold != reason.HoldOffline {
			r.Errorf("ready while offline: hold %q", hold)
		}
		r.awaitState(id, campaign.Online)
	})
}

// However soon a person wants it, the next dial leaves the library a moment to
// let go of the connection that has just ended.
func TestNextDialWaitsForTheEndOfTheLast(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		time.Sleep(time.Minute)
		dropped := time.Now()
		r.own(phone).Drop()
		r.await(id, "offline", func(s Snapshot) bool { return s.State == campaign.Offline })
		r.pool.Reconnect(id)
		r.awaitState(id, campaign.Online)
		logins := r.service.Ledger().Logins()
		if after := logins[len(logins)-1].Time.Sub(dropped); after < redialPause || after > time.Second {
			r.Errorf("logged in again after %v, want %v and little more", after, redialPause)
		}
	})
}

func TestLongOutageIsWaitedForMorePatiently(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, _ := r.linked("loja")
		r.service.SetDown(true)
		r.awaitState(id, campaign.Offline)
		time.Sleep(time.Hour)
		s := r.await(id, "waiting", func(s Snapshot) bool { return s.State == campaign.Offline && !s.Until.IsZero() })
		if s.Reason.Code != reason.NumberUnreachable {
			r.Errorf("reason %q", s.Reason)
		}
		r.service.SetDown(false)
		back := time.Now()
		r.awaitState(id, campaign.Online)
		if took := time.Since(back); took > 90*time.Second {
			r.Errorf("back after %v, want about a minute at most", took)
		}
	})
}

// A person who wants a try now begins again: the waits are short again.
func TestReconnectBeginsTheWaitsAnew(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, _ := r.linked("loja")
		r.service.SetDown(true)
		time.Sleep(time.Hour)
		if s := r.snapshot(id); s.State != campaign.Offline || time.Until(s.Until) > lastRetry {
			r.Fatalf("%v until %v", s.State, s.Until)
		}
		r.pool.Reconnect(id)
		time.Sleep(10 * time.Second)
		n := r.pool.known(id)
		tries := make(chan int)
		n.post(func() { tries <- n.failures })
		if got := <-tries; got < 3 || got > 6 {
			r.Errorf("ten seconds after a person asked it has failed %d times in a row, want a few", got)
		}
		r.service.SetDown(false)
		r.awaitState(id, campaign.Online)
	})
}

func TestTroubleOfOneNumberLeavesTheOtherAlone(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		a, phone := r.linked("a")
		b, _ := r.linked("b")
		since := r.snapshot(b).Since
		r.own(phone).End("", "replaced")
		r.awaitState(a, campaign.Blocked)
		r.pool.Reconnect(a)
		r.awaitState(a, campaign.Online)
		r.own(phone).Logout()
		r.awaitState(a, campaign.LoggedOut)
		if s := r.snapshot(b); s.State != campaign.Online || !s.Since.Equal(since) {
			r.Errorf("the other number is %v since %v, want online since %v", s.State, s.Since, since)
		}
	})
}

func TestRefusedLogin(t *testing.T) {
	for _, c := range []struct {
		name  string
		rule  simulator.Rule
		state campaign.NumberState
		say   occasion
		link  bool // the link still stands
	}{
		{"401", simulator.Rule{Code: 401}, campaign.LoggedOut, onLoggedOut, false},
		{"403", simulator.Rule{Code: 403}, campaign.LoggedOut, onLocked, false},
		{"406", simulator.Rule{Code: 406}, campaign.LoggedOut, onExpelled, false},
		{"405", simulator.Rule{Code: 405}, campaign.Outdated, onOutdated, true},
		{"402", simulator.Rule{Code: 402, BanCode: 101, Expire: time.Hour}, campaign.Banned, onBan, true},
		{"409", simulator.Rule{Code: 409}, campaign.Blocked, onRefusedLong, true},
		{"400", simulator.Rule{Code: 400}, campaign.Blocked, onRefusedLong, true},
		{"415", simulator.Rule{Code: 415}, campaign.Blocked, onRefusedLong, true},
		{"418", simulator.Rule{Code: 418}, campaign.Blocked, onRefusedLong, true},
		{"501", simulator.Rule{Code: 501}, campaign.Blocked, onRefusedLong, true},
		{"413", simulator.Rule{Code: 413}, campaign.Blocked, onToken, true},
		{"414", simulator.Rule{Code: 414}, campaign.Blocked, onToken, true},
		{"500", simulator.Rule{Code: 500}, campaign.Offline, onLost, true},
		{"503", simulator.Rule{Code: 503}, campaign.Offline, onLost, true},
		{"503 and closed at once", simulator.Rule{Code: 503, AtOnce: true}, campaign.Offline, onLost, true},
		{"no answer", simulator.Rule{Do: simulator.Silence}, campaign.Offline, onNoLogin, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, simulator.Config{}, func(r *rig) {
				id, phone := r.linked("loja")
				c.rule.On = simulator.Login
				if c.rule.Do == "" {
					c.rule.Do = simulator.Refuse
				}
				remove := r.service.Fault(c.rule)
				r.own(phone).Drop()
				s := r.await(id, c.state.String(), func(s Snapshot) bool {
					return s.State == c.state && s.Reason.Code == rules[c.say].say
				})
				if s.Number.Linked() != c.link {
					r.Errorf("linked %v, want %v", s.Number.Linked(), c.link)
				}
				remove()
				if c.link && c.state != campaign.Banned {
					r.pool.Reconnect(id)
					r.awaitState(id, campaign.Online)
				}
			})
		})
	}
}

func TestServiceThatAlwaysAsksToLogInAgainIsNotHurried(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		remove := r.service.Fault(simulator.Rule{On: simulator.Login, Do: simulator.StreamError, Code: 515})
		r.own(phone).Drop()
		r.awaitWithin(id, "waiting", 2*time.Minute, func(s Snapshot) bool {
			return s.State == campaign.Offline && time.Until(s.Until) > 15*time.Second
		})
		remove()
		r.awaitState(id, campaign.Online)
	})
}

// slowGone is a device store that deletes nothing for a while.
type slowGone struct {
	Devices
	pause time.Duration
}

func (d slowGone) GetDevice(ctx context.Context, jid types.JID) (*waStore.Device, error) {
	dev, err := d.Devices.GetDevice(ctx, jid)
	if dev != nil {
		dev.Container = slowContainer{dev.Container, d.pause}
	}
	return dev, err
}

type slowContainer struct {
	waStore.DeviceContainer
	pause time.Duration
}

func (c slowContainer) DeleteDevice(ctx context.Context, dev *waStore.Device) error {
	time.Sleep(c.pause)
	return c.DeviceContainer.DeleteDevice(ctx, dev)
}

func TestLostLinkIsInTheBookBeforeItsKeysAreGone(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		r.close()
		r.wrap = func(d Devices) Devices { return slowGone{d, 4 * time.Second} }
		r.open()
		r.awaitState(id, campaign.Online)
		r.service.Fault(simulator.Rule{On: simulator.Login, Do: simulator.Refuse, Code: 406, Limit: 1})
		r.own(phone).Drop()
		time.Sleep(3 * time.Second)
		if n, err := r.book.Number(id); err != nil || n.Linked() || n.Standing.Reason.Code != rules[onExpelled].say {
			r.Errorf("while the keys are being deleted the book says: linked %v, %q, %v", n.Linked(), n.Standing.Reason, err)
		}
		r.awaitState(id, campaign.LoggedOut)
	})
}

func TestBanIsWaitedForAlsoAfterARestart(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		r.service.Fault(simulator.Rule{On: simulator.Login, Do: simulator.Refuse, Code: 402, BanCode: 104, Expire: 24 * time.Hour, Limit: 1})
		r.own(phone).Drop()
		end := r.awaitState(id, campaign.Banned).Until
		if left := time.Until(end); left < 23*time.Hour || left > 24*time.Hour {
			r.Errorf("banned for %v more, want a day", left)
		}
		r.restart()
		r.pool.Reconnect(id) // nobody may cut it short
		time.Sleep(time.Until(end) - time.Minute)
		if s := r.snapshot(id); s.State != campaign.Banned || r.own(phone).Online() {
			r.Errorf("a minute before the end: %v, online %v", s.State, r.own(phone).Online())
		}
		r.awaitState(id, campaign.Online)
		if now := time.Now(); now.Before(end) || now.After(end.Add(2*time.Minute)) {
			r.Errorf("back %v after the end of the ban", now.Sub(end))
		}
	})
}

func TestReplacedLinkWaitsForAPerson(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		r.own(phone).End("", "replaced")
		r.awaitState(id, campaign.Blocked)
		r.restart()
		time.Sleep(time.Hour)
		if s := r.snapshot(id); s.State != campaign.Blocked || s.Reason.Code != rules[onReplaced].say || r.own(phone).Online() {
			r.Errorf("after an hour and a restart: %v, %q", s.State, s.Reason)
		}
		r.pool.Reconnect(id)
		r.awaitState(id, campaign.Online)
		r.restart()
		r.awaitState(id, campaign.Online)
	})
}

func TestUnansweredPingsEndTheConnection(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, _ := r.linked("loja")
		remove := r.service.Fault(simulator.Rule{On: simulator.Ping, Do: simulator.Silence})
		r.awaitState(id, campaign.Offline)
		if hold := r.pool.Sender(id).Ready().Hold.Reason; hold != reason.HoldOffline {
			r.Errorf("ready on a silent connection: hold %q", hold)
		}
		r.await(id, "connecting anew", func(s Snapshot) bool { return s.State == campaign.Connecting })
		remove()
		r.awaitState(id, campaign.Online)
	})
}

func TestRestrictionClosesNewChatsUntilItsEnd(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		time.Sleep(newFor)
		end := time.Now().Add(48 * time.Hour).Truncate(time.Second)
		r.own(phone).Restrict(end)
		r.awaitState(id, campaign.Restricted)
		r.restart()
		s := r.awaitState(id, campaign.Restricted)
		ready := r.pool.Sender(id).Ready()
		if !s.Until.Equal(end) || ready.Hold.Reason != "" || ready.NewChats.Reason != reason.HoldNewChats || !ready.NewChats.Until.Equal(end) {
			r.Errorf("until %v, ready %+v; want %v and only new chats held", s.Until, ready, end)
		}
		time.Sleep(time.Until(end) + 2*time.Minute)
		if s := r.snapshot(id); s.State != campaign.Online || r.pool.Sender(id).Ready().NewChats.Reason != "" {
			r.Errorf("after the end: %v", s.State)
		}
	})
}

func TestEndOfTheStream(t *testing.T) {
	for _, c := range []struct {
		code  string
		times int
		want  campaign.NumberState
	}{
		{"515", 6, campaign.Online},
		{"503", 6, campaign.Online},
		{"999", 2, campaign.Online},
		{"999", 4, campaign.Blocked},
	} {
		t.Run(c.code, func(t *testing.T) {
			inBubble(t, simulator.Config{}, func(r *rig) {
				id, phone := r.linked("loja")
				for i := range c.times {
					r.own(phone).End(c.code, "")
					r.await(id, "told", func(s Snapshot) bool { return s.State != campaign.Online })
					if i < c.times-1 || c.want != campaign.Blocked {
						r.awaitState(id, campaign.Online)
					}
				}
				r.awaitState(id, c.want)
			})
		})
	}
}

func TestSlowConnectionRecovers(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, _ := r.linked("loja")
		r.service.Fault(simulator.Rule{On: simulator.Ping, Do: simulator.Silence, Limit: 1})
		s := r.awaitState(id, campaign.Offline)
		if s.Reason.Code != rules[onSilence].say || !s.Until.IsZero() {
			r.Errorf("slow: %q, next try %v; want the connection kept", s.Reason, s.Until)
		}
		r.awaitState(id, campaign.Online)
		if r.pool.Sender(id).Ready().Hold.Reason != "" {
			r.Error("not ready though pings are answered again")
		}
	})
}

func TestWrongClockIsTheReasonWhenTheCertificateIsNotValid(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, _ := r.linked("loja")
		r.close()
		time.Sleep(11 * 365 * 24 * time.Hour)
		r.open()
		s := r.await(id, "told", func(s Snapshot) bool { return s.State == campaign.Offline && !s.Reason.IsZero() })
		if s.Reason.Code != rules[onClock].say || s.Until.IsZero() {
			r.Errorf("reason %q, next try %v", s.Reason, s.Until)
		}
	})
}

func TestGarbageOnTheLineEndsNothing(t *testing.T) {
	for _, action := range []simulator.Action{simulator.Garbage, simulator.NoStanza, simulator.Nonsense} {
		t.Run(string(action), func(t *testing.T) {
			inBubble(t, simulator.Config{People: 2}, func(r *rig) {
				id, _ := r.linked("loja")
				r.service.Fault(simulator.Rule{On: simulator.Ping, Do: action, Limit: 2})
				time.Sleep(10 * time.Minute)
				r.awaitState(id, campaign.Online)
				if o := r.pool.Sender(id).Send(r.Context(), r.delivery(id, r.someone(0), "olá")); o.Kind != campaign.Accepted {
					r.Errorf("%+v", o)
				}
			})
		})
	}
}

func TestPersonWithNewKeysIsHeardAndMessagesThatCannotBeReadHarmNothing(t *testing.T) {
	inBubble(t, simulator.Config{People: 2}, func(r *rig) {
		id, phone := r.linked("loja")
		person := r.someone(0)
		since := r.snapshot(id).Since
		say := func(text string) {
			if _, err := r.service.Say(person.Phone, phone, text); err != nil {
				r.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		say("oi")
		if err := r.service.Reinstall(person.Phone); err != nil {
			r.Fatal(err)
		}
		say("celular novo")
		lid := types.NewJID(person.LID, types.HiddenUserServer)
		r.service.Push(phone, wire.Node{
			Tag:     "message",
			Attrs:   wire.Attrs{"id": "3ADEADBEEF", "from": lid, "t": "946684800", "type": "text"},
			Content: []wire.Node{{Tag: "enc", Attrs: wire.Attrs{"v": "2", "type": "msg"}, Content: []byte("not a message")}},
		})
		time.Sleep(time.Minute) // something that cannot be read is an answer without words
		say("e agora?")
		var texts []string
		for _, h := range r.book.texts() {
			texts = append(texts, h.Text)
		}
		if !slices.Equal(texts, []string{"oi", "celular novo", "", "e agora?"}) {
			r.Errorf("heard %q", texts)
		}
		if s := r.snapshot(id); s.State != campaign.Online || !s.Since.Equal(since) {
			r.Errorf("%v since %v, want online since %v", s.State, s.Since, since)
		}
	})
}

// TestTheTableSaysWhatAPersonIsTold holds the page about connections to the
// rules.
func TestTheTableSaysWhatAPersonIsTold(t *testing.T) {
	table, err := os.ReadFile("../docs/connections.md")
	if err != nil {
		t.Fatal(err)
	}
	for o, r := range rules {
		if !strings.Contains(string(table), string(r.say)) {
			t.Errorf("%s: the table does not say %q", o, r.say)
		}
	}
}

func TestLinkWithoutKeysIsForgotten(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, _ := r.linked("loja")
		r.close()
		if err := os.Remove(filepath.Join(r.dir, "devices.db")); err != nil {
			r.Fatal(err)
		}
		r.open()
		s := r.awaitState(id, campaign.LoggedOut)
		if s.Reason.Code != rules[onKeysGone].say || s.Number.Linked() {
			r.Errorf("reason %q, linked %v", s.Reason, s.Number.Linked())
		}
	})
}

// lockedDevices cannot read the keys for a while.
type lockedDevices struct {
	Devices
	broken *atomic.Bool
}

func (d lockedDevices) GetDevice(ctx context.Context, jid types.JID) (*waStore.Device, error) {
	if d.broken.Load() {
		return nil, errors.New("input/output error")
	}
	return d.Devices.GetDevice(ctx, jid)
}

func TestKeysThatCannotBeReadAreTriedAgain(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, _ := r.linked("loja")
		r.close()
		broken := new(atomic.Bool)
		broken.Store(true)
		r.wrap = func(d Devices) Devices { return lockedDevices{d, broken} }
		r.open()
		s := r.await(id, "told", func(s Snapshot) bool { return s.State == campaign.Offline && !s.Reason.IsZero() })
		if !s.Reason.Equal(reason.New(reason.NumberNoKeys, reason.New(reason.Foreign, reason.Plain("input/output error")))) || s.Until.IsZero() || !s.Number.Linked() {
			r.Errorf("reason %q, next try %v, linked %v", s.Reason, s.Until, s.Number.Linked())
		}
		broken.Store(false)
		r.awaitState(id, campaign.Online)
	})
}
