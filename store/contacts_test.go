package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"recado/store/bolt"

	"recado/campaign"
	"recado/campaign/people"
)

const (
	withNinth    people.Phone = "+5511987654321"
	withoutNinth people.Phone = "+551187654321"
)

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sound fails the test if the book is not.
func sound(t *testing.T, b *Book) {
	t.Helper()
	ok(t, checkPeople(b))
}

func TestNobodyIsImportedTwice(t *testing.T) {
	b := newBook(t)
	rows := []people.Row{
		{Phone: withNinth, Name: "Ana", Tags: []string{"vip"}, Fields: map[string]string{"cidade": "São Paulo"}},
		{Phone: "+5521999990000", Name: "Bia"},
		{Phone: withoutNinth, Name: "Ana Souza", Tags: []string{"VIP", "nova"}, Fields: map[string]string{"cidade": "", "uf": "SP"}},
	}
	if got := must[ImportReport](t)(desk(b).Import(t.Context(), rows, "a.csv")); got != (ImportReport{Added: 2, Updated: 1}) {
		t.Errorf("the first time: %+v", got)
	}
	if got := must[ImportReport](t)(desk(b).Import(t.Context(), rows[1:], "a.csv")); got != (ImportReport{Same: 2}) {
		t.Errorf("the second time: %+v", got)
	}
	if n := must[int](t)(b.ContactCount()); n != 2 {
		t.Errorf("%d contacts, want 2", n)
	}
	for _, p := range []people.Phone{withNinth, withoutNinth} {
		c := must[people.Contact](t)(b.ContactByPhone(p))
		if c.Name != "Ana Souza" || c.Phone != withNinth || !slices.Equal(c.Tags, []string{"nova", "vip"}) || c.Fields["cidade"] != "São Paulo" || c.Fields["uf"] != "SP" {
			t.Errorf("by %s: %+v", p, c)
		}
	}
	if _, err := b.ContactByPhone("+5511900000000"); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody's phone: %v, want ErrNotFound", err)
	}
	sound(t, b)
}

func TestAnImportLargerThanATransactionIsWhole(t *testing.T) {
	if Raced {
		t.Skip("nothing runs beside anything else here")
	}
	b := newBook(t)
	rows := make([]people.Row, 60_000)
	for i := range rows {
		rows[i] = people.Row{Phone: people.Phone(fmt.Sprintf("+55119%08d", i*7919%100_000_000)), Name: fmt.Sprint("Pessoa ", i%977)}
	}
	if got := must[ImportReport](t)(desk(b).Import(t.Context(), rows, "large.csv")); got.Added != len(rows) {
		t.Errorf("got %+v, want %d added", got, len(rows))
	}
	sound(t, b)
	names := found(t, b, "")
	if len(names) != len(rows) || !slices.IsSorted(names) {
		t.Errorf("%d found, in order: %v", len(names), slices.IsSorted(names))
	}
}

func TestTheBetterSourceOfANameWins(t *testing.T) {
	b := newBook(t)
	see := func(name string, source people.NameSource) string {
		t.Helper()
		ok(t, b.Saw(1, []people.Seen{{Phone: withNinth, LID: "77", Name: name, Source: source}}))
		return must[people.Contact](t)(b.ContactByPhone(withNinth)).Name
	}
	if got := see("aninha ✨", people.PushName); got != "aninha ✨" {
		t.Errorf("the push name alone: %q", got)
	}
	if got := see("Ana do Zé", people.AddressBook); got != "Ana do Zé" {
		t.Errorf("after the address book: %q", got)
	}
	if got := see("outra ✨", people.PushName); got != "Ana do Zé" {
		t.Errorf("after another push name: %q", got)
	}
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: withoutNinth, Name: "Ana Souza"}}, "a.csv"))
	if got := see("Ana do João", people.AddressBook); got != "Ana Souza" {
		t.Errorf("after a typed one: %q", got)
	}
	sound(t, b)
}

