package campaign_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session/simulator"
	"recado/session/simulator/bubble"
)

// hidden are the people of the world whose numbers nobody sees.
func (o *office) hidden() (all []simulator.Person) {
	for _, p := range o.service.People() {
		if p.Hidden {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		o.t.Fatal("nobody in this world hides their number")
	}
	return all
}

// says lets a person write to a number, and waits until that is in the book.
func (o *office) says(p simulator.Person, number campaign.NumberID, text string) people.Contact {
	o.t.Helper()
	before := time.Now()
	if _, err := o.service.Say(p.Phone, string(o.snapshot(number).Number.Phone), text); err != nil {
		o.t.Fatal(err)
	}
	var c people.Contact
	o.until("heard", func() bool {
		var ok bool
		c, ok = o.account(p.LID)
		return ok && !c.LastHeard.Before(before.Truncate(time.Second))
	})
	return c
}

// account is the record of an account.
func (o *office) account(lid string) (found people.Contact, ok bool) {
	o.t.Helper()
	for _, c := range o.everybody() {
		if c.LID == lid {
			return c, true
		}
	}
	return found, false
}

func (o *office) everybody() []people.Contact {
	o.t.Helper()
	ids, err := o.book.Find(o.t.Context(), people.Filter{})
	if err != nil {
		o.t.Fatal(err)
	}
	all, err := o.book.ContactsByID(ids)
	if err != nil {
		o.t.Fatal(err)
	}
	return all
}

var lidDigits = regexp.MustCompile(`\d{14,}`)

// TestWhoHidesTheirPhoneIsWrittenToByTheNumberThatTheyKnow: of two numbers the
// one to which they wrote, or whose address book has them; who knows neither is
// left out, with the reason.
func TestWhoHidesTheirPhoneIsWrittenToByTheNumberThatTheyKnow(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 21, People: 60, Usernames: 40, Hidden: 30, Reads: 1})
		a, b := o.link("a"), o.link("b")
		other := o.link("outra")
		time.Sleep(time.Hour) // of fake time: phones have told all they have to tell
		all := o.hidden()
		wrote := map[string]campaign.NumberID{}
		for i, p := range all[:6] {
			number := []campaign.NumberID{a, b, other}[i%3]
			wrote[p.LID] = number
			o.says(p, number, "Oi, tudo bem?")
		}
		records := make(map[people.ContactID]people.Contact)
		usernames := 0
		for _, c := range o.everybody() {
			records[c.ID] = c
			if c.LID != "" && c.BestPhone() == "" {
				if lidDigits.MatchString(c.Called()) {
					t.Errorf("somebody is called %q", c.Called())
				}
				if c.Username != "" {
					usernames++
				}
			}
		}
		if usernames == 0 {
			t.Error("nobody's username is known")
		}
		id := o.campaign(campaign.Campaign{Name: "c", Text: "Olá, {nome}!", Numbers: []campaign.NumberID{a, b}})
		o.finish(id)
		o.agree(id, hello)
		reached, left := 0, 0
		for _, d := range o.deliveries(id) {
			c := records[d.Contact]
			if d.Phone != "" || c.LID == "" {
				continue
			}
			known := c.KnownTo(a) || c.KnownTo(b)
			switch {
			case !known && d.Reason.Code != reason.DeliveryOtherNumber:
				t.Errorf("%s knows neither number and is %s (%s)", d.Name, d.State, d.Reason)
			case !known:
				left++
			case !d.State.Proven():
				t.Errorf("%s is known and %s (%s)", d.Name, d.State, d.Reason)
			case !c.KnownTo(d.Number):
				t.Errorf("%s was written to from number %d, which they do not know", d.Name, d.Number)
			default:
				reached++
			}
			if number := wrote[c.LID]; number == other && !known && d.State.Proven() {
				t.Errorf("%s wrote to another number alone and was reached", d.Name)
			}
		}
		if reached < 6 || left == 0 {
			t.Errorf("%d reached, %d left out; the test shows too little", reached, left)
		}
	})
}

