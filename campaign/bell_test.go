package campaign

import "testing"

func TestRingsThatNobodyHeardAreOne(t *testing.T) {
	var bell Bell
	bell.Ring() // nobody listens: nothing happens
	ring, quiet := bell.Listen()
	bell.Ring()
	bell.Ring()
	<-ring
	select {
	case <-ring:
		t.Error("two unheard rings were two")
	default:
	}
	quiet()
	bell.Ring()
	select {
	case <-ring:
		t.Error("rang after listening had stopped")
	default:
	}
}
