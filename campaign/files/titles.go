package files

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"recado/campaign/people"
)

// Role is what a column is taken for.
type Role string

// The roles. They are printed by --json.
const (
	FieldRole   Role = "field"
	PhoneRole   Role = "phone"
	AreaRole    Role = "area_code"
	CountryRole Role = "country_code"
	LabelRole   Role = "phone_label" // says what the phone of the same number is
	NameRole    Role = "name"
	FirstRole   Role = "first_name"
	MiddleRole  Role = "middle_name"
	LastRole    Role = "last_name"
	EmailRole   Role = "email"
	TagsRole    Role = "tags"
	ListsRole   Role = "lists"    // a table that recado wrote, or a person, says so
	LeftRole    Role = "opt_out"  // who has left, or is not to be written to
	AskedRole   Role = "opt_in"   // who has agreed to be written to: a clear no is an opt-out, and what is no yes is asked about
	StatusRole  Role = "status"   // one of its values may say that somebody has left
	UnsureRole  Role = "opt_out?" // who has left something else, such as the mail: is asked about
	AgreesRole  Role = "opt_in?"  // who has agreed to something else, such as calls: who has not is asked about
	IgnoredRole Role = "ignored"
)

// guess is what a title says of a column.
type guess struct {
	role Role
	rank int // the least is the likeliest
}

