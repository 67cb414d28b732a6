package session

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/proto/waWeb"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"go.mau.fi/whatsmeow/util/gcmutil"
	"go.mau.fi/whatsmeow/util/hkdfutil"
	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session/simulator"
)

const (
	noMore = "Não quero mais receber"
	asked  = "Oi {primeiro_nome|tudo bem}, qual dia é melhor?"
)

var days = []string{"Segunda", "Terça-feira 😀", noMore}

// polled sends a poll to everybody of the world, and returns the campaign and the
// delivery to each, in the order of persons.
func (r *rig) polled(persons []simulator.Person) (id campaign.ID, polls []campaign.Delivery) {
	r.Helper()
	id = r.campaign(campaign.Campaign{Name: "dia", Text: asked, Poll: days})
	r.sent(id)
	time.Sleep(time.Minute)
	for _, p := range persons {
		polls = append(polls, r.pollTo(id, p))
	}
	return id, polls
}

// pollTo is the delivery of a campaign to a person.
func (r *rig) pollTo(id campaign.ID, p simulator.Person) campaign.Delivery {
	r.Helper()
	all, err := r.book.Deliveries(id, -1, 1000)
	r.must(err)
	at := slices.IndexFunc(all, func(d campaign.Delivery) bool { return d.Phone == people.Phone(p.Phone) })
	if at < 0 {
		r.Fatalf("%s has no delivery", p.Phone)
	}
	return all[at]
}

// votes lets a person vote, and waits until that must have been heard.
func (r *rig) votes(p simulator.Person, own string, d campaign.Delivery, b simulator.Ballot) {
	r.Helper()
	_, err := r.service.Vote(p.Phone, own, string(d.Message), b)
	r.must(err)
	time.Sleep(time.Minute)
}

// chose compares what the book says of a person's vote.
func (r *rig) chose(id campaign.ID, p simulator.Person, vote int, answer string) {
	r.Helper()
	d := r.pollTo(id, p)
	if int(d.Vote) != vote || d.Answer != answer || d.State != campaign.Replied || d.RepliedAt.IsZero() {
		r.Errorf("%s chose %d, %q, and is %v; want %d, %q, replied", p.Phone, d.Vote, d.Answer, d.State, vote, answer)
	}
}

func TestAPollIsSentWithItsQuestionAndItsOptions(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		persons := r.everybody()
		r.linked("loja")
		_, polls := r.polled(persons)
		secrets := make(map[string]bool)
		for i, p := range persons {
			seen := r.service.Ledger().SeenBy(p.Phone)
			if len(seen) != 1 || seen[0].Poll == nil || seen[0].Text != polls[i].Text {
				r.Fatalf("they see %+v, want a poll that asks %q", seen, polls[i].Text)
			}
			if strings.ContainsAny(seen[0].Text, "{}") {
				r.Errorf("the question is %q", seen[0].Text)
			}
			poll := seen[0].Poll
			if !slices.Equal(poll.Options, days) || poll.Choose != 1 || poll.Secret != fmt.Sprintf("%x", polls[i].Secret) || len(poll.Secret) != 64 {
				r.Errorf("the poll is %+v", poll)
			}
			secrets[poll.Secret] = true
		}
		if len(secrets) != len(persons) {
			r.Errorf("%d people have %d secrets", len(persons), len(secrets))
		}
		for _, s := range r.service.Ledger().Stanzas() {
			if s.Poll != nil && s.Kind != "poll" {
				r.Errorf("a poll is sent as %q", s.Kind)
			}
		}
	})
}

