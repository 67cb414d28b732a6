package tui

import (
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// drafted is the campaign that was written last.
func (s *stage) drafted() campaign.Campaign {
	s.t.Helper()
	all, err := s.app.Book.Campaigns()
	if err != nil || len(all) == 0 {
		s.t.Fatal(all, err)
	}
	return all[0]
}

func TestWhatIsChosenBehindMoreIsKeptAndStartsAsPlanned(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.planned()
		s.shows("05/01/2000 09:00", "2 pessoas primeiro, depois pergunta", "concordaram em receber", "recebe também")
		s.press("esc")
		s.shows("Mais       05/01/2000 09:00")
		s.press("ctrl+s", "esc", "enter", "shift+tab")
		s.shows("Mais       05/01/2000 09:00", "· salvo")
		c := s.drafted()
		if !c.At.Equal(time.Date(2000, 1, 5, 9, 0, 0, 0, time.UTC)) || c.Canary != 2 || c.Basis != campaign.Consent || !c.Silent || c.Status != campaign.Draft {
			t.Errorf("the book has %+v", c)
		}
		s.press("ctrl+r")
		s.shows("agendar para 05/01/2000 09:00", "começa 05/01 11:00")
		s.press("s")
		s.shows("Volta às aulas começa 05/01/2000 09:00")
		c = s.drafted()
		if c.Status != campaign.Scheduled || !c.At.Equal(time.Date(2000, 1, 5, 9, 0, 0, 0, time.UTC)) || c.Text != "Oi {primeiro_nome}!\n\nResponda SAIR para não receber mais" {
			t.Errorf("the book has %+v", c)
		}
		s.press("esc")
		s.shows("◷ agendada")
		s.press("s")
		s.shows("Volta às aulas voltou a ser rascunho")
		if c = s.drafted(); c.Status != campaign.Draft || !c.At.IsZero() {
			t.Errorf("the book has %+v", c)
		}
		s.press("s")
		s.enter("2000-01-06 10:00")
		s.press("enter")
		s.shows("começa 06/01/2000 10:00", "◷ agendada")
	})
}

func TestWithoutTheLineAboutLeavingThereIsAReason(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.compose("Oi!")
		s.press("tab", "enter", "down", "down", "down", "enter", "enter")
		s.shows("Por que sem a linha de saída?") // nothing was written: nothing happens
		s.enter("aviso de entrega")
		s.press("enter", "esc", "ctrl+r")
		s.hides("acrescentada", "não diz como deixar de receber")
		s.press("end")
		s.shows("sem linha de saída: aviso de entrega")
		s.press("s")
		if c := s.drafted(); c.NoLeave != "aviso de entrega" || c.Text != "Oi!" || c.Status != campaign.Running {
			t.Errorf("the book has %+v", c)
		}
	})
}

const leaveLine = "\n\nResponda SAIR para não receber mais"

// A draft of the composer that is whole has the line in the book, however it came
// there: who starts it from elsewhere starts it with the line. What is being
// typed stays as it is until somebody looks again.
func TestADraftOfTheComposerHasTheLineInTheBook(t *testing.T) {
	for how, keep := range map[string]func(s *stage){
		"by key":     func(s *stage) { s.press("ctrl+s") },
		"by leaving": func(s *stage) { s.press("esc") },
		"by itself":  func(s *stage) { s.wait(2) },
		"at the end": func(s *stage) { s.press("ctrl+c") },
	} {
		t.Run(how, func(t *testing.T) {
			play(t, func(t *testing.T, s *stage) {
				s.people()
				s.compose("Oi!")
				s.press("ctrl+t")
				s.enter("Hello, how are you?")
				keep(s)
				c := s.drafted()
				if c.Text != "Oi!"+leaveLine || len(c.Variants) != 1 || c.Variants[0] != "Hello, how are you?\n\nReply STOP to receive no more" {
					t.Errorf("the book has %q, %q", c.Text, c.Variants)
				}
				if how == "by key" || how == "by itself" {
					s.shows(" · salvo")
					s.hides("Responda SAIR", "Reply STOP")
					s.enter("!")
					s.press("esc")
					if c = s.drafted(); c.Text != "Oi!"+leaveLine || c.Variants[0] != "Hello, how are you?!\n\nReply STOP to receive no more" {
						t.Errorf("after more was typed the book has %q, %q", c.Text, c.Variants)
					}
				}
				begun, err := desk(s.app.Book).Start(c.ID, s.app.now())
				if err != nil || begun.Text != c.Text {
					t.Errorf("what is started is %q, %v", begun.Text, err)
				}
			})
		})
	}
}

