package people

// How a text is read for the patterns: cut into words and signs, each word
// spelled as the language has it, and what belongs together in one token.

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// shortestTypo is the length from which a word that nobody knows is taken for
	// one of which it differs by a letter.
	shortestTypo = 7
	// shortestExchange is the one from which two letters may be exchanged in it, or
	// one left out.
	shortestExchange = 5
	longestTypo      = 20
)

// figureLetters are the letters for which figures are written: s4ir, p4r3.
var figureLetters = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t")

// squeeze appends w with each letter once that stands there several times in a
// row.
func squeeze(dst []byte, w string) []byte {
	for i := range len(w) {
		if i == 0 || w[i] != w[i-1] {
			dst = append(dst, w[i])
		}
	}
	return dst
}

// sound is how a word sounds.
func (g *grammar) sound(w string) string {
	s := g.sounds.Replace(w + "$")
	return string(squeeze(nil, strings.TrimSuffix(s, "$")))
}

// meant is the known word that was meant by an unknown one: with letters
// repeated, mistyped, written as it sounds, or with a pronoun at its end.
func (g *grammar) meant(w string) (word, clitic string) {
	if len(w) > 64 {
		return w, ""
	}
	var form [64]byte
	if s := squeeze(form[:0], w); len(s) < len(w) {
		if g.vocabulary[string(s)] {
			return string(s), ""
		}
		if as, ok := g.near[string(s)]; ok && len(squeeze(make([]byte, 0, 64), as)) == len(s) {
			return as, ""
		}
	} else if as, ok := g.near[w]; ok && len(as) > len(w) && len(squeeze(make([]byte, 0, 64), as)) == len(w) {
		return as, "" // one letter of a double one
	}
	for _, c := range g.clitics {
		if base, ok := strings.CutSuffix(w, c); ok && len(base) > 3 {
			if g.vocabulary[base] {
				return base, c
			}
		}
	}
	if as, ok := g.sounding[g.sound(w)]; ok {
		return as, ""
	}
	if len(w) > longestTypo {
		return w, ""
	}
	if len(w) < shortestTypo {
		if as, ok := g.near[w]; ok && len(w) >= shortestExchange {
			return as, "" // a letter left out
		}
		for i := 1; len(w) >= shortestExchange && i < len(w); i++ {
			if f := append(append(append(form[:0], w[:i-1]...), w[i], w[i-1]), w[i+1:]...); g.typo(f) {
				return string(f), ""
			}
		}
		return w, ""
	}
	if as, ok := g.near[w]; ok && as[0] == w[0] { // a letter left out
		return as, ""
	}
	for i := 1; i < len(w); i++ {
		f := append(append(form[:0], w[:i]...), w[i+1:]...)
		if g.typo(f) { // one too many
			return string(f), ""
		}
		f = append(append(append(form[:0], w[:i]...), '-'), w[i+1:]...)
		if as, ok := g.near[string(f)]; ok {
			return as, ""
		}
		if i+1 < len(w) { // two of them exchanged
			f = append(append(append(form[:0], w[:i]...), w[i+1], w[i]), w[i+2:]...)
			if g.typo(f) {
				return string(f), ""
			}
		}
	}
	return w, ""
}

// typo reports whether a word is one of those that are known when they are
// mistyped.
func (g *grammar) typo(w []byte) bool {
	n := g.words.next[string(w)]
	return n != nil && g.classes["typos"].has(n.id)
}

