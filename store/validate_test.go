package store

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// asker is a number whose lane asks, and a service that answers at once: the last
// three of every ten phones are not on WhatsApp.
type asker struct {
	*yard
	asked []people.Phone
}

// round is what the lane does next; it reports when to come again, zero if it
// has asked.
func (a *asker) round() time.Time {
	a.Helper()
	act, err := a.book.Claim(campaign.Claim{Number: a.number, Ready: campaign.Readiness{Link: 1, Since: a.now.Add(-time.Hour)}, Now: time.Now()})
	ok(a.T, err)
	switch act := act.(type) {
	case campaign.Check:
		a.asked = append(a.asked, act.Phones...)
		var answers []people.Answer
		for _, p := range act.Phones {
			answer := people.Answer{Asked: p, Phone: p, Presence: people.OnWhatsApp, LID: p.Digits()}
			if p[len(p)-1] >= '7' {
				answer = people.Answer{Asked: p, Presence: people.NotOnWhatsApp}
			}
			answers = append(answers, answer)
		}
		ok(a.T, a.book.Answered(a.number, act.Phones, answers, time.Now()))
		return time.Time{}
	case campaign.Wait:
		return act.Again
	}
	a.Fatalf("the lane is to do a %T", act)
	return time.Time{}
}

// forHours lets the lane work.
func (a *asker) forHours(n int) Validation {
	a.Helper()
	end := time.Now().Add(time.Duration(n) * time.Hour)
	for time.Now().Before(end) {
		if next := a.round(); !next.IsZero() {
			time.Sleep(min(time.Until(next), time.Until(end)))
		} else if a.is().Status != Validating {
			break
		}
	}
	return a.is()
}

func (a *asker) is() Validation {
	a.Helper()
	all, err := a.book.Validations()
	ok(a.T, err)
	if len(all) != 1 {
		a.Fatalf("there are %d", len(all))
	}
	return all[0]
}

func inYard(t *testing.T, n int, story func(t *testing.T, a *asker)) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(t, n)
		defer func() { ok(t, y.book.Close()) }()
		story(t, &asker{yard: y})
	})
}

// TestAValidationKeepsToItsDay, goes on where it was after a restart, and asks about
// nobody twice while the answer is good.
func TestAValidationKeepsToItsDay(t *testing.T) {
	inYard(t, 70, func(t *testing.T, a *asker) {
		v, err := desk(a.book).Validate(t.Context(), a.number, people.Filter{}, 30)
		ok(t, err)
		if v.Total != 70 || v.Known != 0 {
			t.Errorf("%d are to be asked about, %d are known", v.Total, v.Known)
		}
		if _, err := desk(a.book).Validate(t.Context(), a.number, people.Filter{}, 30); reason.Of(err).Code != reason.ValidateRuns {
			t.Errorf("there are two: %v", err)
		}
		began := time.Now()
		if v = a.forHours(3); v.Done != 30 || v.Today != 30 || v.Status != Validating {
			t.Errorf("on the first day: %+v", v)
		}
		if next := a.round(); sameDay(next, began) || !sameDay(next.Add(-time.Second), began) {
			t.Errorf("goes on at %v", next)
		}
		ok(t, a.book.Close())
		a.book = a.open(a.path)
		time.Sleep(24 * time.Hour)
		if v = a.forHours(3); v.Done != 60 {
			t.Errorf("on the second day: %+v", v)
		}
		time.Sleep(24 * time.Hour)
		if v = a.forHours(3); v.Status != ValidationDone || v.Done != 70 || v.Yes != 49 || v.No != 21 || v.Ended.IsZero() {
			t.Errorf("in the end: %+v", v)
		}
		if a.sound(); len(a.asked) != 70 {
			t.Errorf("asked %d times", len(a.asked))
		}
		if _, err := desk(a.book).Validate(t.Context(), a.number, people.Filter{}, 0); reason.Of(err).Code != reason.ValidateNobody {
			t.Errorf("who is known is asked about again: %v", err)
		}
		time.Sleep(7 * 24 * time.Hour)
		if v, err = desk(a.book).Validate(t.Context(), a.number, people.Filter{}, 0); err != nil || v.Total != 21 || v.Known != 49 || v.PerDay != ValidatePerDay {
			t.Errorf("after a week: %+v, %v", v, err)
		}
	})
}

