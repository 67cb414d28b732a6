package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"rsc.io/qr"

	"recado/campaign"
	"recado/campaign/reason"
)

func TestTheFilterNarrowsWhileOneTypes(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("2", "/")
		s.enter("de")
		s.shows("Débora Nunes", "1 pessoa")
		s.hides("Beto Lima")
		s.press("esc")
		s.shows("5 pessoas", "Beto Lima")
	})
}

func TestALateAnswerToAnOldFilterIsDropped(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("2", "/")
		c := s.root.top().(*contacts)
		slow := c.edit(keyPress("z")) // asked, and the answer is on its way
		s.press("backspace")
		s.shows("5 pessoas")
		s.do(slow)
		s.shows("5 pessoas")
	})
}

func TestAMistakeInTheFilterIsPointedAtAndKeepsTheList(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("2", "/")
		s.enter("ana (")
		s.shows("      ▲ ( sem )", "Ana Souza")
		s.press("backspace", "backspace")
		s.hides("▲")
	})
}

func TestThoseWhoAreMarkedAreSavedAsAList(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("2", "space", "down", "space", "s")
		s.shows("2 pessoas")
		s.enter("amigos")
		s.press("enter")
		s.shows("2 pessoas na lista amigos.")
		lists, err := s.app.Book.Lists()
		if err != nil || len(lists) != 1 || lists[0].Name != "amigos" || lists[0].Size != 2 {
			t.Errorf("the book has %v, %v", lists, err)
		}
	})
}

func TestMarkAllMarksThoseOfTheFilterAndTakesThemBack(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("2", "/")
		s.enter("tag:vip")
		s.press("enter", "a")
		s.shows("2 marcadas")
		s.press("a")
		s.hides("marcadas")
	})
}

func TestOptingOutAsksWhyAndIsWritten(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("2", "o", "enter")
		s.shows("Escreva o motivo") // nothing was written: nothing happens
		s.enter("pediu por telefone")
		s.press("enter")
		s.shows("⊘ pediu p/ sair")
		c, err := s.app.Book.ContactByPhone("+5511987650001")
		if err != nil || !c.OptedOut || c.OptOutWhy != "pediu por telefone" {
			t.Errorf("the book has %+v, %v", c, err)
		}
		s.press("enter", "i")
		s.enter("voltou à loja")
		s.press("enter")
		s.hides("⊘")
	})
}

func TestADraftIsSavedOnceAndEditedInItsPlace(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.compose("Oi {primeiro_nome}!")
		s.press("ctrl+s")
		s.shows("Rascunho Volta às aulas salvo.")
		s.press("esc")
		s.shows("pronta")
		s.press("enter")
		s.enter(" de 2000")
		s.press("ctrl+s", "esc")
		s.shows("Volta às aulas de 2000")
		all, err := campaignRows(s.app.Book, false)
		if err != nil || len(all) != 1 || all[0].Name != "Volta às aulas de 2000" {
			t.Errorf("the book has %v, %v", all, err)
		}
		s.press("x", "s")
		s.shows("Nenhuma campanha ainda")
	})
}

func TestACampaignStartsOnlyAfterTheNotice(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.compose("Oi {primeiro_nome}!")
		s.shows("Prévia para Ana Souza · 1 de 5", "Oi Ana!")
		s.press("ctrl+n")
		s.shows("Beto Lima · 2 de 5", "Oi Beto!")
		s.press("ctrl+r")
		s.shows("O WhatsApp proíbe", "5 pessoas")
		s.press("esc")
		if idle, err := s.app.Book.Idle(); !idle || err != nil {
			t.Fatalf("idle: %v, %v", idle, err)
		}
		s.press("ctrl+r", "s")
		s.shows("Volta às aulas começou.", "enviando", "na fila", "0/5")
		if idle, err := s.app.Book.Idle(); idle || err != nil {
			t.Fatalf("idle: %v, %v", idle, err)
		}
		s.press("esc")
		s.shows("◷ esperando")
	})
}

