package people

import (
	"embed"
	"encoding/binary"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"sync"
)

// A language is one file in optout/, of sections. What is in it is written folded,
// and # begins a comment.
//
//	[spelling]      what is written = the words that are meant
//	[not a typo]    words that are not to be taken for one that resembles them
//	[drop]          words that say nothing about a wish: left out
//	[vocative]      those of them that address somebody, but not after one of
//	[of]            these: "do meu filho"
//	[break]         words that end a clause as a comma does
//	[lead]          those of them that do not where a text begins
//	[tag]           words left out that ask for a nod: "stop, ok?" is no question
//	[nod]           likewise, and only where a clause ends: elsewhere they say something
//	[soft]          words that may stand between the parts of a wish
//	[split]         words between the answers that a question offers
//	[typos]         words that are known when they are mistyped by a letter
//	[clitics]       what may hang on the end of a verb, and
//	[prefixes]      on the front of a word, when a space was left out
//	[sounds]        letters = letters that sound alike, $ is the end of the word:
//	                a word that nobody knows is read as the one that sounds so
//	[forms]         the forms in which verbs of an ending are asked for:
//	                ar = ar arem e em. In a class, mandar~ stands for all of them
//	[anything else] a class of words, for the patterns
//	[no: family]    patterns of a no; likewise doubt, other, leaning (a no if there is
//	                a doubt besides), and the ones about questions: says no,
//	                says no more, says stop, says cancel, says remove, says yes, word, keeps,
//	                leaves, can be cancelled, can be stopped, offers a choice, business
//
// A pattern is a row of steps, each of which takes one word, or an expression
// that stands in a list as one:
//
//	send|receive    a word of one of these classes
//	=de|=do         one of these words
//	name            a word that stands in no list
//	-list|name      any word but one of these
//	x?  x*          perhaps; any number of times
//	..  ...         up to four soft words; up to five words of any kind
//	....            up to twelve words, and clauses may end among them
//	^ ^^ ^^^        here begins a clause, a sentence, the text
//	$ $$ $$$        here it ends ($ also as an alternative: msg|$)
//	$?              here a question ends
//	!x              not if there is a word of such a class in the sentence
//	!!              the pattern takes its whole sentence
//
// Patterns are tried in their order. What a pattern of other or doubt takes is
// not looked at again, so what only sounds like a no stands before it.
// Where a pattern of other has taken something and none of a no has, the
// classifier makes no no of it. The names of classes mean the same in all languages,
// which the classifier goes by: a class of one language alone has a name of its own.
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
	isLeaning  // a no beside a doubt
	saysNo     // says no to a question, and nothing else
	saysNoMore // likewise, and that it was enough
	saysStop   // a word of ceasing alone, which answers whether to write on
	saysCancel // something is cancelled: that about which they were asked, or all
	saysRemove // likewise of what is removed; when nothing was asked that it answers, they mean themselves
	saysYes
	isWord   // a word or figure that a question may have offered
	keeps    // of a question: whether to write on
	leaves   // of a question: whether to be left alone
	cancels  // of a question: whether something goes on that can be cancelled
	ceases   // of a question: whether to stop something that is no message
	choices  // of a text: that there are answers to choose from
	business // of who goes on with it: there is no doubt then
)

var kinds = map[string]kind{
	"other": isOther, "doubt": isDoubt, "no": isNo, "leaning": isLeaning,
	"says no": saysNo, "says no more": saysNoMore, "says stop": saysStop, "says cancel": saysCancel, "says remove": saysRemove, "says yes": saysYes, "word": isWord, "keeps": keeps, "leaves": leaves, "offers a choice": choices, "can be cancelled": cancels, "can be stopped": ceases, "business": business,
}

