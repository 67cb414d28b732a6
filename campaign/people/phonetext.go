package people

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"recado/campaign/reason"
)

// The longest text that is searched for phones, in bytes, how many phones are
// taken out of one, and how many pieces are looked at.
const (
	phoneTextMost = 4096
	phonesMost    = 16
	piecesMost    = 64
)

// later compiles an expression when it is first needed: not every start of the
// program reads phones.
func later(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// What may stand in the text of a phone and is none of its digits.
var (
	// scientific is what a spreadsheet makes of a long number: 5,51198E+12.
	scientific = later(`^([+-]?)(\d+)(?:[.,](\d+))?[eE]\+?(-?\d+)$`)
	// decimals is what a spreadsheet, or a program that takes phones for numbers,
	// puts behind one: whatever it is, where there is nothing else, or behind a whole phone.
	decimals      = later(`^(\+?\d{8,})[.,]0{1,2}$`)
	wholeDecimals = later(`\b(\d{10,13})[.,](?:0{1,2}|0{4,10})\b`)
	// thousands is a number that was formatted as an amount.
	thousands = later(`^\+?\d{1,3}(?:(?:,\d{3}){3,4}(?:\.0{1,2})?|(?:\.\d{3}){3,4},0{1,2}|(?: \d{3}){3,4}[.,]0{1,2}|(?:'\d{3}){3,4}(?:\.0{1,2})?)$`)
	// carrier is how Brazilians write "0, the carrier of your choice".
	carrier = later(`0\s*[-.]?\s*[xX*]{2,3}\s*`)
	// noArea stands where a form wants an area code.
	noArea = later(`\(\s*[xX_]{2,3}\s*\)|\b[xX]{2}\b`)
	// extension is a number inside a company.
	extension = later(`(?i)(?:\bramal|\bram\.|\bext(?:ension|ensión|ensao|ensão)?\b|\binterno|\banexo|\br\.|\bx|#)\s*[.:=nº°]*\s*\d{1,6}\b`)
	// hours say when somebody can be called: 24h, 8h às 18h30, 08:00, 2ª a 6ª.
	hours = later(`\b\d{1,2}(?:[hH](?:\d{2})?\b|:\d{2}\b|[ªº])`)
	// link is a link of WhatsApp, or of Telegram, with a phone in it; address is an address of the
	// service itself, with or without its device.
	link    = later(`(?i)(?:wa\.me/(?:c/|p/\d+/)?|\bt\.me/\+|[?&]phone=)(?:\+|%2b|%20|\s)*(\d[\d\s().-]*)`)
	address = later(`(?i)(\d{5,20})(?:[:._]\d{1,5}){0,2}@(?:c\.us|s\.whatsapp\.net)`)
	// elsewhere is any other link, and how somebody is called elsewhere: the
	// figures in it are no phone's.
	elsewhere = later(`(?i)\b[a-z][a-z0-9+.-]*://\S*|\bwww\.\S+|\b(?:[a-z0-9-]+\.)+(?:com|net|org|me|br|link|app|ly|ee|io|co|gg|page|site|online|store|shop|loja|bio|info|biz|tv|pt|es|mx|ar|uy|py|cl|pe|us|uk|ai|to|gl|cc)/\S*|(?:^|\s)@[a-z_][\w.]*`)
	// dialling is how a link begins that calls or writes to a phone.
	dialling = later(`(?i)^(?:tel|callto|sms|smsto|mms|sip|skype|facetime|facetime-audio|fone|telefone|telefono|phone|celular|whatsapp|whats|zap)://\+?[\d(]`)
	// other is an address of the service that has no phone in it.
	other = later(`(?i)@(?:lid|g\.us|broadcast|newsletter)\b`)
	// labels are words that may stand between an area code and its number.
	labels = later(`(?i)^(?:ddd|d|area|tel|telefone|fone|phone|cel|celular|whatsapp|whats|zap|numero|número|num|nº|n|e|o|ou|or|y|and)$`)
)

// asTyped writes the signs of a link as they are typed.
var asTyped = strings.NewReplacer("%20", " ", "%2B", "+", "%2b", "+", "%28", "(", "%29", ")", "%2D", "-", "%2d", "-")

// Phones reads the phones in a text, each once, in order: whatever stands around
// and between them, such as labels, names, extensions, links and invisible
// marks. If there is none, why quotes s and says what is wrong with what comes
// nearest.
func (w Where) Phones(s string) (found []Phone, why *reason.Reason) {
	text := s
	if len(text) > phoneTextMost {
		text = text[:phoneTextMost]
	}
	found, why = w.phones(plainDigits(text))
	if why != nil {
		return nil, reason.Fault(reason.PhoneBad, reason.Clip(s), *why)
	}
	return found, nil
}

func (w Where) phones(s string) (found []Phone, why *reason.Reason) {
	if digits, international, ok := bare(s); ok {
		if phone, why := w.number(digits, international); why == nil {
			return []Phone{phone}, nil
		}
	}
	s = strings.TrimSpace(s)
	s = strings.TrimSuffix(strings.TrimPrefix(s, "="), `"`)
	s = strings.TrimSpace(strings.TrimLeft(s, `"'`))
	if !strings.ContainsFunc(s, isDigit) {
		return (&phoneReader{}).result(s)
	}
	if m := scientific().FindStringSubmatch(s); m != nil {
		whole, ok := unrounded(m[2], m[3], m[4])
		if !ok || m[1] == "-" {
			return nil, reason.Fault(reason.PhoneRounded)
		}
		s = m[1] + whole
	}
	switch {
	case other().MatchString(s):
		return nil, reason.Fault(reason.PhoneLetter, "@")
	case thousands().MatchString(s):
		if point := len(s) - 3; strings.LastIndexAny(s, ".,") >= point {
			s = s[:strings.LastIndexAny(s, ".,")]
		}
		s = strings.NewReplacer(",", "", ".", "", " ", "", "'", "").Replace(s)
	}
	if m := decimals().FindStringSubmatch(s); m != nil {
		s = m[1]
	} else if strings.Contains(s, ".0") || strings.Contains(s, ",0") {
		s = wholeDecimals().ReplaceAllString(s, "$1")
	}
	reader := phoneReader{where: w}
	if reader.links(s) {
		return reader.result(s)
	}
	typed := s
	if strings.ContainsAny(s, "/@") || strings.Contains(s, "www.") {
		s = elsewhere().ReplaceAllStringFunc(s, func(there string) string {
			if dialling().MatchString(there) {
				return there
			}
			return "|"
		})
		if !strings.ContainsFunc(s, isDigit) {
			return reader.result(typed)
		}
	}
	if strings.Contains(s, "%") {
		s = asTyped.Replace(s)
	}
	if strings.ContainsAny(s, "hHªº:") {
		s = hours().ReplaceAllString(s, "|")
	}
	s = extension().ReplaceAllString(carrier().ReplaceAllString(noArea().ReplaceAllString(s, ""), "0"), "|")
	alone := joinable(s)
	for i, run := range runs(s) {
		if i == piecesMost || len(reader.found) == phonesMost {
			break
		}
		reader.run(run)
		// "11 3333-4444 / 3333-5555": the area code is meant for both.
		if alone && len(reader.found) > 0 && reader.where.Area == "" {
			if n, ok := reader.found[0].national(); ok {
				reader.where.Area = n[:2]
			}
		}
	}
	if len(reader.found) == 0 && alone && !strings.Contains(s, "+") {
		reader.apart(onlyDigits(s))
	}
	return reader.result(s)
}

// unrounded is a number of which a spreadsheet shows one digit, those behind the
// point, and how many there would be; not ok if it shows fewer than there are.
func unrounded(before, behind, exponent string) (digits string, ok bool) {
	n, err := strconv.Atoi(exponent)
	if err != nil || n < 0 || n > len(behind) || strings.Trim(behind[n:], "0") != "" {
		return "", false
	}
	return strings.TrimLeft(before, "0") + behind[:n], true
}

// links reads the phones of the addresses and links of WhatsApp in a text; tried is
// whether there are any.
func (r *phoneReader) links(s string) (tried bool) {
	if strings.Contains(s, "%") {
		s = asTyped.Replace(s)
	}
	for _, kind := range []*regexp.Regexp{address(), link()} {
		for _, m := range kind.FindAllStringSubmatch(s, phonesMost) {
			r.linked(onlyDigits(m[1]))
		}
		if r.tried {
			return true
		}
	}
	return false
}

// bare reads a text that is one phone and nothing else, as most are.
func bare(s string) (digits string, international, ok bool) {
	s = strings.TrimSpace(s)
	rest, international := strings.CutPrefix(s, "+")
	if len(rest) > 32 {
		return "", false, false
	}
	var buf [32]byte
	out := buf[:0]
	for i := range len(rest) {
		switch c := rest[i]; {
		case c >= '0' && c <= '9':
			out = append(out, c)
		case c != ' ' && c != '-' && c != '(' && c != ')':
			return "", false, false
		}
	}
	return string(out), international, len(out) >= 10
}

// phoneReader gathers the phones of a text.
type phoneReader struct {
	where Where
	found []Phone
	tried bool           // something was there to be read
	worst int            // how many digits what why is about has
	why   *reason.Reason // about what comes nearest to a phone
}

func (r *phoneReader) result(s string) ([]Phone, *reason.Reason) {
	if len(r.found) > 0 {
		return r.found, nil
	}
	if r.worst < 8 {
		for _, c := range s {
			if unicode.IsLetter(c) {
				return nil, reason.Fault(reason.PhoneLetter, string(c))
			}
		}
	}
	if r.why == nil {
		return nil, reason.Fault(reason.PhoneNoDigit)
	}
	return nil, r.why
}

// add takes a phone, once.
func (r *phoneReader) add(phone Phone) {
	for _, p := range r.found {
		if p.Key() == phone.Key() {
			return
		}
	}
	if len(r.found) < phonesMost {
		r.found = append(r.found, phone)
	}
}

// fault keeps why some digits are no phone, if none with more of them is.
func (r *phoneReader) fault(digits int, why *reason.Reason) {
	if r.why == nil || digits > r.worst {
		r.worst, r.why = digits, why
	}
}

// linked reads the digits of a link: with a country code, or what people who
// make links by hand leave out.
func (r *phoneReader) linked(digits string) {
	r.tried = true
	phone, why := r.where.number(digits, true)
	if len(digits) <= 11 && !strings.HasPrefix(digits, brazil) {
		if home, wrong := r.where.number(digits, false); wrong == nil && home.Mobile() && (why != nil || strings.HasPrefix(digits, "1")) {
			phone, why = home, nil
		}
	}
	if why != nil {
		r.fault(len(digits), why)
		return
	}
	r.add(phone)
}

// apart reads an area code and its number that something stands between.
func (r *phoneReader) apart(digits string) {
	if len(digits) < 10 || len(digits) > 13 {
		return
	}
	if phone, why := r.where.number(digits, false); why == nil {
		r.add(phone)
	}
}

// joinable reports whether nothing but signs and labels stands between the
// digits.
func joinable(s string) bool {
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if !labels().MatchString(word) {
			return false
		}
	}
	return true
}

