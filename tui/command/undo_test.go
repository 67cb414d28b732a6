package command_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"
)

// undone is what a report says of what was deleted, as scripts rely on it.
type undone struct {
	Sent, Delivered, Deleted int
	LeftOut                  map[string]int `json:"left_out"`
	Undos                    []struct {
		ID                       int
		Status, Time             string
		Deleted, Waiting, Unsure int
		Stay                     map[string]int
	}
}

func (p *program) undone(id string) undone {
	p.t.Helper()
	return objects[undone](p.t, p.must("campaign", "report", id, "--json"))[0]
}

// TestAnUndoDeletesWhatWasAskedForWhateverIsKilled: alone and through an owner, which is
// killed in the middle; what the people see is what the report says.
func TestAnUndoDeletesWhatWasAskedForWhateverIsKilled(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "6", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.must("numbers", "pace", "loja", "off", "--yes")
	p.everybody(s)
	id := p.campaign("--name", "Natal", "--text", "É amanhã, {nome}", "--to", "tag:lote")
	if r := p.run("campaign", "undo", id, "--yes"); r.code != 4 || !strings.Contains(r.err, "pause") {
		t.Errorf("while it runs: exit %d, %s", r.code, r.err)
	}
	p.must("run", "--until-idle")
	before := p.undone(id)

	if r := p.run("campaign", "undo", id); r.code != 4 || !strings.Contains(r.err, "6 ") {
		t.Errorf("without a word: exit %d, %s", r.code, r.err)
	}
	for _, last := range []string{"0", "-3"} {
		if r := p.run("campaign", "undo", id, "--last", last, "--yes"); r.code != 2 {
			t.Errorf("--last %s: exit %d, %s", last, r.code, r.err)
		}
	}
	if r := p.run("campaign", "undo", "99", "--yes"); r.code != 3 {
		t.Errorf("of no campaign: exit %d", r.code)
	}
	if got := p.undone(id); got.Deleted != 0 || len(got.Undos) != 0 {
		t.Errorf("that nobody said yes to: %+v", got)
	}

	first := strings.TrimSpace(p.must("campaign", "undo", id, "--last", "2", "--yes"))
	p.must("run", "--until-idle")
	r := p.undone(id)
	if r.Deleted != 2 || len(r.Undos) != 1 || strconv.Itoa(r.Undos[0].ID) != first || r.Undos[0].Status != "finished" || r.Undos[0].Deleted != 2 || len(r.Undos[0].Stay) != 0 {
		t.Errorf("the report says %+v", r)
	}
	if r.Sent != before.Sent || r.Delivered != before.Delivered {
		t.Errorf("sent are %d and delivered %d, before %d and %d", r.Sent, r.Delivered, before.Sent, before.Delivered)
	}

	owner := p.owner()
	s.post("/fault", `{"On":"message","Do":"silence"}`)
	second := strconv.Itoa(objects[struct{ ID int }](t, p.must("campaign", "undo", id, "--yes", "--json"))[0].ID)
	p.await("it to be on its way", func() bool { return p.progress(second) == 1 })
	if r := p.run("campaign", "undo", id, "--yes"); r.code != 4 || !strings.Contains(r.err, second) {
		t.Errorf("twice at once: exit %d, %s", r.code, r.err)
	}
	owner.kill()
	s.clearFaults()
	p.must("run", "--until-idle")

	r = p.undone(id)
	if r.Deleted != 6 || len(r.Undos) != 2 || r.Undos[1].Deleted != 4 || !maps.Equal(r.Undos[1].Stay, map[string]int{"undo_done": 2}) {
		t.Errorf("the report says %+v", r)
	}
	gone := make(map[string]int)
	for _, one := range tell[struct{ Deleted []struct{ ID string } }](s, "/ledger").Deleted {
		gone[one.ID]++
	}
	for _, d := range objects[struct {
		MessageID string `json:"message_id"`
		Deleted   string
		State     string
	}](t, p.must("campaign", "deliveries", id, "--json")) {
		if gone[d.MessageID] != 1 || d.Deleted == "" {
			t.Errorf("%+v is gone %d times", d, gone[d.MessageID])
		}
	}
	if len(gone) != 6 {
		t.Errorf("%d messages are gone", len(gone))
	}
	text := p.must("campaign", "report", id)
	for _, want := range []string{"6  deleted for everyone", "4  delete for everyone", "2  not deleted: was deleted before"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the report:\n%s", want, text)
		}
	}
	if text := p.must("campaign", "report", second); !strings.Contains(text, "4  deleted for everyone\n2  not deleted") || strings.Contains(text, "  sent") {
		t.Errorf("the report of the undo:\n%s", text)
	}
	if got := objects[struct {
		Of       int `json:"undo_of"`
		Archived bool
	}](t, p.must("campaign", "show", second, "--json"))[0]; strconv.Itoa(got.Of) != id || !got.Archived {
		t.Errorf("it is %+v", got)
	}
	if got := strings.Count(p.must("audit", "--json"), `"undo"`); got != 2 {
		t.Errorf("the audit has %d undos", got)
	}
	if r := p.run("campaign", "undo", id, "--yes"); r.code != 4 {
		t.Errorf("a third one: exit %d, %s", r.code, r.err)
	}
}