// TestAValidationPauses between two questions, and is stopped by the first wish to be
// asked less, or by a person.
func TestAValidationPauses(t *testing.T) {
	inYard(t, 50, func(t *testing.T, a *asker) {
		begin := func() {
			t.Helper()
			_, err := desk(a.book).Validate(t.Context(), a.number, people.Filter{}, 0)
			ok(t, err)
		}
		begin()
		if next := a.round(); !next.IsZero() || len(a.asked) != checkSize {
			t.Errorf("%d at once, then %v", len(a.asked), next)
		}
		if wait := time.Until(a.round()); wait < validatePause || wait > 3*validatePause {
			t.Errorf("the next question is in %v", wait)
		}
		ok(t, a.book.Slow(a.number, reason.HoldRateLimit, time.Now().Add(time.Hour)))
		if v := a.is(); v.Status != ValidationStopped || v.Why.Code != reason.HoldRateLimit || v.Done != checkSize || v.Until.IsZero() {
			t.Errorf("after the refusal: %+v", v)
		}
		begin()
		ok(t, desk(a.book).StopValidation(a.number))
		if v := a.is(); v.Status != ValidationEnded || v.Total != 30 || v.Known != 20 {
			t.Errorf("after a person stopped it: %+v", v)
		}
		if idle, err := a.book.Idle(); err != nil || !idle {
			t.Errorf("there is nothing to do: %v, %v", idle, err)
		}
		a.sound()
	})
}

// TestAValidationTriesTheOtherPhone of who is not on WhatsApp by the first, and passes
// over those who have left or are barred.
func TestAValidationTriesTheOtherPhone(t *testing.T) {
	inYard(t, 0, func(t *testing.T, a *asker) {
		rows := yardRows(0, 4)
		rows[0].Phone, rows[0].Others = yardPhone(9), []people.Phone{yardPhone(5)}
		_, err := desk(a.book).Import(t.Context(), rows, "people.csv")
		ok(t, err)
		_, err = desk(a.book).Validate(t.Context(), a.number, people.Filter{}, 0)
		ok(t, err)
		ok(t, desk(a.book).OptOut(a.person(1).ID, "pediu"))
		ok(t, a.book.Block(a.number, people.Seen{Phone: yardPhone(2)}, true))
		if v := a.forHours(1); v.Status != ValidationDone || v.Total != 4 || v.Done != 4 || v.Yes != 2 || v.No != 0 {
			t.Errorf("in the end: %+v", v)
		}
		if want := []people.Phone{yardPhone(3), yardPhone(9), yardPhone(5)}; !slices.Equal(a.asked, want) {
			t.Errorf("asked about %s, want %s", a.asked, want)
		}
		if c := a.person(5); c.Phone != yardPhone(5) || c.Presence != people.OnWhatsApp {
			t.Errorf("they go by %s, %v", c.Phone, c.Presence)
		}
		a.sound()
	})
}

// TestOnlyALinkedNumberValidates.
func TestOnlyALinkedNumberValidates(t *testing.T) {
	y := newYard(t, 1)
	n, err := desk(y.book).AddNumber("outra")
	ok(t, err)
	for want, err := range map[reason.Code]error{
		reason.ValidateUnlinked: only(desk(y.book).Validate(t.Context(), n.ID, people.Filter{}, 0)),
		reason.ValidatePerDay:   only(desk(y.book).Validate(t.Context(), y.number, people.Filter{}, ValidateMostPerDay+1)),
		reason.ValidateNone:     desk(y.book).StopValidation(n.ID),
	} {
		if reason.Of(err).Code != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestTheSetOfAValidationIsWalked, whatever gaps it has.
func TestTheSetOfAValidationIsWalked(t *testing.T) {
	y := newYard(t, 0)
	rows := yardRows(0, 1)
	for i := range 200 {
		rows = append(rows, people.Row{Line: i + 9, Phone: people.Phone(fmt.Sprintf("+55119876%05d", 60000+i)), Name: fmt.Sprint("N", i%3)})
	}
	_, err := desk(y.book).Import(t.Context(), rows, "people.csv")
	ok(t, err)
	f, err := people.ParseFilter("nome:N1")
	ok(t, err)
	want, err := y.book.Find(t.Context(), f)
	ok(t, err)
	slices.Sort(want)
	_, err = desk(y.book).Validate(t.Context(), y.number, f, 0)
	ok(t, err)
	var got []people.ContactID
	ok(t, y.book.view(func(tx *bolt.Tx) error {
		for id, more := nextToValidateTx(tx, y.number, 0); more; id, more = nextToValidateTx(tx, y.number, id+1) {
			got = append(got, id)
		}
		return nil
	}))
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("it asks about %v, want %v", got, want)
	}
}
