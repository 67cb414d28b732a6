package people

import "testing"

func TestOptOutWordsAreTheWholeMessage(t *testing.T) {
	for _, text := range []string{
		"SAIR", "sair", " Sair. ", "\n*SAIR*\n", "sair!!! 😡", "🛑STOP🛑", "Pare", "PARAR", "Cancelar", "REMOVER",
		"descadastrar", "Descadástrar", "stop", "Unsubscribe", "QUERO SAIR", "quero\nsair", "Não quero mais", "opt-out",
		"sair, por favor", "Por favor, pare de mandar mensagens!", "“SAIR”", "me remova", "ＳＡＩＲ",
	} {
		if word, ok := IsOptOut(text); !ok || word == "" {
			t.Errorf("%q is not taken for an opt-out", text)
		}
	}
	for _, text := range []string{
		"", " ", "😀", "vou sair agora", "sairam", "não consigo parar de usar", "pode cancelar meu pedido 123?", "nao sair",
		"que horas vocês vão parar?", "stop motion", "oi", "por favor", "sim",
	} {
		if word, ok := IsOptOut(text); ok {
			t.Errorf("%q is taken for an opt-out (%q)", text, word)
		}
	}
}

func TestOptOutKeepsTheWord(t *testing.T) {
	if word, _ := IsOptOut(" *Quero SAIR!* 😡 "); word != "quero sair" {
		t.Errorf("got %q", word)
	}
}

func FuzzIsOptOut(f *testing.F) {
	f.Add("SAIR")
	f.Add("por favor")
	f.Fuzz(func(t *testing.T, s string) {
		if word, ok := IsOptOut(s); ok && !optOuts[word] {
			t.Errorf("%q: %q", s, word)
		}
		if _, ok := IsOptOut("  SAIR! " + "🙂"); !ok {
			t.Error("SAIR")
		}
	})
}
