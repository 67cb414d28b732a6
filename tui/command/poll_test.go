package command_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestAPollByCommand: it is written, looked at, sent and counted; people choose in it
// by chance.
func TestAPollByCommand(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "8", "--reads", "1", "--replies", "1", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.must("numbers", "pace", "loja", "off", "--yes")
	p.everybody(s)
	fails := func(want string, args ...string) {
		t.Helper()
		if r := p.run(append([]string{"campaign", "new", "--name", "dia", "--text", "Qual dia?"}, args...)...); r.code == 0 || !strings.Contains(r.err, want) {
			t.Errorf("%q: exit %d, %s; want %q", args, r.code, r.err, want)
		}
	}
	fails("a poll has 2 to 12 options, this one 1", "--poll", "Segunda")
	fails("has a brace", "--poll", "Segunda", "--poll", "{dia}")
	fails("twice", "--poll", "Segunda", "--poll", " Segunda ")
	fails("option 2 of the poll is empty", "--poll", "Segunda", "--poll", "")
	fails("256 characters", "--poll", "Segunda", "--poll", "Terça", "--text", strings.Repeat("x", 256))

	draft := strings.TrimSpace(p.must("campaign", "new", "--name", "dia", "--text", "Oi {nome}, qual dia?", "--poll", "Segunda", "--poll", "Terça", "--to", "tag:lote", "--optout-line"))
	if got := p.must("campaign", "check", draft); !strings.Contains(got, "option: Segunda\n") || !strings.Contains(got, "option: Terça\n") {
		t.Errorf("the check says\n%s", got)
	}
	id := strings.TrimSpace(p.must("campaign", "duplicate", draft))
	for _, verb := range []string{"show", "check"} {
		if got := objects[struct{ Poll []string }](t, p.must("campaign", verb, id, "--json"))[0]; fmt.Sprint(got.Poll) != "[Segunda Terça]" {
			t.Errorf("%s: it is %+v", verb, got)
		}
	}
	if got := p.must("campaign", "show", id); !strings.Contains(got, "option\tSegunda\noption\tTerça\n") {
		t.Errorf("it is shown as\n%s", got)
	}
	p.must("campaign", "start", id)
	owner := p.start("run")
	p.await("all have voted", func() bool { return p.report(id).Replied == 8 })
	type option struct {
		Option string
		Count  int
	}
	count := func() []option {
		return objects[struct{ Poll []option }](t, p.must("campaign", "report", id, "--json"))[0].Poll
	}
	// Chance may give all of them one option: somebody takes their vote back and gives
	// it to the first, and somebody else gives theirs to the second.
	seen := tell[ledger](s, "/ledger").Seen
	answer := func(person string) string {
		for _, d := range objects[struct{ Phone, Answer string }](t, p.must("campaign", "deliveries", id, "--json")) {
			if d.Phone == person {
				return d.Answer
			}
		}
		return "nobody"
	}
	for _, v := range []struct {
		by     int
		option string
	}{{0, ""}, {0, "Segunda"}, {1, ""}, {1, "Terça"}} {
		one, options := seen[v.by], "[]"
		if v.option != "" {
			options = fmt.Sprintf("[%q]", v.option)
		}
		s.post("/vote", fmt.Sprintf(`{"person":%q,"number":%q,"id":%q,"options":%s}`, one.Person, one.Number, one.ID, options))
		p.await("the vote is heard", func() bool { return answer(one.Person) == v.option })
		want := 8
		if v.option == "" {
			want = 7
		}
		if now := count(); now[0].Count+now[1].Count != want {
			t.Errorf("after a vote for %q the report counts %+v", v.option, now)
		}
	}
	r := count()
	owner.kill()
	if len(r) != 2 || r[0].Option != "Segunda" || r[1].Option != "Terça" || r[0].Count+r[1].Count != 8 || r[0].Count == 0 || r[1].Count == 0 {
		t.Errorf("the report counts %+v", r)
	}
	if csv := p.must("campaign", "report", id, "--csv"); !strings.Contains(csv, fmt.Sprintf("\noption,Terça,,,,%d,,,\n", r[1].Count)) {
		t.Errorf("as a table: %s", csv)
	}
	if text := p.must("campaign", "report", id); !strings.Contains(text, fmt.Sprintf("%d  chose Segunda\n", r[0].Count)) {
		t.Errorf("in words: %s", text)
	}
	chose := make(map[string]int)
	for _, d := range objects[struct{ Answer string }](t, p.must("campaign", "deliveries", id, "--json")) {
		chose[d.Answer]++
	}
	if chose["Segunda"] != r[0].Count || chose["Terça"] != r[1].Count {
		t.Errorf("the deliveries say %v", chose)
	}
	p.must("check")
	plain := p.campaign("--name", "c", "--text", "Oi", "--to", "tag:lote", "--include-silent")
	for _, args := range [][]string{{"report", plain, "--json"}, {"show", plain, "--json"}} {
		if got := p.must(append([]string{"campaign"}, args...)...); strings.Contains(got, `"poll"`) {
			t.Errorf("a text has a poll: %s", got)
		}
	}
}
