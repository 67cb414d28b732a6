package command

import (
	"encoding/json"
	"strings"
	"testing"
)

// What was imported is listed, and undone by its number.
func TestImportsAreListedAndUndoneByCommands(t *testing.T) {
	dir := t.TempDir()
	run := func(typed string, want int, args ...string) (out, errs string) {
		t.Helper()
		c, o, e := typist(t, dir, typed, args...)
		if code := c.execute(t.Context()); code != want {
			t.Errorf("%v: exit %d, want %d: %s", args, code, want, e)
		}
		return o.String(), e.String()
	}
	if _, errs := run("", ExitOK, "imports"); !strings.Contains(errs, "nada foi importado ainda") {
		t.Errorf("it says %q", errs)
	}
	run("nome;telefone;cidade\nAna;11987650001;Recife\nBia;11987650002;Natal\nCaio;x;\n", ExitRefused, "contacts", "import", "-", "--tag", "feira", "--consent", "feira:2026-03-01")
	run("nome;telefone;cidade;saiu\nAna;11987650001;Olinda;\nDavi;11987650003;;sim\n", ExitOK, "contacts", "import", "-", "--policy", "replace")
	out, _ := run("", ExitOK, "imports")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "2\t") || !strings.HasSuffix(lines[1], "\t-\tfeita\tnovos: 2, atualizados: 0, já estavam: 0, linhas com erro: 1") {
		t.Errorf("it lists %q", out)
	}
	out, _ = run("", ExitOK, "imports", "--json")
	for i, line := range strings.Split(strings.TrimSpace(out), "\n") {
		var got importRecordJSON
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		if want := []importRecordJSON{{ID: 2, Added: 1, Updated: 1}, {ID: 1, Added: 2, Bad: 1}}[i]; got.ID != want.ID || got.State != "done" || !got.Undoable || got.Undone != nil || got.Added != want.Added || got.Updated != want.Updated || got.Bad != want.Bad {
			t.Errorf("it lists %s", line)
		}
	}
	if _, errs := run("", ExitRefused, "imports", "undo", "2"); !strings.Contains(errs, "voltam ao que tinham os que ele mudou (1)") || !strings.Contains(errs, "Desfazer?") {
		t.Errorf("it says %q", errs)
	}
	if _, errs := run("", ExitOK, "imports", "undo", "2", "--yes"); !strings.Contains(errs, "saíram dos contatos: 1, voltaram ao que tinham: 1, com algo que ficou: 0") || !strings.Contains(errs, "continuam valendo: 1") {
		t.Errorf("it says %q", errs)
	}
	if out, _ := run("", ExitOK, "contacts", "list", "ana", "--json"); !strings.Contains(out, `"cidade":"Recife"`) || !strings.Contains(out, `"tags":["feira"]`) {
		t.Errorf("she is %s", out)
	}
	run("", ExitRefused, "imports", "undo", "2", "--yes")
	run("", ExitOK, "contacts", "edit", "ana", "--note", "x")
	out, _ = run("", ExitOK, "imports", "undo", "1", "--yes", "--json")
	var got importRecordJSON
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.State != "undone" || got.Undoable || got.Undone == nil || got.Undone.Removed != 1 || got.Undone.Kept["undo_changed"] != 1 || got.Added != 2 || got.Bad != 1 || got.Consent.Source != "feira" || got.Policy != "update" {
		t.Errorf("it says %s", out)
	}
	if out, _ := run("", ExitOK, "contacts", "list", "--json"); strings.Count(out, "\n") != 1 || strings.Contains(out, "feira") || !strings.Contains(out, `"note":"x"`) {
		t.Errorf("left are %s", out)
	}
	run("", ExitNotFound, "imports", "undo", "3", "--yes")
	run("", ExitNotFound, "imports", "cancel", "3")
	run("", ExitUsage, "imports", "undo", "a")
}
