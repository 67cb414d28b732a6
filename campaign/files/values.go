package files

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// nothings are what programs and people write where there is nothing, folded.
var nothings = newFoldedSet(`null|nil|nan|none|n/a|#n/a|#n/d|n/d|undefined|(null)|<null>|\n|#ref!|#value!|#valor!|#name?|#nome?|#div/0!|#null!|#num!|
	[object object]|(vazio)|(vacio)|(blank)|(em branco)|(none)|(sem dados)|sem informacao|nao informado|nao informada|nao consta|nao possui|
	not available|not provided|no disponible|sin informacion|sem telefone|sem celular|sem email|sem e-mail|
	<na>|na|nat|n/i|n/c|nulo|(nulo)|vazio|vacio|em branco|en blanco|<none>|not set|(not set)|nao se aplica|nao aplicavel|not applicable|no aplica|
	sem dados|sin dato|sin datos|no data|nao cadastrado|nao cadastrada|nao preenchido|nao disponivel|{}|[]|#error!|#erro!|#spill!|#despejar!|#calc!|#campo!|#field!|#nulo!|
	#¡valor!|#¡ref!|#¡num!|#¡div/0!|#¡nulo!|#¿nombre?|#¡desbordamiento!|0000-00-00|0000-00-00 00:00:00|00/00/0000|0/0/00|
	s/d|s/i|s/inf|s/info|s/dado|s/dados|s/dato|s/datos|sem dado|sem info|sin info|no info|no information|nao especificado|nao especificada|no especificado|no especificada|not specified|unspecified|sin especificar|sem especificar|
	no informado|no informada|no indicado|no indicada|nao indicado|nao indicada|not informed|not given|none given|no consta|no aplicable|sem valor|sin valor|no value|sin celular|sin correo|sin email|sin mail|
	null null|undefined undefined|none none|nan nan|n/a n/a`)

// noNames are what stands where a name would, folded.
var noNames = newFoldedSet(`sem nome|s/ nome|s/nome|no name|noname|sin nombre|unknown|desconhecido|desconocido|anonimo|anonymous|nao identificado|cliente sem nome|
	contato sem nome|sem identificacao|name|nome|(sem nome)|[sem nome]|sem nome sobrenome|sem cadastro|desconhecida|desconocida|nao identificada|
	nome nao informado|nao tem|no tiene|nenhum|s/n|nd|nn|n.n.|n/n|tbd|a definir|unknown unknown|consumidor|consumidor final|cliente|customer|guest|visitante|
	xx|xxx|xxxx|xxxxx|{nome}|{name}|{{nome}}|{{name}}|{{first_name}}|%nome%|%name%|[nome]|[name]`)

// set makes the set of some words when it is first asked for.
func set(words string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		all := make(map[string]bool)
		for word := range strings.SplitSeq(words, "|") {
			all[strings.TrimSpace(word)] = true
		}
		return all
	})
}

// foldedSet is a set of words, folded, in which many texts are looked for that are
// none of them.
type foldedSet struct {
	words  map[string]bool
	begins [utf8.RuneSelf][utf8.RuneSelf]bool // the two letters with which one begins
}

func newFoldedSet(words string) func() *foldedSet {
	return sync.OnceValue(func() *foldedSet {
		s := &foldedSet{words: set(words)()}
		for word := range s.words {
			if word[1] < utf8.RuneSelf {
				s.begins[word[0]][word[1]] = true
			}
		}
		return s
	})
}

