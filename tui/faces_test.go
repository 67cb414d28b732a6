package tui_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session"
	"recado/store"
	"recado/tui"
	"recado/tui/command"
	"recado/tui/host"
)

// told is what a face says of a draft.
type told struct {
	receive int
	leftOut map[string]int
	lacking map[string]int
}

// hear reads it, with the expressions of that face.
func hear(t *testing.T, said, receive, leftOut, lacking string) (h told) {
	t.Helper()
	counts := func(expression string) map[string]int {
		all := make(map[string]int)
		e := regexp.MustCompile(expression)
		for _, m := range e.FindAllStringSubmatch(said, -1) {
			n, err := strconv.Atoi(m[e.SubexpIndex("n")])
			if err != nil {
				t.Fatal(err)
			}
			all[strings.TrimSpace(m[e.SubexpIndex("what")])] += n
		}
		return all
	}
	for _, m := range regexp.MustCompile(receive).FindAllStringSubmatch(said, -1) {
		h.receive, _ = strconv.Atoi(m[1])
	}
	h.leftOut, h.lacking = counts(leftOut), counts(lacking)
	return h
}

// Screens and commands say the same of a draft: what the book says.
func TestBothFacesSayTheSameOfADraft(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Demo})
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var rows []people.Row
	for i := range 12 {
		row := people.Row{Line: i + 2, Phone: people.Phone(fmt.Sprintf("+55119876500%02d", i)), Name: fmt.Sprint("Pessoa ", i)}
		if i >= 9 {
			row.Fields = map[string]string{"cidade": "Recife"}
		}
		rows = append(rows, row)
	}
	_, err = desk(book).Import(t.Context(), append(rows, rows[0], rows[0]), "a file that has somebody three times")
	must(err)
	number := func(name string, phone people.Phone, limits string) campaign.Number {
		n, err := desk(book).AddNumber(name)
		must(err)
		if phone != "" {
			_, err = book.LinkNumber(n.ID, phone, string(phone[1:])+":1@s.whatsapp.net", time.Now())
			must(err)
		}
		l, err := campaign.ParseLimits(campaign.Limits{}, limits)
		must(err)
		n, err = desk(book).SetLimits(n.ID, l)
		must(err)
		return n
	}
	shop := number("loja", "+5511912340001", "day=20 gap=60s-90s")
	banned := number("banida", rows[4].Phone, "weekdays=mon")
	unlinked := number("solta", "", "")
	must(book.SetStanding(banned.ID, campaign.Standing{State: campaign.Banned, Since: time.Now()}))
	person := func(i int) people.Contact {
		c, err := book.ContactByPhone(rows[i].Phone)
		must(err)
		return c
	}
	// None of these has a city: it is not what keeps the text from them.
	must(desk(book).OptOut(person(0).ID, "pediu"))
	must(desk(book).OptOut(person(1).ID, "pediu"))
	must(book.Answered(shop.ID, []people.Phone{rows[2].Phone}, []people.Answer{{Asked: rows[2].Phone, Presence: people.NotOnWhatsApp}}, time.Now()))
	must(book.Block(shop.ID, people.Seen{Phone: rows[3].Phone}, true))
	// Two phones that turn out to be one person's.
	must(book.Saw(shop.ID, []people.Seen{{Phone: rows[10].Phone, LID: "991"}, {Phone: rows[11].Phone, LID: "991"}}))
	must(book.Close())

	drafts := map[string]campaign.Campaign{
		"everybody by every number":  {Text: "Oi {cidade}"},
		"a text that nobody lacks":   {Text: "Oi {cidade|amigo}"},
		"a number that is banned":    {Text: "Oi", Numbers: []campaign.NumberID{banned.ID}},
		"a number that is not there": {Text: "Oi", Numbers: []campaign.NumberID{shop.ID, unlinked.ID}},
		"hours that never meet":      {Text: "Oi", Pace: pace(t, "weekdays=tue")},
		"looser than a number":       {Text: "Oi", Pace: pace(t, "day=30 hour=3")},
		"nobody":                     {Text: "Oi", To: `nome:"Pessoa 0"`},
	}
	names := map[campaign.NumberID]string{shop.ID: shop.Name, banned.ID: banned.Name, unlinked.ID: unlinked.Name}
	for name, draft := range drafts {
		t.Run(name, func(t *testing.T) {
			draft.Name = "Natal"
			args := []string{"--data", dir, "campaign", "new", "--name", draft.Name, "--text", draft.Text, "--to", draft.To, "--pace", draft.Pace.Limits().String()}
			for _, n := range draft.Numbers {
				args = append(args, "--number", names[n])
			}
			var errs bytes.Buffer
			if code := command.Main(t.Context(), environment(dir, &errs, args...)); code != command.ExitOK {
				t.Fatalf("exit %d: %s", code, &errs)
			}
			app := tui.AppIn(t, dir)
			flight, err := app.Book.Preflight(t.Context(), draft, time.Now())
			must(err)
			byScreen := tui.ReviewOf(t, app, draft)
			byCommand := errs.String()
			want := told{flight.Receive, make(map[string]int), make(map[string]int)}
			for why, n := range flight.LeftOut {
				want.leftOut[tui.Shown(app, why)] = n
			}
			for _, l := range flight.Lacking {
				want.lacking[l.Field] = l.Count
			}
			command := hear(t, byCommand, `recebem: (\d+);`, `(?P<n>\d+) (?:fica|ficam) de fora: (?P<what>.*)`, `falta {(?P<what>.*)} a (?P<n>\d+)`)
			if !same(command, want) {
				t.Errorf("the command says %+v, the book %+v:\n%s", command, want, byCommand)
			}
			for _, s := range flight.Senders {
				if said := s.Number.Name + " envia com: " + s.Pace.String(); !strings.Contains(byCommand, said) {
					t.Errorf("the command does not say %q:\n%s", said, byCommand)
				}
			}
			for _, s := range flight.Stops {
				if said := tui.Sentence(app, s); !strings.Contains(byCommand, said) {
					t.Errorf("the command does not say that it is stopped by %q:\n%s", said, byCommand)
				}
			}
			ready := strings.Contains(byScreen, "Todos concordaram em receber: começar")
			if ready != (len(flight.Stops) == 0 && flight.Receive > 0) {
				t.Errorf("the screen would start it: %t, the book is stopped by %v:\n%s", ready, flight.Stops, byScreen)
			}
			if ready {
				screen := hear(t, byScreen, `Recebem +(\d+)`, `(?P<n>\d+) ficam? de fora: (?P<what>[^›]*)`, `falta {(?P<what>.*)} a (?P<n>\d+)`)
				if !same(screen, want) {
					t.Errorf("the screen says %+v, the book %+v:\n%s", screen, want, byScreen)
				}
				for _, s := range flight.Senders {
					if !strings.Contains(byScreen, s.Number.Name) {
						t.Errorf("the screen does not name %s:\n%s", s.Number.Name, byScreen)
					}
				}
				over := slices.ContainsFunc(flight.Senders, func(s store.Sender) bool { return len(s.Overruled) > 0 })
				onScreen, byCommand := strings.Contains(byScreen, "tem limites mais apertados"), strings.Contains(byCommand, "tem limites mais apertados")
				if onScreen != over || byCommand != over {
					t.Errorf("limits without effect: the book says %t, the screen %t, the command %t", over, onScreen, byCommand)
				}
			}
			// What it says is what a start does.
			kept, err := desk(app.Book).AddCampaign(draft)
			must(err)
			_, err = desk(app.Book).Start(kept.ID, time.Now())
			switch {
			case (err != nil) != (len(flight.Stops) > 0):
				t.Errorf("it is stopped by %v, and the start says %v", flight.Stops, err)
			case err != nil && !errors.Is(err, store.ErrState):
				t.Errorf("the start says %v", err)
			}
			for _, s := range flight.Stops {
				if !strings.Contains(err.Error(), s.Error()) {
					t.Errorf("the start does not say %q: %v", s, err)
				}
			}
			must(app.Book.Close())
		})
	}
}

