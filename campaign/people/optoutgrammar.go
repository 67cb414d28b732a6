package people

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// A language is one file in optout/, of sections. What is in it is written folded,
// and # begins a comment.
//
//	[spelling]      what is written = the words that are meant
//	[not a typo]    words that are not to be taken for one that resembles them
//	[drop]          words that say nothing about a wish: left out
//	[break]         words that end a clause as a comma does
//	[soft]          words that may stand between the parts of a wish
//	[split]         words between the answers that a question offers
//	[typos]         words that are known when they are mistyped by a letter
//	[clitics]       what may hang on the end of a verb
//	[anything else] a class of words, for the patterns
//	[no: family]    patterns of a no; likewise doubt, other, and the ones about
//	                questions: says no, says no more, says yes, word, keeps, leaves, business
//
// A pattern is a row of steps, each of which takes one word, or an expression
// that stands in a list as one:
//
//	send|receive    a word of one of these classes
//	=de|=do         one of these words
//	name            a word that stands in no list
//	x?  x*          perhaps; any number of times
//	..  ...         up to four soft words; up to five words of any kind
//	^ ^^ ^^^        here begins a clause, a sentence, the text
//	$ $$ $$$        here it ends ($ also as an alternative: msg|$)
//	!!              at the end: the pattern takes its whole sentence
//
// Patterns are tried in their order. What a pattern of other or doubt takes is
// not looked at again, so what only sounds like a no stands before it.
//
//go:embed optout/*.txt
var grammarFiles embed.FS

const languages = 3

var languageNames = [languages]string{"pt", "es", "en"}

var grammars = sync.OnceValue(func() (all [languages]*grammar) {
	for i, name := range languageNames {
		text, err := grammarFiles.ReadFile("optout/" + name + ".txt")
		if err == nil {
			all[i], err = parseGrammar(string(text))
		}
		if err != nil {
			panic(fmt.Sprintf("optout/%s.txt: %v", name, err)) // a fault of ours, found by every test
		}
	}
	return all
})

// kind is what a pattern is of.
type kind uint8

const (
	isOther kind = iota
	isDoubt
	isNo
	saysNo     // says no to a question, and nothing else
	saysNoMore // likewise, and that it was enough
	saysYes
	isWord   // a word or figure that a question may have offered
	keeps    // of a question: whether to write on
	leaves   // of a question: whether to be left alone
	business // of who goes on with it: there is no doubt then
)

var kinds = map[string]kind{
	"other": isOther, "doubt": isDoubt, "no": isNo,
	"says no": saysNo, "says no more": saysNoMore, "says yes": saysYes, "word": isWord, "keeps": keeps, "leaves": leaves, "business": business,
}

type (
	// grammar is what is known of a language.
	grammar struct {
		spelling   map[string][]string
		words      node // of all lists and patterns, expressions as paths
		vocabulary map[string]bool
		near       map[string]string // a known word, by its squeezed form and by it with a letter less
		clitics    []string
		splits     map[string]bool
		drops      wordSet
		breaks     wordSet
		soft       wordSet
		rules      []rule               // of what people write
		answers    [business + 1][]rule // of bare answers, and of questions, by kind
		ids        int
		classes    map[string]wordSet
		// offers says for a word, by id, for which of the sets of words that the
		// patterns ask for it may stand: a pattern that needs one for which nothing
		// in the text may stand is not tried.
		offers []wordSet
	}
	// node is a word in expressions that begin alike.
	node struct {
		id   int // of the expression that ends here, 0 if none does
		next map[string]*node
	}
	rule struct {
		kind     kind
		family   string
		steps    []step
		sentence bool
		needs    []int // sets of words
	}
	step struct {
		is             stepKind
		words          wordSet
		perhaps, often bool
		orEnd          bool
		edge           edge
		most           int
	}
	stepKind uint8
	wordSet  []uint64
	// token is a word or an expression as the patterns see it.
	token struct {
		word string
		id   int
		edge edge // what of the text ends here, and the token is no word then
	}
	// piece is a word or a sign as it was written.
	piece struct {
		word string
		edge edge
	}
	edge uint8
)

const (
	aWord stepKind = iota
	softGap
	anyGap
	begins
	ends
)

