package store

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

const leave = " Responda SAIR para não receber mais."

// paused is a campaign with those texts of which two messages have left, one of
// them perhaps.
func (y *yard) paused(texts ...string) (id campaign.ID, sent []campaign.Delivery) {
	y.Helper()
	c, err := desk(y.book).AddCampaign(campaign.Campaign{Name: "c", Text: texts[0], Variants: texts[1:]})
	ok(y.T, err)
	ok(y.T, only(desk(y.book).Start(c.ID, y.now)))
	for _, kind := range []campaign.OutcomeKind{campaign.Accepted, campaign.Unknown} {
		d := y.claim()
		ok(y.T, y.book.Settle(*d, campaign.Outcome{Kind: kind}, y.now))
		sent = append(sent, *d)
	}
	ok(y.T, only(desk(y.book).Pause(c.ID)))
	return c.ID, sent
}

// TestAFixedTextGoesToThoseWhoWaitAlone: what is claimed keeps its text, also what
// is sent again; nobody comes to the audience or leaves it; so it is for a process
// that dies right after, and for one that goes on.
func TestAFixedTextGoesToThoseWhoWaitAlone(t *testing.T) {
	y := newYard(t, 5)
	const old, fixed = "Oi {nome}, é no dia 51." + leave, "Oi {nome}, é no dia 15." + leave
	id, sent := y.paused(old)
	ok(t, only(desk(y.book).Import(t.Context(), yardRows(10, 1), "later.csv")))
	c, err := desk(y.book).FixText(id, 0, old, fixed+"\n")
	if err != nil || c.Status != campaign.Paused || c.Text != fixed || c.TextFixed.IsZero() {
		t.Fatalf("%+v, %v", c, err)
	}
	y.sound()
	for name, y := range map[string]*yard{"after a death": y.copied(), "without": y} {
		ok(t, only(desk(y.book).Resume(id)))
		y.now = y.now.Add(DefaultGrace + 1)
		again := y.claim()
		if again.Message != sent[1].Message || again.Text != sent[1].Text || !strings.Contains(again.Text, "51") {
			t.Errorf("%s: what may have left goes again as %+v, was %+v", name, again, sent[1])
		}
		ok(t, y.book.Settle(*again, campaign.Outcome{Kind: campaign.Accepted}, y.now))
		y.sends(3)
		y.is(id, campaign.Finished, campaign.Counts{campaign.Sent: 5})
		all, err := y.book.Deliveries(id, -1, 10)
		ok(t, err)
		for _, d := range all {
			want := strings.ReplaceAll(fixed, "{nome}", d.Name)
			if d.Seq == sent[0].Seq || d.Seq == sent[1].Seq {
				want = strings.ReplaceAll(old, "{nome}", d.Name)
			}
			if d.Text != want {
				t.Errorf("%s: %s got %q, want %q", name, d.Name, d.Text, want)
			}
		}
		y.sound()
	}
}

