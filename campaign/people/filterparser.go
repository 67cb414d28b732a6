package people

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"recado/campaign/reason"
)

// ParseFilter reads a line. The error is a *FilterError.
func ParseFilter(s string) (Filter, error) {
	p := filterParser{text: s}
	root, err := p.either(0)
	if err == nil && p.at < len(s) {
		err = p.mistake(p.at, reason.FilterNoOpening)
	}
	if err != nil {
		return Filter{}, err
	}
	return Filter{source: s, root: root, named: p.named}, nil
}

// filterParser reads a line from left to right.
type filterParser struct {
	text  string
	at    int
	named named
}

// deepest is how far parentheses and minuses may be nested.
const deepest = 100

func (p *filterParser) mistake(at int, code reason.Code) error {
	return &FilterError{at, reason.New(code)}
}

// rest is what has not been read.
func (p *filterParser) rest() string { return p.text[p.at:] }

// spaces passes over spaces and invisible marks.
func (p *filterParser) spaces() {
	rest := strings.TrimLeftFunc(p.rest(), func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	p.at = len(p.text) - len(rest)
}

// peek is the next byte, 0 at the end.
func (p *filterParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// ended reports whether nothing follows in this group.
func (p *filterParser) ended() bool {
	p.spaces()
	return p.at == len(p.text) || p.peek() == ')'
}

// either reads alternatives up to the end or a closing parenthesis. Nil
// matches everybody: there was nothing.
func (p *filterParser) either(depth int) (Term, error) {
	var alternatives Any
	before := p.at // where the last or stands
	for {
		n, or, err := p.all(depth)
		if err != nil {
			return nil, err
		}
		if n == nil && len(alternatives) > 0 {
			return nil, p.mistake(before, reason.FilterNothingAfter)
		}
		alternatives = append(alternatives, n)
		if or == "" {
			break
		}
		before = p.at - len(or)
	}
	if len(alternatives) == 1 {
		return alternatives[0], nil
	}
	return alternatives, nil
}

// all reads terms side by side. Or is the word at which they end, if they end
// at one.
func (p *filterParser) all(depth int) (n Term, or string, err error) {
	var terms All
	for !p.ended() {
		if len(terms) > 0 { // with nothing before it, it is a word like any other: somebody is typing a name
			word := p.bare()
			if isOr(word) {
				p.at += len(word)
				or = word
				break
			}
			if isAnd(word) {
				at := p.at
				if p.at += len(word); !p.ended() {
					continue
				}
				if !isLetters(word) || word == "AND" {
					return nil, "", p.mistake(at, reason.FilterNothingAfter)
				}
				p.at = at
			}
		}
		if p.bare() != "" && strings.Trim(p.bare(), ",;") == "" {
			p.at += len(p.bare())
			continue
		}
		term, err := p.term(depth)
		if err != nil {
			return nil, "", err
		}
		terms = append(terms, term)
	}
	switch len(terms) {
	case 0:
		return nil, or, nil
	case 1:
		return terms[0], or, nil
	}
	return terms, or, nil
}

// isOr, isAnd and isNot say which words stand for what. In small letters "o" and
// "y" are words of names, and so is "no".
func isOr(word string) bool {
	switch strings.ToLower(word) {
	case "ou", "or", "|", "||":
		return true
	}
	return word == "O"
}

func isAnd(word string) bool {
	switch strings.ToLower(word) {
	case "e", "and", "&", "&&":
		return true
	}
	return word == "Y"
}

func isNot(word string) (is, loud bool) {
	switch strings.ToLower(word) {
	case "not", "não", "nao":
		return true, word == strings.ToUpper(word)
	}
	return word == "NO", word == "NO"
}

func isLetters(word string) bool {
	return strings.IndexFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }) < 0
}

// isQuote reports whether a rune begins or ends a phrase, as it is typed or as
// a phone or a word processor makes it.
func isQuote(r rune) bool { return strings.ContainsRune("\"“”„‟«»", r) }

// isMinus reports whether a rune is a minus, as it is typed or as a phone or a word
// processor makes it.
func isMinus(r rune) bool { return strings.ContainsRune("-–—−", r) }

// bare is the text from here to the next space, parenthesis or quote.
func (p *filterParser) bare() string {
	end := strings.IndexFunc(p.rest(), func(r rune) bool { return unicode.IsSpace(r) || r == '(' || r == ')' || isQuote(r) })
	if end < 0 {
		return p.rest()
	}
	return p.rest()[:end]
}

