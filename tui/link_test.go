package tui

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/session/simulator"
	"recado/session/simulator/bubble"
)

// live is a stage on a simulated service.
type live struct {
	*stage
	service *simulator.Service
}

// playLive runs a story with the real client on a simulated service.
func playLive(t *testing.T, config simulator.Config, story func(t *testing.T, s *live)) {
	t.Helper()
	config.Speed, config.Quiet = simulator.Instant, true
	bubble.Test(t, func(t *testing.T) {
		service := simulator.New(config)
		defer service.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		story(t, &live{onStage(t, onService(t, ctx, service)), service})
	})
}

// later lets time pass.
func (s *live) later(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
	s.ring()
}

// begin asks for a number to be linked, and waits for its code.
func (s *live) begin(name string) {
	s.press("n")
	s.enter(name)
	s.press("enter")
	s.later(2 * time.Second)
}

func TestANumberIsLinkedByACodeTypedOnItsPhone(t *testing.T) {
	playLive(t, simulator.Config{Seed: 7, People: 3}, func(t *testing.T, s *live) {
		s.begin("Loja")
		s.shows("O QR code não cabe", "p código pelo telefone")
		s.press("p")
		s.enter("98765-4321")
		s.press("enter")
		s.shows("falta o DDD")
		s.press("home")
		s.enter("11 ")
		s.hides("falta o DDD")
		s.press("enter")
		s.later(2 * time.Second)
		code := s.app.Pool.Snapshots()[0].Code
		s.shows("Loja  +55 11 98765-4321", code, "Conectar com número de telefone", "Este código vale por 2 min 38 s")
		s.press("c")
		if s.copied != code {
			t.Errorf("copied %q, want %q", s.copied, code)
		}
		s.later(161 * time.Second)
		if next := s.app.Pool.Snapshots()[0].Code; next == code || next == "" {
			t.Errorf("the code %q was followed by %q", code, next)
		}
		s.press("v")
		s.later(2 * time.Second)
		s.shows("O QR code não cabe")
		s.press("p")
		s.shows("› +55 11 98765-4321") // as it was typed before
		s.press("enter")
		s.later(2 * time.Second)
		s.press("s")
		s.later(20 * time.Second)
		s.shows("● conectado", "+55 11 98765-4321")
	})
}

func TestACodeThatNobodyTypesIsAskedForAgain(t *testing.T) {
	playLive(t, simulator.Config{Seed: 7, People: 3}, func(t *testing.T, s *live) {
		s.begin("Loja")
		s.press("p")
		s.enter("11 98765-4321")
		s.press("enter")
		s.later(9 * time.Minute)
		s.shows("Ninguém digitou o código", "enter novo código")
		s.press("enter")
		s.later(2 * time.Second)
		s.shows("Este código vale por", s.app.Pool.Snapshots()[0].Code)
		s.press("esc")
		s.later(time.Second)
		s.shows("· não vinculado")
	})
}

// asked is a number whose account has a passkey, scanned.
func (s *live) asked() {
	s.t.Helper()
	s.service.RequirePasskey(true)
	s.begin("Loja")
	s.press("s")
	s.later(2 * time.Second)
	s.shows("O WhatsApp pede a chave de acesso", "resposta: cole aqui", "web.whatsapp.com")
}

// browser is what a browser prints after the script that is asked for.
func (s *live) browser() string {
	s.t.Helper()
	answer, err := s.app.Demo.Sign(s.app.Pool.Snapshots()[0].Passkey.Options)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer
}

func TestAPasskeyIsCarriedToABrowserAndBack(t *testing.T) {
	playLive(t, simulator.Config{Seed: 7, People: 3}, func(t *testing.T, s *live) {
		s.asked()
		s.press("ctrl+y")
		s.shows("Copiado.")
		if want := s.app.Pool.Snapshots()[0].Passkey.Script; s.copied != want || want == "" {
			t.Errorf("copied %q, want %q", s.copied, want)
		}
		s.later(6 * time.Minute) // so late that the codes are to be compared
		s.shows("O WhatsApp pede a chave de acesso", "◷ 3 min 5")
		s.hides("QR code")
		s.enter("cq? {}") // letters are part of the answer
		s.shows("recebido: 5 caracteres")
		s.press("enter")
		s.shows("isto não é a resposta do navegador")
		answer := s.browser()
		s.tell(tea.PasteMsg{Content: answer[:40] + "\r\n   " + answer[40:]})
		s.shows("recebido:", "enter enviar")
		s.hides(answer[:40], "isto não é a resposta")
		s.press("enter")
		s.later(5 * time.Second)
		code, ok := s.service.PasskeyCode(s.phone())
		if !ok || s.app.Pool.Snapshots()[0].Passkey.Code != code {
			t.Errorf("the phone shows %q", code)
		}
		s.shows("O celular mostra o mesmo código?", "enter é o mesmo: vincular")
		s.press("enter")
		s.later(20 * time.Second)
		s.shows("● conectado")
	})
}

