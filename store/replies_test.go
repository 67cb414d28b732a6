package store_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// answered is a shop whose campaign so many people got, and some of them replied.
type answered struct {
	*shop
	id  campaign.ID
	got []campaign.Delivery // in the order of sending
}

func newAnswered(t *testing.T, n int, spec string) *answered {
	t.Helper()
	return answeredAt(t, n, spec, monday)
}

// answeredAt is newAnswered from a time on.
func answeredAt(t *testing.T, n int, spec string, now time.Time) *answered {
	t.Helper()
	s := &answered{shop: newShop(t, n, spec)}
	if s.now != now {
		s.now = now
		s.answer(crowd(n)...)
	}
	s.id = s.start("")
	for range n {
		d := s.mustClaim()
		s.settle(d, accepted)
		s.got = append(s.got, d)
		s.now = s.now.Add(time.Minute)
	}
	return s
}

func (s *answered) says(i int, text string) {
	s.Helper()
	d := s.got[i]
	in := campaign.Incoming{From: people.Seen{Phone: d.Phone, LID: d.LID, Known: true}, ID: campaign.MessageID("IN" + text + string(d.Message)), Text: text, At: s.now}
	if err := s.book.Heard(s.number, in); err != nil {
		s.Fatal(err)
	}
	s.now = s.now.Add(time.Minute)
}

func (s *answered) replies(id campaign.ID) (all []store.Reply) {
	s.Helper()
	if err := s.book.Replies(s.Context(), id, func(r *store.Reply) error { all = append(all, *r); return nil }); err != nil {
		s.Fatal(err)
	}
	return all
}

func (s *answered) reply(i int, text string) (campaign.Campaign, error) {
	return desk(s.book).Answer(s.Context(), s.id, s.got[i].Contact, text, s.now)
}

// counts are the counters and the report of the campaign.
func (s *answered) counts() (campaign.Counts, campaign.Report) {
	s.Helper()
	counts, err := s.book.Counts(s.id)
	if err != nil {
		s.Fatal(err)
	}
	made, err := s.book.Report(s.Context(), s.id)
	if err != nil {
		s.Fatal(err)
	}
	return counts, made
}

// TestRepliesAreThoseThatTheReportCounts: in the order in which they came, without
// who wrote too late, and without who was erased.
func TestRepliesAreThoseThatTheReportCounts(t *testing.T) {
	s := newAnswered(t, 5, "")
	s.says(2, "Quanto custa?")
	s.says(0, "Oi")
	s.says(2, "E o frete?") // one person, one reply
	if err := desk(s.book).Erase(t.Context(), s.got[0].Contact); err != nil {
		t.Fatal(err)
	}
	s.says(4, "Quero")
	s.now = s.now.Add(campaign.ReplyWithin)
	s.says(1, "tarde")
	var said []string
	for _, r := range s.replies(s.id) {
		said = append(said, r.Answer)
		if r.Ours.Stands || r.Ours.ID != 0 || r.RepliedAt.IsZero() || r.Number != s.number {
			t.Errorf("%+v", r)
		}
	}
	if want := []string{"Quanto custa?\nE o frete?", "Quero"}; !slices.Equal(said, want) {
		t.Errorf("%q, want %q", said, want)
	}
	stop := errors.New("enough")
	n := 0
	if err := s.book.Replies(t.Context(), s.id, func(*store.Reply) error { n++; return stop }); !errors.Is(err, stop) || n != 1 {
		t.Errorf("%d are given out, %v", n, err)
	}
	if err := s.book.Replies(t.Context(), 99, nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of no campaign: %v", err)
	}
}

