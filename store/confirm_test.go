package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// newLeaving is a shop whose campaign so many people got within the last hour, by the
// clock of the machine: what is heard is taken to be heard now.
func newLeaving(t *testing.T, n int) *answered {
	t.Helper()
	return answeredAt(t, n, "", time.Now().Add(-time.Hour))
}

// confirmation is the delivery of the confirmation of somebody's opt-out that was made
// last; ok is false if there is none.
func (s *answered) confirmation(i int) (d campaign.Delivery, ok bool) {
	s.Helper()
	n, err := s.book.Number(s.number)
	if err != nil {
		s.Fatal(err)
	}
	all, err := s.book.Deliveries(n.Confirms, -1, 1000)
	if err != nil {
		s.Fatal(err)
	}
	for _, one := range all {
		if one.Contact == s.got[i].Contact {
			d, ok = one, true
		}
	}
	return d, ok
}

// heard lets the number hear one of them, as it comes.
func (s *answered) heard(i int, m campaign.Incoming) {
	s.Helper()
	m.From = people.Seen{Phone: s.got[i].Phone, LID: s.got[i].LID, Known: true}
	if err := s.book.Heard(s.number, m); err != nil {
		s.Fatal(err)
	}
}

// rests fails the test if anything waits to be sent.
func (s *answered) rests(when string) {
	s.Helper()
	if got := s.claim(); got.Delivery != nil {
		s.Errorf("%s: %q is sent to %s", when, got.Delivery.Text, got.Delivery.Name)
	}
}

// sound looks whether the book says anything wrong of itself.
func (s *answered) sound() {
	s.Helper()
	if v, err := s.book.Verify(s.Context()); err != nil || len(v.Findings) > 0 {
		s.Errorf("the evidence: %v, %v", v.Findings, err)
	}
	wrong, err := s.book.Wrong()
	if err != nil || len(wrong) > 0 {
		s.Errorf("the book says of itself %q, %v", wrong, err)
	}
}

// TestAnOptOutIsConfirmedOnce: by the number that they wrote to, and it changes nothing
// of the campaign or of when they were written to.
func TestAnOptOutIsConfirmedOnce(t *testing.T) {
	s := newLeaving(t, 3)
	before, made := s.counts()
	lastSent := contact(s.T, s.shop, 1).LastSent
	s.says(1, "SAIR")
	made.Replied, made.OptedOut = made.Replied+1, made.OptedOut+1
	s.says(1, "pare de mandar mensagem!")
	d := s.mustClaim()
	if d.Contact != s.got[1].Contact || d.Text != (campaign.Confirmation{}).For("pt") || d.New || d.Number != s.number || d.Message == "" {
		t.Fatalf("it is sent as %+v", d)
	}
	c, err := s.book.Campaign(d.Campaign)
	if err != nil || c.Confirms != s.number || !c.Archived || !c.Aside() || c.Status != campaign.Running {
		t.Errorf("it is of %+v, %v", c, err)
	}
	s.settle(d, accepted)
	s.rests("when it was sent")
	s.says(1, "SAIR")
	s.rests("when they say so again")
	if c, err = s.book.Campaign(d.Campaign); err != nil || c.Status != campaign.Finished {
		t.Errorf("when all is sent: %+v, %v", c, err)
	}
	if err := desk(s.book).RenameNumber(s.number, "centro"); err != nil {
		t.Fatal(err)
	}
	if got := contact(s.T, s.shop, 1).LastSent; !got.Equal(lastSent) {
		t.Errorf("they were written to at %v, before at %v", got, lastSent)
	}
	after, told := s.counts()
	before[campaign.Sent]--
	before[campaign.Replied]++
	if after != before || told.Replied != made.Replied || told.OptedOut != made.OptedOut {
		t.Errorf("%v, %+v, want %v, %+v", after, told, before, made)
	}

	s.says(2, "me tira dessa lista")
	if d := s.mustClaim(); d.Contact != s.got[2].Contact || d.Campaign != c.ID {
		t.Errorf("the next one is %+v", d)
	} else {
		s.settle(d, accepted)
	}
	if c, err = s.book.Campaign(c.ID); err != nil || c.Name != campaign.ConfirmsName("centro") {
		t.Errorf("with another name of the number: %+v, %v", c, err)
	}
	s.sound()
}

