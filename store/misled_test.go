package store_test

import (
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// newMisled is a desk with a delivery that is claimed, with an address or, since
// the service did not say whose the phone is, without.
func newMisled(t *testing.T, address bool, pace campaign.Pace) (*bench, campaign.ID, campaign.Delivery) {
	t.Helper()
	d := newBench(t, 1, 2)
	if !address {
		d.lid = func(p people.Phone) string {
			if p == crowd(2)[0].Phone {
				return ""
			}
			return lidOf(p)
		}
	}
	id := d.start(campaign.Campaign{Name: "c", Text: "Oi, {nome}", Pace: pace})
	got := d.claim(d.numbers[0])
	if got.Delivery == nil || got.Delivery.Phone != crowd(2)[0].Phone {
		t.Fatalf("%+v, want the first", got)
	}
	return d, id, *got.Delivery
}

// misled settles a delivery whose address was no good, with what the service said
// of its phone, and returns it as it is then.
func (d *bench) misled(x campaign.Delivery, lid string) campaign.Delivery {
	d.Helper()
	a := people.Answer{Asked: x.Phone, Presence: people.OnWhatsApp, Phone: x.Phone, LID: lid}
	if lid == "nobody" {
		a = people.Answer{Asked: x.Phone, Presence: people.NotOnWhatsApp}
	}
	o := campaign.Outcome{Kind: campaign.Misled, Code: 404, Reason: reason.New(reason.DeliveryNoAddress), Answer: a}
	if err := d.book.Settle(x, o, d.now); err != nil {
		d.Fatal(err)
	}
	return d.is(x)
}

func (d *bench) is(x campaign.Delivery) campaign.Delivery {
	d.Helper()
	is, err := d.book.Delivery(x.Campaign, x.Seq)
	if err != nil {
		d.Fatal(err)
	}
	return is
}

// claimedLater claims all that there is, and returns what was claimed of the
// delivery.
func (d *bench) claimedLater(x campaign.Delivery) (again []campaign.Delivery) {
	d.Helper()
	for range 10 {
		d.now = d.now.Add(time.Minute)
		got := d.claim(d.numbers[0])
		if got.Delivery == nil {
			return again
		}
		if got.Delivery.Seq == x.Seq {
			again = append(again, *got.Delivery)
		}
		if err := d.book.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, d.now); err != nil {
			d.Fatal(err)
		}
	}
	return again
}

func TestAddressThatWasNoGoodIsTriedAgainOnceWithTheSameID(t *testing.T) {
	for _, address := range []bool{true, false} {
		d, _, x := newMisled(t, address, campaign.Pace{})
		lid := lidOf(x.Phone)
		if is := d.misled(x, lid); is.State != campaign.Queued || !is.Redirected || !is.NotBefore.Equal(d.now) {
			t.Fatalf("address %v: it is %+v", address, is)
		}
		again := d.claim(d.numbers[0])
		if a := again.Delivery; a == nil || a.Seq != x.Seq || a.Message != x.Message || a.Text != x.Text || a.LID != lid {
			t.Fatalf("address %v: %+v, want the same again to %s", address, again, lid)
		}
		if is := d.misled(*again.Delivery, lid); is.State != campaign.Failed || is.Reason.Code != reason.DeliveryNoAddress {
			t.Errorf("address %v: the second time it is %s (%s)", address, is.State, is.Reason)
		}
		if again := d.claimedLater(x); len(again) > 0 {
			t.Errorf("address %v: it is claimed again: %+v", address, again)
		}
	}
}

func TestNothingIsSentToWhoHasThePhoneNow(t *testing.T) {
	for _, known := range []bool{false, true} {
		d, _, x := newMisled(t, true, campaign.Pace{})
		if known { // somebody who writes to us, under another phone until now
			if err := d.book.Saw(d.numbers[0], []people.Seen{{LID: "77", Phone: "+5511911112222", Known: true}}); err != nil {
				t.Fatal(err)
			}
		}
		if is := d.misled(x, "77"); is.State != campaign.Skipped || is.Reason.Code != reason.DeliveryMoved {
			t.Errorf("known %v: it is %s (%s)", known, is.State, is.Reason)
		}
		if again := d.claimedLater(x); len(again) > 0 {
			t.Errorf("known %v: it is claimed again: %+v", known, again)
		}
		if c, err := d.book.ContactByPhone(x.Phone); err != nil || c.LID != "77" {
			t.Errorf("known %v: the phone is %+v's, %v", known, c, err)
		}
		if c, err := d.book.Contact(x.Contact); err != nil || c.LID != lidOf(x.Phone) || !c.Moved() {
			t.Errorf("known %v: the recipient is %+v, %v", known, c, err)
		}
	}
}

