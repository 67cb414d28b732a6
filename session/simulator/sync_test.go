package simulator_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/session/simulator"
)

// named maps the addresses of everybody by number to their names.
func named(s *simulator.Service) map[types.JID]simulator.Person {
	out := make(map[types.JID]simulator.Person)
	for _, p := range s.People() {
		out[at(p.Phone)] = p
	}
	return out
}

func collectionSynced(c *client, name appstate.WAPatchName) *events.AppStateSyncComplete {
	c.t.Helper()
	return heard(c, func(e *events.AppStateSyncComplete) bool { return e.Name == name })
}

func TestAddressBookArrivesByAppState(t *testing.T) {
	for _, people := range []int{60, 4000} { // in one patch, and in more than one answer
		s := serve(t, simulator.Config{Seed: 5, People: people, Unregistered: 10, Aliases: 10, Hostile: 3})
		c := link(t, s, "")
		collectionSynced(c, appstate.WAPatchCriticalUnblockLow)
		rows, err := c.Store.Contacts.GetAllContacts(within(t))
		if err != nil {
			t.Fatal(err)
		}
		everybody := named(s)
		book := 0
		for jid, row := range rows {
			if row.FullName == "" {
				continue
			}
			book++
			if want := everybody[jid].Name; row.FullName != want {
				t.Errorf("%s is called %q, want %q", jid, row.FullName, want)
			}
		}
		if all := people + 10; book < all*7/10 || book > all*9/10 {
			t.Errorf("the address book has %d of %d people, want about four in five", book, all)
		}
		for _, name := range appstate.AllPatchNames {
			collectionSynced(c, name)
		}
		if c.Store.PushName == "" {
			t.Error("the client does not know its own name")
		}
		if errs := eventsOf[*events.AppStateSyncError](c); len(errs) > 0 {
			t.Errorf("app state failed: %v", errs[0].Error)
		}
		c.Disconnect()
	}
}

func TestContactThatIsRenamedIsTold(t *testing.T) {
	s := serve(t, simulator.Config{Seed: 5, People: 30})
	c := link(t, s, "")
	collectionSynced(c, appstate.WAPatchCriticalUnblockLow)
	own := ownOf(t, s)
	for _, p := range registered(s)[:3] {
		own.SaveContact(p.Phone, "Dona "+p.Name)
		e := heard(c, func(e *events.Contact) bool { return e.JID == at(p.Phone) })
		if e.Action.GetFullName() != "Dona "+p.Name || e.Action.GetLidJID() != p.LID+"@lid" || e.FromFullSync {
			t.Errorf("the contact became %v", e.Action)
		}
	}
	own.SaveContact(registered(s)[0].Phone, "")
	own.SaveContact("+55 11 3333-4444", "Telefone Fixo")
	heard(c, func(e *events.Contact) bool { return e.Action.GetFullName() == "Telefone Fixo" })
	row, err := c.Store.Contacts.GetContact(within(t), at(registered(s)[1].Phone))
	if want := "Dona " + registered(s)[1].Name; err != nil || row.FullName != want {
		t.Errorf("the address book says %q (%v), want %q", row.FullName, err, want)
	}
	if errs := eventsOf[*events.AppStateSyncError](c); len(errs) > 0 {
		t.Errorf("app state failed: %v", errs[0].Error)
	}
}

func TestContactThatIsRenamedWhileAwayIsThereForTheNextClient(t *testing.T) {
	s := serve(t, simulator.Config{Seed: 5, People: 30})
	c := link(t, s, "")
	collectionSynced(c, appstate.WAPatchCriticalUnblockLow)
	c.Disconnect()
	p := registered(s)[0]
	own := ownOf(t, s)
	own.SaveContact(p.Phone, "Primeira")
	own.SaveContact(p.Phone, "Segunda")
	again := start(t, s, c.keep)
	if err := again.Connect(); err != nil {
		t.Fatal(err)
	}
	heard(again, func(e *events.Contact) bool { return e.Action.GetFullName() == "Segunda" })
	second := link(t, s, s.OwnNumbers()[0])
	collectionSynced(second, appstate.WAPatchCriticalUnblockLow)
	if row, err := second.Store.Contacts.GetContact(within(t), at(p.Phone)); err != nil || row.FullName != "Segunda" {
		t.Errorf("another client of the number knows them as %q (%v)", row.FullName, err)
	}
}