// TestWhoSaysNoFromAHiddenPhoneIsLeftAlone, also when their phone is known later
// and stands in a file.
func TestWhoSaysNoFromAHiddenPhoneIsLeftAlone(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 22, People: 12, Usernames: 12, Hidden: 12, Quiet: true})
		a, b := o.link("a"), o.link("b")
		p := o.hidden()[0]
		if c := o.says(p, a, "SAIR"); !c.OptedOut || c.BestPhone() != "" {
			t.Fatalf("opted out: %v, phone: %q", c.OptedOut, c.BestPhone())
		}
		first := o.says(o.hidden()[1], a, "Oi")
		if first.OptedOut {
			t.Fatal("Oi is no wish to leave")
		}
		id := o.campaign(campaign.Campaign{Name: "1", Text: "Olá!"})
		o.finish(id)
		for _, d := range o.deliveries(id) {
			if said := d.Contact != first.ID; said != (d.Reason.Code == reason.DeliveryOptedOut) || said == d.State.Proven() {
				t.Errorf("%s is %s (%s)", d.Name, d.State, d.Reason)
			}
		}
		o.importPeople() // with the phone of everybody
		id = o.campaign(campaign.Campaign{Name: "2", Text: "Olá de novo!", Numbers: []campaign.NumberID{b}})
		o.finish(id)
		for _, s := range o.service.Ledger().Seen() {
			if s.Person == p.Phone {
				t.Errorf("they said no and saw %q", s.Text)
			}
		}
		if len(o.service.Ledger().Seen()) < 11 {
			t.Errorf("%d messages were seen", len(o.service.Ledger().Seen()))
		}
		if c, ok := o.account(p.LID); !ok || !c.OptedOut || c.BestPhone() == "" {
			t.Errorf("their record: %+v", c)
		}
	})
}

// TestWhoShowsTheirPhoneIsOnePerson: somebody who wrote from a hidden phone, and
// stands in a file under that phone, gets a campaign once; when they show the phone the
// two records are one, nothing of either is lost, and it is in the audit.
func TestWhoShowsTheirPhoneIsOnePerson(t *testing.T) {
	for name, show := range map[string]func(o *office, p simulator.Person) error{
		"by the chat":      func(o *office, p simulator.Person) error { return o.service.Reveal(p.Phone) },
		"by being checked": func(*office, simulator.Person) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				o := newOffice(t, simulator.Config{Seed: 23, People: 8, Usernames: 8, Hidden: 8, Quiet: true})
				a := o.link("a")
				p := o.hidden()[0]
				chat := o.says(p, a, "Oi, quero saber do curso")
				ok(t, desk(o.book).EditContact(chat.ID, func(c *people.Contact) { c.Tags = []string{"curso"} }))
				o.importPeople()
				byPhone, err := o.book.ContactByPhone(people.Phone(p.Phone))
				ok(t, err)
				if byPhone.ID == chat.ID {
					t.Fatal("the two are one from the beginning")
				}
				ok(t, desk(o.book).EditContact(byPhone.ID, func(c *people.Contact) { c.Tags = []string{"feira"}; c.Fields = map[string]string{"cidade": "Recife"} }))
				ok(t, show(o, p))
				id := o.campaign(campaign.Campaign{Name: "1", Text: "Olá!"})
				o.finish(id)
				saw := 0
				for _, s := range o.service.Ledger().Seen() {
					if s.Person == p.Phone {
						saw++
					}
				}
				if saw != 1 {
					t.Errorf("they saw the campaign %d times", saw)
				}
				c, known := o.account(p.LID)
				if !known || c.Phone != people.Phone(p.Phone) || !slices.Equal(c.Tags, []string{"curso", "feira"}) ||
					c.Fields["cidade"] != "Recife" || c.LastHeard.IsZero() || !c.KnownTo(a) || c.Username != p.Username {
					t.Errorf("they are now %+v", c)
				}
				for _, id := range []people.ContactID{chat.ID, byPhone.ID} {
					if now, err := o.book.Contact(id); err != nil || now.ID != c.ID {
						t.Errorf("%d leads to %d, %v; want %d", id, now.ID, err, c.ID)
					}
				}
			})
		})
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