// TestAClearNoAfterADoubtIsConfirmed.
func TestAClearNoAfterADoubtIsConfirmed(t *testing.T) {
	s := newLeaving(t, 1)
	s.says(0, "que saco")
	s.rests("a doubt")
	s.says(0, "SAIR")
	if d := s.mustClaim(); d.Contact != s.got[0].Contact || d.Zone != d.Phone.Zone() || d.Zone == "" {
		t.Errorf("it is sent as %+v", d)
	}
}

// TestWhatIsNotConfirmed is every other way in which somebody is opted out, and what is
// said too long ago or by whom no campaign has written to.
func TestWhatIsNotConfirmed(t *testing.T) {
	for name, leaves := range map[string]func(s *answered) error{
		"history": func(s *answered) error {
			s.heard(0, campaign.Incoming{ID: "A", Text: "SAIR", At: s.now, Past: true})
			return nil
		},
		"long ago": func(s *answered) error {
			s.heard(0, campaign.Incoming{ID: "A", Text: "SAIR", At: s.now.Add(-campaign.ConfirmWithin - time.Second)})
			return nil
		},
		"by hand": func(s *answered) error { return desk(s.book).OptOut(s.got[0].Contact, "no balcão") },
		"a doubt that is decided": func(s *answered) error {
			s.heard(0, campaign.Incoming{ID: "A", Text: "que saco", At: s.now})
			return desk(s.book).OptOut(s.got[0].Contact, "no balcão")
		},
		"a file": func(s *answered) error {
			row := crowd(1)[0]
			row.Left = "descadastrado"
			_, err := desk(s.book).Import(s.Context(), []people.Row{row}, "saíram.csv")
			return err
		},
		"switched off": func(s *answered) error {
			_, err := desk(s.book).SetConfirmation(s.number, campaign.Confirmation{Off: true})
			s.says(0, "SAIR")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newLeaving(t, 1)
			if err := leaves(s); err != nil {
				t.Fatal(err)
			}
			if !contact(s.T, s.shop, 0).OptedOut {
				t.Fatal("they are not opted out: the test shows nothing")
			}
			s.rests(name)
			if n, err := s.book.Number(s.number); err != nil || n.Confirms != 0 {
				t.Errorf("there is campaign %d for it, %v", n.Confirms, err)
			}
		})
	}
	t.Run("nobody wrote to them", func(t *testing.T) {
		s := &answered{shop: newShop(t, 1, "")}
		s.now = time.Now()
		s.got = []campaign.Delivery{{Phone: crowd(1)[0].Phone, LID: lidOf(crowd(1)[0].Phone)}}
		s.heard(0, campaign.Incoming{ID: "A", Text: "para de me mandar mensagem", At: s.now})
		if !contact(s.T, s.shop, 0).OptedOut {
			t.Fatal("they are not opted out: the test shows nothing")
		}
		s.rests("a private chat")
	})
}