func TestHistoryArrivesInsideTheMessageAndByFile(t *testing.T) {
	for name, byMedia := range map[string]bool{"inside": false, "file": true} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, simulator.Config{Seed: 9, People: 60, HistoryByMedia: byMedia})
			c := link(t, s, "")
			arrived := make(map[waHistorySync.HistorySync_HistorySyncType]*waHistorySync.HistorySync)
			for _, kind := range []waHistorySync.HistorySync_HistorySyncType{
				waHistorySync.HistorySync_INITIAL_BOOTSTRAP, waHistorySync.HistorySync_PUSH_NAME, waHistorySync.HistorySync_RECENT,
			} {
				e := heard(c, func(e *events.HistorySync) bool { return e.Data.GetSyncType() == kind })
				arrived[kind] = e.Data
			}
			bootstrap := arrived[waHistorySync.HistorySync_INITIAL_BOOTSTRAP]
			chats := len(bootstrap.GetConversations())
			if chats < 10 || chats > 40 || len(bootstrap.GetPhoneNumberToLidMappings()) != chats {
				t.Fatalf("%d chats with %d LIDs", chats, len(bootstrap.GetPhoneNumberToLidMappings()))
			}
			servers := make(map[string]bool)
			for _, chat := range bootstrap.GetConversations() {
				jid, err := types.ParseJID(chat.GetID())
				if err != nil {
					t.Fatal(err)
				}
				servers[jid.Server] = true
				if len(chat.GetTcToken()) == 0 {
					t.Errorf("%s has no token", jid)
				}
			}
			if got := slices.Sorted(maps.Keys(servers)); !slices.Equal(got, []string{types.HiddenUserServer, types.DefaultUserServer}) {
				t.Errorf("chats are known by %q", got)
			}
			for _, chat := range arrived[waHistorySync.HistorySync_RECENT].GetConversations() {
				if len(chat.GetMessages()) != 1 || chat.GetMessages()[0].GetMessage().GetMessage().GetConversation() == "" {
					t.Errorf("chat %s has no last message", chat.GetID())
				}
			}
			everybody := named(s)
			names := arrived[waHistorySync.HistorySync_PUSH_NAME].GetPushnames()
			if len(names) != chats {
				t.Errorf("%d push names for %d chats", len(names), chats)
			}
			for _, n := range names {
				jid, _ := types.ParseJID(n.GetID())
				if want := everybody[jid].PushName; n.GetPushname() != want {
					t.Errorf("%s calls themselves %q, want %q", jid, n.GetPushname(), want)
				}
			}
			if !byMedia {
				return
			}
			// The client removes each file before it reports the next.
			first := heard(c, func(e *events.HistorySync) bool { return e.Data == bootstrap }).Notification
			if _, err := c.Download(within(t), first); !errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith404) {
				t.Errorf("the file of the history is still there: %v", err)
			}
		})
	}
}

func TestWhoHasAChatIsNoNewChat(t *testing.T) {
	s := serve(t, simulator.Config{Seed: 9, People: 60})
	c := link(t, s, "")
	e := heard(c, func(e *events.HistorySync) bool {
		return e.Data.GetSyncType() == waHistorySync.HistorySync_INITIAL_BOOTSTRAP
	})
	chats := make(map[string]bool)
	for _, chat := range e.Data.GetConversations() {
		chats[chat.GetPnJID()] = true
	}
	ownOf(t, s).Restrict(inAnHour())
	for _, p := range registered(s)[:12] {
		_, err := c.SendMessage(within(t), at(p.Phone), text("oi"))
		if known := chats[at(p.Phone).String()]; known != (err == nil) {
			t.Errorf("%s has a chat: %t; sending says %v", p.Phone, known, err)
		}
	}
}

func TestHistoryAndPicturesTravelInFakeTime(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 9, People: 40, HistoryByMedia: true}, func(t *testing.T, s *simulator.Service, c *client) {
		heard(c, func(e *events.HistorySync) bool { return e.Data.GetSyncType() == waHistorySync.HistorySync_RECENT })
		collectionSynced(c, appstate.WAPatchRegularLow)
		up, err := c.Upload(t.Context(), []byte("a picture"), whatsmeow.MediaImage)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Download(t.Context(), image(up, "")); err != nil {
			t.Error(err)
		}
	})
}
