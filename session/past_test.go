package session

import (
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/proto/waWeb"
	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session/simulator"
)

// contact is a person of the world as the book has them.
func (r *rig) contact(p simulator.Person) people.Contact {
	r.Helper()
	c, err := r.book.ContactByPhone(people.Phone(p.Phone))
	if err != nil {
		r.Fatal(err)
	}
	return c
}

func (r *rig) say(p simulator.Person, own, text string) {
	r.Helper()
	if _, err := r.service.Say(p.Phone, own, text); err != nil {
		r.Fatal(err)
	}
}

// everybody imports all the people of the world.
func (r *rig) everybody() []simulator.Person {
	r.Helper()
	persons := r.service.People()
	rows := make([]people.Row, len(persons))
	for i, p := range persons {
		rows[i] = people.Row{Line: i + 1, Phone: people.Phone(p.Phone), Name: p.Name}
	}
	if _, err := desk(r.book.Book).Import(r.Context(), rows, "lista"); err != nil {
		r.Fatal(err)
	}
	return persons
}

func TestANoFromBeforeTheFirstLinkIsHeard(t *testing.T) {
	for _, media := range []bool{false, true} {
		inBubble(t, simulator.Config{Seed: 7, People: 30, HistoryByMedia: media}, func(r *rig) {
			people := r.everybody()
			own, err := r.service.OwnPhone("")
			if err != nil {
				r.Fatal(err)
			}
			wrote := time.Now()
			for _, p := range people[:20] {
				r.say(p, own.Number(), "SAIR")
			}
			time.Sleep(24 * time.Hour)
			id := r.add("loja")
			r.scan(id, own.Number())
			r.awaitState(id, campaign.Online)
			time.Sleep(time.Minute)
			for i, p := range people {
				c := r.contact(p)
				if c.OptedOut != (i < 20) {
					r.Errorf("media %v: person %d: opted out %v", media, i, c.OptedOut)
				}
				if i < 20 && (!c.OptOutAt.Equal(wrote.Truncate(time.Second)) || !c.KnownTo(id)) {
					r.Errorf("media %v: person %d opted out at %v, known to %v; want %v", media, i, c.OptOutAt, c.Knows, wrote)
				}
			}
			for _, m := range r.book.told(true) {
				if !m.Past || m.From.LID == "" || m.From.Phone == "" {
					r.Errorf("heard %+v", m)
				}
			}
		})
	}
}

func TestWhoAnsweredWhileTheLinkWasLoggedOutIsHeardOnce(t *testing.T) {
	for _, media := range []bool{false, true} {
		inBubble(t, simulator.Config{Seed: 7, People: 8, HistoryByMedia: media}, func(r *rig) {
			people := r.everybody()
			id, phone := r.linked("loja")
			stop := r.lanes()
			promo := r.campaignTo(people[0], "oferta")
			r.awaitDelivery(promo, campaign.Delivered)
			other := r.campaignTo(people[1], "oferta")
			r.awaitDelivery(other, campaign.Delivered)
			stop()
			r.say(people[2], phone, "SAIR")
			time.Sleep(time.Minute)
			if c := r.contact(people[2]); !c.OptedOut {
				r.Fatalf("a live no is not heard: %+v", c)
			} else if err := desk(r.book.Book).OptIn(c.ID, "pediu de novo"); err != nil {
				r.Fatal(err)
			}
			r.own(phone).Logout()
			r.awaitState(id, campaign.LoggedOut)
			time.Sleep(time.Hour)
			answered := time.Now()
			r.say(people[0], phone, "quero sim!")
			r.say(people[3], phone, "SAIR")
			time.Sleep(time.Hour)
			r.scan(id, phone)
			r.awaitState(id, campaign.Online)
			time.Sleep(time.Minute)
			d := r.awaitDelivery(promo, campaign.Replied)
			if !d.RepliedAt.Equal(answered.Truncate(time.Second)) {
				r.Errorf("replied at %v, want %v", d.RepliedAt, answered)
			}
			if d, err := r.book.Delivery(other, 0); err != nil || d.State != campaign.Delivered {
				r.Errorf("who did not answer is %v, %v", d.State, err)
			}
			if !r.contact(people[3]).OptedOut {
				r.Error("a no from while the link was logged out is not heard")
			}
			if r.contact(people[2]).OptedOut {
				r.Error("a no that was taken back is heard again")
			}
			r.own(phone).TellChats()
			time.Sleep(time.Minute)
			if again := r.awaitDelivery(promo, campaign.Replied); !again.RepliedAt.Equal(d.RepliedAt) {
				r.Errorf("told again, the reply is at %v, want %v", again.RepliedAt, d.RepliedAt)
			}
			if n := len(r.service.Ledger().Stanzas()); n != 2 {
				r.Errorf("%d messages left; want the two of the campaigns", n)
			}
		})
	}
}