// TestWhoWasReachedOnceIsTold also if the last message to them was refused; who never got
// any is not.
func TestWhoWasReachedOnceIsTold(t *testing.T) {
	s := newLeaving(t, 1)
	s.start("")
	refused := campaign.Outcome{Kind: campaign.Refused, Code: 400, Reason: reason.New(reason.RefusedText)}
	s.settle(s.mustClaim(), refused)
	s.says(0, "SAIR")
	if d := s.mustClaim(); d.Text != (campaign.Confirmation{}).For("pt") {
		t.Errorf("they get %q", d.Text)
	}

	tried := &answered{shop: newShop(t, 1, "")}
	tried.now = time.Now()
	tried.answer(crowd(1)...)
	draft, err := tried.write("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.SendTest(t.Context(), desk(tried.book), draft.ID, contact(t, tried.shop, 0).ID, tried.now); err != nil {
		t.Fatal(err)
	}
	tried.got = []campaign.Delivery{tried.mustClaim()}
	tried.settle(tried.got[0], accepted)
	tried.says(0, "SAIR")
	if d := tried.mustClaim(); d.Text != (campaign.Confirmation{}).For("pt") {
		t.Errorf("who got a test gets %q", d.Text)
	}

	never := &answered{shop: newShop(t, 1, "")}
	never.now = time.Now()
	never.answer(crowd(1)...)
	never.start("")
	d := never.mustClaim()
	never.settle(d, refused)
	never.got = []campaign.Delivery{d}
	never.says(0, "SAIR")
	never.rests("nothing reached them")
}

// TestAConfirmationIsGivenUp when there is no more reason for it at the moment of its turn.
func TestAConfirmationIsGivenUp(t *testing.T) {
	for want, happens := range map[reason.Code]func(s *answered) error{
		reason.ConfirmBack: func(s *answered) error { return desk(s.book).OptIn(s.got[0].Contact, "pediu de novo") },
		reason.ConfirmOff: func(s *answered) error {
			_, err := desk(s.book).SetConfirmation(s.number, campaign.Confirmation{Off: true})
			return err
		},
		reason.ConfirmLate: func(s *answered) error { s.now = s.now.Add(campaign.ConfirmWithin); return nil },
		reason.DeliveryBlocked: func(s *answered) error {
			return s.book.Block(s.number, people.Seen{Phone: s.got[0].Phone, LID: s.got[0].LID}, true)
		},
	} {
		t.Run(string(want), func(t *testing.T) {
			s := newLeaving(t, 1)
			s.says(0, "SAIR")
			if err := happens(s); err != nil {
				t.Fatal(err)
			}
			s.rests(string(want))
			if d, ok := s.confirmation(0); !ok || d.State != campaign.Skipped || d.Reason.Code != want {
				t.Errorf("%v: it is %+v", ok, d)
			}
			s.sound()
		})
	}
	t.Run("erased", func(t *testing.T) {
		s := newLeaving(t, 1)
		s.says(0, "SAIR")
		if err := desk(s.book).Erase(t.Context(), s.got[0].Contact); err != nil {
			t.Fatal(err)
		}
		s.rests("erased")
	})
}

// TestWhoLeavesAgainIsConfirmedAgain, and who left twice before anything was said to
// them is told once.
func TestWhoLeavesAgainIsConfirmedAgain(t *testing.T) {
	s := newLeaving(t, 1)
	leaves := func(text string) { // by the clock by which an opt-in is written down
		t.Helper()
		time.Sleep(time.Millisecond)
		s.now = time.Now()
		s.heard(0, campaign.Incoming{ID: campaign.MessageID(text), Text: text, At: s.now})
	}
	returns := func() {
		t.Helper()
		if err := desk(s.book).OptIn(s.got[0].Contact, "pediu de novo"); err != nil {
			t.Fatal(err)
		}
	}
	leaves("SAIR")
	d := s.mustClaim()
	s.settle(d, accepted)
	returns()
	leaves("sair!")
	again := s.mustClaim()
	if again.Message == d.Message || again.Contact != d.Contact || again.Campaign != d.Campaign {
		t.Errorf("they are told by %+v", again)
	}
	s.settle(again, accepted)
	returns()
	leaves("SAIR.")
	returns()
	leaves("sair já")
	s.settle(s.mustClaim(), accepted)
	s.rests("told already")

	returns()
	leaves("me tira da lista")
	put := s.mustClaim()
	s.settle(put, offline) // it did not leave, and is tried again later
	returns()
	leaves("me tira da lista!")
	s.now = s.now.Add(time.Hour)
	if d := s.mustClaim(); d.Message == put.Message {
		t.Errorf("they are told by what was put off before: %+v", d)
	} else {
		s.settle(d, accepted)
	}
	s.rests("what was put off")

	returns()
	s.now = time.Now()
	leaves("me tira da lista já")
	returns()
	if err := desk(s.book).OptOut(s.got[0].Contact, "no balcão"); err != nil {
		t.Fatal(err)
	}
	s.rests("they came back, and left by hand")
	s.sound()
}