const (
	noEdge edge = iota
	clauseEdge
	sentenceEdge
	textEdge
)

// Ids of tokens that stand in no list.
const (
	taken = iota // a pattern has it
	inNoList
	firstID
)

func (s wordSet) has(id int) bool { return id>>6 < len(s) && s[id>>6]&(1<<(id&63)) != 0 }

func (s *wordSet) add(id int) {
	for id>>6 >= len(*s) {
		*s = append(*s, 0)
	}
	(*s)[id>>6] |= 1 << (id & 63)
}

// parseGrammar reads a language.
func parseGrammar(text string) (*grammar, error) {
	g := &grammar{
		spelling: make(map[string][]string), splits: make(map[string]bool), near: make(map[string]string),
		classes: make(map[string]wordSet), vocabulary: make(map[string]bool), ids: firstID,
	}
	type line struct {
		number        int
		section, text string
	}
	var lines []line
	section := ""
	for i, l := range strings.Split(text, "\n") {
		l, _, _ = strings.Cut(l, "#")
		if l = strings.TrimSpace(l); l == "" {
			continue
		}
		if name, ok := strings.CutPrefix(l, "["); ok {
			section = strings.TrimSuffix(name, "]")
			continue
		}
		lines = append(lines, line{i + 1, section, l})
	}
	for _, l := range lines { // before all lists, which are read as texts are
		if l.section == "spelling" {
			wrong, right, ok := strings.Cut(l.text, "=")
			if wrong = strings.TrimSpace(wrong); !ok || wrong != Fold(wrong) || strings.Contains(wrong, " ") || right == "" {
				return nil, fmt.Errorf("line %d: no spelling", l.number)
			}
			g.spelling[wrong] = strings.Fields(right)
		}
	}
	for _, l := range lines {
		if l.section == "spelling" || strings.Contains(l.section, ":") || kinds[l.section] > isNo {
			continue
		}
		for entry := range strings.SplitSeq(l.text, ",") {
			entry = strings.TrimSpace(entry)
			if entry == "" || entry != Fold(entry) {
				return nil, fmt.Errorf("line %d: %q is not written folded", l.number, entry)
			}
			switch l.section {
			case "clitics":
				g.clitics = append(g.clitics, entry)
			case "split":
				g.splits[entry] = true
			default:
				class := g.classes[l.section]
				class.add(g.id(entry))
				g.classes[l.section] = class
			}
		}
	}
	g.drops, g.breaks, g.soft = g.classes["drop"], g.classes["break"], g.classes["soft"]
	for _, l := range lines {
		name, family, ok := strings.Cut(l.section, ": ")
		k, isKind := kinds[name]
		if !isKind || !ok && k <= isNo {
			if ok {
				return nil, fmt.Errorf("line %d: no kind of pattern: %s", l.number, l.section)
			}
			continue
		}
		r := rule{kind: k, family: family}
		for s := range strings.FieldsSeq(l.text) {
			if s == "!!" {
				r.sentence = true
				continue
			}
			step, err := g.step(s)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", l.number, err)
			}
			r.steps = append(r.steps, step)
		}
		if len(r.steps) > 32 {
			return nil, fmt.Errorf("line %d: too long a pattern", l.number)
		}
		if k <= isNo {
			g.rules = append(g.rules, r)
		} else {
			g.answers[k] = append(g.answers[k], r)
		}
	}
	g.findNear()
	g.findNeeds()
	return g, nil
}

// id is the number of an expression, which is entered if it is new.
func (g *grammar) id(expression string) int {
	at := &g.words
	for w := range strings.FieldsSeq(expression) {
		meant, ok := g.spelling[w]
		if !ok {
			meant = []string{w}
		}
		for _, w := range meant {
			g.vocabulary[w] = true
			if at.next == nil {
				at.next = make(map[string]*node)
			}
			if at.next[w] == nil {
				at.next[w] = &node{}
			}
			at = at.next[w]
		}
	}
	if at.id == 0 {
		at.id = g.ids
		g.ids++
	}
	return at.id
}

