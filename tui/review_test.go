package tui

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// crowd imports so many people.
func (s *stage) crowd(n int) {
	s.t.Helper()
	var rows []people.Row
	names := []string{"Ana", "Beto", "Caio", "Débora", "Elis"}
	for i := range n {
		rows = append(rows, people.Row{Phone: people.Phone(fmt.Sprintf("+551198765%04d", i)), Name: fmt.Sprint(names[i%5], " ", i)})
	}
	if _, err := desk(s.app.Book).Import(s.t.Context(), rows, "teste"); err != nil {
		s.t.Fatal(err)
	}
	s.ring()
}

func TestTheReviewShowsThePeopleBehindItsNumbers(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		if err := desk(s.app.Book).OptOut(5, "pediu na loja"); err != nil {
			t.Fatal(err)
		}
		s.compose("Entrega em {cidade}. Responda SAIR para não receber mais.")
		s.press("ctrl+r")
		s.shows("Pode começar: 3 pessoas recebem", "1 fica de fora: pediu para sair", "1 fica de fora: falta campo")
		s.press("down", "down", "down", "enter")
		s.shows("Ana Souza", "Caio Prado", "Débora Nunes", "3 pessoas")
		s.hides("Beto Lima", "Elis Ramos")
		s.press("/")
		s.enter("tag:vip")
		s.press("enter")
		s.shows("2 pessoas", "Ana Souza")
		s.press("esc", "esc", "down", "enter")
		s.shows("fica de fora", "Beto Lima", "1 pessoa")
		s.hides("Ana Souza", "Elis Ramos")
		s.press("esc", "down", "enter")
		s.shows("Elis Ramos", "1 pessoa")
		s.hides("Beto Lima")
		s.press("esc")
		s.shows("Pode começar: 3 pessoas recebem")
	})
}

// What a check by command warns of is what the review warns of.
func TestTheReviewWarnsOfWhatTheCheckWarnsOf(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.crowd(50)
		s.compose("Oi %nome%, da {{loja}}")
		s.press("ctrl+r")
		r := s.root.top().(*review)
		flight, err := s.app.Book.Preflight(context.Background(), r.from.draft(), s.app.now())
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, row := range r.all {
			said = append(said, row.text)
		}
		all := strings.Join(strings.Fields(strings.Join(said, " ")), " ")
		if len(flight.Warnings) < 5 {
			t.Fatalf("there are few warnings: %v", flight.Warnings)
		}
		for _, why := range flight.Warnings {
			if text := s.root.env.words.because(why); !strings.Contains(all, text) {
				t.Errorf("the review does not say %q", text)
			}
		}
	})
}

func TestTheReviewIsGreenOnlyIfSomethingWouldLeave(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.compose("Oi! Responda SAIR para não receber mais.")
		all, err := s.app.Book.Numbers()
		if err != nil {
			t.Fatal(err)
		}
		s.press("ctrl+r")
		green := s.root.env.theme.good
		verdict := func() reviewRow { s.ring(); return s.root.top().(*review).all[0] }
		if v := verdict(); v.ink != green {
			t.Errorf("it is not green: %+v", v)
		}
		if err := s.app.Book.SetStanding(all[0].ID, campaign.Standing{State: campaign.Blocked, Reason: reason.New(reason.NumberReplaced)}); err != nil {
			t.Fatal(err)
		}
		if v := verdict(); v.ink == green || !strings.Contains(v.text, "nada sai") {
			t.Errorf("it says %+v while the number sends nothing", v)
		}
	})
}

func TestManyPeopleAreStartedByTypingTheirNumber(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.crowd(store.DefaultCountAbove + 1)
		s.compose("Oi! Responda SAIR para não receber mais.")
		s.press("ctrl+r", "s")
		s.shows("para 201 pessoas?", "digite 201")
		s.enter("200")
		s.press("enter")
		s.shows("Não é 201.")
		if idle, err := s.app.Book.Idle(); !idle || err != nil {
			t.Fatalf("idle: %v, %v", idle, err)
		}
		s.press("backspace")
		s.enter("1")
		s.press("enter")
		s.shows("Volta às aulas começou.", "0/201")
	})
}

// TestFromHowManyPeopleTheirNumberIsTypedIsARule of the book.
func TestFromHowManyPeopleTheirNumberIsTypedIsARule(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.crowd(4)
		if err := desk(s.app.Book).SetCountAbove(3); err != nil {
			t.Fatal(err)
		}
		s.compose("Oi! Responda SAIR para não receber mais.")
		s.press("ctrl+r", "s")
		s.shows("para 4 pessoas?", "digite 4")
		s.press("esc")
		if err := desk(s.app.Book).SetCountAbove(4); err != nil {
			t.Fatal(err)
		}
		s.ring()
		s.press("s")
		s.shows("Volta às aulas começou.")
	})
}

// The rehearsal stands behind a key of the review, shows the hours of the same
// forecast, and leads back to it.
func TestTheRehearsalIsOneKeyFromTheReview(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.crowd(60)
		s.compose("Oi!")
		s.press("ctrl+r", "e")
		r, ok := s.root.top().(*rehearsal)
		if !ok {
			t.Fatalf("the screen is %T", s.root.top())
		}
		flight, err := s.app.Book.Preflight(context.Background(), r.from.draft(), s.app.now())
		if err != nil || len(flight.Forecast.Hours) < 5 || len(r.hours()) != len(flight.Forecast.Hours) {
			t.Fatalf("it has %d hours, the forecast %d, %v", len(r.hours()), len(flight.Forecast.Hours), err)
		}
		s.shows("Ensaio de Volta às aulas", "Olhar aqui não envia nada", "Loja", "nada")
		s.press("end")
		if r.win.cursor != len(r.hours())-1 {
			t.Errorf("the last line is %d of %d", r.win.cursor, len(r.hours()))
		}
		s.press("esc")
		if _, ok := s.root.top().(*review); !ok {
			t.Errorf("esc leads to %T", s.root.top())
		}
		campaigns, err := s.app.Book.Campaigns()
		for _, c := range campaigns {
			if c.Status != campaign.Draft {
				t.Errorf("a campaign is %s", c.Status)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestTheReviewWaitsForWhatIsBeingFoundOut: it opens, and offers to begin when it can.
func TestTheReviewWaitsForWhatIsBeingFoundOut(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.compose("Oi! Responda SAIR para não receber mais.")
		c := s.root.top().(*composer)
		c.people.checked = false // somebody is still looking
		c.review()
		if _, ok := s.root.top().(*review); !ok {
			t.Fatalf("the screen is %T", s.root.top())
		}
		agree := s.root.env.t("review_agree")
		s.shows(s.root.env.t("need", "What", s.root.env.t("need_moment")))
		s.hides(agree)
		s.press("s")
		if idle, err := s.app.Book.Idle(); !idle || err != nil {
			t.Fatalf("it has begun: %v", err)
		}
		c.people.checked = true
		s.shows(agree)
		c.people.checked, c.name = false, newLine(s.root.env, "", 10) // something else is wanting, too
		s.press("esc", "ctrl+r")
		if _, ok := s.root.top().(*composer); !ok {
			t.Errorf("without a name the screen is %T", s.root.top())
		}
	})
}
