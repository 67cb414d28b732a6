package files

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"recado/campaign/people"
)

// What people answer who are asked whether they agree is more than yes and no:
// "Não, obrigado.", "Li e aceito", ☐. Only what is clearly a yes is one.

// The signs of an answer: of a box that nobody has ticked, of one that somebody has,
// of a yes, of a no.
const (
	boxes   = "☐□⬜◻▢"
	circles = "○◯⚪" // are boxes beside an answer; alone they may be anything
	ticks   = "☑☒✓✔✅"
	likes   = "👍🟢"
	crosses = "✗✘✖❌❎⛔🚫👎🔴"
)

// sign is what stands beside an answer.
type sign uint8

const (
	unmarked sign = iota
	unticked
	ticked
	cheered
	crossed
	several // nobody knows which of them is meant
)

// signs are the signs of an answer, and the boxes that are made of brackets.
var signs = sync.OnceValue(func() *regexp.Regexp {
	one := "[" + boxes + circles + ticks + likes + crosses + "]"
	return regexp.MustCompile(`[\[(][\s\x{a0}_]*(?:` + one + `\x{fe0f}?|[xX])?[\s\x{a0}_]*[\])]|` + one)
})

// marked is the sign in a cell, and what else is there; "" if that says nothing.
func marked(cell string) (sign, string) {
	if !strings.ContainsAny(cell, "[("+boxes+circles+ticks+likes+crosses) {
		return unmarked, cell
	}
	at := signs().FindStringIndex(cell)
	if at == nil {
		return unmarked, cell
	}
	one, rest := cell[at[0]:at[1]], cell[:at[0]]+" "+cell[at[1]:]
	if signs().MatchString(rest) {
		return several, rest
	}
	rest = strings.TrimFunc(rest, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '?' })
	switch {
	case rest == "" && strings.ContainsAny(one, circles):
		return several, rest
	case strings.ContainsAny(one, likes):
		return cheered, rest
	case strings.ContainsAny(one, crosses):
		return crossed, rest
	case strings.ContainsAny(one, ticks+"xX"):
		return ticked, rest
	}
	return unticked, rest
}

// with is the answer that a sign and the words beside it give: a tick says that
// they were chosen, a box without one that they were not, and nobody knows what was.
func (m sign) with(rest string, words func(string) answer) answer {
	said := silent
	if rest != "" {
		said = words(rest)
	}
	switch {
	case m == several, m == unticked && rest != "", m == cheered && said == no, m == crossed && (said == yes || said == unclear):
		return unclear
	case m == unticked, m == crossed:
		return no
	case said == silent:
		return yes
	}
	return said
}

