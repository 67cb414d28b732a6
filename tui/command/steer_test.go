package command_test

import (
	"strings"
	"testing"
)

// told is a delivery as scripts read it.
type told struct{ Phone, Name, State, Text, Reason string }

func (p *program) told(id string) []told {
	p.t.Helper()
	return objects[told](p.t, p.must("campaign", "deliveries", id, "--json"))
}

// TestACampaignIsSteered: somebody is skipped and the text is fixed, while the
// campaign waits after its first message; what people see is what the book says.
func TestACampaignIsSteered(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "5", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.must("numbers", "pace", "loja", "off", "--yes")
	p.everybody(s)
	people := tell[[]person](s, "/people")
	id := p.campaign("--name", "Natal", "--text", "Oi {nome}, dia 51", "--to", "tag:lote", "--canary", "1")
	fails := func(code int, want string, args ...string) {
		t.Helper()
		if r := p.run(args...); r.code != code || !strings.Contains(r.err, want) {
			t.Errorf("%q: exit %d, %s; want %d, %q", args, r.code, r.err, code, want)
		}
	}
	fails(4, "pause", "campaign", "fix-text", id, "--text", "Oi {nome}, dia 15", "--optout-line")
	p.run("run", "--until-idle") // pauses after the first
	sent := -1
	for i, d := range p.told(id) {
		if d.State == "delivered" {
			sent = i
		}
	}
	if sent < 0 {
		t.Fatalf("nothing was sent: %+v", p.told(id))
	}
	fails(4, "sent", "campaign", "skip", id, p.told(id)[sent].Phone)
	fails(3, "", "campaign", "skip", id, "ninguém")
	fails(3, "", "campaign", "skip", "99", people[0].Phone)
	fails(2, "", "campaign", "skip", id, "tag:lote") // not one person
	out := people[(sent+1)%5]
	for i := range people { // the ledger and the list may have other orders
		if people[i].Phone == p.told(id)[(sent+1)%5].Phone {
			out = people[i]
		}
	}
	if got := objects[told](t, p.must("campaign", "skip", id, out.Phone, "--json")); len(got) != 1 || got[0].State != "skipped" || got[0].Phone != out.Phone {
		t.Errorf("skipped: %+v", got)
	}
	fails(4, "", "campaign", "skip", id, out.Phone)

	fails(4, "", "campaign", "fix-text", id, "--text", "Oi {nome}, dia 15") // says nothing of leaving
	fails(2, "", "campaign", "fix-text", id, "--text", "Oi {nome")
	fails(2, "", "campaign", "fix-text", id, "--text", "Oi", "--variant", "B")
	fails(4, "left out", "campaign", "fix-text", id, "--text", "Oi {cidade}, dia 15", "--optout-line")
	type fixed struct {
		Name  string
		Fixed string `json:"text_fixed"`
	}
	if got := objects[fixed](t, p.must("campaign", "fix-text", id, "--text", "Oi {nome}, dia 14", "--yes", "--json")); len(got) != 1 || got[0].Name != "Natal" || got[0].Fixed == "" {
		t.Errorf("without being asked it is %+v", got)
	}
	p.must("campaign", "fix-text", id, "--text", "Oi {nome}, dia 15", "--optout-line")
	p.must("campaign", "resume", id)
	p.must("run", "--until-idle")
	saw := make(map[string][]string)
	for _, one := range tell[ledger](s, "/ledger").Seen {
		saw[one.Person] = append(saw[one.Person], one.Text)
	}
	for i, d := range p.told(id) {
		want := "dia 15"
		if i == sent {
			want = "dia 51"
		}
		if d.Phone == out.Phone {
			if len(saw[d.Phone]) != 0 || d.Text != "" || d.State != "skipped" {
				t.Errorf("who was skipped saw %q: %+v", saw[d.Phone], d)
			}
		} else if len(saw[d.Phone]) != 1 || saw[d.Phone][0] != d.Text || !strings.Contains(d.Text, want) {
			t.Errorf("%s saw %q, the book says %q", d.Phone, saw[d.Phone], d.Text)
		}
	}
	type wording struct {
		Variant, Text, From, Until string
		Wording, Sent, Delivered   int
	}
	r := objects[struct{ Wordings []wording }](t, p.must("campaign", "report", id, "--json"))[0]
	if w := r.Wordings; len(w) != 3 || w[0].Until == "" || w[0].Until != w[1].From || w[1].Until != w[2].From || w[0].From+w[2].Until != "" ||
		!strings.Contains(w[0].Text, "dia 51") || !strings.Contains(w[1].Text, "dia 14") || !strings.Contains(w[2].Text, "dia 15") ||
		w[0].Sent != 1 || w[0].Delivered != 1 || w[1].Sent != 0 || w[2].Sent != 3 || w[0].Wording != 1 || w[2].Wording != 3 || w[2].Variant != "A" {
		t.Errorf("by what the text said: %+v", r)
	}
	if csv := p.must("campaign", "report", id, "--csv"); !strings.Contains(csv, "\nwording,A1,1,1,") || !strings.Contains(csv, "\nwording,A3,3,3,") {
		t.Errorf("as a table: %s", csv)
	}
	if text := p.must("campaign", "report", id); !strings.Contains(text, "1  text until 2") || !strings.Contains(text, "3  text since 2") {
		t.Errorf("in words: %s", text)
	}
	about := p.must("audit", "--json")
	if !strings.Contains(about, "dia 51") || !strings.Contains(about, "dia 15") || strings.Count(about, `"skip"`) != 1 {
		t.Errorf("the audit says %s", about)
	}
	if got := p.must("campaign", "show", id); !strings.Contains(got, "text_fixed\t2") {
		t.Errorf("it is shown as %s", got)
	}
}

