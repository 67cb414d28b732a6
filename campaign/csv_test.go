package campaign

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

func readCSV(t *testing.T, text string) ([]Row, []RowError) {
	t.Helper()
	rows, bad, err := ReadCSV(strings.NewReader(text))
	if err != nil {
		t.Fatalf("ReadCSV(%q): %v", text, err)
	}
	return rows, bad
}

const people = "Nome;Telefone;E-mail;Tags;Cidade Natal\n" +
	"Ana Conceição;(11) 98765-4321;ana@example.com;vip, São Paulo|VIP;São Paulo\n" +
	"\n" +
	"Bia;21 8765-4321;;;\n"

func checkPeople(t *testing.T, rows []Row, bad []RowError) {
	t.Helper()
	if len(bad) > 0 || len(rows) != 2 {
		t.Fatalf("got %+v, bad %+v", rows, bad)
	}
	ana := rows[0]
	if ana.Line != 2 || ana.Name != "Ana Conceição" || ana.Phone != "+5511987654321" || !slices.Equal(ana.Tags, []string{"vip", "São Paulo"}) {
		t.Errorf("got %+v", ana)
	}
	if want := map[string]string{"email": "ana@example.com", "cidade_natal": "São Paulo"}; !maps.Equal(ana.Fields, want) {
		t.Errorf("got %q, want %q", ana.Fields, want)
	}
	if bia := rows[1]; bia.Line != 4 || bia.Name != "Bia" || bia.Phone != "+552187654321" || bia.Tags != nil || len(bia.Fields) > 0 {
		t.Errorf("got %+v", bia)
	}
}

func TestCSVIsReadInAnyEncoding(t *testing.T) {
	latin, err := charmap.ISO8859_1.NewEncoder().String(people)
	if err != nil {
		t.Fatal(err)
	}
	wide := func(high, low int) string {
		var out []byte
		for _, u := range append([]uint16{0xfeff}, utf16.Encode([]rune(people))...) {
			b := [2]byte{byte(u >> 8), byte(u)}
			out = append(out, b[high], b[low])
		}
		return string(out)
	}
	for name, text := range map[string]string{
		"UTF-8":               people,
		"UTF-8 with a mark":   "\ufeff" + people,
		"Latin-1":             latin,
		"UTF-16 little":       wide(1, 0),
		"UTF-16 big":          wide(0, 1),
		"half UTF-8":          people[:strings.Index(people, "Ana")] + latin[strings.Index(latin, "Ana"):],
		"Windows line ends":   strings.ReplaceAll(people, "\n", "\r\n"),
		"old Mac line ends":   strings.ReplaceAll(people, "\n", "\r"),
		"no last line end":    strings.TrimSuffix(people, "\n"),
		"a spreadsheet's sep": "sep=;\n" + people,
	} {
		t.Run(name, func(t *testing.T) {
			rows, bad := readCSV(t, text)
			if strings.HasPrefix(text, "sep=") {
				for i := range rows {
					rows[i].Line--
				}
			}
			checkPeople(t, rows, bad)
		})
	}
}

func TestCSVIsReadWithAnySeparator(t *testing.T) {
	rows, bad := readCSV(t, strings.ReplaceAll(people, ";", "\t"))
	checkPeople(t, rows, bad)
	quoted := strings.ReplaceAll(people, "vip, São Paulo|VIP", `"vip, São Paulo|VIP"`)
	rows, bad = readCSV(t, strings.ReplaceAll(quoted, ";", ","))
	checkPeople(t, rows, bad)
}

