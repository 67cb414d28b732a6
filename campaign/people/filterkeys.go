package people

import (
	"slices"
	"strconv"
	"strings"

	"recado/campaign/reason"
)

// query is what is asked of a key.
type query struct {
	value string
	op    Operator
	at    int // where in the line the value is
}

func (q query) mistake(code reason.Code) error { return &FilterError{q.at, reason.New(code)} }

// finish turns a term round that is asked for with !=.
func (q query) finish(t Term, err error) (Term, error) {
	if err != nil {
		return nil, err
	}
	if q.op == OpIsNot {
		return Not{t}, nil
	}
	return t, nil
}

// text refuses to compare what is no number and no date.
func (q query) text() error {
	if q.op.compares() {
		return q.mistake(reason.FilterNoCompare)
	}
	return nil
}

// any reports whether it is asked only that there is something.
func (q query) any() bool { return q.value == "*" }

// term makes the term of a key.
type term func(p *filterParser, q query) (Term, error)

// filterKeys are the keys of the filter language, in every language, folded.
// Any other key is a field of the contact.
var filterKeys = map[string]term{
	"usuario": usernameTerm, "username": usernameTerm,
	"nome": nameTerm, "name": nameTerm, "nombre": nameTerm,
	"fone": phoneTerm, "telefone": phoneTerm, "celular": phoneTerm, "phone": phoneTerm, "telefono": phoneTerm,
	"tag": tagTerm, "tags": tagTerm, "etiqueta": tagTerm, "etiquetas": tagTerm,
	"rotulo": labelTerm, "label": labelTerm,
	"veio": cameTerm, "came": cameTerm, "vino": cameTerm,
	"lista": listTerm, "list": listTerm,
	"conexao": numberTerm, "connection": numberTerm, "conexion": numberTerm,
	"optout": optOutTerm, "opt-out": optOutTerm,
	"whatsapp": presenceTerm,
	"consent":  consentTerm, "consentimento": consentTerm, "consentimiento": consentTerm,
	"visto": heardTerm, "seen": heardTerm,
	"enviado": sentTerm, "sent": sentTerm,
	"criado": createdTerm, "created": createdTerm, "creado": createdTerm,
	"recebeu": reachedTerm(ReachedPhone), "received": reachedTerm(ReachedPhone), "recibio": reachedTerm(ReachedPhone),
	"leu": reachedTerm(ReachedEyes), "read": reachedTerm(ReachedEyes), "leyo": reachedTerm(ReachedEyes),
	"respondeu": reachedTerm(ReachedAnswer), "replied": reachedTerm(ReachedAnswer), "respondio": reachedTerm(ReachedAnswer),
}

// fieldKeys are the keys behind which a field is named that is called like a key.
var fieldKeys = map[string]bool{"campo": true, "field": true, "coluna": true, "column": true, "columna": true}

// KeyNames are the keys of the filter language, in every language.
func KeyNames() []string {
	names := make([]string, 0, len(filterKeys))
	for name := range filterKeys {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var (
	heardTerm   = whenTerm(Heard)
	sentTerm    = whenTerm(Sent)
	createdTerm = whenTerm(Created)
)

// wordTerm matches a word without a key.
func wordTerm(word string) Term {
	if phone, ok := pastedTerm(word); ok { // in quotes
		return phone
	}
	t := WordTerm{Typed: word, Text: wordsBegin(word), Username: wordsBegin(strings.TrimPrefix(word, "@"))}
	if digits, ok := phoneWord(word); ok {
		t.Phone = &PhoneTerm{Typed: word, Former: true, Parts: []PhonePart{{digits, strings.HasPrefix(word, "+")}}}
	}
	return t
}

// phoneWord is the digits of a word that can be part of a phone. The 0 that is
// dialled before an area code is in no phone.
func phoneWord(word string) (digits string, ok bool) {
	if strings.TrimFunc(word, func(r rune) bool { return isDigit(r) || strings.ContainsRune("+.()", r) || phoneGap(r) }) != "" {
		return "", false
	}
	digits = onlyDigits(word)
	if rest := strings.TrimLeft(digits, "0"); len(rest) >= 8 {
		digits = rest
	}
	return digits, digits != ""
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if isDigit(r) {
			return r
		}
		return -1
	}, s)
}

func nameTerm(_ *filterParser, q query) (Term, error) {
	text := wordsBegin(q.value)
	if q.op.exact() {
		text = theWhole(q.value)
	}
	return NameTerm{q.value, q.any(), text}, q.text()
}

func usernameTerm(_ *filterParser, q query) (Term, error) {
	name := strings.TrimPrefix(q.value, "@")
	text := wordsBegin(name)
	if q.op.exact() {
		text = theWhole(name)
	}
	return UsernameTerm{q.value, q.any(), text}, q.text()
}

func phoneTerm(_ *filterParser, q query) (Term, error) {
	if q.any() {
		return PhoneTerm{Typed: q.value}, q.text()
	}
	if t, ok := pastedTerm(q.value); ok {
		t.Former = false
		return t, q.text()
	}
	digits, ok := phoneWord(q.value)
	if !ok {
		return nil, q.mistake(reason.FilterWantPhone)
	}
	t := PhoneTerm{Typed: q.value, Parts: []PhonePart{{digits, strings.HasPrefix(strings.TrimSpace(q.value), "+")}}}
	if phone, err := ParsePhone(q.value); err == nil {
		t.Parts = append(t.Parts, PhonePart{phone.Digits(), true})
	}
	return t, q.text()
}

