package tui

import (
	"slices"
	"testing"
	"time"

	"recado/campaign"
)

// undone is a campaign of which the last nine messages are being deleted; seven are.
func (s *stage) undone() (c, undo campaign.Campaign) {
	s.t.Helper()
	c = s.reported()
	s.press("3", "p", "r", "u", "ctrl+u")
	s.enter("9")
	s.press("enter", s.root.env.t("key_yes_letter"))
	all, err := s.app.Book.Campaigns()
	if err != nil || all[0].RevokeOf != c.ID {
		s.t.Fatalf("the newest campaign is %+v, %v", all[0], err)
	}
	undo = all[0]
	for i := range 7 {
		d := s.claim(campaign.Number{ID: undo.Numbers[i%2]})
		if d.Campaign != undo.ID || d.Revokes == "" {
			s.t.Fatalf("the next one is %+v", d)
		}
		if err := s.app.Book.Settle(d, campaign.Outcome{Kind: campaign.Accepted}, time.Now()); err != nil {
			s.t.Fatal(err)
		}
		time.Sleep(20 * time.Minute)
	}
	s.ring()
	return c, undo
}

// TestMessagesAreDeletedForEveryoneFromTheReport: after a number, and a yes to what is
// said of what can be deleted and what cannot; how far it is stands in the report.
func TestMessagesAreDeletedForEveryoneFromTheReport(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.reported()
		s.size(120, 40)
		s.press("3", "r")
		s.hides("apagar para todos")
		s.press("u") // nothing: it is sending
		s.hides("Quantas das")
		s.press("esc", "p", "r")
		s.shows("apagar para todos")
		s.press("u")
		s.shows("Quantas das últimas mensagens de Volta às aulas?", "11")
		s.press("ctrl+u")
		s.enter("vinte")
		s.press("enter")
		s.shows("Digite quantas")
		s.press("ctrl+u")
		s.enter("9")
		s.press("enter")
		s.shows("Apagar para todos?", "9 mensagens de Volta às aulas são apagadas", "já foram lidas", "cerca de dois dias", "cópias de segurança", "Não tem volta")
		s.press("n")
		if all, err := s.campaigns(); err != nil || len(all) != 1 {
			t.Fatalf("after a no there are %d campaigns, %v", len(all), err)
		}
	})
	play(t, func(t *testing.T, s *stage) {
		s.undone()
		s.size(120, 40)
		if made := s.root.top().(*report).made; made.Revoked != 7 {
			t.Fatalf("%d are deleted", made.Revoked)
		}
		s.shows("apagadas para todos", "apagar para todos", "2  ainda a apagar")
		s.press("u") // nothing: one goes on
		s.hides("Quantas das")
		rows := s.root.top().(*report).rows
		at := slices.IndexFunc(rows, func(r reportRow) bool { return r.label == s.root.env.t("report_revoked") })
		for range at {
			s.press("down")
		}
		s.press("enter")
		if d := s.root.top().(*deliveries); len(d.places) != 7 {
			t.Errorf("%d messages are behind the number", len(d.places))
		}
		s.shows("apagada ")
	})
}
