package campaign_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/files"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session"
	"recado/session/simulator"
	"recado/session/simulator/bubble"
	"recado/store"
	"recado/store/device"
)

// office is the whole program without its screens, on a simulated WhatsApp.
type office struct {
	t       *testing.T
	service *simulator.Service
	dir     string

	bell *campaign.Bell
	book *store.Book
	keys *device.Container
	pool *session.Pool
	stop context.CancelFunc
	done chan struct{} // closed when the lanes have stopped
}

// newOffice opens an office; everything in it is closed when the test ends.
func newOffice(t *testing.T, world simulator.Config) *office {
	t.Helper()
	o := &office{t: t, service: simulator.New(world), dir: t.TempDir()}
	o.open()
	t.Cleanup(func() {
		o.close()
		for _, unknown := range o.service.Unknown() {
			t.Errorf("the service was asked what it does not know: %s", unknown)
		}
		o.service.Close()
		time.Sleep(10 * time.Minute) // of fake time: the library's own timers end
	})
	return o
}

func (o *office) open() {
	o.t.Helper()
	o.bell = new(campaign.Bell)
	var err error
	if o.book, err = store.Open(filepath.Join(o.dir, "book.db"), store.Options{Kind: store.Demo, Bell: o.bell}); err != nil {
		o.t.Fatal(err)
	}
	if o.keys, err = device.Open(filepath.Join(o.dir, "devices.db")); err != nil {
		o.t.Fatal(err)
	}
	var ctx context.Context
	ctx, o.stop = context.WithCancel(context.Background())
	root := simulator.RootKey()
	o.pool, err = session.Open(ctx, session.Config{
		Devices: o.keys, Book: o.book, Bell: o.bell, HTTP: o.service.HTTPClient, RootKey: &root,
	})
	if err != nil {
		o.t.Fatal(err)
	}
	o.pool.Start()
	o.done = make(chan struct{})
	lanes := &campaign.Lanes{Log: o.book, Bell: o.bell, Numbers: o.numbers, Sender: o.pool.Sender}
	go func() { // ends with ctx
		lanes.Run(ctx)
		close(o.done)
	}()
}

func (o *office) close() {
	o.stop()
	<-o.done
	for _, err := range []error{o.pool.Close(), o.keys.Close(), o.book.Close()} {
		if err != nil {
			o.t.Error(err)
		}
	}
}

func (o *office) numbers() (ids []campaign.NumberID) {
	numbers, err := o.book.Numbers()
	if err != nil {
		o.t.Error(err)
	}
	for _, n := range numbers {
		ids = append(ids, n.ID)
	}
	return ids
}

// until waits until ok, looking whenever the bell rings, for a long fake time.
func (o *office) until(what string, ok func() bool) {
	o.t.Helper()
	ring, quiet := o.bell.Listen()
	defer quiet()
	deadline := time.After(30 * 24 * time.Hour)
	for !ok() {
		select {
		case <-ring:
		case <-time.After(5 * time.Minute): // for what hangs alone
		case <-deadline:
			campaigns, err := o.book.Campaigns()
			for _, c := range campaigns {
				counts, _ := o.book.Counts(c.ID)
				o.t.Logf("campaign %d is %v for %q: %v", c.ID, c.Status, c.Reason, counts)
			}
			o.t.Fatalf("never %s: %v, %v", what, o.book.Holds(), err)
		}
	}
}

func (o *office) snapshot(id campaign.NumberID) session.Snapshot {
	for _, s := range o.pool.Snapshots() {
		if s.Number.ID == id {
			return s
		}
	}
	return session.Snapshot{}
}

// link adds a number and lets a phone scan its code.
func (o *office) link(name string) campaign.NumberID {
	o.t.Helper()
	n, err := desk(o.book).AddNumber(name)
	if err == nil {
		_, err = desk(o.book).SetLimits(n.ID, campaign.Pace{}.All())
	}
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.pool.Link(n.ID); err != nil {
		o.t.Fatal(err)
	}
	o.until("a code", func() bool { return o.snapshot(n.ID).QR != "" })
	if _, err := o.service.Scan(o.snapshot(n.ID).QR); err != nil {
		o.t.Fatal(err)
	}
	o.online(n.ID)
	return n.ID
}

