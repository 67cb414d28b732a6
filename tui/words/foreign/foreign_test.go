package foreign

import (
	"slices"
	"testing"
)

func TestAnEarKnowsItsLanguageAndWhatCameFromOutside(t *testing.T) {
	ear := For("pt-BR", "Zoë Qwxz\nclientes.csv")
	for text, want := range map[string][]string{
		"Nenhum número ainda":              nil,
		"NENHUM número, Zoë: clientes.csv": nil,
		"No number yet":                    {"number", "yet"}, // "no" is Portuguese too
		"Todavía no hay números":           {"todavía", "hay"},
		"Nenhum núme…":                     nil, // cut
		"Nenhum wxy…":                      {"wxy"},
		"Nenhum numb":                      {"numb"},
		"{{.Name}} n 12:30 ✓ …":            nil,
	} {
		if got := ear.Strange(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
