package session

import (
	"runtime"
	"testing"
	"time"

	"recado/campaign"
	"recado/session/simulator"
)

func TestDialThatIsGivenUpLeavesNothingBehind(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 3}, func(r *rig) {
		id, _ := r.linked("loja")
		for moment := range 60 {
			r.close()
			time.Sleep(time.Second) // or the service may hear of the two programs the other way round
			r.open()
			for range moment * 5 {
				runtime.Gosched() // so that the next end meets the dial at another step
			}
		}
		r.awaitState(id, campaign.Online)
	})
}