type (
	// grammar is what is known of a language.
	grammar struct {
		spelling   map[string][]string
		words      node // of all lists and patterns, expressions as paths
		vocabulary map[string]bool
		near       map[string]string // a known word, by its squeezed form and by it with a letter less
		clitics    []string
		prefixes   []string
		sounds     *strings.Replacer
		sounding   map[string]string   // a known word, by its sound
		forms      map[string][]string // by the ending of the infinitive
		splits     map[string]bool
		drops      wordSet
		vocatives  wordSet
		of         wordSet
		nods       wordSet
		breaks     wordSet
		leads      wordSet
		tags       wordSet
		soft       wordSet
		rules      []rule               // of what people write
		answers    [business + 1][]rule // of bare answers, and of questions, by kind
		ids        int
		classes    map[string]wordSet
		// offers says for a word, by id, for which of the sets of words that the
		// patterns ask for it may stand: a pattern that needs one for which nothing
		// in the text may stand is not tried.
		offers []wordSet
		labels [][]uint32 // the classes of a token, by its id, for the classifier
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
		without  wordSet // may not stand in the sentence
		needs    []int   // sets of words
	}
	step struct {
		is             stepKind
		words          wordSet
		perhaps, often bool
		orEnd, asking  bool
		but            bool // any word but these
		edge           edge
		most           int
	}
	stepKind uint8
	wordSet  []uint64
	// token is a word or an expression as the patterns see it.
	token struct {
		word  string
		id    int
		edge  edge // what of the text ends here, and the token is no word then
		taken bool // a pattern has it
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
	wideGap
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
	isEdge = iota
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

func (s *wordSet) addAll(of wordSet) {
	for i, w := range of {
		for len(*s) <= i {
			*s = append(*s, 0)
		}
		(*s)[i] |= w
	}
}

// parseGrammar reads a language.
func parseGrammar(text string) (*grammar, error) {
	g := &grammar{
		spelling: make(map[string][]string), splits: make(map[string]bool), near: make(map[string]string), sounding: make(map[string]string),
		classes: make(map[string]wordSet), vocabulary: make(map[string]bool), forms: make(map[string][]string), ids: firstID,
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
	var sounds []string
	for _, l := range lines { // before all lists, which are read as texts are
		if l.section == "sounds" {
			from, to, ok := strings.Cut(l.text, "=")
			if from = strings.TrimSpace(from); !ok || from == "" {
				return nil, fmt.Errorf("line %d: no sound", l.number)
			}
			sounds = append(sounds, from, strings.TrimSpace(to))
		}
		if l.section == "spelling" {
			wrong, right, ok := strings.Cut(l.text, "=")
			if wrong = strings.TrimSpace(wrong); !ok || wrong != Fold(wrong) || strings.Contains(wrong, " ") || right == "" {
				return nil, fmt.Errorf("line %d: no spelling", l.number)
			}
			g.spelling[wrong] = strings.Fields(right)
		}
		if l.section == "forms" {
			ending, forms, ok := strings.Cut(l.text, " = ")
			if !ok || forms == "" {
				return nil, fmt.Errorf("line %d: no forms", l.number)
			}
			g.forms[ending] = strings.Fields(forms)
		}
	}
	for _, l := range lines {
		if l.section == "spelling" || l.section == "forms" || l.section == "sounds" || strings.Contains(l.section, ":") || kinds[l.section] > isLeaning {
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
			case "prefixes":
				g.prefixes = append(g.prefixes, entry)
			case "split":
				g.splits[entry] = true
			default:
				class := g.classes[l.section]
				all, err := g.inflected(entry)
				if err != nil {
					return nil, fmt.Errorf("line %d: %w", l.number, err)
				}
				for _, e := range all {
					class.add(g.id(e))
				}
				g.classes[l.section] = class
			}
		}
	}
	g.vocatives, g.of, g.nods = g.classes["vocative"], g.classes["of"], g.classes["nod"]
	g.drops, g.breaks, g.leads, g.tags, g.soft = g.classes["drop"], g.classes["break"], g.classes["lead"], g.classes["tag"], g.classes["soft"]
	for _, l := range lines {
		name, family, ok := strings.Cut(l.section, ": ")
		k, isKind := kinds[name]
		if !isKind || !ok && k <= isLeaning {
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
			if class, ok := strings.CutPrefix(s, "!"); ok {
				words, isClass := g.classes[class]
				if !isClass {
					return nil, fmt.Errorf("line %d: no class of words is called %q", l.number, class)
				}
				r.without.addAll(words)
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
		if k <= isLeaning {
			g.rules = append(g.rules, r)
		} else {
			g.answers[k] = append(g.answers[k], r)
		}
	}
	g.sounds = strings.NewReplacer(sounds...)
	g.findNear()
	g.findNeeds()
	g.label()
	return g, nil
}

// inflected is an entry of a list: if its first word ends in ~, in all forms of
// that verb.
func (g *grammar) inflected(entry string) ([]string, error) {
	verb, rest, isVerb := strings.Cut(entry, "~")
	if !isVerb {
		return []string{entry}, nil
	}
	for i := range verb { // the longest ending decides
		forms, ok := g.forms[verb[i:]]
		if !ok {
			continue
		}
		all := make([]string, len(forms))
		for k, f := range forms {
			all[k] = verb[:i] + f + rest
		}
		return all, nil
	}
	return nil, fmt.Errorf("no forms of %q", verb)
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
	case "....":
		return step{is: wideGap, most: 12}, nil
	case "^", "^^", "^^^":
		return step{is: begins, edge: edge(len(s))}, nil
	case "$?":
		return step{is: ends, edge: sentenceEdge, asking: true}, nil
	case "$", "$$", "$$$":
		return step{is: ends, edge: edge(len(s))}, nil
	}
	var out step
	s, out.perhaps = strings.CutSuffix(s, "?")
	s, out.often = strings.CutSuffix(s, "*")
	s, out.but = strings.CutPrefix(s, "-")
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
			out.words.addAll(class)
		default:
			return step{}, fmt.Errorf("no class of words is called %q", part)
		}
	}
	return out, nil
}

// findNeeds numbers the sets of words that patterns cannot do without.
func (g *grammar) findNeeds() {
	numbers, name := make(map[string]int), []byte(nil)
	g.offers = make([]wordSet, g.ids)
	need := func(r *rule) {
		for _, s := range r.steps {
			if s.is != aWord || s.perhaps || s.often || s.orEnd || s.but {
				continue
			}
			name = name[:0]
			for _, set := range s.words {
				name = binary.LittleEndian.AppendUint64(name, set)
			}
			n, ok := numbers[string(name)]
			if !ok {
				n = len(numbers)
				numbers[string(name)] = n
				for i, set := range s.words {
					for ; set != 0; set &= set - 1 {
						g.offers[i<<6+bits.TrailingZeros64(set)].add(n)
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
		if sound := g.sound(w); g.sounding[sound] == "" {
			g.sounding[sound] = w
		}
	}
	for _, w := range slices.Sorted(maps.Keys(g.spelling)) {
		if sound := g.sound(w); len(w) > 3 && g.sounding[sound] == "" {
			g.sounding[sound] = w
		}
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