// has reports whether a text, without spaces around it, is one of the words.
func (s *foldedSet) has(text string) bool {
	if len(text) < 2 { // none is so short
		return false
	}
	first, second := lower(text[0]), lower(text[1])
	if first > ' ' && first < 0x7f && second > ' ' && second < 0x7f && !s.begins[first][second] {
		return false
	}
	var room [64]byte
	return s.words[string(people.AppendFold(room[:0], text))]
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
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
		plain = cell[i] >= ' ' && cell[i] < 0x7f && cell[i] != '&'
	}
	if !plain {
		if mended, ok := mend(cell); ok {
			cell = mended
			r.note(at, reason.NoteMended)
		}
		if strings.IndexByte(cell, 0xcc) >= 0 || strings.IndexByte(cell, 0xcd) >= 0 { // marks on their own, as a Mac writes them
			cell = norm.NFC.String(cell)
		}
		if strings.ContainsRune(cell, utf8.RuneError) {
			r.note(at, reason.NoteLetters)
		}
		if strings.ContainsRune(cell, 0x1b) {
			cell = escapes().ReplaceAllString(cell, "")
		}
		cell = strings.Map(visible, strings.ReplaceAll(cell, "\r\n", "\n"))
	}
	cell = bare(strings.TrimSpace(cell))
	if len(cell) > 1 && cell[0] == '\'' && strings.IndexByte("=@+-0123456789", cell[1]) >= 0 && cell[len(cell)-1] != '\'' {
		cell = cell[1:] // by which a spreadsheet is told that a cell is text
	}
	if len(cell) < 16 && !begins(cell) && strings.Trim(cell, "-–—._?/\\*") == "" {
		return ""
	}
	if len(cell) <= 32 && nothings().has(cell) {
		return ""
	}
	return cell
}

// bare is a cell without the quotes around it that a reader of tables does not
// take away: of a typewriter, of a text processor, of a formula.
func bare(cell string) string {
	if len(cell) < 2 {
		return cell
	}
	switch last := cell[len(cell)-1]; cell[0] {
	case '\'', '"':
		if last == cell[0] && strings.Count(cell, cell[:1]) == 2 {
			return strings.TrimSpace(cell[1 : len(cell)-1])
		}
	case '=':
		if strings.HasPrefix(cell, `="`) && last == '"' && strings.Count(cell, `"`) == 2 {
			return strings.TrimSpace(cell[2 : len(cell)-1])
		}
	case "“"[0]:
		if in, ok := strings.CutPrefix(cell, "“"); ok && strings.HasSuffix(in, "”") && strings.Count(cell, "“") == 1 {
			return strings.TrimSpace(strings.TrimSuffix(in, "”"))
		}
	}
	return cell
}

// begins reports whether a text begins with a plain letter or digit.
func begins(s string) bool {
	return s != "" && (s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z' || s[0] >= '0' && s[0] <= '9')
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
	if name == "" {
		return ""
	}
	if !spaced(name) {
		name = strings.Join(strings.Fields(name), " ")
	}
	if len(name) <= 32 && noNames().has(name) || !strings.ContainsFunc(name, unicode.IsLetter) && !strings.ContainsFunc(name, picture) {
		return ""
	}
	return name
}

// lost is what stands in a word for letters that a program did not know:
// "Concei??o".
var lost = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\pL\?{1,4}\p{Ll}`) })

// lostLetters reports whether a name has lost letters.
func lostLetters(name string) bool {
	return strings.IndexByte(name, '?') >= 0 && lost().MatchString(name)
}

// spaced reports whether the words of a text have one space between them, and none
// around.
func spaced(s string) bool {
	last := ' '
	for _, r := range s {
		if unicode.IsSpace(r) && (r != ' ' || last == ' ') {
			return false
		}
		last = r
	}
	return s == "" || last != ' '
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
	noes  = set("nao|n|no|false|f|0|0.0|falso|off|✗|✘|❌|subscribed|inscrito|inscrita|ativo|ativa|active|opt-in|optin|opted in|nunca|never|withdrawn|revoked|denied|declined|refused|recusado|recusada|recusou|revogado|retirado|negado|nao aceito|nao aceita|nao autorizado|nao autoriza|rechazado|" +
		"not_subscribed|not subscribed|never_subscribed|never subscribed|revocado|revocada|denegado|nao inscrito|nao inscrita|no suscrito|liberado|liberada|nenhum|nenhuma|ninguno|ninguna|sem bloqueio|sin bloqueo|desbloqueado|desbloqueada")
	// agreed are those of them that are a yes where it is asked who has agreed.
	agreed = set("subscribed|inscrito|inscrita|ativo|ativa|active|opt-in|optin|opted in|liberado|liberada|sem bloqueio|sin bloqueo|desbloqueado|desbloqueada")
	// stopped are the values of a status that may say that somebody has left.
	stopped = set("cancelado|cancelada|cancelled|canceled|bloqueado|bloqueada|bloqueou|blocked|removido|removida|removed|parou|de baja|inativo|inativa|inactive|recusado|recusada|recusou|nao autorizado|nao autorizada|nao autoriza|nao autorizou|nao aceitou|nao aceita|nao aceito|revogado|revogada|negado|negada|" +
		"rechazado|rechazada|no autorizado|no autorizada|no acepta|no acepto|declined|refused|revoked|withdrawn|denied|desistiu|saiu|suspenso|suspensa")
	dates = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ t]\d{1,2}:\d{2}.*)?$`)
	})
)