func (o *office) online(id campaign.NumberID) {
	o.t.Helper()
	o.until("online", func() bool { return o.snapshot(id).State == campaign.Online })
}

// importPeople puts everybody of the simulated world into the book.
func (o *office) importPeople() {
	o.t.Helper()
	var csv strings.Builder
	csv.WriteString("nome;telefone\n")
	for _, p := range o.service.People() {
		fmt.Fprintf(&csv, "%s;%s\n", p.Name, p.Phone)
		if p.Alias != "" { // the same person, in the other spelling
			fmt.Fprintf(&csv, "%s;%s\n", p.Name, p.Alias)
		}
	}
	var rows []people.Row
	_, err := files.Read(o.t.Context(), strings.NewReader(csv.String()), files.Options{}, files.Sink{
		Row: func(r people.Row) error { rows = append(rows, r); return nil },
		Bad: func(b files.Bad) error { return b.Reason },
	})
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := desk(o.book).Import(o.t.Context(), rows, "test"); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) campaign(c campaign.Campaign) campaign.ID {
	o.t.Helper()
	c, err := desk(o.book).AddCampaign(c)
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := desk(o.book).Start(c.ID, time.Now()); err != nil {
		o.t.Fatal(err)
	}
	return c.ID
}

func (o *office) finish(id campaign.ID) {
	o.t.Helper()
	o.until("finished", func() bool {
		c, err := o.book.Campaign(id)
		if err != nil {
			o.t.Fatal(err)
		}
		return c.Status == campaign.Finished
	})
	time.Sleep(5 * time.Minute) // of fake time: the last receipts arrive
}

func (o *office) deliveries(id campaign.ID) []campaign.Delivery {
	o.t.Helper()
	all, err := o.book.Deliveries(id, -1, 1<<20)
	if err != nil {
		o.t.Fatal(err)
	}
	return all
}

// texts are the stanzas of the campaigns, without what clients tell their own
// phones.
func (o *office) texts() []simulator.Stanza {
	return slices.DeleteFunc(o.service.Ledger().Stanzas(), func(s simulator.Stanza) bool { return s.Kind != "text" })
}

// agree compares what people saw with what the book says.
func (o *office) agree(id campaign.ID, text func(name string) string) campaign.Counts {
	o.t.Helper()
	var counts campaign.Counts
	saw := make(map[campaign.MessageID]simulator.Seen)
	for _, s := range o.service.Ledger().Seen() {
		saw[campaign.MessageID(s.ID)] = s
	}
	for _, twice := range o.service.Ledger().Twice() {
		o.t.Errorf("%s saw %q twice", twice.Person, twice.Text)
	}
	for _, changed := range o.service.Ledger().Changed() {
		o.t.Errorf("another text under the id %s", changed.ID)
	}
	for _, d := range o.deliveries(id) {
		counts[d.State]++
		seen, ok := saw[d.Message]
		switch {
		case d.State.Proven() && !ok:
			o.t.Errorf("%s (%s) is %s and saw nothing", d.Name, d.Phone, d.State)
		case !d.State.Proven() && ok:
			o.t.Errorf("%s (%s) is %s (%s) and saw it", d.Name, d.Phone, d.State, d.Reason)
		case ok && seen.Text != text(d.Name):
			o.t.Errorf("%s saw %q", d.Name, seen.Text)
		}
	}
	kept, err := o.book.Counts(id)
	if err != nil || kept != counts {
		o.t.Errorf("the counters say %v, %v; the deliveries %v", kept, err, counts)
	}
	return counts
}

func hello(name string) string { return "Olá, " + name + "!" }

// breaksLines says why a test that breaks connections during sends does not
// run under the race detector: the client library writes down that it waits
// for a connection from two goroutines at once (WaitForConnection). The same
// tests run without the detector, and what they share with the others runs
// under it.
func breaksLines(t *testing.T) {
	t.Helper()
	if raced {
		t.Skip("the client library has a race of its own when a connection breaks during a send")
	}
}

