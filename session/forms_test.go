package session

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session/simulator"
)

// verdict is what becomes of a message.
type verdict string

const (
	isNo    verdict = "no"       // the person wishes to be left alone
	isDoubt verdict = "doubt"    // perhaps
	isOther verdict = "other"    // an answer
	notOurs verdict = "not ours" // none of the person's words
)

// form is a message as somebody may send it.
type form struct {
	name    string
	message *waE2E.Message
	want    verdict
}

// forms are all forms bare, and in every wrapper: each form, or forms of each
// kind in turn.
func forms(each bool) (all []form) {
	for _, kind := range []struct {
		of   map[string]*waE2E.Message
		want verdict
	}{{wording("SAIR"), isNo}, {wording("acho que quero cancelar"), isDoubt}, {wording("Quanto custa?"), isOther}, {silent(), isOther}, {noAnswer(), notOurs}} {
		names := slices.Sorted(maps.Keys(kind.of))
		for _, name := range names {
			all = append(all, form{name, kind.of[name], kind.want})
		}
		for i, f := range wrappers() {
			inside := names
			if !each || kind.want == isDoubt { // doubts are heard as noes are
				inside = names[i%len(names):][:1]
			}
			for _, name := range inside {
				all = append(all, form{name + " in " + string(f.Name()), wrap(f, kind.of[name]), kind.want})
			}
		}
	}
	return all
}

// TestEveryFormComesThroughEveryDoor: live, while the program was away, and by
// the history of a phone that is linked afterwards.
func TestEveryFormComesThroughEveryDoor(t *testing.T) {
	for _, door := range []string{"live", "offline", "history"} {
		t.Run(door, func(t *testing.T) {
			inBubble(t, simulator.Config{People: 2}, func(r *rig) {
				own, err := r.service.OwnPhone("")
				r.must(err)
				id := r.add("loja")
				link := func() {
					r.scan(id, own.Number())
					r.await(id, "online with contacts", func(s Snapshot) bool { return s.State == campaign.Online && s.Contacts })
				}
				switch door {
				case "live":
					link()
				case "offline":
					link()
					r.close()
				}
				type sent struct {
					form
					id campaign.MessageID
				}
				var messages []sent
				for _, f := range forms(os.Getenv("RECADO_LONG") != "" && door == "live") {
					id, err := r.service.SayMessage(r.someone(0).Phone, own.Number(), f.message)
					r.must(err)
					s, _ := said(f.message)
					messages = append(messages, sent{f, cmp.Or(s.id, campaign.MessageID(id))})
				}
				switch door {
				case "offline":
					r.open()
				case "history":
					link()
				}
				time.Sleep(2 * time.Minute)
				r.awaitState(id, campaign.Online)

				heard := make(map[campaign.MessageID]campaign.Incoming)
				for _, m := range r.book.told(door == "history") {
					heard[m.ID] = m
				}
				for _, m := range messages {
					got, what := notOurs, heard[m.id]
					if what.ID != "" {
						wish, _ := people.Wants(what.Text, "")
						got = map[people.Wish]verdict{people.No: isNo, people.Doubt: isDoubt, people.Other: isOther}[wish]
					}
					if got != m.want || what.Past != (door == "history") && what.ID != "" {
						t.Errorf("%s: %s (%q, past %v), want %s", m.name, got, what.Text, what.Past, m.want)
					}
				}
			})
		})
	}
}