// The words of titles, folded.
var (
	whatsAppWords = words("whatsapp whats wpp wapp zap zapzap wsp whatsap watsapp waid")
	mobileWords   = words("celular celulares cel cell cellphone cellular mobile movil movel telemovel mob gsm")
	phoneWords    = words("telefone telefones telefono telefonos phone phones telephone telephones fone fones tel tels tlf tlfn telf msisdn telefonico phonenumber smartphone")
	landlineWords = words("fixo fixa fijo residencial casa home comercial business trabalho work trabajo empresa company landline recepcao recepcion office secretaria main principal primary")
	// notPhones are words of what is said about a phone.
	notPhones = words(`tipo type label rotulo operadora carrier valido valida valid validated validado validade status opt optin optout consent consentimento
		data date hora time timestamp codigo code hash ramal ext extension modelo model marca brand device aparelho quantidade qtd count horario last ultimo
		ultima accepts accept aceita tem has possui permite autoriza receber recebe sim yes marketing allowed invalid invalido erro error country pais link url`)
	// theirWords are words of phones that are somebody else's.
	theirWords = words(`shipping entrega envio recado recados emergencia emergency responsavel conjuge spouse esposa esposo marido mae pai mother father madre padre
		parente vizinho vizinha indicado indicacao referencia assistente assistant asistente gerente manager chefe`)
	// strangers are words of phones that are of somebody beside whom a person has
	// one of their own: who sold it, who brought it, whom to call if they cannot.
	strangers = words(`vendedor vendedora vendedores seller salesperson salesman sales asesor asesora assessor assessora consultor consultora consultant promotor promotora loja lojas store tienda shop
		medico medica medicos doctor doctora doutor doutora dr physician dentista corretor corretora broker imobiliaria inmobiliaria agente agent agency agencia entregador entregadora motoboy motorista
		driver courier repartidor repartidora conductor rep reps representante representantes representative gerente manager supervisor supervisora coordenador coordenadora diretor diretora chefe boss
		jefe jefa assistente assistant asistente atendente attendant tecnico technician professor professora profesor profesora teacher instrutor instrutora coach escola school escuela colegio clinica
		clinic hospital filial franquia sucursal portaria suporte support soporte sac advogado advogada abogado lawyer contador accountant sindico administradora transportadora
		indicou indica indicacao indicado indicador indicante referrer referred referral referido referencia padrinho madrinha lider pastor captador afiliado affiliate
		emergencia emergency urgencia testemunha testigo witness fiador fiadora avalista guarantor vizinho vizinha neighbor neighbour vecino vecina colega amigo amiga friend cuidador cuidadora kin`)
	// owners are words of phones that are somebody else's if one of a customer is
	// beside them.
	owners   = words("owner proprietario proprietaria propietario propietaria dono dona fornecedor fornecedora supplier proveedor vendor parceiro parceira partner locador locadora landlord arrendador")
	faxWords = words("fax telefax pager buscapersonas beeper telex bip radio")

	// otherNames are words of names that are not the person's.
	otherNames = words(`user usuario username login file arquivo company empresa organizacao organization organizacion mae pai mother father madre padre filiacao
		campaign campanha campana ad adset adgroup form formulario conjunto anuncio product produto producto item curso turma evento event vendedor seller owner
		atendente agent agente store loja tienda bairro cidade rua street city estado state pais country plano plan banco bank domain host page pagina tag list lista
		pet animal prefix suffix sufixo prefixo title titulo titulos file as conjuge spouse dependente phonetic fonetico yomi department departamento job cargo
		category categoria source origem discount shipping sku billing_company utm group grupo segment service servico`)
	personWords = words(`cliente clientes customer client contato contatos contact contacto aluno aluna paciente titular responsavel lead membro member pessoa persona
		associado inscrito participante comprador buyer destinatario recipient hospede morador student estudante usuario_final assinante subscriber convidado
		colaborador funcionario socio razao social fantasia participant beneficiario beneficiaria condomino inquilino alumno alumna interessado interesado doador donor
		locatario locataria arrendatario arrendataria tenant tutor tutora noivo noiva eleitor eleitora passageiro passageira passenger pasajero pasajera pagador pagadora formando formanda
		candidato candidata candidate guest attendee patient paciente socia compradora inquilina locatarios
		favorecido segurado asegurado comprador huesped fornecedor proveedor`)
	// documents are words of columns that have numbers which are no phones: of
	// papers, of things that were bought, of days and of places.
	documents = words(`cpf cnpj cep rg ie documento documentos document documents doc docs id ids uuid identidade identidad identification identificacao identificacion identificador cedula ci
		pis pasep nis nit cadunico ctps cnh renavam chassi chassis vin imei iccid eleitoral sus cns susep cnae ibge oab crm crea cro coren
		passaporte passport pasaporte dni nie nif cif rut ruc curp rfc cuit cuil cuild clabe ssn ein itin tin vat tax iban nino
		codigo code cod venda vendas venta ventas sale pedido pedidos order orders orden ordem compra purchase matricula matriculas inscricao registro registration prontuario expediente protocolo processo proceso chamado ticket
		nota nf nfe nfce danfe fatura faturas invoice invoices factura boleto recibo receipt remito contrato contract apolice policy poliza conta account cuenta agencia
		cartao card tarjeta transacao transaction transaccion nsu rastreio rastreamento tracking reserva booking reservation localizador voucher cupom comanda serie serial
		sku ean gtin upc barcode lote placa zip postal postcode zipcode folio license licence licencia
		valor preco price total nascimento data date timestamp latitude longitude referencia reference`)
	notEmails = words("status type tipo label rotulo opt optin optout valid valido marketing accepts aceita unsubscribed unsubscribe subscription mailing bounce bounced count data date domain nome name nombre exibicao")
	mailWords = words("email emails mail mails correo correio newsletter")

	// about are words of what is agreed to.
	about = words(`whatsapp mensagem mensagens mensajes msg messages message promo promos promocao promocoes promociones novidade novidades oferta ofertas comunicacao
		comunicacoes sms marketing contato contact contacto lgpd gdpr notificacoes notificacao notifications disparo disparos whats wpp zap broadcast broadcasts contacted informacao informacoes
		informacion information publicidad propaganda comerciales novedad novedades boletin boletines noticias news updates alertas avisos lembretes recordatorios campanha campanhas campanas
		descontos descuentos promocional promocionais promocionales publicidade contatado contatada contatados contactado contactada contatar contactar contacts llamadas ligacoes ligacao chamadas calls texts
		allowbroadcast aceitawhatsapp aceitawpp aceitamensagens aceptawhatsapp acceptswhatsapp
		mensaje msgs offer offers noticia promocion promotion promotions messaged
		texting messaging mensageria conteudo conteudos contenido contenidos communication communications notificaciones notificacion correspondencia comunicacion comunicaciones comunicado comunicados`)
)

// words makes the set of some words when it is first asked for.
func words(text string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		all := make(map[string]bool)
		for word := range strings.FieldsSeq(text) {
			all[word] = true
		}
		return all
	})
}

// titleWords are the words of a title, folded: "phoneNumber 1", "DDD_Celular1".
func titleWords(title string) []string {
	var apart strings.Builder
	var before rune
	for i, c := range title {
		if i > 0 && (unicode.IsLower(before) && unicode.IsUpper(c) || unicode.IsLetter(before) && unicode.IsDigit(c) || unicode.IsDigit(before) && unicode.IsLetter(c)) {
			apart.WriteByte(' ')
		}
		apart.WriteRune(c)
		before = c
	}
	return strings.FieldsFunc(people.Fold(apart.String()), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}

// title is a title taken apart.
type title struct {
	words  []string
	joined string // with nothing between
}

func newTitle(text string) title {
	w := titleWords(text)
	return title{w, strings.Join(w, "")}
}

// any reports whether one of the words is in the set.
func (t title) any(set func() map[string]bool) bool {
	return slices.ContainsFunc(t.words, func(w string) bool { return set()[w] })
}

// holds reports whether one of the texts is part of the title, spaces or not.
func (t title) holds(texts ...string) bool {
	return slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(t.joined, s) })
}