// splitWords appends the words and signs of a folded text.
func splitWords(dst []piece, text string) []piece {
	start := -1
	word := func(end int) {
		if start >= 0 {
			dst = append(dst, piece{word: strings.ReplaceAll(text[start:end], "@", "a")})
		}
		start = -1
	}
	for i, r := range text {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if start < 0 {
				start = i
			}
			continue
		case r == '\'' || r == '’' || r == '`' || r == '´':
			if start >= 0 { // don't: read as dont
				text := text[start:i]
				next := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
				if next < 0 {
					start = -1
					dst = append(dst, piece{word: text, edge: joined})
					continue
				}
			}
		}
		if r == '-' && start >= 0 && isDigit(rune(text[i-1])) && len(text) > i+1 && isDigit(rune(text[i+1])) {
			continue // 98888-7777
		}
		if r == '@' && start >= 0 && len(text) > i+1 && 'a' <= text[i+1] && text[i+1] <= 'z' {
			continue // s@ir
		}
		word(i)
		switch r {
		case '+':
			dst = append(dst, piece{word: "+"})
		case ',', ';', ':', '(', ')', '–', '—', '…', '|':
			dst = append(dst, piece{word: ",", edge: clauseEdge})
		case '.':
			if !abbreviates(text, i) {
				dst = append(dst, piece{word: ".", edge: sentenceEdge})
			}
		case '!', '?', '\n', '¿', '¡':
			dst = append(dst, piece{word: string(r), edge: sentenceEdge})
		case '-':
			if i > 0 && text[i-1] == ' ' {
				dst = append(dst, piece{word: ",", edge: clauseEdge})
			}
		}
	}
	word(len(text))
	return joinLetters(dst)
}

// joined marks a piece that goes on in the next one, with an apostrophe between
// them.
const joined edge = 255

// abbreviates reports whether the dot at i stands between single letters or
// between figures.
func abbreviates(text string, i int) bool {
	before, size := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[i+1:])
	if unicode.IsDigit(before) && unicode.IsDigit(after) {
		return true
	}
	if !unicode.IsLetter(before) || i > size && text[i-size-1] != ' ' && text[i-size-1] != '.' {
		return false
	}
	if !unicode.IsLetter(after) {
		return i > size && text[i-size-1] == '.' // the last of s.a.i.r.
	}
	rest := text[i+1+utf8.RuneLen(after):]
	return rest == "" || rest[0] == '.' || rest[0] == ' '
}

// joinLetters joins the halves around an apostrophe, and words that were written
// letter by letter.
func joinLetters(p []piece) []piece {
	out := p[:0]
	for i := 0; i < len(p); {
		if p[i].edge == joined {
			w := p[i].word
			i++
			if i < len(p) && p[i].edge == noEdge {
				w += p[i].word
				i++
			}
			out = append(out, piece{word: w})
			continue
		}
		end := i
		for end < len(p) && p[end].edge == noEdge && len(p[end].word) == 1 && p[end].word[0] >= 'a' {
			end++
		}
		if end-i > 3 { // three are rather words: n é a
			var w strings.Builder
			for _, l := range p[i:end] {
				w.WriteString(l.word)
			}
			out = append(out, piece{word: w.String()})
			i = end
			continue
		}
		out = append(out, p[i])
		i++
	}
	return out
}

// known counts the words that the language knows.
func (g *grammar) known(said []piece) (n int) {
	for _, p := range said {
		if p.edge != noEdge {
			continue
		}
		if g.vocabulary[p.word] {
			n++
		} else if _, ok := g.spelling[p.word]; ok {
			n++
		}
	}
	return n
}

// read appends what was said as the patterns see it: spelled, in expressions,
// without words that say nothing. Who says nothing else is read with them: an
// oath alone is one.
func (g *grammar) read(dst []token, said []piece) []token {
	if dst = g.readWords(dst, said, g.drops); len(dst) == 0 {
		dst = g.readWords(dst, said, nil)
	}
	return dst
}

func (g *grammar) readWords(dst []token, said []piece, drops wordSet) []token {
	words := make([]piece, 0, 96)
	for i, p := range said {
		if p.edge != noEdge {
			words = append(words, p)
			continue
		}
		if p.isNumber() && i+1 < len(said) && isPhone(said[i+1].word) {
			continue // the area code is of the number
		}
		words = g.spell(words, p.word)
	}
	for i := 0; i < len(words); {
		t := token{word: words[i].word, id: inNoList, edge: words[i].edge}
		size := 1
		if t.edge == noEdge {
			if id, n := g.longest(words[i:]); n > 0 {
				t.id, size = id, n
				if n > 1 {
					t.word = wordsOf(words[i : i+n])
				}
			}
		}
		i += size
		switch {
		case t.edge != noEdge:
			t.id = isEdge
			dst = addEdge(dst, t)
		case len(dst) > 0 && g.nods.has(t.id) && (i == len(words) || words[i].edge != noEdge):
			// "tá", "tá?"
			if i < len(words) && words[i].word == "?" {
				words[i].word = "."
			}
		case drops.has(t.id) && !(len(dst) > 0 && g.vocatives.has(t.id) && g.of.has(dst[len(dst)-1].id)):
			if i < len(words) && words[i].word == "?" && g.tags.has(t.id) && len(dst) > 0 {
				words[i].word = "."
			}
			// Between two commas it takes both along; one alone stays.
			if i < len(words) && words[i].edge == clauseEdge && len(dst) > 0 && dst[len(dst)-1].edge == clauseEdge {
				dst = dst[:len(dst)-1]
				for i < len(words) && words[i].edge == clauseEdge {
					i++
				}
			}
		case g.breaks.has(t.id) && !(len(dst) == 0 && g.leads.has(t.id)):
			dst = addEdge(dst, token{word: t.word, id: t.id, edge: clauseEdge})
		default:
			dst = append(dst, t)
		}
	}
	if n := len(dst); n > 0 && dst[n-1].edge != noEdge && (n == 1 || dst[n-1].word != "?") {
		dst = dst[:n-1]
	}
	return dst
}

