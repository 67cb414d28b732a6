package session

import (
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
)

func TestPhoneThatIsQuietForTenDaysIsWarnedOf(t *testing.T) {
	inBubble(t, simulator.Config{People: 2}, func(r *rig) {
		id, phone := r.linked("loja")
		seen := r.snapshot(id).Number.Seen
		if ago := time.Since(seen); ago < 0 || ago > time.Hour {
			r.Errorf("right after linking the phone was last seen %v ago", ago)
		}
		r.own(phone).SetPhone(false)
		for _, c := range []struct {
			days int
			warn bool
		}{{9, false}, {11, true}} {
			r.close()
			time.Sleep(time.Until(seen.Add(time.Duration(c.days) * 24 * time.Hour)))
			r.open()
			s := r.awaitState(id, campaign.Online)
			if got := !s.Unlinks.IsZero(); got != c.warn || got && !s.Unlinks.Equal(seen.Add(14*24*time.Hour)) {
				r.Errorf("after %d days: unlinked on %v, want a warning %v of %v", c.days, s.Unlinks, c.warn, seen.Add(14*24*time.Hour))
			}
		}

		// It answers what it was asked meanwhile.
		time.Sleep(time.Minute)
		r.own(phone).SetPhone(true)
		r.await(id, "seen again", func(s Snapshot) bool { return s.Unlinks.IsZero() && time.Since(s.Number.Seen) < time.Hour })
		r.restart()
		if s := r.awaitState(id, campaign.Online); !s.Unlinks.IsZero() {
			r.Error("the warning is back after a restart")
		}
	})
}

func TestClockThatIsOffIsSaid(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		id, phone := r.linked("loja")
		for _, c := range []struct{ service, ahead time.Duration }{
			{0, 0},
			{time.Minute, 0},
			{5 * time.Minute, -5 * time.Minute},
			{-time.Hour, time.Hour},
			{26 * time.Hour, -26 * time.Hour},
			{0, 0},
		} {
			r.service.SetSkew(c.service)
			r.own(phone).Drop()
			r.await(id, "offline", func(s Snapshot) bool { return s.State != campaign.Online })
			s := r.awaitState(id, campaign.Online)
			if off := s.Skew - c.ahead; off.Abs() > 2*time.Second {
				r.Errorf("the service is %v ahead: our clock is said to be %v ahead, want %v", c.service, s.Skew, c.ahead)
			}
		}
	})
}

func TestBanPausesTheCampaignsForAPerson(t *testing.T) {
	for _, c := range []struct {
		name   string
		strike func(simulator.Own, *simulator.Service)
		state  campaign.NumberState
		pause  bool
	}{
		{"banned for a time", func(o simulator.Own, _ *simulator.Service) { o.Ban(time.Now().Add(time.Hour), 104) }, campaign.Banned, true},
		{"banned for good", func(o simulator.Own, s *simulator.Service) {
			s.Fault(simulator.Rule{On: simulator.Login, Do: simulator.Refuse, Code: 406, Limit: 1})
			o.Drop()
		}, campaign.LoggedOut, true},
		{"locked", func(o simulator.Own, s *simulator.Service) {
			s.Fault(simulator.Rule{On: simulator.Login, Do: simulator.Refuse, Code: 403, Limit: 1})
			o.Drop()
		}, campaign.LoggedOut, true},
		{"unlinked on the phone", func(o simulator.Own, _ *simulator.Service) { o.Logout() }, campaign.LoggedOut, false},
		{"replaced", func(o simulator.Own, _ *simulator.Service) { o.End("", "replaced") }, campaign.Blocked, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, simulator.Config{People: 3}, func(r *rig) {
				id, phone := r.linked("loja")
				camp := r.campaignTo(r.someone(0), "olá")
				c.strike(r.own(phone), r.service)
				r.awaitState(id, c.state)
				time.Sleep(3 * time.Hour)
				got, err := r.book.Campaign(camp)
				if err != nil {
					r.Fatal(err)
				}
				if paused := got.Status == campaign.Paused; paused != c.pause || paused && !got.Reason.Equal(reason.New(reason.CampaignStopped, "loja")) {
					r.Errorf("the campaign is %v, %q; want paused: %v", got.Status, got.Reason, c.pause)
				}
				if c.state == campaign.Banned {
					r.awaitState(id, campaign.Online) // the number comes back, what it was doing waits
				}
			})
		})
	}
}
