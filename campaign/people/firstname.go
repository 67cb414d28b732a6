package people

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// FirstName is what a person with that name is called in a greeting, in
// letters alone: no title ("Dra.", "Dona", "Mr."), no picture, no number. It is
// empty where the name does not say: of a company, of an address of mail, of
// initials, of "Cliente 12". Nobody is greeted then by something that they are not
// called; a template has its fallback for it.
//
// Letters are those of any script, with their accents; a hyphen or apostrophe
// within a name stays ("Anne-Marie", "D'Angelo"). Case is kept.
func FirstName(name string) string {
	name = plainName(firstRunes(name, MaxName))
	if strings.ContainsRune(name, '@') && !strings.Contains(strings.TrimSpace(name), " ") {
		return "" // an address
	}
	for _, part := range nameParts(name) {
		words := nameWords(part)
		if len(words) == 0 {
			continue
		}
		if company(part, words) {
			return ""
		}
		for len(words) > 0 && titles()[words[0].folded] {
			words = words[1:]
		}
		if len(words) == 0 || noOnes()[words[0].folded] {
			if len(words) > 1 {
				return ""
			}
			continue // "VIP - Ana", "Cliente: Ana"
		}
		return words[0].greeting()
	}
	return ""
}

// FirstName is [FirstName] of their name.
func (c *Contact) FirstName() string { return FirstName(c.Name) }

// plainName is a name in plain letters, without what is in brackets unless
// there is nothing else.
func plainName(name string) string {
	if ascii(name) && !strings.ContainsAny(name, "([{<") {
		return name
	}
	name = strings.NewReplacer("ª", "", "º", "", "’", "'", "‘", "'", "`", "'", "‐", "-", "‑", "-").Replace(name)
	name = norm.NFKC.String(name) // 𝓐𝓷𝓪, Ａｎａ
	var out strings.Builder
	depth := 0
	for _, r := range name {
		switch {
		case strings.ContainsRune("([{<", r):
			depth++
		case strings.ContainsRune(")]}>", r):
			depth = max(depth-1, 0)
			out.WriteByte(' ')
		case unicode.Is(unicode.Cf, r):
		case depth == 0:
			out.WriteRune(r)
		}
	}
	if strings.ContainsFunc(out.String(), unicode.IsLetter) {
		return out.String()
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("()[]{}<>", r) {
			return ' '
		}
		return r
	}, name)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// nameParts takes apart what is joined by signs, the name first: "Ana - Loja
// X", "Silva, João".
func nameParts(name string) []string {
	for _, sign := range []string{"|", " - ", " – ", " — ", " / ", ":", "•", "·", "\n", ";"} {
		if before, after, ok := strings.Cut(name, sign); ok {
			return append(nameParts(before), nameParts(after)...)
		}
	}
	before, after, ok := strings.Cut(name, ",")
	if !ok {
		return []string{name}
	}
	family, given := nameWords(before), nameWords(after)
	for len(given) > 0 && (titles()[given[0].folded] || suffixes()[given[0].folded]) {
		given = given[1:]
	}
	switch {
	case len(family) == 0 || len(given) == 0, !unicode.IsUpper([]rune(given[0].text)[0]), company(name, append(family, given...)):
		return []string{before}
	case len(family) == 1, particles()[family[0].folded]:
		return []string{after}
	}
	return nil // "Souza Lima, Ana" or "Ana Lima, Contadora": it does not say
}

// nameWord is a run of letters.
type nameWord struct {
	text   string
	folded string
	odd    bool // there is a digit or an underscore in it
}

func nameWords(part string) (words []nameWord) {
	start, odd := -1, false
	end := func(at int) {
		if start >= 0 {
			text := strings.Trim(part[start:at], "'-")
			if strings.ContainsFunc(text, unicode.IsLetter) {
				words = append(words, nameWord{text, Fold(text), odd})
			}
		}
		start, odd = -1, false
	}
	for i, r := range part {
		switch {
		case unicode.IsLetter(r), unicode.IsMark(r) && start >= 0, (r == '\'' || r == '-') && start >= 0:
			if start < 0 {
				start = i
			}
		case unicode.IsDigit(r), r == '_' && start >= 0:
			if start < 0 {
				start = i
			}
			odd = true
		default:
			end(i)
		}
	}
	end(len(part))
	return words
}

// greeting is the word as a greeting takes it; empty if it is none.
func (w nameWord) greeting() string {
	letters := 0
	for _, r := range w.text {
		if unicode.IsLetter(r) {
			letters++
			if r > 0x2e80 { // of a script whose signs are syllables
				letters++
			}
		}
	}
	if w.odd || letters < 2 || letters > 40 || particles()[w.folded] {
		return ""
	}
	return w.text
}

