package files

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"recado/campaign/people"
)

// The name in a line of text that has a phone in it: "Fátima - 11 98765-0073",
// "1. Ana Luz 11 98765-2461", "11 98765-0001 (Ana)".

var (
	phoneRun   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[+(]*\d[\d\s().+-]{6,}\d`) })
	listNumber = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\s*(?:\d{1,4}\s*(?:[.)ºª°:-]+|\s)\s*|[-–—*•·]\s*)+`)
	})
)

// noNameWords are words of a line that is more than a name and a phone.
var noNameWords = words(`meu minha seu sua teu mi tu su my your ligar liga ligue llamar call contato contatos contact contacto recado recados falar fala com para pra pro for to numero number nome name nombre
	cliente clientes lista obs oi ola hola hi hello nao no sim whatsapp grupo group total pagina`)

// lineName is the name in a line of text; empty if it has none.
func lineName(text string) string {
	if len(text) > 200 {
		return ""
	}
	numbered := listNumber().FindString(text)
	if numbered != "" && strings.TrimLeft(numbered, " \t0123456789") == "" {
		numbered = "" // the area code of a phone
	}
	text = text[len(numbered):]
	at := phoneRun().FindStringIndex(text)
	if at == nil {
		return ""
	}
	before, behind := text[:at[0]], text[at[1]:]
	name, rest := nameIn(before), behind
	if strings.TrimFunc(before, noLetter) == "" {
		name, rest = nameIn(behind), ""
	}
	if phoneRun().MatchString(rest) && nameIn(rest) != "" {
		return "" // perhaps of somebody else
	}
	return name
}

func noLetter(c rune) bool { return !unicode.IsLetter(c) && !picture(c) }

// nameIn is a piece of a line if it is a name and nothing else.
func nameIn(piece string) string {
	apart := strings.ContainsAny(piece, "-–—:()")
	name := strings.TrimFunc(piece, func(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune("-–—:;,|()[]*•·", c) })
	said := strings.Fields(name)
	if name = fullName(name); name == "" || len(said) > 6 || strings.ContainsFunc(name, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsMark(c) && !picture(c) && !strings.ContainsRune(" '’.&-\u200d", c)
	}) {
		return ""
	}
	for _, w := range strings.FieldsFunc(people.Fold(name), func(c rune) bool { return !unicode.IsLetter(c) }) {
		for _, set := range []func() map[string]bool{noNameWords, phoneWords, mobileWords, whatsAppWords, landlineWords, faxWords, documents} {
			if set()[w] {
				return ""
			}
		}
	}
	if first, _ := utf8.DecodeRuneInString(name); unicode.IsLower(first) && !apart {
		return "" // a word of a sentence
	}
	return name
}
