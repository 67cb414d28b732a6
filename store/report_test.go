package store_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// recount is a report made another way: from the deliveries as they are given
// out, step by step.
func (s *shop) recount(id campaign.ID) (f campaign.Funnel, failed, leftOut map[reason.Code]int, waiting, unsure int) {
	s.Helper()
	failed, leftOut = make(map[reason.Code]int), make(map[reason.Code]int)
	all, err := s.book.Deliveries(id, -1, 100_000)
	if err != nil {
		s.Fatal(err)
	}
	week := 7 * 24 * time.Hour
	for _, d := range all {
		sent := d.Accepted
		if sent.IsZero() {
			sent = d.RepliedAt
		}
		switch d.State {
		case campaign.Queued, campaign.Sending:
			waiting++
		case campaign.Unsure:
			unsure++
		case campaign.Failed:
			failed[d.Reason.Code]++
		case campaign.Skipped:
			leftOut[d.Reason.Code]++
		case campaign.Replied:
			f.Sent, f.Delivered, f.Read = f.Sent+1, f.Delivered+1, f.Read+1
			if !d.RepliedAt.After(sent.Add(week)) {
				f.Replied++
			}
			if !d.LeftAt.IsZero() && !d.LeftAt.After(sent.Add(week)) {
				f.OptedOut++
			}
		case campaign.Read:
			f.Sent, f.Delivered, f.Read = f.Sent+1, f.Delivered+1, f.Read+1
		case campaign.Delivered:
			f.Sent, f.Delivered = f.Sent+1, f.Delivered+1
		case campaign.Sent:
			f.Sent++
		}
	}
	return f, failed, leftOut, waiting, unsure
}

