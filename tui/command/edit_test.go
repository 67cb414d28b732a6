package command

import (
	"slices"
	"strings"
	"testing"
)

func TestAPersonIsAddedAndEditedByCommands(t *testing.T) {
	dir := privateDir(t)
	run := func(want int, args ...string) (errs string) {
		t.Helper()
		c, out, e := typist(t, dir, "", args...)
		if got := c.execute(t.Context()); got != want || out.Len() > 0 {
			t.Fatalf("%q: exit %d, want %d, out %q: %s", args, got, want, out, e)
		}
		return e.String()
	}
	if errs := run(ExitOK, "contacts", "add", "11 98765-4321", "--name", "Ana Prado", "--tag", "vip", "--field", "Cidade=Recife", "--note", "prefere tarde"); !strings.Contains(errs, "Ana Prado") {
		t.Errorf("said %q", errs)
	}
	run(ExitRefused, "contacts", "add", "+55 11 98765 4321")
	run(ExitUsage, "contacts", "add", "nada")
	run(ExitUsage, "contacts", "add", "11 98765-4322", "--field", "cidade")
	all := listed(t, dir)
	if len(all) != 1 || all[0].Name != "Ana Prado" || !slices.Equal(all[0].Tags, []string{"vip"}) || all[0].Fields["cidade"] != "Recife" || all[0].Note != "prefere tarde" {
		t.Fatalf("added %+v", all)
	}
	run(ExitUsage, "contacts", "edit", "ana")
	run(ExitNotFound, "contacts", "edit", "bia", "--name", "Bia")
	run(ExitOK, "contacts", "edit", "ana", "--name", "Ana Lima", "--phone", "21 99887-7665", "--tag", "novo", "--untag", "VIP", "--field", "cidade=", "--field", "uf=RJ", "--note", "")
	got := listed(t, dir)[0]
	if got.Name != "Ana Lima" || got.Phone != "+5521998877665" || !slices.Equal(got.Tags, []string{"novo"}) || len(got.Fields) != 1 || got.Fields["uf"] != "RJ" || got.Note != "" {
		t.Errorf("edited %+v", got)
	}
	// What is not named stays.
	run(ExitOK, "contacts", "edit", "ana", "--tag", "vip")
	if again := listed(t, dir)[0]; again.Name != got.Name || again.Fields["uf"] != "RJ" || !slices.Equal(again.Tags, []string{"novo", "vip"}) {
		t.Errorf("edited %+v", again)
	}
	run(ExitFailed, "contacts", "edit", "ana", "--name", strings.Repeat("x", 300))
	run(ExitFailed, "contacts", "edit", "ana", "--tag", strings.Repeat("x", 101))
	// Who was erased is not written to, also when somebody adds them.
	run(ExitOK, "contacts", "erase", "ana", "--yes")
	if errs := run(ExitOK, "contacts", "add", "21 99887-7665", "--name", "Ana"); !strings.Contains(errs, "opt-out") {
		t.Errorf("said %q", errs)
	}
}
