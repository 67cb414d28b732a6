package session

import (
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session/simulator"
)

const day = 24 * time.Hour

// must ends the test on an error.
func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// timers are those of what a person sees, in order.
func (r *rig) timers(p simulator.Person) (timers []time.Duration) {
	for _, s := range r.service.Ledger().SeenBy(p.Phone) {
		timers = append(timers, s.Timer)
	}
	return timers
}

// timed sends a campaign to a person and returns the timer that they see.
func (r *rig) timed(p simulator.Person, text string) time.Duration {
	r.Helper()
	stop := r.lanes()
	defer stop()
	before := len(r.timers(p))
	r.awaitDelivery(r.campaignTo(p, text), campaign.Delivered)
	timers := r.timers(p)
	if len(timers) != before+1 {
		r.Fatalf("%s sees %d messages, want %d", p.Phone, len(timers), before+1)
	}
	return timers[before]
}

func TestACampaignTextCarriesTheTimerOfItsChat(t *testing.T) {
	for name, learn := range map[string]func(r *rig, person simulator.Person, phone string){
		"they set it":       func(r *rig, p simulator.Person, phone string) { r.must(r.service.SetTimer(p.Phone, phone, day)) },
		"our phone sets it": func(r *rig, p simulator.Person, phone string) { r.must(r.own(phone).SetTimer(p.Phone, day)) },
		"they set it while we are away": func(r *rig, p simulator.Person, phone string) {
			r.close()
			r.must(r.service.SetTimer(p.Phone, phone, day))
			r.open()
		},
		"their text carries it": func(r *rig, p simulator.Person, phone string) {
			r.must(r.own(phone).SetQuietly(p.Phone, day))
			r.say(p, phone, "oi")
		},
		"their picture carries it": func(r *rig, p simulator.Person, phone string) {
			_, err := r.service.SayMessage(p.Phone, phone, &waE2E.Message{EphemeralMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{
				ImageMessage: &waE2E.ImageMessage{ContextInfo: &waE2E.ContextInfo{Expiration: proto.Uint32(86400)}},
			}}})
			r.must(err)
		},
		"a text of our phone carries it": func(r *rig, p simulator.Person, phone string) {
			r.must(r.own(phone).SetQuietly(p.Phone, day))
			r.must(r.own(phone).Write(p.Phone, "oi"))
		},
		"the history says it": func(r *rig, p simulator.Person, phone string) {
			r.must(r.own(phone).SetQuietly(p.Phone, day))
			r.own(phone).TellChats()
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, simulator.Config{People: 3}, func(r *rig) {
				id, phone := r.linked("loja")
				person := r.someone(0)
				learn(r, person, phone)
				time.Sleep(time.Minute)
				r.awaitState(id, campaign.Online)
				if got := r.timed(person, "um"); got != day {
					t.Errorf("the text disappears after %v, want %v", got, day)
				}
				if got := r.timed(r.someone(1), "um"); got != 0 {
					t.Errorf("in another chat the text disappears after %v", got)
				}
				r.must(r.service.SetTimer(person.Phone, phone, 7*day))
				time.Sleep(time.Minute)
				if got := r.timed(person, "dois"); got != 7*day {
					t.Errorf("after a change: %v, want %v", got, 7*day)
				}
				r.must(r.own(phone).SetTimer(person.Phone, 0))
				time.Sleep(time.Minute)
				if got := r.timed(person, "três"); got != 0 {
					t.Errorf("after it was switched off: %v, want none", got)
				}
			})
		})
	}
}

func TestAChatThatACampaignBeginsHasTheTimerOfItsAccount(t *testing.T) {
	inBubble(t, simulator.Config{People: 40}, func(r *rig) {
		own, err := r.service.OwnPhone("")
		r.must(err)
		own.SetDefaultTimer(90 * day)
		id := r.add("loja")
		r.scan(id, own.Number())
		r.await(id, "online with contacts", func(s Snapshot) bool { return s.State == campaign.Online && s.Contacts })
		time.Sleep(time.Minute)
		var strangers []simulator.Person
		old := simulator.Person{}
		for _, p := range r.service.People() {
			switch c, err := r.book.ContactByPhone(people.Phone(p.Phone)); {
			case !p.Registered:
			case err != nil || c.LastHeard.IsZero():
				strangers = append(strangers, p)
			default:
				old = p
			}
		}
		for _, c := range []struct {
			chat  string
			with  simulator.Person
			do    func(p simulator.Person)
			timer time.Duration
		}{
			{"a new chat", strangers[0], nil, 90 * day},
			{"the same again", strangers[0], func(simulator.Person) { own.SetDefaultTimer(day); own.TellChats() }, 90 * day},
			{"the next new one", strangers[1], nil, day},
			{"one where it was switched off", strangers[2], func(p simulator.Person) { r.must(own.SetTimer(p.Phone, 0)) }, 0},
			{"one that they began", strangers[3], func(p simulator.Person) { r.say(p, own.Number(), "oi") }, 0},
			{"an old one", old, nil, 0},
		} {
			if c.do != nil {
				c.do(c.with)
				time.Sleep(time.Minute)
			}
			if got := r.timed(c.with, c.chat); got != c.timer {
				t.Errorf("in %s: %v, want %v", c.chat, got, c.timer)
			}
		}
	})
}