func tagTerm(_ *filterParser, q query) (Term, error) {
	tag := q.value
	if rest := strings.TrimPrefix(tag, "#"); rest != "" && !q.op.exact() {
		tag = rest // as an import takes it off
	}
	return TagTerm{tag, q.any(), theWhole(tag)}, q.text()
}

func labelTerm(_ *filterParser, q query) (Term, error) {
	return LabelTerm{q.value, q.any(), theWhole(q.value)}, q.text()
}

func cameTerm(_ *filterParser, q query) (Term, error) {
	t := CameTerm{Typed: q.value, Any: q.any(), Name: wholeWords(q.value)}
	if q.op.exact() {
		t.Name = exactly(q.value)
		return t, q.text()
	}
	switch Fold(q.value) {
	case "link":
		t.Way = ByLink
	case "anuncio", "ad":
		t.Way = ByAd
	default:
		if yes, err := q.yesNo(); err == nil {
			t.Any, t.None = yes, !yes
		}
	}
	return t, q.text()
}

func listTerm(p *filterParser, q query) (Term, error) {
	p.named.lists = append(p.named.lists, Named{q.value, q.at})
	return ListTerm{q.value, q.value == AnyList, exactly(q.value)}, q.text()
}

func numberTerm(_ *filterParser, q query) (Term, error) {
	return NumberTerm{q.value, q.any(), exactly(q.value)}, q.text()
}

func optOutTerm(_ *filterParser, q query) (Term, error) {
	switch Fold(q.value) {
	case "duvida", "doubt", "duda":
		return OptOutTerm{Doubt: true}, q.text()
	}
	out, err := q.yesNo()
	if err != nil {
		return nil, err
	}
	return OptOutTerm{Out: out}, q.text()
}

func presenceTerm(_ *filterParser, q query) (Term, error) {
	want := PresenceUnknown
	switch Fold(q.value) {
	case "?", "desconhecido", "unknown", "desconocido":
	default:
		yes, err := q.yesNo()
		if err != nil {
			return nil, err
		}
		if want = NotOnWhatsApp; yes {
			want = OnWhatsApp
		}
	}
	return PresenceTerm{want}, q.text()
}

// consentTerm matches by whether they have given consent, or where.
func consentTerm(_ *filterParser, q query) (Term, error) {
	t := ConsentTerm{Typed: q.value, Any: q.any()}
	if given, err := q.yesNo(); err == nil && !q.op.exact() {
		t.Given, t.Answer = given, true
	} else if t.Source = wholeWords(q.value); q.op.exact() {
		t.Source = exactly(q.value)
	}
	return t, q.text()
}

func (q query) yesNo() (bool, error) {
	switch Fold(q.value) {
	case "sim", "s", "yes", "y", "si":
		return true, nil
	case "nao", "n", "no":
		return false, nil
	}
	return false, q.mistake(reason.FilterWantYesNo)
}

// reachedTerm matches by how far a campaign got: to those people at least, or,
// with a minus before its number, to those whom it reached and did not get so far
// with.
func reachedTerm(least Reached) term {
	return func(p *filterParser, q query) (Term, error) {
		id, err := strconv.ParseUint(strings.TrimPrefix(q.value, "-"), 10, 64)
		if err != nil {
			return nil, q.mistake(reason.FilterWantCampaign)
		}
		p.named.campaigns = append(p.named.campaigns, Named{strconv.FormatUint(id, 10), q.at})
		return ReachedTerm{id, least, strings.HasPrefix(q.value, "-")}, q.text()
	}
}

// whenTerm matches by how long ago something was, or on which day.
func whenTerm(what Happening) term {
	return func(_ *filterParser, q query) (Term, error) {
		t := WhenTerm{What: what, Typed: q.value, Op: q.op}
		switch Fold(q.value) {
		case "nunca", "never":
			t.Never = true
			return t, nil
		case "*":
			t.Any = true
			return t, nil
		}
		var ok bool
		if t.Day, t.OnDay = parseDate(q.value); !t.OnDay {
			if t.Age, ok = parseAge(q.value); !ok {
				return nil, q.mistake(reason.FilterWantAge)
			}
		}
		return t, nil
	}
}

// fieldTerm matches a field of the contact.
func fieldTerm(name string, q query) (Term, error) {
	t := FieldTerm{Name: name, Key: FieldKey(name), Typed: q.value, Op: q.op, Any: q.any() && !q.op.compares()}
	t.number, t.isNumber = parseNumber(q.value)
	switch t.day, t.isDay = parseDate(q.value); {
	case !q.op.compares():
		t.Text = wholeWords(q.value)
		if q.op.exact() {
			t.Text = exactly(q.value)
		}
	case !t.isDay && !t.isNumber:
		return nil, q.mistake(reason.FilterWantNumber)
	}
	return t, nil
}