// TestFiveHundredOverThreeNumbersOnABadLine: answers are lost and connections
// break at random, and everybody on WhatsApp sees the text exactly once.
func TestFiveHundredOverThreeNumbersOnABadLine(t *testing.T) {
	breaksLines(t)
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 7, People: 500, Unregistered: 20, Aliases: 40, Reads: .7, Replies: .2})
		var numbers []campaign.NumberID
		for i := range 3 {
			numbers = append(numbers, o.link(fmt.Sprintf("loja %d", i+1)))
		}
		o.importPeople()
		for _, r := range []simulator.Rule{
			{On: simulator.Message, Do: simulator.Silence, Probability: .06},
			{On: simulator.Message, Do: simulator.DropBefore, Probability: .04},
			{On: simulator.Message, Do: simulator.DropAfter, Probability: .04},
			{On: simulator.Message, Do: simulator.Late, Delay: 50 * time.Second, Probability: .02},
			{On: simulator.Query, Do: simulator.DropBefore, Probability: .01},
		} {
			o.service.Fault(r)
		}
		id := o.campaign(campaign.Campaign{Name: "olá", Text: "Olá, {nome}!", Numbers: numbers})
		o.finish(id)
		o.service.ClearFaults()
		counts := o.agree(id, hello)
		t.Log(counts)
		if got := counts.Accepted(); got != 500 {
			t.Errorf("%d people have it, want 500", got)
		}
		if counts[campaign.Skipped] != 20 {
			t.Errorf("%d skipped, want the 20 who are not on WhatsApp", counts[campaign.Skipped])
		}
	})
}

// TestPacedCampaignObeysEveryLimitToTheSecond runs a week at the default pace
// and reads the ledger.
func TestPacedCampaignObeysEveryLimitToTheSecond(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 3, People: 90, Reads: .5})
		number := o.link("loja")
		o.importPeople()
		here := people.Seen{Source: people.AddressBook, Known: true} // some are known chats
		for i, p := range o.service.People() {
			if here.Phone = people.Phone(p.Phone); i%3 == 0 {
				if err := o.book.Saw(number, []people.Seen{here}); err != nil {
					t.Fatal(err)
				}
			}
		}
		pace := campaign.DefaultPace(time.Now(), time.Now())
		id := o.campaign(campaign.Campaign{Name: "devagar", Text: "Olá, {nome}!", Pace: pace})
		time.Sleep(7 * 24 * time.Hour)
		fresh := make(map[campaign.MessageID]bool)
		zones := make(map[campaign.MessageID]*time.Location)
		for _, d := range o.deliveries(id) {
			zone, err := time.LoadLocation(d.Zone)
			if err != nil {
				t.Fatal(err)
			}
			fresh[d.Message], zones[d.Message] = d.New, zone
		}
		sent := o.texts()
		if len(sent) < 5*pace.NewDay {
			t.Fatalf("only %d messages in a week, held by %v", len(sent), o.book.Holds()[number])
		}
		within := func(i int, window time.Duration, onlyNew bool) (n int) {
			for j := i; j >= 0 && sent[i].Time.Sub(sent[j].Time) < window; j-- {
				if !onlyNew || fresh[campaign.MessageID(sent[j].ID)] {
					n++
				}
			}
			return n
		}
		for i, s := range sent {
			isNew := fresh[campaign.MessageID(s.ID)]
			if i > 0 {
				least := pace.Gap.Min
				if isNew {
					least = pace.NewGap.Min
				}
				if i%pace.Every == 0 {
					least = max(least, pace.Long.Min)
				}
				if gap := s.Time.Sub(sent[i-1].Time); gap < least {
					t.Errorf("message %d left %v after the one before, want at least %v", i, gap, least)
				}
			}
			if n := within(i, time.Hour, false); n > pace.Hour {
				t.Errorf("message %d is number %d within an hour", i, n)
			}
			if n := within(i, time.Hour, true); n > pace.NewHour {
				t.Errorf("message %d is new chat number %d within an hour", i, n)
			}
			if n := within(i, 24*time.Hour, false); n > pace.Day {
				t.Errorf("message %d is number %d within a day", i, n)
			}
			if n := within(i, 24*time.Hour, true); n > pace.NewDay {
				t.Errorf("message %d is new chat number %d within a day", i, n)
			}
			at := s.Time.In(zones[campaign.MessageID(s.ID)])
			if at.Weekday() == time.Sunday || at.Hour() < 9 || at.Hour() >= 20 {
				t.Errorf("message %d left at %v of its recipient's time", i, at)
			}
		}
	})
}

