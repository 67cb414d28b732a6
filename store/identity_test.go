package store

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/store/bolt"

	"recado/campaign"
	"recado/campaign/people"
)

// The one of whom the service speaks in these tests has the phone thePhone and
// the LID theLID.
const (
	thePhone people.Phone = "+5511987650001"
	asked    people.Phone = "+5511987650002" // under which the service finds thePhone
	oldPhone people.Phone = "+5511987650003" // under which theLID was known before
	theLID                = "1001"
	another               = "1002" // had thePhone before
	third                 = "1003" // had asked before
)

// streetStart is when the people of a street began to come.
var streetStart = time.Now().Add(-72 * time.Hour)

// street is a book to which people come, some of whom have opted out.
type street struct {
	*testing.T
	b      *Book
	number campaign.NumberID
}

func newStreet(t *testing.T) *street {
	t.Helper()
	s := &street{T: t, b: newBook(t)}
	n := must[campaign.Number](t)(desk(s.b).AddNumber("loja"))
	s.number = n.ID
	_ = must[campaign.Number](t)(s.b.LinkNumber(n.ID, "+5511912345678", "5511912345678:1@s.whatsapp.net", streetStart))
	return s
}

// move lets somebody move in, with or without a LID.
func (s *street) move(phone people.Phone, lid string, out bool) {
	s.Helper()
	switch {
	case lid == "":
		_ = must[ImportReport](s.T)(desk(s.b).Import(s.Context(), []people.Row{{Line: 1, Phone: phone}}, "a.csv"))
		if out {
			ok(s.T, desk(s.b).OptOut(must[people.Contact](s.T)(s.b.ContactByPhone(phone)).ID, "asked by phone"))
		}
	case out:
		ok(s.T, s.b.Heard(s.number, campaign.Incoming{From: people.Seen{Phone: phone, LID: lid}, Text: "SAIR", At: streetStart}))
	default:
		ok(s.T, s.b.Saw(s.number, []people.Seen{{Phone: phone, LID: lid}}))
	}
}

// by is the record of a LID.
func (s *street) by(lid string) (c people.Contact, found bool) {
	s.Helper()
	ok(s.T, s.b.view(func(tx *bolt.Tx) (err error) {
		var id people.ContactID
		if id, found = aliasTx(tx, string(lidAlias)+lid); found {
			c, err = contactTx(tx, id)
		}
		return err
	}))
	return c, found
}

// well fails the test if the book does not add up.
func (s *street) well() {
	s.Helper()
	ok(s.T, s.b.view(func(tx *bolt.Tx) error {
		if wrong := Check(tx); len(wrong) > 0 {
			s.Errorf("the book says of itself %q", wrong)
		}
		return nil
	}))
}

// doors are the ways by which the service names a phone with a LID.
var doors = map[string]func(*street){
	"they write": func(s *street) {
		ok(s.T, s.b.Heard(s.number, campaign.Incoming{From: people.Seen{Phone: thePhone, LID: theLID, Known: true}, Text: "oi", At: streetStart.Add(time.Hour)}))
	},
	"they are looked up": func(s *street) {
		if _, err := s.b.ContactByPhone(thePhone); err != nil { // nobody would have asked
			s.move(thePhone, "", false)
		}
		ok(s.T, s.b.Answered(s.number, []people.Phone{thePhone}, []people.Answer{{
			Asked: thePhone, Presence: people.OnWhatsApp, Phone: thePhone, LID: theLID,
		}}, streetStart.Add(time.Hour)))
	},
	"address book": func(s *street) {
		ok(s.T, s.b.Saw(s.number, []people.Seen{{Phone: thePhone, LID: theLID, Name: "Bia", Source: people.AddressBook, Known: true}}))
	},
	"history": func(s *street) {
		ok(s.T, s.b.Saw(s.number, []people.Seen{{Phone: thePhone, LID: theLID, Known: true, Heard: streetStart.Add(-time.Hour)}}))
	},
}