func TestWhoLacksAFieldIsNamed(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.compose("Entrega em {cidade}.")
		s.shows("2 não recebem, falta {cidade}: Beto Lima, Elis Ramos")
		s.press("ctrl+n")
		s.shows("Falta {cidade}: esta pessoa não recebe.")
		s.press("ctrl+r")
		s.shows("2 ficam de fora: falta campo", "falta {cidade} a 2")
		s.press("esc")
		s.enter(" ou {cidade|sua cidade}")
		s.press("home")
		for range len("Entrega em {cidade}") {
			s.press("delete")
		}
		s.hides("falta a 2")
	})
}

func TestACampaignWithoutANumberCannotStart(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("3", "n")
		s.enter("x")
		s.press("tab", "tab", "tab", "tab", "tab")
		s.enter("Oi")
		s.shows("falta um número vinculado")
		s.press("ctrl+r")
		s.shows("Nova campanha")
	})
}

func TestALooserPaceThanTheNumbersIsToldAndHasNoEffect(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.compose("Oi")
		s.press("shift+tab", "shift+tab")
		s.enter("gap=1s-2s day=500")
		s.shows("mais solto que o número Loja, e por isso sem efeito nele:", "intervalo, por dia")
		s.press("ctrl+r")
		s.press("end")
		s.shows("40/dia", `o número "Loja" tem limites mais apertados`)
		s.press("s")
		all, err := s.app.Book.Campaigns()
		if err != nil || len(all) != 1 || all[0].Pace.String() != "gap=1s-2s new-gap=0 long=0 every=0 hour=0 new-hour=0 day=500 new-day=0 hours=all weekdays=all per-person=0" {
			t.Errorf("the book has %+v, %v", all, err)
		}
	})
}

func TestLimitsOfANumberChangeOnItsScreen(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		n := s.limited("day=30")
		own := func() string {
			n, err := s.app.Book.Number(n.ID)
			if err != nil {
				t.Fatal(err)
			}
			return n.Limits.String()
		}
		s.press("p")
		s.shows("Limites de Loja", "● por dia", "day=30 (40)", "new-day=10")
		s.enter("day=muitas")
		s.press("enter")
		s.shows("▲ ritmo: day=muitas: não é um número de 0 a 1000000", "day=muitas")
		s.press("ctrl+u")
		s.enter("day=5 gap=2m")
		s.press("enter")
		s.shows("Os limites de Loja mudaram", "day=5 (40)", "gap=120s (30–60 s)")
		s.enter("day=default gap=default new-gap=1s")
		s.press("enter")
		s.shows("Deixar Loja enviar mais?", "intervalo, intervalo de conversa", "nova, por dia")
		s.press("n")
		if got := own(); got != "gap=120s day=5" {
			t.Errorf("said no, its limits are %q", got)
		}
		s.press("enter", "s")
		if got := own(); got != "new-gap=1s" {
			t.Errorf("said yes, its limits are %q", got)
		}
	})
}

func TestTheConfirmationOfANumberChangesOnItsScreen(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		n := s.limited("day=30")
		is := func(want campaign.Confirmation) {
			t.Helper()
			if n, err := s.app.Book.Number(n.ID); err != nil || n.Confirm != want {
				t.Errorf("it is %+v, %v, want %+v", n.Confirm, err, want)
			}
		}
		s.press("c")
		s.shows("O que Loja responde a quem pede para sair?", "▌ o texto padrão", "Padrão, na língua da pessoa: Pronto. Você saiu")
		s.press("down", "enter")
		s.shows("Confirmação de saída de Loja", "Pronto. Você saiu da nossa lista e")
		s.press("ctrl+u")
		s.enter("Até logo, {nome}")
		s.shows("diga o que vai no lugar de {nome}", "Até logo, {nome}")
		s.press("ctrl+s") // nothing
		is(campaign.Confirmation{})
		s.press("backspace")
		s.enter("|você}.")
		s.press("ctrl+s")
		s.shows("Loja confirma saídas com esse texto.")
		is(campaign.Confirmation{Text: "Até logo, {nome|você}."})
		s.press("c")
		s.shows("▌ um texto próprio", "Próprio: Até logo, {nome|você}.")
		s.press("down", "enter")
		s.shows("Loja não confirma mais saídas.")
		is(campaign.Confirmation{Off: true, Text: "Até logo, {nome|você}."})
		s.press("c")
		s.shows("▌ nada")
		s.press("up", "up", "enter")
		is(campaign.Confirmation{})
	})
}