// term reads one term, with what stands before it for not.
func (p *filterParser) term(depth int) (Term, error) {
	start := p.at
	if depth > deepest {
		return nil, p.mistake(start, reason.FilterTooDeep)
	}
	if first, size := utf8.DecodeRuneInString(p.rest()); isMinus(first) || first == '!' {
		p.at += size
		if next, _ := utf8.DecodeRuneInString(p.rest()); p.at == len(p.text) || unicode.IsSpace(next) || strings.ContainsRune(")!", next) || isMinus(next) {
			return nil, p.mistake(start, reason.FilterNothingAfter)
		}
		return p.negated(depth)
	}
	if word := p.bare(); p.negates(word) {
		p.at += len(word)
		p.spaces()
		return p.negated(depth)
	}
	if phone, n := p.phone(); n > 0 {
		p.at += n
		return phone, nil
	}
	if phone, ok := pastedTerm(p.bare()); ok {
		p.at += len(p.bare())
		return phone, nil
	}
	if p.peek() == '(' {
		return p.group(depth + 1)
	}
	key, op := p.key()
	if key == "" {
		if p.operator() != "" {
			return nil, p.mistake(start, reason.FilterNoKey)
		}
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		if p.at == start+len(value) { // no phrase
			value = strings.TrimRight(value, ",;")
		}
		if Fold(strings.Trim(value, "*")) == "" {
			return nil, p.mistake(start, reason.FilterNothing)
		}
		return wordTerm(value), nil
	}
	return p.keyed(start, key, op)
}

func (p *filterParser) negated(depth int) (Term, error) {
	n, err := p.term(depth + 1)
	if err != nil {
		return nil, err
	}
	return Not{n}, nil
}

// negates reports whether a word from here says not of what follows. In small
// letters it does so of what cannot be a name.
func (p *filterParser) negates(word string) bool {
	is, loud := isNot(word)
	if !is {
		return false
	}
	after := filterParser{text: p.text, at: p.at + len(word)}
	if after.ended() {
		return false
	}
	_, link := pastedTerm(after.bare())
	key, _ := after.key()
	return loud || link || key != "" || after.peek() == '('
}

// keyed reads what stands behind a key.
func (p *filterParser) keyed(start int, key string, op Operator) (Term, error) {
	if fieldKeys[Fold(key)] { // campo:"opt-out":sim
		var err error
		if start, key, op, err = p.field(start); err != nil {
			return nil, err
		}
		if op == "" {
			p.named.fields = append(p.named.fields, Named{key, start})
			return fieldTerm(key, query{"*", OpHas, start})
		}
	} else if term, ok := filterKeys[Fold(key)]; ok {
		q, err := p.query(start, op)
		if err != nil {
			return nil, err
		}
		return q.finish(p.between(q, func(q query) (Term, error) { return term(p, q) }))
	}
	q, err := p.query(start, op)
	if err != nil {
		return nil, err
	}
	p.named.fields = append(p.named.fields, Named{key, start})
	return q.finish(p.between(q, func(q query) (Term, error) { return fieldTerm(key, q) }))
}

// field reads the name of a field behind the key for one, and what is asked of
// it; op is empty if nothing is.
func (p *filterParser) field(start int) (at int, name string, op Operator, err error) {
	at = p.at
	if name, op = p.key(); name == "" {
		if name, err = p.value(); err != nil {
			return at, "", "", err
		}
		op = p.operator()
	}
	if FieldKey(name) == "" {
		return at, "", "", p.mistake(start, reason.FilterNothingAfter)
	}
	return at, name, op, nil
}

// query reads the value that is asked of a key.
func (p *filterParser) query(start int, op Operator) (query, error) {
	q := query{op: op, at: p.at}
	var err error
	if q.value, err = p.value(); err == nil && q.value == "" {
		err = p.mistake(start, reason.FilterNothingAfter)
	}
	return q, err
}

// key reads a key with its operator; empty if there is none here. It begins
// with a letter, so that 10:30 is a word.
func (p *filterParser) key() (key string, op Operator) {
	n := strings.IndexFunc(p.rest(), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) && !unicode.IsDigit(r) && r != '_' && r != '-' && r != '.'
	})
	if n <= 0 {
		return "", ""
	}
	if first, _ := utf8.DecodeRuneInString(p.rest()); !unicode.IsLetter(first) {
		return "", ""
	}
	key = p.rest()[:n]
	p.at += n
	if op = p.operator(); op == "" || op == OpHas && strings.HasPrefix(p.rest(), "//") { // the colon of a link
		p.at -= n + len(op)
		return "", ""
	}
	return key, op
}

// Operator is how a key asks for its value.
type Operator string

// The operators.
const (
	OpHas     Operator = ":"
	OpIs      Operator = "="
	OpIsNot   Operator = "!="
	OpLess    Operator = "<"
	OpAtMost  Operator = "<="
	OpMore    Operator = ">"
	OpAtLeast Operator = ">="
)

// operators are the signs of the operators; what begins like another one stands
// before it.
var operators = [...]struct {
	sign string
	op   Operator
}{
	{"!=", OpIsNot}, {"<>", OpIsNot}, {"≠", OpIsNot}, {"<=", OpAtMost}, {"=<", OpAtMost}, {"≤", OpAtMost},
	{">=", OpAtLeast}, {"=>", OpAtLeast}, {"≥", OpAtLeast}, {"==", OpIs}, {"=", OpIs}, {"<", OpLess}, {">", OpMore},
}