// claimedOf lists the LIDs that a campaign to everybody is claimed for.
func (s *street) claimedOf() (lids []string) {
	s.Helper()
	c := must[campaign.Campaign](s.T)(desk(s.b).AddCampaign(campaign.Campaign{Name: "c", Text: "x"}))
	now := time.Now()
	if _, err := desk(s.b).Start(c.ID, now); err != nil { // nobody may be written to
		return nil
	}
	for i := range 50 {
		now = now.Add(time.Hour)
		got := must[Claimed](s.T)(ClaimApart(s.b, campaign.Claim{
			Number: s.number, Ready: campaign.Readiness{Link: 1, Since: now.Add(-time.Hour)}, Now: now,
			NewID: func() campaign.MessageID { return campaign.MessageID(fmt.Sprint("3EB0", i)) },
		}))
		if got.Delivery != nil {
			lids = append(lids, got.Delivery.LID)
			ok(s.T, s.b.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, now))
		}
	}
	slices.Sort(lids)
	return lids
}

// whoCase is a row of the table of all cases: whose the phone and the LID were,
// and what must be true once the service has named the two together.
type whoCase struct {
	phone string // "nobody", "no LID", "another LID", "the same"
	lid   string // "nobody", "a record", "a record without a phone"
}

// TestWhoIsWho goes through all that the book can know of a phone and a LID, with
// and without opt-outs, whichever came first, by every door.
func TestWhoIsWho(t *testing.T) {
	cases := []whoCase{
		{"nobody", "nobody"}, {"nobody", "a record"}, {"nobody", "a record without a phone"},
		{"no LID", "nobody"}, {"no LID", "a record"}, {"no LID", "a record without a phone"},
		{"another LID", "nobody"}, {"another LID", "a record"}, {"another LID", "a record without a phone"},
		{"the same", "a record"},
	}
	for _, c := range cases {
		for bits := range 8 {
			phoneOut, lidOut, lidFirst := bits&1 != 0, bits&2 != 0, bits&4 != 0
			if c.phone == "nobody" && phoneOut || c.lid == "nobody" && (lidOut || lidFirst) || c.phone == "the same" && phoneOut {
				continue
			}
			for door, open := range doors {
				t.Run(fmt.Sprintf("%s/%s/out %v %v/first %v/%s", c.phone, c.lid, phoneOut, lidOut, lidFirst, door), func(t *testing.T) {
					s := newStreet(t)
					steps := []func(){
						func() {
							switch c.phone {
							case "no LID":
								s.move(thePhone, "", phoneOut)
							case "another LID":
								s.move(thePhone, another, phoneOut)
							}
						},
						func() {
							switch {
							case c.phone == "the same":
								s.move(thePhone, theLID, lidOut)
							case c.lid == "a record":
								s.move(oldPhone, theLID, lidOut)
							case c.lid == "a record without a phone":
								s.move("", theLID, lidOut)
							}
						},
					}
					if lidFirst {
						slices.Reverse(steps)
					}
					for _, step := range steps {
						step()
					}
					open(s)
					s.well()
					c.right(s, phoneOut, lidOut)
				})
			}
		}
	}
}

// right says what must be true of everybody.
func (c whoCase) right(s *street, phoneOut, lidOut bool) {
	s.Helper()
	is, found := s.by(theLID)
	if !found || is.Phone != thePhone || is.WhatsApp != thePhone {
		s.Fatalf("the LID leads to %+v, %v", is, found)
	}
	// What was said of a record without a LID was said of the one whose phone it
	// is; what was said of another account was not.
	out := lidOut || c.phone == "no LID" && phoneOut
	if is.OptedOut != out {
		s.Errorf("opted out: %v, want %v", is.OptedOut, out)
	}
	if has := must[people.Contact](s.T)(s.b.ContactByPhone(thePhone)); has.ID != is.ID {
		s.Errorf("the phone leads to %+v", has)
	}
	if moved := c.lid == "a record" && c.phone != "the same"; moved != slices.ContainsFunc(is.Former, func(f people.FormerPhone) bool { return f.Phone == oldPhone }) {
		s.Errorf("former phones %v", is.Former)
	}
	var want []string
	if !out {
		want = []string{theLID}
	}
	people := 1
	if c.phone == "another LID" {
		people++
		had, found := s.by(another)
		switch {
		case !found || had.ID == is.ID || had.OptedOut != phoneOut:
			s.Errorf("who had the phone is %+v, %v", had, found)
		case had.Phone != "" || had.WhatsApp != "" || len(had.Former) != 1 || had.Former[0].Phone != thePhone:
			s.Errorf("who had the phone has %q, %q, %v", had.Phone, had.WhatsApp, had.Former)
		case !had.Moved():
			s.Error("it is not known that they are somewhere else")
		}
	}
	if n := must[int](s.T)(s.b.ContactCount()); n != people {
		s.Errorf("%d people, want %d", n, people)
	}
	if got := s.claimedOf(); !slices.Equal(got, want) {
		s.Errorf("%q are written to, want %q", got, want)
	}
}

