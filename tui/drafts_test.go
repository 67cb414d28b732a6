package tui

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"recado/campaign"
)

// drafts are the drafts in the book, the newest first.
func (s *stage) drafts() (all []campaign.Campaign) {
	s.t.Helper()
	campaigns, err := s.app.Book.Campaigns()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range campaigns {
		if c.Status == campaign.Draft {
			all = append(all, c)
		}
	}
	return all
}

// wait lets the clock go on, a second at a time.
func (s *stage) wait(seconds int) {
	for range seconds {
		time.Sleep(time.Second)
		s.tell(clockMsg{})
	}
}

// A draft is kept as it is typed, whatever is missing or wrong in it.
func TestAnUnfinishedDraftIsKeptAsItIsTyped(t *testing.T) {
	for name, test := range map[string]struct {
		keys []string // field by field
		want campaign.Campaign
	}{
		"a name alone":    {[]string{"Natal"}, campaign.Campaign{Name: "Natal"}},
		"no name":         {[]string{"", "", "", "", "", "Oi!"}, campaign.Campaign{Text: "Oi!"}},
		"a broken text":   {[]string{"x", "", "", "", "", "Oi {nome"}, campaign.Campaign{Name: "x", Text: "Oi {nome"}},
		"a broken filter": {[]string{"x", "", "ana ("}, campaign.Campaign{Name: "x", To: "ana ("}},
		"a broken pace":   {[]string{"x", "", "", "gap=so"}, campaign.Campaign{Name: "x", Unread: campaign.Unread{Pace: "gap=so"}}},
		"no such file":    {[]string{"x", "", "", "", "nada.gif"}, campaign.Campaign{Name: "x", Unread: campaign.Unread{File: "nada.gif"}}},
		"no such file, looked at": {[]string{"x", "", "", "", "nada.gif", "Oi"},
			campaign.Campaign{Name: "x", Text: "Oi", Unread: campaign.Unread{File: "nada.gif"}}},
	} {
		for how, keep := range map[string]func(s *stage){
			"by key":     func(s *stage) { s.press("ctrl+s"); s.press("esc") },
			"by leaving": func(s *stage) { s.press("esc") },
			"by itself":  func(s *stage) { s.wait(2); s.press("esc") },
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				play(t, func(t *testing.T, s *stage) {
					s.press("3", "n")
					for i, text := range test.keys {
						if i > 0 {
							s.press("tab")
						}
						s.enter(text)
					}
					keep(s)
					all := s.drafts()
					if len(all) != 1 {
						t.Fatalf("the book has %d drafts", len(all))
					}
					got := all[0]
					if got.Name != test.want.Name || got.Text != test.want.Text || got.To != test.want.To || got.Unread != test.want.Unread {
						t.Errorf("the book has %+v, want %+v", got, test.want)
					}
					// And so it is there again.
					s.press("enter")
					s.shows(" · salvo")
					c := s.root.top().(*composer)
					for i, have := range []string{c.name.value(), "", c.to.value(), c.pace.value(), c.file.path.value(), c.text.value()} {
						if i < len(test.keys) && have != test.keys[i] && i != fieldNumbers {
							t.Errorf("field %d has %q, want %q", i, have, test.keys[i])
						}
					}
					s.press("esc")
					if all := s.drafts(); len(all) != 1 || all[0].Rev != got.Rev {
						t.Errorf("looking at it wrote it: %+v", all)
					}
				})
			})
		}
	}
}

func TestADraftIsKeptAMomentAfterTypingAndWhileItGoesOn(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.press("3", "n")
		s.enter("N")
		s.tell(clockMsg{})
		if n := len(s.drafts()); n != 0 {
			t.Error("it was written at once")
		}
		s.wait(1)
		if all := s.drafts(); len(all) != 1 || all[0].Name != "N" {
			t.Fatalf("a moment later the book has %+v", all)
		}
		s.shows("Rascunho N · salvo")
		for range 20 { // without a pause
			time.Sleep(500 * time.Millisecond)
			s.enter("x")
			s.tell(clockMsg{})
		}
		if got := s.drafts()[0].Name; len(got) < len("N")+8 {
			t.Errorf("while somebody types the book has %q", got)
		}
		s.hides(" · salvo")
		s.wait(2)
		rev := s.drafts()[0].Rev
		s.wait(5)
		if got := s.drafts()[0]; got.Name != "N"+strings.Repeat("x", 20) || got.Rev != rev {
			t.Errorf("at rest the book has %q, written %d times after", got.Name, got.Rev-rev)
		}
	})
}

