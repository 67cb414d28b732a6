package files

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"recado/campaign/people"
	"recado/campaign/reason"
)

const (
	xmlHead  = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	oneSheet = xmlHead + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr/><sheets><sheet name="Clientes" sheetId="1" r:id="rId1"/></sheets></workbook>`
	oneRel   = xmlHead + `<Relationships xmlns="x"><Relationship Id="rId1" Type="t" Target="worksheets/sheet1.xml"/></Relationships>`
)

// book is a workbook of one sheet, with other files.
func book(rows string, more ...string) string {
	return zipped(append([]string{
		"xl/workbook.xml", oneSheet, "xl/_rels/workbook.xml.rels", oneRel,
		"xl/worksheets/sheet1.xml", xmlHead + `<worksheet><sheetData>` + rows + `</sheetData></worksheet>`,
	}, more...)...)
}

// texted is a row of texts as they stand in it.
func texted(cells ...string) string {
	var b strings.Builder
	b.WriteString("<row>")
	for _, c := range cells {
		b.WriteString(`<c t="inlineStr"><is><t>` + c + `</t></is></c>`)
	}
	return b.String() + "</row>"
}

func TestWorkbooksWithTheirNamesAsWindowsWritesThem(t *testing.T) {
	rows := `<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>` + texted("Ana", "11987650001")
	shared := `<sst><si><t>Nome</t></si><si><t>Celular</t></si></sst>`
	for name, rel := range map[string]string{"back": `worksheets\sheet1.xml`, "absolute": `\xl\worksheets\sheet1.xml`, "forward": "worksheets/sheet1.xml"} {
		file := zipped(`[Content_Types].xml`, "<Types/>", `xl\workbook.xml`, oneSheet, `xl\_rels\workbook.xml.rels`, strings.Replace(oneRel, "worksheets/sheet1.xml", rel, 1),
			`xl\worksheets\sheet1.xml`, `<worksheet><sheetData>`+rows+`</sheetData></worksheet>`, `xl\sharedStrings.xml`, shared)
		tryKinds(t, []kind{{name, file, []string{"Ana +5511987650001"}}})
	}
	tryKinds(t, []kind{{"a text in a folder", zipped(`lista\clientes.csv`, "nome;fone\nAna;11987650001\n"), []string{"Ana +5511987650001"}}})
}

func TestWorkbooksAreRead(t *testing.T) {
	shared := xmlHead + `<sst count="4"><si><t>Nome</t></si><si><t xml:space="preserve"> Telefone </t></si><si><r><rPr><b/></rPr><t>Ana </t></r><r><t>&amp; Cia</t></r><rPh><t>x</t></rPh></si><si><t>duas_x000D_&#10;linhas &#x1F600;</t></si></sst>`
	styles := xmlHead + `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/><numFmt numFmtId="165" formatCode="&quot;dia&quot; 0"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="22"/><xf numFmtId="165"/></cellXfs></styleSheet>`
	tryKinds(t, []kind{
		{"shared texts", book(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="str"><v>Obs</v></c></row><row r="3"><c r="A3" t="s"><v>2</v></c><c r="B3"><v>11987650001</v></c><c r="C3" t="s"><v>3</v></c></row>`, "xl/sharedStrings.xml", shared),
			[]string{"Ana & Cia +5511987650001 obs=duas\nlinhas 😀"}},
		{"numbers", book(texted("Nome", "Telefone", "Saldo", "Código") + `<row><c t="inlineStr"><is><t>Ana</t></is></c><c><v>1.1987650001E10</v></c><c><v>1234.5</v></c><c><v>5</v></c></row>`),
			[]string{"Ana +5511987650001 codigo=5 saldo=1234.5"}},
		{"days", book(texted("Nome", "Telefone", "Nascimento", "Visto", "Dia")+`<row><c t="inlineStr"><is><t>Ana</t></is></c><c t="str"><v>11 98765-0001</v></c><c s="1"><v>36892</v></c><c s="2"><v>45000.5</v></c><c s="3"><v>7</v></c></row>`, "xl/styles.xml", styles),
			[]string{"Ana +5511987650001 dia=7 nascimento=2001-01-01 visto=2023-03-15 12:00"}},
		{"empty cells between", book(`<row r="1"><c r="B1" t="str"><v>Nome</v></c><c r="AA1" t="str"><v>Celular</v></c></row><row r="2"><c r="B2" t="str"><v>Ana</v></c><c r="AA2" t="str"><v>11987650001</v></c></row>`),
			[]string{"Ana +5511987650001"}},
		{"titles above", book(texted("Relatório") + texted("") + texted("Nome", "Celular") + texted("Ana", "11987650001") + texted("Total", "1")), []string{"Ana +5511987650001"}},
		{"faults of formulas", book(texted("Nome", "Celular", "Telefone") + `<row><c t="e"><v>#N/A</v></c><c t="e"><v>#REF!</v></c><c t="str"><v>11987650001</v></c></row>`), []string{"+5511987650001"}},
		{"yes and no", book(texted("Nome", "Celular", "Opt-out") + `<row><c t="str"><v>Ana</v></c><c t="str"><v>11987650001</v></c><c t="b"><v>1</v></c></row>`), []string{"Ana +5511987650001 opt-out=1 LEFT"}},
		{"boxes", book(texted("Nome", "Celular", "Aceita WhatsApp") + `<row><c t="str"><v>Ana</v></c><c t="str"><v>11987650001</v></c><c t="b"><v>0</v></c></row><row><c t="str"><v>Bia</v></c><c t="str"><v>11987650002</v></c><c t="b"><v>1</v></c></row>`),
			[]string{"Ana +5511987650001 aceita_whatsapp=0 LEFT", "Bia +5511987650002 aceita_whatsapp=1"}},
		{"prefixes and absolute names", zipped("xl/workbook.xml", `<x:workbook><x:sheets><x:sheet name="A" r:id="a"/></x:sheets></x:workbook>`, "xl/_rels/workbook.xml.rels", `<Relationships><Relationship Target="/xl/worksheets/sheet1.xml" Id="a"/></Relationships>`,
			"xl/worksheets/sheet1.xml", `<x:worksheet><x:sheetData><x:row><x:c t="str"><x:v>Celular</x:v></x:c></x:row><!-- a > b --><x:row><x:c t="str"><x:v><![CDATA[11 98765-0001]]></x:v></x:c></x:row></x:sheetData></x:worksheet>`), []string{"+5511987650001"}},
		{"a CSV in a ZIP", zipped("clientes.csv", "nome;fone\nAna;11987650001\n"), []string{"Ana +5511987650001"}},
	})
}

func sheets(rows ...string) string {
	var list, rels strings.Builder
	files := []string{}
	for i, r := range rows {
		state := ""
		if strings.HasPrefix(r, "hidden") {
			state, r = ` state="hidden"`, strings.TrimPrefix(r, "hidden")
		}
		fmt.Fprintf(&list, `<sheet name="Plan%d"%s r:id="r%d"/>`, i+1, state, i)
		fmt.Fprintf(&rels, `<Relationship Id="r%d" Target="worksheets/s%d.xml"/>`, i, i)
		files = append(files, fmt.Sprintf("xl/worksheets/s%d.xml", i), "<worksheet>"+r+"</worksheet>")
	}
	return zipped(append([]string{"xl/workbook.xml", "<workbook>" + list.String() + "</workbook>", "xl/_rels/workbook.xml.rels", "<r>" + rels.String() + "</r>"}, files...)...)
}

func TestTheSheetIsChosen(t *testing.T) {
	file := sheets(texted("Instruções"), "hidden"+texted("Nome", "Celular")+texted("Oculta", "11987650009"), texted("Nome", "Celular")+texted("Ana", "11987650001"), texted("Nome", "Celular")+texted("Bia", "11987650002"))
	for sheet, want := range map[string]string{"": "Ana +5511987650001", "Plan3": "Ana +5511987650001", "plan4": "Bia +5511987650002", "4": "Bia +5511987650002", "Plan2": "Oculta +5511987650009"} {
		got, _, report := summed(t, file, Options{Sheet: sheet})
		if !slices.Equal(got, []string{want}) || len(report.Sheets) != 4 || report.Format != XLSX {
			t.Errorf("%q: %q of %q", sheet, got, report.Sheets)
		}
	}
	_, err := Read(t.Context(), strings.NewReader(file), Options{Sheet: "x"}, nothing)
	if why := (reason.Reason{}); !errors.As(err, &why) || why.Code != reason.ImportNoSheet {
		t.Errorf("a sheet that is not there: %v", err)
	}
}

func TestACoverWithAPhoneIsNotTheTable(t *testing.T) {
	table := texted("Nome", "WhatsApp") + texted("Ana", "11 98765-0001") + texted("Bia", "11 98765-0002")
	persons := []string{"Ana +5511987650001", "Bia +5511987650002"}
	for _, cover := range []string{
		texted("Como preencher") + texted("1. Preencha a aba Contatos.") + texted("2. Não mude as colunas.") + texted("Dúvidas: (11) 3003-4410"),
		texted("Dúvidas? Ligue (11) 3003-4410"),
		texted("Campo", "Descrição", "Exemplo") + texted("Nome", "Nome completo", "Maria Silva") + texted("Telefone", "Com DDD", "(11) 98765-4321") + texted("Tags", "Separadas por vírgula", "vip"),
		texted("Support") + texted("Phone") + texted("+1 212 555 1234") + texted("E-mail") + texted("help@example.com"),
		texted("Instrucciones") + texted("Teléfono de ayuda:", "+54 11 4321-5678"),
	} {
		hidden := "hidden" + texted("Nome", "Celular") + texted("Oculta", "11987650009")
		for _, file := range []string{sheets(cover, table), sheets(cover, hidden, table), sheets(cover, texted("UF", "DDD")+texted("RJ", "21"), table, cover)} {
			got, bad, report := summed(t, file, Options{})
			if !slices.Equal(got, persons) || len(bad) > 0 || report.Sheet == "Plan1" || len(report.Sheets) < 2 {
				t.Errorf("%q: of %q %q, bad %v", cover, report.Sheet, got, bad)
			}
		}
		if got, _, report := summed(t, sheets(cover, table), Options{Sheet: "1"}); report.Sheet != "Plan1" || len(got) != 1 {
			t.Errorf("%q, which is asked for: %q", cover, got)
		}
		if got, _, report := summed(t, sheets(cover, hidden), Options{}); report.Sheet != "Plan1" || len(got) != 1 {
			t.Errorf("%q, alone with a hidden one: of %q %q", cover, report.Sheet, got)
		}
	}
	// Who stands first is people, also without a name or a title.
	for _, first := range []string{
		texted("Telefone") + texted("21 98765-0001") + texted("21 98765-0002"),
		texted("Caio", "21 98765-0001") + texted("Duda", "21 98765-0002") + texted("Edu", ""),
		texted("Nome", "Telefone") + texted("Caio", "21 98765-0001") + texted("Duda", "") + texted("Edu", "") + texted("Fani", ""),
	} {
		for _, file := range []string{sheets(first, table), sheets(first, texted("Dúvidas? Ligue (11) 3003-4410"), table)} {
			if got, _, report := summed(t, file, Options{}); report.Sheet != "Plan1" || len(got) == 0 || !strings.Contains(got[0], "+5521987650001") {
				t.Errorf("%q: of %q %q", first, report.Sheet, got)
			}
		}
	}
}

// A workbook of a few bytes that stands for many ends at the limits, and so do
// texts and tags that have no end.
func TestABombIsNotUnpacked(t *testing.T) {
	const most, many = 8 << 20, 10 << 20
	bomb := func(name, head, repeat string) string {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		w.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
		for _, f := range []string{"xl/workbook.xml", oneSheet, "xl/_rels/workbook.xml.rels", oneRel} {
			if strings.HasPrefix(f, "xl/") {
				if in, err := w.Create(f); err == nil {
					io.WriteString(in, map[string]string{"xl/workbook.xml": oneSheet, "xl/_rels/workbook.xml.rels": oneRel}[f])
				}
			}
		}
		if name != "xl/worksheets/sheet1.xml" {
			in, _ := w.Create("xl/worksheets/sheet1.xml")
			io.WriteString(in, texted("Celular")+texted("11987650001"))
		}
		in, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(in, head)
		block := []byte(strings.Repeat(repeat, 1+1<<20/len(repeat)))
		for n := 0; n < many; n += len(block) {
			in.Write(block)
		}
		w.Close()
		return out.String()
	}
	for name, file := range map[string]string{
		"spaces":       bomb("xl/worksheets/sheet1.xml", texted("Celular"), " "),
		"a text":       bomb("xl/worksheets/sheet1.xml", texted("Celular")+`<row><c t="str"><v>`, "x"),
		"a comment":    bomb("xl/worksheets/sheet1.xml", texted("Celular")+"<!--", "->"),
		"shared texts": bomb("xl/sharedStrings.xml", "<sst>", "<si><t>xxxxxxxxxxxxxxxxxxxxxxxxxxxxx</t></si>"),
		"a tag":        bomb("xl/worksheets/sheet1.xml", texted("Celular")+"<c ", "a='b' "),
	} {
		if len(file) > maxPacked {
			t.Fatalf("%s: %d bytes packed", name, len(file))
		}
		seen := 0
		r := newReader(t.Context(), Options{}, Sink{Row: func(people.Row) error { seen++; return nil }, Bad: func(Bad) error { return nil }})
		if r.unpacked != maxUnpacked {
			t.Fatalf("%d bytes may be unpacked", r.unpacked)
		}
		r.unpacked = most
		err := r.read(strings.NewReader(file))
		why := reason.Reason{}
		if !errors.As(err, &why) || why.Code != reason.ImportUnpacked && why.Code != reason.ImportBroken {
			t.Errorf("%s: %v, %d rows", name, err, seen)
		}
	}
}

func TestADamagedWorkbookIsSaid(t *testing.T) {
	whole := book(texted("Nome", "Celular") + strings.Repeat(texted("Ana", "11987650001"), 50))
	for cut := 4; cut < len(whole); cut += 97 {
		_, err := Read(t.Context(), strings.NewReader(whole[:cut]), Options{}, nothing)
		if why := (reason.Reason{}); !errors.As(err, &why) || why.Code != reason.ImportBroken {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
}

func TestReadingAWorkbookEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	rows := 0
	_, err := Read(ctx, strings.NewReader(book(texted("Celular")+strings.Repeat(texted("11987650001"), 100_000))), Options{}, Sink{
		Row: func(people.Row) error {
			if rows++; rows == 1000 {
				cancel()
			}
			return nil
		},
	})
	if !errors.Is(err, context.Canceled) || rows > 1001 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

func FuzzReadXLSX(f *testing.F) {
	f.Add(`<row r="1"><c r="A1" t="s"><v>0</v></c></row>`, `<sst><si><t>Celular</t></si></sst>`)
	f.Add(texted("Celular")+texted("11987650001"), "")
	f.Add(`<row><c r="ZZZZ1" t="s"><v>-1</v></c><c><v>1e400</v></c><![CDATA[x]]]><!---->`, "<sst><t>x")
	f.Add("<row><v>x</v></c></row>", "")
	f.Add(`<row><c a='>' t="str"/><v>&#xFFFFFFFF;&bad;`, "")
	f.Fuzz(func(t *testing.T, rows, shared string) {
		_, err := Read(t.Context(), strings.NewReader(book(rows, "xl/sharedStrings.xml", shared, "xl/styles.xml", shared)), Options{}, Sink{
			Row: func(r people.Row) error {
				checkRow(t, r)
				return nil
			},
			Bad: func(b Bad) error {
				if b.Reason.IsZero() {
					t.Errorf("%+v", b)
				}
				return nil
			},
		})
		if err != nil && !errors.As(err, new(reason.Reason)) {
			t.Errorf("%v is no reason", err)
		}
	})
}

// checkRow holds what is true of every row, whatever the file.
func checkRow(t *testing.T, r people.Row) {
	t.Helper()
	if again, err := people.ParsePhone(string(r.Phone)); err != nil || again != r.Phone {
		t.Errorf("phone %q: %v", r.Phone, err)
	}
	texts := append([]string{r.Name}, r.Tags...)
	if len([]rune(r.Name)) > people.MaxName || len(r.Tags) > people.MaxTags || len(r.Fields) > people.MaxFields {
		t.Errorf("row %.200v is beyond the limits", r)
	}
	for name, value := range r.Fields {
		if name == "" || value == "" || len([]rune(value)) > people.MaxCell {
			t.Errorf("field %.40q=%.40q", name, value)
		}
		texts = append(texts, value)
	}
	for _, s := range texts {
		if strings.ContainsFunc(s, func(c rune) bool { return c < ' ' && c != '\n' && c != '\t' || c == 0x7f || c >= 0x202a && c <= 0x202e }) {
			t.Errorf("%q drives a terminal", s)
		}
	}
}