// It is there once, and not before the draft is whole; a reason keeps it away.
func TestTheLineIsInTheBookOnceAndOnlyOfAWholeDraft(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.compose("Oi {nome")
		s.press("ctrl+s")
		if c := s.drafted(); c.Text != "Oi {nome" {
			t.Errorf("of a broken text the book has %q", c.Text)
		}
		s.enter("}")
		s.press("esc")
		if c := s.drafted(); c.Text != "Oi {nome}"+leaveLine {
			t.Errorf("the book has %q", c.Text)
		}
		s.press("enter")
		s.shows("Responda SAIR")
		s.enter("x")
		s.press("esc")
		if c := s.drafted(); c.Name != "Volta às aulasx" || c.Text != "Oi {nome}"+leaveLine {
			t.Errorf("written again the book has %q", c.Text)
		}
	})
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.compose("Oi!")
		s.press("tab", "enter", "down", "down", "down", "enter")
		s.enter("aviso de entrega")
		s.press("enter", "esc", "esc")
		if c := s.drafted(); c.Text != "Oi!" || c.NoLeave != "aviso de entrega" {
			t.Errorf("with a reason the book has %q, %q", c.Text, c.NoLeave)
		}
	})
}

// Only whoever has consented: chosen behind "more", kept with the draft, said in
// the review as by the check, with the people behind the number, and done.
func TestTheScreensAskForConsent(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		for id, answer := range map[people.ContactID]people.ConsentStatus{1: people.ConsentGiven, 2: people.ConsentRefused} {
			if err := desk(s.app.Book).EditContact(id, func(c *people.Contact) { c.Consent = people.Consent{Status: answer, At: s.app.now()} }); err != nil {
				t.Fatal(err)
			}
		}
		s.compose("Oi! Responda SAIR para sair")
		s.shows("5 pessoas recebem")
		s.press("tab", "enter", "down", "down", "down", "down", "down")
		s.shows("Consentimento              não é exigido")
		s.press("enter")
		s.shows("Consentimento              só quem consentiu")
		s.press("esc")
		s.shows("Mais       só quem consentiu", "1 pessoa recebe")
		s.press("ctrl+s", "esc", "enter", "shift+tab")
		s.shows("Mais       só quem consentiu", "· salvo")
		for _, on := range []bool{false, true} { // that alone is something to save
			s.press("enter", "down", "down", "down", "down", "down", "enter", "esc", "esc")
			if c := s.drafted(); c.Consented != on {
				t.Errorf("the book has %v, want %v", c.Consented, on)
			}
			s.press("enter", "shift+tab")
		}
		s.press("ctrl+r")
		s.shows("Pode começar: 1 pessoa recebe", "4 ficam de fora: não tem consentimento registrado")
		s.press("end")
		s.shows("só quem consentiu")
		s.press("home", "down", "down", "down", "down", "enter")
		s.shows("Beto Lima", "Elis Ramos", "4 pessoas")
		s.hides("Ana Souza")
		s.press("esc")
		draft := s.root.top().(*review).from.draft()
		flight, err := s.app.Book.Preflight(t.Context(), draft, s.app.now())
		if err != nil || flight.Receive != 1 || flight.LeftOut[reason.DeliveryNoConsent] != 4 {
			t.Errorf("the check has %+v, %v", flight, err)
		}
		s.press("s")
		c := s.drafted()
		if counts, err := s.app.Book.Counts(c.ID); err != nil || !c.Consented || counts[campaign.Queued] != 1 || counts[campaign.Skipped] != 4 {
			t.Errorf("%+v has %v, %v", c, counts, err)
		}
		s.press("3", "r")
		s.shows("não tem consentimento registrado")
	})
}