func TestThePhoneThatTheServiceKnowsHerByIsItsOwnWord(t *testing.T) {
	b := newBook(t)
	see := func(phone people.Phone, lid string) (people.Phone, people.Phone) {
		t.Helper()
		ok(t, b.Saw(1, []people.Seen{{Phone: phone, LID: lid}}))
		sound(t, b)
		c := must[people.Contact](t)(b.ContactByPhone(phone))
		return c.Phone, c.WhatsApp
	}
	if phone, known := see(withNinth, ""); phone != withNinth || known != withNinth {
		t.Errorf("an address book alone: %s, %s", phone, known)
	}
	if phone, known := see(withoutNinth, "77"); phone != withNinth || known != withoutNinth {
		t.Errorf("with the LID: %s, %s", phone, known)
	}
	if _, known := see(withNinth, ""); known != withoutNinth {
		t.Errorf("an old address book: %s", known)
	}
	if phone, known := see("+5511900001111", "77"); phone != "+5511900001111" || known != "+5511900001111" {
		t.Errorf("they changed their phone: %s, %s", phone, known)
	}
}

// A person is imported, and writes to us from an account that nobody can tell
// is theirs, until the service says so.
func TestTheServicesAnswerMakesTwoRecordsOnePerson(t *testing.T) {
	for _, first := range []string{"imported", "seen"} {
		t.Run(first+" first", func(t *testing.T) {
			b := newBook(t)
			imported := func() {
				rows := []people.Row{{Phone: withNinth, Name: "Ana", Tags: []string{"vip"}, Fields: map[string]string{"cidade": "Rio"}}}
				must[ImportReport](t)(desk(b).Import(t.Context(), rows, "a.csv"))
			}
			seen := func() {
				ok(t, b.Heard(2, campaign.Incoming{From: people.Seen{LID: "77", Name: "aninha", Source: people.PushName, Known: true}, Text: "SAIR", At: townStart}))
			}
			if first == "imported" {
				imported()
				seen()
			} else {
				seen()
				imported()
			}
			if n := must[int](t)(b.ContactCount()); n != 2 {
				t.Fatalf("%d contacts before the answer, want 2", n)
			}
			sound(t, b)
			answer := people.Answer{Asked: withNinth, Presence: people.OnWhatsApp, Phone: withoutNinth, LID: "77"}
			ok(t, b.Answered(1, []people.Phone{withNinth}, []people.Answer{answer}, townStart.Add(time.Hour)))
			sound(t, b)
			if n := must[int](t)(b.ContactCount()); n != 1 {
				t.Fatalf("%d contacts after the answer, want 1", n)
			}
			for id := people.ContactID(1); id <= 2; id++ {
				c := must[people.Contact](t)(b.Contact(id))
				switch {
				case c.ID != 1 || c.Phone != withNinth || c.WhatsApp != withoutNinth || c.LID != "77":
					t.Errorf("contact %d is %+v", id, c)
				case !c.OptedOut || c.OptOutWhy != "sair" || !c.OptOutAt.Equal(townStart):
					t.Errorf("the opt-out of contact %d is lost: %+v", id, c)
				case c.Name != "Ana" || !slices.Equal(c.Tags, []string{"vip"}) || c.Fields["cidade"] != "Rio" || !c.KnownTo(2) || !c.LastHeard.Equal(townStart):
					t.Errorf("contact %d is %+v", id, c)
				case c.Presence != people.OnWhatsApp || !c.Checked(townStart.Add(2*time.Hour)):
					t.Errorf("the answer about contact %d is not kept: %+v", id, c)
				}
			}
		})
	}
}

