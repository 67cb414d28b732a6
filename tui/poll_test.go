package tui

import (
	"slices"
	"strings"
	"testing"

	"recado/campaign"
)

func TestAPollIsComposedByKeys(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.asking()
		s.shows("Enquete de Volta às aulas", "› "+"  3  Não quero mais receber", "3 opções")
		s.press("esc")
		s.shows("Enquete", "3 opções: Segunda · Terça-feira 😀 · Não quero ma…")
		s.press("esc")
		s.shows("Selecione uma opção", "○ Segunda", "○ Não quero mais receber", "qual dia é melhor?", "Mais       Enquete: 3 opções")
		s.press("ctrl+r")
		s.shows("Enquete", "3 opções: Segunda · Terça-feira")
		s.hides("não diz como deixar de receber", "acrescentada") // an option says it
		s.press("s")
		c := s.drafted()
		if !slices.Equal(c.Poll, weekdays) || c.Status != campaign.Running || c.Text != "Oi {primeiro_nome}, qual dia é melhor?" {
			t.Errorf("the book has %+v", c)
		}
		s.shows("Enquete · 3 opções")
	})
}

// TestOptionsThatCannotBeSentArePointedAt: as they are typed, and before the start.
func TestOptionsThatCannotBeSentArePointedAt(t *testing.T) {
	for name, one := range map[string]struct{ typed, says string }{
		"only one":        {"", "uma enquete tem de 2 a 12 opções; esta tem 1"},
		"twice":           {" sim ", `a enquete tem a opção "sim" duas vezes`},
		"a field":         {"{nome}", `a opção "{nome}" tem uma chave`},
		"a hundred and 1": {strings.Repeat("x", 101), "a opção 2 da enquete tem 101 caracteres; o WhatsApp aceita no máximo 100"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, s *stage) {
				s.people()
				s.compose("Quer?")
				s.press("tab", "enter", "end", "up", "enter")
				s.enter("sim")
				s.press("down")
				s.enter(one.typed)
				s.shows(one.says)
				s.press("esc", "esc")
				s.shows("corrigir as opções da enquete")
				s.press("tab", "ctrl+r")
				s.shows("› Mais")
			})
		})
	}
}

func TestAPollHasNoAttachmentAndAShortQuestion(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.composeWith("picture.png", strings.Repeat("x", 256))
		s.press("tab", "enter", "end", "up", "enter")
		s.enter("sim")
		s.press("down")
		s.enter("não")
		s.press("esc", "esc")
		s.shows("enquete não leva anexo", "deixar sem anexo: enquete vai sem")
		s.press("shift+tab", "shift+tab", "ctrl+u", "tab")
		s.shows("256", "255", "encurtar o texto")
		s.press("backspace")
		s.hides("encurtar o texto", "enquete não leva anexo")
		// Without its options it is a text again.
		s.enter("xxx")
		s.shows("encurtar o texto")
		s.press("tab", "enter", "end", "up", "enter", "ctrl+u", "down", "ctrl+u", "esc")
		s.shows("não: respondem por escrito")
		s.press("esc")
		s.hides("encurtar o texto", "Selecione uma opção")
		s.press("ctrl+s")
		if c := s.drafted(); c.Poll != nil || c.Attachment != nil {
			t.Errorf("the book has %+v", c)
		}
	})
}

// TestADraftWithAPollIsReadAgain: what is typed is kept, a copy has it too.
func TestADraftWithAPollIsReadAgain(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.asking()
		s.press("esc", "esc", "esc")
		if c := s.drafted(); !slices.Equal(c.Poll, weekdays) {
			t.Errorf("the book has %q", c.Poll)
		}
		s.press("enter", "shift+tab", "enter", "end", "up", "enter")
		s.shows("  1  Segunda", "  2  Terça-feira", "  3  Não quero")
		s.enter("!")
		s.press("esc", "esc", "esc")
		if c := s.drafted(); c.Poll[0] != "Segunda!" || len(c.Poll) != 3 {
			t.Errorf("the book has %q", c.Poll)
		}
	})
}

func TestTheReportCountsTheOptionsOfAPoll(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.polled()
		s.press("3", "r", "end")
		s.shows("por opção da enquete")
		rows := strings.Split(s.read(), "\n")
		for text, count := range map[string]string{"escolheram Segunda": "1", "escolheram Terça-feira": "2", "escolheram Não quero mais": "1"} {
			at := slices.IndexFunc(rows, func(row string) bool { return strings.Contains(row, text) })
			if at < 0 || !strings.Contains(rows[at]+" ", " "+count+" ") {
				t.Errorf("the report does not say %q %s:\n%s", text, count, s.read())
			}
		}
		s.press("up", "enter") // Terça-feira
		s.shows("escolheram Terça-feira", "98765-0000", "98765-0002", "○ Segunda  ● Terça-feira 😀  ○ Não quero mais")
		s.hides("98765-0001", "98765-0003", "98765-0004")
	})
}