// runs takes a text apart into pieces that hold nothing but digits and what
// people write between them.
func runs(s string) (pieces []string) {
	start := -1
	for i, c := range s {
		digit := c >= '0' && c <= '9'
		switch {
		case start < 0 && (digit || c == '+'):
			start = i
		case start >= 0 && !digit && c != '+' && !between(c):
			if c != '@' { // of an address of mail
				pieces = append(pieces, s[start:i])
			}
			start = -1
		}
	}
	if start >= 0 {
		pieces = append(pieces, s[start:])
	}
	return pieces
}

// run reads a piece: one phone, or several with nothing but spaces between.
func (r *phoneReader) run(piece string) {
	if rest, ok := strings.CutPrefix(piece, "+"); ok || !strings.Contains(piece, "+") {
		if !strings.Contains(rest, "+") {
			r.plain(rest, ok)
			return
		}
	}
	before := byte(' ')
	for i, part := range strings.SplitN(piece, "+", piecesMost) {
		if i > 0 && before >= '0' && before <= '9' || part == "" && i > 0 {
			r.fault(99, reason.Fault(reason.PhonePlus))
			r.tried, r.found = true, nil
			return
		}
		if strings.ContainsAny(part, "0123456789") {
			r.plain(part, i > 0)
		}
		if part != "" {
			before = part[len(part)-1]
		}
	}
}