// TestConfirmationsAreSeenAsACampaign: among what is archived, with a report.
func TestConfirmationsAreSeenAsACampaign(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.reported()
		s.size(120, 40)
		s.press("3")
		s.hides("Confirmações de saída")
		s.press("A")
		s.shows("Confirmações de saída: Vendas", "1/1")
		s.press("r")
		s.shows("Confirmações de saída: Vendas", "enviadas")
	})
}

func TestCampaignThatMayNeverSendIsNotReady(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.compose("Oi")
		s.press("shift+tab", "shift+tab")
		s.enter("hours=21:00-22:00")
		s.shows("O horário da campanha e o do número Loja nunca", "corrigir o ritmo")
		s.press("ctrl+r")
		s.shows("Nova campanha")
	})
}

func TestEveryLimitHasItsWords(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		e := s.root.env
		each := campaign.DefaultPace(time.Time{}, time.Now()).Each()
		if len(each) != len(paceLimits) {
			t.Errorf("there are words for %d limits, there are %d", len(paceLimits), len(each))
		}
		for _, l := range each {
			if e.limit(l.Name) == l.Name || e.limitValue(l) == "" {
				t.Errorf("limit %s is called %q, its value %q", l.Name, e.limit(l.Name), e.limitValue(l))
			}
		}
		for _, why := range []reason.Code{reason.HoldGap, reason.HoldLong, reason.HoldHour, reason.HoldNewHour, reason.HoldDay, reason.HoldNewDay, reason.HoldHours,
			reason.HoldShut, reason.HoldNewChats, reason.HoldQuota, reason.HoldOffline, reason.HoldRateLimit, reason.HoldDisk, reason.HoldEmpty} {
			if text := e.words.hold(campaign.Hold{Reason: why}, 1); strings.HasSuffix(text, "do número") != (campaign.Hold{Reason: why}.Paced()) && why != reason.HoldShut {
				t.Errorf("%q is said as %q", why, text)
			}
		}
	})
}

func TestPauseResumeAndCancelAreOneKey(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.running()
		status := func() campaign.Status {
			c, err := s.app.Book.Campaign(c.ID)
			if err != nil {
				t.Fatal(err)
			}
			return c.Status
		}
		s.press("4", "p")
		s.shows("‖ pausada")
		if got := status(); got != campaign.Paused {
			t.Errorf("it is %v", got)
		}
		s.press("p")
		s.shows("▶ enviando")
		s.press("x", "n")
		s.shows("▶ enviando")
		s.press("x")
		s.shows("96 pessoas na fila não vão receber")
		s.press("s")
		if got := status(); got != campaign.Cancelled {
			t.Errorf("it is %v", got)
		}
		s.shows("× cancelada")
	})
}

func TestADyingCodeIsReplacedAndSuccessMovesOn(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.size(120, 40)
		s.linking(sampleCode)
		l := s.root.top().(*link)
		first := s.read()
		s.shows("Este código vale por 20 s")
		time.Sleep(15 * time.Second)
		s.tell(clockMsg{})
		s.shows("Este código vale por 5 s")
		snapshot := l.snapshot
		snapshot.QR, snapshot.QRUntil = strings.ToUpper(sampleCode), s.app.now().Add(20*time.Second)
		s.tell(linkLoadedMsg{question: l.question.renew(s.root.env), snapshot: snapshot, found: true})
		if s.read() == first {
			t.Error("the code is still the old one")
		}
		snapshot.State, snapshot.QR, snapshot.Number.JID = campaign.Online, "", "5511900000001:1@s.whatsapp.net"
		s.tell(linkLoadedMsg{question: l.question.renew(s.root.env), snapshot: snapshot, found: true})
		s.shows("Loja está vinculado.")
		if _, ok := s.root.top().(*numbers); !ok {
			t.Errorf("%T is shown", s.root.top())
		}
	})
}

