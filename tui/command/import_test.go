package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"recado/campaign/files"
	"recado/campaign/people"
)

func TestManyBadRowsAreSummedUp(t *testing.T) {
	var file strings.Builder
	file.WriteString("nome;telefone\nAna;11987654321\n")
	for range 25 { // lines 3 to 27
		file.WriteString("x;\n")
	}
	for range 3000 {
		file.WriteString("Bia;119\n")
	}
	file.WriteString("Caio;abc\n")
	dir := t.TempDir()
	c, out, errs := typist(t, dir, file.String(), "contacts", "import", "-")
	if code := c.execute(t.Context()); code != ExitRefused || out.Len() > 0 {
		t.Fatalf("exit %d, out %q: %s", code, out, errs)
	}
	var want strings.Builder
	for line := 3; line <= 22; line++ {
		fmt.Fprintf(&want, "-: linha %d: sem telefone\n", line)
	}
	want.WriteString("-: … outras linhas com erro: 3.006\n" +
		"-:   3.000 como a linha 28: não é um telefone: \"119\": curto demais\n" +
		"-:   5 como a linha 23: sem telefone\n" +
		"-:   linha 3028: não é um telefone: \"abc\": \"a\" não faz parte de um telefone\n" +
		"-: colunas: \"nome\" → nome, \"telefone\" → telefone\n" +
		"novos: 1, atualizados: 0, já estavam: 0, linhas com erro: 3.026\n" +
		"para desfazer: recado imports undo 1\n" +
		"recado: -: linhas que não entraram: 3.026; as outras entraram (--rejected as escreve com o motivo)\n")
	if errs.String() != want.String() {
		t.Errorf("got\n%swant\n%s", errs, &want)
	}

	c, out, errs = typist(t, dir, file.String(), "contacts", "import", "-", "--json", "--partial")
	if code := c.execute(t.Context()); code != ExitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	if got, want := out.String(), `{"added":0,"updated":0,"same":1,"bad":3026,"reasons":[{"reason":"phone_short","count":3000,"line":28},`+
		`{"reason":"row_no_phone","count":25,"line":3},{"reason":"phone_letter","count":1,"line":3028}],"format":"csv",`+
		`"columns":[{"title":"nome","as":"name"},{"title":"telefone","as":"phone","field":"telefone"}],"import":2}`+"\n"; got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

// TestTheSheetThatIsSaidIsImported: by its name or its number; the first one with
// people otherwise. It is told which.
func TestTheSheetThatIsSaidIsImported(t *testing.T) {
	var file bytes.Buffer
	book := files.NewWorkbook(&file)
	for _, sheet := range []string{"Loja", "Feira"} {
		book.Sheet(sheet)
		for _, row := range [][]any{{"nome", "telefone"}, {"Ana da " + sheet, "11 98765-000" + strconv.Itoa(len(sheet))}} {
			if err := book.Row(row...); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "duas.xlsx")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ sheet, want string }{{"", "Loja"}, {"feira", "Feira"}, {"2", "Feira"}, {"1", "Loja"}} {
		dir := privateDir(t)
		run := runner(t, dir)
		args := []string{"contacts", "import", path}
		if test.sheet != "" {
			args = append(args, "--sheet", test.sheet)
		}
		if _, errs := run(ExitOK, args...); !strings.Contains(errs, `lida a planilha "`+test.want+`"`) {
			t.Errorf("--sheet %q: said %q", test.sheet, errs)
		}
		if all := listed(t, dir, ""); len(all) != 1 || all[0].Name != "Ana da "+test.want {
			t.Errorf("--sheet %q: there are %+v", test.sheet, all)
		}
		if out, errs := run(ExitFailed, "contacts", "import", path, "--sheet", "Outra"); out != "" || !strings.Contains(errs, "Outra") {
			t.Errorf("none of them: %q, %q", out, errs)
		}
	}
}

func TestReasonsOfAnImportAreInTheLanguageOfWhoeverImports(t *testing.T) {
	for _, test := range []struct {
		tongue tongue
		file   string
		want   []string
	}{
		{portuguese, "Nome;Telefone;X\nAna;;\nBia;11 98765-0001;a;b\nCaio;11 98765-0002;\n", []string{"linha 2: sem telefone", "linha 3: há 4 células"}},
		{portuguese, "Ana;11 98765-5501\n", []string{"colunas: #1 → nome, #2 → telefone"}},
		{portuguese, "nome;cidade\nAna;Recife\n", []string{`há "nome", "cidade"`}},
		{portuguese, "", []string{"está vazio"}},
		{english, "Nome;Telefone;X\nAna;;\nBia;11 98765-0001;a;b\nCaio;11 98765-0002;\n", []string{"line 2: no phone", "line 3: 4 cells"}},
		{english, "Ana;11 98765-5501\n", []string{"columns: #1 → name, #2 → phone"}},
	} {
		c, _, errs := typist(t, t.TempDir(), test.file, "contacts", "import", "-")
		c.tongue = test.tongue
		c.execute(t.Context())
		for _, want := range test.want {
			if !strings.Contains(errs.String(), want) {
				t.Errorf("%q: got %q, want %q in it", test.file, errs, want)
			}
		}
	}
}

func TestARowThatAPersonHasNoRoomForIsSaid(t *testing.T) {
	dir := t.TempDir()
	tags := func(from, to int) string {
		var all []string
		for i := from; i < to; i++ {
			all = append(all, fmt.Sprint("t", i))
		}
		return "nome;telefone;tags\nBia;11987654322;\nAna;11987654321;\"" + strings.Join(all, "|") + "\"\n"
	}
	c, _, errs := typist(t, dir, tags(0, people.MaxTags), "contacts", "import", "-")
	if code := c.execute(t.Context()); code != ExitOK || strings.Contains(errs.String(), "128 etiquetas") {
		t.Fatalf("as many tags as there may be: exit %d, %s", code, errs)
	}
	c, out, errs := typist(t, dir, tags(people.MaxTags, people.MaxTags+1), "contacts", "import", "-", "--json")
	code := c.execute(t.Context())
	if want := `{"added":0,"updated":0,"same":1,"bad":1,"reasons":[{"reason":"person_full","count":1,"line":3}],"format":"csv","columns":[{"title":"nome","as":"name"},{"title":"telefone","as":"phone","field":"telefone"},{"title":"tags","as":"tags"}],"import":2}` + "\n"; code != ExitRefused || out.String() != want {
		t.Errorf("exit %d, got %swant %s", code, out, want)
	}
	if !strings.Contains(errs.String(), "128 etiquetas ou de 256 campos: 1 (a primeira é a linha 3)") {
		t.Errorf("nothing is said of it: %q", errs)
	}
	c, out, _ = typist(t, dir, "", "contacts", "list", "--json", "tag:t5")
	c.execute(t.Context())
	var ana contactJSON
	if err := json.Unmarshal(out.Bytes(), &ana); err != nil || len(ana.Tags) != people.MaxTags {
		t.Errorf("%d tags, %v", len(ana.Tags), err)
	}
}

// imports runs an import of a file that is typed, and returns what it printed.
func imports(t *testing.T, dir, file string, args ...string) (code int, out, errs string) {
	t.Helper()
	c, o, e := typist(t, dir, file, append([]string{"contacts", "import", "-"}, args...)...)
	code = c.execute(t.Context())
	return code, o.String(), e.String()
}

// listed are the contacts of a filter.
func listed(t *testing.T, dir string, filter ...string) (all []contactJSON) {
	t.Helper()
	c, out, errs := typist(t, dir, "", append([]string{"contacts", "list", "--json"}, filter...)...)
	if code := c.execute(t.Context()); code != ExitOK {
		t.Fatalf("list: exit %d: %s", code, errs)
	}
	for line := range strings.Lines(out.String()) {
		var p contactJSON
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func TestThePolicyOfAnImport(t *testing.T) {
	const first, second = "nome;fone;tags;cidade\nAna;11987650001;vip;Recife\n", "nome;fone;tags;time\nAna Prado;11987650001;novo;Sport\nBia;11987650002;;\n"
	for policy, want := range map[string]string{
		"update":  `Ana Prado [novo vip] map[cidade:Recife time:Sport]`,
		"skip":    `Ana [vip] map[cidade:Recife]`,
		"replace": `Ana Prado [novo] map[time:Sport]`,
	} {
		dir := t.TempDir()
		imports(t, dir, first)
		if code, _, errs := imports(t, dir, second, "--policy", policy); code != ExitOK {
			t.Errorf("%s: exit %d, %s", policy, code, errs)
		}
		all := listed(t, dir)
		if len(all) != 2 || fmt.Sprint(all[0].Name, " ", all[0].Tags, " ", all[0].Fields) != want || all[1].Name != "Bia" {
			t.Errorf("%s: %+v, want %s", policy, all, want)
		}
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	dir := t.TempDir()
	code, out, errs := imports(t, dir, "nome;fone\nAna;11987650001\nBia;x\n", "--dry-run")
	if code != ExitOK || out != "" || !strings.Contains(errs, "entrariam: novos 1, atualizados 0, já estavam 0; linhas com erro: 1") {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
	if all := listed(t, dir); len(all) != 0 {
		t.Errorf("there are %+v", all)
	}
	code, out, _ = imports(t, dir, "nome;fone\nAna;11987650001\nBia;x\n", "--dry-run", "--json")
	if want := `{"added":1,"updated":0,"same":0,"bad":1,"reasons":[{"reason":"phone_letter","count":1,"line":3}],"good":1,"format":"csv",`; code != ExitOK || !strings.HasPrefix(out, want) {
		t.Errorf("exit %d, %s want %s", code, out, want)
	}
}

// What is rejected can be mended and imported again.
func TestRejectedRowsComeBack(t *testing.T) {
	dir := t.TempDir()
	code, out, _ := imports(t, dir, "nome;fone;obs\n=Ana;x;\"duas\nlinhas\"\nBia;11987650002;\nCaio;;a\n", "--rejected")
	want := "recado_linha;recado_motivo;nome;fone;obs\n" +
		"2;\"não é um telefone: \"\"x\"\": \"\"x\"\" não faz parte de um telefone\";'=Ana;x;\"duas\nlinhas\"\n" + "5;sem telefone;Caio;;a\n"
	if code != ExitRefused || out != want {
		t.Fatalf("exit %d, got\n%s\nwant\n%s", code, out, want)
	}
	mended := strings.NewReplacer(";x;", ";11987650001;", ";;a", ";11987650003;a").Replace(out)
	if code, _, errs := imports(t, dir, mended); code != ExitOK {
		t.Errorf("exit %d, %s", code, errs)
	}
	all := listed(t, dir, "obs:*")
	if len(all) != 2 || all[0].Name != "=Ana" || fmt.Sprint(all[0].Fields) != "map[obs:duas\nlinhas]" || all[1].Name != "Caio" {
		t.Errorf("there are %+v", all)
	}
}

func TestWhoHasLeftElsewhereIsNotWrittenTo(t *testing.T) {
	dir := t.TempDir()
	imports(t, dir, "nome;fone\nAna;11987650001\n")
	code, out, errs := imports(t, dir, "nome;fone;opt-out\nAna;11987650001;sim\nBia;11987650002;sim\nCaio;11987650003;talvez\nDora;11987650004;não\n", "--json", "--policy", "skip")
	if code != ExitOK || !strings.Contains(out, `"opted_out":2,"doubts":1`) {
		t.Fatalf("exit %d, %s%s", code, out, errs)
	}
	for filter, want := range map[string]string{"optout:sim": "Ana Bia", "optout:duvida": "Caio", "optout:nao": "Caio Dora"} {
		var names []string
		for _, p := range listed(t, dir, filter) {
			names = append(names, p.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %q, want %q", filter, got, want)
		}
	}
	if code, _, errs := imports(t, dir, "nome;fone;opt-out\nAna;11987650001;não\nBia;11987650002;\n", "--policy", "replace"); code != ExitOK || len(listed(t, dir, "optout:sim")) != 2 {
		t.Errorf("an import took an opt-out back: %d, %s", code, errs)
	}
}

func TestWhatTheFlagsOfAnImportSay(t *testing.T) {
	dir := t.TempDir()
	code, _, errs := imports(t, dir, "Cliente;Zap;Outro\nAna;98765-0001;\nBia;;912 345 678\n", "--map", "nome=Cliente,telefone='Zap'", "--map", `celular="Outro"`, "--ddd", "011", "--tag", "feira", "--tag", "vip", "--consent", "feira de 2026:02/03/2026", "--partial")
	all := listed(t, dir)
	if code != ExitOK || len(all) != 2 || all[0].Phone != "+5511987650001" || fmt.Sprint(all[0].Tags) != "[feira vip]" || all[0].Consent.Status != "yes" || all[0].Consent.Source != "feira de 2026" || !strings.HasPrefix(all[0].Consent.At, "2026-03-02") || all[0].Consent.By == "" || len(all[0].Fields) > 0 {
		t.Errorf("exit %d, %+v, %s", code, all, errs)
	}
	if got := listed(t, dir, "consent:feira", "consentimento:sim"); len(got) != 2 {
		t.Errorf("found by their consent are %+v", got)
	}
	dir = t.TempDir()
	code, _, errs = imports(t, dir, "fone\n912 345 678\n", "--country", "+351")
	if all := listed(t, dir); code != ExitOK || len(all) != 1 || all[0].Phone != "+351912345678" {
		t.Errorf("exit %d, %+v, %s", code, all, errs)
	}
	// The list of another recado, with who has left.
	c, out, _ := typist(t, dir, "", "contacts", "list", "--json")
	c.execute(t.Context())
	other := t.TempDir()
	if code, _, errs := imports(t, other, out.String()); code != ExitOK || len(listed(t, other)) != 1 {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestMappings(t *testing.T) {
	for text, want := range map[string]string{
		"nome=Cliente":                   "[nome=Cliente]",
		"nome=Cliente,telefone='Tel, 2'": "[nome=Cliente telefone=Tel, 2]",
		`a="x=y" , b= c `:                "[a=x=y b=c]",
		"nome":                           "", "=x": "", "nome=": "", "nome='x": "", "nome='x'y": "", "nome=a,,": "", "nome= ": "",
	} {
		all, err := mappings(text)
		var got []string
		for _, m := range all {
			got = append(got, m.As+"="+m.Title)
		}
		if (err == nil) != (want != "") || err == nil && fmt.Sprint(got) != want {
			t.Errorf("%q: %v, %v; want %q", text, got, err, want)
		}
	}
}