// step reads one step of a pattern.
func (g *grammar) step(s string) (step, error) {
	switch s {
	case "..":
		return step{is: softGap, most: 4}, nil
	case "...":
		return step{is: anyGap, most: 5}, nil
	case "^", "^^", "^^^":
		return step{is: begins, edge: edge(len(s))}, nil
	case "$", "$$", "$$$":
		return step{is: ends, edge: edge(len(s))}, nil
	}
	var out step
	s, out.perhaps = strings.CutSuffix(s, "?")
	s, out.often = strings.CutSuffix(s, "*")
	for part := range strings.SplitSeq(s, "|") {
		word, isLiteral := strings.CutPrefix(part, "=")
		class, isClass := g.classes[part]
		switch {
		case isLiteral && word != "" && word == Fold(word):
			out.words.add(g.id(word))
		case part == "$":
			out.orEnd = true
		case part == "name":
			out.words.add(inNoList)
		case isClass:
			for i, w := range class {
				for len(out.words) <= i {
					out.words = append(out.words, 0)
				}
				out.words[i] |= w
			}
		default:
			return step{}, fmt.Errorf("no class of words is called %q", part)
		}
	}
	return out, nil
}

// findNeeds numbers the sets of words that patterns cannot do without.
func (g *grammar) findNeeds() {
	numbers := make(map[string]int)
	g.offers = make([]wordSet, g.ids)
	need := func(r *rule) {
		for _, s := range r.steps {
			if s.is != aWord || s.perhaps || s.often || s.orEnd {
				continue
			}
			name := fmt.Sprint(s.words)
			n, ok := numbers[name]
			if !ok {
				n = len(numbers)
				numbers[name] = n
				for id := range g.ids {
					if s.words.has(id) {
						g.offers[id].add(n)
					}
				}
			}
			r.needs = append(r.needs, n)
		}
	}
	for i := range g.rules {
		need(&g.rules[i])
	}
	for _, rules := range g.answers {
		for i := range rules {
			need(&rules[i])
		}
	}
}

const (
	// shortestTypo is the length from which a word that nobody knows is taken for
	// one of which it differs by a letter.
	shortestTypo = 7
	longestTypo  = 20
)

// findNear enters all known words by the forms that a mistyped one is looked up
// by.
func (g *grammar) findNear() {
	enter := func(form, word string) {
		if _, ok := g.near[form]; !ok {
			g.near[form] = word
		}
	}
	for _, w := range slices.Sorted(maps.Keys(g.vocabulary)) {
		enter(string(squeeze(nil, w)), w)
	}
	for w, n := range g.words.next {
		if !g.classes["typos"].has(n.id) {
			continue
		}
		for i := 1; i < len(w); i++ {
			enter(w[:i]+"-"+w[i+1:], w) // other letter
			enter(w[:i]+w[i+1:], w)     // letter left out
		}
	}
}

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