func TestTheCodeTakesTheWholeTerminalWhereItOnlyFitsThere(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.linking(sampleCode)
		s.shows("O QR code não cabe: precisa de 59 colunas e 31 linhas")
		s.size(120, 30)
		s.hides("recado", "precisa de")
		s.shows("█▄▄▄▄▄▄▄█", "Dispositivos conectados", "p código pelo telefone", "esc")
		s.size(120, 40)
		s.shows("recado", "█▄▄▄▄▄▄▄█")
		s.size(80, 24)
		s.press("c")
		s.shows("2@Ab3+xY9/")
	})
}

func TestTheDrawnCodeIsTheCodeModuleByModule(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.linking(sampleCode)
		l := s.root.top().(*link)
		code, err := qr.Encode(sampleCode, qr.L)
		if err != nil {
			t.Fatal(err)
		}
		for _, quiet := range []int{1, 2} {
			l.draw(quiet)
			side := code.Size + 2*quiet
			if want := (side + 1) / 2; len(l.drawn) != want {
				t.Errorf("%d lines with a border of %d, want %d", len(l.drawn), quiet, want)
			}
			// What is under an odd border is half a line of terminal.
			above := quiet % 2
			for y, line := range l.drawn {
				row := []rune(line)
				if len(row) != side {
					t.Fatalf("line %d has %d cells, want %d", y, len(row), side)
				}
				for x, r := range row {
					light := [2]bool{r == '█' || r == '▀', r == '█' || r == '▄'}
					for half := range light {
						mx, my := x-quiet, 2*y+half-quiet-above
						if my < -quiet || my >= code.Size+quiet {
							continue
						}
						if light[half] == code.Black(mx, my) {
							t.Fatalf("module %d,%d is wrong with a border of %d", mx, my, quiet)
						}
					}
				}
			}
		}
	})
}

func TestTheCodeIsNeverItsOwnNegative(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.size(120, 40)
		s.linking(sampleCode)
		dark := s.read()
		s.root.env.theme = newTheme(false)
		s.tell(clockMsg{})
		if s.read() == dark {
			t.Error("on a light terminal without colours light is drawn dark")
		}
		s.root.env.colours = true
		s.tell(clockMsg{})
		if s.read() != dark {
			t.Error("with colours the code looks different on a light terminal")
		}
		if !strings.Contains(s.shown(), string(s.root.env.theme.qr)) {
			t.Error("the code has no colours of its own")
		}
	})
}

func TestLeavingAsksWhileACampaignIsRunning(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.root.env.app.Stops = true
		s.press("q")
		if !s.quit {
			t.Error("nothing is running, and it asks")
		}
		s.quit = false
		s.running()
		s.press("q")
		s.shows("Há uma campanha em andamento")
		if s.quit {
			t.Error("it did not wait for the answer")
		}
		s.press("s")
		if !s.quit {
			t.Error("it did not quit")
		}
	})
}

func TestAskedTwiceItQuits(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.compose("Oi")
		s.press("ctrl+c", "ctrl+c")
		if !s.quit {
			t.Error("it did not quit")
		}
	})
}

func TestTabsKeepWhatIsOpenInThem(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("2", "enter")
		s.shows("Ana Souza", "nome vem de")
		s.press("tab")
		s.shows("Nenhuma campanha ainda")
		s.press("shift+tab")
		s.shows("nome vem de")
	})
}

func TestASlowAnswerIsAskedForOnce(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		n := s.root.top().(*numbers)
		slow := n.load()
		for range 10 {
			if n.load() != nil {
				t.Fatal("asked again before the answer")
			}
		}
		s.number("Loja", "")
		s.do(slow)
		s.shows("Loja") // it was asked once more afterwards
	})
}

func TestAFaultIsSaidInThePersonsLanguage(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.number("Loja", "")
		s.press("n")
		s.enter("LOJA")
		s.press("enter")
		s.shows(`já existe um número "LOJA"`, "escolha outro nome", "› LOJA") // nothing has to be typed again
		s.enter(" 2")
		s.hides("Já existe um")
		s.press("enter")
		s.shows("Vincular LOJA 2")
	})
}

func TestMarkedPeopleAreWrittenToAsAList(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.number("Loja", "+5511912340001")
		s.people()
		s.press("2")
		s.press("space")
		s.press("space")
		s.press("w")
		s.shows("Para escrever aos marcados")
		s.enter("feira de maio")
		s.press("enter")
		s.shows("Nova campanha")
		s.shows(`lista:"feira de maio"`)
		s.shows("2 pessoas")
	})
}

