package command

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

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
		`"columns":[{"title":"nome","as":"name"},{"title":"telefone","as":"phone","field":"telefone"}]}`+"\n"; got != want {
		t.Errorf("got  %swant %s", got, want)
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
	if want := `{"added":0,"updated":0,"same":1,"bad":1,"reasons":[{"reason":"person_full","count":1,"line":3}],"format":"csv","columns":[{"title":"nome","as":"name"},{"title":"telefone","as":"phone","field":"telefone"},{"title":"tags","as":"tags"}]}` + "\n"; code != ExitRefused || out.String() != want {
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