// is reports whether the title is one of the texts, spaces or not.
func (t title) is(texts ...string) bool { return slices.Contains(texts, t.joined) }

// number is the number in the title that tells columns of a kind apart.
func (t title) number() string {
	for _, w := range t.words {
		if w[0] >= '0' && w[0] <= '9' {
			return w
		}
	}
	return ""
}

// guesses says what a column may be by its title, the likeliest first; its
// cells decide. None: a field.
func (t title) guesses() []guess {
	if len(t.words) == 0 {
		return nil
	}
	if g, ok := t.wish(); ok {
		return append([]guess{g}, t.kinds()...) // "o WhatsApp para receber ofertas" has phones
	}
	return t.kinds()
}

// kinds is guesses of a column that says nothing of who wants to be written to.
func (t title) kinds() []guess {
	if g, ok := t.aboutPhone(); ok {
		switch {
		case g.role == AreaRole:
			return []guess{g, {PhoneRole, isPhone}} // some have both in one cell
		case t.is("contato", "contact", "contacto", "contatos"):
			return []guess{{NameRole, 3}, g}
		case t.any(words("nome name nombre")): // "Nome no WhatsApp"
			return []guess{g, {NameRole, 3}}
		}
		return []guess{g}
	}
	if t.mail() {
		return []guess{{EmailRole, 0}}
	}
	if t.tags() {
		return []guess{{TagsRole, 0}}
	}
	if g, ok := t.name(); ok {
		return []guess{g}
	}
	return nil
}

// tags reports whether the column has tags.
func (t title) tags() bool {
	if t.is("labels", "marcadores", "marcador", "categories", "categorias", "groups", "grupos", "groupmembership", "segments", "segmentos") {
		return true
	}
	others := words("list lista de do da del of lead leads contato contatos contact contacto cliente clientes customer client tag tags etiqueta etiquetas")
	return t.any(words("tag tags etiqueta etiquetas")) && !slices.ContainsFunc(t.words, func(w string) bool { return !others()[w] && strings.Trim(w, "0123456789") != "" })
}

// Words of who wants to be written to, and of who does not.
var (
	stopWords = words(`bloqueado bloqueada blocked removido removida removed suppressed suppression supressao suprimido suprimida supresion suppress stop sair recusou recusado excluir excluido excluida excluded exclude
		remover remove banido banida banned baneado baneada bounced complained rebotado rebotada revogado revogada revocado revocada revoked withdrawn`)
	// complaints are words of who has complained; columns with nouns of that, and of
	// addresses that are dead, may as well tell a story.
	complaints     = words("complained reclamou denunciou quejo")
	complaintNouns = words("bounce bounces hardbounce softbounce complaint complaints spam abuse reclamacao reclamacoes denuncia denuncias queja quejas rebote rebotes")
	revokes        = words(`revogado revogada revogou revogacao revogar revocado revocada revoco revocacion revoked revocation revoke withdrawn withdrew withdrawal retirado retirada recusado recusada recusou recusa negado negada negou
		denied refused declined rejected rechazado rechazada rechazo cancelado cancelada cancelou cancelled canceled expirado expirada expired vencido vencida`)
	moneyWords = words("saldo limite valor amount balance credito credit motivo reason")
	// askWords are of columns that ask for more than a yes or a no.
	askWords     = words("qual quais quando onde horario horarios hours hora dia dias periodo frequencia which what when where time frequency cual cuales cuando donde frecuencia preferencia preferred preference melhor best mejor")
	joinedWords  = words("subscribed inscrito inscrita suscrito suscrita")
	allowedWords = words(`aceita aceite aceitou autoriza autorizacao permite permissao permission permissions permiso receber recebe recibir accepts accept acepta agree agreed
		quer deseja desea quiere pode podemos puede enviar notificar allow allows allowed can may
		aceito aceitar autorizo autorizado autorizar concordo concorda concordancia permitir permitido receba recibe recibo quero desejo deseo quiero gostaria envia envie mandar wants want like acepto aceptar
		aceptacion acceptance authorize authorizes authorized authorization autorizacion consente consiente send receive receives
		allowbroadcast aceitawhatsapp aceitawpp aceitamensagens aceptawhatsapp acceptswhatsapp`)
	refusedWords = words("desea quiere enviar recibir escribir contactar molestar llamar perturbar")
	// denies are the words that turn what is behind them into the opposite.
	denies = words("nao no not nunca never dont doesnt sem sin")
	// blockWords are of columns that say who is to get nothing.
	blockWords = words(`bloquear bloqueia bloqueio bloqueios bloquea bloqueo bloqueos block blocks blocking suspender suspensao suspende suspension suspend silenciar silenciado silenciada mute muted
		recusa recusou recusado recusada recusar recusas rejeita rejeitou rejeitado rejeicao rechaza rechazo rechazado rechazar rechazos refuse refuses refused refusal reject rejects rejected
		decline declines declined objects objection oposicao oposicion opoe opuso opposes cancelar impedir impedido proibir proibido prohibido prohibir forbid forbids excluded opposed`)
	sendWords = words("envio envios enviar sending sends recebimento recepcion recibir receber comunicado comunicados disparar")
)