func TestAHalfTypedFilterSaysSo(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("2")
		s.press("/")
		s.enter("zzz (")
		s.shows("Termine o filtro")
		s.hides("0 pessoas")
	})
}

func TestANumberThatNeedsAPersonIsNamedWhereItHoldsACampaign(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.running()
		s.press("4")
		s.shows("por hora")
		if err := s.app.Book.SetStanding(c.Numbers[0], campaign.Standing{State: campaign.LoggedOut, Since: time.Now()}); err != nil {
			t.Fatal(err)
		}
		s.ring()
		s.shows("× desconectado · veja a aba 1")
		s.hides("por hora", "aguardando")
	})
}

func TestACampaignOfWhichNothingLeavesIsNotSaidToBeSending(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.running()
		n := c.Numbers[0]
		for _, test := range []struct {
			hold campaign.Hold
			want string
		}{
			{campaign.Hold{Reason: reason.HoldGap, Until: s.app.now().Add(time.Minute)}, "▶ enviando"},
			{campaign.Hold{Reason: reason.HoldOffline}, "◷ sem conexão"},
			{campaign.Hold{Reason: reason.HoldSyncing}, "◷ sem conexão"},
			{campaign.Hold{Reason: reason.HoldDay, Until: s.app.now().Add(9 * time.Hour)}, "◷ esperando"},
			{campaign.Hold{Reason: reason.HoldShut}, "◷ esperando"},
			{campaign.Hold{Reason: reason.HoldDisk}, "◷ esperando"},
			{campaign.Hold{}, "▶ enviando"},
		} {
			s.app.Book.Held(n, test.hold)
			for _, tab := range []string{"4", "3"} {
				s.press(tab)
				s.ring()
				s.shows(test.want)
			}
		}
		if err := s.app.Book.SetStanding(n, campaign.Standing{State: campaign.Banned, Since: time.Now()}); err != nil {
			t.Fatal(err)
		}
		s.ring()
		s.shows("◷ parada")
		s.press("4")
		s.shows("◷ parada", "nada sai: o número precisa de você")
	})
}

// A draft that nobody would get is reviewed all the same: there stands why. It
// cannot be started, until somebody is not left out any more.
func TestADraftThatNobodyWouldGetShowsWhyAndDoesNotStart(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.compose("Oi, {bairro}. Responda SAIR para sair")
		s.shows("alguém que possa receber: todos ficam de fora")
		s.press("ctrl+r")
		s.shows("Iniciar Volta às aulas", "! falta alguém que possa receber: todos ficam de fora", "5 ficam de fora: falta campo")
		s.hides("Pode começar", "começar a enviar")
		r := s.root.top().(*review)
		if ink := r.all[0].ink; ink != s.root.env.theme.bad {
			t.Errorf("the first line is %v", ink)
		}
		s.press("s")
		if idle, err := s.app.Book.Idle(); !idle || err != nil {
			t.Fatalf("idle: %v, %v", idle, err)
		}
		s.press("down", "down", "down", "down", "enter")
		s.shows("Ana Souza", "Elis Ramos", "5 pessoas")
		s.press("esc", "esc", "ctrl+u")
		s.enter("Oi. Responda SAIR para sair")
		s.press("ctrl+r")
		s.shows("Pode começar: 5 pessoas recebem", "começar a enviar")
	})
}

func TestADraftOfWhichNothingWouldLeaveSaysWhatStopsIt(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.compose("Oi")
		s.shows("✓ Pronta: 5 pessoas recebem")
		all, err := s.app.Book.Numbers()
		if err != nil {
			t.Fatal(err)
		}
		s.app.Book.Held(all[0].ID, campaign.Hold{Reason: reason.HoldOffline})
		s.ring()
		s.shows("! sem conexão: só sai quando o número conectar")
		s.app.Book.Held(all[0].ID, campaign.Hold{})
		if err := s.app.Book.SetStanding(all[0].ID, campaign.Standing{State: campaign.Banned, Since: time.Now()}); err != nil {
			t.Fatal(err)
		}
		s.ring()
		s.shows("! nada sairia: o número precisa de você")
	})
}