// meant is the known word that was meant by an unknown one: with letters
// repeated, mistyped, or with a pronoun at its end.
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
	if len(w) < shortestTypo || len(w) > longestTypo {
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
			dst = append(dst, piece{word: text[start:end]})
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
		if end-i >= 3 {
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
// without words that say nothing.
func (g *grammar) read(dst []token, said []piece) []token {
	words := make([]piece, 0, 96)
	for _, p := range said {
		if p.edge != noEdge {
			words = append(words, p)
			continue
		}
		meant, ok := g.spelling[p.word]
		if !ok && !g.vocabulary[p.word] {
			w, clitic := g.meant(p.word)
			if meant, ok = g.spelling[w]; !ok {
				words = append(words, piece{word: w})
			} else {
				for _, w := range meant {
					words = append(words, piece{word: w})
				}
			}
			if clitic != "" {
				words = append(words, piece{word: clitic})
			}
			continue
		}
		if !ok {
			words = append(words, p)
			continue
		}
		for _, w := range meant {
			words = append(words, piece{word: w})
		}
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
			dst = addEdge(dst, t)
		case g.drops.has(t.id):
			if len(dst) > 0 && dst[len(dst)-1].edge == clauseEdge {
				dst = dst[:len(dst)-1]
			}
			for i < len(words) && words[i].edge == clauseEdge {
				i++
			}
		case g.breaks.has(t.id):
			dst = addEdge(dst, token{word: t.word, id: t.id, edge: clauseEdge})
		default:
			dst = append(dst, t)
		}
	}
	for len(dst) > 0 && dst[len(dst)-1].edge != noEdge {
		dst = dst[:len(dst)-1]
	}
	return dst
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

// reader tries patterns on one text.
type reader struct {
	tokens []token
	soft   wordSet
	offers wordSet  // of all tokens
	failed []uint32 // the steps, as bits, from which no way goes on, by place
}

func (g *grammar) reader(t []token) reader {
	r := reader{tokens: t, soft: g.soft, failed: make([]uint32, len(t)+1)}
	for _, t := range t {
		if t.edge != noEdge && t.id == 0 {
			continue
		}
		for i, bits := range g.offers[t.id] {
			if i >= len(r.offers) {
				r.offers = append(r.offers, 0)
			}
			r.offers[i] |= bits
		}
	}
	return r
}

// find finds the first place from which on a pattern matches. Start and end are
// of the words that it takes.
func (m *reader) find(r *rule, from int) (start, end int, ok bool) {
	if !m.may(r) {
		return 0, 0, false
	}
	clear(m.failed)
	for start = from; start < len(m.tokens); start++ {
		if m.tokens[start].edge != noEdge || m.tokens[start].id == taken {
			continue
		}
		if end, ok = m.match(r.steps, 0, start); ok && end > start {
			return start, end, true
		}
	}
	return 0, 0, false
}

// may reports whether for each word that the pattern needs one is there.
func (m *reader) may(r *rule) bool {
	for _, n := range r.needs {
		if !m.offers.has(n) {
			return false
		}
	}
	return true
}

func (m *reader) match(steps []step, i, at int) (end int, ok bool) {
	if i == len(steps) {
		return at, true
	}
	if m.failed[at]&(1<<i) != 0 {
		return 0, false
	}
	if end, ok = m.step(steps, i, at); !ok {
		m.failed[at] |= 1 << i
	}
	return end, ok
}

func (m *reader) step(steps []step, i, at int) (end int, ok bool) {
	s := &steps[i]
	switch s.is {
	case begins:
		if m.before(at) < s.edge {
			return 0, false
		}
		return m.match(steps, i+1, at)
	case ends:
		if m.after(at) < s.edge {
			return 0, false
		}
		return m.match(steps, i+1, at)
	case softGap, anyGap:
		for n := 0; ; n++ {
			if end, ok = m.match(steps, i+1, at+n); ok {
				return end, true
			}
			if n == s.most || at+n == len(m.tokens) {
				return 0, false
			}
			t := &m.tokens[at+n]
			if t.edge != noEdge || t.id == taken || s.is == softGap && !m.soft.has(t.id) {
				return 0, false
			}
		}
	}
	if at < len(m.tokens) && s.words.has(m.tokens[at].id) {
		next := i + 1
		if s.often {
			next = i
		}
		if end, ok = m.match(steps, next, at+1); ok {
			return end, true
		}
	}
	if s.perhaps || s.often || s.orEnd && m.after(at) >= clauseEdge {
		return m.match(steps, i+1, at)
	}
	return 0, false
}

// before says what begins at a place, after what ends there.
func (m *reader) before(at int) edge {
	if at == 0 {
		return textEdge
	}
	return m.tokens[at-1].edge
}

func (m *reader) after(at int) edge {
	if at == len(m.tokens) {
		return textEdge
	}
	return m.tokens[at].edge
}

// take marks words as seen.
func (m *reader) take(start, end int) {
	for i := start; i < end; i++ {
		if m.tokens[i].edge == noEdge {
			m.tokens[i].id = taken
		}
	}
}

// sentence widens a place to its sentence.
func (m *reader) sentence(start, end int) (int, int) {
	for start > 0 && m.tokens[start-1].edge < sentenceEdge {
		start--
	}
	for end < len(m.tokens) && m.tokens[end].edge < sentenceEdge {
		end++
	}
	return start, end
}

// matches reports whether a pattern of that kind, which is none of a wish, matches
// anywhere.
func (g *grammar) matches(m *reader, k kind) bool {
	for i := range g.answers[k] {
		if _, _, ok := m.find(&g.answers[k][i], 0); ok {
			return true
		}
	}
	return false
}