// TestWhatANumberHasIsMovedByCommand: one number is stopped before it sends, and the
// other one sends it all.
func TestWhatANumberHasIsMovedByCommand(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "6", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	for _, name := range []string{"loja", "filial"} {
		p.link(s, name)
		p.must("numbers", "pace", name, "off", "--yes")
	}
	p.everybody(s)
	id := p.campaign("--name", "Natal", "--text", "Oi", "--to", "tag:lote")
	fails := func(code int, args ...string) {
		t.Helper()
		if r := p.run(args...); r.code != code {
			t.Errorf("%q: exit %d, %s; want %d", args, r.code, r.err, code)
		}
	}
	fails(4, "campaign", "move", id, "loja") // it sends
	fails(3, "campaign", "stop-number", id, "outra")
	p.must("campaign", "stop-number", id, "loja")
	fails(4, "campaign", "stop-number", id, "loja")
	shown := func(stopped bool) {
		t.Helper()
		if got := p.must("campaign", "show", id); strings.Contains(got, "stopped\tloja\n") != stopped {
			t.Errorf("it is shown as %s", got)
		}
	}
	shown(true)
	type stopping struct{ Stops []struct{ Number string } }
	if got := objects[stopping](t, p.must("campaign", "stop-number", id, "loja", "--undo", "--json")); len(got) != 1 || len(got[0].Stops) != 0 {
		t.Errorf("it sends again: %+v", got)
	}
	shown(false)
	fails(4, "campaign", "stop-number", id, "loja", "--undo") // it is not stopped
	if got := objects[stopping](t, p.must("campaign", "stop-number", id, "loja", "--json")); len(got) != 1 || len(got[0].Stops) != 1 || got[0].Stops[0].Number != "loja" {
		t.Errorf("it is stopped: %+v", got)
	}
	shown(true)
	fails(4, "campaign", "move", id, "filial") // sends, and nobody else can
	type moved struct {
		Moved  int
		Stayed map[string]int
	}
	got := objects[moved](t, p.must("campaign", "move", id, "loja", "--all", "--json"))
	if len(got) != 1 || got[0].Moved == 0 || len(got[0].Stayed) != 0 || got[0].Stayed == nil {
		t.Errorf("moved: %+v", got)
	}
	p.must("run", "--until-idle")
	r := p.report(id)
	if r.Sent != 6 || len(r.Numbers) != 2 || r.Numbers[1].Name != "filial" || r.Numbers[1].Sent != 6 {
		t.Errorf("the report is %+v", r)
	}
	saw := make(map[string]int)
	for _, one := range tell[ledger](s, "/ledger").Seen {
		saw[one.Person]++
	}
	for who, n := range saw {
		if n != 1 || len(saw) != 6 {
			t.Errorf("%s saw %d messages; %d people saw some", who, n, len(saw))
		}
	}
}
