package files

import (
	"encoding/csv"
	"io"
	"strconv"
)

// Rejected writes the rows that cannot be used as a table that can be mended
// and imported again: a CSV with the line and the reason before the cells.
// Nothing is written before the first row.
type Rejected struct {
	out    io.Writer
	titles []string
	csv    *csv.Writer
}

// NewRejected writes to out.
func NewRejected(out io.Writer) *Rejected { return &Rejected{out: out} }

// Titles says what the columns are called: it is a [Sink]'s.
func (r *Rejected) Titles(titles []string) error {
	r.titles = titles
	return nil
}

// Row writes a row and why it cannot be used, in the words of the reader.
func (r *Rejected) Row(row Bad, why string) error {
	if r.csv == nil {
		r.csv = csv.NewWriter(r.out)
		r.csv.Comma = ';'
		r.csv.Write(append([]string{RejectedLine, RejectedReason}, r.titles...))
	}
	cells := []string{strconv.Itoa(row.Line), why}
	for _, cell := range row.Cells {
		cells = append(cells, Harmless(cell))
	}
	return r.csv.Write(cells)
}

// End writes what is left, and says whether everything could be written.
func (r *Rejected) End() error {
	if r.csv == nil {
		return nil
	}
	r.csv.Flush()
	return r.csv.Error()
}