// TestWhatIsAskedForAgainCarriesTheTimerOfTheFirstTime: the recipient cannot read
// the message, and the timer has changed meanwhile.
func TestWhatIsAskedForAgainCarriesTheTimerOfTheFirstTime(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		id, phone := r.linked("loja")
		person := r.someone(0)
		r.must(r.service.SetTimer(person.Phone, phone, day))
		time.Sleep(time.Minute)
		r.must(r.service.SetPersonPhone(person.Phone, false))
		stop := r.lanes()
		r.awaitDelivery(r.campaignTo(person, "olá"), campaign.Sent)
		stop()
		r.must(r.own(phone).SetTimer(person.Phone, 7*day))
		time.Sleep(time.Minute)
		r.restart()
		r.awaitState(id, campaign.Online)
		r.must(r.service.Reinstall(person.Phone))
		r.must(r.service.SetPersonPhone(person.Phone, true))
		time.Sleep(5 * time.Minute)
		if got := r.timers(person); len(got) != 1 || got[0] != day {
			t.Errorf("they see %v, want one message that disappears after %v", got, day)
		}
	})
}

func TestEveryKindOfMessageCarriesTheTimer(t *testing.T) {
	set := time.Unix(1_790_000_000, 0)
	about := func(m *waE2E.Message) *waE2E.ContextInfo {
		var s saying
		s.read(m, deepest)
		return s.about
	}
	media := map[string]*waE2E.Message{
		"picture":  {ImageMessage: new(waE2E.ImageMessage)},
		"video":    {VideoMessage: new(waE2E.VideoMessage)},
		"audio":    {AudioMessage: new(waE2E.AudioMessage)},
		"document": {DocumentMessage: new(waE2E.DocumentMessage)},
		"text":     nil,
	}
	for kind, m := range media {
		for _, words := range []string{"olá", ""} {
			d := campaign.Delivery{Text: words, Timer: people.Timer{After: day, Set: set}}
			if m != nil {
				d.Upload = 1
				d.Media, _ = proto.Marshal(m)
			}
			got, err := messageOf(d)
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			a := about(got)
			if a.GetExpiration() != 86400 || a.GetEphemeralSettingTimestamp() != set.Unix() ||
				a.GetDisappearingMode().GetTrigger() != waE2E.DisappearingMode_CHAT_SETTING {
				t.Errorf("%s %q says %v", kind, words, a)
			}
			if s, _ := said(got); s.text != words && kind != "audio" {
				t.Errorf("%s %q has the words %q", kind, words, s.text)
			}
			d.Timer.Account = true
			got, _ = messageOf(d)
			if mode := about(got).GetDisappearingMode(); mode.GetTrigger() != waE2E.DisappearingMode_ACCOUNT_SETTING || !mode.GetInitiatedByMe() {
				t.Errorf("%s of an account's timer says %v", kind, mode)
			}
			d.Timer = people.Timer{Set: set}
			if got, _ = messageOf(d); about(got) != nil || m == nil && got.Conversation == nil {
				t.Errorf("%s without a timer is %v", kind, got)
			}
		}
	}
}

func TestATimerIsBoundedAndNotYoungerThanItsMessage(t *testing.T) {
	inBubble(t, simulator.Config{People: 1}, func(r *rig) {
		n := &number{pool: r.pool}
		l := &client{number: n}
		heard := time.Now().Add(-time.Hour).Truncate(time.Second)
		for _, c := range []struct {
			name    string
			seconds uint64
			set     int64
			want    people.Timer
		}{
			{"as it says", 86400, heard.Unix() - 5, people.Timer{After: day, Set: heard.Add(-5 * time.Second)}},
			{"off", 0, heard.Unix() - 5, people.Timer{Set: heard.Add(-5 * time.Second)}},
			{"set at no time", 86400, 0, people.Timer{After: day, Set: heard}},
			{"set in the future", 86400, heard.Unix() + 1, people.Timer{After: day, Set: heard}},
			{"in milliseconds", 86400, heard.UnixMilli(), people.Timer{After: day, Set: heard}},
			{"before time began", 86400, -5, people.Timer{After: day, Set: heard}},
			{"a year", uint64((365 * day).Seconds()), heard.Unix(), people.Timer{After: 365 * day, Set: heard}},
			{"no end", 1<<32 - 1, heard.Unix(), people.Timer{}},
		} {
			if got := l.timer(c.seconds, c.set, heard); got.After != c.want.After || !got.Set.Equal(c.want.Set) || got.Account {
				t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
			}
		}
	})
}
