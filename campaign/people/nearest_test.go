package people

import (
	"strings"
	"testing"
)

func TestNearestIsWhatWasMeant(t *testing.T) {
	known := []string{"tag", "tags", "cidade", "Data de Nascimento", "saldo", "nome", "fone"}
	for word, want := range map[string]string{
		"tga": "tag", "cidad": "cidade", "CIADDE": "cidade", "cidadee": "cidade", "nascimento": "", "data de nacimento": "Data de Nascimento",
		"sald": "saldo", "x": "", "profissao": "", "": "", "tag": "tags", // which it is not, or it would be known
		"fome": "nome", strings.Repeat("a", 1<<20): "",
	} {
		if got := Nearest(word, known); got != want && (word != "fome" || got != "fone") {
			t.Errorf("%.20q: %q, want %q", word, got, want)
		}
	}
}
