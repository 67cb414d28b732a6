package simulator

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"recado/campaign/people"
)

func TestSameSeedMakesTheSameWorld(t *testing.T) {
	cfg := Config{Seed: 7, People: 300, Unregistered: 20, Aliases: 30, Reads: 0.6, Replies: 0.3, OptOuts: 0.1}
	a, b := newWorld(cfg), newWorld(cfg)
	if !reflect.DeepEqual(a.people(), b.people()) {
		t.Error("two worlds with the same seed have different people")
	}
	if !reflect.DeepEqual(a.own(""), b.own("")) {
		t.Error("the first own account differs")
	}
	for i, p := range a.people() {
		if got, want := b.react(b.people()[i], "551130000000", 2), a.react(p, "551130000000", 2); got != want {
			t.Fatalf("%s does %+v in one world and %+v in the other", p.Name, got, want)
		}
	}
	cfg.Seed = 8
	if reflect.DeepEqual(a.people(), newWorld(cfg).people()) {
		t.Error("another seed makes the same people")
	}
}

func TestWorldHasThePeopleThatWereAskedFor(t *testing.T) {
	w := newWorld(Config{Seed: 1, People: 500, Unregistered: 40, Aliases: 60, Hostile: 5})
	var registered, short, hostile int
	phones, lids := make(map[string]bool), make(map[string]bool)
	areas := make(map[string]bool)
	for _, p := range w.people() {
		if p.Registered {
			registered++
		}
		if len(p.Phone) == 12 {
			short++
		}
		if len(p.LID) != 15 {
			t.Errorf("LID %q has not 15 digits", p.LID)
		}
		if strings.ContainsAny(p.Name, "\x1b\x00<={") || len(p.Name) > 100 || p.Name == p.PushName && strings.ContainsAny(p.Name, "\n\u202e'👨\u0351") {
			hostile++
		}
		if p.Name == "" || p.PushName == "" || !utf8.ValidString(p.Name) {
			t.Errorf("%s has the names %q and %q", p.Phone, p.Name, p.PushName)
		}
		phones[p.Phone], lids[p.LID], areas[p.Phone[2:4]] = true, true, true
	}
	if len(phones) != 540 || len(lids) != 540 || registered != 500 || short != 60 || hostile != 5 {
		t.Errorf("got %d phones, %d LIDs, %d registered, %d without the ninth digit, %d hostile; want 540, 540, 500, 60, 5",
			len(phones), len(lids), registered, short, hostile)
	}
	if len(areas) < 40 {
		t.Errorf("the phones are in %d areas only", len(areas))
	}
}

func TestPersonIsFoundByEitherSpelling(t *testing.T) {
	w := newWorld(Config{Seed: 1, People: 50, Aliases: 25})
	for _, p := range w.people() {
		for _, number := range []string{p.Phone, p.Alias, "+" + p.Phone, "+" + p.Alias} {
			if got, ok := w.phone(number); !ok || got != p {
				t.Errorf("%s does not reach %s", number, p.Phone)
			}
		}
		if got, ok := w.lid(p.LID); !ok || got != p {
			t.Errorf("LID %s does not reach %s", p.LID, p.Phone)
		}
		if people.Phone("+"+p.Phone).Key() != people.Phone("+"+p.Alias).Key() {
			t.Errorf("%s and %s are not two spellings of one number", p.Phone, p.Alias)
		}
		if _, err := people.ParsePhone(p.Phone); err != nil {
			t.Error(err)
		}
	}
	if _, ok := w.phone("5511900000000"); ok {
		t.Error("a number that nobody has is found")
	}
}

func TestPeopleReactAtTheGivenRates(t *testing.T) {
	w := newWorld(Config{Seed: 3, People: 4000, Reads: 0.5, Replies: 0.2, OptOuts: 0.1})
	var read, replied, out float64
	for _, p := range w.people() {
		r := w.react(p, "own", 0)
		if r.Delivered <= 0 || r.Delivered > 3*time.Second {
			t.Fatalf("delivered after %s", r.Delivered)
		}
		if r.Reply > 0 && (r.Read == 0 || r.Text == "") {
			t.Fatalf("answers without reading or text: %+v", r)
		}
		if r.Read > 0 {
			read++
		}
		wish, _ := people.Wants(r.Text, "")
		word := wish == people.No
		if word != r.OptsOut {
			t.Fatalf("%q counts as opting out: %t, for the program: %t", r.Text, r.OptsOut, word)
		}
		switch {
		case r.OptsOut:
			out++
		case r.Reply > 0:
			replied++
		}
	}
	n := float64(len(w.people()))
	// Who answers reads, so that more read than half: 0.5 + 0.3/2.
	for what, x := range map[string]struct{ got, want float64 }{
		"read": {read / n, 0.65}, "replied": {replied / n, 0.2}, "opted out": {out / n, 0.1},
	} {
		if x.got < x.want-0.03 || x.got > x.want+0.03 {
			t.Errorf("%s: %.3f of the people, want about %.2f", what, x.got, x.want)
		}
	}
}

func TestOwnAccountIsNobodyElse(t *testing.T) {
	w := newWorld(Config{Seed: 1, People: 20, Unregistered: 1})
	first, second := w.own(""), w.own("")
	if first.Phone == second.Phone || first.LID == second.LID {
		t.Fatalf("two own accounts are one: %+v %+v", first, second)
	}
	if w.own(first.Phone) != first {
		t.Error("the account is not found again by its number")
	}
	if p, ok := w.phone(first.Phone); !ok || p != first {
		t.Error("others do not find the own account")
	}
	given := w.own("5531987654321")
	if given.Phone != "5531987654321" || given.Alias != "553187654321" || w.own("553187654321") != given {
		t.Errorf("a given number becomes %+v", given)
	}
	if len(w.people()) != 21 {
		t.Errorf("own accounts are among the people: %d", len(w.people()))
	}
	for _, p := range w.people() {
		if !p.Registered {
			joined := w.own(p.Phone)
			if !joined.Registered || joined.LID != p.LID {
				t.Errorf("a phone that joins is %+v", joined)
			}
			if again, _ := w.phone(p.Phone); again != joined {
				t.Error("the phone that joined is not found")
			}
		}
	}
}
