package command

import (
	"slices"
	"strings"
	"testing"
)

func TestTagsAreChangedAndTakenBackByCommand(t *testing.T) {
	dir := t.TempDir()
	step := func(want int, says, args string) string {
		t.Helper()
		c, out, errs := typist(t, dir, "", strings.Fields(args)...)
		c.seen.In = false
		if got := c.execute(t.Context()); got != want || !strings.Contains(errs.String(), says) {
			t.Fatalf("%s: exit %d, want %d; said %q, want %q", args, got, want, errs, says)
		}
		return out.String()
	}
	for _, who := range []string{"11987650001 --name Ana --tag vip", "11987650002 --name Bia --tag frio", "11987650003 --name Caio --tag Frio"} {
		step(ExitOK, "", "contacts add "+who)
	}
	tags := func(want ...string) {
		t.Helper()
		var got []string
		for line := range strings.Lines(step(ExitOK, "", "contacts list")) {
			got = append(got, strings.Split(line, "\t")[2])
		}
		if !slices.Equal(got, want) {
			t.Fatalf("the tags are %q, want %q", got, want)
		}
	}
	step(ExitUsage, "diga que etiquetas", "contacts tag ana")
	step(ExitNotFound, "", "contacts tag zilda +vip")
	step(ExitRefused, "+vip -frio em pessoas: 3", "contacts tag +vip -frio")
	step(ExitNotFound, "não há mudança de etiquetas para desfazer", "contacts tag --undo --yes")
	step(ExitUsage, "--undo vai sozinho", "contacts tag --undo ana")
	tags("vip", "frio", "Frio")
	// -tag:vip is a term of the filter, -frio a tag.
	if got, want := step(ExitOK, "", "contacts tag -tag:vip +novo -frio --yes --json"), `{"add":["novo"],"remove":["frio"],"people":2,"changed":2,"full":0}`+"\n"; got != want {
		t.Errorf("it prints %s, want %s", got, want)
	}
	tags("vip", "novo", "novo")
	step(ExitOK, "etiquetas mudadas em 2 de 2", "contacts tag --undo --yes")
	tags("vip", "frio", "Frio")
}