// operator reads an operator, with or without the colon before it; empty if
// there is none.
func (p *filterParser) operator() Operator {
	colon := p.peek() == ':'
	if colon {
		p.at++
	}
	for _, o := range operators {
		if strings.HasPrefix(p.rest(), o.sign) {
			p.at += len(o.sign)
			return o.op
		}
	}
	if colon {
		return OpHas
	}
	return ""
}

// group reads what is in parentheses.
func (p *filterParser) group(depth int) (Term, error) {
	start := p.at
	if depth > deepest {
		return nil, p.mistake(start, reason.FilterTooDeep)
	}
	p.at++
	n, err := p.either(depth)
	switch {
	case err != nil:
		return nil, err
	case p.peek() != ')':
		return nil, p.mistake(start, reason.FilterNoClosing)
	case n == nil:
		return nil, p.mistake(start, reason.FilterEmptyGroup)
	}
	p.at++
	return n, nil
}

// value reads a word, or a phrase in quotes.
func (p *filterParser) value() (string, error) {
	first, size := utf8.DecodeRuneInString(p.rest())
	if phrase := p.apostrophes(); phrase != "" {
		p.at += len(phrase)
		_, last := utf8.DecodeLastRuneInString(phrase)
		return phrase[size : len(phrase)-last], nil
	}
	if !isQuote(first) {
		word := p.bare()
		p.at += len(word)
		return word, nil
	}
	start := p.at
	p.at += size
	end := strings.IndexFunc(p.rest(), isQuote)
	if end < 0 {
		return "", p.mistake(start, reason.FilterNoQuote)
	}
	phrase := p.rest()[:end]
	_, size = utf8.DecodeRuneInString(p.rest()[end:])
	p.at += end + size
	return phrase, nil
}

// longestPhrase is how far the end of a phrase in apostrophes is looked for, in bytes.
const longestPhrase = 200

// apostrophes is a phrase from here between two of them, which also stand within words:
// the first one at which a word ends is its end. Empty if there is none.
func (p *filterParser) apostrophes() string {
	isOne := func(r rune) bool { return strings.ContainsRune("'‘’", r) }
	for i, r := range p.rest() {
		switch {
		case i == 0 && !isOne(r) || i > longestPhrase:
			return ""
		case i > 0 && isOne(r):
			end := i + utf8.RuneLen(r)
			if next, _ := utf8.DecodeRuneInString(p.rest()[end:]); end == len(p.rest()) || unicode.IsSpace(next) || next == ')' {
				return p.rest()[:end]
			}
		}
	}
	return ""
}

// phone reads a whole phone, as it may be pasted: with spaces, parentheses and
// marks. n is 0 if there is none here.
func (p *filterParser) phone() (n Term, size int) {
	rest := p.rest()
	end := strings.IndexFunc(rest, func(r rune) bool { return !isDigit(r) && !strings.ContainsRune("+().", r) && !phoneGap(r) })
	if end < 0 {
		end = len(rest)
	}
	run := strings.TrimRightFunc(rest[:end], func(r rune) bool { return !isDigit(r) })
	if glued := end < len(rest) && len(run) == end; glued || strings.Count(run, "(") != strings.Count(run, ")") {
		return nil, 0
	}
	phone, err := ParsePhone(run)
	if err != nil {
		return nil, 0
	}
	return PhoneTerm{Typed: run, Former: true, Parts: []PhonePart{
		{phone.Digits(), true},
		{onlyDigits(run), false}, // of a country of which nothing is said
	}}, len(run)
}

// pastedBegins is how a link begins in which there may be a phone, and what an
// address of WhatsApp is.
var pastedBegins = later(`(?i)^(?:(?:https?|whatsapp):/|(?:www\.|api\.|web\.)?(?:wa\.me|whatsapp\.com|t\.me)/|\d{5,20}(?:[:._]\d{1,5}){0,2}@(?:c\.us|s\.whatsapp\.net)$)`)

// pastedTerm is the phone in a link or an address of WhatsApp, as an import
// reads it; not ok if the word is none, or has none.
func pastedTerm(word string) (t PhoneTerm, ok bool) {
	if !pastedBegins().MatchString(word) {
		return PhoneTerm{}, false
	}
	var reader phoneReader
	reader.links(word)
	t = PhoneTerm{Typed: word, Former: true}
	for _, phone := range reader.found {
		t.Parts = append(t.Parts, PhonePart{phone.Digits(), true})
	}
	return t, len(t.Parts) > 0
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// phoneGap reports whether a rune stands between the digits of a phone and says
// nothing: spaces, dashes and invisible marks.
func phoneGap(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Cf, r)
}