// A draft that was there before keeps its text.
func TestADraftOfBeforeKeepsItsText(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.number("Loja", "+5511900000001")
		s.draft("Natal", "Oi!")
		s.press("3", "enter", "ctrl+r")
		s.shows("o texto não diz como deixar de receber")
		s.press("s")
		if c := s.drafted(); c.Text != "Oi!" {
			t.Errorf("its text is %q", c.Text)
		}
	})
}

func TestOtherTextsAreWrittenOneBehindTheOther(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.compose("A. Responda SAIR para sair")
		for _, text := range []string{"B", "C", "D", "E"} {
			s.press("ctrl+t")
			s.shows("Texto " + text)
			s.enter(text + ". Responda SAIR para sair")
		}
		s.press("ctrl+t") // five are all that there are
		s.shows("Texto A", "A. Responda")
		s.press("ctrl+t", "ctrl+t")
		s.shows("Texto C", "C. Responda")
		s.press("ctrl+u", "ctrl+t")
		s.shows("Texto C", "D. Responda")
		s.press("ctrl+t")
		s.enter(" {nome")
		s.press("ctrl+t")
		s.shows("falta corrigir o texto")
		s.press("ctrl+t", "ctrl+t", "ctrl+t", "ctrl+t")
		s.shows("Texto D", "E. Responda")
		s.press("end")
		for range " {nome" {
			s.press("backspace")
		}
		s.press("ctrl+r", "end")
		s.shows("4 textos")
		s.press("s")
		c := s.drafted()
		if texts := c.Texts(); len(texts) != 4 || texts[0][0] != 'A' || texts[1][0] != 'B' || texts[2][0] != 'D' || texts[3] != "E. Responda SAIR para sair" {
			t.Errorf("the texts are %q", texts)
		}
	})
}

func TestACampaignIsTestedOnOnePerson(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.number("Loja", "+5511900000001")
		of := s.draft("Natal", "Oi {primeiro_nome}!")
		s.press("3", "t")
		s.enter("tag:vip")
		s.press("enter")
		s.shows("Mais de uma pessoa corresponde")
		s.press("ctrl+u")
		s.enter("zzz")
		s.press("enter")
		s.shows("Ninguém corresponde")
		s.press("ctrl+u")
		s.enter("11 91234-5678")
		s.press("enter")
		s.shows("Adicionar +55 11 91234-5678 aos contatos?")
		s.press("n", "esc")
		if n, err := s.app.Book.ContactCount(); n != 5 || err != nil {
			t.Errorf("%d contacts, %v", n, err)
		}
		s.press("t")
		s.enter("11 91234-5678")
		s.press("enter", "s")
		s.shows("Teste para +55 11 91234-5678")
		me, err := s.app.Book.ContactByPhone("+5511912345678")
		if err != nil {
			t.Fatal(err)
		}
		test := s.drafted()
		if test.TestOf != of.ID || test.Only != me.ID || !test.Archived {
			t.Errorf("the book has %+v", test)
		}
		s.press("t")
		s.shows("+55 11 91234-5678") // the same once more is one key
		s.press("esc", "A")
		s.shows("Natal", "0/1")
	})
}

func TestWhatIsArchivedIsOutOfTheListAndComesBack(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.draft("Natal", "Oi!")
		s.press("3", "a")
		s.shows("Natal foi arquivada", "Nenhuma campanha ainda")
		s.press("A")
		s.shows("arquivadas", "Natal")
		s.press("a", "A")
		s.shows("Natal", "· pronta")
		if c := s.drafted(); c.Archived {
			t.Errorf("the book has %+v", c)
		}
	})
}

// Who watches changes nothing here.
func TestWhoWatchesNeitherTestsNorPlans(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.watches()
		s.draft("Natal", "Oi!")
		s.press("3", "t", "s", "a")
		if c := s.drafted(); c.Name != "Natal" || c.Archived || c.Status != campaign.Draft {
			t.Errorf("the book has %+v", c)
		}
		s.hides("Testar Natal", "Quando Natal")
	})
}