// TestAnswerAboutAnAddressIsCheckedLikeAnyClaim: the answer names an account of
// which the book knows something, since the first try or before.
func TestAnswerAboutAnAddressIsCheckedLikeAnyClaim(t *testing.T) {
	bia := lidOf(crowd(2)[1].Phone)
	for _, c := range []struct {
		reason reason.Code
		lid    string // whose the phone is
		know   func(*bench)
	}{
		{reason.DeliveryOptedOut, "77", func(d *bench) {
			if err := d.book.Heard(d.numbers[0], campaign.Incoming{From: people.Seen{LID: "77"}, Text: "SAIR", At: d.now}); err != nil {
				d.Fatal(err)
			}
		}},
		{reason.DeliveryDuplicate, bia, func(d *bench) { d.sends(1) }},
		{reason.DeliveryPerPerson, "77", func(d *bench) {
			if err := d.book.Saw(d.numbers[0], []people.Seen{{LID: "77", Name: "Ana", Known: true}}); err != nil {
				d.Fatal(err)
			}
			d.sends(d.start(campaign.Campaign{Name: "outra", Text: "Oi", To: "-fone:+55"}))
		}},
	} {
		t.Run(string(c.reason), func(t *testing.T) {
			var pace campaign.Pace
			if c.reason == reason.DeliveryPerPerson {
				pace.PerPerson = 7 * 24 * time.Hour
			}
			d, id, x := newMisled(t, false, pace)
			if err := d.book.Settle(x, campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.HoldOffline)}, d.now); err != nil {
				t.Fatal(err)
			}
			c.know(d)
			for d.now = d.now.Add(time.Minute); ; {
				got := d.claim(d.numbers[0])
				if got.Delivery == nil {
					t.Fatalf("%+v, want another try", got)
				}
				if x = *got.Delivery; x.Campaign == id && x.Seq == 0 {
					break
				}
				if err := d.book.Settle(x, campaign.Outcome{Kind: campaign.Accepted}, d.now); err != nil {
					t.Fatal(err)
				}
			}
			d.misled(x, c.lid)
			if again := d.claimedLater(x); len(again) > 0 {
				t.Errorf("it is claimed again: %+v", again)
			}
			if is := d.is(x); is.State != campaign.Skipped || is.Reason.Code != c.reason {
				t.Errorf("it is %s (%s), want %s", is.State, is.Reason, c.reason)
			}
		})
	}
}

// sends sends what comes next, until that was one of a campaign.
func (d *bench) sends(id campaign.ID) {
	d.Helper()
	for {
		got := d.claim(d.numbers[0])
		if got.Delivery == nil {
			d.Fatalf("%+v, want a delivery of campaign %d", got, id)
		}
		if err := d.book.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, d.now); err != nil {
			d.Fatal(err)
		}
		if got.Delivery.Campaign == id {
			return
		}
	}
}

func TestOnlyAnAnswerAboutThePhoneSaysWhoIsNotOnWhatsApp(t *testing.T) {
	d, _, x := newMisled(t, true, campaign.Pace{})
	if err := d.book.Settle(x, campaign.Outcome{Kind: campaign.Refused, Code: 404, Reason: reason.New(reason.DeliveryNoAddress)}, d.now); err != nil {
		t.Fatal(err)
	}
	if c, err := d.book.Contact(x.Contact); err != nil || c.Presence != people.OnWhatsApp {
		t.Errorf("after a refusal they are %v, %v", c.Presence, err)
	}
	d, _, x = newMisled(t, true, campaign.Pace{})
	if is := d.misled(x, "nobody"); is.State != campaign.Skipped || is.Reason.Code != reason.DeliveryNotOnWhatsApp {
		t.Errorf("it is %s (%s)", is.State, is.Reason)
	}
	if c, err := d.book.Contact(x.Contact); err != nil || c.Presence != people.NotOnWhatsApp {
		t.Errorf("after an answer they are %v, %v", c.Presence, err)
	}
}

func TestAnswerThatDoesNotSayWhoseThePhoneIsIsAskedForAFewTimes(t *testing.T) {
	d, _, x := newMisled(t, false, campaign.Pace{})
	for try := range 3 {
		is := d.misled(x, "")
		if try == 2 {
			if is.State != campaign.Failed {
				t.Errorf("it is %s (%s)", is.State, is.Reason)
			}
			return
		}
		if is.State != campaign.Queued || !is.NotBefore.After(d.now) {
			t.Fatalf("try %d: it is %s, again at %v", try, is.State, is.NotBefore)
		}
		d.now = is.NotBefore
		got := d.claim(d.numbers[0])
		for got.Delivery != nil && got.Delivery.Seq != x.Seq {
			if err := d.book.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, d.now); err != nil {
				t.Fatal(err)
			}
			got = d.claim(d.numbers[0])
		}
		if got.Delivery == nil || got.Delivery.Message != x.Message {
			t.Fatalf("try %d: %+v", try, got)
		}
		x = *got.Delivery
	}
}

// TestDoubtIsNotEndedByAnAddress: an earlier try may have arrived.
func TestDoubtIsNotEndedByAnAddress(t *testing.T) {
	for _, lid := range []string{"", "77", "nobody"} {
		d, _, x := newMisled(t, true, campaign.Pace{})
		if err := d.book.Settle(x, campaign.Outcome{Kind: campaign.Unknown, Reason: reason.New(reason.DeliveryNoAnswer)}, d.now); err != nil {
			t.Fatal(err)
		}
		d.now = d.now.Add(time.Hour)
		got := d.claim(d.numbers[0])
		for got.Delivery != nil && got.Delivery.Seq != x.Seq {
			if err := d.book.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, d.now); err != nil {
				t.Fatal(err)
			}
			got = d.claim(d.numbers[0])
		}
		if got.Delivery == nil {
			t.Fatalf("%+v", got)
		}
		if is := d.misled(*got.Delivery, lid); is.State != campaign.Unsure || !is.InDoubt || is.NotBefore.IsZero() == (lid == "") {
			t.Errorf("%q: it is %s, in doubt: %v, again at %v", lid, is.State, is.InDoubt, is.NotBefore)
		}
	}
}
