package tui

import (
	"slices"
	"testing"

	"recado/campaign/people"
)

func (s *stage) tagsOf(phone people.Phone) []string {
	s.t.Helper()
	c, err := s.app.Book.ContactByPhone(phone)
	if err != nil {
		s.t.Fatal(err)
	}
	return c.Tags
}

func TestTagsOfThoseWhoAreMarkedAreChangedAndTakenBack(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.app.Book.KeepIndex()
		s.people()
		s.press("2", "space", "space", "t") // Ana, who is vip, and Beto, who is frio
		s.shows("Etiquetas de 2 pessoas")
		s.enter("vip -fr")
		s.shows("tab frio")
		s.press("tab")
		s.enter("+natal")
		s.shows("vip -frio +natal")
		s.press("enter")
		s.shows("+natal +vip -frio: 2 pessoas mudaram. z desfaz")
		if a, b := s.tagsOf("+5511987650001"), s.tagsOf("+5511987650002"); !slices.Equal(a, []string{"natal", "vip"}) || !slices.Equal(b, a) {
			t.Errorf("Ana has %q, Beto %q", a, b)
		}
		s.press("z")
		s.shows("Desfazer a última mudança de etiquetas?", "+frio -natal -vip em 2 pessoas")
		s.press("s")
		s.shows("+frio -natal -vip: 2 pessoas mudaram.")
		if a, b := s.tagsOf("+5511987650001"), s.tagsOf("+5511987650002"); !slices.Equal(a, []string{"vip"}) || !slices.Equal(b, []string{"frio"}) {
			t.Errorf("after it was taken back Ana has %q, Beto %q", a, b)
		}
		// Without marks it is about those who are in the list; what was wrong is said, and stays typed.
		s.press("/")
		s.enter("tag:frio")
		s.press("enter", "t")
		s.enter("+a -á")
		s.press("enter")
		s.shows("Etiquetas de 1 pessoa", "+a -á", "não pode ser posta e tirada ao mesmo tempo")
		s.press("esc")
		s.shows("tag:frio")
	})
}
