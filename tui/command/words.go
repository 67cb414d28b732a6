package command

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session"
	"recado/store"
	"recado/store/trust"
	"recado/tui/host"
	"recado/tui/words"
)

// tongue is the language of the words that a person reads.
type tongue struct{ *words.Words }

// t returns the text id in the caller's language; see words.Words.T.
func (c *call) t(id string, args ...any) string { return c.tongue.T(id, args...) }

// n returns the text id for a count; see words.Words.N.
func (c *call) n(id string, count int, args ...any) string { return c.tongue.N(id, count, args...) }

// words writes to standard error. What comes from outside is made harmless.
func (c *call) words(format string, args ...any) {
	c.write(c.env.Stderr, clean(fmt.Sprintf(format, args...)))
}

// tell writes the text id on a line of its own to standard error.
func (c *call) tell(id string, args ...any) { c.words("%s\n", c.t(id, args...)) }

// tellN is tell with a text for a count.
func (c *call) tellN(id string, count int, args ...any) {
	c.words("%s\n", c.n(id, count, args...))
}

// because says a reason in the caller's language.
func (c *call) because(r reason.Reason) string { return c.tongue.Reason(r) }

// why says what an error means, in the caller's language.
func (c *call) why(err error) string { return c.tongue.Error(err) }

// state says how a number is.
func (c *call) state(s campaign.NumberState) string {
	return c.tongue.T("number_" + strings.ReplaceAll(s.String(), "-", "_"))
}

// reasonJSON is a reason as --json prints it: the sentence in English, and what
// it is made of for a program that makes another one.
type reasonJSON struct {
	Reason string      `json:"reason"`
	Code   reason.Code `json:"reason_code"`
	Args   []any       `json:"reason_args"`
}

func reasonObject(r reason.Reason) reasonJSON {
	return reasonJSON{words.English(r), r.Code, append([]any{}, r.Values()...)}
}

// line writes cells of plain data, separated by tabs, to standard output.
func (c *call) line(cells ...string) error {
	for i, cell := range cells {
		cells[i] = strings.Join(strings.Fields(clean(cell)), " ")
	}
	return c.print(strings.Join(cells, "\t") + "\n")
}

// object writes v as one line of JSON to standard output.
func (c *call) object(v any) error {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	return c.print(escape(b.String()))
}

// clean replaces what could drive a terminal, or turn the direction of what
// follows, by a question mark. Line ends and tabs stay.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if steers(r) {
			return '?'
		}
		return r
	}, s)
}

// escape writes the control characters that JSON allows raw as \u escapes: a
// terminal obeys some of them.
func escape(s string) string {
	if plain(s) || strings.IndexFunc(s, func(r rune) bool { return r != '\n' && steers(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r != '\n' && steers(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plain reports whether a text is of nothing but ASCII that is seen, and line ends, as most
// are.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' || c > '~') && c != '\n' {
			return false
		}
	}
	return true
}

// steers reports whether a terminal takes the rune for an order.
func steers(r rune) bool {
	switch {
	case unicode.IsControl(r):
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c:
		return true // changes of direction
	}
	return false
}

// explain gives an error its exit code and, where it is a known one, its text
// in the caller's language.
func (c *call) explain(err error) error {
	if f := (*failure)(nil); errors.As(err, &f) {
		return err
	}
	if handed := (*handedExit)(nil); errors.As(err, &handed) || errors.Is(err, host.ErrAgain) {
		return err
	}
	if refused := (*trust.Error)(nil); errors.As(err, &refused) {
		return c.distrusted(refused)
	}
	code, text := ExitFailed, ""
	damaged, other := (*store.DamagedError)(nil), (*host.VersionError)(nil)
	switch {
	case errors.As(err, &other):
		return c.fail(ExitInUse, "host_other_version", "Owner", fmt.Sprint(other.Pid))
	case errors.As(err, &damaged):
		text = c.t("file_damaged", "Path", damaged.Path, "Command", c.checkLine())
	case errors.Is(err, context.Canceled) && errors.Is(err, store.ErrGoesOn):
		return c.fail(ExitInterrupted, "interrupted_goes_on")
	case errors.Is(err, context.Canceled):
		return c.interrupted()
	case errors.Is(err, store.ErrNotFound), errors.Is(err, session.ErrNotFound):
		code = ExitNotFound
	case errors.Is(err, store.ErrExists), errors.Is(err, session.ErrLinked):
		code = ExitRefused
	case errors.Is(err, store.ErrState):
		code = ExitRefused
	case errors.Is(err, store.ErrKind):
		code, text = ExitRefused, c.t("kind_mixed")
	case errors.Is(err, store.ErrNewer):
		code, text = ExitRefused, c.t("data_newer")
	case errors.Is(err, store.ErrLocked):
		code = ExitInUse
	}
	return &failure{code: code, text: cmp.Or(text, c.why(err)), err: err}
}

// checkLine is the command that examines the data this call speaks of.
func (c *call) checkLine() string {
	if c.data == "" {
		return "recado check"
	}
	return "recado check --data " + word(c.data)
}

// point shows where in a text a mistake is.
func point(text string, offset int) string {
	offset = max(0, min(offset, len(text)))
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[offset:], '\n'); i >= 0 {
		end = offset + i
	}
	column := len([]rune(text[start:offset]))
	return text[start:end] + "\n" + strings.Repeat(" ", column) + "^"
}

// mistake turns an error of a template or a filter into one that shows the
// place.
func (c *call) mistake(what, text string, err error) error {
	var template *campaign.TemplateError
	var filter *people.FilterError
	switch {
	case errors.As(err, &template):
		return &failure{code: ExitUsage, text: what + ": " + c.because(template.Reason) + "\n" + point(text, template.Offset)}
	case errors.As(err, &filter):
		return &failure{code: ExitUsage, text: what + ": " + c.because(filter.Reason) + "\n" + point(text, filter.Offset)}
	}
	return &failure{code: ExitUsage, text: what + ": " + c.why(err)}
}
