package command_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"recado/campaign/files"
	"recado/campaign/people"
)

// report is what scripts rely on.
type report struct {
	Sent, Delivered, Read, Replied int
	OptedOut                       int `json:"opted_out"`
	Failed                         map[string]int
	LeftOut                        map[string]int `json:"left_out"`
	Numbers                        []struct {
		Name                           string
		Sent, Delivered, Read, Replied int
	}
	Variants []struct {
		Variant, Text                  string
		Sent, Delivered, Read, Replied int
	}
	Timeline []struct {
		Time                           string
		Sent, Delivered, Read, Replied int
	}
}

// everybody imports the people of a simulated service, all with the tag "lote".
func (p *program) everybody(s *simulated) (names []string) {
	p.t.Helper()
	var rows strings.Builder
	rows.WriteString("nome;telefone;tags\n")
	for i, one := range tell[[]person](s, "/people") {
		names = append(names, fmt.Sprintf("%s %d", one.Name, i))
		fmt.Fprintf(&rows, "%s;%s;lote\n", names[i], one.Phone)
	}
	p.file("lote.csv", rows.String())
	p.must("contacts", "import", "lote.csv")
	return names
}

func (p *program) report(id string) report {
	p.t.Helper()
	return objects[report](p.t, p.must("campaign", "report", id, "--json"))[0]
}

func TestReportSaysWhatBecameOfACampaign(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "30", "--unregistered", "4", "--reads", "0.5", "--replies", "0.3", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.must("numbers", "pace", "loja", "off", "--yes")
	names := p.everybody(s)
	p.must("contacts", "optout", `nome:="`+names[0]+`"`, "--why", "asked in the shop")
	id := p.campaign("--name", "=Natal", "--text", "Oi {nome}", "--to", "tag:lote")
	p.must("run", "--until-idle")

	for _, where := range []string{"a brief command", "a command that is handed over"} {
		if where != "a brief command" {
			p.owner()
		}
		r, c := p.report(id), p.show(id).Counts
		if r.Sent != c.Sent+c.Delivered+c.Read+c.Replied || r.Delivered != c.Delivered+c.Read+c.Replied || r.Read != c.Read+c.Replied || r.Replied != c.Replied {
			t.Errorf("%s: the report %+v, the counts %+v", where, r, c)
		}
		left := 0
		for _, n := range r.LeftOut {
			left += n
		}
		if r.Sent < 20 || r.LeftOut["delivery_opted_out"] != 1 || left != c.Skipped || len(r.Failed) != 0 {
			t.Errorf("%s: %+v", where, r)
		}
		if len(r.Numbers) != 1 || r.Numbers[0].Name != "loja" || r.Numbers[0].Sent != r.Sent || len(r.Variants) != 0 || len(r.Timeline) == 0 {
			t.Errorf("%s: %+v", where, r)
		}

		rows, err := csv.NewReader(strings.NewReader(p.must("campaign", "report", id, "--csv"))).ReadAll()
		if err != nil || len(rows) < 4 || rows[1][0] != "campaign" || rows[1][1] != "'=Natal" || rows[1][2] != strconv.Itoa(r.Sent) || rows[1][8] != strconv.Itoa(left) {
			t.Errorf("%s: as CSV %q, %v", where, rows, err)
		}
		// The workbook is read by what reads those of others.
		got := p.must("campaign", "report", id, "--xlsx")
		var phones []string
		_, err = files.Read(t.Context(), bytes.NewReader([]byte(got)), files.Options{Sheet: "people"}, files.Sink{
			Titles: func([]string) error { return nil },
			Row:    func(r people.Row) error { phones = append(phones, string(r.Phone)); return nil },
			Bad:    func(b files.Bad) error { return fmt.Errorf("%v", b) },
		})
		if err != nil || len(phones) != 34 {
			t.Errorf("%s: the workbook has %d people, %v", where, len(phones), err)
			os.WriteFile(filepath.Join(t.TempDir(), "r.xlsx"), []byte(got), 0o600)
		}
		if text := p.must("campaign", "report", id); !strings.Contains(text, fmt.Sprintf("%2d  sent\n", r.Sent)) || !strings.Contains(text, "left out: opted out") {
			t.Errorf("%s: in words:\n%s", where, text)
		}
	}
	if r := p.run("campaign", "report", "99", "--json"); r.code != 3 {
		t.Errorf("no such campaign: exit %d, want 3", r.code)
	}
	if r := p.run("campaign", "report", id, "--json", "--csv"); r.code != 2 {
		t.Errorf("two forms at once: exit %d, want 2: %s", r.code, r.err)
	}
}

// TestAScheduledCampaignGoesOnThroughKills: it starts at its time whoever is the
// owner then, pauses after the first few, and each person sees one text once.
func TestAScheduledCampaignGoesOnThroughKills(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "30", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.must("numbers", "pace", "loja", "off", "--yes")
	p.everybody(s)
	at := time.Now().Add(20 * time.Second).Format(time.RFC3339)
	id := strings.TrimSpace(p.must("campaign", "new", "--name", "x", "--text", "A {nome}", "--variant", "B {nome}", "--canary", "8", "--at", at, "--to", "tag:lote"))
	if got := p.show(id); got.Status != "scheduled" {
		t.Fatalf("%+v", got)
	}
	p.owner().kill()
	r := p.run("run", "--until-idle") // waits for it, and says that it stopped to ask
	if got := p.show(id); r.code != 1 || got.Status != "paused" || got.Counts.Queued != 22 {
		t.Errorf("after the first 8: exit %d, %q, %+v", r.code, r.err, got)
	}
	p.must("campaign", "resume", id)
	owner := p.start("run")
	p.await("some more", func() bool { return p.show(id).Counts.Queued < 18 })
	owner.kill()
	p.must("run", "--until-idle")
	if got := p.show(id); got.Status != "finished" {
		t.Errorf("in the end: %+v", got)
	}
	seen := make(map[string]int)
	for _, x := range tell[ledger](s, "/ledger").Seen {
		if seen[x.Person]++; seen[x.Person] > 1 {
			t.Errorf("%s saw more than one text", x.Person)
		}
	}
	if v := p.report(id).Variants; len(seen) != 30 || len(v) != 2 || v[0].Sent != 15 || v[1].Sent != 15 || v[1].Text != "B {nome}" {
		t.Errorf("%d have seen it; by text %+v", len(seen), v)
	}
}
