package tui

import (
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
)

// TestAPersonIsSkippedWithAKey: from the list of messages, once asked; one on the
// wire is refused, and says why.
func TestAPersonIsSkippedWithAKey(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.running()
		s.size(120, 40)
		s.press("4", "r")
		s.shows(s.root.env.t("report_waiting"))
		for s.root.top().(*report).rows[s.root.top().(*report).win.cursor].label != s.root.env.t("report_waiting") {
			s.press("down")
		}
		s.press("enter")
		d, _ := s.root.top().(*deliveries).here()
		s.press("x")
		s.shows("Deixar " + d.Name + " de fora?")
		s.press("n")
		s.press("x", "s")
		s.shows(d.Name + " ficou de fora.")
		got, err := s.app.Book.Delivery(c.ID, d.Seq)
		if err != nil || got.State != campaign.Skipped || got.Reason.Code != reason.DeliveryTakenOut {
			t.Fatalf("%+v, %v", got, err)
		}
		s.ring()
		s.shows("deixada de fora por uma pessoa")
		s.press("x") // nothing: it is done
		s.hides("Deixar " + d.Name)

		time.Sleep(time.Hour)
		next := s.claim(campaign.Number{ID: c.Numbers[0]})
		s.ring()
		s.press("home")
		if here, _ := s.root.top().(*deliveries).here(); here.Seq != next.Seq {
			t.Fatalf("the one on the wire is %d, at the cursor is %d", next.Seq, here.Seq)
		}
		s.press("x", "s")
		s.shows("a mensagem está saindo neste momento")
	})
}

// TestTheTextOfAPausedCampaignIsFixedWithAKey: it is looked at first, and how to be
// left alone stays in it.
func TestTheTextOfAPausedCampaignIsFixedWithAKey(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.running()
		s.size(120, 40)
		s.press("4")
		s.hides("corrigir texto")
		s.press("p")
		s.shows("corrigir texto")
		s.press("e")
		s.shows("Corrigir o texto de Volta às aulas", "Oi {primeiro_nome}!")
		s.press("ctrl+r") // nothing: it is as it was
		s.enter(" {cidade")
		s.press("ctrl+r")
		s.hides("vai para")
		s.enter("}")
		s.press("ctrl+r")
		s.shows("nenhuma das 96 pessoas")
		s.hides("vai para")
		s.press("ctrl+u")
		s.enter("Oi {cidade|você}!")
		s.press("ctrl+r")
		s.shows("O novo texto de Volta às aulas vai para 96 pessoas?", "não diz como deixar de receber", "recebe: Oi você!")
		s.press("n", "ctrl+u")
		s.enter("Oi {primeiro_nome}, é no dia 15. Responda SAIR para não receber mais.")
		s.press("ctrl+r")
		s.shows("vai para 96 pessoas?", "recebe: Oi ", "é no dia 15")
		s.press("s")
		s.shows("está com o novo texto", "pausada")
		got, err := s.app.Book.Campaign(c.ID)
		if err != nil || got.Status != campaign.Paused || got.Text != "Oi {primeiro_nome}, é no dia 15. Responda SAIR para não receber mais." {
			t.Fatalf("%+v, %v", got, err)
		}
		s.press("r")
		s.shows("texto corrigido")
		s.press("esc", "e", "ctrl+u")
		s.enter("Oi {primeiro_nome}, é no dia 16.")
		s.press("ctrl+r")
		s.shows("vai para 96 pessoas?", "SAIR") // added, as the one before said it
	})
}

// TestANumberIsStoppedAndItsMessagesMovedWithKeys.
func TestANumberIsStoppedAndItsMessagesMovedWithKeys(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.reported()
		s.size(120, 40)
		s.press("4")
		waits := func() (n [2]int) {
			all, err := s.app.Book.Deliveries(c.ID, -1, 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range all {
				if d.State == campaign.Queued {
					n[d.Number-1]++
				}
			}
			return n
		}
		had := waits()
		s.press("n")
		s.shows("Qual número de Volta às aulas?", "Loja", "Vendas")
		s.press("enter")
		s.shows("Parar nesta campanha", "Passar o que ele tem aos outros")
		s.press("down", "enter")
		s.shows("\"Loja\" pode enviar; pare-o antes nesta campanha")
		s.press("n", "enter", "enter")
		s.shows("Loja não envia mais nada", "■ parado nesta campanha")
		s.press("n", "enter", "down", "enter")
		s.shows("de Loja pass")
		if now := waits(); had[0] == 0 || now[0] != 0 || now[1] != had[0]+had[1] {
			t.Errorf("%v wait, before %v", now, had)
		}
		s.press("n", "enter", "enter")
		s.shows("Loja volta a enviar")
		s.hides("■ parado")
	})
}

// TestMessagesAreSearchedByNameAndPhone: while it is typed, within the part that is
// shown; another part keeps the words, esc takes them away.
func TestMessagesAreSearchedByNameAndPhone(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.reported()
		s.size(120, 40)
		s.press("3", "r", "enter")
		s.shows("[enviadas]", "11 pessoas", "nome ou telefone")
		s.press("/")
		s.enter("q") // no key of the list
		s.shows("0 pessoas", "Ninguém aqui tem esse nome ou telefone.")
		s.press("backspace")
		s.enter("débora")
		s.shows("Débora 3", "2 pessoas")
		s.hides("Beto 1", "Ana 0")
		s.press("enter", "down")
		d := s.root.top().(*deliveries)
		if here, ok := d.here(); !ok || here.Name != "Débora 8" {
			t.Errorf("at the cursor is %+v", here)
		}
		s.press("left", "left") // all of them
		if len(d.places) != 4 {
			t.Errorf("%d of all are found", len(d.places))
		}
		s.press("right", "right", "esc")
		s.shows("11 pessoas", "Beto 1", "[enviadas]")
		s.press("/")
		s.enter("98765-0007")
		s.shows("1 pessoa", "Caio 7")
		s.press("esc", "esc")
		s.hides("[enviadas]")
	})
}