func same(a, b told) bool {
	return a.receive == b.receive && maps.Equal(a.leftOut, b.leftOut) && maps.Equal(a.lacking, b.lacking)
}

func pace(t *testing.T, spec string) campaign.Pace {
	t.Helper()
	p, err := campaign.ParsePace(campaign.Pace{}, spec)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// environment is that of a person who types a command, on the data of a demo.
func environment(dir string, errs *bytes.Buffer, args ...string) command.Env {
	return command.Env{
		Args: args, Dir: dir, Stdin: strings.NewReader(""), Stdout: new(bytes.Buffer), Stderr: errs,
		Getenv: func(string) string { return "" },
		Open: func(o host.Opening) (*host.Parts, error) {
			bell := new(campaign.Bell)
			book, err := store.Open(filepath.Join(o.Dir, "book.db"), store.Options{Kind: store.Demo, Bell: bell, Timeout: o.Timeout})
			if err != nil {
				return nil, err
			}
			connect := func(context.Context) (*session.Pool, func() error, error) {
				return nil, nil, errors.New("no numbers in this test")
			}
			return &host.Parts{Kind: store.Demo, Book: book, Bell: bell, Logger: o.Logger, Connect: connect}, nil
		},
	}
}

// desk is where the person of a test changes the book.
func desk(b *store.Book) *store.Desk {
	return b.Desk(store.Actor{Name: "ana", Role: store.Admin, From: "test"})
}