func TestPausedCampaignSendsNothing(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 5, People: 10})
		o.link("loja")
		o.importPeople()
		gap := campaign.Pace{Gap: campaign.Span{Min: time.Minute, Max: time.Minute}, NewGap: campaign.Span{Min: time.Minute, Max: time.Minute}}
		id := o.campaign(campaign.Campaign{Name: "pausa", Text: "Olá, {nome}!", Pace: gap})
		sent := func() int { return len(o.texts()) }
		time.Sleep(3*time.Minute + 30*time.Second)
		if sent() == 0 {
			t.Fatal("nothing left before the pause")
		}
		if _, err := desk(o.book).Pause(id); err != nil {
			t.Fatal(err)
		}
		before := sent()
		time.Sleep(24 * time.Hour)
		if got := sent(); got != before {
			t.Errorf("%d messages left while it was paused", got-before)
		}
		if _, err := desk(o.book).Resume(id); err != nil {
			t.Fatal(err)
		}
		o.finish(id)
		if counts := o.agree(id, hello); counts.Accepted() != 10 {
			t.Errorf("%v, want all ten sent", counts)
		}
	})
}

func TestAfterSairNothingFromAnyNumber(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 9, People: 30, OptOuts: .5})
		a, b := o.link("a"), o.link("b")
		o.importPeople()
		first := o.campaign(campaign.Campaign{Name: "1", Text: "Olá, {nome}!", Numbers: []campaign.NumberID{a}})
		o.finish(first)
		time.Sleep(48 * time.Hour) // the slowest have answered
		said := make(map[string]time.Time)
		for _, s := range o.service.Ledger().Said() {
			if wish, _ := people.Wants(s.Text, ""); wish == people.No {
				said[s.Person] = s.Time
			}
		}
		if len(said) == 0 {
			t.Fatal("nobody asked to be left alone: the test shows nothing")
		}
		second := o.campaign(campaign.Campaign{Name: "2", Text: "Olá de novo, {nome}!", Numbers: []campaign.NumberID{b}})
		o.finish(second)
		number, err := o.book.Number(a)
		if err != nil {
			t.Fatal(err)
		}
		confirmed := make(map[string]int)
		for _, s := range o.service.Ledger().Seen() {
			switch at, ok := said[s.Person]; {
			case s.Text == (campaign.Confirmation{}).For("pt") && s.Number == string(number.Phone):
				confirmed[s.Person]++
			case ok && s.Time.After(at):
				t.Errorf("%s asked to be left alone and then saw %q", s.Person, s.Text)
			}
		}
		for person, n := range confirmed {
			if _, ok := said[person]; !ok || n != 1 {
				t.Errorf("%s is told %d times that they have left", person, n)
			}
		}
		if len(confirmed) != len(said) {
			t.Errorf("%d of %d are told that they have left", len(confirmed), len(said))
		}
		skipped := 0
		for _, d := range o.deliveries(second) {
			if d.State == campaign.Skipped && d.Reason.Code == reason.DeliveryOptedOut {
				skipped++
			}
		}
		if skipped != len(said) {
			t.Errorf("%d skipped for their opt-out, want %d", skipped, len(said))
		}
	})
}

