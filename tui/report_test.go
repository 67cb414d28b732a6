package tui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
)

// Behind each number of a report stand as many messages.
func TestBehindEachNumberOfAReportStandAsManyMessages(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.reported()
		s.size(120, 40)
		s.press("3", "r")
		rows := s.root.top().(*report).rows
		made, err := s.app.Book.Report(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		total, seen := 0, 0
		for i, row := range rows {
			if row.of.want == nil {
				continue
			}
			seen++
			if seen > 5 && row.label != s.root.env.t("report_waiting") && i < 10 {
				total += row.count
			}
			s.press("home")
			for range i {
				s.press("down")
			}
			s.press("enter")
			d := s.root.top().(*deliveries)
			if len(d.places) != row.count || row.count == 0 {
				t.Errorf("%s: %d messages are behind %d", row.label, len(d.places), row.count)
			}
			s.shows(s.root.env.words.n("people", row.count))
			s.press("esc")
		}
		if seen < 12 || rows[0].count != made.Sent || total != 2 {
			t.Errorf("%d numbers, %d sent, %d of the reasons: %+v", seen, rows[0].count, total, made)
		}
	})
}

func TestTheEvidenceOfAMessageSaysEachStepAndWhatWasAnswered(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.reported()
		s.press("3", "r", "down", "down", "down", "enter")
		s.shows("[responderam]", "enviada 10:40", "entregue 11:00", "respondida 11:01", "Quero sim, obrigada!", "Tem no tamanho 8?", "texto B", "chegou a coleção nova")
		s.press("right", "right", "right") // from those who left to those that are unsure
		s.shows("[incertas]", "Ninguém aqui.")
		s.press("right")
		s.shows("[de fora]", "pediu para sair", "1 pessoa")
		s.press("enter")
		s.shows("Caio 2", "pediu na loja")
	})
}

// TestAReplyIsAnsweredWhereItIsRead: with one line, once; how far the answer is
// stands under what they wrote.
func TestAReplyIsAnsweredWhereItIsRead(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.reported()
		s.size(120, 40)
		s.press("3", "r", "down", "down", "down", "enter")
		s.shows("[responderam]", "Tem no tamanho 8?", "responder")
		s.press("r")
		s.shows("Responder a Débora 3?", "Escreveu: Quero sim, obrigada! · Tem no tamanho 8?")
		s.enter("Temos, {cidade}")
		s.press("enter")
		s.shows("cidade", "falta") // and the text is still there
		s.press("ctrl+u")
		s.enter("Temos, {primeiro_nome}!")
		s.press("enter")
		s.shows("sai na vez do número", "nossa resposta: na fila", "Temos, Débora!")
		s.press("r") // nothing: it has its answer
		s.hides("Responder a")
		all, err := s.app.Book.Campaigns()
		if err != nil || all[0].AnswerTo != c.ID || !all[0].Archived {
			t.Fatalf("the newest campaign is %+v, %v", all[0], err)
		}
		d, err := s.app.Book.Delivery(all[0].ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		sent := s.claim(campaign.Number{ID: d.Number})
		if sent.Campaign != all[0].ID {
			t.Fatalf("the next message is %+v", sent)
		}
		if err := s.app.Book.Settle(sent, campaign.Outcome{Kind: campaign.Accepted}, time.Now()); err != nil {
			t.Fatal(err)
		}
		s.ring()
		s.shows("nossa resposta: enviada", "Temos, Débora!")
		s.press("down", "down") // who said SAIR
		s.shows("SAIR")
		s.press("r")
		s.hides("Responder a")
	})
}

// TestAReportLeadsToWhoDidNotReply: to a draft that stops for whoever replies, once.
func TestAReportLeadsToWhoDidNotReply(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.reported()
		s.size(120, 40)
		s.press("3", "r")
		s.shows("escrever a quem não respondeu")
		for _, again := range []bool{false, true} {
			s.press("w")
			s.shows(c.Name+" 2", "recebeu:"+c.ID.String()+" -respondeu:"+c.ID.String())
			for s.root.top().(*composer).at != fieldText {
				s.press("tab")
			}
			s.enter("Ainda dá tempo")
			s.press("ctrl+s")
			all, err := s.campaigns()
			if err != nil || all[0].FollowUp != c.ID || len(all) != 2 {
				t.Errorf("the newest of %d campaigns is %+v, %v", len(all), all[0], err)
			}
			if again {
				s.shows("já tem")
				break
			}
			s.press("esc")
		}
	})
}

// What has happened meanwhile is counted, but not at every ring of the bell.
func TestAReportIsCountedAgainOnceInAWhile(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.reported()
		s.press("3", "r")
		replied := func() int { return s.root.top().(*report).made.Replied }
		all, err := s.app.Book.Deliveries(c.ID, -1, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range all {
			if d.State == campaign.Read {
				in := campaign.Incoming{From: people.Seen{Phone: d.Phone}, ID: "LATER", Text: "bom dia", At: time.Now()}
				if err := s.app.Book.Heard(d.Number, in); err != nil {
					t.Fatal(err)
				}
				break
			}
		}
		before := replied()
		s.ring()
		s.tell(clockMsg{})
		if replied() != before {
			t.Error("it is counted again at once")
		}
		time.Sleep(seldomEvery)
		s.tell(clockMsg{})
		if replied() != before+1 {
			t.Errorf("%d replied, and one more has since", replied())
		}
	})
}