// A report counts each delivery once, whatever has happened to it, and what it
// says of parts adds up to the whole.
func TestAReportEqualsARecount(t *testing.T) {
	reached := make(map[string]int)
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 11))
		s := newShop(t, 60, "")
		s.takes = time.Second
		id := s.start("")
		var left []campaign.Delivery
		for range 400 {
			s.now = s.now.Add(time.Duration(rng.IntN(3600)) * time.Second)
			if rng.IntN(10) == 0 {
				s.now = s.now.Add(time.Duration(rng.IntN(4)) * 24 * time.Hour)
			}
			if len(left) == 0 || rng.IntN(3) == 0 {
				got := s.claim()
				if got.Delivery == nil {
					if c, _ := s.book.Campaign(id); c.Status == campaign.Paused { // too many want none
						if _, err := desk(s.book).Resume(id); err != nil {
							t.Fatal(err)
						}
					}
					continue
				}
				o := []campaign.Outcome{accepted, accepted, accepted, accepted, accepted, unknown, refused, offline}[rng.IntN(8)]
				if s.settle(*got.Delivery, o); o.Kind == campaign.Refused { // five in a row pause it
					if c, _ := s.book.Campaign(id); c.Status == campaign.Paused {
						if _, err := desk(s.book).Resume(id); err != nil {
							t.Fatal(err)
						}
					}
				}
				left = append(left, *got.Delivery)
				continue
			}
			d := left[rng.IntN(len(left))]
			from := people.Seen{Phone: d.Phone, LID: d.LID}
			switch text := []string{"", "", "oi", "quero sim", "SAIR"}[rng.IntN(5)]; text {
			case "":
				to := []campaign.State{campaign.Delivered, campaign.Read}[rng.IntN(2)]
				if _, err := s.book.Receipt(s.number, from, []campaign.MessageID{d.Message}, to, s.now); err != nil {
					t.Fatal(err)
				}
			default:
				if err := s.book.Heard(s.number, campaign.Incoming{From: from, ID: campaign.MessageID(fmt.Sprint("IN", rng.Uint64())), Text: text, At: s.now}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if seed%3 == 0 {
			if _, err := desk(s.book).Cancel(id); err != nil {
				t.Log(err) // it may have finished
			}
		}
		for range 2 {
			r, err := s.book.Report(context.Background(), id)
			if err != nil {
				t.Fatal(err)
			}
			f, failed, leftOut, waiting, unsure := s.recount(id)
			if r.Funnel != f || r.Waiting != waiting || r.Unsure != unsure || !maps.Equal(r.Failed, failed) || !maps.Equal(r.LeftOut, leftOut) {
				t.Errorf("seed %d: the report has %+v %v %v %d %d, a recount %+v %v %v %d %d", seed,
					r.Funnel, r.Failed, r.LeftOut, r.Waiting, r.Unsure, f, failed, leftOut, waiting, unsure)
			}
			if f := r.Funnel; f.Sent < f.Delivered || f.Delivered < f.Read || f.Read < f.Replied || r.Total() != 60 {
				t.Errorf("seed %d: %+v of %d is no funnel", seed, f, r.Total())
			}
			if n := r.Numbers[s.number]; f.Sent > 0 && (n == nil || *n != r.Funnel) {
				t.Errorf("seed %d: the number has %+v, the campaign %+v", seed, n, r.Funnel)
			}
			var sum campaign.Funnel
			for _, h := range r.Hours {
				sum.Sent += h.Sent
				sum.Delivered += h.Delivered
				sum.Read += h.Read
				sum.Replied += h.Replied
				sum.OptedOut += h.OptedOut
			}
			if sum != r.Funnel {
				t.Errorf("seed %d: the hours add up to %+v, the campaign has %+v", seed, sum, r.Funnel)
			}
			late := 0
			all, err := s.book.Deliveries(id, -1, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range all {
				if d.State == campaign.Replied {
					late++
				}
			}
			for what, n := range map[string]int{
				"sent": f.Sent, "replied": f.Replied, "opted out": f.OptedOut, "failed": len(r.Failed), "left out": len(r.LeftOut), "late replies": late - f.Replied,
			} {
				reached[what] += n
			}
			s.restart() // it is in the book, not in memory
		}
	}
	for _, what := range []string{"sent", "replied", "opted out", "failed", "left out", "late replies"} {
		if reached[what] == 0 {
			t.Errorf("no seed has %s: %v", what, reached)
		}
	}
}

// Who answers after a week is no reply of the report, and who answers in time
// has read it though no receipt came.
func TestAReplyCountsForAWeekAndImpliesTheRest(t *testing.T) {
	for _, test := range []struct {
		after time.Duration
		text  string
		want  campaign.Funnel
	}{
		{7 * 24 * time.Hour, "oi", campaign.Funnel{Sent: 1, Delivered: 1, Read: 1, Replied: 1}},
		{7*24*time.Hour + time.Second, "oi", campaign.Funnel{Sent: 1, Delivered: 1, Read: 1}},
		{time.Hour, "SAIR", campaign.Funnel{Sent: 1, Delivered: 1, Read: 1, Replied: 1, OptedOut: 1}},
		{8 * 24 * time.Hour, "SAIR", campaign.Funnel{Sent: 1, Delivered: 1, Read: 1}},
	} {
		s := newShop(t, 1, "")
		id := s.start("")
		d := s.mustClaim()
		s.settle(d, accepted)
		s.now = s.now.Add(test.after)
		if err := s.book.Heard(s.number, campaign.Incoming{From: people.Seen{Phone: d.Phone}, ID: "IN", Text: test.text, At: s.now}); err != nil {
			t.Fatal(err)
		}
		if r, err := s.book.Report(context.Background(), id); err != nil || r.Funnel != test.want {
			t.Errorf("%q after %v: %+v, %v; want %+v", test.text, test.after, r.Funnel, err, test.want)
		}
	}
}

// What people write in answer is kept with the message for a week, each text once,
// and goes with the person.
func TestWhatIsAnsweredIsKeptForAWeek(t *testing.T) {
	s := newShop(t, 2, "")
	id := s.start("")
	d := s.mustClaim()
	s.settle(d, accepted)
	sent := s.now
	say := func(after time.Duration, text string) {
		s.now = sent.Add(after)
		in := campaign.Incoming{From: people.Seen{Phone: d.Phone}, ID: campaign.MessageID(fmt.Sprint("IN", after)), Text: text, At: s.now}
		if err := s.book.Heard(s.number, in); err != nil {
			t.Fatal(err)
		}
	}
	answer := func() string {
		s.restart()
		got, err := s.book.Delivery(id, d.Seq)
		if err != nil {
			t.Fatal(err)
		}
		return got.Answer
	}
	say(time.Hour, "quero\nsim \u202e!")
	say(2*time.Hour, "quero sim !")
	say(3*time.Hour, "")
	say(4*time.Hour, "em azul")
	say(campaign.ReplyWithin+time.Hour, "mudei de ideia")
	if got := answer(); got != "quero sim !\nem azul" {
		t.Errorf("kept is %q", got)
	}
	say(5*time.Hour, strings.Repeat("é", 3000))
	if got := answer(); len(got) > 1000 || !utf8.ValidString(got) || len(got) < 990 {
		t.Errorf("%d bytes of a long answer are kept, valid: %t", len(got), utf8.ValidString(got))
	}
	if err := desk(s.book).Erase(t.Context(), d.Contact); err != nil {
		t.Fatal(err)
	}
	if got := answer(); got != "" {
		t.Errorf("of somebody erased %q is left", got)
	}
}

// The places behind a number of a report are as many as it says.
func TestThePlacesBehindAReportAreAsManyAsItSays(t *testing.T) {
	s := newShop(t, 30, "")
	id := s.start("")
	for i := range 12 {
		d := s.mustClaim()
		if i == 4 {
			s.settle(d, refused)
			continue
		}
		s.settle(d, accepted)
		if to := []campaign.State{0, campaign.Delivered, campaign.Read}[i%3]; to != 0 {
			if _, err := s.book.Receipt(s.number, people.Seen{Phone: d.Phone}, []campaign.MessageID{d.Message}, to, s.now); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, cancelled := range []bool{false, true} {
		if cancelled {
			if _, err := desk(s.book).Cancel(id); err != nil {
				t.Fatal(err)
			}
		}
		r, err := s.book.Report(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		skipped := 0
		for _, n := range r.LeftOut {
			skipped += n
		}
		for what, one := range map[string]struct {
			want func(*campaign.Fate) bool
			n    int
		}{
			"sent": {(*campaign.Fate).Sent, r.Sent}, "delivered": {(*campaign.Fate).Delivered, r.Delivered}, "read": {(*campaign.Fate).Read, r.Read},
			"left out": {func(d *campaign.Fate) bool { return d.State == campaign.Skipped }, skipped},
			"waiting":  {func(d *campaign.Fate) bool { return d.State == campaign.Queued }, r.Waiting},
		} {
			places, err := s.book.Places(t.Context(), id, one.want)
			if err != nil || len(places) != one.n {
				t.Errorf("cancelled %t, %s: %d places, %v; the report has %d", cancelled, what, len(places), err, one.n)
			}
			page, err := s.book.DeliveriesAt(id, places)
			if err != nil || len(page) != len(places) {
				t.Errorf("%s: %d of %d are there, %v", what, len(page), len(places), err)
			}
			for i := range page {
				if fate := page[i].Fate(); page[i].Seq != places[i] || !one.want(&fate) {
					t.Errorf("%s: place %d has %v", what, places[i], page[i].State)
				}
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.book.Places(ctx, id, (*campaign.Fate).Sent); err == nil {
		t.Error("places that nobody waits for are looked for")
	}
}