// TestAnAnswerIsOutsideTheCampaign: it goes once, by the number they wrote to,
// however lately they were written to, and changes no count and nothing of who
// may get the next campaign.
func TestAnAnswerIsOutsideTheCampaign(t *testing.T) {
	s := newAnswered(t, 2, "per-person=7d")
	if err := s.book.Saw(s.another(), []people.Seen{{Phone: s.got[0].Phone, LID: s.got[0].LID, Known: true}}); err != nil {
		t.Fatal(err)
	}
	s.says(0, "Quanto custa?")
	counts, made := s.counts()
	a, err := s.reply(0, "Dez reais, {nome}.\n")
	if err != nil || a.Status != campaign.Running || a.AnswerTo != s.id || !a.Archived {
		t.Fatalf("%+v, %v", a, err)
	}
	if r := s.replies(s.id)[0]; !r.Ours.Stands || r.Ours.ID != a.ID || r.Ours.State != campaign.Queued {
		t.Errorf("before it leaves: %+v", r)
	}
	before, err := s.book.Contact(s.got[0].Contact)
	if err != nil {
		t.Fatal(err)
	}
	d := s.mustClaim()
	if d.Contact != s.got[0].Contact || d.Campaign != a.ID || d.Text != "Dez reais, "+d.Name+"." || d.New || d.Number != s.number {
		t.Errorf("it is sent as %+v", d)
	}
	s.settle(d, accepted)
	if _, err := s.book.Receipt(s.number, people.Seen{Phone: d.Phone, LID: d.LID}, []campaign.MessageID{d.Message}, campaign.Read, s.now); err != nil {
		t.Fatal(err)
	}
	if r := s.replies(s.id)[0]; !r.Ours.Stands || r.Ours.State != campaign.Read {
		t.Errorf("when it was read: %+v", r)
	}
	after, err := s.book.Contact(s.got[0].Contact)
	if err != nil || !after.LastSent.Equal(before.LastSent) {
		t.Errorf("they were written to %v, before %v, %v", after.LastSent, before.LastSent, err)
	}
	s.says(0, "Obrigada!") // to the answer
	if now, report := s.counts(); now != counts || !reflect.DeepEqual(report.Funnel, made.Funnel) {
		t.Errorf("counts %v, report %+v; before %v, %+v", now, report.Funnel, counts, made.Funnel)
	}
	if again := s.claim(); again.Delivery != nil {
		t.Errorf("another one is sent: %+v", again.Delivery)
	}
	// What nobody wrote to the answer counts for nothing.
	if _, err := desk(s.book).Answer(t.Context(), a.ID, d.Contact, "De nada", s.now); reasonOf(err) != reason.AnswerToAnswer {
		t.Errorf("an answer to the answer: %v", err)
	}
}

// reasonOf is the code of the innermost reason of an error.
func reasonOf(err error) reason.Code {
	if err == nil {
		return ""
	}
	r := reason.Of(err)
	return r.Kind()
}