// TestAnOptOutSaysWhatWasWritten: the words that decided, or all of it if it was read as a
// whole.
func TestAnOptOutSaysWhatWasWritten(t *testing.T) {
	b := newBook(t)
	for i, said := range [][2]string{
		{"Oi! Não me mandem mais nada, por favor.", "nao me mandem mais nada"},
		{"me tira dessa parada ae", "me tira dessa parada ae"}, // no pattern knows it
	} {
		phone := people.Phone(fmt.Sprintf("+551198765432%d", i))
		ok(t, b.Heard(1, campaign.Incoming{From: people.Seen{Phone: phone, Known: true}, Text: said[0], At: townStart}))
		if c := must[people.Contact](t)(b.ContactByPhone(phone)); !c.OptedOut || c.OptOutWhy != said[1] {
			t.Errorf("after %q: opted out %v by %q, want %q", said[0], c.OptedOut, c.OptOutWhy, said[1])
		}
	}
}

func TestAMergedPersonKeepsTheDeliveryThatAReplyAnswers(t *testing.T) {
	b := newBook(t)
	ok(t, b.Saw(1, []people.Seen{{LID: "77"}, {Phone: withNinth}}))
	at := deliveryKey(5, 9)
	ok(t, b.update(func(tx *bolt.Tx) error {
		d := campaign.Delivery{Campaign: 5, Seq: 9, Contact: 2, Number: 1}
		if err := bucket(tx, "deliveries").Put(at, encodeDelivery(&d)); err != nil {
			return err
		}
		return bucket(tx, "latest").Put(key(uint64(2), uint32(1)), at)
	}))
	ok(t, b.Saw(1, []people.Seen{{LID: "77", Phone: withNinth}}))
	ok(t, b.view(func(tx *bolt.Tx) error {
		if got := bucket(tx, "latest").Get(key(uint64(1), uint32(1))); string(got) != string(at) {
			t.Errorf("the last delivery to the merged person is at %x, want %x", got, at)
		}
		if got := bucket(tx, "latest").Get(key(uint64(2), uint32(1))); got != nil {
			t.Errorf("the id that went away still has a delivery at %x", got)
		}
		return nil
	}))
	sound(t, b)
}

// TestWhoIsFoundToBeOnePersonAfterTheFirstMessageGetsNoSecond: two records, one with a phone and one
// with a LID alone; the service answers about the phone without its LID. After the first was written
// to, the two prove to be one person.
func TestWhoIsFoundToBeOnePersonAfterTheFirstMessageGetsNoSecond(t *testing.T) {
	b := newBook(t)
	n := must[campaign.Number](t)(desk(b).AddNumber("loja"))
	now := townStart.Add(15 * time.Hour) // at noon for them, on a Thursday: a campaign may be sent
	_ = must[campaign.Number](t)(b.LinkNumber(n.ID, "+5511912345678", "5511912345678:1@s.whatsapp.net", now))
	ok(t, b.Saw(n.ID, []people.Seen{{Phone: withNinth}, {LID: "77"}}))
	c := must[campaign.Campaign](t)(desk(b).AddCampaign(campaign.Campaign{Name: "c", Text: "x"}))
	_ = must[campaign.Campaign](t)(desk(b).Start(c.ID, now))
	sent, ids := 0, 0
	for range 10 {
		got := must[Claimed](t)(ClaimApart(b, campaign.Claim{
			Number: n.ID, Ready: campaign.Readiness{Link: 1, Since: now.Add(-time.Hour)}, Now: now,
			NewID: func() campaign.MessageID { ids++; return campaign.MessageID(fmt.Sprint("3EB0", ids)) },
		}))
		if len(got.Check) > 0 {
			ok(t, b.Answered(n.ID, got.Check, []people.Answer{{Asked: got.Check[0], Presence: people.OnWhatsApp, Phone: got.Check[0]}}, now))
			continue
		}
		if got.Delivery == nil {
			break
		}
		sent++
		ok(t, b.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, now))
		ok(t, b.Saw(n.ID, []people.Seen{{Phone: withNinth, LID: "77"}}))
	}
	if sent != 1 {
		t.Errorf("one person got %d messages of a campaign", sent)
	}
	ok(t, b.view(func(tx *bolt.Tx) error {
		if wrong := Check(tx); len(wrong) > 0 {
			t.Errorf("the book says of itself %q", wrong)
		}
		return nil
	}))
}