// TestAPartOfACampaignBecomesAListWithAKey: those who are shown, also of a search.
func TestAPartOfACampaignBecomesAListWithAKey(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.reported()
		s.size(120, 40)
		s.press("3", "r", "enter")
		s.shows("[enviadas]", "s salvar")
		s.press("s")
		s.shows("11 pessoas: enviadas, de Volta às aulas.")
		s.enter("receberam")
		s.press("enter")
		s.shows("11 pessoas na lista receberam.")
		s.press("/")
		s.enter("débora")
		s.press("enter", "s")
		s.shows("2 pessoas: enviadas")
		s.enter("as déboras")
		s.press("enter")
		s.shows("2 pessoas na lista as déboras.")
		lists, err := s.app.Book.Lists()
		if err != nil || len(lists) != 2 || lists[0].Size+lists[1].Size != 13 {
			t.Errorf("%+v, %v", lists, err)
		}
	})
}

// TestASearchGoesOnByStretches: what comes late of an older one is dropped.
func TestASearchGoesOnByStretches(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.reported()
		s.press("3")
		d := newDeliveries(s.root.env, c, s.root.env.standing(campaign.PartAll))
		s.do(s.root.push(d))
		d.field.set("ana")
		d.find()
		old := d.finding.id
		d.field.set("caio")
		d.find()
		if cmd := d.sought(deliveriesSoughtMsg{question: old, places: []uint32{1}, done: true}); cmd != nil || len(d.places) != 20 {
			t.Errorf("an old answer is taken: %d are listed", len(d.places))
		}
		on := d.sought(deliveriesSoughtMsg{question: d.finding.id, places: []uint32{2}, next: 3})
		if d.whole || len(d.places) != 1 || on == nil || !d.finding.busy {
			t.Errorf("%v, whole %v: it does not go on", d.places, d.whole)
		}
		s.shows("1 pessoa…")
		d.sought(deliveriesSoughtMsg{question: d.finding.id, places: []uint32{7, 12}, done: true})
		s.shows("3 pessoas")
		s.hides("3 pessoas…")
	})
}

// TestAPausedCampaignIsNotSaidToHaveNothingToSend where its numbers are chosen from:
// what a lane says then is of no campaign.
func TestAPausedCampaignIsNotSaidToHaveNothingToSend(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.running()
		s.press("4", "p")
		for _, n := range c.Numbers {
			s.app.Book.Held(n, campaign.Hold{Reason: reason.HoldEmpty})
		}
		s.app.Bell.Ring()
		s.ring()
		s.press("n")
		s.shows("Qual número", "pausada")
		s.hides("nada a enviar")
	})
}

// TestWhatDidNotLeaveIsTriedAgainWithAKey, by why it did not: in the report and in the
// list behind its number. Whom WhatsApp does not let us write to is not.
func TestWhatDidNotLeaveIsTriedAgainWithAKey(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.reported()
		var failed []campaign.Delivery
		for range 2 {
			d := s.claim(campaign.Number{ID: c.Numbers[0]})
			if err := s.app.Book.Settle(d, campaign.Outcome{Kind: campaign.Refused, Code: 463, Reason: reason.New(reason.RefusedStrangers)}, time.Now()); err != nil {
				t.Fatal(err)
			}
			failed = append(failed, d)
			time.Sleep(time.Hour)
		}
		s.size(120, 40)
		s.press("3", "r")
		r := s.root.top().(*report)
		cursor := func(why reason.Code) {
			s.press("home")
			for i := 0; r.rows[r.win.cursor].label != s.root.env.t("report_failed", "Why", s.root.env.words.because(reason.New(why))); i++ {
				if i > len(r.rows) {
					t.Fatalf("no row for %s", why)
				}
				s.press("down")
			}
		}
		cursor(reason.RefusedPerson)
		s.hides("tentar de novo")
		cursor(reason.RefusedStrangers)
		s.shows("t tentar de novo")
		s.press("t")
		s.shows("Tentar de novo as 2 mensagens que não saíram (conversa nova não permitida)?", "Ninguém recebeu nada delas.")
		s.hides("A campanha volta a enviar.")
		s.size(80, 24)
		s.shows("Tentar de novo as 2 mensagens", "permitida)?")
		s.size(120, 40)
		s.press("n", "enter", "t")
		s.shows("Tentar de novo as 2 mensagens")
		s.press("s")
		s.shows("2 mensagens de novo na fila")
		for _, d := range failed {
			if got, err := s.app.Book.Delivery(c.ID, d.Seq); err != nil || got.State != campaign.Queued || got.Message != d.Message {
				t.Errorf("%+v, %v", got, err)
			}
		}
		time.Sleep(seldomEvery)
		s.ring()
		s.hides("t tentar de novo") // nobody is left here
	})
}
