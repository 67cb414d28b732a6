package people

import (
	"slices"
	"strings"
)

// Wish is what a person who writes to us wants of us.
type Wish uint8

const (
	// Other is anything else: an answer, an order, thanks.
	Other Wish = iota
	// Doubt is perhaps a no: a person has to read it.
	Doubt
	// No is a clear wish to be left alone.
	No
)

func (w Wish) String() string {
	switch w {
	case Other:
		return "other"
	case Doubt:
		return "doubt"
	case No:
		return "no"
	}
	return "unknown"
}

// Wants says what the person who wrote text wants of us. Asked is the text of the
// campaign that they answer, empty if it is not known. Why names the family of
// what was written and, behind ": ", the words that decided, folded, if it was not the
// whole text; it is empty for Other.
// Portuguese, English and Spanish are understood. Of a long text only the
// beginning and the end count.
//
// Grammars decide, see optoutgrammar.go, and a classifier looks at what they say, see
// optoutclassifier.go: what they have no pattern for, or doubt, may be a No to it, or
// a Doubt, and it may doubt what they take for a No.
//
// What says enough by itself ("SAIR", "não me mandem mais nada") counts whatever
// was asked. What does not is an answer:
//
//   - A bare "não" is No if asked whether to write on ("quer continuar recebendo
//     nossas ofertas?"), or if that is what the answer was offered for ("responda
//     NÃO para sair"); so is "sim" to "deseja sair da lista?". To any other
//     question ("quer comprar?", "posso confirmar?") it is Other: the person
//     talks about that, and it says nothing about being written to. To a text
//     that asks nothing it is Doubt, and Other if it is not known what was asked.
//   - "Não quero mais" is No if asked whether to write on, or nothing; Other as an
//     answer to another question; Doubt if it is not known what was asked.
//   - "Cancelar" is Other if it was offered as a choice ("responda CONFIRMAR ou
//     CANCELAR") or if asked about what can be cancelled ("posso confirmar a
//     entrega?"), Doubt as an answer to another question, and else No.
func Wants(text, asked string) (w Wish, why string) {
	written, question := foldLines(bounded(text)), foldLines(bounded(asked))
	if len(question) >= shortestQuote {
		// They send back what we wrote, with or without words of their own.
		written = strings.ReplaceAll(written, question, "\n")
	}
	said := splitWords(make([]piece, 0, 64), written)
	if len(said) == 0 {
		return ofSigns(text)
	}
	if question != "" {
		asks := splitWords(nil, question)
		// A word alone may be of several languages: the question tells of which.
		for _, g := range likely(append(slices.Clone(said), asks...)) {
			if w, why, ok := g.answer(said, asks); ok {
				return w, why
			}
		}
	}
	words := countWritten(said)
	if words == 1 && slices.ContainsFunc(said, func(p piece) bool { return p.edge == noEdge && len(p.word) == 1 }) {
		return Other, "" // a letter or a figure: of something that was offered
	}
	languages := readings(said)
	w, why, sure := byGrammar(languages)
	return review(w, why, sure, judge(written, languages[0]), words)
}

// reading is a text as one language reads it.
type reading struct {
	grammar *grammar
	tokens  []token
}

// readings is a text as its likely languages read it; there is one at least.
func readings(said []piece) []reading {
	var all []reading
	for _, g := range likely(said) {
		all = append(all, reading{g, g.read(make([]token, 0, 64), said)})
	}
	return all
}

// byGrammar judges what was said as the grammars of its languages do. They are sure
// of Other if a pattern of theirs is for what only sounds like a no.
func byGrammar(languages []reading) (w Wish, why string, sure bool) {
	for i, l := range languages {
		// A doubt of a language that is no likelier than the one before is none.
		as, because, other := l.grammar.wants(l.tokens)
		if as > w && (i == 0 || as == No) {
			w, why = as, because
		}
		sure = sure || other
	}
	return w, why, sure
}

