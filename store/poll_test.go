package store

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

var weekdays = []string{"Segunda", "Terça", "Não quero mais receber"}

// asked is a running campaign with a poll.
func (y *yard) asked(text string, options ...string) campaign.Campaign {
	y.Helper()
	c, err := desk(y.book).AddCampaign(campaign.Campaign{Name: "dia", Text: text, Poll: options})
	ok(y.T, err)
	c, err = desk(y.book).Start(c.ID, y.now)
	ok(y.T, err)
	return c
}

// polled claims the next delivery and sends it.
func (y *yard) polled() campaign.Delivery {
	y.Helper()
	d := y.claim()
	ok(y.T, y.book.Settle(*d, campaign.Outcome{Kind: campaign.Accepted}, y.now))
	return *d
}

// votes lets a person vote a while later.
func (y *yard) votes(d campaign.Delivery, option uint8, at time.Time) {
	y.Helper()
	m := campaign.Incoming{
		From: people.Seen{Phone: d.Phone, LID: d.LID, Known: true}, ID: "V" + d.Message, At: y.now,
		Quoted: d.Message, Vote: &campaign.Vote{Option: option, At: at},
	}
	if option > 0 {
		m.Text = weekdays[option-1]
	}
	ok(y.T, y.book.Heard(d.Number, m))
}

func (y *yard) delivery(d campaign.Delivery) campaign.Delivery {
	y.Helper()
	now, err := y.book.Delivery(d.Campaign, d.Seq)
	ok(y.T, err)
	return now
}

// TestThePollOfADeliveryIsChosenOnce: its secret is on the disk with the claim, and the
// same however often it is sent, asked for again or read by another process.
func TestThePollOfADeliveryIsChosenOnce(t *testing.T) {
	y := newYard(t, 3)
	c := y.asked("Oi {nome}, qual dia?", " Segunda\n", "Terça\u200b", weekdays[2])
	if !slices.Equal(c.Poll, weekdays) {
		t.Errorf("the options are %q", c.Poll)
	}
	d := y.claim()
	if len(d.Secret) != 32 || !slices.Equal(d.Poll, weekdays) || bytes.Equal(d.Secret, make([]byte, 32)) {
		t.Fatalf("claimed with %x, %q", d.Secret, d.Poll)
	}
	ok(t, y.book.Settle(*d, campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.HoldOffline)}, y.now))
	y.now = y.now.Add(time.Hour)
	again := y.claim()
	if again.Message != d.Message || !bytes.Equal(again.Secret, d.Secret) || !slices.Equal(again.Poll, weekdays) || again.Text != d.Text {
		t.Errorf("again it is %s, %x, %q; first %s, %x", again.Message, again.Secret, again.Poll, d.Message, d.Secret)
	}
	ok(t, y.book.Settle(*again, campaign.Outcome{Kind: campaign.Accepted}, y.now))
	given, found, err := y.book.Payload(d.Message)
	if err != nil || !found || !bytes.Equal(given.Secret, d.Secret) || !slices.Equal(given.Poll, weekdays) {
		t.Errorf("asked for again it is %x, %q, %v, %v", given.Secret, given.Poll, found, err)
	}
	if other := y.claim(); bytes.Equal(other.Secret, d.Secret) {
		t.Error("two people have one secret")
	}
	y.sound()
}