// wish is a column that says who wants to be written to, or does not.
func (t title) wish() (guess, bool) {
	mail := t.any(mailWords)
	switch {
	case t.is("unsubreason", "unsubcampaigntitle", "unsubcampaignid"):
		return guess{}, false
	case t.unrevoked():
		return guess{AskedRole, 0}, true
	case t.eitherWay():
		return guess{UnsureRole, 0}, true
	case t.refuses():
		if mail || t.holds("donotcall", "nollamar", "naoligar") || t.any(dndWords) && t.elsewhere() {
			return guess{UnsureRole, 0}, true
		}
		return guess{LeftRole, 0}, true
	case t.left() && !t.any(moneyWords) && !t.any(askWords) && !t.any(dealings):
		if mail || t.elsewhere() {
			return guess{UnsureRole, 0}, true
		}
		return guess{LeftRole, 0}, true
	case t.any(complaints) && len(t.words) <= 4 && !t.any(moneyWords) && !t.any(dealings), t.any(revokes) && t.consents() && !t.any(moneyWords) && !t.any(words("granted given concedido concedida aceito accepted")),
		t.holds("semconsent", "sinconsent", "withoutconsent", "noconsent", "naoconsent", "semoptin", "sinoptin", "semautorizacao", "sinautorizacion", "spamreport", "reportedspam", "markedasspam", "marcoucomospam", "marcadocomospam", "reportedasspam"):
		return guess{UnsureRole, 0}, true
	case t.any(complaintNouns) && len(t.words) <= 3 && !mail && !t.any(moneyWords) && !t.any(dealings):
		return guess{UnsureRole, maybeName}, true
	case t.any(stopWords) && len(t.words) <= 3 && !t.any(moneyWords) && !(mail && t.any(words("bounced"))), t.is("naousar", "saiudogrupo", "fechadebaja", "fechabaja", "dardebaja"),
		t.holds("cancelouinscricao", "cancelouainscricao", "inscricaocancelada", "cancelamentodainscricao", "cancelouassinatura", "cancelourecebimento", "exclusaolgpd"):
		return guess{UnsureRole, 0}, true
	case mail && !t.whatsApp() && t.any(words("optin opt opted accepts aceita consent consentimento subscribed inscrito marketing")):
		return guess{FieldRole, 0}, true
	case t.is("inscrito", "inscrita", "assinante"):
		return guess{AskedRole, maybeName}, true
	case t.is("subscribed", "suscrito", "aceite", "aceita", "autoriza", "autorizado", "lgpd", "gdpr", "rgpd", "notificar", "issubscribed"), t.holds("continuarrecebendo"), t.any(joinedWords) && t.any(about):
		return guess{AskedRole, 0}, true
	case t.is("marketing"):
		return guess{AskedRole, maybeName}, true
	case t.holds("optin", "optedin", "consent") && !t.any(words("date data time timestamp hora source origem origen ip")):
		return guess{AskedRole, 0}, true
	case t.any(allowedWords) && t.any(about) && !t.any(askWords):
		return guess{AskedRole, 0}, true
	case t.any(words("status situacao situacion estado state")):
		return guess{StatusRole, 0}, true
	}
	return guess{}, false
}

// maybeName is the rank of an answer whose column may as well have names.
const maybeName = 1