// countWritten counts the words of what was written.
func countWritten(said []piece) (n int) {
	for _, p := range said {
		if p.edge == noEdge {
			n++
		}
	}
	return n
}

// ofSigns judges a text that has no words: a stop sign says enough, and other signs
// that forbid, or are angry, may be about anything.
func ofSigns(text string) (w Wish, why string) {
	switch {
	case strings.Contains(text, "🛑"):
		return No, "one sign: 🛑"
	case strings.ContainsAny(text, "🚫⛔🙅"):
		return Doubt, "a sign that forbids"
	case strings.ContainsAny(text, "🖕😡😠🤬😤🙄👎🤮🤢"):
		return Doubt, "a sign of anger"
	}
	return Other, ""
}

// likely is the languages that know the most of the words.
func likely(words []piece) (most []*grammar) {
	best := 0
	for _, g := range grammars() {
		known := g.known(words)
		if known > best {
			best, most = known, nil
		}
		if known == best {
			most = append(most, g)
		}
	}
	return most
}

// Language is the language, of those that are understood, in which a person most likely
// writes: "pt", "es" or "en". If their own words do not tell, those of ours that they
// answer do; it is "pt" if neither does.
func Language(text, asked string) string {
	said := splitWords(nil, foldLines(bounded(text)))
	most := likely(said)
	if len(most) > 1 {
		most = likely(append(said, splitWords(nil, foldLines(bounded(asked)))...))
	}
	all := grammars()
	return languageNames[slices.Index(all[:], most[0])]
}

const (
	// readHead and readTail are how many bytes of a longer text are looked at.
	// Who wants to be left alone says so at once or in the end.
	readHead = 500
	readTail = 400
	// shortestQuote is the length from which a text of ours in what they wrote is
	// a quotation.
	shortestQuote = 20
)

func bounded(text string) string {
	if len(text) <= readHead+readTail {
		return text
	}
	return text[:readHead] + "\n" + text[len(text)-readTail:] // half a letter is none, to Fold
}

// foldLines folds a text and keeps its lines.
func foldLines(text string) string {
	if !strings.ContainsAny(text, "\n\r\u2028\u2029") {
		return Fold(text)
	}
	var out []byte
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' }) {
		out = append(AppendFold(out, line), '\n')
	}
	return string(out)
}

// wants judges what was said in a language of which the grammar is g. Other is
// whether something was taken by a pattern of what only sounds like a no.
func (g *grammar) wants(t []token) (w Wish, why string, other bool) {
	if len(t) == 0 {
		return Other, "", false
	}
	m := g.finder(t)
	onBusiness := g.matches(&m, business)
	for i := range g.rules {
		r := &g.rules[i]
		if m.apart = r.kind == isLeaning; m.apart && w != Doubt {
			continue
		}
		for from := 0; from < len(t); {
			start, end, ok := m.find(r, from)
			if !ok {
				break
			}
			as := wishOf[r.kind]
			other = other || r.kind == isOther
			if as > w && !(as == Doubt && onBusiness) {
				w, why = as, r.family+": "+joinWords(t[start:end])
			}
			if w == No {
				return w, why, other
			}
			if r.sentence {
				start, end = m.sentence(start, end)
			}
			m.take(start, end)
			from = max(end, start+1)
		}
	}
	return w, why, other
}

var wishOf = map[kind]Wish{isOther: Other, isDoubt: Doubt, isNo: No, isLeaning: No}