// TestAVoteIsAnAnswer: whichever addresses are in its seal and on its envelope.
func TestAVoteIsAnAnswer(t *testing.T) {
	for _, byPhone := range []bool{false, true} {
		for _, asker := range []bool{false, true} {
			inBubble(t, simulator.Config{People: 3}, func(r *rig) {
				persons := r.everybody()
				_, own := r.linked("loja")
				id, polls := r.polled(persons)
				r.votes(persons[1], own, polls[1], simulator.Ballot{Options: days[1:2], ByPhone: byPhone, Asker: asker})
				r.chose(id, persons[1], 2, days[1])
				for _, i := range []int{0, 2} {
					if d := r.pollTo(id, persons[i]); d.State == campaign.Replied || d.Vote != 0 {
						r.Errorf("who did not vote is %v, %d", d.State, d.Vote)
					}
				}
				if c := r.contact(persons[1]); c.OptedOut || c.LastHeard.IsZero() {
					r.Errorf("who voted is %+v", c)
				}
				made, err := r.book.Report(r.Context(), id)
				if r.must(err); made.Replied != 1 || len(made.Votes) != 1 || made.Votes[2] != 1 {
					r.Errorf("the report counts %d replies, %v", made.Replied, made.Votes)
				}
			})
		}
	}
}

func TestTheLastVoteCounts(t *testing.T) {
	inBubble(t, simulator.Config{People: 2}, func(r *rig) {
		persons := r.everybody()
		_, own := r.linked("loja")
		id, polls := r.polled(persons)
		p, poll := persons[0], polls[0]
		r.say(p, own, "pode ser")
		r.votes(p, own, poll, simulator.Ballot{Options: days[:1]})
		r.chose(id, p, 1, "pode ser\n"+days[0])
		early := time.Now().Add(-time.Second)
		r.votes(p, own, poll, simulator.Ballot{Options: days[1:2]})
		r.chose(id, p, 2, "pode ser\n"+days[1])
		r.votes(p, own, poll, simulator.Ballot{Options: days[:1], At: early}) // it comes late
		r.chose(id, p, 2, "pode ser\n"+days[1])
		r.votes(p, own, poll, simulator.Ballot{}) // and is taken back
		r.chose(id, p, 0, "pode ser")
		r.votes(p, own, poll, simulator.Ballot{Options: days[1:2], At: early})
		r.chose(id, p, 0, "pode ser")
		// A phone whose clock is a day fast does not keep the next votes from counting.
		r.votes(p, own, poll, simulator.Ballot{Options: days[:1], At: time.Now().Add(24 * time.Hour)})
		r.votes(p, own, poll, simulator.Ballot{Options: days[1:2]})
		r.chose(id, p, 2, "pode ser\n"+days[1])
	})
}

// TestTwoVotesOfOneSecondAreInTheirOrder: the service tells whole seconds.
func TestTwoVotesOfOneSecondAreInTheirOrder(t *testing.T) {
	inBubble(t, simulator.Config{People: 1}, func(r *rig) {
		persons := r.everybody()
		_, own := r.linked("loja")
		id, polls := r.polled(persons)
		now := time.Now().Truncate(time.Second)
		for i, ms := range []int{900, 100} { // the first one comes last
			_, err := r.service.Vote(persons[0].Phone, own, string(polls[0].Message), simulator.Ballot{
				Options: days[i : i+1], At: now.Add(time.Duration(ms) * time.Millisecond),
			})
			r.must(err)
		}
		time.Sleep(time.Minute)
		r.chose(id, persons[0], 1, days[0])
	})
}

func TestAnOptionThatSaysNoOptsOut(t *testing.T) {
	inBubble(t, simulator.Config{People: 2}, func(r *rig) {
		persons := r.everybody()
		_, own := r.linked("loja")
		id, polls := r.polled(persons)
		r.votes(persons[0], own, polls[0], simulator.Ballot{Options: days[2:]})
		r.chose(id, persons[0], 3, noMore)
		if c := r.contact(persons[0]); !c.OptedOut {
			r.Error("they are not opted out")
		}
		if d := r.pollTo(id, persons[0]); d.LeftAt.IsZero() {
			r.Error("it does not say that they left by it")
		}
		// It stays said when they choose something else.
		r.votes(persons[0], own, polls[0], simulator.Ballot{Options: days[:1]})
		r.chose(id, persons[0], 1, days[0])
		if c := r.contact(persons[0]); !c.OptedOut {
			r.Error("another vote takes a no back")
		}
		if c := r.contact(persons[1]); c.OptedOut {
			r.Error("who did not vote is opted out")
		}
	})
}