// phone is the only one of the world that is ours.
func (s *live) phone() string { return s.service.OwnNumbers()[0] }

func TestAPasskeyThatDoesNotComeEndsTheLinkingAndSaysSo(t *testing.T) {
	playLive(t, simulator.Config{Seed: 7, People: 3}, func(t *testing.T, s *live) {
		s.asked()
		s.later(11 * time.Minute)
		s.shows("A chave de acesso não veio a tempo", "enter novo código")
		s.hides("QR code não cabe")
	})
}

func TestEscStopsAtThePasskey(t *testing.T) {
	playLive(t, simulator.Config{Seed: 7, People: 3}, func(t *testing.T, s *live) {
		s.asked()
		s.press("esc")
		s.later(time.Second)
		if got := s.app.Pool.Snapshots()[0].State; got != campaign.Unlinked {
			t.Errorf("it is %v", got)
		}
		s.shows("· não vinculado")
	})
}

func TestTheSimulatedBrowserAnswersInTheDemo(t *testing.T) {
	playLive(t, simulator.Config{Seed: 7, People: 3}, func(t *testing.T, s *live) {
		s.asked()
		s.press("ctrl+s")
		s.shows("recebido:")
		s.press("ctrl+u")
		s.shows("resposta: cole aqui")
		s.press("ctrl+s", "enter")
		s.later(20 * time.Second)
		s.shows("● conectado") // at once there is nothing to compare
	})
}

func TestAnAnswerBeyondAllMeasureIsNoAnswer(t *testing.T) {
	playLive(t, simulator.Config{Seed: 7, People: 3}, func(t *testing.T, s *live) {
		s.asked()
		s.tell(tea.PasteMsg{Content: strings.Repeat("x", answerLimit+1)})
		s.shows("isto não é a resposta do navegador")
	})
}

func TestACodeIsBigWhereItFitsAndPlainElsewhere(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		e := s.root.env
		if got := e.big("2KQB-W9ZM", 61); len(got) != 4 {
			t.Errorf("%d lines in 61 cells, want 4", len(got))
		}
		for _, code := range []string{"2KQB-W9ZM", "açaí"} {
			if got := e.big(code, 60); len(got) != 1 || !strings.Contains(got[0], strings.Join(strings.Split(code, ""), " ")) {
				t.Errorf("%q in 60 cells: %q", code, got)
			}
		}
	})
}

func TestTheNumbersTellWhatWhatsAppSaysOfThem(t *testing.T) {
	playLive(t, simulator.Config{Seed: 7, People: 3}, func(t *testing.T, s *live) {
		s.begin("Loja")
		s.press("s")
		s.later(20 * time.Second)
		s.shows("● conectado")
		s.hides("conversas novas até", "! ")
		own, _ := s.service.Own(s.phone())
		own.SetPhone(false)
		own.Quota(50, 12, time.Now().Add(30*24*time.Hour))
		s.service.SetSkew(6 * time.Minute)
		s.later(11 * time.Minute) // it does not ask more often
		own.Drop()
		s.later(time.Minute)
		s.shows("12 de 50 conversas novas até 31/01", "● conectado !", "O relógio deste computador está 6 min atrasado")
		own.Quota(50, 50, time.Now().Add(30*24*time.Hour))
		s.later(11 * time.Minute)
		own.Drop()
		s.later(time.Minute)
		s.shows("◐ restrito", "A cota de conversas novas deste número no WhatsApp acabou.", "Até 31/01")
		s.later(11 * 24 * time.Hour)
		s.shows("O celular não dá sinal há 11 dias: abra o WhatsApp nele até 15/01")
	})
}
