package tui

import (
	"slices"
	"testing"

	"recado/campaign/people"
)

// editPerson changes a person as another terminal does.
func (s *stage) editPerson(id people.ContactID, edit func(*people.Contact)) {
	s.t.Helper()
	if err := desk(s.app.Book).EditContact(id, edit); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) personWith(phone people.Phone) people.Contact {
	s.t.Helper()
	c, err := s.app.Book.ContactByPhone(phone)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func TestAPersonIsAddedOnTheScreen(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("2", "n")
		s.enter("Zeca Prado")
		s.press("tab", "tab")
		s.enter("21 98888-7777, 1234")
		s.press("tab")
		s.enter("vip, natal")
		s.press("tab")
		s.enter("feira: 10/05/2026")
		s.press("tab")
		s.enter("prefere tardes")
		s.press("tab")
		s.enter("cidade=Recife")
		s.press("ctrl+s") // without a phone, and with a wrong one
		s.shows("telefone", "▲", "Zeca Prado", "21 98888-7777, 1234", "feira: 10/05/2026", "Recife")
		s.enter("11 98765-0001") // where the cursor has gone; it is Ana's
		s.press("tab", "backspace", "backspace", "backspace", "backspace", "backspace", "backspace", "ctrl+s")
		s.shows("▲", "Zeca Prado", "feira: 10/05/2026", "esse telefone")
		s.press("backspace")
		s.enter("9")
		s.press("ctrl+s")
		s.shows("Zeca Prado: pessoa acrescentada.")
		c := s.personWith("+5511987650009")
		if c.Name != "Zeca Prado" || !slices.Equal(c.Tags, []string{"natal", "vip"}) || c.Note != "prefere tardes" || c.Fields["cidade"] != "Recife" ||
			len(c.Others) != 1 || c.Others[0].Phone != "+5521988887777" ||
			c.Consent.Status != people.ConsentGiven || c.Consent.Source != "feira" || c.Consent.Day() != "2026-05-10" || c.Consent.By != "ana" {
			t.Errorf("in the book is %+v", c)
		}
	})
}

func TestAPersonIsEditedOnTheScreen(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("2", "enter", "e")
		s.shows("Ana Souza", "+55 11 98765-0001", "vip", "São Paulo")
		s.press("tab", "tab", "tab", "ctrl+u")
		s.enter("frio")
		s.press("tab", "tab", "tab", "ctrl+u") // the city goes
		s.press("tab")
		s.enter("bairro=Centro")
		s.press("enter", "ctrl+s")
		s.shows("Ana Souza: mudanças salvas.", "frio", "bairro", "Centro")
		c := s.personWith("+5511987650001")
		if !slices.Equal(c.Tags, []string{"frio"}) || len(c.Fields) != 1 || c.Fields["bairro"] != "Centro" || c.Name != "Ana Souza" || len(c.Former) > 0 {
			t.Errorf("in the book is %+v", c)
		}
		// What is typed is lost only to who says so.
		s.press("e")
		s.enter("zz")
		s.press("esc")
		s.shows("Sair sem salvar?")
		s.press("n")
		s.shows("Ana Souzazz")
		s.press("esc", "s")
		s.hides("Souzazz")
		s.press("e", "esc")
		s.shows("no recado desde")
	})
}

func TestWhoSavesSecondSeesWhatChanged(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("2", "e")
		s.enter(" Prado")
		s.editPerson(1, func(c *people.Contact) {
			c.Name, c.Tags, c.Fields = "Ana Lima", []string{"novo"}, map[string]string{"bairro": "Centro"}
		})
		s.ring()
		s.press("ctrl+s")
		s.shows("Alguém mudou esta pessoa", "Ana Souza Prado", "! agora está: Ana Lima", "novo", "Centro")
		s.hides("São Paulo")
		if c := s.personWith("+5511987650001"); c.Name != "Ana Lima" {
			t.Errorf("she is %q already", c.Name)
		}
		s.press("ctrl+s")
		c := s.personWith("+5511987650001")
		if c.Name != "Ana Souza Prado" || !slices.Equal(c.Tags, []string{"novo"}) || len(c.Fields) != 1 || c.Fields["bairro"] != "Centro" {
			t.Errorf("in the book is %+v", c)
		}
	})
}
