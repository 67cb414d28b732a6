package files

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// Writer writes people to a file, one after the other: what it holds of them
// does not grow. What it wrote is complete when Close has returned; it does not
// close what it writes to.
type Writer interface {
	Write(*people.Contact) error
	Close() error
}

// NewWriter begins a file of a format: CSV, XLSX or VCard. A table has a column
// for each of the fields, which are those that anybody has. The error is a Reason:
// they are more than a table may have columns.
func NewWriter(format Format, to io.Writer, fields []string) (Writer, error) {
	if format == VCard {
		return &cardWriter{to: bufio.NewWriter(to)}, nil
	}
	if most := maxColumns - len(ownTitles); len(fields) > most {
		return nil, reason.New(reason.ExportFields, len(fields), most)
	}
	titles := slices.Concat(ownTitles, fields)
	if format == XLSX {
		return newSheetWriter(to, titles, fields)
	}
	if _, err := io.WriteString(to, "\ufeff"); err != nil { // or Excel takes it for Windows-1252
		return nil, err
	}
	w := &csvWriter{csv: csv.NewWriter(to), fields: fields}
	w.csv.Comma = ';'
	return w, w.row(titles)
}

// tableRow are the cells of a person in a table.
func tableRow(c *people.Contact, fields []string) []string {
	cells := ownCells(c)
	for _, name := range fields {
		cells = append(cells, c.Fields[name])
	}
	for i, cell := range cells {
		cells[i] = shown(cell)
	}
	return cells
}

type csvWriter struct {
	csv    *csv.Writer
	fields []string
}

func (w *csvWriter) row(cells []string) error {
	for i, cell := range cells {
		cells[i] = Harmless(cell)
	}
	return w.csv.Write(cells) // it gathers a few thousand bytes
}

func (w *csvWriter) Write(c *people.Contact) error { return w.row(tableRow(c, w.fields)) }

func (w *csvWriter) Close() error {
	w.csv.Flush()
	return w.csv.Error()
}

// maxSheetRows is how many rows a sheet may have.
const maxSheetRows = 1 << 20

// sheetWriter writes a workbook of one sheet. Its cells are all texts, also
// those that look like numbers or formulas.
type sheetWriter struct {
	zip    *zip.Writer
	sheet  *bufio.Writer
	fields []string
	rows   int
}

// The other files of a workbook. The second format of cells is of texts, as if
// typed behind an apostrophe.
const (
	sheetHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	sheetMain = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	sheetRels = `http://schemas.openxmlformats.org/officeDocument/2006/relationships`
)

var workbookParts = [...][2]string{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="` + sheetRels + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook ` + sheetMain + ` xmlns:r="` + sheetRels + `"><sheets><sheet name="recado" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="` + sheetRels + `/worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="rId2" Type="` + sheetRels + `/styles" Target="styles.xml"/></Relationships>`},
	{"xl/styles.xml", `<styleSheet ` + sheetMain + `><fonts count="1"><font/></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>` +
		`<cellXfs count="2"><xf/><xf numFmtId="49" quotePrefix="1" applyNumberFormat="1"/></cellXfs></styleSheet>`},
}

func newSheetWriter(to io.Writer, titles, fields []string) (*sheetWriter, error) {
	w := &sheetWriter{zip: zip.NewWriter(to), fields: fields}
	for _, part := range workbookParts {
		f, err := w.zip.Create(part[0])
		if err == nil {
			_, err = io.WriteString(f, sheetHead+part[1])
		}
		if err != nil {
			return nil, err
		}
	}
	f, err := w.zip.CreateHeader(&zip.FileHeader{Name: "xl/worksheets/sheet1.xml", Method: zip.Deflate})
	if err != nil {
		return nil, err
	}
	w.sheet = bufio.NewWriterSize(f, 64<<10)
	w.sheet.WriteString(sheetHead + `<worksheet ` + sheetMain + `><sheetData>`)
	return w, w.row(titles)
}

func (w *sheetWriter) Write(c *people.Contact) error { return w.row(tableRow(c, w.fields)) }

func (w *sheetWriter) row(cells []string) error {
	if w.rows == maxSheetRows {
		return reason.New(reason.ExportRows, maxSheetRows-1)
	}
	w.rows++
	n := strconv.Itoa(w.rows)
	w.sheet.WriteString(`<row r="` + n + `">`)
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		w.sheet.WriteString(`<c r="` + columnName(i) + n + `" s="1" t="inlineStr"><is><t xml:space="preserve">`)
		w.text(cell)
		w.sheet.WriteString(`</t></is></c>`)
	}
	_, err := w.sheet.WriteString(`</row>`)
	return err
}

// text writes what a cell says. A sign that XML cannot have is written as its
// number, and so is what would be read as such.
func (w *sheetWriter) text(s string) {
	for i, r := range s {
		switch {
		case r == '<':
			w.sheet.WriteString("&lt;")
		case r == '&':
			w.sheet.WriteString("&amp;")
		case r == '>':
			w.sheet.WriteString("&gt;")
		case r < ' ' && r != '\n' && r != '\t', r == 0xfffe, r == 0xffff, r == '_' && coded().MatchString(s[i:min(i+7, len(s))]):
			fmt.Fprintf(w.sheet, "_x%04X_", r)
		default:
			w.sheet.WriteRune(r)
		}
	}
}

func (w *sheetWriter) Close() error {
	w.sheet.WriteString(`</sheetData></worksheet>`)
	if err := w.sheet.Flush(); err != nil {
		return err
	}
	return w.zip.Close()
}

// columnName is the name of a column by its place from 0: A, Z, AA.
func columnName(n int) string {
	if n >= 26 {
		return columnName(n/26-1) + string(rune('A'+n%26))
	}
	return string(rune('A' + n))
}

// cardWriter writes vCards of version 3.0, which every phone reads. What a card
// has no place for stands in properties of our own.
type cardWriter struct{ to *bufio.Writer }

// The properties of our own.
const (
	cardOwn   = "X-RECADO" // of what follows, as a number
	cardName  = "X-RECADO-NAME"
	cardField = "X-RECADO-FIELD" // name;value
	cardLists = "X-RECADO-LISTS"
	cardLeft  = "X-RECADO-OPT-OUT" // when;why
	cardDoubt = "X-RECADO-DOUBT"
	// cardConsent is the answer, where, when, and the evidence.
	cardConsent = "X-RECADO-CONSENT"
)

// shielded is a text of a card.
var shielded = strings.NewReplacer(`\`, `\\`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`, ",", `\,`, ";", `\;`)

