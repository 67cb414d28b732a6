package command

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store"
)

// A person is shown, opted out and in, and decided about by a command, which has
// to mean one person.
func TestOnePersonIsShownAndDecidedAboutByCommands(t *testing.T) {
	dir := t.TempDir()
	run := func(want int, args ...string) (out, errs string) {
		t.Helper()
		c, o, e := typist(t, dir, "nome,telefone,cidade\nAna Souza,11 98765-4321,Recife\nAna Lima,11 98765-4322,\n", args...)
		if got := c.execute(t.Context()); got != want {
			t.Fatalf("%q: exit %d, want %d: %s", args, got, want, e)
		}
		return o.String(), e.String()
	}
	shown := func() (p personJSON) {
		t.Helper()
		out, _ := run(ExitOK, "contacts", "show", "11 98765-4321", "--json")
		if err := json.Unmarshal([]byte(out), &p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	run(ExitOK, "contacts", "import", "-")
	if _, errs := run(ExitUsage, "contacts", "show", "ana"); !strings.Contains(errs, "2 pessoas") {
		t.Errorf("two people: %q", errs)
	}
	if _, errs := run(ExitNotFound, "contacts", "optout", "maria"); !strings.Contains(errs, "maria") {
		t.Errorf("nobody: %q", errs)
	}
	if out, _ := run(ExitOK, "contacts", "show", "ana", "souza"); !strings.Contains(out, "Ana Souza\n") || !strings.Contains(out, "cidade\tRecife\n") {
		t.Errorf("shown as %q", out)
	}
	if p := shown(); p.Name != "Ana Souza" || p.OptedOut || p.Doubt != "" || p.Deliveries == nil {
		t.Errorf("%+v", p)
	}
	run(ExitUsage, "contacts", "optout", "11 98765-4321")
	run(ExitOK, "contacts", "optout", "11 98765-4321", "--why", "pediu na loja")
	if p := shown(); !p.OptedOut {
		t.Errorf("opted out: %+v", p)
	}
	run(ExitFailed, "contacts", "optin", "11 98765-4321")
	run(ExitOK, "contacts", "optin", "11 98765-4321", "--why", "voltou a pedir")
	run(ExitRefused, "contacts", "stays", "11 98765-4321")

	perhaps := func(at time.Time) {
		t.Helper()
		book, err := store.Open(dir+"/book.db", store.Options{Kind: store.Real})
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		if err := book.Heard(1, campaign.Incoming{From: people.Seen{Phone: "+5511987654321"}, Text: "quero cancelar", At: at}); err != nil {
			t.Fatal(err)
		}
	}
	perhaps(time.Now().Add(time.Minute))
	if p := shown(); p.Doubt != "quero cancelar" {
		t.Errorf("in doubt: %+v", p)
	}
	if out, _ := run(ExitOK, "contacts", "show", "98765-4321"); !strings.Contains(out, "talvez queira sair\t") {
		t.Errorf("the doubt is not shown: %q", out)
	}
	run(ExitOK, "contacts", "stays", "11 98765-4321")
	if p := shown(); p.Doubt != "" || p.OptedOut {
		t.Errorf("stays: %+v", p)
	}
	perhaps(time.Now().Add(time.Hour))
	run(ExitOK, "contacts", "optout", "11 98765-4321")
	if out, _ := run(ExitOK, "contacts", "show", "11 98765-4321"); !strings.Contains(out, "quero cancelar") {
		t.Errorf("left, for what they wrote: %q", out)
	}
}