var (

	// before are words that stand before an answer and say nothing.
	before = words(`eu yo i we li e y and have has read he leido lei estou estoy ja ya de com con of double single muito por please am im sou claro
		express explicit expressly total plenamente totalmente the os as los las`)
	// yesBegins are the words with which a yes begins.
	yesBegins = words(`sim s si yes y yeah yep ye true t verdadeiro verdadero v x ok okay okey on 1
		aceito aceita aceitou aceitei aceite aceitado acepto acepta aceptado aceptada aceptar aceitar autorizo autoriza autorizou autorizado autorizada autorizei autorizar
		concordo concorda concordou concordado concedo concedido concedida permito permite permitido permitida permitir quero quer queria gostaria desejo deseja deseo desea quiero quiere
		claro certeza pode podem podemos puede pueden may can favor positivo afirmativo consent consents consented consinto consentido consiento consentimento
		allow allowed allows accept accepted accepts agree agrees agreed granted given confirmed confirmado confirmada confirmo confirmou acordo acuerdo
		subscribed subscribe inscrito inscrita ativo ativa active activo activa optin opt opted suscrito suscrita enabled enable habilitado habilitada habilitar liberado liberada
		assinante assinado assinada signed firmado checked selected marcado marcada selecionado selecionada want wants vigente valid valido
		whatsapp whats wpp zap ambos ambas both todos todas all qualquer cualquiera any tudo todo`)
	// butWords make of a yes something that has to be looked at.
	butWords = words(`nao not nunca never jamais mas but pero except exceto excepto salvo menos apenas only solo somente solamente sem sin without out
		cancelado cancelada cancelou revogado revogada revoked withdrawn retirado removido removida recusado recusou saiu`)
	// hesitations are answers that are neither.
	hesitations = words("talvez maybe perhaps quizas quiza depende depends pendente pending pendiente aguardando unsure indeciso verificar confirmar depois later")
	// someDay is a time at which something was agreed to: of this century in any
	// writing, the days of a spreadsheet, seconds.
	someDay = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\b20\d{2}\b|^[3-5]\d{4}(?:\.\d+)?$|^1\d{9}(?:\d{3})?$`)
	})
)

// agreement is what somebody says who is asked whether they agree; unclear is
// also what begins with a yes and goes on with a but.
func agreement(cell string) answer {
	folded := people.Fold(cell)
	switch {
	case folded == "":
		return silent
	case agreed()[folded]:
		return yes
	}
	if sign, rest := marked(cell); sign != unmarked {
		return sign.with(rest, agreement)
	}
	switch {
	case noes()[folded], saysLeft(cell):
		return no
	case dates().MatchString(folded):
		return yes
	}
	said := answerWords(folded)
	if len(said) == 0 {
		if strings.Trim(folded, "[]() \u00a0") == "" { // what is left of a box that nobody ticked
			return no
		}
		return unclear
	}
	if deniers()[said[0]] {
		return no
	}
	if strings.ContainsRune(cell, '?') || slices.ContainsFunc(said, func(w string) bool { return butWords()[w] }) {
		return unclear
	}
	for len(said) > 1 && before()[said[0]] && !(yesBegins()[said[0]] && len(said[0]) > 1) {
		said = said[1:]
	}
	if yesBegins()[said[0]] || someDay().MatchString(folded) {
		return yes
	}
	return unclear
}

// deniers are the words with which a no begins.
var deniers = words(`nao n no not nope nem nunca never jamais negativo negado negada nenhum nenhuma none ninguno ninguna false falso f off 0 sem sin without
	recuso recusa recusou recusado recusada rejeito rejeita rejeitou rejeitado rechazo rechaza rechazado refuse refused refuses reject rejected decline declined declines
	deny denied denegado revogado revogada revogou revoked revocado withdrawn withdrew retirado dont doesnt wont discordo discorda disagree
	bloqueado bloqueada bloqueou blocked removido removida removed saiu sair parou parar pare stop stopped desistiu unsubscribe unsubscribed unsub descadastrado descadastrada descadastrou
	cancelado cancelada cancelou cancelled canceled inativo inativa inactive inactivo inactiva disabled desabilitado deshabilitado desmarcado unchecked proibido proibida prohibido pediu pidio`)

// What makes an answer a clear no: one of noBegins with what may stand behind it,
// or one of refusalBegins with no more than when and of what.
var (
	noBegins      = words("nao n no not nope never jamais nunca negativo false falso f off 0 dont doesnt didnt unchecked unticked desmarcado desmarcada")
	refusalBegins = words(`recuso recusa recusou recusado recusada rejeito rejeita rejeitou rejeitado rejeitada rechazo rechaza rechazado rechazada refuse refuses refused reject rejects rejected decline declines declined
		deny denied negado negada denegado denegada revogado revogada revogou revoked revocado revocada withdrawn withdrew retirado retirada discordo discorda disagree disagrees disagreed`)
	// noFillers stand before a no, and beside it, and say nothing more.
	noFillers = words(`eu yo i we li lido leido read e y and do does did de da a o os as the to el la los las em en on in at por pelo pela by from com with me mi my meu minha se nos us you voces vcs your su sus mais more any
		nada obrigado obrigada obg thanks thank gracias valeu favor please senhor senhora sr sra
		janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro enero febrero marzo mayo junio julio septiembre octubre noviembre diciembre
		jan fev feb mar abr apr mai may jun jul ago aug set sep out oct nov dez dec dic january february march april june july august september october november december
		mensagem mensagens mensaje mensajes msg msgs message messages promo promos promocao promocoes promociones promotions oferta ofertas offers novidade novidades novedades news informacao informacoes informacion information
		comunicacao comunicacoes comunicaciones communications contato contacto contact publicidade publicidad propaganda whatsapp whats wpp zap lgpd gdpr`)
	// granting are words of who agrees, which a not stands before.
	granting = words(`aceito aceita aceitou aceitei aceite acepto acepta aceptado aceptada aceptar aceitar autorizo autoriza autorizou autorizado autorizada autorizei autorizar concordo concorda concordou concordado concedo concedido concedida
		permito permite permitido permitida permitir quero quer queria gostaria desejo deseja deseo desea quiero quiere consent consents consinto consente consiento consentido consentiu allow allowed allows accept accepted accepts agree agrees agreed
		granted want wants wish like authorized authorised authorize authorise pode podem puede pueden may receber receba recibir recibe receive receiving get enviar envie send ser be`)
	// contacted are granting behind a "to be" alone: who is "not contacted" has not been yet.
	contacted = words("contatado contatada contatados contactado contactada contacted")
	// turns are words behind a no with which something else begins.
	turns = words("e y and i eu yo we you voces li lido leido read obrigado obrigada obg thanks thank gracias valeu favor please")
	// channels are where somebody is reached, and "no" in Portuguese says that it is there.
	channels = words("whatsapp whats wpp wapp zap zapzap wsp contato contacto")
	whose    = words("meu seu nosso mesmo")
	// running are words of what is in force: the person, or the block.
	running = words("ativo ativa active")
)

// declines reports whether an answer to who asks for leave is a clear no, and to
// nothing else: "Não, obrigado.", "Revogado em 03/02/2024", ☐.
func declines(cell string) bool {
	folded := people.Fold(cell)
	switch sign, rest := marked(cell); sign {
	case several, cheered:
		return false
	case unticked:
		return rest == "" // else it is the box of another answer
	case ticked:
		return declines(rest)
	case crossed:
		return rest == "" || declines(rest)
	}
	if strings.ContainsRune(cell, '?') {
		return false
	}
	sure := folded != "" && strings.Trim(folded, "[]() \u00a0") == ""
	for i, clause := range clauses().Split(folded, -1) {
		said := answerWords(clause)
		for len(said) > 0 && noFillers()[said[0]] {
			said = said[1:]
		}
		if len(said) == 0 || i > 0 && said[0][0] >= '0' && said[0][0] <= '9' && said[0] != "0" && !slices.ContainsFunc(said, wordly) {
			continue
		}
		not := noBegins()[said[0]]
		if !not && !refusalBegins()[said[0]] || not && !denying(said) || !not && slices.ContainsFunc(said[1:], wordly) {
			return false
		}
		sure = true
	}
	return sure
}

// denying reports whether a no, with what stands behind it, is nothing else: not
// "Não li e aceito", nor "No WhatsApp", which is where.
func denying(said []string) bool {
	turned := false // what is granted behind this is no longer denied
	for i, w := range said[1:] {
		switch last := said[i]; {
		case channels()[w] && (last == "no" || i > 0 && whose()[last] && said[i-1] == "no"):
			return false
		case turns()[w]:
			turned = true
		case granting()[w] && turned:
			return false
		case contacted()[w] && (last == "ser" || last == "be"), !wordly(w), granting()[w]:
		default:
			return false
		}
	}
	return true
}

// wordly reports whether a word says more than when, or of what.
func wordly(w string) bool { return !noFillers()[w] && (w[0] < '0' || w[0] > '9') }

// clauses is what stands between the parts of an answer.
var clauses = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[,.;:/!()\n]|\s[-–—]+\s`) })