// TestVotesAreHeardThatCameWhileWeWereAway: after a restart, and by another link,
// which the history of the phone tells.
func TestVotesAreHeardThatCameWhileWeWereAway(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		persons := r.everybody()
		id, own := r.linked("loja")
		c, polls := r.polled(persons)
		r.close()
		r.votes(persons[0], own, polls[0], simulator.Ballot{Options: days[:1]})
		r.votes(persons[0], own, polls[0], simulator.Ballot{Options: days[1:2]})
		r.open()
		r.awaitState(id, campaign.Online)
		r.chose(c, persons[0], 2, days[1])

		r.own(own).Logout()
		r.awaitState(id, campaign.LoggedOut)
		r.votes(persons[1], own, polls[1], simulator.Ballot{Options: days[1:2], Quiet: true})
		r.votes(persons[1], own, polls[1], simulator.Ballot{Options: days[:1], Quiet: true})
		r.votes(persons[2], own, polls[2], simulator.Ballot{Options: days[2:], Quiet: true})
		r.scan(id, own)
		r.awaitState(id, campaign.Online)
		time.Sleep(5 * time.Minute)
		r.chose(c, persons[1], 1, days[0])
		r.chose(c, persons[2], 3, noMore)
		r.chose(c, persons[0], 2, days[1])
		if !r.contact(persons[2]).OptedOut {
			r.Error("a no that the history tells opts nobody out")
		}
		r.votes(persons[1], own, polls[1], simulator.Ballot{Options: days[1:2]})
		r.chose(c, persons[1], 2, days[1]) // by a link that did not send the poll
	})
}

// TestAPollIsTheSameHoweverOftenItGoes: the program dies between the claim and the
// service's word, and the poll goes once more; then its person cannot read it and
// asks for it again. A vote is opened all the same.
func TestAPollIsTheSameHoweverOftenItGoes(t *testing.T) {
	for name, fault := range map[string]simulator.Rule{
		"before the service has it": {On: simulator.Message, Do: simulator.DropBefore},
		"after the service has it":  {On: simulator.Message, Do: simulator.Silence},
	} {
		t.Run(name, func(t *testing.T) {
			if raced && fault.Do == simulator.DropBefore {
				t.Skip("the client library has a race of its own when a connection breaks during a send")
			}
			inBubble(t, simulator.Config{People: 2}, func(r *rig) {
				persons := r.everybody()
				id, own := r.linked("loja")
				r.service.Fault(fault)
				r.service.Fault(simulator.Rule{On: simulator.Receipt, Do: simulator.Silence}) // nothing proves it
				stop := r.lanes()
				c := r.campaign(campaign.Campaign{Name: "dia", Text: asked, Poll: days, To: "fone:" + persons[0].Phone})
				r.awaitOnTheWire(c)
				first := r.pollTo(c, persons[0])
				before := r.book.payload(r, first.Message)
				r.kill(stop)
				r.service.ClearFaults()
				r.open()
				if d := r.pollTo(c, persons[0]); !d.InDoubt || !bytes.Equal(d.Secret, first.Secret) || len(d.Secret) != 32 {
					r.Errorf("after the kill it is %+v", d)
				}
				if !bytes.Equal(before, r.book.payload(r, first.Message)) {
					r.Error("after the kill it is another message")
				}
				r.awaitState(id, campaign.Online)
				r.sent(c)
				time.Sleep(time.Minute)
				r.must(r.service.AskAgain(persons[0].Phone, own, string(first.Message)))
				time.Sleep(time.Minute)
				r.restart()
				r.awaitState(id, campaign.Online)
				r.must(r.service.AskAgain(persons[0].Phone, own, string(first.Message)))
				time.Sleep(time.Minute)
				if !bytes.Equal(before, r.book.payload(r, first.Message)) {
					r.Error("after a restart it is another message")
				}
				retries := 0
				var polls []simulator.Poll
				for _, s := range r.service.Ledger().Stanzas() {
					if s.Kind == "retry" {
						retries++
					}
					if s.Poll != nil {
						polls = append(polls, *s.Poll)
					}
				}
				for _, p := range polls {
					if !slices.Equal(p.Options, days) || p.Secret != fmt.Sprintf("%x", first.Secret) {
						r.Errorf("the poll left as %+v, want the secret %x", p, first.Secret)
					}
				}
				if retries != 2 || len(polls) < 3 {
					r.Errorf("it was given again %d times and left %d times", retries, len(polls))
				}
				if seen := r.service.Ledger().SeenBy(persons[0].Phone); len(seen) != 1 || len(r.service.Ledger().Changed()) > 0 {
					r.Errorf("they see %+v", seen)
				}
				r.votes(persons[0], own, first, simulator.Ballot{Options: days[:1]})
				r.chose(c, persons[0], 1, days[0])
			})
		})
	}
}

