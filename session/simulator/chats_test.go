package simulator_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"recado/session/simulator"
)

// toldTexts are the texts in the chats of a part of the history, with whether
// they are our own.
func toldTexts(h *waHistorySync.HistorySync) map[string]bool {
	texts := make(map[string]bool)
	for _, chat := range h.GetConversations() {
		for _, m := range chat.GetMessages() {
			texts[m.GetMessage().GetMessage().GetConversation()] = m.GetMessage().GetKey().GetFromMe()
		}
	}
	return texts
}

func TestWhatWasWrittenBeforeTheFirstLinkIsInTheHistory(t *testing.T) {
	for _, byMedia := range []bool{false, true} {
		s := serve(t, simulator.Config{Seed: 9, People: 20, HistoryByMedia: byMedia})
		if _, err := s.OwnPhone(ownPhone); err != nil {
			t.Fatal(err)
		}
		for _, p := range s.People() {
			tells(t, s, p, "SAIR de "+p.Phone)
		}
		c := link(t, s, ownPhone)
		e := heard(c, func(e *events.HistorySync) bool { return e.Data.GetSyncType() == waHistorySync.HistorySync_RECENT })
		texts := toldTexts(e.Data)
		for _, p := range s.People() {
			if fromMe, told := texts["SAIR de "+p.Phone]; !told || fromMe {
				t.Errorf("what %s wrote is not in the history: %v, %v", p.Phone, told, fromMe)
			}
		}
		if got := c.texts(); len(got) > 0 {
			t.Errorf("the client got %q as well", got)
		}
	}
}

func TestChatsAreToldAgainWithWhatWeWrote(t *testing.T) {
	s := serve(t, simulator.Config{Seed: 9, People: 3, Quiet: true, Speed: simulator.Instant})
	c := link(t, s, ownPhone)
	p := registered(s)[0]
	c.say(p.Phone, "oferta")
	heard(c, func(e *events.Receipt) bool { return true })
	tells(t, s, p, "SAIR")
	c.reads("SAIR")
	ownOf(t, s).TellChats()
	e := heard(c, func(e *events.HistorySync) bool { return e.Data.GetSyncType() == waHistorySync.HistorySync_RECENT })
	texts := toldTexts(e.Data)
	if ours, told := texts["oferta"]; !told || !ours {
		t.Errorf("what we wrote: told %v, as ours %v", told, ours)
	}
	if ours, told := texts["SAIR"]; !told || ours {
		t.Errorf("what was written to us: told %v, as ours %v", told, ours)
	}
}

func TestPartOfTheHistoryIsUploadedAgainWhenItIsAskedFor(t *testing.T) {
	s := serve(t, simulator.Config{People: 3, Quiet: true, HistoryByMedia: true})
	c := link(t, s, ownPhone)
	c.ManualHistorySyncDownload = true
	ownOf(t, s).Tell(&waHistorySync.HistorySync{SyncType: waHistorySync.HistorySync_RECENT.Enum(), Progress: proto.Uint32(42)})
	word := func(not string) *events.Message {
		return heard(c, func(m *events.Message) bool {
			return m.Message.GetProtocolMessage().GetHistorySyncNotification() != nil && m.Info.ID != not
		})
	}
	first := word("")
	notice := first.Message.GetProtocolMessage().GetHistorySyncNotification()
	if err := c.SendHistorySyncServerErrorReceipt(within(t), first.Info.ID, notice.GetMediaKey()); err != nil {
		t.Fatal(err)
	}
	again := word(first.Info.ID).Message.GetProtocolMessage().GetHistorySyncNotification()
	h, err := c.DownloadHistorySync(within(t), again, true)
	if err != nil || h.GetProgress() != 42 || again.GetDirectPath() == notice.GetDirectPath() {
		t.Errorf("uploaded again: %v, %v, at the old place %v", h, err, again.GetDirectPath() == notice.GetDirectPath())
	}
}

func TestWhatWaitedMayComeSlowlyAndWithoutAnEnd(t *testing.T) {
	drops(t)
	for _, do := range []simulator.Action{simulator.Late, simulator.Silence} {
		inBubble(t, simulator.Config{People: 3, Quiet: true}, func(t *testing.T, s *simulator.Service, c *client) {
			c.EnableAutoReconnect = false
			ownOf(t, s).Drop()
			heard[*events.Disconnected](c, nil)
			for range 5 {
				tells(t, s, registered(s)[0], "um")
			}
			s.Fault(simulator.Rule{On: simulator.Waiting, Number: ownPhone, Do: do, Delay: time.Minute, Limit: 1})
			time.Sleep(time.Second)
			c.forget()
			began := time.Now()
			if err := c.Connect(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Minute)
			done := eventsOf[*events.OfflineSyncCompleted](c)
			confirmed := s.Ledger().Confirmed()
			if len(confirmed) != 5 {
				t.Fatalf("%d of 5 texts are confirmed", len(confirmed))
			}
			if do == simulator.Silence {
				if len(done) > 0 {
					t.Error("the end is told")
				}
				return
			}
			if last := confirmed[4].Time.Sub(began); len(done) != 1 || last < 5*time.Minute {
				t.Errorf("the last text after %v, %d ends", last, len(done))
			}
		})
	}
}

func TestPhoneWithoutALinkIsMadeByControl(t *testing.T) {
	p := runs(t, simulator.Config{Seed: 4, People: 5})
	var people []simulator.Person
	p.ask(http.MethodGet, "/people", "", &people)
	var own struct{ Phone string }
	p.order("/own", map[string]any{"number": ownPhone}, &own)
	p.order("/say", map[string]any{"person": people[0].Phone, "number": own.Phone, "text": "SAIR"}, nil)
	c := p.connect(newKeep())
	p.ask(http.MethodPost, "/scan?phone="+own.Phone[1:], heard[*events.QR](c, nil).Codes[0], nil)
	for range 2 {
		e := heard(c, func(e *events.HistorySync) bool { return e.Data.GetSyncType() == waHistorySync.HistorySync_RECENT })
		if _, told := toldTexts(e.Data)["SAIR"]; own.Phone != ownPhone || !told {
			t.Errorf("the phone is %s; told %v", own.Phone, told)
		}
		c.forget()
		p.order("/chats", map[string]any{"number": own.Phone}, nil)
	}
	var ledger struct{ Logins []simulator.LoggedIn }
	p.ask(http.MethodGet, "/ledger", "", &ledger)
	if !slices.ContainsFunc(ledger.Logins, func(l simulator.LoggedIn) bool { return l.Number == ownPhone }) {
		t.Errorf("logins: %+v", ledger.Logins)
	}
}
