package store

import (
	"slices"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// twoOfOne is a person who wrote from a hidden phone, and who turns out to be the
// first of the yard.
func twoOfOne(s *scene) {
	ok(s.T, s.book.Heard(1, campaign.Incoming{From: people.Seen{LID: "77", Name: "Bia", Username: "bia.7", Known: true}, Text: "Oi", At: wroteAt}))
	ok(s.T, s.book.Saw(1, []people.Seen{{LID: "77", Phone: yardPhone(0)}}))
}

// findAccount is who has an account.
func findAccount(b *Book, lid string) (id people.ContactID, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		id, _ = findPersonTx(tx, "", lid)
		return nil
	})
	return id, err
}

// TestWhatWasMergedIsTakenApart: each of the two has again what they had, the
// account is one's alone, and the service makes them one no more.
func TestWhatWasMergedIsTakenApart(t *testing.T) {
	y := newYard(t, 3)
	ok(t, desk(y.book).EditContact(1, func(c *people.Contact) {
		c.Tags, c.Fields = []string{"feira"}, map[string]string{"cidade": "Recife", "email": "mae@exemplo.com"}
	}))
	_, err := desk(y.book).SaveList("feira", []people.ContactID{1, 2})
	ok(t, err)
	ok(t, y.book.Heard(1, campaign.Incoming{From: people.Seen{LID: "77", Name: "Bia", Source: people.PushName, Username: "bia.7", Known: true}, Text: "Oi", At: wroteAt}))
	lid, err := findAccount(y.book, "77")
	ok(t, err)
	ok(t, desk(y.book).EditContact(lid, func(c *people.Contact) { c.Tags = []string{"curso"}; c.Fields = map[string]string{"cidade": "Olinda"} }))
	_, err = desk(y.book).SaveList("curso", []people.ContactID{lid})
	ok(t, err)
	mother, err := y.book.Contact(1)
	ok(t, err)
	daughter, err := y.book.Contact(lid)
	ok(t, err)

	ok(t, y.book.Saw(1, []people.Seen{{LID: "77", Phone: yardPhone(0)}}))
	one, err := y.book.Contact(lid)
	ok(t, err)
	if one.ID != 1 || one.LID != "77" || !slices.Equal(one.Tags, []string{"curso", "feira"}) || one.Username != "bia.7" || !slices.Equal(one.Lists, []string{"curso", "feira"}) {
		t.Fatalf("they are one: %+v", one)
	}
	entries, err := y.book.Audit(0, 100)
	ok(t, err)
	if e := entries[len(entries)-1]; e.Verb != VerbMerge || e.Actor != itself || e.Target != "1" || e.After["name"] != "Bia" {
		t.Errorf("the audit ends with %+v", e)
	}
	unions, err := y.book.Unions(1)
	if err != nil || len(unions) != 1 || unions[0].Gone.ID != lid || unions[0].Keep.Name != mother.Name {
		t.Errorf("the person is made of %+v, %v", unions, err)
	}

	account, other, err := desk(y.book).TakeApart(lid)
	ok(t, err)
	if account != lid || other != 1 {
		t.Fatalf("the account is %d's, the other one is %d", account, other)
	}
	got, err := y.book.Contact(lid)
	ok(t, err)
	if got.Name != daughter.Name || !slices.Equal(got.Tags, daughter.Tags) || !slices.Equal(got.Lists, daughter.Lists) || got.Fields["cidade"] != "Olinda" ||
		got.Fields["email"] != "" || got.Phone != yardPhone(0) || got.LID != "77" || !got.KnownTo(1) {
		t.Errorf("who has the account is %+v", got)
	}
	rest, err := y.book.Contact(1)
	ok(t, err)
	if rest.Name != mother.Name || !slices.Equal(rest.Tags, mother.Tags) || !slices.Equal(rest.Lists, mother.Lists) || rest.Fields["email"] != mother.Fields["email"] ||
		rest.Fields["cidade"] != "Recife" || rest.LID != "" || rest.BestPhone() != "" || !rest.Moved() {
		t.Errorf("the other one is %+v", rest)
	}
	// The service says it again, by every door, and nothing changes.
	ok(t, y.book.Saw(1, []people.Seen{{LID: "77", Phone: yardPhone(0), Known: true}}))
	ok(t, y.book.Answered(1, []people.Phone{yardPhone(0)}, []people.Answer{{Asked: yardPhone(0), Phone: yardPhone(0), LID: "77", Presence: people.OnWhatsApp}}, y.now))
	if again, err := y.book.Contact(1); err != nil || again.ID != 1 || again.LID != "" {
		t.Errorf("they are one again: %+v, %v", again, err)
	}
	y.sound()
}

// TestTakenApartNobodyGetsACampaignTwice, and who said no stays alone.
func TestTakenApartNobodyGetsACampaignTwice(t *testing.T) {
	y := newYard(t, 3)
	ok(t, y.book.Heard(1, campaign.Incoming{From: people.Seen{LID: "77", Name: "Bia", Known: true}, Text: "Oi", At: wroteAt}))
	lid, err := findAccount(y.book, "77")
	ok(t, err)
	c, err := desk(y.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", Numbers: []campaign.NumberID{1}})
	ok(t, err)
	_, err = desk(y.book).Start(c.ID, y.now)
	ok(t, err)
	ok(t, y.book.Saw(1, []people.Seen{{LID: "77", Phone: yardPhone(0)}})) // before either has it
	var sent []people.ContactID
	for range 20 {
		if d := y.claim(); d != nil {
			sent = append(sent, d.Contact)
			ok(t, y.book.Settle(*d, campaign.Outcome{Kind: campaign.Accepted}, y.now))
			if d.LID == "77" {
				_, _, err := desk(y.book).TakeApart(1)
				ok(t, err)
			}
		}
		y.now = y.now.Add(time.Minute)
	}
	if len(sent) != 3 {
		t.Errorf("%d were sent, want that of the account and two others", len(sent))
	}
	all, err := y.book.Deliveries(c.ID, -1, 100)
	ok(t, err)
	to77 := 0
	for _, d := range all {
		if d.LID == "77" && d.MayHaveLeft() {
			to77++
		}
		if (d.Contact == 1 || d.Contact == lid) && !d.MayHaveLeft() && d.Reason.Code != reason.DeliveryDuplicate && d.Reason.Code != reason.DeliveryMoved {
			t.Errorf("the other delivery is %s (%s)", d.State, d.Reason)
		}
	}
	if to77 != 1 {
		t.Errorf("the account got it %d times", to77)
	}
	ok(t, y.book.Heard(1, campaign.Incoming{From: people.Seen{LID: "77"}, Text: "SAIR", At: y.now}))
	if bia, err := y.book.Contact(lid); err != nil || !bia.OptedOut {
		t.Errorf("%+v, %v", bia, err)
	}
	y.sound()
}
