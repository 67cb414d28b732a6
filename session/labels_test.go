package session

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"recado/campaign/people"
	"recado/session/simulator"
)

// TestLabelsOfThePhoneAreTags, whichever were there when the link was made, and follow
// what is done on the phone.
func TestLabelsOfThePhoneAreTags(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 12, Usernames: 6, Hidden: 3}, func(r *rig) {
		id, phone := r.linked("loja")
		time.Sleep(time.Minute)
		own, who := r.own(phone), r.someone(0)
		tags := func() []string {
			time.Sleep(time.Minute)
			c, _ := r.account(who.LID)
			return c.Tags
		}
		own.Label("1", "Novo cliente")
		if err := own.LabelChat("1", who.Phone, true); err != nil {
			t.Fatal(err)
		}
		if got := tags(); !slices.Equal(got, []string{"Novo cliente"}) {
			t.Errorf("the first label: %q", got)
		}
		c, _ := r.account(who.LID)
		if err := desk(r.book.Book).EditContact(c.ID, func(c *people.Contact) { c.Tags = []string{"vip"} }); err == nil {
			t.Error("a label was taken away by hand")
		}
		if err := desk(r.book.Book).EditContact(c.ID, func(c *people.Contact) { c.Tags = append(c.Tags, "vip") }); err != nil {
			t.Error(err)
		}
		own.Label("1", "Cliente")
		if got := tags(); !slices.Equal(got, []string{"Cliente", "vip"}) {
			t.Errorf("renamed: %q", got)
		}
		r.restart()
		r.awaitState(id, 3)
		own.Label("2", "Pago")
		_ = own.LabelChat("2", who.Phone, true)
		if got := tags(); !slices.Equal(got, []string{"Cliente", "Pago", "vip"}) {
			t.Errorf("another one after a restart: %q", got)
		}
		_ = own.LabelChat("2", who.Phone, false)
		own.Label("1", "")
		if got := tags(); !slices.Equal(got, []string{"vip"}) {
			t.Errorf("taken away: %q", got)
		}
		if known, err := r.book.LabelsKnown(id); err != nil || !known {
			t.Errorf("all labels are known: %v, %v", known, err)
		}
	})
}

// TestWhoWritesByALinkAgrees, and so does who comes from an ad; a no stays a no.
func TestWhoWritesByALinkAgrees(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 9, People: 6, Hidden: 3, Quiet: true}, func(r *rig) {
		id, phone := r.quietly("loja")
		link, err := desk(r.book.Book).Invite("feira 2026", "Quero receber novidades", id)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := desk(r.book.Book).Invite("Feira 2026", "", 0); err != nil || again.Token != link.Token {
			t.Errorf("the same again: %+v, %v", again, err)
		}
		say := func(i int, m *waE2E.Message) people.Contact {
			t.Helper()
			who := r.someone(i)
			if _, err := r.service.SayMessage(who.Phone, phone, m); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			c, _ := r.account(who.LID)
			return c
		}
		text := func(s string) *waE2E.Message { return &waE2E.Message{Conversation: proto.String(s)} }
		for i := range 2 {
			c := say(i, text("Oi! "+strings.ToLower(link.Message())))
			if c.Consent.Status != people.ConsentGiven || c.Consent.Source != "feira 2026" || c.Came.Way != people.ByLink || c.Came.Name != "feira 2026" || c.Consent.At.IsZero() || !strings.Contains(c.Consent.Evidence, "novidades") || !c.KnownTo(id) {
				t.Errorf("they are %+v", c)
			}
		}
		say(0, text(link.Message()))
		if c := say(2, text("não quero mais receber nada (ref "+link.Token+")")); c.Consent.Status == people.ConsentGiven || !c.OptedOut {
			t.Errorf("who says no: %+v", c)
		}
		if c := say(3, text("Oi (ref AAAAAA)")); c.Consent.Status != people.ConsentUnknown {
			t.Errorf("a token that nobody has: %+v", c)
		}
		if c := say(4, &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{
			Text: proto.String("Quero saber mais"),
			ContextInfo: &waE2E.ContextInfo{ExternalAdReply: &waE2E.ContextInfo_ExternalAdReplyInfo{
				SourceType: proto.String("ad"), SourceID: proto.String("1203"), Title: proto.String("Curso"), SourceURL: proto.String("https://fb.me/x"),
			}},
		}}); c.Consent.Status != people.ConsentGiven || c.Consent.Source != "Curso" || c.Came.Way != people.ByAd || c.Came.Name != "Curso" || !strings.Contains(c.Consent.Evidence, "1203") {
			t.Errorf("from an ad: %+v", c)
		}
		all, err := r.book.Invites()
		if err != nil || len(all) != 1 || all[0].Count != 2 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}