// refuses reports whether the title says that somebody is not to be written to.
func (t title) refuses() bool {
	if t.holds("optout", "optedout", "unsubscrib", "unsub", "descadastr", "donotcontact", "donotcall", "donotdisturb", "donottext", "donotmessage", "donotsms", "donotsend", "donotemail", "donotmail",
		"naoperturb", "naocontat", "naoenviar", "naomand", "naoligar", "naoreceber", "naoquer", "naodeseja", "blacklist", "blocklist", "listanegra", "listadebloqueio", "dadodebaja", "nocontactar", "nomolestar", "nollamar",
		"saiudalista", "pediuparasair", "pediusaida",
		"naomeperturb", "naoincomod", "naochamar", "naodispar", "nomecontact", "nomemolest", "optouporsair", "optoporsalir", "optsout", "paroudereceber", "dejoderecibir", "desistiudereceber", "dontcontact", "dontsend", "dontmessage",
		"dontcall", "donttext", "dontdisturb", "nolongerwant", "bloqueioprocon", "cadastroprocon", "listaprocon", "donotwhats", "donotbroadcast", "donotmarket", "donotnotify", "noperturb", "listadeexclusao",
		"listadesupressao", "listadeexclusion", "listadesupresion", "suppressionlist") || t.is("dnd", "baja", "saiu", "optouts") {
		return true
	}
	if t.any(dndWords) && !t.any(moneyWords) && !t.any(askWords) {
		return true
	}
	if (t.any(blockWords) && (t.any(about) || t.any(sendWords)) || t.denied()) && !t.any(moneyWords) && !t.any(askWords) {
		return true
	}
	// Words that the ends of others would make: "Estado de suscripción".
	return slices.ContainsFunc(t.words, func(w string) bool {
		return strings.HasPrefix(w, "desuscri") || strings.HasPrefix(w, "desinscri") || w == "robinson"
	}) ||
		len(t.words) > 1 && t.words[0] == "no" && refusedWords()[t.words[1]]
}

// What somebody has left, and words of who has: "Baja de WhatsApp", "Saiu da lista em".
var (
	leftWords = words("baja bajas saiu sairam salio salieron")
	leftWhat  = words(`promo promos promocao promocoes promocion promociones oferta ofertas novidade novidades novedad novedades publicidad publicidade propaganda comunicacao comunicacoes comunicacion comunicaciones
		marketing campana campanas campanha campanhas lista listas difusion difusao transmissao`)
)

// left reports whether the title says that somebody no longer gets what is sent, or
// since when.
func (t title) left() bool {
	return t.any(leftWords) && (t.whatsApp() || t.any(messageWords) || t.any(mailWords) || t.any(leftWhat) || t.elsewhere()) ||
		t.holds("saidadalista", "saidadatransmissao", "saidadadifusao", "saidadowhatsapp", "salidadelalista", "salidadeladifusion", "salidadewhatsapp",
			"leftthelist", "leftlist", "leftwhatsapp", "leftthebroadcast", "leftbroadcast")
}

// dndWords say short that nobody is to disturb somebody.
var dndWords = words("dnd dnc")