func TestHoldsAreToldWithTheirEnd(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.running()
		p := s.root.stacks[tabProgress][0].(*progress)
		s.press("4")
		msg := progressLoadedMsg{question: p.question.renew(s.root.env), shown: p.shown, ids: p.ids, recent: p.recent, numbers: p.numbers,
			holds: map[campaign.NumberID]campaign.Hold{1: {Reason: reason.HoldHours, Until: s.app.now().Add(22 * time.Hour)}}}
		s.tell(msg)
		s.shows("◷ fora do horário do número · até 04/01", "(22 h)")
		for whose, want := range map[campaign.ID]string{p.shown.ID: "da campanha", p.shown.ID + 1: "de outra campanha", 0: "do número"} {
			msg.question = p.question.renew(s.root.env)
			msg.holds = map[campaign.NumberID]campaign.Hold{1: {Reason: reason.HoldDay, Campaign: whose, Until: s.app.now().Add(time.Hour)}}
			s.tell(msg)
			s.shows("◷ limite por dia " + want + " · até")
		}
		for why, want := range map[reason.Code]string{
			reason.HoldQuota:    "◷ sem cota de conversas novas · até 03/02 10:06 (31 d)",
			reason.HoldNewChats: "◷ conversas novas restritas · até 03/02 10:06 (31 d)",
		} {
			msg.question = p.question.renew(s.root.env)
			msg.holds = map[campaign.NumberID]campaign.Hold{1: {Reason: why, Until: s.app.now().AddDate(0, 1, 0)}}
			s.tell(msg)
			s.shows(want)
		}
	})
}

func TestStatusLineCountsTheNumbers(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.size(120, 24)
		id := s.root.question.renew(s.root.env)
		s.tell(overviewLoadedMsg{question: id, overview: overview{linked: 3, online: 1, trouble: 1, sending: true, disk: true}})
		s.shows("o disco recusa gravação", "1 de 3 conectado", "1 número precisa de você", "▶ em andamento")
		c, err := s.app.Desk.AddCampaign(campaign.Campaign{Name: "Promo", Text: "Oi"})
		if err == nil {
			_, err = s.app.Desk.Schedule(c.ID, s.app.now().Add(3*time.Hour))
		}
		if err != nil {
			t.Fatal(err)
		}
		s.ring()
		s.shows("◷ campanha agendada: 13:00")
		s.hides("em andamento")
	})
}

// Pasting goes through the same cleaning as everything else.
func TestPastingIntoAFieldKeepsTheTextAndDropsTheRest(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.press("3", "n", "tab", "tab", "tab", "tab", "tab")
		s.tell(tea.PasteMsg{Content: "Oi\r\n\x1b[31m\u202etudo\u202c bem?"})
		if got, want := s.root.top().(*composer).text.value(), "Oi\n[31mtudo bem?"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestMomentsSayNoMoreThanIsNeeded(t *testing.T) {
	now := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	pt, en := newWords("pt", cells{}), newWords("en", cells{})
	for _, c := range []struct {
		at     time.Time
		pt, en string
	}{
		{now.Add(-time.Hour), "13:00", "13:00"},
		{now.Add(-24 * time.Hour), "22/11 14:00", "Nov 22 14:00"},
		{now.AddDate(-1, 0, 0), "23/11/2025", "2025-11-23"},
		{time.Time{}, "–", "–"},
	} {
		if got := pt.Moment(c.at, now); got != c.pt {
			t.Errorf("got %q, want %q", got, c.pt)
		}
		if got := en.Moment(c.at, now); got != c.en {
			t.Errorf("got %q, want %q", got, c.en)
		}
	}
}

func TestDurationsHaveAtMostTwoUnits(t *testing.T) {
	w := newWords("pt", cells{})
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 12 * time.Second: "12 s", 125 * time.Second: "2 min 5 s", 20*time.Minute + 5*time.Second: "20 min",
		time.Hour: "1 h", 90 * time.Minute: "1 h 30 min", 26 * time.Hour: "1 d 2 h", 240 * time.Hour: "10 d",
	} {
		if got := w.Duration(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
	if got := w.Number(-1234567); got != "-1.234.567" {
		t.Errorf("got %q", got)
	}
}