func answerOf(cell string) answer {
	folded := people.Fold(cell)
	switch {
	case folded == "":
		return silent
	case yeses()[folded], dates().MatchString(folded):
		return yes
	case noes()[folded]:
		return no
	}
	return unclear
}

// left are the values of a status that say that somebody has left, folded and
// with nothing but letters.
var left = set(`unsubscribed|unsubscribe|unsub|optout|optedout|descadastrado|descadastrada|descadastrou|naocontatar|naoperturbe|naoenviar|donotcontact|dnc|
	donotdisturb|naoquerreceber|naodesejareceber|naoquercontato|naodesejacontato|listanegra|blacklist|blacklisted|blocklist|blocklisted|saiudalista|pediuparasair|
	pediusaida|desuscrito|desuscrita|dadodebaja|nocontactar|nomolestar|removidodalista|optouporsair|desinscrito|desinscrita|descadastrouse|optedoutofmessages|
	naoqueroreceber|naodesejoreceber|naoquermaisreceber|naoqueromaisreceber|naodesejamaisreceber|naodesejomaisreceber|naoquermaisrecebermensagens|naoqueromaisrecebermensagens|
	naoquerrecebermensagens|naoquerorecebermensagens|naodesejarecebermensagens|naodesejorecebermensagens|naoquerrecebermaismensagens|naoenviarmensagens|naoenviarmensagem|naomandarmensagem|
	naomandarmensagens|naochamar|naoprocurar|naoincomodar|pediuparasairdalista|pediuparanaoreceber|pediudescadastro|solicitoudescadastro|removerdalista|tirardalista|descadastrar|
	cancelourecebimento|optoporsalir|optoporsalirse|optosalir|saliodelalista|pidiosalir|pidiolabaja|pidiobaja|solicitobaja|solicitolabaja|sediodebaja|desuscribirse|sedesuscribio|nosuscrito|
	noquiererecibir|noquierorecibir|noquiererecibirmensajes|noquierorecibirmensajes|nodesearecibir|nodeseorecibir|nodesearecibirmensajes|noenviar|noenviarmensajes|
	leftthelist|leftlist|askedtostop|dontcontact|dontmessage|dontsend|doesnotwantmessages|nolongerwantsmessages|optedoutwhatsapp|optoutwhatsapp`)

// ended are the values of a status that say that somebody has left something,
// folded and with nothing but letters: perhaps what they bought.
var ended = set(`cancelouinscricao|cancelouainscricao|inscricaocancelada|cancelouorecebimento|canceloucadastro|cadastrocancelado|paroudereceber|desistiudereceber|desinscreveuse|cancelosuscripcion|
	cancelolasuscripcion|suscripcioncancelada|cancelosuinscripcion|cancelousubscricao|subscricaocancelada|unsubscribedbyuser|cancelledsubscription|canceledsubscription|optedforexit|pediusair|pediucancelamento|
	pediucancelamentodainscricao|dejoderecibir`)

// dealings are words of columns that say how it is with what somebody bought or
// goes to.
var dealings = words(`pedido pedidos compra compras venda vendas order orders curso cursos course turma matricula evento eventos event events plano plan pagamento payment pago entrega delivery envio contrato
	contract contrato assinatura fatura invoice factura reserva booking agendamento consulta cita appointment aula clase class produto product servico service processo proceso ticket chamado`)

func saysEnded(cell string) bool { return len(cell) <= 64 && ended()[onlyLetters(cell)] }

func onlyLetters(cell string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, people.Fold(cell))
}

// leftBegins are the two letters with which one of them begins.
var leftBegins = sync.OnceValue(func() *[utf8.RuneSelf][utf8.RuneSelf]bool {
	var begins [utf8.RuneSelf][utf8.RuneSelf]bool
	for word := range left() {
		begins[word[0]][word[1]] = true
	}
	return &begins
})

