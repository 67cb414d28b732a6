package tui

import (
	"testing"

	"recado/campaign/people"
)

// The card of a person whom no number writes to says why.
func TestCardSaysThatAPersonIsBlocked(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		book := s.app.Book
		s.people()
		n := s.number("Loja", "+5511900000001")
		c, err := book.ContactByPhone("+5511987650001")
		if err == nil {
			err = book.Block(n.ID, people.Seen{Phone: c.Phone}, true)
		}
		if err != nil {
			t.Fatal(err)
		}
		s.press("2", "enter")
		s.shows("⊘ bloqueado em um dos nossos celulares: Loja")
		if err := book.Block(n.ID, people.Seen{Phone: c.Phone}, false); err != nil {
			t.Fatal(err)
		}
		s.ring()
		s.hides("bloqueado")
	})
}