// What the title says that a no in a column is about.
var (
	// consentWords ask for leave by themselves.
	consentWords = words("opt optin opted consent consents consented consentimento consentimiento consentiu aceite lgpd gdpr rgpd")
	// grantWords ask for leave to write if it is said that it is about that.
	grantWords = words(`aceita aceite aceitou aceito aceitar autoriza autorizacao autorizo autorizado autorizada autorizar autorizou permite permissao permission permissions permiso permitir permitido accepts accept accepted acepta acepto
		aceptar aceptacion acceptance agree agreed agrees quer deseja desea quiere quero desejo deseo quiero gostaria want wants like pode podemos puede can may allow allows allowed concordo concorda concordancia
		authorize authorizes authorized authorization authorise authorised authorisation autorizacion consente consiente continuar
		allowbroadcast aceitawhatsapp aceitawpp aceitamensagens aceptawhatsapp acceptswhatsapp`)
	messageWords = words(`mensagem mensagens mensaje mensajes msg msgs message messages messaging mensageria disparo disparos broadcast broadcasts
		allowbroadcast aceitawhatsapp aceitawpp aceitamensagens aceptawhatsapp acceptswhatsapp`)
	// newsWords are what is written to people, and that they are written to.
	newsWords = words(`promo promos promocao promocoes promocion promociones promotion promotions promotional promocional promocionais promocionales novidade novidades novedad novedades oferta ofertas offer offers
		descontos descuentos comunicacao comunicacoes comunicacion comunicaciones communication communications comunicado comunicados
		publicidad publicidade propaganda noticia noticias news recebendo
		contato contatos contact contacts contacto contacted contatado contatada contatados contactado contactada contatar contactar`)
	// detailWords are so too where somebody gets them.
	detailWords  = words("informacao informacoes informacion informaciones information campanha campanhas campana campanas campaign campaigns conteudo conteudos contenido contenidos content updates avisos")
	receiveWords = words("receber receba recebe recebo recibir recibe recibo receive receives get getting sent send enviar")
	// elsewhereWords are of other ways to reach somebody.
	elsewhereWords = words(`email emails mail mails correo correos correio newsletter newsletters boletin boletines sms torpedo torpedos text texts texting ligacao ligacoes ligar chamada chamadas llamada llamadas llamar call calls calling
		voice voz telefone telefones telefonico telefonica telefono phone phones tel fone celular movil mobile telemarketing carta cartas correspondencia postal post letter letters push telegram messenger instagram facebook gmb`)
	// otherMatters are what leave may be asked for beside that, and what may be said of
	// a leave: that it was asked for, or that there is one.
	otherMatters = words(`imagem imagens foto fotos video videos image images imagen imagenes photo photos cookie cookies termo termos terms terminos condicoes condiciones conditions politica policy privacidade privacidad privacy
		contrato contract cirurgia procedimento tratamento tratamiento treatment pagamento payment pago cartao card parceiro parceiros parceira parceiras partner partners socios terceiros terceros third compartilhar compartilhamento
		compartir share sharing dados datos pendente pending pendiente solicitado solicitada requested enviado enviada sent respondido perguntado asked double duplo dupla doble confirmado confirmed confirmacao confirmation
		verificado verified tem possui has have tiene need needs precisa requer requires required obrigatorio mandatory emergencia emergency urgencia familiares familia parentes family escola banco data date fecha hora time timestamp origem origen source ip`)
	// plainWords may stand beside consentWords and make it about nothing else.
	plainWords = words(`a o os as e y and in de da do del dos the of el la is status situacao situacion estado geral general cliente clientes customer client lead leads user usuario titular paciente aluno aceita aceito aceitou accepted
		autoriza autorizado autorizacao ok s n sim nao yes no y si`)
)

func (t title) whatsApp() bool { return t.any(whatsAppWords) || t.holds("whatsapp") }

// elsewhere reports whether the title is about reaching somebody in another way than
// by WhatsApp alone.
func (t title) elsewhere() bool { return t.any(elsewhereWords) && !t.whatsApp() }

// consents reports whether the title is about leave, without saying for what.
func (t title) consents() bool {
	return t.holds("optin", "optedin", "consent") || t.any(words("lgpd gdpr rgpd"))
}

// leave reports whether the title of a column of who agrees asks for leave to
// write to somebody. Who says no to that has been asked and wants no messages.
func (t title) leave() bool {
	if t.elsewhere() || t.any(otherMatters) || t.unrevoked() {
		return false
	}
	if t.whatsApp() || t.any(messageWords) || t.any(newsWords) || t.any(detailWords) && t.any(receiveWords) {
		return t.consents() || t.any(grantWords)
	}
	return (t.consents() || t.is("aceite")) && !slices.ContainsFunc(t.words, func(w string) bool { return !consentWords()[w] && !plainWords()[w] })
}

var (
	// negating are denies of what somebody has done.
	negating = words("nenhum nenhuma ningun ninguna jamais jamas didnt hasnt wasnt isnt didn hasn wasn isn doesn")
	// helpers may stand between a no and what it denies.
	helpers = words("foi foram se e ha has have been was is did does do fue es esta ser be t ainda aun yet")
)

// refusing reports whether a word says that somebody has refused something.
func refusing(w string) bool { return revokes()[w] || blockWords()[w] || stopWords()[w] }

// unrevoked reports whether the title says that something has not been refused:
// "Consentimento não revogado". A yes there is a yes; a no is asked about.
func (t title) unrevoked() bool {
	if t.any(moneyWords) || t.any(askWords) || t.any(dealings) || t.any(yesWords) ||
		!t.consents() && !t.any(about) && !t.any(sendWords) && !t.whatsApp() && !(t.any(stopWords) && len(t.words) <= 4) && !t.holds("inscri", "suscri") {
		return false
	}
	for i, w := range t.words {
		next := t.words[i+1:]
		if !denies()[w] && !negating()[w] || len(next) == 0 {
			continue
		}
		if helpers()[next[0]] && len(next) > 1 {
			next = next[1:]
		}
		if refusing(next[0]) && (w != "no" || i == 0 || t.words[i-1] == "que" || revokes()[next[0]]) { // "no bloqueio" is Portuguese
			return true
		}
	}
	return false
}

