package campaign_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
	"recado/session/simulator/bubble"
)

// restart closes everything and opens it again.
func (o *office) restart() {
	o.t.Helper()
	o.close()
	o.open()
	for _, id := range o.numbers() {
		o.online(id)
	}
}

// read is a campaign as the book has it.
func (o *office) read(id campaign.ID) campaign.Campaign {
	o.t.Helper()
	c, err := o.book.Campaign(id)
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// planned writes a campaign and schedules it.
func (o *office) planned(c campaign.Campaign, at time.Time) campaign.ID {
	o.t.Helper()
	c, err := desk(o.book).AddCampaign(c)
	if err == nil {
		c, err = desk(o.book).Schedule(c.ID, at)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return c.ID
}

// TestAPlannedCampaignSendsEachPersonOneOfItsTextsOnce: it starts at its time,
// pauses after the first few, goes on when somebody says so, and each person
// sees one of its texts once, though the program ends and begins again in
// between, on a bad line.
func TestAPlannedCampaignSendsEachPersonOneOfItsTextsOnce(t *testing.T) {
	breaksLines(t)
	const people, first = 60, 9
	texts := []string{"Bom dia, {nome}!", "Olá, {nome}.", "{nome}, oi?"}
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 5, People: people, Reads: .5, Replies: .3})
		o.link("loja 1")
		o.link("loja 2")
		o.importPeople()
		o.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Silence, Probability: .05})
		o.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.DropAfter, Probability: .05})
		at := time.Now().Add(2 * time.Hour)
		id := o.planned(campaign.Campaign{Name: "olá", Text: texts[0], Variants: texts[1:], Canary: first}, at)
		time.Sleep(time.Hour)
		o.restart()
		time.Sleep(time.Until(at) - time.Second)
		if c := o.read(id); c.Status != campaign.Scheduled || len(o.texts()) > 0 {
			t.Errorf("before its time it is %s, and %d have left", c.Status, len(o.texts()))
		}
		// The first ones leave, and it pauses.
		o.until("paused", func() bool { return o.read(id).Status == campaign.Paused })
		for range 2 {
			c := o.read(id)
			counts, err := o.book.Counts(id)
			if err != nil {
				t.Fatal(err)
			}
			if c.Reason.Code != reason.CampaignTried || counts.Left() != first || c.Started.Before(at) || c.Started.After(at.Add(2*time.Minute)) {
				t.Errorf("paused with %+v, %d have left, started at %v: want %s, %d, %v", c.Reason, counts.Left(), c.Started, reason.CampaignTried, first, at)
			}
			time.Sleep(time.Hour) // nothing more leaves while nobody says so, and after a restart
			o.restart()
			time.Sleep(time.Hour)
		}
		if _, err := desk(o.book).Resume(id); err != nil {
			t.Fatal(err)
		}
		for _, part := range []int{people / 3, people / 2} { // it ends in the middle, more than once
			o.until("under way", func() bool { counts, err := o.book.Counts(id); return err != nil || counts.Left() >= part })
			o.restart()
		}
		o.finish(id)
		o.service.ClearFaults()

		// Some people are called alike: which text each got is known by its id.
		want := make(map[campaign.MessageID]string)
		for _, d := range o.deliveries(id) {
			want[d.Message] = strings.ReplaceAll(texts[d.Variant], "{nome}", d.Name)
		}
		for _, seen := range o.service.Ledger().Seen() {
			if text := want[campaign.MessageID(seen.ID)]; seen.Text != text {
				t.Errorf("%s saw %q, want %q", seen.Person, seen.Text, text)
			}
		}
		if twice := o.service.Ledger().Twice(); len(twice) > 0 {
			t.Errorf("seen twice: %+v", twice)
		}
		counts, err := o.book.Counts(id)
		if err != nil {
			t.Fatal(err)
		}
		if seen := len(o.service.Ledger().Seen()); seen != people {
			t.Errorf("%d people have seen it, want %d", seen, people)
		}
		if counts.Accepted()+counts[campaign.Unsure] != people {
			t.Errorf("%v: want all %d", counts, people)
		}
		r, err := o.book.Report(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for v := range texts {
			f := r.Variants[uint8(v)]
			if f == nil || f.Sent < people/len(texts)-3 || f.Sent > people/len(texts)+3 {
				t.Errorf("text %s went to %+v, want about a third of %d", campaign.VariantName(uint8(v)), f, people)
				continue
			}
			sum += f.Sent
		}
		if sum != counts.Accepted() || r.Sent != sum || r.Replied == 0 {
			t.Errorf("the texts add up to %d, the report has %+v, the counts %v", sum, r.Funnel, counts)
		}
	})
}

