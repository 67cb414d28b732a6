package store_test

import (
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store"
)

// fromAna is something that Ana wrote.
func fromAna(text string, at time.Time) campaign.Incoming {
	return campaign.Incoming{
		From: people.Seen{Phone: "+5511999990001", LID: "101", Known: true}, ID: "3A01", Text: text, At: at, Past: true,
	}
}

func heardBook(t *testing.T) (*store.Book, func(...campaign.Incoming), func() people.Contact) {
	b, err := store.Open(t.TempDir()+"/book.db", store.Options{Kind: store.Demo})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	n, err := desk(b).AddNumber("loja")
	if err != nil {
		t.Fatal(err)
	}
	hear := func(messages ...campaign.Incoming) {
		t.Helper()
		if err := b.Heard(n.ID, messages...); err != nil {
			t.Fatal(err)
		}
	}
	ana := func() people.Contact {
		t.Helper()
		c, err := b.ContactByPhone("+5511999990001")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	return b, hear, ana
}

func TestANoFromBeforeAnOptInIsTheOneThatWasTakenBack(t *testing.T) {
	b, hear, ana := heardBook(t)
	now := time.Now()
	hear(fromAna("SAIR", now.Add(-time.Hour)))
	if err := desk(b).OptIn(ana().ID, "pediu de novo"); err != nil {
		t.Fatal(err)
	}
	hear(fromAna("SAIR", now.Add(-time.Hour)), fromAna("pare", now.Add(-50*time.Minute)), fromAna("STOP", now.Add(-24*time.Hour)))
	hear(fromAna("SAIR", now.Add(-30*time.Minute))) // alone too
	if c := ana(); c.OptedOut {
		t.Errorf("a no from before the opt-in opts out again: %+v", c)
	}
	later := now.Add(time.Hour)
	hear(fromAna("oi", later.Add(time.Hour)), fromAna("SAIR", later))
	if c := ana(); !c.OptedOut || !c.OptOutAt.Equal(later) {
		t.Errorf("a no from after the opt-in does not opt out: %+v", c)
	}
}

func TestTheSameNoHeardAgainIsTakenBackWhateverTheClocksSay(t *testing.T) {
	b, hear, ana := heardBook(t)
	ahead := time.Now().Add(10 * time.Minute) // the service's clock
	hear(fromAna("SAIR", ahead))
	if err := desk(b).OptIn(ana().ID, "pediu de novo"); err != nil {
		t.Fatal(err)
	}
	hear(fromAna("SAIR", ahead))
	if c := ana(); c.OptedOut {
		t.Errorf("the no that was taken back opts out again: %+v", c)
	}
}

func TestANoRightAfterAnOptInCountsThoughOurClockIsAhead(t *testing.T) {
	b, hear, ana := heardBook(t)
	now := time.Now()
	hear(fromAna("SAIR", now.Add(-time.Hour)))
	if err := desk(b).OptIn(ana().ID, "pediu de novo"); err != nil {
		t.Fatal(err)
	}
	behind := now.Add(-30 * time.Second)
	hear(fromAna("SAIR", behind))
	if c := ana(); !c.OptedOut || !c.OptOutAt.Equal(behind) {
		t.Errorf("a new no is not heard: %+v", c)
	}
}

// What she wrote, and the opt-in, have times that are still to come: the clock was put
// back. Her next no is heard all the same, and the one that was taken back is not.
func TestANoIsHeardThoughAllBeforeItLiesInTheFuture(t *testing.T) {
	for _, back := range []time.Duration{20 * time.Second, 10 * time.Minute, 48 * time.Hour} {
		b, hear, ana := heardBook(t)
		ahead := time.Now().Add(back)
		hear(fromAna("SAIR", ahead))
		if err := desk(b).OptIn(ana().ID, "pediu de novo"); err != nil {
			t.Fatal(err)
		}
		hear(fromAna("SAIR", ahead))
		if c := ana(); c.OptedOut {
			t.Errorf("back by %v: the no that was taken back opts out again: %+v", back, c)
		}
		now := time.Now()
		hear(fromAna("SAIR", now))
		if c := ana(); !c.OptedOut || !c.OptOutAt.Equal(now) {
			t.Errorf("back by %v: a new no is not heard: %+v", back, c)
		}
	}
}

func TestANoFromBeforeWeKnewThemCounts(t *testing.T) {
	b, hear, ana := heardBook(t)
	if _, err := desk(b).Import(t.Context(), []people.Row{{Line: 1, Phone: "+5511999990001", Name: "Ana"}}, "lista"); err != nil {
		t.Fatal(err)
	}
	year := time.Now().AddDate(-1, 0, 0)
	hear(fromAna("oi", year.Add(time.Hour)), fromAna("sair", year))
	if c := ana(); !c.OptedOut || !c.OptOutAt.Equal(year) || !c.LastHeard.Equal(year.Add(time.Hour)) {
		t.Errorf("a no from before the import: %+v", c)
	}
}

func TestTheLaterOptInOfTwoRecordsOfOnePersonStays(t *testing.T) {
	for _, backIsByPhone := range []bool{true, false} {
		b, hear, _ := heardBook(t)
		now := time.Now()
		alone := []people.Seen{{Phone: "+5511999990001"}, {LID: "101"}}
		for _, one := range alone {
			m := fromAna("oi", now.Add(-3*time.Hour))
			m.From = one
			if (one.LID == "") == backIsByPhone {
				m.Text = "SAIR"
			}
			hear(m)
		}
		people, err := b.ContactsByID([]people.ContactID{1, 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range people {
			if c.OptedOut {
				if err := desk(b).OptIn(c.ID, "pediu de novo"); err != nil {
					t.Fatal(err)
				}
			}
		}
		hear(fromAna("oi", now.Add(-2*time.Hour))) // by both: they are one
		hear(fromAna("SAIR", now.Add(-time.Hour)))
		if c, err := b.ContactByPhone("+5511999990001"); err != nil || c.OptedOut {
			t.Errorf("back by phone %v: a no from before the opt-in opts out again: %+v, %v", backIsByPhone, c, err)
		}
	}
}
