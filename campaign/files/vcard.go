package files

import (
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// The limits of a card. What is longer, a picture above all, is passed over.
const (
	maxProperty   = 64 << 10 // bytes of a property that is kept
	maxProperties = 1000     // properties of a card
)

// property is one of a card: `item1.TEL;TYPE=cell:+55 11 98765-4321`.
type property struct {
	group, name string   // upper case
	params      []string // as they stand: "TYPE=cell", and "CELL" of the oldest cards
	value       string   // decoded; its escapes stand
	text        string   // as it stood
}

// cards reads vCards, of version 2.1, 3.0 and 4.0, also as phones that do not
// keep to them write them.
func (r *reader) cards(lines *lineReader) error {
	reader := cardReader{lines: lines}
	depth, start := 0, 0
	agent := false // the line before says that a card of somebody else follows
	var card []property
	for {
		p, line, err := reader.next()
		if err == io.EOF {
			if depth > 0 {
				return r.card(card, start)
			}
			return nil
		} else if err != nil {
			return err
		}
		value := strings.ToUpper(strings.TrimSpace(p.value))
		within := agent
		agent = p.name == "AGENT" && value == "" || p.name == "" && agent
		begins, ends := p.name == "BEGIN" && value == "VCARD", false
		if p.name == "END" {
			// Files that were joined may have the next one in the same line.
			rest, ok := strings.CutPrefix(value, "VCARD")
			rest = strings.Trim(rest, "\ufeff\x1a ")
			begins = ok && rest == "BEGIN:VCARD"
			ends = ok && rest == "" || begins
		}
		if ends && depth > 0 {
			if depth--; depth == 0 {
				if err := r.card(card, start); err != nil {
					return err
				}
			}
		}
		switch {
		case begins:
			if depth > 0 && !within { // the one before was not closed
				if len(card) > 0 {
					if err := r.card(card, start); err != nil {
						return err
					}
				}
				depth = 0
			}
			if depth++; depth == 1 {
				card, start = nil, line
			}
		case ends:
		case depth == 1 && p.name != "" && len(card) < maxProperties:
			card = append(card, p)
		case depth > 8:
			depth = 1
		}
	}
}

// cardReader reads properties, each of one line or more.
type cardReader struct{ lines *lineReader }

// next reads a property: a line, those that are folded behind it, and of
// quoted-printable those that follow a soft break. One that is too long has
// no name.
func (c *cardReader) next() (p property, number int, err error) {
	l, err := c.lines.next()
	if err != nil {
		return p, 0, err
	}
	number = l.number
	long := l.fault != nil
	text := strings.TrimRight(l.text, "\r\n")
	head, _, _ := strings.Cut(text, ":")
	quoted := strings.Contains(strings.ToUpper(head), "QUOTED-PRINTABLE")
	var whole strings.Builder
	whole.WriteString(text[:min(len(text), maxProperty)])
	long = long || len(text) > maxProperty
	for {
		soft := quoted && strings.HasSuffix(text, "=")
		l, err := c.lines.peek(0)
		if err == io.EOF {
			break
		} else if err != nil {
			return p, 0, err
		}
		folded := strings.HasPrefix(l.text, " ") || strings.HasPrefix(l.text, "\t")
		if !soft && !folded {
			break
		}
		c.lines.next()
		text = strings.TrimRight(l.text, "\r\n")
		if long = long || l.fault != nil || whole.Len()+len(text) > maxProperty; long {
			continue
		}
		switch {
		case soft:
			whole.WriteByte('\n') // behind its "=": a soft break
			whole.WriteString(strings.TrimLeft(text, "\t"))
		case quoted:
			whole.WriteString(text[1:])
		default:
			whole.WriteString(text[1:])
		}
	}
	if long {
		return p, number, nil
	}
	return newProperty(whole.String()), number, nil
}

// newProperty takes a property apart and decodes it. One that is none has no
// name.
func newProperty(text string) (p property) {
	quoted := false
	colon := strings.IndexFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ':' && !quoted
	})
	if colon < 0 {
		return p
	}
	p.text = text
	p.params = strings.Split(text[:colon], ";")
	p.name = strings.ToUpper(strings.TrimSpace(p.params[0]))
	p.params = p.params[1:]
	if group, name, ok := strings.Cut(p.name, "."); ok {
		p.group, p.name = group, name
	}
	p.value = text[colon+1:]
	switch encoding := strings.ToUpper(p.param("ENCODING")); {
	case encoding == "QUOTED-PRINTABLE", p.bare("QUOTED-PRINTABLE"):
		raw, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(p.value)))
		if err == nil || len(raw) > 0 {
			p.value = string(raw)
		}
	case encoding == "B", encoding == "BASE64", p.bare("BASE64"):
		if raw, err := base64.StdEncoding.DecodeString(p.value); err == nil && utf8.Valid(raw) {
			p.value = string(raw)
		}
	}
	if charset := strings.ToUpper(p.param("CHARSET")); !utf8.ValidString(p.value) || charset != "" && charset != "UTF-8" && !isASCII(p.value) && encodedBytes(p) {
		if !utf8.ValidString(p.value) {
			table := charmap.Windows1252
			switch charset {
			case "MACINTOSH":
				table = charmap.Macintosh
			case "IBM850", "CP850":
				table = charmap.CodePage850
			}
			if decoded, err := table.NewDecoder().String(p.value); err == nil {
				p.value = decoded
			}
		}
	}
	return p
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

