package people

import (
	"strings"
	"unicode"
)

// optOuts are the messages that ask for nothing else than to be left alone,
// folded and without punctuation.
var optOuts = func() map[string]bool {
	words := make(map[string]bool)
	for _, w := range []string{
		"sair", "quero sair", "eu quero sair", "sair da lista", "quero sair da lista",
		"pare", "parar", "para de mandar", "pare de mandar", "pare de enviar", "parem", "quero parar", "parar de receber",
		"pare de mandar mensagem", "pare de mandar mensagens", "pare de enviar mensagem", "pare de enviar mensagens",
		"para de mandar mensagem", "para de mandar mensagens", "parar mensagens", "parar mensagem",
		"cancelar", "cancele", "cancela", "quero cancelar", "cancelar inscricao", "cancelar envio", "cancelar envios", "cancelar mensagens",
		"remover", "remova", "remove", "me remova", "me remove", "me remover", "remover meu numero", "remova meu numero",
		"me remova da lista", "remover da lista", "quero ser removido", "quero ser removida",
		"me tira da lista", "me tire da lista", "me exclua", "me exclua da lista", "excluir meu numero", "exclua meu numero",
		"descadastrar", "descadastre", "descadastra", "descadastro", "me descadastre", "me descadastra", "me descadastrar", "quero descadastrar",
		"desinscrever", "desinscrever se", "desinscreva", "me desinscreva", "desinscricao",
		"nao quero mais", "nao quero receber", "nao quero mais receber", "nao quero receber mais",
		"nao quero receber mensagens", "nao quero receber mensagem", "nao quero mais receber mensagens", "nao quero receber mais mensagens",
		"nao me mande mais mensagem", "nao me mande mais mensagens", "nao me envie mais mensagens", "nao enviar mais", "nao envie mais",
		"opt out", "optout",
		"stop", "stop all", "stopall", "stop it", "please stop", "unsubscribe", "unsubscribe me", "remove me", "cancel", "quit",
		"baja", "darme de baja", "dar de baja", "no quiero recibir",
	} {
		words[w] = true
	}
	return words
}()

// longestOptOut is more than any of them has, with all that may stand around
// it: a longer text says something else too.
const longestOptOut = 300

// IsOptOut reports whether a text, as a whole, asks not to be written to
// again: SAIR, PARE, CANCELAR, STOP and their like. Case, accents, spaces,
// punctuation, emoji and a "por favor" do not matter. Word is what was
// written, folded. A text that says more ("vou sair agora") is none.
func IsOptOut(text string) (word string, ok bool) {
	if len(text) > longestOptOut {
		return "", false
	}
	word = strings.Join(strings.FieldsFunc(Fold(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), " ")
	for _, polite := range []string{"por favor", "por gentileza", "pfv", "pf", "please", "obrigado", "obrigada"} {
		word = strings.TrimPrefix(strings.TrimSuffix(word, " "+polite), polite+" ")
	}
	return word, optOuts[word]
}
