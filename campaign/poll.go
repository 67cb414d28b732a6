package campaign

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// A poll is what can be relied on where there were buttons: WhatsApp shows it in
// every client. Its text is the question, rendered for each person; its options are
// the same for everybody, and one of them is chosen.

// What WhatsApp takes of a poll, in characters as [TextMost] counts them.
const (
	QuestionMost = 255
	OptionMost   = 100
	OptionsLeast = 2
	OptionsMost  = 12
)

// Option is s as an option of a poll is kept and sent: one line of what can be seen.
func Option(s string) string { return strings.Join(strings.Fields(Visible(Lines(s))), " ") }

// Options are the options of the campaign's poll, in their order, as they are sent;
// nil if it is none.
func (c *Campaign) Options() []string {
	if len(c.Poll) == 0 {
		return nil
	}
	all := make([]string, len(c.Poll))
	for i, o := range c.Poll {
		all[i] = Option(o)
	}
	return all
}

// CheckOptions says what is wrong with the options of the campaign's poll, the first
// mistake; nil if nothing is, or it is no poll.
func (c *Campaign) CheckOptions() error {
	all := c.Options()
	if n := len(all); n > 0 && (n < OptionsLeast || n > OptionsMost) {
		return reason.Err(reason.PollCount, n, OptionsLeast, OptionsMost)
	}
	for i, o := range all {
		switch n := utf8.RuneCountInString(o); {
		case o == "":
			return reason.Err(reason.PollBlank, i+1)
		case n > OptionMost:
			return reason.Err(reason.PollLong, i+1, n, OptionMost)
		case strings.ContainsAny(o, "{}"):
			return reason.Err(reason.PollField, reason.Clip(o))
		case slices.Contains(all[:i], o):
			return reason.Err(reason.PollTwice, reason.Clip(o))
		}
	}
	return nil
}

// OffersOptOut reports whether a text of the campaign tells people how to be left
// alone, or an option of its poll is taken for that wish, see [OffersOptOut].
func (c *Campaign) OffersOptOut(text string) bool {
	return OffersOptOut(text) || slices.ContainsFunc(c.Options(), func(o string) bool {
		wish, _ := people.Wants(o, text)
		return wish == people.No
	})
}

// Vote is what a person chose in a poll.
type Vote struct {
	Option uint8     // from 1; 0: they took back what they had chosen
	At     time.Time // when they did, by the clock of their phone
}

// Choose keeps a vote for one of those options in the poll that a delivery is, if it
// is the last one of the person: votes come late and twice. What it says stands
// among their answers, in place of the vote before; at is when it was heard of, as of
// any answer.
func (d *Delivery) Choose(v Vote, options []string, at time.Time) {
	if len(options) == 0 || int(v.Option) > len(options) || v.At.Before(d.Voted) {
		return
	}
	if d.Vote > 0 && d.Vote != v.Option && int(d.Vote) <= len(options) {
		lines := strings.Split(d.Answer, "\n")
		if i := slices.Index(lines, options[d.Vote-1]); i >= 0 {
			d.Answer = strings.Join(slices.Delete(lines, i, i+1), "\n")
		}
	}
	if d.Vote, d.Voted = v.Option, v.At; v.Option > 0 {
		d.Hear(options[v.Option-1], at)
	}
}
