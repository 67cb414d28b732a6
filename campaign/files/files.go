// Package files reads people from the files in which the world keeps them:
// tables as text (CSV and its kin, in any encoding) and as workbooks (XLSX),
// vCards, chats that WhatsApp exports, and what another recado lists.
//
// A file is read in four steps, each in a file of its own: what it is
// ([Read]), its rows of cells (lines.go, separator.go, csv.go, xlsx.go), what its columns are
// (titles.go, columns.go, mapping.go, couple.go, table.go), and the person that a row speaks of
// (cells.go, person.go). vCards (vcard.go), chats (chat.go) and recado's own list
// (recado.go) say by themselves what is what, and begin at the last step.
//
// What is written for people is written by [Workbook].
//
// Files come from anywhere. The time that reading takes grows with the size of
// the file, whatever is in it; of a text no more than a few lines are held, of
// a workbook its packed bytes and its table of texts, both bounded.
package files

import (
	"context"
	"io"
	"strings"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// Format is what a file is.
type Format string

// The formats.
const (
	CSV    Format = "csv"
	XLSX   Format = "xlsx"
	VCard  Format = "vcard"
	Chat   Format = "whatsapp"
	Recado Format = "recado"
)

// Options are what a file does not say itself.
type Options struct {
	Where   people.Where
	Map     []Mapping      // what columns are; the others are found out
	Tags    []string       // for everybody
	Consent people.Consent // of everybody
	Sheet   string         // of a workbook, by its name or its place from 1; empty: the first with phones
}

// Bad is a row that cannot be used.
type Bad struct {
	people.RowError
	Cells []string // as they stand in the file; a row that cannot be taken apart is one cell
}

// Sink is who takes what is read, in the order of the file. An error of one of
// them ends the reading.
type Sink struct {
	Titles func([]string) error // of the columns, if there are any, before the rows
	Row    func(people.Row) error
	Bad    func(Bad) error
}

// Report is what there is to say about a file that was read.
type Report struct {
	Format   Format
	Encoding string   // of a text: what it is written in
	Between  string   // of a table that is a text: what stands between its cells
	Sheet    string   // the one that was read
	Sheets   []string // all that there are
	Columns  []Column
	Header   int // the line that names the columns; 0: none does
	Notes    people.Complaints
}

// Read reads people from a file. It gives every person, perhaps more than
// once, and every row that cannot be used: each row is one of them, empty, or
// noted in the report. The error says why the file as a whole cannot be read
// (a Reason), or is that of file, of ctx or of the sink; nothing is read after
// it.
func Read(ctx context.Context, file io.Reader, options Options, to Sink) (*Report, error) {
	r := newReader(ctx, options, to)
	err := r.read(file)
	return r.report, err
}

func newReader(ctx context.Context, options Options, to Sink) *reader {
	return &reader{ctx: ctx, options: options, to: to, unpacked: maxUnpacked, report: new(Report), seen: known{first: make(map[uint64]firstOf)}, lists: make(map[string]bool), half: bothSides}
}

// reader reads one file.
type reader struct {
	ctx      context.Context
	options  Options
	to       Sink
	report   *Report
	seen     known
	lists    map[string]bool // that people are on, folded
	unpacked int64           // bytes of a packed file that may be unpacked
	draft    draft           // of the row that is read
	half     int             // of the two in a row, whose columns are looked at: what is the other's is a field
	muted    bool            // what is looked at now is looked at again later
}

// note counts something that is to be said of a row.
func (r *reader) note(line int, code reason.Code, args ...any) {
	if !r.muted {
		r.report.Notes.Add(people.RowError{Line: line, Reason: reason.New(code, args...)})
	}
}

func (r *reader) read(file io.Reader) error {
	head, file, err := peek(file, 8)
	switch {
	case err != nil:
		return err
	case strings.HasPrefix(head, "PK\x03\x04"):
		return r.packed(file)
	case strings.HasPrefix(head, "\xd0\xcf\x11\xe0"):
		return reason.New(reason.CSVSpreadsheet)
	case strings.HasPrefix(head, "%PDF"):
		return reason.New(reason.CSVBinary)
	}
	return r.text(file)
}

// peek is how a file begins, and the whole file.
func peek(file io.Reader, n int) (string, io.Reader, error) {
	head := make([]byte, n)
	got, err := io.ReadFull(file, head)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return string(head[:got]), io.MultiReader(strings.NewReader(string(head[:got])), file), err
}

// text reads a text of any kind.
func (r *reader) text(file io.Reader) error {
	lines, err := newLineReader(r.ctx, file)
	if err != nil {
		return err
	}
	begin := ""
	for i := 0; begin == "" && i < 1000; i++ {
		l, err := lines.peek(i)
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		begin = strings.TrimSpace(l.text)
	}
	upper := strings.ToUpper(begin[:min(len(begin), 64)])
	switch {
	case strings.HasPrefix(upper, "BEGIN:VCARD"):
		r.report.Format = VCard
		err = r.cards(lines)
	case strings.HasPrefix(begin, "{"):
		r.report.Format = Recado
		err = r.listed(lines)
	case strings.HasPrefix(upper, "<!DOCTYPE"), strings.HasPrefix(upper, "<HTML"), strings.HasPrefix(upper, "<TABLE"), strings.HasPrefix(upper, "<?XML"):
		err = reason.New(reason.ImportPage)
	case listInJSON(begin):
		err = reason.New(reason.ImportJSON)
	case chatLine(begin) != nil:
		r.report.Format = Chat
		err = r.chat(lines)
	default:
		r.report.Format = CSV
		err = r.csv(lines)
	}
	r.report.Encoding = lines.encoding()
	if name := lines.page.name(); name != "" && err == nil {
		r.note(0, reason.NoteEncoding, reason.Plain(name))
	}
	return err
}

// put gives a person, or why there is none.
func (r *reader) put(d *draft, row record, why *reason.Reason) error {
	if why == nil {
		why = r.finish(d)
	}
	if why != nil {
		return r.bad(row, *why)
	}
	return r.to.Row(d.Row)
}

func (r *reader) bad(row record, why reason.Reason) error {
	cells := row.cells
	if cells == nil {
		cells = []string{strings.TrimRight(row.raw, "\r\n")}
	}
	return r.to.Bad(Bad{people.RowError{Line: row.line, Reason: why}, cells})
}

// listInJSON reports whether a list in JSON begins so.
func listInJSON(begin string) bool {
	rest, list := strings.CutPrefix(begin, "[")
	rest = strings.TrimSpace(rest)
	return list && (rest == "" || rest[0] == '{' || rest[0] == '[')
}
