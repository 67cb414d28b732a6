package store

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// exactly is how likely a campaign is stopped by its n-th message if each person
// wants none with probability p and says so at once. It is computed by the rule as
// it is described, with a CUSUM over every stretch of messages and not of blocks: that
// stops a little more.
func exactly(p float64, n int) []float64 {
	const grid = 100.0
	type state struct{ early, sum int }
	bad, good := int(math.Round(grid*math.Log(shareBad/shareGood))), int(math.Round(grid*math.Log((1-shareGood)/(1-shareBad))))
	now, stopped := map[state]float64{{}: 1}, make([]float64, n+1)
	for i := 1; i <= n; i++ {
		next := make(map[state]float64, len(now))
		stopped[i] = stopped[i-1]
		bound := int(grid * (8 + 2*math.Log1p(float64(i)/100)))
		for s, w := range now {
			if w < 1e-13 {
				continue
			}
			t := state{sum: max(s.sum-good, 0)}
			if i < firstBlock+secondBlock {
				t.early = s.early
			}
			next[t] += w * (1 - p)
			t = state{sum: s.sum + bad}
			if i <= firstBlock+secondBlock {
				t.early = s.early + 1
			}
			if t.sum >= bound || t.early >= earlyMost || t.early >= firstMost && i <= firstBlock {
				stopped[i] += w * p
			} else {
				next[t] += w * p
			}
		}
		now = next
	}
	return stopped
}

// stopsAfter is one campaign of so many messages, of which each says late messages later
// that it is unwelcome, if it is; bursts is from how many messages on what was said
// comes at once. It returns after how many messages it was stopped; 0: it was not.
func stopsAfter(dice *rand.Rand, p float64, n, late, bursts int) int {
	var w welcome
	at := func(i int) time.Time { return time.Unix(int64(i)*60, 0) }
	said := make(map[int][]int) // by when, which
	for i := 1; i <= n; i++ {
		w.took(at(i))
		if dice.Float64() < p {
			when := i
			if late > 0 {
				when += dice.IntN(late)
			}
			if bursts > 0 {
				when = (when + bursts - 1) / bursts * bursts
			}
			said[when] = append(said[when], i)
		}
		if len(said[i]) == 0 && i != welcomeFloor {
			continue
		}
		for _, which := range said[i] {
			w.wrong(at(which))
		}
		if bad, of := w.judge(); bad > 0 {
			if bad < 3 || of < bad || of > i {
				panic(fmt.Sprint(bad, " of ", of))
			}
			return i
		}
	}
	return 0
}

