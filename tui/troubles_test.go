package tui

import "testing"

func TestAFaultIsCausedAndEndedByTheSameKey(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.demo()
		s.number("Loja", "+5511900000001")
		s.shows("f falhas")
		s.press("f", "down")
		s.shows("enter causar")
		s.hides("acontecendo agora")
		s.press("enter")
		s.shows("o WhatsApp sai do ar: feito.", "acontecendo agora", "enter encerrar")
		s.press("enter")
		s.shows("o WhatsApp sai do ar: encerrado.", "enter causar")
		s.press("enter", "x")
		s.shows("Todas as falhas encerradas.")
		s.hides("acontecendo agora")
		s.press("up", "enter")
		s.shows("a conexão cai: feito.") // once: there is nothing to end
		s.hides("acontecendo agora")
	})
}

func TestFaultsAreOfTheDemoAlone(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.number("Loja", "+5511900000001")
		s.hides("falhas")
		s.press("f")
		s.shows("Loja  ○ sem conexão")
		s.demo()
		s.ring()
		s.shows("f falhas")
		s.press("?")
		s.shows("f            falhas")
	})
}

func TestWithoutALinkOnlyWhatGoesWrongForEverybodyIsOffered(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.demo()
		s.number("Loja", "")
		s.press("f")
		s.shows("o WhatsApp sai do ar", "vincular pede chave de acesso")
		s.hides("a conexão cai", "SAIR")
	})
}
