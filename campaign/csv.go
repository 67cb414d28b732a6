package campaign

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Row is one person of a file.
type Row struct {
	Line   int // of the file, from 1, where the row begins
	Phone  Phone
	Name   string
	Tags   []string
	Fields map[string]string // the other columns that are not empty, by the folded header, "_" for spaces
}

// RowError is a row that cannot be used.
type RowError struct {
	Line   int
	Reason string
}

// maxCSV is how large a file may be, in bytes: it is read as a whole.
const maxCSV = 512 << 20

// ReadCSV reads people from a table as spreadsheets write it: in UTF-8,
// UTF-16 or Windows-1252, cells set apart by comma, semicolon or tab, the
// first line naming the columns in Portuguese or English. There must be one
// with phones; of several, the likeliest to be a mobile's that is filled in
// counts. Tags are set apart by comma, semicolon or bar. Rows that cannot be
// used are in bad and do not stop the others; err says why the file as a whole
// cannot be read. People may be in it more than once.
func ReadCSV(r io.Reader) (rows []Row, bad []RowError, err error) {
	data, err := io.ReadAll(io.LimitReader(r, maxCSV+1))
	if err != nil {
		return nil, nil, err
	}
	if len(data) > maxCSV {
		return nil, nil, fmt.Errorf("larger than %d MB: split it", maxCSV>>20)
	}
	text, err := decodeText(data)
	if err != nil {
		return nil, nil, err
	}
	s := csvScanner{text: text, line: 1}
	header, err := s.header()
	if err != nil {
		return nil, nil, err
	}
	for {
		cells, line, err := s.next()
		if err == io.EOF {
			return rows, bad, nil
		}
		if err == nil && blank(cells) {
			continue
		}
		row := Row{Line: line}
		if err == nil {
			err = header.read(cells, &row)
		}
		if err != nil {
			bad = append(bad, RowError{line, err.Error()})
			continue
		}
		rows = append(rows, row)
	}
}

// decodeText makes UTF-8 of whatever the file is in.
func decodeText(data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return "", errors.New("this is a spreadsheet, not a CSV file: open it and save it as CSV")
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return decodeUTF16(data[2:], binary.LittleEndian), nil
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return decodeUTF16(data[2:], binary.BigEndian), nil
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(data, 0) >= 0 {
		return "", errors.New("this is not text: save the table as CSV (UTF-8)")
	}
	if utf8.Valid(data) {
		return string(data), nil
	}
	// Line by line, because files are pasted together from others.
	var out strings.Builder
	out.Grow(len(data) + len(data)/16)
	decoder := charmap.Windows1252.NewDecoder()
	for line := range bytes.Lines(data) {
		if !utf8.Valid(line) {
			decoded, err := decoder.Bytes(line)
			if err != nil {
				return "", fmt.Errorf("neither UTF-8 nor Windows-1252: %w", err)
			}
			line = decoded
		}
		out.Write(line)
	}
	return out.String(), nil
}

func decodeUTF16(data []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}

// csvScanner reads rows of cells, as RFC 4180 says and a little more: a quote
// inside a cell that does not begin with one is a quote, and a quote that is
// never closed costs its own line only.
type csvScanner struct {
	text string
	at   int
	line int
	sep  byte
}

// next reads a row and says on which line it begins. The error is io.EOF at
// the end, another for a row that cannot be read.
func (s *csvScanner) next() (cells []string, line int, err error) {
	if s.at >= len(s.text) {
		return nil, s.line, io.EOF
	}
	start, line := s.at, s.line
	for {
		var cell string
		quoted := s.at < len(s.text) && s.text[s.at] == '"'
		if quoted {
			cell, quoted = s.quoted()
			if !quoted || strings.TrimSpace(s.text[s.at:s.plainEnd()]) != "" {
				// Whatever comes after is not to be read as part of it.
				s.at, s.line = start, line
				s.skipLine()
				return nil, line, errors.New(`a " is not closed, or is not at the end of its cell`)
			}
		}
		end := s.plainEnd()
		if !quoted {
			cell = s.text[s.at:end]
		}
		cells = append(cells, cell)
		s.at = end
		if s.at >= len(s.text) || s.text[s.at] != s.sep {
			s.skipLine()
			return cells, line, nil
		}
		s.at++
	}
}

// plainEnd is where the cell, or the rest of one after its quotes, ends.
func (s *csvScanner) plainEnd() int {
	for i := s.at; i < len(s.text); i++ {
		if c := s.text[i]; c == s.sep || c == '\n' || c == '\r' {
			return i
		}
	}
	return len(s.text)
}

// skipLine goes to the beginning of the next line.
func (s *csvScanner) skipLine() {
	end := strings.IndexAny(s.text[s.at:], "\r\n")
	if end < 0 {
		s.at = len(s.text)
		return
	}
	s.at += end
	if strings.HasPrefix(s.text[s.at:], "\r\n") {
		s.at++
	}
	s.at++
	s.line++
}

// quoted reads a cell in quotes. If they are never closed it stays where it
// is.
func (s *csvScanner) quoted() (cell string, closed bool) {
	var out strings.Builder
	at := s.at + 1
	for {
		end := strings.IndexByte(s.text[at:], '"')
		if end < 0 {
			return "", false
		}
		out.WriteString(s.text[at : at+end])
		at += end + 1
		if at >= len(s.text) || s.text[at] != '"' {
			break
		}
		out.WriteByte('"')
		at++
	}
	s.line += lines(s.text[s.at:at])
	s.at = at
	return out.String(), true
}

// lines is how many lines end in s.
func lines(s string) int {
	return strings.Count(s, "\n") + strings.Count(s, "\r") - strings.Count(s, "\r\n")
}

func blank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" })
}
