package tui

import (
	"testing"

	"recado/store"
)

// TestWhoIsOnWhatsAppIsAskedFromTheScreen: about whom the list shows, so many a day,
// until somebody stops it.
func TestWhoIsOnWhatsAppIsAskedFromTheScreen(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.number("Loja", "+5511900000001")
		is := func() store.Validation {
			t.Helper()
			all, err := s.app.Book.Validations()
			if err != nil || len(all) != 1 {
				t.Fatalf("%v, %v", all, err)
			}
			return all[0]
		}
		s.press("2", "/")
		s.enter("tag:vip")
		s.press("enter", "v")
		s.shows("quem: com a tag vip", "Loja", "enter verificar")
		s.hides("x parar")
		s.press("enter", "backspace", "backspace", "backspace")
		s.enter("7")
		s.press("enter")
		s.shows("Loja verifica 2 pessoas, até 7 por dia; já se sabia de 0.", "0/2", "0/7", "x parar")
		if v := is(); v.Filter != "tag:vip" || v.Total != 2 || v.PerDay != 7 || v.Status != store.Validating {
			t.Errorf("it is %+v", v)
		}
		s.press("x")
		s.shows("A verificação de Loja parou.", "parada por alguém", "enter verificar")
		if v := is(); v.Status != store.ValidationEnded {
			t.Errorf("it is %+v", v)
		}
	})
}

// TestALabelIsToldFromATag, and where somebody came from is shown and found.
func TestALabelIsToldFromATag(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.labelled()
		s.press("2")
		s.shows("◆Pago ◆VIP vip")
		s.press("/")
		s.enter("rotulo:pago veio:anuncio")
		s.press("enter")
		s.shows("1 pessoa", "Ana Souza")
		s.press("enter")
		s.shows("◆Pago, ◆VIP", "anúncio Curso de pão")
	})
}
