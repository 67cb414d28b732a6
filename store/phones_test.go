package store

import (
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// The phones of the people in these tests: two mobiles, and the landline of a
// company.
const (
	mobile   people.Phone = "+5511987650001"
	spare    people.Phone = "+5511987650002"
	landline people.Phone = "+551133330001"
)

// rowsOf imports rows, one after the other.
func (s *street) rowsOf(rows ...people.Row) {
	s.Helper()
	for i, row := range rows {
		row.Line = i + 1
		_ = must[ImportReport](s.T)(desk(s.b).Import(s.Context(), []people.Row{row}, "a.csv"))
	}
}

// who is the person with a phone, and the count of all.
func (s *street) who(phone people.Phone) (people.Contact, int) {
	s.Helper()
	return must[people.Contact](s.T)(s.b.ContactByPhone(phone)), must[int](s.T)(s.b.ContactCount())
}

// TestALandlineThatIsOnWhatsAppIsBelieved: where a file says by which phone somebody
// is on WhatsApp, a mobile beside it is no better.
func TestALandlineThatIsOnWhatsAppIsBelieved(t *testing.T) {
	s := newStreet(t)
	s.rowsOf(people.Row{Phone: landline, Others: []people.Phone{mobile}, Name: "Padaria Sol"})
	if c, n := s.who(mobile); n != 1 || c.BestPhone() != landline {
		t.Errorf("%d people, who go by %s", n, c.BestPhone())
	}
	// A mobile is, where nothing says so.
	s = newStreet(t)
	s.rowsOf(people.Row{Phone: landline, Name: "Ana"}, people.Row{Phone: mobile, Others: []people.Phone{landline}, Name: "Ana"})
	if c, n := s.who(landline); n != 1 || c.BestPhone() != mobile {
		t.Errorf("%d people, who go by %s", n, c.BestPhone())
	}
}

// TestOneWithSeveralPhonesIsOnePerson: in whatever order files name the phones of
// somebody, they are one record, and found by each phone.
func TestOneWithSeveralPhonesIsOnePerson(t *testing.T) {
	both := people.Row{Phone: mobile, Others: []people.Phone{spare, landline}, Name: "Ana Prado"}
	for name, rows := range map[string][]people.Row{
		"all, then one":  {both, {Phone: spare, Name: "Ana"}},
		"one, then all":  {{Phone: spare, Name: "Ana"}, both},
		"all twice":      {both, both},
		"the other best": {both, {Phone: landline, Others: []people.Phone{spare, mobile}, Name: "Ana Prado"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStreet(t)
			s.rowsOf(rows...)
			for _, p := range []people.Phone{mobile, spare, landline} {
				c, n := s.who(p)
				if n != 1 || len(c.Phones()) != 3 || !c.Phones()[0].Mobile() || c.Phones()[2] != landline {
					t.Errorf("%d people, %s leads to %q", n, p, c.Phones())
				}
				if len(found(t, s.b, "fone:"+string(p))) != 1 {
					t.Errorf("a filter does not find %s", p)
				}
			}
			s.well()
		})
	}
}

// TestPhoneOfACompanyMakesNobodyOne: many have it, and it is nobody's alone.
func TestPhoneOfACompanyMakesNobodyOne(t *testing.T) {
	s := newStreet(t)
	s.rowsOf(
		people.Row{Phone: mobile, Others: []people.Phone{landline}, Name: "Ana Prado"},
		people.Row{Phone: spare, Others: []people.Phone{landline}, Name: "Bia Souza"},
		people.Row{Phone: landline, Name: "Padaria Sol"})
	for phone, want := range map[people.Phone]string{mobile: "Ana Prado", spare: "Bia Souza", landline: "Padaria Sol"} {
		if c, n := s.who(phone); n != 3 || c.Name != want {
			t.Errorf("%s is %q of %d people, want %q", phone, c.Name, n, want)
		}
	}
	// Whoever answers there and says no does it for all who are to be reached there.
	ok(t, s.b.Heard(s.number, campaign.Incoming{From: people.Seen{Phone: landline, LID: theLID}, Text: "SAIR", At: streetStart}))
	if out := found(t, s.b, "optout:sim"); fmt.Sprint(out) != "[Ana Prado Bia Souza Padaria Sol]" {
		t.Errorf("opted out are %q", out)
	}
	// And so it is for who is said later to have that phone.
	s.rowsOf(people.Row{Phone: "+5511987650009", Others: []people.Phone{landline}, Name: "Caio"})
	if c, _ := s.who("+5511987650009"); !c.OptedOut {
		t.Errorf("they are written to: %+v", c)
	}
	s.well()
}

// TestOptOutByAnyPhoneIsThePersons, whatever of them was known.
func TestOptOutByAnyPhoneIsThePersons(t *testing.T) {
	sair := func(phone people.Phone, lid string) campaign.Incoming {
		return campaign.Incoming{From: people.Seen{Phone: phone, LID: lid}, Text: "SAIR", At: streetStart}
	}
	for name, heard := range map[string]func(*street){
		"nothing is known": func(s *street) { ok(s.T, s.b.Heard(s.number, sair(spare, another))) },
		"the first phone has an account": func(s *street) {
			ok(s.T, s.b.Saw(s.number, []people.Seen{{Phone: mobile, LID: theLID}}))
			ok(s.T, s.b.Heard(s.number, sair(spare, another)))
		},
		"the account was known without its phone": func(s *street) {
			ok(s.T, s.b.Heard(s.number, sair("", another)))
			ok(s.T, s.b.Saw(s.number, []people.Seen{{Phone: spare, LID: another}}))
		},
		"by the phone alone": func(s *street) { ok(s.T, s.b.Heard(s.number, sair(spare, ""))) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStreet(t)
			s.rowsOf(people.Row{Phone: mobile, Others: []people.Phone{spare}, Name: "Ana"})
			heard(s)
			for _, p := range []people.Phone{mobile, spare} {
				if c, _ := s.who(p); !c.OptedOut {
					t.Errorf("who has %s is %+v", p, c)
				}
			}
			s.well()
		})
	}
	t.Run("the account of the other phone comes later", func(t *testing.T) {
		s := newStreet(t)
		s.rowsOf(people.Row{Phone: mobile, Others: []people.Phone{spare}, Name: "Ana"})
		ok(t, s.b.Heard(s.number, sair(mobile, theLID)))
		ok(t, s.b.Saw(s.number, []people.Seen{{Phone: spare, LID: another}}))
		if c, _ := s.who(spare); !c.OptedOut {
			t.Errorf("the other account of somebody who opted out is %+v", c)
		}
		s.well()
	})
}