// TestAConfirmationIsForTheAccountThatWrote: not for who has their phone now; see
// TestWhoseLeavingIsConfirmed.
func TestAConfirmationIsForTheAccountThatWrote(t *testing.T) {
	s := newLeaving(t, 1)
	s.says(0, "SAIR")
	c := contact(t, s.shop, 0)
	if err := s.book.Answered(s.number, []people.Phone{c.Phone}, []people.Answer{{Asked: c.Phone, Presence: people.OnWhatsApp, Phone: c.Phone, LID: "99999"}}, s.now); err != nil {
		t.Fatal(err)
	}
	s.rests("their phone is somebody else's now")
}

// TestAConfirmationDoesNotCountAsACampaign when it is asked when they were written to.
func TestAConfirmationDoesNotCountAsACampaign(t *testing.T) {
	s := newLeaving(t, 1)
	s.says(0, "SAIR")
	s.settle(s.mustClaim(), accepted)
	if err := desk(s.book).OptIn(s.got[0].Contact, "pediu de novo"); err != nil {
		t.Fatal(err)
	}
	s.now = time.Now().Add(30 * time.Minute)
	s.start("per-person=45m")
	d := s.mustClaim()
	s.settle(d, offline)
	s.now = s.now.Add(time.Minute)
	if again := s.mustClaim(); again.Message != d.Message {
		t.Errorf("it is %+v", again)
	}
}

// TestAConfirmationIsFilledInAtItsTurn: it says good morning in the morning.
func TestAConfirmationIsFilledInAtItsTurn(t *testing.T) {
	s := newLeaving(t, 1)
	if _, err := desk(s.book).SetConfirmation(s.number, campaign.Confirmation{Text: "{saudacao}! Pronto."}); err != nil {
		t.Fatal(err)
	}
	s.says(0, "SAIR")
	zone, err := time.LoadLocation(s.got[0].Phone.Zone())
	if err != nil {
		t.Fatal(err)
	}
	today := s.now.In(zone)
	s.now = time.Date(today.Year(), today.Month(), today.Day()+1, 9, 0, 0, 0, zone)
	if d := s.mustClaim(); d.Text != "Bom dia! Pronto." {
		t.Errorf("it says %q", d.Text)
	}
}

// TestNobodyWaitsForConfirmationsThatCannotLeave because their number is not linked.
func TestNobodyWaitsForConfirmationsThatCannotLeave(t *testing.T) {
	s := newLeaving(t, 1)
	s.says(0, "SAIR")
	if idle, err := s.book.Idle(); err != nil || idle {
		t.Errorf("while it can leave: idle %v, %v", idle, err)
	}
	if err := s.book.UnlinkNumber(s.number, campaign.Standing{State: campaign.LoggedOut}); err != nil {
		t.Fatal(err)
	}
	if idle, err := s.book.Idle(); err != nil || !idle {
		t.Errorf("unlinked: idle %v, %v", idle, err)
	}
}