func encodedBytes(p property) bool {
	return p.bare("QUOTED-PRINTABLE") || p.param("ENCODING") != ""
}

// param is the value of a parameter.
func (p property) param(name string) string {
	for _, param := range p.params {
		if key, value, ok := strings.Cut(param, "="); ok && strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.Trim(value, `" `)
		}
	}
	return ""
}

// bare reports whether a parameter stands without a name, as in the oldest
// cards.
func (p property) bare(word string) bool {
	return slices.ContainsFunc(p.params, func(param string) bool { return strings.EqualFold(strings.TrimSpace(param), word) })
}

// plain is a text of a card without its escapes.
var plain = strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\:`, ":", `\\`, `\`)

// parts takes a value apart at a separator that has no backslash before it.
func parts(value string, sep byte) (all []string) {
	start := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case sep:
			all = append(all, plain.Replace(value[start:i]))
			start = i + 1
		}
	}
	return append(all, plain.Replace(value[start:]))
}

// card makes a person of a card.
func (r *reader) card(card []property, line int) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if slices.ContainsFunc(card, func(p property) bool { return p.name == cardOwn }) {
		return r.ownCard(card, line)
	}
	d := &draft{Row: people.Row{Line: line}}
	row := record{line: line}
	var why *reason.Reason
	labels := make(map[string]string)
	for _, p := range card {
		if p.name == "X-ABLABEL" && p.group != "" {
			labels[p.group] = strings.Trim(p.value, "_$!<>")
		}
	}
	var name, parts4, nick, company string
	phones := 1
	for _, p := range card {
		value := r.clean(plain.Replace(p.value), line)
		if value == "" {
			continue
		}
		switch p.name {
		case "FN":
			name = first(name, value)
		case "N":
			n := parts(p.value, ';')
			for len(n) < 3 {
				n = append(n, "")
			}
			parts4 = first(parts4, strings.Join(strings.Fields(r.clean(n[1], line)+" "+r.clean(n[2], line)+" "+r.clean(n[0], line)), " "))
		case "NICKNAME":
			nick = first(nick, value)
		case "ORG":
			company = first(company, r.clean(strings.Join(parts(p.value, ';'), " "), line))
		case "TEL", "X-WA-PHONE", "X-WHATSAPP":
			row.cells = append(row.cells, value)
			field := "telefone_" + strconv.Itoa(phones)
			kind := telKind(p, labels[p.group])
			if id := p.param("WAID"); id != "" {
				value = id + "@c.us"
				kind = isWhatsApp
			}
			before := len(d.phones)
			d.phone(r.options.Where, strings.TrimPrefix(value, "tel:"), field, kind)
			for i := range d.phones[before:] {
				d.phones[before+i].liked = liked(p)
			}
			phones++
		case "EMAIL":
			if d.Fields["email"] != "" {
				d.field("email_2", value)
			}
			d.field("email", value)
		case "CATEGORIES":
			if why == nil {
				d.Tags, why = addTags(d.Tags, parts(p.value, ','))
			}
		case "NOTE":
			d.field("nota", value)
		case "BDAY":
			d.field("nascimento", value)
		case "TITLE":
			d.field("cargo", value)
		case "ADR":
			adr := parts(p.value, ';')
			if len(adr) > 3 {
				d.field("cidade", r.clean(adr[3], line))
			}
			d.field("endereco", r.clean(strings.Join(slices.DeleteFunc(adr, func(s string) bool { return strings.TrimSpace(s) == "" }), ", "), line))
		case "URL":
			d.field("site", value)
		}
	}
	d.field("empresa", company)
	d.Name = first(first(first(fullName(name), fullName(parts4)), fullName(nick)), company)
	row.cells = append([]string{d.Name}, row.cells...)
	return r.put(d, row, why)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// types are what a phone of a card is said to be, each as it is written.
func (p property) types() (all []string) {
	for _, param := range p.params {
		key, value, ok := strings.Cut(param, "=")
		switch {
		case !ok:
			all = append(all, strings.TrimSpace(key))
		case strings.EqualFold(strings.TrimSpace(key), "TYPE"):
			for t := range strings.SplitSeq(strings.Trim(value, `" `), ",") {
				all = append(all, strings.Trim(t, `" `))
			}
		}
	}
	return all
}

// liked is how much a phone is preferred, to 100. Version 4.0 counts from 1, the
// others have one of a kind.
func liked(p property) int {
	if n, err := strconv.Atoi(p.param("PREF")); err == nil && n >= 1 && n <= 100 {
		return 101 - n
	}
	if slices.ContainsFunc(p.types(), func(t string) bool { return strings.EqualFold(t, "PREF") }) {
		return 100
	}
	return 0
}

// telKind is what a phone of a card is said to be.
func telKind(p property, label string) int {
	kind := isPhone
	for _, t := range append([]string{label}, p.types()...) {
		if k := labelled(t, isPhone); k == isFax || k < kind || kind == isPhone {
			kind = k
		}
		if kind == isFax {
			break
		}
	}
	return kind
}
