package command_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// confirmationObject is what `numbers confirmation --json` prints.
type confirmationObject struct {
	Name, Confirmation, Text string
	Usual                    map[string]string
}

// TestTheConfirmationOfANumberIsSetByACommand: shown, switched, given a text, and
// refused in words where it cannot be.
func TestTheConfirmationOfANumberIsSetByACommand(t *testing.T) {
	s := simulate(t)
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	shown := func() confirmationObject {
		t.Helper()
		return objects[confirmationObject](t, p.must("numbers", "confirmation", "loja", "--json"))[0]
	}
	if c := shown(); c.Name != "loja" || c.Confirmation != "on" || c.Text != "" || !strings.HasPrefix(c.Usual["pt"], "Pronto.") || len(c.Usual) != 3 {
		t.Errorf("at first: %+v", c)
	}
	if out := p.must("numbers", "confirmation", "loja"); strings.Count(out, "\n") != 3 || !strings.HasPrefix(out, "on\tpt\tPronto.") {
		t.Errorf("it prints %q", out)
	}
	p.must("numbers", "confirmation", "loja", "off")
	if c := shown(); c.Confirmation != "off" {
		t.Errorf("switched off: %+v", c)
	}
	if out := p.must("numbers", "confirmation", "loja", "on", "--text", "Feito, {nome|você}."); out != "on\town\tFeito, {nome|você}.\n" {
		t.Errorf("with a text it prints %q", out)
	}
	for _, wrong := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"numbers", "confirmation", "loja", "--text", "Feito, {nome}."}, 2, "{nome}"},
		{[]string{"numbers", "confirmation", "loja", "sim"}, 2, "sim"},
		{[]string{"numbers", "confirmation", "praia"}, 3, "praia"},
		{[]string{"numbers", "confirmation"}, 2, ""},
	} {
		if r := p.run(wrong.args...); r.code != wrong.code || !strings.Contains(r.err, wrong.says) {
			t.Errorf("%v: exit %d, %s", wrong.args, r.code, r.err)
		}
	}
	p.must("numbers", "confirmation", "loja", "--text", "")
	if c := shown(); c.Confirmation != "on" || c.Text != "" {
		t.Errorf("with the usual text: %+v", c)
	}
	if out := p.must("audit", "--json"); !strings.Contains(out, `"number_confirm"`) {
		t.Errorf("the audit does not say so: %s", out)
	}
}

// TestWhoLeavesIsToldOnceByTheBuiltProgram, however it is killed, in the language in
// which they wrote; who has not left, and who left by hand, is told nothing.
func TestWhoLeavesIsToldOnceByTheBuiltProgram(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "4", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.must("numbers", "pace", "loja", "off", "--yes")
	p.everybody(s)
	p.campaign("--name", "Natal", "--text", "É amanhã", "--to", "tag:lote")
	p.must("run", "--until-idle")
	people := tell[[]person](s, "/people")
	ours := objects[number](t, p.must("numbers", "--json"))[0].Phone
	for i, text := range []string{"SAIR", "please stop texting me"} {
		s.post("/say", fmt.Sprintf(`{"person":%q,"number":%q,"text":%q}`, people[i].Phone, ours, text))
	}
	p.must("contacts", "optout", people[2].Phone, "--why", "no balcão")
	told := func() int {
		for _, c := range objects[struct {
			Confirms string
			Counts   counts
		}](t, p.must("campaign", "list", "--archived", "--json")) {
			if c.Confirms == "loja" {
				return c.Counts.Sent + c.Counts.Delivered + c.Counts.Read
			}
		}
		return 0
	}
	for range 3 {
		owner := p.owner()
		p.run("status")
		owner.kill()
	}
	owner := p.owner()
	p.await("both are told", func() bool { return told() == 2 })
	owner.kill()
	saw := make(map[string][]string)
	for _, x := range tell[struct{ Seen []seen }](s, "/ledger").Seen {
		saw[x.Person] = append(saw[x.Person], strings.Fields(x.Text)[0])
	}
	want := map[string][]string{people[0].Phone: {"É", "Pronto."}, people[1].Phone: {"É", "Done."}, people[2].Phone: {"É"}, people[3].Phone: {"É"}}
	if !reflect.DeepEqual(saw, want) {
		t.Errorf("they saw %v, want %v", saw, want)
	}
	if out := p.must("campaign", "list", "--archived"); !strings.Contains(out, "SAIR · loja") {
		t.Errorf("among what is archived: %q", out)
	}
	if r := p.run("check"); r.code != 0 {
		t.Errorf("what is left: %s%s", r.out, r.err)
	}
}