// TestATextIsFixedWhileItIsPausedAlone, by whoever has seen the one that holds.
func TestATextIsFixedWhileItIsPausedAlone(t *testing.T) {
	y := newYard(t, 5)
	id, _ := y.paused("Oi", "Olá")
	fix := func(v uint8, before, text string) error { return only(desk(y.book).FixText(id, v, before, text)) }
	for what, c := range map[string]struct {
		err  error
		is   error
		code reason.Code
	}{
		"by another one's text":  {fix(0, "Olá", "Ei"), ErrChanged, ""},
		"the same":               {fix(0, "Oi", "Oi\n"), ErrState, reason.FixSame},
		"none":                   {fix(0, "Oi", " "), nil, reason.CampaignNoText},
		"no template":            {fix(1, "Olá", "Oi {nome"), nil, reason.CampaignText},
		"too long":               {fix(1, "Olá", strings.Repeat("é", campaign.TextMost+1)), nil, reason.TextLong},
		"a text that is not one": {fix(2, "Oi", "Ei"), ErrNotFound, reason.FixNoText},
	} {
		if c.err == nil || c.is != nil && !errors.Is(c.err, c.is) || c.code != "" && !strings.Contains(reason.Of(c.err).Error(), string(c.code)) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
	ok(t, fix(1, "Olá", "Ei"))
	ok(t, only(desk(y.book).Resume(id)))
	if err := fix(0, "Oi", "Ei"); reason.Of(err).Code != reason.FixRunning {
		t.Errorf("while it is sent: %v", err)
	}
	texts := make(map[string]int)
	y.now = y.now.Add(DefaultGrace + 1)
	for d := y.claim(); d != nil; d = y.claim() {
		ok(t, y.book.Settle(*d, campaign.Outcome{Kind: campaign.Accepted}, y.now))
		if d.Attempts == 1 {
			texts[d.Text+campaign.VariantName(d.Variant)]++
		}
	}
	if len(texts) != 2 || texts["OiA"]+texts["EiB"] != 3 {
		t.Errorf("%v, want the first text as it was and the second one fixed", texts)
	}
	if err := fix(0, "Oi", "Ei"); reason.Of(err).Code != reason.CampaignIs {
		t.Errorf("of one that is done: %v", err)
	}
}

// TestAFixedTextIsReviewed: for those who wait, and no others.
func TestAFixedTextIsReviewed(t *testing.T) {
	y := newYard(t, 6)
	for i, city := range []string{"Recife", "Olinda", "Natal", "Belém"} {
		ok(t, desk(y.book).EditContact(y.person(i).ID, func(c *people.Contact) { c.Fields = map[string]string{"cidade": city} }))
	}
	id, _ := y.paused("Oi" + leave)
	f, err := y.book.CheckFix(t.Context(), id, 0, "Oi {cidade} [nome]", y.now)
	if err != nil || f.Waiting != 4 || f.Lost() != 2 || f.LeftOut[reason.DeliveryMissingField] != 2 || f.First != "Pessoa 2" || f.Said != "Oi Natal [nome]" {
		t.Errorf("%+v, %v", f, err)
	}
	var codes []reason.Code
	for _, w := range f.Warnings {
		codes = append(codes, w.Code)
	}
	if len(codes) != 3 || codes[0] != reason.WarnUnfilled || codes[1] != reason.WarnLacking || codes[2] != reason.WarnNoOptOut {
		t.Errorf("it warns of %v", codes)
	}
	if f, err := y.book.CheckFix(t.Context(), id, 0, "Oi {nome}!"+leave, y.now); err != nil || f.Lost() != 0 || len(f.Warnings) != 0 {
		t.Errorf("one that is well: %+v, %v", f, err)
	}
	if f, err := y.book.CheckFix(t.Context(), id, 0, "Oi {bairro}", y.now); err != nil || reason.Of(f.Reaches(id)).Code != reason.FixLost {
		t.Errorf("one that nobody gets: %+v, %v", f, err)
	}
	for _, text := range []string{"Oi {", " ", "Oi" + leave} {
		if _, err := y.book.CheckFix(t.Context(), id, 0, text, y.now); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	// Those who lack what it asks for are left out when their turn comes.
	ok(t, only(desk(y.book).FixText(id, 0, "Oi"+leave, "Oi {cidade}")))
	ok(t, only(desk(y.book).Resume(id)))
	y.sends(2)
	y.sound()
}

func TestTheAuditKeepsWhereTwoTextsPart(t *testing.T) {
	long := strings.Repeat("é ", 300)
	for _, c := range [][4]string{
		{"Oi", "Olá", "Oi", "Olá"},
		{"é", "è", "é", "è"}, // one byte in common
		{"", "Olá", "", "Olá"},
		{long + "dia 51", long + "dia 15", "…" + strings.Repeat("é ", 28) + "dia 51", "…" + strings.Repeat("é ", 28) + "dia 15"},
	} {
		if a, b := apartFrom(c[0], c[1]); a != c[2] || b != c[3] {
			t.Errorf("%q and %q, want %q and %q", a, b, c[2], c[3])
		}
	}
}

// TestAReportTellsTheWordingsOfATextApart: each person is counted with what they got,
// whatever the clock said meanwhile, and the list behind the number is theirs.
func TestAReportTellsTheWordingsOfATextApart(t *testing.T) {
	y := newYard(t, 9)
	id, _ := y.paused("A1"+leave, "B1"+leave) // the second may have left
	fix := func(before, text string) {
		t.Helper()
		ok(t, only(desk(y.book).FixText(id, 0, before+leave, text+leave)))
	}
	if c, err := y.book.Campaign(id); err != nil || c.Wordings() != nil {
		t.Errorf("before anything is fixed it has wordings: %+v, %v", c.Wordings(), err)
	}
	fix("A1", "A2")
	ok(t, only(desk(y.book).Resume(id)))
	y.now = y.now.Add(-time.Hour) // it was wrong
	y.takes(3)
	ok(t, only(desk(y.book).Pause(id)))
	fix("A2", "A3")
	fix("A3", "A4") // nobody got that
	ok(t, only(desk(y.book).Resume(id)))
	y.takes(2)
	y.sound()
	for name, y := range map[string]*yard{"after a death": y.copied(), "without": y} {
		c, err := y.book.Campaign(id)
		ok(t, err)
		made, err := y.book.Report(t.Context(), id)
		ok(t, err)
		all, err := y.book.Deliveries(id, -1, 20)
		ok(t, err)
		var texts []string
		sum := 0
		for _, w := range c.Wordings() {
			texts = append(texts, strings.TrimSuffix(w.Text, leave))
			var want []uint32
			for _, d := range all {
				if d.Text == w.Text && d.State == campaign.Sent {
					want = append(want, d.Seq)
				}
			}
			got := campaign.Funnel{}
			if f := made.Wordings[w.Wording]; f != nil {
				got = *f
			}
			places, err := y.book.Places(t.Context(), id, func(d *campaign.Fate) bool { return d.Sent() && d.Wording() == w.Wording })
			ok(t, err)
			if got.Sent != len(want) || !slices.Equal(places, want) {
				t.Errorf("%s: %q was sent to %v, the report says %+v of %v", name, w.Text, want, got, places)
			}
			sum += got.Sent
		}
		if want := []string{"A1", "A2", "A3", "A4", "B1"}; !slices.Equal(texts, want) {
			t.Errorf("%s: the texts have said %q, want %q", name, texts, want)
		}
		if sum != made.Sent || sum != 6 {
			t.Errorf("%s: %d of %d are told apart", name, sum, made.Sent)
		}
		if w := c.Wordings(); w[0].Until.IsZero() || !w[0].Until.Equal(w[1].From) || !w[3].Until.IsZero() || w[3].From.IsZero() || !w[4].From.IsZero() || !w[4].Until.IsZero() {
			t.Errorf("%s: they have said so %+v", name, w)
		}
	}
}

// TestACampaignThatAnOlderProgramFixedSaysNothingOfItsWordings: who got which is not
// known, and no number is better than a wrong one.
func TestACampaignThatAnOlderProgramFixedSaysNothingOfItsWordings(t *testing.T) {
	y := newYard(t, 4)
	id, _ := y.paused("A1" + leave)
	ok(t, y.book.db.Update(func(tx *bolt.Tx) error {
		c, err := campaignTx(tx, id)
		c.TextFixed = y.now
		return errors.Join(err, putCampaignTx(tx, c))
	}))
	ok(t, only(desk(y.book).FixText(id, 0, "A1"+leave, "A2"+leave)))
	made, err := y.book.Report(t.Context(), id)
	ok(t, err)
	if c, err := y.book.Campaign(id); err != nil || c.Wordings() != nil || made.Wordings != nil {
		t.Errorf("%+v, %v, %v", c.Wordings(), made.Wordings, err)
	}
}

// TestWhatAnAnswerSaidBeforeItWasFixedIsErasedWithThePerson, as what it says is.
func TestWhatAnAnswerSaidBeforeItWasFixedIsErasedWithThePerson(t *testing.T) {
	y := newYard(t, 2)
	id, sent := y.paused("Oi")
	who := sent[0].Contact
	c, err := desk(y.book).AddCampaign(campaign.Campaign{Name: "resposta", Text: "Dez reais, Zuleide."})
	ok(t, err)
	ok(t, y.book.db.Update(func(tx *bolt.Tx) error {
		c.AnswerTo, c.Only, c.Status = id, who, campaign.Cancelled
		c.Reword(0, "Nove reais, Zuleide.", y.now)
		return putCampaignTx(tx, c)
	}))
	ok(t, desk(y.book).Erase(t.Context(), who))
	if c, err = y.book.Campaign(c.ID); err != nil || strings.Contains(c.Text, "Zuleide") || len(c.Reworded) > 0 {
		t.Errorf("it says %q and %+v, %v", c.Text, c.Reworded, err)
	}
}
