package session

import (
	"testing"
	"time"

	"recado/campaign"
	"recado/session/simulator"
)

// Whatever our own clock says, an answer is an answer from the moment at which
// its message left, and no delivery is read before it was sent.
func TestAnswerCountsWhateverOurClockSays(t *testing.T) {
	for _, c := range []struct {
		name  string
		ahead time.Duration // our clock
		told  bool          // by the login
	}{
		{"right", 0, true},
		{"five minutes ahead", 5 * time.Minute, true},
		{"an hour ahead", time.Hour, true},
		{"two days ahead", 48 * time.Hour, true},
		{"a month ahead", 30 * 24 * time.Hour, true},
		{"five minutes behind", -5 * time.Minute, true},
		{"a month behind", -30 * 24 * time.Hour, true},
		{"right, and the login says nothing", 0, false},
		{"an hour ahead, and the login says nothing", time.Hour, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, simulator.Config{People: 3, Reads: 1}, func(r *rig) {
				r.service.SetSkew(-c.ahead)
				r.service.TellTime(c.told)
				id, phone := r.linked("loja")
				stop := r.lanes()
				defer stop()
				camp := r.campaignTo(r.someone(0), "olá")
				r.awaitDelivery(camp, campaign.Read)
				time.Sleep(10 * time.Second)
				there := time.Now().Add(-c.ahead)
				if _, err := r.service.Say(r.someone(0).Phone, phone, "quero"); err != nil {
					r.Fatal(err)
				}
				d := r.awaitDelivery(camp, campaign.Replied)
				if d.RepliedAt.Sub(there).Abs() > 2*time.Second {
					r.Errorf("answered at %v, want %v", d.RepliedAt, there)
				}
				// Until the service has told it all, one message is claimed by what is known.
				if c.told && c.ahead.Abs() < 3*24*time.Hour {
					times := []time.Time{d.Claimed.Add(-campaign.Tolerance), d.Accepted, d.Arrived, d.ReadAt, d.RepliedAt}
					for i := range times[1:] {
						if times[i+1].Before(times[i].Add(-2 * time.Second)) {
							r.Errorf("its times are %v", times)
						}
					}
				}
				if got := r.clock.Now().Sub(time.Now().Add(-c.ahead)).Abs(); got > campaign.Tolerance {
					r.Errorf("after a message the clock is %v off", got)
				}
				if got := r.status(id).Skew - c.ahead; got.Abs() > campaign.Tolerance {
					r.Errorf("our clock is said to be %v ahead, want %v", got+c.ahead, c.ahead)
				}
			})
		})
	}
}
