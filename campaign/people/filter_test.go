package people

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var filterNow = time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)

var filterEnv = FilterEnv{Now: filterNow, NumberName: func(id NumberID) string {
	return map[NumberID]string{1: "Loja", 2: "Balcão 2"}[id]
}, Reached: func(campaign uint64, who ContactID) Reached {
	if campaign != 12 {
		return NotReached
	}
	return map[ContactID]Reached{1: ReachedEyes, 2: ReachedPhone, 3: ReachedSent}[who]
}}

// crowd are people by a short name, for the table below.
var crowd = map[string]*Contact{
	"ana": {
		ID: 1, Name: "Ana Conceição", Phone: "+5511987654321", Tags: []string{"VIP", "São Paulo"}, Lists: []string{"Clientes"},
		Fields: map[string]string{"email": "ana@gmail.com", "cidade": "São Paulo", "saldo": "1.250,50"}, Presence: OnWhatsApp,
		Knows: []NumberID{1}, LastHeard: filterNow.Add(-10 * 24 * time.Hour), LastSent: filterNow.Add(-2 * time.Hour),
		Created: filterNow.Add(-100 * 24 * time.Hour), Labels: []Label{{Number: 1, ID: "1", Name: "Pago"}, {Number: 1, ID: "2"}},
		Came: Arrival{Way: ByAd, Name: "Curso de pão"},
	},
	"bia": {
		ID: 2, Name: "BEATRIZ", Phone: "+552187654321", Tags: []string{"frio", "vip antigo"}, Lists: []string{"Clientes inativos"},
		Fields: map[string]string{"cidade": "Rio de Janeiro", "saldo": "90", "data de nascimento": "1990"}, Presence: NotOnWhatsApp, OptedOut: true,
		Knows: []NumberID{2}, LastHeard: filterNow.Add(-40 * 24 * time.Hour), Created: filterNow.Add(-time.Hour),
		Came: Arrival{Way: ByLink, Name: "feira"},
	},
	"orlando": {
		ID: 3, Name: "Orlando \"Lando\" Ouro", Phone: "+12125551234", WhatsApp: "+13105550000",
		Fields: map[string]string{"opt-out": "Sim", "nascimento": "02/03/1980"},
	},
}

