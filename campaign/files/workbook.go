package files

import (
	"archive/zip"
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"recado/campaign/reason"
)

// Workbook writes a workbook (XLSX), sheet by sheet and row by row: no more
// than one row is in memory. The first error is that of everything after it.
type Workbook struct {
	zip    *zip.Writer
	sheet  *bufio.Writer // the one that is being written; nil: none yet
	names  []string
	row    int
	broken error
}

// maxSheetRows is how many rows a sheet may have.
const maxSheetRows = 1 << 20

const (
	sheetHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	sheetMain = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	sheetRels = `http://schemas.openxmlformats.org/officeDocument/2006/relationships`
	sheetType = `application/vnd.openxmlformats-officedocument.spreadsheetml.`
	packages  = `http://schemas.openxmlformats.org/package/2006/`
	// sheetStyles has a second format of cells, of texts: as if typed behind an
	// apostrophe.
	sheetStyles = `<styleSheet ` + sheetMain + `><fonts count="1"><font/></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>` +
		`<cellXfs count="2"><xf/><xf numFmtId="49" quotePrefix="1" applyNumberFormat="1"/></cellXfs></styleSheet>`
)

// NewWorkbook begins a workbook.
func NewWorkbook(w io.Writer) *Workbook { return &Workbook{zip: zip.NewWriter(w)} }

// part writes a file of the workbook.
func (b *Workbook) part(name string, text ...string) {
	if b.broken != nil {
		return
	}
	w, err := b.zip.Create(name)
	if err == nil {
		_, err = io.WriteString(w, sheetHead+strings.Join(text, ""))
	}
	b.broken = err
}

// Sheet ends the sheet before and begins one; its name is of at most 31 ASCII
// letters and digits.
func (b *Workbook) Sheet(name string) {
	b.endSheet()
	if b.broken != nil {
		return
	}
	b.names = append(b.names, name)
	w, err := b.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", len(b.names)))
	if b.broken = err; err != nil {
		return
	}
	b.sheet, b.row = bufio.NewWriterSize(w, 64<<10), 0
	b.sheet.WriteString(sheetHead + `<worksheet ` + sheetMain + `><sheetData>`)
}

func (b *Workbook) endSheet() {
	if b.sheet == nil || b.broken != nil {
		return
	}
	b.sheet.WriteString(`</sheetData></worksheet>`)
	b.broken = b.sheet.Flush()
	b.sheet = nil
}

// Row writes a row of the sheet. An int is a number; everything else is text,
// also what looks like a number or a formula, and an empty text is no cell. The
// error is a Reason if a sheet may have no more rows.
func (b *Workbook) Row(cells ...any) error {
	if b.broken == nil && b.row == maxSheetRows {
		b.broken = reason.New(reason.ExportRows, maxSheetRows-1)
	}
	if b.broken != nil {
		return b.broken
	}
	b.row++
	n := strconv.Itoa(b.row)
	b.sheet.WriteString(`<row r="` + n + `">`)
	for i, cell := range cells {
		where := `<c r="` + columnName(i) + n
		switch cell := cell.(type) {
		case int:
			b.sheet.WriteString(where + `"><v>` + strconv.Itoa(cell) + `</v></c>`)
		default:
			if text := fmt.Sprint(cell); text != "" {
				b.sheet.WriteString(where + `" s="1" t="inlineStr"><is><t xml:space="preserve">`)
				writeText(b.sheet, text)
				b.sheet.WriteString(`</t></is></c>`)
			}
		}
	}
	_, b.broken = b.sheet.WriteString(`</row>`)
	return b.broken
}

// writeText writes what a cell says. A sign that XML cannot have is written as
// its number, and so is what would be read as such.
func writeText(w *bufio.Writer, s string) {
	for i, r := range s {
		switch {
		case r == '<':
			w.WriteString("&lt;")
		case r == '&':
			w.WriteString("&amp;")
		case r == '>':
			w.WriteString("&gt;")
		case r < ' ' && r != '\n' && r != '\t', r == 0xfffe, r == 0xffff, r == '_' && coded().MatchString(s[i:min(i+7, len(s))]):
			fmt.Fprintf(w, "_x%04X_", r)
		default:
			w.WriteRune(r)
		}
	}
}

// columnName is the name of a column by its place from 0: A, Z, AA.
func columnName(n int) string {
	if n >= 26 {
		return columnName(n/26-1) + string(rune('A'+n%26))
	}
	return string(rune('A' + n))
}

// Close ends the workbook. Without it there is none.
func (b *Workbook) Close() error {
	b.endSheet()
	var types, sheets, rels strings.Builder
	for i, name := range b.names {
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, i+1, sheetType)
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, name, i+1, i+1)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, sheetRels, i+1)
	}
	b.part("xl/styles.xml", sheetStyles)
	b.part("xl/workbook.xml", `<workbook `+sheetMain+` xmlns:r="`+sheetRels+`"><sheets>`, sheets.String(), `</sheets></workbook>`)
	b.part("xl/_rels/workbook.xml.rels", `<Relationships xmlns="`+packages+`relationships">`, rels.String(),
		`<Relationship Id="styles" Type="`+sheetRels+`/styles" Target="styles.xml"/></Relationships>`)
	b.part("_rels/.rels", `<Relationships xmlns="`+packages+`relationships"><Relationship Id="rId1" Type="`+sheetRels+`/officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	b.part("[Content_Types].xml", `<Types xmlns="`+packages+`content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>`+
		`<Override PartName="/xl/workbook.xml" ContentType="`+sheetType+`sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="`+sheetType+`styles+xml"/>`, types.String(), `</Types>`)
	if b.broken != nil {
		return b.broken
	}
	return b.zip.Close()
}
