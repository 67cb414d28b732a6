package simulator

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

var firstNames = []string{
	"Ana", "Maria", "João", "José", "Antônio", "Francisco", "Carlos", "Paulo", "Pedro", "Lucas", "Luiz", "Marcos",
	"Luís", "Gabriel", "Rafael", "Daniel", "Marcelo", "Bruno", "Eduardo", "Felipe", "Rodrigo", "Mateus", "André",
	"Fernando", "Fábio", "Leonardo", "Gustavo", "Guilherme", "Thiago", "Vinícius", "Sérgio", "Cláudio", "Otávio",
	"Renato", "César", "Caio", "Davi", "Heitor", "Mário", "Júlio", "Francisca", "Antônia", "Adriana", "Juliana",
	"Márcia", "Fernanda", "Patrícia", "Aline", "Sandra", "Camila", "Amanda", "Bruna", "Jéssica", "Letícia", "Júlia",
	"Luciana", "Vanessa", "Mariana", "Gabriela", "Beatriz", "Larissa", "Cláudia", "Débora", "Mônica", "Sônia", "Lívia",
	"Conceição", "Aparecida", "Rosângela", "Tatiane", "Priscila", "Renata", "Simone", "Cíntia", "Íris", "Zélia",
	"Raíssa", "Yasmin", "Thaís", "Flávia", "Eloá", "Inês", "Hélio", "Valdir", "Ubiratã", "Iracema",
}

var compoundNames = []string{
	"Ana Clara", "Ana Beatriz", "Maria Eduarda", "Maria Clara", "Maria das Graças", "Maria Aparecida", "João Pedro",
	"João Vítor", "João Miguel", "Luiz Fernando", "Luiz Henrique", "Carlos Eduardo", "Paulo César", "José Carlos",
	"Marco Antônio", "Pedro Henrique", "Ana Lúcia", "Ana Júlia", "Rosa Maria", "Vera Lúcia", "Maria do Carmo",
	"Antônio Carlos", "José Roberto", "Maria José", "Davi Lucas", "Enzo Gabriel",
}

var surnames = []string{
	"Silva", "Santos", "Oliveira", "Souza", "Sousa", "Rodrigues", "Ferreira", "Alves", "Pereira", "Lima", "Gomes",
	"Costa", "Ribeiro", "Martins", "Carvalho", "Almeida", "Lopes", "Soares", "Fernandes", "Vieira", "Barbosa", "Rocha",
	"Dias", "Nascimento", "Andrade", "Moreira", "Nunes", "Marques", "Machado", "Mendes", "Freitas", "Cardoso", "Ramos",
	"Gonçalves", "Araújo", "Teixeira", "Moura", "Correia", "Cavalcânti", "Guimarães", "Magalhães", "Assunção",
	"Brandão", "Falcão", "Leitão", "Galvão", "Fagundes", "Queiroz", "Peçanha", "Bragança", "Simões", "Quintão",
	"Takahashi", "Schmidt", "Rossi", "Haddad", "Kowalski", "Müller",
}

var particles = []string{"da", "dos", "de", "do", "das", "e"}

// notes are what people add to names in their address books.
var notes = []string{
	"Padaria", "Dentista", "Escola", "Vizinha", "Academia", "Salão", "Farmácia", "Trabalho", "Condomínio", "Feira",
	"Igreja", "Faculdade", "Contadora", "Mecânico", "Cliente",
}

var ornaments = []string{"🌸", "✨", "🙏🏽", "❤️", "🇧🇷", "⚽", "👩🏾‍🦱", "☀️", "🦋", "🐾"}

var replyTexts = []string{
	"Oi! Pode me mandar mais detalhes?",
	"Quanto custa?",
	"Bom dia! Vocês entregam no meu bairro?",
	"Obrigada por avisar 😊",
	"Obrigado!",
	"Amei! Quero um 😍",
	"👍",
	"Até que horas vocês ficam abertos hoje?",
	"Posso pagar no Pix?",
	"Boa tarde, tudo bem? Vou passar aí amanhã",
	"Ainda tem?",
	"Vou ver com o meu marido e te falo",
	"Que bom que mandou mensagem, estava precisando mesmo",
	"Show! Reserva pra mim por favor",
	"Não posso agora, me chama semana que vem?",
	"kkkkk adorei",
	"Qual é o endereço mesmo?",
	"Sim, tenho interesse",
	"Oi, quem é?",
	"Aceita cartão?\nSe aceitar eu passo hoje à noite",
}

var optOutTexts = []string{"SAIR", "Parar", "stop", "Descadastrar", "sair", "PARE", "Cancelar"}

var shops = []string{
	"Loja da Praça", "Suporte Recife", "Ótica Boa Vista", "Padaria Pão Nosso", "Pet Shop Bicho Bom",
	"Floricultura Íris", "Clínica São Lucas", "Café Conceição", "Livraria Sebo & Cia", "Academia Movimento",
}

// someUsername makes a name of letters and digits that nobody else has.
func someUsername(dice *rand.Rand, name string, n int) string {
	letters := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	return fmt.Sprintf("%.12s.%d%02d", "u"+letters, n+1, dice.IntN(100))
}

// someShop names the nth own account.
func someShop(n int) string { return shops[n%len(shops)] }

// hostileNames try what a terminal, a file or a template might fall for.
var hostileNames = []string{
	"\x1b[31mVermelho\x1b[0m",
	"\x1b]0;título\x07Janela",
	"Ana\r\nMaria",
	"{nome} {{telefone}}",
	"\u202eoãoJ",
	"Zé\u0000Nulo",
	"=HYPERLINK(\"http://exemplo.invalid\")",
	"Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324algo",
	"👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦",
	"<script>alert(1)</script>",
	"'; DROP TABLE contatos; --",
	strings.Repeat("Wolfeschlegelstein", 30),
}

// someName draws what address books call a person and what they call themselves.
func someName(dice *rand.Rand) (full, push string) {
	pick := func(of []string) string { return of[dice.IntN(len(of))] }
	first := pick(firstNames)
	if dice.IntN(4) == 0 {
		first = pick(compoundNames)
	}
	last := pick(surnames)
	full = first + " " + last
	switch dice.IntN(12) {
	case 0:
		full = first + " " + pick(notes)
	case 1, 2:
		full = first + " " + pick(particles) + " " + last
	case 3, 4:
		full = first + " " + last + " " + pick(surnames)
	case 5:
		full = first
	}
	switch dice.IntN(6) {
	case 0:
		push = first + " " + pick(ornaments)
	case 1:
		push = strings.ToLower(first)
	case 2:
		push = first + " " + last
	case 3:
		push = first + " " + last[:1] + "."
	default:
		push = first
	}
	return full, push
}
