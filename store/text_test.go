package store

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// textBook is a book with a linked number and two people, the second of whom
// has more to say of themselves than a message may hold.
func textBook(t *testing.T) (*Book, campaign.NumberID) {
	t.Helper()
	b, err := Open(filepath.Join(t.TempDir(), "book.db"), Options{Kind: Demo})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	number, err := desk(b).AddNumber("loja")
	if err == nil {
		_, err = b.LinkNumber(number.ID, "+5511880000001", "5511880000001:1@s.whatsapp.net", time.Now())
	}
	if err == nil {
		_, err = desk(b).SetLimits(number.ID, campaign.Pace{}.All())
	}
	if err == nil {
		_, err = desk(b).Import(t.Context(), []people.Row{
			{Line: 2, Phone: "+5511970000001", Name: "Ana", Fields: map[string]string{"nota": "boa"}},
			{Line: 3, Phone: "+5511970000002", Name: "Bia", Fields: map[string]string{"nota": strings.Repeat("x", campaign.TextMost)}},
		}, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	return b, number.ID
}

// It is kept as a draft, so that it can be shortened.
func TestATextLongerThanWhatsAppTakesDoesNotStart(t *testing.T) {
	b, _ := textBook(t)
	draft, err := desk(b).AddCampaign(campaign.Campaign{Name: "c", Text: strings.Repeat("é", campaign.TextMost)})
	if err != nil || len(draft.Lacks()) != 0 {
		t.Fatalf("what just fits: %v, lacks %v", err, draft.Lacks())
	}
	draft.Text += "é"
	if draft, err = desk(b).EditDraft(draft); err != nil {
		t.Fatal(err)
	}
	var long *campaign.TooLongError
	if _, err := desk(b).Start(draft.ID, time.Now()); !errors.As(err, &long) || long.Count != campaign.TextMost+1 {
		t.Errorf("started: %v", err)
	}
	if counts, err := b.Counts(draft.ID); err != nil || counts != (campaign.Counts{}) {
		t.Errorf("queued all the same: %v, %v", counts, err)
	}
}

func TestADraftKeepsOneKindOfLineEnd(t *testing.T) {
	b, _ := textBook(t)
	draft, err := desk(b).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi\r\nlinha 2\rlinha 3\r\n\r\n"})
	if want := "Oi\nlinha 2\nlinha 3"; err != nil || draft.Text != want {
		t.Errorf("added %q, %v, want %q", draft.Text, err, want)
	}
	draft.Text = "a\rb\n"
	draft, err = desk(b).EditDraft(draft)
	if want := "a\nb"; err != nil || draft.Text != want {
		t.Errorf("edited %q, %v, want %q", draft.Text, err, want)
	}
}

func TestWhoseTextBecomesTooLongIsSkippedWithTheReason(t *testing.T) {
	b, number := textBook(t)
	c, err := desk(b).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi {nome}: {nota}"})
	if err == nil {
		c, err = desk(b).Start(c.ID, time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	now, ids := time.Now(), 0
	for range 10 {
		got, err := ClaimApart(b, campaign.Claim{Number: number, Ready: campaign.Readiness{Link: 1, Since: now.Add(-time.Hour)}, Now: now,
			NewID: func() campaign.MessageID { ids++; return campaign.MessageID(strings.Repeat("3", ids)) }})
		if err != nil {
			t.Fatal(err)
		}
		var answers []people.Answer
		for _, p := range got.Check {
			answers = append(answers, people.Answer{Asked: p, Presence: people.OnWhatsApp, Phone: p, LID: "9" + string(p[1:])})
		}
		if len(answers) > 0 {
			err = b.Answered(number, got.Check, answers, now)
		}
		if got.Delivery != nil {
			if want := "Oi Ana: boa"; got.Delivery.Text != want {
				t.Errorf("sent %d characters, want %q", len(got.Delivery.Text), want)
			}
			err = b.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, now)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	all, err := b.Deliveries(c.ID, -1, 10)
	if err != nil || len(all) != 2 {
		t.Fatalf("deliveries: %+v, %v", all, err)
	}
	for _, d := range all {
		want, why := campaign.Sent, reason.Code("")
		if d.Phone == "+5511970000002" {
			want, why = campaign.Skipped, reason.DeliveryTooLong
		}
		if d.State != want || d.Reason.Code != why {
			t.Errorf("%s is %v (%q), want %v (%q)", d.Phone, d.State, d.Reason, want, why)
		}
	}
}