func TestNothingIsKeptOfAPageThatWasNotWrittenOn(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.number("Loja", "+5511900000001")
		s.press("3", "n")
		s.wait(3)
		s.press("esc", "n")
		s.enter("x")
		s.wait(2)
		s.press("backspace")
		s.wait(2)
		s.press("esc")
		s.shows("Nenhuma campanha ainda")
		if n := len(s.drafts()); n != 0 {
			t.Errorf("the book has %d drafts", n)
		}
	})
}

func TestQuittingKeepsTheDraftWithoutAQuestion(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.press("3", "n")
		s.enter("Natal")
		s.press("ctrl+c")
		if !s.quit {
			t.Error("it asks")
		}
		if all := s.drafts(); len(all) != 1 || all[0].Name != "Natal" {
			t.Errorf("the book has %+v", all)
		}
	})
}

func TestADraftThatCannotBeKeptIsNotLeftWithoutAQuestion(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.press("3", "n")
		s.enter("Natal")
		s.app.Book.Close()
		s.wait(2)
		s.shows("O recado está encerrando.")
		s.press("esc")
		s.shows("Não foi possível salvar. Sair assim mesmo?", "O que foi escrito aqui se perde.")
		s.press("n")
		s.shows("Natal")
		s.press("ctrl+c")
		s.shows("Sair do recado?", "Há um rascunho que não pôde ser salvo")
		s.press("n")
		if s.quit {
			t.Error("it went all the same")
		}
		s.press("ctrl+c", "s")
		if !s.quit {
			t.Error("it does not go")
		}
	})
}

// The line drops, or the program is told to end: what was typed is in the book.
func TestADraftIsKeptWhenTheTerminalIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(t, "pt-BR")
		ctx, hangUp := context.WithCancel(t.Context())
		in, keyboard := io.Pipe()
		ended := make(chan error)
		sizes := make(chan Size, 1)
		sizes <- Size{80, 24}
		go func() { ended <- Run(ctx, app, in, new(bytes.Buffer), Sizes(sizes), Environ([]string{"TERM=xterm"})) }()
		synctest.Wait()
		for _, key := range []string{"3", "n", "N", "a", "t", "a", "l"} {
			keyboard.Write([]byte(key))
			synctest.Wait()
		}
		hangUp()
		keyboard.Close()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		all, err := app.Book.Campaigns()
		if err != nil || len(all) != 1 || all[0].Name != "Natal" {
			t.Errorf("the book has %+v, %v", all, err)
		}
	})
}

// Two terminals at one draft: neither's words are lost, and the later one hears
// of it.
func TestTheLaterOfTwoTerminalsDoesNotWriteOverTheEarlier(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.draft("Natal", "Oi")
		other := onStage(t, s.app)
		for _, at := range []*stage{s, other} {
			at.press("3", "enter", "tab", "tab", "tab", "tab", "tab")
		}
		s.enter(" Ana")
		s.press("ctrl+s")
		other.enter(" Bia")
		other.press("ctrl+s")
		other.shows("! Este rascunho mudou em outro terminal", "Natal (cópia)")
		texts := make(map[string]string)
		for _, c := range s.drafts() {
			texts[c.Name] = c.Text
		}
		if len(texts) != 2 || texts["Natal"] != "Oi Ana" || texts["Natal (cópia)"] != "Oi Bia" {
			t.Errorf("the book has %q", texts)
		}
		// From here on each goes on with its own.
		other.enter("!")
		other.wait(2)
		s.enter("?")
		s.wait(2)
		for _, c := range s.drafts() {
			texts[c.Name] = c.Text
		}
		if len(texts) != 2 || texts["Natal"] != "Oi Ana?" || texts["Natal (cópia)"] != "Oi Bia!" {
			t.Errorf("later the book has %q", texts)
		}
	})
}

