package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"recado/store/bolt"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// wander is a world whose phones go from one account to another, and a book that
// hears of it in pieces, late and by any door.
type wander struct {
	*testing.T
	b       *Book
	path    string
	rng     *rand.Rand
	now     time.Time
	numbers []campaign.NumberID
	ids     int

	phoneOf map[string]people.Phone // what is true: the phone of each account; none if it is gone
	no      map[string]bool         // the accounts that have said no

	confirmed int             // how many of them were told so
	got       map[string]bool // campaign and account: it has been claimed, and may have left
}

const (
	wanderers = 6 // accounts, of which
	housed    = 4 // can have a phone at once
)

func newWander(t *testing.T, seed uint64) *wander {
	t.Helper()
	w := &wander{
		T: t, path: filepath.Join(t.TempDir(), "book.db"), rng: rand.New(rand.NewPCG(seed, 7)), now: time.Now(),
		phoneOf: make(map[string]people.Phone), no: make(map[string]bool), got: make(map[string]bool),
	}
	w.open()
	for i := range 2 {
		n := must[campaign.Number](t)(desk(w.b).AddNumber(fmt.Sprint("loja ", i)))
		_ = must[campaign.Number](t)(w.b.LinkNumber(n.ID, people.Phone(fmt.Sprint("+551191234567", i)), fmt.Sprint(i, "@s.whatsapp.net"), w.now))
		_ = must[campaign.Number](t)(desk(w.b).SetLimits(n.ID, campaign.Pace{}.All()))
		w.numbers = append(w.numbers, n.ID)
	}
	for i := range housed {
		w.phoneOf[w.lid(i)] = w.phone(i)
	}
	return w
}

func (w *wander) open() {
	w.Helper()
	b, err := Open(w.path, Options{Kind: Demo, noSync: true})
	ok(w.T, err)
	w.b = b
}

func (w *wander) lid(i int) string { return fmt.Sprint("200", i) }
func (w *wander) phone(i int) people.Phone {
	return people.Phone(fmt.Sprintf("+551198765430%d", i))
}
func (w *wander) anyone() string                { return w.lid(w.rng.IntN(wanderers)) }
func (w *wander) somewhere() people.Phone       { return w.phone(w.rng.IntN(housed + 1)) }
func (w *wander) someNumber() campaign.NumberID { return w.numbers[w.rng.IntN(2)] }

// holder is the account of a phone.
func (w *wander) holder(phone people.Phone) string {
	for lid, p := range w.phoneOf {
		if p == phone {
			return lid
		}
	}
	return ""
}

// seen is an account as the service shows it: by its LID, mostly with its phone.
func (w *wander) seen() people.Seen {
	lid := w.anyone()
	s := people.Seen{LID: lid, Known: w.rng.IntN(2) == 0}
	if w.rng.IntN(3) > 0 {
		s.Phone = w.phoneOf[lid]
	}
	return s
}

// happens lets one thing happen.
func (w *wander) happens() {
	w.Helper()
	w.now = w.now.Add(time.Duration(w.rng.IntN(60)) * time.Second)
	switch w.rng.IntN(10) {
	case 0, 1: // a phone goes to an account that has another, or none
		lid, phone := w.anyone(), w.somewhere()
		delete(w.phoneOf, w.holder(phone))
		w.phoneOf[lid] = phone
	case 2: // somebody says no
		s := w.seen()
		ok(w.T, w.b.Heard(w.someNumber(), campaign.Incoming{From: s, Text: "SAIR", At: w.now}))
		w.no[s.LID] = true
	case 3:
		ok(w.T, w.b.Heard(w.someNumber(), campaign.Incoming{From: w.seen(), Text: "oi", At: w.now}))
	case 4:
		ok(w.T, w.b.Saw(w.someNumber(), []people.Seen{w.seen(), {Phone: w.somewhere(), Name: "Ana", Source: people.AddressBook, Known: true}}))
	case 5:
		_ = must[ImportReport](w.T)(desk(w.b).Import(w.Context(), []people.Row{{Line: 1, Phone: w.somewhere(), Name: "Bia"}}, "a.csv"))
	case 6:
		c := campaign.Campaign{Name: "c", Text: "x"}
		if w.ids%2 == 0 {
			c.Poll = weekdays
		}
		c = must[campaign.Campaign](w.T)(desk(w.b).AddCampaign(c))
		if _, err := desk(w.b).Start(c.ID, w.now); err != nil && !errors.Is(err, ErrState) {
			w.Fatal(err)
		}
	case 7: // the process ends as it is, and another one opens the book
		if w.rng.IntN(3) == 0 {
			ok(w.T, w.b.Close())
			w.open()
		}
	default:
		w.claims(w.someNumber())
	}
}

