// Package foreign finds in what a test has seen, on a screen or from a
// command, the words that are not of the language it was said in: a sentence
// that somebody wrote into the code, or one of another language.
package foreign

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"recado/tui/words"
)

// neutral are words of no language: names of keys, of limits and of what
// cannot be called otherwise.
const neutral = "recado whatsapp enter esc tab ctrl alt shift pgup pgdn home end del backspace " +
	"gap new long every hour day hours weekdays per person default off " +
	"jpeg png mp mp3 mp4 m4a ogg opus pdf csv json utf-8 qr kb mb gb id"

// Ear knows the words of a language, and those that came from outside.
type Ear struct{ known map[string]bool }

// For returns an ear for a language. Known is what came from outside: names,
// texts, file names.
func For(lang string, known ...string) *Ear {
	e := &Ear{known: make(map[string]bool)}
	for _, source := range append(known, neutral, texts(lang)) {
		for _, word := range split(source) {
			e.known[word] = true
		}
	}
	return e
}

// texts is all that a language says, without the ids, which are English.
func texts(lang string) string {
	var all map[string]any
	if err := json.Unmarshal(words.Raw(words.For(lang).Lang()), &all); err != nil {
		panic(err) // a test of the catalogue says more of it
	}
	var b strings.Builder
	for _, text := range all {
		forms, counted := text.(map[string]any)
		if !counted {
			forms = map[string]any{"other": text}
		}
		for _, form := range forms {
			fmt.Fprintln(&b, form)
		}
	}
	return b.String()
}

// Strange are the words of a text that the ear does not know. Of one that was
// cut, with an ellipsis in place of the rest, it knows the beginning.
func (e *Ear) Strange(text string) []string {
	var strange []string
	for _, word := range split(text) {
		begun, cut := strings.CutSuffix(word, ellipsis)
		if e.known[begun] || len([]rune(begun)) < 2 || slices.Contains(strange, begun) || cut && e.begins(begun) {
			continue
		}
		strange = append(strange, begun)
	}
	return strange
}

const ellipsis = "…"

func (e *Ear) begins(begun string) bool {
	for word := range e.known {
		if strings.HasPrefix(word, begun) {
			return true
		}
	}
	return false
}

// flags are those of commands, which are the same in all languages, and the names
// of commands that are English words.
var flags = regexp.MustCompile(`--[a-z][a-z-]*|\bstop-number\b`)

// split are the words of a text in small letters; one that was cut keeps its
// ellipsis.
func split(text string) []string {
	// What is put into a text of the catalogue is no word of it.
	for {
		before, rest, found := strings.Cut(text, "{{.")
		if !found {
			break
		}
		_, after, _ := strings.Cut(rest, "}}")
		text = before + " " + after
	}
	var all []string
	for _, word := range strings.FieldsFunc(strings.ToLower(flags.ReplaceAllString(text, " ")), func(r rune) bool {
		return !unicode.IsLetter(r) && string(r) != ellipsis
	}) {
		if word = strings.TrimLeft(word, ellipsis); word != "" {
			all = append(all, word)
		}
	}
	return all
}
