package session

import (
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session/simulator"
)

// remembered is how many people the book knows to have written to a number.
func (r *rig) remembered(id campaign.NumberID) (n int) {
	r.Helper()
	for _, p := range r.service.People() {
		if c, err := r.book.ContactByPhone(people.Phone(p.Phone)); err == nil && c.KnownTo(id) && c.NameSource != people.AddressBook {
			n++
		}
	}
	return n
}

// jidOf is the address of a number's link.
func jidOf(n campaign.Number) types.JID {
	jid, _ := types.ParseJID(n.JID)
	return jid
}

func (r *rig) waiting(id campaign.NumberID) int {
	r.Helper()
	ids, err := r.devices.Histories(r.Context(), jidOf(r.snapshot(id).Number))
	if err != nil {
		r.Fatal(err)
	}
	return len(ids)
}

func TestHistoryIsReadAfterAKill(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 60, HistoryByMedia: true}, func(r *rig) {
		r.service.Fault(simulator.Rule{On: simulator.Download, Do: simulator.Silence})
		id, _ := r.linked("loja")
		time.Sleep(10 * time.Second)
		if n := r.remembered(id); n != 0 || r.waiting(id) == 0 {
			r.Fatalf("%d people are known though nothing could be read, %d pieces wait", n, r.waiting(id))
		}
		r.close()
		r.service.ClearFaults()
		r.open()
		r.awaitState(id, campaign.Online)
		time.Sleep(time.Minute)
		if n := r.remembered(id); n == 0 || r.waiting(id) != 0 {
			r.Errorf("%d people are known, %d pieces wait; want some and none", n, r.waiting(id))
		}
	})
}

// TestAPieceThatComesBeforeWeKnowThatWeAreOnlineIsReadThen: to try it at once would
// fail, and the next try is some time away.
func TestAPieceThatComesBeforeWeKnowThatWeAreOnlineIsReadThen(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 6, HistoryByMedia: true}, func(r *rig) {
		id, _ := r.linked("loja")
		time.Sleep(time.Minute)
		l := r.pool.known(id).look().client
		r.service.DropAll()
		r.await(id, "offline", func(s Snapshot) bool { return s.State != campaign.Online })
		if !l.keepHistory("piece", &waE2E.HistorySyncNotification{SyncType: waE2E.HistorySyncType_RECENT.Enum(), DirectPath: proto.String("/nowhere")}) {
			r.Fatal("it is not kept")
		}
		begun, tried := time.Now(), make(chan int)
		l.jobs.put(func() { tried <- len(l.tries) })
		if n := <-tried; n != 0 || time.Since(begun) > time.Second {
			r.Errorf("%d pieces were tried offline, and what comes next waits for %v", n, time.Since(begun))
		}
		r.awaitState(id, campaign.Online)
		time.Sleep(time.Second)
		if n := r.waiting(id); n != 0 { // it is gone, and the phone was asked for it
			r.Errorf("online, %d pieces wait", n)
		}
	})
}

func TestHistoryThatCannotBeReadIsLeftForTheNextConnection(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 60, HistoryByMedia: true}, func(r *rig) {
		r.service.Fault(simulator.Rule{On: simulator.Download, Do: simulator.Refuse, Code: 500})
		id, phone := r.linked("loja")
		time.Sleep(time.Hour)
		if r.waiting(id) == 0 {
			r.Fatal("a piece that was not read does not wait")
		}
		r.service.ClearFaults()
		r.own(phone).Drop()
		r.await(id, "offline", func(s Snapshot) bool { return s.State != campaign.Online })
		r.awaitState(id, campaign.Online)
		time.Sleep(time.Minute)
		if n := r.remembered(id); n == 0 || r.waiting(id) != 0 {
			r.Errorf("%d people are known, %d pieces wait; want some and none", n, r.waiting(id))
		}
	})
}

func TestHistoryThatIsGoneIsAskedForAgain(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 60, HistoryByMedia: true}, func(r *rig) {
		r.service.Fault(simulator.Rule{On: simulator.Download, Do: simulator.Refuse, Code: 404})
		id, _ := r.linked("loja")
		time.Sleep(time.Hour)
		if n := r.waiting(id); n != 0 {
			r.Errorf("%d pieces wait that will never come", n)
		}
	})
}

