package tui

import (
	"testing"

	"recado/campaign"
	"recado/campaign/people"
)

// beto is who may want to leave.
const beto people.Phone = "+5511987650002"

// perhaps has them write what may be a wish to be left alone.
func (s *stage) perhaps(text string) {
	s.t.Helper()
	number := s.number("loja", "+5511900000001")
	if err := s.app.Book.Heard(number.ID, campaign.Incoming{From: people.Seen{Phone: beto}, Text: text, At: s.root.env.now()}); err != nil {
		s.t.Fatal(err)
	}
	s.ring()
}

// The status line counts who may want to leave; a key lists them with what they
// wrote, and another one decides, about whom the cursor is on.
func TestWhoMayWantToLeaveIsDecidedByAKey(t *testing.T) {
	for _, test := range []struct {
		name, key, says string
		opted           bool
	}{
		{"left", "o", "Nada mais será enviado a esta pessoa.", true},
		{"stays", "f", "Esta pessoa continua recebendo campanhas.", false},
	} {
		for _, where := range []string{"list", "person"} {
			t.Run(test.name+" in the "+where, func(t *testing.T) {
				play(t, func(t *testing.T, s *stage) {
					s.people()
					s.hides("queira sair")
					s.perhaps("quero cancelar")
					s.shows("? 1 pessoa talvez queira sair")
					s.press("2", "d")
					s.shows("/ optout:duvida", "1 pessoa", "? “quero cancelar”", "o saiu", "f fica")
					if where == "person" {
						s.press("enter")
						s.shows("Talvez queira sair.", "“quero cancelar”", "o saiu", "f fica")
					}
					s.press(test.key)
					s.shows(test.says)
					s.press("x") // what was said goes
					s.hides("talvez queira sair", "quero cancelar”")
					c, err := s.app.Book.ContactByPhone(beto)
					if err != nil || c.InDoubt() || c.OptedOut != test.opted || test.opted && c.OptOutWhy != "quero cancelar" {
						t.Errorf("%v: %+v", err, c)
					}
				})
			})
		}
	}
}
