package people

import (
	"strings"
	"testing"
	"unicode"
)

func TestFirstNames(t *testing.T) {
	for first, names := range map[string][]string{
		"Ana": {"Ana", "Ana Prado", "  Ana  ", "Ana\tPrado", "🌸Ana🌸 Prado", "✨ Ana ✨", "Ana🌸Prado", "Ana❤️", "❤Ana", "Sra. Ana", "Sr(a). Ana Prado",
			"Dra. Ana Prado", "Dra.Ana", "Drª Ana", "Dr.ª Ana", "Dra Ana", "Profª. Dra. Ana", "D. Ana", "Dona Ana", "Tia Ana", "Mrs. Ana Prado", "Ms Ana", "Doña Ana", "Dña. Ana",
			"Lic. Ana Prado", "Ing. Ana", "Prado, Ana", "Prado, Dra. Ana", "de Prado, Ana", "Ana, gerente", "Ana Prado, Jr.", "Ana (cliente)", "[VIP] Ana", "(Ana)",
			"VIP - Ana", "Cliente: Ana", "01 - Ana", "1. Ana", "+55 11 98765-4321 Ana", "Ana - Padaria do Zé", "Ana | Loja X", "Ana - Silva Transportes Ltda", "Ana.Prado", "\u200bAna\u200b Prado",
			"\u202eAna", "𝓐𝓷𝓪 Prado", "Ａｎａ", "-Ana-", "'Ana'", "\"Ana\" Prado", "*Ana*", "~Ana", "Ana!", "Ana 12345678900", "•Ana•", "Ana\nPrado", "Ana e Pedro", "Irmã Ana", "Pastora Ana",
			"Capt. Ana", "Ana Sá", "Ana (Padaria)", "Ana <ana@example.com>", "Srta. Ana", "Señora Ana", "Senhorita Ana"},
		"João":        {"João", "Dr. João da Silva", "SILVA, João", "João Mecânico", "Sr. João", "Seu João", "Jo\u0061\u0303o Silva", "Eng. João", "João Silva Jr", "Pr. João", "João Silva 123.456.789-00"},
		"JOSE":        {"JOSE DE SÁ", "JOSE DA SILVA 12345678900", "DR JOSE", "SILVA, JOSE"},
		"ana":         {"ana paula", "ana.paula"},
		"Anne-Marie":  {"Anne-Marie Dupont", "Anne‑Marie"},
		"D'Angelo":    {"D'Angelo Souza", "D’Angelo"},
		"Érica":       {"Érica", "E\u0301rica"},
		"Ñusta":       {"Ñusta Quispe"},
		"José":        {"Don José", "José María", "Sr. José Luis García", "García, José"},
		"John":        {"John Smith", "Mr. John Smith", "Smith, John", "Rev. John", "John Smith, MD", "John O'Brien"},
		"Мария":       {"Мария Иванова"},
		"محمد":        {"محمد علي"},
		"田中太郎":        {"田中太郎"},
		"Conceição":   {"Conceição", "Dª Conceição"},
		"Maria":       {"Maria da Conceição", "Maria José", "DONA Maria", "Maria Sá", "Maria S. A. Lima", "Profa. Maria", "Maria🇧🇷", "👩‍⚕️ Maria"},
		"Li":          {"Li Wei"},
		"Bartolomeu":  {"Bartolomeu Campos"},
		"Casandra":    {"Casandra"},
		"Mercedes":    {"Mercedes Casa Nova"},
		"Donatella":   {"Donatella"},
		"Drauzio":     {"Drauzio"},
		"Wellington":  {"Wellington Junior"},
		"Engrácia":    {"Engrácia"},
		"Maximiliano": {"Maximiliano"},
		"": {"", " ", "🌸", "...", "Dr.", "Dona", "Sra.", "Padaria do João", "Silva & Filhos", "Silva e Filhos Ltda", "João Silva ME", "Auto Peças Silva", "Transportes Silva", "Mercado Livre S/A",
			"Empresa X EIRELI", "Acme Inc", "Acme LLC", "Taller García", "Ferretería El Sol", "Tienda de Ana", "Clínica Vida", "Igreja Batista", "O Boticário", "The Coffee House", "La Esquina",
			"cliente", "Cliente 12", "Cliente Novo", "Contato", "Lead 7", "Sem nome", "No name", "ana@example.com", "@ana", "5511987654321", "+55 11 98765-4321", "J. Silva", "A", "ana_2000", "Ana22",
			"joao123 silva", "loja.com.br", "www.loja.com", "Mãe", "Pai", "Amor", "Mom", "Souza Lima, Ana", "(11) 98765-4321", "Teste", "null", "Unknown", "Suporte", "-", "_", "Construtora Lima",
			"Contabilidade Souza", "García Abogados", "Studio Ana", "Bar do Zé", "de Souza", strings.Repeat("a", 60), "Grupo Ana"},
	} {
		for _, name := range names {
			if got := FirstName(name); got != first {
				t.Errorf("%q is greeted as %q, want %q", name, got, first)
			}
		}
	}
}

func FuzzFirstName(f *testing.F) {
	for _, name := range []string{"Dr. João", "Silva, Ana", "🌸Ana", "(Ana", "a-'b", "𝓐", "Ana - "} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		first := FirstName(name)
		for _, r := range first {
			if !unicode.IsLetter(r) && !unicode.IsMark(r) && r != '\'' && r != '-' {
				t.Fatalf("%q is greeted as %q: %q is no letter", name, first, r)
			}
		}
		if first != "" && (strings.ContainsAny(first[:1], "'-") || strings.ContainsAny(first[len(first)-1:], "'-")) {
			t.Fatalf("%q is greeted as %q", name, first)
		}
	})
}
