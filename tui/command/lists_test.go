package command

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store"
)

// TestCampaignsAreListedForScripts: an object each.
func TestCampaignsAreListedForScripts(t *testing.T) {
	dir := t.TempDir()
	peopled(t, dir)
	out, _ := runner(t, dir)(ExitOK, "campaign", "list", "--json")
	if got := object[campaignJSON](t, out); got.Name != "Natal" || got.Status != "draft" || strings.Count(out, "\n") != 1 {
		t.Errorf("listed are %s", out)
	}
}

// peopled makes a real book with three people and a draft to the list vip.
func peopled(t *testing.T, dir string) {
	t.Helper()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Real})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows := []people.Row{{Phone: "+5511987650001", Name: "Ana"}, {Phone: "+5511987650002", Name: "Bia"}, {Phone: "+5511987650003", Name: "Caio"}}
	if _, err := desk(book).Import(t.Context(), rows, "a test"); err != nil {
		t.Fatal(err)
	}
	pace, err := campaign.ParsePace(campaign.Pace{}, "day=5")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk(book).AddCampaign(campaign.Campaign{Name: "Natal", Text: "oi", To: "lista:vip", Pace: pace}); err != nil {
		t.Fatal(err)
	}
}

func TestListsAreKeptByCommands(t *testing.T) {
	dir := t.TempDir()
	peopled(t, dir)
	const nobody, typed = "", "s\n"
	for _, step := range []struct {
		args, typed string
		terminal    bool
		want        int
		out, says   string
	}{
		{"lists", "", false, ExitOK, "", "nenhuma lista ainda"},
		{"lists save vip ana", "", false, ExitOK, "", "lista vip: pessoas nela: 1"},
		{"lists --json", "", false, ExitOK, `{"name":"vip","people":1,"drafts":["Natal"]}` + "\n", ""},
		{"lists save VIP nome:bia", nobody, false, ExitRefused, "", "confirme com --yes"},
		{"lists save VIP nome:bia", "n\n", true, ExitRefused, "", "pessoas nela agora: 1; depois: 1"},
		{"contacts list lista:vip", "", false, ExitOK, "+5511987650001\tAna\t\t\n", ""},
		{"lists save VIP nome:bia", typed, true, ExitOK, "", "pessoas nela: 1"},
		{"contacts list lista:vip", "", false, ExitOK, "+5511987650002\tBia\t\t\n", ""},
		{"lists save VIP nome:caio --yes", "", false, ExitOK, "", "pessoas nela: 1"},
		{"lists add vip nome:ana ou nome:bia", "", false, ExitOK, "", "lista vip: pessoas nela: 3"},
		{"lists add vipp ana", "", false, ExitNotFound, "", `não há lista "vipp"; veja recado lists`},
		{"lists add vip lista:nada", "", false, ExitUsage, "", `não há lista "nada"`},
		{"lists save * ana", "", false, ExitFailed, "", "o nome de uma lista não pode ser *"},
		{"lists save outra nome:bia", "", false, ExitOK, "", "pessoas nela: 1"},
		{"lists", "", false, ExitOK, "outra\t1\t\nvip\t3\tNatal\n", ""},
		{"lists rename vip outra --yes", "", false, ExitRefused, "", `já existe uma lista "outra"`},
		{"lists rename vip melhores", nobody, false, ExitRefused, "", "não começam até o público deles ser trocado: Natal"},
		{"lists rename vip melhores", typed, true, ExitOK, "", "a lista agora se chama melhores"},
		{"lists rename outra Outra", "", false, ExitOK, "", "a lista agora se chama Outra"},
		{"lists empty melhores", nobody, false, ExitRefused, "", "confirme com --yes"},
		{"lists empty melhores --yes", "", false, ExitOK, "", "a lista melhores está vazia"},
		{"lists empty melhores", "", false, ExitOK, "", "a lista melhores está vazia"},
		{"lists delete outra", nobody, false, ExitRefused, "", "confirme com --yes"},
		{"lists", "", false, ExitOK, "melhores\t0\t\nOutra\t1\t\n", ""},
		{"lists delete outra --yes", "", false, ExitOK, "", "lista Outra excluída"},
		{"lists save vivos -tag:frio --live", "", false, ExitOK, "", `filtro salvo: lista:"vivos"`},
		{"lists save vivos nome:bia --live", nobody, false, ExitRefused, "", "já existe: !tag:frio"},
		{"lists save vivos lista:nada --live --yes", "", false, ExitUsage, "", `não há lista "nada"`},
		{"lists save vivos nome:bia --live --yes", "", false, ExitOK, "", "filtro salvo"},
		{"lists empty vivos --yes", "", false, ExitRefused, "", "é um filtro"},
		{"lists union vivos melhores juntos", "", false, ExitOK, "", "pessoas nela: 1"},
		{"lists intersect vivos melhores juntos --yes", "", false, ExitOK, "", "pessoas nela: 0"},
		{"lists subtract vivos melhores juntos", "", false, ExitOK, "", "pessoas nela: 1"},
		{"lists subtract vivos vivos juntos", nobody, false, ExitRefused, "", "confirme com --yes"},
		{"lists union melhores melhores juntos", nobody, false, ExitRefused, "", "confirme com --yes"},
		{"lists subtract vivos vivos juntos --yes", "", false, ExitOK, "", "pessoas nela: 0"},
		{"lists union vivos melhores juntos --yes", "", false, ExitOK, "", "pessoas nela: 1"},
		{"lists union melhores melhores juntos --yes", "", false, ExitOK, "", "pessoas nela: 0"},
		{"lists union vivos melhores juntos", "", false, ExitOK, "", "pessoas nela: 1"},
		{"lists", "", false, ExitOK, "juntos\t1\t\nmelhores\t0\t\nvivos\t1\t\tnome:bia\n", ""},
		{"lists delete juntos --yes", "", false, ExitOK, "", ""},
		{"lists delete vivos --yes", "", false, ExitOK, "", ""},
		{"lists delete outra --yes", "", false, ExitNotFound, "", `não há lista "outra"`},
		{"lists", "", false, ExitOK, "melhores\t0\t\n", ""},
		{"lists save x", "", false, ExitUsage, "", ""},
	} {
		c, out, errs := typist(t, dir, step.typed, strings.Fields(step.args)...)
		c.seen.In = step.terminal
		if got := c.execute(t.Context()); got != step.want || out.String() != step.out || !strings.Contains(errs.String(), step.says) {
			t.Errorf("%s: exit %d, want %d\nprinted %q\nwant    %q\nsaid %q\nwant %q", step.args, got, step.want, out, step.out, errs, step.says)
		}
	}
}