// spell appends the words that are meant by one as it was written; a phone is a
// number.
func (g *grammar) spell(dst []piece, w string) []piece {
	if isPhone(w) {
		return append(dst, piece{word: "numero"})
	}
	meant, ok := g.spelling[w]
	if !ok && len(w) <= longestTypo {
		meant, ok = g.spelling[string(squeeze(nil, w))]
	}
	if ok {
		for _, w := range meant {
			dst = append(dst, piece{word: w})
		}
		return dst
	}
	if g.vocabulary[w] {
		return append(dst, piece{word: w})
	}
	for _, p := range g.prefixes {
		if rest, ok := strings.CutPrefix(w, p); ok && len(rest) > 2 && (g.vocabulary[rest] || g.spelling[rest] != nil) {
			return g.spell(g.spell(dst, p), rest)
		}
	}
	if as := figureLetters.Replace(w); len(as) > 3 && strings.Trim(w, "0123456789") != "" && g.vocabulary[as] {
		return append(dst, piece{word: as})
	}
	w, clitic := g.meant(w)
	if meant := g.spelling[w]; meant != nil {
		for _, w := range meant {
			dst = append(dst, piece{word: w})
		}
		return dst
	}
	if dst = append(dst, piece{word: w}); clitic != "" {
		dst = append(dst, piece{word: clitic})
	}
	return dst
}

// isPhone reports whether a word has the figures of a phone, with one dash among
// them or none.
func isPhone(w string) bool {
	figures := len(w) - strings.Count(w, "-")
	return figures >= 8 && figures >= len(w)-1 && strings.Trim(w, "0123456789-") == ""
}

// addEdge appends the end of a clause or sentence; of several in a row the
// strongest stays, and a text does not begin with one.
func addEdge(dst []token, t token) []token {
	if len(dst) == 0 {
		return dst
	}
	if last := &dst[len(dst)-1]; last.edge != noEdge {
		if t.edge > last.edge {
			*last = t
		}
		return dst
	}
	return append(dst, t)
}

// longest finds the longest expression that the words begin with.
func (g *grammar) longest(words []piece) (id, n int) {
	at := &g.words
	for i, w := range words {
		if w.edge != noEdge {
			break
		}
		if at = at.next[w.word]; at == nil {
			break
		}
		if at.id != 0 {
			id, n = at.id, i+1
		}
	}
	return id, n
}

func wordsOf(p []piece) string {
	var b strings.Builder
	for i, w := range p {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.word)
	}
	return b.String()
}

func joinWords(t []token) string {
	var b strings.Builder
	for _, w := range t {
		if w.edge != noEdge && w.word != "," && len(w.word) == 1 {
			continue
		}
		if b.Len() > 0 && w.word != "," {
			b.WriteByte(' ')
		}
		b.WriteString(w.word)
	}
	return b.String()
}

func (p piece) isNumber() bool {
	return p.edge == noEdge && p.word != "" && p.word[0] >= '0' && p.word[0] <= '9'
}

// nextSentence cuts the first sentence off, with the sign that ends it.
func nextSentence(p []piece) (sentence, rest []piece) {
	for i := range p {
		if p[i].edge == sentenceEdge {
			return p[:i+1], p[i+1:]
		}
	}
	return p, nil
}