var (
	yesWords = words("sim si yes true verdadeiro verdadero")
	noWords  = words("nao not")
)

// eitherWay reports whether the title says that something was refused and also that
// it was not: "Opt-in (sim) / recusado (não)". Nobody knows what a yes there is.
func (t title) eitherWay() bool {
	if t.any(moneyWords) || !slices.ContainsFunc(t.words, refusing) || t.unrevoked() {
		return false
	}
	return t.consents() && (t.any(yesWords) || t.any(noWords) && !t.refuses() || t.apart("s", "n") || t.apart("y", "n") || t.apart("1", "0")) || t.any(yesWords) && t.any(grantWords) && t.any(about)
}

// apart reports whether the title has both words, and not the one behind the other,
// which is how a column is filled: "(S/N)".
func (t title) apart(one, other string) bool {
	i, j := slices.Index(t.words, one), slices.Index(t.words, other)
	return i >= 0 && j >= 0 && i-j != 1 && j-i != 1
}

// denied reports whether the title is what is asked of who agrees, the other way
// round: "Não autoriza contato".
func (t title) denied() bool {
	for i, w := range t.words[:len(t.words)-1] {
		if !denies()[w] || w == "no" && i > 0 && t.words[i-1] != "que" {
			continue // "No contatar"; "aceita no WhatsApp" is Portuguese
		}
		if next := t.words[i+1:]; allowedWords()[next[0]] || len(next) > 1 && len(next[0]) <= 4 && allowedWords()[next[1]] {
			return t.any(about)
		}
	}
	return false
}

// aboutPhone is a column of phones, or of a part of one.
func (t title) aboutPhone() (guess, bool) {
	has := t.any(phoneWords) || t.any(mobileWords) || t.any(whatsAppWords) ||
		t.holds("whatsapp", "celular", "telefone", "telefono", "telemovel", "telephone", "phonenumber", "mobilephone", "cellphone", "fonecontato") || t.is("e164")
	first := t.words[0]
	switch {
	case t.any(faxWords):
		return guess{PhoneRole, isFax}, true
	case t.is("ddi", "coddi", "codigoddi", "ddipais"), (has || t.any(words("codigo code cod calling"))) && t.any(words("pais country")) && t.any(words("codigo code cod ddi calling prefixo prefix")) && !t.any(words("com with c e and con")):
		return guess{CountryRole, 0}, true
	case t.is("pais", "country", "paisdeorigem", "paisderesidencia", "countryofresidence", "countryname", "nomedopais", "paisiso", "isocountry", "countryiso", "pays"):
		return guess{CountryRole, isNation}, true
	case strings.HasPrefix(first, "ddd"), t.is("coddd", "codigoddd", "codddd", "numddd", "nrddd", "areacode", "codigodearea", "codigoarea", "codarea", "prefijo", "prefixo", "lada", "clavelada", "area"),
		t.any(words("ddd")) && !has, t.holds("areacode", "codigodearea"):
		return guess{AreaRole, 0}, true
	case has && t.any(words("label type tipo rotulo")):
		return guess{LabelRole, 0}, true
	case has && (t.any(notPhones) && !t.any(words("numero number no n com with con")) || t.words[0] == "e" && len(t.words) == 2):
		return guess{}, false
	case has && (t.any(theirWords) || t.any(strangers)):
		return guess{PhoneRole, isTheirs}, true
	case t.any(whatsAppWords), t.holds("whatsapp"), t.is("waid", "wid", "jid", "remotejid", "chatid"):
		return guess{PhoneRole, isWhatsApp}, true
	case t.any(mobileWords), t.holds("celular", "telemovel", "mobilephone", "cellphone"):
		return guess{PhoneRole, isMobile}, true
	case has && t.any(landlineWords):
		return guess{PhoneRole, isLandline}, true
	case has, t.is("sms", "smsnumber"):
		return guess{PhoneRole, isPhone}, true
	case t.is("numero", "number", "numeros", "num", "contato", "contact", "contacto", "contatos", "numerodecontato", "numerocontato", "contactnumber", "numerodecontacto",
		"contactno", "contactnum", "contatocliente", "fixo", "fijo", "residencial", "comercial", "particular", "casa", "trabalho", "trabajo", "home", "work", "numerodocliente", "numerodocontato"):
		return guess{PhoneRole, isNumber}, true
	}
	return guess{}, false
}

// document reports whether the numbers in the column are those of something
// else than a phone.
func (t title) document() bool {
	return t.any(documents) || documents()[t.joined] || t.holds("cpf", "cnpj", "pedido", "matricula", "protocolo", "passaporte", "pasaporte", "passport", "invoice", "documento")
}

