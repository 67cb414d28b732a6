package files

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// nothings are what programs and people write where there is nothing, folded.
var nothings = set(`null|nil|nan|none|n/a|#n/a|#n/d|n/d|undefined|(null)|<null>|\n|#ref!|#value!|#valor!|#name?|#nome?|#div/0!|#null!|#num!|
	[object object]|(vazio)|(vacio)|(blank)|(em branco)|(none)|(sem dados)|sem informacao|nao informado|nao informada|nao consta|nao possui|
	not available|not provided|no disponible|sin informacion|sem telefone|sem celular|sem email|sem e-mail`)

// noNames are what stands where a name would, folded.
var noNames = set(`sem nome|s/ nome|s/nome|no name|noname|sin nombre|unknown|desconhecido|desconocido|anonimo|anonymous|nao identificado|cliente sem nome|
	contato sem nome|sem identificacao|name|nome`)

func set(words string) map[string]bool {
	all := make(map[string]bool)
	for word := range strings.SplitSeq(words, "|") {
		all[strings.TrimSpace(word)] = true
	}
	return all
}

// escapes are sequences that drive a terminal.
var escapes = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\-_])")
})

// clean is what a cell says: without what drives a terminal or turns the text
// around, mended if it was decoded wrongly, empty if it says nothing. Line
// breaks stay.
func (r *reader) clean(cell string, at int) string {
	plain := true
	for i := 0; i < len(cell) && plain; i++ {
		plain = cell[i] >= ' ' && cell[i] < 0x7f
	}
	if !plain {
		if mended, ok := mend(cell); ok {
			cell = mended
			r.note(at, reason.NoteMended)
		}
		if strings.ContainsRune(cell, utf8.RuneError) {
			r.note(at, reason.NoteLetters)
		}
		if strings.ContainsRune(cell, 0x1b) {
			cell = escapes().ReplaceAllString(cell, "")
		}
		cell = strings.Map(visible, strings.ReplaceAll(cell, "\r\n", "\n"))
	}
	cell = strings.TrimSpace(cell)
	if len(cell) > 1 && cell[0] == '\'' && strings.IndexByte("=@+-0123456789", cell[1]) >= 0 && cell[len(cell)-1] != '\'' {
		cell = cell[1:] // by which a spreadsheet is told that a cell is text
	}
	if len(cell) < 16 && strings.Trim(cell, "-–—._?/\\*") == "" {
		return ""
	}
	if len(cell) <= 32 && nothings[people.Fold(cell)] {
		return ""
	}
	return cell
}

// visible maps what cannot be seen, or changes how others are seen, to nothing.
func visible(r rune) rune {
	switch {
	case r == '\n', r == '\t', r == '\u200c', r == '\u200d': // the last two join letters and pictures
		return r
	case r == '\r':
		return '\n'
	case r == '\u00a0', r == '\u2007', r == '\u202f':
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r) && (r < 0xe0000 || r > 0xe007f):
		return -1
	}
	return r
}

// fullName is a name as it is kept; empty if that is none.
func fullName(name string) string {
	name = strings.Join(strings.Fields(name), " ")
	if len(name) <= 32 && noNames[people.Fold(name)] || !strings.ContainsFunc(name, unicode.IsLetter) && !strings.ContainsFunc(name, picture) {
		return ""
	}
	return name
}

// picture reports whether r is a sign that people call themselves by.
func picture(r rune) bool {
	return r > 0x2000 && unicode.IsOneOf([]*unicode.RangeTable{unicode.So, unicode.Sk}, r)
}

// answer is what a cell of a yes-or-no column says.
type answer uint8

const (
	silent  answer = iota // nothing
	yes                   // yes, or when
	no                    // no
	unclear               // something else
)

var (
	yeses = set("sim|s|yes|y|true|t|1|1.0|x|verdadeiro|v|si|ok|on|✓|✔|✅|optout|opt-out|opted out|opted-out|unsubscribed|descadastrado|descadastrada|saiu|granted|given|concedido|aceito|aceitou|autorizado|autorizada")
	noes  = set("nao|n|no|false|f|0|0.0|falso|off|✗|✘|❌|subscribed|inscrito|inscrita|ativo|ativa|active|opt-in|optin|opted in|nunca|never|withdrawn|revoked|denied|declined|refused|recusado|recusada|recusou|revogado|retirado|negado|nao aceito|nao aceita|nao autorizado|nao autoriza|rechazado")
	dates = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ t]\d{1,2}:\d{2}.*)?$`)
	})
)

func answerOf(cell string) answer {
	folded := people.Fold(cell)
	switch {
	case folded == "":
		return silent
	case yeses[folded], dates().MatchString(folded):
		return yes
	case noes[folded]:
		return no
	}
	return unclear
}

// left are the values of a status that say that somebody has left, folded and
// with nothing but letters.
var left = set(`unsubscribed|unsubscribe|unsub|optout|optedout|descadastrado|descadastrada|descadastrou|naocontatar|naoperturbe|naoenviar|donotcontact|dnc|
	donotdisturb|naoquerreceber|naodesejareceber|naoquercontato|naodesejacontato|listanegra|blacklist|blacklisted|blocklist|blocklisted|saiudalista|pediuparasair|
	pediusaida|desuscrito|desuscrita|dadodebaja|nocontactar|nomolestar|removidodalista`)

func saysLeft(cell string) bool {
	if len(cell) > 64 {
		return false
	}
	return left[strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, people.Fold(cell))]
}

// splitTags takes tags apart as spreadsheets and other systems write them:
// "vip, novo", "vip;novo", "vip|novo", "* myContacts ::: VIP", "#vip #novo",
// `["vip","novo"]`, "{vip,novo}", `"vip","novo"`.
func splitTags(s string, tags []string) ([]string, *reason.Reason) {
	var pieces []string
	if strings.HasPrefix(s, "[") && json.Unmarshal([]byte(s), &pieces) == nil {
		return addTags(tags, pieces)
	}
	s = strings.Trim(s, "[]{}")
	if strings.HasPrefix(s, "#") {
		s = strings.ReplaceAll(s, " #", ",")
	}
	s = strings.ReplaceAll(s, ":::", ",")
	pieces = strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == '|' || r == '\n' })
	return addTags(tags, pieces)
}

// addTags adds tags that are not there, each as it is kept.
func addTags(tags, more []string) ([]string, *reason.Reason) {
	seen := make(map[string]bool, len(tags)+len(more))
	for _, tag := range tags {
		seen[people.Fold(tag)] = true
	}
	for _, tag := range more {
		tag = strings.Trim(strings.TrimSpace(tag), `"'`)
		tag = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(tag), "* "), "#")
		tag = strings.Join(strings.Fields(tag), " ")
		folded := people.Fold(tag)
		if folded == "" || seen[folded] || nothings[folded] || folded == "mycontacts" || strings.Trim(folded, "-.") == "" {
			continue
		}
		if n, long := over(tag, people.MaxTag); long {
			return nil, reason.Fault(reason.RowTagLong, reason.Clip(tag), n, people.MaxTag)
		}
		if len(tags) == people.MaxTags {
			return nil, reason.Fault(reason.RowTags, people.MaxTags)
		}
		seen[folded] = true
		tags = append(tags, tag)
	}
	return tags, nil
}

// over reports whether s has more than limit characters, and how many it has.
func over(s string, limit int) (n int, ok bool) {
	if len(s) <= limit {
		return 0, false
	}
	n = utf8.RuneCountInString(s)
	return n, n > limit
}
