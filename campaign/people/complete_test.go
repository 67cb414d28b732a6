package people

import (
	"slices"
	"testing"
)

// TestAFilterIsCompleted with keys, tags, lists, fields and values, case and accents
// aside, and what is completed is read.
func TestAFilterIsCompleted(t *testing.T) {
	v := Vocabulary{
		Keys: []string{"nome", "tag", "lista", "visto", "optout"}, TagKey: "tag", Tags: []string{"vip", "Volta às aulas", "frio"}, Lists: []string{"Clientes"},
		Numbers: []string{"loja"}, Fields: []string{"cidade", "data nascimento", "opt-out"}, Values: map[string][]string{"cidade": {"São Paulo", "Recife"}},
		OptOut: []string{"sim", "nao", "duvida"}, When: []string{"<7d", "nunca"},
	}
	for line, want := range map[string][]string{
		"": nil, "ana ": nil, "t": {"tag:"}, "ana T": {"ana tag:"}, "v": {"visto:", "tag:vip", `tag:"Volta às aulas"`}, "-v": {"-visto:", "-tag:vip", `-tag:"Volta às aulas"`},
		"tag:": {"tag:vip", `tag:"Volta às aulas"`, "tag:frio"}, `tag:"volta as`: {`tag:"Volta às aulas"`}, "!tag:V": {"!tag:vip", `!tag:"Volta às aulas"`},
		"(lista:c": {"(lista:Clientes"}, "conexao:l": {"conexao:loja"}, "c": {"cidade:"}, "cidade:sao": {`cidade:"São Paulo"`}, "cidade:=r": {"cidade:=Recife"}, "da": {"datanascimento:"},
		"o": {"optout:", `campo:"opt-out":`}, "optout:d": {"optout:duvida"}, "visto:": {"visto:<7d", "visto:nunca"}, "tag:vip": nil, "saldo:>1": nil, "x": nil, "nome:a": nil, `"ana t`: nil,
	} {
		got := v.Complete(line, 10)
		if !slices.Equal(got, want) {
			t.Errorf("%s goes on as %q, want %q", line, got, want)
		}
		for _, way := range got {
			if way[len(way)-1] == ':' {
				way += "1d"
			}
			if _, err := ParseFilter(way); err != nil && line != "o" && line != "(lista:c" && line != "v" && line != "-v" {
				t.Errorf("%s: %v", way, err)
			}
		}
	}
	if got := v.Complete("v", 2); len(got) != 2 {
		t.Errorf("two are asked for: %q", got)
	}
}
