package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A person asks for all that is known of them, and then to be erased: nothing of
// them is told any more, and no list brings them back.
func TestAPersonIsToldAllAndErasedByCommands(t *testing.T) {
	dir := privateDir(t)
	run := func(want int, typed string, args ...string) (out, errs string) {
		t.Helper()
		c, o, e := typist(t, dir, typed, args...)
		if got := c.execute(t.Context()); got != want {
			t.Fatalf("%q: exit %d, want %d: %s", args, got, want, e)
		}
		return o.String(), e.String()
	}
	const file = "nome,telefone,cidade\nAna Souza,11 98765-4321,Recife\nBia,11 98765-4322,\n"
	run(ExitOK, file, "contacts", "import", "-")
	run(ExitOK, "", "contacts", "optout", "ana", "--why", "pediu na loja")
	out, _ := run(ExitOK, "", "contacts", "data", "ana", "--json")
	var d dossierJSON
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	if d.Contact.Fields["cidade"] != "Recife" || d.Contact.LeftWhy != "pediu na loja" || d.NameSource != "typed" || len(d.Audit) != 1 || d.Audit[0].Verb != "opt_out" || d.Deliveries == nil {
		t.Errorf("told %s", out)
	}
	run(ExitRefused, "n\n", "contacts", "erase", "ana")
	if _, errs := run(ExitOK, "s\n", "contacts", "erase", "ana"); !strings.Contains(errs, "Apagada") {
		t.Errorf("said %q", errs)
	}
	run(ExitNotFound, "", "contacts", "data", "ana")
	for _, args := range [][]string{{"contacts", "list"}, {"audit"}, {"contacts", "export"}} {
		if out, _ := run(ExitOK, "", args...); strings.Contains(out, "Ana") || strings.Contains(out, "98765-4321") || strings.Contains(out, "pediu na loja") {
			t.Errorf("%q still says %q", args, out)
		}
	}
	run(ExitOK, file, "contacts", "import", "-")
	if all := listed(t, dir, "ana"); len(all) != 1 || !all[0].OptedOut {
		t.Errorf("imported again: %+v", all)
	}
	run(ExitOK, "", "contacts", "erase", "bia", "--yes")
}

func TestOptOutsGoToAnotherRecado(t *testing.T) {
	from, to, file := privateDir(t), privateDir(t), filepath.Join(t.TempDir(), "optouts.csv")
	run := func(dir string, want int, typed string, args ...string) (out, errs string) {
		t.Helper()
		c, o, e := typist(t, dir, typed, args...)
		if got := c.execute(t.Context()); got != want {
			t.Fatalf("%q: exit %d, want %d: %s", args, got, want, e)
		}
		return o.String(), e.String()
	}
	run(from, ExitOK, "nome,telefone\nAna,11 98765-4321\nBia,11 98765-4322\nCaio,11 98765-4323\n", "contacts", "import", "-")
	run(from, ExitOK, "", "contacts", "optout", "ana", "--why", "pediu; na loja")
	run(from, ExitOK, "", "contacts", "erase", "bia", "--yes")
	// Any list of phones will do.
	if out, _ := run(from, ExitRefused, "11 98765-4329\nnada\n11 98765-4323\n", "optouts", "import", "-", "--json"); out != `{"opted_out":1,"kept":1,"same":0,"bad":1}`+"\n" {
		t.Errorf("got %s", out)
	}
	run(from, ExitOK, "", "optouts", "export", "--out", file)
	if _, errs := run(from, ExitRefused, "", "optouts", "export", "--out", file); !strings.Contains(errs, "--force") {
		t.Errorf("over a file that is there: %q", errs)
	}
	if err := os.WriteFile(file, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(from, ExitOK, "", "optouts", "export", "--out", file, "--force")
	text, err := os.ReadFile(file)
	if err != nil || strings.Count(string(text), "\n") != 5 || strings.Contains(string(text), "Ana") {
		t.Errorf("%v: %s", err, text)
	}
	run(to, ExitOK, "nome,telefone\nAna,11 98765-4321\n", "contacts", "import", "-")
	if _, errs := run(to, ExitOK, "", "optouts", "import", file); !strings.Contains(errs, "saíram: 1, telefones guardados: 3") {
		t.Errorf("said %q", errs)
	}
	if all := listed(t, to, "ana"); len(all) != 1 || all[0].LeftWhy != "pediu; na loja" {
		t.Errorf("%+v", all)
	}
	run(to, ExitOK, "nome,telefone\nBia,11 98765-4322\nDora,11 98765-4329\nEva,11 98765-4320\n", "contacts", "import", "-")
	if all := listed(t, to, "optout:sim"); len(all) != 3 {
		t.Errorf("%d have opted out: %+v", len(all), all)
	}
	head, _, _ := strings.Cut(string(text), "\n")
	if _, errs := run(to, ExitOK, head+"\n77001122@lid;;;;sim;;;\n", "optouts", "import", "-"); !strings.Contains(errs, "telefones guardados: 1") {
		t.Errorf("said %q", errs)
	}
}
