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
// "1. Ana Luz 11 98765-2461", "11 98765-0001 (Ana)", "Ana Luz <11987652461>",
// "Ana Luz https://wa.me/5511987652461".

var (
	phoneRun = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[+(]*\d[\d\s().+-]{6,}\d`) })
	// phoneLink is a link that writes to a phone or calls it.
	phoneLink = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)\b(?:(?:https?://)?(?:(?:www|api|web)\.)?(?:wa\.me|whatsapp\.com)/|(?:https?://)?t\.me/\+|whatsapp://|(?:tel|callto|smsto|sms):\+?\d)\S*`)
	})
	listNumber = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\s*(?:\d{1,4}\s*(?:[.)ºª°:-]+|\s)\s*|[-–—*•·]\s*)+`)
	})
)

// noNameWords are words of a line that is more than a name and a phone.
var noNameWords = words(`meu minha seu sua teu mi tu su my your ligar liga ligue llamar call contato contatos contact contacto recado recados falar fala com para pra pro for to numero number nome name nombre
	cliente clientes lista obs oi ola hola hi hello nao no sim whatsapp grupo group total pagina`)

// maxNamed is how long a line is that has a name beside the phone, in bytes.
const maxNamed = 200

// lineName is the name in a line of text; empty if it has none.
func lineName(text string) string {
	if at := phoneLink().FindStringIndex(text[:min(len(text), 2048)]); at != nil && at[0] < maxNamed && strings.Contains(text[at[0]:at[1]], "text=") {
		text = text[:at[1]] // what is behind it is the message
	} else if len(text) > maxNamed {
		return ""
	}
	numbered := listNumber().FindString(text)
	if numbered != "" && strings.TrimLeft(numbered, " \t0123456789") == "" {
		numbered = "" // the area code of a phone
	}
	text = text[len(numbered):]
	at := phoneRun().FindStringIndex(text)
	if link := phoneLink().FindStringIndex(text); link != nil && (at == nil || link[0] < at[0]) {
		at = link // the figures in it are no phones of others
	}
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

// besideNames are signs that people set between a name and a phone, or around one.
const besideNames = "-–—:;,|()[]{}<>=→➜➡\ufe0f/\\*•·~_\"“”«»"

// nameIn is a piece of a line if it is a name and nothing else.
func nameIn(piece string) string {
	apart := strings.ContainsAny(piece, "-–—:()=<>→")
	name := strings.TrimFunc(piece, func(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune(besideNames, c) })
	for _, dots := range [...]string{"..", "…"} { // to the phone; one is of what is short
		if before, _, ok := strings.Cut(name, dots); ok && strings.Trim(name[len(before):], ".… ") == "" {
			name = strings.TrimSpace(before)
		}
	}
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