// TestAConfirmationKeepsThePace of its number, and its hours.
func TestAConfirmationKeepsThePace(t *testing.T) {
	s := newLeaving(t, 2)
	s.limit("gap=30s-30s")
	s.says(0, "SAIR")
	s.settle(s.mustClaim(), accepted)
	s.heard(1, campaign.Incoming{ID: "B", Text: "SAIR", At: s.now})
	if got := s.claim(); got.Hold.Reason != reason.HoldGap {
		t.Errorf("right after another message: %+v", got)
	}
	s.limit("hours=09:00-20:00")
	zone, err := time.LoadLocation(s.got[1].Phone.Zone())
	if err != nil {
		t.Fatal(err)
	}
	today := s.now.In(zone)
	s.now = time.Date(today.Year(), today.Month(), today.Day()+1, 22, 0, 0, 0, zone)
	if got := s.claim(); got.Hold.Reason != reason.HoldHours {
		t.Errorf("at night: %+v", got)
	}
	s.now = s.now.Add(11 * time.Hour)
	s.mustClaim()
}

// TestAConfirmationThatMayHaveLeftIsTheSameMessage after the program has died.
func TestAConfirmationThatMayHaveLeftIsTheSameMessage(t *testing.T) {
	s := newLeaving(t, 1)
	s.says(0, "SAIR")
	d := s.mustClaim()
	s.restart()
	if _, err := desk(s.book).SetConfirmation(s.number, campaign.Confirmation{Text: "Até logo."}); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Hour)
	again := s.mustClaim()
	if again.Message != d.Message || again.Text != d.Text || again.Seq != d.Seq {
		t.Errorf("%+v becomes %+v", d, again)
	}
	s.settle(again, accepted)
	s.rests("sent")
	s.sound()
}