func TestAPollCarriesTheTimerOfItsChat(t *testing.T) {
	d := campaign.Delivery{Text: "Sim?", Secret: make([]byte, 32), Poll: days, Timer: people.Timer{After: 24 * time.Hour, Set: time.Unix(1e9, 0)}}
	m, err := messageOf(d)
	if err != nil || m.GetPollCreationMessage().GetContextInfo().GetExpiration() != 86400 {
		t.Errorf("got %v, %v", m, err)
	}
	for _, lacking := range []campaign.Delivery{{Text: "Sim?", Secret: make([]byte, 32)}, {Text: "Sim?", Poll: days}} {
		if m, err := messageOf(lacking); err == nil {
			t.Errorf("without all of it, %v leaves", m)
		}
	}
}

// seal is what a vote is sealed in.
func (r *rig) seal(d campaign.Delivery, asker, voter string, plain []byte) *waE2E.PollEncValue {
	r.Helper()
	nonce := make([]byte, 12)
	key := hkdfutil.SHA256(d.Secret, nil, []byte(string(d.Message)+asker+voter+"Poll Vote"), 32)
	sealed, err := gcmutil.Encrypt(key, nonce, plain, []byte(string(d.Message)+"\x00"+voter))
	r.must(err)
	return &waE2E.PollEncValue{EncPayload: sealed, EncIV: nonce}
}

// TestASealedVoteInTheHistoryIsOpened: as a message of theirs, as it was sent.
func TestASealedVoteInTheHistoryIsOpened(t *testing.T) {
	inBubble(t, simulator.Config{People: 1}, func(r *rig) {
		persons := r.everybody()
		id, own := r.linked("loja")
		c, polls := r.polled(persons)
		chat, ours := persons[0].LID+"@lid", r.snapshot(id).Number.LID+"@lid"
		sum := sha256.Sum256([]byte(days[1]))
		plain, err := proto.Marshal(&waE2E.PollVoteMessage{SelectedOptions: [][]byte{sum[:]}})
		r.must(err)
		r.own(own).Tell(&waHistorySync.HistorySync{
			SyncType: waHistorySync.HistorySync_RECENT.Enum(),
			Conversations: []*waHistorySync.Conversation{{ID: &chat, Messages: []*waHistorySync.HistorySyncMsg{{Message: &waWeb.WebMessageInfo{
				Key:              &waCommon.MessageKey{RemoteJID: &chat, FromMe: proto.Bool(false), ID: proto.String("V1")},
				MessageTimestamp: proto.Uint64(uint64(time.Now().Unix())),
				Message: &waE2E.Message{PollUpdateMessage: &waE2E.PollUpdateMessage{
					PollCreationMessageKey: &waCommon.MessageKey{RemoteJID: &ours, FromMe: proto.Bool(false), ID: proto.String(string(polls[0].Message))},
					Vote:                   r.seal(polls[0], ours, chat, plain), SenderTimestampMS: proto.Int64(time.Now().UnixMilli()),
				}},
			}}}}},
		})
		time.Sleep(time.Minute)
		r.chose(c, persons[0], 2, days[1])
	})
}

