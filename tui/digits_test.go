package tui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

func TestWhatIsCutIsNeverCutInsideANumber(t *testing.T) {
	for _, c := range []struct {
		s    string
		w    int
		want string
	}{
		{"312/310", 7, "312/310"},
		{"312/310", 6, "…"},
		{"1.234.567 pessoas", 10, "…"},
		{"1.234.567 pessoas", 11, "1.234.567 …"},
		{"faltam 1.234.567", 12, "faltam …"},
		{"até 10:30", 7, "até …"},
		{"+55 11 98765-0003", 12, "…"},
		{"Ana +55 11 98765-0003", 15, "Ana …"},
		{"R$ 1.234,56", 8, "R$ …"},
		{"feito 45 %", 9, "feito …"},
		{"45 pessoas", 3, "…"},
		{"Loja 2", 6, "Loja 2"},
		{"Rua 12, fundos", 8, "Rua 12,…"},
	} {
		if got, _ := (cells{}).cut(c.s, c.w); got != c.want {
			t.Errorf("cut(%q, %d) = %q, want %q", c.s, c.w, got, c.want)
		}
	}
	for _, c := range []struct {
		line string
		w    int
		want string
	}{
		{"\x1b[1m312/310\x1b[m", 6, "\x1b[1m" + reset + "…" + reset + "     "},
		{"a 31\x1b[1m2\x1b[m", 4, "a " + reset + "…" + reset + " "},
		{"a 312 b", 5, "a 312" + reset},
		{"a 312 b", 6, "a 312 " + reset},
		{"312%", 3, reset + "…" + reset + "  "},
	} {
		if got := (cells{}).exactly(c.line, c.w); got != c.want {
			t.Errorf("exactly(%q, %d) = %q, want %q", c.line, c.w, got, c.want)
		}
	}
}

var numbersShown = regexp.MustCompile(`[0-9]+(?:[.,:/][0-9]+)*`)

// crowded makes every count of a screen a large one.
func (s *stage) crowded() {
	const many = 1_234_567
	for _, stack := range s.root.stacks {
		for _, on := range stack {
			switch on := on.(type) {
			case *progress:
				if on.shown != nil {
					for i := range on.shown.counts {
						on.shown.counts[i] = many
					}
				}
			case *campaigns:
				for i := range on.all {
					for state := range on.all[i].counts {
						on.all[i].counts[state] = many
					}
				}
			case *composer:
				if on.people.known {
					on.people.found = store.Listed(append(on.people.found.All(), make([]people.ContactID, many)...))
					flight := &on.people.flight
					flight.Receive = many
					if flight.LeftOut != nil {
						flight.LeftOut[reason.DeliveryOptedOut], flight.LeftOut[reason.DeliveryTooLong] = many, many
					}
					for i := range flight.Lacking {
						flight.Lacking[i].Count = many
					}
				}
			case *contacts:
				for id := range people.ContactID(many) {
					on.marked.Add(id)
				}
			}
		}
	}
}

func TestANumberIsShownWholeOrNotAtAll(t *testing.T) {
	drawsAlone(t)
	heights := []int{10, 13, 17, 24, 30}
	for i, scene := range scenes {
		if strings.HasPrefix(scene.name, "link") || strings.HasPrefix(scene.name, "passkey") || strings.HasPrefix(scene.name, "invite") {
			continue // a code is not a number
		}
		t.Run(scene.name, func(t *testing.T) {
			play(t, func(t *testing.T, s *stage) {
				scene.set(s)
				s.crowded()
				whole := make(map[string]bool)
				for _, size := range []Size{{400, 120}, {200, 60}, {99, 120}, {80, 120}} {
					s.size(size.Width, size.Height)
					for _, number := range numbersShown.FindAllString(s.read(), -1) {
						whole[number] = true
					}
				}
				for w := 40; w <= 80; w++ {
					h := heights[(w+i)%len(heights)]
					s.size(w, h)
					for _, line := range strings.Split(s.read(), "\n") {
						line, _, _ = strings.Cut(line, "↓") // how many are below it depends on the height
						for _, number := range numbersShown.FindAllString(line, -1) {
							if !whole[number] {
								t.Fatalf("at %d×%d %q is none of the numbers there are: %q", w, h, number, line)
							}
						}
					}
				}
			})
		})
	}
}