// TestTheTextOfAConfirmation: that of the number for everybody, as it is when they
// leave; else a usual one in the language of what they wrote or, if that does not tell,
// of what they had been written.
func TestTheTextOfAConfirmation(t *testing.T) {
	s := newLeaving(t, 4)
	for i, said := range []struct{ text, language string }{
		{"no me escriban más por favor", "es"},
		{"please stop texting me", "en"},
		{"não me mande mais mensagens", "pt"},
	} {
		s.says(i, said.text)
		if d := s.mustClaim(); d.Text != (campaign.Confirmation{}).For(said.language) {
			t.Errorf("%q is answered by %q", said.text, d.Text)
		} else {
			s.settle(d, accepted)
		}
	}
	n, err := desk(s.book).SetConfirmation(s.number, campaign.Confirmation{Text: "Feito, {primeiro_nome|cliente}.\n"})
	if err != nil || n.Confirm.Text != "Feito, {primeiro_nome|cliente}." {
		t.Fatalf("%+v, %v", n, err)
	}
	s.says(3, "SAIR")
	if _, err := desk(s.book).SetConfirmation(s.number, campaign.Confirmation{Text: "Outro"}); err != nil {
		t.Fatal(err)
	}
	d := s.mustClaim()
	if d.Text != "Feito, "+people.FirstName(d.Name)+"." {
		t.Errorf("it says %q", d.Text)
	}
	s.settle(d, accepted)

	s = newLeaving(t, 1)
	c, err := desk(s.book).AddCampaign(campaign.Campaign{Name: "c", Text: "The new shoes are in the shop"})
	if err == nil {
		_, err = desk(s.book).Start(c.ID, s.now)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.settle(s.mustClaim(), accepted)
	s.says(0, "STOP")
	if d := s.mustClaim(); d.Text != (campaign.Confirmation{}).For("en") {
		t.Errorf("a word of every language to an English text is answered by %q", d.Text)
	}
}

// TestATextThatCannotConfirmIsRefused, and what was set stays.
func TestATextThatCannotConfirmIsRefused(t *testing.T) {
	s := newShop(t, 1, "")
	for text, want := range map[string]reason.Code{
		"Até logo, {nome}": reason.ConfirmFallback,
		"{nome|}":          reason.ConfirmEmpty,
		"Até logo, {nome|": reason.TemplateNoClosing,
		strings.Repeat("é", campaign.TextMost+1): reason.TextLong,
	} {
		if _, err := desk(s.book).SetConfirmation(s.number, campaign.Confirmation{Text: text}); reasonOf(err) != want {
			t.Errorf("%.20q: %v, want %s", text, err, want)
		}
	}
	if n, err := s.book.Number(s.number); err != nil || n.Confirm != (campaign.Confirmation{}) {
		t.Errorf("%+v, %v", n.Confirm, err)
	}
}

// TestTheConfirmationsOfANumberAreACampaign that is paused, given up and deleted like
// any other, and neither moved to another number nor given another text.
func TestTheConfirmationsOfANumberAreACampaign(t *testing.T) {
	s := newLeaving(t, 4)
	other := s.another()
	s.says(0, "SAIR")
	d, _ := s.confirmation(0)
	id := d.Campaign
	if _, err := desk(s.book).Pause(id); err != nil {
		t.Fatal(err)
	}
	s.says(1, "SAIR")
	s.rests("paused")
	if d, ok := s.confirmation(1); !ok || d.Campaign != id || d.State != campaign.Queued {
		t.Errorf("while it is paused: %+v", d)
	}
	if _, err := desk(s.book).MoveNumber(t.Context(), id, s.number, true, s.now); reasonOf(err) != reason.ConfirmBare {
		t.Errorf("to %d: %v", other, err)
	}
	if _, err := desk(s.book).FixText(id, 0, d.Text, "Outro"); reasonOf(err) != reason.ConfirmBare {
		t.Errorf("another text: %v", err)
	}
	if _, err := s.book.Retriable(t.Context(), id); reasonOf(err) != reason.RetryAside {
		t.Errorf("tried again: %v", err)
	}
	if _, err := desk(s.book).Cancel(id); err != nil {
		t.Fatal(err)
	}
	for jobs, err := s.book.Jobs(); err != nil || len(jobs) > 0; jobs, err = s.book.Jobs() {
		time.Sleep(time.Millisecond)
	}
	s.rests("cancelled")
	s.says(2, "SAIR")
	d, _ = s.confirmation(2)
	if d.Campaign == id || d.Seq != 0 {
		t.Errorf("after that: %+v", d)
	}
	if _, err := desk(s.book).SetConfirmation(s.number, campaign.Confirmation{Off: true}); err != nil {
		t.Fatal(err)
	}
	s.rests("switched off")
	if _, err := desk(s.book).DeleteCampaign(t.Context(), d.Campaign); err != nil {
		t.Fatal(err)
	}
	if _, err := desk(s.book).SetConfirmation(s.number, campaign.Confirmation{}); err != nil {
		t.Fatal(err)
	}
	s.says(3, "SAIR")
	again, _ := s.confirmation(3)
	if _, err := s.book.Campaign(d.Campaign); !errors.Is(err, store.ErrNotFound) || again.Campaign == d.Campaign {
		t.Errorf("deleted: %v, and the next is %+v", err, again)
	}
	s.settle(s.mustClaim(), accepted)
	s.sound()
}

// TestConfirmationsThatPauseThemselvesAreSeen: nobody looks among what is archived.
func TestConfirmationsThatPauseThemselvesAreSeen(t *testing.T) {
	for name, pauses := range map[string]func(s *answered){
		"refused": func(s *answered) {
			for range 5 {
				s.settle(s.mustClaim(), campaign.Outcome{Kind: campaign.Refused, Code: 463, Reason: reason.New(reason.RefusedStrangers)})
				s.now = s.now.Add(time.Minute)
			}
		},
		"a number that is stopped": func(s *answered) {
			if err := s.book.SetStanding(s.number, campaign.Standing{State: campaign.Blocked, Stop: true, Since: s.now}); err != nil {
				s.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newLeaving(t, 6)
			for i := range 6 {
				s.says(i, "SAIR")
			}
			d, _ := s.confirmation(0)
			pauses(s)
			if c, err := s.book.Campaign(d.Campaign); err != nil || c.Status != campaign.Paused || c.Archived {
				t.Errorf("%+v, %v", c, err)
			}
		})
	}
}