// TestVotesThatMeanHarmAreIgnored: what anybody can send who has, or has not, the
// secret of a poll.
func TestVotesThatMeanHarmAreIgnored(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		persons := r.everybody()
		id, own := r.linked("loja")
		c, polls := r.polled(persons)
		hash := func(option string) []byte { sum := sha256.Sum256([]byte(option)); return sum[:] }
		var many [][]byte
		for range 50_000 {
			many = append(many, hash(days[0]))
		}
		lid := func(p simulator.Person) string { return p.LID + "@lid" }
		ours := r.snapshot(id).Number.LID + "@lid"
		seal := func(d campaign.Delivery, voter string, plain []byte) *waE2E.PollEncValue {
			return r.seal(d, ours, voter, plain)
		}
		marshal := func(hashes ...[]byte) []byte {
			plain, err := proto.Marshal(&waE2E.PollVoteMessage{SelectedOptions: hashes})
			r.must(err)
			return plain
		}
		vote := func(d campaign.Delivery, sealed *waE2E.PollEncValue) *waE2E.Message {
			return &waE2E.Message{PollUpdateMessage: &waE2E.PollUpdateMessage{
				PollCreationMessageKey: &waCommon.MessageKey{RemoteJID: &ours, FromMe: proto.Bool(false), ID: proto.String(string(d.Message))},
				Vote:                   sealed, SenderTimestampMS: proto.Int64(time.Now().UnixMilli()),
			}}
		}
		padded := append(marshal(hash(noMore)), 0xba, 0x3e) // a field of a newer program
		padded = append(binary.AppendUvarint(padded, 5000), make([]byte, 5000)...)
		ana, bia := persons[0], persons[1]
		good := seal(polls[0], lid(ana), marshal(hash(noMore)))
		cut := func(iv, payload []byte) *waE2E.PollEncValue {
			return &waE2E.PollEncValue{EncIV: iv, EncPayload: payload}
		}
		other := polls[0]
		other.Message = "3EB0OTHER"
		for name, m := range map[string]*waE2E.Message{
			"no nonce":                 vote(polls[0], cut(nil, good.EncPayload)),
			"a short nonce":            vote(polls[0], cut(good.EncIV[:11], good.EncPayload)),
			"a long nonce":             vote(polls[0], cut(make([]byte, 16), good.EncPayload)),
			"no payload":               vote(polls[0], cut(good.EncIV, nil)),
			"a payload of a byte":      vote(polls[0], cut(good.EncIV, good.EncPayload[:1])),
			"another secret":           vote(polls[0], seal(polls[1], lid(ana), marshal(hash(noMore)))),
			"somebody else's seal":     vote(polls[0], seal(polls[0], lid(bia), marshal(hash(noMore)))),
			"a vote in another's poll": vote(polls[1], seal(polls[1], lid(ana), marshal(hash(noMore)))),
			"a poll that nobody sent":  vote(other, seal(other, lid(ana), marshal(hash(noMore)))),
			"no vote message":          vote(polls[0], seal(polls[0], lid(ana), []byte{0xff, 0xff, 0xff})),
			"no such option":           vote(polls[0], seal(polls[0], lid(ana), marshal(hash("Sair")))),
			"half a hash":              vote(polls[0], seal(polls[0], lid(ana), marshal(hash(noMore)[:16]))),
			"an empty hash":            vote(polls[0], seal(polls[0], lid(ana), marshal(nil))),
			"thousands of options":     vote(polls[0], seal(polls[0], lid(ana), marshal(many...))),
			"more than there are":      vote(polls[0], seal(polls[0], lid(ana), marshal(many[:4]...))),
			"one and none":             vote(polls[0], seal(polls[0], lid(ana), marshal(hash(noMore), hash("Sair")))),
			"five thousand bytes":      vote(polls[0], seal(polls[0], lid(ana), padded)),
			"nothing":                  {PollUpdateMessage: &waE2E.PollUpdateMessage{}},
			"no seal":                  vote(polls[0], nil),
		} {
			_, err := r.service.SayMessage(ana.Phone, own, m)
			r.must(err)
			time.Sleep(time.Minute)
			for i, p := range persons {
				if d := r.pollTo(c, p); d.State == campaign.Replied || d.Vote != 0 || d.Answer != "" || !d.Voted.IsZero() || r.contact(p).OptedOut {
					r.Fatalf("%s: person %d is %v, %d, %q, opted out %v", name, i, d.State, d.Vote, d.Answer, r.contact(p).OptedOut)
				}
			}
		}
		// A wrong nonce is no panic that somebody has to catch.
		client := r.pool.known(id).look().client
		for _, size := range []int{0, 11, 13} {
			if v := client.unseal(&polls[0], people.Seen{LID: ana.LID}, cut(make([]byte, size), good.EncPayload)); v != nil {
				r.Errorf("a nonce of %d bytes opens %v", size, v)
			}
		}
		if v := client.unseal(&polls[0], people.Seen{LID: ana.LID}, good); len(v.GetSelectedOptions()) != 1 {
			r.Errorf("a good vote opens as %v", v)
		}
		// In a group, also of one of them, it is no answer.
		group := types.NewJID("120363000000000000", types.GroupServer)
		event := &events.Message{Info: types.MessageInfo{
			MessageSource: types.MessageSource{Chat: group, Sender: types.NewJID(ana.LID, types.HiddenUserServer), IsGroup: true}, ID: "G1", Timestamp: time.Now(),
		}, Message: vote(polls[0], good)}
		if !client.hear(event) || r.pollTo(c, ana).Vote != 0 {
			r.Error("a vote in a group counts")
		}
		// In their own chat, from any device of theirs, it is one.
		event.Info.MessageSource = types.MessageSource{
			Chat: types.NewJID(ana.LID, types.HiddenUserServer), Sender: types.JID{User: ana.LID, Device: 7, Server: types.HiddenUserServer},
		}
		if !client.hear(event) {
			r.Error("a vote is not taken")
		}
		r.chose(c, ana, 3, noMore)
		// Several at once are words.
		_, err := r.service.SayMessage(bia.Phone, own, vote(polls[1], seal(polls[1], lid(bia), marshal(hash(days[0]), hash(noMore)))))
		r.must(err)
		time.Sleep(time.Minute)
		r.chose(c, bia, 0, days[0]+" "+noMore)
		if !r.contact(bia).OptedOut {
			r.Error("a no among several options is not heard")
		}
	})
}

