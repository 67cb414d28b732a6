package simulator_test

import (
	"net/http"
	"testing"

	"recado/session/simulator"
)

func TestPhoneGoesToSomebodyElse(t *testing.T) {
	s := simulator.New(simulator.Config{People: 2, Speed: simulator.Instant})
	defer s.Finish(t)
	people := s.People()
	a, c := people[0], people[1]
	const to = "+5521912345678"
	if err := s.ChangePhone(a.Phone, c.Phone); err == nil {
		t.Error("two have one number")
	}
	if err := s.ChangePhone(a.Phone, to); err != nil {
		t.Fatal(err)
	}
	if err := s.ChangePhone(a.Phone, "+5521912345679"); err == nil {
		t.Error("the old number still leads to somebody")
	}
	b, err := s.Register(a.Phone)
	if err != nil || b.Phone != a.Phone || b.LID == a.LID || b.LID == "" {
		t.Fatalf("%+v, %v", b, err)
	}
	again, err := s.Register(c.Phone) // who has it loses their account
	if err != nil || again.LID == c.LID {
		t.Fatalf("%+v, %v", again, err)
	}
	want := map[string]string{a.LID: to, b.LID: a.Phone, again.LID: c.Phone}
	for _, p := range s.People() {
		if want[p.LID] != p.Phone {
			t.Errorf("%+v is somebody", p)
		}
		delete(want, p.LID)
	}
	if len(want) > 0 {
		t.Errorf("nobody is %v", want)
	}
}

func TestControlMovesPhones(t *testing.T) {
	p := runs(t, simulator.Config{People: 1})
	var people []simulator.Person
	p.ask(http.MethodGet, "/people", "", &people)
	p.ask(http.MethodPost, "/move", `{"person": "`+people[0].Phone+`", "to": "+5521912345678"}`, nil)
	var b simulator.Person
	p.ask(http.MethodPost, "/register", `{"number": "`+people[0].Phone+`"}`, &b)
	if b.LID == "" || b.LID == people[0].LID || b.Phone != people[0].Phone {
		t.Errorf("%+v", b)
	}
}