// answer judges a text that says nothing by itself and answers a question: a
// bare yes or no, a word or a figure that was offered. Not ok if it is none.
func (g *grammar) answer(said, asks []piece) (w Wish, why string, ok bool) {
	m := g.finder(slices.DeleteFunc(g.read(nil, said), func(t token) bool { return t.edge != noEdge }))
	no, yes, word := g.matches(&m, saysNo), g.matches(&m, saysYes), g.matches(&m, isWord)
	if !no && !yes && !word {
		return Other, "", false
	}
	answer := joinWords(m.tokens)
	purpose, offered, choice := g.offered(asks, m.tokens)
	if offered {
		p := g.finder(purpose)
		if g.matches(&p, leaves) {
			return No, "as was offered: " + answer, true
		}
		no, yes = no || g.matches(&p, saysNo), yes || g.matches(&p, saysYes)
		if choice && word && !no && !yes {
			return Other, "", true
		}
	}
	q := g.asked(asks)
	switch {
	case q.keep && (no || g.matches(&m, saysStop)) || q.leave && (yes || !q.cancel && g.matches(&m, saysCancel)):
		return No, "answer to whether to write on: " + answer, true
	case q.asked && (no || yes):
		return Other, "", true
	case q.cancel && (g.matches(&m, saysCancel) || g.matches(&m, saysRemove)) || q.stop && g.matches(&m, saysStop):
		return Other, "", true
	case q.asked && g.matches(&m, saysCancel):
		return Doubt, "answer to something else: " + answer, true
	case g.matches(&m, saysNoMore):
		return No, "no more: " + answer, true
	case no:
		return Doubt, "no to what asks nothing: " + answer, true
	}
	return Other, "", false
}

// question is what a text asks: anything at all, whether to write on, to leave,
// about something that can be cancelled, whether to stop something.
type question struct{ asked, keep, leave, cancel, stop bool }

func (g *grammar) asked(asks []piece) (about question) {
	for len(asks) > 0 {
		var sentence []piece
		sentence, asks = nextSentence(asks)
		t := g.read(nil, sentence)
		q := g.finder(t)
		if sentence[len(sentence)-1].word != "?" {
			about.asked = about.asked || g.matches(&q, choices)
			continue
		}
		if !slices.ContainsFunc(t, g.says) {
			continue // "Oi, Ana, tudo bem?" asks nothing
		}
		about.asked = true
		about.leave = about.leave || g.matches(&q, leaves)
		about.keep = about.keep || !about.leave && g.matches(&q, keeps)
		about.cancel = about.cancel || g.matches(&q, cancels)
		about.stop = about.stop || !about.leave && g.matches(&q, ceases)
	}
	return about
}

// says reports whether a token of a question is more than a name. Greetings have
// been left out.
func (g *grammar) says(t token) bool {
	return t.edge == noEdge && t.id != inNoList && !g.classes["firstname"].has(t.id)
}

// offered finds the words of an answer among those of a question, and what they
// were offered for there: "2 - não", "responda NÃO para sair".
func (g *grammar) offered(asks []piece, answer []token) (purpose []token, ok, choice bool) {
	for len(asks) > 0 {
		var sentence []piece
		sentence, asks = nextSentence(asks)
		for i := range sentence {
			if !goesOn(sentence[i:], answer) {
				continue
			}
			ok = true
			after := sentence[i+countWords(answer):]
			for j, p := range after {
				if g.splits[p.word] || p.isNumber() {
					choice = true
					after = after[:j]
					break
				}
			}
			before := sentence[:i]
			for j := len(before) - 1; j >= 0; j-- {
				if g.splits[before[j].word] {
					choice = true
					before = before[j+1:]
					break
				}
			}
			for _, part := range [][]piece{after, before} {
				t := g.read(nil, part)
				p := g.finder(t)
				if g.matches(&p, leaves) {
					return t, true, true
				}
			}
			if t := g.read(nil, after); len(t) > 0 {
				purpose = t
			}
		}
	}
	return purpose, ok, choice
}

// goesOn reports whether a sentence goes on with the words of an answer.
func goesOn(sentence []piece, answer []token) bool {
	for _, t := range answer {
		if t.edge != noEdge {
			continue
		}
		for w := range strings.FieldsSeq(t.word) {
			if len(sentence) == 0 || sentence[0].word != w {
				return false
			}
			sentence = sentence[1:]
		}
	}
	return true
}

func countWords(answer []token) (n int) {
	for _, t := range answer {
		if t.edge == noEdge {
			n += strings.Count(t.word, " ") + 1
		}
	}
	return n
}