// mail reports whether the column has addresses of mail.
func (t title) mail() bool {
	return (t.any(words("email emails mail correo")) || t.holds("email", "correoelectronico", "correioeletronico")) && !t.any(notEmails)
}

// name is a column of names.
func (t title) name() (guess, bool) {
	switch {
	case t.any(words("phonetic fonetico yomi")):
		return guess{}, false
	case t.is("nomecompleto", "fullname", "displayname", "nombrecompleto", "nomeesobrenome", "nombreyapellido", "nombreyapellidos", "nombresyapellidos", "fn", "nomesobrenome", "nomeyapellido"),
		t.holds("nomecompleto", "fullname", "nombrecompleto"):
		return guess{NameRole, 0}, true
	case t.holds("firstname", "givenname", "primeironome", "prenome", "primernombre", "nombredepila", "nomeproprio"), t.is("first", "given", "fname"):
		return guess{FirstRole, t.secondary()}, true
	case t.holds("middlename", "nomedomeio", "segundonome", "segundonombre", "additionalname"):
		return guess{MiddleRole, t.secondary()}, true
	case t.holds("lastname", "surname", "sobrenome", "familyname", "ultimonome"), t.is("apellido", "apellidos", "last", "family", "lname"), t.any(words("apellido apellidos")) && len(t.words) <= 2:
		return guess{LastRole, t.secondary()}, true
	case t.is("nome", "name", "nombre", "nombres", "nomes"):
		return guess{NameRole, 1}, true
	}
	named := t.any(words("nome name nombre nm nomes nombres pushname")) || t.holds("nomecliente", "customername", "clientname", "contactname", "nomcli", "nomecli")
	switch {
	case t.holds("razaosocial", "fantasia", "razonsocial") && (t.any(words("nome nombre")) || t.holds("razaosocialnome")):
		return guess{NameRole, 2}, true
	case t.holds("razaosocial", "razonsocial"):
		return guess{NameRole, 5}, true
	case t.holds("fantasia"):
		return guess{NameRole, 4}, true
	case t.is("billingname", "customername", "clientname", "contactname"):
		return guess{NameRole, 2}, true
	case named && t.any(otherNames):
		if t.any(words("company empresa organization organizacao organizacion")) {
			return guess{NameRole, 7}, true
		}
		return guess{}, false
	case named && t.any(strangers) && !t.customer():
		return guess{NameRole, isOwner}, true
	case named && t.any(personWords):
		return guess{NameRole, 2}, true
	case named && t.any(words("shipping entrega")):
		return guess{NameRole, isDelivered}, true
	case named:
		return guess{NameRole, 3}, true
	case t.people(), t.is("displayas", "fileas"):
		return guess{NameRole, 3}, true
	case t.is("proprietario", "proprietaria", "propietario", "propietaria", "owner", "dono", "dona", "proprietarioa", "donoa"):
		return guess{NameRole, isOwner}, true // of the house, or of the deal
	case t.is("usuario", "user"):
		return guess{NameRole, 5}, true
	case t.is("nickname", "apelido", "apodo", "organizationname", "organization", "empresa", "company"):
		return guess{NameRole, 8}, true
	}
	return guess{}, false
}

// customer reports whether the title says of whom something is, and that it is who
// the table is about.
func (t title) customer() bool {
	return slices.ContainsFunc(t.words, func(w string) bool {
		switch w {
		case "contato", "contatos", "contact", "contacto", "funcionario", "colaborador", "socio", "socia", "responsavel", "razao", "social", "fantasia", "fornecedor", "proveedor":
			return false
		}
		return personWords()[w]
	})
}

// people reports whether the title says who they are, and nothing else:
// "Aluno(a)", "Cliente/Fornecedor".
func (t title) people() bool {
	return personWords()[t.words[0]] && !slices.ContainsFunc(t.words[1:], func(w string) bool { return !personWords()[w] && !fillers()[w] })
}

// fillers are words that may stand beside who somebody is: "Noivo(a)",
// "Responsável financeiro".
var fillers = words("a as o os e y and ou or do da de del financeiro financeira financiero financiera legal principal")

// isOwner is the rank of the name of who owns something.
const isOwner = 9

// isNation is the rank of the country where somebody lives, which may be that of
// their phone.
const isNation = 1 << 10

// isDelivered is the rank of the name of who gets the parcel.
const isDelivered = 6

// secondary ranks the parts of names that may be somebody else's.
func (t title) secondary() int {
	if t.any(words("shipping entrega")) {
		return 1
	}
	return 0
}
