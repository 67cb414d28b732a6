package session

import (
	"errors"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session/simulator"
)

func TestIncomingTextIsConfirmedOnlyWhenItIsOnTheDisk(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		id, phone := r.linked("loja")
		person := r.someone(0)
		r.book.fail(errors.New("the disk is full"))
		if _, err := r.service.Say(person.Phone, phone, "SAIR"); err != nil {
			r.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := r.book.texts(); len(got) != 0 {
			r.Fatalf("heard %+v on a full disk", got)
		}
		r.book.fail(nil)
		r.own(phone).Drop() // the service brings again what was not confirmed
		r.await(id, "online again", func(s Snapshot) bool { return s.State == campaign.Offline })
		r.awaitState(id, campaign.Online)
		got := r.book.texts()
		if len(got) != 1 || got[0].Text != "SAIR" {
			r.Fatalf("heard %+v, want SAIR", got)
		}
		from := got[0].From
		if from.Phone != people.Phone(person.Phone) || from.LID != person.LID || from.Name != person.PushName || !from.Known {
			r.Errorf("from %+v, want %+v", from, person)
		}
		r.restart()
		r.awaitState(id, campaign.Online)
		if got := r.book.texts(); len(got) != 0 {
			r.Errorf("a confirmed text was brought again: %+v", got)
		}
	})
}

func TestTextsThatArrivedWhileAwayAreHeardBeforeOnline(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		id, phone := r.linked("loja")
		person := r.someone(0)
		r.close()
		for _, text := range []string{"um", "dois", "três"} {
			if _, err := r.service.Say(person.Phone, phone, text); err != nil {
				r.Fatal(err)
			}
		}
		r.open()
		r.awaitState(id, campaign.Online)
		got := r.book.texts()
		if len(got) != 3 || got[0].Text != "um" || got[2].Text != "três" {
			r.Errorf("heard %+v when online", got)
		}
	})
}

func TestReceiptsReachTheBook(t *testing.T) {
	inBubble(t, simulator.Config{People: 3, Reads: 1}, func(r *rig) {
		r.linked("loja")
		stop := r.lanes()
		defer stop()
		id := r.campaignTo(r.someone(0), "olá")
		d := r.awaitDelivery(id, campaign.Read)
		if d.Accepted.IsZero() || d.Arrived.IsZero() || d.ReadAt.IsZero() {
			r.Errorf("times: %v, %v, %v", d.Accepted, d.Arrived, d.ReadAt)
		}
	})
}

func TestAddressBookReachesTheBook(t *testing.T) {
	for _, media := range []bool{false, true} {
		inBubble(t, simulator.Config{Seed: 7, People: 60, HistoryByMedia: media}, func(r *rig) {
			id, _ := r.linked("loja")
			r.await(id, "with contacts", func(s Snapshot) bool { return s.Contacts })
			time.Sleep(time.Minute) // the history
			names := make(map[people.NameSource]int)
			for _, p := range r.service.People() {
				c, err := r.book.ContactByPhone(people.Phone(p.Phone))
				if err != nil {
					continue
				}
				names[c.NameSource]++
				if c.Name != "" && c.Name != p.Name && c.Name != p.PushName {
					r.Errorf("%s is called %q, want %q or %q", p.Phone, c.Name, p.Name, p.PushName)
				}
				if c.NameSource == people.AddressBook && (c.LID != "" && c.LID != p.LID || !c.KnownTo(id)) {
					r.Errorf("%s: LID %q, known to %v", p.Phone, c.LID, c.Knows)
				}
			}
			if names[people.AddressBook] == 0 {
				r.Errorf("media %v: nobody has a name from the address book: %v", media, names)
			}
		})
	}
}