func TestColumnsHaveManyNames(t *testing.T) {
	for text, want := range map[string]Row{
		"name,phone\nAna,11987654321":                           {Name: "Ana"},
		"NOME,CELULAR\nAna,11987654321":                         {Name: "Ana"},
		"whatsapp\n11987654321":                                 {},
		"Número\n11987654321":                                   {},
		"fone;rua;numero\n11987654321;A;12":                     {Fields: map[string]string{"rua": "A", "numero": "12"}},
		"first_name,last name,phone\nAna,Souza,11987654321":     {Name: "Ana Souza", Fields: map[string]string{"first_name": "Ana", "last_name": "Souza"}},
		"nome,sobrenome,fone\nAna,Souza,11987654321":            {Name: "Ana Souza", Fields: map[string]string{"sobrenome": "Souza"}},
		"nome,sobrenome,fone\nAna Souza,Souza,11987654321":      {Name: "Ana Souza", Fields: map[string]string{"sobrenome": "Souza"}},
		"telefone,celular\n1133334444,11987654321":              {Fields: map[string]string{"telefone": "1133334444"}},
		"telefone,celular\n11987654321,":                        {},
		"telefone,celular\n11987654321,não tem":                 {Fields: map[string]string{"celular": "não tem"}},
		"telefone,etiquetas\n11987654321,a;B ; b|c":             {Tags: []string{"a", "B", "c"}},
		"telefone,{Saldo: R$}\n11987654321,10":                  {Fields: map[string]string{"saldo__r$": "10"}},
		"telefone,nome,,x\n11987654321,Ana,sem título,1,,":      {Name: "Ana", Fields: map[string]string{"x": "1"}},
		"telefone,x,X\n11987654321,,2":                          {Fields: map[string]string{"x": "2"}},
		"\n;;\nnome;telefone\n\n;\n  Ana  Maria ;11987654321":   {Name: "Ana Maria"},
		"nome,telefone\n\"Ana \"\"Aninha\"\"\",\"11987654321\"": {Name: `Ana "Aninha"`},
	} {
		rows, bad := readCSV(t, text)
		if len(rows) != 1 || len(bad) > 0 {
			t.Errorf("%q: got %+v, bad %+v", text, rows, bad)
			continue
		}
		got := rows[0]
		if got.Phone != "+5511987654321" || got.Name != want.Name || !slices.Equal(got.Tags, want.Tags) || !maps.Equal(got.Fields, want.Fields) {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
}

func TestABadRowIsReportedAndStopsNoOther(t *testing.T) {
	rows, bad := readCSV(t, "nome,telefone,obs\n"+ // 1
		"Ana,11987654321,\"duas\nlinhas\"\n"+ // 2, 3
		"Bia,abc,\n"+ // 4
		"Caio,,\n"+ // 5
		"Davi,11987654322,a,b\n"+ // 6
		"\"Eva,11987654323,\n"+ // 7: the quote is closed by that of the next line
		"\"Fábio\",11987654324,\n"+ // 8
		"Gil,5.51198E+12,\n"+ // 9
		"\"Hugo\" Jr,11987654325,\n"+ // 10
		"Íris,11987654326\n"+ // 11: the last cell is missing
		"\"Joel,11987654327,\n"+ // 12: never closed
		"Kika,11987654328,7\" de altura\n") // 13
	var names []string
	for _, row := range rows {
		names = append(names, row.Name)
		if want := map[string]int{"Ana": 2, "Fábio": 8, "Íris": 11, "Kika": 13}[row.Name]; row.Line != want {
			t.Errorf("%s is on line %d, want %d", row.Name, row.Line, want)
		}
	}
	if got := strings.Join(names, " "); got != "Ana Fábio Íris Kika" {
		t.Errorf("got %q", got)
	}
	if got := rows[0].Fields["obs"]; got != "duas\nlinhas" {
		t.Errorf("got %q", got)
	}
	want := []RowError{{4, `"abc"`}, {5, "no phone"}, {6, "4 cells"}, {7, "not closed"}, {9, "spreadsheet"}, {10, "not closed"}, {12, "not closed"}}
	if len(bad) != len(want) {
		t.Fatalf("got %+v, want %+v", bad, want)
	}
	for i := range want {
		if bad[i].Line != want[i].Line || !strings.Contains(bad[i].Reason, want[i].Reason) {
			t.Errorf("got %+v, want %+v", bad[i], want[i])
		}
	}
}

func TestAFileThatCannotBeReadSaysWhy(t *testing.T) {
	for text, why := range map[string]string{
		"":                               "nothing in it",
		"\n\n":                           "nothing in it",
		"nome;cidade\nAna;São Paulo\n":   `there are "nome", "cidade"`,
		"Ana;11 98765-4321\nBia;119\n":   "must name the columns",
		"11987654321\n":                  "must name the columns",
		"PK\x03\x04\x14\x00":             "spreadsheet",
		"n\x00o\x00m\x00e\x00":           "not text",
		"\"nome,telefone\nAna,119876543": "no column with phones",
	} {
		rows, _, err := ReadCSV(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: got %+v, %v; want an error with %q", text, rows, err, why)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{people, "telefone\n\"", "a\tfone\r\n1\t2\r3", "sep=,\nfone", "\xff\xfef\x00", "fone,\"x\ny\"\n\xe9,1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rows, bad, err := ReadCSV(strings.NewReader(s))
		if err != nil {
			return
		}
		total, last := lines(s)+1, 0
		seen := make(map[int]bool)
		for _, row := range rows {
			if row.Phone == "" || row.Line <= last || !strings.HasPrefix(s, "\xff\xfe") && !strings.HasPrefix(s, "\xfe\xff") && row.Line > total {
				t.Errorf("row %+v after line %d of %d", row, last, total)
			}
			last = row.Line
			seen[row.Line] = true
		}
		for _, b := range bad {
			if b.Reason == "" || seen[b.Line] {
				t.Errorf("bad row %+v", b)
			}
		}
	})
}
