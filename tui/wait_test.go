package tui

import (
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
)

func TestANumberThatReadsItsHistoryIsNotCalledOnline(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		loja := someSnapshots(s.app.now())[:1]
		loja[0].State, loja[0].Synced, loja[0].Reason = campaign.Online, true, reason.Reason{}
		loja[0].Reading = s.app.now().Add(2 * time.Minute)
		s.snapshots(loja...)
		s.shows("◌ lendo histórico", "alguém pode ter pedido para sair")
		loja[0].Reading = time.Time{}
		s.snapshots(loja...)
		s.shows("● conectado")
		if strings.Contains(s.read(), "lendo histórico") {
			t.Errorf("it has been read, and the screen says\n%s", s.read())
		}
		loja[0].Missed, loja[0].Outrun = true, true
		s.snapshots(loja...)
		s.shows("● conectado !", "! Uma parte do histórico do celular não pôde ser lida", "! Os outros números já não esperam por este")
	})
}

func TestTheNumberThatIsWaitedForIsNamed(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		p := &progress{e: s.root.env}
		p.shown = new(campaignRow)
		p.numbers = []campaign.Number{{ID: 1, Name: "Loja"}, {ID: 2, Name: "Balcão"}}
		if text := p.held(campaign.Hold{Reason: reason.HoldOthers, Number: 2}); text != "esperando Balcão receber suas mensagens" {
			t.Errorf("it says %q", text)
		}
		if text := p.held(campaign.Hold{Reason: reason.HoldOthers, Number: 3}); text != "esperando outro número receber suas mensagens" {
			t.Errorf("of a number that is gone it says %q", text)
		}
		if text := p.held(campaign.Hold{Reason: reason.HoldReading, Number: 2}); text != "lendo o histórico do celular" {
			t.Errorf("of its own history it says %q", text)
		}
	})
}
