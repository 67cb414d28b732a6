package campaign

import (
	"strings"
	"unicode/utf8"

	"recado/campaign/reason"
)

// TextMost is how long a message may be: WhatsApp takes no more. It counts
// characters as code points, so a letter is one and an emoji one or more.
const TextMost = 65_536

// CaptionMost is how long what stands below an attachment may be, counted
// likewise. It is what WhatsApp documents for its business platform and what
// its own clients let people type; what becomes of a longer one is not known.
const CaptionMost = 1_024

// Lines returns s with one kind of line end, \n. Windows ends a line with
// \r\n, a terminal that pastes with \r, and word processors know more.
func Lines(s string) string {
	if strings.ContainsAny(s, otherEnds) {
		return lineEnds.Replace(s)
	}
	return s
}

// otherEnds are the line ends that are not \n.
const otherEnds = "\r\v\f\u0085\u2028\u2029"

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// Text is s as it is kept and sent: with one kind of line end, and without
// empty lines at its end.
func Text(s string) string {
	s = Lines(s)
	kept := len(strings.TrimRight(s, " \t\n"))
	if end := strings.IndexByte(s[kept:], '\n'); end >= 0 {
		return s[:kept+end]
	}
	return s
}

// TooLongError says that a text is longer than WhatsApp takes.
type TooLongError struct {
	Count int // of its characters
	Most  int // that WhatsApp takes
}

// Error has the count and the limit.
func (e *TooLongError) Error() string { return e.Unwrap().Error() }

// Unwrap returns the reason.
func (e *TooLongError) Unwrap() error { return reason.New(reason.TextLong, e.Count, e.Most) }

// CheckLength is a *TooLongError if WhatsApp would not take the text.
func CheckLength(text string) error { return checkLength(text, TextMost) }

func checkLength(text string, most int) error {
	if len(text) <= most { // bytes: no fewer than characters
		return nil
	}
	if n := utf8.RuneCountInString(text); n > most {
		return &TooLongError{n, most}
	}
	return nil
}

// TextMost is how long the text of the campaign may be: it is a caption if
// there is something above it, and a question if there are options below.
func (c *Campaign) TextMost() int {
	if len(c.Poll) > 0 {
		return QuestionMost
	}
	if c.Attachment != nil && c.Attachment.Captioned() {
		return CaptionMost
	}
	return TextMost
}

// CheckText is a *TooLongError if WhatsApp would not take the text in that
// campaign.
func (c *Campaign) CheckText(text string) error { return checkLength(text, c.TextMost()) }

// Typed is what counts of a text of the campaign, as it is typed, for its length. Of
// the question of a poll, which is short, fields do not: what is filled in for them does,
// for each person.
func (c *Campaign) Typed(text string) string {
	if len(c.Poll) == 0 {
		return text
	}
	t, err := ParseTemplate(text)
	if err != nil {
		return text
	}
	var plain strings.Builder
	for _, p := range t.parts {
		if p.field == "" {
			plain.WriteString(p.text)
		}
	}
	return Text(plain.String())
}
