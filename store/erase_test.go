package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// everything is all that stands in a book, keys and values.
func everything(t *testing.T, b *Book) string {
	t.Helper()
	var all strings.Builder
	ok(t, b.view(func(tx *bolt.Tx) error {
		for _, table := range allTables {
			for k, v := range table.Each(tx, nil) {
				fmt.Fprintf(&all, "%s %s=%s\n", table, k, v)
			}
		}
		return nil
	}))
	return all.String()
}

// told is a book in which a person has left traces everywhere: messages, replies,
// lists, drafts, the audit.
func traced(t *testing.T) (y *yard, who people.ContactID) {
	t.Helper()
	y = newYard(t, 1)
	b := y.book
	ok(t, only(desk(b).Import(t.Context(), []people.Row{{Phone: "+5521998877665", Name: "Zuleide Quintanilha", Tags: []string{"Etiquetazul"}, Fields: map[string]string{"cpf": "Campozul"}, Lists: []string{"Listazul"}},
		{Phone: "+5521998877664", Name: "Outra Pessoa"}}, "people.csv")))
	c, err := b.ContactByPhone("+5521998877665")
	ok(t, err)
	who = c.ID
	ok(t, desk(b).EditContact(who, func(c *people.Contact) { c.Fields["cpf"] = "Novozul" }))
	ok(t, only(desk(b).AddCampaign(campaign.Campaign{Name: "Rascunho", Text: "Para Zuleide Quintanilha", To: `fone:"21 99887-7665" or "zuleide quintanilha"`})))
	// Two records that turn out to be theirs, of which the merge is kept.
	ok(t, b.Saw(1, []people.Seen{{LID: "991199", Name: "Zuzu"}}))
	ok(t, b.Saw(1, []people.Seen{{LID: "991199", Phone: "+5521998877665", Name: "Zuzu"}}))
	return y, who
}

func TestWhoIsErasedLeavesNothingButASuppressedAddress(t *testing.T) {
	y, who := traced(t)
	b := y.book
	draft, err := desk(b).AddCampaign(campaign.Campaign{Name: "Natal", Text: "Oi {nome}, seu cpf é {cpf|nenhum}"})
	ok(t, err)
	ok(t, only(desk(b).Start(draft.ID, y.now)))
	before, err := b.Counts(draft.ID)
	ok(t, err)
	ok(t, desk(b).Erase(t.Context(), who))
	text := strings.ToLower(everything(t, b))
	for _, trace := range []string{"zuleide", "quintanilha", "etiquetazul", "campozul", "novozul", "zuzu"} {
		if at := strings.Index(text, trace); at >= 0 {
			t.Errorf("%s is left: %.200q", trace, text[max(at-80, 0):])
		}
	}
	if n := strings.Count(text, "998877665"); n != 2 { // the key of the phone, and the phone
		t.Errorf("the phone is left %d times", n)
	}
	if _, err := b.Contact(who); !errors.Is(err, ErrNotFound) {
		t.Errorf("the record: %v", err)
	}
	after, err := b.Counts(draft.ID)
	ok(t, err)
	if after.Total() != before.Total() || after[campaign.Skipped] != before[campaign.Skipped]+1 {
		t.Errorf("counts %v, were %v", after, before)
	}
	kept, _, err := b.Suppressed("", 10)
	ok(t, err)
	if len(kept) != 2 || kept[0].LID != "991199" || kept[1].Phone != "+5521998877665" || kept[1].Why != WhyErased {
		t.Errorf("kept %+v", kept)
	}
	entries, err := b.About(t.Context(), who)
	ok(t, err)
	for _, e := range entries {
		if e.Name != "" || len(e.Before) > 0 || e.Outcome != Done {
			t.Errorf("the audit says %+v", e)
		}
	}

	// Neither a file nor a message makes somebody of them who is written to.
	ok(t, only(desk(b).Import(t.Context(), []people.Row{{Phone: "+5521998877665", Name: "De novo"}}, "again.csv")))
	c, err := b.ContactByPhone("+5521998877665")
	if err != nil || !c.OptedOut || c.OptOutWhy != WhyErased {
		t.Errorf("imported again: %+v, %v", c, err)
	}
	ok(t, b.Heard(1, campaign.Incoming{From: people.Seen{LID: "991199"}, Text: "oi", At: y.now}))
	ids, err := b.Find(t.Context(), must[people.Filter](t)(people.ParseFilter("optout:sim")))
	if err != nil || len(ids) == 0 {
		t.Errorf("found %v, %v", ids, err)
	}
	for id := range people.ContactID(40) {
		if c, err := b.Contact(id); err == nil && (c.LID == "991199" || c.Phone == "+5521998877665") && !c.OptedOut {
			t.Errorf("came back: %+v", c)
		}
	}
	// But a person may take it back, in writing.
	ok(t, desk(b).OptIn(c.ID, "pediu na loja"))
	if c, err := b.Contact(c.ID); err != nil || c.OptedOut {
		t.Errorf("opted in: %+v, %v", c, err)
	}
	if kept, _, err := b.Suppressed("", 10); err != nil || len(kept) != 1 || kept[0].LID != "991199" {
		t.Errorf("still suppressed: %+v, %v", kept, err)
	}
	whole(t, y, b)
}