func TestTheVersionIsPrintedWithoutAnyData(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}, {"version", "--json"}} {
		c, out, errs := typist(t, "/nowhere/at/all", "", args...)
		if got := c.execute(t.Context()); got != ExitOK {
			t.Fatalf("%q: exit %d: %s", args, got, errs)
		}
		for _, want := range []string{"recado", "go", "whatsmeow"} {
			if args[len(args)-1] == "--json" {
				want = `"` + strings.Replace(want, "recado", "version", 1) + `":"`
			}
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q prints %q, which lacks %q", args, out, want)
			}
		}
	}
	got := built(&debug.BuildInfo{
		Main:     debug.Module{Version: "v1.2.3"},
		Deps:     []*debug.Module{{Path: "a", Version: "v9"}, {Path: "go.mau.fi/whatsmeow", Version: "v0.0.0-20260919"}},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abcdef"}, {Key: "vcs.modified", Value: "true"}},
	})
	if want := (versionJSON{"1.2.3", "abcdef", true, runtime.Version(), "0.0.0-20260919"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestACommandForAnotherTerminalNamesTheDataUnlessItIsTheUsual(t *testing.T) {
	c, _, _ := typist(t, t.TempDir(), "")
	c.env.Getenv = func(name string) string {
		return map[string]string{"HOME": "/home/ana", "RECADO_DATA": "/srv/recado"}[name]
	}
	for dir, want := range map[string]string{
		"/home/ana/.local/share/recado": "", "/srv/recado": " --data /srv/recado", "/os dados": " --data '/os dados'",
	} {
		if got := c.dataFlag(dir); got != want {
			t.Errorf("%s: got %q, want %q", dir, got, want)
		}
	}
}
