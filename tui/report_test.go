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
		r, d := newReport(s.root.env, c), newDeliveries(s.root.env, c, s.root.env.standard()[partSent])
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
