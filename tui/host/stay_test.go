package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session/simulator"
	"recado/session/simulator/bubble"
	"recado/store"
)

// lonely is an owner without a door, a lane or a terminal, in a bubble.
type lonely struct {
	*testing.T
	owner  *Owner
	desk   *store.Desk
	number campaign.NumberID
	ended  chan Ended
}

func newLonely(t *testing.T) *lonely {
	t.Helper()
	dir, clock := filepath.Join(t.TempDir(), "data"), new(campaign.Clock)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Demo, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	l := &lonely{
		T: t, desk: book.Desk(store.Actor{Name: "ana", Role: store.Admin, From: "test"}), ended: make(chan Ended, 1),
		owner: &Owner{Dir: dir, Parts: &Parts{Book: book, Clock: clock}, stopping: make(chan struct{}), bell: make(chan struct{}, 1)},
	}
	l.owner.stop = func() { close(l.owner.stopping) }
	number := must(l.desk.AddNumber("loja"))(t)
	must(l.desk.SetLimits(number.ID, campaign.Pace{}.All()))(t)
	must(book.LinkNumber(number.ID, "+5511900000001", "5511900000001:1@s.whatsapp.net", time.Now()))(t)
	l.number = number.ID
	return l
}

// must is the result of a call that may not fail.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// begins begins a campaign to as many people, which is being made ready.
func (l *lonely) begins(n int, pace campaign.Pace) campaign.ID {
	l.Helper()
	rows := make([]people.Row, n)
	for i := range rows {
		rows[i].Phone = people.Phone(fmt.Sprintf("+55219%08d", i))
	}
	must(l.desk.Import(l.Context(), rows, "test"))(l)
	c := must(l.desk.AddCampaign(campaign.Campaign{Name: "Natal", Text: "Oi!", Pace: pace}))(l)
	return must(l.desk.Begin(l.Context(), c.ID, time.Now()))(l).ID
}

// starts starts one.
func (l *lonely) starts(n int, pace campaign.Pace) campaign.ID {
	l.Helper()
	return must(l.owner.Parts.Book.Started(l.Context(), l.begins(n, pace)))(l).ID
}

// sends sends one message of what runs.
func (l *lonely) sends() { l.settles(campaign.Outcome{Kind: campaign.Accepted}) }

// settles does, with that outcome.
func (l *lonely) settles(o campaign.Outcome) {
	l.Helper()
	book, now := l.owner.Parts.Book, time.Now()
	for {
		claim := campaign.Claim{
			Number: l.number, Ready: campaign.Readiness{Link: 1, Since: now.Add(-time.Hour)}, Now: now,
			NewID: func() campaign.MessageID { return "ABC" },
		}
		switch act := must(book.Claim(claim))(l).(type) {
		case campaign.Check:
			var answers []people.Answer
			for i, phone := range act.Phones {
				answers = append(answers, people.Answer{Asked: phone, Phone: phone, LID: fmt.Sprint(100 + i), Presence: people.OnWhatsApp})
			}
			if err := book.Answered(l.number, act.Phones, answers, now); err != nil {
				l.Fatal(err)
			}
		case campaign.Send:
			if err := book.Settle(act.Delivery, o, now); err != nil {
				l.Fatal(err)
			}
			return
		default:
			l.Fatalf("nothing is sent: %+v", act)
		}
	}
}

// loses sends one, and whoever got it leaves: what tells them so waits.
func (l *lonely) loses() campaign.ID {
	l.Helper()
	l.starts(1, campaign.Pace{})
	l.sends()
	in := campaign.Incoming{From: people.Seen{Phone: "+5521900000000", LID: "100", Known: true}, ID: "IN", Text: "SAIR", At: time.Now()}
	if err := l.owner.Parts.Book.Heard(l.number, in); err != nil {
		l.Fatal(err)
	}
	return must(l.owner.Parts.Book.Number(l.number))(l).Confirms
}

func (l *lonely) pauses(id campaign.ID) {
	l.Helper()
	must(l.desk.Pause(id))(l)
}

