package command_test

import (
	"fmt"
	"strings"
	"testing"
)

// manyPeople imports n people whom the simulated service does not know.
func (p *program) manyPeople(n int) {
	p.t.Helper()
	var csv strings.Builder
	csv.WriteString("nome;telefone;tags\n")
	for i := range n {
		fmt.Fprintf(&csv, "Pessoa %d;+55119%08d;muitos\n", i, 70000000+i)
	}
	p.file("many.csv", csv.String())
	p.must("contacts", "import", "many.csv")
}

// TestAStartThatIsKilledIsGoneOnWithByTheNextOwner kills the command wherever
// it is, alone and with an owner, and the owner as well.
func TestAStartThatIsKilledIsGoneOnWithByTheNextOwner(t *testing.T) {
	const n = 6000
	s := simulate(t)
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.manyPeople(n)
	total := func(c counts) int { return c.Queued + c.Sending + c.Skipped }
	for _, owned := range []bool{false, true} {
		id := strings.TrimSpace(p.must("campaign", "new", "--pace", "off", "--yes", "--name", "c", "--text", "Oi", "--to", "tag:muitos"))
		var owner *process
		if owned {
			owner = p.owner()
		}
		start := p.start("campaign", "start", id)
		p.await("the start", func() bool { return p.show(id).Status != "draft" })
		start.kill()
		if owned {
			owner.kill()
		}
		if r := p.run("check"); r.code != 0 {
			t.Errorf("owned %v: the book that is left: %s%s", owned, r.out, r.err)
		}
		p.run("campaign", "start", id) // waits for what the next owner does, if it is not done
		if c := p.show(id); c.Status != "running" || total(c.Counts) != n {
			t.Errorf("owned %v: %+v, want %d people", owned, c, n)
		}
		if cancelled := objects[shown](t, p.must("campaign", "cancel", id, "--json")); cancelled[0].Counts.Queued != 0 {
			t.Errorf("cancelled: %+v", cancelled)
		}
		if r := p.run("check"); r.code != 0 {
			t.Errorf("owned %v: the book after the cancel: %s%s", owned, r.out, r.err)
		}
	}
}

func TestAStartWaitsUntilTheCampaignRuns(t *testing.T) {
	const n = 3000
	s := simulate(t)
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.manyPeople(n)
	for _, owned := range []bool{false, true} {
		id := strings.TrimSpace(p.must("campaign", "new", "--pace", "off", "--yes", "--name", "c", "--text", "Oi", "--to", "tag:muitos"))
		if owned {
			p.owner()
		}
		started := objects[shown](t, p.must("campaign", "start", id, "--json"))
		if c := started[0]; c.Status != "running" || c.Counts.Queued+c.Counts.Sending+c.Counts.Skipped != n {
			t.Errorf("owned %v: %+v", owned, c)
		}
		p.must("campaign", "cancel", id)
	}
}

// TestAnImportThatIsKilledIsWholeOrNothing kills it at different moments.
func TestAnImportThatIsKilledIsWholeOrNothing(t *testing.T) {
	const n = 20_000
	p := newProgram(t)
	p.manyPeople(1)
	var csv strings.Builder
	csv.WriteString("nome;telefone\n")
	for i := range n {
		fmt.Fprintf(&csv, "Pessoa %d;+55219%08d\n", i, 70000000+i)
	}
	p.file("more.csv", csv.String())
	people := func() int { return strings.Count(p.must("contacts", "list"), "\n") }
	for try, had := 0, 1; try < 6 && had == 1; try++ {
		pr := p.start("contacts", "import", "more.csv")
		for range try { // a little later each time
			p.run("version")
		}
		pr.kill()
		if r := p.run("check"); r.code != 0 {
			t.Errorf("the book that is left: %s%s", r.out, r.err)
		}
		if had = people(); had != 1 {
			p.await("the whole import", func() bool { return people() == n+1 })
		}
	}
}