func TestASealedEditIsHeard(t *testing.T) {
	for _, c := range []struct {
		name   string
		seal   simulator.Seal
		before func(r *rig, id campaign.NumberID) // between the text and its edit
	}{
		{"in the open", simulator.Open, nil},
		{"sealed", simulator.Sealed, nil},
		{"sealed, the text alone", simulator.SealedBare, nil},
		{"sealed, after a restart", simulator.Sealed, func(r *rig, id campaign.NumberID) { r.restart() }},
		{"sealed, while away", simulator.Sealed, func(r *rig, id campaign.NumberID) { r.close() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, simulator.Config{People: 3}, func(r *rig) {
				id, phone := r.linked("loja")
				person := r.someone(0)
				first, err := r.service.Say(person.Phone, phone, "oi")
				r.must(err)
				time.Sleep(time.Minute)
				if c.before != nil {
					c.before(r, id)
				}
				edited := time.Now()
				_, err = r.service.Edit(person.Phone, phone, first, "SAIR", c.seal)
				r.must(err)
				if c.name == "sealed, while away" {
					r.open()
				}
				time.Sleep(time.Minute)
				r.awaitState(id, campaign.Online)
				got := r.book.texts()[len(r.book.texts())-1]
				if got.Text != "SAIR" || got.ID != campaign.MessageID(first) || got.At.Before(edited.Truncate(time.Second)) {
					t.Errorf("heard %+v, want SAIR as a change of %s at %v", got, first, edited)
				}
				if !r.contact(person).OptedOut {
					t.Error("they are not opted out")
				}
			})
		})
	}
}

// TestAnEditOfWhatTheHistoryToldIsOpened: the text is from before the link.
func TestAnEditOfWhatTheHistoryToldIsOpened(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		own, err := r.service.OwnPhone("")
		r.must(err)
		person := r.someone(0)
		first, err := r.service.Say(person.Phone, own.Number(), "oi")
		r.must(err)
		id := r.add("loja")
		r.scan(id, own.Number())
		r.await(id, "online with contacts", func(s Snapshot) bool { return s.State == campaign.Online && s.Contacts })
		time.Sleep(time.Minute)
		_, err = r.service.Edit(person.Phone, own.Number(), first, "SAIR", simulator.Sealed)
		r.must(err)
		time.Sleep(time.Minute)
		if !r.contact(person).OptedOut {
			t.Errorf("heard %+v and before %+v", r.book.texts(), r.book.told(true))
		}
	})
}

// TestAnEditThatCannotBeOpenedIsAnAnswerWithoutWords: its text was never ours,
// or somebody made it to do harm. What comes after it is heard.
func TestAnEditThatCannotBeOpenedIsAnAnswerWithoutWords(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		id, phone := r.linked("loja")
		person := r.someone(0)
		first, err := r.service.Say(person.Phone, phone, "oi")
		r.must(err)
		_, err = r.service.Edit(person.Phone, phone, "3ANEVERHEARD", "SAIR", simulator.Sealed)
		r.must(err)
		seal := func(key *waCommon.MessageKey, iv, payload []byte) {
			_, err := r.service.SayMessage(person.Phone, phone, &waE2E.Message{SecretEncryptedMessage: &waE2E.SecretEncryptedMessage{
				TargetMessageKey: key, EncIV: iv, EncPayload: payload, SecretEncType: waE2E.SecretEncryptedMessage_MESSAGE_EDIT.Enum(),
			}})
			r.must(err)
		}
		mine := &waCommon.MessageKey{ID: &first, FromMe: proto.Bool(true)}
		seal(nil, nil, nil)
		seal(mine, nil, nil)
		seal(mine, make([]byte, 16), make([]byte, 40)) // a nonce over which the cipher panics
		seal(mine, make([]byte, 12), make([]byte, 40))
		seal(&waCommon.MessageKey{ID: &first, RemoteJID: proto.String("\x00@")}, make([]byte, 12), make([]byte, 40))
		r.say(person, phone, "SAIR")
		time.Sleep(time.Minute)
		var texts []string
		for _, m := range r.book.texts() {
			texts = append(texts, m.Text)
		}
		if !slices.Equal(texts, []string{"oi", "", "", "", "", "", "", "SAIR"}) {
			t.Errorf("heard %q", texts)
		}
		r.awaitState(id, campaign.Online)
	})
}