// TestAVoteForANumberThatChangedItsPhoneIsOpened: the seal names the new one.
func TestAVoteForANumberThatChangedItsPhoneIsOpened(t *testing.T) {
	inBubble(t, simulator.Config{People: 2}, func(r *rig) {
		persons := r.everybody()
		id, own := r.linked("loja")
		c, polls := r.polled(persons)
		r.must(r.service.ChangePhone(own, elsewhere))
		r.await(id, "under the new phone", func(s Snapshot) bool { return s.Number.Phone == elsewhere })
		r.votes(persons[0], elsewhere, polls[0], simulator.Ballot{Options: days[:1], Asker: true})
		r.chose(c, persons[0], 1, days[0])
	})
}

// TestOnlyVotesOfOthersAreToldByTheHistory: not our own, nor what is under a message
// of theirs.
func TestOnlyVotesOfOthersAreToldByTheHistory(t *testing.T) {
	inBubble(t, simulator.Config{People: 2}, func(r *rig) {
		persons := r.everybody()
		_, own := r.linked("loja")
		c, polls := r.polled(persons)
		sum := sha256.Sum256([]byte(noMore))
		for _, mine := range []bool{true, false} {
			chat := persons[0].LID + "@lid"
			r.own(own).Tell(&waHistorySync.HistorySync{
				SyncType: waHistorySync.HistorySync_RECENT.Enum(),
				Conversations: []*waHistorySync.Conversation{{ID: &chat, Messages: []*waHistorySync.HistorySyncMsg{{Message: &waWeb.WebMessageInfo{
					Key:              &waCommon.MessageKey{RemoteJID: &chat, FromMe: &mine, ID: proto.String(string(polls[0].Message))},
					MessageTimestamp: proto.Uint64(uint64(time.Now().Unix())), Message: &waE2E.Message{Conversation: proto.String("")},
					PollUpdates: []*waWeb.PollUpdate{{
						PollUpdateMessageKey: &waCommon.MessageKey{RemoteJID: &chat, FromMe: &mine, ID: proto.String("V1")},
						Vote:                 &waE2E.PollVoteMessage{SelectedOptions: [][]byte{sum[:]}}, SenderTimestampMS: proto.Int64(time.Now().UnixMilli()),
					}},
				}}}}},
			})
			time.Sleep(time.Minute)
			if d := r.pollTo(c, persons[0]); d.Vote != 0 || r.contact(persons[0]).OptedOut {
				r.Errorf("under a message that is ours %v, a vote that is ours %v: %d", mine, mine, d.Vote)
			}
		}
	})
}

