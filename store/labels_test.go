package store

import (
	"slices"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
)

// labelled tells the book of labels of number 1: of people by their LIDs.
func labelOf(id, name string) people.LabelChange { return people.LabelChange{ID: id, Name: name} }

func labelOn(id, lid string, on bool) people.LabelChange {
	return people.LabelChange{ID: id, Who: people.Seen{LID: lid}, On: on}
}

// TestALabelLeavesOurTagsAlone, when it is called as one of them.
func TestALabelLeavesOurTagsAlone(t *testing.T) {
	y := newYard(t, 1)
	tags := func(want ...string) {
		t.Helper()
		if c := y.person(0); !slices.Equal(c.Tags, want) {
			t.Errorf("they have %q, want %q", c.Tags, want)
		}
	}
	tell := func(whole bool, changes ...people.LabelChange) {
		t.Helper()
		ok(t, y.book.Labels(y.number, whole, changes))
	}
	ok(t, y.book.Saw(y.number, []people.Seen{{LID: "70", Phone: yardPhone(0)}}))
	ok(t, desk(y.book).EditContact(y.person(0).ID, func(c *people.Contact) { c.Tags = []string{"vip"} }))
	tell(false, labelOf("1", "VIP"), labelOf("2", "Pago"), labelOn("1", "70", true), labelOn("2", "70", true))
	tags("Pago", "vip")
	if c := y.person(0); !c.Ours("vip") || c.Ours("pago") || !slices.Equal(c.OurTags(), []string{"vip"}) || !slices.Equal(c.LabelNames(), []string{"VIP", "Pago"}) {
		t.Errorf("ours are %q, labels %q", c.OurTags(), c.LabelNames())
	}
	tell(false, labelOf("2", "Novo"))
	tags("Novo", "vip")
	tell(false, labelOf("1", "Cliente"))
	tags("Cliente", "Novo", "vip")
	tell(false, labelOf("2", "Vip")) // both are called alike now
	tags("Cliente", "vip")
	tell(false, labelOf("2", ""))
	tags("Cliente", "vip")
	tell(false, labelOf("2", "vip"), labelOn("2", "70", true))
	ok(t, desk(y.book).EditContact(y.person(0).ID, func(c *people.Contact) { c.Tags = []string{"Cliente"} })) // which takes ours away
	tags("Cliente", "vip")
	if c := y.person(0); len(c.OurTags()) > 0 {
		t.Errorf("ours are %q", c.OurTags())
	}
	id := y.person(0).ID
	wait, err := desk(y.book).Tag([]string{"amigo"}, []string{"Cliente"}, []people.ContactID{id}, "")
	ok(t, err)
	ok(t, only(wait(t.Context())))
	tags("amigo", "Cliente", "vip")
	tell(true) // the phone has none any more
	tags("amigo")
	if c := y.person(0); len(c.Labels) > 0 {
		t.Errorf("labels are left: %v", c.Labels)
	}
	y.sound()
}

// TestALabelOfTwoRecordsOfOnePersonIsOne, and the tag that was ours stays ours.
func TestALabelOfTwoRecordsOfOnePersonIsOne(t *testing.T) {
	y := newYard(t, 1)
	ok(t, desk(y.book).EditContact(y.person(0).ID, func(c *people.Contact) { c.Tags = []string{"vip"} }))
	ok(t, y.book.Labels(y.number, true, []people.LabelChange{labelOf("1", "vip"), labelOf("2", "Pago"), labelOn("1", "70", true), labelOn("2", "70", true)}))
	ok(t, y.book.Saw(y.number, []people.Seen{{LID: "70", Phone: yardPhone(0)}}))
	if c := y.person(0); !slices.Equal(c.OurTags(), []string{"vip"}) || len(c.Labels) != 2 {
		t.Errorf("they are %+v", c)
	}
	y.sound()
	ok(t, y.book.Labels(y.number, true, nil))
	if c := y.person(0); !slices.Equal(c.Tags, []string{"vip"}) {
		t.Errorf("without labels they have %q", c.Tags)
	}
	y.sound()
}

// TestLabelsOfTwoNumbersAreTheirOwn.
func TestLabelsOfTwoNumbersAreTheirOwn(t *testing.T) {
	y := newYard(t, 1)
	n, err := desk(y.book).AddNumber("outra")
	ok(t, err)
	_, err = y.book.LinkNumber(n.ID, "+5511912345679", "5511912345679:1@s.whatsapp.net", y.now)
	ok(t, err)
	ok(t, y.book.Saw(y.number, []people.Seen{{LID: "70", Phone: yardPhone(0)}}))
	for _, number := range []campaign.NumberID{y.number, n.ID} {
		ok(t, y.book.Labels(number, true, []people.LabelChange{labelOf("1", "Pago"), labelOn("1", "70", true)}))
	}
	ok(t, y.book.Labels(y.number, true, nil))
	if c := y.person(0); !slices.Equal(c.Tags, []string{"Pago"}) || len(c.Labels) != 1 {
		t.Errorf("they have %q, %v", c.Tags, c.Labels)
	}
	ok(t, y.book.Labels(n.ID, false, []people.LabelChange{labelOn("1", "70", false)}))
	if c := y.person(0); len(c.Tags) > 0 {
		t.Errorf("they have %q", c.Tags)
	}
	y.sound()
	ok(t, y.book.Labels(n.ID, false, []people.LabelChange{labelOn("1", "70", true)}))
	ok(t, desk(y.book).Erase(t.Context(), y.person(0).ID))
	y.sound()
}

// TestALinkThatWasTakenAwaySaysNothing, and its name may be given again.
func TestALinkThatWasTakenAwaySaysNothing(t *testing.T) {
	y := newYard(t, 3)
	old, err := desk(y.book).Invite("feira", "Quero receber", y.number)
	ok(t, err)
	say := func(i int, text string, at time.Time) people.Contact {
		t.Helper()
		ok(t, y.book.Heard(y.number, campaign.Incoming{From: people.Seen{LID: string(rune('5' + i)), Phone: yardPhone(i)}, ID: campaign.MessageID(text), Text: text, At: at}))
		return y.person(i)
	}
	first := say(0, old.Message(), y.now)
	if first.Came != (people.Arrival{Way: people.ByLink, Name: "feira", At: first.Came.At}) || !first.Came.At.Equal(y.now.Truncate(time.Millisecond)) && !first.Came.At.Equal(y.now) {
		t.Errorf("they came by %+v", first.Came)
	}
	ok(t, only(desk(y.book).EndInvite("feira")))
	if c := say(1, old.Message(), y.now.Add(time.Second)); c.Came.Way != people.NoWay || c.Consent.Status != people.ConsentUnknown {
		t.Errorf("by a link that is gone: %+v", c)
	}
	again, err := desk(y.book).Invite("feira", "Olá", y.number)
	ok(t, err)
	if again.Token == old.Token || again.Count != 0 {
		t.Errorf("the new one is the old one: %+v", again)
	}
	// Who has come before is from there, and keeps their proof.
	if c := say(0, again.Message(), y.now.Add(time.Hour)); c.Came != first.Came || c.Consent != first.Consent {
		t.Errorf("who came before: %+v", c)
	}
	if all, err := y.book.Invites(); err != nil || len(all) != 1 || all[0].Count != 1 {
		t.Errorf("links: %+v, %v", all, err)
	}
	y.sound()
}