// fails has a campaign pause itself: as many refusals in a row are no accident.
func (l *lonely) fails(id campaign.ID) {
	l.Helper()
	for range 5 {
		l.settles(campaign.Outcome{Kind: campaign.Refused, Code: 403, Reason: reason.New(reason.RefusedPerson)})
	}
	if c := must(l.owner.Parts.Book.Campaign(id))(l); c.Status != campaign.Paused || c.Reason.IsZero() {
		l.Fatalf("it is %v, %v", c.Status, c.Reason)
	}
}

// stays has it decide, and stop with the test.
func (l *lonely) stays() {
	ctx, cancel := context.WithCancel(l.Context())
	l.Cleanup(func() {
		cancel()
		synctest.Wait()
	})
	go func() { l.ended <- l.owner.Stay(ctx) }()
}

// has ended, and why; empty: it has not.
func (l *lonely) has() Ended {
	synctest.Wait()
	select {
	case why := <-l.ended:
		return why
	default:
		return ""
	}
}

// TestAnOwnerStaysForAsLongAsItIsNeeded: while somebody or something is there
// for it, and a day after the last message.
func TestAnOwnerStaysForAsLongAsItIsNeeded(t *testing.T) {
	const always = -1
	for name, c := range map[string]struct {
		state func(l *lonely)
		stays time.Duration // from then on
	}{
		"nothing was ever sent":           {func(l *lonely) {}, 0},
		"a draft":                         {func(l *lonely) { must(l.desk.AddCampaign(campaign.Campaign{Name: "Natal"}))(l) }, 0},
		"it runs":                         {func(l *lonely) { l.starts(2, campaign.Pace{}) }, always},
		"it runs, and a message has left": {func(l *lonely) { l.starts(2, campaign.Pace{}); l.sends() }, always},
		"it waits for its day":            {func(l *lonely) { l.starts(2, campaign.Pace{Hours: campaign.Hours{Days: 1}}) }, always},
		"it waits for its hours":          {func(l *lonely) { l.starts(2, campaign.Pace{Hours: campaign.Hours{From: 60, To: 61}}) }, always},
		"it is being made ready": {func(l *lonely) {
			l.begins(20_000, campaign.Pace{}) // which takes a while, but no time of the bubble
			if !l.owner.needed() {
				l.Error("it is not needed at the moment")
			}
		}, always},
		"a person paused it":                   {func(l *lonely) { l.pauses(l.starts(2, campaign.Pace{})) }, 0},
		"a person paused it while it was made": {func(l *lonely) { l.pauses(l.begins(20_000, campaign.Pace{})) }, 0},
		"a person paused it after a message":   {func(l *lonely) { id := l.starts(2, campaign.Pace{}); l.sends(); l.pauses(id) }, lateFor},
		"it paused itself":                     {func(l *lonely) { l.fails(l.starts(9, campaign.Pace{})) }, always},
		"it is cancelled":                      {func(l *lonely) { must(l.desk.Cancel(l.starts(2, campaign.Pace{})))(l) }, 0},
		"it is cancelled after a message":      {func(l *lonely) { id := l.starts(2, campaign.Pace{}); l.sends(); must(l.desk.Cancel(id))(l) }, lateFor},
		"it is finished":                       {func(l *lonely) { l.starts(1, campaign.Pace{}); l.sends() }, lateFor},
		"it was finished ten hours ago":        {func(l *lonely) { l.starts(1, campaign.Pace{}); l.sends(); time.Sleep(10 * time.Hour) }, lateFor - 10*time.Hour},
		"it was finished two days ago":         {func(l *lonely) { l.starts(1, campaign.Pace{}); l.sends(); time.Sleep(48 * time.Hour) }, 0},
		"a confirmation waits":                 {func(l *lonely) { l.loses() }, always},
		"a confirmation waits for a link": {func(l *lonely) {
			l.loses()
			if err := l.owner.Parts.Book.UnlinkNumber(l.number, campaign.Standing{State: campaign.LoggedOut}); err != nil {
				l.Fatal(err)
			}
		}, lateFor},
		"a terminal is there":                    {func(l *lonely) { l.owner.count(&l.owner.terminals, 1) }, always},
		"a terminal is there, all is finished":   {func(l *lonely) { l.starts(1, campaign.Pace{}); l.sends(); l.owner.count(&l.owner.terminals, 1) }, always},
		"a command runs":                         {func(l *lonely) { l.owner.count(&l.owner.commands, 1) }, always},
		"what is to be sent cannot be found out": {func(l *lonely) { l.owner.Parts.Book.Close() }, always},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLonely(t)
				c.state(l)
				begun := time.Now()
				l.stays()
				if c.stays == always {
					time.Sleep(lateFor + time.Hour)
					if why := l.has(); why != "" {
						t.Fatalf("it has ended: %s", why)
					}
					return
				}
				time.Sleep(time.Until(begun.Add(c.stays + aloneFor - time.Second)))
				if why := l.has(); why != "" {
					t.Fatalf("it ended before its time: %s", why)
				}
				time.Sleep(2*lookEvery + time.Second)
				if why := l.has(); why != EndedIdle {
					t.Fatalf("it has not ended after %v: %q", time.Since(begun), why)
				}
			})
		})
	}
}

