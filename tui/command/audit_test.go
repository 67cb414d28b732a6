package command

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"recado/store"
)

func TestTheAuditIsListed(t *testing.T) {
	dir := t.TempDir()
	peopled(t, dir)
	book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Real})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; n < auditPage+20; n++ { // more than one page
		if _, err := desk(book).AddNumber(fmt.Sprintf("Loja\x1b[2J %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	run := func(want int, args ...string) []string {
		t.Helper()
		c, out, errs := typist(t, dir, "", args...)
		if got := c.execute(t.Context()); got != want {
			t.Fatalf("%q: exit %d, want %d: %s", args, got, want, errs)
		}
		return slices.Collect(strings.Lines(out.String()))
	}
	all := run(ExitOK, "audit")
	if len(all) != n+2 {
		t.Fatalf("%d lines, want %d", len(all), n+2)
	}
	if !strings.Contains(all[0], "\timportar contatos\tcontatos ") || !strings.Contains(all[0], " linhas, ") || !strings.Contains(all[len(all)-1], fmt.Sprintf(" %d\t", n-1)) {
		t.Errorf("the newest is not last: %q … %q", all[0], all[len(all)-1])
	}
	if strings.Contains(strings.Join(all, ""), "\x1b") {
		t.Error("a name drives the terminal")
	}
	for _, c := range []struct {
		args string
		want int
	}{
		{"audit natal", 1},
		{"audit NATAL campaign_new", 1},
		{"audit natal number", 0},
		{"audit criar CAMPANHA", 1},
		{"audit number_add", n},
		{"audit --since 1h", n + 2},
		{"audit --since 1d natal", 1},
		{"audit --since 2999-01-01", 0},
	} {
		if got := run(ExitOK, strings.Fields(c.args)...); len(got) != c.want {
			t.Errorf("%s: %d lines, want %d", c.args, len(got), c.want)
		}
	}
	run(ExitUsage, "audit", "--since", "ontem")

	lines := run(ExitOK, "audit", "--json", "natal")
	var one map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &one); err != nil {
		t.Fatal(err)
	}
	want := []string{"after", "at", "before", "counts", "ended", "from", "id", "kind", "name", "outcome", "reason", "reason_args", "reason_code", "role", "target", "verb", "who"}
	if keys := slices.Sorted(maps.Keys(one)); !slices.Equal(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
	if one["verb"] != "campaign_new" || one["kind"] != "campaign" || one["name"] != "Natal" || one["outcome"] != "done" || one["ended"] == "" {
		t.Errorf("got %v", one)
	}
	for _, key := range []string{"before", "after", "counts"} {
		if _, ok := one[key].(map[string]any); !ok {
			t.Errorf("%s is %v", key, one[key])
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "devices.db")); err == nil {
		t.Error("to look at the audit opened the keys")
	}
}
