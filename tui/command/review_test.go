package command

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store"
	"recado/tui/words"
)

// shopDir is a data directory with a linked number, "loja", of that age, and so
// many people called Ana who have no field but their name.
func shopDir(t *testing.T, linked time.Duration, people int, change func(*store.Book)) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Real})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	n, err := desk(book).AddNumber("loja")
	if err == nil {
		_, err = book.LinkNumber(n.ID, "+5511912345678", "5511912345678:1@s.whatsapp.net", time.Now().Add(-linked))
	}
	if err == nil {
		_, err = desk(book).Import(t.Context(), anas(people), "anas.csv")
	}
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(book)
	}
	return dir
}

func anas(n int) []people.Row {
	rows := make([]people.Row, n)
	for i := range rows {
		rows[i] = people.Row{Line: i + 2, Phone: people.Phone(fmt.Sprintf("+55119%08d", 70000000+i)), Name: fmt.Sprintf("Ana %d", i)}
	}
	return rows
}

// given runs a command on a data directory and reads what it prints as JSON.
func given[T any](t *testing.T, dir string, want int, args ...string) (got T) {
	t.Helper()
	c, out, errs := typist(t, dir, "", append(args, "--json")...)
	c.seen = terminals{}
	if code := c.execute(t.Context()); code != want {
		t.Fatalf("%q: exit %d, want %d: %s%s", args, code, want, out, errs)
	}
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatalf("%q prints %s: %v", args, out, err)
		}
	}
	return got
}

// checked is the shape that scripts rely on.
type checked struct {
	Leaves         bool
	Receive, Stuck int
	LeftOut        map[string]int `json:"left_out"`
	NewChats       int            `json:"new_chats"`
	Starts, Ends   string
	Binds          struct{ Limit, Whose string }
	Days           []struct {
		Date  string
		Count int
	}
	Stops, Warnings []struct {
		Reason string
		Code   string `json:"reason_code"`
	}
}

func (c checked) warns() (codes []string) {
	for _, w := range c.Warnings {
		codes = append(codes, w.Code)
	}
	slices.Sort(codes)
	return codes
}