// past is a message of the history.
func past(id string, fromMe bool, at time.Time, m *waE2E.Message) *waHistorySync.HistorySyncMsg {
	return &waHistorySync.HistorySyncMsg{Message: &waWeb.WebMessageInfo{
		Key:     &waCommon.MessageKey{ID: proto.String(id), FromMe: proto.Bool(fromMe)},
		Message: m, MessageTimestamp: proto.Uint64(uint64(at.Unix())),
	}}
}

func wordsOf(text string) *waE2E.Message { return &waE2E.Message{Conversation: proto.String(text)} }

func TestHistoryIsHeardLikeLiveWords(t *testing.T) {
	inBubble(t, simulator.Config{People: 12, Quiet: true}, func(r *rig) {
		people := r.everybody()
		id := r.add("loja")
		phone := r.scan(id, "")
		r.awaitState(id, campaign.Online)
		at := time.Now().Add(-time.Hour).Truncate(time.Second)
		lid := func(p simulator.Person) *string { return proto.String(p.LID + "@lid") }
		pn := func(p simulator.Person) *string { return proto.String(p.Phone[1:] + "@s.whatsapp.net") }
		edit := &waE2E.Message{EditedMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
			Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), Key: &waCommon.MessageKey{ID: proto.String("3AE1")}, EditedMessage: wordsOf("sair"),
		}}}}
		service := past("3AS", false, at, nil)
		service.Message.MessageStubType = waWeb.WebMessageInfo_E2E_ENCRYPTED.Enum()
		unread := past("3AC", false, at, nil)
		unread.Message.MessageStubType = waWeb.WebMessageInfo_CIPHERTEXT.Enum()
		undated := past("3AU", false, time.Unix(0, 0), wordsOf("SAIR"))
		ahead := past("3AA", false, time.Now().AddDate(1, 0, 0), wordsOf("SAIR"))
		chats := []struct {
			what  string
			chat  *waHistorySync.Conversation
			no    bool // opted out
			known bool // has written
		}{
			{"by LID", &waHistorySync.Conversation{ID: lid(people[0]), PnJID: pn(people[0]), Messages: []*waHistorySync.HistorySyncMsg{past("3A0", false, at, wordsOf("SAIR"))}}, true, true},
			{"by phone", &waHistorySync.Conversation{ID: pn(people[1]), LidJID: lid(people[1]), Messages: []*waHistorySync.HistorySyncMsg{past("3A1", false, at, wordsOf("SAIR"))}}, true, true},
			{"by phone alone", &waHistorySync.Conversation{ID: pn(people[2]), Messages: []*waHistorySync.HistorySyncMsg{past("3A2", false, at, wordsOf("SAIR"))}}, true, true},
			{"in the middle", &waHistorySync.Conversation{ID: lid(people[3]), PnJID: pn(people[3]), Messages: []*waHistorySync.HistorySyncMsg{
				past("3A5", false, at.Add(2*time.Minute), wordsOf("tudo bem?")), past("3A4", false, at.Add(time.Minute), wordsOf("Pare!")), past("3A3", false, at, wordsOf("oi")),
			}}, true, true},
			{"edited", &waHistorySync.Conversation{ID: lid(people[4]), PnJID: pn(people[4]), Messages: []*waHistorySync.HistorySyncMsg{past("3AE", false, at, edit)}}, true, true},
			{"under a picture", &waHistorySync.Conversation{ID: lid(people[5]), PnJID: pn(people[5]), Messages: []*waHistorySync.HistorySyncMsg{
				past("3A6", false, at, &waE2E.Message{ImageMessage: &waE2E.ImageMessage{Caption: proto.String("STOP")}}),
			}}, true, true},
			{"undated", &waHistorySync.Conversation{ID: lid(people[6]), PnJID: pn(people[6]), Messages: []*waHistorySync.HistorySyncMsg{undated}}, true, true},
			{"ahead of time", &waHistorySync.Conversation{ID: lid(people[7]), PnJID: pn(people[7]), Messages: []*waHistorySync.HistorySyncMsg{ahead}}, true, true},
			{"ours", &waHistorySync.Conversation{ID: lid(people[8]), PnJID: pn(people[8]), Messages: []*waHistorySync.HistorySyncMsg{past("3A7", true, at, wordsOf("SAIR"))}}, false, false},
			{"the service's", &waHistorySync.Conversation{ID: lid(people[9]), PnJID: pn(people[9]), Messages: []*waHistorySync.HistorySyncMsg{service}}, false, false},
			{"unreadable", &waHistorySync.Conversation{ID: lid(people[10]), PnJID: pn(people[10]), Messages: []*waHistorySync.HistorySyncMsg{unread}}, false, true},
			{"a voice", &waHistorySync.Conversation{ID: lid(people[11]), PnJID: pn(people[11]), Messages: []*waHistorySync.HistorySyncMsg{
				past("3A8", false, at, &waE2E.Message{AudioMessage: &waE2E.AudioMessage{}}),
			}}, false, true},
		}
		group := &waHistorySync.Conversation{ID: proto.String("1203630@g.us"), Messages: []*waHistorySync.HistorySyncMsg{past("3AG", false, at, wordsOf("SAIR"))}}
		group.Messages[0].Message.Participant = pn(people[11])
		piece := &waHistorySync.HistorySync{SyncType: waHistorySync.HistorySync_RECENT.Enum(), Conversations: []*waHistorySync.Conversation{group}}
		for _, c := range chats {
			piece.Conversations = append(piece.Conversations, c.chat)
		}
		r.own(phone).Tell(piece)
		time.Sleep(time.Minute)
		for i, want := range chats {
			c := r.contact(people[i])
			if c.OptedOut != want.no || c.KnownTo(id) != want.known {
				r.Errorf("%s: opted out %v, known %v; want %v, %v", want.what, c.OptedOut, c.KnownTo(id), want.no, want.known)
			}
			if c.OptOutAt.After(time.Now()) || c.LastHeard.After(time.Now()) {
				r.Errorf("%s: opted out at %v, heard at %v, which is to come", want.what, c.OptOutAt, c.LastHeard)
			}
		}
		if n := r.waiting(id); n != 0 {
			r.Errorf("%d pieces wait", n)
		}
		for _, m := range r.book.told(true) {
			if !m.Past || m.ID == "" || m.At.IsZero() {
				r.Errorf("heard %+v", m)
			}
			if m.Text == "sair" && m.ID != "3AE1" {
				r.Errorf("an edit is heard as %q, want the id of what it changes", m.ID)
			}
		}
	})
}

