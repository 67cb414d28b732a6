package campaign

import (
	"encoding/csv"
	"io"
)

// Row is one person of a file.
type Row struct {
	Line   int
	Phone  Phone
	Name   string
	Tags   []string
	Fields map[string]string
}

// RowError is a row that could not be read.
type RowError struct {
	Line   int
	Reason string
}

// ReadCSV reads.
func ReadCSV(r io.Reader) (rows []Row, bad []RowError, err error) {
	all, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, nil, err
	}
	for i, rec := range all[1:] {
		p, err := ParsePhone(rec[1])
		if err != nil {
			bad = append(bad, RowError{i + 2, err.Error()})
			continue
		}
		rows = append(rows, Row{Line: i + 2, Phone: p, Name: rec[0]})
	}
	return rows, bad, nil
}