// TestAVoteThatTheBookRefusesIsToldAgain: it is confirmed when it is on the disk.
func TestAVoteThatTheBookRefusesIsToldAgain(t *testing.T) {
	inBubble(t, simulator.Config{People: 1}, func(r *rig) {
		persons := r.everybody()
		id, own := r.linked("loja")
		c, polls := r.polled(persons)
		r.book.fail(fmt.Errorf("the disk is full"))
		r.votes(persons[0], own, polls[0], simulator.Ballot{Options: days[:1]})
		r.book.fail(nil)
		r.own(own).Drop()
		r.await(id, "offline", func(s Snapshot) bool { return s.State == campaign.Offline })
		r.awaitState(id, campaign.Online)
		r.chose(c, persons[0], 1, days[0])
	})
}

// TestPeopleVoteByChance: in the simulated world who answers a poll votes in it.
func TestPeopleVoteByChance(t *testing.T) {
	inBubble(t, simulator.Config{People: 12, Reads: 1, Replies: 1}, func(r *rig) {
		persons := r.everybody()
		r.linked("loja")
		c := r.campaign(campaign.Campaign{Name: "dia", Text: asked, Poll: days[:2]}) // too many noes would pause it
		r.sent(c)
		time.Sleep(10 * time.Minute)
		made, err := r.book.Report(r.Context(), c)
		if r.must(err); made.Sent < 10 || made.Replied != made.Sent || made.Votes[1]+made.Votes[2] != made.Sent || len(made.Votes) < 2 {
			r.Errorf("of %d people %d got it and %d answered, with %v", len(persons), made.Sent, made.Replied, made.Votes)
		}
	})
}

func TestTheTimeOfAVoteIsThatOfItsPhone(t *testing.T) {
	heard := time.Unix(1e9, 0)
	for _, test := range []struct {
		milliseconds int64
		want         time.Time
	}{
		{0, heard}, {-1, heard}, {1e12 - 7, heard.Add(-7 * time.Millisecond)}, {1e12 + 59_999, heard.Add(59_999 * time.Millisecond)}, {1e12 + 60_000, heard},
	} {
		if got := voteTime(test.milliseconds, heard); !got.Equal(test.want) {
			t.Errorf("%d: %v, want %v", test.milliseconds, got, test.want)
		}
	}
}
