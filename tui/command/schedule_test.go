package command

import (
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/store"
)

// written is a campaign as scripts read it.
type written struct {
	ID       int
	Status   string
	At       string
	Variants int
	Canary   int
	Basis    string
	Reason   string `json:"reason_code"`
}

func TestACampaignIsWrittenWithEverythingOrNothing(t *testing.T) {
	dir := shopDir(t, time.Hour, 5, nil)
	write := func(exit int, args ...string) written {
		t.Helper()
		return given[written](t, dir, exit, append([]string{"campaign", "new", "--name", "x"}, args...)...)
	}
	if got := write(ExitOK, "--text", "Oi"); got.Status != "draft" || got.At != "" || got.Variants != 0 || got.Canary != 0 || got.Basis != "" {
		t.Errorf("a campaign without more: %+v", got)
	}
	got := write(ExitOK, "--text", "Oi", "--variant", "Olá", "--variant", "Opa", "--canary", "2", "--basis", "other:asked in the shop", "--at", "2100-01-02 09:00")
	if got.Status != "scheduled" || !strings.HasPrefix(got.At, "2100-01-02T09:00:00") || got.Variants != 3 || got.Canary != 2 || got.Basis != "other:asked in the shop" {
		t.Errorf("a campaign with everything: %+v", got)
	}
	for name, args := range map[string][]string{
		"a time that has passed":   {"--text", "Oi", "--at", "2020-01-02 09:00"},
		"a time that is none":      {"--text", "Oi", "--at", "soon"},
		"six texts":                {"--text", "1", "--variant", "2", "--variant", "3", "--variant", "4", "--variant", "5", "--variant", "6"},
		"a text that is not one":   {"--text", "Oi", "--variant", "Oi {nome"},
		"a text that is empty":     {"--text", "Oi", "--variant", " "},
		"a canary of less than no": {"--text", "Oi", "--canary", "-1"},
		"a basis that is none":     {"--text", "Oi", "--basis", "because"},
	} {
		c, out, errs := typist(t, dir, "", append([]string{"campaign", "new", "--name", "x"}, args...)...)
		if code := c.execute(t.Context()); code != ExitUsage && name != "a text that is empty" || code == ExitOK || out.Len() > 0 {
			t.Errorf("%s: exit %d, %s%s", name, code, out, errs)
		}
	}
	if got := write(ExitOK, "--variant", "Oi", "--variant", "Olá"); got.Variants != 2 {
		t.Errorf("texts without --text: %+v", got)
	}
}

func TestTheOptOutLineIsInTheLanguageOfTheTextAndOnce(t *testing.T) {
	dir := shopDir(t, time.Hour, 5, nil)
	for _, test := range []struct{ text, want string }{
		{"Oi, tudo bem com você?", "Oi, tudo bem com você?\n\nResponda SAIR para não receber mais"},
		{"Hello and welcome to the shop", "Hello and welcome to the shop\n\nReply STOP to receive no more"},
		{"Hola, hoy el pan es gratis", "Hola, hoy el pan es gratis\n\nResponde SALIR para no recibir más"},
		{"Oi! Para sair, responda PARAR", "Oi! Para sair, responda PARAR"},
	} {
		id := given[written](t, dir, ExitOK, "campaign", "new", "--name", "x", "--optout-line", "--text", test.text, "--variant", test.text+" ").ID
		book, err := store.Open(dir+"/book.db", store.Options{Kind: store.Real})
		if err != nil {
			t.Fatal(err)
		}
		all, err := book.Campaigns()
		book.Close()
		at := slices.IndexFunc(all, func(c campaign.Campaign) bool { return int(c.ID) == id })
		if err != nil || all[at].Text != test.want || strings.Count(all[at].Variants[0], "\n\n") > 1 {
			t.Errorf("%q became %q and %q", test.text, all[at].Text, all[at].Variants)
		}
		if got := given[checked](t, dir, ExitOK, "campaign", "check", all[at].ID.String()); slices.Contains(got.warns(), "warn_no_opt_out") {
			t.Errorf("%q: %q", all[at].Text, got.warns())
		}
	}
}

