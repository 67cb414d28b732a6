package files

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
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

// MaxSheetRows is how many rows a sheet has at the most.
const MaxSheetRows = 1 << 20

// NewWorkbook begins a workbook.
func NewWorkbook(w io.Writer) *Workbook { return &Workbook{zip: zip.NewWriter(w)} }

// part writes a file of the workbook.
func (b *Workbook) part(name string, text ...string) {
	if b.broken != nil {
		return
	}
	w, err := b.zip.Create(name)
	if err == nil {
		_, err = io.WriteString(w, xml.Header+strings.Join(text, ""))
	}
	b.broken = err
}

// Sheet ends the sheet before and begins one; its name has at most 31
// characters and none of []:*?/\.
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
	b.sheet, b.row = bufio.NewWriter(w), 0
	b.sheet.WriteString(xml.Header + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
}

func (b *Workbook) endSheet() {
	if b.sheet == nil || b.broken != nil {
		return
	}
	b.sheet.WriteString(`</sheetData></worksheet>`)
	b.broken = b.sheet.Flush()
	b.sheet = nil
}

// Row writes a row of texts and whole numbers. What is beyond [MaxSheetRows] is
// left out.
func (b *Workbook) Row(cells ...any) error {
	if b.row++; b.broken != nil || b.row > MaxSheetRows {
		return b.broken
	}
	w := b.sheet
	fmt.Fprintf(w, `<row r="%d">`, b.row)
	for _, cell := range cells {
		switch cell := cell.(type) {
		case int:
			w.WriteString("<c><v>" + strconv.Itoa(cell) + "</v></c>")
		default:
			w.WriteString(`<c t="inlineStr"><is><t xml:space="preserve">`)
			xml.EscapeText(w, []byte(fmt.Sprint(cell)))
			w.WriteString("</t></is></c>")
		}
	}
	if _, err := w.WriteString("</row>"); err != nil {
		b.broken = err
	}
	return b.broken
}

// Close ends the workbook. Without it there is none.
func (b *Workbook) Close() error {
	b.endSheet()
	const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	var types, sheets, rels strings.Builder
	for i, name := range b.names {
		var escaped strings.Builder
		xml.EscapeText(&escaped, []byte(name))
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`, i+1)
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, escaped.String(), i+1, i+1)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, office, i+1)
	}
	b.part("xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="`+office+`"><sheets>`, sheets.String(), `</sheets></workbook>`)
	b.part("xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`, rels.String(), `</Relationships>`)
	b.part("_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="`+office+`/officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	b.part("[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>`, types.String(), `</Types>`)
	if b.broken != nil {
		return b.broken
	}
	return b.zip.Close()
}
