package files

import (
	"io"
	"regexp"
	"strings"
	"sync"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// chatHeads are how WhatsApp writes a message into the text of a chat that is
// exported: the day, the hour, who wrote. On an iPhone and on Android.
var chatHeads = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:\[\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4},? \d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?: ?[AaPp]\.? ?[Mm]\.?)?\] |\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4},? \d{1,2}[:.]\d{2}(?: ?[AaPp]\.? ?[Mm]\.?)? - )(.*)`)
})

// groupNews are what WhatsApp writes into the chat of a group and into no other,
// folded.
var groupNews = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\b(?:criou|criaste|created|creo|creaste|entrou|entraste|joined|unio|uniste|uniu|adicionou|added|anadio|anadiste|agrego|agregaste|mudou|mudaste|alterou|changed|cambio|cambiaste|removeu|removed|elimino|saiu|left|salio|saliste)\b.*\b(?:grupo|group)\b|\b(?:adicionou voce|added you|te anadio|te agrego)\b`)
})

// ofGroup reports whether WhatsApp says in a line of a chat that it is a group's:
// on Android nobody is the sender of that, on an iPhone an invisible mark stands
// before it, and none behind, where a file would be called so. Where the group has
// a colon in its name, what is before it looks like a sender, with half of the quotes.
func ofGroup(text, sender string) bool {
	text = text[:min(len(text), 512)]
	if sender != "" {
		_, says, _ := strings.Cut(text, ": ")
		if news, ok := strings.CutPrefix(says, "\u200e"); ok {
			if strings.ContainsAny(news, "\u200e<") || strings.Contains(news, "omitid") || strings.Contains(news, "omitted") {
				return false
			}
			text = news
		} else if halfQuoted(sender) {
			text = sender
		} else {
			return false
		}
	}
	return groupNews().MatchString(people.Fold(strings.Map(visible, text)))
}

// halfQuoted reports whether a quote begins in a text and does not end there.
func halfQuoted(s string) bool {
	return strings.Count(s, `"`)%2 == 1 || strings.Count(s, "“") > strings.Count(s, "”") || strings.Count(s, "«") > strings.Count(s, "»")
}

// maxSender is how long the name of a sender may be, in bytes.
const maxSender = 200

// chatLine is who wrote a line of a chat, "" if WhatsApp itself did; nil if
// the line is no beginning of a message.
func chatLine(text string) *string {
	text = strings.Map(visible, text[:min(len(text), 512)])
	m := chatHeads().FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return nil
	}
	sender, _, ok := strings.Cut(m[1], ": ")
	if !ok {
		sender, ok = strings.CutSuffix(m[1], ":")
	}
	if !ok || len(sender) > maxSender {
		sender = ""
	}
	sender = strings.TrimSpace(strings.TrimPrefix(sender, "~"))
	return &sender
}

// chat reads who wrote in a chat that WhatsApp exported: whoever is not in the
// address book stands there with the phone. In the chat of a group they are
// people who have agreed to nothing: it is refused.
func (r *reader) chat(lines *lineReader) error {
	senders := make(map[string]bool)
	var rows []*draft
	for {
		l, err := lines.next()
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		sender := chatLine(l.text)
		if l.fault != nil || sender == nil {
			continue
		}
		if ofGroup(l.text, *sender) {
			return reason.New(reason.ImportGroup)
		}
		if *sender == "" || senders[*sender] {
			continue
		}
		if senders[*sender] = true; len(senders) > 2 {
			return reason.New(reason.ImportGroup)
		}
		d := &draft{Row: people.Row{Line: l.number}}
		if d.phone(r.options.Where, *sender, "", isWhatsApp); len(d.phones) > 0 {
			rows = append(rows, d)
		}
	}
	if len(rows) == 0 {
		return reason.New(reason.ImportNoSender)
	}
	for _, d := range rows {
		if err := r.put(d, record{line: d.Line}, nil); err != nil {
			return err
		}
	}
	return nil
}
