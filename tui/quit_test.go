package tui

import (
	"context"
	"testing"
)

// What is being sent when a person leaves is asked about, also if it began so
// lately that the status line has not heard of it.
func TestLeavingAsksAboutWhatHasJustBegun(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.app.Halt = func(context.Context) error { return nil }
		s.root.env.app.Halt = s.app.Halt
		s.running()
		s.root.status.sending = false
		s.press("q")
		if _, asked := s.root.top().(*leaving); !asked {
			t.Errorf("nothing is asked:\n%s", s.read())
		}
	})
}