func TestADraftThatIsOnlyLookedAtFollowsTheOtherTerminal(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.draft("Natal", "Oi")
		other := onStage(t, s.app)
		s.press("3", "enter", "tab", "tab", "tab", "tab", "tab")
		other.press("3", "enter", "tab", "tab", "tab", "tab", "tab")
		s.enter(" Ana")
		s.press("ctrl+s")
		other.ring()
		other.shows("Oi Ana")
		other.enter("!")
		other.press("ctrl+s")
		if all := s.drafts(); len(all) != 1 || all[0].Text != "Oi Ana!" {
			t.Errorf("the book has %+v", all)
		}
	})
}

// What starts is what is on the screen that starts it, or nothing does.
func TestADraftThatAnotherTerminalChangedDoesNotStartUnseen(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.compose("Oi")
		s.press("ctrl+r")
		c := s.drafts()
		if len(c) == 0 {
			s.press("esc", "ctrl+s", "ctrl+r")
			c = s.drafts()
		}
		changed := c[0]
		changed.Text = "outra coisa"
		if _, err := desk(s.app.Book).EditDraft(changed); err != nil {
			t.Fatal(err)
		}
		s.press("s")
		if idle, err := s.app.Book.Idle(); !idle || err != nil {
			t.Errorf("idle: %v, %v", idle, err)
		}
		s.shows("mudou em outro terminal")
	})
}

func TestTextOfACampaignThatStartedElsewhereIsKeptApart(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.number("Loja", "+5511900000001")
		d := s.draft("Natal", "Oi")
		s.press("3", "enter", "tab", "tab", "tab", "tab", "tab")
		if _, err := desk(s.app.Book).Start(d.ID, time.Now()); err != nil {
			t.Fatal(err)
		}
		s.enter(" Ana")
		s.wait(2)
		s.shows("! A campanha começou ou foi descartada em outro terminal")
		if all := s.drafts(); len(all) != 1 || all[0].Text != "Oi Ana" || all[0].ID == d.ID {
			t.Errorf("the book has %+v", all)
		}
		if c, err := s.app.Book.Campaign(d.ID); err != nil || c.Text != "Oi" {
			t.Errorf("what was started is %+v, %v", c, err)
		}
	})
}

// Starting is what refuses, and says all that is missing, field by field.
func TestStartingPointsAtEveryFieldThatLacksSomething(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("3", "n", "tab", "tab")
		s.enter("ana (")
		s.press("tab")
		s.enter("gap=so")
		s.press("ctrl+r")
		s.size(120, 30)
		s.shows("falta um nome · um número vinculado · corrigir o filtro do público · corrigir o ritmo · o texto",
			"! Nome", "! Números", "! Público", "› Ritmo", "! Texto")
		s.hides("! Anexo")
		s.press("ctrl+r")
		s.shows("› Texto")
		s.press("ctrl+r")
		s.shows("› Nome")
		s.enter("x")
		s.hides("! Nome", "um nome")
	})
}

// A page that was typed earlier is never written over a later one, whichever
// command gets to the book first.
func TestAnOlderPageIsNotWrittenOverANewerOne(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		p := new(pen)
		for _, w := range []page{{n: 2, draft: campaign.Campaign{Name: "new"}}, {n: 1, draft: campaign.Campaign{Name: "old"}}} {
			if got := p.write(s.app, w); got.err != nil || got.apart != nil || got.draft.Name != "new" {
				t.Errorf("page %d: %+v", w.n, got)
			}
		}
		if all := s.drafts(); len(all) != 1 || all[0].Rev != 1 {
			t.Errorf("the book has %+v", all)
		}
	})
}

func TestTheNewestCampaignIsFirstEverywhere(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.number("Loja", "+5511900000001")
		first := s.draft("primeira", "Oi")
		time.Sleep(time.Minute)
		second := s.draft("segunda", "Oi")
		time.Sleep(time.Minute)
		for _, c := range []campaign.Campaign{second, first} { // the older draft is started last
			if _, err := desk(s.app.Book).Start(c.ID, time.Now()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		s.press("3")
		if text := s.read(); strings.Index(text, "primeira") > strings.Index(text, "segunda") {
			t.Errorf("the one that was started last is not first:\n%s", text)
		}
		s.press("4")
		s.shows("primeira")
		s.press("right")
		s.shows("segunda")
		s.press("3", "n")
		s.enter("terceira")
		s.press("esc")
		if text := s.read(); strings.Index(text, "terceira") > strings.Index(text, "primeira") {
			t.Errorf("the one that was written last is not first:\n%s", text)
		}
	})
}