// TestWithoutKeysNothingIsSent: the library reports success when the service
// refuses a recipient's keys or lists no device of theirs.
func TestWithoutKeysNothingIsSent(t *testing.T) {
	for _, fault := range []simulator.Rule{
		{On: simulator.PreKeys, Do: simulator.NoPreKeys},
		{On: simulator.PreKeys, Do: simulator.Refuse, Code: 429},
		{On: simulator.Usync, Do: simulator.NoDevices},
	} {
		t.Run(fmt.Sprint(fault.On, fault.Do, fault.Code), func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				o := newOffice(t, simulator.Config{Seed: 11, People: 6})
				o.link("loja")
				o.importPeople()
				victim := o.service.People()[2]
				always, passing := fault, fault
				always.To = victim.Phone
				passing.To, passing.Limit = o.service.People()[4].Phone, 1
				o.service.Fault(always)
				o.service.Fault(passing)
				id := o.campaign(campaign.Campaign{Name: "chaves", Text: "Olá, {nome}!"})
				o.finish(id)
				counts := o.agree(id, hello)
				if counts[campaign.Failed] != 1 || counts.Accepted() != 5 {
					t.Errorf("%v, want five sent and one failed", counts)
				}
				for _, d := range o.deliveries(id) {
					if string(d.Phone) == victim.Phone && d.Reason.Code != reason.DeliveryNoKeys {
						t.Errorf("it failed for %q, want %q", d.Reason, reason.DeliveryNoKeys)
					}
				}
			})
		})
	}
}

func TestRestartComesBackWithoutAQRAndALogoutKeepsTheHistory(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 13, People: 5})
		number := o.link("loja")
		o.importPeople()
		id := o.campaign(campaign.Campaign{Name: "antes", Text: "Olá, {nome}!"})
		o.finish(id)
		phone := o.snapshot(number).Number.Phone
		o.close()
		o.open()
		o.online(number)

		own, ok := o.service.Own(string(phone))
		if !ok {
			t.Fatalf("the service does not know %s", phone)
		}
		own.Logout()
		o.until("logged out", func() bool { return o.snapshot(number).State == campaign.LoggedOut })
		if counts := o.agree(id, hello); counts.Accepted() != 5 {
			t.Errorf("after the logout the campaign is %v", counts)
		}
		if err := o.pool.Link(number); err != nil {
			t.Fatal(err)
		}
		o.until("a new code", func() bool { return o.snapshot(number).QR != "" })
		if _, err := o.service.ScanAs(o.snapshot(number).QR, string(phone)); err != nil {
			t.Fatal(err)
		}
		o.online(number)
		if again := o.snapshot(number).Number; again.Phone != phone || again.Link != 2 {
			t.Errorf("linked again it is %s by link %d, want %s by link 2", again.Phone, again.Link, phone)
		}
		if !slices.Contains(o.numbers(), number) || len(o.numbers()) != 1 {
			t.Errorf("there are numbers %v, want only %d", o.numbers(), number)
		}
	})
}

// TestLineThatBreaksAgainAndAgainIsMadeAgainAtOnce: waiting longer and longer
// is for a service that cannot be reached, not for one that takes messages.
func TestLineThatBreaksAgainAndAgainIsMadeAgainAtOnce(t *testing.T) {
	breaksLines(t)
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 17, People: 60, Speed: simulator.Instant})
		o.link("loja")
		o.importPeople()
		o.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.DropAfter, Probability: .3})
		begun := time.Now()
		id := o.campaign(campaign.Campaign{Name: "quebra", Text: "Olá, {nome}!"})
		o.until("finished", func() bool {
			c, err := o.book.Campaign(id)
			return err == nil && c.Status == campaign.Finished
		})
		if took := time.Since(begun); took > 3*time.Minute {
			t.Errorf("it took %v, want a few seconds for each break", took)
		}
		o.service.ClearFaults()
		time.Sleep(time.Minute) // for the last receipts
		if counts := o.agree(id, hello); counts.Accepted() != 60 {
			t.Errorf("%v, want all sixty sent", counts)
		}
	})
}

// desk is where the person of a test changes the book.
func desk(b *store.Book) *store.Desk {
	return b.Desk(store.Actor{Name: "ana", Role: store.Admin, From: "test"})
}