// whole closes a book and checks it.
func whole(t *testing.T, y *yard, b *Book) {
	t.Helper()
	path := y.path
	ok(t, b.Close())
	if wrong := examined(t, path); len(wrong) > 0 {
		t.Errorf("wrong with the book: %q", wrong)
	}
}

// An erasure that dies between any two of its chunks is finished by the next
// process.
func TestAnErasureThatDiesGoesOn(t *testing.T) {
	y, who := traced(t)
	b := y.book
	draft, err := desk(b).AddCampaign(campaign.Campaign{Name: "Natal", Text: "Oi {nome}"})
	ok(t, err)
	ok(t, only(desk(b).Start(draft.ID, y.now)))
	path := y.path
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := desk(b).Erase(ctx, who); !errors.Is(err, ErrGoesOn) {
		t.Fatalf("%v", err)
	}
	ok(t, b.Close())
	for lives := 0; ; lives++ {
		b, err = Open(path, Options{Kind: Demo, maxChunk: 1, noSync: true})
		ok(t, err)
		jobs, err := b.Jobs()
		ok(t, err)
		erasing := slices.ContainsFunc(jobs, func(j Job) bool { return j.Kind == JobErase })
		if erasing && lives < 200 {
			ok(t, b.Close())
			continue
		} else if erasing {
			t.Fatal("it does not end")
		}
		break
	}
	if text := strings.ToLower(everything(t, b)); strings.Contains(text, "zuleide") || strings.Contains(text, "novozul") {
		t.Error("something is left")
	}
	whole(t, y, b)
}

// What is on the wire when somebody is erased is settled, and not tried again.
func TestWhatIsOnTheWireOfSomebodyErasedIsNotTriedAgain(t *testing.T) {
	for _, outcome := range []campaign.Outcome{{Kind: campaign.Accepted}, {Kind: campaign.NotSent, Reason: reason.New(reason.HoldOffline)}, {Kind: campaign.Unknown}} {
		y, who := traced(t)
		b := y.book
		draft, err := desk(b).AddCampaign(campaign.Campaign{Name: "Natal", Text: "Oi {nome}", To: `"zuleide quintanilha"`})
		ok(t, err)
		ok(t, only(desk(b).Start(draft.ID, y.now)))
		sent := false
		ids := 0
		for now := y.now; now.Before(y.now.Add(48 * time.Hour)); now = now.Add(time.Minute) {
			got, err := ClaimApart(b, campaign.Claim{Number: 1, Ready: campaign.Readiness{Link: 1, Since: y.now.Add(-time.Hour)}, Now: now,
				NewID: func() campaign.MessageID { ids++; return campaign.MessageID(fmt.Sprint("3EB0", ids)) }})
			ok(t, err)
			if len(got.Check) > 0 {
				var answers []people.Answer
				for _, p := range got.Check {
					answers = append(answers, people.Answer{Asked: p, Presence: people.OnWhatsApp, Phone: p, LID: strings.TrimPrefix(string(p), "+")})
				}
				ok(t, b.Answered(1, got.Check, answers, now))
			}
			if got.Delivery == nil {
				continue
			}
			if sent {
				t.Fatalf("%v: tried again: %+v", outcome.Kind, got.Delivery)
			}
			sent = true
			ok(t, desk(b).Erase(t.Context(), who))
			ok(t, b.Settle(*got.Delivery, outcome, now))
		}
		if !sent {
			t.Error("nothing was sent at all")
		}
		if text := strings.ToLower(everything(t, b)); strings.Contains(text, "zuleide") {
			t.Error("something is left")
		}
		whole(t, y, b)
	}
}

func TestAListOfSuppressedAddressesOptsOutAndKeeps(t *testing.T) {
	y := newYard(t, 3)
	b := y.book
	at := y.now.Add(-time.Hour)
	list := []Suppressed{{Phone: yardPhone(0), At: at, Why: "lista"}, {Phone: "+5521998877665", At: at, Why: "lista"}, {LID: "55"}, {}}
	r, err := desk(b).Suppress(t.Context(), list, "optouts.csv")
	if want := (SuppressReport{OptedOut: 1, Kept: 2}); err != nil || r != want {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err = desk(b).Suppress(t.Context(), list, "optouts.csv"); err != nil || r != (SuppressReport{Same: 3}) {
		t.Errorf("again: %+v, %v", r, err)
	}
	if n, err := b.OptOutCount(); n != 1 || err != nil {
		t.Errorf("%d opted out, %v", n, err)
	}
	ok(t, only(desk(b).Import(t.Context(), []people.Row{{Phone: "+5521998877665", Name: "Ana"}, {Phone: "+5521998877664"}}, "people.csv")))
	c, err := b.ContactByPhone("+5521998877665")
	if err != nil || !c.OptedOut || !c.OptOutAt.Equal(at) || c.OptOutWhy != "lista" {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := b.ContactByPhone("+5521998877664"); err != nil || c.OptedOut {
		t.Errorf("%+v, %v", c, err)
	}
	ok(t, b.Saw(1, []people.Seen{{Phone: "+5521998877664", LID: "55"}}))
	if c, err := b.ContactByPhone("+5521998877664"); err != nil || !c.OptedOut {
		t.Errorf("got the account: %+v, %v", c, err)
	}
	whole(t, y, b)
}