// plain reads a piece without a plus, or what is behind one.
func (r *phoneReader) plain(piece string, international bool) {
	digits := onlyDigits(piece)
	if digits == "" {
		return
	}
	r.tried = true
	phone, why := r.where.number(digits, international)
	if why == nil {
		r.add(phone)
		return
	}
	if len(digits) >= 16 && len(digits) <= 16*phonesMost {
		if several := r.where.several(piece, international); several != nil {
			for _, phone := range several {
				r.add(phone)
			}
			return
		}
	}
	// The number of a line in a list: "1. 11 98765-4321".
	if line, rest, ok := strings.Cut(piece, ". "); ok && len(line) <= 3 {
		if phone, wrong := r.where.number(onlyDigits(rest), false); wrong == nil && len(phone) == len("+5511987654321") && phone.Mobile() {
			r.add(phone)
			return
		}
	}
	r.fault(len(digits), why)
}

// several takes a piece apart into whole phones at its gaps; nil if it cannot
// be done without a rest.
func (w Where) several(piece string, international bool) []Phone {
	groups := strings.FieldsFunc(piece, func(r rune) bool { return r == ' ' || r == '\t' || r == '(' || r == ')' || r == '_' })
	if len(groups) > 8*phonesMost {
		return nil
	}
	for i := range groups {
		groups[i] = onlyDigits(groups[i])
	}
	// From the end: what the groups from i on are, if they are phones.
	ends := make([][]Phone, len(groups)+1)
	ends[len(groups)] = []Phone{}
	for i := len(groups) - 1; i >= 0; i-- {
		digits := ""
		for j := i; j < len(groups) && len(digits) <= 15; j++ {
			digits += groups[j]
			if ends[j+1] == nil || len(digits) < 10 {
				continue
			}
			if phone, why := w.number(digits, international && i == 0); why == nil {
				ends[i] = append([]Phone{phone}, ends[j+1]...)
				break
			}
		}
	}
	return ends[0]
}