// TestAPlannedCampaignThatIsLateAsks: within an hour it starts by itself, later
// it is paused and waits for somebody; and so it is when it cannot start.
func TestAPlannedCampaignThatIsLateAsks(t *testing.T) {
	for _, test := range []struct {
		late time.Duration
		asks bool
	}{{50 * time.Minute, false}, {campaign.MissedAfter + time.Minute, true}, {72 * time.Hour, true}} {
		t.Run(fmt.Sprint(test.late), func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				o := newOffice(t, simulator.Config{Seed: 5, People: 5})
				o.link("loja")
				o.importPeople()
				at := time.Now().Add(time.Hour)
				id := o.planned(campaign.Campaign{Name: "olá", Text: "Olá, {nome}!"}, at)
				o.close()
				time.Sleep(time.Until(at) + test.late)
				o.open()
				if test.asks {
					o.until("paused", func() bool { return o.read(id).Status == campaign.Paused })
					time.Sleep(24 * time.Hour)
					if c := o.read(id); c.Reason.Code != reason.CampaignMissed || len(o.texts()) > 0 || !c.Unstarted() {
						t.Errorf("late by %v it is %s (%v), and %d have left", test.late, c.Status, c.Reason, len(o.texts()))
					}
					if _, err := desk(o.book).Resume(id); err != nil {
						t.Fatal(err)
					}
				}
				o.finish(id)
				if counts := o.agree(id, hello); counts.Accepted() != 5 {
					t.Errorf("%v, want all", counts)
				}
			})
		})
	}
}

// TestAPlannedCampaignThatCannotStartSaysWhy, and can be planned anew.
func TestAPlannedCampaignThatCannotStartSaysWhy(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 5, People: 5})
		o.link("loja")
		id := o.planned(campaign.Campaign{Name: "olá", Text: "Olá, {nome}!", To: "tag:ninguem"}, time.Now().Add(time.Minute))
		o.until("paused", func() bool { return o.read(id).Status == campaign.Paused })
		if c := o.read(id); c.Reason.IsZero() || !c.Unstarted() {
			t.Errorf("with nobody to write to it is %s: %v", c.Status, c.Reason)
		}
		if c, err := desk(o.book).Schedule(id, time.Now().Add(time.Hour)); err != nil || c.Status != campaign.Scheduled {
			t.Fatalf("planned anew: %s, %v", c.Status, err)
		}
		if c, err := desk(o.book).Pause(id); err != nil || c.Status != campaign.Paused {
			t.Fatalf("paused before its time: %s, %v", c.Status, err)
		}
		if c, err := desk(o.book).Resume(id); err != nil || c.Status != campaign.Scheduled {
			t.Fatalf("resumed before its time: %s, %v", c.Status, err)
		}
		c, err := desk(o.book).Unschedule(id)
		if err != nil || c.Status != campaign.Draft {
			t.Fatalf("unscheduled: %s, %v", c.Status, err)
		}
		o.importPeople()
		c.To = ""
		if _, err := desk(o.book).EditDraft(c); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		if len(o.texts()) > 0 {
			t.Errorf("%d have left of a draft", len(o.texts()))
		}
		if _, err := desk(o.book).Schedule(id, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		o.finish(id)
		if counts := o.agree(id, hello); counts.Accepted() != 5 {
			t.Errorf("%v, want all", counts)
		}
	})
}