// A campaign to people who agreed, of whom 1 or 2 % want none, is stopped in fewer
// than one of a hundred, however long it is and however late they say so. One to a
// list of which 15 % want none is stopped within 40 messages in 87 of a hundred; no
// test does more.
func TestBadListsStopAndGoodOnesDoNot(t *testing.T) {
	if Raced {
		t.Skip("nothing runs beside anything else here")
	}
	for p, most := range map[float64]float64{.01: .001, .02: .01} {
		if got := exactly(p, 3000)[3000]; got >= most || got == 0 {
			t.Errorf("of campaigns with %.0f %% %.2f %% are stopped", 100*p, 100*got)
		}
	}
	for _, test := range []struct {
		p        float64
		by       int
		at, most float64
	}{{.15, 40, .87, .88}, {.15, 60, .89, .91}, {.15, 120, .98, 1}, {.3, 40, .99, 1}, {.1, 400, .99, 1}} {
		if got := exactly(test.p, test.by)[test.by]; got < test.at || got > test.most {
			t.Errorf("of lists with %.0f %% %.1f %% are stopped by %d, want %.0f to %.0f %%", 100*test.p, 100*got, test.by, 100*test.at, 100*test.most)
		}
	}
	seeds := uint64(3_000)
	if os.Getenv("RECADO_LONG") != "" {
		seeds = 5_000
	}
	share := func(p float64, n, by, late, bursts int) float64 {
		stopped := 0
		for seed := range seeds {
			if at := stopsAfter(rand.New(rand.NewPCG(seed, 3)), p, n, late, bursts); at > 0 && at <= by {
				stopped++
			}
		}
		return float64(stopped) / float64(seeds)
	}
	// What is written down is what was computed, to three standard deviations.
	for _, test := range []struct {
		p  float64
		by int
	}{{.02, 1000}, {.01, 1000}, {.15, 40}, {.15, 120}, {.1, 100}} {
		want := exactly(test.p, test.by)[test.by]
		got := share(test.p, test.by, test.by, 0, 0)
		if off := 3*math.Sqrt(want*(1-want)/float64(seeds)) + .02*want; math.Abs(got-want) > off+.02*want*float64(test.by/40) {
			t.Errorf("with %.0f %% %.2f %% are stopped by %d, computed %.2f %%", 100*test.p, 100*got, test.by, 100*want)
		}
	}
	// Whoever says so later, and many at once, never makes a good list worse.
	for _, test := range []struct{ late, bursts int }{{60, 0}, {400, 0}, {0, 100}, {200, 150}} {
		if got, most := share(.02, 1000, 1000, test.late, test.bursts), .01+3*math.Sqrt(.01/float64(seeds)); got > most {
			t.Errorf("said %d messages later, in bursts of %d: %.2f %% of good lists are stopped", test.late, test.bursts, 100*got)
		}
	}
	if got := share(.15, 80, 43, 6, 0); got < .8 {
		t.Errorf("said three messages later on average, only %.0f %% of bad lists are stopped by 43", 100*got)
	}
}

// A list that turns bad after many messages is noticed too, by the last of them.
func TestListThatTurnsBadIsNoticed(t *testing.T) {
	late := 0
	for seed := range uint64(300) {
		dice := rand.New(rand.NewPCG(seed, 4))
		var w welcome
		at := 0
		for i := 1; i <= 1200 && at == 0; i++ {
			p := .01
			if i > 1000 {
				p = .2
			}
			now := time.Unix(int64(i)*60, 0)
			if w.took(now); dice.Float64() < p {
				w.wrong(now)
			}
			if bad, of := w.judge(); bad > 0 {
				if at = i; i > 1000 && (of > 400 || bad < 5) {
					t.Errorf("seed %d: %d of %d", seed, bad, of)
				}
			}
		}
		if at == 0 || at > 1120 {
			late++
		}
		if len(w.blocks) > mostBlocks {
			t.Fatalf("%d blocks are kept", len(w.blocks))
		}
	}
	if late > 9 {
		t.Errorf("%d of 300 are noticed after more than 120 messages", late)
	}
}

// It judges from the twelfth message on; and what is forgotten lies between the
// first messages and the last ones, which are no stretch together.
func TestWhatIsJudgedIsOneStretchOfEnoughMessages(t *testing.T) {
	var w welcome
	for i := 1; i <= 20; i++ {
		w.took(time.Unix(int64(i), 0))
		if i <= 3 {
			w.wrong(time.Unix(int64(i), 0))
		}
		if bad, _ := w.judge(); bad > 0 != (i >= welcomeFloor) {
			t.Errorf("after %d messages %d people are too many", i, bad)
		}
	}
	w = welcome{sent: 1000, blocks: []block{{sent: 8, bad: 2}, {sent: 32, bad: 1}, {sent: 20, bad: 7}}}
	if bad, of := w.judge(); bad != 0 {
		t.Errorf("%d of %d are too many, though none of both stretches has that many", bad, of)
	}
	w.blocks[2].bad++
	if bad, of := w.judge(); bad != 8 || of != 20 {
		t.Errorf("%d of %d are too many, want 8 of the last 20", bad, of)
	}
}

