package tui

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"recado/campaign/people"
	"recado/store"
)

// customers is a file with something of everything: people who are in the book
// already, who have left, who come twice, and rows that cannot be used.
const customers = "Cliente;Celular;Cidade;Grupo;Descadastrado\n" +
	"Ana Souza;(11) 98765-0001;São Paulo;vip;\n" +
	"Beto Lima;11 98765-0002;;frio, loja;\n" +
	"Caio Prado;21 98765-0003;Niterói;;\n" +
	"Gina Alves;31 98765-0014;Belo Horizonte;vip;\n" +
	"Hugo Dias;41 98765-0015;;;sim\n" +
	"Íris Melo;51 98765-0016;;;talvez\n" +
	"João;119;;;\n" +
	"Lia Reis;;Recife;;\n" +
	"Gina Alves;31 98765-0014;Contagem;;\n" +
	"Nina Cruz;1,19876E+12;;;\n" +
	"Otto Paz;11999999999;;;\n"

const cards = "BEGIN:VCARD\nVERSION:3.0\nFN:Ana Souza\nTEL;TYPE=CELL:+55 11 98765-0001\nEND:VCARD\n" +
	"BEGIN:VCARD\nVERSION:3.0\nFN:Beto Lima\nTEL:+55 11 98765-0002\nCATEGORIES:frio\nEND:VCARD\n"

// home makes a home directory for a test.
func (s *stage) home() (dir string) {
	s.t.Helper()
	dir = s.t.TempDir()
	s.t.Setenv("HOME", dir)
	return dir
}

// put writes a file.
func (s *stage) put(path, content string) {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
	at := time.Date(1999, 12, 24, 18, 0, 0, 0, time.UTC)
	if err := os.Chtimes(path, at, at); err != nil {
		s.t.Fatal(err)
	}
}

// imports begins to import a file of the home directory; without a name it only
// puts some there.
func (s *stage) imports(name, content string) {
	s.t.Helper()
	s.people()
	dir := s.home()
	file := name
	if file == "" {
		file = "clientes.csv"
	}
	for _, other := range []string{"Compras de maio.xlsx", "foto.jpg", "contatos/agenda.vcf"} {
		s.put(filepath.Join(dir, "Downloads", other), "x")
	}
	s.put(filepath.Join(dir, "Downloads", file), content)
	s.press("2", "i")
	if name != "" {
		s.enter("~/Downloads/" + name)
		s.press("enter")
	}
}

// importsBook begins to import a workbook with two sheets.
func (s *stage) importsBook() {
	s.t.Helper()
	cell := func(text string) string { return `<c t="inlineStr"><is><t>` + text + `</t></is></c>` }
	sheet := func(rows ...string) string {
		all := ""
		for _, row := range rows {
			all += "<row>"
			for text := range strings.SplitSeq(row, ";") {
				all += cell(text)
			}
			all += "</row>"
		}
		return `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + all + `</sheetData></worksheet>`
	}
	var b strings.Builder
	z := zip.NewWriter(&b)
	for _, part := range [][2]string{
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
			`<sheets><sheet name="Clientes" sheetId="1" r:id="a"/><sheet name="Outros" sheetId="2" r:id="b"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Id="a" Target="worksheets/1.xml"/><Relationship Id="b" Target="worksheets/2.xml"/></Relationships>`},
		{"xl/worksheets/1.xml", sheet("nome;telefone", "Ana Souza;11987650001")},
		{"xl/worksheets/2.xml", sheet("nome;telefone", "Beto Lima;11987650002", "Caio Prado;21987650003")},
	} {
		w, err := z.Create(part[0])
		if err == nil {
			_, err = w.Write([]byte(part[1]))
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.imports("clientes.xlsx", b.String())
}

// importRuns shows an import that is under way.
func (s *stage) importRuns(job store.Job) {
	s.t.Helper()
	s.imports("clientes.csv", customers)
	s.press("enter")
	r := newImportRun(s.root.env, s.root.top().(*importReview).b)
	r.cancel = func() {}
	r.running.renew(s.root.env)
	r.size.Store(85 << 20)
	r.read.Store(34 << 20)
	r.rows.Store(400000)
	s.do(s.root.push(r))
	if job.Kind != "" {
		s.tell(importJobMsg{question: r.asking.renew(s.root.env), job: job})
	}
	time.Sleep(10 * time.Second)
}

// imported is a book with three imports: somebody of the second wrote since, and
// one of the rows of the third could not be read.
func (s *stage) imported() {
	s.t.Helper()
	s.people()
	bring := func(source string, tags []string, bad int, rows ...people.Row) {
		s.t.Helper()
		given := people.Consent{Status: people.ConsentGiven, Source: "feira", At: time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)}
		for i := range rows {
			rows[i].Tags, rows[i].Consent = tags, given
		}
		_, err := desk(s.app.Book).ImportFrom(s.t.Context(), store.ImportOrder{Source: source, Tags: tags, Consent: given}, func(add func(people.Row) error) (int, error) {
			for _, row := range rows {
				if err := add(row); err != nil {
					return 0, err
				}
			}
			return bad, nil
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	bring("~/feira de maio.csv", []string{"feira"}, 0, people.Row{Phone: "+5521987659001", Name: "Yara Pinto"}, people.Row{Phone: "+5521987659002", Name: "Wagner Reis"})
	if err := s.app.Book.Saw(1, []people.Seen{{Phone: "+5521987659001", Known: true}}); err != nil {
		s.t.Fatal(err)
	}
	bring("~/clientes.xlsx", nil, 1, people.Row{Phone: "+5521987659003", Name: "Xavier Cruz"}, people.Row{Phone: "+5521987659002", Name: "Wagner P. Reis"})
	s.press("2")
}
