package tui

import "testing"

// TestAFilterIsCompletedAndSaid: while it is typed, what the word may go on with, the
// mistake and its place, or whom it chooses, stand beneath it; tab takes the first
// way to go on.
func TestAFilterIsCompletedAndSaid(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.app.Book.KeepIndex()
		s.list("amigos", 1, 2)
		s.press("2", "/")
		s.enter("lis")
		s.shows("tab lista:")
		s.press("tab")
		s.shows("/ lista:", "tab lista:amigos")
		s.hides("falta o que vem depois")
		s.press("tab")
		s.shows("/ lista:amigos", "na lista amigos", "2 pessoas")
		s.enter(" -respondeu:x")
		s.shows("▲ escreva o id da campanha")
		s.press("enter", "esc", "/")
		s.enter("tag:")
		s.shows("tab tag:")
		s.press("tab")
		s.shows("com a tag ")
		s.press("enter")
		s.shows("com a tag ")
		s.press("esc")
		s.hides("com a tag ")
	})
}