func TestAnOptOutIsTakenBackOnlyWithAReason(t *testing.T) {
	b := newBook(t)
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: withNinth}}, "a.csv"))
	ok(t, desk(b).OptOut(1, "asked by phone"))
	ok(t, desk(b).OptOut(1, "again"))
	ok(t, desk(b).EditContact(1, func(c *people.Contact) { c.OptedOut = false }))
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: withoutNinth, Name: "Ana"}}, "a.csv"))
	if c := must[people.Contact](t)(b.Contact(1)); !c.OptedOut || c.OptOutWhy != "asked by phone" {
		t.Errorf("got %+v", c)
	}
	if n := must[int](t)(b.OptOutCount()); n != 1 {
		t.Errorf("%d opt-outs, want 1", n)
	}
	if err := desk(b).OptIn(1, "  "); err == nil {
		t.Error("taken back without a reason")
	}
	ok(t, desk(b).OptIn(1, "signed up again"))
	if c := must[people.Contact](t)(b.Contact(1)); c.OptedOut || c.OptOutWhy != "signed up again" {
		t.Errorf("got %+v", c)
	}
	sound(t, b)
}

func TestAContactIsNotGivenSomebodyElsesPhone(t *testing.T) {
	b := newBook(t)
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: withNinth, Name: "Ana"}, {Phone: "+5521999990000", Name: "Bia"}}, "a.csv"))
	if err := desk(b).EditContact(2, func(c *people.Contact) { c.Phone = withoutNinth }); !errors.Is(err, ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	ok(t, desk(b).EditContact(2, func(c *people.Contact) { c.Phone, c.Name = "+5521999990001", "Beatriz" }))
	if _, err := b.ContactByPhone("+5521999990000"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the old phone: %v, want ErrNotFound", err)
	}
	if c := must[people.Contact](t)(b.ContactByPhone("+5521999990001")); c.Name != "Beatriz" || c.NameSource != people.Typed {
		t.Errorf("got %+v", c)
	}
	sound(t, b)
}

func TestFindFollowsTheOrderOfNamesAndStopsWhenAsked(t *testing.T) {
	b := newBook(t)
	var rows []people.Row
	for i, name := range []string{"zeca", "Ágata", "", "ana", "Bruno", "ÉRICA", "avelã"} {
		rows = append(rows, people.Row{Phone: people.Phone(fmt.Sprintf("+551198765000%d", i)), Name: name, Tags: []string{"t"}})
	}
	must[ImportReport](t)(desk(b).Import(t.Context(), rows, "a.csv"))
	if got, want := found(t, b, "tag:t"), []string{"Ágata", "ana", "avelã", "Bruno", "ÉRICA", "zeca", ""}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := found(t, b, "nome:*a -nome:ana"), []string{"Ágata", "avelã", "ÉRICA", "zeca"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := found(t, b, "+5511 98765"); !slices.Equal(got, found(t, b, "")) {
		t.Errorf("by phone got %q", got)
	}
	rows = rows[:0]
	for i := range 1000 {
		rows = append(rows, people.Row{Phone: people.Phone(fmt.Sprintf("+551198766%04d", i))})
	}
	must[ImportReport](t)(desk(b).Import(t.Context(), rows, "a.csv"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Find(ctx, people.Filter{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a search that nobody waits for got %v", err)
	}
}

func TestFindKnowsOurNumbersByName(t *testing.T) {
	b := newBook(t)
	n := must[campaign.Number](t)(desk(b).AddNumber("Loja Centro"))
	ok(t, b.Saw(n.ID, []people.Seen{{Phone: withNinth, Name: "Ana", Source: people.AddressBook, Known: true}, {Phone: "+5521999990000", Name: "Bia"}}))
	if got := found(t, b, `conexao:"loja centro"`); !slices.Equal(got, []string{"Ana"}) {
		t.Errorf("got %q", got)
	}
}
