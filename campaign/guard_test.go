package campaign_test

import (
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
	"recado/session/simulator/bubble"
)

// paused waits until a campaign has paused itself and says why.
func (o *office) paused(id campaign.ID) reason.Reason {
	o.t.Helper()
	var why reason.Reason
	o.until("paused", func() bool {
		c, err := o.book.Campaign(id)
		if err != nil {
			o.t.Fatal(err)
		}
		why = c.Reason
		return c.Status == campaign.Paused || c.Status == campaign.Finished
	})
	return why
}

// TestRefusedByEverybodyCostsFivePeople: the service refuses whatever is sent.
// The campaign pauses itself and says what to do. Those who were not spent on
// it get theirs when it goes on.
func TestRefusedByEverybodyCostsFivePeople(t *testing.T) {
	for _, code := range []string{"403", "479"} {
		t.Run(code, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				o := newOffice(t, simulator.Config{Seed: 5, People: 30})
				o.link("loja")
				o.link("outra")
				o.importPeople()
				n := map[string]int{"403": 403, "479": 479}[code]
				o.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Refuse, Code: n})
				id := o.campaign(campaign.Campaign{Name: "olá", Text: "Olá, {nome}!"})
				if why := o.paused(id); !strings.HasPrefix(why.Error(), "campaign_refusals 5 (refused_with_code (") || !strings.HasSuffix(why.Error(), " "+code+")") {
					t.Errorf("it is paused for %q", why)
				}
				time.Sleep(time.Hour)
				if counts, err := o.book.Counts(id); err != nil || counts[campaign.Failed] != 5 || counts[campaign.Queued] != 25 {
					t.Errorf("%v, %v; want five refused and the others still to come", counts, err)
				}
				o.service.ClearFaults()
				if _, err := desk(o.book).Resume(id); err != nil {
					t.Fatal(err)
				}
				o.finish(id)
				if counts := o.agree(id, hello); counts.Accepted() != 25 {
					t.Errorf("after the resume %v", counts)
				}
				// Nothing has reached the five: the next campaign may write to them.
				id = o.campaign(campaign.Campaign{Name: "de novo", Text: "Olá, {nome}!", Pace: campaign.Pace{PerPerson: 7 * 24 * time.Hour}})
				o.finish(id)
				if counts := o.agree(id, hello); counts.Accepted() != 5 || counts[campaign.Skipped] != 25 {
					t.Errorf("in the next campaign %v, want the five of the first", counts)
				}
			})
		})
	}
}

// TestOneTickForEverybodyPausesTheCampaign: the service takes everything and
// delivers nothing.
func TestOneTickForEverybodyPausesTheCampaign(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 6, People: 120})
		o.link("loja")
		o.importPeople()
		o.service.Fault(simulator.Rule{On: simulator.Receipt, Do: simulator.Silence})
		gap := campaign.Span{Min: time.Minute, Max: time.Minute}
		id := o.campaign(campaign.Campaign{Name: "olá", Text: "Olá, {nome}!", Pace: campaign.Pace{Gap: gap, NewGap: gap}})
		if why := o.paused(id); !why.Equal(reason.New(reason.CampaignSilence, 12, 30, 0)) {
			t.Errorf("it is paused for %q", why)
		}
		if counts, err := o.book.Counts(id); err != nil || counts[campaign.Sent] < 12 || counts[campaign.Sent] > 12+31 {
			t.Errorf("%v, %v; want those of the first forty minutes", counts, err)
		}
	})
}

// TestRefusalOfAFewPausesNothing: some people are cold to the number, the others
// get their message.
func TestRefusalOfAFewPausesNothing(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 8, People: 60})
		o.link("loja")
		o.importPeople()
		refused := 0
		for i, p := range o.service.People() {
			if i%30 == 0 {
				refused++
				o.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Refuse, Code: 403, To: p.Phone})
			}
		}
		id := o.campaign(campaign.Campaign{Name: "olá", Text: "Olá, {nome}!"})
		o.finish(id)
		if counts := o.agree(id, hello); counts[campaign.Failed] != refused || counts.Accepted() != 60-refused {
			t.Errorf("%v, want %d refused", counts, refused)
		}
	})
}

// TestListThatWantsNoneIsStopped: a part of the people ask to be left alone, or do
// not take it. The campaign pauses before most of them have been written to, and a
// resume begins the sample anew.
func TestListThatWantsNoneIsStopped(t *testing.T) {
	for _, how := range []string{"they say so", "they do not take it"} {
		t.Run(how, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				config := simulator.Config{Seed: 9, People: 120}
				if how == "they say so" {
					config.Reads, config.Replies, config.OptOuts = 1, 1, .25
				}
				o := newOffice(t, config)
				o.link("loja")
				o.importPeople()
				if how != "they say so" {
					for i, p := range o.service.People() {
						if i%4 == 0 {
							o.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Refuse, Code: 403, To: p.Phone})
						}
					}
				}
				gap := campaign.Span{Min: time.Minute, Max: time.Minute}
				id := o.campaign(campaign.Campaign{Name: "olá", Text: "Olá, {nome}!", Pace: campaign.Pace{Gap: gap, NewGap: gap}})
				for range 2 {
					before, err := o.book.Counts(id)
					if err != nil {
						t.Fatal(err)
					}
					if why := o.paused(id); why.Code != reason.CampaignUnwelcome {
						t.Errorf("it is paused for %q", why)
					}
					time.Sleep(2 * time.Hour)
					counts, err := o.book.Counts(id)
					if n := counts.Done() - before.Done(); err != nil || n < 12 || n > 40 {
						t.Errorf("after %d messages: %v, %v", n, counts, err)
					}
					if _, err := desk(o.book).Resume(id); err != nil {
						t.Fatal(err)
					}
				}
			})
		})
	}
}