// TestAnswerThatNamesThreeRecords: one had the phone that was asked, one that
// under which the service finds it, and one the LID.
func TestAnswerThatNamesThreeRecords(t *testing.T) {
	for bits := range 1 << 6 {
		askedLID, phoneLID := "", ""
		if bits&1 != 0 {
			askedLID = third
		}
		if bits&2 != 0 {
			phoneLID = another
		}
		askedOut, phoneOut, lidOut, reversed := bits&4 != 0, bits&8 != 0, bits&16 != 0, bits&32 != 0
		t.Run(fmt.Sprintf("%06b", bits), func(t *testing.T) {
			s := newStreet(t)
			steps := []func(){
				func() { s.move(asked, askedLID, askedOut) },
				func() { s.move(thePhone, phoneLID, phoneOut) },
				func() { s.move(oldPhone, theLID, lidOut) },
			}
			if reversed {
				slices.Reverse(steps)
			}
			for _, step := range steps {
				step()
			}
			ok(t, s.b.Answered(s.number, []people.Phone{asked}, []people.Answer{{
				Asked: asked, Presence: people.OnWhatsApp, Phone: thePhone, LID: theLID,
			}}, streetStart.Add(time.Hour)))
			s.well()
			is, _ := s.by(theLID)
			out := lidOut || askedLID == "" && askedOut || phoneLID == "" && phoneOut
			if is.OptedOut != out || is.Phone != asked || is.WhatsApp != thePhone || len(is.Former) != 1 || is.Former[0].Phone != oldPhone {
				t.Errorf("the LID leads to %+v, want opted out: %v", is, out)
			}
			people := 1
			for lid, was := range map[string]bool{askedLID: askedOut, phoneLID: phoneOut} {
				if lid == "" {
					continue
				}
				people++
				if had, found := s.by(lid); !found || had.OptedOut != was || !had.Moved() {
					t.Errorf("who had a phone is %+v, want opted out: %v", had, was)
				}
			}
			if n := must[int](t)(s.b.ContactCount()); n != people {
				t.Errorf("%d people, want %d", n, people)
			}
			var want []string
			if !out {
				want = []string{theLID}
			}
			if got := s.claimedOf(); !slices.Equal(got, want) {
				t.Errorf("%q are written to, want %q", got, want)
			}
		})
	}
}

// TestAnswerWithoutALIDJoinsTwoSpellings: the service says that the phone that
// was asked is another one, and not whose account it is.
func TestAnswerWithoutALIDJoinsTwoSpellings(t *testing.T) {
	for bits := range 4 {
		askedLID, phoneLID := "", ""
		if bits&1 != 0 {
			askedLID = third
		}
		if bits&2 != 0 {
			phoneLID = another
		}
		t.Run(fmt.Sprintf("%02b", bits), func(t *testing.T) {
			s := newStreet(t)
			s.move(asked, askedLID, true)
			s.move(thePhone, phoneLID, false)
			ok(t, s.b.Answered(s.number, []people.Phone{asked}, []people.Answer{{Asked: asked, Presence: people.OnWhatsApp, Phone: thePhone}}, streetStart.Add(time.Hour)))
			s.well()
			is := must[people.Contact](t)(s.b.ContactByPhone(thePhone))
			if has := must[people.Contact](t)(s.b.ContactByPhone(asked)); has.ID != is.ID {
				t.Errorf("the phone that was asked leads to %+v", has)
			}
			// Two accounts are never one, and then the opt-out is the first one's.
			if two := askedLID != "" && phoneLID != ""; is.OptedOut == two {
				t.Errorf("opted out: %v", is.OptedOut)
			}
		})
	}
}