// Whoever may have asked to be left alone counts, and once: also if they are clear
// about it later, or say it again. Who has left before, or answers something else,
// does not; nor does what was sent before a resume.
func TestWhoWantsNoneIsCountedOnce(t *testing.T) {
	b, number, tick := crowdBook(t, 8)
	_ = must[campaign.Number](t)(desk(b).SetLimits(number, campaign.Pace{}.All()))
	c := must[campaign.Campaign](t)(desk(b).AddCampaign(campaign.Campaign{Name: "c", Text: "oi"}))
	_ = must[campaign.Campaign](t)(desk(b).Start(c.ID, tick()))
	ids := 0
	send := func() campaign.Delivery {
		t.Helper()
		for {
			now := tick()
			got := must[Claimed](t)(ClaimApart(b, campaign.Claim{Number: number, Ready: campaign.Readiness{Link: 1, Since: now.Add(-time.Hour)}, Now: now,
				NewID: func() campaign.MessageID { ids++; return campaign.MessageID(fmt.Sprint("3EB0", ids)) }}))
			if got.Delivery != nil {
				ok(t, b.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, now))
				return *got.Delivery
			}
			if len(got.Check) == 0 {
				t.Fatalf("%+v", got)
			}
			var answers []people.Answer
			for _, phone := range got.Check {
				answers = append(answers, people.Answer{Asked: phone, Presence: people.OnWhatsApp, Phone: phone, LID: "9" + strings.TrimPrefix(string(phone), "+")})
			}
			ok(t, b.Answered(number, got.Check, answers, now))
		}
	}
	says := func(d campaign.Delivery, texts ...string) {
		t.Helper()
		for _, text := range texts {
			ok(t, b.Heard(number, campaign.Incoming{From: people.Seen{LID: d.LID}, Text: text, At: tick()}))
		}
	}
	want := func(bad, sent int) {
		t.Helper()
		ok(t, b.view(func(tx *bolt.Tx) error {
			g, err := guardTx(tx, c.ID, all)
			n := 0
			for _, one := range g.welcome.blocks {
				n += one.bad
			}
			if n != bad || g.welcome.sent != sent {
				t.Errorf("%d of %d want none, should be %d of %d", n, g.welcome.sent, bad, sent)
			}
			return err
		}))
	}
	says(send(), "oi, quanto custa?")
	want(0, 1)
	says(send(), "spam?")
	want(1, 2)
	says(send(), "spam?", "spam?", "SAIR", "SAIR")
	want(2, 3)
	says(send(), "SAIR", "pare de me mandar mensagem")
	want(3, 4)
	late := send()
	want(3, 5)
	_ = must[campaign.Campaign](t)(desk(b).Pause(c.ID))
	_ = must[campaign.Campaign](t)(desk(b).Resume(c.ID))
	want(0, 0)
	fresh := send()
	says(late, "SAIR")
	want(0, 1)
	says(fresh, "SAIR")
	want(1, 1)
}

// crowdBook is a book with a number without limits and people who are on WhatsApp.
func crowdBook(t *testing.T, n int) (*Book, campaign.NumberID, func() time.Time) {
	t.Helper()
	b := must[*Book](t)(Open(filepath.Join(t.TempDir(), "book.db"), Options{Kind: Demo, noSync: true}))
	t.Cleanup(func() { b.Close() })
	number := must[campaign.Number](t)(desk(b).AddNumber("loja"))
	now := time.Now().Add(-30 * 24 * time.Hour)
	_ = must[campaign.Number](t)(b.LinkNumber(number.ID, "+5511912345678", "1@s.whatsapp.net", now))
	_ = must[campaign.Number](t)(desk(b).SetLimits(number.ID, campaign.Pace{}.All()))
	var rows []people.Row
	for i := range n {
		rows = append(rows, people.Row{Line: i + 2, Phone: people.Phone(fmt.Sprintf("+55119%08d", 70000000+i)), Name: fmt.Sprint("P", i)})
	}
	_ = must[ImportReport](t)(desk(b).Import(t.Context(), rows, "a.csv"))
	return b, number.ID, func() time.Time { now = now.Add(time.Minute); return now }
}

