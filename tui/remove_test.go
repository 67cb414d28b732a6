package tui

import (
	"errors"
	"testing"
	"time"

	"recado/store"
)

// TestACampaignThatSentNothingIsDeleted: a draft, and one that was cancelled before
// anything left, after a yes; one that has sent has no key for it.
func TestACampaignThatSentNothingIsDeleted(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.number("Loja", "+5511900000001")
		d := s.draft("Natal", "Oi")
		s.press("3", "x")
		s.shows("Descartar o rascunho Natal?")
		s.press("s")
		s.shows("Rascunho descartado.")
		if _, err := s.app.Book.Campaign(d.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("it is still there: %v", err)
		}
		d = s.draft("Páscoa", "Oi")
		if _, err := desk(s.app.Book).Start(d.ID, time.Now()); err != nil {
			t.Fatal(err)
		}
		s.ring()
		s.press("x") // nothing: it is sending
		s.hides("Excluir a campanha")
		if _, err := desk(s.app.Book).Cancel(d.ID); err != nil {
			t.Fatal(err)
		}
		s.wait(2)
		s.ring()
		s.press("x")
		s.shows("Excluir a campanha Páscoa?", "Nada dela saiu")
		s.press("n")
		if _, err := s.app.Book.Campaign(d.ID); err != nil {
			t.Errorf("after a no: %v", err)
		}
		s.press("x", "s")
		s.shows("Campanha Páscoa excluída.")
		if _, err := s.app.Book.Campaign(d.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("it is still there: %v", err)
		}
	})
	play(t, func(t *testing.T, s *stage) {
		c := s.reported()
		if _, err := desk(s.app.Book).Cancel(c.ID); err != nil {
			t.Fatal(err)
		}
		s.ring()
		s.press("3", "x")
		s.hides("Excluir a campanha")
	})
}