// TestMergeKeepsWhatBothRecordsSay of phones, consent and notes.
func TestMergeKeepsWhatBothRecordsSay(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	s := newStreet(t)
	s.rowsOf(
		people.Row{Phone: mobile, Others: []people.Phone{landline}, Name: "Ana", Note: "liga à tarde",
			Consent: people.Consent{Status: people.ConsentGiven, Source: "feira", At: day(2), Evidence: "ficha 12"}},
		people.Row{Phone: spare, Others: []people.Phone{"+5511987650004"}, Name: "Ana", Note: "prefere áudio",
			Consent: people.Consent{Status: people.ConsentRefused, Source: "site", At: day(5)}})
	// The service knows both phones as one account.
	ok(t, s.b.Answered(s.number, []people.Phone{mobile}, []people.Answer{{Asked: mobile, Presence: people.OnWhatsApp, Phone: spare, LID: theLID}}, time.Now()))
	c, n := s.who(mobile)
	want := []people.Phone{mobile, spare, "+5511987650004", landline}
	for _, p := range want {
		if o, _ := s.who(p); o.ID != c.ID {
			t.Errorf("%s leads to %+v", p, o)
		}
	}
	if n != 1 || len(c.Phones()) != 4 || c.Note != "liga à tarde\nprefere áudio" {
		t.Errorf("%d people, phones %q, note %q", n, c.Phones(), c.Note)
	}
	if got := (people.Consent{Status: people.ConsentRefused, Source: "site", At: day(5), By: "ana", Evidence: "yes feira 2026-03-02\nficha 12"}); c.Consent.Status != got.Status || c.Consent.Evidence != got.Evidence || !c.Consent.At.Equal(got.At) {
		t.Errorf("consent %+v, want %+v", c.Consent, got)
	}
	s.well()
}