// company reports whether a name is that of a company: by its legal form, by what
// companies are called, or because it begins as the name of a place does.
func company(part string, words []nameWord) bool {
	if len(words) > 1 {
		last := words[len(words)-1].text
		if last == "ME" || last == "EPP" || last == "MEI" || strings.Contains(part, "&") {
			return true
		}
	}
	upper := strings.ToUpper(strings.TrimSpace(part))
	for _, form := range []string{"S/A", "S.A.", "S.A", "S.L.", "S.R.L.", "S.C.", "S/S", ".COM", ".NET", ".ORG", ".BR"} {
		if strings.HasSuffix(upper, form) || strings.Contains(upper, form+" ") || strings.HasSuffix(upper, form+".BR") {
			return true
		}
	}
	for i, w := range words {
		if firms()[w.folded] || i == 0 && places()[w.folded] {
			return true
		}
	}
	return false
}

// nameSet makes the set of some words when it is first asked for.
func nameSet(text string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		set := make(map[string]bool)
		for word := range strings.FieldsSeq(text) {
			set[word] = true
		}
		return set
	})
}

// The words that a name begins with, or has, and that are no names, folded:
// Portuguese, English, Spanish.
var (
	titles = nameSet(`sr sra srta srs sras srita sro senhor senhora senhorita dr dra drs dras doutor doutora prof profa profo professor professora eng enga engo
		engenheiro engenheira arq arqa arquiteto arquiteta adv advogado advogada pr pra pastor pastora pe padre frei freira irmao irma ir dom dona d seu
		exmo exma ilmo ilma sgt sargento cb cabo sd cap capitao ten tenente cel coronel maj major gen general vereador vereadora ver dep deputado deputada
		prefeito prefeita tio tia vo vovo primo prima mestre mr mrs ms miss mx mister sir madam doctor rev reverend fr father pastor capt captain lt sgt
		don dona dna sres senor senora senorita doctora lic licenciado licenciada ing ingeniero ingeniera mtro mtra maestro maestra hno hna hermano hermana cp`)
	suffixes  = nameSet(`jr junior filho neto sobrinho segundo sr ii iii iv md phd esq me msc mba dds cpa`)
	particles = nameSet(`de da do das dos e o a os as del la las los el y the of van von der den di du le um uma un una`)
	noOnes    = nameSet(`cliente clientes contato contatos contacto contactos lead leads usuario usuaria user users teste test prueba unknown desconhecido desconhecida
		desconocido anonimo anonima anonymous sem sin no none null nan undefined vip novo nova nuevo nueva new numero number telefone telefono phone celular cel whatsapp
		whats zap wpp fixo comercial admin administrador suporte support soporte atendimento vendas ventas sales financeiro sac rh contact customer client guest
		convidado paciente aluno aluna aluno mae pai mamae papai amor vida mom dad mama papa nome name nombre grupo group lista list spam nao ok oi ola hello hola
		bom boa deus jesus`)
	places = nameSet(`padaria mercado mercadinho mercearia loja lojas lojinha clinica restaurante auto oficina farmacia drogaria escola colegio creche igreja condominio
		salao studio estudio academia hotel pousada motel posto pizzaria lanchonete bar bistro cafe cafeteria churrascaria hamburgueria sorveteria confeitaria
		acougue peixaria quitanda hortifruti atacado atacadao atelier atelie espaco casa ponto centro instituto fundacao associacao sindicato cooperativa
		prefeitura secretaria hospital laboratorio consultorio escritorio banco grafica papelaria livraria floricultura petshop pet agencia grupo empresa
		companhia cia rede portal radio jornal tv clube barbearia otica relojoaria joalheria universidade faculdade curso autoescola delivery disk santa-casa
		store shop company bakery restaurant church school clinic market pharmacy garage gym bank club salon
		tienda tiendas panaderia taller ferreteria iglesia escuela carniceria peluqueria libreria fruteria zapateria supermercado hostal colegio gimnasio ayuntamiento
		almacen kiosco inmobiliaria asociacion fundacion agencia`)
	firms = nameSet(`ltda limitada eireli mei inc llc llp ltd corp corporation gmbh comercio industria distribuidora distribuicao transportes transportadora construtora
		construcoes incorporadora engenharia contabilidade advocacia advogados associados consultoria assessoria imoveis imobiliaria informatica materiais
		embalagens cosmeticos veiculos automoveis multimarcas alimentos bebidas eletronica eletronicos eletrodomesticos supermercado supermercados
		solucoes solutions servicos services tecnologia technologies software holding representacoes confeccoes calcados modas boutique turismo viagens
		seguros corretora investimentos logistica metalurgica mecanica serralheria marcenaria vidracaria autopecas pecas pneus lubrificantes ferragens
		importadora exportadora editora produtora producoes marketing oficial official empreendimentos participacoes administradora
		odontologia laboratorios telecom telecomunicacoes construcciones transportes abogados asociados consultores inmobiliaria servicios seguros
		soluciones ferreteria distribuciones comercial publicidade propaganda atacadista varejista`)
)