func TestLargeCountsAreSeenInWideAndNarrowTerminals(t *testing.T) {
	for _, c := range []struct {
		scene, want string
		w           int
	}{{"progress", "1.234.567", 50}, {"campaigns", "8.641.969/11.111.103", 50}, {"composer", "1.234.", 50}} {
		play(t, func(t *testing.T, s *stage) {
			for _, scene := range scenes {
				if scene.name == c.scene {
					scene.set(s)
				}
			}
			s.crowded()
			s.size(c.w, 30)
			s.shows(c.want)
		})
	}
}

func TestTheComposerShowsTheFieldThatHasTheFocus(t *testing.T) {
	for _, h := range []int{10, 11, 12, 14, 16, 20, 24} {
		for _, w := range []int{40, 50, 80, 120} {
			play(t, func(t *testing.T, s *stage) {
				s.people()
				s.press("3", "n")
				s.enter("x")
				s.size(w, h)
				for i, label := range []string{"Nome", "Números", "Público", "Ritmo", "Anexo", "Texto"} {
					if !strings.Contains(s.read(), "› "+label) {
						t.Fatalf("%d×%d: field %d is not in sight:\n%s", w, h, i, s.read())
					}
					if !strings.Contains(s.read(), "falta") {
						t.Fatalf("%d×%d: what is missing is not in sight:\n%s", w, h, s.read())
					}
					s.press("tab")
				}
			})
		}
	}
}

func TestTheTextIsCountedNearTheLimitAndRefusedBeyondIt(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.number("Loja", "+5511900000001")
		s.press("3", "n")
		s.enter("x")
		s.press("tab", "tab", "tab", "tab", "tab")
		s.tell(pasted(strings.Repeat("é", campaign.TextMost*9/10)))
		s.hides("caracteres")
		s.tell(pasted("éé"))
		s.shows("58.984 de 65.536 caracteres", "Pronta")
		s.tell(pasted(strings.Repeat("é", campaign.TextMost-58_984)))
		s.shows("65.536 de 65.536 caracteres", "Pronta")
		s.tell(pasted("é"))
		s.shows("65.537 caracteres; o WhatsApp aceita no máximo 65.536", "encurtar o texto")
		s.press("ctrl+s") // a draft is kept whatever is wrong with it, and does not start
		if all, err := s.app.Book.Campaigns(); err != nil || len(all) != 1 || len(all[0].Lacks()) != 1 {
			t.Errorf("%d kept, %v", len(all), err)
		}
		s.press("ctrl+r")
		s.shows("encurtar o texto")
		s.press("backspace", "enter", "enter") // empty lines at the end are not kept
		s.shows("Pronta")
		s.press("ctrl+s")
		all, err := s.app.Book.Campaigns()
		// There is no room for the line about leaving, without which it does not go.
		if err != nil || len(all) != 1 || all[0].Text != strings.Repeat("é", campaign.TextMost)+leaveLine || len(all[0].Lacks()) != 1 {
			t.Errorf("%d kept, %v", len(all), err)
		}
	})
}

func TestForWhomTheTextBecomesTooLongIsSaidInThePreview(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		long := people.Row{Phone: "+5511987659999", Name: "Zoé", Fields: map[string]string{"nota": strings.Repeat("x", 4000)}}
		if _, err := desk(s.app.Book).Import(t.Context(), []people.Row{long}, "longa"); err != nil {
			t.Fatal(err)
		}
		s.press("3", "n")
		s.press("tab", "tab", "tab", "tab", "tab")
		s.tell(pasted("Oi {nota|}"))
		s.hides("longo demais")
		s.tell(pasted(strings.Repeat("{nota|}", 16)))
		s.shows("1 não recebe, o texto fica longo demais")
	})
}

