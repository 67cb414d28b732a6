package files

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// report reads a file and returns what there is to say about it.
func report(t *testing.T, file string, options Options) (*Report, error) {
	t.Helper()
	return Read(t.Context(), strings.NewReader(file), options, nothing)
}

func TestTheReportShowsWhatIsInTheColumns(t *testing.T) {
	var file strings.Builder
	file.WriteString("Relatório;;\nNome;Telefone;Cidade\n")
	for i := range 25 {
		city := ""
		if i%5 == 0 {
			city = strings.Repeat("Recife ", 20)
		}
		fmt.Fprintf(&file, "Ana %d;119876500%02d;%s\n", i, i, city)
	}
	file.WriteString("Bia;x;NULL\n") // a bad row has cells too
	r, err := report(t, file.String(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Encoding != "UTF-8" || r.Between != ";" || r.Header != 2 {
		t.Errorf("%q, %q, header in line %d", r.Encoding, r.Between, r.Header)
	}
	for i, want := range []int{26, 26, 5} {
		if c := r.Columns[i]; c.Filled != want || len(c.First) != FirstRows {
			t.Errorf("column %d has %d values, shows %q", i, c.Filled, c.First)
		}
	}
	if got := r.Columns[0].First; got[0] != "Ana 0" || got[9] != "Ana 9" {
		t.Errorf("%q", got)
	}
	if got := r.Columns[2].First; len([]rune(got[0])) > 41 || got[1] != "" {
		t.Errorf("%q", got)
	}
}

func TestTheReportNamesTheEncoding(t *testing.T) {
	for want, file := range map[string]string{
		"UTF-16":       "\xff\xfef\x00o\x00n\x00e\x00\n\x001\x001\x009\x008\x007\x006\x005\x000\x000\x000\x001\x00\n\x00",
		"Windows-1252": "nome,fone\nJo\xe3o,11987650001\n",
		"UTF-8":        "nome\tfone\nJoão\t11987650001\n",
	} {
		if r, err := report(t, file, Options{}); err != nil || r.Encoding != want {
			t.Errorf("%s: %q, %v", want, r.Encoding, err)
		}
	}
}

// A person can say what each column is, also that one with phones is none, and
// by its place, whatever it is called.
func TestAPersonSaysWhatAColumnIs(t *testing.T) {
	const file = "Relatório de clientes;;;\nNome;Telefone;telefone;xyz\nAna;11987650001;11987650002;1133334444\n"
	say := func(title string, role Role, field string) Mapping {
		return Mapping{As: field, Title: title, Role: role}
	}
	for want, mapping := range map[string][]Mapping{
		"Ana +5511987650002 xyz=1133334444 zap=11987650001": {say("#3", PhoneRole, ""), say("#2", FieldRole, "Zap")},
		"Ana +5511987650002,+5511987650001 xyz=1133334444":  {say("#3", PhoneRole, ""), say("#2", PhoneRole, ""), say("#4", FieldRole, "xyz")},
		"Ana +5511987650002 xyz=1133334444":                 {say("#2", IgnoredRole, "")},
	} {
		got, bad, _ := summed(t, file, Options{Map: mapping})
		if len(got) != 1 || got[0] != want || len(bad) > 0 {
			t.Errorf("%v: %q, %v; want %q", mapping, got, bad, want)
		}
	}
}

// A column that a person says names lists puts people on them.
func TestAPersonSaysThatAColumnNamesLists(t *testing.T) {
	const file = "Nome;Telefone;Turma\nAna;11987650001;Feira de maio, VIP\nBia;11987650002;a|b:c\n"
	var rows []people.Row
	var bad []Bad
	_, err := Read(t.Context(), strings.NewReader(file), Options{Map: []Mapping{{Title: "#3", Role: ListsRole}}}, Sink{
		Row: func(row people.Row) error { rows = append(rows, row); return nil },
		Bad: func(row Bad) error { bad = append(bad, row); return nil },
	})
	if err != nil || len(rows)+len(bad) != 2 || !slices.Equal(rows[0].Lists, []string{"Feira de maio", "VIP"}) || len(rows[0].Fields) > 1 {
		t.Errorf("%v: %+v, %+v", err, rows, bad)
	}
}

// Where no column has phones a person sees the columns, and says which has.
func TestColumnsAreShownWhereNobodyFindsThePhones(t *testing.T) {
	const file = "cliente;obs;ref\nAna;alfa;A1\nBia;beta;C2\n"
	r, err := report(t, file, Options{})
	var why reason.Reason
	if !errors.As(err, &why) || why.Code != reason.CSVNoPhones {
		t.Fatalf("the error is %v", err)
	}
	if len(r.Columns) != 3 || !slices.Equal(r.Columns[1].First, []string{"alfa", "beta"}) {
		t.Fatalf("%+v", r.Columns)
	}
	r, err = report(t, file, Options{Map: []Mapping{{Title: "#3", Role: PhoneRole}}})
	if err != nil || len(r.Columns) != 3 || r.Columns[2].Role != PhoneRole || r.Columns[0].Role != NameRole || r.Header != 1 {
		t.Errorf("%v: %+v", err, r)
	}
}

// TestAColumnKnowsWhatItIsAndWouldBe: what it is offered as, whatever it was taken
// for, and what to recognise it by.
func TestAColumnKnowsWhatItIsAndWouldBe(t *testing.T) {
	for _, test := range []struct {
		column Column
		want   string
	}{
		{Column{Field: "cidade_2", Title: "Cidade"}, "cidade_2"},
		{Column{Role: NameRole, Title: "Nome do Cliente"}, "nome_do_cliente"},
		{Column{Role: IgnoredRole}, "coluna_4"},
		{Column{Title: "||"}, "coluna_4"},
	} {
		if got := test.column.FieldAt(3); got != test.want {
			t.Errorf("%+v would be %q, want %q", test.column, got, test.want)
		}
	}
	c := Column{First: []string{"SP", "", "RJ", "SP", ""}}
	if got := c.Values(); !slices.Equal(got, []string{"SP", "RJ"}) {
		t.Errorf("its values are %q", got)
	}
}
