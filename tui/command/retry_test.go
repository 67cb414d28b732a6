package command_test

import (
	"strings"
	"testing"
)

// TestWhatWasRefusedIsTriedAgainByCommand: of one kind or of all, once asked; a campaign
// that was finished runs again, and everybody has seen it once.
func TestWhatWasRefusedIsTriedAgainByCommand(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "5", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.must("numbers", "pace", "loja", "off", "--yes")
	p.everybody(s)
	id := p.campaign("--name", "Natal", "--text", "Oi {nome}", "--to", "tag:lote")
	fails := func(code int, want string, args ...string) {
		t.Helper()
		if r := p.run(args...); r.code != code || !strings.Contains(r.err, want) {
			t.Errorf("%q: exit %d, %s; want %d, %q", args, r.code, r.err, code, want)
		}
	}
	s.post("/fault", `{"on":"message","do":"refuse","code":420,"limit":2}`)
	p.must("run", "--until-idle")
	failed := 0
	for _, d := range p.told(id) {
		if d.State == "failed" {
			failed++
		}
	}
	if failed != 2 {
		t.Fatalf("%d failed: %+v", failed, p.told(id))
	}
	fails(3, "", "campaign", "retry", "99", "--yes")
	fails(4, "tried again", "campaign", "retry", id, "--reason", "refused_text", "--yes")
	fails(4, "--yes", "campaign", "retry", id) // nobody can be asked
	for _, verb := range []string{"retry", "deliveries"} {
		fails(2, `"refuse" is no reason; this campaign has: `, "campaign", verb, id, "--reason", "refuse")
	}
	type retried struct {
		Retried int
		Stayed  map[string]int
	}
	got := objects[retried](t, p.must("campaign", "retry", id, "--reason", "refused", "--reason", "refused_text", "--yes", "--json"))
	if len(got) != 1 || got[0].Retried != 2 || got[0].Stayed == nil || len(got[0].Stayed) != 0 {
		t.Errorf("retried: %+v", got)
	}
	fails(4, "", "campaign", "retry", id, "--yes")
	p.must("run", "--until-idle")
	saw := make(map[string]int)
	for _, one := range tell[ledger](s, "/ledger").Seen {
		saw[one.Person]++
	}
	for _, d := range p.told(id) {
		if saw[d.Phone] != 1 {
			t.Errorf("%s saw it %d times: %+v", d.Phone, saw[d.Phone], d)
		}
	}
	if about := p.must("audit", "--json"); strings.Count(about, `"retry"`) != 1 {
		t.Errorf("the audit says %s", about)
	}
}

// TestAPartOfACampaignBecomesAList, to whom the next campaign is written.
func TestAPartOfACampaignBecomesAList(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "5", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.must("numbers", "pace", "loja", "off", "--yes")
	p.everybody(s)
	id := p.campaign("--name", "Natal", "--text", "Oi", "--to", "tag:lote")
	s.post("/fault", `{"on":"message","do":"refuse","code":420,"limit":2}`)
	p.must("run", "--until-idle")
	part := func(args ...string) []told {
		t.Helper()
		return objects[told](t, p.must(append([]string{"campaign", "deliveries", id, "--json"}, args...)...))
	}
	if all, failed, sent := part(), part("--part", "failed"), part("--part", "sent"); len(all) != 5 || len(failed) != 2 || len(sent) != 3 || failed[0].State != "failed" {
		t.Errorf("all %+v, failed %+v, sent %+v", all, failed, sent)
	}
	if some := part("--part", "failed", "--reason", "refused"); len(some) != 2 {
		t.Errorf("for that reason: %+v", some)
	}
	if some := part("--reason", "refused_text"); len(some) != 0 {
		t.Errorf("for another one: %+v", some)
	}
	if r := p.run("campaign", "deliveries", id, "--part", "gone"); r.code != 2 || !strings.Contains(r.err, "left_out") {
		t.Errorf("exit %d, %s", r.code, r.err)
	}
	p.must("campaign", "deliveries", id, "--part", "failed", "--list", "de novo")
	if got := p.must("contacts", "list", "lista:\"de novo\""); strings.Count(got, "\n") != 2 {
		t.Errorf("on the list are %s", got)
	}
	if r := p.run("campaign", "deliveries", id, "--part", "sent", "--list", "de novo"); r.code != 4 {
		t.Errorf("it is replaced unasked: exit %d, %s", r.code, r.err)
	}
	p.must("campaign", "deliveries", id, "--part", "sent", "--list", "de novo", "--yes")
	if got := p.must("contacts", "list", "lista:\"de novo\""); strings.Count(got, "\n") != 3 {
		t.Errorf("on the list are %s", got)
	}
}

// TestAboveHowManyAStartIsConfirmedIsASetting.
func TestAboveHowManyAStartIsConfirmedIsASetting(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	if got := p.must("campaign", "count-above"); got != "200\n" {
		t.Errorf("it is %q", got)
	}
	if got := p.must("campaign", "count-above", "50"); got != "50\n" {
		t.Errorf("changed to %q", got)
	}
	if got := p.must("campaign", "count-above"); got != "50\n" {
		t.Errorf("it is %q", got)
	}
	for args, code := range map[string]int{"50": 4, "many": 2, "100001": 4} {
		if r := p.run("campaign", "count-above", args); r.code != code || r.err == "" {
			t.Errorf("%s: exit %d, %q; want %d", args, r.code, r.err, code)
		}
	}
}