func TestAPasteKeepsItsLinesAndIsTakenWholeOrNotAtAll(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.press("3", "n")
		c := s.root.top().(*composer)
		s.press("tab", "tab", "tab", "tab", "tab")
		s.tell(pasted("um\rdois\r\ntrês\nquatro"))
		if got, want := c.text.value(), "um\ndois\ntrês\nquatro"; got != want {
			t.Errorf("the text is %q, want %q", got, want)
		}
		s.tell(pasted(strings.Repeat("x", 4*campaign.TextMost)))
		if got, want := c.text.value(), "um\ndois\ntrês\nquatro"; got != want {
			t.Errorf("a paste that does not fit left %d characters", len(got))
		}
		s.shows("Não entrou")
		s.press("tab", "tab", "tab", "tab")
		s.tell(pasted("cidade:Recife\rtag:vip"))
		if got, want := c.to.value(), "cidade:Recife tag:vip"; got != want {
			t.Errorf("the filter is %q, want %q", got, want)
		}
		s.tell(pasted(strings.Repeat(" tag:vip", 100)))
		if got, want := c.to.value(), "cidade:Recife tag:vip"; got != want {
			t.Errorf("half a filter was taken: %q", got)
		}
	})
}

func TestAFieldMovesAndDeletesCharactersAsPeopleCountThem(t *testing.T) {
	e := newRoot(t.Context(), App{}).env
	a := newArea(e, "", 0)
	a.focus(true)
	for _, c := range []struct{ text, keys, want string }{
		{"a👍🏽b", "left backspace", "ab"},
		{"a👍🏽b", "left left delete", "ab"},
		{"família 👨‍👩‍👧", "backspace", "família "},
		{"um dois  três", "ctrl+w ctrl+w", "um "},
		{"um\ndois", "ctrl+u backspace", "um"},
		{"um\ndois", "ctrl+home ctrl+k delete", "dois"},
		{"um\ndois", "up end enter", "um\n\ndois"},
		{"abc\nd\nefg", "up up delete", "abcd\nefg"},
		{"ab cd", "home ctrl+right delete", "abcd"},
		{"ab cd", "ctrl+left backspace", "abcd"},
	} {
		a.set(c.text)
		a.lines(e, 30, 5)
		for _, key := range strings.Fields(c.keys) {
			a.update(keyPress(key))
			a.lines(e, 30, 5)
		}
		if a.value() != c.want {
			t.Errorf("%q after %s is %q, want %q", c.text, c.keys, a.value(), c.want)
		}
	}
}

func TestAFieldKeepsTheCursorInSight(t *testing.T) {
	e := newRoot(t.Context(), App{}).env
	a := newArea(e, "", 0)
	a.focus(true)
	a.set(strings.Repeat("linha de um texto comprido\n", 200))
	l := newLine(e, "", 0)
	l.set(strings.Repeat("cidade:Recife ", 20))
	cursor := string(e.theme.caret)
	for i := range 300 {
		if got := strings.Join(a.lines(e, 20, 5), "\n"); strings.Count(got, cursor) != 1 {
			t.Fatalf("after %d keys the cursor is not in sight:\n%s", i, got)
		}
		if got := l.view(e, 20); strings.Count(got, cursor) != 1 {
			t.Fatalf("after %d keys the cursor is not in sight: %s", i, got)
		}
		a.update(keyPress([]string{"up", "pgup", "left"}[i%3]))
		l.update(keyPress("left"))
	}
	if fmt.Sprint(a.at, l.at) != "0 0" {
		t.Errorf("the cursors are at %d and %d, want the beginning", a.at, l.at)
	}
}