// TestConfirmationsAreNotPausedWithTheRest when somebody leaves and has all paused: nobody
// would know that they are to be resumed.
func TestConfirmationsAreNotPausedWithTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLonely(t)
		confirms := l.loses()
		other := l.starts(2, campaign.Pace{})
		if err := l.owner.halt(l.desk); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[campaign.ID]campaign.Status{confirms: campaign.Running, other: campaign.Paused} {
			if c := must(l.owner.Parts.Book.Campaign(id))(t); c.Status != want {
				t.Errorf("%q is %v, want %v", c.Name, c.Status, want)
			}
		}
	})
}

// TestATerminalThatComesBackFindsTheOwnerStillThere.
func TestATerminalThatComesBackFindsTheOwnerStillThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLonely(t)
		l.owner.count(&l.owner.terminals, 1)
		l.stays()
		for range 5 { // each absence is one of its own
			time.Sleep(time.Hour)
			l.owner.count(&l.owner.terminals, -1)
			time.Sleep(aloneFor - time.Second)
			l.owner.count(&l.owner.terminals, 1)
		}
		if why := l.has(); why != "" {
			t.Fatalf("it has ended: %s", why)
		}
		l.owner.count(&l.owner.terminals, -1)
		time.Sleep(aloneFor + 2*lookEvery)
		if why := l.has(); why != EndedIdle {
			t.Fatalf("it is still there: %q", why)
		}
	})
}

// TestAnOwnerSaysWhyItEnds where it does not wait to be idle.
func TestAnOwnerSaysWhyItEnds(t *testing.T) {
	for want, end := range map[Ended]func(l *lonely){
		EndedTold:  func(l *lonely) { l.owner.Stop() },
		EndedMoved: func(l *lonely) { os.Rename(l.owner.Dir, l.owner.Dir+".away") },
	} {
		t.Run(string(want), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLonely(t)
				l.starts(2, campaign.Pace{})
				l.stays()
				time.Sleep(time.Hour)
				end(l)
				time.Sleep(2 * lookEvery)
				if why := l.has(); why != want {
					t.Fatalf("it ended with %q", why)
				}
			})
		})
	}
}

// unwritten is a log without a file, whose library would outlive the bubble.
type unwritten struct{ io.Writer }

func (unwritten) Close() error { return nil }