// TestFieldsOfBeforeAreTakenOver: imports wrote other phones and consent as fields
// until version 11.
func TestFieldsOfBeforeAreTakenOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.db")
	b, err := Open(path, Options{Kind: Demo})
	ok(t, err)
	_ = must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{
		{Line: 1, Phone: mobile, Name: "Ana", Fields: map[string]string{
			"telefone_2": string(spare), "telefone": "(11) 3333-0001", "celular": "não tem", "cidade": "Recife",
			"consentimento": "feira", "consentimento_data": "2026-03-02",
		}},
		{Line: 2, Phone: "+5511987650009", Name: "Bia", Fields: map[string]string{"consentimento": "assinado"}},
	}, "a.csv"))
	ok(t, b.Close())
	edit(t, path, func(tx *bolt.Tx) error { return bucket(tx, "meta").Put([]byte("version"), key(uint32(9))) })
	b, err = Open(path, Options{Kind: Demo})
	ok(t, err)
	defer b.Close()
	s := &street{T: t, b: b}
	c, _ := s.who(landline)
	if fmt.Sprint(c.Phones()) != fmt.Sprint([]people.Phone{mobile, spare, landline}) ||
		!reflect.DeepEqual(c.Fields, map[string]string{"celular": "não tem", "cidade": "Recife"}) ||
		c.Consent.Status != people.ConsentGiven || c.Consent.Source != "feira" || c.Consent.Day() != "2026-03-02" {
		t.Errorf("they are %+v", c)
	}
	if c, _ := s.who("+5511987650009"); c.Fields["consentimento"] != "assinado" || c.Consent.Status != people.ConsentUnknown {
		t.Errorf("a field without a day is their own: %+v", c)
	}
	s.well()
}

// TestConsentIsTheLastAnswer, and who wrote it down is in it.
func TestConsentIsTheLastAnswer(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	s := newStreet(t)
	row := func(status people.ConsentStatus, source string, d int) people.Row {
		return people.Row{Phone: mobile, Name: "Ana", Consent: people.Consent{Status: status, Source: source, At: day(d)}}
	}
	s.rowsOf(row(people.ConsentGiven, "feira", 3), row(people.ConsentRefused, "site", 2), people.Row{Phone: mobile})
	if c, _ := s.who(mobile); c.Consent.Status != people.ConsentGiven || c.Consent.Source != "feira" || c.Consent.By != desk(s.b).Actor().Name {
		t.Errorf("consent %+v", c.Consent)
	}
	s.rowsOf(row(people.ConsentRefused, "telefone", 3))
	if c, _ := s.who(mobile); c.Consent.Status != people.ConsentRefused {
		t.Errorf("of the same day the no counts, got %+v", c.Consent)
	}
	s.rowsOf(people.Row{Phone: spare, Name: "Bia", Consent: people.Consent{Status: people.ConsentGiven, Source: "feira 2026"}}, people.Row{Phone: landline, Name: "Caio"})
	for filter, want := range map[string]string{
		"consent:sim": "[Bia]", "consentimento:nao": "[Ana Caio]", "consent:feira": "[Bia]", "consent:telefone": "[Ana]", "consent:*": "[Ana Bia]", `-consent:="feira 2026"`: "[Ana Caio]",
	} {
		if got := found(t, s.b, filter); fmt.Sprint(got) != want {
			t.Errorf("%s finds %q, want %s", filter, got, want)
		}
	}
	// An edit says who did it.
	c, _ := s.who(spare)
	ok(t, desk(s.b).EditContact(c.ID, func(c *people.Contact) {
		c.Consent = people.Consent{Status: people.ConsentRefused, Source: "loja", At: day(4), By: "somebody else"}
		c.AddPhone(landline)
		c.Note = "não liga"
	}))
	if c, _ := s.who(spare); c.Consent.By != desk(s.b).Actor().Name || c.Note != "não liga" || len(c.Phones()) != 2 {
		t.Errorf("they are %+v", c)
	}
	s.well()
}
