package store

import (
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
)

// doubtful is a text that may be a wish to be left alone.
const doubtful = "quero cancelar"

// wroteAt is when it was written.
var wroteAt = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// hears has one of our numbers hear from somebody.
func hears(t *testing.T, b *Book, from people.Seen, text string, at time.Time) {
	t.Helper()
	ok(t, b.Heard(1, campaign.Incoming{From: from, Text: text, At: at}))
}

// A person decides about a doubt, for what they have read: what is written
// later is another doubt, and the same message, heard once more, is none.
func TestADoubtLastsUntilItIsDecided(t *testing.T) {
	b := newBook(t)
	ana := people.Seen{Phone: withNinth}
	first := func() people.Contact { return must[people.Contact](t)(b.ContactByPhone(withNinth)) }
	says := func(text string, after time.Duration) { t.Helper(); hears(t, b, ana, text, wroteAt.Add(after)) }
	stays := func(after time.Duration) { t.Helper(); ok(t, desk(b).Stays(first().ID, wroteAt.Add(after))) }
	doubt := func(when, said string) {
		t.Helper()
		c, n := first(), must[int](t)(b.DoubtCount())
		if want := said != ""; c.InDoubt() != want || c.DoubtSaid != said || n != map[bool]int{true: 1}[want] || c.OptedOut {
			t.Errorf("%s: in doubt %v (%q), %d counted, opted out %v; want %q", when, c.InDoubt(), c.DoubtSaid, n, c.OptedOut, said)
		}
		sound(t, b)
	}
	const more = "Oi, quero cancelar"
	says(doubtful, 0)
	doubt("at once", doubtful)
	says("oi", time.Minute)
	doubt("after another message", doubtful)
	stays(0)
	doubt("decided", "")
	says(doubtful, 0)
	doubt("heard again", "")
	says(more, time.Hour)
	doubt("written again", more)
	stays(0)
	doubt("decided for what was read before", more)
	says(doubtful, time.Hour-time.Minute)
	doubt("an older one that comes late", more)
	stays(time.Hour)
	says(doubtful, time.Hour-time.Minute)
	doubt("one that is older than what was decided", "")
	says(more, 2*time.Hour)
	doubt("and again", more)

	says("SAIR", 2*time.Hour+time.Minute)
	if c := first(); !c.OptedOut || c.InDoubt() || c.DoubtSaid != "" || must[int](t)(b.DoubtCount()) != 0 {
		t.Errorf("after a no: %+v", c)
	}
	sound(t, b)
	ok(t, desk(b).OptIn(first().ID, "pediu de novo"))
	says(more, 2*time.Hour)
	doubt("what was written before the opt-in", "")
	ok(t, desk(b).OptOut(first().ID, "pediu"))
	says(doubtful, 24*365*time.Hour)
	if c := first(); !c.OptedOut || c.DoubtSaid != "" {
		t.Errorf("in doubt and opted out: %+v", c)
	}
}

// Of two records that are one person, a doubt about either stays, and so does
// what was decided.
func TestADoubtSurvivesAMerge(t *testing.T) {
	phone, lid := people.Seen{Phone: withNinth}, people.Seen{LID: "4242"}
	both := people.Seen{Phone: withNinth, LID: "4242"}
	for name, doubted := range map[string]people.Seen{"by its phone": phone, "by its LID": lid} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			for _, one := range []people.Seen{phone, lid} {
				text := "oi"
				if one == doubted {
					text = doubtful
				}
				hears(t, b, one, text, wroteAt)
			}
			ok(t, b.Saw(1, []people.Seen{both}))
			c := must[people.Contact](t)(b.ContactByPhone(withNinth))
			if !c.InDoubt() || c.DoubtSaid != doubtful || must[int](t)(b.DoubtCount()) != 1 || must[int](t)(b.ContactCount()) != 1 {
				t.Errorf("merged: %+v", c)
			}
			sound(t, b)
		})
	}
	b := newBook(t)
	hears(t, b, phone, "oi", wroteAt)
	hears(t, b, lid, doubtful, wroteAt)
	var inDoubt people.ContactID
	for _, c := range must[[]people.Contact](t)(b.ContactsByID([]people.ContactID{1, 2})) {
		if c.InDoubt() {
			inDoubt = c.ID
		}
	}
	ok(t, desk(b).Stays(inDoubt, wroteAt))
	ok(t, b.Saw(1, []people.Seen{both}))
	hears(t, b, both, doubtful, wroteAt)
	if c := must[people.Contact](t)(b.ContactByPhone(withNinth)); c.InDoubt() {
		t.Errorf("decided, merged, heard again: %+v", c)
	}
}

// Somebody in doubt is left out of what is begun, and said to be.
func TestWhoIsInDoubtIsFoundAndNobodyElse(t *testing.T) {
	b := newBook(t)
	hears(t, b, people.Seen{Phone: withNinth, Name: "Ana"}, doubtful, wroteAt)
	hears(t, b, people.Seen{Phone: "+5521999990000", Name: "Bia"}, "oi", wroteAt)
	hears(t, b, people.Seen{Phone: "+5521999990001", Name: "Caio"}, "SAIR", wroteAt)
	for filter, want := range map[string]string{"optout:duvida": "Ana", "optout:Dúvida": "Ana", "optout:doubt": "Ana", "optout:duda": "Ana", "optout:sim": "Caio"} {
		if got := found(t, b, filter); len(got) != 1 || got[0] != want {
			t.Errorf("%s finds %q, want %s", filter, got, want)
		}
	}
	if got := found(t, b, "-optout:duvida"); len(got) != 2 {
		t.Errorf("not in doubt: %q", got)
	}
}