func TestAddressBookThatDoesNotAddUpIsAskedForAgain(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 30}, func(r *rig) {
		id, phone := r.linked("loja")
		time.Sleep(time.Minute) // for all that a new link asks for
		person := r.someone(3)
		r.service.Fault(simulator.Rule{On: simulator.Query, Query: "w:sync:app:state", Do: simulator.WrongHash, Limit: 1})
		r.own(phone).SaveContact(person.Phone, "Fulana de Tal")
		time.Sleep(time.Minute)
		c, err := r.book.ContactByPhone(people.Phone(person.Phone))
		if err != nil || c.Name != "Fulana de Tal" {
			r.Errorf("they are called %q, %v; want the name that was saved", c.Name, err)
		}
		if s := r.snapshot(id); s.State != campaign.Online {
			r.Errorf("the number is %v over it", s.State)
		}
		if len(r.service.Faults()) > 0 {
			r.Error("everything added up all the time")
		}
	})
}

func TestEmptyAddressBookIsAskedForAgain(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 30}, func(r *rig) {
		id, _ := r.linked("loja")
		r.close()
		r.open()
		dev, err := r.devices.GetDevice(r.Context(), jidOf(r.snapshot(id).Number))
		if err != nil {
			r.Fatal(err)
		}
		rows, err := dev.Contacts.GetAllContacts(r.Context())
		if err != nil {
			r.Fatal(err)
		}
		for jid := range rows { // as after a crash before they were on the disk
			if err := dev.Contacts.PutContactName(r.Context(), jid, "", ""); err != nil {
				r.Fatal(err)
			}
		}
		time.Sleep(time.Second) // or the service may hear of the two programs the other way round
		r.restart()
		r.awaitState(id, campaign.Online)
		time.Sleep(time.Minute)
		named := 0
		dev, err = r.devices.GetDevice(r.Context(), jidOf(r.snapshot(id).Number))
		if err != nil {
			r.Fatal(err)
		}
		if rows, err = dev.Contacts.GetAllContacts(r.Context()); err != nil {
			r.Fatal(err)
		}
		for _, row := range rows {
			if row.FullName != "" {
				named++
			}
		}
		if named == 0 {
			r.Error("an address book without names is not asked for again")
		}
	})
}

func TestHistoryThatIsGoneIsNotForgottenBeforeThePhoneIsAsked(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 60, HistoryByMedia: true}, func(r *rig) {
		r.service.Fault(simulator.Rule{On: simulator.Download, Do: simulator.Refuse, Code: 500})
		id, phone := r.linked("loja")
		r.service.ClearFaults()
		r.service.Fault(simulator.Rule{On: simulator.Download, Do: simulator.Refuse, Code: 404})
		r.service.Fault(simulator.Rule{On: simulator.Login, Do: simulator.Silence}) // nobody can be asked
		r.own(phone).Drop()
		time.Sleep(10 * time.Minute)
		if r.waiting(id) == 0 {
			r.Error("a piece is forgotten though the phone could not be asked for it again")
		}
	})
}

func TestPhoneIsAskedForAPlainAddressBookWhenTheWholeOfItDoesNotAddUp(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 30}, func(r *rig) {
		id, phone := r.linked("loja")
		time.Sleep(time.Minute) // for all that a new link asks for
		asked := func() (n int) {
			for _, s := range r.service.Ledger().Stanzas() {
				if s.Kind == "peer" {
					n++
				}
			}
			return n
		}
		before := asked()
		r.service.Fault(simulator.Rule{On: simulator.Query, Query: "w:sync:app:state", Do: simulator.WrongHash})
		r.own(phone).SaveContact(r.someone(3).Phone, "Fulana de Tal")
		time.Sleep(time.Minute)
		if n := asked() - before; n != 1 {
			r.Errorf("the phone was asked %d times, want once", n)
		}
		for range 5 { // once a day, whatever happens
			r.own(phone).SaveContact(r.someone(4).Phone, "Beltrana")
			time.Sleep(2 * time.Hour)
		}
		if n := asked() - before; n != 1 {
			r.Errorf("the phone was asked %d times in ten hours, want once", n)
		}
		if s := r.snapshot(id); s.State != campaign.Online {
			r.Errorf("the number is %v over it", s.State)
		}
	})
}
