package store

import (
	"reflect"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// Every part of a record alone, and all together, come back as they were; those of
// before version 19 as well.
func TestARecordOfAPersonIsReadAsItWasWritten(t *testing.T) {
	at := time.Unix(1_790_000_000, 123_456_789)
	parts := []func(c *people.Contact){
		func(c *people.Contact) { c.Phone = "+5511987654321" },
		func(c *people.Contact) { c.Phone = "+0551198" }, // these are no numbers
		func(c *people.Contact) { c.Phone = "5511987654321" },
		func(c *people.Contact) { c.Phone = "+" },
		func(c *people.Contact) { c.Phone = "+55119x" },
		func(c *people.Contact) { c.Phone = "+999999999999999999" },
		func(c *people.Contact) { c.Phone = "+99999999999999999999999" },
		func(c *people.Contact) { c.WhatsApp = "+12125550100" },
		func(c *people.Contact) { c.LID = "77" },
		func(c *people.Contact) { c.Name, c.NameSource = "Ana", people.Typed },
		func(c *people.Contact) { c.Name, c.NameSource = "Ana", people.PushName },
		func(c *people.Contact) { c.Name = "Ana" },
		func(c *people.Contact) { c.NameSource = people.Business },
		func(c *people.Contact) { c.Tags = []string{"a", "b"} },
		func(c *people.Contact) {
			c.Fields = map[string]string{"email": "a@b", "cidade": "", "outra": "x", "": "y"}
		},
		func(c *people.Contact) { c.Presence = people.OnWhatsApp },
		func(c *people.Contact) { c.CheckedAt = at },
		func(c *people.Contact) { c.OptedOut = true },
		func(c *people.Contact) { c.OptOutAt = at },
		func(c *people.Contact) { c.OptOutWhy = "sair" },
		func(c *people.Contact) { c.OptOutPhone = "+5511987654322" },
		func(c *people.Contact) { c.Knows = []campaign.NumberID{1, 300} },
		func(c *people.Contact) { c.LastSent = at },
		func(c *people.Contact) { c.LastHeard = at },
		func(c *people.Contact) { c.Created = at },
		func(c *people.Contact) { c.Former = []people.FormerPhone{{Phone: "+5511987654323", Until: at}, {}} },
		func(c *people.Contact) { c.DoubtAt = at },
		func(c *people.Contact) { c.DoubtAt, c.DoubtSaid = at, "talvez" },
		func(c *people.Contact) { c.DoubtEnded = at },
		func(c *people.Contact) {
			c.Others = []people.OtherPhone{{Phone: "+5511987654324", No: at}, {Phone: "x"}}
		},
		func(c *people.Contact) {
			c.Consent = people.Consent{Status: people.ConsentGiven, Source: "feira", At: at, By: "ana", Evidence: "sim"}
		},
		func(c *people.Contact) { c.Note = "liga" },
		func(c *people.Contact) { c.Username = "ana" },
		func(c *people.Contact) { c.Origin = 300 },
		func(c *people.Contact) { c.Came = people.Arrival{Way: people.ByAd, Name: "Curso", At: at} },
		func(c *people.Contact) { c.Labels = []people.Label{{Number: 1, ID: "1", Name: "Pago", Ours: true}} },
	}
	var all people.Contact
	for i, set := range parts {
		c := people.Contact{ID: 7}
		set(&c)
		set(&all)
		for name, v := range map[string][]byte{"now": encodeContact(&c), "before": encodeFirst(&c)} {
			got, err := decodeContact(7, v)
			if err != nil || !reflect.DeepEqual(got, c) {
				t.Errorf("part %d, %s: %+v, %v\nwant %+v", i, name, got, err, c)
			}
		}
		v := encodeContact(&c)
		for cut := range v {
			if cut > 1 {
				if _, err := decodeContact(7, v[:cut]); err == nil {
					t.Errorf("part %d: %x is read without its last bytes: %x", i, v, v[:cut])
				}
			}
		}
	}
	all.ID = 7
	if got, err := decodeContact(7, encodeContact(&all)); err != nil || !reflect.DeepEqual(got, all) {
		t.Errorf("all: %+v, %v\nwant %+v", got, err, all)
	}
	var e bolt.Enc
	e.Uint(contactVersion)
	e.Uint(allParts + 1)
	if _, err := decodeContact(7, e.B); err == nil {
		t.Error("a part of a later version is read")
	}
	if _, err := decodeContact(7, []byte{contactVersion + 1, 0}); err == nil {
		t.Error("a later version is read")
	}
}

// The names that stand as numbers in the records are those that they were.
func TestUsualFieldsStayWhereTheyAre(t *testing.T) {
	for at, name := range map[int]string{0: "email", 1: "cidade", 10: "pais", 20: "profissao", 30: "plano", 40: "categoria", 51: "address", 59: "last_name", 68: "colonia"} {
		if usualFields[at] != name {
			t.Errorf("at %d is %q, want %q", at, usualFields[at], name)
		}
	}
	if len(usualField) != len(usualFields) {
		t.Error("a name is there twice")
	}
	if len(usualFields) != 69 {
		t.Errorf("there are %d: name the new ones here", len(usualFields))
	}
}

// An import that was made by a program of before is undone by this one: the marks that
// it left, by which it is known who has been changed since, are those that it looks for.
func TestTheMarkOfAPersonStaysWhatItWas(t *testing.T) {
	ana := people.Contact{
		Name: "Ana", NameSource: people.Typed, Phone: "+5511987654321", Tags: []string{"feira"}, Fields: map[string]string{"cidade": "Recife", "loja_1": "x"},
		Consent: people.Consent{Status: people.ConsentGiven, Source: "feira"}, Note: "prefere manhã",
	}
	if got, want := markOf(&ana), uint64(35942039); got != want {
		t.Errorf("it is %d, and was %d", got, want)
	}
	if got, want := markOf(&people.Contact{Phone: "+5511987654321", OptedOut: true, OptOutWhy: "SAIR"}), uint64(276167896); got != want {
		t.Errorf("of who has left it is %d, and was %d", got, want)
	}
}