func TestFiltersChoosePeople(t *testing.T) {
	for filter, want := range map[string]string{
		"":                             "ana bia orlando",
		"  ":                           "ana bia orlando",
		"ana":                          "ana",
		"CONCEICAO ana":                "ana",
		`"ana conc"`:                   "ana",
		"and":                          "", // words are found by their beginnings
		"*and":                         "orlando",
		"gmail":                        "ana",
		"vip":                          "ana bia", // a word is looked for inside the tags too
		"nome:beatriz":                 "bia",
		"name:ana":                     "ana",
		"nombre:ana":                   "ana",
		"telefono:3105550000":          "orlando",
		"optout:si":                    "bia",
		"conexion:loja":                "ana",
		"fone:+5511":                   "ana",
		"fone:+11":                     "",
		"fone:8765-4321":               "ana bia",
		"98765":                        "ana bia", // the phone may be written with the ninth digit
		"+55":                          "ana bia",
		"phone:3105550000":             "orlando",
		"tag:vip":                      "ana",
		"tag:\"VIP ANTIGO\"":           "bia",
		"etiqueta:sao":                 "",
		"tag:*":                        "ana bia",
		"-tag:frio":                    "ana orlando",
		"rotulo:pago":                  "ana",
		"label:pa*":                    "ana",
		"rotulo:vip":                   "",
		"-rotulo:*":                    "bia orlando",
		"veio:link":                    "bia",
		"veio:ad":                      "ana",
		"came:curso":                   "ana",
		"vino:=curso":                  "",
		"veio:=\"curso de pao\"":       "ana",
		"veio:sim":                     "ana bia",
		"veio:nao":                     "orlando",
		"-tag:*":                       "orlando",
		"lista:clientes":               "ana",
		"list:\"clientes inativos\"":   "bia",
		`cidade:"São Paulo"`:           "ana",
		"cidade:\"sao paulo\"":         "ana",
		"CIDADE:rio":                   "bia",
		"cidade:*":                     "ana bia",
		"saldo:>100":                   "ana",
		"saldo:<=90":                   "bia",
		"saldo:<1250,51 saldo:>1250.5": "",
		"data_de_nascimento:1990":      "bia",
		"conexao:loja":                 "ana",
		"conexão:\"balcao 2\"":         "bia",
		"-connection:*":                "orlando",
		"optout:sim":                   "bia",
		"optout:no":                    "ana orlando",
		"whatsapp:nao":                 "bia",
		"whatsapp:não":                 "bia",
		"whatsapp:yes":                 "ana",
		"whatsapp:?":                   "orlando",
		"visto:<30d":                   "ana",
		"visto:30d":                    "ana",
		"seen:>30d":                    "bia",
		"visto:nunca":                  "orlando",
		"-visto:<30d":                  "bia orlando",
		"enviado:<7d":                  "ana",
		"enviado:never":                "bia orlando",
		"sent:>3h":                     "",
		"criado:<2h":                   "bia",
		"created:>2w":                  "ana",
		"ana ou beatriz":               "ana bia",
		"ana or beatriz OU orlando":    "ana bia orlando",
		"ana beatriz ou orlando":       "orlando",
		"(ana ou beatriz) -tag:frio":   "ana",
		"-(ana ou beatriz)":            "orlando",
		"-(-ana)":                      "ana",
		"ou":                           "orlando", // on the way to Ouro
		"or":                           "orlando",
		"(or)":                         "orlando",
		"lando ou":                     "!",
		"10:30":                        "",
		"(nome:ana(tag:vip))":          "ana",

		// Words are found where they begin, phrases where a word begins.
		"nceicao":           "",
		"*nceicao":          "ana",
		"nome:*triz":        "bia",
		"nome:triz":         "",
		`nome:="beatriz"`:   "bia",
		"nome=Beatriz":      "bia",
		"nome:=ana":         "",
		"nome!=Beatriz":     "ana orlando",
		`"lando ouro"`:      "",
		`lando" our"`:       "orlando",
		"\u201clando\u201d": "orlando",
		"«ana conc»":        "ana",
		"@gmail":            "ana",
		// Fields are found by whole words.
		"cidade:pau":                 "",
		"cidade:paul*":               "ana",
		"cidade:*aulo":               "ana",
		"cidade:=rio":                "",
		"cidade:=rio*":               "",
		`cidade="rio de janeiro"`:    "bia",
		"cidade!=\"rio de janeiro\"": "ana orlando",
		"tag:vip*":                   "ana bia",
		"tag:*antigo":                "bia",
		"tag:=vip":                   "ana",
		"tag=vip":                    "ana",
		// Numbers.
		"saldo>1.000":      "ana",
		"saldo:>=1.250,50": "ana",
		"saldo:>1,250.50":  "",
		"saldo:<R$100":     "bia",
		"saldo=90,00":      "bia",
		"saldo:1250":       "",
		// Ranges, with both of their ends.
		"saldo:90..1.250,50":               "ana bia",
		"saldo:91..2000":                   "ana",
		"saldo:entre 50 e 100":             "bia",
		"saldo:between 1000 and 2000 vip":  "ana",
		"saldo:0 a 90":                     "bia",
		"saldo!=50..100":                   "ana orlando",
		"saldo:entre":                      "",
		"saldo:90 a":                       "bia", // who has a word that begins so
		"data_de_nascimento:1989..1991":    "bia",
		"visto:0d..30d":                    "ana",
		"cidade:a..z":                      "",
		"tag:1..2 ou saldo:entre 50 a 100": "bia",
		"tag:entre 5 e 6":                  "",
		"saldo:50...100":                   "",
		// Signs as others write them, and as phones and word processors make them.
		"saldo:≥1000":          "ana",
		"saldo:=>1000":         "ana",
		"saldo≤90":             "bia",
		"saldo=<90":            "bia",
		"nome≠Beatriz":         "ana orlando",
		"nome<>Beatriz":        "ana orlando",
		"–tag:frio":            "ana orlando",
		"—tag:frio vip":        "ana",
		"vip −tag:frio":        "ana",
		"tag:#vip":             "ana",
		"cidade:'São Paulo'":   "ana",
		"(cidade:‘são paulo’)": "ana",
		"'ana conc'":           "ana",
		"'ana":                 "",
		// Words between terms.
		"ana e conceicao":      "ana",
		"ana AND tag:vip":      "ana",
		"ana && tag:vip":       "ana",
		"ana | beatriz":        "ana bia",
		"ana || beatriz":       "ana bia",
		"maria e":              "",
		"conceicao a":          "ana",
		"NOT tag:frio":         "ana orlando",
		"não tag:frio":         "ana orlando",
		"!tag:frio":            "ana orlando",
		"nao (ana ou beatriz)": "orlando",
		"ana NÃO tag:frio":     "ana",
		"no":                   "",
		"ana, conceicao":       "ana",
		// Phones, as they are pasted.
		"\u202a+55 11 98765\u20114321\u202c": "ana",
		"(11) 98765-4321":                    "ana",
		"(11)987654321 vip":                  "ana",
		"((11) 98765-4321)":                  "ana",
		"011987654321":                       "ana",
		"-(11)98765-4321":                    "bia orlando",
		"11 98765-4321 ou beatriz":           "ana bia",
		"2187654321":                         "bia",
		"21987654321":                        "bia",
		"fone:\"(11) 98765-4321\"":           "ana",
		"fone:011987654321":                  "ana",
		"fone:*":                             "ana bia orlando",
		// So are ids of WhatsApp and links, whose colon makes no key.
		"5511987654321@s.whatsapp.net":                          "ana",
		"5511987654321:12@s.whatsapp.net vip":                   "ana",
		"-551187654321@c.us":                                    "bia orlando",
		"https://wa.me/5511987654321":                           "ana",
		"(https://wa.me/5511987654321 ou wa.me/5521987654321)":  "ana bia",
		"http://api.whatsapp.com/send?phone=%2B12125551234&x=y": "orlando",
		"whatsapp://send?phone=5511987654321":                   "ana",
		"not https://web.whatsapp.com/send?phone=12125551234":   "ana bia",
		`"https://wa.me/5511987654321"`:                         "ana",
		"fone:https://wa.me/5511987654321":                      "ana",
		"fone:5511987654321@c.us":                               "ana",
		"site:https://wa.me/5511987654321":                      "",
		"https://chat.whatsapp.com/FbX5511987654321":            "",
		"https://ana.example/5511987654321":                     "",
		// Dates.
		"visto:<01/06/2026":      "ana bia",
		"visto:>=31/05/2026":     "ana",
		"visto:31/05/2026":       "ana",
		"visto:2026-05-31":       "ana",
		"nascimento:<01/01/1985": "orlando",
		"nascimento:>1985-01-01": "",
		"nascimento:02/03":       "orlando",
		// How far a campaign got.
		"recebeu:12":   "ana bia",
		"leu:12":       "ana",
		"leu:-12":      "bia orlando",
		"respondeu:12": "",
		"recebeu:-12":  "orlando",
		"-recebeu:12":  "orlando",
		"received:13":  "",
		// A field that is called like a key.
		`campo:"opt-out"`:          "orlando",
		`campo:opt-out:sim`:        "orlando",
		`campo:"opt-out"=nao`:      "",
		`field:saldo>100`:          "ana",
		`campo:data_de_nascimento`: "bia",
	} {
		f, err := ParseFilter(filter)
		if want == "!" {
			if err == nil {
				t.Errorf("%q: no mistake", filter)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", filter, err)
			continue
		}
		var got []string
		for _, name := range []string{"ana", "bia", "orlando"} {
			if f.Match(crowd[name], filterEnv) {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, want %q", filter, got, want)
		}
		if f.String() != filter {
			t.Errorf("%q: String is %q", filter, f)
		}
	}
	if !(Filter{}).Match(&Contact{}, FilterEnv{}) {
		t.Error("the zero Filter does not match everybody")
	}
}

func TestMistakesInAFilterArePointedAt(t *testing.T) {
	for filter, offset := range map[string]int{
		"ana (beatriz":           4,
		"ana beatriz)":           11,
		")":                      0,
		"é ()":                   3,
		"ana ou":                 4,
		"ana or  ":               4,
		"(ana ou) x":             5,
		"ana ou ,":               4,
		"(0 ou ,;)":              3,
		"ana -":                  4,
		"- ana":                  0,
		"--ana":                  0,
		"tag:":                   0,
		"ana tag: vip":           4,
		`ana "bea`:               4,
		`ana ""`:                 4,
		`tag:"x`:                 4,
		"optout:talvez":          7,
		"whatsapp:1":             9,
		"visto:<trinta":          7,
		"visto:<30":              7,
		"visto:<-3d":             7,
		"enviado:<":              0,
		"tag:>3":                 5,
		"nome:<b":                6,
		"leu:abc":                4,
		"recebeu:-":              8,
		"campo:":                 0,
		`campo:"":x`:             0,
		"ana AND":                4,
		"ana &&":                 4,
		"ana |":                  4,
		"“ana":                   0,
		"ana !":                  4,
		"!!ana":                  0,
		"fone:abc":               5,
		"saldo:>muito":           7,
		"cidade :recife":         7,
		"cidade = recife":        7,
		"saldo > 1000":           6,
		"ana – beatriz":          4,
		"–":                      0,
		strings.Repeat("(", 200): deepest,
	} {
		_, err := ParseFilter(filter)
		var mistake *FilterError
		if !errors.As(err, &mistake) {
			t.Errorf("%q: got %v, want a mistake", filter, err)
		} else if mistake.Offset != offset || mistake.Reason.IsZero() {
			t.Errorf("%q: mistake at %d (%s), want %d", filter, mistake.Offset, mistake.Reason, offset)
		}
	}
}

func TestMatchingAllocatesNothing(t *testing.T) {
	for _, filter := range []string{"conceicao", "tag:vip -tag:frio", "cidade:paulo", "9876 ou conexao:loja", "visto:<30d"} {
		f, err := ParseFilter(filter)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { f.Match(crowd["ana"], FilterEnv{Now: filterNow}) }); n != 0 {
			t.Errorf("%q: %v allocations", filter, n)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{"ana", "-tag:vip (a ou b)", `cidade:"x y"`, "visto:<3d", "fone:+55", "a or", "((a))", "k:>1,5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		filter, err := ParseFilter(s)
		if err != nil {
			var mistake *FilterError
			if !errors.As(err, &mistake) || mistake.Offset < 0 || mistake.Offset > len(s) {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		not, err := ParseFilter("-(" + s + ")")
		for name, c := range crowd {
			got := filter.Match(c, filterEnv)
			if err == nil && not.Match(c, filterEnv) == got {
				t.Errorf("%q and its opposite agree about %s", s, name)
			}
		}
	})
}

func BenchmarkFilter(b *testing.B) {
	for _, filter := range []string{"conc", "tag:vip", "9876"} {
		b.Run(filter, func(b *testing.B) {
			f, err := ParseFilter(filter)
			if err != nil {
				b.Fatal(err)
			}
			c := crowd["bia"]
			for b.Loop() {
				f.Match(c, filterEnv)
			}
		})
	}
}
