package tui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store"
)

// names changes the name of a person again and again, from a number on: an entry
// of the audit each.
func (s *stage) names(who people.ContactID, from, n int) {
	s.t.Helper()
	for i := range n {
		if err := desk(s.app.Book).EditContact(who, func(c *people.Contact) { c.Name = fmt.Sprint("Nome ", from+i, ".") }); err != nil {
			s.t.Fatal(err)
		}
	}
}

// listed are the lines of the list on the screen.
func (s *stage) listed() string {
	lines := strings.Split(s.read(), "\n")
	return strings.Join(lines[4:14], "\n")
}

func TestTheAuditFollowsWhatIsDoneWithoutJumping(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.names(1, 1, 300)
		for _, words := range []string{"", "ana nome"} {
			s.press("h")
			if words != "" {
				s.press("/")
				s.enter(words)
				s.press("enter")
			}
			a := s.root.top().(*audit)
			n := a.rows()
			if n < 300 {
				t.Fatalf("%q: %d are listed", words, n)
			}

			// At the newest the new ones are seen to come.
			s.names(1, n+1, 1)
			s.ring()
			s.shows(fmt.Sprint("Nome ", n+1, "."))
			if a.win.cursor != 0 || a.rows() != n+1 {
				t.Fatalf("%q: at %d of %d, want 0 of %d", words, a.win.cursor, a.rows(), n+1)
			}

			// Everywhere else nothing moves, at the top, in the middle and at the end.
			for i, keys := range [][]string{{"down"}, {"pgdown", "pgdown", "up"}, {"end"}} {
				s.press(keys...)
				before, cursor := s.listed(), a.win.cursor
				more := []int{200, 3, 300}[i] // more than is held, or less
				s.names(1, 10_000*(i+1), more)
				s.ring()
				if got := s.listed(); got != before {
					t.Errorf("%q: after %q it was\n%s\nand is\n%s", words, keys, before, got)
				}
				if a.win.cursor != cursor+more {
					t.Errorf("%q: the cursor is at %d, was at %d", words, a.win.cursor, cursor)
				}
				s.shows("↑ ")
			}
			s.press("home")
			s.hides("↑ ")
			s.names(1, 77_000, 200)
			s.ring()
			s.shows("Nome 77199.")
			s.hides("…")
			if most := 4 * s.root.env.h; len(a.page) > most {
				t.Errorf("%q: it holds %d entries, want at most %d", words, len(a.page), most)
			}
			s.press("esc", "esc")
		}
	})
}

// However long the audit is, a screen holds a few of its entries.
func TestTheAuditHoldsWhatIsNearTheWindow(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.names(1, 1, 1500)
		s.press("h")
		a := s.root.top().(*audit)
		for _, keys := range []string{"", "pgdown", "end", "pgup", "pgup", "home", "pgdown", "pgdown"} {
			if keys != "" {
				s.press(keys)
			}
			if most := 3 * s.root.env.h; len(a.page) > most || len(a.page) == 0 {
				t.Errorf("after %s it holds %d entries, want at most %d", keys, len(a.page), most)
			}
			s.hides("…")
		}
		s.press("end")
		s.shows("importar contatos")
		s.hides("Nome 1500.")
	})
}

// What is rare is found far down; what is common is looked for as it is shown.
func TestWordsAreLookedForThroughTheWholeAudit(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.number("Matriz", "")
		s.names(1, 1, 1500)
		s.press("h", "/")
		for _, test := range []struct {
			words string
			rows  int
			top   string
		}{
			{"MATRÍZ", 1, "criar número"},
			{"number_add", 1, "criar número"},
			{"numero matriz", 1, "criar número"},
			{"ana criar número matriz", 1, "Matriz"},
			{"editar contato", 1500, "Nome 1500."},
			{"nome 1499", 1, "Nome 1499."},
			{"contact 1499 beto", 0, "Nada tem todas essas palavras."},
		} {
			s.press("ctrl+u")
			s.enter(test.words)
			a := s.root.top().(*audit)
			for !a.search.done {
				s.press("enter", "end", "/") // the next come when the end of those is seen
			}
			s.press("enter", "home")
			if a.rows() != test.rows {
				t.Errorf("%q: %d are found, want %d", test.words, a.rows(), test.rows)
			}
			s.shows(test.top)
			s.press("/")
		}
		s.press("esc")
		s.shows("1.502 ações")
	})
}

// The words were changed while others were still looked for.
func TestALateAnswerOfTheAuditIsNotShown(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.number("Matriz", "")
		s.press("h", "/")
		old := answers(s.root.update(keyPress("m")))
		slow := answers(s.root.update(keyPress("a")))
		for _, msg := range append(slow, old...) {
			s.tell(msg)
		}
		s.shows("1 ação", "Matriz")
		old = answers(s.root.update(keyPress("t")))
		s.press("esc")
		for _, msg := range old {
			s.tell(msg)
		}
		s.shows("2 ações", "importar contatos")
	})
}

// What was asked for and has come to its end is told so where it is shown.
func TestWhatIsUnderWayComesToItsEndOnTheScreen(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		n := s.number("Loja", "")
		if err := s.app.Desk.Link(unserved{}, n.ID); err != nil {
			t.Fatal(err)
		}
		s.press("h")
		s.shows("vincular celular  Loja  ◌ em andamento")
		s.press("enter")
		s.shows("◌ em andamento")
		if _, err := s.app.Book.LinkNumber(n.ID, "+5511900000001", "5511900000001:1@s.whatsapp.net", s.app.now()); err != nil {
			t.Fatal(err)
		}
		s.ring()
		s.shows("✓ feito", "telefone: +55 11 90000-0001")
		s.press("esc")
		s.shows("vincular celular  Loja  ✓ feito")
	})
}

func TestWhoOnlyLooksSeesTheAudit(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		app := s.app
		app.ReadOnly = true
		s = onStage(t, app)
		s.press("h")
		s.shows("Histórico", "importar contatos")
		s.press("enter")
		s.shows("5 pessoas novas")
	})
}

// The audit says what people have typed.
func TestHostileTextInTheAuditIsHarmless(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		d := s.app.Book.Desk(store.Actor{Name: hostile, Role: store.Admin, From: hostile})
		fields := map[string]string{hostile: strings.Repeat(hostile, 20)}
		if _, err := d.Import(t.Context(), []people.Row{{Phone: "+5511987650001", Name: hostile}}, hostile); err != nil {
			t.Fatal(err)
		}
		if err := d.EditContact(1, func(c *people.Contact) { c.Name, c.Fields, c.Tags = "x"+hostile, fields, []string{hostile} }); err != nil {
			t.Fatal(err)
		}
		if _, err := d.AddCampaign(campaign.Campaign{Name: hostile, Text: hostile, To: "ana"}); err != nil {
			t.Fatal(err)
		}
		if err := d.OptOut(1, hostile); err != nil {
			t.Fatal(err)
		}
		look := func(where string, keys ...string) {
			s.press(keys...)
			for _, size := range []Size{{80, 24}, {200, 60}, {50, 20}, {41, 11}} {
				s.size(size.Width, size.Height)
				s.harmless(where)
			}
		}
		look("list", "h")
		for range 4 {
			look("entry", "enter")
			look("next", "esc", "down")
		}
		s.press("/")
		s.tell(tea.PasteMsg{Content: hostile})
		look("words")
		look("found", "enter")
	})
}