// TestPhoneWithoutALIDIsWhoseItIsNow: an address book, and a file, name phones
// alone.
func TestPhoneWithoutALIDIsWhoseItIsNow(t *testing.T) {
	for _, c := range []struct {
		name string
		door func(*street)
	}{
		{"address book", func(s *street) {
			ok(s.T, s.b.Saw(s.number, []people.Seen{{Phone: thePhone, Name: "Ana", Source: people.AddressBook, Known: true}}))
		}},
		{"import", func(s *street) {
			_ = must[ImportReport](s.T)(desk(s.b).Import(s.Context(), []people.Row{{Line: 1, Phone: thePhone, Name: "Ana"}}, "a.csv"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStreet(t)
			s.move(thePhone, another, true)
			s.move(thePhone, theLID, false) // the phone has another owner
			c.door(s)
			s.well()
			if is, _ := s.by(theLID); is.Name != "Ana" {
				t.Errorf("the row is not theirs who have the phone: %+v", is)
			}
			if had, _ := s.by(another); had.Name != "" || !had.OptedOut {
				t.Errorf("who had the phone is %+v", had)
			}
		})
	}
}

// TestOldFileIsAboutWhoHadThePhone: the only one who is known to have had a phone
// that is nobody's now is meant by a file, under whatever phone they are.
func TestOldFileIsAboutWhoHadThePhone(t *testing.T) {
	row := []people.Row{{Line: 1, Phone: thePhone, Name: "Ana"}}
	s := newStreet(t)
	s.move(thePhone, another, true)
	s.move(oldPhone, another, false) // they have another phone now
	if got := must[ImportReport](t)(desk(s.b).Import(t.Context(), row, "old.csv")); got.Added != 0 || got.Updated != 1 {
		t.Errorf("%+v, want the one who had it updated", got)
	}
	had, _ := s.by(another)
	if had.Name != "Ana" || !had.OptedOut || had.Phone != oldPhone {
		t.Errorf("who had the phone is %+v", had)
	}
	if got := s.claimedOf(); got != nil {
		t.Errorf("%q are written to", got)
	}
	// A second one had it as well: then a file means neither.
	s.move(thePhone, third, false)
	s.move(asked, third, false)
	if got := must[ImportReport](t)(desk(s.b).Import(t.Context(), row, "old.csv")); got.Added != 1 {
		t.Errorf("%+v, want somebody new", got)
	}
	s.well()
}

// TestOptOutThatWasSaidOfAPhoneStaysWithIt: nobody knows which account it was
// that said no.
func TestOptOutThatWasSaidOfAPhoneStaysWithIt(t *testing.T) {
	for name, door := range doors {
		t.Run(name, func(t *testing.T) {
			s := newStreet(t)
			s.move(thePhone, "", true)
			s.move(thePhone, another, false) // whose account it is taken for
			door(s)
			s.well()
			for _, lid := range []string{another, theLID} {
				if is, found := s.by(lid); !found || !is.OptedOut || is.OptOutWhy != "asked by phone" {
					t.Errorf("%s is %+v, %v", lid, is, found)
				}
			}
		})
	}
	t.Run("nobody's in between", func(t *testing.T) {
		s := newStreet(t)
		s.move(thePhone, "", true)
		s.move(thePhone, another, false)
		s.move(oldPhone, another, false)
		ok(t, s.b.Saw(s.number, []people.Seen{{Phone: thePhone}}))
		if is := must[people.Contact](t)(s.b.ContactByPhone(thePhone)); !is.OptedOut {
			t.Errorf("the next one is %+v", is)
		}
	})
	t.Run("typed", func(t *testing.T) {
		s := newStreet(t)
		s.move(thePhone, "", true)
		id := must[people.Contact](t)(s.b.ContactByPhone(thePhone)).ID
		ok(t, desk(s.b).EditContact(id, func(c *people.Contact) { c.Phone = oldPhone }))
		s.move(asked, theLID, false)
		is, _ := s.by(theLID)
		ok(t, desk(s.b).EditContact(is.ID, func(c *people.Contact) { c.Phone = thePhone }))
		if is, _ := s.by(theLID); !is.OptedOut {
			t.Errorf("who got the phone by hand is %+v", is)
		}
		s.well()
	})
	t.Run("taken back", func(t *testing.T) {
		s := newStreet(t)
		s.move(thePhone, "", true)
		ok(t, desk(s.b).OptIn(must[people.Contact](t)(s.b.ContactByPhone(thePhone)).ID, "signed up again"))
		s.move(thePhone, another, false)
		s.move(thePhone, theLID, false)
		if is, _ := s.by(theLID); is.OptedOut {
			t.Errorf("the next one is %+v", is)
		}
	})
}

// TestWhoLostThePhoneIsWrittenToAgainOnceTheyAreSeen.
func TestWhoLostThePhoneIsWrittenToAgainOnceTheyAreSeen(t *testing.T) {
	for name, seen := range map[string]func(*street){
		"under another phone": func(s *street) { s.move(oldPhone, another, false) },
		"by a message":        func(s *street) { s.hears(people.Seen{LID: another, Known: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStreet(t)
			s.move(thePhone, another, false)
			s.move(thePhone, theLID, true)
			if is, _ := s.by(another); !is.Moved() {
				t.Errorf("who lost the phone is %+v", is)
			}
			seen(s)
			if got := s.claimedOf(); !slices.Equal(got, []string{another}) {
				t.Errorf("%q are written to", got)
			}
		})
	}
}

func (s *street) hears(from people.Seen) {
	s.Helper()
	ok(s.T, s.b.Heard(s.number, campaign.Incoming{From: from, Text: "oi", At: time.Now().Add(time.Minute)}))
}

func TestFormerPhoneIsFoundByWordsAndNotByPhone(t *testing.T) {
	s := newStreet(t)
	s.move(thePhone, another, false)
	s.move(thePhone, theLID, false)
	for filter, want := range map[string]int{"98765-0001": 2, "fone:98765-0001": 1} {
		f, err := people.ParseFilter(filter)
		ok(t, err)
		if ids := must[[]people.ContactID](t)(s.b.Find(context.Background(), f)); len(ids) != want {
			t.Errorf("%s finds %v, want %d", filter, ids, want)
		}
	}
}

// TestPhoneAndLIDFindOneAccount: a LID is never looked for under a phone that
// another account has.
func TestPhoneAndLIDFindOneAccount(t *testing.T) {
	s := newStreet(t)
	s.move(thePhone, another, false)
	s.move(oldPhone, "", false)
	ok(t, s.b.view(func(tx *bolt.Tx) error {
		for want, seen := range map[string]people.Seen{
			"another": {Phone: thePhone, LID: another}, "nobody": {Phone: thePhone, LID: theLID}, "another ": {Phone: oldPhone, LID: another},
			"old": {Phone: oldPhone, LID: theLID}, "another  ": {Phone: thePhone}, "nobody ": {LID: theLID},
		} {
			got := "nobody"
			if id, ok := findPersonTx(tx, seen.Phone, seen.LID); ok {
				c, _ := contactTx(tx, id)
				if got = "old"; c.LID == another {
					got = "another"
				}
			}
			if got != strings.TrimSpace(want) {
				t.Errorf("%+v finds %s, want %s", seen, got, want)
			}
		}
		return nil
	}))
}

// TestFormerPhoneIsNotThatOfALongerOne: keys of phones that begin alike.
func TestFormerPhoneIsNotThatOfALongerOne(t *testing.T) {
	s := newStreet(t)
	s.move("+12125550100", another, true)
	s.move(oldPhone, another, false)
	if got := must[ImportReport](t)(desk(s.b).Import(t.Context(), []people.Row{{Line: 1, Phone: "+1212555010"}}, "a.csv")); got.Added != 1 {
		t.Errorf("%+v, want somebody new", got)
	}
}

// TestPhoneInNoFieldGoesOverToo: in older books a second phone of a person led to
// them and stood in no record.
func TestPhoneInNoFieldGoesOverToo(t *testing.T) {
	s := newStreet(t)
	s.move(oldPhone, another, true)
	had, _ := s.by(another)
	ok(t, s.b.update(func(tx *bolt.Tx) error {
		return bucket(tx, "aliases").Put([]byte(phoneKey(thePhone)), key(uint64(had.ID)))
	}))
	s.move(thePhone, theLID, false)
	s.well()
	if is := must[people.Contact](t)(s.b.ContactByPhone(thePhone)); is.LID != theLID || is.OptedOut {
		t.Errorf("the phone is %+v's", is)
	}
}

func TestCheckKnowsFormerPhones(t *testing.T) {
	for name, harm := range map[string]func(tx *bolt.Tx, id people.ContactID) error{
		"a former phone that nobody remembers": func(tx *bolt.Tx, id people.ContactID) error {
			return bucket(tx, "aliases").Put(append([]byte{sharedAlias}, string(key("5511987659999", uint64(id)))...), key(uint64(id)))
		},
		"a former phone that is not found": func(tx *bolt.Tx, id people.ContactID) error {
			return bucket(tx, "aliases").Delete(append([]byte{sharedAlias}, string(key(thePhone.Key(), uint64(id)))...))
		},
		"a former phone that is used": func(tx *bolt.Tx, id people.ContactID) error {
			return bucket(tx, "aliases").Put([]byte(phoneKey(thePhone)), key(uint64(id)))
		},
	} {
		s := newStreet(t)
		s.move(thePhone, another, false)
		s.move(oldPhone, another, false)
		s.well()
		had, _ := s.by(another)
		ok(t, s.b.update(func(tx *bolt.Tx) error { return harm(tx, had.ID) }))
		ok(t, s.b.view(func(tx *bolt.Tx) error {
			if len(Check(tx)) == 0 {
				t.Errorf("%s is not noticed", name)
			}
			return nil
		}))
	}
}

// TestTableOfWhoIsWhoIsInTheDocumentation, row for row.
func TestTableOfWhoIsWhoIsInTheDocumentation(t *testing.T) {
	page, err := os.ReadFile("../docs/wire.md")
	if err != nil {
		t.Fatal(err)
	}
	sides := map[side]string{
		untold: "–", leadsNowhere: "to nobody", leadsSomewhere: "to a record", leadsToNoLID: "to a record without a LID",
		leadsToAnother: "to a record with another LID", leadsToSame: "to the same record",
	}
	follows := map[identity]string{
		isNobody: "nobody", isNew: "a new record", isPhones: "the phone's", isLIDs: "the LID's; the phone is theirs",
		getsLID: "the phone's; the LID is theirs", isBoth: "both are one person: merged", newGetsIt: "a new record; the phone goes over to it",
		otherGetsIt: "the LID's; the phone goes over to it",
	}
	for sidesOf, what := range identities {
		if what == isNobody {
			continue
		}
		row := fmt.Sprintf("| %s | %s | %s |", sides[sidesOf[0]], sides[sidesOf[1]], follows[what])
		if sidesOf[0] == untold {
			row = strings.Replace(row, "; the phone is theirs", "", 1)
		}
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/wire.md does not say %s", row)
		}
	}
	if n := strings.Count(string(page), "\n| to ") + strings.Count(string(page), "\n| – | to "); n != len(identities)-1 {
		t.Errorf("docs/wire.md has %d rows of who is who, want %d", n, len(identities)-1)
	}
}