func TestWordsOfTheHistoryThatTheBookRefusesAreReadAgain(t *testing.T) {
	inBubble(t, simulator.Config{People: 3, Quiet: true}, func(r *rig) {
		people := r.everybody()
		id := r.add("loja")
		phone := r.scan(id, "")
		r.awaitState(id, campaign.Online)
		r.say(people[0], phone, "oi")
		time.Sleep(time.Second)
		r.book.fail(errNotTaken)
		r.own(phone).TellChats()
		time.Sleep(time.Second)
		if r.waiting(id) == 0 {
			r.Fatal("a piece is forgotten though the book refused it")
		}
		r.book.fail(nil)
		time.Sleep(time.Hour)
		if n := r.waiting(id); n != 0 {
			r.Errorf("%d pieces wait though the book takes them", n)
		}
	})
}

func TestALongHistoryIsToldToTheBookInParts(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 3, People: 30, Quiet: true}, func(r *rig) {
		id := r.add("loja")
		phone := r.scan(id, "")
		r.awaitState(id, campaign.Online)
		r.own(phone).SendHistory(1, 400_000)
		time.Sleep(time.Minute)
		most, all := 0, 0
		for _, n := range r.book.parts() {
			most, all = max(most, n), all+n
		}
		if most != wordsAtOnce || all <= wordsAtOnce || r.waiting(id) != 0 {
			r.Errorf("%d messages, up to %d at once, want more than %d, %d at once; %d pieces wait", all, most, wordsAtOnce, wordsAtOnce, r.waiting(id))
		}
	})
}
