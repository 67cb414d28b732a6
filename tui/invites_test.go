package tui

import (
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
)

// TestALinkIsMadeShownAndEndedOnTheScreen, and who came by it is seen.
func TestALinkIsMadeShownAndEndedOnTheScreen(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("2", "L")
		s.shows("Nenhum link de consentimento ainda.", "Para criar um, vincule antes um número na tela 1.")
		s.hides("novo link")
		n := s.number("Loja", "+5511900000001")
		s.shows("Aperte n para criar um.")
		s.press("n")
		s.enter("feira  2026")
		s.press("enter")
		s.shows("O que a pessoa escreve", "› Quero receber mensagens")
		s.press("enter")
		all, err := s.app.Book.Invites()
		if err != nil || len(all) != 1 {
			t.Fatalf("%v, %v", all, err)
		}
		made := all[0]
		if made.Name != "feira 2026" || made.Text != "Quero receber mensagens" || made.Number != n.ID {
			t.Errorf("it is %+v", made)
		}
		s.shows("feira 2026", "0 pessoas vieram por ele.", "Quem abre o link escreve para Loja:", "https://wa.me/5511900000001?text=")
		shown := strings.Join(strings.Fields(s.read()), "")
		code := drawCode(made.Link(n.Phone), 1, s.root.env.inverted())
		for _, line := range code[1 : len(code)-1] {
			if !strings.Contains(shown, strings.ReplaceAll(line, " ", "")) {
				t.Fatalf("the code is not drawn: %q", line)
			}
		}
		if err := s.app.Book.Heard(n.ID, campaign.Incoming{From: people.Seen{Phone: "+5511987650001"}, ID: "in", Text: made.Message(), At: time.Now()}); err != nil {
			t.Fatal(err)
		}
		s.ring()
		s.shows("1 pessoa veio por ele.")
		s.press("esc", "n")
		s.enter("Feira 2026")
		s.press("enter")
		s.shows("já existe um link Feira 2026")
		s.press("esc", "p")
		s.shows(`/ veio:="feira 2026"`, "1 pessoa", "Ana Souza")
		s.press("L", "x", "n")
		if all, _ := s.app.Book.Invites(); len(all) != 1 {
			t.Fatal("it ended without a yes")
		}
		s.press("x", "s")
		s.shows("O link feira 2026 foi encerrado; 1 pessoa veio por ele.", "Nenhum link de consentimento ainda.")
		if all, _ := s.app.Book.Invites(); len(all) != 0 {
			t.Errorf("there is still %v", all)
		}
	})
}

// TestALinkLeadsToTheNumberThatIsChosen, if there are several.
func TestALinkLeadsToTheNumberThatIsChosen(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.number("Loja", "+5511900000001")
		other := s.number("Oficina", "+5511900000002")
		s.number("nova", "")
		s.press("2", "L", "n")
		s.shows("O link leva a qual número?", "Loja", "Oficina")
		s.hides("nova")
		s.press("down", "enter")
		s.enter("balcão")
		s.press("enter", "enter")
		all, err := s.app.Book.Invites()
		if err != nil || len(all) != 1 || all[0].Number != other.ID {
			t.Fatalf("%+v, %v", all, err)
		}
		s.shows("https://wa.me/5511900000002?text=")
	})
}