// answerWords are the words of an answer, folded.
func answerWords(folded string) []string {
	folded = strings.NewReplacer("n't", "nt", "n’t", "nt").Replace(folded)
	return strings.FieldsFunc(folded, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}

// hesitates reports whether an answer says that it is none, or does not say which
// it is.
func hesitates(cell string) bool {
	if sign, _ := marked(cell); sign != unmarked {
		return true
	}
	said := answerWords(people.Fold(cell))
	return len(said) > 0 && hesitations()[said[0]]
}

// refusal is what the cell of a column says that asks who is not to be written to.
// There a no that is more than one word may be either: "Não autoriza".
func refusal(cell string) answer {
	switch folded := people.Fold(cell); {
	case folded == "":
		return silent
	case refused()[folded]:
		return unclear
	case strings.Trim(folded, "[]() \u00a0") == "":
		return no
	case strings.Trim(folded, "[]() \u00a0") == "x":
		return yes
	}
	if a := answerOf(cell); a != unclear {
		return a
	}
	if sign, rest := marked(cell); sign != unmarked {
		return sign.with(rest, refusal)
	}
	said := answerWords(people.Fold(cell))
	if someDay().MatchString(people.Fold(cell)) && !slices.ContainsFunc(said, wordly) {
		return yes // "12 de março de 2026": since then
	}
	if len(said) > 0 && (said[0] == "sim" || said[0] == "si" || said[0] == "yes") {
		return yes
	}
	return unclear
}

// refused are a no to whoever is asked to agree; where somebody is asked who
// refuses, nobody knows which they are.
var refused = set("withdrawn|revoked|denied|declined|refused|recusado|recusada|recusou|revogado|retirado|negado|nao aceito|nao aceita|nao autorizado|nao autoriza|rechazado|revocado|revocada|denegado")