func TestCheckSaysWhatWouldBecomeOfADraft(t *testing.T) {
	dir := shopDir(t, time.Hour, 25, func(b *store.Book) {
		for i, phone := range []people.Phone{"+5511970000000", "+5511970000001"} {
			c, err := b.ContactByPhone(phone)
			if err == nil && i == 0 {
				err = desk(b).OptOut(c.ID, "asked")
			} else if err == nil {
				err = desk(b).EditContact(c.ID, func(c *people.Contact) { c.Fields = map[string]string{"cidade": "Recife"} })
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	type campaignID struct{ ID campaign.ID }
	write := func(args ...string) string {
		return given[campaignID](t, dir, ExitOK, append([]string{"campaign", "new", "--name", "x"}, args...)...).ID.String()
	}
	bad := given[checked](t, dir, ExitOK, "campaign", "check", write("--text", "Oi {{nome}}", "--pace", "day=9"))
	if bad.Receive != 24 || bad.LeftOut["delivery_opted_out"] != 1 || len(bad.LeftOut) != 1 || bad.NewChats != 24 || !bad.Leaves || bad.Stuck != 0 || len(bad.Stops) != 0 {
		t.Errorf("to all: %+v", bad)
	}
	if want := []string{"warn_new_chats", "warn_no_basis", "warn_no_opt_out", "warn_number_new", "warn_unfilled"}; !slices.Equal(bad.warns(), want) {
		t.Errorf("it warns of %q, want %q", bad.warns(), want)
	}
	sum := 0
	for _, d := range bad.Days {
		if _, err := time.Parse(time.DateOnly, d.Date); err != nil || d.Count > 9 {
			t.Errorf("a day %+v, %v; want a date and 9 at the most", d, err)
		}
		sum += d.Count
	}
	starts, err := time.Parse(time.RFC3339, bad.Starts)
	ends, err2 := time.Parse(time.RFC3339, bad.Ends)
	if sum != 24 || err != nil || err2 != nil || ends.Sub(starts) < 48*time.Hour {
		t.Errorf("24 at 9 a day: %d on %v, from %q to %q", sum, bad.Days, bad.Starts, bad.Ends)
	}
	if bad.Binds.Limit == "" || !strings.HasPrefix(bad.Binds.Whose, "campaign ") {
		t.Errorf("it is bound by %+v, want the campaign's limit", bad.Binds)
	}
	lacking := given[checked](t, dir, ExitOK, "campaign", "check", write("--text", "Em {cidade}. Responda SAIR para sair", "--to", "ana", "--basis", "consent"))
	if lacking.Receive != 1 || lacking.LeftOut["delivery_missing_field"] != 23 || !slices.Equal(lacking.warns(), []string{"warn_lacking", "warn_number_new"}) {
		t.Errorf("who lacks a field: %+v", lacking)
	}
	nobody := given[checked](t, dir, ExitRefused, "campaign", "check", write("--text", "Oi", "--to", "zé"))
	if nobody.Leaves || nobody.Receive != 0 || len(nobody.Stops) != 1 || nobody.Stops[0].Code != "campaign_nobody" || nobody.Days == nil || nobody.Starts != "" {
		t.Errorf("to nobody: %+v", nobody)
	}
	given[checked](t, dir, ExitNotFound, "campaign", "check", "99")
	given[checked](t, dir, ExitUsage, "campaign", "check", "x")
	started := write("--text", "Oi")
	given[campaignID](t, dir, ExitOK, "campaign", "start", started)
	given[checked](t, dir, ExitRefused, "campaign", "check", started)

	for _, lang := range words.Languages() {
		c, out, errs := typist(t, dir, "", "campaign", "check", "1")
		c.tongue = tongue{words.For(lang)}
		if code := c.execute(t.Context()); code != ExitOK || strings.Count(out.String(), "\n") < 6 || strings.Contains(out.String(), "<no value>") {
			t.Errorf("in %s: exit %d\n%s%s", lang, code, out, errs)
		}
	}
}

func TestCheckOfANumberThatCannotSendIsRefused(t *testing.T) {
	dir := shopDir(t, 90*24*time.Hour, 3, func(b *store.Book) {
		n, err := b.NumberNamed("loja")
		if err == nil {
			err = b.SetStanding(n.ID, campaign.Standing{State: campaign.Blocked, Since: time.Now()})
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	id := given[struct{ ID campaign.ID }](t, dir, ExitOK, "campaign", "new", "--name", "x", "--text", "Responda SAIR para sair", "--basis", "customer").ID.String()
	got := given[checked](t, dir, ExitRefused, "campaign", "check", id)
	if got.Leaves || got.Receive != 3 || got.Stuck != 3 || !slices.Equal(got.warns(), []string{"warn_needs_you", "warn_stuck"}) {
		t.Errorf("%+v", got)
	}
}

// TestACheckSaysWhenACampaignPausesToAsk: after so many messages, if more than that
// leave, at a time between the first and the last.
func TestACheckSaysWhenACampaignPausesToAsk(t *testing.T) {
	dir := shopDir(t, 90*24*time.Hour, 20, nil)
	type asking struct {
		checked
		PausesAfter *int    `json:"pauses_after"`
		PausesAt    *string `json:"pauses_at"`
	}
	check := func(args ...string) asking {
		t.Helper()
		all := append([]string{"campaign", "new", "--name", "x", "--text", "Responda SAIR para sair", "--basis", "customer", "--pace", "day=5"}, args...)
		id := given[struct{ ID campaign.ID }](t, dir, ExitOK, all...).ID.String()
		return given[asking](t, dir, ExitOK, "campaign", "check", id)
	}
	for _, none := range [][]string{nil, {"--canary", "20"}, {"--canary", "500"}} {
		if got := check(none...); got.PausesAfter != nil || got.PausesAt != nil || got.Receive != 20 {
			t.Errorf("%q: it pauses after %v at %v, %d receive it", none, got.PausesAfter, got.PausesAt, got.Receive)
		}
	}
	var before time.Time
	for _, first := range []int{1, 6, 19} { // on the first day, the second, the last
		got := check("--canary", fmt.Sprint(first))
		if got.PausesAfter == nil || got.PausesAt == nil || *got.PausesAfter != first {
			t.Errorf("after %d: it pauses after %v at %v", first, got.PausesAfter, got.PausesAt)
			continue
		}
		at, err := time.Parse(time.RFC3339, *got.PausesAt)
		starts, err2 := time.Parse(time.RFC3339, got.Starts)
		ends, err3 := time.Parse(time.RFC3339, got.Ends)
		if err != nil || err2 != nil || err3 != nil || at.Before(starts) || at.After(ends) || !at.After(before) {
			t.Errorf("after %d: at %s, before that %v; it is sent from %s to %s", first, *got.PausesAt, before, got.Starts, got.Ends)
		}
		if first == 6 && at.Sub(starts) < 12*time.Hour {
			t.Errorf("the sixth at five a day at %s, begun at %s", *got.PausesAt, got.Starts)
		}
		before = at
	}
}