func (w *cardWriter) Write(c *people.Contact) error {
	w.property("BEGIN", "VCARD")
	w.property("VERSION", "3.0")
	w.property(cardOwn, "1")
	phone := string(c.BestPhone())
	name := strings.TrimSpace(c.Name)
	if name == "" {
		name = phone // a card must have one
	} else {
		w.property(cardName, shielded.Replace(c.Name))
	}
	first, last, _ := strings.Cut(name, " ")
	w.property("FN", shielded.Replace(name))
	w.property("N", shielded.Replace(last)+";"+shielded.Replace(first)+";;;")
	if phone != "" {
		w.property("TEL;TYPE=CELL", phone)
	}
	for _, other := range otherPhones(c) {
		w.property("TEL", other)
	}
	if c.Note != "" {
		w.property("NOTE", shielded.Replace(c.Note))
	}
	if a := c.Consent; a.Status != people.ConsentUnknown {
		w.property(cardConsent, a.Status.String()+";"+shielded.Replace(a.Source)+";"+stamp(a.At)+";"+shielded.Replace(a.Evidence))
	}
	if mail := c.Fields["email"]; mail != "" {
		w.property("EMAIL", shielded.Replace(mail))
	}
	w.texts("CATEGORIES", c.Tags)
	w.texts(cardLists, c.Lists)
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		if name != "email" {
			w.property(cardField, shielded.Replace(name)+";"+shielded.Replace(c.Fields[name]))
		}
	}
	if c.OptedOut {
		w.property(cardLeft, stamp(c.OptOutAt)+";"+shielded.Replace(c.OptOutWhy))
	}
	if c.InDoubt() {
		w.property(cardDoubt, shielded.Replace(c.DoubtSaid))
	}
	return w.property("END", "VCARD")
}

func (w *cardWriter) texts(name string, texts []string) {
	if len(texts) == 0 {
		return
	}
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = shielded.Replace(text)
	}
	w.property(name, strings.Join(all, ","))
}

// property writes a property, folded as RFC 2426 wants it: no line has more
// than 75 bytes.
func (w *cardWriter) property(name, value string) error {
	line := []byte(name + ":" + strings.Map(visible, value))
	for most := 75; len(line) > most; most = 74 {
		at := most
		for !utf8.RuneStart(line[at]) {
			at--
		}
		w.to.Write(line[:at])
		w.to.WriteString("\r\n ")
		line = line[at:]
	}
	w.to.Write(bytes.TrimRight(line, "\r\n"))
	_, err := w.to.WriteString("\r\n")
	return err
}

func (w *cardWriter) Close() error { return w.to.Flush() }