// TestAReplyIsAnsweredOnce: also after a restart, and by two at the same time;
// one that has not left for certain may be written again.
func TestAReplyIsAnsweredOnce(t *testing.T) {
	s := newAnswered(t, 2, "")
	s.says(0, "Quanto custa?")
	s.says(1, "E para mim?")
	type done struct {
		c   campaign.Campaign
		err error
	}
	both := make(chan done)
	for range 2 {
		go func() { // ends with its answer
			c, err := s.reply(0, "Dez reais")
			both <- done{c, err}
		}()
	}
	one, other := <-both, <-both
	if one.err != nil {
		one, other = other, one
	}
	if one.err != nil || !errors.Is(other.err, store.ErrExists) {
		t.Fatalf("%v and %v, want one of them refused", one.err, other.err)
	}
	// One that was cancelled in time is none; nor is a start of it then.
	if _, err := desk(s.book).Cancel(one.c.ID); err != nil {
		t.Fatal(err)
	}
	if r := s.replies(s.id)[0]; r.Ours.Stands || r.Ours.State != campaign.Skipped || r.Ours.ID != one.c.ID {
		t.Errorf("cancelled: %+v", r)
	}
	again, err := s.reply(0, "Doze reais")
	if err != nil {
		t.Fatal(err)
	}
	d := s.mustClaim()
	if d.Text != "Doze reais" {
		t.Errorf("it is sent as %+v", d)
	}
	s.settle(d, campaign.Outcome{Kind: campaign.Unknown}) // perhaps they have it
	s.restart()
	if _, err := s.reply(0, "Nove reais"); !errors.Is(err, store.ErrExists) || !reason.Of(err).Equal(reason.New(reason.AnswerTwice, again.ID)) {
		t.Errorf("one that may have arrived: %v", err)
	}
	if _, err := desk(s.book).Cancel(again.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.reply(0, "Nove reais"); !errors.Is(err, store.ErrExists) {
		t.Errorf("one that may have arrived, cancelled: %v", err)
	}
	if _, err := s.reply(1, "Onze reais"); err != nil {
		t.Errorf("the other person: %v", err)
	}
	// A copy of an answer is nobody's answer.
	if c := again.Copy(); c.AnswerTo != 0 || c.Only != 0 || c.To == "" {
		t.Errorf("a copy is %+v", c)
	}
}

// TestAnAnswerIsRefusedForAReason: before anything is written.
func TestAnAnswerIsRefusedForAReason(t *testing.T) {
	s := newAnswered(t, 5, "")
	for i, text := range []string{"Oi", "SAIR", "Oi", "Oi"} {
		s.says(i, text)
	}
	all, err := s.book.Campaigns()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.book.Block(s.number, people.Seen{Phone: s.got[2].Phone}, true); err != nil {
		t.Fatal(err)
	}
	s.says(3, "acho que vou sair da lista")
	for _, c := range []struct {
		who  int
		text string
		want reason.Code
	}{
		{1, "Por quê?", reason.DeliveryOptedOut},
		{2, "Oi", reason.DeliveryBlocked},
		{3, "Oi", reason.DeliveryDoubt},
		{4, "Oi", reason.AnswerNoReply},
		{0, " \n", reason.CampaignNoText},
		{0, "Oi {cidade}", reason.DeliveryMissingField},
		{0, strings.Repeat("é", campaign.TextMost+1), reason.TextLong},
	} {
		if got, err := s.reply(c.who, c.text); err == nil || reasonOf(err) != c.want && !strings.Contains(reason.Of(err).Error(), string(c.want)) {
			t.Errorf("%d, %.20q: %+v, %v; want %s", c.who, c.text, got, err, c.want)
		}
	}
	if err := s.book.UnlinkNumber(s.number, campaign.Standing{State: campaign.LoggedOut}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.reply(0, "Oi"); reasonOf(err) != reason.NumberToLink {
		t.Errorf("by a number without a link: %v", err)
	}
	if _, err := desk(s.book).Answer(t.Context(), 99, s.got[0].Contact, "Oi", s.now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of no campaign: %v", err)
	}
	now, err := s.book.Campaigns()
	if err != nil || len(now) != len(all) {
		t.Errorf("%d campaigns, before %d, %v", len(now), len(all), err)
	}
}

// TestAnAnswerThatComesToNothingSaysSo: they asked to be left alone after it was
// written and before its turn, and the program ended between the two.
func TestAnAnswerThatComesToNothingSaysSo(t *testing.T) {
	s := newAnswered(t, 1, "")
	s.says(0, "Quanto custa?")
	s.book.HoldFreeze(s.id + 1)
	if _, err := s.reply(0, "Dez reais"); err == nil {
		t.Fatal("it does not wait")
	}
	if r := s.replies(s.id)[0]; !r.Ours.Stands || r.Ours.State != campaign.Queued || r.Ours.Text != "Dez reais" {
		t.Errorf("before it is made: %+v", r.Ours)
	}
	if err := desk(s.book).OptOut(s.got[0].Contact, "pediu"); err != nil {
		t.Fatal(err)
	}
	s.restart()
	if _, err := s.book.Started(t.Context(), s.id+1); err == nil {
		t.Error("it is made for who asked to be left alone")
	}
	if r := s.replies(s.id)[0]; r.Ours.Stands || r.Ours.State != campaign.Skipped || r.Ours.ID != s.id+1 {
		t.Errorf("after it: %+v", r.Ours)
	}
	entries, err := s.book.Audit(0, 1000)
	entries = slices.DeleteFunc(entries, func(e store.Entry) bool { return e.Verb != store.VerbAnswer })
	if err != nil || len(entries) != 1 || entries[0].Outcome != store.Failed || entries[0].Why.IsZero() {
		t.Errorf("the audit says %+v, %v", entries, err)
	}
}

// TestAnAnswerWaitsForThePace of its number like any message in a known chat, and
// for nobody who leaves meanwhile.
func TestAnAnswerWaitsForThePace(t *testing.T) {
	s := newAnswered(t, 2, "day=3")
	s.says(0, "Quanto custa?")
	s.says(1, "Oi")
	for i := range 2 {
		if _, err := s.reply(i, "Dez reais"); err != nil {
			t.Fatal(err)
		}
	}
	s.settle(s.mustClaim(), accepted)
	got := s.claim()
	if got.Delivery != nil || !got.Hold.Paced() {
		t.Fatalf("a fourth one in a day: %+v", got)
	}
	for i := range 2 { // also of whose turn it is
		s.says(i, "SAIR")
	}
	s.now = got.Hold.Until
	if got := s.claim(); got.Delivery != nil {
		t.Errorf("they have left and get %+v", got.Delivery)
	}
	left := 0
	for _, r := range s.replies(s.id) {
		if r.Ours.State == campaign.Skipped && !r.Ours.Stands {
			left++
		}
	}
	if left != 1 {
		t.Errorf("%d answers were given up, want one", left)
	}
}

// TestAnAnswerIsInTheEvidenceAndForgottenWithThePerson.
func TestAnAnswerIsInTheEvidenceAndForgottenWithThePerson(t *testing.T) {
	s := newAnswered(t, 1, "")
	s.says(0, "Quanto custa?")
	a, err := s.reply(0, "Seu pedido chega na Rua das Flores")
	if err != nil {
		t.Fatal(err)
	}
	s.settle(s.mustClaim(), accepted)
	s.restart() // what is new of messages is chained by then
	who := s.got[0].Contact
	evidence, err := s.book.Evidence(t.Context(), who)
	if err != nil || len(evidence.Verify()) > 0 {
		t.Fatalf("%v, %v", evidence.Verify(), err)
	}
	message, entry := false, false
	for _, l := range evidence.Links {
		message = message || strings.Contains(l.Content, "Rua das Flores")
		entry = entry || strings.Contains(l.Content, string(store.VerbAnswer))
	}
	if !message || !entry {
		t.Errorf("the message is in it: %v; that it was sent: %v", message, entry)
	}
	if err := desk(s.book).Erase(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	if c, err := s.book.Campaign(a.ID); err != nil || strings.Contains(c.Text+c.Name+c.To, "Flores") {
		t.Errorf("of who was erased there is %+v, %v", c, err)
	}
}

// TestAnAnswerIsNoCampaignThatNobodyAnswered: it does not make its person one who
// never answers, nothing follows it up, and a draft of one does not start beside
// one that stands.
func TestAnAnswerIsNoCampaignThatNobodyAnswered(t *testing.T) {
	s := newAnswered(t, 1, "")
	s.says(0, "Quanto custa?")
	a, err := s.reply(0, "Dez reais")
	if err != nil {
		t.Fatal(err)
	}
	s.settle(s.mustClaim(), accepted)
	s.now = s.now.Add(time.Minute)
	s.start("")
	s.settle(s.mustClaim(), accepted)
	s.now = s.now.Add(time.Minute)
	if why := s.leftOut(); why != "" {
		t.Errorf("after an answer and one campaign they are left out: %s", why)
	}
	if _, err := desk(s.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", FollowUp: a.ID}); !errors.Is(err, store.ErrState) {
		t.Errorf("a follow-up of an answer: %v", err)
	}
	c, err := desk(s.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", AnswerTo: s.id, AnswerSeq: s.got[0].Seq, Only: s.got[0].Contact})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk(s.book).Start(c.ID, s.now); !errors.Is(err, store.ErrExists) {
		t.Errorf("a second one is started: %v", err)
	}
}
