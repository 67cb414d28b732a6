package session

import (
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session/simulator"
)

// account is the record of an account.
func (r *rig) account(lid string) (found people.Contact, ok bool) {
	r.Helper()
	ids, err := r.book.Find(r.Context(), people.Filter{})
	if err != nil {
		r.Fatal(err)
	}
	all, err := r.book.ContactsByID(ids)
	if err != nil {
		r.Fatal(err)
	}
	for _, c := range all {
		if c.LID == lid {
			return c, true
		}
	}
	return found, false
}

// quietly links a number whose phone tells nothing.
func (r *rig) quietly(name string) (campaign.NumberID, string) {
	r.Helper()
	id := r.add(name)
	phone := r.scan(id, "")
	r.awaitState(id, campaign.Online)
	return id, phone
}

// asked counts the questions of a namespace.
func (r *rig) asked(namespace string) (n int) {
	for _, a := range r.service.Ledger().Asked() {
		if strings.HasPrefix(a.What, namespace+" ") {
			n++
		}
	}
	return n
}

// hidden are the people of the world whose numbers nobody sees.
func (r *rig) hidden() (all []simulator.Person) {
	for _, p := range r.service.People() {
		if p.Hidden {
			all = append(all, p)
		}
	}
	return all
}

// TestAddressBookHasPeopleWithoutAPhone: when a link is made the whole of it is read, with
// usernames, and changes of it are heard.
func TestAddressBookHasPeopleWithoutAPhone(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 7, People: 40, Usernames: 30, Hidden: 10}, func(r *rig) {
		_, phone := r.linked("loja")
		time.Sleep(time.Minute)
		hidden, named, without := 0, 0, 0
		for _, p := range r.service.People() {
			c, ok := r.account(p.LID)
			if !ok {
				continue
			}
			if p.Hidden && c.BestPhone() != "" {
				t.Errorf("%s hides a number that the book has: %q", p.Name, c.BestPhone())
			}
			switch {
			case p.Hidden && c.NameSource == people.AddressBook && c.Name == p.Name && c.Username == p.Username:
				hidden++
			case !p.Hidden && p.Username != "" && c.Username == p.Username:
				named++
			case p.Username != c.Username:
				without++
			}
		}
		if hidden < 4 || named < 10 || without > 0 {
			t.Errorf("%d without a phone and %d with one have their usernames, %d have not", hidden, named, without)
		}
		p := r.hidden()[0]
		r.own(phone).SetUsername(p.Phone, "outro.nome", "Fulana de Tal")
		time.Sleep(time.Minute)
		if c, _ := r.account(p.LID); c.Username != "outro.nome" || c.Name != "Fulana de Tal" || !c.KnownTo(1) {
			t.Errorf("they are %+v", c)
		}
	})
}

// TestUsernameOfWhoWritesIsAskedForOnce, and never again of a service that wants to be
// asked less.
func TestUsernameOfWhoWritesIsAskedForOnce(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 8, People: 6, Usernames: 6, Hidden: 6, Quiet: true}, func(r *rig) {
		_, phone := r.quietly("loja")
		all := r.hidden()
		say := func(p simulator.Person) people.Contact {
			if _, err := r.service.Say(p.Phone, phone, "Oi"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			c, _ := r.account(p.LID)
			return c
		}
		if c := say(all[0]); c.Username != all[0].Username || c.BestPhone() != "" {
			t.Errorf("they are %+v", c)
		}
		asked := r.asked("usync")
		say(all[0])
		if again := r.asked("usync"); again != asked {
			t.Errorf("asked %d times, then %d", asked, again)
		}
		r.service.Fault(simulator.Rule{On: simulator.Usync, Do: simulator.Refuse, Code: 429})
		say(all[1])
		r.service.ClearFaults()
		asked = r.asked("usync")
		if c := say(all[2]); c.Username != "" || r.asked("usync") != asked {
			t.Errorf("asked again: %+v", c)
		}
	})
}

// TestPhoneThatIsShownLater is known from the chat and from the next message.
func TestPhoneThatIsShownLater(t *testing.T) {
	inBubble(t, simulator.Config{Seed: 9, People: 6, Usernames: 6, Hidden: 6}, func(r *rig) {
		id, phone := r.linked("loja")
		p := r.hidden()[0]
		if c, ok := r.account(p.LID); ok && c.BestPhone() != "" {
			t.Fatalf("they are %+v", c)
		}
		if _, err := r.service.Say(p.Phone, phone, "Oi"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if c, ok := r.account(p.LID); !ok || c.BestPhone() != "" || !c.KnownTo(id) || c.Presence != people.OnWhatsApp {
			t.Fatalf("they are %+v", c)
		}
		if err := r.service.Reveal(p.Phone); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if c, _ := r.account(p.LID); c.BestPhone() != people.Phone(p.Phone) {
			t.Errorf("they are %+v", c)
		}
	})
}

// TestAUsernameIsPlain: it stands where a name would, so it cannot be anything.
func TestAUsernameIsPlain(t *testing.T) {
	for from, want := range map[string]string{
		"@ana.prado": "ana.prado", "ana": "ana", "": "", "a\x1b[31m": "", "a b": "", strings.Repeat("a", 65): "", "joão": "joão",
	} {
		if got := usernameOf(from); got != want {
			t.Errorf("%q is %q, want %q", from, got, want)
		}
	}
}