// plainDigits writes the digits of every script, and the signs of a phone in
// every form, as on an English keyboard, and leaves out what cannot be seen.
func plainDigits(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= ' ' && s[i] < 0x7f
	}
	if plain {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return r
		case r == '＋':
			return '+'
		case r == '－', r == '\u2212', r >= '\u2010' && r <= '\u2015':
			return '-'
		case r == '（':
			return '('
		case r == '）':
			return ')'
		case r == '．':
			return '.'
		case unicode.IsSpace(r):
			return ' '
		case r == 'º', r == 'ª':
			return r
		case unicode.In(r, unicode.Cf, unicode.Mn, unicode.Me):
			return -1
		case unicode.Is(unicode.Nd, r):
			return '0' + digitValue(r)
		}
		return r
	}, s)
}

// digitValue is the value of a digit of any script: each has its ten in a row.
func digitValue(r rune) rune {
	for _, set := range unicode.Nd.R16 {
		if r >= rune(set.Lo) && r <= rune(set.Hi) {
			return (r - rune(set.Lo)) % 10
		}
	}
	for _, set := range unicode.Nd.R32 {
		if r >= rune(set.Lo) && r <= rune(set.Hi) {
			return (r - rune(set.Lo)) % 10
		}
	}
	return 0
}

// between reports whether people write r between the digits.
func between(r rune) bool {
	switch r {
	case ' ', '\t', '(', ')', '-', '.', '_':
		return true
	}
	return false
}