func TestAPollIsFoundByWhoGotItAlone(t *testing.T) {
	y := newYard(t, 2)
	y.asked("Qual dia?", weekdays...)
	a, b := y.polled(), y.polled()
	theirs := func(d campaign.Delivery) people.Seen { return people.Seen{Phone: d.Phone, LID: d.LID} }
	if p, found, err := y.book.Poll(a.Number, theirs(a), a.Message); err != nil || !found || !bytes.Equal(p.Secret, a.Secret) || !slices.Equal(p.Poll, weekdays) {
		t.Errorf("their poll is %+v, %v, %v", p, found, err)
	}
	for name, found := range map[string]func() (campaign.Delivery, bool, error){
		"somebody else":  func() (campaign.Delivery, bool, error) { return y.book.Poll(a.Number, theirs(b), a.Message) },
		"another number": func() (campaign.Delivery, bool, error) { return y.book.Poll(a.Number+1, theirs(a), a.Message) },
		"no such id":     func() (campaign.Delivery, bool, error) { return y.book.Poll(a.Number, theirs(a), "3EB0") },
	} {
		if _, ok, err := found(); ok || err != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
	text, err := desk(y.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", Silent: true})
	ok(t, err)
	ok(t, only(desk(y.book).Start(text.ID, y.now)))
	plain := y.polled()
	if _, found, err := y.book.Poll(plain.Number, theirs(plain), plain.Message); found || err != nil || plain.Secret != nil {
		t.Errorf("a text is a poll: %v, %v", found, err)
	}
}

// TestAVoteCountsEverywhereAsAReply: in the counters, in the report, in filters and for
// a follow-up, and as a no.
func TestAVoteCountsEverywhereAsAReply(t *testing.T) {
	y := newYard(t, 4)
	c := y.asked("Qual dia?", weekdays...)
	var sent []campaign.Delivery
	for range 4 {
		sent = append(sent, y.polled())
	}
	y.votes(sent[0], 2, y.now)
	y.votes(sent[1], 2, y.now)
	y.votes(sent[2], 3, y.now)
	y.votes(sent[1], 1, y.now.Add(time.Second))
	y.votes(sent[1], 2, y.now) // told again
	counts, err := y.book.Counts(c.ID)
	if ok(t, err); counts[campaign.Replied] != 3 || counts[campaign.Sent] != 1 {
		t.Errorf("the counters are %v", counts)
	}
	made, err := y.book.Report(t.Context(), c.ID)
	if want := map[uint8]int{1: 1, 2: 1, 3: 1}; err != nil || made.Replied != 3 || made.OptedOut != 1 || !reflect.DeepEqual(made.Votes, want) {
		t.Errorf("the report has %d replies, %d opt-outs, %v, %v", made.Replied, made.OptedOut, made.Votes, err)
	}
	for option, want := range map[uint8][]uint32{1: {sent[1].Seq}, 2: {sent[0].Seq}, 3: {sent[2].Seq}} {
		places, err := y.book.Places(t.Context(), c.ID, func(d *campaign.Fate) bool { return d.Chose(option) })
		if err != nil || !slices.Equal(places, want) {
			t.Errorf("%d was chosen by %v, %v; want %v", option, places, err, want)
		}
	}
	if n := len(y.finds("respondeu:" + c.ID.String())); n != 3 {
		t.Errorf("%d replied by the filter", n)
	}
	follow, err := desk(y.book).AddCampaign(c.Follow("recebeu:" + c.ID.String()))
	ok(t, err)
	follow.Text = "Ainda dá tempo"
	p, err := y.book.Preflight(t.Context(), follow, y.now)
	ok(t, err)
	if len(follow.Poll) != 0 || p.LeftOut[reason.DeliveryOptedOut] != 1 {
		t.Errorf("the follow-up has %q and leaves out %v", follow.Poll, p.LeftOut)
	}
	y.sound()
}

// TestAVoteThatIsTakenBackIsNone: its option counts no more, the reply stays.
func TestAVoteThatIsTakenBackIsNone(t *testing.T) {
	y := newYard(t, 1)
	c := y.asked("Qual dia?", weekdays...)
	d := y.polled()
	y.votes(d, 1, y.now)
	y.votes(d, 0, y.now.Add(time.Second))
	made, err := y.book.Report(t.Context(), c.ID)
	now := y.delivery(d)
	if err != nil || made.Replied != 1 || len(made.Votes) != 0 || now.Vote != 0 || now.Answer != "" || !now.Voted.Equal(y.now.Add(time.Second)) {
		t.Errorf("it is %d, %q, the report %d, %v", now.Vote, now.Answer, made.Replied, made.Votes)
	}
	y.sound()
}

// TestAnErasedVoteStaysInTheCounts: whose it was is not known any more.
func TestAnErasedVoteStaysInTheCounts(t *testing.T) {
	y := newYard(t, 2)
	c := y.asked("Qual dia?", weekdays...)
	d := y.polled()
	y.votes(d, 2, y.now)
	ok(t, desk(y.book).Erase(t.Context(), d.Contact))
	made, err := y.book.Report(t.Context(), c.ID)
	if now := y.delivery(d); err != nil || made.Votes[2] != 1 || len(now.Secret) != 0 || now.Answer != "" || now.Vote != 2 {
		t.Errorf("after they were erased: %+v, %v", now, made.Votes)
	}
	y.sound()
	draft, err := desk(y.book).AddCampaign(campaign.Campaign{Name: "r", Text: "Quem?", Poll: []string{"Zuleide Quintanilha", "Outra pessoa"}})
	ok(t, err)
	_, err = desk(y.book).Import(t.Context(), []people.Row{{Line: 1, Phone: "+5521998877665", Name: "Zuleide Quintanilha"}}, "a.csv")
	ok(t, err)
	zuleide, err := y.book.ContactByPhone("+5521998877665")
	ok(t, err)
	ok(t, desk(y.book).Erase(t.Context(), zuleide.ID))
	if draft, err = y.book.Campaign(draft.ID); err != nil || !slices.Equal(draft.Poll, []string{"-----", "Outra pessoa"}) {
		t.Errorf("the draft offers %q, %v", draft.Poll, err)
	}
}

// TestTheQuestionOfAPollIsShort: as it is rendered, before and at the claim.
func TestTheQuestionOfAPollIsShort(t *testing.T) {
	y := newYard(t, 2)
	long := strings.Repeat("x", 250) + "{nome}" // Pessoa 0 is too much
	p, err := y.book.Preflight(t.Context(), campaign.Campaign{Name: "c", Text: long, Poll: weekdays}, y.now)
	if err != nil || p.LeftOut[reason.DeliveryTooLong] != 2 || p.Receive != 0 {
		t.Errorf("the review leaves out %v and lets %d receive it, %v", p.LeftOut, p.Receive, err)
	}
	fits := strings.Repeat("x", 255-len("Pessoa 0")) + "{nome}"
	if p, err = y.book.Preflight(t.Context(), campaign.Campaign{Name: "c", Text: fits, Poll: weekdays}, y.now); err != nil || p.Receive != 2 {
		t.Errorf("of 255 characters %d receive it, %v", p.Receive, err)
	}
	c := y.asked(long, weekdays...)
	if d := y.claim(); d != nil {
		t.Errorf("it is claimed all the same: %+v", d)
	}
	counts, err := y.book.Counts(c.ID)
	if ok(t, err); counts[campaign.Skipped] != 2 {
		t.Errorf("the counts are %v", counts)
	}
}

// TestTheOptionsStayWhenTheTextIsFixed: and the question is as short as before.
func TestTheOptionsStayWhenTheTextIsFixed(t *testing.T) {
	y := newYard(t, 2)
	c := y.asked("Qual dai?", weekdays...)
	y.polled()
	ok(t, only(desk(y.book).Pause(c.ID)))
	if _, err := desk(y.book).FixText(c.ID, 0, "Qual dai?", strings.Repeat("x", 256)); err == nil {
		t.Error("a question of 256 characters is taken")
	}
	f, err := y.book.CheckFix(t.Context(), c.ID, 0, "Qual dia?", y.now)
	if err != nil || len(f.Warnings) != 0 {
		t.Errorf("it warns of %v, %v: an option says how to be left alone", f.Warnings, err)
	}
	fixed, err := desk(y.book).FixText(c.ID, 0, "Qual dai?", "Qual dia?")
	if err != nil || !slices.Equal(fixed.Poll, weekdays) {
		t.Errorf("fixed it offers %q, %v", fixed.Poll, err)
	}
	ok(t, only(desk(y.book).Resume(c.ID)))
	if d := y.claim(); d.Text != "Qual dia?" || !slices.Equal(d.Poll, weekdays) || len(d.Secret) != 32 {
		t.Errorf("the next one is %+v", d)
	}
	y.sound()
}

// TestATestOfAPollIsOne: so is a copy.
func TestATestOfAPollIsOne(t *testing.T) {
	y := newYard(t, 2)
	c, err := desk(y.book).AddCampaign(campaign.Campaign{Name: "dia", Text: "Qual dia?", Variants: []string{"Que dia?"}, Poll: weekdays})
	ok(t, err)
	copied := c.Copy()
	copied.Poll[0] = "outra"
	if c.Poll[0] != weekdays[0] || len(copied.Poll) != 3 {
		t.Errorf("the copy is %q, the campaign %q", copied.Poll, c.Poll)
	}
	test, err := SendTest(t.Context(), desk(y.book), c.ID, y.person(0).ID, y.now)
	ok(t, err)
	if d := y.claim(); d.Campaign != test.ID || !slices.Equal(d.Poll, weekdays) || len(d.Secret) != 32 {
		t.Errorf("the test is %+v", d)
	}
}

// TestAnOptionThatSaysNoIsAWayOut: the review does not miss it in the text.
func TestAnOptionThatSaysNoIsAWayOut(t *testing.T) {
	y := newYard(t, 1)
	for _, test := range []struct {
		options []string
		warns   bool
	}{{weekdays, false}, {weekdays[:2], true}} {
		p, err := y.book.Preflight(t.Context(), campaign.Campaign{Name: "c", Text: "Qual dia?", Poll: test.options}, y.now)
		if got := slices.ContainsFunc(p.Warnings, func(w reason.Reason) bool { return w.Code == reason.WarnNoOptOut }); err != nil || got != test.warns {
			t.Errorf("of %q it warns: %v, %v", test.options, got, err)
		}
	}
}

// TestAPollThatIsNoneDoesNotStart: what its draft lacks.
func TestAPollThatIsNoneDoesNotStart(t *testing.T) {
	y := newYard(t, 1)
	c, err := desk(y.book).AddCampaign(campaign.Campaign{Name: "c", Text: "Qual?", Poll: weekdays[:1]})
	ok(t, err)
	_, err = desk(y.book).Start(c.ID, y.now)
	if why := (*reason.Error)(nil); !errors.As(err, &why) || !strings.Contains(reason.Of(err).Text(), string(reason.PollCount)) {
		t.Errorf("it starts: %v", err)
	}
	c.Poll = weekdays[:2]
	c, err = desk(y.book).EditDraft(c)
	ok(t, err)
	ok(t, only(desk(y.book).Start(c.ID, y.now)))
	entries, err := y.book.Audit(0, 100)
	ok(t, err)
	if !slices.ContainsFunc(entries, func(e Entry) bool { return e.After["poll"] == "Segunda / Terça" && e.Before["poll"] == "Segunda" }) {
		t.Errorf("the audit does not say what is offered: %+v", entries)
	}
}

// TestACheckFindsAVoteThatCannotBe: and a poll that cannot be sent or read.
func TestACheckFindsAVoteThatCannotBe(t *testing.T) {
	for name, change := range map[string]func(d *campaign.Delivery){
		"an option that there is not": func(d *campaign.Delivery) { d.Vote, d.Voted = 4, time.Now() },
		"a short secret":              func(d *campaign.Delivery) { d.Secret = d.Secret[:31] },
		"no secret":                   func(d *campaign.Delivery) { d.Secret = nil },
	} {
		y := newYard(t, 1)
		y.asked("Qual dia?", weekdays...)
		d := y.delivery(y.polled())
		change(&d)
		ok(t, y.book.update(func(tx *bolt.Tx) error {
			return deliveriesTable.PutAt(tx, deliveryKey(d.Campaign, d.Seq), encodeDelivery(&d))
		}))
		ok(t, y.book.view(func(tx *bolt.Tx) error {
			if wrong := Check(tx); len(wrong) == 0 || wrong[0].Code != reason.CheckDamaged {
				t.Errorf("%s: the check finds %v", name, wrong)
			}
			return nil
		}))
	}
	text := campaign.Delivery{Message: "3EB0", Text: "Oi", Secret: make([]byte, 32)}
	if pollFits(&text, 0) {
		t.Error("a text has a secret")
	}
	if text.Secret = nil; !pollFits(&text, 0) {
		t.Error("a text has none")
	}
}

func TestADeliveryWithAVoteIsReadAsItWasWritten(t *testing.T) {
	at := deliveryKey(3, 7)
	for _, d := range []campaign.Delivery{
		{Secret: bytes.Repeat([]byte{7}, 32), Vote: 12, Voted: time.Unix(1e9, 5), State: campaign.Replied},
		{Secret: bytes.Repeat([]byte{7}, 32)},
		{Secret: bytes.Repeat([]byte{7}, 32), Answer: "Sim", Fixed: 3, Revokes: "3EB0", RevokeBy: 9},
	} {
		d.Campaign, d.Seq, d.Number = 3, 7, 1
		record := encodeDelivery(&d)
		got, err := decodeDelivery(at, record)
		if err != nil || !reflect.DeepEqual(got, d) {
			t.Errorf("%+v is read as %+v, %v", d, got, err)
		}
		var fate campaign.Fate
		if err := decodeFate(&fate, record, nil); err != nil || fate != d.Fate() {
			t.Errorf("counted it is %+v, %v; want %+v", fate, err, d.Fate())
		}
	}
	plain := campaign.Delivery{Campaign: 3, Seq: 7, Number: 1, Answer: "Sim", Fixed: 3}
	if record := encodeDelivery(&plain); len(record) > 60 {
		t.Errorf("one that is no poll takes %d bytes", len(record))
	}
}

// TestWhatAPollOfferedIsEvidence: another option in the campaign is found as another
// text is.
func TestWhatAPollOfferedIsEvidence(t *testing.T) {
	y := newYard(t, 1)
	c := y.asked("Qual dia?", weekdays...)
	d := y.polled()
	y.votes(d, 1, y.now)
	ok(t, y.book.Close())
	if v, wrong := verified(t, y.path); len(wrong) > 0 || v.Covered == 0 {
		t.Fatalf("a book that is well: %+v, %q", v, wrong)
	}
	edit(t, y.path, func(tx *bolt.Tx) error {
		c, err := campaignTx(tx, c.ID)
		ok(t, err)
		c.Poll[2] = "Quero mais"
		return putCampaignTx(tx, c)
	})
	if _, wrong := verified(t, y.path); !slices.ContainsFunc(wrong, func(s string) bool { return strings.Contains(s, "check_chain_other (chain_delivery 1 0)") }) {
		t.Errorf("found %q", wrong)
	}
}
