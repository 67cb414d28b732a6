package files

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"io"
	"maps"
	"slices"
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

// sheetWriter writes a workbook of one sheet.
type sheetWriter struct {
	*Workbook
	fields []string
}

func newSheetWriter(to io.Writer, titles, fields []string) (*sheetWriter, error) {
	w := &sheetWriter{NewWorkbook(to), fields}
	w.Sheet("recado")
	return w, w.row(titles)
}

func (w *sheetWriter) Write(c *people.Contact) error { return w.row(tableRow(c, w.fields)) }

func (w *sheetWriter) row(texts []string) error {
	cells := make([]any, len(texts))
	for i, text := range texts {
		cells[i] = text
	}
	return w.Row(cells...)
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
