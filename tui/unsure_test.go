package tui

import (
	"testing"

	"recado/campaign"
	"recado/campaign/people"
)

// states counts the deliveries of a campaign by state.
func (s *stage) states(id campaign.ID) campaign.Counts {
	s.t.Helper()
	counts, err := s.app.Book.Counts(id)
	if err != nil {
		s.t.Fatal(err)
	}
	return counts
}

func TestAPersonDecidesADoubtWithAKey(t *testing.T) {
	for _, test := range []struct {
		key   string
		asked string // before it is done; empty: it is not asked
		to    campaign.State
	}{
		{"c", "", campaign.Sent},
		{"d", "", campaign.Skipped},
		{"e", "Enviar de novo para", campaign.Queued},
	} {
		play(t, func(t *testing.T, s *stage) {
			c := s.inDoubt()
			before := s.states(c.ID)
			s.press("4")
			s.shows("u incertas")
			s.press("u")
			s.shows("Incertas de Volta às aulas", "o recado ainda verifica sozinho", "c chegou", "e enviar de novo", "d deixar")
			first := s.root.top().(*unsure).all[0]
			s.press(test.key)
			if test.asked != "" {
				s.shows(test.asked, first.Name, "Se já chegou, a pessoa pode receber duas")
				if got := s.states(c.ID); got != before {
					t.Errorf("before the answer %v, was %v", got, before)
				}
				s.press("n")
				if got := s.states(c.ID); got != before {
					t.Errorf("after a no %v, was %v", got, before)
				}
				s.press(test.key, "s")
			}
			s.shows("1 mensagem resolvida.")
			d, err := s.app.Book.Delivery(c.ID, first.Seq)
			if err != nil || d.State != test.to {
				t.Errorf("%q: it is %s, %v, want %s", test.key, d.State, err, test.to)
			}
			if got := s.states(c.ID)[campaign.Unsure]; got != before[campaign.Unsure]-1 {
				t.Errorf("%q: %d are unsure, were %d", test.key, got, before[campaign.Unsure])
			}
			s.hides(first.Name)
		})
	}
}

func TestAllDoubtsOfOneReasonAreSettledAtOnce(t *testing.T) {
	for _, test := range []struct {
		key, asked string
		to         campaign.State
	}{
		{"c", "3 mensagens chegaram?", campaign.Sent},
		{"d", "Deixar 3 mensagens como estão?", campaign.Skipped},
		{"e", "Enviar de novo 3 mensagens?", campaign.Queued},
	} {
		play(t, func(t *testing.T, s *stage) {
			c := s.inDoubt()
			before := s.states(c.ID)
			s.press("4", "u", "a", test.key)
			s.shows(test.asked)
			s.press("s")
			s.shows("3 mensagens resolvidas.", "o recado ainda verifica sozinho")
			got := s.states(c.ID)
			if got[campaign.Unsure] != 1 || got[test.to] != before[test.to]+3 {
				t.Errorf("%q: %v, was %v", test.key, got, before)
			}
		})
	}
}

// What a receipt has proved while a person was asked is not decided any more.
func TestDoubtThatIsProvedMeanwhileStaysSo(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.inDoubt()
		s.press("4", "u", "a", "d")
		first := s.root.stacks[tabProgress][1].(*unsure).all[0]
		if _, err := s.app.Book.Receipt(first.Number, people.Seen{Phone: first.Phone}, []campaign.MessageID{first.Message}, campaign.Delivered, s.app.now()); err != nil {
			t.Fatal(err)
		}
		s.press("s")
		d, err := s.app.Book.Delivery(c.ID, first.Seq)
		if err != nil || d.State != campaign.Delivered {
			t.Errorf("it is %s, %v, want delivered", d.State, err)
		}
		if got := s.states(c.ID); got[campaign.Unsure] != 1 {
			t.Errorf("%v, want one unsure", got)
		}
	})
}

func TestMarkedDoubtsAloneAreDecided(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.inDoubt()
		s.press("4", "u", "space", "space")
		marked := s.root.top().(*unsure).chosen()
		s.press("c")
		s.shows("2 mensagens chegaram?")
		s.press("s")
		for _, d := range marked {
			if got, err := s.app.Book.Delivery(c.ID, d.Seq); err != nil || got.State != campaign.Sent {
				t.Errorf("%s: it is %s, %v", d.Name, got.State, err)
			}
		}
		if got := s.states(c.ID)[campaign.Unsure]; got != 2 || len(marked) != 2 {
			t.Errorf("%d marked, %d unsure, want two and two", len(marked), got)
		}
	})
}

func TestDoubtsOfACancelledCampaignAreNotSentAgain(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.inDoubt()
		if _, err := desk(s.app.Book).Cancel(c.ID); err != nil {
			t.Fatal(err)
		}
		s.ring()
		s.press("4", "u")
		s.hides("enviar de novo")
		s.shows("c chegou", "d deixar")
		s.press("e")
		if got := s.states(c.ID)[campaign.Queued]; s.root.top() == nil || got != 0 {
			t.Errorf("%d are queued", got)
		}
	})
}
