package campaign

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"recado/campaign/people"
)

// What there is to see in a text before it is sent.

// placeholders finds what other systems write for a field.
var placeholders = sync.OnceValue(func() *regexp.Regexp {
	const name = `[\pL_][\pL\pN_. -]{0,40}?`
	return regexp.MustCompile(`\{\{ ?` + name + ` ?\}\}|%` + name + `%|\*\|` + name + `\|\*|\$\{` + name + `\}|<<` + name + `>>|\[` + name + `\]`)
})

// bracketed are the names that mean a field in square brackets, where people
// write other words too.
var bracketed = []string{
	"nome", "primeironome", "name", "firstname", "lastname", "fullname", "sobrenome", "nombre", "primernombre", "apellido", "fname", "lname",
	"cliente", "customer", "empresa", "company", "email", "telefone", "telefono", "phone", "cidade", "city", "ciudad",
	"saudacao", "greeting", "saludo", "data", "fecha", "date", "valor", "value", "produto", "product", "producto", "codigo", "code", "cupom", "link",
}

// Unfilled lists what in a text looks like a field that was not filled in, as
// other systems write it, each once: {{nome}}, [nome], %nome%, *|FNAME|*, ${nome}
// and <<nome>>. None of these is a field here, and people would read them as they
// are.
func Unfilled(text string) (found []string) {
	for _, at := range placeholders().FindAllStringIndex(text, -1) {
		one := text[at[0]:at[1]]
		switch {
		case one[0] == '[' && !slices.Contains(bracketed, people.FieldKey(one)):
		case one[0] == '%' && at[0] > 0 && text[at[0]-1] >= '0' && text[at[0]-1] <= '9': // "10% a 20%"
		case one[0] == '{' && strings.HasPrefix(text[max(at[0]-1, 0):], "{{{"): // a field in braces
		case !slices.Contains(found, one):
			found = append(found, one)
		}
	}
	return found
}

// bids are the words by which a text tells people what to answer, and leaves
// those that speak of leaving by themselves; both folded, as words begin.
var (
	bids   = []string{"respond", "envi", "mand", "digit", "escrev", "escrib", "repl", "text", "send", "answer", "contest", "clique", "click", "toque"}
	leaves = []string{"descadastr", "desinscrev", "unsubscrib", "desuscrib", "optout"}
)

// OffersOptOut reports whether a text tells people how to be left alone: to
// answer with a word that is taken for that, or in other words that mean it.
func OffersOptOut(text string) bool {
	words := strings.FieldsFunc(people.Fold(text), func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r > 0x7f) })
	begins := func(word string, with []string) bool {
		return slices.ContainsFunc(with, func(b string) bool { return strings.HasPrefix(word, b) })
	}
	near := 0 // words since a bid
	for i, word := range words {
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		switch {
		case begins(word, leaves), word == "opt" && next == "out":
			return true
		case (word == "nao" || word == "no") && (next == "receber" || next == "recibir"), word == "stop" && next == "receiving", word == "de" && next == "baja":
			return true
		case begins(word, bids):
			near = 8
		case near > 0:
			// "Para" alone is a no as well, and stands in every other text.
			if wish, _ := people.Wants(word, ""); wish == people.No && word != "para" {
				return true
			}
			near--
		}
	}
	return false
}

// spoken are words that nearly every text of a language has and those of the
// others do not.
var spoken = []struct {
	lang  string
	words []string
}{
	{"pt-BR", []string{"voce", "voces", "nao", "um", "uma", "ola", "oi", "seu", "sua", "do", "da", "dos", "das", "ao", "na", "em", "com", "tudo", "obrigado", "obrigada", "hoje", "nossa", "nosso", "quer", "bom", "boa", "e"}},
	{"en", []string{"the", "you", "your", "and", "for", "with", "hi", "hello", "is", "are", "of", "we", "our", "today", "at", "in", "please", "thanks", "only"}},
	{"es", []string{"usted", "hola", "el", "los", "las", "un", "una", "su", "con", "en", "del", "gracias", "hoy", "nuestra", "nuestro", "quiere", "buenos", "buenas", "y", "tu", "al", "solo"}},
}

// Language guesses the language of a text: pt-BR, en or es; empty if it does not
// tell.
func Language(text string) (lang string) {
	words := strings.FieldsFunc(people.Fold(text), func(r rune) bool { return !('a' <= r && r <= 'z' || r > 0x7f) })
	most, tied := 0, false
	for _, one := range spoken {
		n := 0
		for _, word := range words {
			if slices.Contains(one.words, word) {
				n++
			}
		}
		switch {
		case n > most:
			lang, most, tied = one.lang, n, false
		case n == most:
			tied = true
		}
	}
	if most == 0 || tied {
		return ""
	}
	return lang
}
