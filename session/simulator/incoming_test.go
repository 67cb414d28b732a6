package simulator_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"go.mau.fi/whatsmeow/util/keys"

	"recado/session/simulator"
)

// ownPhone is the number that most tests link.
const ownPhone = "+551140028922"

// texts lists what people wrote to the client, in order.
func (c *client) texts() (out []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.events {
		if m, is := e.(*events.Message); is && !m.Info.IsFromMe {
			out = append(out, m.Message.GetConversation())
		}
	}
	return out
}

// reads waits for a text.
func (c *client) reads(text string) *events.Message {
	c.t.Helper()
	return heard(c, func(m *events.Message) bool { return m.Message.GetConversation() == text })
}

// tells lets a person write to the test's number.
func tells(t *testing.T, s *simulator.Service, p simulator.Person, text string) string {
	t.Helper()
	id, err := s.Say(p.Phone, ownPhone, text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestPersonWritesFirst(t *testing.T) {
	s := serve(t, simulator.Config{People: 1})
	c := link(t, s, ownPhone)
	ana := s.People()[0]
	tells(t, s, ana, "Vocês abrem hoje?")
	m := c.reads("Vocês abrem hoje?")
	if got := "+" + m.Info.SenderAlt.User; got != ana.Phone {
		t.Errorf("it is from %s, want %s", got, ana.Phone)
	}
	c.say(ana.Phone, "Sim!")
	if got := s.Ledger().Stanzas()[0].Legs; !slices.ContainsFunc(got, func(l simulator.Leg) bool { return l.Type == "msg" && l.Error == "" }) {
		t.Errorf("the answer does not use their session: %+v", got)
	}
}

func TestWhatArrivesWhileAwayIsHandedOverInOrderAndOnce(t *testing.T) {
	s := serve(t, simulator.Config{People: 1})
	c := link(t, s, ownPhone)
	ana := s.People()[0]
	c.Disconnect()
	c.forget()
	for _, text := range []string{"um", "dois", "três"} {
		tells(t, s, ana, text)
	}
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	if preview := heard[*events.OfflineSyncPreview](c, nil); preview.Messages != 3 {
		t.Errorf("%d messages are announced, want 3", preview.Messages)
	}
	heard[*events.OfflineSyncCompleted](c, nil)
	if got, want := c.texts(), []string{"um", "dois", "três"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	c.Disconnect()
	c.forget()
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	if preview := heard[*events.OfflineSyncPreview](c, nil); preview.Total != 0 {
		t.Errorf("%d stanzas are announced again", preview.Total)
	}
}

func TestTextThatWasNotAcknowledgedComesAgain(t *testing.T) {
	s := serve(t, simulator.Config{People: 1})
	c := link(t, s, ownPhone)
	c.setRefuse(true)
	tells(t, s, s.People()[0], "SAIR")
	c.Disconnect()
	c.forget()
	c.setRefuse(false)
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	c.reads("SAIR")
}

func TestReceiptsWaitForTheClient(t *testing.T) {
	s := serve(t, simulator.Config{People: 1, Reads: 1})
	c := link(t, s, ownPhone)
	ana := s.People()[0]
	if err := s.SetPersonPhone(ana.Phone, false); err != nil {
		t.Fatal(err)
	}
	id := c.say(ana.Phone, "Oi").ID
	c.receipt(id, types.ReceiptTypeSender)
	c.Disconnect()
	if got := s.Ledger().Seen(); len(got) > 0 {
		t.Errorf("their phone is off and they see %+v", got)
	}
	if err := s.SetPersonPhone(ana.Phone, true); err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	c.receipt(id, types.ReceiptTypeDelivered)
	c.receipt(id, types.ReceiptTypeRead)
}

func TestOwnNumbersWriteToEachOther(t *testing.T) {
	s := serve(t, simulator.Config{})
	a, b := link(t, s, "+551140028921"), link(t, s, "+551140028922")
	id := a.say("+551140028922", "Teste").ID
	got := b.reads("Teste")
	if got.Info.SenderAlt.User != "551140028921" {
		t.Errorf("it is from %s", got.Info.SenderAlt)
	}
	a.receipt(id, types.ReceiptTypeDelivered) // their phone's
	b.say("+551140028921", "Recebido")
	a.reads("Recebido")
}

func TestPersonWithNewPhoneAsksForTheMessageAgain(t *testing.T) {
	s := serve(t, simulator.Config{People: 1})
	c := link(t, s, ownPhone)
	ana := s.People()[0]
	c.say(ana.Phone, "antes")
	if err := s.Reinstall(ana.Phone); err != nil {
		t.Fatal(err)
	}
	id := c.say(ana.Phone, "depois").ID
	c.receipt(id, types.ReceiptTypeRetry)
	c.receipt(id, types.ReceiptTypeDelivered)
	if seen := s.Ledger().SeenBy(ana.Phone); len(seen) != 2 || seen[1].Text != "depois" {
		t.Errorf("they see %+v", seen)
	}
}

func TestClientThatLostItsKeysGetsTheTextEncryptedAgain(t *testing.T) {
	s := serve(t, simulator.Config{People: 1})
	c := link(t, s, ownPhone)
	c.keep.mu.Lock()
	clear(c.keep.prekey)
	c.keep.mu.Unlock()
	tells(t, s, s.People()[0], "Oi")
	heard[*events.UndecryptableMessage](c, nil)
	c.reads("Oi")
}

func TestClientUploadsKeysWhenFewAreLeft(t *testing.T) {
	s := serve(t, simulator.Config{People: 820})
	c := link(t, s, ownPhone)
	for _, p := range s.People()[:811] {
		tells(t, s, p, "Oi, sou "+p.PushName)
	}
	uploads := func(l *simulator.Ledger) bool {
		n := 0
		for _, a := range l.Asked() {
			if a.What == "encrypt set registration" {
				n++
			}
		}
		return n == 2
	}
	if err := s.Ledger().Wait(within(t), uploads); err != nil {
		t.Fatal("the client uploads no new keys")
	}
	last := s.People()[811]
	tells(t, s, last, "Cheguei")
	c.reads("Cheguei")
}

func TestNumbersAreLookedUpWithAliasesAndWithoutAccount(t *testing.T) {
	s := serve(t, simulator.Config{Seed: 3, People: 40, Unregistered: 10, Aliases: 10})
	c := link(t, s, ownPhone)
	var asked []string
	want := map[string]simulator.Person{}
	for _, p := range s.People() {
		asked = append(asked, p.Phone)
		want[p.Phone] = p
		if p.Alias != "" {
			asked = append(asked, p.Alias)
			want[p.Alias] = p
		}
	}
	answers, err := c.IsOnWhatsApp(within(t), asked)
	if err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(asked) {
		t.Errorf("%d answers to %d questions", len(answers), len(asked))
	}
	for _, a := range answers {
		p := want[a.Query]
		if a.IsIn != p.Registered {
			t.Errorf("%s is on WhatsApp: %t, want %t", a.Query, a.IsIn, p.Registered)
		}
		if p.Registered && (a.JID.User != p.LID || "+"+a.PhoneNumber.User != p.Phone) {
			t.Errorf("%s is %s %s, want %s %s", a.Query, a.JID, a.PhoneNumber, p.LID, p.Phone)
		}
	}
}

func TestMessageToTheOtherSpellingReachesTheSamePerson(t *testing.T) {
	s := serve(t, simulator.Config{Seed: 3, People: 1, Aliases: 1})
	c := link(t, s, ownPhone)
	ana := s.People()[0]
	c.say(ana.Alias, "Oi")
	if seen := s.Ledger().SeenBy(ana.Phone); len(seen) != 1 {
		t.Errorf("they see %+v", seen)
	}
}

func TestPersonWithoutAccountCannotBeWrittenTo(t *testing.T) {
	s := serve(t, simulator.Config{Unregistered: 1})
	c := link(t, s, ownPhone)
	if _, err := c.SendMessage(within(t), at(s.People()[0].Phone), text("Oi")); err == nil {
		t.Error("the message was sent")
	}
}

func TestSecondLinkIsAnotherDeviceAndBothHear(t *testing.T) {
	s := serve(t, simulator.Config{People: 1})
	a, b := link(t, s, ownPhone), link(t, s, ownPhone)
	own, _ := s.Own(ownPhone)
	if got := own.Devices(); !slices.Equal(got, []uint16{1, 2}) {
		t.Fatalf("devices are %v", got)
	}
	tells(t, s, s.People()[0], "Oi")
	a.reads("Oi")
	b.reads("Oi")
	id := b.say(s.People()[0].Phone, "Respondido").ID
	if m := a.reads("Respondido"); !m.Info.IsFromMe || m.Info.ID != id {
		t.Errorf("the copy is %+v", m.Info)
	}
}

func TestLoggedOutClientLinksAgainAsAnotherDevice(t *testing.T) {
	inBubble(t, simulator.Config{People: 1, Quiet: true}, func(t *testing.T, s *simulator.Service, c *client) {
		synctest.Wait() // the library tidies up, and minds when it is logged out meanwhile
		own, _ := s.Own(ownPhone)
		own.Logout()
		if e := heard[*events.LoggedOut](c, nil); e.OnConnect {
			t.Error("the client was told when connecting, not at once")
		}
		again := link(t, s, ownPhone)
		if got := own.Devices(); !slices.Equal(got, []uint16{2}) {
			t.Errorf("devices are %v, want 2", got)
		}
		again.say(s.People()[0].Phone, "Voltei")
		synctest.Wait()
		again.Disconnect()
	})
}

func TestClientThatWasUnlinkedWhileAwayIsToldWhenItComesBack(t *testing.T) {
	s := serve(t, simulator.Config{Quiet: true})
	c := link(t, s, ownPhone)
	c.Disconnect()
	own, _ := s.Own(ownPhone)
	own.Logout()
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	if e := heard[*events.LoggedOut](c, nil); !e.OnConnect || e.Reason != events.ConnectFailureLoggedOut {
		t.Errorf("got %+v", e)
	}
}

func TestClientUnlinksItself(t *testing.T) {
	inBubble(t, simulator.Config{Quiet: true}, func(t *testing.T, s *simulator.Service, c *client) {
		synctest.Wait() // the library tidies up, and minds when it is logged out meanwhile
		if err := c.Logout(within(t)); err != nil {
			t.Fatal(err)
		}
		own, _ := s.Own(ownPhone)
		if got := own.Devices(); len(got) > 0 {
			t.Errorf("devices are %v, want none", got)
		}
	})
}

func TestStolenKeysWithoutTheNoiseKeyDoNotLogIn(t *testing.T) {
	s := serve(t, simulator.Config{Quiet: true})
	c := link(t, s, ownPhone)
	c.Disconnect()
	thief := start(t, s, c.keep)
	thief.Store.NoiseKey = keys.NewKeyPair()
	if err := thief.Connect(); err != nil {
		t.Fatal(err)
	}
	heard[*events.LoggedOut](thief, nil)
}

func TestPersonFoldsAResentMessage(t *testing.T) {
	s := serve(t, simulator.Config{People: 1})
	c := link(t, s, ownPhone)
	ana := s.People()[0]
	id := c.GenerateMessageID()
	for range 2 { // the second is encrypted again
		if _, err := c.SendMessage(context.Background(), at(ana.Phone), text("Oi"), extra(id)); err != nil {
			t.Fatal(err)
		}
	}
	if seen := s.Ledger().SeenBy(ana.Phone); len(seen) != 1 {
		t.Errorf("they see %+v", seen)
	}
	if got := s.Ledger().Stanzas(); len(got) != 2 || got[1].Duplicate {
		t.Errorf("the stanzas are %+v", got)
	}
	if twice := s.Ledger().Twice(); len(twice) > 0 {
		t.Errorf("seen twice: %+v", twice)
	}
	if _, err := c.SendMessage(context.Background(), at(ana.Phone), text("Olá"), extra(id)); err != nil {
		t.Fatal(err)
	}
	if got := s.Ledger().Changed(); len(got) != 1 {
		t.Errorf("the ledger knows of %d changed messages, want 1", len(got))
	}
}
