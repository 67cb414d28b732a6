package words

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"recado/campaign/reason"
)

// Reason says a reason: its text is in the catalogue under "reason_" and the
// code. Texts from outside in it are in quotes. A code that has no text is that
// of an old record, and says itself.
func (w *Words) Reason(r reason.Reason) string {
	id := reasonID(r.Code)
	if !w.Has(id) {
		return string(r.Code)
	}
	if len(r.Args) == 0 {
		return w.T(id)
	}
	if r.Code == reason.Several {
		var all []string
		for _, one := range r.Args {
			if one, ok := one.(reason.Reason); ok {
				all = append(all, w.Reason(one))
			}
		}
		return w.T(id, "A", strings.Join(all, " · "))
	}
	args := make([]any, 0, 2*len(r.Args))
	for i, arg := range r.Args {
		switch a := arg.(type) {
		case string:
			arg = strconv.Quote(a)
		case []string:
			arg = reason.QuoteAll(a)
		case reason.Plain:
			arg = string(a)
		case int:
			arg = w.Number(a)
		case time.Duration:
			arg = w.Duration(a)
		case time.Time:
			arg = w.Minute(a)
		case reason.Reason:
			arg = w.Reason(a)
		default:
			arg = fmt.Sprint(a)
		}
		args = append(args, string(rune('A'+i)), arg)
	}
	return w.T(id, args...)
}

// Code says a reason that has no arguments.
func (w *Words) Code(code reason.Code) string { return w.Reason(reason.New(code)) }

// Error says what an error means to a person, see [reason.Of].
func (w *Words) Error(err error) string { return w.Reason(reason.Of(err)) }

// Known reports whether a code is one of those that have words.
func Known(code reason.Code) bool { return For("en").Has(reasonID(code)) }

// reasonID is where the text of a code is in the catalogue.
func reasonID(code reason.Code) string { return "reason_" + string(code) }

// English says a reason to programs: what they got before there were codes.
func English(r reason.Reason) string {
	if r.IsZero() {
		return ""
	}
	return For("en").Reason(r)
}
