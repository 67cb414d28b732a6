package people

import (
	"errors"
	"slices"
	"time"

	"recado/campaign/reason"
)

// Filter chooses people by one line:
//
//	ana  "ana prado"        the beginning of words in the name, a tag or the email; *ana anywhere
//	98765-4321  +5511       part of a phone, or its beginning; a whole one however it is written
//	nome:ana  name:ana      in the name
//	fone:+5511  phone:9876  the phone begins with, or contains
//	tag:vip  lista:clientes list:clientes   the whole tag or list; vip* begins with; * any
//	rotulo:pago  label:*    a label of WhatsApp Business, which is a tag as well
//	veio:link  came:ad  veio:"feira 2026"   by a link of ours, from an ad; sim, nao; or which, by whole words
//	cidade:"São Paulo"      whole words of any field; cidade:=Recife exactly; cidade:rec* cidade:* filled in
//	saldo:>1.234,56  nascimento:<=31/12/1990    a number or a date; idade:18..59 or "entre 18 e 59" both included
//	campo:"opt-out":sim  field:…   a field that is called like a key
//	conexao:loja  connection:loja   known to that number of ours
//	consent:sim  consent:"feira 2026"   agreed to be written to; nao: did not; or where, by whole words
//	optout:sim  whatsapp:nao        sim, nao; optout also duvida; whatsapp also ? (not known)
//	visto:<30d  seen:>2w    the last message from them; also nunca (never), or a date: visto:>01/06/2026
//	enviado:<7d  sent:<12h  the last campaign message to them
//	criado:<1d  created:<1d in the book since
//	recebeu:12  leu:12  respondeu:12    who got, read or answered campaign 12; leu:-12 who got it and did not
//
// Terms side by side, or with "e", "and" or & between them, must all hold; "ou", "or" or | between
// them: either; a minus, an exclamation mark or NOT before one: not; parentheses as usual. Instead of
// key:=value there may be key=value, and != for not. Case and accents never matter.
// The zero Filter matches everybody. A Filter may be used from any goroutine.
type Filter struct {
	source string
	root   Term // nil: everybody
	named  named
}

// named is what a filter names that has to be in the book.
type named struct {
	lists, fields, campaigns []Named
}

// Named is a list, a field or a campaign that a filter names.
type Named struct {
	Name   string // as it is typed
	Offset int    // in bytes, where in the line it is
}

// AnyList stands for whatever list there is, in a filter.
const AnyList = "*"

// FilterEnv is what a filter needs to know beside the person.
type FilterEnv struct {
	Now        time.Time
	NumberName func(NumberID) string // what the user calls a number of ours; nil: conexao matches nobody
	// Reached is how far a campaign, by its number, got with a person; nil: it
	// did not reach them.
	Reached func(campaign uint64, who ContactID) Reached
}

// Reached is how far a campaign got with a person.
type Reached uint8

// The steps, each of which holds the ones before.
const (
	NotReached Reached = iota
	ReachedSent
	ReachedPhone
	ReachedEyes
	ReachedAnswer
)

// FilterError is a mistake in a filter.
type FilterError struct {
	Offset int           // in bytes, where in the line it is
	Reason reason.Reason // what it is
}

// Error is the reason without the place.
func (e *FilterError) Error() string { return e.Reason.Error() }

// Unwrap returns the reason.
func (e *FilterError) Unwrap() error { return e.Reason }

// Match reports whether the filter chooses a person.
func (f Filter) Match(c *Contact, env FilterEnv) bool { return f.root == nil || f.root.Match(c, env) }

// Root is the filter as a tree; nil is everybody.
func (f Filter) Root() Term { return f.root }

// String is the line as it was parsed.
func (f Filter) String() string { return f.source }

// Lists are the lists that the filter names.
func (f Filter) Lists() []Named { return f.named.lists }

// Fields are the fields that it names.
func (f Filter) Fields() []Named { return f.named.fields }

// Campaigns are the campaigns that it names, by their numbers.
func (f Filter) Campaigns() []Named { return f.named.campaigns }

// Expand puts filters in place of the lists that stand for them: list says which that is
// by the name of the list, and whether there is one. What they name in turn counts as
// named where the list is. Deeper than ten lists within each other is an error: they would
// contain themselves.
func (f Filter) Expand(list func(name string) (Filter, bool, error)) (Filter, error) {
	return f.expand(list, 10)
}

func (f Filter) expand(list func(string) (Filter, bool, error), depth int) (Filter, error) {
	out := Filter{source: f.source, root: f.root, named: named{fields: f.named.fields, campaigns: f.named.campaigns}}
	live := make(map[string]Term)
	for _, l := range f.named.lists {
		inner, ok, err := list(l.Name)
		if err == nil && ok && depth == 0 {
			err = &FilterError{Reason: reason.New(reason.FilterListItself, l.Name)}
		}
		if err == nil && ok {
			inner, err = inner.expand(list, depth-1)
		}
		if wrong := (*FilterError)(nil); errors.As(err, &wrong) {
			err = &FilterError{Offset: l.Offset, Reason: wrong.Reason}
		}
		if err != nil {
			return out, err
		}
		if !ok {
			out.named.lists = append(out.named.lists, l)
			continue
		}
		if live[l.Name] = inner.root; inner.root == nil {
			live[l.Name] = All{}
		}
		moved := func(all []Named) (here []Named) {
			for _, n := range all {
				here = append(here, Named{n.Name, l.Offset})
			}
			return here
		}
		out.named.lists = append(out.named.lists, moved(inner.named.lists)...)
		out.named.fields = append(slices.Clip(out.named.fields), moved(inner.named.fields)...)
		out.named.campaigns = append(slices.Clip(out.named.campaigns), moved(inner.named.campaigns)...)
	}
	if len(live) > 0 {
		out.root = expanded(f.root, live)
	}
	return out, nil
}

// expanded is a term with others in place of lists.
func expanded(t Term, live map[string]Term) Term {
	each := func(terms []Term) []Term {
		all := make([]Term, len(terms))
		for i, t := range terms {
			all[i] = expanded(t, live)
		}
		return all
	}
	switch t := t.(type) {
	case All:
		return All(each(t))
	case Any:
		return Any(each(t))
	case Not:
		return Not{expanded(t.Term, live)}
	case ListTerm:
		if term, ok := live[t.Typed]; ok && !t.Any {
			return term
		}
	}
	return t
}

// Term is a part of a filter: [All], [Any] or [Not] of others, or one of the
// terms of filterterms.go.
type Term interface {
	Match(*Contact, FilterEnv) bool
}

type (
	// All holds if all of its terms do.
	All []Term
	// Any holds if one of its terms does.
	Any []Term
	// Not holds if its term does not.
	Not struct{ Term }
)

func (all All) Match(c *Contact, env FilterEnv) bool {
	for _, t := range all {
		if !t.Match(c, env) {
			return false
		}
	}
	return true
}

func (some Any) Match(c *Contact, env FilterEnv) bool {
	for _, t := range some {
		if t.Match(c, env) {
			return true
		}
	}
	return false
}

func (n Not) Match(c *Contact, env FilterEnv) bool { return !n.Term.Match(c, env) }