func saysLeft(cell string) bool {
	if len(cell) > 64 || len(cell) < 3 {
		return false
	}
	if begins(cell) && cell[0] > '9' && begins(cell[1:]) && cell[1] > '9' && !leftBegins()[cell[0]|0x20][cell[1]|0x20] {
		return false
	}
	var room, letters [96]byte
	said := letters[:0]
	for folded := people.AppendFold(room[:0], cell); len(folded) > 0; {
		r, size := utf8.DecodeRune(folded)
		if unicode.IsLetter(r) {
			said = append(said, folded[:size]...)
		}
		folded = folded[size:]
	}
	return left()[string(said)]
}

// splitTags takes tags apart as spreadsheets and other systems write them:
// "vip, novo", "vip;novo", "vip|novo", "* myContacts ::: VIP", "#vip #novo",
// `["vip","novo"]`, "{vip,novo}", `"vip","novo"`.
func splitTags(s string, tags []string) ([]string, *reason.Reason) {
	if s == "" {
		return tags, nil
	}
	if !strings.ContainsAny(s, "[]{}#:,;|\n•") {
		return addTags(tags, []string{s})
	}
	var pieces []string
	if strings.HasPrefix(s, "[") && json.Unmarshal([]byte(s), &pieces) == nil {
		return addTags(tags, pieces)
	}
	if named := namedTags(s); named != nil {
		return addTags(tags, named)
	}
	s = strings.ReplaceAll(strings.Trim(s, "[]{}"), "][", ",")
	if strings.HasPrefix(s, "#") {
		s = strings.ReplaceAll(s, "#", ",")
	}
	s = strings.ReplaceAll(s, ":::", ",")
	pieces = strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == '|' || r == '\n' || r == '•' })
	return addTags(tags, pieces)
}

// namedTags are the tags of `[{"id":1,"name":"vip"}]`.
func namedTags(s string) (names []string) {
	var objects []map[string]any
	if !strings.HasPrefix(s, "[{") || json.Unmarshal([]byte(s), &objects) != nil {
		return nil
	}
	for _, object := range objects {
		for _, key := range [...]string{"name", "title", "label", "tag", "nome", "nombre"} {
			if name, ok := object[key].(string); ok {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

// addTags adds tags that are not there, each as it is kept.
func addTags(tags, more []string) ([]string, *reason.Reason) {
	var seen map[string]bool
	if len(tags)+len(more) > 1 {
		seen = make(map[string]bool, len(tags)+len(more))
	}
	for _, tag := range tags {
		seen[people.Fold(tag)] = true
	}
	for _, tag := range more {
		tag = strings.Trim(strings.TrimSpace(tag), `"'`)
		tag = strings.TrimPrefix(unlisted(strings.TrimSpace(tag)), "#")
		tag = strings.Join(strings.Fields(tag), " ")
		folded := people.Fold(tag)
		if folded == "" || seen[folded] || nothings().words[folded] || folded == "mycontacts" || strings.Trim(folded, "-.") == "" {
			continue
		}
		if n, long := over(tag, people.MaxTag); long {
			return nil, reason.Fault(reason.RowTagLong, reason.Clip(tag), n, people.MaxTag)
		}
		if len(tags) == people.MaxTags {
			return nil, reason.Fault(reason.RowTags, people.MaxTags)
		}
		if seen != nil {
			seen[folded] = true
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

// unlisted is a tag without the sign that a line of a list begins with.
func unlisted(tag string) string {
	sign, size := utf8.DecodeRuneInString(tag)
	if strings.ContainsRune("*-–—•◦‣⁃▪▫●○■·∙►▶➤➢→»", sign) {
		if rest := strings.TrimLeftFunc(tag[size:], unicode.IsSpace); len(rest) < len(tag)-size || rest == "" || strings.ContainsRune("•◦‣⁃", sign) {
			return rest
		}
	}
	return tag
}

// over reports whether s has more than limit characters, and how many it has.
func over(s string, limit int) (n int, ok bool) {
	if len(s) <= limit {
		return 0, false
	}
	n = utf8.RuneCountInString(s)
	return n, n > limit
}