// TestAnOwnerEndsInTenSecondsWhateverWhatsAppDoes: it answers nothing, and a
// command waits for the end. What was on the wire is in doubt then, and not lost.
func TestAnOwnerEndsInTenSecondsWhateverWhatsAppDoes(t *testing.T) {
	const stopWithin = 10 * time.Second // as docs/host.md says
	for name, c := range map[string]struct {
		silence func(s *simulator.Service)
		sending int  // on the wire
		left    bool // and it may be that they arrived
	}{
		"to messages": {func(s *simulator.Service) {
			s.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Silence})
			s.Fault(simulator.Rule{On: simulator.Receipt, Do: simulator.Silence}) // it arrives all the same
		}, 1, true},
		"to queries":       {func(s *simulator.Service) { s.Fault(simulator.Rule{On: simulator.Query, Do: simulator.Silence}) }, 0, false},
		"asked for keys":   {func(s *simulator.Service) { s.Fault(simulator.Rule{On: simulator.PreKeys, Do: simulator.Silence}) }, 1, false},
		"to everything":    {func(s *simulator.Service) { s.Fault(simulator.Rule{Do: simulator.Silence}) }, 0, false},
		"it is gone":       {func(s *simulator.Service) { s.SetDown(true) }, 0, false},
		"nothing is wrong": {func(s *simulator.Service) {}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				service := simulator.New(simulator.Config{People: 3, Quiet: true, Speed: simulator.Instant})
				config := configOf(t, service)
				r := &rig{TB: t, service: service, owner: must(openParts(config, unwritten{io.Discard}))(t)}
				pool, release, err := r.owner.Work(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				r.pool = pool
				r.imports(3)
				r.link("loja")
				camp := must(r.desk().AddCampaign(campaign.Campaign{Name: "Natal", Text: "Oi!", Pace: campaign.Pace{NewGap: campaign.Span{Min: time.Hour, Max: time.Hour}}}))(t)
				screens := r.terminalAt(r.owner.Inside(), 80, 24).reads()
				screens.sees("new number")
				c.silence(service)
				must(r.desk().Start(camp.ID, time.Now()))(t)
				time.Sleep(2 * time.Second)
				if counts := must(r.owner.Parts.Book.Counts(camp.ID))(t); counts[campaign.Sending] != c.sending {
					t.Errorf("%v are on the wire, want %d", counts, c.sending)
				}

				begun, told := time.Now(), make(chan error, 1)
				go func() {
					_, err := r.owner.Inside().Hand(t.Context(), Request{Args: []string{"stop"}}, Caller{})
					told <- err
				}()
				if why := r.owner.Stay(t.Context()); why != EndedTold {
					t.Errorf("it ended with %q", why)
				}
				if err := r.owner.Close(true); err != nil {
					t.Error(err)
				}
				release()
				screens.dropped("the owner ends")
				if screens.end == nil || screens.end.Why != Stopped {
					t.Errorf("the terminal ended with %+v", screens.end)
				}
				if err := <-told; err != nil {
					t.Errorf("the command that stopped it: %v", err)
				}
				if took := time.Since(begun); took > stopWithin {
					t.Errorf("it took %v", took)
				}
				again := must(openParts(config, unwritten{io.Discard}))(t)
				if counts := must(again.Parts.Book.Counts(camp.ID))(t); counts.Total() != 3 || counts[campaign.Sending]+counts[campaign.Unsure] > c.sending || c.left && counts[campaign.Queued] != 2 {
					t.Errorf("afterwards they are %v", counts)
				}
				if err := again.Close(true); err != nil {
					t.Error(err)
				}
				service.Finish(t)
				time.Sleep(10 * time.Minute) // the library's own timers
			})
		})
	}
}

// TestAClosedLogStaysClosed: what ends late must not make the file of a demo
// that is over, or of another owner, anew.
func TestAClosedLogStaysClosed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l := newLog(dir)
	for _, line := range []string{"one\n", "two\n"} {
		if _, err := l.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(dir, logName)); err != nil || string(got) != "one\ntwo\n" {
		t.Errorf("the log says %q: %v", got, err)
	}
	if err := errors.Join(l.Close(), os.RemoveAll(dir)); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Write([]byte("late\n")); n != 5 || err != nil {
		t.Errorf("a late line: %d %v", n, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a late line makes the directory anew: %v", err)
	}
}
