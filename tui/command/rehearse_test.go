package command

import (
	"strings"
	"testing"
	"time"

	"recado/store"
)

// rehearsed is the shape that scripts rely on.
type rehearsed struct {
	checked
	Left  int
	Whole bool
	Hours []struct {
		From, To, Number string
		Count            int
		Binds            struct {
			Limit, Whose string
			Code         string `json:"limit_code"`
		}
	}
}

// A rehearsal is the check in finer grain: the same beginning, end, days and
// limit, with the hours that they are made of; of a draft, and once it runs.
func TestRehearseSaysHourByHourWhatCheckSaysByDay(t *testing.T) {
	dir := shopDir(t, 40*24*time.Hour, 40, nil)
	given[struct{}](t, dir, ExitOK, "campaign", "new", "--name", "x", "--text", "Oi", "--pace", "day=15 gap=4m new-gap=4m hours=09:00-20:00 weekdays=all")
	check := given[checked](t, dir, ExitOK, "campaign", "check", "1")
	got := given[rehearsed](t, dir, ExitOK, "campaign", "rehearse", "1")
	if got.Left != 40 || !got.Whole || len(got.Days) != len(check.Days) || len(got.Days) < 3 || got.Binds != check.Binds || got.Binds.Limit == "" {
		t.Errorf("got %+v, the check says %+v", got, check)
	}
	byDay := make(map[string]int)
	sum, idle := 0, 0
	for i, h := range got.Hours {
		from, err := time.Parse(time.RFC3339, h.From)
		if err != nil || h.Number != "loja" || h.To == "" || i > 0 && h.From != got.Hours[i-1].To {
			t.Errorf("an hour is %+v, %v", h, err)
		}
		byDay[from.Local().Format(time.DateOnly)] += h.Count
		if sum += h.Count; h.Count == 0 {
			idle++
		}
	}
	if sum != 40 || idle == 0 {
		t.Errorf("the hours have %d messages and %d lines without any: %+v", sum, idle, got.Hours)
	}
	for _, d := range got.Days {
		if byDay[d.Date] != d.Count {
			t.Errorf("the hours of %s have %d, the day %d", d.Date, byDay[d.Date], d.Count)
		}
	}
	c, out, errs := typist(t, dir, "", "campaign", "rehearse", "1")
	if code := c.execute(t.Context()); code != ExitOK || strings.Count(out.String(), "\n") != 2+len(got.Hours) || !strings.Contains(out.String(), "  loja: ") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	given[struct{}](t, dir, ExitOK, "campaign", "start", "1")
	if later := given[rehearsed](t, dir, ExitOK, "campaign", "rehearse", "1"); later.Left != 40 || len(later.Hours) < 3 {
		t.Errorf("once it runs: %+v", later)
	}
}

func TestRehearseRefusesWhatCannotBeWalked(t *testing.T) {
	dir := shopDir(t, time.Hour, 2, func(b *store.Book) {})
	given[struct{}](t, dir, ExitOK, "campaign", "new", "--name", "x", "--text", "Oi", "--to", "nome:ninguem")
	given[struct{}](t, dir, ExitNotFound, "campaign", "rehearse", "9")
	given[struct{}](t, dir, ExitUsage, "campaign", "rehearse", "x")
	c, out, _ := typist(t, dir, "", "campaign", "rehearse", "1")
	if code := c.execute(t.Context()); code != ExitOK || !strings.Contains(out.String(), "nada espera para sair") {
		t.Errorf("with nobody to send to: exit %d: %s", code, out)
	}
	given[struct{}](t, dir, ExitOK, "campaign", "cancel", "1")
	if got := given[rehearsed](t, dir, ExitOK, "campaign", "rehearse", "1"); got.Left != 0 || len(got.Hours) != 0 || !got.Whole {
		t.Errorf("of one that was cancelled: %+v", got)
	}
}