func TestAScheduleIsSetTakenBackAndOverruled(t *testing.T) {
	dir := shopDir(t, time.Hour, 5, nil)
	do := func(exit int, args ...string) written {
		t.Helper()
		return given[written](t, dir, exit, append([]string{"campaign"}, args...)...)
	}
	do(ExitOK, "new", "--name", "x", "--text", "Oi", "--at", "2100-01-02 09:00")
	for _, step := range []struct {
		args   []string
		exit   int
		status string
	}{
		{[]string{"start", "1"}, ExitOK, "scheduled"}, // its time is still to come
		{[]string{"schedule", "1", "2100-02-03 10:00"}, ExitOK, "scheduled"},
		{[]string{"schedule", "1", "2000-02-03 10:00"}, ExitUsage, "scheduled"},
		{[]string{"schedule", "9", "2100-02-03 10:00"}, ExitNotFound, "scheduled"},
		{[]string{"check", "1"}, ExitOK, "scheduled"},
		{[]string{"pause", "1"}, ExitOK, "paused"},
		{[]string{"resume", "1"}, ExitOK, "scheduled"},
		{[]string{"unschedule", "1"}, ExitOK, "draft"},
		{[]string{"unschedule", "1"}, ExitRefused, "draft"},
		{[]string{"schedule", "1", "2100-02-03 10:00"}, ExitOK, "scheduled"},
		{[]string{"start", "1", "--now"}, ExitOK, "running"},
		{[]string{"schedule", "1", "2100-02-03 10:00"}, ExitRefused, "running"},
	} {
		do(step.exit, step.args...)
		if got := do(ExitOK, "show", "1"); got.Status != step.status {
			t.Errorf("after %q it is %s, want %s", step.args, got.Status, step.status)
		}
	}
	do(ExitOK, "new", "--name", "y", "--text", "Oi", "--at", "2100-01-02 09:00")
	do(ExitOK, "cancel", "2")
	if got := do(ExitOK, "show", "2"); got.Status != "cancelled" {
		t.Errorf("cancelled before its time: %+v", got)
	}
}

func TestACampaignIsTestedDuplicatedAndArchived(t *testing.T) {
	dir := shopDir(t, time.Hour, 5, nil)
	type row struct {
		ID       int
		Name     string
		Status   string
		TestOf   int `json:"test_of"`
		Variants int
		Counts   struct{ Queued int }
	}
	do := func(exit int, args ...string) row {
		t.Helper()
		return given[row](t, dir, exit, append([]string{"campaign"}, args...)...)
	}
	list := func(args ...string) (ids []string) {
		t.Helper()
		c, out, errs := typist(t, dir, "", append([]string{"campaign", "list"}, args...)...)
		if code := c.execute(t.Context()); code != ExitOK {
			t.Fatalf("list: exit %d, %s", code, errs)
		}
		for line := range strings.Lines(out.String()) {
			id, _, _ := strings.Cut(line, "\t")
			ids = append(ids, id)
		}
		slices.Sort(ids)
		return ids
	}
	do(ExitOK, "new", "--name", "Natal", "--text", "Oi {nome}", "--variant", "Olá {nome}", "--at", "2100-01-02 09:00", "--include-silent")
	if got := do(ExitOK, "test", "1", "11 97000-0003"); got.TestOf != 1 || got.Status != "running" || got.Counts.Queued != 1 {
		t.Errorf("a test: %+v", got)
	}
	do(ExitNotFound, "test", "1", "zé")
	do(ExitNotFound, "test", "9", "ana")
	do(ExitUsage, "test", "1", "ana") // which of them
	do(ExitUsage, "test", "1")
	if got := do(ExitOK, "duplicate", "1", "--name", "Ano novo"); got.ID != 3 || got.Name != "Ano novo" || got.Status != "draft" || got.Variants != 2 {
		t.Errorf("a copy: %+v", got)
	}
	do(ExitRefused, "archive", "1") // it is going to send
	do(ExitOK, "archive", "3")
	if here, away := list(), list("--archived"); !slices.Equal(here, []string{"1"}) || !slices.Equal(away, []string{"2", "3"}) {
		t.Errorf("listed are %q, archived %q", here, away)
	}
	do(ExitOK, "archive", "3", "--undo")
	if here := list(); !slices.Equal(here, []string{"1", "3"}) {
		t.Errorf("put back: %q", here)
	}
	do(ExitRefused, "delete", "3") // nobody says yes
	do(ExitRefused, "delete", "2", "--yes")
	do(ExitNotFound, "delete", "9", "--yes")
	if got := do(ExitOK, "delete", "3", "--yes"); got.ID != 3 || got.Name != "Ano novo" {
		t.Errorf("deleted: %+v", got)
	}
	do(ExitNotFound, "show", "3")
	if here, away := list(), list("--archived"); !slices.Equal(here, []string{"1"}) || !slices.Equal(away, []string{"2"}) {
		t.Errorf("listed are %q, archived %q", here, away)
	}
}