// claims lets a number do the next thing.
func (w *wander) claims(n campaign.NumberID) {
	w.Helper()
	got := must[Claimed](w.T)(ClaimApart(w.b, campaign.Claim{
		Number: n, Ready: campaign.Readiness{Link: 1, Since: w.now.Add(-time.Hour)}, Now: w.now,
		NewID: func() campaign.MessageID { w.ids++; return campaign.MessageID(fmt.Sprint("3EB0", w.ids)) },
	}))
	if len(got.Check) > 0 {
		var answers []people.Answer
		for _, p := range got.Check {
			answers = append(answers, w.answer(p))
		}
		ok(w.T, w.b.Answered(n, got.Check, answers, w.now))
		return
	}
	d := got.Delivery
	if d == nil {
		return
	}
	c := must[campaign.Campaign](w.T)(w.b.Campaign(d.Campaign))
	if confirms := c.Confirms != 0; w.no[d.LID] != confirms || confirms && c.Confirms != n {
		w.Fatalf("%s is claimed for, who said no %v: %+v", d.LID, w.no[d.LID], d)
	}
	o := campaign.Outcome{Kind: campaign.OutcomeKind(w.rng.IntN(3)), Reason: reason.New(reason.HoldOffline)} // accepted, refused, not sent
	switch {
	case d.LID == "", w.phoneOf[d.LID] == "", w.rng.IntN(6) == 0: // no address, an account that is gone, a refusal of an address
		o = campaign.Outcome{Kind: campaign.Misled, Code: 404, Reason: reason.New(reason.DeliveryNoAddress), Answer: w.answer(d.Phone)}
		if d.Phone == "" {
			o = campaign.Outcome{Kind: campaign.Refused, Code: 404, Reason: reason.New(reason.DeliveryNoAddress)}
		}
	case o.Kind == campaign.Accepted:
		at := fmt.Sprint(d.Campaign, " ", d.LID)
		if c.Confirms != 0 { // once, by whichever number
			at = "confirmation " + d.LID
			w.confirmed++
		}
		if w.got[at] {
			w.Fatalf("%s gets campaign %d twice", d.LID, d.Campaign)
		}
		w.got[at] = true
	}
	ok(w.T, w.b.Settle(*d, o, w.now))
}

// answer is what the service says of a phone; now and then not whose it is.
func (w *wander) answer(p people.Phone) people.Answer {
	a := people.Answer{Asked: p, Presence: people.NotOnWhatsApp}
	if lid := w.holder(p); lid != "" {
		a.Presence, a.Phone, a.LID = people.OnWhatsApp, p, lid
		if w.rng.IntN(5) == 0 {
			a.LID = ""
		}
	}
	return a
}

// TestWhoSaidNoIsNeverClaimedForWhateverPhonesDo: 200 histories in which phones
// go from account to account.
func TestWhoSaidNoIsNeverClaimedForWhateverPhonesDo(t *testing.T) {
	if Raced {
		t.Skip("nothing runs beside anything else here")
	}
	lives, claimed, confirmed := uint64(50), 0, 0
	if os.Getenv("RECADO_LONG") != "" {
		lives = 200
	}
	for seed := range lives {
		w := newWander(t, seed)
		for range 120 {
			w.happens()
		}
		claimed += len(w.got)
		confirmed += w.confirmed
		ok(t, w.b.view(func(tx *bolt.Tx) error {
			if wrong := Check(tx); len(wrong) > 0 {
				t.Errorf("seed %d: the book says of itself %q", seed, wrong)
			}
			return nil
		}))
		ok(t, w.b.Close())
	}
	if uint64(claimed) < lives || confirmed == 0 {
		t.Errorf("only %d messages were sent, %d of them confirmations", claimed, confirmed)
	}
}