// Through the book: campaigns from a seed, to people who answer, say SAIR, are in
// doubt, or do not take it.
func TestGuardRailOnSeededCampaigns(t *testing.T) {
	if Raced {
		t.Skip("nothing runs beside anything else here")
	}
	const audience = 130
	run := func(t *testing.T, seed uint64, p float64) (stopped, sent int) {
		b, number, tick := crowdBook(t, audience)
		c := must[campaign.Campaign](t)(desk(b).AddCampaign(campaign.Campaign{Name: "c", Text: "oi"}))
		_ = must[campaign.Campaign](t)(desk(b).Start(c.ID, tick()))
		dice := rand.New(rand.NewPCG(seed, 5))
		ids := 0
		for range 3 * audience {
			now := tick()
			got := must[Claimed](t)(ClaimApart(b, campaign.Claim{Number: number, Ready: campaign.Readiness{Link: 1, Since: now.Add(-time.Hour)}, Now: now,
				NewID: func() campaign.MessageID { ids++; return campaign.MessageID(fmt.Sprint("3EB0", ids)) }}))
			var answers []people.Answer
			for _, phone := range got.Check {
				answers = append(answers, people.Answer{Asked: phone, Presence: people.OnWhatsApp, Phone: phone, LID: "9" + strings.TrimPrefix(string(phone), "+")})
			}
			if len(answers) > 0 {
				ok(t, b.Answered(number, got.Check, answers, now))
				continue
			}
			d := got.Delivery
			if d == nil {
				break
			}
			sent++
			says := ""
			bad := dice.Float64() < p
			if bad {
				says = []string{"SAIR", "para de mandar mensagem", "spam?", "refused"}[dice.IntN(4)]
			} else if dice.IntN(4) == 0 {
				says = "oi, quanto custa?"
			}
			if says == "refused" {
				ok(t, b.Settle(*d, campaign.Outcome{Kind: campaign.Refused, Code: 403, Reason: reason.New(reason.RefusedPerson)}, now))
				continue
			}
			ok(t, b.Settle(*d, campaign.Outcome{Kind: campaign.Accepted}, now))
			_ = must[[]campaign.MessageID](t)(b.Receipt(number, people.Seen{LID: d.LID}, []campaign.MessageID{d.Message}, campaign.Read, now))
			if says != "" {
				ok(t, b.Heard(number, campaign.Incoming{From: people.Seen{LID: d.LID}, Text: says, At: now.Add(time.Second)}))
				if bad && dice.IntN(2) == 0 { // who says it twice is one
					ok(t, b.Heard(number, campaign.Incoming{From: people.Seen{LID: d.LID}, Text: "SAIR", At: now.Add(2 * time.Second)}))
				}
			}
		}
		c = must[campaign.Campaign](t)(b.Campaign(c.ID))
		if c.Status == campaign.Paused {
			if c.Reason.Code != reason.CampaignUnwelcome {
				t.Errorf("seed %d: it is paused because %s", seed, c.Reason)
			}
			return sent, sent
		}
		return 0, sent
	}
	seeds, early, late := uint64(12), 0, 0
	if os.Getenv("RECADO_LONG") != "" {
		seeds = 50
	}
	for seed := range seeds {
		if at, _ := run(t, seed, .15); at > 0 && at <= 40 {
			early++
		} else if at > 0 {
			late++
		}
	}
	t.Logf("of %d bad lists %d are stopped within 40 messages, %d later", seeds, early, late)
	if early < int(seeds)*3/4 || early+late < int(seeds)*9/10 {
		t.Errorf("of %d bad lists only %d are stopped within 40 messages, and %d later", seeds, early, late)
	}
	stopped := 0
	for seed := range seeds {
		for _, p := range []float64{.01, .02} {
			if at, _ := run(t, seed, p); at > 0 {
				stopped++
			}
		}
	}
	if t.Logf("of %d good ones %d are stopped", 2*seeds, stopped); stopped > 1 {
		t.Errorf("%d of %d good lists are stopped", stopped, 2*seeds)
	}
}