// TestWhatMayBeSeenOnceIsAnAnswer: phones keep it from their clients.
func TestWhatMayBeSeenOnceIsAnAnswer(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		_, phone := r.linked("loja")
		person := r.someone(0)
		stop := r.lanes()
		defer stop()
		id := r.campaignTo(person, "oi")
		r.awaitDelivery(id, campaign.Delivered)
		_, err := r.service.SayOnce(person.Phone, phone)
		r.must(err)
		r.awaitDelivery(id, campaign.Replied)
	})
}

// TestWhatCannotBeReadIsAnAnswerUnlessItIsHidden: the service says which
// messages are not shown to anybody, as reactions are.
func TestWhatCannotBeReadIsAnAnswerUnlessItIsHidden(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		_, phone := r.linked("loja")
		person := types.NewJID(r.someone(0).LID, types.HiddenUserServer)
		group := types.NewJID("120363000000000000", types.GroupServer)
		push := func(id string, attrs, enc wire.Attrs) {
			attrs["id"], attrs["t"], attrs["type"], enc["v"] = id, "946684800", "text", "2"
			r.service.Push(phone, wire.Node{Tag: "message", Attrs: attrs, Content: []wire.Node{{Tag: "enc", Attrs: enc, Content: []byte("no")}}})
			time.Sleep(time.Minute)
		}
		push("3ASHOWN", wire.Attrs{"from": person}, wire.Attrs{"type": "msg"})
		push("3AHIDDEN", wire.Attrs{"from": person}, wire.Attrs{"type": "msg", "decrypt-fail": "hide"})
		push("3AGROUP", wire.Attrs{"from": group, "participant": person}, wire.Attrs{"type": "skmsg"})
		heard := r.book.texts()
		if len(heard) == 0 || slices.ContainsFunc(heard, func(m campaign.Incoming) bool { return m.ID != "3ASHOWN" || m.Text != "" }) {
			t.Errorf("heard %+v, want the one that is shown", heard)
		}
	})
}

// TestAnAnswerCountsForWhatItQuotes: two campaigns, and the person quotes the
// first.
func TestAnAnswerCountsForWhatItQuotes(t *testing.T) {
	for name, answer := range map[string]func(about *waE2E.ContextInfo) *waE2E.Message{
		"a text": func(about *waE2E.ContextInfo) *waE2E.Message {
			return &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String("quero"), ContextInfo: about}}
		},
		"a button": func(about *waE2E.ContextInfo) *waE2E.Message {
			return &waE2E.Message{ButtonsResponseMessage: &waE2E.ButtonsResponseMessage{ContextInfo: about}}
		},
		"a voice message that disappears": func(about *waE2E.ContextInfo) *waE2E.Message {
			return &waE2E.Message{EphemeralMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{AudioMessage: &waE2E.AudioMessage{ContextInfo: about}}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, simulator.Config{People: 3}, func(r *rig) {
				id, phone := r.linked("loja")
				person := r.someone(0)
				stop := r.lanes()
				first := r.campaignTo(person, "um")
				quoted := string(r.awaitDelivery(first, campaign.Delivered).Message)
				second := r.campaignTo(person, "dois")
				r.awaitDelivery(second, campaign.Delivered)
				stop()
				_, err := r.service.SayMessage(person.Phone, phone, answer(&waE2E.ContextInfo{StanzaID: &quoted}))
				r.must(err)
				time.Sleep(time.Minute)
				if a, b := r.state(first), r.state(second); a != campaign.Replied || b != campaign.Delivered {
					t.Errorf("the quoted one is %v, the last one %v", a, b)
				}
				r.say(person, phone, "oi")
				time.Sleep(time.Minute)
				if b := r.state(second); b != campaign.Replied {
					t.Errorf("after an answer without a quote the last one is %v", b)
				}
				r.awaitState(id, campaign.Online)
			})
		})
	}
}