func TestAReportThatIsLeftIsNotCountedToItsEnd(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.reported()
		s.press("3")
		r, d := newReport(s.root.env, c), newDeliveries(s.root.env, c, s.root.env.standing(campaign.PartSent))
		counting := s.root.push(r)
		s.press("esc")
		if msg := counting().(reportMadeMsg); !errors.Is(msg.err, context.Canceled) {
			t.Errorf("it was counted all the same: %v", msg.err)
		}
		finding := d.find()
		s.root.push(d)
		s.press("esc")
		if msg := finding().(deliveriesFoundMsg); !errors.Is(msg.err, context.Canceled) {
			t.Errorf("they were looked for all the same: %v", msg.err)
		}
		s.hides("context")
	})
}

func TestASparklineShowsTheHighestAndTheLeast(t *testing.T) {
	for want, numbers := range map[string][]int{"█": {1}, " █": {0, 900}, "▁█": {1, 900}, "▄█▁": {4, 8, 1}, "  ": {0, 0}} {
		if got := spark(numbers); got != want {
			t.Errorf("%v: %q, want %q", numbers, got, want)
		}
	}
	if strings.TrimSpace(spark([]int{0})) != "" {
		t.Error("nothing is drawn as something")
	}
}

// TestAReportTellsWordingsApart, and behind each stand those who got it.
func TestAReportTellsWordingsApart(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.reworded()
		s.size(120, 40)
		s.press("3", "r")
		s.shows("por redação", "o texto até", "o texto desde")
		for i, row := range s.root.top().(*report).rows {
			var want string
			switch {
			case strings.Contains(row.label, "o texto até "):
				want = "3 pessoas" // another one of the four was refused
			case strings.Contains(row.label, "o texto desde "):
				want = "2 pessoas"
			default:
				continue
			}
			s.press("home")
			for range i {
				s.press("down")
			}
			s.press("enter")
			s.shows(want)
			if d := s.root.top().(*deliveries); len(d.places) != row.count {
				t.Errorf("%s: %d messages are behind %d", row.label, len(d.places), row.count)
			}
			s.press("esc")
		}
	})
}

// TestAPulseCoversTheCampaign with stretches that are no more than fit, of a length that
// is easily said, and adds up to what was sent.
func TestAPulseCoversTheCampaign(t *testing.T) {
	for _, test := range []struct {
		span, each time.Duration
		n          int
	}{
		{0, time.Minute, 1}, {39 * time.Minute, time.Minute, 40}, {40 * time.Minute, 5 * time.Minute, 9}, {8 * time.Hour, 15 * time.Minute, 33},
		{12 * time.Hour, time.Hour, 13}, {5 * 24 * time.Hour, 12 * time.Hour, 11}, {400 * 24 * time.Hour, 24 * time.Hour, 40},
	} {
		if each, n := stretchesOf(test.span); each != test.each || n != test.n {
			t.Errorf("%v: %d of %v, want %d of %v", test.span, n, each, test.n, test.each)
		}
	}
	play(t, func(t *testing.T, s *stage) {
		c := s.reported()
		s.size(80, 24)
		s.press("4")
		s.shows("enviadas a cada 15 min")
		p := s.root.top().(*progress).pulse
		sum := 0
		for _, n := range p.sent {
			sum += n
		}
		if sum != 11 || p.each != 15*time.Minute {
			t.Errorf("%v in each %v", p.sent, p.each)
		}
		d := s.claim(campaign.Number{ID: c.Numbers[0]})
		if err := s.app.Book.Settle(d, campaign.Outcome{Kind: campaign.Accepted}, time.Now()); err != nil {
			t.Fatal(err)
		}
		s.ring()
		if got := s.root.top().(*progress).pulse.sent; len(got) != len(p.sent) {
			t.Errorf("it is counted again at once: %v", got)
		}
		time.Sleep(pulseEvery + time.Second)
		s.ring()
		sum = 0
		for _, n := range s.root.top().(*progress).pulse.sent {
			sum += n
		}
		if sum != 12 {
			t.Errorf("after one more: %v", s.root.top().(*progress).pulse.sent)
		}
		// Nothing leaves for an hour: it is seen, though nothing has rung.
		before := len(s.root.top().(*progress).pulse.sent)
		for range 60 {
			time.Sleep(time.Minute)
			s.tell(clockMsg{})
		}
		if after := s.root.top().(*progress).pulse.sent; len(after) < before+3 || after[len(after)-1] != 0 {
			t.Errorf("after an hour of silence: %v", after)
		}
		// While it is paused there is nothing to follow.
		if _, err := desk(s.app.Book).Pause(c.ID); err != nil {
			t.Fatal(err)
		}
		s.ring()
		made := s.root.top().(*progress).pulse.made
		time.Sleep(2 * time.Hour)
		s.tell(clockMsg{})
		if again := s.root.top().(*progress).pulse.made; !again.Equal(made) {
			t.Errorf("a paused one is counted again at %v", again)
		}
	})
}
