// Package reason holds what may be said to a person: a code, and what its text
// speaks of. It has no words. They are made where they are shown, in the
// language of the person who reads them: the text of a code is in the catalogue under
// "reason_" and the code.
package reason

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Code names a reason. Codes are kept in files and printed by --json: they
// never change their meaning. One that is none of ours is the text itself, as
// it stands in an old record.
type Code string

// Reason is what is said: a code, and what its text speaks of. It is an error,
// and the zero Reason is none.
//
// An argument is a string (from outside, shown in quotes), []string (the same,
// several), Plain (shown as it is), int, time.Time, time.Duration or another
// Reason.
type Reason struct {
	Code Code
	Args []any
}

// Plain is an argument of a Reason that needs no quotes.
type Plain string

// New makes a Reason. An argument of another type that is a text or a number
// there, such as a phone or an id, becomes Plain.
func New(code Code, args ...any) Reason {
	for i, arg := range args {
		args[i] = argument(arg)
	}
	return Reason{code, args}
}

// Fault is New for those who may have none to give.
func Fault(code Code, args ...any) *Reason {
	r := New(code, args...)
	return &r
}

func argument(arg any) any {
	switch arg := arg.(type) {
	case string, []string, Plain, int, time.Time, time.Duration, Reason:
		return arg
	case *Reason:
		return *arg
	case fmt.Stringer:
		return Plain(arg.String())
	}
	switch v := reflect.ValueOf(arg); {
	case v.Kind() == reflect.String:
		return Plain(v.String())
	case v.CanInt():
		return Plain(strconv.FormatInt(v.Int(), 10))
	case v.CanUint():
		return Plain(strconv.FormatUint(v.Uint(), 10))
	}
	panic(fmt.Sprintf("reason: an argument of type %T", arg))
}

// IsZero reports whether there is nothing to say.
func (r Reason) IsZero() bool { return r.Code == "" }

// Equal reports whether both say the same of the same.
func (r Reason) Equal(o Reason) bool { return r.Text() == o.Text() }

// Error is the code and its arguments, for logs.
func (r Reason) Error() string {
	var b strings.Builder
	b.WriteString(string(r.Code))
	for _, arg := range r.Args {
		b.WriteByte(' ')
		switch arg := arg.(type) {
		case string:
			b.WriteString(strconv.Quote(Clip(arg)))
		case []string:
			b.WriteString(QuoteAll(arg))
		case time.Time:
			b.WriteString(arg.Format(time.RFC3339))
		case Reason:
			b.WriteString("(" + arg.Error() + ")")
		default:
			fmt.Fprint(&b, arg)
		}
	}
	return b.String()
}

// Kind is the code by which reasons are counted: of a phone that is none, the
// code of what is wrong with it.
func (r Reason) Kind() Code {
	if n := len(r.Args); n > 0 {
		if inner, ok := r.Args[n-1].(Reason); ok {
			return inner.Kind()
		}
	}
	return r.Code
}

// QuoteAll writes texts from outside in quotes, a comma between them: not all
// of many, and of long ones the beginning.
func QuoteAll(texts []string) string {
	quoted := make([]string, 0, min(len(texts), 20))
	for _, text := range texts[:min(len(texts), 20)] {
		quoted = append(quoted, strconv.Quote(Clip(text)))
	}
	if len(texts) > 20 {
		quoted = append(quoted, "…")
	}
	return strings.Join(quoted, ", ")
}

// Clip is what a reason repeats of a text from outside: the beginning, with an
// ellipsis if that is not all.
func Clip(s string) string {
	n := 0
	for at := range s {
		if n == 40 {
			return strings.ToValidUTF8(s[:at], "\uFFFD") + "…"
		}
		n++
	}
	return s
}
