package tui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// A line of this table is what happens to one question: "ask", "renew",
// "drop", or "answer" with the number of an ask, from 1 on; and what each says.
func TestOnlyTheLastQuestionIsAnswered(t *testing.T) {
	for name, steps := range map[string][]string{
		"asked and answered":                    {"ask: begun", "answer 1: mine"},
		"answered once":                         {"ask: begun", "answer 1: mine", "answer 1: old"},
		"nothing was asked":                     {"answer 0: old"},
		"asked twice at once":                   {"ask: begun", "ask: under way", "answer 1: mine, ask again"},
		"the wish to ask again is met":          {"ask: begun", "ask: under way", "answer 1: mine, ask again", "ask: begun", "answer 2: mine"},
		"the old one comes first":               {"ask: begun", "renew: begun", "answer 1: old", "answer 2: mine"},
		"the old one comes last":                {"ask: begun", "renew: begun", "answer 2: mine", "answer 1: old"},
		"an old one does not end the newer":     {"ask: begun", "renew: begun", "answer 1: old", "ask: under way", "answer 2: mine, ask again"},
		"two are old":                           {"ask: begun", "renew: begun", "renew: begun", "answer 2: old", "answer 1: old", "answer 3: mine"},
		"dropped":                               {"ask: begun", "drop", "answer 1: old"},
		"dropped and asked anew":                {"ask: begun", "drop", "ask: begun", "answer 1: old", "answer 2: mine"},
		"dropped with the wish to ask again":    {"ask: begun", "ask: under way", "drop", "answer 1: old"},
		"a renewed one forgets the older wish":  {"ask: begun", "ask: under way", "renew: begun", "answer 2: mine"},
		"an answer from another time is no one": {"ask: begun", "answer 2: old", "answer 1: mine"},
	} {
		t.Run(name, func(t *testing.T) {
			e, q := new(env), new(question)
			for i, step := range steps {
				do, want, _ := strings.Cut(step, ": ")
				got := ""
				switch {
				case do == "ask":
					got = "under way"
					if id, ok := q.ask(e); ok && id == e.asked {
						got = "begun"
					}
				case do == "renew":
					if id := q.renew(e); id == e.asked {
						got = "begun"
					}
				case do == "drop":
					q.drop()
				default:
					var id int
					fmt.Sscanf(do, "answer %d", &id)
					got = "old"
					if mine, again := q.answered(id); mine && again {
						got = "mine, ask again"
					} else if mine {
						got = "mine"
					} else if again {
						got = "old, ask again"
					}
				}
				if got != want {
					t.Fatalf("step %d, %s: %q, want %q", i, do, got, want)
				}
			}
		})
	}
}

func TestAnAnswerToAnotherQuestionOfTheTerminalIsNone(t *testing.T) {
	e, people, numbers := new(env), new(question), new(question)
	first, _ := people.ask(e)
	second, _ := numbers.ask(e)
	if mine, _ := people.answered(second); mine {
		t.Error("the answer about the numbers is taken for one about the people")
	}
	if mine, _ := numbers.answered(first); mine {
		t.Error("the answer about the people is taken for one about the numbers")
	}
	if mine, _ := people.answered(first); !mine {
		t.Error("its own answer is not taken")
	}
}

// answers runs a command and everything it consists of, and keeps what comes
// of it from the screens.
func answers(cmd tea.Cmd) (msgs []tea.Msg) {
	if cmd == nil {
		return nil
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, cmd := range msg {
			msgs = append(msgs, answers(cmd)...)
		}
	default:
		msgs = append(msgs, msg)
	}
	return msgs
}

// A key that changes the question comes while the answer to the one before is
// on its way, and that answer arrives while the new one is looked for.
func TestALateAnswerIsNotShownWhileTheNewerIsUnderWay(t *testing.T) {
	later := func(s *stage, msgs []tea.Msg) {
		for _, msg := range msgs {
			s.tell(msg)
		}
	}
	t.Run("people", func(t *testing.T) {
		play(t, func(t *testing.T, s *stage) {
			s.people()
			s.press("2", "/")
			old := answers(s.root.update(keyPress("a"))) // all but Beto Lima, which nobody has shown yet
			slow := s.root.update(keyPress("n"))         // Ana Souza alone: this one is still looked for
			later(s, old)
			s.shows("5 pessoas", "Beto Lima")
			later(s, answers(slow))
			s.shows("1 pessoa", "Ana Souza")
			s.hides("Caio Prado")
			later(s, old)
			s.shows("1 pessoa", "Ana Souza")
			s.hides("Caio Prado")
		})
	})
	t.Run("whom a campaign goes to", func(t *testing.T) {
		play(t, func(t *testing.T, s *stage) {
			s.people()
			s.number("Loja", "+5511912345678")
			s.press("3", "n")
			s.do(s.root.top().(*composer).focus(fieldAudience))
			s.shows("5 pessoas")
			old := answers(s.root.update(keyPress("a")))
			slow := s.root.update(keyPress("n"))
			later(s, old)
			s.hides("4 pessoas")
			later(s, answers(slow))
			s.shows("1 pessoa")
			later(s, old)
			s.shows("1 pessoa")
			s.hides("4 pessoas")
		})
	})
}
